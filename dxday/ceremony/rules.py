"""The order in which awards are handed over, the words that call for them, and the states of a press summary."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from dxday.certificates.rules import TITLES
from dxday.core.actor import Actor, ActorKind
from dxday.core.errors import NotAllowed, NotFound, RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission, Role
from dxday.schemes.rules import AwardForm, NomineeKind

MOST_ON_STAGE = 50
SCRIPT_LENGTH = 4000
TEMPLATE_LENGTH = 600


class First(StrEnum):
    """Who is called first within a form of award and a scheme."""

    COLLECTIVES = "collectives"
    INDIVIDUALS = "individuals"


FIRST_NAMES: dict[First, Words] = {
    First.COLLECTIVES: lazy_gettext("Collectives, then households, then individuals"),
    First.INDIVIDUALS: lazy_gettext("Individuals, then households, then collectives"),
}

_FORMS = (AwardForm.BANG_KHEN, AwardForm.GIAY_KHEN, AwardForm.THEMATIC, AwardForm.OWN)
"""The higher form first (Law 06/2022/QH15 Art. 72 to 75: Bằng khen stands before Giấy khen)."""

_KINDS = (NomineeKind.COLLECTIVE, NomineeKind.HOUSEHOLD, NomineeKind.INDIVIDUAL)


class Receiver(StrEnum):
    """Who takes the award from the hand of the one who gives it."""

    SELF = "self"
    REPRESENTATIVE = "representative"


RECEIVER_NAMES: dict[Receiver, Words] = {
    Receiver.SELF: lazy_gettext("In person; for a collective, its head"),
    Receiver.REPRESENTATIVE: lazy_gettext("By a representative"),
}


class Step(StrEnum):
    """How something in the order is moved."""

    UP = "up"
    DOWN = "down"


class NotYoursToArrange(NotAllowed):
    """Somebody who does not arrange the ceremonies of the edition."""

    sentence = lazy_gettext("You may not arrange the ceremonies of this edition.")


class NothingToOrder(RuleBroken):
    """No award waits for a place in the order."""

    sentence = lazy_gettext("Every award has its place in a ceremony already, so there is nothing to add.")


class HandingHasBegun(RuleBroken):
    """An order some of whose awards were handed over."""

    sentence = lazy_gettext(
        "Some awards were handed over already. The order is not made anew any more; move what has to be moved."
    )


class CannotMove(RuleBroken):
    """The first that shall go up, or the last that shall go down."""

    sentence = lazy_gettext("It is at the end of the order already.")


class AwardRecalled(RuleBroken):
    """An award that was annulled, and whose certificate was recalled."""

    sentence = lazy_gettext("The award of %(name)s was annulled and its certificate recalled.")


class RepresentativeMissing(RuleBroken):
    """A representative without a name."""

    field = "representative_name"
    sentence = lazy_gettext("Write the name of the representative.")


class SentAgain(RuleBroken):
    """A tick that was sent before it was taken back, and came once more after that."""

    status = 409
    sentence = lazy_gettext(
        "That this award was handed over has been taken back in the meantime. Look at it, then tick it once more."
    )


class NotHandedOver(RuleBroken):
    """Taking back a tick that is not there."""

    sentence = lazy_gettext("This award is not ticked as handed over.")


class UndoReasonMissing(RuleBroken):
    """Taking back a tick without saying why."""

    field = "reason"
    sentence = lazy_gettext("Say why the tick is taken back.")


class BlankUnknown(RuleBroken):
    """A blank of a call script that nothing fills."""

    sentence = lazy_gettext("Nothing fills the blank {%(blank)s}. You may use: %(known)s.")


class NotOnStage(RuleBroken):
    """A number of people for one call that no stage has room for."""

    field = "per_call"
    sentence = lazy_gettext("Call from 1 to %(most)s at a time.")


@dataclass(frozen=True)
class Candidate:
    """What the order looks at in an award."""

    award_id: int
    form: AwardForm
    scheme: tuple[int, int]
    """Position and id."""
    kind: NomineeKind
    category: tuple[int, int]
    """Position and id."""
    decided: tuple[date, int]
    """Day and id of the decision."""
    position: int


def propose_order(candidates: Iterable[Candidate], *, first: First, per_call: int) -> list[list[int]]:
    """Return the ids of awards in calls: by form, scheme, kind, category and decision.

    A call holds awards of one form, scheme and kind; a group that is larger than `per_call` is shared out evenly, so
    that nobody stands on the stage alone.  Raises NotOnStage.
    """
    check_per_call(per_call)
    kinds = _KINDS if first is First.COLLECTIVES else _KINDS[::-1]

    def group_of(each: Candidate) -> tuple[int, tuple[int, int], int]:
        return _FORMS.index(each.form), each.scheme, kinds.index(each.kind)

    ordered = sorted(
        candidates, key=lambda each: (*group_of(each), each.category, each.decided, each.position)
    )
    calls: list[list[int]] = []
    for _, group in groupby(ordered, key=group_of):
        calls += _shared_out([each.award_id for each in group], per_call)
    return calls


def _shared_out(ids: Sequence[int], most: int) -> list[list[int]]:
    number = -(-len(ids) // most)
    size, larger = divmod(len(ids), number)
    calls, start = [], 0
    for index in range(number):
        end = start + size + (index < larger)
        calls.append(list(ids[start:end]))
        start = end
    return calls


def check_per_call(per_call: int) -> None:
    """Raise NotOnStage."""
    if not 1 <= per_call <= MOST_ON_STAGE:
        raise NotOnStage(most=MOST_ON_STAGE)


def move_person(calls: Sequence[Sequence[int]], turn_id: int, step: Step) -> list[list[int]]:
    """Return the calls with one turn moved by one place; over the edge of a call it goes into the next.

    A call that nobody is left in stays until it is tidied away.  Raises CannotMove, NotFound.
    """
    moved = [list(call) for call in calls]
    for number, call in enumerate(moved):
        if turn_id not in call:
            continue
        place = call.index(turn_id)
        other = place - 1 if step is Step.UP else place + 1
        if 0 <= other < len(call):
            call[place], call[other] = call[other], call[place]
            return moved
        beside = number - 1 if step is Step.UP else number + 1
        if not 0 <= beside < len(moved):
            raise CannotMove
        call.remove(turn_id)
        moved[beside].insert(len(moved[beside]) if step is Step.UP else 0, turn_id)
        return moved
    raise NotFound


def move_call(order: Sequence[int], call_id: int, step: Step) -> list[int]:
    """Return the ids of calls with one moved by one place.  Raises CannotMove, NotFound."""
    if call_id not in order:
        raise NotFound
    moved = list(order)
    place = moved.index(call_id)
    other = place - 1 if step is Step.UP else place + 1
    if not 0 <= other < len(moved):
        raise CannotMove
    moved[place], moved[other] = moved[other], moved[place]
    return moved


def propose_site(
    organisation_id: int,
    *,
    sites: Mapping[int, int],
    parents: Mapping[int, int | None],
    main: int | None,
) -> int | None:
    """Return the site of the agency or of the nearest agency above it, else the main site.

    `sites` has the site of an agency by the agency's id.
    """
    seen: set[int] = set()
    each: int | None = organisation_id
    while each is not None and each not in seen:
        if each in sites:
            return sites[each]
        seen.add(each)
        each = parents.get(each)
    return main


OPENING = "Tốp thứ {call}. Xin kính mời {count} tập thể, cá nhân lên nhận {form} của {giver}:"
LINE = "{name}, {position}, {agency}, {place}: {achievement}"
"""What is read out unless somebody writes other words; both stand in a ceremony and can be changed there."""

OPENING_BLANKS = ("call", "count", "form", "giver", "scheme")
LINE_BLANKS = ("name", "position", "agency", "place", "achievement", "decision")
_BLANK = re.compile(r"\{([^{}]*)\}")


def check_template(template: str, blanks: Collection[str]) -> None:
    """Raise BlankUnknown for the first blank that nothing fills."""
    for blank in _BLANK.findall(template):
        if blank not in blanks:
            raise BlankUnknown(blank=blank, known=", ".join(f"{{{each}}}" for each in blanks))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the template with its blanks filled in, once: what a value holds is never read as a blank.

    Commas around a blank that stays empty go, so that the announcer reads no list of nothing.
    """
    # Marks that no cleaned text holds keep the template's own commas apart from those of the values.
    filled = _BLANK.sub(lambda found: values.get(found[1], "") or "\x00", template)
    filled = re.sub(r",?\s*\x00(?=\s*[,:;.]|\s*$)", "", filled).replace("\x00", "")
    return " ".join(re.sub(r"^[\s,:;]+", "", filled).split())


