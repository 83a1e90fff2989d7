"""Publishing: copying the working draft, or a part of it, to what the public sees, under the name of a release."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Enum, Select, Uuid, delete, func, insert, select, update
from sqlalchemy.orm import selectinload
from sqlalchemy.types import TypeEngine

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.i18n import Translations
from dxday.db import Base, Minutes, UtcDateTime, db, insert_into, table_of
from dxday.editions import queries as edition_queries
from dxday.editions import services as editions
from dxday.editions.models import Edition
from dxday.programme import announced
from dxday.programme.announced import Announced
from dxday.programme.models import (
    Part,
    Placement,
    PublishedPart,
    PublishedPlacement,
    PublishedSession,
    Release,
    ReleaseEntry,
    Session,
)
from dxday.programme.rules import EntryChange, PartKind, PlacementRole, SessionState

SESSION_FIELDS = (
    "code guid kind title subtitle abstract description language track_id main audiences needs expected duration "
    "imported"
).split()
PLACEMENT_FIELDS = (
    "id site_id room_id role mode starts_at ends_at join_url capacity interpretation local_part cancelled_at "
    "opt_out_reason"
).split()
PART_FIELDS = "person_id kind site_id remote position".split()

_PORTION = 500

Content = dict[str, Any]
"""A session with its placements and parts as plain JSON values, as releases keep it."""


@dataclass(frozen=True)
class Change:
    """What a release would do to one session."""

    session_id: int
    change: EntryChange
    was: Content | None
    """As the public sees it; None for what it does not know yet."""
    becomes: Content

    @property
    def in_place(self) -> bool:
        """Whether calendars must take note: time, room, site or state differ (RFC 5545 §3.8.7.4)."""
        return self.was is not None and _place_of(self.was) != _place_of(self.becomes)


def find_changes(
    edition_id: int, *, only: Collection[int] | None = None, known_only: bool = False
) -> list[Change]:
    """Return what a release of the draft as it stands would change, by session; `only` these sessions, or all.

    Left out are drafts without a place, those held back (unless `only` names them), what was cancelled before
    anybody knew of it, and with `known_only` whatever the public does not know yet.  Six
    statements, however many the sessions.
    """
    db.session.flush()
    drafts = {
        session.id: session
        for session in db.session.scalars(
            _of(Session, Session.edition_id == edition_id, Session.id, only)
            .options(selectinload(Session.placements), selectinload(Session.parts))
            .execution_options(populate_existing=True)
        )
    }
    public = published_contents(edition_id, only=only)
    changes = []
    for session_id, session in drafts.items():
        was = public.get(session_id)
        if was is None and (known_only or not _may_go_out(session, named=only is not None)):
            continue
        becomes = content_of(session, _state_of(session))
        if becomes != was:
            changes.append(Change(session_id, _kind_of(was, becomes), was, becomes))
    return changes


def published_contents(edition_id: int, *, only: Collection[int] | None = None) -> dict[int, Content]:
    """Return what the public sees, by session id; three statements."""
    statement = _of(PublishedSession, PublishedSession.edition_id == edition_id, PublishedSession.id, only)
    return {
        session.id: content_of(session, session.state)
        for session in db.session.scalars(
            statement.options(
                selectinload(PublishedSession.placements), selectinload(PublishedSession.parts)
            ).execution_options(populate_existing=True)
        )
    }


def publish(
    edition: Edition,
    *,
    name: str,
    actor: Actor,
    now: datetime,
    only: Collection[int] | None = None,
    known_only: bool = False,
    note: Translations | None = None,
    forced_reason: str | None = None,
) -> Release | None:
    """Let the public see the draft as it stands: all of it, or `only` these sessions; None when nothing differs.

    Calendars are told by a higher SEQUENCE, once however often the draft was changed; and how placements stood is
    kept until the people whom it concerns were told.  Whoever calls has asked what stands against it.
    """
    edition_queries.lock_edition(edition)  # two releases of one edition wait for each other
    changes = find_changes(edition.id, only=only, known_only=known_only)
    if not changes:
        return None
    editions.mark_programme_changed(edition.id)
    number = (
        db.session.scalar(select(func.max(Release.number)).where(Release.edition_id == edition.id)) or 0
    ) + 1
    release = Release(
        edition_id=edition.id,
        number=number,
        name=name,
        note=note or None,
        forced_reason=forced_reason or None,
        created_at=now,
        account_id=actor.account_id,
    )
    db.session.add(release)
    db.session.flush()
    announced.keep_rows(_what_people_know(edition.id, changes), now=now)
    _copy(edition.id, changes, now=now)
    for portion in _portions(changes):
        db.session.execute(
            insert(table_of(ReleaseEntry)),
            [
                {
                    "release_id": release.id,
                    "session_id": each.session_id,
                    "change": each.change,
                    "content": each.becomes,
                }
                for each in portion
            ],
        )
    for session in db.session.scalars(
        select(Session).where(
            Session.id.in_([each.session_id for each in changes]), Session.state == SessionState.DRAFT
        )
    ):
        session.state = SessionState.PUBLISHED
    db.session.flush()
    for each in changes:
        action, facts = _as_news(each)
        audit.record(
            action, subject=each.becomes["code"], actor=actor, now=now, edition_id=edition.id, **facts
        )
    by_kind = {kind: sum(1 for each in changes if each.change is kind) for kind in EntryChange}
    audit.record(
        "programme.released",
        subject=f"release:{number}",
        actor=actor,
        now=now,
        edition_id=edition.id,
        name=name,
        **{kind.value: count for kind, count in by_kind.items()},
        **({"forced": forced_reason} if forced_reason else {}),
    )
    return release


def content_of(session: Session | PublishedSession, state: SessionState) -> Content:
    """Return a session with its placements and parts as plain JSON values."""
    content = {name: _plain(getattr(session, name)) for name in SESSION_FIELDS}
    content["state"] = state.value
    content["placements"] = [
        {name: _plain(getattr(placement, name)) for name in PLACEMENT_FIELDS}
        for placement in sorted(session.placements, key=lambda placement: placement.id)
    ]
    content["parts"] = [
        {name: _plain(getattr(part, name)) for name in PART_FIELDS}
        for part in sorted(session.parts, key=_part_order)
    ]
    return content


def _part_order(part: Part | PublishedPart) -> tuple[PartKind, int, int, int]:
    return part.kind, part.position, part.person_id, part.site_id or 0


def _may_go_out(session: Session, *, named: bool) -> bool:
    if session.state is SessionState.CANCELLED or not session.placements:
        return False
    return named or not session.held


def _state_of(session: Session) -> SessionState:
    return SessionState.CANCELLED if session.state is SessionState.CANCELLED else SessionState.PUBLISHED


def _kind_of(was: Content | None, becomes: Content) -> EntryChange:
    if was is None:
        return EntryChange.ADDED
    if becomes["state"] == SessionState.CANCELLED != was["state"]:
        return EntryChange.CANCELLED
    return EntryChange.CHANGED


_PLACE = ("id", "site_id", "room_id", "starts_at", "ends_at", "cancelled_at", "mode", "join_url")


def _place_of(content: Content) -> tuple[Any, ...]:
    return content["state"], [[placed[name] for name in _PLACE] for placed in content["placements"]]


def _what_people_know(edition_id: int, changes: Sequence[Change]) -> Iterator[tuple[int, int, Announced]]:
    """Yield (placement, edition, as the public knows it) of those that differ in time, room or being held."""
    for each in changes:
        if each.was is None or each.was["state"] == SessionState.CANCELLED:
            continue
        now_there = {placed["id"]: _known(placed) for placed in each.becomes["placements"]}
        for placed in each.was["placements"]:
            if now_there.get(placed["id"]) != _known(placed):
                yield placed["id"], edition_id, _known(placed)


def _known(placed: Mapping[str, Any]) -> Announced:
    return Announced(
        datetime.fromisoformat(placed["starts_at"]),
        datetime.fromisoformat(placed["ends_at"]),
        placed["room_id"],
        cancelled=placed["cancelled_at"] is not None,
    )


def _as_news(change: Change) -> tuple[str, dict[str, Any]]:
    """Return the entry of the trail that tells other systems what the public sees of a session from now on."""
    if change.change is EntryChange.ADDED:
        return "session.released", {}
    if change.change is EntryChange.CANCELLED:
        return "session.released_cancelled", {}
    assert change.was is not None
    was, becomes = _times(change.was), _times(change.becomes)
    sites = len(change.becomes["placements"])
    if any(times != was.get(placement_id, times) for placement_id, times in becomes.items()):
        return "session.released_moved", {
            "was": _begins(change.was),
            "starts_at": _begins(change.becomes),
            "sites": sites,
        }
    if change.in_place:
        return "session.released_elsewhere", {"sites": sites}
    names = sorted(name for name, value in change.becomes.items() if value != change.was[name])
    return "session.released_changed", {"changed": names}


def _times(content: Content) -> dict[int, tuple[str, str]]:
    """Return beginning and end at each placement."""
    return {placed["id"]: (placed["starts_at"], placed["ends_at"]) for placed in content["placements"]}


def _begins(content: Content) -> str | None:
    """Return when the session begins where it is held."""
    return next((p["starts_at"] for p in content["placements"] if p["role"] == PlacementRole.ORIGIN), None)


def _copy(edition_id: int, changes: Sequence[Change], *, now: datetime) -> None:
    """Bring the rows that visitors read to what is released."""
    by_id = {each.session_id: each for each in changes}
    table = table_of(PublishedSession)
    columns = [getattr(Session, name) for name in SESSION_FIELDS]
    for portion in _portions(list(by_id)):
        in_place = [session_id for session_id in portion if by_id[session_id].in_place]
        db.session.execute(
            update(table).where(table.c.id.in_(in_place)).values(sequence=table.c.sequence + 1)
        )
        written = insert_into(PublishedSession)
        rows = [
            {
                **dict(zip(SESSION_FIELDS, row[1:], strict=True)),
                "id": row[0],
                "edition_id": edition_id,
                "state": SessionState(by_id[row[0]].becomes["state"]),
                "updated_at": now,
                "sequence": 0,
            }
            for row in db.session.execute(select(Session.id, *columns).where(Session.id.in_(portion)))
        ]
        kept = {"id", "edition_id", "sequence"}
        db.session.execute(
            written.on_conflict_do_update(
                index_elements=["id"],
                set_={name: written.excluded[name] for name in rows[0] if name not in kept},
            ),
            rows,
        )
        db.session.execute(delete(PublishedPlacement).where(PublishedPlacement.session_id.in_(portion)))
        db.session.execute(delete(PublishedPart).where(PublishedPart.session_id.in_(portion)))
        names = [*PLACEMENT_FIELDS, "edition_id", "session_id"]
        db.session.execute(
            insert(table_of(PublishedPlacement)).from_select(
                names,
                select(*(getattr(Placement, name) for name in names)).where(
                    Placement.session_id.in_(portion)
                ),
            )
        )
        names = ["session_id", *PART_FIELDS]
        db.session.execute(
            insert(table_of(PublishedPart)).from_select(
                names, select(*(getattr(Part, name) for name in names)).where(Part.session_id.in_(portion))
            )
        )
    # Rows were changed past the objects that the session has loaded.
    for thing in list(db.session.identity_map.values()):
        if isinstance(thing, PublishedSession | PublishedPlacement | PublishedPart):
            db.session.expunge(thing)


def _of(model: Any, in_edition: Any, key: Any, only: Collection[int] | None) -> Select[Any]:
    statement = select(model).where(in_edition).order_by(key)
    return statement if only is None else statement.where(key.in_(sorted(only)))


def _portions(things: Sequence[Any]) -> Iterator[Any]:
    for first in range(0, len(things), _PORTION):
        yield things[first : first + _PORTION]


def values_of(model: type[Base], content: Content, names: Sequence[str]) -> dict[str, Any]:
    """Return plain values of a content as the values that the columns of the model take; the other way of `_plain`."""
    columns = table_of(model).c
    return {name: _from_plain(columns[name].type, content.get(name)) for name in names}


def _from_plain(kind: TypeEngine[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Minutes):
        return timedelta(minutes=value)
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    if isinstance(kind, Uuid):
        return UUID(value)
    return value


def _plain(value: Any) -> Any:
    """Return a column's value as a JSON value that is equal exactly when the value is."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value // timedelta(minutes=1)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    return value
