"""Work that a worker carries: a row with a state, a lease and a count of tries (claimed by a guarded update)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Update, and_, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from dxday.core.carriage import Carriage
from dxday.db import choice, db


class Carried:
    """The columns of a row that waits to be carried by a worker."""

    carriage: Mapped[Carriage] = mapped_column(choice(Carriage), default=Carriage.QUEUED, index=True)
    due_at: Mapped[datetime | None]
    """Not before this moment; None is at once."""
    handed_until: Mapped[datetime | None]
    """Handed to the queue until then; the clock hands it out again afterwards, so a lost task costs nothing."""
    leased_until: Mapped[datetime | None]
    """Claimed by a worker until then."""
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]


HAND_OUT = timedelta(seconds=60)
LEASE = timedelta(minutes=2)


def hand_out(model: type[Any], *, now: datetime, limit: int = 200) -> list[int]:
    """Mark up to `limit` due rows as handed to the queue for a minute and return their ids."""
    due = (
        select(model.id)
        .where(
            model.carriage == Carriage.QUEUED,
            or_(model.due_at.is_(None), model.due_at <= now),
            or_(model.handed_until.is_(None), model.handed_until < now),
        )
        .order_by(model.id)
        .limit(limit)
    )
    ids = list(db.session.scalars(due))
    if ids:
        db.session.execute(
            update(model)
            .where(model.id.in_(ids))
            .values(handed_until=now + HAND_OUT)
            .execution_options(synchronize_session=False)
        )
    return ids


def claim(model: type[Any], row_id: int, *, now: datetime) -> Any | None:
    """Claim the row for this worker and return it; None when another was first or it is not due.

    The update itself is the guard: of two workers that try at once, one changes a row and one changes none.
    """
    claimed = _rows_changed(
        update(model)
        .where(
            model.id == row_id,
            model.carriage == Carriage.QUEUED,
            or_(model.due_at.is_(None), model.due_at <= now),
        )
        .values(carriage=Carriage.CLAIMED, leased_until=now + LEASE, tries=model.tries + 1)
        .execution_options(synchronize_session=False)
    )
    if claimed != 1:
        return None
    return db.session.get(model, row_id, populate_existing=True)


def settle(
    row: Any, *, to: Carriage, error: str | None = None, due_at: datetime | None = None, **changes: Any
) -> bool:
    """Record what became of a row that `claim` gave out; tell whether it was still ours to record.

    `due_at` is when a row that goes back to QUEUED is tried again; `changes` are further columns.  The lease is
    the fence: when it ran out meanwhile and another worker holds the row, nothing is written.  A row that was
    given up as UNKNOWN is settled all the same, because now it is known.
    """
    model = type(row)
    settled = _rows_changed(
        update(model)
        .where(
            model.id == row.id,
            or_(
                and_(model.carriage == Carriage.CLAIMED, model.leased_until == row.leased_until),
                model.carriage == Carriage.UNKNOWN,
            ),
        )
        .values(carriage=to, leased_until=None, handed_until=None, due_at=due_at, error=error, **changes)
        .execution_options(synchronize_session=False)
    )
    return settled == 1


def requeue(row: Any) -> bool:
    """Let a row that failed or is unknown be tried afresh; tell whether it was in one of these states."""
    model = type(row)
    moved = _rows_changed(
        update(model)
        .where(model.id == row.id, model.carriage.in_((Carriage.FAILED, Carriage.UNKNOWN)))
        .values(
            carriage=Carriage.QUEUED, due_at=None, handed_until=None, leased_until=None, tries=0, error=None
        )
        .execution_options(synchronize_session=False)
    )
    return moved == 1


def release_expired(model: type[Any], *, to: Carriage, now: datetime) -> int:
    """Move rows whose worker died to state `to` and return how many they were."""
    moved = _rows_changed(
        update(model)
        .where(model.carriage == Carriage.CLAIMED, model.leased_until < now)
        .values(
            carriage=to, leased_until=None, handed_until=None, error="the worker stopped before it was done"
        )
        .execution_options(synchronize_session=False)
    )
    return moved


def _rows_changed(statement: Update) -> int:
    result = db.session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount
