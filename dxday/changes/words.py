"""What changed, in words: a line for each session, in the language and on the clock of the reader."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import force_locale

from dxday.changes.queries import Change
from dxday.changes.rules import Where
from dxday.core.i18n import Translations, pick
from dxday.core.i18n import gettext as _
from dxday.programme.rules import PlacementRole

_SITES_NAMED = 3


def lines(
    changes: Sequence[Change],
    *,
    locale: str,
    zone: ZoneInfo,
    rooms: Mapping[int, Translations],
    sites: Mapping[int, Translations],
    at_site: int | None = None,
) -> tuple[str, ...]:
    """Return a line for each change, by time; what is the same at several sites is one line.

    With `at_site` the changes are those of one site, whose name goes without saying.
    """
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        was, becomes = change.was, change.becomes
        # Rooms differ from site to site although nothing was moved there: only a change of room tells sites apart.
        room = (was.room_id, becomes.room_id) if was.room_id != becomes.room_id else None
        key = (change.session_id, was.starts_at, was.ends_at, was.cancelled,
               becomes.starts_at, becomes.ends_at, becomes.cancelled, room)  # fmt: skip
        groups.setdefault(key, []).append(change)
    with force_locale(locale):
        return tuple(
            f"• {_line(group[0], zone, rooms, locale)}{'' if at_site else _whereabouts(group, sites, locale)}"
            for group in groups.values()
        )


def _line(change: Change, zone: ZoneInfo, rooms: Mapping[int, Translations], locale: str) -> str:
    title = pick(change.title, locale)
    was, becomes = change.was, change.becomes
    if becomes.cancelled:
        return str(_("“%(title)s” is cancelled (it was to be %(was)s)", title=title, was=span(was, zone)))
    if was.cancelled:
        return str(_("“%(title)s” takes place after all: %(when)s", title=title, when=span(becomes, zone)))
    if was.room_id == becomes.room_id:
        return f"“{title}”: {span(was, zone)} → {span(becomes, zone)}"
    old, new = (pick(rooms.get(each.room_id or 0), locale) or _("no room") for each in (was, becomes))
    if (was.starts_at, was.ends_at) == (becomes.starts_at, becomes.ends_at):
        return f"“{title}”, {span(was, zone)}: {old} → {new}"
    return f"“{title}”: {span(was, zone)}, {old} → {span(becomes, zone)}, {new}"


def _whereabouts(group: Sequence[Change], sites: Mapping[int, Translations], locale: str) -> str:
    """Say where, unless it is the session itself, at the site where it is held."""
    if any(change.role is PlacementRole.ORIGIN for change in group):
        return ""
    return f" ({names((sites.get(change.site_id, {}) for change in group), locale)})"


def names(found: Iterable[Translations], locale: str) -> str:
    """Return the first names, and how many more there are."""
    known = [pick(each, locale) for each in found]
    shown = ", ".join(known[:_SITES_NAMED])
    more = len(known) - _SITES_NAMED
    return _("%(names)s and %(more)s more", names=shown, more=more) if more > 0 else shown


def span(where: Where, zone: ZoneInfo) -> str:
    """Return day and hours on the clock of the zone."""
    return between(where.starts_at, where.ends_at, zone)


def between(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """Return day and hours; an end on another day says which."""
    begins, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    if begins.date() == ends.date():
        return f"{begins:%d/%m/%Y %H:%M}–{ends:%H:%M}"
    return f"{begins:%d/%m/%Y %H:%M} – {ends:%d/%m/%Y %H:%M}"
