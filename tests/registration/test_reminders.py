"""The day-before reminder: who gets it, when, and never twice."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dxday.db import db
from dxday.notifications.models import Message
from dxday.programme.rules import SessionState
from dxday.registration import jobs, letters, rules
from dxday.registration.queries import find_pool_of
from dxday.registration.queries import list_reminders_due as due_now
from dxday.registration.rules import RegistrationState
from tests import make

DAY = make.TODAY + timedelta(days=40)


def at(clock, day=DAY):
    return make.at(f"{day} {clock}")


def place_at(site, registered=make.NOW, **given):
    return make.registration(make.pool(site), created_at=registered, **given)


def opened_at(edition, clock, **given):
    """Return a site with a published session at that time of the edition's day."""
    site = make.site(edition)
    make.placement(
        make.session(edition, **given), make.room(site), starts_at=f"{DAY} {clock}", ends_at=f"{DAY} 17:00"
    )
    return site


def reminded():
    return db.session.scalars(
        select(Message.to_address).where(Message.kind == letters.REMINDER.kind).order_by(Message.id)
    ).all()


@pytest.mark.parametrize(
    ("before", "due"),
    [
        (timedelta(hours=24, seconds=1), False),
        (timedelta(hours=24), True),
        (timedelta(minutes=1), True),
        (timedelta(0), False),
    ],
)
def test_a_reminder_is_due_from_a_day_before_the_beginning_until_it(before, due):
    starts = datetime.fromisoformat("2026-10-10T08:00+07:00")

    assert rules.is_reminder_due(starts, starts - timedelta(days=9), starts - before) is due


def test_who_registered_within_the_last_day_is_not_reminded():
    starts = datetime.fromisoformat("2026-10-10T08:00+07:00")

    assert rules.is_reminder_due(starts, starts - timedelta(hours=23), starts - timedelta(hours=1)) is False


def test_the_day_before_everybody_who_holds_a_place_gets_one_letter(app):
    edition = make.edition()
    site = opened_at(edition, "09:00")
    held = place_at(site, email="held@example.org")
    make.registration(
        find_pool_of(site.id, rules.SeatMode.ON_SITE),
        email="gone@example.org",
        state=RegistrationState.CANCELLED,
    )
    place_at(make.site(make.edition(starts_on=DAY + timedelta(days=9), ends_on=DAY + timedelta(days=9))))
    db.session.commit()

    queued = [
        jobs.queue_reminders(at(clock, DAY - timedelta(days=1))) for clock in ("08:59", "09:00", "09:01")
    ]

    message = db.session.scalars(select(Message)).one()
    assert (queued, reminded()) == ([0, 1, 0], ["held@example.org"])
    assert message.key == f"registration-reminder:{held.id}:{int(at('09:00').timestamp())}"
    assert "09:00" in message.subject


def test_each_site_is_reminded_of_its_own_first_published_session(app):
    edition = make.edition()
    early, late = opened_at(edition, "07:00"), opened_at(edition, "13:00")
    make.placement(
        make.session(edition, state=SessionState.DRAFT),
        make.room(late),
        starts_at=f"{DAY} 06:00",
        ends_at=f"{DAY} 06:30",
    )
    place_at(early, email="early@example.org")
    place_at(late, email="late@example.org")
    db.session.commit()

    jobs.queue_reminders(at("07:30", DAY - timedelta(days=1)))
    first = reminded()
    jobs.queue_reminders(at("13:30", DAY - timedelta(days=1)))

    assert (first, reminded()) == (["early@example.org"], ["early@example.org", "late@example.org"])


def test_without_a_programme_the_first_day_counts_from_eight(app):
    edition = make.edition()
    place_at(make.site(edition))
    db.session.commit()

    queued = [jobs.queue_reminders(at(clock, DAY - timedelta(days=1))) for clock in ("07:59", "08:00")]

    assert queued == [0, 1]


def test_nobody_is_reminded_of_what_began_already_or_of_what_they_just_registered_for(app):
    edition = make.edition()
    place_at(opened_at(edition, "07:00"))
    place_at(opened_at(edition, "12:00"), registered=at("13:00", DAY - timedelta(days=1)))
    db.session.commit()

    queued = jobs.queue_reminders(at("08:00"))

    assert queued == 0


def test_a_moved_beginning_is_told_once_more(app):
    edition = make.edition()
    site = make.site(edition)
    placement = make.placement(make.session(edition), make.room(site))
    place_at(site)
    db.session.commit()
    now = at("08:00", DAY - timedelta(days=1))
    queued = [jobs.queue_reminders(now)]
    placement.starts_at, placement.ends_at = at("07:00"), at("07:30")
    db.session.commit()

    queued += [jobs.queue_reminders(now), jobs.queue_reminders(now)]

    assert queued == [1, 1, 0]


def test_more_places_than_one_batch_are_all_reminded(app, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    pool = make.pool(make.site(make.edition()))
    for _ in range(5):
        make.registration(pool)
    db.session.commit()

    queued = jobs.queue_reminders(at("09:00", DAY - timedelta(days=1)))

    assert (queued, len(reminded())) == (5, 5)


@pytest.mark.parametrize("sites", [1, 3])
def test_who_is_due_is_read_in_the_same_few_statements_whatever_the_number(app, queries, sites):
    edition = make.edition()
    for _ in range(sites):
        place_at(opened_at(edition, "08:00"))
    db.session.commit()
    db.session.expire_all()
    db.session.connection()  # the savepoint of the test itself is not counted

    with queries() as counted:
        due = due_now(at("09:00", DAY - timedelta(days=1)))

    assert (len(due), counted.total) == (sites, 4)
