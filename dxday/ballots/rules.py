"""How a ballot goes: its states, what is counted and how, and what follows a round."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from dxday.core import codes
from dxday.core.actor import Actor
from dxday.core.errors import NotAllowed, Refusal, RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission
from dxday.schemes.rules import TieBreak


class State(StrEnum):
    """How far a ballot has come."""

    PREPARED = "prepared"
    """No round is open; the next one may be opened."""
    OPEN = "open"
    COUNTED = "counted"
    """A round was counted; another follows, or the ballot is closed."""
    CLOSED = "closed"
    CANCELLED = "cancelled"


STATE_NAMES: dict[State, Words] = {
    State.PREPARED: lazy_gettext("Prepared"),
    State.OPEN: lazy_gettext("Open"),
    State.COUNTED: lazy_gettext("Counted"),
    State.CLOSED: lazy_gettext("Closed"),
    State.CANCELLED: lazy_gettext("Cancelled"),
}

MOVES: dict[State, frozenset[State]] = {
    State.PREPARED: frozenset({State.OPEN, State.CANCELLED}),
    State.OPEN: frozenset({State.COUNTED, State.PREPARED, State.CANCELLED}),
    State.COUNTED: frozenset({State.OPEN, State.PREPARED, State.CLOSED, State.CANCELLED}),
    State.CLOSED: frozenset(),
    State.CANCELLED: frozenset(),
}
"""Every way a ballot may go; back to PREPARED goes one whose round was annulled."""

LIVE = frozenset({State.PREPARED, State.OPEN, State.COUNTED})
"""States in which a scheme can have no other ballot."""


class RoundState(StrEnum):
    """How far a round has come."""

    OPEN = "open"
    COUNTED = "counted"
    ANNULLED = "annulled"


ROUND_STATE_NAMES: dict[RoundState, Words] = {
    RoundState.OPEN: lazy_gettext("Open"),
    RoundState.COUNTED: lazy_gettext("Counted"),
    RoundState.ANNULLED: lazy_gettext("Annulled"),
}


class Choice(StrEnum):
    """What a vote says."""

    FOR = "for"
    AGAINST = "against"
    BLANK = "blank"
    """Nothing, or not to be read; it is a vote that agrees with nothing."""


CHOICE_NAMES: dict[Choice, Words] = {
    Choice.FOR: lazy_gettext("For"),
    Choice.AGAINST: lazy_gettext("Against"),
    Choice.BLANK: lazy_gettext("Blank or invalid"),
}


class Channel(StrEnum):
    """By which way a vote came."""

    IN_PERSON = "in_person"
    """By the member themselves, on their page."""
    WRITTEN = "written"
    """On paper, of an absent member; the secretary enters it (Decree 91/2017 Art. 45(8))."""


CHANNEL_NAMES: dict[Channel, Words] = {
    Channel.IN_PERSON: lazy_gettext("In person"),
    Channel.WRITTEN: lazy_gettext("In writing"),
}


class Outcome(StrEnum):
    """What a round says of a nomination."""

    APPROVED = "approved"
    NOT_APPROVED = "not_approved"
    ANOTHER_ROUND = "another_round"
    NO_QUORUM = "no_quorum"
    """Too few took part, and no round is left: nothing was decided."""
    LEFT = "left"
    """It was withdrawn, returned or decided on elsewhere while the ballot ran."""
    HELD = "held"
    """A hold stood against it: it is not voted on, and stays before the council until the hold is lifted."""


OUTCOME_NAMES: dict[Outcome, Words] = {
    Outcome.APPROVED: lazy_gettext("Approved"),
    Outcome.NOT_APPROVED: lazy_gettext("Not approved"),
    Outcome.ANOTHER_ROUND: lazy_gettext("Another round"),
    Outcome.NO_QUORUM: lazy_gettext("No quorum"),
    Outcome.LEFT: lazy_gettext("No longer before the council"),
    Outcome.HELD: lazy_gettext("Held, not voted on"),
}

OUT = frozenset({Outcome.LEFT, Outcome.HELD})
"""What is out of a ballot does not come back into it: whatever was voted on it counts for nothing."""


@dataclass(frozen=True)
class Terms:
    """The rules of a ballot, as they are stated before the first vote."""

    quorum: int
    """Percent of all seats."""
    threshold: int
    """Percent of all seats."""
    rounds: int
    tie_break: TieBreak
    secret: bool


@dataclass(frozen=True)
class Count:
    """The votes on one nomination in one round; the five together are the seats of the council."""

    in_favour: int
    against: int
    blank: int
    recused: int
    not_voted: int
    """Seats of which no vote came: absent, or vacant."""

    @property
    def seats(self) -> int:
        """All seats."""
        return self.in_favour + self.against + self.blank + self.recused + self.not_voted


class NotTheSecretary(NotAllowed):
    """A ballot is led by somebody who does not act for the council."""

    sentence = lazy_gettext("Only the council's secretary leads a ballot.")


class MoveNotPossible(RuleBroken):
    """A way that MOVES does not name."""

    sentence = lazy_gettext("The ballot is in the state “%(state)s”; this cannot be done now.")


class NoBallotInScheme(RuleBroken):
    """A scheme that is decided without a ballot."""

    field = "scheme"
    sentence = lazy_gettext("This scheme is decided without a ballot.")


class NoCouncil(RuleBroken):
    """A scheme that no council decides on."""

    field = "scheme"
    sentence = lazy_gettext("No council decides on this scheme yet.")


class BallotRunning(RuleBroken):
    """A second ballot of a scheme while the first still runs."""

    field = "scheme"
    sentence = lazy_gettext("This scheme has a ballot that is not finished.")


class ChairOfSecretBallot(RuleBroken):
    """A tie that the chair's side breaks, where nobody may know on which side the chair is."""

    field = "scheme"
    sentence = lazy_gettext(
        "In a secret ballot nobody can know the chair's side. Choose another tie-break in the scheme."
    )


