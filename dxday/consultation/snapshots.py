"""A published list as one canonical text: what everybody reads, and what its SHA-256 is taken of."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from dxday.core.i18n import Translations

FORMAT = "dxday-nominations/1"


@dataclass(frozen=True)
class Entry:
    """What the public is told of a nomination."""

    number: int
    """In the list, from 1."""
    nominee: str
    kind: str
    """Collective, individual or household, as in `schemes.rules.NomineeKind`."""
    position: str
    category: Translations
    agency: Translations
    achievement: str


@dataclass(frozen=True)
class Head:
    """What stands above the entries."""

    edition: str
    scheme: str
    name: Translations
    form: str
    """As in `schemes.rules.AwardForm`."""
    legal_basis: str
    version: int
    opens_at: datetime
    closes_at: datetime
    published_at: datetime
    reason: str
    """Why the list was published again; empty at first."""
    previous_sha256: str | None


def write(head: Head, entries: Iterable[Entry]) -> str:
    """Return the list as canonical JSON (RFC 8785: sorted names, no blanks, no escapes that are not needed)."""
    facts = {
        name: value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
        for name, value in asdict(head).items()
    }
    return _canonical({"format": FORMAT, **facts, "nominations": [asdict(entry) for entry in entries]})


def read(snapshot: str) -> list[Entry]:
    """Return the entries of a list as it was published."""
    return [Entry(**each) for each in json.loads(snapshot)["nominations"]]


def digest(text: str) -> str:
    """Return the SHA-256 of the text in UTF-8, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def digest_of(entries: Sequence[Entry]) -> str:
    """Return the SHA-256 of entries alone: whether two lists say the same."""
    return digest(_canonical([asdict(entry) for entry in entries]))


def _canonical(value: Mapping[str, Any] | Sequence[Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
