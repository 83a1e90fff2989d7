"""iCalendar files (RFC 5545, RFC 7986): written with their time zone, read by every calendar."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText, vUri

PRODUCT = "-//DXDay//National Digital Transformation Day//EN"
MEDIA_TYPE = "text/calendar; charset=utf-8"


@dataclass(frozen=True)
class CalendarEvent:
    """One entry of a calendar; the moments are aware, `uid` and `sequence` as RFC 5545 wants them."""

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


def calendar_of(
    events: Iterable[CalendarEvent], *, name: str, time_zone: str, at: datetime, method: str | None = None
) -> bytes:
    """Return a calendar file named `name` with times in `time_zone`, made at `at`.

    `method` is that of RFC 5546 (PUBLISH, REQUEST, CANCEL) for calendars sent by mail; a feed has none.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if method:
        calendar.add("method", method)
    else:
        calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT1H")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", time_zone)
    zone = ZoneInfo(time_zone)
    for event in events:
        calendar.add_component(_entry(event, zone=zone, at=at))
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written


def _entry(event: CalendarEvent, *, zone: ZoneInfo, at: datetime) -> Event:
    entry = Event()
    entry.add("uid", event.uid)
    entry.add("dtstamp", at)
    entry.add("last-modified", event.updated_at)
    entry.add("dtstart", event.starts_at.astimezone(zone))
    entry.add("dtend", event.ends_at.astimezone(zone))
    entry.add("summary", event.title)
    entry.add("sequence", event.sequence)
    entry.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    if event.description:
        entry.add("description", event.description)
    if event.location:
        entry["location"] = vText(event.location)
    if event.url:
        entry["url"] = vUri(event.url)
    if event.conference_url:
        entry.add("conference", event.conference_url, parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
    return entry
