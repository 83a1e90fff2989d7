"""Vietnamese text: composed form, folding, slugs, alphabetical order."""

import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.core.vietnamese import (
    find_spans,
    fold,
    nfc,
    same_name,
    slug,
    sort_key,
    stands_in,
    words_of,
)

SHARED = Path(__file__).resolve().parents[3] / "shared"
SORTED_NAMES = SHARED / "data" / "text" / "vietnamese-sorted.txt"


def test_folding_takes_accents_capitals_and_spare_spaces_away():
    assert fold("  Nguyễn   Thị ĐẬU\u00a0Phụ ") == "nguyen thi dau phu"


def test_all_vietnamese_letters_fold_to_their_plain_letter():
    letters = {
        "a": "aáàảãạăắằẳẵặâấầẩẫậ",
        "d": "dđ",
        "e": "eéèẻẽẹêếềểễệ",
        "i": "iíìỉĩị",
        "o": "oóòỏõọôốồổỗộơớờởỡợ",
        "u": "uúùủũụưứừửữự",
        "y": "yýỳỷỹỵ",
    }

    folded = {plain: {fold(c) for c in written + written.upper()} for plain, written in letters.items()}

    assert folded == {plain: {plain} for plain in letters}


def test_a_tone_on_either_vowel_is_found():
    assert fold("Hoà Bình") == fold("Hòa Bình") == "hoa binh"


def test_the_icelandic_eth_of_old_keyboards_is_read_as_d():
    assert fold("Ðình Ɖức") == "dinh duc"


def test_hindi_vowel_signs_are_kept():
    assert fold("डिजिटल  परिवर्तन") == "डिजिटल परिवर्तन"


@given(st.text())
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_folding_does_not_see_how_the_text_was_composed(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_text_is_kept_composed():
    assert nfc("Nghe\u0323\u0302 An") == "Nghệ An"


def test_a_slug_is_plain_words_and_dashes():
    assert slug("Ngày Chuyển đổi số – 10/10!") == "ngay-chuyen-doi-so-10-10"
    assert slug("डिजिटल") == ""


def test_one_name_may_be_written_with_the_tone_on_either_vowel():
    assert same_name("Nguyễn Thị  Hoà", "NGUYỄN THỊ HÒA") is True
    assert same_name("Ðặng Thúy", "Đặng Thuý") is True


def test_names_with_other_tones_or_letters_are_other_names():
    assert same_name("Hoa", "Hoà") is False
    assert same_name("Trân", "Trăn") is False
    assert same_name("Dung", "Đung") is False
    assert same_name("Lan Anh", "Lananh") is False


def test_letters_decide_before_tones_and_tones_before_capitals():
    ordered = ["10 Hàng Bài", "An", "Àn", "Ản", "Ãn", "Án", "Ạn", "An Khê", "Anh", "Ăn", "Ân", "Ba", "Da"]
    ordered += ["dung", "Dung", "Dũng", "Đa", "Đà Nẵng", "E", "Ê", "Ô", "Ơ", "U", "Ư", "Y"]
    mixed = random.Random(10).sample(ordered, k=len(ordered))

    assert sorted(mixed, key=sort_key) == ordered


def test_a_space_comes_before_a_dash_and_both_before_letters():
    assert sorted(["Hòa", "Ho-a", "Ho a", "Hoa"], key=sort_key) == ["Ho a", "Ho-a", "Hoa", "Hòa"]


@given(st.text(max_size=8), st.text(max_size=8))
def test_equal_keys_mean_equal_text(one, other):
    assert (sort_key(one) == sort_key(other)) is (nfc(one) == nfc(other))


@pytest.mark.real_data
@pytest.mark.skipif(not SORTED_NAMES.exists(), reason="the list of sorted names is not beside this checkout")
def test_five_thousand_names_sort_as_the_cldr_collation_does():
    names = SORTED_NAMES.read_text(encoding="utf-8").splitlines()
    mixed = random.Random(10).sample(names, k=len(names))

    assert sorted(mixed, key=sort_key) == names


# Search --------------------------------------------------------------------------------------------------------------


def found(question: str, text: str) -> list[str]:
    return [text[start:end] for start, end in find_spans(text, words_of(question))]


@pytest.mark.parametrize(
    ("question", "text", "marked"),
    [
        ("dien bien", "Điện Biên Phủ", ["Điện", "Biên"]),
        ("ĐIỆN", "từ điện tử", ["điện"]),
        ("so", "Chuyển đổi số ở Kỳ Sơn", ["số"]),  # a short word is a whole word
        ("son", "Chuyển đổi số ở Kỳ Sơn", ["Sơn"]),
        ("train", "Training of trainers", ["Train", "train"]),
        ("ain", "Training", []),  # words are found where they begin
        ("du lieu", "(dữ liệu)", ["dữ", "liệu"]),
        ("हिन्दी", "सत्र हिन्दी में", ["हिन्दी"]),
        ("", "anything", []),
    ],
)
def test_words_are_found_where_they_begin_whatever_their_marks(question, text, marked):
    assert found(question, text) == marked
    framed = f" {' '.join(words_of(text))} "
    assert [stands_in(word, framed) for word in words_of(question)] == [bool(marked)] * len(
        words_of(question)
    )


@given(st.text(max_size=40), st.text(max_size=8))
def test_what_is_marked_lies_in_the_text_and_in_order(text, question):
    spans = find_spans(text, words_of(question))

    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


def test_marks_that_are_written_apart_are_marked_with_their_letter():
    text = unicodedata.normalize("NFD", "Điện Biên")

    assert found("bien", text) == [unicodedata.normalize("NFD", "Biên")]
