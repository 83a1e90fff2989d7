"""Working days in Vietnam, against days that the law and the government's notices name."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.core.workdays import add_working_days, is_working_day

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    "day",
    ["2026-01-01", "2026-02-17", "2026-04-27", "2026-04-30", "2026-05-01", "2026-09-01", "2026-09-02"],
)
def test_offices_are_closed_on_public_holidays(day):
    assert is_working_day(date.fromisoformat(day)) is False


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-10-09", True),
        ("2026-10-10", False),
        ("2026-10-11", False),
        ("2026-10-12", True),
        ("2026-08-31", False),
        ("2026-08-22", True),
    ],
)
def test_weekends_are_free_and_exchanged_days_count_as_exchanged(day, works):
    assert is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        ("2026-10-12", -1, "2026-10-09"),
        ("2026-10-11", -1, "2026-10-09"),
        ("2026-10-09", 1, "2026-10-12"),
        ("2026-10-10", 1, "2026-10-12"),
        ("2026-10-12", -5, "2026-10-05"),
        ("2026-09-03", -1, "2026-08-28"),
        ("2026-10-12", 0, "2026-10-12"),
        ("2026-10-10", 0, "2026-10-12"),
    ],
)
def test_working_days_are_counted_without_the_day_itself(day, count, found):
    assert add_working_days(date.fromisoformat(day), count) == date.fromisoformat(found)


def test_the_nearest_working_day_can_be_looked_for_backwards():
    assert add_working_days(date(2026, 10, 11), 0, backwards=True) == date(2026, 10, 9)


@given(day=DAYS, count=st.integers(-60, 60), backwards=st.booleans())
def test_so_many_working_days_lie_between(day, count, backwards):
    found = add_working_days(day, count, backwards=backwards)

    first, last = sorted((day, found))
    between = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert is_working_day(found)
    assert sum(1 for each in between if each != day and is_working_day(each)) == (
        abs(count) if count else int(not is_working_day(day))
    )


def test_a_day_that_the_table_names_is_as_the_table_says():
    overrides = {date(2026, 10, 12): True, date(2026, 10, 10): False}

    assert is_working_day(date(2026, 10, 12), overrides=overrides) is False
    assert is_working_day(date(2026, 10, 10), overrides=overrides) is True
    assert is_working_day(date(2026, 10, 13), overrides=overrides) is True
    assert add_working_days(date(2026, 10, 9), 2) == date(2026, 10, 13)
    assert add_working_days(date(2026, 10, 9), 2, overrides=overrides) == date(2026, 10, 13)
    assert add_working_days(date(2026, 10, 9), 1, overrides=overrides) == date(2026, 10, 10)
    assert add_working_days(date(2026, 10, 13), -1, overrides=overrides) == date(2026, 10, 10)
