"""Who voted and what was voted: two tables that nothing joins, and that no order or hidden number joins either."""

from sqlalchemy import inspect, text

from dxday.ballots.models import BallotNamedVote, BallotRound, BallotSeat, BallotVote, BallotVoter
from dxday.db import db, transaction
from tests import make
from tests.ballots.conftest import AGAINST, FOR, make_board
from tests.conftest import on_both


def test_the_votes_have_no_column_for_a_person_a_time_or_a_paper():
    assert [column.name for column in inspect(BallotVote).columns] == [
        "id", "round_id", "item_id", "vote", "code",
    ]  # fmt: skip
    assert [column.name for column in inspect(BallotVoter).columns] == [
        "round_id", "account_id", "seat_id", "channel",
    ]  # fmt: skip


def test_all_that_voters_and_votes_share_is_the_round():
    def leads_to(table):
        return {key.column.table.name for key in table.__table__.foreign_keys}

    assert leads_to(BallotVote) == {"ballot_tally"}
    assert leads_to(BallotVoter) == {"ballot_round", "account", "seat"}
    assert "ballot_vote" not in leads_to(BallotRound) | leads_to(BallotSeat) | leads_to(BallotNamedVote)


@on_both
def test_no_row_tells_when_or_in_which_transaction_it_came(own_app):
    """Each vote is committed by itself; afterwards the urn stands in the order of random numbers alone."""
    with own_app.app_context():
        with transaction():
            board = make_board(seats=7, nominations=1)
            ballot = board.opened()
        for member in range(7):
            with transaction():
                board.vote(ballot, member, FOR if member % 2 else AGAINST)
        if db.engine.dialect.name == "postgresql":
            hidden = db.session.execute(text("SELECT DISTINCT xmin::text FROM ballot_vote")).all()
            standing = db.session.scalars(text("SELECT id FROM ballot_vote ORDER BY ctid")).all()
            voters = db.session.execute(text("SELECT DISTINCT xmin::text FROM ballot_voter")).all()
            assert (len(hidden), len(voters)) == (1, 7)
            assert standing == sorted(standing)
        else:
            made = db.session.scalars(text("SELECT sql FROM sqlite_master WHERE name = 'ballot_vote'")).one()
            standing = db.session.scalars(text("SELECT id FROM ballot_vote")).all()
            assert "WITHOUT ROWID" in made
            assert standing == sorted(standing)


def test_a_receipt_is_kept_nowhere(board):
    with transaction():
        ballot = board.opened()
        receipt = board.vote(ballot, 0, FOR)

    for table in db.metadata.sorted_tables:
        for row in db.session.execute(table.select()):
            assert receipt not in str(row), table.name


def test_the_votes_of_two_papers_cannot_be_told_apart(board):
    """Of a paper without one nomination nothing is left that would show the recused member's other votes."""
    board.conflict(0, nomination=0)
    ballot = board.opened()
    board.vote(ballot, 0, AGAINST, without=(board.nominations[0],))
    board.vote(ballot, 1, FOR)

    rows = db.session.query(BallotVote).all()
    assert len({row.code for row in rows}) == len({row.id for row in rows}) == 3
    assert not any(row.code[:4] == other.code[:4] for row in rows for other in rows if row is not other)
    assert make.NOW.isoformat() not in str([vars(row) for row in rows])
