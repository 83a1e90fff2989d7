"""The clock and the carriers as real processes: nothing is lost, nothing is sent twice, whoever dies."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from huey.serializer import SignedSerializer
from sqlalchemy import select, text, update

import config
from bench.start import free_port
from dxday import scheduler, worker
from dxday.accounts.letters import SIGN_IN_LINK
from dxday.app import create_app
from dxday.core import clock as the_time
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.core.permissions import Permission
from dxday.db import db, transaction
from dxday.nominations.rules import State
from dxday.notifications import services
from dxday.notifications.jobs import sending as jobs
from dxday.notifications.models import Message
from dxday.operations import kinds
from dxday.operations import services as operations
from dxday.runs import queries as run_queries
from dxday.runs import services as runs
from dxday.runs.rules import Outcome
from tests import make
from tests.conftest import close, new_app, on_both
from tests.post_office import open_post_office

ROOT = Path(__file__).resolve().parent.parent
both = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


class House:
    """An application on a database of its own, its workers as processes, and a post office."""

    def __init__(self, app, office, folder):
        self.app, self.office, self.folder = app, office, folder
        settings = app.extensions["dxday_settings"]
        self.environ = {
            "PATH": os.environ["PATH"],
            "DXDAY_INSTANCE": str(settings.instance),
            "DATABASE_URL": settings.database_url,
            "SMTP_URL": office.url,
        }
        if settings.database_url.startswith("postgresql"):
            self.environ["QUEUE_URL"] = settings.database_url
        self.workers = []

    def start(self):
        log = (self.folder / f"worker-{len(self.workers)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dxday.cli", "worker"],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=log,
            )
        self.workers.append((process, Path(log.name)))
        return process

    def log(self, number):
        return self.workers[number][1].read_text()

    def is_elected(self, number):
        return "clock_elected" in self.log(number)

    def has_started(self, number):
        return "worker_started" in self.log(number)

    def write(self, count):
        """Put messages into the outbox and return their Message-IDs."""
        with self.app.app_context():
            with transaction():
                for number in range(count):
                    enqueue(f"m:{make.number()}:{number}")
            return set(db.session.scalars(select(Message.message_id)))

    def states(self):
        with self.app.app_context():
            return dict(db.session.execute(select(Message.message_id, Message.carriage)).all())

    def all_are(self, *wanted):
        return lambda: set(self.states().values()) <= set(wanted)

    def minutes_pass(self):
        """Do what an hour does: leases run out, and what was handed out may be handed out again."""
        with self.app.app_context():
            jobs.release_messages(make.NOW + timedelta(hours=1))
            with transaction():
                db.session.execute(update(Message).values(handed_until=None))


def enqueue(key):
    return services.enqueue(
        SIGN_IN_LINK,
        to_address="a@example.org",
        to_name="Mẫu",
        locale="vi",
        key=key,
        now=make.NOW,
        url="https://dxday.example/x",
    )


@pytest.fixture
def house(database, tmp_path):
    with open_post_office() as office:
        app = new_app(database, tmp_path, SMTP_URL=office.url)
        made = House(app, office, tmp_path)
        try:
            yield made
        finally:
            for process, _log in made.workers:
                if process.poll() is None:
                    process.kill()
                process.wait()
            close(app)


def until(true, seconds=20):
    """Wait until something is true; fail when it does not become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@both
def test_two_workers_send_each_of_twenty_messages_exactly_once_and_end_when_asked(house):
    written = house.write(20)
    first, second = house.start(), house.start()

    until(house.all_are(Carriage.DONE))
    until(lambda: house.has_started(0) and house.has_started(1))
    first.terminate()
    second.terminate()
    ended = [first.wait(20), second.wait(20)]

    assert (sorted(house.office.taken), ended) == (sorted(written), [0, 0])
    assert [house.is_elected(0), house.is_elected(1)].count(True) == 1


