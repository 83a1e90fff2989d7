"""Atom feeds (RFC 4287)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

NAMESPACE = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(frozen=True)
class AtomEntry:
    """One entry; `id` never changes, and `updated` is aware."""

    id: str
    title: str
    url: str
    updated: datetime
    text: str


def feed_of(
    entries: Iterable[AtomEntry],
    *,
    id: str,  # noqa: A002  (the name of RFC 4287 §4.2.6)
    title: str,
    author: str,
    url: str,
    self_url: str,
    updated: datetime,
    language: str,
) -> bytes:
    """Return a feed with the entries in the given order; the same bytes for the same values."""
    ET.register_namespace("", NAMESPACE)
    feed = ET.Element(f"{{{NAMESPACE}}}feed", {f"{{{_XML}}}lang": language})
    _text(feed, "id", id)
    _text(feed, "title", title)
    _text(feed, "updated", _moment(updated))
    _text(ET.SubElement(feed, f"{{{NAMESPACE}}}author"), "name", author)
    ET.SubElement(feed, f"{{{NAMESPACE}}}link", {"rel": "alternate", "type": "text/html", "href": url})
    ET.SubElement(
        feed, f"{{{NAMESPACE}}}link", {"rel": "self", "type": "application/atom+xml", "href": self_url}
    )
    for each in entries:
        entry = ET.SubElement(feed, f"{{{NAMESPACE}}}entry")
        _text(entry, "id", each.id)
        _text(entry, "title", each.title)
        _text(entry, "updated", _moment(each.updated))
        ET.SubElement(
            entry, f"{{{NAMESPACE}}}link", {"rel": "alternate", "type": "text/html", "href": each.url}
        )
        content = ET.SubElement(entry, f"{{{NAMESPACE}}}content", {"type": "text"})
        content.text = _characters(each.text)
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True))


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = _characters(text)


def _characters(text: str) -> str:
    """Leave out what no XML 1.0 document may hold (§2.2), which ElementTree would write all the same."""
    return _NOT_IN_XML.sub("", text)


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
