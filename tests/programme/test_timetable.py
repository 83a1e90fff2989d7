"""How the programme is drawn: pieces, columns, days."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dxday.core.intervals import Interval
from dxday.programme import timetable
from dxday.programme.timetable import Lane, Piece
from tests.make import VIETNAM, at

SITES = [1, 2, 3, 4, 5]


def span(begins, ends):
    return Interval(at(f"2026-10-10 {begins}"), at(f"2026-10-10 {ends}"))


def piece(session, begins, ends, *sites):
    return Piece(session, span(begins, ends), sites, False)


def one_day(*pieces):
    (day,) = timetable.days(list(pieces), SITES, VIETNAM)
    return day


def places(day):
    return {p.session_id: where for p, where in day.pieces}


def test_a_session_at_many_sites_is_one_piece_and_one_more_for_another_time():
    early, late = at("2026-10-10 07:45"), at("2026-10-10 08:00")
    end = at("2026-10-10 09:00")

    pieces = timetable.gather([(7, 2, early, end, False), (7, 1, late, end, False), (7, 3, late, end, False)])

    assert pieces == [
        Piece(7, Interval(early, end), (2,), False),
        Piece(7, Interval(late, end), (1, 3), False),
    ]


def test_a_site_that_opted_out_is_left_out_and_a_cancelled_session_stays():
    start, end = at("2026-10-10 08:00"), at("2026-10-10 09:00")

    pieces = timetable.gather(
        [
            (1, 1, start, end, False),
            (1, 2, start, end, True),
            (2, 1, start, end, True),
            (2, 2, start, end, True),
        ]
    )

    assert pieces == [
        Piece(2, Interval(start, end), (1, 2), True),
        Piece(1, Interval(start, end), (1,), False),
    ]


def test_sites_with_the_very_same_day_share_a_column_and_the_first_site_never_does():
    day = one_day(piece(1, "08:00", "09:00", 1, 2, 3, 4, 5), piece(2, "10:00", "11:00", 4))

    assert day.lanes == (Lane((1,), 0), Lane((4,), 0), Lane((2, 3, 5), 0))
    assert places(day) == {1: (0, 1, 2), 2: (1,)}


def test_two_that_are_alike_stay_on_their_own():
    day = one_day(piece(1, "08:00", "09:00", 1, 2, 3), piece(2, "10:00", "11:00", 4))

    assert [lane.site_ids for lane in day.lanes] == [(1,), (2,), (3,), (4,)]


def test_parallel_sessions_of_a_site_stand_beside_each_other_and_the_joined_one_first():
    day = one_day(
        piece(1, "08:00", "09:00", 2), piece(2, "08:30", "10:00", 1, 2), piece(3, "09:00", "10:00", 2)
    )

    assert day.lanes == (Lane((1,), 0), Lane((2,), 0), Lane((2,), 1))
    assert places(day) == {2: (0, 1), 1: (2,), 3: (2,)}


def test_what_is_joined_is_one_bar_although_sites_have_more_columns():
    day = one_day(
        piece(1, "08:00", "09:00", 1, 2, 3),
        piece(2, "08:00", "12:00", 1),
        piece(3, "08:00", "12:00", 2),
        piece(4, "10:00", "11:00", 2),
    )

    assert day.lanes == (Lane((1,), 1), Lane((1,), 0), Lane((2,), 0), Lane((3,), 0), Lane((2,), 1))
    assert places(day)[1] == (1, 2, 3)


def test_a_site_without_sessions_has_no_column():
    day = one_day(piece(1, "08:00", "09:00", 3))

    assert day.lanes == (Lane((3,), 0),)


def test_a_day_opens_and_closes_at_whole_hours():
    day = one_day(piece(1, "08:20", "09:00", 1), piece(2, "13:30", "16:45", 1))

    assert (day.opens, day.closes) == (at("2026-10-10 08:00"), at("2026-10-10 17:00"))


def test_a_session_past_midnight_belongs_to_the_day_on_which_it_begins():
    night = Piece(1, Interval(at("2026-10-10 22:00"), at("2026-10-11 01:30")), (1,), False)
    morning = Piece(2, Interval(at("2026-10-11 08:00"), at("2026-10-11 09:00")), (1,), False)

    days = timetable.days([night, morning], SITES, VIETNAM)

    assert [(str(day.on), day.opens, day.closes) for day in days] == [
        ("2026-10-10", at("2026-10-10 22:00"), at("2026-10-11 02:00")),
        ("2026-10-11", at("2026-10-11 08:00"), at("2026-10-11 09:00")),
    ]


def test_more_columns_than_the_style_sheet_knows_cannot_be_drawn():
    start = at("2026-10-10 08:00")
    many = [Piece(n, Interval(start, start + timedelta(hours=1)), (1,), False) for n in range(131)]

    (day,) = timetable.days(many, SITES, VIETNAM)

    assert (len(day.lanes), day.can_be_drawn) == (131, False)


starts = st.integers(0, 60)
lengths = st.integers(1, 30)
some_sites = st.sets(st.sampled_from(SITES), min_size=1).map(lambda sites: tuple(sorted(sites)))


@given(st.lists(st.tuples(starts, lengths, some_sites), min_size=1, max_size=30))
def test_whatever_the_programme_nothing_covers_another_and_everything_stands_at_all_its_sites(drawn):
    start = at("2026-10-10 06:00")
    minute = timedelta(minutes=5)
    pieces = [
        Piece(n, Interval(start + begin * minute, start + (begin + length) * minute), sites, False)
        for n, (begin, length, sites) in enumerate(drawn)
    ]

    (day,) = timetable.days(pieces, SITES, VIETNAM)

    standing = {}
    for p, where in day.pieces:
        assert sorted(site for lane in where for site in day.lanes[lane].site_ids) == list(p.site_ids)
        for lane in where:
            assert not any(p.interval.overlaps(other) for other in standing.get(lane, []))
            standing.setdefault(lane, []).append(p.interval)
