"""What a nomination needs and which way it may go."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dxday.core.errors import NotAllowed, RuleBroken
from dxday.core.i18n import Words, lazy_gettext
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


@dataclass(frozen=True)
class Dossier:
    """What of a nomination is looked at when it is handed in."""

    state: State
    nominee_name: str
    achievement: str
    attachments: int


class MoveNotPossible(RuleBroken):
    """A way that the state machine does not name."""

    sentence = lazy_gettext("The nomination is %(state)s; this cannot be done any more.")


class CallNotOpen(RuleBroken):
    """Before the opening."""

    sentence = lazy_gettext("Nominations are not open yet.")


class CallClosed(RuleBroken):
    """From the closing time on."""

    sentence = lazy_gettext(
        "Nominations have closed. What you wrote is kept, but it cannot be submitted any more."
    )


class AchievementMissing(RuleBroken):
    """A dossier that says nothing of the achievement."""

    field = "achievement"
    sentence = lazy_gettext("Describe the achievement before you submit.")


class EvidenceMissing(RuleBroken):
    """A dossier without the achievement report (Law 06/2022/QH15 Art. 84)."""

    field = "attachment"
    sentence = lazy_gettext("Attach the achievement report (báo cáo thành tích) before you submit.")


class TooManyAttachments(RuleBroken):
    """More files than a dossier holds."""

    field = "attachment"
    sentence = lazy_gettext("A dossier holds at most %(limit)s files.")


class WrongNomineeKind(RuleBroken):
    """A collective in a category for individuals, or the like."""

    field = "category"
    sentence = lazy_gettext("This category is not for nominees of this kind.")


class NotYourAgency(NotAllowed):
    """A nomination of an agency for which the person does not act."""

    sentence = lazy_gettext("This nomination belongs to another agency.")


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


def check_can_submit(dossier: Dossier, call: Window, now: datetime) -> None:
    """Raise the first rule that stands in the way of submitting."""
    check_move(dossier.state, State.SUBMITTED)
    check_call_open(call, now)
    if not dossier.achievement.strip():
        raise AchievementMissing
    if dossier.attachments == 0:
        raise EvidenceMissing


def check_room_for_attachment(count: int) -> None:
    """Raise TooManyAttachments when `count` files are there already."""
    if count >= MAX_ATTACHMENTS:
        raise TooManyAttachments(limit=MAX_ATTACHMENTS)
