"""Reading what stands against the programme."""

from typing import Any

from dxday.conflicts.rules import Level


def list_standing(edition_id: int, level: Level) -> list[Any]:
    """Return the findings of at least this level that nobody has overridden."""
    return []
