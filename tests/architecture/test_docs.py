"""The documents say what is so: settings, commands, targets, addresses, links and quoted code are all real."""

import re
from itertools import pairwise
from pathlib import Path

import click
import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

import config
from dxday.app import create_app
from dxday.cli import cli

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "docs" / "operations.md"
INDEX = ROOT / "docs" / "README.md"
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MOST_BYTES_OF_A_PICTURE = 300_000

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def read(document: Path) -> str:
    return document.read_text("utf-8")


def prose(document: Path) -> str:
    """The text without its blocks of code."""
    return FENCE.sub("", read(document))


def code(document: Path) -> list[str]:
    """Every line of code: of blocks, and between backticks."""
    blocks = [line for _, block in FENCE.findall(read(document)) for line in block.splitlines()]
    return blocks + re.findall(r"`([^`\n]+)`", prose(document))


def column(document: Path, heading: str) -> list[str]:
    """The code in the first column of the table whose first heading is this."""
    _, table = re.split(rf"^\| {heading} \|.*\n\|[ -|]+\n", read(document), maxsplit=1, flags=re.MULTILINE)
    rows = table[: table.index("\n\n")].splitlines() if "\n\n" in table else table.splitlines()
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def anchors(document: Path) -> set[str]:
    """The anchors that a page of the document has, made from its headings."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# Settings


@pytest.mark.parametrize("document", [ROOT / "README.md", OPERATIONS], ids=lambda path: path.name)
def test_the_table_of_settings_names_every_setting_and_no_other(document):
    assert sorted(column(document, "setting")) == sorted(config.KNOWN)


def test_the_settings_shown_for_many_machines_are_accepted(tmp_path):
    shown = dict(re.findall(r"^export (\w+)='?([^'\n]+)", read(OPERATIONS), re.MULTILINE))

    settings = config.read(
        shown | {"SECRET_KEY": "k" * 48, "SEALING_KEYS": "c" * 43, "DXDAY_INSTANCE": str(tmp_path)}
    )

    assert (settings.production, settings.base_url) == (True, "https://day.example.org")


# Commands


def fault_of(words: list[str]) -> str | None:
    """What is wrong with a command line as it is shown; None for nothing."""
    command: click.Command = cli
    options = {"--help", "-h"}
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            if word not in command.commands:
                return f"no command {word}"
            command = command.commands[word]
        elif word.startswith("-") and word.partition("=")[0] not in options | {
            option for parameter in command.params for option in parameter.opts
        }:
            return f"no option {word}"
    return None


@each_document
def test_every_command_shown_exists_with_its_options(document):
    shown = [
        found
        for line in code(document)
        for found in re.findall(r"(?:^|[\s/])dxday((?: [^\s;#|]+)+)", line)
        if re.match(r" -{0,2}[a-z]", found)
    ]

    assert {line: fault for line in shown if (fault := fault_of(line.split()))} == {}


def test_a_command_that_does_not_exist_is_noticed():
    assert fault_of(["db", "upgrade"]) is None
    assert fault_of(["db", "improve"]) == "no command improve"
    assert fault_of(["serve", "--loudly"]) == "no option --loudly"


@each_document
def test_every_make_target_shown_exists(document):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {name for line in code(document) for name in re.findall(r"(?:^|\s)make ([a-z-]+)", line)}

    assert shown - targets == set()


# Addresses


def test_every_address_shown_leads_to_a_page(tmp_path):
    pages = create_app(config.read({"DXDAY_INSTANCE": str(tmp_path)})).url_map.bind("here")
    shown = column(ROOT / "README.md", "address") + [
        word for word in column(OPERATIONS, "ask") if word.startswith("/")
    ]
    lost = []
    for address in shown:
        try:
            pages.match(re.sub(r"<\w+>", "x", address))
        except (HTTPException, RequestRedirect) as error:
            lost.append(f"{address}: {error}")

    assert len(shown) > 10
    assert lost == []


# Links


@each_document
def test_every_link_leads_somewhere(document):
    lost = []
    for target in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)

    assert lost == []


def test_pictures_are_light():
    pictures = [path for path in (ROOT / "docs" / "images").glob("*") if path.is_file()]

    assert [path.name for path in pictures if path.stat().st_size >= MOST_BYTES_OF_A_PICTURE] == []


def test_the_index_names_every_document_and_every_decision_in_its_order():
    linked = [
        (INDEX.parent / target.partition("#")[0]).resolve()
        for target in LINK.findall(prose(INDEX))
        if not re.match(r"[a-z]+:", target)
    ]

    assert sorted(set(linked)) == sorted(path for path in DOCUMENTS if path != INDEX)
    assert [path for path in linked if path in DECISIONS] == DECISIONS


def test_decisions_are_numbered_without_a_gap_and_have_the_same_parts():
    parts = {
        path.name: re.findall(r"^(?:# (\d+)\.|## (.+)$)", prose(path), re.MULTILINE) for path in DECISIONS
    }

    assert [path.name[:4] for path in DECISIONS] == [f"{n:04d}" for n in range(1, len(DECISIONS) + 1)]
    for number, (name, found) in enumerate(parts.items(), start=1):
        assert found[:4] == [
            (str(number), ""),
            ("", "Context"),
            ("", "Decision"),
            ("", "Consequences"),
        ], name
        assert [last for _, last in found[4:]] in (["What else was tried"], ["What else was thought of"]), (
            name
        )


# Quoted code


@each_document
def test_quoted_code_stands_in_the_code(document):
    """A block of Python that begins with the name of a file is quoted from it; `# …` stands for what is left out."""
    changed = []
    for language, block in FENCE.findall(read(document)):
        head, _, rest = block.partition("\n")
        if language != "python":
            continue
        source = read(ROOT / head.removeprefix("# "))
        places = [source.find(piece) for piece in rest.split("# …\n")]
        if -1 in places or any(after <= before for before, after in pairwise(places)):
            changed.append(head)

    assert changed == []
