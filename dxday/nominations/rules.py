"""What a nomination needs, which way it may go, and who may take it there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from dxday.accounts.rules import email_key
from dxday.core.actor import Actor, ActorKind
from dxday.core.errors import NotAllowed, NotFound, RuleBroken
from dxday.core.i18n import Translations, Words, lazy_gettext, lazy_pick
from dxday.core.permissions import Permission
from dxday.schemes.rules import Call

MAX_ATTACHMENTS = 10
MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024
ACHIEVEMENT_WORDS = 1000


class State(StrEnum):
    """How far a nomination has come."""

    DRAFT = "draft"
    ENDORSING = "endorsing"
    """With those who endorse it; its text stands still meanwhile."""
    SUBMITTED = "submitted"
    """With the standing body, which looks whether it is complete."""
    RETURNED = "returned"
    """With the agency again, to be completed."""
    ADMITTED = "admitted"
    """Before the council."""
    APPROVED = "approved"
    """By the council's ballot; the decision is still to come."""
    WITHDRAWN = "withdrawn"
    AWARDED = "awarded"
    DECLINED = "declined"


STATE_NAMES: dict[State, Words] = {
    State.DRAFT: lazy_gettext("Draft"),
    State.ENDORSING: lazy_gettext("Being endorsed"),
    State.SUBMITTED: lazy_gettext("Submitted"),
    State.RETURNED: lazy_gettext("Returned for completion"),
    State.ADMITTED: lazy_gettext("Before the council"),
    State.APPROVED: lazy_gettext("Approved by the council"),
    State.WITHDRAWN: lazy_gettext("Withdrawn"),
    State.AWARDED: lazy_gettext("Awarded"),
    State.DECLINED: lazy_gettext("Declined"),
}

MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.ENDORSING, State.SUBMITTED, State.WITHDRAWN}),
    State.ENDORSING: frozenset({State.DRAFT, State.SUBMITTED, State.WITHDRAWN}),
    State.SUBMITTED: frozenset(
        {State.RETURNED, State.ADMITTED, State.WITHDRAWN, State.AWARDED, State.DECLINED}
    ),
    State.RETURNED: frozenset({State.SUBMITTED, State.WITHDRAWN, State.DECLINED}),
    State.ADMITTED: frozenset(
        {State.RETURNED, State.APPROVED, State.WITHDRAWN, State.AWARDED, State.DECLINED}
    ),
    State.APPROVED: frozenset({State.WITHDRAWN, State.AWARDED, State.DECLINED}),
    State.WITHDRAWN: frozenset(),
    State.AWARDED: frozenset(),
    State.DECLINED: frozenset(),
}
"""Every way a nomination may go; a way that is not here does not exist."""

HANDED_IN = frozenset(State) - {State.DRAFT, State.WITHDRAWN}
"""In these a nomination takes one of its agency's places."""

LOCK_FOR = timedelta(minutes=2)
"""How long a section stays with whoever edits it, after the last sign of them."""

EDITABLE = frozenset({State.DRAFT, State.RETURNED})
"""In these the agency writes."""

AWARDED = "nomination.awarded"
"""The entry of the audit trail that a decision leaves."""

EVENT_NAMES: dict[str, Words] = {
    "nomination.drafted": lazy_gettext("Draft begun"),
    "nomination.sent_for_endorsement": lazy_gettext("Sent for endorsement"),
    "nomination.taken_back": lazy_gettext("Taken back from endorsement"),
    "nomination.submitted": lazy_gettext("Submitted to the council"),
    "nomination.returned": lazy_gettext("Returned for completion"),
    "nomination.admitted": lazy_gettext("Brought before the council"),
    "nomination.approved": lazy_gettext("Approved by the council"),
    "nomination.withdrawn": lazy_gettext("Withdrawn by the agency"),
    "nomination.declined": lazy_gettext("Declined by the council"),
    AWARDED: lazy_gettext("Honoured by a decision"),
    "endorsement.asked": lazy_gettext("Somebody was asked to endorse it"),
    "endorsement.endorsed": lazy_gettext("Endorsed"),
    "endorsement.sent_back": lazy_gettext("Sent back by an endorser"),
    "endorsement.in_vain": lazy_gettext("Endorsed, but it could not be submitted"),
    "attachment.refused": lazy_gettext("File refused by the virus scanner"),
}
"""The entries of the audit trail that make up the history of a dossier, in words."""


