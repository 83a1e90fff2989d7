"""Why a session has no place: a smallest set of rules that collide.

Two kinds of answers.  *Proved*: the named rules alone leave no timetable, whatever else is given up, and without
any one of them there is one (an irreducible infeasible subset, by deletion: Chinneck and Dravnieks, 1991).  Where
that takes too long: as long as all other sessions stay where they are, the named ones leave no start in any room.
"""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from dxday.solver.blockers import find_blockers
from dxday.solver.board import Board
from dxday.solver.items import NOWHERE, Spot
from dxday.solver.model import Model
from dxday.solver.problem import Problem
from dxday.solver.result import Unplaced
from dxday.solver.rules import Rule, restrict, rules_of
from dxday.solver.words import reason_of

Ended = Callable[[], bool]

LARGEST = 120
"""Sets of sessions beyond this are not searched for a proof."""

PATIENCE = 1.0
"""Seconds that one question to CP-SAT may take."""


Cores = dict[int, list[Rule]]
"""Sessions → the rules that were proved to leave no place for them."""


def settle(board: Board, ended: Ended, cores: Cores, *, workers: int = 1) -> None:
    """Find a place, or the proof that there is none, for each session that is nowhere, while time lasts."""
    rng = random.Random(0)  # noqa: S311  any of the best spots will do
    for number in sorted(board.unplaced - cores.keys()):
        if ended():
            return
        if number not in board.unplaced:
            continue
        if (spot := board.best_spot(number, rng)) is not None:
            board.place(number, spot)
        elif (rules := find_core(board, number, ended, workers=workers)) is not None:
            cores[number] = rules


def explain(
    board: Board, ended: Ended, cores: Cores | None = None, *, workers: int = 1
) -> tuple[Unplaced, ...]:
    """Return why each session that is nowhere has no place; one that turns out to have one is placed."""
    proofs = {} if cores is None else cores
    settle(board, ended, proofs, workers=workers)
    rng = random.Random(0)  # noqa: S311  any of the best spots will do
    for number in sorted(board.unplaced - proofs.keys()):
        if (spot := board.best_spot(number, rng)) is not None:
            board.place(number, spot)
        elif (rules := find_core(board, number, lambda: True)) is not None:
            proofs[number] = rules  # it has no place even alone: that takes no time to see
    told = []
    for number in sorted(board.unplaced):
        session = board.items[number].session.id
        if (known := proofs.get(number)) is not None:
            reasons = tuple(reason_of(board.problem, rule) for rule in known)
            told.append(Unplaced(session, True, reasons))
        else:
            told.append(Unplaced(session, False, find_blockers(board, board.items[number])))
    return tuple(told)


def find_core(board: Board, number: int, ended: Ended, *, workers: int = 1) -> list[Rule] | None:
    """Return an irreducible set of rules that leave no place for the session, or None when none was found.

    Takes more and more sessions into account: those that are in the way of where the earlier ones could be.
    When nothing is in the way any more, the session has a place after all, and is put there.
    """
    problem = board.problem
    if not board.items[number].has_any_spot():
        alone = rules_of(problem, [board.items[number].session.id])
        return shrink_core(problem, alone, lambda: False, workers)
    chosen = {number}
    while len(chosen) <= LARGEST and not ended():
        rules = rules_of(problem, [board.items[each].session.id for each in sorted(chosen)])
        spots = find_places(restrict(_as_placed(board, chosen), rules), ended, workers)
        if spots is None:
            return None
        if not spots:
            return shrink_core(problem, rules, ended, workers)
        if (
            more := _in_the_way(board, {board.session_number[name]: spot for name, spot in spots.items()})
        ) is None:
            return None
        if not more:
            return None
        chosen |= more
    return None


def _as_placed(board: Board, chosen: Collection[int]) -> Problem:
    """Return the problem with these sessions' places on the board as their current ones, for CP-SAT to start from."""
    places = {each.session: each for each in board.placements()}
    names = {board.items[number].session.id for number in chosen}
    sessions = tuple(
        replace(session, current=places.get(session.id)) if session.id in names else session
        for session in board.problem.sessions
    )
    return replace(board.problem, sessions=sessions)


