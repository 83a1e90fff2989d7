"""A ballot from its preparation to its outcome, and everything that goes wrong on the way."""

import pytest

from dxday.audit import queries as audit
from dxday.ballots import queries, rules, services
from dxday.ballots.models import BallotNamedVote, BallotVote, BallotVoter
from dxday.ballots.rules import Channel, Count, Outcome, RoundState
from dxday.core.permissions import Role
from dxday.council.models import Term
from dxday.db import db, transaction
from dxday.nominations import services as nominations
from dxday.nominations.rules import State
from dxday.schemes.rules import TieBreak
from tests import make
from tests.ballots.conftest import AGAINST, BLANK, FOR, make_board


def test_ten_of_eleven_approve_and_nine_decline_in_one_step(board):
    ballot = board.opened()
    for member in range(10):
        board.vote(ballot, member, FOR, FOR if member < 9 else AGAINST)

    board.count(ballot)
    board.close(ballot)

    assert (board.tally(ballot, 0), board.tally(ballot, 1)) == (Count(10, 0, 0, 0, 1), Count(9, 1, 0, 0, 1))
    assert board.states() == [State.APPROVED, State.DECLINED]
    assert (ballot.state, board.outcomes(ballot)) == (
        rules.State.CLOSED,
        [Outcome.APPROVED, Outcome.NOT_APPROVED],
    )


def test_a_vacant_seat_counts(app):
    board = make_board(seats=11, vacant=2)
    ballot = board.opened()
    board.all_vote(ballot, in_favour=9)

    board.count(ballot)

    assert board.tally(ballot) == Count(9, 0, 0, 0, 2)
    assert board.outcomes(ballot) == [Outcome.NOT_APPROVED] * 2


def test_nobody_votes_and_nothing_is_decided(board):
    ballot = board.opened()

    board.count(ballot)
    board.close(ballot)

    assert board.outcomes(ballot) == [Outcome.NO_QUORUM] * 2
    assert board.states() == [State.ADMITTED] * 2


def test_the_rules_are_those_of_the_scheme_when_the_first_round_opens_and_stay(board):
    ballot = board.prepare()
    board.scheme.threshold, board.scheme.rounds = 80, 3
    db.session.flush()

    board.open(ballot)
    board.scheme.threshold = 10
    db.session.flush()
    board.annul(ballot)
    board.open(ballot)

    assert (ballot.threshold, ballot.rounds) == (80, 3)


def test_the_list_is_fixed_when_the_first_round_opens(board):
    ballot = board.opened()
    make.nomination(board.category, state=State.ADMITTED)
    make.nomination(board.category, state=State.SUBMITTED)

    assert [item.code for item in queries.list_items(ballot.id)] == [each.code for each in board.nominations]


def test_a_second_vote_is_refused_and_the_urn_stays(board):
    ballot = board.opened()
    board.vote(ballot, 0, FOR)

    with pytest.raises(rules.AlreadyVoted):
        board.vote(ballot, 0, AGAINST)

    assert board.urn() == 2
    assert {vote for (vote,) in db.session.query(BallotVote.vote)} == {FOR}


def test_the_same_form_sent_twice_is_one_vote_and_no_refusal(board):
    ballot = board.opened()
    receipt = board.vote(ballot, 0, FOR)

    board.vote(ballot, 0, FOR, receipt=receipt)

    assert (board.urn(), db.session.query(BallotVoter).count()) == (2, 1)


def test_the_receipt_of_somebody_else_gives_no_vote(board):
    ballot = board.opened()
    receipt = board.vote(ballot, 0, FOR)

    with pytest.raises(rules.ReceiptInvalid), transaction():
        board.vote(ballot, 1, FOR, receipt=receipt)

    assert (board.urn(), db.session.query(BallotVoter).count()) == (2, 1)


def test_only_who_was_on_the_roll_and_still_sits_votes(board):
    ballot = board.opened()
    board.resign(3)
    newcomer = make.account(Role.MEMBER, edition_id=board.edition.id)
    make.save(Term(seat_id=board.seats[3].id, account_id=newcomer.id, starts_on=make.TODAY))
    board.members.append(newcomer)

    with pytest.raises(rules.NoLongerSitting):
        board.vote(ballot, 3, FOR)
    with pytest.raises(rules.NotOnRoll):
        board.vote(ballot, 11, FOR)
    assert board.urn() == 0


def test_who_resigns_after_voting_stays_counted_and_the_seats_do_not_shrink(board):
    ballot = board.opened()
    board.all_vote(ballot, in_favour=10)
    board.resign(0)
    board.resign(10)

    board.count(ballot)

    assert board.tally(ballot) == Count(10, 0, 0, 0, 1)
    assert board.outcomes(ballot) == [Outcome.APPROVED] * 2


