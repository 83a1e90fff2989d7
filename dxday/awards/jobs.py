"""Announcing decisions at their moment."""

from datetime import datetime

from dxday import db
from dxday.awards import queries, services


def announce_due(now: datetime) -> int:
    """Announce every decision whose moment has come, each in a transaction of its own, and return how many.

    Safe to run twice, at once with somebody who announces by hand, and after a clock that died on the way.
    """
    announced = 0
    for decision_id in queries.ids_to_announce(now):
        with db.transaction():
            announced += services.announce_if_due(decision_id, now=now)
    return announced
