"""Reading what other mail servers write back to us, and believing what concerns our own messages."""

from contextlib import closing
from datetime import datetime

import structlog
from flask import current_app
from sqlalchemy.exc import InterfaceError, OperationalError

from dxday import db
from dxday.adapters import bounces, inboxes
from dxday.notifications import services

log = structlog.get_logger()

MOST = 200
"""Letters that one round reads."""


def read_bounces(now: datetime) -> int:
    """Read the letters in the mailbox of BOUNCE_URL that nobody read, and return how many; 0 when none is set.

    Each is taken in a transaction of its own and marked only afterwards: if that fails it is read once more, which
    changes nothing.  Raises InboxUnavailable.
    """
    url: str | None = current_app.extensions["dxday_settings"].bounce_url
    if url is None:
        return 0
    read = 0
    with closing(inboxes.open_inbox(url)) as inbox:
        for key, raw in inbox.unread(MOST, bounces.MOST_BYTES):
            _take(raw, now)
            inbox.done(key)
            read += 1
    return read


def _take(raw: bytes, now: datetime) -> None:
    try:
        with db.transaction():
            taken = services.take_letter(raw, now=now)
    except (OperationalError, InterfaceError):  # the database is away; the letter waits for it
        raise
    except Exception:  # a letter must not hold up the next; it is kept, and never deleted
        log.exception("bounce_not_taken")
    else:
        if taken:
            log.info("bounce", taken=taken)
