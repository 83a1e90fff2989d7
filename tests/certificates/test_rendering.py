"""Making certificates: claimed once, rendered outside of transactions, delivered once, whatever dies in between."""

from datetime import timedelta
from io import BytesIO

import pikepdf
import pytest
from sqlalchemy import select

from dxday import leases
from dxday.certificates import jobs, rules, services
from dxday.certificates.models import Certificate
from dxday.certificates.rules import Reason
from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.notifications.models import Message
from tests import make
from tests.certificates import scene


def letters():
    return db.session.scalars(select(Message).order_by(Message.id)).all()


def break_it(certificate):
    """Let the making of this certificate fail: its day is no day."""
    certificate.facts = {**certificate.facts, "decided_on": "the day after"}
    db.session.commit()


def mend_it(certificate):
    certificate.facts = {**certificate.facts, "decided_on": "2026-10-05"}
    db.session.commit()


def test_what_waits_is_handed_out_once_a_minute(app):
    first, second = scene.issued(awards=2)
    db.session.commit()

    handed = [jobs.hand_out_certificates(make.NOW + timedelta(seconds=s)) for s in (0, 30, 61)]

    assert handed == [[first.id, second.id], [], [first.id, second.id]]


def test_a_certificate_is_made_stored_and_told_of_in_one(app):
    (certificate,) = scene.issued()

    outcome = scene.render(certificate)

    data = scene.stored(app, certificate)
    assert outcome is Carriage.DONE
    assert data.startswith(b"%PDF-")
    assert (certificate.carriage, certificate.rendered_at, certificate.error) == (
        Carriage.DONE,
        make.NOW,
        None,
    )
    (letter,) = letters()
    assert letter.key == f"certificate-ready:{certificate.id}"
    assert (letter.to_address, letter.to_name) == ("awardee@example.org", certificate.printed.recipient_name)
    assert f"/my/certificate/{certificate.holder_token}" in letter.text
    assert f"/v/{certificate.token}" in letter.text


def test_the_file_is_named_by_edition_number_and_content(app):
    edition = make.edition()

    certificate = scene.made(edition)

    assert certificate.storage_key == (
        f"certificates/{edition.code}/bk-2026-0001-{certificate.sha256[:12]}.pdf"
    )


def test_making_it_again_gives_the_same_bytes(app):
    certificate = scene.made()

    assert jobs.make_pdf(certificate) == scene.stored(app, certificate)


def test_a_worker_that_comes_second_does_nothing(app):
    certificate = scene.made()

    assert scene.render(certificate) is None
    assert len(letters()) == 1


def test_a_failure_waits_longer_each_time_and_then_waits_for_a_person(app):
    (certificate,) = scene.issued()
    break_it(certificate)
    now, seen = make.NOW, []

    for _ in range(rules.MAX_TRIES):
        scene.render(certificate, now)
        seen.append((certificate.carriage, certificate.due_at and certificate.due_at - now))
        now = certificate.due_at or now

    assert seen == [*((Carriage.QUEUED, wait) for wait in rules.RETRY_AFTER), (Carriage.FAILED, None)]
    assert certificate.error == "ValueError: Invalid isoformat string: 'the day after'"
    assert (certificate.storage_key, letters()) == (None, [])


def test_one_that_failed_can_be_mended_and_made(app):
    (certificate,) = scene.issued()
    break_it(certificate)
    for days in range(rules.MAX_TRIES):
        scene.render(certificate, make.NOW + timedelta(days=days))
    mend_it(certificate)

    services.retry_failed([certificate], actor=make.actor(), now=make.NOW)

    assert scene.render(certificate) is Carriage.DONE
    assert len(letters()) == 1


def test_it_is_not_tried_before_its_time(app):
    (certificate,) = scene.issued()
    break_it(certificate)
    scene.render(certificate)
    mend_it(certificate)

    assert scene.render(certificate, make.NOW + timedelta(seconds=1)) is None
    assert scene.render(certificate, make.NOW + rules.RETRY_AFTER[0]) is Carriage.DONE


def test_the_work_of_a_killed_worker_waits_again(app):
    (certificate,) = scene.issued()
    leases.claim(Certificate, certificate.id, now=make.NOW)
    db.session.commit()
    later = make.NOW + leases.LEASE + timedelta(seconds=1)

    handed = [jobs.hand_out_certificates(make.NOW), jobs.hand_out_certificates(later)]

    assert handed == [[], [certificate.id]]
    assert scene.render(certificate, later) is Carriage.DONE


def test_what_kills_every_worker_is_given_up(app):
    (certificate,) = scene.issued()
    now = make.NOW
    for _ in range(rules.MAX_TRIES):
        leases.claim(Certificate, certificate.id, now=now)
        db.session.commit()
        now += leases.LEASE + timedelta(seconds=1)
        handed = jobs.hand_out_certificates(now)

    db.session.refresh(certificate)
    assert (handed, certificate.carriage) == ([], Carriage.FAILED)
    assert certificate.error == "the worker stopped before it was done"


def test_a_worker_that_was_too_slow_delivers_nothing_twice(app, monkeypatch):
    (certificate,) = scene.issued()
    later = make.NOW + leases.LEASE + timedelta(seconds=1)
    slow = jobs.make_pdf

    def overtaken(row):
        monkeypatch.setattr(jobs, "make_pdf", slow)
        data = slow(row)
        jobs.hand_out_certificates(later)  # the lease ran out while this worker was busy
        assert jobs.render_certificate(row.id, later) is Carriage.DONE
        return data

    monkeypatch.setattr(jobs, "make_pdf", overtaken)
    scene.render(certificate)

    assert (certificate.rendered_at, certificate.tries) == (later, 2)
    assert len(letters()) == 1


def test_nobody_is_told_of_a_certificate_that_was_revoked_meanwhile(app):
    (certificate,) = scene.issued()
    services.revoke(certificate, reason=Reason.FRAUD, actor=make.actor(), now=make.NOW)

    assert scene.render(certificate) is Carriage.DONE
    assert letters() == []


def test_all_that_waits_can_be_made_at_once(app):
    first, _ = scene.issued(awards=2)
    break_it(first)

    assert jobs.render_waiting(make.NOW) == {"done": 1, "queued": 1, "failed": 0}
    assert jobs.render_waiting(make.NOW) == {"done": 0, "queued": 0, "failed": 0}


@pytest.mark.parametrize("locale", ["vi", "en", "hi"])
def test_the_letter_is_in_the_language_of_its_reader_and_the_certificate_in_vietnamese(app, locale):
    certificate = scene.made(nominee={"contact_locale": locale})

    assert letters()[0].locale == locale
    with pikepdf.open(BytesIO(scene.stored(app, certificate))) as pdf:
        assert str(pdf.Root.Lang) == "vi"
