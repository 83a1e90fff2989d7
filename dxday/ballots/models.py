"""Ballots, their rounds, and two things that nothing joins: who voted, and what was voted."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.ballots.rules import Channel, Choice, Count, Outcome, RoundState, State, Terms
from dxday.council.models import Council
from dxday.council.rules import SeatKind
from dxday.db import Base, Id, Json, Key, Names, Translations, choice
from dxday.nominations.models import Nomination
from dxday.schemes.models import Scheme
from dxday.schemes.rules import TieBreak


class Ballot(Base):
    """A council votes on the nominations of a scheme, by rules that are copied when its first round opens."""

    __tablename__ = "ballot"
    __table_args__ = (
        ForeignKeyConstraint(
            ["scheme_id", "edition_id"], ["scheme.id", "scheme.edition_id"], name="fk_ballot_scheme"
        ),
        ForeignKeyConstraint(
            ["council_id", "edition_id"], ["council.id", "council.edition_id"], name="fk_ballot_council"
        ),
        CheckConstraint("quorum BETWEEN 1 AND 100 AND threshold BETWEEN 1 AND 100", name="percents"),
        CheckConstraint("NOT (secret AND tie_break = 'chair')", name="chair_not_known"),
        Index("ix_ballot_edition_id", "edition_id"),
        # One at a time: a nomination stands in one ballot.
        Index(
            "uq_ballot_live", "scheme_id", unique=True,
            sqlite_where=text("state IN ('prepared', 'open', 'counted')"),
            postgresql_where=text("state IN ('prepared', 'open', 'counted')"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key)
    scheme_id: Mapped[int] = mapped_column(Key)
    council_id: Mapped[int] = mapped_column(Key)
    state: Mapped[State] = mapped_column(choice(State), default=State.PREPARED)
    secret: Mapped[bool]
    quorum: Mapped[int]
    threshold: Mapped[int]
    rounds: Mapped[int]
    tie_break: Mapped[TieBreak] = mapped_column(choice(TieBreak))
    created_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    """When its first round opened: from then on its rules and its list stand."""
    closed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]

    scheme: Mapped[Scheme] = relationship(
        lazy="raise", viewonly=True, foreign_keys=[scheme_id], primaryjoin="Ballot.scheme_id == Scheme.id"
    )
    council: Mapped[Council] = relationship(
        lazy="raise", viewonly=True, foreign_keys=[council_id], primaryjoin="Ballot.council_id == Council.id"
    )

    @property
    def terms(self) -> Terms:
        """The rules, as a value."""
        return Terms(self.quorum, self.threshold, self.rounds, self.tie_break, self.secret)


class BallotItem(Base):
    """A nomination in the list of a ballot, with the names that it was voted on by."""

    __tablename__ = "ballot_item"
    __table_args__ = (UniqueConstraint("ballot_id", "nomination_id"),)

    id: Mapped[Id]
    ballot_id: Mapped[int] = mapped_column(Key, ForeignKey("ballot.id"))
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"), index=True)
    code: Mapped[str]
    nominee_name: Mapped[str]
    organisation_name: Mapped[Translations]
    position: Mapped[int]
    outcome: Mapped[Outcome | None] = mapped_column(choice(Outcome))
    """What the last round in which it stood says; None before one was counted."""

    nomination: Mapped[Nomination] = relationship(lazy="raise")


class BallotRound(Base):
    """One round; an annulled one keeps its number and is repeated as another attempt."""

    __tablename__ = "ballot_round"
    __table_args__ = (
        UniqueConstraint("ballot_id", "number", "attempt"),
        CheckConstraint("seats > 0", name="seats"),
        Index(
            "uq_ballot_round_open", "ballot_id", unique=True,
            sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    ballot_id: Mapped[int] = mapped_column(Key, ForeignKey("ballot.id"))
    number: Mapped[int]
    attempt: Mapped[int]
    state: Mapped[RoundState] = mapped_column(choice(RoundState), default=RoundState.OPEN)
    seats: Mapped[int]
    """All seats of the council when the round opened, vacant ones included: what percents are a share of."""
    took_part: Mapped[int | None]
    """How many gave a vote on anything; known when it was counted."""
    opened_at: Mapped[datetime]
    counted_at: Mapped[datetime | None]
    seal: Mapped[str | None]
    """SHA-256 of the votes as they were counted."""
    annulled_at: Mapped[datetime | None]
    annul_reason: Mapped[str | None]


class BallotTally(Base):
    """A nomination on which a round votes, and the count of it."""

    __tablename__ = "ballot_tally"
    __table_args__ = (PrimaryKeyConstraint("round_id", "item_id"),)

    round_id: Mapped[int] = mapped_column(Key, ForeignKey("ballot_round.id"), autoincrement=False)
    item_id: Mapped[int] = mapped_column(Key, ForeignKey("ballot_item.id"), autoincrement=False, index=True)
    in_favour: Mapped[int | None]
    against: Mapped[int | None]
    blank: Mapped[int | None]
    recused: Mapped[int | None]
    not_voted: Mapped[int | None]
    chair: Mapped[Choice | None] = mapped_column(choice(Choice))
    """The chair's side, in a ballot by name whose tie it breaks."""
    outcome: Mapped[Outcome | None] = mapped_column(choice(Outcome))

    item: Mapped[BallotItem] = relationship(lazy="raise")

    @property
    def count(self) -> Count | None:
        """The count as a value; None while it was not counted, or for one that left."""
        if self.in_favour is None:
            return None
        parts = (self.in_favour, self.against, self.blank, self.recused, self.not_voted)
        return Count(*(part or 0 for part in parts))


