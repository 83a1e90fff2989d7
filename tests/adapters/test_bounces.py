"""What other mail servers write about our letters is read in every shape, and nothing else is taken for it."""

import base64
import json
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxday.adapters.bounces import MOST_BYTES, Report, ReportKind, read_reports
from tests import returned
from tests.returned import OURS

TO = ("citizen@example.org",)
ADDRESSES = Path(__file__).resolve().parents[3] / "shared/data/text/email-addresses.json"


def test_postfix():
    assert read_reports(returned.postfix()) == [
        Report(
            ReportKind.FAILED,
            OURS,
            TO,
            "5.1.1",
            "550 5.1.1 <citizen@example.org>: Recipient address rejected: User unknown in table",
        )
    ]


def test_exim_says_exactly_only_what_the_next_server_said():
    [report] = read_reports(returned.exim())

    assert (report.kind, report.message_id, report.recipients, report.status) == (
        ReportKind.FAILED, OURS, TO, "5.1.1",
    )  # fmt: skip
    assert report.words.startswith("550-5.1.1 The email account that you tried to reach does not exist.")


def test_exchange_names_the_letter_only_as_the_one_it_answers():
    [report] = read_reports(returned.exchange())

    assert (report.kind, report.message_id, report.recipients, report.status) == (
        ReportKind.FAILED, OURS, TO, "5.1.10",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", ReportKind.FAILED),
        ("Failed (gave up)", ReportKind.FAILED),
        ("delayed", ReportKind.DELAYED),
        ("delivered", None),
        ("relayed", None),
        ("expanded", None),
    ],
)
def test_only_bad_news_is_reported(action, kind):
    found = read_reports(returned.postfix(action=action, status="4.4.1" if action == "delayed" else "5.1.1"))

    assert [report.kind for report in found] == ([kind] if kind else [])


def test_a_reader_who_complains_is_heard():
    assert read_reports(returned.complaint()) == [Report(ReportKind.COMPLAINT, OURS, TO, diagnostic="abuse")]


@pytest.mark.parametrize(
    "letter",
    [
        returned.complaint(kind="not-spam"),
        returned.auto_reply(),
        returned.receipt(),
        b"",
        b"\r\n\r\n",
        b"Subject: hello\r\n\r\nhow are you",
        b"\xff\xfe\x00" * 1000,
    ],
    ids=["not spam", "holiday", "receipt", "nothing", "blank", "person", "noise"],
)
def test_other_letters_report_nothing(letter):
    assert read_reports(letter) == []


def test_a_report_that_names_no_letter_reports_nothing():
    assert read_reports(returned.postfix().replace(OURS.encode(), b"none")) == []


def test_vietnamese_words_are_read_raw_composed_or_encoded():
    plain = "550 5.1.1 Người nhận không tồn tại"
    apart = unicodedata.normalize("NFD", plain)
    encoded = "=?utf-8?B?" + base64.b64encode(plain.encode()).decode() + "?="

    assert [read_reports(returned.postfix(said=said))[0].diagnostic for said in (plain, apart, encoded)] == [
        plain
    ] * 3


def test_bytes_of_an_old_encoding_break_nothing():
    letter = returned.postfix(said="550 5.1.1 XYZ").replace(b"XYZ", b"Kh\xf4ng t\xecm th\x1by")

    assert [report.words for report in read_reports(letter)] == ["550 5.1.1 Kh�ng t�m th y"]


def test_what_a_server_says_stays_one_line_of_bearable_length():
    [report] = read_reports(returned.postfix(said="550 " + "á" * 5000 + "\u2028\x07 end"))

    assert (len(report.diagnostic), report.diagnostic[:6]) == (300, "550 áá")


def test_a_report_within_another_letter_is_found():
    inner = returned.postfix()
    outer = (
        b"From: scanner@example.net\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="scan"\r\n\r\n--scan\r\n'
        b"Content-Type: text/plain\r\n\r\nChecked.\r\n--scan\r\nContent-Type: message/rfc822\r\n\r\n"
        + inner
        + b"\r\n--scan--\r\n"
    )

    assert read_reports(outer) == read_reports(inner)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
