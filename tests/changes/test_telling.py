"""Telling many: in small transactions, going on after a clock that died, and never twice by two clocks."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.changes import jobs, plans, queries, rules, services
from dxday.db import db, transaction
from dxday.notifications.models import Message
from dxday.registration.models import Registration
from tests import make
from tests.changes import scene
from tests.changes.scene import FIRST_DAY, NOW, REASON
from tests.conftest import on_both

PEOPLE = 2 * rules.BATCH + 50
"""Three transactions."""


@pytest.fixture
def postponed(own_app):
    """An edition with many places that was just postponed; the id of its notice."""
    with own_app.app_context():
        with transaction():
            here = scene.scene()
            pool = make.pool(here.main, capacity=PEOPLE)
            for number in range(PEOPLE):
                make.registration(pool, email=f"p{number}@example.org", created_at=NOW - timedelta(days=1))
            scene.part(here.opening, make.person(email="speaker@example.org"))
            scene.part(here.opening, make.person(email="p7@example.org"))
        with transaction():
            first_day = FIRST_DAY + timedelta(days=7)
            seen = plans.edition_postponed(here.edition, first_day, now=NOW).fingerprint
            notice = services.postpone_edition(
                here.edition,
                first_day=first_day,
                reason=REASON,
                seen=seen,
                sure=True,
                actor=make.actor(),
                now=NOW,
            )
        return notice.id


def letters(own_app):
    """Return how often each address was written to, and the sequences of all calendars."""
    with own_app.app_context():
        return (
            Counter(db.session.scalars(select(Message.to_address))),
            set(db.session.scalars(select(Registration.calendar_sequence))),
        )


@on_both
def test_a_clock_that_dies_in_the_middle_leaves_whole_letters_and_the_next_goes_on(
    own_app, postponed, monkeypatch
):
    tell_places, calls = services.tell_places, []

    def dies_in_the_third_batch(story, **given):
        calls.append(given)
        told = tell_places(story, **given)
        if len(calls) == 3:
            raise KeyboardInterrupt("killed before the commit")
        return told

    monkeypatch.setattr(services, "tell_places", dies_in_the_third_batch)
    with own_app.app_context(), pytest.raises(KeyboardInterrupt):
        jobs.tell_changes(NOW)
    monkeypatch.undo()
    half, _ = letters(own_app)
    with own_app.app_context():
        left = queries.count_to_tell(db.session.get_one(scene.Notice, postponed))
        told = jobs.tell_changes(NOW)
        notice = db.session.get_one(scene.Notice, postponed, populate_existing=True)
        done = (notice.told, notice.told_at)

    whole, sequences = letters(own_app)
    assert (half.total(), left, told) == (2 * rules.BATCH, 51, 51)
    assert (set(whole.values()), whole.total(), sequences) == ({1}, PEOPLE + 1, {1})
    assert done == (PEOPLE + 1, NOW)


@on_both
def test_two_clocks_at_once_write_each_letter_once(own_app, postponed):
    start = threading.Barrier(2)

    def run(_number):
        with own_app.app_context():
            start.wait(timeout=10)
            return jobs.tell_changes(NOW)

    with ThreadPoolExecutor(2) as threads:
        counts = list(threads.map(run, range(2)))

    whole, sequences = letters(own_app)
    assert (set(whole.values()), whole.total(), sum(counts), sequences) == ({1}, PEOPLE + 1, PEOPLE + 1, {1})


@on_both
def test_two_clocks_at_once_gather_one_notice(own_app):
    with own_app.app_context(), transaction():
        here = scene.scene()
        scene.place(here)
        here.move(here.talk, "10:00", "11:00")
    start = threading.Barrier(2)

    def run(_number):
        with own_app.app_context():
            start.wait(timeout=10)
            return jobs.tell_changes(scene.LATER)

    with ThreadPoolExecutor(2) as threads:
        counts = list(threads.map(run, range(2)))

    with own_app.app_context():
        assert (sum(counts), len(scene.notices()), len(scene.letters())) == (1, 1, 1)


def test_one_letter_that_cannot_be_written_holds_up_no_other_and_is_seen(app):
    here = scene.scene()
    scene.place(here, email="first@example.org")
    poison = scene.place(here, email='"no address"@example.org')  # no calendar can name it
    scene.place(here, email="last@example.org")
    here.move(here.talk, "10:00", "11:00")

    with pytest.raises(jobs.NotAllTold, match="1 letters"):
        scene.tell()
    first = [address for _, address in scene.told()]
    poison.email = "mended@example.org"
    told = scene.tell()

    assert first == ["first@example.org", "last@example.org"]
    assert (told, scene.told()[-1][1], scene.notices()[0].told) == (1, "mended@example.org", 3)


def test_a_notice_that_reaches_nobody_is_done_at_once(app):
    here = scene.scene()
    here.move(here.talk, "10:00", "11:00")

    assert (scene.tell(), scene.notices()[0].told_at) == (0, scene.LATER)
