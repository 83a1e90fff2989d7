"""Decisions and awards."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.db import Base, Id, Key, Translations, choice
from dxday.nominations.models import Category, Nomination
from dxday.nominations.rules import NomineeKind


class Decision(Base):
    """A commendation decision: number, date, signatory."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("edition_id", "number"),
        UniqueConstraint("id", "edition_id", name="uq_decision_id_edition"),
        CheckConstraint("length(number) > 0", name="number_given"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    number: Mapped[str]
    decided_on: Mapped[date]
    signatory_name: Mapped[str]
    signatory_title: Mapped[str]
    place: Mapped[str]
    """Where it was signed, printed before the date on the certificate."""
    recorded_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    recorded_at: Mapped[datetime]

    awards: Mapped[list["Award"]] = relationship(
        lazy="raise",
        order_by="Award.position",
        back_populates="decision",
        foreign_keys="Award.decision_id",
        primaryjoin="Decision.id == Award.decision_id",
    )


class Award(Base):
    """An honour made by a decision.  What was decided is kept here as it was on that day."""

    __tablename__ = "award"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        UniqueConstraint("nomination_id", name="uq_award_nomination_once"),
        UniqueConstraint("id", "edition_id", name="uq_award_id_edition"),
        ForeignKeyConstraint(
            ["decision_id", "edition_id"], ["decision.id", "decision.edition_id"], name="fk_award_decision"
        ),
        ForeignKeyConstraint(
            ["category_id", "edition_id"], ["category.id", "category.edition_id"], name="fk_award_category"
        ),
        ForeignKeyConstraint(
            ["nomination_id", "edition_id"],
            ["nomination.id", "nomination.edition_id"],
            name="fk_award_nomination",
        ),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    decision_id: Mapped[int] = mapped_column(Key, index=True)
    category_id: Mapped[int] = mapped_column(Key)
    nomination_id: Mapped[int] = mapped_column(Key)
    code: Mapped[str]
    recipient_kind: Mapped[NomineeKind] = mapped_column(choice(NomineeKind))
    recipient_name: Mapped[str]
    recipient_position: Mapped[str]
    organisation_name: Mapped[Translations]
    achievement: Mapped[str]
    """The line of the decision, printed on the certificate; not the dossier's long text."""
    position: Mapped[int]
    created_at: Mapped[datetime]

    decision: Mapped[Decision] = relationship(
        lazy="raise",
        back_populates="awards",
        foreign_keys=[decision_id],
        primaryjoin="Award.decision_id == Decision.id",
    )
    category: Mapped[Category] = relationship(
        lazy="raise",
        foreign_keys=[category_id],
        primaryjoin="Award.category_id == Category.id",
        viewonly=True,
    )
    nomination: Mapped[Nomination] = relationship(
        lazy="raise",
        foreign_keys=[nomination_id],
        primaryjoin="Award.nomination_id == Nomination.id",
        viewonly=True,
    )
