"""Making accounts and organisations, granting roles, and proving who somebody is."""

import secrets
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import update

from dxday.accounts import letters, queries, rules
from dxday.accounts.models import Account, OneTimeLink, Organisation, Person, RoleGrant
from dxday.audit import services as audit
from dxday.core import codes
from dxday.core.actor import VISITOR, Actor
from dxday.core.i18n import Translations
from dxday.core.permissions import Role
from dxday.core.seen import check_unchanged
from dxday.db import db
from dxday.notifications import addresses
from dxday.notifications import services as notifications

LINK_TERM = timedelta(days=7)

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106's second choice
_NOBODY = _hasher.hash(secrets.token_hex(16))


def add_organisation(
    code: str,
    *,
    kind: rules.OrganisationKind,
    name: Translations,
    actor: Actor,
    now: datetime,
    parent: Organisation | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Organisation:
    """Add an organisation to the tree."""
    organisation = Organisation(
        code=code,
        kind=kind,
        name=name,
        parent_id=parent.id if parent else None,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    db.session.add(organisation)
    db.session.flush()
    audit.record("organisation.added", subject=code, actor=actor, now=now)
    return organisation


def add_person(
    full_name: str,
    *,
    position: Translations,
    organisation: Organisation | None = None,
    email: str | None = None,
    locale: str = "vi",
) -> Person:
    """Add somebody who can have a part in sessions; with an address they are reminded and told of changes."""
    person = Person(
        full_name=full_name,
        position=position,
        organisation_id=organisation.id if organisation else None,
        email=email,
        locale=locale,
    )
    db.session.add(person)
    db.session.flush()
    return person


PERSON_FIELDS = ("full_name", "position", "organisation_id", "email", "locale")


def note_person(person: Person, *, actor: Actor, now: datetime, edition_id: int | None = None) -> None:
    """Note in the trail that a person was added by somebody's hand."""
    audit.record("person.added", subject=f"person:{person.id}", actor=actor, now=now, edition_id=edition_id)


def change_person(
    person: Person, *, seen: str, actor: Actor, now: datetime, edition_id: int | None = None, **wanted: Any
) -> None:
    """Change columns of a person, in PERSON_FIELDS; `seen` is the fingerprint of what was looked at.

    Raises Stale, NameMissing.
    """
    check_unchanged(person, PERSON_FIELDS, seen)
    rules.check_name(wanted["full_name"])
    changed = sorted(
        name for name in PERSON_FIELDS if name in wanted and getattr(person, name) != wanted[name]
    )
    for name in changed:
        setattr(person, name, wanted[name])
    if not changed:
        return
    db.session.flush()
    audit.record(
        "person.changed",
        subject=f"person:{person.id}",
        actor=actor,
        now=now,
        edition_id=edition_id,
        changed=changed,
    )


def add_account(email: str, *, full_name: str, locale: str, actor: Actor, now: datetime) -> Account:
    """Add an account, or return the one that has this address already."""
    known = queries.find_account_by_email(email)
    if known is not None:
        return known
    account = Account(
        email=email.strip(),
        email_key=rules.email_key(email),
        full_name=full_name,
        locale=locale,
        session_stamp=secrets.token_hex(8),
        created_at=now,
        grants=[],
    )
    db.session.add(account)
    db.session.flush()
    audit.record("account.added", subject=f"account:{account.id}", actor=actor, now=now)
    return account


def grant_role(
    account: Account,
    role: Role,
    *,
    actor: Actor,
    now: datetime,
    edition_id: int | None = None,
    organisation_id: int | None = None,
    site_id: int | None = None,
) -> RoleGrant:
    """Grant a role once; the same grant again changes nothing.  Raises SiteNeeded."""
    rules.check_grant(role, site_id=site_id)
    wanted = (role, edition_id, organisation_id, site_id)
    for grant in queries.list_live_grants(account.id):
        if (grant.role, grant.edition_id, grant.organisation_id, grant.site_id) == wanted:
            return grant
    grant = RoleGrant(
        account_id=account.id,
        role=role,
        edition_id=edition_id,
        organisation_id=organisation_id,
        site_id=site_id,
        granted_at=now,
    )
    db.session.add(grant)
    db.session.flush()
    audit.record(
        "role.granted",
        subject=f"account:{account.id}",
        actor=actor,
        now=now,
        edition_id=edition_id,
        role=role.value,
        organisation=organisation_id,
        **({"site": site_id} if site_id is not None else {}),
    )
    return grant


def revoke_role(
    account: Account,
    role: Role,
    *,
    actor: Actor,
    now: datetime,
    edition_id: int | None = None,
    organisation_id: int | None = None,
    site_id: int | None = None,
) -> bool:
    """Take back a role as it was granted, and tell whether there was one; the grant stays, with when it ended."""
    wanted = (role, edition_id, organisation_id, site_id)
    for grant in queries.list_live_grants(account.id):
        if (grant.role, grant.edition_id, grant.organisation_id, grant.site_id) == wanted:
            grant.revoked_at = now
            db.session.flush()
            audit.record(
                "role.revoked",
                subject=f"account:{account.id}",
                actor=actor,
                now=now,
                edition_id=edition_id,
                role=role.value,
                organisation=organisation_id,
                **({"site": site_id} if site_id is not None else {}),
            )
            return True
    return False


def set_password(account: Account, password: str, *, actor: Actor, now: datetime) -> None:
    """Set the password; end every session of the account and every link that was not used.  Raises PasswordTooShort."""
    rules.check_password(password)
    account.password_hash = _hasher.hash(password)
    account.session_stamp = secrets.token_hex(8)
    db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.account_id == account.id, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    audit.record("account.password_set", subject=f"account:{account.id}", actor=actor, now=now)


def prove_password(email: str, password: str) -> Account:
    """Return the account that address and password belong to.  Raises SignInFailed.

    An unknown address costs the same hashing as a known one, so that time tells nothing.  Nothing is written, so that
    nobody waits for the database while a password is hashed: call it outside of a transaction.
    """
    account = queries.find_account_by_email(email)
    known_hash = account.password_hash if account and account.password_hash else _NOBODY
    fits = False
    with suppress(VerificationError, InvalidHashError):
        fits = _hasher.verify(known_hash, password)
    if account is None or not fits or account.password_hash is None or account.disabled_at is not None:
        raise rules.SignInFailed
    return account


def note_signed_in(account: Account, *, now: datetime) -> None:
    """Note in the trail that the account was signed in to with its password."""
    audit.record(
        "account.signed_in", subject=f"account:{account.id}", actor=queries.actor_of(account), now=now
    )


def make_one_time_link(account: Account, *, actor: Actor, now: datetime) -> str:
    """Return the token of a link that signs in once within a week; only its hash is kept."""
    token = secrets.token_urlsafe(24)
    db.session.add(
        OneTimeLink(
            account_id=account.id, token_hash=codes.hash_of(token), created_at=now, expires_at=now + LINK_TERM
        )
    )
    audit.record("account.link_made", subject=f"account:{account.id}", actor=actor, now=now)
    return token


def send_sign_in_link(email: str, *, now: datetime) -> bool:
    """Mail a one-time link to the address, once an hour at the most, if an account has it; tell whether it left.

    The page says the same either way: whether an address has an account is nobody's business.
    """
    account = queries.find_account_by_email(email)
    if account is None or account.disabled_at is not None:
        return False
    key = f"sign-in-link:{account.id}:{now:%Y%m%d%H}"
    if notifications.is_queued(key):
        return False
    token = make_one_time_link(account, actor=VISITOR, now=now)
    return notifications.enqueue(
        letters.SIGN_IN_LINK,
        to_address=account.email,
        to_name=account.full_name,
        locale=account.locale,
        key=key,
        now=now,
        url=addresses.address("accounts.use_link", token=token),
    )


def use_one_time_link(token: str, *, now: datetime) -> Account:
    """Use up a link and return its account.  Raises LinkNotValid.

    The update itself is the guard: of two who use it at the same moment, the second is refused.
    """
    account_id = db.session.scalar(
        update(OneTimeLink)
        .where(
            OneTimeLink.token_hash == codes.hash_of(token),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeLink.account_id)
        .execution_options(synchronize_session=False)
    )
    account = queries.find_account(account_id) if account_id else None
    if account is None or account.disabled_at is not None:
        raise rules.LinkNotValid
    audit.record(
        "account.signed_in", subject=f"account:{account.id}", actor=VISITOR, now=now, by="one-time link"
    )
    return account
