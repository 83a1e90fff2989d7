"""What was announced: how published placements stood before they were changed, kept until people were told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dxday.db import db, insert_into
from dxday.programme.models import PlacementChange


@dataclass(frozen=True)
class Announced:
    """When and where a placement was, as people know it."""

    starts_at: datetime
    ends_at: datetime
    room_id: int | None
    cancelled: bool


def keep_rows(rows: Iterable[tuple[int, int, Announced]], *, now: datetime) -> None:
    """Note (placement id, edition id, as announced); what was noted and not told yet stays with a newer time."""
    noted = [
        {
            "edition_id": edition_id,
            "placement_id": placement_id,
            "was_starts_at": was.starts_at,
            "was_ends_at": was.ends_at,
            "was_room_id": was.room_id,
            "was_cancelled": was.cancelled,
            "changed_at": now,
        }
        for placement_id, edition_id, was in rows
    ]
    if not noted:
        return
    statement = insert_into(PlacementChange)
    untold = PlacementChange.notice_id.is_(None)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["placement_id"],
            index_where=untold,
            set_={"changed_at": statement.excluded.changed_at},
        ),
        noted,
    )
