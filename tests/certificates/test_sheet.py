"""How words are fitted on the sheet: the name as large as it can be, smaller in steps, never cut."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.certificates import rules, sheet
from dxday.core import official

FACTS = rules.Facts(
    number="BK-2026-0042",
    giver="Chủ tịch Ủy ban nhân dân tỉnh Mẫu",
    form="bang_khen",
    title="Bằng khen",
    recipient_kind="individual",
    recipient_name="Nguyễn Văn Mẫu",
    recipient_position="Phó Trưởng phòng Văn hóa và Thông tin",
    organisation_name="Ủy ban nhân dân huyện Mẫu",
    achievement="Đã có thành tích xuất sắc trong công tác chuyển đổi số năm 2026.",
    decision_number="3021/QĐ-UBND",
    decided_on="2026-10-05",
    place="Nghệ An",
    signatory_name="Phạm Văn Thử",
    signatory_title="Chủ tịch",
    edition_name="Ngày Chuyển đổi số",
)
A4 = sheet.SHEETS["a4"]


def long_name(characters: int) -> str:
    return ("Tổ công nghệ số cộng đồng các khối phố " * 20)[:characters].strip()


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2026, 10, 5), "ngày 05 tháng 10 năm 2026"),
        (date(2026, 2, 28), "ngày 28 tháng 02 năm 2026"),
        (date(2026, 3, 1), "ngày 01 tháng 3 năm 2026"),
    ],
)
def test_dates_are_written_as_documents_write_them(day, written):
    assert official.vietnamese_date(day) == written


@pytest.mark.parametrize(
    ("position", "organisation", "line"),
    [
        ("Trưởng phòng", "Huyện Mẫu", "Trưởng phòng, Huyện Mẫu"),
        ("Trưởng phòng, Huyện Mẫu", "huyện mẫu", "Trưởng phòng, Huyện Mẫu"),
        ("", "Huyện Mẫu", "Huyện Mẫu"),
        ("", "Nguyễn Văn Mẫu", ""),
    ],
)
def test_office_and_unit_are_each_said_once(position, organisation, line):
    facts = replace(FACTS, recipient_position=position, organisation_name=organisation)

    assert sheet.unit_line(facts) == line


@pytest.mark.parametrize("paper", sheet.SHEETS.values(), ids=lambda paper: paper.code)
@pytest.mark.parametrize("name", ["Lê Ví", "Nguyễn Văn Mẫu", "Ủy ban nhân dân thành phố Mẫu"])
def test_a_name_of_usual_length_is_the_largest_thing(paper, name):
    fit = sheet.fit(replace(FACTS, recipient_name=name), paper)

    assert fit.name.size > fit.form > fit.giver
    assert fit.name.size > fit.unit.size >= fit.achievement.size


def test_a_longer_name_is_set_smaller_and_never_below_the_floor():
    sizes = [
        sheet.fit(replace(FACTS, recipient_name=long_name(length)), A4).name.size
        for length in (20, 45, 90, 150, 300)
    ]

    assert sizes == sorted(set(sizes), reverse=True)
    assert sizes[-1] >= 2.6


def test_what_cannot_stand_on_one_sheet_is_told_and_not_cut():
    facts = replace(FACTS, recipient_name=long_name(400), achievement=FACTS.achievement * 12)

    assert sheet.fit(facts, A4) is None


def test_the_longest_texts_that_the_forms_take_fit():
    facts = replace(
        FACTS, recipient_name=long_name(200), recipient_position=long_name(300), achievement=long_name(300)
    )

    assert sheet.fit(facts, A4) is not None


def test_lines_are_broken_to_like_length():
    two_lines = sheet.fit(
        replace(FACTS, achievement=FACTS.achievement + " Góp phần đưa dịch vụ công đến với người dân."), A4
    )

    assert two_lines.achievement.width < sheet.WIDTH * 0.8


@given(st.floats(20, 500), st.floats(2, 6))
def test_a_border_begins_and_ends_with_a_bar_and_fills_its_side(length, pitch):
    band = sheet.band(length, pitch)

    assert band.count % 2 == 1
    assert band.count * band.pitch == pytest.approx(length)


def test_the_sourced_sheets_are_those_of_the_decree():
    found = {
        (each.width, each.height, each.border_width, each.border_height, each.signature_gap)
        for each in sheet.SHEETS.values()
        if each.source
    }

    assert found == {(400, 300, 320, 230, 35), (450, 350, 365, 270, 40)}
