"""Reading seats and registrations."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload

from dxday.core.errors import NotFound
from dxday.core.vietnamese import fold, sort_key
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme.models import PublishedPlacement, PublishedSession
from dxday.programme.rules import SessionState
from dxday.registration import rules
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import RegistrationState, SeatMode
from dxday.sites.models import Site
from dxday.sites.rules import SiteKind

_WITH_PLACE = joinedload(Registration.pool).joinedload(SeatPool.site)
_ORDER_OF_SITES = (case((Site.kind == SiteKind.MAIN, 0), else_=1), Site.position, Site.id)
_ORDER_OF_MODES = case((SeatPool.mode == SeatMode.ON_SITE, 0), else_=1)


def get_edition(edition_id: int) -> Edition:
    """Return the edition of a pool or registration."""
    found = db.session.get(Edition, edition_id)
    if found is None:
        raise NotFound
    return found


def site_of(pool: SeatPool) -> Site:
    """Return the site of a pool; no statement when it was loaded with the pool."""
    return db.session.get_one(Site, pool.site_id)


def pool_of(registration: Registration) -> SeatPool:
    """Return the pool of a registration as it stands; no statement when it was loaded with it."""
    return db.session.get_one(SeatPool, registration.pool_id)


def list_pools(edition_id: int) -> list[SeatPool]:
    """Return the edition's seat pools with their sites: the main site first, on site before online."""
    return list(
        db.session.scalars(
            select(SeatPool)
            .join(Site, Site.id == SeatPool.site_id)
            .where(SeatPool.edition_id == edition_id)
            .options(joinedload(SeatPool.site))
            .order_by(*_ORDER_OF_SITES, _ORDER_OF_MODES)
        )
    )


def find_pool(edition_id: int, pool_id: int) -> SeatPool | None:
    """Return a pool of the edition with its site, or None."""
    return db.session.scalars(
        select(SeatPool)
        .where(SeatPool.edition_id == edition_id, SeatPool.id == pool_id)
        .options(joinedload(SeatPool.site))
    ).one_or_none()


def get_pool(edition_id: int, pool_id: int) -> SeatPool:
    """Return a pool of the edition with its site.  Raises NotFound."""
    found = find_pool(edition_id, pool_id)
    if found is None:
        raise NotFound
    return found


def find_pool_of(site_id: int, mode: SeatMode) -> SeatPool | None:
    """Return the pool of a site in one mode, or None."""
    return db.session.scalars(
        select(SeatPool).where(SeatPool.site_id == site_id, SeatPool.mode == mode)
    ).one_or_none()


def seats_by_site(edition_id: int) -> dict[int, list[rules.Seats]]:
    """Return the seats of each site that has any: site id → on site, online."""
    found: dict[int, list[rules.Seats]] = {}
    for site_id, mode, capacity, taken in db.session.execute(
        select(SeatPool.site_id, SeatPool.mode, SeatPool.capacity, SeatPool.taken)
        .where(SeatPool.edition_id == edition_id)
        .order_by(SeatPool.site_id, _ORDER_OF_MODES)
    ):
        found.setdefault(site_id, []).append(rules.Seats(mode, capacity, taken))
    return found


def find_confirmed(edition_id: int, email_key: str) -> Registration | None:
    """Return the place that an address holds in the edition, with pool and site, or None."""
    return db.session.scalars(
        select(Registration)
        .where(
            Registration.edition_id == edition_id,
            Registration.email_key == email_key,
            Registration.state == RegistrationState.CONFIRMED,
        )
        .options(_WITH_PLACE)
    ).one_or_none()


def get_registration(token: str) -> Registration:
    """Return the registration that a holder's token opens, with pool and site.  Raises NotFound."""
    found = db.session.scalars(
        select(Registration).where(Registration.token == token).options(_WITH_PLACE)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_ids(edition_id: int, *, text: str = "", pool_id: int | None = None) -> list[int]:
    """Return the ids of the edition's registrations that match, newest first.

    `text` is looked for in name, organisation, address and code; accents, capitals and spaces do not matter, and
    each word of it must occur.
    """
    statement = (
        select(
            Registration.id,
            Registration.full_name,
            Registration.organisation_name,
            Registration.email,
            Registration.code,
        )
        .where(Registration.edition_id == edition_id)
        .order_by(Registration.created_at.desc(), Registration.id.desc())
    )
    if pool_id is not None:
        statement = statement.where(Registration.pool_id == pool_id)
    words = fold(text).split()
    return [
        row.id
        for row in db.session.execute(statement)
        if not words or all(word in fold(" ".join(row[1:])) for word in words)
    ]


def list_registrations(ids: Iterable[int]) -> list[Registration]:
    """Return these registrations with pool and site, newest first."""
    return list(
        db.session.scalars(
            select(Registration)
            .where(Registration.id.in_(list(ids)))
            .options(_WITH_PLACE)
            .order_by(Registration.created_at.desc(), Registration.id.desc())
        )
    )


def list_for_export(edition_id: int) -> list[Registration]:
    """Return every registration of the edition with pool and site, by name in the order of the alphabet."""
    rows = db.session.scalars(
        select(Registration).where(Registration.edition_id == edition_id).options(_WITH_PLACE)
    )
    return sorted(rows, key=lambda row: (sort_key(row.full_name), row.id))


def list_sessions_at(edition_id: int, site_id: int) -> list[PublishedPlacement]:
    """Return the published sessions at a site in time order, as placements with session and room."""
    return list(
        db.session.scalars(
            select(PublishedPlacement)
            .join(PublishedPlacement.session)
            .where(
                PublishedPlacement.edition_id == edition_id,
                PublishedPlacement.site_id == site_id,
                PublishedPlacement.cancelled_at.is_(None),
                PublishedSession.state == SessionState.PUBLISHED,
            )
            .options(joinedload(PublishedPlacement.session), joinedload(PublishedPlacement.room))
            .order_by(PublishedPlacement.starts_at, PublishedPlacement.id)
        )
    )


def first_starts(editions: Iterable[Edition]) -> dict[int, datetime]:
    """Return when the event begins at each site that has seats: its first published session, else the first day.

    Two statements, however many the editions and sites.
    """
    by_id = {edition.id: edition for edition in editions}
    programmed = dict(
        db.session.execute(
            select(PublishedPlacement.site_id, func.min(PublishedPlacement.starts_at))
            .join(PublishedSession, PublishedSession.id == PublishedPlacement.session_id)
            .where(
                PublishedPlacement.edition_id.in_(by_id),
                PublishedPlacement.cancelled_at.is_(None),
                PublishedSession.state == SessionState.PUBLISHED,
            )
            .group_by(PublishedPlacement.site_id)
        ).all()
    )
    sites = db.session.execute(
        select(SeatPool.site_id, SeatPool.edition_id).where(SeatPool.edition_id.in_(by_id)).distinct()
    )
    return {
        site_id: programmed.get(site_id)
        or rules.usual_beginning(by_id[edition_id].starts_on, ZoneInfo(by_id[edition_id].time_zone))
        for site_id, edition_id in sites
    }
