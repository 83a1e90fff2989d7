"""Reading what was queued for nothing: its moment is no more, or does not concern the reader any more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import BigInteger, Text, and_, column, select, values

from dxday.core.carriage import Carriage
from dxday.db import UtcDateTime, db
from dxday.notifications.models import Message
from dxday.reminders.models import ReminderRule
from dxday.reminders.queries.moments import Slot
from dxday.reminders.queries.people import SLOTS_AT_ONCE, tables
from dxday.reminders.rules import RuleState


@dataclass(frozen=True)
class Queued:
    """Reminders of one occurrence that have not left yet."""

    rule_id: int
    occasion: str
    anchor_at: datetime
    state: RuleState

    @property
    def occurrence(self) -> tuple[int, str, datetime]:
        """Rule, occasion and moment."""
        return self.rule_id, self.occasion, self.anchor_at


def list_queued() -> list[Queued]:
    """Return of which occurrences reminders wait to leave; one statement."""
    rows = db.session.execute(
        select(Message.rule_id, Message.occasion, Message.anchor_at, ReminderRule.state)
        .join(ReminderRule, ReminderRule.id == Message.rule_id)
        .where(Message.carriage == Carriage.QUEUED)
        .distinct()
    )
    return [
        Queued(rule_id, occasion, anchor_at, state)
        for rule_id, occasion, anchor_at, state in rows
        if rule_id is not None and occasion is not None and anchor_at is not None  # the database holds it so
    ]


def list_ids(queued: Sequence[Queued]) -> list[int]:
    """Return the ids of the messages of these occurrences that have not left."""
    found: list[int] = []
    for begin in range(0, len(queued), SLOTS_AT_ONCE):
        table = (
            values(
                column("rule_id", BigInteger),
                column("occasion", Text),
                column("anchor_at", UtcDateTime),
                name="gone",
            )
            .data([one.occurrence for one in queued[begin : begin + SLOTS_AT_ONCE]])
            .cte("gone")
        )
        found += db.session.scalars(
            select(Message.id)
            .join(
                table,
                and_(
                    table.c.rule_id == Message.rule_id,
                    table.c.occasion == Message.occasion,
                    table.c.anchor_at == Message.anchor_at,
                ),
            )
            .where(Message.carriage == Carriage.QUEUED)
        )
    return found


def list_without_person(slots: Sequence[Slot]) -> list[int]:
    """Return the ids of queued messages of these slots whose recipients they do not concern any more.

    `slots` are of one audience, and every slot of an occurrence is among them.
    """
    found: list[int] = []
    for some in _chunks_of_occurrences(slots):
        table, people = tables(some)
        concerned = (
            select(table.c.rule_id, table.c.occasion, table.c.anchor_at, people.c.recipient)
            .join(table, table.c.group == people.c.slot)
            .subquery("concerned")
        )
        occurrences = (
            select(table.c.rule_id, table.c.occasion, table.c.anchor_at).distinct().subquery("occurrences")
        )
        same = (
            Message.rule_id == occurrences.c.rule_id,
            Message.occasion == occurrences.c.occasion,
            Message.anchor_at == occurrences.c.anchor_at,
        )
        found += db.session.scalars(
            select(Message.id)
            .join(occurrences, and_(*same))
            .outerjoin(
                concerned,
                and_(
                    concerned.c.recipient == Message.recipient,
                    concerned.c.rule_id == Message.rule_id,
                    concerned.c.occasion == Message.occasion,
                    concerned.c.anchor_at == Message.anchor_at,
                ),
            )
            .where(Message.carriage == Carriage.QUEUED, concerned.c.recipient.is_(None))
        )
    return found


def _chunks_of_occurrences(slots: Sequence[Slot]) -> Iterator[list[Slot]]:
    """Divide slots so that those of one occurrence stay together."""
    some: list[Slot] = []
    for _occurrence, same in groupby(
        sorted(slots, key=lambda slot: slot.occurrence), lambda slot: slot.occurrence
    ):
        together = list(same)
        if some and len(some) + len(together) > SLOTS_AT_ONCE:
            yield some
            some = []
        some += together
    if some:
        yield some
