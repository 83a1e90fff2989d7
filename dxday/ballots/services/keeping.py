"""Keeping the minutes of a ballot, and handing them out as they were written."""

from datetime import datetime
from hashlib import sha256

from dxday.adapters.storage import FileMissing, Storage
from dxday.ballots import queries, rules
from dxday.ballots.models import (
    Ballot,
    BallotMinutes,
)
from dxday.ballots.rules import State
from dxday.ballots.services import row
from dxday.core.actor import Actor
from dxday.db import db


def keep_minutes(
    ballot: Ballot, data: bytes, *, number: str, storage: Storage, actor: Actor, now: datetime
) -> BallotMinutes:
    """Keep the minutes of a closed ballot, once and for all; their SHA-256 stands in the audit trail.

    The bytes are stored first: a file without a row is harmless, a row without its file is not.
    Raises NotTheSecretary, MoveNotPossible, MinutesWritten.
    """
    rules.check_may_lead(actor, edition_id=ballot.edition_id)
    row.lock(ballot)
    rules.check_state(ballot.state, wanted=State.CLOSED)
    if queries.find_minutes(ballot.id) is not None:
        raise rules.MinutesWritten
    digest = sha256(data).hexdigest()
    stored = storage.put(f"ballots/{ballot.id}/{digest}.pdf", data)
    minutes = BallotMinutes(
        ballot_id=ballot.id,
        number=number,
        storage_key=stored.key,
        size=stored.size,
        sha256=stored.sha256,
        written_by_id=actor.account_id,
        written_at=now,
    )
    db.session.add(minutes)
    db.session.flush()
    row.record("ballot.minutes_written", ballot, actor=actor, now=now, size=stored.size, sha256=stored.sha256)
    return minutes


def hand_out_minutes(
    ballot: Ballot, minutes: BallotMinutes, *, storage: Storage, actor: Actor, now: datetime
) -> bytes:
    """Return the bytes of the minutes as they were written, and note who took a copy.  Raises MinutesDamaged."""
    try:
        data = storage.get(minutes.storage_key)
    except FileMissing as error:
        raise rules.MinutesDamaged from error
    if sha256(data).hexdigest() != minutes.sha256:
        raise rules.MinutesDamaged
    row.record("ballot.minutes_downloaded", ballot, actor=actor, now=now)
    return data
