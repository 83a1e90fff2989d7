"""Which edition is current, in which stage it is, and what its dates allow."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext

T = TypeVar("T")

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Between these lie all days of editions, with room on both sides for reminders and time zones."""

RESERVED_CODES = frozenset(
    "agency api council healthz honours manage metrics my readyz sign-in sign-out site static v".split()
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
