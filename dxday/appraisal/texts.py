"""Texts that were written twice: fingerprints that find them among thousands, and the passages that they share.

A text is its folded words, so neither accents, capitals, punctuation nor the form of Unicode count.  Every run of
`SHINGLE` words is hashed (Broder, On the resemblance and containment of documents, 1997); of each `WINDOW` hashes
that follow each other the least is kept (Schleimer, Wilkerson and Aiken, Winnowing, SIGMOD 2003).  So two texts that
share `SHINGLE + WINDOW - 1` words in a row always share a fingerprint, wherever the words stand.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from dxday.core.vietnamese import fold, nfc

SHINGLE = 5
WINDOW = 12
GAP = 3
"""So many words may have been changed, left out or put in between two runs of one passage."""
LEAST = 10
"""A passage of fewer words is a turn of phrase that many dossiers have."""
REPEATS = 16
"""Of a run of words that stands in a text more often, only so many places are looked at."""

_WORD = re.compile(r"\w+")


class Word(NamedTuple):
    """A folded word, and where it stands in the text."""

    folded: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """What two texts share: from one word to another (not included) in the one and in the other."""

    one: tuple[int, int]
    other: tuple[int, int]
    words: int
    """How many words agree; a few in between may not."""


@dataclass(frozen=True)
class Likeness:
    """How much two texts share."""

    passages: tuple[Passage, ...]
    one_share: float
    """Share of the words of the one that the other has too, in passages; 0…1."""
    other_share: float

    @property
    def words(self) -> int:
        """How many words agree."""
        return sum(passage.words for passage in self.passages)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text as it was written; `passage` numbers what is shared, from 1, and is 0 for the rest."""

    text: str
    passage: int


def split_words(text: str) -> list[Word]:
    """Return the folded words of a text that is in NFC."""
    return [Word(_fold(found[0]), *found.span()) for found in _WORD.finditer(text)]


def fold_words(text: str) -> list[str]:
    """Return the folded words of a text in whatever form of Unicode."""
    return [word.folded for word in split_words(nfc(text))]


def fingerprint(text: str) -> frozenset[int]:
    """Return the fingerprints of a text: whole numbers from 0 below 2**63; none for a text without words."""
    return fingerprint_words(fold_words(text))


def fingerprint_words(words: Sequence[str]) -> frozenset[int]:
    """Return the fingerprints of folded words; see `fingerprint`."""
    hashes = _shingles(words)
    kept: set[int] = set()
    for begin in range(max(1, len(hashes) - WINDOW + 1)):
        if window := hashes[begin : begin + WINDOW]:
            kept.add(min(window))
    return frozenset(kept)


def compare(one: str, other: str) -> Likeness:
    """Return the passages that two texts share, in the order of the one.

    A passage grows from a shared run of `SHINGLE` words over up to `GAP` words that differ; a longer one is preferred.
    """
    return compare_words(fold_words(one), fold_words(other))


def compare_words(one: Sequence[str], other: Sequence[str]) -> Likeness:
    """Return the passages that two lists of folded words share."""
    places: dict[tuple[str, ...], list[int]] = {}
    for place in range(len(other) - SHINGLE + 1):
        known = places.setdefault(tuple(other[place : place + SHINGLE]), [])
        if len(known) < REPEATS:
            known.append(place)
    passages: list[Passage] = []
    at = 0
    while at <= len(one) - SHINGLE:
        starts = places.get(tuple(one[at : at + SHINGLE]), ())
        found = max((_grow(one, other, at, start) for start in starts), key=_length, default=None)
        if found is None or found.words < min(LEAST, len(one), len(other)):
            at += 1
        else:
            passages.append(found)
            at = found.one[1]
    covered: set[int] = set()
    for passage in passages:
        covered.update(range(*passage.other))
    return Likeness(
        tuple(passages),
        sum(passage.words for passage in passages) / len(one) if one else 0.0,
        len(covered) / len(other) if other else 0.0,
    )


def cut(text: str, spans: Sequence[tuple[int, int]]) -> list[Piece]:
    """Return the text in pieces: those between the words of each span (numbered from 1), and what is between them.

    Of spans that overlap the earlier one counts.
    """
    text = nfc(text)
    words = split_words(text)
    pieces: list[Piece] = []
    at = 0
    for number, (first, last) in sorted(enumerate(spans, start=1), key=lambda each: each[1]):
        begin, end = max(words[first].start, at), words[last - 1].end
        if begin >= end:
            continue
        pieces += [Piece(text[at:begin], 0), Piece(text[begin:end], number)]
        at = end
    pieces.append(Piece(text[at:], 0))
    return [piece for piece in pieces if piece.text]


def pair(one: str, other: str, likeness: Likeness) -> list[tuple[str, str]]:
    """Return the passages that two texts share, each as it is written in the one and in the other."""
    one, other = nfc(one), nfc(other)
    here, there = split_words(one), split_words(other)
    return [
        (
            one[here[passage.one[0]].start : here[passage.one[1] - 1].end],
            other[there[passage.other[0]].start : there[passage.other[1] - 1].end],
        )
        for passage in likeness.passages
    ]


def _grow(one: Sequence[str], other: Sequence[str], at: int, start: int) -> Passage:
    """Return the longest passage that begins at these two words."""
    here, there, words = at, start, 0
    while True:
        while here < len(one) and there < len(other) and one[here] == other[there]:
            here, there, words = here + 1, there + 1, words + 1
        step = _step_over(one, other, here, there)
        if step is None:
            return Passage((at, here), (start, there), words)
        here, there = here + step[0], there + step[1]


def _step_over(one: Sequence[str], other: Sequence[str], here: int, there: int) -> tuple[int, int] | None:
    """Return how many words to pass over in either text to where both agree again for a while, the fewest."""
    for total in range(1, 2 * GAP + 1):
        for left in range(max(0, total - GAP), min(GAP, total) + 1):
            right = total - left
            run = one[here + left : here + left + GAP]
            if len(run) == GAP and run == other[there + right : there + right + GAP]:
                return left, right
    return None


def _length(passage: Passage) -> int:
    return passage.words


def _shingles(words: Sequence[str]) -> list[int]:
    if not words:
        return []
    size = min(SHINGLE, len(words))
    return [_hash(" ".join(words[at : at + size])) for at in range(len(words) - size + 1)]


def _hash(text: str) -> int:
    # The top bit stays clear: a column holds signed numbers.
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


@lru_cache(maxsize=16384)
def _fold(word: str) -> str:
    return fold(word)


def is_without_accents(text: str) -> bool:
    """Tell whether a text has no accents at all, as it is typed on some devices."""
    return not any(unicodedata.combining(letter) for letter in unicodedata.normalize("NFD", text)) and not (
        set(text) & set("đĐ")
    )
