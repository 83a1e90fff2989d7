"""Press summaries: drafted, sent to the awardee, approved or given back with what has to be changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import inspect, select

from dxday.audit import services as audit
from dxday.ceremony import letters, rules
from dxday.ceremony.models import PressSummary
from dxday.ceremony.queries import press as queries
from dxday.ceremony.queries import was_recalled
from dxday.ceremony.rules import PressState
from dxday.core import codes
from dxday.core.actor import Actor, ActorKind
from dxday.core.errors import Stale
from dxday.core.i18n import pick
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.rules import check_acts_for
from dxday.notifications import addresses
from dxday.notifications import services as notifications


def draft_missing(edition: Edition, *, actor: Actor, now: datetime) -> int:
    """Draft a summary for each award that has none, and return how many.  Raises NotYoursToArrange."""
    rules.check_may_arrange(actor, edition_id=edition.id)
    # Two who draft at once wait for each other here; the second finds nothing left to draft.
    db.session.execute(select(Edition.id).where(Edition.id == edition.id).with_for_update()).all()
    awards = queries.list_without_summary(edition.id)
    for award in awards:
        scheme = award.category.scheme
        db.session.add(
            PressSummary(
                edition_id=edition.id,
                award_id=award.id,
                text=rules.draft_summary(
                    name=award.recipient_name,
                    agency=pick(award.organisation_name, "vi"),
                    form=rules.title_of(scheme.form, pick(scheme.name, "vi")),
                    achievement=award.achievement,
                    decision=award.decision.number,
                ),
                updated_at=now,
            )
        )
    db.session.flush()
    if awards:
        audit.record(
            "press.drafted",
            subject=edition.code,
            actor=actor,
            now=now,
            edition_id=edition.id,
            awards=len(awards),
        )
    return len(awards)


def change_text(summary: PressSummary, text: str, *, seen: int, actor: Actor, now: datetime) -> None:
    """Change the words; whatever was sent or approved before is void, and the link in the letter dies.

    `seen` is the version that was looked at.  The same words again change nothing.  Raises NotYoursToArrange, Stale,
    SummaryMissing, SummaryTooLong.
    """
    rules.check_may_arrange(actor, edition_id=summary.edition_id)
    _lock(summary)
    if summary.version != seen:
        raise Stale
    words = " ".join(text.split())
    rules.check_summary(words)
    if words == summary.text and summary.state is not PressState.CHANGES:
        return
    was = summary.state
    summary.text, summary.updated_at = words, now
    _settle(summary, PressState.DRAFT)
    _record("press.changed", summary, actor=actor, now=now, was=was.value)


def send(summary: PressSummary, *, actor: Actor, now: datetime, in_confidence: bool = False) -> None:
    """Send a draft to the awardee with a link that answers once; to the agency's contact where there is no address.

    One whose link has run out may be sent once more.  Before the decision is announced it leaves only
    `in_confidence`.  Raises NotYoursToArrange, AwardRecalled, UnderEmbargo, PressMoveNotPossible.
    """
    rules.check_may_arrange(actor, edition_id=summary.edition_id)
    _lock(summary)
    award = summary.award
    if was_recalled(award.id):
        raise rules.AwardRecalled(name=award.recipient_name)
    if not award.decision.is_announced and not in_confidence:
        raise rules.UnderEmbargo
    run_out = summary.state is PressState.SENT and not queries.is_open(summary, now)
    if not run_out:
        rules.check_press_move(summary.state, PressState.SENT)
    token = codes.new_token()
    nomination = award.nomination
    to_awardee = bool(nomination.nominee_email)
    address = nomination.nominee_email if to_awardee else nomination.contact_email
    summary.state, summary.token_hash = PressState.SENT, codes.hash_of(token)
    summary.sent_to, summary.sent_at, summary.expires_at = address, now, now + rules.LINK_TERM
    summary.remark = summary.answered_by = ""
    db.session.flush()
    _record("press.sent", summary, actor=actor, now=now, in_confidence=in_confidence)
    edition = db.session.get_one(Edition, summary.edition_id)
    # A letter of no edition: who reads an edition's mail must not approve in another's name.
    notifications.enqueue(
        letters.PRESS_APPROVAL,
        to_address=address,
        to_name=award.recipient_name if to_awardee else nomination.contact_name,
        locale=nomination.contact_locale,
        key=f"press-approval:{summary.id}:{summary.token_hash[:16]}",
        now=now,
        recipient=f"press:{summary.id}",
        expires_at=summary.expires_at,
        reply_to=edition.contact_email,
        awardee=award.recipient_name,
        summary=summary.text,
        event=edition.name,
        expires=summary.expires_at,
        url=addresses.address("press_answer.show", token=token),
    )


def send_all(edition: Edition, *, actor: Actor, now: datetime) -> int:
    """Send every draft of an announced award, each once, and return how many.  Raises NotYoursToArrange."""
    rules.check_may_arrange(actor, edition_id=edition.id)
    ids = queries.list_ids_to_send(edition.id)
    for summary_id in ids:
        send(queries.load(summary_id), actor=actor, now=now)
    return len(ids)


def approve_by_link(summary: PressSummary, *, seen: int, now: datetime) -> None:
    """Note that the holder of the link approves the words that they saw.  Raises PressLinkNotOpen, Stale."""
    _answer_by_link(summary, seen=seen, now=now)
    _approve(summary, actor=holder_of(summary), now=now)


def want_changes_by_link(summary: PressSummary, *, remark: str, seen: int, now: datetime) -> None:
    """Note what the holder of the link wants changed.  Raises WordsWanted, PressLinkNotOpen, Stale."""
    if not remark.strip():
        raise rules.WordsWanted
    _answer_by_link(summary, seen=seen, now=now)
    _want_changes(summary, remark, actor=holder_of(summary), now=now)


def approve(summary: PressSummary, *, seen: int, actor: Actor, now: datetime) -> None:
    """Let the agency's officer approve for the awardee.  Raises NotYourAgency, PressMoveNotPossible, Stale."""
    _answer_for_agency(summary, seen=seen, actor=actor)
    rules.check_press_move(summary.state, PressState.APPROVED)
    _approve(summary, actor=actor, now=now)


