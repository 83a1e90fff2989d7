"""Importing: comparing a file with the draft, and taking it over in one go."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm.attributes import flag_modified

from dxday.accounts import services as accounts
from dxday.accounts.models import Person
from dxday.accounts.rules import OrganisationKind
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.i18n import DEFAULT_LOCALE, Translations, Words, lazy_gettext, pick
from dxday.core.intervals import Interval, find_overlapping
from dxday.core.vietnamese import same_name, slug
from dxday.db import db
from dxday.editions import queries as edition_queries
from dxday.editions import rules as edition_rules
from dxday.editions import services as editions
from dxday.editions.models import Edition
from dxday.exchange import queries, rules, shown
from dxday.exchange.models import ImportedPerson
from dxday.exchange.rules import Book, BookPart, BookPlace, BookSession, Difference, Fate, Preview, RowError
from dxday.programme import services as programme
from dxday.programme.models import Part, Placement, PlacementOverride, Session, Track
from dxday.programme.rules import GIVEN_PARTS, Mode, PartKind, PlacementRole, SessionState
from dxday.sites import queries as site_queries
from dxday.sites import services as sites
from dxday.sites.models import Room, Site
from dxday.sites.rules import SiteKind

OVERRIDE = "imported"
"""The reason of rooms that are taken twice because a file has it so."""

_LONGEST_CODE = 40
_RESERVED = frozenset("new import export board releases conflicts proposals tracks settings".split())
"""First parts of addresses below the programme that are no sessions."""

_NIGHT = timedelta(hours=6)
"""Until then what begins after midnight belongs to the day before."""

_SHORTEST = timedelta(minutes=1)

_KIND_ORDER = {kind: number for number, kind in enumerate((*GIVEN_PARTS, PartKind.PRESIDING_OFFICER))}


@dataclass(frozen=True)
class Choices:
    """What somebody who imports decides."""

    cancel_missing: bool = True
    """Whether sessions that the file does not have are cancelled."""
    make_rooms: bool = False
    """Whether rooms of a table are made that are not there yet."""


# The edition ---------------------------------------------------------------------------------------------------------


def add_edition(code: str, book: Book, *, zone: str, actor: Actor, now: datetime) -> Edition:
    """Add the edition that a file is of: its name, days, time zone and host, and a main site.

    Raises NoEdition, CodeNotUsable, YearNotPossible.
    """
    if not book.days:
        raise rules.NoEdition
    own = book.own.get("edition")
    own = own if isinstance(own, dict) else {}
    title = book.title or code
    name = rules.tidy_texts(_texts(own.get("name"))) or {_names_in(book): title}
    edition_rules.check_years({"starts_on": book.days[0], "ends_on": book.days[-1]})
    host = own.get("host")
    host = host if isinstance(host, dict) else {}
    host_code = slug(str(host.get("code") or book.acronym or title)) or code
    organisation = queries.find_organisation(host_code) or accounts.add_organisation(
        host_code,
        kind=OrganisationKind.OTHER,
        name=rules.tidy_texts(_texts(host.get("name"))) or name,
        actor=actor,
        now=now,
    )
    return editions.add_edition(
        code,
        host=organisation,
        year=book.days[0].year,
        name=name,
        starts_on=book.days[0],
        ends_on=book.days[-1],
        time_zone=zone,
        actor=actor,
        now=now,
    )


# Comparing and taking over -------------------------------------------------------------------------------------------


def preview_import(edition: Edition, book: Book, *, choices: Choices = Choices()) -> Preview:
    """Return what importing would do; changes nothing.  A constant number of statements."""
    return _Import(edition, book, choices).preview()


def import_book(
    edition: Edition,
    book: Book,
    *,
    actor: Actor,
    now: datetime,
    choices: Choices = Choices(),
    seen: str | None = None,
) -> Preview:
    """Take a file over into the draft, rows with errors left out, and return what was done.

    `seen` is the fingerprint of the draft that the person had before them.  Raises DraftChanged.
    """
    edition_queries.lock_edition(edition)
    work = _Import(edition, book, choices)
    preview = work.preview()
    if seen is not None and seen != preview.fingerprint:
        if not preview.rows:
            return preview  # sent twice: everything of it is there
        raise rules.DraftChanged
    if preview.rows:
        work.apply(preview, actor=actor, now=now)
    return preview


def fingerprint(edition_id: int) -> str:
    """Return what changes whenever the draft does."""
    return _fingerprint_of(queries.list_versions(edition_id))


@dataclass
class _Wanted:
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
class _World:
    """What is there already."""

    draft: dict[UUID, Session]
    sites: list[Site]
    rooms: dict[tuple[str | None, str], Room] = field(default_factory=dict)
    tracks: list[Track] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)


class _Import:
    """One file on its way into one edition."""

    def __init__(self, edition: Edition, book: Book, choices: Choices) -> None:
        self.edition, self.book, self.choices = edition, book, choices
        self.zone = ZoneInfo(edition.time_zone)
        self.errors = list(book.errors)
        draft = {session.guid: session for session in queries.list_draft(edition.id)}
        self.world = _World(
            draft, site_queries.list_sites(edition.id), tracks=queries.list_tracks(edition.id)
        )
        self.main = next((site for site in self.world.sites if site.kind is SiteKind.MAIN), None)
        self.elsewhere = queries.list_guids_elsewhere(edition.id, [s.guid for s in book.sessions])
        self.world.people = self._known_people()
        self._match_rooms()
        self.wanted: list[_Wanted] = []
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

    def _want(self, said: BookSession) -> _Wanted:
        for place in said.places:
            self._check_day(place)
            self._check_room(place)
        guid = self._guid_here(said.guid)
        session = self.world.draft.get(guid)
        places, leaving = self._places(session, said)
        wanted = _Wanted(
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

    def _differences(self, session: Session, wanted: _Wanted) -> list[Difference]:
        found = [
            Difference(_VALUE_NAMES[name], *_apart(getattr(session, name), value))
            for name, value in wanted.values.items()
            if getattr(session, name) != value
        ]
        if wanted.track is not None:
            had = session.track
            if (had is None) != (not wanted.track) or (
                had is not None and not _is_called(had.name, wanted.track)
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

    def _place_differences(self, wanted: _Wanted) -> list[Difference]:
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

    def _people_difference(self, session: Session, wanted: _Wanted) -> Difference | None:
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
        return _fingerprint_of((session.id, session.version) for session in self.world.draft.values())

    # Taking over

    def apply(self, preview: Preview, *, actor: Actor, now: datetime) -> None:
        """Change the draft, all or nothing of it."""
        self._make_places(actor=actor, now=now)
        people = self._make_people()
        tracks = self._make_tracks()
        for session in self.missing:
            programme.cancel_session(session, actor=actor, now=now)
        acting = [each for each in self.wanted if each.session is None or each.differences]
        rooms = sorted({room.id for each in acting for room in self._rooms_of(each)})
        site_queries.lock_rooms(rooms)
        self._let_go(acting, now=now)
        taken = {session.code for session in self.world.draft.values()}
        with db.session.no_autoflush:
            for wanted in acting:
                session = wanted.session or self._new_session(wanted, taken, now=now)
                for name, value in wanted.values.items():
                    setattr(session, name, value)
                if wanted.track is not None:
                    session.track = tracks.get(wanted.track) if wanted.track else None
                self._place(session, wanted)
                if wanted.parts is not None:
                    self._give_parts(session, wanted, people)
                session.updated_at = now
                if wanted.session is None:
                    db.session.add(session)
                else:
                    flag_modified(session, "updated_at")
                wanted.session = session
            self._override(acting, actor=actor, now=now)
        db.session.flush()
        self._note(acting, preview, actor=actor, now=now)

    def _make_places(self, *, actor: Actor, now: datetime) -> None:
        """Make the sites and rooms that the file has and the edition has not."""
        known = {site.code: site for site in self.world.sites}
        needed = {place.site for each in self.wanted for place in each.said.places if place.site}
        for each in self.book.sites:
            if each.code in known or each.code not in needed:
                continue
            kind = SiteKind.MAIN if each.main and self.main is None else SiteKind.SATELLITE
            site = sites.add_site(
                self.edition, each.code, kind=kind, name=each.name, actor=actor, now=now, position=len(known)
            )
            known[each.code] = site
            if kind is SiteKind.MAIN:
                self.main = site
        for key, name in self.new_rooms.items():
            said = self.book.rooms[key]
            site = known[key[0]] if key[0] is not None else self._main_site(known, actor=actor, now=now)
            codes = {room.code for (code, _), room in self.world.rooms.items() if code == site.code}
            wanted = said.code if said.code and key[0] is not None else slug(name) or "room"
            room = sites.add_room(
                site,
                _free(wanted[:_LONGEST_CODE].strip("-") or "room", codes),
                name=said.names or {_names_in(self.book): name},
                capacity=said.capacity or 0,
                shared=said.shared,
                actor=actor,
                now=now,
            )
            self.world.rooms[key] = self.world.rooms[site.code, room.code] = room
        self.world.sites = list(known.values())

    def _main_site(self, known: dict[str, Site], *, actor: Actor, now: datetime) -> Site:
        if self.main is None:
            self.main = sites.add_site(
                self.edition,
                _free("main", set(known)),
                kind=SiteKind.MAIN,
                name=self.edition.name,
                actor=actor,
                now=now,
            )
            known[self.main.code] = self.main
        return self.main

    def _make_people(self) -> dict[str, Person]:
        """Return everybody of the file by key; those who are new are made, and spellings brought to the file's."""
        needed = {part.person for each in self.wanted for part in each.said.parts or ()}
        known = queries.list_imported_people(self.edition.id)
        people = {}
        new = []
        for key in self.book.persons:
            if key not in needed:
                continue
            said = self.book.persons[key]
            person = self.world.people.get(key)
            if person is None:
                person = Person(
                    full_name=said.name, position={}, **({"guid": said.guid} if said.guid else {})
                )
                new.append(person)
            elif rules.tidy_line(person.full_name) != said.name:
                person.full_name = said.name
            people[key] = person
        db.session.add_all(new)
        db.session.flush()
        db.session.add_all(
            ImportedPerson(edition_id=self.edition.id, key=key, person_id=person.id)
            for key, person in people.items()
            if key not in known
        )
        return people

    def _make_tracks(self) -> dict[str, Track]:
        codes = {track.code for track in self.world.tracks}
        found: dict[str, Track] = {}
        for wanted in self.wanted:
            name = wanted.track
            if not name or name in found:
                continue
            track = next((t for t in self.world.tracks if _is_called(t.name, name)), None)
            if track is None:
                code = _free((slug(name) or "track")[:_LONGEST_CODE].strip("-"), codes)
                codes.add(code)
                track = Track(
                    edition_id=self.edition.id,
                    code=code,
                    name=self.book.tracks.get(name) or {_names_in(self.book): name},
                    position=len(self.world.tracks),
                )
                self.world.tracks.append(track)
                db.session.add(track)
            found[name] = track
        db.session.flush()
        return found

    def _rooms_of(self, wanted: _Wanted) -> list[Room]:
        return [self.world.rooms[place.room] for place in wanted.said.places if place.room is not None]

    def _let_go(self, acting: Sequence[_Wanted], *, now: datetime) -> None:
        """Take everything that moves out of its room first: on the way two might meet that do not in the end."""
        for wanted in acting:
            for leaving in wanted.leaving:
                leaving.cancelled_at = now
            self._leave_to_the_living(wanted)
            for placement, place in wanted.places or []:
                if placement is None:
                    continue
                room = self.world.rooms[place.room] if place.room else None
                if wanted.said.whole and placement.role is not place.role:
                    placement.role = PlacementRole.RECEIVING  # two origins may not meet on the way either
                if not wanted.said.whole and _times(placement) != _times(place):
                    assert wanted.session is not None
                    for other in _receiving(wanted.session):
                        self.resting[id(other)] = other.room_id, other.room_shared
                        other.room_id = other.room_shared = other.override = None
                if (placement.starts_at, placement.ends_at, placement.room_id) != (
                    place.starts_at,
                    place.ends_at,
                    room.id if room else None,
                ):
                    placement.room_id = placement.room_shared = placement.override = None
        db.session.flush()

    def _leave_to_the_living(self, wanted: _Wanted) -> None:
        """Let what was cancelled before forget rooms into which something of the same session comes."""
        coming = {room.id for room in self._rooms_of(wanted)}
        placed = {id(placement) for placement, _ in wanted.places or []}
        for placement in wanted.session.placements if wanted.session else []:
            if (
                placement.cancelled_at is not None
                and id(placement) not in placed
                and placement.room_id in coming
            ):
                placement.room_id = placement.room_shared = placement.override = None

    def _new_session(self, wanted: _Wanted, taken: set[str], *, now: datetime) -> Session:
        words = slug(pick(wanted.values["title"], DEFAULT_LOCALE))
        if len(words) > _LONGEST_CODE:
            words = words[: _LONGEST_CODE + 1].rpartition("-")[0] or words[:_LONGEST_CODE]
        own = wanted.said.code or ""
        if slug(own) == own and own:
            words = own
        code = _free(words or f"session-{wanted.guid.hex[:6]}", taken | _RESERVED)
        taken.add(code)
        return Session(
            edition_id=self.edition.id,
            code=code,
            guid=wanted.guid,
            state=SessionState.DRAFT,
            updated_at=now,
            placements=[],
            parts=[],
        )

    def _place(self, session: Session, wanted: _Wanted) -> None:
        codes = {site.code: site for site in self.world.sites}
        for placement, place in wanted.places or []:
            room = self.world.rooms[place.room] if place.room else None
            site_id = room.site_id if room else codes[place.site or ""].id
            if placement is None:
                placement = Placement(
                    edition_id=self.edition.id,
                    site_id=site_id,
                    role=place.role,
                    mode=place.mode or Mode.ON_SITE,
                    override=None,
                )
                session.placements.append(placement)
            elif not wanted.said.whole:
                self._move_along(session, placement, place)
            placement.cancelled_at = placement.opt_out_reason = None
            placement.site_id = site_id
            placement.room_id = room.id if room else None
            placement.room_shared = room.shared if room else None
            placement.starts_at, placement.ends_at = place.starts_at, place.ends_at
            if wanted.said.whole:
                placement.role, placement.mode = place.role, place.mode or Mode.ON_SITE
                placement.interpretation, placement.local_part = place.interpretation, place.local_part

    def _move_along(self, session: Session, origin: Placement, place: BookPlace) -> None:
        """Let the sites that receive a session move with it, since a file of others does not speak of them."""
        by = place.starts_at - origin.starts_at
        longer = (place.ends_at - place.starts_at) - (origin.ends_at - origin.starts_at)
        if not by and not longer:
            return
        for placement in _receiving(session):
            placement.room_id, placement.room_shared = self.resting[id(placement)]
            placement.starts_at += by
            placement.ends_at = max(placement.ends_at + by + longer, placement.starts_at + _SHORTEST)

    def _give_parts(self, session: Session, wanted: _Wanted, people: dict[str, Person]) -> None:
        codes = {site.code: site.id for site in self.world.sites}
        had = {(part.person_id, part.kind, part.site_id): part for part in session.parts}
        kept = set()
        for position, said in enumerate(wanted.parts or []):
            person, kind = people[said.person], said.kind or PartKind.SPEAKER
            key = (person.id, kind, codes[said.site] if said.site else None)
            if key in kept:
                continue
            kept.add(key)
            part = had.get(key)
            if part is None:
                part = Part(person_id=person.id, person=person, kind=kind, site_id=key[2])
                session.parts.append(part)
            part.position, part.remote = position, said.remote
        for key, part in had.items():
            if key not in kept and (wanted.said.whole or part.kind in GIVEN_PARTS):
                session.parts.remove(part)
                db.session.delete(part)

    def _override(self, acting: Sequence[_Wanted], *, actor: Actor, now: datetime) -> None:
        """Let placements that clash carry an override: a programme that clashes with itself comes in as it is."""
        moving = {id(session) for each in acting if (session := each.session) is not None}
        sessions = [
            *(s for s in self.world.draft.values() if s.state is not SessionState.CANCELLED),
            *(s for each in acting if (s := each.session) is not None and s.guid not in self.world.draft),
        ]
        holding = [
            (placement, id(session) in moving)
            for session in sessions
            for placement in session.placements
            if placement.cancelled_at is None and placement.room_id is not None and not placement.room_shared
        ]
        pairs = find_overlapping(
            (placement.room_id, Interval(placement.starts_at, placement.ends_at), number)
            for number, (placement, _) in enumerate(holding)
        )
        chosen = rules.cover_clashes(
            pairs,
            overridden=[
                number for number, (placement, _) in enumerate(holding) if placement.override is not None
            ],
            movable=[number for number, (_, moves) in enumerate(holding) if moves],
        )
        for number in sorted(chosen):
            holding[number][0].override = PlacementOverride(
                reason=OVERRIDE, account_id=actor.account_id, created_at=now
            )

    def _note(self, acting: Sequence[_Wanted], preview: Preview, *, actor: Actor, now: datetime) -> None:
        audit.record(
            "programme.imported",
            subject=f"edition:{self.edition.code}",
            actor=actor,
            now=now,
            edition_id=self.edition.id,
            format=self.book.format,
            errors=len(preview.errors),
            **{fate.value: preview.count(fate) for fate in Fate},
        )
        for wanted in acting:
            assert wanted.session is not None
            audit.record(
                "session.imported",
                subject=wanted.session.code,
                actor=actor,
                now=now,
                edition_id=self.edition.id,
                changed=len(wanted.differences),
            )


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


def _fingerprint_of(versions: Iterable[tuple[int, int]]) -> str:
    return hashlib.sha256(repr(sorted(versions)).encode()).hexdigest()


def _times(place: Placement | BookPlace) -> tuple[datetime, datetime]:
    return place.starts_at, place.ends_at


def _receiving(session: Session) -> list[Placement]:
    return [placement for placement in session.placements if placement.role is PlacementRole.RECEIVING]


def _named(rooms: Sequence[Room], name: str) -> Room | None:
    exact = next((room for room in rooms if name in map(rules.tidy_line, room.name.values())), None)
    return exact or next(
        (room for room in rooms if any(same_name(name, n) for n in room.name.values())), None
    )


def _is_called(names: Translations, name: str) -> bool:
    return any(rules.tidy_line(each) == name or same_name(each, name) for each in names.values())


def _free(wanted: str, taken: set[str] | frozenset[str]) -> str:
    number, code = 1, wanted
    while code in taken:
        number += 1
        code = f"{wanted}-{number}"
    return code


def _names_in(book: Book) -> str:
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


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(code): text for code, text in value.items() if isinstance(text, str)}
