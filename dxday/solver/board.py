"""The timetable as bit masks: bit t of a mask stands for the t-th step of the clock.

The board always keeps every hard rule: what cannot stay together is taken off before something is put down.
Where a session may start is found by shifting and joining whole masks, which costs about as much for a
thousand steps as for one.
"""

import random
from collections.abc import Iterator, Sequence

from dxday.solver.items import NOWHERE, Item, Numbers, Option, Part, Spot, fit_of
from dxday.solver.masks import Levels, bits, shift, span, spread
from dxday.solver.problem import Placement, Problem

SAMPLE = 6
"""So many of the equally good starts are compared more closely."""


class Board(Numbers):
    """A problem in numbers, and which sessions lie where."""

    def __init__(self, problem: Problem) -> None:
        """Translate a checked problem; nothing is placed yet."""
        super().__init__(problem)
        self.keeps = problem.weights.moves > 0
        """Whether sessions go back to where they were as soon as that is free."""
        self.clear()

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
            points += fit_of(self.problem.rooms[room], part.audience) or 0
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
            if (
                part.optional
                and part.site is not None
                and self.people_blocked(part, part.site) >> spot.start & 1
            ):
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

    def nearest_spot(self, number: int) -> Spot | None:
        """Return the spot at its current start and origin with as few other receiving rooms as can be, or None."""
        item = self.items[number]
        if item.current is None:
            return None
        start, rooms = item.current.start, [item.current.rooms[0]]
        for part, current in zip(item.parts[1:], item.current.rooms[1:], strict=True):
            free = [
                option
                for option in part.options
                if (option.starts & ~self.room_blocked(option.room, part)) >> start & 1
                and (self.shared[option.room] or option.room not in rooms)
            ]
            free.sort(key=lambda option: (option.room != current, option.fit))
            if part.optional and (current == NOWHERE or not free):
                rooms.append(NOWHERE)
            elif free:
                rooms.append(free[0].room)
            else:
                return None
        spot = Spot(start, tuple(rooms))
        return spot if self.fits(number, spot) else None

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
                            gaps += self._gap_points(
                                person, ((start + part.offset, end, 0, self._day(start)),)
                            )
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
                        go, come = (0, 0) if remote else (self.travel[site][there], self.travel[there][site])
                        if begin < b + come and a - go < end:
                            found.add(other)
        for group in item.groups:
            for other in self.of_group[group]:
                their = self.where[other]
                if their is None or other == number:
                    continue
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
                if (session.uses_line and theirs.uses_line) or (session.interpreters and theirs.interpreters):
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
