"""Electronic mail: how a message is written, and the two ways it is carried, by SMTP or into a mailbox here."""

import contextlib
import os
import re
import smtplib
import socket
import ssl
import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.header import Header, decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import format_datetime, getaddresses, parseaddr
from hashlib import sha256
from mailbox import Maildir
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from dxday.core.errors import NotFound

# Our headers are folded by us: the new e-mail package of Python 3.11 does not read back what it folds itself
# when a Vietnamese name takes several encoded words, so it must not touch them.
_POLICY = policy.SMTP.clone(refold_source="none")
_POLICY_UTF8 = policy.SMTPUTF8.clone(refold_source="none")

_ADDRESS = re.compile(r"[^\s<>(),;:\\\"\[\]@]+@[^\s<>(),;:\\\"\[\]@]+")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_FOLD = "\r\n "
_ENDING = re.compile(rb"\r\n|\r|\n")

_TIMEOUT = 30.0
"""Seconds that a server may take over one step."""


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


@dataclass(frozen=True)
class Outgoing:
    """One message to one person, in plain values.

    `message_id` is the same for each try, so that a doubled message can be told; `sender` and `reply_to` are
    written "Name <address>" or as the bare address; `calendar_method` is the METHOD inside `calendar`.
    """

    message_id: str
    sender: str
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str | None = None
    calendar: bytes | None = None
    calendar_method: str | None = None
    reply_to: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Carrier(Protocol):
    """Whatever takes a composed message away.  One carrier serves one thread."""

    def send(self, message: EmailMessage) -> None:
        """Hand one message over; raise MailRefused, MailUnavailable or MailUnknown."""

    def close(self) -> None:
        """Let go of the line; the carrier may be used again."""


def compose(outgoing: Outgoing, at: datetime) -> EmailMessage:
    """Write the message as it goes out, dated `at`; the same values give the same bytes.

    An invitation (METHOD REQUEST, CANCEL …) is one more way to read the message; a published calendar is an
    attachment.  Raises ValueError for a line break or other control character in a header, for an address that
    is none, and for a calendar whose METHOD is another.  Sources: RFC 5322, 2047, 2387, 3834, 6047, 6532.
    """
    if at.utcoffset() is None:
        raise ValueError("a message is dated with an aware time")
    written = [
        ("From", *_mailbox_header("From", *parseaddr(_plain(outgoing.sender)))),
        ("To", *_mailbox_header("To", outgoing.to_name, outgoing.to_address)),
    ]
    if outgoing.reply_to:
        written.append(("Reply-To", *_mailbox_header("Reply-To", *parseaddr(_plain(outgoing.reply_to)))))
    international = any(not ascii_only for _, _, ascii_only in written)

    message = EmailMessage(policy=_POLICY_UTF8 if international else _POLICY)
    for name, value, _ in written:
        message.set_raw(name, value)
    message.set_raw("Subject", _words_header("Subject", outgoing.subject))
    message.set_raw("Date", format_datetime(at))
    message.set_raw("Message-ID", _message_id(outgoing.message_id))
    message.set_raw("Auto-Submitted", "auto-generated")
    for name, value in outgoing.headers:
        if (
            not _HEADER_NAME.fullmatch(name)
            or name in message
            or name.lower().startswith(("content-", "mime-"))
        ):
            raise ValueError(f"the header {name!r} is not for callers to set")
        message.set_raw(name, value if _plain(value).isascii() else _words_header(name, value))
    _write_body(message, outgoing)
    return message


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

    def send(self, message: EmailMessage) -> None:
        """Hand one message over; raise MailRefused, MailUnavailable or MailUnknown."""
        kept_open = self._line is not None
        try:
            self._begin(message)
        except (MailUnavailable, MailRefused) as error:
            # Servers hang up on idle lines, with 421 or without a word; nothing of this message was taken yet.
            if not kept_open or (isinstance(error, MailRefused) and error.code != 421):
                raise
            self._begin(message)
        self._hand_over(message)

    def close(self) -> None:
        """Say good-bye and let go of the line."""
        if self._line is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._line.quit()
            self._drop()

    def _begin(self, message: EmailMessage) -> None:
        """Go as far as the server's leave to send the text."""
        line = self._line = self._line or self._connect()
        options: list[str] = []
        if isinstance(message.policy, policy.EmailPolicy) and message.policy.utf8:
            if not line.has_extn("smtputf8"):
                raise MailRefused(
                    permanent=True, code=553, reply="the server takes no addresses beyond ASCII (SMTPUTF8)"
                )
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            self._ask(line.mail(_bare_address(message, "From"), options), 250)
            self._ask(line.rcpt(_bare_address(message, "To")), 250, 251)
            self._ask(line.docmd("DATA"), 354)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise MailUnavailable(f"the line to {self.host} dropped: {error}") from error

    def _hand_over(self, message: EmailMessage) -> None:
        assert self._line is not None
        data = re.sub(rb"(?m)^\.", b"..", _ENDING.sub(b"\r\n", message.as_bytes()))
        try:
            self._line.send(data if data.endswith(b"\r\n") else data + b"\r\n")
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            # Without the closing dot a server must not deliver (RFC 5321 §4.1.1.4).
            self._drop()
            raise MailUnavailable(f"the line to {self.host} dropped inside the message: {error}") from error
        try:
            self._line.send(b".\r\n")
            reply = self._line.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise MailUnknown(
                f"the line to {self.host} dropped before the server answered: {error}"
            ) from error
        self._ask(reply, 250)

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

    def _ask(self, answer: tuple[int, bytes], *wanted: int) -> None:
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

    def send(self, message: EmailMessage) -> None:
        """Put one message into the mailbox; raise MailUnavailable when the folder takes nothing."""
        written_at = message["Date"].datetime.timestamp()
        try:
            for part in ("tmp", "new", "cur"):  # Maildir itself fails when two processes make it at once
                (self.folder / part).mkdir(parents=True, exist_ok=True)
            with contextlib.closing(Maildir(self.folder, create=False)) as box:
                key = box.add(message.as_bytes())
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


