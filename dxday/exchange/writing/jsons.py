"""Schedule JSON v1, valid against the schema of the Chaos Communication Congress' video team."""

import json
import re
from typing import Any

from dxday.exchange import rules
from dxday.exchange.reading.jsons import MARK
from dxday.exchange.writing.frab import length
from dxday.exchange.writing.programme import Event, Programme

_TYPES = frozenset({"slides", "paper", "web", "blog", "article", "media", "related", "activitypub"})
_WRITTEN = frozenset({"links", "attachments", "license", "optout", "type", "language", "url"})
_ZONE = re.compile("[A-Z][a-z]+/[A-Z][a-z]+|UTC$")
"""What the schema takes as the name of a zone; others stand in our mark alone."""

_SLUG = re.compile("[a-z0-9_-]+[a-z0-9]")


def write_json(programme: Programme) -> bytes:
    """Return the programme as schedule JSON v1."""
    marks: dict[str, Any] = {}
    days = []
    for number, day in enumerate(programme.days, start=1):
        starts_at, ends_at = programme.bounds(day)
        days.append(
            {
                "index": number,
                "date": day.isoformat(),
                "day_start": starts_at.isoformat(timespec="seconds"),
                "day_end": ends_at.isoformat(timespec="seconds"),
                "rooms": {
                    name: [_event(event, marks) for event in events]
                    for name, _, events in programme.by_room(day)
                },
            }
        )
    schedule = {
        "version": programme.version,
        "base_url": programme.base_url,
        "conference": {
            "acronym": programme.acronym,
            "title": programme.title,
            "start": programme.days[0].isoformat(),
            "end": programme.days[-1].isoformat(),
            "daysCount": len(programme.days),
            "timeslot_duration": "00:05",
            **({"time_zone_name": programme.zone} if _ZONE.match(programme.zone) else {}),
            "url": programme.url,
            "tracks": [
                {"name": name, **({"slug": slug} if _SLUG.fullmatch(slug) else {})}
                for name, slug in programme.tracks
            ],
            "rooms": [
                {"name": name, "guid": str(guid), "capacity": capacity}
                for name, guid, capacity in _rooms(programme)
            ],
            "days": days,
        },
        MARK: {**programme.mark, "zone": programme.zone, "events": marks},
    }
    file = {"generator": {"name": "DXDay"}, "schedule": schedule}
    return json.dumps(file, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _rooms(programme: Programme) -> list[tuple[str, Any, int]]:
    """Return the rooms, and besides what stands for one where people join from anywhere."""
    rooms = list(programme.rooms)
    named = {name for name, *_ in rooms}
    for event in programme.events:
        if event.room not in named:
            named.add(event.room)
            rooms.append((event.room, rules.derive_guid("room", event.room), 0))
    return rooms


def _event(event: Event, marks: dict[str, Any]) -> dict[str, Any]:
    imported = event.imported
    kept = {k: v for k, v in imported.items() if k not in _WRITTEN}
    written: dict[str, Any] = {
        "guid": str(event.guid),
        "id": event.id,
        "date": event.starts_at.isoformat(timespec="seconds"),
        "start": f"{event.starts_at:%H:%M}",
        "end": event.ends_at.isoformat(timespec="seconds"),
        "duration": length(event.ends_at - event.starts_at),
        "room": event.room,
        "slug": event.slug,
        "url": event.url,
        **event.texts,
        "track": event.track,
        "type": event.kind,
        "language": event.language,
        "recording_license": str(imported.get("license", "")),
        "do_not_record": bool(imported.get("optout", False)),
        "persons": [
            {"guid": str(person.guid), "name": person.name, "public_name": person.name}
            for person in event.people
        ],
    }
    for group in ("links", "attachments"):
        listed = [each for each in _list(imported.get(group)) if isinstance(each, dict) and each.get("url")]
        written[group] = [_reference(each) for each in listed]
        if written[group] != _list(imported.get(group)):
            kept[group] = imported[group]
    for name in ("logo", "feedback_url", "origin_url"):
        if name in imported:
            written[name] = str(kept.pop(name))
    mark = event.mark
    if mark.get("whole"):
        if "url" in imported:
            kept["url"] = imported["url"]
        mark = mark | ({"imported": kept} if kept else {})
    marks[str(event.guid)] = mark
    return written


def _reference(each: dict[str, Any]) -> dict[str, str]:
    return {
        name: str(each[name])
        for name in ("url", "title", "type")
        if name in each and (name != "type" or each[name] in _TYPES)
    }


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
