"""A real SMTP server on the loopback: it keeps what it is handed, and can refuse, hang up or take its time."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Condition

from aiosmtpd.controller import Controller

from dxday.notifications.jobs.sending import Lines

HANG_UP = "hang up"
"""Whim: the line is dropped, and the message is not kept."""
KEEP_AND_HANG_UP = "keep and hang up"
"""Whim: the message is kept, and the line is dropped before the answer."""


class PostOffice:
    """What was taken, as Message-IDs and as letters in order; `answers` go out first, one for each message.

    `whim(step)` may spoil a step, RCPT or DATA: it says "" for as it should be, one of the whims above, or an answer.
    """

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.letters: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        """Where each letter would go back to, and to whom it goes."""
        self.lines = 0
        """How often somebody came in."""
        self._arrival = Condition()
        self.answers: list[str] = []
        self.hang_up = False
        self.delay = 0.0
        self.whim: Callable[[str], str] = lambda _step: ""
        self.at_the_counter = 0
        self.url = ""

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 (the name is aiosmtpd's)
        self.lines += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 (the name is aiosmtpd's)
        whim = self.whim("RCPT")
        if whim == HANG_UP:
            server.transport.abort()
        elif whim:
            return whim
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (the name is aiosmtpd's)
        self.at_the_counter += 1
        await asyncio.sleep(self.delay)
        whim = self.whim("DATA")
        if whim in (HANG_UP, KEEP_AND_HANG_UP):
            server.transport.abort()
        if whim == HANG_UP:
            return "250 nobody hears it"
        if whim and whim != KEEP_AND_HANG_UP:
            return whim
        if self.hang_up:
            server.transport.abort()
        if self.answers:
            return self.answers.pop(0)
        head = envelope.original_content.split(b"\r\n\r\n", 1)[0].decode()
        ids = [line.partition(":")[2].strip() for line in head.splitlines() if line.startswith("Message-ID:")]
        letter = message_from_bytes(envelope.original_content, EmailMessage, policy=policy.default)
        with self._arrival:
            self.taken.extend(ids)
            self.letters.append(letter)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
            self._arrival.notify_all()
        return "250 taken"

    def letters_to(self, address: str, subject: str = "") -> list[EmailMessage]:
        """The letters to an address whose subject begins with these words."""
        return [
            letter
            for letter in self.letters
            if address in [to.addr_spec for to in letter["To"].addresses]
            and letter["Subject"].startswith(subject)
        ]

    def wait_for(self, address: str, subject: str, seconds: float = 60) -> EmailMessage:
        """The first such letter, as soon as it is there.  Raises AssertionError when none comes."""
        with self._arrival:
            came = self._arrival.wait_for(lambda: self.letters_to(address, subject), seconds)
        seen = [(str(letter["To"]), letter["Subject"]) for letter in self.letters]
        assert came, f"no letter “{subject}…” to {address} in {seconds} s, only {seen}"
        return came[0]


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
    office.lines = 0
    office.url = f"smtp://127.0.0.1:{server.port}?timeout=5"
    try:
        yield office
    finally:
        server.stop()


@contextmanager
def serving(app, monkeypatch) -> Iterator[PostOffice]:
    """Let an application of the tests send through a post office."""
    with open_post_office() as office:
        changed = replace(app.extensions["dxday_settings"], smtp_url=office.url)
        monkeypatch.setitem(app.extensions, "dxday_settings", changed)
        monkeypatch.setitem(app.extensions, "dxday_lines", Lines())
        yield office
