"""Whatever the problem: what is placed breaks no rule, costs what the judge says, and the rest is explained."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dxday.solver import explain, files, search
from dxday.solver.board import Board
from dxday.solver.check import count_cost, find_violations
from dxday.solver.problem import check_problem
from dxday.solver.rules import Rule, restrict
from tests.solver.problems import problems

ANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@ANY
@given(problems(), st.integers(0, 3), st.booleans())
def test_what_is_placed_breaks_no_rule_and_what_is_not_has_reasons(problem, seed, repair):
    check_problem(problem)

    found = search.solve(problem, seconds=3, seed=seed, repair=repair, workers=1)

    assert find_violations(problem, found.placements) == []
    assert found.hard == 0
    assert found.soft == count_cost(problem, found.placements).total(problem)
    assert {each.session for each in found.unplaced} == {each.id for each in problem.sessions} - {
        each.session for each in found.placements
    }
    assert [each.session for each in found.unplaced if not each.reasons] == []
    assert found.seconds < 4.5


@ANY
@given(problems(most_sessions=4, with_current=False))
def test_the_board_and_the_judge_count_the_same_cost(problem):
    found = search.solve(problem, seconds=0.4, workers=1)

    assert found.history[-1].soft == found.soft or found.unplaced != ()


@settings(ANY, max_examples=8)
@given(problems(most_sessions=9), st.integers(0, 3))
def test_neighbourhoods_and_moves_keep_the_rules_as_well_and_never_make_it_worse(problem, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "SMALL", 0)
        found = search.solve(problem, seconds=0.9, seed=seed, workers=1)

    steps = [(step.hard, step.soft) for step in found.history]
    assert find_violations(problem, found.placements) == []
    assert found.soft == count_cost(problem, found.placements).total(problem)
    assert steps == sorted(steps, reverse=True)
    assert len(found.unplaced) <= steps[0][0]


@ANY
@given(problems())
def test_a_problem_reads_back_as_it_was_written(problem):
    assert files.problem_of(files.document_of(problem)) == problem


@settings(ANY, max_examples=15)
@given(problems(most_sessions=5, with_current=False))
def test_a_proved_explanation_is_irreducible(problem):
    board = Board(problem)
    for number, session in enumerate(problem.sessions):
        core = explain.find_core(board, number, lambda: False)
        if core is None:
            assert board.where[number] is not None
            continue
        assert Rule("session", session.id) in core
        assert explain.find_places(restrict(problem, core), lambda: False, 1) == {}
        for rule in core:
            rest = explain.without_orphans(problem, [each for each in core if each != rule])
            assert explain.find_places(restrict(problem, rest), lambda: False, 1) not in ({}, None), rule
