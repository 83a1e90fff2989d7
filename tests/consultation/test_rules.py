"""What is published of a nomination, how long one can comment, and what a comment must have."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.consultation import rules, snapshots
from dxday.consultation.rules import Signature, Times
from dxday.core.errors import NotFound
from dxday.nominations.rules import State
from dxday.schemes.rules import NomineeKind, end_of_working_days
from tests import make

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("Hỗ trợ người dân dùng dịch vụ công.", "Hỗ trợ người dân dùng dịch vụ công."),
        ("Xin gọi 0912 345 678 để hỏi.", "Xin gọi […] để hỏi."),
        ("Xin gọi +84 912.345.678", "Xin gọi […]"),
        ("CCCD 001090012345, thư to@example.org", "CCCD […], thư […]"),
        ("Ông A, sinh ngày 02/9/1980, tổ trưởng", "Ông A, […], tổ trưởng"),
        ("Bà B sinh năm 1985 tại Mẫu", "Bà B […] tại Mẫu"),
        ("Born 1 May", "[…] May"),
        (
            "Giai đoạn 2021-2025 có 100 hồ sơ, ngày 10/10/2026",
            "Giai đoạn 2021-2025 có 100 hồ sơ, ngày 10/10/2026",
        ),
        ("Dòng một\nDòng hai", "Dòng một"),
        ("", ""),
    ],
)
def test_a_public_line_leaves_out_what_leads_to_a_private_person(written, published):
    assert rules.public_line(written) == published


def test_a_long_line_ends_between_two_words():
    line = rules.public_line("chữ " * 200)

    assert len(line) <= rules.LINE
    assert line.endswith("chữ …")


@given(st.text(max_size=2000))
def test_a_public_line_is_one_short_line_whatever_was_written(text):
    line = rules.public_line(text)

    assert len(line) <= rules.LINE + 1
    assert "\n" not in line


@pytest.mark.parametrize(
    ("kind", "position"),
    [
        (NomineeKind.INDIVIDUAL, "Trưởng phòng"),
        (NomineeKind.HOUSEHOLD, ""),
        (NomineeKind.COLLECTIVE, ""),
    ],
)
def test_only_of_individuals_the_office_is_public(kind, position):
    assert rules.public_position(kind, "Trưởng phòng") == position


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("ballot", [True, False])
def test_what_stands_on_a_list(state, ballot):
    wanted = {State.ADMITTED} if ballot else {State.ADMITTED, State.SUBMITTED}

    assert rules.may_publish(state, ballot=ballot) == (state in wanted)


def test_ten_working_days_over_a_holiday_end_at_midnight_on_the_clock_of_the_edition():
    begun = make.at("2026-08-21 16:30")  # a Friday; 1 and 2 September are off

    closes = end_of_working_days(begun, 10, zone=ZONE, days_off={})

    assert closes == make.at("2026-09-09 00:00")
    assert rules.last_day(closes, ZONE).date() == date(2026, 9, 8)
    assert rules.written(closes, ZONE) == "00:00:00, 09/09/2026"


def test_a_day_of_the_holiday_table_makes_the_window_longer():
    begun = make.at("2026-08-21 16:30")

    closes = end_of_working_days(begun, 10, zone=ZONE, days_off={date(2026, 8, 24): True})

    assert closes == make.at("2026-09-10 00:00")


@given(MOMENTS, MOMENTS, MOMENTS, st.booleans())
def test_a_correction_never_closes_a_window_earlier_and_starts_it_afresh_only_for_an_addition(
    opened, now, fresh, added
):
    before = Times(opened, opened + timedelta(days=10))

    after = rules.plan_times(before, added=added, now=now, closes_at=fresh)

    assert after.closes_at >= before.closes_at
    assert (after == before) or added
    assert after.opens_at == (now if added else opened)


def test_the_first_list_opens_at_once():
    assert rules.plan_times(None, added=True, now=make.NOW, closes_at=make.NOW) == Times(make.NOW, make.NOW)


def check(now, *, replaced=False, sealed=False):
    times = Times(make.at("2026-08-21 16:30"), make.at("2026-09-08 00:00"))
    rules.check_open(times, replaced=replaced, sealed=sealed, now=now, zone=ZONE)


def test_the_last_second_is_in_time_and_the_next_is_not():
    check(make.at("2026-09-07 23:59:59"))
    with pytest.raises(rules.WindowClosed) as refused:
        check(make.at("2026-09-08 00:00:00"))

    assert str(refused.value).startswith("Comments on this list were taken until 00:00:00, 08/09/2026.")


def test_a_window_on_which_a_ballot_has_opened_takes_nothing():
    with pytest.raises(rules.WindowClosed):
        check(make.at("2026-09-01 12:00"), sealed=True)


def test_a_list_that_was_corrected_says_so():
    with pytest.raises(rules.ListReplaced):
        check(make.at("2026-09-01 12:00"), replaced=True)


WHOLE = {"full_name": "A", "phone": "0912345678", "email": "", "home": "Số 1", "signed": True}


@pytest.mark.parametrize(
    ("without", "refusal"),
    [
        ({"full_name": ""}, rules.NameMissing),
        ({"phone": ""}, rules.ContactMissing),
        ({"home": ""}, rules.HomeMissing),
        ({"signed": False}, rules.NotSigned),
    ],
)
def test_a_comment_needs_a_name_a_contact_an_address_and_a_signature(without, refusal):
    with pytest.raises(refusal):
        rules.check_whole("x", Signature(**(WHOLE | without)), anonymous=False)

    rules.check_whole("x", Signature(**(WHOLE | without)), anonymous=True)


def test_a_mail_address_is_contact_enough():
    assert (
        rules.find_gaps("x", Signature(**(WHOLE | {"phone": "", "email": "a@example.org"})), anonymous=False)
        == []
    )


@pytest.mark.parametrize(
    ("text", "refusal"),
    [("", rules.CommentMissing), (" \n", rules.CommentMissing), ("x" * 5001, rules.CommentTooLong)],
)
def test_a_comment_says_something_and_not_too_much(text, refusal):
    with pytest.raises(refusal):
        rules.check_whole(text, Signature(), anonymous=True)


def test_a_comment_of_the_greatest_length_is_taken():
    assert rules.find_gaps("x" * 5000, Signature(), anonymous=True) == []


def test_all_that_a_comment_lacks_is_said_at_once():
    gaps = rules.find_gaps("", Signature(), anonymous=False)

    assert [each.field for each in gaps] == ["text", "full_name", "phone", "home", "signed"]


def test_a_form_has_one_receipt_and_another_form_another():
    one, other = uuid4(), uuid4()

    assert rules.receipt_of(one.bytes) == rules.receipt_of(one.bytes)
    assert rules.receipt_of(one.bytes) != rules.receipt_of(other.bytes)


@given(st.uuids(version=4))
def test_a_receipt_is_read_however_it_is_typed(guid):
    receipt = rules.receipt_of(guid.bytes)

    assert rules.read_receipt(f" {rules.group_receipt(receipt).lower()} ") == receipt


@pytest.mark.parametrize("typed", ["", "AB23", "O" * 16, "A" * 17, "' OR 1=1 --", "\ud800" * 16, "Ａ" * 15])
def test_what_is_no_receipt_is_simply_not_found(typed):
    with pytest.raises(NotFound):
        rules.read_receipt(typed)


HEAD = snapshots.Head(
    edition="next", scheme="merit", name={"vi": "Bằng khen"}, form="bang_khen", legal_basis="Luật", version=1,
    opens_at=make.at("2026-08-21 16:30"), closes_at=make.at("2026-09-08 00:00"),
    published_at=make.at("2026-08-21 16:30"), reason="", previous_sha256=None,
)  # fmt: skip
ENTRY = snapshots.Entry(1, "Tổ Mẫu", "collective", "", {"vi": "Tập thể"}, {"vi": "Xã Mẫu"}, "Hỗ trợ “dân”.")


def test_a_list_is_canonical_json_and_reads_back_as_it_was():
    text = snapshots.write(HEAD, [ENTRY])

    assert text == (
        '{"closes_at":"2026-09-07T17:00:00Z","edition":"next","form":"bang_khen","format":"dxday-nominations/1",'
        '"legal_basis":"Luật","name":{"vi":"Bằng khen"},"nominations":[{"achievement":"Hỗ trợ “dân”.",'
        '"agency":{"vi":"Xã Mẫu"},"category":{"vi":"Tập thể"},"kind":"collective","nominee":"Tổ Mẫu","number":1,'
        '"position":""}],"opens_at":"2026-08-21T09:30:00Z","previous_sha256":null,'
        '"published_at":"2026-08-21T09:30:00Z","reason":"","scheme":"merit","version":1}'
    )
    assert snapshots.read(text) == [ENTRY]


@given(st.text(), st.dictionaries(st.sampled_from(["vi", "en", "hi"]), st.text()))
def test_any_words_come_back_and_change_the_digest(name, agency):
    entry = snapshots.Entry(1, name, "collective", "", {}, agency, "")

    assert snapshots.read(snapshots.write(HEAD, [entry])) == [entry]
    assert snapshots.digest_of([entry]) != snapshots.digest_of(
        [snapshots.Entry(1, f"{name}x", "collective", "", {}, agency, "")]
    )