def test_a_recused_member_votes_on_the_rest_and_the_seat_stays_in_the_count(board):
    board.conflict(0, nomination=0)
    ballot = board.opened()

    with pytest.raises(rules.PaperIncomplete), transaction():
        board.vote(ballot, 0, FOR)
    board.vote(ballot, 0, FOR, without=(board.nominations[0],))
    for member in range(1, 11):
        board.vote(ballot, member, FOR)
    board.count(ballot)

    assert (board.tally(ballot, 0), board.tally(ballot, 1)) == (Count(10, 0, 0, 1, 0), Count(11, 0, 0, 0, 0))


def test_a_conflict_found_after_the_vote_stops_the_count_until_the_round_is_repeated(board):
    ballot = board.opened()
    board.all_vote(ballot, in_favour=11)
    board.conflict(4, nomination=1)

    with pytest.raises(rules.ConflictFound), transaction():
        board.count(ballot)
    board.annul(ballot)
    board.open(ballot)
    board.vote(ballot, 4, FOR, without=(board.nominations[1],))
    for member in (*range(4), *range(5, 11)):
        board.vote(ballot, member, FOR)
    board.count(ballot)

    rounds = queries.list_rounds(ballot.id)
    assert [(each.number, each.attempt, each.state) for each in rounds] == [
        (1, 1, RoundState.ANNULLED),
        (1, 2, RoundState.COUNTED),
    ]
    assert board.tally(ballot, 1) == Count(10, 0, 0, 1, 0)


def test_a_conflict_found_before_the_vote_is_a_recusal(board):
    ballot = board.opened()
    board.conflict(4, nomination=1)
    board.conflict(5, nomination=1)
    board.vote(ballot, 4, FOR, without=(board.nominations[1],))

    board.count(ballot)

    assert board.tally(ballot, 1) == Count(0, 0, 0, 2, 9)


def test_a_conflict_that_nobody_looked_for_yet_is_found_when_the_round_opens(board):
    board.members[4].email = board.nominations[0].contact_email = "one@elsewhere.example"

    ballot = board.opened()

    assert [seat.recused for seat in queries.list_roll([queries.list_rounds(ballot.id)[0].id])] == [
        [board.nominations[0].code] if position == 4 else [] for position in range(11)
    ]


def test_a_conflict_that_comes_to_be_while_they_vote_is_found_at_the_count(board):
    ballot = board.opened()
    board.all_vote(ballot, in_favour=11)
    board.members[4].email = board.nominations[1].contact_email = "one@elsewhere.example"
    db.session.flush()

    with pytest.raises(rules.ConflictFound), transaction():
        board.count(ballot)


def test_whoever_keeps_away_from_everything_gives_no_vote(board):
    board.conflict(0, 0)
    board.conflict(0, 1)
    ballot = board.opened()

    with pytest.raises(rules.NotAllowedToVote), transaction():
        board.vote(ballot, 0, without=board.nominations)

    assert db.session.query(BallotVoter).count() == 0


def test_a_nomination_withdrawn_meanwhile_leaves_the_ballot_and_the_rest_goes_on(board):
    ballot = board.opened()
    board.vote(ballot, 0, FOR)
    withdraw(board.nominations[0])

    with pytest.raises(rules.PaperIncomplete), transaction():
        board.vote(ballot, 1, FOR)
    for member in range(1, 11):
        board.vote(ballot, member, FOR, without=(board.nominations[0],))
    board.count(ballot)
    board.close(ballot)

    assert board.outcomes(ballot) == [Outcome.LEFT, Outcome.APPROVED]
    assert board.states() == [State.WITHDRAWN, State.APPROVED]


def test_a_nomination_withdrawn_after_the_count_is_not_taken_anywhere(board):
    ballot = board.opened()
    board.all_vote(ballot, in_favour=11)
    board.count(ballot)
    withdraw(board.nominations[0])

    board.close(ballot)

    assert board.outcomes(ballot) == [Outcome.LEFT, Outcome.APPROVED]


def test_a_tie_goes_to_another_round_with_whom_remains_and_ends_with_the_last(app):
    board = make_board(seats=10, threshold=51, rounds=2)
    ballot = board.opened()
    for member in range(10):
        board.vote(ballot, member, FOR, FOR if member < 5 else AGAINST)
    board.count(ballot)

    with pytest.raises(rules.AnotherRoundDue):
        board.close(ballot)
    board.open(ballot)
    asked = [tally.item.code for tally in queries.list_tallies([queries.find_open_round(ballot.id).id])]
    for member in range(10):
        board.vote(ballot, member, FOR if member < 5 else AGAINST, without=(board.nominations[0],))
    board.count(ballot)
    with pytest.raises(rules.NoRoundLeft):
        board.open(ballot)
    board.close(ballot)

    assert asked == [board.nominations[1].code]
    assert board.outcomes(ballot) == [Outcome.APPROVED, Outcome.NOT_APPROVED]


