"""The hard rules that could be given up one by one, and the problem that is left without some of them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from dxday.solver.problem import Person, Problem, Receiving, Room, Session, Site


class Rule(NamedTuple):
    """One rule that can be given up: its code and the identifier of what it is about."""

    code: str
    subject: str = ""


def rules_of(problem: Problem, sessions: Collection[str]) -> list[Rule]:
    """Return every rule that speaks of these sessions alone or of two and more of them."""
    chosen = [session for session in problem.sessions if session.id in set(sessions)]
    found = [Rule("session", session.id) for session in chosen]
    people: dict[str, set[str]] = {}
    groups: dict[str, set[str]] = {}
    for session in chosen:
        parts = needed_parts(session)
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


def needed_parts(session: Session) -> tuple[Session | Receiving, ...]:
    """Return the origin and the receiving sites that may not go without."""
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
