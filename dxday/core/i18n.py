"""Languages, lazily translated sentences, and text that is written in several languages."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from flask_babel import get_locale, gettext, lazy_gettext
from flask_babel.speaklater import LazyString

LOCALES: dict[str, str] = {"vi": "Tiếng Việt", "en": "English", "hi": "हिन्दी"}
"""The languages of the interface and their own names, in the order in which they are offered."""

DEFAULT_LOCALE = "vi"

Words: TypeAlias = LazyString | str
"""A sentence that is put into the reader's language when it is shown."""

Translations = dict[str, str]
"""Language code → text, as stored in a translatable column; an absent language is no key at all."""

__all__ = [
    "DEFAULT_LOCALE",
    "LOCALES",
    "Translations",
    "Words",
    "gettext",
    "language_of",
    "lazy_gettext",
    "lazy_pick",
    "pick",
    "sentence",
]


def pick(texts: Mapping[str, str] | None, locale: str) -> str:
    """Return the text for `locale`; else Vietnamese, else English, else any; "" for nothing.

    This is the one fallback rule: the Day is Vietnamese, so its own words are better than none.
    """
    if not texts:
        return ""
    for code in (locale, DEFAULT_LOCALE, "en"):
        if found := texts.get(code):
            return found
    return next((text for text in texts.values() if text), "")


def language_of(texts: Mapping[str, str] | None, locale: str) -> str:
    """Return the code of the language that `pick` would answer in (for the `lang` attribute)."""
    if not texts:
        return locale
    for code in (locale, DEFAULT_LOCALE, "en"):
        if texts.get(code):
            return code
    return next((code for code, text in texts.items() if text), locale)


def lazy_pick(*texts: Mapping[str, str] | None) -> Words:
    """Return texts, with commas between, as words put into the reader's language when shown (in refusals)."""
    return LazyString(lambda: ", ".join(filter(None, (pick(each, str(get_locale())) for each in texts))))


def sentence(words: Words, facts: Mapping[str, Any]) -> str:
    """Fill the blanks of a translated sentence; a literal per cent sign is written as %%."""
    return str(words) % dict(facts)