@dataclass(frozen=True)
class Called:
    """One who is called to the stage, as the announcer reads it; texts are Vietnamese."""

    name: str
    position: str
    agency: str
    place: str
    """Where it is received when that is not the hall; "" in the hall."""
    achievement: str
    decision: str
    form: str
    giver: str
    scheme: str


def title_of(form: AwardForm, scheme: str) -> str:
    """Return how an award is called aloud: by its legal name, one of the organiser's own by its scheme."""
    return TITLES.get(form.value, scheme)


def write_script(opening: str, line: str, *, number: int, called: Sequence[Called]) -> str:
    """Return what is read out for a call: its opening, then a numbered line for each."""
    if not called:
        return ""
    head = fill(
        opening,
        {
            "call": str(number),
            "count": str(len(called)),
            "form": _joined(each.form for each in called),
            "giver": _joined(each.giver for each in called),
            "scheme": _joined(each.scheme for each in called),
        },
    )
    lines = [
        fill(
            line,
            {
                "name": each.name,
                "position": each.position,
                # A collective that is its own agency is not read out twice.
                "agency": "" if each.agency in (each.name, each.position) else each.agency,
                "place": each.place,
                "achievement": each.achievement,
                "decision": each.decision,
            },
        )
        for each in called
    ]
    return "\n".join([head, *(f"{place}. {words}" for place, words in enumerate(lines, start=1))])


