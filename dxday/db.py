"""The database: base class, column types, and `transaction()`, the only place that commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Enum,
    Integer,
    MetaData,
    Select,
    Text,
    event,
)
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry
from sqlalchemy.orm.exc import StaleDataError

from dxday.core.errors import Stale
from dxday.core.i18n import Translations


class UtcDateTime(sqltypes.TypeDecorator[datetime]):
    """A moment: aware on the Python side, UTC in the table; a naive value is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment, and store the rest in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: times are aware here")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand the moment back aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(choices: type[StrEnum]) -> Enum:
    """Return the column type of a StrEnum kept as its value in text, never as a database type of its own."""
    return Enum(
        choices,
        native_enum=False,
        length=40,
        values_callable=lambda enum: [member.value for member in enum],
        validate_strings=True,
    )


Json = JSON().with_variant(postgresql.JSONB(), "postgresql")
Id = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)]
Key = BigInteger().with_variant(Integer, "sqlite")
"""The column type of a foreign key."""

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of all tables; free of Flask so that mypy reads the models."""

    # The map sits on an explicit registry: Flask-SQLAlchemy 3.1 rejects `type_annotation_map` on the class.
    registry = registry(
        metadata=MetaData(naming_convention=_NAMES),
        type_annotation_map={
            datetime: UtcDateTime(),
            Translations: Json,
            dict[str, Any]: Json,
            str: Text(),
        },
    )


db = SQLAlchemy(
    model_class=Base,
    # Objects stay readable after the commit (the page shows them); a session that tests bind to one
    # connection commits to a savepoint there.
    session_options={"expire_on_commit": False, "join_transaction_mode": "create_savepoint"},
)

_WRITING = "dxday_writing"


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what the block does as one whole, or nothing of it; refuses to nest.

    On SQLite it begins with BEGIN IMMEDIATE, so that a writer waits in line instead of failing on a lock
    half-way.  Raises Stale when a row that carries a version was changed by somebody else.
    """
    session = db.session()
    if session.info.get(_WRITING):
        raise RuntimeError("transaction() inside transaction(): commit at the edge only")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed before transaction() began")
    session.commit()  # ends the read that loaded the page; a write must not start from an old snapshot
    session.info[_WRITING] = True
    try:
        session.connection(execution_options={_WRITING: True})
        # A savepoint, because undoing it forgets only what the block changed: what the page has loaded stays readable
        # for the answer that says why nothing was done.
        with session.begin_nested():
            yield
        session.commit()
    except StaleDataError as error:
        _give_up(session)
        raise Stale from error
    except BaseException:
        _give_up(session)
        raise
    finally:
        session.info.pop(_WRITING, None)
        session.info.pop("audit", None)


def _give_up(session: Session) -> None:
    """End a transaction of which nothing shall stay; its savepoint is undone already."""
    session.info.pop("audit", None)
    try:
        session.commit()
    except SQLAlchemyError:
        session.rollback()


def ask_at_once(statement: Select[Any], **values: object) -> tuple[Any, ...] | None:
    """Return the first row of a statement, asked past the session and outside of any transaction, or None.

    For the one question that is asked thousands of times a minute: a session with its transaction costs ten times
    the question itself.  Sees what is committed, knows no identity map, and hands numbers and texts back as they come.
    Raises OperationalError when the database does not answer.
    """
    bind: Engine | Connection = db.engine
    text, names = _written(statement, bind.dialect)
    given = [values[name] for name in names] if names is not None else values
    # A session may be bound to an engine or to a connection that somebody holds; the second is not ours to close.
    connection = None
    try:
        connection = bind.raw_connection() if isinstance(bind, Engine) else bind.connection
        cursor = connection.cursor()
        cursor.execute(text, given)
        row = cursor.fetchone()
        cursor.close()
    except bind.dialect.loaded_dbapi.Error as error:
        raise OperationalError(text, values, error) from error
    finally:
        if connection is not None and isinstance(bind, Engine):
            connection.close()
    return tuple(row) if row else None


@lru_cache(maxsize=16)
def _written(statement: Select[Any], dialect: Dialect) -> tuple[str, list[str] | None]:
    """Return the statement as the driver wants it, with the order of its values if it wants them in order."""
    compiled = statement.compile(dialect=dialect)
    return compiled.string, compiled.positiontup if compiled.positional else None


def init_app(app: Flask) -> None:
    """Bind the database to the application and prepare each SQLite connection."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            prepare_sqlite(db.engine)


def prepare_sqlite(engine: Engine) -> None:
    """Give SQLite foreign keys, a write-ahead log, patience, and transactions that we begin ourselves."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions behind our back
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA busy_timeout = 15000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(_WRITING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


__all__ = [
    "Base",
    "Id",
    "Json",
    "Key",
    "Translations",
    "UtcDateTime",
    "ask_at_once",
    "choice",
    "db",
    "init_app",
    "transaction",
]
