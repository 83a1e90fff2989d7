"""The search keeps its time, can be stopped, repeats its start, and mends with the fewest moves."""

import time
from dataclasses import replace
from itertools import combinations, pairwise, product

import pytest
from hypothesis import HealthCheck, assume, given, settings

from dxday.solver import model, search
from dxday.solver.check import count_cost, find_violations
from dxday.solver.problem import Person, Placement, Problem, Receiving, Room, Session, Site, Weights, Window
from tests.solver.instances import make_day
from tests.solver.problems import problems


@pytest.fixture(scope="module")
def day():
    """A Day of 120 sessions at 22 sites, and a timetable of it."""
    problem = make_day(120, seed=3).problem
    return problem, search.solve(problem, seconds=1.5)


def with_current(problem: Problem, placements) -> Problem:
    where = {each.session: each for each in placements}
    return replace(
        problem,
        sessions=tuple(replace(each, current=where.get(each.id)) for each in problem.sessions),
    )


def test_the_hidden_timetable_breaks_no_rule():
    made = make_day(60, seed=1)

    assert find_violations(made.problem, made.hidden) == []


def test_a_day_is_placed_whole_and_gets_better(day):
    problem, found = day

    assert (found.hard, found.unplaced, found.placed) == (0, (), 120)
    assert find_violations(problem, found.placements) == []
    assert found.soft == count_cost(problem, found.placements).total(problem)
    assert found.soft < found.history[0].soft


def test_the_time_limit_is_kept():
    problem = make_day(300, seed=1).problem
    begun = time.monotonic()

    found = search.solve(problem, seconds=2)

    assert 1.5 < time.monotonic() - begun < 4  # one second, and patience with a busy machine
    assert found.hard == 0


def test_whoever_asks_to_stop_gets_the_best_so_far_within_a_second_and_is_told_how_far_it_is():
    problem = make_day(120, seed=2).problem
    told: list[tuple[float, int, int]] = []
    asked: list[float] = []
    begun = time.monotonic()

    def stop() -> bool:
        asked.append(time.monotonic() - begun)
        return asked[-1] > 1

    found = search.solve(problem, seconds=60, stop=stop, progress=lambda *words: told.append(words))

    assert found.status == "stopped"
    assert found.placed == 120
    assert time.monotonic() - begun < 3
    assert max(later - earlier for earlier, later in pairwise(asked)) < 1.5
    assert told[-1] == (pytest.approx(found.seconds, abs=0.5), 0, found.soft)


def test_the_same_seed_gives_the_same_first_timetable():
    problem = make_day(60, seed=5).problem

    starts = [search.solve(problem, seconds=0.3, seed=seed).history[0].soft for seed in (1, 1, 2, 2)]

    assert starts[0] == starts[1]
    assert starts[2] == starts[3]


def test_a_missing_solver_is_said_in_a_sentence(monkeypatch):
    monkeypatch.setattr(search, "is_installed", lambda: False)

    with pytest.raises(model.SolverMissing, match="is not installed here yet"):
        search.solve(make_day(60).problem)


# Repair


def test_what_breaks_no_rule_stays(day):
    problem, found = day

    mended = search.solve(with_current(problem, found.placements), seconds=5, repair=True)

    assert (mended.status, mended.moved, mended.rearranged) == ("optimal", (), ())
    assert set(mended.placements) == set(found.placements)


def test_a_flooded_hall_moves_no_session_of_another_site(day):
    problem, found = day
    hall = next(room for room in problem.rooms if room.site == "s7")
    before = {each.session: each for each in found.placements}
    flooded = replace(
        with_current(problem, found.placements),
        rooms=tuple(
            replace(room, windows=(Window(780, problem.days[-1].end),)) if room is hall else room
            for room in problem.rooms
        ),
    )

    mended = search.solve(flooded, seconds=5, repair=True)
    sites = {room.id: room.site for room in problem.rooms}

    assert (mended.hard, mended.unplaced) == (0, ())
    assert {sites[before[name].room] for name in mended.moved} <= {"s7"}
    assert {
        room
        for name in mended.rearranged
        for room in set(before[name].receiving) - set(where(mended, name).receiving)
    } == {hall.id}
    assert mended.seconds < 6


