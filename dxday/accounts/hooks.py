"""Who is asking: loads the account of the session into g.actor."""

import structlog
from flask import Flask, g, request
from flask_login import LoginManager, UserMixin, current_user

from dxday.accounts import queries
from dxday.accounts.models import Account
from dxday.audit import services as audit
from dxday.core import clock
from dxday.core.actor import VISITOR
from dxday.db import transaction

log = structlog.get_logger()


class SignedIn(UserMixin):
    """What Flask-Login keeps: the account, known by id and stamp."""

    def __init__(self, account: Account) -> None:
        """Hold the account."""
        self.account = account

    def get_id(self) -> str:
        """Return id and stamp; a changed stamp ends the session."""
        return f"{self.account.id}:{self.account.session_stamp}"


def find_signed_in(session_id: str) -> SignedIn | None:
    """Return who a session belongs to; None when the stamp changed or the account is disabled."""
    number, _, stamp = session_id.partition(":")
    account = queries.find_account(int(number)) if number.isdecimal() else None
    if account is None or account.session_stamp != stamp or account.disabled_at is not None:
        return None
    return SignedIn(account)


def load_actor() -> None:
    """Put the actor and their language into g; a visitor costs no query."""
    g.actor, g.account_locale, g.account = VISITOR, None, None
    if request.endpoint == "static" or not current_user.is_authenticated:
        return
    g.account = current_user.account
    g.actor = queries.actor_of(g.account)
    g.account_locale = g.account.locale


def note_refused() -> None:
    """Write who was refused what; only for people with an account, so that strangers cannot fill the trail."""
    actor = g.get("actor", VISITOR)
    log.warning("refused", endpoint=request.endpoint, actor=actor.account_id)
    if not actor.is_signed_in:
        return
    edition = g.get("edition")
    with transaction():
        audit.record(
            "access.refused",
            subject=request.endpoint or "",
            actor=actor,
            now=clock.now(),
            edition_id=edition.id if edition else None,
            method=request.method,
        )


def init_app(app: Flask) -> None:
    """Set Flask-Login up; access itself is decided by gates."""
    manager = LoginManager(app)
    manager.session_protection = "basic"
    manager.user_loader(find_signed_in)
