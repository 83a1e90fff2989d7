"""Releases as pages and feeds show them: what differs, in words, with names and on the clock of the edition."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import ngettext

from dxday.core.i18n import Translations, Words, pick
from dxday.core.i18n import gettext as _
from dxday.programme.publishing import Content
from dxday.programme.rules import (
    ENTRY_CHANGE_NAMES,
    MODE_NAMES,
    SESSION_KIND_NAMES,
    EntryChange,
    Mode,
    SessionKind,
)
from dxday.releases import rules
from dxday.releases.queries import Names
from dxday.releases.rules import ASPECT_NAMES, WITHOUT_VALUES, Aspect, Difference
from dxday.web.filters import day_short, span
from dxday.web.languages import current_locale

SITES_NAMED = 3

SHAPES = {EntryChange.ADDED: "good", EntryChange.CHANGED: "warn", EntryChange.CANCELLED: "bad"}


@dataclass(frozen=True)
class Line:
    """One difference in words; the values are None where it is enough that it differs."""

    aspect: Aspect
    was: str | None
    becomes: str | None
    where: str

    @property
    def label(self) -> Words:
        """In what it differs."""
        return ASPECT_NAMES[self.aspect]


@dataclass(frozen=True)
class Item:
    """A session that a release adds, changes or cancels."""

    session_id: int
    code: str
    title: Translations
    change: EntryChange
    word: Words
    shape: str
    when: str
    """Where it begins, as it stands in the end."""
    lines: Sequence[Line]


def item(session_id: int, change: EntryChange, was: Content | None, becomes: Content, names: Names) -> Item:
    """Return what happens to a session, in the language of the page."""
    differences = [] if change is EntryChange.CANCELLED else rules.find_differences(was, becomes)
    return Item(
        session_id=session_id,
        code=becomes["code"],
        title=becomes["title"],
        change=change,
        word=ENTRY_CHANGE_NAMES[change],
        shape=SHAPES[change],
        when=_when(becomes, names),
        lines=[_line(each, names, len(becomes["placements"])) for each in differences],
    )


def for_visitors(item: Item) -> Item | None:
    """Return what visitors are told of it: not what is of no use to them, nor why a site does not take part."""
    lines = [
        replace(line, becomes=None) if line.aspect is Aspect.SITE_LEAVES else line
        for line in item.lines
        if line.aspect is not Aspect.OTHER
    ]
    if item.change is EntryChange.CHANGED and not lines:
        return None
    return replace(item, lines=lines)


def sentence(line: Line) -> str:
    """Return a difference as one line of plain text."""
    label = f"{line.label} ({line.where})" if line.where else str(line.label)
    if line.was is None and line.becomes is None:
        return label
    if line.was is None:
        return f"{label}: {line.becomes}"
    return f"{label}: {line.was} → {line.becomes}"


def _when(content: Content, names: Names) -> str:
    origin = next((p for p in content["placements"] if p["role"] == "origin"), None)
    if origin is None:
        return ""
    times = _times((origin["starts_at"], origin["ends_at"]))
    site = pick(names.sites.get(origin["site_id"]), current_locale())
    return f"{times}, {site}" if site else times


def _line(difference: Difference, names: Names, placements: int) -> Line:
    aspect = difference.aspect
    where = _where(difference.site_ids, names, placements)
    becomes = _value(aspect, difference.becomes, names)
    if aspect in WITHOUT_VALUES:
        return Line(aspect, None, None, where)
    if aspect in (Aspect.SITE_JOINS, Aspect.SITE_LEAVES):
        return Line(aspect, None, becomes or None, where)
    return Line(aspect, _value(aspect, difference.was, names), becomes, where)


def _value(aspect: Aspect, value: Any, names: Names) -> str:
    nothing = "–"
    if aspect is Aspect.TITLE:
        return f"“{pick(value, current_locale())}”"
    if aspect is Aspect.KIND:
        return str(SESSION_KIND_NAMES[SessionKind(value)])
    if aspect is Aspect.MODE:
        return str(MODE_NAMES[Mode(value)])
    if aspect is Aspect.TRACK:
        return pick(names.tracks.get(value), current_locale()) or nothing
    if aspect is Aspect.ROOM:
        return pick(names.rooms.get(value), current_locale()) or nothing
    if aspect is Aspect.PEOPLE:
        return ", ".join(names.people.get(person_id, "") for person_id in value) or nothing
    if aspect in (Aspect.TIME, Aspect.SITE_JOINS) and value is not None:
        return _times(value)
    return str(value or "")


def _times(value: tuple[str, str]) -> str:
    begins, ends = (datetime.fromisoformat(each) for each in value)
    return f"{day_short(begins)} {span(begins, ends)}"


def _where(site_ids: Iterable[int], names: Names, placements: int) -> str:
    """Name the sites, or count them where they are many; a session at one site needs no word of it."""
    known = [pick(names.sites.get(site_id), current_locale()) for site_id in site_ids]
    if not known or placements == 1:
        return ""
    if len(known) == placements:
        return str(_("everywhere"))
    if len(known) <= SITES_NAMED:
        return ", ".join(known)
    return str(
        ngettext(
            "%(site)s and %(num)s other site",
            "%(site)s and %(num)s other sites",
            len(known) - 1,
            site=known[0],
        )
    )
