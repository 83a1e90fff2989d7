"""Half-open stretches of time, and which of them clash."""

import heapq
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Interval:
    """The moments from `start` up to but not including `end`; both aware, and not empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise ValueError(f"naive moments in {self.start!r} – {self.end!r}: times are aware here")
        if self.start >= self.end:
            raise ValueError(f"an interval ends after it starts, unlike {self.start} – {self.end}")

    @property
    def minutes(self) -> float:
        """The length in minutes."""
        return (self.end - self.start) / timedelta(minutes=1)

    def contains(self, moment: datetime) -> bool:
        """Tell whether `moment` lies inside; the end does not."""
        return self.start <= moment < self.end

    def overlaps(self, other: "Interval") -> bool:
        """Tell whether the two share a moment; touching ends do not."""
        return self.start < other.end and other.start < self.end

    def intersection(self, other: "Interval") -> "Interval | None":
        """Return what the two share, or None."""
        if not self.overlaps(other):
            return None
        return Interval(max(self.start, other.start), min(self.end, other.end))


def shift(interval: Interval, by: timedelta) -> Interval:
    """Return the interval moved by `by`, its length kept."""
    return Interval(interval.start + by, interval.end + by)


def find_overlapping(items: Iterable[tuple[K, Interval, T]]) -> list[tuple[T, T]]:
    """Return every pair of things with the same key whose intervals overlap, each pair once.

    Keys come in the order in which they were first seen; the first of a pair starts no later than the second,
    and things that start together keep their order.  Takes n log n steps and one for each pair found.
    """
    by_key: dict[K, list[tuple[Interval, T]]] = {}
    for key, interval, thing in items:
        by_key.setdefault(key, []).append((interval, thing))
    return [pair for bookings in by_key.values() for pair in _sweep(bookings)]


def _sweep(bookings: list[tuple[Interval, T]]) -> list[tuple[T, T]]:
    pairs: list[tuple[T, T]] = []
    running: dict[int, T] = {}  # in the order of their starts
    ends: list[tuple[datetime, int]] = []
    for number, (interval, thing) in enumerate(sorted(bookings, key=lambda booking: booking[0].start)):
        while ends and ends[0][0] <= interval.start:
            del running[heapq.heappop(ends)[1]]
        pairs.extend((earlier, thing) for earlier in running.values())
        running[number] = thing
        heapq.heappush(ends, (interval.end, number))
    return pairs
