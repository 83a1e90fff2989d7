"""How fast messages leave: `dxday worker` against a bare smtplib loop over one connection, to the same loopback server.

The server is our own, in a process for each connection, so that it is not what is measured: it knows PIPELINING as
Postfix and Exim do, reads each message to its end, keeps nothing, and notes when the first and the last one came.  Two
of it: one that answers at once, and one that takes 5 ms over each message, as one does that writes to its disk.

It stays on the first core, and the bare loop on the others: left alone, the kernel now and then puts the two on one
core, where they hand over to each other several times as fast as to any server elsewhere; that rate is named too.

How much two workers gain is bounded by the cores.  On two cores of a virtual machine, with the server that answers at
once, two workers, PostgreSQL and the server spent 0.53, 0.26 and 0.07 ms of processor time on a message, and one worker
needed 0.67 ms of the clock for it, since it writes the next message while the server is at this one: 2 × 0.67 / 0.86 is
1.56 times as many, if both cores never rest.  Runs differ by a quarter, so that 1.6 is seen in some and not in others.
No worker waits for a lock of another meanwhile (`pg_stat_activity`).  The table says how many cores were busy: near all
of them, it is the machine that is measured; the slower server tells whether workers stand in each other's way.
"""

import argparse
import contextlib
import mmap
import os
import pickle
import signal
import smtplib
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, insert, select

import config
from dxday.accounts.letters import SIGN_IN_LINK
from dxday.adapters.composing import Written
from dxday.app import create_app
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.db import db, transaction
from dxday.notifications import services
from dxday.notifications.jobs import sending
from dxday.notifications.models import Message
from tests import databases

ROOT = Path(__file__).resolve().parent.parent
SERVERS = {0.0: (12_000, 3), 0.005: (2_000, 1)}
"""Messages and rounds for each server, by the seconds that it takes over a message."""
FEW, MANY = 5_000, 50_000
SLOTS = 64


def run() -> dict[str, dict[str, Any]]:
    """Measure and return `{name: {value, unit, baseline, ratio}}`; takes about five minutes."""
    found: dict[str, dict[str, Any]] = {}
    addresses: dict[str, str | None] = {"SQLite": None}
    with contextlib.suppress(databases.NoPostgreSQL):
        addresses["PostgreSQL"] = databases.Server(durable=True).new_database()
    for name, address in addresses.items():
        with outbox(address) as box:
            for seconds, (count, times) in SERVERS.items():
                kind = f"server takes {seconds * 1000:.0f} ms" if seconds else "server answers at once"
                both = name == "PostgreSQL"
                rounds = [measure(box, seconds, count, both=both) for _ in range(times)]
                found |= _rates(f"{name}, {kind}", rounds)
            if name == "PostgreSQL" or len(addresses) == 1:
                found |= memory(box)
    return found


