"""Reading the outbox."""

from collections.abc import Collection

from sqlalchemy import func, select

from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.notifications.models import Message


def get_message(edition_id: int, message_id: int) -> Message:
    """Return a message of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(Message).where(Message.edition_id == edition_id, Message.id == message_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_by_message_ids(message_ids: Collection[str]) -> dict[str, Message]:
    """Return the messages that left with these Message-IDs, by them; one statement."""
    found = db.session.scalars(select(Message).where(Message.message_id.in_(list(message_ids))))
    return {message.message_id: message for message in found}


def count_by_state(edition_id: int | None = None) -> dict[Carriage, int]:
    """Return how many messages are in each state, all states named; of one edition, when it is given."""
    statement = select(Message.carriage, func.count()).group_by(Message.carriage)
    if edition_id is not None:
        statement = statement.where(Message.edition_id == edition_id)
    found = dict(db.session.execute(statement).all())
    return {state: found.get(state, 0) for state in Carriage}


def list_messages(
    edition_id: int, *, state: Carriage | None = None, limit: int = 50, offset: int = 0
) -> list[Message]:
    """Return the edition's messages, newest first; only those in `state`, when it is given."""
    statement = (
        select(Message)
        .where(Message.edition_id == edition_id)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if state is not None:
        statement = statement.where(Message.carriage == state)
    return list(db.session.scalars(statement))
