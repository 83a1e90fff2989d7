"""The rows of the programme as `linked` wants them: whole addresses, the reader's language, the edition's clock."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from dxday.core.i18n import pick
from dxday.core.markup import plain
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.programme import linked, queries
from dxday.programme.linked import Linked, Spot, Status
from dxday.programme.models import PublishedPlacement, PublishedSession
from dxday.programme.queries import Entry, Showing
from dxday.programme.rules import GIVEN_PARTS, PlacementRole, SessionState, public_link
from dxday.sites import queries as site_queries
from dxday.sites.models import Site

MOST_SUB_EVENTS = 100
"""A page of more sessions names none of them: each has a page that says it all."""


def describe_edition(
    edition: Edition, *, locale: str, sites: Iterable[Site] | None = None, sessions: Iterable[Linked] = ()
) -> Linked:
    """Return the Day as JSON-LD, with `sessions` as its parts; without them, each site is a part."""
    taking_part = [
        site
        for site in (sites if sites is not None else site_queries.list_sites(edition.id))
        if site.cancelled_at is None or edition.cancelled_at is not None
    ]
    modes, languages = queries.list_ways(edition.id)
    places = [
        (pick(site.name, locale), pick(site.address, locale), _site_address(edition, site))
        for site in taking_part
    ]
    whole = linked.edition_event(
        name=pick(edition.name, locale),
        url=addresses.address("public.edition", edition_code=edition.code),
        starts_on=edition.starts_on,
        ends_on=edition.ends_on,
        previously_on=edition.postponed_from,
        status=_status_of(edition),
        modes=modes,
        organizer=pick(edition.host.name, locale),
        languages=languages or {locale},
        description=pick(edition.summary, locale) or pick(edition.theme, locale),
        places=places,
        join_url=_register_address(edition),
        sub_events=sessions,
    )
    if not whole["subEvent"]:
        whole["subEvent"] = [
            linked.site_event(whole, name=name, address=address, url=url) for name, address, url in places
        ]
    return whole


def describe_sessions(
    edition: Edition,
    entries: Iterable[Entry],
    showings: Iterable[Showing],
    *,
    locale: str,
    sites: Iterable[Site],
) -> list[Linked]:
    """Return the sessions as parts of the Day, or nothing when there are too many for one page."""
    names = {site.id: pick(site.name, locale) for site in sites}
    by_id = {entry.id: entry for entry in entries if not entry.cancelled}
    if len(by_id) > MOST_SUB_EVENTS:
        return []
    zone = ZoneInfo(edition.time_zone)
    return [
        linked.brief_event(
            name=pick(by_id[showing.session_id].title, locale),
            url=_session_address(edition, by_id[showing.session_id].code),
            starts_at=showing.starts_at.astimezone(zone),
            ends_at=showing.ends_at.astimezone(zone),
            place=names[showing.site_id],
        )
        for showing in showings
        if showing.role is PlacementRole.ORIGIN and showing.session_id in by_id
    ]


def describe_session(
    edition: Edition, session: PublishedSession, placements: Iterable[PublishedPlacement], *, locale: str
) -> Linked:
    """Return a session as JSON-LD; `placements` with where it is held first."""
    zone = ZoneInfo(edition.time_zone)
    spots = [
        Spot(
            name=pick(placed.site.name, locale),
            address=pick(placed.site.address, locale),
            mode=placed.mode,
            starts_at=placed.starts_at.astimezone(zone),
            ends_at=placed.ends_at.astimezone(zone),
            join_url=public_link(placed.mode, placed.join_url) or _register_address(edition),
        )
        for placed in placements
    ]
    cancelled = session.state is SessionState.CANCELLED
    return linked.session_event(
        name=pick(session.title, locale),
        url=_session_address(edition, session.code),
        description=plain(pick(session.abstract, locale)),
        status=Status.CANCELLED if cancelled else _status_of(edition),
        language=session.language,
        track=pick(session.track.name, locale) if session.track else "",
        people=[
            (part.person.full_name, pick(part.person.position, locale))
            for part in session.parts
            if part.kind in GIVEN_PARTS
        ],
        spots=spots,
        whole=describe_edition(edition, locale=locale),
    )


def _status_of(edition: Edition) -> Status:
    if edition.cancelled_at:
        return Status.CANCELLED
    return Status.RESCHEDULED if edition.postponed_from else Status.SCHEDULED


def _session_address(edition: Edition, code: str) -> str:
    return addresses.address("programme_public.session", edition_code=edition.code, code=code)


def _site_address(edition: Edition, site: Site) -> str:
    return addresses.address("programme_public.site", edition_code=edition.code, site_code=site.code)


def _register_address(edition: Edition) -> str:
    return addresses.address("registration_public.register", edition_code=edition.code)
