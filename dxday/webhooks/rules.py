"""Which events other systems can be told of, how they are signed, and what becomes of a delivery that failed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from dxday.core.carriage import Carriage
from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext

NAME_LENGTH = 100
MOST_HOOKS = 20
"""Hooks of one edition."""

PER_ROUND = 20
"""Deliveries of one hook that the clock hands out at once."""

FAILED_IN_A_ROW = 5
"""So many deliveries given up one after the other, and the hook is paused."""
PATIENCE = timedelta(days=1)
"""So long without an answer, and the hook is paused."""

OLD_SECRET = timedelta(days=1)
"""How long deliveries carry the signature of the secret before, too, after a new one was made."""


class Topic(StrEnum):
    """What events are grouped by."""

    PROGRAMME = "programme"
    REGISTRATION = "registration"
    EDITION = "edition"
    HONOURS = "honours"


TOPIC_NAMES: dict[Topic, Words] = {
    Topic.PROGRAMME: lazy_gettext("Programme"),
    Topic.REGISTRATION: lazy_gettext("Registration"),
    Topic.EDITION: lazy_gettext("Edition and sites"),
    Topic.HONOURS: lazy_gettext("Honours"),
}


@dataclass(frozen=True)
class Event:
    """Something that other systems can be told of.

    `actions` are the entries of the audit trail that it stands for, and `facts` those of their facts that leave the
    house: codes, times, counts and words of fixed lists.  Names, addresses and anything somebody wrote stay here.
    """

    name: str
    topic: Topic
    label: Words
    actions: tuple[str, ...]
    facts: tuple[str, ...] = ()


_CHANGED = "changed"

EVENTS: tuple[Event, ...] = (
    Event(
        "session.added", Topic.PROGRAMME, lazy_gettext("A session is written"), ("session.added",), ("sites",)
    ),
    Event(
        "session.published", Topic.PROGRAMME, lazy_gettext("A session is published"), ("session.released",)
    ),
    Event(
        "session.changed",
        Topic.PROGRAMME,
        lazy_gettext("A session’s words or people change"),
        ("session.released_changed",),
        (_CHANGED,),
    ),
    Event(
        "session.moved",
        Topic.PROGRAMME,
        lazy_gettext("A session moves"),
        ("session.released_moved",),
        ("was", "starts_at", "sites"),
    ),
    Event(
        "session.cancelled",
        Topic.PROGRAMME,
        lazy_gettext("A session is cancelled"),
        ("session.released_cancelled",),
    ),
    Event(
        "placement.changed",
        Topic.PROGRAMME,
        lazy_gettext("A session’s room or mode at a site changes"),
        ("session.released_elsewhere",),
        ("sites",),
    ),
    Event(
        "programme.released",
        Topic.PROGRAMME,
        lazy_gettext("The programme is released"),
        ("programme.released",),
        ("added", "changed", "cancelled"),
    ),
    Event(
        "registration.confirmed",
        Topic.REGISTRATION,
        lazy_gettext("Somebody takes a place"),
        ("registration.confirmed",),
        ("site", "mode"),
    ),
    Event(
        "registration.moved",
        Topic.REGISTRATION,
        lazy_gettext("Somebody changes their place"),
        ("registration.moved",),
        ("site", "mode"),
    ),
    Event(
        "registration.cancelled",
        Topic.REGISTRATION,
        lazy_gettext("Somebody gives a place back"),
        ("registration.cancelled",),
    ),
    Event(
        "seats.changed",
        Topic.REGISTRATION,
        lazy_gettext("The seats of a site change"),
        ("seats.set",),
        ("mode", "capacity"),
    ),
    Event(
        "edition.changed",
        Topic.EDITION,
        lazy_gettext("Theme, words or dates change"),
        ("edition.changed",),
        (_CHANGED,),
    ),
    Event(
        "edition.postponed",
        Topic.EDITION,
        lazy_gettext("The edition is postponed"),
        ("edition.postponed",),
        ("was", "starts_on"),
    ),
    Event(
        "edition.cancelled", Topic.EDITION, lazy_gettext("The edition is cancelled"), ("edition.cancelled",)
    ),
    Event("site.added", Topic.EDITION, lazy_gettext("A site is added"), ("site.added",), ("kind",)),
    Event(
        "site.postponed",
        Topic.EDITION,
        lazy_gettext("A site is postponed"),
        ("site.postponed",),
        ("days", "sessions"),
    ),
    Event("site.cancelled", Topic.EDITION, lazy_gettext("A site is cancelled"), ("site.cancelled",)),
    Event(
        "nomination.submitted",
        Topic.HONOURS,
        lazy_gettext("A dossier is submitted"),
        ("nomination.submitted",),
    ),
    Event(
        "nomination.withdrawn",
        Topic.HONOURS,
        lazy_gettext("A dossier is withdrawn"),
        ("nomination.withdrawn",),
    ),
    Event(
        "decision.recorded",
        Topic.HONOURS,
        lazy_gettext("A decision is recorded"),
        ("decision.recorded", "decision.announced"),
        ("decided_on", "nominations"),
    ),
    Event(
        "certificate.issued",
        Topic.HONOURS,
        lazy_gettext("A certificate is issued"),
        ("certificate.issued", "certificate.released"),
        ("award", "decision"),
    ),
    Event(
        "certificate.revoked",
        Topic.HONOURS,
        lazy_gettext("A certificate is revoked"),
        ("certificate.revoked",),
        ("reason",),
    ),
)
"""Their names are a promise to other systems: one may be added, none changes its meaning."""

BY_NAME: dict[str, Event] = {event.name: event for event in EVENTS}
BY_ACTION: dict[str, Event] = {action: event for event in EVENTS for action in event.actions}

EMBARGOED = "embargoed"
"""The fact of an entry that nobody outside is told of; what ends the embargo writes an entry of its own."""

TRIAL = "trial"
"""The event of a trial, which nobody chooses and every hook takes."""


class Trouble(StrEnum):
    """Why a hook is paused."""

    BY_HAND = "by_hand"
    GONE = "gone"
    SILENT = "silent"
    REFUSING = "refusing"


TROUBLE_NAMES: dict[Trouble, Words] = {
    Trouble.BY_HAND: lazy_gettext("Somebody paused it here."),
    Trouble.GONE: lazy_gettext("The receiver said that it is gone for good (410)."),
    Trouble.SILENT: lazy_gettext("The receiver did not answer for a whole day."),
    Trouble.REFUSING: lazy_gettext("The receiver refused several events in a row."),
}

CARRIAGE_NAMES: dict[Carriage, Words] = {
    Carriage.QUEUED: lazy_gettext("Waiting"),
    Carriage.CLAIMED: lazy_gettext("Leaving"),
    Carriage.DONE: lazy_gettext("Delivered"),
    Carriage.FAILED: lazy_gettext("Given up"),
    Carriage.WITHHELD: lazy_gettext("Held back"),
}


class NoEvent(RuleBroken):
    """A hook without an event."""

    sentence = lazy_gettext("Choose at least one event.")


class TooManyHooks(RuleBroken):
    """More hooks than a clock can look after."""

    sentence = lazy_gettext("An edition has at most %(most)s webhooks.")


class AddressNotCalled(RuleBroken):
    """An address that cannot or must not be called; see `adapters.calls.Reason`."""

    field = "url"
    sentence = lazy_gettext("Write an address that begins with https:// and leads to a server.")


class SchemeNotCalled(AddressNotCalled):
    """Neither https nor, where it is allowed, http."""

    sentence = lazy_gettext("The address must begin with https://.")


class CredentialsInAddress(AddressNotCalled):
    """A password in the address, where everybody reads it."""

    sentence = lazy_gettext("Leave name and password out of the address: deliveries are signed.")


class PortNotCalled(AddressNotCalled):
    """A port on which something else than the web listens."""

    sentence = lazy_gettext("Use port 443, 80, or one from 1024 on.")


class AddressNotPublic(AddressNotCalled):
    """An address inside the network that the server stands in."""

    sentence = lazy_gettext(
        "This address lies in a private network. Use one that the whole internet reaches."
    )


class HasDeliveries(RuleBroken):
    """What was told stays on record."""

    sentence = lazy_gettext("Events were told to it already, and that stays on record. Pause it instead.")


class HookIsPaused(RuleBroken):
    """Nothing leaves while the hook is paused."""

    sentence = lazy_gettext("The webhook is paused. Resume it first.")


class NotToDeliverAgain(RuleBroken):
    """A delivery that is still on its way."""

    sentence = lazy_gettext("Only a delivery that was taken or given up can be sent again.")


# What is told ---------------------------------------------------------------------------------------------------------


def check_events(names: Iterable[str]) -> list[str]:
    """Return the chosen names in the order of EVENTS.  Raises NoEvent when nothing known is among them."""
    chosen = set(names)
    known = [event.name for event in EVENTS if event.name in chosen]
    if not known:
        raise NoEvent
    return known


def actions_of(names: Iterable[str]) -> set[str]:
    """Return the actions of the audit trail that stand for these events."""
    return {action for name in names if name in BY_NAME for action in BY_NAME[name].actions}


def may_be_told(facts: Mapping[str, Any]) -> bool:
    """Tell whether an entry with these facts may leave the house."""
    return not facts.get(EMBARGOED)


def body_of(
    event: str,
    *,
    at: datetime,
    sequence: int,
    edition: str,
    code: str,
    facts: Mapping[str, Any] = {},  # never changed
) -> dict[str, Any]:
    """Return what is sent: type, time (ISO 8601, UTC), number, edition, and the facts that the event lets out."""
    let_out = BY_NAME[event].facts if event in BY_NAME else ()
    return {
        "type": event,
        "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "sequence": sequence,
        "edition": edition,
        "data": {"code": code, **{name: facts[name] for name in let_out if name in facts}},
    }


def write_body(body: Mapping[str, Any]) -> bytes:
    """Return the body as it leaves; the same bytes at every try, whatever order a database gives its keys."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def id_of_delivery(hook: UUID, sequence: int) -> str:
    """Return the webhook-id: one for each event and hook, the same at every try and for both of two clocks."""
    return f"dx_{hook.hex}_{sequence}" if sequence > 0 else f"dx_{hook.hex}_trial{-sequence}"


