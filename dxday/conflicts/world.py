"""What the rules look at: lanes of rooms, people, groups and lines, of the programme as it is or as it would be."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask_babel.speaklater import LazyString

from dxday.conflicts.facts import (
    Of,
    OrderFacts,
    PartFacts,
    PlacementFacts,
    ProgrammeFacts,
    RoomFacts,
    SessionFacts,
    SiteFacts,
    WindowFacts,
)
from dxday.conflicts.lanes import Lane
from dxday.core.i18n import Translations, Words, lazy_pick
from dxday.programme.rules import Mode, PartKind, PlacementRole

EVER = 1 << 60
"""Later than everything; its negative is earlier."""

CONFERENCES: Hashable = "conferences"
INTERPRETED: Hashable = "interpreted"
ORIGINS: Hashable = "origins"


@dataclass(frozen=True, slots=True)
class Slot:
    """A placement on the line of seconds."""

    id: int
    session_id: int
    site_id: int
    room_id: int | None
    start: int
    end: int
    facts: PlacementFacts


@dataclass(frozen=True, slots=True)
class Stay:
    """A person who is needed in a session, at one site; `id` is the session's."""

    id: int
    person_id: int
    site_id: int
    start: int
    end: int
    remote: bool
    placement_id: int

    @property
    def session_id(self) -> int:
        """The session."""
        return self.id


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time of a whole session: of its line, or of where it is held; `id` is the session's."""

    id: int
    start: int
    end: int
    site_id: int

    @property
    def session_id(self) -> int:
        """The session."""
        return self.id


@dataclass(frozen=True)
class Focus:
    """What a rule shall look at: these sessions and placements of theirs, and who begins in these times."""

    sessions: Collection[int]
    placements: Collection[int]
    times: Sequence[tuple[int, int]] | None
    """None is always."""


@dataclass(frozen=True, slots=True)
class _Things:
    """Everything of one session that lies in lanes."""

    slots: tuple[Slot, ...]
    origin: Slot | None
    stays: tuple[Stay, ...]
    conference: Stretch | None


def seconds(moment: datetime) -> int:
    """Return a moment in seconds of the epoch."""
    return int(moment.timestamp())


def moment(at: int) -> datetime:
    """Return the moment of these seconds, in UTC."""
    return datetime.fromtimestamp(at, UTC)


