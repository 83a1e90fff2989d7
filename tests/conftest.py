"""One application for each database, and a world that forgets after every test."""

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event
from sqlalchemy.engine import Engine

import config
from dxday.app import create_app
from dxday.db import db
from dxday.web import limits
from tests import databases
from tests.client import PageClient


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep what needs a browser on one worker, so that one Chromium runs at a time.

    The mark xdist_group would say it too, but pytest 9.2 does not let xdist 3.8 write the group into the name.
    """
    from xdist.scheduler import LoadGroupScheduling

    class OneBrowser(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if nodeid.startswith(("tests/browser/", "tests/journeys/")) else nodeid

    return OneBrowser(config, log)


@cache
def migrated(database: str) -> str:
    """Migrate one database of the kind, to be copied; return its file, or its name on the server."""
    folder = Path(mkdtemp(prefix=f"dxday-{database}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    given = {"DXDAY_INSTANCE": str(folder)}
    if database == "postgresql":
        given["DATABASE_URL"] = databases.postgresql().new_database()
    app = create_app(config.read(given))
    with app.app_context():
        upgrade()
    close(app)  # which brings SQLite's log into the file, and lets PostgreSQL copy
    return given["DATABASE_URL"].rpartition("/")[2] if database == "postgresql" else str(folder / "dxday.db")


def new_app(database: str, folder: Path, **environ: str) -> Flask:
    """Return an application on a new, migrated database: "sqlite" or "postgresql"."""
    instance = folder / "instance"
    given = {"DXDAY_INSTANCE": str(instance), "DEFAULT_LOCALE": "en", **environ}
    if database == "postgresql":
        try:
            given["DATABASE_URL"] = databases.postgresql().new_database(migrated(database))
        except databases.NoPostgreSQL as reason:
            pytest.skip(str(reason))
    else:
        instance.mkdir(parents=True)
        shutil.copyfile(migrated(database), instance / "dxday.db")
    app = create_app(config.read(given))
    app.testing = True
    limits.limiter.enabled = "RATE_LIMIT_URL" in environ  # a test that wants limits asks for them
    return app


def close(app: Flask) -> None:
    """Let go of the application's connections."""
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application that tests share; each test's changes are forgotten."""
    app = new_app(request.param, tmp_path_factory.mktemp(request.param))
    yield app
    close(app)


@pytest.fixture
def app(shared_app: Flask) -> Iterator[Flask]:
    """An application whose database is as new at the end: all sessions join one transaction that is rolled back."""
    for of_a_world_that_is_forgotten in ("dxday_kept", "dxday_search"):
        shared_app.extensions.pop(of_a_world_that_is_forgotten, None)
    with shared_app.app_context():
        engines = db.engines
        engine = engines[None]
        with engine.connect() as connection:
            outer = connection.begin()
            engines[None] = connection  # type: ignore[assignment]  # a session binds to either
            try:
                yield shared_app
            finally:
                db.session.remove()
                outer.rollback()
                engines[None] = engine


@pytest.fixture
def own_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database of its own, for races and killed processes; see `on_both`."""
    app = new_app(getattr(request, "param", "sqlite"), tmp_path)
    yield app
    close(app)


on_both = pytest.mark.parametrize("own_app", ["sqlite", "postgresql"], indirect=True)
"""Run a test that uses `own_app` on both databases."""


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A strict visitor: every page that it opens is checked."""
    return PageClient(app)


class Counted:
    """How many statements ran."""

    total = 0


@pytest.fixture
def queries(app: Flask):
    """Count the statements of a block: `with queries() as counted: …`."""

    @contextmanager
    def count() -> Iterator[Counted]:
        counted = Counted()

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            # A test stands in savepoints where a request has a transaction; these are not the page's doing.
            counted.total += "SAVEPOINT" not in statement

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield counted
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return count