# Signatures (Standard Webhooks 1.0.0, https://www.standardwebhooks.com) -----------------------------------------------


def secret_of(secret_key: str, hook: UUID, secret_round: int) -> bytes:
    """Return the 32 bytes that a hook's deliveries are signed with; none lies in the database."""
    return hmac.digest(secret_key.encode(), f"dxday webhook {hook.hex} {secret_round}".encode(), "sha256")


def show_secret(secret: bytes) -> str:
    """Return a secret as receivers want it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def sign(secrets: Iterable[bytes], *, webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers of a delivery that leaves `at` this moment, with one signature for each secret."""
    timestamp = str(int(at.timestamp()))
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    signatures = [
        f"v1,{base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()}"
        for secret in secrets
    ]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def rounds_in_use(secret_round: int, changed_at: datetime | None, now: datetime) -> list[int]:
    """Return the rounds of secrets that sign now: the present one, and for a day the one before."""
    if changed_at is not None and now < changed_at + OLD_SECRET:
        return [secret_round, secret_round - 1]
    return [secret_round]


# What becomes of a try ------------------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What an answer means."""

    TAKEN = "taken"
    GONE = "gone"
    REFUSED = "refused"
    """The receiver is there and does not want this; another try seldom helps."""
    UNWELL = "unwell"
    """No answer, or one that asks for patience: leave the receiver in peace for a while."""


