"""The ledger: putting messages in, taking them back, what people decide of them, and who is spared what."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, or_, select, text, update

from dxday.adapters import bounces
from dxday.adapters.bounces import Report, ReportKind
from dxday.audit import services as audit
from dxday.core.actor import SYSTEM, Actor
from dxday.core.carriage import Carriage
from dxday.core.errors import NotAllowed, RuleBroken
from dxday.core.permissions import Permission
from dxday.db import db, insert_into
from dxday.notifications import addresses, queries, rules, unsubscribing, wording
from dxday.notifications.letters import Letter
from dxday.notifications.models import Message, Suppression
from dxday.notifications.rules import Decision, Reason, SuppressionReason, SuppressionScope
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
    reminds of; after `expires_at` it does not leave any more.  Answers go to `reply_to`, else to the edition's
    contact.  It leaves exactly when the transaction around it commits.  The key, and for a reminder its rule,
    recipient, occasion and moment, are guarded by the database and never break that transaction.

    A reminder that was taken back by `withdraw` and never left comes back to life, in new words.
    """
    edition_id = edition.id if edition is not None else None
    answers_to = reply_to or (edition.contact_email if edition is not None else None)
    worded = wording.write(
        letter,
        locale=locale,
        edition=edition,
        words=words,
        unsubscribe_url=None if letter.required else unsubscribing.url_of(to_address, edition_id, locale),
        answers_to=answers_to,
        recipient=to_name,
        **facts,
    )
    content: dict[str, Any] = {
        "to_name": to_name,
        "to_address": to_address,
        "locale": locale,
        "subject": worded.subject,
        "text": worded.text,
        "html": worded.html,
        "calendar": calendar,
        "calendar_method": calendar_method,
        "channel": channel,
        "expires_at": expires_at,
        "reply_to": answers_to,
        "created_at": now,
    }
    added = db.session.execute(
        insert_into(Message)
        .values(
            key=key,
            kind=letter.kind,
            required=letter.required,
            edition_id=edition_id,
            message_id=f"<{secrets.token_hex(16)}@{addresses.mail_domain()}>",
            recipient=recipient,
            rule_id=occurrence.rule_id if occurrence else None,
            occasion=occurrence.occasion if occurrence else None,
            anchor_at=occurrence.anchor_at if occurrence else None,
            carriage=Carriage.QUEUED,
            tries=0,
            **content,
        )
        .on_conflict_do_nothing()
        .returning(Message.id)
    )
    if added.first() is not None:
        return True
    is_over = expires_at is not None and expires_at <= now
    return occurrence is not None and not is_over and _revive(key, content)


def _revive(key: str, content: dict[str, Any]) -> bool:
    return _changed(
        update(Message)
        .where(
            Message.key == key,
            Message.carriage == Carriage.CANCELLED,
            Message.stays_off.is_(False),
            Message.sent_at.is_(None),
        )
        .values(carriage=Carriage.QUEUED, error=None, due_at=None, handed_until=None, tries=0, **content)
    )


def withdraw(
    *,
    now: datetime,
    recipient: str | None = None,
    rule_id: int | None = None,
    occasion: str | None = None,
    reason: str,
) -> int:
    """Take messages back that still wait, with the reason, and return how many they were.

    All that is given must fit.  With nothing but `recipient`, only what they need not get is taken back: reminders,
    and what is not required.  What a worker holds already goes on.  `reason` is one of `rules.Reason`, or plain words.
    Raises ValueError when nothing is given.
    """
    wanted = [
        column == value
        for column, value in (
            (Message.recipient, recipient),
            (Message.rule_id, rule_id),
            (Message.occasion, occasion),
        )
        if value is not None
    ]
    if not wanted:
        raise ValueError("withdraw() takes a recipient, a rule or an occasion")
    if rule_id is None and occasion is None:
        wanted.append(or_(Message.required.is_(False), Message.rule_id.is_not(None)))
    return _count(
        update(Message)
        .where(Message.carriage == Carriage.QUEUED, *wanted)
        .values(carriage=Carriage.CANCELLED, error=str(reason), due_at=None, handed_until=None)
    )


