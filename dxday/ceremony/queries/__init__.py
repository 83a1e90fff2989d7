"""Reading ceremonies, press summaries and the hall of honour."""

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from dxday.awards.models import Award
from dxday.certificates.models import Certificate
from dxday.certificates.rules import Standing
from dxday.db import db


def is_recalled() -> ColumnElement[bool]:
    """Return the condition that an award was annulled: its certificate was recalled, and no other took its place.

    A certificate that was corrected and replaced is no recall (Law 06/2022/QH15 Art. 93).
    """
    recalled, valid = aliased(Certificate), aliased(Certificate)
    return exists().where(
        recalled.award_id == Award.id, recalled.standing == Standing.REVOKED
    ) & ~exists().where(valid.award_id == Award.id, valid.standing == Standing.VALID)


def list_recalled(edition_id: int) -> set[int]:
    """Return the ids of the edition's awards that were annulled."""
    return set(db.session.scalars(select(Award.id).where(Award.edition_id == edition_id, is_recalled())))


def was_recalled(award_id: int) -> bool:
    """Tell whether an award was annulled."""
    return db.session.scalar(select(Award.id).where(Award.id == award_id, is_recalled())) is not None
