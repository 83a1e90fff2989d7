"""When a reminder is due: in hours, days and working days, past quiet hours and changes of the clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dxday.core.workdays import is_working_day
from dxday.reminders import rules
from dxday.reminders.rules import CATCH_UP, Direction, Fate, Timing, Unit
from tests import make

VIETNAM, NEW_YORK = make.VIETNAM, ZoneInfo("America/New_York")
NIGHT = (time(21), time(7))


def before(amount, unit=Unit.DAYS, at_time=None, quiet=(None, None)):
    return Timing(amount, unit, Direction.BEFORE, at_time, *quiet)


def after(amount, unit=Unit.DAYS, at_time=None, quiet=(None, None)):
    return Timing(amount, unit, Direction.AFTER, at_time, *quiet)


def due(timing, anchor, zone=VIETNAM):
    """Return the local time at which it is due, as it is written."""
    anchor_at = datetime.fromisoformat(anchor).replace(tzinfo=zone)
    return rules.due_at(timing, anchor_at, zone).astimezone(zone).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("timing", "found"),
    [
        (before(0, Unit.HOURS), "2026-10-10 08:30"),
        (before(2, Unit.HOURS), "2026-10-10 06:30"),
        (after(36, Unit.HOURS), "2026-10-11 20:30"),
        (before(1), "2026-10-09 08:30"),
        (before(1, at_time=time(9)), "2026-10-09 09:00"),
        (before(7, at_time=time(9)), "2026-10-03 09:00"),
        (after(1, at_time=time(18)), "2026-10-11 18:00"),
        (before(0, at_time=time(7)), "2026-10-10 07:00"),
        (before(3, Unit.WORKING_DAYS, time(9)), "2026-10-07 09:00"),
        (before(0, Unit.WORKING_DAYS, time(9)), "2026-10-09 09:00"),
        (after(0, Unit.WORKING_DAYS, time(9)), "2026-10-12 09:00"),
        (after(2, Unit.WORKING_DAYS), "2026-10-13 08:30"),
    ],
)
def test_it_is_due_so_far_from_its_moment(timing, found):
    assert due(timing, "2026-10-10 08:30") == found


def test_working_days_step_over_holidays():
    assert due(before(1, Unit.WORKING_DAYS, time(9)), "2026-09-03 08:00") == "2026-08-28 09:00"


def test_on_the_day_itself_it_never_leaves_after_what_it_announces_nor_before_what_it_follows():
    assert due(before(0, at_time=time(9)), "2026-10-10 08:30") == "2026-10-10 08:30"
    assert due(after(0, at_time=time(7)), "2026-10-10 08:30") == "2026-10-10 08:30"


def test_days_are_those_of_the_editions_own_calendar():
    anchor = datetime(2026, 10, 9, 22, tzinfo=UTC)  # the 10th in Vietnam

    found = rules.due_at(before(1, at_time=time(9)), anchor, VIETNAM)

    assert found == make.at("2026-10-09 09:00")


def test_a_time_that_the_clock_leaves_out_is_as_much_later_as_the_clock_is_put_forward():
    assert due(before(1, at_time=time(2, 30)), "2026-03-09 12:00", NEW_YORK) == "2026-03-08 03:30"


def test_of_a_time_that_comes_twice_it_is_the_first():
    found = rules.due_at(before(1, at_time=time(1, 30)), datetime(2026, 11, 2, 12, tzinfo=NEW_YORK), NEW_YORK)

    assert found == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_hours_are_a_distance_in_time_even_when_the_clock_changes():
    assert due(before(24, Unit.HOURS), "2026-03-08 12:00", NEW_YORK) == "2026-03-07 11:00"


@pytest.mark.parametrize(
    ("timing", "anchor", "found"),
    [
        (before(10, Unit.HOURS, quiet=NIGHT), "2026-10-10 08:30", "2026-10-10 07:00"),
        (before(2, Unit.HOURS, quiet=NIGHT), "2026-10-10 06:00", "2026-10-09 20:59"),
        (before(2, Unit.HOURS, quiet=NIGHT), "2026-10-10 07:00", "2026-10-09 20:59"),
        (before(0, Unit.HOURS, quiet=NIGHT), "2026-10-10 23:00", "2026-10-10 20:59"),
        (before(1, quiet=NIGHT), "2026-10-10 21:00", "2026-10-10 07:00"),
        (before(1, quiet=NIGHT), "2026-10-10 07:00", "2026-10-09 07:00"),
        (after(3, Unit.HOURS, quiet=NIGHT), "2026-10-10 20:00", "2026-10-11 07:00"),
        (before(1, quiet=(time(12), time(14))), "2026-10-10 13:00", "2026-10-09 14:00"),
        (before(1, Unit.HOURS, quiet=(time(12), time(14))), "2026-10-10 13:30", "2026-10-10 11:59"),
    ],
)
def test_what_falls_into_the_quiet_hours_waits_for_their_end_or_leaves_before_they_begin(
    timing, anchor, found
):
    assert due(timing, anchor) == found


TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))
TIMINGS = st.builds(
    Timing,
    amount=st.integers(0, 60),
    unit=st.sampled_from(Unit),
    direction=st.sampled_from(Direction),
    at_time=st.none() | TIMES,
    quiet_from=st.none(),
    quiet_until=st.none(),
)
QUIET = st.tuples(TIMES, TIMES).filter(lambda hours: hours[0] != hours[1])
ZONES = st.sampled_from([VIETNAM, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), UTC])
ANCHORS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(timing=TIMINGS, anchor=ANCHORS, zone=ZONES)
def test_what_leaves_before_is_never_after_its_moment_and_what_leaves_after_never_before(
    timing, anchor, zone
):
    found = rules.due_at(timing, anchor, zone)

    assert found <= anchor if timing.is_before else found >= anchor


@given(timing=TIMINGS, quiet=QUIET, anchor=ANCHORS, zone=ZONES)
@example(
    timing=before(1, Unit.HOURS),
    quiet=(time(2, 30), time(7)),
    anchor=datetime(2026, 3, 8, 9, tzinfo=UTC),
    zone=NEW_YORK,
)
@example(
    timing=before(0, Unit.HOURS),
    quiet=(time(1, 30), time(1, 50)),
    anchor=datetime(2026, 11, 1, 5, 45, tzinfo=UTC),
    zone=NEW_YORK,
)
def test_the_quiet_hours_are_always_kept(timing, quiet, anchor, zone):
    timing = Timing(timing.amount, timing.unit, timing.direction, timing.at_time, *quiet)

    found = rules.due_at(timing, anchor, zone)

    assert timing.is_quiet(found.astimezone(zone).time().replace(fold=0)) is False
    assert found <= anchor if timing.is_before else found >= anchor


@given(timing=TIMINGS.filter(lambda timing: timing.unit is Unit.WORKING_DAYS), anchor=ANCHORS)
def test_working_days_lead_to_a_day_on_which_offices_work(timing, anchor):
    found = rules.due_at(timing, anchor, VIETNAM).astimezone(VIETNAM)

    assert is_working_day(found.date()) or found == anchor


@given(timing=TIMINGS, quiet=QUIET | st.just((None, None)), anchor=ANCHORS, zone=ZONES)
def test_there_is_always_a_time_in_which_it_may_leave(timing, quiet, anchor, zone):
    timing = Timing(timing.amount, timing.unit, timing.direction, timing.at_time, *quiet)
    found = rules.due_at(timing, anchor, zone)
    latest = rules.latest_at(timing, anchor, found)

    assert found < latest
    assert rules.is_live(found, latest, on_since=found, now=found)
    assert not rules.is_live(found, latest, on_since=found, now=latest)


ANCHOR = make.at("2026-10-10 08:00")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("timing", "latest"),
    [
        (before(1), ANCHOR),
        (before(0, Unit.HOURS), ANCHOR + timedelta(hours=1)),
        (after(1), ANCHOR + DAY + CATCH_UP),
    ],
)
def test_it_may_leave_until_its_moment_or_for_three_days_after(timing, latest):
    assert rules.latest_at(timing, ANCHOR, rules.due_at(timing, ANCHOR, VIETNAM)) == latest


@pytest.mark.parametrize(
    ("on_since", "now", "fate"),
    [
        (ANCHOR - 9 * DAY, ANCHOR - 2 * DAY, Fate.COMING),
        (ANCHOR - 9 * DAY, ANCHOR - DAY, Fate.DUE),
        (ANCHOR - DAY, ANCHOR - DAY, Fate.DUE),
        (ANCHOR - DAY / 2, ANCHOR - DAY / 2, Fate.MISSED),
        (ANCHOR - 9 * DAY, ANCHOR, Fate.OVER),
    ],
)
def test_what_becomes_of_it_follows_from_the_times(on_since, now, fate):
    assert rules.fate_of(ANCHOR - DAY, ANCHOR, on_since=on_since, now=now) == fate


@pytest.mark.parametrize(
    ("timing", "refusal", "field"),
    [
        (before(-1), rules.AmountNotPossible, "amount"),
        (before(367), rules.AmountNotPossible, "amount"),
        (before(367, Unit.WORKING_DAYS), rules.AmountNotPossible, "amount"),
        (before(1000, Unit.HOURS), rules.AmountNotPossible, "amount"),
        (before(1, quiet=(time(21), None)), rules.QuietHoursNotWhole, "quiet_until"),
        (before(1, quiet=(None, time(7))), rules.QuietHoursNotWhole, "quiet_from"),
        (before(1, quiet=(time(7), time(7))), rules.QuietAllDay, "quiet_until"),
        (before(1, at_time=time(6, 59), quiet=NIGHT), rules.QuietAtThatTime, "at_time"),
    ],
)
def test_nonsense_is_refused(timing, refusal, field):
    with pytest.raises(refusal) as refused:
        rules.check_timing(timing)

    assert refused.value.field == field


@pytest.mark.parametrize(
    "timing",
    [
        before(0, Unit.HOURS),
        before(999, Unit.HOURS),
        after(366),
        before(1, at_time=time(7), quiet=NIGHT),
        before(1, quiet=(time(0), time(23, 59))),
    ],
)
def test_what_makes_sense_is_not_refused(timing):
    assert rules.check_timing(timing) is None


def test_a_rule_needs_a_name():
    with pytest.raises(rules.NameMissing):
        rules.check_name("  ")
