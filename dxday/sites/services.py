"""Adding sites and rooms."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from dxday.accounts.models import Organisation, Person
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.i18n import Translations
from dxday.core.seen import check_unchanged
from dxday.db import db
from dxday.editions import services as editions
from dxday.editions.models import Edition
from dxday.sites import queries, rules
from dxday.sites.models import Room, Site

SITE_FIELDS = ("kind", "name", "organisation_id", "presiding_officer_id", "address", "join_url", "position")
ROOM_FIELDS = ("name", "capacity", "shared", "features", "turnaround")
ROOM_GUARD = "ex_placement_room_taken"
"""The name under which both databases refuse a second session in a room."""


def add_site(
    edition: Edition,
    code: str,
    *,
    kind: rules.SiteKind,
    name: Translations,
    actor: Actor,
    now: datetime,
    position: int = 0,
    organisation: Organisation | None = None,
    presiding_officer: Person | None = None,
    address: Translations | None = None,
    join_url: str | None = None,
) -> Site:
    """Add a site.  Raises CodeNotUsable, CodeTaken, NameMissing, SecondMainSite."""
    rules.check_code(code)
    rules.check_name(name)
    if queries.find_site(edition.id, code) is not None:
        raise rules.CodeTaken(code=code)
    if kind is rules.SiteKind.MAIN and queries.find_main_site(edition.id) is not None:
        raise rules.SecondMainSite
    site = Site(
        edition_id=edition.id,
        code=code,
        kind=kind,
        name=name,
        organisation_id=organisation.id if organisation else None,
        presiding_officer_id=presiding_officer.id if presiding_officer else None,
        address=address,
        join_url=join_url,
        position=position,
    )
    db.session.add(site)
    db.session.flush()
    editions.mark_programme_changed(edition.id)
    audit.record("site.added", subject=code, actor=actor, now=now, edition_id=edition.id, kind=kind.value)
    return site


def add_room(
    site: Site,
    code: str,
    *,
    name: Translations,
    capacity: int,
    actor: Actor,
    now: datetime,
    shared: bool = False,
    features: Sequence[str] = (),
    turnaround: timedelta | None = None,
) -> Room:
    """Add a room of `capacity` seats; a shared one may hold several sessions at once.

    Raises CodeNotUsable, CodeTaken, NameMissing.
    """
    rules.check_code(code)
    rules.check_name(name)
    if queries.find_room(site.id, code) is not None:
        raise rules.CodeTaken(code=code)
    room = Room(
        site=site,
        code=code,
        name=name,
        capacity=capacity,
        shared=shared,
        features=list(features),
        turnaround=turnaround,
    )
    db.session.add(room)
    db.session.flush()
    editions.mark_programme_changed(site.edition_id)
    audit.record(
        "room.added",
        subject=f"{site.code}/{code}",
        actor=actor,
        now=now,
        edition_id=site.edition_id,
        capacity=capacity,
        shared=shared,
    )
    return room


def change_site(site: Site, *, seen: str, actor: Actor, now: datetime, **wanted: Any) -> None:
    """Change columns of a site, in SITE_FIELDS; its code stays, since addresses lead to it.

    `seen` is the fingerprint of what was looked at.  Raises Stale, NameMissing, SecondMainSite.
    """
    check_unchanged(site, SITE_FIELDS, seen)
    rules.check_name(wanted["name"])
    if wanted["kind"] is rules.SiteKind.MAIN:
        main = queries.find_main_site(site.edition_id)
        if main is not None and main.id != site.id:
            raise rules.SecondMainSite
    _change(site, SITE_FIELDS, wanted)
    _changed("site.changed", site.code, site, actor=actor, now=now)


def change_room(room: Room, *, seen: str, actor: Actor, now: datetime, **wanted: Any) -> None:
    """Change columns of a room with its site loaded, in ROOM_FIELDS; its code stays.

    `seen` is the fingerprint of what was looked at.  Raises Stale, NameMissing, RoomHoldsSeveral.
    """
    check_unchanged(room, ROOM_FIELDS, seen)
    rules.check_name(wanted["name"])
    try:
        with db.session.begin_nested():
            _change(room, ROOM_FIELDS, wanted)
    except DBAPIError as error:
        # Placements follow the room's being shared, and the guard of the database looks at each of them.
        if wanted.get("shared") or ROOM_GUARD not in str(error.orig):
            raise
        raise rules.RoomHoldsSeveral from error
    _changed("room.changed", f"{room.site.code}/{room.code}", room.site, actor=actor, now=now)


def _change(thing: Site | Room, names: Sequence[str], wanted: Mapping[str, Any]) -> None:
    for name in names:
        if name in wanted and getattr(thing, name) != wanted[name]:
            setattr(thing, name, wanted[name])
    db.session.flush()


def _changed(action: str, subject: str, site: Site, *, actor: Actor, now: datetime) -> None:
    editions.mark_programme_changed(site.edition_id)
    audit.record(action, subject=subject, actor=actor, now=now, edition_id=site.edition_id)


def cancel_site(site: Site, *, actor: Actor, now: datetime) -> None:
    """Let a site not take part any more; whoever calls cancels what was to happen there.  Raises SiteCancelled."""
    rules.check_takes_part(site.cancelled_at)
    site.cancelled_at = now
    db.session.flush()
    editions.mark_programme_changed(site.edition_id)
    audit.record("site.cancelled", subject=site.code, actor=actor, now=now, edition_id=site.edition_id)
