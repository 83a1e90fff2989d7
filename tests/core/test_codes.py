"""Tokens and codes."""

import math
from collections import Counter

import pytest

from dxday.core import codes


def test_a_token_has_26_letters_of_five_bits():
    token = codes.new_token()

    assert len(token) == 26
    assert set(token) <= set(codes.BASE32)
    assert len(token) * math.log2(len(set(codes.BASE32))) == 130.0


def test_a_thousand_tokens_differ_and_use_every_letter_about_as_often():
    tokens = [codes.new_token() for _ in range(1000)]

    counts = Counter("".join(tokens))

    assert len(set(tokens)) == 1000
    # 812.5 are expected of each; ten standard deviations is never met by chance
    assert {letter for letter in codes.BASE32 if not 530 < counts[letter] < 1095} == set()


def test_a_code_for_people_has_no_letters_that_look_alike():
    letters = set("".join(codes.new_code(50) for _ in range(100)))

    assert letters == set("23456789ABCDEFGHJKMNPQRSTUVWXYZ")
    assert len(codes.new_code(6)) == 6


def test_a_code_without_letters_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        codes.new_code(0)


@pytest.mark.parametrize(
    "written", ["7KQM-2XYZ", " 7kqm 2xyz ", "7kqm–2xyz", "７ＫＱＭ２ＸＹＺ", "7kqm.2xyz"]
)
def test_a_code_is_understood_however_it_is_typed(written):
    assert codes.normalise_code(written) == "7KQM2XYZ"


def test_every_code_normalises_to_itself():
    made = [codes.new_code(8) for _ in range(200)]

    assert [codes.normalise_code(code) for code in made] == made


def test_a_token_matches_only_itself():
    token = codes.new_token()

    assert codes.token_matches(token, token) is True
    assert codes.token_matches(token[:-1], token) is False
    assert codes.token_matches("é", token) is False
