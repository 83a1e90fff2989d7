"""How an electronic mail is written: from plain values to the bytes that go over the line."""

import re
import unicodedata
from base64 import b64encode, encodebytes
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATEXT}(\.{_ATEXT})*")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_MAILBOX = re.compile(r"\s*(?:(?P<name>[^<>]*?)\s*<(?P<bracketed>[^<>]*)>|(?P<bare>[^<>]*?))\s*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_OURS = frozenset("from to reply-to subject date message-id auto-submitted bcc cc sender return-path".split())
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # Cc, Zl, Zp, Cs
_FOLD = "\r\n "
_ENDING = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Inline:
    """A picture that the HTML shows, named there as `cid:<cid>`."""

    cid: str
    data: bytes
    media_type: str


@dataclass(frozen=True)
class Outgoing:
    """One message to one person, in plain values.

    `message_id` is the same for each try, so that a doubled message can be told; `sender` and `reply_to` are
    written "Name <address>" or as the bare address; `calendar_method` is the METHOD inside `calendar`; `inline`
    are pictures that go along where the HTML names them; what cannot be delivered comes back to `bounce_address`,
    which is the sender's unless it is set.
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
    inline: tuple[Inline, ...] = ()
    bounce_address: str | None = None


@dataclass(frozen=True)
class Written:
    """A message as it goes out: the envelope, and the bytes that end in CRLF.

    An `international` one has headers in UTF-8 (RFC 6532) and needs a server that takes such; any other is ASCII.
    """

    sender: str
    to: str
    at: datetime
    data: bytes
    international: bool


def compose(outgoing: Outgoing, at: datetime) -> Written:
    """Write the message as it goes out, dated `at`; the same values give the same bytes.

    An invitation (METHOD REQUEST, CANCEL …) is one more way to read the message; a published calendar is an
    attachment; pictures travel with the HTML that shows them.  Raises ValueError for a line break or other control
    character in a header, for an address that is none, and for a calendar whose METHOD is another.
    Sources: RFC 5321, 5322, 2045, 2047, 2387, 2392, 3834, 6047, 6532.

    It is written by hand, since the library takes ten times as long, and does not read back what it folds itself when
    a Vietnamese name takes several encoded words.
    """
    if at.utcoffset() is None:
        raise ValueError("a message is dated with an aware time")
    message_id = _message_id(outgoing.message_id)
    from_header, sender = _mailbox_header("From", *_mailbox(outgoing.sender))
    to_header, to = _mailbox_header("To", outgoing.to_name, outgoing.to_address)
    lines = [f"From: {from_header}", f"To: {to_header}"]
    if outgoing.reply_to:
        lines.append(f"Reply-To: {_mailbox_header('Reply-To', *_mailbox(outgoing.reply_to))[0]}")
    lines += [
        f"Subject: {_words_header('Subject', outgoing.subject)}",
        f"Date: {_date(at, at.utcoffset())}",
        f"Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",
    ]
    named = set(_OURS)
    for name, value in outgoing.headers:
        kind = name.lower()
        if not _HEADER_NAME.fullmatch(name) or kind in named or kind.startswith(("content-", "mime-")):
            raise ValueError(f"the header {name!r} is not for callers to set")
        named.add(kind)
        lines.append(f"{name}: {value if _plain(value).isascii() else _words_header(name, value)}")
    lines.append("MIME-Version: 1.0\r\n")
    head = "\r\n".join(lines)
    return Written(
        sender=_address(outgoing.bounce_address) if outgoing.bounce_address else sender,
        to=to,
        at=at,
        data=head.encode() + _body(outgoing, message_id),
        international=not head.isascii(),
    )


def _plain(value: str) -> str:
    """Return a header's value; raise ValueError for line breaks and other control characters."""
    if _CONTROL.search(value):
        raise ValueError(f"a header holds no line breaks or control characters, unlike {value!r}")
    return value


@lru_cache(maxsize=256)  # most letters of a round have one subject, and all have one sender
def _words_header(name: str, value: str) -> str:
    """Encode free text for a header, folded (RFC 2047)."""
    value = " ".join(_plain(value).split())
    if value.isascii() and "=?" not in value and len(value) <= 66:
        return value
    return _encoded(name, value)


def _encoded(header: str, value: str) -> str:
    """Return the text in encoded words, each on a line of its own that with the header's name stays within 76."""
    words, chunk, room = [], b"", (62 - len(header)) // 4 * 3
    for letter in value:
        piece = letter.encode()
        if len(chunk) + len(piece) > room:
            words.append(chunk)
            chunk, room = b"", 45
        chunk += piece
    words.append(chunk)
    return _FOLD.join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


def _mailbox(value: str) -> tuple[str, str]:
    """Return name and address of "Name <address>" or of a bare address."""
    found = _MAILBOX.fullmatch(_plain(value))
    if found is None:
        raise ValueError(f"{value!r} is no mail address")
    if found["bare"] is not None:
        return "", found["bare"]
    name = found["name"]
    quoted = len(name) > 1 and name[0] == name[-1] == '"'
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if quoted else name, found["bracketed"]


