"""Publishing lists of nominations, receiving comments and dealing with each of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dxday.audit import services as audit
from dxday.consultation import letters, queries, rules, snapshots
from dxday.consultation.models import Comment, CommentPolicy, CommentWindow, ListedNomination
from dxday.consultation.rules import Outcome, Signature
from dxday.core import codes
from dxday.core.actor import VISITOR, Actor
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import pick
from dxday.council import queries as councils
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.notifications import services as notifications
from dxday.schemes import queries as schemes
from dxday.schemes.models import Scheme
from dxday.schemes.rules import end_of_working_days


def set_policy(scheme: Scheme, *, anonymous: bool, actor: Actor, now: datetime) -> None:
    """Say whether comments without name and address are let in.  Raises NotTheSecretary."""
    rules.check_may_manage(actor, edition_id=scheme.edition_id)
    _lock_scheme(scheme)
    policy = db.session.get(CommentPolicy, scheme.id, populate_existing=True)
    if policy is None:
        policy = CommentPolicy(scheme_id=scheme.id)
        db.session.add(policy)
    policy.anonymous = anonymous
    db.session.flush()
    audit.record(
        "comment_policy.set",
        subject=scheme.code,
        actor=actor,
        now=now,
        edition_id=scheme.edition_id,
        anonymous=anonymous,
    )


def publish_list(
    scheme: Scheme, *, seen: str, actor: Actor, now: datetime, reason: str = ""
) -> CommentWindow:
    """Publish the list of the scheme as it is now, or a correction of it that takes the place of the one before.

    `seen` is the digest of the entries that the secretary looked at.  The last day is counted in working days by the
    holiday table; a correction starts the days afresh only when it adds a nomination.
    Raises NotTheSecretary, NoCommentWanted, NothingToPublish, ListChanged, NothingChanged, ReasonMissing, TooLong.
    """
    rules.check_may_manage(actor, edition_id=scheme.edition_id)
    _lock_scheme(scheme)
    if not scheme.comment_days:
        raise rules.NoCommentWanted
    listed = queries.compose_list(scheme)
    if not listed.entries:
        raise rules.NothingToPublish
    if listed.sha256 != seen:
        raise rules.ListChanged
    previous = queries.find_current(scheme.id)
    added = True
    if previous is not None:
        if queries.says_the_same(previous, listed):
            raise rules.NothingChanged
        rules.check_reason(reason)
        known = {each.nomination_id for each in queries.list_listed(previous.id)}
        added = not known.issuperset(listed.nomination_ids)
        _lock(previous)
        previous.superseded_at = now
        db.session.flush()
    times = rules.plan_times(
        previous.times if previous is not None else None,
        added=added,
        now=now,
        closes_at=end_of_working_days(
            now,
            scheme.comment_days,
            zone=queries.zone_of(scheme.edition_id),
            days_off=schemes.days_off(),
        ),
    )
    window = _write(scheme, listed, times, previous, reason=reason.strip(), actor=actor, now=now)
    audit.record(
        "nominations.published",
        subject=subject_of(window),
        actor=actor,
        now=now,
        edition_id=scheme.edition_id,
        scheme=scheme.code,
        version=window.number,
        sha256=window.sha256,
        nominations=len(listed.entries),
        days=window.days,
        closes_at=window.closes_at.isoformat(),
        afresh=added,
        reason=window.reason,
    )
    return window


def _write(
    scheme: Scheme,
    listed: queries.Listed,
    times: rules.Times,
    previous: CommentWindow | None,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> CommentWindow:
    number = previous.number + 1 if previous is not None else 1
    snapshot = snapshots.write(
        snapshots.Head(
            edition=db.session.get_one(Edition, scheme.edition_id).code,
            scheme=scheme.code,
            name=scheme.name,
            form=scheme.form.value,
            legal_basis=scheme.legal_basis,
            version=number,
            opens_at=times.opens_at,
            closes_at=times.closes_at,
            published_at=now,
            reason=reason,
            previous_sha256=previous.sha256 if previous is not None else None,
        ),
        listed.entries,
    )
    window = CommentWindow(
        edition_id=scheme.edition_id,
        scheme_id=scheme.id,
        number=number,
        previous_id=previous.id if previous is not None else None,
        days=scheme.comment_days,
        opens_at=times.opens_at,
        closes_at=times.closes_at,
        reason=reason,
        snapshot=snapshot,
        sha256=snapshots.digest(snapshot),
        published_at=now,
        published_by_id=actor.account_id,
    )
    db.session.add(window)
    db.session.flush()
    db.session.add_all(
        ListedNomination(window_id=window.id, number=number, nomination_id=nomination_id)
        for number, nomination_id in enumerate(listed.nomination_ids, start=1)
    )
    db.session.flush()
    return window


def receive_comment(
    window: CommentWindow,
    *,
    number: int | None,
    text: str,
    signature: Signature,
    guid: UUID,
    locale: str,
    now: datetime,
) -> str:
    """Receive a comment on what stands under `number` of the list, or on all of it, and return its receipt.

    `guid` was made with the empty form: sent twice, it is one comment with one receipt.  The trail does not say who
    wrote, even when they are signed in: it is read by people who must not know.
    Raises NotFound, CommentMissing, CommentTooLong, NameMissing, ContactMissing, HomeMissing, NotSigned, WindowClosed,
    ListReplaced, AlreadySent.
    """
    receipt = rules.receipt_of(guid.bytes)
    key = codes.hash_of(receipt)
    _lock(window)
    if (made := queries.find_by_receipt_hash(key)) is not None:
        return _same(made, window, number, text, receipt)
    rules.check_open(
        window.times,
        replaced=window.superseded_at is not None,
        sealed=window.sealed_at is not None,
        now=now,
        zone=queries.zone_of(window.edition_id),
    )
    if number is not None and not 1 <= number <= queries.count_listed(window.id):
        raise NotFound
    rules.check_whole(text, signature, anonymous=queries.lets_in_anonymous(window.scheme_id))
    comment = Comment(
        window_id=window.id,
        number=number,
        receipt_hash=key,
        text=text,
        full_name=signature.full_name,
        phone=signature.phone,
        email=signature.email,
        home=signature.home,
        locale=locale,
        received_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(comment)
    except IntegrityError as error:
        found = queries.find_by_receipt_hash(key)
        if found is None:
            raise
        raise rules.AlreadySent from error  # the same form for two lists at once
    audit.record(
        "comment.received",
        subject=comment_subject(comment),
        actor=VISITOR,
        now=now,
        edition_id=window.edition_id,
        window=subject_of(window),
        number=number,
    )
    if signature.email:
        _send_receipt(comment, window, receipt, now=now)
    return receipt


def _same(made: Comment, window: CommentWindow, number: int | None, text: str, receipt: str) -> str:
    if (made.window_id, made.number, made.text) != (window.id, number, text):
        raise rules.AlreadySent
    return receipt


def _send_receipt(comment: Comment, window: CommentWindow, receipt: str, *, now: datetime) -> None:
    """Mail the receipt as a letter of no edition: those who look after the edition's mail must not see who wrote."""
    edition = db.session.get_one(Edition, window.edition_id)
    scheme = db.session.get_one(Scheme, window.scheme_id)
    notifications.enqueue(
        letters.RECEIVED,
        to_address=comment.email,
        to_name=comment.full_name or comment.email,
        locale=comment.locale,
        key=f"comment-received:{comment.receipt_hash}",
        now=now,
        reply_to=edition.contact_email,
        event=pick(edition.name, comment.locale),
        scheme=pick(scheme.name, comment.locale),
        receipt=rules.group_receipt(receipt),
        url=addresses.address("consultation.receipt", edition_code=edition.code, code=receipt),
    )


