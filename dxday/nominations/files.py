"""Files in quarantine: what becomes of one when it has been checked, and who may have it."""

from datetime import datetime

from dxday import leases
from dxday.audit import services as audit
from dxday.core.actor import SYSTEM
from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.nominations import rules
from dxday.nominations.models import Attachment, Nomination
from dxday.nominations.rules import FileState


def check_may_be_handed_out(attachment: Attachment) -> None:
    """Raise FileWaiting or FileHarmful for a file that nobody may open."""
    if attachment.state is FileState.REFUSED:
        raise rules.FileHarmful(filename=attachment.filename, reason=attachment.refusal)
    if attachment.state is not FileState.CLEAN:
        raise rules.FileWaiting(filename=attachment.filename)


def record_checked(attachment: Attachment, *, found: str | None, now: datetime) -> bool:
    """Let a file that `leases.claim` gave out of quarantine, or refuse it for what was `found` in it.

    Return whether this worker still held it; if not, nothing is recorded.
    """
    recorded = leases.settle(attachment, to=Carriage.DONE, checked_at=now, refusal=found)
    if recorded:
        nomination = db.session.get_one(Nomination, attachment.nomination_id)
        facts = {"attachment": attachment.code, "sha256": attachment.sha256}
        audit.record(
            "attachment.refused" if found else "attachment.checked",
            subject=nomination.code,
            actor=SYSTEM,
            now=now,
            edition_id=nomination.edition_id,
            **(facts | {"reason": f"{attachment.filename}: {found}"} if found else facts),
        )
    return recorded
