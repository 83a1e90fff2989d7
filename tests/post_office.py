"""A real SMTP server on the loopback: it keeps what it is handed, and can refuse, hang up or take its time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller


class PostOffice:
    """What was taken, as Message-IDs in order; `answers` go out first, one for each message."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.answers: list[str] = []
        self.hang_up = False
        self.delay = 0.0
        self.at_the_counter = 0
        self.url = ""

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.at_the_counter += 1
        await asyncio.sleep(self.delay)
        if self.hang_up:
            server.transport.abort()
        if self.answers:
            return self.answers.pop(0)
        head = envelope.original_content.split(b"\r\n\r\n", 1)[0].decode()
        ids = [line.partition(":")[2].strip() for line in head.splitlines() if line.startswith("Message-ID:")]
        self.taken.extend(ids)
        return "250 taken"


class _Server(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def open_post_office() -> Iterator[PostOffice]:
    """Open a post office on a port that the system chooses; `url` is its SMTP_URL."""
    office = PostOffice()
    server = _Server(office, hostname="127.0.0.1", port=0)
    server.start()
    office.taken.clear()
    office.url = f"smtp://127.0.0.1:{server.port}?timeout=5"
    try:
        yield office
    finally:
        server.stop()
