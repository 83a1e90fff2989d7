"""Seat pools and registrations."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.db import Base, Id, Key, choice
from dxday.registration.rules import RegistrationState, SeatMode
from dxday.sites.models import Site


class SeatPool(Base):
    """The seats of one site in one mode.  `taken` is raised by a guarded update, never by counting first."""

    __tablename__ = "seat_pool"
    __table_args__ = (
        UniqueConstraint("site_id", "mode"),
        UniqueConstraint("id", "edition_id", name="uq_seat_pool_id_edition"),
        CheckConstraint("capacity >= 0", name="capacity_not_negative"),
        CheckConstraint("taken >= 0 AND taken <= capacity", name="not_oversold"),
        ForeignKeyConstraint(
            ["site_id", "edition_id"], ["site.id", "site.edition_id"], name="fk_seat_pool_site"
        ),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"), index=True)
    site_id: Mapped[int] = mapped_column(Key)
    mode: Mapped[SeatMode] = mapped_column(choice(SeatMode))
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)

    site: Mapped[Site] = relationship(
        lazy="raise", foreign_keys=[site_id], primaryjoin="SeatPool.site_id == Site.id", viewonly=True
    )

    @property
    def free(self) -> int:
        """How many seats are free, as last read."""
        return self.capacity - self.taken


class Registration(Base):
    """A place that somebody holds; kept when cancelled."""

    __tablename__ = "registration"
    __table_args__ = (
        ForeignKeyConstraint(
            ["pool_id", "edition_id"], ["seat_pool.id", "seat_pool.edition_id"], name="fk_registration_pool"
        ),
        UniqueConstraint("edition_id", "code"),
        Index(
            "uq_registration_one_per_address",
            "edition_id",
            "email_key",
            unique=True,
            sqlite_where=text("state = 'confirmed'"),
            postgresql_where=text("state = 'confirmed'"),
        ),
        Index("ix_registration_pool_id", "pool_id"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    pool_id: Mapped[int] = mapped_column(Key)
    code: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    """Opens the registration for its holder; 128 random bits, sent only to the address."""
    state: Mapped[RegistrationState] = mapped_column(
        choice(RegistrationState), default=RegistrationState.CONFIRMED
    )
    full_name: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str]
    organisation_name: Mapped[str]
    phone: Mapped[str | None]
    """For text messages, in the form of E.164; given only by who wants them."""
    locale: Mapped[str]
    consent_version: Mapped[str]
    consented_at: Mapped[datetime]
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    placed_at: Mapped[datetime | None]
    """When they moved to this site or mode; None is as they registered."""
    calendar_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    """iCalendar SEQUENCE of the invitation (RFC 5545 §3.8.7.4): raised with every one that is sent."""
    version: Mapped[int] = mapped_column(default=1)

    pool: Mapped[SeatPool] = relationship(
        lazy="raise", foreign_keys=[pool_id], primaryjoin="Registration.pool_id == SeatPool.id", viewonly=True
    )

    __mapper_args__ = {"version_id_col": version}
