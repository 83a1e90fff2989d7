"""The public programme page of a large edition, warm, against a bare Flask route that returns the same bytes."""

import gzip
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from flask_migrate import upgrade
from sqlalchemy import insert

import config
from dxday.accounts.models import Organisation, Person
from dxday.accounts.rules import OrganisationKind
from dxday.app import create_app
from dxday.core.actor import SYSTEM
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme import publishing
from dxday.programme.models import Part, Placement, Session
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites.models import Room, Site
from dxday.sites.rules import SiteKind

ROOT = Path(__file__).resolve().parent.parent
SESSIONS, SITES, DAYS = 1000, 22, 10
LENGTH = timedelta(minutes=10)
ROUNDS, SECONDS, CONNECTIONS = 5, 2.0, 4
BARE = """
from pathlib import Path
from flask import Flask

app, body = Flask("bare"), Path(__file__).with_name("body.html").read_bytes()

@app.get("/")
def show():
    return body
"""
EDITION = "bench"
PAGE = f"/{EDITION}/schedule?day=all"
"""All sessions on one page; a visitor who does not ask for them all gets one day."""
A_DAY = f"/{EDITION}/schedule"


def run() -> dict[str, dict[str, Any]]:
    """Measure and return `{name: {value, unit, baseline, ratio}}`; takes about a minute."""
    with tempfile.TemporaryDirectory(prefix="dxday-bench-") as folder:
        instance = Path(folder) / "instance"
        environ = {**os.environ, "DXDAY_INSTANCE": str(instance), "DEFAULT_LOCALE": "vi"}
        fill(config.read({"DXDAY_INSTANCE": str(instance)}))
        with served("wsgi:app", environ, ROOT) as (ours, our_process):
            page, day = ask(ours, PAGE), ask(ours, A_DAY)
            begun = time.perf_counter()
            ask(ours, f"{PAGE}&lang=en")  # nobody asked for it yet
            anew = time.perf_counter() - begun
            search = statistics.median(timed(ours, f"{A_DAY}?q=dia+phuong+{n}") for n in range(5))
            found = {
                name: against_bare(ours, path, body, Path(folder))
                for name, path, body in (("whole", PAGE, page), ("day", A_DAY, day))
            }
            memory = resident(our_process.pid)
    warm = found["whole"].ours
    return {
        f"programme page, {SESSIONS} sessions × {SITES} sites, kept": found["whole"].told(page),
        "programme page of one of its ten days, kept": found["day"].told(day),
        "the whole page, drawn anew": {
            "value": round(anew, 2),
            "unit": "s",
            "baseline": f"the same page, kept, {1000 / warm:.2f} ms",
            "ratio": round(anew * warm, 1),
        },
        f"search in {SESSIONS} sessions": {
            "value": round(1000 * search),
            "unit": "ms",
            "baseline": f"the page of a day, kept, {1000 / found['day'].ours:.2f} ms",
            "ratio": round(search * found["day"].ours, 1),
        },
        "memory of the web process after it": {
            "value": round(memory / 1e6),
            "unit": "MB",
            "baseline": f"bare Flask under gunicorn, {found['day'].bare_memory / 1e6:.0f} MB",
            "ratio": round(memory / found["day"].bare_memory, 1) if found["day"].bare_memory else 0,
        },
    }


class Compared(NamedTuple):
    """How many answers a second we give and a bare route gives, and how much memory that takes."""

    ours: float
    bare: float
    ratio: float
    bare_memory: int

    def told(self, body: bytes) -> dict[str, Any]:
        """Return the figures as the table wants them."""
        size = f"{len(body) / 1000:.0f} kB, {len(gzip.compress(body)) / 1000:.0f} kB zipped"
        return {
            "value": round(self.ours),
            "unit": "1/s",
            "baseline": f"bare Flask route, same bytes ({size}), {self.bare:.0f}/s",
            "ratio": round(self.ratio, 2),
        }


def against_bare(ours: int, path: str, body: bytes, folder: Path) -> Compared:
    """Compare our kept page with a bare route that returns the same bytes, in turns: the machine may not be alone."""
    (folder / "body.html").write_bytes(body)
    (folder / "bare.py").write_text(BARE)
    with served("bare:app", dict(os.environ), folder) as (plain, process):
        assert ask(plain, "/") == body
        rates = [(rate(ours, path), rate(plain, "/")) for _ in range(ROUNDS)]
        memory = resident(process.pid)
    warm, most = (statistics.median(column) for column in zip(*rates, strict=True))
    return Compared(warm, most, statistics.median(a / b for a, b in rates), memory)


def timed(port: int, path: str) -> float:
    """Return the seconds that one answer takes."""
    begun = time.perf_counter()
    ask(port, path)
    return time.perf_counter() - begun


# The edition ---------------------------------------------------------------------------------------------------------


