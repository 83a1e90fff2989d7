"""Text messages out of the outbox, to a real gateway on the loopback."""

import json
from dataclasses import replace

import pytest

from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.notifications.jobs import sending
from dxday.notifications.rules import Channel
from tests import make
from tests.receiver import DROP, Reply, open_receiver

TEXT = "Dear Sample,\n\nyour place is at Vinh.\n\nhttps://day.example/my/registration/abc\n"


@pytest.fixture
def gateway(app, monkeypatch):
    with open_receiver() as opened:
        opened.usual = Reply(202)
        url = opened.url.replace("http://", "http://:token@")
        settings = replace(app.extensions["dxday_settings"], sms_url=url)
        monkeypatch.setitem(app.extensions, "dxday_settings", settings)
        yield opened


@pytest.fixture
def message(app):
    return make.message(
        make.edition(),
        channel=Channel.SMS,
        to_address="+84912345678",
        subject="Your place tomorrow",
        text=TEXT,
    )


def send(message) -> Carriage | None:
    db.session.commit()
    outcome = sending.send_message(message.id, make.NOW)
    db.session.expire_all()
    return outcome


def test_a_text_message_leaves_as_subject_and_address(message, gateway):
    assert send(message) is Carriage.DONE

    sent = json.loads(gateway.taken[0].body)
    assert sent == {
        "to": "+84912345678",
        "text": "Your place tomorrow https://day.example/my/registration/abc",
        "reference": message.message_id,
    }
    assert gateway.taken[0].headers["idempotency-key"] == sent["reference"]


@pytest.mark.parametrize(
    ("reply", "carriage"),
    [
        (Reply(422, body=b"no such number"), Carriage.FAILED),
        (Reply(503), Carriage.QUEUED),
        (DROP, Carriage.UNKNOWN),
    ],
)
def test_what_becomes_of_one_that_was_not_taken(message, gateway, reply, carriage):
    gateway.usual = reply

    assert (send(message), send(message), len(gateway.taken)) == (carriage, None, 1)
    assert message.error != ""


def test_a_number_that_is_none_fails_and_nothing_leaves(message, gateway):
    message.to_address = "0912345678"

    assert (send(message), gateway.taken) == (Carriage.FAILED, [])


def test_without_a_gateway_a_text_message_fails_and_says_why(message):
    assert send(message) is Carriage.FAILED
    assert message.error == "no gateway for text messages is set (SMS_URL)"
