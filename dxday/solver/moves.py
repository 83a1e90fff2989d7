"""Making a timetable better by moving one session, or one and those in its way, at a time."""

import math
import random
from collections.abc import Callable, Collection, Sequence

from dxday.solver.board import Board
from dxday.solver.items import NOWHERE, Spot
from dxday.solver.masks import bits

MOST_EVICTED = 3


def anneal(
    board: Board,
    rng: random.Random,
    ended: Callable[[], bool],
    warmth: Callable[[], float],
    *,
    movable: Sequence[int],
    frozen: Collection[int] = (),
    on_better: Callable[[], None] = lambda: None,
) -> None:
    """Move sessions until `ended`, and leave the best timetable met.

    `warmth` is the temperature in points of cost: dearer timetables are taken with the usual probability
    (simulated annealing, Kirkpatrick and others, 1983).  Sessions in `frozen` are never taken off.
    """
    best, lowest = board.snapshot(), board.cost
    if not movable:
        return
    steps = 0
    while not ended():
        steps += 1
        number = rng.choice(movable)
        if board.where[number] is None:
            continue
        before = board.cost
        warm = warmth()
        undo = (
            _evict_and_place(board, number, rng, frozen)
            if rng.random() < 0.35
            else _place_better(board, number, rng)
        )
        if undo is None:
            continue
        worse = board.cost - before
        if worse > 0 and (warm <= 0 or rng.random() >= math.exp(-worse / warm)):
            _put_back(board, undo)
        elif board.cost < lowest:
            best, lowest = board.snapshot(), board.cost
            on_better()
    if board.cost > lowest:
        board.restore(best)


def _put_back(board: Board, undo: dict[int, Spot]) -> None:
    for number, spot in undo.items():
        if board.where[number] is not None and board.where[number] != spot:
            board.remove(number)
    for number, spot in undo.items():
        if board.where[number] is None:
            board.place(number, spot)


def _place_better(board: Board, number: int, rng: random.Random) -> dict[int, Spot] | None:
    was = board.remove(number)
    spot = board.best_spot(number, rng)
    if spot is None or spot == was:
        board.place(number, was)
        return None
    board.place(number, spot)
    return {number: was}


def _evict_and_place(
    board: Board, number: int, rng: random.Random, frozen: Collection[int]
) -> dict[int, Spot] | None:
    """Put a session where others are, and these at their cheapest spots; None when that fails."""
    item = board.items[number]
    if len(item.parts) > 4:
        return None
    was = board.where[number]
    assert was is not None
    rooms = was.rooms
    if rng.random() < 0.7:
        option = rng.choice(item.parts[0].options)
        rooms = (option.room, *was.rooms[1:])
        if rooms[0] in rooms[1:]:
            return None
    starts = item.starts
    for part, room in zip(item.parts, rooms, strict=True):
        if room == NOWHERE:
            continue
        starts &= next(option.starts for option in part.options if option.room == room)
    if item.preferred is not None and starts & item.preferred:
        starts &= item.preferred
    if not starts:
        return None
    wanted = Spot(rng.choice(list(bits(starts))), rooms)
    if wanted == was:
        return None
    board.remove(number)
    undo = {number: was}
    evicted = board.conflicts(number, wanted)
    if (
        len(evicted) <= MOST_EVICTED
        and (not frozen or evicted.isdisjoint(frozen))
        and all(len(board.items[other].parts) <= 4 for other in evicted)
        and _swap(board, number, wanted, evicted, undo, rng)
    ):
        return undo
    for other in undo:
        if board.where[other] is not None:
            board.remove(other)
    for other, spot in undo.items():
        board.place(other, spot)
    return None


def _swap(
    board: Board,
    number: int,
    wanted: Spot,
    evicted: Collection[int],
    undo: dict[int, Spot],
    rng: random.Random,
) -> bool:
    """Put the session down and those in its way elsewhere; tell whether all found a spot."""
    for other in sorted(evicted):
        undo[other] = board.remove(other)
    if not board.fits(number, wanted):
        return False
    board.place(number, wanted)
    for other in sorted(evicted, key=lambda other: -board.items[other].length):
        spot = board.best_spot(other, rng)
        if spot is None:
            return False
        board.place(other, spot)
    return True