@lru_cache(maxsize=256)
def _mailbox_header(header: str, name: str, address: str) -> tuple[str, str]:
    """Encode a name and an address for a header, and return them with the bare address."""
    name = " ".join(_plain(name).split())
    spec = _address(address)
    if not name:
        return spec, spec
    if name.isascii() and _ATOMS.fullmatch(name) and "=?" not in name and len(name) <= 60:
        words = name
    else:
        words = _encoded(header, name)
    short = len(header) + len(words) + len(spec) < 70
    return f"{words}{' ' if short else _FOLD}<{spec}>", spec


def _address(value: str) -> str:
    """Return an address as it goes over the line, its domain in ASCII (RFC 5321 §4.1.2, RFC 6531).

    Raises ValueError with the reason.  A quoted name, a comment or a number in brackets for a domain is lawful, and
    nobody's: it is refused, rather than carried by half of the servers on the way.
    """
    local, at, domain = _plain(value).rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        ascii_domain = ""
    sound = (
        at
        and _LOCAL.fullmatch(local)
        and (local.isascii() or not any(unicodedata.category(letter)[0] in "CZ" for letter in local))
        and len(local.encode()) <= 64
        and _DOMAIN.fullmatch(ascii_domain)
        and len(local.encode()) + 1 + len(ascii_domain) <= 254
    )
    if not sound:
        raise ValueError(f"{value!r} is no mail address")
    return f"{local}@{ascii_domain}"


@lru_cache(maxsize=256)  # what one event causes is all of one moment
def _date(at: datetime, _offset: timedelta | None) -> str:
    # Two moments are equal that are written differently, in two time zones.
    return format_datetime(at)


def _message_id(given: str) -> str:
    bracketed = given if given.startswith("<") else f"<{given}>"
    if not _MESSAGE_ID.fullmatch(bracketed):
        raise ValueError(f"{given!r} is no Message-ID")
    return bracketed


def _body(outgoing: Outgoing, message_id: str) -> bytes:
    """Return the body with the headers that describe it.

    Its order is mixed(alternative(text, related(html, pictures), invitation), files), as far as there are such.
    """
    mark = sha256(message_id.encode()).hexdigest()[:32]
    ways = [_text_part("plain", outgoing.text)]
    if outgoing.html is not None:
        ways.append(_html_part(outgoing.html, outgoing.inline, message_id, mark))
    files: list[bytes] = []
    if outgoing.calendar is not None:
        invites, part = _calendar_part(outgoing.calendar, outgoing.calendar_method)
        (ways if invites else files).append(part)
    body = _multipart("alternative", ways, f"=_1{mark}") if len(ways) > 1 else ways[0]
    return _multipart("mixed", [body, *files], f"=_0{mark}") if files else body


def _multipart(kind: str, parts: list[bytes], boundary: str, more: str = "") -> bytes:
    """Join parts.  The boundary is in none of them: neither encoding leaves `=_` in a line."""
    head = f'Content-Type: multipart/{kind};{more} boundary="{boundary}"\r\n'.encode()
    between, end = f"\r\n--{boundary}\r\n".encode(), f"\r\n--{boundary}--\r\n".encode()
    return head + b"".join(between + part for part in parts) + end


def _text_part(kind: str, words: str) -> bytes:
    lines = _ENDING.sub("\r\n", words).encode()
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return (
        f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'.encode()
        + b2a_qp(lines, istext=True)
    )


def _html_part(html: str, pictures: tuple[Inline, ...], message_id: str, mark: str) -> bytes:
    """Return the HTML with the pictures that it names (RFC 2387), whose names are unique in the world (RFC 2392)."""
    domain = message_id[1:-1].rpartition("@")[2]
    shown = [picture for picture in pictures if f"cid:{picture.cid}" in html]
    for picture in shown:
        html = re.sub(rf"cid:{re.escape(picture.cid)}(?![\w.@-])", f"cid:{picture.cid}@{domain}", html)
    words = _text_part("html", html)
    if not shown:
        return words
    parts = [_picture_part(picture, domain) for picture in shown]
    return _multipart("related", [words, *parts], f"=_2{mark}", ' type="text/html";')


@lru_cache(maxsize=16)
def _picture_part(picture: Inline, domain: str) -> bytes:
    head = (
        f"Content-Type: {picture.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{picture.cid}@{domain}>\r\nContent-Disposition: inline\r\n\r\n"
    )
    return head.encode() + _base64(picture.data)


def _calendar_part(calendar: bytes, method: str | None) -> tuple[bool, bytes]:
    """Return whether it is an invitation, and the part."""
    inside = re.search(rb"(?mi)^METHOD:([A-Z-]+)\r?$", calendar)
    known = method.upper() if method else None
    if (inside.group(1).decode().upper() if inside else None) != known:
        raise ValueError(f"the calendar's METHOD and {method!r} must be one (RFC 6047)")
    invites = known not in (None, "PUBLISH")
    head = 'Content-Type: text/calendar; charset="utf-8"' + (f'; method="{known}"' if known else "")
    if not invites:
        head += '\r\nContent-Disposition: attachment; filename="calendar.ics"'
    return invites, f"{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + _base64(calendar)


def _base64(data: bytes) -> bytes:
    return encodebytes(data).replace(b"\n", b"\r\n")
