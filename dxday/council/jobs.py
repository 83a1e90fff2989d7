"""What the council does every night."""

from datetime import datetime

from dxday.council import queries
from dxday.council.services import interests
from dxday.db import transaction
from dxday.editions import queries as editions


def detect_conflicts(now: datetime) -> int:
    """Look for conflicts of interest in every edition and return how many are new; safe to run twice.

    What the rules look at changes by itself: agencies merge, somebody endorses, an address is corrected.
    """
    found = 0
    for edition in editions.list_editions():
        for council in queries.list_councils(edition.id):
            with transaction():
                found += interests.detect_conflicts(council, now=now)
    return found
