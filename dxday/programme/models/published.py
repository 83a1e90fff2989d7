"""What the public sees: the programme as it was last released, and every release with what it changed.

The working draft lies in `sessions`; only `programme.publishing` copies from there.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account, Person
from dxday.db import Base, Id, Json, Key, Minutes, Names, Translations, choice
from dxday.programme.models.sessions import Track
from dxday.programme.rules import EntryChange, Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites.models import Room, Site


class Release(Base):
    """A state of the programme that was published under a name."""

    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("edition_id", "number"),
        CheckConstraint("number >= 1", name="number_positive"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    number: Mapped[int]
    """1, 2, 3 … within the edition."""
    name: Mapped[str]
    note: Mapped[Translations | None]
    """What visitors are told of it."""
    forced_reason: Mapped[str | None]
    """Why it was published although findings stood against it."""
    created_at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))

    account: Mapped[Account | None] = relationship(lazy="raise")
    entries: Mapped[list["ReleaseEntry"]] = relationship(
        lazy="raise", order_by="ReleaseEntry.id", back_populates="release"
    )


class ReleaseEntry(Base):
    """A session that a release added, changed or cancelled, as it stood then.

    How a session stood at some release is its latest entry up to that one.
    """

    __tablename__ = "release_entry"
    __table_args__ = (
        UniqueConstraint("release_id", "session_id"),
        Index("ix_release_entry_session_id", "session_id"),
    )

    id: Mapped[Id]
    release_id: Mapped[int] = mapped_column(Key, ForeignKey("release.id"))
    session_id: Mapped[int] = mapped_column(Key, ForeignKey("session.id"))
    change: Mapped[EntryChange] = mapped_column(choice(EntryChange))
    content: Mapped[dict[str, Any]]
    """The session with its placements and parts as plain JSON values: see programme.publishing."""

    release: Mapped[Release] = relationship(lazy="raise", back_populates="entries")


class PublishedSession(Base):
    """A session as the public sees it; `id` is that of the session in the draft."""

    __tablename__ = "published_session"
    __table_args__ = (Index("ix_published_session_edition_id", "edition_id"),)

    id: Mapped[int] = mapped_column(Key, ForeignKey("session.id"), primary_key=True, autoincrement=False)
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    code: Mapped[str]
    guid: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[SessionKind] = mapped_column(choice(SessionKind))
    state: Mapped[SessionState] = mapped_column(choice(SessionState))
    """Published or cancelled: what the public knew of stays visible as cancelled."""
    title: Mapped[Translations]
    subtitle: Mapped[Translations | None]
    abstract: Mapped[Translations | None]
    description: Mapped[Translations | None]
    language: Mapped[str]
    track_id: Mapped[int | None] = mapped_column(Key, ForeignKey("track.id"), index=True)
    main: Mapped[bool] = mapped_column(default=False, server_default=false())
    audiences: Mapped[Names] = mapped_column(Json, default=list, server_default="[]")
    needs: Mapped[Names] = mapped_column(Json, default=list, server_default="[]")
    expected: Mapped[int | None]
    duration: Mapped[timedelta | None] = mapped_column(Minutes)
    imported: Mapped[dict[str, Any] | None]
    sequence: Mapped[int] = mapped_column(default=0)
    """iCalendar SEQUENCE (RFC 5545 §3.8.7.4): raised by each release that changes time, place or state."""
    updated_at: Mapped[datetime]
    """When a release last changed it."""

    track: Mapped[Track | None] = relationship(lazy="raise")
    placements: Mapped[list["PublishedPlacement"]] = relationship(
        lazy="raise", order_by="PublishedPlacement.id", back_populates="session"
    )
    parts: Mapped[list["PublishedPart"]] = relationship(
        lazy="raise", order_by="PublishedPart.position", back_populates="session"
    )


class PublishedPlacement(Base):
    """A placement as the public sees it; `id` is that of the placement in the draft."""

    __tablename__ = "published_placement"
    __table_args__ = (
        ForeignKeyConstraint(["session_id"], ["published_session.id"], name="fk_published_placement_session"),
        Index("ix_published_placement_session_id", "session_id"),
        Index("ix_published_placement_site_id", "site_id"),
        Index("ix_published_placement_edition_id_starts_at", "edition_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(Key, ForeignKey("placement.id"), primary_key=True, autoincrement=False)
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    session_id: Mapped[int] = mapped_column(Key)
    site_id: Mapped[int] = mapped_column(Key, ForeignKey("site.id"))
    room_id: Mapped[int | None] = mapped_column(Key, ForeignKey("room.id"))
    role: Mapped[PlacementRole] = mapped_column(choice(PlacementRole))
    mode: Mapped[Mode] = mapped_column(choice(Mode))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    join_url: Mapped[str | None]
    capacity: Mapped[int | None]
    interpretation: Mapped[str | None]
    local_part: Mapped[Translations | None]
    cancelled_at: Mapped[datetime | None]
    opt_out_reason: Mapped[str | None]

    session: Mapped[PublishedSession] = relationship(lazy="raise", back_populates="placements")
    site: Mapped[Site] = relationship(lazy="raise", viewonly=True)
    room: Mapped[Room | None] = relationship(lazy="raise", viewonly=True)


class PublishedPart(Base):
    """A person's part in a session as the public sees it.

    Its `id` is its own: parts of the draft are deleted, and SQLite gives their numbers away again.
    """

    __tablename__ = "published_part"
    __table_args__ = (
        ForeignKeyConstraint(["session_id"], ["published_session.id"], name="fk_published_part_session"),
        Index("ix_published_part_session_id", "session_id"),
    )

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(Key)
    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"), index=True)
    kind: Mapped[PartKind] = mapped_column(choice(PartKind))
    site_id: Mapped[int | None] = mapped_column(Key, ForeignKey("site.id"))
    remote: Mapped[bool] = mapped_column(default=False, server_default=false())
    position: Mapped[int] = mapped_column(default=0)

    session: Mapped[PublishedSession] = relationship(lazy="raise", back_populates="parts")
    person: Mapped[Person] = relationship(lazy="raise")
