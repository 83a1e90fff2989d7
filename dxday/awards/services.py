"""Recording decisions: the only way in which awards come to be."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from dxday.audit import services as audit
from dxday.awards import queries, rules
from dxday.awards.models import Award, Decision
from dxday.core import codes
from dxday.core.actor import Actor
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import rules as nomination_rules
from dxday.nominations import services as nominations
from dxday.nominations.models import Category, Nomination


def record_decision(
    edition: Edition,
    *,
    number: str,
    decided_on: date,
    signatory_name: str,
    signatory_title: str,
    place: str,
    awards: Sequence[tuple[Nomination, str]],
    actor: Actor,
    now: datetime,
) -> Decision:
    """Record a decision and the awards that it makes, in the order given, each with the line that is printed.

    What was decided is frozen in the awards.  It is all or nothing: of two secretaries who honour one nomination
    at once, or use one number, the second is refused.
    Raises NotTheCouncil, NumberMissing, DecidedInFuture, NobodyChosen, LineMissing, LineTooLong, NotFound,
    NotSubmitted, DecisionNumberTaken.
    """
    nomination_rules.check_may_decide(actor, edition_id=edition.id)
    number = rules.one_line(number)
    rules.check_number(number)
    rules.check_date(decided_on, now.astimezone(ZoneInfo(edition.time_zone)).date())
    if not awards:
        raise rules.NobodyChosen
    chosen = [(nomination, rules.one_line(line)) for nomination, line in awards]
    for nomination, line in chosen:
        if nomination.edition_id != edition.id:
            raise NotFound
        rules.check_line(line, nominee=nomination.nominee_name)
    # In the order of their ids, so that two secretaries wait for each other and never in a ring.
    for nomination in sorted((nomination for nomination, _ in chosen), key=lambda each: each.id):
        try:
            nominations.award_nomination(nomination, decision=number, actor=actor, now=now)
        except nomination_rules.MoveNotPossible as refusal:
            raise rules.NotSubmitted(nominee=nomination.nominee_name) from refusal
    decision = _add_decision(
        Decision(
            edition_id=edition.id,
            number=number,
            decided_on=decided_on,
            signatory_name=signatory_name.strip(),
            signatory_title=signatory_title.strip(),
            place=place.strip(),
            recorded_by_id=actor.account_id,
            recorded_at=now,
        )
    )
    for position, (nomination, line) in enumerate(chosen, start=1):
        db.session.add(_award(decision, nomination, line, position=position, now=now))
    db.session.flush()
    audit.record(
        "decision.recorded",
        subject=number,
        actor=actor,
        now=now,
        edition_id=edition.id,
        decided_on=decided_on.isoformat(),
        nominations=[nomination.code for nomination, _ in chosen],
    )
    return decision


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
