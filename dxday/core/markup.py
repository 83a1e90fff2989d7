"""Texts that came from elsewhere with HTML in them, as people read them."""

import re
from collections.abc import Mapping
from html import unescape

_BREAKS = re.compile(r"<(?:br\s*/?|/(?:p|div|li|ul|ol|h[1-6]|blockquote|tr))\s*>", re.IGNORECASE)
_ITEMS = re.compile(r"<li(?:\s[^<>]*)?>", re.IGNORECASE)
_TAGS = re.compile(
    r"</?(?:a|b|i|u|p|em|strong|br|hr|div|span|ul|ol|li|h[1-6]|blockquote|pre|code|small|sub|sup|"
    r"img|table|thead|tbody|tr|td|th|dl|dt|dd|cite|q|del|ins|font|center)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Return a text without HTML tags, its paragraphs and list items on lines of their own.

    Only tags of HTML count, so that "a < b" and "<name>" stay; a text without any comes back as it is.
    """
    if not _TAGS.search(text):
        return text
    lines = _TAGS.sub("", _ITEMS.sub("• ", _BREAKS.sub("\n", text)))
    return re.sub(r"\n\s*\n\s*", "\n\n", unescape(lines)).strip()


def plain_each(texts: Mapping[str, str] | None) -> dict[str, str]:
    """Return a translatable text with each language as `plain` gives it."""
    return {language: plain(text) for language, text in (texts or {}).items()}
