"""Asking the solver, and opening what it found as a proposal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dxday.conflicts import queries as conflicts
from dxday.conflicts.facts import ProgrammeFacts
from dxday.core.actor import Actor
from dxday.editions import queries as editions
from dxday.editions.models import Edition
from dxday.operations import queries as operations_asked
from dxday.operations import services as operations
from dxday.operations.kinds import OperationKind
from dxday.operations.models import Operation
from dxday.proposals import services as proposals
from dxday.proposals.models import Proposal
from dxday.scheduling import problems, queries, rules
from dxday.scheduling.problems import Planned
from dxday.scheduling.rules import Wish
from dxday.solver.problem import Problem
from dxday.solver.result import Solution


def request_search(
    kind: OperationKind, edition: Edition, wish: Wish, *, guid: UUID, actor: Actor, now: datetime
) -> Operation:
    """Let a worker search; the same `guid` again is the same search.

    A search holds a worker for minutes, so an edition has one at a time.  Raises HoursNotInOrder, NothingToPlace,
    NothingGiven, SearchUnderWay, NotAllowed.
    """
    rules.check_wish(wish, unplaced=queries.count_unplaced(edition.id))
    editions.lock_edition(edition)
    key = f"schedule:{guid}"
    other = operations_asked.find_under_way(edition.id, kind.name)
    if other is not None and other.key != key:
        raise rules.SearchUnderWay
    return operations.request_operation(
        kind, key=key, edition_id=edition.id, arguments=wish.plain(), actor=actor, now=now
    )


@dataclass(frozen=True)
class Search:
    """The programme as it stood when it was read, and the problem that a wish makes of it."""

    wish: Wish
    facts: ProgrammeFacts
    planned: Sequence[Planned]
    problem: Problem


def read_search(edition: Edition, wish: Wish) -> Search:
    """Return what is to be solved."""
    facts = conflicts.load_facts(edition.id)
    planned = queries.list_planned(edition.id)
    return Search(wish, facts, planned, problems.build(facts, planned, wish))


def propose(
    edition: Edition,
    search: Search,
    solution: Solution,
    *,
    operation_id: int | None,
    actor: Actor,
    now: datetime,
) -> Proposal | None:
    """Open a proposal of what the solver found, for the programme that it read; None where nothing changes."""
    changes = problems.changes_of(search.facts, search.planned, solution)
    gone = problems.left_out(search.planned, solution)
    if not changes and not gone:
        return None
    return proposals.open_solver_proposal(
        edition,
        operation_id,
        [*(_change(*each) for each in changes), *_opting_out(search.planned, gone)],
        facts_of(search, solution),
        actor=actor,
        now=now,
    )


def facts_of(search: Search, solution: Solution) -> dict[str, Any]:
    """Return what is said of a solution, as plain JSON values."""
    return {
        "task": search.wish.task.value,
        "status": solution.status,
        "hard": solution.hard,
        "soft": solution.soft,
        "soft_before": solution.history[0].soft if solution.history else solution.soft,
        "placed": solution.placed,
        "moved": len(solution.moved),
        "seconds": round(solution.seconds, 1),
        "unplaced": [
            *(
                {
                    "session": int(each.session),
                    "proved": each.proved,
                    "reasons": [
                        {"code": reason.code, "message": str(reason.message)} for reason in each.reasons
                    ],
                }
                for each in solution.unplaced
            ),
            *(
                {
                    "session": session_id,
                    "proved": True,
                    "reasons": [{"code": "too-long", "message": str(rules.TOO_LONG)}],
                }
                for session_id in problems.find_unfit(search.planned, search.problem)
            ),
        ],
    }


def _change(
    session: Planned,
    placement: problems.Placed | None,
    starts_at: datetime,
    ends_at: datetime,
    room_id: int | None,
) -> dict[str, Any]:
    about = {"session": session.id, "version": session.version}
    if placement is not None and placement is not session.origin:
        return {**about, "kind": "receive", "placement": placement.id, "becomes": {"room": room_id}}
    return {
        **about,
        "kind": "move" if placement is not None else "place",
        "placement": placement.id if placement is not None else None,
        "becomes": {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "room": room_id},
    }


def _opting_out(planned: Sequence[Planned], gone: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    by_id = {session.id: session for session in planned}
    return [
        {
            "kind": "opt_out",
            "session": session_id,
            "version": by_id[session_id].version,
            "placement": placed.id,
            "becomes": {"received": False, "reason": str(rules.NO_ROOM)},
        }
        for session_id, site_id in gone
        for placed in by_id[session_id].receiving
        if placed.site_id == site_id
    ]
