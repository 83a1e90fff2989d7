"""Writing the trail: entries are collected while the work is done and chained just before the commit."""

from datetime import datetime
from typing import Any

from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from dxday.audit import rules
from dxday.audit.models import AuditEntry, AuditHead
from dxday.core.actor import Actor
from dxday.db import db


def record(
    action: str, *, subject: str, actor: Actor, now: datetime, edition_id: int | None = None, **facts: Any
) -> None:
    """Note that `actor` did `action` (dotted verb, as `nomination.submitted`) to `subject` (a code).

    `facts` are plain JSON values without personal data beyond need.  The entry exists exactly when the
    transaction around it commits.
    """
    pending = db.session().info.setdefault("audit", [])
    pending.append(
        {
            "at": now,
            "actor_kind": actor.kind.value,
            "actor_account_id": actor.account_id,
            "actor_label": actor.label,
            "action": action,
            "subject": subject,
            "edition_id": edition_id,
            "facts": facts,
        }
    )


@event.listens_for(FlaskSession, "before_commit", propagate=True)
def chain_pending(session: Session) -> None:
    """Append what was recorded to the chain.

    The head row is locked here, at the very end, and not where the entry was recorded: so the time in which
    writers wait for each other is short, and no transaction holds the head while it waits for a seat or a room.
    The end of a savepoint is not the end.
    """
    if session.in_nested_transaction():
        return
    pending = session.info.pop("audit", None)
    if not pending:
        return
    session.flush()
    head = session.scalars(
        select(AuditHead).where(AuditHead.id == 1).with_for_update().execution_options(populate_existing=True)
    ).one()
    for facts in pending:
        entry = rules.Entry(sequence=head.sequence + 1, **facts)
        own_hash = rules.link(entry, head.hash)
        session.add(AuditEntry(sequence=entry.sequence, previous_hash=head.hash, hash=own_hash, **facts))
        head.sequence, head.hash = entry.sequence, own_hash
    session.flush()
