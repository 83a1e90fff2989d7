"""The demo's honours are half-way: something is on everybody's desk, and every state is to be seen."""

from collections import Counter

import pytest
from sqlalchemy import select

from dxday.accounts import queries as accounts
from dxday.appraisal.models import Hold, Likeness
from dxday.audit import queries as audit
from dxday.ballots import queries as ballots
from dxday.ballots.models import BallotVoter
from dxday.ballots.rules import Channel, Outcome
from dxday.ballots.rules import State as BallotState
from dxday.council import queries as councils
from dxday.council.models import ConflictOfInterest
from dxday.council.rules import ConflictSource
from dxday.council.sheets.models import Sheet
from dxday.council.sheets.rules import SheetState
from dxday.db import db
from dxday.demo import load, members, people, places
from dxday.editions import queries as editions
from dxday.nominations import queries as nominations
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from tests import make
from tests.conftest import close, new_app


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def app(request, tmp_path_factory):
    """One load for all, since nothing here changes anything."""
    app = new_app(request.param, tmp_path_factory.mktemp(request.param))
    with app.app_context():
        load.load("next", settings=app.extensions["dxday_settings"], now=make.NOW)
    yield app
    close(app)


@pytest.fixture
def edition(app):
    with app.app_context():
        yield editions.get_edition("next")


def test_there_is_a_dossier_in_every_state(edition):
    found = db.session.scalars(select(Nomination.state).where(Nomination.edition_id == edition.id))

    assert set(found) == set(State)


def test_eleven_seats_count_and_one_is_vacant(edition):
    council = councils.get_council(edition.id, "hoi-dong")
    today = councils.today_of(edition.id, make.NOW)

    assert (councils.count_seats(council.id, today), len(councils.list_sitting(council.id, today))) == (
        11,
        10,
    )


def test_conflicts_are_known_in_all_three_ways(edition):
    assert set(db.session.scalars(select(ConflictOfInterest.source))) == set(ConflictSource)


def test_two_dossiers_are_alike_and_one_is_held_up(edition):
    assert (db.session.query(Likeness).count(), db.session.query(Hold).count()) == (1, 1)


def test_one_ballot_has_its_minutes_and_one_is_open(edition):
    found = {ballot.state: ballot for ballot in ballots.list_ballots(edition.id)}

    assert set(found) == {BallotState.CLOSED, BallotState.OPEN}
    assert ballots.find_minutes(found[BallotState.CLOSED].id) is not None
    assert Counter(item.outcome for item in ballots.list_items(found[BallotState.CLOSED].id)) == {
        Outcome.APPROVED: 3,
        Outcome.NOT_APPROVED: 1,
    }
    assert set(db.session.scalars(select(BallotVoter.channel))) == set(Channel)


@pytest.mark.parametrize("email", [members.CHAIR, members.MEMBER])
def test_a_member_who_signs_in_has_sheets_to_finish_and_a_vote_to_give(edition, email):
    account = accounts.find_account_by_email(email)
    live = [each for each in ballots.list_ballots(edition.id) if each.state is BallotState.OPEN]
    open_round = ballots.find_open_round(live[0].id)

    unfinished = db.session.scalars(
        select(Sheet.state)
        .join(Nomination, Nomination.id == Sheet.nomination_id)
        .where(
            Sheet.account_id == account.id,
            Sheet.state == SheetState.OPEN,
            Nomination.state == State.ADMITTED,
        )
    )
    voted = {voter.account_id for voter in ballots.list_voters([open_round.id])}

    assert (len(list(unfinished)), account.id in voted) == (1, False)


def test_a_member_has_a_dossier_to_declare_on(edition):
    account = accounts.find_account_by_email(members.MEMBER)
    today = councils.today_of(edition.id, make.NOW)

    assert len(councils.list_undeclared(account.id, edition.id, today)) == 1


def test_the_places_of_the_sample_department_are_used_up_and_two_drafts_wait(app, edition):
    (line,) = nominations.list_lines(edition.id, [places.sample_agency(make.NOW)])

    assert [(room.used, room.most) for _, room in line.rooms] == [(6, 6)]
    assert len(line.waiting) == 2


def test_the_sign_ins_are_named_with_their_passwords(app, edition):
    listed = [(role, email) for role, email, _ in load.list_sign_ins(app.extensions["dxday_settings"])]

    everybody = (*people.SIGN_INS, people.COORDINATOR, *people.MEMBERS)
    assert listed == [(role.value, email) for role, email, _ in everybody]


def test_the_trail_of_it_all_is_whole(edition):
    assert (audit.find_broken_link(), audit.count_entries() > 400) == (None, True)
