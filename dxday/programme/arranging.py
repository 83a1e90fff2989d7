"""Arranging the draft: placing, moving and taking off sessions, one or many, in one go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from dxday.core.actor import Actor
from dxday.core.errors import NotFound
from dxday.core.intervals import Interval
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme import holding, queries, rules
from dxday.programme.holding import Wish
from dxday.programme.models import Placement, Session
from dxday.programme.rules import Mode, PlacementRole
from dxday.programme.trail import note_change
from dxday.sites import queries as sites
from dxday.sites.models import Room


@dataclass(frozen=True)
class Wanted:
    """Where and when one placement is to be."""

    session_id: int
    seen: int
    """The version of the session that the person had before them."""
    placement_id: int | None
    """None places a session that has no place yet."""
    starts_at: datetime
    ends_at: datetime
    room_id: int | None
    """None is no room at all, for what is held online."""


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
class TakenOff:
    """A draft that is to lose its time and place."""

    session_id: int
    seen: int


@dataclass
class Step:
    """What becomes of one placement: one that was named, or one that moves along with its origin."""

    session: Session
    placement: Placement | None
    starts_at: datetime
    ends_at: datetime
    room_id: int | None
    named: bool = True
    was: datetime | None = field(init=False)
    """When it began until now; None for what is placed nowhere yet."""

    def __post_init__(self) -> None:
        self.was = self.placement.starts_at if self.placement else None

    @property
    def changes(self) -> bool:
        """Whether anything will be different."""
        was = self.placement
        return was is None or (was.starts_at, was.ends_at, was.room_id) != (
            self.starts_at,
            self.ends_at,
            self.room_id,
        )


def arrange(
    edition: Edition,
    wanted: Sequence[Wanted],
    *,
    off: Sequence[TakenOff] = (),
    actor: Actor,
    now: datetime,
    override_reason: str = "",
) -> list[Session]:
    """Give placements other times and rooms, all or none of them, and return the sessions, changed or not.

    Where the origin moves, every site that receives it moves by the same shift, unless it is named itself.  A session
    at one site alone may go to another site.  Rooms may be swapped.  With an `override_reason`, rooms that are taken
    are used anyway, and the reason is kept.  Raises Stale, NotFound, CancelledForGood, TimesNotInOrder, TooLong,
    OutsideEdition, SiteStays, RoomTwice, RoomNeeded, OnlyDraftsComeOff, RoomTaken.
    """
    sessions = _load(edition, [*wanted, *off])
    for one in off:
        _take_off(sessions[one.session_id], actor=actor, now=now)
    steps = [step for step in plan(sessions, wanted) if step.changes]
    rooms = _rooms(edition, steps)
    for step in steps:
        _check(edition, step, rooms)
    _settle(edition, steps, rooms, override_reason=override_reason, actor=actor, now=now)
    for session in sessions.values():
        own = [step for step in steps if step.session is session]
        for step in own:
            if step.named:
                _note(step, sites=len(own), actor=actor, now=now)
    return list(sessions.values())


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
    CancelledForGood, NotPlacedYet, TimesNotInOrder, TooLong, OutsideEdition, NotFound, RoomNotAtSite, RoomTwice,
    RoomTaken.
    """
    for move in moves:
        rules.check_can_change(move.session.state)
        check_times(edition, move.starts_at, move.ends_at)
    sessions = {move.session.id: move.session for move in moves}
    wanted = [each for move in moves for each in _wanted(move, any_site=any_site)]
    steps = [step for step in plan(sessions, wanted) if step.changes]
    was = {session: _held_from(session) for session in sessions.values()}
    _settle(edition, steps, _rooms(edition, steps), override_reason=override_reason, actor=actor, now=now)
    for move in moves:
        if own := [step for step in steps if step.session is move.session]:
            before = was[move.session]
            note_change(
                move.session,
                "session.moved" if before else "session.placed",
                actor=actor,
                now=now,
                was=before.isoformat() if before else None,
                starts_at=move.starts_at.isoformat(),
                sites=len(own),
            )


