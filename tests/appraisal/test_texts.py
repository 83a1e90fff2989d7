"""Texts that were written twice, and texts that only speak of the same field."""

import random
import unicodedata

import pytest

from dxday.appraisal import texts
from dxday.core.vietnamese import fold
from tests.appraisal.conftest import ANOTHER_TEXT, TEXT

SENTENCES = [sentence.strip() for sentence in TEXT.split(". ") if sentence.strip()]


def with_edits(text: str, every: int) -> str:
    """Put another word in the place of each n-th word."""
    words = text.split()
    return " ".join("khác" if at % every == every - 1 else word for at, word in enumerate(words))


SAME = {
    "as it was": TEXT,
    "without accents": fold(TEXT),
    "decomposed": unicodedata.normalize("NFD", TEXT),
    "in capitals": TEXT.upper(),
    "without punctuation": "".join(letter for letter in TEXT if letter not in ".,%"),
    "sentences the other way round": ". ".join(reversed(SENTENCES)),
    "a word in twelve replaced": with_edits(TEXT, 12),
    "with an introduction": f"{ANOTHER_TEXT[:300]} {TEXT}",
    "tone marks on the other vowel": TEXT.replace("hóa", "hoá").replace("thủy", "thuỷ"),
}


@pytest.mark.parametrize("name", SAME)
def test_a_text_that_was_taken_over_is_recognised(name):
    found = texts.compare(TEXT, SAME[name])

    assert found.one_share >= 0.75, found.one_share
    assert texts.fingerprint(TEXT) & texts.fingerprint(SAME[name])


def test_two_texts_on_one_field_share_nothing():
    found = texts.compare(TEXT, ANOTHER_TEXT)

    assert (found.one_share, found.other_share, found.passages) == (0, 0, ())
    assert texts.fingerprint(TEXT) & texts.fingerprint(ANOTHER_TEXT) == frozenset()


def test_turns_of_phrase_that_everybody_writes_are_no_passage():
    one = f"{TEXT} Hoàn thành xuất sắc nhiệm vụ được giao."
    other = f"{ANOTHER_TEXT} Hoàn thành xuất sắc nhiệm vụ được giao."

    assert texts.compare(one, other).passages == ()


def test_words_in_any_order_are_another_text():
    words = TEXT.split()
    random.Random(1).shuffle(words)

    assert texts.compare(TEXT, " ".join(words)).words == 0


def test_texts_that_share_sixteen_words_in_a_row_share_a_fingerprint():
    chance = random.Random(505)
    syllables = [f"tiếng{n}" for n in range(5000)]
    for _ in range(300):
        shared = chance.sample(syllables, texts.SHINGLE + texts.WINDOW - 1)
        one, other = (
            [*chance.sample(syllables, chance.randrange(40)), *shared, *chance.sample(syllables, 40)]
            for _ in range(2)
        )
        assert texts.fingerprint_words(one) & texts.fingerprint_words(other)


def test_a_passage_is_shown_as_it_is_written_in_either_text():
    other = f"Mở đầu. {fold(SENTENCES[1])}! Kết."

    found = texts.compare(TEXT, other)

    assert texts.pair(TEXT, other, found) == [(SENTENCES[1], fold(SENTENCES[1]))]


def test_a_short_text_that_stands_whole_in_a_long_one_is_the_same():
    found = texts.compare(SENTENCES[1], TEXT)

    assert found.one_share == 1
    assert found.other_share < 0.3


def test_the_pieces_of_a_text_make_it_up_again():
    found = texts.compare(TEXT, SENTENCES[1])

    pieces = texts.cut(TEXT, [passage.one for passage in found.passages])

    assert "".join(piece.text for piece in pieces) == TEXT
    assert [piece.text for piece in pieces if piece.passage] == [SENTENCES[1]]


@pytest.mark.parametrize("text", ["", " \n ", "!?", "a", "một hai"])
def test_a_text_of_hardly_any_words_is_no_trouble(text):
    texts.fingerprint(text)

    assert texts.compare(text, TEXT).one_share in (0, 1)
    assert "".join(piece.text for piece in texts.cut(text, [])) == text


def test_a_text_that_says_one_thing_a_thousand_times_is_compared_at_once():
    words = ["rất", "tốt"] * 5000

    found = texts.compare_words(words, words)

    assert found.one_share == 1
