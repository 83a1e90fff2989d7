"""Reading sites and rooms."""

from collections.abc import Collection, Iterable

from sqlalchemy import case, select
from sqlalchemy.orm import joinedload, selectinload

from dxday.core.errors import NotFound
from dxday.db import db
from dxday.sites.models import Room, Site
from dxday.sites.rules import LINE, SiteKind

_MAIN_FIRST = (case((Site.kind == SiteKind.MAIN, 0), else_=1), Site.position, Site.id)


def list_sites(edition_id: int) -> list[Site]:
    """Return the edition's sites with their rooms and presiding officers: the main site, then by position."""
    return list(
        db.session.scalars(
            select(Site)
            .where(Site.edition_id == edition_id)
            .options(selectinload(Site.rooms), joinedload(Site.presiding_officer))
            .order_by(*_MAIN_FIRST)
        )
    )


def list_sites_by_id(ids: Collection[int]) -> list[Site]:
    """Return the sites with these ids, of whatever edition; no statement for none."""
    if not ids:
        return []
    return list(db.session.scalars(select(Site).where(Site.id.in_(ids)).order_by(*_MAIN_FIRST)))


def get_site(edition_id: int, code: str) -> Site:
    """Return the site with this code, its rooms and presiding officer.  Raises NotFound."""
    found = find_site(edition_id, code)
    if found is None:
        raise NotFound
    return found


def find_site(edition_id: int, code: str) -> Site | None:
    """Return the site with this code, its rooms and presiding officer, or None."""
    return db.session.scalars(
        select(Site)
        .where(Site.edition_id == edition_id, Site.code == code)
        .options(selectinload(Site.rooms), joinedload(Site.presiding_officer))
    ).one_or_none()


def find_main_site(edition_id: int) -> Site | None:
    """Return the main site of the edition, or None while it has none."""
    return db.session.scalars(
        select(Site).where(Site.edition_id == edition_id, Site.kind == SiteKind.MAIN)
    ).one_or_none()


def list_rooms(edition_id: int, ids: Iterable[int]) -> list[Room]:
    """Return those rooms of the edition that have these ids, with their sites, main site first."""
    return list(
        db.session.scalars(
            select(Room)
            .join(Room.site)
            .where(Site.edition_id == edition_id, Room.id.in_(list(ids)))
            .options(joinedload(Room.site))
            .order_by(*_MAIN_FIRST, Room.id)
        )
    )


def get_room(edition_id: int, room_id: int) -> Room:
    """Return a room of the edition with its site.  Raises NotFound."""
    found = list_rooms(edition_id, [room_id])
    if not found:
        raise NotFound
    return found[0]


def find_room(site_id: int, code: str) -> Room | None:
    """Return the room of the site with this code, or None."""
    return db.session.scalars(select(Room).where(Room.site_id == site_id, Room.code == code)).one_or_none()


def lock_rooms(ids: Iterable[int]) -> None:
    """Let nobody else schedule in these rooms until the transaction ends; always in the same order.

    SQLite needs no row locks: only one transaction writes at a time there.
    """
    wanted = sorted(set(ids))
    if wanted:
        db.session.execute(
            select(Room.id).where(Room.id.in_(wanted)).order_by(Room.id).with_for_update(key_share=True)
        ).all()


def list_features(edition_id: int) -> list[str]:
    """Return the codes of equipment that rooms of the edition have, and the line, in the order of the alphabet."""
    rows = db.session.scalars(select(Room.features).join(Room.site).where(Site.edition_id == edition_id))
    return sorted({LINE, *(code for codes in rows for code in codes)})
