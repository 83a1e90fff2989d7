"""Each conflict rule: what it finds, what it lets pass, and what it says."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from dxday.conflicts import rules
from dxday.conflicts.engine import Index
from dxday.conflicts.facts import (
    Of,
    OrderFacts,
    PartFacts,
    PlacementFacts,
    ProgrammeFacts,
    RoomFacts,
    SessionFacts,
    SiteFacts,
    WindowFacts,
)
from dxday.conflicts.rules import RULES, Level, Limits
from dxday.programme.rules import Mode, OrderMark, PartKind, PlacementRole, SessionKind
from tests import make

DAY = "2026-10-10"
TITLES = {1: "Opening", 2: "Panel", 3: "Talk"}
RECEIVED = {"role": PlacementRole.RECEIVING, "mode": Mode.BROADCAST}
OFFICER = {"kind": PartKind.PRESIDING_OFFICER}


def clock(text):
    return make.at(f"{DAY} {text}")


def session(number, **given):
    return SessionFacts(number, f"s{number}", {"en": TITLES[number]}, **given)


def placed(number, times, room=11, *, of=None, site=None, **given):
    """A placement of the session `of` (of the same number unless said) at "08:00-09:00"."""
    begins, ends = times.split("-")
    site_id = site or room // 10
    return PlacementFacts(number, of or number, site_id, room, clock(begins), clock(ends), **given)


def programme(placements, *, sessions=None, **given):
    """Sessions 1, 2 … as the placements name them, in rooms 11 and 12 of site 1 and 21 of site 2."""
    known = {each.id: each for each in sessions or ()}
    numbers = {each.session_id for each in placements} | known.keys()
    defaults = {
        "rooms": [
            RoomFacts(11, 1, {"en": "Hall"}, capacity=100),
            RoomFacts(12, 1, {"en": "Small room"}, capacity=20),
            RoomFacts(21, 2, {"en": "Office"}, capacity=30),
        ],
        "sites": [SiteFacts(1, "vinh", {"en": "Vinh"}), SiteFacts(2, "north", {"en": "North"})],
        "people": {7: "Trần Thị Thí Dụ", 8: "Lê Văn Ví Dụ"},
    }
    return ProgrammeFacts(
        zone=make.VIETNAM,
        first_day=date(2026, 10, 10),
        last_day=date(2026, 10, 10),
        sessions=[known.get(number) or session(number) for number in sorted(numbers)],
        placements=placements,
        **(defaults | given),
    )


def found(facts, rule):
    return [each for each in Index(facts).check() if each.rule == rule]


def said(app, facts, rule):
    """What the rule says, in English."""
    with app.test_request_context(headers={"Accept-Language": "en"}):
        return [str(each.message) for each in found(facts, rule)]


def keys(facts, rule):
    return [each.key for each in found(facts, rule)]


# The registry --------------------------------------------------------------------------------------------------------


def test_every_rule_is_registered_once_with_its_own_level():
    assert {code: rule.level for code, rule in RULES.items()} == {
        "room-overlap": Level.BLOCK,
        "room-availability": Level.BLOCK_RELEASE,
        "equipment": Level.WARN,
        "line": Level.WARN,
        "capacity": Level.WARN,
        "person-overlap": Level.BLOCK_RELEASE,
        "person-travel": Level.WARN,
        "person-availability": Level.BLOCK_RELEASE,
        "presiding-officer": Level.BLOCK_RELEASE,
        "site-availability": Level.BLOCK_RELEASE,
        "audience-overlap": Level.WARN,
        "order": Level.BLOCK_RELEASE,
        "outside-days": Level.WARN,
        "receiving-times": Level.BLOCK_RELEASE,
        "unplaced": Level.WARN,
        "licences": Level.BLOCK_RELEASE,
        "interpreters": Level.BLOCK_RELEASE,
    }


def test_a_second_rule_of_one_code_is_refused():
    with pytest.raises(ValueError, match="two conflict rules are called 'order'"):
        rules.rule("order", name="", looks_for="", level=Level.WARN)(lambda _world, _focus: iter(()))


def test_a_finding_has_the_level_that_the_edition_gives_and_the_heaviest_come_first():
    facts = programme(
        [placed(1, "08:00-09:00"), placed(2, "08:30-09:30")],
        sessions=[session(3)],
        levels={"unplaced": Level.BLOCK, "room-overlap": Level.WARN},
    )

    assert [(each.rule, each.level) for each in Index(facts).check()] == [
        ("unplaced", Level.BLOCK),
        ("room-overlap", Level.WARN),
    ]


# Rooms ---------------------------------------------------------------------------------------------------------------


def test_two_sessions_in_one_room_at_one_time_clash(app):
    facts = programme([placed(1, "08:00-09:00"), placed(2, "08:30-09:30")])

    assert [
        (each.key, each.session_ids, each.codes, each.site_codes) for each in found(facts, "room-overlap")
    ] == [("1-2", (1, 2), ("s1", "s2"), ("vinh",))]
    assert said(app, facts, "room-overlap") == [
        "“Opening” (08:00–09:00) and “Panel” (08:30–09:30) are in Hall, Vinh at the same time."
    ]


@pytest.mark.parametrize("times", ["09:00-10:00", "07:00-08:00"])
def test_sessions_that_touch_do_not_clash(times):
    assert keys(programme([placed(1, "08:00-09:00"), placed(2, times)]), "room-overlap") == []


def test_a_room_needs_the_minutes_that_it_or_the_edition_asks_for(app):
    hall = RoomFacts(11, 1, {"en": "Hall"})
    slow = replace(hall, turnaround=timedelta(minutes=15))
    quick = replace(hall, turnaround=timedelta(0))
    facts = programme([placed(1, "08:00-09:00"), placed(2, "09:10-10:00")], rooms=[hall])
    usual = replace(facts, limits=Limits(turnaround=timedelta(minutes=11)))

    assert keys(facts, "room-overlap") == []
    assert keys(usual, "room-overlap") == ["1-2"]
    assert keys(replace(usual, rooms=[quick]), "room-overlap") == []
    assert said(app, replace(facts, rooms=[slow]), "room-overlap") == [
        "Between “Opening” (08:00–09:00) and “Panel” (09:10–10:00) in Hall, Vinh there are 10 minutes; the room"
        " needs 15."
    ]
    assert keys(replace(facts, rooms=[replace(hall, turnaround=timedelta(minutes=10))]), "room-overlap") == []


def test_a_shared_room_holds_several():
    facts = programme(
        [placed(1, "08:00-09:00"), placed(2, "08:00-09:00")],
        rooms=[RoomFacts(11, 1, {"en": "Hall"}, shared=True, turnaround=timedelta(minutes=5))],
    )

    assert keys(facts, "room-overlap") == []


def test_three_sessions_in_one_room_are_three_pairs():
    facts = programme([placed(number, "08:00-09:00") for number in (1, 2, 3)])

    assert keys(facts, "room-overlap") == ["1-2", "1-3", "2-3"]


def test_permission_to_share_the_room_counts_as_an_override():
    facts = programme([placed(1, "08:00-09:00"), placed(2, "08:00-09:00", override="imported")])

    assert [each.override for each in found(facts, "room-overlap")] == ["imported"]


def test_an_overridden_finding_carries_its_reason_and_others_do_not():
    facts = programme(
        [placed(number, "08:00-09:00") for number in (1, 2, 3)],
        overrides={("room-overlap", "1-2"): "the hall is divided"},
    )

    assert [each.override for each in found(facts, "room-overlap")] == ["the hall is divided", None, None]


def test_a_room_is_closed_at_the_times_in_which_it_cannot_be_had(app):
    closed = WindowFacts(Of.ROOM, 11, clock("08:30"), clock("10:00"), False, "works")
    facts = programme([placed(1, "08:00-09:00")], windows=[closed])

    assert said(app, facts, "room-availability") == [
        "“Opening” is in Hall, Vinh at 08:00–09:00, but the room cannot be had at 08:30–10:00 (works)."
    ]
    assert keys(programme([placed(1, "07:30-08:30")], windows=[closed]), "room-availability") == []
    assert keys(programme([placed(1, "08:00-09:00", 12)], windows=[closed]), "room-availability") == []


def test_a_room_with_times_can_be_had_only_then_and_times_that_touch_join(app):
    opened = [
        WindowFacts(Of.ROOM, 11, clock("08:00"), clock("10:00"), True),
        WindowFacts(Of.ROOM, 11, clock("10:00"), clock("12:00"), True),
    ]

    assert keys(programme([placed(1, "09:00-11:00")], windows=opened), "room-availability") == []
    assert said(app, programme([placed(1, "07:30-09:00")], windows=opened), "room-availability") == [
        "“Opening” is in Hall, Vinh at 07:30–09:00, but the room can only be had at 08:00–10:00, 10:00–12:00."
    ]
    assert keys(programme([placed(1, "11:30-12:30")], windows=opened), "room-availability") == ["1:11"]


def test_equipment_is_missing_where_the_session_is_held_and_only_there(app):
    hall = RoomFacts(11, 1, {"en": "Hall"}, features=frozenset({"stage"}))
    office = RoomFacts(21, 2, {"en": "Office"}, features=frozenset({"screen"}))
    facts = programme(
        [placed(1, "08:00-09:00"), placed(2, "08:00-09:00", 21, of=1, **RECEIVED)],
        sessions=[session(1, needs=("stage", "piano"))],
        rooms=[hall, office],
    )

    assert said(app, facts, "equipment") == [
        "“Opening” (08:00–09:00) needs what Hall, Vinh does not have: piano."
    ]
    assert keys(replace(facts, sessions=[session(1, needs=("stage",))]), "equipment") == []


def test_what_is_sent_and_received_needs_a_line_in_both_rooms():
    bare = RoomFacts(11, 1, {"en": "Hall"}, features=frozenset({"stage"}))
    office = RoomFacts(21, 2, {"en": "Office"})
    facts = programme(
        [placed(1, "08:00-09:00"), placed(2, "08:00-09:00", 21, of=1, **RECEIVED)], rooms=[bare, office]
    )
    joined = {"features": frozenset({"line"})}

    assert keys(facts, "line") == ["1:11", "2:21"]
    assert keys(replace(facts, rooms=[replace(bare, **joined), replace(office, **joined)]), "line") == []


def test_a_session_at_one_site_needs_a_line_only_when_others_join_it_online():
    bare = [RoomFacts(11, 1, {"en": "Hall"}, features=frozenset({"stage"}))]

    assert keys(programme([placed(1, "08:00-09:00")], rooms=bare), "line") == []
    assert keys(programme([placed(1, "08:00-09:00", mode=Mode.HYBRID)], rooms=bare), "line") == ["1:11"]


def test_lines_are_not_looked_for_while_no_room_names_its_equipment():
    facts = programme([placed(1, "08:00-09:00", mode=Mode.HYBRID)])

    assert keys(facts, "line") == []


def test_more_people_than_seats_are_expected(app):
    facts = programme([placed(1, "08:00-09:00", 12)], sessions=[session(1, expected=21)])

    assert said(app, facts, "capacity") == [
        "“Opening” (08:00–09:00) expects 21 people; in Small room, Vinh there are 20 seats."
    ]
    assert keys(replace(facts, sessions=[session(1, expected=20)]), "capacity") == []


def test_the_places_offered_at_a_site_count_before_the_seats_of_its_room():
    facts = programme([placed(1, "08:00-09:00", 11, capacity=10)], sessions=[session(1, expected=11)])

    assert keys(facts, "capacity") == ["1:11"]


def test_all_who_registered_at_a_site_may_come_to_a_main_session(app):
    north = SiteFacts(2, "north", {"en": "North"}, presiding_officer_id=7, registered=31)
    facts = programme(
        [placed(1, "08:00-09:00"), placed(2, "08:00-09:00", 21, of=1, **RECEIVED)],
        sessions=[session(1, main=True, expected=90)],
        sites=[SiteFacts(1, "vinh", {"en": "Vinh"}, registered=90), north],
    )

    assert said(app, facts, "capacity") == [
        "31 people are registered to come to the site, and all may come to “Opening” (08:00–09:00); in Office,"
        " North there are 30 seats."
    ]
    assert keys(replace(facts, sessions=[session(1, expected=90)]), "capacity") == []


def test_a_room_of_no_known_size_and_a_session_online_are_not_too_small():
    unknown = [RoomFacts(11, 1, {"en": "Hall"}, capacity=0)]
    many = [session(1, expected=500)]

    assert keys(programme([placed(1, "08:00-09:00")], sessions=many, rooms=unknown), "capacity") == []
    assert keys(programme([placed(1, "08:00-09:00", mode=Mode.ONLINE)], sessions=many), "capacity") == []


# People --------------------------------------------------------------------------------------------------------------


def test_a_person_in_two_sessions_at_one_time_clashes_also_at_one_site(app):
    facts = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "08:30-09:30", 12)],
        parts=[PartFacts(1, 7, PartKind.CHAIR), PartFacts(2, 7)],
    )

    assert [(each.key, each.session_ids, each.placement_ids) for each in found(facts, "person-overlap")] == [
        ("7-1-2", (1, 2), (1, 2))
    ]
    assert said(app, facts, "person-overlap") == [
        "Trần Thị Thí Dụ has a part in “Opening” (08:00–09:00, Vinh) and in “Panel” (08:30–09:30, Vinh) at the"
        " same time."
    ]


def test_sessions_that_touch_are_no_double_booking_and_several_parts_in_one_session_are_one():
    touching = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "09:00-10:00", 12)], parts=[PartFacts(1, 7), PartFacts(2, 7)]
    )
    twice = programme(
        [placed(1, "08:00-09:00")], parts=[PartFacts(1, 7, PartKind.CHAIR), PartFacts(1, 7, PartKind.SPEAKER)]
    )

    assert keys(touching, "person-overlap") == keys(twice, "person-overlap") == []


def test_joining_by_line_does_not_put_anybody_into_two_sessions():
    facts = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "08:30-09:30", 21)],
        parts=[PartFacts(1, 7), PartFacts(2, 7, remote=True)],
    )

    assert keys(facts, "person-overlap") == ["7-1-2"]


def test_a_presiding_officer_is_needed_at_the_times_of_their_own_site():
    facts = programme(
        [
            placed(1, "08:00-09:00"),
            placed(2, "08:00-08:30", 21, of=1, **RECEIVED),
            placed(3, "08:30-09:00", 21, of=2),
        ],
        parts=[PartFacts(1, 7, PartKind.PRESIDING_OFFICER, 2), PartFacts(2, 7)],
    )
    longer = replace(
        facts,
        placements=[
            *facts.placements[:1],
            placed(2, "08:00-08:45", 21, of=1, **RECEIVED),
            facts.placements[2],
        ],
    )

    assert keys(facts, "person-overlap") == []
    assert keys(longer, "person-overlap") == ["7-1-2"]


def test_the_presiding_officer_of_a_site_is_needed_in_its_main_sessions(app):
    sites = [
        SiteFacts(1, "vinh", {"en": "Vinh"}),
        SiteFacts(2, "north", {"en": "North"}, presiding_officer_id=7),
    ]
    facts = programme(
        [placed(1, "08:00-09:00"), placed(2, "08:00-09:00", 21, of=1, **RECEIVED)],
        sessions=[session(1, main=True)],
        sites=sites,
        parts=[PartFacts(1, 7)],
    )

    assert said(app, facts, "person-overlap") == [
        "Trần Thị Thí Dụ has to be at Vinh and at North for “Opening” (08:00–09:00)."
    ]
    assert keys(replace(facts, parts=[PartFacts(1, 7, remote=True)]), "person-overlap") == []
    assert keys(replace(facts, sessions=[session(1)]), "person-overlap") == []


def test_the_way_between_two_sites_needs_its_time(app):
    facts = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "09:30-10:00", 21)],
        parts=[PartFacts(1, 7), PartFacts(2, 7)],
        travel={(1, 2): timedelta(minutes=31)},
    )
    near = replace(facts, travel={(1, 2): timedelta(minutes=30)})
    usual = replace(facts, travel={}, limits=Limits(travel=timedelta(minutes=45)))

    assert said(app, facts, "person-travel") == [
        "Trần Thị Thí Dụ is in “Opening” (08:00–09:00, Vinh) and 30 minutes later in “Panel” (09:30–10:00,"
        " North); the way takes 31 minutes."
    ]
    assert keys(near, "person-travel") == []
    assert keys(usual, "person-travel") == ["7-1-2"]


def test_nobody_travels_inside_a_site_or_to_what_they_join_by_line():
    stays = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "09:00-10:00", 12)], parts=[PartFacts(1, 7), PartFacts(2, 7)]
    )
    joins = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "09:00-10:00", 21)],
        parts=[PartFacts(1, 7), PartFacts(2, 7, remote=True)],
    )

    assert keys(stays, "person-travel") == keys(joins, "person-travel") == []


def test_a_session_in_between_that_is_joined_by_line_hides_no_way():
    facts = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "09:00-09:10", 12), placed(3, "09:10-10:00", 21)],
        parts=[PartFacts(1, 7), PartFacts(2, 7, remote=True), PartFacts(3, 7)],
    )

    assert keys(facts, "person-travel") == ["7-1-3"]


def test_a_person_who_cannot_come_is_found_also_when_they_would_join_by_line(app):
    away = WindowFacts(Of.PERSON, 7, clock("08:30"), clock("12:00"), False)
    facts = programme([placed(1, "08:00-09:00")], parts=[PartFacts(1, 7, remote=True)], windows=[away])
    only = replace(facts, windows=[WindowFacts(Of.PERSON, 7, clock("08:00"), clock("08:59"), True)])

    assert said(app, facts, "person-availability") == [
        "Trần Thị Thí Dụ has a part in “Opening” at 08:00–09:00, but cannot come at 08:30–12:00."
    ]
    assert said(app, only, "person-availability") == [
        "Trần Thị Thí Dụ has a part in “Opening” at 08:00–09:00, but can only come at 08:00–08:59."
    ]
    assert keys(replace(facts, parts=[PartFacts(1, 8)]), "person-availability") == []


def test_a_main_session_needs_somebody_who_presides_at_each_site_that_receives_it(app):
    facts = programme(
        [placed(1, "08:00-09:00"), placed(2, "08:00-09:00", 21, of=1, **RECEIVED)],
        sessions=[session(1, main=True)],
    )
    own = replace(facts, parts=[PartFacts(1, 7, PartKind.PRESIDING_OFFICER, 2)])
    elsewhere = replace(facts, parts=[PartFacts(1, 7, PartKind.PRESIDING_OFFICER, 1)])
    of_the_site = replace(facts, sites=[facts.sites[0], replace(facts.sites[1], presiding_officer_id=7)])

    assert said(app, facts, "presiding-officer") == [
        "North receives the main session “Opening” (08:00–09:00), and nobody presides there."
    ]
    assert keys(elsewhere, "presiding-officer") == ["1-2"]
    assert keys(own, "presiding-officer") == keys(of_the_site, "presiding-officer") == []
    assert keys(replace(facts, sessions=[session(1)]), "presiding-officer") == []


# Times ---------------------------------------------------------------------------------------------------------------


def test_a_site_that_cannot_be_had_closes_all_its_rooms_and_no_others(app):
    closed = WindowFacts(Of.SITE, 1, clock("08:30"), clock("12:00"), False, "flood")
    facts = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "08:00-09:00", 12), placed(3, "08:00-09:00", 21)],
        windows=[closed],
    )

    assert keys(facts, "site-availability") == ["1", "2"]
    assert said(app, facts, "site-availability")[0] == (
        "“Opening” is at Vinh at 08:00–09:00, but the site cannot be had at 08:30–12:00 (flood)."
    )


def test_one_group_cannot_be_in_two_sessions_where_both_are(app):
    youth = {"audiences": ("youth",)}
    facts = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "08:30-09:30", 12), placed(3, "08:00-09:00", 21)],
        sessions=[session(1, **youth), session(2, **youth), session(3, **youth)],
    )

    assert said(app, facts, "audience-overlap") == [
        "“Opening” (08:00–09:00) and “Panel” (08:30–09:30) are both for “youth”, at the same time at Vinh."
    ]
    assert (
        keys(
            replace(facts, sessions=[session(1, **youth), session(2), session(3, **youth)]),
            "audience-overlap",
        )
        == []
    )


def test_two_joined_sessions_for_one_group_are_one_finding_however_many_sites_have_both():
    youth = {"audiences": ("youth", "staff")}
    facts = programme(
        [
            placed(1, "08:00-09:00", 11),
            placed(3, "08:00-09:00", 21, of=1, **RECEIVED),
            placed(2, "08:00-09:00", 12),
            placed(4, "08:00-09:00", 21, of=2, **RECEIVED),
        ],
        sessions=[session(1, **youth), session(2, **youth)],
    )

    assert keys(facts, "audience-overlap") == ["1-2"]


def test_nothing_begins_before_the_opening_or_ends_after_the_closing(app):
    facts = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "09:00-10:00", 11), placed(3, "07:30-10:30", 12)],
        sessions=[session(1, order_mark=OrderMark.OPENING), session(2, order_mark=OrderMark.CLOSING)],
    )
    beside = replace(facts, sessions=[*facts.sessions[:2], session(3, kind=SessionKind.EXHIBITION)])
    together = replace(facts, placements=[*facts.placements[:2], placed(3, "08:00-10:00", 12)])

    assert keys(facts, "order") == ["opening:1-3", "closing:2-3"]
    assert said(app, facts, "order") == [
        "“Opening” (08:00–09:00) opens the Day, but “Talk” (07:30–10:30) begins before it.",
        "“Panel” (09:00–10:00) closes the Day, but “Talk” (07:30–10:30) ends after it.",
    ]
    assert keys(beside, "order") == keys(together, "order") == []


def test_a_session_waits_for_the_one_that_comes_before_it(app):
    facts = programme(
        [placed(1, "08:00-09:00", 11), placed(2, "09:29-10:00", 12)], orders=[OrderFacts(1, 2, 30)]
    )

    assert said(app, facts, "order") == [
        "“Opening” (08:00–09:00) has to be over 30 minutes before “Panel” (09:29–10:00) begins."
    ]
    assert keys(replace(facts, orders=[OrderFacts(1, 2, 29)]), "order") == []
    assert keys(replace(facts, orders=[OrderFacts(2, 1)]), "order") == ["before:2-1"]


def test_a_session_outside_of_the_days_of_the_edition_says_its_day(app):
    late = PlacementFacts(1, 1, 1, 11, make.at("2026-10-10 23:30"), make.at("2026-10-11 00:30"))
    early = PlacementFacts(1, 1, 1, 11, make.at("2026-10-09 23:00"), make.at("2026-10-10 00:00"))

    assert said(app, programme([late]), "outside-days") == [
        "“Opening” is at Vinh at 23:30 10/10–00:30 11/10, which is not within the days of the edition."
    ]
    assert keys(programme([early]), "outside-days") == ["1"]
    assert keys(programme([placed(1, "00:00-23:59")]), "outside-days") == []


def test_a_site_cannot_receive_what_is_not_held_then_but_may_begin_earlier(app):
    held = placed(1, "08:00-09:00")
    early = placed(2, "07:30-08:30", 21, of=1, **RECEIVED)
    after = placed(2, "09:00-10:00", 21, of=1, **RECEIVED)

    assert keys(programme([held, early]), "receiving-times") == []
    assert said(app, programme([held, after]), "receiving-times") == [
        "North receives “Opening” at 09:00–10:00, but it is held at 08:00–09:00."
    ]


def test_a_session_without_time_and_place_is_told(app):
    facts = programme([], sessions=[session(1)])

    assert said(app, facts, "unplaced") == ["“Opening” has no time and place yet."]


# Licences and interpreters -------------------------------------------------------------------------------------------


def test_a_video_conference_too_many_is_found_where_it_begins(app):
    facts = programme(
        [
            placed(1, "08:00-09:00", 11, mode=Mode.HYBRID),
            placed(2, "08:30-09:30", 12, mode=Mode.ONLINE),
            placed(3, "09:00-10:00", 21, mode=Mode.HYBRID),
        ],
        limits=Limits(licences=1),
    )

    assert keys(facts, "licences") == ["2:2", "3:2"]
    assert said(app, facts, "licences")[0] == (
        "When “Panel” begins (08:30–09:30), 2 video conferences run at the same time; there are licences for 1."
        " The others: Opening."
    )
    assert keys(replace(facts, limits=Limits(licences=2)), "licences") == []
    assert keys(replace(facts, limits=Limits()), "licences") == []


def test_a_joined_session_takes_one_licence_however_many_sites_receive_it():
    facts = programme(
        [placed(1, "08:00-09:00"), *(placed(n, "08:00-09:00", 21, of=1, **RECEIVED) for n in (4, 5, 6))],
        limits=Limits(licences=1),
    )

    assert keys(facts, "licences") == []


def test_one_conference_more_is_another_finding_than_the_one_that_was_overridden():
    three = [placed(n, "08:00-09:00", room, mode=Mode.ONLINE) for n, room in ((1, 11), (2, 12), (3, 21))]
    allowed = {"limits": Limits(licences=1), "overrides": {("licences", "2:2"): "a second one is lent"}}

    assert [(each.key, each.override) for each in found(programme(three[:2], **allowed), "licences")] == [
        ("2:2", "a second one is lent")
    ]
    assert [(each.key, each.override) for each in found(programme(three, **allowed), "licences")] == [
        ("2:2", "a second one is lent"),
        ("3:3", None),
    ]


def test_each_site_that_is_interpreted_for_keeps_one_interpreter_busy(app):
    facts = programme(
        [
            placed(1, "08:00-09:00", interpretation="en"),
            placed(2, "08:00-09:00", 21, of=1, interpretation="en", **RECEIVED),
        ],
        limits=Limits(interpreters=1),
    )

    assert said(app, facts, "interpreters") == [
        "When “Opening” begins at North (08:00–09:00), 2 interpreters are needed at the same time; there are 1."
    ]
    assert keys(replace(facts, limits=Limits(interpreters=2)), "interpreters") == []


# Words ---------------------------------------------------------------------------------------------------------------


def test_a_key_stays_when_everything_is_called_otherwise():
    facts = programme(
        [placed(1, "08:00-09:00"), placed(2, "08:00-09:00")], parts=[PartFacts(1, 7), PartFacts(2, 7)]
    )
    renamed = replace(
        facts,
        sessions=[replace(each, code=f"x{each.id}", title={"vi": "Khác"}) for each in facts.sessions],
        people={7: "Somebody"},
    )

    assert [each.name for each in Index(facts).check()] == [each.name for each in Index(renamed).check()]


def test_times_say_their_day_in_an_edition_of_several_days(app):
    facts = replace(
        programme([placed(1, "08:00-09:00"), placed(2, "08:30-09:30")]), last_day=date(2026, 10, 11)
    )

    assert said(app, facts, "room-overlap") == [
        "“Opening” (08:00–09:00 10/10) and “Panel” (08:30–09:30 10/10) are in Hall, Vinh at the same time."
    ]


def test_a_finding_is_written_in_the_language_of_its_reader(app):
    facts = programme([], sessions=[replace(session(1), title={"en": "Opening", "vi": "Khai mạc"})])
    (unplaced,) = Index(facts).check()

    with app.test_request_context(headers={"Accept-Language": "vi"}):
        assert "Khai mạc" in str(unplaced.message)
