"""Text messages: how one is worded, and the gateway over HTTP that takes it."""

import json
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from dxday.adapters import calls
from dxday.adapters.mail import MailRefused, MailUnavailable, MailUnknown

LONGEST = 300
"""Characters of a text message at the most, as they are counted on the air (see `count_units`)."""

PATIENCE = 15.0
"""Seconds that the gateway may take over its answer."""

_REACH = calls.Reach(public_only=False, https_only=False)
"""Whoever runs DXDay names the gateway, so it may stand in their own network."""

_FOR_GOOD = frozenset({400, 404, 422})
_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_REFERENCE = re.compile(r"[!-~]{1,255}")
_LINK = re.compile(r"https?://[^\s<>\"]+")

# GSM 03.38 (3GPP TS 23.038 §6.2.1): what fits into seven bits; the second line takes two places each.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("\f^{}\\[~]|€")
_PLAINER = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\xa0": " "}
)


@dataclass(frozen=True)
class SmsCarrier:
    """Hands text messages to a gateway that takes JSON; one serves any number of threads."""

    url: str
    token: str
    ca_file: str | None = None

    def __repr__(self) -> str:
        return f"SmsCarrier({urlsplit(self.url).netloc})"

    def send(self, to: str, text: str, reference: str) -> None:
        """Hand one message over; raise MailRefused, MailUnavailable or MailUnknown.

        `to` is a number in the form of E.164.  `reference` is the same at each try of one message: the gateway gets
        it as Idempotency-Key too, so that it can leave out what it has sent already.  Raises ValueError for a
        number or a reference that is none.
        """
        if not _NUMBER.fullmatch(to):
            raise ValueError(f"{to!r} is no telephone number in the form +84912345678")
        if not _REFERENCE.fullmatch(reference):
            raise ValueError(f"{reference!r} is no reference")
        headers = {"Idempotency-Key": reference}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            answer = calls.post_json(
                self.url,
                json.dumps({"to": to, "text": text, "reference": reference}, ensure_ascii=False).encode(),
                headers=headers,
                reach=_REACH,
                ca_file=self.ca_file,
                read=PATIENCE,
            )
        except calls.CallUnknown as error:
            raise MailUnknown(str(error)) from error
        except calls.CallError as error:
            raise MailUnavailable(str(error)) from error
        _judge(answer)

    def close(self) -> None:
        """Do nothing: each message has a line of its own."""


def open_sms(url: str, *, ca_file: str | None = None) -> SmsCarrier:
    """Return the carrier for a setting such as `https://:token@gateway.example/messages?sender=DXDay`.

    Path and query go to the gateway as they are, the token as `Authorization: Bearer`.  Raises ValueError, which
    never shows the token.
    """
    try:
        parts = urlsplit(url)
        token = unquote(parts.password or "")
        bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
        calls.read_address(bare, _REACH)
    except (ValueError, calls.AddressRefused):
        raise ValueError("an address of the form https://:token@gateway.example/messages is needed") from None
    if parts.username:
        raise ValueError("the token stands alone, behind a colon: https://:token@gateway.example/messages")
    if token and not re.fullmatch("[!-~]+", token):
        raise ValueError("the token is not of letters that a header can carry")
    return SmsCarrier(url=bare, token=token, ca_file=ca_file)


def compose_text(subject: str, text: str, url: str | None = None) -> str:
    """Return what a letter comes to as a text message: its subject, and the address to read more at.

    The address is `url`, else the first one in `text`, and is never cut; the subject is, between two words, so that
    the whole takes at most LONGEST units.  What only looks different (curved quotes, long dashes) is written
    plainly, since one such mark halves the room.
    """
    words = _one_line(subject) or _one_line(text.strip().partition("\n")[0])
    link = url or _first_link(text)
    if link is None or count_units(link) > LONGEST // 2:
        return _shortened(words, LONGEST)
    # Whether a unit is seven bits or sixteen is settled by the whole message.
    tail = f" {link}"
    if count_units(words + tail) <= LONGEST:
        return words + tail
    return _shortened(words, LONGEST, tail)


def count_units(text: str) -> int:
    """Return the length on the air: septets of GSM 03.38 when all fits into it, else code units of UTF-16."""
    if all(letter in _GSM or letter in _GSM_TWICE for letter in text):
        return len(text) + sum(letter in _GSM_TWICE for letter in text)
    return len(text.encode("utf-16-be")) // 2


def count_parts(text: str) -> int:
    """Return how many messages a telephone network makes of a text; each is paid for."""
    is_gsm = all(letter in _GSM or letter in _GSM_TWICE for letter in text)
    alone, each = (160, 153) if is_gsm else (70, 67)
    units = count_units(text)
    return 1 if units <= alone else -(-units // each)


def _judge(answer: calls.Answer) -> None:
    """Raise what an answer other than 2xx means."""
    if 200 <= answer.status < 300:
        return
    said = " ".join(answer.text.split())[:200]
    if answer.status in _FOR_GOOD:
        raise MailRefused(permanent=True, code=answer.status, reply=said)
    raise MailUnavailable(f"the gateway answered {answer.status} {said}".strip())


def _one_line(text: str) -> str:
    plain = unicodedata.normalize("NFC", text).translate(_PLAINER)
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in plain).split())


def _first_link(text: str) -> str | None:
    found = _LINK.search(text)
    return found.group().rstrip(".,;:!?)") if found else None


def _shortened(words: str, most: int, tail: str = "") -> str:
    if count_units(words + tail) <= most:
        return words + tail
    while words and count_units(f"{words}...{tail}") > most:
        shorter = words.rpartition(" ")[0]
        words = shorter if len(shorter) > len(words) - 30 else words[:-1]
    return f"{words}...{tail}"
