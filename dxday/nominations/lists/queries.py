"""Reading lists that were sent, and what a new one is compared with."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dxday.core.errors import NotFound
from dxday.core.vietnamese import fold
from dxday.db import db
from dxday.nominations.lists.rules import Choice, Known, Nominee
from dxday.nominations.models import Nomination, NomineeList
from dxday.nominations.rules import State
from dxday.schemes import queries as schemes

_NO_MORE = (State.WITHDRAWN, State.DECLINED)


def get_list(edition_id: int, code: str, organisation_ids: Collection[int]) -> NomineeList:
    """Return a list that one of these organisations sent, with the organisation.

    Raises NotFound, also for another agency's: from outside the two look the same.
    """
    found = db.session.scalars(
        select(NomineeList)
        .options(joinedload(NomineeList.organisation))
        .where(
            NomineeList.edition_id == edition_id,
            NomineeList.code == code,
            NomineeList.organisation_id.in_(sorted(organisation_ids)),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_waiting(edition_id: int, organisation_id: int, sha256: str) -> NomineeList | None:
    """Return the same file as the organisation sent it before and has not imported, or None."""
    return db.session.scalars(
        select(NomineeList)
        .where(
            NomineeList.edition_id == edition_id,
            NomineeList.organisation_id == organisation_id,
            NomineeList.sha256 == sha256,
            NomineeList.imported_at.is_(None),
        )
        .order_by(NomineeList.id)
        .limit(1)
    ).one_or_none()


def list_choices(edition_id: int) -> list[Choice]:
    """Return every category of the edition with the words by which a list may call it."""
    return [
        Choice(
            category_id=category.id,
            kind=category.nominee_kind,
            words=frozenset(fold(word) for word in (category.code, *category.name.values())),
            scheme_words=frozenset(fold(word) for word in (scheme.code, *scheme.name.values())),
        )
        for scheme in schemes.list_schemes(edition_id)
        for category in scheme.categories
    ]


def get_known(edition_id: int, organisation_id: int) -> Known:
    """Return what the organisation has in the edition already."""
    rows = db.session.execute(
        select(
            Nomination.guid,
            Nomination.nominee_name,
            Nomination.nominee_position,
            Nomination.category_id,
            Nomination.code,
            Nomination.state,
        ).where(Nomination.edition_id == edition_id, Nomination.organisation_id == organisation_id)
    ).all()
    return Known(
        guids=frozenset(row.guid for row in rows),
        nominees=tuple(
            Nominee(row.nominee_name, row.nominee_position, row.category_id, row.code)
            for row in rows
            if row.state not in _NO_MORE
        ),
    )
