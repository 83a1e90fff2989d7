"""Schemes, categories, nominations and their attachments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Organisation
from dxday.core.i18n import Words
from dxday.db import Base, Id, Key, Translations, choice
from dxday.nominations.rules import (
    AWARD_FORM_NAMES,
    NOMINEE_KIND_NAMES,
    STATE_NAMES,
    AwardForm,
    NomineeKind,
    State,
)


class Scheme(Base):
    """An award scheme of an edition: the form of the award and the law that it stands on."""

    __tablename__ = "scheme"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        UniqueConstraint("id", "edition_id", name="uq_scheme_id_edition"),
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


class Nomination(Base):
    """An agency's proposal that somebody be honoured; the agency's name at the time is kept."""

    __tablename__ = "nomination"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        UniqueConstraint("id", "edition_id", name="uq_nomination_id_edition"),
        ForeignKeyConstraint(
            ["category_id", "edition_id"],
            ["category.id", "category.edition_id"],
            name="fk_nomination_category",
        ),
        CheckConstraint("length(nominee_name) > 0", name="nominee_named"),
        CheckConstraint(
            "(state = 'draft') = (submitted_at IS NULL) OR state = 'withdrawn'", name="submitted_has_time"
        ),
        Index("ix_nomination_edition_id_state", "edition_id", "state"),
        Index("ix_nomination_organisation_id", "organisation_id"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    category_id: Mapped[int] = mapped_column(Key)
    organisation_id: Mapped[int] = mapped_column(Key, ForeignKey("organisation.id"))
    organisation_name: Mapped[Translations]
    code: Mapped[str]
    guid: Mapped[UUID] = mapped_column(unique=True)
    """Made with the empty form, so that a form sent twice makes one nomination."""
    state: Mapped[State] = mapped_column(choice(State), default=State.DRAFT)
    nominee_name: Mapped[str]
    nominee_position: Mapped[str]
    """Office and unit of an individual, address of a household; may be empty."""
    nominee_email: Mapped[str]
    """Where the awardee is told; asked from the agency."""
    achievement: Mapped[str]
    contact_name: Mapped[str]
    contact_email: Mapped[str]
    contact_locale: Mapped[str] = mapped_column(default="vi")
    created_by_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    category: Mapped[Category] = relationship(
        lazy="raise",
        foreign_keys=[category_id],
        primaryjoin="Nomination.category_id == Category.id",
        viewonly=True,
    )
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    attachments: Mapped[list["Attachment"]] = relationship(
        lazy="raise", order_by="Attachment.id", back_populates="nomination"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def state_name(self) -> Words:
        """The state in a word."""
        return STATE_NAMES[self.state]


class Attachment(Base):
    """A file of a dossier, checked by its content; the bytes lie in storage under `storage_key`."""

    __tablename__ = "attachment"
    __table_args__ = (CheckConstraint("size > 0", name="not_empty"),)

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(Key)
    sha256: Mapped[str]
    storage_key: Mapped[str]
    uploaded_by_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    nomination: Mapped[Nomination] = relationship(lazy="raise", back_populates="attachments")
