"""Writing score sheets field by field, handing them in, opening them again, and moderating scores."""

from datetime import datetime
from statistics import fmean
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.errors import NotFound
from dxday.core.i18n import lazy_pick
from dxday.council import queries as council
from dxday.council.sheets import queries, rules, scoring
from dxday.council.sheets.models import Moderation, Scoring, Sheet, SheetScore, SheetSubmission
from dxday.council.sheets.rules import Recommendation, SheetState
from dxday.db import db, insert_into
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Category, Criterion, Scheme

# The reader


def save_field(
    nomination: Nomination, field: str, written: str, *, seen: int, actor: Actor, now: datetime
) -> int:
    """Save one field of the reader's own sheet and return its new version.

    `field` is score_<criterion>, note_<criterion>, comment or recommendation; `seen` is the version that the reader
    wrote over.  Not in the audit trail: what was submitted is kept whole.  Raises NotFound, SheetClosed,
    ScoringClosed, ScoreOutOfRange, CommentTooLong, FieldChanged.
    """
    sheet = _take(nomination, actor=actor, now=now)
    _check_open(sheet, nomination, now=now)
    return _save(sheet, nomination, field, written, seen=seen, now=now)


def save_sheet(
    nomination: Nomination, fields: dict[str, tuple[str, int]], *, actor: Actor, now: datetime
) -> None:
    """Save the fields of the whole form, (what was written, version), as `save_field` does each."""
    sheet = _take(nomination, actor=actor, now=now)
    _check_open(sheet, nomination, now=now)
    for field, (written, seen) in fields.items():
        _save(sheet, nomination, field, written, seen=seen, now=now)


def submit_sheet(
    nomination: Nomination, fields: dict[str, tuple[str, int]], *, actor: Actor, now: datetime
) -> None:
    """Save the fields of the whole form, (what was written, version), and hand the sheet in; it is final.

    Raises NotFound, SheetClosed, ScoringClosed, NoCriteria, ScoreMissing, RecommendationMissing, FieldChanged and
    what `save_field` refuses.
    """
    sheet = _take(nomination, actor=actor, now=now)
    closes_at = _check_open(sheet, nomination, now=now)
    for field, (written, seen) in fields.items():
        _save(sheet, nomination, field, written, seen=seen, now=now)
    criteria = queries.list_criteria(_category(nomination))
    if not criteria:
        raise rules.NoCriteria
    scores = {each.criterion_id: each.score for each in sheet.scores if each.score is not None}
    for criterion in criteria:
        if criterion.id not in scores:
            raise rules.ScoreMissing(about=f"score_{criterion.id}", criterion=lazy_pick(criterion.name))
    if sheet.recommendation is None:
        raise rules.RecommendationMissing
    rules.check_move(sheet.state, SheetState.SUBMITTED)
    sheet.state = SheetState.SUBMITTED
    sheet.submitted_at = sheet.updated_at = now
    sheet.total = scoring.total_of(queries.measures_of(criteria), scores)
    submission = SheetSubmission(
        sheet_id=sheet.id,
        submitted_at=now,
        late=closes_at is not None and now >= closes_at,
        total=sheet.total,
        content=_content(sheet),
    )
    db.session.add(submission)
    db.session.flush()
    # No number: who may read the trail may be a reader whose own sheet is not in yet.
    _record(
        "sheet.submitted", nomination, actor=actor, now=now, submission=submission.id, late=submission.late
    )


def decline_to_read(nomination: Nomination, *, reason: str, actor: Actor, now: datetime) -> None:
    """Say that the reader will not read the dossier; the secretary reads why.

    Raises NotFound, SheetClosed, ReasonMissing.
    """
    reason = rules.check_reason(reason)
    sheet = _take(nomination, actor=actor, now=now)
    rules.check_move(sheet.state, SheetState.DECLINED)
    sheet.state = SheetState.DECLINED
    sheet.declined_at = sheet.updated_at = now
    sheet.decline_reason = reason
    _record("sheet.declined", nomination, actor=actor, now=now, reason=reason)


