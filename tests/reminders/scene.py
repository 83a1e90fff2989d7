"""An edition with a site, people who hold a place there, and a rule; and what the job does of it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from dxday.core.actor import Actor
from dxday.db import db
from dxday.notifications.models import Message
from dxday.reminders import jobs, services
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Unit
from tests import make

DAY = make.TODAY + timedelta(days=40)
"""The first day of the edition; its sessions are on it unless a test says otherwise."""

EARLY = make.NOW - timedelta(days=9)
"""When rules were switched on, and people registered, unless a test says otherwise."""


def at(clock: str, days: int = 0):
    """Return a time of day, so many days after the edition's first."""
    return make.at(f"{DAY + timedelta(days=days)} {clock}")


def opened(edition, clock: str = "08:00", ends: str = "17:00", **given: Any):
    """Return a site with a published session at that time."""
    site = make.site(edition, **given)
    make.placement(
        make.session(edition), make.room(site), starts_at=f"{DAY} {clock}", ends_at=f"{DAY} {ends}"
    )
    return site


def rule(edition, **given: Any) -> ReminderRule:
    """Return a rule that is on: registrants, a day before the beginning at their site."""
    defaults = {
        "name": f"Thử {make.number()}",
        "audience": "registrants",
        "moment": "first_session",
        "filters": {},
        "amount": 1,
        "unit": Unit.DAYS,
        "direction": Direction.BEFORE,
        "late_joiners": LateJoiners.SKIP,
        "state": RuleState.ON,
        "on_since": EARLY,
        "created_at": EARLY,
        "updated_at": EARLY,
    }
    return make.save(ReminderRule(edition_id=edition.id, **(defaults | given)))


def run(now) -> int:
    """Let the job run at that moment and return how many reminders it queued."""
    db.session.commit()
    return jobs.queue_reminders(now)


def ledger(*columns: Any, state: str | None = None) -> list[Any]:
    """Return columns of the reminders in the ledger, in the order in which they were made."""
    db.session.expire_all()
    statement = select(*columns).where(Message.rule_id.is_not(None)).order_by(Message.id)
    if state is not None:
        statement = statement.where(Message.carriage == state)
    rows = db.session.execute(statement).all()
    return [row[0] if len(columns) == 1 else tuple(row) for row in rows]


def reminded() -> list[str]:
    """Return the addresses to which a reminder leaves or has left."""
    return [
        address
        for address, carriage in ledger(Message.to_address, Message.carriage)
        if carriage.value != "cancelled"
    ]


def switch_off(rule: ReminderRule, now, actor: Actor | None = None) -> int:
    """Switch a rule off as an organizer does."""
    return services.switch_off(rule, seen=rule.version, actor=actor or make.actor(), now=now)
