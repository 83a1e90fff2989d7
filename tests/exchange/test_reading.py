"""Reading files: every dialect, and everything that is wrong with one in plain words."""

import io
import json
import time
import zipfile
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from dxday.exchange import rules
from dxday.exchange.reading import read_book
from dxday.exchange.reading.collecting import guess_zone

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
GUID = "11111111-2222-4333-8444-555555555555"


def read(text, scope="sample", zone=VIETNAM):
    return read_book(text if isinstance(text, bytes) else text.encode(), zone=zone, scope=scope)


def event(
    *,
    guid=GUID,
    start="09:00",
    duration="01:00",
    room="Hall",
    date="",
    title="Lễ khai mạc",
    more="",
    tag='id="7"',
):
    written = f"<date>{date}</date>" if date else ""
    named = f'guid="{guid}"' if guid else ""
    return (
        f"<event {named} {tag}>{written}<start>{start}</start><duration>{duration}</duration>"
        f"<room>{room}</room><title>{title}</title>{more}</event>"
    )


def xml(*events, day='date="2026-10-10"', conference="", room="Hall", prolog=""):
    return (
        f"{prolog}<schedule><version>1</version><conference><title>Ngày hội</title>{conference}</conference>"
        f'<day index="1" {day}><room name="{room}">{"".join(events)}</room></day></schedule>'
    )


def one(book):
    assert [str(error.message) for error in book.errors] == []
    (session,) = book.sessions
    return session


def messages(book):
    return [(error.row, str(error.message)) for error in book.errors]


# What is read --------------------------------------------------------------------------------------------------------


def test_names_keep_their_case_and_diacritics(app):
    people = "<persons><person id='3'>Nguyễn Thị ÁNH Đào</person></persons><track>Chuyển Đổi Số</track>"

    book = read(xml(event(more=people)))

    session = one(book)
    assert session.texts["title"] == {"en": "Lễ khai mạc"}
    assert (session.track, book.persons["id:3"].name) == ("Chuyển Đổi Số", "Nguyễn Thị ÁNH Đào")
    assert (session.guid, session.row) == (UUID(GUID), 1)


def test_letters_come_in_their_composed_form(app):
    assert one(read(xml(event(title="Le\u0302\u0303")))).texts["title"] == {"en": "Lễ"}


def test_a_time_without_zone_is_that_of_the_edition(app):
    place = one(read(xml(event(start="09:00", duration="01:30")))).origin

    assert place.starts_at == datetime(2026, 10, 10, 2, 0, tzinfo=UTC)
    assert place.ends_at == datetime(2026, 10, 10, 3, 30, tzinfo=UTC)


def test_a_day_may_run_past_midnight(app):
    day = 'date="2019-12-27" start="2019-12-27T11:00:00+01:00" end="2019-12-28T04:00:00+01:00"'

    by_date = one(read(xml(event(start="00:15", date="2019-12-28T00:15:00+01:00"), day=day)))
    by_clock = one(read(xml(event(start="00:15"), day=day)))

    assert by_date.origin.starts_at == by_clock.origin.starts_at == datetime(2019, 12, 27, 23, 15, tzinfo=UTC)


def test_the_change_of_the_day_decides_where_an_early_hour_belongs(app):
    early = one(read(xml(event(start="00:30"), conference="<day_change>09:00:00</day_change>")))
    at_once = one(read(xml(event(start="00:30"))))

    assert early.origin.starts_at.astimezone(VIETNAM).date() == date(2026, 10, 11)
    assert at_once.origin.starts_at.astimezone(VIETNAM).date() == date(2026, 10, 10)


def test_what_has_no_guid_gets_the_same_one_each_time_and_another_in_another_edition(app):
    first, again, other = (one(read(xml(event(guid="")), scope=scope)).guid for scope in ("a", "a", "b"))

    assert first == again != other
    assert first.version == 5


def test_fields_without_a_column_are_kept(app):
    more = (
        "<links><link href='https://a.example/x'>Chat</link></links>"
        "<recording><license>CC BY 4.0</license><optout>true</optout></recording>"
        "<logo>/a.png</logo><country>VN</country>"
    )

    assert one(read(xml(event(more=more)))).imported == {
        "id": "7",
        "links": [{"url": "https://a.example/x", "title": "Chat"}],
        "license": "CC BY 4.0",
        "optout": True,
        "logo": "/a.png",
        "more": {"country": "VN"},
    }


def test_utf_16_and_latin_1_are_read(app):
    text = xml(event(title="Ü"))

    assert (
        one(read(("<?xml version='1.0' encoding='utf-16'?>" + text).encode("utf-16"))).texts["title"]["en"]
        == "Ü"
    )
    latin = ("<?xml version='1.0' encoding='iso-8859-1'?>" + text.replace("ộ", "o")).encode("latin-1")
    assert one(read(latin)).texts["title"]["en"] == "Ü"


def v1(*events, rooms=None, **conference):
    days = [{"index": 1, "date": "2026-10-10", "rooms": {"Hall": list(events)}}]
    told = {"title": "T", "days": days, **({"rooms": rooms} if rooms else {}), **conference}
    return json.dumps({"schedule": {"conference": told}})


