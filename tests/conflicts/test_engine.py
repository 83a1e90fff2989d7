"""The engine against brute force, and a try against two full checks, for any programme."""

import gc
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dxday.conflicts.engine import Index, Move
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
from dxday.conflicts.rules import Level, Limits
from dxday.programme.rules import Mode, OrderMark, PartKind, PlacementRole, SessionKind
from tests import make

START = make.at("2026-10-10 08:00")
SITES = {1: (11, 12), 2: (21, 22), 3: (31,)}
PEOPLE = (71, 72, 73)


def minutes(number):
    return timedelta(minutes=5 * number)


@st.composite
def programmes(draw, most=8):
    """Crowded little programmes in which every rule finds something now and then."""
    rooms = [
        RoomFacts(
            room_id,
            site_id,
            {"en": f"Room {room_id}"},
            capacity=draw(st.sampled_from([0, 20, 50])),
            shared=draw(st.integers(0, 5)) == 0,
            features=draw(st.sampled_from([frozenset(), frozenset({"line"}), frozenset({"line", "stage"})])),
            turnaround=draw(st.sampled_from([None, None, timedelta(minutes=10)])),
        )
        for site_id, ids in SITES.items()
        for room_id in ids
    ]
    sessions, placements, parts = [], [], []
    for session_id in range(1, draw(st.integers(1, most)) + 1):
        sessions.append(
            SessionFacts(
                session_id,
                f"s{session_id}",
                {"en": f"Session {session_id}"},
                kind=draw(st.sampled_from([SessionKind.TALK, SessionKind.EXHIBITION])),
                main=draw(st.booleans()),
                order_mark=draw(st.sampled_from([None, None, None, OrderMark.OPENING, OrderMark.CLOSING])),
                audiences=tuple(draw(st.sets(st.sampled_from(["staff", "youth"])))),
                needs=tuple(draw(st.sets(st.sampled_from(["stage"])))),
                expected=draw(st.sampled_from([None, 10, 40])),
            )
        )
        begin, length = draw(st.integers(0, 20)), draw(st.integers(1, 8))
        for number, site_id in enumerate(draw(st.lists(st.sampled_from(list(SITES)), unique=True))):
            offset = draw(st.sampled_from([0, 0, 0, -2, 10])) if number else 0
            placements.append(
                PlacementFacts(
                    len(placements) + 100,
                    session_id,
                    site_id,
                    draw(st.sampled_from([*SITES[site_id], None])),
                    START + minutes(begin + offset),
                    START + minutes(begin + offset + length),
                    role=PlacementRole.RECEIVING if number else PlacementRole.ORIGIN,
                    mode=Mode.BROADCAST if number else draw(st.sampled_from([Mode.ON_SITE, Mode.HYBRID])),
                    interpretation=draw(st.sampled_from([None, "en"])),
                    override=draw(st.sampled_from([None, None, None, "imported"])),
                )
            )
        for person_id in draw(st.sets(st.sampled_from(PEOPLE), max_size=2)):
            site_id = draw(st.sampled_from([None, *SITES]))
            kind = PartKind.SPEAKER if site_id is None else PartKind.PRESIDING_OFFICER
            parts.append(PartFacts(session_id, person_id, kind, site_id, draw(st.booleans())))
    ids = [session.id for session in sessions]
    pairs = st.tuples(st.sampled_from(ids), st.sampled_from(ids)).filter(lambda pair: pair[0] != pair[1])
    orders = draw(st.lists(pairs, max_size=2, unique=True)) if len(ids) > 1 else []
    windows = [
        WindowFacts(of, thing_id, START + minutes(begin), START + minutes(begin + 12), available)
        for of, thing_id, begin, available in draw(
            st.lists(
                st.tuples(
                    st.sampled_from([Of.PERSON, Of.ROOM, Of.SITE]),
                    st.sampled_from([1, 2, 11, 21, 71, 72]),
                    st.integers(0, 20),
                    st.booleans(),
                ),
                max_size=3,
            )
        )
    ]
    return ProgrammeFacts(
        zone=make.VIETNAM,
        first_day=date(2026, 10, 10),
        last_day=date(2026, 10, 10),
        sessions=sessions,
        placements=placements,
        parts=parts,
        rooms=rooms,
        sites=[
            SiteFacts(
                n,
                f"site-{n}",
                {"en": f"Site {n}"},
                presiding_officer_id=draw(st.sampled_from([None, 71])),
                registered=draw(st.sampled_from([0, 30])),
            )
            for n in SITES
        ],
        people={person_id: f"Person {person_id}" for person_id in PEOPLE},
        windows=windows,
        orders=[OrderFacts(before, after, draw(st.sampled_from([0, 15]))) for before, after in orders],
        travel={(1, 2): timedelta(minutes=draw(st.sampled_from([0, 15, 45])))},
        limits=Limits(
            turnaround=timedelta(minutes=draw(st.sampled_from([0, 5]))),
            travel=timedelta(minutes=30),
            licences=draw(st.sampled_from([None, 0, 1, 2])),
            interpreters=draw(st.sampled_from([None, 1])),
        ),
    )


