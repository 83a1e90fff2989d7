"""Foreseeing what a rule will do: when, to whom, and why or why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, not_, select

from dxday.db import db
from dxday.notifications.models import Suppression
from dxday.notifications.rules import SuppressionScope
from dxday.reminders import rules
from dxday.reminders.models import ReminderRule
from dxday.reminders.offers import Anchor
from dxday.reminders.queries.moments import Slot, find_slots
from dxday.reminders.queries.people import not_told, tables, to_address_of
from dxday.reminders.queries.stored import get_edition
from dxday.reminders.rules import Fate, Reason, RuleState

SHOWN = 500
"""Moments of which a forecast counts the people: a rule for every session of a large edition has thousands."""


@dataclass(frozen=True)
class Line:
    """What becomes of the reminder of one moment, and of how many people."""

    anchor: Anchor
    due_at: datetime
    latest_at: datetime
    fate: Fate
    counts: Mapping[Reason, int]

    @property
    def gets(self) -> int:
        """How many get it."""
        return sum(self.counts.get(reason, 0) for reason in rules.GETTING)

    @property
    def people(self) -> int:
        """How many it concerns."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Forecast:
    """What a rule does, or would do when it was switched on now, in order of time."""

    lines: Sequence[Line]
    locales: Mapping[str, int]
    """Of those who get it: language of the letter → how many letters."""
    more: int = 0
    """Further moments, of which nothing is counted."""

    @property
    def counts(self) -> dict[Reason, int]:
        """How many, all moments together, all reasons named."""
        return {reason: sum(line.counts.get(reason, 0) for line in self.lines) for reason in Reason}

    @property
    def gets(self) -> int:
        """How many letters leave."""
        return sum(line.gets for line in self.lines)


@dataclass(frozen=True)
class ForecastPerson:
    """Somebody whom a rule concerns: what they get, when, and why or why not."""

    recipient: str
    to_name: str
    to_address: str | None
    locale: str
    anchor: Anchor
    due_at: datetime
    reason: Reason
    since: datetime

    @property
    def gets(self) -> bool:
        """Whether it leaves for them."""
        return self.reason in rules.GETTING


def forecast(rule: ReminderRule, now: datetime) -> Forecast:
    """Return what the rule does; when it is off, what it would do if it were switched on at `now`.

    Constant statements, however many moments and people.  Of more than SHOWN moments, those that are past are left
    out first, then those that are farthest away.
    """
    slots, fates, more = _foreseen(rule, now)
    counts: list[dict[Reason, int]] = [{} for _ in slots]
    locales: dict[str, int] = {}
    if slots:
        foreseen = _people_foreseen(slots, fates).subquery("foreseen")
        for number, reason, locale, count in db.session.execute(
            select(foreseen.c.slot, foreseen.c.reason, foreseen.c.locale, func.count()).group_by(
                foreseen.c.slot, foreseen.c.reason, foreseen.c.locale
            )
        ):
            why = Reason(reason)
            counts[number][why] = counts[number].get(why, 0) + count
            if why in rules.GETTING:
                language = rule.locale or locale
                locales[language] = locales.get(language, 0) + count
    lines = [
        Line(slot.anchor, slot.due_at, slot.latest_at, _fate(fate, count), count)
        for slot, fate, count in zip(slots, fates, counts, strict=True)
    ]
    return Forecast(lines, locales, more)


