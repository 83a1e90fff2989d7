"""Reading sessions, their placements, and who has a part."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from dxday.accounts.models import Person
from dxday.core.errors import NotFound
from dxday.core.i18n import Translations
from dxday.core.intervals import Interval
from dxday.db import db
from dxday.programme import rules
from dxday.programme.models import (
    Part,
    Placement,
    PublishedPart,
    PublishedPlacement,
    PublishedSession,
    Session,
    Track,
)
from dxday.programme.rules import GIVEN_PARTS, Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites.models import Room, Site


@dataclass(frozen=True)
class Booking:
    """A placement that holds its room, with what one says of it to somebody who wants the room."""

    placement_id: int
    session_id: int
    room_id: int
    interval: Interval
    room_name: Translations
    site_name: Translations
    title: Translations


@dataclass(frozen=True)
class Showing:
    """A session at one site as the programme shows it; times are local moments of that site."""

    session_id: int
    site_id: int
    room_id: int | None
    role: PlacementRole
    mode: Mode
    starts_at: datetime
    ends_at: datetime
    cancelled: bool
    """Whether this site does not receive it (any more), or the whole session was cancelled."""
    join_url: str | None = None
    interpretation: str | None = None
    """The language into which it is interpreted there."""

    @property
    def public_link(self) -> str | None:
        """Where anybody can join from this site's side, or None: see rules.public_link."""
        return None if self.cancelled else rules.public_link(self.mode, self.join_url)


@dataclass(frozen=True)
class Entry:
    """A session of the published programme, without its placements."""

    id: int
    code: str
    guid: UUID
    kind: SessionKind
    title: Translations
    abstract: Translations | None
    cancelled: bool
    sequence: int
    updated_at: datetime
    subtitle: Translations | None = None
    language: str = "vi"
    track_id: int | None = None
    main: bool = False


@dataclass(frozen=True)
class Appearance:
    """One part of a person in one session, as visitors may see it."""

    session_id: int
    kind: PartKind
    site_id: int | None
    remote: bool


@dataclass(frozen=True)
class Row:
    """A session in the staff's list."""

    code: str
    title: Translations
    kind: SessionKind
    state: SessionState
    starts_at: datetime | None
    ends_at: datetime | None
    site_name: Translations | None
    room_name: Translations | None
    receiving: int


@dataclass(frozen=True)
class Standing:
    """A placement as it stands, with what one must know of it to move or cancel many at once."""

    placement_id: int
    session_id: int
    site_id: int
    room_id: int | None
    role: PlacementRole
    starts_at: datetime
    ends_at: datetime
    state: SessionState
    title: Translations
    shared: bool
    """Whether its room may hold several at once, or it has none."""


@dataclass(frozen=True)
class Move:
    """A placement and the times that it is to have."""

    standing: Standing
    starts_at: datetime
    ends_at: datetime


# The staff's side ----------------------------------------------------------------------------------------------------


def list_rows(edition_id: int) -> list[Row]:
    """Return every session of the edition by time, with its origin and the number of sites that receive it."""
    receiving = (
        select(func.count(Placement.id))
        .where(
            Placement.session_id == Session.id,
            Placement.role == PlacementRole.RECEIVING,
            Placement.cancelled_at.is_(None),
        )
        .correlate(Session)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            Session.code,
            Session.title,
            Session.kind,
            Session.state,
            Placement.starts_at,
            Placement.ends_at,
            Site.name,
            Room.name,
            receiving,
        )
        .join(
            Placement,
            and_(Placement.session_id == Session.id, Placement.role == PlacementRole.ORIGIN),
            isouter=True,
        )
        .join(Site, Site.id == Placement.site_id, isouter=True)
        .join(Room, Room.id == Placement.room_id, isouter=True)
        .where(Session.edition_id == edition_id)
        .order_by(Placement.starts_at, Session.id)
    )
    return [Row(*row) for row in rows]


def _whole() -> Select[Session]:
    """The statement of sessions with everything that their pages show."""
    placed = selectinload(Session.placements)
    return select(Session).options(
        placed.joinedload(Placement.site),
        placed.joinedload(Placement.room),
        placed.joinedload(Placement.override),
        placed.immediateload(Placement.session),  # it is at hand, so this asks nothing
        selectinload(Session.parts).joinedload(Part.person),
        joinedload(Session.track),
    )


