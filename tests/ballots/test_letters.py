"""Who is written to about a ballot: who may vote, once; and who has not voted, by the list of voters alone."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.ballots import services
from dxday.ballots.rules import Choice
from dxday.db import db
from dxday.notifications.jobs import sending
from dxday.notifications.models import Message
from dxday.reminders import queries
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Unit
from tests import make
from tests.ballots.conftest import FOR, make_board
from tests.post_office import serving


def written(kind):
    """The addresses to which letters of a kind were written, in their order."""
    return list(
        db.session.scalars(select(Message.to_address).where(Message.kind == kind).order_by(Message.id))
    )


def addresses(board, *but):
    return [member.email for number, member in enumerate(board.members) if number not in but]


def test_everybody_who_may_vote_is_written_to_when_a_round_opens(board):
    board.conflict(3, 0)
    board.conflict(3, 1)
    board.conflict(4, 0)

    board.opened()

    assert written("ballot_opened") == addresses(board, 3)


def test_each_round_is_announced_once_and_a_repeated_one_again(app):
    board = make_board(seats=3, nominations=1)
    ballot = board.opened()

    board.annul(ballot)
    board.open(ballot)

    assert written("ballot_opened") == addresses(board) * 2


def test_a_vacant_seat_and_a_disabled_account_get_no_letter(app):
    board = make_board(seats=3, vacant=1, nominations=1)
    board.members[0].disabled_at = make.NOW

    board.opened()

    assert written("ballot_opened") == addresses(board, 0)


def test_the_letter_leads_to_the_vote_and_says_how_many_are_asked(board):
    board.members[4].locale = "en"
    board.conflict(4, 0)
    ballot = board.opened()

    (message,) = db.session.scalars(
        select(Message).where(Message.kind == "ballot_opened", Message.to_address == board.members[4].email)
    )

    assert "Nominations on which you vote: 1" in message.text
    assert f"/sit/{board.edition.code}/ballots/{ballot.id}" in message.text


def test_an_absentee_is_told_that_a_written_vote_was_noted(board):
    ballot = board.opened()

    services.enter_written_voters(ballot, [board.members[5].id], actor=board.secretary, now=make.NOW)

    assert written("written_vote_noted") == [board.members[5].email]


def test_a_written_vote_in_a_ballot_by_name_is_told_without_a_word_of_what(app):
    board = make_board(seats=3, nominations=1, secret=False)
    ballot = board.opened()

    services.enter_written_vote(
        ballot, board.members[2].id, board.votes(Choice.AGAINST), actor=board.secretary, now=make.NOW
    )

    (message,) = db.session.scalars(select(Message).where(Message.kind == "written_vote_noted"))
    assert message.to_address == board.members[2].email
    assert [word for word in ("đồng ý", "phiếu trắng") if word in message.text] == []


def test_a_vote_that_is_cast_writes_no_letter_whose_time_would_tell_of_it(board):
    ballot = board.opened()
    before = db.session.query(Message).count()

    board.vote(ballot, 0, FOR)

    assert db.session.query(Message).count() == before


# Reminders


@pytest.fixture
def rule(board):
    return make.save(
        ReminderRule(
            edition_id=board.edition.id,
            audience="council_voters",
            moment="round_opened",
            name="Thử",
            filters={},
            amount=2,
            unit=Unit.HOURS,
            direction=Direction.AFTER,
            late_joiners=LateJoiners.SKIP,
            state=RuleState.ON,
            on_since=make.NOW - timedelta(days=9),
            created_at=make.NOW,
            updated_at=make.NOW,
        )
    )


def due(hours=3):
    """Who is due so many hours after the opening."""
    db.session.flush()
    slots = queries.find_slots(queries.list_on())
    found = queries.list_due(slots, make.NOW + timedelta(hours=hours), limit=100) if slots else []
    if found:
        slots[0].audience.facts([one.found for one in found])
    return sorted(one.to_address for one in found)


def test_who_has_not_voted_is_reminded(board, rule):
    ballot = board.opened()
    board.vote(ballot, 0, FOR)
    services.enter_written_voters(ballot, [board.members[1].id], actor=board.secretary, now=make.NOW)

    assert due() == sorted(addresses(board, 0, 1))


def test_nobody_is_reminded_before_the_time_of_the_rule(board, rule):
    board.opened()

    assert due(hours=1) == []


def test_who_resigned_or_keeps_away_from_everything_is_not_reminded(board, rule):
    board.opened()
    board.resign(2)
    board.conflict(3, 0)
    board.conflict(3, 1)
    board.conflict(4, 0)

    assert due() == sorted(addresses(board, 2, 3))


def test_a_counted_or_annulled_round_reminds_nobody(board, rule):
    ballot = board.opened()
    board.count(ballot)
    counted = due()
    board.annul(ballot)

    assert (counted, due()) == ([], [])


# By a real mail server


def test_the_letters_leave_by_mail_each_once(app, monkeypatch):
    board = make_board(seats=3, nominations=1)
    for member in board.members:
        member.locale = "en"
    board.opened()
    db.session.commit()
    ids = list(db.session.scalars(select(Message.id).order_by(Message.id)))

    with serving(app, monkeypatch) as office:
        for message_id in [*ids, *ids]:
            sending.send_message(message_id, make.NOW)

    assert sorted((letter["To"].addresses[0].addr_spec, letter["Subject"]) for letter in office.letters) == [
        (email, f"Please vote: {board.scheme.name['en']}, round 1") for email in sorted(addresses(board))
    ]
