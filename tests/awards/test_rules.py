"""What a decision needs, and which line is proposed for a certificate."""

from datetime import timedelta

import pytest

from dxday.awards import rules
from tests import make


def test_a_decision_has_a_number():
    rules.check_number("3204/QĐ-UBND")
    with pytest.raises(rules.NumberMissing):
        rules.check_number("")


def test_a_decision_is_not_of_tomorrow():
    rules.check_date(make.TODAY, make.TODAY)
    with pytest.raises(rules.DecidedInFuture):
        rules.check_date(make.TODAY + timedelta(days=1), make.TODAY)


def test_a_line_is_there_and_fits_on_a_certificate():
    rules.check_line("x" * 300, nominee="Nguyễn Văn Mẫu")
    with pytest.raises(rules.LineMissing):
        rules.check_line("", nominee="Nguyễn Văn Mẫu")
    with pytest.raises(rules.LineTooLong):
        rules.check_line("x" * 301, nominee="Nguyễn Văn Mẫu")


@pytest.mark.parametrize(
    ("achievement", "line"),
    [
        ("", ""),
        ("Một việc", "Một việc"),
        ("Đã dạy 300 hộ dùng chữ ký số. Sau đó làm tiếp.", "Đã dạy 300 hộ dùng chữ ký số."),
        ("Năm 2026! Rồi nữa.", "Năm 2026!"),
        ("Dòng đầu\nDòng sau", "Dòng đầu"),
        ("Làm ở TP. Vinh và huyện Mẫu. Xong.", "Làm ở TP. Vinh và huyện Mẫu."),
        ("  Hai   khoảng\ttrắng.  ", "Hai khoảng trắng."),
        ("từ " * 100, ("từ " * 67).strip()),
        ("x" * 250, "x" * 200),
        (f"{'từ ' * 66}, và nữa", ("từ " * 66).strip()),
    ],
)
def test_the_first_sentence_is_proposed_and_cut_after_a_word(achievement, line):
    assert rules.propose_line(achievement) == line
