"""Carrying long work: begun, kept alive step by step, cancelled between steps, begun again when a worker died."""

import time
from datetime import datetime
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import CursorResult, and_, select, update
from sqlalchemy.orm.attributes import set_committed_value

from dxday import db, leases
from dxday.adapters import storage
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.operations import kinds, queries, rules, services
from dxday.operations.models import Operation

log = structlog.get_logger()

STEP = 0.5
"""Seconds between two looks at the row: often enough for who watches, seldom enough for the database."""


class _Lost(Exception):
    """Another worker has taken the row over: this one was silent for too long."""


def hand_out_operations(now: datetime) -> list[int]:
    """Return the ids of operations to carry, marked as handed to the queue for a minute.

    What a dead worker held waits again.  What killed its worker every time is given up.
    """
    with db.transaction():
        leases.release_expired(Operation, to=Carriage.QUEUED, now=now)
        for given_up, to in (
            (Operation.cancel_wanted_at.is_not(None), Carriage.CANCELLED),
            (Operation.tries >= rules.MAX_TRIES, Carriage.FAILED),
        ):
            db.db.session.execute(
                update(Operation)
                .where(Operation.carriage == Carriage.QUEUED, given_up)
                .values(carriage=to, ended_at=now)
                .execution_options(synchronize_session=False)
            )
        return leases.hand_out(Operation, now=now, limit=20)


def carry_operation(row_id: int, now: datetime) -> Carriage | None:
    """Do one operation and return what became of it; None when it is not due or another worker has it.

    Its kind does the work outside of any transaction of ours, and says how far it is; each word of it renews the
    lease, so that an operation may take hours and a dead worker is noticed in minutes.
    """
    with db.transaction():
        operation = leases.claim(Operation, row_id, now=now)
        if operation is not None and operation.started_at is None:
            operation.started_at = now
    if operation is None:
        return None
    progress = _Reporter(operation)
    try:
        kind = kinds.known()[operation.kind]
        outcome = kind.run(operation, progress, now)
        progress.look()
        key = None
        if outcome.data is not None:
            key = f"operations/{operation.id}/{operation.tries}"
            storage.open_storage(current_app.extensions["dxday_settings"].storage_url).put(key, outcome.data)
        return _end(
            operation,
            Carriage.DONE,
            done=progress.done,
            total=progress.total,
            storage_key=key,
            file_name=outcome.file_name,
            media_type=outcome.media_type,
            answer=outcome.answer,
        )
    except kinds.Cancelled:
        return _end(operation, Carriage.CANCELLED)
    except _Lost:
        log.warning("operation_lost", row=row_id, kind=operation.kind)
        return None
    except Exception as error:  # whatever it is, the row must not stay claimed, and a person reads the reason
        log.exception("operation_failed", row=row_id, kind=operation.kind)
        return _end(operation, Carriage.FAILED, error=f"{type(error).__name__}: {error}"[:500])


def tidy_operations(now: datetime) -> int:
    """Remove files that were kept for long enough and return how many."""
    outdated = queries.list_outdated(now)
    store = storage.open_storage(current_app.extensions["dxday_settings"].storage_url)
    for operation in outdated:
        store.delete(operation.storage_key or "")
        with db.transaction():
            services.forget_file(operation)
    return len(outdated)


class _Reporter:
    """Writes down how far an operation is, renews its lease, and notices that it is to end."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self._lease = operation.leased_until
        self._written_at = float("-inf")
        self.done = operation.done
        self.total = operation.total

    def __call__(self, done: int, total: int | None = None) -> None:
        self.done, self.total = done, total
        if time.monotonic() - self._written_at >= STEP:
            self._write()

    def look(self) -> None:
        """Make sure that the row is still ours.  Raises Cancelled."""
        self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        until = clock.now() + leases.LEASE
        with db.transaction():
            renewed = db.db.session.execute(
                update(Operation)
                .where(
                    Operation.id == self.operation.id,
                    and_(
                        Operation.carriage == Carriage.CLAIMED,
                        Operation.leased_until == self._lease,
                    ),
                )
                .values(leased_until=until, done=self.done, total=self.total)
                .execution_options(synchronize_session=False)
            )
            assert isinstance(renewed, CursorResult)
            ours = renewed.rowcount == 1
            wanted = db.db.session.scalar(
                select(Operation.cancel_wanted_at).where(Operation.id == self.operation.id)
            )
        if not ours:
            raise _Lost
        # Not read back from the row: what stands there may be the lease of another by then.
        set_committed_value(self.operation, "leased_until", until)
        self._lease = until
        if wanted is not None:
            raise kinds.Cancelled


def _end(operation: Operation, to: Carriage, *, error: str | None = None, **changes: Any) -> Carriage | None:
    now = clock.now()
    with db.transaction():
        recorded = leases.settle(operation, to=to, error=error, ended_at=now, **changes)
    log.info("operation", row=operation.id, kind=operation.kind, outcome=to.value, recorded=recorded)
    return to if recorded else None
