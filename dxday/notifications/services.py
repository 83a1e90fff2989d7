"""Putting messages into the outbox, and letting one be tried again."""

import secrets
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
from dxday.notifications.models import Message


def is_queued(key: str) -> bool:
    """Tell whether the occasion has its message already."""
    return db.session.scalars(select(Message.id).where(Message.key == key)).first() is not None


def enqueue(
    kind: rules.Kind,
    *,
    to_address: str,
    to_name: str,
    locale: str,
    key: str,
    now: datetime,
    edition: Any | None = None,
    calendar: bytes | None = None,
    calendar_method: str | None = None,
    **facts: Any,
) -> bool:
    """Put a message into the outbox once for each `key`; False when the occasion has its message already.

    It is worded at once, in `locale`, from the `facts` that its templates name.  It leaves exactly when the
    transaction around it commits.  The key is guarded by the database and never breaks that transaction.
    """
    worded = wording.write(kind, locale=locale, edition=edition, **facts)
    insert = sqlite.insert if db.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    added = db.session.execute(
        insert(Message.__table__)  # type: ignore[arg-type]  # the table is a Table
        .values(
            key=key,
            kind=kind,
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
        kind=message.kind.value,
        was=message.carriage.value,
    )
