"""The timetable as bit masks: bit t of a mask stands for the t-th step of the clock.

The board always keeps every hard rule: what cannot stay together is taken off before something is put down.
Where a session may start is found by shifting and joining whole masks, which costs about as much for a
thousand steps as for one.
"""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dxday.solver.problem import Placement, Problem, Room, Session, Window, merge

SAMPLE = 6
"""So many of the equally good starts are compared more closely."""


NOWHERE = -1


class Spot(NamedTuple):
    """A start, in steps, and a room for each part of a session, the origin first; NOWHERE where a site goes without."""

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


def span(start: int, end: int) -> int:
    """Return the mask of the steps from start up to but not including end."""
    start = max(start, 0)
    return ((1 << (end - start)) - 1) << start if end > start else 0


def spread(mask: int, length: int) -> int:
    """Return the steps from which something of this length would meet a step of the mask."""
    done = 1
    while done < length:
        by = min(done, length - done)
        mask |= mask >> by
        done += by
    return mask


def shrink(mask: int, length: int) -> int:
    """Return the steps from which something of this length lies wholly within the mask."""
    done = 1
    while done < length:
        by = min(done, length - done)
        mask &= mask >> by
        done += by
    return mask


def shift(mask: int, by: int) -> int:
    """Return the mask moved by so many steps, to later ones when positive."""
    return mask << by if by >= 0 else mask >> -by