@st.composite
def moved_programmes(draw):
    """A programme, and some moves of placements that are in it, of one that is taken away, and of a new one."""
    facts = draw(programmes())
    chosen = (
        st.lists(st.sampled_from(facts.placements), unique=True, max_size=3)
        if facts.placements
        else st.just([])
    )
    moves = [draw(_move(placed.id)) for placed in draw(chosen)]
    if draw(st.booleans()):
        moves.append(
            replace(
                draw(_move(None)),
                session_id=draw(st.sampled_from(facts.sessions)).id,
                role=PlacementRole.RECEIVING,
                mode=Mode.BROADCAST,
            )
        )
    return facts, moves


@st.composite
def _move(draw, placement_id):
    begin, length = draw(st.integers(0, 24)), draw(st.integers(1, 8))
    room_id = draw(st.sampled_from([room for rooms in SITES.values() for room in rooms]))
    return Move(
        placement_id,
        START + minutes(begin),
        START + minutes(begin + length),
        room_id,
        site_id=room_id // 10,
        removed=draw(st.integers(0, 5)) == 0,
    )


def after(facts, moves):
    """The programme with the moves done, made anew from nothing but values."""
    moved = {move.placement_id: move for move in moves if move.placement_id is not None}
    placed = []
    for each in facts.placements:
        move = moved.get(each.id)
        if move is None:
            placed.append(each)
        elif not move.removed:
            stays = (each.starts_at, each.ends_at, each.room_id) == (
                move.starts_at,
                move.ends_at,
                move.room_id,
            )
            placed.append(
                replace(
                    each,
                    starts_at=move.starts_at,
                    ends_at=move.ends_at,
                    room_id=move.room_id,
                    site_id=move.site_id,
                    override=each.override if stays else None,
                )
            )
    placed += [
        PlacementFacts(
            -1,
            move.session_id,
            move.site_id,
            move.room_id,
            move.starts_at,
            move.ends_at,
            role=move.role,
            mode=move.mode,
        )
        for move in moves
        if move.placement_id is None and not move.removed
    ]
    return replace(facts, placements=placed)


def names(findings):
    return sorted(found.name for found in findings)


# Brute force ---------------------------------------------------------------------------------------------------------


def collide(one, other, pause=timedelta(0)):
    return one.starts_at < other.ends_at + pause and other.starts_at < one.ends_at + pause


def room_overlaps(facts):
    """Every pair of placements in one room that collide, found by looking at every pair."""
    rooms = {room.id: room for room in facts.rooms}
    return {
        tuple(sorted((one.id, other.id)))
        for one, other in combinations(facts.placements, 2)
        if one.room_id is not None
        and one.room_id == other.room_id
        and not rooms[one.room_id].shared
        and collide(
            one,
            other,
            facts.limits.turnaround
            if rooms[one.room_id].turnaround is None
            else rooms[one.room_id].turnaround,
        )
    }


def double_bookings(facts):
    """Every (person, two sessions) at one time, found by walking minute by minute through who is where."""
    sites = {site.id: site for site in facts.sites}
    sessions = {session.id: session for session in facts.sessions}
    by_session = {
        session_id: [placed for placed in facts.placements if placed.session_id == session_id]
        for session_id in sessions
    }
    needed = []
    for session_id, here in by_session.items():
        if not here:
            continue
        origin = next((placed for placed in here if placed.role is PlacementRole.ORIGIN), here[0])
        needed += [
            (part.person_id, session_id, part.site_id or origin.site_id, part.remote)
            for part in facts.parts
            if part.session_id == session_id
        ]
        for site_id in {placed.site_id for placed in here if placed.role is PlacementRole.RECEIVING}:
            own = any(
                part.session_id == session_id
                and part.kind is PartKind.PRESIDING_OFFICER
                and part.site_id == site_id
                for part in facts.parts
            )
            officer = sites[site_id].presiding_officer_id
            presides = sessions[session_id].main and officer is not None and not own
            if presides and not any((officer, session_id, site_id) == each[:3] for each in needed):
                needed.append((officer, session_id, site_id, False))
    found = set()
    for (person, session, site, remote), (who, other, where, far) in combinations(needed, 2):
        if person != who or (session == other and (site == where or remote or far)):
            continue
        times = [
            {
                step
                for step in range(-20, 80)
                if any(
                    placed.site_id == at and placed.starts_at <= START + minutes(step) < placed.ends_at
                    for placed in by_session[of]
                )
            }
            for of, at in ((session, site), (other, where))
        ]
        # At one site a session may be in two rooms at two times; whoever has a part stays from the first to the last.
        spans = [set(range(min(steps), max(steps) + 1)) if steps else set() for steps in times]
        if spans[0] & spans[1]:
            found.add((person, *sorted((session, other))))
    return found


