"""The sheet of a certificate: its sizes, how its words are fitted, and how its dates are written."""

from dataclasses import dataclass
from math import ceil
from unicodedata import category, normalize

from dxday.certificates.rules import Facts
from dxday.core.vietnamese import nfc


@dataclass(frozen=True)
class Sheet:
    """A paper size with its ornamental border and the gap for signature and seal, all in millimetres."""

    code: str
    width: float
    height: float
    border_width: float
    border_height: float
    signature_gap: float
    source: str
    """Where the sizes are written down; "" where the house chose them."""

    @property
    def unit(self) -> float:
        """A hundredth of the border's height: every measure of the design is so many of it."""
        return self.border_height / 100

    @property
    def gap(self) -> float:
        """The gap for signature and seal in units."""
        return self.signature_gap / self.unit

    @property
    def margin_x(self) -> float:
        """The white at the left and at the right, in units."""
        return (self.width - self.border_width) / 2 / self.unit

    @property
    def margin_y(self) -> float:
        """The white above and below, in units."""
        return (self.height - self.border_height) / 2 / self.unit


_DECREE_50 = "Nghị định 50/2006/NĐ-CP, Điều 28"

SHEETS: dict[str, Sheet] = {
    sheet.code: sheet
    for sheet in (
        Sheet("a4", 297, 210, 279, 192, 25, ""),
        Sheet("a3", 420, 297, 394, 271, 35, ""),
        Sheet("400x300", 400, 300, 320, 230, 35, _DECREE_50),
        Sheet("450x350", 450, 350, 365, 270, 40, _DECREE_50),
    )
}
"""Landscape presets.  The two with a source are those of Decree 50/2006 Art. 28 (partly superseded since)."""

DEFAULT_SHEET = SHEETS["a4"]


@dataclass(frozen=True)
class Text:
    """How one text is set: its size and the width it is broken to, in units of the sheet."""

    size: float
    width: float


@dataclass(frozen=True)
class Fit:
    """How large the words are set, in units of the sheet."""

    name: Text
    unit: Text
    achievement: Text
    giver: float
    form: float
    """The words BẰNG KHEN: never larger than the name while the name stands on a line or two."""
    emblem: float
    foot: float
    """Height of the foot: decision, QR code, signature."""
    air: float
    """Height that is left over, shared out above the emblem, above the name and below."""


WIDTH = 109.0
"""Units between the inner margins of the narrowest sheet."""

RIGHT = 54.0
"""Units for the signatory's column at the foot."""

_STEPS = (
    # name, BẰNG KHEN, emblem, lines of the name at the most, least size of unit and achievement
    (7.4, 6.6, 9.6, 1, 2.6),
    (6.4, 5.8, 9.6, 1, 2.6),
    (5.4, 5.0, 9.6, 2, 2.4),
    (4.6, 4.4, 9.0, 2, 2.4),
    (3.9, 4.0, 8.4, 3, 2.2),
    (3.4, 3.8, 7.6, 5, 2.0),
    (3.0, 3.7, 7.0, 99, 2.0),
    (2.6, 3.6, 6.4, 99, 1.8),
)
"""From the largest setting down to the floor; a name is set smaller before it is broken further."""

_TEXT_SIZES = (3.0, 2.8, 2.6, 2.4, 2.2, 2.0, 1.8)
_GIVER_SIZES = (3.2, 2.8, 2.4)
_LEFT_FOOT = 23.0
"""Height of three lines and the QR code."""
_AIR = 2.5
"""Least height that is left between the words and the foot, and above the name."""
_FIXED = 32.6
"""Units of height that do not depend on the words: border, nation, motto, the word TẶNG, the air between."""


