"""The programme as a calendar: whose events they are, and what never changes about them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from dxday.adapters.calendars import CalendarEvent
from dxday.core.i18n import pick
from dxday.programme.queries import Entry, Showing
from dxday.programme.rules import PlacementRole
from dxday.sites.models import Site


def uid_of(guid: UUID, site_code: str | None = None) -> str:
    """Return the UID of a session (RFC 7986 §5.3: a UUID needs no host), or of the session at one site.

    It never changes, so a calendar that took the event once takes its changes as changes.
    """
    return f"{guid}-{site_code}" if site_code else str(guid)


def session_events(
    entries: Iterable[Entry],
    showings: Iterable[Showing],
    sites: Mapping[int, Site],
    *,
    urls: Mapping[int, str],
    locale: str,
) -> list[CalendarEvent]:
    """Return one event for each session, at the site where it is held, by time.

    `sites` by id with their rooms, `urls` the full addresses of the sessions by id.
    """
    by_id = {entry.id: entry for entry in entries}
    return [
        _event(by_id[showing.session_id], showing, sites, urls=urls, locale=locale, site_code=None)
        for showing in showings
        if showing.role is PlacementRole.ORIGIN and showing.session_id in by_id
    ]


def site_events(
    entries: Iterable[Entry],
    showings: Iterable[Showing],
    site: Site,
    *,
    urls: Mapping[int, str],
    locale: str,
) -> list[CalendarEvent]:
    """Return one event for each session that the site has or had, by time; what it opted out of is cancelled."""
    by_id = {entry.id: entry for entry in entries}
    return [
        _event(
            by_id[showing.session_id], showing, {site.id: site}, urls=urls, locale=locale, site_code=site.code
        )
        for showing in showings
        if showing.site_id == site.id and showing.session_id in by_id
    ]


def _event(
    entry: Entry,
    showing: Showing,
    sites: Mapping[int, Site],
    *,
    urls: Mapping[int, str],
    locale: str,
    site_code: str | None,
) -> CalendarEvent:
    site = sites[showing.site_id]
    room = next((room for room in site.rooms if room.id == showing.room_id), None)
    places = [pick(room.name, locale) if room else "", pick(site.name, locale), pick(site.address, locale)]
    return CalendarEvent(
        uid=uid_of(entry.guid, site_code),
        starts_at=showing.starts_at,
        ends_at=showing.ends_at,
        title=pick(entry.title, locale),
        description=pick(entry.abstract, locale),
        location=", ".join(filter(None, places)),
        url=urls[entry.id],
        sequence=entry.sequence,
        cancelled=entry.cancelled or showing.cancelled,
        updated_at=entry.updated_at,
    )
