"""Acts on the board: what is moved is checked against the conflict rules before anybody keeps it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dxday.board import queries, rules
from dxday.conflicts import queries as conflicts
from dxday.conflicts.engine import Difference, Move
from dxday.conflicts.models import ConflictOverride
from dxday.conflicts.rules import Finding, Level
from dxday.core.actor import Actor
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme import arranging
from dxday.programme.arranging import Step, TakenOff, Wanted
from dxday.programme.models import Session


def try_out(edition: Edition, wanted: Sequence[Wanted], off: Sequence[TakenOff] = ()) -> Difference:
    """Return what the moves would bring and mend; changes nothing.

    What moves along with an origin is counted in.  Raises NotFound, TimesNotInOrder, TooLong.
    """
    sessions = arranging.load(edition, arranging.ids_of(wanted, off))
    moves = [_as_move(step) for step in arranging.plan(sessions, wanted) if step.changes]
    moves += [
        Move(placed.id, placed.starts_at, placed.ends_at, placed.room_id, removed=True)
        for each in off
        for placed in sessions[each.session_id].placements
    ]
    index = queries.load_index(edition.id)
    try:
        return index.try_moves(moves)
    except KeyError:  # what was cancelled stands against nothing
        return Difference([], [])


def rearrange(
    edition: Edition,
    wanted: Sequence[Wanted],
    *,
    off: Sequence[TakenOff] = (),
    actor: Actor,
    now: datetime,
    override_reason: str = "",
) -> list[Session]:
    """Move, place and take off sessions in one go, unless that brings something that the edition does not allow.

    With an `override_reason` it may, and the reason is kept with each of these findings.  Raises Blocked and whatever
    `programme.arranging.arrange` raises.
    """
    ids = arranging.ids_of(wanted, off)
    before = {found.name for found in queries.load_index(edition.id).check_sessions(ids)}
    sessions = arranging.arrange(
        edition, wanted, off=off, actor=actor, now=now, override_reason=override_reason
    )
    found = conflicts.load_index(edition.id).check_sessions(ids)
    blocking = [each for each in _blocking(found) if each.name not in before]
    if blocking and not override_reason:
        raise rules.Blocked(blocking)
    for each in blocking:
        db.session.add(
            ConflictOverride(
                edition_id=edition.id,
                rule=each.rule,
                key=each.key,
                reason=override_reason,
                account_id=actor.account_id,
                created_at=now,
            )
        )
    return sessions


def _blocking(findings: Iterable[Finding]) -> list[Finding]:
    return [found for found in findings if found.level is Level.BLOCK and found.override is None]


def _as_move(step: Step) -> Move:
    placement = step.placement
    return Move(
        placement.id if placement else None,
        step.starts_at,
        step.ends_at,
        step.room_id,
        session_id=step.session.id,
    )
