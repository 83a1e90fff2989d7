"""Letters that other mail servers write about ours: what could not be delivered, what is late, what was unwanted.

Everybody can write such a letter to us.  Nothing here is believed for that: whoever uses a report compares its
Message-ID with those that we gave out.
"""

import binascii
import contextlib
import quopri
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from enum import StrEnum
from typing import Any, TypeAlias
from unicodedata import category

from dxday.core.vietnamese import nfc

MOST_BYTES = 512 * 1024
"""How much of a letter is read: the report stands before the letter that it returns, and that one's head suffices."""

_MOST_PARTS = 100
"""Parts within parts that a report has at most; thousands of them are there to keep us busy."""

_MOST_REPORTS = 100
"""Recipients of whom one letter speaks at most; each of ours has one."""

_MOST_REPORTS = 100
"""Recipients that are read of one letter; each of ours has a single one."""

_LONGEST = 300
"""Characters that are kept of what a server said."""

_LONGEST_ENCODED = 4 * _LONGEST
"""Characters of it that are decoded (RFC 2047): of many words without an end the library makes a day's work."""

_LONGEST_ENCODED = 4 * _LONGEST
"""Characters of it that are decoded (RFC 2047): the library looks for an end from each beginning of a word."""

Part: TypeAlias = "Message[str, str]"
Fields = dict[str, str]

_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY = re.compile(r"\b([45])\d\d\b")
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:[ \t]*(.*)")
_FOLD = re.compile(r"\r?\n[ \t]+")
_BLANK_LINES = re.compile(r"\r?\n[ \t]*\r?\n\s*")

_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_REPORT_PARTS = _STATUS_PARTS | {"message/feedback-report"}
_HEADS = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_LETTERS = frozenset({"message/rfc822", "message/global"})


class ReportKind(StrEnum):
    """What another server tells us."""

    FAILED = "failed"
    DELAYED = "delayed"
    COMPLAINT = "complaint"


@dataclass(frozen=True)
class Report:
    """What a server says about one letter, by its Message-ID.

    `recipients` are the addresses that it names, as it writes them; `status` is an enhanced status code (RFC 3463),
    as 5.1.1, or None; `diagnostic` is what was said, in one line.
    """

    kind: ReportKind
    message_id: str
    recipients: tuple[str, ...] = ()
    status: str | None = None
    diagnostic: str = ""

    @property
    def words(self) -> str:
        """What was said, with its code once."""
        if self.status is None or self.status in self.diagnostic:
            return self.diagnostic
        return f"{self.status} {self.diagnostic}".strip()

    def is_about(self, address: str) -> bool:
        """Tell whether the report names this address, or none; a letter may have been passed on to another one."""
        wanted = _comparable(address)
        return not self.recipients or wanted in {_comparable(each) for each in self.recipients}


def read_reports(raw: bytes) -> list[Report]:
    """Return what a letter reports of other letters; nothing for any other letter, however it is made.

    Reads delivery status notifications (RFC 3464, 6533) and complaints (RFC 5965); no more than MOST_BYTES.  An
    automatic reply, a receipt (RFC 8098) or a letter of a person reports nothing.  Never raises.
    """
    raw = raw[:MOST_BYTES]
    if raw.lower().count(b"content-type:") > _MOST_PARTS:
        return []
    try:
        letter: Part = message_from_bytes(raw, policy=policy.compat32)
        message_id = _answered_id(letter)
        found: list[Report] = []
        # The letter that a report is about is returned behind it.  Each part is looked at once: in a digest
        # (RFC 2046 §5.1.5) there are tens of thousands that need no Content-Type.
        for part in reversed(list(letter.walk())):
            if part.get_content_type() in _REPORT_PARTS:
                found = (_reports_of(part, message_id) if message_id else []) + found
            else:
                message_id = _returned_id(part) or message_id
        return found[:_MOST_REPORTS]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, MessageError):
        return []  # not made as letters are


def _reports_of(part: Part, message_id: str) -> list[Report]:
    kind = part.get_content_type()
    if kind in _STATUS_PARTS:
        found = [_status_report(fields, message_id) for fields in _blocks(_text(part))]
        return [report for report in found if report is not None]
    if kind == "message/feedback-report":
        fields = _fields(_text(part))
        # Others are fraud, viruses, and “not spam”: none of them is a wish of the reader (RFC 5965 §7.3).
        if fields.get("feedback-type", "").lower() in ("abuse", "opt-out"):
            named = _address(fields.get("original-rcpt-to", ""))
            return [
                Report(
                    ReportKind.COMPLAINT, message_id, recipients=(named,) if named else (), diagnostic="abuse"
                )
            ]
    return []