def send_again(message: Message, *, actor: Actor, now: datetime) -> None:
    """Let a message that did not arrive, or whose fate is unknown, be tried afresh, because a person insists.

    Whether its reader is spared is asked again when it leaves.  Raises NotToSendAgain, TimePassed.
    """
    rules.check_not_over(message.expires_at, now)
    _decide(
        message,
        Decision.SEND_AGAIN,
        Carriage.QUEUED,
        "message.sent_again",
        actor=actor,
        now=now,
        due_at=None,
        handed_until=None,
        leased_until=None,
        tries=0,
        error=None,
        bounced_at=None,
        stays_off=message.stays_off or message.carriage in (Carriage.UNKNOWN, Carriage.BOUNCED),
    )


def mark_arrived(message: Message, *, actor: Actor, now: datetime) -> None:
    """Settle a message whose fate is unknown as sent, because a person knows.  Raises NotToMarkArrived."""
    _decide(
        message, Decision.MARK_ARRIVED, Carriage.DONE, "message.marked_arrived",
        actor=actor, now=now, error=None, sent_at=now,
    )  # fmt: skip


def call_off(message: Message, *, actor: Actor, now: datetime) -> None:
    """Keep a message that still waits from leaving, for good.  Raises NotToCallOff."""
    _decide(
        message, Decision.CALL_OFF, Carriage.CANCELLED, "message.called_off",
        actor=actor, now=now, error=Reason.CALLED_OFF.value, due_at=None, handed_until=None, stays_off=True,
    )  # fmt: skip


DECIDE = {
    Decision.SEND_AGAIN: send_again,
    Decision.MARK_ARRIVED: mark_arrived,
    Decision.CALL_OFF: call_off,
}


def decide_many(messages: Iterable[Message], decision: Decision, *, actor: Actor, now: datetime) -> int:
    """Decide the same of several messages and return of how many; those that went on meanwhile are left alone."""
    decided = 0
    for message in messages:
        try:
            DECIDE[decision](message, actor=actor, now=now)
        except RuleBroken:
            continue
        decided += 1
    return decided


def _decide(
    message: Message,
    decision: Decision,
    to: Carriage,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    **changes: Any,
) -> None:
    """Move a message as a person decided, unless it has moved on by itself: the update is the guard."""
    moved = message.carriage in rules.DECIDED_FROM[decision] and _changed(
        update(Message)
        .where(Message.id == message.id, Message.carriage == message.carriage)
        .values(carriage=to, **changes)
    )
    if not moved:
        raise rules.refusal_of(decision)
    _record(action, message, actor=actor, now=now, kind=message.kind, was=message.carriage.value)


def suppress(
    address: str,
    *,
    scope: SuppressionScope,
    reason: SuppressionReason,
    actor: Actor,
    now: datetime,
    note: str = "",
    edition_id: int | None = None,
    message: Message | None = None,
) -> bool:
    """Spare an address what `scope` says, for all editions; False when it is spared that already."""
    added = db.session.execute(
        insert_into(Suppression)
        .values(
            address_key=rules.address_key(address),
            edition_id=edition_id,
            scope=scope,
            reason=reason,
            note=note,
            message_row_id=message.id if message else None,
            created_at=now,
        )
        .on_conflict_do_nothing(
            index_elements=["address_key", "scope"], index_where=text("released_at IS NULL")
        )
        .returning(Suppression.id)
    ).first()
    if added is None:
        return False
    audit.record(
        "suppression.added",
        subject=f"suppression:{added.id}",
        actor=actor,
        now=now,
        edition_id=edition_id,
        scope=scope.value,
        reason=reason.value,
    )
    return True


def spare_address(
    edition_id: int, address: str, *, scope: SuppressionScope, note: str, actor: Actor, now: datetime
) -> None:
    """Spare an address because a person says so.  Raises AlreadySpared, NotAllowed.

    To be spared everything holds for letters of no edition, too, the links to sign in: only who looks after the whole
    system may say so, or an organizer could lock others out.
    """
    if scope is SuppressionScope.ALL and not actor.may_everywhere(Permission.MAIL_VIEW_ALL):
        raise NotAllowed
    added = suppress(
        address,
        scope=scope,
        reason=SuppressionReason.BY_HAND,
        note=note,
        actor=actor,
        now=now,
        edition_id=edition_id,
    )
    if not added:
        raise rules.AlreadySpared


