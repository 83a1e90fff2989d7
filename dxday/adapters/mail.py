"""Electronic mail: a written message is carried by SMTP, or put into a mailbox here, where it can be read."""

import contextlib
import os
import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import getaddresses
from mailbox import Maildir
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from dxday.adapters.composing import Written
from dxday.core.errors import NotFound

_TIMEOUT = 30.0
"""Seconds that a server may take over one step."""
_LAST_WORD = 3
"""So many times as long may it take over a whole message, since it reads it first (RFC 5321 §4.5.3.2.6)."""


class MailError(Exception):
    """A message was not, or perhaps not, handed over."""


class MailUnavailable(MailError):
    """The server could not be reached or would not talk to us; nothing was handed over, try again later."""


class MailUnknown(MailError):
    """The line dropped after the whole message was sent: it may or may not have been taken."""


class MailRefused(MailError):
    """The server said no to this message: for good (5xx), or for now (4xx)."""

    def __init__(self, *, permanent: bool, code: int, reply: str) -> None:
        """Keep what the server said."""
        super().__init__(f"{code} {reply}")
        self.permanent = permanent
        self.code = code
        self.reply = reply


class LetterMissing(NotFound):
    """The mailbox holds no such letter."""


class Carrier(Protocol):
    """Whatever takes a composed message away.  One carrier serves one thread."""

    def send(self, message: Written, meanwhile: Callable[[], None] | None = None) -> None:
        """Hand one message over; raise MailRefused, MailUnavailable or MailUnknown.

        `meanwhile` may be called, once, while the server has the message in its hands; it must not raise.
        """

    def close(self) -> None:
        """Let go of the line; the carrier may be used again."""


def open_carrier(url: str | None, mailbox_dir: Path) -> Carrier:
    """Return the carrier for a setting such as `smtp://user:pass@host:587?tls=starttls`.

    None, "" and "mailbox:" mean the mailbox in `mailbox_dir`: nothing leaves the machine.  `smtp://` takes
    `tls=starttls` (required), `tls=none` or, by default, STARTTLS where it is offered; `smtps://` speaks TLS from
    the start.  `timeout` is in seconds, `ca` names a file of certificates to trust.  The port is 465 for `smtps://`,
    else 587 with a user and 25 without.  Raises ValueError, which never shows the password.
    """
    if not url or url == "mailbox:":
        return MailboxCarrier(mailbox_dir)
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("a mail address of the form smtp://host, smtps://host or mailbox: is needed")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - {"tls", "timeout", "ca"}):
        raise ValueError(f"unknown in the mail address: {', '.join(unknown)}; known are ca, timeout, tls")
    tls = options.get("tls", "immediate" if parts.scheme == "smtps" else "offered")
    if tls not in (("immediate",) if parts.scheme == "smtps" else ("offered", "starttls", "none")):
        raise ValueError("tls is starttls or none with smtp://, and not given with smtps://")
    user = unquote(parts.username) if parts.username else None
    return SmtpCarrier(
        host=parts.hostname,
        port=parts.port or (465 if parts.scheme == "smtps" else 587 if user else 25),
        user=user,
        password=unquote(parts.password or ""),
        tls=tls,
        timeout=float(options.get("timeout", _TIMEOUT)),
        ca_file=options.get("ca"),
    )


