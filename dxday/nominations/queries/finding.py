"""Finding nominations: by agency, by code, before the council."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from dxday.audit.models import AuditEntry
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import rules
from dxday.nominations.models import (
    Nomination,
)
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category, Scheme
from dxday.schemes.rules import Call


def call_of(nomination: Nomination) -> Call:
    """Return when the nomination can be handed in."""
    return schemes.get_call(category_of(nomination), nomination.organisation_id)


def category_of(nomination: Nomination) -> Category:
    """Return the nomination's category."""
    return db.session.get_one(Category, nomination.category_id)


def scheme_of(nomination: Nomination) -> Scheme:
    """Return the scheme in which the nomination stands."""
    return db.session.get_one(Scheme, category_of(nomination).scheme_id)


def get_edition_of(nomination: Nomination) -> Edition:
    """Return the nomination's edition."""
    return db.session.get_one(Edition, nomination.edition_id)


def list_own(edition_id: int, organisation_ids: Collection[int]) -> list[Nomination]:
    """Return the nominations of these organisations with category and scheme, last changed first."""
    return list(
        db.session.scalars(
            select_whole()
            .where(
                Nomination.edition_id == edition_id, Nomination.organisation_id.in_(sorted(organisation_ids))
            )
            .order_by(Nomination.updated_at.desc(), Nomination.id.desc())
        )
    )


def get_own(edition_id: int, code: str, organisation_ids: Collection[int]) -> Nomination:
    """Return a nomination of one of these organisations, with category and scheme.

    Raises NotFound, also for another agency's: from outside the two look the same.
    """
    found = db.session.scalars(
        select_whole().where(
            Nomination.edition_id == edition_id,
            Nomination.code == code,
            Nomination.organisation_id.in_(sorted(organisation_ids)),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_by_guid(guid: UUID) -> Nomination | None:
    """Return the nomination that was made from the form with this guid, or None."""
    return db.session.scalars(select(Nomination).where(Nomination.guid == guid)).one_or_none()


def list_to_decide(edition_id: int) -> list[Nomination]:
    """Return what a decision may honour now, in the order of `list_before_council`."""
    return [
        each
        for each in list_before_council(edition_id)
        if rules.may_award(each.state, ballot=each.category.scheme.ballot)
    ]


def list_before_council(
    edition_id: int, *, state: rules.State | None = None, category_id: int | None = None
) -> list[Nomination]:
    """Return what was ever submitted, with category and scheme, by scheme, category and time of submission.

    Drafts, and drafts that were withdrawn, are the agency's own affair.
    """
    statement = (
        select_whole()
        .join(Category, Category.id == Nomination.category_id)
        .join(Scheme, Scheme.id == Category.scheme_id)
        .where(Nomination.edition_id == edition_id, Nomination.submitted_at.is_not(None))
        .order_by(
            Scheme.position,
            Scheme.id,
            Category.position,
            Category.id,
            Nomination.submitted_at,
            Nomination.id,
        )
    )
    if state is not None:
        statement = statement.where(Nomination.state == state)
    if category_id is not None:
        statement = statement.where(Nomination.category_id == category_id)
    return list(db.session.scalars(statement))


def get_before_council(edition_id: int, code: str) -> Nomination:
    """Return a nomination that was submitted, with category and scheme.  Raises NotFound."""
    found = db.session.scalars(
        select_whole().where(
            Nomination.edition_id == edition_id,
            Nomination.code == code,
            Nomination.submitted_at.is_not(None),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_by_codes(edition_id: int, codes: Iterable[str]) -> list[Nomination]:
    """Return the submitted nominations with these codes, with category and scheme, in the order of the codes."""
    wanted = list(codes)
    found = {
        nomination.code: nomination
        for nomination in db.session.scalars(
            select_whole().where(
                Nomination.edition_id == edition_id,
                Nomination.code.in_(wanted),
                Nomination.submitted_at.is_not(None),
            )
        )
    }
    return [found[code] for code in wanted if code in found]


def count_states(edition_id: int) -> dict[rules.State, int]:
    """Return how many nominations that were ever submitted stand in each state."""
    rows = db.session.execute(
        select(Nomination.state, func.count())
        .where(Nomination.edition_id == edition_id, Nomination.submitted_at.is_not(None))
        .group_by(Nomination.state)
    )
    return dict(rows.all())


def count_used(scheme_id: int) -> dict[tuple[int, int], int]:
    """Return how many nominations of the scheme take a place of their agency's: no drafts, nothing withdrawn.

    The keys are (category, organisation); what is being endorsed or was returned for completion keeps its place.
    """
    rows = db.session.execute(
        select(Nomination.category_id, Nomination.organisation_id, func.count())
        .join(Category, Category.id == Nomination.category_id)
        .where(
            Category.scheme_id == scheme_id,
            Nomination.state.in_(rules.HANDED_IN),
        )
        .group_by(Nomination.category_id, Nomination.organisation_id)
    )
    return {(category, organisation): count for category, organisation, count in rows}


def list_history(nomination: Nomination, *, told: bool = False) -> list[AuditEntry]:
    """Return the audit entries that tell how it came to where it is (`told`: as the agency is), the oldest first."""
    hidden = {rules.AWARDED} if told and nomination.told_state else set()
    statement = select(AuditEntry).where(
        AuditEntry.edition_id == nomination.edition_id,
        AuditEntry.subject == nomination.code,
        AuditEntry.action.in_(rules.EVENT_NAMES.keys() - hidden),
    )
    return list(db.session.scalars(statement.order_by(AuditEntry.sequence)))


def select_whole() -> Select[Nomination]:
    """Return the statement that loads nominations with what every page shows of them."""
    return select(Nomination).options(joinedload(Nomination.category).joinedload(Category.scheme))
