"""Telling people of changes of plan: gathered once the programme has been left alone, or at once after an act."""

from datetime import datetime

import structlog

from dxday import db
from dxday.changes import queries, services

log = structlog.get_logger()


def tell_changes(now: datetime) -> int:
    """Gather what was moved and tell everybody whom it concerns once; safe to run twice; return how many letters.

    Each transaction tells a few, so a clock that dies in the middle leaves whole letters, and the next one goes on
    where it ended.  One notice that cannot be told holds up no other; its fault is raised at the end.
    """
    fault: Exception | None = None
    for edition in queries.list_settled_editions(now):
        with db.transaction():
            services.gather_changes(edition, now=now)
    told = 0
    for notice_id in queries.list_ids_to_tell():
        try:
            told += _tell(notice_id, now)
        except Exception as error:  # the others are told all the same
            log.exception("notice_not_told", notice=notice_id)
            fault = error
    if fault is not None:
        raise fault
    return told


class NotAllTold(RuntimeError):
    """Some letters of a notice could not be written; the log says which, and the next round tries again."""


def _tell(notice_id: int, now: datetime) -> int:
    with db.transaction():
        story = services.read_notice(queries.lock_notice(notice_id))
    told = failed = 0
    after: int | None = 0
    while after is not None:
        with db.transaction():
            done = services.tell_places(story, after=after, now=now)
        told, failed, after = told + done.letters, failed + done.failed, done.last_id
    with db.transaction():
        done = services.tell_people(story, now=now)
    told, failed = told + done.letters, failed + done.failed
    if failed:
        raise NotAllTold(f"notice {notice_id}: {failed} letters could not be written")
    with db.transaction():
        services.finish_notice(story, now=now)
    return told
