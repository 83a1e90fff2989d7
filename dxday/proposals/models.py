"""Proposals: changes of the programme with the state that they were made in sight of."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.models import Account
from dxday.db import Base, Id, Json, Key, choice
from dxday.proposals.rules import Source, State
from dxday.sites.models import Site


class Proposal(Base):
    """Changes that somebody proposes as one whole; nothing of the programme changes before it is taken."""

    __tablename__ = "proposal"
    __table_args__ = (
        Index("ix_proposal_edition_id_state", "edition_id", "state"),
        Index(
            "uq_proposal_one_draft",
            "site_id",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    source: Mapped[Source] = mapped_column(choice(Source))
    state: Mapped[State] = mapped_column(choice(State))
    site_id: Mapped[int | None] = mapped_column(Key, ForeignKey("site.id"), index=True)
    """The site that proposes; None for the solver."""
    operation_id: Mapped[int | None] = mapped_column(Key, ForeignKey("operation.id"), unique=True)
    """The run of the solver that it comes from."""
    note: Mapped[str] = mapped_column(default="", server_default="")
    changes: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Each change as plain JSON values, with the version of the session that it was made in sight of."""
    facts: Mapped[dict[str, Any] | None]
    """What is said beside it: costs, what could not be placed and why."""
    answer: Mapped[str] = mapped_column(default="", server_default="")
    """Why it was returned."""
    created_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    site: Mapped[Site | None] = relationship(lazy="raise")
    created_by: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[created_by_id])
    decided_by: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[decided_by_id])

    __mapper_args__ = {"version_id_col": version}
