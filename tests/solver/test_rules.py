"""One example of each hard rule: it is kept, its breach is seen by the judge, and it is named when it collides."""

from dataclasses import replace

import pytest

from dxday.solver import explain, files, search
from dxday.solver.board import Board
from dxday.solver.check import Cost, count_cost, find_violations
from dxday.solver.problem import (
    Order,
    Person,
    Placement,
    Problem,
    Receiving,
    Room,
    Session,
    Site,
    Weights,
    Window,
)
from dxday.solver.rules import Rule, restrict, rules_of

DAY = Window(480, 600)
HALL, ROOM = Room("hall", "a"), Room("room", "b")


def problem(*sessions: Session, **changes: object) -> Problem:
    """Two sites with a room each, a day of two hours, an hour between the sites."""
    usual = Problem(
        grid=15,
        days=(DAY,),
        sites=(Site("a"), Site("b")),
        rooms=(HALL, ROOM),
        people=(Person("ann"), Person("bob")),
        sessions=sessions,
        travel={("a", "b"): 60},
    )
    return replace(usual, **changes)


def at(session: str, start: int, room: str = "hall", *receiving: str | None) -> Placement:
    return Placement(session, room, start, receiving)


ONE, TWO, THREE = (Session(name, 60) for name in ("one", "two", "three"))

COLLISIONS: dict[str, tuple[Problem, list[Placement]]] = {
    "session-window": (problem(replace(ONE, windows=(Window(300, 400),))), [at("one", 480)]),
    "fixed-start": (
        problem(replace(ONE, fixed_start=600 - 45)),
        [at("one", 480)],
    ),
    "fixed-room": (
        problem(replace(ONE, fixed_room="room"), sites=(Site("a"), Site("b", windows=(Window(0, 60),)))),
        [at("one", 480)],
    ),
    "room-not-allowed": (
        problem(replace(ONE, sites=("b",)), sites=(Site("a"), Site("b", windows=(Window(0, 60),)))),
        [at("one", 480)],
    ),
    "receiving": (
        problem(
            replace(ONE, rooms=("hall",), receiving=(Receiving("b", offset=-30),)),
            rooms=(HALL, replace(ROOM, windows=(Window(480, 500),))),
        ),
        [at("one", 480, "hall", "room")],
    ),
    "room-capacity": (
        problem(replace(ONE, audience=100), rooms=(replace(HALL, capacity=50), replace(ROOM, capacity=99))),
        [at("one", 480)],
    ),
    "room-feature": (problem(replace(ONE, features=frozenset({"stage"}))), [at("one", 480)]),
    "room-overlap": (
        problem(ONE, TWO, rooms=(replace(HALL, turnaround=15),)),
        [at("one", 480), at("two", 540)],
    ),
    "room-unavailable": (
        problem(ONE, rooms=(replace(HALL, windows=(Window(480, 530),)),)),
        [at("one", 480)],
    ),
    "site-unavailable": (
        problem(ONE, rooms=(HALL,), sites=(Site("a", windows=(Window(500, 550),)), Site("b"))),
        [at("one", 480)],
    ),
    "person-overlap": (
        problem(*(replace(each, people=("ann",)) for each in (ONE, TWO, THREE)), travel={}),
        [at("one", 480), at("two", 510, "room")],
    ),
    "person-travel": (
        problem(replace(ONE, people=("ann",), sites=("a",)), replace(TWO, people=("ann",), sites=("b",))),
        [at("one", 480), at("two", 540, "room")],
    ),
    "person-unavailable": (
        problem(replace(ONE, people=("ann",)), people=(Person("ann", windows=(Window(540, 590),)),)),
        [at("one", 480)],
    ),
    "audience-overlap": (
        problem(*(replace(each, groups=("officials",)) for each in (ONE, TWO, THREE))),
        [at("one", 480), at("two", 510, "room")],
    ),
    "order": (
        problem(ONE, TWO, orders=(Order("one", "two", 15),)),
        [at("one", 480), at("two", 540, "room")],
    ),
    "order-first": (
        problem(replace(ONE, order="first", windows=(Window(540, 600),)), TWO),
        [at("one", 540), at("two", 480)],
    ),
    "order-last": (
        problem(replace(ONE, order="last", windows=(Window(480, 540),)), TWO),
        [at("one", 480), at("two", 540)],
    ),
    "line-limit": (
        problem(*(replace(each, uses_line=True) for each in (ONE, TWO, THREE)), max_lines=1),
        [at("one", 480), at("two", 510, "room")],
    ),
    "interpreter-limit": (
        problem(replace(ONE, interpreters=3), max_interpreters=2),
        [at("one", 480)],
    ),
}
JUDGED_AS = {"receiving": "room-unavailable"}


@pytest.mark.parametrize("code", COLLISIONS)
def test_the_judge_sees_the_breach(code):
    given, placements = COLLISIONS[code]

    assert {each.code for each in find_violations(given, placements)} == {JUDGED_AS.get(code, code)} | (
        {"day"} if code == "fixed-start" and placements[0].start > 540 else set()
    )