def test_the_chair_breaks_a_tie_in_a_ballot_by_name(app):
    board = make_board(seats=10, threshold=51, secret=False, tie_break=TieBreak.CHAIR)
    ballot = board.opened()
    for member in range(10):
        board.vote(ballot, member, FOR if member < 5 else AGAINST, AGAINST if member < 5 else FOR)

    board.count(ballot)

    assert board.outcomes(ballot) == [Outcome.APPROVED, Outcome.NOT_APPROVED]
    assert db.session.query(BallotNamedVote).count() == 20
    assert board.urn() == 0


def test_a_ballot_by_name_sent_twice_is_one_vote(app):
    board = make_board(secret=False)
    ballot = board.opened()
    board.vote(ballot, 0, FOR)

    board.vote(ballot, 0, FOR)
    with pytest.raises(rules.AlreadyVoted):
        board.vote(ballot, 0, AGAINST)

    assert db.session.query(BallotNamedVote).count() == 2


def test_written_papers_count_like_any_other_and_are_as_many_as_their_senders(board):
    ballot = board.opened()
    for member in range(8):
        board.vote(ballot, member, FOR)
    written(board, ballot, 8, 9)
    paper(board, ballot, FOR)
    with pytest.raises(rules.PapersMissing):
        board.count(ballot)
    paper(board, ballot, FOR)
    with pytest.raises(rules.MorePapersThanVoters):
        paper(board, ballot, FOR)
    with pytest.raises(rules.AlreadyVoted), transaction():
        board.vote(ballot, 8, AGAINST)
    with pytest.raises(rules.AlreadyVoted), transaction():
        written(board, ballot, 0)

    board.count(ballot)

    assert board.outcomes(ballot) == [Outcome.APPROVED] * 2
    channels = [voter.channel for voter in queries.list_voters([queries.list_rounds(ballot.id)[-1].id])]
    assert sorted(channels) == [Channel.IN_PERSON] * 8 + [Channel.WRITTEN] * 2


def test_the_paper_of_a_recused_member_leaves_the_nomination_out(board):
    board.conflict(9, nomination=0)
    ballot = board.opened()
    written(board, ballot, 8, 9)
    paper(board, ballot, FOR)

    paper(board, ballot, AGAINST, without=(board.nominations[0],))
    board.count(ballot)

    assert (board.tally(ballot, 0), board.tally(ballot, 1)) == (Count(1, 0, 0, 1, 9), Count(1, 1, 0, 0, 9))


def test_a_paper_says_something_on_what_is_voted_on(board):
    ballot = board.opened()
    written(board, ballot, 8)

    with pytest.raises(rules.PaperEmpty):
        services.enter_paper(ballot, {}, actor=board.secretary, now=make.NOW)
    with pytest.raises(rules.PaperIncomplete):
        services.enter_paper(ballot, {"ZZZZ": FOR}, actor=board.secretary, now=make.NOW)


def test_names_and_votes_are_entered_apart_when_secret_and_together_when_not(board):
    secret, by_name = board.opened(), make_board(secret=False).opened()
    given = {"actor": make.actor(), "now": make.NOW}

    with pytest.raises(rules.Secret):
        services.enter_written_vote(secret, board.members[0].id, board.votes(FOR), **given)
    with pytest.raises(rules.NotSecret):
        services.enter_paper(by_name, board.votes(FOR), **given)
    with pytest.raises(rules.NotSecret):
        services.enter_written_voters(by_name, [board.members[0].id], **given)


def test_a_written_vote_by_name_is_entered_with_its_sender(app):
    board = make_board(secret=False)
    ballot = board.opened()

    services.enter_written_vote(
        ballot, board.members[2].id, board.votes(BLANK), actor=board.secretary, now=make.NOW
    )
    board.count(ballot)

    assert board.tally(ballot) == Count(0, 0, 1, 0, 10)


def test_a_ballot_wants_a_scheme_with_one_and_a_council_and_is_one_at_a_time(board):
    plain = make.scheme(board.edition)
    alone = make.scheme(board.edition, ballot=True)
    chair = make_board(secret=True, tie_break=TieBreak.CHAIR)
    board.prepare()

    for scheme, refusal in (
        (plain, rules.NoBallotInScheme),
        (alone, rules.NoCouncil),
        (chair.scheme, rules.ChairOfSecretBallot),
        (board.scheme, rules.BallotRunning),
    ):
        with pytest.raises(refusal):
            services.prepare_ballot(scheme, actor=make.actor(), now=make.NOW)


