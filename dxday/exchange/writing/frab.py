"""Frab XML, valid against the schema of the Congress' video team (voc/schedule: validator/xsd/schedule.xml.xsd)."""

import json
import re
from datetime import timedelta
from typing import Any, cast
from xml.etree import ElementTree as ET

from dxday.exchange import rules
from dxday.exchange.reading.frab import MARK
from dxday.exchange.writing.programme import Event, Programme

MEDIA_TYPE = "application/vnd.c3voc.schedule+xml"
"""Registered with IANA for this format."""

_WEB = re.compile(r"https?://\S+")
_ADDRESSES = ("feedback_url", "origin_url", "video_download_url")
_WRITTEN = frozenset({"links", "attachments", "license", "optout", "type", "language", "url"})
"""What was imported and has an element or attribute of its own."""


def write_xml(programme: Programme) -> bytes:
    """Return the programme as frab XML."""
    root = ET.Element("schedule")
    ET.SubElement(root, "generator", name="DXDay")
    if _WEB.fullmatch(programme.url):
        _text(root, "url", programme.url)
    _text(root, "version", programme.version)
    conference = ET.SubElement(root, "conference")
    conference.append(_mark(programme.mark))
    for tag, said in (
        ("title", programme.title),
        ("acronym", programme.acronym),
        ("start", programme.days[0].isoformat()),
        ("end", programme.days[-1].isoformat()),
        ("days", str(len(programme.days))),
        ("timeslot_duration", "00:05"),
        ("base_url", programme.base_url),
        ("time_zone_name", programme.zone),
    ):
        if tag != "base_url" or _WEB.fullmatch(said):
            _text(conference, tag, said)
    for name, slug in programme.tracks:
        named = {"name": name} | ({"slug": slug} if re.fullmatch("[a-z][a-z0-9-]+", slug) else {})
        ET.SubElement(conference, "track", named)
    for number, day in enumerate(programme.days, start=1):
        starts_at, ends_at = programme.bounds(day)
        node = ET.SubElement(
            root,
            "day",
            index=str(number),
            date=day.isoformat(),
            start=starts_at.isoformat(timespec="seconds"),
            end=ends_at.isoformat(timespec="seconds"),
        )
        for name, guid, events in programme.by_room(day):
            room = ET.SubElement(node, "room", {"name": name} | ({"guid": str(guid)} if guid else {}))
            for event in events:
                room.append(_event(event))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _event(event: Event) -> ET.Element:
    node = ET.Element("event", guid=str(event.guid), id=str(event.id))
    kept = {k: v for k, v in event.imported.items() if k not in _WRITTEN}
    node.append(_mark(event.mark)) if not event.mark.get("whole") else None
    for tag, said in (
        ("room", event.room),
        ("title", event.texts["title"]),
        ("subtitle", event.texts["subtitle"]),
        ("type", event.kind),
        ("date", event.starts_at.isoformat(timespec="seconds")),
        ("start", f"{event.starts_at:%H:%M}"),
        ("duration", length(event.ends_at - event.starts_at)),
        ("abstract", event.texts["abstract"]),
        ("slug", event.slug),
        ("track", event.track),
        ("language", event.language),
        ("description", event.texts["description"]),
    ):
        _text(node, tag, said)
    logo = str(event.imported.get("logo", ""))
    if _WEB.fullmatch(logo):
        _text(node, "logo", logo)
        kept.pop("logo")
    people = ET.SubElement(node, "persons")
    for person in event.people:
        ET.SubElement(people, "person", id=str(person.id), guid=str(person.guid)).text = person.name
    if "license" in event.imported or "optout" in event.imported:
        recording = ET.SubElement(node, "recording")
        _text(recording, "license", str(event.imported.get("license", "")))
        _text(recording, "optout", "true" if event.imported.get("optout") else "false")
    for group, one in (("links", "link"), ("attachments", "attachment")):
        listed = ET.SubElement(node, group)
        for each in _dicts(event.imported.get(group)):
            words = {"href": "url", "type": "type"} | ({"service": "service"} if one == "link" else {})
            said_of = {name: str(each[key]) for name, key in words.items() if key in each}
            ET.SubElement(listed, one, said_of).text = str(each.get("title", ""))
    if _WEB.fullmatch(event.url):
        _text(node, "url", event.url)
    for name in _ADDRESSES:
        if _WEB.fullmatch(str(event.imported.get(name, ""))):
            _text(node, name, str(kept.pop(name)))
    if event.mark.get("whole"):
        if any("service" in each for each in _dicts(event.imported.get("attachments"))):
            kept["attachments"] = event.imported["attachments"]
        if "url" in event.imported:
            kept["url"] = event.imported["url"]
        node.insert(0, _mark(event.mark | ({"imported": kept} if kept else {})))
    return node


def length(duration: timedelta) -> str:
    """Return a length as "01:30"."""
    minutes = duration // timedelta(minutes=1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _mark(mark: dict[str, Any]) -> ET.Element:
    # "?>" would end the instruction; in JSON it can only stand inside of a text, where it may be escaped.
    said = json.dumps(mark, separators=(",", ":")).replace("?>", "?\\u003e")
    return cast("ET.Element", ET.ProcessingInstruction(MARK, said))


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = rules.tidy(text)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
