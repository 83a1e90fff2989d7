"""From the programme of an edition to a problem of the solver, and from its solution to proposed changes.

Identifiers of the problem are the ids of the rows.  What is held online alone has no room; it is put into a room that
holds any number, of a site to which nobody has to travel.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from dxday.conflicts.facts import Of, PartFacts, ProgrammeFacts
from dxday.core.i18n import pick
from dxday.programme.rules import Mode, OrderMark, PartKind, PlacementRole
from dxday.scheduling import rules
from dxday.scheduling.rules import Task, Wish
from dxday.sites.rules import LINE
from dxday.solver.problem import Order, Person, Problem, Receiving, Room, Session, Site, Window, merge
from dxday.solver.problem import Placement as Place
from dxday.solver.result import Solution

LANGUAGE = "vi"
"""Explanations name things in the language of the Day."""

ONLINE = "online"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Placed:
    """A placement that takes place."""

    id: int
    site_id: int
    room_id: int | None
    role: PlacementRole
    mode: Mode
    starts_at: datetime
    ends_at: datetime
    interpreted: bool


@dataclass(frozen=True)
class Planned:
    """A session that takes place, with what the solver must know beyond the facts of the check."""

    id: int
    version: int
    public: bool
    pinned: bool
    length: timedelta | None
    track_id: int | None
    wishes: Mapping[str, Any]
    placements: tuple[Placed, ...]

    @property
    def origin(self) -> Placed | None:
        """Where it is held."""
        return next((each for each in self.placements if each.role is PlacementRole.ORIGIN), None)

    @property
    def receiving(self) -> tuple[Placed, ...]:
        """Where it is received."""
        return tuple(each for each in self.placements if each.role is PlacementRole.RECEIVING)


class Axis:
    """Minutes since the midnight before the first day of the edition."""

    def __init__(self, facts: ProgrammeFacts) -> None:
        """Begin at the first day, on the clock of the edition."""
        self.zone: tzinfo = facts.zone
        self.midnight = datetime.combine(facts.first_day, datetime.min.time(), tzinfo=facts.zone)
        self.days = (facts.last_day - facts.first_day).days + 1
        self.end = self.days * 24 * 60

    def minute(self, moment: datetime) -> int:
        """Return the minute of a moment, negative before the first day."""
        return (moment - self.midnight) // _MINUTE

    def moment(self, minute: int) -> datetime:
        """Return the moment of a minute."""
        return self.midnight + minute * _MINUTE

    def window(self, starts_at: datetime, ends_at: datetime) -> Window | None:
        """Return the part of a stretch that lies within the days, or None."""
        start, end = max(self.minute(starts_at), 0), min(self.minute(ends_at), self.end)
        return Window(start, end) if start < end else None


def build(facts: ProgrammeFacts, planned: Sequence[Planned], wish: Wish) -> Problem:
    """Return what the solver is asked.

    Sessions outside of the edition's days, and longer than any day or any of their own windows, are left out.
    """
    axis = Axis(facts)
    known = {session.id: session for session in facts.sessions}
    parts: dict[int, list[PartFacts]] = defaultdict(list)
    for part in facts.parts:
        parts[part.session_id].append(part)
    names_features = any(room.features for room in facts.rooms)
    windows = _windows(facts, wish, axis)
    days = _days(planned, wish, axis)
    sessions = [
        _session(each, known[each.id], parts[each.id], facts, wish, axis, names_features=names_features)
        for each in planned
        if each.id in known and _is_within(each, axis) and _fits(each, days, axis)
    ]
    placed = {session.id for session in sessions}
    return Problem(
        grid=rules.GRID,
        days=days,
        sites=(
            *(
                Site(str(site.id), pick(site.name, LANGUAGE), windows[Of.SITE, site.id])
                for site in facts.sites
            ),
            Site(ONLINE),
        ),
        rooms=(
            *(
                Room(
                    str(room.id),
                    str(room.site_id),
                    pick(room.name, LANGUAGE),
                    room.capacity or None,
                    room.features,
                    windows[Of.ROOM, room.id],
                    room.shared,
                    0 if room.shared else _minutes(room.turnaround, facts.limits.turnaround),
                )
                for room in facts.rooms
            ),
            Room(ONLINE, ONLINE, shared=True),
        ),
        sessions=tuple(sessions),
        people=tuple(
            Person(
                str(person_id),
                name,
                windows[Of.PERSON, person_id],
                remote=all(part.remote for part in facts.parts if part.person_id == person_id),
            )
            for person_id, name in _people(facts)
        ),
        travel=_travel(facts),
        orders=tuple(
            Order(str(each.before_id), str(each.after_id), each.minutes)
            for each in facts.orders
            if {str(each.before_id), str(each.after_id)} <= placed
        ),
        max_lines=facts.limits.licences,
        max_interpreters=facts.limits.interpreters,
        midnight=axis.midnight,
    )


def changes_of(
    facts: ProgrammeFacts, planned: Sequence[Planned], solution: Solution
) -> list[tuple[Planned, Placed | None, datetime, datetime, int | None]]:
    """Return what the solution changes: the session, its placement, and times and room that it is to have.

    The placement is None where the session gets its first one; of a receiving site only the room can differ.
    """
    axis = Axis(facts)
    by_id = {str(each.id): each for each in planned}
    found: list[tuple[Planned, Placed | None, datetime, datetime, int | None]] = []
    for place in solution.placements:
        session = by_id[place.session]
        origin = session.origin
        starts_at = axis.moment(place.start)
        ends_at = starts_at + _length(session)
        room_id = _room_id(place.room)
        if origin is None or (origin.starts_at, origin.room_id) != (starts_at, room_id):
            found.append((session, origin, starts_at, ends_at, room_id))
        for received, room in zip(session.receiving, place.receiving, strict=True):
            if room is not None and _room_id(room) != received.room_id:
                by = starts_at - origin.starts_at if origin else timedelta(0)
                found.append(
                    (session, received, received.starts_at + by, received.ends_at + by, _room_id(room))
                )
    return found


def find_unfit(planned: Sequence[Planned], problem: Problem) -> list[int]:
    """Return the ids of the sessions without a place that the problem leaves out, since they fit nowhere."""
    asked = {session.id for session in problem.sessions}
    return [each.id for each in planned if each.origin is None and str(each.id) not in asked]


def left_out(planned: Sequence[Planned], solution: Solution) -> list[tuple[int, int]]:
    """Return (session, site) of the receiving sites that go without a session, for want of a room."""
    by_id = {str(each.id): each for each in planned}
    return [
        (by_id[place.session].id, received.site_id)
        for place in solution.placements
        for received, room in zip(by_id[place.session].receiving, place.receiving, strict=True)
        if room is None
    ]


def _session(
    planned: Planned,
    known: Any,
    parts: Sequence[PartFacts],
    facts: ProgrammeFacts,
    wish: Wish,
    axis: Axis,
    *,
    names_features: bool,
) -> Session:
    origin = planned.origin
    online = origin is not None and origin.room_id is None
    stays = origin is not None and (
        wish.task is Task.PLACE
        or (wish.task is Task.IMPROVE and (planned.pinned or (wish.keep_published and planned.public)))
    )
    room = _room_name(origin) if origin is not None else None
    start = axis.minute(origin.starts_at) if origin is not None else None
    at_site = _presiding(parts, facts)
    linked = bool(planned.receiving) or any(each.mode is not Mode.ON_SITE for each in planned.placements)
    needs = frozenset(known.needs) | ({LINE} if linked and names_features and not online else frozenset())
    everywhere = [site.id for site in facts.sites] if origin is None else [origin.site_id]
    sites = [ONLINE] if online else planned.wishes.get("sites") or everywhere
    rooms = () if online else planned.wishes.get("rooms", ())
    receiving = tuple(
        _receiving(each, origin, at_site, wish, names_features=names_features) for each in planned.receiving
    )
    current = None
    if origin is not None and start is not None and room is not None:
        current = Place(str(planned.id), room, start, tuple(_room_name(each) for each in planned.receiving))
    given = [str(p.person_id) for p in parts if p.kind is not PartKind.PRESIDING_OFFICER]
    here = at_site.get(origin.site_id, []) if origin is not None else []
    return Session(
        id=str(planned.id),
        duration=max(_length(planned) // _MINUTE, 1),
        title=pick(known.title, LANGUAGE),
        people=tuple(dict.fromkeys([*given, *here])),
        groups=tuple(known.audiences),
        rooms=tuple(str(each) for each in rooms),
        sites=tuple(str(each) for each in sites),
        windows=_wished(planned.wishes.get("windows", ()), axis),
        preferred=_wished(planned.wishes.get("preferred", ()), axis),
        audience=known.expected,
        features=needs if names_features else frozenset(),
        track=str(planned.track_id) if planned.track_id is not None else None,
        fixed_start=start if stays else None,
        fixed_room=room if stays else None,
        current=current,
        receiving=receiving,
        uses_line=linked,
        interpreters=sum(1 for each in planned.placements if each.interpreted),
        order={OrderMark.OPENING: "first", OrderMark.CLOSING: "last"}.get(known.order_mark),  # type: ignore[arg-type]  # one of the two words or None
    )


def _receiving(
    placed: Placed,
    origin: Placed | None,
    at_site: Mapping[int, list[str]],
    wish: Wish,
    *,
    names_features: bool,
) -> Receiving:
    offset = (placed.starts_at - origin.starts_at) // _MINUTE if origin is not None else 0
    lost = any(
        closure.of is not Of.PERSON
        and closure.id == (placed.room_id if closure.of is Of.ROOM else placed.site_id)
        and closure.starts_at < placed.ends_at
        and placed.starts_at < closure.ends_at
        for closure in wish.closures
    )
    return Receiving(
        site=str(placed.site_id) if placed.room_id is not None else ONLINE,
        room=None if lost else _room_name(placed),
        offset=offset,
        features=frozenset({LINE}) if lost and names_features else frozenset(),
        people=tuple(at_site.get(placed.site_id, [])),
        optional=wish.task is Task.REPAIR,
    )


def _presiding(parts: Iterable[PartFacts], facts: ProgrammeFacts) -> dict[int, list[str]]:
    """Return who presides at each site: named for the session there, else for the site."""
    named: dict[int, list[str]] = defaultdict(list)
    for part in parts:
        if part.kind is PartKind.PRESIDING_OFFICER and part.site_id is not None:
            named[part.site_id].append(str(part.person_id))
    for site in facts.sites:
        if site.id not in named and site.presiding_officer_id is not None:
            named[site.id].append(str(site.presiding_officer_id))
    return dict(named)


def _people(facts: ProgrammeFacts) -> list[tuple[int, str]]:
    known = dict(facts.people)
    for part in facts.parts:
        known.setdefault(part.person_id, "")
    for site in facts.sites:
        if site.presiding_officer_id is not None:
            known.setdefault(site.presiding_officer_id, "")
    return sorted(known.items())


def _windows(facts: ProgrammeFacts, wish: Wish, axis: Axis) -> Mapping[tuple[Of, int], tuple[Window, ...]]:
    """Return when each thing can be had; nothing at all for what always can.

    What cannot be had on any of the days has one minute before all of them begin, since no window means always.
    """
    can: dict[tuple[Of, int], list[Window]] = defaultdict(list)
    cannot: dict[tuple[Of, int], list[Window]] = defaultdict(list)
    bounded: set[tuple[Of, int]] = set()
    for each in facts.windows:
        window = axis.window(each.starts_at, each.ends_at)
        if each.available:
            bounded.add((each.of, each.id))
        if window is not None:
            (can if each.available else cannot)[each.of, each.id].append(window)
    for closure in wish.closures:
        window = axis.window(closure.starts_at, closure.ends_at)
        if window is not None:
            cannot[closure.of, closure.id].append(window)
    found: dict[tuple[Of, int], tuple[Window, ...]] = defaultdict(tuple)
    for key in bounded | cannot.keys():
        free = merge(can[key]) if key in bounded else [Window(0, axis.end)]
        for away in merge(cannot[key]):
            free = [part for window in free for part in _without(window, away)]
        found[key] = tuple(free) or (Window(0, 1),)
    return found


def _without(window: Window, away: Window) -> list[Window]:
    parts = (
        Window(window.start, min(window.end, away.start)),
        Window(max(window.start, away.end), window.end),
    )
    return [part for part in parts if part.start < part.end]


def _days(planned: Sequence[Planned], wish: Wish, axis: Axis) -> tuple[Window, ...]:
    """Return the hours of each day, wide enough for what is there already."""
    days = []
    for number in range(axis.days):
        midnight = number * 24 * 60
        opens = midnight + wish.opens.hour * 60 + wish.opens.minute
        closes = midnight + wish.closes.hour * 60 + wish.closes.minute
        for each in planned:
            for placed in each.placements:
                start, end = axis.minute(placed.starts_at), axis.minute(placed.ends_at)
                if midnight <= start < midnight + 24 * 60:
                    opens, closes = min(opens, start), max(closes, min(end, axis.end))
        days.append(Window(opens, closes))
    return tuple(merge(days))


def _is_within(planned: Planned, axis: Axis) -> bool:
    return all(
        axis.minute(each.starts_at) >= 0 and axis.minute(each.ends_at) <= axis.end
        for each in planned.placements
    )


def _fits(planned: Planned, days: Sequence[Window], axis: Axis) -> bool:
    """Tell whether a session is no longer than the longest stretch in which it may be."""
    minutes = _length(planned) // _MINUTE
    wished = _wished(planned.wishes.get("windows", ()), axis)
    return all(
        minutes <= max((each.end - each.start for each in merge(windows)), default=0)
        for windows in (days, wished or days)
    )


def _wished(stretches: Iterable[Sequence[str]], axis: Axis) -> tuple[Window, ...]:
    found = (axis.window(*(datetime.fromisoformat(each) for each in stretch)) for stretch in stretches)
    return tuple(window for window in found if window is not None)


def _travel(facts: ProgrammeFacts) -> dict[tuple[str, str], int]:
    ids = sorted(site.id for site in facts.sites)
    return {
        (str(one), str(other)): facts.travel.get((one, other), facts.limits.travel) // _MINUTE
        for one in ids
        for other in ids
        if one < other
    }


def _length(planned: Planned) -> timedelta:
    origin = planned.origin
    if origin is not None:
        return origin.ends_at - origin.starts_at
    return planned.length or timedelta(minutes=rules.USUAL_LENGTH)


def _minutes(own: timedelta | None, usual: timedelta) -> int:
    return (own if own is not None else usual) // _MINUTE


def _room_name(placed: Placed) -> str:
    return str(placed.room_id) if placed.room_id is not None else ONLINE


def _room_id(name: str) -> int | None:
    return None if name == ONLINE else int(name)
