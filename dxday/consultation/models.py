"""Published lists of nominations, and what the public wrote about them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account
from dxday.consultation.rules import Outcome, Times
from dxday.db import Base, Id, Key, choice
from dxday.nominations.models import Nomination
from dxday.schemes.models import Scheme


class CommentPolicy(Base):
    """What a scheme says of comments; without a row they must have a name."""

    __tablename__ = "comment_policy"

    scheme_id: Mapped[int] = mapped_column(
        Key, ForeignKey("scheme.id"), primary_key=True, autoincrement=False
    )
    anonymous: Mapped[bool] = mapped_column(default=False)
    """Whether comments without name and address are let in."""


class CommentWindow(Base):
    """The list of a scheme as it was published, never changed; a correction is a new one that names the one before."""

    __tablename__ = "comment_window"
    __table_args__ = (
        UniqueConstraint("scheme_id", "number"),
        ForeignKeyConstraint(
            ["scheme_id", "edition_id"], ["scheme.id", "scheme.edition_id"], name="fk_comment_window_scheme"
        ),
        CheckConstraint("opens_at < closes_at", name="in_order"),
        CheckConstraint("(number = 1) = (previous_id IS NULL)", name="linked"),
        Index("ix_comment_window_edition_id", "edition_id"),
        Index(
            "uq_comment_window_current", "scheme_id", unique=True,
            sqlite_where=text("superseded_at IS NULL"), postgresql_where=text("superseded_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key)
    scheme_id: Mapped[int] = mapped_column(Key)
    number: Mapped[int]
    """From 1: a version of the scheme's list."""
    previous_id: Mapped[int | None] = mapped_column(Key, ForeignKey("comment_window.id"))
    days: Mapped[int]
    """Working days that the scheme had when it was published."""
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """Comments are taken until just before."""
    reason: Mapped[str]
    """Why it was published again."""
    snapshot: Mapped[str] = mapped_column(deferred=True, deferred_raiseload=True)
    """The canonical JSON, as `snapshots.write` made it; long, and read by `queries.get_snapshot` alone."""
    sha256: Mapped[str]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    superseded_at: Mapped[datetime | None]
    """When the next version took its place."""
    sealed_at: Mapped[datetime | None]
    """When a ballot opened on it: nothing is received from then on, whatever the clock of a late request says."""

    scheme: Mapped[Scheme] = relationship(
        lazy="raise",
        foreign_keys=[scheme_id],
        primaryjoin="CommentWindow.scheme_id == Scheme.id",
        viewonly=True,
    )

    @property
    def times(self) -> Times:
        """From when until when comments are taken."""
        return Times(self.opens_at, self.closes_at)

    def is_open(self, now: datetime) -> bool:
        """Tell whether a comment would be received at `now`."""
        return now < self.closes_at and self.superseded_at is None and self.sealed_at is None


class ListedNomination(Base):
    """Which nomination stands under a number of a published list."""

    __tablename__ = "listed_nomination"
    __table_args__ = (UniqueConstraint("window_id", "nomination_id"),)

    window_id: Mapped[int] = mapped_column(
        Key, ForeignKey("comment_window.id"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"), index=True)

    nomination: Mapped[Nomination] = relationship(lazy="raise")


class Comment(Base):
    """What somebody wrote about a nomination, or about a list as a whole; of the receipt only the hash is kept."""

    __tablename__ = "public_comment"
    __table_args__ = (
        UniqueConstraint("receipt_hash"),
        ForeignKeyConstraint(
            ["window_id", "number"],
            ["listed_nomination.window_id", "listed_nomination.number"],
            name="fk_public_comment_listed",
        ),
        CheckConstraint("length(text) > 0", name="says_something"),
        CheckConstraint(
            "(disposed_at IS NULL) = (outcome IS NULL) AND (disposed_at IS NULL) = (reason IS NULL)",
            name="disposed_with_reason",
        ),
        Index("ix_public_comment_window_id_disposed_at", "window_id", "disposed_at"),
    )

    id: Mapped[Id]
    window_id: Mapped[int] = mapped_column(Key, ForeignKey("comment_window.id"))
    number: Mapped[int | None] = mapped_column()
    """What it is about; None: the list as a whole."""
    receipt_hash: Mapped[str]
    text: Mapped[str]
    full_name: Mapped[str]
    phone: Mapped[str]
    email: Mapped[str]
    home: Mapped[str]
    """Postal address."""
    locale: Mapped[str]
    received_at: Mapped[datetime]
    outcome: Mapped[Outcome | None] = mapped_column(choice(Outcome))
    reason: Mapped[str | None]
    """For the council's own record."""
    reply: Mapped[str | None]
    """What the commenter reads under their receipt."""
    disposed_at: Mapped[datetime | None]
    disposed_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))

    window: Mapped[CommentWindow] = relationship(lazy="raise")
    disposed_by: Mapped[Account | None] = relationship(lazy="raise")
    listed: Mapped[ListedNomination | None] = relationship(
        lazy="raise",
        viewonly=True,
        foreign_keys=[window_id, number],
        primaryjoin="and_(Comment.window_id == ListedNomination.window_id, Comment.number == ListedNomination.number)",
    )
