"""Admitting and returning dossiers, overriding findings, holds, opinions, and getting texts compared."""

from datetime import date, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import joinedload

from dxday.appraisal import contents, queries, rules, texts
from dxday.appraisal.models import DossierPrint, FindingOverride, Fingerprint, Hold, Likeness, Opinion
from dxday.appraisal.rules import Finding, HoldKind, HoldOn
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.errors import NotFound
from dxday.core.workdays import add_working_days
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import services as nominations
from dxday.nominations.models import Nomination
from dxday.nominations.rules import STATE_NAMES, check_may_appraise
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category

# The way of a dossier ------------------------------------------------------------------------------------------------


def admit(edition: Edition, nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Let a dossier go before the council.

    Raises NotTheStandingBody, AdmissionBlocked with what stands against it, and what `admit_nomination` raises.
    """
    check_may_appraise(actor, edition_id=nomination.edition_id)
    note_text(nomination)
    (appraised,) = queries.appraise(edition, [_with_category(nomination)], now=now)
    rules.check_admissible(appraised.findings)
    nominations.admit_nomination(nomination, actor=actor, now=now)


def return_for_completion(
    edition: Edition, nomination: Nomination, *, reason: str, due_on: date, actor: Actor, now: datetime
) -> None:
    """Give a dossier back to its agency, to be completed by the end of the day `due_on`.

    Raises NotTheStandingBody, ReasonNeeded, and what `return_nomination` raises.
    """
    check_may_appraise(actor, edition_id=nomination.edition_id)
    due_at = datetime(due_on.year, due_on.month, due_on.day, 23, 59, 59, tzinfo=ZoneInfo(edition.time_zone))
    nominations.return_nomination(
        nomination, reason=rules.check_reason(reason), due_at=due_at, actor=actor, now=now
    )


# Findings ------------------------------------------------------------------------------------------------------------


def override_finding(
    edition: Edition,
    nomination: Nomination,
    rule: str,
    key: str,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Finding:
    """Let a finding stand for a reason, which is kept; the same again replaces the reason.

    Raises NotTheStandingBody, NotUnderAppraisal, ReasonNeeded, FindingGone.
    """
    check_may_appraise(actor, edition_id=nomination.edition_id)
    _check_open(nomination)
    reason = rules.check_reason(reason)
    (appraised,) = queries.appraise(edition, [_with_category(nomination)], now=now)
    found = next((each for each in appraised.findings if (each.rule, each.key) == (rule, key)), None)
    if found is None:
        raise rules.FindingGone
    row = queries.find_override(nomination.id, rule, key)
    if row is None:
        row = FindingOverride(nomination_id=nomination.id, rule=rule, key=key)
        db.session.add(row)
    row.reason, row.account_id, row.created_at = reason, actor.account_id, now
    db.session.flush()
    _record("finding.overridden", nomination, actor=actor, now=now, rule=rule, key=key, reason=reason)
    return found


def remove_override(nomination: Nomination, rule: str, key: str, *, actor: Actor, now: datetime) -> None:
    """Let a finding count again.  Raises NotTheStandingBody, NotUnderAppraisal, NotFound."""
    check_may_appraise(actor, edition_id=nomination.edition_id)
    _check_open(nomination)
    row = queries.find_override(nomination.id, rule, key)
    if row is None:
        raise NotFound
    db.session.delete(row)
    db.session.flush()
    _record(
        "finding.override_removed", nomination, actor=actor, now=now, rule=rule, key=key, reason=row.reason
    )


# Holds ---------------------------------------------------------------------------------------------------------------


def open_hold(
    nomination: Nomination,
    *,
    on: HoldOn,
    kind: HoldKind,
    reason: str,
    expires_on: date | None,
    today: date,
    actor: Actor,
    now: datetime,
) -> Hold:
    """Hold up a dossier, or everything of its nominee or agency; it stands against them in every edition.

    Raises NotTheStandingBody, ReasonNeeded, ExpiryPast.
    """
    check_may_appraise(actor, edition_id=nomination.edition_id)
    if expires_on is not None and expires_on < today:
        raise rules.ExpiryPast
    hold = Hold(
        edition_id=nomination.edition_id,
        nomination_id=nomination.id if on is HoldOn.NOMINATION else None,
        organisation_id=nomination.organisation_id if on is HoldOn.ORGANISATION else None,
        nominee_key=rules.nominee_key(nomination.nominee_name) if on is HoldOn.NOMINEE else None,
        nominee_name=nomination.nominee_name,
        kind=kind,
        reason=rules.check_reason(reason),
        opened_by_id=actor.account_id,
        opened_at=now,
        expires_on=expires_on,
    )
    db.session.add(hold)
    db.session.flush()
    # The reason stays out of the trail: it tells of violations, which are sensitive data (Decree 356/2025/NĐ-CP).
    _record("hold.opened", nomination, actor=actor, now=now, hold=hold.id, on=on.value, kind=kind.value)
    return hold


def lift_hold(hold: Hold, *, reason: str, today: date, actor: Actor, now: datetime) -> None:
    """End a hold.  Raises NotTheStandingBody, ReasonNeeded, HoldOver."""
    check_may_appraise(actor, edition_id=hold.edition_id)
    reason = rules.check_reason(reason)
    db.session.refresh(hold, attribute_names=["lifted_at", "expires_on"], with_for_update={"of": Hold})
    if not rules.is_holding(hold.lifted_at is not None, hold.expires_on, today):
        raise rules.HoldOver
    hold.lifted_at, hold.lifted_by_id, hold.lift_reason = now, actor.account_id, reason
    db.session.flush()
    audit.record("hold.lifted", subject=f"hold:{hold.id}", actor=actor, now=now, edition_id=hold.edition_id)


# Opinions ------------------------------------------------------------------------------------------------------------


def ask_opinion(
    nomination: Nomination,
    *,
    organisation_name: str,
    question: str,
    days: int,
    today: date,
    actor: Actor,
    now: datetime,
) -> Opinion:
    """Note that another agency was asked about a dossier; it has so many working days from the next one on.

    Raises NotTheStandingBody, NotUnderAppraisal, AgencyNotNamed, DaysOutOfRange.
    """
    check_may_appraise(actor, edition_id=nomination.edition_id)
    _check_open(nomination)
    if not organisation_name.strip():
        raise rules.AgencyNotNamed
    rules.check_days(days)
    opinion = Opinion(
        nomination_id=nomination.id,
        organisation_name=organisation_name.strip(),
        question=question,
        asked_at=now,
        asked_by_id=actor.account_id,
        due_on=add_working_days(today, days, overrides=schemes.days_off()),
    )
    db.session.add(opinion)
    db.session.flush()
    _record(
        "opinion.asked",
        nomination,
        actor=actor,
        now=now,
        organisation=opinion.organisation_name,
        due=opinion.due_on.isoformat(),
    )
    return opinion


def note_answer(
    nomination: Nomination, opinion: Opinion, *, in_favour: bool, text: str, actor: Actor, now: datetime
) -> None:
    """Note what the other agency answered; it is noted once.  Raises NotTheStandingBody, AnsweredAlready."""
    check_may_appraise(actor, edition_id=nomination.edition_id)
    db.session.refresh(opinion, attribute_names=["answered_at"], with_for_update=True)
    if opinion.answered_at is not None:
        raise rules.AnsweredAlready(organisation=opinion.organisation_name)
    opinion.answered_at, opinion.in_favour, opinion.text = now, in_favour, text.strip()
    db.session.flush()
    _record(
        "opinion.answered",
        nomination,
        actor=actor,
        now=now,
        organisation=opinion.organisation_name,
        in_favour=in_favour,
    )


# Texts ---------------------------------------------------------------------------------------------------------------


def note_text(nomination: Nomination) -> None:
    """Have the text of a dossier compared with all others, if that was not done with the text as it is now."""
    kept = db.session.get(DossierPrint, nomination.id)
    if kept is not None and kept.version == nomination.version:
        return
    text = contents.texts_of([nomination])[nomination.id]
    key = rules.nominee_key(nomination.nominee_name)
    digest = sha256(text.encode()).hexdigest()
    if kept is None:
        kept = DossierPrint(nomination_id=nomination.id, digest="", words="")
        db.session.add(kept)
    changed = kept.digest != digest
    kept.version, kept.digest, kept.nominee_key = nomination.version, digest, key
    if changed:
        words = texts.fold_words(text)
        kept.words = " ".join(words)
        db.session.flush()
        _compare(nomination.id, words)
    db.session.flush()


def _compare(nomination_id: int, words: list[str]) -> None:
    db.session.execute(delete(Fingerprint).where(Fingerprint.nomination_id == nomination_id))
    db.session.execute(
        delete(Likeness).where(or_(Likeness.one_id == nomination_id, Likeness.other_id == nomination_id))
    )
    hashes = texts.fingerprint_words(words)
    if hashes:
        db.session.execute(
            insert(Fingerprint), [{"hash": each, "nomination_id": nomination_id} for each in sorted(hashes)]
        )
    rows = [
        row
        for row in find_likenesses(nomination_id, words, hashes)
        if max(row["one_share"], row["other_share"]) >= rules.ALIKE_SOMEWHAT
    ]
    if rows:
        db.session.execute(insert(Likeness), rows)


def find_likenesses(nomination_id: int, words: list[str], hashes: frozenset[int]) -> list[dict[str, int]]:
    """Return what a text shares with those that have the most fingerprints in common, as rows of `likeness`."""
    candidates = queries.find_candidates(nomination_id, hashes)
    rows = []
    for other_id, its in queries.list_words(candidates).items():
        found = texts.compare_words(words, its.split())
        shares = round(100 * found.one_share), round(100 * found.other_share)
        if nomination_id > other_id:
            shares = shares[1], shares[0]
        rows.append(
            {
                "one_id": min(nomination_id, other_id),
                "other_id": max(nomination_id, other_id),
                "one_share": shares[0],
                "other_share": shares[1],
                "words": found.words,
            }
        )
    return rows


def note_texts(limit: int) -> int:
    """Have texts compared that were handed in since the last time, `limit` at the most; return how many."""
    ids = queries.list_unprinted(limit)
    for nomination in db.session.scalars(
        select(Nomination).where(Nomination.id.in_(ids)).order_by(Nomination.id)
    ):
        note_text(nomination)
    return len(ids)


def _with_category(nomination: Nomination) -> Nomination:
    """Return the nomination with category and scheme at hand."""
    return db.session.scalars(
        select(Nomination)
        .where(Nomination.id == nomination.id)
        .options(joinedload(Nomination.category).joinedload(Category.scheme))
        .execution_options(populate_existing=True)
    ).one()


def _check_open(nomination: Nomination) -> None:
    if nomination.state not in rules.OPEN:
        raise rules.NotUnderAppraisal(state=STATE_NAMES[nomination.state])


def _record(action: str, nomination: Nomination, *, actor: Actor, now: datetime, **facts: object) -> None:
    audit.record(
        action, subject=nomination.code, actor=actor, now=now, edition_id=nomination.edition_id, **facts
    )
