"""Two at once: a double click, two secretaries, two workers; each certificate is issued and delivered once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from dxday import db as database
from dxday.awards.models import Decision
from dxday.certificates import jobs, services
from dxday.certificates.models import Certificate
from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.notifications.models import Message
from tests import make
from tests.certificates import scene
from tests.conftest import on_both


def at_once(app, *acts):
    """Do the acts at the same moment, each with a session of its own, and return their answers."""
    barrier = Barrier(len(acts))

    def run(act):
        with app.app_context():
            try:
                barrier.wait(timeout=20)
                return act()
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def issuing(decision_id):
    def act():
        decision = db.session.get(Decision, decision_id)
        with database.transaction():
            issued = services.issue_for_decision(decision, actor=make.actor(), now=make.NOW)
            return [certificate.number for certificate in issued]

    return act


@on_both
def test_a_double_click_makes_one_certificate_for_each_award(own_app):
    with own_app.app_context():
        decision_id = scene.decided(awards=3).id
        db.session.commit()

    answers = at_once(own_app, *[issuing(decision_id)] * 4)

    assert sorted(answers) == [[], [], [], ["BK-2026-0001", "BK-2026-0002", "BK-2026-0003"]]


@on_both
def test_decisions_issued_at_once_share_the_numbers_without_gaps(own_app):
    with own_app.app_context():
        edition = make.edition()
        ids = [scene.decided(edition, awards=5).id for _ in range(4)]
        db.session.commit()

    answers = at_once(own_app, *[issuing(each) for each in ids])

    assert sorted(number for numbers in answers for number in numbers) == [
        f"BK-2026-{number:04d}" for number in range(1, 21)
    ]


@on_both
def test_two_workers_deliver_once(own_app):
    with own_app.app_context():
        (certificate,) = scene.issued()
        row_id = certificate.id
        db.session.commit()

    answers = at_once(own_app, *[lambda: jobs.render_certificate(row_id, make.NOW)] * 3)

    assert sorted(answers, key=str) == [None, None, Carriage.DONE]
    with own_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Message)) == 1
        assert db.session.get(Certificate, row_id).tries == 1
