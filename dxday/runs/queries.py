"""Reading runs of jobs, what was said about jobs, workers, and the work that waits in rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, func, or_, select

from dxday import leases
from dxday.accounts.models import Account
from dxday.core.carriage import Carriage
from dxday.db import UtcDateTime, ask_at_once, db
from dxday.runs import rules, timetable
from dxday.runs.models import JobRun, JobState, WorkerBeat
from dxday.runs.timetable import Load

_A_MINUTE = timedelta(minutes=1)
"""The clocks of two machines may differ by so much."""

_STAMP: Any = select(
    func.count(),
    func.count(JobState.paused_at),
    func.max(JobState.paused_at),
    func.count(JobState.wanted_at),
    func.max(JobState.wanted_at),
).select_from(JobState)


def find_states_stamp() -> tuple[Any, ...] | None:
    """Return what changes when somebody pauses, resumes or wants a job; past the session, for every second."""
    return ask_at_once(_STAMP)


_PAUSED = select(JobState.job).where(JobState.job == bindparam("job"), JobState.paused_at.is_not(None))


def is_paused(job: str) -> bool:
    """Tell whether somebody keeps the clock from running a job; past the session, for work that asks as it goes on."""
    return ask_at_once(_PAUSED, job=job) is not None


def list_states() -> dict[str, JobState]:
    """Return what was said about jobs, by job."""
    found = db.session.scalars(select(JobState).execution_options(populate_existing=True))
    return {state.job: state for state in found}


def find_state(job: str) -> JobState | None:
    """Return what was said about a job."""
    return db.session.get(JobState, job)


def list_last_runs(now: datetime) -> dict[str, JobRun]:
    """Return the latest run of each job that ever ran, by job; one statement, by the index.

    A run from the future, left by a clock that was put back, does not count.
    """
    latest = (
        select(JobRun.id)
        .where(JobRun.job == JobState.job, JobRun.started_at < now + _A_MINUTE)
        .order_by(JobRun.started_at.desc(), JobRun.id.desc())
        .limit(1)
        .correlate(JobState)
        .scalar_subquery()
    )
    found = db.session.scalars(select(JobRun).where(JobRun.id.in_(select(latest).select_from(JobState))))
    return {run.job: run for run in found}


def list_runs(job: str, *, limit: int, offset: int = 0) -> list[tuple[JobRun, str | None]]:
    """Return the runs of a job, newest first, each with the name of who asked for it; one statement."""
    rows = db.session.execute(
        select(JobRun, Account.full_name)
        .join(Account, Account.id == JobRun.by_hand_id, isouter=True)
        .where(JobRun.job == job)
        .order_by(JobRun.started_at.desc(), JobRun.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [(run, name) for run, name in rows]


def count_runs(job: str) -> int:
    """Return how many rows of runs a job has."""
    return db.session.scalar(select(func.count()).select_from(JobRun).where(JobRun.job == job)) or 0


@dataclass(frozen=True)
class Failure:
    """A reason for which a job failed: how often since when, and when last."""

    job: str
    outcome: rules.Outcome
    error: str | None
    times: int
    last_at: datetime


def list_failures(since: datetime) -> list[Failure]:
    """Return why jobs failed since then, the latest first."""
    rows = db.session.execute(
        select(JobRun.job, JobRun.outcome, JobRun.error, func.sum(JobRun.times), func.max(JobRun.started_at))
        .where(
            JobRun.outcome.in_((rules.Outcome.FAILED, rules.Outcome.LOST)),
            JobRun.started_at >= since,
        )
        .group_by(JobRun.job, JobRun.outcome, JobRun.error)
        .order_by(func.max(JobRun.started_at).desc(), JobRun.job)
    )
    return [Failure(job, outcome, error, int(times), last_at) for job, outcome, error, times, last_at in rows]


def list_unended() -> list[JobRun]:
    """Return the runs that have begun and not ended."""
    return list(db.session.scalars(select(JobRun).where(JobRun.outcome == rules.Outcome.RUNNING)))


def list_workers() -> list[WorkerBeat]:
    """Return every worker that is remembered: the clock first, then those last heard of."""
    return list(
        db.session.scalars(
            select(WorkerBeat)
            .order_by(WorkerBeat.elected_at.is_(None), WorkerBeat.beat_at.desc(), WorkerBeat.worker)
            .execution_options(populate_existing=True)
        )
    )


def find_clock(workers: Sequence[WorkerBeat], now: datetime) -> WorkerBeat | None:
    """Return the worker that lives and is the clock."""
    for worker in workers:
        if worker.elected_at is not None and rules.is_heard_of(worker.beat_at, worker.stopped_at, now):
            return worker
    return None


@dataclass(frozen=True)
class Waiting:
    """How much of one kind of work is in which state, how much is due, and since when the oldest of it."""

    load: Load
    counts: dict[Carriage, int]
    due: int
    oldest_at: datetime | None

    def age(self, now: datetime) -> float:
        """Return for how many seconds the oldest has been due; 0 when nothing is."""
        return max(0.0, (now - self.oldest_at).total_seconds()) if self.oldest_at else 0.0


def count_waiting(load: Load, now: datetime) -> Waiting:
    """Return how much of the work waits, in one statement."""
    model = load.model
    is_due = and_(model.carriage == Carriage.QUEUED, or_(model.due_at.is_(None), model.due_at <= now))
    rows = db.session.execute(
        select(
            model.carriage,
            func.count(),
            func.sum(case((is_due, 1), else_=0)),
            func.min(case((is_due, func.coalesce(model.due_at, load.made_at)))),
        ).group_by(model.carriage)
    ).all()
    return Waiting(
        load=load,
        counts={state: number for state, number, _due, _oldest in rows},
        due=sum(int(due) for _state, _number, due, _oldest in rows),
        oldest_at=min((oldest for *_rest, oldest in rows if oldest is not None), default=None),
    )


def is_anything_due(model: Any, now: datetime) -> bool:
    """Tell whether the clock has anything to do with rows of this kind: hand them out, or take them back.

    Asked every two seconds of every kind, so past the session and outside of any transaction; what it looks for is
    what `leases.hand_out` and `leases.release_expired` look for.
    """
    to_column = UtcDateTime().bind_processor(db.engine.dialect) or (lambda moment: moment)
    row = ask_at_once(
        _due(model),
        queued=Carriage.QUEUED.value,
        claimed=Carriage.CLAIMED.value,
        now=to_column(now),
        too_far=to_column(now + leases.LONGEST),
    )
    return bool(row and row[0])


@cache
def _due(model: Any) -> Any:
    moment = UtcDateTime()
    now, too_far = bindparam("now", type_=moment), bindparam("too_far", type_=moment)
    waits = and_(
        model.carriage == bindparam("queued"),
        or_(model.due_at.is_(None), model.due_at <= now),
        or_(model.handed_until.is_(None), model.handed_until < now, model.handed_until > too_far),
    )
    is_left = and_(
        model.carriage == bindparam("claimed"),
        or_(model.leased_until < now, model.leased_until > too_far),
    )
    return select(exists(select(model.id).where(or_(waits, is_left))))


@dataclass(frozen=True)
class Line:
    """A job of the timetable as it stands: its last run, its next, and what people have said about it."""

    job: timetable.Job
    run: JobRun | None
    next_at: datetime
    paused_at: datetime | None
    wanted_at: datetime | None

    @property
    def lag(self) -> float | None:
        """For how many seconds the last run was late."""
        return rules.lag(self.run.due_at, self.run.started_at) if self.run else None


def list_lines(now: datetime) -> list[Line]:
    """Return every job of the timetable as it stands; two statements."""
    states, last_runs = list_states(), list_last_runs(now)
    return [_line(job, last_runs.get(job.name), states.get(job.name), now) for job in timetable.jobs()]


def get_line(job: timetable.Job, now: datetime) -> Line:
    """Return one job as it stands."""
    last = db.session.scalars(
        select(JobRun)
        .where(JobRun.job == job.name, JobRun.started_at < now + _A_MINUTE)
        .order_by(JobRun.started_at.desc(), JobRun.id.desc())
        .limit(1)
    ).one_or_none()
    return _line(job, last, find_state(job.name), now)


def _line(job: timetable.Job, run: JobRun | None, state: JobState | None, now: datetime) -> Line:
    return Line(
        job=job,
        run=run,
        next_at=job.trigger.after(run.started_at if run else None, now),
        paused_at=state.paused_at if state else None,
        wanted_at=state.wanted_at if state else None,
    )


def list_jobs(now: datetime) -> list[dict[str, Any]]:
    """Return the timetable as plain values, with the last run of each job and its next; two statements."""
    return [
        {
            "name": line.job.name,
            "when": str(line.job.trigger),
            "what": str(line.job.what),
            "last_started_at": line.run.started_at if line.run else None,
            "last_outcome": line.run.outcome.value if line.run else None,
            "last_count": line.run.count if line.run else None,
            "last_error": line.run.error if line.run else None,
            "next_at": line.next_at,
            "paused": line.paused_at is not None,
        }
        for line in list_lines(now)
    ]
