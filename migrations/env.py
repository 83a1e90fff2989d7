"""How Alembic runs inside the application: our engine, our naming, plain column types."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

import dxday.tables  # noqa: F401  (fills the metadata)
from dxday.db import Base, Minutes, UtcDateTime, db


def render_item(kind: str, thing: Any, autogen: AutogenContext) -> str | bool:
    """Write our own column types as plain ones, so that old migrations need no code of today."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, Minutes):
        return "sa.Integer()"
    if kind == "type" and type(thing).__name__ == "Enum":
        return "sa.String(length=40)"
    if kind == "type" and type(thing).__name__ == "JSON":
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if kind == "type" and type(thing).__name__ == "BigInteger":
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, _to: Any) -> bool:
    """Leave what only one of the databases has (exclusion constraints and their index) to the migrations."""
    return not (reflected and name is not None and name.startswith("ex_"))


def compare_type(
    _context: Any, _column: Any, _metadata: Any, _inspected: Any, metadata_type: Any
) -> bool | None:
    """Own types that are plain ones underneath are no difference."""
    if type(metadata_type).__name__ in ("Enum", "UtcDateTime", "JSON", "Minutes"):
        return False
    return None


def run() -> None:
    """Run the migrations on the application's engine."""
    given = current_app.extensions.get("dxday_migration_connection")
    if given is not None:
        _run_on(given)
        return
    with db.engine.connect() as connection:
        _run_on(connection)


def _run_on(connection: Any) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        include_object=include_object,
        compare_type=compare_type,
        render_as_batch=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