class BallotSeat(Base):
    """The roll: who held which seat when a round opened; a vacant one has no account."""

    __tablename__ = "ballot_seat"
    __table_args__ = (UniqueConstraint("round_id", "seat_id"),)

    id: Mapped[Id]
    round_id: Mapped[int] = mapped_column(Key, ForeignKey("ballot_round.id"))
    seat_id: Mapped[int] = mapped_column(Key, ForeignKey("seat.id"))
    account_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"), index=True)
    full_name: Mapped[str]
    title: Mapped[Translations]
    kind: Mapped[SeatKind] = mapped_column(choice(SeatKind))
    position: Mapped[int]
    recused: Mapped[Names] = mapped_column(Json, default=list)
    """Codes of the nominations of the round from which the holder kept away, as it stood when they voted."""


class BallotVoter(Base):
    """Somebody has voted in a round: once, whatever happens at the same moment; not a word of what."""

    __tablename__ = "ballot_voter"
    __table_args__ = (PrimaryKeyConstraint("round_id", "account_id"), UniqueConstraint("round_id", "seat_id"))

    round_id: Mapped[int] = mapped_column(Key, ForeignKey("ballot_round.id"), autoincrement=False)
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"), autoincrement=False)
    seat_id: Mapped[int] = mapped_column(Key, ForeignKey("seat.id"))
    channel: Mapped[Channel] = mapped_column(choice(Channel))


class BallotVote(Base):
    """A vote on one nomination in a secret ballot: no person, no time, no order, no paper.

    A table without row numbers on SQLite, so that its order is that of the random ids; `services` rewrites it with
    each vote, so that on PostgreSQL no row tells by which transaction it came.
    """

    __tablename__ = "ballot_vote"
    __table_args__ = (
        ForeignKeyConstraint(
            ["round_id", "item_id"],
            ["ballot_tally.round_id", "ballot_tally.item_id"],
            name="fk_ballot_vote_tally",
        ),
        Index("ix_ballot_vote_round_id_item_id", "round_id", "item_id"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    round_id: Mapped[int] = mapped_column(Key)
    item_id: Mapped[int] = mapped_column(Key)
    vote: Mapped[Choice] = mapped_column(choice(Choice))
    code: Mapped[str] = mapped_column(unique=True)
    """Where the voter finds it in the published list, worked out from a receipt that is kept nowhere."""


class BallotNamedVote(Base):
    """A vote on one nomination in a ballot by name."""

    __tablename__ = "ballot_named_vote"
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "account_id", "item_id"),
        ForeignKeyConstraint(
            ["round_id", "account_id"],
            ["ballot_voter.round_id", "ballot_voter.account_id"],
            name="fk_ballot_named_vote_voter",
        ),
        ForeignKeyConstraint(
            ["round_id", "item_id"],
            ["ballot_tally.round_id", "ballot_tally.item_id"],
            name="fk_ballot_named_vote_tally",
        ),
    )

    round_id: Mapped[int] = mapped_column(Key, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Key, autoincrement=False)
    item_id: Mapped[int] = mapped_column(Key, autoincrement=False)
    vote: Mapped[Choice] = mapped_column(choice(Choice))


class BallotMinutes(Base):
    """The minutes of a ballot as they were written, once; the bytes lie in storage under `storage_key`."""

    __tablename__ = "ballot_minutes"

    ballot_id: Mapped[int] = mapped_column(
        Key, ForeignKey("ballot.id"), primary_key=True, autoincrement=False
    )
    number: Mapped[str]
    storage_key: Mapped[str]
    size: Mapped[int] = mapped_column(Key)
    sha256: Mapped[str]
    written_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    written_at: Mapped[datetime]
