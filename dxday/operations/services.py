"""Asking for long work, and calling it off."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.carriage import Carriage
from dxday.core.errors import NotAllowed
from dxday.db import db, insert_into
from dxday.operations import rules
from dxday.operations.kinds import OperationKind
from dxday.operations.models import Operation


def request_operation(
    kind: OperationKind, *, key: str, edition_id: int, arguments: dict[str, Any], actor: Actor, now: datetime
) -> Operation:
    """Put long work into the rows that workers carry; the same `key` again returns what is there.

    `arguments` are plain JSON values.  Raises NotAllowed when the kind is not the actor's to ask for.
    """
    if not actor.may(kind.permission, edition_id=edition_id):
        raise NotAllowed
    added = db.session.execute(
        insert_into(Operation)
        .values(
            key=key,
            kind=kind.name,
            edition_id=edition_id,
            arguments=arguments,
            requested_by_id=actor.account_id,
            created_at=now,
            carriage=Carriage.QUEUED,
            tries=0,
            done=0,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Operation.id)
    ).first()
    operation = db.session.scalars(select(Operation).where(Operation.key == key)).one()
    if operation.edition_id != edition_id or operation.kind != kind.name:
        raise NotAllowed
    if added is not None:
        audit.record(
            "operation.requested",
            subject=f"operation:{operation.id}",
            actor=actor,
            now=now,
            edition_id=edition_id,
            kind=kind.name,
        )
    return operation


def cancel_operation(operation: Operation, *, actor: Actor, now: datetime) -> None:
    """Call an operation off: at once while it waits, at its next step while it runs.  Raises EndedAlready.

    What it has done so far stays or goes as its kind says; its file is not kept.
    """
    db.session.refresh(operation, with_for_update=True)
    rules.check_can_cancel(operation.carriage)
    operation.cancel_wanted_at = now
    if operation.carriage is Carriage.QUEUED:
        operation.carriage, operation.ended_at = Carriage.CANCELLED, now
    db.session.flush()
    audit.record(
        "operation.cancelled",
        subject=f"operation:{operation.id}",
        actor=actor,
        now=now,
        edition_id=operation.edition_id,
        kind=operation.kind,
    )


def forget_file(operation: Operation) -> None:
    """Let go of the name of a file that is no longer kept."""
    db.session.execute(
        update(Operation)
        .where(Operation.id == operation.id)
        .values(storage_key=None)
        .execution_options(synchronize_session=False)
    )
