"""How messages travel, who is spared them, what may become of one, and how long to wait before another try."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from dxday.core.actor import Actor
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound, RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission
from dxday.core.vietnamese import nfc


class Channel(StrEnum):
    """How a message travels."""

    MAIL = "mail"
    SMS = "sms"


class SuppressionScope(StrEnum):
    """What an address is spared."""

    OPTIONAL = "optional"
    """What is not required: reminders, news."""
    ALL = "all"
    """Everything: nothing arrives there."""


class SuppressionReason(StrEnum):
    """Why an address is spared."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BY_HAND = "by_hand"


CARRIAGE_NAMES: dict[Carriage, Words] = {
    Carriage.QUEUED: lazy_gettext("Waiting"),
    Carriage.CLAIMED: lazy_gettext("Leaving"),
    Carriage.DONE: lazy_gettext("Sent"),
    Carriage.FAILED: lazy_gettext("Failed"),
    Carriage.UNKNOWN: lazy_gettext("Unknown"),
    Carriage.WITHHELD: lazy_gettext("Withheld"),
    Carriage.BOUNCED: lazy_gettext("Came back"),
    Carriage.CANCELLED: lazy_gettext("Called off"),
}


SCOPE_NAMES: dict[SuppressionScope, Words] = {
    SuppressionScope.OPTIONAL: lazy_gettext("No reminders"),
    SuppressionScope.ALL: lazy_gettext("No letters at all"),
}

SUPPRESSION_REASON_NAMES: dict[SuppressionReason, Words] = {
    SuppressionReason.UNSUBSCRIBED: lazy_gettext("Its owner wants none"),
    SuppressionReason.BOUNCED: lazy_gettext("Letters come back from it"),
    SuppressionReason.COMPLAINED: lazy_gettext("Its owner marked a letter as unwanted"),
    SuppressionReason.BY_HAND: lazy_gettext("Entered by hand"),
}


class Reason(StrEnum):
    """Why the system did not send a message; kept in its row in these words, and shown in the reader's language."""

    NOT_WANTED = "the reader wants no reminders"
    NOTHING_ARRIVES = "nothing is sent to this address"
    TIME_PASSED = "its time had passed before it could leave"
    WORKER_STOPPED = "the worker stopped before it was done"
    CALLED_OFF = "a person called it off"
    RULE_OFF = "the reminder rule was switched off or changed"
    MOVED = "what it reminds of was moved"
    EVENT_OFF = "what it reminds of was called off"
    NOT_CONCERNED = "it does not concern the reader any more"


REASON_NAMES: dict[str, Words] = {
    Reason.NOT_WANTED: lazy_gettext("The reader wants no reminders."),
    Reason.NOTHING_ARRIVES: lazy_gettext("Nothing is sent to this address."),
    Reason.TIME_PASSED: lazy_gettext("Its time had passed before it could leave."),
    Reason.WORKER_STOPPED: lazy_gettext("The worker stopped before it was done."),
    Reason.CALLED_OFF: lazy_gettext("A person called it off."),
    Reason.RULE_OFF: lazy_gettext("The reminder rule was switched off or changed."),
    Reason.MOVED: lazy_gettext("What it reminds of was moved."),
    Reason.EVENT_OFF: lazy_gettext("What it reminds of was called off."),
    Reason.NOT_CONCERNED: lazy_gettext("It does not concern the reader any more."),
}


def reason_words(reason: str | None) -> Words:
    """Return why something was not sent, in the reader's language; what another server said, as it said it."""
    return REASON_NAMES.get(reason or "", reason or "")


def may_read(actor: Actor, *, edition_id: int | None, to_address: str) -> bool:
    """Tell whether the actor may read a letter in the built-in mailbox.

    A letter of no edition, as a link to sign in, is for its reader's eyes: who organises an edition must not become
    administrator by asking for the administrator's link; nor must who administers one edition administer all.
    """
    if actor.may_everywhere(Permission.MAIL_VIEW_ALL) or to_address == actor.email:
        return True
    return edition_id is not None and actor.may(Permission.MAIL_VIEW, edition_id=edition_id)


# What may follow what, and what a person may decide ----------------------------------------------------------

