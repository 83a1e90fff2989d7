"""What a conflict rule is, how much a finding of it weighs, and what a finding says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Translations, Words, lazy_gettext
from dxday.programme.rules import Overridable

if TYPE_CHECKING:
    from dxday.conflicts.facts import SessionFacts, SiteFacts
    from dxday.conflicts.world import Focus, World


class Level(StrEnum):
    """What a finding of a rule stops."""

    IGNORE = "ignore"
    WARN = "warn"
    BLOCK_RELEASE = "block_release"
    BLOCK = "block"

    @property
    def weight(self) -> int:
        """How heavy it is, from 0 for what is not looked for."""
        return list(Level).index(self)


LEVEL_NAMES: dict[Level, Words] = {
    Level.IGNORE: lazy_gettext("Not looked for"),
    Level.WARN: lazy_gettext("Warning"),
    Level.BLOCK_RELEASE: lazy_gettext("Stops a release"),
    Level.BLOCK: lazy_gettext("Not allowed"),
}


@dataclass(frozen=True)
class Limits:
    """Limits and usual times of an edition; these are the ones where nobody said anything."""

    turnaround: timedelta = timedelta(0)
    travel: timedelta = timedelta(minutes=60)
    licences: int | None = None
    interpreters: int | None = None


class MendedAt(StrEnum):
    """The page on which a finding is mended, besides that of its session."""

    SESSION = "session"
    RULES = "rules"
    TRAVEL = "travel"
    AVAILABILITY = "availability"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that stands against the programme; it explains itself and names the mend."""

    rule: str
    level: Level
    """As the edition sets it."""
    key: str
    """What it is about, in ids: the same as long as the same things collide, whatever they are called."""
    session_ids: tuple[int, ...]
    placement_ids: tuple[int, ...]
    site_ids: tuple[int, ...]
    message: Words
    mend: Words
    override: str | None
    """Why it may stand, if somebody said so."""
    sessions: Mapping[int, "SessionFacts"] = field(default_factory=dict, compare=False, repr=False)
    """The sessions of the programme that was looked at."""
    sites: Mapping[int, "SiteFacts"] = field(default_factory=dict, compare=False, repr=False)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the sessions."""
        return tuple(self.sessions[session_id].code for session_id in self.session_ids)

    @property
    def titles(self) -> tuple[Translations, ...]:
        """What the sessions are called."""
        return tuple(self.sessions[session_id].title for session_id in self.session_ids)

    @property
    def site_codes(self) -> tuple[str, ...]:
        """The codes of the sites."""
        return tuple(self.sites[site_id].code for site_id in self.site_ids)

    @property
    def name(self) -> tuple[str, str]:
        """Rule and key: no two findings of one check have the same."""
        return self.rule, self.key

    @property
    def known(self) -> "Rule":
        """The rule that found it."""
        return RULES[self.rule]

    @property
    def level_name(self) -> Words:
        """What its level is called."""
        return LEVEL_NAMES[self.level]


class Draft(NamedTuple):
    """A finding as its rule writes it; the engine adds rule, level and the edition's overrides."""

    key: str
    session_ids: tuple[int, ...]
    message: Words
    mend: Words
    placement_ids: tuple[int, ...] = ()
    site_ids: tuple[int, ...] = ()
    allowed: str | None = None
    """Why the programme itself lets it stand, such as the reason for sharing a room."""


Find = Callable[["World", "Focus"], Iterator[Draft]]


@dataclass(frozen=True)
class Rule:
    """A conflict rule."""

    code: str
    name: Words
    looks_for: Words
    level: Level
    """The level in an edition that says nothing else."""
    mended_at: MendedAt
    find: Find
    """Return every finding in which something of the focus has a part; the focus may be the whole programme."""


RULES: dict[str, Rule] = {}
"""Every rule by its code, in the order in which they are shown; filled when `dxday.conflicts.checks` is imported."""


def rule(
    code: str,
    *,
    name: Words,
    looks_for: Words,
    level: Level,
    mended_at: MendedAt = MendedAt.SESSION,
) -> Callable[[Find], Find]:
    """Register a function as a conflict rule.  Raises ValueError for a code that is there already."""

    def register(find: Find) -> Find:
        if code in RULES:
            raise ValueError(f"two conflict rules are called {code!r}")
        RULES[code] = Rule(code, name, looks_for, level, mended_at, find)
        return find

    return register


def level_of(known: Rule, levels: Mapping[str, Level]) -> Level:
    """Return the level that an edition gives to a rule, else the rule's own."""
    return levels.get(known.code, known.level)


class NotOverridable(RuleBroken):
    """A finding that is gone, or that a room's own override allows already."""

    sentence = lazy_gettext("This does not stand against the programme any more.")


class ReasonNeeded(RuleBroken):
    """An override without a reason."""

    field = "reason"
    sentence = lazy_gettext("Say why this may stand.")


class Blocked(Overridable):
    """A change that would bring a finding which the edition does not allow."""

    sentence = lazy_gettext("%(message)s %(mend)s")


class SameSite(RuleBroken):
    """A way from a site to itself."""

    field = "other"
    sentence = lazy_gettext("Choose two different sites.")


class WindowNotInOrder(RuleBroken):
    """A time that ends before it begins."""

    field = "ends"
    sentence = lazy_gettext("The end must come after the beginning.")
