"""Why a session has no place: a smallest set of rules that collide.

Two kinds of answers.  *Proved*: the named rules alone leave no timetable, whatever else is given up, and without
any one of them there is one (an irreducible infeasible subset, by deletion: Chinneck and Dravnieks, 1991).  Where
that takes too long: as long as all other sessions stay where they are, the named ones leave no start in any room.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from dxday.core.i18n import Words, lazy_gettext, sentence
from dxday.solver.board import NOWHERE, Board, Item, Spot, span
from dxday.solver.model import Model
from dxday.solver.problem import Person, Problem, Receiving, Room, Session, Site
from dxday.solver.result import Reason, Unplaced

SENTENCES: dict[str, Words] = {
    "session": lazy_gettext("“%(session)s” takes place and lasts %(minutes)d minutes."),
    "session-window": lazy_gettext("“%(session)s” has to lie within: %(windows)s."),
    "fixed-start": lazy_gettext("“%(session)s” starts at %(time)s and at no other time."),
    "fixed-room": lazy_gettext("“%(session)s” is in %(room)s and nowhere else."),
    "room-not-allowed": lazy_gettext("“%(session)s” may only be in: %(rooms)s."),
    "receiving": lazy_gettext("“%(session)s” also occupies rooms at: %(sites)s."),
    "room-capacity": lazy_gettext("“%(session)s” needs seats for everybody who is expected: %(seats)s."),
    "room-feature": lazy_gettext("“%(session)s” needs a room with: %(features)s."),
    "room-overlap": lazy_gettext("%(room)s holds one session at a time, with %(minutes)d minutes between two."),
    "room-unavailable": lazy_gettext("%(room)s is available only: %(windows)s."),
    "site-unavailable": lazy_gettext("%(site)s is open only: %(windows)s."),
    "person-overlap": lazy_gettext("%(person)s can be in one place at a time."),
    "person-travel": lazy_gettext("%(person)s needs time to get from one site to another."),
    "person-unavailable": lazy_gettext("%(person)s is available only: %(windows)s."),
    "audience-overlap": lazy_gettext("“%(group)s” wants to see all sessions meant for it."),
    "order": lazy_gettext("“%(before)s” ends at least %(minutes)d minutes before “%(after)s” begins."),
    "order-first": lazy_gettext("“%(session)s” comes before everything else."),
    "order-last": lazy_gettext("“%(session)s” comes after everything else."),
    "line-limit": lazy_gettext("There are %(count)d licences for video conferences."),
    "interpreter-limit": lazy_gettext("There are %(count)d interpreters."),
    "blocked-room": lazy_gettext("%(room)s is taken by “%(other)s” (%(time)s)."),
    "blocked-person": lazy_gettext("%(person)s is busy with “%(other)s” (%(time)s), or on the way."),
    "blocked-audience": lazy_gettext("“%(group)s” is at “%(other)s” (%(time)s)."),
    "blocked-order": lazy_gettext("The order of sessions leaves only a part of the time."),
    "blocked-limit": lazy_gettext("All licences or interpreters are in use at some of the times."),
    "blocked-receiving": lazy_gettext("Rooms for “%(session)s” at the receiving sites are not free together."),
}
"""Code → sentence.  The codes of the judge keep their meaning; `blocked-…` speak of what is placed now."""

Ended = Callable[[], bool]

LARGEST = 120
"""Sets of sessions beyond this are not searched for a proof."""

PATIENCE = 1.0
"""Seconds that one question to CP-SAT may take."""


class Rule(NamedTuple):
    """One rule that can be given up: its code and the identifier of what it is about."""

    code: str
    subject: str = ""


# What is told -----------------------------------------------------------------------------------------------------


def explain(board: Board, ended: Ended, *, workers: int = 1) -> tuple[Unplaced, ...]:
    """Return why each session that is nowhere has no place; one that turns out to have one is placed."""
    told: dict[int, Unplaced] = {}
    for number in sorted(board.unplaced):
        if number not in board.unplaced:
            continue
        rules = find_core(board, number, ended, workers=workers)
        if number not in board.unplaced:
            continue
        if rules is not None:
            reasons = tuple(reason_of(board.problem, rule) for rule in rules)
            told[number] = Unplaced(board.items[number].session.id, True, reasons)
        else:
            told[number] = Unplaced(
                board.items[number].session.id, False, find_blockers(board, board.items[number])
            )
    return tuple(told[number] for number in sorted(told) if number in board.unplaced)


def find_core(board: Board, number: int, ended: Ended, *, workers: int = 1) -> list[Rule] | None:
    """Return an irreducible set of rules that leave no place for the session, or None when none was found.

    Takes more and more sessions into account: those that are in the way of where the earlier ones could be.
    When nothing is in the way any more, the session has a place after all, and is put there.
    """
    problem = board.problem
    chosen = {number}
    while len(chosen) <= LARGEST:
        names = [board.items[each].session.id for each in sorted(chosen)]
        rules = rules_of(problem, names)
        spots = _solve(restrict(problem, rules), ended, workers)
        if spots is None:
            return None
        if not spots:
            return shrink_core(problem, rules, ended, workers)
        if (more := _in_the_way(board, {board.session_number[name]: spot for name, spot in spots.items()})) is None:
            return None
        if not more:
            return None
        chosen |= more
    return None


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
    return set()


def shrink_core(
    problem: Problem, rules: Sequence[Rule], ended: Ended, workers: int = 1
) -> list[Rule] | None:
    """Return a smallest part of colliding rules that still collides; None when time ends first."""
    order = sorted(rules, key=lambda rule: rule.code != "session")  # sessions first: each takes many rules away
    kept = list(order)
    width = max(1, len(kept) // 4)
    while True:
        at = 0
        while at < len(kept):
            if ended():
                return None
            rest = kept[:at] + kept[at + width :]
            rest = _without_orphans(problem, rest)
            spots = _solve(restrict(problem, rest), ended, workers) if rest else {"": (0, ())}
            if spots is None and width == 1:
                return None
            if spots is not None and not spots:
                kept = rest
            else:
                at += width
        if width == 1:
            return sorted(kept, key=lambda rule: (rule.code != "session", rule))
        width = max(1, width // 2)


def _without_orphans(problem: Problem, rules: Sequence[Rule]) -> list[Rule]:
    """Leave out what speaks of sessions that are left out themselves."""
    there = {rule.subject for rule in rules if rule.code == "session"}
    relevant = set(rules_of(problem, [session.id for session in problem.sessions if session.id in there]))
    return [rule for rule in rules if rule in relevant]


def _solve(
    problem: Problem, ended: Ended, workers: int
) -> dict[str, tuple[int, tuple[str | None, ...]]] | None:
    """Return a place for every session, {} when there is proof that there is none, None when time ended."""
    if not problem.sessions:
        return {"": (0, ())}
    board = Board(problem)
    freed = range(len(board.items))
    if any(not item.starts or not all(part.options or part.optional for part in item.parts) for item in board.items):
        return {}
    outcome = Model(board, freed, must=True, soft=False).run(PATIENCE, workers=workers, seed=0, stop=ended)
    if not outcome.feasible:
        return {} if outcome.proved else None
    return {
        board.items[number].session.id: (
            board.minute(spot.start),
            tuple(None if room == NOWHERE else board.room_ids[room] for room in spot.rooms),
        )
        for number, spot in outcome.spots.items()
    }


# Rules that can be given up ---------------------------------------------------------------------------------------


def rules_of(problem: Problem, sessions: Collection[str]) -> list[Rule]:
    """Return every rule that speaks of these sessions alone or of two and more of them."""
    chosen = [session for session in problem.sessions if session.id in set(sessions)]
    found = [Rule("session", session.id) for session in chosen]
    people: dict[str, set[str]] = {}
    groups: dict[str, set[str]] = {}
    for session in chosen:
        parts = _needed_parts(session)
        for code, holds in (
            ("session-window", bool(session.windows)),
            ("fixed-start", session.fixed_start is not None),
            ("fixed-room", session.fixed_room is not None),
            ("room-not-allowed", bool(session.rooms or session.sites)),
            ("receiving", any(not part.optional for part in session.receiving)),
            ("room-capacity", any(part.audience is not None for part in parts)),
            ("room-feature", any(part.features for part in parts)),
            ("order-first", session.order == "first"),
            ("order-last", session.order == "last"),
        ):
            if holds:
                found.append(Rule(code, session.id))
        for part in parts:
            for person in part.people:
                people.setdefault(person, set()).add(session.id)
        for group in session.groups:
            groups.setdefault(group, set()).add(session.id)
    for known in problem.people:
        if known.id in people:
            if known.windows:
                found.append(Rule("person-unavailable", known.id))
            if len(people[known.id]) > 1:
                found.append(Rule("person-overlap", known.id))
                if not known.remote and any(problem.travel.values()):
                    found.append(Rule("person-travel", known.id))
    found += [Rule("audience-overlap", group) for group, names in groups.items() if len(names) > 1]
    joined = any(session.receiving for session in chosen)
    for room in problem.rooms:
        if room.windows:
            found.append(Rule("room-unavailable", room.id))
        if not room.shared and (len(chosen) > 1 or joined):
            found.append(Rule("room-overlap", room.id))
    found += [Rule("site-unavailable", site.id) for site in problem.sites if site.windows]
    names = {session.id for session in chosen}
    found += [
        Rule("order", str(number))
        for number, order in enumerate(problem.orders)
        if order.before in names and order.after in names
    ]
    if problem.max_lines is not None and any(session.uses_line for session in chosen):
        found.append(Rule("line-limit"))
    if problem.max_interpreters is not None and any(session.interpreters for session in chosen):
        found.append(Rule("interpreter-limit"))
    return found


def _needed_parts(session: Session) -> tuple[Session | Receiving, ...]:
    return (session, *(part for part in session.receiving if not part.optional))


def restrict(problem: Problem, rules: Iterable[Rule]) -> Problem:
    """Return the problem with these rules and no others; days and grid always hold."""
    kept = set(rules)

    def has(code: str, subject: str = "") -> bool:
        return Rule(code, subject) in kept

    people: dict[str, Person] = {}
    known = {person.id: person for person in problem.people}

    def attend(names: Sequence[str], session: str) -> tuple[str, ...]:
        """Keep who still matters; who may be in two places at once becomes another person in each session."""
        found = []
        for name in names:
            person = known[name]
            windows = person.windows if has("person-unavailable", name) else ()
            if has("person-overlap", name):
                remote = person.remote or not has("person-travel", name)
                people[name] = Person(name, person.name, windows, remote)
                found.append(name)
            elif windows:
                alone = f"{name}\0{session}"
                people[alone] = Person(alone, person.name, windows)
                found.append(alone)
        return tuple(found)

    sessions = []
    for session in problem.sessions:
        name = session.id
        if not has("session", name):
            continue
        needs_seats, needs_features = has("room-capacity", name), has("room-feature", name)
        receiving = tuple(
            replace(
                part,
                audience=part.audience if needs_seats else None,
                features=part.features if needs_features else frozenset(),
                people=attend(part.people, name),
            )
            for part in session.receiving
            if has("receiving", name) and not part.optional
        )
        current = session.current
        if current is not None:
            current = replace(
                current,
                receiving=tuple(
                    room
                    for part, room in zip(session.receiving, current.receiving, strict=True)
                    if has("receiving", name) and not part.optional
                ),
            )
        order = session.order if session.order and has(f"order-{session.order}", name) else None
        limited = has("room-not-allowed", name)
        sessions.append(
            replace(
                session,
                people=attend(session.people, name),
                groups=tuple(group for group in session.groups if has("audience-overlap", group)),
                rooms=session.rooms if limited else (),
                sites=session.sites if limited else (),
                windows=session.windows if has("session-window", name) else (),
                preferred=(),
                audience=session.audience if needs_seats else None,
                features=session.features if needs_features else frozenset(),
                track=None,
                fixed_start=session.fixed_start if has("fixed-start", name) else None,
                fixed_room=session.fixed_room if has("fixed-room", name) else None,
                receiving=receiving,
                order=order,
                current=current,
            )
        )
    return replace(
        problem,
        sites=tuple(
            Site(site.id, site.name, site.windows if has("site-unavailable", site.id) else ())
            for site in problem.sites
        ),
        rooms=tuple(_restrict_room(room, has) for room in problem.rooms),
        people=tuple(people.values()),
        sessions=tuple(sessions),
        orders=tuple(order for n, order in enumerate(problem.orders) if has("order", str(n))),
        max_lines=problem.max_lines if has("line-limit") else None,
        max_interpreters=problem.max_interpreters if has("interpreter-limit") else None,
    )


def _restrict_room(room: Room, has: Callable[[str, str], bool]) -> Room:
    return replace(
        room,
        windows=room.windows if has("room-unavailable", room.id) else (),
        shared=room.shared or not has("room-overlap", room.id),
    )


# What stands in the way as things are -----------------------------------------------------------------------------


def find_blockers(board: Board, item: Item) -> tuple[Reason, ...]:
    """Return a smallest set of what is placed that leaves the session no start in any room."""
    options = item.parts[0].options
    width = board.horizon + 1
    everywhere = 0
    for number, option in enumerate(options):
        everywhere |= (item.starts & option.starts) << number * width
    blockers: list[tuple[int, Reason]] = []

    def in_all_rooms(mask: int) -> int:
        mask &= span(0, board.horizon)
        found = 0
        for number in range(len(options)):
            found |= mask << number * width
        return found & everywhere

    for other, spot in enumerate(board.where):
        if spot is None:
            continue
        blockers += _blocked_by(board, item, other, spot, width, everywhere, in_all_rooms)
    if choosy := [part for part in item.parts[1:] if len(part.options) > 1 and not part.optional]:
        free = item.starts
        for part in choosy:
            joined = 0
            for option in part.options:
                joined |= option.starts & ~board.room_blocked(option.room, part)
            free &= joined
        reason = _reason(board.problem, "blocked-receiving", (item.session.id,), session=item.session.label)
        blockers.append((in_all_rooms(item.starts & ~free), reason))
    ordered = in_all_rooms(item.starts & ~board.order_window(item))
    blockers.append((ordered, _reason(board.problem, "blocked-order", (item.session.id,))))
    limited = in_all_rooms(item.starts & board.limits_blocked(item))
    blockers.append((limited, _reason(board.problem, "blocked-limit", ())))
    cover = _smallest_cover(everywhere, [each for each in blockers if each[0]])
    return cover or (_reason(board.problem, "blocked-receiving", (item.session.id,), session=item.session.label),)


def _blocked_by(
    board: Board,
    item: Item,
    other: int,
    spot: Spot,
    width: int,
    everywhere: int,
    in_all_rooms: Callable[[int], int],
) -> list[tuple[int, Reason]]:
    problem, theirs = board.problem, board.items[other]
    end = spot.start + theirs.length
    facts = {
        "other": theirs.session.label,
        "time": f"{clock(problem, board.minute(spot.start))}–{clock(problem, board.minute(end))[-5:]}",
    }
    found: list[tuple[int, Reason]] = []
    origin = item.parts[0]
    for number, option in enumerate(origin.options):
        if option.room not in spot.rooms or board.shared[option.room]:
            continue
        part = theirs.parts[spot.rooms.index(option.room)]
        rest = board.turnaround[option.room]
        mask = span(spot.start + part.offset - rest - origin.length + 1, end + rest) & option.starts & item.starts
        room = problem.rooms[option.room]
        reason = _reason(
            problem, "blocked-room", (room.id, theirs.session.id), room=room.name or room.id, **facts
        )
        found.append((mask << number * width, reason))
    for part in item.parts[1:]:
        room_number = part.options[0].room if len(part.options) == 1 and not part.optional else NOWHERE
        if room_number in spot.rooms and room_number != NOWHERE and not board.shared[room_number]:
            rest = board.turnaround[room_number]
            begin = spot.start + theirs.parts[spot.rooms.index(room_number)].offset
            mask = span(begin - rest - part.length + 1 - part.offset, end + rest - part.offset)
            room = problem.rooms[room_number]
            reason = _reason(
                problem, "blocked-room", (room.id, theirs.session.id), room=room.name or room.id, **facts
            )
            found.append((in_all_rooms(mask), reason))
    for group in set(item.groups) & set(theirs.groups):
        name = board.group_names[group]
        mask = span(spot.start - item.length + 1, end)
        reason = _reason(problem, "blocked-audience", (name, theirs.session.id), group=name, **facts)
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
            reason = _reason(
                problem, "blocked-person", (known.id, theirs.session.id), person=known.name or known.id, **facts
            )
            found.append((mask & everywhere, reason))
    return found


def _smallest_cover(everywhere: int, blockers: list[tuple[int, Reason]]) -> tuple[Reason, ...]:
    """Choose blockers that together leave nothing: the widest first, then without those not needed."""
    chosen: list[tuple[int, Reason]] = []
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
    return tuple(reason for _, reason in chosen)


# Words ------------------------------------------------------------------------------------------------------------


def reason_of(problem: Problem, rule: Rule) -> Reason:
    """Put a rule into words."""
    code, subject = rule
    facts: dict[str, object] = {}
    subjects: tuple[str, ...] = (subject,) if subject else ()
    sessions = {session.id: session for session in problem.sessions}
    if code == "order":
        order = problem.orders[int(subject)]
        subjects = (order.before, order.after)
        facts = {
            "before": sessions[order.before].label,
            "after": sessions[order.after].label,
            "minutes": order.gap,
        }
    elif code.startswith("room-") and code in ("room-overlap", "room-unavailable"):
        room = next(room for room in problem.rooms if room.id == subject)
        facts = {
            "room": room.name or room.id,
            "minutes": room.turnaround,
            "windows": _windows(problem, room.windows),
        }
    elif code.startswith("person-"):
        person = next(person for person in problem.people if person.id == subject)
        facts = {"person": person.name or person.id, "windows": _windows(problem, person.windows)}
    elif code == "site-unavailable":
        site = next(site for site in problem.sites if site.id == subject)
        facts = {"site": site.name or site.id, "windows": _windows(problem, site.windows)}
    elif code == "audience-overlap":
        facts = {"group": subject}
    elif code == "line-limit":
        facts = {"count": problem.max_lines}
    elif code == "interpreter-limit":
        facts = {"count": problem.max_interpreters}
    else:
        facts = _session_facts(problem, sessions[subject])
    return _reason(problem, code, subjects, **facts)


def _session_facts(problem: Problem, session: Session) -> dict[str, object]:
    rooms = {room.id: room.name or room.id for room in problem.rooms}
    sites = {site.id: site.name or site.id for site in problem.sites}
    parts = _needed_parts(session)
    return {
        "session": session.label,
        "minutes": session.duration,
        "windows": _windows(problem, session.windows),
        "time": clock(problem, session.fixed_start or 0),
        "room": rooms.get(session.fixed_room or "", ""),
        "rooms": _list([*(rooms[room] for room in session.rooms), *(sites[site] for site in session.sites)]),
        "sites": _list(dict.fromkeys(sites[part.site] for part in session.receiving if not part.optional)),
        "seats": _list(str(part.audience) for part in parts if part.audience is not None),
        "features": _list(sorted(set().union(*(part.features for part in parts)))),
    }


def _list(words: Iterable[str]) -> str:
    known = list(words)
    return ", ".join(known) if len(known) <= 8 else f"{', '.join(known[:7])}, … ({len(known)})"


def _windows(problem: Problem, windows: Iterable[tuple[int, int]]) -> str:
    return _list(f"{clock(problem, start)} – {clock(problem, end)}" for start, end in windows)


def clock(problem: Problem, minute: int) -> str:
    """Return a minute as day and clock; without a date, the days are numbered."""
    if problem.midnight is not None:
        return f"{problem.midnight + timedelta(minutes=minute):%Y-%m-%d %H:%M}"
    return f"{minute // 1440 + 1}/{minute % 1440 // 60:02d}:{minute % 60:02d}"


def _reason(problem: Problem, code: str, subjects: tuple[str, ...], **facts: object) -> Reason:
    return Reason(code, sentence(SENTENCES[code], facts), subjects)


def related(board: Board, number: int) -> list[int]:
    """Return the placed sessions that share people, audiences, rooms or order with this one."""
    item = board.items[number]
    found: dict[int, None] = {}
    for part in item.parts:
        for person in part.people:
            found.update(dict.fromkeys(board.events[person]))
        for option in part.options[:12]:
            found.update(dict.fromkeys(sorted(board.in_room[option.room])))
    for group in item.groups:
        found.update(dict.fromkeys(board.of_group[group]))
    for other, _ in (*item.before, *item.after):
        found[other] = None
    found.pop(number, None)
    return list(found)
