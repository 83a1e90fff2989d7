"""How a message is written: what a mail program reads back is what was meant."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.adapters import mail
from dxday.adapters.composing import Inline, Outgoing, compose
from tests.post_office import open_post_office

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

ADDRESSES = Path(__file__).resolve().parents[3] / "shared/data/text/email-addresses.json"
MARK = Inline("mark", b"\x89PNG\r\n\x1a\n\x00.\r\n.\r\n", "image/png")

in_headers = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120)


def written(outgoing: Outgoing) -> EmailMessage:
    message = message_from_bytes(compose(outgoing, AT).data, policy=policy.default)
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
    lines = compose(replace(LETTER, subject=subject, to_name=name), AT).data.split(b"\r\n")

    assert [line for line in lines if len(line) > 78 and b" " in line.strip()] == []
    assert b"".join(lines).isascii()


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=("Cs",))))
def test_every_text_is_read_back_as_it_was(text):
    message = written(replace(LETTER, text=text))

    assert content(message).rstrip("\n") == text.rstrip("\n")


def test_the_same_letter_is_the_same_bytes_on_every_try():
    letter = replace(LETTER, html="<p>x</p>", calendar=CALENDAR, calendar_method="REQUEST")

    assert compose(letter, AT).data == compose(letter, AT).data


@pytest.mark.parametrize("field", ["message_id", "sender", "to_name", "to_address", "subject", "reply_to"])
@pytest.mark.parametrize("ending", ["\r\nBcc: x@example.org", "\nBcc: x@example.org", "\rx", "\0", "\u2028"])
def test_a_line_break_in_a_header_is_refused(field, ending):
    before = getattr(LETTER, field) or "a@example.org"

    with pytest.raises(ValueError, match=r"line breaks|Message-ID"):
        compose(replace(LETTER, **{field: before + ending}), AT)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mau",
        "@example.org",
        "a@",
        "a b@example.org",
        "a\u3000b@example.org",
        "a\u202eb@example.org",
        "a@example.org, b@example.org",
        "<a@example.org>",
        "a@b@example.org",
        ".a@example.org",
        "a..b@example.org",
        "a.@example.org",
        '"a"@example.org',
        "a(b)@example.org",
        "a@[127.0.0.1]",
        "a@-example.org",
        "a@example..org",
        "a@exa_mple.org",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 64}.org",
        f"{'a' * 60}@{'.'.join(['b' * 48] * 4)}",
        "a@ví dụ.org",
        f"a@{'ồ' * 60}.org",
    ],
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


def test_a_picture_travels_with_the_html_that_shows_it():
    html = '<p><img src="cid:mark"> cid:marker</p>'
    letter = replace(LETTER, html=html, calendar=CALENDAR, calendar_method="REQUEST", inline=(MARK,))

    message = written(letter)

    assert [(part.get_content_type(), part.get_content_disposition()) for part in message.walk()] == [
        ("multipart/alternative", None),
        ("text/plain", None),
        ("multipart/related", None),
        ("text/html", None),
        ("image/png", "inline"),
        ("text/calendar", None),
    ]
    related = list(message.iter_parts())[1]
    shown, picture = related.iter_parts()
    assert dict(related["Content-Type"].params)["type"] == "text/html"
    assert content(shown) == '<p><img src="cid:mark@dxday.example"> cid:marker</p>\n'
    assert (picture["Content-ID"], picture.get_content()) == ("<mark@dxday.example>", MARK.data)


def test_a_picture_that_the_html_does_not_show_stays_at_home():
    message = written(replace(LETTER, html="<p>x</p>", inline=(MARK,)))

    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_files_stand_beside_everything_else():
    calendar = CALENDAR.replace(b"REQUEST", b"PUBLISH")
    letter = replace(
        LETTER, html='<img src="cid:mark">', calendar=calendar, calendar_method="PUBLISH", inline=(MARK,)
    )

    assert [part.get_content_type() for part in written(letter).walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/calendar",
    ]


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

    assert "To: mẫu@example.org\r\n".encode() in message.data


def test_what_comes_back_goes_to_the_address_that_is_set_for_it_and_else_to_the_sender():
    message = compose(LETTER, AT)
    other = compose(replace(LETTER, bounce_address="tra-lai@example.org"), AT)

    assert (message.sender, other.sender) == ("no-reply@dxday.example", "tra-lai@example.org")
    assert (message.to, other.data) == ("mau@example.org", message.data)


@pytest.mark.parametrize("field", ["sender", "reply_to"])
@pytest.mark.parametrize(
    "value",
    ["a@example.org, b@example.org", "A <a@example.org> <b@example.org>", "A <a@example.org> b", "<>", "x"],
)
def test_a_sender_is_one_person(field, value):
    with pytest.raises(ValueError, match="no mail address"):
        compose(replace(LETTER, **{field: value}), AT)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a@example.org", ""),
        ("<a@example.org>", ""),
        ("Ban tổ chức <a@example.org>", "Ban tổ chức"),
        ('"Sở, Ngành" <a@example.org>', "Sở, Ngành"),
        ('"He said \\"x\\"" <a@example.org>', 'He said "x"'),
        ("Sở, Ngành <a@example.org>", "Sở, Ngành"),
    ],
)
def test_a_sender_is_read_as_it_is_set(given, name):
    pairs = getaddresses([raw(replace(LETTER, sender=given), "From")])

    assert [(words(read), address) for read, address in pairs] == [(name, "a@example.org")]


NASTY = [
    "=?utf-8?q?x=0D=0ABcc:_all@example.org?=",
    "=?utf-8?b?PGFAZXhhbXBsZS5vcmc+?=",
    'x" <all@example.org>, "y',
    "x <all@example.org>",
    "all@example.org, b@example.org;",
    "(x) \\",
    "x: y;",
    "a\u202egro.elpmaxe@lla",
    "\ufeffx\u200b",
    "<script>alert(1)</script>",
    "x" * 3000,
    "ờ " * 500,
]


@pytest.mark.parametrize("value", NASTY)
def test_whatever_is_in_a_name_or_subject_the_letter_has_its_own_headers_and_one_reader(value):
    message = written(replace(LETTER, to_name=value, subject=value, reply_to=None))

    assert [name for name, _ in message.raw_items()] == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ]
    letter = replace(LETTER, to_name=value, subject=value)
    pairs = [(words(read), address) for read, address in getaddresses([raw(letter, "To")])]
    assert pairs == [(" ".join(value.split()), "mau@example.org")]
    assert words(raw(letter, "Subject")) == " ".join(value.split())


@pytest.mark.parametrize("value", NASTY)
def test_whatever_is_in_a_name_a_real_server_sees_one_reader(value, tmp_path):
    with open_post_office() as office:
        carrier = mail.open_carrier(office.url, tmp_path)
        carrier.send(compose(replace(LETTER, to_name=value, subject=value), AT))
        carrier.close()

    assert office.envelopes == [("no-reply@dxday.example", ["mau@example.org"])]


@pytest.mark.real_data
@pytest.mark.skipif(not ADDRESSES.exists(), reason="the collection of addresses is not beside the project")
def test_every_address_of_a_collection_is_carried_as_it_is_or_refused_with_the_reason(tmp_path):
    collection = json.loads(ADDRESSES.read_text())
    carried, refused = [], {}
    with open_post_office() as office:
        carrier = mail.open_carrier(office.url, tmp_path)
        for entry in collection:
            letter = replace(LETTER, to_address=entry["address"])
            try:
                message = compose(letter, AT)
            except ValueError as error:
                refused[entry["address"]] = str(error)
                continue
            carrier.send(message)
            carried.append(entry["address"])
        carrier.close()

    read = [[address.addr_spec for address in letter["To"].addresses] for letter in office.letters]
    assert [to for _, to in office.envelopes] == [[address] for address in carried]
    assert read == [[address] for address in carried]
    assert all(
        words
        in (
            f"{address!r} is no mail address",
            f"a header holds no line breaks or control characters, unlike {address!r}",
        )
        for address, words in refused.items()
    )
    by_category = {entry["address"]: entry["category"] for entry in collection}
    assert {by_category[address] for address in carried} == {
        "ISEMAIL_VALID_CATEGORY",
        "ISEMAIL_DNSWARN",
        "ISEMAIL_RFC5321",
    }
    assert [a for a in refused if by_category[a] in ("ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN")] == []
