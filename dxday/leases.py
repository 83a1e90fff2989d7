"""Work that a worker carries: a row with a state, a lease and a count of tries (claimed by a guarded update)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    Text,
    Update,
    bindparam,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from dxday.core.carriage import Carriage
from dxday.db import Desk, UtcDateTime, choice, db


class Carried:
    """The columns of a row that waits to be carried by a worker."""

    carriage: Mapped[Carriage] = mapped_column(choice(Carriage), default=Carriage.QUEUED, index=True)
    due_at: Mapped[datetime | None]
    """Not before this moment; None is at once."""
    handed_until: Mapped[datetime | None]
    """Handed to the queue until then; the clock hands it out again afterwards, so a lost task costs nothing."""
    leased_until: Mapped[datetime | None]
    """Claimed by a worker until then; kept when the row is given up as unknown: that worker may still settle it."""
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]


WORKER_GONE = "the worker stopped before it was done"
"""The error of a row whose lease ran out."""
HAND_OUT = timedelta(seconds=60)
LEASE = timedelta(minutes=2)
LONGEST = timedelta(minutes=10)
"""What lasts longer than any hand-out or lease: a clock that was put back left it, and it counts as over."""


def hand_out(model: type[Any], *, now: datetime, limit: int = 200) -> list[int]:
    """Mark up to `limit` due rows as handed to the queue for a minute and return their ids."""
    due = (
        select(model.id)
        .where(
            model.carriage == Carriage.QUEUED,
            or_(model.due_at.is_(None), model.due_at <= now),
            or_(
                model.handed_until.is_(None),
                model.handed_until < now,
                model.handed_until > now + LONGEST,
            ),
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
    the fence: when it ran out meanwhile and another worker holds the row, or somebody decided, nothing is written.
    A row that was given up as UNKNOWN is settled all the same, because now it is known.
    """
    model = type(row)
    settled = _rows_changed(
        update(model)
        .where(model.id == row.id, _is_held(model, row.leased_until))
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


def call_off(model: type[Any], *which: ColumnElement[bool]) -> int:
    """Let none of the rows that wait be done, and return how many they were; `which` narrows them.

    What a worker holds is not touched.  A worker that goes for a row in the same moment either has it, or finds
    that it waits no more.
    """
    return _rows_changed(
        update(model)
        .where(model.carriage == Carriage.QUEUED, *which)
        .values(carriage=Carriage.CANCELLED, due_at=None, handed_until=None)
        .execution_options(synchronize_session=False)
    )


def take_back(model: type[Any], *which: ColumnElement[bool]) -> int:
    """Let rows that were called off wait afresh, and return how many they were; `which` narrows them."""
    return _rows_changed(
        update(model)
        .where(model.carriage == Carriage.CANCELLED, *which)
        .values(carriage=Carriage.QUEUED, due_at=None, handed_until=None, tries=0, error=None)
        .execution_options(synchronize_session=False)
    )


def release_expired(model: type[Any], *, to: Carriage, now: datetime) -> int:
    """Move rows whose worker died to state `to` and return how many they were."""
    values: dict[str, Any] = {
        "carriage": to,
        "handed_until": None,
        "error": WORKER_GONE,
    }
    if to is not Carriage.UNKNOWN:
        values["leased_until"] = None
    return _rows_changed(
        update(model)
        .where(
            model.carriage == Carriage.CLAIMED,
            or_(model.leased_until < now, model.leased_until > now + LONGEST),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )


# Many rows at once ----------------------------------------------------------------------------------------------------
#
# For rows that are carried by the hundred in a second.  A line of work takes a hand of rows, which keeps the others
# from going for the same ones and binds nobody; out of it, it claims a few at a time.

MOST = 16
"""How many rows can be claimed, settled or given back by one statement."""
HAND = timedelta(seconds=10)

_IDS = [bindparam(f"id_{n}", type_=BigInteger) for n in range(MOST)]
_NOW = bindparam("now", type_=UtcDateTime())
_TOO_FAR = bindparam("too_far", type_=UtcDateTime())
_UNTIL = bindparam("until", type_=UtcDateTime())


def list_due(
    desk: Desk, model: Any, *, now: datetime, most: int, among: ColumnElement[bool] | None = None
) -> list[int]:
    """Return the ids of up to `most` rows that are due and in nobody's hand, oldest first; `among` narrows them."""
    return [row[0] for row in desk.ask(_due(model, among), now=now, too_far=now + LONGEST, most=most)]


def take_up(
    desk: Desk, model: Any, *, now: datetime, most: int, among: ColumnElement[bool] | None = None
) -> list[int]:
    """Take a hand of up to `most` due rows, which others leave alone for a moment; return their ids, oldest first."""
    taken = desk.ask(_take_up(model, among), now=now, too_far=now + LONGEST, most=most, until=now + HAND)
    return sorted(row[0] for row in taken)


def put_down(desk: Desk, model: Any, *, now: datetime) -> None:
    """Let others have what is left of the hand that was taken at `now`."""
    desk.change(_put_down(model), until=now + HAND)


def claim_some(
    desk: Desk, model: Any, ids: Sequence[int], columns: tuple[str, ...], *, now: datetime
) -> list[tuple[Any, ...]]:
    """Claim those of up to MOST rows that wait and are due, until now + LEASE, and return their columns, id first.

    The update itself is the guard: of two workers that try at once, one changes a row and one changes none.
    """
    claimed = desk.ask(_claim(model, columns), now=now, until=now + LEASE, **_numbered(ids))
    return sorted(claimed, key=lambda row: ids.index(row[0]))


def settle_some(desk: Desk, model: Any, ids: Sequence[int], *, until: datetime, **values: Any) -> int:
    """Record the same `values` of up to MOST rows that were claimed until `until`; return how many were still ours.

    The fence is that of `settle`.
    """
    return desk.change(
        _settle(model, tuple(sorted(values))),
        until=until,
        **_numbered(ids),
        **{f"to_{name}": value for name, value in values.items()},
    )


def give_back(desk: Desk, model: Any, ids: Sequence[int], *, until: datetime) -> int:
    """Let rows wait again that were claimed until `until` and not begun; return how many were still ours."""
    return desk.change(_give_back(model), until=until, **_numbered(ids))


def _numbered(ids: Sequence[int]) -> dict[str, int]:
    assert len(ids) <= MOST
    return {f"id_{n}": ids[n] if n < len(ids) else 0 for n in range(MOST)}


def _is(model: Any, state: Carriage) -> ColumnElement[bool]:
    """Ask for the state of rows that are known by their ids.

    Written so that no index of states is of use: it would be read from end to end, with all who wait in it.
    """
    return type_coerce(model.carriage, Text).concat("") == state.value


def _is_held(model: Any, until: Any) -> ColumnElement[bool]:
    # Not in_(), whose list of values a Desk cannot spell out.
    ours: ColumnElement[bool] = model.leased_until == until
    return or_(_is(model, Carriage.CLAIMED), _is(model, Carriage.UNKNOWN)) & ours


@cache
def _due(model: Any, among: ColumnElement[bool] | None) -> Any:
    free = or_(model.handed_until.is_(None), model.handed_until < _NOW, model.handed_until > _TOO_FAR)
    due = select(model.id).where(
        model.carriage == Carriage.QUEUED, or_(model.due_at.is_(None), model.due_at <= _NOW), free
    )
    if among is not None:
        due = due.where(among)
    return due.order_by(model.id).limit(bindparam("most", type_=BigInteger))


@cache
def _take_up(model: Any, among: ColumnElement[bool] | None) -> Any:
    due = _due(model, among).with_for_update(skip_locked=True).cte("due")
    return update(model).where(model.id.in_(select(due.c.id))).values(handed_until=_UNTIL).returning(model.id)


@cache
def _put_down(model: Any) -> Any:
    return (
        update(model)
        .where(model.carriage == Carriage.QUEUED, model.handed_until == _UNTIL)
        .values(handed_until=None)
    )


@cache
def _claim(model: Any, columns: tuple[str, ...]) -> Any:
    return (
        update(model)
        .where(
            model.id.in_(_IDS),
            _is(model, Carriage.QUEUED),
            or_(model.due_at.is_(None), model.due_at <= _NOW),
        )
        .values(carriage=Carriage.CLAIMED, leased_until=_UNTIL, tries=model.tries + 1)
        .returning(model.id, *(getattr(model, name) for name in columns))
    )


@cache
def _settle(model: Any, names: tuple[str, ...]) -> Any:
    given = {name: bindparam(f"to_{name}", type_=getattr(model, name).type) for name in names}
    return (
        update(model)
        .where(model.id.in_(_IDS), _is_held(model, _UNTIL))
        .values(leased_until=None, handed_until=None, **given)
    )


@cache
def _give_back(model: Any) -> Any:
    return (
        update(model)
        .where(model.id.in_(_IDS), _is_held(model, _UNTIL))
        .values(
            carriage=Carriage.QUEUED,
            leased_until=None,
            handed_until=None,
            tries=model.tries - 1,
            error=None,
        )
    )


def _rows_changed(statement: Update) -> int:
    result = db.session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount
