"""What a nomination needs, which way it may go, and who may take it there."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dxday.core.actor import Actor, ActorKind
from dxday.core.errors import NotAllowed, RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission
from dxday.editions.rules import Window

MAX_ATTACHMENTS = 10
MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024
ACHIEVEMENT_WORDS = 1000


class NomineeKind(StrEnum):
    """Who can be honoured (Law 06/2022/QH15: collective, individual, household)."""

    COLLECTIVE = "collective"
    INDIVIDUAL = "individual"
    HOUSEHOLD = "household"


NOMINEE_KIND_NAMES: dict[NomineeKind, Words] = {
    NomineeKind.COLLECTIVE: lazy_gettext("Collective"),
    NomineeKind.INDIVIDUAL: lazy_gettext("Individual"),
    NomineeKind.HOUSEHOLD: lazy_gettext("Household"),
}


class AwardForm(StrEnum):
    """The form of a commendation; the Vietnamese name is the legal one."""

    BANG_KHEN = "bang_khen"
    GIAY_KHEN = "giay_khen"
    OWN = "own"


AWARD_FORM_NAMES: dict[AwardForm, Words] = {
    AwardForm.BANG_KHEN: lazy_gettext("Diploma of Merit (Bằng khen)"),
    AwardForm.GIAY_KHEN: lazy_gettext("Certificate of Merit (Giấy khen)"),
    AwardForm.OWN: lazy_gettext("Award of the organiser"),
}


class State(StrEnum):
    """How far a nomination has come."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    AWARDED = "awarded"
    DECLINED = "declined"


STATE_NAMES: dict[State, Words] = {
    State.DRAFT: lazy_gettext("Draft"),
    State.SUBMITTED: lazy_gettext("Submitted"),
    State.WITHDRAWN: lazy_gettext("Withdrawn"),
    State.AWARDED: lazy_gettext("Awarded"),
    State.DECLINED: lazy_gettext("Declined"),
}

MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SUBMITTED, State.WITHDRAWN}),
    State.SUBMITTED: frozenset({State.WITHDRAWN, State.AWARDED, State.DECLINED}),
    State.WITHDRAWN: frozenset(),
    State.AWARDED: frozenset(),
    State.DECLINED: frozenset(),
}
"""Every way a nomination may go; a way that is not here does not exist."""

EVENT_NAMES: dict[str, Words] = {
    "nomination.drafted": lazy_gettext("Draft begun"),
    "nomination.submitted": lazy_gettext("Submitted to the council"),
    "nomination.withdrawn": lazy_gettext("Withdrawn by the agency"),
    "nomination.declined": lazy_gettext("Declined by the council"),
    "nomination.awarded": lazy_gettext("Honoured by a decision"),
}
"""The entries of the audit trail that make up the history of a dossier, in words."""


@dataclass(frozen=True)
class Dossier:
    """What of a nomination is looked at when it is handed in."""

    state: State
    nominee_email: str
    achievement: str
    contact_name: str
    contact_email: str
    attachments: int
    """How many files it has."""


class MoveNotPossible(RuleBroken):
    """A way that the state machine does not name."""

    sentence = lazy_gettext("The nomination is in the state “%(state)s”; this cannot be done any more.")


class CallNotOpen(RuleBroken):
    """Before the opening."""

    sentence = lazy_gettext("Nominations are not open yet.")


class CallClosed(RuleBroken):
    """From the closing time on."""

    sentence = lazy_gettext(
        "Nominations have closed. What you wrote is kept, but it cannot be submitted any more."
    )


class NomineeNameMissing(RuleBroken):
    """A nomination of nobody: not even a draft."""

    field = "nominee_name"
    sentence = lazy_gettext("Say who is nominated.")


class NomineeAddressMissing(RuleBroken):
    """A dossier that does not say where the nominee can be told."""

    field = "nominee_email"
    sentence = lazy_gettext("Give the e-mail address at which the nominee is told.")


class AchievementMissing(RuleBroken):
    """A dossier that says nothing of the achievement."""

    field = "achievement"
    sentence = lazy_gettext("Describe the achievement.")


class AchievementTooLong(RuleBroken):
    """A description above ACHIEVEMENT_WORDS."""

    field = "achievement"
    sentence = lazy_gettext(
        "The achievement is described in %(words)s words; shorten it to %(limit)s at the most."
    )


