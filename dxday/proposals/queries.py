"""Reading proposals, and how what they speak of stands now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from dxday.core.errors import NotFound
from dxday.db import db
from dxday.programme import queries as programme
from dxday.programme.models import Placement, Session
from dxday.programme.rules import PartKind, PlacementRole, SessionState, is_local
from dxday.proposals.models import Proposal
from dxday.proposals.rules import (
    WITH_THE_SITE,
    Change,
    Kind,
    Source,
    State,
    find_differing,
    read_change,
)

WORDS = "kind title subtitle abstract description language track_id audiences needs expected".split()
"""What a site may say of its own session."""
PEOPLE = {PartKind.CHAIR: "chairs", PartKind.CO_CHAIR: "co_chairs", PartKind.SPEAKER: "speakers"}


@dataclass(frozen=True)
class Standing:
    """A change with the session that it speaks of, as that is now."""

    change: Change
    session: Session | None
    """None for a session that is to be added."""
    placement: Placement | None
    differs: dict[str, tuple[Any, Any]]
    """What is not as the proposer saw it; `state` when the session cannot be changed by them any more."""

    @property
    def is_stale(self) -> bool:
        """Whether the session was changed since in what this is about."""
        return bool(self.differs) and self.change.taken is None


def get_proposal(edition_id: int, proposal_id: int) -> Proposal:
    """Return a proposal that was submitted, with its site and who decided.  Raises NotFound, also for a draft."""
    found: Proposal | None = db.session.scalars(
        _whole().where(Proposal.edition_id == edition_id, Proposal.id == proposal_id)
    ).one_or_none()
    if found is None or found.state in (State.DRAFT, State.WITHDRAWN):
        raise NotFound
    return found


def list_proposals(edition_id: int) -> list[Proposal]:
    """Return what was submitted to the organizers: open ones first, then the newest."""
    return list(
        db.session.scalars(
            _whole()
            .where(
                Proposal.edition_id == edition_id,
                Proposal.state.in_((State.OPEN, State.TAKEN, State.RETURNED)),
            )
            .order_by(Proposal.state != State.OPEN, Proposal.updated_at.desc(), Proposal.id.desc())
        )
    )


def count_open(edition_id: int) -> int:
    """Return how many proposals wait for an organizer."""
    return int(
        db.session.scalar(
            select(func.count(Proposal.id)).where(
                Proposal.edition_id == edition_id, Proposal.state == State.OPEN
            )
        )
        or 0
    )


def find_current(site_id: int) -> Proposal | None:
    """Return what the site is writing or waits for: its newest proposal that was not taken, or None."""
    return db.session.scalars(
        _whole()
        .where(
            Proposal.site_id == site_id,
            Proposal.source == Source.SITE,
            Proposal.state.in_((*WITH_THE_SITE, State.OPEN)),
        )
        .order_by(Proposal.state != State.DRAFT, Proposal.id.desc())
        .limit(1)
    ).one_or_none()


def find_of_operation(operation_id: int) -> Proposal | None:
    """Return the proposal that a run of the solver made, or None."""
    return db.session.scalars(_whole().where(Proposal.operation_id == operation_id)).one_or_none()


def changes_of(proposal: Proposal | None) -> list[Change]:
    """Return the changes of a proposal; none for no proposal."""
    return [read_change(kept) for kept in proposal.changes] if proposal else []


def stand(edition_id: int, changes: Sequence[Change], *, site_id: int | None = None) -> list[Standing]:
    """Return the changes beside what they speak of; of a site's proposal, also whether it is the site's matter still.

    A constant number of statements for up to 500 sessions.
    """
    sessions = {
        session.id: session
        for session in programme.list_sessions(
            edition_id, [change.session_id for change in changes if change.session_id is not None]
        )
    }
    return [_stand(change, sessions, site_id) for change in changes]


def _stand(change: Change, sessions: dict[int, Session], site_id: int | None) -> Standing:
    session = sessions.get(change.session_id or 0)
    if change.kind is Kind.ADD:
        return Standing(change, None, None, {})
    if session is None:
        return Standing(change, None, None, {"state": ("", None)})
    placement = next((p for p in session.placements if p.id == change.placement_id), None)
    differs = {}
    if session.version != change.version:
        differs = find_differing(change.was, values_of(change.kind, session, placement))
    if not _can_still(change, session, placement, site_id):
        differs["state"] = ("", session.state.value)
    return Standing(change, session, placement, differs)


def _can_still(change: Change, session: Session, placement: Placement | None, site_id: int | None) -> bool:
    if session.state is SessionState.CANCELLED:
        return False
    if change.kind is Kind.PLACE:
        return not session.placements
    if change.kind in (Kind.RECEIVE, Kind.OPT_OUT):
        return placement is not None and site_id in (None, placement.site_id)
    return site_id is None or is_local((p.site_id for p in session.placements), site_id)


def values_of(kind: Kind, session: Session, placement: Placement | None = None) -> dict[str, Any]:
    """Return how a session stands in what a change of this kind speaks of, as plain JSON values."""
    if kind is Kind.CHANGE:
        return _words(session)
    if kind in (Kind.MOVE, Kind.CANCEL):
        return _place(session)
    if kind in (Kind.RECEIVE, Kind.OPT_OUT) and placement is not None:
        return _reception(session, placement)
    return {}


def _words(session: Session) -> dict[str, Any]:
    by_kind = {
        name: [part.person_id for part in session.parts if part.kind is kind] for kind, name in PEOPLE.items()
    }
    return {
        **{name: plain(getattr(session, name)) for name in WORDS},
        **{name: getattr(session, name) or {} for name in ("subtitle", "abstract", "description")},
        **by_kind,
        "remote": sorted({p.person_id for p in session.parts if p.kind in PEOPLE and p.remote}),
    }


def _place(session: Session) -> dict[str, Any]:
    origin = next((p for p in session.placements if p.role is PlacementRole.ORIGIN), None)
    if origin is None:
        return {}
    return {
        "starts_at": plain(origin.starts_at),
        "ends_at": plain(origin.ends_at),
        "room": origin.room_id,
    }


def _reception(session: Session, placement: Placement) -> dict[str, Any]:
    origin = programme.origin_of(session)
    officer = next(
        (
            part.person_id
            for part in session.parts
            if part.kind is PartKind.PRESIDING_OFFICER and part.site_id == placement.site_id
        ),
        None,
    )
    return {
        "received": placement.cancelled_at is None,
        "room": placement.room_id,
        "mode": placement.mode.value,
        "begins": _minutes(placement.starts_at - origin.starts_at),
        "ends": _minutes(placement.ends_at - origin.ends_at),
        "join_url": placement.join_url,
        "capacity": placement.capacity,
        "interpretation": placement.interpretation,
        "local_part": placement.local_part or {},
        "officer": officer,
        "ready": placement.confirmed_at is not None,
    }


def plain(value: Any) -> Any:
    """Return a value as JSON holds it; moments in UTC, lengths in minutes."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, timedelta):
        return _minutes(value)
    if isinstance(value, StrEnum):
        return value.value
    return value


def moment(value: str) -> datetime:
    """Return the moment that `plain` wrote."""
    return datetime.fromisoformat(value)


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)


def people_named(changes: Iterable[Change]) -> set[int]:
    """Return the ids of the people whom changes name."""
    found: set[int] = set()
    for change in changes:
        for values in (change.was, change.becomes):
            for name in (*PEOPLE.values(), "remote"):
                found |= set(values.get(name) or [])
            if values.get("officer"):
                found.add(values["officer"])
    return found


def rooms_named(changes: Iterable[Change]) -> set[int]:
    """Return the ids of the rooms that changes name."""
    return {
        values["room"] for change in changes for values in (change.was, change.becomes) if values.get("room")
    }


def _whole() -> Select[Any]:
    return select(Proposal).options(
        joinedload(Proposal.site), joinedload(Proposal.created_by), joinedload(Proposal.decided_by)
    )