def fit(facts: Facts, sheet: Sheet) -> Fit | None:
    """Return the largest setting in which the words stand on one sheet; None when even the floor is too large.

    Widths are estimated from the letters, so the page is not laid out for it.
    """
    unit = unit_line(facts)
    giver = next((size for size in _GIVER_SIZES if _lines(facts.giver.upper(), size) == 1), _GIVER_SIZES[-1])
    foot = (
        _lines(f"{facts.place}, ngày 00 tháng 00 năm 0000", 2.45, RIGHT) * 3.2
        + _lines(facts.signatory_title.upper(), 2.5, RIGHT) * 3.3
        + _lines(facts.signatory_name, 2.6, RIGHT) * 3.4
        + sheet.gap
    )
    foot = max(foot, _LEFT_FOOT)
    around = _FIXED + _lines(facts.giver.upper(), giver) * giver * 1.25 + foot
    for name_size, form, emblem, most, least in _STEPS:
        name_lines = _lines(facts.recipient_name, name_size)
        if name_lines > most:
            continue
        room = 100 - around - emblem - form * 1.16 - name_lines * name_size * 1.23
        for size in _TEXT_SIZES:
            text_size = size - 0.2 if size > 2.0 else size
            used = _lines(unit, size) * size * 1.28 + _lines(facts.achievement, text_size) * text_size * 1.3
            if least <= size < name_size and used + _AIR <= room:
                return Fit(
                    _set(facts.recipient_name, name_size),
                    _set(unit, size),
                    _set(facts.achievement, text_size),
                    giver,
                    form,
                    emblem,
                    foot,
                    room - used,
                )
    return None


def _set(text: str, size: float) -> Text:
    """Break a text into lines of like length: the narrowest width that needs no line more."""
    lines = _lines(text, size)
    width = WIDTH / max(lines, 1)
    while width < WIDTH and _lines(text, size, width) > lines:
        width += 1.0
    return Text(size, WIDTH if lines < 2 else min(width, WIDTH))


def _lines(text: str, size: float, width: float = WIDTH) -> int:
    """Return how many lines a text takes, at the most; a word that is wider than a line is broken."""
    lines, left = 0, 0.0
    for word in nfc(text).split():
        long = sum(_em(letter) for letter in word) * size
        if left >= long + 0.25 * size:
            left -= long + 0.25 * size
            continue
        pieces = max(1, ceil(long / width))
        lines += pieces
        left = pieces * width - long
    return lines


_WIDTHS = {
    letter: width
    for width, letters in (
        (0.25, " ,."),
        (0.28, "'/\\il|"),
        (0.34, "!()-:;[]`fjt‘’·"),
        (0.4, "Is{}"),
        (0.45, "cerz"),
        (0.5, "#$*0123456789?J_agovxy–“”«»"),
        (0.56, 'Sbdhknpquđ"~'),
        (0.61, "FP<=>+"),
        (0.67, "BELTZ"),
        (0.73, "ACDNRUVXYwĐ"),
        (0.78, "GHKOQ"),
        (0.84, "&m"),
        (0.95, "M@"),
        (1.0, "%W—…"),
    )
    for letter in letters
}
"""The widths of a Times-like bold in ems; accents add nothing, but the horn of ơ and ư does."""
_HORN = "\u031b"


def _em(letter: str) -> float:
    base, *marks = tuple(normalize("NFD", letter))
    if base in _WIDTHS:
        return _WIDTHS[base] + 0.07 * marks.count(_HORN)
    if category(base) == "Mn":
        return 0.0
    return 0.72 if base < "\u2e80" else 1.0


def unit_line(facts: Facts) -> str:
    """Return the line under the name: office and unit, each said once."""
    parts: list[str] = []
    for part in (facts.recipient_position, facts.organisation_name):
        seen = " ".join([facts.recipient_name, *parts]).casefold()
        if part and part.casefold() not in seen:
            parts.append(part)
    return ", ".join(parts)


@dataclass(frozen=True)
class Band:
    """One side of the border: a plait of `count` eyes, bar and ring in turn, each `pitch` units long."""

    count: int
    pitch: float


def band(length: float, pitch: float) -> Band:
    """Return the plait that fills `length` with eyes of about `pitch`; it begins and ends with a bar."""
    count = max(3, round(length / pitch))
    count += 1 - count % 2
    return Band(count, length / count)
