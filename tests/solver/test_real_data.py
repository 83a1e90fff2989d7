"""Real conference problems (CoSPLib) and the unit problems of ITC-2019 that our rules can say, solved and judged."""

import re
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from dxday.solver import search
from dxday.solver.check import find_violations
from dxday.solver.problem import Order, Person, Problem, Room, Session, Site, Window, check_problem

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "solver"
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="no data of other solvers beside this checkout"),
]
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SLOT = 30
FORBIDDEN = {"N2OR": 1, "GECCO20": 10}
"""From this penalty on we forbid what the authors of the instance punish."""


# CoSPLib


def read_sheets(path: Path) -> dict[str, list[dict[str, str]]]:
    """Return sheet → rows → column letter → text."""
    with ZipFile(path) as book:
        texts = [
            "".join(text.text or "" for text in item.iter(f"{MAIN}t"))
            for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        names = [
            sheet.get("name")
            for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
        ]
        sheets = {}
        for number, name in enumerate(names, 1):
            rows = []
            for row in ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")).iter(
                f"{MAIN}row"
            ):
                cells = {}
                for cell in row.iter(f"{MAIN}c"):
                    value = cell.find(f"{MAIN}v")
                    if value is not None:
                        text = texts[int(value.text)] if cell.get("t") == "s" else value.text
                        cells[re.sub(r"\d", "", cell.get("r"))] = text
                rows.append(cells)
            sheets[name] = rows
    return sheets


def penalties(rows: list[dict[str, str]], least: int) -> dict[str, set[str]]:
    """Return the name of each row → the columns whose penalty forbids them."""
    heads = rows[0]
    return {
        row["A"]: {heads[column] for column, value in row.items() if column != "A" and float(value) >= least}
        for row in rows[1:]
        if "A" in row
    }


def conference(name: str) -> Problem:
    """Convert an instance: blocks are days of half-hour slots, presenters and attendees are people."""
    sheets = read_sheets(DATA / f"{name}.xlsx")
    least = FORBIDDEN[name]
    blocks = {
        row["A"]: Window(number * 1440 + 480, number * 1440 + 480 + int(row["B"]) * SLOT)
        for number, row in enumerate(sheets["sessions"][1:])
    }
    rooms = [row["A"] for row in sheets["rooms"][1:]]
    track_blocks = penalties(sheets["tracks_sessions|penalty"], 10_000)
    track_rooms = penalties(sheets["tracks_rooms|penalty"], 10_000)
    block_rooms = penalties(sheets["sessions_rooms|penalty"], 10_000)
    heads = sheets["submissions"][0]
    sessions: list[Session] = []
    in_order: dict[str, list[tuple[int, str]]] = {}
    people: dict[str, None] = {}
    for row in sheets["submissions"][1:]:
        if "A" not in row:
            continue
        barred = {heads[key] for key, value in row.items() if key not in "ABCDEFG" and float(value) >= least}
        barred |= track_blocks.get(row["B"], set()) | track_rooms.get(row["B"], set())
        who = [each for each in re.split(r",\s*", f"{row.get('F', '')},{row.get('G', '')}") if each]
        people.update(dict.fromkeys(who))
        length = int(row["C"]) * SLOT
        sessions.append(
            Session(
                row["A"],
                length,
                people=tuple(dict.fromkeys(who)),
                windows=tuple(
                    window
                    for block, window in blocks.items()
                    if block not in barred and window.end - window.start >= length
                ),
                rooms=tuple(room for room in rooms if room not in barred),
                track=row["B"],
            )
        )
        if row["D"] != "0":
            in_order.setdefault(row["B"], []).append((int(row["D"]), row["A"]))
    orders = []
    for ranked in in_order.values():
        ranked.sort()
        orders += [Order(one, other) for (a, one), (b, other) in pairwise(ranked) if a < b]
    return Problem(
        grid=SLOT,
        days=tuple(blocks.values()),
        sites=(Site("venue"),),
        rooms=tuple(
            Room(
                room,
                "venue",
                windows=tuple(w for block, w in blocks.items() if room not in block_rooms.get(block, set())),
            )
            for room in rooms
        ),
        sessions=tuple(sessions),
        people=tuple(map(Person, people)),
        orders=tuple(orders),
    )


@pytest.mark.parametrize(
    ("name", "sessions", "rooms", "blocks"), [("N2OR", 35, 4, 4), ("GECCO20", 158, 8, 7)]
)
def test_a_real_conference_is_placed_whole(name, sessions, rooms, blocks):
    problem = conference(name)
    check_problem(problem)

    found = search.solve(problem, seconds=8)

    assert (len(problem.sessions), len(problem.rooms), len(problem.days)) == (sessions, rooms, blocks)
    assert [(each.session, each.reasons) for each in found.unplaced] == []
    assert find_violations(problem, found.placements) == []
    assert found.soft <= found.history[0].soft


def test_a_real_conference_with_a_slot_too_few_says_what_collides():
    problem = conference("N2OR")
    shorter = replace(
        problem, rooms=(replace(problem.rooms[0], windows=problem.days[:1]), *problem.rooms[1:])
    )

    found = search.solve(shorter, seconds=8)

    assert found.status == "partial"
    assert found.hard == 0
    assert [each.session for each in found.unplaced if not each.reasons] == []


# ITC-2019

WEEK = 7 * 1440
FIVE = 5
WEEKS = 14


class Time(NamedTuple):
    """One of the times of a class: minutes of each meeting as (start, end)."""

    meetings: tuple[tuple[int, int], ...]


class Choice(NamedTuple):
    """A time and a room of a class."""

    time: Time
    room: str | None


