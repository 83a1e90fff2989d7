"""Scheduling: adding, moving, changing, publishing and cancelling sessions over many sites."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified

from dxday.accounts.models import Person
from dxday.audit import services as audit
from dxday.core import codes
from dxday.core.actor import Actor
from dxday.core.errors import NotFound, Stale
from dxday.core.i18n import Translations, lazy_pick, pick
from dxday.core.intervals import Interval
from dxday.core.vietnamese import slug
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme import publishing, queries, rules
from dxday.programme.models import Part, Placement, PlacementOverride, Session
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites import queries as sites
from dxday.sites.models import Room, Site

ROOM_GUARD = "ex_placement_room_taken"
"""The name under which both databases refuse a second session in a room (see the migration of the guards)."""

_LONGEST_CODE = 40


@dataclass(frozen=True)
class Wish:
    """A room wanted for a time, by a placement (which may be new)."""

    placement: Placement
    room: Room
    interval: Interval
    session: Session | None = None
    """Whose placement it will be, where that is not written on it yet."""


# Adding --------------------------------------------------------------------------------------------------------------


def add_session(
    edition: Edition,
    *,
    guid: UUID,
    kind: SessionKind,
    title: Translations,
    starts_at: datetime,
    ends_at: datetime,
    room: Room,
    receiving: Sequence[Site] = (),
    actor: Actor,
    now: datetime,
    abstract: Translations | None = None,
    language: str = "vi",
    mode: Mode = Mode.ON_SITE,
    parts: Mapping[PartKind, Sequence[Person]] | None = None,
    override_reason: str = "",
) -> Session:
    """Add a draft that is held in `room` and received in the first room of each of the `receiving` sites.

    The same `guid` again returns the session that is there already, so a form sent twice makes one.  With an
    `override_reason`, rooms that are taken are used anyway, and the reason is kept.  Sites need their rooms loaded.
    Raises TitleMissing, TimesNotInOrder, TooLong, OutsideEdition, SiteHasNoRoom, RoomTaken.
    """
    rooms = [(room, PlacementRole.ORIGIN, mode)]
    rooms += [
        (_first_room(s), PlacementRole.RECEIVING, Mode.BROADCAST) for s in receiving if s.id != room.site_id
    ]
    # Before one looks: of a form sent twice at once, the second would else find the room taken by the first.
    sites.lock_rooms(there.id for there, _, _ in rooms)
    known = queries.find_session_by_guid(guid)
    if known is not None:
        return _of_edition(known, edition)
    rules.check_title(title)
    check_when(edition, starts_at, ends_at)
    session = Session(
        edition_id=edition.id,
        code=_free_code(edition, title),
        guid=guid,
        kind=kind,
        state=SessionState.DRAFT,
        title=title,
        abstract=abstract,
        language=language,
        updated_at=now,
        placements=[],
        parts=[],
    )
    wishes = [
        Wish(placed_in(edition, at, role, how, starts_at, ends_at), at, Interval(starts_at, ends_at))
        for at, role, how in rooms
    ]
    session.placements = [wish.placement for wish in wishes]
    try:
        with rooms_kept(edition, wishes, reason=override_reason, actor=actor, now=now):
            db.session.add(session)
    except IntegrityError as error:
        # Sent twice at the same moment, and the other one was first; or somebody took the code.
        known = queries.find_session_by_guid(guid)
        if known is None:
            raise Stale from error
        return _of_edition(known, edition)
    for part, people in (parts or {}).items():
        for position, person in enumerate(people):
            session.parts.append(Part(person_id=person.id, person=person, kind=part, position=position))
    db.session.flush()
    _note("session.added", session, actor=actor, now=now, sites=len(wishes))
    return session


def add_placement(
    session: Session, room: Room, *, actor: Actor, now: datetime, override_reason: str = ""
) -> Placement:
    """Let one more room receive the session by line, at the time at which it is held.

    Raises CancelledForGood, NotPlacedYet, RoomTaken.
    """
    rules.check_can_change(session.state)
    origin = _origin(session)
    edition = _edition(session)
    _check_not_there(session, room)
    placement = placed_in(
        edition, room, PlacementRole.RECEIVING, Mode.BROADCAST, origin.starts_at, origin.ends_at
    )
    wish = Wish(placement, room, Interval(origin.starts_at, origin.ends_at))
    with rooms_kept(edition, [wish], reason=override_reason, actor=actor, now=now):
        session.placements.append(placement)
    note_change(session, "placement.added", actor=actor, now=now, site_id=room.site_id)
    return placement


# Changing ------------------------------------------------------------------------------------------------------------


def change_session(
    session: Session,
    *,
    seen: int,
    kind: SessionKind,
    title: Translations,
    abstract: Translations | None,
    language: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Change what the session is called and about; `seen` is the version that the person had before them.

    Raises Stale, CancelledForGood, TitleMissing.
    """
    rules.check_seen(seen, session.version)
    rules.check_can_change(session.state)
    rules.check_title(title)
    wanted = {"kind": kind, "title": title, "abstract": abstract or None, "language": language}
    changed = sorted(name for name, value in wanted.items() if getattr(session, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(session, name, wanted[name])
    note_change(session, "session.changed", actor=actor, now=now, changed=changed)


def move_session(
    session: Session,
    *,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    room: Room | None = None,
    override_reason: str = "",
) -> None:
    """Move the session to other times, and into another `room` of the site where it is held.

    Every site that receives it moves by the same shift, in one go.  A permission to share a room was given for the
    old time and ends.  Raises CancelledForGood, NotPlacedYet, TimesNotInOrder, TooLong, OutsideEdition,
    RoomNotAtSite, RoomTaken.
    """
    rules.check_can_change(session.state)
    edition, origin = _edition(session), _origin(session)
    check_when(edition, starts_at, ends_at)
    if room is not None and room.site_id != origin.site_id:
        raise rules.RoomNotAtSite
    by = starts_at - origin.starts_at
    longer = (ends_at - starts_at) - (origin.ends_at - origin.starts_at)
    new_room = room if room is not None and room.id != origin.room_id else None
    if not by and not longer and new_room is None:
        return
    if new_room is not None:
        _check_not_there(session, new_room, besides=origin)
    was = origin.starts_at
    times = {p.id: rules.moved(p.starts_at, p.ends_at, by=by, longer=longer) for p in session.placements}
    moving = [p for p in session.placements if by or longer or p is origin]
    known = {r.id: r for r in sites.list_rooms(edition.id, [p.room_id for p in moving if p.room_id])}
    rooms = {p.id: known[p.room_id] if p.room_id else None for p in moving}
    if new_room is not None:
        rooms[origin.id] = new_room
    wishes = [
        Wish(p, there, Interval(*times[p.id]))
        for p in moving
        if (there := rooms[p.id]) is not None and p.cancelled_at is None
    ]
    with rooms_kept(edition, wishes, reason=override_reason, actor=actor, now=now):
        for placement in moving:
            placement.starts_at, placement.ends_at = times[placement.id]
            put_into(placement, rooms[placement.id])
    note_change(
        session,
        "session.moved",
        actor=actor,
        now=now,
        was=was.isoformat(),
        starts_at=starts_at.isoformat(),
        sites=len(moving),
    )


def change_placement(
    placement: Placement,
    *,
    seen: int,
    room: Room | None,
    mode: Mode,
    join_url: str | None,
    received: bool,
    actor: Actor,
    now: datetime,
    override_reason: str = "",
) -> None:
    """Change how one site takes part: room, mode, link, or not at all (`received` false).

    The placement's session must be whole; `seen` is the session's version that the person had before them.
    Raises Stale, CancelledForGood, OriginStays, RoomNotAtSite, RoomNeeded, RoomTaken.
    """
    session = placement.session
    rules.check_seen(seen, session.version)
    rules.check_can_change(session.state)
    if not received and placement.role is PlacementRole.ORIGIN:
        raise rules.OriginStays
    if room is not None and room.site_id != placement.site_id:
        raise rules.RoomNotAtSite
    rules.check_room_for(mode, has_room=room is not None)
    if room is not None:
        _check_not_there(session, room, besides=placement)
    was_received = placement.cancelled_at is None
    stays = (room.id if room else None) == placement.room_id and received == was_received
    wishes = []
    if room is not None and received and not stays:
        wishes = [Wish(placement, room, Interval(placement.starts_at, placement.ends_at))]
    with rooms_kept(_edition(session), wishes, reason=override_reason, actor=actor, now=now):
        if not stays:
            put_into(placement, room)
        if received != was_received:
            placement.cancelled_at = None if received else now
        placement.mode, placement.join_url = mode, join_url or None
    note_change(
        session,
        "placement.changed",
        actor=actor,
        now=now,
        site_id=placement.site_id,
        received=received,
        mode=mode.value,
    )


def give_part(
    session: Session,
    person: Person,
    *,
    kind: PartKind,
    actor: Actor,
    now: datetime,
    site: Site | None = None,
    position: int = 0,
) -> Part:
    """Give a person a part in the session; the same part again changes nothing.  Raises CancelledForGood."""
    rules.check_can_change(session.state)
    for part in session.parts:
        if (part.person_id, part.kind, part.site_id) == (person.id, kind, site.id if site else None):
            return part
    part = Part(
        person_id=person.id, person=person, kind=kind, site_id=site.id if site else None, position=position
    )
    session.parts.append(part)
    note_change(session, "part.given", actor=actor, now=now, person=person.id, kind=kind.value)
    return part


def set_parts(
    session: Session, parts: Mapping[PartKind, Sequence[Person]], *, actor: Actor, now: datetime
) -> None:
    """Let exactly these people have the parts named; parts of kinds that are not named stay.

    Raises CancelledForGood.
    """
    rules.check_can_change(session.state)
    wanted = {
        (kind, person.id): (person, position)
        for kind, people in parts.items()
        for position, person in enumerate(people)
    }
    had = {(part.kind, part.person_id): part for part in session.parts if part.kind in parts}
    if {key: part.position for key, part in had.items()} == {key: at for key, (_, at) in wanted.items()}:
        return
    for key in had.keys() - wanted.keys():
        session.parts.remove(had[key])
        db.session.delete(had[key])
    for key, (person, position) in wanted.items():
        if key in had:
            had[key].position = position
        else:
            session.parts.append(Part(person_id=person.id, person=person, kind=key[0], position=position))
    note_change(session, "parts.changed", actor=actor, now=now, people=len(wanted))


# States --------------------------------------------------------------------------------------------------------------


def publish_session(session: Session, *, actor: Actor, now: datetime) -> None:
    """Let visitors see the session, by a release of its own.

    Raises AlreadyPublished, AlreadyCancelled, NotPlacedYet.
    """
    rules.check_can_publish(session.state, placed=bool(session.placements))
    edition = _edition(session)
    publishing.publish(edition, only={session.id}, name=pick(session.title, "vi"), actor=actor, now=now)
    note_change(session, "session.published", actor=actor, now=now)


def cancel_session(session: Session, *, actor: Actor, now: datetime) -> None:
    """Cancel the session everywhere and set its rooms free.

    What was published stays visible as cancelled from the next release on, since people were told of it.  Raises
    AlreadyCancelled.
    """
    rules.check_move(session.state, SessionState.CANCELLED)
    session.state = SessionState.CANCELLED
    for placement in session.placements:
        placement.cancelled_at = placement.cancelled_at or now
    note_change(session, "session.cancelled", actor=actor, now=now)


# Rooms ---------------------------------------------------------------------------------------------------------------


@contextmanager
def rooms_kept(
    edition: Edition, wishes: Sequence[Wish], *, reason: str, actor: Actor, now: datetime
) -> Iterator[None]:
    """Let the block take the wished rooms.  Raises RoomTaken, unless there is a `reason` to share them.

    The rooms are locked before one looks, so two who want the same room wait for each other; and should somebody
    have come in by another way, the database's own refusal is told in the same words.
    """
    sites.lock_rooms(wish.room.id for wish in wishes)
    taken = _find_taken(wishes)
    if taken and not reason:
        raise room_taken(edition, taken[0][1])
    try:
        with db.session.begin_nested():
            yield
            for wish in wishes:
                wish.placement.override = None
            for wish, _ in taken:
                wish.placement.override = PlacementOverride(
                    reason=reason, account_id=actor.account_id, created_at=now
                )
    except IntegrityError as error:
        if ROOM_GUARD not in str(error.orig):
            raise
        taken = _find_taken(wishes)
        raise (room_taken(edition, taken[0][1]) if taken else Stale()) from error
    for wish, booking in taken:
        audit.record(
            "room.shared_by_override",
            subject=wish.placement.session.code,
            actor=actor,
            now=now,
            edition_id=edition.id,
            room=wish.room.id,
            beside=booking.session_id,
            reason=reason,
        )


def _find_taken(wishes: Sequence[Wish]) -> list[tuple[Wish, queries.Booking]]:
    """Return the wishes that clash, each with the earliest booking that it clashes with."""
    wanted = {
        -number: wish
        for number, wish in enumerate(wishes, start=1)
        if rules.holds_room(shared=wish.room.shared, overridden=False, cancelled=False)
    }
    if not wanted:
        return []
    everything = Interval(
        min(wish.interval.start for wish in wanted.values()),
        max(wish.interval.end for wish in wanted.values()),
    )
    bookings = {
        booking.placement_id: booking
        for booking in queries.list_bookings(
            {wish.room.id for wish in wanted.values()},
            within=everything,
            except_ids=[wish.placement.id for wish in wishes],
        )
    }
    clashes = rules.find_room_clashes(
        [
            *((booking.placement_id, booking.room_id, booking.interval) for booking in bookings.values()),
            *((number, wish.room.id, wish.interval) for number, wish in wanted.items()),
        ]
    )
    against: dict[int, list[queries.Booking]] = {}
    for clash in clashes:
        # Wishes carry numbers below zero, so the first of the two is a wish, unless both are bookings.
        if clash.second_id in bookings:
            if clash.first_id in wanted:
                against.setdefault(clash.first_id, []).append(bookings[clash.second_id])
        elif clash.second_id in wanted:
            against.setdefault(clash.first_id, []).append(_as_booking(wanted[clash.second_id]))
    return [
        (wish, min(against[number], key=lambda booking: booking.interval))
        for number, wish in wanted.items()
        if number in against
    ]


def _as_booking(wish: Wish) -> queries.Booking:
    """Return a wish as what stands in the way of another wish; its room has its site at hand."""
    session = wish.session or wish.placement.session
    return queries.Booking(
        wish.placement.id or 0,
        session.id,
        wish.room.id,
        wish.interval,
        wish.room.name,
        wish.room.site.name,
        session.title,
    )


def room_taken(edition: Edition, booking: queries.Booking) -> rules.RoomTaken:
    """Return the refusal that names who is in the room, and when."""
    zone = ZoneInfo(edition.time_zone)
    return rules.RoomTaken(
        room=lazy_pick(booking.room_name, booking.site_name),
        title=lazy_pick(booking.title),
        start=f"{booking.interval.start.astimezone(zone):%H:%M}",
        end=f"{booking.interval.end.astimezone(zone):%H:%M}",
    )


def placed_in(
    edition: Edition,
    room: Room,
    role: PlacementRole,
    mode: Mode,
    starts_at: datetime,
    ends_at: datetime,
) -> Placement:
    """Return a new placement in the room, of no session yet."""
    placement = Placement(
        edition_id=edition.id,
        site_id=room.site_id,
        role=role,
        mode=mode,
        starts_at=starts_at,
        ends_at=ends_at,
        override=None,
    )
    put_into(placement, room)
    return placement


def _check_not_there(session: Session, room: Room, *, besides: Placement | None = None) -> None:
    if any(p.room_id == room.id for p in session.placements if p is not besides):
        raise rules.RoomTwice


def put_into(placement: Placement, room: Room | None) -> None:
    """Give the placement a room of its site, or none."""
    placement.room_id = room.id if room else None
    placement.room_shared = room.shared if room else None


def _first_room(site: Site) -> Room:
    if not site.rooms:
        raise rules.SiteHasNoRoom(site=lazy_pick(site.name))
    return site.rooms[0]


# Common --------------------------------------------------------------------------------------------------------------


def note_change(session: Session, action: str, *, actor: Actor, now: datetime, **facts: Any) -> None:
    """Mark the session as changed and write the trail."""
    session.updated_at = now
    flag_modified(session, "updated_at")  # so that the version rises although only a placement was changed
    db.session.flush()
    _note(action, session, actor=actor, now=now, **facts)


def _note(action: str, session: Session, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(action, subject=session.code, actor=actor, now=now, edition_id=session.edition_id, **facts)


def check_when(edition: Edition, starts_at: datetime, ends_at: datetime) -> None:
    """Raise TimesNotInOrder, TooLong or OutsideEdition."""
    rules.check_times(starts_at, ends_at)
    day = starts_at.astimezone(ZoneInfo(edition.time_zone)).date()
    rules.check_day(day, first=edition.starts_on, last=edition.ends_on)


def _edition(session: Session) -> Edition:
    edition = db.session.get(Edition, session.edition_id)
    assert edition is not None
    return edition


def _origin(session: Session) -> Placement:
    if not session.placements:
        raise rules.NotPlacedYet
    return queries.origin_of(session)


def _of_edition(session: Session, edition: Edition) -> Session:
    if session.edition_id != edition.id:
        raise NotFound
    return session


def _free_code(edition: Edition, title: Translations) -> str:
    """Return a code in words of the title; with random letters behind when the words are taken or none are Latin."""
    words = slug(pick(title, "vi"))
    if len(words) > _LONGEST_CODE:
        words = words[: _LONGEST_CODE + 1].rpartition("-")[0] or words[:_LONGEST_CODE]
    if words and words not in rules.PAGES and not queries.is_code_taken(edition.id, words):
        return words
    return "-".join(filter(None, (words or "session", codes.new_code(5).lower())))
