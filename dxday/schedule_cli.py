"""`dxday schedule …`: the programme as files, and the timetable solver."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from dxday.core.errors import Refusal
from dxday.solver import files
from dxday.solver.result import Solution


@click.group("schedule")
def group() -> None:
    """The programme: solve a timetable."""


@group.command("solve")
@click.option(
    "--problem",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="What to place, as JSON.",
)
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the timetable goes."
)
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(0.1, 86_400))
@click.option("--repair", is_flag=True, help="Keep the current placements; move as little as possible.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option("--json", "as_json", is_flag=True, help="Answer JSON.")
def solve_command(problem: Path, out: Path, seconds: float, repair: bool, seed: int, as_json: bool) -> None:
    """Place what a problem file holds, without a database; the format is described in docs/solver.md.

    Ctrl-C ends the search with the best timetable found so far.
    """
    try:
        text = problem.read_bytes() if problem.stat().st_size <= files.LARGEST else b" " * (files.LARGEST + 1)
    except OSError as fault:
        _fail(f"{problem}: {fault.strerror}")
    if not out.absolute().parent.is_dir():
        _fail(f"{out}: there is no folder {out.absolute().parent}")
    try:
        found = _solve(text, seconds=seconds, repair=repair, seed=seed)
    except Refusal as refusal:
        _fail(f"{problem}: {refusal}")
    fresh = out.with_name(f"{out.name}.{os.getpid()}.new")
    try:
        fresh.write_text(json.dumps(found.document(), ensure_ascii=False, indent=1) + "\n", "utf-8")
        fresh.replace(out)
    except OSError as fault:
        _fail(f"{out}: {fault.strerror}")
    if as_json:
        facts = {
            name: value
            for name, value in found.document().items()
            if name not in ("placements", "history", "rearranged")
        }
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        click.echo(_summary(found))


def _solve(text: bytes, *, seconds: float, repair: bool, seed: int) -> Solution:
    """Solve with the search itself loaded only now, since OR-Tools takes its time."""
    from dxday.solver import model, search

    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True

    known = files.read_problem(text)
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return search.solve(
            known, seconds=seconds, repair=repair, seed=seed, progress=_progress(), stop=lambda: interrupted
        )
    finally:
        model.wait_for_loading()
        for number, handler in before.items():
            signal.signal(number, handler)


def _progress() -> Callable[[float, int, int], None] | None:
    """Return who tells a person at a terminal how far it is, once a second."""
    if not sys.stderr.isatty():
        return None
    told = 0.0

    def tell(seconds: float, missing: int, cost: int) -> None:
        nonlocal told
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            click.echo(f"\r{seconds:6.1f} s  not placed: {missing}  cost: {cost}   ", err=True, nl=False)

    return tell


def _summary(found: Solution) -> str:
    lines = [
        f"{found.status}: {found.placed} placed, {len(found.unplaced)} not, {len(found.moved)} moved, "
        f"{found.hard} rules broken, cost {found.soft}, {found.seconds:.1f} s"
    ]
    for each in found.unplaced:
        proof = "these cannot all hold" if each.proved else "as long as the others stay where they are"
        lines.append(f"  {each.session} has no place; {proof}:")
        lines += [f"    – {reason.message} [{reason.code}]" for reason in each.reasons]
    return "\n".join(lines)


def _fail(message: Any) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(1)
