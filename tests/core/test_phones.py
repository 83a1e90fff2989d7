"""Telephone numbers as people write them."""

import pytest

from dxday.core.phones import read_phone, show_phone


@pytest.mark.parametrize(
    "written",
    [
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "(0912) 345-678",
        "+84912345678",
        "+84 912 345 678",
        "+84 (0) 912 345 678",
        "84912345678",
        "0084 912 345 678",
        " 0912\u00a0345\u2013678 ",
        "０９１２３４５６７８",
        "०९१२३४५६७८",
    ],
)
def test_a_vietnamese_mobile_number_is_one_number_however_it_is_written(written):
    assert read_phone(written) == "+84912345678"


@pytest.mark.parametrize(
    ("written", "read"),
    [("+1 202 555 0123", "+12025550123"), ("0091 98765 43210", "+919876543210"), ("+12345678", "+12345678")],
)
def test_a_number_of_another_country_begins_with_a_plus(written, read):
    assert read_phone(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "912345678",
        "0912 345 67",
        "0912 345 6789",
        "024 3823 4567",
        "+84 24 3823 4567",
        "+84 112",
        "+1234567",
        "+1234567890123456",
        "+0912345678",
        "12025550123",
        "0912345678;ext=1",
        "tel:+84912345678",
        "my number",
        "+84912345678\n+84912345679",
    ],
)
def test_what_takes_no_text_messages_is_no_number(written):
    assert read_phone(written) is None


def test_a_number_is_shown_as_it_is_written_here():
    assert [show_phone(number) for number in ("+84912345678", "+12025550123")] == [
        "0912 345 678",
        "+12025550123",
    ]
