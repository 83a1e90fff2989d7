"""Real programmes of large conferences: exact counts, versions one after the other, and the schemas of others."""

import json
import subprocess
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from jsonschema import Draft6Validator
from sqlalchemy import func, select

from dxday.db import db
from dxday.editions.models import Edition
from dxday.exchange import queries, rules, services
from dxday.exchange.reading import read_book
from dxday.exchange.reading.collecting import find_zone, guess_zone
from dxday.exchange.rules import Fate
from dxday.programme.models import Placement, PlacementOverride, PublishedSession
from dxday.programme.rules import SessionState
from tests import make
from tests.exchange.programmes import Province, copied, facts, read_into, written

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SCHEDULES = DATA / "schedules"
VERSIONS = [f"versions-33c3/{number:03}.xml" for number in range(1, 15)]


def real(name: str) -> bytes:
    path = SCHEDULES / name
    if not path.exists():
        pytest.skip(f"no real programmes beside the project ({SCHEDULES})")
    return path.read_bytes()


def taken(data: bytes, zone: str) -> tuple[Edition, rules.Preview]:
    code = f"real-{make.number()}"
    book = read_book(data, zone=find_zone(zone), scope=code)
    edition = services.add_edition(
        code, book, zone=guess_zone(book) or zone, actor=make.actor(), now=make.NOW
    )
    return edition, services.import_book(edition, book, actor=make.actor(), now=make.NOW)


def counts(preview):
    assert [str(error.message) for error in preview.errors] == []
    return tuple(preview.count(fate) for fate in Fate)


@pytest.mark.parametrize(
    ("name", "sessions", "rooms", "persons", "days", "new"),
    [
        ("fosdem-2019.xml", 775, 33, 729, 2, 775),
        ("fosdem-2023.xml", 780, 35, 787, 2, 780),
        ("36c3.json", 162, 5, 234, 4, 162),
        # Each submission lists all of its slots once for each of them, so 18 of the 111 entries are repetitions.
        ("pyconfr-2025.json", 111, 13, 81, 4, 93),
    ],
)
def test_a_real_programme_is_taken_whole_once_and_goes_out_valid(
    app, tmp_path, name, sessions, rooms, persons, days, new
):
    data = real(name)

    edition, preview = taken(data, "Europe/Brussels")

    assert preview.counts == {"sessions": sessions, "rooms": rooms, "persons": persons, "days": days}
    assert counts(preview) == (new, 0, 0)
    assert counts(read_into(edition, data)) == (0, 0, 0)
    assert len(queries.list_draft(edition.id)) == new
    make.released(edition)
    for form in ("xml", "json"):
        own = written(edition, form)
        check_schema(own, form, tmp_path)
        assert counts(read_into(edition, own)) == (0, 0, 0)


def check_schema(data: bytes, form: str, folder: Path) -> None:
    if form == "json":
        schema = json.loads((DATA / "schema/schedule-v1.schema.json").read_text())
        assert [error.message for error in Draft6Validator(schema).iter_errors(json.loads(data))] == []
        return
    (folder / "schedule.xml").write_bytes(data)
    judged = subprocess.run(
        ["xmllint", "--noout", "--schema", DATA / "schema/schedule.xml.xsd", folder / "schedule.xml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (judged.returncode, judged.stderr.strip().split(" ", 1)[-1]) == (0, "validates")


def test_the_schema_can_refuse(app, tmp_path):
    real("fosdem-2019.xml")
    province = Province()
    province.joined()
    make.released(province.edition)
    data = written(province.edition, "xml")
    check_schema(data, "xml", tmp_path)
    check_schema(written(province.edition, "json"), "json", tmp_path)

    with pytest.raises(AssertionError):
        check_schema(data.replace(b"</duration>", b"x</duration>", 1), "xml", tmp_path)


def test_only_the_placements_that_clash_come_in_with_an_override(app):
    edition, _ = taken(real("fosdem-2023.xml"), "Europe/Brussels")

    placements = db.session.scalars(select(Placement).where(Placement.edition_id == edition.id)).all()
    clashing = [
        (one.id, other.id)
        for number, one in enumerate(placements)
        for other in placements[number + 1 :]
        if one.room_id == other.room_id and one.starts_at < other.ends_at and other.starts_at < one.ends_at
    ]
    overridden = {p.id for p in placements if p.override_id is not None}
    assert len(clashing) == 1
    assert len(overridden) == 1
    assert overridden < set(clashing[0])
    assert db.session.scalar(select(func.count(PlacementOverride.id))) == 1


def plainly(data: bytes) -> dict[str, tuple[str, ...]]:
    """Return what an event says by guid, found by another parser and without any of our code."""
    found = {}
    for event in ET.fromstring(data).iter("event"):
        said = [
            event.findtext(tag) or ""
            for tag in "date duration room title subtitle track type language".split()
        ]
        said += [(event.findtext(tag) or "") for tag in ("abstract", "description", "logo", "slug")]
        said += [f"{p.get('id')} {p.text}" for p in event.iter("person")]
        said += [f"{a.get('href')} {a.text}" for a in [*event.iter("link"), *event.iter("attachment")]]
        said += [event.findtext("recording/license") or "", event.findtext("recording/optout") or ""]
        found[event.get("guid")] = tuple(each.replace("\r\n", "\n").strip() for each in said)
    return found


def test_fourteen_versions_are_imported_and_released_one_after_the_other(app):
    files = [real(name) for name in VERSIONS]
    edition, preview = taken(files[0], "Europe/Berlin")
    make.released(edition, name="1")
    assert counts(preview) == (150, 0, 0)

    sequences = 0
    for number, (was, becomes) in enumerate(pairwise(files), start=2):
        old, new = plainly(was), plainly(becomes)
        expected = (
            len(new.keys() - old.keys()),
            sum(old[guid] != new[guid] for guid in old.keys() & new.keys()),
            len(old.keys() - new.keys()),
        )

        assert counts(read_into(edition, becomes)) == expected, VERSIONS[number - 1]

        assert counts(read_into(edition, becomes)) == (0, 0, 0)
        make.released(edition, name=str(number))
        public = {
            str(guid)
            for guid in db.session.scalars(
                select(PublishedSession.guid).where(
                    PublishedSession.edition_id == edition.id,
                    PublishedSession.state == SessionState.PUBLISHED,
                )
            )
        }
        assert public == new.keys()
        raised = db.session.scalar(
            select(func.sum(PublishedSession.sequence)).where(PublishedSession.edition_id == edition.id)
        )
        assert raised >= sequences
        sequences = raised
    assert sequences > 0


def test_naughty_strings_go_out_and_come_back(app, tmp_path):
    path = DATA / "text" / "blns.json"
    if not path.exists():
        pytest.skip(f"no list of naughty strings beside the project ({path})")
    province = Province()
    naughty = [text.replace("\0", "") for text in json.loads(path.read_text()) if rules.tidy_line(text)]
    for number, text in enumerate(naughty):
        session = make.session(
            province.edition,
            state=SessionState.DRAFT,
            title={"vi": text},
            abstract={"vi": text, "en": text[::-1]},
            imported={
                "links": [{"url": "https://a.example/", "title": rules.tidy(text)}],
                "more": {"x": rules.tidy(text)},
            },
        )
        make.placement(session, province.fair)
        make.part(session, make.person(full_name=text), position=number)
    make.released(province.edition)

    for form in ("xml", "json"):
        data = written(province.edition, form)
        check_schema(data, form, tmp_path)
        assert counts(read_into(province.edition, data)) == (0, 0, 0)
        copy = copied(data)
        assert len(facts(copy)) == len(naughty) > 400
