"""What stands against the programme after a proposal: found on plain values, before anything is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dxday.accounts import queries as accounts
from dxday.conflicts import queries as conflicts
from dxday.conflicts.engine import Difference, Index
from dxday.conflicts.facts import PartFacts, PlacementFacts, ProgrammeFacts, RoomFacts, SessionFacts
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind
from dxday.proposals import queries
from dxday.proposals.queries import PEOPLE, Standing
from dxday.proposals.rules import Change, Kind, Values

_ORDER = (Kind.CANCEL, Kind.OPT_OUT, Kind.MOVE, Kind.PLACE, Kind.CHANGE, Kind.RECEIVE, Kind.ADD)
"""As `taking` applies them."""


def foresee(edition_id: int, standings: Sequence[Standing]) -> Difference:
    """Return the findings that these changes would bring and solve; stale ones are left out.

    A constant number of statements.
    """
    changes = [each.change for each in standings if not each.is_stale and each.change.taken is None]
    facts = conflicts.load_facts(edition_id)
    names = {p.id: p.full_name for p in accounts.list_people_by_id(queries.people_named(changes))}
    after, touched = apply_to_facts(replace(facts, people={**facts.people, **names}), changes)
    return Index(facts).compare(Index(after), touched)


def apply_to_facts(facts: ProgrammeFacts, changes: Sequence[Change]) -> tuple[ProgrammeFacts, set[int]]:
    """Return the programme as it would be with these changes, and the ids of the sessions that they touch.

    What is new has ids below zero.
    """
    work = _Facts(facts)
    for kind in _ORDER:
        for change in changes:
            if change.kind is kind:
                work.apply(change)
    after = replace(
        facts,
        sessions=list(work.sessions.values()),
        placements=list(work.placements.values()),
        parts=work.parts,
    )
    return after, work.touched


class _Facts:
    """The facts, while changes are applied to them."""

    def __init__(self, facts: ProgrammeFacts) -> None:
        self.sessions = {session.id: session for session in facts.sessions}
        self.placements = {placement.id: placement for placement in facts.placements}
        self.parts = list(facts.parts)
        self.rooms: dict[int, RoomFacts] = {room.id: room for room in facts.rooms}
        self.touched: set[int] = set()
        self._new = 0

    def apply(self, change: Change) -> None:
        """Apply one change; one of a session that is not there any more changes nothing."""
        if change.kind is Kind.ADD:
            self._add(change.becomes)
            return
        session_id = change.session_id
        if session_id is None or session_id not in self.sessions:
            return
        self.touched.add(session_id)
        if change.kind is Kind.CANCEL:
            del self.sessions[session_id]
            self.placements = {p.id: p for p in self.placements.values() if p.session_id != session_id}
            self.parts = [part for part in self.parts if part.session_id != session_id]
        elif change.kind is Kind.OPT_OUT:
            self.placements.pop(change.placement_id or 0, None)
        elif change.kind is Kind.CHANGE:
            self._change(session_id, change.becomes)
        elif change.kind is Kind.RECEIVE:
            self._receive(session_id, change)
        else:
            self._put(session_id, change.becomes)

    def _change(self, session_id: int, becomes: Values) -> None:
        session = self.sessions[session_id]
        self.sessions[session_id] = replace(session, **_said(becomes))
        if becomes.keys() & {*PEOPLE.values(), "remote"}:
            self._give_parts(session_id, becomes)

    def _give_parts(self, session_id: int, becomes: Values) -> None:
        had = [part for part in self.parts if part.session_id == session_id]
        online = set(becomes.get("remote", [part.person_id for part in had if part.remote]))
        self.parts = [p for p in self.parts if p.session_id != session_id or p.kind not in PEOPLE]
        for kind, name in PEOPLE.items():
            people = becomes.get(name, [part.person_id for part in had if part.kind is kind])
            self.parts += [
                PartFacts(session_id, person_id, kind, remote=person_id in online) for person_id in people
            ]

    def _put(self, session_id: int, becomes: Values) -> None:
        placed = [p for p in self.placements.values() if p.session_id == session_id]
        origin = next((p for p in placed if p.role is PlacementRole.ORIGIN), None)
        room_id = becomes.get("room") or (origin.room_id if origin else None)
        if origin is None:
            if room_id in self.rooms:
                self._place(session_id, becomes)
            return
        starts_at = _moment(becomes, "starts_at", origin.starts_at)
        by = starts_at - origin.starts_at
        longer = _moment(becomes, "ends_at", origin.ends_at) - origin.ends_at - by
        for placement in placed:
            moved = replace(
                placement,
                starts_at=placement.starts_at + by,
                ends_at=placement.ends_at + by + longer,
                override=None if by or longer else placement.override,
            )
            if placement is origin and room_id is not None and room_id != origin.room_id:
                moved = replace(moved, **self._at(room_id), override=None)
            self.placements[placement.id] = moved

    def _receive(self, session_id: int, change: Change) -> None:
        becomes = change.becomes
        placement = self.placements.get(change.placement_id or 0)
        origin = next(
            (
                p
                for p in self.placements.values()
                if p.session_id == session_id and p.role is PlacementRole.ORIGIN
            ),
            None,
        )
        if placement is None or origin is None:
            return
        wanted: dict[str, Any] = {
            name: becomes[name] for name in ("capacity", "interpretation") if name in becomes
        }
        if "mode" in becomes:
            wanted["mode"] = Mode(becomes["mode"])
        if "room" in becomes:
            wanted |= self._at(becomes["room"]) if becomes["room"] else {"room_id": None}
        if "begins" in becomes:
            wanted["starts_at"] = origin.starts_at + timedelta(minutes=becomes["begins"])
        if "ends" in becomes:
            wanted["ends_at"] = origin.ends_at + timedelta(minutes=becomes["ends"])
        if wanted.keys() & {"room_id", "starts_at", "ends_at"}:
            wanted["override"] = None
        self.placements[placement.id] = replace(placement, **wanted)
        if "officer" in becomes:
            officer, site_id = PartKind.PRESIDING_OFFICER, placement.site_id
            self.parts = [
                part
                for part in self.parts
                if (part.session_id, part.kind, part.site_id) != (session_id, officer, site_id)
            ]
            if becomes["officer"]:
                self.parts.append(PartFacts(session_id, becomes["officer"], officer, site_id))

    def _add(self, becomes: Values) -> None:
        self._new -= 1
        session_id = self._new
        said = {"title": {}} | _said(becomes)
        self.sessions[session_id] = SessionFacts(session_id, code="", **said)
        self.touched.add(session_id)
        self._give_parts(session_id, becomes)
        self._place(session_id, becomes)

    def _place(self, session_id: int, becomes: Values) -> None:
        self._new -= 1
        at = self._at(becomes["room"])
        self.placements[self._new] = PlacementFacts(
            self._new,
            session_id,
            at["site_id"],
            at["room_id"],
            queries.moment(becomes["starts_at"]),
            queries.moment(becomes["ends_at"]),
        )

    def _at(self, room_id: int) -> dict[str, Any]:
        return {"room_id": room_id, "site_id": self.rooms[room_id].site_id}


def _said(becomes: Values) -> dict[str, Any]:
    said: dict[str, Any] = {name: becomes[name] for name in ("title", "expected") if name in becomes}
    said |= {name: tuple(becomes[name]) for name in ("audiences", "needs") if name in becomes}
    return said | ({"kind": SessionKind(becomes["kind"])} if "kind" in becomes else {})


def _moment(values: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    return queries.moment(values[name]) if name in values else otherwise