def bits(mask: int) -> Iterator[int]:
    """Yield the steps of a mask, the earliest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def runs(mask: int) -> Iterator[tuple[int, int]]:
    """Yield the unbroken stretches of a mask as (start, end)."""
    at = 0
    while mask:
        skip = (mask & -mask).bit_length() - 1
        mask >>= skip
        at += skip
        length = (~mask & (mask + 1)).bit_length() - 1
        yield at, at + length
        mask >>= length
        at += length


class Levels:
    """How often each step is used: the k-th mask holds the steps used more than k times."""

    def __init__(self) -> None:
        self.masks: list[int] = []

    def add(self, mask: int, times: int = 1) -> None:
        """Use the steps of the mask once more, or several times."""
        for _ in range(times):
            carry = mask
            for number, level in enumerate(self.masks):
                self.masks[number] = level | carry
                carry &= level
                if not carry:
                    break
            else:
                self.masks.append(carry)

    def remove(self, mask: int, times: int = 1) -> None:
        """Take back what `add` did."""
        for _ in range(times):
            rest = mask
            for number in range(len(self.masks) - 1, -1, -1):
                hit = self.masks[number] & rest
                self.masks[number] ^= hit
                rest ^= hit
                if not rest:
                    break
            while self.masks and not self.masks[-1]:
                self.masks.pop()

    def above(self, count: int) -> int:
        """Return the steps used more than `count` times."""
        if count < 0:
            return -1
        return self.masks[count] if count < len(self.masks) else 0


class Board:
    """A problem in numbers, and which sessions lie where."""

    def __init__(self, problem: Problem) -> None:
        """Translate a checked problem; nothing is placed yet."""
        self.problem = problem
        self.weights = problem.weights
        self.keeps = problem.weights.moves > 0
        """Whether sessions go back to where they were as soon as that is free."""
        self.unit = self._unit(problem)
        early = min((part.offset for each in problem.sessions for part in each.receiving), default=0)
        self.base = self._floor(min(day.start for day in problem.days) + min(early, 0))
        self.horizon = self._at(max(day.end for day in problem.days)) + 1
        self.sites = [site.id for site in problem.sites]
        self.site_number = {name: number for number, name in enumerate(self.sites)}
        self.room_ids = [room.id for room in problem.rooms]
        self.room_number = {name: number for number, name in enumerate(self.room_ids)}
        self.room_site = [self.site_number[room.site] for room in problem.rooms]
        self.turnaround = [self._steps(room.turnaround) for room in problem.rooms]
        self.shared = [room.shared for room in problem.rooms]
        self.people = [person.id for person in problem.people]
        self.remote = [person.remote for person in problem.people]
        self.travel = [
            [self._steps(problem.minutes_between(one, other)) for other in self.sites] for one in self.sites
        ]
        self.farthest = max((max(line) for line in self.travel), default=0)
        self.days = [(self._at(day.start), self._at(day.end)) for day in problem.days]
        self.session_number = {each.id: number for number, each in enumerate(problem.sessions)}
        self._prepare(problem)
        self.clear()

    # Translating ------------------------------------------------------------------------------------------------

    @staticmethod
    def _unit(problem: Problem) -> int:
        """Return the longest step, in minutes, of which all lengths and times are multiples."""
        edges = [problem.grid]
        for day in problem.days:
            edges += day
        for thing in (*problem.sites, *problem.rooms, *problem.people):
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
                fit = _fit(room, part.audience)
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
                        receiving.site, receiving.room, receiving.audience, receiving.features, offset, length
                    )  # type: ignore[assignment]
                    site = self.site_number[receiving.site]
                if key not in options:
                    allowed = [
                        room
                        for room in range(len(problem.rooms))
                        if _allowed(session, part_number, problem.rooms[room])
                    ]
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
                    number, session, length, starts, parts,
                    tuple(groups.setdefault(name, len(groups)) for name in dict.fromkeys(session.groups)),
                    None if session.track is None else tracks.setdefault(session.track, len(tracks)),
                    shrink(self._mask(session.preferred), length) if session.preferred else None,
                    current,
                )  # fmt: skip
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
        rooms_of = [self.room_site.count(site) for site in range(len(self.sites))]
        total = max(1, len(problem.rooms))
        self.fair_share = [-(-len(self.items) * count // total) for count in rooms_of]

    # What lies where --------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Take everything off."""
        self.where: list[Spot | None] = [None] * len(self.items)
        self.room_busy = [0] * len(self.room_ids)
        self.in_room: list[set[int]] = [set() for _ in self.room_ids]
        self.group_busy = [0] * len(self.group_names)
        self.events: list[dict[int, list[tuple[int, int, int, int]]]] = [{} for _ in self.people]
        self.lines = Levels()
        self.interpreters = Levels()
        self.tracks = [Levels() for _ in self.track_names]
        self.at_site = [0] * len(self.sites)
        self.unplaced = set(range(len(self.items)))
        self.plain_cost = 0
        """Fit, balance, preferred, moves and gaps, weighted; the tracks are counted when asked."""
        self._blocked_rooms: list[dict[int, int]] = [{} for _ in self.room_ids]
        self._blocked_groups: list[dict[int, int]] = [{} for _ in self.group_names]

    @property
    def cost(self) -> int:
        """The soft cost, as the judge counts it."""
        peaks = sum(len(levels.masks) - 1 for levels in self.tracks if levels.masks)
        return self.plain_cost + self.weights.tracks * peaks

    def snapshot(self) -> list[Spot | None]:
        """Return where everything lies."""
        return list(self.where)

    def restore(self, where: Sequence[Spot | None]) -> None:
        """Put everything where it lay."""
        changed = [number for number, spot in enumerate(where) if self.where[number] != spot]
        for number in changed:
            if self.where[number] is not None:
                self.remove(number)
        for number in changed:
            if (spot := where[number]) is not None:
                self.place(number, spot)

    def place(self, number: int, spot: Spot) -> None:
        """Put a session down; the caller knows that it breaks no rule there."""
        self._change(number, spot, 1)

    def remove(self, number: int) -> Spot:
        """Take a session off and return where it lay."""
        spot = self.where[number]
        assert spot is not None
        self._change(number, spot, -1)
        return spot

    def _change(self, number: int, spot: Spot, sign: int) -> None:
        item = self.items[number]
        start, end = spot.start, spot.start + item.length
        cost = self.room_points(item, spot) + self._time_points(item, spot)
        site = self.room_site[spot.rooms[0]]
        here = self.at_site[site] - (sign < 0)
        cost += self.weights.balance * (here >= self.fair_share[site])
        self.at_site[site] += sign
        for part, room in zip(item.parts, spot.rooms, strict=True):
            begin = start + part.offset
            if room == NOWHERE:
                continue
            if sign > 0:
                self.in_room[room].add(number)
            else:
                self.in_room[room].discard(number)
            if not self.shared[room]:
                self.room_busy[room] ^= span(begin, end + self.turnaround[room])
                self._blocked_rooms[room].clear()
        mask = span(start, end)
        for group in item.groups:
            self.group_busy[group] ^= mask
            self._blocked_groups[group].clear()
        session = item.session
        for levels, times in (
            (self.lines, int(session.uses_line)),
            (self.interpreters, session.interpreters),
            *(((self.tracks[item.track], 1),) if item.track is not None else ()),
        ):
            if times:
                (levels.add if sign > 0 else levels.remove)(mask, times)
        self.plain_cost += sign * cost
        day = self._day(start)
        for person in {person for part in item.parts for person in part.people}:
            before = self._gap_points(person) if self.weights.gaps else 0
            if sign > 0:
                self.events[person][number] = [
                    (start + part.offset, end, self.room_site[room], day)
                    for part, room in zip(item.parts, spot.rooms, strict=True)
                    if person in part.people and room != NOWHERE
                ]
            else:
                del self.events[person][number]
            if self.weights.gaps:
                self.plain_cost += self.weights.gaps * (self._gap_points(person) - before)
        self.where[number] = spot if sign > 0 else None
        if sign > 0:
            self.unplaced.discard(number)
        else:
            self.unplaced.add(number)

    def room_points(self, item: Item, spot: Spot) -> int:
        """Return the weighted points of rooms at a spot: empty seats, and sites that go without."""
        points = 0
        missing = spot.rooms.count(NOWHERE) * self.weights.left_out
        for number, room in enumerate(spot.rooms):
            if room == NOWHERE:
                continue
            part = item.session.receiving[number - 1] if number else item.session
            points += _fit(self.problem.rooms[room], part.audience) or 0
        return points * self.weights.room_fit + missing

    def _time_points(self, item: Item, spot: Spot) -> int:
        points = 0
        if item.preferred is not None and not item.preferred >> spot.start & 1:
            points += self.weights.preferred
        if item.current is not None and spot != item.current:
            points += self.weights.moves
        return points

    def _gap_points(self, person: int, extra: Sequence[tuple[int, int, int, int]] = ()) -> int:
        theirs = sorted([*(stay for stays in self.events[person].values() for stay in stays), *extra])
        if len(theirs) < 2:
            return 0
        last: dict[int, int] = {}
        idle: dict[int, int] = {}
        for start, end, _, day in theirs:
            if day in last:
                idle[day] = idle.get(day, 0) + max(0, start - last[day])
                last[day] = max(last[day], end)
            else:
                last[day] = end
        return sum(steps * self.unit // 60 for steps in idle.values())

    def _day(self, start: int) -> int:
        return next((number for number, (a, b) in enumerate(self.days) if a <= start < b), -1)

    # Where it may lie -------------------------------------------------------------------------------------------

    def room_blocked(self, room: int, part: Part) -> int:
        """Return the starts of the session at which this part would meet another session in the room."""
        if self.shared[room]:
            return 0
        length = part.length + self.turnaround[room]
        known = self._blocked_rooms[room]
        if length not in known:
            known[length] = spread(self.room_busy[room], length)
        return shift(known[length], -part.offset) if part.offset else known[length]

    def people_blocked(self, part: Part, site: int) -> int:
        """Return the starts at which somebody of this part would be elsewhere or on the way."""
        blocked = 0
        away, back = self.travel[site], [line[site] for line in self.travel]
        for person in part.people:
            remote = self.remote[person]
            for stays in self.events[person].values():
                for start, end, there, _ in stays:
                    go, come = (0, 0) if remote else (away[there], back[there])
                    blocked |= span(start - go - part.length + 1 - part.offset, end + come - part.offset)
        return blocked

    def possible(self, item: Item) -> int:
        """Return the starts that everything allows that does not depend on the room of the origin."""
        free = item.starts
        for group in item.groups:
            known = self._blocked_groups[group]
            if item.length not in known:
                known[item.length] = spread(self.group_busy[group], item.length)
            free &= ~known[item.length]
        free &= ~self.limits_blocked(item)
        free &= self.order_window(item)
        for part in item.parts[1:]:
            if not free:
                return 0
            if part.optional:
                continue
            assert part.site is not None
            if part.people:
                free &= ~self.people_blocked(part, part.site)
            joined = 0
            for option in part.options:
                joined |= option.starts & ~self.room_blocked(option.room, part)
            free &= joined
        return free

    def limits_blocked(self, item: Item) -> int:
        """Return the starts at which licences or interpreters would not suffice."""
        blocked = 0
        problem, session = self.problem, item.session
        if session.uses_line and problem.max_lines is not None:
            blocked |= spread(self.lines.above(problem.max_lines - 1), item.length)
        if session.interpreters and problem.max_interpreters is not None:
            above = self.interpreters.above(problem.max_interpreters - session.interpreters)
            blocked |= spread(above, item.length)
        return blocked

    def order_window(self, item: Item) -> int:
        """Return the starts that keep the order towards what is placed."""
        earliest, latest = 0, self.horizon
        for other, gap in item.before:
            if (spot := self.where[other]) is not None:
                earliest = max(earliest, spot.start + self.items[other].length + gap)
        for other, gap in item.after:
            if (spot := self.where[other]) is not None:
                latest = min(latest, spot.start - item.length - gap)
        if item.order != "first":
            for other in self.firsts:
                if (spot := self.where[other]) is not None:
                    earliest = max(earliest, spot.start + self.items[other].length)
        elif len(self.unplaced) < len(self.items):
            latest = min(
                latest,
                min(
                    (
                        spot.start - item.length
                        for other, spot in enumerate(self.where)
                        if spot is not None and self.items[other].order != "first"
                    ),
                    default=latest,
                ),
            )
        if item.order != "last":
            for other in self.lasts:
                if (spot := self.where[other]) is not None:
                    latest = min(latest, spot.start - item.length)
        elif len(self.unplaced) < len(self.items):
            earliest = max(
                earliest,
                max(
                    (
                        spot.start + self.items[other].length
                        for other, spot in enumerate(self.where)
                        if spot is not None and self.items[other].order != "last"
                    ),
                    default=0,
                ),
            )
        return span(earliest, latest + 1)

    def origin_starts(self, item: Item, free: int) -> Iterator[tuple[Option, int]]:
        """Yield each origin room with the starts, among `free`, at which the session can be there."""
        origin = item.parts[0]
        by_site: dict[int, int] = {}
        for option in origin.options:
            site = self.room_site[option.room]
            if site not in by_site:
                by_site[site] = ~self.people_blocked(origin, site) if origin.people else -1
            starts = free & option.starts & by_site[site]
            if starts and (starts := starts & ~self.room_blocked(option.room, origin)):
                yield option, starts

    def receiving_rooms(self, item: Item, start: int, origin: int) -> tuple[int, ...] | None:
        """Return the best free rooms for all parts at this start, or None when two parts need the same room."""
        rooms = [origin]
        for part in item.parts[1:]:
            best: Option | None = None
            busy = part.optional and part.people and part.site is not None
            if busy and self.people_blocked(part, part.site or 0) >> start & 1:
                rooms.append(NOWHERE)
                continue
            for option in part.options:
                if best is not None and option.fit >= best.fit:
                    continue
                if option.room in rooms and not self.shared[option.room]:
                    continue
                if (option.starts & ~self.room_blocked(option.room, part)) >> start & 1:
                    best = option
            if best is None and not part.optional:
                return None
            rooms.append(best.room if best is not None else NOWHERE)
        return tuple(rooms)

    def fits(self, number: int, spot: Spot) -> bool:
        """Tell whether a session that is not placed could be put at this very spot."""
        item = self.items[number]
        if not self.possible(item) >> spot.start & 1:
            return False
        used: set[int] = set()
        for part, room in zip(item.parts, spot.rooms, strict=True):
            if room == NOWHERE:
                if not part.optional:
                    return False
                continue
            if part.optional and part.people and part.site is not None:
                if self.people_blocked(part, part.site) >> spot.start & 1:
                    return False
            option = next((each for each in part.options if each.room == room), None)
            if option is None or (room in used and not self.shared[room]):
                return False
            used.add(room)
            starts = option.starts & ~self.room_blocked(room, part)
            if not starts >> spot.start & 1:
                return False
        origin = item.parts[0]
        return not self.people_blocked(origin, self.room_site[spot.rooms[0]]) >> spot.start & 1

    def best_spot(self, number: int, rng: random.Random, *, early: bool = False) -> Spot | None:
        """Return the cheapest spot for a session that is not placed, or None when it has none."""
        item = self.items[number]
        free = self.possible(item)
        if not free:
            return None
        if item.current is not None and self.keeps and self.fits(number, item.current):
            return item.current
        classes = self._classes(item)
        choices: list[tuple[int, int, int]] = []
        lowest: int | None = None
        for option, starts in self.origin_starts(item, free):
            site = self.room_site[option.room]
            cost = self.weights.room_fit * option.fit
            cost += self.weights.balance * (self.at_site[site] >= self.fair_share[site])
            for extra, mask in classes:
                if lowest is not None and cost + extra > lowest:
                    break
                if hit := starts & mask:
                    if lowest is None or cost + extra < lowest:
                        lowest, choices = cost + extra, []
                    choices.append((cost + extra, option.room, hit))
                    break
        while choices:
            _, room, starts = choices.pop(rng.randrange(len(choices)) if not early else 0)
            for start in self._ranked(item, starts, rng, early=early):
                if (rooms := self.receiving_rooms(item, start, room)) is not None:
                    return Spot(start, rooms)
        return self._any_spot(item, free)

    def _any_spot(self, item: Item, free: int) -> Spot | None:
        """Try everything, for joined sessions whose parts get into each other's way."""
        for option, starts in self.origin_starts(item, free):
            for start in bits(starts):
                if (rooms := self.receiving_rooms(item, start, option.room)) is not None:
                    return Spot(start, rooms)
        return None

    def _classes(self, item: Item) -> list[tuple[int, int]]:
        """Return the masks of starts that cost the same, the cheapest first."""
        classes = [(0, -1)]
        if item.preferred is not None and self.weights.preferred:
            classes = [(0, item.preferred), (self.weights.preferred, ~item.preferred)]
        if item.track is not None and self.weights.tracks:
            levels = self.tracks[item.track].masks
            raising = spread(levels[-1], item.length) if levels else 0
            classes = [(cost, mask & ~raising) for cost, mask in classes] + [
                (cost + self.weights.tracks, mask & raising) for cost, mask in classes
            ]
            classes.sort(key=lambda each: each[0])
        return classes

    def _ranked(self, item: Item, starts: int, rng: random.Random, *, early: bool) -> list[int]:
        """Return some of the starts, those first that leave people no gaps and the track's hours uncrowded."""
        if item.order == "first":
            return list(bits(starts))[:SAMPLE]
        found = list(bits(starts))
        if item.order == "last":
            return found[::-1][:SAMPLE]
        if len(found) > SAMPLE:
            found = found[:SAMPLE] if early else rng.sample(found, SAMPLE)
        if len(found) < 2:
            return found

        def rank(start: int) -> tuple[int, int]:
            end = start + item.length
            gaps = 0
            if self.weights.gaps:
                for part in item.parts:
                    for person in part.people:
                        if self.events[person]:
                            gaps += self._gap_points(person, ((start + part.offset, end, 0, self._day(start)),))
            crowd = 0
            if item.track is not None:
                mask = span(start, end)
                crowd = sum(
                    (number + 1) * (level & mask).bit_count()
                    for number, level in enumerate(self.tracks[item.track].masks)
                )
            return gaps, crowd

        return sorted(found, key=rank)

    def conflicts(self, number: int, spot: Spot) -> set[int]:
        """Return the sessions that would have to leave for this one to be at the spot."""
        item = self.items[number]
        found: set[int] = set()
        start, end = spot.start, spot.start + item.length
        for part, room in zip(item.parts, spot.rooms, strict=True):
            begin = start + part.offset
            if room == NOWHERE:
                continue
            if not self.shared[room]:
                rest = self.turnaround[room]
                for other in self.in_room[room]:
                    their = self.where[other]
                    assert their is not None
                    their_end = their.start + self.items[other].length
                    for their_part, their_room in zip(self.items[other].parts, their.rooms, strict=True):
                        if their_room == room and (
                            begin < their_end + rest and their.start + their_part.offset < end + rest
                        ):
                            found.add(other)
            site = self.room_site[room]
            for person in part.people:
                remote = self.remote[person]
                for other, stays in self.events[person].items():
                    for a, b, there, _ in stays:
                        go, come = (
                            (0, 0) if remote else (self.travel[site][there], self.travel[there][site])
                        )
                        if begin < b + come and a - go < end:
                            found.add(other)
        for group in item.groups:
            for other in self.of_group[group]:
                their = self.where[other]
                if their is not None and other != number:
                    if start < their.start + self.items[other].length and their.start < end:
                        found.add(other)
        if not self.order_window(item) >> start & 1:
            found |= self._out_of_order(item, start, end)
        if self.limits_blocked(item) >> start & 1:
            for other, where in enumerate(self.where):
                if where is None or not (
                    start < where.start + self.items[other].length and where.start < end
                ):
                    continue
                session, theirs = item.session, self.items[other].session
                if (session.uses_line and theirs.uses_line) or (
                    session.interpreters and theirs.interpreters
                ):
                    found.add(other)
        return found

    def _out_of_order(self, item: Item, start: int, end: int) -> set[int]:
        found = set()
        for other, gap in item.before:
            spot = self.where[other]
            if spot is not None and start < spot.start + self.items[other].length + gap:
                found.add(other)
        for other, gap in item.after:
            spot = self.where[other]
            if spot is not None and spot.start < end + gap:
                found.add(other)
        first, last = item.order == "first", item.order == "last"
        for other in range(len(self.items)) if first or last else (*self.firsts, *self.lasts):
            spot, theirs = self.where[other], self.items[other].order
            if spot is None:
                continue
            their_end = spot.start + self.items[other].length
            if (
                (first and theirs != "first" and spot.start < end)
                or (theirs == "first" and not first and start < their_end)
                or (last and theirs != "last" and their_end > start)
                or (theirs == "last" and not last and end > spot.start)
            ):
                found.add(other)
        return found

    def placements(self) -> list[Placement]:
        """Return where everything lies, in minutes and identifiers."""
        return [
            Placement(
                item.session.id,
                self.room_ids[spot.rooms[0]],
                self.minute(spot.start),
                tuple(None if room == NOWHERE else self.room_ids[room] for room in spot.rooms[1:]),
            )
            for item, spot in zip(self.items, self.where, strict=True)
            if spot is not None
        ]


def _bit(step: int) -> int:
    return 1 << step if step >= 0 else 0


def _fit(room: Room, audience: int | None) -> int | None:
    """Return quarters of the seats that stay empty, or None when the audience does not fit."""
    if audience is None or room.capacity is None:
        return 0
    if audience > room.capacity:
        return None
    return (room.capacity - audience) * 4 // room.capacity if room.capacity else 0


def _allowed(session: Session, part: int, room: Room) -> bool:
    if part:
        receiving = session.receiving[part - 1]
        return room.site == receiving.site and receiving.room in (None, room.id)
    return (
        (not session.rooms or room.id in session.rooms)
        and (not session.sites or room.site in session.sites)
        and session.fixed_room in (None, room.id)
    )


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

