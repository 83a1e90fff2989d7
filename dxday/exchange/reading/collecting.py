"""What the readers of all formats share: times, persons, and collecting sessions into a book."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dxday.core.i18n import DEFAULT_LOCALE, language_of, lazy_gettext, pick
from dxday.exchange import rules
from dxday.exchange.rules import Book, BookPart, BookPerson, BookPlace, BookRoom, BookSession, RowRefused
from dxday.programme.rules import Mode, PartKind, PlacementRole

Fields = Mapping[str, Any]

_USUAL_ZONES = (
    "Asia/Ho_Chi_Minh UTC Europe/Berlin Europe/London Europe/Athens Asia/Kolkata Asia/Tokyo Asia/Shanghai "
    "America/New_York America/Chicago America/Denver America/Los_Angeles America/Sao_Paulo Australia/Sydney"
).split()

_YEARS = range(1900, 3000)
"""Others may lead out of what a calendar holds."""

_MOST_SEATS = 10**6
_DEEPEST = 50


@dataclass(frozen=True)
class Context:
    """What a file cannot say itself."""

    zone: ZoneInfo
    """The zone of times that name none."""
    scope: str
    """What goes into derived guids: the code of the edition."""


@dataclass(frozen=True)
class Day:
    """A day of a file with the moments between which its sessions begin; a day may run past midnight."""

    date: date
    starts_at: datetime
    ends_at: datetime


def find_zone(name: str) -> ZoneInfo:
    """Return the time zone of this name.  Raises ZoneUnknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise rules.ZoneUnknown(zone=name[:60]) from error


def read_date(text: str) -> date:
    """Return the day of "2026-10-10".  Raises RowRefused."""
    try:
        return check_day(date.fromisoformat(text.strip()[:10]))
    except ValueError:
        raise RowRefused(
            lazy_gettext("“%(text)s” is no day; write it as 2026-10-10.", text=text[:40])
        ) from None


def check_day(day: date) -> date:
    """Return a day of an edition that may be, or raise ValueError."""
    if day.year not in _YEARS:
        raise ValueError(f"no year of an edition: {day}")
    return day


def read_seats(value: object) -> int | None:
    """Return how many a room holds; None for what is no such number."""
    return int(value) if isinstance(value, int | float) and 0 <= value < _MOST_SEATS else None


def parse(text: str | bytes) -> Any:
    """Return the values of JSON.  Raises ValueError, also for numbers that JSON does not have, and RecursionError."""
    return json.loads(text, parse_constant=_no_number, parse_float=_finite)


