"""Nominations, their attachments, and lists from which drafts were made."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account, Organisation
from dxday.core.carriage import Carriage
from dxday.core.i18n import Words
from dxday.db import Base, Id, Key, Translations, choice
from dxday.leases import Carried
from dxday.nominations.rules import (
    ENDORSEMENT_STATE_NAMES,
    FILE_STATE_NAMES,
    STATE_NAMES,
    EndorsementState,
    FileState,
    State,
)
from dxday.schemes.models import Category, DossierItem


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
            "(state IN ('draft', 'endorsing')) = (submitted_at IS NULL) OR state = 'withdrawn'",
            name="submitted_has_time",
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
    told_state: Mapped[State | None] = mapped_column(choice(State))
    """What its agency is told while a decision that honours it is not announced; None: the state itself."""
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
    """When it was submitted first; completing what was returned leaves it."""
    return_due_at: Mapped[datetime | None]
    """Until when what was returned can be completed."""
    rank_in_agency: Mapped[int | None]
    """Place in the agency's own order; of what is beyond a quota, the first moves up when a place gets free."""
    version: Mapped[int] = mapped_column(default=1)
    seal: Mapped[str | None]
    """The dossier's own key, wrapped; see `sealing`.  None until something sensitive is written."""

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

    @property
    def told(self) -> State:
        """The state as everybody outside of the council is told it."""
        return self.told_state or self.state

    @property
    def told_name(self) -> Words:
        """What is told, in a word."""
        return STATE_NAMES[self.told]


class Attachment(Carried, Base):
    """A file of a dossier, in quarantine until it was checked; the bytes lie in storage under `storage_key`.

    The columns of Carried say how far the check is; without an error and with DONE it is over.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("size > 0", name="not_empty"),
        CheckConstraint("(carriage = 'done') = (checked_at IS NOT NULL)", name="checked_when_done"),
        CheckConstraint("refusal IS NULL OR carriage = 'done'", name="refused_when_done"),
    )

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(Key, ForeignKey("dossier_item.id"), index=True)
    """What of the dossier it is; None for a file of no item."""
    code: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(Key)
    """Of what was sent, in bytes."""
    sha256: Mapped[str]
    """Of what was sent; of a sealed file a digest with the dossier's key, so that nobody can try what it might be."""
    storage_key: Mapped[str]
    sealed: Mapped[bool] = mapped_column(default=False)
    """Whether the bytes in storage are sealed with the dossier's key."""
    uploaded_by_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    refusal: Mapped[str | None]
    """What was found in it."""

    nomination: Mapped[Nomination] = relationship(lazy="raise", back_populates="attachments")
    item: Mapped[DossierItem | None] = relationship(lazy="raise")

    @property
    def is_sensitive(self) -> bool:
        """Whether it is for those alone who may read what is sensitive; `item` was loaded."""
        return self.sealed or (self.item is not None and self.item.sensitive)

    @property
    def state(self) -> FileState:
        """Whether it may be opened; what is not known to be clean waits."""
        if self.carriage is not Carriage.DONE:
            return FileState.WAITING
        return FileState.CLEAN if self.refusal is None else FileState.REFUSED

    @property
    def state_name(self) -> Words:
        """The state in words."""
        return FILE_STATE_NAMES[self.state]


class NomineeList(Base):
    """A table of nominees (trích ngang) that an agency sent, to be looked at and then taken over as drafts."""

    __tablename__ = "nominee_list"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        CheckConstraint("(imported_at IS NULL) = (imported_count IS NULL)", name="imported_counts"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    organisation_id: Mapped[int] = mapped_column(Key, ForeignKey("organisation.id"))
    code: Mapped[str]
    filename: Mapped[str]
    sha256: Mapped[str]
    storage_key: Mapped[str]
    uploaded_by_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]
    imported_at: Mapped[datetime | None]
    imported_count: Mapped[int | None]
    """How many drafts were made of it."""
    seal: Mapped[str | None]
    """The file's own key, wrapped: such lists often have columns that we do not ask for (ethnicity, religion).

    None for one that is not sealed yet.
    """

    organisation: Mapped[Organisation] = relationship(lazy="raise")


class EligibilityAnswer(Base):
    """What was answered before the dossier was begun, with the question as it was put."""

    __tablename__ = "eligibility_answer"
    __table_args__ = (UniqueConstraint("nomination_id", "code"),)

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"))
    code: Mapped[str]
    question: Mapped[Translations]
    article: Mapped[str]
    answer: Mapped[bool]
    answered_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    answered_at: Mapped[datetime]


class DossierAnswer(Base):
    """A field of a dossier, with a version of its own, so that two people can write in two fields."""

    __tablename__ = "dossier_answer"
    __table_args__ = (
        UniqueConstraint("nomination_id", "code"),
        CheckConstraint("value IS NULL OR sealed IS NULL", name="open_or_sealed"),
    )

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"))
    code: Mapped[str]
    value: Mapped[str | None]
    """None where the nomination has a column for it, and where it is sealed."""
    sealed: Mapped[str | None]
    """A sensitive answer, sealed with the dossier's key; an empty one is not."""
    version: Mapped[int] = mapped_column(default=1)
    updated_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    updated_at: Mapped[datetime]


class SectionLock(Base):
    """Who edits a section, until when unless they give a sign."""

    __tablename__ = "section_lock"
    __table_args__ = (UniqueConstraint("nomination_id", "section"),)

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"))
    section: Mapped[str]
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    taken_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    account: Mapped[Account] = relationship(lazy="raise")


class Endorsement(Base):
    """Somebody who is asked to endorse a nomination; of the token that was mailed only the hash is kept.

    Each time a nomination is sent, its chain is a new round; earlier rounds stay, with what was endorsed in them.
    """

    __tablename__ = "endorsement"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("position > 0 AND round > 0", name="counted"),
        CheckConstraint("(state = 'named') = (asked_at IS NULL) OR state = 'withdrawn'", name="asked_has_time"),
        CheckConstraint(
            "(state IN ('endorsed', 'declined')) = (answered_at IS NOT NULL)", name="answered_has_time"
        ),
        CheckConstraint("(state = 'endorsed') = (content_sha256 IS NOT NULL)", name="endorsed_has_digest"),
        # The next is asked only after the one before.
        Index(
            "uq_endorsement_asked", "nomination_id", unique=True,
            sqlite_where=text("state = 'asked'"), postgresql_where=text("state = 'asked'"),
        ),
        Index("ix_endorsement_nomination_id", "nomination_id"),
    )  # fmt: skip

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"))
    round: Mapped[int]
    step: Mapped[str]
    """Code of the step in the scheme's chain."""
    step_name: Mapped[Translations]
    """The step as it was called when the nomination was sent."""
    position: Mapped[int]
    """The steps are asked in this order, from 1 on."""
    name: Mapped[str]
    office: Mapped[str]
    email: Mapped[str]
    token_hash: Mapped[str | None]
    state: Mapped[EndorsementState] = mapped_column(choice(EndorsementState), default=EndorsementState.NAMED)
    asked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(default="")
    content_sha256: Mapped[str | None]
    """What was endorsed: the digest of the dossier as it was shown."""

    def state_name(self, now: datetime) -> Words:
        """The state in a word; a link that has run out says so."""
        return ENDORSEMENT_STATE_NAMES[self.standing(now)]

    def standing(self, now: datetime) -> EndorsementState:
        """The state, with a link that has run out counted as expired, also before the night writes it down."""
        if self.state is EndorsementState.ASKED and self.expires_at is not None and self.expires_at <= now:
            return EndorsementState.EXPIRED
        return self.state
