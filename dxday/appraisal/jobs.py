"""Having texts compared that were handed in."""

from datetime import datetime

from dxday import db
from dxday.appraisal import services

BATCH = 20
MOST = 2_000
"""So many in one run: the next run goes on."""


def compare_texts(_now: datetime) -> int:
    """Have the texts compared that were handed in since the last run; safe to run twice; return how many.

    Each transaction takes a few, so nobody who writes waits long.
    """
    done = 0
    while done < MOST:
        with db.transaction():
            noted = services.note_texts(BATCH)
        done += noted
        if noted < BATCH:
            break
    return done
