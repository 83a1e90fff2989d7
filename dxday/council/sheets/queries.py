"""Reading score sheets: one's own, those of a dossier one may see, and everything that the order is made from."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from dxday.accounts.models import Account, Organisation
from dxday.accounts.rules import OrganisationKind
from dxday.core.errors import NotFound
from dxday.core.i18n import Translations
from dxday.council import queries as council
from dxday.council.models import ConflictOfInterest, Reading
from dxday.council.rules import ConflictSource
from dxday.council.sheets.models import Moderation, Scoring, Sheet, SheetScore, SheetSubmission
from dxday.council.sheets.ranking import Dossier
from dxday.council.sheets.rules import Reader, SheetState, hidden_from
from dxday.council.sheets.scoring import Marks, Measure
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Category, Criterion, Scheme

# A reader and their own sheet


def get_own_nomination(edition_id: int, code: str, account_id: int | None) -> Nomination:
    """Return a dossier that is open to the member, with category and scheme.

    Raises NotFound, for one that is not theirs to read as for one that does not exist, after one statement for either:
    how long the answer takes tells nothing.
    """
    found = council.find_reading(edition_id, code, account_id) if account_id is not None else None
    if found is None:
        raise NotFound
    return found


def get_handed_in(edition_id: int, code: str) -> Nomination:
    """Return a dossier with category and scheme, for a service that looks itself who reads it.  Raises NotFound."""
    found = db.session.scalars(
        select(Nomination)
        .where(
            Nomination.edition_id == edition_id,
            Nomination.code == code,
            Nomination.submitted_at.is_not(None),
        )
        .options(joinedload(Nomination.category).joinedload(Category.scheme))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_sheet(nomination_id: int, account_id: int) -> Sheet | None:
    """Return the member's sheet of the dossier with its scores, or None before anything was written."""
    return db.session.scalars(
        select(Sheet)
        .where(Sheet.nomination_id == nomination_id, Sheet.account_id == account_id)
        .options(selectinload(Sheet.scores))
    ).one_or_none()


def list_own_sheets(account_id: int, edition_id: int) -> dict[int, Sheet]:
    """Return the member's own sheets of the edition, by dossier."""
    return {
        sheet.nomination_id: sheet
        for sheet in db.session.scalars(
            select(Sheet)
            .join(Nomination, Nomination.id == Sheet.nomination_id)
            .where(Sheet.account_id == account_id, Nomination.edition_id == edition_id)
        )
    }


def list_criteria(category: Category) -> list[Criterion]:
    """Return what dossiers of the category are scored by: its own criteria, and those of the whole scheme."""
    return list(
        db.session.scalars(
            select(Criterion)
            .where(
                Criterion.scheme_id == category.scheme_id,
                or_(Criterion.category_id.is_(None), Criterion.category_id == category.id),
            )
            .order_by(Criterion.position, Criterion.id)
        )
    )


def measures_of(criteria: list[Criterion]) -> list[Measure]:
    """Return criteria as arithmetic sees them."""
    return [Measure(each.id, each.weight, each.most) for each in criteria]


def find_closing(scheme_id: int) -> datetime | None:
    """Return until when the scheme's dossiers are to be scored; None: no end was set."""
    return db.session.scalars(select(Scoring.closes_at).where(Scoring.scheme_id == scheme_id)).one_or_none()


def get_terms(nomination_id: int) -> tuple[State, datetime | None]:
    """Return the state of the dossier now, and until when it is to be scored."""
    state, closes_at = db.session.execute(
        select(Nomination.state, Scoring.closes_at)
        .join(Category, Category.id == Nomination.category_id)
        .outerjoin(Scoring, Scoring.scheme_id == Category.scheme_id)
        .where(Nomination.id == nomination_id)
    ).one()
    return state, closes_at


def list_closings(edition_id: int) -> dict[int, datetime]:
    """Return until when each scheme of the edition is to be scored, by scheme; without an end it is not in it."""
    return dict(
        db.session.execute(
            select(Scoring.scheme_id, Scoring.closes_at).where(Scoring.edition_id == edition_id)
        ).all()
    )


