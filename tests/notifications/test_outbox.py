"""The outbox: one row for each occasion, worded at once in the reader's language."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday import leases
from dxday.accounts.letters import SIGN_IN_LINK
from dxday.audit.models import AuditEntry
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.notifications import addresses, queries, rules, services
from dxday.notifications.models import Message
from tests import make


def link(key="link:1", **given):
    return services.enqueue(
        SIGN_IN_LINK,
        key=key,
        now=make.NOW,
        **(
            {
                "to_address": "a@example.org",
                "to_name": "Mẫu",
                "locale": "en",
                "url": "https://dxday.example/x",
            }
            | given
        ),
    )


def message(**given):
    """A message in the outbox of an edition."""
    edition = given.pop("edition", None) or make.edition()
    link(f"link:{make.number()}", edition=edition)
    made = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
    for name, value in given.items():
        setattr(made, name, value)
    db.session.flush()
    return made


def test_the_same_occasion_never_makes_two_messages_and_spoils_nothing(app):
    made = [link("a"), link("a", to_address="b@example.org"), link("b")]

    rows = db.session.execute(select(Message.key, Message.to_address).order_by(Message.id)).all()
    assert (made, rows) == ([True, False, True], [("a", "a@example.org"), ("b", "a@example.org")])


def test_a_message_waits_with_an_id_of_its_own_that_stays(app):
    link("a")
    link("b")

    one, other = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert (one.carriage, one.tries, one.due_at, one.created_at) == (Carriage.QUEUED, 0, None, make.NOW)
    assert one.message_id != other.message_id
    assert one.message_id.endswith("@dxday.example>")


@pytest.mark.parametrize(
    ("base", "served", "host", "expected"),
    [
        ("https://dxday.example", "http://127.0.0.1:9000", "http://here:1", "https://dxday.example/v"),
        (None, "http://127.0.0.1:9000", "http://localhost:1", "http://localhost:1/v"),
        (None, "http://127.0.0.1:9000", "http://[::1]:1", "http://[::1]:1/v"),
        (None, "http://127.0.0.1:9000", None, "http://127.0.0.1:9000/v"),
        (None, None, None, "http://127.0.0.1:8000/v"),
    ],
)
def test_addresses_in_letters_are_whole(app, monkeypatch, base, served, host, expected):
    from dataclasses import replace

    monkeypatch.setitem(
        app.extensions, "dxday_settings", replace(app.extensions["dxday_settings"], base_url=base)
    )
    monkeypatch.setitem(app.config, "SERVED_AT", served)

    if host:
        with app.test_request_context("/", base_url=host):
            found = addresses.address("certificates_public.check_form")
    else:
        found = addresses.address("certificates_public.check_form")

    assert found == expected


def test_a_message_is_handed_out_once_a_minute_until_somebody_takes_it(app):
    row = message()
    later = make.NOW + timedelta(seconds=61)

    handed = [leases.hand_out(Message, now=at) for at in (make.NOW, make.NOW + timedelta(seconds=30), later)]

    assert handed == [[row.id], [], [row.id]]


def test_of_two_who_claim_a_message_one_gets_it(app):
    row = message()

    claimed = [leases.claim(Message, row.id, now=make.NOW) for _ in range(2)]

    assert [found and found.id for found in claimed] == [row.id, None]
    assert (row.carriage, row.tries) == (Carriage.CLAIMED, 1)


def test_a_message_that_is_put_off_cannot_be_claimed_before_its_time(app):
    row = message(due_at=make.NOW + timedelta(minutes=5))

    assert leases.claim(Message, row.id, now=make.NOW) is None
    assert leases.hand_out(Message, now=make.NOW) == []


def test_what_a_dead_worker_held_becomes_unknown_and_is_not_handed_out_again(app):
    row = message()
    leases.claim(Message, row.id, now=make.NOW)

    early = leases.release_expired(Message, to=Carriage.UNKNOWN, now=make.NOW + leases.LEASE)
    late = leases.release_expired(Message, to=Carriage.UNKNOWN, now=make.NOW + leases.LEASE * 2)
    db.session.refresh(row)

    assert (early, late, row.carriage) == (0, 1, Carriage.UNKNOWN)
    assert leases.hand_out(Message, now=make.NOW + timedelta(days=1)) == []


def test_a_worker_that_was_only_slow_still_settles_what_became_unknown(app):
    row = message()
    leases.claim(Message, row.id, now=make.NOW)
    db.session.expunge(row)  # the slow worker's own copy
    leases.release_expired(Message, to=Carriage.UNKNOWN, now=make.NOW + leases.LEASE * 2)

    settled = leases.settle(row, to=Carriage.DONE)

    assert (settled, db.session.get(Message, row.id).carriage) == (True, Carriage.DONE)


def test_a_worker_whose_lease_went_to_another_records_nothing(app):
    row = message()
    leases.claim(Message, row.id, now=make.NOW)
    db.session.expunge(row)
    leases.release_expired(Message, to=Carriage.QUEUED, now=make.NOW + leases.LEASE * 2)
    leases.claim(Message, row.id, now=make.NOW + leases.LEASE * 3)

    settled = leases.settle(row, to=Carriage.DONE)

    assert (settled, db.session.get(Message, row.id).carriage) == (False, Carriage.CLAIMED)


@pytest.mark.parametrize("state", [Carriage.FAILED, Carriage.UNKNOWN])
def test_a_person_lets_a_message_be_tried_again_and_leaves_their_name(app, state):
    row = message(carriage=state, tries=5, error="550 no")

    services.send_again(row, actor=make.actor(), now=make.NOW)
    db.session.refresh(row)
    db.session.commit()

    entry = db.session.scalars(select(AuditEntry)).one()
    assert (row.carriage, row.tries, row.error) == (Carriage.QUEUED, 0, None)
    assert (entry.action, entry.actor_label, entry.facts) == (
        "message.sent_again",
        "Thử Nghiệm",
        {"kind": "sign_in_link", "was": state.value},
    )


@pytest.mark.parametrize("state", [Carriage.QUEUED, Carriage.CLAIMED, Carriage.DONE])
def test_what_arrived_or_is_on_its_way_is_not_sent_again(app, state):
    with pytest.raises(rules.NotToSendAgain):
        services.send_again(message(carriage=state), actor=make.actor(), now=make.NOW)


def test_a_message_of_another_edition_is_not_found(app):
    row = message()

    with pytest.raises(NotFound):
        queries.get_message(make.edition().id, row.id)


@pytest.mark.parametrize(
    ("tries", "minutes"), [(1, 1), (2, 5), (3, 30), (4, 120), (5, 480), (6, None), (0, None)]
)
def test_the_wait_grows_with_each_try_until_it_is_enough(tries, minutes):
    assert rules.wait_after(tries) == (None if minutes is None else timedelta(minutes=minutes))
