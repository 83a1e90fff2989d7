"""The notebook: what is written when, what a dead process leaves behind, and what is forgotten."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from dxday.db import db, transaction
from dxday.runs import jobs, queries, services
from dxday.runs.jobs import Notebook
from dxday.runs.models import JobRun, JobState, WorkerBeat
from dxday.runs.rules import Outcome
from tests import make
from tests.conftest import on_both

NOW = make.NOW


def do(notebook, job="a", *, seconds=0, outcome=Outcome.DONE, **ended):
    """One run of a job, so many seconds after the beginning."""
    at = NOW + timedelta(seconds=seconds)
    entry = notebook.open(job, due_at=at, now=at)
    return notebook.close(entry, outcome, now=at + timedelta(milliseconds=10), **ended)


def rows(app):
    with app.app_context():
        found = db.session.scalars(select(JobRun).order_by(JobRun.id))
        return [(run.job, run.outcome, run.count, run.times, run.error) for run in found]


@on_both
def test_runs_that_find_nothing_are_written_together_and_what_does_something_at_once(own_app):
    notebook = Notebook(own_app, "host:1")
    for n in range(30):
        do(notebook, seconds=2 * n)
    idle = rows(own_app)

    do(notebook, seconds=60, count=4)
    busy = rows(own_app)
    for n in range(3):
        do(notebook, seconds=62 + 2 * n)
    notebook.write()
    for n in range(2):
        do(notebook, seconds=68 + 2 * n)
    notebook.write()

    assert idle == []
    assert busy == [("a", Outcome.DONE, 0, 30, None), ("a", Outcome.DONE, 4, 1, None)]
    assert rows(own_app) == [*busy, ("a", Outcome.DONE, 0, 5, None)]


@on_both
def test_a_row_of_many_runs_tells_of_the_first_and_the_last(own_app):
    notebook = Notebook(own_app, "host:1")
    for seconds in (0, 2, 4):
        do(notebook, seconds=seconds)
    notebook.write()

    with own_app.app_context():
        row = db.session.scalars(select(JobRun)).one()
    assert (row.first_at, row.started_at, row.ended_at, row.worker) == (
        NOW,
        NOW + timedelta(seconds=4),
        NOW + timedelta(seconds=4.01),
        "host:1",
    )


@on_both
def test_a_failure_is_written_at_once_with_its_reason_and_counted_for_good(own_app):
    notebook = Notebook(own_app, "host:1")

    is_new = [do(notebook, seconds=n, outcome=Outcome.FAILED, error="ValueError: x") for n in range(3)]
    first = rows(own_app)
    do(notebook, seconds=3)
    notebook.write()

    with own_app.app_context():
        state = db.session.get(JobState, "a")
    assert is_new == [True, False, False]
    assert first == [("a", Outcome.FAILED, 0, 1, "ValueError: x")]
    assert rows(own_app) == [("a", Outcome.FAILED, 0, 3, "ValueError: x"), ("a", Outcome.DONE, 0, 1, None)]
    assert (state.failures, state.succeeded_at) == (3, NOW + timedelta(seconds=3.01))


@on_both
def test_a_run_that_lasts_is_written_while_it_lasts_and_settled_when_it_ends(own_app):
    notebook = Notebook(own_app, "host:1")
    entry = notebook.open("a", due_at=NOW, now=NOW)
    notebook.tick()
    short = rows(own_app)

    entry.begun -= 2
    notebook.tick()
    notebook.tick()
    lasting = rows(own_app)
    notebook.close(entry, Outcome.DONE, now=NOW + timedelta(seconds=3), count=2)

    assert short == []
    assert lasting == [("a", Outcome.RUNNING, 0, 1, None)]
    assert rows(own_app) == [("a", Outcome.DONE, 2, 1, None)]


@on_both
def test_a_run_by_hand_is_written_at_once_and_the_wish_is_granted(own_app):
    with own_app.app_context():
        account = make.account()
        account_id = account.id
        db.session.commit()
        with transaction():
            services.want_run("a", actor=make.actor(), now=NOW)
    notebook = Notebook(own_app, "host:1")

    notebook.open("a", due_at=NOW, now=NOW, by_hand=True, by_hand_id=account_id)

    with own_app.app_context():
        run = db.session.scalars(select(JobRun)).one()
        state = db.session.get(JobState, "a")
    assert (run.outcome, run.by_hand, run.by_hand_id) == (Outcome.RUNNING, True, account_id)
    assert (state.wanted_at, state.wanted_by_id) == (None, None)


@on_both
def test_while_the_database_does_not_take_them_runs_are_kept_and_written_later(own_app):
    notebook = Notebook(own_app, "host:1")
    with own_app.app_context():
        db.session.execute(text("ALTER TABLE job_run RENAME TO away"))
        db.session.commit()
    do(notebook, count=1)
    do(notebook, seconds=2, count=2)
    with own_app.app_context():
        db.session.execute(text("ALTER TABLE away RENAME TO job_run"))
        db.session.commit()

    do(notebook, seconds=4, count=3)

    kept = [count for _job, _outcome, count, *_rest in rows(own_app)]
    # PostgreSQL says that the table is not there, which no waiting mends; SQLite says “operational error”.
    assert kept == ([1, 2, 3] if own_app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite") else [3])


@on_both
def test_what_a_dead_process_had_begun_is_lost_and_what_a_living_one_has_begun_is_not(own_app):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = jobs.name_of_this_process().rpartition(":")[0]
    mine = Notebook(own_app, f"{host}:{os.getpid()}")
    for worker in (f"{host}:{dead.pid}", "elsewhere:1", "elsewhere:2", f"{host}:{os.getpid()}"):
        Notebook(own_app, worker).open("a", due_at=NOW, now=NOW, by_hand=True)
    with own_app.app_context():
        for worker, age in (("elsewhere:1", 10), ("elsewhere:2", 300)):
            with transaction():
                services.note_beat(
                    worker,
                    started_at=NOW,
                    threads=2,
                    elected_at=None,
                    queue_depth=None,
                    now=NOW - timedelta(seconds=age),
                )
        given_up = jobs.give_up_lost_runs(NOW, own=mine.worker)
        again = jobs.give_up_lost_runs(NOW, own=mine.worker)
        found = dict(db.session.execute(select(JobRun.worker, JobRun.outcome)).all())
        state = db.session.get(JobState, "a")

    assert (given_up, again, state.failures) == (2, 0, 2)
    assert found == {
        f"{host}:{dead.pid}": Outcome.LOST,
        "elsewhere:1": Outcome.RUNNING,
        "elsewhere:2": Outcome.LOST,
        mine.worker: Outcome.RUNNING,
    }


@on_both
def test_a_run_under_our_own_name_from_before_we_began_is_lost(own_app):
    """As in a container, where every process is number 1."""
    notebook = Notebook(own_app, "host:1")
    notebook.open("a", due_at=NOW, now=NOW, by_hand=True)

    with own_app.app_context():
        ours = jobs.give_up_lost_runs(NOW, own="host:1", since=NOW)
        theirs = jobs.give_up_lost_runs(NOW, own="host:1", since=NOW + timedelta(seconds=1))

    assert (ours, theirs) == (0, 1)


@on_both
def test_what_was_given_up_is_settled_when_it_ends_all_the_same(own_app):
    notebook = Notebook(own_app, "elsewhere:1")
    entry = notebook.open("a", due_at=NOW, now=NOW, by_hand=True)
    with own_app.app_context():
        jobs.give_up_lost_runs(NOW + timedelta(hours=7), own="host:1")
    lost = rows(own_app)[0][1]

    notebook.close(entry, Outcome.DONE, now=NOW + timedelta(hours=8), count=1)

    assert (lost, rows(own_app)) == (Outcome.LOST, [("a", Outcome.DONE, 1, 1, None)])


def test_old_runs_are_forgotten_failures_and_work_later_than_empty_ones(app):
    def keep(days, **given):
        at = NOW - timedelta(days=days)
        defaults = {
            "job": "a",
            "due_at": at,
            "started_at": at,
            "ended_at": at,
            "outcome": Outcome.DONE,
            "worker": "h:1",
        }
        return make.save(JobRun(**(defaults | given))).id

    kept = {
        keep(1),
        keep(29, count=1),
        keep(29, outcome=Outcome.FAILED),
        keep(99, outcome=Outcome.RUNNING, ended_at=None),
    }
    keep(3)
    keep(31, count=1)
    keep(31, outcome=Outcome.FAILED)
    for worker, days in (("h:1", 1), ("h:2", 3)):
        at = NOW - timedelta(days=days)
        make.save(WorkerBeat(worker=worker, started_at=at, beat_at=at, threads=2))
    db.session.commit()

    removed, again = jobs.forget(NOW), jobs.forget(NOW)

    assert (removed, again) == (4, 0)
    assert set(db.session.scalars(select(JobRun.id))) == kept
    assert [each.worker for each in queries.list_workers()] == ["h:1"]


@on_both
def test_a_worker_beats_when_it_begins_when_it_is_elected_and_when_it_ends(own_app):
    pulse = jobs.Pulse(own_app, "host:1", threads=2)
    seen = []

    def look():
        with own_app.app_context():
            (beat,) = queries.list_workers()
            seen.append((beat.elected_at, beat.queue_depth, beat.stopped_at is not None))

    pulse.beat(None, lambda: 7)
    look()
    pulse.beat(NOW, lambda: 7)
    look()
    pulse.beat(NOW, lambda: 9)  # not time for it yet
    look()
    pulse.stop()
    look()

    assert seen == [(None, None, False), (NOW, 7, False), (NOW, 7, False), (None, None, True)]


@pytest.mark.parametrize(("ahead", "last"), [(30, 30), (3600, 0)])
def test_a_run_from_the_future_is_not_the_last_one(app, ahead, last):
    """A clock that was put back has left it; clocks of two machines may differ by less than a minute."""
    make.save(JobState(job="a", failures=0))
    for seconds in (0, ahead):
        at = NOW + timedelta(seconds=seconds)
        make.save(
            JobRun(job="a", due_at=at, started_at=at, ended_at=at, outcome=Outcome.DONE, worker="host:1")
        )

    found = queries.list_last_runs(NOW)["a"]

    assert found.started_at == NOW + timedelta(seconds=last)
