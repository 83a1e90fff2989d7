"""Bad problems are refused with the path of the fault; good ones read back."""

import json

import pytest

from dxday.solver import files
from dxday.solver.problem import Problem, ProblemRefused
from tests.solver.instances import make_day

GOOD = {
    "grid": 5,
    "days": [[480, 1080]],
    "sites": [{"id": "a"}, {"id": "b"}],
    "rooms": [{"id": "r1", "site": "a", "capacity": 50}, {"id": "r2", "site": "b"}],
    "people": [{"id": "ann"}],
    "travel": [{"from": "a", "to": "b", "minutes": 60}],
    "sessions": [
        {"id": "one", "duration": 60, "people": ["ann"], "receiving": [{"site": "b"}]},
        {"id": "two", "duration": 30, "current": {"room": "r1", "start": 600}},
    ],
    "orders": [{"before": "one", "after": "two", "gap": 10}],
}


def changed(path: str, value: object) -> str:
    """Return the good problem with one thing put in another's place."""
    document = json.loads(json.dumps(GOOD))
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    here = document
    for step in way:
        here = here[step]
    here[last] = value
    return json.dumps(document)


def test_a_good_problem_is_read_and_written_without_loss():
    problem = files.read_problem(json.dumps(GOOD))

    assert files.problem_of(files.document_of(problem)) == problem
    assert (len(problem.sessions), problem.minutes_between("b", "a")) == (2, 60)


def test_a_whole_day_is_read_and_written_without_loss():
    problem = make_day(60).problem

    assert files.read_problem(json.dumps(files.document_of(problem))) == problem


@pytest.mark.parametrize(
    ("path", "value", "refusal"),
    [
        ("grid", 0, "grid: 0 is less than the minimum of 1."),
        ("grid", 2.5, "grid: 2.5 is not of type 'integer'."),
        ("days", [], "days: [] should be non-empty."),
        ("days.0", [600, 480], "days[0]: it ends before it starts, or is empty."),
        ("days.0", [600], "days[0]: [600] is too short."),
        ("days.0", [0, 10**9], "days[0][1]: 1000000000 is greater than the maximum of 144000."),
        ("sites.1.id", "a", "sites[1].id: “a” is there twice."),
        ("rooms.1.id", "r1", "rooms[1].id: “r1” is there twice."),
        ("rooms.0.site", "z", "rooms[0].site: there is no site “z”."),
        ("rooms.0.capacity", -1, "rooms[0].capacity: -1 is less than the minimum of 0."),
        ("rooms.0.windows", [[700, 700]], "rooms[0].windows[0]: it ends before it starts, or is empty."),
        ("people.0.id", "", "people[0].id: '' should be non-empty."),
        ("travel.0.to", "z", "travel: there is no site “z”."),
        ("travel.0.minutes", -5, "travel[0].minutes: -5 is less than the minimum of 0."),
        ("sessions.1.id", "one", "sessions[1].id: “one” is there twice."),
        ("sessions.0.duration", -30, "sessions[0].duration: -30 is less than the minimum of 1."),
        ("sessions.0.duration", 601, "sessions[0].duration: it lasts 601 minutes, longer than any day."),
        (
            "sessions.0.windows",
            [[480, 530], [600, 610]],
            "sessions[0].duration: it lasts 60 minutes, longer than any of its own windows.",
        ),
        ("sessions.0.people", ["bob"], "sessions[0].people[0]: there is no person “bob”."),
        ("sessions.0.rooms", ["r1", "r9"], "sessions[0].rooms[1]: there is no room “r9”."),
        ("sessions.0.sites", ["z"], "sessions[0].sites[0]: there is no site “z”."),
        ("sessions.0.fixed_room", "r9", "sessions[0].fixed_room: there is no room “r9”."),
        (
            "sessions.0.receiving.0.room",
            "r1",
            "sessions[0].receiving[0].room: “r1” is a room of another site.",
        ),
        ("sessions.0.receiving.0.room", "r9", "sessions[0].receiving[0].room: there is no room “r9”."),
        (
            "sessions.0.receiving.0.offset",
            60,
            "sessions[0].receiving[0].offset: the site would join after the session's end.",
        ),
        (
            "sessions.0.receiving",
            [{"site": "b", "room": "r2"}, {"site": "b", "room": "r2"}],
            "sessions[0].receiving[0].room: “r2” receives twice.",
        ),
        ("sessions.1.current.room", "r9", "sessions[1].current.room: there is no room “r9”."),
        (
            "sessions.1.current.receiving",
            ["r2"],
            "sessions[1].current.receiving: it names one room for each receiving site, in their order.",
        ),
        ("orders.0.after", "z", "orders[0].after: there is no session “z”."),
        ("orders.0.after", "one", "orders[0]: “one” cannot come before itself."),
        ("weights", {"tracks": -1}, "weights.tracks: -1 is less than the minimum of 0."),
        ("midnight", "tomorrow", "midnight: “tomorrow” is no time in ISO 8601."),
        ("sessionz", [], "$: Additional properties are not allowed ('sessionz' was unexpected)."),
    ],
)
def test_a_fault_is_named_with_its_path(path, value, refusal):
    with pytest.raises(ProblemRefused) as refused:
        files.read_problem(changed(path, value))

    assert str(refused.value) == refusal


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff\xfe\x00", '{"grid": NaN}', "null", "[]"])
def test_what_is_no_problem_at_all_is_refused(text):
    with pytest.raises(ProblemRefused, match=r"^\$: "):
        files.read_problem(text)


def test_a_whole_number_may_be_written_with_a_point():
    problem = files.read_problem(changed("grid", 5.0))

    assert isinstance(problem, Problem)
    assert isinstance(problem.grid, int)
