"""The chain of endorsement: each step is asked by a letter, one after the other, and the last one hands in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dxday.core import codes
from dxday.core.actor import SYSTEM, Actor, ActorKind
from dxday.core.errors import RuleBroken, Stale
from dxday.db import db
from dxday.nominations import content, letters, queries, rules
from dxday.nominations.models import Endorsement, Nomination
from dxday.nominations.rules import EndorsementState, Endorser
from dxday.nominations.services import moving, row
from dxday.notifications import addresses
from dxday.notifications import services as notifications
from dxday.notifications.letters import Letter


def ask_endorsers(
    nomination: Nomination,
    endorsers: Sequence[Endorser],
    *,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """Send a finished draft to the first of those who endorse it; there is one for each step of the scheme.

    Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed, Stale, what `find_gaps` finds, NothingToEndorse,
    EndorserMissing, EndorserTwice, EndorserIsNominee.
    """
    steps = queries.scheme_of(nomination).endorsers
    rules.check_endorsers(endorsers, steps=len(steps), nominee_email=nomination.nominee_email)
    moving.send_for_endorsement(nomination, actor=actor, now=now, version=version)
    number = queries.last_round(nomination.id) + 1
    chain = [
        Endorsement(
            nomination_id=nomination.id,
            round=number,
            step=str(step["code"]),
            step_name=step["name"],
            position=position,
            name=endorser.name,
            office=endorser.office,
            email=endorser.email,
        )
        for position, (step, endorser) in enumerate(zip(steps, endorsers, strict=True), start=1)
    ]
    db.session.add_all(chain)
    db.session.flush()
    _ask(chain[0], nomination, actor=actor, now=now)


def ask_again(nomination: Nomination, endorsement: Endorsement, *, actor: Actor, now: datetime) -> None:
    """Write once more to who was asked; the new link takes the place of the old one.

    Raises NotYourAgency, MoveNotPossible, EndorsementOver, AskedJustNow.
    """
    _take(nomination, endorsement, actor=actor)
    rules.check_can_ask_again(endorsement.standing(now), endorsement.asked_at, now)
    _ask(endorsement, nomination, actor=actor, now=now)


def change_endorser(
    nomination: Nomination, endorsement: Endorsement, endorser: Endorser, *, actor: Actor, now: datetime
) -> None:
    """Let somebody else take a step that is not answered yet; if the step was asked, its link dies and they are asked.

    The same person once more is no change.  Raises NotYourAgency, MoveNotPossible, EndorsementOver, EndorserMissing,
    EndorserTwice, EndorserIsNominee.
    """
    _take(nomination, endorsement, actor=actor)
    rules.check_can_change_endorser(endorsement.state)
    chain = queries.list_chain(nomination.id)
    named = [
        endorser if each.id == endorsement.id else Endorser(each.name, each.office, each.email)
        for each in chain
    ]
    rules.check_endorsers(named, steps=len(chain), nominee_email=nomination.nominee_email)
    if (endorsement.name, endorsement.office, endorsement.email) == (
        endorser.name,
        endorser.office,
        endorser.email,
    ):
        return
    row.record("endorsement.changed", nomination, actor=actor, now=now, step=endorsement.step)
    if endorsement.state is EndorsementState.NAMED:
        endorsement.name, endorsement.office, endorsement.email = (
            endorser.name,
            endorser.office,
            endorser.email,
        )
        db.session.flush()
        return
    endorsement.state, endorsement.token_hash = EndorsementState.WITHDRAWN, None
    db.session.flush()
    instead = Endorsement(
        nomination_id=nomination.id,
        round=endorsement.round,
        step=endorsement.step,
        step_name=endorsement.step_name,
        position=endorsement.position,
        name=endorser.name,
        office=endorser.office,
        email=endorser.email,
    )
    db.session.add(instead)
    db.session.flush()
    _ask(instead, nomination, actor=actor, now=now)


def take_back(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Take a nomination back from its endorsers; their links die.  Raises NotYourAgency, MoveNotPossible."""
    moving.take_back(nomination, actor=actor, now=now)
    _close_chain(nomination)


def endorse(endorsement: Endorsement, *, seen: str, now: datetime) -> None:
    """Note that the holder of the link endorses what they saw, and ask the next, or hand the nomination in.

    `seen` is the digest of what was shown.  Where the nomination cannot be handed in any more, it is a draft again,
    and the agency's contact is told why.  Raises LinkNotOpen, Stale.
    """
    nomination = _answer(endorsement, seen=seen, now=now)
    endorsement.state, endorsement.answered_at, endorsement.content_sha256 = (
        EndorsementState.ENDORSED,
        now,
        seen,
    )
    db.session.flush()
    row.record(
        "endorsement.endorsed",
        nomination,
        actor=holder_of(endorsement),
        now=now,
        step=endorsement.step,
        content_sha256=seen,
    )
    following = [each for each in queries.list_chain(nomination.id) if each.state is EndorsementState.NAMED]
    if following:
        _ask(following[0], nomination, actor=SYSTEM, now=now)
        return
    try:
        with db.session.begin_nested():
            moving.finish_endorsement(nomination, actor=SYSTEM, now=now)
    except RuleBroken as refusal:
        moving.take_back(nomination, actor=SYSTEM, now=now)
        row.record("endorsement.in_vain", nomination, actor=SYSTEM, now=now, rule=type(refusal).__name__)
        _tell_contact(letters.ENDORSEMENT_IN_VAIN, nomination, endorsement, now=now, reason=refusal.words)


