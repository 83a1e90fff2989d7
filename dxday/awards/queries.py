"""Reading decisions and awards."""

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from dxday.awards.models import Award, Decision
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.nominations.models import Category, Scheme


def list_awards(edition_id: int) -> list[Award]:
    """Return every award with decision, category and scheme, by scheme, category, date and place in the decision."""
    return list(
        db.session.scalars(
            _whole()
            .join(Category, Category.id == Award.category_id)
            .join(Scheme, Scheme.id == Category.scheme_id)
            .join(Decision, Decision.id == Award.decision_id)
            .where(Award.edition_id == edition_id)
            .order_by(
                Scheme.position,
                Scheme.id,
                Category.position,
                Category.id,
                Decision.decided_on,
                Decision.id,
                Award.position,
            )
        )
    )


def get_award(edition_id: int, code: str) -> Award:
    """Return the award with this code, with decision, category and scheme.  Raises NotFound."""
    found = db.session.scalars(
        _whole().where(Award.edition_id == edition_id, Award.code == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_award_of(nomination_id: int) -> Award | None:
    """Return the award that a nomination led to, with its decision, or None."""
    return db.session.scalars(_whole().where(Award.nomination_id == nomination_id)).one_or_none()


def list_decisions(edition_id: int) -> list[Decision]:
    """Return the edition's decisions with their awards, the latest first."""
    return list(
        db.session.scalars(
            select(Decision)
            .where(Decision.edition_id == edition_id)
            .options(selectinload(Decision.awards))
            .order_by(Decision.decided_on.desc(), Decision.id.desc())
        )
    )


def get_decision(edition_id: int, decision_id: int) -> Decision:
    """Return a decision of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(Decision).where(Decision.edition_id == edition_id, Decision.id == decision_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_decision_by_number(edition_id: int, number: str) -> Decision:
    """Return the decision of the edition that has this number.  Raises NotFound."""
    found = find_decision_by_number(edition_id, number)
    if found is None:
        raise NotFound
    return found


def find_decision_by_number(edition_id: int, number: str) -> Decision | None:
    """Return the decision of the edition that has this number, or None."""
    return db.session.scalars(
        select(Decision).where(Decision.edition_id == edition_id, Decision.number == number)
    ).one_or_none()


def find_last_decision(edition_id: int) -> Decision | None:
    """Return the decision that was recorded last, or None."""
    return db.session.scalars(
        select(Decision).where(Decision.edition_id == edition_id).order_by(Decision.id.desc()).limit(1)
    ).one_or_none()


def awards_of(decision_id: int) -> list[Award]:
    """Return the awards of a decision in their order, with decision, category, scheme and nomination."""
    return list(
        db.session.scalars(
            _whole()
            .options(joinedload(Award.nomination))
            .where(Award.decision_id == decision_id)
            .order_by(Award.position)
        )
    )


def _whole() -> Select[Award]:
    return select(Award).options(
        joinedload(Award.decision), joinedload(Award.category).joinedload(Category.scheme)
    )