def note_viewed(comment: Comment, *, actor: Actor, now: datetime) -> None:
    """Note that somebody read who commented.  Raises NotTheSecretary, KeepsAway."""
    _check_may_deal_with(comment, actor)
    audit.record(
        "comment.viewed",
        subject=comment_subject(comment),
        actor=actor,
        now=now,
        edition_id=comment.window.edition_id,
    )


def dispose_comment(
    comment: Comment, *, outcome: Outcome, reason: str, reply: str, actor: Actor, now: datetime
) -> None:
    """Say what became of a comment, once.  What follows from one that is upheld is an act of its own.

    `reply` is what the commenter reads; it may be empty.
    Raises NotTheSecretary, KeepsAway, ReasonMissing, TooLong, AlreadyDisposed.
    """
    _check_may_deal_with(comment, actor)
    rules.check_reason(reason)
    if len(reply) > rules.MOST_REPLY:
        raise rules.TooLong(most=rules.MOST_REPLY)
    columns = [column.key for column in Comment.__mapper__.column_attrs]
    db.session.refresh(comment, attribute_names=columns, with_for_update=True)
    if comment.disposed_at is not None:
        db.session.refresh(comment, attribute_names=["disposed_by"])
        raise rules.AlreadyDisposed(name=comment.disposed_by.full_name if comment.disposed_by else "–")
    comment.outcome, comment.reason, comment.reply = outcome, reason.strip(), reply.strip()
    comment.disposed_at, comment.disposed_by_id = now, actor.account_id
    db.session.flush()
    audit.record(
        "comment.disposed",
        subject=comment_subject(comment),
        actor=actor,
        now=now,
        edition_id=comment.window.edition_id,
        outcome=outcome.value,
        reason=comment.reason,
        replied=bool(comment.reply),
    )


