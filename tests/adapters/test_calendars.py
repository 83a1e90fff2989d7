"""iCalendar files, read back by other programs."""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from dxday.adapters.calendars import Attendee, CalendarEvent, calendar_of

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
HANOI = "Asia/Ho_Chi_Minh"

OPENING = CalendarEvent(
    uid="8b9f3c52-6f0e-4a57-9a5c-1f0c7a3c2f11",
    starts_at=datetime(2026, 10, 10, 1, 0, tzinfo=UTC),
    ends_at=datetime(2026, 10, 10, 2, 30, tzinfo=UTC),
    title="Phiên khai mạc: “Dữ liệu số, giá trị mới”; chuyển đổi số toàn dân, toàn diện\\",
    sequence=2,
    updated_at=datetime(2026, 8, 20, 8, 15, tzinfo=UTC),
    description="Dòng một\nDòng hai; có, dấu\\chéo",
    location="Hội trường A, Nghệ An",
    url="https://dxday.example/next/sessions/KM-01",
)


INVITED = replace(
    OPENING,
    organizer="lien-he@dxday.example",
    attendee=Attendee("thi.du+1@example.org", 'Trần "Thị"; Thí, Dụ'),
)


def written(
    *events: CalendarEvent, method: str | None = None, time_zone: str = HANOI, at: datetime = AT
) -> bytes:
    return calendar_of(events, name="Ngày Chuyển đổi số, Nghệ An", time_zone=time_zone, at=at, method=method)


def read(*events: CalendarEvent, **options) -> list:
    return Calendar.from_ical(written(*events, **options)).walk("VEVENT")


def lines(data: bytes) -> list[str]:
    """Return the unfolded lines (RFC 5545 §3.1)."""
    return data.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def test_an_event_is_read_back_as_it_was():
    (event,) = read(OPENING)

    assert str(event["UID"]) == OPENING.uid
    assert str(event["SUMMARY"]) == OPENING.title
    assert str(event["DESCRIPTION"]) == OPENING.description
    assert str(event["LOCATION"]) == OPENING.location
    assert str(event["URL"]) == OPENING.url
    assert event["SEQUENCE"] == 2
    assert event["STATUS"] == "CONFIRMED"
    assert event["DTSTART"].dt == OPENING.starts_at
    assert event["DTEND"].dt == OPENING.ends_at
    assert event["LAST-MODIFIED"].dt == OPENING.updated_at


def test_times_are_written_in_the_time_zone_that_comes_with_the_file():
    found = lines(written(OPENING))

    assert [line for line in found if line.startswith(("DTSTART;", "DTEND;"))] == [
        "DTSTART;TZID=Asia/Ho_Chi_Minh:20261010T080000",
        "DTEND;TZID=Asia/Ho_Chi_Minh:20261010T093000",
    ]
    zone = found[found.index("BEGIN:VTIMEZONE") : found.index("END:VTIMEZONE")]
    assert [line for line in zone if not line.startswith("COMMENT")] == [
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Ho_Chi_Minh",
        "BEGIN:STANDARD",
        "DTSTART:20250101T000000",
        "TZNAME:+07",
        "TZOFFSETFROM:+0700",
        "TZOFFSETTO:+0700",
        "END:STANDARD",
    ]


def test_the_calendar_tells_its_name_in_both_ways():
    calendar = Calendar.from_ical(written(OPENING))

    assert (str(calendar["NAME"]), str(calendar["X-WR-CALNAME"])) == ("Ngày Chuyển đổi số, Nghệ An",) * 2
    assert str(calendar["VERSION"]) == "2.0"


def test_a_line_break_in_the_name_of_a_calendar_is_a_blank():
    calendar = Calendar.from_ical(calendar_of([], name="Nghệ An\r\nX-EVIL:1", time_zone=HANOI, at=AT))

    assert (calendar["name"], calendar["x-wr-calname"]) == ("Nghệ An X-EVIL:1", "Nghệ An X-EVIL:1")


def test_a_calendar_without_events_has_none():
    assert read() == []


def test_a_cancelled_event_stays_in_the_calendar_as_cancelled():
    (event,) = read(replace(OPENING, cancelled=True, sequence=3))

    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 3)


