"""Decisions and awards."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.awards.rules import Wording
from dxday.db import Base, Id, Json, Key, Names, Translations, choice
from dxday.nominations.models import Nomination
from dxday.schemes.models import Category
from dxday.schemes.rules import NomineeKind


class Decision(Base):
    """A commendation decision: number, date, signatory, the words of its document, and when it is announced."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("edition_id", "number"),
        UniqueConstraint("id", "edition_id", name="uq_decision_id_edition"),
        CheckConstraint("length(number) > 0", name="number_given"),
        Index(
            "ix_decision_announce_at", "announce_at",
            sqlite_where=text("announced_at IS NULL"), postgresql_where=text("announced_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    number: Mapped[str]
    decided_on: Mapped[date]
    signatory_name: Mapped[str]
    signatory_title: Mapped[str]
    place: Mapped[str]
    """Where it was signed, printed before the date on the certificate."""
    issuer: Mapped[str] = mapped_column(default="")
    """The agency whose paper it is; empty, like the other words, for what was recorded before they were kept."""
    authority: Mapped[str] = mapped_column(default="")
    """The office that decides."""
    about: Mapped[str] = mapped_column(default="")
    bases: Mapped[Names] = mapped_column(Json, default=list)
    """The legal bases in their order, each as a whole line."""
    articles: Mapped[Names] = mapped_column(Json, default=list)
    """What it decides, an article each, without its number."""
    recipients: Mapped[Names] = mapped_column(Json, default=list)
    annexes: Mapped[Names] = mapped_column(Json, default=list)
    """The titles of its lists of the honoured: one for each scheme, in the order of the awards."""
    recorded_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
    announce_at: Mapped[datetime | None]
    """When it is announced by itself; None: by hand."""
    announced_at: Mapped[datetime | None]
    """Since when everybody may know of it.  Until then nobody outside of the council does: see `queries.ANNOUNCED`."""
    announced_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    """Nobody, when the clock announced it."""

    awards: Mapped[list["Award"]] = relationship(
        lazy="raise",
        order_by="Award.position",
        back_populates="decision",
        foreign_keys="Award.decision_id",
        primaryjoin="Decision.id == Award.decision_id",
    )

    @property
    def wording(self) -> Wording:
        """The words of its document, as a value."""
        return Wording(
            issuer=self.issuer,
            authority=self.authority,
            about=self.about,
            bases=tuple(self.bases),
            articles=tuple(self.articles),
            recipients=tuple(self.recipients),
            annexes=tuple(self.annexes),
        )

    @property
    def is_announced(self) -> bool:
        """Whether everybody may know of it."""
        return self.announced_at is not None


class DecisionDocument(Base):
    """The document of a decision as it was made, once; the bytes lie in storage under `storage_key`."""

    __tablename__ = "decision_document"

    decision_id: Mapped[int] = mapped_column(
        Key, ForeignKey("decision.id"), primary_key=True, autoincrement=False
    )
    storage_key: Mapped[str]
    size: Mapped[int] = mapped_column(Key)
    sha256: Mapped[str]
    made_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    made_at: Mapped[datetime]


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
