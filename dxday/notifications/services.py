"""Putting messages into the outbox, and letting one be tried again."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from dxday import leases
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.notifications import addresses, rules, wording
from dxday.notifications.letters import Letter
from dxday.notifications.models import Message
from dxday.notifications.wording import Template


@dataclass(frozen=True)
class Occurrence:
    """What makes a reminder the one it is, together with its recipient: of which rule, of what, at which moment."""

    rule_id: int
    occasion: str
    anchor_at: datetime


def is_queued(key: str) -> bool:
    """Tell whether the occasion has its message already."""
    return db.session.scalars(select(Message.id).where(Message.key == key)).first() is not None


def enqueue(
    letter: Letter,
    *,
    to_address: str,
    to_name: str,
    locale: str,
    key: str,
    now: datetime,
    edition: Any | None = None,
    calendar: bytes | None = None,
    calendar_method: str | None = None,
    channel: rules.Channel = rules.Channel.MAIL,
    recipient: str | None = None,
    occurrence: Occurrence | None = None,
    expires_at: datetime | None = None,
    reply_to: str | None = None,
    words: Template | None = None,
    **facts: Any,
) -> bool:
    """Put a message into the outbox once for each `key`; False when the occasion has its message already.

    It is worded at once, in `locale`, from the `facts` that its wording names; `words` stand in for the edition's and
    the shipped wording.  `recipient` says who it is for (`registration:12`), `occurrence` what a reminder rule
    reminds of; after `expires_at` it does not leave any more.  It leaves exactly when the
    transaction around it commits.  The key is guarded by the database and never breaks that transaction.
    """
    worded = wording.write(letter, locale=locale, edition=edition, words=words, recipient=to_name, **facts)
    insert = sqlite.insert if db.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    added = db.session.execute(
        insert(Message.__table__)  # type: ignore[arg-type]  # the table is a Table
        .values(
            key=key,
            kind=letter.kind,
            channel=channel,
            required=letter.required,
            edition_id=edition.id if edition is not None else None,
            message_id=f"<{secrets.token_hex(16)}@{addresses.mail_domain()}>",
            to_name=to_name,
            to_address=to_address,
            locale=locale,
            subject=worded.subject,
            text=worded.text,
            html=worded.html,
            calendar=calendar,
            calendar_method=calendar_method,
            recipient=recipient,
            rule_id=occurrence.rule_id if occurrence else None,
            occasion=occurrence.occasion if occurrence else None,
            anchor_at=occurrence.anchor_at if occurrence else None,
            expires_at=expires_at,
            reply_to=reply_to,
            carriage=Carriage.QUEUED,
            tries=0,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Message.id)
    )
    return added.first() is not None


def send_again(message: Message, *, actor: Actor, now: datetime) -> None:
    """Let a message that failed, or whose fate is unknown, be tried afresh.  Raises NotToSendAgain."""
    if not leases.requeue(message):
        raise rules.NotToSendAgain
    audit.record(
        "message.sent_again",
        subject=f"message:{message.id}",
        actor=actor,
        now=now,
        edition_id=message.edition_id,
        kind=message.kind,
        was=message.carriage.value,
    )
