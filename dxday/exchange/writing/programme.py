"""The published programme as both formats see it: days, rooms, and one event for each site of a session.

These formats put an event into one room at one time.  A joined session is therefore one event at each site, with a
guid of its own; and every event bears a mark that says of which session it is and what else the format has no words
for, so that our own reader puts them together again.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from dxday.core.i18n import DEFAULT_LOCALE, Translations, pick
from dxday.core.vietnamese import slug
from dxday.editions.models import Edition
from dxday.exchange import rules, shown
from dxday.programme.models import PublishedPart, PublishedPlacement, PublishedSession, Release, Track
from dxday.programme.rules import GIVEN_PARTS, PartKind, PlacementRole
from dxday.sites.models import Site
from dxday.sites.rules import SiteKind

_MORNING = timedelta(hours=4)
"""Until then what begins after midnight is listed under the day before."""

_LONGEST_SLUG = 60
_SLUG = re.compile(r"[a-z0-9_]{4,}-[a-z0-9\-_]{3,}[a-z0-9]")
_KIND_ORDER = {kind: number for number, kind in enumerate((*GIVEN_PARTS, PartKind.PRESIDING_OFFICER))}

ON_ITS_OWN = frozenset({"columns"})
"""What was imported and is given to nobody: columns of a table that its writer may have meant for themselves."""

Mark = dict[str, Any]


@dataclass(frozen=True)
class Human:
    """Somebody who has a part."""

    id: int
    guid: UUID
    name: str


@dataclass(frozen=True)
class Event:
    """A session at one of its sites."""

    guid: UUID
    id: int
    slug: str
    day: date
    room: str
    starts_at: datetime
    """On the clock of the edition."""
    ends_at: datetime
    texts: dict[str, str]
    language: str
    kind: str
    track: str
    people: tuple[Human, ...]
    url: str
    imported: dict[str, Any]
    mark: Mark


@dataclass(frozen=True)
class Programme:
    """What is written."""

    title: str
    acronym: str
    version: str
    zone: str
    days: tuple[date, ...]
    rooms: tuple[tuple[str, UUID, int], ...]
    """Name, guid and capacity of each room that is used, in the order of the sites."""
    tracks: tuple[tuple[str, str], ...]
    """Name and slug."""
    events: tuple[Event, ...]
    base_url: str
    url: str
    mark: Mark

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """Return from when to when a day goes: over all that is in it, or from midnight to midnight."""
        here = [event for event in self.events if event.day == day]
        zone = ZoneInfo(self.zone)
        if not here:
            return datetime.combine(day, time(), zone), datetime.combine(
                day + timedelta(days=1), time(), zone
            )
        return min(event.starts_at for event in here), max(event.ends_at for event in here)

    def by_room(self, day: date) -> list[tuple[str, UUID | None, list[Event]]]:
        """Return the events of a day by room, by time."""
        found: dict[str, list[Event]] = {}
        for event in self.events:
            if event.day == day:
                found.setdefault(event.room, []).append(event)
        guids = {name: guid for name, guid, _ in self.rooms}
        order = {name: number for number, name in enumerate(guids)}
        return [
            (name, guids.get(name), sorted(events, key=lambda event: (event.starts_at, event.id)))
            for name, events in sorted(
                found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])
            )
        ]


def gather(
    edition: Edition,
    sessions: Sequence[PublishedSession],
    sites: Sequence[Site],
    tracks: Sequence[Track],
    *,
    release: Release | None,
    people_ids: dict[int, int],
    base_url: str,
    url: str,
    url_of: Callable[[PublishedSession], str],
) -> Programme:
    """Return the programme as it is written; `people_ids` are the numbers that people had in files read before."""
    room_names = shown.room_names(sites)
    by_id = {site.id: site for site in sites}
    ids: set[int] = set()
    slugs: set[str] = set()
    acronym = acronym_of(edition.code)
    numbers = _numbers(sessions, people_ids)
    events: list[Event] = []
    for session in sessions:
        live = sorted(
            (p for p in session.placements if p.cancelled_at is None),
            key=lambda p: (p.role is not PlacementRole.ORIGIN, p.id),
        )
        seen: set[int] = set()
        for first, placement in enumerate(live):
            guid = _event_guid(session, placement, first == 0, placement.site_id in seen, by_id)
            seen.add(placement.site_id)
            events.append(
                _event(
                    edition,
                    session,
                    placement,
                    guid=guid,
                    bears_all=first == 0,
                    sites=by_id,
                    room_names=room_names,
                    numbers=numbers,
                    ids=ids,
                    slugs=slugs,
                    acronym=acronym,
                    url=url_of(session),
                )
            )
    used = {event.room for event in events}
    days = tuple(
        edition.starts_on + timedelta(days=number)
        for number in range((edition.ends_on - edition.starts_on).days + 1)
    )
    used_tracks = [track for track in tracks if _line(track.name)]
    return Programme(
        title=_line(edition.name) or edition.code,
        acronym=acronym,
        version=f"{release.number} {rules.tidy_line(release.name)}".strip() if release else "0",
        zone=edition.time_zone,
        days=days,
        rooms=tuple(
            (
                room_names[room.id],
                uuid5(rules.NAMESPACE, f"room/{edition.code}/{site.code}/{room.code}"),
                room.capacity,
            )
            for site in sites
            for room in site.rooms
            if room_names[room.id] in used
        ),
        tracks=tuple((_line(track.name), slug(track.code) or f"track-{track.id}") for track in used_tracks),
        events=tuple(events),
        base_url=base_url,
        url=url,
        mark=_edition_mark(edition, sites, used_tracks),
    )


def acronym_of(code: str) -> str:
    """Return an edition's code as both schemas want an acronym: four or more of a–z, 0–9 and _."""
    acronym = re.sub(r"[^a-z0-9]", "_", code)
    return acronym if len(acronym) >= 4 else f"dxday_{acronym}"


