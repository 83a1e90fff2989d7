"""Telling members what a ballot asks of them, and what was noted in their name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dxday.accounts.models import Account
from dxday.ballots import letters
from dxday.ballots.models import Ballot, BallotRound, BallotSeat
from dxday.council.models import Council
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.notifications import services as notifications
from dxday.notifications.letters import Letter
from dxday.schemes.models import Scheme


def tell_opened(
    ballot: Ballot, round_: BallotRound, roll: Sequence[BallotSeat], *, nominations: int, now: datetime
) -> None:
    """Write once to everybody on the roll who votes on at least one of the nominations of the round."""
    edition = db.session.get_one(Edition, ballot.edition_id)
    for seat in roll:
        asked = nominations - len(seat.recused)
        if seat.account_id is not None and asked:
            _tell(
                letters.ROUND_OPENED,
                ballot,
                round_,
                seat.account_id,
                now=now,
                nominations=asked,
                url=addresses.address("voting.show", edition_code=edition.code, ballot_id=ballot.id),
            )


def tell_written(ballot: Ballot, round_: BallotRound, account_id: int, *, now: datetime) -> None:
    """Tell a member that a written vote of theirs was noted, so that nobody votes in their name unseen."""
    _tell(letters.WRITTEN_VOTE_NOTED, ballot, round_, account_id, now=now)


def _tell(
    letter: Letter, ballot: Ballot, round_: BallotRound, account_id: int, *, now: datetime, **facts: Any
) -> None:
    account = db.session.get_one(Account, account_id)
    if account.disabled_at is not None:
        return
    notifications.enqueue(
        letter,
        to_address=account.email,
        to_name=account.full_name,
        locale=account.locale,
        key=f"{letter.kind}:{round_.id}:{account_id}",
        now=now,
        edition=db.session.get_one(Edition, ballot.edition_id),
        recipient=f"account:{account_id}",
        scheme=db.session.get_one(Scheme, ballot.scheme_id).name,
        council=db.session.get_one(Council, ballot.council_id).name,
        round=round_.number,
        **facts,
    )
