"""Ticking at each site what was handed over, to whom, and taking a wrong tick back."""

from datetime import datetime
from typing import Any

from sqlalchemy import inspect, select

from dxday.audit import services as audit
from dxday.awards.models import Award
from dxday.ceremony import rules
from dxday.ceremony.models import Turn
from dxday.ceremony.queries import was_recalled
from dxday.ceremony.rules import Receiver
from dxday.core.actor import Actor
from dxday.core.errors import NotFound
from dxday.db import db


def set_receiver(
    turn: Turn, *, receiver: Receiver, name: str, position: str, actor: Actor, now: datetime
) -> None:
    """Say who receives an award, beforehand or at the moment.  Raises NotFound, RepresentativeMissing, AwardRecalled.

    A site's coordinator says so for what is received at the site, whoever arranges the ceremony for all.
    """
    turn, award = _take(turn, actor=actor)
    rules.check_receiver(receiver, name)
    if was_recalled(award.id):
        raise rules.AwardRecalled(name=award.recipient_name)
    _set_receiver(turn, award, receiver, name, position, actor=actor, now=now)


def hand_over(
    turn: Turn,
    *,
    undone: int,
    actor: Actor,
    now: datetime,
    receiver: Receiver | None = None,
    name: str = "",
    position: str = "",
) -> bool:
    """Tick an award as handed over; False when it was ticked before, which changes nothing.

    `undone` is how often the tick had been taken back when the button was shown: what a bad line delivers after a
    tick was taken back does not bring it back.  With a `receiver` who takes it is noted in the same step.
    Raises NotFound, SentAgain, RepresentativeMissing, AwardRecalled.
    """
    turn, award = _take(turn, actor=actor)
    if undone != turn.undone:
        raise rules.SentAgain
    if turn.handed_at is not None:
        return False
    if was_recalled(award.id):
        raise rules.AwardRecalled(name=award.recipient_name)
    if receiver is not None:
        rules.check_receiver(receiver, name)
        _set_receiver(turn, award, receiver, name, position, actor=actor, now=now)
    turn.handed_at, turn.handed_by_id = now, actor.account_id
    db.session.flush()
    _record("award.handed_over", award, actor=actor, now=now, site=turn.site_id, receiver=turn.receiver.value)
    return True


def take_back(turn: Turn, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a tick back; the trail keeps who had ticked, when, and the reason.

    Raises NotFound, UndoReasonMissing, NotHandedOver.
    """
    turn, award = _take(turn, actor=actor)
    if not reason.strip():
        raise rules.UndoReasonMissing
    if turn.handed_at is None:
        raise rules.NotHandedOver
    _record(
        "award.tick_taken_back",
        award,
        actor=actor,
        now=now,
        reason=reason.strip(),
        handed_at=turn.handed_at.isoformat(),
        handed_by=turn.handed_by_id,
    )
    turn.handed_at = turn.handed_by_id = None
    turn.undone += 1
    db.session.flush()


def _take(turn: Turn, *, actor: Actor) -> tuple[Turn, Award]:
    """Take the row for this transaction, as it is now, and check that the actor ticks at its site.  Raises NotFound."""
    there = db.session.scalar(select(Turn.id).where(Turn.id == turn.id).with_for_update())
    if there is None:
        raise NotFound
    # Columns only: what the page has loaded beside them stays loaded.
    db.session.refresh(turn, attribute_names=[each.key for each in inspect(Turn).column_attrs])
    rules.check_may_tick(actor, turn.site_id, edition_id=turn.edition_id)
    return turn, db.session.get_one(Award, turn.award_id)


def _set_receiver(
    turn: Turn, award: Award, receiver: Receiver, name: str, position: str, *, actor: Actor, now: datetime
) -> None:
    by_other = receiver is Receiver.REPRESENTATIVE
    wanted = (receiver, name.strip() if by_other else "", position.strip() if by_other else "")
    if (turn.receiver, turn.representative_name, turn.representative_position) == wanted:
        return
    turn.receiver, turn.representative_name, turn.representative_position = wanted
    db.session.flush()
    _record("award.receiver_set", award, actor=actor, now=now, receiver=receiver.value)


def _record(action: str, award: Award, *, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(action, subject=award.code, actor=actor, now=now, edition_id=award.edition_id, **facts)
