"""The conflict rules, a function each, registered by importing this."""

from dxday.conflicts.checks import rooms, people, times, lines  # noqa: I001  (the order in which rules are shown)

__all__ = ["lines", "people", "rooms", "times"]
