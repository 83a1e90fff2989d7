"""Lanes: things with a time, asked which of them run at some time; and where too many run at once."""

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, Protocol, TypeVar

_FEW = 16
"""Up to so many things are looked through one by one."""


class Timed(Protocol):
    """Something that runs from `start` up to but not including `end`, in seconds of the epoch."""

    @property
    def start(self) -> int:
        """When it begins."""

    @property
    def end(self) -> int:
        """When it is over."""


T = TypeVar("T", bound=Timed)


class Lane(Generic[T]):
    """Things in the order of their beginnings, with the latest end of every stretch of them (an interval tree).

    Making it takes n log n steps, asking it log n steps for each thing found.
    """

    __slots__ = ("_ends", "_half", "_starts", "things")

    def __init__(self, things: Iterable[T]) -> None:
        """Sort the things by their beginning; those that begin together keep their order."""
        self.things: list[T] = sorted(things, key=lambda thing: thing.start)
        self._starts = [thing.start for thing in self.things]
        self._half = 0
        self._ends: list[int] = []
        if len(self.things) > _FEW:
            self._half = 1 << (len(self.things) - 1).bit_length()
            self._ends = [0] * self._half + [thing.end for thing in self.things]
            self._ends += [self._starts[0]] * (2 * self._half - len(self._ends))
            for node in range(self._half - 1, 0, -1):
                self._ends[node] = max(self._ends[2 * node], self._ends[2 * node + 1])

    def running(self, start: int, end: int) -> list[T]:
        """Return what runs at some moment from `start` up to but not including `end`, by beginning."""
        before = bisect_left(self._starts, end)
        if not self._half:
            return [thing for thing in self.things[:before] if thing.end > start]
        found: list[T] = []
        # Node, and the first thing below it with how many there are.
        heap = [(1, 0, self._half)]
        while heap:
            node, first, width = heap.pop()
            if first >= before or self._ends[node] <= start:
                continue
            if width == 1:
                found.append(self.things[first])
            else:
                half = width // 2
                heap.append((2 * node + 1, first + half, half))
                heap.append((2 * node, first, half))
        return found


class Numbered(Timed, Protocol):
    """Something timed that has an id."""

    @property
    def id(self) -> int:
        """Which one it is."""


N = TypeVar("N", bound=Numbered)


def find_crowds(
    things: Iterable[N], limit: int, *, within: Sequence[tuple[int, int]] | None, shown: int
) -> Iterator[tuple[N, int, list[N]]]:
    """Give each thing that begins while `limit` or more run, how many run then, and up to `shown` others.

    Of things that begin together, the one with the lower id counts as the earlier.  `within` keeps to things that
    begin in one of these times.  Takes n log n steps.
    """
    running: dict[int, N] = {}
    ends: list[tuple[int, int]] = []
    for thing in sorted(things, key=lambda each: (each.start, each.id)):
        while ends and ends[0][0] <= thing.start:
            del running[heapq.heappop(ends)[1]]
        if len(running) >= limit and (
            within is None or any(start <= thing.start < end for start, end in within)
        ):
            yield thing, len(running) + 1, list(islice(running.values(), shown))
        running[thing.id] = thing
        heapq.heappush(ends, (thing.end, thing.id))