def test_a_link_to_join_and_an_organizer_are_written():
    (event,) = read(
        replace(OPENING, conference_url="https://meet.example/abc?x=1", organizer="lien-he@dxday.example")
    )

    assert str(event["CONFERENCE"]) == "https://meet.example/abc?x=1"
    assert event["CONFERENCE"].params["VALUE"] == "URI"
    assert str(event["ORGANIZER"]) == "mailto:lien-he@dxday.example"


def test_a_feed_of_unchanged_events_is_the_same_bytes_tomorrow():
    assert written(OPENING) == written(OPENING, at=AT + timedelta(days=1))


def test_a_message_is_stamped_with_the_time_of_its_making():
    calendar = Calendar.from_ical(written(INVITED, method="REQUEST"))

    assert str(calendar["METHOD"]) == "REQUEST"
    assert [event["DTSTAMP"].dt for event in calendar.walk("VEVENT")] == [AT]


@pytest.mark.parametrize(("method", "status"), [("REQUEST", "CONFIRMED"), ("CANCEL", "CANCELLED")])
def test_an_invitation_names_who_sends_it_and_who_has_the_place_and_asks_for_nothing(method, status):
    """RFC 5546 §3.2.2 and §3.2.5; PARTSTAT and RSVP are those of RFC 5545 §3.2.12 and §3.2.17."""
    (event,) = read(INVITED, method=method)

    attendee = event["ATTENDEE"]
    assert (str(event["STATUS"]), event["SEQUENCE"], str(event["UID"])) == (status, 2, INVITED.uid)
    assert str(event["ORGANIZER"]) == "mailto:lien-he@dxday.example"
    assert str(attendee) == "mailto:thi.du+1@example.org"
    assert {name: str(value) for name, value in attendee.params.items()} == {
        "CN": "Trần 'Thị'; Thí, Dụ",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "ACCEPTED",
        "RSVP": "FALSE",
    }


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
@pytest.mark.parametrize("missing", ["organizer", "attendee"])
def test_an_invitation_that_nobody_sends_or_gets_is_refused(method, missing):
    with pytest.raises(ValueError, match="RFC 5546"):
        written(replace(INVITED, **{missing: None}), method=method)


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("a%b@example.org", "mailto:a%25b@example.org"),
        ("a&b?c@example.org", "mailto:a%26b%3Fc@example.org"),
        ("mẫu@example.org", "mailto:m%E1%BA%ABu@example.org"),
    ],
)
def test_an_address_that_a_uri_cannot_hold_is_encoded(address, uri):
    (event,) = read(replace(INVITED, attendee=Attendee(address)), method="REQUEST")

    assert str(event["ATTENDEE"]) == uri


@pytest.mark.parametrize(
    "address", ["a b@example.org", "a@example.org\r\nX-EVIL:1", '"a"@example.org', "<a@b>"]
)
def test_an_attendee_cannot_add_properties(address):
    with pytest.raises(ValueError, match="no address"):
        written(replace(INVITED, attendee=Attendee(address)), method="REQUEST")


def test_a_name_cannot_add_properties_or_parameters():
    name = 'x";RSVP=TRUE:mailto:y@example.org\r\nATTENDEE:mailto:z@example.org'
    (event,) = read(replace(INVITED, attendee=Attendee("a@example.org", name)), method="REQUEST")

    assert (str(event["ATTENDEE"]), event["ATTENDEE"].params["RSVP"]) == ("mailto:a@example.org", "FALSE")


def test_lines_are_folded_at_75_bytes_between_letters_and_end_in_crlf():
    data = written(replace(OPENING, title="ố" * 400, description="हिन्दी " * 100))

    physical = data.split(b"\r\n")
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(len(line) for line in physical) <= 75
    assert [line for line in lines(data) if line.startswith("SUMMARY")] == ["SUMMARY:" + "ố" * 400]
    assert "\ufffd" not in "".join(line.decode("utf-8", "replace") for line in physical)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x\r\nATTENDEE:mailto:y@example.org"},
        {"location": "x\nATTENDEE:mailto:y@example.org"},
        {"description": "x\rATTENDEE:mailto:y@example.org"},
        {"uid": "x\r\nATTENDEE:mailto:y@example.org"},
    ],
)
def test_words_cannot_add_properties(change):
    (event,) = read(replace(OPENING, **change))

    assert "ATTENDEE" not in event


