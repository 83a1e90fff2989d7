"""Award schemes: categories, criteria, what a dossier holds, who may nominate how many, and until when."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.rules import OrganisationKind
from dxday.core.i18n import Words
from dxday.db import Base, Id, Json, Key, Names, Translations, choice
from dxday.schemes.rules import (
    AWARD_FORM_NAMES,
    NOMINEE_KIND_NAMES,
    AwardForm,
    ItemKind,
    NomineeKind,
    TieBreak,
)


class Scheme(Base):
    """An award scheme of an edition: the form of the award and the law that it stands on."""

    __tablename__ = "scheme"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        UniqueConstraint("id", "edition_id", name="uq_scheme_id_edition"),
        CheckConstraint(
            "opens_at IS NULL OR closes_at IS NULL OR opens_at < closes_at", name="call_in_order"
        ),
        CheckConstraint("quorum BETWEEN 1 AND 100 AND threshold BETWEEN 1 AND 100", name="percents"),
        CheckConstraint("rounds BETWEEN 1 AND 5 AND readers BETWEEN 1 AND 9", name="few"),
        CheckConstraint("grace_minutes >= 0 AND (comment_days IS NULL OR comment_days > 0)", name="lasting"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    code: Mapped[str]
    name: Mapped[Translations]
    form: Mapped[AwardForm] = mapped_column(choice(AwardForm))
    legal_basis: Mapped[str]
    """The law or decree in force for this edition, as cited."""
    giver: Mapped[Translations]
    """Office that gives the award, printed on the certificate."""
    signatory_title: Mapped[Translations]
    position: Mapped[int] = mapped_column(default=0)
    pack: Mapped[str | None]
    """The rule pack that was taken over, with its version."""
    unconfirmed: Mapped[Names] = mapped_column(Json, default=list)
    """Names of settings that the pack could not confirm in the law: the organizer decides."""
    thematic: Mapped[bool] = mapped_column(default=False)
    """For one campaign: no ground for merit commendation by a higher level (Decree 152/2025)."""
    nominators: Mapped[Names] = mapped_column(Json, default=list)
    """Kinds of organisation that may nominate; empty: every kind."""
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    """Own calendar; without one, the edition's holds."""
    grace_minutes: Mapped[int] = mapped_column(default=0)
    """How long after closing somebody may still submit what they were already editing."""
    endorsers: Mapped[list[dict[str, object]]] = mapped_column(Json, default=list)
    """Steps of the endorsement chain in their order: {"code": …, "name": {language: text}}; empty: none."""
    readers: Mapped[int] = mapped_column(default=3)
    """How many members read each dossier."""
    discrepancy: Mapped[int] = mapped_column(default=25)
    """Points out of 100 between two readers' totals from which on they are to talk about it."""
    ballot: Mapped[bool] = mapped_column(default=False)
    """Whether a ballot of the council stands between appraisal and decision."""
    secret: Mapped[bool] = mapped_column(default=True)
    quorum: Mapped[int] = mapped_column(default=67)
    """Percent of all seats that must take part, written votes included."""
    threshold: Mapped[int] = mapped_column(default=90)
    """Percent of all seats, vacant ones included, that must agree (Decree 91/2017 Art. 45(8))."""
    rounds: Mapped[int] = mapped_column(default=1)
    tie_break: Mapped[TieBreak] = mapped_column(choice(TieBreak), default=TieBreak.NEXT_ROUND)
    comment_days: Mapped[int | None]
    """Working days for which the list is open to public comment; None: it is not published beforehand."""
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    categories: Mapped[list["Category"]] = relationship(
        lazy="raise", order_by="Category.position", back_populates="scheme"
    )

    @property
    def form_name(self) -> Words:
        """The form of the award in words."""
        return AWARD_FORM_NAMES[self.form]


class Category(Base):
    """A category of a scheme: who can be nominated in it."""

    __tablename__ = "category"
    __table_args__ = (
        UniqueConstraint("scheme_id", "code"),
        UniqueConstraint("id", "edition_id", name="uq_category_id_edition"),
        ForeignKeyConstraint(
            ["scheme_id", "edition_id"], ["scheme.id", "scheme.edition_id"], name="fk_category_scheme"
        ),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key)
    scheme_id: Mapped[int] = mapped_column(Key)
    code: Mapped[str]
    name: Mapped[Translations]
    nominee_kind: Mapped[NomineeKind] = mapped_column(choice(NomineeKind))
    position: Mapped[int] = mapped_column(default=0)

    scheme: Mapped[Scheme] = relationship(
        lazy="raise",
        back_populates="categories",
        foreign_keys=[scheme_id],
        primaryjoin="Category.scheme_id == Scheme.id",
    )

    @property
    def kind_name(self) -> Words:
        """Who can be nominated, in a word."""
        return NOMINEE_KIND_NAMES[self.nominee_kind]