def release_suppression(suppression: Suppression, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let letters go to an address again, for the reason that a person gives.  Raises NotSpared, OnlyTheReader.

    What was withheld stays so until a person sends it again.
    """
    if suppression.reason in rules.THE_READERS_OWN and not actor.may_everywhere(Permission.MAIL_VIEW_ALL):
        raise rules.OnlyTheReader
    _release(suppression, reason=reason, actor=actor, now=now)


def _release(suppression: Suppression, *, reason: str, actor: Actor, now: datetime) -> None:
    released = _changed(
        update(Suppression)
        .where(Suppression.id == suppression.id, Suppression.released_at.is_(None))
        .values(released_at=now)
    )
    if not released:
        raise rules.NotSpared
    audit.record(
        "suppression.released",
        subject=f"suppression:{suppression.id}",
        actor=actor,
        now=now,
        edition_id=suppression.edition_id,
        scope=suppression.scope.value,
        because=reason,
    )


def unsubscribe(reader: unsubscribing.Reader, *, actor: Actor, now: datetime) -> bool:
    """Spare somebody who says so themselves what they need not get; False when it was so already."""
    return suppress(
        reader.address,
        scope=SuppressionScope.OPTIONAL,
        reason=SuppressionReason.UNSUBSCRIBED,
        actor=actor,
        now=now,
        edition_id=reader.edition_id,
    )


def resubscribe(reader: unsubscribing.Reader, *, actor: Actor, now: datetime) -> bool:
    """Let reminders go again to somebody who says so themselves; False when nothing was in the way.

    An address from which letters come back stays spared: that is not for its owner to undo.
    """
    spared = [
        each
        for each in queries.list_suppressions_of(reader.address)
        if each.scope is SuppressionScope.OPTIONAL
    ]
    for each in spared:
        _release(each, reason="by its owner", actor=actor, now=now)
    return bool(spared)


def take_letter(raw: bytes, *, now: datetime) -> int:
    """Take a letter of another mail server and return how many of its reports are about messages of ours."""
    return sum(take_report(report, now=now) for report in bounces.read_reports(raw))


def take_report(report: Report, *, now: datetime) -> bool:
    """Believe a report of another mail server about a message of ours; tell whether it is about one.

    Only our own Message-ID, which nobody can guess, makes it one: the addresses that a report names could be anybody's.
    A letter that came back is BOUNCED; where nobody is there, the address gets none any more.  A delay is noted, a
    complaint ends reminders.  The same report twice changes nothing more.
    """
    message = queries.find_by_message_ids([report.message_id]).get(report.message_id)
    if message is None:
        return False
    if report.kind is ReportKind.COMPLAINT:
        if not queries.has_complained_of(message):
            _spare(message, SuppressionScope.OPTIONAL, SuppressionReason.COMPLAINED, report, now=now)
    elif report.kind is ReportKind.DELAYED:
        _changed(
            update(Message)
            .where(Message.id == message.id, Message.carriage == Carriage.DONE)
            .values(error=report.words)
        )
    elif (
        _bounce(message, report, now=now)
        and rules.is_dead(report.status)
        and report.is_about(message.to_address)
    ):
        _spare(message, SuppressionScope.ALL, SuppressionReason.BOUNCED, report, now=now)
    return True


def _bounce(message: Message, report: Report, *, now: datetime) -> bool:
    moved = _changed(
        update(Message)
        .where(Message.id == message.id, Message.carriage.in_(rules.MAY_BOUNCE))
        .values(carriage=Carriage.BOUNCED, bounced_at=now, leased_until=None, error=report.words)
    )
    if moved:
        _record("message.bounced", message, actor=SYSTEM, now=now, kind=message.kind, status=report.status)
    return moved


def _spare(
    message: Message, scope: SuppressionScope, reason: SuppressionReason, report: Report, *, now: datetime
) -> None:
    suppress(
        message.to_address,
        scope=scope,
        reason=reason,
        note=report.words,
        actor=SYSTEM,
        now=now,
        edition_id=message.edition_id,
        message=message,
    )


def _record(action: str, message: Message, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        action,
        subject=f"message:{message.id}",
        actor=actor,
        now=now,
        edition_id=message.edition_id,
        **facts,
    )


def _changed(statement: Any) -> bool:
    return _count(statement) == 1


def _count(statement: Any) -> int:
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount
