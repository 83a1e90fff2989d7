"""Search in the published programme: what is searched, kept folded until the programme changes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from flask import current_app

from dxday.core import vietnamese
from dxday.core.i18n import Translations
from dxday.editions.models import Edition
from dxday.programme import queries
from dxday.sites import queries as sites
from dxday.web.kept import Shelf

LONGEST = 100
"""How many characters of a question are looked at."""
MOST_WORDS = 8

_MOST_KEPT, _MOST_BYTES = 8, 16 * 1024 * 1024

Texts = dict[int, str]
"""Session id → everything that is searched, folded."""


def words_of(question: str) -> list[str]:
    """Return the folded words of a question, each once; no more than anybody types."""
    return list(dict.fromkeys(vietnamese.words_of(question[:LONGEST])))[:MOST_WORDS]


def find_sessions(edition: Edition, words: Sequence[str]) -> set[int]:
    """Return the ids of the published sessions in which every word stands somewhere.

    Titles, abstracts, tracks, names of people, sites and rooms are searched, in all languages, without marks.
    """
    return {
        session_id
        for session_id, text in _texts(edition).items()
        if all(vietnamese.stands_in(word, text) for word in words)
    }


def _texts(edition: Edition) -> Texts:
    shelf: Shelf[Texts] = current_app.extensions.setdefault(
        "dxday_search", Shelf(_MOST_KEPT, _MOST_BYTES, lambda texts: sum(map(len, texts.values())))
    )
    key = (edition.id, edition.programme_version)
    found = shelf.find(key)
    if found is None:
        with shelf.turn(key):
            found = shelf.find(key)
            if found is None:
                found = _gather(edition)
                shelf.put(key, found)
    return found


def _gather(edition: Edition) -> Texts:
    tracks = {track.id: _all(track.name) for track in queries.list_tracks(edition.id)}
    places: dict[int, str] = {}
    rooms: dict[int | None, str] = {None: " "}
    for site in sites.list_sites(edition.id):
        places[site.id] = _searched(_all(site.name))
        rooms |= {room.id: _searched(_all(room.name)) for room in site.rooms}
    where: dict[int, set[str]] = defaultdict(set)
    for showing in queries.list_showings(edition.id):
        where[showing.session_id] |= {places[showing.site_id], rooms[showing.room_id]}
    people = queries.list_speakers(edition.id)
    return {
        entry.id: _searched(
            [
                *_all(entry.title),
                *_all(entry.subtitle),
                *_all(entry.abstract),
                *tracks.get(entry.track_id or 0, ()),
                *people.get(entry.id, ()),
            ]
        )
        + "".join(sorted(where[entry.id]))
        for entry in queries.list_entries(edition.id)
    }


def _searched(texts: Iterable[str]) -> str:
    """Return texts as `stands_in` looks at them."""
    return f" {' '.join(vietnamese.words_of(' '.join(texts)))} "


def _all(texts: Translations | None) -> Iterable[str]:
    return texts.values() if texts else ()
