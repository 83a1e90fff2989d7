"""The board as plain values: where things are drawn, what a person saw, and what is different now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dxday.conflicts.rules import Finding
from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.programme.rules import Overridable

STEP = timedelta(minutes=5)
"""What times on the board go by."""
USUAL_LENGTH = timedelta(minutes=60)
"""How long a session is taken to be that says nothing of it."""
ZOOMS = {"day": 30, "half": 15, "hour": 5}
"""How far one looks → in minutes, what is drawn at least so long that one can hit it."""
USUAL_ZOOM = "half"
USUAL_HOURS = (7, 18)
"""The hours that are shown at least."""
MOST_AT_ONCE = 200
"""How many placements one act may move."""


class TooManyAtOnce(RuleBroken):
    """More than one act may move."""

    sentence = lazy_gettext("These are too many at once. Move them in several turns.")


class NotReadable(RuleBroken):
    """What the board sent makes no sense."""

    status = 400
    sentence = lazy_gettext("This change could not be read. Load the page again.")


class Blocked(Overridable):
    """A change that brings something which the edition does not allow."""

    sentence = lazy_gettext(
        "The rules of this edition do not allow this. Do it anyway only with a good reason."
    )

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Keep what it would bring."""
        super().__init__()
        self.findings = findings


@dataclass(frozen=True)
class Filters:
    """Which sessions are shown; None is all of them."""

    site: str | None = None
    """The code of a site at which they are."""
    track: str | None = None
    person: int | None = None
    """The id of somebody who has a part in them."""
    mode: str | None = None
    state: str | None = None
    """None leaves out what is cancelled."""


@dataclass(frozen=True)
class Difference:
    """One thing that somebody else changed: what it is, how the person saw it, and how it is now."""

    label: Words
    was: str
    now: str


Seen = Mapping[str, Any]
"""A session as the board shows it (see shown.as_json), which a page may hand back."""

_FACTS: tuple[tuple[str, Words], ...] = (
    ("title", lazy_gettext("Title")),
    ("kind_word", lazy_gettext("Kind")),
    ("state_word", lazy_gettext("State")),
    ("track_word", lazy_gettext("Track")),
    ("people_words", lazy_gettext("People")),
)


def find_differences(seen: Any, current: Seen) -> list[Difference]:
    """Return what differs between a session as a person saw it and as it is; nothing for what cannot be read.

    `seen` comes from a page, so it may be anything.
    """
    if not isinstance(seen, dict):
        return []
    found = [
        Difference(label, str(seen.get(name, "")), str(current[name]))
        for name, label in _FACTS
        if str(seen.get(name, "")) != str(current[name])
    ]
    was, now = _places(seen), _places(current)
    for number in [*was, *(each for each in now if each not in was)]:
        before, after = was.get(number), now.get(number)
        if before == after:
            continue
        site = (after or before or ("", ""))[0]
        found.append(Difference(site, before[1] if before else "", after[1] if after else ""))
    return found


def _places(session: Seen) -> dict[str, tuple[str, str]]:
    """Return site and place-and-time in words of each placement, by its id."""
    places = session.get("placements")
    if not isinstance(places, list):
        return {}
    return {
        str(place.get("id")): (str(place.get("site_word", "")), str(place.get("words", "")))
        for place in places
        if isinstance(place, dict)
    }


def lanes(spans: Iterable[tuple[int, int]], *, shortest: int) -> list[int]:
    """Return for each (start, end) in minutes the first lane of its row that is free; as few as can be.

    What lasts less than `shortest` minutes is drawn as long as that.
    """
    order = list(spans)
    places = [0] * len(order)
    ends: list[int] = []
    for number in sorted(range(len(order)), key=lambda n: order[n]):
        start, end = order[number]
        lane = next((n for n, taken_until in enumerate(ends) if taken_until <= start), len(ends))
        if lane == len(ends):
            ends.append(0)
        ends[lane] = max(end, start + shortest)
        places[number] = lane
    return places


def hours(spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the first and the last hour of a day to show: the usual ones, and an hour around what is there."""
    first = min([USUAL_HOURS[0] * 60, *(start - 60 for start, _ in spans)])
    last = max([USUAL_HOURS[1] * 60, *(end + 60 for _, end in spans)])
    return max(0, first // 60), min(24, -(-last // 60))


def minutes(moment: datetime, day: date) -> int:
    """Return how many minutes after the midnight that begins `day` a local moment is, on the clock on the wall."""
    since = moment.replace(tzinfo=None) - datetime.combine(day, datetime.min.time())  # a wall clock
    return int(since / timedelta(minutes=1))
