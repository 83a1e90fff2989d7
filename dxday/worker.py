"""The carrier: takes row ids from the queues (Huey) and carries each row by its job; any number may run at once."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg
import structlog
from flask import Flask
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from dxday.certificates import jobs as certificates
from dxday.core import clock as the_time
from dxday.nominations import jobs as nominations
from dxday.notifications.jobs import sending as notifications
from dxday.operations import jobs as operations
from dxday.runs.jobs import Pulse, name_of_this_process
from dxday.runs.queries import is_paused
from dxday.webhooks import jobs as webhooks

log = structlog.get_logger()

NAME = "dxday"
FULL = 200
"""Tasks of a kind that may wait before the clock stops handing out: a queue that nobody empties must not grow."""
GRACE = 15
"""Seconds that a worker waits for what is at hand when it is asked to end."""


class QueueNotUsable(RuntimeError):
    """QUEUE_URL names a queue that cannot be used; the message says what to do."""


class Work:
    """The queues and their tasks.  A task holds row ids only: the rows say what is to be done, and whether still.

    Each kind of work has a queue and hands of its own, so that no mail waits until a long operation is done.
    """

    BATCHES = {"messages": 10}
    """How many rows make one task; a task that sends messages goes on to others until none is due."""
    ENOUGH = {"messages": 8}
    """How many tasks may wait, where FULL is more than is of use."""

    def __init__(self, app: Flask) -> None:
        """Open the queues of the settings.  Raises QueueNotUsable."""
        self.app = app
        self.stopping = threading.Event()
        self.queues: dict[str, Huey] = {}
        self.tasks: dict[str, Callable[[list[int]], Any]] = {}
        for name, carry in (
            ("messages", self._send_messages),
            ("certificates", self._each(certificates.render_certificate)),
            ("operations", self._each(operations.carry_operation)),
            ("hooks", self._each(webhooks.deliver)),
            ("files", self._each(nominations.scan_file)),
        ):
            settings = app.extensions["dxday_settings"]
            self.queues[name] = open_huey(
                settings.queue_url, settings.secret_key, name=name, is_quick=name == "messages"
            )
            self.tasks[name] = self._task(name, carry)

    def give(self, task: str, row_ids: list[int]) -> None:
        """Put rows into the queue, to be carried by the task of this name."""
        size = self.BATCHES.get(task, 1)
        for first in range(0, len(row_ids), size):
            self.tasks[task](row_ids[first : first + size])

    def is_full(self, task: str) -> bool:
        """Tell whether enough waits there already for the hands that carry this task."""
        return int(self.queues[task].pending_count()) >= self.ENOUGH.get(task, FULL)

    def depth(self) -> int:
        """Return how many tasks of all kinds wait."""
        return sum(int(huey.pending_count()) for huey in self.queues.values())

    def close(self) -> None:
        """Let go of the queues."""
        for huey in self.queues.values():
            huey.storage.close()

    def _task(self, name: str, carry: Callable[[list[int]], None]) -> Callable[[list[int]], Any]:
        def run(row_ids: list[int]) -> None:
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(task=name)
            with self.app.app_context():
                try:
                    carry(row_ids)
                except Exception:  # the rows know how far they came; their leases bring them back
                    log.exception("task_failed", rows=row_ids)

        task: Callable[[list[int]], Any] = self.queues[name].task(name=name)(run)
        return task

    def _send_messages(self, _row_ids: list[int]) -> None:
        """Send what is due until nothing is; the rows that are named only were the first of them."""
        notifications.send_messages(
            the_time.now, stopping=self.stopping, may_go_on=lambda: not is_paused("hand-out-messages")
        )

    def _each(self, carry: Callable[[int, datetime], Any]) -> Callable[[list[int]], None]:
        def run(row_ids: list[int]) -> None:
            for row_id in row_ids:
                if self.stopping.is_set():
                    return
                carry(row_id, the_time.now())

        return run


def open_huey(url: str, secret: str, *, name: str = "work", is_quick: bool = True) -> Huey:
    """Return the Huey of `sqlite:<file>`, `postgresql://…` or `redis://…`.  Raises QueueNotUsable.

    Tasks are signed with `secret`: they travel as pickles, and who can write to the queue must not be able to run
    code of their own in a worker.  What is not quick is asked for once a second, which saves each hand a connection.
    """
    queue = f"{NAME}-{name}"
    options: dict[str, Any] = {"results": False, "serializer": SignedSerializer(secret=secret, salt=NAME)}
    scheme = urlsplit(url).scheme.partition("+")[0]
    if scheme == "sqlite":
        return SqliteHuey(queue, filename=url.partition(":")[2].removeprefix("//"), timeout=15, **options)
    if scheme in ("postgresql", "postgres"):
        return _open_postgres(queue, url.replace("+psycopg", "", 1), options | {"blocking": is_quick})
    if scheme in ("redis", "rediss"):
        return RedisHuey(queue, url=url, **options)
    raise QueueNotUsable("QUEUE_URL begins with sqlite:, postgresql:// or redis://.")


def _open_postgres(queue: str, url: str, options: dict[str, Any]) -> Huey:
    try:
        return PostgresHuey(queue, dsn=url, **options)
    except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
        # Two first workers that make the tables in the same moment: IF NOT EXISTS is no help there.
        return PostgresHuey(queue, dsn=url, **options)


class _Consumer(Consumer):
    """Huey's consumer, without signal handlers of its own: it lives in a thread, or beside the web."""

    def _set_signal_handlers(self) -> None:
        """Leave signals to whoever runs us."""


