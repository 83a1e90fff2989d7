"""What an appraisal rule is, what a finding says, and who may do what."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from dxday.appraisal.texts import is_without_accents
from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.vietnamese import fold, same_name
from dxday.nominations.rules import State

if TYPE_CHECKING:
    from dxday.appraisal.facts import Dossier

LIKE_ENOUGH = 50
"""Percent of either text that the other has too, from which on they tell of the same."""
ALIKE_SOMEWHAT = 25
"""Percent from which on the passages are worth a look."""
ACTIVE = frozenset({State.SUBMITTED, State.RETURNED, State.ADMITTED, State.APPROVED, State.AWARDED})
"""States of another dossier that count against this one."""
OPEN = frozenset({State.SUBMITTED, State.RETURNED, State.ADMITTED})
"""States in which there is something to appraise."""
REPLY_DAYS = 10
"""Working days that another agency has to answer; of older rules, the organizer may say otherwise."""
MOST_REPLY_DAYS = 60


class Level(StrEnum):
    """What a finding stops."""

    NOTE = "note"
    WARN = "warn"
    BLOCK = "block"

    @property
    def weight(self) -> int:
        """How heavy it is, from 0."""
        return list(Level).index(self)


LEVEL_NAMES: dict[Level, Words] = {
    Level.NOTE: lazy_gettext("Note"),
    Level.WARN: lazy_gettext("Warning"),
    Level.BLOCK: lazy_gettext("Stops admission"),
}


class HoldKind(StrEnum):
    """Why nobody is commended for the time being (Decree 152/2025/NĐ-CP Art. 4)."""

    DISCIPLINE = "discipline"
    INVESTIGATION = "investigation"
    INSPECTION = "inspection"
    COMPLAINT = "complaint"


HOLD_KIND_NAMES: dict[HoldKind, Words] = {
    HoldKind.DISCIPLINE: lazy_gettext("Discipline under consideration"),
    HoldKind.INVESTIGATION: lazy_gettext("Investigation"),
    HoldKind.INSPECTION: lazy_gettext("Inspection or audit"),
    HoldKind.COMPLAINT: lazy_gettext("Complaint or denunciation"),
}


class HoldOn(StrEnum):
    """Whom a hold concerns."""

    NOMINATION = "nomination"
    NOMINEE = "nominee"
    ORGANISATION = "organisation"


HOLD_ON_NAMES: dict[HoldOn, Words] = {
    HoldOn.NOMINATION: lazy_gettext("This dossier alone"),
    HoldOn.NOMINEE: lazy_gettext("Everything in which the nominee is nominated"),
    HoldOn.ORGANISATION: lazy_gettext("Everything that the agency nominates"),
}


EVENT_NAMES: dict[str, Words] = {
    "finding.overridden": lazy_gettext("Finding may stand"),
    "finding.override_removed": lazy_gettext("Finding counts again"),
    "hold.opened": lazy_gettext("Hold opened"),
    "opinion.asked": lazy_gettext("Another agency asked"),
    "opinion.answered": lazy_gettext("Answer of another agency noted"),
}
"""The entries of the audit trail that tell of the appraisal of a dossier, in words."""


class Draft(NamedTuple):
    """A finding as its rule writes it."""

    key: str
    message: Words
    mend: Words
    other_id: int | None = None
    """The dossier that it is compared with."""


Find = Callable[["Dossier"], Iterator[Draft]]


@dataclass(frozen=True)
class Rule:
    """An appraisal rule."""

    code: str
    name: Words
    article: str
    """What it stands on; Vietnamese law as it is cited, or "" for a rule of the house."""
    level: Level
    find: Find


RULES: dict[str, Rule] = {}
"""Every rule by its code, in the order in which they are shown; filled when `dxday.appraisal.checks` is imported."""


def rule(code: str, *, name: Words, level: Level, article: str = "") -> Callable[[Find], Find]:
    """Register a function as an appraisal rule.  Raises ValueError for a code that is there already."""

    def register(find: Find) -> Find:
        if code in RULES:
            raise ValueError(f"two appraisal rules are called {code!r}")
        RULES[code] = Rule(code, name, article, level, find)
        return find

    return register


@dataclass(frozen=True)
class Override:
    """Why a finding may stand, who said so and when."""

    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that stands against a dossier; it explains itself and names the mend."""

    rule: str
    key: str
    """What it is about: the same as long as the same things are as they are."""
    message: Words
    mend: Words
    other_id: int | None
    override: Override | None

    @property
    def known(self) -> Rule:
        """The rule that found it."""
        return RULES[self.rule]

    @property
    def level(self) -> Level:
        """What it stops."""
        return self.known.level

    @property
    def level_name(self) -> Words:
        """What its level is called."""
        return LEVEL_NAMES[self.level]

    @property
    def blocks(self) -> bool:
        """Whether it stops admission now."""
        return self.level is Level.BLOCK and self.override is None


