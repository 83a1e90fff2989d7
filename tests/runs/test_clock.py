"""The clock with jobs of our own: who is elected, what pausing and wishing do, and clocks that jump."""

import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import select, update
from structlog.testing import capture_logs

from dxday.core import clock as the_time
from dxday.db import db, transaction
from dxday.runs import queries, services
from dxday.runs.jobs import Notebook
from dxday.runs.models import JobRun, JobState
from dxday.runs.rules import Outcome
from dxday.runs.timetable import Daily, Every, Job
from dxday.scheduler import Clock
from tests import make
from tests.conftest import on_both


class Counting:
    """A job that counts its runs, and can be made to fail or to last."""

    def __init__(self, name, *, every=0.1, fails=False):
        self.runs, self.fails = 0, fails
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.job = Job(name, self.act, Every(seconds=every), name)

    def act(self, now, queue):
        self.runs += 1
        self.begun.set()
        assert self.go_on.wait(30)
        if self.fails:
            raise ValueError("it does not work")
        return self.runs


def until(true, seconds=20):
    """Wait until something is true; fail when it does not become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def running(app, *jobs, worker="host:1"):
    clock = Clock(app, None, worker, timetable=[job.job for job in jobs], poll=timedelta(seconds=0.05))
    clock.start()
    try:
        yield clock
    finally:
        for job in jobs:
            job.go_on.set()
        assert clock.stop(lambda: True)


def next_run(clock, name):
    return clock._scheduler.get_job(name).next_run_time


def is_waiting(clock, name):
    """Whether the run is over, to the last word written about it, and the next one is fixed."""
    is_over = all(thread.name != name for thread in threading.enumerate())
    return is_over and next_run(clock, name) > the_time.now()


def say(app, act, *words):
    with app.app_context(), transaction():
        act(*words, actor=make.actor(), now=the_time.now())


def last_outcome(app, name):
    with app.app_context():
        run = queries.list_last_runs(the_time.now()).get(name)
        return run.outcome if run else None


@on_both
def test_a_job_that_fails_is_recorded_and_tried_again_and_stops_no_other(own_app):
    bad, good = Counting("bad", fails=True), Counting("good")

    with running(own_app, bad, good):
        until(lambda: bad.runs >= 3 and good.runs >= 3)

    with own_app.app_context():
        failures = queries.list_failures(the_time.now() - timedelta(minutes=1))
        counted = db.session.get(JobState, "bad").failures
        done = db.session.scalars(select(JobRun.count).where(JobRun.job == "good").order_by(JobRun.id)).all()
    assert [(one.job, one.error) for one in failures] == [("bad", "ValueError: it does not work")]
    assert failures[0].times == counted == bad.runs
    assert done == list(range(1, good.runs + 1))


@on_both
def test_a_slow_job_holds_up_no_other_and_runs_once_at_a_time(own_app):
    slow, quick = Counting("slow"), Counting("quick")
    slow.go_on.clear()

    with running(own_app, slow, quick):
        assert slow.begun.wait(20)
        until(lambda: quick.runs >= 5)
        during = slow.runs
        until(lambda: last_outcome(own_app, "slow") is Outcome.RUNNING)

    assert during == 1
    assert last_outcome(own_app, "slow") is Outcome.DONE


@on_both
def test_what_is_paused_does_not_run_until_it_is_resumed_but_by_hand(own_app):
    paused, other = Counting("paused"), Counting("other")
    say(own_app, services.pause_job, "paused")

    with running(own_app, paused, other):
        until(lambda: other.runs >= 5)
        while_paused = paused.runs
        say(own_app, services.want_run, "paused")
        until(lambda: paused.runs == 1)
        count = other.runs
        until(lambda: other.runs >= count + 5)
        by_hand = paused.runs
        say(own_app, services.resume_job, "paused")
        until(lambda: paused.runs >= 3)

    with own_app.app_context():
        first = db.session.scalars(select(JobRun).where(JobRun.job == "paused").order_by(JobRun.id)).first()
        state = db.session.get(JobState, "paused")
    assert (while_paused, by_hand, first.by_hand, state.wanted_at) == (0, 1, True, None)


@on_both
def test_what_is_wanted_runs_within_seconds_and_once_for_one_wish(own_app):
    hourly = Counting("hourly", every=3600)
    with running(own_app, hourly):
        until(lambda: hourly.runs == 1)
        asked = time.monotonic()
        say(own_app, services.want_run, "hourly")
        until(lambda: hourly.runs == 2)
        waited = time.monotonic() - asked
        until(lambda: last_outcome(own_app, "hourly") is Outcome.DONE)
        time.sleep(0.5)  # ten looks of the clock

    assert hourly.runs == 2
    assert waited < 10  # under load; the clock looks every second


@on_both
def test_a_wish_for_what_runs_just_now_is_granted_afterwards(own_app):
    slow = Counting("slow", every=3600)
    slow.go_on.clear()
    with running(own_app, slow):
        assert slow.begun.wait(20)
        say(own_app, services.want_run, "slow")
        time.sleep(0.3)
        during = slow.runs
        slow.go_on.set()
        until(lambda: slow.runs == 2)

    assert during == 1


@on_both
def test_the_second_stands_by_says_so_once_and_takes_over_at_once(own_app):
    job, same = Counting("job"), Counting("job")
    with capture_logs() as logs, running(own_app, job, worker="host:1") as first:
        until(lambda: first.elected_at is not None)
        with running(own_app, same, worker="host:2") as second:
            until(lambda: job.runs >= 5)
            before = (second.elected_at, same.runs)
            first.stop(lambda: True)
            until(lambda: same.runs >= 3)
            after = second.elected_at

    assert before == (None, 0)
    assert after is not None
    said = [(line["event"], line["worker"]) for line in logs if line["event"].startswith("clock_")]
    assert [each for each in said if each[1] == "host:2"] == [
        ("clock_stands_by", "host:2"),
        ("clock_elected", "host:2"),
        ("clock_stopped", "host:2"),
    ]


@on_both
def test_the_next_clock_marks_what_the_dead_one_was_doing_as_lost(own_app):
    Notebook(own_app, "elsewhere:1").open("job", due_at=make.NOW, now=make.NOW, by_hand=True)
    with own_app.app_context(), transaction():
        services.note_beat(
            "elsewhere:1", started_at=make.NOW, threads=2, elected_at=make.NOW, queue_depth=0,
            now=the_time.now() - timedelta(minutes=5),
        )  # fmt: skip

    with running(own_app, Counting("other")):
        until(lambda: last_outcome(own_app, "job") is Outcome.LOST)


@pytest.mark.parametrize("seconds", [3600, 86400])
def test_a_clock_that_was_put_back_holds_nothing_up(own_app, seconds):
    """What a clock put back leaves: the next run lies in the future, further off than the interval."""
    minutely, daily = Counting("minutely", every=60), Counting("daily")
    daily.job = Job("daily", daily.act, Daily(3, 30), "daily")
    with running(own_app, minutely, daily) as clock:
        until(lambda: minutely.runs == 1 and is_waiting(clock, "minutely"))
        with capture_logs() as logs:
            future = the_time.now() + timedelta(seconds=seconds)
            clock._scheduler.modify_job("minutely", next_run_time=future)
            until(lambda: minutely.runs == 2 and next_run(clock, "minutely") < future)
        after = next_run(clock, "minutely")

    assert [line["jobs"] for line in logs if line["event"] == "clock_put_back"] == [["minutely"]]
    assert after <= the_time.now() + timedelta(seconds=60)
    assert daily.runs == 0


@pytest.mark.parametrize("seconds", [3600, 86400, 86400 * 365])
def test_what_a_long_sleep_has_missed_is_done_once_and_its_lag_is_told(own_app, seconds):
    minutely = Counting("minutely", every=60)
    with running(own_app, minutely) as clock:
        until(lambda: minutely.runs == 1 and is_waiting(clock, "minutely"))
        missed = the_time.now() - timedelta(seconds=seconds)
        clock._scheduler.modify_job("minutely", next_run_time=missed)
        until(lambda: minutely.runs == 2)
        time.sleep(0.3)

    with own_app.app_context():
        last = queries.list_last_runs(the_time.now())["minutely"]
    assert (minutely.runs, last.due_at) == (2, missed)


@on_both
def test_who_is_asked_to_end_finishes_the_job_at_hand_and_then_lets_go(own_app):
    slow = Counting("slow")
    slow.go_on.clear()
    clock = Clock(own_app, None, "host:1", timetable=[slow.job], poll=timedelta(seconds=0.05))
    clock.start()
    assert slow.begun.wait(20)
    threading.Timer(0.5, slow.go_on.set).start()

    is_done = clock.stop(lambda: True)

    assert (is_done, last_outcome(own_app, "slow"), slow.runs) == (True, Outcome.DONE, 1)


@on_both
def test_who_has_no_time_left_gives_up_and_writes_down_that_it_did(own_app):
    slow = Counting("slow")
    slow.go_on.clear()
    clock = Clock(own_app, None, "host:1", timetable=[slow.job], poll=timedelta(seconds=0.05))
    clock.start()
    assert slow.begun.wait(20)

    is_done = clock.stop(lambda: False)

    lost = last_outcome(own_app, "slow")
    slow.go_on.set()
    with running(own_app, Counting("other"), worker="host:2") as next_clock:
        until(lambda: next_clock.elected_at is not None)
    assert (is_done, lost) == (False, Outcome.LOST)


def test_a_fault_of_the_clock_itself_is_logged_and_it_goes_on(own_app):
    job = Counting("job")
    with running(own_app, job) as clock:
        until(lambda: job.runs >= 1)
        with capture_logs() as logs:
            lock, clock._lock = clock._lock, None
            until(lambda: any(line["event"] == "clock_fault" for line in logs))
            clock._lock = lock
        count = job.runs
        until(lambda: job.runs >= count + 3)


def test_a_sign_from_the_future_wins_no_election(app):
    """A dead clock whose machine ran an hour fast."""
    services.note_beat(
        "host:1",
        started_at=make.NOW,
        threads=2,
        elected_at=make.NOW,
        queue_depth=0,
        now=make.NOW + timedelta(hours=1),
    )

    assert queries.find_clock(queries.list_workers(), make.NOW) is None


@on_both
def test_what_was_handed_out_or_claimed_by_a_clock_that_ran_fast_is_not_stuck(own_app):
    from dxday import leases
    from dxday.accounts.letters import SIGN_IN_LINK
    from dxday.core.carriage import Carriage
    from dxday.notifications import services as notifications
    from dxday.notifications.models import Message

    with own_app.app_context():
        with transaction():
            for key in "abcd":
                notifications.enqueue(
                    SIGN_IN_LINK, to_address="a@example.org", to_name="", locale="vi", key=key, now=make.NOW,
                    url="https://dxday.example/x",
                )  # fmt: skip
        first, second, third, _fourth = db.session.scalars(select(Message.id).order_by(Message.id)).all()
        an_hour, a_minute = make.NOW + timedelta(hours=1), make.NOW + timedelta(minutes=1)
        with transaction():
            for row_id, values in (
                (first, {"handed_until": an_hour}),
                (second, {"handed_until": a_minute}),
                (third, {"carriage": Carriage.CLAIMED, "leased_until": an_hour}),
            ):
                db.session.execute(update(Message).where(Message.id == row_id).values(**values))
        is_due = queries.is_anything_due(Message, make.NOW)
        with transaction():
            handed = leases.hand_out(Message, now=make.NOW)
            released = leases.release_expired(Message, to=Carriage.UNKNOWN, now=make.NOW)
        is_due_still = queries.is_anything_due(Message, make.NOW)

    assert (is_due, handed, released, is_due_still) == (True, [first, _fourth], 1, False)


def test_logs_are_bound_to_nothing_afterwards():
    assert "job" not in structlog.contextvars.get_contextvars()
