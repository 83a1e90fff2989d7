"""Reading programmes: which format a file has is told from its content, never from its name."""

from zoneinfo import ZoneInfo

from dxday.exchange import rules
from dxday.exchange.reading import frab, jsons, tables
from dxday.exchange.reading.collecting import Context
from dxday.exchange.rules import Book

_MARKS = b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"


def read_book(data: bytes, *, zone: ZoneInfo, scope: str) -> Book:
    """Return the programme in a file.

    `zone` is that of times that say none; `scope`, the code of an edition, goes into the guids of sessions that have
    none.  Rows that cannot be taken are in `Book.errors`.  Raises FileTooLarge, FormatUnknown, FileBroken,
    DoctypeRefused, NotASchedule, ColumnsMissing, TooManyRows.
    """
    if len(data) > rules.MOST_BYTES:
        raise rules.FileTooLarge(most=rules.MOST_BYTES // 1_000_000)
    context = Context(zone=zone, scope=scope)
    if data.startswith(b"PK\x03\x04"):
        return tables.read_xlsx(data, context)
    start = data[:4096]
    for mark in _MARKS:
        start = start.removeprefix(mark)
    start = start.replace(b"\0", b"").lstrip()
    if start.startswith(b"<"):
        return frab.read_xml(data, context)
    if start.startswith((b"{", b"[")):
        return jsons.read_json(data, context)
    return tables.read_csv(data, context)


__all__ = ["read_book"]
