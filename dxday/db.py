"""The database: base class, column types, and `transaction()`, the only place that commits."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Enum,
    Executable,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    event,
)
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql.compiler import SQLCompiler

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
Names = list[str]
"""Codes in an order, kept as JSON."""


class Minutes(sqltypes.TypeDecorator[timedelta]):
    """A length of time, kept as a whole number of minutes."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Return whole minutes; what is not whole is a bug and is refused."""
        if value is None:
            return None
        minutes, rest = divmod(value, timedelta(minutes=1))
        if rest:
            raise ValueError(f"{value!r} is no whole number of minutes")
        return minutes

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """Return the length."""
        return None if value is None else timedelta(minutes=value)


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


def flush_old_pages(*, whole: bool = False) -> None:
    """Let what rows said before not be found in the files of SQLite; does nothing on PostgreSQL.

    Freed places are overwritten at once (`secure_delete`), and here the write-ahead log is emptied.  `whole` writes the
    file anew first, for what was freed before a release did so.  Outside of any transaction.
    """
    bind: Engine | Connection = db.engine
    if not isinstance(bind, Engine) or bind.dialect.name != "sqlite":
        return
    db.session.commit()  # ends the read that would keep the log
    connection = bind.raw_connection()
    try:
        cursor = connection.cursor()
        if whole:
            cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.fetchall()
        cursor.close()
    finally:
        connection.close()


class Desk:
    """A connection of our own, for what is written hundreds of times a second; see `open_desk`.

    A session with its transaction costs five times the writing itself.  Statements are compiled once; they know no
    objects and no lists of values, and hand back what the driver gives (`read_moment` reads a time).
    """

    def __init__(self, connection: Any, dialect: Dialect, within: Connection | None = None) -> None:
        """Work on a connection of the driver, inside a transaction that somebody holds when `within` names it."""
        self._connection = connection
        self._dialect = dialect
        self._within = within
        self._cursor = connection.cursor()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block does as one whole, or nothing of it.  Raises OperationalError."""
        if self._within is not None:
            with self._within.begin_nested():
                yield
            return
        try:
            if self._dialect.name == "sqlite":
                self._execute("BEGIN IMMEDIATE", ())
            yield
            try:
                self._connection.commit()
            except self._dialect.loaded_dbapi.Error as error:
                raise OperationalError("COMMIT", None, error) from error
        except BaseException:
            with suppress(self._dialect.loaded_dbapi.Error):
                self._connection.rollback()
            raise

    def ask(self, statement: Executable, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        self._execute(*_ready(statement, self._dialect).fill(values))
        return [tuple(row) for row in self._cursor.fetchall()]

    def change(self, statement: Executable, **values: object) -> int:
        """Return how many rows a statement changed."""
        self._execute(*_ready(statement, self._dialect).fill(values))
        return int(self._cursor.rowcount)

    def _execute(self, text: str, given: Any) -> None:
        try:
            self._cursor.execute(text, given)
        except self._dialect.loaded_dbapi.Error as error:
            raise OperationalError(text, None, error) from error


@contextmanager
def open_desk() -> Iterator[Desk]:
    """Give a connection for quick writing while the block runs.  Raises OperationalError."""
    bind: Engine | Connection = db.engine
    if isinstance(bind, Connection):  # a session may be bound to a connection that somebody holds
        yield Desk(bind.connection, bind.dialect, within=bind)
        return
    try:
        connection = bind.raw_connection()
    except bind.dialect.loaded_dbapi.Error as error:
        raise OperationalError("connect", None, error) from error
    try:
        yield Desk(connection, bind.dialect)
    finally:
        connection.close()


def read_moment(value: Any) -> datetime | None:
    """Return the moment that a column of a `Desk` holds, aware, in UTC."""
    if value is None:
        return None
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


class _Ready:
    """A statement as the driver wants it, with the values that never change."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled = cast("SQLCompiler", statement.compile(dialect=dialect))  # type: ignore[attr-defined]  # every statement can, its common type does not say so
        self._text = compiled.string
        self._order = compiled.positiontup if compiled.positional else None
        self._to_column: dict[str, Any] = {}
        for name, bind in compiled.binds.items():
            if processor := bind.type.dialect_impl(dialect).bind_processor(dialect):
                self._to_column[name] = processor
        self._fixed = {
            name: self._column(name, bind.effective_value)
            for name, bind in compiled.binds.items()
            if not bind.required
        }

    def _column(self, name: str, value: object) -> object:
        to_column = self._to_column.get(name)
        return to_column(value) if to_column else value

    def fill(self, values: dict[str, object]) -> tuple[str, Any]:
        """Return text and values, in the shape that the driver takes."""
        given = self._fixed | {name: self._column(name, value) for name, value in values.items()}
        return self._text, given if self._order is None else [given[name] for name in self._order]


@lru_cache(maxsize=64)
def _ready(statement: Executable, dialect: Dialect) -> _Ready:
    return _Ready(statement, dialect)


@lru_cache(maxsize=16)
def _written(statement: Select[Any], dialect: Dialect) -> tuple[str, list[str] | None]:
    """Return the statement as the driver wants it, with the order of its values if it wants them in order."""
    compiled = statement.compile(dialect=dialect)
    return compiled.string, compiled.positiontup if compiled.positional else None


def table_of(model: type[Base]) -> Table:
    """Return the table of a model, for statements that change rows past the objects that the session has loaded."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def insert_into(model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that can be told what to do `on_conflict`, as the database at hand writes it."""
    insert = sqlite.insert if db.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return insert(table_of(model))


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
        cursor.execute("PRAGMA secure_delete = ON")  # what is erased, or sealed, is not left in the file
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(_WRITING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


__all__ = [
    "Base",
    "Desk",
    "Id",
    "Json",
    "Key",
    "Minutes",
    "Names",
    "Translations",
    "UtcDateTime",
    "ask_at_once",
    "choice",
    "db",
    "flush_old_pages",
    "init_app",
    "insert_into",
    "open_desk",
    "read_moment",
    "table_of",
    "transaction",
]
