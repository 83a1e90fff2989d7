"""The command line on a real instance: prepared once, then asked."""

import json
import re
import sqlite3
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, text, update

import config
from dxday import cli
from dxday.app import create_app
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.notifications.models import Message
from dxday.programme.models import PlacementOverride
from dxday.programme.rules import SessionState
from dxday.runs.models import JobRun, JobState, WorkerBeat
from dxday.runs.rules import Outcome
from tests import make

FINDING = {"rule", "level", "sessions", "sites", "message", "mend", "key", "override"}


@pytest.fixture(scope="module")
def dxday(tmp_path_factory):
    """Run `dxday …` on an instance with both demo editions; return the result."""
    instance = tmp_path_factory.mktemp("cli") / "instance"

    def run(*words, **environ):
        given = {"DXDAY_INSTANCE": str(instance), "DEFAULT_LOCALE": "en", **environ}
        return CliRunner().invoke(cli.cli, list(words), env=given)

    run.instance = instance
    assert run("db", "upgrade").exit_code == 0
    assert run("demo", "load", "nghe-an-2023").output == "nghe-an-2023: loaded\n"
    assert run("demo", "load", "next").output == "next: loaded\n"
    return run


def test_a_demo_is_loaded_once(dxday):
    result = dxday("demo", "load", "next")

    assert (result.exit_code, result.output) == (0, "next: there already, nothing changed\n")


def test_the_tables_are_those_of_the_models(dxday):
    assert dxday("db", "check").exit_code == 0


def test_the_doctor_finds_nothing_on_a_prepared_machine(dxday):
    result = dxday("doctor", "--json")

    assert result.exit_code == 0
    assert {row["part"]: row["mend"] for row in json.loads(result.output)} == dict.fromkeys(
        (
            "configuration", "database", "migrations", "storage", "fonts", "assets", "mail", "virus scanner",
            "keys", "seals", "solver", "workers", "jobs", "messages",
        )
    )  # fmt: skip


@contextmanager
def opened(dxday):
    """Change the instance from the inside, and take what was done back."""
    app = create_app(config.read({"DXDAY_INSTANCE": str(dxday.instance)}))
    with app.app_context():
        yield
        db.session.commit()
        db.engine.dispose()


def states(dxday, *parts):
    found = {row["part"]: row for row in json.loads(dxday("doctor", "--json").output)}
    return [(found[part]["state"], found[part]["mend"]) for part in parts]


def test_the_doctor_says_when_no_worker_was_heard_of_when_jobs_fail_and_when_messages_wait(dxday):
    now = clock.now()
    with opened(dxday):
        make.save(WorkerBeat(worker="host:1", started_at=now, beat_at=now - timedelta(minutes=3), threads=2))
        make.save(JobState(job="forget-runs", failures=1, paused_at=now))
        make.save(
            JobRun(
                job="forget-runs", due_at=now, started_at=now, ended_at=now, outcome=Outcome.FAILED,
                error="ValueError: x", worker="host:1",
            )
        )  # fmt: skip
        db.session.execute(update(Message).values(due_at=now + timedelta(hours=1)))
        make.message(created_at=now - timedelta(minutes=12))

    status = dxday("doctor").exit_code
    ((workers, start), (jobs, mend), (messages, see)) = states(dxday, "workers", "jobs", "messages")
    with opened(dxday):
        for model in (WorkerBeat, JobRun, JobState):
            db.session.execute(delete(model))
        db.session.execute(delete(Message).where(Message.subject.like("Letter %")))
        db.session.execute(update(Message).values(due_at=None))

    assert status == 1
    assert (workers, start) == ("none was heard of for 3 min", "Start one: dxday worker")
    assert jobs == "failing: forget-runs (ValueError: x); paused: forget-runs"
    assert mend.endswith("dxday jobs run NAME")
    assert messages == "1 wait, the oldest for 12 min"
    assert "dxday worker" in see


def test_the_doctor_names_the_clock_and_who_stands_by(dxday):
    now = clock.now()
    with opened(dxday):
        for number in (1, 2):
            make.save(
                WorkerBeat(
                    worker=f"host:{number}", started_at=now, beat_at=now, threads=2,
                    elected_at=now if number == 1 else None,
                )
            )  # fmt: skip

    found = states(dxday, "workers")
    with opened(dxday):
        db.session.execute(delete(WorkerBeat))

    assert found == [("host:1 is the clock, 1 stand by", None)]


def test_the_doctor_names_fault_and_mend(dxday):
    result = dxday("doctor", SMTP_URL="smtp://127.0.0.1:1")

    assert result.exit_code == 1
    assert "FAULT  mail: 127.0.0.1 does not answer" in result.output
    assert "correct SMTP_URL" in result.output