def fill(settings: config.Settings) -> None:
    """Make an edition of ten days: 1,000 sessions, each received at all 22 sites but one, which differs each time."""
    app = create_app(settings)
    now, first = datetime.now(UTC), date(2030, 10, 1)
    with app.app_context():
        upgrade()
        name = {"vi": "Bản đo tốc độ", "en": "Speed test"}
        host = Organisation(code="bench", kind=OrganisationKind.PROVINCE, name=name)
        edition = Edition(
            code=EDITION,
            host=host,
            year=2030,
            name=name,
            starts_on=first,
            ends_on=first + timedelta(days=DAYS - 1),
        )
        db.session.add(edition)
        db.session.flush()
        sites = [
            Site(
                edition_id=edition.id,
                code=f"site-{n}",
                kind=SiteKind.SATELLITE if n else SiteKind.MAIN,
                name={"vi": f"Điểm cầu số {n}", "en": f"Site {n}"},
                position=n,
            )
            for n in range(SITES)
        ]
        people = [Person(full_name=f"Nguyễn Văn Mẫu {n}", position={"vi": "Giám đốc"}) for n in range(40)]
        db.session.add_all([*sites, *people])
        db.session.flush()
        rooms = [
            Room(site_id=s.id, code="hall", name={"vi": "Hội trường", "en": "Hall"}, capacity=300)
            for s in sites
        ]
        sessions = [
            Session(
                edition_id=edition.id,
                code=f"phien-{n}",
                guid=uuid4(),
                kind=list(SessionKind)[n % len(SessionKind)],
                state=SessionState.DRAFT,
                title={
                    "vi": f"Phiên {n}: chuyển đổi số và dữ liệu của địa phương",
                    "en": f"Session {n}: local data",
                },
                updated_at=now,
            )
            for n in range(SESSIONS)
        ]
        db.session.add_all([*rooms, *sessions])
        db.session.flush()
        db.session.execute(insert(Placement), list(_placements(edition, sessions, rooms)))
        db.session.execute(
            insert(Part),
            [
                {
                    "session_id": s.id,
                    "person_id": people[n % len(people)].id,
                    "kind": PartKind.SPEAKER,
                    "position": 0,
                }
                for n, s in enumerate(sessions)
            ],
        )
        publishing.publish(edition, name="bench", actor=SYSTEM, now=now)
        db.session.commit()
        db.engine.dispose()


def _placements(edition: Edition, sessions: list[Session], rooms: list[Room]) -> Iterator[dict[str, Any]]:
    a_day = SESSIONS // DAYS
    for n, session in enumerate(sessions):
        day = datetime.combine(edition.starts_on, datetime.min.time(), tzinfo=UTC) + timedelta(
            days=n // a_day
        )
        starts_at = day + LENGTH * (n % a_day)
        for place, room in enumerate(rooms):
            if place == 0 or place != n % SITES:
                yield {
                    "edition_id": edition.id,
                    "session_id": session.id,
                    "site_id": room.site_id,
                    "room_id": room.id,
                    "room_shared": False,
                    "role": PlacementRole.RECEIVING if place else PlacementRole.ORIGIN,
                    "mode": Mode.BROADCAST if place else Mode.ON_SITE,
                    "starts_at": starts_at,
                    "ends_at": starts_at + LENGTH,
                }


# Servers and clients -------------------------------------------------------------------------------------------------


@contextmanager
def served(
    application: str, environ: dict[str, str], folder: Path
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve the application of a folder with gunicorn, in one worker; yields port and process."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-k",
        "gthread",
        "-w",
        "1",
        "--threads",
        "4",
        "--keep-alive",
        "30",
    ]
    process = subprocess.Popen(
        [*command, "-b", f"127.0.0.1:{port}", application],
        cwd=folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield port, process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not begin to listen")


class Client:
    """A connection that is kept open; reads answers whole and looks only at their length."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.buffer = bytearray(1 << 20)

    def ask(self, request: bytes) -> bytes:
        """Send the request and return the body.  Raises RuntimeError for anything but a 200."""
        self.socket.sendall(request)
        view, have = memoryview(self.buffer), 0
        while (end := self.buffer.find(b"\r\n\r\n", 0, have)) < 0:
            have += self._more(view[have:])
        head = bytes(view[:end])
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = re.search(rb"content-length: (\d+)", head, re.I)
        assert length is not None
        whole = end + 4 + int(length[1])
        if whole > len(self.buffer):
            raise RuntimeError(f"an answer of {whole} bytes")
        while have < whole:
            have += self._more(view[have:])
        return bytes(view[end + 4 : whole])

    def _more(self, into: memoryview) -> int:
        got = self.socket.recv_into(into)
        if not got:
            raise RuntimeError("the server hung up")
        return got


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: vi\r\n\r\n".encode()


def ask(port: int, path: str) -> bytes:
    """Return the body of one answer."""
    client = Client(port)
    with closing(client.socket):
        return client.ask(_request(path))


def rate(port: int, path: str) -> float:
    """Return how many answers a second come over a few connections that are kept open."""
    request, counts = _request(path), [0] * CONNECTIONS
    until = time.perf_counter() + SECONDS

    def load(number: int) -> None:
        client = Client(port)
        with closing(client.socket):
            while time.perf_counter() < until:
                client.ask(request)
                counts[number] += 1

    threads = [threading.Thread(target=load, args=(number,)) for number in range(CONNECTIONS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begun)


def resident(master: int) -> int:
    """Return the bytes of memory that the worker of a gunicorn master holds; 0 where that cannot be read."""
    workers = Path(f"/proc/{master}/task/{master}/children")
    if not workers.exists():
        return 0
    found = 0
    for worker in workers.read_text().split():
        status = Path(f"/proc/{worker}/status").read_text()
        match = re.search(r"VmRSS:\s+(\d+) kB", status)
        found += int(match[1]) * 1024 if match else 0
    return found


if __name__ == "__main__":
    for name, result in run().items():
        print(name, result)
