"""Whatever is done in whatever order by whomever: only named states, and a recount that finds the same."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dxday.ballots import queries, rules, services
from dxday.ballots.models import Ballot
from dxday.core.errors import Refusal
from dxday.council.models import ConflictOfInterest, Term
from dxday.db import db, transaction
from dxday.nominations.models import Nomination
from dxday.schemes.rules import TieBreak
from tests import make
from tests.ballots.conftest import FOR, make_board
from tests.ballots.test_services import withdraw

SEATS = 5


def recount(round_id, secret):
    """Count the stored votes again, by SQL and fractions alone: nothing of the code under test is used."""
    table = "ballot_vote" if secret else "ballot_named_vote"
    votes = {}
    for item_id, vote, number in db.session.execute(
        text(f"SELECT item_id, vote, count(*) FROM {table} WHERE round_id = :r GROUP BY item_id, vote"),
        {"r": round_id},
    ):
        votes.setdefault(item_id, Counter())[vote] = number
    return votes


def check_against_recount(ballot_id):
    """Compare every count with the recount, and every outcome with the threshold as a fraction."""
    ballot = db.session.execute(
        text("SELECT secret, threshold, quorum FROM ballot WHERE id = :b"), {"b": ballot_id}
    ).one()
    for round_id, seats, took_part in db.session.execute(
        text("SELECT id, seats, took_part FROM ballot_round WHERE ballot_id = :b AND state = 'counted'"),
        {"b": ballot_id},
    ).all():
        votes = recount(round_id, ballot.secret)
        voters = db.session.execute(
            text("SELECT count(*) FROM ballot_voter WHERE round_id = :r"), {"r": round_id}
        ).scalar_one()
        assert took_part == voters
        for tally in db.session.execute(
            text("SELECT * FROM ballot_tally WHERE round_id = :r"), {"r": round_id}
        ).all():
            if tally.outcome == "left":
                continue
            found = votes.get(tally.item_id, Counter())
            counted = Counter({"for": tally.in_favour, "against": tally.against, "blank": tally.blank})
            assert +counted == +found
            assert sum(counted.values()) + tally.recused + tally.not_voted == seats
            enough = Fraction(found["for"], seats) >= Fraction(ballot.threshold, 100)
            quorum = Fraction(voters, seats) >= Fraction(ballot.quorum, 100)
            by_chair = tally.chair == "for" and found["for"] == found["against"]
            if not by_chair:
                assert (tally.outcome == "approved") == (enough and quorum)


def act(board, ballot, verb, who, choice):
    """Try one thing."""
    given = {"actor": board.secretary, "now": make.NOW}
    if verb == "open":
        services.open_round(ballot, **given)
    elif verb == "vote":
        left = [item.nomination_id for item in queries.list_items(ballot.id) if item.outcome]
        barred = {
            each.nomination_id
            for each in db.session.query(ConflictOfInterest).filter_by(account_id=board.members[who].id)
        }
        out = [each for each in board.nominations if each.id in barred or each.id in left]
        board.vote(ballot, who, choice, without=out)
    elif verb == "everybody":
        for member in range(SEATS):
            act(board, ballot, "vote", member, choice)
    elif verb == "written":
        if ballot.secret:
            services.enter_written_voters(ballot, [board.members[who].id], **given)
            services.enter_paper(ballot, board.votes(choice), **given)
        else:
            services.enter_written_vote(ballot, board.members[who].id, board.votes(choice), **given)
    elif verb == "count":
        services.count_round(ballot, **given)
    elif verb == "close":
        services.close_ballot(ballot, **given)
    elif verb == "annul":
        services.annul_round(ballot, reason="x", **given)
    elif verb == "cancel":
        services.cancel_ballot(ballot, reason="x", **given)
    elif verb == "resign":
        term = db.session.query(Term).filter_by(account_id=board.members[who].id).one()
        term.ends_on = make.TODAY - timedelta(days=1)
    elif verb == "conflict":
        board.conflict(who, who % 2)
    elif verb == "withdraw":
        withdraw(board.nominations[who % 2])
    else:
        services.open_round(ballot, actor=board.actor(who), now=make.NOW)


VERBS = (
    "open", "open", "vote", "vote", "everybody", "everybody", "written", "count", "count", "close",
    "annul", "cancel", "resign", "conflict", "withdraw", "as a member",
)  # fmt: skip


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    secret=st.booleans(),
    threshold=st.sampled_from((50, 51, 67, 90)),
    tie_break=st.sampled_from(list(TieBreak)),
    walk=st.lists(
        st.tuples(st.sampled_from(VERBS), st.integers(0, SEATS - 1), st.sampled_from([FOR, *rules.Choice])),
        max_size=12,
    ),
)
def test_no_walk_reaches_an_unnamed_state_and_every_count_is_found_again(
    app, secret, threshold, tie_break, walk
):
    if secret and tie_break is TieBreak.CHAIR:
        tie_break = TieBreak.NEXT_ROUND
    board = make_board(
        seats=SEATS, secret=secret, threshold=threshold, tie_break=tie_break, rounds=2, quorum=50
    )
    ballot = board.opened()
    for verb, who, choice in walk:
        before = ballot.state
        try:
            with db.session.begin_nested():
                act(board, ballot, verb, who, choice)
        except Refusal:
            pass
        db.session.expire_all()
        state = db.session.get(Ballot, ballot.id).state
        assert state == before or state in rules.MOVES[before]
        for each in board.nominations:
            kept = db.session.get(Nomination, each.id).state
            assert (kept in ("approved", "declined")) <= (state is rules.State.CLOSED)
        check_against_recount(ballot.id)


def test_the_recount_finds_a_vote_that_was_changed_in_the_database(board):
    """The negative control: the recount can fail, and the seal of the round breaks."""
    from dxday.ballots import reports

    ballot = board.opened()
    board.all_vote(ballot, in_favour=11)
    board.count(ballot)
    check_against_recount(ballot.id)
    assert reports.report_of(ballot).counted[0].sealed

    with transaction():
        db.session.execute(
            text(
                "UPDATE ballot_vote SET vote = 'against' WHERE id = (SELECT min(CAST(id AS text)) FROM ballot_vote)"
            )
            if db.engine.dialect.name == "sqlite"
            else text(
                "UPDATE ballot_vote SET vote = 'against' WHERE id = (SELECT id FROM ballot_vote LIMIT 1)"
            )
        )
    db.session.expire_all()

    try:
        check_against_recount(ballot.id)
    except AssertionError:
        found = True
    else:
        found = False
    assert (found, reports.report_of(ballot).counted[0].sealed) == (True, False)