@both
def test_a_worker_that_is_killed_loses_nothing_and_nothing_is_sent_twice(house):
    house.office.delay = 0.2
    written = house.write(20)
    first = house.start()
    until(lambda: house.office.at_the_counter >= 2)
    second = house.start()

    first.kill()  # the one with the clock, and with messages at the counter
    first.wait()
    house.minutes_pass()
    house.office.delay = 0
    until(house.all_are(Carriage.DONE, Carriage.UNKNOWN))

    states = house.states()
    unknown = {name for name, state in states.items() if state is Carriage.UNKNOWN}
    assert (set(states), house.is_elected(1)) == (written, True)
    assert 1 <= len(unknown) <= 2  # what its two threads held in the moment of its death
    assert len(house.office.taken) == len(set(house.office.taken))
    assert set(house.office.taken) - unknown == written - unknown
    second.terminate()
    assert second.wait(20) == 0


@both
def test_a_worker_that_is_asked_to_end_finishes_what_it_holds(house):
    house.office.delay = 0.3
    house.write(20)
    process = house.start()
    until(lambda: house.office.at_the_counter >= 1)

    process.terminate()
    ended = process.wait(20)

    states = house.states()
    done = {name for name, state in states.items() if state is Carriage.DONE}
    assert (ended, set(house.office.taken), set(states.values())) == (
        0,
        done,
        {Carriage.DONE, Carriage.QUEUED},
    )


@pytest.mark.parametrize(
    ("database", "asked_twice"),
    [
        ("sqlite", True),
        ("postgresql", True),
        ("sqlite", False),
    ],  # waiting takes a quarter of a minute: once is enough
)
def test_what_hangs_is_left_after_a_while_and_at_once_when_asked_twice(house, asked_twice):
    house.office.delay = 60
    house.environ["SMTP_URL"] = house.office.url.replace("timeout=5", "timeout=60")
    house.write(1)
    process = house.start()
    until(lambda: house.office.at_the_counter == 1)
    begun = time.monotonic()

    process.terminate()
    process.send_signal(signal.SIGINT)  # as Ctrl-C does: together they are one wish
    if asked_twice:
        until(lambda: time.monotonic() - begun > worker.Stop.TOGETHER + 1 and "worker_ending" in house.log(0))
        still_waits = process.poll() is None
        process.terminate()
    ended = process.wait(30)
    took = time.monotonic() - begun

    (state,) = house.states().values()
    assert (ended, state, "worker_left_work" in house.log(0)) == (0, Carriage.CLAIMED, True)
    if asked_twice:
        assert still_waits
        assert took < 10
    else:
        assert worker.GRACE <= took < worker.GRACE + 8


@both
def test_the_second_stands_by_says_so_and_takes_over_within_seconds(house):
    first = house.start()
    until(lambda: house.is_elected(0))
    second = house.start()
    until(lambda: "clock_stands_by" in house.log(1))
    name = house.log(1).partition("clock=")[2].split()[0]

    first.kill()
    first.wait()
    killed = time.monotonic()
    until(lambda: house.is_elected(1))
    took = time.monotonic() - killed

    assert name.endswith(f":{first.pid}")
    assert took < 8
    assert house.log(1).count("clock_stands_by") == 1
    second.terminate()
    assert second.wait(20) == 0


@both
def test_a_job_wanted_on_a_page_is_run_by_the_clock_wherever_it_is(house):
    house.start()
    until(lambda: house.is_elected(0))
    with house.app.app_context(), transaction():
        runs.want_run("forget-runs", actor=make.actor(), now=the_time.now())

    def is_done():
        with house.app.app_context():
            run = run_queries.list_last_runs(the_time.now()).get("forget-runs")
            return run is not None and (run.outcome, run.by_hand) == (Outcome.DONE, True)

    until(is_done)


@both
def test_a_clock_that_stood_still_does_what_it_missed_once_and_goes_on(house):
    process = house.start()
    until(lambda: house.is_elected(0) and "worker_started" in house.log(0))
    time.sleep(1)  # its first round is over

    process.send_signal(signal.SIGSTOP)
    written = house.write(5)
    time.sleep(5)  # two rounds are missed
    standing = set(house.states().values())
    process.send_signal(signal.SIGCONT)
    until(house.all_are(Carriage.DONE))

    assert standing == {Carriage.QUEUED}
    assert sorted(house.office.taken) == sorted(written)
    assert "job_failed" not in house.log(0)
    process.terminate()
    assert process.wait(20) == 0


