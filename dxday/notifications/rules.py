"""How messages travel, who is spared them, what becomes of a failed one, and how long to wait before another try."""

from datetime import timedelta
from enum import StrEnum

from dxday.core.actor import Actor
from dxday.core.carriage import Carriage
from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission


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


def may_read(actor: Actor, *, edition_id: int | None, to_address: str) -> bool:
    """Tell whether the actor may read a letter in the built-in mailbox.

    A letter of no edition, as a link to sign in, is for its reader's eyes: who organises an edition must not become
    administrator by asking for the administrator's link.
    """
    if actor.may(Permission.MAIL_VIEW_ALL) or to_address == actor.email:
        return True
    return edition_id is not None and actor.may(Permission.MAIL_VIEW, edition_id=edition_id)


class NotToSendAgain(RuleBroken):
    """A message that is on its way, or that arrived."""

    sentence = lazy_gettext("Only a message that failed or whose fate is unknown can be sent again.")


RETRY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)
"""Waits before the second, third … try of a message that was put off (RFC 5321 §4.5.4.1 asks for growing ones)."""


def next_wait(tries: int) -> timedelta | None:
    """Return how long to wait after `tries` tries that were put off; None when it is enough."""
    return RETRY_AFTER[tries - 1] if 1 <= tries <= len(RETRY_AFTER) else None
