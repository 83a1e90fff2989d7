"""Who looks at a change of the programme before it is kept, and what they say of a session.

The programme knows no conflict rules; what lies above it offers a `Watch` (see `dxday/offers.py`), and the staff's
pages ask for it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app

from dxday.core.actor import Actor

Note = Callable[[int], None]
"""Says that a session was changed, by its id."""


@dataclass(frozen=True)
class Watch:
    """What looks after the programme of an edition."""

    change: Callable[..., AbstractContextManager[Note]]
    """Opened around a change, inside its transaction; may refuse it when it ends, with an Overridable."""
    list_findings: Callable[[int, int], Sequence[Any]]
    """What stands against a session, by the ids of edition and session, as `macros/findings.html` takes it."""


@contextmanager
def watched(edition_id: int, *, reason: str, actor: Actor, now: datetime) -> Iterator[Note]:
    """Let a change be looked at before it is kept; the block says which sessions it changed.

    With a `reason`, what would be refused for a finding is kept, and the reason with it.  Raises an Overridable.
    """
    watch: Watch | None = current_app.extensions.get("dxday_watch")
    if watch is None:
        yield lambda _session_id: None
        return
    with watch.change(edition_id, reason=reason, actor=actor, now=now) as note:
        yield note


def list_findings(edition_id: int, session_id: int) -> Sequence[Any]:
    """Return what stands against a session."""
    watch: Watch | None = current_app.extensions.get("dxday_watch")
    return () if watch is None else watch.list_findings(edition_id, session_id)
