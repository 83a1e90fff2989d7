"""Reading what the solver must know beyond the facts of the check."""

from collections import defaultdict

from sqlalchemy import func, select

from dxday.db import db
from dxday.programme.models import Placement, PublishedSession, Session
from dxday.programme.rules import SessionState
from dxday.scheduling.problems import Placed, Planned


def list_planned(edition_id: int) -> list[Planned]:
    """Return the sessions of the draft that take place, with their placements; two statements."""
    placements: dict[int, list[Placed]] = defaultdict(list)
    for row in db.session.execute(
        select(
            Placement.session_id,
            Placement.id,
            Placement.site_id,
            Placement.room_id,
            Placement.role,
            Placement.mode,
            Placement.starts_at,
            Placement.ends_at,
            Placement.interpretation.is_not(None),
        )
        .where(Placement.edition_id == edition_id, Placement.cancelled_at.is_(None))
        .order_by(Placement.id)
    ):
        session_id, *values = row
        placements[session_id].append(Placed(*values))  # type: ignore[arg-type]  # the columns above, in the order of the fields
    public = select(PublishedSession.id).where(PublishedSession.id == Session.id).exists()
    return [
        Planned(
            id=session.id,
            version=session.version,
            public=is_public,
            pinned=session.pinned,
            length=session.duration,
            track_id=session.track_id,
            wishes=session.wishes or {},
            placements=tuple(placements[session.id]),
        )
        for session, is_public in db.session.execute(
            select(Session, public)
            .where(Session.edition_id == edition_id, Session.state != SessionState.CANCELLED)
            .order_by(Session.id)
        )
    ]


def count_unplaced(edition_id: int) -> int:
    """Return how many sessions of the draft have no place yet."""
    placed = select(Placement.id).where(Placement.session_id == Session.id).exists()
    return int(
        db.session.scalar(
            select(func.count(Session.id)).where(
                Session.edition_id == edition_id, Session.state != SessionState.CANCELLED, ~placed
            )
        )
        or 0
    )