_TRY_LATER = frozenset({408, 425, 429})

WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=12),
)
"""Waits before the second, third … try; the last one is about a day after the first."""
WAITS_REFUSED = WAITS[:2]
MOST_TRIES = len(WAITS) + 1

_SHORTEST_REST = timedelta(seconds=5)
_USUAL_REST = timedelta(minutes=30)
LONGEST_REST = timedelta(hours=1)
"""Also when the receiver asks for more (Retry-After)."""


def judge(status: int | None) -> Verdict:
    """Return what a status means; None is no answer at all."""
    if status is None or status in _TRY_LATER or status >= 500:
        return Verdict.UNWELL
    if 200 <= status < 300:
        return Verdict.TAKEN
    return Verdict.GONE if status == 410 else Verdict.REFUSED


def next_wait(verdict: Verdict, tries: int, asked: timedelta | None = None) -> timedelta | None:
    """Return how long to wait after `tries` tries; None when it is enough.

    `asked` is what the receiver wanted (Retry-After); it lengthens a wait, within an hour, and never shortens one.
    """
    waits = {Verdict.UNWELL: WAITS, Verdict.REFUSED: WAITS_REFUSED}.get(verdict, ())
    if not 1 <= tries <= len(waits):
        return None
    return max(waits[tries - 1], min(asked or timedelta(0), LONGEST_REST))


def rest_of(failing_since: datetime, now: datetime, asked: timedelta | None = None) -> timedelta:
    """Return how long a receiver that gives no answer is left in peace: the longer it lasts, the longer.

    Meanwhile one delivery after the other would only wait for it, and everybody's mail behind them.
    """
    grown = min(max((now - failing_since) / 2, _SHORTEST_REST), _USUAL_REST)
    return max(grown, min(asked or timedelta(0), LONGEST_REST))


def is_resting(rest_until: datetime | None, now: datetime) -> bool:
    """Tell whether a receiver is left in peace; a rest longer than any was left by a clock that was put back."""
    return rest_until is not None and now < rest_until <= now + LONGEST_REST


def read_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After asks for, in seconds or as a date (RFC 9110 §10.2.3); None for neither."""
    if value is None:
        return None
    if value.strip().isdecimal() and len(value.strip()) < 10:
        return timedelta(seconds=int(value))
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # no date, or one of a year or a zone that is none
        return None
    wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return wait if wait > timedelta(0) else None
