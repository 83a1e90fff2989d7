"""The clock: the timetable of everything that happens by itself, run by one elected process at a time."""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import psycopg
import structlog
from apscheduler.executors.base import BaseExecutor
from flask import Flask
from sqlalchemy.exc import DBAPIError

from dxday.appraisal import jobs as appraisal
from dxday.awards import jobs as awards
from dxday.certificates import jobs as certificates
from dxday.certificates.models import Certificate
from dxday.changes import jobs as changes
from dxday.core import clock as the_time
from dxday.core.errors import NotFound
from dxday.core.i18n import lazy_gettext as _
from dxday.council import jobs as council
from dxday.db import db
from dxday.nominations import jobs as nominations
from dxday.nominations.models import Attachment
from dxday.notifications.jobs import bounces
from dxday.notifications.jobs import sending as notifications
from dxday.notifications.models import Message
from dxday.operations import jobs as operations
from dxday.operations.models import Operation
from dxday.reminders import jobs as reminders
from dxday.runs import jobs as runs
from dxday.runs import queries, rules
from dxday.runs.jobs import Notebook
from dxday.runs.models import JobState
from dxday.runs.rules import Outcome
from dxday.runs.timetable import Daily, Every, Job, Queue
from dxday.webhooks import jobs as webhooks
from dxday.webhooks.models import HookDelivery

log = structlog.get_logger()


def _hand_out(
    task: str, model: Any, hand_out: Callable[[datetime], list[int]]
) -> Callable[[datetime, Queue], int]:
    """Return the job that gives due rows of a model to the workers; while nothing is due it asks one question."""

    def act(now: datetime, queue: Queue) -> int:
        if not queries.is_anything_due(model, now) or queue.is_full(task):
            return 0
        row_ids = hand_out(now)
        queue.give(task, row_ids)
        return len(row_ids)

    return act


def _alone(act: Callable[[datetime], int]) -> Callable[[datetime, Queue], int]:
    """Return the job that does its work by itself, without the queue."""
    return lambda now, _queue: act(now)


EVERY_2_SECONDS = Every(seconds=2)
EVERY_MINUTE = Every(minutes=1)
EVERY_5_MINUTES = Every(minutes=5)
EVERY_HOUR = Every(hours=1)

NO_MAIL = _(
    "No message leaves: no confirmation, no link to sign in, no reminder. They wait, and leave when somebody resumes "
    "it; what has expired by then does not leave any more."
)
NO_PAPER = _("No certificate is made. They wait, and are made when somebody resumes it.")
NO_ANNOUNCEMENT = _(
    "A decision is announced only by hand, and those whom it honours are not told of their certificates. Both happen "
    "when somebody resumes it."
)
NO_LONG_WORK = _(
    "No export or other long work begins. It waits until somebody resumes it; what has begun goes on."
)
NO_SCANS = _("No file of a dossier is checked for viruses, so nobody can open those that wait for it.")
NO_WEBHOOKS = _("No webhook is told anything. What happens is kept, and told when somebody resumes it.")

