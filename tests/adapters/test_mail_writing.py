"""How a message is written: what a mail program reads back is what was meant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.adapters.mail import Outgoing, compose

AT = datetime(2026, 10, 9, 8, 30, tzinfo=timezone(timedelta(hours=7)))
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"

LETTER = Outgoing(
    message_id="<session-reminder.7@dxday.example>",
    sender="Ngày Chuyển đổi số <no-reply@dxday.example>",
    to_name="Nguyễn Văn Mẫu",
    to_address="mau@example.org",
    subject="Phiên khai mạc bắt đầu lúc 08:00",
    text="Kính gửi ông Nguyễn Văn Mẫu,\n\nHẹn gặp ông ngày 10/10.\n",
)

in_headers = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120)


def written(outgoing: Outgoing) -> EmailMessage:
    message = message_from_bytes(compose(outgoing, AT).as_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def raw(outgoing: Outgoing, header: str) -> str:
    """Return one header as it goes over the line, unfolded."""
    found = [value for name, value in written(outgoing).raw_items() if name == header]
    assert len(found) == 1
    return found[0].replace("\r\n", "").replace("\n", "")


def content(part: EmailMessage) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def words(encoded: str) -> str:
    return str(make_header(decode_header(encoded)))


def test_a_plain_letter_has_one_part_and_every_header_that_is_due():
    message = written(LETTER)

    assert message.get_content_type() == "text/plain"
    assert content(message) == LETTER.text
    assert str(message["Subject"]) == "Phiên khai mạc bắt đầu lúc 08:00"
    assert str(message["From"]) == "Ngày Chuyển đổi số <no-reply@dxday.example>"
    assert str(message["To"]) == "Nguyễn Văn Mẫu <mau@example.org>"
    assert message["Message-ID"] == "<session-reminder.7@dxday.example>"
    assert message["Date"] == "Fri, 09 Oct 2026 08:30:00 +0700"
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_message_id_may_be_given_bare():
    assert written(replace(LETTER, message_id="a.1@x.example"))["Message-ID"] == "<a.1@x.example>"


@given(in_headers)
def test_every_subject_is_read_back_as_it_was(subject):
    letter = replace(LETTER, subject=subject)

    assert words(raw(letter, "Subject")) == " ".join(subject.split())


@given(in_headers)
def test_every_name_is_read_back_as_it_was(name):
    letter = replace(LETTER, to_name=name)

    pairs = [(words(read), address) for read, address in getaddresses([raw(letter, "To")])]

    assert pairs == [(" ".join(name.split()), "mau@example.org")]


@given(in_headers, in_headers)
def test_no_line_is_longer_than_78_and_all_are_ascii(subject, name):
    lines = compose(replace(LETTER, subject=subject, to_name=name), AT).as_bytes().split(b"\r\n")

    assert [line for line in lines if len(line) > 78 and b" " in line.strip()] == []
    assert b"".join(lines).isascii()


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=("Cs",))))
def test_every_text_is_read_back_as_it_was(text):
    message = written(replace(LETTER, text=text))

    assert content(message).rstrip("\n") == text.rstrip("\n")


def test_the_same_letter_is_the_same_bytes_on_every_try():
    letter = replace(LETTER, html="<p>x</p>", calendar=CALENDAR, calendar_method="REQUEST")

    assert compose(letter, AT).as_bytes() == compose(letter, AT).as_bytes()


@pytest.mark.parametrize("field", ["message_id", "sender", "to_name", "to_address", "subject", "reply_to"])
@pytest.mark.parametrize("ending", ["\r\nBcc: x@example.org", "\nBcc: x@example.org", "\rx", "\0", "\u2028"])
def test_a_line_break_in_a_header_is_refused(field, ending):
    before = getattr(LETTER, field) or "a@example.org"

    with pytest.raises(ValueError, match=r"line breaks|Message-ID"):
        compose(replace(LETTER, **{field: before + ending}), AT)


@pytest.mark.parametrize(
    "address", ["", "mau", "a b@example.org", "a@example.org, b@example.org", "<a@example.org>"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="no mail address"):
        compose(replace(LETTER, to_address=address), AT)


@pytest.mark.parametrize("name", ["Subject", "to", "Content-Type", "MIME-Version", "Bad name", "x:"])
def test_callers_cannot_set_the_headers_that_are_ours(name):
    with pytest.raises(ValueError, match="not for callers"):
        compose(replace(LETTER, headers=((name, "x"),)), AT)


def test_a_line_break_in_an_extra_header_is_refused():
    with pytest.raises(ValueError, match="line breaks"):
        compose(replace(LETTER, headers=(("List-Unsubscribe", "<x>\r\nBcc: y@example.org"),)), AT)


def test_extra_headers_and_the_reply_address_are_written():
    letter = replace(
        LETTER,
        reply_to="Ban tổ chức <lien-he@example.org>",
        headers=(("List-Unsubscribe", f"<https://dxday.example/{'u' * 90}>"), ("X-Note", "Ghi chú")),
    )

    message = written(letter)

    assert str(message["Reply-To"]) == "Ban tổ chức <lien-he@example.org>"
    assert message["List-Unsubscribe"] == f"<https://dxday.example/{'u' * 90}>"
    assert message["X-Note"] == "Ghi chú"


def test_a_naive_date_is_refused():
    with pytest.raises(ValueError, match="aware"):
        compose(LETTER, datetime(2026, 10, 9))


def test_html_is_the_better_of_two_ways_to_read():
    message = written(replace(LETTER, html="<p>Hẹn gặp ông ngày 10/10.</p>"))

    assert [(part.get_content_type(), content(part)) for part in message.iter_parts()] == [
        ("text/plain", LETTER.text),
        ("text/html", "<p>Hẹn gặp ông ngày 10/10.</p>\n"),
    ]
    assert message.get_content_type() == "multipart/alternative"


def test_an_invitation_is_one_more_way_to_read_with_its_method():
    letter = replace(LETTER, html="<p>x</p>", calendar=CALENDAR, calendar_method="REQUEST")

    parts = list(written(letter).iter_parts())

    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html", "text/calendar"]
    assert dict(parts[2]["Content-Type"].params) == {"charset": "utf-8", "method": "REQUEST"}
    assert parts[2].get_payload(decode=True) == CALENDAR


def test_a_published_calendar_is_an_attachment():
    calendar = CALENDAR.replace(b"REQUEST", b"PUBLISH")
    letter = replace(LETTER, html="<p>x</p>", calendar=calendar, calendar_method="PUBLISH")

    message = written(letter)
    attached = list(message.iter_attachments())

    assert message.get_content_type() == "multipart/mixed"
    assert [(a.get_filename(), a.get_content_type(), a.get_payload(decode=True)) for a in attached] == [
        ("calendar.ics", "text/calendar", calendar)
    ]


@pytest.mark.parametrize(("inside", "method"), [(b"REQUEST", "CANCEL"), (b"REQUEST", None)])
def test_a_calendar_with_another_method_is_refused(inside, method):
    letter = replace(LETTER, calendar=CALENDAR.replace(b"REQUEST", inside), calendar_method=method)

    with pytest.raises(ValueError, match="METHOD"):
        compose(letter, AT)


def test_an_international_domain_is_written_in_its_ascii_form():
    assert raw(replace(LETTER, to_name="", to_address="mau@chuyểnđổisố.example"), "To") == (
        "mau@xn--" + "chuyểnđổisố".encode("punycode").decode() + ".example"
    )


def test_an_address_beyond_ascii_makes_the_message_international():
    message = compose(
        replace(LETTER, to_name="", to_address="mẫu@example.org"), datetime(2026, 10, 9, tzinfo=UTC)
    )

    assert "To: mẫu@example.org\r\n".encode() in message.as_bytes()