def _joined(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, words)))


def check_may_arrange(actor: Actor, *, edition_id: int) -> None:
    """Raise NotYoursToArrange unless the actor arranges the ceremonies of the edition."""
    if not actor.may(Permission.CEREMONY_MANAGE, edition_id=edition_id):
        raise NotYoursToArrange


def check_may_tick(actor: Actor, site_id: int | None, *, edition_id: int) -> None:
    """Raise NotFound unless the actor looks after the site or arranges the ceremony: whose it is not, sees nothing."""
    if actor.kind is ActorKind.SYSTEM or Role.ADMIN in actor.roles(edition_id=edition_id):
        return
    if actor.may(Permission.CEREMONY_MANAGE, edition_id=edition_id):
        return
    if site_id not in actor.site_ids(Permission.SITE_EDIT, edition_id=edition_id):
        raise NotFound


def check_receiver(receiver: Receiver, name: str) -> None:
    """Raise RepresentativeMissing."""
    if receiver is Receiver.REPRESENTATIVE and not name.strip():
        raise RepresentativeMissing


SUMMARY_WORDS = 80
"""The most words of a press summary."""

LINK_TERM = timedelta(days=14)


class PressState(StrEnum):
    """How far a press summary is."""

    DRAFT = "draft"
    SENT = "sent"
    CHANGES = "changes"
    APPROVED = "approved"


PRESS_STATE_NAMES: dict[PressState, Words] = {
    PressState.DRAFT: lazy_gettext("Draft"),
    PressState.SENT: lazy_gettext("With the awardee"),
    PressState.CHANGES: lazy_gettext("Changes wanted"),
    PressState.APPROVED: lazy_gettext("Approved"),
}

PRESS_MOVES: dict[PressState, frozenset[PressState]] = {
    PressState.DRAFT: frozenset({PressState.SENT}),
    PressState.SENT: frozenset({PressState.APPROVED, PressState.CHANGES, PressState.DRAFT}),
    PressState.CHANGES: frozenset({PressState.DRAFT}),
    PressState.APPROVED: frozenset({PressState.DRAFT}),
}
"""What each state may become; every change of the words leads back to a draft, and so to another approval."""


class SummaryMissing(RuleBroken):
    """A press summary without words."""

    field = "text"
    sentence = lazy_gettext("Write what the press shall read.")


class SummaryTooLong(RuleBroken):
    """A press summary of more words than a paper prints."""

    field = "text"
    sentence = lazy_gettext("These are %(words)s words. Use at most %(most)s.")


class PressMoveNotPossible(RuleBroken):
    """Sending what is sent, answering what nobody asked."""

    status = 409
    sentence = lazy_gettext("This summary is “%(state)s”, so this cannot be done any more.")


class PressLinkNotOpen(RuleBroken):
    """A link that was used, replaced, taken back or has run out."""

    status = 410
    sentence = lazy_gettext("This link is not open any more.")


class UnderEmbargo(RuleBroken):
    """A letter that would tell of a decision before it is announced."""

    sentence = lazy_gettext(
        "The decision is not announced yet, and this letter would tell of it. Announce it first, or send the letter in "
        "confidence."
    )


class WordsWanted(RuleBroken):
    """Asking for changes without saying which."""

    field = "remark"
    sentence = lazy_gettext("Write what has to be changed.")


def draft_summary(*, name: str, agency: str, form: str, achievement: str, decision: str) -> str:
    """Return a first draft from what the decision says, cut after a word so that it keeps to SUMMARY_WORDS."""
    whose = f" ({agency})" if agency and agency != name else ""
    words = f"{name}{whose} được tặng {form} theo Quyết định số {decision}. {achievement}".split()
    if len(words) <= SUMMARY_WORDS:
        return " ".join(words)
    return " ".join(words[:SUMMARY_WORDS]).rstrip(" ,;:.") + "…"


def check_summary(text: str) -> None:
    """Raise SummaryMissing or SummaryTooLong."""
    words = len(text.split())
    if not words:
        raise SummaryMissing
    if words > SUMMARY_WORDS:
        raise SummaryTooLong(words=words, most=SUMMARY_WORDS)


def check_press_move(state: PressState, to: PressState) -> None:
    """Raise PressMoveNotPossible."""
    if to not in PRESS_MOVES[state]:
        raise PressMoveNotPossible(state=PRESS_STATE_NAMES[state])
