"""Reading what is sealed with which key, and what stands open and should not."""

from collections import Counter
from typing import TypeVar

from sqlalchemy import func, or_, select

from dxday.adapters.sealing import NAME_LETTERS
from dxday.db import db
from dxday.nominations import queries
from dxday.nominations.models import Attachment, DossierAnswer, Nomination, NomineeList
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category, DossierItem

Sealed = TypeVar("Sealed", Nomination, NomineeList)


def map_items(nomination: Nomination) -> dict[str, DossierItem]:
    """Return the items of the nomination's scheme, of whichever category: code → item."""
    items = schemes.list_all(DossierItem, queries.category_of(nomination).scheme_id)
    return {item.code: item for item in items}


def list_open_files(nomination_id: int) -> list[tuple[Attachment, DossierItem]]:
    """Return the files of sensitive items that are stored open, also those that were removed."""
    rows = db.session.execute(
        select(Attachment, DossierItem)
        .join(DossierItem, DossierItem.id == Attachment.item_id)
        .where(
            Attachment.nomination_id == nomination_id,
            Attachment.sealed.is_(False),
            DossierItem.sensitive.is_(True),
        )
        .order_by(Attachment.id)
    )
    return [(attachment, item) for attachment, item in rows]


def list_unsettled(*, after: int, limit: int) -> list[Nomination]:
    """Return dossiers in which something sensitive stands open, or an answer is sealed that is sensitive no more.

    They come in the order of their ids, beginning after `after`.
    """
    item = (DossierItem.scheme_id == Category.scheme_id) & (DossierItem.code == DossierAnswer.code)
    answers = (
        select(DossierAnswer.nomination_id)
        .join(Nomination, Nomination.id == DossierAnswer.nomination_id)
        .join(Category, Category.id == Nomination.category_id)
        .join(DossierItem, item)
        .where(
            or_(
                DossierItem.sensitive.is_(True) & (func.coalesce(DossierAnswer.value, "") != ""),
                DossierItem.sensitive.is_(False) & DossierAnswer.sealed.is_not(None),
            )
        )
    )
    files = (
        select(Attachment.nomination_id)
        .join(DossierItem, DossierItem.id == Attachment.item_id)
        .where(Attachment.sealed.is_(False), DossierItem.sensitive.is_(True))
    )
    return list(
        db.session.scalars(
            select(Nomination)
            .where(or_(Nomination.id.in_(answers), Nomination.id.in_(files)), Nomination.id > after)
            .order_by(Nomination.id)
            .limit(limit)
        )
    )


def list_open_lists(*, after: int, limit: int) -> list[NomineeList]:
    """Return lists of nominees that are stored open, in the order of their ids, beginning after `after`."""
    return list(
        db.session.scalars(
            select(NomineeList)
            .where(NomineeList.seal.is_(None), NomineeList.id > after)
            .order_by(NomineeList.id)
            .limit(limit)
        )
    )


def list_wrapped_otherwise(model: type[Sealed], newest: str, *, after: int, limit: int) -> list[Sealed]:
    """Return dossiers or lists whose key is wrapped with another than the newest key of the settings, by id."""
    return list(
        db.session.scalars(
            select(model)
            .where(
                model.seal.is_not(None),
                func.substr(model.seal, 1, NAME_LETTERS) != newest,
                model.id > after,
            )
            .order_by(model.id)
            .limit(limit)
        )
    )


def list_resealed_keys(suffix: str) -> list[str]:
    """Return the keys in the storage of what was stored open once and is stored sealed now."""
    return [
        key
        for column in (Attachment.storage_key, NomineeList.storage_key)
        for key in db.session.scalars(select(column).where(column.endswith(suffix, autoescape=True)))
    ]


def count_seals() -> dict[str, int]:
    """Return how many dossiers and lists are sealed with each key of the settings: its name → how many."""
    counts: Counter[str] = Counter()
    for model in (Nomination, NomineeList):
        name = func.substr(model.seal, 1, NAME_LETTERS)
        counts.update(
            dict(
                db.session.execute(
                    select(name, func.count()).where(model.seal.is_not(None)).group_by(name)
                ).all()
            )
        )
    return dict(counts)