class ContactMissing(RuleBroken):
    """A dossier about which nobody can be asked."""

    field = "contact_name"
    sentence = lazy_gettext("Say who answers questions about the dossier: a name and an e-mail address.")


class EvidenceMissing(RuleBroken):
    """A dossier without the achievement report (Law 06/2022/QH15 Art. 84)."""

    field = "attachment"
    sentence = lazy_gettext("Attach the achievement report (báo cáo thành tích).")


class TooManyAttachments(RuleBroken):
    """More files than a dossier holds."""

    field = "attachment"
    sentence = lazy_gettext("A dossier holds at most %(limit)s files.")


class FileRefused(RuleBroken):
    """A file that cannot be taken; of several, it is said which and why."""

    field = "attachment"
    sentence = lazy_gettext("“%(filename)s”: %(reason)s")


class FileGone(RuleBroken):
    """A file of which the store holds nothing any more."""

    status = 410
    sentence = lazy_gettext("“%(filename)s” is not in the store any more. Tell the organizer.")


class ReasonMissing(RuleBroken):
    """A nomination declined without a word."""

    field = "reason"
    sentence = lazy_gettext("Give the reason: the agency reads it.")


class NotYourAgency(NotAllowed):
    """A nomination of an agency for which the person does not act."""

    sentence = lazy_gettext("This nomination belongs to another agency.")


class NotTheCouncil(NotAllowed):
    """A decision taken by somebody who does not act for the council."""

    sentence = lazy_gettext("Only the council's secretary records what was decided.")


def count_words(text: str) -> int:
    """Return the number of words, counted as the page counts them: runs between white space."""
    return len(text.split())


def check_acts_for(actor: Actor, organisation_id: int, *, edition_id: int) -> None:
    """Raise NotYourAgency unless the actor nominates for the organisation in the edition (the system may)."""
    mine = actor.organisation_ids(Permission.NOMINATION_WRITE, edition_id=edition_id)
    if actor.kind is not ActorKind.SYSTEM and organisation_id not in mine:
        raise NotYourAgency


def check_may_decide(actor: Actor, *, edition_id: int) -> None:
    """Raise NotTheCouncil unless the actor records decisions of the edition."""
    if not actor.may(Permission.DECISION_RECORD, edition_id=edition_id):
        raise NotTheCouncil


def check_move(state: State, to: State) -> None:
    """Raise MoveNotPossible for a way that MOVES does not name."""
    if to not in MOVES[state]:
        raise MoveNotPossible(state=STATE_NAMES[state])


def check_can_edit(state: State, call: Window, now: datetime) -> None:
    """Raise MoveNotPossible, CallNotOpen or CallClosed when the dossier cannot be changed any more."""
    if state is not State.DRAFT:
        raise MoveNotPossible(state=STATE_NAMES[state])
    check_call_open(call, now)


def check_call_open(call: Window, now: datetime) -> None:
    """Raise CallClosed from the closing time on, CallNotOpen before the opening."""
    if call.is_over(now):
        raise CallClosed
    if not call.is_open(now):
        raise CallNotOpen


def find_gaps(dossier: Dossier) -> list[RuleBroken]:
    """Return everything that the dossier still lacks, in the order of the form; nothing when it is complete."""
    gaps: list[RuleBroken] = []
    if not dossier.nominee_email.strip():
        gaps.append(NomineeAddressMissing())
    words = count_words(dossier.achievement)
    if words == 0:
        gaps.append(AchievementMissing())
    if words > ACHIEVEMENT_WORDS:
        gaps.append(AchievementTooLong(words=words, limit=ACHIEVEMENT_WORDS))
    if not (dossier.contact_name.strip() and dossier.contact_email.strip()):
        gaps.append(ContactMissing())
    if dossier.attachments == 0:
        gaps.append(EvidenceMissing())
    return gaps


def check_can_submit(dossier: Dossier, call: Window, now: datetime) -> None:
    """Raise the first rule that stands in the way of submitting."""
    check_move(dossier.state, State.SUBMITTED)
    check_call_open(call, now)
    for gap in find_gaps(dossier):
        raise gap


def check_room_for_attachment(count: int) -> None:
    """Raise TooManyAttachments when `count` files are there already."""
    if count >= MAX_ATTACHMENTS:
        raise TooManyAttachments(limit=MAX_ATTACHMENTS)
