"""An empty table to fill in, with the heads that the reader knows and one session as an example."""

import csv
import io
from datetime import date

from openpyxl import Workbook

from dxday.exchange.reading import tables

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_MARK = "\ufeff"
"""Lets spreadsheet programs read the file as UTF-8."""

_EXAMPLE = {
    "id": "1",
    "title": "Lễ khai mạc",
    "kind": "ceremony",
    "language": "vi",
    "start": "08:00",
    "end": "09:30",
    "room": "Hội trường lớn",
    "persons": "Nguyễn Văn A; Trần Thị B",
}


def write(form: str, locale: str, day: date) -> bytes:
    """Return the table as "csv" or "xlsx", its heads in a language, its example on a day."""
    example = _EXAMPLE | {"day": day.isoformat()}
    rows = [tables.heads(locale), [example.get(name, "") for name in tables.COLUMNS]]
    if form == "csv":
        text = io.StringIO(_MARK, newline="")
        text.seek(0, io.SEEK_END)
        csv.writer(text).writerows(rows)
        return text.getvalue().encode()
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