def json_event(**given):
    return {"guid": GUID, "start": "09:00", "duration": "01:00", "title": "Lễ", "room": "Hall", **given}


def test_schedule_json_is_read(app):
    person = {"id": 4, "public_name": "Đỗ Ánh"}

    book = read(v1(json_event(persons=[person]), rooms=[{"name": "Hall", "guid": GUID, "capacity": 290}]))

    assert one(book).parts == (rules.BookPart("id:4"),)
    assert book.rooms[None, "Hall"].capacity == 290
    assert book.counts() == {"sessions": 1, "rooms": 1, "persons": 1, "days": 1}


def test_a_table_in_vietnamese_or_english_with_any_delimiter_is_read(app):
    vietnamese = (
        "Tiêu đề;Ngày;Bắt đầu;Kết thúc;Phòng;Diễn giả\nLễ khai mạc;10/10/2026;08:00;09:30;Hội trường;A; B\n"
    )
    english = "Title,Title (vi),Day,Start,Duration,Room\nOpening,Lễ khai mạc,2026-10-10,08:00,90,Hội trường\n"

    first, second = one(read(vietnamese)), one(read("\ufeff" + english))

    assert first.origin.starts_at == second.origin.starts_at == datetime(2026, 10, 10, 1, tzinfo=UTC)
    assert first.origin.ends_at == second.origin.ends_at == datetime(2026, 10, 10, 2, 30, tzinfo=UTC)
    assert first.texts["title"] == {"vi": "Lễ khai mạc"}
    assert second.texts["title"] == {"vi": "Lễ khai mạc"}


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_xlsx_is_read_with_its_own_days_and_times(app):
    data = workbook(
        ["guid", "Title", "Day", "Start", "End", "Room"],
        [GUID, "Lễ", datetime(2026, 10, 10), datetime(2026, 10, 10, 22, 0).time(), "01:00", "Hall"],
    )

    session = one(read(data))

    assert (session.guid, session.row) == (UUID(GUID), 2)
    assert session.origin.ends_at == datetime(2026, 10, 10, 18, 0, tzinfo=UTC)


# What is refused by row ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"start": "24:00"}, "There is no 24:00: write 00:00 of the next day."),
        ({"date": "2026-10-10T24:00:00+07:00"}, "There is no 24:00: write 00:00 of the next day."),
        ({"start": "25:61"}, "“25:61” is no time of day; write it as 09:30."),
        ({"start": "nine"}, "“nine” is no time of day; write it as 09:30."),
        ({"duration": "-01:00"}, "The length -01:00 is not above zero."),
        ({"duration": "00:00"}, "The length 00:00 is not above zero."),
        ({"duration": "100:00"}, "The length 100:00 is over 24 hours."),
        ({"duration": "1h"}, "“1h” is no length; write it as 01:30."),
        ({"duration": ""}, "“” is no length; write it as 01:30."),
        ({"guid": "abc"}, "“abc” is no guid."),
        ({"title": " "}, "It has no title."),
        ({"room": "Elsewhere"}, "It stands under the room “Hall” and says that it is in “Elsewhere”."),
        (
            {"date": "2026-10-12T09:00:00+07:00"},
            "It begins at 2026-10-12 09:00, outside of its day, which runs from 2026-10-10 00:00 to 2026-10-11 06:00.",
        ),
        ({"date": "0001-01-01T00:00:00+14:00"}, "“0001-01-01T00:00:00+14:00” is no day and time."),
    ],
)
def test_a_row_with_an_error_is_left_out_and_the_rest_is_taken(app, bad, says):
    other = "99999999-2222-4333-8444-555555555555"

    book = read(xml(event(**bad) + "\n" + event(guid=other, tag='id="8"')))

    assert messages(book) == [(1, says)]
    assert [str(session.guid) for session in book.sessions] == [other]
    assert book.entries == 2


def test_a_guid_that_stands_twice_is_taken_once(app):
    book = read(xml(event() + "\n" + event(tag='id="8"')))

    assert messages(book) == [(2, f"Its guid {GUID} stands in row 1 already.")]
    assert len(book.sessions) == 1


def test_a_time_of_another_zone_is_left_out(app):
    same = [
        event(guid=f"{n}1111111-2222-4333-8444-555555555555", date=f"2026-10-10T0{n}:00:00+07:00")
        for n in (2, 3)
    ]

    book = read(xml(*same, event(date="2026-10-10T04:00:00+05:30")))

    assert messages(book) == [
        (1, "Its time 2026-10-10T04:00+05:30 is of another time zone than the rest of the file.")
    ]
    assert len(book.sessions) == 2


def test_the_two_offsets_of_a_zone_with_summer_time_are_one_zone(app):
    day = 'date="2026-10-25" start="2026-10-25T00:00:00+02:00" end="2026-10-25T23:00:00+01:00"'
    other = "99999999-2222-4333-8444-555555555555"
    events = event(date="2026-10-25T01:00:00+02:00"), event(guid=other, date="2026-10-25T09:00:00+01:00")

    book = read(xml(*events, day=day, conference="<time_zone_name>Europe/Berlin</time_zone_name>"))

    assert messages(book) == []
    assert len(book.sessions) == 2


