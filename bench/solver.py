"""The timetable solver on made-up Days: time to a whole timetable, gain of a minute, repair, memory.

Each is measured in a process of its own.  Baselines are the promised limits, since no other tool does the same.
"""

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {300: 1.0, 1000: 5.0, 3000: 15.0}
"""Sessions → seconds within which everything has a place."""
MINUTE = 60.0
REPAIR = 5.0
MOST_MEMORY = 1024
LEAST_GAIN = 15.0


def run() -> dict[str, dict[str, Any]]:
    """Measure and return `{name: {value, unit, baseline, ratio}}`; takes about five minutes."""
    rows: dict[str, dict[str, Any]] = {}
    for sessions, limit in LIMITS.items():
        found = _measure("plan", sessions)
        rows |= {
            f"solver, {sessions} sessions: all placed after": _row(
                found["first"],
                "s",
                f"promised {limit:.0f} s; {found['first_cpu']:.2f} s of one processor",
                limit,
            ),
            f"solver, {sessions} sessions: cost below start": _row(
                found["gain"],
                "%",
                f"promised {LEAST_GAIN:.0f} % in a minute; {found['from']} → {found['to']}",
                LEAST_GAIN,
            ),
            f"solver, {sessions} sessions: memory": _row(
                found["memory"], "MB", f"promised {MOST_MEMORY} MB", MOST_MEMORY
            ),
        }
        mended = _measure("repair", sessions)
        rows[f"solver, {sessions} sessions: a lost site mended"] = _row(
            mended["seconds"], "s",
            f"promised {REPAIR:.0f} s; {mended['moved']} moved, {mended['elsewhere']} at other sites, "
            f"{mended['unplaced']} without place", REPAIR,
        )  # fmt: skip
    return rows


def _row(value: float, unit: str, baseline: str, limit: float) -> dict[str, Any]:
    return {"value": round(value, 2), "unit": unit, "baseline": baseline, "ratio": round(value / limit, 2)}


def _measure(what: str, sessions: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.solver", what, str(sessions)],
        cwd=ROOT, env=os.environ, check=True, capture_output=True, text=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _plan(sessions: int) -> dict[str, Any]:
    from dxday.solver import search
    from tests.solver.instances import make_day

    problem = make_day(sessions, seed=1).problem
    whole: list[tuple[float, float]] = []

    def progress(seconds: float, hard: int, soft: int) -> None:
        if hard == 0 and not whole:
            whole.append((seconds, time.process_time() - begun))

    begun = time.process_time()
    found = search.solve(problem, seconds=MINUTE, progress=progress)
    assert found.hard == 0, "the judge found a broken rule"
    first = next((step for step in found.history if step.hard == 0), None)
    assert first is not None, f"{len(found.unplaced)} without place"
    return {
        "first": first.seconds,
        "first_cpu": whole[0][1],
        "from": first.soft,
        "to": found.soft,
        "gain": 100 - 100 * found.soft / first.soft,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _repair(sessions: int) -> dict[str, Any]:
    """Lose a site for the first day, in a timetable that was searched for a few seconds."""
    from dxday.solver import search
    from dxday.solver.problem import Window
    from tests.solver.instances import make_day

    problem = make_day(sessions, seed=1).problem
    before = {each.session: each for each in search.solve(problem, seconds=10).placements}
    lost = replace(
        problem,
        sessions=tuple(replace(each, current=before.get(each.id)) for each in problem.sessions),
        sites=tuple(
            replace(site, windows=(Window(1440, problem.days[-1].end),)) if site.id == "s7" else site
            for site in problem.sites
        ),
    )
    begun = time.monotonic()
    found = search.solve(lost, seconds=REPAIR, repair=True)
    assert found.hard == 0, "the judge found a broken rule"
    site = {room.id: room.site for room in problem.rooms}
    return {
        "seconds": time.monotonic() - begun,
        "moved": len(found.moved),
        "elsewhere": sum(site[before[name].room] != "s7" for name in found.moved),
        "unplaced": len(found.unplaced),
    }


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps({"plan": _plan, "repair": _repair}[sys.argv[1]](int(sys.argv[2]))))
    else:
        for name, result in run().items():
            print(name, result)
