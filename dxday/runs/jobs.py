"""Writing down what runs and who works: a notebook for the runs of one process, the beat of a worker, forgetting."""

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from dxday import db
from dxday.core import clock
from dxday.runs import queries, rules, services
from dxday.runs.models import JobRun
from dxday.runs.rules import Outcome

log = structlog.get_logger()

BATCH = 1000
"""Runs forgotten in one transaction."""
MOST_UNWRITTEN = 500
"""Runs kept in memory while the database does not answer."""


def name_of_this_process() -> str:
    """Return host and process, as runs and workers are called by."""
    return f"{socket.gethostname()}:{os.getpid()}"


def process_lives(worker: str) -> bool | None:
    """Tell whether a process of this machine lives; None for one of another machine."""
    host, _, pid = worker.rpartition(":")
    if host != socket.gethostname() or not pid.isdecimal():
        return None
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def forget(now: datetime) -> int:
    """Remove runs and workers that were kept for long enough and return how many; in batches, safe to repeat."""
    with db.transaction():
        removed = services.forget_workers(now=now)
    while True:
        with db.transaction():
            batch = services.forget_runs(now=now, limit=BATCH)
        removed += batch
        if batch < BATCH:
            return removed


@dataclass(eq=False)
class Entry:
    """A run that has begun and not ended."""

    job: str
    due_at: datetime
    started_at: datetime
    by_hand: bool = False
    by_hand_id: int | None = None
    begun: float = field(default_factory=time.monotonic)
    has_row: bool = False
    """A row for it has been written, or is being written just now."""
    row_id: int | None = None


@dataclass
class _Ended:
    """A run that has ended and is not written; `entry` is where its row's id will stand, if it has one."""

    run: rules.Run
    entry: Entry | None


class Notebook:
    """Keeps the runs of one process and writes them: what matters at once, what found nothing once a minute.

    An idle clock runs its jobs a hundred thousand times a day; this is why it does not write a hundred thousand rows.
    A run that takes long is written while it lasts, so that it can be seen, and seen to be lost.  While the database
    does not answer, what has ended is kept and written later.
    """

    def __init__(self, app: Flask, worker: str) -> None:
        """Begin empty; `worker` is the name under which it writes."""
        self.app = app
        self.worker = worker
        self._open: set[Entry] = set()
        self._ended: list[_Ended] = []
        self._said: dict[str, rules.Run] = {}
        """What was last said of each job, written or not."""
        self._rows: dict[str, rules.Run] = {}
        """What was last written of each job: the next run may be folded into that row."""
        self._looking = threading.Lock()
        self._writing = threading.Lock()
        self._written = time.monotonic()
        self._is_silent = False

    def open(
        self,
        job: str,
        *,
        due_at: datetime,
        now: datetime,
        by_hand: bool = False,
        by_hand_id: int | None = None,
    ) -> Entry:
        """Note that a run begins; one that somebody asked for is written at once."""
        entry = Entry(job, due_at, now, by_hand, by_hand_id)
        with self._looking:
            self._open.add(entry)
        if by_hand:
            self._write_open([entry])
        return entry

    def close(
        self, entry: Entry, outcome: Outcome, *, now: datetime, count: int = 0, error: str | None = None
    ) -> bool:
        """Note that a run has ended, and tell whether it says something new: that is written at once."""
        run = rules.Run(
            job=entry.job,
            due_at=entry.due_at,
            started_at=entry.started_at,
            ended_at=max(now, entry.started_at),
            outcome=outcome,
            count=count,
            error=error,
            by_hand=entry.by_hand,
            by_hand_id=entry.by_hand_id,
        )
        with self._looking:
            if entry not in self._open:
                return False  # given up already
            self._open.discard(entry)
            before = self._said.get(run.job)
            can_wait = not entry.has_row and (
                rules.is_quiet(run) or (before is not None and rules.may_fold(before, run))
            )
            self._note(_Ended(run, entry if entry.has_row else None))
            self._said[run.job] = (
                run if before is None or not rules.may_fold(before, run) else rules.fold(before, run)
            )
        if not can_wait:
            self.write()
        return not can_wait

    def tick(self) -> None:
        """Write what has lasted for long, and once a minute all the rest; cheap when there is nothing to write."""
        now = time.monotonic()
        with self._looking:
            long = [
                entry
                for entry in self._open
                if entry.row_id is None and now - entry.begun >= rules.LONG.total_seconds()
            ]
        if long:
            self._write_open(long)
        if now - self._written >= rules.WRITE_EVERY.total_seconds():
            self.write()

    def jobs_at_hand(self) -> set[str]:
        """Return the names of the jobs that run just now."""
        with self._looking:
            return {entry.job for entry in self._open}

    def give_up(self, now: datetime) -> None:
        """Write down that what runs just now is lost: the process is about to end."""
        with self._looking:
            left = list(self._open)
        for entry in left:
            self.close(
                entry, Outcome.LOST, now=now, error="the worker was told to end before the run was done"
            )

    def write(self) -> None:
        """Write everything that has ended."""
        self._try(self._record_ended)

    def _note(self, ended: _Ended) -> None:
        """Keep a run, folded into the one before it of its job when both say the same."""
        for earlier in reversed(self._ended):
            if earlier.run.job == ended.run.job:
                if earlier.entry is None and ended.entry is None and rules.may_fold(earlier.run, ended.run):
                    earlier.run = rules.fold(earlier.run, ended.run)
                    return
                break
        self._ended.append(ended)
        del self._ended[:-MOST_UNWRITTEN]

    def _write_open(self, entries: list[Entry]) -> None:
        with self._looking:
            entries = [entry for entry in entries if entry in self._open]
            for entry in entries:
                entry.has_row = True
        self._try(partial(self._record_open, entries))

    def _try(self, write: Callable[[], None]) -> None:
        with self._writing, self.app.app_context():
            try:
                write()
            except (OperationalError, InterfaceError, NoConnection) as error:
                # Runs go on; what came of them is written when the database answers again.
                if not self._is_silent:
                    log.warning("runs_not_written", error=rules.describe(error))
                self._is_silent = True
            except DBAPIError:  # it would not be taken the next time either
                log.exception("runs_not_writable")
                with self._looking:
                    self._ended.clear()
            else:
                self._is_silent = False

    def _record_open(self, entries: list[Entry]) -> None:
        with db.transaction():
            ids = [
                services.begin_run(
                    entry.job,
                    due_at=entry.due_at,
                    started_at=entry.started_at,
                    worker=self.worker,
                    by_hand=entry.by_hand,
                    by_hand_id=entry.by_hand_id,
                )
                for entry in entries
            ]
        for entry, row_id in zip(entries, ids, strict=True):
            entry.row_id = row_id

    def _record_ended(self) -> None:
        with self._looking:
            ended = self._ended
            self._ended = []
        self._written = time.monotonic()
        if not ended:
            return
        runs = [
            replace(each.run, row_id=each.entry.row_id) if each.entry is not None else each.run
            for each in ended
        ]
        rows = dict(self._rows)
        try:
            with db.transaction():
                for run in rules.fold_all([*self._rows.values(), *runs]):
                    if run is not self._rows.get(run.job):
                        rows[run.job] = replace(run, row_id=services.record_run(run, worker=self.worker))
                for job in {run.job for run in runs}:
                    services.count_outcome(
                        job,
                        succeeded_at=max(
                            (run.ended_at for run in runs if run.job == job and run.outcome is Outcome.DONE),
                            default=None,
                        ),
                        failures=sum(
                            run.times for run in runs if run.job == job and run.outcome is not Outcome.DONE
                        ),
                    )
        except DBAPIError:
            with self._looking:
                self._ended[:0] = ended
            raise
        self._rows = rows


