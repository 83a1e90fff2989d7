"""What a change of plan is, and when people are told."""

from enum import StrEnum


class Scope(StrEnum):
    """What is postponed or cancelled."""

    EDITION = "edition"
    SITE = "site"
    SESSION = "session"


class Act(StrEnum):
    """What happened to it."""

    POSTPONED = "postponed"
    CANCELLED = "cancelled"
    CHANGED = "changed"
    """Sessions were moved, one by one, on the pages of the programme."""
