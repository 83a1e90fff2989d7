"""Files on their way in: opened, read in the right time zone, and taken over in one transaction."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import current_app

from dxday import db
from dxday.core.actor import Actor
from dxday.editions import queries as editions
from dxday.editions.models import Edition
from dxday.exchange import rules, services
from dxday.exchange.comparison import Choices
from dxday.exchange.reading import collecting, read_book
from dxday.exchange.rules import Book, Preview


class _OnlyLooking(Exception):
    """Undoes everything after a look at what would be done."""


def import_file(
    path: Path,
    edition_code: str,
    *,
    create: bool,
    dry_run: bool,
    choices: Choices,
    zone: str | None,
    actor: Actor,
    now: datetime,
) -> Preview:
    """Take a file over and return what was done, or with `dry_run` what would be.

    With `create` an edition that is not there is made.  Raises NotFound, FileRefused and the refusals of services.
    """
    if path.stat().st_size > rules.MOST_BYTES:
        raise rules.FileTooLarge(most=rules.MOST_BYTES // 1_000_000)
    edition = editions.find_edition(edition_code) if create else editions.get_edition(edition_code)
    given = zone or (edition.time_zone if edition else current_app.extensions["dxday_settings"].time_zone)
    book = read_book(path.read_bytes(), zone=collecting.find_zone(given), scope=edition_code)
    try:
        with db.transaction():
            if edition is None:
                shown = zone or book.zone or collecting.guess_zone(book) or given
                edition = services.add_edition(edition_code, book, zone=shown, actor=actor, now=now)
            preview = services.import_book(edition, book, choices=choices, actor=actor, now=now)
            if dry_run:
                raise _OnlyLooking
    except _OnlyLooking:
        pass
    return preview


def read_for(edition: Edition, data: bytes) -> Book:
    """Return the programme in a file as one of the edition's.  Raises FileRefused."""
    return read_book(data, zone=ZoneInfo(edition.time_zone), scope=edition.code)