class Criterion(Base):
    """What dossiers are scored by; of one category, or of all in the scheme."""

    __tablename__ = "criterion"
    __table_args__ = (
        UniqueConstraint("scheme_id", "code"),
        CheckConstraint("weight > 0 AND most > 0", name="positive"),
    )

    id: Mapped[Id]
    scheme_id: Mapped[int] = mapped_column(Key, ForeignKey("scheme.id"))
    category_id: Mapped[int | None] = mapped_column(Key, ForeignKey("category.id"))
    code: Mapped[str]
    name: Mapped[Translations]
    guidance: Mapped[Translations | None]
    """What each score means."""
    weight: Mapped[int]
    """Share of the total, relative to the other criteria."""
    most: Mapped[int] = mapped_column(default=10)
    """The highest score; the lowest is 0."""
    position: Mapped[int] = mapped_column(default=0)


class DossierItem(Base):
    """Something that a dossier holds or must hold, with the article that it stands on."""

    __tablename__ = "dossier_item"
    __table_args__ = (UniqueConstraint("scheme_id", "code"),)

    id: Mapped[Id]
    scheme_id: Mapped[int] = mapped_column(Key, ForeignKey("scheme.id"))
    category_id: Mapped[int | None] = mapped_column(Key, ForeignKey("category.id"))
    section: Mapped[str]
    """Items of one section are on one page and are edited by one person at a time."""
    code: Mapped[str]
    kind: Mapped[ItemKind] = mapped_column(choice(ItemKind))
    name: Mapped[Translations]
    help: Mapped[Translations | None]
    required: Mapped[bool] = mapped_column(default=True)
    most: Mapped[int | None]
    """Most words of a text, most files of a file item; None: the general limit."""
    sensitive: Mapped[bool] = mapped_column(default=False)
    """Shown only to who appraises the dossier (Decree 356/2025: ethnicity, religion, Party, violations)."""
    article: Mapped[str]
    source: Mapped[str | None]
    """Where the fact was read; None while it is unconfirmed."""
    position: Mapped[int] = mapped_column(default=0)


class EligibilityQuestion(Base):
    """A question that is asked before a dossier is begun; another answer than the wanted one ends it there."""

    __tablename__ = "eligibility_question"
    __table_args__ = (UniqueConstraint("scheme_id", "code"),)

    id: Mapped[Id]
    scheme_id: Mapped[int] = mapped_column(Key, ForeignKey("scheme.id"))
    category_id: Mapped[int | None] = mapped_column(Key, ForeignKey("category.id"))
    code: Mapped[str]
    question: Mapped[Translations]
    wanted: Mapped[bool]
    refusal: Mapped[Translations]
    """Why the other answer ends it."""
    article: Mapped[str]
    source: Mapped[str | None]
    position: Mapped[int] = mapped_column(default=0)


class Quota(Base):
    """How many nominations of a category, or of all, organisations of a kind, or one of them, may submit."""

    __tablename__ = "quota"
    __table_args__ = (
        UniqueConstraint(
            "scheme_id", "category_id", "organisation_kind", "organisation_id", name="uq_quota_once"
        ),
        CheckConstraint("most >= 0", name="not_negative"),
    )

    id: Mapped[Id]
    scheme_id: Mapped[int] = mapped_column(Key, ForeignKey("scheme.id"))
    category_id: Mapped[int | None] = mapped_column(Key, ForeignKey("category.id"))
    organisation_kind: Mapped[OrganisationKind | None] = mapped_column(choice(OrganisationKind))
    """Each organisation of this kind may submit so many."""
    organisation_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organisation.id"))
    most: Mapped[int]


class Extension(Base):
    """A later closing time for a category, an agency or both; the latest that applies counts."""

    __tablename__ = "extension"
    __table_args__ = (Index("ix_extension_scheme_id", "scheme_id"),)

    id: Mapped[Id]
    scheme_id: Mapped[int] = mapped_column(Key, ForeignKey("scheme.id"))
    category_id: Mapped[int | None] = mapped_column(Key, ForeignKey("category.id"))
    organisation_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organisation.id"))
    closes_at: Mapped[datetime]
    reason: Mapped[str]
    created_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]


class Holiday(Base):
    """A day of the calendar that is another than the law's own holidays say, for every edition."""

    __tablename__ = "holiday"
    __table_args__ = (UniqueConstraint("day"),)

    id: Mapped[Id]
    day: Mapped[date]
    name: Mapped[str]
    off: Mapped[bool]
    """Whether offices are closed; a weekend that was exchanged for another day is a working day."""
    source: Mapped[str]
    """The announcement that says so."""
