"""Rooms: who holds one at which time, and taking them so that nobody else is in them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.errors import Stale
from dxday.core.i18n import lazy_pick
from dxday.core.intervals import Interval
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme import queries, rules
from dxday.programme.models import Placement, PlacementOverride, Session
from dxday.programme.rules import Mode, PlacementRole
from dxday.sites import queries as sites
from dxday.sites.models import Room

ROOM_GUARD = "ex_placement_room_taken"
"""The name under which both databases refuse a second session in a room (see the migration of the guards)."""


@dataclass(frozen=True)
class Wish:
    """A room wanted for a time, by a placement (which may be new)."""

    placement: Placement
    room: Room
    interval: Interval
    session: Session | None = None
    """Whose placement it will be, where that is not written on it yet."""


@contextmanager
def kept(
    edition: Edition, wishes: Sequence[Wish], *, reason: str, actor: Actor, now: datetime
) -> Iterator[None]:
    """Let the block take the wished rooms.  Raises RoomTaken, unless there is a `reason` to share them.

    The rooms are locked before one looks, so two who want the same room wait for each other; and should somebody
    have come in by another way, the database's own refusal is told in the same words.
    """
    sites.lock_rooms(wish.room.id for wish in wishes)
    taken = _find_taken(wishes)
    if taken and not reason:
        raise room_taken(edition, taken[0][1])
    try:
        with db.session.begin_nested():
            yield
            for wish in wishes:
                wish.placement.override = None
            for wish, _ in taken:
                wish.placement.override = PlacementOverride(
                    reason=reason, account_id=actor.account_id, created_at=now
                )
    except IntegrityError as error:
        if ROOM_GUARD not in str(error.orig):
            raise
        taken = _find_taken(wishes)
        raise (room_taken(edition, taken[0][1]) if taken else Stale()) from error
    for wish, booking in taken:
        audit.record(
            "room.shared_by_override",
            subject=wish.placement.session.code,
            actor=actor,
            now=now,
            edition_id=edition.id,
            room=wish.room.id,
            beside=booking.session_id,
            reason=reason,
        )


def placed_in(
    edition: Edition,
    room: Room,
    role: PlacementRole,
    mode: Mode,
    starts_at: datetime,
    ends_at: datetime,
) -> Placement:
    """Return a new placement in the room, of no session yet."""
    placement = Placement(
        edition_id=edition.id,
        site_id=room.site_id,
        role=role,
        mode=mode,
        starts_at=starts_at,
        ends_at=ends_at,
        override=None,
    )
    put_into(placement, room)
    return placement


def put_into(placement: Placement, room: Room | None) -> None:
    """Give a placement its room, or none."""
    placement.room_id = room.id if room else None
    placement.room_shared = room.shared if room else None


def check_not_there(session: Session, room: Room, *, besides: Placement | None = None) -> None:
    """Raise RoomTwice for a room in which the session is already."""
    if any(p.room_id == room.id for p in session.placements if p is not besides):
        raise rules.RoomTwice


def _find_taken(wishes: Sequence[Wish]) -> list[tuple[Wish, queries.Booking]]:
    """Return the wishes that clash, each with the earliest booking that it clashes with."""
    wanted = {
        -number: wish
        for number, wish in enumerate(wishes, start=1)
        if rules.holds_room(shared=wish.room.shared, overridden=False, cancelled=False)
    }
    if not wanted:
        return []
    everything = Interval(
        min(wish.interval.start for wish in wanted.values()),
        max(wish.interval.end for wish in wanted.values()),
    )
    bookings = {
        booking.placement_id: booking
        for booking in queries.list_bookings(
            {wish.room.id for wish in wanted.values()},
            within=everything,
            except_ids=[wish.placement.id for wish in wishes],
        )
    }
    clashes = rules.find_room_clashes(
        [
            *((booking.placement_id, booking.room_id, booking.interval) for booking in bookings.values()),
            *((number, wish.room.id, wish.interval) for number, wish in wanted.items()),
        ]
    )
    against: dict[int, list[queries.Booking]] = {}
    for clash in clashes:
        # Wishes carry numbers below zero, so the first of the two is a wish, unless both are bookings.
        if clash.second_id in bookings:
            if clash.first_id in wanted:
                against.setdefault(clash.first_id, []).append(bookings[clash.second_id])
        elif clash.second_id in wanted:
            against.setdefault(clash.first_id, []).append(_as_booking(wanted[clash.second_id]))
    return [
        (wish, min(against[number], key=lambda booking: booking.interval))
        for number, wish in wanted.items()
        if number in against
    ]


def _as_booking(wish: Wish) -> queries.Booking:
    """Return a wish as what stands in the way of another wish; its room has its site at hand."""
    session = wish.session or wish.placement.session
    return queries.Booking(
        wish.placement.id or 0,
        session.id,
        wish.room.id,
        wish.interval,
        wish.room.name,
        wish.room.site.name,
        session.title,
    )


def room_taken(edition: Edition, booking: queries.Booking) -> rules.RoomTaken:
    """Return the refusal that names who is in the room, and when."""
    zone = ZoneInfo(edition.time_zone)
    return rules.RoomTaken(
        room=lazy_pick(booking.room_name, booking.site_name),
        title=lazy_pick(booking.title),
        start=f"{booking.interval.start.astimezone(zone):%H:%M}",
        end=f"{booking.interval.end.astimezone(zone):%H:%M}",
    )
