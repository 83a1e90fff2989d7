"""Reading the draft for the board: sessions with their places and people, in a constant number of statements."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import case, func, select

from dxday.accounts.models import Person
from dxday.audit import queries as audit
from dxday.audit.models import AuditEntry
from dxday.conflicts import queries as conflicts
from dxday.conflicts.engine import Index
from dxday.core.i18n import Translations
from dxday.db import db
from dxday.programme.models import Part, Placement, Session
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState


@dataclass(frozen=True)
class Placed:
    """A session at one site."""

    id: int
    session_id: int
    site_id: int
    room_id: int | None
    role: PlacementRole
    mode: Mode
    starts_at: datetime
    ends_at: datetime
    off: bool
    """Whether the site does not take part."""


@dataclass(frozen=True)
class Taking:
    """Who has which part in a session."""

    session_id: int
    person_id: int
    name: str
    kind: PartKind
    site_id: int | None


@dataclass(frozen=True)
class Row:
    """A session of the draft."""

    id: int
    code: str
    title: Translations
    kind: SessionKind
    state: SessionState
    version: int
    updated_at: datetime
    track_id: int | None
    duration: timedelta | None
    placements: list[Placed] = field(default_factory=list)
    parts: list[Taking] = field(default_factory=list)

    @property
    def standing(self) -> list[Placed]:
        """Where it takes place."""
        return [placed for placed in self.placements if not placed.off]


def list_rows(edition_id: int, *, ids: Collection[int] | None = None) -> list[Row]:
    """Return the sessions of the draft with their placements and parts, in the order in which they were added.

    Three statements; with `ids` only these sessions.
    """
    sessions = select(
        Session.id,
        Session.code,
        Session.title,
        Session.kind,
        Session.state,
        Session.version,
        Session.updated_at,
        Session.track_id,
        Session.duration,
    ).where(Session.edition_id == edition_id)
    placements = (
        select(
            Placement.id,
            Placement.session_id,
            Placement.site_id,
            Placement.room_id,
            Placement.role,
            Placement.mode,
            Placement.starts_at,
            Placement.ends_at,
            Placement.cancelled_at.is_not(None),
        )
        .where(Placement.edition_id == edition_id)
        .order_by(Placement.starts_at, Placement.id)
    )
    parts = (
        select(Part.session_id, Part.person_id, Person.full_name, Part.kind, Part.site_id)
        .join(Person, Person.id == Part.person_id)
        .join(Session, Session.id == Part.session_id)
        .where(Session.edition_id == edition_id)
        .order_by(case({kind: n for n, kind in enumerate(PartKind)}, value=Part.kind), Part.position, Part.id)
    )
    if ids is not None:
        sessions = sessions.where(Session.id.in_(list(ids)))
        placements = placements.where(Placement.session_id.in_(list(ids)))
        parts = parts.where(Part.session_id.in_(list(ids)))
    rows = {row.id: Row(*row) for row in db.session.execute(sessions.order_by(Session.id))}
    for placement in db.session.execute(placements):
        if placement.session_id in rows:
            rows[placement.session_id].placements.append(Placed(*placement))
    for part in db.session.execute(parts):
        if part.session_id in rows:
            rows[part.session_id].parts.append(Taking(*part))
    return list(rows.values())


def find_row(edition_id: int, code: str) -> Row | None:
    """Return the session of the draft with this code, or None."""
    session_id = db.session.scalar(
        select(Session.id).where(Session.edition_id == edition_id, Session.code == code)
    )
    return list_rows(edition_id, ids=[session_id])[0] if session_id is not None else None


# What stands against it ----------------------------------------------------------------------------------------------

_MOST_KEPT = 4
_kept: dict[tuple[str, int], tuple[tuple[int, ...], Index]] = {}
_keeping = Lock()


def load_index(edition_id: int) -> Index:
    """Return the draft ready for checking, kept from one question to the next until anything was changed.

    While somebody drags, ten questions a second come for one and the same draft.  Every change leaves a line in the
    trail, so the end of the trail tells whether what is kept is still true.  Raises NotFound.
    """
    draft = select(func.count(), func.coalesce(func.sum(Session.version), 0)).where(
        Session.edition_id == edition_id
    )
    placed = select(func.count()).where(Placement.edition_id == edition_id)
    stamp = (audit.count_entries(), *db.session.execute(draft).one(), db.session.scalar(placed) or 0)
    key = (str(db.session.get_bind().engine.url), edition_id)
    known = _kept.get(key)
    if known is not None and known[0] == stamp:
        return known[1]
    index = conflicts.load_index(edition_id)
    with _keeping:
        _kept.pop(key, None)
        while len(_kept) >= _MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[key] = (stamp, index)
    return index


def find_last_change(edition_id: int, code: str) -> AuditEntry | None:
    """Return the newest entry of the trail about the session with this code, or None."""
    return db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject == code, AuditEntry.edition_id == edition_id)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    ).one_or_none()
