"""Where things are drawn, and what is different from what a person saw."""

from datetime import date

import pytest

from dxday.board import rules
from tests import make


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([(480, 540), (540, 600)], [0, 0]),
        ([(480, 540), (500, 560), (540, 600)], [0, 1, 0]),
        ([(500, 560), (480, 540)], [1, 0]),
        ([(480, 485), (485, 490)], [0, 1]),
    ],
)
def test_blocks_lie_in_the_fewest_lanes_in_which_none_lies_on_another(spans, expected):
    assert rules.lanes(spans, shortest=15) == expected


def test_from_near_short_blocks_lie_in_one_lane():
    assert rules.lanes([(480, 485), (485, 490)], shortest=rules.ZOOMS["hour"]) == [0, 0]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [([], (7, 18)), ([(300, 360)], (4, 18)), ([(1200, 1430)], (7, 24)), ([(0, 1440)], (0, 24))],
)
def test_the_hours_shown_are_the_usual_ones_and_those_around_what_is_there(spans, expected):
    assert rules.hours(spans) == expected


def test_minutes_are_counted_from_midnight_on_the_wall_clock():
    day = date(2026, 10, 10)

    assert rules.minutes(make.at("2026-10-10 08:05"), day) == 485
    assert rules.minutes(make.at("2026-10-09 23:00"), day) == -60
    assert rules.minutes(make.at("2026-10-11 00:30"), day) == 1470


SESSION = {
    "title": "Opening",
    "kind_word": "Ceremony",
    "state_word": "Draft",
    "track_word": "",
    "people_words": "Trần Thị Thí Dụ",
    "placements": [
        {"id": 1, "site_word": "Vinh", "words": "10/10/2026 08:00–09:00, Hall"},
        {"id": 2, "site_word": "North", "words": "10/10/2026 08:00–09:00, Room"},
    ],
}


def test_nothing_differs_from_what_is_the_same():
    assert rules.find_differences(SESSION, SESSION) == []


def test_what_somebody_changed_is_named_field_by_field():
    now = {
        **SESSION,
        "title": "Grand opening",
        "people_words": "",
        "placements": [
            {"id": 1, "site_word": "Vinh", "words": "10/10/2026 09:00–10:00, Hall"},
            {"id": 3, "site_word": "South", "words": "10/10/2026 09:00–10:00, Room"},
        ],
    }

    assert [(str(each.label), each.was, each.now) for each in rules.find_differences(SESSION, now)] == [
        ("Title", "Opening", "Grand opening"),
        ("People", "Trần Thị Thí Dụ", ""),
        ("Vinh", "10/10/2026 08:00–09:00, Hall", "10/10/2026 09:00–10:00, Hall"),
        ("North", "10/10/2026 08:00–09:00, Room", ""),
        ("South", "", "10/10/2026 09:00–10:00, Room"),
    ]


@pytest.mark.parametrize("seen", [None, 7, "x", [], [1]])
def test_what_cannot_be_read_differs_in_nothing(seen):
    assert rules.find_differences(seen, SESSION) == []


def test_placements_that_make_no_sense_count_as_none():
    assert [each.was for each in rules.find_differences({**SESSION, "placements": [3, None]}, SESSION)] == [
        "",
        "",
    ]