def close_for_ballot(scheme_id: int, *, now: datetime) -> list[Refusal]:
    """Return what public comment leaves to be done before a ballot may open; when nothing is left, seal the window.

    Whoever sends a comment waits for the window's row, so that none comes in behind the look; one that was begun
    before the closing and arrives after this finds the window sealed.
    """
    window = queries.find_current(scheme_id)
    if window is not None:
        _lock(window)
    obstacles = queries.find_obstacles(scheme_id, now=now)
    if window is not None and not obstacles:
        window.sealed_at = now
        db.session.flush()
    return obstacles


def subject_of(window: CommentWindow) -> str:
    """Return the name of a published list in the audit trail."""
    return f"nominations-{window.id}"


def comment_subject(comment: Comment) -> str:
    """Return the name of a comment in the audit trail; it says nothing of the receipt."""
    return f"comment-{comment.id}"


def keeps_away(comment: Comment, *, actor: Actor) -> bool:
    """Tell whether the actor must keep away from this comment, who must know nothing of who wrote it."""
    edition_id = comment.window.edition_id
    conflicts = councils.list_conflicts_of(actor.account_id or 0, edition_id)
    return is_kept_from(comment, conflicts, actor=actor)


def is_kept_from(comment: Comment, conflicts: frozenset[int], *, actor: Actor) -> bool:
    """Tell it with the actor's conflicts of interest at hand; for lists."""
    nomination = comment.listed.nomination if comment.listed is not None else None
    return rules.keeps_away(
        actor,
        edition_id=comment.window.edition_id,
        conflicts=conflicts,
        nomination_id=nomination.id if nomination is not None else None,
        agency_id=nomination.organisation_id if nomination is not None else None,
    )


def _check_may_deal_with(comment: Comment, actor: Actor) -> None:
    rules.check_may_manage(actor, edition_id=comment.window.edition_id)
    if keeps_away(comment, actor=actor):
        raise rules.KeepsAway


def _lock(window: CommentWindow) -> None:
    """Take the row for this transaction and read it afresh."""
    columns = [column.key for column in CommentWindow.__mapper__.column_attrs if not column.deferred]
    db.session.refresh(window, attribute_names=columns, with_for_update=True)


def _lock_scheme(scheme: Scheme) -> None:
    """Let two who publish come one after the other."""
    db.session.execute(select(Scheme.id).where(Scheme.id == scheme.id).with_for_update())
