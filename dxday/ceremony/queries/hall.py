"""The hall of honour: what everybody may read of an edition's awards, searched and counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dxday.awards.models import Award, Decision
from dxday.awards.queries import ANNOUNCED
from dxday.ceremony.models import PressSummary, Turn
from dxday.ceremony.queries import is_recalled, was_recalled
from dxday.ceremony.rules import PressState
from dxday.core.errors import NotFound
from dxday.core.vietnamese import fold
from dxday.db import db
from dxday.editions.models import Edition
from dxday.schemes.models import Category, Scheme
from dxday.schemes.rules import NomineeKind
from dxday.sites.models import Site

PAGE = 48
"""Awards on one page: a number that fills rows of two, three and four."""


@dataclass(frozen=True)
class Entry:
    """What filters look at in an award, and its texts when there is something to look for."""

    id: int
    category_id: int
    kind: NomineeKind
    scheme_id: int
    site_id: int | None
    texts: tuple[str, ...] = ()

    def speaks_of(self, words: Sequence[str]) -> bool:
        """Tell whether its texts hold every one of the folded words."""
        where = _folded("\n".join(self.texts))
        return all(word in where for word in words)


@lru_cache(maxsize=10_000)
def _folded(text: str) -> str:
    """Fold what is announced, and so is searched again and again."""
    return fold(text)


@dataclass(frozen=True)
class Wish:
    """What a visitor looks for; None stands for everything."""

    text: str = ""
    scheme_id: int | None = None
    category_id: int | None = None
    kind: NomineeKind | None = None
    site_id: int | None = None


@dataclass(frozen=True)
class Hall:
    """A page of the hall of honour, with the numbers beside its filters."""

    total: int
    found: int
    page: int
    pages: int
    awards: list[Award]
    summaries: Mapping[int, str]
    """Approved press summaries by the id of their award."""
    categories: list[tuple[Category, int]]
    kinds: Mapping[NomineeKind, int]
    sites: list[tuple[Site, int]]


def read_hall(edition_id: int, wish: Wish, *, page: int | None, size: int = PAGE) -> Hall:
    """Return a page of the announced awards that stand; `page` begins at 1, None is all of them on one.

    Five statements, however many awards there are.
    """
    words = fold(wish.text).split()
    entries = _list_entries(edition_id, with_texts=bool(words))
    found = [
        each
        for each in entries
        if wish.scheme_id in (None, each.scheme_id)
        and wish.category_id in (None, each.category_id)
        and wish.kind in (None, each.kind)
        and wish.site_id in (None, each.site_id)
        and (not words or each.speaks_of(words))
    ]
    pages = 1 if page is None else max(1, -(-len(found) // size))
    number = min(max(page or 1, 1), pages)
    shown = found if page is None else found[(number - 1) * size : number * size]
    ids = [each.id for each in shown]
    by_category = Counter(each.category_id for each in entries)
    by_site = Counter(each.site_id for each in entries)
    return Hall(
        total=len(entries),
        found=len(found),
        page=number,
        pages=pages,
        awards=_list_whole(ids),
        summaries=_list_approved(ids),
        categories=[
            (each, by_category[each.id]) for each in _list_categories(edition_id) if each.id in by_category
        ],
        kinds=Counter(each.kind for each in entries),
        sites=[(each, by_site[each.id]) for each in _list_sites(edition_id) if each.id in by_site],
    )


def list_first(edition_id: int, count: int) -> list[Award]:
    """Return the first announced awards that stand, at most `count`, with decision, category and scheme."""
    return _list_whole([each.id for each in _list_entries(edition_id, with_texts=False)[:count]])


def get_announced(edition_id: int, code: str) -> tuple[Award, str | None]:
    """Return an announced award that stands, and its approved press summary.  Raises NotFound."""
    found = db.session.execute(
        select(Award, PressSummary.text)
        .join(Decision, Decision.id == Award.decision_id)
        .outerjoin(
            PressSummary,
            (PressSummary.award_id == Award.id) & (PressSummary.state == PressState.APPROVED),
        )
        .options(joinedload(Award.decision), joinedload(Award.category).joinedload(Category.scheme))
        .where(Award.edition_id == edition_id, Award.code == code, ANNOUNCED, ~is_recalled())
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def was_announced_and_recalled(edition_id: int, code: str) -> bool:
    """Tell whether there is an award with this code that everybody knew, and that was annulled."""
    award_id = db.session.scalar(
        select(Award.id)
        .join(Decision, Decision.id == Award.decision_id)
        .where(Award.edition_id == edition_id, Award.code == code, ANNOUNCED)
    )
    return award_id is not None and was_recalled(award_id)


def list_other_halls(edition: Edition) -> list[Edition]:
    """Return the other editions with announced awards that stand, the latest first."""
    return list(
        db.session.scalars(
            select(Edition)
            .where(
                Edition.id != edition.id,
                Edition.id.in_(
                    select(Award.edition_id)
                    .join(Decision, Decision.id == Award.decision_id)
                    .where(ANNOUNCED, ~is_recalled())
                ),
            )
            .order_by(Edition.starts_on.desc(), Edition.id.desc())
        )
    )


def _list_entries(edition_id: int, *, with_texts: bool) -> list[Entry]:
    texts = (
        Award.recipient_name,
        Award.recipient_position,
        Award.achievement,
        Decision.number,
        Award.organisation_name,
    )
    rows = db.session.execute(
        select(
            Award.id,
            Award.category_id,
            Award.recipient_kind,
            Scheme.id,
            Turn.site_id,
            *(texts if with_texts else ()),
        )
        .join(Category, Category.id == Award.category_id)
        .join(Scheme, Scheme.id == Category.scheme_id)
        .join(Decision, Decision.id == Award.decision_id)
        .outerjoin(Turn, Turn.award_id == Award.id)
        .where(Award.edition_id == edition_id, ANNOUNCED, ~is_recalled())
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
    if not with_texts:
        return [Entry(*tuple(row)) for row in rows]
    return [
        Entry(row[0], row[1], row[2], row[3], row[4], (*tuple(row)[5:9], *row[9].values())) for row in rows
    ]


def _list_whole(ids: Sequence[int]) -> list[Award]:
    found = db.session.scalars(
        select(Award)
        .options(joinedload(Award.decision), joinedload(Award.category).joinedload(Category.scheme))
        .where(Award.id.in_(ids))
    )
    by_id = {award.id: award for award in found}
    return [by_id[each] for each in ids]


def _list_approved(ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(
        select(PressSummary.award_id, PressSummary.text).where(
            PressSummary.award_id.in_(ids), PressSummary.state == PressState.APPROVED
        )
    )
    return dict(rows.all())


def _list_categories(edition_id: int) -> list[Category]:
    return list(
        db.session.scalars(
            select(Category)
            .join(Scheme, Scheme.id == Category.scheme_id)
            .options(joinedload(Category.scheme))
            .where(Category.edition_id == edition_id)
            .order_by(Scheme.position, Scheme.id, Category.position, Category.id)
        )
    )


def _list_sites(edition_id: int) -> list[Site]:
    return list(
        db.session.scalars(select(Site).where(Site.edition_id == edition_id).order_by(Site.position, Site.id))
    )