class FileState(StrEnum):
    """Whether a file may be opened."""

    WAITING = "waiting"
    """In quarantine until the virus scanner has answered."""
    CLEAN = "clean"
    REFUSED = "refused"


FILE_STATE_NAMES: dict[FileState, Words] = {
    FileState.WAITING: lazy_gettext("Being checked for viruses"),
    FileState.CLEAN: lazy_gettext("Checked"),
    FileState.REFUSED: lazy_gettext("Refused: harmful"),
}


class QuestionLike(Protocol):
    """What a scheme asks before a dossier is begun."""

    code: str
    wanted: bool
    refusal: Translations
    article: str


@dataclass(frozen=True)
class Room:
    """How many places an agency has used of those it has."""

    used: int
    most: int

    @property
    def left(self) -> int:
        """Places that are free."""
        return max(0, self.most - self.used)


@dataclass(frozen=True)
class Standing:
    """How a nomination stands towards the calendar."""

    state: State
    begun_at: datetime
    return_due_at: datetime | None


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


class CompletionOverdue(RuleBroken):
    """What was returned, from the due time on."""

    sentence = lazy_gettext(
        "The time to complete this nomination is over. What you wrote is kept, but it cannot be submitted any more."
    )


class DueTimePast(RuleBroken):
    """A nomination returned with a due time that has gone."""

    field = "due_at"
    sentence = lazy_gettext("Give the agency a time that is still to come.")


class EligibilityNotAnswered(RuleBroken):
    """A dossier begun before its questions were answered."""

    field = "category"
    sentence = lazy_gettext("Answer the questions of this award first: they tell whether it can be given.")


class NotEligible(RuleBroken):
    """An answer that ends it; facts: `reason`, `article`."""

    field = "category"
    sentence = lazy_gettext("%(reason)s (%(article)s)")


class QuotaUsedUp(RuleBroken):
    """One nomination more than the agency may hand in."""

    sentence = lazy_gettext(
        "Your agency has used %(used)s of %(most)s places. The draft is kept; it can be submitted when a place gets"
        " free."
    )


class EndorsementMissing(RuleBroken):
    """A draft handed in past those who have to endorse it."""

    sentence = lazy_gettext("This nomination has to be endorsed first. Send it to those who endorse it.")


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


class TooManyFilesOfItem(RuleBroken):
    """More files than an item of the dossier takes."""

    field = "attachment"
    sentence = lazy_gettext("“%(item)s” takes at most %(limit)s files.")


class FileRefused(RuleBroken):
    """A file that cannot be taken; of several, it is said which and why."""

    field = "attachment"
    sentence = lazy_gettext("“%(filename)s”: %(reason)s")


class FileGone(RuleBroken):
    """A file of which the store holds nothing any more."""

    status = 410
    sentence = lazy_gettext("“%(filename)s” is not in the store any more. Tell the organizer.")


class FileWaiting(RuleBroken):
    """A file in quarantine: nobody may open it yet."""

    status = 409
    sentence = lazy_gettext(
        "“%(filename)s” is still being checked for viruses. Nobody can open it before that."
    )


class FileHarmful(RuleBroken):
    """A file in which the virus scanner found something; fact: `reason`, the name of it."""

    status = 409
    sentence = lazy_gettext(
        "“%(filename)s” is harmful (%(reason)s) and is not given out. Attach a clean one."
    )


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


class NotTheStandingBody(NotAllowed):
    """A dossier admitted or returned by somebody who does not appraise it."""

    sentence = lazy_gettext(
        "Only the council's secretary returns dossiers or brings them before the council."
    )


class NotByHand(NotAllowed):
    """A step that only follows from another, taken by somebody."""

    sentence = lazy_gettext("This happens by itself when the last endorsement is in.")


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


def check_may_appraise(actor: Actor, *, edition_id: int) -> None:
    """Raise NotTheStandingBody unless the actor looks in the edition whether dossiers are complete."""
    if not actor.may(Permission.DOSSIER_APPRAISE, edition_id=edition_id):
        raise NotTheStandingBody


def check_may_hold_ballots(actor: Actor, *, edition_id: int) -> None:
    """Raise NotTheCouncil unless the actor holds the council's ballots of the edition."""
    if not actor.may(Permission.COUNCIL_MANAGE, edition_id=edition_id):
        raise NotTheCouncil