def test_a_room_that_the_file_does_not_list_is_no_room(app):
    rooms = [{"name": "Other", "guid": GUID}]

    assert messages(read(v1(json_event(), rooms=rooms))) == [
        (1, "The file lists its rooms, and “Hall” is not among them.")
    ]


def test_rows_of_a_table_are_named_by_their_line(app):
    rows = "One,2026-10-10,08:00,09:00,Hall", ",2026-10-10,08:00,09:00,Hall", "Three,x,1:00,2:00,Hall"
    table = "\n".join(("title,day,start,end,room", *rows))

    assert messages(read(table)) == [(3, "It has no title."), (4, "“x” is no day; write it as 2026-10-10.")]


# What is refused as a whole ------------------------------------------------------------------------------------------

LAUGHS = (
    '<!DOCTYPE schedule [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {after} "{f"&{before};" * 10}">'
        for before, after in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>"
)


@pytest.mark.parametrize(
    "prolog",
    [
        LAUGHS,
        '<!DOCTYPE schedule [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE schedule SYSTEM "http://127.0.0.1:9/evil.dtd">',
    ],
    ids=["billion laughs", "external entity", "external DTD"],
)
def test_a_doctype_is_refused_before_anything_is_expanded(app, prolog):
    began = time.perf_counter()

    with pytest.raises(rules.DoctypeRefused) as refused:
        read(xml(event(title="&j;"), prolog=prolog))

    assert str(refused.value) == (
        "The file has a DOCTYPE in line 1, which may hold entities. Remove it: no programme needs one."
    )
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "<schedule>\n<day>\n</schedule>",
            "The file is damaged in line 3: mismatched tag. Nothing was imported.",
        ),
        ("<schedule>\n", "The file is damaged in line 2: no element found. Nothing was imported."),
        (
            '{"schedule": {\n"conference": ]}',
            "The file is damaged in line 2: Expecting value. Nothing was imported.",
        ),
        ("<html></html>", "The file has no programme in it: <schedule> is missing."),
        ("[1, 2]", "The file has no programme in it: “schedule” is missing."),
        ('{"schedule": 3}', "The file has no programme in it: “schedule” is missing."),
        ("title,room\nA,B\n", "The first row must name the columns. Missing: day, start, end."),
        ("just a letter", str(rules.FormatUnknown())),
        (b"\x89PNG\r\n\x1a\n", str(rules.FormatUnknown())),
        (b"PK\x03\x04nothing", str(rules.FormatUnknown())),
        (
            "<schedule><conference><time_zone_name>Mars/X</time_zone_name></conference></schedule>",
            "“Mars/X” is no time zone.",
        ),
    ],
)
def test_a_broken_file_is_refused_whole_and_in_words(app, text, says):
    with pytest.raises(rules.FileRefused) as refused:
        read(text)

    assert str(refused.value) == says


def test_deep_nesting_is_refused(app):
    with pytest.raises(rules.FileBroken):
        read("<schedule>" + "<a>" * 100_000)
    with pytest.raises(rules.FileBroken):
        read('{"schedule":' + "[" * 100_000)


def test_a_file_of_200_mb_is_refused_at_once(app):
    data = b"<schedule>" + b" " * 200_000_000
    began = time.perf_counter()

    with pytest.raises(rules.FileTooLarge) as refused:
        read(data)

    assert str(refused.value) == "The file is too large: at most 50 MB are taken. Nothing was imported."
    assert time.perf_counter() - began < 0.1


def test_more_than_ten_thousand_sessions_are_refused(app):
    row = "Lễ,2026-10-10,08:00,09:00,Hall\n"

    assert read("title,day,start,end,room\n" + row * 10_000).entries == 10_000
    with pytest.raises(rules.TooManyRows):
        read("title,day,start,end,room\n" + row * 10_001)


def test_an_xlsx_that_unfolds_too_far_or_holds_entities_is_refused(app):
    good = workbook(["title", "day", "start", "end", "room"])
    bomb, evil = io.BytesIO(good), io.BytesIO(good)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/big.xml", b" " * 201_000_000)
    with zipfile.ZipFile(evil, "a") as parts:
        parts.writestr("xl/more.xml", LAUGHS + "<a>&j;</a>")

    with pytest.raises(rules.FileTooLarge):
        read(bomb.getvalue())
    with pytest.raises(rules.DoctypeRefused):
        read(evil.getvalue())


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("2026-10-10T09:00:00+07:00", "Asia/Ho_Chi_Minh"),
        ("2026-10-10T09:00:00+02:00", "Europe/Berlin"),
        ("2026-12-10T09:00:00+01:00", "Europe/Berlin"),
        ("2026-10-10T09:00:00+05:30", "Asia/Kolkata"),
        ("2026-10-10T09:00:00+13:00", "Etc/GMT-13"),
        ("", None),
    ],
)
def test_the_zone_of_a_new_edition_is_read_off_the_times(app, written, zone):
    day = written[:10] or "2026-10-10"

    assert guess_zone(read(xml(event(date=written), day=f'date="{day}"'))) == zone
