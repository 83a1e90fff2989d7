"""A problem in steps and numbers: what the search reckons with instead of minutes and identifiers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dxday.solver.masks import shift, shrink, span
from dxday.solver.problem import Person, Problem, Room, Session, Site, Window, merge

NOWHERE = -1
"""Instead of a room: the receiving site goes without."""


class Spot(NamedTuple):
    """A start, in steps, and a room (or NOWHERE) for each part of a session, the origin first."""

    start: int
    rooms: tuple[int, ...]


class Option(NamedTuple):
    """A room that a part of a session may use, the session's starts that suit its windows, and points of fit."""

    room: int
    starts: int
    fit: int


@dataclass
class Part:
    """One room of a session: occupied from `offset` steps after its start, `length` steps long."""

    offset: int
    length: int
    people: tuple[int, ...]
    options: list[Option]
    site: int | None
    optional: bool = False


@dataclass
class Item:
    """A session in steps and numbers."""

    number: int
    session: Session
    length: int
    starts: int
    parts: list[Part]
    groups: tuple[int, ...]
    track: int | None
    preferred: int | None
    current: Spot | None
    before: list[tuple[int, int]] = field(default_factory=list)
    """Sessions that come before it, and the least gap in steps."""
    after: list[tuple[int, int]] = field(default_factory=list)

    @property
    def order(self) -> str | None:
        """Whether it is first, last or neither."""
        return self.session.order

    def has_any_spot(self) -> bool:
        """Tell whether each part had a room at some start if nothing else were placed."""
        return bool(self.starts) and all(
            part.optional or any(option.starts & self.starts for option in part.options)
            for part in self.parts
        )


