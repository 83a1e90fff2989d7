"""Hooks, and what was delivered to them."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dxday.db import Base, Id, Json, Key, choice
from dxday.leases import Carried
from dxday.webhooks.rules import Trouble


class Hook(Base):
    """Another system that wants to be told of some events of an edition."""

    __tablename__ = "hook"

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"), index=True)
    guid: Mapped[UUID] = mapped_column(unique=True, default=uuid4)
    name: Mapped[str]
    url: Mapped[str]
    events: Mapped[list[str]] = mapped_column(Json)
    secret_round: Mapped[int] = mapped_column(default=1)
    """The secret is derived from SECRET_KEY, guid and this number; raising it makes a new one."""
    secret_changed_at: Mapped[datetime | None]
    read_up_to: Mapped[int] = mapped_column(Key)
    """The last entry of the audit trail that was looked at for this hook."""
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[Trouble | None] = mapped_column(choice(Trouble))
    failing_since: Mapped[datetime | None]
    """Since when the receiver has given no answer; None when the last one came."""
    rest_until: Mapped[datetime | None]
    """Nothing is handed out before: the receiver is left in peace."""
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def host(self) -> str:
        """Where the address leads; the rest of it may hold a secret of the receiver."""
        return urlsplit(self.url).netloc


class HookDelivery(Carried, Base):
    """One event on its way to one hook; unique, so that an event is never told twice by two clocks."""

    __tablename__ = "hook_delivery"
    __table_args__ = (
        UniqueConstraint("hook_id", "event_sequence"),
        Index("ix_hook_delivery_hook_id_created_at", "hook_id", "created_at"),
    )

    id: Mapped[Id]
    hook_id: Mapped[int] = mapped_column(Key, ForeignKey("hook.id"))
    event_sequence: Mapped[int] = mapped_column(Key)
    """The number of the audit entry; a trial has a negative one of its own."""
    event: Mapped[str]
    webhook_id: Mapped[str] = mapped_column(unique=True)
    """The same at every try, so that the receiver can tell a repetition (Standard Webhooks: webhook-id)."""
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    status_code: Mapped[int | None]
    response: Mapped[str | None]
    """The beginning of the last answer, for whoever looks for a fault."""
