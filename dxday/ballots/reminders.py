"""Whom reminder rules reach through ballots: members who may vote in an open round and have not.

Who has voted is read from the table of voters alone; what was voted is nowhere near.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Select, Text, cast, exists, literal, null, select

from dxday.accounts.models import Account
from dxday.ballots import letters
from dxday.ballots.models import Ballot, BallotItem, BallotRound, BallotSeat, BallotTally, BallotVoter
from dxday.ballots.rules import RoundState
from dxday.core.i18n import lazy_gettext
from dxday.council.models import ConflictOfInterest, Council, Term
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.notifications import addresses
from dxday.notifications.letters import Letter
from dxday.reminders.offers import Anchor, Audience, Found, Moment
from dxday.schemes.models import Scheme


def _openings(editions: Sequence[Edition]) -> list[Anchor]:
    """Return the rounds that are open: a counted or annulled one reminds nobody any more."""
    return [
        Anchor(
            edition_id=edition_id, occasion=f"ballot-round:{round_id}", key=round_id, at=opened_at, label=name
        )
        for edition_id, round_id, opened_at, name in db.session.execute(
            select(Ballot.edition_id, BallotRound.id, BallotRound.opened_at, Scheme.name)
            .join(Ballot, Ballot.id == BallotRound.ballot_id)
            .join(Scheme, Scheme.id == Ballot.scheme_id)
            .where(
                BallotRound.state == RoundState.OPEN,
                Ballot.edition_id.in_([edition.id for edition in editions]),
            )
            .order_by(BallotRound.id)
        )
    ]


MOMENTS = (Moment("round_opened", lazy_gettext("the opening of a round of a ballot"), _openings),)


def _voters(slots: CTE) -> Select[Any]:
    voted = exists().where(
        BallotVoter.round_id == BallotSeat.round_id, BallotVoter.account_id == BallotSeat.account_id
    )
    sits = exists().where(
        Term.seat_id == BallotSeat.seat_id, Term.account_id == BallotSeat.account_id, Term.ends_on.is_(None)
    )
    kept_away = (
        exists()
        .where(
            ConflictOfInterest.nomination_id == BallotItem.nomination_id,
            ConflictOfInterest.account_id == BallotSeat.account_id,
            ConflictOfInterest.lifted_at.is_(None),
        )
        .correlate(BallotItem, BallotSeat)
    )
    asked = (
        exists()
        .where(
            BallotTally.round_id == BallotSeat.round_id,
            BallotItem.id == BallotTally.item_id,
            Nomination.id == BallotItem.nomination_id,
            Nomination.state == State.ADMITTED,
            ~kept_away,
        )
        .correlate(BallotSeat)
    )
    return (
        select(
            slots.c.slot,
            (literal("account:") + cast(Account.id, Text)).label("recipient"),
            Account.email.label("address"),
            null().label("phone"),
            Account.full_name.label("to_name"),
            Account.locale.label("locale"),
            BallotRound.opened_at.label("since"),
        )
        .join(BallotRound, BallotRound.id == slots.c.key)
        .join(BallotSeat, BallotSeat.round_id == BallotRound.id)
        .join(Account, Account.id == BallotSeat.account_id)
        .where(~voted, sits, asked, Account.disabled_at.is_(None))
    )


def _facts(found: Sequence[Found]) -> list[dict[str, Any]]:
    rows = {
        round_.id: (round_, ballot_id, council, code)
        for round_, ballot_id, council, code in db.session.execute(
            select(BallotRound, Ballot.id, Council.name, Edition.code)
            .join(Ballot, Ballot.id == BallotRound.ballot_id)
            .join(Council, Council.id == Ballot.council_id)
            .join(Edition, Edition.id == Ballot.edition_id)
            .where(BallotRound.id.in_({one.anchor.key for one in found}))
        )
    }
    facts = []
    for one in found:
        round_, ballot_id, council, code = rows[one.anchor.key]
        facts.append(
            {
                "scheme": one.anchor.label,
                "council": council,
                "round": round_.number,
                "url": addresses.address("voting.show", edition_code=code, ballot_id=ballot_id),
            }
        )
    return facts


VOTERS = Audience(
    name="council_voters",
    label=lazy_gettext("Council members who have not voted in an open round"),
    moments=MOMENTS,
    letter=Letter(
        "reminder_council_voters",
        lazy_gettext("Reminder to vote"),
        (letters.SCHEME, letters.COUNCIL, letters.ROUND, letters.PAGE),
        required=False,
        purpose=lazy_gettext(
            "Reminds council members who have not voted while a round of a ballot is open, when a rule says so."
        ),
        why=letters.WHY,
    ),
    people=_voters,
    facts=_facts,
)

AUDIENCES = (VOTERS,)
