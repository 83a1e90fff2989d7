"""The ways of a nomination, one verb each: take the row, ask the rules, move, note it, tell."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from dxday.core.actor import Actor
from dxday.core.errors import Stale
from dxday.core.i18n import pick
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import letters, queries, rules
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.nominations.services import row
from dxday.notifications import services as notifications
from dxday.notifications.letters import Letter
from dxday.schemes.models import Quota


def submit_nomination(
    nomination: Nomination, *, actor: Actor, now: datetime, version: int | None = None
) -> None:
    """Hand a finished nomination in, and tell the agency's contact that it was received.

    What was returned is handed in again until just before `return_due_at`, also after the call closed; it keeps the
    time at which it was submitted first.  `version`, where given, is the one that was read through before submitting.
    Raises NotYourAgency, MoveNotPossible, EndorsementMissing, CallNotOpen, CallClosed, CompletionOverdue, QuotaUsedUp,
    Stale and what `find_gaps` finds.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    row.lock_for_agency(nomination)
    rules.check_may_skip_endorsement(nomination.state, queries.scheme_of(nomination).endorsers)
    _check_can_hand_in(nomination, State.SUBMITTED, now=now)
    if version is not None and nomination.version != version:
        raise Stale
    _hand_in(nomination, actor=actor, now=now)


def send_for_endorsement(
    nomination: Nomination, *, actor: Actor, now: datetime, version: int | None = None
) -> None:
    """Give a finished draft to those who endorse it; until they have, or it is taken back, it stands still.

    Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed, QuotaUsedUp, Stale and what `find_gaps` finds.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    row.lock_for_agency(nomination)
    _check_can_hand_in(nomination, State.ENDORSING, now=now)
    if version is not None and nomination.version != version:
        raise Stale
    _move(nomination, State.ENDORSING, now=now)
    row.record("nomination.sent_for_endorsement", nomination, actor=actor, now=now)


def take_back(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Take a nomination back from those who endorse it; it is a draft again.

    Raises NotYourAgency, MoveNotPossible.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    row.lock_for_agency(nomination)
    _move(nomination, State.DRAFT, now=now)
    row.record("nomination.taken_back", nomination, actor=actor, now=now)


def finish_endorsement(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Hand in what the last endorser has endorsed; the agency's contact is told.

    Endorsers have no account: whoever checked the endorser's token calls this as the system.  The closing time holds
    as for any other submission.  Raises NotByHand, MoveNotPossible, CallNotOpen, CallClosed and what `find_gaps` finds.
    """
    rules.check_is_system(actor)
    row.lock(nomination)
    if nomination.state is not State.ENDORSING:
        raise rules.MoveNotPossible(state=nomination.state_name)
    _check_can_hand_in(nomination, State.SUBMITTED, now=now)
    _hand_in(nomination, actor=actor, now=now)


def return_nomination(
    nomination: Nomination, *, reason: str, due_at: datetime, actor: Actor, now: datetime
) -> None:
    """Give a nomination back to its agency, which can complete it until just before `due_at`; its contact is told.

    Raises NotTheStandingBody, ReasonMissing, DueTimePast, MoveNotPossible.
    """
    rules.check_may_appraise(actor, edition_id=nomination.edition_id)
    if not reason.strip():
        raise rules.ReasonMissing
    rules.check_due(due_at, now)
    row.lock(nomination)
    nomination.return_due_at = due_at
    _move(nomination, State.RETURNED, now=now)
    row.record(
        "nomination.returned",
        nomination,
        actor=actor,
        now=now,
        reason=reason.strip(),
        due_at=due_at.isoformat(),
    )
    _tell(
        letters.RETURNED,
        nomination,
        key=f"nomination-returned:{nomination.guid}:{nomination.version}",
        now=now,
        reason=reason.strip(),
        due_at=due_at,
    )


