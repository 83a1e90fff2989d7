"""Reading what the conflict rules look at, and what they find."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, union
from sqlalchemy.orm import joinedload

from dxday.accounts.models import Person
from dxday.conflicts.engine import Index
from dxday.conflicts.facts import (
    Of,
    OrderFacts,
    PartFacts,
    PlacementFacts,
    ProgrammeFacts,
    RoomFacts,
    SessionFacts,
    SiteFacts,
    WindowFacts,
)
from dxday.conflicts.models import (
    Availability,
    ConflictOverride,
    ConflictSetting,
    ProgrammeSetting,
    SiteTravel,
)
from dxday.conflicts.rules import RULES, Finding, Level, Limits
from dxday.core.errors import NotFound
from dxday.core.i18n import Translations
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme.models import Part, Placement, PlacementOverride, Session, SessionOrder
from dxday.programme.rules import SessionState
from dxday.registration.models import SeatPool
from dxday.registration.rules import SeatMode
from dxday.sites.models import Room, Site


@dataclass(frozen=True)
class Named:
    """A time of availability with what it is of: a person, a room with its site, or a site."""

    window: Availability
    person: str | None
    room: Translations | None
    site: Translations | None


# What the engine looks at --------------------------------------------------------------------------------------------


def load_index(edition_id: int) -> Index:
    """Return the working draft of the edition, ready for checking; a constant number of statements.

    What is cancelled is left out.  Raises NotFound.
    """
    return Index(load_facts(edition_id))


def load_facts(edition_id: int) -> ProgrammeFacts:
    """Return everything that the rules look at, as plain values.  Raises NotFound."""
    edition = db.session.get(Edition, edition_id)
    if edition is None:
        raise NotFound
    return ProgrammeFacts(
        zone=ZoneInfo(edition.time_zone),
        first_day=edition.starts_on,
        last_day=edition.ends_on,
        sessions=_sessions(edition_id),
        placements=_placements(edition_id),
        parts=_parts(edition_id),
        rooms=_rooms(edition_id),
        sites=_sites(edition_id),
        people=_people(edition_id),
        windows=[_window(window) for window in _windows(edition_id)],
        orders=_orders(edition_id),
        travel=map_travel(edition_id),
        limits=get_limits(edition_id),
        levels=map_levels(edition_id),
        overrides=_overrides(edition_id),
    )


def _sessions(edition_id: int) -> list[SessionFacts]:
    rows = db.session.execute(
        select(
            Session.id,
            Session.code,
            Session.title,
            Session.kind,
            Session.main,
            Session.order_mark,
            Session.audiences,
            Session.needs,
            Session.expected,
        )
        .where(Session.edition_id == edition_id, Session.state != SessionState.CANCELLED)
        .order_by(Session.id)
    )
    return [
        SessionFacts(
            row_id,
            code,
            title,
            kind,
            main,
            mark,
            tuple(dict.fromkeys(audiences)),
            tuple(dict.fromkeys(needs)),
            expected,
        )
        for row_id, code, title, kind, main, mark, audiences, needs, expected in rows
    ]


def _placements(edition_id: int) -> list[PlacementFacts]:
    rows = db.session.execute(
        select(
            Placement.id,
            Placement.session_id,
            Placement.site_id,
            Placement.room_id,
            Placement.starts_at,
            Placement.ends_at,
            Placement.role,
            Placement.mode,
            Placement.capacity,
            Placement.interpretation,
            PlacementOverride.reason,
        )
        .join(Session, Session.id == Placement.session_id)
        .join(PlacementOverride, PlacementOverride.id == Placement.override_id, isouter=True)
        .where(
            Placement.edition_id == edition_id,
            Placement.cancelled_at.is_(None),
            Session.state != SessionState.CANCELLED,
        )
        .order_by(Placement.id)
    )
    return [PlacementFacts(*row) for row in rows]


def _parts(edition_id: int) -> list[PartFacts]:
    rows = db.session.execute(
        select(Part.session_id, Part.person_id, Part.kind, Part.site_id, Part.remote)
        .join(Session, Session.id == Part.session_id)
        .where(Session.edition_id == edition_id, Session.state != SessionState.CANCELLED)
        .order_by(Part.id)
    )
    return [PartFacts(*row) for row in rows]


def _rooms(edition_id: int) -> list[RoomFacts]:
    rows = db.session.execute(
        select(Room.id, Room.site_id, Room.name, Room.capacity, Room.shared, Room.features, Room.turnaround)
        .join(Site, Site.id == Room.site_id)
        .where(Site.edition_id == edition_id)
    )
    return [
        RoomFacts(row_id, site_id, name, capacity, shared, frozenset(features), turnaround)
        for row_id, site_id, name, capacity, shared, features, turnaround in rows
    ]


def _sites(edition_id: int) -> list[SiteFacts]:
    rows = db.session.execute(
        select(Site.id, Site.code, Site.name, Site.presiding_officer_id, SeatPool.taken)
        .join(SeatPool, (SeatPool.site_id == Site.id) & (SeatPool.mode == SeatMode.ON_SITE), isouter=True)
        .where(Site.edition_id == edition_id)
    )
    return [
        SiteFacts(row_id, code, name, officer_id, taken or 0)
        for row_id, code, name, officer_id, taken in rows
    ]


def _people(edition_id: int) -> dict[int, str]:
    in_sessions = (
        select(Part.person_id)
        .join(Session, Session.id == Part.session_id)
        .where(Session.edition_id == edition_id)
    )
    at_sites = select(Site.presiding_officer_id).where(
        Site.edition_id == edition_id, Site.presiding_officer_id.is_not(None)
    )
    rows = db.session.execute(
        select(Person.id, Person.full_name).where(Person.id.in_(union(in_sessions, at_sites)))
    )
    return dict(rows.all())


def _orders(edition_id: int) -> list[OrderFacts]:
    rows = db.session.execute(
        select(SessionOrder.before_id, SessionOrder.after_id, SessionOrder.minutes)
        .where(SessionOrder.edition_id == edition_id)
        .order_by(SessionOrder.id)
    )
    return [OrderFacts(*row) for row in rows]


def _overrides(edition_id: int) -> dict[tuple[str, str], str]:
    rows = db.session.execute(
        select(ConflictOverride.rule, ConflictOverride.key, ConflictOverride.reason).where(
            ConflictOverride.edition_id == edition_id
        )
    )
    return {(code, key): reason for code, key, reason in rows}


def _windows(edition_id: int) -> Iterable[Availability]:
    return db.session.scalars(
        select(Availability)
        .where(Availability.edition_id == edition_id)
        .order_by(Availability.starts_at, Availability.id)
    )


def _window(window: Availability) -> WindowFacts:
    if window.person_id is not None:
        of, thing_id = Of.PERSON, window.person_id
    elif window.room_id is not None:
        of, thing_id = Of.ROOM, window.room_id
    else:
        assert window.site_id is not None
        of, thing_id = Of.SITE, window.site_id
    return WindowFacts(of, thing_id, window.starts_at, window.ends_at, window.available, window.note)


# What it finds -------------------------------------------------------------------------------------------------------


def list_findings(edition_id: int) -> list[Finding]:
    """Return everything that stands against the working draft, the heaviest first.  Raises NotFound."""
    return load_index(edition_id).check()


def list_standing(edition_id: int, level: Level) -> list[Finding]:
    """Return the findings of at least this level that nobody has overridden, the heaviest first."""
    return [
        found
        for found in list_findings(edition_id)
        if found.override is None and found.level.weight >= level.weight
    ]


def find_finding(edition_id: int, rule: str, key: str) -> Finding | None:
    """Return what a rule finds of this key, or None."""
    return next((found for found in list_findings(edition_id) if found.name == (rule, key)), None)


def list_findings_of(edition_id: int, session_id: int) -> list[Finding]:
    """Return what stands against a session, the heaviest first."""
    return load_index(edition_id).check_sessions([session_id])


# What the edition says -----------------------------------------------------------------------------------------------


def find_setting(edition_id: int) -> ProgrammeSetting | None:
    """Return what the edition says of limits and usual times, or None while it says nothing."""
    return db.session.get(ProgrammeSetting, edition_id)


def get_limits(edition_id: int) -> Limits:
    """Return the limits and usual times of the edition."""
    setting = find_setting(edition_id)
    if setting is None:
        return Limits()
    return Limits(setting.turnaround, setting.travel, setting.licences, setting.interpreters)


def map_levels(edition_id: int) -> dict[str, Level]:
    """Return the levels that the edition gives to rules; a rule that is not in it has its own."""
    rows = db.session.execute(
        select(ConflictSetting.rule, ConflictSetting.level).where(
            ConflictSetting.edition_id == edition_id, ConflictSetting.rule.in_(RULES)
        )
    )
    return dict(rows.all())


def list_settings(edition_id: int) -> list[ConflictSetting]:
    """Return the rules to which the edition gives a level of its own."""
    return list(
        db.session.scalars(
            select(ConflictSetting)
            .where(ConflictSetting.edition_id == edition_id)
            .order_by(ConflictSetting.rule)
        )
    )


def map_overrides(edition_id: int) -> dict[tuple[str, str], ConflictOverride]:
    """Return the overrides of the edition with who gave them, by rule and key."""
    rows = db.session.scalars(
        select(ConflictOverride)
        .where(ConflictOverride.edition_id == edition_id)
        .options(joinedload(ConflictOverride.account))
    )
    return {(row.rule, row.key): row for row in rows}


def find_override(edition_id: int, rule: str, key: str) -> ConflictOverride | None:
    """Return the override of a finding, or None."""
    return db.session.scalars(
        select(ConflictOverride).where(
            ConflictOverride.edition_id == edition_id,
            ConflictOverride.rule == rule,
            ConflictOverride.key == key,
        )
    ).one_or_none()


def list_ways(edition_id: int, site_id: int) -> list[SiteTravel]:
    """Return the ways from a site to others of which the length is known."""
    return list(
        db.session.scalars(
            select(SiteTravel)
            .where(
                SiteTravel.edition_id == edition_id,
                or_(SiteTravel.one_id == site_id, SiteTravel.other_id == site_id),
            )
            .order_by(SiteTravel.id)
        )
    )


def list_availability(edition_id: int) -> list[Named]:
    """Return the times in which people, rooms and sites can and cannot be had: people first, by name and time."""
    rows = db.session.execute(
        select(Availability, Person.full_name, Room.name, Site.name)
        .join(Person, Person.id == Availability.person_id, isouter=True)
        .join(Room, Room.id == Availability.room_id, isouter=True)
        .join(Site, Site.id == func.coalesce(Availability.site_id, Room.site_id), isouter=True)
        .where(Availability.edition_id == edition_id)
        .order_by(
            Person.full_name.is_(None),
            Person.full_name,
            Site.position,
            Site.id,
            Room.id,
            Availability.starts_at,
        )
    )
    return [Named(window, person, room, site) for window, person, room, site in rows]


def get_availability(edition_id: int, window_id: int) -> Availability:
    """Return a time of availability of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(Availability).where(Availability.edition_id == edition_id, Availability.id == window_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def map_travel(edition_id: int) -> dict[tuple[int, int], timedelta]:
    """Return how long the ways between sites take where that is known, the lower id first."""
    rows = db.session.execute(
        select(SiteTravel.one_id, SiteTravel.other_id, SiteTravel.length).where(
            SiteTravel.edition_id == edition_id
        )
    )
    return {(one_id, other_id): length for one_id, other_id, length in rows}
