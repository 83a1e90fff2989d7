"""Putting votes into the urn: members by themselves, and the secretary for those who wrote."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from dxday.ballots import queries, rules
from dxday.ballots.models import (
    Ballot,
    BallotItem,
    BallotNamedVote,
    BallotRound,
    BallotVote,
    BallotVoter,
)
from dxday.ballots.rules import Channel, Choice, State
from dxday.ballots.services import row, telling
from dxday.core.actor import Actor
from dxday.council import queries as councils
from dxday.db import db


def cast_vote(
    ballot: Ballot, *, votes: Mapping[str, Choice], receipt: str, actor: Actor, now: datetime
) -> None:
    """Put the actor's vote on every nomination that is asked of them into the urn; it cannot be changed.

    `votes` are by the codes of the nominations.  `receipt` was made with the empty form: the same form sent twice is
    one vote, and is no refusal.
    Raises MoveNotPossible, NotOnRoll, NoLongerSitting, NotAllowedToVote, AlreadyVoted, PaperIncomplete, ReceiptInvalid.
    """
    row.lock(ballot)
    if _is_the_same(ballot, votes, receipt, actor):
        return
    rules.check_state(ballot.state, wanted=State.OPEN)
    if actor.account_id is None:
        raise rules.NotOnRoll
    round_ = row.open_round_of(ballot)
    asked = _enter(ballot, round_, actor.account_id, Channel.IN_PERSON, actor=actor, now=now)
    rules.check_paper(votes, asked)
    if ballot.secret:
        _put(round_, asked, votes, receipt)
    else:
        _put_named(round_, actor.account_id, asked, votes)
    row.record("ballot.voted", ballot, actor=actor, now=now, round=round_.number, attempt=round_.attempt)


def enter_written_voters(ballot: Ballot, account_ids: Sequence[int], *, actor: Actor, now: datetime) -> None:
    """Note of whom written votes came, before the papers themselves are entered without their names.

    Raises NotTheSecretary, MoveNotPossible, NotSecret, NotOnRoll, NoLongerSitting, NotAllowedToVote, AlreadyVoted.
    """
    rules.check_may_lead(actor, edition_id=ballot.edition_id)
    row.lock(ballot)
    rules.check_state(ballot.state, wanted=State.OPEN)
    if not ballot.secret:
        raise rules.NotSecret
    round_ = row.open_round_of(ballot)
    for account_id in account_ids:
        if not _enter(ballot, round_, account_id, Channel.WRITTEN, actor=actor, now=now):
            raise rules.NotAllowedToVote
        _record_written(ballot, round_, account_id, actor=actor, now=now)


def enter_paper(ballot: Ballot, votes: Mapping[str, Choice], *, actor: Actor, now: datetime) -> str:
    """Put what a written paper says into the urn, and return its receipt, to be written on the paper.

    A nomination that is not on the paper is left out.
    Raises NotTheSecretary, MoveNotPossible, NotSecret, PaperEmpty, PaperIncomplete, MorePapersThanVoters.
    """
    rules.check_may_lead(actor, edition_id=ballot.edition_id)
    row.lock(ballot)
    rules.check_state(ballot.state, wanted=State.OPEN)
    if not ballot.secret:
        raise rules.NotSecret
    if not votes:
        raise rules.PaperEmpty
    round_ = row.open_round_of(ballot)
    tallies = row.live_tallies(ballot, round_, actor=actor, now=now)
    on_it = {tally.item.code: tally.item for tally in tallies if tally.item.code in votes}
    if set(votes) != set(on_it):
        raise rules.PaperIncomplete
    voters, there = row.Entitled(round_.id), queries.list_choices(round_.id, secret=True)
    for code, item in on_it.items():
        if len(there.get(item.id, ())) >= voters(code):
            raise rules.MorePapersThanVoters(nominee=item.nominee_name)
    receipt = rules.new_receipt()
    _put(round_, on_it, votes, receipt)
    row.record(
        "ballot.paper_entered", ballot, actor=actor, now=now, round=round_.number, attempt=round_.attempt
    )
    return receipt


def enter_written_vote(
    ballot: Ballot, account_id: int, votes: Mapping[str, Choice], *, actor: Actor, now: datetime
) -> None:
    """Enter the written vote of an absent member in a ballot by name.

    Raises NotTheSecretary, MoveNotPossible, Secret, NotOnRoll, NoLongerSitting, NotAllowedToVote, AlreadyVoted,
    PaperIncomplete.
    """
    rules.check_may_lead(actor, edition_id=ballot.edition_id)
    row.lock(ballot)
    rules.check_state(ballot.state, wanted=State.OPEN)
    if ballot.secret:
        raise rules.Secret
    round_ = row.open_round_of(ballot)
    asked = _enter(ballot, round_, account_id, Channel.WRITTEN, actor=actor, now=now)
    rules.check_paper(votes, asked)
    _put_named(round_, account_id, asked, votes)
    _record_written(ballot, round_, account_id, actor=actor, now=now)


def _enter(
    ballot: Ballot, round_: BallotRound, account_id: int, channel: Channel, *, actor: Actor, now: datetime
) -> dict[str, BallotItem]:
    """Note that somebody votes, and return what is asked of them by code.

    The seat must be held by the same person still: of a seat whose holder changed meanwhile no vote can come.
    """
    own = [seat for seat in queries.list_roll([round_.id]) if seat.account_id == account_id]
    if not own:
        raise rules.NotOnRoll
    sitting = {
        (term.seat_id, term.account_id)
        for term in councils.list_sitting(ballot.council_id, row.day_of(ballot, now))
    }
    held = [seat for seat in own if (seat.seat_id, account_id) in sitting]
    if not held:
        raise rules.NoLongerSitting
    seat = held[0]
    items = [tally.item for tally in row.live_tallies(ballot, round_, actor=actor, now=now)]
    voter = BallotVoter(round_id=round_.id, account_id=account_id, seat_id=seat.seat_id, channel=channel)
    try:
        with db.session.begin_nested():
            db.session.add(voter)
    except IntegrityError as error:
        raise rules.AlreadyVoted(name=seat.full_name) from error
    seat.recused = row.barred(items).get(account_id, [])
    db.session.flush()
    return {item.code: item for item in items if item.code not in seat.recused}


def _is_the_same(ballot: Ballot, votes: Mapping[str, Choice], receipt: str, actor: Actor) -> bool:
    """Tell whether the form was sent before and its votes are in the urn of the open round."""
    round_ = queries.find_open_round(ballot.id)
    if round_ is None or not votes:
        return False
    if actor.account_id not in {voter.account_id for voter in queries.list_voters([round_.id])}:
        return False
    if ballot.secret:
        kept = rules.read_receipt(receipt)
        written = [rules.slip_code(kept, round_id=round_.id, nomination_code=code) for code in votes]
        return len(queries.find_votes(written)) == len(written)
    mine = {
        each.item_id: each.vote
        for each in queries.list_named_votes([round_.id])
        if each.account_id == actor.account_id
    }
    codes = {item.id: item.code for item in queries.list_items(ballot.id)}
    return {codes[item_id]: vote for item_id, vote in mine.items()} == dict(votes)


def _put(
    round_: BallotRound, items: Mapping[str, BallotItem], votes: Mapping[str, Choice], receipt: str
) -> None:
    """Put votes into the urn, and stir it: every vote is written anew, in the order of the random ids.

    Else PostgreSQL would tell, in the hidden column xmin, which votes came in the transaction of which voter.
    """
    kept = rules.read_receipt(receipt)
    rows = [
        {"id": each.id, "round_id": each.round_id, "item_id": each.item_id, "vote": each.vote, "code": each.code}
        for each in db.session.execute(
            select(
                BallotVote.id, BallotVote.round_id, BallotVote.item_id, BallotVote.vote, BallotVote.code
            ).where(BallotVote.round_id == round_.id)
        )
    ]  # fmt: skip
    for code, item in items.items():
        slip = rules.slip_code(kept, round_id=round_.id, nomination_code=code)
        rows.append(
            {"id": uuid4(), "round_id": round_.id, "item_id": item.id, "vote": votes[code], "code": slip}
        )
    try:
        with db.session.begin_nested():
            db.session.execute(delete(BallotVote).where(BallotVote.round_id == round_.id))
            db.session.execute(insert(BallotVote), sorted(rows, key=lambda row: row["id"].bytes))
    except IntegrityError as error:
        raise rules.ReceiptInvalid from error


def _put_named(
    round_: BallotRound, account_id: int, items: Mapping[str, BallotItem], votes: Mapping[str, Choice]
) -> None:
    db.session.add_all(
        BallotNamedVote(round_id=round_.id, account_id=account_id, item_id=item.id, vote=votes[code])
        for code, item in items.items()
    )
    db.session.flush()


def _record_written(
    ballot: Ballot, round_: BallotRound, account_id: int, *, actor: Actor, now: datetime
) -> None:
    row.record(
        "ballot.written_vote_received",
        ballot,
        actor=actor,
        now=now,
        round=round_.number,
        attempt=round_.attempt,
        member=account_id,
    )
    telling.tell_written(ballot, round_, account_id, now=now)