# The secretary


def reopen_sheet(
    nomination: Nomination, account_id: int, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Let a reader write their sheet again, also after the closing; what was submitted is kept.

    Raises NotTheSecretary, NotFound, ReasonMissing, NotToReopen.
    """
    _check_runs(nomination, actor)
    reason = rules.check_reason(reason)
    sheet = _lock(nomination.id, account_id)
    if sheet is None:
        raise NotFound
    rules.check_move(sheet.state, SheetState.OPEN)
    submission = db.session.scalars(
        select(SheetSubmission)
        .where(SheetSubmission.sheet_id == sheet.id, SheetSubmission.reopened_at.is_(None))
        .order_by(SheetSubmission.id.desc())
        .limit(1)
    ).one_or_none()
    if submission is not None:
        submission.reopened_at, submission.reopened_by_id = now, actor.account_id
        submission.reopen_reason = reason
    sheet.state = SheetState.OPEN
    sheet.reopened_at = sheet.updated_at = now
    sheet.submitted_at = sheet.total = sheet.declined_at = sheet.decline_reason = None
    _record("sheet.reopened", nomination, actor=actor, now=now, reader=account_id, reason=reason)


def moderate_score(
    nomination: Nomination, *, score: float | None, reason: str, actor: Actor, now: datetime
) -> Moderation:
    """Write down the score that was agreed on, from 0 to 100; None: the readers' mean counts again.

    Raises NotTheSecretary, NotFound, ReasonMissing, ModeratedOutOfRange, NothingToModerate.
    """
    _check_runs(nomination, actor)
    reason = rules.check_reason(reason)
    if score is not None and not 0 <= score <= scoring.WHOLE:
        raise rules.ModeratedOutOfRange
    totals = [each.total for each in queries.list_sheets_of(nomination.id) if each.total is not None]
    if not totals:
        raise rules.NothingToModerate
    moderation = Moderation(
        nomination_id=nomination.id,
        score=None if score is None else round(score, 2),
        reason=reason,
        readers_mean=round(fmean(totals), 2),
        moderated_by_id=actor.account_id,
        moderated_at=now,
    )
    db.session.add(moderation)
    db.session.flush()
    _record("score.moderated", nomination, actor=actor, now=now, moderation=moderation.id)
    return moderation


def set_closing(scheme: Scheme, closes_at: datetime | None, *, actor: Actor, now: datetime) -> None:
    """Say until when the scheme's dossiers are to be scored; None: without end.  Raises NotTheSecretary."""
    rules.check_runs_council(actor, edition_id=scheme.edition_id)
    found = db.session.get(Scoring, scheme.id)
    if found is not None and closes_at is None:
        db.session.delete(found)
    elif found is not None and closes_at is not None:
        found.closes_at = closes_at
    elif closes_at is not None:
        db.session.add(Scoring(scheme_id=scheme.id, edition_id=scheme.edition_id, closes_at=closes_at))
    audit.record(
        "scoring.closing_set",
        subject=scheme.code,
        actor=actor,
        now=now,
        edition_id=scheme.edition_id,
        closes_at=closes_at.isoformat() if closes_at else None,
    )


def note_export(scheme: Scheme, *, count: int, form: str, actor: Actor, now: datetime) -> None:
    """Note that somebody took a copy of the order."""
    rules.check_runs_council(actor, edition_id=scheme.edition_id)
    audit.record(
        "ranking.exported",
        subject=scheme.code,
        actor=actor,
        now=now,
        edition_id=scheme.edition_id,
        dossiers=count,
        form=form,
    )


def note_scores_viewed(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Note that somebody looked at what the readers of a dossier wrote."""
    _record("scores.viewed", nomination, actor=actor, now=now)


# Inside


def _take(nomination: Nomination, *, actor: Actor, now: datetime) -> Sheet:
    """Return the actor's own sheet of a dossier that is open to them, made if need be, locked.  Raises NotFound."""
    if actor.account_id is None or not council.is_reader(nomination.id, actor.account_id):
        raise NotFound
    sheet = _lock(nomination.id, actor.account_id)
    if sheet is None:
        # Two tabs may begin at the same moment: one row comes of it.
        made = db.session.scalars(
            insert_into(Sheet)
            .values(nomination_id=nomination.id, account_id=actor.account_id, created_at=now, updated_at=now)
            .on_conflict_do_nothing(index_elements=["nomination_id", "account_id"])
            .returning(Sheet.id)
        ).one_or_none()
        if made is not None:
            _record("sheet.begun", nomination, actor=actor, now=now)
        sheet = _lock(nomination.id, actor.account_id)
    assert sheet is not None
    return sheet


def _lock(nomination_id: int, account_id: int) -> Sheet | None:
    return db.session.scalars(
        select(Sheet)
        .where(Sheet.nomination_id == nomination_id, Sheet.account_id == account_id)
        .options(selectinload(Sheet.scores))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _check_open(sheet: Sheet, nomination: Nomination, *, now: datetime) -> datetime | None:
    """Return the closing of the scoring.  Raises SheetClosed, ScoringClosed."""
    state, closes_at = queries.get_terms(nomination.id)
    rules.check_can_write(
        sheet.state,
        before_council=state is State.ADMITTED,
        closes_at=closes_at,
        reopened=sheet.reopened_at is not None,
        now=now,
    )
    return closes_at


def _save(sheet: Sheet, nomination: Nomination, field: str, written: str, *, seen: int, now: datetime) -> int:
    kind, _, number = field.partition("_")
    if field in ("comment", "recommendation"):
        holder: Any = sheet
        name = field
        value: str | int | None = written if field == "comment" else _recommendation(written)
    else:
        criterion = _criterion(nomination, number if kind in ("score", "note") else "")
        holder = next((each for each in sheet.scores if each.criterion_id == criterion.id), None)
        if holder is None:
            holder = SheetScore(
                criterion_id=criterion.id, score=None, comment="", score_version=0, comment_version=0
            )
            sheet.scores.append(holder)
        if kind == "score":
            name, value = "score", rules.read_score(written, criterion.most, field=field)
        else:
            name, value = "comment", written
    if name == "comment":
        rules.check_comment(written, field=field)
    held, version = getattr(holder, name), getattr(holder, f"{name}_version")
    if value == held:
        return int(version)
    if seen != version:
        raise rules.FieldChanged(field=field, value="" if held is None else str(held), version=version)
    setattr(holder, name, value)
    setattr(holder, f"{name}_version", version + 1)
    sheet.updated_at = now
    db.session.flush()
    return int(version) + 1


def _category(nomination: Nomination) -> Category:
    """Return the category; no statement where the page has loaded it."""
    return db.session.get_one(Category, nomination.category_id)


def _criterion(nomination: Nomination, number: str) -> Criterion:
    for each in queries.list_criteria(_category(nomination)):
        if str(each.id) == number:
            return each
    raise NotFound


def _recommendation(written: str) -> Recommendation | None:
    if not written:
        return None
    if written not in set(Recommendation):
        raise NotFound
    return Recommendation(written)


def _content(sheet: Sheet) -> dict[str, Any]:
    return {
        "scores": {str(each.criterion_id): [each.score, each.comment] for each in sheet.scores},
        "comment": sheet.comment,
        "recommendation": sheet.recommendation,
    }


def _check_runs(nomination: Nomination, actor: Actor) -> None:
    """Raise NotTheSecretary, or NotFound for a dossier of which the secretary may not know the scores."""
    rules.check_runs_council(actor, edition_id=nomination.edition_id)
    if not queries.may_see(nomination.id, actor.account_id):
        raise NotFound


def _record(action: str, nomination: Nomination, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        action, subject=nomination.code, actor=actor, now=now, edition_id=nomination.edition_id, **facts
    )
