"""The board as its page draws it: sites with their rooms as rows, sessions as blocks, all in the reader's language."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from dxday.board import queries, rules
from dxday.board.queries import Placed, Row
from dxday.board.rules import Filters
from dxday.core.vietnamese import fold, sort_key
from dxday.editions.models import Edition
from dxday.programme import queries as programme
from dxday.programme.models import Track
from dxday.programme.rules import (
    MODE_NAMES,
    PART_KIND_NAMES,
    PLACEMENT_ROLE_NAMES,
    SESSION_KIND_NAMES,
    SESSION_STATE_NAMES,
    Mode,
    PlacementRole,
    SessionKind,
    SessionState,
)
from dxday.sites import queries as site_queries
from dxday.sites.models import Room, Site
from dxday.web.filters import day_short, local, span, text

_WALL = "%Y-%m-%dT%H:%M"
_MOST_DAYS = 14
"""An edition that is longer offers only those of its days that have sessions."""


@dataclass(frozen=True)
class Block:
    """A placement as it is drawn: its row, where in the row, and what it says."""

    placed: Placed
    row: Row
    lane: int
    start: int
    """Minutes from the first hour shown."""
    length: int
    joined: bool

    @property
    def tone(self) -> str:
        """The style of the block."""
        if self.joined:
            return "joined"
        return "pause" if self.row.kind is SessionKind.BREAK else "local"


@dataclass(frozen=True)
class Line:
    """A room with what is in it on this day; no room is where a session is held online alone."""

    site: Site
    room: Room | None
    blocks: list[Block]

    @property
    def lanes(self) -> int:
        """How many blocks are on top of each other at most, at least 1."""
        return max((block.lane for block in self.blocks), default=0) + 1


@dataclass(frozen=True)
class DayChoice:
    """A day that one can look at, and how many sessions are on it."""

    on: date
    sessions: int


class Board:
    """The draft of one edition on one day; loaded with a handful of statements."""

    def __init__(self, edition: Edition, *, day: date | None, filters: Filters, zoom: str) -> None:
        """Load it; without a `day` the first one that has sessions is shown."""
        self.edition, self.filters, self.zoom = edition, filters, zoom
        self.sites = site_queries.list_sites(edition.id)
        self.tracks = programme.list_tracks(edition.id)
        self.words = Words(self.sites, self.tracks)
        everything = queries.list_rows(edition.id)
        self.total = len(everything)
        self.people = _people(everything)
        rows = [row for row in everything if self._is_wanted(row)]
        self.days = self._days(rows)
        self.day = day or next((each.on for each in self.days if each.sessions), edition.starts_on)
        self.tray = [row for row in rows if not row.placements]
        self.rows = [row for row in rows if any(self._is_on(placed) for placed in row.standing)]
        shown = [(row, placed) for row in self.rows for placed in row.standing if self._is_on(placed)]
        spans = [self._span(placed) for _row, placed in shown]
        self.first_hour, self.last_hour = rules.hours(spans)
        self.lines = self._lines(shown)

    @property
    def hours(self) -> range:
        """The hours that are shown."""
        return range(self.first_hour, self.last_hour)

    @property
    def is_filtered(self) -> bool:
        """Whether some sessions are left out."""
        return self.filters != Filters()

    @staticmethod
    def minutes_of(row: Row) -> int:
        """Return how long a session that has no place is to last."""
        return int((row.duration or rules.USUAL_LENGTH) / timedelta(minutes=1))

    def by_site(self) -> list[tuple[Site, list[Line]]]:
        """Return the rows, by site."""
        found: dict[int, list[Line]] = defaultdict(list)
        for line in self.lines:
            found[line.site.id].append(line)
        return [(site, found[site.id]) for site in self.sites if site.id in found]

    def as_json(self) -> dict[str, Any]:
        """Return everything that the board's scripts need to know."""
        return {
            "day": self.day.isoformat(),
            "first": self.first_hour * 60,
            "last": self.last_hour * 60,
            "sessions": [self.words.session(row) for row in (*self.rows, *self.tray)],
        }

    # What is shown ---------------------------------------------------------------------------------------------------

    def _is_wanted(self, row: Row) -> bool:
        wanted = self.filters
        site = next((site.id for site in self.sites if site.code == wanted.site), None)
        track = next((track.id for track in self.tracks if track.code == wanted.track), None)
        if wanted.state is None:
            if row.state is SessionState.CANCELLED:
                return False
        elif row.state.value != wanted.state:
            return False
        return (
            (wanted.track is None or (track is not None and row.track_id == track))
            and (wanted.person is None or any(part.person_id == wanted.person for part in row.parts))
            and (wanted.site is None or not row.placements or any(p.site_id == site for p in row.standing))
            and (
                wanted.mode is None
                or not row.placements
                or any(p.mode.value == wanted.mode for p in row.standing)
            )
        )

    def _is_on(self, placed: Placed) -> bool:
        return self.words.local(placed.starts_at).date() == self.day

    def _days(self, rows: Sequence[Row]) -> list[DayChoice]:
        counts: dict[date, int] = defaultdict(int)
        for row in rows:
            for on in {self.words.local(placed.starts_at).date() for placed in row.standing}:
                counts[on] += 1
        first, last = self.edition.starts_on, self.edition.ends_on
        length = (last - first).days + 1
        all_days = {first + timedelta(days=n) for n in range(length)} if length <= _MOST_DAYS else {first}
        return [DayChoice(on, counts.get(on, 0)) for on in sorted(all_days | counts.keys())]

    # Where it is drawn -----------------------------------------------------------------------------------------------

    def _span(self, placed: Placed) -> tuple[int, int]:
        start = rules.minutes(self.words.local(placed.starts_at), self.day)
        return start, min(rules.minutes(self.words.local(placed.ends_at), self.day), 24 * 60)

    def _lines(self, shown: Sequence[tuple[Row, Placed]]) -> list[Line]:
        there: dict[tuple[int, int | None], list[tuple[Row, Placed]]] = defaultdict(list)
        for row, placed in shown:
            there[placed.site_id, placed.room_id].append((row, placed))
        lines = []
        for site in self.sites:
            if self.filters.site is not None and site.code != self.filters.site:
                continue
            rooms: list[Room | None] = list(site.rooms)
            if not rooms or (site.id, None) in there:
                rooms.append(None)
            for room in rooms:
                here = there.get((site.id, room.id if room else None), [])
                lines.append(Line(site, room, self._blocks(here)))
        return lines

    def _blocks(self, here: Sequence[tuple[Row, Placed]]) -> list[Block]:
        spans = [self._span(placed) for _row, placed in here]
        blocks = [
            Block(
                placed, row, lane, start - self.first_hour * 60, max(end - start, 5), len(row.placements) > 1
            )
            for (row, placed), (start, end), lane in zip(
                here, spans, rules.lanes(spans, shortest=rules.ZOOMS[self.zoom]), strict=True
            )
        ]
        return sorted(blocks, key=lambda block: (block.start, block.lane))


