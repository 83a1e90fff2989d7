"""Long work: carried once, with progress; cancelled between steps; begun again when a worker died."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dxday import leases
from dxday.adapters.storage import open_storage
from dxday.core import clock
from dxday.core.actor import SYSTEM
from dxday.core.carriage import Carriage
from dxday.core.errors import NotAllowed
from dxday.core.permissions import Permission, Role
from dxday.db import db, transaction
from dxday.operations import jobs, rules, services
from dxday.operations.kinds import OperationKind, Outcome
from dxday.operations.models import Operation
from tests import make


class Counting:
    """A kind of work in ten steps that remembers what it did, and can be disturbed at a step."""

    def __init__(self):
        self.steps = 0
        self.at_step = {}

    def run(self, operation, progress, now):
        for step in range(1, 11):
            self.at_step.get(step, lambda: None)()
            self.steps += 1
            progress(step, 10)
        return Outcome(data=b"done", file_name="result.txt", media_type="text/plain", answer={"steps": 10})


@pytest.fixture
def work(app, monkeypatch):
    """The work, offered under the name "counting"; every word of it reaches the row."""
    counting = Counting()
    kind = OperationKind("counting", "Counting", Permission.REGISTRATION_VIEW, counting.run)
    monkeypatch.setitem(app.extensions["dxday_operations"], "counting", kind)
    monkeypatch.setattr(jobs, "STEP", 0)
    counting.kind = kind
    return counting


def asked(work, key="k", edition=None, actor=SYSTEM):
    edition = edition or make.edition()
    with transaction():
        return services.request_operation(
            work.kind, key=key, edition_id=edition.id, arguments={}, actor=actor, now=clock.now()
        )


def look(operation):
    db.session.expire_all()
    return db.session.get(Operation, operation.id)


def test_an_operation_is_done_once_and_its_file_is_kept(app, work):
    operation = asked(work)

    outcomes = [jobs.carry_operation(operation.id, clock.now()) for _ in range(2)]

    row = look(operation)
    store = open_storage(app.extensions["dxday_settings"].storage_url)
    assert (outcomes, work.steps) == ([Carriage.DONE, None], 10)
    assert (row.done, row.total, row.answer, row.file_name) == (10, 10, {"steps": 10}, "result.txt")
    assert store.get(row.storage_key) == b"done"


def test_the_same_wish_twice_is_one_operation(app, work):
    edition = make.edition()
    db.session.commit()

    assert asked(work, edition=edition).id == asked(work, edition=edition).id
    assert len(db.session.scalars(select(Operation)).all()) == 1


def test_nobody_asks_for_work_that_is_not_theirs(app, work):
    edition = make.edition()
    db.session.commit()

    with pytest.raises(NotAllowed):
        asked(work, edition=edition, actor=make.actor(Role.ORGANIZER, edition_id=edition.id + 1))


def test_what_waits_is_cancelled_at_once(app, work):
    operation = asked(work)
    with transaction():
        services.cancel_operation(operation, actor=SYSTEM, now=clock.now())

    assert jobs.carry_operation(operation.id, clock.now()) is None
    assert (look(operation).carriage, work.steps) == (Carriage.CANCELLED, 0)


def test_what_runs_stops_at_its_next_step(app, work):
    operation = asked(work)

    def cancel():
        with transaction():
            services.cancel_operation(db.session.get(Operation, operation.id), actor=SYSTEM, now=clock.now())

    work.at_step[4] = cancel

    outcome = jobs.carry_operation(operation.id, clock.now())

    row = look(operation)
    assert (outcome, work.steps, row.carriage, row.storage_key) == (
        Carriage.CANCELLED,
        4,
        Carriage.CANCELLED,
        None,
    )


def test_what_ended_is_not_cancelled(app, work):
    operation = asked(work)
    jobs.carry_operation(operation.id, clock.now())

    with pytest.raises(rules.EndedAlready), transaction():
        services.cancel_operation(look(operation), actor=SYSTEM, now=clock.now())


def test_what_breaks_says_why_and_harms_nothing_else(app, work):
    operation, other = asked(work, "a"), asked(work, "b")

    def break_down():
        raise ValueError("row 3 has no name")

    work.at_step[3] = break_down

    outcome = jobs.carry_operation(operation.id, clock.now())
    work.at_step.clear()

    assert (outcome, look(operation).error) == (Carriage.FAILED, "ValueError: row 3 has no name")
    assert jobs.carry_operation(other.id, clock.now()) is Carriage.DONE


def test_each_word_about_the_progress_renews_the_lease(app, work):
    operation = asked(work)
    seen = []
    work.at_step[2] = lambda: seen.append(look(operation).leased_until)

    jobs.carry_operation(operation.id, clock.now() - timedelta(hours=1))

    assert seen[0] > clock.now()


def test_the_work_of_a_dead_worker_is_begun_again_and_given_up_in_the_end(app, work):
    operation = asked(work)
    handed = []
    for _ in range(rules.MAX_TRIES):
        with transaction():
            leases.claim(Operation, operation.id, now=clock.now())
        handed.append(jobs.hand_out_operations(clock.now() + leases.LEASE * 2))
        with transaction():
            db.session.execute(update(Operation).values(handed_until=None))

    assert handed == [[operation.id], [operation.id], []]
    assert look(operation).carriage is Carriage.FAILED


def test_a_worker_that_was_silent_for_too_long_records_nothing(app, work):
    operation = asked(work)

    def another_takes_over():
        with transaction():
            db.session.execute(
                update(Operation)
                .values(leased_until=clock.now() + timedelta(hours=1))
                .execution_options(synchronize_session=False)
            )

    work.at_step[5] = another_takes_over

    outcome = jobs.carry_operation(operation.id, clock.now())

    assert (outcome, look(operation).carriage, work.steps) == (None, Carriage.CLAIMED, 5)


def test_files_go_after_a_week(app, work):
    operation = asked(work)
    jobs.carry_operation(operation.id, clock.now())
    store = open_storage(app.extensions["dxday_settings"].storage_url)
    key = look(operation).storage_key

    tidied = [jobs.tidy_operations(clock.now() + timedelta(days=days)) for days in (6, 8, 9)]

    assert (tidied, store.exists(key), look(operation).storage_key) == ([0, 1, 0], False, None)
