"""How far the work on a row that a worker carries has come."""

from enum import StrEnum


class Carriage(StrEnum):
    """How far the work on a row has come."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Claimed, and the worker died: whether it happened cannot be known, so a person decides."""
    CANCELLED = "cancelled"
    """Not to be done any more, and never begun."""
    WITHHELD = "withheld"
    """A message that its reader does not want, or whose address does not work; never sent by itself."""
    BOUNCED = "bounced"
    """A message that was taken, and came back later."""
