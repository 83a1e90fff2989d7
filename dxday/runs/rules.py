"""Runs of jobs: how they end, which are kept as one, when a process counts as gone."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext


class Outcome(StrEnum):
    """What came of a run."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    """Begun by a process that died."""


OUTCOME_NAMES: dict[Outcome, Words] = {
    Outcome.RUNNING: lazy_gettext("Running"),
    Outcome.DONE: lazy_gettext("Done"),
    Outcome.FAILED: lazy_gettext("Ended in error"),
    Outcome.LOST: lazy_gettext("Lost"),
}

BEAT_EVERY = timedelta(seconds=15)
SILENT_AFTER = timedelta(seconds=50)
"""A worker that was not heard of for so long is gone: three of its beats are missing."""
LONG = timedelta(seconds=1)
"""A run that takes longer is written down while it lasts; a shorter one when it has ended."""
WRITE_EVERY = timedelta(minutes=1)
FOLD_FOR = timedelta(hours=1)
"""Runs without work are one row for at most so long."""
FORGET_WITHOUT_SIGN = timedelta(hours=6)
"""A run by hand, whose process beats for nobody, is given up after so long."""
KEEP = timedelta(days=30)
KEEP_EMPTY = timedelta(days=2)
LATE_AFTER = timedelta(minutes=5)
"""A message that is due for longer has been waiting for too long."""

_LONGEST = 300
_CREDENTIALS = re.compile(r"(://)[^/\s@]*@")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:=]+@[^\s<>\"'(),;:=]+")
_TOKEN = re.compile(r"\b[A-Za-z0-9_-]{32,}\b")


class JobPaused(RuleBroken):
    """What is paused cannot be paused again."""

    sentence = lazy_gettext("This job is paused already.")


class JobNotPaused(RuleBroken):
    """What runs cannot be resumed."""

    sentence = lazy_gettext("This job is not paused.")


@dataclass(frozen=True)
class Run:
    """A run that has ended, or several in a row that say the same: the times are those of the last."""

    job: str
    due_at: datetime
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    count: int = 0
    error: str | None = None
    by_hand: bool = False
    by_hand_id: int | None = None
    times: int = 1
    first_at: datetime | None = None
    """When the first of several began."""
    row_id: int | None = None
    """The row that was written while it lasted."""

    @property
    def begun_at(self) -> datetime:
        """When it began, or the first of several."""
        return self.first_at or self.started_at


def may_fold(earlier: Run, later: Run) -> bool:
    """Tell whether two runs that follow each other say the same: nothing found, or failed for the same reason."""
    return (
        earlier.job == later.job
        and earlier.outcome is later.outcome
        and earlier.outcome in (Outcome.DONE, Outcome.FAILED)
        and earlier.count == later.count == 0
        and earlier.error == later.error
        and not earlier.by_hand
        and not later.by_hand
        and later.row_id is None
        and timedelta(0) <= later.started_at - earlier.begun_at < FOLD_FOR
    )


def fold(earlier: Run, later: Run) -> Run:
    """Return both runs as one."""
    return replace(later, times=earlier.times + later.times, first_at=earlier.begun_at, row_id=earlier.row_id)


def fold_all(runs: Iterable[Run]) -> list[Run]:
    """Return the runs, oldest first, with those that say the same in a row of one job as one."""
    folded: list[Run] = []
    last: dict[str, int] = {}
    for run in runs:
        place = last.get(run.job)
        if place is not None and may_fold(folded[place], run):
            folded[place] = fold(folded[place], run)
        else:
            last[run.job] = len(folded)
            folded.append(run)
    return folded


def is_quiet(run: Run) -> bool:
    """Tell whether a run need not be written at once."""
    return run.outcome is Outcome.DONE and run.count == 0 and not run.by_hand and run.row_id is None


def describe(error: BaseException) -> str:
    """Return what went wrong in one line, without secrets and without addresses of people.

    Of a fault of the database only what the driver says: the statement carries values.
    """
    inner = getattr(error, "orig", None) or error
    first = next((line.strip() for line in str(inner).splitlines() if line.strip()), "")
    said = _CREDENTIALS.sub(r"\1…@", first)
    said = _TOKEN.sub("…", _ADDRESS.sub(lambda found: found[0] if "…@" in found[0] else "…@…", said))
    name = type(inner).__name__
    return f"{name}: {said}"[:_LONGEST] if said else name


def lag(due_at: datetime, started_at: datetime) -> float:
    """Return for how many seconds a run was late; never less than 0."""
    return max(0.0, (started_at - due_at).total_seconds())


def is_heard_of(beat_at: datetime, stopped_at: datetime | None, now: datetime) -> bool:
    """Tell whether a worker lives; a sign from the future, left by a clock that was put back, is none."""
    return stopped_at is None and abs(now - beat_at) <= SILENT_AFTER


def is_lost(
    started_at: datetime, *, process_lives: bool | None, heard_of: bool | None, now: datetime
) -> bool:
    """Tell whether a run that has not ended never will.

    `process_lives` is what this machine knows of its process, None when it is another machine's; `heard_of` whether
    its worker gives signs, None for a command in somebody's terminal, which gives none.
    """
    if process_lives is False:
        return True
    if heard_of is None:
        return now - started_at > FORGET_WITHOUT_SIGN
    return not heard_of
