"""The solver as long work: a worker searches outside of any transaction, and opens a proposal at the end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dxday import db
from dxday.accounts import queries as accounts
from dxday.core.errors import NotAllowed
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.db import db as database
from dxday.editions.models import Edition
from dxday.operations import kinds
from dxday.operations.kinds import Described, OperationKind, Outcome, Progress
from dxday.operations.models import Operation
from dxday.scheduling import services
from dxday.scheduling.rules import Task, Wish


def search(operation: Operation, progress: Progress, now: datetime) -> Outcome:
    """Search for as long as was asked and open a proposal; a worker that dies leaves the programme as it was.

    How far it is, is counted in seconds.  Who cancels it gets no proposal.
    """
    from dxday.solver import (
        search as solver,  # OR-Tools takes a second to load: only who searches pays for it
    )

    wish = Wish.read(operation.arguments)
    edition = database.session.get_one(Edition, operation.edition_id)
    actor = accounts.get_actor(operation.requested_by_id)
    if not actor.may(Permission.PROGRAMME_EDIT, edition_id=edition.id):
        raise NotAllowed  # it was taken from them since they asked
    with db.transaction():  # and none while it searches
        asked = services.read_search(edition, wish)
    cancelled = False

    def tell(seconds: float, _missing: int, _cost: int) -> None:
        nonlocal cancelled
        try:
            progress(min(round(seconds), wish.seconds), wish.seconds)
        except kinds.Cancelled:
            cancelled = True

    solution = solver.solve(
        asked.problem,
        seconds=wish.seconds,
        repair=wish.task is Task.REPAIR,
        progress=tell,
        stop=lambda: cancelled,
    )
    progress(wish.seconds, wish.seconds)
    with db.transaction():
        proposal = services.propose(
            edition,
            asked,
            solution,
            operation_id=operation.id,
            actor=actor,
            now=now,
        )
        answer = {**services.facts_of(asked, solution), "proposal": proposal.id if proposal else None}
    return Outcome(answer=answer)


def describe(answer: Mapping[str, Any]) -> Described:
    """Return what a search found, in words."""
    lines: list[tuple[Words, str]] = [
        (lazy_gettext("Sessions with a place"), str(answer["placed"])),
        (lazy_gettext("Sessions that move"), str(answer["moved"])),
        (lazy_gettext("Cost before and after"), f"{answer['soft_before']} → {answer['soft']}"),
        (lazy_gettext("Seconds"), str(answer["seconds"])),
    ]
    if answer["proposal"] is None:
        lines.append((lazy_gettext("Proposal"), _("Nothing to change was found.")))
        return Described(tuple(lines))
    return Described(
        tuple(lines),
        lazy_gettext("See the proposal"),
        "proposals.show",
        {"proposal_id": answer["proposal"]},
    )


SEARCH = OperationKind(
    "schedule_search", lazy_gettext("Automatic scheduling"), Permission.PROGRAMME_EDIT, search, describe
)

OPERATIONS = (SEARCH,)
