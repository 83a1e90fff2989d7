"""The clock: the timetable of everything that happens by itself, run by one elected process at a time."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import psycopg
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from dxday.certificates import jobs as certificates
from dxday.core import clock as the_time
from dxday.core.errors import NotFound
from dxday.core.i18n import Words
from dxday.core.i18n import lazy_gettext as _
from dxday.db import db
from dxday.notifications.jobs import sending as notifications
from dxday.registration import jobs as registration

log = structlog.get_logger()


class Queue(Protocol):
    """Where handed-out rows go; a worker takes them from there."""

    def give(self, task: str, row_ids: list[int]) -> None:
        """Put rows into the queue, to be carried by the task of this name."""

    def is_full(self) -> bool:
        """Tell whether enough waits there already."""


@dataclass(frozen=True)
class Job:
    """One line of the timetable.  `act(now, queue)` is safe to run twice, late, or never; it returns a count."""

    name: str
    act: Callable[[datetime, Queue], int]
    trigger: BaseTrigger
    what: Words


def _hand_out_messages(now: datetime, queue: Queue) -> int:
    return _hand_out("messages", notifications.hand_out_messages, now, queue)


def _hand_out_certificates(now: datetime, queue: Queue) -> int:
    return _hand_out("certificates", certificates.hand_out_certificates, now, queue)


def _hand_out(task: str, due: Callable[[datetime], list[int]], now: datetime, queue: Queue) -> int:
    if queue.is_full():
        return 0
    row_ids = due(now)
    queue.give(task, row_ids)
    return len(row_ids)


def _remind(now: datetime, _queue: Queue) -> int:
    return registration.queue_reminders(now)


def _release_messages(now: datetime, _queue: Queue) -> int:
    return notifications.release_messages(now)


EVERY_2_SECONDS = IntervalTrigger(seconds=2, timezone=UTC)
EVERY_MINUTE = IntervalTrigger(minutes=1, timezone=UTC)

TIMETABLE: tuple[Job, ...] = (
    Job("hand-out-messages", _hand_out_messages, EVERY_2_SECONDS, _("Hand due messages to the workers")),
    Job("hand-out-certificates", _hand_out_certificates, EVERY_2_SECONDS, _("Hand certificates to the workers")),
    Job("registration-reminders", _remind, EVERY_MINUTE, _("Remind people on the day before")),
    Job("release-messages", _release_messages, EVERY_MINUTE, _("Mark messages of dead workers as unknown")),
)  # fmt: skip


def list_jobs() -> list[dict[str, str]]:
    """Return the timetable as plain values: name, when, what."""
    return [{"name": job.name, "when": str(job.trigger), "what": str(job.what)} for job in TIMETABLE]


def run_job(name: str, at: datetime, queue: Queue) -> int:
    """Run one job as if now were `at` and return its count.  Raises NotFound for an unknown name."""
    for job in TIMETABLE:
        if job.name == name:
            return job.act(at, queue)
    raise NotFound


@contextmanager
def run_clock(app: Flask, queue: Queue, *, poll: timedelta = timedelta(seconds=1)) -> Iterator["Clock"]:
    """Stand for election while the block runs, and run the timetable whenever elected."""
    clock = Clock(app, queue, poll)
    clock.start()
    try:
        yield clock
    finally:
        clock.stop()


class Clock(threading.Thread):
    """Asks for the lock again and again; runs the timetable while it holds it."""

    def __init__(self, app: Flask, queue: Queue, poll: timedelta) -> None:
        """Prepare the candidate; nothing runs before start()."""
        super().__init__(name="clock", daemon=True)
        self.app = app
        self.queue = queue
        self.poll = poll.total_seconds()
        self.elected = threading.Event()
        self._stopping = threading.Event()
        self._lock = open_lock(app)
        self._scheduler: BackgroundScheduler | None = None

    def run(self) -> None:
        """Stand for election until stopped."""
        try:
            while not self._stopping.is_set():
                if self._lock.hold():
                    self._begin()
                else:
                    self._end(wait=False)
                self._stopping.wait(self.poll)
        finally:
            self._end(wait=True)
            self._lock.release()

    def stop(self) -> None:
        """Finish the job at hand, pass the lock on, and end."""
        self._stopping.set()
        self.join()

    def _begin(self) -> None:
        if self._scheduler is not None:
            return
        self._scheduler = BackgroundScheduler(timezone=UTC)
        for job in TIMETABLE:
            self._scheduler.add_job(
                self._run_job,
                trigger=job.trigger,
                args=[job],
                id=job.name,
                next_run_time=the_time.now(),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,  # late is better than never: every job asks the rows what is due
            )
        self._scheduler.start()
        self.elected.set()
        log.info("clock_elected", pid=os.getpid())

    def _end(self, *, wait: bool) -> None:
        if self._scheduler is None:
            return
        self.elected.clear()
        self._scheduler.shutdown(wait=wait)
        self._scheduler = None
        log.info("clock_stopped", pid=os.getpid())

    def _run_job(self, job: Job) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(job=job.name)
        with self.app.app_context():
            try:
                done = job.act(the_time.now(), self.queue)
            except Exception:  # the next round tries again; the clock must not stop
                log.exception("job_failed")
            else:
                if done:
                    log.info("job", done=done)


class Lock(Protocol):
    """A lock that its holder loses by dying."""

    def hold(self) -> bool:
        """Take the lock, or make sure that it is still ours; tell whether it is."""

    def release(self) -> None:
        """Let the next one have it."""


class FileLock:
    """One holder on this machine: the kernel takes the lock from a process that dies."""

    def __init__(self, path: Path) -> None:
        """Lock the file at `path`."""
        self.path = path
        self._handle: int | None = None

    def hold(self) -> bool:
        """Take the lock, or make sure that it is still ours; tell whether it is."""
        if self._handle is not None:
            return True
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        """Let the next one have it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class AdvisoryLock:
    """One holder on one PostgreSQL: the server takes the lock from a connection that ends."""

    KEY = 0x4458_4461_7900_0001

    def __init__(self, conninfo: str) -> None:
        """Lock on a connection of our own, outside the pool."""
        self.conninfo = conninfo
        self._connection: psycopg.Connection | None = None
        self._held = False

    def hold(self) -> bool:
        """Take the lock, or make sure that it is still ours; tell whether it is."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self.conninfo, autocommit=True, connect_timeout=5, application_name="dxday clock",
                    keepalives_idle=5, keepalives_interval=2, keepalives_count=3,
                )  # fmt: skip
            if self._held:
                self._connection.execute("SELECT 1")
            else:
                row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [self.KEY]).fetchone()
                self._held = bool(row and row[0])
        except psycopg.OperationalError as error:
            log.warning("clock_without_database", error=type(error).__name__)
            self.release()
        return self._held

    def release(self) -> None:
        """Let the next one have it, at once: a closed connection gives it back only when the server has noticed."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                if self._held:
                    self._connection.execute("SELECT pg_advisory_unlock(%s)", [self.KEY])
                self._connection.close()
            self._connection = None
        self._held = False


def open_lock(app: Flask) -> Lock:
    """Return the lock that fits the database: of the machine for SQLite, of the server for PostgreSQL."""
    with app.app_context():
        url = db.engine.url
    if url.get_backend_name() == "sqlite":
        return FileLock(app.extensions["dxday_settings"].instance / "clock.lock")
    return AdvisoryLock(url.set(drivername="postgresql").render_as_string(hide_password=False))
