"""What a line of the timetable is; the lines themselves are in `dxday.scheduler`, above every feature."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from flask import current_app

from dxday.core.errors import NotFound
from dxday.core.i18n import Words, lazy_gettext


class Queue(Protocol):
    """Where handed-out rows go; a worker takes them from there."""

    def give(self, task: str, row_ids: list[int]) -> None:
        """Put rows into the queue, to be carried by the task of this name."""

    def is_full(self, task: str) -> bool:
        """Tell whether enough waits there already for the hands that carry this task."""


class Trigger(BaseTrigger):  # type: ignore[misc]  # APScheduler comes without types
    """When a job runs: once for what was missed, however long that was, and the lag is counted from the first."""

    words: Words

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the next time after `previous_fire_time`; never one of several that were missed together."""
        return self.after(previous_fire_time, now)

    def after(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the next time after `previous`, or after `now` where there was none or it has passed."""
        raise NotImplementedError


class Every(Trigger):
    """Again and again after so long."""

    def __init__(self, **interval: float) -> None:
        """Take what timedelta takes."""
        self.interval = timedelta(**interval)
        seconds = round(self.interval.total_seconds())
        self.words = (
            lazy_gettext("Every %(n)s seconds", n=seconds)
            if seconds < 60
            else lazy_gettext("Every minute")
            if seconds == 60
            else lazy_gettext("Every hour")
            if seconds == 3600
            else lazy_gettext("Every %(n)s minutes", n=seconds // 60)
        )

    def after(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the next beat; beats stay in step with the first."""
        if previous is None or previous > now:  # the second where the machine's clock was put back
            return now + self.interval
        return previous + self.interval * (math.floor((now - previous) / self.interval) + 1)

    def __str__(self) -> str:
        return f"interval[{self.interval!s}]"


class Daily(Trigger):
    """Once a day at a time of day in Vietnam."""

    ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

    def __init__(self, hour: int, minute: int = 0) -> None:
        """Take the time of day."""
        self.at = time(hour, minute)
        self.words = lazy_gettext("Daily at %(time)s", time=f"{self.at:%H:%M}")

    def after(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the next such time of day."""
        local = now.astimezone(self.ZONE)
        found = datetime.combine(local.date(), self.at, tzinfo=self.ZONE)
        return found if found > local else found + timedelta(days=1)

    def __str__(self) -> str:
        return f"daily[{self.at:%H:%M}]"


IT_WAITS = lazy_gettext("What it does waits until somebody resumes it; then it catches up.")


@dataclass(frozen=True)
class Job:
    """One line of the timetable.  `act(now, queue)` is safe to run twice, late, or never; it returns a count."""

    name: str
    act: Callable[[datetime, Queue], int]
    trigger: Trigger
    what: Words
    """What it does, in the words of somebody who does not know how."""
    pausing: Words = IT_WAITS
    """What it means to pause it."""


@dataclass(frozen=True)
class Load:
    """A kind of work that waits in rows: its name, what people call it, its table, and when a row was made."""

    name: str
    label: Words
    model: Any
    made_at: Any


def jobs() -> Sequence[Job]:
    """Return the timetable of the application."""
    known: Sequence[Job] = current_app.extensions["dxday_timetable"]
    return known


def get_job(name: str) -> Job:
    """Return the job of this name.  Raises NotFound."""
    for job in jobs():
        if job.name == name:
            return job
    raise NotFound


def loads() -> Sequence[Load]:
    """Return every kind of work that waits in rows."""
    known: Sequence[Load] = current_app.extensions.get("dxday_loads", ())
    return known
