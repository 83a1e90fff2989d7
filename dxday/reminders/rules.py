"""When a reminder is due and until when it may leave, in which state a rule is, and what is nonsense."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from dxday.core import workdays
from dxday.core.errors import RuleBroken
from dxday.core.i18n import lazy_gettext

CATCH_UP = timedelta(days=3)
"""How late what leaves after its moment may still leave, when the server was down."""

AT_THE_MOMENT = timedelta(hours=1)
"""How late what leaves at the very moment may still leave."""

MAX_DAYS, MAX_HOURS = 366, 999
NAME_LENGTH = 200

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


class RuleState(StrEnum):
    """Whether a rule reminds anybody."""

    OFF = "off"
    ON = "on"


class Direction(StrEnum):
    """On which side of its moment a reminder leaves."""

    BEFORE = "before"
    AFTER = "after"


class Unit(StrEnum):
    """In what the distance to the moment is counted."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"


class LateJoiners(StrEnum):
    """What becomes of those who join after the reminder was due."""

    SKIP = "skip"
    TELL = "tell"


class Fate(StrEnum):
    """What becomes of a rule's reminder of one moment."""

    COMING = "coming"
    """It will leave when it is due."""
    DUE = "due"
    """It is due now."""
    MISSED = "missed"
    """It was due before the rule is switched on, so it does not leave."""
    OVER = "over"
    """It is too late for it, and it was never sent."""
    SENT = "sent"
    """Everybody whom it concerns was told."""


class Reason(StrEnum):
    """Why somebody gets a reminder, or why not."""

    GETS = "gets"
    GETS_AT_ONCE = "gets_at_once"
    """Joined after it was due; the rule tells late joiners."""
    LATE = "late"
    """Joined after it was due: their confirmation has just told them."""
    TOLD = "told"
    """Has got it already."""
    NO_ADDRESS = "no_address"
    """Has no mail address, or no telephone number where it leaves as a text message."""
    SPARED = "spared"
    """Wants no reminders, or nothing arrives at the address."""
    MISSED = "missed"
    """It was due before the rule is switched on."""
    OVER = "over"
    """It is too late for it."""


GETTING = frozenset({Reason.GETS, Reason.GETS_AT_ONCE})


@dataclass(frozen=True)
class Timing:
    """How far before or after its moment a reminder leaves, at which time of day, and when it must be quiet.

    Times of day are those of the edition's own clock.  `at_time` counts for days only; None is the moment's own
    time.  Quiet hours go from `quiet_from` until just before `quiet_until`, over midnight too.
    """

    amount: int
    unit: Unit
    direction: Direction
    at_time: time | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None

    @property
    def is_before(self) -> bool:
        """Whether it leaves before its moment, or at it."""
        return self.direction is Direction.BEFORE

    @property
    def counts_days(self) -> bool:
        """Whether it is counted in days, so that a time of day says something."""
        return self.unit is not Unit.HOURS

    def is_quiet(self, clock: time) -> bool:
        """Tell whether a time of day lies in the quiet hours."""
        if self.quiet_from is None or self.quiet_until is None:
            return False
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= clock < self.quiet_until
        return clock >= self.quiet_from or clock < self.quiet_until


# Refusals ------------------------------------------------------------------------------------------------------------


class NameMissing(RuleBroken):
    """A rule without a name."""

    field = "name"
    sentence = lazy_gettext("Give the reminder a name.")


class NameTaken(RuleBroken):
    """A name that another rule of the edition has: by their names rules are told apart, also when they are copied."""

    field = "name"
    sentence = lazy_gettext("Another reminder of this edition has this name.")


class AmountNotPossible(RuleBroken):
    """A distance that is negative or longer than anybody plans."""

    field = "amount"
    sentence = lazy_gettext("Give a number between 0 and %(most)s.")


class QuietHoursNotWhole(RuleBroken):
    """Quiet hours with a beginning and no end, or the other way round."""

    sentence = lazy_gettext("Quiet hours need a beginning and an end.")

    def __init__(self, *, field: str) -> None:
        """Stand beside the empty field."""
        super().__init__()
        self.field = field


class QuietAllDay(RuleBroken):
    """Quiet hours that leave no room."""

    field = "quiet_until"
    sentence = lazy_gettext("Quiet hours that begin and end at the same time leave no room for a reminder.")


class QuietAtThatTime(RuleBroken):
    """A time of day inside of the rule's own quiet hours."""

    field = "at_time"
    sentence = lazy_gettext("This time lies in the quiet hours. Change one of the two.")


class UnknownAudience(RuleBroken):
    """An audience that no feature offers."""

    field = "audience"
    sentence = lazy_gettext("Choose whom to remind.")


class UnknownMoment(RuleBroken):
    """A moment that the audience does not have."""

    field = "moment"
    sentence = lazy_gettext("Choose a moment that these people can be reminded of.")


class UnknownFilter(RuleBroken):
    """A filter or a value that the audience does not offer in this edition, as after copying."""

    field = "filters"
    sentence = lazy_gettext("“%(value)s” cannot be chosen in this edition. Choose again whom to remind.")


class FilterNotOfMoment(RuleBroken):
    """A filter of things that the moment is not about: no session begins when the ceremony does."""

    field = "moment"
    sentence = lazy_gettext(
        "Counted from here, “%(filter)s” cannot be chosen: nobody would be reached. "
        "Untick what is chosen there, or count from something else."
    )


class UnknownLanguage(RuleBroken):
    """A language that the system does not speak."""

    field = "locale"
    sentence = lazy_gettext("Choose one of the languages.")