def _event_guid(
    session: PublishedSession,
    placement: PublishedPlacement,
    bears_all: bool,
    again: bool,
    sites: dict[int, Site],
) -> UUID:
    """Return the guid of a session at a site: its own where it is held, derived from it (UUIDv5) elsewhere."""
    if bears_all:
        return session.guid
    site = sites[placement.site_id]
    room = next((room.code for room in site.rooms if room.id == placement.room_id), "")
    return uuid5(session.guid, f"{site.code}/{room}" if again else site.code)


def _event(
    edition: Edition,
    session: PublishedSession,
    placement: PublishedPlacement,
    *,
    guid: UUID,
    bears_all: bool,
    sites: dict[int, Site],
    room_names: dict[int, str],
    numbers: dict[int, int],
    ids: set[int],
    slugs: set[str],
    acronym: str,
    url: str,
) -> Event:
    zone = ZoneInfo(edition.time_zone)
    starts_at, ends_at = placement.starts_at.astimezone(zone), placement.ends_at.astimezone(zone)
    imported = {k: v for k, v in (session.imported or {}).items() if k not in ON_ITS_OWN}
    texts = {
        "title": _line(session.title) or session.code,
        "subtitle": _line(session.subtitle),
        "abstract": _block(session.abstract),
        "description": _block(session.description),
    }
    language = imported.get("language")
    if not isinstance(language, str) or rules.language_of(language) != session.language:
        language = session.language
    kind = imported.get("type")
    if not isinstance(kind, str) or rules.kind_of(kind) != session.kind:
        kind = session.kind.value
    parts = _parts(session.parts, placement.site_id)
    site = sites[placement.site_id]
    room = next((room for room in site.rooms if room.id == placement.room_id), None)
    wanted = str(imported.get("id", "")) if bears_all else ""
    number = rules.unused(int(wanted) if wanted.isdigit() and len(wanted) < 10 else None, placement.id, ids)
    mark: Mark = {
        "session": str(session.guid),
        "site": site.code,
        "room": room.code if room else None,
        "role": placement.role.value,
        "mode": placement.mode.value,
        "parts": [part.kind.value + (":remote" if part.remote else "") for part in parts],
    }
    if placement.interpretation:
        mark["interpretation"] = rules.tidy_line(placement.interpretation)
    if local := rules.tidy_texts(placement.local_part):
        mark["local_part"] = local
    if bears_all:
        mark |= _whole_mark(session, texts, language)
    return Event(
        guid=guid,
        id=number,
        slug=_slug(imported.get("slug") if bears_all else None, acronym, number, session.code, slugs),
        day=_day_of(starts_at, edition),
        room=room_names[room.id] if room else shown.site_name(site),
        starts_at=starts_at,
        ends_at=ends_at,
        texts=texts,
        language=language,
        kind=rules.tidy_line(kind),
        track=_line(session.track.name) if session.track else "",
        people=tuple(
            Human(numbers[part.person_id], part.person.guid, rules.tidy_line(part.person.full_name))
            for part in parts
        ),
        url=url,
        imported=imported,
        mark=mark,
    )


