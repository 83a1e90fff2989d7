"""Counting a round, and the seal on what was counted."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dxday.ballots import queries, rules
from dxday.ballots.models import (
    Ballot,
    BallotItem,
    BallotNamedVote,
    BallotRound,
    BallotSeat,
    BallotVote,
)
from dxday.ballots.rules import Choice, RoundState, State
from dxday.ballots.services import row
from dxday.core.actor import Actor
from dxday.council.rules import SeatKind
from dxday.db import db
from dxday.schemes.rules import TieBreak


def count_round(ballot: Ballot, *, actor: Actor, now: datetime) -> BallotRound:
    """Close the urn of the open round and count it.

    Who resigned after voting stays counted; who resigned before is a seat that did not vote.  Nominations that left
    the council are not counted.
    Raises NotTheSecretary, MoveNotPossible, ConflictFound, PapersMissing.
    """
    rules.check_may_lead(actor, edition_id=ballot.edition_id)
    row.lock(ballot)
    rules.check_move(ballot.state, State.COUNTED)
    round_ = row.open_round_of(ballot)
    tallies = row.live_tallies(ballot, round_, actor=actor, now=now)
    items = [tally.item for tally in tallies]
    row.look_for_conflicts(ballot, items, actor=actor, now=now)
    _settle_recusals(round_, items)
    roll = queries.list_roll([round_.id])
    voters, choices = row.Entitled(round_.id), queries.list_choices(round_.id, secret=ballot.secret)
    sides = {} if ballot.secret else _sides_of_chair(round_, roll)
    round_.took_part = len(queries.list_voters([round_.id]))
    for tally in tallies:
        item, votes = tally.item, choices.get(tally.item_id, [])
        if len(votes) != voters(item.code):
            raise rules.PapersMissing(nominee=item.nominee_name, voters=voters(item.code), votes=len(votes))
        recused = sum(item.code in seat.recused for seat in roll)
        count = rules.count_votes(votes, recused=recused, seats=round_.seats)
        if ballot.tie_break is TieBreak.CHAIR:
            tally.chair = sides.get(item.id)
        tally.in_favour, tally.against, tally.blank = count.in_favour, count.against, count.blank
        tally.recused, tally.not_voted = count.recused, count.not_voted
        tally.outcome = item.outcome = rules.decide(
            ballot.terms, count, took_part=round_.took_part, number=round_.number, chair=tally.chair
        )
    round_.state, round_.counted_at = RoundState.COUNTED, now
    round_.seal = seal_votes(queries.list_votes([round_.id]), queries.list_named_votes([round_.id]))
    ballot.state = State.COUNTED
    db.session.flush()
    row.record(
        "ballot.counted",
        ballot,
        actor=actor,
        now=now,
        round=round_.number,
        attempt=round_.attempt,
        seats=round_.seats,
        took_part=round_.took_part,
        seal=round_.seal,
        counts={
            tally.item.code: [
                tally.in_favour, tally.against, tally.blank, tally.recused, tally.not_voted, tally.outcome.value,
            ]
            for tally in tallies
            if tally.outcome is not None
        },
    )  # fmt: skip
    return round_


def seal_votes(votes: Iterable[BallotVote], named: Iterable[BallotNamedVote]) -> str:
    """Return the SHA-256 of what the urn of a round holds."""
    return rules.seal(
        [
            *(f"{each.code} {each.item_id} {each.vote}" for each in votes),
            *(f"{each.account_id} {each.item_id} {each.vote}" for each in named),
        ]
    )


def _settle_recusals(round_: BallotRound, items: Sequence[BallotItem]) -> None:
    """Write down who is recused at the count.  Raises ConflictFound for one who has voted all the same.

    A vote that is in a secret urn cannot be taken out again, since nobody can tell which it is.
    """
    voted = {voter.seat_id for voter in queries.list_voters([round_.id])}
    barred = row.barred(items)
    names = {item.code: item.nominee_name for item in items}
    for seat in queries.list_roll([round_.id]):
        now_barred = barred.get(seat.account_id, []) if seat.account_id is not None else []
        if seat.seat_id not in voted:
            seat.recused = now_barred
        for code in now_barred:
            if seat.seat_id in voted and code not in seat.recused:
                raise rules.ConflictFound(name=seat.full_name, nominee=names[code])
    db.session.flush()


def _sides_of_chair(round_: BallotRound, roll: Iterable[BallotSeat]) -> dict[int, Choice]:
    chairs = {seat.account_id for seat in roll if seat.kind is SeatKind.CHAIR}
    return {
        each.item_id: each.vote for each in queries.list_named_votes([round_.id]) if each.account_id in chairs
    }