TIMETABLE: tuple[Job, ...] = (
    Job(
        "hand-out-messages",
        _hand_out("messages", Message, notifications.hand_out_messages),
        EVERY_2_SECONDS,
        _("Give messages that are due to the workers, who send them"),
        NO_MAIL,
    ),
    Job(
        "hand-out-certificates",
        _hand_out("certificates", Certificate, certificates.hand_out_certificates),
        EVERY_2_SECONDS,
        _("Give certificates that wait to the workers, who make their files"),
        NO_PAPER,
    ),
    Job(
        "announce-decisions",
        _alone(awards.announce_due),
        EVERY_MINUTE,
        _("Announce decisions whose moment has come"),
        NO_ANNOUNCEMENT,
    ),
    Job(
        "tell-awardees",
        _alone(certificates.tell_holders),
        EVERY_MINUTE,
        _("Tell the honoured of their certificates once the decision is announced"),
        NO_ANNOUNCEMENT,
    ),
    Job(
        "hand-out-operations",
        _hand_out("operations", Operation, operations.hand_out_operations),
        EVERY_2_SECONDS,
        _("Give long work that was asked for to the workers, who do it"),
        NO_LONG_WORK,
    ),
    Job(
        "gather-events",
        _alone(webhooks.gather_events),
        EVERY_2_SECONDS,
        _("Look in the audit trail for what webhooks are to be told"),
        NO_WEBHOOKS,
    ),
    Job(
        "hand-out-deliveries",
        _hand_out("hooks", HookDelivery, webhooks.hand_out_deliveries),
        EVERY_2_SECONDS,
        _("Give deliveries of webhooks to the workers, who make them"),
        NO_WEBHOOKS,
    ),
    Job(
        "hand-out-files",
        _hand_out("files", Attachment, nominations.hand_out_files),
        EVERY_2_SECONDS,
        _(
            "Give files of dossiers to the workers, who have them checked for viruses (only where a scanner is set)"
        ),
        NO_SCANS,
    ),
    Job(
        "seal-dossiers",
        _alone(nominations.seal_dossiers),
        EVERY_5_MINUTES,
        _("Seal what is sensitive in dossiers and was not when it was written"),
        _("What becomes sensitive later stays readable in the database until somebody resumes it."),
    ),
    Job(
        "read-bounces",
        _alone(bounces.read_bounces),
        EVERY_MINUTE,
        _("Read which messages came back (only where a mailbox is set for them)"),
    ),
    Job(
        "reminders",
        _alone(reminders.queue_reminders),
        EVERY_MINUTE,
        _("Remind people by the rules that are switched on"),
    ),
    Job(
        "tell-changes",
        _alone(changes.tell_changes),
        EVERY_MINUTE,
        _("Tell people of sessions that were moved, and of what was postponed or cancelled"),
    ),
    Job(
        "compare-texts",
        _alone(appraisal.compare_texts),
        EVERY_MINUTE,
        _("Compare the texts of dossiers that were handed in with all others"),
    ),
    Job(
        "release-messages",
        _alone(notifications.release_messages),
        EVERY_MINUTE,
        _("Mark messages as unknown whose worker died while sending"),
    ),
    Job(
        "tidy-operations",
        _alone(operations.tidy_operations),
        EVERY_HOUR,
        _("Remove files of long work that were kept for long enough"),
    ),
    Job(
        "expire-endorsements",
        _alone(nominations.expire_endorsements),
        EVERY_HOUR,
        _("Write down which links to endorse a nomination have run out"),
    ),
    Job(
        "detect-conflicts-of-interest",
        _alone(council.detect_conflicts),
        Daily(2, 10),
        _("Look for conflicts of interest between council members and dossiers"),
    ),
    Job("forget-runs", _alone(runs.forget), Daily(3, 30), _("Forget old runs of these jobs")),
)


def init_app(app: Flask) -> None:
    """Give the timetable to the pages."""
    app.extensions["dxday_timetable"] = TIMETABLE


def run_job(name: str, at: datetime, queue: Queue, notebook: Notebook | None = None) -> int:
    """Run one job as if now were `at` and return its count; the run is written into the notebook.

    Raises NotFound for an unknown name, and whatever the job raises.
    """
    job = next((job for job in TIMETABLE if job.name == name), None)
    if job is None:
        raise NotFound
    if notebook is None:
        return job.act(at, queue)
    now = the_time.now()
    entry = notebook.open(name, due_at=now, now=now, by_hand=True)
    try:
        count = job.act(at, queue)
    except Exception as error:
        notebook.close(entry, Outcome.FAILED, now=the_time.now(), error=rules.describe(error))
        raise
    notebook.close(entry, Outcome.DONE, now=the_time.now(), count=count)
    return count


