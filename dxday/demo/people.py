"""One sign-in per role, with passwords made for this instance alone."""

import json
import os
import secrets
from datetime import datetime
from pathlib import Path

from dxday.accounts import queries, services
from dxday.core.actor import SYSTEM, Actor
from dxday.core.permissions import Role
from dxday.demo import places
from dxday.sites.models import Site

SIGN_INS = (
    (Role.ORGANIZER, "organizer@dxday.example", "Nguyễn Văn Mẫu"),
    (Role.AGENCY, "agency@dxday.example", "Trần Thị Thí Dụ"),
    (Role.AGENCY, "colleague@dxday.example", "Đinh Văn Đồng Sự"),
    (Role.COUNCIL, "council@dxday.example", "Lê Văn Ví Dụ"),
    (Role.ADMIN, "admin@dxday.example", "Phạm Thị Minh Họa"),
)
COORDINATOR = (Role.SITE, "site@dxday.example", "Hoàng Thị Điển Hình")
"""Looks after one site; the edition of that site gives them their role."""
MEMBERS = (
    (Role.MEMBER, "chair@dxday.example", "Vũ Thị Minh Họa"),
    (Role.MEMBER, "member@dxday.example", "Lý Văn Thí Dụ"),
)
"""Two of those who sit on the council; their seats give them their role."""


def add_sign_ins(*, passwords: Path, now: datetime) -> None:
    """Add the accounts that are not there yet; a password is made once and kept in `passwords`, mode 600."""
    known = read_passwords(passwords)
    for role, email, name in SIGN_INS:
        if queries.find_account_by_email(email) is not None:
            continue
        account = services.add_account(email, full_name=name, locale="vi", actor=SYSTEM, now=now)
        agency = places.sample_agency(now).id if role is Role.AGENCY else None
        services.grant_role(account, role, organisation_id=agency, actor=SYSTEM, now=now)
        known[email] = secrets.token_urlsafe(12)
        services.set_password(account, known[email], actor=SYSTEM, now=now)
    _write(passwords, known)


def add_coordinator(site: Site, *, passwords: Path, now: datetime) -> None:
    """Let the demo's coordinator look after the site; their password is made once, as those of the others."""
    role, email, name = COORDINATOR
    known = read_passwords(passwords)
    account = queries.find_account_by_email(email)
    if account is None:
        account = services.add_account(email, full_name=name, locale="vi", actor=SYSTEM, now=now)
        known[email] = secrets.token_urlsafe(12)
        services.set_password(account, known[email], actor=SYSTEM, now=now)
        _write(passwords, known)
    services.grant_role(account, role, edition_id=site.edition_id, site_id=site.id, actor=SYSTEM, now=now)


def add_members(*, passwords: Path, now: datetime) -> None:
    """Give the members of the council who are sign-ins their passwords; each is made once."""
    known = read_passwords(passwords)
    for _, email, _ in MEMBERS:
        account = queries.find_account_by_email(email)
        if account is not None and email not in known:
            known[email] = secrets.token_urlsafe(12)
            services.set_password(account, known[email], actor=SYSTEM, now=now)
    _write(passwords, known)


def _write(passwords: Path, known: dict[str, str]) -> None:
    handle = os.open(passwords, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(known, file, indent=1)


def read_passwords(path: Path) -> dict[str, str]:
    """Return address → password of the demo's accounts; empty before the first load."""
    return dict(json.loads(path.read_text())) if path.exists() else {}


def actor_for(role: Role) -> Actor:
    """Return the demo's person with this role, as an actor."""
    email = next(address for granted, address, _ in SIGN_INS if granted is role)
    account = queries.find_account_by_email(email)
    if account is None:
        raise LookupError(f"no account {email}: add_sign_ins comes first")
    return queries.actor_of(account)