def check_is_system(actor: Actor) -> None:
    """Raise NotByHand unless the system acts."""
    if actor.kind is not ActorKind.SYSTEM:
        raise NotByHand


def check_move(state: State, to: State) -> None:
    """Raise MoveNotPossible for a way that MOVES does not name."""
    if to not in MOVES[state]:
        raise MoveNotPossible(state=STATE_NAMES[state])


def may_award(state: State, *, ballot: bool) -> bool:
    """Tell whether a decision may honour what is in the state, where the scheme wants a ballot or not."""
    return State.AWARDED in MOVES[state] and (state is State.APPROVED or not ballot)


def check_can_award(state: State, *, ballot: bool) -> None:
    """Raise MoveNotPossible where the scheme wants a ballot that has not approved the nomination."""
    if ballot and state is not State.APPROVED:
        raise MoveNotPossible(state=STATE_NAMES[state])


def check_may_skip_endorsement(state: State, endorsers: Sequence[object]) -> None:
    """Raise EndorsementMissing for a draft of a scheme whose nominations are endorsed before they are handed in."""
    if state is State.DRAFT and endorsers:
        raise EndorsementMissing


def check_can_edit(standing: Standing, call: Call, now: datetime) -> None:
    """Raise MoveNotPossible, CallNotOpen, CallClosed or CompletionOverdue when the dossier cannot be changed now."""
    if standing.state not in EDITABLE:
        raise MoveNotPossible(state=STATE_NAMES[standing.state])
    check_taken(standing, call, now)


def check_taken(standing: Standing, call: Call, now: datetime) -> None:
    """Raise CallNotOpen, CallClosed or CompletionOverdue when what stands so is not taken at `now`.

    What was returned has a time of its own.  In the grace period, what was begun before the closing is still taken.
    """
    if standing.state is State.RETURNED:
        if standing.return_due_at is None or standing.return_due_at <= now:
            raise CompletionOverdue
    elif not (call.closes_at and standing.begun_at < call.closes_at and call.is_in_grace(now)):
        check_call_open(call, now)


def check_call_open(call: Call, now: datetime) -> None:
    """Raise CallClosed from the closing time on, CallNotOpen before the opening."""
    if call.closes_at is not None and call.closes_at <= now:
        raise CallClosed
    if not call.is_open(now):
        raise CallNotOpen


def check_due(due_at: datetime, now: datetime) -> None:
    """Raise DueTimePast."""
    if due_at <= now:
        raise DueTimePast


def check_eligible(answers: Mapping[str, bool], asked: Sequence[QuestionLike]) -> None:
    """Raise EligibilityNotAnswered or NotEligible unless every question has the answer that it wants."""
    for question in asked:
        if question.code not in answers:
            raise EligibilityNotAnswered
        if answers[question.code] is not question.wanted:
            raise NotEligible(reason=lazy_pick(question.refusal), article=question.article)


def check_quota(used: int, most: int) -> None:
    """Raise QuotaUsedUp when no place is left."""
    if used >= most:
        raise QuotaUsedUp(used=used, most=most)


def check_room_for_attachment(count: int) -> None:
    """Raise TooManyAttachments when `count` files of no item are there already."""
    if count >= MAX_ATTACHMENTS:
        raise TooManyAttachments(limit=MAX_ATTACHMENTS)


def check_room_in_item(count: int, *, item: Words, most: int | None) -> None:
    """Raise TooManyFilesOfItem when `count` files of an item that takes `most` are there already."""
    limit = most or MAX_ATTACHMENTS
    if count >= limit:
        raise TooManyFilesOfItem(item=item, limit=limit)


def check_sent_at_once(count: int) -> None:
    """Raise TooManyAttachments for more files in one form than a dossier holds, before any is looked into."""
    if count > MAX_ATTACHMENTS:
        raise TooManyAttachments(limit=MAX_ATTACHMENTS)


def wait_for_scanner(tries: int) -> timedelta:
    """Return how long a file waits that could not be checked after so many tries: 10 seconds to 10 minutes."""
    return min(timedelta(seconds=10 * 2 ** min(tries - 1, 10)), timedelta(minutes=10))


LINK_TERM = timedelta(days=14)
"""How long somebody who is asked to endorse can answer."""

ASK_AGAIN_AFTER = timedelta(minutes=10)
"""How soon the same person can be written to again."""