def list_sheets_of(nomination_id: int) -> list[Sheet]:
    """Return the sheets of a dossier that count: of who reads it and need not keep away; with scores and readers.

    It is for who may see them: `hidden_from` says from whom they are hidden.
    """
    return list(
        db.session.scalars(
            select(Sheet)
            .join(
                Reading,
                and_(
                    Reading.nomination_id == Sheet.nomination_id,
                    Reading.account_id == Sheet.account_id,
                    Reading.removed_at.is_(None),
                ),
            )
            .where(Sheet.nomination_id == nomination_id, ~_barred())
            .options(selectinload(Sheet.scores), joinedload(Sheet.account))
            .order_by(Sheet.account_id)
        )
    )


def list_submitted_beside(nomination_id: int, account_id: int) -> list[Sheet]:
    """Return what the other readers submitted on a dossier; nothing until one's own sheet is submitted."""
    sheets = list_sheets_of(nomination_id)
    own = next((each for each in sheets if each.account_id == account_id), None)
    if own is None or own.state is not SheetState.SUBMITTED:
        return []
    return [each for each in sheets if each is not own and each.state is SheetState.SUBMITTED]


def _barred() -> ColumnElement[bool]:
    """Return the condition for a sheet whose reader must keep away from the dossier."""
    return exists().where(
        ConflictOfInterest.nomination_id == Sheet.nomination_id,
        ConflictOfInterest.account_id == Sheet.account_id,
        ConflictOfInterest.lifted_at.is_(None),
    )


# The secretary


@dataclass(frozen=True)
class Scores:
    """Everything of a scheme that one person may see, in four statements."""

    dossiers: list[Dossier]
    marks: list[Marks]
    readers: dict[int, int]
    """How many read each dossier, those who declined left out."""
    declined: list[tuple[int, int]]
    """(dossier, account) of sheets whose reader will not read."""
    moderated: dict[int, float]
    unseen: int
    """Dossiers that are left out because the person reads them and has not submitted a sheet."""


def get_scores(scheme: Scheme, *, viewer_id: int | None) -> Scores:
    """Return what the scheme's order is made from.

    Dossiers from which the viewer must keep away are not in it, nor those that the viewer reads without having
    submitted a sheet: not as rows, nor in any number that is worked out from the rows.
    """
    # Plain rows: a thousand dossiers as objects of the session would take longer than everything else together.
    everybody = [
        Reader(*row)
        for row in db.session.execute(
            select(Reading.nomination_id, Reading.account_id, Sheet.state, Sheet.total)
            .join(Nomination, Nomination.id == Reading.nomination_id)
            .join(Category, Category.id == Nomination.category_id)
            .outerjoin(
                Sheet,
                and_(Sheet.nomination_id == Reading.nomination_id, Sheet.account_id == Reading.account_id),
            )
            .where(Category.scheme_id == scheme.id, Reading.removed_at.is_(None))
            .order_by(Reading.nomination_id, Reading.account_id)
        )
    ]
    barred = {
        (row.nomination_id, row.account_id)
        for row in db.session.execute(
            select(ConflictOfInterest.nomination_id, ConflictOfInterest.account_id)
            .join(Nomination, Nomination.id == ConflictOfInterest.nomination_id)
            .where(Nomination.edition_id == scheme.edition_id, ConflictOfInterest.lifted_at.is_(None))
        )
    }
    kept_away = {nomination_id for nomination_id, account_id in barred if account_id == viewer_id}
    unseen = hidden_from(viewer_id, everybody) - kept_away
    gone = kept_away | unseen
    counting = [
        each
        for each in everybody
        if each.nomination_id not in gone and (each.nomination_id, each.account_id) not in barred
    ]
    dossiers = [
        Dossier(
            row.id, row.code, row.nominee_name, row.organisation_name, row.organisation_id, scheme.id, row[5]
        )
        for row in db.session.execute(
            select(
                Nomination.id,
                Nomination.code,
                Nomination.nominee_name,
                Nomination.organisation_name,
                Nomination.organisation_id,
                Nomination.category_id,
            )
            .join(Category, Category.id == Nomination.category_id)
            .where(Category.scheme_id == scheme.id, _is_scored())
            .order_by(Nomination.code)
        )
        if row.id not in gone
    ]
    shown = {each.id for each in dossiers}
    return Scores(
        dossiers=dossiers,
        marks=[
            Marks(each.nomination_id, each.account_id, each.total)
            for each in counting
            if each.total is not None and each.nomination_id in shown
        ],
        readers=Counter(each.nomination_id for each in counting if each.state is not SheetState.DECLINED),
        declined=[
            (each.nomination_id, each.account_id)
            for each in counting
            if each.state is SheetState.DECLINED and each.nomination_id in shown
        ],
        moderated={key: score for key, score in _moderated(scheme.id).items() if key in shown},
        unseen=len(unseen),
    )


