"""Decisions with awards, ready for certificates."""

from pathlib import Path

from dxday.adapters import storage
from dxday.awards.models import Decision
from dxday.certificates import jobs, services
from dxday.certificates.models import Certificate
from dxday.core.permissions import Role
from dxday.db import db
from dxday.editions.models import Edition
from dxday.schemes.rules import AwardForm
from tests import make

UNKNOWN = "0123456789abcdefghjkmnpqrs"
"""A code of the right shape that nobody has."""


def decided(
    edition: Edition | None = None, *, awards: int = 1, form=AwardForm.BANG_KHEN, nominee=(), **award
) -> Decision:
    """A decision with so many awards."""
    edition = edition or make.edition()
    decision = make.decision(edition)
    category = make.category(make.scheme(edition, form=form))
    for position in range(1, awards + 1):
        make.award(decision, make.nomination(category, **dict(nominee)), position=position, **award)
    return decision


def issued(edition: Edition | None = None, **given) -> list[Certificate]:
    """Certificates that wait to be made."""
    decision = decided(edition, **given)
    return services.issue_for_decision(
        decision, actor=make.actor(Role.COUNCIL, edition_id=decision.edition_id), now=make.NOW
    )


def made(edition: Edition | None = None, **given) -> Certificate:
    """A certificate with its file."""
    (certificate,) = issued(edition, **given)
    render(certificate)
    return certificate


def render(certificate: Certificate, now=make.NOW):
    """Let a worker make the certificate, and read the row again."""
    db.session.commit()
    outcome = jobs.render_certificate(certificate.id, now)
    db.session.refresh(certificate)
    return outcome


def stored(app, certificate: Certificate) -> bytes:
    """The bytes of its file."""
    return store(app).get(certificate.storage_key)


def store(app) -> storage.Storage:
    """Where the application keeps files."""
    return storage.open_storage(app.extensions["dxday_settings"].storage_url)


def write(folder: Path, data: bytes) -> Path:
    """Write a PDF to look at with other people's tools."""
    path = folder / "certificate.pdf"
    path.write_bytes(data)
    return path
