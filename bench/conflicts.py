"""The conflict check: ten times the programme against a tenth of it, and one move in either."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dxday.conflicts.engine import Index, Move
from dxday.conflicts.facts import (
    PartFacts,
    PlacementFacts,
    ProgrammeFacts,
    RoomFacts,
    SessionFacts,
    SiteFacts,
)
from dxday.conflicts.rules import Limits
from dxday.programme.rules import Mode, PlacementRole

SMALL, LARGE = 1_000, 10_000
SITES, ROOMS, GROUPS = 22, 6, 8
ROUNDS, TRIES = 5, 200
BEGIN = datetime(2030, 10, 10, 1, tzinfo=UTC)
SLOTS = 9
"""Sessions of an hour that begin on a day."""


def run(small: int = SMALL, large: int = LARGE) -> dict[str, dict[str, Any]]:
    """Measure both sizes in turn and return `{name: {value, unit, baseline, ratio}}`; takes half a minute."""
    results: dict[str, dict[str, Any]] = {}
    for case, make in (("more days", more_days), ("more rooms", more_rooms)):
        results |= _measure(case, make(small), make(large))
    return results


def _measure(case: str, less: ProgrammeFacts, more: ProgrammeFacts) -> dict[str, dict[str, Any]]:
    indexes = Index(less), Index(more)
    found = [len(index.check()) for index in indexes]
    checks = _in_turn([lambda facts=facts: Index(facts).check() for facts in (less, more)], ROUNDS)
    chance = random.Random(1010)
    moves = [_moves(facts) for facts in (less, more)]
    tries = _in_turn(
        [
            lambda index=index, own=own: index.try_moves([chance.choice(own)])
            for index, own in zip(indexes, moves, strict=True)
        ],
        TRIES,
    )
    small, large = (f"{len(facts.placements):,} placements" for facts in (less, more))
    return {
        f"full check, {large}, {case}": {
            "value": round(checks[1] * 1000),
            "unit": "ms",
            "baseline": f"{small}, {checks[0] * 1000:.0f} ms; findings {found[0]:,} and {found[1]:,}",
            "ratio": round(checks[1] / checks[0], 2),
        },
        f"one move tried, {large}, {case}": {
            "value": round(tries[1] * 1000, 3),
            "unit": "ms",
            "baseline": f"{small}, {tries[0] * 1000:.3f} ms",
            "ratio": round(tries[1] / tries[0], 2),
        },
    }


def _in_turn(acts: list[Callable[[], object]], rounds: int) -> list[float]:
    """Return the median seconds of computing of each, measured in turn, so that what slows the machine slows both."""
    times: list[list[float]] = [[] for _ in acts]
    for _ in range(rounds):
        for act, taken in zip(acts, times, strict=True):
            begun = time.process_time()
            act()
            taken.append(time.process_time() - begun)
    return [statistics.median(taken) for taken in times]


def more_days(placements: int) -> ProgrammeFacts:
    """A programme that grows by days: as crowded as the small one at any moment."""
    return programme(placements, rooms=ROOMS, days=max(1, placements // SMALL))


def more_rooms(placements: int) -> ProgrammeFacts:
    """A programme of one day that grows by rooms, people and groups."""
    return programme(placements, rooms=ROOMS * max(1, placements // SMALL), days=1)


def programme(placements: int, *, rooms: int, days: int) -> ProgrammeFacts:
    """Return a programme in which a few sessions are joined at all sites, most are local, and some clash."""
    chance = random.Random(20301010)
    halls = [
        RoomFacts(
            site * 10_000 + number,
            site,
            {"vi": f"Phòng {number}"},
            capacity=60,
            features=frozenset({"line"}),
        )
        for site in range(1, SITES + 1)
        for number in range(1, rooms + 1)
    ]
    by_site = {site: [hall.id for hall in halls if hall.site_id == site] for site in range(1, SITES + 1)}
    groups = GROUPS * max(1, placements // (SMALL * days))
    sessions: list[SessionFacts] = []
    placed: list[PlacementFacts] = []
    parts: list[PartFacts] = []
    while len(placed) < placements:
        session_id = len(sessions) + 1
        joined = session_id % 10 == 0
        sessions.append(
            SessionFacts(
                session_id,
                f"s{session_id}",
                {"vi": f"Phiên {session_id}"},
                audiences=(f"group-{chance.randrange(groups)}",),
                expected=chance.randrange(20, 65),
            )
        )
        begins = BEGIN + timedelta(days=chance.randrange(days), hours=chance.randrange(SLOTS))
        home = chance.randrange(1, SITES + 1)
        sites = [home, *(site for site in by_site if site != home)] if joined else [home]
        for number, site in enumerate(sites[: placements - len(placed)]):
            placed.append(
                PlacementFacts(
                    len(placed) + 1,
                    session_id,
                    site,
                    chance.choice(by_site[site]),
                    begins,
                    begins + timedelta(hours=1),
                    role=PlacementRole.RECEIVING if number else PlacementRole.ORIGIN,
                    mode=Mode.BROADCAST if number else Mode.ON_SITE,
                )
            )
        parts.append(PartFacts(session_id, chance.randrange(placements // 3)))
    return ProgrammeFacts(
        UTC,
        date(2030, 10, 10),
        date(2030, 10, 10) + timedelta(days=days - 1),
        sessions,
        placed,
        parts=parts,
        rooms=halls,
        sites=[SiteFacts(site, f"site-{site}", {"vi": f"Điểm cầu {site}"}) for site in by_site],
        limits=Limits(turnaround=timedelta(minutes=10), licences=placements, interpreters=placements),
    )


def _moves(facts: ProgrammeFacts) -> list[Move]:
    """Return an hour later, into the same room, for every placement."""
    return [
        Move(each.id, each.starts_at + timedelta(hours=1), each.ends_at + timedelta(hours=1), each.room_id)
        for each in facts.placements
    ]


if __name__ == "__main__":
    for name, result in run().items():
        print(name, result)
