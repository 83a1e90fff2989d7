"""The judge: which hard rules a timetable breaks, and its soft cost, by looking at every pair of sessions.

Written without anything that the solver uses, so that the two can only agree by being right.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from dxday.solver.problem import Person, Placement, Problem, Receiving, Room, Session, Site, Window, merge


@dataclass(frozen=True)
class Violation:
    """A hard rule that is broken: its code, and the identifiers of what it is about, sessions first."""

    code: str
    sessions: tuple[str, ...]
    subject: str = ""


@dataclass(frozen=True)
class Cost:
    """Points of each soft rule, before their weights."""

    room_fit: int = 0
    tracks: int = 0
    balance: int = 0
    gaps: int = 0
    preferred: int = 0
    moves: int = 0
    left_out: int = 0

    def total(self, problem: Problem) -> int:
        """Return the sum of the points times their weights."""
        return sum(points * getattr(problem.weights, name) for name, points in vars(self).items())


@dataclass(frozen=True)
class _Stay:
    """One room of one placed session, and the people who are there."""

    session: Session
    room: Room
    start: int
    end: int
    people: tuple[str, ...]
    audience: int | None
    features: frozenset[str]
    part: Receiving | None


def find_violations(problem: Problem, placements: Iterable[Placement]) -> list[Violation]:
    """Return every hard rule that is broken; sessions without a placement break none."""
    sessions = {session.id: session for session in problem.sessions}
    rooms = {room.id: room for room in problem.rooms}
    sites = {site.id: site for site in problem.sites}
    people = {person.id: person for person in problem.people}
    placed = list(placements)
    found: list[Violation] = []
    for name, times_placed in Counter(each.session for each in placed).items():
        if times_placed > 1:
            found.append(Violation("placed-twice", (name,)))
    stays: list[_Stay] = []
    for placement in placed:
        session = sessions[placement.session]
        own = list(_stays(session, placement, rooms))
        stays += own
        found += _violations_alone(problem, sites, people, session, placement, own)
    found += _violations_of_pairs(problem, stays)
    times = sorted(
        (
            (sessions[each.session], each.start, each.start + sessions[each.session].duration)
            for each in placed
        ),
        key=lambda each: each[1:],
    )
    for number, (one, _, end) in enumerate(times):
        for other, other_start, _ in times[number + 1 :]:
            if other_start >= end:
                break
            if one.groups and other.groups:
                found += [
                    Violation("audience-overlap", (one.id, other.id), group)
                    for group in sorted(set(one.groups) & set(other.groups))
                ]
    for x, x_start, x_end in [each for each in times if each[0].order]:
        for y, y_start, y_end in times:
            if x.order == "first" and y.order != "first" and y_start < x_end:
                found.append(Violation("order-first", (x.id, y.id)))
            if x.order == "last" and y.order != "last" and y_end > x_start:
                found.append(Violation("order-last", (x.id, y.id)))
    when = {session.id: (start, end) for session, start, end in times}
    for order in problem.orders:
        if order.before not in when or order.after not in when:
            continue
        if when[order.after][0] < when[order.before][1] + order.gap:
            found.append(Violation("order", (order.before, order.after)))
    found += _too_many("line-limit", problem.max_lines, [(s.id, a, b, 1) for s, a, b in times if s.uses_line])
    found += _too_many(
        "interpreter-limit",
        problem.max_interpreters,
        [(s.id, a, b, s.interpreters) for s, a, b in times if s.interpreters],
    )
    return found


def _stays(session: Session, placement: Placement, rooms: dict[str, Room]) -> Iterator[_Stay]:
    end = placement.start + session.duration
    yield _Stay(
        session, rooms[placement.room], placement.start, end,
        session.people, session.audience, session.features, None,
    )  # fmt: skip
    for part, room in zip(session.receiving, placement.receiving, strict=True):
        if room is None:
            continue
        yield _Stay(
            session, rooms[room], placement.start + part.offset, end,
            part.people, part.audience, part.features, part,
        )  # fmt: skip


def _violations_alone(
    problem: Problem,
    sites: dict[str, Site],
    people: dict[str, Person],
    session: Session,
    placement: Placement,
    stays: Sequence[_Stay],
) -> Iterator[Violation]:
    me = (session.id,)
    start, end = placement.start, placement.start + session.duration
    kept = {session.fixed_start} | ({session.current.start} if session.current else set())
    if start % problem.grid and start not in kept:
        yield Violation("grid", me)
    if not any(day.start <= start and end <= day.end for day in problem.days):
        yield Violation("day", me)
    if not _within(session.windows, start, end):
        yield Violation("session-window", me)
    if session.fixed_start is not None and start != session.fixed_start:
        yield Violation("fixed-start", me)
    if session.fixed_room is not None and placement.room != session.fixed_room:
        yield Violation("fixed-room", me)
    for part, given in zip(session.receiving, placement.receiving, strict=True):
        if given is None and not part.optional:
            yield Violation("receiving-missing", me, part.site)
    for stay in stays:
        room = stay.room
        if stay.part is None:
            allowed = (not session.rooms or room.id in session.rooms) and (
                not session.sites or room.site in session.sites
            )
        else:
            allowed = room.site == stay.part.site and stay.part.room in (None, room.id)
        if not allowed:
            yield Violation("room-not-allowed", me, room.id)
        if room.capacity is not None and stay.audience is not None and stay.audience > room.capacity:
            yield Violation("room-capacity", me, room.id)
        if stay.features - room.features:
            yield Violation("room-feature", me, room.id)
        if not _within(room.windows, stay.start, stay.end):
            yield Violation("room-unavailable", me, room.id)
        if not _within(sites[room.site].windows, stay.start, stay.end):
            yield Violation("site-unavailable", me, room.site)
        for name in stay.people:
            if not _within(people[name].windows, stay.start, stay.end):
                yield Violation("person-unavailable", me, name)
    for one, other in combinations(stays, 2):
        if one.room.id == other.room.id and not one.room.shared:
            yield Violation("room-overlap", me, one.room.id)


def _violations_of_pairs(problem: Problem, stays: Sequence[_Stay]) -> Iterator[Violation]:
    people = {person.id: person for person in problem.people}
    by_room: dict[str, list[_Stay]] = defaultdict(list)
    by_person: dict[str, list[_Stay]] = defaultdict(list)
    for stay in stays:
        by_room[stay.room.id].append(stay)
        for name in set(stay.people):
            by_person[name].append(stay)
    for room, here in by_room.items():
        for one, other in combinations(here, 2):
            if one.session.id == other.session.id or one.room.shared:
                continue
            rest = one.room.turnaround
            if one.start < other.end + rest and other.start < one.end + rest:
                yield Violation("room-overlap", (one.session.id, other.session.id), room)
    for name, theirs in by_person.items():
        for one, other in combinations(theirs, 2):
            if one.session.id != other.session.id:
                yield from _meeting(problem, people[name], one, other)


def _meeting(problem: Problem, person: Person, one: _Stay, other: _Stay) -> Iterator[Violation]:
    first, second = sorted((one, other), key=lambda stay: (stay.start, stay.end))
    both = (one.session.id, other.session.id)
    if second.start < first.end:
        yield Violation("person-overlap", both, person.id)
        return
    way = 0 if person.remote else problem.minutes_between(first.room.site, second.room.site)
    if second.start < first.end + way:
        yield Violation("person-travel", both, person.id)


def _within(windows: Sequence[Window], start: int, end: int) -> bool:
    return not windows or any(each.start <= start and end <= each.end for each in merge(windows))


def _too_many(code: str, limit: int | None, uses: Sequence[tuple[str, int, int, int]]) -> Iterator[Violation]:
    if limit is None:
        return
    for _, moment, _, _ in uses:  # the most are in use just when some session begins
        running = [(name, need) for name, start, end, need in uses if start <= moment < end]
        if sum(need for _, need in running) > limit:
            yield Violation(code, tuple(sorted(name for name, _ in running)), str(moment))


def count_cost(problem: Problem, placements: Iterable[Placement]) -> Cost:
    """Return the points of each soft rule.

    `room_fit`: quarters of the seats that stay empty, rounded down, for each room with an expected audience.
    `tracks`: how many sessions of a track run at once at most, less one.  `balance`: sessions that originate at a
    site beyond its fair share, which is by its number of rooms.  `gaps`: whole idle hours between the first and
    the last thing of a person on one day.  `preferred`: sessions outside their preferred windows.  `moves`:
    sessions that are not where and when they were.  `left_out`: receiving sites that go without.
    """
    sessions = {session.id: session for session in problem.sessions}
    rooms = {room.id: room for room in problem.rooms}
    placed = list(placements)
    fit = preferred = moves = left_out = 0
    tracks: dict[str, list[tuple[int, int]]] = defaultdict(list)
    originate: dict[str, int] = defaultdict(int)
    busy: dict[tuple[str, int], list[Window]] = defaultdict(list)
    for placement in placed:
        session = sessions[placement.session]
        end = placement.start + session.duration
        day = next((n for n, day in enumerate(problem.days) if day.start <= placement.start < day.end), -1)
        for stay in _stays(session, placement, rooms):
            capacity = stay.room.capacity
            if capacity and stay.audience is not None and stay.audience <= capacity:
                fit += (capacity - stay.audience) * 4 // capacity
            for name in set(stay.people):
                busy[name, day].append(Window(stay.start, stay.end))
        if session.track is not None:
            tracks[session.track].append((placement.start, end))
        originate[rooms[placement.room].site] += 1
        preferred += not _within(session.preferred, placement.start, end)
        left_out += placement.receiving.count(None)
        moves += session.current is not None and session.current != placement
    peaks = 0
    for times in tracks.values():
        peaks += max(sum(a <= moment < b for a, b in times) for moment, _ in times) - 1
    gaps = 0
    for windows in busy.values():
        merged = merge(windows)
        idle = merged[-1].end - merged[0].start - sum(each.end - each.start for each in merged)
        gaps += idle // 60
    balance = 0
    for site, count in originate.items():
        share = sum(room.site == site for room in problem.rooms)
        balance += max(0, count - -(-len(problem.sessions) * share // len(problem.rooms)))
    return Cost(fit, peaks, balance, gaps, preferred, moves, left_out)
