"""How moments, numbers and translatable text are written for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent
from flask import Flask, current_app, g, has_app_context
from flask_babel import get_locale

from dxday.core.i18n import Translations, pick
from dxday.core.markup import plain


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone() -> ZoneInfo:
    """Return the time zone of the edition at hand, else the configured one."""
    edition = g.get("edition") if has_app_context() else None
    return _zone(edition.time_zone if edition else current_app.config["BABEL_DEFAULT_TIMEZONE"])


@contextmanager
def in_zone_of(edition: Any | None) -> Iterator[None]:
    """Write times on the clock of this edition inside the block, for work that no request brings."""
    before = g.get("edition")
    g.edition = edition
    try:
        yield
    finally:
        g.edition = before


def _locale() -> str:
    return str(get_locale())


def local(moment: datetime) -> datetime:
    """Return the moment on the clock of the edition's time zone."""
    return moment.astimezone(zone())


def _day_of(value: date | datetime) -> date:
    return local(value).date() if isinstance(value, datetime) else value


def text(texts: Translations | None) -> str:
    """Return translatable text in the language of the page."""
    return pick(texts, _locale())


def day(value: date | datetime) -> str:
    """Return the day in full with its weekday."""
    written: str = format_date(_day_of(value), format="full", locale=_locale())
    return written[:1].upper() + written[1:]


def day_short(value: date | datetime) -> str:
    """Return the day in figures, day first (10/10/2026)."""
    return _day_of(value).strftime("%d/%m/%Y")


def clock(value: datetime) -> str:
    """Return the time of day on a 24-hour clock."""
    return local(value).strftime("%H:%M")


def moment(value: datetime) -> str:
    """Return time of day and day."""
    return f"{clock(value)} · {day(value)}"


def span(begin: datetime, end: datetime) -> str:
    """Return “08:00–09:30”; a span that passes midnight says so with the second day."""
    if local(begin).date() == local(end).date():
        return f"{clock(begin)}–{clock(end)}"
    return f"{clock(begin)}–{clock(end)} ({day_short(end)})"


def month(value: date) -> str:
    """Return month and year in words."""
    written: str = format_skeleton("yMMMM", datetime.combine(value, datetime.min.time()), locale=_locale())
    return written[:1].upper() + written[1:]


def number(value: float) -> str:
    """Return a number with the separators of the language."""
    written: str = format_decimal(value, locale=_locale())
    return written


def points(value: float) -> str:
    """Return a score with one decimal."""
    return points_in(round(value, 1), _locale())


@lru_cache(maxsize=4096)
def points_in(value: float, locale: str) -> str:
    """Return a score, rounded to one decimal before, in a language; for thousands of them on one page."""
    written: str = format_decimal(value, format="0.0", locale=locale)
    return written


def percent(share: float) -> str:
    """Return a share of 0…1 as a percentage without decimals."""
    written: str = format_percent(share, locale=_locale())
    return written


def filesize(size: int) -> str:
    """Return bytes as B, kB or MB (decimal units)."""
    for limit, unit in ((1_000_000, "MB"), (1_000, "kB")):
        if size >= limit:
            return f"{format_decimal(round(size / limit, 1), locale=_locale())} {unit}"
    return f"{size} B"


def iso(value: date | datetime) -> str:
    """Return the value for <time datetime>."""
    return local(value).isoformat(timespec="minutes") if isinstance(value, datetime) else value.isoformat()


def init_app(app: Flask) -> None:
    """Give the filters to every template."""
    filters: dict[str, Any] = {
        f.__name__: f
        for f in (
            text,
            day,
            day_short,
            clock,
            moment,
            span,
            month,
            number,
            points,
            percent,
            filesize,
            iso,
            plain,
        )
    }
    app.jinja_env.filters.update(filters)
