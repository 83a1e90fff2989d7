"""The published programme as pages draw it: what the macros of templates/macros/{programme,time}.html take."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import get_timezone_name
from flask import url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from markupsafe import Markup, escape

from dxday.core.i18n import Translations, language_of, pick
from dxday.core.markup import plain
from dxday.core.vietnamese import find_spans
from dxday.editions.models import Edition
from dxday.programme import queries, timetable
from dxday.programme.models import Track
from dxday.programme.queries import Entry, Showing
from dxday.programme.rules import PlacementRole, SessionKind
from dxday.sites import queries as site_queries
from dxday.sites.models import Site
from dxday.web.filters import number

Slot = dict[str, Any]
"""A session as `timegrid`, `timeline` and `session_line` take it."""

Wanted = Callable[[Entry], bool]

_NAMES_SHOWN = 3
_RESULTS_SHOWN = 100
_AROUND = 80
"""Letters that are shown before and after what was found."""


@dataclass(frozen=True)
class SlotDay:
    """What one site has on one day."""

    on: date
    slots: list[Slot]


@dataclass(frozen=True)
class GridDay:
    """The time table of one day over all sites; without lanes where there are too many to draw."""

    on: date
    lanes: list[dict[str, Any]] | None
    slots: list[Slot]
    opens: datetime
    closes: datetime


class Programme:
    """The published programme of one edition in the reader's language; loaded with a handful of statements."""

    def __init__(self, edition: Edition) -> None:
        """Load sites, sessions, where they are, and who speaks."""
        self.zone = ZoneInfo(edition.time_zone)
        self.locale = str(get_locale())
        self.sites = site_queries.list_sites(edition.id)
        self.site = {site.id: site for site in self.sites}
        self.entries = {entry.id: entry for entry in queries.list_entries(edition.id)}
        self.showings = queries.list_showings(edition.id)
        self.tracks = {track.id: track for track in queries.list_tracks(edition.id)}
        self._speakers = queries.list_speakers(edition.id)
        self._rooms = {room.id: self._text(room.name) for site in self.sites for room in site.rooms}
        self._room_of = {
            (s.session_id, s.site_id): self._rooms.get(s.room_id or 0, "") for s in self.showings
        }
        self._origins = {s.session_id: s for s in self.showings if s.role is PlacementRole.ORIGIN}
        self._joined = {s.session_id for s in self.showings if s.role is not PlacementRole.ORIGIN}
        self._said: dict[int, tuple[str, str]] = {}

    def kinds(self) -> list[SessionKind]:
        """Return the kinds that occur, in the order in which kinds are listed."""
        found = {entry.kind for entry in self.entries.values()}
        return [kind for kind in SessionKind if kind in found]

    def used_tracks(self) -> list[Track]:
        """Return the tracks that have a session, in their order."""
        found = {entry.track_id for entry in self.entries.values()}
        return [track for track in self.tracks.values() if track.id in found]

    def languages(self) -> list[tuple[str, str]]:
        """Return code and name of the languages in which sessions are held, those most often used first."""
        found = Counter(entry.language for entry in self.entries.values())
        return [(code, language_name(code)) for code, _count in found.most_common()]

    def days(self) -> list[date]:
        """Return the days on which a session begins somewhere."""
        return sorted({showing.starts_at.astimezone(self.zone).date() for showing in self.showings})

    def site_choices(self) -> list[tuple[str, str]]:
        """Return code and name of every site."""
        return [(site.code, self._text(site.name)) for site in self.sites]

    def grid(self, wanted: Wanted, *, on: date | None = None) -> list[GridDay]:
        """Return the time table of every day, or of the one day, with the wanted sessions."""
        pieces = timetable.gather(
            [
                (s.session_id, s.site_id, s.starts_at, s.ends_at, s.cancelled)
                for s in self.showings
                if wanted(self.entries[s.session_id]) and self._is_on(s, on)
            ]
        )
        return [self._grid_day(day) for day in timetable.days(pieces, [s.id for s in self.sites], self.zone)]

    def site_days(
        self, site: Site, wanted: Wanted = lambda _: True, *, on: date | None = None
    ) -> list[SlotDay]:
        """Return what the site has, day by day; what it opted out of is left out."""
        by_day: dict[date, list[Slot]] = {}
        for showing in self.site_showings(site):
            entry = self.entries[showing.session_id]
            if wanted(entry) and self._is_on(showing, on):
                day = showing.starts_at.astimezone(self.zone).date()
                by_day.setdefault(day, []).append(self._at_site(entry, showing))
        return [SlotDay(day, slots) for day, slots in by_day.items()]

    def site_showings(self, site: Site) -> list[Showing]:
        """Return what the site has, by time; what it opted out of is left out, what was cancelled altogether is not."""
        return [
            showing
            for showing in self.showings
            if showing.site_id == site.id
            and (self.entries[showing.session_id].cancelled or not showing.cancelled)
        ]

    def list_days(self, wanted: Wanted, *, site: Site | None = None, on: date | None = None) -> list[SlotDay]:
        """Return the wanted sessions day by day, each once: at the site where it is there, else where it is held."""
        here = {s.session_id: s for s in self.site_showings(site)} if site else {}
        by_day: dict[date, list[tuple[datetime, int, Slot]]] = {}
        for session_id, origin in self._origins.items():
            entry, showing = self.entries[session_id], here.get(session_id, origin)
            if wanted(entry) and self._is_on(showing, on):
                slot = self._slot(entry, showing.starts_at, showing.ends_at)
                slot["place"] = self._full_place(showing)
                day = showing.starts_at.astimezone(self.zone).date()
                by_day.setdefault(day, []).append((showing.starts_at, session_id, slot))
        return [
            SlotDay(day, [slot for *_, slot in sorted(slots, key=lambda each: each[:2])])
            for day, slots in sorted(by_day.items())
        ]

    def results(
        self, words: Sequence[str], wanted: Wanted, *, site: Site | None = None, on: date | None = None
    ) -> tuple[int, list[SlotDay]]:
        """Return how many were found, and the first of them as `list_days` does, with the words marked."""
        found = self.list_days(wanted, site=site, on=on)
        days, room = [], _RESULTS_SHOWN
        for day in found:
            if room:
                days.append(SlotDay(day.on, day.slots[:room]))
                room -= len(days[-1].slots)
        by_code = {entry.code: entry for entry in self.entries.values()}
        for slot in (slot for day in days for slot in day.slots):
            entry = by_code[slot["code"]]
            slot["title"] = said(entry.title, self.locale, words)
            people = ", ".join(self._speakers.get(entry.id, []))
            shown = marked(people, words)
            # Who is beyond the names that are shown is named when they are the one who was looked for.
            slot["note"] = shown if shown is not people else slot["note"]
            slot["place"] = marked(slot["place"], words)
            slot["snippet"] = snippet(entry.abstract, self.locale, words)
        return sum(len(day.slots) for day in found), days

    def now_and_next(self, site: Site, now: datetime, *, most: int) -> tuple[list[Slot], list[Slot]]:
        """Return what runs at the site at this moment, and the `most` that follow; what is cancelled is left out."""
        showings = [showing for showing in self.site_showings(site) if not showing.cancelled]
        running = [showing for showing in showings if showing.starts_at <= now < showing.ends_at]
        following = [showing for showing in showings if showing.starts_at > now][:most]
        return (
            [self._at_site(self.entries[showing.session_id], showing) for showing in running],
            [self._at_site(self.entries[showing.session_id], showing) for showing in following],
        )

    def _is_on(self, showing: Showing, on: date | None) -> bool:
        return on is None or showing.starts_at.astimezone(self.zone).date() == on

    def _full_place(self, showing: Showing) -> str:
        room = self._rooms.get(showing.room_id or 0, "") or str(_("Online"))
        return f"{room}, {self._text(self.site[showing.site_id].name)}" if len(self.sites) > 1 else room

    def _grid_day(self, day: timetable.Day) -> GridDay:
        slots = []
        rooms: list[set[str]] = [set() for _lane in day.lanes]
        for piece, places in day.pieces:
            entry = self.entries[piece.session_id]
            for place in places:
                rooms[place].add(self._room_of.get((piece.session_id, day.lanes[place].site_ids[0]), ""))
            slot = self._slot(entry, piece.interval.start, piece.interval.end)
            slot["lanes"] = list(places)
            slot["where"] = self._where(piece.site_ids)
            slot["place"] = self._place(piece)
            slots.append(slot)
        if not day.can_be_drawn:
            return GridDay(day.on, None, slots, day.opens, day.closes)
        parallel = {lane.site_ids for lane in day.lanes if lane.number}
        lanes = [
            self._lane(lane, rooms=rooms[place] if lane.site_ids in parallel else set())
            for place, lane in enumerate(day.lanes)
        ]
        return GridDay(day.on, lanes, slots, day.opens, day.closes)

    def _lane(self, lane: timetable.Lane, *, rooms: set[str]) -> dict[str, Any]:
        """Return a column's head; `rooms` are those of a site that has several columns."""
        if len(lane.site_ids) > 1:
            count = len(lane.site_ids)
            return {
                "name": ngettext("%(num)s more site", "%(num)s more sites", count),
                "url": url_for("programme_public.sites"),
                "note": _("with the same programme"),
            }
        site = self.site[lane.site_ids[0]]
        return {
            "name": self._text(site.name),
            "url": url_for("programme_public.site", site_code=site.code) if lane.number == 0 else None,
            "note": rooms.copy().pop() if len(rooms) == 1 else _("at the same time") if lane.number else None,
        }

    def _slot(self, entry: Entry, starts: datetime, ends: datetime) -> Slot:
        known = self._said.get(entry.id)
        if known is None:
            title = said(entry.title, self.locale)
            known = self._said[entry.id] = (
                Markup("<s>{}</s>").format(title) if entry.cancelled else title,
                url_for("programme_public.session", code=entry.code),
            )
        return {
            "code": entry.code,
            "url": known[1],
            "title": known[0],
            "starts": starts.astimezone(self.zone),
            "ends": ends.astimezone(self.zone),
            "lanes": [],
            "place": None,
            "where": None,
            "note": self._people(entry.id),
            "tone": self._tone(entry),
            "state": (_("Cancelled"), "bad") if entry.cancelled else None,
        }

    def _at_site(self, entry: Entry, showing: Showing) -> Slot:
        slot = self._slot(entry, showing.starts_at, showing.ends_at)
        room = self._rooms.get(showing.room_id or 0, "")
        origin = self._origins.get(entry.id)
        if showing.role is PlacementRole.RECEIVING and origin is not None:
            come_from = _("by line from %(site)s", site=self._text(self.site[origin.site_id].name))
            slot["place"] = f"{room} · {come_from}" if room else come_from
        else:
            slot["place"] = room or _("Online")
        return slot

    def _place(self, piece: timetable.Piece) -> str:
        """Where the session is held: the room, and its site unless that is the only one."""
        origin = self._origins.get(piece.session_id)
        if origin is None:
            return ""
        room = self._rooms.get(origin.room_id or 0, "")
        if piece.site_ids == (origin.site_id,):
            return room or str(_("Online"))
        return ", ".join(filter(None, (room, self._text(self.site[origin.site_id].name))))

    def _where(self, site_ids: Sequence[int]) -> str:
        if len(site_ids) == len(self.sites) > 1:
            return str(_("All sites together"))
        if len(site_ids) <= _NAMES_SHOWN:
            return ", ".join(self._text(self.site[site_id].name) for site_id in site_ids)
        first = self._text(self.site[site_ids[0]].name)
        others = len(site_ids) - 1
        return str(
            ngettext(
                "%(site)s and %(num)s other site", "%(site)s and %(num)s other sites", others, site=first
            )
        )

    def _people(self, session_id: int) -> str | None:
        names = self._speakers.get(session_id, [])
        shown = ", ".join(names[:_NAMES_SHOWN])
        more = len(names) - _NAMES_SHOWN
        if more > 0:
            return str(_("%(names)s and %(more)s more", names=shown, more=number(more)))
        return shown or None

    def _tone(self, entry: Entry) -> str:
        if entry.kind is SessionKind.BREAK:
            return "pause"
        if entry.kind is SessionKind.CEREMONY:
            return "honours"
        return "joined" if entry.id in self._joined else "local"

    def _text(self, texts: Translations | None) -> str:
        return pick(texts, self.locale)


