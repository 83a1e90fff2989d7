"""The command line on a real instance: prepared once, then asked."""

import json
import re
import sqlite3
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from dxday import cli


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
        ("configuration", "database", "migrations", "storage", "fonts", "assets", "mail", "keys")
    )


def test_the_doctor_names_fault_and_mend(dxday):
    result = dxday("doctor", SMTP_URL="smtp://127.0.0.1:1")

    assert result.exit_code == 1
    assert "FAULT  mail: 127.0.0.1 does not answer" in result.output
    assert "correct SMTP_URL" in result.output


def test_a_user_is_added_with_a_link_that_signs_in_once(dxday):
    result = dxday("user", "add", "nguoi.moi@example.org", "--role", "organizer", "--edition", "next")

    assert result.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/sign-in/link/\S{32}\n", result.output)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user", "add", "x", "--role", "admin"), "“x” is no e-mail address."),
        (("user", "add", "x@example.org", "--role", "agency"), "name it with --organisation CODE"),
        (
            ("user", "add", "x@example.org", "--role", "admin", "--edition", "none"),
            "There is nothing at this address.",
        ),
        (("jobs", "run", "registration-reminders", "--at", "soon"), "“soon” is no time"),
        (("jobs", "run", "nothing"), "There is nothing at this address."),
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
        SMTP_URL="smtp://127.0.0.1:1",
        BASE_URL="https://day.example",
    )

    assert result.exit_code == 1
    assert result.output.endswith("The database is not at the newest migration. Run: dxday db upgrade\n")


def test_the_timetable_is_shown(dxday):
    jobs = json.loads(dxday("jobs", "list", "--json").output)

    assert {job["name"]: job["when"] for job in jobs}["registration-reminders"] == "interval[0:01:00]"


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

    assert set(counts) == {"queued", "claimed", "sent", "failed", "unknown"}
    assert counts["queued"] >= 4


def test_reminders_leave_a_day_before_and_only_then(dxday):
    day = datetime.now(UTC)

    early = json.loads(
        dxday("jobs", "run", "registration-reminders", "--at", day.isoformat(), "--json").output
    )

    assert early == {"job": "registration-reminders", "count": 0}


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
