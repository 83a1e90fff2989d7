"""How long a start takes, from the command to the first 200: into an empty instance, and the second time."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
BARE = "from flask import Flask\napp = Flask('bare')\n@app.get('/')\ndef home():\n    return 'bare'\n"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds_to_first_answer(command: list[str], port: int, *, cwd: Path, environ: dict[str, str]) -> float:
    """Start the command, ask for the front page until it answers 200, stop it; return the seconds until then."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while time.perf_counter() - begun < 120:
            try:
                with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    if answer.status == 200:
                        return time.perf_counter() - begun
            except (URLError, ConnectionError, TimeoutError):
                time.sleep(0.02)
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
        raise TimeoutError(command[0])
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def run() -> dict[str, dict]:
    """Measure a first and a second start against a bare Flask application under the same server."""
    with tempfile.TemporaryDirectory() as folder:
        environ = os.environ | {"DXDAY_INSTANCE": f"{folder}/instance"}
        (Path(folder) / "bare.py").write_text(BARE)

        def bare() -> float:
            port = free_port()
            command = [
                sys.executable,
                "-m",
                "gunicorn",
                "bare:app",
                "--bind",
                f"127.0.0.1:{port}",
                "--no-control-socket",
            ]
            return seconds_to_first_answer(command, port, cwd=Path(folder), environ=environ)

        def ours() -> float:
            port = free_port()
            command = [sys.executable, "-m", "dxday.cli", "serve", "--prepare", "--port", str(port)]
            return seconds_to_first_answer(command, port, cwd=ROOT, environ=environ)

        baseline, first, second, baseline_again = bare(), ours(), ours(), bare()
    least = min(baseline, baseline_again)
    name = f"bare Flask under gunicorn, {least:.2f} s"
    return {
        "first start, empty instance, set-up done": {
            "value": round(first, 2), "unit": "s", "baseline": name, "ratio": round(first / least, 1),
        },
        "second start": {"value": round(second, 2), "unit": "s", "baseline": name, "ratio": round(second / least, 1)},
    }  # fmt: skip
