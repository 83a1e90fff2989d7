"""`dxday serve`: the web and one worker side by side, ended together."""

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
GRACE = 20
"""Seconds that a child has to end before it is killed."""


def commands(*, host: str, port: int, web_workers: int, with_worker: bool) -> list[list[str]]:
    """Return the command line of the web and, unless it is not wanted, of the worker."""
    web = [
        sys.executable, "-m", "gunicorn", "wsgi:app",
        "--bind", f"{host}:{port}",
        "--workers", str(web_workers),
        "--worker-class", "gthread",
        "--threads", "8",
        "--graceful-timeout", "15",
        "--max-requests", "20000",
        "--max-requests-jitter", "2000",
        "--log-level", "warning",
        "--no-control-socket",
    ]  # fmt: skip
    worker = [sys.executable, "-m", "dxday.cli", "worker", "--served-at", f"http://127.0.0.1:{port}"]
    return [web, worker] if with_worker else [web]


def run(processes: Sequence[Sequence[str]]) -> int:
    """Run the commands until a signal comes or the first of them, the web, ends; return its exit status.

    A worker that dies is started again: its leases bring back what it held.
    """
    ending = threading.Event()
    children: dict[int, subprocess.Popen[bytes]] = {}

    def end(_signal: int, _frame: FrameType | None) -> None:
        ending.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    for number, command in enumerate(processes):
        children[number] = subprocess.Popen(command, cwd=ROOT)  # noqa: S603 (our own words)
    while not ending.wait(0.5):
        if children[0].poll() is not None:
            break
        for number, child in children.items():
            if number and child.poll() is not None:
                ending.wait(1)  # a worker that cannot start must not spin
                children[number] = subprocess.Popen(processes[number], cwd=ROOT)  # noqa: S603 (our own words)
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    for child in children.values():
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    status = children[0].returncode or 0
    return 0 if ending.is_set() else status or 1
