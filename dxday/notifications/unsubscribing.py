"""Leaving with one click: the signed address that stands in a letter, and the headers that name it (RFC 8058)."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from dxday.core.errors import NotFound
from dxday.notifications import addresses
from dxday.notifications.rules import Channel

_SALT = "dxday.unsubscribe"
_HERE = "here"
_LONGEST = 2000


class LinkNotKnown(NotFound):
    """An address that we did not give out."""


class Posted(Protocol):
    """What is asked of a message."""

    @property
    def required(self) -> bool:
        """Whether its reader cannot be spared it."""

    @property
    def channel(self) -> Channel:
        """How it travels."""

    @property
    def to_address(self) -> str:
        """Whom it goes to."""

    @property
    def edition_id(self) -> int | None:
        """Of which edition it is."""

    @property
    def locale(self) -> str:
        """In which language."""


@dataclass(frozen=True)
class Reader:
    """Whom a link is for, and of which edition the letter was in which it stood."""

    address: str
    edition_id: int | None


def token_of(reader: Reader) -> str:
    """Return the signed token of a reader.  It is good for ever: who wants no letters shall not have to hurry."""
    token: str = _signer().dumps([reader.address, reader.edition_id])
    return token


def read_token(token: str) -> Reader:
    """Return whom a token is for.  Raises LinkNotKnown for anything that we did not sign."""
    if len(token) > _LONGEST:
        raise LinkNotKnown
    try:
        address, edition_id = _signer().loads(token)
    except (BadData, ValueError) as error:  # ValueError: signed, and yet not of this shape
        raise LinkNotKnown from error
    return Reader(address, edition_id)


def url_of(address: str, edition_id: int | None, locale: str | None = None) -> str:
    """Return the page on which the owner of an address says that they want no reminders, in their language."""
    page = addresses.base_url() + _path().replace(_HERE, token_of(Reader(address, edition_id)))
    return f"{page}?lang={locale}" if locale else page


def _path() -> str:
    """Return the path of the page for the token _HERE, looked up once: every letter that is not required has two."""
    known: str | None = current_app.extensions.get("dxday_unsubscribe_path")
    if known is None:
        whole = addresses.address("unsubscribe.show", token=_HERE)
        known = current_app.extensions["dxday_unsubscribe_path"] = whole.removeprefix(addresses.base_url())
    return known


def headers(message: Posted) -> tuple[tuple[str, str], ...]:
    """Return the headers by which a mail program offers to leave; none for a letter that is required.

    One click (List-Unsubscribe-Post) is offered over https alone, as RFC 8058 §3.1 asks; RFC 2369 §3.2 has no such
    limit.  Mail programs offer it when the mail server signs both headers (DKIM, RFC 8058 §4).
    """
    if message.required or message.channel is not Channel.MAIL:
        return ()
    url = url_of(message.to_address, message.edition_id, message.locale)
    offered = (("List-Unsubscribe", f"<{url}>"),)
    if not url.startswith("https://"):
        return offered
    return (*offered, ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))


def _signer() -> URLSafeSerializer:
    return _signer_with(current_app.extensions["dxday_settings"].secret_key)


@lru_cache(maxsize=4)
def _signer_with(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=_SALT)
