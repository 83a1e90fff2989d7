"""Acts on the board: what is moved is checked against the conflict rules before anybody keeps it."""

from collections.abc import Sequence
from datetime import datetime

from dxday.board import queries, rules
from dxday.conflicts import queries as conflicts
from dxday.conflicts import services as conflict_services
from dxday.conflicts.engine import Difference, Move
from dxday.conflicts.rules import Level
from dxday.core.actor import Actor
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
    before = queries.load_index(edition.id)
    sessions = arranging.arrange(
        edition, wanted, off=off, actor=actor, now=now, override_reason=override_reason
    )
    brought = before.compare(conflicts.load_index(edition.id), arranging.ids_of(wanted, off)).new
    blocking = [found for found in brought if found.level is Level.BLOCK and found.override is None]
    if blocking and not override_reason:
        raise rules.Blocked(blocking)
    if blocking:
        conflict_services.override_findings(
            edition.id, blocking, reason=override_reason, actor=actor, now=now
        )
    return sessions


def _as_move(step: Step) -> Move:
    placement = step.placement
    return Move(
        placement.id if placement else None,
        step.starts_at,
        step.ends_at,
        step.room_id,
        session_id=step.session.id,
    )