MOVES: dict[Carriage, frozenset[Carriage]] = {
    Carriage.QUEUED: frozenset({Carriage.CLAIMED, Carriage.CANCELLED, Carriage.WITHHELD}),
    Carriage.CLAIMED: frozenset(
        {
            Carriage.DONE,
            Carriage.QUEUED,
            Carriage.FAILED,
            Carriage.UNKNOWN,
            Carriage.WITHHELD,
            Carriage.CANCELLED,
            Carriage.BOUNCED,
        }
    ),
    Carriage.DONE: frozenset({Carriage.BOUNCED}),
    Carriage.FAILED: frozenset({Carriage.QUEUED}),
    # A worker that was only slow settles what was given up; else a person decides, or the letter comes back.
    Carriage.UNKNOWN: frozenset(
        {
            Carriage.DONE,
            Carriage.QUEUED,
            Carriage.FAILED,
            Carriage.WITHHELD,
            Carriage.CANCELLED,
            Carriage.BOUNCED,
        }
    ),
    Carriage.WITHHELD: frozenset({Carriage.QUEUED}),
    Carriage.BOUNCED: frozenset({Carriage.QUEUED}),
    Carriage.CANCELLED: frozenset({Carriage.QUEUED}),
}
"""Which state may follow which.  Nothing goes back to QUEUED from DONE: what arrived is never sent twice."""

MAY_BOUNCE = tuple(state for state in Carriage if Carriage.BOUNCED in MOVES[state])
"""In which states a report of failure is believed: the message has left, or has perhaps."""


class Decision(StrEnum):
    """What a person may decide of a message that does not go on by itself, or that shall not."""

    SEND_AGAIN = "send-again"
    MARK_ARRIVED = "mark-arrived"
    CALL_OFF = "call-off"


DECISION_NAMES: dict[Decision, Words] = {
    Decision.SEND_AGAIN: lazy_gettext("Send again"),
    Decision.MARK_ARRIVED: lazy_gettext("It arrived"),
    Decision.CALL_OFF: lazy_gettext("Call off"),
}

DECIDED_FROM: dict[Decision, frozenset[Carriage]] = {
    Decision.SEND_AGAIN: frozenset({Carriage.FAILED, Carriage.UNKNOWN, Carriage.WITHHELD, Carriage.BOUNCED}),
    Decision.MARK_ARRIVED: frozenset({Carriage.UNKNOWN}),
    Decision.CALL_OFF: frozenset({Carriage.QUEUED}),
}
"""In which states each decision is open."""


class NotToSendAgain(RuleBroken):
    """A message that is on its way, that arrived, or that was called off."""

    sentence = lazy_gettext(
        "Only a message that failed, came back or was withheld, or whose fate is unknown, can be sent again."
    )


class TimePassed(RuleBroken):
    """A message that would speak of the past."""

    sentence = lazy_gettext("The time of this message has passed: whoever got it now would be misled.")


class NotToMarkArrived(RuleBroken):
    """A message whose fate is known, or still open."""

    sentence = lazy_gettext("Only a message whose fate is unknown can be marked as arrived.")


class NotToCallOff(RuleBroken):
    """A message that has left, or that nobody waits for."""

    sentence = lazy_gettext(
        "Only a message that still waits can be called off. This one has gone on meanwhile."
    )


THE_READERS_OWN = frozenset({SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINED})
"""Reasons that are the reader's own word; nobody else takes it back for them."""


class OnlyTheReader(RuleBroken):
    """An organizer who wants to take back what the reader asked for."""

    sentence = lazy_gettext(
        "The reader asked for this. Only they can take it back, with the link in one of their letters."
    )


class AlreadySpared(RuleBroken):
    """An address that is spared this already."""

    field = "address"
    sentence = lazy_gettext("This address is spared these letters already.")


class NotSpared(NotFound):
    """An address that somebody released in the meantime, or that never was spared."""


_REFUSALS: dict[Decision, type[RuleBroken]] = {
    Decision.SEND_AGAIN: NotToSendAgain,
    Decision.MARK_ARRIVED: NotToMarkArrived,
    Decision.CALL_OFF: NotToCallOff,
}


STATE_WORDS: dict[Carriage, Words] = {
    Carriage.QUEUED: lazy_gettext("It waits for a worker and leaves by itself."),
    Carriage.CLAIMED: lazy_gettext("A worker is sending it at this moment."),
    Carriage.DONE: lazy_gettext("The mail server has taken it."),
    Carriage.FAILED: lazy_gettext("It was not taken, and is not tried again by itself."),
    Carriage.UNKNOWN: lazy_gettext(
        "It had left, or was about to, when the line or the worker broke. It may have arrived, or not: nobody can tell "
        "from here. The system never sends such a message again by itself, because its reader could get it twice. Ask "
        "the reader, or look into the log of the mail server, then decide."
    ),
    Carriage.CANCELLED: lazy_gettext("It was called off before it left. Nobody got it."),
    Carriage.WITHHELD: lazy_gettext(
        "It did not leave, because its reader is spared such letters. Nobody got it."
    ),
    Carriage.BOUNCED: lazy_gettext("It was taken, and came back later. Its reader did not get it."),
}

