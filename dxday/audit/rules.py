"""How an audit entry is hashed over the one before, and how the chain is checked."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
"""What the first entry is hashed over."""


@dataclass(frozen=True)
class Entry:
    """The facts of an entry that its hash covers."""

    sequence: int
    at: datetime
    actor_kind: str
    actor_account_id: int | None
    actor_label: str
    action: str
    subject: str
    edition_id: int | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class BrokenLink:
    """The first entry that does not fit, and why."""

    sequence: int
    reason: str


def link(entry: Entry, previous_hash: str) -> str:
    """Return the SHA-256, in hex, of the previous hash and the entry in canonical JSON (sorted keys, UTC)."""
    content = {
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": [entry.actor_kind, entry.actor_account_id, entry.actor_label],
        "action": entry.action,
        "subject": entry.subject,
        "edition": entry.edition_id,
        "facts": entry.facts,
        "previous": previous_hash,
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def find_broken_link(
    chain: Iterable[tuple[Entry, str, str]], *, head_sequence: int, head_hash: str
) -> BrokenLink | None:
    """Walk (entry, previous hash, own hash) in order and return the first that does not fit; None when all do.

    The head is kept apart, so that cutting entries off the end is seen too.
    """
    expected, before = 1, GENESIS
    for entry, previous_hash, own_hash in chain:
        if entry.sequence != expected:
            return BrokenLink(expected, f"entry {expected} is missing")
        if previous_hash != before:
            return BrokenLink(entry.sequence, "it does not continue the entry before")
        if link(entry, previous_hash) != own_hash:
            return BrokenLink(entry.sequence, "its content was changed")
        expected, before = expected + 1, own_hash
    if (expected - 1, before) != (head_sequence, head_hash):
        return BrokenLink(expected, "entries are missing at the end")
    return None
