"""What the holder of a place takes along: their own entry in the calendar, and a calendar of the sessions there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import force_locale

from dxday.adapters import calendars
from dxday.core.i18n import gettext as _
from dxday.core.i18n import pick
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.programme import feeds
from dxday.programme.models import PublishedPlacement
from dxday.registration import queries, rules
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import SeatMode
from dxday.sites.models import Site


@dataclass(frozen=True)
class Stay:
    """What happens at a site, from the first published session to the last."""

    edition: Edition
    site: Site
    placements: Sequence[PublishedPlacement]
    """With session and room, by time."""
    starts_at: datetime
    ends_at: datetime


def stay_at(edition: Edition, site: Site) -> Stay:
    """Return what happens at the site; without a published session, the usual hours of the edition's days."""
    placements = queries.list_sessions_at(edition.id, site.id)
    zone = ZoneInfo(edition.time_zone)
    if placements:
        starts_at, ends_at = placements[0].starts_at, max(placed.ends_at for placed in placements)
    else:
        starts_at = rules.usual_beginning(edition.starts_on, zone)
        ends_at = rules.usual_end(edition.ends_on, zone)
    return Stay(edition, site, placements, starts_at, ends_at)


def invitation(
    registration: Registration, stay: Stay, *, mode: SeatMode, sequence: int, cancelled: bool, now: datetime
) -> bytes:
    """Return the one entry that a place has in its holder's calendar (RFC 5546 §3.2.2, or §3.2.5 when `cancelled`).

    Its UID comes from the codes of edition and place and never changes; `sequence` must be higher with every one
    that is sent.  Who takes part online finds the link to join in it.
    """
    edition, site, locale = stay.edition, stay.site, registration.locale
    link = _link_to_join(stay) if mode is SeatMode.ONLINE else None
    where = [pick(site.name, locale), pick(site.address, locale)]
    event = calendars.CalendarEvent(
        uid=f"place-{edition.code}-{registration.code}",
        starts_at=stay.starts_at,
        ends_at=stay.ends_at,
        title=f"{pick(edition.name, locale)} · {pick(site.name, locale)}",
        description=_described(registration, stay, online=mode is SeatMode.ONLINE),
        location=", ".join(part for part in where if part),
        url=addresses.address("registration_public.show", token=registration.token),
        sequence=sequence,
        updated_at=now,
        cancelled=cancelled,
        conference_url=link,
        organizer=edition.contact_email or addresses.sender_address(),
        attendee=calendars.Attendee(registration.email, registration.full_name),
    )
    return calendars.calendar_of(
        [event],
        name=pick(edition.name, locale),
        time_zone=edition.time_zone,
        method=method_of(cancelled=cancelled),
        at=now,
    )


def method_of(*, cancelled: bool) -> str:
    """Return the METHOD of an invitation (RFC 5546 §1.4)."""
    return "CANCEL" if cancelled else "REQUEST"


def calendar_of_place(edition: Edition, pool: SeatPool, *, locale: str, now: datetime) -> bytes | None:
    """Return an iCalendar of the published sessions at the pool's site; None while there are none.

    Who takes part online finds the link to join in it.
    """
    placements = queries.list_sessions_at(edition.id, pool.site_id)
    if not placements:
        return None
    events = [_event(placement, edition, pool, locale) for placement in placements]
    return calendars.calendar_of(events, name=pick(edition.name, locale), time_zone=edition.time_zone, at=now)


def _described(registration: Registration, stay: Stay, *, online: bool) -> str:
    """List the sessions, one a line; with the day in front when there are several days."""
    zone, locale = ZoneInfo(stay.edition.time_zone), registration.locale
    days = {placed.starts_at.astimezone(zone).date() for placed in stay.placements}
    lines = []
    for placed in stay.placements:
        begins, ends = placed.starts_at.astimezone(zone), placed.ends_at.astimezone(zone)
        day = f"{begins:%d/%m/%Y} " if len(days) > 1 else ""
        link = f" {placed.join_url}" if online and placed.join_url else ""
        lines.append(f"{day}{begins:%H:%M}–{ends:%H:%M} {pick(placed.session.title, locale)}{link}")
    with force_locale(locale):
        ticket = _("Your ticket:")
    url = addresses.address("registration_public.show", token=registration.token)
    return "\n".join([*lines, "", f"{ticket} {url}"]).strip()


def _link_to_join(stay: Stay) -> str | None:
    """Return the first link by which one joins there."""
    return next((placed.join_url for placed in stay.placements if placed.join_url), stay.site.join_url)


def _event(
    placement: PublishedPlacement, edition: Edition, pool: SeatPool, locale: str
) -> calendars.CalendarEvent:
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
