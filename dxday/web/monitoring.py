"""What operators and load balancers ask: alive, ready, and numbers."""

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, g, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dxday.adapters.storage import StorageUnavailable, open_storage
from dxday.db import db
from dxday.web.access import open_to_all

bp = Blueprint("monitoring", __name__)


@bp.get("/healthz")
@open_to_all
def healthz() -> ResponseReturnValue:
    """Answer while the process lives, whatever else is broken."""
    return jsonify(status="ok")


@bp.get("/readyz")
@open_to_all
def readyz() -> ResponseReturnValue:
    """Answer 200 when database, migrations and storage are ready, else 503 with what is not."""
    parts = readiness()
    ready = all(state == "ok" for state in parts.values())
    return jsonify(status="ok" if ready else "not ready", **parts), 200 if ready else 503


@bp.get("/metrics")
@open_to_all
def metrics() -> ResponseReturnValue:
    """Answer the process's numbers in Prometheus text."""
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def readiness() -> dict[str, str]:
    """Return each part's state: "ok", or what is wrong with it."""
    parts = {}
    try:
        db.session.execute(text("SELECT 1"))
        parts["database"] = "ok"
        parts["migrations"] = "ok" if is_migrated() else "the database is behind: run dxday db upgrade"
    except DBAPIError as error:
        db.session.rollback()
        g.database_down = True
        parts["database"] = f"does not answer ({type(error).__name__})"
        parts["migrations"] = "unknown"
    try:
        open_storage(current_app.extensions["dxday_settings"].storage_url).ready()
        parts["storage"] = "ok"
    except StorageUnavailable as fault:
        parts["storage"] = f"not usable: {fault}"
    return parts


def is_migrated() -> bool:
    """Tell whether the database is at the newest migration."""
    folder = Path(current_app.root_path).parent / "migrations"
    head = ScriptDirectory(str(folder)).get_current_head()
    return MigrationContext.configure(db.session.connection()).get_current_revision() == head
