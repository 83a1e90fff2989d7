"""Reading the rules themselves, and what the ledger knows of them."""

from collections.abc import Collection

from sqlalchemy import exists, func, select

from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications.models import Message
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import RuleState


def list_rules(edition_id: int) -> list[ReminderRule]:
    """Return the rules of an edition, the oldest first."""
    return list(
        db.session.scalars(
            select(ReminderRule).where(ReminderRule.edition_id == edition_id).order_by(ReminderRule.id)
        )
    )


def list_editions_with_rules() -> list[Edition]:
    """Return the editions that have rules to copy, the latest first."""
    return list(
        db.session.scalars(
            select(Edition)
            .where(exists().where(ReminderRule.edition_id == Edition.id))
            .order_by(Edition.starts_on.desc(), Edition.id)
        )
    )


def get_rule(edition_id: int, rule_id: int) -> ReminderRule:
    """Return a rule of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(ReminderRule).where(ReminderRule.edition_id == edition_id, ReminderRule.id == rule_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_edition(edition_id: int) -> Edition:
    """Return the edition of a rule.  Raises NotFound."""
    found = db.session.get(Edition, edition_id)
    if found is None:
        raise NotFound
    return found


def list_on(*, audience: str | None = None, moment: str | None = None) -> list[tuple[ReminderRule, Edition]]:
    """Return every rule that is on, with its edition, afresh; only those of an audience and moment, when given."""
    statement = (
        select(ReminderRule, Edition)
        .join(Edition, Edition.id == ReminderRule.edition_id)
        .where(ReminderRule.state == RuleState.ON)
        .order_by(ReminderRule.id)
        .execution_options(populate_existing=True)
    )
    if audience is not None:
        statement = statement.where(ReminderRule.audience == audience)
    if moment is not None:
        statement = statement.where(ReminderRule.moment == moment)
    return [(rule, edition) for rule, edition in db.session.execute(statement)]


def lock_on(rule_ids: Collection[int]) -> dict[int, int]:
    """Return version by id of those of the rules that are on; nobody switches them off before the transaction ends."""
    rows = db.session.execute(
        select(ReminderRule.id, ReminderRule.version)
        .where(ReminderRule.id.in_(list(rule_ids)), ReminderRule.state == RuleState.ON)
        .order_by(ReminderRule.id)
        .with_for_update(read=True)
    )
    return {row.id: row.version for row in rows}


def has_sent(rule_id: int) -> bool:
    """Tell whether the ledger knows a message of the rule."""
    return db.session.scalar(select(exists().where(Message.rule_id == rule_id))) is True


def count_sent(rule_ids: Collection[int]) -> dict[int, dict[Carriage, int]]:
    """Return how many messages of each rule are in which state, all states named; one statement."""
    counts: dict[int, dict[Carriage, int]] = {rule_id: dict.fromkeys(Carriage, 0) for rule_id in rule_ids}
    for rule_id, carriage, count in db.session.execute(
        select(Message.rule_id, Message.carriage, func.count())
        .where(Message.rule_id.in_(list(rule_ids)))
        .group_by(Message.rule_id, Message.carriage)
    ):
        if rule_id is not None:
            counts[rule_id][carriage] = count
    return counts
