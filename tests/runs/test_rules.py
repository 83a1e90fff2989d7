"""Which runs are one row, what a failure says, and when a process counts as gone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy.exc import IntegrityError

from dxday.runs import rules
from dxday.runs.rules import Outcome, Run
from tests import make

START = make.at("2026-10-09 08:00")


def run(seconds=0, **given):
    at = START + timedelta(seconds=seconds)
    defaults = {
        "job": "a", "due_at": at, "started_at": at, "ended_at": at + timedelta(milliseconds=5), "outcome": Outcome.DONE,
    }  # fmt: skip
    return Run(**(defaults | given))


def test_runs_in_a_row_that_found_nothing_are_one_with_the_times_of_the_last():
    runs = [run(seconds) for seconds in (0, 2, 4)]

    (one,) = rules.fold_all(runs)

    assert one == replace(runs[2], times=3, first_at=START)


def test_work_stands_by_itself_and_what_follows_begins_anew():
    folded = rules.fold_all([run(0), run(2), run(4, count=3), run(6, count=3), run(8), run(10)])

    assert [(one.times, one.count) for one in folded] == [(2, 0), (1, 3), (1, 3), (2, 0)]


def test_failures_for_one_reason_are_one_and_for_another_another():
    reasons = ["x", "x", "y"]

    folded = rules.fold_all(run(n, outcome=Outcome.FAILED, error=reason) for n, reason in enumerate(reasons))

    assert [(one.error, one.times) for one in folded] == [("x", 2), ("y", 1)]


def test_jobs_are_folded_each_for_itself():
    folded = rules.fold_all([run(0), run(0, job="b"), run(2), run(2, job="b", count=1), run(4)])

    assert [(one.job, one.times, one.count) for one in folded] == [("a", 3, 0), ("b", 1, 0), ("b", 1, 1)]


@pytest.mark.parametrize(
    ("later", "one"),
    [
        (run(2), True),
        (run(3599), True),
        (run(3600), False),
        (run(-5), False),  # the machine's clock was put back
        (run(2, by_hand=True), False),
        (run(2, outcome=Outcome.FAILED), False),
        (run(2, row_id=7), False),
        (run(2, job="b"), False),
    ],
)
def test_a_row_stands_for_at_most_an_hour_of_runs_that_nobody_asked_for(later, one):
    assert rules.may_fold(run(0), later) is one


@given(
    some.lists(some.tuples(some.sampled_from("ab"), some.sampled_from([0, 0, 0, 1]), some.integers(0, 900)))
)
def test_folding_loses_no_run_and_no_thing_done(steps):
    at, runs = 0, []
    for job, count, wait in steps:
        at += wait
        runs.append(run(at, job=job, count=count))

    folded = rules.fold_all(runs)

    for job in "ab":
        mine = [one for one in runs if one.job == job]
        rows = [one for one in folded if one.job == job]
        assert sum(row.times for row in rows) == len(mine)
        assert sum(row.count for row in rows) == sum(one.count for one in mine)
        assert [row.begun_at for row in rows[:1]] == [one.started_at for one in mine[:1]]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no good"), "ValueError: no good"),
        (ValueError(), "ValueError"),
        (ValueError("first\nsecond"), "ValueError: first"),
        (OSError("smtp://user:pa55@mail.example refuses"), "OSError: smtp://…@mail.example refuses"),
        (ValueError("550 <nguoi.dan@example.org> unknown"), "ValueError: 550 <…@…> unknown"),
        (ValueError("token " + "k" * 40), "ValueError: token …"),
        (ValueError("word " * 200), ("ValueError: " + "word " * 200)[:300]),
    ],
)
def test_a_failure_is_one_line_without_secrets_and_addresses(error, line):
    assert rules.describe(error) == line


def test_of_a_fault_of_the_database_only_the_driver_speaks():
    error = IntegrityError(
        "INSERT INTO person VALUES (:name)",
        {"name": "Nguyễn Văn Mẫu"},
        ValueError("UNIQUE failed\nDETAIL: name"),
    )

    assert rules.describe(error) == "ValueError: UNIQUE failed"


@pytest.mark.parametrize(
    ("age", "stopped", "lives"),
    [(0, False, True), (50, False, True), (51, False, False), (0, True, False), (-60, False, False)],
)
def test_a_worker_lives_while_it_beats_and_has_not_stopped(age, stopped, lives):
    beat = START - timedelta(seconds=age)

    assert rules.is_heard_of(beat, beat if stopped else None, START) is lives


@pytest.mark.parametrize(
    ("process_lives", "heard_of", "hours", "lost"),
    [
        (False, True, 0, True),
        (True, True, 100, False),
        (True, False, 0, True),  # another process has its number now
        (None, True, 100, False),
        (None, False, 0, True),
        (None, None, 5, False),  # a command on another machine
        (None, None, 7, True),
    ],
)
def test_a_run_is_lost_when_its_process_is_gone(process_lives, heard_of, hours, lost):
    now = START + timedelta(hours=hours)

    assert rules.is_lost(START, process_lives=process_lives, heard_of=heard_of, now=now) is lost