def check_times(edition: Edition, starts_at: datetime, ends_at: datetime) -> None:
    """Raise TimesNotInOrder, TooLong or OutsideEdition."""
    rules.check_times(starts_at, ends_at)
    day = starts_at.astimezone(ZoneInfo(edition.time_zone)).date()
    rules.check_day(day, first=edition.starts_on, last=edition.ends_on)


def plan(sessions: dict[int, Session], wanted: Sequence[Wanted]) -> list[Step]:
    """Return what becomes of every placement that is named or moves along; changes nothing.

    Raises NotFound, TimesNotInOrder, TooLong.
    """
    steps: list[Step] = []
    named = {each.placement_id for each in wanted}
    for each in wanted:
        session = sessions[each.session_id]
        placement = _find(session, each.placement_id)
        steps.append(Step(session, placement, each.starts_at, each.ends_at, each.room_id))
        if placement is None or placement.role is not PlacementRole.ORIGIN:
            continue
        if (placement.starts_at, placement.ends_at) != (each.starts_at, each.ends_at):
            steps += [
                Step(session, other, *_along(other, placement, each), other.room_id, named=False)
                for other in session.placements
                if other is not placement and other.id not in named
            ]
    return steps


def ids_of(wanted: Iterable[Wanted], off: Iterable[TakenOff] = ()) -> set[int]:
    """Return the ids of the sessions that are named."""
    return {each.session_id for each in wanted} | {each.session_id for each in off}


def load(edition: Edition, ids: Iterable[int]) -> dict[int, Session]:
    """Return these sessions of the edition by id, whole.  Raises NotFound when one is missing."""
    wanted = set(ids)
    found = {session.id: session for session in queries.list_sessions(edition.id, wanted)}
    if found.keys() != wanted:
        raise NotFound
    return found


def _load(edition: Edition, named: Sequence[Wanted | TakenOff]) -> dict[int, Session]:
    sessions = load(edition, (each.session_id for each in named))
    for each in named:
        rules.check_seen(each.seen, sessions[each.session_id].version)
        rules.check_can_change(sessions[each.session_id].state)
    return sessions


def _find(session: Session, placement_id: int | None) -> Placement | None:
    if placement_id is None:
        if session.placements:
            raise NotFound
        return None
    for placement in session.placements:
        if placement.id == placement_id:
            return placement
    raise NotFound


def _along(placement: Placement, origin: Placement, to: Wanted | SessionMove) -> tuple[datetime, datetime]:
    """Return the times of a placement that moves along with its origin and keeps its offset."""
    by = to.starts_at - origin.starts_at
    longer = (to.ends_at - to.starts_at) - (origin.ends_at - origin.starts_at)
    return rules.moved(placement.starts_at, placement.ends_at, by=by, longer=longer)


def _wanted(move: SessionMove, *, any_site: bool) -> list[Wanted]:
    """Return the placements that a move names: where the session is held, and what gets another room.

    Raises NotPlacedYet, TimesNotInOrder, TooLong, RoomNotAtSite.
    """
    session, room = move.session, move.room
    if not session.placements:
        if room is None:
            raise rules.NotPlacedYet
        return [Wanted(session.id, session.version, None, move.starts_at, move.ends_at, room.id)]
    origin = queries.origin_of(session)
    if room is not None and room.site_id != origin.site_id and not any_site:
        raise rules.RoomNotAtSite
    there = room.id if room else origin.room_id
    found = [Wanted(session.id, session.version, origin.id, move.starts_at, move.ends_at, there)]
    for placement in session.placements:
        other = move.received_in.get(placement.id)
        if other is None or placement is origin:
            continue
        if other.site_id != placement.site_id:
            raise rules.RoomNotAtSite
        times = _along(placement, origin, move)
        found.append(Wanted(session.id, session.version, placement.id, *times, other.id))
    return found


def _held_from(session: Session) -> datetime | None:
    """Return when the session begins where it is held, or None while it is placed nowhere."""
    return queries.origin_of(session).starts_at if session.placements else None


def _rooms(edition: Edition, steps: Sequence[Step]) -> dict[int, Room]:
    ids = {step.room_id for step in steps if step.room_id is not None}
    rooms = {room.id: room for room in sites.list_rooms(edition.id, ids)}
    if rooms.keys() != ids:
        raise NotFound
    return rooms


