"""Operations: rows that a worker carries to the end, however long it takes."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dxday.db import Base, Id, Key
from dxday.leases import Carried


class Operation(Carried, Base):
    """Something that takes long and that somebody asked for; the columns of Carried say how far it is."""

    __tablename__ = "operation"
    __table_args__ = (
        CheckConstraint("done >= 0", name="done_not_negative"),
        CheckConstraint("total IS NULL OR total >= 0", name="total_not_negative"),
        Index("ix_operation_edition_id_created_at", "edition_id", "created_at"),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    """The same wish sent twice is one operation."""
    kind: Mapped[str]
    edition_id: Mapped[int | None] = mapped_column(Key, ForeignKey("edition.id"))
    arguments: Mapped[dict[str, Any]]
    requested_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    cancel_wanted_at: Mapped[datetime | None]
    storage_key: Mapped[str | None]
    file_name: Mapped[str | None]
    media_type: Mapped[str | None]
    answer: Mapped[dict[str, Any] | None]
    """What it found, as plain JSON values."""