class EndorsementState(StrEnum):
    """How far one step of the chain has come."""

    NAMED = "named"
    """Known, but not asked yet: those before come first."""
    ASKED = "asked"
    ENDORSED = "endorsed"
    DECLINED = "declined"
    """Sent back, with a remark."""
    WITHDRAWN = "withdrawn"
    """Taken back by the agency, or somebody else is asked."""
    EXPIRED = "expired"


ENDORSEMENT_STATE_NAMES: dict[EndorsementState, Words] = {
    EndorsementState.NAMED: lazy_gettext("Comes later"),
    EndorsementState.ASKED: lazy_gettext("Asked"),
    EndorsementState.ENDORSED: lazy_gettext("Endorsed"),
    EndorsementState.DECLINED: lazy_gettext("Sent back"),
    EndorsementState.WITHDRAWN: lazy_gettext("Not asked any more"),
    EndorsementState.EXPIRED: lazy_gettext("Link has run out"),
}

OPEN_ENDORSEMENTS = frozenset({EndorsementState.NAMED, EndorsementState.ASKED, EndorsementState.EXPIRED})
"""Steps that are still to be answered: who takes them can be changed."""


@dataclass(frozen=True)
class Endorser:
    """Who endorses in one step of the chain."""

    name: str
    office: str
    email: str

    @property
    def mailbox(self) -> str:
        """The address in the form in which two spellings are equal."""
        return email_key(self.email)


class NothingToEndorse(RuleBroken):
    """A nomination of a scheme that asks nobody, sent for endorsement."""

    sentence = lazy_gettext("Nominations of this scheme are not endorsed. Submit it.")


class EndorserMissing(RuleBroken):
    """A step for which nobody is named, or nobody who can be written to."""

    sentence = lazy_gettext("Say who endorses in each step: name, office and e-mail address.")


class EndorserTwice(RuleBroken):
    """One person for two steps."""

    sentence = lazy_gettext("“%(email)s” is named for two steps. Each step needs a person of its own.")


class EndorserIsNominee(RuleBroken):
    """Somebody who would endorse themselves."""

    sentence = lazy_gettext("“%(email)s” is the nominee's address. Nobody endorses their own nomination.")


class RemarkMissing(RuleBroken):
    """A nomination sent back without a word."""

    field = "remark"
    sentence = lazy_gettext("Say what has to be changed: the agency reads it.")


class EndorsementOver(RuleBroken):
    """A step that was answered or taken back, and cannot be asked or changed any more."""

    sentence = lazy_gettext("This step was answered or taken back in the meantime.")


class AskedJustNow(RuleBroken):
    """A second letter before the first can have been read."""

    sentence = lazy_gettext("A letter left just now. Wait ten minutes before you ask again.")


class NobodyProposed(RuleBroken):
    """A proposal without a nominee."""

    sentence = lazy_gettext("Choose whom you propose.")


class LinkNotOpen(NotFound):
    """A link that is unknown, used, run out or replaced: from outside they look the same."""

    sentence = lazy_gettext("This link is not open. It may have been answered, replaced or have run out.")


def check_endorsers(endorsers: Sequence[Endorser], *, steps: int, nominee_email: str) -> None:
    """Raise what is wrong with those who are named for the steps of a chain.

    Raises NothingToEndorse, EndorserMissing, EndorserIsNominee, EndorserTwice.
    """
    if steps == 0:
        raise NothingToEndorse
    if len(endorsers) != steps or not all(one.name and one.office and one.email for one in endorsers):
        raise EndorserMissing
    seen: set[str] = set()
    for one in endorsers:
        if one.mailbox == email_key(nominee_email):
            raise EndorserIsNominee(email=one.email)
        if one.mailbox in seen:
            raise EndorserTwice(email=one.email)
        seen.add(one.mailbox)


def check_can_ask_again(standing: EndorsementState, asked_at: datetime | None, now: datetime) -> None:
    """Raise EndorsementOver for what is not open to an answer, AskedJustNow for who was asked just now."""
    if standing not in (EndorsementState.ASKED, EndorsementState.EXPIRED):
        raise EndorsementOver
    if standing is EndorsementState.ASKED and asked_at is not None and now < asked_at + ASK_AGAIN_AFTER:
        raise AskedJustNow


def check_can_change_endorser(standing: EndorsementState) -> None:
    """Raise EndorsementOver for a step that was answered or taken back."""
    if standing not in OPEN_ENDORSEMENTS:
        raise EndorsementOver
