"""iCalendar files (RFC 5545, RFC 7986) and invitations (RFC 5546), with their time zone, read by every calendar."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText, vUri

PRODUCT = "-//DXDay//National Digital Transformation Day//EN"
MEDIA_TYPE = "text/calendar; charset=utf-8"

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x20\x7f\"<>]+")
_INVITING = frozenset({"REQUEST", "CANCEL"})


@dataclass(frozen=True)
class Attendee:
    """Somebody whose place is kept already: nobody asks them for an answer."""

    address: str
    name: str = ""


@dataclass(frozen=True)
class CalendarEvent:
    """One entry of a calendar; the moments are aware, `uid` and `sequence` as RFC 5545 wants them.

    The same `uid` with a higher `sequence` is a change of the entry, never a second one.
    """

    uid: str
    starts_at: datetime
    ends_at: datetime
    title: str
    sequence: int
    updated_at: datetime
    description: str = ""
    location: str = ""
    url: str | None = None
    cancelled: bool = False
    conference_url: str | None = None
    """Where the event is joined from afar (RFC 7986 §5.11)."""
    conference_label: str = ""
    """What a calendar calls that link (RFC 7986 §6.4)."""
    categories: tuple[str, ...] = ()
    organizer: str | None = None
    """The mail address of who invites; RFC 5546 wants it with REQUEST and CANCEL."""
    attendee: Attendee | None = None
    """Whom the entry is for, with REQUEST and CANCEL."""


def calendar_of(
    events: Iterable[CalendarEvent], *, name: str, time_zone: str, at: datetime, method: str | None = None
) -> bytes:
    """Return a calendar file named `name` with times in `time_zone`, made at `at`.

    `method` is that of RFC 5546 (PUBLISH, REQUEST, CANCEL) for calendars sent by mail: a REQUEST with the same `uid`
    and a higher `sequence` changes the entry that was taken (§3.2.2), a CANCEL takes it out (§3.2.5).  A feed has
    none; the same events then give the same bytes, whenever it is made.  Raises ValueError for an address with a
    blank or line break in it, for moments that are not aware, and for an invitation that nobody sends or gets.
    """
    entries = list(events)
    if method in _INVITING and not all(event.organizer and event.attendee for event in entries):
        raise ValueError(f"{method} without organizer or attendee (RFC 5546 §3.2.2, §3.2.5)")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if method:
        calendar.add("method", method)
    else:
        calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT1H")
    # A value of no known type is written as it is, so a line break in it would end the property.
    name = " ".join(_text(name).split())
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", time_zone)
    if entries:
        years = [moment.year for event in entries for moment in (event.starts_at, event.ends_at)]
        calendar.add_component(_zone_component(time_zone, min(years), max(years)))
    zone = ZoneInfo(time_zone)
    for event in entries:
        entry = _entry(event, zone=zone, stamp=at if method else event.updated_at)
        if method == "CANCEL":
            entry["status"] = vText("CANCELLED")
        calendar.add_component(entry)
    return bytes(calendar.to_ical())


def _entry(event: CalendarEvent, *, zone: ZoneInfo, stamp: datetime) -> Event:
    if any(
        moment.utcoffset() is None for moment in (event.starts_at, event.ends_at, event.updated_at, stamp)
    ):
        raise ValueError(f"a naive moment in the entry {event.uid}: times are aware here")
    entry = Event()
    entry.add("uid", _text(event.uid))
    entry.add("dtstamp", stamp)
    entry.add("last-modified", event.updated_at)
    entry.add("dtstart", event.starts_at.astimezone(zone))
    entry.add("dtend", event.ends_at.astimezone(zone))
    entry.add("summary", _text(event.title))
    entry.add("sequence", event.sequence)
    entry.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    if event.description:
        entry.add("description", _text(event.description))
    if event.location:
        entry["location"] = vText(_text(event.location))
    if event.url:
        entry["url"] = vUri(_address(event.url))
    if event.conference_url:
        parameters = {"VALUE": "URI", "FEATURE": "VIDEO"}
        # Neither quotation marks nor line breaks can stand in a parameter (RFC 5545 §3.2), however they are quoted.
        if label := " ".join(_text(event.conference_label).replace('"', "'").split()):
            parameters["LABEL"] = label
        entry.add("conference", _address(event.conference_url), parameters=parameters)
    if event.categories:
        entry.add("categories", [_text(category) for category in event.categories])
    if event.organizer:
        entry.add("organizer", _mailto(event.organizer))
    if event.attendee:
        entry.add("attendee", _attendee(event.attendee))
    return entry


def _attendee(attendee: Attendee) -> vCalAddress:
    """Return the one who has a place: accepted, and not asked again (RFC 5545 §3.2.12, §3.2.17)."""
    written = vCalAddress(_mailto(attendee.address))
    # A quotation mark cannot stand in a parameter (RFC 5545 §3.2), however it is quoted.
    name = " ".join(_text(attendee.name).replace('"', "'").split())
    if name:
        written.params["CN"] = name
    written.params["CUTYPE"] = "INDIVIDUAL"
    written.params["ROLE"] = "REQ-PARTICIPANT"
    written.params["PARTSTAT"] = "ACCEPTED"
    written.params["RSVP"] = "FALSE"
    return written


def _mailto(address: str) -> str:
    """Return the address as RFC 6068 writes it; what a mail address may hold and a URI may not is encoded."""
    return "mailto:" + quote(_address(f"mailto:{address}")[len("mailto:") :], safe="@!$'*+-/=^_`{|}~.()")


@lru_cache(maxsize=32)
def _zone_component(time_zone: str, first_year: int, last_year: int) -> Timezone:
    """Return the VTIMEZONE for events of these years; it takes a search through the year, so it is kept."""
    return Timezone.from_tzid(
        time_zone, first_date=date(first_year - 1, 1, 1), last_date=date(last_year + 2, 1, 1)
    )


def _text(words: str) -> str:
    """Return the text without control characters, which RFC 5545 §3.1 does not allow, and with plain line ends."""
    return _CONTROLS.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))


def _address(uri: str) -> str:
    """Return the address; it is written as it is, so a line break in it would add properties of its own."""
    if not _ADDRESS.fullmatch(uri):
        raise ValueError(f"{uri!r} is no address")
    return uri