def list_forecast_people(
    rule: ReminderRule, now: datetime, *, limit: int, offset: int = 0
) -> list[ForecastPerson]:
    """Return whom the rule concerns, by time and name, with the reason why they get it or not.

    Constant statements, and as long for the last page as for the first.
    """
    slots, fates, _more = _foreseen(rule, now)
    if not slots:
        return []
    table, people = tables(slots)
    counted = (
        select(table.c.slot, func.count().label("people"))
        .join(people, people.c.slot == table.c.group)
        .group_by(table.c.slot)
    )
    counts: dict[int, int] = {row.slot: row.people for row in db.session.execute(counted)}
    # Only those moments are asked whose people are on the page: sorting all pairs of them would take long.
    chosen: list[int] = []
    skip, before = offset, 0
    for number in range(len(slots)):
        begin, before = before, before + counts.get(number, 0)
        if begin < offset + limit and before > offset:
            if not chosen:
                skip = offset - begin
            chosen.append(number)
    if not chosen:
        return []
    some, some_fates = [slots[number] for number in chosen], [fates[number] for number in chosen]
    foreseen = _people_foreseen(some, some_fates).subquery("foreseen")
    rows = db.session.execute(
        select(foreseen)
        .order_by(foreseen.c.slot, foreseen.c.to_name, foreseen.c.recipient)
        .limit(limit)
        .offset(skip)
    )
    return [
        ForecastPerson(
            recipient=row.recipient,
            to_name=row.to_name,
            to_address=row.to_address or None,
            locale=rule.locale or row.locale,
            anchor=some[row.slot].anchor,
            due_at=some[row.slot].due_at,
            reason=Reason(row.reason),
            since=row.since,
        )
        for row in rows
    ]


def _foreseen(rule: ReminderRule, now: datetime) -> tuple[list[Slot], list[Fate], int]:
    """Return at most SHOWN slots of a rule in order of time, the fate of each, and how many were left out."""
    slots = find_slots([(rule, get_edition(rule.edition_id))])
    on_since = rule.on_since if rule.state is RuleState.ON and rule.on_since else now

    def fate_of(slot: Slot) -> Fate:
        return rules.fate_of(slot.due_at, slot.latest_at, on_since=on_since, now=now)

    more = max(0, len(slots) - SHOWN)
    if more:
        ahead = [slot for slot in slots if fate_of(slot) in (Fate.DUE, Fate.COMING)][:SHOWN]
        past = [slot for slot in slots if fate_of(slot) not in (Fate.DUE, Fate.COMING)]
        slots = past[len(past) - (SHOWN - len(ahead)) :] + ahead if len(ahead) < SHOWN else ahead
        slots.sort(key=lambda slot: slot.due_at)
    return slots, [fate_of(slot) for slot in slots], more


def _fate(fate: Fate, counts: Mapping[Reason, int]) -> Fate:
    """Return the fate of a moment with its people: when everybody who is to be told was told, it is sent."""
    gets = any(counts.get(reason) for reason in rules.GETTING)
    return Fate.SENT if counts.get(Reason.TOLD) and not gets else fate


def _people_foreseen(slots: Sequence[Slot], fates: Sequence[Fate]) -> Select[Any]:
    table, people = tables(slots, fates)
    to_address = to_address_of(people, table)
    scopes = [SuppressionScope.ALL]
    if not slots[0].audience.letter_for(slots[0].rule.moment).required:
        scopes.append(SuppressionScope.OPTIONAL)
    is_spared = (
        select(Suppression.id)
        .where(
            Suppression.address_key == func.lower(func.trim(to_address)),
            Suppression.scope.in_(scopes),
            Suppression.released_at.is_(None),
        )
        .exists()
    )
    is_late = people.c.since >= table.c.due_at
    reason = case(
        (not_(not_told(people, table)), Reason.TOLD.value),
        (table.c.fate == Fate.OVER.value, Reason.OVER.value),
        (table.c.fate == Fate.MISSED.value, Reason.MISSED.value),
        (and_(is_late, not_(table.c.tell)), Reason.LATE.value),
        (to_address == "", Reason.NO_ADDRESS.value),
        (is_spared, Reason.SPARED.value),
        (is_late, Reason.GETS_AT_ONCE.value),
        else_=Reason.GETS.value,
    )
    return select(
        table.c.slot,
        people.c.recipient,
        people.c.to_name,
        people.c.locale,
        people.c.since,
        to_address.label("to_address"),
        reason.label("reason"),
    ).join(table, table.c.slot == people.c.slot)
