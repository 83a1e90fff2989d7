"""Putting proposed changes into the working draft, in one go and through the services of the programme."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dxday.accounts import queries as accounts
from dxday.accounts.models import Person
from dxday.core.actor import Actor
from dxday.core.i18n import lazy_pick
from dxday.editions.models import Edition
from dxday.programme import arranging, services
from dxday.programme import queries as programme
from dxday.programme.arranging import SessionMove
from dxday.programme.models import Session
from dxday.programme.rules import Mode, PartKind, Reception, RoomNotAtSite, SessionKind
from dxday.proposals import queries, rules
from dxday.proposals.queries import PEOPLE, Standing
from dxday.proposals.rules import Change, Kind
from dxday.sites import queries as sites
from dxday.sites.models import Room

_DETAILS = ("subtitle", "description", "track_id", "audiences", "needs", "expected")


def apply(
    edition: Edition,
    changes: Sequence[Change],
    *,
    site_id: int | None,
    override_reason: str,
    actor: Actor,
    now: datetime,
) -> set[int]:
    """Apply changes to the working draft: what frees rooms first, then all moves together, then the rest.

    Return the ids of the sessions.  `site_id` is the site that proposes them, and nothing but its own may change.
    Raises OutOfDate, RoomNotAtSite, RoomTaken, and what the services of the programme raise.
    """
    standings = queries.stand(edition.id, changes, site_id=site_id)
    stale = [each for each in standings if each.is_stale]
    if stale:
        raise rules.OutOfDate(
            titles=lazy_pick(*{_title_of(each)[1]: _title_of(each)[0] for each in stale}.values())
        )
    work = _Work(edition, standings, site_id=site_id, override_reason=override_reason, actor=actor, now=now)
    work.do()
    return work.added | {each.session.id for each in standings if each.session is not None}


def times_there(session: Session, values: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Return the times of a site that begins and ends so many minutes after the session where it is held."""
    origin = programme.origin_of(session)
    return (
        origin.starts_at + timedelta(minutes=values["begins"]),
        origin.ends_at + timedelta(minutes=values["ends"]),
    )


def _title_of(standing: Standing) -> tuple[dict[str, str], int]:
    if standing.session is None:
        return dict(standing.change.becomes.get("title") or {}), 0
    return standing.session.title, standing.session.id


class _Work:
    """What `apply` does, with the rooms and people that the changes name."""

    def __init__(
        self,
        edition: Edition,
        standings: Sequence[Standing],
        *,
        site_id: int | None,
        override_reason: str,
        actor: Actor,
        now: datetime,
    ) -> None:
        self.edition, self.standings, self.site_id = edition, standings, site_id
        self.reason = override_reason
        self.added: set[int] = set()
        self.by: dict[str, Any] = {"actor": actor, "now": now}
        changes = [each.change for each in standings]
        named = queries.rooms_named(changes)
        self.rooms = {room.id: room for room in sites.list_rooms(edition.id, named)}
        self.people = {
            person.id: person for person in accounts.list_people_by_id(queries.people_named(changes))
        }

    def do(self) -> None:
        """Apply everything in an order in which rooms are free when they are needed."""
        for each in self._of(Kind.CANCEL):
            services.cancel_session(_there(each), **self.by)
        for each in self._of(Kind.OPT_OUT):
            self._receive(each)
        arranging.move_sessions(
            self.edition, self._moves(), any_site=self.site_id is None, override_reason=self.reason, **self.by
        )
        for each in self._of(Kind.CHANGE):
            self._change(each)
        for each in self._of(Kind.RECEIVE):
            self._receive(each)
        for each in self._of(Kind.ADD):
            self._add(each.change.becomes)

    def _of(self, *kinds: Kind) -> list[Standing]:
        return [each for each in self.standings if each.change.kind in kinds]

    def _room(self, room_id: int | None) -> Room | None:
        if room_id is None:
            return None
        room = self.rooms.get(room_id)
        if room is None or self.site_id not in (None, room.site_id):
            raise RoomNotAtSite
        return room

    def _moves(self) -> list[SessionMove]:
        """Return the moves, those into other rooms at receiving sites among them: all of them change places at once."""
        moved = {_there(each): each.change.becomes for each in self._of(Kind.MOVE, Kind.PLACE)}
        received_in: dict[Session, dict[int, Room]] = {}
        for each in self._of(Kind.RECEIVE):
            room = self._room(each.change.becomes.get("room"))
            if room is not None and each.placement is not None:
                received_in.setdefault(_there(each), {})[each.placement.id] = room
        moves = []
        for session in dict.fromkeys((*moved, *received_in)):
            becomes = moved.get(session, {})
            wanted = {**queries.values_of(Kind.MOVE, session), **becomes}
            moves.append(
                SessionMove(
                    session,
                    queries.moment(wanted["starts_at"]),
                    queries.moment(wanted["ends_at"]),
                    self._room(becomes.get("room")),
                    received_in.get(session, {}),
                )
            )
        return moves

    def _change(self, standing: Standing) -> None:
        session = _there(standing)
        wanted = {**queries.values_of(Kind.CHANGE, session), **standing.change.becomes}
        services.change_session(
            session,
            seen=session.version,
            kind=SessionKind(wanted["kind"]),
            title=wanted["title"],
            abstract=wanted["abstract"],
            language=wanted["language"],
            **{name: wanted[name] for name in _DETAILS},
            **self.by,
        )
        services.set_parts(session, self._parts(wanted), remote=wanted["remote"], **self.by)

    def _receive(self, standing: Standing) -> None:
        placement, session, change = standing.placement, _there(standing), standing.change
        assert placement is not None
        wanted = {**queries.values_of(Kind.RECEIVE, session, placement), **change.becomes}
        starts_at, ends_at = times_there(session, wanted)
        services.change_placement(
            placement,
            seen=session.version,
            room=self._room(wanted["room"]) if "room" in change.becomes else placement.room,
            mode=Mode(wanted["mode"]),
            join_url=wanted["join_url"],
            received=wanted["received"],
            reception=Reception(
                starts_at,
                ends_at,
                capacity=wanted["capacity"],
                interpretation=wanted["interpretation"],
                local_part=wanted["local_part"],
                ready=wanted["ready"] and wanted["received"],
                opt_out_reason=wanted.get("reason", ""),
            ),
            override_reason=self.reason,
            **self.by,
        )
        if "officer" in change.becomes:
            officer = self.people.get(wanted["officer"] or 0)
            services.set_officer(session, placement.site_id, officer, **self.by)

    def _add(self, wanted: Mapping[str, Any]) -> None:
        session = services.add_session(
            self.edition,
            guid=UUID(wanted["guid"]),
            kind=SessionKind(wanted["kind"]),
            title=wanted["title"],
            abstract=wanted["abstract"],
            language=wanted["language"],
            starts_at=queries.moment(wanted["starts_at"]),
            ends_at=queries.moment(wanted["ends_at"]),
            room=self._room(wanted["room"]),
            parts=self._parts(wanted),
            remote=wanted["remote"],
            override_reason=self.reason,
            **{name: wanted[name] for name in _DETAILS},
            **self.by,
        )
        self.added.add(session.id)

    def _parts(self, wanted: Mapping[str, Any]) -> dict[PartKind, list[Person]]:
        return {
            kind: [self.people[i] for i in wanted[name] if i in self.people] for kind, name in PEOPLE.items()
        }


def _there(standing: Standing) -> Session:
    assert standing.session is not None
    return standing.session
