"""Who is reminded of unfinished score sheets."""

from datetime import timedelta

import pytest

from dxday.council.sheets import services
from dxday.db import db
from dxday.reminders import queries
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Unit
from tests import make
from tests.council.sheets import scene as scenes
from tests.council.sheets.scene import acting

DUE = make.NOW + timedelta(days=2)


@pytest.fixture
def scene(app):
    scene = scenes.built()
    services.set_closing(scene.scheme, DUE, actor=acting(scene.secretary), now=make.NOW)
    make.save(
        ReminderRule(
            edition_id=scene.edition.id,
            audience="council_readers",
            moment="scoring_closes",
            name="Thử",
            filters={},
            amount=1,
            unit=Unit.DAYS,
            direction=Direction.BEFORE,
            late_joiners=LateJoiners.SKIP,
            state=RuleState.ON,
            on_since=make.NOW - timedelta(days=9),
            created_at=make.NOW,
            updated_at=make.NOW,
        )
    )
    return scene


def due():
    """Who is due an hour before the closing, with the facts of the letter."""
    db.session.flush()
    slots = queries.find_slots(queries.list_on())
    found = queries.list_due(slots, DUE - timedelta(hours=1), limit=100) if slots else []
    facts = slots[0].audience.facts([one.found for one in found]) if found else []
    return [(one.to_address, fact["sheets"]) for one, fact in zip(found, facts, strict=True)]


def test_members_are_reminded_of_the_sheets_that_are_not_in(scene):
    first, second, third = scene.readers
    one, other = scene.dossier(first, second, third), scene.dossier(first, second, third)
    scene.submit(one, second, 5, 5)
    for nomination in (one, other):
        scene.submit(nomination, third, 5, 5)

    assert sorted(due()) == sorted([(first.email, 2), (second.email, 1)])


def test_nobody_is_reminded_of_what_they_need_not_or_may_not_read(scene):
    declined, barred = scene.readers[:2]
    services.decline_to_read(scene.dossier(declined), reason="Abroad", actor=acting(declined), now=make.NOW)
    scenes.bar(scene.dossier(barred), barred)

    assert due() == []


def test_a_scheme_without_an_end_reminds_nobody(scene):
    scene.dossier(scene.readers[0])
    services.set_closing(scene.scheme, None, actor=acting(scene.secretary), now=make.NOW)

    assert due() == []