class Numbers:
    """A problem in numbers: sessions, rooms and people are their places in the lists."""

    def __init__(self, problem: Problem) -> None:
        """Translate a checked problem."""
        self.problem = problem
        self.weights = problem.weights
        self.unit = self._unit(problem)
        early = min((part.offset for each in problem.sessions for part in each.receiving), default=0)
        self.base = self._floor(min(day.start for day in problem.days) + min(early, 0))
        self.horizon = self._at(max(day.end for day in problem.days)) + 1
        self.sites = [site.id for site in problem.sites]
        self.site_number = {name: number for number, name in enumerate(self.sites)}
        self.room_ids = [room.id for room in problem.rooms]
        self.room_number = {name: number for number, name in enumerate(self.room_ids)}
        self.room_site = [self.site_number[room.site] for room in problem.rooms]
        self.rooms_at = [
            [room for room, there in enumerate(self.room_site) if there == site]
            for site in range(len(self.sites))
        ]
        self.turnaround = [self._steps(room.turnaround) for room in problem.rooms]
        self.shared = [room.shared for room in problem.rooms]
        self.people = [person.id for person in problem.people]
        self.remote = [person.remote for person in problem.people]
        self.travel = [
            [self._steps(problem.minutes_between(one, other)) for other in self.sites] for one in self.sites
        ]
        self.days = [(self._at(day.start), self._at(day.end)) for day in problem.days]
        self.session_number = {each.id: number for number, each in enumerate(problem.sessions)}
        self._prepare(problem)

    @staticmethod
    def _unit(problem: Problem) -> int:
        """Return the longest step, in minutes, of which all lengths and times are multiples."""
        edges = [problem.grid]
        for day in problem.days:
            edges += day
        known: list[Site | Room | Person] = [*problem.sites, *problem.rooms, *problem.people]
        for thing in known:
            edges += [edge for window in thing.windows for edge in window]
        edges += [room.turnaround for room in problem.rooms]
        edges += problem.travel.values()
        edges += [order.gap for order in problem.orders]
        for session in problem.sessions:
            edges.append(session.duration)
            edges += [edge for window in (*session.windows, *session.preferred) for edge in window]
            edges += [part.offset for part in session.receiving]
            edges += [session.fixed_start or 0, session.current.start if session.current else 0]
        return math.gcd(*edges)

    def _floor(self, minute: int) -> int:
        return minute - minute % self.unit

    def _steps(self, minutes: int) -> int:
        return minutes // self.unit

    def _at(self, minute: int) -> int:
        return (minute - self.base) // self.unit

    def minute(self, step: int) -> int:
        """Return the minute of a step."""
        return self.base + step * self.unit

    def _mask(self, windows: Sequence[Window]) -> int:
        """Return the steps within windows; none: all of them."""
        if not windows:
            return span(0, self.horizon)
        mask = 0
        for window in merge(windows):
            mask |= span(self._at(window.start), min(self._at(window.end), self.horizon))
        return mask

    def _prepare(self, problem: Problem) -> None:
        site_masks = [self._mask(site.windows) for site in problem.sites]
        self.room_open = [
            self._mask(room.windows) & site_masks[self.room_site[number]]
            for number, room in enumerate(problem.rooms)
        ]
        self.person_free = [self._mask(person.windows) for person in problem.people]
        person_number = {name: number for number, name in enumerate(self.people)}
        groups: dict[str, int] = {}
        tracks: dict[str, int] = {}
        grid = problem.grid // self.unit
        first = -(-self.base // problem.grid) * problem.grid
        grid_mask = 0
        for step in range(self._at(first), self.horizon, grid):
            grid_mask |= 1 << step
        day_starts: dict[int, int] = {}
        options: dict[object, list[Option]] = {}
        known_masks: dict[tuple[int, int, int], int] = {}

        def starts_in(mask: int, offset: int, length: int) -> int:
            key = (mask, offset, length)
            if key not in known_masks:
                known_masks[key] = shift(shrink(mask, length), -offset)
            return known_masks[key]

        def options_of(
            session: Session, part_number: int, allowed: Iterable[int], offset: int, length: int
        ) -> list[Option]:
            part = session.receiving[part_number - 1] if part_number else session
            found = []
            for number in allowed:
                room = problem.rooms[number]
                fit = fit_of(room, part.audience)
                if fit is None or not part.features <= room.features:
                    continue
                if starts := starts_in(self.room_open[number], offset, length):
                    found.append(Option(number, starts, fit))
            return found

        self.items: list[Item] = []
        for number, session in enumerate(problem.sessions):
            length = self._steps(session.duration)
            if length not in day_starts:
                mask = 0
                for start, end in self.days:
                    mask |= span(start, end - length + 1)
                day_starts[length] = mask
            on_grid = grid_mask
            if session.current is not None:
                on_grid |= _bit(self._at(session.current.start))
            if session.fixed_start is not None:
                on_grid = _bit(self._at(session.fixed_start))
            starts = day_starts[length] & on_grid
            if session.windows:
                starts &= shrink(self._mask(session.windows), length)
            parts = []
            for part_number in range(1 + len(session.receiving)):
                if part_number == 0:
                    offset, people = 0, session.people
                    key = (
                        session.rooms, session.sites, session.fixed_room, session.audience,
                        session.features, length,
                    )  # fmt: skip
                    site = None
                else:
                    receiving = session.receiving[part_number - 1]
                    offset, people = self._steps(receiving.offset), receiving.people
                    key = (
                        receiving.site,
                        receiving.room,
                        receiving.audience,
                        receiving.features,
                        offset,
                        length,
                    )  # type: ignore[assignment]  # any hashable tells one kind of room from another
                    site = self.site_number[receiving.site]
                if key not in options:
                    allowed = self._allowed(session, part_number)
                    options[key] = options_of(session, part_number, allowed, offset, length - offset)
                who = tuple(dict.fromkeys(person_number[name] for name in people))
                free = -1
                for person in who:
                    free &= starts_in(self.person_free[person], offset, length - offset)
                optional = part_number > 0 and session.receiving[part_number - 1].optional
                own = options[key]
                if not optional:
                    starts &= free
                elif free != -1:
                    own = [each._replace(starts=each.starts & free) for each in own if each.starts & free]
                parts.append(Part(offset, length - offset, who, own, site, optional))
            current = None
            if session.current is not None:
                current = Spot(
                    self._at(session.current.start),
                    tuple(
                        NOWHERE if room is None else self.room_number[room]
                        for room in (session.current.room, *session.current.receiving)
                    ),
                )
            self.items.append(
                Item(
                    number,
                    session,
                    length,
                    starts,
                    parts,
                    tuple(groups.setdefault(name, len(groups)) for name in dict.fromkeys(session.groups)),
                    None if session.track is None else tracks.setdefault(session.track, len(tracks)),
                    shrink(self._mask(session.preferred), length) if session.preferred else None,
                    current,
                )
            )
        for order in problem.orders:
            before, after = self.session_number[order.before], self.session_number[order.after]
            self.items[after].before.append((before, self._steps(order.gap)))
            self.items[before].after.append((after, self._steps(order.gap)))
        self.group_names = list(groups)
        self.track_names = list(tracks)
        self.firsts = [item.number for item in self.items if item.order == "first"]
        self.lasts = [item.number for item in self.items if item.order == "last"]
        self.members: list[list[int]] = [[] for _ in tracks]
        self.of_person: list[list[int]] = [[] for _ in self.people]
        self.of_group: list[list[int]] = [[] for _ in groups]
        for item in self.items:
            if item.track is not None:
                self.members[item.track].append(item.number)
            for group in item.groups:
                self.of_group[group].append(item.number)
            for person in {person for part in item.parts for person in part.people}:
                self.of_person[person].append(item.number)
        rooms_of = list(map(len, self.rooms_at))
        total = max(1, len(problem.rooms))
        self.fair_share = [-(-len(self.items) * count // total) for count in rooms_of]

    def _allowed(self, session: Session, part: int) -> list[int]:
        """Return the rooms that the session names, or that lie at the sites it names, for the part."""
        if part:
            receiving = session.receiving[part - 1]
            if receiving.room is not None:
                return [self.room_number[receiving.room]]
            return self.rooms_at[self.site_number[receiving.site]]
        if session.fixed_room is not None:
            named = {self.room_number[session.fixed_room]}
        elif session.rooms:
            named = {self.room_number[name] for name in session.rooms}
        elif session.sites:
            sites = sorted({self.site_number[name] for name in session.sites})
            return [room for site in sites for room in self.rooms_at[site]]
        else:
            return list(range(len(self.room_ids)))
        return sorted(
            room
            for room in named
            if (not session.rooms or self.room_ids[room] in session.rooms)
            and (not session.sites or self.sites[self.room_site[room]] in session.sites)
        )


def _bit(step: int) -> int:
    return 1 << step if step >= 0 else 0


def fit_of(room: Room, audience: int | None) -> int | None:
    """Return quarters of the seats that stay empty, or None when the audience does not fit."""
    if audience is None or room.capacity is None:
        return 0
    if audience > room.capacity:
        return None
    return (room.capacity - audience) * 4 // room.capacity if room.capacity else 0


def chain_depths(items: Sequence[Item]) -> list[int]:
    """Return how many sessions have to come before each; what goes round in a circle counts as 0."""
    depth = [0] * len(items)
    for _ in range(len(items)):
        changed = False
        for item in items:
            for other, _ in item.before:
                if depth[other] + 1 > depth[item.number] and depth[other] < len(items):
                    depth[item.number] = depth[other] + 1
                    changed = True
        if not changed:
            return depth
    return [0] * len(items)
