"""Files that somebody made to do harm: none of them stops a worker, breaks a page, or ends in an error of ours."""

import io
import json
import zipfile
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from dxday.exchange import rules
from dxday.exchange.reading import read_book
from tests import make
from tests.exchange.programmes import Province, copied, read_into, written

GUID = "11111111-2222-4333-8444-555555555555"


def read(data):
    return read_book(data, zone=ZoneInfo("Asia/Ho_Chi_Minh"), scope="sample")


def sheet_with(rows):
    """An XLSX file with one good session, and `rows` as they stand in XML after it."""
    book, good, evil = Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["title", "day", "start", "end", "room"])
    book.active.append(["A", "2026-10-10", "09:00", "10:00", "Hall"])
    book.save(good)
    with zipfile.ZipFile(good) as parts, zipfile.ZipFile(evil, "w", zipfile.ZIP_DEFLATED) as out:
        for name in parts.namelist():
            part = parts.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = part.replace(b"</sheetData>", rows + b"</sheetData>")
            out.writestr(name, part)
    return evil.getvalue()


def test_a_sheet_whose_next_row_is_the_billionth_is_refused_at_once(app):
    with pytest.raises(rules.TooManyRows):
        read(sheet_with(b'<row r="9999999999"><c r="A9999999999"><v>1</v></c></row>'))


def test_a_sheet_with_millions_of_cells_in_one_row_is_refused_before_they_are_unfolded(app):
    with pytest.raises(rules.TooManyRows):
        read(sheet_with(b'<row r="3">' + b'<c r="A3"/>' * 2_100_000 + b"</row>"))


def test_a_sheet_with_a_few_empty_rows_and_far_columns_is_read(app):
    book = read(sheet_with(b'<row r="900"><c r="XFD900"/></row>'))

    assert (len(book.sessions), book.errors) == (1, [])


def schedule(event=None, day="2026-10-10", **more):
    event = {"guid": GUID, "title": "A", "start": "09:00", "duration": "01:00", "room": "Hall"} | (
        event or {}
    )
    conference = {"title": "T", "days": [{"date": day, "rooms": {"Hall": [event]}}], **more}
    return json.dumps({"schedule": {"conference": conference}}).encode()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_refused(app, number):
    data = schedule({"more": "here"}).replace(b'"here"', number.encode())

    with pytest.raises(rules.FileBroken):
        read(data)


def test_values_that_lie_too_deep_are_refused_with_their_row(app):
    deep = "x"
    for _ in range(300):
        deep = [deep]

    book = read(schedule({"more": deep}))

    assert [str(error.message) for error in book.errors] == ["elements lie too deep in each other"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_errors_of_their_rows(app, day):
    table = f"title,day,start,end,room\nA,{day},23:00,01:00,Hall\n".encode()

    assert [len(read(data).errors) for data in (schedule(day=day), table)] == [1, 1]


# Files that say they are ours ----------------------------------------------------------------------------------------


@pytest.fixture
def ours(app):
    """A file of ours, as JSON to change; its marks by the part that a site has."""
    province = Province()
    province.joined()
    make.released(province.edition)
    return province, json.loads(written(province.edition, "json"))


def marks(document):
    return list(document["schedule"]["dxday"]["events"].values())


def whole(document):
    return next(mark for mark in marks(document) if mark.get("whole"))


def data_of(document):
    return json.dumps(document).encode()


def test_nuls_and_halves_of_characters_in_a_mark_are_left_out(ours):
    _, document = ours
    whole(document)["imported"] = {"a\x00": "b\x00c", "d": "\udfff"}
    for mark in marks(document):
        mark |= {"interpretation": "e\x00n", "local_part": {"vi\x00": "x\x00y"}}

    session = read(data_of(document)).sessions[0]

    assert {name: session.imported[name] for name in ("a", "d")} == {"a": "bc", "d": ""}
    assert {(p.interpretation, p.local_part["vi"]) for p in session.places} == {("en", "xy")}
    copied(data_of(document))  # and the database takes it


@pytest.mark.parametrize("seats", [-5, 10**30, "many", [300]])
def test_rooms_that_hold_no_such_number_hold_nobody_knows_how_many(ours, seats):
    _, document = ours
    for site in document["schedule"]["dxday"]["sites"]:
        for room in site["rooms"]:
            room["capacity"] = seats

    book = read(data_of(document))

    assert {room.capacity for room in book.rooms.values() if room.site} == {None}
    copied(data_of(document))


def test_a_session_has_one_origin(ours):
    province, document = ours
    for mark in marks(document):
        mark["role"] = "origin"

    preview = read_into(province.edition, data_of(document))

    assert [str(error.message) for error in preview.errors] == [
        "It is held at more than one site; a session has one origin."
    ]


def test_a_session_stands_in_a_room_once(ours):
    province, document = ours
    for mark in marks(document):
        if not mark.get("whole"):
            mark |= {"site": "north", "room": "hall"}

    preview = read_into(province.edition, data_of(document))

    assert [str(error.message) for error in preview.errors] == ["It stands twice in the same room."]


def test_names_of_sites_rooms_and_tracks_stay_on_one_line(ours):
    _, document = ours
    own = document["schedule"]["dxday"]
    for thing in (*own["sites"], *own["tracks"], *(room for site in own["sites"] for room in site["rooms"])):
        thing["name"] = {"vi": "A\nEND:VEVENT"}

    book = read(data_of(document))

    assert {name["vi"] for name in (*(s.name for s in book.sites), *book.tracks.values())} == {"A END:VEVENT"}
    assert {room.names["vi"] for room in book.rooms.values() if room.site} == {"A END:VEVENT"}
