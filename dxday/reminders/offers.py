"""What features offer to reminder rules: audiences, the moments they can be reminded of, and how to find them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import CTE, Select

from dxday.core.i18n import Translations, Words
from dxday.editions.models import Edition
from dxday.notifications.letters import Letter

Choices = Callable[[Edition], list[tuple[str, Words]]]


@dataclass(frozen=True)
class Anchor:
    """One moment from which rules count, as it stands now: a beginning, a deadline, a ceremony.

    What is cancelled has none.  `key` is the number by which the audience finds the people whom the anchor concerns
    (a site's, a session's, an edition's).
    """

    edition_id: int
    occasion: str
    """What it is, as `site:3` or `session:7`; the same when it is moved."""
    key: int
    at: datetime
    label: Translations
    marks: Mapping[str, str] = field(default_factory=dict)
    """Values for the audience's filters of anchors, as {"site": "vinh"}."""


@dataclass(frozen=True)
class Moment:
    """A sort of anchor; `find` returns those of the editions, in a number of statements that does not grow."""

    name: str
    label: Words
    find: Callable[[Sequence[Edition]], list[Anchor]]
    letter: Letter | None = None
    """The letter for this moment, where that of the audience does not fit: after the event one thanks."""
    filters: tuple[str, ...] | None = None
    """The audience's filters of anchors that make sense here; None is all of them."""

    def takes(self, name: str) -> bool:
        """Tell whether a filter of anchors, by its name, makes sense here."""
        return self.filters is None or name in self.filters


@dataclass(frozen=True)
class Filter:
    """Narrows an audience: `choices` gives value and label for an edition."""

    name: str
    label: Words
    choices: Choices


@dataclass(frozen=True)
class Found:
    """Somebody whom an anchor concerns."""

    recipient: str
    """Who it is, as `registration:12`."""
    edition_id: int
    anchor: Anchor


@dataclass(frozen=True)
class Audience:
    """People whom a rule can remind.

    `people(slots)` returns one SELECT over the common table `slots` (columns slot, edition_id, key, only) with the
    columns slot, recipient, address, phone, to_name, locale, since.  `key` is that of the anchor; `only`, when not
    null, is the one value of `person_filter` to keep; `since` is when the person joined.  Who no longer belongs
    (cancelled, done already) is not in it.  `facts(found)` returns the values of the letter's placeholders, one
    mapping for each in the same order, in a number of statements that does not grow.
    """

    name: str
    label: Words
    moments: tuple[Moment, ...]
    letter: Letter
    people: Callable[[CTE], Select[Any]]
    facts: Callable[[Sequence[Found]], list[dict[str, Any]]]
    anchor_filters: tuple[Filter, ...] = ()
    person_filter: Filter | None = None

    def letter_for(self, moment: str) -> Letter:
        """Return the letter of a moment; without one of its own, or for an unknown moment, that of the audience."""
        found = self.moment(moment)
        return found.letter if found and found.letter else self.letter

    @property
    def letters(self) -> list[Letter]:
        """Every letter of the audience."""
        return [self.letter, *(moment.letter for moment in self.moments if moment.letter)]

    def moment(self, name: str) -> Moment | None:
        """Return the moment of this name, or None."""
        return next((moment for moment in self.moments if moment.name == name), None)


def index(*offered: Iterable[Audience]) -> dict[str, Audience]:
    """Return the audiences by name.  Raises ValueError for a name that two features offer."""
    by_name: dict[str, Audience] = {}
    for audience in (audience for audiences in offered for audience in audiences):
        if audience.name in by_name:
            raise ValueError(f"two features offer the audience {audience.name}")
        by_name[audience.name] = audience
    return by_name


def known() -> Mapping[str, Audience]:
    """Return every audience that the application offers."""
    audiences: dict[str, Audience] = current_app.extensions["dxday_audiences"]
    return audiences
