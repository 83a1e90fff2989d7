"""Problems and solutions as JSON, judged by their JSON Schemas before anything is read."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from dxday.core.i18n import lazy_gettext
from dxday.solver.problem import (
    Order,
    Person,
    Placement,
    Problem,
    Receiving,
    Room,
    Session,
    Site,
    Weights,
    Window,
    check_problem,
    refuse,
)

FOLDER = Path(__file__).parent
LARGEST = 64 * 1024 * 1024
"""Bytes of the largest file that is read."""


@cache
def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a `problem` or a `solution`."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8"))
    return found


def read_problem(text: str | bytes) -> Problem:
    """Read a problem.  Raises ProblemRefused with the path of the first fault."""
    if len(text) > LARGEST:
        refuse("$", lazy_gettext("the file is larger than %(bytes)d bytes."), bytes=LARGEST)
    try:
        document = json.loads(text, parse_constant=_no_constant, parse_float=_whole)
        json.dumps(document, ensure_ascii=False).encode()  # half a character is no text, and no file takes it
    except (ValueError, RecursionError) as fault:
        refuse("$", lazy_gettext("this is no JSON (%(fault)s)."), fault=fault)
    return problem_of(document)


def problem_of(document: Any) -> Problem:
    """Make a problem of parsed JSON.  Raises ProblemRefused with the path of the first fault."""
    fault = best_match(Draft202012Validator(schema("problem")).iter_errors(document))
    if fault is not None:
        refuse(fault.json_path.removeprefix("$."), lazy_gettext("%(fault)s."), fault=_short(fault.message))
    problem = Problem(
        grid=document["grid"],
        days=_windows(document, "days"),
        sites=tuple(
            Site(each["id"], each.get("name", ""), _windows(each, "windows")) for each in document["sites"]
        ),
        rooms=tuple(map(_room, document["rooms"])),
        people=tuple(
            Person(each["id"], each.get("name", ""), _windows(each, "windows"), each.get("remote", False))
            for each in document.get("people", ())
        ),
        sessions=tuple(map(_session, document["sessions"])),
        travel={(each["from"], each["to"]): each["minutes"] for each in document.get("travel", ())},
        orders=tuple(Order(**each) for each in document.get("orders", ())),
        max_lines=document.get("max_lines"),
        max_interpreters=document.get("max_interpreters"),
        weights=Weights(**document.get("weights", {})),
        midnight=_moment(document.get("midnight")),
    )
    check_problem(problem)
    return problem


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _whole(text: str) -> int | float:
    """Read 60.0 as 60, as JSON Schema does."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _short(message: str) -> str:
    return message if len(message) <= 200 else f"{message[:120]} … {message[-70:]}"


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        refuse("midnight", lazy_gettext("“%(text)s” is no time in ISO 8601."), text=text)
        raise


def _windows(document: Mapping[str, Any], name: str) -> tuple[Window, ...]:
    return tuple(Window(*each) for each in document.get(name, ()))


def _room(document: Mapping[str, Any]) -> Room:
    known = {**document, "features": frozenset(document.get("features", ()))}
    return Room(**{**known, "windows": _windows(document, "windows")})


def _session(document: Mapping[str, Any]) -> Session:
    known = dict(document)
    for name in ("people", "groups", "rooms", "sites"):
        known[name] = tuple(document.get(name, ()))
    for name in ("windows", "preferred"):
        known[name] = _windows(document, name)
    known["features"] = frozenset(document.get("features", ()))
    known["receiving"] = tuple(map(_receiving, document.get("receiving", ())))
    if (current := document.get("current")) is not None:
        known["current"] = Placement(
            document["id"], current["room"], current["start"], tuple(current.get("receiving", ()))
        )
    return Session(**known)


def _receiving(document: Mapping[str, Any]) -> Receiving:
    return Receiving(
        **{
            **document,
            "features": frozenset(document.get("features", ())),
            "people": tuple(document.get("people", ())),
        }
    )


def document_of(problem: Problem) -> dict[str, Any]:
    """Return the problem as plain JSON values; reading them gives an equal problem."""
    document = {
        "grid": problem.grid,
        "days": [list(day) for day in problem.days],
        "sites": [_plain(each) for each in problem.sites],
        "rooms": [_plain(each) for each in problem.rooms],
        "people": [_plain(each) for each in problem.people],
        "travel": [
            {"from": one, "to": other, "minutes": minutes} for (one, other), minutes in problem.travel.items()
        ],
        "sessions": [_plain(each) for each in problem.sessions],
        "orders": [_plain(each) for each in problem.orders],
        "weights": dict(vars(problem.weights)),
    }
    for name in ("max_lines", "max_interpreters"):
        if (value := getattr(problem, name)) is not None:
            document[name] = value
    if problem.midnight is not None:
        document["midnight"] = problem.midnight.isoformat()
    return document


def _plain(thing: Any) -> dict[str, Any]:
    """Return what differs from the defaults."""
    plain: dict[str, Any] = {}
    for name, value in vars(thing).items():
        if value is None or value in ("", (), frozenset()):
            continue
        if isinstance(value, frozenset):
            plain[name] = sorted(value)
        elif isinstance(value, Placement):
            plain[name] = {"room": value.room, "start": value.start, "receiving": list(value.receiving)}
        elif isinstance(value, tuple):
            plain[name] = [
                _plain(each)
                if isinstance(each, Receiving)
                else list(each)
                if isinstance(each, Window)
                else each
                for each in value
            ]
        else:
            plain[name] = value
    return plain
