"""A real HTTP server on the loopback: it keeps what it is sent; it can refuse, hang, drip, drop the line, lead away."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HANG = "hang"
"""Take the request, and say nothing."""
DROP = "drop"
"""Take the request, and hang up."""
DRIP = "drip"
"""Answer one byte after the other, for ever."""


@dataclass(frozen=True)
class Reply:
    """An answer with a status, further headers and a body."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Taken:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class Receiver:
    """What came, in order; `replies` go out first, one for each request, then `usual`."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.replies: list[Reply | str] = []
        self.usual: Reply | str = Reply()
        self.url = ""
        self.closing = threading.Event()

    def next_reply(self) -> Reply | str:
        return self.replies.pop(0) if self.replies else self.usual


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.taken.append(Taken(self.path, headers, body))
        reply = self.receiver.next_reply()
        self.close_connection = True
        with suppress(OSError):  # whoever called may have hung up
            if isinstance(reply, Reply):
                self._answer(reply)
            elif reply == HANG:
                self.receiver.closing.wait(30)
            elif reply == DRIP:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not self.receiver.closing.wait(0.02):
                    self.wfile.write(b"x")

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in reply.headers:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A caller that hangs up, or does not trust our certificate, is no fault of the server."""


@contextmanager
def open_receiver(certificate: tuple[Path, Path] | None = None) -> Iterator[Receiver]:
    """Serve on a port that the system chooses; with a certificate and its key over TLS."""
    receiver = Receiver()
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    server = _Server(("127.0.0.1", 0), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    scheme = "https" if certificate else "http"
    receiver.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/hooks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
