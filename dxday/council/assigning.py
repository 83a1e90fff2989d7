"""Who reads which dossier: a minimum-cost flow that spreads the load, keeps conflicts out and an expert in.

Each dossier sends out as many units as it has readers; a unit that ends at a member is a reading.  One unit can end
only at members who know the subject.  The n-th dossier of a member costs n, so the cost of a load is convex and an
even load the cheapest; a conflict of interest is an arc that does not exist.  Solved by successive shortest paths with
potentials, one unit at a time (Ahuja, Magnanti, Orlin: Network Flows, 1993, sections 9.7, 9.8 and 14.5).  That a convex
cost does the balancing, that the order is shuffled and that people who avoid each other are parted afterwards are
ideas of HotCRP's.
"""

import heapq
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass

ROUNDS = 8
"""How often readers who avoid each other are parted by a new flow, before one of the two simply goes."""


@dataclass(frozen=True)
class Task:
    """A dossier: how many readers it wants, and who must keep away from it."""

    key: int
    readers: int
    barred: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Problem:
    """What is to be assigned to whom; all keys are the caller's."""

    tasks: tuple[Task, ...]
    members: tuple[int, ...]
    experts: frozenset[int] = frozenset()
    avoid: frozenset[frozenset[int]] = frozenset()
    """Pairs of members who do not read the same dossier."""
    existing: Mapping[int, frozenset[int]] | None = None
    """Who reads what already."""
    keep: bool = True
    """Whether what is there counts more than an even load; otherwise it only decides between equals."""


def assign(problem: Problem, *, seed: int) -> dict[int, frozenset[int]]:
    """Return the readers of each task; the same problem and seed give the same answer.

    A task gets fewer than it wants only when too many are barred or avoid each other, and no expert only when every
    expert is barred.  Without pairs to avoid the answer has the least cost; with some it is near it.
    """
    banned: dict[int, set[int]] = {}
    chance = random.Random(seed)  # noqa: S311  (a shuffle that can be repeated, no secret)
    for _ in range(ROUNDS):
        readers = _Flow(problem, banned, random.Random(seed)).solve()  # noqa: S311
        together = [(key, pair) for key, pair in find_together(readers, problem.avoid) if pair]
        if not together:
            return readers
        for key, pair in together:
            banned.setdefault(key, set()).add(_one_of(pair, problem, key, chance))
    for key, pair in together:
        readers[key] -= {_one_of(pair, problem, key, chance)}
    while left := find_together(readers, problem.avoid):
        for key, pair in left:
            readers[key] -= {max(pair)}
    return readers


def find_together(
    readers: Mapping[int, frozenset[int]], avoid: Collection[frozenset[int]]
) -> list[tuple[int, frozenset[int]]]:
    """Return each task read by two who avoid each other, with one such pair."""
    found = []
    for key, those in readers.items():
        pair = next((pair for pair in sorted(avoid, key=sorted) if pair <= those), None)
        if pair:
            found.append((key, pair))
    return found


def loads_of(readers: Mapping[int, frozenset[int]], members: Collection[int]) -> dict[int, int]:
    """Return how many tasks each member has."""
    loads = dict.fromkeys(members, 0)
    for those in readers.values():
        for member in those:
            loads[member] = loads.get(member, 0) + 1
    return loads


def _one_of(pair: frozenset[int], problem: Problem, key: int, chance: random.Random) -> int:
    """Choose who of the two goes: not whom the task has already, and not an expert, if the other is neither."""
    had = (problem.existing or {}).get(key, frozenset())
    return min(sorted(pair), key=lambda member: (member in had, member in problem.experts, chance.random()))


