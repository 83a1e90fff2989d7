"""Reading the trail."""

from collections.abc import Iterator

from sqlalchemy import select

from dxday.audit import rules
from dxday.audit.models import AuditEntry, AuditHead
from dxday.db import db


def find_broken_link() -> rules.BrokenLink | None:
    """Walk the whole chain and return its first broken link, or None."""
    head = db.session.scalars(select(AuditHead)).one_or_none()
    if head is None:
        return rules.BrokenLink(0, "the head of the chain is missing")
    return rules.find_broken_link(_chain(), head_sequence=head.sequence, head_hash=head.hash)


def count_entries() -> int:
    """Return how many entries the trail has, by its head."""
    return db.session.scalars(select(AuditHead.sequence)).one()


def list_entries(*, edition_id: int | None = None, limit: int = 200) -> list[AuditEntry]:
    """Return the newest entries first (of one edition, when it is given)."""
    statement = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(limit)
    if edition_id is not None:
        statement = statement.where(AuditEntry.edition_id == edition_id)
    return list(db.session.scalars(statement))


def _chain(page: int = 1000) -> Iterator[tuple[rules.Entry, str, str]]:
    """Yield the chain in order, read a page at a time so that memory stays flat."""
    last = 0
    while True:
        rows = db.session.scalars(
            select(AuditEntry).where(AuditEntry.id > last).order_by(AuditEntry.id).limit(page)
        ).all()
        for row in rows:
            entry = rules.Entry(
                sequence=row.sequence,
                at=row.at,
                actor_kind=row.actor_kind,
                actor_account_id=row.actor_account_id,
                actor_label=row.actor_label,
                action=row.action,
                subject=row.subject,
                edition_id=row.edition_id,
                facts=row.facts,
            )
            yield entry, row.previous_hash, row.hash
        if len(rows) < page:
            return
        last = rows[-1].id
