"""A clamd on the loopback that speaks INSTREAM as clamd(8) has it, and can be out of sorts."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file that every scanner knows; in two halves here, so that none finds it in the source."""

HANG = "hang"
"""Take the file, and say nothing."""
DROP = "drop"
"""Take the file, and hang up."""


class Clamd:
    """What came; `mood` is how it answers: None as clamd does, HANG, DROP, or an answer."""

    def __init__(self) -> None:
        self.address = ""
        self.taken: list[bytes] = []
        self.mood: str | None = None
        self.most = 25_000_000
        self.closing = threading.Event()


class _Handler(socketserver.StreamRequestHandler):
    clamd: Clamd

    def handle(self) -> None:
        command = self._command()
        if command == b"zPING":
            return self._say(self.clamd.mood or "PONG")
        if command != b"zINSTREAM":
            return self._say("UNKNOWN COMMAND")
        data = b""
        while size := struct.unpack("!I", self._exactly(4))[0]:
            data += self._exactly(size)
            if len(data) > self.clamd.most:
                return self._say("INSTREAM size limit exceeded. ERROR")
        self.clamd.taken.append(data)
        if self.clamd.mood == HANG:
            self.clamd.closing.wait(30)
        elif self.clamd.mood != DROP:
            found = "stream: Eicar-Test-Signature FOUND" if EICAR in data else "stream: OK"
            self._say(self.clamd.mood or found)
        return None

    def _command(self) -> bytes:
        command = b""
        while not command.endswith(b"\0"):
            command += self._exactly(1)
        return command[:-1]

    def _exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionResetError
        return data

    def _say(self, answer: str) -> None:
        self.wfile.write(answer.encode() + b"\0")


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: object) -> None:
        """Whoever hung up in the middle is no news."""


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever hung up in the middle is no news."""


@contextmanager
def open_clamd(socket_path: Path | None = None) -> Iterator[Clamd]:
    """Run one until the end of the block: at a port of the loopback, or at a socket of this machine."""
    clamd = Clamd()
    handler = type("Handler", (_Handler,), {"clamd": clamd})
    if socket_path is None:
        server: socketserver.BaseServer = _Tcp(("127.0.0.1", 0), handler)
        clamd.address = f"tcp://127.0.0.1:{server.server_address[1]}"
    else:
        server = _Unix(str(socket_path), handler)
        clamd.address = f"unix:{socket_path}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield clamd
    finally:
        clamd.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