def _is_scored() -> ColumnElement[bool]:
    """Return the condition for what is before the council, or was and has sheets."""
    return or_(
        Nomination.state.in_((State.ADMITTED, State.APPROVED)),
        and_(
            Nomination.state.in_((State.AWARDED, State.DECLINED)),
            exists().where(Sheet.nomination_id == Nomination.id),
        ),
    )


def _moderated(scheme_id: int) -> dict[int, float]:
    """Return the last moderated score of each dossier that has one."""
    last = (
        select(func.max(Moderation.id))
        .join(Nomination, Nomination.id == Moderation.nomination_id)
        .join(Category, Category.id == Nomination.category_id)
        .where(Category.scheme_id == scheme_id)
        .group_by(Moderation.nomination_id)
    )
    return {
        row.nomination_id: row.score
        for row in db.session.execute(
            select(Moderation.nomination_id, Moderation.score).where(Moderation.id.in_(last))
        )
        if row.score is not None
    }


def get_scored(edition_id: int, code: str, *, viewer_id: int | None) -> Nomination:
    """Return a dossier of which the viewer may know the scores, with category and scheme.  Raises NotFound."""
    found = db.session.scalars(
        select(Nomination)
        .where(Nomination.edition_id == edition_id, Nomination.code == code, _is_scored())
        .options(joinedload(Nomination.category).joinedload(Category.scheme))
    ).one_or_none()
    if found is None or not may_see(found.id, viewer_id):
        raise NotFound
    return found


def may_see(nomination_id: int, account_id: int | None) -> bool:
    """Tell whether an account that runs the council may know the scores of the dossier."""
    if account_id is None:
        return True
    if account_id in council.list_barred([nomination_id]).get(nomination_id, frozenset()):
        return False
    own = db.session.execute(
        select(Sheet.state)
        .select_from(Reading)
        .outerjoin(
            Sheet, and_(Sheet.nomination_id == Reading.nomination_id, Sheet.account_id == Reading.account_id)
        )
        .where(
            Reading.nomination_id == nomination_id,
            Reading.account_id == account_id,
            Reading.removed_at.is_(None),
        )
    ).all()
    return not hidden_from(account_id, [Reader(nomination_id, account_id, state) for (state,) in own])


def list_moderations(nomination_id: int) -> list[Moderation]:
    """Return how the dossier's score was moderated, the last first, with who did it."""
    return list(
        db.session.scalars(
            select(Moderation)
            .where(Moderation.nomination_id == nomination_id)
            .options(joinedload(Moderation.moderated_by))
            .order_by(Moderation.id.desc())
        )
    )


def list_submissions(sheet_ids: list[int]) -> list[SheetSubmission]:
    """Return the submissions of sheets that were opened again afterwards, in their order."""
    return list(
        db.session.scalars(
            select(SheetSubmission)
            .where(SheetSubmission.sheet_id.in_(sheet_ids), SheetSubmission.reopened_at.is_not(None))
            .order_by(SheetSubmission.id)
        )
    )


def list_names(account_ids: set[int]) -> dict[int, str]:
    """Return the accounts' names."""
    return dict(
        db.session.execute(select(Account.id, Account.full_name).where(Account.id.in_(account_ids))).all()
    )


