"""How rooms and tracks are called in files, where one name must tell them apart."""

from collections import Counter
from collections.abc import Iterable

from dxday.core.i18n import DEFAULT_LOCALE, pick
from dxday.exchange.rules import tidy_line, tidy_texts
from dxday.sites.models import Room, Site


def room_names(sites: Iterable[Site]) -> dict[int, str]:
    """Return a name for each room that no other room has; the site stands before it where there are several sites."""
    known = list(sites)
    many = sum(1 for site in known if site.rooms) > 1
    names = {room.id: _room_name(site, room, many=many) for site in known for room in site.rooms}
    counted = Counter(names.values())
    codes = {room.id: room.code for site in known for room in site.rooms}
    return {
        room_id: name if counted[name] == 1 else f"{name} ({codes[room_id]}-{room_id})"
        for room_id, name in names.items()
    }


def site_name(site: Site) -> str:
    """Return what a site is called where somebody joins it without a room."""
    return tidy_line(pick(tidy_texts(site.name), DEFAULT_LOCALE)) or site.code


def _room_name(site: Site, room: Room, *, many: bool) -> str:
    name = tidy_line(pick(tidy_texts(room.name), DEFAULT_LOCALE)) or room.code
    return f"{site_name(site)} · {name}" if many else name