class NoSeats(RuleBroken):
    """A council without seats: every share of nothing is reached."""

    sentence = lazy_gettext("The council has no seats yet.")


class NothingToVoteOn(RuleBroken):
    """A round without a nomination."""

    sentence = lazy_gettext("No nomination of this scheme is before the council.")


class EverythingHeld(RuleBroken):
    """A round in which a hold stands against every nomination."""

    sentence = lazy_gettext(
        "A hold stands against every nomination of this scheme that is before the council. Nothing is voted on until "
        "one is lifted."
    )


class StandsInTheWay(RuleBroken):
    """Something that must be done before the first vote."""

    sentence = lazy_gettext("The ballot cannot open yet: %(obstacles)s")


class NotOnRoll(NotAllowed):
    """A vote of somebody who held no seat when the round was opened."""

    sentence = lazy_gettext("You held no seat of this council when the round was opened.")


class NoLongerSitting(NotAllowed):
    """A vote after the seat was given up; the seat still counts."""

    sentence = lazy_gettext("The seat is not held by the same person any more; no vote can be given for it.")


class NotAllowedToVote(NotAllowed):
    """A member who must keep away from everything in the round."""

    sentence = lazy_gettext("There is nothing in this round on which this member votes.")


class AlreadyVoted(RuleBroken):
    """A second vote in one round."""

    sentence = lazy_gettext("%(name)s has voted in this round. A vote that was given is not changed.")


class PaperIncomplete(RuleBroken):
    """A paper that does not answer exactly what is asked."""

    sentence = lazy_gettext(
        "What you vote on has changed since you opened the page. Look at it and vote once more."
    )


class PaperEmpty(RuleBroken):
    """A written paper without any vote."""

    sentence = lazy_gettext("The paper says nothing on any nomination.")


class NotSecret(RuleBroken):
    """Papers without names in a ballot by name."""

    sentence = lazy_gettext("This ballot is by name: enter each written vote with its sender.")


class Secret(RuleBroken):
    """A name beside a vote in a secret ballot."""

    sentence = lazy_gettext(
        "This ballot is secret: enter who sent votes, and apart from it what the papers say."
    )


class ReceiptInvalid(RuleBroken):
    """A receipt that does not look like one, or that is in use."""

    field = "receipt"
    sentence = lazy_gettext("This is no receipt of a vote. It has 16 letters and digits.")


class MorePapersThanVoters(RuleBroken):
    """One paper more than somebody sent."""

    sentence = lazy_gettext(
        "There are as many votes on “%(nominee)s” as people who vote on it. Enter who sent the paper first."
    )


class PapersMissing(RuleBroken):
    """A count while the urn holds fewer votes than people voted."""

    sentence = lazy_gettext(
        "On “%(nominee)s” %(voters)s voted and %(votes)s votes are in the urn. Enter the missing papers."
    )


class ConflictFound(RuleBroken):
    """A vote that is in the urn and that its voter should not have given."""

    sentence = lazy_gettext(
        "A conflict of interest of %(name)s on “%(nominee)s” was found after they voted. Annul the round and repeat it."
    )


class ReasonMissing(RuleBroken):
    """A round annulled, or a ballot cancelled, without a word."""

    field = "reason"
    sentence = lazy_gettext("Give the reason: the minutes state it.")


class AnotherRoundDue(RuleBroken):
    """A ballot closed before the stated rounds were held."""

    sentence = lazy_gettext("By the rules as they were stated, another round follows.")


class NoRoundLeft(RuleBroken):
    """One round more than was stated."""

    sentence = lazy_gettext("Every nomination is decided, or no round is left. Close the ballot.")


class MinutesWritten(RuleBroken):
    """Minutes are written once."""

    sentence = lazy_gettext("The minutes of this ballot are written already.")


class MinutesDamaged(RuleBroken):
    """A file that is not there, or not the one that was written."""

    status = 410
    sentence = lazy_gettext("The file of the minutes is not the one that was written. Tell the organizer.")


