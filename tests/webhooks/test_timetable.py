"""From something that happens to the receiver, by the timetable alone."""

import pytest

from dxday import scheduler
from dxday.core.carriage import Carriage
from dxday.db import db, transaction
from dxday.programme import queries as programme
from dxday.programme import services
from dxday.programme.rules import SessionState
from dxday.webhooks import jobs
from dxday.webhooks.models import HookDelivery
from tests import make
from tests.receiver import open_receiver


class Line:
    """A queue of which the test takes what was given."""

    def __init__(self) -> None:
        self.given: list[tuple[str, list[int]]] = []

    def give(self, task: str, row_ids: list[int]) -> None:
        self.given.append((task, row_ids))

    def is_full(self, task: str) -> bool:
        return False


@pytest.fixture
def placed(app):
    edition = make.edition()
    session = make.session(edition, state=SessionState.DRAFT)
    make.placement(session, make.room(make.site(edition)))
    return edition, session


def test_publishing_a_session_reaches_the_receiver(placed):
    edition, session = placed
    with open_receiver() as receiver:
        make.hook(edition, url=receiver.url, events=["session.published"])
        db.session.commit()
        with transaction():
            services.publish_session(
                programme.get_session(edition.id, session.code), actor=make.actor(), now=make.NOW
            )
        queue = Line()

        gathered = scheduler.run_job("gather-events", make.NOW, queue)
        handed_out = scheduler.run_job("hand-out-deliveries", make.NOW, queue)
        [(task, row_ids)] = queue.given
        outcomes = [jobs.deliver(row_id, make.NOW) for row_id in row_ids]

        assert (gathered, handed_out, task, outcomes) == (1, 1, "hooks", [Carriage.DONE])
        assert f'"code":"{session.code}"'.encode() in receiver.taken[0].body


def test_what_was_undone_is_not_told(placed):
    """The counter-check: the trail, and so the event, exists exactly when the change does."""
    edition, session = placed
    make.hook(edition, events=["session.published"])
    db.session.commit()

    def break_off() -> None:
        with transaction():
            services.publish_session(
                programme.get_session(edition.id, session.code), actor=make.actor(), now=make.NOW
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()

    assert scheduler.run_job("gather-events", make.NOW, Line()) == 0
    assert db.session.query(HookDelivery).count() == 0
