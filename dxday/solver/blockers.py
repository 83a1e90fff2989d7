"""Why a session has no place while everything else stays where it is."""

from collections.abc import Callable
from functools import partial

from dxday.solver.board import Board
from dxday.solver.items import NOWHERE, Item, Spot
from dxday.solver.masks import span
from dxday.solver.result import Reason
from dxday.solver.words import clock, make_reason

Blocker = tuple[int, Callable[[], Reason]]
"""The starts that something blocks, in all rooms of the origin side by side, and how to say so."""


def _near(board: Board, item: Item) -> set[int]:
    """Return the placed sessions that could be in the way: in its rooms, with its people, for its audiences."""
    found: set[int] = set()
    for part in item.parts:
        for option in part.options:
            found |= board.in_room[option.room]
        for person in part.people:
            found |= board.events[person].keys()
    for group in item.groups:
        found.update(other for other in board.of_group[group] if board.where[other] is not None)
    return found


def find_blockers(board: Board, item: Item) -> tuple[Reason, ...]:
    """Return a smallest set of what is placed that leaves the session no start in any room."""
    options = item.parts[0].options
    width = board.horizon + 1
    everywhere = 0
    for number, option in enumerate(options):
        everywhere |= (item.starts & option.starts) << number * width
    blockers: list[Blocker] = []

    def in_all_rooms(mask: int) -> int:
        mask &= span(0, board.horizon)
        found = 0
        for number in range(len(options)):
            found |= mask << number * width
        return found & everywhere

    for other in sorted(_near(board, item)):
        spot = board.where[other]
        assert spot is not None
        blockers += _blocked_by(board, item, other, spot, width, everywhere, in_all_rooms)
    if choosy := [part for part in item.parts[1:] if len(part.options) > 1 and not part.optional]:
        free = item.starts
        for part in choosy:
            joined = 0
            for option in part.options:
                joined |= option.starts & ~board.room_blocked(option.room, part)
            free &= joined
        reason = partial(make_reason, "blocked-receiving", (item.session.id,), session=item.session.label)
        blockers.append((in_all_rooms(item.starts & ~free), reason))
    ordered = in_all_rooms(item.starts & ~board.order_window(item))
    blockers.append((ordered, partial(make_reason, "blocked-order", (item.session.id,))))
    limited = in_all_rooms(item.starts & board.limits_blocked(item))
    blockers.append((limited, partial(make_reason, "blocked-limit", ())))
    cover = _smallest_cover(everywhere, [each for each in blockers if each[0]])
    return cover or (make_reason("blocked-receiving", (item.session.id,), session=item.session.label),)


def _blocked_by(
    board: Board,
    item: Item,
    other: int,
    spot: Spot,
    width: int,
    everywhere: int,
    in_all_rooms: Callable[[int], int],
) -> list[Blocker]:
    problem, theirs = board.problem, board.items[other]
    end = spot.start + theirs.length
    facts = {
        "other": theirs.session.label,
        "time": f"{clock(problem, board.minute(spot.start))}–{clock(problem, board.minute(end))[-5:]}",
    }
    found: list[Blocker] = []
    origin = item.parts[0]
    for number, option in enumerate(origin.options):
        if option.room not in spot.rooms or board.shared[option.room]:
            continue
        part = theirs.parts[spot.rooms.index(option.room)]
        rest = board.turnaround[option.room]
        mask = (
            span(spot.start + part.offset - rest - origin.length + 1, end + rest)
            & option.starts
            & item.starts
        )
        room = problem.rooms[option.room]
        reason = partial(
            make_reason, "blocked-room", (room.id, theirs.session.id), room=room.name or room.id, **facts
        )
        found.append((mask << number * width, reason))
    for part in item.parts[1:]:
        room_number = part.options[0].room if len(part.options) == 1 and not part.optional else NOWHERE
        if room_number in spot.rooms and room_number != NOWHERE and not board.shared[room_number]:
            rest = board.turnaround[room_number]
            begin = spot.start + theirs.parts[spot.rooms.index(room_number)].offset
            mask = span(begin - rest - part.length + 1 - part.offset, end + rest - part.offset)
            room = problem.rooms[room_number]
            reason = partial(
                make_reason, "blocked-room", (room.id, theirs.session.id), room=room.name or room.id, **facts
            )
            found.append((in_all_rooms(mask), reason))
    for group in set(item.groups) & set(theirs.groups):
        name = board.group_names[group]
        mask = span(spot.start - item.length + 1, end)
        reason = partial(make_reason, "blocked-audience", (name, theirs.session.id), group=name, **facts)
        found.append((in_all_rooms(mask), reason))
    for part in item.parts:
        for person in part.people if not part.optional else ():
            if other not in board.events[person]:
                continue
            mask = 0
            for start, stop, there, _ in board.events[person][other]:
                for number, option in enumerate(origin.options):
                    site = board.room_site[option.room] if part.site is None else part.site
                    go, come = board.travel[site][there], board.travel[there][site]
                    if board.remote[person]:
                        go = come = 0
                    away = span(start - go - part.length + 1 - part.offset, stop + come - part.offset)
                    mask |= (away & span(0, board.horizon)) << number * width
            known = problem.people[person]
            reason = partial(
                make_reason,
                "blocked-person",
                (known.id, theirs.session.id),
                person=known.name or known.id,
                **facts,
            )
            found.append((mask & everywhere, reason))
    return found


def _smallest_cover(everywhere: int, blockers: list[Blocker]) -> tuple[Reason, ...]:
    """Choose blockers that together leave nothing: the widest first, then without those not needed."""
    chosen: list[Blocker] = []
    left = everywhere
    while left:
        mask, reason = max(blockers, key=lambda each: (each[0] & left).bit_count(), default=(0, None))
        if reason is None or not mask & left:
            return ()
        chosen.append((mask, reason))
        left &= ~mask
    for each in list(chosen):
        rest = 0
        for mask, _ in (other for other in chosen if other is not each):
            rest |= mask
        if not everywhere & ~rest:
            chosen.remove(each)
    return tuple(reason() for _, reason in chosen)