@pytest.mark.parametrize("code", COLLISIONS)
def test_the_rule_is_named_when_nothing_can_be_done(code):
    given, _ = COLLISIONS[code]

    found = search.solve(given, seconds=5, workers=1)

    assert found.status == "partial"
    assert found.hard == 0
    assert [each.proved for each in found.unplaced] == [True] * len(found.unplaced)
    assert code in {reason.code for each in found.unplaced for reason in each.reasons}
    assert len(found.unplaced) == 1 or code.startswith(("order-", "audience", "line", "person"))


@pytest.mark.parametrize("code", COLLISIONS)
def test_without_any_member_of_the_explanation_there_is_a_timetable(code):
    given, _ = COLLISIONS[code]
    every = rules_of(given, [each.id for each in given.sessions])

    core = explain.shrink_core(given, every, lambda: False)

    assert core is not None
    assert code in {rule.code for rule in core}
    assert explain.find_places(restrict(given, core), lambda: False, 1) == {}
    for rule in core:
        rest = explain.without_orphans(given, [each for each in core if each != rule])
        assert explain.find_places(restrict(given, rest), lambda: False, 1) != {}


def test_the_words_of_a_reason_name_what_collides():
    given, _ = COLLISIONS["person-unavailable"]

    (unplaced,) = search.solve(given, seconds=5, workers=1).unplaced

    assert [(each.code, each.message, each.subjects) for each in unplaced.reasons] == [
        ("session", "“one” takes place and lasts 60 minutes.", ("one",)),
        ("person-unavailable", "ann is available only: 1/09:00 – 1/09:50.", ("ann",)),
    ]


def test_a_rule_that_is_kept_stands_in_nobodys_way():
    given = problem(ONE, TWO, Session("three", 60), Session("four", 60))

    found = search.solve(given, seconds=5, workers=1)

    assert (found.status, found.placed, found.hard) == ("optimal", 4, 0)


def test_a_joined_session_takes_all_its_rooms_from_the_local_opening_on():
    joined = Session("joined", 60, rooms=("hall",), receiving=(Receiving("b", offset=-30),), people=("ann",))
    given = problem(joined, Session("local", 30, rooms=("room",)), Session("other", 60, rooms=("hall",)))
    given = replace(given, sites=(Site("a"), Site("b", windows=(DAY,))))

    found = search.solve(given, seconds=5, workers=1)
    when = {each.session: each for each in found.placements}

    assert found.hard == 0
    assert when["joined"].receiving == ("room",)
    assert (when["joined"].start, when["other"].start) == (540, 480)
    assert when["local"].start + 30 <= 510


def test_an_optional_site_goes_without_rather_than_stop_the_session():
    joined = Session("joined", 60, rooms=("hall",), receiving=(Receiving("b", optional=True),))
    given = problem(joined, sites=(Site("a"), Site("b", windows=(Window(0, 60),))))

    found = search.solve(given, seconds=5, workers=1)

    assert found.placements == (at("joined", 480, "hall", None),)
    assert (found.status, found.soft) == ("optimal", Weights().left_out)


def test_a_shared_room_holds_several_at_once_and_a_remote_person_never_travels():
    given = problem(
        replace(ONE, rooms=("hall",), people=("ann",), fixed_start=480),
        replace(TWO, rooms=("hall",), fixed_start=480),
        replace(THREE, rooms=("room",), people=("ann",), fixed_start=540),
        rooms=(replace(HALL, shared=True), ROOM),
        people=(Person("ann", remote=True), Person("bob")),
    )

    found = search.solve(given, seconds=5, workers=1)

    assert (found.placed, found.hard) == (3, 0)


def test_the_points_of_the_soft_rules_are_as_documented():
    given = problem(
        Session("one", 30, people=("ann",), track="t", audience=40, preferred=(Window(540, 600),)),
        Session("two", 30, people=("ann",), track="t", current=at("two", 480)),
        Session("three", 30, track="t", receiving=(Receiving("b", optional=True),)),
        rooms=(replace(HALL, capacity=100), ROOM),
        days=(Window(480, 720),),
    )
    placements = [at("one", 480), at("two", 690), at("three", 495, "room", None)]

    assert count_cost(given, placements) == Cost(
        room_fit=2, tracks=1, balance=0, gaps=3, preferred=1, moves=1, left_out=1
    )


def test_reasons_survive_when_there_is_no_time_for_a_proof():
    given, _ = COLLISIONS["person-overlap"]
    board = Board(given)
    board.place(0, board.best_spot(0, search.random.Random(0)))
    board.place(1, board.best_spot(1, search.random.Random(0)))

    (told,) = explain.explain(board, lambda: True)

    assert (told.session, told.proved) == ("three", False)
    assert {reason.code for reason in told.reasons} <= {"blocked-person", "blocked-room"}
    assert len(told.reasons) == 2


def test_the_rules_of_a_session_alone_are_those_that_speak_of_it():
    assert rules_of(COLLISIONS["order"][0], ["one"]) == [Rule("session", "one")]


def test_a_solution_is_valid_by_its_schema():
    validator = files.Draft202012Validator(files.schema("solution"))

    for given in (COLLISIONS["person-overlap"][0], COLLISIONS["order"][0], problem(ONE)):
        document = files.json.loads(files.json.dumps(search.solve(given, seconds=5, workers=1).document()))
        assert list(validator.iter_errors(document)) == []
