"""The programme as a calendar: whose events they are, and what never changes about them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from dxday.adapters.calendars import CalendarEvent
from dxday.core.i18n import pick
from dxday.core.markup import plain
from dxday.programme.models import Track
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
    tracks: Mapping[int, Track] | None = None,
) -> list[CalendarEvent]:
    """Return one event for each session, at the site where it is held, by time.

    `sites` by id with their rooms, `urls` the full addresses of the sessions by id, `tracks` by id.
    """
    by_id = {entry.id: entry for entry in entries}
    return [
        _event(by_id[showing.session_id], showing, sites, urls, locale, tracks or {}, at_site=False)
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
    tracks: Mapping[int, Track] | None = None,
) -> list[CalendarEvent]:
    """Return one event for each session that the site has or had, by time; what it opted out of is cancelled."""
    by_id = {entry.id: entry for entry in entries}
    return [
        _event(by_id[showing.session_id], showing, {site.id: site}, urls, locale, tracks or {}, at_site=True)
        for showing in showings
        if showing.site_id == site.id and showing.session_id in by_id
    ]


def chosen_events(
    entries: Iterable[Entry],
    showings: Iterable[Showing],
    sites: Mapping[int, Site],
    chosen: Mapping[int, int | None],
    *,
    urls: Mapping[int, str],
    locale: str,
    tracks: Mapping[int, Track] | None = None,
) -> list[CalendarEvent]:
    """Return one event for each chosen session, by time.

    `chosen` is session id → the site at which one takes part; where that has no part in the session, and for None,
    the event is that of the place where it is held.  The identities are those of the other feeds: a calendar that
    has the site's feed as well shows nothing twice.
    """
    by_id = {entry.id: entry for entry in entries}
    of_session: dict[int, list[Showing]] = {}
    for showing in showings:
        if showing.session_id in chosen and showing.session_id in by_id:
            of_session.setdefault(showing.session_id, []).append(showing)
    events = []
    for session_id, at in of_session.items():
        there = next((s for s in at if s.site_id == chosen[session_id]), None)
        taken = there or next((s for s in at if s.role is PlacementRole.ORIGIN), None)
        if taken is not None:
            entry, at_site = by_id[session_id], there is not None
            events.append(_event(entry, taken, sites, urls, locale, tracks or {}, at_site=at_site))
    return sorted(events, key=lambda event: (event.starts_at, event.uid))


def _event(
    entry: Entry,
    showing: Showing,
    sites: Mapping[int, Site],
    urls: Mapping[int, str],
    locale: str,
    tracks: Mapping[int, Track],
    *,
    at_site: bool,
) -> CalendarEvent:
    site = sites[showing.site_id]
    room = next((room for room in site.rooms if room.id == showing.room_id), None)
    places = [pick(room.name, locale) if room else "", pick(site.name, locale), pick(site.address, locale)]
    track = tracks.get(entry.track_id or 0)
    return CalendarEvent(
        uid=uid_of(entry.guid, site.code if at_site else None),
        starts_at=showing.starts_at,
        ends_at=showing.ends_at,
        title=pick(entry.title, locale),
        description=plain(pick(entry.abstract, locale)),
        location=", ".join(filter(None, places)),
        url=urls[entry.id],
        sequence=entry.sequence,
        cancelled=entry.cancelled or showing.cancelled,
        updated_at=entry.updated_at,
        conference_url=showing.public_link,
        conference_label=pick(site.name, locale),
        categories=(pick(track.name, locale),) if track else (),
    )
