"""Carrying the outbox: send what is due, as fast as the server takes it, and give up what a dead worker held."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from flask import current_app
from sqlalchemy import Text, bindparam, select
from sqlalchemy.exc import OperationalError

from dxday import db, leases
from dxday.adapters import mail, sms
from dxday.adapters.composing import Inline, Outgoing, Written, compose
from dxday.core.carriage import Carriage
from dxday.db import Desk
from dxday.notifications import rules, unsubscribing
from dxday.notifications.models import Message, Suppression
from dxday.notifications.rules import Channel, Reason, SuppressionScope

log = structlog.get_logger()

SHARE = 2
"""So many messages are claimed at once as leave in this many times the time of a transaction; one at least.

Whoever is killed leaves what they held unknown, for a person to decide.  With a server that takes more over a message
than the database takes over a transaction that is one message or two, with one that answers in a fraction of a
millisecond a few, which would have left in a few milliseconds.
"""
LONG_HELD = 0.02
"""Seconds after which what has left is recorded before the next one begins."""
HAND_SPAN = 0.5
"""Seconds: so many messages are a hand as leave in this time."""
SLOW = 0.002
"""Seconds over one message from which on a second line of the same process is of use: below, it waits for itself."""
MISSES = 3
"""After so many messages in a row for which the server was not there, a line waits until it is called again."""
PATIENCE = 30.0
"""Seconds for which a line tries to record what has left, when the database is gone."""
WAKE = 160
"""Due messages that are named to the workers at a time; who is woken goes on until none is due."""

URGENT_FIRST = (Message.required.is_(True), Message.required.is_(False))
"""What is required leaves before what is not."""

Clock = Callable[[], datetime]


class Held(NamedTuple):
    """What a line knows of a message that it has claimed."""

    id: int
    kind: str
    channel: Channel
    required: bool
    edition_id: int | None
    message_id: str
    to_name: str
    to_address: str
    locale: str
    subject: str
    text: str
    html: str | None
    calendar: bytes | None
    calendar_method: str | None
    reply_to: str | None
    created_at: datetime
    expires_at: datetime | None
    tries: int


_COLUMNS = Held._fields[1:]
_CHANNEL, _REQUIRED, _CREATED_AT, _EXPIRES_AT = (
    Held._fields.index(name) for name in ("channel", "required", "created_at", "expires_at")
)


class Outcome(NamedTuple):
    """What became of a message, the reason, and when to try it again."""

    id: int
    to: Carriage
    error: str | None = None
    due_at: datetime | None = None


_KEYS = [bindparam(f"key_{n}", type_=Text) for n in range(leases.MOST)]
_SUPPRESSED = select(Suppression.address_key, Suppression.scope).where(
    Suppression.address_key.in_(_KEYS), Suppression.released_at.is_(None)
)


def hand_out_messages(now: datetime) -> list[int]:
    """Return the ids of messages that are due and that nobody is about to send; they wake the workers."""
    with db.open_desk() as desk, desk.transaction():
        return leases.list_due(desk, Message, now=now, most=WAKE)


def release_messages(now: datetime) -> int:
    """Mark messages whose worker died as unknown and return how many; they are never resent by themselves."""
    with db.transaction():
        return leases.release_expired(Message, to=Carriage.UNKNOWN, now=now)


def send_messages(
    now_of: Clock,
    *,
    stopping: threading.Event | None = None,
    may_go_on: Callable[[], bool] = lambda: True,
    carriers: "Carriers | None" = None,
) -> int:
    """Send what is due until nothing is, and return how many left.

    Any number of threads and processes may do so at once.  It ends early when `stopping` is set, when `may_go_on`
    says no, which is asked before each hand of messages, and when the server is not there.
    """
    lines: Lines = current_app.extensions.setdefault("dxday_lines", Lines())
    if not lines.join():
        return 0
    try:
        with db.open_desk() as desk, _closing(carriers or Carriers()) as own:
            line = _Line(desk, own, lines, now_of, stopping or threading.Event(), may_go_on)
            return line.work()
    finally:
        lines.leave()


def send_message(row_id: int, now: datetime, carriers: "Carriers | None" = None) -> Carriage | None:
    """Send one message and return what became of it; None when it is not due or another worker has it."""
    with db.open_desk() as desk, _closing(carriers or Carriers()) as own:
        line = _Line(desk, own, Lines(), lambda: now, threading.Event(), lambda: False)
        return line.send(row_id)


class Carriers:
    """Who takes messages away, one for each channel; each is opened by its first message."""

    def __init__(self) -> None:
        """Keep the settings."""
        self.settings = current_app.extensions["dxday_settings"]
        self._pictures = _pictures(current_app.static_folder or "")
        self._mail: mail.Carrier | None = None
        self._ready: tuple[Held, Written] | None = None

    def send(self, message: Held, upcoming: Held | None = None) -> None:
        """Write a message and hand it over; the one that comes next is written while the server is at this one.

        Raises MailRefused, MailUnavailable or MailUnknown, and NotWritten when it never began.
        """
        if message.channel is Channel.SMS:
            self._send_text(message)
            return
        ready, self._ready = self._ready, None
        written = ready[1] if ready and ready[0] is message else self._write(message)
        if self._mail is None:
            self._mail = mail.open_carrier(self.settings.smtp_url, self.settings.mailbox)
        self._mail.send(written, lambda: self._write_ahead(upcoming))

    def _write(self, message: Held) -> Written:
        with _writing():
            return compose(_outgoing(message, self.settings, self._pictures), message.created_at)

    def _write_ahead(self, message: Held | None) -> None:
        if message is not None and message.channel is Channel.MAIL:
            with suppress(NotWritten):  # said when its turn comes
                self._ready = (message, self._write(message))

    def _send_text(self, message: Held) -> None:
        if not self.settings.sms_url:
            raise NotWritten("no gateway for text messages is set (SMS_URL)")
        with _writing():
            words = sms.compose_text(message.subject, message.text)
            gateway = sms.open_sms(self.settings.sms_url)
        try:
            gateway.send(message.to_address, words, message.message_id)
        except ValueError as error:  # a number that is none, found before anything left
            raise NotWritten(str(error)) from error

    def close(self) -> None:
        """Let go of the lines."""
        if self._mail is not None:
            self._mail.close()
            self._mail = None


class NotWritten(Exception):
    """A message that cannot be written as one at all; the reason is for a person."""


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise NotWritten(str(error)) from error
    except Exception as error:  # one message that breaks our own code must not hold up the others
        log.exception("message_not_written")
        raise NotWritten(f"{type(error).__name__}: {error}") from error


@contextmanager
def _closing(carriers: Carriers) -> Iterator[Carriers]:
    try:
        yield carriers
    finally:
        carriers.close()


class Lines:
    """The lines on which this process sends: one, and more of them when the server takes its time.

    With a server that answers at once a second line in the same process only gets into the way of the first.
    """

    def __init__(self) -> None:
        """Nothing is known of the server yet."""
        self._lock = threading.Lock()
        self._open = 0
        self.pace: float | None = None
        """Seconds that a message takes, as of late."""
        self.turn = 0.0
        """Seconds that a transaction takes, as of late."""

    def join(self) -> bool:
        """Open a line; False when one more would be of no use."""
        with self._lock:
            if self._open and (self.pace is None or self.pace < SLOW):
                return False
            self._open += 1
            return True

    def leave(self) -> None:
        """Close a line."""
        with self._lock:
            self._open -= 1

    def note(self, seconds: float) -> None:
        """Learn how long a message took."""
        self.pace = seconds if self.pace is None else 0.8 * self.pace + 0.2 * seconds

    def note_turn(self, seconds: float) -> None:
        """Learn how long a transaction took; one that was kept waiting once says little."""
        self.turn = min(0.8 * self.turn + 0.2 * seconds, LONG_HELD / SHARE) if self.turn else seconds

    def at_once(self) -> int:
        """Return how many messages to claim at once."""
        return 1 if self.pace is None else max(1, min(leases.MOST, int(SHARE * self.turn / self.pace)))

    def hand(self) -> int:
        """Return how many messages a line takes for itself."""
        return 20 if self.pace is None else max(5, min(500, int(HAND_SPAN / self.pace)))


class _Line:
    """One line: it records what has left and claims what is next in one transaction, then sends, and so on.

    Nothing is sent that was not claimed in a committed transaction.  The database is not held while the server takes
    its time.  When the process dies, what it held may have left or not: its lease runs out and it becomes unknown.
    """

    def __init__(
        self,
        desk: Desk,
        carriers: Carriers,
        lines: Lines,
        now_of: Clock,
        stopping: threading.Event,
        may_go_on: Callable[[], bool],
    ) -> None:
        self.desk = desk
        self.carriers = carriers
        self.lines = lines
        self.now_of = now_of
        self.stopping = stopping
        self.may_go_on = may_go_on
        self.hand: deque[int] = deque()
        self.hand_taken_at: datetime | None = None
        self.held: deque[Held] = deque()
        self.claimed_at = 0.0
        self.leased_until: datetime | None = None
        self.outcomes: list[Outcome] = []
        self.misses = 0
        self.counts: dict[Carriage, int] = {}

    def work(self) -> int:
        """Send until nothing is due, and return how many messages left."""
        begun = time.monotonic()
        while self._turn():
            self._send_held()
        if self.counts:
            seconds = round(time.monotonic() - begun, 3)
            log.info("messages", seconds=seconds, **{state.value: n for state, n in self.counts.items()})
        return self.counts.get(Carriage.DONE, 0)

    def send(self, row_id: int) -> Carriage | None:
        """Send this one, and return what became of it."""
        self.hand.append(row_id)
        self._turn()
        self._send_held()
        self._turn()
        return next(iter(self.counts), None)

    def _turn(self) -> bool:
        """Record what has left and claim what is next, in one transaction; tell whether there may be more."""
        now = self.now_of()
        recorded, not_begun, until = self.outcomes, [message.id for message in self.held], self.leased_until
        self.outcomes, self.held = [], deque()
        self.hand.extendleft(reversed(not_begun))
        goes_on = not self.stopping.is_set() and self.misses < MISSES
        takes_up = goes_on and not self.hand and self.may_go_on()
        ids: list[int] = []
        begun = time.perf_counter()
        try:
            with self.desk.transaction():
                _record(self.desk, recorded, not_begun, until, now)
                if takes_up:
                    self._take_hand(now)
                if goes_on:
                    ids = [self.hand.popleft() for _ in range(min(len(self.hand), self.lines.at_once()))]
                    spared = self._claim(ids, now) if ids else []
                elif self.hand and self.hand_taken_at is not None:
                    leases.put_down(self.desk, Message, now=self.hand_taken_at)
        except OperationalError:
            self.held = deque()
            _record_late(recorded, not_begun, until, now)
            raise
        self._count(recorded)
        if ids:
            self._count(spared)
            if not takes_up:
                self.lines.note_turn(time.perf_counter() - begun)
        return bool(ids)

    def _take_hand(self, now: datetime) -> None:
        """Take what is next; a link to sign in does not wait behind thousands of reminders."""
        for among in URGENT_FIRST:
            most = self.lines.hand() - len(self.hand)
            if most > 0:
                self.hand.extend(leases.take_up(self.desk, Message, now=now, most=most, among=among))
        self.hand_taken_at = now

    def _claim(self, ids: list[int], now: datetime) -> list[Outcome]:
        """Claim messages, and return what becomes of those that do not leave."""
        rows = leases.claim_some(self.desk, Message, ids, _COLUMNS, now=now)
        self.claimed_at, self.leased_until = time.monotonic(), now + leases.LEASE
        claimed = [_read(row) for row in rows]
        spared = _find_spared(self.desk, claimed, now)
        _record(self.desk, spared, [], self.leased_until, now)
        gone = {outcome.id for outcome in spared}
        self.held = deque(message for message in claimed if message.id not in gone)
        return spared

    def _send_held(self) -> None:
        """Send what was claimed, as long as that is fresh; the rest is given back by the next turn."""
        while self.held and not self.stopping.is_set():
            age = time.monotonic() - self.claimed_at
            # A machine that slept counts no time of its own, but its clock has gone on.
            assert self.leased_until is not None
            if age > leases.LEASE.total_seconds() / 2 or self.now_of() >= self.leased_until:
                return
            if self.outcomes and age > LONG_HELD:
                return
            message = self.held.popleft()
            self.outcomes.append(self._send(message, self.held[0] if self.held else None))

    def _send(self, message: Held, upcoming: Held | None) -> Outcome:
        begun = time.perf_counter()
        misses, self.misses = self.misses, 0
        try:
            self.carriers.send(message, upcoming)
        except NotWritten as error:
            return Outcome(message.id, Carriage.FAILED, str(error))
        except mail.MailUnknown as error:
            return Outcome(message.id, Carriage.UNKNOWN, str(error))
        except mail.MailRefused as error:
            is_final = error.permanent and message.channel is Channel.SMS
            wait = None if is_final else rules.wait_after(message.tries, error.code, error.reply)
            return self._put_off(message, error, wait)
        except mail.MailUnavailable as error:
            self.misses = misses + 1
            return self._put_off(message, error, rules.wait_after(message.tries))
        except Exception as error:  # our own mistake; how far the message came, nobody can tell
            log.exception("message_broke", row=message.id)
            self.carriers.close()
            return Outcome(message.id, Carriage.UNKNOWN, f"{type(error).__name__}: {error}")
        finally:
            self.lines.note(time.perf_counter() - begun)
        return Outcome(message.id, Carriage.DONE)

    def _put_off(self, message: Held, error: mail.MailError, wait: timedelta | None) -> Outcome:
        if wait is None:
            return Outcome(message.id, Carriage.FAILED, str(error))
        return Outcome(message.id, Carriage.QUEUED, str(error), self.now_of() + wait)

    def _count(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.counts[outcome.to] = self.counts.get(outcome.to, 0) + 1
            if outcome.to in (Carriage.FAILED, Carriage.UNKNOWN, Carriage.QUEUED):
                log.info("message", row=outcome.id, outcome=outcome.to.value, error=outcome.error)


def _record(
    desk: Desk, outcomes: list[Outcome], not_begun: list[int], until: datetime | None, now: datetime
) -> None:
    """Write down what became of messages that were claimed until `until`, and let the others wait again."""
    together: dict[tuple[Carriage, str | None, datetime | None], list[int]] = {}
    for outcome in outcomes:
        together.setdefault((outcome.to, outcome.error, outcome.due_at), []).append(outcome.id)
    for (to, error, due_at), ids in together.items():
        assert until is not None
        sent_at = now if to is Carriage.DONE else None
        ours = leases.settle_some(
            desk, Message, ids, until=until, carriage=to, error=error, due_at=due_at, sent_at=sent_at
        )
        if ours < len(ids):
            log.warning("messages_not_ours", rows=ids, outcome=to.value)
    if not_begun:
        assert until is not None
        leases.give_back(desk, Message, not_begun, until=until)


def _record_late(
    outcomes: list[Outcome], not_begun: list[int], until: datetime | None, now: datetime
) -> None:
    """Try for a while to write down what has happened, when the database went away in between.

    Else it would be unknown what is known.
    """
    if not outcomes and not not_begun:
        return
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            with db.open_desk() as desk, desk.transaction():
                _record(desk, outcomes, not_begun, until, now)
        except OperationalError:
            if time.monotonic() >= give_up_at:
                return
            time.sleep(0.25)
        else:
            return


def _find_spared(desk: Desk, claimed: list[Held], now: datetime) -> list[Outcome]:
    """Return what becomes of messages whose time has passed, or whose reader is spared them; one statement."""
    if not claimed:
        return []
    keys = [rules.address_key(message.to_address) for message in claimed]
    padded = {f"key_{n}": keys[n] if n < len(keys) else "" for n in range(leases.MOST)}
    scopes: dict[str, set[SuppressionScope]] = {}
    for key, scope in desk.ask(_SUPPRESSED, **padded):
        scopes.setdefault(key, set()).add(SuppressionScope(scope))
    spared = []
    for message, key in zip(claimed, keys, strict=True):
        if message.expires_at is not None and message.expires_at <= now:
            spared.append(Outcome(message.id, Carriage.CANCELLED, Reason.TIME_PASSED.value))
        elif reason := rules.is_withheld(message.required, scopes.get(key, ())):
            spared.append(Outcome(message.id, Carriage.WITHHELD, reason.value))
    return spared


def _read(row: tuple[Any, ...]) -> Held:
    values = list(row)
    values[_CHANNEL], values[_REQUIRED] = Channel(values[_CHANNEL]), bool(values[_REQUIRED])
    values[_CREATED_AT] = db.read_moment(values[_CREATED_AT])
    values[_EXPIRES_AT] = db.read_moment(values[_EXPIRES_AT])
    return Held(*values)


def _outgoing(message: Held, settings: Any, pictures: tuple[Inline, ...]) -> Outgoing:
    return Outgoing(
        message_id=message.message_id,
        sender=settings.mail_sender,
        to_name=message.to_name,
        to_address=message.to_address,
        subject=message.subject,
        text=message.text,
        html=message.html,
        calendar=message.calendar,
        calendar_method=message.calendar_method,
        reply_to=message.reply_to,
        headers=unsubscribing.headers(message),
        inline=pictures,
        bounce_address=settings.bounce_address,
    )


@lru_cache(maxsize=1)
def _pictures(folder: str) -> tuple[Inline, ...]:
    return (Inline("mark", (Path(folder) / "img" / "mark.png").read_bytes(), "image/png"),)
