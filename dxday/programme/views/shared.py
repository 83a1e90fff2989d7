"""What the public views share: choices that stand in the address, calendars, the day at hand."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, g, request

from dxday.adapters import calendars
from dxday.core import clock
from dxday.core.errors import NotFound
from dxday.notifications import addresses
from dxday.programme import queries, rules
from dxday.programme.models import Track
from dxday.programme.queries import Entry
from dxday.programme.rules import SessionKind
from dxday.programme.shown import Programme, Wanted
from dxday.sites import queries as sites
from dxday.sites.models import Site
from dxday.web.languages import current_locale

STEP = 300
"""Seconds between two places of the line for now."""

ALL_DAYS = "all"


def now_line() -> datetime | None:
    """Return the moment of the line through the time table, in steps of five minutes; None outside of the Day."""
    now = clock.now()
    near = timedelta(days=1)
    if not g.edition.starts_on - near <= now.date() <= g.edition.ends_on + near:
        return None
    return datetime.fromtimestamp(now.timestamp() // STEP * STEP, tz=UTC)


class Choice:
    """What the address chooses from the programme.  Raises NotFound for what is no choice.

    What names none is no address of ours, so that nobody makes us keep it.
    """

    def __init__(self, programme: Programme) -> None:
        """Read the address."""
        self.site: Site | None = _one(programme.sites, "site", lambda site: site.code)
        self.track: Track | None = _one(programme.used_tracks(), "track", lambda track: track.code)
        self.kind: SessionKind | None = _one(SessionKind, "kind", lambda kind: kind.value)
        language = _one(programme.languages(), "language", lambda language: language[0])
        self.language: str | None = language[0] if language else None
        self.days = programme.days()
        self.on = self._day(programme)

    def wants(self, entry: Entry) -> bool:
        """Tell whether a session is among what was chosen."""
        return (
            (self.kind is None or entry.kind is self.kind)
            and (self.track is None or entry.track_id == self.track.id)
            and (self.language is None or entry.language == self.language)
        )

    def _day(self, programme: Programme) -> date | None:
        asked = request.args.get("day")
        if asked == ALL_DAYS:
            return None
        if asked:
            found: date | None = _one(self.days, "day", date.isoformat)
            return found
        if request.args.get("q") or not rules.is_shown_by_day(len(programme.entries), len(self.days)):
            return None
        today = clock.now().astimezone(programme.zone).date()
        return today if today in self.days else self.days[0]


def both(one: Wanted, other: Wanted) -> Wanted:
    """Return what both want."""
    return lambda entry: one(entry) and other(entry)


def _one(choices: Iterable[Any], name: str, code_of: Any) -> Any:
    asked = request.args.get(name)
    if not asked:
        return None
    for choice in choices:
        if code_of(choice) == asked:
            return choice
    raise NotFound


def calendar_of(events: list[calendars.CalendarEvent], name: str) -> Response:
    """Return a calendar file, stamped with the last change: it is the same until something changes."""
    last = max((event.updated_at for event in events), default=datetime(2000, 1, 1, tzinfo=UTC))
    body = calendars.calendar_of(events, name=name, time_zone=g.edition.time_zone, at=last)
    return Response(body, content_type=calendars.MEDIA_TYPE)


def of_events(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return what every feed takes: the addresses of the sessions, the tracks, and the language."""
    return {
        "urls": {e.id: addresses.address("programme_public.session", code=e.code) for e in entries},
        "tracks": {track.id: track for track in queries.list_tracks(g.edition.id)},
        "locale": current_locale(),
    }


def sites_by_id() -> dict[int, Site]:
    """Return the sites of the edition with their rooms."""
    return {site.id: site for site in sites.list_sites(g.edition.id)}
