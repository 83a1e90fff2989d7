"""Reading ballots: lists, rolls, turnout, and what is in the urn once it was counted."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import joinedload

from dxday.ballots.models import (
    Ballot,
    BallotItem,
    BallotMinutes,
    BallotNamedVote,
    BallotRound,
    BallotSeat,
    BallotTally,
    BallotVote,
    BallotVoter,
)
from dxday.ballots.rules import LIVE, Choice, RoundState
from dxday.core.errors import NotFound
from dxday.council.models import CouncilScheme, Seat, Term
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State as NominationState
from dxday.schemes.models import Category, Scheme


def list_ballots(edition_id: int) -> list[Ballot]:
    """Return the edition's ballots with scheme and council, the last one first."""
    return list(
        db.session.scalars(_whole().where(Ballot.edition_id == edition_id).order_by(Ballot.id.desc()))
    )


def get_ballot(edition_id: int, ballot_id: int) -> Ballot:
    """Return a ballot of the edition, with scheme and council.  Raises NotFound."""
    found = db.session.scalars(
        _whole().where(Ballot.edition_id == edition_id, Ballot.id == ballot_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_ballots_of(edition_id: int, account_id: int, day: date) -> list[Ballot]:
    """Return the ballots of councils in which the account sits on the day, or on whose roll it stood."""
    return list(
        db.session.scalars(
            _whole()
            .where(Ballot.edition_id == edition_id, _concerns(account_id, day))
            .order_by(Ballot.id.desc())
        )
    )


def get_ballot_of(edition_id: int, ballot_id: int, account_id: int, day: date) -> Ballot:
    """Return a ballot that concerns the account as a member.  Raises NotFound."""
    found = db.session.scalars(
        _whole().where(Ballot.edition_id == edition_id, Ballot.id == ballot_id, _concerns(account_id, day))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_live(scheme_id: int) -> Ballot | None:
    """Return the scheme's ballot that is neither closed nor cancelled, or None."""
    return db.session.scalars(
        select(Ballot).where(Ballot.scheme_id == scheme_id, Ballot.state.in_(LIVE))
    ).one_or_none()


def list_schemes_with_ballot(edition_id: int) -> list[Scheme]:
    """Return the schemes that are decided by a ballot and have a council, in their order."""
    return list(
        db.session.scalars(
            select(Scheme)
            .join(CouncilScheme, CouncilScheme.scheme_id == Scheme.id)
            .where(Scheme.edition_id == edition_id, Scheme.ballot.is_(True))
            .order_by(Scheme.position, Scheme.id)
        )
    )


def list_admitted(scheme_id: int) -> list[Nomination]:
    """Return the nominations of the scheme that are before the council, by category and time of submission."""
    return list(
        db.session.scalars(
            select(Nomination)
            .join(Category, Category.id == Nomination.category_id)
            .where(Category.scheme_id == scheme_id, Nomination.state == NominationState.ADMITTED)
            .order_by(Category.position, Category.id, Nomination.submitted_at, Nomination.id)
        )
    )


def list_seats(council_id: int, day: date) -> list[Seat]:
    """Return the seats that count on the day, vacant ones included, in their order."""
    return list(
        db.session.scalars(
            select(Seat)
            .where(Seat.council_id == council_id, or_(Seat.abolished_on.is_(None), Seat.abolished_on > day))
            .order_by(Seat.position)
        )
    )


def list_items(ballot_id: int) -> list[BallotItem]:
    """Return the list of the ballot in its order, with the nominations as they stand now."""
    return list(
        db.session.scalars(
            select(BallotItem)
            .where(BallotItem.ballot_id == ballot_id)
            .options(joinedload(BallotItem.nomination))
            .order_by(BallotItem.position)
            .execution_options(populate_existing=True)
        )
    )


def list_rounds(ballot_id: int) -> list[BallotRound]:
    """Return the rounds in the order in which they were held, annulled ones included."""
    return list(
        db.session.scalars(
            select(BallotRound).where(BallotRound.ballot_id == ballot_id).order_by(BallotRound.id)
        )
    )


def find_open_round(ballot_id: int) -> BallotRound | None:
    """Return the round that is open, or None."""
    return db.session.scalars(
        select(BallotRound).where(BallotRound.ballot_id == ballot_id, BallotRound.state == RoundState.OPEN)
    ).one_or_none()


def list_tallies(round_ids: Iterable[int]) -> list[BallotTally]:
    """Return what the rounds vote on, with the items and nominations, in the order of the list."""
    return list(
        db.session.scalars(
            select(BallotTally)
            .join(BallotItem, BallotItem.id == BallotTally.item_id)
            .where(BallotTally.round_id.in_(list(round_ids)))
            .options(joinedload(BallotTally.item).joinedload(BallotItem.nomination))
            .order_by(BallotTally.round_id, BallotItem.position)
            .execution_options(populate_existing=True)
        )
    )


def list_roll(round_ids: Iterable[int]) -> list[BallotSeat]:
    """Return the rolls of the rounds, in the order of the seats."""
    return list(
        db.session.scalars(
            select(BallotSeat)
            .where(BallotSeat.round_id.in_(list(round_ids)))
            .order_by(BallotSeat.round_id, BallotSeat.position)
            .execution_options(populate_existing=True)
        )
    )


def list_voters(round_ids: Iterable[int]) -> list[BallotVoter]:
    """Return who has voted in the rounds, in the order of their accounts: not of their votes."""
    return list(
        db.session.scalars(
            select(BallotVoter)
            .where(BallotVoter.round_id.in_(list(round_ids)))
            .order_by(BallotVoter.round_id, BallotVoter.account_id)
        )
    )


def list_votes(round_ids: Iterable[int]) -> list[BallotVote]:
    """Return the votes of secret rounds, in the order of their codes."""
    return list(
        db.session.scalars(
            select(BallotVote).where(BallotVote.round_id.in_(list(round_ids))).order_by(BallotVote.code)
        )
    )


def list_named_votes(round_ids: Iterable[int]) -> list[BallotNamedVote]:
    """Return the votes of rounds by name."""
    return list(
        db.session.scalars(
            select(BallotNamedVote)
            .where(BallotNamedVote.round_id.in_(list(round_ids)))
            .order_by(BallotNamedVote.round_id, BallotNamedVote.item_id, BallotNamedVote.account_id)
        )
    )


def list_choices(round_id: int, *, secret: bool) -> dict[int, list[Choice]]:
    """Return what was voted on each item of a round."""
    table = BallotVote if secret else BallotNamedVote
    found: dict[int, list[Choice]] = {}
    for item_id, vote in db.session.execute(
        select(table.item_id, table.vote).where(table.round_id == round_id).order_by(table.item_id)
    ):
        found.setdefault(item_id, []).append(vote)
    return found


def find_votes(codes: Iterable[str]) -> dict[str, Choice]:
    """Return what stands in an urn under these codes of the published list."""
    rows = db.session.execute(
        select(BallotVote.code, BallotVote.vote).where(BallotVote.code.in_(list(codes)))
    )
    return dict(rows.all())


def find_minutes(ballot_id: int) -> BallotMinutes | None:
    """Return the minutes of the ballot, or None."""
    return db.session.get(BallotMinutes, ballot_id)


def _whole() -> Select[Ballot]:
    return select(Ballot).options(joinedload(Ballot.scheme), joinedload(Ballot.council))


def _concerns(account_id: int, day: date) -> ColumnElement[bool]:
    """Return the condition that a ballot concerns the account: it sits now, or stood on a roll."""
    sits = exists().where(
        Seat.council_id == Ballot.council_id,
        Term.seat_id == Seat.id,
        Term.account_id == account_id,
        Term.starts_on <= day,
        or_(Term.ends_on.is_(None), Term.ends_on >= day),
    )
    stood = exists().where(
        BallotRound.ballot_id == Ballot.id,
        BallotSeat.round_id == BallotRound.id,
        BallotSeat.account_id == account_id,
    )
    return or_(sits, stood)
