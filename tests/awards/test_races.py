"""Two people at once: one is first, the other is told so, and nothing is left half done."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from dxday import db as database
from dxday.accounts import queries as accounts
from dxday.accounts.models import Organisation
from dxday.awards import rules
from dxday.awards.models import Award, Decision
from dxday.core.errors import Refusal
from dxday.core.permissions import Role
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import rules as nomination_rules
from dxday.nominations import services as nominations
from dxday.nominations.models import Nomination
from dxday.schemes.models import Category
from tests import make
from tests.awards.conftest import Council, new_council
from tests.conftest import on_both


def at_once(app, *acts):
    """Do the acts at the same moment, each in a transaction of its own; return what each gave or raised."""
    barrier = Barrier(len(acts))

    def run(act):
        with app.app_context():
            try:
                prepared = act()
                barrier.wait(timeout=20)
                with database.transaction():
                    return prepared()
            except Refusal as refusal:
                return type(refusal)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def before(own_app):
    """A council with two nominations, committed."""
    with own_app.app_context():
        council = new_council()
        ids = [council.nomination().id for _ in range(2)]
        secretary = council.secretary
        edition_id, category_id = council.edition.id, council.category.id
        db.session.commit()
    return edition_id, category_id, secretary, ids


def recording(before, order, number):
    """The act of one secretary, who has opened the page already."""
    edition_id, category_id, secretary, ids = before

    def prepare():
        edition = db.session.get(Edition, edition_id)
        council = Council(edition, db.session.get(Category, category_id), None)
        chosen = [db.session.get(Nomination, ids[index]) for index in order]
        return lambda: council.record(*chosen, number=number, actor=secretary).number

    return prepare


def counts():
    return tuple(db.session.scalar(select(func.count()).select_from(table)) for table in (Decision, Award))


@on_both
def test_of_two_secretaries_who_honour_the_same_people_the_second_is_refused_whole(own_app, before):
    answers = at_once(own_app, recording(before, (0, 1), "1/QĐ-UBND"), recording(before, (1, 0), "2/QĐ-UBND"))

    assert set(answers) in ({"1/QĐ-UBND", rules.NotSubmitted}, {"2/QĐ-UBND", rules.NotSubmitted})
    with own_app.app_context():
        assert counts() == (1, 2)


@on_both
def test_of_two_decisions_with_one_number_the_second_is_refused_whole(own_app, before):
    answers = at_once(own_app, recording(before, (0,), "1/QĐ-UBND"), recording(before, (1,), "1/QĐ-UBND"))

    assert set(answers) == {"1/QĐ-UBND", rules.DecisionNumberTaken}
    with own_app.app_context():
        assert counts() == (1, 1)
        states = db.session.scalars(select(Nomination.state)).all()
        assert sorted(states) == [nomination_rules.State.AWARDED, nomination_rules.State.SUBMITTED]


@on_both
def test_the_council_declines_while_the_agency_withdraws_and_only_one_happens(own_app, before):
    _, _, secretary, ids = before

    def declining():
        nomination = db.session.get(Nomination, ids[0])
        return lambda: nominations.decline_nomination(nomination, reason="No.", actor=secretary, now=make.NOW)

    def withdrawing():
        nomination = db.session.get(Nomination, ids[0])
        officer = make.actor(
            Role.AGENCY, edition_id=nomination.edition_id, organisation_id=nomination.organisation_id
        )
        return lambda: nominations.withdraw_nomination(nomination, actor=officer, now=make.NOW)

    answers = at_once(own_app, declining, withdrawing)

    assert set(answers) == {None, nomination_rules.MoveNotPossible}


@on_both
def test_a_form_sent_twice_at_once_makes_one_nomination(own_app, before):
    _, category_id, _, _ = before
    guid = uuid4()
    with own_app.app_context():
        agency = make.organisation()
        category = db.session.get(Category, category_id)
        account = make.account(Role.AGENCY, edition_id=category.edition_id, organisation_id=agency.id)
        agency_id, account_id = agency.id, account.id
        db.session.commit()

    def drafting():
        category = db.session.get(Category, category_id)
        agency = db.session.get(Organisation, agency_id)
        officer = accounts.actor_of(accounts.find_account(account_id))
        return lambda: (
            nominations.draft_nomination(
                category, agency, guid=guid, nominee_name="Nguyễn Văn Mẫu", actor=officer, now=make.NOW
            ).code
        )

    answers = at_once(own_app, drafting, drafting)

    assert answers[0] == answers[1]
    with own_app.app_context():
        assert len(db.session.scalars(select(Nomination).where(Nomination.guid == guid)).all()) == 1
