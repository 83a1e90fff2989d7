"""What the front pages gather from several features."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from dxday.awards.models import Award
from dxday.certificates.models import Certificate
from dxday.core.carriage import Carriage
from dxday.core.i18n import Translations
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.notifications.models import Message
from dxday.programme.models import Placement, PublishedPlacement, PublishedSession, Session
from dxday.programme.rules import PlacementRole, SessionKind, SessionState
from dxday.proposals import queries as proposals
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import RegistrationState, SeatMode
from dxday.sites.models import Room, Site


@dataclass(frozen=True)
class SiteSeats:
    """A site with its seats in the hall."""

    code: str
    name: Translations
    kind: str
    free: int | None
    """None where the site has no seats on site to register for."""
    capacity: int
    takes_part: bool


@dataclass(frozen=True)
class FirstSession:
    """A session as the front page lists it."""

    code: str
    title: Translations
    kind: SessionKind
    starts: datetime
    ends: datetime
    site: Translations
    room: Translations | None


@dataclass(frozen=True)
class Glance:
    """The edition at a glance: numbers for the staff home."""

    sessions: dict[SessionState, int]
    unplaced: int
    seats: int
    taken: int
    registrations: int
    nominations: dict[State, int]
    awards: int
    certificates: dict[Carriage, int]
    messages: dict[Carriage, int]
    proposals: int


def list_site_seats(edition_id: int) -> list[SiteSeats]:
    """Return every site, the main one first, with its free seats on site; one statement."""
    rows = db.session.execute(
        select(Site, SeatPool.capacity, SeatPool.taken)
        .outerjoin(SeatPool, (SeatPool.site_id == Site.id) & (SeatPool.mode == SeatMode.ON_SITE))
        .where(Site.edition_id == edition_id)
        .order_by(Site.kind, Site.position, Site.id)
    )
    return [
        SiteSeats(
            site.code,
            site.name,
            site.kind.value,
            None if capacity is None else capacity - taken,  # type: ignore[redundant-expr]  # outer join
            capacity or 0,
            site.cancelled_at is None,
        )
        for site, capacity, taken in rows
    ]


def list_first_sessions(edition_id: int, number: int) -> list[FirstSession]:
    """Return the first sessions of the published programme, by time, where they start; one statement."""
    rows = db.session.execute(
        select(PublishedSession, PublishedPlacement, Site, Room)
        .join(
            PublishedPlacement,
            (PublishedPlacement.session_id == PublishedSession.id)
            & (PublishedPlacement.role == PlacementRole.ORIGIN),
        )
        .join(Site, Site.id == PublishedPlacement.site_id)
        .outerjoin(Room, Room.id == PublishedPlacement.room_id)
        .where(PublishedSession.edition_id == edition_id, PublishedSession.state == SessionState.PUBLISHED)
        .order_by(PublishedPlacement.starts_at, PublishedSession.id)
        .limit(number)
    )
    return [
        FirstSession(
            code=session.code,
            title=session.title,
            kind=session.kind,
            starts=placement.starts_at,
            ends=placement.ends_at,
            site=site.name,
            room=room.name if room else None,
        )
        for session, placement, site, room in rows
    ]


def glance(edition_id: int) -> Glance:
    """Return the numbers of an edition in a constant number of statements."""
    placed = select(Placement.session_id).where(Placement.role == PlacementRole.ORIGIN)
    seats, taken = db.session.execute(
        select(
            func.coalesce(func.sum(SeatPool.capacity), 0), func.coalesce(func.sum(SeatPool.taken), 0)
        ).where(SeatPool.edition_id == edition_id)
    ).one()
    return Glance(
        sessions=_by(Session.state, Session.edition_id == edition_id),
        unplaced=_count(
            Session.id,
            Session.edition_id == edition_id,
            Session.state != SessionState.CANCELLED,
            Session.id.not_in(placed),
        ),
        seats=int(seats),
        taken=int(taken),
        registrations=_count(
            Registration.id,
            Registration.edition_id == edition_id,
            Registration.state == RegistrationState.CONFIRMED,
        ),
        nominations=_by(Nomination.state, Nomination.edition_id == edition_id),
        awards=_count(Award.id, Award.edition_id == edition_id),
        certificates=_by(Certificate.carriage, Certificate.edition_id == edition_id),
        messages=_by(Message.carriage, Message.edition_id == edition_id),
        proposals=proposals.count_open(edition_id),
    )


def _by(column: Any, *conditions: Any) -> dict[Any, int]:
    rows = db.session.execute(select(column, func.count()).where(*conditions).group_by(column))
    return {key: int(number) for key, number in rows}


def _count(column: Any, *conditions: Any) -> int:
    return int(db.session.scalar(select(func.count(column)).where(*conditions)) or 0)
