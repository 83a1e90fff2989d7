"""Preparing a ballot, opening its rounds, annulling, cancelling and closing."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dxday.ballots import queries, rules
from dxday.ballots.models import (
    Ballot,
    BallotItem,
    BallotRound,
    BallotSeat,
    BallotTally,
)
from dxday.ballots.rules import Outcome, RoundState, State
from dxday.ballots.services import row, telling
from dxday.consultation import queries as consultation_queries
from dxday.consultation import services as consultation
from dxday.core.actor import Actor
from dxday.core.errors import Refusal
from dxday.council import queries as councils
from dxday.db import db
from dxday.nominations import services as nominations
from dxday.nominations.models import Nomination
from dxday.schemes.models import Scheme


def find_obstacles(scheme_id: int, *, now: datetime) -> list[Refusal]:
    """Return what must be done before a ballot of the scheme may open, such as comments nobody has answered."""
    return consultation_queries.find_obstacles(scheme_id, now=now)


def prepare_ballot(scheme: Scheme, *, actor: Actor, now: datetime) -> Ballot:
    """Prepare a ballot of the scheme; its rules and its list are fixed when the first round opens.

    Raises NotTheSecretary, NoBallotInScheme, NoCouncil, ChairOfSecretBallot, BallotRunning.
    """
    rules.check_may_lead(actor, edition_id=scheme.edition_id)
    if not scheme.ballot:
        raise rules.NoBallotInScheme
    council = councils.find_council_of(scheme.id)
    if council is None:
        raise rules.NoCouncil
    rules.check_terms(terms_of(scheme))
    if queries.find_live(scheme.id) is not None:
        raise rules.BallotRunning
    ballot = Ballot(
        edition_id=scheme.edition_id,
        scheme_id=scheme.id,
        council_id=council.id,
        created_by_id=actor.account_id,
        created_at=now,
        **_terms(scheme),
    )
    try:
        with db.session.begin_nested():
            db.session.add(ballot)
    except IntegrityError as error:
        raise rules.BallotRunning from error
    row.record("ballot.prepared", ballot, actor=actor, now=now, scheme=scheme.code, council=council.code)
    return ballot


def open_round(ballot: Ballot, *, actor: Actor, now: datetime) -> BallotRound:
    """Open the next round, or repeat one that was annulled: seats, roll and recusals are those of this moment.

    The first one takes the rules from the scheme and fixes the list.  Who may vote is written to.
    What a hold stands against is on the list and not voted on.
    Raises NotTheSecretary, MoveNotPossible, ChairOfSecretBallot, StandsInTheWay, NoSeats, NothingToVoteOn,
    EverythingHeld, NoRoundLeft.
    """
    rules.check_may_lead(actor, edition_id=ballot.edition_id)
    row.lock(ballot)
    rules.check_move(ballot.state, State.OPEN)
    day = row.day_of(ballot, now)
    seats = councils.count_seats(ballot.council_id, day)
    if not seats:
        raise rules.NoSeats
    if ballot.opened_at is None:
        _fix(ballot, now)
    items = queries.list_items(ballot.id)
    row.drop_left(ballot, items, [], actor=actor, now=now)
    waiting = [item for item in items if item.outcome in (None, Outcome.ANOTHER_ROUND)]
    earlier = queries.list_rounds(ballot.id)
    number = 1 + sum(each.state is RoundState.COUNTED for each in earlier)
    if not waiting and any(item.outcome is Outcome.HELD for item in items):
        raise rules.EverythingHeld
    if not waiting:
        raise rules.NothingToVoteOn if number == 1 else rules.NoRoundLeft
    round_ = BallotRound(
        ballot_id=ballot.id,
        number=number,
        attempt=1 + sum(each.number == number for each in earlier),
        state=RoundState.OPEN,
        seats=seats,
        opened_at=now,
    )
    db.session.add(round_)
    db.session.flush()
    row.look_for_conflicts(ballot, waiting, actor=actor, now=now)
    db.session.add_all(BallotTally(round_id=round_.id, item_id=item.id) for item in waiting)
    roll = _roll(ballot, round_, waiting, day)
    db.session.add_all(roll)
    ballot.state, ballot.opened_at = State.OPEN, ballot.opened_at or now
    db.session.flush()
    row.record(
        "ballot.round_opened",
        ballot,
        actor=actor,
        now=now,
        round=number,
        attempt=round_.attempt,
        seats=seats,
        secret=ballot.secret,
        quorum=ballot.quorum,
        threshold=ballot.threshold,
        rounds=ballot.rounds,
        tie_break=ballot.tie_break.value,
        nominations=[item.code for item in waiting],
    )
    telling.tell_opened(ballot, round_, roll, nominations=len(waiting), now=now)
    return round_


def annul_round(ballot: Ballot, *, reason: str, actor: Actor, now: datetime) -> None:
    """Declare the last round void, so that it is repeated under its number; its votes stay, and count for nothing.

    Raises NotTheSecretary, ReasonMissing, MoveNotPossible.
    """
    rules.check_may_lead(actor, edition_id=ballot.edition_id)
    if not reason.strip():
        raise rules.ReasonMissing
    row.lock(ballot)
    rules.check_move(ballot.state, State.PREPARED)
    round_ = [each for each in queries.list_rounds(ballot.id) if each.state is not RoundState.ANNULLED][-1]
    before = None if round_.number == 1 else Outcome.ANOTHER_ROUND
    for tally in queries.list_tallies([round_.id]):
        if tally.item.outcome not in rules.OUT:
            tally.item.outcome = before
    _annul(round_, reason.strip(), now)
    ballot.state = State.PREPARED
    db.session.flush()
    row.record(
        "ballot.round_annulled",
        ballot,
        actor=actor,
        now=now,
        round=round_.number,
        attempt=round_.attempt,
        reason=reason.strip(),
    )


def cancel_ballot(ballot: Ballot, *, reason: str, actor: Actor, now: datetime) -> None:
    """Give the ballot up without an outcome; the nominations stay before the council.

    Raises NotTheSecretary, ReasonMissing, MoveNotPossible.
    """
    rules.check_may_lead(actor, edition_id=ballot.edition_id)
    if not reason.strip():
        raise rules.ReasonMissing
    row.lock(ballot)
    rules.check_move(ballot.state, State.CANCELLED)
    round_ = queries.find_open_round(ballot.id)
    if round_ is not None:
        _annul(round_, reason.strip(), now)
    ballot.state, ballot.cancelled_at, ballot.cancel_reason = State.CANCELLED, now, reason.strip()
    db.session.flush()
    row.record("ballot.cancelled", ballot, actor=actor, now=now, reason=reason.strip())


def close_ballot(ballot: Ballot, *, actor: Actor, now: datetime) -> None:
    """Close the ballot and take every nomination where the count leads, all in one.

    Without a quorum nothing was decided, and the nominations stay before the council, as do those that a hold stands
    against, whatever was voted.
    Raises NotTheSecretary, NotTheCouncil, MoveNotPossible, AnotherRoundDue.
    """
    rules.check_may_lead(actor, edition_id=ballot.edition_id)
    row.lock(ballot)
    rules.check_move(ballot.state, State.CLOSED)
    items = queries.list_items(ballot.id)
    _lock_nominations(items)
    row.drop_left(ballot, items, [], actor=actor, now=now)
    if any(item.outcome in (None, Outcome.ANOTHER_ROUND) for item in items):
        raise rules.AnotherRoundDue
    counts = _last_counts(ballot)
    for item in sorted(items, key=lambda each: each.nomination_id):
        if item.outcome is Outcome.APPROVED:
            nominations.approve_nomination(
                item.nomination, ballot=row.subject_of(ballot), actor=actor, now=now
            )
        elif item.outcome is Outcome.NOT_APPROVED:
            reason = reason_of(ballot, counts[item.id])
            nominations.decline_nomination(item.nomination, reason=reason, actor=actor, now=now)
    ballot.state, ballot.closed_at = State.CLOSED, now
    db.session.flush()
    row.record(
        "ballot.closed",
        ballot,
        actor=actor,
        now=now,
        outcomes={item.code: item.outcome.value for item in items if item.outcome},
    )


def terms_of(scheme: Scheme) -> rules.Terms:
    """Return the rules of a ballot as the scheme has them now."""
    return rules.Terms(scheme.quorum, scheme.threshold, scheme.rounds, scheme.tie_break, scheme.secret)


def reason_of(ballot: Ballot, tally: BallotTally) -> str:
    """Return why a nomination was not approved: in Vietnamese, the language of the record it becomes part of."""
    count = tally.count
    assert count is not None
    return (
        f"Không đủ tỷ lệ phiếu đồng ý: {count.in_favour}/{count.seats} thành viên Hội đồng đồng ý, "
        f"cần ít nhất {rules.needed(ballot.threshold, count.seats)}."
    )


def _fix(ballot: Ballot, now: datetime) -> None:
    """Take the rules from the scheme, and what is before the council as the list."""
    scheme = db.session.get_one(Scheme, ballot.scheme_id, populate_existing=True)
    rules.check_terms(terms_of(scheme))
    rules.check_unobstructed(consultation.close_for_ballot(scheme.id, now=now))
    for name, value in _terms(scheme).items():
        setattr(ballot, name, value)
    admitted = queries.list_admitted(scheme.id)
    if not admitted:
        raise rules.NothingToVoteOn
    db.session.add_all(
        BallotItem(
            ballot_id=ballot.id,
            nomination_id=nomination.id,
            code=nomination.code,
            nominee_name=nomination.nominee_name,
            organisation_name=nomination.organisation_name,
            position=position,
        )
        for position, nomination in enumerate(admitted, start=1)
    )
    db.session.flush()


def _terms(scheme: Scheme) -> dict[str, Any]:
    return {name: getattr(scheme, name) for name in ("secret", "quorum", "threshold", "rounds", "tie_break")}


def _roll(ballot: Ballot, round_: BallotRound, items: Sequence[BallotItem], day: date) -> list[BallotSeat]:
    holders = {term.seat_id: term.account for term in councils.list_sitting(ballot.council_id, day)}
    barred = row.barred(items)
    roll = []
    for position, seat in enumerate(queries.list_seats(ballot.council_id, day), start=1):
        account = holders.get(seat.id)
        roll.append(
            BallotSeat(
                round_id=round_.id,
                seat_id=seat.id,
                account_id=account.id if account else None,
                full_name=account.full_name if account else "",
                title=seat.title,
                kind=seat.kind,
                position=position,
                recused=barred.get(account.id, []) if account else [],
            )
        )
    return roll


def _lock_nominations(items: Sequence[BallotItem]) -> None:
    """Take the rows in the order of their ids, so that nobody withdraws one between the look and the move."""
    db.session.scalars(
        select(Nomination)
        .where(Nomination.id.in_([item.nomination_id for item in items]))
        .order_by(Nomination.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _last_counts(ballot: Ballot) -> dict[int, BallotTally]:
    """Return the last count of each item, by its id."""
    counted = [each.id for each in queries.list_rounds(ballot.id) if each.state is RoundState.COUNTED]
    return {tally.item_id: tally for tally in queries.list_tallies(counted) if tally.count is not None}


def _annul(round_: BallotRound, reason: str, now: datetime) -> None:
    round_.state, round_.annulled_at, round_.annul_reason = RoundState.ANNULLED, now, reason
