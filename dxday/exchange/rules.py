"""What a programme in a file is, whatever its format; what is taken and refused; and how it differs from ours."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from dxday.core.errors import RuleBroken, Stale
from dxday.core.i18n import LOCALES, Translations, Words, lazy_gettext, pick
from dxday.core.vietnamese import nfc
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind

MOST_BYTES = 50_000_000
"""How large a file may be; the largest programme we know of has 2 MB."""

MOST_ROWS = 10_000
"""How many sessions a file may hold."""

LONGEST = timedelta(hours=24)

NAMESPACE = uuid5(NAMESPACE_URL, "urn:dxday:exchange")
"""Of the guids that are derived (RFC 9562 §5.5); it must never change, or every calendar shows everything twice."""

TEXT_FIELDS = ("title", "subtitle", "abstract", "description")

_NO_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")


class FileRefused(RuleBroken):
    """A file of which nothing is taken."""

    field = "file"
    sentence = lazy_gettext("This file cannot be read as a programme.")


class FileTooLarge(FileRefused):
    """More bytes than are taken."""

    sentence = lazy_gettext("The file is too large: at most %(most)s MB are taken. Nothing was imported.")


class FileBroken(FileRefused):
    """A file that does not follow its own format."""

    sentence = lazy_gettext("The file is damaged in line %(line)s: %(reason)s. Nothing was imported.")


class DoctypeRefused(FileRefused):
    """XML with a DOCTYPE: programmes have none, and entities are how XML attacks its readers."""

    sentence = lazy_gettext(
        "The file has a DOCTYPE in line %(line)s, which may hold entities. Remove it: no programme needs one."
    )


class FormatUnknown(FileRefused):
    """Neither a schedule in XML or JSON, nor a table."""

    sentence = lazy_gettext(
        "The file is none of those that can be read: frab XML (schedule.xml), schedule JSON, CSV or XLSX."
    )


class NotASchedule(FileRefused):
    """XML or JSON of some other kind."""

    sentence = lazy_gettext("The file has no programme in it: %(missing)s is missing.")


class ColumnsMissing(FileRefused):
    """A table whose first row does not say what stands in it."""

    sentence = lazy_gettext("The first row must name the columns. Missing: %(columns)s.")


class TooManyRows(FileRefused):
    """More sessions than are taken."""

    sentence = lazy_gettext("The file has more than %(most)s sessions. Divide it. Nothing was imported.")


class ZoneUnknown(FileRefused):
    """A time zone that nobody knows."""

    sentence = lazy_gettext("“%(zone)s” is no time zone.")


class NoEdition(FileRefused):
    """A file that does not say on which days the edition is that it is to make."""

    sentence = lazy_gettext("The file names no days, so no edition can be made from it.")


class DraftChanged(Stale):
    """A programme that was changed after the differences were looked at."""

    sentence = lazy_gettext(
        "The programme was changed after you looked at the differences. Nothing was imported. Look at them anew."
    )


class ErrorsNotAccepted(RuleBroken):
    """Rows with errors of which nobody has said that they may be left out."""

    field = "leave_out"
    sentence = lazy_gettext("Some rows have errors. Mend the file, or say that these rows are left out.")


# What a file says ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RowError:
    """Why one row of a file is not taken; `row` is the line, or the number of the session where there are none."""

    row: int
    message: Words


class RowRefused(Exception):
    """Raised while one session is read; becomes a RowError."""

    def __init__(self, message: Words) -> None:
        """Keep the sentence."""
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class BookPerson:
    """Somebody as the file calls them."""

    key: str
    """By which the same person is met again when the file is read again."""
    name: str
    guid: UUID | None = None


@dataclass(frozen=True)
class BookRoom:
    """A room that the file names; `site` and `code` are known only of files of our own."""

    name: str
    site: str | None = None
    code: str | None = None
    names: Translations | None = None
    capacity: int | None = None
    shared: bool = False

    @property
    def key(self) -> tuple[str | None, str]:
        """By which placements name it."""
        return self.site, self.code or self.name


@dataclass(frozen=True)
class BookSite:
    """A site of a file of our own."""

    code: str
    name: Translations
    main: bool


@dataclass(frozen=True)
class BookPlace:
    """Where and when a session is."""

    site: str | None
    room: tuple[str | None, str] | None
    starts_at: datetime
    ends_at: datetime
    role: PlacementRole = PlacementRole.ORIGIN
    mode: Mode | None = None
    interpretation: str | None = None
    local_part: Translations | None = None


@dataclass(frozen=True)
class BookPart:
    """A person's part; files of others do not say which it is."""

    person: str
    kind: PartKind | None = None
    site: str | None = None
    remote: bool = False


