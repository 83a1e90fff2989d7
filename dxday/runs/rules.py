"""How a run of a job ended."""

from enum import StrEnum


class Outcome(StrEnum):
    """What came of a run."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    """Begun by a process that died."""