@pytest.mark.parametrize("field", ["url", "conference_url", "organizer"])
@pytest.mark.parametrize(
    "value", ["https://x.example/\r\nATTENDEE:mailto:y@example.org", "https://x.example/a b", ""]
)
def test_an_address_with_a_line_break_is_refused(field, value):
    if not value:
        assert field.upper() not in read(replace(OPENING, **{field: value}))[0]
        return
    with pytest.raises(ValueError, match="no address"):
        written(replace(OPENING, **{field: value}))


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="naive"):
        written(replace(OPENING, starts_at=datetime(2026, 10, 10, 8, 0)))


@given(st.text(max_size=200), st.text(max_size=200))
def test_every_text_is_read_back_but_for_what_a_calendar_cannot_hold(title, description):
    (event,) = read(replace(OPENING, title=title, description=description))

    def kept(words: str) -> str:
        plain = words.replace("\r\n", "\n").replace("\r", "\n")
        return "".join(c for c in plain if c in "\t\n" or not (c < " " or c == "\x7f"))

    assert str(event["SUMMARY"]) == kept(title)
    assert str(event.get("DESCRIPTION", "")) == kept(description)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)), st.integers(1, 5000))
def test_every_moment_is_read_back_also_where_clocks_change(start, length):
    starts_at = start.replace(microsecond=0, tzinfo=UTC)
    ends_at = starts_at + timedelta(minutes=length)
    (event,) = read(replace(OPENING, starts_at=starts_at, ends_at=ends_at), time_zone="Europe/Berlin")

    berlin = ZoneInfo("Europe/Berlin")
    assert event["DTSTART"].dt.replace(tzinfo=None) == starts_at.astimezone(berlin).replace(tzinfo=None)
    assert event["DTEND"].dt.replace(tzinfo=None) == ends_at.astimezone(berlin).replace(tzinfo=None)


ICAL_JS = ROOT / "node_modules" / "ical.js"


@pytest.mark.skipif(
    shutil.which("node") is None or not ICAL_JS.exists(), reason="no node with ical.js to read with"
)
def test_ical_js_reads_the_same_times_and_words(tmp_path):
    (tmp_path / "calendar.ics").write_bytes(written(OPENING))
    program = """
      import ICAL from "ical.js"; import { readFileSync } from "node:fs";
      const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[1], "utf8")));
      for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
      const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent"));
      console.log(JSON.stringify([event.uid, event.summary, event.description, event.location,
        event.startDate.toJSDate().toISOString(), event.endDate.toJSDate().toISOString()]));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program, str(tmp_path / "calendar.ics")],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
        check=True,
        capture_output=True,
    )

    assert json.loads(done.stdout) == [
        OPENING.uid,
        OPENING.title,
        OPENING.description,
        OPENING.location,
        "2026-10-10T01:00:00.000Z",
        "2026-10-10T02:30:00.000Z",
    ]


@pytest.mark.skipif(
    shutil.which("node") is None or not ICAL_JS.exists(), reason="no node with ical.js to read with"
)
def test_ical_js_reads_who_is_invited(tmp_path):
    (tmp_path / "calendar.ics").write_bytes(written(INVITED, method="CANCEL"))
    program = """
      import ICAL from "ical.js"; import { readFileSync } from "node:fs";
      const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[1], "utf8")));
      const entry = calendar.getFirstSubcomponent("vevent"), attendee = entry.getFirstProperty("attendee");
      console.log(JSON.stringify([calendar.getFirstPropertyValue("method"), entry.getFirstPropertyValue("status"),
        entry.getFirstPropertyValue("sequence"), entry.getFirstPropertyValue("organizer"), attendee.getFirstValue(),
        attendee.getParameter("cn"), attendee.getParameter("partstat"), attendee.getParameter("rsvp")]));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program, str(tmp_path / "calendar.ics")],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
        check=True,
        capture_output=True,
    )

    assert json.loads(done.stdout) == [
        "CANCEL",
        "CANCELLED",
        2,
        "mailto:lien-he@dxday.example",
        "mailto:thi.du+1@example.org",
        "Trần 'Thị'; Thí, Dụ",
        "ACCEPTED",
        "FALSE",
    ]