def test_a_user_is_added_with_a_link_that_signs_in_once(dxday):
    result = dxday("user", "add", "nguoi.moi@example.org", "--role", "organizer", "--edition", "next")

    assert result.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/sign-in/link/\S{32}\n", result.output)


def test_a_coordinator_of_a_site_is_added(dxday):
    result = dxday(
        "user", "add", "diem.cau@example.org", "--role", "site", "--edition", "next", "--site", "cua-lo"
    )

    assert result.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/sign-in/link/\S{32}\n", result.output)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user", "add", "x", "--role", "admin"), "“x” is no e-mail address."),
        (("user", "add", "x@example.org", "--role", "agency"), "name it with --organisation CODE"),
        (
            ("user", "add", "x@example.org", "--role", "site", "--edition", "next"),
            "name it with --edition CODE --site CODE",
        ),
        (
            ("user", "add", "x@example.org", "--role", "site", "--edition", "next", "--site", "none"),
            "There is nothing at this address.",
        ),
        (
            ("user", "add", "x@example.org", "--role", "admin", "--edition", "none"),
            "There is nothing at this address.",
        ),
        (("jobs", "run", "reminders", "--at", "soon"), "“soon” is no time"),
        (("jobs", "run", "nothing"), "There is nothing at this address."),
        (("jobs", "pause", "nothing"), "There is nothing at this address."),
        (("jobs", "resume", "forget-runs"), "This job is not paused."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(dxday, words, sentence):
    result = dxday(*words)

    assert result.exit_code == 1
    assert sentence in result.output


def test_settings_that_cannot_be_used_are_named(dxday):
    result = dxday("doctor", DXDAY_ENV="production")

    assert result.exit_code == 1
    assert "SECRET_KEY is missing or too short" in result.output


def test_production_refuses_a_database_that_is_not_migrated(dxday, tmp_path):
    result = dxday(
        "worker",
        DXDAY_ENV="production",
        DXDAY_INSTANCE=str(tmp_path),
        DATABASE_URL=f"sqlite:///{tmp_path}/new.db",
        SECRET_KEY="k" * 40,
        SEALING_KEYS="c" * 43,
        SMTP_URL="smtp://127.0.0.1:1",
        BASE_URL="https://day.example",
    )

    assert result.exit_code == 1
    assert result.output.endswith("The database is not at the newest migration. Run: dxday db upgrade\n")


def test_the_timetable_is_shown(dxday):
    jobs = json.loads(dxday("jobs", "list", "--json").output)

    assert {job["name"]: job["when"] for job in jobs}["tidy-operations"] == "interval[1:00:00]"


def jobs_by_name(dxday):
    return {job["name"]: job for job in json.loads(dxday("jobs", "list", "--json").output)}


def test_a_run_by_hand_is_recorded_and_listed(dxday):
    before = jobs_by_name(dxday)["tidy-operations"]
    ran = json.loads(dxday("jobs", "run", "tidy-operations", "--json").output)
    after = jobs_by_name(dxday)["tidy-operations"]
    listed = dxday("jobs", "list").output

    assert (before["last_started_at"], before["last_outcome"], before["last_count"]) == (None, None, None)
    assert ran == {"job": "tidy-operations", "count": 0}
    assert (after["last_outcome"], after["last_count"], after["paused"]) == ("done", 0, False)
    assert datetime.fromisoformat(after["last_started_at"]) > clock.now() - timedelta(minutes=5)
    assert re.search(
        r"^tidy-operations +interval\[1:00:00\] +\d{4}-\d\d-\d\d \d\d:\d\d +done", listed, re.MULTILINE
    )


def test_a_job_is_paused_and_resumed(dxday):
    paused = dxday("jobs", "pause", "hand-out-messages")
    listed, table = jobs_by_name(dxday)["hand-out-messages"]["paused"], dxday("jobs", "list").output
    again = dxday("jobs", "pause", "hand-out-messages")
    resumed = dxday("jobs", "resume", "hand-out-messages")

    assert paused.output.startswith("hand-out-messages is paused. No message leaves: ")
    assert (listed, "PAUSED" in table) == (True, True)
    assert (again.exit_code, again.output) == (1, "This job is paused already.\n")
    assert resumed.output == "hand-out-messages runs again\n"
    assert jobs_by_name(dxday)["hand-out-messages"]["paused"] is False


def test_a_job_that_fails_says_why_and_is_recorded(dxday):
    with opened(dxday):
        db.session.execute(text("ALTER TABLE operation RENAME TO away"))

    result = dxday("jobs", "run", "tidy-operations")
    listed = jobs_by_name(dxday)["tidy-operations"]
    with opened(dxday):
        db.session.execute(text("ALTER TABLE away RENAME TO operation"))

    assert result.exit_code == 1
    assert "tidy-operations failed: OperationalError: no such table: operation" in result.output
    assert (listed["last_outcome"], listed["last_error"]) == (
        "failed",
        "OperationalError: no such table: operation",
    )
    assert dxday("jobs", "run", "tidy-operations").exit_code == 0


def test_certificates_are_rendered_and_their_files_known(dxday):
    rendered = json.loads(dxday("certificates", "render", "--json").stdout)
    files = sorted((dxday.instance / "files" / "certificates" / "nghe-an-2023").iterdir())

    genuine = dxday("certificates", "verify", str(files[0]), "--json")

    assert (rendered["done"], len(files)) == (3, 3)
    assert genuine.exit_code == 0
    assert json.loads(genuine.output)["status"] == "valid"
    assert json.loads(genuine.output)["code"] == "BK-2023-0001"


def test_a_changed_file_is_not_ours(dxday, tmp_path):
    dxday("certificates", "render")
    file = next((dxday.instance / "files" / "certificates" / "nghe-an-2023").iterdir())
    changed = tmp_path / "changed.pdf"
    changed.write_bytes(file.read_bytes()[:-1] + b"x")

    result = dxday("certificates", "verify", str(changed))

    assert result.exit_code == 1
    assert result.output == "unknown: not a file of ours, or changed\n"


def test_the_outbox_is_counted_by_state(dxday):
    counts = json.loads(dxday("mail", "status", "--json").output)

    assert set(counts) == {"sent" if state is Carriage.DONE else state.value for state in Carriage}
    assert counts["queued"] >= 4


def test_reminders_leave_by_their_rules_and_not_before(dxday):
    early = json.loads(dxday("jobs", "run", "reminders", "--at", "2020-01-01T08:00", "--json").output)

    assert early == {"job": "reminders", "count": 0}


def test_the_check_says_what_stands_against_the_programme_in_words_and_as_json(dxday):
    everything = json.loads(dxday("schedule", "check", "--edition", "next", "--json").output)
    in_words = dxday("schedule", "check", "--edition", "next")

    assert in_words.exit_code == 0
    assert all(set(each) == FINDING for each in everything)
    assert in_words.output.count("\n") == max(1, 2 * len(everything))


def test_the_check_finds_the_two_sessions_in_one_room_and_fails_when_it_is_asked_to(dxday):
    with opened(dxday):
        edition = make.edition(code="clashing")
        room = make.room(make.site(edition, code="vinh"))
        for code, reason in (("first", None), ("second", "imported"), ("third", "imported")):
            override = reason and make.save(PlacementOverride(reason=reason, created_at=make.NOW))
            session = make.session(edition, code=code, state=SessionState.DRAFT, title={"vi": code})
            make.placement(session, room, override_id=override and override.id)
        make.session(edition, code="loose", state=SessionState.DRAFT, title={"vi": "loose"})
        db.session.commit()

    checked = dxday("schedule", "check", "--edition", "clashing", "--json")
    shapes = [
        (each["rule"], each["level"], each["sessions"], each["sites"], each["override"])
        for each in json.loads(checked.output)
    ]
    ends = [
        dxday("schedule", "check", "--edition", "clashing", "--fail-on", level).exit_code
        for level in ("warn", "block_release", "block")
    ]

    assert checked.exit_code == 0
    assert shapes == [
        ("room-overlap", "block", [one, other], ["vinh"], "imported")
        for one, other in (("first", "second"), ("first", "third"), ("second", "third"))
    ] + [("unplaced", "warn", ["loose"], [], None)]
    assert ends == [1, 0, 0]


def test_the_check_of_an_edition_that_is_not_there_says_so(dxday):
    result = dxday("schedule", "check", "--edition", "nothing")

    assert (result.exit_code, result.output) == (1, "There is nothing at this address.\n")


def test_the_trail_is_whole_and_a_changed_byte_is_found(dxday):
    whole = dxday("audit", "verify", "--json")
    database = dxday.instance / "dxday.db"

    with sqlite3.connect(database) as connection:
        connection.execute("DROP TRIGGER audit_entry_no_update")
        connection.execute("UPDATE audit_entry SET subject = subject || 'x' WHERE sequence = 7")
    connection.close()
    broken = dxday("audit", "verify", "--json")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE audit_entry SET subject = rtrim(subject, 'x') WHERE sequence = 7")
    connection.close()

    assert (whole.exit_code, json.loads(whole.output)["status"]) == (0, "whole")
    assert (broken.exit_code, json.loads(broken.output)["broken_at"]) == (1, 7)
    assert dxday("audit", "verify").exit_code == 0