def get_session(edition_id: int, code: str) -> Session:
    """Return the session with its placements (site, room, override) and parts.  Raises NotFound."""
    found = db.session.scalars(
        _whole().where(Session.edition_id == edition_id, Session.code == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_public_session(edition_id: int, code: str) -> PublishedSession:
    """Return a session that visitors may see, with placements (site, room), parts and track.

    Raises NotFound, also for a draft.
    """
    placed = selectinload(PublishedSession.placements)
    found = db.session.scalars(
        select(PublishedSession)
        .where(PublishedSession.edition_id == edition_id, PublishedSession.code == code)
        .options(
            placed.joinedload(PublishedPlacement.site),
            placed.joinedload(PublishedPlacement.room),
            selectinload(PublishedSession.parts).joinedload(PublishedPart.person),
            joinedload(PublishedSession.track),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_sessions(edition_id: int, ids: Iterable[int]) -> list[Session]:
    """Return those sessions of the edition that have these ids, whole, as they are saved now, by id.

    Four statements for each 500 of them.
    """
    wanted = sorted(set(ids))
    found: list[Session] = []
    for first in range(0, len(wanted), 500):
        found += db.session.scalars(
            _whole()
            .where(Session.edition_id == edition_id, Session.id.in_(wanted[first : first + 500]))
            .order_by(Session.id)
            .execution_options(populate_existing=True)
        )
    return found


def list_at_site(edition_id: int, site_id: int) -> list[Session]:
    """Return the sessions that have a placement at the site and are not cancelled, whole, by their time there."""
    first = (
        select(func.min(Placement.starts_at))
        .where(Placement.session_id == Session.id, Placement.site_id == site_id)
        .correlate(Session)
        .scalar_subquery()
    )
    return list(
        db.session.scalars(
            _whole()
            .where(
                Session.edition_id == edition_id,
                Session.state != SessionState.CANCELLED,
                Session.id.in_(select(Placement.session_id).where(Placement.site_id == site_id)),
            )
            .order_by(first, Session.id)
        )
    )


def find_session_by_guid(guid: UUID) -> Session | None:
    """Return the session with this guid, of whatever edition, or None."""
    return db.session.scalars(_whole().where(Session.guid == guid)).one_or_none()


def list_tracks(edition_id: int) -> list[Track]:
    """Return the tracks of the edition in their order."""
    return list(
        db.session.scalars(
            select(Track).where(Track.edition_id == edition_id).order_by(Track.position, Track.id)
        )
    )


def count_by_track(edition_id: int) -> dict[int, int]:
    """Return how many sessions each track has, by its id."""
    rows = db.session.execute(
        select(Session.track_id, func.count())
        .where(Session.edition_id == edition_id, Session.track_id.is_not(None))
        .group_by(Session.track_id)
    )
    return {track_id: int(number) for track_id, number in rows if track_id is not None}


def find_track(edition_id: int, code: str) -> Track | None:
    """Return the track with this code, or None."""
    return db.session.scalars(
        select(Track).where(Track.edition_id == edition_id, Track.code == code)
    ).one_or_none()


def get_track(edition_id: int, code: str) -> Track:
    """Return the track with this code.  Raises NotFound."""
    found = find_track(edition_id, code)
    if found is None:
        raise NotFound
    return found


def list_audiences(edition_id: int) -> list[str]:
    """Return the codes of the groups for which sessions of the edition are, in the order of the alphabet."""
    rows = db.session.scalars(select(Session.audiences).where(Session.edition_id == edition_id))
    return sorted({code for codes in rows for code in codes})


def is_code_taken(edition_id: int, code: str) -> bool:
    """Tell whether a session of the edition has this code."""
    return (
        db.session.scalar(select(Session.id).where(Session.edition_id == edition_id, Session.code == code))
        is not None
    )


def get_placement(edition_id: int, code: str, placement_id: int) -> Placement:
    """Return a placement of the session with this code; its session is whole.  Raises NotFound."""
    session = get_session(edition_id, code)
    for placement in session.placements:
        if placement.id == placement_id:
            return placement
    raise NotFound


def get_placement_of(edition_id: int, placement_id: int) -> Placement:
    """Return a placement of the edition; its session is whole.  Raises NotFound."""
    session = db.session.scalars(
        _whole().where(
            Session.edition_id == edition_id,
            Session.id.in_(select(Placement.session_id).where(Placement.id == placement_id)),
        )
    ).one_or_none()
    for placement in session.placements if session else []:
        if placement.id == placement_id:
            return placement
    raise NotFound


def origin_of(session: Session) -> Placement:
    """Return where the session is held.  Raises NotFound while it is placed nowhere."""
    for placement in session.placements:
        if placement.role is PlacementRole.ORIGIN:
            return placement
    raise NotFound


def list_bookings(
    room_ids: Iterable[int], *, within: Interval, except_ids: Iterable[int | None] = ()
) -> list[Booking]:
    """Return what holds one of the rooms at some moment of `within`, the earliest first.

    `except_ids` are placements that are left out, the ones that are about to move; a new one has none.
    """
    wanted = list(room_ids)
    if not wanted:
        return []
    rows = db.session.execute(
        select(
            Placement.id,
            Placement.session_id,
            Room.id,
            Placement.starts_at,
            Placement.ends_at,
            Room.name,
            Site.name,
            Session.title,
        )
        .join(Room, Room.id == Placement.room_id)
        .join(Site, Site.id == Placement.site_id)
        .join(Session, Session.id == Placement.session_id)
        .where(
            Placement.room_id.in_(wanted),
            Placement.starts_at < within.end,
            Placement.ends_at > within.start,
            Placement.id.not_in([known for known in except_ids if known is not None]),
            # What holds a room: see rules.holds_room and the guards of the database.
            Room.shared.is_(False),
            Placement.override_id.is_(None),
            Placement.cancelled_at.is_(None),
        )
        .order_by(Placement.starts_at, Placement.id)
    )
    return [
        Booking(row_id, session_id, room_id, Interval(start, end), room_name, site_name, title)
        for row_id, session_id, room_id, start, end, room_name, site_name, title in rows
    ]


def list_standings(
    edition_id: int, *, session_id: int | None = None, site_id: int | None = None
) -> list[Standing]:
    """Return the placements of the edition that take place, by time; of one session, or at one site.

    One statement; what is cancelled, the placement or its session, is left out.
    """
    statement = (
        select(
            Placement.id,
            Placement.session_id,
            Placement.site_id,
            Placement.room_id,
            Placement.role,
            Placement.starts_at,
            Placement.ends_at,
            Session.state,
            Session.title,
            func.coalesce(Placement.room_shared, True),
        )
        .join(Session, Session.id == Placement.session_id)
        .where(
            Placement.edition_id == edition_id,
            Placement.cancelled_at.is_(None),
            Session.state != SessionState.CANCELLED,
        )
        .order_by(Placement.starts_at, Placement.session_id, Placement.id)
    )
    if session_id is not None:
        statement = statement.where(Placement.session_id == session_id)
    if site_id is not None:
        statement = statement.where(Placement.site_id == site_id)
    return [Standing(*tuple(row)) for row in db.session.execute(statement)]


def list_ids_to_come(edition_id: int) -> list[int]:
    """Return the ids of the edition's sessions that are not cancelled, placed or not."""
    return list(
        db.session.scalars(
            select(Session.id)
            .where(Session.edition_id == edition_id, Session.state != SessionState.CANCELLED)
            .order_by(Session.id)
        )
    )


def list_ids_cancelled_unseen(edition_id: int) -> list[int]:
    """Return the ids of cancelled sessions that the public still sees as taking place."""
    return list(
        db.session.scalars(
            select(Session.id)
            .join(PublishedSession, PublishedSession.id == Session.id)
            .where(
                Session.edition_id == edition_id,
                Session.state == SessionState.CANCELLED,
                PublishedSession.state == SessionState.PUBLISHED,
            )
            .order_by(Session.id)
        )
    )


# What visitors see ---------------------------------------------------------------------------------------------------


def list_entries(edition_id: int) -> list[Entry]:
    """Return the sessions that visitors may see, those cancelled after they were published included."""
    rows = db.session.execute(
        select(
            PublishedSession.id,
            PublishedSession.code,
            PublishedSession.guid,
            PublishedSession.kind,
            PublishedSession.title,
            PublishedSession.abstract,
            PublishedSession.state == SessionState.CANCELLED,
            PublishedSession.sequence,
            PublishedSession.updated_at,
            PublishedSession.subtitle,
            PublishedSession.language,
            PublishedSession.track_id,
            PublishedSession.main,
        )
        .where(PublishedSession.edition_id == edition_id)
        .order_by(PublishedSession.id)
    )
    return [Entry(*row) for row in rows]


def list_showings(
    edition_id: int, *, site_id: int | None = None, session_id: int | None = None
) -> list[Showing]:
    """Return where and when the sessions of `list_entries` are, by time; at one site, of one session."""
    statement = (
        select(
            PublishedPlacement.session_id,
            PublishedPlacement.site_id,
            PublishedPlacement.room_id,
            PublishedPlacement.role,
            PublishedPlacement.mode,
            PublishedPlacement.starts_at,
            PublishedPlacement.ends_at,
            PublishedPlacement.cancelled_at.is_not(None),
            PublishedPlacement.join_url,
            PublishedPlacement.interpretation,
        )
        .where(PublishedPlacement.edition_id == edition_id)
        .order_by(PublishedPlacement.starts_at, PublishedPlacement.session_id, PublishedPlacement.id)
    )
    if site_id is not None:
        statement = statement.where(PublishedPlacement.site_id == site_id)
    if session_id is not None:
        statement = statement.where(PublishedPlacement.session_id == session_id)
    return [Showing(*tuple(row)) for row in db.session.execute(statement)]


def list_speakers(edition_id: int) -> dict[int, list[str]]:
    """Return the names of those who have a part in each session of the edition, by session id, in order."""
    rows = db.session.execute(
        select(PublishedPart.session_id, Person.full_name)
        .join(Person, Person.id == PublishedPart.person_id)
        .join(PublishedSession, PublishedSession.id == PublishedPart.session_id)
        .where(PublishedSession.edition_id == edition_id, PublishedPart.kind.in_(GIVEN_PARTS))
        .order_by(PublishedPart.session_id, _part_order(), PublishedPart.position, PublishedPart.id)
    )
    found: dict[int, list[str]] = {}
    for session_id, name in rows:
        names = found.setdefault(session_id, [])
        if name not in names:
            names.append(name)
    return found


def list_ways(edition_id: int) -> tuple[set[Mode], set[str]]:
    """Return the modes in which published sessions take place, and the languages in which they are held."""
    modes = db.session.scalars(
        select(PublishedPlacement.mode)
        .where(PublishedPlacement.edition_id == edition_id, PublishedPlacement.cancelled_at.is_(None))
        .distinct()
    )
    languages = db.session.scalars(
        select(PublishedSession.language).where(PublishedSession.edition_id == edition_id).distinct()
    )
    return {Mode(mode) for mode in modes}, set(languages)


def list_run(edition_id: int, site_id: int) -> list[PublishedPlacement]:
    """Return what a site has, by time, with session, track, people and room; what it opted out of is left out."""
    return list(
        db.session.scalars(
            select(PublishedPlacement)
            .join(PublishedSession, PublishedSession.id == PublishedPlacement.session_id)
            .where(
                PublishedPlacement.edition_id == edition_id,
                PublishedPlacement.site_id == site_id,
                PublishedPlacement.cancelled_at.is_(None)
                | (PublishedSession.state == SessionState.CANCELLED),
            )
            .options(
                joinedload(PublishedPlacement.room),
                contains_eager(PublishedPlacement.session).options(
                    joinedload(PublishedSession.track),
                    selectinload(PublishedSession.parts).joinedload(PublishedPart.person),
                ),
            )
            .order_by(PublishedPlacement.starts_at, PublishedPlacement.id)
        )
    )


def get_person(edition_id: int, guid: UUID) -> tuple[Person, list[Appearance]]:
    """Return somebody who has a part in the published programme, with their parts.  Raises NotFound.

    Who has none in this edition is not found: a person is in public for their part alone.
    """
    rows = db.session.execute(
        select(Person, PublishedPart)
        .join(PublishedPart, PublishedPart.person_id == Person.id)
        .join(PublishedSession, PublishedSession.id == PublishedPart.session_id)
        .where(Person.guid == guid, PublishedSession.edition_id == edition_id)
        .order_by(PublishedPart.id)
    ).all()
    if not rows:
        raise NotFound
    parts = [Appearance(part.session_id, PartKind(part.kind), part.site_id, part.remote) for _, part in rows]
    return rows[0][0], parts


def _part_order() -> ColumnElement[int]:
    return case({kind: place for place, kind in enumerate(PartKind)}, value=PublishedPart.kind)


def list_next_to(
    session: PublishedSession, placement: PublishedPlacement
) -> tuple[PublishedSession | None, PublishedSession | None]:
    """Return the published sessions just before and just after this one at the placement's site."""
    there = (
        select(PublishedSession)
        .join(PublishedPlacement, PublishedPlacement.session_id == PublishedSession.id)
        .where(
            PublishedPlacement.site_id == placement.site_id,
            PublishedPlacement.cancelled_at.is_(None),
            PublishedSession.state == SessionState.PUBLISHED,
            PublishedSession.id != session.id,
        )
        .limit(1)
    )
    before = there.where(PublishedPlacement.ends_at <= placement.starts_at).order_by(
        PublishedPlacement.ends_at.desc(), PublishedPlacement.id.desc()
    )
    after = there.where(PublishedPlacement.starts_at >= placement.ends_at).order_by(
        PublishedPlacement.starts_at, PublishedPlacement.id
    )
    return db.session.scalars(before).first(), db.session.scalars(after).first()
