"""Two tabs, a double click, two secretaries: proved on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from dxday.audit.models import AuditEntry
from dxday.ballots import queries, rules, services
from dxday.ballots.models import BallotVote, BallotVoter
from dxday.ballots.rules import Channel
from dxday.core.errors import Refusal
from dxday.db import db, transaction
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from tests import make
from tests.ballots.conftest import AGAINST, FOR, make_board
from tests.conftest import on_both

AT_ONCE = 8


def all_at_once(app, act):
    """Let everybody act in the same instant; return what each got."""
    start = threading.Barrier(AT_ONCE)

    def one(number):
        with app.app_context():
            start.wait(timeout=20)
            try:
                with transaction():
                    act(number)
            except Refusal as refusal:
                return type(refusal)
            return "done"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def ready(app, votes=0):
    with app.app_context(), transaction():
        board = make_board()
        ballot = board.opened()
        board.all_vote(ballot, in_favour=votes)
        return board, ballot.edition_id, ballot.id


def in_the_urn():
    return (
        db.session.scalar(select(func.count()).select_from(BallotVote)),
        db.session.scalar(select(func.count()).select_from(BallotVoter)),
    )


@on_both
def test_a_member_who_votes_in_many_tabs_has_one_paper_in_the_urn(own_app):
    board, edition_id, ballot_id = ready(own_app)

    got = all_at_once(
        own_app,
        lambda number: board.vote(
            queries.get_ballot(edition_id, ballot_id), 0, FOR if number % 2 else AGAINST
        ),
    )

    assert (got.count("done"), got.count(rules.AlreadyVoted)) == (1, AT_ONCE - 1)
    with own_app.app_context():
        assert in_the_urn() == (2, 1)


@on_both
def test_a_form_that_is_sent_many_times_is_one_paper_and_no_refusal(own_app):
    board, edition_id, ballot_id = ready(own_app)
    receipt = rules.new_receipt()

    got = all_at_once(
        own_app, lambda _: board.vote(queries.get_ballot(edition_id, ballot_id), 0, FOR, receipt=receipt)
    )

    assert got == ["done"] * AT_ONCE
    with own_app.app_context():
        assert in_the_urn() == (2, 1)


@on_both
def test_members_who_vote_at_once_lose_no_vote_while_the_urn_is_stirred(own_app):
    board, edition_id, ballot_id = ready(own_app)

    got = all_at_once(
        own_app, lambda number: board.vote(queries.get_ballot(edition_id, ballot_id), number, FOR)
    )

    assert got == ["done"] * AT_ONCE
    with own_app.app_context():
        assert in_the_urn() == (2 * AT_ONCE, AT_ONCE)


@on_both
def test_the_database_itself_refuses_a_second_vote(own_app):
    board, _, ballot_id = ready(own_app, votes=1)

    with own_app.app_context():
        round_id = queries.find_open_round(ballot_id).id
        with pytest.raises(IntegrityError), transaction():
            db.session.add(
                BallotVoter(
                    round_id=round_id,
                    account_id=board.members[0].id,
                    seat_id=board.seats[1].id,
                    channel=Channel.WRITTEN,
                )
            )


@on_both
def test_a_ballot_that_is_closed_twice_at_once_is_closed_once(own_app):
    board, edition_id, ballot_id = ready(own_app, votes=11)
    with own_app.app_context(), transaction():
        board.count(queries.get_ballot(edition_id, ballot_id))

    got = all_at_once(own_app, lambda _: board.close(queries.get_ballot(edition_id, ballot_id)))

    assert (got.count("done"), got.count(rules.MoveNotPossible)) == (1, AT_ONCE - 1)
    with own_app.app_context():
        approved = select(func.count()).select_from(Nomination).where(Nomination.state == State.APPROVED)
        told = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "nomination.approved")
        assert (db.session.scalar(approved), db.session.scalar(told)) == (2, 2)


@on_both
def test_votes_and_the_count_at_once_are_either_in_the_count_or_refused(own_app):
    board, edition_id, ballot_id = ready(own_app)

    def vote_or_count(number):
        ballot = queries.get_ballot(edition_id, ballot_id)
        if number == 3:
            board.count(ballot)
        else:
            board.vote(ballot, number, FOR)

    got = all_at_once(own_app, vote_or_count)

    with own_app.app_context():
        tally = queries.list_tallies([queries.list_rounds(ballot_id)[0].id])[0]
        assert tally.in_favour == got.count("done") - 1 == AT_ONCE - 1 - got.count(rules.MoveNotPossible)


@on_both
def test_two_secretaries_prepare_one_ballot(own_app):
    with own_app.app_context(), transaction():
        board = make_board()

    got = all_at_once(
        own_app, lambda _: services.prepare_ballot(board.scheme, actor=board.secretary, now=make.NOW)
    )

    assert (got.count("done"), got.count(rules.BallotRunning)) == (1, AT_ONCE - 1)
