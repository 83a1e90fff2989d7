"""Holds, opinions of other agencies, overrides, and what dossiers are compared by."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account, Organisation
from dxday.appraisal.rules import HOLD_KIND_NAMES, HoldKind, HoldOn
from dxday.core.i18n import Words
from dxday.db import Base, Id, Key, choice
from dxday.nominations.models import Attachment


class Hold(Base):
    """Why somebody is not commended for the time being; it concerns one dossier, one nominee or one agency.

    It is opened in an edition and stands against dossiers of every edition.
    """

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN nomination_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN organisation_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN nominee_key IS NULL THEN 0 ELSE 1 END) = 1",
            name="on_one_thing",
        ),
        CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL)", name="lifted_with_reason"),
        CheckConstraint("length(reason) > 0", name="reason_given"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"), index=True)
    nomination_id: Mapped[int | None] = mapped_column(Key, ForeignKey("nomination.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organisation.id"), index=True)
    nominee_key: Mapped[str | None] = mapped_column(index=True)
    """See rules.nominee_key; `nominee_name` is what it was made from."""
    nominee_name: Mapped[str]
    kind: Mapped[HoldKind] = mapped_column(choice(HoldKind))
    reason: Mapped[str]
    opened_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    opened_at: Mapped[datetime]
    expires_on: Mapped[date | None]
    """The last day on which it holds."""
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    lift_reason: Mapped[str | None]

    opened_by: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[opened_by_id])
    lifted_by: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[lifted_by_id])
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")

    @property
    def on(self) -> HoldOn:
        """Whom it concerns."""
        if self.nomination_id is not None:
            return HoldOn.NOMINATION
        return HoldOn.ORGANISATION if self.organisation_id is not None else HoldOn.NOMINEE

    @property
    def kind_name(self) -> Words:
        """Why, in a word."""
        return HOLD_KIND_NAMES[self.kind]


class Opinion(Base):
    """What another agency was asked about a dossier, and what it answered (hiệp y)."""

    __tablename__ = "opinion"
    __table_args__ = (
        CheckConstraint("length(organisation_name) > 0", name="agency_named"),
        CheckConstraint(
            "(answered_at IS NULL) = (in_favour IS NULL) AND (answered_at IS NULL) = (text IS NULL)",
            name="answered_whole",
        ),
    )

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"), index=True)
    organisation_name: Mapped[str]
    question: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    due_on: Mapped[date]
    answered_at: Mapped[datetime | None]
    in_favour: Mapped[bool | None]
    text: Mapped[str | None]
    """What was answered; may be empty."""


class FindingOverride(Base):
    """Why a finding may stand, and who said so; it speaks of that finding alone."""

    __tablename__ = "finding_override"
    __table_args__ = (
        UniqueConstraint("nomination_id", "rule", "key", name="uq_finding_override_once"),
        CheckConstraint("length(reason) > 0", name="reason_given"),
    )

    id: Mapped[Id]
    nomination_id: Mapped[int] = mapped_column(Key, ForeignKey("nomination.id"))
    rule: Mapped[str]
    key: Mapped[str]
    """What the finding is about, as its rule writes it; see rules.Finding."""
    reason: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]

    account: Mapped[Account | None] = relationship(lazy="raise")


class DossierPrint(Base):
    """That a dossier was made ready for being compared, and in which state of its text."""

    __tablename__ = "dossier_print"

    nomination_id: Mapped[int] = mapped_column(
        Key, ForeignKey("nomination.id"), primary_key=True, autoincrement=False
    )
    version: Mapped[int]
    """Of the nomination when it was looked at last."""
    digest: Mapped[str]
    """Of the text."""
    words: Mapped[str]
    """The folded words of the text, with blanks between."""
    nominee_key: Mapped[str] = mapped_column(index=True)


class Fingerprint(Base):
    """A fingerprint of the text of a dossier; see `texts`."""

    __tablename__ = "fingerprint"
    __table_args__ = (
        Index("ix_fingerprint_nomination_id", "nomination_id"),
        {"sqlite_with_rowid": False},
    )

    hash: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    nomination_id: Mapped[int] = mapped_column(
        Key, ForeignKey("nomination.id"), primary_key=True, autoincrement=False
    )


class Likeness(Base):
    """Two dossiers whose texts share passages; kept, because it is found out when a text comes and asked for often."""

    __tablename__ = "likeness"
    __table_args__ = (
        CheckConstraint("one_id < other_id", name="written_once"),
        Index("ix_likeness_other_id", "other_id"),
    )

    one_id: Mapped[int] = mapped_column(
        Key, ForeignKey("nomination.id"), primary_key=True, autoincrement=False
    )
    other_id: Mapped[int] = mapped_column(
        Key, ForeignKey("nomination.id"), primary_key=True, autoincrement=False
    )
    one_share: Mapped[int]
    """Percent of the words of the one that the other has too."""
    other_share: Mapped[int]
    words: Mapped[int]


# Files are looked for by their content, among those of all editions.
Index("ix_attachment_sha256", Attachment.sha256)
