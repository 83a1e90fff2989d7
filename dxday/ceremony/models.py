"""Ceremonies, their calls and turns; press summaries."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.awards.models import Award
from dxday.ceremony.rules import First, PressState, Receiver
from dxday.db import Base, Id, Json, Key, Names, choice
from dxday.sites.models import Site


class Ceremony(Base):
    """A session of the programme at which awards are handed over, at its site and at those that receive it."""

    __tablename__ = "ceremony"
    __table_args__ = (
        UniqueConstraint("session_id"),
        ForeignKeyConstraint(
            ["session_id", "edition_id"], ["session.id", "session.edition_id"], name="fk_ceremony_session"
        ),
        CheckConstraint("per_call > 0", name="per_call_positive"),
        Index("ix_ceremony_edition_id", "edition_id"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key)
    session_id: Mapped[int] = mapped_column(Key)
    first: Mapped[First] = mapped_column(choice(First))
    per_call: Mapped[int]
    """How many are called to the stage at a time."""
    opening: Mapped[str]
    """What the announcer says before the names of a call, with blanks; see rules.fill."""
    line: Mapped[str]
    """What is said of each, with blanks."""


class Call(Base):
    """Those who are called to the stage together (tốp)."""

    __tablename__ = "ceremony_call"
    __table_args__ = (Index("ix_ceremony_call_ceremony_id_position", "ceremony_id", "position"),)

    id: Mapped[Id]
    ceremony_id: Mapped[int] = mapped_column(Key, ForeignKey("ceremony.id"))
    position: Mapped[int]
    script: Mapped[str | None]
    """Words of its own; None: what the ceremony's templates make of the names."""
    script_for: Mapped[Names] = mapped_column(Json, default=list)
    """Codes of the awards for which the words were written, in their order."""
    called_at: Mapped[datetime | None]
    """When it was last called to the stage; the latest is the one that stands there."""


class Turn(Base):
    """One award's place in the order: where it is received, by whom, and that it was handed over."""

    __tablename__ = "ceremony_turn"
    __table_args__ = (
        UniqueConstraint("award_id"),
        ForeignKeyConstraint(
            ["award_id", "edition_id"], ["award.id", "award.edition_id"], name="fk_ceremony_turn_award"
        ),
        ForeignKeyConstraint(
            ["site_id", "edition_id"], ["site.id", "site.edition_id"], name="fk_ceremony_turn_site"
        ),
        CheckConstraint(
            "receiver <> 'representative' OR length(representative_name) > 0", name="representative_named"
        ),
        Index("ix_ceremony_turn_call_id_position", "call_id", "position"),
        Index("ix_ceremony_turn_site_id", "site_id"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key)
    call_id: Mapped[int] = mapped_column(Key, ForeignKey("ceremony_call.id"))
    award_id: Mapped[int] = mapped_column(Key)
    position: Mapped[int]
    site_id: Mapped[int | None] = mapped_column(Key)
    receiver: Mapped[Receiver] = mapped_column(choice(Receiver), default=Receiver.SELF)
    representative_name: Mapped[str] = mapped_column(default="")
    representative_position: Mapped[str] = mapped_column(default="")
    handed_at: Mapped[datetime | None]
    handed_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    undone: Mapped[int] = mapped_column(default=0)
    """How often the tick was taken back: a tick that was sent before that, and comes late, does not count."""

    award: Mapped[Award] = relationship(
        lazy="raise", foreign_keys=[award_id], primaryjoin="Turn.award_id == Award.id", viewonly=True
    )
    site: Mapped[Site | None] = relationship(
        lazy="raise", foreign_keys=[site_id], primaryjoin="Turn.site_id == Site.id", viewonly=True
    )
    call: Mapped[Call] = relationship(
        lazy="raise", foreign_keys=[call_id], primaryjoin="Turn.call_id == Call.id", viewonly=True
    )


class PressSummary(Base):
    """What the press reads of an award, once the awardee or the agency has approved it."""

    __tablename__ = "press_summary"
    __table_args__ = (
        UniqueConstraint("award_id"),
        UniqueConstraint("token_hash"),
        ForeignKeyConstraint(
            ["award_id", "edition_id"], ["award.id", "award.edition_id"], name="fk_press_summary_award"
        ),
        CheckConstraint("(state = 'sent') = (token_hash IS NOT NULL)", name="sent_has_link"),
        CheckConstraint("state <> 'changes' OR length(remark) > 0", name="changes_have_words"),
        CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", name="approved_has_time"),
        Index("ix_press_summary_edition_id_state", "edition_id", "state"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key)
    award_id: Mapped[int] = mapped_column(Key)
    state: Mapped[PressState] = mapped_column(choice(PressState), default=PressState.DRAFT)
    text: Mapped[str]
    token_hash: Mapped[str | None]
    """The SHA-256 of the token in the letter; the token itself is kept nowhere."""
    sent_to: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(default="")
    """What the awardee or the agency wants changed."""
    answered_by: Mapped[str] = mapped_column(default="")
    approved_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    award: Mapped[Award] = relationship(
        lazy="raise", foreign_keys=[award_id], primaryjoin="PressSummary.award_id == Award.id", viewonly=True
    )

    __mapper_args__ = {"version_id_col": version}
