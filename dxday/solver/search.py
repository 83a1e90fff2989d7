"""The search: a greedy start, then simulated annealing and CP-SAT on neighbourhoods in turn; and repair."""

import os
import random
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from dxday.solver import explain, greedy, moves
from dxday.solver.board import Board
from dxday.solver.check import count_cost, find_violations
from dxday.solver.items import NOWHERE, Item, Spot
from dxday.solver.masks import span
from dxday.solver.model import Model, Outcome, Prices, SolverMissing, is_installed, start_loading
from dxday.solver.problem import Problem, Progress, Stop, check_problem
from dxday.solver.result import Solution, Status, Step, Unplaced

ASK = 0.2
"""Seconds between two questions whether to stop, and between two words about how far it is."""

SMALL = 40
"""So many sessions are given to CP-SAT as a whole."""

SEARCH = 0.85
"""The share of the time for searching where explanations may be due."""

EXPLAINED = 0.7
"""The same where sessions are left without a place when the search has tried hard."""

LARGE = 400
"""More sessions than this are not given to CP-SAT at once."""

MOST_PARTS = 4
"""Sessions over more rooms than this stay where they are while others are made better."""


def solve(
    problem: Problem,
    *,
    seconds: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
    repair: bool = False,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Solution:
    """Place what is unplaced and make the timetable good; or mend a given one with the fewest moves.

    Ends within about a second of the time limit or of `stop`, which like `progress` is called from this thread
    only; earlier when nothing better exists.  The same seed gives the same first timetable; what follows depends
    on how fast the machine is.  With `repair`, as little as possible changes: see `docs/solver.md`.
    Raises ProblemRefused, SolverMissing.
    """
    check_problem(problem)
    if not is_installed():
        raise SolverMissing
    run = _Run(problem, seconds, seed, workers or os.cpu_count() or 1, progress, stop)
    proved = run.mend() if repair else run.plan()
    unplaced = run.explain()
    return run.finish(proved=proved, unplaced=unplaced)


class _Run:
    """One search with its clock."""

    def __init__(
        self,
        problem: Problem,
        seconds: float,
        seed: int,
        workers: int,
        progress: Progress | None,
        stop: Stop | None,
    ) -> None:
        self.begun = time.monotonic()
        self.seconds = max(0.0, seconds)
        self.problem = problem
        self.workers = workers
        self.rng = random.Random(seed)  # noqa: S311  a search, not a secret
        self.seed = seed
        self.progress, self.stop = progress, stop
        self.stopped = False
        self.asked = self.told = 0.0
        self.history: list[Step] = []
        self.loading = threading.Thread()
        self.cores: explain.Cores = {}
        self.board = Board(problem)

    # The clock --------------------------------------------------------------------------------------------------

    @property
    def passed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.begun

    def is_stopped(self) -> bool:
        """Ask, now and then, whether to stop."""
        now = time.monotonic()
        if not self.stopped and self.stop is not None and now - self.asked >= ASK:
            self.asked = now
            self.stopped = self.stop()
        if self.progress is not None and self.history and now - self.told >= ASK:
            self.told = now
            self.progress(self.passed, self.history[-1].hard, self.history[-1].soft)
        return self.stopped

    def ended(self, until: float = 1.0) -> bool:
        """Tell whether this share of the time has passed, or somebody stopped the search."""
        return self.is_stopped() or self.passed >= self.seconds * until

    def note(self) -> None:
        """Write down how good the timetable on the board is, when it is the best."""
        step = Step(round(self.passed, 3), len(self.board.unplaced), self.board.cost)
        if not self.history or (step.hard, step.soft) < (self.history[-1].hard, self.history[-1].soft):
            self.history.append(step)

    def _is_loaded(self, wait_until: float = 0.0) -> bool:
        """Tell whether OR-Tools is there, after waiting for it up to this share of the time."""
        while self.loading.is_alive():
            if self.ended(wait_until):
                return False
            self.loading.join(0.05)
        return True

    # Planning ---------------------------------------------------------------------------------------------------

    def plan(self) -> bool:
        """Make the best timetable there is time for; return whether nothing better exists."""
        board = self.board
        reserve = SEARCH
        greedy.place_current(board)
        greedy.place_all(board, self.rng, self.ended)
        greedy.complete(board, self.rng, lambda: self.ended(0.5 * reserve))
        self.note()
        if board.cost == 0 and not board.unplaced:
            return True
        self.loading = start_loading()
        if len(board.items) <= SMALL and not self._is_loaded(wait_until=0.5):
            self._anneal(self.seconds, reserve)
        if len(board.items) <= SMALL and self._solve_whole(0.6 * reserve):
            return True
        if board.unplaced:
            self._settle(until=0.5 * reserve)
        until = EXPLAINED if board.unplaced else 1.0
        slice_until = 0.0
        size = 40.0
        while not self.ended(until):
            if board.cost == 0 and not board.unplaced:
                return True
            span = min(6.0, max(0.5, self.seconds / 10))
            slice_until = self.passed + span * 2 / 3
            self._anneal(slice_until, until)
            if self.ended(until) or not self._is_loaded():
                continue
            size = self._neighbourhood(size, min(span / 3, 2.0), until)
            if board.unplaced - self.cores.keys() and self.rng.random() < 0.2:
                self._settle(until=min(until, self.passed / max(self.seconds, 0.001) + 0.05))
        return False

    def _anneal(self, slice_until: float, until: float) -> None:
        board = self.board
        movable = [
            item.number
            for item in board.items
            if board.where[item.number] is not None and len(item.parts) <= MOST_PARTS
        ]
        end = self.seconds * until

        def warmth() -> float:
            return 1.2 * max(0.0, 1 - self.passed / end) ** 1.5 if end else 0.0

        count = 0

        def ended() -> bool:
            nonlocal count
            count += 1
            return count % 16 == 0 and (self.ended(until) or self.passed >= slice_until)

        moves.anneal(board, self.rng, ended, warmth, movable=movable, on_better=self.note)
        self.note()

    def _solve_whole(self, until: float) -> bool:
        """Give the whole of a small problem to CP-SAT; return whether what it found is the best there is."""
        board = self.board
        before, cost, missing = board.snapshot(), board.cost, len(board.unplaced)
        outcome = self._solve_freed(range(len(board.items)), self.seconds * until - self.passed, before)
        if (len(board.unplaced), board.cost) > (missing, cost):
            board.restore(before)
            return False
        self.note()
        return outcome.proved

    def _solve_freed(
        self,
        freed: Sequence[int],
        seconds: float,
        before: Sequence[Spot | None],
        *,
        most_rooms: int | None = None,
        soft: bool = True,
        prices: Mapping[int, int] | None = None,
        mending: Prices | None = None,
    ) -> Outcome:
        """Take the freed sessions off, solve, and put them where CP-SAT says, or back when it says nothing."""
        board = self.board
        for number in freed:
            if board.where[number] is not None:
                board.remove(number)
        if prices is None and mending is None and board.weights.moves:
            prices = {
                number: board.weights.moves for number in freed if board.items[number].current is not None
            }
        model = Model(board, freed, soft=soft, prices=prices, most_rooms=most_rooms, mending=mending)
        model.hint({number: before[number] for number in freed})
        outcome = model.run(
            min(seconds, self.seconds - self.passed),
            workers=self.workers, seed=self.rng.randrange(2**31), stop=self.is_stopped,
        )  # fmt: skip
        if not outcome.feasible:
            for number in freed:
                if (spot := before[number]) is not None:
                    board.place(number, spot)
            return outcome
        for number, spot in outcome.spots.items():
            board.place(number, spot)
        return outcome if model.complete else Outcome(False, True, outcome.spots, outcome.objective)

    def _neighbourhood(self, size: float, seconds: float, until: float) -> float:
        """Let CP-SAT place some related sessions anew; return how many to take next time."""
        board = self.board
        freed = self._choose_related(int(size))
        if not freed:
            return size
        before, cost, missing = board.snapshot(), board.cost, len(board.unplaced)
        outcome = self._solve_freed(
            freed, min(seconds, self.seconds * until - self.passed), before, most_rooms=8
        )
        if (len(board.unplaced), board.cost) > (missing, cost):
            board.restore(before)
        self.note()
        return min(150.0, size * 1.15) if outcome.proved else max(15.0, size * 0.9)

    def _choose_related(self, size: int) -> list[int]:
        """Return sessions of a few tracks, a few sites, or around a person, as chance has it."""
        board, rng = self.board, self.rng
        movable = [
            item.number for item in board.items if len(item.parts) <= MOST_PARTS and board.where[item.number]
        ]
        if len(movable) <= size:
            return movable
        keys: dict[object, list[int]] = defaultdict(list)
        kind = rng.choice(("track", "site", "person", "time"))
        for number in movable:
            spot = board.where[number]
            assert spot is not None
            item = board.items[number]
            if kind == "track" and item.track is not None:
                keys[item.track].append(number)
            elif kind == "site":
                keys[board.room_site[spot.rooms[0]]].append(number)
            elif kind == "person":
                for person in item.parts[0].people:
                    keys[person].append(number)
            elif kind == "time":
                keys[spot.start * board.unit // 120].append(number)
        order = sorted(keys, key=str)
        rng.shuffle(order)
        freed: dict[int, None] = {}
        for key in order:
            freed.update(dict.fromkeys(keys[key]))
            if len(freed) >= size:
                break
        chosen = list(freed)
        return sorted(chosen if len(chosen) <= size else rng.sample(chosen, size))

    def _settle(self, until: float) -> None:
        """Where putting down and taking off did not succeed: CP-SAT finds a place, or proves that there is none."""
        if self._is_loaded(until):
            explain.settle(self.board, lambda: self.ended(until), self.cores, workers=self.workers)
            self.note()

    # Repair -----------------------------------------------------------------------------------------------------

    def mend(self) -> bool:
        """Change as little as possible so that no rule is broken; return whether less cannot do.

        In this order: sessions without a place, sessions moved of sites that nothing happened to, receiving
        sites that go without, and everything else that changes.
        """
        board = self.board
        board.keeps = True
        self.loading = start_loading()
        alone = {
            item.number
            for item in board.items
            if item.current is not None and not board.fits(item.number, item.current)
        }
        greedy.place_current(board)
        self.note()
        touched, hurt = self._find_damage(alone)
        if not touched:
            return True
        own: set[int] = set()
        reach = set(touched)
        for item in board.items:
            if item.current is None or board.room_site[item.current.rooms[0]] in hurt:
                own.add(item.number)
            elif any(board.room_site[room] in hurt for room in item.current.rooms if room != NOWHERE):
                reach.add(item.number)
        far = len(board.items) + 1
        self.prices = Prices(
            {item.number: 1 if item.number in own else far * far for item in board.items if item.current},
            rearranged=1, left_out=far, unplaced=far**3,
        )  # fmt: skip
        for number in sorted(touched & board.unplaced, key=lambda number: -len(board.items[number].parts)):
            if self.ended(0.5):
                break
            if (spot := board.nearest_spot(number) or board.best_spot(number, self.rng)) is not None:
                board.place(number, spot)
        self.note()
        least = sum(self._least_price(board.items[number]) for number in alone)
        if self._price() == least:
            self._polish_moved()
            return True
        if not self._is_loaded(0.8):
            self._evict_near(own)
            self._evict_near(range(len(board.items)))
            return False
        rings: list[Collection[int]] = [touched, reach | own, range(len(board.items))]
        proved = False
        for ring, until in zip(rings, (0.25, 0.6, SEARCH), strict=True):
            if self.ended(until):
                continue
            if len(ring) > LARGE:  # too much to write down as one model in the time there is
                before, price = board.snapshot(), self._price()
                self._settle(until)
                if self._price() > price:
                    board.restore(before)
                continue
            before, price = board.snapshot(), self._price()
            outcome = self._solve_freed(
                sorted(ring), self.seconds * until - self.passed, before, soft=False, mending=self.prices
            )
            if self._price() > price:
                board.restore(before)
            self.note()
            now = self._price()
            whole = len(ring) == len(board.items)
            kept_apart = ring is rings[1] and now < far * far
            if now == least or (outcome.proved and (whole or kept_apart)):
                proved = True
                break
            if board.unplaced:
                self._evict_near(own if ring is rings[0] else range(len(board.items)))
        self._polish_moved()
        return proved

    def _least_price(self, item: Item) -> int:
        """Return what a session that cannot stay as it is costs at least, were it alone."""
        prices, was = self.prices, item.current
        assert was is not None
        go = prices.moved[item.number]
        go += prices.left_out * sum(part.optional and not part.options for part in item.parts)
        if not item.starts >> was.start & 1:
            return go
        stay = 0
        for number, (part, room) in enumerate(zip(item.parts, was.rooms, strict=True)):
            open_then = {option.room for option in part.options if option.starts >> was.start & 1}
            if room in open_then:
                continue
            if number == 0 or not (open_then or part.optional):
                return go
            stay += prices.rearranged if open_then and room != NOWHERE else prices.left_out
        return min(go, stay)

    def _find_damage(self, alone: Collection[int]) -> tuple[set[int], set[int]]:
        """Return the sessions that cannot all stay as they are, and the sites where the reason lies."""
        board = self.board
        touched = set(board.unplaced)
        hurt: set[int] = set()
        for number in sorted(board.unplaced):
            item = board.items[number]
            if item.current is None:
                continue
            sites = self._sites_at_fault(item, item.current)
            if number not in alone:
                for other in board.conflicts(number, item.current):
                    touched.add(other)
                    their = board.where[other]
                    assert their is not None
                    sites |= {
                        board.room_site[room]
                        for room in set(their.rooms) & set(item.current.rooms) - {NOWHERE}
                    }
            hurt |= sites or {board.room_site[item.current.rooms[0]]}
        return touched, hurt

    def _sites_at_fault(self, item: Item, spot: Spot) -> set[int]:
        """Return the sites whose room, or people, cannot have the session as it is."""
        board = self.board
        found = set()
        for part, room in zip(item.parts, spot.rooms, strict=True):
            if room == NOWHERE:
                continue
            option = next((each for each in part.options if each.room == room), None)
            begin, end = spot.start + part.offset, spot.start + item.length
            away = any(span(begin, end) & ~board.person_free[person] for person in part.people)
            if option is None or not option.starts >> spot.start & 1 or away:
                found.add(board.room_site[room])
        return found

    def _price(self) -> int:
        """Return what the timetable on the board changes, at the prices of a repair."""
        board, prices = self.board, self.prices
        total = 0
        for item, spot in zip(board.items, board.where, strict=True):
            if spot is None:
                total += prices.unplaced
                continue
            total += prices.left_out * spot.rooms.count(NOWHERE)
            was = item.current
            if was is not None and spot != was:
                total += prices.moved[item.number] * (
                    spot.start != was.start or spot.rooms[0] != was.rooms[0]
                )
                pairs = zip(spot.rooms[1:], was.rooms[1:], strict=True)
                total += prices.rearranged * sum(now not in (NOWHERE, then) for now, then in pairs)
        return total

    def _evict_near(self, own: Collection[int]) -> None:
        """Make room by taking off sessions of the sites that something happened to, when that is better."""
        board = self.board
        before, price = board.snapshot(), self._price()
        frozen = set(range(len(board.items))) - set(own)
        until = self.passed + 0.15 * self.seconds
        greedy.complete(
            board, self.rng, lambda: self.ended() or self.passed > until, frozen=frozen, rounds=400
        )
        if self._price() > price:
            board.restore(before)
        self.note()

    def _polish_moved(self) -> None:
        """Make better what moved, and nothing else."""
        board = self.board
        moved = [
            item.number
            for item, spot in zip(board.items, board.where, strict=True)
            if spot is not None and spot != item.current and len(item.parts) <= MOST_PARTS
        ]
        if not moved or not self._is_loaded(SEARCH) or self.ended(SEARCH):
            return
        before, cost, price = board.snapshot(), board.cost, self._price()
        self._solve_freed(moved, min(1.0, 0.1 * self.seconds), before, prices={})
        if self._price() > price or board.cost > cost:
            board.restore(before)

    # The end ----------------------------------------------------------------------------------------------------

    def explain(self) -> tuple[Unplaced, ...]:
        """Say for each session that is nowhere why that is so."""
        if self.board.unplaced and not self._is_loaded(1.0):
            return explain.explain(self.board, lambda: True, self.cores)
        return explain.explain(self.board, self.ended, self.cores, workers=self.workers)

    def finish(self, *, proved: bool, unplaced: tuple[Unplaced, ...]) -> Solution:
        """Judge what was found and put it together."""
        board = self.board
        self.note()
        placements = board.placements()
        moved: list[str] = []
        rearranged: list[str] = []
        for item, spot in zip(board.items, board.where, strict=True):
            if item.current is None or spot is None or spot == item.current:
                continue
            stays = (spot.start, spot.rooms[0]) == (item.current.start, item.current.rooms[0])
            (rearranged if stays else moved).append(item.session.id)
        status: Status = "stopped" if self.stopped else "optimal" if proved else "complete"
        if unplaced and not self.stopped:
            status = "partial"
        if self.progress is not None:
            self.progress(self.passed, len(board.unplaced), board.cost)
        return Solution(
            status=status,
            hard=len(find_violations(self.problem, placements)),
            soft=count_cost(self.problem, placements).total(self.problem),
            placed=len(placements),
            unplaced=unplaced,
            moved=tuple(moved),
            rearranged=tuple(rearranged),
            seconds=round(self.passed, 3),
            placements=tuple(placements),
            history=tuple(self.history),
        )
