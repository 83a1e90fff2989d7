"""Recording decisions, the only way in which awards come to be; keeping their documents; announcing them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from dxday.adapters.storage import FileMissing, Storage
from dxday.appraisal import queries as appraisal
from dxday.appraisal.rules import HOLD_KIND_NAMES
from dxday.audit import services as audit
from dxday.awards import queries, rules
from dxday.awards import wording as wordings
from dxday.awards.models import Award, Decision, DecisionDocument
from dxday.core import codes
from dxday.core.actor import SYSTEM, Actor
from dxday.core.errors import NotFound
from dxday.core.i18n import lazy_pick
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import queries as nomination_queries
from dxday.nominations import rules as nomination_rules
from dxday.nominations import services as nominations
from dxday.nominations.models import Nomination
from dxday.schemes.models import Category


def record_decision(
    edition: Edition,
    *,
    number: str,
    decided_on: date,
    signatory_name: str,
    signatory_title: str,
    place: str,
    awards: Sequence[tuple[Nomination, str]],
    wording: rules.Wording | None = None,
    announce_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> Decision:
    """Record a decision and the awards that it makes, in the order given, each with the line that is printed.

    What was decided is frozen in the awards, and the words of the document in the decision; without `wording`, those
    that `wording.propose` proposes.  Nobody outside of the council learns of it before `announce_at`; None is until
    somebody announces it, `now` is at once.
    It is all or nothing: of two secretaries who honour one nomination at once, or use one number, the second is
    refused.  Raises NotTheCouncil, NumberMissing, DecidedInFuture, AnnouncedInPast, NobodyChosen, LineMissing,
    LineTooLong, NotFound, NotSubmitted, NotApproved, HeldUp, BasisMissing, ArticleMissing, TooManyLines,
    DecisionNumberTaken.
    """
    nomination_rules.check_may_decide(actor, edition_id=edition.id)
    number = rules.one_line(number)
    rules.check_number(number)
    rules.check_date(decided_on, now.astimezone(ZoneInfo(edition.time_zone)).date())
    rules.check_moment(announce_at, now)
    if not awards:
        raise rules.NobodyChosen
    chosen = [(nomination, rules.one_line(line)) for nomination, line in awards]
    for nomination, line in chosen:
        if nomination.edition_id != edition.id:
            raise NotFound
        rules.check_line(line, nominee=nomination.nominee_name)
    at_once = announce_at is not None and announce_at <= now
    _award_all(
        edition, [each for each, _ in chosen], number=number, embargoed=not at_once, actor=actor, now=now
    )
    whole = nomination_queries.list_by_codes(edition.id, [nomination.code for nomination, _ in chosen])
    words = wording or wordings.propose(edition, whole)
    words = replace(words, annexes=wordings.annexes_of([each.category for each in whole]))
    rules.check_wording(words)
    decision = _add_decision(
        Decision(
            edition_id=edition.id,
            number=number,
            decided_on=decided_on,
            signatory_name=signatory_name.strip(),
            signatory_title=signatory_title.strip(),
            place=place.strip(),
            issuer=words.issuer,
            authority=words.authority,
            about=words.about,
            bases=list(words.bases),
            articles=list(words.articles),
            recipients=list(words.recipients),
            annexes=list(words.annexes),
            recorded_by_id=actor.account_id,
            recorded_at=now,
            announce_at=announce_at,
            announced_at=now if at_once else None,
            announced_by_id=actor.account_id if at_once else None,
        )
    )
    for position, (nomination, line) in enumerate(chosen, start=1):
        db.session.add(_award(decision, nomination, line, position=position, now=now))
    db.session.flush()
    _record(
        "decision.recorded",
        decision,
        actor=actor,
        now=now,
        decided_on=decided_on.isoformat(),
        nominations=[nomination.code for nomination, _ in chosen],
        **({} if at_once else {"embargoed": True, "announce_at": _iso(announce_at)}),
    )
    return decision


def announce_decision(decision: Decision, *, actor: Actor, now: datetime) -> None:
    """End the embargo: from now on everybody may know of the decision, its awards and their certificates.

    Of two who announce it at once, the second is refused.  Raises NotTheCouncil, AnnouncedAlready.
    """
    nomination_rules.check_may_decide(actor, edition_id=decision.edition_id)
    _lock(decision)
    rules.check_embargoed(decision.announced_at, number=decision.number)
    decision.announced_at, decision.announced_by_id = now, actor.account_id
    honoured = queries.awards_of(decision.id)
    nominations.announce_awards([award.nomination_id for award in honoured], now=now)
    db.session.flush()
    _record(
        "decision.announced",
        decision,
        actor=actor,
        now=now,
        decided_on=decision.decided_on.isoformat(),
        nominations=[award.nomination.code for award in honoured],
    )


def announce_if_due(decision_id: int, *, now: datetime) -> bool:
    """Announce the decision as the system if its moment has come and nobody has; tell whether it did."""
    decision = db.session.get_one(Decision, decision_id)
    _lock(decision)
    if decision.announced_at is not None or decision.announce_at is None or decision.announce_at > now:
        return False
    announce_decision(decision, actor=SYSTEM, now=now)
    return True


def put_off_announcement(
    decision: Decision, *, announce_at: datetime | None, actor: Actor, now: datetime
) -> None:
    """Choose another moment for announcing, or None for by hand.

    Raises NotTheCouncil, AnnouncedAlready, AnnouncedInPast.
    """
    nomination_rules.check_may_decide(actor, edition_id=decision.edition_id)
    rules.check_moment(announce_at, now)
    _lock(decision)
    rules.check_embargoed(decision.announced_at, number=decision.number)
    before, decision.announce_at = decision.announce_at, announce_at
    db.session.flush()
    _record(
        "decision.announcement_changed",
        decision,
        actor=actor,
        now=now,
        before=_iso(before),
        announce_at=_iso(announce_at),
    )


def keep_document(
    decision: Decision, data: bytes, *, storage: Storage, actor: Actor, now: datetime
) -> DecisionDocument:
    """Keep the document of a decision, once and for all; its SHA-256 stands in the audit trail.

    The bytes are stored first: a file without a row is harmless, a row without its file is not.
    Raises NotTheCouncil, WordsMissing, DocumentMade.
    """
    nomination_rules.check_may_decide(actor, edition_id=decision.edition_id)
    _lock(decision)
    rules.check_has_words(decision.articles)
    if queries.find_document(decision.id) is not None:
        raise rules.DocumentMade
    digest = sha256(data).hexdigest()
    stored = storage.put(f"decisions/{decision.id}/{digest}.pdf", data)
    document = DecisionDocument(
        decision_id=decision.id,
        storage_key=stored.key,
        size=stored.size,
        sha256=stored.sha256,
        made_by_id=actor.account_id,
        made_at=now,
    )
    db.session.add(document)
    db.session.flush()
    _record("decision.document_made", decision, actor=actor, now=now, size=stored.size, sha256=stored.sha256)
    return document


def hand_out_document(
    decision: Decision, document: DecisionDocument, *, storage: Storage, actor: Actor, now: datetime
) -> bytes:
    """Return the bytes of the document as it was made, and note who took a copy.  Raises DocumentDamaged."""
    try:
        data = storage.get(document.storage_key)
    except FileMissing as error:
        raise rules.DocumentDamaged from error
    if sha256(data).hexdigest() != document.sha256:
        raise rules.DocumentDamaged
    _record("decision.document_downloaded", decision, actor=actor, now=now)
    return data


def _award_all(
    edition: Edition,
    chosen: Sequence[Nomination],
    *,
    number: str,
    embargoed: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Mark each as honoured.  Raises NotSubmitted, NotApproved, HeldUp."""
    # In the order of their ids, so that two secretaries wait for each other and never in a ring.
    for nomination in sorted(chosen, key=lambda each: each.id):
        try:
            nominations.award_nomination(
                nomination, decision=number, embargoed=embargoed, actor=actor, now=now
            )
        except nomination_rules.MoveNotPossible as refusal:
            if nomination_rules.may_award(nomination.state, ballot=False):
                scheme = nomination_queries.scheme_of(nomination)
                raise rules.NotApproved(
                    nominee=nomination.nominee_name, scheme=lazy_pick(scheme.name)
                ) from refusal
            raise rules.NotSubmitted(nominee=nomination.nominee_name) from refusal
    holds = appraisal.map_holds(edition, chosen, now=now)
    for nomination in chosen:
        if (hold := holds.get(nomination.id)) is not None:
            raise rules.HeldUp(
                nominee=nomination.nominee_name,
                kind=HOLD_KIND_NAMES[hold.kind],
                since=f"{hold.opened_on:%d/%m/%Y}",
            )


