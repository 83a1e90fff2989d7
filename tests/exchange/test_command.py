"""`dxday schedule import` and `export`, on a real instance."""

import json
import os
import time

import pytest
from click.testing import CliRunner
from lxml import etree

from dxday import cli
from tests.exchange.test_pages import schedule


@pytest.fixture(scope="module")
def dxday(tmp_path_factory):
    instance = tmp_path_factory.mktemp("exchange") / "instance"

    def run(*words):
        given = {"DXDAY_INSTANCE": str(instance), "DEFAULT_LOCALE": "en"}
        return CliRunner().invoke(cli.cli, ["schedule", *map(str, words)], env=given)

    assert (
        CliRunner().invoke(cli.cli, ["db", "upgrade"], env={"DXDAY_INSTANCE": str(instance)}).exit_code == 0
    )
    return run


@pytest.fixture
def file(tmp_path):
    def write(data, name="schedule.xml"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def facts(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_an_edition_is_made_imported_released_and_exported(dxday, file):
    data = file(schedule())
    expected = {
        "sessions": 1,
        "rooms": 1,
        "persons": 0,
        "days": 1,
        "new": 1,
        "changed": 0,
        "deleted": 0,
        "errors": [],
    }

    assert facts(dxday("import", data, "--edition", "made", "--create", "--dry-run", "--json")) == expected
    assert facts(dxday("import", data, "--edition", "made", "--create", "--json")) == expected
    again = facts(dxday("import", data, "--edition", "made", "--json"))
    assert (again["new"], again["changed"], again["deleted"]) == (0, 0, 0)
    assert dxday("release", "--edition", "made", "--name", "First").exit_code == 0
    for form in ("xml", "json", "ics"):
        out = data.with_name(f"out.{form}")
        assert dxday("export", "--edition", "made", "--format", form, "-o", out).exit_code == 0
        assert "Lễ khai mạc" in out.read_text()
    assert etree.parse(data.with_name("out.xml")).findtext("version") == "1 First"
    assert (
        dxday("export", "--edition", "made", "--format", "xml").stdout_bytes
        == data.with_name("out.xml").read_bytes()
    )


def test_rows_with_errors_are_listed_and_the_rest_is_imported(dxday, file):
    bad = "<event id='2'><start>24:00</start><duration>01:00</duration><title>B</title></event>"
    guid = "21111111-2222-4333-8444-555555555555"

    told = facts(
        dxday("import", file(schedule(guid=guid, more=bad)), "--edition", "errors", "--create", "--json")
    )

    assert (told["sessions"], told["new"]) == (2, 1)
    assert told["errors"] == [{"row": 1, "message": "There is no 24:00: write 00:00 of the next day."}]


def test_a_file_that_is_refused_leaves_no_edition_behind(dxday, file):
    result = dxday("import", file(b"<schedule>\n<day>"), "--edition", "broken", "--create")

    assert (result.exit_code, result.stderr) == (
        1,
        "The file is damaged in line 2: no element found. Nothing was imported.\n",
    )
    assert dxday("export", "--edition", "broken", "--format", "xml").exit_code == 1


def test_an_edition_that_is_not_there_is_not_made_unasked(dxday, file):
    result = dxday("import", file(schedule()), "--edition", "nowhere")

    assert (result.exit_code, result.stderr) == (1, "There is nothing at this address.\n")


def test_200_mb_are_refused_before_they_are_read(dxday, file):
    large = file(b"<schedule>")
    os.truncate(large, 200_000_000)
    began = time.perf_counter()

    result = dxday("import", large, "--edition", "large", "--create")

    assert result.exit_code == 1
    assert result.stderr == "The file is too large: at most 50 MB are taken. Nothing was imported.\n"
    assert time.perf_counter() - began < 5
