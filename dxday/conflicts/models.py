"""What the conflict rules go by in an edition: levels, limits, travel, availability; and overridden findings."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account
from dxday.conflicts.rules import Level
from dxday.db import Base, Id, Key, Minutes, choice


class ProgrammeSetting(Base):
    """Limits and usual times of one edition; an edition without a row has the defaults of `rules.Limits`."""

    __tablename__ = "programme_setting"
    __table_args__ = (
        CheckConstraint("turnaround >= 0", name="turnaround_not_negative"),
        CheckConstraint("travel >= 0", name="travel_not_negative"),
        CheckConstraint("licences IS NULL OR licences >= 0", name="licences_not_negative"),
        CheckConstraint("interpreters IS NULL OR interpreters >= 0", name="interpreters_not_negative"),
    )

    edition_id: Mapped[int] = mapped_column(
        Key, ForeignKey("edition.id"), primary_key=True, autoincrement=False
    )
    turnaround: Mapped[timedelta] = mapped_column(Minutes, default=timedelta(0))
    """Between two sessions in one room, where the room says nothing else."""
    travel: Mapped[timedelta] = mapped_column(Minutes, default=timedelta(minutes=60))
    """Between two sites of which nothing else is known."""
    licences: Mapped[int | None]
    """How many video conferences can run at the same time; None is no limit."""
    interpreters: Mapped[int | None]
    """How many placements can be interpreted at the same time; None is no limit."""
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class ConflictSetting(Base):
    """The level that an edition gives to a conflict rule, instead of the rule's own."""

    __tablename__ = "conflict_setting"
    __table_args__ = (UniqueConstraint("edition_id", "rule"),)

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    rule: Mapped[str]
    level: Mapped[Level] = mapped_column(choice(Level))


class ConflictOverride(Base):
    """Why a finding may stand, and who said so; it speaks of that finding alone."""

    __tablename__ = "conflict_override"
    __table_args__ = (
        UniqueConstraint("edition_id", "rule", "key", name="uq_conflict_override_once"),
        CheckConstraint("length(reason) > 0", name="reason_given"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    rule: Mapped[str]
    key: Mapped[str]
    """What the finding is about, as its rule writes it; see rules.Finding."""
    reason: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]

    account: Mapped[Account | None] = relationship(lazy="raise")


class SiteTravel(Base):
    """How long it takes from one site to another, and back."""

    __tablename__ = "site_travel"
    __table_args__ = (
        UniqueConstraint("one_id", "other_id", name="uq_site_travel_once"),
        CheckConstraint("one_id < other_id", name="written_once"),
        CheckConstraint("length >= 0", name="length_not_negative"),
        Index("ix_site_travel_edition_id", "edition_id"),
        ForeignKeyConstraint(
            ["one_id", "edition_id"], ["site.id", "site.edition_id"], name="fk_site_travel_one"
        ),
        ForeignKeyConstraint(
            ["other_id", "edition_id"], ["site.id", "site.edition_id"], name="fk_site_travel_other"
        ),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key)
    one_id: Mapped[int] = mapped_column(Key)
    other_id: Mapped[int] = mapped_column(Key)
    length: Mapped[timedelta] = mapped_column(Minutes)


class Availability(Base):
    """A time in which a person, a room or a site can be had, or cannot.

    Who has times in which they can be had cannot be had at others; who has none can always be had, but for the times
    in which they cannot.
    """

    __tablename__ = "availability"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="times_in_order"),
        CheckConstraint(
            "(CASE WHEN person_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN room_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN site_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="of_one_thing",
        ),
        Index("ix_availability_edition_id", "edition_id"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    person_id: Mapped[int | None] = mapped_column(Key, ForeignKey("person.id"), index=True)
    room_id: Mapped[int | None] = mapped_column(Key, ForeignKey("room.id"), index=True)
    site_id: Mapped[int | None] = mapped_column(Key, ForeignKey("site.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    available: Mapped[bool]
    note: Mapped[str] = mapped_column(default="", server_default="")