def _lock(decision: Decision) -> None:
    """Take the row for this transaction and read it afresh."""
    columns = [column.key for column in Decision.__mapper__.column_attrs]
    db.session.refresh(decision, attribute_names=columns, with_for_update=True)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _record(action: str, decision: Decision, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        action, subject=decision.number, actor=actor, now=now, edition_id=decision.edition_id, **facts
    )


def _add_decision(decision: Decision) -> Decision:
    """Add the decision.  Raises DecisionNumberTaken, also when the other one comes at the same moment."""
    if queries.find_decision_by_number(decision.edition_id, decision.number) is not None:
        raise rules.DecisionNumberTaken(number=decision.number)
    try:
        with db.session.begin_nested():
            db.session.add(decision)
    except IntegrityError as error:
        raise rules.DecisionNumberTaken(number=decision.number) from error
    return decision


def _award(decision: Decision, nomination: Nomination, line: str, *, position: int, now: datetime) -> Award:
    category = db.session.get_one(Category, nomination.category_id)
    return Award(
        edition_id=decision.edition_id,
        decision_id=decision.id,
        category_id=nomination.category_id,
        nomination_id=nomination.id,
        code=codes.new_code(8),
        recipient_kind=category.nominee_kind,
        recipient_name=nomination.nominee_name,
        recipient_position=nomination.nominee_position,
        organisation_name=nomination.organisation_name,
        achievement=line,
        position=position,
        created_at=now,
    )
