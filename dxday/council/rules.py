"""Seats, terms and conflicts of interest."""

from datetime import date
from enum import StrEnum

from dxday.core.actor import Actor
from dxday.core.errors import NotAllowed, RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission


class SeatKind(StrEnum):
    """What a seat of the council is for; every kind has one vote."""

    CHAIR = "chair"
    VICE_CHAIR = "vice_chair"
    SECRETARY = "secretary"
    MEMBER = "member"


SEAT_KIND_NAMES: dict[SeatKind, Words] = {
    SeatKind.CHAIR: lazy_gettext("Chair"),
    SeatKind.VICE_CHAIR: lazy_gettext("Vice-chair"),
    SeatKind.SECRETARY: lazy_gettext("Secretary"),
    SeatKind.MEMBER: lazy_gettext("Member"),
}


class ConflictSource(StrEnum):
    """How a conflict of interest came to be known."""

    DECLARED = "declared"
    """By the member."""
    PINNED = "pinned"
    """By the secretary; the member cannot take it back."""
    DETECTED = "detected"
    """By the rules, from agency, address and endorsement."""


CONFLICT_SOURCE_NAMES: dict[ConflictSource, Words] = {
    ConflictSource.DECLARED: lazy_gettext("Declared by the member"),
    ConflictSource.PINNED: lazy_gettext("Set by the secretary"),
    ConflictSource.DETECTED: lazy_gettext("Detected"),
}


class ConflictKind(StrEnum):
    """Why somebody must keep away from a dossier."""

    NOMINEE = "nominee"
    WRITER = "writer"
    ENDORSER = "endorser"
    SAME_AGENCY = "same_agency"
    SUPERIOR = "superior"
    SUBORDINATE = "subordinate"
    PAST_AGENCY = "past_agency"
    MAIL_DOMAIN = "mail_domain"
    FAMILY = "family"
    COLLABORATION = "collaboration"
    DISPUTE = "dispute"
    OTHER = "other"


CONFLICT_KIND_NAMES: dict[ConflictKind, Words] = {
    ConflictKind.NOMINEE: lazy_gettext("Is nominated"),
    ConflictKind.WRITER: lazy_gettext("Wrote the dossier"),
    ConflictKind.ENDORSER: lazy_gettext("Endorsed it"),
    ConflictKind.SAME_AGENCY: lazy_gettext("Works at the agency"),
    ConflictKind.SUPERIOR: lazy_gettext("Works at a superior agency"),
    ConflictKind.SUBORDINATE: lazy_gettext("Works at a subordinate agency"),
    ConflictKind.PAST_AGENCY: lazy_gettext("Worked at the agency"),
    ConflictKind.MAIL_DOMAIN: lazy_gettext("Has mail at the same domain"),
    ConflictKind.FAMILY: lazy_gettext("Is family or a close friend"),
    ConflictKind.COLLABORATION: lazy_gettext("Worked on what is honoured"),
    ConflictKind.DISPUTE: lazy_gettext("Is in a dispute with them"),
    ConflictKind.OTHER: lazy_gettext("Another reason"),
}

SAID_BY_HAND = tuple(
    kind for kind in ConflictKind if kind not in (ConflictKind.MAIL_DOMAIN, ConflictKind.SUBORDINATE)
)
"""What a member declares or the secretary sets; the rest is only ever detected."""


class SeatTaken(RuleBroken):
    """A seat that somebody holds on the day."""

    sentence = lazy_gettext("Somebody holds this seat until %(day)s. End that term first, or begin later.")


class SeatHeld(RuleBroken):
    """A seat that cannot go while somebody holds it."""

    sentence = lazy_gettext("Somebody holds this seat. End their term first.")


class SeatAbolished(RuleBroken):
    """A seat that is not there any more."""

    sentence = lazy_gettext("This seat was abolished.")


class SittingAlready(RuleBroken):
    """A second seat in the same council: one person has one vote."""

    field = "email"
    sentence = lazy_gettext("%(name)s holds a seat of this council already. One person has one vote.")


class TermOver(RuleBroken):
    """A term that ended already."""

    sentence = lazy_gettext("This term has ended already.")


class DayNotPossible(RuleBroken):
    """A last day before the first one, or one that is still to come."""

    field = "ends_on"
    sentence = lazy_gettext("The last day lies between the first day of the term and today.")


class CodeTaken(RuleBroken):
    """A council with a code that another one has."""

    field = "code"
    sentence = lazy_gettext("Another council of this edition has this code.")


class SchemeDecided(RuleBroken):
    """A scheme that another council decides on."""

    field = "schemes"
    sentence = lazy_gettext("“%(scheme)s” belongs to another council. Take it away there first.")


class NotTheSecretary(NotAllowed):
    """Seats, conflicts and assignment touched by somebody who does not run the council."""

    sentence = lazy_gettext("Only the council's secretary does this.")


class NotYourDeclaration(NotAllowed):
    """A conflict of interest of another member."""

    sentence = lazy_gettext("You can only declare your own conflicts of interest.")


class ConflictStands(RuleBroken):
    """A conflict that the member did not declare: they cannot take it back."""

    sentence = lazy_gettext(
        "You did not declare this conflict, so you cannot take it back. Ask the secretary."
    )


class ReasonMissing(RuleBroken):
    """Something heavy done without a word."""

    field = "reason"
    sentence = lazy_gettext("Give the reason. It is kept in the audit trail.")


class NotSitting(RuleBroken):
    """Somebody who holds no seat of the council on the day."""

    sentence = lazy_gettext("%(name)s does not hold a seat of this council now.")


class NotBeforeCouncil(RuleBroken):
    """A dossier that is not with the council, or not with this one."""

    sentence = lazy_gettext("Dossier %(code)s is not before this council now.")


class MustKeepAway(RuleBroken):
    """A reading that a conflict of interest stands against."""

    sentence = lazy_gettext("%(name)s has a conflict of interest with dossier %(code)s and cannot read it.")


class AvoidEachOther(RuleBroken):
    """Two readers who are not to read the same dossier."""

    sentence = lazy_gettext("%(one)s and %(other)s avoid each other: not both can read dossier %(code)s.")


class ProposalOver(RuleBroken):
    """A proposal that was taken or dropped."""

    sentence = lazy_gettext("This proposal was taken or dropped already.")


class PairNotPossible(RuleBroken):
    """A pair of one, or one that is there already."""

    field = "other"
    sentence = lazy_gettext("Choose two different members who are not paired yet.")


def check_may_manage(actor: Actor, *, edition_id: int) -> None:
    """Raise NotTheSecretary unless the actor runs the councils of the edition."""
    if not actor.may(Permission.COUNCIL_MANAGE, edition_id=edition_id):
        raise NotTheSecretary


def check_last_day(starts_on: date, ends_on: date, today: date) -> None:
    """Raise DayNotPossible for a last day before the first one, or after today."""
    if not starts_on <= ends_on <= today:
        raise DayNotPossible


def check_reason(reason: str) -> None:
    """Raise ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