class Sameness(StrEnum):
    """Whether two dossiers are of one nominee."""

    SAME = "same"
    NAMESAKE = "namesake"
    """The name is the same, and nothing else says that it is the same person."""
    OTHER = "other"


class AdmissionBlocked(RuleBroken):
    """A dossier against which something stands that nobody overrode."""

    sentence = lazy_gettext("The dossier cannot go before the council yet. %(message)s %(mend)s")


class ReasonNeeded(RuleBroken):
    """An act that is kept with its reason, without one."""

    field = "reason"
    sentence = lazy_gettext("Give the reason: it is kept with your name.")


class FindingGone(RuleBroken):
    """A finding that does not stand against the dossier as it is now."""

    sentence = lazy_gettext("This does not stand against the dossier any more.")


class ExpiryPast(RuleBroken):
    """A hold that would be over before it begins."""

    field = "expires_on"
    sentence = lazy_gettext("The last day of a hold cannot lie in the past.")


class HoldOver(RuleBroken):
    """A hold that was lifted or has expired."""

    sentence = lazy_gettext("This hold does not hold any more.")


class NotUnderAppraisal(RuleBroken):
    """A dossier that is decided, withdrawn, or not handed in."""

    sentence = lazy_gettext("This dossier is not being appraised: it is “%(state)s”.")


class AnsweredAlready(RuleBroken):
    """An opinion that was noted before."""

    sentence = lazy_gettext("The answer of %(organisation)s was noted already.")


class AgencyNotNamed(RuleBroken):
    """An opinion asked of nobody."""

    field = "organisation_name"
    sentence = lazy_gettext("Say which agency is asked.")


class DaysOutOfRange(RuleBroken):
    """A deadline that is none."""

    field = "days"
    sentence = lazy_gettext("Give the agency from 1 to %(most)s working days.")


def check_reason(reason: str) -> str:
    """Return the reason without blanks around it.  Raises ReasonNeeded."""
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()


def check_days(days: int) -> None:
    """Raise DaysOutOfRange."""
    if not 1 <= days <= MOST_REPLY_DAYS:
        raise DaysOutOfRange(most=MOST_REPLY_DAYS)


def check_admissible(findings: Iterable[Finding]) -> None:
    """Raise AdmissionBlocked with the first finding that stops admission."""
    for found in findings:
        if found.blocks:
            raise AdmissionBlocked(message=found.message, mend=found.mend)


def is_holding(lifted: bool, expires_on: date | None, day: date) -> bool:
    """Tell whether a hold holds on the day; its last day is included."""
    return not lifted and (expires_on is None or expires_on >= day)


def nominee_key(name: str) -> str:
    """Return what the name of a nominee is found by: no accents, no capitals, single blanks."""
    return fold(name)


def is_same_name(one: str, other: str) -> bool:
    """Tell whether two names with the same key are one: accents count, unless one of them has none at all.

    “Nguyễn Văn An” and “Nguyễn Văn Ân” are two people; “Nguyen Van An” may be either.
    """
    return same_name(one, other) or (
        nominee_key(one) == nominee_key(other) and (is_without_accents(one) or is_without_accents(other))
    )
