"""Long work of decisions: the document of one that honours hundreds takes many seconds to draw."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app

from dxday import db
from dxday.accounts import queries as accounts
from dxday.adapters.storage import open_storage
from dxday.awards import document, queries, services
from dxday.core.i18n import lazy_gettext
from dxday.core.permissions import Permission
from dxday.operations.kinds import Described, OperationKind, Outcome, Progress
from dxday.operations.models import Operation

MOST_AT_ONCE = 100
"""Awards of a decision whose document is drawn while somebody waits: about a second; more is long work."""


def make_document(operation: Operation, progress: Progress, now: datetime) -> Outcome:
    """Draw and keep the document of the decision in the arguments; what a worker that died has kept stands."""
    decision = queries.get_decision(operation.edition_id or 0, int(operation.arguments["decision"]))
    awards = queries.awards_of(decision.id)
    progress(0, len(awards))
    if queries.find_document(decision.id) is None:
        data = document.draw_decision(decision, awards)
        with db.transaction():
            services.keep_document(
                decision,
                data,
                storage=open_storage(current_app.extensions["dxday_settings"].storage_url),
                actor=accounts.get_actor(operation.requested_by_id),
                now=now,
            )
    progress(len(awards), len(awards))
    return Outcome(answer={"decision": decision.id, "number": decision.number})


def describe(answer: Mapping[str, Any]) -> Described:
    """Return what was made, and the page where it is."""
    return Described(
        ((lazy_gettext("Decision"), answer["number"]),),
        lazy_gettext("Back to the decision"),
        "council.decision",
        {"decision_id": answer["decision"]},
    )


DOCUMENT = OperationKind(
    "decision_document",
    lazy_gettext("Document of a decision"),
    Permission.DECISION_RECORD,
    make_document,
    describe,
)

OPERATIONS = (DOCUMENT,)
