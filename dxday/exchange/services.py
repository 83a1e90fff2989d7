"""Importing: making an edition from a file, and taking a file over in one go."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm.attributes import flag_modified

from dxday.accounts import services as accounts
from dxday.accounts.models import Person
from dxday.accounts.rules import OrganisationKind
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.i18n import DEFAULT_LOCALE, pick
from dxday.core.intervals import Interval, find_overlapping
from dxday.core.vietnamese import slug
from dxday.db import db
from dxday.editions import queries as edition_queries
from dxday.editions import rules as edition_rules
from dxday.editions import services as editions
from dxday.editions.models import Edition
from dxday.exchange import queries, rules
from dxday.exchange.comparison import (
    USUAL,
    Choices,
    Comparison,
    Wanted,
    fingerprint_of,
    is_called,
    names_in,
    receiving,
    texts_of,
    times_of,
)
from dxday.exchange.models import ImportedPerson
from dxday.exchange.rules import Book, BookPlace, Fate, Preview
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

_SHORTEST = timedelta(minutes=1)


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
    name = rules.tidy_texts(texts_of(own.get("name"))) or {names_in(book): title}
    edition_rules.check_years({"starts_on": book.days[0], "ends_on": book.days[-1]})
    host = own.get("host")
    host = host if isinstance(host, dict) else {}
    host_code = slug(str(host.get("code") or book.acronym or title)) or code
    organisation = queries.find_organisation(host_code) or accounts.add_organisation(
        host_code,
        kind=OrganisationKind.OTHER,
        name=rules.tidy_texts(texts_of(host.get("name"))) or name,
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


def preview_import(edition: Edition, book: Book, *, choices: Choices = USUAL) -> Preview:
    """Return what importing would do; changes nothing.  A constant number of statements."""
    return _Import(edition, book, choices).preview()


def import_book(
    edition: Edition,
    book: Book,
    *,
    actor: Actor,
    now: datetime,
    choices: Choices = USUAL,
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
    return fingerprint_of(queries.list_versions(edition_id))


class _Import(Comparison):
    """One file on its way into one edition."""

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
                name=said.names or {names_in(self.book): name},
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
            track = next((t for t in self.world.tracks if is_called(t.name, name)), None)
            if track is None:
                code = _free((slug(name) or "track")[:_LONGEST_CODE].strip("-"), codes)
                codes.add(code)
                track = Track(
                    edition_id=self.edition.id,
                    code=code,
                    name=self.book.tracks.get(name) or {names_in(self.book): name},
                    position=len(self.world.tracks),
                )
                self.world.tracks.append(track)
                db.session.add(track)
            found[name] = track
        db.session.flush()
        return found

    def _rooms_of(self, wanted: Wanted) -> list[Room]:
        return [self.world.rooms[place.room] for place in wanted.said.places if place.room is not None]

    def _let_go(self, acting: Sequence[Wanted], *, now: datetime) -> None:
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
                if not wanted.said.whole and times_of(placement) != times_of(place):
                    assert wanted.session is not None
                    for other in receiving(wanted.session):
                        self.resting[id(other)] = other.room_id, other.room_shared
                        other.room_id = other.room_shared = other.override = None
                if (placement.starts_at, placement.ends_at, placement.room_id) != (
                    place.starts_at,
                    place.ends_at,
                    room.id if room else None,
                ):
                    placement.room_id = placement.room_shared = placement.override = None
        db.session.flush()

    def _leave_to_the_living(self, wanted: Wanted) -> None:
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

    def _new_session(self, wanted: Wanted, taken: set[str], *, now: datetime) -> Session:
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

    def _place(self, session: Session, wanted: Wanted) -> None:
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
        for placement in receiving(session):
            placement.room_id, placement.room_shared = self.resting[id(placement)]
            placement.starts_at += by
            placement.ends_at = max(placement.ends_at + by + longer, placement.starts_at + _SHORTEST)

    def _give_parts(self, session: Session, wanted: Wanted, people: dict[str, Person]) -> None:
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

    def _override(self, acting: Sequence[Wanted], *, actor: Actor, now: datetime) -> None:
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

    def _note(self, acting: Sequence[Wanted], preview: Preview, *, actor: Actor, now: datetime) -> None:
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


def _free(wanted: str, taken: set[str] | frozenset[str]) -> str:
    number, code = 1, wanted
    while code in taken:
        number += 1
        code = f"{wanted}-{number}"
    return code
