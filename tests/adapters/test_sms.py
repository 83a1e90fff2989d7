"""Text messages: worded to fit, and handed to a real gateway on the loopback."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.adapters import sms
from dxday.adapters.mail import MailRefused, MailUnavailable, MailUnknown
from tests.receiver import DROP, HANG, Reply, open_receiver

TO = "+84912345678"
REFERENCE = "<0123abcd@dxday.example>"
URL = "https://day.example/my/registration/abc"


@pytest.fixture
def gateway():
    with open_receiver() as opened:
        opened.usual = Reply(202)
        yield opened


def carrier_to(gateway, more: str = "") -> sms.SmsCarrier:
    return sms.open_sms(gateway.url.replace("http://", "http://:t0ken%2B@") + more)


# Handing over ---------------------------------------------------------------------------------------------------------


def test_a_message_is_handed_over_with_token_and_reference(gateway):
    carrier = carrier_to(gateway, "?sender=DXDay")

    carrier.send(TO, "Ngày mai gặp nhau", REFERENCE)

    taken = gateway.taken[0]
    assert (taken.path, json.loads(taken.body)) == (
        "/hooks?sender=DXDay",
        {"to": TO, "text": "Ngày mai gặp nhau", "reference": REFERENCE},
    )
    assert (taken.headers["authorization"], taken.headers["idempotency-key"]) == ("Bearer t0ken+", REFERENCE)
    assert "t0ken" not in repr(carrier)


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_message_that_the_gateway_cannot_take_is_refused_for_good(gateway, status):
    gateway.usual = Reply(status, body=b'{"error": "no such\nnumber"}')

    with pytest.raises(MailRefused) as refused:
        carrier_to(gateway).send(TO, "x", REFERENCE)

    assert (refused.value.permanent, refused.value.code) == (True, status)
    assert refused.value.reply == '{"error": "no such number"}'


@pytest.mark.parametrize("status", [301, 401, 403, 408, 409, 429, 500, 503])
def test_a_gateway_that_cannot_now_is_unavailable(gateway, status):
    gateway.usual = Reply(status, {"Location": "/elsewhere"} if status == 301 else {}, b"no money left")

    with pytest.raises(MailUnavailable) as refused:
        carrier_to(gateway).send(TO, "x", REFERENCE)

    assert str(refused.value) == f"the gateway answered {status} no money left"
    assert len(gateway.taken) == 1


def test_no_gateway_is_unavailable():
    with pytest.raises(MailUnavailable) as refused:
        sms.open_sms("http://:secret@127.0.0.1:9999/messages").send(TO, "x", REFERENCE)

    assert str(refused.value) == "cannot reach 127.0.0.1:9999: Connection refused"


@pytest.mark.parametrize("reply", [DROP, HANG])
def test_what_left_and_was_not_answered_is_unknown(gateway, reply, monkeypatch):
    gateway.usual = reply
    monkeypatch.setattr(sms, "PATIENCE", 0.5)

    with pytest.raises(MailUnknown):
        carrier_to(gateway).send(TO, "x", REFERENCE)

    assert len(gateway.taken) == 1


@pytest.mark.parametrize(
    "to", ["0912345678", "+0912345678", "84912345678", "", "+84912345678\r\nX: y", "+8491234567812345"]
)
def test_what_is_no_number_is_not_handed_over(gateway, to):
    with pytest.raises(ValueError, match="is no telephone number"):
        carrier_to(gateway).send(to, "x", REFERENCE)

    assert gateway.taken == []


def test_a_reference_with_a_line_break_is_not_handed_over(gateway):
    with pytest.raises(ValueError, match="is no reference"):
        carrier_to(gateway).send(TO, "x", "<a@b>\r\nX-Other: y")

    assert gateway.taken == []


@pytest.mark.parametrize(
    "url",
    [
        "smtp://gateway.example",
        "https://",
        "https://user:hidden@gateway.example/",
        "https://:hidden token@gateway.example/",
        "https://:hidden%0A@gateway.example/",
        "https://:hidden@gateway.example:x/",
        "",
    ],
)
def test_a_setting_that_is_no_gateway_is_refused_without_showing_the_token(url):
    with pytest.raises(ValueError, match=r"gateway|token") as refused:
        sms.open_sms(url)

    assert "hidden" not in str(refused.value)


# Wording --------------------------------------------------------------------------------------------------------------


def test_a_text_message_is_the_subject_and_the_address():
    assert sms.compose_text("Your place tomorrow", "Dear …", URL) == f"Your place tomorrow {URL}"


def test_without_an_address_the_first_one_in_the_letter_is_taken():
    text = f"Dear Sample,\n\nsee you (at {URL}). Or https://other.example."

    assert sms.compose_text("Your place", text) == f"Your place {URL}"


def test_without_a_subject_the_first_line_is_taken():
    assert sms.compose_text(" ", "\nFirst line\nSecond line") == "First line"


def test_what_only_looks_different_is_written_plainly():
    assert sms.compose_text("“Sample” – it’s on…", "") == '"Sample" - it\'s on...'


def test_a_long_vietnamese_subject_is_cut_between_two_words_and_the_address_stays():
    subject = "Ngày mai: " + "hội nghị chuyển đổi số " * 20

    text = sms.compose_text(subject, "", URL)

    words, _, link = text.rpartition(" ")
    assert (link, len(text) <= sms.LONGEST, len(text) > sms.LONGEST - 10) == (URL, True, True)
    assert words.endswith("...")
    assert subject.startswith(words.removesuffix("..."))
    assert subject[len(words) - 3] == " "


def test_an_address_that_leaves_no_room_for_words_is_left_out():
    assert sms.compose_text("Words", "", "https://day.example/" + "x" * 200) == "Words"


@pytest.mark.parametrize(
    ("text", "units", "parts"),
    [
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("€" * 80, 160, 1),
        ("a" * 306, 306, 2),
        ("ế" * 70, 70, 1),
        ("ế" * 71, 71, 2),
        ("à" * 160, 160, 1),
        ("🙂" * 35, 70, 1),
        ("🙂" * 36, 72, 2),
    ],
)
def test_length_is_counted_as_the_network_does(text, units, parts):
    assert (sms.count_units(text), sms.count_parts(text)) == (units, parts)


@given(st.text(max_size=500), st.text(max_size=500), st.sampled_from([None, URL]))
def test_whatever_the_letter_the_text_fits_and_is_one_line(subject, text, url):
    composed = sms.compose_text(subject, text, url)

    assert sms.count_units(composed) <= sms.LONGEST
    assert "\n" not in composed
    assert url is None or composed.endswith(url)
