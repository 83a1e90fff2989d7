"""Whole addresses of pages, for messages that are read outside the browser."""

from email.utils import parseaddr
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, has_request_context, request

FALLBACK = "http://127.0.0.1:8000"
"""Where the embedded set-up answers; jobs have no request to read it from."""


def base_url() -> str:
    """Return what every address begins with, without a slash at the end.

    It is the setting BASE_URL; else the host of the request, when it is this machine or what the server was started
    for; else SERVED_AT, which the embedded server notes.  Any other host is only what a visitor claims: a letter with
    a secret address must not lead to it.
    """
    set_up: str | None = current_app.extensions["dxday_settings"].base_url
    if set_up:
        return set_up
    if has_request_context() and _is_own_host(urlsplit(request.url_root).hostname or ""):
        return request.url_root.rstrip("/")
    return str(current_app.config.get("SERVED_AT") or FALLBACK).rstrip("/")


def _is_own_host(host: str) -> bool:
    if host in ("localhost", request.environ["SERVER_NAME"]):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def address(endpoint: str, **values: Any) -> str:
    """Return the whole address of a page; unlike url_for it needs no request."""
    current_app.inject_url_defaults(endpoint, values)
    path: str = current_app.url_map.bind("here").build(endpoint, values)
    return base_url() + path


def sender_address() -> str:
    """Return the bare address from which letters come."""
    return parseaddr(current_app.extensions["dxday_settings"].mail_sender)[1]


def mail_domain() -> str:
    """Return the domain of the sender's address, which makes Message-IDs unique in the world (RFC 5322 §3.6.4)."""
    return sender_address().rpartition("@")[2] or "dxday.invalid"
