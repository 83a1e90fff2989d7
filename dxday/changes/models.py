"""Notices: what people are told about a change of plan, each of them once."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dxday.changes.rules import Act, Scope
from dxday.db import Base, Id, Key, Translations, choice


class Notice(Base):
    """One thing that everybody whom it concerns is told once; the changes it tells of refer to it."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_told_at", "told_at"),)

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"), index=True)
    act: Mapped[Act] = mapped_column(choice(Act))
    scope: Mapped[Scope] = mapped_column(choice(Scope))
    site_id: Mapped[int | None] = mapped_column(Key, ForeignKey("site.id"))
    session_id: Mapped[int | None] = mapped_column(Key, ForeignKey("session.id"))
    reason: Mapped[Translations | None]
    was_on: Mapped[date | None]
    """The first day before it was postponed."""
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    told_at: Mapped[datetime | None]
    """When the last person was told; None while it is being told."""
    told: Mapped[int] = mapped_column(default=0)
    """How many people were told."""
