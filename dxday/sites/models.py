"""Sites and rooms of an edition."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Organisation, Person
from dxday.db import Base, Id, Json, Key, Minutes, Names, Translations, choice
from dxday.sites.rules import SiteKind


class Site(Base):
    """A place where the Day is held or received: own presiding officer, rooms and seats."""

    __tablename__ = "site"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        UniqueConstraint("id", "edition_id", name="uq_site_id_edition"),
        Index(
            "uq_site_one_main",
            "edition_id",
            unique=True,
            sqlite_where=text("kind = 'main'"),
            postgresql_where=text("kind = 'main'"),
        ),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"), index=True)
    code: Mapped[str]
    kind: Mapped[SiteKind] = mapped_column(choice(SiteKind))
    name: Mapped[Translations]
    organisation_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organisation.id"))
    presiding_officer_id: Mapped[int | None] = mapped_column(Key, ForeignKey("person.id"))
    address: Mapped[Translations | None]
    join_url: Mapped[str | None]
    position: Mapped[int]
    cancelled_at: Mapped[datetime | None]

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    presiding_officer: Mapped[Person | None] = relationship(lazy="raise")
    rooms: Mapped[list["Room"]] = relationship(lazy="raise", order_by="Room.id", back_populates="site")


class Room(Base):
    """A room of a site.  A shared room (exhibition hall) may hold several sessions at once."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("site_id", "code"),
        # Placements refer to all three, so that a room's site and its being shared can never disagree with theirs.
        UniqueConstraint("id", "site_id", "shared", name="uq_room_id_site_shared"),
        CheckConstraint("capacity >= 0", name="capacity_not_negative"),
        CheckConstraint("turnaround >= 0", name="turnaround_not_negative"),
    )

    id: Mapped[Id]
    site_id: Mapped[int] = mapped_column(Key, ForeignKey("site.id"))
    code: Mapped[str]
    name: Mapped[Translations]
    capacity: Mapped[int]
    shared: Mapped[bool] = mapped_column(default=False)
    features: Mapped[Names] = mapped_column(Json, default=list, server_default="[]")
    """Codes of the equipment that is there; see rules.LINE for the one that broadcasts need."""
    turnaround: Mapped[timedelta | None] = mapped_column(Minutes)
    """How long it takes to make the room ready for the next session; None is the edition's usual time."""

    site: Mapped[Site] = relationship(lazy="raise", back_populates="rooms")