@pytest.mark.parametrize("kind", ["message/delivery-status", "message/global-delivery-status"])
def test_an_encoded_report_is_read(kind, encoding):
    status = (
        "Reporting-MTA: dns; x\n\nFinal-Recipient: utf-8; mẫu@example.org\nAction: failed\nStatus: 5.1.1\n"
    )
    body = (
        base64.encodebytes(status.encode()).decode()
        if encoding == "base64"
        else status.replace("ẫ", "=E1=BA=AB")
    )
    letter = (
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
        f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n{body}\n--b\n"
        f"Content-Type: message/global-headers\n\nMessage-ID: {OURS}\nSubject: Mẫu\n\n--b--\n"
    )

    assert read_reports(letter.encode()) == [
        Report(ReportKind.FAILED, OURS, ("mẫu@example.org",), "5.1.1", "")
    ]


def test_several_recipients_are_several_reports():
    letter = returned.postfix().replace(
        b"--4FQ1.1700000000/mail.example.net\r\nContent-Description: Undelivered",
        b"Final-Recipient: rfc822; other@example.org\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n"
        b"--4FQ1.1700000000/mail.example.net\r\nContent-Description: Undelivered",
    )

    assert [(report.recipients, report.status) for report in read_reports(letter)] == [
        (TO, "5.1.1"),
        (("other@example.org",), "5.2.2"),
    ]


def test_a_letter_of_ten_megabytes_is_read_as_far_as_it_matters():
    letter = returned.postfix().replace(b"Dear reader", b"A" * 76 + b"\r\n" + (b"B" * 76 + b"\r\n") * 130_000)

    began = time.process_time()
    found = read_reports(letter)

    assert (len(letter) > 10_000_000, [report.status for report in found]) == (True, ["5.1.1"])
    assert time.process_time() - began < 2
    assert len(letter) > MOST_BYTES


def test_parts_within_parts_without_end_keep_nobody_busy():
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(8_000)
    )

    began = time.process_time()

    assert read_reports(nested + returned.postfix()) == []
    assert time.process_time() - began < 1


def test_as_many_parts_as_are_read_are_read_quickly():
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(99)
    )

    began = time.process_time()
    read_reports(nested + b"x\r\n" * 150_000)

    assert time.process_time() - began < 5


def test_words_encoded_without_an_end_keep_nobody_busy():
    letter = returned.postfix(said="=?a?q?x" * 50_000)

    began = time.process_time()
    found = read_reports(letter)

    assert [(report.kind, report.message_id) for report in found] == [(ReportKind.FAILED, OURS)]
    assert time.process_time() - began < 2


def test_a_digest_of_letters_without_end_keeps_nobody_busy():
    reports = b"--X\nContent-Type: message/delivery-status\n\nAction: failed\n\n" * 90
    digest = b"--X\nContent-Type: multipart/digest; boundary=Y\n\n" + b"--Y\n\na: b\n\n" * 12_000

    began = time.process_time()
    read_reports(b"Content-Type: multipart/mixed; boundary=X\n\n" + reports + digest)

    assert time.process_time() - began < 5


def test_of_thousands_of_recipients_only_the_first_are_read():
    many = b"Action: failed\r\nFinal-Recipient: rfc822; citizen@example.org\r\n\r\n" * 2_000

    assert (
        len(read_reports(returned.postfix().replace(b"Final-Recipient:", many + b"Final-Recipient:"))) == 100
    )


@pytest.mark.parametrize(
    ("named", "address", "is_it"),
    [
        ((), "a@example.org", True),
        (("A@Example.ORG",), "a@example.org", True),
        (("forwarded@elsewhere.example",), "a@example.org", False),
        (("mẫu@xn--bcher-kva.example",), "MẪU@bücher.example", True),
        (("no address at all",), "a@example.org", False),
    ],
)
def test_a_report_is_about_the_address_that_it_names(named, address, is_it):
    assert Report(ReportKind.FAILED, OURS, named).is_about(address) is is_it


@given(st.binary(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_noise_never_raises(noise):
    assert isinstance(read_reports(noise), list)


@given(st.integers(0, 2400), st.binary(max_size=40), st.integers(0, 60))
@settings(max_examples=500, deadline=None)
def test_a_damaged_report_never_raises_and_is_never_two(at, noise, lost):
    letter = returned.postfix()

    found = read_reports(letter[:at] + noise + letter[at + lost :])

    assert len(found) <= 1


@pytest.mark.real_data
def test_every_address_of_the_collection_passes_through():
    if not ADDRESSES.is_file():
        pytest.skip("the collection of addresses is not beside the project")
    for each in json.loads(ADDRESSES.read_text()):
        address = each["address"] or "x"
        for report in read_reports(returned.postfix(to=address)):
            assert report.message_id == OURS
            assert isinstance(report.is_about(address), bool)
