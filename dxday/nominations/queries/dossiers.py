"""What is in a dossier: files, sections, answers, locks."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from dxday.adapters.sealing import SealBroken
from dxday.core.errors import NotFound, RuleBroken
from dxday.db import db
from dxday.nominations import rules, sealing, sections
from dxday.nominations.models import (
    Attachment,
    DossierAnswer,
    EligibilityAnswer,
    Nomination,
    SectionLock,
)
from dxday.nominations.queries.finding import category_of
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category, DossierItem
from dxday.schemes.rules import ItemKind


def list_attachments(nomination_id: int, *, sensitive: bool = True) -> list[Attachment]:
    """Return the files of a dossier that were not removed, in the order in which they came.

    Without `sensitive`, what was added for a sensitive item of the scheme is left out.
    """
    found = db.session.scalars(
        select(Attachment)
        .options(joinedload(Attachment.item))
        .where(Attachment.nomination_id == nomination_id, Attachment.removed_at.is_(None))
        .order_by(Attachment.id)
    )
    return [each for each in found if sensitive or not each.is_sensitive]


def count_attachments(nomination_ids: Iterable[int]) -> dict[int, int]:
    """Return how many files each of the nominations has, refused ones left out; one without is not in it."""
    rows = db.session.execute(
        select(Attachment.nomination_id, func.count())
        .where(
            Attachment.nomination_id.in_(list(nomination_ids)),
            Attachment.removed_at.is_(None),
            Attachment.refusal.is_(None),
        )
        .group_by(Attachment.nomination_id)
    )
    return dict(rows.all())


def get_attachment(nomination_id: int, code: str, *, sensitive: bool = True) -> Attachment:
    """Return a file of the dossier that was not removed.  Raises NotFound, without `sensitive` also for such a one."""
    found = db.session.scalars(
        select(Attachment)
        .options(joinedload(Attachment.item))
        .where(
            Attachment.nomination_id == nomination_id,
            Attachment.code == code,
            Attachment.removed_at.is_(None),
        )
    ).one_or_none()
    if found is None or (found.is_sensitive and not sensitive):
        raise NotFound
    return found


def list_file_items(category_id: int) -> list[DossierItem]:
    """Return what a dossier of the category holds in files, in the order of its scheme."""
    return list(
        db.session.scalars(
            select(DossierItem)
            .join(Category, Category.scheme_id == DossierItem.scheme_id)
            .where(
                Category.id == category_id,
                or_(DossierItem.category_id.is_(None), DossierItem.category_id == category_id),
                DossierItem.kind == ItemKind.FILE,
            )
            .order_by(DossierItem.position, DossierItem.id)
        )
    )


def get_file_item(category_id: int, item_id: int) -> DossierItem:
    """Return an item of the category's dossiers that is made of files.  Raises NotFound."""
    for item in list_file_items(category_id):
        if item.id == item_id:
            return item
    raise NotFound


def standing_of(nomination: Nomination) -> rules.Standing:
    """Return how the nomination stands towards the calendar."""
    return rules.Standing(nomination.told, nomination.created_at, nomination.return_due_at)


def list_section_states(nomination: Nomination) -> list[sections.SectionState]:
    """Return the sections of the dossier, how far each is, and what it lacks."""
    answers = list_answers(nomination.id)
    values = read_values(nomination, answers)
    return sections.judge(
        layout_of(nomination),
        values,
        _count_files(nomination.id),
        unreadable=[code for code in answers if code not in values],
    )


def find_gaps(nomination: Nomination) -> list[RuleBroken]:
    """Return everything that the dossier still lacks, in the order of its sections."""
    return [gap for state in list_section_states(nomination) for gap in state.gaps]


def layout_of(nomination: Nomination) -> list[sections.Section]:
    """Return the sections of the dossier with their fields."""
    return sections.lay_out(schemes.list_items(category_of(nomination)))


def list_answers(nomination_id: int) -> dict[str, DossierAnswer]:
    """Return the fields that were written in sections: code → row; fields never written are not in it."""
    rows = db.session.scalars(select(DossierAnswer).where(DossierAnswer.nomination_id == nomination_id))
    return {row.code: row for row in rows}


def find_answer(nomination_id: int, code: str) -> DossierAnswer | None:
    """Return a field that was written in a section, or None."""
    return db.session.scalars(
        select(DossierAnswer).where(DossierAnswer.nomination_id == nomination_id, DossierAnswer.code == code)
    ).one_or_none()


def read_values(nomination: Nomination, answers: Mapping[str, DossierAnswer]) -> dict[str, str]:
    """Return what stands in each field: code → value; answers whose seal cannot be opened are not in it."""
    written = {}
    for code, answer in answers.items():
        with suppress(SealBroken):
            written[code] = sealing.read_answer(nomination, answer)
    return written | {name: getattr(nomination, name) for name in sections.COLUMNS}


def list_shown(
    nomination: Nomination, *, sensitive: bool
) -> list[tuple[sections.Section, list[tuple[sections.Field, str]]]]:
    """Return what the scheme's items hold, by section, for readers; `sensitive` ones only where that is said.

    In place of what cannot be opened stands a sentence that says so.
    """
    answers = list_answers(nomination.id)
    if not sensitive:
        answers = {code: answer for code, answer in answers.items() if answer.sealed is None}
    values = read_values(nomination, answers)
    values |= {code: str(sections.SEALED_AWAY) for code in answers if code not in values}
    return [
        (
            section,
            [
                (field, values.get(field.code, ""))
                for field in section.fields
                if field.kind is not ItemKind.FILE and (sensitive or not field.sensitive)
            ],
        )
        for section in layout_of(nomination)
    ]


def list_eligibility(nomination_id: int) -> list[EligibilityAnswer]:
    """Return what was answered before the dossier was begun, in the order in which it was asked."""
    return list(
        db.session.scalars(
            select(EligibilityAnswer)
            .where(EligibilityAnswer.nomination_id == nomination_id)
            .order_by(EligibilityAnswer.id)
        )
    )


def list_locks(nomination_id: int, now: datetime) -> dict[str, SectionLock]:
    """Return who edits which section now, with their account: section → lock."""
    rows = db.session.scalars(
        select(SectionLock)
        .where(SectionLock.nomination_id == nomination_id, SectionLock.expires_at > now)
        .options(joinedload(SectionLock.account))
        .execution_options(populate_existing=True)
    )
    return {row.section: row for row in rows}


def _count_files(nomination_id: int) -> dict[str, int]:
    """Return how many files stand for each field; those of no item under the field of files."""
    rows = db.session.execute(
        select(DossierItem.code, func.count())
        .select_from(Attachment)
        .outerjoin(DossierItem, DossierItem.id == Attachment.item_id)
        .where(
            Attachment.nomination_id == nomination_id,
            Attachment.removed_at.is_(None),
            Attachment.refusal.is_(None),
        )
        .group_by(DossierItem.code)
    )
    return {code or sections.ATTACHMENT: count for code, count in rows}