class Clock(threading.Thread):
    """Asks for the lock again and again; runs the timetable while it holds it, each job in a thread of its own."""

    TOO_FAR = timedelta(seconds=2)
    """A job whose next time is further off than its interval and so long: the machine's clock was put back."""

    LAST_WORDS = 3
    """Seconds for writing down what was not finished."""

    def __init__(
        self,
        app: Flask,
        queue: Queue,
        worker: str,
        *,
        timetable: Sequence[Job] = TIMETABLE,
        poll: timedelta = timedelta(seconds=1),
    ) -> None:
        """Prepare the candidate; nothing runs before start()."""
        super().__init__(name="clock", daemon=True)
        self.app = app
        self.queue = queue
        self.worker = worker
        self.notebook = Notebook(app, worker)
        self.elected_at: datetime | None = None
        self._timetable = {job.name: job for job in timetable}
        self._poll = poll.total_seconds()
        self._started_at = the_time.now()
        self._stopping = threading.Event()
        self._is_time_left: Callable[[], bool] = lambda: True
        self._is_done = True
        self._lock = open_lock(app)
        self._scheduler: Any = None  # a BackgroundScheduler while elected
        self._stamp: tuple[Any, ...] | None = None
        self._states: dict[str, JobState] = {}
        self._looked_for_lost = float("-inf")
        self._stands_by = False
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a job that is still at hand is no news

    def run(self) -> None:
        """Stand for election until stopped."""
        while not self._stopping.is_set():
            try:
                if self._lock.hold():
                    self._begin()
                    self._tick()
                else:
                    self._stand_by()
            except Exception:  # the clock must not stop, whatever happens to it
                log.exception("clock_fault")
            self._stopping.wait(self._poll)
        self._end()
        self._finish()
        self._lock.release()

    def stop(self, is_time_left: Callable[[], bool]) -> bool:
        """Finish what is at hand while there is time left, pass the lock on, and tell whether all is done."""
        self._is_time_left = is_time_left
        self._stopping.set()
        while self.is_alive() and is_time_left():
            self.join(0.05)
        if self.is_alive():
            self.join(self.LAST_WORDS)
        return self._is_done and not self.is_alive()

    def _stand_by(self) -> None:
        self._end()
        self.notebook.tick()
        if not self._stands_by:
            self._stands_by = True
            with self.app.app_context():
                holder = queries.find_clock(queries.list_workers(), the_time.now())
            log.info("clock_stands_by", worker=self.worker, clock=holder.worker if holder else None)

    def _begin(self) -> None:
        if self._scheduler is not None:
            return
        # Loaded by the one that is elected: it takes a tenth of a second, which no web process shall pay.
        from apscheduler.schedulers.background import BackgroundScheduler

        with self.app.app_context():
            self._states = queries.list_states()
        now = the_time.now()
        scheduler = BackgroundScheduler(timezone=UTC, executors={"default": _Hands(self._run_job)})
        for job in self._timetable.values():
            scheduler.add_job(
                self._run_job,
                trigger=job.trigger,
                args=[job.name, now],
                id=job.name,
                next_run_time=self._first_time(job, now),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,  # late is better than never: every job asks the rows what is due
            )
        scheduler.start()
        self._scheduler = scheduler
        self._looked_for_lost = float("-inf")
        self.elected_at, self._stands_by = now, False
        log.info("clock_elected", worker=self.worker)

    @staticmethod
    def _first_time(job: Job, now: datetime) -> datetime:
        """Return when a newly elected clock runs a job: at once, but what has a time of day keeps to it."""
        return now if isinstance(job.trigger, Every) else job.trigger.after(None, now)

    def _end(self) -> None:
        if self._scheduler is None:
            return
        self.elected_at = None
        self._scheduler.shutdown(wait=False)  # what is at hand is finished in its own thread
        self._scheduler = None
        log.info("clock_stopped", worker=self.worker)

    def _finish(self) -> None:
        """Wait while there is time until no job is at hand, and write down what became of them."""
        while self.notebook.jobs_at_hand() and self._is_time_left():
            time.sleep(0.05)
        self._is_done = not self.notebook.jobs_at_hand()
        self.notebook.give_up(the_time.now())
        self.notebook.write()

    def _tick(self) -> None:
        now = the_time.now()
        self._put_right(now)
        try:
            with self.app.app_context():
                self._read_states(now)
                if time.monotonic() - self._looked_for_lost >= rules.BEAT_EVERY.total_seconds():
                    self._looked_for_lost = time.monotonic()
                    lost = runs.give_up_lost_runs(now, own=self.worker, since=self._started_at)
                    if lost:
                        log.warning("runs_lost", runs=lost)
        except DBAPIError as error:
            log.warning("clock_without_database", error=rules.describe(error))
        self.notebook.tick()

    def _put_right(self, now: datetime) -> None:
        """Let a job that would wait for longer than its interval run now: the machine's clock was put back."""
        stuck = [
            self._timetable[waiting.id]
            for waiting in self._scheduler.get_jobs()
            if waiting.next_run_time - self._timetable[waiting.id].trigger.after(None, now) > self.TOO_FAR
        ]
        for job in stuck:
            self._scheduler.modify_job(job.name, next_run_time=self._first_time(job, now))
        if stuck:
            log.warning("clock_put_back", jobs=[job.name for job in stuck])

    def _read_states(self, now: datetime) -> None:
        """Learn what people have paused, resumed or wanted since the last look, and run what is wanted."""
        stamp = queries.find_states_stamp()
        if stamp != self._stamp:
            self._states = queries.list_states()
            self._stamp = stamp
        at_hand = self.notebook.jobs_at_hand()
        for name, state in self._states.items():
            if state.wanted_at is not None and name in self._timetable and name not in at_hand:
                self._scheduler.modify_job(name, next_run_time=now)

    def _run_job(self, name: str, due_at: datetime) -> None:
        """Run a job in a thread of its own, unless it is paused and nobody wants it all the same."""
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(job=name)
        job, state = self._timetable[name], self._states.get(name)
        wanted_at = state.wanted_at if state else None
        if wanted_at is None and ((state and state.paused_at) or name in self.notebook.jobs_at_hand()):
            return
        now = the_time.now()
        entry = self.notebook.open(
            name,
            due_at=min(wanted_at or due_at, now),
            now=now,
            by_hand=wanted_at is not None,
            by_hand_id=state.wanted_by_id if state and wanted_at is not None else None,
        )
        if wanted_at is not None and state is not None:
            state.wanted_at = None
        with self.app.app_context():
            try:
                done = job.act(now, self.queue)
            except Exception as error:  # its next time is its next try; the clock and the others go on
                reason = rules.describe(error)
                is_new = self.notebook.close(entry, Outcome.FAILED, now=the_time.now(), error=reason)
                log.error("job_failed", reason=reason, exc_info=error if is_new else None)
            else:
                self.notebook.close(entry, Outcome.DONE, now=the_time.now(), count=done)
                if done:
                    log.info("job", done=done)