def test_a_round_wants_seats_and_nominations(app):
    without_seats, without_nominations = make_board(seats=0).prepare(), make_board(nominations=0).prepare()

    with pytest.raises(rules.NoSeats):
        services.open_round(without_seats, actor=make.actor(), now=make.NOW)
    with pytest.raises(rules.NothingToVoteOn):
        services.open_round(without_nominations, actor=make.actor(), now=make.NOW)


def test_a_cancelled_ballot_decides_nothing_and_makes_room_for_another(board):
    ballot = board.opened()
    board.vote(ballot, 0, FOR)
    with pytest.raises(rules.ReasonMissing):
        services.cancel_ballot(ballot, reason=" ", actor=board.secretary, now=make.NOW)

    services.cancel_ballot(ballot, reason="Hoãn họp.", actor=board.secretary, now=make.NOW)

    assert (ballot.state, queries.list_rounds(ballot.id)[0].state) == (
        rules.State.CANCELLED,
        RoundState.ANNULLED,
    )
    assert board.states() == [State.ADMITTED] * 2
    assert board.prepare().state is rules.State.PREPARED


def test_a_counted_round_can_be_annulled_and_only_with_a_reason(board):
    ballot = board.opened()
    board.all_vote(ballot, in_favour=11)
    board.count(ballot)
    with pytest.raises(rules.ReasonMissing):
        board.annul(ballot, reason="  ")

    board.annul(ballot)

    assert (ballot.state, board.outcomes(ballot)) == (rules.State.PREPARED, [None, None])


def test_closing_twice_is_refused(board):
    ballot = board.opened()
    board.all_vote(ballot, in_favour=11)
    board.count(ballot)
    board.close(ballot)

    with pytest.raises(rules.MoveNotPossible):
        board.close(ballot)


def test_only_the_secretary_leads(board):
    ballot, member = board.opened(), board.actor(0)
    given = {"actor": member, "now": make.NOW}

    for act in (
        lambda: services.prepare_ballot(board.scheme, **given),
        lambda: services.open_round(ballot, **given),
        lambda: services.count_round(ballot, **given),
        lambda: services.close_ballot(ballot, **given),
        lambda: services.annul_round(ballot, reason="x", **given),
        lambda: services.cancel_ballot(ballot, reason="x", **given),
        lambda: services.enter_written_voters(ballot, [board.members[0].id], **given),
        lambda: services.enter_paper(ballot, board.votes(FOR), **given),
        lambda: services.enter_written_vote(ballot, board.members[0].id, board.votes(FOR), **given),
    ):
        with pytest.raises(rules.NotTheSecretary):
            act()


def test_somebody_without_an_account_or_seat_does_not_vote(board):
    ballot = board.opened()

    for actor in (make.actor(Role.MEMBER), board.secretary):
        with pytest.raises(rules.NotOnRoll):
            services.cast_vote(
                ballot, votes=board.votes(FOR), receipt=rules.new_receipt(), actor=actor, now=make.NOW
            )


def test_nothing_can_be_voted_or_counted_while_no_round_is_open(board):
    ballot = board.prepare()

    for act in (
        lambda: board.vote(ballot, 0, FOR),
        lambda: board.count(ballot),
        lambda: board.close(ballot),
        lambda: board.annul(ballot),
        lambda: written(board, ballot, 0),
        lambda: paper(board, ballot, FOR),
    ):
        with pytest.raises(rules.MoveNotPossible):
            act()


def test_the_trail_tells_everything_but_a_vote(board):
    with transaction():
        ballot = board.opened()
        for member in range(10):
            board.vote(ballot, member, FOR)
        board.count(ballot)
        board.close(ballot)

    entries = [each for each in audit.list_entries(limit=100) if each.subject == f"ballot-{ballot.id}"]
    assert [entry.action for entry in reversed(entries)] == [
        "ballot.prepared",
        "ballot.round_opened",
        *["ballot.voted"] * 10,
        "ballot.counted",
        "ballot.closed",
    ]
    assert {tuple(entry.facts) for entry in entries if entry.action == "ballot.voted"} == {
        ("round", "attempt")
    }


def withdraw(nomination):
    nominations.withdraw_nomination(
        nomination,
        actor=make.actor(
            Role.AGENCY, organisation_id=nomination.organisation_id, edition_id=nomination.edition_id
        ),
        now=make.NOW,
    )


def written(board, ballot, *members):
    services.enter_written_voters(
        ballot, [board.members[each].id for each in members], actor=board.secretary, now=make.NOW
    )


def paper(board, ballot, *choices, without=()):
    return services.enter_paper(
        ballot, board.votes(*choices, without=without), actor=board.secretary, now=make.NOW
    )
