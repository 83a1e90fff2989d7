"""The ledger: one row for each message, made in the transaction that causes it; who wants no mail; own wordings."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from dxday.core.carriage import Carriage
from dxday.db import Base, Id, Key, choice
from dxday.leases import Carried
from dxday.notifications.rules import Channel, SuppressionReason, SuppressionScope


class Message(Carried, Base):
    """A message to one person.  `key` is unique: the same occasion never makes two.

    What a reminder rule sends is one row for each rule, recipient and occurrence, which the database keeps unique.
    """

    __tablename__ = "message"
    __table_args__ = (
        # In this order, so that one look tells of which rules somebody was reminded of something.
        UniqueConstraint("recipient", "occasion", "anchor_at", "rule_id", name="uq_message_occurrence"),
        CheckConstraint(
            "rule_id IS NULL OR (recipient IS NOT NULL AND occasion IS NOT NULL AND anchor_at IS NOT NULL)",
            name="rule_has_occurrence",
        ),
        CheckConstraint("(bounced_at IS NULL) = (carriage <> 'bounced')", name="bounced_has_time"),
        Index(
            "ix_message_rule_id_carriage",
            "rule_id",
            "carriage",
            sqlite_where=text("rule_id IS NOT NULL"),
            postgresql_where=text("rule_id IS NOT NULL"),
        ),
        Index("ix_message_edition_id_created_at", "edition_id", "created_at"),
        # The next that are due are found at once, however many wait.
        Index("ix_message_carriage_required_id", "carriage", "required", "id"),
    )

    id: Mapped[Id]
    carriage: Mapped[Carriage] = mapped_column(choice(Carriage), default=Carriage.QUEUED)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    """The kind of a letter that a feature offers."""
    channel: Mapped[Channel] = mapped_column(choice(Channel), default=Channel.MAIL, server_default="mail")
    required: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Somebody who wants no mail gets it all the same: it answers what they did themselves, or the law asks for it."""
    edition_id: Mapped[int | None] = mapped_column(Key, ForeignKey("edition.id"))
    rule_id: Mapped[int | None] = mapped_column(Key, ForeignKey("reminder_rule.id"))
    recipient: Mapped[str | None]
    """Who it is for, as `registration:12`; stays the same when their address changes."""
    occasion: Mapped[str | None]
    """What a rule reminds of, as `site:3` or `session:7`."""
    anchor_at: Mapped[datetime | None]
    """The moment that a rule counted from, as it stood when the row was made."""
    expires_at: Mapped[datetime | None]
    """Not to leave after this moment: who reads “tomorrow” the day after is worse off than without it."""
    message_id: Mapped[str] = mapped_column(unique=True)
    """The Message-ID header, the same at every try (RFC 5322 §3.6.4)."""
    to_name: Mapped[str]
    to_address: Mapped[str]
    """A mail address, or a telephone number (E.164) where the channel is a text message."""
    locale: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str | None]
    calendar: Mapped[bytes | None] = mapped_column(LargeBinary)
    calendar_method: Mapped[str | None]
    reply_to: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    stays_off: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Once cancelled, it is not put in again: a person called it off, or it may have left before."""


class Suppression(Base):
    """An address that shall get no mail, or none that it need not get; kept when released."""

    __tablename__ = "suppression"
    __table_args__ = (
        Index(
            "uq_suppression_in_force",
            "address_key",
            "scope",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("ix_suppression_edition_id_created_at", "edition_id", "created_at"),
    )

    id: Mapped[Id]
    address_key: Mapped[str]
    """A mail address or telephone number, as `rules.address_key` spells it."""
    edition_id: Mapped[int | None] = mapped_column(Key, ForeignKey("edition.id"))
    """Whose letter or staff it came from; it holds for every edition."""
    scope: Mapped[SuppressionScope] = mapped_column(choice(SuppressionScope))
    reason: Mapped[SuppressionReason] = mapped_column(choice(SuppressionReason))
    note: Mapped[str]
    """What the other server said, or what the person who entered it wrote."""
    message_row_id: Mapped[int | None] = mapped_column(Key, ForeignKey("message.id"))
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]


class OwnWording(Base):
    """The words of an edition for a kind of letter in one language, instead of the shipped ones."""

    __tablename__ = "own_wording"
    __table_args__ = (UniqueConstraint("edition_id", "kind", "locale"),)

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    kind: Mapped[str] = mapped_column(String(40))
    locale: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