def found_overlaps(facts):
    found = [each for each in Index(facts).check() if each.rule == "room-overlap"]
    pairs = {tuple(sorted(each.placement_ids)) for each in found}
    assert len(pairs) == len(found)
    return pairs


def found_bookings(facts):
    found = [each for each in Index(facts).check() if each.rule == "person-overlap"]
    pairs = {tuple(int(part) for part in each.key.split("-")) for each in found}
    assert len(pairs) == len(found)
    return pairs


LONG = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LONG
@given(programmes())
def test_the_check_finds_exactly_the_room_overlaps_that_looking_at_every_pair_finds(facts):
    assert found_overlaps(facts) == room_overlaps(facts)


@LONG
@given(programmes())
def test_the_check_finds_exactly_the_double_bookings_that_looking_at_every_moment_finds(facts):
    assert found_bookings(facts) == double_bookings(facts)


def test_brute_force_tells_a_wrong_engine_from_a_right_one():
    room = RoomFacts(11, 1, {"en": "Hall"})
    sessions = [SessionFacts(n, f"s{n}", {"en": f"Session {n}"}) for n in (1, 2)]
    apart = [
        PlacementFacts(n, n, 1, 11, START + minutes(12 * n), START + minutes(12 * n + 12)) for n in (1, 2)
    ]
    facts = ProgrammeFacts(
        make.VIETNAM,
        date(2026, 10, 10),
        date(2026, 10, 10),
        sessions,
        apart,
        rooms=[room],
        parts=[PartFacts(1, 71), PartFacts(2, 71)],
    )
    late = replace(apart[0], ends_at=apart[0].ends_at + timedelta(minutes=5))
    clashing = replace(facts, placements=[late, apart[1]])

    assert (room_overlaps(facts), double_bookings(facts)) == (set(), set())
    assert (room_overlaps(clashing), double_bookings(clashing)) == ({(1, 2)}, {(71, 1, 2)})
    assert (found_overlaps(facts), found_bookings(facts)) == (set(), set())
    assert (found_overlaps(clashing), found_bookings(clashing)) == ({(1, 2)}, {(71, 1, 2)})


# Tries ---------------------------------------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moved_programmes())
def test_a_try_tells_the_difference_between_the_checks_before_and_after(programme):
    facts, moves = programme
    index = Index(facts)

    difference = index.try_moves(moves)

    before, then = names(index.check()), names(Index(after(facts, moves)).check())
    assert names(difference.new) == sorted(set(then) - set(before))
    assert names(difference.solved) == sorted(set(before) - set(then))


@LONG
@given(moved_programmes())
def test_a_try_changes_nothing_in_the_index(programme):
    facts, moves = programme
    index = Index(facts)
    before = [(found.name, str(found.override), found.session_ids) for found in index.check()]

    index.try_moves(moves)

    assert [(found.name, str(found.override), found.session_ids) for found in index.check()] == before


@LONG
@given(programmes())
def test_every_finding_of_a_session_is_found_when_one_asks_for_that_session(facts):
    index = Index(facts)
    counted = ("licences", "interpreters")
    everything = [found for found in index.check() if found.rule not in counted]

    for session in facts.sessions:
        own = [found for found in index.check_sessions([session.id]) if found.rule not in counted]
        assert names(own) == names(found for found in everything if session.id in found.session_ids)


@LONG
@given(programmes())
def test_no_two_findings_of_a_check_have_the_same_name(facts):
    found = names(Index(facts).check())

    assert len(found) == len(set(found))


def test_a_try_of_a_placement_that_is_not_there_is_refused():
    facts = ProgrammeFacts(make.VIETNAM, date(2026, 10, 10), date(2026, 10, 10), [], [])

    with pytest.raises(KeyError):
        Index(facts).try_moves([Move(5, START, START + minutes(1), None)])


@LONG
@given(programmes())
def test_a_rule_that_is_not_looked_for_finds_nothing_and_the_others_find_what_they_found(facts):
    silent = replace(facts, levels={"room-overlap": Level.IGNORE, "capacity": Level.BLOCK})

    before = {found.name for found in Index(facts).check() if found.rule != "room-overlap"}
    now = Index(silent).check()

    assert {found.name for found in now} == before
    assert {found.level for found in now if found.rule == "capacity"} <= {Level.BLOCK}


def test_the_collector_of_garbage_works_again_after_a_check_and_after_one_that_breaks():
    facts = ProgrammeFacts(make.VIETNAM, date(2026, 10, 10), date(2026, 10, 10), [], [])
    lost = PlacementFacts(1, 1, 1, 99, START, START + minutes(1))

    Index(facts).check()
    with pytest.raises(KeyError):
        Index(replace(facts, sessions=[SessionFacts(1, "s1", {})], placements=[lost]))

    assert gc.isenabled()
