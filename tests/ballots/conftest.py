"""A council of eleven seats with a scheme that it decides by ballot."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from dxday.accounts.models import Account
from dxday.ballots import queries, rules, services
from dxday.ballots.models import Ballot, BallotVote
from dxday.ballots.rules import Choice
from dxday.core.actor import Actor, ActorKind, Grant
from dxday.core.permissions import Role
from dxday.council.models import ConflictOfInterest, Council, CouncilScheme, Seat, Term
from dxday.council.rules import ConflictSource, SeatKind
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Scheme
from tests import make

FOR, AGAINST, BLANK = Choice.FOR, Choice.AGAINST, Choice.BLANK


@dataclass
class Board:
    """A council with its members, a scheme and what is nominated in it."""

    edition: object
    scheme: Scheme
    council: Council
    members: list[Account]
    nominations: list[Nomination]
    secretary: Actor
    category: object
    seats: list[Seat] = field(default_factory=list)

    def actor(self, member: int) -> Actor:
        account = self.members[member]
        return Actor(
            kind=ActorKind.PERSON,
            label=account.full_name,
            account_id=account.id,
            grants=(Grant(Role.MEMBER, edition_id=self.edition.id),),
        )

    def prepare(self) -> Ballot:
        return services.prepare_ballot(self.scheme, actor=self.secretary, now=make.NOW)

    def opened(self) -> Ballot:
        ballot = self.prepare()
        self.open(ballot)
        return ballot

    def open(self, ballot):
        return services.open_round(ballot, actor=self.secretary, now=make.NOW)

    def votes(self, *choices, without=()):
        """The paper that says these, in the order of the nominations; one choice stands for all."""
        codes = [each.code for each in self.nominations if each not in without]
        given = list(choices) if len(choices) == len(codes) else list(choices) * len(codes)
        return dict(zip(codes, given, strict=True))

    def vote(self, ballot, member, *choices, without=(), receipt=None):
        receipt = receipt or rules.new_receipt()
        services.cast_vote(
            ballot,
            votes=self.votes(*choices, without=without),
            receipt=receipt,
            actor=self.actor(member),
            now=make.NOW,
        )
        return receipt

    def all_vote(self, ballot, in_favour, against=0, blank=0):
        """Let the first members vote the same on everything: so many for, against, blank."""
        choices = [FOR] * in_favour + [AGAINST] * against + [BLANK] * blank
        for member, choice in enumerate(choices):
            self.vote(ballot, member, choice)

    def count(self, ballot):
        return services.count_round(ballot, actor=self.secretary, now=make.NOW)

    def close(self, ballot):
        services.close_ballot(ballot, actor=self.secretary, now=make.NOW)

    def annul(self, ballot, reason="Có xung đột lợi ích."):
        services.annul_round(ballot, reason=reason, actor=self.secretary, now=make.NOW)

    def outcomes(self, ballot):
        return [item.outcome for item in queries.list_items(ballot.id)]

    def states(self):
        db.session.expire_all()
        return [db.session.get(Nomination, each.id).state for each in self.nominations]

    def tally(self, ballot, item=0):
        tallies = queries.list_tallies([queries.list_rounds(ballot.id)[-1].id])
        return tallies[item].count

    def urn(self):
        return db.session.query(BallotVote).count()

    def conflict(self, member, nomination=0):
        return make.save(
            ConflictOfInterest(
                nomination_id=self.nominations[nomination].id,
                account_id=self.members[member].id,
                source=ConflictSource.PINNED,
                kind=f"same agency {make.number()}",
                detail="",
                created_at=make.NOW,
            )
        )

    def resign(self, member):
        term = db.session.query(Term).filter_by(account_id=self.members[member].id).one()
        term.ends_on = make.TODAY - timedelta(days=1)
        db.session.flush()


def make_board(*, seats=11, vacant=0, nominations=2, edition=None, **scheme) -> Board:
    """A council with so many seats, the last ones vacant; the first is the chair's, the second the secretary's."""
    edition = edition or make.edition()
    given = {
        "ballot": True, "secret": True, "quorum": 67, "threshold": 90, "rounds": 1,
    } | scheme  # fmt: skip
    made = make.scheme(edition, **given)
    category = make.category(made)
    council = make.save(
        Council(
            edition_id=edition.id,
            code=f"council-{make.number()}",
            name={"vi": "Hội đồng Thi đua – Khen thưởng"},
        )
    )
    make.save(CouncilScheme(scheme_id=made.id, council_id=council.id, edition_id=edition.id))
    kinds = {0: SeatKind.CHAIR, 1: SeatKind.SECRETARY}
    members, chairs = [], []
    for position in range(seats):
        seat = make.save(
            Seat(
                council_id=council.id,
                kind=kinds.get(position, SeatKind.MEMBER),
                title={"vi": f"Giám đốc Sở thứ {position + 1}", "en": f"Director {position + 1}"},
                position=position,
            )
        )
        chairs.append(seat)
        if position < seats - vacant:
            member = make.account(Role.MEMBER, edition_id=edition.id)
            members.append(member)
            make.save(Term(seat_id=seat.id, account_id=member.id, starts_on=make.TODAY - timedelta(days=30)))
    nominated = [
        make.nomination(
            category,
            state=State.ADMITTED,
            nominee_name=f"Tổ công nghệ số số {number + 1}",
            nominee_email="nominee@example.net",  # of another domain than the members: no conflict of interest
            contact_email="agency@example.net",
        )
        for number in range(nominations)
    ]
    secretary = make.account(Role.COUNCIL, edition_id=edition.id)
    return Board(
        edition=edition,
        scheme=made,
        council=council,
        members=members,
        nominations=nominated,
        secretary=Actor(
            kind=ActorKind.PERSON,
            label=secretary.full_name,
            account_id=secretary.id,
            grants=(Grant(Role.COUNCIL, edition_id=edition.id),),
        ),
        category=category,
        seats=chairs,
    )


@pytest.fixture
def board(app) -> Board:
    """Eleven seats, all held; two nominations; 90 % of all seats in a secret ballot of one round."""
    return make_board()
