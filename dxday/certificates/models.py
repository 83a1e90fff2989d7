"""Issued certificates."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.awards.models import Award
from dxday.certificates.rules import Facts, Reason, Standing, State, facts_of, state_of
from dxday.db import Base, Id, Key, choice
from dxday.leases import Carried


class Certificate(Carried, Base):
    """A certificate of an award; the columns of Carried say how far its rendering is.  Never deleted."""

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("edition_id", "number"),
        ForeignKeyConstraint(
            ["award_id", "edition_id"], ["award.id", "award.edition_id"], name="fk_certificate_award"
        ),
        CheckConstraint("(carriage = 'done') = (storage_key IS NOT NULL)", name="rendered_has_file"),
        CheckConstraint("(standing = 'revoked') = (revoked_at IS NOT NULL)", name="revoked_has_time"),
        Index(
            "uq_certificate_one_valid",
            "award_id",
            unique=True,
            sqlite_where=text("standing = 'valid'"),
            postgresql_where=text("standing = 'valid'"),
        ),
        Index("ix_certificate_sha256", "sha256"),
        Index(
            "ix_certificate_untold",
            "award_id",
            sqlite_where=text("told_at IS NULL AND carriage = 'done'"),
            postgresql_where=text("told_at IS NULL AND carriage = 'done'"),
        ),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    award_id: Mapped[int] = mapped_column(Key, index=True)
    number: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    """Opens the public check; at least 128 random bits, printed as a QR code."""
    holder_token: Mapped[str] = mapped_column(unique=True)
    """Opens the holder's page; sent only to the holder's address."""
    standing: Mapped[Standing] = mapped_column(choice(Standing), default=Standing.VALID)
    facts: Mapped[dict[str, Any]]
    recipient_email: Mapped[str]
    recipient_locale: Mapped[str]
    issued_at: Mapped[datetime]
    rendered_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    """When the holder was told of it, or would have been if there were an address: once the decision was announced."""
    fetched_at: Mapped[datetime | None]
    """When the holder first downloaded the file."""
    storage_key: Mapped[str | None]
    sha256: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None]
    replaced_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("certificate.id"))

    award: Mapped[Award] = relationship(
        lazy="raise", foreign_keys=[award_id], primaryjoin="Certificate.award_id == Award.id", viewonly=True
    )

    @property
    def printed(self) -> Facts:
        """What stands on the certificate."""
        return facts_of(self.facts)

    @property
    def state(self) -> State:
        """How it stands for those who hand it out."""
        return state_of(self.standing, self.carriage)

    @property
    def reason(self) -> Reason | None:
        """Why it was revoked."""
        return Reason(self.revocation_reason) if self.revocation_reason else None
