"""Stopping a batch: what waits is called off, what a worker has in hand ends, and the rest can go on later."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from dxday import db as database
from dxday import leases
from dxday.audit import queries as audit
from dxday.certificates import jobs, rules, services
from dxday.certificates.models import Certificate
from dxday.certificates.rules import Reason
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications.models import Message
from tests import make
from tests.certificates import scene
from tests.conftest import on_both


def secretary(edition):
    return make.actor(Role.COUNCIL, edition_id=edition.id)


def stop(edition):
    return services.stop_making(edition, actor=secretary(edition), now=make.NOW)


def resume(edition):
    return services.resume_making(edition, actor=secretary(edition), now=make.NOW)


def states(*certificates):
    for each in certificates:
        db.session.refresh(each)
    return [each.carriage for each in certificates]


def letters():
    return db.session.scalar(select(func.count()).select_from(Message))


def test_what_waits_in_the_edition_is_called_off_and_nothing_else(app):
    edition = make.edition()
    made, failed, put_off, waiting = scene.issued(edition, awards=4)
    (stranger,) = scene.issued()
    scene.render(made)
    failed.carriage = Carriage.FAILED
    put_off.due_at, put_off.tries = make.at("2099-01-01 00:00"), 2
    db.session.commit()

    stopped = stop(edition)

    assert stopped == 2
    assert states(made, failed, put_off, waiting, stranger) == [
        Carriage.DONE,
        Carriage.FAILED,
        Carriage.CANCELLED,
        Carriage.CANCELLED,
        Carriage.QUEUED,
    ]
    assert (waiting.state, waiting.standing) == (rules.State.STOPPED, rules.Standing.VALID)


def test_what_was_stopped_is_not_made_even_when_a_worker_was_told_of_it(app):
    (certificate,) = scene.issued()
    edition = db.session.get_one(Edition, certificate.edition_id)
    db.session.commit()
    told = jobs.hand_out_certificates(make.NOW)
    stop(edition)
    db.session.commit()

    outcome = jobs.render_certificate(told[0], make.NOW)

    assert (told, outcome) == ([certificate.id], None)
    assert (states(certificate), letters()) == ([Carriage.CANCELLED], 0)
    assert jobs.render_waiting(make.NOW) == {"done": 0, "queued": 0, "failed": 0}


def test_what_a_worker_has_in_hand_ends_by_itself(app):
    held, waiting = scene.issued(awards=2)
    edition = db.session.get_one(Edition, held.edition_id)
    leases.claim(Certificate, held.id, now=make.NOW)

    stopped = stop(edition)
    settled = leases.settle(held, to=Carriage.DONE, storage_key="certificates/held.pdf")

    assert (stopped, settled) == (1, True)
    assert states(held, waiting) == [Carriage.DONE, Carriage.CANCELLED]


def test_the_rest_is_made_when_it_may_go_on(app):
    first, second = scene.issued(awards=2)
    edition = db.session.get_one(Edition, first.edition_id)
    first.tries, first.error = 3, "OSError: no room on the disk"
    db.session.flush()
    stop(edition)

    resumed = resume(edition)

    assert resumed == 2
    assert states(first, second) == [Carriage.QUEUED, Carriage.QUEUED]
    assert (first.tries, first.error, first.handed_until) == (0, None, None)
    assert [scene.render(first), scene.render(second)] == [Carriage.DONE, Carriage.DONE]
    assert letters() == 2


def test_each_is_one_entry_in_the_trail_with_its_count(app):
    edition = make.edition()
    scene.issued(edition, awards=2)
    stop(edition)
    resume(edition)
    db.session.commit()

    entries = audit.list_entries(edition_id=edition.id)[:2]

    assert [(entry.action, entry.subject, entry.facts) for entry in entries] == [
        ("certificate.making_resumed", edition.code, {"count": 2}),
        ("certificate.making_stopped", edition.code, {"count": 2}),
    ]


def test_there_must_be_something_to_stop_or_to_go_on_with(app):
    certificate = scene.made()
    edition = db.session.get_one(Edition, certificate.edition_id)

    with pytest.raises(rules.NothingToStop):
        stop(edition)
    with pytest.raises(rules.NothingStopped):
        resume(edition)


def test_only_those_who_handle_certificates_stop_them(app):
    (certificate,) = scene.issued()
    edition = db.session.get_one(Edition, certificate.edition_id)

    for act in (services.stop_making, services.resume_making):
        with pytest.raises(rules.NotTheIssuer):
            act(edition, actor=make.actor(Role.AGENCY, edition_id=edition.id), now=make.NOW)

    assert states(certificate) == [Carriage.QUEUED]


def test_a_stopped_certificate_can_be_revoked_and_is_shown_as_ended(app):
    (certificate,) = scene.issued()
    stop(db.session.get_one(Edition, certificate.edition_id))
    db.session.refresh(certificate)

    services.revoke(certificate, reason=Reason.FRAUD, actor=make.actor(), now=make.NOW)

    assert certificate.state is rules.State.ENDED


@on_both
def test_a_worker_and_a_stop_at_once_leave_each_certificate_made_or_stopped(own_app):
    with own_app.app_context():
        edition = make.edition()
        ids = [each.id for each in scene.issued(edition, awards=8)]
        edition_id = edition.id
        db.session.commit()
    begun = Barrier(3)

    def work(row_ids):
        with own_app.app_context():
            try:
                first = jobs.render_certificate(row_ids[0], make.NOW)
                begun.wait(timeout=60)
                return [first, *[jobs.render_certificate(row_id, make.NOW) for row_id in row_ids[1:]]]
            finally:
                db.session.remove()

    def call_off():
        with own_app.app_context():
            try:
                begun.wait(timeout=60)
                with database.transaction():
                    return stop(db.session.get_one(Edition, edition_id))
            finally:
                db.session.remove()

    with ThreadPoolExecutor(3) as pool:
        workers = [pool.submit(work, ids[:4]), pool.submit(work, ids[4:])]
        stopped = pool.submit(call_off).result(timeout=120)
        outcomes = [outcome for worker in workers for outcome in worker.result(timeout=120)]

    with own_app.app_context():
        found = dict(
            db.session.execute(
                select(Certificate.carriage, func.count()).group_by(Certificate.carriage)
            ).all()
        )
        assert found == {Carriage.CANCELLED: stopped, Carriage.DONE: 8 - stopped}
        assert (outcomes.count(Carriage.DONE), outcomes.count(None)) == (8 - stopped, stopped)
        assert letters() == 8 - stopped
        assert stopped >= 1
