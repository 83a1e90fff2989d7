"""Real databases to test on: a SQLite file, and a PostgreSQL server of our own (or the one in DATABASE_URL)."""

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo


class NoPostgreSQL(Exception):
    """There is no PostgreSQL server here, and none can be started; the message says why."""


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise NoPostgreSQL("initdb is not installed (apt-get install postgresql)")
    return found[0].parent if found else Path(on_path or "").parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A PostgreSQL server for this process, stopped and removed when it ends.

    It forgets what it was told when the machine loses its power, for speed, unless it is `durable`.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        given = os.environ.get("DATABASE_URL", "")
        if given.startswith("postgres"):
            self.conninfo = make_conninfo(given.replace("postgresql+psycopg", "postgresql"))
        else:
            self.conninfo = self._start()

    def _start(self) -> str:
        binaries, folder = _binaries(), Path(tempfile.mkdtemp(prefix="dxday-pg-"))
        port = _free_port()
        as_postgres: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            as_postgres = ["runuser", "-u", "postgres", "--"]
            shutil.chown(folder, "postgres")
        run = lambda *command: subprocess.run(  # noqa: E731 (one line that says who runs it)
            [*as_postgres, *command], check=True, capture_output=True, cwd="/"
        )
        run(
            binaries / "initdb",
            "-D",
            folder / "data",
            "-A",
            "trust",
            "-U",
            "dxday",
            "-E",
            "UTF8",
            "--no-sync",
        )
        fsync = "on" if self.durable else "off"
        options = (
            f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync={fsync} -c max_connections=200"
        )
        run(binaries / "pg_ctl", "-D", folder / "data", "-o", options, "-l", folder / "log", "-w", "start")
        atexit.register(self._stop, run, binaries, folder)
        return make_conninfo(host="127.0.0.1", port=port, user="dxday", dbname="postgres")

    @staticmethod
    def _stop(run, binaries: Path, folder: Path) -> None:
        run(binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    def new_database(self, template: str = "template1") -> str:
        """Make a database, empty or a copy of one that nobody is connected to; return its address for DATABASE_URL."""
        name = f"dxday_{uuid4().hex[:12]}"
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name).replace("postgresql+psycopg", "postgresql")

    def address(self, name: str) -> str:
        """Return the SQLAlchemy address of a database of this server."""
        parts = conninfo_to_dict(self.conninfo)
        password = f":{parts['password']}" if parts.get("password") else ""
        return (
            f"postgresql+psycopg://{parts['user']}{password}@{parts['host']}:{parts.get('port', 5432)}/{name}"
        )


_server: Server | None = None


def postgresql() -> Server:
    """Return the server of this process, started at the first call.  Raises NoPostgreSQL."""
    global _server
    if _server is None:
        _server = Server()
    return _server
