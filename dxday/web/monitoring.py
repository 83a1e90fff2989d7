"""What operators and load balancers ask: alive, ready, and numbers."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, g, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from dxday.adapters.storage import StorageUnavailable, open_storage
from dxday.core import clock
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
    """Answer the numbers of this process and those of the database in Prometheus text.

    What the database knows is `dxday_numbers` of the application.  While it does not answer, that is said, and the
    rest is answered all the same.
    """
    return Response(generate_latest() + _database_numbers(), content_type=CONTENT_TYPE_LATEST)


class _Found(Collector):
    """Metrics that were worked out already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self.metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Hand them over."""
        yield from self.metrics


def _database_numbers() -> bytes:
    ask: Callable[[datetime], list[Metric]] = current_app.extensions["dxday_numbers"]
    try:
        found, is_up = ask(clock.now()), 1
    except (DBAPIError, NoConnection):
        db.session.remove()
        g.database_down = True
        found, is_up = [], 0
    up = GaugeMetricFamily("dxday_database_up", "1 while the database answers.", value=is_up)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found([up, *found]))
    return generate_latest(registry)


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
