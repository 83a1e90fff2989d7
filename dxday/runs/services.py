"""Changing what is known of jobs: pausing, asking for a run, runs that began and ended, workers that beat."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, or_, select, update

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.db import db, insert_into
from dxday.runs import queries, rules
from dxday.runs.models import JobRun, JobState, WorkerBeat
from dxday.runs.rules import Outcome

# What people say ------------------------------------------------------------------------------------------------------


def pause_job(job: str, *, actor: Actor, now: datetime) -> None:
    """Keep the clock from running the job until it is resumed.  Raises JobPaused."""
    state = _state(job)
    if state.paused_at is not None:
        raise rules.JobPaused
    state.paused_at, state.paused_by_id = now, actor.account_id
    audit.record("job.paused", subject=job, actor=actor, now=now)


def resume_job(job: str, *, actor: Actor, now: datetime) -> None:
    """Let the clock run the job again.  Raises JobNotPaused."""
    state = _state(job)
    if state.paused_at is None:
        raise rules.JobNotPaused
    state.paused_at, state.paused_by_id = None, None
    audit.record("job.resumed", subject=job, actor=actor, now=now)


def want_run(job: str, *, actor: Actor, now: datetime) -> None:
    """Ask the clock, wherever it is, to run the job at once, paused or not; asking twice is one wish."""
    state = _state(job)
    if state.wanted_at is not None:
        return
    state.wanted_at, state.wanted_by_id = now, actor.account_id
    audit.record("job.wanted", subject=job, actor=actor, now=now)


def _state(job: str) -> JobState:
    """Return the row of the job, locked, made where there was none."""
    _insert_unless_there(JobState, job=job, failures=0)
    state = db.session.get(JobState, job, populate_existing=True, with_for_update=True)
    assert state is not None
    return state


# What runs ------------------------------------------------------------------------------------------------------------


def begin_run(
    job: str,
    *,
    due_at: datetime,
    started_at: datetime,
    worker: str,
    by_hand: bool = False,
    by_hand_id: int | None = None,
) -> int:
    """Write down that a run has begun and return its row's id; whoever wanted it has their wish."""
    run = JobRun(
        job=job,
        due_at=due_at,
        started_at=started_at,
        worker=worker,
        by_hand=by_hand,
        by_hand_id=by_hand_id,
    )
    db.session.add(run)
    _insert_unless_there(JobState, job=job, failures=0)
    if by_hand:
        _execute(
            update(JobState)
            .where(JobState.job == job, JobState.wanted_at.is_not(None))
            .values(wanted_at=None, wanted_by_id=None)
        )
    db.session.flush()
    return run.id


def record_run(run: rules.Run, *, worker: str) -> int:
    """Write down a run that has ended, or several as one, and return the id of its row.

    A row that was given up as lost is settled all the same, because now it is known.
    """
    values: dict[str, Any] = {
        "due_at": run.due_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "outcome": run.outcome,
        "count": run.count,
        "times": run.times,
        "first_at": run.first_at,
        "error": run.error,
    }
    row_id = run.row_id
    if row_id is None or not _execute(update(JobRun).where(JobRun.id == row_id).values(**values)):
        row = JobRun(job=run.job, worker=worker, by_hand=run.by_hand, by_hand_id=run.by_hand_id, **values)
        db.session.add(row)
        db.session.flush()
        row_id = row.id
    return row_id


def count_outcome(job: str, *, succeeded_at: datetime | None, failures: int) -> None:
    """Count for good what came of runs of a job."""
    _insert_unless_there(JobState, job=job, failures=0)
    values: dict[str, Any] = {"failures": JobState.failures + failures}
    if succeeded_at is not None:
        values["succeeded_at"] = succeeded_at
    _execute(update(JobState).where(JobState.job == job).values(**values))


def give_up_lost_runs(is_lost: Callable[[JobRun], bool], *, now: datetime) -> int:
    """Mark runs that have begun and will never end as lost; return how many."""
    given_up = 0
    for run in queries.list_unended():
        if is_lost(run):
            marked = _execute(
                update(JobRun)
                .where(JobRun.id == run.id, JobRun.outcome == Outcome.RUNNING)
                .values(outcome=Outcome.LOST, ended_at=now, error="the process ended before the run was done")
            )
            if marked:
                count_outcome(run.job, succeeded_at=None, failures=1)
                given_up += 1
    return given_up


def forget_runs(*, now: datetime, limit: int) -> int:
    """Remove up to `limit` runs that were kept for long enough, and return how many."""
    old = (
        select(JobRun.id)
        .where(
            JobRun.outcome != Outcome.RUNNING,
            or_(
                JobRun.started_at < now - rules.KEEP,
                (JobRun.started_at < now - rules.KEEP_EMPTY)
                & (JobRun.outcome == Outcome.DONE)
                & (JobRun.count == 0),
            ),
        )
        .limit(limit)
    )
    ids = list(db.session.scalars(old))
    return _execute(delete(JobRun).where(JobRun.id.in_(ids))) if ids else 0


# Who works ------------------------------------------------------------------------------------------------------------


def note_beat(
    worker: str,
    *,
    started_at: datetime,
    threads: int,
    elected_at: datetime | None,
    queue_depth: int | None,
    now: datetime,
    stopped: bool = False,
) -> None:
    """Write down that a worker lives, or that it has ended in order."""
    values: dict[str, Any] = {
        "started_at": started_at,
        "beat_at": now,
        "stopped_at": now if stopped else None,
        "threads": threads,
        "elected_at": elected_at,
        "queue_depth": queue_depth,
    }
    if not _execute(update(WorkerBeat).where(WorkerBeat.worker == worker).values(**values)):
        _insert_unless_there(WorkerBeat, worker=worker, **values)


def forget_workers(*, now: datetime) -> int:
    """Remove workers that have not been heard of for days, and return how many."""
    return _execute(delete(WorkerBeat).where(WorkerBeat.beat_at < now - rules.KEEP_EMPTY))


def _insert_unless_there(model: Any, **values: Any) -> None:
    db.session.execute(insert_into(model).values(**values).on_conflict_do_nothing())


def _execute(statement: Any) -> int:
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
