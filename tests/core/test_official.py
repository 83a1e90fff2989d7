"""The parts of official documents: punctuation, blanks and dates as Decree 30/2020 wants them."""

from datetime import date

import pytest

from dxday.core import official


def paper(**given) -> official.Paper:
    return official.Paper(**{"agency": "Ủy ban nhân dân xã Mẫu", "kind": "Tờ trình", **given})


def test_every_legal_basis_ends_in_a_semicolon_and_the_last_in_a_full_stop():
    bases = ("Căn cứ Luật A", "Căn cứ Nghị định B;", "  ", "Căn cứ  Quyết định C;. ")

    assert paper(bases=bases).based_on == ["Căn cứ Luật A;", "Căn cứ Nghị định B;", "Căn cứ Quyết định C."]
    assert paper().based_on == []


def test_every_recipient_has_its_dash():
    assert paper(recipients=("Như trên", "Lưu: VT.")).sent_to == ["- Như trên;", "- Lưu: VT."]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"number": "12/TTr-UBND", "symbol": "X"}, "12/TTr-UBND"),
        ({"symbol": "TTr-UBND"}, "……/TTr-UBND"),
        ({}, "……/……"),
    ],
)
def test_a_number_that_is_still_to_be_given_is_a_blank(given, written):
    assert paper(**given).numbered == written


def test_place_and_day_stand_in_one_line_and_are_blanks_when_open():
    assert paper(place="Mẫu", on=date(2026, 2, 5)).dated == "Mẫu, ngày 05 tháng 02 năm 2026"
    assert paper(place="Mẫu", on=date(2026, 12, 25)).dated == "Mẫu, ngày 25 tháng 12 năm 2026"
    assert paper().dated == "……, ngày …… tháng …… năm ……"