class _Flow:
    """The residual network.  Nodes: the members, then for each task one for any reader and one for experts."""

    def __init__(
        self, problem: Problem, banned: Mapping[int, Collection[int]], chance: random.Random
    ) -> None:
        """Number members and tasks in an order that no one can count on."""
        self.members = list(problem.members)
        self.tasks = list(problem.tasks)
        chance.shuffle(self.members)
        chance.shuffle(self.tasks)
        self.expert = [member in problem.experts for member in self.members]
        self.loads = [0] * len(self.members)
        self.has: list[set[int]] = [set() for _ in self.members]  # the tasks of each member
        numbers = {member: number for number, member in enumerate(self.members)}
        self.allowed: list[tuple[list[int], list[int]]] = []  # others and experts of each task
        self.known: list[frozenset[int]] = []
        for task in self.tasks:
            away = task.barred | set(banned.get(task.key, ()))
            may = [number for number, member in enumerate(self.members) if member not in away]
            chance.shuffle(may)
            self.allowed.append(([n for n in may if not self.expert[n]], [n for n in may if self.expert[n]]))
            had = (problem.existing or {}).get(task.key, frozenset())
            self.known.append(frozenset(numbers[member] for member in had if member in numbers))
        units = sum(task.readers for task in self.tasks)
        self.step = units + 1  # one more dossier outweighs every tie
        self.fresh = self.step * units * (units + 1) if problem.keep else 1
        self.endless = 4 * (self.fresh + self.step) * (units + 1) ** 2  # more than any way costs
        self.through = [0] * len(self.tasks)  # units that go from the node of all to the node of experts
        self.level = [0] * (len(self.members) + 2 * len(self.tasks))  # potentials

    def solve(self) -> dict[int, frozenset[int]]:
        """Send every unit on its cheapest way and return who reads what."""
        first = len(self.members)
        for number, task in enumerate(self.tasks):
            others, experts = self.allowed[number]
            wanted = min(task.readers, len(others) + len(experts))
            for unit in range(wanted):
                self._send(first + 2 * number + (1 if experts and unit == 0 else 0))
        readers: dict[int, set[int]] = {task.key: set() for task in self.tasks}
        for member, tasks in zip(self.members, self.has, strict=True):
            for number in tasks:
                readers[self.tasks[number].key].add(member)
        return {task.key: frozenset(readers[task.key]) for task in sorted(self.tasks, key=lambda t: t.key)}

    def _send(self, source: int) -> None:
        """Find the cheapest way from the node to a member's next place (Dijkstra on reduced costs), and go it."""
        level, loads, step, size = self.level, self.loads, self.step, len(self.members)
        distance, came, done = {source: 0}, {source: -1}, []
        queue = [(0, source)]
        best, last = self.endless, -1
        while queue and queue[0][0] < best:
            so_far, node = heapq.heappop(queue)
            if so_far > distance[node]:
                continue
            done.append(node)
            here = so_far + level[node]
            for onward, cost in self._arcs(node):
                there = here + cost - level[onward]
                # What is no nearer than the best way's end cannot be on a better one.
                if there < best and there < distance.get(onward, best):
                    distance[onward], came[onward] = there, node
                    if onward < size and there + loads[onward] * step + level[onward] < best:
                        best, last = there + loads[onward] * step + level[onward], onward
                    heapq.heappush(queue, (there, onward))
        for node in done:
            level[node] += distance[node] - best
        loads[last] += 1
        while (before := came[last]) >= 0:
            self._go(before, last)
            last = before

    def _arcs(self, node: int) -> list[tuple[int, int]]:
        """Return where a unit may go from the node, and what it costs; taking a reading back costs its negative."""
        size = len(self.members)
        if node < size:
            side = 1 if self.expert[node] else 0
            return [
                (size + 2 * number + side, 0 if node in self.known[number] else -self.fresh)
                for number in self.has[node]
            ]
        number, experts = divmod(node - size, 2)
        known, fresh = self.known[number], self.fresh
        arcs = [
            (member, 0 if member in known else fresh)
            for member in self.allowed[number][experts]
            if number not in self.has[member]
        ]
        if not experts and self.allowed[number][1]:
            arcs.append((node + 1, 0))
        if experts and self.through[number]:
            arcs.append((node - 1, 0))
        return arcs

    def _go(self, before: int, after: int) -> None:
        """Move one unit along an arc."""
        size = len(self.members)
        if before < size:
            self.has[before].remove((after - size) // 2)
        elif after < size:
            self.has[after].add((before - size) // 2)
        else:
            self.through[(before - size) // 2] += 1 if after > before else -1