def _in_the_way(board: Board, found: dict[int, tuple[int, tuple[str | None, ...]]]) -> set[int] | None:
    """Put the sessions where they could be, and return who is in the way there; nobody: they stay there."""
    before = board.snapshot()
    spots: dict[int, Spot] = {}
    for number, (minute, names) in found.items():
        rooms = [board.room_number[name] for name in names if name is not None][::-1]
        parts = board.items[number].parts
        spots[number] = Spot(
            (minute - board.base) // board.unit,
            tuple(NOWHERE if part.optional else rooms.pop() for part in parts),
        )
    for number in spots:
        if board.where[number] is not None:
            board.remove(number)
    in_way: set[int] = set()
    for number, spot in spots.items():
        in_way |= board.conflicts(number, spot)
    if in_way:
        board.restore(before)
        return in_way
    for number, spot in spots.items():
        if not board.fits(number, spot):
            board.restore(before)
            return None
        board.place(number, spot)
    for number, spot in spots.items():
        if NOWHERE in spot.rooms:  # optional sites were left out of the question
            board.remove(number)
            others = board.receiving_rooms(board.items[number], spot.start, spot.rooms[0])
            better = spot if others is None else Spot(spot.start, others)
            board.place(number, better if board.fits(number, better) else spot)
    return set()


def shrink_core(problem: Problem, rules: Sequence[Rule], ended: Ended, workers: int = 1) -> list[Rule] | None:
    """Return a smallest part of colliding rules that still collides; None when time ends first."""
    order = sorted(
        rules, key=lambda rule: rule.code != "session"
    )  # sessions first: each takes many rules away
    kept = list(order)
    width = max(1, len(kept) // 4)
    while True:
        at = 0
        while at < len(kept):
            if ended():
                return None
            rest = kept[:at] + kept[at + width :]
            rest = without_orphans(problem, rest)
            spots = find_places(restrict(problem, rest), ended, workers) if rest else {"": (0, ())}
            if spots is None and width == 1:
                return None
            if spots is not None and not spots:
                kept = rest
            else:
                at += width
        if width == 1:
            return sorted(kept, key=lambda rule: (rule.code != "session", rule))
        width = max(1, width // 2)


def without_orphans(problem: Problem, rules: Sequence[Rule]) -> list[Rule]:
    """Leave out what speaks of sessions that are left out themselves."""
    there = {rule.subject for rule in rules if rule.code == "session"}
    relevant = set(rules_of(problem, [session.id for session in problem.sessions if session.id in there]))
    return [rule for rule in rules if rule in relevant]


def find_places(
    problem: Problem, ended: Ended, workers: int
) -> dict[str, tuple[int, tuple[str | None, ...]]] | None:
    """Return a place for every session, {} when there is proof that there is none, None when time ended."""
    if not problem.sessions:
        return {"": (0, ())}
    board = Board(problem)
    freed = range(len(board.items))
    if any(
        not item.starts or not all(part.options or part.optional for part in item.parts)
        for item in board.items
    ):
        return {}
    if len(board.items) == 1:
        spot = board.best_spot(0, random.Random(0))  # noqa: S311  any spot will do
        if spot is not None:
            return {board.items[0].session.id: _named(board, spot)}
        if len(board.items[0].parts) < 3:
            return {}
    model = Model(board, freed, must=True, soft=False)
    model.hint({number: board.items[number].current for number in freed})
    outcome = model.run(PATIENCE, workers=workers, seed=0, stop=ended)
    if not outcome.feasible:
        return {} if outcome.proved else None
    return {board.items[number].session.id: _named(board, spot) for number, spot in outcome.spots.items()}


def _named(board: Board, spot: Spot) -> tuple[int, tuple[str | None, ...]]:
    rooms = tuple(None if room == NOWHERE else board.room_ids[room] for room in spot.rooms)
    return board.minute(spot.start), rooms
