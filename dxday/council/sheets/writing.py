"""The order as a table for spreadsheet programs."""

import csv
import io
from collections.abc import Mapping, Sequence

from openpyxl import Workbook

from dxday.adapters.spreadsheets import plain_cell
from dxday.core.i18n import Translations
from dxday.core.i18n import gettext as _
from dxday.council.sheets.ranking import Standing
from dxday.web.filters import text

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_MARK = "\ufeff"
"""Lets spreadsheet programs read the file as UTF-8."""


def write(form: str, standings: Sequence[Standing], categories: Mapping[int, Translations]) -> bytes:
    """Return the order as "csv" or "xlsx", in the language of the page; nothing in it is read as a formula."""
    rows: list[Sequence[object]] = [_heads(), *(_cells(each, categories) for each in standings)]
    if form == "csv":
        file = io.StringIO(_MARK, newline="")
        file.seek(0, io.SEEK_END)
        csv.writer(file).writerows(rows)
        return file.getvalue().encode()
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _heads() -> list[str]:
    return [
        _("Place"),
        _("Code"),
        _("Nominee"),
        _("Agency"),
        _("Category"),
        _("Readers' mean"),
        _("Normalised"),
        _("After moderation"),
        _("Moderated"),
        _("Largest gap"),
        _("Sheets in"),
        _("Readers"),
    ]


def _cells(standing: Standing, categories: Mapping[int, Translations]) -> list[str | float | int | None]:
    dossier = standing.dossier
    return [
        standing.place,
        plain_cell(dossier.code),
        plain_cell(dossier.nominee),
        plain_cell(text(dossier.agency)),
        plain_cell(text(categories[dossier.category_id])),
        standing.raw,
        standing.normalised,
        standing.moderated,
        _("yes") if standing.is_moderated else _("no"),
        standing.gap if standing.submitted > 1 else None,
        standing.submitted,
        standing.readers,
    ]
