"""The chain of audit entries and its head."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dxday.db import Base, Id, Key


class AuditEntry(Base):
    """Who did what to what, and when; triggers refuse to change or delete it."""

    __tablename__ = "audit_entry"

    id: Mapped[Id]
    sequence: Mapped[int] = mapped_column(Key, unique=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_account_id: Mapped[int | None] = mapped_column(Key, index=True)
    """No foreign key: an entry outlives what it speaks of."""
    actor_label: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(index=True)
    edition_id: Mapped[int | None] = mapped_column(Key, index=True)
    facts: Mapped[dict[str, Any]]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class AuditHead(Base):
    """The one row that says where the chain ends; taken last in a transaction, so writers queue briefly."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(Key)
    hash: Mapped[str]
