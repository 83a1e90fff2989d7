"""Editions of the Day and the documents they rest on."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Organisation
from dxday.db import Base, Id, Key, Translations, choice
from dxday.editions.rules import DocumentKind, Stage, Window, stage_on


class Edition(Base):
    """The Day of one host in one year.  It is a period, and its dates are data: 2025's ceremony was on 21 October."""

    __tablename__ = "edition"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="days_in_order"),
        CheckConstraint("registration_opens_at < registration_closes_at", name="registration_in_order"),
        CheckConstraint("nominations_open_at < nominations_close_at", name="nominations_in_order"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    host_id: Mapped[int] = mapped_column(Key, ForeignKey("organisation.id"))
    year: Mapped[int]
    name: Mapped[Translations]
    theme: Mapped[Translations | None]
    summary: Mapped[Translations | None]
    time_zone: Mapped[str] = mapped_column(default="Asia/Ho_Chi_Minh")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    ceremony_on: Mapped[date | None]
    registration_opens_at: Mapped[datetime | None]
    registration_closes_at: Mapped[datetime | None]
    nominations_open_at: Mapped[datetime | None]
    nominations_close_at: Mapped[datetime | None]
    postponed_from: Mapped[date | None]
    """The first day as it was announced before the edition was postponed."""
    cancelled_at: Mapped[datetime | None]
    change_reason: Mapped[Translations | None]
    """Why it was postponed or cancelled, as visitors read it."""
    contact_email: Mapped[str | None]
    """Where answers to letters go; shown to readers of letters."""
    programme_version: Mapped[int] = mapped_column(default=0)
    """Raised with every change of the published programme; pages and feeds are kept by it."""
    version: Mapped[int] = mapped_column(default=1)

    host: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    documents: Mapped[list["LegalDocument"]] = relationship(lazy="raise", order_by="LegalDocument.position")

    __mapper_args__ = {"version_id_col": version}

    @property
    def registration(self) -> Window:
        """When one can register."""
        return Window(self.registration_opens_at, self.registration_closes_at)

    @property
    def nominations(self) -> Window:
        """When agencies can nominate."""
        return Window(self.nominations_open_at, self.nominations_close_at)

    def stage(self, today: date) -> Stage:
        """Where the edition stands on `today` (a day of the edition's own time zone)."""
        return stage_on(self.starts_on, self.ends_on, today)


class LegalDocument(Base):
    """A decision, resolution or plan that an edition rests on."""

    __tablename__ = "legal_document"
    __table_args__ = (UniqueConstraint("edition_id", "position"),)

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"), index=True)
    kind: Mapped[DocumentKind] = mapped_column(choice(DocumentKind))
    number: Mapped[str]
    issued_on: Mapped[date | None]
    issuer: Mapped[Translations]
    title: Mapped[Translations]
    source: Mapped[str | None]
    """Where the fact was read; None while it is unconfirmed."""
    position: Mapped[int]
