"""Making the running order of a ceremony, changing it, and calling to the stage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from dxday.audit import services as audit
from dxday.ceremony import rules
from dxday.ceremony.models import Call, Ceremony, Turn
from dxday.ceremony.queries import order as queries
from dxday.ceremony.queries import was_recalled
from dxday.ceremony.rules import First, Step
from dxday.core.actor import Actor
from dxday.core.errors import Stale
from dxday.db import db
from dxday.programme.models import Session
from dxday.sites.models import Site


def set_up(
    session: Session, *, first: First, per_call: int, opening: str, line: str, actor: Actor, now: datetime
) -> Ceremony:
    """Say how awards are called at a session; what is in order already stays as it is.

    Raises NotYoursToArrange, NotOnStage, BlankUnknown, Stale when somebody else sets it up at the same moment.
    """
    rules.check_may_arrange(actor, edition_id=session.edition_id)
    rules.check_per_call(per_call)
    rules.check_template(opening, rules.OPENING_BLANKS)
    rules.check_template(line, rules.LINE_BLANKS)
    ceremony = queries.find_ceremony(session.edition_id, session.id)
    if ceremony is None:
        ceremony = Ceremony(
            edition_id=session.edition_id,
            session_id=session.id,
            first=first,
            per_call=per_call,
            opening=opening,
            line=line,
        )
        try:
            with db.session.begin_nested():
                db.session.add(ceremony)
        except IntegrityError as error:
            raise Stale from error
    else:
        ceremony.first, ceremony.per_call = first, per_call
        ceremony.opening, ceremony.line = opening, line
        db.session.flush()
    _record("ceremony.set_up", ceremony, actor=actor, now=now, first=first.value, per_call=per_call)
    return ceremony


def propose_order(ceremony: Ceremony, *, actor: Actor, now: datetime) -> int:
    """Put every award in the order that the rules propose, and return how many there are.

    Sites and receivers that were set stay; words of single calls go.  Raises NotYoursToArrange, HandingHasBegun,
    NothingToOrder.
    """
    _take(ceremony, actor=actor)
    if queries.count_handed(ceremony.id):
        raise rules.HandingHasBegun
    own = queries.list_own_candidates(ceremony)
    missing = queries.list_candidates(ceremony.edition_id)
    if not own and not missing:
        raise rules.NothingToOrder
    turns = {turn.award_id: turn for turn in queries.list_turns(ceremony.id)}
    old = queries.list_calls(ceremony.id)
    turns |= _new_turns(ceremony, [each.award_id for each in missing])
    proposed = rules.propose_order([*own, *missing], first=ceremony.first, per_call=ceremony.per_call)
    _append(ceremony, proposed, turns, after=0)
    ordered = {award_id for call in proposed for award_id in call}
    # An award that was annulled meanwhile has no place in what is made anew.
    for award_id, turn in turns.items():
        if award_id not in ordered:
            db.session.delete(turn)
    db.session.flush()
    for call in old:
        db.session.delete(call)
    db.session.flush()
    _record("ceremony.ordered", ceremony, actor=actor, now=now, awards=len(ordered), calls=len(proposed))
    return len(ordered)


def add_missing(ceremony: Ceremony, *, actor: Actor, now: datetime) -> int:
    """Put the awards without a place behind all others, in calls of their own, and return how many they were.

    Raises NotYoursToArrange, NothingToOrder.
    """
    _take(ceremony, actor=actor)
    missing = queries.list_candidates(ceremony.edition_id)
    if not missing:
        raise rules.NothingToOrder
    proposed = rules.propose_order(missing, first=ceremony.first, per_call=ceremony.per_call)
    turns = _new_turns(ceremony, [each.award_id for each in missing])
    _append(ceremony, proposed, turns, after=len(queries.list_calls(ceremony.id)))
    _record("ceremony.extended", ceremony, actor=actor, now=now, awards=len(missing))
    return len(missing)


def move_turn(ceremony: Ceremony, turn: Turn, step: Step, *, actor: Actor, now: datetime) -> None:
    """Move somebody by one place, over the edge of a call into the next.  Raises NotYoursToArrange, CannotMove."""
    _take(ceremony, actor=actor)
    calls, turns = queries.list_calls(ceremony.id), queries.list_turns(ceremony.id)
    before = [[each.id for each in turns if each.call_id == call.id] for call in calls]
    by_id = {each.id: each for each in turns}
    for call, ids in zip(calls, rules.move_person(before, turn.id, step), strict=True):
        _number([by_id[each] for each in ids], call)
    db.session.flush()
    _tidy(ceremony)
    _record("ceremony.moved", ceremony, actor=actor, now=now, turn=turn.id, step=step.value)


def move_call(ceremony: Ceremony, call: Call, step: Step, *, actor: Actor, now: datetime) -> None:
    """Move a whole call by one place.  Raises NotYoursToArrange, CannotMove."""
    _take(ceremony, actor=actor)
    calls = {each.id: each for each in queries.list_calls(ceremony.id)}
    for position, call_id in enumerate(rules.move_call(list(calls), call.id, step), start=1):
        calls[call_id].position = position
    db.session.flush()
    _record("ceremony.call_moved", ceremony, actor=actor, now=now, call=call.id, step=step.value)


def split_call(ceremony: Ceremony, turn: Turn, *, actor: Actor, now: datetime) -> None:
    """Begin a new call with this turn and what follows it; the first of a call begins one already.

    Raises NotYoursToArrange, CannotMove.
    """
    _take(ceremony, actor=actor)
    calls, turns = queries.list_calls(ceremony.id), queries.list_turns(ceremony.id)
    own = [each for each in turns if each.call_id == turn.call_id]
    place = next((number for number, each in enumerate(own) if each.id == turn.id), 0)
    if place == 0:
        raise rules.CannotMove
    old = next(each for each in calls if each.id == turn.call_id)
    for call in calls:
        if call.position > old.position:
            call.position += 1
    new = Call(ceremony_id=ceremony.id, position=old.position + 1, script_for=[])
    db.session.add(new)
    db.session.flush()
    _number(own[:place], old)
    _number(own[place:], new)
    db.session.flush()
    _record("ceremony.call_split", ceremony, actor=actor, now=now, turn=turn.id)


def place_turn(ceremony: Ceremony, turn: Turn, site: Site | None, *, actor: Actor, now: datetime) -> None:
    """Say at which site an award is received.  Raises NotYoursToArrange."""
    rules.check_may_arrange(actor, edition_id=ceremony.edition_id)
    if turn.site_id == (site.id if site else None):
        return
    turn.site_id = site.id if site else None
    db.session.flush()
    _record("ceremony.placed", ceremony, actor=actor, now=now, turn=turn.id, site=site.code if site else None)


def write_script(
    ceremony: Ceremony, call: Call, script: str, *, codes: Sequence[str], actor: Actor, now: datetime
) -> None:
    """Give a call words of its own, written for the awards with these codes; "" goes back to the proposed ones.

    Raises NotYoursToArrange.
    """
    rules.check_may_arrange(actor, edition_id=ceremony.edition_id)
    call.script = script.strip() or None
    call.script_for = list(codes) if call.script else []
    db.session.flush()
    _record("ceremony.script_written", ceremony, actor=actor, now=now, call=call.position)


def call_now(ceremony: Ceremony, call: Call, *, actor: Actor, now: datetime) -> None:
    """Call to the stage; the same button sent twice calls once.  Raises NotYoursToArrange."""
    _take(ceremony, actor=actor)
    called = [
        (each.called_at, each.position, each)
        for each in queries.list_calls(ceremony.id)
        if each.called_at is not None
    ]
    latest = max(called, key=lambda each: each[:2])[2] if called else None
    if latest is not None and latest.id == call.id:
        return
    call.called_at = now
    db.session.flush()
    _record("ceremony.called", ceremony, actor=actor, now=now, call=call.position)


def check_stands(turn: Turn, name: str) -> None:
    """Raise AwardRecalled for an award that was annulled."""
    if was_recalled(turn.award_id):
        raise rules.AwardRecalled(name=name)


def _take(ceremony: Ceremony, *, actor: Actor) -> None:
    """Let nobody else change the order until the transaction ends."""
    rules.check_may_arrange(actor, edition_id=ceremony.edition_id)
    db.session.refresh(ceremony, with_for_update=True)


def _new_turns(ceremony: Ceremony, award_ids: Sequence[int]) -> dict[int, Turn]:
    sites = queries.propose_sites(ceremony.edition_id, award_ids)
    return {
        award_id: Turn(edition_id=ceremony.edition_id, award_id=award_id, site_id=sites[award_id])
        for award_id in award_ids
    }


def _append(
    ceremony: Ceremony, proposed: Sequence[Sequence[int]], turns: dict[int, Turn], *, after: int
) -> None:
    made = [
        Call(ceremony_id=ceremony.id, position=after + number, script_for=[])
        for number in range(1, len(proposed) + 1)
    ]
    db.session.add_all(made)
    db.session.flush()
    for call, ids in zip(made, proposed, strict=True):
        _number([turns[each] for each in ids], call)
        db.session.add_all([turns[each] for each in ids])
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError as error:
        # Another ceremony took one of the awards at the same moment.
        raise Stale from error


def _number(turns: Sequence[Turn], call: Call) -> None:
    for position, turn in enumerate(turns, start=1):
        turn.call_id, turn.position = call.id, position


def _tidy(ceremony: Ceremony) -> None:
    """Take calls away that nobody is left in, and number the others without a gap."""
    used = {turn.call_id for turn in queries.list_turns(ceremony.id)}
    position = 0
    for call in queries.list_calls(ceremony.id):
        if call.id not in used:
            db.session.delete(call)
            continue
        position += 1
        call.position = position
    db.session.flush()


def _record(action: str, ceremony: Ceremony, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        action,
        subject=f"session:{ceremony.session_id}",
        actor=actor,
        now=now,
        edition_id=ceremony.edition_id,
        **facts,
    )
