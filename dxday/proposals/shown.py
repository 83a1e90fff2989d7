"""Proposed changes as pages show them: field by field, how it was and what it becomes, in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from dxday.accounts import queries as accounts
from dxday.core.i18n import LOCALES, Words, lazy_gettext
from dxday.editions.models import Edition
from dxday.programme import queries as programme
from dxday.programme.rules import MODE_NAMES, SESSION_KIND_NAMES, SESSION_STATE_NAMES
from dxday.proposals import queries
from dxday.proposals.queries import PEOPLE, Standing
from dxday.proposals.rules import KIND_NAMES, Change, Kind
from dxday.sites import queries as sites
from dxday.web.filters import clock, day_short, number, text

FIELD_NAMES: dict[str, Words] = {
    "kind": lazy_gettext("Kind"),
    "title": lazy_gettext("Title"),
    "subtitle": lazy_gettext("Subtitle"),
    "abstract": lazy_gettext("What it is about"),
    "description": lazy_gettext("Description"),
    "language": lazy_gettext("Language that is spoken"),
    "track_id": lazy_gettext("Track"),
    "audiences": lazy_gettext("Who it is for"),
    "needs": lazy_gettext("Equipment that it needs"),
    "expected": lazy_gettext("People expected"),
    "starts_at": lazy_gettext("Begins"),
    "ends_at": lazy_gettext("Ends"),
    "room": lazy_gettext("Room"),
    "chairs": lazy_gettext("Chair"),
    "co_chairs": lazy_gettext("Co-chairs"),
    "speakers": lazy_gettext("Speakers"),
    "remote": lazy_gettext("Who joins online"),
    "received": lazy_gettext("Takes part"),
    "reason": lazy_gettext("Reason"),
    "mode": lazy_gettext("How it is held here"),
    "begins": lazy_gettext("Begins here"),
    "ends": lazy_gettext("Ends here"),
    "join_url": lazy_gettext("Link to join from here"),
    "capacity": lazy_gettext("People that can take part here"),
    "interpretation": lazy_gettext("Interpreted into"),
    "local_part": lazy_gettext("Local part"),
    "officer": lazy_gettext("Presiding officer here"),
    "ready": lazy_gettext("The site is ready"),
    "state": lazy_gettext("Session"),
}
_TEXTS = frozenset({"title", "subtitle", "abstract", "description", "local_part"})
_NO_LINE = frozenset({"guid"})


@dataclass(frozen=True)
class Line:
    """One field: what it is called, how it was, what it becomes."""

    label: str
    was: str
    becomes: str


@dataclass(frozen=True)
class Shown:
    """One change in words."""

    key: str
    kind: Kind
    name: Words
    title: str
    code: str | None
    """The code of the session; None for one that is to be added."""
    place: str
    lines: list[Line]
    stale: bool
    differs: list[Line]
    """What is not as the proposer saw it: the field, as it was seen, and as it is now."""
    taken: bool | None
    guid: str | None


class Wordings:
    """The names of rooms, people and tracks that changes speak of; loaded with three statements."""

    def __init__(self, edition: Edition, changes: Sequence[Change]) -> None:
        """Load the names."""
        self.rooms = {
            room.id: f"{text(room.name)}, {text(site.name)}"
            for site in sites.list_sites(edition.id)
            for room in site.rooms
        }
        people = accounts.list_people_by_id(queries.people_named(changes))
        self.people = {person.id: person.full_name for person in people}
        self.tracks = {track.id: text(track.name) for track in programme.list_tracks(edition.id)}

    def show(self, standing: Standing) -> Shown:
        """Return a change in words."""
        change, session = standing.change, standing.session
        title = session.title if session else change.becomes.get("title") or {}
        return Shown(
            key=change.key,
            kind=change.kind,
            name=KIND_NAMES[change.kind],
            title=text(title),
            code=session.code if session else None,
            place=text(standing.placement.site.name) if standing.placement else "",
            lines=self._lines(change.was, change.becomes),
            stale=standing.is_stale,
            differs=[
                line
                for name in FIELD_NAMES
                if name in standing.differs
                for line in self._lines_of(name, *standing.differs[name])
            ],
            taken=change.taken,
            guid=change.becomes.get("guid"),
        )

    def _lines(self, was: Mapping[str, Any], becomes: Mapping[str, Any]) -> list[Line]:
        names = [name for name in FIELD_NAMES if name in becomes and name not in _NO_LINE]
        return [line for name in names for line in self._lines_of(name, was.get(name), becomes[name])]

    def _lines_of(self, name: str, was: Any, becomes: Any) -> list[Line]:
        label = str(FIELD_NAMES.get(name, name))
        if name not in _TEXTS:
            pair = self._say(name, was), self._say(name, becomes)
            return [] if pair[0] == pair[1] else [Line(label, *pair)]
        was, becomes = was or {}, becomes or {}
        return [
            Line(f"{label} ({LOCALES.get(code, code)})", was.get(code, ""), becomes.get(code, ""))
            for code in dict.fromkeys([*LOCALES, *was, *becomes])
            if was.get(code, "") != becomes.get(code, "")
        ]

    def _say(self, name: str, value: Any) -> str:
        if name in ("received", "ready"):
            return "" if value is None else str(_("Yes") if value else _("No"))
        if name in ("begins", "ends"):
            return "" if value is None else _offset(value)
        if value is None or value == "" or value == []:
            return ""
        if name == "state":
            return str(SESSION_STATE_NAMES.get(value, value))
        if name in ("starts_at", "ends_at"):
            moment = queries.moment(value)
            return f"{day_short(moment)} {clock(moment)}"
        if name == "room":
            return self.rooms.get(value, "?")
        if name == "track_id":
            return self.tracks.get(value, "?")
        if name == "officer":
            return self.people.get(value, "?")
        if name in (*PEOPLE.values(), "remote"):
            return ", ".join(self.people.get(each, "?") for each in value)
        if name in ("audiences", "needs"):
            return ", ".join(value)
        if name in ("expected", "capacity"):
            return number(value)
        names: Mapping[str, Words] = {
            "kind": SESSION_KIND_NAMES,
            "mode": MODE_NAMES,
            "language": LOCALES,
            "interpretation": LOCALES,
        }.get(name, {})  # type: ignore[assignment]  # enums of text are text
        return str(names.get(value, value))


def show_all(edition: Edition, standings: Sequence[Standing]) -> list[Shown]:
    """Return changes in words."""
    wordings = Wordings(edition, [each.change for each in standings])
    return [wordings.show(each) for each in standings]


def group(shown: Sequence[Shown]) -> list[tuple[str, str | None, list[Shown]]]:
    """Return changes by session: (title, code, its changes), in the order in which they come."""
    groups: dict[str, tuple[str, str | None, list[Shown]]] = {}
    for each in shown:
        groups.setdefault(each.code or each.key, (each.title, each.code, []))[2].append(each)
    return list(groups.values())


def _offset(minutes: int) -> str:
    if not minutes:
        return str(_("with the session"))
    if minutes < 0:
        return str(ngettext("%(num)s minute before", "%(num)s minutes before", -minutes))
    return str(ngettext("%(num)s minute after", "%(num)s minutes after", minutes))
