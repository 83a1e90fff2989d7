"""An empty table to fill in, with the heads that the reader knows and one session as an example."""

from datetime import date

from dxday.adapters import spreadsheets
from dxday.exchange.reading import tables

MEDIA_TYPES = spreadsheets.MEDIA_TYPES

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
    return spreadsheets.write(form, rows)
