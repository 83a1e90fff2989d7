"""ClamAV: a file is streamed to clamd, which says what it is known as (clamd(8), INSTREAM)."""

import socket
import struct
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT = 5.0
"""Seconds that clamd may take to pick up."""
TOTAL = 60.0
"""Seconds for a file in all, shorter than a lease: a worker that waits longer would lose its row."""

_CHUNK = 1 << 16
_LONGEST_ANSWER = 4096
_PORT = 3310


class ScannerUnavailable(Exception):
    """Clamd did not say whether the file is clean; the message says why."""


@dataclass(frozen=True)
class ClamScanner:
    """Asks the clamd at an address; each file has a line of its own, so one serves any number of threads."""

    address: str | tuple[str, int]
    """The path of a socket of this machine, or host and port."""
    total: float = TOTAL

    def scan(self, data: bytes) -> str | None:
        """Return the name under which clamd knows the content as harmful, or None when it is clean.

        Raises ScannerUnavailable for everything else: no answer, another answer, a file above its StreamMaxLength.
        """
        until = time.monotonic() + self.total
        try:
            with self._open() as line:
                self._send(line, data, until)
                answer = self._read(line, until)
        except OSError as error:
            raise ScannerUnavailable(_why(error)) from error
        return _judge(answer)

    def ping(self) -> None:
        """Raise ScannerUnavailable unless clamd answers now."""
        until = time.monotonic() + CONNECT
        try:
            with self._open() as line:
                line.sendall(b"zPING\0")
                answer = self._read(line, until)
        except OSError as error:
            raise ScannerUnavailable(_why(error)) from error
        if answer != "PONG":
            raise ScannerUnavailable(f"clamd answered {answer[:80]!r}")

    def _open(self) -> socket.socket:
        if isinstance(self.address, tuple):
            return socket.create_connection(self.address, timeout=CONNECT)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.settimeout(CONNECT)
            line.connect(self.address)
        except OSError:
            line.close()
            raise
        return line

    def _send(self, line: socket.socket, data: bytes, until: float) -> None:
        try:
            line.sendall(b"zINSTREAM\0")
            for first in range(0, len(data), _CHUNK):
                chunk = data[first : first + _CHUNK]
                line.settimeout(_left(until))
                line.sendall(struct.pack("!I", len(chunk)) + chunk)
            line.sendall(struct.pack("!I", 0))
        except (BrokenPipeError, ConnectionResetError):
            # Clamd hangs up in the middle of a file that is too large for it, and its answer says so.
            return

    @staticmethod
    def _read(line: socket.socket, until: float) -> str:
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
            line.settimeout(_left(until))
            piece = line.recv(_LONGEST_ANSWER)
            if not piece:
                break
            answer += piece
        return answer.rstrip(b"\0").decode("utf-8", "replace")


def open_scanner(address: str) -> ClamScanner:
    """Return the scanner at `tcp://host:3310` or `unix:/run/clamav/clamd.ctl`.  Raises ValueError for another."""
    parts = urlsplit(address)
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return ClamScanner(parts.path)
    if parts.scheme == "tcp" and parts.hostname and not parts.path.strip("/") and parts.port != 0:
        return ClamScanner((parts.hostname, parts.port or _PORT))
    raise ValueError(f"{address!r} is no address of clamd")


def _judge(answer: str) -> str | None:
    """Read "stream: OK" or "stream: <name> FOUND"."""
    stream, _, verdict = answer.partition(": ")
    if stream == "stream" and verdict == "OK":
        return None
    if stream == "stream" and verdict.endswith(" FOUND") and verdict != " FOUND":
        return verdict.removesuffix(" FOUND")[:200]
    raise ScannerUnavailable(
        f"clamd answered {answer[:80]!r}" if answer else "clamd hung up without an answer"
    )


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "clamd: no answer in time"
    return f"clamd: {error.strerror or error or type(error).__name__}"


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
