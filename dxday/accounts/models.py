"""Organisations, people, accounts, grants and one-time links."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dxday.accounts.rules import OrganisationKind
from dxday.core.permissions import Role
from dxday.db import Base, Id, Key, Translations, choice


class Organisation(Base):
    """A public body or company; merged and renamed ones stay, with who succeeded them."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name="valid_in_order"
        ),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[OrganisationKind] = mapped_column(choice(OrganisationKind))
    name: Mapped[Translations]
    parent_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organisation.id"), index=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    succeeded_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organisation.id"))


class Person(Base):
    """Somebody who has a part in the Day: speaker, chair, presiding officer; not necessarily an account."""

    __tablename__ = "person"
    __table_args__ = (Index("uq_person_guid", "guid", unique=True),)

    id: Mapped[Id]
    guid: Mapped[UUID] = mapped_column(default=uuid4)
    """Stable for ever: their calendar has its address by it."""
    full_name: Mapped[str]
    position: Mapped[Translations]
    """Office held, as it is printed beside the name."""
    organisation_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organisation.id"), index=True)
    email: Mapped[str | None]
    """Where they are reminded and told of changes; never shown in public."""
    locale: Mapped[str] = mapped_column(default="vi", server_default="vi")


class Account(Base):
    """A person who may sign in."""

    __tablename__ = "account"

    id: Mapped[Id]
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    locale: Mapped[str] = mapped_column(default="vi")
    password_hash: Mapped[str | None]
    session_stamp: Mapped[str]
    """Random; part of every session, so that changing it signs the account out everywhere."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    grants: Mapped[list["RoleGrant"]] = relationship(lazy="raise", back_populates="account")


class RoleGrant(Base):
    """A role given to an account, for all or for one edition, organisation or site."""

    __tablename__ = "role_grant"
    __table_args__ = (Index("ix_role_grant_account_id", "account_id"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"))
    role: Mapped[Role] = mapped_column(choice(Role))
    edition_id: Mapped[int | None] = mapped_column(Key, ForeignKey("edition.id"))
    organisation_id: Mapped[int | None] = mapped_column(Key, ForeignKey("organisation.id"))
    site_id: Mapped[int | None] = mapped_column(Key, ForeignKey("site.id"))
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="raise", back_populates="grants")


class OneTimeLink(Base):
    """A link that signs in once; only the hash of its token is kept."""

    __tablename__ = "one_time_link"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(Key, ForeignKey("account.id"), index=True)
    token_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