def _rates(name: str, rounds: list[dict[str, float]]) -> dict[str, dict[str, Any]]:
    """Return the lines of the table: the middle one of the ratios, and the rates of that round."""
    middle = sorted(rounds, key=lambda each: each["one"] / each["bare"])[len(rounds) // 2]
    found = {
        f"mail, one worker, {name}": {
            "value": round(middle["one"]),
            "unit": "1/s",
            "baseline": f"bare smtplib loop {middle['bare']:.0f}/s (on the server's core {middle['beside']:.0f}/s)",
            "ratio": round(middle["one"] / middle["bare"], 2),
        }
    }
    if "two" in middle:
        cores = os.cpu_count()
        middle = sorted(rounds, key=lambda each: each["two"] / each["one"])[len(rounds) // 2]
        found[f"mail, two workers, {name}"] = {
            "value": round(middle["two"]),
            "unit": "1/s",
            "baseline": f"one worker, {middle['one']:.0f}/s; {middle['busy']:.1f} of {cores} cores were busy",
            "ratio": round(middle["two"] / middle["one"], 2),
        }
    return found


def measure(box: "Outbox", seconds: float, count: int, *, both: bool) -> dict[str, float]:
    """Return the messages per second of the bare loop, of one worker, and of two if `both`."""
    with served(seconds) as server:
        rates = {
            "bare": bare(server, box.written(), count, beside=False),
            "beside": bare(server, box.written(), count, beside=True),
        }
        for name, workers in (("one", 1), ("two", 2))[: 2 if both else 1]:
            with box.workers(workers, server):
                box.fill(count)
                rates[name] = server.rate(count)
                rates["busy"] = server.busy
                box.all_done(count)
    return rates


def memory(box: "Outbox") -> dict[str, dict[str, Any]]:
    """Return how much memory a worker holds after few and after many messages.

    In the middle of each lot stands one that cannot be written: it must fail by itself, and all others leave.
    """
    with served(0.0) as server, box.workers(1, server) as processes:
        held = []
        for count in (FEW, MANY - FEW):
            box.fill(count, poisoned=True)
            server.rate(count - 1)
            box.all_done(count, failed=len(held) + 1)
            held.append(resident(processes[0].pid))
    return {
        f"memory of a worker after {MANY:,} messages": {
            "value": round(held[1] / 1e6, 1),
            "unit": "MB",
            "baseline": f"after {FEW:,}, {held[0] / 1e6:.1f} MB",
            "ratio": round(held[1] / held[0], 3),
        }
    }


# The outbox and its workers -------------------------------------------------------------------------------------------


@dataclass
class Outbox:
    """An application on a database of its own, and the folder in which its workers write."""

    app: Flask
    folder: Path
    _words: dict[str, Any] | None = None

    def fill(self, count: int, *, poisoned: bool = False) -> None:
        """Put `count` messages into the outbox; if wanted, with one among them that no letter can be made of."""
        with self.app.app_context():
            rows = [self._row(number) for number in range(count)]
            if poisoned:
                rows[count // 2]["to_name"] = "Mẫu\r\nBcc: stranger@example.org"
            with transaction():
                for begin in range(0, count, 1000):
                    db.session.execute(insert(Message), rows[begin : begin + 1000])
            db.session.remove()

    def written(self) -> Path:
        """Return a file with such messages as a worker writes them, for the bare loop."""
        path = self.folder / "written"
        if not path.exists():
            blank = dict.fromkeys(sending.Held._fields)
            with self.app.app_context():
                held = [sending.Held(**(blank | self._row(number, id=number))) for number in range(500)]
                carriers = sending.Carriers()
                letters = [carriers._write(each) for each in held]
            path.write_bytes(pickle.dumps(letters))
        return path

    def _row(self, number: int, **more: Any) -> dict[str, Any]:
        """Return a message in the words of a real one, as a reminder that its reader may leave with one click."""
        if self._words is None:
            now = clock.now()
            with transaction():
                services.enqueue(
                    SIGN_IN_LINK,
                    to_address="mau@example.org",
                    to_name="Nguyễn Thị Mẫu",
                    locale="vi",
                    key="words",
                    now=now,
                    url="https://dxday.example/sign-in/" + "x" * 40,
                )
                message = db.session.scalars(select(Message)).one()
                self._words = {
                    name: getattr(message, name)
                    for name in ("kind", "channel", "locale", "subject", "text", "html", "created_at")
                }
                message.carriage = Carriage.DONE
        return {
            **self._words,
            "message_id": f"<{os.urandom(16).hex()}@dxday.example>",
            "required": False,
            "to_name": f"Nguyễn Thị Mẫu {number}",
            "to_address": f"mau{number}@example.org",
            **(more or {"key": os.urandom(16).hex(), "carriage": Carriage.QUEUED}),
        }

    def all_done(self, count: int, *, failed: int = 0) -> None:
        """Wait until it stands in every row that it left, or failed in `failed` of them.  Raises RuntimeError."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with self.app.app_context():
                states = dict(
                    db.session.execute(
                        select(Message.carriage, func.count()).group_by(Message.carriage)
                    ).all()
                )
                db.session.remove()
            if states.pop(Carriage.FAILED, 0) == failed and set(states) == {Carriage.DONE}:
                return
            time.sleep(0.1)
        raise RuntimeError(f"of {count} messages, {states}")

    @contextmanager
    def workers(self, count: int, server: "Server") -> Iterator[list[subprocess.Popen[bytes]]]:
        """Run so many `dxday worker` processes; the block begins when all are there."""
        settings = self.app.extensions["dxday_settings"]
        environ = {
            "PATH": os.environ["PATH"],
            "DXDAY_INSTANCE": str(settings.instance),
            "DATABASE_URL": settings.database_url,
            "SMTP_URL": f"smtp://127.0.0.1:{server.port}",
            "BASE_URL": "https://dxday.example",
        }
        if settings.database_url.startswith("postgresql"):
            environ["QUEUE_URL"] = settings.database_url
        processes, logs = [], []
        try:
            for number in range(count):
                logs.append(self.folder / f"worker-{number}.log")
                with logs[-1].open("wb") as log:
                    command = [sys.executable, "-m", "dxday.cli", "worker"]
                    processes.append(subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log))
            until = time.monotonic() + 60
            while not all("worker_started" in log.read_text() for log in logs):
                if time.monotonic() > until:
                    raise RuntimeError("a worker did not start: " + logs[0].read_text())
                time.sleep(0.1)
            time.sleep(2)  # the clock is elected, and the hands are waiting
            yield processes
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=30)


@contextmanager
def outbox(address: str | None) -> Iterator[Outbox]:
    """Make an application on a new database; None is SQLite."""
    with tempfile.TemporaryDirectory(prefix="dxday-bench-") as name:
        folder = Path(name)
        given = {
            "DXDAY_INSTANCE": str(folder / "instance"),
            "DEFAULT_LOCALE": "vi",
            "BASE_URL": "https://dxday.example",
        }
        app = create_app(config.read(given | ({"DATABASE_URL": address} if address else {})))
        with app.app_context():
            upgrade()
        yield Outbox(app, folder)
        with app.app_context():
            db.engine.dispose()


# The loop that does nothing else --------------------------------------------------------------------------------------


def bare(server: "Server", written: Path, count: int, *, beside: bool) -> float:
    """Return the messages per second of smtplib alone, in a process of its own, beside the server or on other cores."""
    command = [sys.executable, "-m", "bench.delivery", "--beside" if beside else "--bare"]
    command += [str(server.port), str(written), str(count)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        rate = server.rate(count)
    if process.returncode:
        raise RuntimeError(f"the bare loop ended with {process.returncode}")
    return rate


def _send_bare(port: int, written: Path, count: int) -> None:
    letters: list[Written] = pickle.loads(written.read_bytes())
    with smtplib.SMTP("127.0.0.1", port) as line:
        for number in range(count):
            letter = letters[number % len(letters)]
            line.sendmail(letter.sender, [letter.to], letter.data)


# The server -----------------------------------------------------------------------------------------------------------


class Server:
    """A server in a process of its own, and what it has noted: for each connection a count, a first and a last time."""

    def __init__(self, port: int, notes: mmap.mmap) -> None:
        """Begin to count from here."""
        self.port = port
        self._notes = notes
        self._before = 0
        self.busy = 0.0
        """Cores that were busy on this machine during the last `rate`, with whatever; 0 where that cannot be read."""

    def rate(self, count: int) -> float:
        """Wait for `count` more messages and return how many came in a second, from the first to the last of them."""
        target, until = self._before + count, time.monotonic() + 600
        first = last = 0.0
        while True:
            slots = [struct.unpack_from("dd", self._notes, 16 * slot) for slot in range(SLOTS)]
            total = int(sum(there for there, _ in slots))
            if not first and total > self._before:
                first, began, at_first = time.monotonic(), total, processor_seconds()
            if total >= target:
                last = max(at for there, at in slots if there)
                break
            if time.monotonic() > until:
                raise RuntimeError(f"{total - self._before} of {count} messages came")
            time.sleep(0.005)
        self.busy = (processor_seconds() - at_first) / (time.monotonic() - first)
        self._before = target
        return (target - began) / (last - first)


@contextmanager
def served(seconds: float) -> Iterator[Server]:
    """Run a server that takes `seconds` over each message."""
    with ExitStack() as stack:
        notes = stack.enter_context(tempfile.NamedTemporaryFile())
        notes.truncate(16 * SLOTS)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        listener.set_inheritable(True)
        command = [sys.executable, "-m", "bench.delivery", "--serve"]
        process = subprocess.Popen(
            [*command, str(listener.fileno()), notes.name, str(seconds)], cwd=ROOT, close_fds=False
        )
        try:
            yield Server(port, mmap.mmap(notes.fileno(), 0))
        finally:
            process.terminate()
            process.wait()


def _stay(*, beside: bool) -> None:
    """Stay on the first core, where the server is, or on the others, where that can be had."""
    if hasattr(os, "sched_setaffinity"):
        first, *others = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {first} if beside or not others else others)


def _serve(listener: socket.socket, notes: mmap.mmap, seconds: float) -> None:
    _stay(beside=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    slot = 0
    while True:
        line, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            with contextlib.suppress(OSError):
                _take(line, notes, 16 * (slot % SLOTS), seconds)
            os._exit(0)
        line.close()
        slot += 1


def _take(line: socket.socket, notes: mmap.mmap, at: int, seconds: float) -> None:
    """Talk to one client until it goes."""
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(b"220 bench\r\n")
    got, answers = b"", []
    count = struct.unpack_from("d", notes, at)[0]
    while True:
        while (end := got.find(b"\r\n")) >= 0:
            command, got = got[:4].upper(), got[end + 2 :]
            if command == b"EHLO":
                answers.append(b"250-bench\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250 8BITMIME\r\n")
            elif command == b"DATA":
                line.sendall(b"".join(answers) + b"354 go on\r\n")
                answers = []
                while (end := got.find(b"\r\n.\r\n")) < 0:
                    got += _read(line)
                got = got[end + 5 :]
                if seconds:
                    time.sleep(seconds)
                count += 1
                struct.pack_into("dd", notes, at, count, time.monotonic())
                answers.append(b"250 taken\r\n")
            elif command == b"QUIT":
                line.sendall(b"".join(answers) + b"221 bye\r\n")
                return
            else:
                answers.append(b"250 OK\r\n")
        if answers:
            line.sendall(b"".join(answers))
            answers = []
        got += _read(line)


def _read(line: socket.socket) -> bytes:
    got = line.recv(262_144)
    if not got:
        raise ConnectionError
    return got


def processor_seconds() -> float:
    """Return the seconds for which the cores of this machine have been at work, taken together; 0 if not to be read."""
    there = Path("/proc/stat")
    if not there.exists():
        return 0.0
    user, nice, system, _idle, _waiting, interrupts, soft, *_ = map(int, there.read_text().split()[1:9])
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Return the most bytes of memory that a process has held; 0 where that cannot be read."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    lines = (line.split() for line in status.read_text().splitlines())
    return next((int(words[1]) * 1024 for words in lines if words and words[0] == "VmHWM:"), 0)


def main() -> None:
    """Run the benchmark, or one of the processes that it starts."""
    parser = argparse.ArgumentParser(prog="python -m bench.delivery", description=__doc__)
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--bare", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--beside", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--memory", action="store_true", help="only the memory, on SQLite")
    given = parser.parse_args()
    if given.serve:
        number, notes, seconds = given.serve
        with Path(notes).open("r+b") as file:
            _serve(socket.socket(fileno=int(number)), mmap.mmap(file.fileno(), 0), float(seconds))
    elif given.bare or given.beside:
        port, written, count = given.bare or given.beside
        _stay(beside=given.beside is not None)
        _send_bare(int(port), Path(written), int(count))
    elif given.memory:
        with outbox(None) as box:
            print(memory(box))
    else:
        for name, result in run().items():
            print(name, result)


if __name__ == "__main__":
    main()
