"""The clock and the carriers as real processes: nothing is lost, nothing is sent twice, whoever dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from huey.serializer import SignedSerializer
from sqlalchemy import select, text, update

from dxday import leases, scheduler, worker
from dxday.accounts.letters import SIGN_IN_LINK
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.db import db, transaction
from dxday.notifications.jobs import sending as jobs
from dxday.notifications import services
from dxday.notifications.models import Message
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

    def is_elected(self, number):
        return "clock_elected" in self.workers[number][1].read_text()

    def has_started(self, number):
        return "worker_started" in self.workers[number][1].read_text()

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


def claim_without_guard(model, row_id, *, now):
    """Everybody has seen that the row waits; everybody takes it: `leases.claim` without its WHERE."""
    row = db.session.get(model, row_id)
    row.carriage, row.leased_until, row.tries = Carriage.CLAIMED, now + leases.LEASE, row.tries + 1
    return row


@on_both
@pytest.mark.parametrize(("guarded", "letters"), [(True, 1), (False, 4)])
def test_four_who_want_one_message_send_it_once_and_only_because_of_the_guard(
    own_app, monkeypatch, guarded, letters
):
    if not guarded:
        monkeypatch.setattr(leases, "claim", claim_without_guard)
    with own_app.app_context(), transaction():
        enqueue("m")
    carrier, start = Counter(), threading.Barrier(4)

    def send(_):
        start.wait(timeout=5)
        with own_app.app_context():
            return jobs.send_message(1, make.NOW, carrier)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, range(4)))

    assert carrier.sent == letters


class Counter:
    """Counts what it is given."""

    sent = 0

    def send(self, message):
        self.sent += 1

    def close(self):
        pass


class Shelf:
    """A queue that only notes what it is given."""

    def __init__(self, *, full=False):
        self.full, self.given = full, {}

    def give(self, task, row_ids):
        self.given.setdefault(task, []).extend(row_ids)

    def is_full(self):
        return self.full


def test_each_task_that_the_timetable_gives_out_is_known_to_the_worker(app, tmp_path):
    shelf = Shelf()
    enqueue("m")
    db.session.commit()

    counts = {job.name: job.act(make.NOW, shelf) for job in scheduler.TIMETABLE}

    work = worker.Work(app)
    work.close()
    assert set(shelf.given) == set(work.tasks)
    assert counts == {
        "hand-out-messages": 1,
        "hand-out-certificates": 0,
        "registration-reminders": 0,
        "release-messages": 0,
    }


def test_a_full_queue_is_given_nothing_more(app):
    shelf = Shelf(full=True)
    enqueue("m")
    db.session.commit()

    count = scheduler.run_job("hand-out-messages", make.NOW, shelf)

    assert (count, shelf.given) == (0, {})


def test_a_job_that_is_not_in_the_timetable_is_not_found(app):
    with pytest.raises(NotFound):
        scheduler.run_job("nothing", make.NOW, Shelf())


def test_the_timetable_says_what_happens_when(app):
    assert [(job["name"], job["when"]) for job in scheduler.list_jobs()] == [
        ("hand-out-messages", "interval[0:00:02]"),
        ("hand-out-certificates", "interval[0:00:02]"),
        ("registration-reminders", "interval[0:01:00]"),
        ("release-messages", "interval[0:01:00]"),
    ]


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


def test_a_signal_sets_the_event_that_ends_a_worker():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        stop = worker.stop_on_signals()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(2)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
