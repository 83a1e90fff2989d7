"""Rules and obstacles in words."""

from collections.abc import Iterable
from datetime import timedelta

from dxday.core.i18n import Words, lazy_gettext, sentence
from dxday.solver.problem import Problem, Session
from dxday.solver.result import Reason
from dxday.solver.rules import Rule, needed_parts

SENTENCES: dict[str, Words] = {
    "session": lazy_gettext("“%(session)s” takes place and lasts %(minutes)d minutes."),
    "session-window": lazy_gettext("“%(session)s” has to lie within: %(windows)s."),
    "fixed-start": lazy_gettext("“%(session)s” starts at %(time)s and at no other time."),
    "fixed-room": lazy_gettext("“%(session)s” is in %(room)s and nowhere else."),
    "room-not-allowed": lazy_gettext("“%(session)s” may only be in: %(rooms)s."),
    "receiving": lazy_gettext("“%(session)s” also occupies rooms at: %(sites)s."),
    "room-capacity": lazy_gettext("“%(session)s” needs seats for everybody who is expected: %(seats)s."),
    "room-feature": lazy_gettext("“%(session)s” needs a room with: %(features)s."),
    "room-overlap": lazy_gettext(
        "%(room)s holds one session at a time, with %(minutes)d minutes between two."
    ),
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
    "blocked-receiving": lazy_gettext(
        "Rooms for “%(session)s” at the receiving sites are not free together."
    ),
}
"""Code → sentence.  The codes of the judge keep their meaning; `blocked-…` speak of what is placed now."""


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
    return make_reason(code, subjects, **facts)


def _session_facts(problem: Problem, session: Session) -> dict[str, object]:
    rooms = {room.id: room.name or room.id for room in problem.rooms}
    sites = {site.id: site.name or site.id for site in problem.sites}
    parts = needed_parts(session)
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


def make_reason(code: str, subjects: tuple[str, ...], **facts: object) -> Reason:
    """Fill the sentence of a code with facts."""
    return Reason(code, sentence(SENTENCES[code], facts), subjects)
