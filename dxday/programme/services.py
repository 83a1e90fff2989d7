"""Scheduling: adding, moving, changing, publishing and cancelling sessions over many sites."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from dxday.accounts.models import Person
from dxday.core import codes
from dxday.core.actor import Actor
from dxday.core.errors import NotFound, Stale
from dxday.core.i18n import Translations, lazy_pick, pick
from dxday.core.intervals import Interval
from dxday.core.vietnamese import slug
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme import arranging, holding, publishing, queries, rules
from dxday.programme.arranging import SessionMove
from dxday.programme.holding import Wish, placed_in
from dxday.programme.models import Part, Placement, Session
from dxday.programme.rules import Mode, PartKind, PlacementRole, Reception, SessionKind, SessionState
from dxday.programme.trail import note, note_change
from dxday.sites import queries as sites
from dxday.sites.models import Room, Site

_LONGEST_CODE = 40


# Adding --------------------------------------------------------------------------------------------------------------


def add_session(
    edition: Edition,
    *,
    guid: UUID,
    kind: SessionKind,
    title: Translations,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    room: Room | None = None,
    receiving: Sequence[Site] = (),
    actor: Actor,
    now: datetime,
    abstract: Translations | None = None,
    language: str = "vi",
    mode: Mode = Mode.ON_SITE,
    parts: Mapping[PartKind, Sequence[Person]] | None = None,
    remote: Collection[int] = (),
    override_reason: str = "",
    **details: Any,
) -> Session:
    """Add a draft that is held in `room` and received in the first room of each of the `receiving` sites.

    Without a room it is placed nowhere yet.  `remote` are ids of people who join online, `details` what
    `rules.DETAILS` names.  The same `guid` again returns the session that is there already, so a form sent twice makes
    one.  With an `override_reason`, rooms that are taken are used anyway, and the reason is kept.  Sites need their
    rooms loaded.  Raises TitleMissing, TimesNotInOrder, TooLong, OutsideEdition, SiteHasNoRoom, RoomTaken.
    """
    rooms = _rooms_wanted(room, receiving, mode)
    # Before one looks: of a form sent twice at once, the second would else find the room taken by the first.
    sites.lock_rooms(there.id for there, _, _ in rooms)
    known = queries.find_session_by_guid(guid)
    if known is not None:
        return _of_edition(known, edition)
    rules.check_title(title)
    session = Session(
        edition_id=edition.id,
        code=_free_code(edition, title),
        guid=guid,
        kind=kind,
        state=SessionState.DRAFT,
        title=title,
        abstract=abstract or None,
        language=language,
        updated_at=now,
        placements=[],
        parts=[],
        **_only_details(details),
    )
    wishes = _wishes(edition, rooms, starts_at, ends_at)
    session.placements = [wish.placement for wish in wishes]
    try:
        with holding.kept(edition, wishes, reason=override_reason, actor=actor, now=now):
            db.session.add(session)
    except IntegrityError as error:
        # Sent twice at the same moment, and the other one was first; or somebody took the code.
        known = queries.find_session_by_guid(guid)
        if known is None:
            raise Stale from error
        return _of_edition(known, edition)
    for part, people in (parts or {}).items():
        for position, person in enumerate(people):
            session.parts.append(
                Part(
                    person_id=person.id,
                    person=person,
                    kind=part,
                    position=position,
                    remote=person.id in remote,
                )
            )
    db.session.flush()
    note(session, "session.added", actor=actor, now=now, sites=len(wishes))
    return session


def place_session(
    session: Session,
    room: Room,
    *,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    mode: Mode = Mode.ON_SITE,
    receiving: Sequence[Site] = (),
    override_reason: str = "",
) -> None:
    """Give a session that is placed nowhere its room and time, and let sites receive it in their first rooms.

    Raises CancelledForGood, PlacedAlready, TimesNotInOrder, TooLong, OutsideEdition, SiteHasNoRoom, RoomTaken.
    """
    rules.check_can_change(session.state)
    if session.placements:
        raise rules.PlacedAlready
    edition = _edition(session)
    wishes = _wishes(edition, _rooms_wanted(room, receiving, mode), starts_at, ends_at)
    with holding.kept(edition, wishes, reason=override_reason, actor=actor, now=now):
        session.placements.extend(wish.placement for wish in wishes)
    note_change(
        session, "session.placed", actor=actor, now=now, room=room.id, starts_at=starts_at.isoformat()
    )


def add_placement(
    session: Session, room: Room, *, actor: Actor, now: datetime, override_reason: str = ""
) -> Placement:
    """Let one more room receive the session by line, at the time at which it is held.

    Raises CancelledForGood, NotPlacedYet, RoomTaken.
    """
    rules.check_can_change(session.state)
    origin = _origin(session)
    edition = _edition(session)
    holding.check_not_there(session, room)
    placement = placed_in(
        edition, room, PlacementRole.RECEIVING, Mode.BROADCAST, origin.starts_at, origin.ends_at
    )
    wish = Wish(placement, room, Interval(origin.starts_at, origin.ends_at))
    with holding.kept(edition, [wish], reason=override_reason, actor=actor, now=now):
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
    **details: Any,
) -> None:
    """Change what the session is called and about; `seen` is the version that the person had before them.

    `details` are what `rules.DETAILS` names; what is not given stays.  Raises Stale, CancelledForGood, TitleMissing.
    """
    rules.check_seen(seen, session.version)
    rules.check_can_change(session.state)
    rules.check_title(title)
    wanted = {"kind": kind, "title": title, "abstract": abstract or None, "language": language}
    wanted |= _only_details(details)
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
    _origin(session)
    move = SessionMove(session, starts_at, ends_at, room)
    arranging.move_sessions(_edition(session), [move], override_reason=override_reason, actor=actor, now=now)


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
    reception: Reception | None = None,
    override_reason: str = "",
) -> None:
    """Change how one site takes part: room, mode, link, or not at all (`received` false).

    `reception` says the rest of it; without it the rest stays.  A site that opts out says why.  The placement's session
    must be whole; `seen` is the session's version that the person had before them.  Raises Stale, CancelledForGood,
    OriginStays, OriginMovesAll, ReasonMissing, TimesNotInOrder, TooLong, OutsideEdition, RoomNotAtSite, RoomNeeded,
    RoomTaken.
    """
    session = placement.session
    rules.check_seen(seen, session.version)
    rules.check_can_change(session.state)
    if not received and placement.role is PlacementRole.ORIGIN:
        raise rules.OriginStays
    edition = _edition(session)
    had_times = placement.starts_at, placement.ends_at
    times = (reception.starts_at, reception.ends_at) if reception else had_times
    if times != had_times:
        if placement.role is PlacementRole.ORIGIN:
            raise rules.OriginMovesAll
        arranging.check_times(edition, *times)
    was_received = placement.cancelled_at is None
    reason = reception.opt_out_reason if reception else ""
    if was_received and not received and not reason:
        raise rules.ReasonMissing
    if room is not None and room.site_id != placement.site_id:
        raise rules.RoomNotAtSite
    rules.check_room_for(mode, has_room=room is not None)
    if room is not None:
        holding.check_not_there(session, room, besides=placement)
    stays = (room.id if room else None) == placement.room_id and received == was_received
    wishes = []
    if room is not None and received and not (stays and times == had_times):
        wishes = [Wish(placement, room, Interval(*times))]
    with holding.kept(edition, wishes, reason=override_reason, actor=actor, now=now):
        if not stays:
            holding.put_into(placement, room)
        placement.starts_at, placement.ends_at = times
        if received != was_received:
            placement.cancelled_at = None if received else now
            placement.opt_out_reason = None if received else reason
        placement.mode, placement.join_url = mode, join_url or None
        if reception is not None:
            _put_reception(placement, reception, now=now)
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
    session: Session,
    parts: Mapping[PartKind, Sequence[Person]],
    *,
    actor: Actor,
    now: datetime,
    remote: Collection[int] | None = None,
) -> None:
    """Let exactly these people have the parts named; parts of kinds that are not named stay.

    `remote` are the ids of those who join online; None leaves that as it is.  Raises CancelledForGood.
    """
    rules.check_can_change(session.state)
    had = {(part.kind, part.person_id): part for part in session.parts if part.kind in parts}
    online = {part.person_id for part in had.values() if part.remote} if remote is None else set(remote)
    wanted = {
        (kind, person.id): (person, position, person.id in online)
        for kind, people in parts.items()
        for position, person in enumerate(people)
    }
    if {key: (p.position, p.remote) for key, p in had.items()} == {key: to[1:] for key, to in wanted.items()}:
        return
    for key in had.keys() - wanted.keys():
        session.parts.remove(had[key])
        db.session.delete(had[key])
    for key, (person, position, joins_online) in wanted.items():
        if key not in had:
            had[key] = Part(person_id=person.id, person=person, kind=key[0])
            session.parts.append(had[key])
        had[key].position, had[key].remote = position, joins_online
    note_change(session, "parts.changed", actor=actor, now=now, people=len(wanted))


def set_officer(
    session: Session, site_id: int, person: Person | None, *, actor: Actor, now: datetime
) -> None:
    """Let this person, or nobody of their own, preside over the session at one site.  Raises CancelledForGood."""
    rules.check_can_change(session.state)
    had = [p for p in session.parts if p.kind is PartKind.PRESIDING_OFFICER and p.site_id == site_id]
    if [part.person_id for part in had] == ([person.id] if person else []):
        return
    for part in had:
        session.parts.remove(part)
        db.session.delete(part)
    if person is not None:
        session.parts.append(
            Part(person_id=person.id, person=person, kind=PartKind.PRESIDING_OFFICER, site_id=site_id)
        )
    note_change(
        session,
        "officer.changed",
        actor=actor,
        now=now,
        site_id=site_id,
        person=person.id if person else None,
    )


# States --------------------------------------------------------------------------------------------------------------


def publish_session(session: Session, *, actor: Actor, now: datetime) -> None:
    """Let visitors see the session as it stands, by a release of its own; other changes wait for theirs.

    Raises NotPlacedYet, NothingToPublish.
    """
    rules.check_can_publish(session.state, placed=bool(session.placements))
    release = publishing.publish(
        _edition(session), only={session.id}, name=pick(session.title, "vi"), actor=actor, now=now
    )
    if release is None:
        raise rules.NothingToPublish
    note(session, "session.published", actor=actor, now=now)


def cancel_session(session: Session, *, actor: Actor, now: datetime) -> None:
    """Cancel the session everywhere and set its rooms free.

    What was published stays visible as cancelled from the next release on, since people were told of it.  Raises
    AlreadyCancelled.
    """
    rules.check_can_cancel(session.state)
    session.state = SessionState.CANCELLED
    for placement in session.placements:
        placement.cancelled_at = placement.cancelled_at or now
    note_change(session, "session.cancelled", actor=actor, now=now)


# Rooms ---------------------------------------------------------------------------------------------------------------


def _rooms_wanted(
    room: Room | None, receiving: Sequence[Site], mode: Mode
) -> list[tuple[Room, PlacementRole, Mode]]:
    if room is None:
        return []
    received = [_first_room(site) for site in receiving if site.id != room.site_id]
    return [
        (room, PlacementRole.ORIGIN, mode),
        *((there, PlacementRole.RECEIVING, Mode.BROADCAST) for there in received),
    ]


def _wishes(
    edition: Edition,
    rooms: Sequence[tuple[Room, PlacementRole, Mode]],
    starts_at: datetime | None,
    ends_at: datetime | None,
) -> list[Wish]:
    """Return the new placements in these rooms; none without rooms.  Raises what `arranging.check_times` raises."""
    if not rooms:
        return []
    if starts_at is None or ends_at is None:
        raise rules.TimesMissing
    arranging.check_times(edition, starts_at, ends_at)
    return [
        Wish(placed_in(edition, at, role, how, starts_at, ends_at), at, Interval(starts_at, ends_at))
        for at, role, how in rooms
    ]


def _put_reception(placement: Placement, reception: Reception, *, now: datetime) -> None:
    placement.capacity = reception.capacity
    placement.interpretation = reception.interpretation or None
    placement.local_part = reception.local_part or None
    if reception.ready != (placement.confirmed_at is not None):
        placement.confirmed_at = now if reception.ready else None
    if placement.cancelled_at is not None and placement.opt_out_reason is not None:
        placement.opt_out_reason = reception.opt_out_reason or placement.opt_out_reason


def _only_details(details: Mapping[str, Any]) -> dict[str, Any]:
    unknown = details.keys() - set(rules.DETAILS)
    if unknown:
        raise ValueError(f"a session has no {', '.join(sorted(unknown))}")
    empty_is_none = ("subtitle", "description")
    return {name: (value or None) if name in empty_is_none else value for name, value in details.items()}


def _first_room(site: Site) -> Room:
    if not site.rooms:
        raise rules.SiteHasNoRoom(site=lazy_pick(site.name))
    return site.rooms[0]


# Common --------------------------------------------------------------------------------------------------------------


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
