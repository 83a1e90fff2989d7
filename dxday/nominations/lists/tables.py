"""Lists as tables: CSV and XLSX are read into lines, and nominations written in the same columns."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dxday.adapters import spreadsheets
from dxday.adapters.spreadsheets import Formula, Row
from dxday.core.i18n import pick
from dxday.nominations.lists import rules
from dxday.nominations.lists.rules import Line
from dxday.nominations.models import Nomination
from dxday.schemes.models import Scheme
from dxday.web.forms import clean, clean_line

_HEADS_WITHIN = 30
"""Filled rows above the heads: the name of the agency, the title of the list."""

_LAST_ROW = 50_000
"""A sheet may claim that its next row is the millionth, and every row between is read as an empty one."""

_JOINED = frozenset({"position"})


@dataclass(frozen=True)
class Reading:
    """What a file says: its lines, and the heads that mean nothing here."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...]


def read(data: bytes) -> Reading:
    """Return the lines of a list; whether it is XLSX or CSV is told from its content.

    Raises ListUnknown, ListBroken, ListTooLarge, ListTooLong, ListEmpty, HeadsMissing.
    """
    if not data:
        raise rules.ListEmpty
    if len(data) > rules.MOST_BYTES:
        raise rules.ListTooLarge
    with _in_our_words():
        if spreadsheets.is_xlsx(data):
            return _read(spreadsheets.read_xlsx(data, formulas=True))
        return _read(spreadsheets.read_csv(data, is_head=lambda line: rules.find_field(line) is not None))


def write_list(form: str, nominations: Iterable[Nomination], locale: str, *, more: tuple[str, str]) -> bytes:
    """Return nominations, with category and scheme, as "csv" or "xlsx"; what is read again makes the same drafts.

    `more` are the heads of two columns that are not read: code and state.
    """
    rows: list[Sequence[str | int]] = [[*rules.heads(locale), *more]]
    for number, each in enumerate(nominations, start=1):
        values: dict[str, str | int] = {
            "number": number,
            "name": each.nominee_name,
            "scheme": pick(each.category.scheme.name, locale),
            "category": pick(each.category.name, locale),
            "kind": rules.kind_word(each.category.nominee_kind, locale),
            "position": each.nominee_position,
            "email": each.nominee_email,
            "achievement": each.achievement,
            "contact_name": each.contact_name,
            "contact_email": each.contact_email,
        }
        rows.append([*(values[field] for field in rules.COLUMNS), each.code, str(each.told_name)])
    return spreadsheets.write(form, rows)


def write_template(form: str, schemes: Sequence[Scheme], locale: str) -> bytes:
    """Return an empty list as "csv" or "xlsx" with the heads of a language, and one example for each category."""
    rows: list[Sequence[str | int]] = [list(rules.heads(locale))]
    examples = [(scheme, category) for scheme in schemes for category in scheme.categories]
    for number, (scheme, category) in enumerate(examples, start=1):
        values: dict[str, str | int] = {
            "number": number,
            "scheme": pick(scheme.name, locale),
            "category": pick(category.name, locale),
            "kind": rules.kind_word(category.nominee_kind, locale),
        }
        rows.append([values.get(field, "") for field in rules.COLUMNS])
    return spreadsheets.write(form, rows)


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Turn what is wrong with a spreadsheet into a refusal of the list."""
    try:
        yield
    except spreadsheets.SheetBroken as error:
        raise rules.ListBroken(line=error.line) from error
    except spreadsheets.SheetTooLarge as error:
        raise rules.ListTooLarge from error
    except spreadsheets.SheetTooLong as error:
        raise rules.ListTooLong(most=rules.MOST_ROWS) from error
    except spreadsheets.SheetRefused as error:
        raise rules.ListUnknown from error


def _read(rows: Iterable[Row]) -> Reading:
    columns: dict[str, list[int]] = {}
    ignored: list[str] = []
    lines: list[Line] = []
    above = 0
    for number, cells in rows:
        if number > _LAST_ROW:
            raise rules.ListTooLong(most=rules.MOST_ROWS)
        if not any(spreadsheets.text_of(cell) for cell in cells):
            continue
        if not columns:
            columns, ignored = _find_columns(cells)
            above += 1
            if not columns and above >= _HEADS_WITHIN:
                raise rules.HeadsMissing
            continue
        line = _line(number, cells, columns)
        if not any(line.values[field] for field in rules.COLUMNS if field not in _FILLED_IN_BEFOREHAND):
            continue
        if len(lines) >= rules.MOST_ROWS:
            raise rules.ListTooLong(most=rules.MOST_ROWS)
        lines.append(line)
    if not columns:
        raise rules.HeadsMissing
    if not lines:
        raise rules.ListEmpty
    return Reading(tuple(lines), tuple(ignored))


_FILLED_IN_BEFOREHAND = frozenset({"number", "scheme", "category", "kind"})
"""A row of the template in which nothing else stands was not filled in."""


def _find_columns(cells: Sequence[Any]) -> tuple[dict[str, list[int]], list[str]]:
    """Return where each field stands, and the heads that mean nothing; neither for a row that names no columns."""
    columns: dict[str, list[int]] = {}
    ignored: list[str] = []
    for at, cell in enumerate(cells):
        head = clean(spreadsheets.text_of(cell))
        if (field := rules.find_field(head)) is not None:
            columns.setdefault(field, []).append(at)
        elif head:
            ignored.append(clean_line(head)[:80])
    if any(field not in columns for field in rules.NEEDED):
        return {}, []
    return columns, ignored


def _line(number: int, cells: Sequence[Any], columns: dict[str, list[int]]) -> Line:
    values: dict[str, str] = {}
    formulas: list[str] = []
    for field in rules.COLUMNS:
        tidy = clean if field == "achievement" else clean_line
        found = [cells[at] for at in columns.get(field, ()) if at < len(cells)]
        if any(isinstance(cell, Formula) for cell in found) and field != "number":
            formulas.append(field)
        texts = [text for cell in found if (text := tidy(spreadsheets.text_of(cell)))]
        values[field] = ", ".join(texts) if field in _JOINED else next(iter(texts), "")
    return Line(number, values, tuple(formulas))
