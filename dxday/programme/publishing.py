"""Publishing: copying the working draft, or a part of it, to what the public sees, under the name of a release."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Enum, Select, Uuid, delete, except_, false, func, insert, literal, select, update
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
from dxday.programme.rules import EntryChange, PlacementRole, SessionState

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
    anybody knew of it, and with `known_only` whatever the public does not know yet.  Eleven statements, however
    many the sessions.
    """
    db.session.flush()
    looked_at = only if only is not None else _find_candidates(edition_id, known_only=known_only)
    drafts = _read(_DRAFT, edition_id, looked_at)
    public = _read(_PUBLIC, edition_id, looked_at)
    held = set() if only is not None else _list_held(edition_id)
    changes = []
    for session_id, draft in drafts.items():
        was = public.get(session_id)
        if was is None and (known_only or session_id in held or not _may_go_out(draft)):
            continue
        becomes = {**draft, "state": _state_after(draft).value}
        if was is None or differs(becomes, was):
            changes.append(Change(session_id, _kind_of(was, becomes), was, becomes))
    return changes


def list_waiting(edition_id: int) -> set[str]:
    """Return the codes of sessions that the public knows otherwise than the draft has them."""
    return {change.becomes["code"] for change in find_changes(edition_id, known_only=True)}


def published_contents(edition_id: int, *, only: Collection[int] | None = None) -> dict[int, Content]:
    """Return what the public sees, by session id; three statements."""
    return _read(_PUBLIC, edition_id, only)


def draft_contents(edition_id: int, *, only: Collection[int] | None = None) -> dict[int, Content]:
    """Return the draft as it stands, by session id; three statements."""
    return _read(_DRAFT, edition_id, only)


def differs(one: Content, other: Content) -> bool:
    """Tell whether two contents differ in more than when a site was cancelled."""
    return _without_moments(one) != _without_moments(other)


def values_of(model: type[Base], content: Content, names: Sequence[str]) -> dict[str, Any]:
    """Return plain values of a content as the values that the columns of the model take."""
    columns = table_of(model).c
    return {name: _from_plain(columns[name].type, content.get(name)) for name in names}


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
    _lock_drafts(edition.id, only)  # what is copied is what was compared
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


# Reading -------------------------------------------------------------------------------------------------------------

_DRAFT: tuple[Any, Any, Any] = (Session, Placement, Part)
_PUBLIC: tuple[Any, Any, Any] = (PublishedSession, PublishedPlacement, PublishedPart)


def _read(side: tuple[Any, Any, Any], edition_id: int, only: Collection[int] | None) -> dict[int, Content]:
    """Return the contents of one side by session id: plain rows, since others changed some past loaded objects."""
    session, placement, part = side
    mine = session.edition_id == edition_id
    contents: dict[int, Content] = {}
    sessions = select(session.id, session.state, *(getattr(session, name) for name in SESSION_FIELDS))
    for session_id, state, *values in db.session.execute(
        _of(sessions.where(mine).order_by(session.id), session.id, only)
    ):
        contents[session_id] = {
            **dict(zip(SESSION_FIELDS, map(_plain, values), strict=True)),
            "state": state.value,
            "placements": [],
            "parts": [],
        }
    for model, names, key in ((placement, PLACEMENT_FIELDS, "placements"), (part, PART_FIELDS, "parts")):
        rows = (
            select(model.session_id, *(getattr(model, name) for name in names))
            .join(session, session.id == model.session_id)
            .where(mine)
            .order_by(model.id)
        )
        for session_id, *values in db.session.execute(_of(rows, model.session_id, only)):
            contents[session_id][key].append(dict(zip(names, map(_plain, values), strict=True)))
    for content in contents.values():
        content["parts"].sort(key=_part_order)
    return contents


def _find_candidates(edition_id: int, *, known_only: bool) -> set[int]:
    """Return the ids of the sessions that a release may change: the database finds them, and only they are read.

    A missing JSON value may be written in two ways, so it finds too much rather than too little.
    """
    found: set[int] = set()
    if not known_only:
        published = select(PublishedSession.id)
        found |= set(
            db.session.scalars(
                select(Session.id).where(Session.edition_id == edition_id, Session.id.not_in(published))
            )
        )
    for number, names in enumerate((SESSION_FIELDS, PLACEMENT_FIELDS, PART_FIELDS)):
        rows = []
        for side in (_DRAFT, _PUBLIC):
            model, session = side[number], side[0]
            owner = model.id if number == 0 else model.session_id
            columns = [
                model.cancelled_at.is_not(None) if name == "cancelled_at" else getattr(model, name)
                for name in names
            ]
            known = select(owner.label("owner"), session.state == SessionState.CANCELLED, *columns).where(
                session.edition_id == edition_id, owner.in_(select(PublishedSession.id))
            )
            rows.append(known if number == 0 else known.join(session, session.id == owner))
        draft, public = rows
        gone, come = (except_(one, other).subquery() for one, other in ((public, draft), (draft, public)))
        found |= set(db.session.scalars(select(gone.c.owner).union(select(come.c.owner))))
    return found


