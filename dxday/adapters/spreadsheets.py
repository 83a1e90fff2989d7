"""Spreadsheets: rows of CSV and XLSX files read within limits, and written so that nothing in them is computed."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

MOST_COLUMNS = 100

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_MOST_UNPACKED = 200_000_000
"""What an XLSX file, which is packed, may unfold to."""

_MOST_TAGS = 2_000_000
"""In all parts together; each cell takes 600 bytes to read, and packs to almost nothing."""

_STEP = 1 << 20
_DELIMITERS = ";,\t"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

_MARK = "\ufeff"
"""Lets spreadsheet programs read a CSV file as UTF-8."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheet programs take for the beginning of a formula (OWASP, CSV Injection)."""

Row = tuple[int, Sequence[Any]]
"""The number of a row as the program shows it (of a CSV file, the line on which it begins), and its cells."""


class SheetRefused(Exception):
    """A file of which no rows are read."""


class SheetUnknown(SheetRefused):
    """It is no spreadsheet, or none that opens."""


class SheetTooLarge(SheetRefused):
    """It unfolds to more than `most` bytes."""

    def __init__(self, most: int) -> None:
        """Keep the limit."""
        super().__init__(most)
        self.most = most


class SheetTooLong(SheetRefused):
    """It has more cells than anybody wrote."""


class SheetHasEntities(SheetRefused):
    """A part of it has a DOCTYPE."""


class SheetBroken(SheetRefused):
    """It stops to be CSV at a line, for a reason in the words of the reader."""

    def __init__(self, line: int, reason: str) -> None:
        """Keep where and why."""
        super().__init__(line, reason)
        self.line, self.reason = line, reason


class Formula(str):
    """A cell that a spreadsheet program computes, as it is written; it is never computed here."""


def is_xlsx(data: bytes) -> bool:
    """Tell whether a file is packed as XLSX is; what it is called does not matter."""
    return data.startswith(b"PK\x03\x04")


def read_csv(data: bytes, *, is_head: Callable[[str], bool]) -> Iterator[Row]:
    """Return the rows of a CSV file in UTF-8 or UTF-16, with commas, semicolons or tabs.

    `is_head` tells whether the first line, in which there is none of these, is the head of a single column.  Cells
    are text; one that begins with "=" is a Formula.  Raises SheetUnknown at once, SheetBroken while the rows are read.
    """
    try:
        text = data.decode("utf-16" if data[:2] in _UTF_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SheetUnknown from error
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    if "\0" in first or (delimiter not in first and not is_head(first)):
        raise SheetUnknown
    return _csv_rows(text, delimiter)


def _csv_rows(text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    began = 1
    try:
        for cells in reader:
            yield began, [Formula(cell) if cell.lstrip().startswith("=") else cell for cell in cells]
            began = reader.line_num + 1
    except csv.Error as error:
        raise SheetBroken(reader.line_num, str(error)) from error


def read_xlsx(data: bytes, *, formulas: bool = False) -> Iterator[Row]:
    """Return the rows on the first sheet of an XLSX file; what it claims of its size is not believed.

    A cell with a formula is the value that was last computed, or with `formulas` a Formula.  Raises, while the rows
    are read, SheetUnknown, SheetTooLarge, SheetTooLong, SheetHasEntities.
    """
    try:
        _check_parts(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=not formulas, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_col=MOST_COLUMNS, values_only=not formulas)
            for number, cells in enumerate(rows, start=1):
                yield number, [_value(cell) for cell in cells] if formulas else cells
        finally:
            book.close()
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        SyntaxError,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        zipfile.LargeZipFile,
    ) as error:
        # All of these are ways in which openpyxl and zipfile say that a part is not what it should be.
        raise SheetUnknown from error


def _value(cell: Any) -> Any:
    value = cell.value
    if cell.data_type == "f" or not (
        value is None or isinstance(value, str | int | float | datetime | date | time | timedelta)
    ):
        return Formula(value if isinstance(value, str) else "=")
    return value


def _check_parts(data: bytes) -> None:
    """Raise what a file is refused for before it is unfolded as a whole."""
    tags = 0
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        if sum(part.file_size for part in parts.infolist()) > _MOST_UNPACKED:
            raise SheetTooLarge(_MOST_UNPACKED)
        for part in parts.infolist():
            if part.filename.endswith((".xml", ".rels")):
                with parts.open(part) as file:
                    start = file.read(4096)
                    tags += start.count(b"<")
                    while tags <= _MOST_TAGS and (piece := file.read(_STEP)):
                        tags += piece.count(b"<")
                if b"<!DOCTYPE" in start.replace(b"\0", b""):
                    raise SheetHasEntities
                if tags > _MOST_TAGS:
                    raise SheetTooLong


def text_of(cell: Any) -> str:
    """Return a cell as text; the apostrophe that keeps a spreadsheet from computing is no part of it."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell).strip()
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@\t\r") else text


def plain_cell(text: str) -> str:
    """Return text for a cell of a CSV file; what a spreadsheet would compute gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def write(form: str, rows: Iterable[Sequence[str | int]]) -> bytes:
    """Return a table as "csv" or "xlsx", all of it text and numbers: nothing in it is computed when it is opened."""
    if form == "csv":
        text = io.StringIO(newline="")
        text.write(_MARK)
        csv.writer(text).writerows([plain_cell(str(cell)) for cell in row] for row in rows)
        return text.getvalue().encode()
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append([_written(sheet, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _written(sheet: Any, value: str | int) -> Any:
    """Return a cell that stays text, whatever it begins with, also when somebody edits it later."""
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(_FORMULA)
    return cell
