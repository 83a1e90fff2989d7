"""Whom reminder rules reach through nominations: agencies with unfinished dossiers, and those without any."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, SQLColumnExpression, Text, cast, literal, null, or_, select

from dxday.accounts.models import Account, Organisation, RoleGrant
from dxday.core.i18n import lazy_gettext
from dxday.core.permissions import Role
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.notifications import addresses
from dxday.notifications.letters import Letter, Placeholder
from dxday.reminders.offers import Anchor, Audience, Found, Moment
from dxday.schemes.models import Category


def _of_edition(
    name: str, pick: Callable[[Edition], datetime | None]
) -> Callable[[Sequence[Edition]], list[Anchor]]:
    def find(editions: Sequence[Edition]) -> list[Anchor]:
        return [
            Anchor(
                edition_id=edition.id,
                occasion=f"edition:{edition.id}:{name}",
                key=edition.id,
                at=at,
                label=edition.name,
            )
            for edition in editions
            if (at := pick(edition)) is not None
        ]

    return find


MOMENTS = (
    Moment(
        "nominations_close",
        lazy_gettext("the closing of nominations"),
        _of_edition("nominations-close", lambda edition: edition.nominations_close_at),
    ),
    Moment(
        "nominations_open",
        lazy_gettext("the opening of nominations"),
        _of_edition("nominations-open", lambda edition: edition.nominations_open_at),
    ),
)


def _drafts(slots: CTE) -> Select[Any]:
    return (
        select(
            slots.c.slot,
            (literal("nomination:") + cast(Nomination.id, Text)).label("recipient"),
            Nomination.contact_email.label("address"),
            null().label("phone"),
            Nomination.contact_name.label("to_name"),
            Nomination.contact_locale.label("locale"),
            Nomination.created_at.label("since"),
        )
        .join(Nomination, Nomination.edition_id == slots.c.edition_id)
        .where(Nomination.state == State.DRAFT)
    )


def _draft_facts(found: Sequence[Found]) -> list[dict[str, Any]]:
    ids = {int(one.recipient.partition(":")[2]) for one in found}
    rows = {
        row.id: (row, category, code)
        for row, category, code in db.session.execute(
            select(Nomination, Category.name, Edition.code)
            .join(Category, Category.id == Nomination.category_id)
            .join(Edition, Edition.id == Nomination.edition_id)
            .where(Nomination.id.in_(ids))
        )
    }
    facts = []
    for one in found:
        nomination, category, code = rows[int(one.recipient.partition(":")[2])]
        facts.append(
            {
                "nominee": nomination.nominee_name,
                "category": category,
                "deadline": one.anchor.at,
                "url": addresses.address("nominations.show", edition_code=code, code=nomination.code),
            }
        )
    return facts


def _has_nominated(edition_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Tell whether the agency of a grant has a dossier in the edition."""
    return (
        select(Nomination.id)
        .where(
            Nomination.edition_id == edition_id,
            Nomination.organisation_id == RoleGrant.organisation_id,
            Nomination.state != State.WITHDRAWN,
        )
        .exists()
    )


def _without(slots: CTE) -> Select[Any]:
    """Officers of agencies that have neither a draft nor anything handed in."""
    return (
        select(
            slots.c.slot,
            (literal("account:") + cast(Account.id, Text)).label("recipient"),
            Account.email.label("address"),
            null().label("phone"),
            Account.full_name.label("to_name"),
            Account.locale.label("locale"),
            Account.created_at.label("since"),
        )
        .join(RoleGrant, or_(RoleGrant.edition_id.is_(None), RoleGrant.edition_id == slots.c.edition_id))
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            RoleGrant.role == Role.AGENCY,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.organisation_id.is_not(None),
            Account.disabled_at.is_(None),
            ~_has_nominated(slots.c.edition_id),
        )
        .distinct()
    )


def _without_facts(found: Sequence[Found]) -> list[dict[str, Any]]:
    ids = {int(one.recipient.partition(":")[2]) for one in found}
    wanted = {one.edition_id for one in found}
    agencies: dict[tuple[int, int], Organisation] = {}
    for edition_id, account_id, organisation in db.session.execute(
        select(Edition.id, RoleGrant.account_id, Organisation)
        .join(RoleGrant, or_(RoleGrant.edition_id.is_(None), RoleGrant.edition_id == Edition.id))
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            Edition.id.in_(wanted),
            RoleGrant.account_id.in_(ids),
            RoleGrant.role == Role.AGENCY,
            RoleGrant.revoked_at.is_(None),
            ~_has_nominated(Edition.id),
        )
        .order_by(RoleGrant.id.desc())
    ):
        agencies[edition_id, account_id] = organisation
    codes = dict(db.session.execute(select(Edition.id, Edition.code).where(Edition.id.in_(wanted))).all())
    return [
        {
            "agency": agencies[one.edition_id, int(one.recipient.partition(":")[2])].name,
            "deadline": one.anchor.at,
            "url": addresses.address("nominations.index", edition_code=codes[one.edition_id]),
        }
        for one in found
    ]


_DEADLINE = Placeholder("deadline", lazy_gettext("Until when"), datetime(2026, 9, 10, 10, tzinfo=UTC))

AGENCIES_WITH_DRAFT = Audience(
    name="agencies_draft",
    label=lazy_gettext("Agencies with an unfinished dossier"),
    moments=MOMENTS,
    letter=Letter(
        "reminder_agencies_draft",
        lazy_gettext("Reminder of an unfinished dossier"),
        (
            Placeholder("nominee", lazy_gettext("Name of the nominee"), "Tổ công nghệ số cộng đồng xã Mẫu"),
            Placeholder(
                "category",
                lazy_gettext("Category"),
                {"vi": "Tập thể", "en": "Collectives", "hi": "सामूहिक"},
            ),
            _DEADLINE,
            Placeholder(
                "url",
                lazy_gettext("Page of the dossier"),
                "https://dxday.example/agency/next/nominations/AB23CD45",
            ),
        ),
        required=False,
        purpose=lazy_gettext(
            "Reminds an agency of a dossier that it has begun and not handed in, when a rule says so."
        ),
        why=lazy_gettext("This letter was written to you because you are named in a dossier of your agency."),
    ),
    people=_drafts,
    facts=_draft_facts,
)

AGENCIES_WITHOUT = Audience(
    name="agencies_none",
    label=lazy_gettext("Agencies that have nominated nobody yet"),
    moments=MOMENTS,
    letter=Letter(
        "reminder_agencies_none",
        lazy_gettext("Reminder to nominate"),
        (
            Placeholder(
                "agency",
                lazy_gettext("Name of the agency"),
                {"vi": "Ủy ban nhân dân xã Mẫu", "en": "People's Committee of Sample commune"},
            ),
            _DEADLINE,
            Placeholder(
                "url",
                lazy_gettext("Page of the agency's nominations"),
                "https://dxday.example/agency/next/nominations",
            ),
        ),
        required=False,
        purpose=lazy_gettext("Reminds agencies that have nominated nobody yet, when a rule says so."),
        why=lazy_gettext("This letter was written to you because you act for an agency that may nominate."),
    ),
    people=_without,
    facts=_without_facts,
)

AUDIENCES = (AGENCIES_WITH_DRAFT, AGENCIES_WITHOUT)
