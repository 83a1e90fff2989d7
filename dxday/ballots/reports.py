"""What a ballot came to, put together for pages and minutes; what a reader must keep away from is not in it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dxday.appraisal import queries as appraisal
from dxday.ballots import queries, services
from dxday.ballots.models import Ballot, BallotItem, BallotRound, BallotSeat, BallotTally
from dxday.ballots.rules import OUT, Channel, Choice, RoundState, needed
from dxday.editions.models import Edition
from dxday.nominations.rules import State as NominationState


@dataclass(frozen=True)
class RoundReport:
    """One round: who was there by which channel, and once it was counted, what was voted."""

    round: BallotRound
    tallies: list[BallotTally]
    roll: list[BallotSeat]
    channels: dict[int, Channel]
    """How the vote of a seat came, by the seat's id; a seat that did not vote is not in it."""
    slips: dict[int, list[tuple[str, Choice]]]
    """Votes of a secret round by item, each with the code in the published list, in the order of the codes."""
    named: dict[int, dict[int, Choice]]
    """Votes of a round by name: item → account → vote."""
    sealed: bool
    """Whether the votes in the database are those that were counted."""

    @property
    def voted(self) -> list[BallotSeat]:
        """Seats of which a vote came, by whatever channel."""
        return [seat for seat in self.roll if seat.seat_id in self.channels]

    @property
    def written(self) -> list[BallotSeat]:
        """Seats of which a written vote came."""
        return [seat for seat in self.roll if self.channels.get(seat.seat_id) is Channel.WRITTEN]

    @property
    def in_person(self) -> list[BallotSeat]:
        """Seats whose holders voted themselves."""
        return [seat for seat in self.roll if self.channels.get(seat.seat_id) is Channel.IN_PERSON]

    @property
    def absent(self) -> list[BallotSeat]:
        """Seats that somebody held and of which no vote came."""
        return [seat for seat in self.roll if seat.account_id and seat.seat_id not in self.channels]

    @property
    def vacant(self) -> list[BallotSeat]:
        """Seats that nobody held; they count all the same."""
        return [seat for seat in self.roll if not seat.account_id]

    def recused_on(self, item: BallotItem) -> list[BallotSeat]:
        """Return who kept away from a nomination."""
        return [seat for seat in self.roll if item.code in seat.recused]

    def recusals(self) -> list[tuple[BallotSeat, list[BallotItem]]]:
        """Return who kept away from what."""
        items = [tally.item for tally in self.tallies]
        found = [(seat, [item for item in items if item.code in seat.recused]) for seat in self.roll]
        return [(seat, kept) for seat, kept in found if kept]


@dataclass(frozen=True)
class Report:
    """A ballot with its list and its rounds."""

    ballot: Ballot
    items: list[BallotItem]
    rounds: list[RoundReport]

    @property
    def counted(self) -> list[RoundReport]:
        """The rounds that count."""
        return [each for each in self.rounds if each.round.state is RoundState.COUNTED]

    @property
    def current(self) -> RoundReport | None:
        """The open round, or None."""
        return next((each for each in self.rounds if each.round.state is RoundState.OPEN), None)

    def quorum_of(self, seats: int) -> int:
        """Return how many must take part."""
        return needed(self.ballot.quorum, seats)

    def threshold_of(self, seats: int) -> int:
        """Return how many must agree."""
        return needed(self.ballot.threshold, seats)


def report_of(ballot: Ballot, *, hidden: Collection[int] = ()) -> Report:
    """Return the whole of a ballot, without the nominations of these ids.

    Votes are in it only where they were counted: while a round is open nobody sees how it stands.
    """
    items = [item for item in queries.list_items(ballot.id) if item.nomination_id not in hidden]
    known = {item.id for item in items}
    rounds = queries.list_rounds(ballot.id)
    ids = [each.id for each in rounds]
    counted = {each.id for each in rounds if each.state is RoundState.COUNTED}
    tallies, roll, voters = queries.list_tallies(ids), queries.list_roll(ids), queries.list_voters(ids)
    votes = queries.list_votes(counted) if ballot.secret else []
    named = [] if ballot.secret else queries.list_named_votes(counted)
    reports = []
    for each in rounds:
        slips: dict[int, list[tuple[str, Choice]]] = {}
        by_name: dict[int, dict[int, Choice]] = {}
        for vote in votes:
            if vote.round_id == each.id and vote.item_id in known:
                slips.setdefault(vote.item_id, []).append((vote.code, vote.vote))
        for one in named:
            if one.round_id == each.id and one.item_id in known:
                by_name.setdefault(one.item_id, {})[one.account_id] = one.vote
        reports.append(
            RoundReport(
                round=each,
                tallies=[tally for tally in tallies if tally.round_id == each.id and tally.item_id in known],
                roll=[seat for seat in roll if seat.round_id == each.id],
                channels={voter.seat_id: voter.channel for voter in voters if voter.round_id == each.id},
                slips=slips,
                named=by_name,
                sealed=each.id not in counted
                or each.seal
                == services.seal_votes(
                    [vote for vote in votes if vote.round_id == each.id],
                    [one for one in named if one.round_id == each.id],
                ),
            )
        )
    return Report(ballot, items, reports)


def items_asked(current: RoundReport, edition: Edition, now: datetime) -> list[BallotItem]:
    """Return what is voted on now in an open round: what is before the council, and no hold stands against."""
    items = [
        tally.item
        for tally in current.tallies
        if tally.outcome not in OUT and tally.item.nomination.state is NominationState.ADMITTED
    ]
    held = appraisal.list_held(edition, [item.nomination for item in items], now=now)
    return [item for item in items if item.nomination_id not in held]
