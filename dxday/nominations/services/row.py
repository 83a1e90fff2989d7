"""What every service does with the row of a nomination: take it, and note what was done."""

from datetime import datetime

from sqlalchemy import inspect

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.nominations.rules import MoveNotPossible


def lock(nomination: Nomination) -> None:
    """Take the row for this transaction and read it afresh, so that what follows decides on what is so now."""
    columns = [attribute.key for attribute in inspect(Nomination).column_attrs]
    db.session.refresh(nomination, attribute_names=columns, with_for_update=True)


def lock_for_agency(nomination: Nomination) -> None:
    """Take the row as `lock` does, for something that an agency does.

    Raises MoveNotPossible, in the words of what the agency is told, for what a decision that is not announced honours:
    nothing is possible with it any more, and the refusal must not say why.
    """
    lock(nomination)
    if nomination.told_state is not None:
        raise MoveNotPossible(state=nomination.told_name)


def record(action: str, nomination: Nomination, *, actor: Actor, now: datetime, **facts: object) -> None:
    """Note in the audit trail what was done with the nomination."""
    audit.record(
        action, subject=nomination.code, actor=actor, now=now, edition_id=nomination.edition_id, **facts
    )
