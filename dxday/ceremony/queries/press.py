"""Reading press summaries."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from dxday.awards.models import Award, Decision
from dxday.awards.queries import ANNOUNCED
from dxday.ceremony import rules
from dxday.ceremony.models import PressSummary
from dxday.ceremony.queries import is_recalled
from dxday.ceremony.rules import PressState
from dxday.core import codes
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.schemes.models import Category, Scheme

_ORDER = (Scheme.position, Scheme.id, Category.position, Category.id, Decision.decided_on, Award.position)


def _whole() -> Select[PressSummary]:
    return select(PressSummary).options(
        joinedload(PressSummary.award).joinedload(Award.decision),
        joinedload(PressSummary.award).joinedload(Award.category).joinedload(Category.scheme),
        joinedload(PressSummary.award).joinedload(Award.nomination),
    )


def list_summaries(
    edition_id: int,
    *,
    state: PressState | None = None,
    organisation_ids: Collection[int] | None = None,
    page: int | None = None,
    size: int = 50,
) -> list[PressSummary]:
    """Return the summaries of awards that were not annulled, in the order of the hall of honour; `page` begins at 1.

    With `organisation_ids` only what these agencies may know: of decisions that were announced.
    """
    query = (
        _whole()
        .join(Award, Award.id == PressSummary.award_id)
        .join(Category, Category.id == Award.category_id)
        .join(Scheme, Scheme.id == Category.scheme_id)
        .join(Decision, Decision.id == Award.decision_id)
        .where(PressSummary.edition_id == edition_id, ~is_recalled())
        .order_by(*_ORDER)
    )
    if state is not None:
        query = query.where(PressSummary.state == state)
    if organisation_ids is not None:
        query = query.join(Nomination, Nomination.id == Award.nomination_id).where(
            Nomination.organisation_id.in_(organisation_ids), ANNOUNCED
        )
    if page is not None:
        query = query.limit(size).offset((page - 1) * size)
    return list(db.session.scalars(query))


def count_states(edition_id: int) -> dict[PressState, int]:
    """Return how many summaries of awards that stand are in each state; every state is a key."""
    rows = db.session.execute(
        select(PressSummary.state, func.count())
        .join(Award, Award.id == PressSummary.award_id)
        .where(PressSummary.edition_id == edition_id, ~is_recalled())
        .group_by(PressSummary.state)
    )
    found = dict(rows.all())
    return {state: found.get(state, 0) for state in PressState}


def get_summary(edition_id: int, award_code: str) -> PressSummary:
    """Return the summary of an award, with award, decision, category, scheme and nomination.  Raises NotFound."""
    found = db.session.scalars(
        _whole()
        .join(Award, Award.id == PressSummary.award_id)
        .where(PressSummary.edition_id == edition_id, Award.code == award_code, ~is_recalled())
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_asked(token: str, now: datetime) -> PressSummary:
    """Return the summary that the token opens.

    Raises PressLinkNotOpen for a token that is unknown, used, replaced or run out, and for an annulled award: they
    look the same.
    """
    found = db.session.scalars(
        _whole()
        .join(Award, Award.id == PressSummary.award_id)
        .where(PressSummary.token_hash == codes.hash_of(token), ~is_recalled())
    ).one_or_none()
    if found is None or not is_open(found, now):
        raise rules.PressLinkNotOpen
    return found


def is_open(summary: PressSummary, now: datetime) -> bool:
    """Tell whether the link of a summary can be answered."""
    return summary.state is PressState.SENT and summary.expires_at is not None and now < summary.expires_at


def list_without_summary(edition_id: int) -> list[Award]:
    """Return the awards that stand and have no summary, with decision, category and scheme."""
    return list(
        db.session.scalars(
            select(Award)
            .options(joinedload(Award.decision), joinedload(Award.category).joinedload(Category.scheme))
            .outerjoin(PressSummary, PressSummary.award_id == Award.id)
            .where(Award.edition_id == edition_id, PressSummary.id.is_(None), ~is_recalled())
            .order_by(Award.id)
        )
    )


def list_ids_to_send(edition_id: int) -> list[int]:
    """Return the ids of the drafts of announced awards that stand, locked for this transaction in their order."""
    return list(
        db.session.scalars(
            select(PressSummary.id)
            .join(Award, Award.id == PressSummary.award_id)
            .join(Decision, Decision.id == Award.decision_id)
            .where(
                PressSummary.edition_id == edition_id,
                PressSummary.state == PressState.DRAFT,
                ANNOUNCED,
                ~is_recalled(),
            )
            .order_by(PressSummary.id)
            .with_for_update(of=PressSummary)
        )
    )


def load(summary_id: int) -> PressSummary:
    """Return a summary as it is now, with all that a letter says of it."""
    return db.session.scalars(
        _whole().where(PressSummary.id == summary_id).execution_options(populate_existing=True)
    ).one()
