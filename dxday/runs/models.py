"""Runs of the jobs of the timetable, which jobs are paused or wanted, and the workers that live."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from dxday.db import Base, Id, Key, choice
from dxday.runs.rules import Outcome


class JobRun(Base):
    """One run of a job; runs in a row that found nothing, or failed alike, are one row with how many they were."""

    __tablename__ = "job_run"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (outcome = 'running')", name="ended_has_outcome"),
        CheckConstraint("times >= 1", name="ran_once"),
        Index("ix_job_run_job_started_at", "job", "started_at"),
        Index("ix_job_run_outcome_started_at", "outcome", "started_at"),
    )

    id: Mapped[Id]
    job: Mapped[str]
    due_at: Mapped[datetime]
    """When it should have begun; the difference to `started_at` is the lag."""
    started_at: Mapped[datetime]
    """When it began; the last of them, where the row stands for several."""
    ended_at: Mapped[datetime | None]
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome), default=Outcome.RUNNING)
    count: Mapped[int] = mapped_column(default=0)
    """How many things were done."""
    times: Mapped[int] = mapped_column(default=1)
    """How many runs this row stands for."""
    first_at: Mapped[datetime | None]
    """When the first of several runs began; None where it is one."""
    error: Mapped[str | None]
    worker: Mapped[str]
    """Host and process that ran it."""
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Somebody asked for it, on the page or with `dxday jobs run`."""
    by_hand_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    """Who asked for it on the page."""


class JobState(Base):
    """What people have said about a job of the timetable, and what is counted for good."""

    __tablename__ = "job_state"

    job: Mapped[str] = mapped_column(primary_key=True)
    paused_at: Mapped[datetime | None]
    paused_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    wanted_at: Mapped[datetime | None]
    """Somebody asked for a run now; taken back by the clock that begins it."""
    wanted_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    succeeded_at: Mapped[datetime | None]
    """When it last ended well."""
    failures: Mapped[int] = mapped_column(default=0)
    """How many runs failed or were lost, ever: the rows of runs are removed after a while."""


class WorkerBeat(Base):
    """A worker process that lives, or lived: when it was last heard of, and whether it is the clock."""

    __tablename__ = "worker_beat"

    worker: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    elected_at: Mapped[datetime | None]
    """Since when it is the clock; None for those who stand by."""
    threads: Mapped[int]
    queue_depth: Mapped[int | None]
    """How many tasks lay in the queue when it was last heard of; the clock alone counts them."""
