"""Sessions, their placements at sites, overrides, and the people who have a part."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account, Person
from dxday.db import Base, Id, Key, Translations, choice
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites.models import Room, Site


class Session(Base):
    """One event of the programme.  Where and when it is lies in its placements, never here."""

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        UniqueConstraint("id", "edition_id", name="uq_session_id_edition"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    code: Mapped[str]
    guid: Mapped[UUID] = mapped_column(unique=True, default=uuid4)
    """Stable for ever: calendars and imports know the session by it."""
    kind: Mapped[SessionKind] = mapped_column(choice(SessionKind))
    state: Mapped[SessionState] = mapped_column(choice(SessionState), default=SessionState.DRAFT)
    title: Mapped[Translations]
    abstract: Mapped[Translations | None]
    language: Mapped[str] = mapped_column(default="vi")
    sequence: Mapped[int] = mapped_column(default=0)
    """iCalendar SEQUENCE (RFC 5545 §3.8.7.4): raised when time, place or state of a published session changes."""
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    placements: Mapped[list["Placement"]] = relationship(
        lazy="raise", order_by="Placement.id", back_populates="session", foreign_keys="Placement.session_id"
    )
    parts: Mapped[list["Part"]] = relationship(
        lazy="raise", order_by="Part.position", back_populates="session"
    )

    __mapper_args__ = {"version_id_col": version}


class Placement(Base):
    """A session at one site: room, mode, start and end there.

    The database refuses two placements of one room that overlap, unless the room is shared or the placement
    carries an override (exclusion constraint on PostgreSQL, triggers on SQLite; see the first migration).
    """

    __tablename__ = "placement"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="times_in_order"),
        CheckConstraint("(room_id IS NULL) = (room_shared IS NULL)", name="shared_with_room"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity_not_negative"),
        ForeignKeyConstraint(
            ["session_id", "edition_id"], ["session.id", "session.edition_id"], name="fk_placement_session"
        ),
        ForeignKeyConstraint(
            ["site_id", "edition_id"], ["site.id", "site.edition_id"], name="fk_placement_site"
        ),
        ForeignKeyConstraint(
            ["room_id", "site_id", "room_shared"],
            ["room.id", "room.site_id", "room.shared"],
            name="fk_placement_room",
            onupdate="CASCADE",
        ),
        UniqueConstraint("session_id", "site_id", "room_id", name="uq_placement_once_per_room"),
        Index(
            "uq_placement_one_origin",
            "session_id",
            unique=True,
            sqlite_where=text("role = 'origin'"),
            postgresql_where=text("role = 'origin'"),
        ),
        Index("ix_placement_room_id_starts_at", "room_id", "starts_at"),
        Index("ix_placement_edition_id_starts_at", "edition_id", "starts_at"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key)
    session_id: Mapped[int] = mapped_column(Key)
    site_id: Mapped[int] = mapped_column(Key, index=True)
    room_id: Mapped[int | None] = mapped_column(Key)
    room_shared: Mapped[bool | None]
    """Equal to the room's own mark, held so by the foreign key."""
    role: Mapped[PlacementRole] = mapped_column(choice(PlacementRole))
    mode: Mapped[Mode] = mapped_column(choice(Mode))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    join_url: Mapped[str | None]
    capacity: Mapped[int | None]
    cancelled_at: Mapped[datetime | None]
    override_id: Mapped[int | None] = mapped_column(Key, ForeignKey("placement_override.id"), unique=True)

    session: Mapped[Session] = relationship(
        lazy="raise",
        back_populates="placements",
        foreign_keys=[session_id],
        primaryjoin="Placement.session_id == Session.id",
    )
    site: Mapped[Site] = relationship(
        lazy="raise", foreign_keys=[site_id], primaryjoin="Placement.site_id == Site.id", viewonly=True
    )
    room: Mapped[Room | None] = relationship(
        lazy="raise", foreign_keys=[room_id], primaryjoin="Placement.room_id == Room.id", viewonly=True
    )
    override: Mapped["PlacementOverride | None"] = relationship(lazy="raise")


class PlacementChange(Base):
    """How a published placement stood before it was changed, until the people it concerns were told.

    Further changes before that keep what was announced: people are told the difference to what they know, once.
    """

    __tablename__ = "placement_change"
    __table_args__ = (
        Index(
            "uq_placement_change_untold",
            "placement_id",
            unique=True,
            sqlite_where=text("notice_id IS NULL"),
            postgresql_where=text("notice_id IS NULL"),
        ),
        Index("ix_placement_change_edition_id_notice_id", "edition_id", "notice_id"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    placement_id: Mapped[int] = mapped_column(Key, ForeignKey("placement.id"))
    was_starts_at: Mapped[datetime]
    was_ends_at: Mapped[datetime]
    was_room_id: Mapped[int | None] = mapped_column(Key, ForeignKey("room.id"))
    was_cancelled: Mapped[bool]
    changed_at: Mapped[datetime]
    """The last change; people are told when it has been quiet for a while."""
    notice_id: Mapped[int | None] = mapped_column(Key, ForeignKey("notice.id"))


class PlacementOverride(Base):
    """Why a placement may share its room with another at the same time, and who said so."""

    __tablename__ = "placement_override"
    __table_args__ = (CheckConstraint("length(reason) > 0", name="reason_given"),)

    id: Mapped[Id]
    reason: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]

    account: Mapped[Account | None] = relationship(lazy="raise")


class Part(Base):
    """A person's part in a session; a presiding officer has it at one site."""

    __tablename__ = "part"
    __table_args__ = (
        UniqueConstraint("session_id", "person_id", "kind", "site_id", name="uq_part_once"),
        CheckConstraint("kind <> 'presiding_officer' OR site_id IS NOT NULL", name="officer_has_site"),
    )

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(Key, ForeignKey("session.id"), index=True)
    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"), index=True)
    kind: Mapped[PartKind] = mapped_column(choice(PartKind))
    site_id: Mapped[int | None] = mapped_column(Key, ForeignKey("site.id"))
    position: Mapped[int] = mapped_column(default=0)

    session: Mapped[Session] = relationship(lazy="raise", back_populates="parts")
    person: Mapped[Person] = relationship(lazy="raise")
