"""Which edition is current, in which stage it is, and what its dates allow."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TypeVar

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext

T = TypeVar("T")

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Between these lie all days of editions, with room on both sides for reminders and time zones."""

RESERVED_CODES = frozenset(
    """agency api council endorse healthz honours hooks jobs mailbox manage metrics my readyz sign-in sign-out sit
    site static v""".split()
)
"""First parts of addresses that are not editions."""


class DocumentKind(StrEnum):
    """What sort of official document an edition rests on."""

    DECISION = "decision"
    RESOLUTION = "resolution"
    PLAN = "plan"


DOCUMENT_KIND_NAMES: dict[DocumentKind, Words] = {
    DocumentKind.DECISION: lazy_gettext("Decision"),
    DocumentKind.RESOLUTION: lazy_gettext("Resolution"),
    DocumentKind.PLAN: lazy_gettext("Plan"),
}


class Stage(StrEnum):
    """Where in its life an edition stands on a given day."""

    COMING = "coming"
    RUNNING = "running"
    FINISHED = "finished"


STAGE_NAMES: dict[Stage, Words] = {
    Stage.COMING: lazy_gettext("Coming"),
    Stage.RUNNING: lazy_gettext("On now"),
    Stage.FINISHED: lazy_gettext("Finished"),
}


@dataclass(frozen=True)
class Window:
    """A time in which something is open: from `opens_at` on, until just before `closes_at`."""

    opens_at: datetime | None
    closes_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Tell whether the window is open at `now`; without an opening it never is."""
        return (
            self.opens_at is not None
            and self.opens_at <= now
            and (self.closes_at is None or now < self.closes_at)
        )

    def is_over(self, now: datetime) -> bool:
        """Tell whether the window has closed for good."""
        return self.closes_at is not None and self.closes_at <= now


class CodeNotUsable(RuleBroken):
    """An edition code that is malformed or is the first part of another address."""

    field = "code"
    sentence = lazy_gettext(
        "“%(code)s” cannot be the code of an edition: use small letters, digits and dashes."
    )


class DaysNotInOrder(RuleBroken):
    """An edition whose last day comes before its first."""

    field = "ends_on"
    sentence = lazy_gettext("The last day cannot come before the first.")


class WindowNotInOrder(RuleBroken):
    """Something that closes before it opens."""

    sentence = lazy_gettext("The closing must come after the opening.")

    def __init__(self, *, closing: str) -> None:
        """Stand beside the field of the closing."""
        super().__init__(closing=closing)
        self.field = closing


class YearNotPossible(RuleBroken):
    """A day on which no edition can be: a slip of the pen that no calendar could show."""

    sentence = lazy_gettext("Give a day between %(first)s and %(last)s.")

    def __init__(self, *, field: str) -> None:
        """Stand beside the field of the day."""
        super().__init__(first=f"1/1/{FIRST_YEAR}", last=f"31/12/{LAST_YEAR}")
        self.field = field


class EditionCancelled(RuleBroken):
    """A change to an edition that does not take place."""

    sentence = lazy_gettext("This edition was cancelled already.")


class SameDay(RuleBroken):
    """An edition that is postponed to the day on which it is."""

    field = "first_day"
    sentence = lazy_gettext("The edition begins on this day already. Give another day.")


class DayPast(RuleBroken):
    """A day that has gone."""

    field = "first_day"
    sentence = lazy_gettext("This day has passed. Give today or a later day.")


class ClosesBeforeOpening(RuleBroken):
    """Registration that would have to close before it opens."""

    field = "first_day"
    sentence = lazy_gettext(
        "Registration would close before it opens. Give a later day, or change when it opens first."
    )


def check_years(days: Mapping[str, date | datetime | None]) -> None:
    """Raise YearNotPossible for the first of the days (field → day) that lies outside of FIRST_YEAR to LAST_YEAR."""
    for field, day in days.items():
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise YearNotPossible(field=field)


def check_days(first: date, last: date) -> None:
    """Raise DaysNotInOrder."""
    if last < first:
        raise DaysNotInOrder


def check_window(opens_at: datetime | None, closes_at: datetime | None, closing: str) -> None:
    """Raise WindowNotInOrder; `closing` names the field that holds the closing."""
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise WindowNotInOrder(closing=closing)


def check_takes_place(cancelled_at: datetime | None) -> None:
    """Raise EditionCancelled."""
    if cancelled_at is not None:
        raise EditionCancelled


def check_first_day(wanted: date, *, first_day: date, today: date) -> None:
    """Raise YearNotPossible, SameDay or DayPast for a day to which an edition cannot be moved."""
    check_years({"first_day": wanted})
    if wanted == first_day:
        raise SameDay
    if wanted < today:
        raise DayPast


def check_registration(opens_at: datetime | None, closes_at: datetime | None) -> None:
    """Raise ClosesBeforeOpening."""
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise ClosesBeforeOpening


def days_later(moment: datetime, zone: tzinfo, days: int) -> datetime:
    """Return the moment that is so many days later (earlier, when below zero) at the same time on the clock, in UTC."""
    there = moment.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    return there.replace(tzinfo=zone).astimezone(UTC)


def windows_after(
    opens_at: datetime | None, closes_at: datetime | None, zone: tzinfo, days: int, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return a window when the edition moves by so many days; an opening that was stays where it was."""
    if opens_at is not None and opens_at > now:
        opens_at = days_later(opens_at, zone, days)
    return opens_at, days_later(closes_at, zone, days) if closes_at is not None else None


def closed_now(
    opens_at: datetime | None, closes_at: datetime | None, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return a window that is closed from now on; one that was over stays, one that had not opened never will."""
    if closes_at is not None and closes_at <= now:
        return opens_at, closes_at
    return (opens_at if opens_at is not None and opens_at < now else None), now


def check_code(code: str) -> None:
    """Raise CodeNotUsable for a malformed or reserved code."""
    if not CODE.fullmatch(code) or code in RESERVED_CODES:
        raise CodeNotUsable(code=code)


def stage_on(starts_on: date, ends_on: date, today: date) -> Stage:
    """Return the stage of an edition whose first and last days are given (both count)."""
    if today < starts_on:
        return Stage.COMING
    return Stage.RUNNING if today <= ends_on else Stage.FINISHED


def pick_current(editions: Iterable[tuple[date, date, T]], today: date) -> T | None:
    """Return the edition that runs on `today`, else the next one, else the last; None where there is none."""
    rows = sorted(editions, key=lambda row: (row[0], row[1]))
    for starts_on, ends_on, edition in rows:
        if starts_on <= today <= ends_on:
            return edition
    for starts_on, _ends_on, edition in rows:
        if starts_on > today:
            return edition
    return rows[-1][2] if rows else None