class Pulse:
    """The beat of one worker: when it begins, every quarter of a minute, when it becomes the clock, and at its end."""

    def __init__(self, app: Flask, worker: str, *, threads: int) -> None:
        """Take the worker's name and what it has."""
        self.app = app
        self.worker = worker
        self.threads = threads
        self.started_at = clock.now()
        self._beaten: float | None = None
        self._elected_at: datetime | None = None
        self._is_silent = False

    def beat(self, elected_at: datetime | None, queue_depth: Callable[[], int]) -> None:
        """Write a sign of life if it is time for one; the clock says how much lies in the queue."""
        now = time.monotonic()
        if (
            self._beaten is not None
            and elected_at == self._elected_at
            and now - self._beaten < rules.BEAT_EVERY.total_seconds()
        ):
            return
        self._beaten, self._elected_at = now, elected_at
        self._write(queue_depth() if elected_at is not None else None, stopped=False)

    def stop(self) -> None:
        """Write that the worker ends in order."""
        self._elected_at = None
        self._write(None, stopped=True)

    def _write(self, queue_depth: int | None, *, stopped: bool) -> None:
        with self.app.app_context():
            try:
                with db.transaction():
                    services.note_beat(
                        self.worker,
                        started_at=self.started_at,
                        threads=self.threads,
                        elected_at=self._elected_at,
                        queue_depth=queue_depth,
                        now=clock.now(),
                        stopped=stopped,
                    )
            except (DBAPIError, NoConnection) as error:
                if not self._is_silent:
                    log.warning("beat_not_written", error=rules.describe(error))
                self._is_silent = True
            else:
                self._is_silent = False


def give_up_lost_runs(now: datetime, *, own: str, since: datetime | None = None) -> int:
    """Mark runs whose process died as lost and return how many.

    `own` is this process, whose runs since `since` are its own business; a run before that under the same name is
    of a process that is gone, as happens in containers.
    """
    if not _has_unended():
        return 0
    beats = {beat.worker: beat for beat in queries.list_workers()}

    def is_lost(run: JobRun) -> bool:
        if run.worker == own:
            return since is not None and run.started_at < since
        beat = beats.get(run.worker)
        return rules.is_lost(
            run.started_at,
            process_lives=process_lives(run.worker),
            heard_of=None if beat is None else rules.is_heard_of(beat.beat_at, beat.stopped_at, now),
            now=now,
        )

    with db.transaction():
        return services.give_up_lost_runs(is_lost, now=now)


def _has_unended() -> bool:
    return bool(queries.list_unended())
