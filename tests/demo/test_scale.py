"""Bulk data: as much as was asked for, beside what is there, without breaking what the database guards."""

import pytest
from sqlalchemy import func, select

from dxday.awards.models import Award
from dxday.db import db
from dxday.demo import scale
from dxday.notifications.models import Message
from dxday.programme.models import Placement, Session
from dxday.registration.models import Registration, SeatPool
from tests import make


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.fixture
def edition(app):
    edition = make.edition()
    for _ in range(3):
        make.site(edition)
    make.category(make.scheme(edition))
    make.account()
    db.session.commit()
    return edition


def test_as_much_is_made_as_was_asked_for_and_once_more_adds_as_much(edition):
    for _ in range(2):
        made = scale.scale(edition, sessions=30, registrations=50, awards=7, mail=True, now=make.NOW)
        assert made.as_dict() == {"sessions": 30, "registrations": 50, "awards": 7, "messages": 50}

    assert [count(model) for model in (Session, Registration, Award, Message)] == [60, 100, 14, 100]


def test_some_sessions_are_received_everywhere(edition):
    scale.scale(edition, sessions=21, registrations=0, awards=0, mail=False, now=make.NOW)

    assert count(Placement) == 21 + 2 * 2


def test_seats_are_neither_lost_nor_oversold(edition):
    scale.scale(edition, sessions=0, registrations=40, awards=0, mail=False, now=make.NOW)

    pools = db.session.execute(select(func.sum(SeatPool.taken), func.sum(SeatPool.capacity))).one()
    assert (tuple(pools), count(Registration)) == ((40, 40), 40)


def test_a_session_added_afterwards_gets_a_number_of_its_own(edition):
    scale.scale(edition, sessions=5, registrations=0, awards=0, mail=False, now=make.NOW)

    make.session(edition)

    assert count(Session) == 6


def test_an_edition_without_sites_is_refused_in_words(app):
    with pytest.raises(scale.NothingToScale):
        scale.scale(make.edition(), sessions=1, registrations=0, awards=0, mail=False, now=make.NOW)
