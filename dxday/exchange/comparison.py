"""Comparing a file with the draft: what is new, what is changed and how, and what the file does not have."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dxday.accounts.models import Person
from dxday.core.i18n import DEFAULT_LOCALE, Translations, Words, lazy_gettext, pick
from dxday.core.vietnamese import same_name
from dxday.editions.models import Edition
from dxday.exchange import queries, rules, shown
from dxday.exchange.rules import Book, BookPart, BookPlace, BookSession, Difference, Fate, Preview, RowError
from dxday.programme.models import Part, Placement, Session, Track
from dxday.programme.rules import GIVEN_PARTS, PartKind, PlacementRole, SessionState
from dxday.sites import queries as site_queries
from dxday.sites.models import Room, Site
from dxday.sites.rules import SiteKind

_NIGHT = timedelta(hours=6)
"""Until then what begins after midnight belongs to the day before."""

_KIND_ORDER = {kind: number for number, kind in enumerate((*GIVEN_PARTS, PartKind.PRESIDING_OFFICER))}


@dataclass(frozen=True)
class Choices:
    """What somebody who imports decides."""

    cancel_missing: bool = True
    """Whether sessions that the file does not have are cancelled."""
    make_rooms: bool = False
    """Whether rooms of a table are made that are not there yet."""


USUAL = Choices()
"""What happens when nobody decides otherwise."""


@dataclass
class Wanted:
    """A session as it is to be; None and "not said" leave things as they are."""

    said: BookSession
    session: Session | None
    guid: UUID
    values: dict[str, Any]
    track: str | None
    places: list[tuple[Placement | None, BookPlace]] | None
    leaving: list[Placement]
    parts: list[BookPart] | None
    differences: tuple[Difference, ...] = ()


@dataclass
class World:
    """What is there already."""

    draft: dict[UUID, Session]
    sites: list[Site]
    rooms: dict[tuple[str | None, str], Room] = field(default_factory=dict)
    tracks: list[Track] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)


class Comparison:
    """One file on its way into one edition."""

    def __init__(self, edition: Edition, book: Book, choices: Choices) -> None:
        self.edition, self.book, self.choices = edition, book, choices
        self.zone = ZoneInfo(edition.time_zone)
        self.errors = list(book.errors)
        draft = {session.guid: session for session in queries.list_draft(edition.id)}
        self.world = World(draft, site_queries.list_sites(edition.id), tracks=queries.list_tracks(edition.id))
        self.main = next((site for site in self.world.sites if site.kind is SiteKind.MAIN), None)
        self.elsewhere = queries.list_guids_elsewhere(edition.id, [s.guid for s in book.sessions])
        self.world.people = self._known_people()
        self._match_rooms()
        self.wanted: list[Wanted] = []
        self.unreadable = {self._guid_here(guid) for guid in book.unreadable}
        self.resting: dict[int, tuple[int | None, bool | None]] = {}
        self.new_rooms: dict[tuple[str | None, str], str] = {}
        seen: set[UUID] = set()
        for said in book.sessions:
            try:
                wanted = self._want(said)
                if wanted.guid in seen:
                    raise rules.RowRefused(lazy_gettext("Its guid stands in the file already."))
            except rules.RowRefused as refused:
                self.errors.append(RowError(said.row, refused.message))
                self.unreadable.add(self._guid_here(said.guid))
                continue
            seen.add(wanted.guid)
            self.wanted.append(wanted)
        kept = seen | self.unreadable
        self.missing = [
            session
            for session in draft.values()
            if session.state is not SessionState.CANCELLED
            and session.guid not in kept
            and choices.cancel_missing
            and not book.nameless
        ]

    # Matching

    def _known_people(self) -> dict[str, Person]:
        known = queries.list_imported_people(self.edition.id)
        by_guid = queries.list_people_by_guid(
            person.guid for person in self.book.persons.values() if person.guid is not None
        )
        for key, person in self.book.persons.items():
            if key not in known and person.guid in by_guid:
                known[key] = by_guid[person.guid]
        return known

    def _match_rooms(self) -> None:
        rooms = self.world.rooms
        for site in self.world.sites:
            for room in site.rooms:
                rooms[site.code, room.code] = room
        by_shown = {name: room_id for room_id, name in shown.room_names(self.world.sites).items()}
        by_id = {room.id: room for site in self.world.sites for room in site.rooms}
        here = self.main.rooms if self.main else []
        others = [room for site in self.world.sites if site is not self.main for room in site.rooms]
        for key in self.book.rooms:
            if key[0] is not None or key in rooms:
                continue
            found = _named(here, key[1]) or _named(others, key[1])
            if found is None and key[1] in by_shown:
                found = by_id[by_shown[key[1]]]
            if found is not None:
                rooms[key] = found

    def _guid_here(self, guid: UUID) -> UUID:
        """Return the guid under which the session is kept here: its own, unless that is taken or over.

        What was cancelled stays cancelled; when the file has it again, it is a session of its own.
        """
        scope = self.edition.code
        here = rules.derive_guid(scope, "elsewhere", guid) if guid in self.elsewhere else guid
        number = 0
        while (known := self.world.draft.get(here)) is not None and known.state is SessionState.CANCELLED:
            number += 1
            here = rules.derive_guid(scope, "again", guid, number)
        return here

    # What is wanted

    def _want(self, said: BookSession) -> Wanted:
        for place in said.places:
            self._check_day(place)
            self._check_room(place)
        guid = self._guid_here(said.guid)
        session = self.world.draft.get(guid)
        places, leaving = self._places(session, said)
        wanted = Wanted(
            said=said,
            session=session,
            guid=guid,
            values=_values(session, said),
            track=said.track,
            places=places,
            leaving=leaving,
            parts=self._parts(session, said),
        )
        if session is not None:
            wanted.differences = tuple(self._differences(session, wanted))
        return wanted

    def _check_day(self, place: BookPlace) -> None:
        local = place.starts_at.astimezone(self.zone)
        if local.date() < self.edition.starts_on or (local - _NIGHT).date() > self.edition.ends_on:
            raise rules.RowRefused(
                lazy_gettext(
                    "It is on %(day)s; the edition runs from %(first)s to %(last)s.",
                    day=f"{local:%d/%m/%Y}",
                    first=f"{self.edition.starts_on:%d/%m/%Y}",
                    last=f"{self.edition.ends_on:%d/%m/%Y}",
                )
            )

    def _check_room(self, place: BookPlace) -> None:
        key = place.room
        if key is None or key in self.world.rooms or key in self.new_rooms:
            return
        name = self.book.rooms[key].name
        if not (self.book.makes_rooms or self.choices.make_rooms):
            raise rules.RowRefused(lazy_gettext("There is no room “%(room)s” in this edition.", room=name))
        self.new_rooms[key] = name

    def _places(
        self, session: Session | None, said: BookSession
    ) -> tuple[list[tuple[Placement | None, BookPlace]] | None, list[Placement]]:
        live = [p for p in session.placements if p.cancelled_at is None] if session else []
        if not said.whole:
            origin = next((p for p in live if p.role is PlacementRole.ORIGIN), None)
            return [(origin, said.origin)], []
        left = {p.id: p for p in live}
        pairs: list[tuple[Placement | None, BookPlace]] = []
        waiting: list[BookPlace] = []
        codes = {site.id: site.code for site in self.world.sites}
        for place in said.places:
            found = next((p for p in left.values() if self._is_at(p, place, codes)), None)
            if found is None:
                waiting.append(place)
            else:
                pairs.append((left.pop(found.id), place))
        gone = {p.id: p for p in session.placements if p.cancelled_at is not None} if session else {}
        for place in waiting:
            again = next((p for p in gone.values() if self._is_at(p, place, codes)), None)
            if again is not None:
                pairs.append((gone.pop(again.id), place))
                continue
            found = next((p for p in left.values() if codes[p.site_id] == place.site), None)
            pairs.append((left.pop(found.id) if found else None, place))
        return pairs, list(left.values())

    def _is_at(self, placement: Placement, place: BookPlace, codes: dict[int, str]) -> bool:
        room = self.world.rooms.get(place.room) if place.room else None
        return codes[placement.site_id] == place.site and placement.room_id == (room.id if room else None)

    def _parts(self, session: Session | None, said: BookSession) -> list[BookPart] | None:
        if said.parts is None:
            return None
        if said.whole:
            parts = list(said.parts)
        else:
            had = {
                part.person_id: part
                for part in (sorted(session.parts, key=_part_order) if session else [])
                if part.kind in GIVEN_PARTS
            }
            parts = []
            for part in said.parts:
                person = self.world.people.get(part.person)
                known = had.get(person.id) if person else None
                kind = known.kind if known else PartKind.SPEAKER
                parts.append(BookPart(part.person, kind, None, remote=bool(known and known.remote)))
        return sorted(parts, key=lambda part: (_KIND_ORDER[part.kind or PartKind.SPEAKER], part.site or ""))

    # Differences

    def _differences(self, session: Session, wanted: Wanted) -> list[Difference]:
        found = [
            Difference(_VALUE_NAMES[name], *_apart(getattr(session, name), value))
            for name, value in wanted.values.items()
            if getattr(session, name) != value
        ]
        if wanted.track is not None:
            had = session.track
            if (had is None) != (not wanted.track) or (
                had is not None and not is_called(had.name, wanted.track)
            ):
                found.append(
                    Difference(
                        lazy_gettext("Track"), pick(had.name, DEFAULT_LOCALE) if had else "", wanted.track
                    )
                )
        found += self._place_differences(wanted)
        if wanted.parts is not None and (people := self._people_difference(session, wanted)):
            found.append(people)
        return found

    def _place_differences(self, wanted: Wanted) -> list[Difference]:
        found = []
        for placement, place in wanted.places or []:
            if placement is None or placement.cancelled_at is not None:
                found.append(
                    Difference(lazy_gettext("Place"), "", f"{self._where(place)} {self._when(place)}")
                )
                continue
            if (placement.starts_at, placement.ends_at) != (place.starts_at, place.ends_at):
                found.append(Difference(lazy_gettext("Time"), self._when(placement), self._when(place)))
            room = self.world.rooms.get(place.room) if place.room else None
            if placement.room_id != (room.id if room else None) or (place.room is not None and room is None):
                found.append(Difference(lazy_gettext("Room"), self._room_of(placement), self._where(place)))
            if wanted.said.whole:
                for words, name in (
                    (lazy_gettext("Held here or received"), "role"),
                    (lazy_gettext("How it is held"), "mode"),
                    (lazy_gettext("Interpretation"), "interpretation"),
                    (lazy_gettext("Local part"), "local_part"),
                ):
                    had, becomes = getattr(placement, name), getattr(place, name)
                    if (had or None) != (becomes or None):
                        found.append(Difference(words, _plain(had), _plain(becomes)))
        found += [
            Difference(lazy_gettext("Place"), f"{self._room_of(p)} {self._when(p)}", "")
            for p in wanted.leaving
        ]
        return found

    def _people_difference(self, session: Session, wanted: Wanted) -> Difference | None:
        codes = {site.id: site.code for site in self.world.sites}
        parts = sorted(session.parts, key=_part_order)
        if not wanted.said.whole:
            parts = [part for part in parts if part.kind in GIVEN_PARTS]
        parts.sort(key=lambda part: (_KIND_ORDER[part.kind], codes.get(part.site_id or 0, "")))
        had = [
            (part.person_id, name, part.kind, codes.get(part.site_id or 0), part.remote)
            for part in parts
            if (name := rules.tidy_line(part.person.full_name))
        ]
        becomes = []
        for part in wanted.parts or []:
            person = self.world.people.get(part.person)
            becomes.append(
                (
                    person.id if person else None,
                    self.book.persons[part.person].name,
                    part.kind,
                    part.site,
                    part.remote,
                )
            )
        if had == becomes:
            return None
        return Difference(
            lazy_gettext("People"),
            ", ".join(name for _, name, *_ in had),
            ", ".join(name for _, name, *_ in becomes),
        )

    def _when(self, place: Placement | BookPlace) -> str:
        start, end = place.starts_at.astimezone(self.zone), place.ends_at.astimezone(self.zone)
        return f"{start:%d/%m/%Y %H:%M}–{end:%H:%M}"

    def _where(self, place: BookPlace) -> str:
        if place.room is None:
            return place.site or ""
        return self.book.rooms[place.room].name

    def _room_of(self, placement: Placement) -> str:
        for site in self.world.sites:
            for room in site.rooms:
                if room.id == placement.room_id:
                    return pick(room.name, DEFAULT_LOCALE)
        return next((site.code for site in self.world.sites if site.id == placement.site_id), "")

    # The preview

    def preview(self) -> Preview:
        """Return what taking the file over would do."""
        rows = [
            rules.Row(Fate.NEW, _title(wanted.said.texts.get("title")), None, wanted.said.row)
            for wanted in self.wanted
            if wanted.session is None
        ]
        rows += [
            rules.Row(
                Fate.CHANGED,
                _title(wanted.session.title),
                wanted.session.code,
                wanted.said.row,
                wanted.differences,
            )
            for wanted in self.wanted
            if wanted.session is not None and wanted.differences
        ]
        rows += [rules.Row(Fate.DELETED, _title(s.title), s.code, None) for s in self.missing]
        return Preview(
            counts=self.book.counts(),
            rows=tuple(rows),
            errors=tuple(sorted(self.errors, key=lambda error: error.row)),
            new_rooms=tuple(self.new_rooms.values()),
            fingerprint=self._fingerprint(),
        )

    def _fingerprint(self) -> str:
        return fingerprint_of((session.id, session.version) for session in self.world.draft.values())


# Values --------------------------------------------------------------------------------------------------------------

_VALUE_NAMES: dict[str, Words] = {
    "title": lazy_gettext("Title"),
    "subtitle": lazy_gettext("Subtitle"),
    "abstract": lazy_gettext("Summary"),
    "description": lazy_gettext("Description"),
    "kind": lazy_gettext("Kind"),
    "language": lazy_gettext("Language"),
    "main": lazy_gettext("Main session"),
    "imported": lazy_gettext("Other facts of the file"),
}


def _values(session: Session | None, said: BookSession) -> dict[str, Any]:
    """Return the columns as the file wants them; those of which it says nothing are left out."""
    values: dict[str, Any] = {}
    for name, texts in said.texts.items():
        had: Translations | None = getattr(session, name) if session else None
        if said.whole:
            becomes: Translations | None = texts or None
            same = rules.tidy_texts(had) == (texts or {})
        else:
            becomes, same = had, True
            for code, text in texts.items():
                if not rules.same_text(becomes, code, text):
                    becomes, same = rules.with_text(becomes, code, text), False
        values[name] = had if same and session else becomes
    had_imported = (session.imported if session else None) or {}
    imported = dict(said.imported or {}) if said.imported is not None else dict(had_imported)
    for name, written, read in (
        ("type", said.kind, rules.kind_of),
        ("language", said.language, rules.language_of),
    ):
        if written is None:
            if name in had_imported:
                imported[name] = had_imported[name]
            continue
        column = "kind" if name == "type" else name
        value = read(written)
        values[column] = value
        if str(value) != written:
            imported[name] = written
        else:
            imported.pop(name, None)
    if session is None:
        values.setdefault("kind", rules.kind_of(""))
        values.setdefault("language", DEFAULT_LOCALE)
    values["imported"] = imported or None
    if said.main is not None:
        values["main"] = said.main
    return values


def fingerprint_of(versions: Iterable[tuple[int, int]]) -> str:
    """Return what changes whenever one of the versions does."""
    return hashlib.sha256(repr(sorted(versions)).encode()).hexdigest()


def times_of(place: Placement | BookPlace) -> tuple[datetime, datetime]:
    """Return from when to when it is."""
    return place.starts_at, place.ends_at


def receiving(session: Session) -> list[Placement]:
    """Return the placements that receive a session."""
    return [placement for placement in session.placements if placement.role is PlacementRole.RECEIVING]


def _named(rooms: Sequence[Room], name: str) -> Room | None:
    exact = next((room for room in rooms if name in map(rules.tidy_line, room.name.values())), None)
    return exact or next(
        (room for room in rooms if any(same_name(name, n) for n in room.name.values())), None
    )


def is_called(names: Translations, name: str) -> bool:
    """Tell whether something has this name in one of its languages."""
    return any(rules.tidy_line(each) == name or same_name(each, name) for each in names.values())


def names_in(book: Book) -> str:
    """Return the language under which names of rooms and tracks are kept that come without one."""
    return DEFAULT_LOCALE if book.format in ("csv", "xlsx") else "en"


def _part_order(part: Part) -> tuple[int, int, int]:
    return _KIND_ORDER[part.kind], part.position, part.id or 0


def _title(texts: Translations | None) -> str:
    return pick(texts, DEFAULT_LOCALE)


def _apart(had: Any, becomes: Any) -> tuple[str, str]:
    """Return two values as text, without what both have alike; a text in one language alone stands by itself."""
    if not isinstance(had, dict | None) or not isinstance(becomes, dict | None):
        return _plain(had), _plain(becomes)
    one, other = had or {}, becomes or {}
    differing = {name for name in one | other if one.get(name) != other.get(name)}
    if len(one | other) == 1:
        return _plain(next(iter(one.values()), None)), _plain(next(iter(other.values()), None))
    return (
        _plain({name: value for name, value in one.items() if name in differing}),
        _plain({name: value for name, value in other.items() if name in differing}),
    )


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return "\n".join(f"{name}: {each}" for name, each in sorted(value.items()))
    return str(value)


def texts_of(value: object) -> dict[str, str]:
    """Return what of a JSON value is text by language."""
    if not isinstance(value, dict):
        return {}
    return {str(code): text for code, text in value.items() if isinstance(text, str)}
