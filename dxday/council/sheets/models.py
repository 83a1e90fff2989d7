"""Score sheets with every field's version, what was submitted when, the closing of the scoring, and moderation."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account
from dxday.council.sheets.rules import Recommendation, SheetState
from dxday.db import Base, Id, Json, Key, choice


class Scoring(Base):
    """Until when the dossiers of a scheme are to be scored; without a row there is no end."""

    __tablename__ = "scoring"
    __table_args__ = (
        ForeignKeyConstraint(
            ["scheme_id", "edition_id"], ["scheme.id", "scheme.edition_id"], name="fk_scoring_scheme"
        ),
        Index("ix_scoring_edition_id", "edition_id"),
    )

    scheme_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    edition_id: Mapped[int] = mapped_column(Key)
    closes_at: Mapped[datetime]


class Sheet(Base):
    """What a reader thinks of a dossier; everything in it is the reader's own until it is submitted."""

    __tablename__ = "sheet"
    __table_args__ = (
        UniqueConstraint("nomination_id", "account_id"),
        CheckConstraint(
            "(state = 'submitted') = (submitted_at IS NOT NULL) AND (state = 'submitted') = (total IS NOT NULL)",
            name="submitted_has_total",
        ),
        CheckConstraint("(state = 'declined') = (decline_reason IS NOT NULL)", name="declined_has_reason"),
        Index("ix_sheet_account_id", "account_id"),
    )

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"))
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    state: Mapped[SheetState] = mapped_column(choice(SheetState), default=SheetState.OPEN)
    comment: Mapped[str] = mapped_column(default="")
    comment_version: Mapped[int] = mapped_column(default=0)
    recommendation: Mapped[Recommendation | None] = mapped_column(choice(Recommendation))
    recommendation_version: Mapped[int] = mapped_column(default=0)
    total: Mapped[float | None]
    """Out of 100, as it was worked out when the sheet was submitted."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None]
    reopened_at: Mapped[datetime | None]
    """When the secretary last opened it again."""

    account: Mapped[Account] = relationship(lazy="raise")
    scores: Mapped[list["SheetScore"]] = relationship(lazy="raise", back_populates="sheet")


class SheetScore(Base):
    """The score for one criterion, with its comment; each is saved by itself, so each has its version."""

    __tablename__ = "sheet_score"
    __table_args__ = (CheckConstraint("score >= 0", name="not_negative"),)

    sheet_id: Mapped[int] = mapped_column(Key, ForeignKey("sheet.id"), primary_key=True)
    criterion_id: Mapped[int] = mapped_column(Key, ForeignKey("criterion.id"), primary_key=True)
    score: Mapped[int | None]
    score_version: Mapped[int] = mapped_column(default=0)
    comment: Mapped[str] = mapped_column(default="")
    comment_version: Mapped[int] = mapped_column(default=0)

    sheet: Mapped[Sheet] = relationship(lazy="raise", back_populates="scores")


class SheetSubmission(Base):
    """A sheet as it was submitted; it stays when the sheet is opened again, with who did so and why."""

    __tablename__ = "sheet_submission"

    id: Mapped[Id]
    sheet_id: Mapped[int] = mapped_column(Key, ForeignKey("sheet.id"), index=True)
    submitted_at: Mapped[datetime]
    late: Mapped[bool] = mapped_column(default=False)
    """After the closing of the scoring, because the secretary had opened it again."""
    total: Mapped[float]
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    """Scores, comments and recommendation as they were."""
    reopened_at: Mapped[datetime | None]
    reopened_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    reopen_reason: Mapped[str | None]


class Moderation(Base):
    """A score that was agreed on after talking; the last one counts, all are kept."""

    __tablename__ = "moderation"
    __table_args__ = (CheckConstraint("score BETWEEN 0 AND 100", name="on_the_scale"),)

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"), index=True)
    score: Mapped[float | None]
    """None: the readers' mean counts again."""
    reason: Mapped[str]
    readers_mean: Mapped[float]
    """What the readers' mean was at the time."""
    moderated_by_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    moderated_at: Mapped[datetime]

    moderated_by: Mapped[Account] = relationship(lazy="raise")
