"""Reading organisations, people and accounts."""

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from dxday.accounts.models import Account, Organisation, Person, RoleGrant
from dxday.accounts.rules import email_key
from dxday.core.actor import SYSTEM, VISITOR, Actor, ActorKind, Grant
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.core.vietnamese import fold, sort_key
from dxday.db import db


def find_account(account_id: int) -> Account | None:
    """Return the account with its grants, or None."""
    # In one statement: every page asks this first.
    return (
        db.session.scalars(
            select(Account).where(Account.id == account_id).options(joinedload(Account.grants))
        )
        .unique()
        .one_or_none()
    )


def find_account_by_email(address: str) -> Account | None:
    """Return the account of an address in any spelling, with its grants, or None."""
    return db.session.scalars(
        select(Account).where(Account.email_key == email_key(address)).options(selectinload(Account.grants))
    ).one_or_none()


def actor_of(account: Account) -> Actor:
    """Return the actor that an account is, with the grants that are not revoked."""
    return Actor(
        kind=ActorKind.PERSON,
        label=account.full_name,
        account_id=account.id,
        email=account.email,
        grants=tuple(
            Grant(g.role, edition_id=g.edition_id, organisation_id=g.organisation_id, site_id=g.site_id)
            for g in account.grants
            if g.revoked_at is None
        ),
    )


def get_actor(account_id: int | None) -> Actor:
    """Return the actor behind an account's id, as they are now; the system for none, a visitor for a closed account."""
    if account_id is None:
        return SYSTEM
    account = find_account(account_id)
    return actor_of(account) if account is not None and account.disabled_at is None else VISITOR


def get_organisation(code: str) -> Organisation:
    """Return the organisation with this code.  Raises NotFound."""
    found = db.session.scalars(select(Organisation).where(Organisation.code == code)).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_organisations(ids: Iterable[int]) -> list[Organisation]:
    """Return the organisations with these ids, by code."""
    return list(
        db.session.scalars(
            select(Organisation).where(Organisation.id.in_(list(ids))).order_by(Organisation.code)
        )
    )


def list_people() -> list[Person]:
    """Return everybody who can be given a part, by name."""
    return list(db.session.scalars(select(Person).order_by(Person.full_name, Person.id)))


def list_all_organisations() -> list[Organisation]:
    """Return every organisation, by code."""
    return list(db.session.scalars(select(Organisation).order_by(Organisation.code)))


def find_organisation(organisation_id: int) -> Organisation | None:
    """Return an organisation by its id, or None."""
    return db.session.get(Organisation, organisation_id)


def search_people(words: str) -> list[Person]:
    """Return those in whose name or office all of the words occur, accents and capitals aside, by name."""
    wanted = fold(words).split()
    found = []
    for person in list_people():
        said = fold(" ".join((person.full_name, *person.position.values(), person.email or "")))
        if all(word in said for word in wanted):
            found.append(person)
    return sorted(found, key=lambda person: sort_key(person.full_name))


def get_person(person_id: int) -> Person:
    """Return a person.  Raises NotFound."""
    found = db.session.get(Person, person_id)
    if found is None:
        raise NotFound
    return found


def list_people_by_id(ids: Iterable[int]) -> list[Person]:
    """Return the people with these ids, by id."""
    return list(db.session.scalars(select(Person).where(Person.id.in_(list(ids))).order_by(Person.id)))


def list_coordinators_of(site_ids: Collection[int]) -> list[tuple[Account, int]]:
    """Return the accounts that look after these sites, each with its site; one statement."""
    return [
        (account, site_id or 0)
        for account, site_id in db.session.execute(
            select(Account, RoleGrant.site_id)
            .join(RoleGrant, RoleGrant.account_id == Account.id)
            .where(
                RoleGrant.role == Role.SITE,
                RoleGrant.site_id.in_(sorted(site_ids)),
                RoleGrant.revoked_at.is_(None),
                Account.disabled_at.is_(None),
            )
            .order_by(Account.id, RoleGrant.site_id)
        )
    ]


def list_coordinators(site_id: int) -> list[Account]:
    """Return the accounts that look after a site now, by id."""
    return list(
        db.session.scalars(
            select(Account)
            .join(RoleGrant, RoleGrant.account_id == Account.id)
            .where(
                RoleGrant.role == Role.SITE,
                RoleGrant.site_id == site_id,
                RoleGrant.revoked_at.is_(None),
                Account.disabled_at.is_(None),
            )
            .distinct()
            .order_by(Account.id)
        )
    )


def list_live_grants(account_id: int) -> list[RoleGrant]:
    """Return the account's grants that are not revoked."""
    return list(
        db.session.scalars(
            select(RoleGrant)
            .where(RoleGrant.account_id == account_id, RoleGrant.revoked_at.is_(None))
            .order_by(RoleGrant.id)
        )
    )
