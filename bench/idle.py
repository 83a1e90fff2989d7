"""What a worker costs that has nothing to do: its share of one core, against APScheduler and Huey without jobs."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import databases

ROOT = Path(__file__).resolve().parent.parent
WARM_UP, SECONDS = 8.0, 60.0
"""A whole minute: most jobs run once in it."""
BARE = """
import signal, sys, threading
from apscheduler.schedulers.background import BackgroundScheduler
from huey import SqliteHuey
from huey.consumer import Consumer

class Quiet(Consumer):
    def _set_signal_handlers(self):
        pass

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
BackgroundScheduler().start()
Quiet(SqliteHuey("bare", filename=sys.argv[1]), workers=2, periodic=False, max_delay=1.0).start()
stop.wait()
"""


def run() -> dict[str, dict[str, Any]]:
    """Measure and return `{name: {value, unit, baseline, ratio}}`; takes little more than a minute."""
    with tempfile.TemporaryDirectory(prefix="dxday-bench-") as name:
        folder = Path(name)
        environs = {"SQLite": {}, "PostgreSQL": _postgresql()}
        with _started(folder, environs) as processes:
            time.sleep(WARM_UP)
            before = {name: seconds_used(process.pid) for name, process in processes.items()}
            begun = time.perf_counter()
            time.sleep(SECONDS)
            took = time.perf_counter() - begun
            shares = {
                name: 100 * (seconds_used(process.pid) - before[name]) / took
                for name, process in processes.items()
            }
    least = shares.pop("bare")
    return {
        f"idle worker and clock, {name}": {
            "value": round(share, 2),
            "unit": "% core",
            "baseline": f"APScheduler and Huey with no jobs, {least:.2f} %",
            "ratio": round(share / least, 1) if least else 0,
        }
        for name, share in shares.items()
    }


def _postgresql() -> dict[str, str] | None:
    try:
        address = databases.postgresql().new_database()
    except databases.NoPostgreSQL:
        return None
    return {"DATABASE_URL": address, "QUEUE_URL": address}


@contextmanager
def _started(
    folder: Path, environs: dict[str, dict[str, str] | None]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Start the bare process and a worker on each database that is there, all at once; end them afterwards."""
    (folder / "bare.py").write_text(BARE)
    processes = {"bare": _start([sys.executable, str(folder / "bare.py"), str(folder / "bare.db")], {})}
    try:
        for name, given in environs.items():
            if given is None:
                continue
            environ = {"DXDAY_INSTANCE": str(folder / name), **given}
            subprocess.run(
                [sys.executable, "-m", "dxday.cli", "db", "upgrade"],
                cwd=ROOT, env=os.environ | environ, check=True, capture_output=True,
            )  # fmt: skip
            processes[name] = _start([sys.executable, "-m", "dxday.cli", "worker"], environ)
        yield processes
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        for process in processes.values():
            process.wait(30)


def _start(command: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def seconds_used(pid: int) -> float:
    """Return the processor seconds that a process has used, those of its ended threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    for name, result in run().items():
        print(name, result)