class _Hands(BaseExecutor):
    """A thread for each run, so that no job waits for another; it dies with the process, whatever it does."""

    def __init__(self, run: Callable[[str, datetime], None]) -> None:
        """Take what runs a job by its name and the time at which it was due."""
        super().__init__()
        self._run = run

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        threading.Thread(target=self._hold, args=(job.id, run_times[0]), name=job.id, daemon=True).start()

    def _hold(self, job_id: str, due_at: datetime) -> None:
        try:
            self._run(job_id, due_at)
        finally:
            self._run_job_success(job_id, [])


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
    FROZEN = "15s"
    """A holder that is silent for so long, though it asks every second, stands still: the server drops it."""
    LIMITS = (
        ("idle_session_timeout", FROZEN),
        # A machine that lost its power says nothing either, and the server would believe in it for two hours.
        ("tcp_keepalives_idle", "5"),
        ("tcp_keepalives_interval", "2"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "10s"),
    )

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
                for name, value in self.LIMITS:
                    self._connection.execute("SELECT set_config(%s, %s, false)", [name, value])
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
    """Return the lock that fits the database: of the machine for SQLite, of the server for PostgreSQL.

    The file lies beside the database, so that two instance folders with one database have one clock.
    """
    with app.app_context():
        url = db.engine.url
    if url.get_backend_name() == "sqlite":
        database = Path(url.database or app.extensions["dxday_settings"].instance / "dxday.db").resolve()
        return FileLock(database.with_name(f"{database.name}.clock"))
    return AdvisoryLock(url.set(drivername="postgresql").render_as_string(hide_password=False))