def admit_nomination(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Bring a complete nomination before the council.  Raises NotTheStandingBody, MoveNotPossible."""
    rules.check_may_appraise(actor, edition_id=nomination.edition_id)
    row.lock(nomination)
    _move(nomination, State.ADMITTED, now=now)
    row.record("nomination.admitted", nomination, actor=actor, now=now)


def approve_nomination(nomination: Nomination, *, ballot: str, actor: Actor, now: datetime) -> None:
    """Mark a nomination as approved by the ballot with this code.  Raises NotTheCouncil, MoveNotPossible."""
    rules.check_may_hold_ballots(actor, edition_id=nomination.edition_id)
    row.lock(nomination)
    _move(nomination, State.APPROVED, now=now)
    row.record("nomination.approved", nomination, actor=actor, now=now, ballot=ballot)


def withdraw_nomination(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Take a nomination back, also after the closing time, as long as it was not decided on.

    Raises NotYourAgency, MoveNotPossible.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    row.lock_for_agency(nomination)
    _move(nomination, State.WITHDRAWN, now=now)
    row.record("nomination.withdrawn", nomination, actor=actor, now=now)


def rank_nomination(nomination: Nomination, *, earlier: bool, actor: Actor, now: datetime) -> None:
    """Move a draft one place up (or down) in the order in which its agency's drafts wait for a place.

    Raises NotYourAgency, MoveNotPossible.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    row.lock_for_agency(nomination)
    if nomination.state is not State.DRAFT:
        raise rules.MoveNotPossible(state=nomination.state_name)
    order = queries.list_waiting(nomination)
    place = next(n for n, each in enumerate(order) if each.id == nomination.id)
    other = place - 1 if earlier else place + 1
    if not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    for rank, each in enumerate(order, start=1):
        each.rank_in_agency = rank
    db.session.flush()
    row.record("nomination.ranked", nomination, actor=actor, now=now, place=other + 1)


def decline_nomination(nomination: Nomination, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a submitted nomination go without an honour; the reason is kept in the trail and the agency reads it.

    Raises NotTheCouncil, ReasonMissing, MoveNotPossible.
    """
    rules.check_may_decide(actor, edition_id=nomination.edition_id)
    if not reason.strip():
        raise rules.ReasonMissing
    row.lock(nomination)
    _move(nomination, State.DECLINED, now=now)
    row.record("nomination.declined", nomination, actor=actor, now=now, reason=reason.strip())


def award_nomination(
    nomination: Nomination, *, decision: str, embargoed: bool = False, actor: Actor, now: datetime
) -> None:
    """Mark a nomination as honoured by the decision with this number; under embargo its agency notices nothing.

    Where the scheme wants a ballot, only what one approved.  Of two that award it at once, the second waits here and
    is then refused.  Raises NotTheCouncil, MoveNotPossible.
    """
    rules.check_may_decide(actor, edition_id=nomination.edition_id)
    row.lock(nomination)
    rules.check_can_award(nomination.state, ballot=queries.scheme_of(nomination).ballot)
    before, changed_at = nomination.state, nomination.updated_at
    _move(nomination, State.AWARDED, now=now)
    if embargoed:
        nomination.told_state, nomination.updated_at = before, changed_at
        db.session.flush()
    row.record(rules.AWARDED, nomination, actor=actor, now=now, decision=decision)


def announce_awards(nomination_ids: Collection[int], *, now: datetime) -> None:
    """Let the agencies of these nominations know that they were honoured; whoever announces answers for it."""
    db.session.execute(
        update(Nomination)
        .where(Nomination.id.in_(sorted(nomination_ids)), Nomination.told_state.is_not(None))
        .values(told_state=None, updated_at=now)
        .execution_options(synchronize_session="fetch")
    )


def _check_can_hand_in(nomination: Nomination, to: State, *, now: datetime) -> None:
    rules.check_move(nomination.state, to)
    rules.check_taken(queries.standing_of(nomination), queries.call_of(nomination), now)
    for gap in queries.find_gaps(nomination):
        raise gap
    if nomination.state is State.DRAFT:
        _check_quota(nomination)


def _check_quota(nomination: Nomination) -> None:
    """Raise QuotaUsedUp.  The scheme's quotas are taken first: two who want the last place come one after the other."""
    scheme_id = queries.category_of(nomination).scheme_id
    db.session.execute(
        select(Quota.id).where(Quota.scheme_id == scheme_id).order_by(Quota.id).with_for_update()
    )
    if (room := queries.find_room(nomination)) is not None:
        rules.check_quota(room.used, room.most)


def _hand_in(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    again = nomination.submitted_at is not None
    if not again:
        nomination.submitted_at = now
    nomination.return_due_at = None
    _move(nomination, State.SUBMITTED, now=now)
    row.record("nomination.submitted", nomination, actor=actor, now=now)
    key = f"nomination-received:{nomination.guid}"
    _tell(letters.RECEIVED, nomination, key=f"{key}:{nomination.version}" if again else key, now=now)


def _move(nomination: Nomination, to: State, *, now: datetime) -> None:
    rules.check_move(nomination.state, to)
    nomination.state, nomination.updated_at = to, now
    db.session.flush()


def _tell(letter: Letter, nomination: Nomination, *, key: str, now: datetime, **facts: Any) -> None:
    notifications.enqueue(
        letter,
        to_address=nomination.contact_email,
        to_name=nomination.contact_name,
        locale=nomination.contact_locale,
        key=key,
        now=now,
        edition=db.session.get_one(Edition, nomination.edition_id),
        code=nomination.code,
        nominee=nomination.nominee_name,
        agency=pick(nomination.organisation_name, nomination.contact_locale),
        **facts,
    )