def _whole_mark(session: PublishedSession, texts: dict[str, str], language: str) -> Mark:
    """Return what only one event of a session says: where it is held, else the first."""
    mark: Mark = {"whole": True, "code": session.code}
    if session.main:
        mark["main"] = True
    code = rules.text_language(language)
    translated = {}
    for name, text in texts.items():
        ours = rules.tidy_texts(getattr(session, name))
        if ours != ({code: text} if text else {}):
            translated[name] = ours
    if translated:
        mark["texts"] = translated
    return mark


def _parts(parts: Iterable[PublishedPart], site_id: int) -> list[PublishedPart]:
    """Return who has a part at a site, in order: officers of other sites have none there."""
    return sorted(
        (
            part
            for part in parts
            if (part.kind is not PartKind.PRESIDING_OFFICER or part.site_id == site_id)
            and rules.tidy_line(part.person.full_name)
        ),
        key=lambda part: (_KIND_ORDER[part.kind], part.position, part.id),
    )


def _day_of(starts_at: datetime, edition: Edition) -> date:
    day = (starts_at - _MORNING).date()
    return min(max(day, edition.starts_on), edition.ends_on)


def _slug(wanted: object, acronym: str, number: int, code: str, slugs: set[str]) -> str:
    """Return a slug that the schemas take and nobody has: that of the file that was read, or one of our own."""
    found = str(wanted) if isinstance(wanted, str) and _SLUG.fullmatch(wanted) and wanted not in slugs else ""
    if not found:
        words = re.sub(r"[^a-z0-9-]", "", code)[:_LONGEST_SLUG].strip("-") or "session"
        found = f"{acronym}-{number}-{words}"
    while found in slugs:  # only a slug from elsewhere can be like ours
        found += f"-{number}"
    slugs.add(found)
    return found


def _numbers(sessions: Iterable[PublishedSession], wanted: dict[int, int]) -> dict[int, int]:
    """Return a number for each person, no two alike: that of the file in which they came, else their own."""
    people = sorted({part.person_id for session in sessions for part in session.parts})
    taken: set[int] = set()
    first = [person_id for person_id in people if person_id in wanted]
    rest = [person_id for person_id in people if person_id not in wanted]
    return {person_id: rules.unused(wanted.get(person_id), person_id, taken) for person_id in (*first, *rest)}


def _edition_mark(edition: Edition, sites: Iterable[Site], tracks: Iterable[Track]) -> Mark:
    return {
        "edition": {
            "code": edition.code,
            "name": rules.tidy_texts(edition.name),
            "host": {"code": edition.host.code, "name": rules.tidy_texts(edition.host.name)},
        },
        "sites": [
            {
                "code": site.code,
                "name": rules.tidy_texts(site.name),
                "main": site.kind is SiteKind.MAIN,
                "rooms": [
                    {
                        "code": room.code,
                        "name": rules.tidy_texts(room.name),
                        "capacity": room.capacity,
                        "shared": room.shared,
                    }
                    for room in site.rooms
                ],
            }
            for site in sites
        ],
        "tracks": [{"shown": _line(track.name), "name": rules.tidy_texts(track.name)} for track in tracks],
    }


def _line(texts: Translations | None) -> str:
    return rules.tidy_line(_block(texts))


def _block(texts: Translations | None) -> str:
    return pick(rules.tidy_texts(texts), DEFAULT_LOCALE)
