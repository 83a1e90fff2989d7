"""Reminding of what is due, and taking back what nobody needs any more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from dxday import db
from dxday.editions.models import Edition
from dxday.notifications.rules import Reason as WithdrawnFor
from dxday.reminders import offers, queries, services
from dxday.reminders.models import ReminderRule
from dxday.reminders.queries import Due, Queued, Slot
from dxday.reminders.rules import RuleState

log = structlog.get_logger()

BATCH = 200
"""Reminders of one transaction: few enough that nobody waits long for the database."""

PAGE = 2000
"""How many who are due are asked for at once."""

Pair = tuple[ReminderRule, Edition]


class NotAllReminded(Exception):
    """Some rules could not remind everybody; all others did.  Raised at the end, so that the run counts as failed."""

    def __init__(self, names: Sequence[str], queued: int) -> None:
        """Name the rules, and say how many messages were queued all the same."""
        super().__init__(f"{queued} queued; not all of: {', '.join(names)}")
        self.names = tuple(names)
        self.queued = queued


@dataclass
class _Round:
    """What a run has done and what went wrong."""

    now: datetime
    queued: int = 0
    done: dict[int, int] = field(default_factory=dict)
    """Messages queued, by rule."""
    faulty: dict[int, str] = field(default_factory=dict)
    """Names of the rules that something was wrong with, by id."""
    left_out: set[tuple[int, str]] = field(default_factory=set)
    """Rule and recipient whose reminder could not be made."""

    def blame(self, rules: Sequence[ReminderRule]) -> None:
        """Note that something is wrong with the rules."""
        self.faulty |= {rule.id: rule.name for rule in rules}

    def gives_up(self, rule_id: int) -> bool:
        """Tell whether a whole batch of a rule failed and nothing of it succeeded: it is the rule's own fault."""
        failed = sum(1 for rule, _recipient in self.left_out if rule == rule_id)
        return failed >= BATCH and not self.done.get(rule_id)


def queue_reminders(now: datetime) -> int:
    """Queue every reminder that is due, take back those that nobody needs any more, and return how many were queued.

    Safe to run twice, late, or at the same time in two processes.  What is wrong with one rule or one person holds up
    no other.  Raises NotAllReminded at the end when something was wrong.
    """
    this = _Round(now)
    on = queries.list_on()
    queued = queries.list_queued()
    _take_back([one for one in queued if one.state is not RuleState.ON], WithdrawnFor.RULE_OFF)
    for pairs in _groups(on):
        _work(this, pairs, queued)
    if this.faulty:
        raise NotAllReminded(sorted(this.faulty.values()), this.queued)
    return this.queued


def _groups(on: Sequence[Pair]) -> Iterator[list[Pair]]:
    """Rules of one audience and moment together: their moments are looked for once, and their people too."""
    groups: dict[tuple[str, str], list[Pair]] = {}
    for rule, edition in on:
        groups.setdefault((rule.audience, rule.moment), []).append((rule, edition))
    yield from groups.values()


def _work(this: _Round, pairs: list[Pair], queued: Sequence[Queued]) -> None:
    """Do all that is to be done for rules of one audience and moment; what goes wrong is noted."""
    rules = [rule for rule, _edition in pairs]
    audience = offers.known().get(rules[0].audience)
    if audience is None or audience.moment(rules[0].moment) is None:
        log.error("reminder_of_nothing", rules=[rule.id for rule in rules], audience=rules[0].audience)
        this.blame(rules)
        return
    try:
        with db.db.session.begin_nested():
            slots = queries.find_slots(pairs)
        _take_back_stale(this, rules, slots, queued)
        while due := _ask(this, slots):
            before = this.queued, len(this.left_out)
            _queue(this, due)
            if (this.queued, len(this.left_out)) == before or len(due) < PAGE:
                return  # all is done, or another clock is at it at the same time
            with (
                db.db.session.begin_nested()
            ):  # what takes long reads afresh: rules are switched off meanwhile
                slots = queries.find_slots(
                    queries.list_on(audience=rules[0].audience, moment=rules[0].moment)
                )
    except OperationalError:
        raise
    except Exception:  # what is wrong with one audience holds up no other
        log.exception("reminders_failed", rules=[rule.id for rule in rules])
        this.blame(rules)


def _ask(this: _Round, slots: Sequence[Slot]) -> list[Due]:
    wanted = [slot for slot in slots if not this.gives_up(slot.rule.id)]
    with db.db.session.begin_nested():
        return queries.list_due(wanted, this.now, limit=PAGE, but=this.left_out)


# Queueing ------------------------------------------------------------------------------------------------------------


def _queue(this: _Round, due: Sequence[Due]) -> None:
    for begin in range(0, len(due), BATCH):
        batch = [one for one in due[begin : begin + BATCH] if not this.gives_up(one.slot.rule.id)]
        if batch:
            _queue_together(this, batch)


def _queue_together(this: _Round, batch: Sequence[Due]) -> None:
    """Queue a batch in one transaction; when something is wrong with one of it, each in a transaction of its own."""
    try:
        with db.transaction():
            queued = services.remind(batch, now=this.now)
    except OperationalError:
        raise
    except Exception as error:  # which of them it was is found out by trying each alone
        if len(batch) == 1:
            log.exception("reminder_failed", rule=batch[0].slot.rule.id, recipient=batch[0].recipient)
            this.blame([batch[0].slot.rule])
            this.left_out.add((batch[0].slot.rule.id, batch[0].recipient))
            return
        log.warning("reminders_one_by_one", count=len(batch), error=type(error).__name__)
        for one in batch:
            if not this.gives_up(one.slot.rule.id):
                _queue_together(this, [one])
    else:
        this.queued += queued
        for one in batch if queued else ():
            this.done[one.slot.rule.id] = this.done.get(one.slot.rule.id, 0) + 1


# Taking back ---------------------------------------------------------------------------------------------------------


def _take_back_stale(
    this: _Round, rules: Sequence[ReminderRule], slots: Sequence[Slot], queued: Sequence[Queued]
) -> None:
    """Take back what waits and speaks of a moment that is no more, or to somebody whom it does not concern any more."""
    ids = {rule.id for rule in rules}
    waiting = {one.occurrence: one for one in queued if one.rule_id in ids}
    if not waiting:
        return
    standing = {slot.occurrence for slot in slots}
    occasions = {occurrence[:2] for occurrence in standing}
    gone = [one for occurrence, one in waiting.items() if occurrence not in standing]
    _take_back([one for one in gone if one.occurrence[:2] in occasions], WithdrawnFor.MOVED)
    _take_back([one for one in gone if one.occurrence[:2] not in occasions], WithdrawnFor.EVENT_OFF)
    left = [slot for slot in slots if slot.occurrence in waiting]
    if left:
        _take_back_ids(queries.list_without_person(left), WithdrawnFor.NOT_CONCERNED)


def _take_back(queued: Sequence[Queued], reason: WithdrawnFor) -> None:
    if queued:
        _take_back_ids(queries.list_ids(queued), reason)


def _take_back_ids(ids: Sequence[int], reason: WithdrawnFor) -> None:
    if ids:
        with db.transaction():
            taken = services.take_back(ids, reason=reason)
        log.info("reminders_taken_back", count=taken, reason=reason.value)
