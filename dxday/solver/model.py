"""Some sessions of a board as a CP-SAT model: they may move, everything else stays where it lies."""

import contextlib
import importlib
import importlib.util
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from dxday.core.errors import Refusal
from dxday.core.i18n import lazy_gettext
from dxday.solver.board import Board
from dxday.solver.items import NOWHERE, Item, Option, Part, Spot
from dxday.solver.masks import runs, spread

POLL = 0.2
"""Seconds between two questions whether to stop."""

UNPLACED = 1_000_000
"""What a session that is nowhere costs; nothing else comes near it."""


class SolverMissing(Refusal):
    """OR-Tools is an optional extra."""

    sentence = lazy_gettext(
        "The timetable solver is not installed here yet. `make run` brings it in the background; "
        "to bring it now, run: make solver"
    )


def is_installed() -> bool:
    """Tell whether OR-Tools is there, without loading it."""
    importlib.invalidate_caches()
    return importlib.util.find_spec("ortools") is not None


def load() -> Any:
    """Return OR-Tools' CP-SAT; loading it takes a second.  Raises SolverMissing."""
    importlib.invalidate_caches()  # it may have been installed since this process began
    try:
        return importlib.import_module("ortools.sat.python.cp_model")
    except ImportError as fault:
        raise SolverMissing from fault


LOADER = "load-ortools"


def start_loading() -> threading.Thread:
    """Begin to load OR-Tools beside other work; the thread ends when it is there, or is not."""

    def quietly() -> None:
        with contextlib.suppress(SolverMissing):
            load()

    thread = threading.Thread(target=quietly, name=LOADER)  # Python waits for it when it ends
    thread.start()
    return thread


def wait_for_loading() -> None:
    """Wait until nothing is being loaded; Python cannot end in the middle of it."""
    for thread in threading.enumerate():
        if thread.name == LOADER:
            thread.join()


@dataclass(frozen=True)
class Outcome:
    """What CP-SAT found: whether that is proved to be the best, or that there is nothing; and where things lie."""

    proved: bool
    feasible: bool
    spots: Mapping[int, Spot]
    objective: int = 0


@dataclass(frozen=True)
class Prices:
    """What changes cost in a repair: a session moved, a receiving room changed, a site left out, no place at all."""

    moved: Mapping[int, int]
    rearranged: int
    left_out: int
    unplaced: int


