"""Moving sessions: one with all the sites that receive it, or many at once, in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm.attributes import flag_modified

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.intervals import Interval
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme import holding, queries, rules
from dxday.programme.holding import Wish
from dxday.programme.models import Placement, Session
from dxday.programme.rules import Mode, PlacementRole
from dxday.sites import queries as sites
from dxday.sites.models import Room


@dataclass(frozen=True)
class SessionMove:
    """A session, whole, and where and when it is to be held; without a room it stays in the one that it has."""

    session: Session
    starts_at: datetime
    ends_at: datetime
    room: Room | None = None
    received_in: Mapping[int, Room] = field(default_factory=dict)
    """Other rooms for sites that receive it, by the ids of their placements."""


@dataclass(frozen=True)
class _Target:
    placement: Placement
    room: Room | None
    starts_at: datetime
    ends_at: datetime


def move_sessions(
    edition: Edition,
    moves: Sequence[SessionMove],
    *,
    actor: Actor,
    now: datetime,
    any_site: bool = False,
    override_reason: str = "",
) -> None:
    """Move sessions in one go, so that two may change places; what is placed nowhere yet gets its room.

    Every site that receives a session moves by the same shift and keeps its offset.  A permission to share a room was
    given for the old time and ends.  `any_site` allows rooms of other sites than the one where it is held.  Raises
    CancelledForGood, NotPlacedYet, TimesNotInOrder, TooLong, OutsideEdition, RoomNotAtSite, RoomTwice, RoomTaken.
    """
    for move in moves:
        rules.check_can_change(move.session.state)
        check_times(edition, move.starts_at, move.ends_at)
    ids = [p.room_id for move in moves for p in move.session.placements if p.room_id]
    known = {room.id: room for room in sites.list_rooms(edition.id, ids)}
    targets = {move.session: _targets(edition, move, known, any_site=any_site) for move in moves}
    moving = [target for found in targets.values() for target in found]
    wishes = [
        Wish(target.placement, target.room, Interval(target.starts_at, target.ends_at))
        for target in moving
        if target.room is not None and target.placement.cancelled_at is None
    ]
    was = {move.session: [p.starts_at for p in move.session.placements if _is_origin(p)] for move in moves}
    with holding.kept(edition, wishes, reason=override_reason, actor=actor, now=now):
        if len(moves) > 1:
            _leave_rooms(moving)
        for move in moves:
            for target in targets[move.session]:
                _put(target, move.session)
    for move in moves:
        if targets[move.session]:
            _note(move, was[move.session], sites=len(targets[move.session]), actor=actor, now=now)
    db.session.flush()


def check_times(edition: Edition, starts_at: datetime, ends_at: datetime) -> None:
    """Raise TimesNotInOrder, TooLong or OutsideEdition."""
    rules.check_times(starts_at, ends_at)
    day = starts_at.astimezone(ZoneInfo(edition.time_zone)).date()
    rules.check_day(day, first=edition.starts_on, last=edition.ends_on)


def check_not_there(session: Session, room: Room, *, besides: Placement | None = None) -> None:
    """Raise RoomTwice for a room in which the session is already."""
    if any(p.room_id == room.id for p in session.placements if p is not besides):
        raise rules.RoomTwice


def put_into(placement: Placement, room: Room | None) -> None:
    """Give a placement its room, or none."""
    placement.room_id = room.id if room else None
    placement.room_shared = room.shared if room else None


def _targets(edition: Edition, move: SessionMove, known: dict[int, Room], *, any_site: bool) -> list[_Target]:
    """Return where the session's placements go; those that stay as they are are left out."""
    session = move.session
    if not session.placements:
        if move.room is None:
            raise rules.NotPlacedYet
        placement = Placement(
            edition_id=edition.id,
            site_id=move.room.site_id,
            role=PlacementRole.ORIGIN,
            mode=Mode.ON_SITE,
            override=None,
        )
        return [_Target(placement, move.room, move.starts_at, move.ends_at)]
    origin = queries.origin_of(session)
    if move.room is not None and move.room.site_id != origin.site_id and not any_site:
        raise rules.RoomNotAtSite
    by = move.starts_at - origin.starts_at
    longer = (move.ends_at - move.starts_at) - (origin.ends_at - origin.starts_at)
    new_room = move.room if move.room is not None and move.room.id != origin.room_id else None
    found = []
    for placement in session.placements:
        room = known[placement.room_id] if placement.room_id else None
        wanted = new_room if placement is origin else move.received_in.get(placement.id)
        if wanted is not None and wanted.id != placement.room_id:
            if placement is not origin and wanted.site_id != placement.site_id:
                raise rules.RoomNotAtSite
            check_not_there(session, wanted, besides=placement)
            room = wanted
        elif not by and not longer:
            continue
        starts_at, ends_at = rules.moved(placement.starts_at, placement.ends_at, by=by, longer=longer)
        found.append(_Target(placement, room, starts_at, ends_at))
    return found


def _leave_rooms(targets: Sequence[_Target]) -> None:
    """Take placements out of their rooms, so that each finds the one that it goes to empty.

    The databases look at each row when it is changed and know nothing of those that follow.
    """
    for target in targets:
        if target.placement.id is not None:
            put_into(target.placement, None)
    db.session.flush()


def _put(target: _Target, session: Session) -> None:
    placement = target.placement
    times = (target.starts_at, target.ends_at)
    if (placement.starts_at, placement.ends_at) != times:
        placement.confirmed_at = None  # a site was ready for the old time
    placement.starts_at, placement.ends_at = times
    if target.room is not None:
        placement.site_id = target.room.site_id
    put_into(placement, target.room)
    if placement not in session.placements:
        session.placements.append(placement)


def _note(move: SessionMove, was: Sequence[datetime], *, sites: int, actor: Actor, now: datetime) -> None:
    session = move.session
    session.updated_at = now
    flag_modified(session, "updated_at")  # so that the version rises although only a placement was changed
    audit.record(
        "session.moved" if was else "session.placed",
        subject=session.code,
        actor=actor,
        now=now,
        edition_id=session.edition_id,
        was=was[0].isoformat() if was else None,
        starts_at=move.starts_at.isoformat(),
        sites=sites,
    )


def _is_origin(placement: Placement) -> bool:
    return placement.role is PlacementRole.ORIGIN
