"""What the solver can be asked, as values that an operation carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from dxday.conflicts.facts import Of
from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext

SHORTEST, USUAL, LONGEST = 5, 60, 1800
"""Seconds that a search may take."""

USUAL_LENGTH = 60
"""Minutes of a session of which nobody said how long it is to last."""

OPENS, CLOSES = time(8), time(17, 30)
"""The hours in which sessions are put, unless somebody says otherwise."""

GRID = 5
"""Minutes between two beginnings."""


class Task(StrEnum):
    """What the solver is to do."""

    PLACE = "place"
    IMPROVE = "improve"
    REPAIR = "repair"


TASK_NAMES: dict[Task, Words] = {
    Task.PLACE: lazy_gettext("Place what has no place yet"),
    Task.IMPROVE: lazy_gettext("Make the whole programme better"),
    Task.REPAIR: lazy_gettext("Repair it with the fewest moves"),
}

TASK_NOTES: dict[Task, Words] = {
    Task.PLACE: lazy_gettext("Everything that has a time and a place stays where it is."),
    Task.IMPROVE: lazy_gettext("Drafts may move; what is pinned stays, and what is published if you say so."),
    Task.REPAIR: lazy_gettext(
        "When something cannot be had any more: a hall is flooded, a speaker comes an hour late. Only what must "
        "move moves."
    ),
}


NO_ROOM = lazy_gettext("No room of the site can be had at that time.")
"""Why a site goes without a session, where a repair finds no other way."""


TOO_LONG = lazy_gettext("It is longer than the hours of any day, or than the times in which it may be.")
"""Why a session is not even looked at."""


class NothingToPlace(RuleBroken):
    """A search for places of which no session needs one."""

    sentence = lazy_gettext("Every session has a time and a place already.")


class NothingGiven(RuleBroken):
    """A repair of nothing."""

    field = "what"
    sentence = lazy_gettext("Say what cannot be had, and from when to when.")


class SearchUnderWay(RuleBroken):
    """A search while another one of the edition waits or runs."""

    status = 409
    sentence = lazy_gettext("A search is under way already. Wait until it has ended, or cancel it.")


class HoursNotInOrder(RuleBroken):
    """A day that closes before it opens."""

    field = "closes"
    sentence = lazy_gettext("The day must close after it opens.")


@dataclass(frozen=True)
class Closure:
    """Something that cannot be had for a time, for the sake of a repair; nothing of it is stored."""

    of: Of
    id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Wish:
    """What the solver is asked."""

    task: Task
    seconds: int = USUAL
    keep_published: bool = True
    opens: time = OPENS
    closes: time = CLOSES
    closures: tuple[Closure, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "task": self.task.value,
            "seconds": self.seconds,
            "keep_published": self.keep_published,
            "opens": self.opens.isoformat(),
            "closes": self.closes.isoformat(),
            "closures": [
                {
                    "of": each.of.value,
                    "id": each.id,
                    "starts_at": each.starts_at.isoformat(),
                    "ends_at": each.ends_at.isoformat(),
                }
                for each in self.closures
            ],
        }

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Wish":
        """Return what `plain` wrote."""
        return cls(
            Task(values["task"]),
            int(values["seconds"]),
            bool(values["keep_published"]),
            time.fromisoformat(values["opens"]),
            time.fromisoformat(values["closes"]),
            tuple(
                Closure(
                    Of(each["of"]),
                    int(each["id"]),
                    datetime.fromisoformat(each["starts_at"]),
                    datetime.fromisoformat(each["ends_at"]),
                )
                for each in values["closures"]
            ),
        )


def check_wish(wish: Wish, *, unplaced: int) -> None:
    """Raise HoursNotInOrder, NothingToPlace or NothingGiven."""
    if wish.closes <= wish.opens:
        raise HoursNotInOrder
    if wish.task is Task.PLACE and not unplaced:
        raise NothingToPlace
    if wish.task is Task.REPAIR and not wish.closures:
        raise NothingGiven
