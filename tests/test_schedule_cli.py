"""`dxday schedule solve` on files, without a database."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from dxday import schedule_cli
from dxday.solver import files, model, search
from dxday.solver.check import find_violations
from dxday.solver.problem import Placement
from tests.solver.instances import make_day

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def day(tmp_path):
    """A problem file with 40 sessions."""
    path = tmp_path / "day.json"
    path.write_text(json.dumps(files.document_of(make_day(40).problem)))
    return path


def solve(*words: object):
    return CliRunner().invoke(schedule_cli.group, ["solve", *map(str, words)])


def test_a_problem_file_becomes_a_timetable_file_that_breaks_no_rule(day, tmp_path):
    out = tmp_path / "out.json"

    result = solve("--problem", day, "--out", out, "--seconds", 1, "--json")
    answer, written = json.loads(result.output), json.loads(out.read_text())
    problem = files.read_problem(day.read_bytes())
    placements = [
        Placement(each["session"], each["room"], each["start"], tuple(each["receiving"]))
        for each in written["placements"]
    ]

    assert result.exit_code == 0
    assert list(answer) == ["status", "hard", "soft", "placed", "unplaced", "moved", "seconds"]
    assert {name: written[name] for name in answer} == answer
    assert (answer["hard"], answer["placed"], answer["unplaced"], answer["moved"]) == (0, 40, [], [])
    assert find_violations(problem, placements) == []
    assert list(files.Draft202012Validator(files.schema("solution")).iter_errors(written)) == []
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".new")] == []


def test_what_has_no_place_is_said_with_its_reasons(tmp_path):
    problem = tmp_path / "problem.json"
    problem.write_text(
        json.dumps(
            {
                "grid": 15,
                "days": [[480, 600]],
                "sites": [{"id": "a"}],
                "rooms": [{"id": "hall", "site": "a", "capacity": 50}],
                "sessions": [{"id": "opening", "duration": 60, "audience": 80}],
            }
        )
    )

    result = solve("--problem", problem, "--out", tmp_path / "out.json", "--seconds", 2)

    assert result.exit_code == 0
    assert result.output.splitlines()[1:] == [
        "  opening has no place; these cannot all hold:",
        "    – “opening” takes place and lasts 60 minutes. [session]",
        "    – “opening” needs seats for everybody who is expected: 80. [room-capacity]",
    ]


def test_a_repair_keeps_what_can_stay(day, tmp_path):
    out, again = tmp_path / "out.json", tmp_path / "again.json"
    solve("--problem", day, "--out", out, "--seconds", 1)
    document = json.loads(day.read_text())
    where = {each["session"]: each for each in json.loads(out.read_text())["placements"]}
    for session in document["sessions"]:
        session["current"] = {
            name: value for name, value in where[session["id"]].items() if name != "session"
        }
    day.write_text(json.dumps(document))

    result = solve("--problem", day, "--out", again, "--repair", "--json")

    assert json.loads(result.output)["moved"] == []
    assert json.loads(again.read_text())["placements"] == json.loads(out.read_text())["placements"]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("{", "$: this is no JSON"),
        ('{"grid": 5}', "$: 'days' is a required property."),
        (r'{"grid": "\ud800"}', "$: this is no JSON"),
    ],
)
def test_a_bad_problem_is_refused_and_nothing_is_written(tmp_path, text, refusal):
    problem = tmp_path / "problem.json"
    problem.write_text(text)

    result = solve("--problem", problem, "--out", tmp_path / "out.json")

    assert result.exit_code == 1
    assert result.output.startswith(f"{problem}: {refusal}")
    assert not (tmp_path / "out.json").exists()


def test_files_that_are_not_there_are_named(day, tmp_path):
    missing = solve("--problem", tmp_path / "no.json", "--out", tmp_path / "out.json")
    nowhere = solve("--problem", day, "--out", tmp_path / "no" / "out.json")

    assert (missing.exit_code, missing.output) == (1, f"{tmp_path / 'no.json'}: No such file or directory\n")
    assert (nowhere.exit_code, nowhere.output) == (
        1,
        f"{tmp_path / 'no' / 'out.json'}: there is no folder {tmp_path / 'no'}\n",
    )


def test_a_missing_solver_is_said(day, tmp_path, monkeypatch):
    monkeypatch.setattr(search, "is_installed", lambda: False)

    result = solve("--problem", day, "--out", tmp_path / "out.json")

    assert (result.exit_code, result.output) == (1, f"{day}: {model.SolverMissing()}\n")


def catches(pid: int, number: int) -> bool:
    """Tell whether the process has a handler of its own for the signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.split("SigCgt:")[1].split()[0], 16) >> (number - 1) & 1)


def test_an_interrupt_ends_the_search_with_what_was_found(tmp_path):
    """A day that the search does not bring to an end within the seconds it is given."""
    out = tmp_path / "out.json"
    day = tmp_path / "day.json"
    day.write_text(json.dumps(files.document_of(make_day(200).problem) | {"weights": {"gaps": 5}}))
    program = "from dxday.schedule_cli import group; group()"
    words = ["solve", "--problem", str(day), "--out", str(out), "--seconds", "120"]
    running = subprocess.Popen(
        [sys.executable, "-c", program, *words], cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True
    )
    while not catches(running.pid, signal.SIGTERM) and running.poll() is None:
        time.sleep(0.1)
    time.sleep(1)

    running.send_signal(signal.SIGTERM)
    said, _ = running.communicate(timeout=20)

    assert running.returncode == 0
    assert said.startswith("stopped: 200 placed")
    assert json.loads(out.read_text())["placed"] == 200


def test_the_command_needs_no_database(day, tmp_path):
    """A database that nobody could reach, and an instance that is not made."""
    out = tmp_path / "out.json"
    environ = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        "DXDAY_INSTANCE": str(tmp_path / "instance"),
    }

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "dxday.cli",
            "schedule",
            "solve",
            "--problem",
            day,
            "--out",
            out,
            "--seconds",
            "1",
        ],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert (out.exists(), (tmp_path / "instance").exists()) == (True, False)
