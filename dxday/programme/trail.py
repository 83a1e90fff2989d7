"""The trail of a session: marking it as changed, and writing what was done to it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm.attributes import flag_modified

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.db import db
from dxday.programme.models import Session


def note_change(session: Session, action: str, *, actor: Actor, now: datetime, **facts: Any) -> None:
    """Mark the session as changed and write the trail."""
    session.updated_at = now
    flag_modified(session, "updated_at")  # so that the version rises although only a placement was changed
    db.session.flush()
    note(session, action, actor=actor, now=now, **facts)


def note(session: Session, action: str, *, actor: Actor, now: datetime, **facts: Any) -> None:
    """Write into the trail what was done to the session."""
    audit.record(action, subject=session.code, actor=actor, now=now, edition_id=session.edition_id, **facts)