def said(texts: Translations | None, locale: str, words: Sequence[str] = ()) -> str:
    """Return the text in the reader's language; one that is in another says so, for voices that read it out.

    Folded words that stand in it are marked.
    """
    text, language = marked(pick(texts, locale), words), language_of(texts, locale)
    if not text or language == locale:
        return text
    return Markup('<span lang="{}">{}</span>').format(language, text)


def language_name(code: str) -> str:
    """Return the name of a language in the reader's, with a capital; the code where it has none."""
    try:
        name = Locale.parse(code, sep="-").get_display_name(str(get_locale()))
    except (ValueError, UnknownLocaleError):
        name = None
    return name[:1].upper() + name[1:] if name else code


def marked(text: str, words: Sequence[str]) -> str:
    """Return the text with <mark> around the folded words, wherever they stand in it; the rest is escaped."""
    spans = find_spans(text, words) if words else []
    if not spans:
        return text
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [escape(text[end:start]), Markup("<mark>{}</mark>").format(text[start:stop])]
        end = stop
    return Markup("").join([*pieces, escape(text[end:])])


def snippet(texts: Translations | None, locale: str, words: Sequence[str]) -> str:
    """Return the piece of a text around the first of the words, or "" where none of them stands in it."""
    text = " ".join(plain(pick(texts, locale)).split())
    spans = find_spans(text, words)
    if not spans:
        return ""
    start = max(text.rfind(" ", 0, max(spans[0][0] - _AROUND, 0)) + 1, 0)
    stop = text.find(" ", spans[0][1] + _AROUND)
    piece = text[start : stop if stop > 0 else len(text)]
    before, after = "… " if start else "", " …" if 0 < stop < len(text) else ""
    return Markup("").join([before, marked(piece, words), after])


def zone_name(edition: Edition) -> str:
    """Return the name of the edition's time zone in the reader's language."""
    return str(get_timezone_name(edition.time_zone, locale=str(get_locale())))