def send_back(endorsement: Endorsement, *, remark: str, seen: str, now: datetime) -> None:
    """Give the nomination back as a draft, with what the holder of the link says; the agency's contact is told.

    Raises LinkNotOpen, RemarkMissing, Stale.
    """
    if not remark.strip():
        raise rules.RemarkMissing
    nomination = _answer(endorsement, seen=seen, now=now)
    endorsement.state, endorsement.answered_at = EndorsementState.DECLINED, now
    endorsement.remark = remark.strip()
    db.session.flush()
    row.record(
        "endorsement.sent_back",
        nomination,
        actor=holder_of(endorsement),
        now=now,
        step=endorsement.step,
        reason=endorsement.remark,
    )
    moving.take_back(nomination, actor=SYSTEM, now=now)
    _close_chain(nomination)
    _tell_contact(
        letters.ENDORSEMENT_SENT_BACK,
        nomination,
        endorsement,
        now=now,
        endorser=f"{endorsement.name}, {endorsement.office}",
        remark=endorsement.remark.splitlines(),
    )


def note_viewed(endorsement: Endorsement, nomination: Nomination, *, now: datetime) -> None:
    """Note that the link was opened: it shows personal data.  A mail scanner opens links too."""
    row.record(
        "nomination.viewed", nomination, actor=holder_of(endorsement), now=now, by="link of an endorser"
    )


def holder_of(endorsement: Endorsement) -> Actor:
    """Return who acts when the link is used: they have no account."""
    return Actor(kind=ActorKind.VISITOR, label=f"{endorsement.name} ({endorsement.office})")


def expire_endorsements(now: datetime) -> int:
    """Write down which links have run out, and return how many."""
    found = queries.list_run_out(now)
    for endorsement, nomination in found:
        endorsement.state = EndorsementState.EXPIRED
        row.record("endorsement.expired", nomination, actor=SYSTEM, now=now, step=endorsement.step)
    db.session.flush()
    return len(found)


def _take(nomination: Nomination, endorsement: Endorsement, *, actor: Actor) -> None:
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    row.lock(nomination)
    if nomination.state is not rules.State.ENDORSING:
        raise rules.MoveNotPossible(state=nomination.told_name)
    db.session.refresh(endorsement, with_for_update=True)


def _ask(endorsement: Endorsement, nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    token = codes.new_token()
    endorsement.token_hash = codes.hash_of(token)
    endorsement.state, endorsement.asked_at = EndorsementState.ASKED, now
    endorsement.expires_at = now + rules.LINK_TERM
    db.session.flush()
    row.record("endorsement.asked", nomination, actor=actor, now=now, step=endorsement.step)
    edition = queries.get_edition_of(nomination)
    locale = nomination.contact_locale
    # A letter of no edition: who reads an edition's mail must not endorse in another's name.
    notifications.enqueue(
        letters.ENDORSEMENT_ASKED,
        to_address=endorsement.email,
        to_name=endorsement.name,
        locale=locale,
        key=f"endorsement-asked:{endorsement.id}:{endorsement.token_hash[:16]}",
        now=now,
        recipient=f"endorsement:{endorsement.id}",
        expires_at=endorsement.expires_at,
        reply_to=nomination.contact_email,
        nominee=nomination.nominee_name,
        agency=nomination.organisation_name,
        scheme=queries.scheme_of(nomination).name,
        step=endorsement.step_name,
        event=edition.name,
        contact=f"{nomination.contact_name}, {nomination.contact_email}",
        expires=endorsement.expires_at,
        url=addresses.address("endorse.show", token=token),
    )


def _answer(endorsement: Endorsement, *, seen: str, now: datetime) -> Nomination:
    """Take nomination and step, in the order in which everybody takes them, and check that an answer counts."""
    nomination = db.session.get_one(Nomination, endorsement.nomination_id)
    row.lock(nomination)
    db.session.refresh(endorsement, with_for_update=True)
    if not queries.is_answerable(endorsement, nomination, now):
        raise rules.LinkNotOpen
    if content.read_content(nomination, sensitive=False).sha256 != seen:
        raise Stale
    return nomination


def _close_chain(nomination: Nomination) -> None:
    for endorsement in queries.list_chain(nomination.id):
        if endorsement.state in rules.OPEN_ENDORSEMENTS:
            endorsement.state, endorsement.token_hash = EndorsementState.WITHDRAWN, None
    db.session.flush()


def _tell_contact(
    letter: Letter,
    nomination: Nomination,
    endorsement: Endorsement,
    *,
    now: datetime,
    **facts: Any,
) -> None:
    edition = queries.get_edition_of(nomination)
    notifications.enqueue(
        letter,
        to_address=nomination.contact_email,
        to_name=nomination.contact_name,
        locale=nomination.contact_locale,
        key=f"{letter.kind}:{endorsement.id}",
        now=now,
        edition=edition,
        nominee=nomination.nominee_name,
        url=addresses.address("nominations.show", edition_code=edition.code, code=nomination.code),
        **facts,
    )
