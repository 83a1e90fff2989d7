"""A timetabling problem as values: what is to be placed, where it may be, and what a good timetable is.

Times are whole minutes on one axis, counted from midnight before the first day; a stretch of time holds its start
and not its end.  Identifiers are free text.  The same as JSON is in `files.py` and `docs/solver.md`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext, sentence

LATEST = 100 * 24 * 60
"""No time lies beyond this minute: the solver keeps one bit for each step of the clock."""


class ProblemRefused(RuleBroken):
    """The problem contradicts itself; the path names the place."""

    sentence = lazy_gettext("%(path)s: %(fault)s")


class Window(NamedTuple):
    """The minutes from `start` up to but not including `end`."""

    start: int
    end: int


@dataclass(frozen=True)
class Site:
    """A place with rooms; without windows it is open all the time."""

    id: str
    name: str = ""
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Room:
    """A room of a site; between two sessions it needs `turnaround` minutes, and a `shared` one holds any number."""

    id: str
    site: str
    name: str = ""
    capacity: int | None = None
    features: frozenset[str] = frozenset()
    windows: tuple[Window, ...] = ()
    shared: bool = False
    turnaround: int = 0


@dataclass(frozen=True)
class Person:
    """Somebody who can be in one place at a time; whoever is `remote` joins from afar and never travels."""

    id: str
    name: str = ""
    windows: tuple[Window, ...] = ()
    remote: bool = False


@dataclass(frozen=True)
class Receiving:
    """One more room that a joined session occupies: a given one, or any suitable one of the site.

    It is occupied from `offset` minutes after the session's start (negative: a local opening before the
    broadcast) until the session's end.  `people` are there for that time, as presiding officers are.
    """

    site: str
    room: str | None = None
    offset: int = 0
    audience: int | None = None
    features: frozenset[str] = frozenset()
    people: tuple[str, ...] = ()
    optional: bool = False
    """Rather than keep the session from taking place, the site goes without."""


@dataclass(frozen=True)
class Placement:
    """Where and when a session is.

    The receiving rooms are in the session's order; None: that site goes without.
    """

    session: str
    room: str
    start: int
    receiving: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Session:
    """What is to be placed.  Empty `rooms`, `sites` and `windows` allow all of them."""

    id: str
    duration: int
    title: str = ""
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Audiences that want to see everything for them: two sessions with one group never overlap."""
    rooms: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    preferred: tuple[Window, ...] = ()
    audience: int | None = None
    features: frozenset[str] = frozenset()
    track: str | None = None
    fixed_start: int | None = None
    fixed_room: str | None = None
    current: Placement | None = None
    receiving: tuple[Receiving, ...] = ()
    uses_line: bool = False
    """It needs one licence of the video-conference system."""
    interpreters: int = 0
    order: Literal["first", "last"] | None = None
    """No other session begins before a first one ends, or ends after a last one begins."""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.title or self.id


@dataclass(frozen=True)
class Order:
    """`after` begins at least `gap` minutes after `before` ended."""

    before: str
    after: str
    gap: int = 0


@dataclass(frozen=True)
class Weights:
    """What one point of each soft rule costs; 0 switches a rule off.  The points are defined in `check.py`."""

    room_fit: int = 1
    tracks: int = 5
    balance: int = 2
    gaps: int = 1
    preferred: int = 3
    moves: int = 20
    left_out: int = 30


