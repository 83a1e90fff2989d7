"""The carrier: takes row ids from the queue (Huey) and carries each row by its job; any number may run at once."""

import logging
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import structlog
from flask import Flask
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from dxday.certificates import jobs as certificates
from dxday.core import clock as the_time
from dxday.notifications.jobs import sending as notifications

log = structlog.get_logger()

NAME = "dxday"
FULL = 200
"""Tasks that may wait before the clock stops handing out; a queue that nobody empties must not grow for ever."""


class QueueNotUsable(RuntimeError):
    """QUEUE_URL names a queue that cannot be used; the message says what to do."""


class Work:
    """The queue and its tasks.  A task holds row ids only: the rows say what is to be done, and whether still."""

    BATCHES = {"messages": 10}
    """How many rows one task carries: messages of a batch share one line to the mail server."""

    def __init__(self, app: Flask) -> None:
        """Open the queue of the settings.  Raises QueueNotUsable."""
        self.app = app
        settings = app.extensions["dxday_settings"]
        self.huey = open_huey(settings.queue_url, settings.secret_key)
        self.stopping = threading.Event()
        self.tasks = {
            "messages": self._task("messages", self._send_messages),
            "certificates": self._task("certificates", self._render_certificates),
        }

    def give(self, task: str, row_ids: list[int]) -> None:
        """Put rows into the queue, to be carried by the task of this name."""
        size = self.BATCHES.get(task, 1)
        for first in range(0, len(row_ids), size):
            self.tasks[task](row_ids[first : first + size])

    def is_full(self) -> bool:
        """Tell whether enough waits there already."""
        return int(self.huey.pending_count()) >= FULL

    def close(self) -> None:
        """Let go of the queue."""
        self.huey.storage.close()

    def _task(self, name: str, carry: Callable[[list[int]], None]) -> Callable[[list[int]], Any]:
        def run(row_ids: list[int]) -> None:
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(task=name)
            with self.app.app_context():
                try:
                    carry(row_ids)
                except Exception:  # the rows know how far they came; their leases bring them back
                    log.exception("task_failed", rows=row_ids)

        task: Callable[[list[int]], Any] = self.huey.task(name=name)(run)
        return task

    def _send_messages(self, row_ids: list[int]) -> None:
        with notifications.open_carrier() as carrier:
            for row_id in row_ids:
                if self.stopping.is_set():
                    return  # not claimed yet: handed out again within a minute
                notifications.send_message(row_id, the_time.now(), carrier)

    def _render_certificates(self, row_ids: list[int]) -> None:
        for row_id in row_ids:
            certificates.render_certificate(row_id, the_time.now())


def open_huey(url: str, secret: str) -> Huey:
    """Return the Huey of `sqlite:<file>`, `postgresql://…` or `redis://…`.  Raises QueueNotUsable.

    Tasks are signed with `secret`: they travel as pickles, and who can write to the queue must not be able to run
    code of their own in a worker.
    """
    options: dict[str, Any] = {"results": False, "serializer": SignedSerializer(secret=secret, salt=NAME)}
    scheme = urlsplit(url).scheme.partition("+")[0]
    if scheme == "sqlite":
        return SqliteHuey(NAME, filename=url.partition(":")[2].removeprefix("//"), timeout=15, **options)
    if scheme in ("postgresql", "postgres"):
        return _open_postgres(url.replace("+psycopg", "", 1), options)
    if scheme in ("redis", "rediss"):
        return RedisHuey(NAME, url=url, **options)
    raise QueueNotUsable("QUEUE_URL begins with sqlite:, postgresql:// or redis://.")


def _open_postgres(url: str, options: dict[str, Any]) -> Huey:
    try:
        return PostgresHuey(NAME, dsn=url, **options)
    except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
        # Two first workers that make the tables in the same moment: IF NOT EXISTS is no help there.
        return PostgresHuey(NAME, dsn=url, **options)


class _Consumer(Consumer):
    """Huey's consumer, without signal handlers of its own: it lives in a thread, or beside the web."""

    def _set_signal_handlers(self) -> None:
        """Leave signals to whoever runs us."""


RunClock = Callable[[Flask, Work], AbstractContextManager[Any]]


def run_worker(app: Flask, stop: threading.Event, *, run_clock: RunClock, threads: int = 2) -> None:
    """Carry work until `stop` is set, then finish what is at hand and return.

    `run_clock` is `scheduler.run_clock`: every worker stands for election, one of them runs the timetable.
    Huey's periodic tasks stay off, since each consumer would run them.
    """
    logging.getLogger("huey").setLevel(logging.WARNING)
    work = Work(app)
    consumer = _Consumer(
        work.huey, workers=threads, periodic=False, initial_delay=0.05, max_delay=1.0, shutdown_timeout=15
    )
    consumer.start()
    log.info("worker_started", threads=threads)
    try:
        with run_clock(app, work):
            while not stop.wait(5):
                consumer.check_worker_health()
    finally:
        work.stopping.set()
        consumer.stop(graceful=True)
        work.close()
        log.info("worker_stopped")


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set; call it in the main thread."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
