"""Frab and pentabarf XML, in every dialect that we have met (https://c3voc.de/wiki/schedule).

Read by expat as a stream: nothing outside of the file is ever opened, a DOCTYPE ends the reading, and an event is
forgotten as soon as it was read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from xml.parsers import expat

from dxday.core.i18n import lazy_gettext
from dxday.exchange import rules
from dxday.exchange.reading import collecting
from dxday.exchange.reading.collecting import Context, Day, OwnEvent
from dxday.exchange.rules import Book, BookPlace, BookSession, RowRefused

MARK = "dxday"
"""The target of the processing instructions in which our files say what frab has no words for."""

_STEP = 64 * 1024
_DEEPEST = 50

_READ = frozenset(
    "room title subtitle type date start duration abstract slug track logo persons language description recording "
    "links attachments video_download_url url feedback_url origin_url".split()
)


@dataclass
class Node:
    """An element with its children, text, and the line in which it begins."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list["Node"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    mark: dict[str, Any] | None = None

    def find(self, tag: str) -> "Node | None":
        """Return the first child of this name."""
        return next((child for child in self.children if child.tag == tag), None)

    def all(self, tag: str) -> list["Node"]:
        """Return the children of this name."""
        return [child for child in self.children if child.tag == tag]

    @property
    def text(self) -> str:
        """The text, tidied."""
        return rules.tidy("".join(self.pieces))

    def said(self, tag: str) -> str:
        """Return the text of a child, on one line; "" where there is none."""
        child = self.find(tag)
        return rules.tidy_line("".join(child.pieces)) if child else ""

    def value(self, name: str) -> str:
        """Return an attribute; "" where there is none."""
        return rules.tidy_line(self.attributes.get(name, ""))


def read_xml(data: bytes, context: Context) -> Book:
    """Return the programme of a schedule.xml.  Raises FileBroken, DoctypeRefused, NotASchedule, TooManyRows."""
    reader = _Reader(context)
    parse(data, reader.opened, reader.closed)
    return reader.finish()


