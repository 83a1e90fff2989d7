"""Sending one message: claimed, handed over outside any transaction, and what became of it written down."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.accounts.letters import SIGN_IN_LINK
from dxday.adapters import mail
from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.notifications.jobs import sending as jobs
from dxday.notifications import services
from dxday.notifications.models import Message
from tests import make
from tests.post_office import open_post_office


@pytest.fixture
def office(app, monkeypatch):
    with open_post_office() as office:
        settings = replace(app.extensions["dxday_settings"], smtp_url=office.url)
        monkeypatch.setitem(app.extensions, "dxday_settings", settings)
        yield office


def queued(**given):
    """A message in the outbox; its id."""
    services.enqueue(
        SIGN_IN_LINK,
        key=f"link:{make.number()}",
        now=make.NOW,
        **(
            {
                "to_address": "a@example.org",
                "to_name": "Mẫu",
                "locale": "vi",
                "url": "https://dxday.example/x",
            }
            | given
        ),
    )
    db.session.commit()
    return db.session.scalars(select(Message.id).order_by(Message.id.desc()).limit(1)).one()


def row(row_id):
    return db.session.get(Message, row_id, populate_existing=True)


def test_a_message_leaves_once_with_its_own_id(office):
    row_id = queued()

    outcomes = [jobs.send_message(row_id, make.NOW), jobs.send_message(row_id, make.NOW)]

    assert outcomes == [Carriage.DONE, None]
    assert office.taken == [row(row_id).message_id]
    assert (row(row_id).carriage, row(row_id).sent_at) == (Carriage.DONE, make.NOW)


def test_nothing_is_held_in_the_database_while_the_server_is_talked_to(office, monkeypatch):
    seen = []
    plain = mail.SmtpCarrier.send
    monkeypatch.setattr(
        mail.SmtpCarrier,
        "send",
        lambda self, message: seen.append(db.session().in_transaction()) or plain(self, message),
    )

    jobs.send_message(queued(), make.NOW)

    assert seen == [False]


@pytest.mark.parametrize(
    ("answer", "state", "wait"),
    [
        ("451 try later", Carriage.QUEUED, timedelta(minutes=1)),
        ("452 mailbox full", Carriage.QUEUED, timedelta(minutes=1)),
        ("550 no such person", Carriage.FAILED, None),
        ("554 not wanted", Carriage.FAILED, None),
    ],
)
def test_a_no_for_now_is_tried_later_and_a_no_for_good_is_not(office, answer, state, wait):
    office.answers = [answer]
    row_id = queued()

    outcome = jobs.send_message(row_id, make.NOW)

    assert (outcome, row(row_id).carriage, row(row_id).error) == (state, state, answer)
    assert row(row_id).due_at == (make.NOW + wait if wait else None)
    assert (row(row_id).sent_at, office.taken) == (None, [])


def test_what_is_put_off_leaves_when_its_time_has_come(office):
    office.answers = ["451 try later"]
    row_id = queued()
    jobs.send_message(row_id, make.NOW)

    outcomes = [jobs.send_message(row_id, make.NOW + timedelta(seconds=s)) for s in (59, 60)]

    assert outcomes == [None, Carriage.DONE]
    assert (row(row_id).tries, row(row_id).error, len(office.taken)) == (2, None, 1)


def test_after_the_last_wait_a_message_has_failed(office):
    row_id = queued()
    now, outcomes = make.NOW, []
    while not outcomes or outcomes[-1] is Carriage.QUEUED:
        office.answers = ["451 try later"]
        outcomes.append(jobs.send_message(row_id, now))
        now = row(row_id).due_at or now

    assert outcomes == [Carriage.QUEUED] * 5 + [Carriage.FAILED]


def test_a_line_that_drops_after_the_message_leaves_it_unknown_and_it_is_not_sent_again(office):
    office.hang_up = True
    row_id = queued()

    outcome = jobs.send_message(row_id, make.NOW)

    assert (outcome, row(row_id).carriage) == (Carriage.UNKNOWN, Carriage.UNKNOWN)
    assert jobs.hand_out_messages(make.NOW + timedelta(days=9)) == []


def test_a_server_that_is_not_there_puts_the_message_off(app, monkeypatch):
    settings = replace(app.extensions["dxday_settings"], smtp_url="smtp://127.0.0.1:1?timeout=1")
    monkeypatch.setitem(app.extensions, "dxday_settings", settings)
    row_id = queued()

    outcome = jobs.send_message(row_id, make.NOW)

    assert (outcome, row(row_id).due_at) == (Carriage.QUEUED, make.NOW + timedelta(minutes=1))


def test_what_cannot_be_written_as_a_message_has_failed_with_the_reason(office):
    row_id = queued(to_address="no address")

    outcome = jobs.send_message(row_id, make.NOW)

    assert (outcome, row(row_id).error) == (Carriage.FAILED, "'no address' is no mail address")


def test_without_a_server_the_letter_lies_in_the_mailbox(app):
    row_id = queued()
    settings = app.extensions["dxday_settings"]

    jobs.send_message(row_id, make.NOW)

    letter = mail.read_mailbox(settings.mailbox)[0]
    assert (letter.to, letter.subject) == ("Mẫu <a@example.org>", row(row_id).subject)


def test_due_messages_are_handed_out_once(app):
    row_id = queued()

    assert [jobs.hand_out_messages(make.NOW) for _ in range(2)] == [[row_id], []]


def test_what_a_dead_worker_held_becomes_unknown(office, monkeypatch):
    monkeypatch.setattr(mail.SmtpCarrier, "send", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    row_id = queued()
    with pytest.raises(KeyboardInterrupt):
        jobs.send_message(row_id, make.NOW)

    released = [jobs.release_messages(make.NOW + timedelta(minutes=m)) for m in (1, 3)]

    assert (released, row(row_id).carriage) == ([0, 1], Carriage.UNKNOWN)