class World:
    """A programme, ready to be asked; `changed` gives one in which some sessions are placed otherwise."""

    def __init__(self, facts: ProgrammeFacts) -> None:
        """Put everything in its lane; the lanes are sorted when they are first asked."""
        self.facts = facts
        self.sessions: dict[int, SessionFacts] = {session.id: session for session in facts.sessions}
        self.rooms: dict[int, RoomFacts] = {room.id: room for room in facts.rooms}
        self.sites: dict[int, SiteFacts] = {site.id: site for site in facts.sites}
        self.limits = facts.limits
        self.names_equipment = any(room.features for room in facts.rooms)
        self._parts: dict[int, list[PartFacts]] = defaultdict(list)
        for part in facts.parts:
            self._parts[part.session_id].append(part)
        self._windows: dict[tuple[Of, int], list[WindowFacts]] = defaultdict(list)
        for window in facts.windows:
            self._windows[window.of, window.id].append(window)
        self._orders: dict[int, list[OrderFacts]] = defaultdict(list)
        for order in facts.orders:
            self._orders[order.before_id].append(order)
            self._orders[order.after_id].append(order)
        self.marked = [session for session in facts.sessions if session.order_mark is not None]
        self.longest_way = max(facts.travel.values(), default=timedelta(0))
        self.longest_way = max(self.longest_way, facts.limits.travel)
        self.first = seconds(datetime.combine(facts.first_day, time(), tzinfo=facts.zone))
        self.last = seconds(datetime.combine(facts.last_day + timedelta(days=1), time(), tzinfo=facts.zone))
        self.several_days = facts.first_day != facts.last_day
        slots: dict[int, list[Slot]] = defaultdict(list)
        self._session_of: dict[int, int] = {}
        for placed in facts.placements:
            slots[placed.session_id].append(_slot(placed))
            self._session_of[placed.id] = placed.session_id
        self._things = {
            session.id: self._gather(session, slots.get(session.id, ())) for session in facts.sessions
        }
        self._waiting: dict[Hashable, list[Any]] = defaultdict(list)
        for session_id, things in self._things.items():
            for key, thing in self._lanes_of(self.sessions[session_id], things):
                self._waiting[key].append(thing)
        self._lanes: dict[Hashable, Lane[Any]] = {}

    # What there is ----------------------------------------------------------------------------------------------

    def slots_of(self, session_id: int) -> tuple[Slot, ...]:
        """Return the placements of a session that take place."""
        return self._things_of(session_id).slots

    def slots_in(self, focus: Focus) -> Iterator[Slot]:
        """Yield the placements that a rule shall look at."""
        for session_id in focus.sessions:
            for slot in self.slots_of(session_id):
                if slot.id in focus.placements:
                    yield slot

    def origin_of(self, session_id: int) -> Slot | None:
        """Return where a session is held; else its first placement, or None while it has none."""
        return self._things_of(session_id).origin

    def stays_of(self, session_id: int) -> tuple[Stay, ...]:
        """Return who is needed where in a session."""
        return self._things_of(session_id).stays

    def officers_of(self, session_id: int, site_id: int) -> list[int]:
        """Return the people who preside over the session at the site: its own, else the site's."""
        own = [
            part.person_id
            for part in self._parts.get(session_id, ())
            if part.kind is PartKind.PRESIDING_OFFICER and part.site_id == site_id
        ]
        site = self.sites.get(site_id)
        if own or site is None or site.presiding_officer_id is None:
            return own
        return [site.presiding_officer_id]

    def orders_of(self, session_id: int) -> Sequence[OrderFacts]:
        """Return the orders in which a session has a part."""
        return self._orders.get(session_id, ())

    def windows_of(self, of: Of, thing_id: int) -> Sequence[WindowFacts]:
        """Return the times in which something can be had or cannot."""
        return self._windows.get((of, thing_id), ())

    def session_of(self, placement_id: int) -> int:
        """Return the session of a placement.  Raises KeyError."""
        return self._session_of[placement_id]

    def way(self, one: int, other: int) -> int:
        """Return how many seconds it takes from one site to another."""
        if one == other:
            return 0
        known = self.facts.travel.get((min(one, other), max(one, other)), self.limits.travel)
        return int(known.total_seconds())

    def turnaround(self, room: RoomFacts) -> int:
        """Return how many seconds a room needs between two sessions."""
        own = self.limits.turnaround if room.turnaround is None else room.turnaround
        return int(own.total_seconds())

    def running(self, key: Hashable, start: int, end: int) -> list[Any]:
        """Return what runs in a lane at some moment from `start` up to but not including `end`."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(self._waiting.get(key, ()))
        return lane.running(start, end)

    # Words ------------------------------------------------------------------------------------------------------

    def title(self, session_id: int) -> Words:
        """Return what a session is called, in the reader's language."""
        return lazy_pick(self.sessions[session_id].title)

    def titles(self, session_ids: Iterable[int]) -> Words:
        """Return what sessions are called, with commas between."""
        return lazy_pick(*(self.sessions[session_id].title for session_id in session_ids))

    def site(self, site_id: int) -> Words:
        """Return what a site is called."""
        return lazy_pick(_name(self.sites.get(site_id)))

    def room(self, room_id: int) -> Words:
        """Return what a room is called, with its site."""
        room = self.rooms[room_id]
        return lazy_pick(room.name, _name(self.sites.get(room.site_id)))

    def person(self, person_id: int) -> str:
        """Return the name of a person."""
        return self.facts.people.get(person_id, f"#{person_id}")

    def clock(self, at: int) -> str:
        """Return a moment as people of the edition read it; with the day where there are several."""
        local = moment(at).astimezone(self.facts.zone)
        outside = not self.first <= at < self.last
        return local.strftime("%H:%M %d/%m" if self.several_days or outside else "%H:%M")

    def span(self, start: int, end: int) -> Words:
        """Return a time as people of the edition read it; written when it is shown."""
        return LazyString(self._span, start, end)

    def _span(self, start: int, end: int) -> str:
        zone = self.facts.zone
        begins, ends = moment(start).astimezone(zone), moment(end).astimezone(zone)
        if begins.date() != ends.date():
            return f"{begins:%H:%M %d/%m}–{ends:%H:%M %d/%m}"
        outside = not (self.first <= start and end <= self.last)
        day = f" {begins:%d/%m}" if self.several_days or outside else ""
        return f"{begins:%H:%M}–{ends:%H:%M}{day}"

    # Lanes ------------------------------------------------------------------------------------------------------

    def changed(self, placements: Mapping[int, Sequence[PlacementFacts]]) -> "World":
        """Return a world in which these sessions (by id) have these placements and no others."""
        return _Changed(self, placements)

    def _things_of(self, session_id: int) -> _Things:
        return self._things[session_id]

    def _gather(self, session: SessionFacts, slots: Iterable[Slot]) -> _Things:
        ordered = tuple(slots)
        origin = next((slot for slot in ordered if slot.facts.role is PlacementRole.ORIGIN), None)
        if origin is None and ordered:
            origin = ordered[0]
        on_line = [slot for slot in ordered if slot.facts.mode is not Mode.ON_SITE]
        conference = None
        if on_line:
            start, end = min(slot.start for slot in on_line), max(slot.end for slot in on_line)
            conference = Stretch(session.id, start, end, on_line[0].site_id)
        return _Things(ordered, origin, self._stays(session, ordered, origin), conference)

    def _stays(self, session: SessionFacts, slots: tuple[Slot, ...], origin: Slot | None) -> tuple[Stay, ...]:
        parts = self._parts.get(session.id, ())
        if origin is None or not (parts or session.main):
            return ()
        wanted: dict[tuple[int, int], bool] = {}
        for part in parts:
            who = part.person_id, origin.site_id if part.site_id is None else part.site_id
            wanted[who] = wanted.get(who, True) and part.remote
        if session.main:
            for site_id in {slot.site_id for slot in slots if slot.facts.role is PlacementRole.RECEIVING}:
                for person_id in self.officers_of(session.id, site_id):
                    wanted.setdefault((person_id, site_id), False)
        found = []
        for (person_id, site_id), remote in sorted(wanted.items()):
            here = [slot for slot in slots if slot.site_id == site_id]
            if here:
                start, end = min(slot.start for slot in here), max(slot.end for slot in here)
                found.append(Stay(session.id, person_id, site_id, start, end, remote, here[0].id))
        return tuple(found)

    def _lanes_of(self, session: SessionFacts, things: _Things) -> Iterator[tuple[Hashable, Any]]:
        for slot in things.slots:
            if slot.room_id is not None and not self.rooms[slot.room_id].shared:
                yield ("room", slot.room_id), slot
            if slot.facts.interpretation:
                yield INTERPRETED, slot
            for group in session.audiences:
                yield ("group", group, slot.site_id), slot
        for stay in things.stays:
            yield ("person", stay.person_id), stay
        if things.conference is not None:
            yield CONFERENCES, things.conference
        if things.origin is not None:
            origin = things.origin
            yield ORIGINS, Stretch(session.id, origin.start, origin.end, origin.site_id)