def _status_report(fields: Fields, message_id: str) -> Report | None:
    """Return what the fields of one recipient report (RFC 3464 §2.3); None for good news and for other fields."""
    if "final-recipient" not in fields and "action" not in fields:
        return None
    diagnostic = _plain(
        fields.get("diagnostic-code", "").partition(";")[2] or fields.get("diagnostic-code", "")
    )
    status = _status(fields.get("status", ""), diagnostic)
    action = fields.get("action", "").split(" ")[0].lower()
    if action == "delayed":
        kind = ReportKind.DELAYED
    elif action == "failed" or (not action and status is not None and status.startswith("5")):
        kind = ReportKind.FAILED
    else:  # delivered, relayed, expanded
        return None
    named = (_address(fields.get(name, "")) for name in ("original-recipient", "final-recipient"))
    return Report(kind, message_id, tuple(dict.fromkeys(filter(None, named))), status, diagnostic)


def _status(field: str, diagnostic: str) -> str | None:
    """Return the status; where a server gives a vague one (X.0.0), the one within what the next server said."""
    codes = [".".join(match.groups()) for match in map(_STATUS.search, (field, diagnostic)) if match]
    exact = next((code for code in codes if not code.endswith(".0.0")), None)
    if exact or codes:
        return exact or codes[0]
    reply = _REPLY.search(diagnostic)
    return f"{reply[1]}.0.0" if reply else None


def _returned_id(part: Part) -> str | None:
    """Return the Message-ID of the letter, or of the head of a letter, that was returned in a part."""
    if part.get_content_type() not in _LETTERS | _HEADS:
        return None
    found = _MESSAGE_ID.search(_fields(_text(part)).get("message-id", ""))
    return found[0] if found else None


def _answered_id(letter: Part) -> str | None:
    """Return the Message-ID that a report answers, for servers that return nothing of the letter."""
    for name in ("In-Reply-To", "References"):
        if found := _MESSAGE_ID.findall(str(letter.get(name, ""))):
            return str(found[-1])
    return None


def _text(part: Part) -> str:
    """Return what stands in a part, whatever the parser took it for.

    Of a message within a message the parser makes messages of their own, even where the text is encoded (which only
    RFC 6533 allows, and others do).
    """
    inside: Any = part.get_payload()
    if not isinstance(inside, list):
        return _decoded(str(inside), part)
    return _decoded("\n\n".join(_flat(each) for each in inside), part)


def _flat(message: Part) -> str:
    head = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
    inside: Any = message.get_payload()
    return f"{head}\n{inside}" if isinstance(inside, str) else head


def _decoded(text: str, part: Part) -> str:
    data = text.encode("utf-8", "surrogateescape")
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        with contextlib.suppress(binascii.Error):  # it may only say that it is
            data = binascii.a2b_base64(data)
    elif encoding == "quoted-printable":
        data = quopri.decodestring(data)
    return data.decode("utf-8", "replace")


def _blocks(text: str) -> list[Fields]:
    return [_fields(block) for block in _BLANK_LINES.split(text)]


def _fields(text: str) -> Fields:
    """Return the fields of the first block, by their name in small letters; the first of a name counts."""
    fields: Fields = {}
    for line in _FOLD.sub(" ", _BLANK_LINES.split(text.lstrip("\r\n"), maxsplit=1)[0]).splitlines():
        if match := _FIELD.match(line):
            fields.setdefault(match[1].lower(), match[2].strip())
    return fields


def _address(field: str) -> str:
    """Return the address of a field such as `rfc822; a@example.org`."""
    return _plain(field.rpartition(";")[2]).strip("<>")


def _comparable(address: str) -> str:
    """Return an address so that two spellings of it are equal, also of a domain in two alphabets."""
    local, _, domain = nfc(address).strip().casefold().rpartition("@")
    with contextlib.suppress(UnicodeError):  # no name of a host
        domain = domain.encode("idna").decode()
    return f"{local}@{domain}"


def _plain(text: str) -> str:
    """Return words from a header: decoded (RFC 2047), composed, on one line, and not too many."""
    if "=?" in text:
        with contextlib.suppress(ValueError, LookupError, MessageError):  # else kept as it was written
            text = str(make_header(decode_header(text[:_LONGEST_ENCODED])))
    shown = "".join(" " if category(letter) in ("Cc", "Cs", "Zl", "Zp") else letter for letter in nfc(text))
    return " ".join(shown.split())[:_LONGEST]
