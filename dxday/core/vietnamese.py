"""Vietnamese text: one form, search without accents, slugs, and the order of the alphabet."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_BAR = str.maketrans("đĐðÐɖƉ", "dddddd")
"""Đ has no decomposition.  Old keyboards wrote it as the Icelandic eth or the African D, which look the same."""

_ONE_BAR = str.maketrans("ðÐɖƉ", "đĐđĐ")

_TONES = {"\u0300": 2, "\u0309": 3, "\u0303": 4, "\u0301": 5, "\u0323": 6}
"""Huyền, hỏi, ngã, sắc, nặng: the order of the dictionary."""

_LETTERS = {
    ("a", "\u0306"): 1,
    ("a", "\u0302"): 2,
    ("e", "\u0302"): 1,
    ("o", "\u0302"): 1,
    ("o", "\u031b"): 2,
    ("u", "\u031b"): 1,
}
"""Ă Â Ê Ô Ơ Ư are letters of their own, after the plain one."""

_PUNCTUATION = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
"""The order of the root collation for what occurs in names and titles; all of it before digits and letters."""

_BETWEEN = re.compile(r"[!-/:-@\[-`{-~«»\u2010-\u2027]+")
"""Punctuation, Latin and general; the signs of other scripts are parts of their words."""

_WHOLE = 2
"""Words of so few letters are looked for as whole words."""


def nfc(text: str) -> str:
    """Return the text in Unicode's composed form, in which everything is kept and compared."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Return the text as it is searched: no accents, đ as d, no capitals, one space between words.

    Since all accents go, it does not matter on which vowel a tone was written (Hoà, Hòa).
    Marks of other scripts (Hindi vowel signs) stay.
    """
    bare = _without_marks(_without_marks(text).casefold()).translate(_BAR)
    return " ".join(nfc(bare).split())


def words_of(text: str) -> list[str]:
    """Return the folded words of a text in their order; punctuation is between words, never in them."""
    return _BETWEEN.sub(" ", fold(text)).split()


def stands_in(word: str, text: str) -> bool:
    """Tell whether a folded word stands in a text that was made of `words_of`, joined by blanks and framed by them.

    It is found where a word begins; one of one or two letters must be the whole word, since a syllable is a word in
    Vietnamese, and "so" is looked for to find "số" and not "Sơn".
    """
    return f" {word} " in text if len(word) <= _WHOLE else f" {word}" in text


def find_spans(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Return where folded words stand in a text (see `stands_in`), as (start, end) of its own characters, in order."""
    folded, places = [], []
    for place, character in enumerate(text):
        for letter in _folded_letter(character):
            folded.append(letter)
            places.append(place)
    line, found = _BETWEEN.sub(lambda match: " " * len(match[0]), "".join(folded)), set[int]()
    for word in filter(None, words):
        pattern = rf"(?<!\S){re.escape(word)}" + (r"(?!\S)" if len(word) <= _WHOLE else "")
        for match in re.finditer(pattern, line):
            found.update(places[match.start() : match.end()])
    # A mark that stands alone folds to nothing: it belongs to the letter before it.
    for place in range(1, len(text)):
        if place - 1 in found and _is_accent(text[place]):
            found.add(place)
    spans: list[tuple[int, int]] = []
    for place in sorted(found):
        if spans and spans[-1][1] == place:
            spans[-1] = (spans[-1][0], place + 1)
        else:
            spans.append((place, place + 1))
    return spans


def slug(text: str) -> str:
    """Return the text as lower-case ASCII words joined by dashes; "" when nothing of it is Latin."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are written alike, whatever the capitals, spaces and place of the tone mark.

    The tone itself counts: Hoà and Hòa are one name, Hoa is another.
    """
    return _spelling(one) == _spelling(other)


def sort_key(text: str) -> bytes:
    """Return a key that sorts as the Unicode (CLDR) collation for Vietnamese; bytes, so it may be stored.

    Letters decide first (a ă â b c d đ e ê …), then tones (ngang huyền hỏi ngã sắc nặng), then capitals.
    Source: Unicode Technical Standard 10 and the CLDR tailoring for vi.
    """
    first, second, third = bytearray(), bytearray(), bytearray()
    for base, marks in _clusters(text):
        capital = 2 if base != base.lower() else 1
        for letter in base.casefold():
            variant = next((_LETTERS[letter, mark] for mark in marks if (letter, mark) in _LETTERS), 0)
            rest = [mark for mark in marks if (letter, mark) not in _LETTERS]
            if letter == "đ":
                letter, variant = "d", 1
            elif letter in "ðɖ":
                letter, rest = "d", ["\u0335", *rest]
            first += _weight(letter, variant)
            second += bytes((1, *(_TONES.get(mark, ord(mark) - 0x300 + 7) for mark in rest)))
            third.append(capital)
    return b"\0".join((bytes(first), bytes(second), bytes(third), nfc(text).encode("utf-8", "surrogatepass")))


@lru_cache(maxsize=4096)
def _folded_letter(character: str) -> str:
    return nfc(_without_marks(_without_marks(character).casefold()).translate(_BAR))


def _is_accent(mark: str) -> bool:
    return "\u0300" <= mark <= "\u036f"


def _without_marks(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not _is_accent(c))


def _spelling(name: str) -> list[tuple[str, list[str]]]:
    words = unicodedata.normalize("NFD", nfc(name).translate(_ONE_BAR).casefold()).split()
    return [
        (nfc("".join(c for c in word if c not in _TONES)), sorted(c for c in word if c in _TONES))
        for word in words
    ]


def _clusters(text: str) -> list[tuple[str, list[str]]]:
    """Split into base characters, each with the accents that follow it."""
    clusters: list[tuple[str, list[str]]] = []
    for character in unicodedata.normalize("NFD", text):
        if _is_accent(character) and clusters:
            clusters[-1][1].append(character)
        else:
            clusters.append((character, []))
    return clusters


def _weight(letter: str, variant: int) -> bytes:
    """Return five bytes: group, place in the group, variant."""
    place = _PUNCTUATION.find(letter)
    if place >= 0:
        group = 2
    elif (digit := unicodedata.digit(letter, None)) is not None:
        group, place = 4, digit
    else:
        group, place = (
            {"Z": 1, "C": 1, "P": 3, "S": 3, "N": 4}.get(unicodedata.category(letter)[0], 5),
            ord(letter),
        )
    return bytes((group,)) + place.to_bytes(3, "big") + bytes((variant,))


def alphabet() -> str:
    """Return every letter that Vietnamese is written with, marks included, small and capital."""
    small = "bcdđghklmnpqrstvx" + "".join(
        unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in ("", *_TONES)
    )
    return small + small.upper()
