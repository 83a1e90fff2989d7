"""What the holder of a place takes along: a calendar of the sessions at their site."""

from datetime import datetime

from dxday.adapters import calendars
from dxday.core.i18n import pick
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.programme import feeds
from dxday.programme.models import Placement
from dxday.registration import queries
from dxday.registration.models import SeatPool
from dxday.registration.rules import SeatMode


def calendar_of_place(edition: Edition, pool: SeatPool, *, locale: str, now: datetime) -> bytes | None:
    """Return an iCalendar of the published sessions at the pool's site; None while there are none.

    Who takes part online finds the link to join in it.
    """
    placements = queries.list_sessions_at(edition.id, pool.site_id)
    if not placements:
        return None
    events = [_event(placement, edition, pool, locale) for placement in placements]
    return calendars.calendar_of(
        events, name=pick(edition.name, locale), time_zone=edition.time_zone, method="PUBLISH", at=now
    )


def _event(placement: Placement, edition: Edition, pool: SeatPool, locale: str) -> calendars.CalendarEvent:
    session, site, room = placement.session, queries.site_of(pool), placement.room
    where = [
        pick(room.name, locale) if room else "",
        pick(site.name, locale),
        pick(site.address, locale),
    ]
    online = pool.mode is SeatMode.ONLINE
    return calendars.CalendarEvent(
        uid=feeds.uid_of(session.guid, site.code),
        starts_at=placement.starts_at,
        ends_at=placement.ends_at,
        title=pick(session.title, locale),
        description=pick(session.abstract, locale),
        location=", ".join(part for part in where if part),
        url=addresses.address("programme_public.session", edition_code=edition.code, code=session.code),
        sequence=session.sequence,
        updated_at=session.updated_at,
        conference_url=(placement.join_url or site.join_url) if online else None,
    )
