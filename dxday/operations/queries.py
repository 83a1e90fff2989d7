"""Reading operations."""

from datetime import datetime

from sqlalchemy import func, select

from dxday.accounts.models import Account
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.operations import rules
from dxday.operations.models import Operation


def get_operation(edition_id: int, operation_id: int) -> Operation:
    """Return an operation of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(Operation).where(Operation.edition_id == edition_id, Operation.id == operation_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_operations(
    edition_id: int, kinds: list[str], *, limit: int = 50
) -> list[tuple[Operation, str | None]]:
    """Return the edition's latest operations of these kinds, each with the name of who asked for it; one statement."""
    return [
        (operation, name)
        for operation, name in db.session.execute(
            select(Operation, Account.full_name)
            .join(Account, Account.id == Operation.requested_by_id, isouter=True)
            .where(Operation.edition_id == edition_id, Operation.kind.in_(kinds))
            .order_by(Operation.created_at.desc(), Operation.id.desc())
            .limit(limit)
        )
    ]


def find_under_way(edition_id: int, kind: str) -> Operation | None:
    """Return an operation of this kind that waits or runs in the edition, or None."""
    return db.session.scalars(
        select(Operation)
        .where(
            Operation.edition_id == edition_id,
            Operation.kind == kind,
            Operation.carriage.in_((Carriage.QUEUED, Carriage.CLAIMED)),
        )
        .limit(1)
    ).first()


def list_outdated(now: datetime) -> list[Operation]:
    """Return the operations whose files have been kept for long enough."""
    return list(
        db.session.scalars(
            select(Operation).where(
                Operation.storage_key.is_not(None), Operation.ended_at < now - rules.KEEP_FILES
            )
        )
    )


def count_by_state() -> dict[Carriage, int]:
    """Return how many operations are in each state."""
    return dict(
        db.session.execute(select(Operation.carriage, func.count()).group_by(Operation.carriage)).all()
    )
