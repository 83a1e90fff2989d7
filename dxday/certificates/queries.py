"""Reading certificates: for the holder, for whoever checks one, and for those who hand them out."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, Select, cast, exists, func, select

from dxday.audit.models import AuditEntry
from dxday.awards import queries as awards
from dxday.awards.models import Award, Decision
from dxday.certificates import rules
from dxday.certificates.models import Certificate
from dxday.core.carriage import Carriage
from dxday.core.codes import token_matches
from dxday.core.errors import NotFound
from dxday.core.vietnamese import fold
from dxday.db import db

_NOBODY = "0" * 26
"""Looked for in place of what cannot be a token, so that nonsense takes as long as a guess."""


def find_by_token(token: str) -> Certificate | None:
    """Return the certificate that a check code opens, or None; unknown and malformed codes take alike.

    What is under embargo is unknown.
    """
    asked = token if rules.TOKEN.fullmatch(token) else _NOBODY
    found = db.session.scalars(_announced().where(Certificate.token == asked)).one_or_none()
    return found if found is not None and token_matches(token, found.token) else None


def get_for_holder(holder_token: str) -> Certificate:
    """Return the certificate of a holder's page.  Raises NotFound, also for what is under embargo."""
    asked = holder_token if rules.TOKEN.fullmatch(holder_token) else _NOBODY
    found = db.session.scalars(_announced().where(Certificate.holder_token == asked)).one_or_none()
    if found is None or not token_matches(holder_token, found.holder_token):
        raise NotFound
    return found


def get_certificate(edition_id: int, number: str) -> Certificate:
    """Return the certificate of the edition with this number.  Raises NotFound."""
    found = db.session.scalars(
        select(Certificate).where(Certificate.edition_id == edition_id, Certificate.number == number)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_replacement(certificate: Certificate) -> Certificate | None:
    """Return the certificate that took the place of this one, or None."""
    if certificate.replaced_by_id is None:
        return None
    return db.session.scalars(_announced().where(Certificate.id == certificate.replaced_by_id)).one_or_none()


@dataclass(frozen=True)
class FileCheck:
    """What a file turned out to be: `certificate` is None when it is not, byte for byte, one of ours."""

    sha256: str
    certificate: Certificate | None


def check_file(data: bytes) -> FileCheck:
    """Compare a file with every issued one by its SHA-256; the file itself is not kept.

    What is under embargo is unknown.
    """
    sha256 = sha256_of(data)
    found = db.session.scalars(
        _announced().where(Certificate.sha256 == sha256).order_by(Certificate.id).limit(1)
    ).one_or_none()
    return FileCheck(sha256, found)


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of a file, in hex."""
    return hashlib.sha256(data).hexdigest()


def is_announced(award_id: int) -> bool:
    """Tell whether everybody may know of the award."""
    return bool(
        db.session.scalar(
            select(exists().where(Award.id == award_id, Decision.id == Award.decision_id, awards.ANNOUNCED))
        )
    )


def list_untold(limit: int) -> list[Certificate]:
    """Return valid certificates that are made and announced and whose holders were not told, by their ids.

    They are locked, and what another clock has locked is left to it.
    """
    return list(
        db.session.scalars(
            _announced()
            .where(
                Certificate.told_at.is_(None),
                Certificate.carriage == Carriage.DONE,
                Certificate.standing == rules.Standing.VALID,
            )
            .order_by(Certificate.id)
            .limit(limit)
            .with_for_update(of=Certificate, skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )


def list_certificates(edition_id: int) -> list[Certificate]:
    """Return the edition's certificates by number."""
    return list(
        db.session.scalars(
            select(Certificate).where(Certificate.edition_id == edition_id).order_by(Certificate.number)
        )
    )


def search(certificates: Iterable[Certificate], words: str) -> list[Certificate]:
    """Return those that have every word in number, name, unit or decision, whatever the accents."""
    wanted = fold(words).split()
    return [
        certificate
        for certificate in certificates
        if all(word in _searched(certificate.printed) for word in wanted)
    ]


def _searched(facts: rules.Facts) -> str:
    return fold(f"{facts.number} {facts.recipient_name} {facts.organisation_name} {facts.decision_number}")


def count_by_carriage(edition_id: int) -> dict[Carriage, int]:
    """Return how many certificates of the edition are in each state of being made; every state is a key."""
    rows = db.session.execute(
        select(Certificate.carriage, func.count())
        .where(Certificate.edition_id == edition_id)
        .group_by(Certificate.carriage)
    )
    found = {row[0]: row[1] for row in rows}
    return {carriage: found.get(carriage, 0) for carriage in Carriage}


@dataclass(frozen=True)
class Waiting:
    """A decision some of whose awards have no certificate yet."""

    number: str
    awards: int
    missing: int


def list_waiting_decisions(edition_id: int) -> list[Waiting]:
    """Return the decisions whose awards lack certificates, the latest first."""
    bare = ~exists().where(Certificate.award_id == Award.id)
    rows = db.session.execute(
        select(
            Decision.number,
            func.count(Award.id),
            func.sum(cast(bare, Integer)),
        )
        .join(Award, Award.decision_id == Decision.id)
        .where(Decision.edition_id == edition_id)
        .group_by(Decision.id, Decision.number, Decision.decided_on)
        .having(func.sum(cast(bare, Integer)) > 0)
        .order_by(Decision.decided_on.desc(), Decision.id.desc())
    )
    return [Waiting(number, awards, int(missing)) for number, awards, missing in rows]


def certified_awards(award_ids: Iterable[int]) -> set[int]:
    """Return those awards that have a certificate, a revoked one included."""
    return set(db.session.scalars(select(Certificate.award_id).where(Certificate.award_id.in_(award_ids))))


def last_sequence(edition_id: int, prefix: str) -> int:
    """Return the running number given out last under a prefix, or 0."""
    running: ColumnElement[int] = cast(func.substr(Certificate.number, len(prefix) + 1), Integer)
    return (
        db.session.scalar(
            select(func.max(running)).where(
                Certificate.edition_id == edition_id, Certificate.number.startswith(prefix, autoescape=True)
            )
        )
        or 0
    )


def was_noted(certificate: Certificate, *, since: datetime) -> bool:
    """Tell whether the trail has noted a look at the certificate after `since`."""
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    AuditEntry.action == "certificate.checked",
                    AuditEntry.subject == certificate.number,
                    AuditEntry.edition_id == certificate.edition_id,
                    AuditEntry.at > since,
                )
            )
        )
    )


def ids_waiting() -> list[int]:
    """Return the certificates that wait to be made, in the order of their issue."""
    return list(
        db.session.scalars(
            select(Certificate.id).where(Certificate.carriage == Carriage.QUEUED).order_by(Certificate.id)
        )
    )


def _announced() -> Select[Certificate]:
    """Select the certificates of which everybody may know."""
    return (
        select(Certificate)
        .join(Award, Award.id == Certificate.award_id)
        .join(Decision, Decision.id == Award.decision_id)
        .where(awards.ANNOUNCED)
    )