class Model:
    """A model of the freed sessions, which lie nowhere on the board."""

    def __init__(
        self,
        board: Board,
        freed: Sequence[int],
        *,
        must: bool = False,
        soft: bool = True,
        prices: Mapping[int, int] | None = None,
        most_rooms: int | None = None,
        mending: Prices | None = None,
    ) -> None:
        """Write the model down.

        With `must`, all of them are placed or there is no solution; else as many as can be.  `prices` are what
        it costs to put a session elsewhere than it is now; `mending` are the finer ones of a repair.  Only the
        best `most_rooms` rooms are tried for a part.
        """
        self.cp = load()
        self.board = board
        self.model = self.cp.CpModel()
        self.must = must
        self.impossible: list[int] = []
        self.complete = True
        """Whether every way of placing the freed sessions is in the model."""
        self.starts: dict[int, Any] = {}
        self.placed: dict[int, Any] = {}
        self.uses: dict[int, list[dict[int, Any]]] = {}
        self.spans: dict[int, list[Any]] = {}
        self.whole: dict[int, Any] = {}
        self.present: dict[int, list[Any]] = {}
        self.left_out: list[Any] = []
        self.costs: list[Any] = []
        self.in_room: dict[int, list[Any]] = defaultdict(list)
        for number in freed:
            self._add(board.items[number], most_rooms)
        for room, intervals in self.in_room.items():
            if not board.shared[room] and len(intervals) > 1:
                self.model.add_no_overlap(intervals)
        self._people()
        self._groups()
        self._limits()
        self._orders()
        if soft:
            self._soft()
        for number, price in (prices or {}).items():
            if number in self.starts:
                self._price_of_moving(board.items[number], price)
        if mending is not None:
            for number in self.starts:
                if board.items[number].current is not None:
                    self._price_of_mending(board.items[number], mending)
        left_out = mending.left_out if mending else board.weights.left_out if soft or not must else 0
        self.costs += [left_out * missing for missing in self.left_out if left_out]
        unplaced = mending.unplaced if mending else UNPLACED
        if not must:
            self.costs += [unplaced * (1 - literal) for literal in self.placed.values()]
        if self.costs:
            self.model.minimize(sum(self.costs))

    # Sessions and rooms -----------------------------------------------------------------------------------------

    def _add(self, item: Item, most_rooms: int | None) -> None:
        board, model = self.board, self.model
        free = item.starts & ~board.limits_blocked(item) & board.order_window(item)
        for group in item.groups:
            free &= ~spread(board.group_busy[group], item.length)
        ways: list[list[tuple[Option, int]]] = []
        for part in item.parts:
            rooms = list(self._rooms_of(item, part, free))
            if not part.optional:
                joined = 0
                for _, starts in rooms:
                    joined |= starts
                free &= joined
            ways.append(rooms)
        ways = [[(option, starts & free) for option, starts in rooms if starts & free] for rooms in ways]
        number = item.number
        if not free or not all(rooms or part.optional for rooms, part in zip(ways, item.parts, strict=True)):
            self.impossible.append(number)
            return
        if most_rooms is not None:
            for part_number, rooms in enumerate(ways):
                if len(rooms) > most_rooms:
                    self.complete = False
                    kept = {item.current.rooms[part_number]} if item.current else set()
                    rooms.sort(key=lambda way: (way[0].room not in kept, way[0].fit, -way[1].bit_count()))
                    del rooms[most_rooms:]
        joined = free
        start = model.new_int_var_from_domain(self._domain(joined), f"start{number}")
        placed = model.new_constant(1) if self.must else model.new_bool_var(f"placed{number}")
        self.starts[number], self.placed[number] = start, placed
        self.uses[number], self.spans[number], self.present[number] = [], [], []
        for part, rooms in zip(item.parts, ways, strict=True):
            literals: dict[int, Any] = {}
            for option, starts in rooms:
                literal = (
                    placed
                    if len(rooms) == 1 and not part.optional
                    else model.new_bool_var(f"in{number}_{option.room}")
                )
                literals[option.room] = literal
                if starts != joined:
                    model.add_linear_expression_in_domain(start, self._domain(starts)).only_enforce_if(
                        literal
                    )
                if not board.shared[option.room]:
                    self.in_room[option.room].append(
                        model.new_optional_fixed_size_interval_var(
                            start + part.offset, part.length + board.turnaround[option.room], literal, ""
                        )
                    )
                if option.fit and board.weights.room_fit:
                    self.costs.append(board.weights.room_fit * option.fit * literal)
            there = placed
            if part.optional:
                there = model.new_bool_var("")
                model.add_implication(there, placed)
                model.add(sum(literals.values()) == there)
                self.left_out.append(placed - there)
            elif len(rooms) > 1:
                model.add(sum(literals.values()) == placed)
            self.present[number].append(there)
            self.uses[number].append(literals)
            self.spans[number].append(
                model.new_optional_fixed_size_interval_var(start + part.offset, part.length, there, "")
            )
        self.whole[number] = self.spans[number][0]

    def _rooms_of(self, item: Item, part: Part, free: int) -> Sequence[tuple[Option, int]]:
        board = self.board
        by_site: dict[int, int] = {}
        found = []
        for option in part.options:
            site = board.room_site[option.room]
            if site not in by_site:
                by_site[site] = ~board.people_blocked(part, site) if part.people else -1
            if starts := free & option.starts & by_site[site] & ~board.room_blocked(option.room, part):
                found.append((option, starts))
        return found

    def _domain(self, mask: int) -> Any:
        return self.cp.Domain.from_intervals([[start, end - 1] for start, end in runs(mask)])

    # Rules between them -----------------------------------------------------------------------------------------

    def _people(self) -> None:
        board = self.board
        parts: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number in self.starts:
            for part_number, part in enumerate(board.items[number].parts):
                for person in part.people:
                    parts[person].append((number, part_number))
        done: set[tuple[int, int, int, int]] = set()
        for person, theirs in parts.items():
            first: dict[int, Any] = {}
            for number, part_number in theirs:
                first.setdefault(number, self.spans[number][part_number])
            if len(first) > 1:  # all at once: CP-SAT then sees when there is too much for one person
                self.model.add_no_overlap(list(first.values()))
            for one, other in combinations(theirs, 2):
                if one[0] == other[0]:
                    continue
                key = (*one, *other)
                if key in done:
                    continue
                if len(first) < len(theirs):
                    self.model.add_no_overlap([self.spans[one[0]][one[1]], self.spans[other[0]][other[1]]])
                if not board.remote[person]:
                    done.add(key)
                    self._travel(one, other)

    def _sites(self, number: int, part_number: int) -> dict[int, Any]:
        by_site: dict[int, list[Any]] = defaultdict(list)
        for room, literal in self.uses[number][part_number].items():
            by_site[self.board.room_site[room]].append(literal)
        found = {}
        for site, literals in by_site.items():
            if len(by_site) == 1:
                found[site] = self.present[number][part_number]
            elif len(literals) == 1:
                found[site] = literals[0]
            else:
                found[site] = self.model.new_bool_var("")
                self.model.add(sum(literals) == found[site])
        return found

    def _travel(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        board, model = self.board, self.model
        ways = [
            (here, there, board.travel[a][b], board.travel[b][a])
            for a, here in self._sites(*one).items()
            for b, there in self._sites(*other).items()
            if board.travel[a][b] or board.travel[b][a]
        ]
        if not ways:
            return
        first = model.new_bool_var("")
        a, b = board.items[one[0]], board.items[other[0]]
        a_start, b_start = self.starts[one[0]], self.starts[other[0]]
        a_part, b_part = a.parts[one[1]], b.parts[other[1]]
        for here, there, go, come in ways:
            model.add(a_start + a.length + go <= b_start + b_part.offset).only_enforce_if(first, here, there)
            model.add(b_start + b.length + come <= a_start + a_part.offset).only_enforce_if(
                ~first, here, there
            )

    def _groups(self) -> None:
        by_group: dict[int, list[Any]] = defaultdict(list)
        for number, interval in self.whole.items():
            for group in self.board.items[number].groups:
                by_group[group].append(interval)
        for intervals in by_group.values():
            if len(intervals) > 1:
                self.model.add_no_overlap(intervals)

    def _limits(self) -> None:
        board, problem = self.board, self.board.problem
        lines = {number: 1 for number in self.starts if board.items[number].session.uses_line}
        voices = {
            number: board.items[number].session.interpreters
            for number in self.starts
            if board.items[number].session.interpreters
        }
        for limit, needs, levels in (
            (problem.max_lines, lines, board.lines),
            (problem.max_interpreters, voices, board.interpreters),
        ):
            if limit is not None and sum(needs.values()) + len(levels.masks) > limit:
                intervals = [self.whole[number] for number in needs]
                demands = list(needs.values())
                for mask in levels.masks:
                    for start, end in runs(mask):
                        intervals.append(self.model.new_fixed_size_interval_var(start, end - start, ""))
                        demands.append(1)
                self.model.add_cumulative(intervals, demands, limit)

    def _orders(self) -> None:
        items = self.board.items
        for number in self.starts:
            for other, gap in items[number].before:
                if other in self.starts:
                    self._after(number, other, gap)
            order = items[number].order
            if order is None:
                continue
            for other in self.starts:
                if items[other].order != order:
                    if order == "first":
                        self._after(other, number, 0)
                    else:
                        self._after(number, other, 0)

    def _after(self, later: int, earlier: int, gap: int) -> None:
        length = self.board.items[earlier].length
        self.model.add(self.starts[later] >= self.starts[earlier] + length + gap).only_enforce_if(
            self.placed[later], self.placed[earlier]
        )

    # What is better ---------------------------------------------------------------------------------------------

    def _soft(self) -> None:
        board, model, weights = self.board, self.model, self.board.weights
        if weights.tracks:
            tracks: dict[int, list[Any]] = defaultdict(list)
            for number, interval in self.whole.items():
                track = board.items[number].track
                if track is not None:
                    tracks[track].append(interval)
            for track, intervals in tracks.items():
                levels = board.tracks[track].masks
                if len(intervals) + len(levels) < 2:
                    continue
                peak = model.new_int_var(max(1, len(levels)), len(intervals) + len(levels), "")
                fixed = [
                    model.new_fixed_size_interval_var(start, end - start, "")
                    for mask in levels
                    for start, end in runs(mask)
                ]
                every = [*intervals, *fixed]
                model.add_cumulative(every, [1] * len(every), peak)
                self.costs.append(weights.tracks * peak)
        at_site: dict[int, list[Any]] = defaultdict(list)
        for number in self.starts:
            item = board.items[number]
            if item.preferred is not None and weights.preferred:
                inside = item.starts & item.preferred
                wanted = model.new_bool_var("")
                model.add_linear_expression_in_domain(
                    self.starts[number], self._domain(inside)
                ).only_enforce_if(wanted)
                self.costs.append(weights.preferred * (self.placed[number] - wanted))
                model.add_implication(wanted, self.placed[number])
            for room, literal in self.uses[number][0].items():
                at_site[board.room_site[room]].append(literal)
        if weights.balance:
            for site, literals in at_site.items():
                room_left = board.fair_share[site] - board.at_site[site]
                if len(literals) > room_left:
                    over = model.new_int_var(0, len(literals) + max(0, -room_left), "")
                    model.add(over >= sum(literals) - room_left)
                    self.costs.append(weights.balance * over)
        if weights.gaps:
            self._gaps()

    def _gaps(self) -> None:
        board, model = self.board, self.model
        parts: dict[int, list[tuple[int, Part]]] = defaultdict(list)
        for number in self.starts:
            for part in board.items[number].parts:
                for person in part.people:
                    if not part.optional:
                        parts[person].append((number, part))
        on_day: dict[tuple[int, int], Any] = {}
        for person, theirs in parts.items():
            if len(theirs) + len(board.events[person]) < 2:
                continue
            for day, (open_at, close_at) in enumerate(board.days):
                fixed = [
                    (start, end)
                    for stays in board.events[person].values()
                    for start, end, _, on in stays
                    if on == day
                ]
                literals = [(n, part, self._on_day(n, day, on_day)) for n, part in theirs]
                literals = [each for each in literals if each[2] is not None]
                if not literals or len(literals) + len(fixed) < 2:
                    continue
                early = min([0, *(part.offset for _, part, _ in literals)])
                low = min([open_at + early, *(start for start, _ in fixed)])
                high = close_at
                first = model.new_int_var(low, min([high, *(start for start, _ in fixed)]), "")
                last = model.new_int_var(max([low, *(end for _, end in fixed)]), high, "")
                busy = sum(end - start for start, end in fixed)
                for number, part, literal in literals:
                    model.add(first <= self.starts[number] + part.offset).only_enforce_if(literal)
                    model.add(last >= self.starts[number] + board.items[number].length).only_enforce_if(
                        literal
                    )
                    busy += part.length * literal
                hours = model.new_int_var(0, 1 + (high - low) * board.unit // 60, "")
                model.add(60 * hours >= board.unit * (last - first - busy) - 59)
                self.costs.append(board.weights.gaps * hours)

    def _on_day(self, number: int, day: int, known: dict[tuple[int, int], Any]) -> Any:
        """Return the literal that the session is on the day, or None when it cannot be."""
        if (number, day) in known:
            return known[number, day]
        board, model = self.board, self.model
        item = board.items[number]
        masks = {other: item.starts & (((1 << (b - a)) - 1) << a) for other, (a, b) in enumerate(board.days)}
        possible = [other for other, mask in masks.items() if mask]
        for other in masks:
            known[number, other] = None
        if len(possible) == 1:
            known[number, possible[0]] = self.placed[number]
        else:
            literals = [model.new_bool_var("") for _ in possible]
            for other, literal in zip(possible, literals, strict=True):
                known[number, other] = literal
                model.add_linear_expression_in_domain(
                    self.starts[number], self._domain(masks[other])
                ).only_enforce_if(literal)
            model.add(sum(literals) == self.placed[number])
        return known[number, day]

    def _price_of_moving(self, item: Item, price: int) -> None:
        assert item.current is not None
        number, model = item.number, self.model
        rooms = [
            ~there if room == NOWHERE and part.optional else uses.get(room)
            for part, uses, there, room in zip(
                item.parts, self.uses[number], self.present[number], item.current.rooms, strict=True
            )
        ]
        if any(literal is None for literal in rooms):
            self.costs.append(price * self.placed[number])
            return
        kept = model.new_bool_var("")
        model.add(self.starts[number] == item.current.start).only_enforce_if(kept)
        for literal in rooms:
            model.add_implication(kept, literal)
        self.costs.append(price * (self.placed[number] - kept))

    def _price_of_mending(self, item: Item, prices: Prices) -> None:
        """Price a change of the start or of the origin's room as one, and each other receiving room as little."""
        assert item.current is not None
        number, model = item.number, self.model
        kept = model.new_bool_var("")
        model.add(self.starts[number] == item.current.start).only_enforce_if(kept)
        for part_number, room in enumerate(item.current.rooms):
            literal = self.uses[number][part_number].get(room)
            if part_number == 0:
                model.add_implication(kept, self.placed[number])
                if literal is None:
                    model.add(kept == 0)
                else:
                    model.add_implication(kept, literal)
            elif literal is None or room == NOWHERE:
                self.costs.append(prices.rearranged * self.present[number][part_number])
            else:
                self.costs.append(prices.rearranged * (self.present[number][part_number] - literal))
        self.costs.append(prices.moved[number] * (self.placed[number] - kept))

    # Solving ----------------------------------------------------------------------------------------------------

    def hint(self, spots: Mapping[int, Spot | None]) -> None:
        """Tell CP-SAT where things lay."""
        for number, start in self.starts.items():
            if (spot := spots.get(number)) is None:
                continue
            self.model.add_hint(start, spot.start)
            for uses, room in zip(self.uses[number], spot.rooms, strict=True):
                if len(uses) > 1 or room == NOWHERE:
                    for other, literal in uses.items():
                        self.model.add_hint(literal, other == room)

    def run(
        self,
        seconds: float,
        *,
        workers: int,
        seed: int,
        stop: Callable[[], bool],
        steps: float | None = None,
    ) -> Outcome:
        """Solve for so long at the most, asking `stop` in this very thread.

        `steps` bounds the work in CP-SAT's own deterministic time, so that a run can be repeated.
        """
        if self.must and self.impossible:
            return Outcome(proved=True, feasible=False, spots={})
        if seconds <= 0:
            return Outcome(proved=False, feasible=False, spots={})
        solver = self.cp.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = workers
        solver.parameters.random_seed = seed % 2**31
        if steps is not None:
            solver.parameters.max_deterministic_time = steps
        status: list[int] = []
        thread = threading.Thread(target=lambda: status.append(solver.solve(self.model)), daemon=True)
        thread.start()
        thread.join(POLL / 4)
        while thread.is_alive():
            if stop():
                solver.stop_search()
            thread.join(POLL)
        if not status:
            raise RuntimeError("CP-SAT ended without an answer")
        found = status[0]
        if found in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            spots = {
                number: Spot(
                    solver.value(start),
                    tuple(
                        next((room for room, literal in uses.items() if solver.value(literal)), NOWHERE)
                        for uses in self.uses[number]
                    ),
                )
                for number, start in self.starts.items()
                if solver.value(self.placed[number])
            }
            return Outcome(
                found == self.cp.OPTIMAL,
                True,
                spots,
                round(solver.objective_value) if self.costs else 0,
            )
        if found == self.cp.MODEL_INVALID:
            raise RuntimeError(self.model.validate())
        return Outcome(found == self.cp.INFEASIBLE, False, {})