@dataclass(frozen=True)
class Problem:
    """Everything that a timetable is made from."""

    grid: int
    days: tuple[Window, ...]
    sites: tuple[Site, ...]
    rooms: tuple[Room, ...]
    sessions: tuple[Session, ...]
    people: tuple[Person, ...] = ()
    travel: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Minutes from one site to another; a pair given one way holds both ways."""
    orders: tuple[Order, ...] = ()
    max_lines: int | None = None
    max_interpreters: int | None = None
    weights: Weights = Weights()
    midnight: datetime | None = None
    """Minute 0, so that explanations can name days and clocks."""

    def minutes_between(self, one: str, other: str) -> int:
        """Return the minutes from one site to the other."""
        if one == other:
            return 0
        found = self.travel.get((one, other))
        return found if found is not None else self.travel.get((other, one), 0)


def merge(windows: Iterable[Window]) -> list[Window]:
    """Return the same minutes as windows that neither touch nor overlap, in order."""
    merged: list[Window] = []
    for window in sorted(windows):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return merged


def check_problem(problem: Problem) -> None:
    """Raise ProblemRefused, naming the path as in the file, for what no timetable could mean."""
    if problem.grid < 1:
        refuse("grid", lazy_gettext("the grid is at least one minute."))
    if not problem.days:
        refuse("days", lazy_gettext("there is no day to place anything on."))
    _check_windows("days", problem.days)
    sites = _ids("sites", problem.sites)
    rooms = {room.id: room for room in problem.rooms}
    people = _ids("people", problem.people)
    sessions = _ids("sessions", problem.sessions)
    _ids("rooms", problem.rooms)
    for number, site in enumerate(problem.sites):
        _check_windows(f"sites[{number}].windows", site.windows)
    for number, room in enumerate(problem.rooms):
        path = f"rooms[{number}]"
        _check_known(f"{path}.site", room.site, sites, lazy_gettext("there is no site “%(id)s”."))
        _check_windows(f"{path}.windows", room.windows)
        _check_not_negative(f"{path}.capacity", room.capacity)
        _check_not_negative(f"{path}.turnaround", room.turnaround)
    for number, person in enumerate(problem.people):
        _check_windows(f"people[{number}].windows", person.windows)
    for one, other in problem.travel:
        for site_id in (one, other):
            _check_known("travel", site_id, sites, lazy_gettext("there is no site “%(id)s”."))
        _check_not_negative("travel", problem.travel[one, other])
    longest = max(day.end - day.start for day in problem.days)
    for number, session in enumerate(problem.sessions):
        _check_session(f"sessions[{number}]", session, longest, sites, rooms, people)
    for number, order in enumerate(problem.orders):
        path = f"orders[{number}]"
        for name, value in (("before", order.before), ("after", order.after)):
            _check_known(f"{path}.{name}", value, sessions, lazy_gettext("there is no session “%(id)s”."))
        if order.before == order.after:
            refuse(path, lazy_gettext("“%(id)s” cannot come before itself."), id=order.before)
        _check_not_negative(f"{path}.gap", order.gap)
    _check_not_negative("max_lines", problem.max_lines)
    _check_not_negative("max_interpreters", problem.max_interpreters)
    for name in ("room_fit", "tracks", "balance", "gaps", "preferred", "moves", "left_out"):
        _check_not_negative(f"weights.{name}", getattr(problem.weights, name))


def _check_session(
    path: str,
    session: Session,
    longest: int,
    sites: Mapping[str, Any],
    rooms: Mapping[str, Room],
    people: Mapping[str, Any],
) -> None:
    no_room = lazy_gettext("there is no room “%(id)s”.")
    no_site = lazy_gettext("there is no site “%(id)s”.")
    no_person = lazy_gettext("there is no person “%(id)s”.")
    if session.duration < 1:
        refuse(f"{path}.duration", lazy_gettext("a session lasts at least one minute."))
    if session.duration > longest:
        refuse(
            f"{path}.duration",
            lazy_gettext("it lasts %(minutes)d minutes, longer than any day."),
            minutes=session.duration,
        )
    for name, values, known, words in (
        ("rooms", session.rooms, rooms, no_room),
        ("sites", session.sites, sites, no_site),
        ("people", session.people, people, no_person),
    ):
        for number, value in enumerate(values):
            _check_known(f"{path}.{name}[{number}]", value, known, words)
    for name, windows in (("windows", session.windows), ("preferred", session.preferred)):
        _check_windows(f"{path}.{name}", windows)
        if windows and session.duration > max(each.end - each.start for each in merge(windows)):
            refuse(
                f"{path}.duration",
                lazy_gettext("it lasts %(minutes)d minutes, longer than any of its own windows."),
                minutes=session.duration,
            )
    _check_not_negative(f"{path}.audience", session.audience)
    _check_not_negative(f"{path}.interpreters", session.interpreters)
    if session.fixed_room is not None:
        _check_known(f"{path}.fixed_room", session.fixed_room, rooms, no_room)
    if session.fixed_start is not None:
        _check_minute(f"{path}.fixed_start", session.fixed_start)
    given = [each.room for each in session.receiving if each.room is not None]
    for number, part in enumerate(session.receiving):
        here = f"{path}.receiving[{number}]"
        _check_known(f"{here}.site", part.site, sites, no_site)
        if part.room is not None:
            _check_known(f"{here}.room", part.room, rooms, no_room)
            if rooms[part.room].site != part.site:
                refuse(f"{here}.room", lazy_gettext("“%(id)s” is a room of another site."), id=part.room)
            if given.count(part.room) > 1 and not rooms[part.room].shared:
                refuse(f"{here}.room", lazy_gettext("“%(id)s” receives twice."), id=part.room)
        if part.offset >= session.duration or part.offset < -LATEST:
            refuse(f"{here}.offset", lazy_gettext("the site would join after the session's end."))
        for place, person in enumerate(part.people):
            _check_known(f"{here}.people[{place}]", person, people, no_person)
        _check_not_negative(f"{here}.audience", part.audience)
    if session.current is not None:
        here = f"{path}.current"
        for number, room in enumerate((session.current.room, *session.current.receiving)):
            if room is None:
                continue
            _check_known(
                f"{here}.receiving[{number - 1}]" if number else f"{here}.room", room, rooms, no_room
            )
        _check_minute(f"{here}.start", session.current.start)
        if len(session.current.receiving) != len(session.receiving):
            refuse(
                f"{here}.receiving",
                lazy_gettext("it names one room for each receiving site, in their order."),
            )


def refuse(path: str, words: Words, **facts: Any) -> None:
    """Raise ProblemRefused for this place in the problem."""
    raise ProblemRefused(path=path, fault=sentence(words, facts))


def _ids(path: str, things: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, thing in enumerate(things):
        if not thing.id:
            refuse(f"{path}[{number}].id", lazy_gettext("it is empty."))
        if thing.id in found:
            refuse(f"{path}[{number}].id", lazy_gettext("“%(id)s” is there twice."), id=thing.id)
        found[thing.id] = thing
    return found


def _check_known(path: str, value: str, known: Mapping[str, Any], words: Words) -> None:
    if value not in known:
        refuse(path, words, id=value)


def _check_windows(path: str, windows: Sequence[Window]) -> None:
    for number, window in enumerate(windows):
        if window.start >= window.end:
            refuse(f"{path}[{number}]", lazy_gettext("it ends before it starts, or is empty."))
        _check_minute(f"{path}[{number}]", window.start)
        _check_minute(f"{path}[{number}]", window.end)


def _check_minute(path: str, value: int) -> None:
    if not 0 <= value <= LATEST:
        refuse(path, lazy_gettext("a time lies between 0 and %(latest)d minutes."), latest=LATEST)


def _check_not_negative(path: str, value: int | None) -> None:
    if value is not None and value < 0:
        refuse(path, lazy_gettext("it cannot be negative."))


Progress = Callable[[float, int, int], None]
"""Is told the seconds since the start, the sessions not placed, and the soft cost."""

Stop = Callable[[], bool]
"""Is asked at least every second whether to end with the best found so far."""