def _plain(value: str) -> str:
    """Return a header's value; raise ValueError for line breaks and other control characters."""
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        raise ValueError(f"a header holds no line breaks or control characters, unlike {value!r}")
    return value


def _words_header(name: str, value: str) -> str:
    """Encode free text for a header, folded (RFC 2047)."""
    value = " ".join(_plain(value).split())
    if value.isascii() and "=?" not in value and (len(value) <= 66 or " " not in value):
        return value
    return Header(value, "utf-8", header_name=name, maxlinelen=76).encode(linesep="\r\n")


def _mailbox_header(header: str, name: str, address: str) -> tuple[str, bool]:
    """Encode a name and an address for a header, and tell whether the address is ASCII."""
    name = " ".join(_plain(name).split())
    if not _ADDRESS.fullmatch(_plain(address)):
        raise ValueError(f"{address!r} is no mail address")
    local, _, domain = address.rpartition("@")
    spec = f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    if not name:
        return spec, spec.isascii()
    if name.isascii() and _ATOMS.fullmatch(name) and "=?" not in name and len(name) <= 60:
        words = name
    else:
        words = Header(name, "utf-8", header_name=header, maxlinelen=76).encode(linesep="\r\n")
    short = len(header) + len(words) + len(spec) < 70
    return f"{words}{' ' if short else _FOLD}<{spec}>", spec.isascii()


def _message_id(given: str) -> str:
    bracketed = given if given.startswith("<") else f"<{given}>"
    if not _MESSAGE_ID.fullmatch(bracketed):
        raise ValueError(f"{given!r} is no Message-ID")
    return bracketed


def _write_body(message: EmailMessage, outgoing: Outgoing) -> None:
    message.set_content(outgoing.text, charset="utf-8", cte="quoted-printable")
    if outgoing.html is not None:
        message.add_alternative(outgoing.html, subtype="html", charset="utf-8", cte="quoted-printable")
    if outgoing.calendar is not None:
        _add_calendar(message, outgoing.calendar, outgoing.calendar_method)
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        mark = sha256(f"{number}:{outgoing.message_id}".encode()).hexdigest()[:32]
        part.set_boundary(f"=_{mark}")


def _add_calendar(message: EmailMessage, calendar: bytes, method: str | None) -> None:
    inside = re.search(rb"(?mi)^METHOD:([A-Z-]+)\r?$", calendar)
    if (inside.group(1).decode().upper() if inside else None) != (method.upper() if method else None):
        raise ValueError(f"the calendar's METHOD and {method!r} must be one (RFC 6047)")
    params = {"charset": "utf-8"} | ({"method": method.upper()} if method else {})
    if method is None or method.upper() == "PUBLISH":
        message.add_attachment(
            calendar, maintype="text", subtype="calendar", params=params, filename="calendar.ics"
        )
    else:
        message.add_alternative(calendar, maintype="text", subtype="calendar", params=params)


def _bare_address(message: EmailMessage, header: str) -> str:
    return str(message[header].addresses[0].addr_spec)


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
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = part.get_filename() or ("calendar.ics" if kind == "text/calendar" else "file")
        found.append(Enclosure(name=name, media_type=kind, data=data))
    return found
