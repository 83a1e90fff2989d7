"""Bringing the working draft back to what was published once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import flag_modified

from dxday.core.actor import Actor
from dxday.core.intervals import Interval
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme import publishing, rules, together
from dxday.programme.models import Part, Placement, PlacementOverride, Session
from dxday.programme.publishing import Content
from dxday.programme.rules import SessionState
from dxday.sites import queries as sites
from dxday.sites.models import Room


def restore(
    edition: Edition, contents: Mapping[int, Content], *, reason: str, actor: Actor, now: datetime
) -> list[int]:
    """Let the sessions of the draft be as in `contents` (by session id) and return the ids of those that changed.

    Sessions that are not in `contents` stay as they are, and so may be in a room that is needed: then the room is
    shared for `reason`, and the check says so.  Sites that joined a session later leave it.
    """
    together.lock_programme(edition)
    drafts = publishing.draft_contents(edition.id)
    changing = [
        session_id
        for session_id, content in contents.items()
        if session_id in drafts and publishing.differs(drafts[session_id], content)
    ]
    sessions = db.session.scalars(
        select(Session)
        .where(Session.id.in_(changing))
        .order_by(Session.id)
        .options(selectinload(Session.placements), selectinload(Session.parts))
        .execution_options(populate_existing=True)
    ).all()
    rooms = {room.id: room for site in sites.list_sites(edition.id) for room in site.rooms}
    # First all of them leave their rooms, so that two that change places do not meet.
    moving = [placement for session in sessions for placement in session.placements]
    for placement in moving:
        placement.cancelled_at = placement.cancelled_at or now
    db.session.flush()
    restored: list[Placement] = []
    for session in sessions:
        restored += _restore(session, contents[session.id], rooms, now=now)
    with db.session.no_autoflush:
        clashing = _find_clashing(edition.id, restored)
    for placement in restored:
        if placement.id in clashing:
            placement.override = PlacementOverride(reason=reason, account_id=actor.account_id, created_at=now)
    db.session.flush()
    return [session.id for session in sessions]


def _restore(
    session: Session, content: Content, rooms: Mapping[int, Room], *, now: datetime
) -> list[Placement]:
    """Set what the content says, and return the placements that it has."""
    for name, value in publishing.values_of(Session, content, publishing.SESSION_FIELDS).items():
        setattr(session, name, value)
    session.state = SessionState(content["state"])
    session.updated_at = now
    flag_modified(session, "updated_at")
    wanted = {placed["id"]: placed for placed in content["placements"]}
    restored = []
    for placement in session.placements:
        if placement.id not in wanted:
            continue
        values = publishing.values_of(Placement, wanted[placement.id], publishing.PLACEMENT_FIELDS)
        for name, value in values.items():
            setattr(placement, name, value)
        room = rooms.get(placement.room_id or 0)
        placement.room_shared = room.shared if room else None
        restored.append(placement)
    for part in list(session.parts):
        session.parts.remove(part)
        db.session.delete(part)
    for values in content["parts"]:
        session.parts.append(Part(**publishing.values_of(Part, values, publishing.PART_FIELDS)))
    return restored


def _find_clashing(edition_id: int, restored: Iterable[Placement]) -> set[int]:
    """Return the ids of the restored placements whose room is held by another, or by one restored before them."""
    mine = {placement.id: placement for placement in restored}
    held: list[tuple[int, int, Interval]] = [
        (placement.id, placement.room_id, Interval(placement.starts_at, placement.ends_at))
        for placement in mine.values()
        if placement.room_id is not None
        and rules.holds_room(
            shared=bool(placement.room_shared),
            overridden=placement.override_id is not None,
            cancelled=placement.cancelled_at is not None,
        )
    ]
    rows: Iterable[Any] = db.session.execute(
        select(Placement.id, Placement.room_id, Placement.starts_at, Placement.ends_at).where(
            Placement.edition_id == edition_id,
            Placement.id.not_in(mine),
            Placement.room_id.is_not(None),
            Placement.room_shared.is_(False),
            Placement.override_id.is_(None),
            Placement.cancelled_at.is_(None),
        )
    )
    held += [(placement_id, room_id, Interval(start, end)) for placement_id, room_id, start, end in rows]
    found = set()
    for clash in rules.find_room_clashes(held):
        found |= {clash.first_id, clash.second_id} & mine.keys()
    return found
