"""Adding sites and rooms."""

from datetime import datetime

from dxday.accounts.models import Organisation, Person
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.i18n import Translations
from dxday.db import db
from dxday.editions import services as editions
from dxday.editions.models import Edition
from dxday.sites import queries, rules
from dxday.sites.models import Room, Site


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
    """Add a site.  Raises CodeNotUsable, CodeTaken, SecondMainSite."""
    rules.check_code(code)
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
) -> Room:
    """Add a room of `capacity` seats; a shared one may hold several sessions at once.

    Raises CodeNotUsable, CodeTaken.
    """
    rules.check_code(code)
    if queries.find_room(site.id, code) is not None:
        raise rules.CodeTaken(code=code)
    room = Room(site=site, code=code, name=name, capacity=capacity, shared=shared)
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


def cancel_site(site: Site, *, actor: Actor, now: datetime) -> None:
    """Let a site not take part any more; whoever calls cancels what was to happen there.  Raises SiteCancelled."""
    rules.check_takes_part(site.cancelled_at)
    site.cancelled_at = now
    db.session.flush()
    editions.mark_programme_changed(site.edition_id)
    audit.record("site.cancelled", subject=site.code, actor=actor, now=now, edition_id=site.edition_id)