class Words:
    """Names of sites, rooms and tracks in the reader's language, to say what a session is and where."""

    def __init__(self, sites: Iterable[Site], tracks: Iterable[Track]) -> None:
        """Know these sites with their rooms, and these tracks."""
        known = list(sites)
        self.sites = {site.id: text(site.name) for site in known}
        self.rooms = {room.id: text(room.name) for site in known for room in site.rooms}
        self.tracks = {track.id: text(track.name) for track in tracks}
        self._kinds = {kind: str(name) for kind, name in SESSION_KIND_NAMES.items()}
        self._states = {state: str(name) for state, name in SESSION_STATE_NAMES.items()}
        self._modes = {mode: str(name) for mode, name in MODE_NAMES.items()}
        self._roles = {role: str(name) for role, name in PLACEMENT_ROLE_NAMES.items()}
        self._parts = {kind: str(name) for kind, name in PART_KIND_NAMES.items()}
        self._locals: dict[datetime, datetime] = {}
        self._spans: dict[tuple[datetime, datetime], str] = {}

    def local(self, moment: datetime) -> datetime:
        """Return the moment on the clock of the Day; a day has few moments and many sessions."""
        found = self._locals.get(moment)
        if found is None:
            found = self._locals[moment] = local(moment)
        return found

    def span(self, placed: Placed) -> str:
        """Return from when until when it is, as 08:00–09:30."""
        key = placed.starts_at, placed.ends_at
        found = self._spans.get(key)
        if found is None:
            found = self._spans[key] = span(*key)
        return found

    def session(self, row: Row) -> dict[str, Any]:
        """Return a session as the scripts know it, and as a page hands it back to say what a person saw."""
        people = [
            {
                "name": part.name,
                "part": self._parts[part.kind],
                "site": self.sites.get(part.site_id, "") if part.site_id else "",
            }
            for part in row.parts
        ]
        length = row.duration or rules.USUAL_LENGTH
        return {
            "id": row.id,
            "code": row.code,
            "title": text(row.title),
            "find": fold(" ".join([text(row.title), *(part.name for part in row.parts)])),
            "kind": row.kind.value,
            "kind_word": self._kinds[row.kind],
            "state": row.state.value,
            "state_word": self._states[row.state],
            "version": row.version,
            "track_word": self.tracks.get(row.track_id, "") if row.track_id else "",
            "length": int(length / timedelta(minutes=1)),
            "people": people,
            "people_words": ", ".join(each["name"] for each in people),
            "placements": [self.placement(placed) for placed in row.placements],
        }

    def placement(self, placed: Placed) -> dict[str, Any]:
        """Return a placement as the scripts know it; times are those on the wall clock of the Day."""
        room = self.rooms.get(placed.room_id, "") if placed.room_id else _("No room")
        starts_at, ends_at = self.local(placed.starts_at), self.local(placed.ends_at)
        when = f"{day_short(starts_at.date())} {self.span(placed)}"
        return {
            "id": placed.id,
            "origin": placed.role is PlacementRole.ORIGIN,
            "role_word": _("Does not take part") if placed.off else self._roles[placed.role],
            "mode_word": self._modes[placed.mode],
            "needs_room": placed.mode is not Mode.ONLINE,
            "site": placed.site_id,
            "site_word": self.sites.get(placed.site_id, ""),
            "room": placed.room_id,
            "starts": starts_at.strftime(_WALL),
            "ends": ends_at.strftime(_WALL),
            "off": placed.off,
            "words": _("%(when)s, %(room)s: does not take part", when=when, room=room)
            if placed.off
            else f"{when}, {room}",
        }


def _people(rows: Iterable[Row]) -> list[tuple[int, str]]:
    """Return everybody who has a part, by name."""
    found = {part.person_id: part.name for row in rows for part in row.parts}
    return sorted(found.items(), key=lambda each: (sort_key(each[1]), each[0]))


def new_session_url(line: Line, day: date) -> str:
    """Return the address of the form for a new session in this room on this day."""
    assert line.room is not None
    return url_for("programme.new", day=day.isoformat(), room=line.room.id)


def block_label(block: Block, line: Line) -> str:
    """Return what is read out of a block besides its title and time: where, and whether it is held or received."""
    where = [text(line.site.name), text(line.room.name) if line.room else _("No room")]
    if block.joined:
        where.append(str(PLACEMENT_ROLE_NAMES[block.placed.role]))
    return ", ".join(where)