class _Changed(World):
    """A world laid over another: what was of the changed sessions there is hidden, what they have now is added."""

    def __init__(self, base: World, placements: Mapping[int, Sequence[PlacementFacts]]) -> None:
        self.__dict__.update(base.__dict__)
        self._base = base
        self._own = {
            session_id: self._gather(self.sessions[session_id], [_slot(placed) for placed in here])
            for session_id, here in placements.items()
        }
        self._added: dict[Hashable, list[Any]] = defaultdict(list)
        for session_id, things in self._own.items():
            for key, thing in self._lanes_of(self.sessions[session_id], things):
                self._added[key].append(thing)

    def running(self, key: Hashable, start: int, end: int) -> list[Any]:
        """Return what runs in a lane, with what is changed in its new place."""
        found = [thing for thing in self._base.running(key, start, end) if thing.session_id not in self._own]
        found += [thing for thing in self._added.get(key, ()) if thing.start < end and thing.end > start]
        return found

    def _things_of(self, session_id: int) -> _Things:
        return self._own.get(session_id) or self._base._things_of(session_id)


def _slot(placed: PlacementFacts) -> Slot:
    return Slot(
        placed.id,
        placed.session_id,
        placed.site_id,
        placed.room_id,
        seconds(placed.starts_at),
        seconds(placed.ends_at),
        placed,
    )


def _name(site: SiteFacts | None) -> Translations | None:
    return None if site is None else site.name
