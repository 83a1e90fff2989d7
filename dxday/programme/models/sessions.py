"""The working draft of the programme: sessions, their placements at sites, overrides, and who has a part."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account, Person
from dxday.db import Base, Id, Json, Key, Minutes, Names, Translations, choice
from dxday.programme.rules import Mode, OrderMark, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites.models import Room, Site


class Track(Base):
    """A line of sessions on one subject."""

    __tablename__ = "track"
    __table_args__ = (UniqueConstraint("edition_id", "code"),)

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    code: Mapped[str]
    name: Mapped[Translations]
    position: Mapped[int] = mapped_column(default=0)


class Session(Base):
    """One event of the programme.  Where and when it is lies in its placements, never here."""

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        UniqueConstraint("id", "edition_id", name="uq_session_id_edition"),
        CheckConstraint("expected >= 0", name="expected_not_negative"),
        CheckConstraint("duration > 0", name="duration_positive"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    code: Mapped[str]
    guid: Mapped[UUID] = mapped_column(unique=True, default=uuid4)
    """Stable for ever: calendars and imports know the session by it."""
    kind: Mapped[SessionKind] = mapped_column(choice(SessionKind))
    state: Mapped[SessionState] = mapped_column(choice(SessionState), default=SessionState.DRAFT)
    title: Mapped[Translations]
    subtitle: Mapped[Translations | None]
    abstract: Mapped[Translations | None]
    description: Mapped[Translations | None]
    language: Mapped[str] = mapped_column(default="vi")
    track_id: Mapped[int | None] = mapped_column(Key, ForeignKey("track.id"), index=True)
    main: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A main session: every site that receives it needs a presiding officer."""
    order_mark: Mapped[OrderMark | None] = mapped_column(choice(OrderMark))
    audiences: Mapped[Names] = mapped_column(Json, default=list, server_default="[]")
    """Codes of the groups that it is for: two sessions for one group should not be at the same time."""
    needs: Mapped[Names] = mapped_column(Json, default=list, server_default="[]")
    """Equipment that the room where it is held must have."""
    expected: Mapped[int | None]
    """How many people are expected in the room where it is held."""
    duration: Mapped[timedelta | None] = mapped_column(Minutes)
    """How long it is to last; kept for what has no time yet."""
    wishes: Mapped[dict[str, Any] | None]
    """Where and when it may be put and would best be: see rules.Wishes."""
    pinned: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether automatic scheduling must leave it where it is."""
    held: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether releases leave it out, as long as it is a draft."""
    imported: Mapped[dict[str, Any] | None]
    """What a file said of it that has no column here, so that it can be given back."""
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    track: Mapped[Track | None] = relationship(lazy="raise")
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
    interpretation: Mapped[str | None]
    """The language into which it is interpreted at this site; each such placement keeps one interpreter busy."""
    local_part: Mapped[Translations | None]
    """What the site adds of its own, such as an opening before the line is switched on."""
    confirmed_at: Mapped[datetime | None]
    """When the site said that it is ready to hold or receive it."""
    cancelled_at: Mapped[datetime | None]
    opt_out_reason: Mapped[str | None]
    """Why this site does not take part, where it is this site alone."""
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
    remote: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether they join by line, from wherever they are: then nobody has to travel."""
    position: Mapped[int] = mapped_column(default=0)

    session: Mapped[Session] = relationship(lazy="raise", back_populates="parts")
    person: Mapped[Person] = relationship(lazy="raise")


class SessionOrder(Base):
    """One session that must be over before another begins."""

    __tablename__ = "session_order"
    __table_args__ = (
        UniqueConstraint("before_id", "after_id", name="uq_session_order_once"),
        CheckConstraint("before_id <> after_id", name="two_sessions"),
        CheckConstraint("minutes >= 0", name="minutes_not_negative"),
        Index("ix_session_order_edition_id", "edition_id"),
        Index("ix_session_order_after_id", "after_id"),
        ForeignKeyConstraint(
            ["before_id", "edition_id"], ["session.id", "session.edition_id"], name="fk_session_order_before"
        ),
        ForeignKeyConstraint(
            ["after_id", "edition_id"], ["session.id", "session.edition_id"], name="fk_session_order_after"
        ),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key)
    before_id: Mapped[int] = mapped_column(Key)
    after_id: Mapped[int] = mapped_column(Key)
    minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    """How long there must be in between."""