@pytest.mark.slow
@pytest.mark.parametrize("database", ["postgresql"])
def test_a_clock_that_stands_still_for_good_is_replaced_and_takes_its_place_behind(house):
    first = house.start()
    until(lambda: house.is_elected(0))
    second = house.start()
    until(lambda: "clock_stands_by" in house.log(1))

    first.send_signal(signal.SIGSTOP)
    until(lambda: house.is_elected(1), seconds=40)
    first.send_signal(signal.SIGCONT)
    until(lambda: "clock_stopped" in house.log(0) and "clock_stands_by" in house.log(0))

    for process in (first, second):
        process.terminate()
    assert [process.wait(20) for process in (first, second)] == [0, 0]


@contextmanager
def working(app, **options):
    """A worker in a thread of this process."""
    stop = worker.Stop()
    thread = threading.Thread(
        target=worker.run_worker, args=(app, stop), kwargs={"make_clock": scheduler.Clock, **options}
    )
    thread.start()
    try:
        yield
    finally:
        stop.ask()
        thread.join(30)
        assert not thread.is_alive()


@both
def test_mails_leave_while_a_long_operation_is_at_hand(house):
    begun, go_on = threading.Event(), threading.Event()

    def last_for_long(operation, progress, now):
        begun.set()
        assert go_on.wait(60)
        return kinds.Outcome()

    kind = kinds.OperationKind("slow", "Slow", Permission.STAFF_HOME, last_for_long)
    house.app.extensions["dxday_operations"] = {"slow": kind}
    with house.app.app_context(), transaction():
        operations.request_operation(
            kind, key="k", edition_id=make.edition().id, arguments={}, actor=make.actor(), now=make.NOW
        )

    with working(house.app):
        assert begun.wait(20)
        written = house.write(3)
        until(house.all_are(Carriage.DONE))
        at_hand = go_on.is_set()
        go_on.set()

    assert (sorted(house.office.taken), at_hand) == (sorted(written), False)


class Shelf:
    """A queue that only notes what it is given."""

    def __init__(self, *, full=False):
        self.full, self.given = full, {}

    def give(self, task, row_ids):
        self.given.setdefault(task, []).extend(row_ids)

    def is_full(self, task):
        return self.full


def test_each_task_that_the_timetable_gives_out_is_known_to_the_worker(app):
    shelf = Shelf()
    edition = make.edition()
    make.message()
    nomination = make.nomination(make.category(make.scheme(edition)), state=State.AWARDED)
    make.certificate(make.award(make.decision(edition), nomination))
    make.attachment(nomination, carriage=Carriage.QUEUED, checked_at=None)
    make.operation(edition)
    make.hook_delivery(make.hook(edition))
    db.session.commit()

    counts = {
        job.name: job.act(make.NOW, shelf) for job in scheduler.TIMETABLE if job.name.startswith("hand-out-")
    }

    work = worker.Work(app)
    work.close()
    assert set(shelf.given) == set(work.tasks)
    assert set(counts.values()) == {1}


def test_while_nothing_is_due_handing_out_asks_one_question_and_no_queue(app, queries):
    class Nothing:
        """A queue that must not be asked."""

    with queries() as counted:
        counts = [
            job.act(make.NOW, Nothing()) for job in scheduler.TIMETABLE if job.name.startswith("hand-out-")
        ]

    assert (set(counts), counted.total) == ({0}, 0)  # past the session, where statements are counted


def test_a_full_queue_is_given_nothing_more(app):
    shelf = Shelf(full=True)
    enqueue("m")
    db.session.commit()

    count = scheduler.run_job("hand-out-messages", make.NOW, shelf)

    assert (count, shelf.given) == (0, {})


