"""Kinds of letter: each is offered by the feature that writes it, with the placeholders that its wording may name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from dxday.core.i18n import Words, lazy_gettext


@dataclass(frozen=True)
class Placeholder:
    """A name in a wording, what stands for it, and a made-up value to show.

    Values are plain: text, a number, a date or moment, a yes or no, text in several languages (language → text), or
    several lines of text (a tuple), each of which stays a line of its own.
    """

    name: str
    label: Words
    sample: Any


BECAUSE = lazy_gettext("This letter was written to you because your address was given to the organizers.")
"""Why somebody gets a letter that says nothing nearer."""


@dataclass(frozen=True, eq=False)
class Letter:
    """A kind of letter.  The shipped words lie in templates/wording/<kind>.<language>.md."""

    kind: str
    name: Words
    placeholders: tuple[Placeholder, ...]
    required: bool = True
    """Leaves even to somebody who wants no mail: it answers what they did themselves, or the law asks for it."""
    purpose: Words = ""
    """When it is written and what for, in a sentence to those who look after its words."""
    why: Words = BECAUSE
    """Why somebody gets it, in a sentence to them at its foot."""
    of_edition: bool = True
    """It is written for an edition, which may have its own words; a link to sign in is not."""


COMMON: tuple[Placeholder, ...] = (
    Placeholder("recipient", lazy_gettext("Name of the recipient"), "Nguyễn Văn Mẫu"),
    Placeholder(
        "edition",
        lazy_gettext("Name of the edition"),
        {
            "vi": "Ngày Chuyển đổi số quốc gia tại tỉnh Mẫu",
            "en": "National Digital Transformation Day in Sample Province",
            "hi": "राष्ट्रीय डिजिटल परिवर्तन दिवस, नमूना प्रांत",
        },
    ),
)
"""What every wording may name."""


def index(*offered: Iterable[Letter]) -> dict[str, Letter]:
    """Return the letters by kind.  Raises ValueError for a kind that two features offer."""
    by_kind: dict[str, Letter] = {}
    for letter in (letter for letters in offered for letter in letters):
        if letter.kind in by_kind:
            raise ValueError(f"two features offer the letter {letter.kind}")
        by_kind[letter.kind] = letter
    return by_kind


def known() -> Mapping[str, Letter]:
    """Return every kind of letter that the application offers."""
    letters: dict[str, Letter] = current_app.extensions["dxday_letters"]
    return letters


def name_of(kind: str) -> Words:
    """Return what people call a kind; the kind itself when no feature offers it any more."""
    letter = known().get(kind)
    return letter.name if letter else kind