def want_changes(summary: PressSummary, *, remark: str, seen: int, actor: Actor, now: datetime) -> None:
    """Let the agency's officer say what has to be changed.

    Raises WordsWanted, NotYourAgency, PressMoveNotPossible, Stale.
    """
    if not remark.strip():
        raise rules.WordsWanted
    _answer_for_agency(summary, seen=seen, actor=actor)
    rules.check_press_move(summary.state, PressState.CHANGES)
    _want_changes(summary, remark, actor=actor, now=now)


def holder_of(summary: PressSummary) -> Actor:
    """Return who acts when the link is used: they have no account."""
    return Actor(kind=ActorKind.VISITOR, label=summary.award.recipient_name)


def _answer_by_link(summary: PressSummary, *, seen: int, now: datetime) -> None:
    _lock(summary)
    if not queries.is_open(summary, now) or was_recalled(summary.award_id):
        raise rules.PressLinkNotOpen
    if summary.version != seen:
        raise Stale


def _answer_for_agency(summary: PressSummary, *, seen: int, actor: Actor) -> None:
    check_acts_for(actor, summary.award.nomination.organisation_id, edition_id=summary.edition_id)
    _lock(summary)
    if was_recalled(summary.award_id):
        raise rules.AwardRecalled(name=summary.award.recipient_name)
    if summary.state is PressState.SENT and summary.version != seen:
        raise Stale


def _approve(summary: PressSummary, *, actor: Actor, now: datetime) -> None:
    _settle(summary, PressState.APPROVED)
    summary.approved_at, summary.answered_by = now, actor.label
    db.session.flush()
    _record("press.approved", summary, actor=actor, now=now)


def _want_changes(summary: PressSummary, remark: str, *, actor: Actor, now: datetime) -> None:
    summary.remark = remark.strip()
    _settle(summary, PressState.CHANGES)
    summary.answered_by = actor.label
    db.session.flush()
    _record("press.changes_wanted", summary, actor=actor, now=now, remark=summary.remark)


def _settle(summary: PressSummary, state: PressState) -> None:
    """Put the summary into a state in which no link is open."""
    summary.state = state
    summary.token_hash = summary.expires_at = summary.approved_at = None
    if state is PressState.DRAFT:
        summary.answered_by = ""
    if state is PressState.APPROVED:
        return  # the time follows in the same statement
    db.session.flush()


def _lock(summary: PressSummary) -> None:
    columns = [attribute.key for attribute in inspect(PressSummary).column_attrs]
    db.session.refresh(summary, attribute_names=columns, with_for_update=True)


def _record(action: str, summary: PressSummary, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        action, subject=summary.award.code, actor=actor, now=now, edition_id=summary.edition_id, **facts
    )
