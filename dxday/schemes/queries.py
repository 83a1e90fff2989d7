"""Reading schemes, and what each of them asks for, allows and waits for."""

from datetime import date, datetime
from functools import cache
from typing import TypeVar

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import selectinload

from dxday.core.errors import NotFound
from dxday.db import Key, db
from dxday.editions.models import Edition
from dxday.schemes import rules
from dxday.schemes.models import (
    Category,
    Criterion,
    DossierItem,
    EligibilityQuestion,
    Extension,
    Holiday,
    Quota,
    Scheme,
)

Asked = TypeVar("Asked", bound=Criterion | DossierItem | EligibilityQuestion)
Row = TypeVar("Row")


def list_schemes(edition_id: int) -> list[Scheme]:
    """Return the edition's schemes with their categories, both in their order."""
    return list(
        db.session.scalars(
            select(Scheme)
            .where(Scheme.edition_id == edition_id)
            .options(selectinload(Scheme.categories))
            .order_by(Scheme.position, Scheme.id)
        )
    )


def get_category(edition_id: int, category_id: int) -> Category:
    """Return a category of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(Category).where(Category.edition_id == edition_id, Category.id == category_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_scheme(edition_id: int, code: str) -> Scheme:
    """Return the scheme of the edition with this code, with its categories.  Raises NotFound."""
    found = find_scheme(edition_id, code)
    if found is None:
        raise NotFound
    return found


def find_scheme(edition_id: int, code: str) -> Scheme | None:
    """Return the scheme of the edition with this code, with its categories, or None."""
    return db.session.scalars(
        select(Scheme)
        .where(Scheme.edition_id == edition_id, Scheme.code == code)
        .options(selectinload(Scheme.categories))
    ).one_or_none()


def get_call(category: Category, organisation_id: int | None = None) -> rules.Call:
    """Return when an organisation can nominate in the category: by the scheme's calendar, else the edition's.

    Without an organisation: what holds for everybody.
    """
    rows = db.session.execute(
        _call_statement(),
        {
            "scheme_id": category.scheme_id,
            "category_id": category.id,
            "organisation_id": organisation_id,
        },
    ).all()
    opens_at, closes_at, grace_minutes, _ = rows[0]
    later = [row[3] for row in rows if row[3] is not None]
    return rules.make_call(opens_at, closes_at, grace_minutes=grace_minutes, extensions=later)


@cache
def _call_statement() -> Select[datetime, datetime, int, datetime | None]:
    """Return the statement for a call with its extensions, one in a row; built once, for each saved field asks it."""
    category_id, organisation_id = (
        bindparam("category_id", type_=Key),
        bindparam("organisation_id", type_=Key),
    )
    applies = and_(
        Extension.scheme_id == Scheme.id,
        or_(Extension.category_id.is_(None), Extension.category_id == category_id),
        or_(Extension.organisation_id.is_(None), Extension.organisation_id == organisation_id),
    )
    return (
        select(
            func.coalesce(Scheme.opens_at, Edition.nominations_open_at, type_=Scheme.opens_at.type),
            func.coalesce(Scheme.closes_at, Edition.nominations_close_at, type_=Scheme.closes_at.type),
            Scheme.grace_minutes,
            Extension.closes_at,
        )
        .join(Edition, Edition.id == Scheme.edition_id)
        .outerjoin(Extension, applies)
        .where(Scheme.id == bindparam("scheme_id", type_=Key))
    )


def get_regular_call(scheme: Scheme, edition: Edition) -> rules.Call:
    """Return when nominations are taken from those for whom nothing was extended."""
    return rules.make_call(
        scheme.opens_at or edition.nominations_open_at,
        scheme.closes_at or edition.nominations_close_at,
        grace_minutes=scheme.grace_minutes,
    )


def list_categories(scheme_id: int) -> list[Category]:
    """Return the categories of a scheme, in their order."""
    return list(
        db.session.scalars(
            select(Category).where(Category.scheme_id == scheme_id).order_by(Category.position, Category.id)
        )
    )


def list_items(category: Category) -> list[DossierItem]:
    """Return what a dossier of the category holds, in its order; a scheme may list nothing."""
    return _asked_of(DossierItem, category)


def list_questions(category: Category) -> list[EligibilityQuestion]:
    """Return what is asked before a dossier of the category is begun, in its order."""
    return _asked_of(EligibilityQuestion, category)


def list_criteria(category: Category) -> list[Criterion]:
    """Return what dossiers of the category are scored by, in its order."""
    return _asked_of(Criterion, category)


def list_all(kind: type[Asked], scheme_id: int) -> list[Asked]:
    """Return the scheme's criteria, items or questions, of all categories, in their order."""
    return list(
        db.session.scalars(select(kind).where(kind.scheme_id == scheme_id).order_by(kind.position, kind.id))
    )


def get_part(kind: type[Asked], scheme_id: int, code: str) -> Asked:
    """Return the criterion, item or question of the scheme with this code.  Raises NotFound."""
    return _the(select(kind).where(kind.scheme_id == scheme_id, kind.code == code))


def get_quota(scheme_id: int, quota_id: int) -> Quota:
    """Return a quota of the scheme.  Raises NotFound."""
    return _the(select(Quota).where(Quota.scheme_id == scheme_id, Quota.id == quota_id))


def get_extension(scheme_id: int, extension_id: int) -> Extension:
    """Return an extension of the scheme.  Raises NotFound."""
    return _the(select(Extension).where(Extension.scheme_id == scheme_id, Extension.id == extension_id))


def get_holiday(holiday_id: int) -> Holiday:
    """Return a day of the holiday table.  Raises NotFound."""
    return _the(select(Holiday).where(Holiday.id == holiday_id))


def list_quotas(scheme_id: int) -> list[Quota]:
    """Return the scheme's quotas, the oldest first."""
    return list(db.session.scalars(select(Quota).where(Quota.scheme_id == scheme_id).order_by(Quota.id)))


def list_extensions(scheme_id: int) -> list[Extension]:
    """Return the scheme's extensions, the oldest first."""
    return list(
        db.session.scalars(select(Extension).where(Extension.scheme_id == scheme_id).order_by(Extension.id))
    )


def list_holidays() -> list[Holiday]:
    """Return the days of the holiday table, in the order of the calendar."""
    return list(db.session.scalars(select(Holiday).order_by(Holiday.day)))


def days_off() -> dict[date, bool]:
    """Return what the holiday table says of single days, as `core.workdays` takes it: day → whether it is off."""
    return dict(db.session.execute(select(Holiday.day, Holiday.off)).all())


def _the(statement: Select[Row]) -> Row:
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound
    return found


def _asked_of(kind: type[Asked], category: Category) -> list[Asked]:
    return list(
        db.session.scalars(
            select(kind)
            .where(
                kind.scheme_id == category.scheme_id,
                or_(kind.category_id.is_(None), kind.category_id == category.id),
            )
            .order_by(kind.position, kind.id)
        )
    )