@dataclass(frozen=True)
class BookSession:
    """A session as the file has it.  What is None was not said, and stays as it is."""

    row: int
    guid: UUID
    texts: dict[str, Translations]
    """Field → language → text; a field that is not in it was not said."""
    places: tuple[BookPlace, ...]
    whole: bool = False
    """Whether `texts` hold every language and `places` every site: only files of our own say so."""
    language: str | None = None
    kind: str | None = None
    track: str | None = None
    """The name; "" is none."""
    parts: tuple[BookPart, ...] | None = None
    code: str | None = None
    main: bool | None = None
    imported: dict[str, Any] | None = None

    @property
    def origin(self) -> BookPlace:
        """Where it is held."""
        return next((place for place in self.places if place.role is PlacementRole.ORIGIN), self.places[0])


@dataclass
class Book:
    """A programme as a file has it."""

    format: str
    title: str = ""
    acronym: str = ""
    zone: str | None = None
    """The time zone by name, if the file says or shows it."""
    days: list[date] = field(default_factory=list)
    sites: list[BookSite] = field(default_factory=list)
    rooms: dict[tuple[str | None, str], BookRoom] = field(default_factory=dict)
    persons: dict[str, BookPerson] = field(default_factory=dict)
    tracks: dict[str, Translations] = field(default_factory=dict)
    sessions: list[BookSession] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    unreadable: set[UUID] = field(default_factory=set)
    """Guids of rows with errors: these sessions are in the file, so nobody may think that they were deleted."""
    nameless: int = 0
    """How many rows have errors that not even their guid could be told of."""
    entries: int = 0
    """How many sessions the file lists, errors and repetitions included."""
    named_rooms: set[str] = field(default_factory=set)
    named_persons: set[str] = field(default_factory=set)
    own: dict[str, Any] = field(default_factory=dict)
    """What a file of our own says of its edition."""
    makes_rooms: bool = True
    """Whether the file declares its rooms, so that one which is not there yet is no slip of the pen."""

    def refuse(self, row: int, message: Words, guid: UUID | None = None) -> None:
        """Leave a row out, and say why."""
        self.errors.append(RowError(row, message))
        if guid is None:
            self.nameless += 1
        else:
            self.unreadable.add(guid)

    def counts(self) -> dict[str, int]:
        """Return how many sessions, rooms, persons and days stand in the file."""
        return {
            "sessions": self.entries,
            "rooms": len(self.named_rooms),
            "persons": len(self.named_persons),
            "days": len(self.days),
        }


# Reading values ------------------------------------------------------------------------------------------------------


def tidy(text: object) -> str:
    """Return text in NFC without what no text holds, lines ended by \\n, and without blanks at its ends."""
    if text is None:
        return ""
    return _BREAKS.sub("\n", _NO_TEXT.sub("", nfc(str(text)))).strip()


def tidy_line(text: object) -> str:
    """Return text as `tidy` does, on one line."""
    return re.sub(r"[\t\n]+", " ", tidy(text)).strip()


def tidy_texts(texts: Mapping[str, str] | None) -> Translations:
    """Return a translatable value with every text tidied and empty ones left out."""
    return {code: text for code, value in (texts or {}).items() if (text := tidy(value))}


_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_LENGTH = re.compile(r"(-?)(\d{1,6}):(\d{2})(?::(\d{2}))?")


def read_clock(text: str) -> timedelta:
    """Return the time since midnight of "09:30" or "09:30:00".  Raises RowRefused, also for 24:00."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise RowRefused(lazy_gettext("“%(text)s” is no time of day; write it as 09:30.", text=text[:40]))
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    if hours == 24:
        raise RowRefused(lazy_gettext("There is no 24:00: write 00:00 of the next day."))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise RowRefused(lazy_gettext("“%(text)s” is no time of day; write it as 09:30.", text=text[:40]))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def read_length(text: str) -> timedelta:
    """Return the length of "01:30" or "01:30:00".  Raises RowRefused for what is not above zero or over a day."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None or int(found[3]) > 59 or int(found[4] or 0) > 59:
        raise RowRefused(lazy_gettext("“%(text)s” is no length; write it as 01:30.", text=text[:40]))
    length = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    if found[1] or not length:
        raise RowRefused(lazy_gettext("The length %(text)s is not above zero.", text=text[:40]))
    if length > LONGEST:
        raise RowRefused(lazy_gettext("The length %(text)s is over 24 hours.", text=text[:40]))
    return length


