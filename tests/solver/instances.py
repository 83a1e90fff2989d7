"""Made-up Days that have a timetable by construction: a hidden one is drawn first, the problem from it."""

import random
from dataclasses import dataclass

from dxday.solver.problem import Person, Placement, Problem, Receiving, Room, Session, Site, Weights, Window

HOURS = (8 * 60, 18 * 60)
SITES = 22
PLENARIES_AT = (0, 55, 280, 335, 555)
"""Minutes after the beginning of a day."""


@dataclass(frozen=True)
class Made:
    """A problem and the hidden timetable it was drawn from."""

    problem: Problem
    hidden: tuple[Placement, ...]


def make_day(
    sessions: int, *, seed: int = 0, days: int | None = None, people: int = 250, grid: int = 5
) -> Made:
    """Draw a Day of 22 sites: plenaries over all rooms, local sessions, people with 60 minutes between sites.

    A fifth of the sessions may choose among three sites; a quarter of the people join from afar; each session
    has a track and half of them preferred half-days, which the hidden timetable does not know.
    """
    rng = random.Random(seed)
    days = days or (2 if sessions <= 300 else 3 if sessions <= 1000 else 5)
    per_room = 2.6 * days
    wanted = max(SITES * 2 + 7, round(sessions / per_room)) if sessions > 60 else SITES
    sites = tuple(Site(f"s{n}", f"Site {n}") for n in range(SITES))
    rooms = tuple(
        Room(
            f"r{n}", f"s{n % SITES}", f"Room {n}", capacity=rng.choice((60, 100, 150, 250, 400)),
            features=frozenset(name for name in ("line", "projector") if rng.random() < 0.8),
            turnaround=10,
        )
        for n in range(wanted)
    )  # fmt: skip
    who = tuple(
        Person(f"p{n}", f"Person {n}", remote=rng.random() < 0.25)
        for n in range(people * max(1, sessions // 300))
    )
    windows = tuple(Window(day * 1440 + HOURS[0], day * 1440 + HOURS[1]) for day in range(days))
    made: list[Session] = []
    hidden: list[Placement] = []
    busy: dict[str, list[tuple[int, int, str]]] = {person.id: [] for person in who}
    room_busy: dict[str, list[tuple[int, int]]] = {room.id: [] for room in rooms}
    plenaries = 10 if sessions >= 200 else 2
    for number in range(plenaries):
        day, place = number % days, number // days
        start = windows[day].start + PLENARIES_AT[place]
        origin, rest = rooms[0], rooms[1:]
        speaker = who[number]
        busy[speaker.id].append((start, start + 45, origin.site))
        for room in rooms:
            room_busy[room.id].append((start, start + 45))
        made.append(
            Session(
                f"plenary{number}", 45, f"Plenary {number}", people=(speaker.id,), rooms=(origin.id,),
                receiving=tuple(Receiving(room.site, room.id, optional=True) for room in rest), track="plenary",
                order="first" if number == 0 else None,
            )
        )  # fmt: skip
        hidden.append(Placement(made[-1].id, origin.id, start, tuple(room.id for room in rest)))
    remote = {person.id for person in who if person.remote}
    number = 0
    tries = 0
    while len(made) < sessions:
        tries += 1
        assert tries < sessions * 400, "the rooms are full: draw more of them"
        room = rng.choice(rooms)
        length = rng.choice((30, 45, 60, 60, 90, 90))
        day = rng.choice(windows)
        start = day.start + rng.randrange(0, (day.end - day.start - length) // grid + 1) * grid
        end = start + length
        if any(start < b + 10 and a < end + 10 for a, b in room_busy[room.id]):
            continue
        chosen: list[str] = []
        count = rng.choice((1, 2, 2, 3))
        for person in rng.sample(who, 12):
            free = all(
                (end + (0 if person.id in remote or site == room.site else 60) <= a)
                or (b + (0 if person.id in remote or site == room.site else 60) <= start)
                for a, b, site in busy[person.id]
            )
            if free:
                chosen.append(person.id)
            if len(chosen) == count:
                break
        for person_id in chosen:
            busy[person_id].append((start, end, room.site))
        room_busy[room.id].append((start, end))
        others = rng.sample([site.id for site in sites], 2) if rng.random() < 0.2 else []
        half = (
            start // 720 * 720 if rng.random() < 0.5 else (rng.randrange(days) * 2 + rng.randrange(2)) * 720
        )
        preferred = (Window(half, half + 720),) if rng.random() < 0.5 else ()
        made.append(
            Session(
                f"x{number}", length, f"Session {number}", people=tuple(chosen),
                sites=tuple({room.site: 0, **dict.fromkeys(others)}), preferred=preferred,
                audience=rng.randrange(10, (room.capacity or 60) + 1),
                features=frozenset(rng.sample(sorted(room.features), min(1, len(room.features)))),
                track=f"t{rng.randrange(max(8, sessions // 25))}",
            )
        )  # fmt: skip
        hidden.append(Placement(made[-1].id, room.id, start))
        number += 1
    problem = Problem(
        grid=grid, days=windows, sites=sites, rooms=rooms, people=who, sessions=tuple(made),
        travel={(a.id, b.id): 60 for a in sites for b in sites if a.id < b.id}, weights=Weights(),
    )  # fmt: skip
    return Made(problem, tuple(hidden))