def _list_held(edition_id: int) -> set[int]:
    return set(
        db.session.scalars(select(Session.id).where(Session.edition_id == edition_id, Session.held.is_(True)))
    )


def _lock_drafts(edition_id: int, only: Collection[int] | None) -> None:
    """Let nobody change a session until the transaction ends; in the order of `together.lock_programme`."""
    rows = select(Session.id).where(Session.edition_id == edition_id).order_by(Session.id)
    db.session.execute(_of(rows, Session.id, only).with_for_update(key_share=True)).all()


def _part_order(part: Mapping[str, Any]) -> tuple[str, int, int, int]:
    return part["kind"], part["position"], part["person_id"], part["site_id"] or 0


def _may_go_out(draft: Content) -> bool:
    return draft["state"] != SessionState.CANCELLED and bool(draft["placements"])


def _state_after(draft: Content) -> SessionState:
    cancelled = draft["state"] == SessionState.CANCELLED
    return SessionState.CANCELLED if cancelled else SessionState.PUBLISHED


def _without_moments(content: Content) -> Content:
    """Return a content to compare: whether a placement is cancelled, not when."""
    placements = [
        {**placed, "cancelled_at": placed["cancelled_at"] is not None} for placed in content["placements"]
    ]
    return {**content, "placements": placements}


def _kind_of(was: Content | None, becomes: Content) -> EntryChange:
    if was is None:
        return EntryChange.ADDED
    if becomes["state"] == SessionState.CANCELLED != was["state"]:
        return EntryChange.CANCELLED
    return EntryChange.CHANGED


_PLACE = ("id", "site_id", "room_id", "starts_at", "ends_at", "cancelled_at", "mode", "join_url")


def _place_of(content: Content) -> tuple[Any, ...]:
    placements = _without_moments(content)["placements"]
    return content["state"], [[placed[name] for name in _PLACE] for placed in placements]


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


# Writing -------------------------------------------------------------------------------------------------------------


def _copy(edition_id: int, changes: Sequence[Change], *, now: datetime) -> None:
    """Bring the rows that visitors read to what is released."""
    in_place = {each.session_id for each in changes if each.in_place}
    for portion in _portions([each.session_id for each in changes]):
        db.session.execute(
            update(Session)
            .where(Session.id.in_(portion), Session.state == SessionState.DRAFT)
            .values(state=SessionState.PUBLISHED)
        )
        _copy_sessions(edition_id, portion, [one for one in portion if one in in_place], now=now)
        _copy_rows(Placement, PublishedPlacement, ["edition_id", "session_id", *PLACEMENT_FIELDS], portion)
        _copy_rows(Part, PublishedPart, ["session_id", *PART_FIELDS], portion)
    # Rows were changed past the objects that the session has loaded: these are read anew when they are next used.
    for thing in list(db.session.identity_map.values()):
        if isinstance(thing, PublishedSession | PublishedPlacement | PublishedPart):
            db.session.expire(thing)


def _copy_sessions(edition_id: int, ids: list[int], in_place: list[int], *, now: datetime) -> None:
    table, drafts = table_of(PublishedSession), table_of(Session)
    db.session.execute(update(table).where(table.c.id.in_(in_place)).values(sequence=table.c.sequence + 1))
    names = ["id", "state", *SESSION_FIELDS]
    written = insert_into(PublishedSession).from_select(
        [*names, "edition_id", "updated_at", "sequence"],
        select(
            *(drafts.c[name] for name in names), literal(edition_id), literal(now, UtcDateTime()), literal(0)
        ).where(drafts.c.id.in_(ids)),
        include_defaults=False,
    )
    changing = [*names[1:], "updated_at"]
    db.session.execute(
        written.on_conflict_do_update(
            index_elements=["id"], set_={name: written.excluded[name] for name in changing}
        )
    )


def _copy_rows(model: Any, published: Any, names: list[str], session_ids: list[int]) -> None:
    table, drafts = table_of(published), table_of(model)
    db.session.execute(delete(table).where(table.c.session_id.in_(session_ids)))
    db.session.execute(
        insert(table).from_select(
            names,
            select(*(drafts.c[name] for name in names))
            .where(drafts.c.session_id.in_(session_ids))
            .order_by(drafts.c.id),
            include_defaults=False,
        )
    )


def _of(statement: Select[Any], key: Any, only: Collection[int] | None) -> Select[Any]:
    """Return the statement for `only` these sessions, or as it is."""
    return statement if only is None else statement.where(key.in_(sorted(only)) if only else false())


def _portions(things: Sequence[Any]) -> Iterator[Any]:
    for first in range(0, len(things), _PORTION):
        yield things[first : first + _PORTION]


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
