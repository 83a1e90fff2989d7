"""A first timetable in a fraction of a second: hardest first, then by putting down and taking off."""

import random
from collections.abc import Callable, Collection

from dxday.solver.board import Board
from dxday.solver.items import NOWHERE, Spot, chain_depths
from dxday.solver.masks import bits

Ended = Callable[[], bool]

CANDIDATES = 24
"""Spots that are compared before something is taken off to make room."""


def place_current(board: Board) -> None:
    """Put every session where it is now, as far as the hard rules allow; those that others depend on first."""
    for item in sorted(board.items, key=lambda item: (item.session.fixed_start is None, -len(item.parts))):
        if (
            board.where[item.number] is None
            and item.current is not None
            and board.fits(item.number, item.current)
        ):
            board.place(item.number, item.current)


def place_all(board: Board, rng: random.Random, ended: Ended) -> None:
    """Put down what lies nowhere, the hardest first, each at its cheapest spot."""
    depth = chain_depths(board.items)

    def difficulty(number: int) -> tuple[int, int, int, int, int]:
        item = board.items[number]
        ways = item.starts.bit_count() * max(1, len(item.parts[0].options))
        return (
            0 if item.order else 1,
            -len(item.parts),
            depth[number],
            0 if ways < 10 else 1,
            -item.length * (1 + len(item.groups)),
        )

    for number in sorted(board.unplaced, key=difficulty):
        if ended():
            return
        if board.items[number].starts:
            spot = board.best_spot(number, rng, early=_is_packed(board, number, depth))
            if spot is not None:
                board.place(number, spot)


def complete(
    board: Board, rng: random.Random, ended: Ended, *, frozen: Collection[int] = (), rounds: int | None = None
) -> None:
    """Put down what lies nowhere by taking off what is in the way, and leave the best timetable met.

    Iterative forward search: what was taken off often becomes dearer to take off again (Müller, Rudová, Barták:
    Minimal perturbation problem in course timetabling, 2004).  Sessions in `frozen` are never taken off.
    """
    hopeless = {number for number in board.unplaced if not board.items[number].has_any_spot()}
    best, fewest = board.snapshot(), len(board.unplaced)
    taken_off = [0] * len(board.items)
    steps = 0
    since_better = 0
    limit = rounds if rounds is not None else 200 + 20 * len(board.items)
    while (waiting := board.unplaced - hopeless) and not ended() and since_better < limit:
        steps += 1
        since_better += 1
        number = rng.choice(sorted(waiting)) if rng.random() < 0.5 else _hardest(board, waiting, taken_off)
        spot = board.best_spot(number, rng)
        if spot is None:
            choice = _cheapest_eviction(board, number, rng, taken_off, frozen)
            if choice is None:
                hopeless.add(number)
                continue
            spot, evicted = choice
            for other in evicted:
                board.remove(other)
                taken_off[other] += 1
            if not board.fits(number, spot):
                continue
        board.place(number, spot)
        if len(board.unplaced) < fewest:
            best, fewest, since_better = board.snapshot(), len(board.unplaced), 0
    if len(board.unplaced) > fewest:
        board.restore(best)


def _is_packed(board: Board, number: int, depth: list[int]) -> bool:
    """Tell whether a session is better put early: what blocks many rooms or is waited for leaves whole hours."""
    item = board.items[number]
    return len(item.parts) > 1 or bool(depth[number] or item.after)


def _hardest(board: Board, waiting: Collection[int], taken_off: list[int]) -> int:
    def hardness(number: int) -> tuple[int, int, int]:
        item = board.items[number]
        return len(item.parts), item.length, taken_off[number]

    return max(sorted(waiting), key=hardness)


def _cheapest_eviction(
    board: Board, number: int, rng: random.Random, taken_off: list[int], frozen: Collection[int]
) -> tuple[Spot, set[int]] | None:
    best: tuple[Spot, set[int]] | None = None
    lowest = 0
    for _ in range(CANDIDATES):
        spot = _random_spot(board, number, rng)
        if spot is None:
            return None
        evicted = board.conflicts(number, spot)
        if frozen and not evicted.isdisjoint(frozen):
            continue
        price = sum((1 + taken_off[other]) * len(board.items[other].parts) ** 2 for other in evicted)
        if best is None or price < lowest:
            best, lowest = (spot, evicted), price
    return best


def _random_spot(board: Board, number: int, rng: random.Random) -> Spot | None:
    item = board.items[number]
    for _ in range(8):
        starts = item.starts
        rooms: list[int] = []
        for part in item.parts:
            options = [
                option
                for option in (rng.sample(part.options, min(4, len(part.options))) if rooms else part.options)
                if option.starts & starts and (option.room not in rooms or board.shared[option.room])
            ]
            if not options and part.optional:
                rooms.append(NOWHERE)
                continue
            if not options:
                break
            option = rng.choice(options)
            starts &= option.starts
            rooms.append(option.room)
        else:
            return Spot(rng.choice(list(bits(starts))), tuple(rooms))
    return None
