"""What a person had before them when they changed a thing that carries no version."""

import hashlib
import json
from collections.abc import Sequence

from dxday.core.errors import Stale


def fingerprint(thing: object, names: Sequence[str]) -> str:
    """Return a short text that is another one as soon as one of these attributes of the thing is."""
    return fingerprint_of([getattr(thing, name) for name in names])


def fingerprint_of(values: Sequence[object]) -> str:
    """Return a short text that is another one as soon as one of these values is, which JSON or `str` can write."""
    kept = json.dumps(values, default=str, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(kept.encode()).hexdigest()[:16]


def check_unchanged(thing: object, names: Sequence[str], seen: str) -> None:
    """Raise Stale when the thing is not as it was when `seen` was made of it."""
    if fingerprint(thing, names) != seen:
        raise Stale