def parse(
    data: bytes,
    opened: Callable[[list[Node]], None] = lambda _path: None,
    closed: Callable[[list[Node]], bool] = lambda _path: True,
) -> Node | None:
    """Parse XML and return its root; `opened` and `closed` see the path to each element.

    What `closed` returns False for is forgotten.  Raises FileBroken and DoctypeRefused.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    path: list[Node] = []
    roots: list[Node] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        node = Node(tag.rpartition(":")[2], attributes, parser.CurrentLineNumber)
        path.append(node)
        if len(path) > _DEEPEST:
            raise rules.FileBroken(line=node.line, reason=lazy_gettext("elements lie too deep in each other"))
        roots[:] = roots or [node]
        opened(path)

    def end(_tag: str) -> None:
        keep = closed(path)
        node = path.pop()
        if path and keep:
            path[-1].children.append(node)

    def text(piece: str) -> None:
        if path:
            path[-1].pieces.append(piece)

    def instruction(target: str, content: str) -> None:
        if target == MARK and path:
            path[-1].mark = _read_mark(content)

    def doctype(*_said: object) -> None:
        raise rules.DoctypeRefused(line=parser.CurrentLineNumber)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.ProcessingInstructionHandler = text, instruction
    parser.StartDoctypeDeclHandler = doctype
    try:
        for first in range(0, len(data), _STEP):
            parser.Parse(data[first : first + _STEP], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise rules.FileBroken(line=error.lineno, reason=expat.ErrorString(error.code)) from error
    except (UnicodeError, LookupError, ValueError) as error:
        raise rules.FileBroken(line=parser.CurrentLineNumber, reason=str(error)[:100]) from error
    return roots[0] if roots else None


def _read_mark(content: str) -> dict[str, Any] | None:
    try:
        found = collecting.tidied(collecting.parse(content))
    except (ValueError, RecursionError, RowRefused):
        return None
    return found if isinstance(found, dict) else None


class _Reader:
    """Puts the days, rooms and events into a book as they come."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.book = Book("xml")
        self.zone = context.zone
        self.change: timedelta | None = None
        self.day: Day | None = None
        self.day_problem: RowRefused | None = None
        self.own: list[OwnEvent] = []
        self.guids: dict[UUID, int] = {}
        self.root: Node | None = None

    def opened(self, path: list[Node]) -> None:
        tags = [node.tag for node in path]
        if len(path) == 1 and tags != ["schedule"]:
            raise rules.NotASchedule(missing="<schedule>")
        self.root = self.root or path[0]
        if tags == ["schedule", "day"]:
            self._begin_day(path[-1])

    def closed(self, path: list[Node]) -> bool:
        tags = [node.tag for node in path]
        if tags == ["schedule", "conference"]:
            self._read_conference(path[-1])
        elif tags == ["schedule", "day", "room", "event"]:
            self._read_event(path[-2], path[-1])
            return False
        return True

    def finish(self) -> Book:
        if self.root is None:
            raise rules.NotASchedule(missing="<schedule>")
        collecting.join_own(self.own, self.book)
        return collecting.settle(self.book, self.context)

    def _read_conference(self, node: Node) -> None:
        book = self.book
        book.title, book.acronym = node.said("title"), node.said("acronym")
        if zone := node.said("time_zone_name"):
            book.zone, self.zone = zone, collecting.find_zone(zone)
        if change := node.said("day_change"):
            try:
                self.change = rules.read_clock(change)
            except RowRefused:
                self.change = None
        if node.mark:
            collecting.read_own(node.mark, book)

    def _begin_day(self, node: Node) -> None:
        self.day = self.day_problem = None
        try:
            self.day = collecting.read_day(
                node.value("date"), node.value("start"), node.value("end"), self.zone, change=self.change
            )
        except RowRefused as refused:
            self.day_problem = refused
        else:
            self.book.days.append(self.day.date)

    def _read_event(self, room: Node, event: Node) -> None:
        def read() -> BookSession | None:
            mark = event.mark
            if collecting.own_guid(mark) is not None:
                assert mark is not None
                self.own.append(self._own_event(room, event, mark))
                return None
            return self._session(room, event)

        name = rules.tidy_line(room.attributes.get("name", "")) or event.said("room")
        if name:
            self.book.named_rooms.add(name)
        collecting.take(self.book, event.line, read, lambda: self._guid(event))

    def _guid(self, event: Node) -> UUID | None:
        own = collecting.own_guid(event.mark)
        if own is not None:
            return own
        guid = rules.read_guid(event.attributes.get("guid", ""))
        if guid is not None:
            return guid
        for word, value in (("id", event.value("id")), ("slug", event.said("slug"))):
            if value:
                return rules.derive_guid(self.context.scope, word, value)
        title = event.said("title")
        return rules.derive_guid(self.context.scope, "title", title) if title else None

    def _session(self, room: Node, event: Node) -> BookSession:
        name = self._room_name(room, event)
        language = event.said("language")
        starts_at, ends_at = self._times(event)
        code = rules.text_language(language)
        guid = self._guid(event)
        texts = self._texts(event)
        if not texts["title"] or guid is None:
            raise RowRefused(lazy_gettext("It has no title."))
        return BookSession(
            row=event.line,
            guid=guid,
            texts={field_name: {code: text} for field_name, text in texts.items()},
            places=(BookPlace(None, collecting.name_room(name, self.book), starts_at, ends_at),),
            language=language,
            kind=event.said("type"),
            track=event.said("track"),
            parts=collecting.read_parts(self._people(event), self.book),
            imported={
                **collecting.without_empty(
                    {"id": event.value("id"), "code": event.value("code"), "slug": event.said("slug")}
                ),
                **self._kept(event),
            },
        )

    def _own_event(self, room: Node, event: Node, mark: dict[str, Any]) -> OwnEvent:
        self._room_name(room, event)
        guid = rules.read_guid(event.attributes.get("guid", ""))
        if guid is None:
            raise RowRefused(lazy_gettext("It has no guid."))
        if guid in self.guids:
            raise RowRefused(
                lazy_gettext(
                    "Its guid %(guid)s stands in row %(row)s already.", guid=guid, row=self.guids[guid]
                )
            )
        self.guids[guid] = event.line
        starts_at, ends_at = self._times(event)
        texts = self._texts(event)
        if not texts["title"]:
            raise RowRefused(lazy_gettext("It has no title."))
        people = [collecting.read_person(person, self.book) for person in self._people(event)]
        return OwnEvent(
            row=event.line,
            event_guid=guid,
            mark=mark,
            texts=texts,
            language=event.said("language"),
            kind=event.said("type"),
            track=event.said("track"),
            people=tuple(person for person in people if person is not None),
            starts_at=starts_at,
            ends_at=ends_at,
            imported=self._kept(event),
        )

    @staticmethod
    def _room_name(room: Node, event: Node) -> str:
        outside, inside = room.value("name"), event.said("room")
        if outside and inside and outside != inside:
            raise RowRefused(
                lazy_gettext(
                    "It stands under the room “%(outside)s” and says that it is in “%(inside)s”.",
                    outside=outside,
                    inside=inside,
                )
            )
        return outside or inside

    def _times(self, event: Node) -> tuple[datetime, datetime]:
        if self.day is None:
            raise self.day_problem or RowRefused(lazy_gettext("It stands under no day."))
        day, written, clock = self.day, event.said("date"), event.said("start")
        since_midnight = rules.read_clock(clock) if clock else None
        length = rules.read_length(event.said("duration"))
        if len(written) > 10:
            starts_at = collecting.read_moment(written, self.zone)
        elif since_midnight is None:
            raise RowRefused(lazy_gettext("It has no time."))
        else:
            starts_at = self._at(since_midnight, day, written)
        collecting.check_in_day(starts_at, day)
        return starts_at, starts_at + length

    def _at(self, since_midnight: timedelta, day: Day, written: str) -> datetime:
        on = collecting.read_date(written) if written else day.date
        zone = day.starts_at.tzinfo
        starts_at = datetime(on.year, on.month, on.day, tzinfo=zone) + since_midnight
        past_midnight = starts_at < day.starts_at or (
            self.change is not None and since_midnight < self.change
        )
        return starts_at + timedelta(days=1) if past_midnight and not written else starts_at

    @staticmethod
    def _texts(event: Node) -> dict[str, str]:
        texts = {name: event.said(name) for name in ("title", "subtitle")}
        for name in ("abstract", "description"):
            child = event.find(name)
            texts[name] = child.text if child else ""
        return texts

    @staticmethod
    def _people(event: Node) -> list[dict[str, str]]:
        people = event.find("persons")
        return [
            {
                "id": person.value("id"),
                "guid": person.value("guid"),
                "code": person.value("code"),
                "name": person.text,
            }
            for person in (people.all("person") if people else [])
        ]

    @staticmethod
    def _kept(event: Node) -> dict[str, Any]:
        """Return what frab says of an event and we have no column for."""
        kept: dict[str, Any] = {
            name: event.said(name)
            for name in ("logo", "url", "feedback_url", "origin_url", "video_download_url")
        }
        for group, one in (("links", "link"), ("attachments", "attachment")):
            node = event.find(group)
            kept[group] = [
                collecting.without_empty(
                    {
                        "url": each.value("href"),
                        "title": each.text,
                        "type": each.value("type"),
                        "service": each.value("service"),
                    }
                )
                for each in (node.all(one) if node else [])
            ]
        if recording := event.find("recording"):
            kept["license"] = recording.said("license")
            kept["optout"] = recording.said("optout") in ("true", "1")
            kept["recording_url"] = recording.said("url")
            kept["recording_link"] = recording.said("link")
        kept["more"] = collecting.without_empty(
            {child.tag: child.text for child in event.children if child.tag not in _READ}
        )
        return {name: value for name, value in collecting.without_empty(kept).items() if value is not False}
