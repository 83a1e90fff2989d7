"""The reminder of the day before."""

from datetime import datetime

from dxday import db
from dxday.registration import queries, services

BATCH = 200
"""Reminders of one transaction: few enough that nobody waits long for the database."""


def queue_reminders(now: datetime) -> int:
    """Queue the reminder of every place whose event begins within a day; safe to run twice; return how many."""
    queued = 0
    while due := queries.list_reminders_due(now, limit=BATCH):
        with db.transaction():
            added = sum(services.remind(one, now=now) for one in due)
        queued += added
        if not added:  # another clock was at it at the same time
            break
    return queued
