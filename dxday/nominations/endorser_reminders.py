"""Whom reminder rules reach through endorsements: those who were asked and have not answered.

Of a link only the hash is kept, so a reminder names the letter that holds it instead of repeating it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, Select, Text, cast, literal, null, select

from dxday.core.i18n import lazy_gettext
from dxday.db import db
from dxday.nominations.models import Endorsement, Nomination
from dxday.nominations.reminders import MOMENTS
from dxday.nominations.rules import EndorsementState, State
from dxday.notifications.letters import Letter, Placeholder
from dxday.reminders.offers import Audience, Found


def _asked(slots: CTE) -> Select[Any]:
    return (
        select(
            slots.c.slot,
            (literal("endorsement:") + cast(Endorsement.id, Text)).label("recipient"),
            Endorsement.email.label("address"),
            null().label("phone"),
            Endorsement.name.label("to_name"),
            Nomination.contact_locale.label("locale"),
            Endorsement.asked_at.label("since"),
        )
        .join(Nomination, Nomination.edition_id == slots.c.edition_id)
        .join(Endorsement, Endorsement.nomination_id == Nomination.id)
        .where(Nomination.state == State.ENDORSING, Endorsement.state == EndorsementState.ASKED)
    )


def _facts(found: Sequence[Found]) -> list[dict[str, Any]]:
    ids = [int(one.recipient.partition(":")[2]) for one in found]
    rows = {
        endorsement.id: (endorsement, nomination)
        for endorsement, nomination in db.session.execute(
            select(Endorsement, Nomination)
            .join(Nomination, Nomination.id == Endorsement.nomination_id)
            .where(Endorsement.id.in_(ids))
        )
    }
    facts = []
    for one, endorsement_id in zip(found, ids, strict=True):
        endorsement, nomination = rows[endorsement_id]
        facts.append(
            {
                "nominee": nomination.nominee_name,
                "agency": nomination.organisation_name,
                "asked": endorsement.asked_at,
                "deadline": one.anchor.at,
                "contact": f"{nomination.contact_name}, {nomination.contact_email}",
            }
        )
    return facts


ENDORSERS = Audience(
    name="endorsers",
    label=lazy_gettext("Those who were asked to endorse and have not answered"),
    moments=MOMENTS,
    letter=Letter(
        "reminder_endorsers",
        lazy_gettext("Reminder to endorse a nomination"),
        (
            Placeholder("nominee", lazy_gettext("Name of the nominee"), "Tổ công nghệ số cộng đồng xã Mẫu"),
            Placeholder(
                "agency",
                lazy_gettext("Name of the agency"),
                {"vi": "Ủy ban nhân dân xã Mẫu", "en": "People's Committee of Sample commune"},
            ),
            Placeholder("asked", lazy_gettext("When they were asked"), datetime(2026, 9, 1, 2, tzinfo=UTC)),
            Placeholder("deadline", lazy_gettext("Until when"), datetime(2026, 9, 10, 10, tzinfo=UTC)),
            Placeholder("contact", lazy_gettext("Who answers questions"), "Lê Thị Ví Dụ, agency@example.org"),
        ),
        required=False,
        purpose=lazy_gettext(
            "Reminds somebody who was asked to endorse a nomination and has not answered, when a rule says so."
        ),
        why=lazy_gettext(
            "This letter was written to you because an agency named you to endorse its nomination."
        ),
    ),
    people=_asked,
    facts=_facts,
)

AUDIENCES = (ENDORSERS,)
