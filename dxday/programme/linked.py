"""The programme for search engines: schema.org events as JSON-LD, made of plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from dxday.programme.rules import Mode

Linked = dict[str, Any]
"""A node of JSON-LD."""

_SCHEMA = "https://schema.org/"


class Status(StrEnum):
    """What has become of an event (schema.org EventStatusType)."""

    SCHEDULED = "EventScheduled"
    RESCHEDULED = "EventRescheduled"
    CANCELLED = "EventCancelled"


@dataclass(frozen=True)
class Spot:
    """Where and when something is held or received, as schema.org wants to know it."""

    name: str
    address: str
    mode: Mode
    starts_at: datetime
    ends_at: datetime
    join_url: str


def attendance_mode(modes: Iterable[Mode]) -> str:
    """Return schema.org's word for how one attends.

    Who receives a session by line sits in a hall and follows it over a network, so a joined session is mixed.
    """
    found = set(modes)
    there = bool(found - {Mode.ONLINE})
    afar = bool(found - {Mode.ON_SITE})
    name = "Mixed" if there and afar else "Online" if afar else "Offline"
    return f"{_SCHEMA}{name}EventAttendanceMode"


def edition_event(
    *,
    name: str,
    url: str,
    starts_on: date,
    ends_on: date,
    status: Status,
    modes: Iterable[Mode],
    organizer: str,
    languages: Iterable[str],
    description: str = "",
    previously_on: date | None = None,
    places: Iterable[tuple[str, str, str]] = (),
    join_url: str,
    sub_events: Iterable[Linked] = (),
) -> Linked:
    """Return the whole Day; `places` are name, address and page of its sites."""
    modes = set(modes) or {Mode.ON_SITE}
    locations: list[Linked] = [
        {**_place(site_name, address), "url": page} for site_name, address, page in places
    ]
    if modes - {Mode.ON_SITE}:
        locations.append(_virtual(join_url))
    return {
        "@context": _SCHEMA,
        **_event(name, url, description),
        "startDate": starts_on.isoformat(),
        "endDate": ends_on.isoformat(),
        **({"previousStartDate": previously_on.isoformat()} if previously_on else {}),
        "eventStatus": f"{_SCHEMA}{status}",
        "eventAttendanceMode": attendance_mode(modes),
        "isAccessibleForFree": True,
        "inLanguage": sorted(set(languages)),
        "organizer": {"@type": "Organization", "name": organizer, "url": url},
        "location": locations,
        "subEvent": list(sub_events),
    }


def site_event(whole: Linked, *, name: str, address: str, url: str) -> Linked:
    """Return the Day as it is at one of its sites."""
    return {
        **_event(f"{whole['name']} – {name}", url, ""),
        **{key: whole[key] for key in ("startDate", "endDate", "eventStatus", "organizer")},
        "location": _place(name, address),
    }


def brief_event(*, name: str, url: str, starts_at: datetime, ends_at: datetime, place: str) -> Linked:
    """Return a session as a part of the Day: what a list of events needs, and no more."""
    return {
        **_event(name, url, ""),
        "startDate": starts_at.isoformat(),
        "endDate": ends_at.isoformat(),
        "location": _place(place, place),
    }


def session_event(
    *,
    name: str,
    url: str,
    description: str,
    status: Status,
    language: str,
    track: str,
    people: Iterable[tuple[str, str]],
    spots: list[Spot],
    whole: Linked,
) -> Linked:
    """Return one session: the first spot is where it is held, and each one where it is received is an event of it.

    `people` are name and office, `whole` the Day that it belongs to.
    """
    found: Linked = {
        "@context": _SCHEMA,
        **_event(name, url, description),
        "eventStatus": f"{_SCHEMA}{status}",
        "inLanguage": language,
        "isAccessibleForFree": True,
        "organizer": whole["organizer"],
        "superEvent": {key: whole[key] for key in _OF_THE_WHOLE},
        "performer": [
            {"@type": "Person", "name": person, **({"jobTitle": office} if office else {})}
            for person, office in people
        ],
    }
    if track:
        found["about"] = track
    if spots:
        found |= {
            "startDate": min(spot.starts_at for spot in spots).isoformat(),
            "endDate": max(spot.ends_at for spot in spots).isoformat(),
            "eventAttendanceMode": attendance_mode(spot.mode for spot in spots),
            "location": _locations(spots),
        }
    if len(spots) > 1:
        found["subEvent"] = [
            {
                **_event(f"{name} – {spot.name}", url, ""),
                "startDate": spot.starts_at.isoformat(),
                "endDate": spot.ends_at.isoformat(),
                "eventStatus": f"{_SCHEMA}{status}",
                "eventAttendanceMode": attendance_mode([spot.mode]),
                "location": _locations([spot]),
            }
            for spot in spots
        ]
    return found


_OF_THE_WHOLE = ("@type", "@id", "name", "url", "startDate", "endDate", "location")


def _event(name: str, url: str, description: str) -> Linked:
    about = {"description": description} if description else {}
    return {"@type": "Event", "@id": url, "name": name, "url": url, **about}


def _locations(spots: Iterable[Spot]) -> list[Linked]:
    """Return the places, and one virtual location for each link."""
    places: Mapping[tuple[str, str], None] = dict.fromkeys(
        (spot.name, spot.address) for spot in spots if spot.mode is not Mode.ONLINE
    )
    links = dict.fromkeys(spot.join_url for spot in spots if spot.mode is not Mode.ON_SITE)
    return [*(_place(name, address) for name, address in places), *(_virtual(link) for link in links)]


def _place(name: str, address: str) -> Linked:
    return {"@type": "Place", "name": name, "address": address or name}


def _virtual(url: str) -> Linked:
    return {"@type": "VirtualLocation", "url": url}
