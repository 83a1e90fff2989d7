"""Rules about rooms: who is in them, whether they can be had, what they hold and how many."""

from collections.abc import Iterator
from typing import Any

from flask_babel.speaklater import LazyString

from dxday.conflicts.checks.availability import find_gap
from dxday.conflicts.facts import Of
from dxday.conflicts.rules import Draft, Level, MendedAt, rule
from dxday.conflicts.world import Focus, Slot, World
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.i18n import gettext as _
from dxday.programme.rules import Mode, PlacementRole
from dxday.sites.rules import LINE

_ANOTHER_TIME_OR_ROOM = lazy_gettext("Give one of them another time or another room.")


@rule(
    "room-overlap",
    name=lazy_gettext("One room, two sessions"),
    looks_for=lazy_gettext(
        "Two sessions in one room at the same time, or with less time in between than the room needs to be made"
        " ready. Rooms that may hold several sessions at once are left out."
    ),
    level=Level.BLOCK,
)
def find_room_overlaps(world: World, focus: Focus) -> Iterator[Draft]:
    """Find pairs of placements in one room that overlap or leave too little time in between."""
    for slot in world.slots_in(focus):
        if slot.room_id is None or world.rooms[slot.room_id].shared:
            continue
        pause = world.turnaround(world.rooms[slot.room_id])
        for other in world.running(("room", slot.room_id), slot.start - pause, slot.end + pause):
            if other.id == slot.id or (other.id < slot.id and other.id in focus.placements):
                continue
            if (other.start, other.id) < (slot.start, slot.id):
                yield _overlap(world, other, slot)
            else:
                yield _overlap(world, slot, other)


def _overlap(world: World, first: Slot, second: Slot) -> Draft:
    low, high = (first, second) if first.id < second.id else (second, first)
    return Draft(
        key=f"{low.id}-{high.id}",
        session_ids=(low.session_id, high.session_id),
        placement_ids=(low.id, high.id),
        site_ids=(first.site_id,),
        message=LazyString(_say_overlap, world, first, second),
        mend=_ANOTHER_TIME_OR_ROOM,
        allowed=low.facts.override or high.facts.override,
    )


def _say_overlap(world: World, first: Slot, second: Slot) -> Any:
    assert first.room_id is not None
    facts = {
        "room": world.room(first.room_id),
        "first": world.title(first.session_id),
        "first_time": world.span(first.start, first.end),
        "second": world.title(second.session_id),
        "second_time": world.span(second.start, second.end),
    }
    if second.start < first.end:
        return _(
            "“%(first)s” (%(first_time)s) and “%(second)s” (%(second_time)s) are in %(room)s at the same time.",
            **facts,
        )
    return _(
        "Between “%(first)s” (%(first_time)s) and “%(second)s” (%(second_time)s) in %(room)s there are %(gap)d"
        " minutes; the room needs %(pause)d.",
        gap=(second.start - first.end) // 60,
        pause=world.turnaround(world.rooms[first.room_id]) // 60,
        **facts,
    )


@rule(
    "room-availability",
    name=lazy_gettext("A room that cannot be had"),
    looks_for=lazy_gettext("A session in a room at a time at which the room cannot be had."),
    level=Level.BLOCK_RELEASE,
    mended_at=MendedAt.AVAILABILITY,
)
def find_closed_rooms(world: World, focus: Focus) -> Iterator[Draft]:
    """Find placements outside of the times of their room."""
    for slot in world.slots_in(focus):
        if slot.room_id is None:
            continue
        gap = find_gap(world, Of.ROOM, slot.room_id, slot.start, slot.end)
        if gap is None:
            continue
        facts = {
            "title": world.title(slot.session_id),
            "time": world.span(slot.start, slot.end),
            "room": world.room(slot.room_id),
            "times": gap.times,
        }
        if gap.only:
            message = lazy_gettext(
                "“%(title)s” is in %(room)s at %(time)s, but the room can only be had at %(times)s.", **facts
            )
        else:
            message = lazy_gettext(
                "“%(title)s” is in %(room)s at %(time)s, but the room cannot be had at %(times)s.", **facts
            )
        yield _about(
            slot,
            message,
            lazy_gettext("Give the session another time or another room, or change the times of the room."),
        )