class WordsNotWhole(RuleBroken):
    """Own words with a subject and no text, or the other way round."""

    sentence = lazy_gettext("Own words need a subject and a text.")

    def __init__(self, *, field: str) -> None:
        """Stand beside the empty field."""
        super().__init__()
        self.field = field


class SentAlready(RuleBroken):
    """A rule that is to be removed although the ledger knows messages of it."""

    sentence = lazy_gettext("This reminder has sent messages, so it is kept. Switch it off instead.")


class NoAddressOfYourOwn(RuleBroken):
    """A trial letter for somebody without a mail address."""

    sentence = lazy_gettext("You have no mail address to send a trial letter to.")


def check_name(name: str) -> None:
    """Raise NameMissing."""
    if not name.strip():
        raise NameMissing


def check_timing(timing: Timing) -> None:
    """Raise AmountNotPossible, QuietHoursNotWhole, QuietAllDay or QuietAtThatTime."""
    most = MAX_DAYS if timing.counts_days else MAX_HOURS
    if not 0 <= timing.amount <= most:
        raise AmountNotPossible(most=most)
    if timing.quiet_from is None and timing.quiet_until is not None:
        raise QuietHoursNotWhole(field="quiet_from")
    if timing.quiet_until is None and timing.quiet_from is not None:
        raise QuietHoursNotWhole(field="quiet_until")
    if timing.quiet_from is not None and timing.quiet_from == timing.quiet_until:
        raise QuietAllDay
    if timing.counts_days and timing.at_time is not None and timing.is_quiet(timing.at_time):
        raise QuietAtThatTime


# When ----------------------------------------------------------------------------------------------------------------


def due_at(timing: Timing, anchor_at: datetime, zone: tzinfo) -> datetime:
    """Return when the reminder of a moment is due, aware, in UTC.

    Hours are a distance in time.  Days are counted on the calendar of `zone`: the local day that many days (or
    Vietnamese working days) away, at `at_time` or at the moment's own time of day.  A time that the clock leaves out
    is as much later as the clock is put forward; of a time that comes twice it is the first.

    A time in the quiet hours moves to their end; before a moment, when that would not be before it any more, to the
    last minute before they begin.  What leaves before its moment is never due after it, and what leaves after it never
    before.
    """
    anchor_at = anchor_at.astimezone(UTC)  # on a local clock, hours would be counted as the clock shows them
    due = _plain_due(timing, anchor_at, zone)
    due = min(due, anchor_at) if timing.is_before else max(due, anchor_at)
    return _outside_quiet_hours(timing, due, anchor_at, zone).astimezone(UTC)


def latest_at(timing: Timing, anchor_at: datetime, due: datetime) -> datetime:
    """Return from when on a reminder that was due at `due` does not leave any more.

    Before a moment: from the moment on.  At the very moment: an hour later.  After it: CATCH_UP later.
    """
    if not timing.is_before:
        return due + CATCH_UP
    return anchor_at if due < anchor_at else due + AT_THE_MOMENT


def is_live(due: datetime, latest: datetime, *, on_since: datetime, now: datetime) -> bool:
    """Tell whether a reminder is to leave now: it is due, not too late, and was not due before it was switched on."""
    return on_since <= due <= now < latest


def fate_of(due: datetime, latest: datetime, *, on_since: datetime, now: datetime) -> Fate:
    """Return what becomes of a reminder that nobody has got yet, by its times alone."""
    if now >= latest:
        return Fate.OVER
    if due < on_since:
        return Fate.MISSED
    return Fate.DUE if due <= now else Fate.COMING


def _plain_due(timing: Timing, anchor_at: datetime, zone: tzinfo) -> datetime:
    count = -timing.amount if timing.is_before else timing.amount
    if timing.unit is Unit.HOURS:
        return anchor_at + timedelta(hours=count)
    local = anchor_at.astimezone(zone)
    if timing.unit is Unit.DAYS:
        day = local.date() + count * _DAY
    else:
        day = workdays.add_working_days(local.date(), count, backwards=timing.is_before)
    if timing.at_time is None and day == local.date():
        return anchor_at
    return _moment(day, local.time() if timing.at_time is None else timing.at_time, zone)


def _moment(day: date, clock: time, zone: tzinfo, *, second: bool = False) -> datetime:
    """Return the moment, in UTC, at which a local clock shows a time; the second one, when it comes twice."""
    return datetime.combine(day, clock.replace(fold=int(second)), tzinfo=zone).astimezone(UTC)


def _outside_quiet_hours(timing: Timing, due: datetime, anchor_at: datetime, zone: tzinfo) -> datetime:
    local = due.astimezone(zone)
    if timing.quiet_from is None or timing.quiet_until is None or not timing.is_quiet(_clock(local)):
        return due
    over_midnight = timing.quiet_from > timing.quiet_until
    began_on = local.date() - (_DAY if over_midnight and _clock(local) < timing.quiet_until else timedelta())
    ended_on = began_on + (_DAY if over_midnight else timedelta())
    # Both readings of a time that comes twice, or that the clock leaves out: the first that is outside is the one.
    ends = (_moment(ended_on, timing.quiet_until, zone, second=second) for second in (False, True))
    end = min(end for end in ends if end >= due and not timing.is_quiet(_clock(end.astimezone(zone))))
    if not timing.is_before or end < anchor_at:
        return end
    starts = (_moment(began_on, timing.quiet_from, zone, second=second) - _MINUTE for second in (False, True))
    return max(at for at in starts if at <= due and not timing.is_quiet(_clock(at.astimezone(zone))))


def _clock(local: datetime) -> time:
    return local.time().replace(fold=0)
