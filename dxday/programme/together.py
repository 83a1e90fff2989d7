"""Moving and cancelling many placements at once, as when an edition is postponed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update

from dxday.core.intervals import Interval
from dxday.db import db, table_of
from dxday.editions.models import Edition
from dxday.programme import holding, queries, rules
from dxday.programme.models import Placement, Session
from dxday.programme.queries import Move, Standing
from dxday.programme.rules import SessionState
from dxday.sites import queries as sites


def lock_programme(edition: Edition) -> None:
    """Let nobody else change a session of the edition until the transaction ends.

    In the order in which all others lock: rooms, then sessions.  SQLite needs no row locks.
    """
    sites.lock_rooms(room.id for site in sites.list_sites(edition.id) for room in site.rooms)
    db.session.execute(
        select(Session.id).where(Session.edition_id == edition.id).order_by(Session.id).with_for_update()
    ).all()


def move_together(edition: Edition, moves: Sequence[Move], *, now: datetime) -> None:
    """Move many placements, all later or all earlier, in one go; rooms are kept.  Raises RoomTaken.

    What shares a room by a permission goes on doing so: both move.  The databases look at each row when it is
    changed and know nothing of those that follow, so the last goes first when all move later, and the first when all
    move earlier: each then moves into a time that is free already.  Whoever calls writes the trail and publishes.
    """
    if not moves:
        return
    sites.lock_rooms(move.standing.room_id for move in moves if move.standing.room_id)
    if booking := _find_in_the_way(moves):
        raise holding.room_taken(edition, booking)
    later = moves[0].starts_at > moves[0].standing.starts_at
    in_order = sorted(moves, key=lambda move: move.standing.starts_at, reverse=later)
    table = table_of(Placement)
    db.session.execute(
        update(table)
        .where(table.c.id == bindparam("of"))
        .values(starts_at=bindparam("begins"), ends_at=bindparam("ends")),
        [
            {"of": move.standing.placement_id, "begins": move.starts_at, "ends": move.ends_at}
            for move in in_order
        ],
    )
    _mark_changed({move.standing.session_id for move in moves}, now=now)


def cancel_together(standings: Sequence[Standing], *, whole: Iterable[int], now: datetime) -> None:
    """Cancel many placements in one go, and the sessions whose ids are in `whole` altogether.

    Whoever calls gives all placements of a session that is cancelled whole, writes the trail and publishes.
    """
    sites.lock_rooms(standing.room_id for standing in standings if standing.room_id)
    cancelled = {standing.session_id for standing in standings} | set(whole)
    table = table_of(Placement)
    for ids in _in_portions(standing.placement_id for standing in standings):
        db.session.execute(update(table).where(table.c.id.in_(ids)).values(cancelled_at=now))
    _mark_changed(cancelled, now=now)
    sessions = table_of(Session)
    for ids in _in_portions(whole):
        db.session.execute(
            update(sessions).where(sessions.c.id.in_(ids)).values(state=SessionState.CANCELLED)
        )


def _find_in_the_way(moves: Sequence[Move]) -> queries.Booking | None:
    """Return the earliest booking of what stays that one of the moves would run into, or None."""
    moving = {move.standing.placement_id for move in moves}
    wanted = [
        (-number, move.standing.room_id, Interval(move.starts_at, move.ends_at))
        for number, move in enumerate(moves, start=1)
        if move.standing.room_id is not None and not move.standing.shared
    ]
    if not wanted:
        return None
    everything = Interval(
        min(interval.start for _, _, interval in wanted), max(interval.end for _, _, interval in wanted)
    )
    staying = {
        booking.placement_id: booking
        for booking in queries.list_bookings({room_id for _, room_id, _ in wanted}, within=everything)
        if booking.placement_id not in moving
    }
    clashes = rules.find_room_clashes(
        [*((b.placement_id, b.room_id, b.interval) for b in staying.values()), *wanted]
    )
    # Moves carry numbers below zero, so the move is the first of the two.
    found = [staying[clash.second_id] for clash in clashes if clash.second_id in staying]
    return min(found, key=lambda booking: booking.interval) if found else None


def _mark_changed(session_ids: Iterable[int], *, now: datetime) -> None:
    """Mark sessions as changed, so that who works on one of them is told."""
    table = table_of(Session)
    for ids in _in_portions(session_ids):
        db.session.execute(
            update(table).where(table.c.id.in_(ids)).values(updated_at=now, version=table.c.version + 1)
        )


def _in_portions(ids: Iterable[int], size: int = 1000) -> Iterator[list[int]]:
    """Divide ids, since a statement takes only so many values."""
    known = sorted(set(ids))
    for first in range(0, len(known), size):
        yield known[first : first + size]