def read_guid(text: str) -> UUID | None:
    """Return the guid, or None for no text.  Raises RowRefused for what is none."""
    if not text.strip():
        return None
    try:
        return UUID(text.strip())
    except ValueError:
        raise RowRefused(lazy_gettext("“%(text)s” is no guid.", text=text[:60])) from None


def derive_guid(scope: str, *parts: object) -> UUID:
    """Return the guid of what a file gives none: always the same for the same `scope` (an edition) and parts."""
    return uuid5(NAMESPACE, "/".join((scope, *map(str, parts))))


_KINDS: dict[str, SessionKind] = {
    **{kind.value: kind for kind in SessionKind},
    "opening": SessionKind.CEREMONY,
    "closing": SessionKind.CEREMONY,
    "tutorial": SessionKind.TRAINING,
    "hands-on": SessionKind.WORKSHOP,
    "sprint": SessionKind.WORKSHOP,
    "game": SessionKind.CONTEST,
    "lunch": SessionKind.BREAK,
    "coffee": SessionKind.BREAK,
}


def kind_of(written: str) -> SessionKind:
    """Return our kind of session for the type that a file names; a talk, if nothing is nearer."""
    return _KINDS.get(written.strip().casefold(), SessionKind.TALK)


_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_].*)?", re.IGNORECASE)
_UNKNOWN_LANGUAGE = "en"


def language_of(written: str) -> str:
    """Return the language code for what a file names; English, if it names none."""
    found = _LANGUAGE.fullmatch(written.strip())
    return found[1].lower() if found else _UNKNOWN_LANGUAGE


def text_language(written: str) -> str:
    """Return the code under which texts in a language are kept: one of the interface's, English for all others."""
    code = language_of(written)
    return code if code in LOCALES else _UNKNOWN_LANGUAGE


# Comparing -----------------------------------------------------------------------------------------------------------


def same_text(had: Translations | None, code: str, text: str) -> bool:
    """Tell whether a single text of a file says what is there already."""
    ours = tidy_texts(had)
    if code in ours or len(ours) > 1:
        return ours.get(code, "") == text
    return pick(ours, code) == text


def with_text(had: Translations | None, code: str, text: str) -> Translations | None:
    """Return a translatable value with one text of a file in it; translations that somebody added are kept."""
    kept = dict(had or {}) if len(had or {}) > 1 or code in (had or {}) else {}
    kept.pop(code, None)
    if text:
        kept[code] = text
    return kept or None


class Fate(StrEnum):
    """What importing does to a session."""

    NEW = "new"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True)
class Difference:
    """One thing that a file says otherwise."""

    what: Words
    was: str
    becomes: str


@dataclass(frozen=True)
class Row:
    """A session in the preview."""

    fate: Fate
    title: str
    code: str | None
    row: int | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What importing a file would do."""

    counts: Mapping[str, int]
    rows: tuple[Row, ...]
    errors: tuple[RowError, ...]
    new_rooms: tuple[str, ...]
    fingerprint: str
    """Of the draft that the file was compared with."""

    def count(self, fate: Fate) -> int:
        """Return how many sessions have this fate."""
        return sum(1 for row in self.rows if row.fate is fate)

    def as_dict(self) -> dict[str, Any]:
        """Return what the command line answers."""
        return {
            **self.counts,
            **{fate.value: self.count(fate) for fate in Fate},
            "errors": [{"row": error.row, "message": str(error.message)} for error in self.errors],
        }


def cover_clashes(
    pairs: Iterable[tuple[int, int]], overridden: Iterable[int], movable: Iterable[int]
) -> set[int]:
    """Return which of the `movable` must carry an override so that of each clashing pair one does.

    The second of a pair is the later one, and the one that gives way if it may.
    """
    settled, can = set(overridden), set(movable)
    chosen: set[int] = set()
    for first, second in pairs:
        if first in settled or second in settled:
            continue
        one = second if second in can else first
        if one in can:
            settled.add(one)
            chosen.add(one)
    return chosen


def unused(wanted: int | None, spare: int, taken: set[int]) -> int:
    """Return a positive number that is not taken yet, and take it: the wanted one, the spare one, or one far away."""
    for number in (wanted, spare):
        if number is not None and 0 < number < 2**31 and number not in taken:
            break
    else:
        number = 2**30 + spare
        while number in taken:
            number += 1
    taken.add(number)
    return number
