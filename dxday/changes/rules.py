"""What a change of plan is, what of it people are told, and when."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext

SETTLE = timedelta(minutes=10)
"""How long the programme must have been left alone before people are told what was moved: somebody who drags a
session about, or moves ten in a row, is still at work; ten minutes of quiet say that they are done."""

BATCH = 200
"""Letters of one transaction: few enough that nobody waits long for the database."""

ARRIVING = timedelta(minutes=1)
"""Who registered up to this long after a change may have read the old times on the way, and is told as well."""

LONGEST_REASON = 500


class Scope(StrEnum):
    """What is postponed or cancelled."""

    EDITION = "edition"
    SITE = "site"
    SESSION = "session"


class Act(StrEnum):
    """What happened to it."""

    POSTPONED = "postponed"
    CANCELLED = "cancelled"
    CHANGED = "changed"
    """Sessions were moved, one by one, on the pages of the programme."""


NOTICE_NAMES: dict[tuple[Scope, Act], Words] = {
    (Scope.EDITION, Act.POSTPONED): lazy_gettext("The edition was postponed"),
    (Scope.EDITION, Act.CANCELLED): lazy_gettext("The edition was cancelled"),
    (Scope.EDITION, Act.CHANGED): lazy_gettext("Sessions were moved"),
    (Scope.SITE, Act.POSTPONED): lazy_gettext("The sessions of a site were moved to another day"),
    (Scope.SITE, Act.CANCELLED): lazy_gettext("A site was cancelled"),
    (Scope.SESSION, Act.POSTPONED): lazy_gettext("A session was postponed"),
    (Scope.SESSION, Act.CANCELLED): lazy_gettext("A session was cancelled"),
}


class EditionBegun(RuleBroken):
    """An edition of which a session has begun."""

    sentence = lazy_gettext(
        "The edition has begun, so it cannot be postponed as a whole. Postpone the sessions that are still to come."
    )


class EditionOver(RuleBroken):
    """A change to an edition that took place."""

    sentence = lazy_gettext("The edition is over; there is nothing left to change.")


class NothingToMove(RuleBroken):
    """A site at which nothing is held that is still to come."""

    sentence = lazy_gettext(
        "No session that is still to come is held at this site; what it only receives moves with the sender's."
    )


class NoDaysGiven(RuleBroken):
    """Sessions that are moved by no days at all."""

    field = "days"
    sentence = lazy_gettext(
        "Give by how many days: at least 1 later, or at least 1 earlier with a minus in front."
    )


class NewTimePast(RuleBroken):
    """Sessions that would be moved into the past."""

    sentence = lazy_gettext("This time has passed. Give a later one.")


class NotAnnounced(RuleBroken):
    """A draft that is to be postponed or cancelled in front of everybody."""

    sentence = lazy_gettext("This session was not published yet, so there is nobody to tell. Just change it.")


class SessionOver(RuleBroken):
    """A session that took place."""

    sentence = lazy_gettext("This session is over.")


class SameTime(RuleBroken):
    """A session that is postponed to the time at which it is."""

    field = "day"
    sentence = lazy_gettext("The session is at this time already. Give another day or time.")


class NotConfirmed(RuleBroken):
    """A heavy act without the tick that says one means it."""

    field = "sure"
    sentence = lazy_gettext("Tick the box when you have read what follows and mean it.")


@dataclass(frozen=True)
class Where:
    """When and in which room something is at a site, and whether it takes place there."""

    starts_at: datetime
    ends_at: datetime
    room_id: int | None
    cancelled: bool


def is_news(was: Where, is_now: Where, now: datetime) -> bool:
    """Tell whether people want to know: it differs from what they know, and was or is still to come."""
    if was.cancelled and is_now.cancelled:
        return False
    return was != is_now and (was.ends_at > now or is_now.ends_at > now)


def is_settled(last_change: datetime, now: datetime) -> bool:
    """Tell whether the programme has been left alone for long enough."""
    return last_change <= now - SETTLE


def check_not_over(last_day: date, today: date) -> None:
    """Raise EditionOver; both are days of the edition's time zone."""
    if today > last_day:
        raise EditionOver


def check_not_begun(first: datetime | None, now: datetime) -> None:
    """Raise EditionBegun when the first session has begun."""
    if first is not None and first <= now:
        raise EditionBegun


def check_sure(sure: bool) -> None:
    """Raise NotConfirmed."""
    if not sure:
        raise NotConfirmed