def check_may_lead(actor: Actor, *, edition_id: int) -> None:
    """Raise NotTheSecretary unless the actor leads ballots of the edition."""
    if not actor.may(Permission.COUNCIL_MANAGE, edition_id=edition_id):
        raise NotTheSecretary


def check_move(state: State, to: State) -> None:
    """Raise MoveNotPossible for a way that MOVES does not name."""
    if to not in MOVES[state]:
        raise MoveNotPossible(state=STATE_NAMES[state])


def check_state(state: State, *, wanted: State) -> None:
    """Raise MoveNotPossible in any other state than the one in which something can be done."""
    if state is not wanted:
        raise MoveNotPossible(state=STATE_NAMES[state])


def check_terms(terms: Terms) -> None:
    """Raise ChairOfSecretBallot for rules that cannot be kept."""
    if terms.secret and terms.tie_break is TieBreak.CHAIR:
        raise ChairOfSecretBallot


def check_unobstructed(obstacles: Collection[Refusal]) -> None:
    """Raise StandsInTheWay when there is something to be done before the first vote."""
    if obstacles:
        raise StandsInTheWay(obstacles=" ".join(str(each) for each in obstacles))


def needed(percent: int, seats: int) -> int:
    """Return the least whole number of seats that is so many percent of all: 90 % of 11 is 10."""
    return -(-percent * seats // 100)


def count_votes(choices: Iterable[Choice], *, recused: int, seats: int) -> Count:
    """Count the votes on one nomination.

    Seats that are neither in the urn nor recused did not vote; they stay in what the threshold is a share of.
    Raises ValueError when there are more votes than seats.
    """
    votes = Counter(choices)
    not_voted = seats - recused - votes.total()
    if not_voted < 0:
        raise ValueError(f"{votes.total()} votes and {recused} recusals of {seats} seats")
    return Count(votes[Choice.FOR], votes[Choice.AGAINST], votes[Choice.BLANK], recused, not_voted)


def is_tied(count: Count) -> bool:
    """Tell whether as many are for as against, and somebody is."""
    return count.in_favour == count.against > 0


def decide(
    terms: Terms, count: Count, *, took_part: int, number: int, chair: Choice | None = None
) -> Outcome:
    """Return what a round says of a nomination, by the rules as they were stated.

    `took_part` is how many gave a vote on anything in the round, `number` the round's number, `chair` what the chair
    voted in a ballot by name.  The threshold is a share of all seats (Decree 91/2017 Art. 45(8)), and nothing
    replaces it: in a tie the chair's side counts once more, and must then reach the threshold.
    """
    if took_part < needed(terms.quorum, count.seats):
        return Outcome.ANOTHER_ROUND if number < terms.rounds else Outcome.NO_QUORUM
    in_favour = count.in_favour
    if terms.tie_break is TieBreak.CHAIR and is_tied(count) and chair is Choice.FOR:
        in_favour += 1
    if in_favour >= needed(terms.threshold, count.seats):
        return Outcome.APPROVED
    if number < terms.rounds and terms.tie_break is not TieBreak.NOT_APPROVED:
        return Outcome.ANOTHER_ROUND
    return Outcome.NOT_APPROVED


def new_receipt() -> str:
    """Return a receipt: 79 random bits in letters that a person can copy."""
    return codes.new_code(16)


def read_receipt(written: str) -> str:
    """Return a receipt as it was made from how somebody typed it.  Raises ReceiptInvalid."""
    receipt = codes.normalise_code(written)
    if not re.fullmatch(f"[{codes.PLAIN_LETTERS}]{{16}}", receipt):
        raise ReceiptInvalid
    return receipt


def group_receipt(receipt: str) -> str:
    """Write a receipt in groups of four."""
    return "-".join(receipt[start : start + 4] for start in range(0, len(receipt), 4))


def slip_code(receipt: str, *, round_id: int, nomination_code: str) -> str:
    """Return the code under which a vote stands in the published list.

    Whoever knows the receipt finds each vote of the paper; nobody else can tell which votes were on one paper, and so
    not which paper left out a nomination because its voter was recused.
    """
    number = int.from_bytes(sha256(f"{receipt}/{round_id}/{nomination_code}".encode()).digest(), "big")
    letters = []
    for _ in range(12):
        number, rest = divmod(number, len(codes.PLAIN_LETTERS))
        letters.append(codes.PLAIN_LETTERS[rest])
    return "".join(letters)


def seal(lines: Iterable[str]) -> str:
    """Return the SHA-256, in hexadecimal, of what is in the urn, whatever order it is read in."""
    return sha256("\n".join(sorted(lines)).encode()).hexdigest()


def check_paper(votes: Mapping[str, Choice], asked: Collection[str]) -> None:
    """Raise PaperIncomplete unless the paper answers exactly the nominations asked, by code.

    Raises NotAllowedToVote when nothing is asked: a conflict of interest on everything.
    """
    if not asked:
        raise NotAllowedToVote
    if set(votes) != set(asked):
        raise PaperIncomplete
