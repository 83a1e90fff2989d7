"""Every blueprint and its address, one per line; and the menu of those who work here."""

from flask import Flask, g, request, url_for

from dxday.accounts import views as accounts
from dxday.core.i18n import Words
from dxday.core.permissions import Permission
from dxday.web import monitoring

MenuGroup = tuple[str, list[tuple[str, str, bool]]]

MENU: list[tuple[Words, list[tuple[Words, str, Permission]]]] = []
"""Heading → (label, endpoint, permission); what the actor may not open is left out."""


def register(app: Flask) -> None:
    """Register every feature."""
    app.register_blueprint(monitoring.bp)
    app.register_blueprint(accounts.bp)
    app.extensions["dxday_menu"] = menu


def menu() -> list[MenuGroup]:
    """Return the menu of g.actor for the edition at hand; empty without an edition."""
    if g.edition is None:
        return []
    groups: list[MenuGroup] = []
    for heading, entries in MENU:
        shown = [
            (str(label), url_for(endpoint), request.endpoint == endpoint)
            for label, endpoint, permission in entries
            if g.actor.may(permission, edition_id=g.edition.id)
        ]
        if shown:
            groups.append((str(heading), shown))
    return groups
