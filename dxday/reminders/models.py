"""Reminder rules.  What a rule has sent stands in the message ledger, one row for each recipient and occurrence."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dxday.db import Base, Id, Key, Translations, choice
from dxday.notifications.rules import Channel
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Timing, Unit


class ReminderRule(Base):
    """Whom to remind, of what, when, and in which words; written by organizers, switched on when they dare."""

    __tablename__ = "reminder_rule"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet_is_whole"),
        CheckConstraint("state <> 'on' OR on_since IS NOT NULL", name="on_has_moment"),
        Index("ix_reminder_rule_edition_id_state", "edition_id", "state"),
    )

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    name: Mapped[str]
    audience: Mapped[str]
    """The name of an audience that a feature offers."""
    moment: Mapped[str]
    """The name of a moment that the audience has."""
    filters: Mapped[dict[str, Any]]
    """Filter name → list of allowed values (codes, never ids), as the audience offers them; nothing is no filter."""
    amount: Mapped[int]
    unit: Mapped[Unit] = mapped_column(choice(Unit))
    direction: Mapped[Direction] = mapped_column(choice(Direction))
    at_time: Mapped[time | None]
    """At which time of day, when counted in days; None is the moment's own time."""
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    late_joiners: Mapped[LateJoiners] = mapped_column(choice(LateJoiners), default=LateJoiners.SKIP)
    channel: Mapped[Channel] = mapped_column(choice(Channel), default=Channel.MAIL)
    locale: Mapped[str | None]
    """The language of the letter; None is the recipient's own."""
    subject: Mapped[Translations | None]
    body: Mapped[Translations | None]
    """Own words by language; what is missing is taken from the edition's or the shipped wording of the audience."""
    state: Mapped[RuleState] = mapped_column(choice(RuleState), default=RuleState.OFF)
    on_since: Mapped[datetime | None]
    """What was due before is not caught up: a rule that is switched on, or copied, reminds of nothing past."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("account.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def timing(self) -> Timing:
        """How far from its moment it leaves, and when it must be quiet."""
        return Timing(self.amount, self.unit, self.direction, self.at_time, self.quiet_from, self.quiet_until)