DECISION_CONSEQUENCES: dict[tuple[Decision, Carriage], tuple[Words, ...]] = {
    (Decision.SEND_AGAIN, Carriage.FAILED): (lazy_gettext("It is tried afresh within seconds."),),
    (Decision.SEND_AGAIN, Carriage.UNKNOWN): (
        lazy_gettext("It is tried afresh within seconds."),
        lazy_gettext("If it had arrived after all, its reader gets it twice."),
    ),
    (Decision.SEND_AGAIN, Carriage.WITHHELD): (
        lazy_gettext("It is withheld again unless you release the address first."),
    ),
    (Decision.SEND_AGAIN, Carriage.BOUNCED): (
        lazy_gettext("It is tried afresh within seconds."),
        lazy_gettext("If the address is spared by now, it is withheld unless you release it first."),
        lazy_gettext("If nothing has changed on the other side, it comes back again."),
    ),
    (Decision.MARK_ARRIVED, Carriage.UNKNOWN): (
        lazy_gettext("It counts as sent, and nothing more is done about it."),
    ),
    (Decision.CALL_OFF, Carriage.QUEUED): (
        lazy_gettext("It does not leave, and is not put in again by itself."),
    ),
}
"""What follows from a decision, by the state that the message is in."""


def list_decisions(state: Carriage) -> list[Decision]:
    """Return what a person may decide of a message in this state."""
    return [decision for decision, states in DECIDED_FROM.items() if state in states]


def refusal_of(decision: Decision) -> RuleBroken:
    """Return the refusal of a decision that the state of the message does not allow."""
    return _REFUSALS[decision]()


def check_not_over(expires_at: datetime | None, now: datetime) -> None:
    """Raise TimePassed from the moment on after which the message must not leave."""
    if expires_at is not None and expires_at <= now:
        raise TimePassed


# Who is spared -----------------------------------------------------------------------------------------------


def address_key(address: str) -> str:
    """Return the form of a mail address or telephone number in which two spellings of one mailbox are equal."""
    return nfc(address).strip().casefold()


def is_withheld(required: bool, scopes: Collection[SuppressionScope]) -> Reason | None:
    """Return why a message to an address that is spared `scopes` does not leave; None when it does."""
    if SuppressionScope.ALL in scopes:
        return Reason.NOTHING_ARRIVES
    if SuppressionScope.OPTIONAL in scopes and not required:
        return Reason.NOT_WANTED
    return None


_DEAD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
"""Nobody is there: bad mailbox, bad system, bad syntax, moved away (RFC 3463 §3.2), no mail at all (RFC 7505).

5.1.7 and 5.1.8 speak of the sender, 5.1.4 and 5.1.0 say too little to spare somebody every letter.
"""


def is_dead(status: str | None) -> bool:
    """Tell whether an enhanced status code says that nothing will ever arrive at the address."""
    return status in _DEAD


# How long to wait --------------------------------------------------------------------------------------------

RETRY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)
"""Waits before the second, third … try of a message that was put off (RFC 5321 §4.5.4.1 asks for growing ones)."""


_GREYLISTED = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=8),
)
"""After 450 and 451, with which servers ask who they do not know to come back (RFC 6647 §3)."""

_FULL: tuple[timedelta, ...] = (
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=24),
)
"""After 452 and a full mailbox: somebody has to make room first (RFC 3463 §3.3 calls it a lasting passing failure)."""

_PLANS = {450: _GREYLISTED, 451: _GREYLISTED, 452: _FULL}
_MAILBOX_FULL = re.compile(r"\b[45]\.2\.2\b")


def wait_after(tries: int, code: int | None = None, reply: str = "") -> timedelta | None:
    """Return how long to wait after `tries` tries of which the last was answered so; None when it is enough.

    `code` is the SMTP reply code, None when the server could not be reached, `reply` the text behind it.  A reply
    5yz is for good (RFC 5321 §4.2.1), except of a full mailbox (X.2.2).
    """
    plan: tuple[timedelta, ...]
    if _MAILBOX_FULL.search(reply):
        plan = _FULL
    elif code is not None and 500 <= code < 600:
        return None
    else:
        plan = _PLANS.get(code or 0, RETRY_AFTER)
    return plan[tries - 1] if 1 <= tries <= len(plan) else None