def _room(step: Step, rooms: dict[int, Room]) -> Room | None:
    return rooms[step.room_id] if step.room_id is not None else None


def _check(edition: Edition, step: Step, rooms: dict[int, Room]) -> None:
    check_times(edition, step.starts_at, step.ends_at)
    room = _room(step, rooms)
    if step.placement is None:
        rules.check_room_for(Mode.ON_SITE, has_room=room is not None)
        return
    if step.named:
        rules.check_room_for(step.placement.mode, has_room=room is not None)
    if room is not None and room.site_id != step.placement.site_id and len(step.session.placements) > 1:
        raise rules.SiteStays


def _settle(
    edition: Edition,
    steps: Sequence[Step],
    rooms: dict[int, Room],
    *,
    override_reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Take the steps, all of which change something.  Raises RoomTwice, RoomTaken."""
    _check_each_room_once(steps)
    wishes = [
        Wish(_placement(edition, step, rooms), room, Interval(step.starts_at, step.ends_at), step.session)
        for step in steps
        if (room := _room(step, rooms)) is not None and not _is_off(step)
    ]
    with holding.kept(edition, wishes, reason=override_reason, actor=actor, now=now):
        # The databases look at each row by itself, so whoever swaps rooms lets go of both first.
        if len(steps) > 1:
            for step in steps:
                holding.put_into(_placement(edition, step, rooms), None)
            db.session.flush()
        for step in steps:
            placement, room = _placement(edition, step, rooms), _room(step, rooms)
            if (placement.starts_at, placement.ends_at) != (step.starts_at, step.ends_at):
                placement.confirmed_at = None  # a site was ready for the old time
            placement.starts_at, placement.ends_at = step.starts_at, step.ends_at
            if room is not None:
                placement.site_id = room.site_id
            holding.put_into(placement, room)
            if step.was is None:
                step.session.placements.append(placement)


def _check_each_room_once(steps: Sequence[Step]) -> None:
    """Raise RoomTwice for a session that would be in one room twice."""
    for session in {step.session.id: step.session for step in steps}.values():
        becomes = {id(step.placement): step.room_id for step in steps if step.session is session}
        rooms = [becomes.get(id(p), p.room_id) for p in session.placements]
        held = [room for room in rooms if room is not None]
        if len(held) != len(set(held)):
            raise rules.RoomTwice


def _is_off(step: Step) -> bool:
    return step.placement is not None and step.placement.cancelled_at is not None


def _placement(edition: Edition, step: Step, rooms: dict[int, Room]) -> Placement:
    """Return the step's placement; a session that has none yet gets one, which is not saved."""
    if step.placement is None:
        assert step.room_id is not None
        step.placement = holding.placed_in(
            edition,
            rooms[step.room_id],
            PlacementRole.ORIGIN,
            Mode.ON_SITE,
            step.starts_at,
            step.ends_at,
        )
    return step.placement


def _take_off(session: Session, *, actor: Actor, now: datetime) -> None:
    rules.check_can_take_off(session.state, placements=len(session.placements))
    placement = session.placements[0]
    session.duration = placement.ends_at - placement.starts_at
    session.placements.remove(placement)
    db.session.delete(placement)
    note_change(session, "session.unplaced", actor=actor, now=now, was=placement.starts_at.isoformat())


def _note(step: Step, *, sites: int, actor: Actor, now: datetime) -> None:
    placement, was = step.placement, step.was
    assert placement is not None
    starts_at = step.starts_at.isoformat()
    if was is None:
        note_change(
            step.session,
            "session.placed",
            actor=actor,
            now=now,
            site_id=placement.site_id,
            starts_at=starts_at,
        )
    elif placement.role is PlacementRole.ORIGIN:
        note_change(
            step.session,
            "session.moved",
            actor=actor,
            now=now,
            was=was.isoformat(),
            starts_at=starts_at,
            sites=sites,
        )
    else:
        note_change(
            step.session,
            "placement.changed",
            actor=actor,
            now=now,
            site_id=placement.site_id,
            received=placement.cancelled_at is None,
            mode=placement.mode.value,
            was=was.isoformat(),
            starts_at=starts_at,
        )
