"""Whom reminder rules reach through certificates: those who have not fetched theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, Select, Text, cast, func, literal, null, select

from dxday.awards import queries as awards
from dxday.awards.models import Decision
from dxday.certificates.models import Certificate
from dxday.certificates.rules import Standing
from dxday.core.i18n import lazy_gettext
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.notifications.letters import Letter, Placeholder
from dxday.programme import reminders as programme
from dxday.reminders.offers import Anchor, Audience, Found, Moment


def _anchor(edition: Edition, name: str, at: datetime) -> Anchor:
    return Anchor(
        edition_id=edition.id,
        occasion=f"edition:{edition.id}:{name}",
        key=edition.id,
        at=at,
        label=edition.name,
    )


def _ceremonies(editions: Sequence[Edition]) -> list[Anchor]:
    starts = programme.ceremonies(editions)
    return [_anchor(edition, "ceremony", starts[edition.id]) for edition in editions if edition.id in starts]


def _decisions(editions: Sequence[Edition]) -> list[Anchor]:
    """The day of the edition's last announced decision, at the usual hour."""
    days = dict(
        db.session.execute(
            select(Decision.edition_id, func.max(Decision.decided_on))
            .where(Decision.edition_id.in_([edition.id for edition in editions]), awards.ANNOUNCED)
            .group_by(Decision.edition_id)
        ).all()
    )
    return [
        _anchor(edition, "decision", programme.beginning_of(edition, days[edition.id]))
        for edition in editions
        if edition.id in days
    ]


def _ends(editions: Sequence[Edition]) -> list[Anchor]:
    return [
        _anchor(
            edition,
            "last-day",
            programme.beginning_of(edition, edition.ends_on).astimezone(ZoneInfo(edition.time_zone)),
        )
        for edition in editions
    ]


def _people(slots: CTE) -> Select[Any]:
    return (
        select(
            slots.c.slot,
            (literal("certificate:") + cast(Certificate.id, Text)).label("recipient"),
            Certificate.recipient_email.label("address"),
            null().label("phone"),
            Certificate.facts["recipient_name"].as_string().label("to_name"),
            Certificate.recipient_locale.label("locale"),
            Certificate.told_at.label("since"),
        )
        .join(Certificate, Certificate.edition_id == slots.c.edition_id)
        .where(
            Certificate.told_at.is_not(None),
            Certificate.standing == Standing.VALID,
            Certificate.rendered_at.is_not(None),
            Certificate.fetched_at.is_(None),
        )
    )


def _facts(found: Sequence[Found]) -> list[dict[str, Any]]:
    ids = {int(one.recipient.partition(":")[2]) for one in found}
    rows = {row.id: row for row in db.session.scalars(select(Certificate).where(Certificate.id.in_(ids)))}
    return [
        {
            "award": row.printed.title,
            "url": addresses.address("certificates_public.holder", holder_token=row.holder_token),
        }
        for row in (rows[int(one.recipient.partition(":")[2])] for one in found)
    ]


AWARDEES = Audience(
    name="awardees",
    label=lazy_gettext("Awardees who have not fetched their certificate"),
    moments=(
        Moment("ceremony", lazy_gettext("the ceremony"), _ceremonies),
        Moment("decision", lazy_gettext("the day of the decision"), _decisions),
        Moment("last_day", lazy_gettext("the last day of the edition"), _ends),
    ),
    letter=Letter(
        "reminder_awardees",
        lazy_gettext("Reminder of a certificate"),
        (
            Placeholder("award", lazy_gettext("Title of the certificate"), "Bằng khen"),
            Placeholder(
                "url",
                lazy_gettext("Link to the holder's page"),
                "https://dxday.example/my/certificate/abc123",
            ),
        ),
        required=False,
        purpose=lazy_gettext("Reminds those who have not fetched their certificate, when a rule says so."),
        why=lazy_gettext("This letter was written to you because you were honoured."),
    ),
    people=_people,
    facts=_facts,
)

AUDIENCES = (AWARDEES,)