class SmtpCarrier:
    """Carries messages to an SMTP server over one line that stays open between messages."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str | None = None,
        password: str = "",
        tls: str = "offered",
        timeout: float = _TIMEOUT,
        ca_file: str | None = None,
    ) -> None:
        """Keep where to go; the line is opened by the first message."""
        self.host = host
        self.port = port
        self._user = user
        self._password = password
        self._tls = tls
        self._timeout = timeout
        self._ca_file = ca_file
        self._line: smtplib.SMTP | None = None

    def __repr__(self) -> str:
        return f"SmtpCarrier({self.host}:{self.port}, tls={self._tls})"

    def send(self, message: Written, meanwhile: Callable[[], None] | None = None) -> None:
        """Hand one message over; raise MailRefused, MailUnavailable or MailUnknown."""
        kept_open = self._line is not None
        try:
            self._begin(message)
        except (MailUnavailable, MailRefused) as error:
            # Servers hang up on idle lines, with 421 or without a word; nothing of this message was taken yet.
            if not kept_open or (isinstance(error, MailRefused) and error.code != 421):
                raise
            self._begin(message)
        self._hand_over(message, meanwhile)

    def close(self) -> None:
        """Say good-bye and let go of the line."""
        if self._line is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._line.quit()
            self._drop()

    def _begin(self, message: Written) -> None:
        """Go as far as the server's leave to send the text."""
        line = self._line = self._line or self._connect()
        options = f" SIZE={len(message.data)}" if line.has_extn("size") else ""
        if message.international:
            if not line.has_extn("smtputf8"):
                raise MailRefused(
                    permanent=True, code=553, reply="the server takes no addresses beyond ASCII (SMTPUTF8)"
                )
            options += " SMTPUTF8 BODY=8BITMIME"
        steps = (
            (f"MAIL FROM:<{message.sender}>{options}\r\n".encode(), (250,)),
            (f"RCPT TO:<{message.to}>\r\n".encode(), (250, 251)),
            (b"DATA\r\n", (354,)),
        )
        try:
            if line.has_extn("pipelining"):
                self._ask_together(line, steps)
            else:
                for command, wanted in steps:
                    self._tell(line, command)
                    self._judge(line.getreply(), *wanted)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise MailUnavailable(f"the line to {self.host} dropped: {error}") from error

    def _ask_together(self, line: smtplib.SMTP, steps: tuple[tuple[bytes, tuple[int, ...]], ...]) -> None:
        """Send all steps at once and judge the answers in their order (RFC 2920)."""
        self._tell(line, b"".join(command for command, _ in steps))
        answers: list[tuple[int, bytes]] = []
        for _step in steps:
            answers.append(line.getreply())
            if answers[-1][0] == 421:  # it hangs up; no further answer comes
                self._judge(answers[-1])
        refused = any(code not in wanted for (code, _), (_, wanted) in zip(answers, steps, strict=True))
        if (
            refused and answers[-1][0] == 354
        ):  # it waits for the text all the same: it gets none (RFC 2920 §3.1)
            self._tell(line, b".\r\n")
            line.getreply()
        for answer, (_command, wanted) in zip(answers, steps, strict=True):
            self._judge(answer, *wanted)

    def _hand_over(self, message: Written, meanwhile: Callable[[], None] | None) -> None:
        line = self._line
        assert line is not None
        assert line.sock is not None
        try:
            self._tell(line, message.data.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        except OSError as error:
            # The last byte has not left, and without the whole closing dot a server must not deliver
            # (RFC 5321 §4.1.1.4).
            self._drop()
            raise MailUnavailable(f"the line to {self.host} dropped inside the message: {error}") from error
        try:
            if meanwhile is not None:
                meanwhile()
            line.sock.settimeout(self._timeout * _LAST_WORD)
            answer = line.getreply()
            if line.sock is not None:
                line.sock.settimeout(self._timeout)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise MailUnknown(
                f"the line to {self.host} dropped before the server answered: {error}"
            ) from error
        self._judge(answer, 250)

    @staticmethod
    def _tell(line: smtplib.SMTP, data: bytes) -> None:
        """Send all of it, past the library, which hides why a line broke.  Raises OSError."""
        if line.sock is None:
            raise ConnectionError("it is closed")
        line.sock.sendall(data)

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=self._ca_file)
        try:
            if self._tls == "immediate":
                line: smtplib.SMTP = smtplib.SMTP_SSL(
                    self.host, self.port, timeout=self._timeout, context=context
                )
            else:
                line = smtplib.SMTP(self.host, self.port, timeout=self._timeout)
            # Each step of the conversation waits for its answer; held back, it would cost 40 ms a message.
            if line.sock is not None:
                line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(f"cannot reach {self.host}:{self.port}: {error}") from error
        try:
            line.ehlo_or_helo_if_needed()
            if self._tls == "starttls" or (self._tls == "offered" and line.has_extn("starttls")):
                line.starttls(context=context)
                line.ehlo_or_helo_if_needed()
            if self._user is not None:
                if self._tls == "offered" and not isinstance(line.sock, ssl.SSLSocket):
                    raise smtplib.SMTPNotSupportedError(
                        "no password over a line that is not encrypted, unless tls=none allows it"
                    )
                self._sign_in(line, self._user)
        except (smtplib.SMTPException, OSError) as error:
            line.close()
            raise MailUnavailable(f"cannot use {self.host}:{self.port}: {error}") from error
        return line

    def _sign_in(self, line: smtplib.SMTP, user: str) -> None:
        """Sign in by PLAIN, in UTF-8 (RFC 4616), which smtplib does in ASCII only; else by what it knows."""
        if "PLAIN" not in line.esmtp_features.get("auth", "").upper().split():
            if not (user + self._password).isascii():
                raise smtplib.SMTPNotSupportedError("the server cannot take a name or password beyond ASCII")
            line.login(user, self._password)
            return
        secret = b64encode(f"\0{user}\0{self._password}".encode()).decode()
        code, reply = line.docmd("AUTH", f"PLAIN {secret}")
        if code not in (235, 503):  # 503: signed in already
            raise smtplib.SMTPException(f"{code} {reply.decode('utf-8', 'replace')}")

    def _judge(self, answer: tuple[int, bytes], *wanted: int) -> None:
        """Raise what an answer means, unless it is one that was wanted; leave the line clean or drop it."""
        code, reply = answer
        if code in wanted:
            return
        if code == 421:  # the server is closing down and hangs up itself
            self._drop()
        elif self._line is not None:
            try:
                self._line.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()
        raise MailRefused(
            permanent=500 <= code < 600, code=code, reply=reply.decode("utf-8", "replace").replace("\n", " ")
        )

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class MailboxCarrier:
    """Puts messages into a Maildir on this machine, where a page shows them; nothing leaves."""

    def __init__(self, folder: Path) -> None:
        """Keep where the mailbox is; it is made by the first message."""
        self.folder = folder

    def send(self, message: Written, meanwhile: Callable[[], None] | None = None) -> None:
        """Put one message into the mailbox; raise MailUnavailable when the folder takes nothing."""
        written_at = message.at.timestamp()
        try:
            for part in ("tmp", "new", "cur"):  # Maildir itself fails when two processes make it at once
                (self.folder / part).mkdir(parents=True, exist_ok=True)
            with contextlib.closing(Maildir(self.folder, create=False)) as box:
                key = box.add(message.data)
            # The file's time is the letter's, so that the newest is found without opening any.
            os.utime(self.folder / "new" / key, (written_at, written_at))
        except OSError as error:
            raise MailUnavailable(f"the mailbox in {self.folder} takes nothing: {error}") from error

    def close(self) -> None:
        """Do nothing: a folder needs no good-bye."""


