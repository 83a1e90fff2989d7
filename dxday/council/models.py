"""Councils, their seats and who holds them, conflicts of interest, and who reads which dossier."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account, Organisation
from dxday.council.rules import ConflictSource, SeatKind
from dxday.db import Base, Id, Json, Key, Names, Translations, choice
from dxday.nominations.models import Nomination


class Council(Base):
    """A council of an edition; a threshold is a share of its seats, held or vacant."""

    __tablename__ = "council"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        UniqueConstraint("id", "edition_id", name="uq_council_id_edition"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    code: Mapped[str]
    name: Mapped[Translations]
    shared_domains: Mapped[Names] = mapped_column(Json, default=list)
    """Mail domains that many agencies have in common, so that having one of them says nothing."""

    seats: Mapped[list["Seat"]] = relationship(
        lazy="raise", order_by="Seat.position", back_populates="council"
    )


class CouncilScheme(Base):
    """A scheme that a council decides on; each scheme has one council at the most."""

    __tablename__ = "council_scheme"
    __table_args__ = (
        ForeignKeyConstraint(
            ["council_id", "edition_id"],
            ["council.id", "council.edition_id"],
            name="fk_council_scheme_council",
        ),
        ForeignKeyConstraint(
            ["scheme_id", "edition_id"], ["scheme.id", "scheme.edition_id"], name="fk_council_scheme_scheme"
        ),
    )

    scheme_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    council_id: Mapped[int] = mapped_column(Key, index=True)
    edition_id: Mapped[int] = mapped_column(Key)


class Seat(Base):
    """A seat of a council; it counts while it is not abolished, also when nobody holds it."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("council_id", "position"),)

    id: Mapped[Id]
    council_id: Mapped[int] = mapped_column(Key, ForeignKey("council.id"))
    kind: Mapped[SeatKind] = mapped_column(choice(SeatKind))
    title: Mapped[Translations]
    """The office that the seat belongs to, as minutes print it."""
    position: Mapped[int]
    expert: Mapped[bool] = mapped_column(default=False)
    """Whether its holder knows the subject: each dossier is read by at least one who does."""
    abolished_on: Mapped[date | None]

    council: Mapped[Council] = relationship(lazy="raise", back_populates="seats")
    terms: Mapped[list["Term"]] = relationship(lazy="raise", order_by="Term.starts_on", back_populates="seat")


class Term(Base):
    """Somebody holds a seat from one day to another."""

    __tablename__ = "term"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="in_order"),
        # One holder at a time: who is still sitting has no last day.
        Index(
            "uq_term_sitting", "seat_id", unique=True,
            sqlite_where=text("ends_on IS NULL"), postgresql_where=text("ends_on IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    seat_id: Mapped[int] = mapped_column(Key, ForeignKey("seat.id"), index=True)
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    """The last day in the seat; of a resignation too."""
    end_reason: Mapped[str | None]

    seat: Mapped[Seat] = relationship(lazy="raise", back_populates="terms")
    account: Mapped[Account] = relationship(lazy="raise")


class ConflictOfInterest(Base):
    """A member who must keep away from a dossier; one row for each way in which it is known."""

    __tablename__ = "conflict_of_interest"
    __table_args__ = (
        UniqueConstraint(
            "nomination_id", "account_id", "source", "kind", name="uq_conflict_of_interest_once"
        ),
        Index("ix_conflict_of_interest_account_id", "account_id"),
    )

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"))
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    source: Mapped[ConflictSource] = mapped_column(choice(ConflictSource))
    kind: Mapped[str]
    """Same agency, ancestor, past agency, endorser, mail domain, or another."""
    detail: Mapped[str]
    created_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    lift_reason: Mapped[str | None]

    nomination: Mapped[Nomination] = relationship(lazy="raise")
    account: Mapped[Account] = relationship(lazy="raise", foreign_keys=[account_id])


class Affiliation(Base):
    """An agency at which an account works or has worked; what conflicts of interest are detected from."""

    __tablename__ = "affiliation"
    __table_args__ = (UniqueConstraint("account_id", "organisation_id"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    organisation_id: Mapped[int] = mapped_column(Key, ForeignKey("organisation.id"))
    past: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship(lazy="raise")


class Declaration(Base):
    """A member said whether they have a conflict with a dossier; before that it does not open for them."""

    __tablename__ = "declaration"
    __table_args__ = (Index("ix_declaration_account_id", "account_id"),)

    nomination_id: Mapped[int] = mapped_column(
        Key, ForeignKey("nomination.id"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(
        Key, ForeignKey("account.id"), primary_key=True, autoincrement=False
    )
    declared_at: Mapped[datetime]


class AvoidPair(Base):
    """Two members who do not read the same dossier."""

    __tablename__ = "avoid_pair"
    __table_args__ = (
        UniqueConstraint("council_id", "first_id", "second_id", name="uq_avoid_pair_once"),
        CheckConstraint("first_id < second_id", name="in_order"),
    )

    id: Mapped[Id]
    council_id: Mapped[int] = mapped_column(Key, ForeignKey("council.id"))
    first_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    second_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    reason: Mapped[str]
    created_at: Mapped[datetime]

    first: Mapped[Account] = relationship(lazy="raise", foreign_keys=[first_id])
    second: Mapped[Account] = relationship(lazy="raise", foreign_keys=[second_id])


class AssignmentRun(Base):
    """A proposal of who reads what, with the seed that it can be made from again; taken or dropped, never both."""

    __tablename__ = "assignment_run"
    __table_args__ = (
        CheckConstraint("taken_at IS NULL OR dropped_at IS NULL", name="one_end"),
        Index(
            "uq_assignment_run_open", "council_id", unique=True,
            sqlite_where=text("taken_at IS NULL AND dropped_at IS NULL"),
            postgresql_where=text("taken_at IS NULL AND dropped_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    council_id: Mapped[int] = mapped_column(Key, ForeignKey("council.id"), index=True)
    seed: Mapped[int]
    parameters: Mapped[dict[str, Any]]
    """What it was made with: method, whether readings were kept, how many dossiers and members there were."""
    pairs: Mapped[list[list[int]]] = mapped_column(Json)
    """[nomination, account] of each reading that there would be, those of today included."""
    by_hand: Mapped[bool] = mapped_column(default=False)
    """Whether somebody changed it since it was made."""
    created_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Reading(Base):
    """A member is to read a dossier; one that was taken away stays, with when and why."""

    __tablename__ = "reading"
    __table_args__ = (
        Index(
            "uq_reading_live", "nomination_id", "account_id", unique=True,
            sqlite_where=text("removed_at IS NULL"), postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_reading_account_id", "account_id"),
    )  # fmt: skip

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"))
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    run_id: Mapped[int | None] = mapped_column(Key, ForeignKey("assignment_run.id"))
    """The proposal that it came with; None: by hand."""
    assigned_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    assigned_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    removal_reason: Mapped[str | None]

    nomination: Mapped[Nomination] = relationship(lazy="raise")
    account: Mapped[Account] = relationship(lazy="raise", foreign_keys=[account_id])