class Stop:
    """What ends a worker: asked once it finishes what is at hand, asked twice it does not wait for that.

    Signal handlers ask.  They run between any two steps of the main thread, so there is no lock here that it could
    be holding: a SimpleQueue takes what is put into it even then.
    """

    TOGETHER = 2.0
    """Seconds within which asking again says nothing new: Ctrl-C comes from the terminal and from who started us."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self._asked: SimpleQueue[float] = SimpleQueue()
        self._wanted_at: float | None = None
        self._is_urgent = False

    def ask(self) -> None:
        """Ask the worker to end, or, if it was asked already, to hurry."""
        self._asked.put(time.monotonic())

    def wait(self, seconds: float) -> bool:
        """Wait for so long until somebody asks, and tell whether somebody has."""
        if self._wanted_at is None:
            with suppress(Empty):
                self._wanted_at = self._asked.get(timeout=seconds)
        return self._wanted_at is not None

    def patience(self, seconds: float = GRACE) -> Callable[[], bool]:
        """Return what tells, from now on, whether there is still time to wait."""
        until = time.monotonic() + seconds
        first = self._wanted_at or time.monotonic()

        def is_time_left() -> bool:
            with suppress(Empty):
                while True:
                    self._is_urgent |= self._asked.get_nowait() - first >= self.TOGETHER
            return time.monotonic() < until and not self._is_urgent

        return is_time_left


class ClockLike(Protocol):
    """What stands for election to be the clock (`scheduler.Clock`)."""

    @property
    def elected_at(self) -> datetime | None:
        """Since when it is the clock; None while it stands by."""

    def start(self) -> None:
        """Stand for election."""

    def stop(self, is_time_left: Callable[[], bool]) -> bool:
        """Finish what is at hand while there is time left, pass the lock on, and tell whether all is done."""


def run_worker(
    app: Flask, stop: Stop, *, make_clock: Callable[[Flask, Work, str], ClockLike], threads: int = 2
) -> bool:
    """Carry work until `stop` is asked, then finish what is at hand and tell whether nothing was left.

    `make_clock` is `scheduler.Clock`: every worker stands for election, one of them runs the timetable.  Huey's
    periodic tasks stay off, since each consumer would run them.  `threads` carry messages; every other kind of work
    has one hand.  What is left comes back by its lease.
    """
    logging.getLogger("huey").setLevel(logging.WARNING)
    work = Work(app)
    consumers = [
        _Consumer(
            huey,
            workers=threads if name == "messages" else 1,
            periodic=False,
            initial_delay=0.05,
            max_delay=1.0,
            scheduler_interval=60,  # nothing is put off by Huey: rows know when they are due
        )
        for name, huey in work.queues.items()
    ]
    own_name = name_of_this_process()
    clock = make_clock(app, work, own_name)
    pulse = Pulse(app, own_name, threads=threads)
    for consumer in consumers:
        consumer.start()
    clock.start()
    log.info("worker_started", worker=own_name, threads=threads)
    try:
        while not stop.wait(1):
            pulse.beat(clock.elected_at, work.depth)
            for consumer in consumers:
                consumer.check_worker_health()
    finally:
        log.info("worker_ending", worker=own_name)
        is_time_left = stop.patience()
        work.stopping.set()
        for consumer in consumers:
            consumer.stop_flag.set()
        is_done = clock.stop(is_time_left)
        is_done &= _wait_for(consumers, is_time_left)
        pulse.stop()
        if is_done:
            work.close()
            log.info("worker_stopped", worker=own_name)
        else:
            log.warning("worker_left_work", worker=own_name)
    return is_done


def _wait_for(consumers: list[Consumer], is_time_left: Callable[[], bool]) -> bool:
    """Wait while there is time until every hand is empty, and tell whether they are."""
    threads = [thread for consumer in consumers for _, thread in consumer.worker_threads]
    while any(thread.is_alive() for thread in threads) and is_time_left():
        time.sleep(0.05)
    return not any(thread.is_alive() for thread in threads)


def stop_on_signals() -> Stop:
    """Return what SIGTERM and SIGINT ask to end; call it in the main thread."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.ask())
    return stop
