"""How the programme is drawn: which columns there are, and which session stands in which of them (plain values)."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from dxday.core.intervals import Interval

MOST_LANES = 130
"""More columns than the style sheet has places for (static/css/timegrid.css) cannot be drawn."""

FEWEST_ALIKE = 3
"""From so many sites with the very same day on, they share one column."""

LONGEST_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Piece:
    """A session at those sites at which it has the same times."""

    session_id: int
    interval: Interval
    site_ids: tuple[int, ...]
    cancelled: bool


@dataclass(frozen=True)
class Lane:
    """A column: one site, or several whose day is the same.  A site with parallel sessions has further ones."""

    site_ids: tuple[int, ...]
    number: int
    """0 for the first column of the site."""


@dataclass(frozen=True)
class Day:
    """The time table of one day."""

    on: date
    lanes: tuple[Lane, ...]
    pieces: tuple[tuple[Piece, tuple[int, ...]], ...]
    """By time; each with the columns that it stands in."""
    opens: datetime
    closes: datetime
    """Whole hours around the day, at most 24 hours apart."""

    @property
    def can_be_drawn(self) -> bool:
        """Whether the style sheet has a place for every column."""
        return len(self.lanes) <= MOST_LANES


def gather(showings: Sequence[tuple[int, int, datetime, datetime, bool]]) -> list[Piece]:
    """Join (session, site, start, end, cancelled) into one piece for each session and time, by time.

    Sites at which the session is cancelled make a piece of their own only where it is cancelled everywhere:
    a site that opted out is simply not among the others.
    """
    alive: dict[tuple[int, Interval], list[int]] = defaultdict(list)
    dead: dict[tuple[int, Interval], list[int]] = defaultdict(list)
    for session_id, site_id, starts_at, ends_at, cancelled in showings:
        sites = (dead if cancelled else alive)[session_id, Interval(starts_at, ends_at)]
        if site_id not in sites:
            sites.append(site_id)
    held = {session_id for session_id, _ in alive}
    pieces = [Piece(s, interval, tuple(sites), False) for (s, interval), sites in alive.items()]
    pieces += [Piece(s, i, tuple(sites), True) for (s, i), sites in dead.items() if s not in held]
    return sorted(pieces, key=lambda piece: (piece.interval, -len(piece.site_ids), piece.session_id))


def days(pieces: Sequence[Piece], site_ids: Sequence[int], zone: tzinfo) -> list[Day]:
    """Return the time table of each day that has sessions; a session belongs to the day on which it begins.

    `site_ids` are all sites in the order of the columns.
    """
    by_day: dict[date, list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_day[piece.interval.start.astimezone(zone).date()].append(piece)
    return [_day(on, by_day[on], site_ids, zone) for on in sorted(by_day)]


def _day(on: date, pieces: list[Piece], site_ids: Sequence[int], zone: tzinfo) -> Day:
    groups = _alike(pieces, site_ids)
    # What stands at most sites first, so that it is one straight bar through the first columns.
    by_reach = sorted(range(len(pieces)), key=lambda n: (-len(pieces[n].site_ids), pieces[n].interval))
    lanes: list[Lane] = []
    placed: list[list[int]] = [[] for _ in pieces]
    for group in groups:
        columns: list[list[Interval]] = [[]]
        first = len(lanes)
        for n in by_reach:
            if group[0] in pieces[n].site_ids:
                placed[n].append(first + _take_column(columns, pieces[n].interval))
        lanes += [Lane(group, number) for number in range(len(columns))]
    order = sorted(range(len(lanes)), key=lambda n: _column_order(lanes[n], n, main=site_ids[0]))
    column = {n: place for place, n in enumerate(order)}
    opens = min(p.interval.start for p in pieces).astimezone(zone).replace(minute=0, second=0, microsecond=0)
    last = max(p.interval.end for p in pieces).astimezone(zone)
    closes = last.replace(minute=0, second=0, microsecond=0)
    if closes < last:
        closes += timedelta(hours=1)
    return Day(
        on,
        tuple(lanes[n] for n in order),
        tuple(
            (piece, tuple(sorted(column[n] for n in places)))
            for piece, places in zip(pieces, placed, strict=True)
        ),
        opens,
        min(closes, opens + LONGEST_DAY),
    )


def _column_order(lane: Lane, place: int, *, main: int) -> tuple[int, int]:
    """Keep the first columns of all sites side by side, so that what is joined is one bar.

    Further columns of the main site stand before them, those of the others behind.
    """
    if lane.number == 0:
        return (1, place)
    return (0, place) if lane.site_ids[0] == main else (2, place)


def _take_column(columns: list[list[Interval]], interval: Interval) -> int:
    """Put the interval into the first column in which it is free (a new one, if need be) and return its number.

    The intervals of a column are sorted and disjoint, so only the neighbours count.
    """
    for number, column in enumerate(columns):
        place = bisect(column, interval)
        if not any(interval.overlaps(other) for other in column[max(place - 1, 0) : place + 1]):
            column.insert(place, interval)
            return number
    columns.append([interval])
    return len(columns) - 1


def _alike(pieces: Sequence[Piece], site_ids: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the sites that have something on this day, three or more with the very same day as one group.

    The first site (the main one) stands alone, then those with a day of their own, then the groups: so a bar
    through all of them stays in one piece.
    """
    day_of: dict[int, list[int]] = {site_id: [] for site_id in site_ids}
    for number, piece in enumerate(pieces):
        for site_id in piece.site_ids:
            if site_id in day_of:
                day_of[site_id].append(number)
    first, *others = site_ids
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for site_id in others:
        if day_of[site_id]:
            alike[tuple(day_of[site_id])].append(site_id)
    grouped = [tuple(group) for group in alike.values() if len(group) >= FEWEST_ALIKE]
    in_groups = {site_id for group in grouped for site_id in group}
    alone = [(site_id,) for site_id in others if day_of[site_id] and site_id not in in_groups]
    return [*([(first,)] if day_of[first] else []), *alone, *grouped]
