"""Half-open intervals, and the sweep that finds clashes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.core.intervals import Interval, find_overlapping, shift

MORNING = datetime(2026, 10, 10, 1, 0, tzinfo=UTC)


def minutes(first: int, last: int) -> Interval:
    return Interval(MORNING + timedelta(minutes=first), MORNING + timedelta(minutes=last))


spans = st.tuples(st.integers(0, 60), st.integers(1, 30)).map(
    lambda pair: minutes(pair[0], pair[0] + pair[1])
)


def test_an_interval_that_ends_when_it_starts_is_refused():
    with pytest.raises(ValueError, match="ends after it starts"):
        minutes(5, 5)


def test_an_interval_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="ends after it starts"):
        minutes(5, 4)


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="naive"):
        Interval(datetime(2026, 10, 10), MORNING)


def test_the_end_does_not_belong_to_the_interval():
    span = minutes(0, 10)

    assert span.contains(MORNING) is True
    assert span.contains(MORNING + timedelta(minutes=10)) is False


def test_intervals_that_touch_do_not_overlap():
    assert minutes(0, 10).overlaps(minutes(10, 20)) is False
    assert minutes(0, 10).intersection(minutes(10, 20)) is None


def test_the_intersection_is_what_both_hold():
    assert minutes(0, 10).intersection(minutes(7, 20)) == minutes(7, 10)


def test_intervals_of_different_time_zones_are_compared_as_moments():
    hanoi = timezone(timedelta(hours=7))
    here = Interval(datetime(2026, 10, 10, 8, 0, tzinfo=hanoi), datetime(2026, 10, 10, 9, 30, tzinfo=hanoi))

    assert here == minutes(0, 90)
    assert here.minutes == 90.0


def test_shifting_keeps_the_length():
    assert shift(minutes(0, 45), timedelta(minutes=15)) == minutes(15, 60)


def test_clashes_are_found_for_each_key_apart():
    clashes = find_overlapping(
        [
            ("hall", minutes(0, 30), "opening"),
            ("room", minutes(0, 60), "workshop"),
            ("hall", minutes(20, 40), "panel"),
            ("hall", minutes(29, 35), "award"),
            ("hall", minutes(40, 50), "closing"),
        ]
    )

    assert clashes == [("opening", "panel"), ("opening", "award"), ("panel", "award")]


@given(st.lists(st.tuples(st.sampled_from("abc"), spans), max_size=40))
def test_the_sweep_finds_what_comparing_everything_finds(bookings):
    items = [(key, span, number) for number, (key, span) in enumerate(bookings)]

    found = find_overlapping(items)

    expected = {
        frozenset((one, other))
        for one in range(len(bookings))
        for other in range(one)
        if bookings[one][0] == bookings[other][0] and bookings[one][1].overlaps(bookings[other][1])
    }
    assert {frozenset(pair) for pair in found} == expected
    assert len(found) == len(expected)
    assert [pair for pair in found if bookings[pair[0]][1].start > bookings[pair[1]][1].start] == []


@given(spans, spans)
def test_two_intervals_overlap_exactly_when_some_minute_lies_in_both(one, other):
    every_minute = [MORNING + timedelta(minutes=m) for m in range(100)]

    shared = [m for m in every_minute if one.contains(m) and other.contains(m)]

    assert one.overlaps(other) is bool(shared)
    if shared:
        assert one.intersection(other) == Interval(shared[0], shared[-1] + timedelta(minutes=1))


def test_ten_thousand_bookings_one_after_the_other_take_no_quadratic_time():
    class Counted(datetime):
        comparisons = 0

        def __le__(self, other):
            Counted.comparisons += 1
            return super().__le__(other)

        def __lt__(self, other):
            Counted.comparisons += 1
            return super().__lt__(other)

    def at(minute: int) -> datetime:
        return Counted.fromtimestamp(minute * 60, UTC)

    items = [("hall", Interval(at(n), at(n + 1)), n) for n in range(10_000)]
    Counted.comparisons = 0

    assert find_overlapping(items) == []
    assert Counted.comparisons < 200_000