def get_scheme(edition_id: int, code: str) -> Scheme:
    """Return the scheme of the edition with its categories.  Raises NotFound."""
    found = db.session.scalars(
        select(Scheme)
        .where(Scheme.edition_id == edition_id, Scheme.code == code)
        .options(selectinload(Scheme.categories))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


# Fairness


@dataclass(frozen=True)
class Agency:
    """Where a dossier comes from: the kind of agency, and the area, which is the agency that it belongs to."""

    kind: OrganisationKind
    area: Translations | None


@dataclass(frozen=True)
class Changes:
    """What happened to sheets after they had been submitted, or after the closing."""

    reopened: int
    changed: int
    """Of these, how many were submitted again with another total."""
    late: int
    """Submitted after the closing."""


def list_agencies(organisation_ids: set[int]) -> dict[int, Agency]:
    """Return kind and area of the agencies."""
    area = Organisation.__table__.alias("area")
    return {
        row.id: Agency(row.kind, row.area)
        for row in db.session.execute(
            select(Organisation.id, Organisation.kind, area.c.name.label("area"))
            .outerjoin(area, area.c.id == Organisation.parent_id)
            .where(Organisation.id.in_(organisation_ids))
        )
    }


def list_shares(scheme_id: int) -> dict[tuple[int, int], dict[int, int]]:
    """Return the scores of every submitted sheet of the scheme: (dossier, account) → criterion → score."""
    found: dict[tuple[int, int], dict[int, int]] = {}
    for nomination_id, account_id, criterion_id, score in db.session.execute(
        select(Sheet.nomination_id, Sheet.account_id, SheetScore.criterion_id, SheetScore.score)
        .join(SheetScore, SheetScore.sheet_id == Sheet.id)
        .join(Nomination, Nomination.id == Sheet.nomination_id)
        .join(Category, Category.id == Nomination.category_id)
        .where(
            Category.scheme_id == scheme_id,
            Sheet.state == SheetState.SUBMITTED,
            SheetScore.score.is_not(None),
        )
    ):
        assert score is not None
        found.setdefault((nomination_id, account_id), {})[criterion_id] = score
    return found


def list_scheme_criteria(scheme_id: int) -> list[Criterion]:
    """Return every criterion of the scheme, in order."""
    return list(
        db.session.scalars(
            select(Criterion)
            .where(Criterion.scheme_id == scheme_id)
            .order_by(Criterion.position, Criterion.id)
        )
    )


def count_recusals(scheme_id: int, nomination_ids: set[int]) -> Counter[tuple[ConflictSource, bool]]:
    """Return how many conflicts of interest there are, by how they came to be known and whether they were lifted."""
    return Counter(
        (source, lifted_at is not None)
        for nomination_id, source, lifted_at in db.session.execute(
            select(ConflictOfInterest.nomination_id, ConflictOfInterest.source, ConflictOfInterest.lifted_at)
            .join(Nomination, Nomination.id == ConflictOfInterest.nomination_id)
            .join(Category, Category.id == Nomination.category_id)
            .where(Category.scheme_id == scheme_id)
        )
        if nomination_id in nomination_ids
    )


def count_changes(scheme_id: int, nomination_ids: set[int]) -> Changes:
    """Return what happened to the dossiers' sheets after they had been submitted."""
    totals: dict[int, list[float]] = {}
    reopened = late = 0
    for row in db.session.execute(
        select(
            Sheet.nomination_id,
            SheetSubmission.sheet_id,
            SheetSubmission.total,
            SheetSubmission.late,
            SheetSubmission.reopened_at,
        )
        .join(Sheet, Sheet.id == SheetSubmission.sheet_id)
        .join(Nomination, Nomination.id == Sheet.nomination_id)
        .join(Category, Category.id == Nomination.category_id)
        .where(Category.scheme_id == scheme_id)
        .order_by(SheetSubmission.id)
    ):
        if row.nomination_id not in nomination_ids:
            continue
        totals.setdefault(row.sheet_id, []).append(row.total)
        reopened += row.reopened_at is not None
        late += row.late
    changed = sum(before != after for own in totals.values() for before, after in pairwise(own))
    return Changes(reopened, changed, late)
