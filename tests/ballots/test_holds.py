"""A hold keeps a nomination out of a ballot, whenever it is opened; it stays before the council."""

import pytest

from dxday.appraisal import services as appraisal
from dxday.appraisal.rules import HoldKind, HoldOn
from dxday.audit import queries as audit
from dxday.ballots import rules
from dxday.ballots.rules import Outcome
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations.rules import State
from tests import make
from tests.ballots.conftest import FOR
from tests.client import PageClient


def hold(board, nomination, **given):
    return appraisal.open_hold(
        nomination,
        **{
            "on": HoldOn.NOMINATION,
            "kind": HoldKind.COMPLAINT,
            "reason": "Đơn số 12 đang được xem xét.",
            "expires_on": None,
            "today": make.TODAY,
            "actor": board.secretary,
            "now": make.NOW,
        }
        | given,
    )


def lift(board, opened):
    appraisal.lift_hold(opened, reason="Đã kết luận.", today=make.TODAY, actor=board.secretary, now=make.NOW)


def test_what_is_held_is_on_the_list_and_not_voted_on(board):
    held = board.nominations[0]
    hold(board, held)

    ballot = board.opened()
    for member in range(11):
        board.vote(ballot, member, FOR, without=[held])
    board.count(ballot)
    board.close(ballot)

    assert board.outcomes(ballot) == [Outcome.HELD, Outcome.APPROVED]
    assert board.states() == [State.ADMITTED, State.APPROVED]
    db.session.commit()
    noted = [(e.action, e.facts.get("nomination")) for e in audit.list_entries(edition_id=board.edition.id)]
    assert ("ballot.nomination_held", held.code) in noted


def test_a_vote_on_what_is_held_meanwhile_is_asked_for_anew_without_it(board):
    ballot = board.opened()
    hold(board, board.nominations[0])

    with pytest.raises(rules.PaperIncomplete), db.session.begin_nested():
        board.vote(ballot, 0, FOR)
    board.vote(ballot, 0, FOR, without=[board.nominations[0]])

    assert board.outcomes(ballot)[0] == Outcome.HELD


def test_a_hold_after_the_votes_keeps_them_from_counting(board):
    ballot = board.opened()
    board.all_vote(ballot, in_favour=11)
    hold(board, board.nominations[0])

    board.count(ballot)
    board.close(ballot)

    assert board.outcomes(ballot) == [Outcome.HELD, Outcome.APPROVED]
    assert board.states() == [State.ADMITTED, State.APPROVED]


def test_a_hold_after_the_count_keeps_from_being_approved(board):
    ballot = board.opened()
    board.all_vote(ballot, in_favour=11)
    board.count(ballot)
    hold(board, board.nominations[0])

    board.close(ballot)

    assert board.outcomes(ballot) == [Outcome.HELD, Outcome.APPROVED]
    assert board.states() == [State.ADMITTED, State.APPROVED]


def test_a_hold_does_not_save_what_was_voted_down(board):
    ballot = board.opened()
    board.all_vote(ballot, in_favour=1, against=10)
    board.count(ballot)
    hold(board, board.nominations[0])

    board.close(ballot)

    assert board.states() == [State.DECLINED, State.DECLINED]


def test_once_the_hold_is_lifted_the_next_ballot_votes_on_it(board):
    opened = hold(board, board.nominations[0])
    ballot = board.opened()
    for member in range(11):
        board.vote(ballot, member, FOR, without=[board.nominations[0]])
    lift(board, opened)
    board.count(ballot)
    board.close(ballot)
    assert board.outcomes(ballot)[0] == Outcome.HELD

    again = board.opened()
    for member in range(11):
        board.vote(again, member, FOR, without=[board.nominations[1]])
    board.count(again)
    board.close(again)

    assert board.states() == [State.APPROVED, State.APPROVED]


def test_where_everything_is_held_no_round_opens(board):
    for nomination in board.nominations:
        hold(board, nomination)

    with pytest.raises(rules.EverythingHeld):
        board.opened()


def test_the_pages_say_what_is_held_and_the_member_s_paper_leaves_it_out(app, board):
    held, free = board.nominations
    prepared = board.prepare()
    hold(board, held)
    secretary = make.account(Role.COUNCIL, edition_id=board.edition.id)
    db.session.commit()
    page = PageClient(app).sign_in(secretary)
    path = f"/council/{board.edition.code}/ballots/{prepared.id}"

    before = page.open(path).all("//td[@data-label='Outcome']")
    board.open(prepared)
    db.session.commit()
    after = page.open(path).all("//td[@data-label='Outcome']")
    voting = (
        PageClient(app).sign_in(board.members[0]).open(f"/sit/{board.edition.code}/ballots/{prepared.id}")
    )

    assert before == ["Held, not voted on", "–"]
    assert after == ["Held, not voted on", "–"]
    assert [held.nominee_name in each for each in voting.all("//form//legend")].count(True) == 0
    assert [free.nominee_name in each for each in voting.all("//form//legend")].count(True) == 1
