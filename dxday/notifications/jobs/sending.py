"""Carrying the outbox: hand out what is due, send one message, give up what a dead worker held."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from flask import current_app

from dxday import db, leases
from dxday.adapters import mail
from dxday.core.carriage import Carriage
from dxday.notifications import rules
from dxday.notifications.models import Message

log = structlog.get_logger()


def hand_out_messages(now: datetime) -> list[int]:
    """Return the ids of due messages and mark them as handed to the queue for a minute."""
    with db.transaction():
        return leases.hand_out(Message, now=now)


def release_messages(now: datetime) -> int:
    """Mark messages whose worker died as unknown and return how many; they are never resent by themselves."""
    with db.transaction():
        return leases.release_expired(Message, to=Carriage.UNKNOWN, now=now)


@contextmanager
def open_carrier() -> Iterator[mail.Carrier]:
    """Give the carrier that the settings name; one line to the server serves everything sent in the block."""
    settings = current_app.extensions["dxday_settings"]
    carrier = mail.open_carrier(settings.smtp_url, settings.mailbox)
    try:
        yield carrier
    finally:
        carrier.close()


def send_message(row_id: int, now: datetime, carrier: mail.Carrier | None = None) -> Carriage | None:
    """Send one message and return what became of it; None when it is not due or another worker has it.

    Claim, send, record: the database is not held while the server takes its time.  When the process dies in
    between, the message may have left or not: its lease runs out and it becomes unknown.
    """
    if carrier is None:
        with open_carrier() as own:
            return send_message(row_id, now, own)
    with db.transaction():
        message = leases.claim(Message, row_id, now=now)
    if message is None:
        return None
    outcome, error, due_at = _send(message, carrier, now)
    with db.transaction():
        recorded = leases.settle(
            message,
            to=outcome,
            error=error,
            due_at=due_at,
            sent_at=now if outcome is Carriage.DONE else None,
        )
    log.info("message", row=row_id, kind=message.kind, outcome=outcome.value, error=error, recorded=recorded)
    return outcome


def _send(
    message: Message, carrier: mail.Carrier, now: datetime
) -> tuple[Carriage, str | None, datetime | None]:
    """Return what became of the message, the reason, and when to try again."""
    try:
        carrier.send(mail.compose(_outgoing(message), message.created_at))
    except mail.MailUnknown as error:
        return Carriage.UNKNOWN, str(error), None
    except mail.MailRefused as error:
        return (Carriage.FAILED, str(error), None) if error.permanent else _put_off(message, str(error), now)
    except mail.MailUnavailable as error:
        return _put_off(message, str(error), now)
    except ValueError as error:  # it cannot be written as a message at all
        return Carriage.FAILED, str(error), None
    return Carriage.DONE, None, None


def _put_off(message: Message, error: str, now: datetime) -> tuple[Carriage, str | None, datetime | None]:
    wait = rules.next_wait(message.tries)
    return (Carriage.QUEUED, error, now + wait) if wait else (Carriage.FAILED, error, None)


def _outgoing(message: Message) -> mail.Outgoing:
    return mail.Outgoing(
        message_id=message.message_id,
        sender=current_app.extensions["dxday_settings"].mail_sender,
        to_name=message.to_name,
        to_address=message.to_address,
        subject=message.subject,
        text=message.text,
        html=message.html,
        calendar=message.calendar,
        calendar_method=message.calendar_method,
    )