def test_a_job_that_is_not_in_the_timetable_is_not_found(app):
    with pytest.raises(NotFound):
        scheduler.run_job("nothing", make.NOW, Shelf())


def test_every_job_has_a_name_of_its_own_and_says_what_it_does(app):
    names = [job.name for job in scheduler.TIMETABLE]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z]+(-[a-z]+)*", name) for name in names)
    assert all(str(job.what) and str(job.pausing) and str(job.trigger) for job in scheduler.TIMETABLE)


def test_two_instances_on_one_sqlite_database_have_one_clock(tmp_path):
    database = f"sqlite:///{tmp_path / 'shared.db'}"
    apps = [
        create_app(config.read({"DXDAY_INSTANCE": str(tmp_path / name), "DATABASE_URL": database}))
        for name in ("one", "other")
    ]
    one, other = (scheduler.open_lock(app) for app in apps)

    held = [one.hold(), other.hold()]
    one.release()
    held.append(other.hold())
    other.release()
    for app in apps:
        close(app)

    assert held == [True, False, True]


@on_both
def test_the_lock_has_one_holder_and_passes_on_when_it_is_let_go(own_app):
    one, other = scheduler.open_lock(own_app), scheduler.open_lock(own_app)

    before = [one.hold(), other.hold(), one.hold()]
    one.release()
    after = [other.hold(), one.hold()]
    other.release()
    one.release()

    assert (before, after) == ([True, False, True], [True, False])


@pytest.mark.parametrize("own_app", ["postgresql"], indirect=True)
def test_who_loses_the_connection_loses_the_lock_and_says_so(own_app):
    lock = scheduler.open_lock(own_app)
    lock.hold()
    with own_app.app_context():
        db.session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'dxday clock' AND datname = current_database()"
            )
        )
        db.session.commit()

    held = [lock.hold(), lock.hold()]
    lock.release()

    assert held == [False, True]


@contextmanager
def opened(url, secret="s" * 32):
    huey = worker.open_huey(url, secret)
    try:
        yield huey
    finally:
        huey.storage.close()


def test_a_task_that_was_not_signed_with_our_secret_is_not_even_read(tmp_path):
    url = f"sqlite:{tmp_path / 'queue.db'}"
    with opened(url) as ours, opened(url, "another secret of another house") as theirs:
        theirs.task(name="messages")(print)([1])

        with pytest.raises(ValueError, match="mismatch"):
            ours.dequeue()
    assert isinstance(ours.serializer, SignedSerializer)


def test_a_queue_that_cannot_be_used_is_named_with_its_mend():
    with pytest.raises(worker.QueueNotUsable, match="begins with sqlite:, postgresql:// or redis://"):
        worker.open_huey("amqp://host", "s" * 32)


def test_a_signal_asks_a_worker_to_end_and_a_second_one_to_hurry():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        stop = worker.stop_on_signals()
        waited = [stop.wait(0.01)]
        os.kill(os.getpid(), signal.SIGTERM)
        waited += [stop.wait(2), stop.wait(2)]
        is_time_left = stop.patience(60)
        patience = [is_time_left()]
        os.kill(os.getpid(), signal.SIGINT)
        patience.append(is_time_left())
        until(lambda: os.kill(os.getpid(), signal.SIGINT) or not is_time_left())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert (waited, patience) == ([False, True, True], [True, True])


@pytest.fixture
def redis(tmp_path):
    """A Redis server of our own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    pytest.importorskip("redis")
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"redis://127.0.0.1:{port}/0"
        until(lambda: answers(port))
        yield url
    finally:
        process.terminate()
        process.wait(20)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("database", ["postgresql"])
def test_with_redis_as_the_queue_two_workers_send_each_message_once(house, redis):
    house.environ["QUEUE_URL"] = redis
    written = house.write(20)
    processes = [house.start(), house.start()]

    until(house.all_are(Carriage.DONE))
    until(lambda: house.has_started(0) and house.has_started(1))
    for process in processes:
        process.terminate()
    ended = [process.wait(20) for process in processes]

    assert (sorted(house.office.taken), ended) == (sorted(written), [0, 0])
