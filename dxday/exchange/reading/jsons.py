"""Schedules in JSON: version 1 as the Chaos Communication Congress writes it, and what pages of pretalx are made of."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from dxday.core.i18n import lazy_gettext, pick
from dxday.exchange import rules
from dxday.exchange.reading import collecting
from dxday.exchange.reading.collecting import Context, Day, Fields, OwnEvent
from dxday.exchange.rules import Book, BookPlace, BookRoom, BookSession, RowRefused

MARK = "dxday"
"""The member of `schedule` in which our files say what the format has no words for."""

_READ = frozenset(
    "guid code id logo date start end duration room slug url title subtitle track type language abstract description "
    "recording_license do_not_record do_not_stream persons links feedback_url origin_url attachments".split()
)


def read_json(data: bytes, context: Context) -> Book:
    """Return the programme of a JSON file.  Raises FileBroken, NotASchedule, TooManyRows."""
    try:
        found = collecting.parse(data)
    except json.JSONDecodeError as error:
        raise rules.FileBroken(line=error.lineno, reason=error.msg) from error
    except RecursionError as error:
        raise rules.FileBroken(line=1, reason=lazy_gettext("elements lie too deep in each other")) from error
    except ValueError as error:
        raise rules.FileBroken(line=1, reason=str(error)[:100]) from error
    if not isinstance(found, dict):
        raise rules.NotASchedule(missing="“schedule”")
    schedule = found.get("schedule")
    if isinstance(schedule, dict) and isinstance(schedule.get("conference"), dict):
        return _Version1(schedule, context).read()
    if any(True for _ in _days_of_slots(found)):
        return _Slots(found, context).read()
    raise rules.NotASchedule(missing="“schedule”")


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _said(value: object) -> str:
    """Return a value as text; a translated one in the language that comes first."""
    if isinstance(value, dict):
        return pick({str(k): str(v) for k, v in value.items() if isinstance(v, str)}, "en")
    return "" if value is None or isinstance(value, list) else str(value)


def _line(value: object) -> str:
    return rules.tidy_line(_said(value))


class _Version1:
    """Schedule JSON v1, with `schedule.conference.days`."""

    def __init__(self, schedule: dict[str, Any], context: Context) -> None:
        self.schedule, self.conference, self.context = schedule, schedule["conference"], context
        self.book = Book("json")
        self.zone = context.zone
        self.row = 0
        self.declared: frozenset[str] = frozenset()
        self.marks: Mapping[str, Any] = {}
        self.own: list[OwnEvent] = []
        self.guids: dict[UUID, int] = {}

    def read(self) -> Book:
        book, conference = self.book, self.conference
        if not isinstance(conference.get("days"), list):
            raise rules.NotASchedule(missing="“days”")
        book.title, book.acronym = _line(conference.get("title")), _line(conference.get("acronym"))
        if zone := _line(conference.get("time_zone_name")):
            book.zone, self.zone = zone, collecting.find_zone(zone)
        self._read_rooms()
        try:
            mark = collecting.tidied(self.schedule.get(MARK))
        except RowRefused as refused:
            raise rules.FileBroken(line=1, reason=refused.message) from refused
        if isinstance(mark, dict):
            collecting.read_own(mark, book)
            self.zone = collecting.find_zone(book.zone) if book.zone else self.zone
            self.marks = mark["events"] if isinstance(mark.get("events"), dict) else {}
        for day in _dicts(conference["days"]):
            self._read_day(day)
        collecting.join_own(self.own, book)
        return collecting.settle(book, self.context)

    def _read_rooms(self) -> None:
        names = []
        for room in _dicts(self.conference.get("rooms")):
            name, capacity = _line(room.get("name")), room.get("capacity")
            if name:
                names.append(name)
                self.book.rooms[None, name] = BookRoom(name=name, capacity=collecting.read_seats(capacity))
        self.declared = frozenset(names)

    def _read_day(self, fields: Fields) -> None:
        day: Day | None = None
        problem = RowRefused(lazy_gettext("It stands under no day."))
        try:
            day = collecting.read_day(
                _line(fields.get("date")),
                _line(fields.get("day_start")),
                _line(fields.get("day_end")),
                self.zone,
                change=None,
            )
            self.book.days.append(day.date)
        except RowRefused as refused:
            problem = refused
        rooms = fields.get("rooms")
        for name, events in (rooms if isinstance(rooms, dict) else {}).items():
            room = rules.tidy_line(name)
            for event in events if isinstance(events, list) else []:
                self.row += 1
                self._read_event(event if isinstance(event, dict) else {}, room, day, problem)

    def _read_event(self, event: Fields, room: str, day: Day | None, problem: RowRefused) -> None:
        if room:
            self.book.named_rooms.add(room)
        row = self.row
        mark = self.marks.get(_line(event.get("guid")))
        mark = mark if isinstance(mark, dict) else None

        def read() -> BookSession | None:
            if day is None:
                raise problem
            if collecting.own_guid(mark) is not None:
                assert mark is not None
                self.own.append(self._own_event(event, room, day, row, mark))
                return None
            return self._session(event, room, day, row)

        collecting.take(self.book, row, read, lambda: collecting.own_guid(mark) or self._guid(event))

    def _guid(self, event: Fields) -> UUID | None:
        guid = rules.read_guid(_line(event.get("guid")))
        if guid is not None:
            return guid
        for word in ("code", "id", "slug", "title"):
            if value := _line(event.get(word)):
                return rules.derive_guid(self.context.scope, word, value)
        return None

    def _session(self, event: Fields, room: str, day: Day, row: int) -> BookSession:
        name = self._room_name(event, room)
        starts_at, ends_at = self._times(event, day)
        language = _line(event.get("language"))
        code = rules.text_language(language)
        texts, guid = self._texts(event), self._guid(event)
        if not texts["title"] or guid is None:
            raise RowRefused(lazy_gettext("It has no title."))
        return BookSession(
            row=row,
            guid=guid,
            texts={field: {code: text} for field, text in texts.items()},
            places=(BookPlace(None, collecting.name_room(name, self.book), starts_at, ends_at),),
            language=language,
            kind=_line(event.get("type")),
            track=_line(event.get("track")),
            parts=collecting.read_parts(self._people(event), self.book),
            imported={
                **collecting.without_empty({word: _line(event.get(word)) for word in ("id", "code", "slug")}),
                **self._kept(event),
            },
        )

    def _own_event(self, event: Fields, room: str, day: Day, row: int, mark: Fields) -> OwnEvent:
        guid = rules.read_guid(_line(event.get("guid")))
        assert guid is not None  # its mark was found by it
        if guid in self.guids:
            raise RowRefused(
                lazy_gettext(
                    "Its guid %(guid)s stands in row %(row)s already.", guid=guid, row=self.guids[guid]
                )
            )
        self.guids[guid] = row
        starts_at, ends_at = self._times(event, day)
        texts = self._texts(event)
        if not texts["title"]:
            raise RowRefused(lazy_gettext("It has no title."))
        people = [collecting.read_person(person, self.book) for person in self._people(event)]
        return OwnEvent(
            row=row,
            event_guid=guid,
            mark=mark,
            texts=texts,
            language=_line(event.get("language")),
            kind=_line(event.get("type")),
            track=_line(event.get("track")),
            people=tuple(person for person in people if person is not None),
            starts_at=starts_at,
            ends_at=ends_at,
            imported=self._kept(event),
        )

    def _room_name(self, event: Fields, outside: str) -> str:
        inside = _line(event.get("room"))
        if outside and inside and outside != inside:
            raise RowRefused(
                lazy_gettext(
                    "It stands under the room “%(outside)s” and says that it is in “%(inside)s”.",
                    outside=outside,
                    inside=inside,
                )
            )
        name = outside or inside
        if self.declared and name not in self.declared:
            raise RowRefused(
                lazy_gettext("The file lists its rooms, and “%(room)s” is not among them.", room=name)
            )
        return name

    def _times(self, event: Fields, day: Day) -> tuple[datetime, datetime]:
        written, clock = _line(event.get("date")), _line(event.get("start"))
        since_midnight = rules.read_clock(clock) if clock else None
        if len(written) > 10:
            starts_at = collecting.read_moment(written, self.zone)
        elif since_midnight is None:
            raise RowRefused(lazy_gettext("It has no time."))
        else:
            on = collecting.read_date(written) if written else day.date
            starts_at = datetime(on.year, on.month, on.day, tzinfo=day.starts_at.tzinfo) + since_midnight
            if starts_at < day.starts_at and not written:
                starts_at += timedelta(days=1)
        collecting.check_in_day(starts_at, day)
        if length := _line(event.get("duration")):
            return starts_at, starts_at + rules.read_length(length)
        return starts_at, _end(starts_at, _line(event.get("end")), collecting.read_moment, self.zone)

    @staticmethod
    def _texts(event: Fields) -> dict[str, str]:
        return {
            "title": _line(event.get("title")),
            "subtitle": _line(event.get("subtitle")),
            "abstract": rules.tidy(_said(event.get("abstract"))),
            "description": rules.tidy(_said(event.get("description"))),
        }

    @staticmethod
    def _people(event: Fields) -> list[dict[str, str]]:
        return [
            {
                **{word: _line(person.get(word)) for word in ("guid", "code", "id")},
                "name": next(
                    (
                        name
                        for word in ("public_name", "name", "full_public_name")
                        if (name := _line(person.get(word)))
                    ),
                    "",
                ),
            }
            for person in _dicts(event.get("persons"))
        ]

    @staticmethod
    def _kept(event: Fields) -> dict[str, Any]:
        kept: dict[str, Any] = {
            name: _line(event.get(name)) for name in ("logo", "url", "feedback_url", "origin_url")
        }
        kept["license"] = _line(event.get("recording_license"))
        kept["optout"] = event.get("do_not_record") is True
        for group in ("links", "attachments"):
            kept[group] = [
                collecting.without_empty({name: _line(each.get(name)) for name in ("url", "title", "type")})
                for each in _dicts(event.get(group))
            ]
        more = {name: value for name, value in event.items() if name not in _READ}
        if event.get("do_not_stream") not in (None, False, ""):
            more["do_not_stream"] = event["do_not_stream"]
        kept["more"] = collecting.without_empty(
            {rules.tidy_line(k): collecting.tidied(v) for k, v in more.items()}
        )
        return {name: value for name, value in collecting.without_empty(kept).items() if value is not False}


def _end(starts_at: datetime, written: str, read: Any, zone: Any) -> datetime:
    if not written:
        raise RowRefused(lazy_gettext("It has no length."))
    ends_at: datetime = read(written, zone)
    if ends_at <= starts_at:
        raise RowRefused(lazy_gettext("It ends before it begins."))
    if ends_at - starts_at > rules.LONGEST:
        raise RowRefused(lazy_gettext("It lasts over 24 hours."))
    return ends_at


# What pretalx' pages are made of -------------------------------------------------------------------------------------


def _days_of_slots(found: Fields) -> Iterator[tuple[date, dict[str, Any]]]:
    """Yield (day, sessions by minute and room) of whatever in the file is arranged like that."""
    for part in found.values():
        if not isinstance(part, dict):
            continue
        for written, minutes in part.items():
            try:
                day = collecting.check_day(date.fromisoformat(written))
            except ValueError:
                continue
            if isinstance(minutes, dict):
                yield day, minutes


class _Slots:
    """Submissions by day, minute and room, each with all of its slots, and beside them rooms and speakers."""

    def __init__(self, found: dict[str, Any], context: Context) -> None:
        self.found, self.context = found, context
        self.book = Book("json")
        self.row = 0
        self.seen: set[str] = set()

    def read(self) -> Book:
        book = self.book
        for room in _dicts(self.found.get("rooms")):
            self._note_room(room)
        for day, minutes in _days_of_slots(self.found):
            cells = [
                cell
                for rooms in minutes.values()
                if isinstance(rooms, dict)
                for cell in rooms.values()
                if isinstance(cell, dict) and isinstance(cell.get("slots"), list)
            ]
            if cells:
                book.days.append(day)
            for cell in cells:
                self._read_submission(cell)
        speakers = self.found.get("speakers")
        if isinstance(speakers, dict):
            # The file's own list is what it says of how many they are; whoever only has a slot is imported as well.
            book.named_persons = {f"code:{rules.tidy_line(code)}" for code in speakers}
        return collecting.settle(book, self.context)

    def _note_room(self, room: Fields) -> str:
        name, capacity = _line(room.get("name")), room.get("capacity")
        if name:
            self.book.rooms.setdefault(
                (None, name), BookRoom(name=name, capacity=collecting.read_seats(capacity))
            )
        return name

    def _read_submission(self, submission: Fields) -> None:
        slots = sorted(_dicts(submission.get("slots")), key=lambda slot: _line(slot.get("start")))
        for number, slot in enumerate(slots):
            self.row += 1
            row = self.row
            guid = self._guid(submission, number if len(slots) > 1 else None)

            def read(slot: Fields = slot, row: int = row, guid: UUID = guid) -> BookSession | None:
                if (name := f"{guid} {slot.get('id')}") in self.seen:
                    return None  # each of its slots lists all of them
                self.seen.add(name)
                return self._session(submission, slot, row, guid)

            collecting.take(self.book, row, read, lambda guid=guid: guid)  # type: ignore[misc]  # bound here

    def _guid(self, submission: Fields, number: int | None) -> UUID:
        code = _line(submission.get("code")) or _line(submission.get("title"))
        return rules.derive_guid(self.context.scope, "code", code, *(() if number is None else (number,)))

    def _session(self, submission: Fields, slot: Fields, row: int, guid: UUID) -> BookSession:
        starts_at = collecting.read_moment(_line(slot.get("start")), self.context.zone)
        ends_at = _end(starts_at, _line(slot.get("end")), collecting.read_moment, self.context.zone)
        room = slot.get("room")
        name = self._note_room(room if isinstance(room, dict) else {"name": room})
        if name:
            self.book.named_rooms.add(name)
        if (on := starts_at.date()) not in self.book.days and (on - timedelta(days=1)) not in self.book.days:
            self.book.days.append(on)
        language = _line(submission.get("content_locale"))
        code = rules.text_language(language)
        title = _line(submission.get("title"))
        if not title:
            raise RowRefused(lazy_gettext("It has no title."))
        kind = submission.get("submission_type")
        track = submission.get("track")
        return BookSession(
            row=row,
            guid=guid,
            texts={
                "title": {code: title},
                "abstract": {code: rules.tidy(_said(submission.get("abstract")))},
                "description": {code: rules.tidy(_said(submission.get("description")))},
            },
            places=(BookPlace(None, collecting.name_room(name, self.book), starts_at, ends_at),),
            language=language,
            kind=_line(kind.get("name")) if isinstance(kind, dict) else _line(kind),
            track=_line(track.get("name")) if isinstance(track, dict) else _line(track),
            parts=collecting.read_parts(
                [
                    {"code": _line(person.get("code")), "name": _line(person.get("name"))}
                    for person in _dicts(submission.get("speakers"))
                ],
                self.book,
            ),
            imported=collecting.without_empty({"code": _line(submission.get("code"))}),
        )
