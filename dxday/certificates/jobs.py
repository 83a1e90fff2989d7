"""Making certificates: hand out what waits, render one outside of any transaction, deliver it once."""

import base64
from datetime import date, datetime
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import update

from dxday import db, leases
from dxday.adapters import qr, storage
from dxday.certificates import letters, queries, rules, services, sheet
from dxday.certificates.models import Certificate
from dxday.core import official
from dxday.core.carriage import Carriage
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.notifications import services as notifications

log = structlog.get_logger()

TOLD_AT_ONCE = 200
"""Holders who are told in one transaction."""

_CORNER = 6.9
_EYE = 3.7
"""Length of an eye of the border's plait, in units of the sheet."""


def hand_out_certificates(now: datetime) -> list[int]:
    """Return the ids of certificates to make, marked as handed to the queue for a minute.

    What a dead worker held waits again: making a file twice does no harm.  What killed its worker every time is
    given up and waits for a person.
    """
    with db.transaction():
        leases.release_expired(Certificate, to=Carriage.QUEUED, now=now)
        db.db.session.execute(
            update(Certificate)
            .where(Certificate.carriage == Carriage.QUEUED, Certificate.tries >= rules.MAX_TRIES)
            .values(carriage=Carriage.FAILED)
            .execution_options(synchronize_session=False)
        )
        return leases.hand_out(Certificate, now=now)


def render_certificate(row_id: int, now: datetime) -> Carriage | None:
    """Make the file of one certificate and queue the letter to its holder if it is announced; return what came of it.

    None when it is not due or another worker has it.  The row is claimed in one transaction, the file is made and
    stored outside of any, and a second transaction records it together with the letter: both exist or neither.
    When this worker was too slow and another took the row over, nothing is recorded.
    """
    with db.transaction():
        certificate = leases.claim(Certificate, row_id, now=now)
        edition = db.db.session.get_one(Edition, certificate.edition_id) if certificate else None
    if certificate is None or edition is None:
        return None
    try:
        stored = _store(certificate, edition, make_pdf(certificate))
    except Exception as error:  # whatever it is, the row must not stay claimed, and a person reads the reason
        log.exception("certificate_failed", row=row_id)
        return _put_off(certificate, error, now)
    with db.transaction():
        recorded = leases.settle(
            certificate,
            to=Carriage.DONE,
            storage_key=stored.key,
            sha256=stored.sha256,
            rendered_at=now,
        )
        # What is under embargo waits for `tell_holders`.
        if recorded and queries.is_announced(certificate.award_id):
            _tell_holder(certificate, edition, now)
    log.info("certificate", row=row_id, outcome="done", recorded=recorded)
    return Carriage.DONE


def tell_holders(now: datetime) -> int:
    """Tell the holders of certificates that were made under an embargo which is over, and return how many.

    The letter and the note that it was queued are one transaction, so a clock that dies on the way tells nobody twice
    and forgets nobody.
    """
    told = 0
    while True:
        with db.transaction():
            untold = queries.list_untold(TOLD_AT_ONCE)
            for certificate in untold:
                edition = db.db.session.get_one(Edition, certificate.edition_id)
                _tell_holder(certificate, edition, now)
                services.note_released(certificate, now=now)
        told += len(untold)
        if len(untold) < TOLD_AT_ONCE:
            return told


def render_waiting(now: datetime) -> dict[str, int]:
    """Make every certificate that waits, one after the other, and return how many went which way."""
    outcomes = [render_certificate(row_id, now) for row_id in queries.ids_waiting()]
    return {state.value: outcomes.count(state) for state in (Carriage.DONE, Carriage.QUEUED, Carriage.FAILED)}


def make_pdf(certificate: Certificate, paper: sheet.Sheet = sheet.DEFAULT_SHEET) -> bytes:
    """Return the certificate as a PDF on the given sheet: its facts and nothing else, the same bytes every time."""
    check_url = addresses.address("certificates_public.check", token=certificate.token)
    return draw(certificate.printed, check_url=check_url, issued_at=certificate.issued_at, paper=paper)


def draw(facts: rules.Facts, *, check_url: str, issued_at: datetime, paper: sheet.Sheet) -> bytes:
    """Return facts as an archivable, tagged PDF (PDF/A-3a) on the given sheet, with a QR picture of `check_url`.

    Devanagari is drawn right, but WeasyPrint maps its joined letters to Unicode only in part: who copies such a
    name out of the file gets it out of order.  Raises TooMuchText.
    """
    fit = sheet.fit(facts, paper)
    if fit is None:
        raise rules.TooMuchText(name=facts.recipient_name)
    width = paper.border_width / paper.unit
    border = _picture(
        "pdf/border.svg",
        w=width,
        h=100,
        c=_CORNER,
        top=sheet.band(width - 2 * _CORNER, _EYE),
        side_band=sheet.band(100 - 2 * _CORNER, _EYE),
    )
    title = f"{facts.title} {facts.number} – {facts.recipient_name}"
    page = current_app.jinja_env.get_template("pdf/certificate.html").render(
        title=title,
        facts=facts,
        unit=sheet.unit_line(facts),
        decided=official.vietnamese_date(date.fromisoformat(facts.decided_on)),
        check_url=check_url,
        qr=qr.qr_svg_data_uri(check_url),
        border=border,
        emblem=_picture("pdf/emblem.svg"),
        sheet=paper,
        fit=fit,
        right=sheet.RIGHT,
    )
    from dxday.adapters import pdf  # WeasyPrint takes a second to load: only who draws pays for it

    return pdf.render_pdf(page, title=title, lang="vi", made_at=issued_at)


def _picture(template: str, **given: Any) -> str:
    drawing = current_app.jinja_env.get_template(template).render(**given)
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode("ascii")


def _store(certificate: Certificate, edition: Edition, data: bytes) -> storage.StoredFile:
    digest = queries.sha256_of(data)
    key = f"certificates/{edition.code}/{certificate.number.lower()}-{digest[:12]}.pdf"
    return storage.open_storage(current_app.extensions["dxday_settings"].storage_url).put(key, data)


def _tell_holder(certificate: Certificate, edition: Edition, now: datetime) -> None:
    """Queue the letter to the holder, unless the certificate was revoked while it was being made."""
    db.db.session.refresh(certificate)
    if certificate.standing is not rules.Standing.VALID:
        return
    certificate.told_at = now
    if not certificate.recipient_email:
        return
    facts = certificate.printed
    notifications.enqueue(
        letters.READY,
        to_address=certificate.recipient_email,
        to_name=facts.recipient_name,
        locale=certificate.recipient_locale,
        key=f"certificate-ready:{certificate.id}",
        now=now,
        edition=edition,
        recipient=f"certificate:{certificate.id}",
        award=facts.title,
        url=addresses.address("certificates_public.holder", holder_token=certificate.holder_token),
        check_url=addresses.address("certificates_public.check", token=certificate.token),
    )


def _put_off(certificate: Certificate, error: Exception, now: datetime) -> Carriage:
    wait = rules.next_wait(certificate.tries)
    outcome = Carriage.QUEUED if wait else Carriage.FAILED
    with db.transaction():
        leases.settle(
            certificate,
            to=outcome,
            due_at=now + wait if wait else None,
            error=f"{type(error).__name__}: {error}"[:500],
        )
    return outcome
