"""The flow that assigns dossiers: what it never does, what it reaches, and that nothing better exists."""

import random
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxday.council.assigning import Problem, Task, assign, find_together, loads_of


@st.composite
def problems(draw, *, most_tasks=25, most_members=9, avoid=False):
    members = tuple(range(1, draw(st.integers(1, most_members)) + 1))
    some = st.frozensets(st.sampled_from(members))
    tasks = tuple(
        Task(100 + number, draw(st.integers(1, 4)), draw(some))
        for number in range(draw(st.integers(0, most_tasks)))
    )
    pairs = frozenset(map(frozenset, combinations(members, 2)))
    return Problem(
        tasks,
        members,
        experts=draw(some),
        avoid=draw(st.frozensets(st.sampled_from(sorted(pairs, key=sorted)), max_size=2))
        if avoid and pairs
        else frozenset(),
        existing={task.key: draw(some) for task in tasks if draw(st.booleans())},
        keep=draw(st.booleans()),
    )


@given(problems(avoid=True), st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_nobody_reads_against_a_conflict_and_nobody_beside_whom_they_avoid(problem, seed):
    readers = assign(problem, seed=seed)

    assert set(readers) == {task.key for task in problem.tasks}
    assert all(not readers[task.key] & task.barred for task in problem.tasks)
    assert all(readers[task.key] <= set(problem.members) for task in problem.tasks)
    assert find_together(readers, problem.avoid) == []


@given(problems(), st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_every_dossier_has_its_readers_and_an_expert_whenever_that_is_possible(problem, seed):
    readers = assign(problem, seed=seed)

    for task in problem.tasks:
        may = set(problem.members) - task.barred
        assert len(readers[task.key]) == min(task.readers, len(may))
        assert bool(readers[task.key] & problem.experts) == bool(may & problem.experts)


@given(problems(avoid=True), st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_the_same_seed_gives_the_same_answer(problem, seed):
    assert assign(problem, seed=seed) == assign(problem, seed=seed)


def test_another_seed_gives_another_answer():
    problem = Problem(tuple(Task(n, 2) for n in range(12)), tuple(range(6)))

    assert assign(problem, seed=1) != assign(problem, seed=2)


@given(st.integers(1, 40), st.integers(2, 10), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_the_load_is_even_to_within_one_where_nothing_stands_against_it(tasks, members, seed):
    problem = Problem(tuple(Task(n, min(3, members)) for n in range(tasks)), tuple(range(members)))

    loads = loads_of(assign(problem, seed=seed), problem.members).values()

    assert max(loads) - min(loads) <= 1


def test_a_thousand_dossiers_with_conflicts_are_even_to_within_one():
    chance = random.Random(10)
    tasks = tuple(Task(n, 3, frozenset(chance.sample(range(30), chance.randint(0, 6)))) for n in range(1000))
    problem = Problem(tasks, tuple(range(30)), experts=frozenset(range(12)))

    loads = loads_of(assign(problem, seed=1), problem.members).values()

    assert (min(loads), max(loads), sum(loads)) == (100, 100, 3000)


def cost_of(problem, readers):
    """What matters first comes first: dossiers without an expert, then old readings and load, whichever counts more."""
    existing = problem.existing or {}
    alone = sum(1 for those in readers.values() if not those & problem.experts)
    fresh = sum(len(those - existing.get(key, frozenset())) for key, those in readers.items())
    uneven = sum(load * load for load in loads_of(readers, problem.members).values())
    return (alone, fresh, uneven) if problem.keep else (alone, uneven, fresh)


def best_of_all(problem):
    """Try everything."""
    ways = []
    for task in problem.tasks:
        may = sorted(set(problem.members) - task.barred)
        ways.append([frozenset(way) for way in combinations(may, min(task.readers, len(may)))])
    keys = [task.key for task in problem.tasks]
    return min(cost_of(problem, dict(zip(keys, way, strict=True))) for way in product(*ways))


@given(problems(most_tasks=4, most_members=5), st.integers(0, 9))
@settings(max_examples=120, deadline=None)
def test_no_assignment_of_a_small_council_costs_less(problem, seed):
    assert cost_of(problem, assign(problem, seed=seed)) == best_of_all(problem)


def test_the_comparison_with_all_ways_notices_a_worse_one():
    problem = Problem((Task(1, 1), Task(2, 1)), (1, 2), experts=frozenset({1, 2}))

    worse = {1: frozenset({1}), 2: frozenset({1})}

    assert cost_of(problem, worse) > best_of_all(problem)


def test_what_is_read_already_is_kept_even_if_the_load_is_uneven():
    existing = {n: frozenset({1}) for n in range(4)}
    problem = Problem(tuple(Task(n, 1) for n in range(4)), (1, 2), existing=existing)

    assert assign(problem, seed=1) == existing


def test_a_reader_with_a_conflict_is_replaced_and_nothing_else_changes():
    existing = {n: frozenset({1, 2}) for n in range(3)}
    tasks = (Task(0, 2, frozenset({1})), Task(1, 2), Task(2, 2))
    problem = Problem(tasks, (1, 2, 3), existing=existing)

    assert assign(problem, seed=1) == {
        0: frozenset({2, 3}),
        1: frozenset({1, 2}),
        2: frozenset({1, 2}),
    }


@pytest.mark.parametrize("seed", range(5))
def test_of_two_who_avoid_each_other_the_expert_stays(seed):
    problem = Problem((Task(1, 2),), (1, 2), experts=frozenset({2}), avoid=frozenset({frozenset({1, 2})}))

    assert assign(problem, seed=seed) == {1: frozenset({2})}


def test_a_council_of_nobody_reads_nothing():
    assert assign(Problem((Task(1, 3),), ()), seed=1) == {1: frozenset()}