def _no_number(text: str) -> float:
    raise ValueError(f"{text[:40]} is no number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def tidied(value: Any, *, depth: int = 0) -> Any:
    """Return a JSON value with every text in it tidied: no database takes a NUL.  Raises RowRefused when too deep."""
    if depth > _DEEPEST:
        raise RowRefused(lazy_gettext("elements lie too deep in each other"))
    if isinstance(value, str):
        return rules.tidy(value)
    if isinstance(value, list):
        return [tidied(each, depth=depth + 1) for each in value]
    if isinstance(value, dict):
        return {rules.tidy_line(key): tidied(each, depth=depth + 1) for key, each in value.items()}
    return value


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """Return the moment of "2026-10-10T09:30:00+07:00", in `zone` when it names none.  Raises RowRefused."""
    written = text.strip()
    if written[11:13] == "24":
        raise RowRefused(lazy_gettext("There is no 24:00: write 00:00 of the next day."))
    try:
        moment = datetime.fromisoformat(written)
        check_day(moment.date())
        if moment.utcoffset() is None:
            moment = moment.replace(tzinfo=zone)
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RowRefused(lazy_gettext("“%(text)s” is no day and time.", text=text[:40])) from None
    return moment


def read_day(written: str, start: str, end: str, zone: ZoneInfo, *, change: timedelta | None) -> Day:
    """Return a day; without bounds it runs from midnight to the `change` of the next day.  Raises RowRefused."""
    on = read_date(written or start)
    begins = read_moment(start, zone) if start else datetime.combine(on, time(), tzinfo=zone)
    if end:
        ends = read_moment(end, zone)
    else:
        ends = datetime.combine(on + timedelta(days=1), time(), tzinfo=zone) + (change or timedelta(hours=6))
    return Day(on, begins, ends)


def check_in_day(starts_at: datetime, day: Day) -> None:
    """Raise RowRefused for a session that begins outside of its day."""
    if not day.starts_at <= starts_at <= day.ends_at:
        raise RowRefused(
            lazy_gettext(
                "It begins at %(start)s, outside of its day, which runs from %(first)s to %(last)s.",
                start=f"{starts_at:%Y-%m-%d %H:%M}",
                first=f"{day.starts_at:%Y-%m-%d %H:%M}",
                last=f"{day.ends_at:%Y-%m-%d %H:%M}",
            )
        )


def read_person(fields: Fields, book: Book) -> BookPerson | None:
    """Return a person by guid, code, id or name, whichever comes first; None for somebody without a name."""
    name = rules.tidy_line(fields.get("name") or "")
    written = rules.tidy_line(fields.get("guid") or "")
    guid = rules.read_guid(written) if written else None
    if not name:
        return None
    for word in ("guid", "code", "id", "name"):
        value = rules.tidy_line(fields.get(word) if fields.get(word) is not None else "")
        if value:
            key = f"{word}:{value.lower() if word == 'guid' else value}"
            break
    book.named_persons.add(key)
    return book.persons.setdefault(key, BookPerson(key, name, guid))


def read_parts(people: Iterable[Fields], book: Book) -> tuple[BookPart, ...]:
    """Return the parts of people of whom is only said that they have one, each once."""
    keys = [person.key for each in people if (person := read_person(each, book)) is not None]
    return tuple(BookPart(key) for key in dict.fromkeys(keys))


def name_room(name: str, book: Book, *, capacity: int | None = None) -> tuple[None, str]:
    """Return the key of a room that a session names, and take note of it.  Raises RowRefused for no name."""
    if not name:
        raise RowRefused(lazy_gettext("It names no room."))
    room = BookRoom(name=name, capacity=capacity)
    book.rooms.setdefault(room.key, room)
    return None, name


def without_empty(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what says something."""
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}


# Marks of our own files ----------------------------------------------------------------------------------------------


def read_own(mark: Fields, book: Book) -> None:
    """Take what a file of our own says of its edition: sites, rooms, tracks."""
    book.own = dict(mark)
    if book.zone is None and isinstance(mark.get("zone"), str):
        book.zone = find_zone(str(mark["zone"])).key
    for site in _list(mark, "sites"):
        code = str(site.get("code", ""))
        name = _names(site.get("name"))
        book.sites.append(rules.BookSite(code, name or {"en": code}, site.get("main") is True))
        for each in _list(site, "rooms"):
            names = _names(each.get("name"))
            room = BookRoom(
                name=next(iter(names.values()), str(each.get("code", ""))),
                site=code,
                code=str(each.get("code", "")),
                names=names,
                capacity=read_seats(each.get("capacity")),
                shared=each.get("shared") is True,
            )
            book.rooms[room.key] = room
    for track in _list(mark, "tracks"):
        names = _names(track.get("name"))
        if names:
            book.tracks[rules.tidy_line(track.get("shown"))] = names


@dataclass(frozen=True)
class OwnEvent:
    """One event of a file of our own: a session at one of its sites."""

    row: int
    event_guid: UUID
    mark: Fields
    texts: dict[str, str]
    language: str
    kind: str
    track: str
    people: tuple[BookPerson, ...]
    starts_at: datetime
    ends_at: datetime
    imported: dict[str, Any]


def join_own(events: Iterable[OwnEvent], book: Book) -> None:
    """Put the events of each session, one for each site, together as the one session that they are.

    A session of which the event of the origin is missing or any event has an error is left out as a whole.
    """
    by_session: dict[UUID, list[OwnEvent]] = {}
    for event in events:
        by_session.setdefault(UUID(str(event.mark["session"])), []).append(event)
    for guid, parts in by_session.items():
        row = parts[0].row
        if guid in book.unreadable:
            continue
        try:
            book.sessions.append(_joined(guid, parts, book))
        except RowRefused as refused:
            book.refuse(row, refused.message, guid)


def own_guid(mark: Fields | None) -> UUID | None:
    """Return the guid of the session that a mark of ours names, or None for an event that bears none."""
    if not mark or not isinstance(mark.get("session"), str):
        return None
    return rules.read_guid(str(mark["session"]))


def _joined(guid: UUID, events: list[OwnEvent], book: Book) -> BookSession:
    origins = [event for event in events if event.mark.get("whole") is True]
    if len(origins) != 1:
        raise RowRefused(
            lazy_gettext(
                "The session is spread over several events, and not one of them is marked as that of its origin."
            )
        )
    origin = origins[0]
    places = tuple(_own_place(event, book) for event in (origin, *(e for e in events if e is not origin)))
    if sum(place.role is PlacementRole.ORIGIN for place in places) > 1:
        raise RowRefused(lazy_gettext("It is held at more than one site; a session has one origin."))
    if len({(place.site, place.room) for place in places}) < len(places):
        raise RowRefused(lazy_gettext("It stands twice in the same room."))
    parts = [
        BookPart(person.key, PartKind(kind), None, remote=remote)
        for person, kind, remote in _kinds(origin)
        if kind != PartKind.PRESIDING_OFFICER
    ]
    parts += [
        BookPart(person.key, PartKind.PRESIDING_OFFICER, str(event.mark["site"]), remote=remote)
        for event in events
        for person, kind, remote in _kinds(event)
        if kind == PartKind.PRESIDING_OFFICER
    ]
    translated = origin.mark.get("texts")
    translated = translated if isinstance(translated, dict) else {}
    texts = {name: _own_texts(origin, name, _texts(translated.get(name))) for name in origin.texts}
    kept = origin.mark.get("imported")
    shown = {name: value for name, value in origin.imported.items() if name != "url"}  # that of our own page
    return BookSession(
        row=origin.row,
        guid=guid,
        texts=texts,
        whole=True,
        places=places,
        language=origin.language,
        kind=origin.kind,
        track=origin.track,
        parts=tuple(dict.fromkeys(parts)),
        code=str(origin.mark["code"]) if origin.mark.get("code") else None,
        main=origin.mark.get("main") is True,
        imported={**shown, **(kept if isinstance(kept, dict) else {})},
    )


def _own_texts(event: OwnEvent, name: str, translated: dict[str, str]) -> dict[str, str]:
    """Return every language of a text; what was changed in the text itself counts more than what the mark says."""
    shown = event.texts[name]
    code = rules.text_language(event.language)
    texts = rules.tidy_texts(translated)
    if not texts:
        return {code: shown} if shown else {}
    flat = rules.tidy_line if name in ("title", "subtitle") else rules.tidy
    if flat(pick(texts, DEFAULT_LOCALE)) != shown:
        texts[language_of(texts, DEFAULT_LOCALE)] = shown
    return {key: text for key, text in texts.items() if text}


def _own_place(event: OwnEvent, book: Book) -> BookPlace:
    site, room = str(event.mark.get("site", "")), event.mark.get("room")
    key = (site, str(room)) if room is not None else None
    if not any(known.code == site for known in book.sites) or (key is not None and key not in book.rooms):
        raise RowRefused(lazy_gettext("It names a site or a room that the file does not list."))
    try:
        mode = Mode(str(event.mark.get("mode", Mode.ON_SITE)))
    except ValueError:
        raise RowRefused(lazy_gettext("It is held in a way that is not known here.")) from None
    role = PlacementRole.ORIGIN if event.mark.get("role") == PlacementRole.ORIGIN else PlacementRole.RECEIVING
    return BookPlace(
        site=site,
        room=key,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        role=role,
        mode=mode,
        interpretation=str(event.mark["interpretation"]) if event.mark.get("interpretation") else None,
        local_part=rules.tidy_texts(_texts(event.mark.get("local_part"))) or None,
    )


def _kinds(event: OwnEvent) -> list[tuple[BookPerson, str, bool]]:
    """Return the people of an event with their parts; whoever the mark does not know is a speaker."""
    written = event.mark.get("parts")
    parts = [str(part) for part in written] if isinstance(written, list) else []
    known = {kind.value for kind in PartKind}
    found = []
    for number, person in enumerate(event.people):
        kind, _, how = parts[number].partition(":") if number < len(parts) else (PartKind.SPEAKER, "", "")
        found.append((person, kind if kind in known else PartKind.SPEAKER.value, how == "remote"))
    return found


def _list(fields: Fields, name: str) -> list[Fields]:
    found = fields.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _names(value: object) -> dict[str, str]:
    """Return a name in every language, each on one line."""
    return {code: rules.tidy_line(text) for code, text in rules.tidy_texts(_texts(value)).items()}


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(code): str(text) for code, text in value.items() if isinstance(text, str)}


# Collecting ----------------------------------------------------------------------------------------------------------


def count_row(book: Book) -> None:
    """Count one more session of the file.  Raises TooManyRows."""
    book.entries += 1
    if book.entries > rules.MOST_ROWS:
        raise rules.TooManyRows(most=rules.MOST_ROWS)


def take(
    book: Book, row: int, read: Callable[[], BookSession | None], guid: Callable[[], UUID | None]
) -> None:
    """Read one session into the book, or leave it out and say why; `guid` tells whose it is even then."""
    count_row(book)
    try:
        session = read()
    except RowRefused as refused:
        try:
            known = guid()
        except RowRefused:
            known = None
        book.refuse(row, refused.message, known)
    else:
        if session is not None:
            book.sessions.append(session)


def settle(book: Book, context: Context) -> Book:
    """Find what only the whole file shows: guids that stand twice, and times of another zone."""
    _refuse_doubles(book)
    _refuse_other_zones(book, context.zone)
    book.days = sorted(set(book.days))
    return book


def _refuse_doubles(book: Book) -> None:
    seen: dict[UUID, int] = {}
    kept = []
    for session in book.sessions:
        if session.guid in seen:
            book.errors.append(
                rules.RowError(
                    session.row,
                    lazy_gettext(
                        "Its guid %(guid)s stands in row %(row)s already.",
                        guid=session.guid,
                        row=seen[session.guid],
                    ),
                )
            )
            continue
        seen[session.guid] = session.row
        kept.append(session)
    book.sessions = kept


def _refuse_other_zones(book: Book, zone: ZoneInfo) -> None:
    """Leave out what has another distance from UTC than the zone of the file, or else than most of the file.

    Times that named no zone have a whole one, so they cannot disagree; nor does what agrees with the edition's `zone`.
    """
    named = find_zone(book.zone) if book.zone is not None else None
    written = [
        s.origin.starts_at for s in book.sessions if not isinstance(s.origin.starts_at.tzinfo, ZoneInfo)
    ]
    counted = Counter(moment.utcoffset() for moment in written)
    usual = counted.most_common(1)[0][0] if counted else None

    def agrees(moment: datetime) -> bool:
        if isinstance(moment.tzinfo, ZoneInfo):
            return True
        if named is not None:
            return moment.utcoffset() == moment.astimezone(named).utcoffset()
        return moment.utcoffset() in (usual, moment.astimezone(zone).utcoffset())

    kept = []
    for session in book.sessions:
        moment = session.origin.starts_at
        if agrees(moment):
            kept.append(session)
            continue
        book.refuse(
            session.row,
            lazy_gettext(
                "Its time %(time)s is of another time zone than the rest of the file.",
                time=moment.isoformat(timespec="minutes"),
            ),
            session.guid,
        )
    book.sessions = kept


def guess_zone(book: Book) -> str | None:
    """Return the first of the usual zones in which all times have the distance from UTC with which they are written.

    None when they are written without one.
    """
    moments = [place.starts_at for session in book.sessions for place in session.places]
    if not moments or any(isinstance(moment.tzinfo, ZoneInfo) for moment in moments):
        return None
    for name in _USUAL_ZONES:
        zone = ZoneInfo(name)
        if all(moment.utcoffset() == moment.astimezone(zone).utcoffset() for moment in moments):
            return name
    hours, rest = divmod(moments[0].utcoffset() or timedelta(0), timedelta(hours=1))
    return None if rest else f"Etc/GMT{-hours:+d}"
