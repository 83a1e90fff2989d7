"""What every service of a ballot needs: its row, locked; what is still voted on; who keeps away."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dxday.appraisal import queries as appraisal
from dxday.audit import services as audit
from dxday.ballots import queries
from dxday.ballots.models import (
    Ballot,
    BallotItem,
    BallotRound,
    BallotTally,
)
from dxday.ballots.rules import OUT, Outcome
from dxday.core.actor import Actor
from dxday.council import queries as councils
from dxday.council.models import Council
from dxday.council.services import interests
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.rules import State as NominationState


def subject_of(ballot: Ballot) -> str:
    """Return the name of the ballot in the audit trail."""
    return f"ballot-{ballot.id}"


def open_round_of(ballot: Ballot) -> BallotRound:
    """Return the round that is open; the state of the locked ballot says that there is one."""
    round_ = queries.find_open_round(ballot.id)
    assert round_ is not None  # the state says so, and its row is locked
    return round_


def live_tallies(ballot: Ballot, round_: BallotRound, *, actor: Actor, now: datetime) -> list[BallotTally]:
    """Return what is still voted on in the round: without what has left the council."""
    tallies = queries.list_tallies([round_.id])
    drop_left(ballot, [tally.item for tally in tallies], tallies, actor=actor, now=now)
    return [tally for tally in tallies if tally.outcome not in OUT]


def drop_left(
    ballot: Ballot,
    items: Iterable[BallotItem],
    tallies: Iterable[BallotTally],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Mark what is not before the council any more, and what a hold stands against, unless it was refused already.

    Once it is out it does not come back into this ballot.
    """
    standing = [item for item in items if item.outcome not in OUT]
    held = _held(ballot, [item for item in standing if item.outcome is not Outcome.NOT_APPROVED], now)
    for item in standing:
        if item.nomination.state is not NominationState.ADMITTED:
            item.outcome = Outcome.LEFT
            record("ballot.nomination_left", ballot, actor=actor, now=now, nomination=item.code)
        elif item.nomination_id in held:
            item.outcome = Outcome.HELD
            record("ballot.nomination_held", ballot, actor=actor, now=now, nomination=item.code)
    for tally in tallies:
        if tally.item.outcome in OUT:
            tally.outcome = tally.item.outcome
    db.session.flush()


def _held(ballot: Ballot, items: Sequence[BallotItem], now: datetime) -> frozenset[int]:
    edition = db.session.get_one(Edition, ballot.edition_id)
    return appraisal.list_held(edition, [item.nomination for item in items], now=now)


def barred(items: Sequence[BallotItem]) -> dict[int, list[str]]:
    """Return the codes of the items from which each account must keep away now, in the order of the list."""
    found: dict[int, list[str]] = {}
    kept_away = councils.list_barred([item.nomination_id for item in items])
    for item in items:
        for account_id in kept_away.get(item.nomination_id, ()):
            found.setdefault(account_id, []).append(item.code)
    return found


def look_for_conflicts(ballot: Ballot, items: Sequence[BallotItem], *, actor: Actor, now: datetime) -> None:
    """Look for conflicts of interest as they are at this moment: nobody waits for the nightly round with a vote."""
    interests.detect_conflicts(
        db.session.get_one(Council, ballot.council_id),
        dossiers=[item.nomination for item in items],
        actor=actor,
        now=now,
    )


class Entitled:
    """How many of those who have voted in a round vote on a nomination: all but the recused."""

    def __init__(self, round_id: int) -> None:
        voted = {voter.seat_id for voter in queries.list_voters([round_id])}
        self._recused = [seat.recused for seat in queries.list_roll([round_id]) if seat.seat_id in voted]

    def __call__(self, code: str) -> int:
        """Return it for the nomination with this code."""
        return sum(code not in recused for recused in self._recused)


def day_of(ballot: Ballot, now: datetime) -> date:
    """Return the day it is where the edition is held."""
    zone = db.session.get_one(Edition, ballot.edition_id).time_zone
    return now.astimezone(ZoneInfo(zone)).date()


def lock(ballot: Ballot) -> None:
    """Take the row for this transaction and read it afresh; whoever votes, counts or closes waits here."""
    columns = [column.key for column in Ballot.__mapper__.column_attrs]
    db.session.refresh(ballot, attribute_names=columns, with_for_update=True)


def record(action: str, ballot: Ballot, *, actor: Actor, now: datetime, **facts: object) -> None:
    """Note something that was done with the ballot in the audit trail."""
    audit.record(
        action, subject=subject_of(ballot), actor=actor, now=now, edition_id=ballot.edition_id, **facts
    )
