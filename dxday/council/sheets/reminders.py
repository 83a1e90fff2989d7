"""Whom reminder rules reach through score sheets: council members with dossiers that they have not scored yet."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, Text, and_, cast, exists, func, literal, null, select

from dxday.accounts.models import Account
from dxday.core.i18n import lazy_gettext
from dxday.council.models import ConflictOfInterest, Reading
from dxday.council.sheets.models import Scoring, Sheet
from dxday.council.sheets.rules import SheetState
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.notifications import addresses
from dxday.notifications.letters import Letter, Placeholder
from dxday.reminders.offers import Anchor, Audience, Found, Moment
from dxday.schemes.models import Category, Scheme


def _closings(editions: Sequence[Edition]) -> list[Anchor]:
    return [
        Anchor(
            edition_id=scoring.edition_id,
            occasion=f"scoring:{scoring.scheme_id}",
            key=scoring.scheme_id,
            at=scoring.closes_at,
            label=name,
        )
        for scoring, name in db.session.execute(
            select(Scoring, Scheme.name)
            .join(Scheme, Scheme.id == Scoring.scheme_id)
            .where(Scoring.edition_id.in_([edition.id for edition in editions]))
            .order_by(Scoring.scheme_id)
        )
    ]


MOMENTS = (Moment("scoring_closes", lazy_gettext("the day on which score sheets are due"), _closings),)


def _is_unfinished() -> ColumnElement[bool]:
    """Return the condition for a live reading of a dossier before the council without a sheet that is in or declined.

    Joined tables: Reading, Nomination.
    """
    return and_(
        Reading.removed_at.is_(None),
        Nomination.state == State.ADMITTED,
        ~exists().where(
            Sheet.nomination_id == Reading.nomination_id,
            Sheet.account_id == Reading.account_id,
            Sheet.state != SheetState.OPEN,
        ),
        ~exists().where(
            ConflictOfInterest.nomination_id == Reading.nomination_id,
            ConflictOfInterest.account_id == Reading.account_id,
            ConflictOfInterest.lifted_at.is_(None),
        ),
    )


def _readers(slots: CTE) -> Select[Any]:
    return (
        select(
            slots.c.slot,
            (literal("account:") + cast(Account.id, Text)).label("recipient"),
            Account.email.label("address"),
            null().label("phone"),
            Account.full_name.label("to_name"),
            Account.locale.label("locale"),
            func.min(Reading.assigned_at).label("since"),
        )
        .join(Category, Category.scheme_id == slots.c.key)
        .join(Nomination, Nomination.category_id == Category.id)
        .join(Reading, Reading.nomination_id == Nomination.id)
        .join(Account, Account.id == Reading.account_id)
        .where(_is_unfinished(), Account.disabled_at.is_(None))
        .group_by(slots.c.slot, Account.id, Account.email, Account.full_name, Account.locale)
    )


def _facts(found: Sequence[Found]) -> list[dict[str, Any]]:
    counts: dict[tuple[int, int], int] = {}
    for scheme_id, account_id, count in db.session.execute(
        select(Category.scheme_id, Reading.account_id, func.count())
        .join(Nomination, Nomination.id == Reading.nomination_id)
        .join(Category, Category.id == Nomination.category_id)
        .where(
            _is_unfinished(),
            Category.scheme_id.in_({one.anchor.key for one in found}),
            Reading.account_id.in_({_account(one) for one in found}),
        )
        .group_by(Category.scheme_id, Reading.account_id)
    ):
        counts[scheme_id, account_id] = count
    codes = dict(
        db.session.execute(
            select(Edition.id, Edition.code).where(Edition.id.in_({one.anchor.edition_id for one in found}))
        ).all()
    )
    return [
        {
            "scheme": one.anchor.label,
            "sheets": counts[one.anchor.key, _account(one)],
            "deadline": one.anchor.at,
            "url": addresses.address("sheets.index", edition_code=codes[one.anchor.edition_id]),
        }
        for one in found
    ]


def _account(one: Found) -> int:
    return int(one.recipient.partition(":")[2])


READERS = Audience(
    name="council_readers",
    label=lazy_gettext("Council members with unfinished score sheets"),
    moments=MOMENTS,
    letter=Letter(
        "reminder_council_readers",
        lazy_gettext("Reminder of unfinished score sheets"),
        (
            Placeholder(
                "scheme",
                lazy_gettext("Name of the award scheme"),
                {"vi": "Khen thưởng chuyển đổi số", "en": "Digital transformation honours"},
            ),
            Placeholder("sheets", lazy_gettext("How many sheets are unfinished"), 3),
            Placeholder("deadline", lazy_gettext("Until when"), datetime(2026, 9, 10, 10, tzinfo=UTC)),
            Placeholder(
                "url", lazy_gettext("Page of their score sheets"), "https://dxday.example/sit/next/sheets"
            ),
        ),
        required=False,
        purpose=lazy_gettext(
            "Reminds council members of dossiers that they have not scored yet, when a rule says so."
        ),
        why=lazy_gettext("This letter was written to you because you read dossiers for the council."),
    ),
    people=_readers,
    facts=_facts,
)

AUDIENCES = (READERS,)