@rule(
    "equipment",
    name=lazy_gettext("Missing equipment"),
    looks_for=lazy_gettext("A session in a room that does not have what the session needs."),
    level=Level.WARN,
)
def find_missing_equipment(world: World, focus: Focus) -> Iterator[Draft]:
    """Find sessions whose room lacks what they need."""
    for slot in world.slots_in(focus):
        if slot.room_id is None or slot.facts.role is not PlacementRole.ORIGIN:
            continue
        features = world.rooms[slot.room_id].features
        missing = [need for need in world.sessions[slot.session_id].needs if need not in features]
        if missing:
            yield _about(
                slot,
                lazy_gettext(
                    "“%(title)s” (%(time)s) needs what %(room)s does not have: %(missing)s.",
                    title=world.title(slot.session_id),
                    time=world.span(slot.start, slot.end),
                    room=world.room(slot.room_id),
                    missing=", ".join(missing),
                ),
                lazy_gettext(
                    "Choose a room that has it, bring it there, or take it off the list of what is needed."
                ),
            )


@rule(
    "line",
    name=lazy_gettext("No line to other sites"),
    looks_for=lazy_gettext(
        "A session that is sent or received by line, in a room without a line. Looked for once the equipment of some"
        " room of the edition is entered."
    ),
    level=Level.WARN,
)
def find_missing_lines(world: World, focus: Focus) -> Iterator[Draft]:
    """Find placements that need a line in rooms that have none."""
    if not world.names_equipment:
        return
    for session_id in focus.sessions:
        slots = world.slots_of(session_id)
        is_sent = any(slot.facts.role is PlacementRole.RECEIVING for slot in slots)
        for slot in slots:
            needs_line = slot.facts.mode in (Mode.BROADCAST, Mode.HYBRID) or (
                is_sent and slot.facts.mode is not Mode.ONLINE
            )
            if slot.room_id is None or not needs_line or LINE in world.rooms[slot.room_id].features:
                continue
            yield _about(
                slot,
                lazy_gettext(
                    "“%(title)s” (%(time)s) goes over a line, and %(room)s has none.",
                    title=world.title(session_id),
                    time=world.span(slot.start, slot.end),
                    room=world.room(slot.room_id),
                ),
                lazy_gettext(
                    "Choose a room with a line, have one laid and enter it as equipment, or hold it on site only."
                ),
            )


@rule(
    "capacity",
    name=lazy_gettext("More people than seats"),
    looks_for=lazy_gettext(
        "A room with fewer seats than people are expected; or, for a main session, than people are registered to come"
        " to the site. Rooms with 0 seats count as not known."
    ),
    level=Level.WARN,
)
def find_small_rooms(world: World, focus: Focus) -> Iterator[Draft]:
    """Find placements with fewer seats than people."""
    for slot in world.slots_in(focus):
        seats = slot.facts.capacity
        if seats is None and slot.room_id is not None:
            seats = world.rooms[slot.room_id].capacity or None
        if seats is None or slot.facts.mode is Mode.ONLINE:
            continue
        session, site = world.sessions[slot.session_id], world.sites.get(slot.site_id)
        expected = session.expected or 0 if slot.facts.role is PlacementRole.ORIGIN else 0
        registered = site.registered if session.main and site is not None else 0
        if max(expected, registered) <= seats:
            continue
        facts = {
            "title": world.title(slot.session_id),
            "time": world.span(slot.start, slot.end),
            "room": world.site(slot.site_id) if slot.room_id is None else world.room(slot.room_id),
            "seats": seats,
        }
        if expected >= registered:
            message = lazy_gettext(
                "“%(title)s” (%(time)s) expects %(people)d people; in %(room)s there are %(seats)d seats.",
                people=expected,
                **facts,
            )
        else:
            message = lazy_gettext(
                "%(people)d people are registered to come to the site, and all may come to “%(title)s”"
                " (%(time)s); in %(room)s there are %(seats)d seats.",
                people=registered,
                **facts,
            )
        yield _about(
            slot,
            message,
            lazy_gettext("Choose a larger room, let a second room receive it, or offer fewer places."),
        )


def _about(slot: Slot, message: Words, mend: Words) -> Draft:
    """A finding about one placement in its room; in another room it is another finding."""
    return Draft(
        key=f"{slot.id}:{slot.room_id or 0}",
        session_ids=(slot.session_id,),
        placement_ids=(slot.id,),
        site_ids=(slot.site_id,),
        message=message,
        mend=mend,
    )
