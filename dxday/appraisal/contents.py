"""What dossiers hold, many at a time: the text that is compared, what is missing, and what is shown."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import func, or_, select

from dxday.appraisal.facts import Missing
from dxday.core.i18n import Words, lazy_gettext, lazy_pick
from dxday.db import db
from dxday.nominations import queries as nominations
from dxday.nominations import sections
from dxday.nominations.models import Attachment, DossierAnswer, Nomination
from dxday.schemes.models import Category, DossierItem
from dxday.schemes.rules import ItemKind

LAW = "Luật 06/2022/QH15, Điều 84"
"""What a scheme without items of its own rests on."""


class Shown(NamedTuple):
    """A field of a dossier that was filled in."""

    name: Words
    value: str
    sensitive: bool


class _Asked(NamedTuple):
    code: str
    name: Words
    article: str


_USUAL = (
    _Asked(sections.ACHIEVEMENT, lazy_gettext("Achievement"), LAW),
    _Asked(sections.ATTACHMENT, lazy_gettext("Achievement report"), LAW),
)


def texts_of(found: Iterable[Nomination]) -> dict[int, str]:
    """Return the text of each nomination that is compared with others: achievement and written items.

    What is sensitive is left out: passages are shown to those who appraise dossiers of other editions.
    """
    texts = {nomination.id: [nomination.achievement] for nomination in found}
    for nomination_id, value in db.session.execute(
        select(DossierAnswer.nomination_id, DossierAnswer.value)
        .join(Nomination, Nomination.id == DossierAnswer.nomination_id)
        .join(Category, Category.id == Nomination.category_id)
        .join(
            DossierItem,
            (DossierItem.scheme_id == Category.scheme_id) & (DossierItem.code == DossierAnswer.code),
        )
        .where(
            DossierAnswer.nomination_id.in_(sorted(texts)),
            DossierAnswer.value.is_not(None),
            DossierItem.kind == ItemKind.TEXT,
            DossierItem.sensitive.is_(False),
        )
        .order_by(DossierItem.position, DossierItem.id)
    ):
        texts[nomination_id].append(value or "")
    return {nomination_id: "\n\n".join(filter(None, parts)) for nomination_id, parts in texts.items()}


def list_shown(nomination: Nomination) -> list[Shown]:
    """Return what a dossier says besides what every nomination says, in the order of its scheme; empty fields not."""
    plain = set(sections.COLUMNS) - {sections.ACHIEVEMENT}
    return [
        Shown(field.name, value, field.sensitive)
        for _section, fields in nominations.list_shown(nomination, sensitive=True)
        for field, value in fields
        if value and field.code not in plain
    ]


def list_missing(found: Collection[Nomination]) -> dict[int, list[Missing]]:
    """Return what each of these dossiers lacks of what its scheme asks for, in the order of the scheme.

    The nominations come with their categories.  A scheme without items asks for a text and a file.
    """
    ids = [each.id for each in found]
    files, answered = _list_filed(ids), _list_answered(ids)
    items = _items_of({each.category.scheme_id for each in found})
    missing: dict[int, list[Missing]] = {}
    for nomination in found:
        listed = items.get(nomination.category.scheme_id)
        asked = [
            _Asked(item.code, lazy_pick(item.name), item.article)
            for item in listed or ()
            if item.required and item.category_id in (None, nomination.category_id)
        ]
        given = answered.get(nomination.id, set()) | files.get(nomination.id, set())
        given |= {name for name in sections.COLUMNS if getattr(nomination, name).strip()}
        missing[nomination.id] = [
            Missing(each.code, each.name, each.article)
            for each in (asked if listed else _USUAL)
            if each.code not in given
        ]
    return missing


def _list_filed(ids: Collection[int]) -> dict[int, set[str]]:
    """Return the items of which each dossier has files; those of no item count for the field of files."""
    rows = db.session.execute(
        select(Attachment.nomination_id, DossierItem.code)
        .join(DossierItem, DossierItem.id == Attachment.item_id, isouter=True)
        .where(
            Attachment.nomination_id.in_(ids), Attachment.removed_at.is_(None), Attachment.refusal.is_(None)
        )
        .distinct()
    )
    found: dict[int, set[str]] = {}
    for nomination_id, code in rows:
        found.setdefault(nomination_id, set()).add(code or sections.ATTACHMENT)
    return found


def _list_answered(ids: Collection[int]) -> dict[int, set[str]]:
    rows = db.session.execute(
        select(DossierAnswer.nomination_id, DossierAnswer.code).where(
            DossierAnswer.nomination_id.in_(ids),
            or_(DossierAnswer.sealed.is_not(None), func.trim(func.coalesce(DossierAnswer.value, "")) != ""),
        )
    )
    found: dict[int, set[str]] = {}
    for nomination_id, code in rows:
        found.setdefault(nomination_id, set()).add(code)
    return found


def _items_of(scheme_ids: Collection[int]) -> dict[int, list[DossierItem]]:
    items: dict[int, list[DossierItem]] = {}
    for item in db.session.scalars(
        select(DossierItem)
        .where(DossierItem.scheme_id.in_(sorted(scheme_ids)))
        .order_by(DossierItem.scheme_id, DossierItem.position, DossierItem.id)
    ):
        items.setdefault(item.scheme_id, []).append(item)
    return items
