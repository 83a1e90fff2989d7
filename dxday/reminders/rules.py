"""When a reminder is due, and in which state a rule is."""

from enum import StrEnum


class RuleState(StrEnum):
    """Whether a rule reminds anybody."""

    OFF = "off"
    ON = "on"


class Direction(StrEnum):
    """On which side of its moment a reminder leaves."""

    BEFORE = "before"
    AFTER = "after"


class Unit(StrEnum):
    """In what the distance to the moment is counted."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"


class LateJoiners(StrEnum):
    """What becomes of those who join after the reminder was due."""

    SKIP = "skip"
    TELL = "tell"
