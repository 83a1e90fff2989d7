"""From the trail to deliveries: each event once for each hook that wants it, none forgotten, none twice."""

import threading

import pytest
from sqlalchemy import func, select, update

from dxday.audit import services as audit
from dxday.core.carriage import Carriage
from dxday.db import db, transaction
from dxday.webhooks import jobs, queries, rules, services
from dxday.webhooks.models import Hook, HookDelivery
from tests import make
from tests.conftest import on_both


@pytest.fixture
def edition(app):
    return make.edition()


def note(edition, action="session.released_moved", code="s1", **facts):
    """Write an entry into the trail, as a service does."""
    db.session.commit()
    with transaction():
        audit.record(
            action, subject=code, actor=make.actor(), now=make.NOW, edition_id=edition and edition.id, **facts
        )


def told(hook) -> list[tuple[str, str]]:
    """What waits for the hook: event and code, in the order of the trail."""
    rows = db.session.scalars(
        select(HookDelivery).where(HookDelivery.hook_id == hook.id).order_by(HookDelivery.event_sequence)
    )
    return [(row.event, row.body["data"]["code"]) for row in rows]


def gather() -> int:
    db.session.commit()
    return jobs.gather_events(make.NOW)


def test_each_hook_gets_the_events_that_it_wants_of_its_edition(edition):
    moved = make.hook(edition, events=["session.moved"])
    both = make.hook(edition, events=["session.moved", "registration.confirmed"])
    elsewhere = make.hook(make.edition(), events=["session.moved"])
    note(edition, code="s1")
    note(edition, "registration.confirmed", code="ABC", site="vinh", mode="online")
    note(edition, "nomination.viewed", code="x")
    note(None, "account.added", code="account:1")

    assert gather() == 3

    assert told(moved) == [("session.moved", "s1")]
    assert told(both) == [("session.moved", "s1"), ("registration.confirmed", "ABC")]
    assert told(elsewhere) == []


def test_a_delivery_says_what_the_trail_says_without_what_stays_here(edition):
    hook = make.hook(edition)
    note(
        edition,
        code="s7",
        was="2026-10-10T08:00:00+07:00",
        starts_at="2026-10-10T09:00:00+07:00",
        sites=16,
        reason="somebody wrote this",
    )

    gather()

    delivery = db.session.scalars(select(HookDelivery)).one()
    assert delivery.body == {
        "type": "session.moved",
        "timestamp": make.NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "sequence": delivery.event_sequence,
        "edition": edition.code,
        "data": {
            "code": "s7",
            "was": "2026-10-10T08:00:00+07:00",
            "starts_at": "2026-10-10T09:00:00+07:00",
            "sites": 16,
        },
    }
    assert delivery.webhook_id == f"dx_{hook.guid.hex}_{delivery.event_sequence}"
    assert (delivery.carriage, delivery.tries) == (Carriage.QUEUED, 0)


def test_gathering_again_finds_nothing_more(edition):
    hook = make.hook(edition)
    note(edition)

    assert [gather(), gather()] == [1, 0]
    assert len(told(hook)) == 1


def test_what_was_before_the_hook_is_not_told(edition):
    note(edition, code="before")
    with transaction():
        hook = services.add_hook(
            edition,
            name="Screen",
            url="https://receiver.example/",
            events=["session.moved"],
            reach=jobs.settings.reach(),
            actor=make.actor(),
            now=make.NOW,
        )
    note(edition, code="after")

    gather()

    assert told(hook) == [("session.moved", "after")]


def test_an_event_that_is_chosen_later_is_told_from_then_on(edition):
    hook = make.hook(edition)
    note(edition, "site.cancelled", code="vinh")
    gather()
    hook.events = ["session.moved", "site.cancelled"]
    note(edition, "site.cancelled", code="hue")

    gather()

    assert told(hook) == [("site.cancelled", "hue")]


def test_while_a_hook_is_paused_events_wait_in_the_trail_and_are_told_afterwards(edition):
    hook = make.hook(edition)
    db.session.commit()
    with transaction():
        services.pause_hook(hook.id, edition.id, why=rules.Trouble.BY_HAND, actor=make.actor(), now=make.NOW)
    note(edition, code="meanwhile")
    assert gather() == 0

    db.session.refresh(hook)
    db.session.commit()
    with transaction():
        services.resume_hook(hook, actor=make.actor(), now=make.NOW)

    assert gather() == 1
    assert told(hook) == [("session.moved", "meanwhile")]


def test_a_long_trail_is_read_in_batches_to_its_end(edition, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 3)
    hook = make.hook(edition)
    behind = make.hook(edition)
    for number in range(8):
        note(edition, code=f"s{number}")
        if number == 3:
            db.session.execute(
                update(Hook).where(Hook.id == hook.id).values(read_up_to=queries.end_of_trail())
            )

    assert gather() == 4 + 8

    assert told(hook) == [("session.moved", f"s{number}") for number in range(4, 8)]
    assert told(behind) == [("session.moved", f"s{number}") for number in range(8)]


def test_the_number_of_statements_does_not_grow_with_events_or_hooks(edition, queries):
    counts = []
    for size in (1, 3):
        for number in range(size):
            make.hook(edition)
            note(edition, code=f"{size}.{number}")
        db.session.commit()
        with queries() as counted:
            assert jobs.gather_events(make.NOW) > 0
        counts.append(counted.total)

    assert counts[0] == counts[1]


def test_without_news_one_question_is_asked_and_nothing_is_written(edition, queries):
    make.hook(edition)
    note(edition, "nomination.viewed")
    gather()
    db.session.commit()

    with queries() as counted:
        assert jobs.gather_events(make.NOW) == 0

    assert counted.total == 1


@on_both
def test_two_clocks_at_once_tell_each_event_once(own_app):
    with own_app.app_context():
        edition = make.edition()
        for _ in range(3):
            make.hook(edition)
        for number in range(20):
            note(edition, code=f"s{number}")
        db.session.commit()
    together, found = threading.Barrier(4), []

    def one_clock() -> None:
        with own_app.app_context():
            together.wait()
            found.append(jobs.gather_events(make.NOW))

    clocks = [threading.Thread(target=one_clock) for _ in range(4)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()

    with own_app.app_context():
        jobs.gather_events(make.NOW)
        counts = db.session.execute(
            select(HookDelivery.hook_id, func.count()).group_by(HookDelivery.hook_id)
        ).all()
        assert [count for _, count in counts] == [20, 20, 20]


def test_a_clock_that_has_not_seen_how_far_another_read_doubles_nothing(edition):
    """The net below the lock: the same rows a second time, as if nothing had been noted."""
    hook = make.hook(edition)
    note(edition)
    gather()
    db.session.execute(update(Hook).values(read_up_to=0))
    db.session.commit()

    jobs.gather_events(make.NOW)

    assert len(told(hook)) == 1