def read_unit(name: str) -> tuple[str, list[list[Choice]], dict[frozenset[str], int]]:
    """Return the constraint's name, the choices of each class, and the minutes between rooms."""
    root = ElementTree.fromstring((DATA / "itc2019-unit" / f"{name}.xml").read_text("utf-8-sig"))
    travel = {
        frozenset({room.get("id"), other.get("room")}): int(other.get("value")) * FIVE
        for room in root.findall("rooms/room")
        for other in room.findall("travel")
    }
    classes = []
    for each in root.iter("subpart"):
        for taught in each.findall("class"):
            times = [
                Time(
                    tuple(
                        (begin, begin + int(time.get("length")) * FIVE)
                        for week, taken in enumerate(time.get("weeks")[:WEEKS])
                        for day, on in enumerate(time.get("days"))
                        if taken == on == "1"
                        for begin in [week * WEEK + day * 1440 + int(time.get("start")) * FIVE]
                    )
                )
                for time in taught.findall("time")
            ]
            rooms = [room.get("id") for room in taught.findall("room")] or [None]
            classes.append([Choice(*pair) for pair in product(times, rooms)])
    distribution = root.find("distributions/distribution")
    return ("" if distribution is None else distribution.get("type")), classes, travel


def meet(one: Choice, other: Choice, apart: int = 0) -> bool:
    """Tell whether two meetings are nearer than so many minutes (ITC-2019: NotOverlap, MinGap, SameAttendees)."""
    return any(a < d + apart and c < b + apart for a, b in one.time.meetings for c, d in other.time.meetings)


def is_allowed(kind: str, one: Choice, other: Choice, travel: dict[frozenset[str], int]) -> bool:
    """Decide by the wording of ITC-2019, without our solver."""
    if one.room is not None and one.room == other.room and meet(one, other):
        return False
    if kind in ("NotOverlap", "DifferentTime"):
        return not meet(one, other)
    if kind.startswith("MinGap"):
        return not meet(one, other, int(kind[7:-1]) * FIVE)
    if kind == "SameAttendees":
        return not meet(one, other, travel.get(frozenset({one.room, other.room}), 0))
    if kind == "DifferentRoom":
        return one.room != other.room
    if kind == "Precedence":
        return min(end for _, end in one.time.meetings) <= min(start for start, _ in other.time.meetings)
    return True


def as_problem(kind: str, choices: list[Choice], travel: dict[frozenset[str], int]) -> Problem:
    """Say the same with our rules: every meeting is a session with a fixed start and room."""
    gap = int(kind[7:-1]) * FIVE if kind.startswith("MinGap") else 0
    names = sorted({choice.room or f"any{number}" for number, choice in enumerate(choices)})
    sessions = [
        Session(
            f"{number}-{start}",
            end - start,
            fixed_start=start,
            fixed_room=choice.room or f"any{number}",
            people=("attendee",) if gap or kind == "SameAttendees" else (),
            groups=("everybody",) if kind in ("NotOverlap", "DifferentTime") else (),
        )
        for number, choice in enumerate(choices)
        for start, end in choice.time.meetings
    ]
    first = [f"{number}-{min(choice.time.meetings)[0]}" for number, choice in enumerate(choices)]
    return Problem(
        grid=FIVE,
        days=tuple(Window(day * 1440, (day + 1) * 1440) for day in range(WEEKS * 7)),
        sites=tuple(map(Site, names)),
        rooms=tuple(Room(name, name, shared=name.startswith("any")) for name in names),
        people=(Person("attendee"),),
        sessions=tuple(sessions),
        travel={(a, b): gap or travel.get(frozenset({a, b}), 0) for a in names for b in names if a < b},
        orders=(Order(*first),) if kind == "Precedence" else (),
    )


MAPPED = """
    DifferentTime differentRoom doubleBooking minGap notOverlap precedenceByWeek precedenceByWeekReversed
    sameAttendees
""".split()
NOT_MAPPED = {
    "overlap": "no rule asks that two sessions overlap",
    "sameStart": "no rule ties two sessions to one clock time",
    "sameTimeDiffLength": "no rule ties two sessions to one clock time",
    "sameTimeEqualLength": "no rule ties two sessions to one clock time",
    "sameDays": "no rule ties two sessions to one day",
    "differentDays": "no rule keeps two sessions on different days",
    "sameWeeks": "a Day has no weeks",
    "differentWeeks": "a Day has no weeks",
    "sameRoom": "no rule ties two sessions to one room",
    "maxBlock": "no limit on unbroken work",
    "maxBreaks": "no hard limit on breaks; gaps are a soft rule",
    "maxDayLoad": "no limit on a day's load",
    "maxDays": "no limit on the number of days",
    "Workday": "no hard limit from first to last; gaps are a soft rule",
    "WorkdayWithHugeLesson": "no hard limit from first to last; gaps are a soft rule",
}


def test_every_unit_problem_is_mapped_or_said_not_to_be():
    there = {path.stem for path in (DATA / "itc2019-unit").glob("*.xml")}

    assert there == {*MAPPED, *NOT_MAPPED}


@pytest.mark.parametrize("name", MAPPED)
def test_a_unit_problem_has_a_timetable_just_where_its_rule_allows_it(name):
    kind, classes, travel = read_unit(name)
    order = -1 if name == "precedenceByWeekReversed" else 1
    expected, found, judged = [], [], []

    for choices in product(*classes):
        ordered = list(choices)[::order]
        problem = as_problem(kind, ordered, travel)
        check_problem(problem)
        solution = search.solve(problem, seconds=5, workers=1)
        expected.append(is_allowed(kind, *ordered, travel))
        found.append(solution.unplaced == ())
        judged.append(solution.hard)
        assert all(each.reasons for each in solution.unplaced)

    assert found == expected
    assert set(expected) == {True, False}
    assert set(judged) == {0}
