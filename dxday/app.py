"""The application factory: reads as a table of contents."""

from pathlib import Path

from flask import Flask, current_app
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from dxday import db, features, offers, scheduler, tables
from dxday.accounts import hooks as accounts_hooks
from dxday.editions import hooks as editions_hooks
from dxday.editions import queries as editions
from dxday.web import (
    access,
    converters,
    errors,
    filters,
    kept,
    languages,
    limits,
    logs,
    monitoring,
    pages,
    requests,
)

ROOT = Path(__file__).resolve().parent.parent

__all__ = ["create_app", "tables"]


class DatabaseBehind(RuntimeError):
    """In production, a database that is not at the newest migration."""


def refuse_when_behind() -> None:
    """Raise DatabaseBehind in production when the database is not migrated; call it inside the application."""
    settings: config.Settings = current_app.extensions["dxday_settings"]
    if settings.production and not monitoring.is_migrated():
        raise DatabaseBehind("The database is not at the newest migration. Run: dxday db upgrade")


def create_app(settings: config.Settings) -> Flask:
    """Build the application from its settings.  Raises UngatedView when a page says nothing of who may open it."""
    app = Flask("dxday", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.from_mapping(settings.flask())
    app.extensions["dxday_settings"] = settings

    kept.init_app(app, version_of=editions.find_version)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]  # as Werkzeug does

    logs.init(json=settings.production)
    db.init_app(app)
    Migrate(app, db.db, directory=str(ROOT / "migrations"))
    converters.init_app(app)
    languages.init_app(app)
    filters.init_app(app)
    pages.init_app(app)
    access.init_app(app)
    limits.limiter.init_app(app)
    accounts_hooks.init_app(app)
    editions_hooks.init_app(app)

    requests.init_app(app)
    app.before_request(accounts_hooks.load_actor)
    app.before_request(editions_hooks.load_edition)
    app.before_request(access.guard)

    offers.init_app(app)
    scheduler.init_app(app)
    features.register(app)
    errors.init_app(app, note_refused=accounts_hooks.note_refused)
    access.check_every_view_has_a_gate(app)
    return app
