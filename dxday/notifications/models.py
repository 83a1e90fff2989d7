"""The outbox: one row for each message, made in the transaction that causes it."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from dxday.db import Base, Id, Key, choice
from dxday.leases import Carried
from dxday.notifications.rules import Kind


class Message(Carried, Base):
    """A message to one person.  `key` is unique: the same occasion never makes two."""

    __tablename__ = "message"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    edition_id: Mapped[int | None] = mapped_column(Key, ForeignKey("edition.id"), index=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    """The Message-ID header, the same at every try (RFC 5322 §3.6.4)."""
    to_name: Mapped[str]
    to_address: Mapped[str]
    locale: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str | None]
    calendar: Mapped[bytes | None] = mapped_column(LargeBinary)
    calendar_method: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
