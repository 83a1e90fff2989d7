"""Kinds of long work: each is offered by the feature that does it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from flask import current_app

from dxday.core.i18n import Words
from dxday.core.permissions import Permission
from dxday.operations.models import Operation


class Cancelled(Exception):
    """Somebody asked for the operation to be cancelled; raised by Progress, let it rise."""


class Progress(Protocol):
    """How an operation says how far it is; each call also renews its lease."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Record how far the work is, at most a few times a second.  Raises Cancelled."""


@dataclass(frozen=True)
class Outcome:
    """What an operation ends with: a file to download, an answer of plain JSON values, or neither."""

    data: bytes | None = None
    file_name: str | None = None
    media_type: str | None = None
    answer: dict[str, Any] | None = None


@dataclass(frozen=True)
class Described:
    """An answer in words: what it is called and says, line by line; and the page that it leads to."""

    lines: tuple[tuple[Words, str], ...]
    label: Words | None = None
    endpoint: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OperationKind:
    """A kind of long work.  `run(operation, progress, now)` is safe to begin again after a worker died."""

    name: str
    label: Words
    permission: Permission
    """Who may ask for it, see it and take its file."""
    run: Callable[[Operation, Progress, datetime], Outcome]
    describe: Callable[[Mapping[str, Any]], "Described"] | None = None
    """What its answer says to people, and where it leads."""


def index(*offered: Iterable[OperationKind]) -> dict[str, OperationKind]:
    """Return the kinds by name.  Raises ValueError for a name that two features offer."""
    by_name: dict[str, OperationKind] = {}
    for kind in (kind for kinds in offered for kind in kinds):
        if kind.name in by_name:
            raise ValueError(f"two features offer the operation {kind.name}")
        by_name[kind.name] = kind
    return by_name


def known() -> Mapping[str, OperationKind]:
    """Return every kind of operation that the application offers."""
    kinds: dict[str, OperationKind] = current_app.extensions["dxday_operations"]
    return kinds