def test_a_minister_who_comes_late_moves_only_what_has_to_move():
    morning = Window(480, 720)
    problem = Problem(
        grid=15,
        days=(morning,),
        sites=(Site("a"), Site("b")),
        rooms=(Room("hall", "a"), Room("room", "b")),
        people=(Person("minister", windows=(Window(540, 720),)),),
        sessions=(
            Session(
                "speech", 60, people=("minister",), rooms=("hall",), current=Placement("speech", "hall", 480)
            ),
            Session("talk", 60, rooms=("hall",), current=Placement("talk", "hall", 540)),
            Session("panel", 120, rooms=("hall",), current=Placement("panel", "hall", 600)),
            Session("local", 60, rooms=("room",), current=Placement("local", "room", 480)),
        ),
    )

    mended = search.solve(problem, seconds=5, repair=True)

    assert (mended.status, mended.moved) == ("optimal", ("speech", "talk"))
    assert [where(mended, name).start for name in ("speech", "talk", "panel", "local")] == [
        540,
        480,
        600,
        480,
    ]


def test_another_hall_of_the_site_receives_instead_of_the_flooded_one():
    joined = Session(
        "joined", 60, rooms=("hall",), receiving=(Receiving("b", optional=True),),
        current=Placement("joined", "hall", 480, ("room",)),
    )  # fmt: skip
    problem = Problem(
        grid=15,
        days=(Window(480, 600),),
        sites=(Site("a"), Site("b")),
        rooms=(Room("hall", "a"), Room("room", "b", windows=(Window(0, 60),)), Room("spare", "b")),
        sessions=(joined, Session("local", 120, rooms=("spare", "hall"))),
    )

    alone = search.solve(replace(problem, sessions=(joined,)), seconds=5, repair=True)

    assert (alone.moved, alone.rearranged) == ((), ("joined",))
    assert alone.placements == (Placement("joined", "hall", 480, ("spare",)),)


def where(found, session: str) -> Placement:
    return next(each for each in found.placements if each.session == session)


def fewest_changes(problem: Problem) -> int | None:
    """Return how many sessions have to move at the least, by trying every set and every spot."""
    currents = {each.id: each.current for each in problem.sessions}
    rooms = [room.id for room in problem.rooms]
    starts = [
        start for day in problem.days for start in range(day.start, day.end) if start % problem.grid == 0
    ]
    names = list(currents)
    for count in range(len(names) + 1):
        for moving in combinations(names, count):
            staying = [currents[name] for name in names if name not in moving]
            spots = [[Placement(name, room, start) for room in rooms for start in starts] for name in moving]
            if find_violations(problem, staying):
                continue
            if any(not find_violations(problem, [*staying, *chosen]) for chosen in product(*spots)):
                return count
    return None


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(problems(most_sessions=3))
def test_a_repair_moves_as_few_as_any_timetable_can(drawn):
    sessions = tuple(
        replace(
            each, receiving=(), current=Placement(each.id, each.current.room, each.current.start // 30 * 30)
        )
        for each in drawn.sessions
        if each.current is not None
    )
    assume(len(sessions) > 1)
    names = {each.id for each in sessions}
    one_site = tuple(replace(room, site=drawn.sites[0].id) for room in drawn.rooms[:2])
    kept = {room.id for room in one_site}
    sessions = tuple(
        replace(
            each,
            sites=(),
            rooms=(),
            fixed_room=None,
            current=each.current if each.current.room in kept else replace(each.current, room=one_site[0].id),
        )
        for each in sessions
    )
    problem = replace(
        drawn,
        grid=30,
        rooms=one_site,
        sites=drawn.sites[:1],
        travel={},
        sessions=sessions,
        orders=tuple(each for each in drawn.orders if {each.before, each.after} <= names),
        weights=Weights(),
    )
    least = fewest_changes(problem)

    mended = search.solve(problem, seconds=10, repair=True, workers=1)

    if least is None:
        assert mended.status == "partial"
    else:
        assert (mended.status, len(mended.moved)) == ("optimal", least)
