"""Tables: one session in each row, columns named in the first, in CSV or XLSX."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from dxday.adapters import spreadsheets
from dxday.adapters.spreadsheets import text_of as _text
from dxday.core.i18n import LOCALES, lazy_gettext
from dxday.core.vietnamese import fold
from dxday.exchange import rules
from dxday.exchange.reading import collecting
from dxday.exchange.reading.collecting import Context
from dxday.exchange.rules import Book, BookPlace, BookSession, RowRefused

COLUMNS: dict[str, tuple[str, ...]] = {
    "guid": ("guid", "mã guid"),
    "id": ("id", "mã", "code"),
    "title": ("title", "tiêu đề", "tên phiên", "tên hoạt động"),
    "subtitle": ("subtitle", "phụ đề"),
    "kind": ("type", "kind", "loại"),
    "track": ("track", "chủ đề", "mảng"),
    "language": ("language", "ngôn ngữ"),
    "day": ("day", "date", "ngày"),
    "start": ("start", "begins", "bắt đầu"),
    "end": ("end", "ends", "kết thúc"),
    "duration": ("duration", "length", "thời lượng"),
    "room": ("room", "phòng"),
    "persons": ("persons", "speakers", "người tham gia", "diễn giả"),
    "abstract": ("abstract", "tóm tắt"),
    "description": ("description", "mô tả"),
}
"""Column → the heads under which it is known, the English one of our template first, then the Vietnamese one."""

_NEEDED = ("title", "day", "start", "room")
_LAST_LINE = 200_000
"""A sheet may claim that its next row is the billionth, and every row between is read as an empty one."""

_BY_HEAD = {fold(head): name for name, heads in COLUMNS.items() for head in heads}


def heads(locale: str) -> list[str]:
    """Return the heads of the template in a language; English where there are none."""
    number = 1 if locale == "vi" else 0
    return [known[min(number, len(known) - 1)] for known in COLUMNS.values()]


def read_csv(data: bytes, context: Context) -> Book:
    """Return the programme of a CSV file in UTF-8, with commas, semicolons or tabs.

    Raises FormatUnknown, FileBroken, ColumnsMissing, TooManyRows.
    """
    with _in_our_words():
        return _Table("csv", context).read(
            spreadsheets.read_csv(data, is_head=lambda line: fold(line) in _BY_HEAD)
        )


def read_xlsx(data: bytes, context: Context) -> Book:
    """Return the programme on the first sheet of an XLSX file.

    Raises FormatUnknown, FileTooLarge, DoctypeRefused, ColumnsMissing, TooManyRows.
    """
    with _in_our_words():
        return _Table("xlsx", context).read(spreadsheets.read_xlsx(data))


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Turn what is wrong with a spreadsheet into a refusal of the file."""
    try:
        yield
    except spreadsheets.SheetBroken as error:
        raise rules.FileBroken(line=error.line, reason=error.reason) from error
    except spreadsheets.SheetTooLarge as error:
        raise rules.FileTooLarge(most=error.most // 1_000_000) from error
    except spreadsheets.SheetTooLong as error:
        raise rules.TooManyRows(most=rules.MOST_ROWS) from error
    except spreadsheets.SheetHasEntities as error:
        raise rules.DoctypeRefused(line=1) from error
    except spreadsheets.SheetUnknown as error:
        raise rules.FormatUnknown from error


class _Table:
    """Reads rows under a row of heads."""

    def __init__(self, form: str, context: Context) -> None:
        self.context = context
        self.book = Book(form, makes_rooms=False)
        self.columns: dict[str, int] = {}
        self.texts: dict[tuple[str, str], int] = {}
        self.more: dict[str, int] = {}

    def read(self, rows: Iterable[tuple[int, Sequence[Any]]]) -> Book:
        """Return the book.  Raises ColumnsMissing, TooManyRows."""
        for number, cells in rows:
            if number > _LAST_LINE:
                raise rules.TooManyRows(most=rules.MOST_ROWS)
            filled = list(cells[: spreadsheets.MOST_COLUMNS])
            if not any(_text(cell) for cell in filled):
                continue
            if not self.columns:
                self._read_heads(filled)
            else:
                self._read_row(number, filled)
        if not self.columns:
            raise rules.ColumnsMissing(columns=", ".join(_NEEDED))
        return collecting.settle(self.book, self.context)

    def _read_heads(self, cells: Sequence[Any]) -> None:
        for number, cell in enumerate(cells):
            head = rules.tidy_line(_text(cell))
            words, _, language = head.rstrip(")").rpartition("(")
            name = _BY_HEAD.get(fold(head))
            translated = _BY_HEAD.get(fold(words)) if language.strip() in LOCALES else None
            if name is not None:
                self.columns.setdefault(name, number)
            elif translated in rules.TEXT_FIELDS:
                self.texts[translated, language.strip()] = number
            elif head:
                self.more[head] = number
        missing = [name for name in _NEEDED if name not in self.columns]
        if "title" in missing and any(name == "title" for name, _ in self.texts):
            missing.remove("title")
        if "end" not in self.columns and "duration" not in self.columns:
            missing.append("end")
        if missing:
            raise rules.ColumnsMissing(columns=", ".join(missing))

    def _read_row(self, number: int, cells: Sequence[Any]) -> None:
        room = rules.tidy_line(self._cell(cells, "room"))
        if room:
            self.book.named_rooms.add(room)
        collecting.take(
            self.book, number, lambda: self._session(number, cells, room), lambda: self._guid(cells)
        )

    def _session(self, number: int, cells: Sequence[Any], room: str) -> BookSession:
        language = rules.tidy_line(self._cell(cells, "language"))
        code = rules.text_language(language) if language else self._usual_language()
        texts = self._texts(cells, code)
        guid = self._guid(cells)
        if not texts.get("title") or guid is None:
            raise RowRefused(lazy_gettext("It has no title."))
        starts_at, ends_at = self._times(cells)
        if (on := starts_at.date()) not in self.book.days:
            self.book.days.append(on)
        names = rules.tidy(self._cell(cells, "persons")).replace("\n", ";").split(";")
        return BookSession(
            row=number,
            guid=guid,
            texts=texts,
            places=(BookPlace(None, collecting.name_room(room, self.book), starts_at, ends_at),),
            language=language if "language" in self.columns else None,
            kind=rules.tidy_line(self._cell(cells, "kind")) if "kind" in self.columns else None,
            track=rules.tidy_line(self._cell(cells, "track")) if "track" in self.columns else None,
            parts=collecting.read_parts([{"name": name} for name in names], self.book)
            if "persons" in self.columns
            else None,
            imported=collecting.without_empty(
                {
                    "id": rules.tidy_line(self._cell(cells, "id")),
                    "columns": collecting.without_empty(
                        {head: rules.tidy(_text(_at(cells, at))) for head, at in self.more.items()}
                    ),
                }
            ),
        )

    def _usual_language(self) -> str:
        return "vi" if "language" not in self.columns else rules.text_language("")

    def _texts(self, cells: Sequence[Any], code: str) -> dict[str, dict[str, str]]:
        texts: dict[str, dict[str, str]] = {}
        for name in rules.TEXT_FIELDS:
            one_line = rules.tidy_line if name in ("title", "subtitle") else rules.tidy
            said = {
                language: one_line(_text(_at(cells, at)))
                for (n, language), at in self.texts.items()
                if n == name
            }
            if name in self.columns:
                text = one_line(self._cell(cells, name))
                said = {code: text, **said} if text or not said else said
            if said and (name != "title" or any(said.values())):
                texts[name] = said
        return texts

    def _guid(self, cells: Sequence[Any]) -> UUID | None:
        guid = rules.read_guid(self._cell(cells, "guid"))
        if guid is not None:
            return guid
        if code := rules.tidy_line(self._cell(cells, "id")):
            return rules.derive_guid(self.context.scope, "id", code)
        titles = [
            self._cell(cells, "title"),
            *(_text(_at(cells, at)) for (n, _), at in self.texts.items() if n == "title"),
        ]
        title = next((rules.tidy_line(title) for title in titles if rules.tidy_line(title)), "")
        return rules.derive_guid(self.context.scope, "title", title) if title else None

    def _times(self, cells: Sequence[Any]) -> tuple[datetime, datetime]:
        day, start = _at(cells, self.columns["day"]), _at(cells, self.columns["start"])
        on = collecting.read_date(day.isoformat()) if isinstance(day, date) else _read_day(_text(day))
        midnight = datetime(on.year, on.month, on.day, tzinfo=self.context.zone)
        starts_at = midnight + _since_midnight(start)
        end = self._cell(cells, "end")
        if end:
            ends_at = midnight + _since_midnight(_at(cells, self.columns["end"]))
            if ends_at == starts_at:
                raise RowRefused(lazy_gettext("It ends before it begins."))
            # A session that ends at an earlier hour than it begins ends on the next day.
            return starts_at, ends_at if ends_at > starts_at else ends_at + timedelta(days=1)
        length = self._cell(cells, "duration")
        if not length:
            raise RowRefused(lazy_gettext("It has no length."))
        return starts_at, starts_at + _length(_at(cells, self.columns["duration"]))

    def _cell(self, cells: Sequence[Any], name: str) -> str:
        return _text(_at(cells, self.columns[name])) if name in self.columns else ""


def _at(cells: Sequence[Any], number: int) -> Any:
    return cells[number] if number < len(cells) else None


def _read_day(text: str) -> date:
    """Return the day of 2026-10-10 or, as it is written in Vietnam, 10/10/2026."""
    parts = text.strip().split("/")
    if len(parts) == 3 and all(part.strip().isdigit() for part in parts):
        try:
            return collecting.check_day(date(int(parts[2]), int(parts[1]), int(parts[0])))
        except ValueError:
            raise RowRefused(
                lazy_gettext("“%(text)s” is no day; write it as 2026-10-10.", text=text[:40])
            ) from None
    return collecting.read_date(text)


def _since_midnight(cell: Any) -> timedelta:
    if isinstance(cell, datetime):
        cell = cell.time()
    if isinstance(cell, time):
        return timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second)
    if isinstance(cell, timedelta):
        return rules.read_clock(_written(cell))
    return rules.read_clock(_text(cell))


def _length(cell: Any) -> timedelta:
    if isinstance(cell, time):
        cell = timedelta(hours=cell.hour, minutes=cell.minute)
    if isinstance(cell, timedelta):
        return rules.read_length(_written(cell))
    text = _text(cell)
    if text.isdigit():  # minutes
        return rules.read_length(f"{int(text[:6]) // 60:02d}:{int(text[:6]) % 60:02d}")
    return rules.read_length(text)


def _written(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else ''}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
