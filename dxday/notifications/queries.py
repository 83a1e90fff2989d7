"""Reading the ledger, and who is spared what."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from dxday.audit.models import AuditEntry
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.core.vietnamese import fold
from dxday.db import db
from dxday.notifications import rules
from dxday.notifications.models import Message, Suppression


@dataclass(frozen=True)
class Wanted:
    """Which messages to show; None and "" narrow nothing.  `text` is looked for in names and addresses."""

    state: Carriage | None = None
    kind: str | None = None
    rule_id: int | None = None
    text: str = ""


ALL = Wanted()
_NEWEST = (Message.created_at.desc(), Message.id.desc())


def get_message(edition_id: int, message_id: int) -> Message:
    """Return a message of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(Message).where(Message.edition_id == edition_id, Message.id == message_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_by_id(edition_id: int, message_ids: Collection[int]) -> list[Message]:
    """Return those of the messages that are of the edition, oldest first."""
    statement = (
        select(Message)
        .where(Message.edition_id == edition_id, Message.id.in_(list(message_ids)))
        .order_by(Message.id)
    )
    return list(db.session.scalars(statement))


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


def list_kinds(edition_id: int) -> list[str]:
    """Return the kinds of letter of which the edition has messages."""
    statement = select(Message.kind).where(Message.edition_id == edition_id).distinct().order_by(Message.kind)
    return list(db.session.scalars(statement))


def list_messages(
    edition_id: int, wanted: Wanted = ALL, *, limit: int = 50, offset: int = 0
) -> tuple[list[Message], int]:
    """Return a page of the edition's messages that are wanted, newest first, and how many they are in all.

    Marks and capitals of a search do not matter; every word of it must occur.
    """
    if words := fold(wanted.text).split():
        searched: Any = select(Message.id, Message.to_name, Message.to_address)
        rows = db.session.execute(_narrow(searched, edition_id, wanted))
        ids = [
            row.id for row in rows if all(word in fold(f"{row.to_name} {row.to_address}") for word in words)
        ]
        shown, total = select(Message).where(Message.id.in_(ids[offset : offset + limit])), len(ids)
    else:
        counted = _narrow(select(func.count()).select_from(Message), edition_id, wanted, ordered=False)
        total = db.session.scalars(counted).one()
        shown = _narrow(select(Message), edition_id, wanted, ordered=False).limit(limit).offset(offset)
    return list(db.session.scalars(shown.order_by(*_NEWEST))), total


def _narrow(statement: Select[Any], edition_id: int, wanted: Wanted, *, ordered: bool = True) -> Select[Any]:
    statement = statement.where(Message.edition_id == edition_id)
    if ordered:
        statement = statement.order_by(*_NEWEST)
    if wanted.state is not None:
        statement = statement.where(Message.carriage == wanted.state)
    if wanted.kind:
        statement = statement.where(Message.kind == wanted.kind)
    if wanted.rule_id is not None:
        statement = statement.where(Message.rule_id == wanted.rule_id)
    return statement


def list_history(message: Message) -> list[AuditEntry]:
    """Return what the trail says of a message, oldest first."""
    statement = (
        select(AuditEntry).where(AuditEntry.subject == f"message:{message.id}").order_by(AuditEntry.sequence)
    )
    return list(db.session.scalars(statement))


def list_suppressed(address_keys: Collection[str]) -> dict[str, frozenset[rules.SuppressionScope]]:
    """Return what each of these addresses (as `rules.address_key` spells it) is spared; one statement.

    An address that is spared nothing is not named.
    """
    keys = list(set(address_keys))
    if not keys:
        return {}
    found: dict[str, set[rules.SuppressionScope]] = {}
    statement = select(Suppression.address_key, Suppression.scope).where(
        Suppression.address_key.in_(keys), Suppression.released_at.is_(None)
    )
    for key, scope in db.session.execute(statement):
        found.setdefault(key, set()).add(scope)
    return {key: frozenset(scopes) for key, scopes in found.items()}


def list_suppressions_of(address: str) -> list[Suppression]:
    """Return what an address is spared now, newest first, whoever noted it."""
    statement = (
        select(Suppression)
        .where(Suppression.address_key == rules.address_key(address), Suppression.released_at.is_(None))
        .order_by(Suppression.created_at.desc(), Suppression.id.desc())
    )
    return list(db.session.scalars(statement))


def get_suppression(edition_id: int, suppression_id: int) -> Suppression:
    """Return a sparing that came from the edition, or that withholds a message of it.  Raises NotFound.

    Who organises one edition has no business with the readers of the others.
    """
    found = db.session.get(Suppression, suppression_id)
    if found is None or not (found.edition_id == edition_id or _is_reader(edition_id, found.address_key)):
        raise NotFound
    return found


def _is_reader(edition_id: int, address_key: str) -> bool:
    statement = select(Message.to_address).where(Message.edition_id == edition_id).distinct()
    return any(rules.address_key(address) == address_key for address in db.session.scalars(statement))


def count_suppressions(edition_id: int) -> int:
    """Return how many addresses are spared something because of the edition."""
    statement = select(func.count()).where(
        Suppression.edition_id == edition_id, Suppression.released_at.is_(None)
    )
    return db.session.scalars(statement).one()


def list_suppressions(edition_id: int, *, limit: int = 50, offset: int = 0) -> list[Suppression]:
    """Return what came from the edition and is in force, newest first."""
    statement = (
        select(Suppression)
        .where(Suppression.edition_id == edition_id, Suppression.released_at.is_(None))
        .order_by(Suppression.created_at.desc(), Suppression.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(db.session.scalars(statement))


def has_complained_of(message: Message) -> bool:
    """Tell whether a complaint about the message was noted before, even if it was released since."""
    statement = select(Suppression.id).where(
        Suppression.message_row_id == message.id, Suppression.reason == rules.SuppressionReason.COMPLAINED
    )
    return db.session.scalars(statement).first() is not None
