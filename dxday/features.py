"""Every blueprint and its address, one per line; and the menu of those who work here."""

from flask import Flask, g, request, url_for

from dxday.accounts import views as accounts
from dxday.audit import views as audit
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission
from dxday.editions import views as editions
from dxday.web import monitoring

MenuGroup = tuple[str, list[tuple[str, str, bool]]]

MENU: list[tuple[Words, list[tuple[Words, str, Permission]]]] = [
    (
        lazy_gettext("Edition"),
        [
            (lazy_gettext("Theme and dates"), "editions.edit", Permission.EDITION_MANAGE),
            (lazy_gettext("Audit trail"), "audit.index", Permission.AUDIT_VIEW),
        ],
    ),
]
"""Heading → (label, endpoint, permission); what the actor may not open is left out."""


def register(app: Flask) -> None:
    """Register every feature."""
    app.register_blueprint(monitoring.bp)
    app.register_blueprint(accounts.bp)
    app.register_blueprint(audit.bp)
    app.register_blueprint(editions.bp)
    app.extensions["dxday_menu"] = menu
    _pending(app)  # TEMPORARY, the lead removes it


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


# TEMPORARY: endpoints that layouts name and whose features are still being written; the lead removes this.
PENDING = {
    "public.home": "/",
    "public.edition": "/<edition_code>/",
    "staff.home": "/manage/<edition_code>/",
    "staff.desk": "/my/",
    "programme_public.schedule": "/<edition_code>/schedule",
    "programme_public.sites": "/<edition_code>/sites/",
    "programme_public.site": "/<edition_code>/sites/<site_code>",
    "registration_public.register": "/<edition_code>/register",
    "honours.index": "/<edition_code>/honours",
    "certificates_public.check_form": "/v",
    "certificates.index": "/manage/<edition_code>/certificates",
    "messages.index": "/manage/<edition_code>/messages",
    "registration.index": "/manage/<edition_code>/registrations",
    "nominations.index": "/agency/<edition_code>/nominations/",
    "council.index": "/council/<edition_code>/",
    "programme.index": "/manage/<edition_code>/programme/",
    "programme.new": "/manage/<edition_code>/programme/new",
}


def _pending(app: Flask) -> None:
    from dxday.core.errors import NotFound
    from dxday.web.access import open_to_all

    def absent(**_: object) -> str:
        raise NotFound

    for endpoint, rule in PENDING.items():
        if endpoint not in app.view_functions:
            app.add_url_rule(rule, endpoint, open_to_all(absent))
