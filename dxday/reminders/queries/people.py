"""Asking who is to be reminded: one question over a common table of slots."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    Text,
    Tuple,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    tuple_,
    values,
)
from sqlalchemy.orm import aliased

from dxday.core.carriage import Carriage
from dxday.db import UtcDateTime, db
from dxday.notifications.models import Message
from dxday.notifications.rules import Channel
from dxday.reminders.offers import Found
from dxday.reminders.queries.moments import Slot
from dxday.reminders.rules import Fate, LateJoiners

SLOTS_AT_ONCE = 2000
"""Rows of the common table in one statement; SQLite takes 32,766 values, and a row has at most 13."""

RULES_AT_ONCE = 60
"""Rules in one statement: each is a bit of a number, of which databases give 63."""

EVER, NEVER = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Due:
    """Somebody to be reminded now."""

    slot: Slot
    recipient: str
    to_address: str
    to_name: str
    locale: str

    @property
    def found(self) -> Found:
        """As the audience wants it."""
        return Found(self.recipient, self.slot.edition.id, self.slot.anchor)


def list_due(
    slots: Sequence[Slot], now: datetime, *, limit: int, but: Collection[tuple[int, str]] = ()
) -> list[Due]:
    """Return up to `limit` people who are to be reminded now, those who are due longest first among those found.

    `slots` are of one audience.  `but` names rule and recipient of those to leave out.  Two statements, three when
    something was taken back, for SLOTS_AT_ONCE live slots of RULES_AT_ONCE rules; which of the due come first is left
    to the database, so that it can stop at the limit.
    """
    live = [slot for slot in slots if slot.is_live(now)]
    if not live:
        return []
    taken_back = _taken_back({slot.rule.id for slot in live})
    plain = [slot for slot in live if slot.occurrence not in taken_back]
    others = [slot for slot in live if slot.occurrence in taken_back]
    found: list[Due] = []
    for some, ask in (
        *((some, _due) for some in _chunks(plain)),
        *((some, _due_again) for some in _chunks(others)),
    ):
        if len(found) < limit:
            statement, who = ask(some)
            if but:
                statement = statement.where(who.not_in(list(but)))
            rows = db.session.execute(statement.limit(limit - len(found)))
            found += [
                Due(some[row.slot], row.recipient, row.to_address, row.to_name, row.locale) for row in rows
            ]
    return sorted(found, key=lambda due: (due.slot.due_at, due.slot.rule.id, due.recipient))


def _taken_back(rule_ids: Collection[int]) -> set[tuple[int, str, datetime]]:
    """Return the occurrences of which a message was taken back that may come to life again."""
    rows = db.session.execute(
        select(Message.rule_id, Message.occasion, Message.anchor_at)
        .where(
            Message.carriage == Carriage.CANCELLED,
            Message.stays_off.is_(False),
            Message.rule_id.in_(list(rule_ids)),
        )
        .distinct()
    )
    return {(row.rule_id, row.occasion, row.anchor_at) for row in rows}


def _due(slots: Sequence[Slot]) -> tuple[Select[Any], Tuple]:
    """Return the question who is due, and what stands for rule and recipient in it.

    Nearly everybody has been told of everything nearly always, by each of twenty rules.  So it is first asked whom
    something is lacking, which takes one look into the ledger for each person and moment, and only of these which.
    """
    table, people = tables(slots)
    lacking = _lacking(slots, people)
    same = aliased(Message)
    statement = _asked(
        table,
        lacking,
        and_(
            lacking.c.slot == table.c.group,
            lacking.c.occasion == table.c.occasion,
            lacking.c.anchor_at == table.c.anchor_at,
        ),
    ).where(
        ~_message(same, lacking, table).where(same.anchor_at == table.c.anchor_at).exists(),
        ~_told_later(lacking, table),
    )
    return statement, tuple_(table.c.rule_id, lacking.c.recipient)


def _due_again(slots: Sequence[Slot]) -> tuple[Select[Any], Tuple]:
    """Return the same where messages were taken back, which may come to life again: each is looked at."""
    table, people = tables(slots)
    statement = _asked(table, people, people.c.slot == table.c.group).where(not_told(people, table))
    return statement, tuple_(table.c.rule_id, people.c.recipient)


def _asked(table: CTE, people: CTE, of_slot: ColumnElement[bool]) -> Select[Any]:
    to_address = to_address_of(people, table)
    return (
        select(
            table.c.slot,
            people.c.recipient,
            to_address.label("to_address"),
            people.c.to_name,
            people.c.locale,
        )
        .select_from(people)
        .join(table, of_slot)
        .where(or_(people.c.since < table.c.due_at, table.c.tell), to_address != "")
    )


def _lacking(slots: Sequence[Slot], people: CTE) -> CTE:
    """Return those of the people whom a message of one of their slots is lacking, with occasion and moment.

    Each rule is one bit.  What somebody is to be told of a moment depends on when they joined, which makes steps; what
    they were told is the sum of the rules' bits over the ledger's rows of this very moment, of which there is one for
    each rule.
    """
    bits = {rule_id: 1 << n for n, rule_id in enumerate(sorted({slot.rule.id for slot in slots}))}
    steps = (
        values(
            column("group", Integer),
            column("occasion", Text),
            column("anchor_at", UtcDateTime),
            column("joined_from", UtcDateTime),
            column("joined_until", UtcDateTime),
            column("wanted", BigInteger),
            name="steps",
        )
        .data(list(_steps(slots, bits)))
        .cte("steps")
    )
    bit = case(
        {rule_id: literal(bit, BigInteger) for rule_id, bit in bits.items()},
        value=Message.rule_id,
        else_=literal(0, BigInteger),
    )
    told = (
        select(cast(func.coalesce(func.sum(bit), 0), BigInteger))
        .where(
            Message.recipient == people.c.recipient,
            Message.occasion == steps.c.occasion,
            Message.anchor_at == steps.c.anchor_at,
        )
        .scalar_subquery()
    )
    return (
        select(people, steps.c.occasion, steps.c.anchor_at)
        .join(
            steps,
            and_(
                steps.c.group == people.c.slot,
                people.c.since >= steps.c.joined_from,
                people.c.since < steps.c.joined_until,
            ),
        )
        .where(steps.c.wanted.bitwise_and(told) != steps.c.wanted)
        .cte("lacking")
        .prefix_with("MATERIALIZED")
    )


def _steps(
    slots: Sequence[Slot], bits: Mapping[int, int]
) -> Iterator[tuple[int, str, datetime, datetime, datetime, int]]:
    """Return, for each group and moment, between which times of joining which rules are to tell somebody."""
    groups = _groups(slots)
    together: dict[tuple[int, str, datetime], list[Slot]] = {}
    for (number, _only), group in groups.items():
        slot = slots[number]
        together.setdefault((group, slot.anchor.occasion, slot.anchor.at), []).append(slot)
    for (group, occasion, anchor_at), some in together.items():
        always = sum(bits[slot.rule.id] for slot in some if slot.rule.late_joiners is LateJoiners.TELL)
        others = [slot for slot in some if slot.rule.late_joiners is not LateJoiners.TELL]
        begin = EVER
        for end in sorted({slot.due_at for slot in others}):
            yield (
                *(group, occasion, anchor_at, begin, end),
                always + sum(bits[slot.rule.id] for slot in others if slot.due_at >= end),
            )
            begin = end
        if always:
            yield group, occasion, anchor_at, begin, NEVER, always


def _groups(slots: Sequence[Slot]) -> dict[tuple[int, str | None], int]:
    """Return the number of the group of people by slot and value of the person filter to keep.

    Slots that concern the same people are one group, of which the audience is asked once: twenty rules for one site
    read its registrations once.
    """
    numbers: dict[tuple[int, int, str | None], int] = {}
    groups: dict[tuple[int, str | None], int] = {}
    for number, slot in enumerate(slots):
        person_filter = slot.audience.person_filter
        kept = slot.rule.filters.get(person_filter.name) if person_filter else None
        for only in kept or (None,):
            group = (slot.anchor.edition_id, slot.anchor.key, only)
            groups[number, only] = numbers.setdefault(group, len(numbers))
    return groups


def tables(slots: Sequence[Slot], fates: Sequence[Fate] | None = None) -> tuple[CTE, CTE]:
    """Return the common table of slots, and that of the people whom they concern (with the number of their group).

    The people are worked out before anything else: the planner knows nothing of tables made of values, and would
    begin at the wrong end.
    """
    groups = _groups(slots)
    whom: dict[int, tuple[int, int, str | None]] = {}
    rows = []
    for (number, only), group in groups.items():
        slot = slots[number]
        whom[group] = slot.anchor.edition_id, slot.anchor.key, only
        rows.append(
            (
                number,
                group,
                slot.rule.id,
                slot.anchor.occasion,
                slot.anchor.at,
                slot.due_at,
                slot.rule.late_joiners is LateJoiners.TELL,
                slot.rule.channel is Channel.SMS,
                fates[number].value if fates else "",
            )
        )
    asked = (
        values(
            column("slot", Integer),
            column("edition_id", BigInteger),
            column("key", BigInteger),
            column("only", Text),
            name="whom",
        )
        .data([(group, *those) for group, those in whom.items()])
        .cte("whom")
    )
    table = (
        values(
            column("slot", Integer),
            column("group", Integer),
            column("rule_id", BigInteger),
            column("occasion", Text),
            column("anchor_at", UtcDateTime),
            column("due_at", UtcDateTime),
            column("tell", Boolean),
            column("by_text", Boolean),
            column("fate", Text),
            name="slots",
        )
        .data(rows)
        .cte("slots")
    )
    return table, slots[0].audience.people(asked).cte("people").prefix_with("MATERIALIZED")


def to_address_of(people: CTE, table: CTE) -> ColumnElement[str]:
    """Return where a message leaves to: the mail address, or the telephone number for a text message; "" for none."""
    return func.coalesce(case((table.c.by_text, people.c.phone), else_=people.c.address), "")


def not_told(people: CTE, table: CTE) -> ColumnElement[bool]:
    """Tell whether somebody got neither this rule's reminder of the moment, nor one after it would be due now.

    What was taken back and never left is none.
    """
    same = aliased(Message)
    return and_(
        ~_message(same, people, table).where(same.anchor_at == table.c.anchor_at, _counts(same)).exists(),
        ~_told_later(people, table),
    )


def _told_later(people: CTE, table: CTE) -> ColumnElement[bool]:
    later = aliased(Message)
    return _message(later, people, table).where(later.created_at >= table.c.due_at, _counts(later)).exists()


def _counts(message: type[Message]) -> ColumnElement[bool]:
    return or_(message.carriage != Carriage.CANCELLED, message.stays_off)


def _message(message: type[Message], people: CTE, table: CTE) -> Select[Any]:
    return select(message.id).where(
        message.recipient == people.c.recipient,
        message.rule_id == table.c.rule_id,
        message.occasion == table.c.occasion,
    )


def _chunks(slots: Sequence[Slot]) -> Iterator[list[Slot]]:
    """Divide slots into what one statement takes."""
    some: list[Slot] = []
    of_rules: set[int] = set()
    for slot in sorted(slots, key=lambda slot: slot.rule.id):
        if len(some) == SLOTS_AT_ONCE or len(of_rules | {slot.rule.id}) > RULES_AT_ONCE:
            yield some
            some, of_rules = [], set()
        some.append(slot)
        of_rules.add(slot.rule.id)
    if some:
        yield some
