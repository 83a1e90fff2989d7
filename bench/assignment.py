"""Who reads what: a thousand dossiers and thirty members by minimum-cost flow, against taking the freest each time."""

import random
import statistics
import time
from typing import Any

from dxday.council.assigning import Problem, Task, assign, loads_of

DOSSIERS, MEMBERS, READERS, EXPERTS = 1_000, 30, 3, 12
ROUNDS = 3


def run() -> dict[str, dict[str, Any]]:
    """Measure both in turn and return `{name: {value, unit, baseline, ratio}}`; takes ten seconds."""
    problem = make_problem()
    flow, greedy = [], []
    for seed in range(ROUNDS):
        begun = time.perf_counter()
        readers = assign(problem, seed=seed)
        flow.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        simple = take_the_freest(problem, seed=seed)
        greedy.append(time.perf_counter() - begun)
    own, theirs = (_judge(problem, found) for found in (readers, simple))
    seconds, baseline = statistics.median(flow), statistics.median(greedy)
    return {
        f"assignment, {DOSSIERS:,} × {MEMBERS} × {READERS}": {
            "value": round(seconds * 1000),
            "unit": "ms",
            "baseline": f"greedy, {baseline * 1000:.0f} ms",
            "ratio": round(seconds / baseline, 1),
        },
        "assignment, largest less smallest load": {
            "value": own[0],
            "unit": "dossiers",
            "baseline": f"greedy, {theirs[0]}",
            "ratio": round(own[0] / theirs[0], 2) if theirs[0] else 0.0,
        },
        "assignment, dossiers without an expert": {
            "value": own[1],
            "unit": "dossiers",
            "baseline": f"greedy, {theirs[1]}",
            "ratio": round(own[1] / theirs[1], 2) if theirs[1] else 0.0,
        },
    }


def make_problem() -> Problem:
    """A council in which some have a conflict with two dossiers in three, and the others with one in ten."""
    chance = random.Random(1010)
    often = set(range(0, MEMBERS, 5))
    tasks = tuple(
        Task(
            number,
            READERS,
            frozenset(m for m in range(MEMBERS) if chance.random() < (0.66 if m in often else 0.1)),
        )
        for number in range(DOSSIERS)
    )
    return Problem(tasks, tuple(range(MEMBERS)), experts=frozenset(range(EXPERTS)))


def take_the_freest(problem: Problem, *, seed: int) -> dict[int, frozenset[int]]:
    """The baseline, as a spreadsheet does it: dossier by dossier, whoever of those who may has least."""
    chance = random.Random(seed)
    loads = dict.fromkeys(problem.members, 0)
    readers: dict[int, frozenset[int]] = {}
    for task in problem.tasks:
        may = [member for member in problem.members if member not in task.barred]
        chance.shuffle(may)
        may.sort(key=loads.__getitem__)
        readers[task.key] = frozenset(may[: task.readers])
        for member in readers[task.key]:
            loads[member] += 1
    return readers


def _judge(problem: Problem, readers: dict[int, frozenset[int]]) -> tuple[int, int]:
    loads = loads_of(readers, problem.members).values()
    return max(loads) - min(loads), sum(1 for those in readers.values() if not those & problem.experts)