@dataclass(frozen=True)
class Enclosure:
    """A file that came with a letter."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Letter:
    """A message read back from the mailbox; `headers` are decoded, in their order."""

    key: str
    at: datetime
    sender: str
    to: str
    subject: str
    text: str
    html: str | None
    enclosures: tuple[Enclosure, ...]
    headers: tuple[tuple[str, str], ...]


def read_mailbox(folder: Path, limit: int = 200) -> list[Letter]:
    """Return the newest `limit` letters, newest first; none when there is no mailbox yet."""
    files = sorted(_letter_files(folder), key=_age, reverse=True)
    return [_read_letter(path) for path in files[:limit]]


def get_mail(folder: Path, key: str) -> Letter:
    """Return one letter; raise LetterMissing."""
    for path in _letter_files(folder):
        if _key(path) == key:
            return _read_letter(path)
    raise LetterMissing


def _letter_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for part in ("new", "cur"):
        with contextlib.suppress(FileNotFoundError):
            found.extend(path for path in (folder / part).iterdir() if not path.name.startswith("."))
    return found


def _key(path: Path) -> str:
    return path.name.partition(":")[0]


def _age(path: Path) -> tuple[float, list[int]]:
    """Return the letter's time, then the moment and number in its name for letters of one second."""
    try:
        at = path.stat().st_mtime
    except FileNotFoundError:
        at = 0.0
    return at, [int(digits) for digits in re.findall(r"\d+", path.name)]


def _read_letter(path: Path) -> Letter:
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
    raw = [(name, _unfolded(str(value))) for name, value in message.raw_items()]
    first = {name.lower(): value for name, value in reversed(raw)}
    body = message.get_body(("plain",))
    html = message.get_body(("html",))
    return Letter(
        key=_key(path),
        at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        sender=_read_mailboxes(first.get("from", "")),
        to=_read_mailboxes(first.get("to", "")),
        subject=_read_words(first.get("subject", "")),
        text=_text_of(body) if body else "",
        html=_text_of(html) if html else None,
        enclosures=tuple(_enclosures(message)),
        headers=tuple((name, _read_words(value)) for name, value in raw),
    )


def _unfolded(value: str) -> str:
    """Return a header on one line; what is not ASCII is UTF-8 (RFC 6532)."""
    return re.sub(r"\r?\n", "", value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _read_words(value: str) -> str:
    """Decode a header's encoded words; adjacent ones join without a space (RFC 2047 §6.2)."""
    return str(make_header(decode_header(value)))


def _read_mailboxes(value: str) -> str:
    pairs = getaddresses([value])
    return ", ".join(f"{_read_words(name)} <{address}>" if name else address for name, address in pairs)


def _text_of(part: MIMEPart) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def _enclosures(message: EmailMessage) -> list[Enclosure]:
    found = []
    for part in message.walk():
        kind = part.get_content_type()
        if part.is_multipart() or (kind in ("text/plain", "text/html") and not part.is_attachment()):
            continue
        if part["Content-ID"] is not None:  # a picture of the HTML
            continue
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = part.get_filename() or ("calendar.ics" if kind == "text/calendar" else "file")
        found.append(Enclosure(name=name, media_type=kind, data=data))
    return found
