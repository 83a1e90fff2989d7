"""Reading hooks and their deliveries, and what there is to tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from dxday import leases
from dxday.audit.models import AuditEntry, AuditHead
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.editions.models import Edition
from dxday.webhooks import rules
from dxday.webhooks.models import Hook, HookDelivery


@dataclass(frozen=True)
class HookSummary:
    """A hook with how its deliveries stand."""

    hook: Hook
    counts: dict[Carriage, int]
    last_at: datetime | None
    """When the last delivery was taken."""


def get_hook(edition_id: int, hook_id: int) -> Hook:
    """Return a hook of the edition.  Raises NotFound."""
    hook = db.session.scalars(
        select(Hook).where(Hook.edition_id == edition_id, Hook.id == hook_id)
    ).one_or_none()
    if hook is None:
        raise NotFound
    return hook


def get_delivery(hook: Hook, delivery_id: int) -> HookDelivery:
    """Return a delivery of the hook.  Raises NotFound."""
    delivery = db.session.scalars(
        select(HookDelivery).where(HookDelivery.hook_id == hook.id, HookDelivery.id == delivery_id)
    ).one_or_none()
    if delivery is None:
        raise NotFound
    return delivery


def list_hooks(edition_id: int) -> list[HookSummary]:
    """Return the hooks of an edition by name, with their counts; two statements, however many there are."""
    hooks = db.session.scalars(
        select(Hook).where(Hook.edition_id == edition_id).order_by(Hook.name, Hook.id)
    ).all()
    counts: dict[int, dict[Carriage, int]] = {hook.id: {} for hook in hooks}
    last: dict[int, datetime] = {}
    for hook_id, carriage, count, taken_at in db.session.execute(
        select(
            HookDelivery.hook_id,
            HookDelivery.carriage,
            func.count(),
            func.max(HookDelivery.delivered_at),
        )
        .where(HookDelivery.hook_id.in_(counts))
        .group_by(HookDelivery.hook_id, HookDelivery.carriage)
    ):
        counts[hook_id][carriage] = count
        if taken_at is not None:
            last[hook_id] = max(taken_at, last.get(hook_id, taken_at))
    return [HookSummary(hook, counts[hook.id], last.get(hook.id)) for hook in hooks]


def count_hooks(edition_id: int) -> int:
    """Return how many hooks an edition has."""
    return db.session.scalars(
        select(func.count()).select_from(Hook).where(Hook.edition_id == edition_id)
    ).one()


def count_deliveries(hook: Hook) -> dict[Carriage, int]:
    """Return how many deliveries of a hook are in each state."""
    rows = db.session.execute(
        select(HookDelivery.carriage, func.count())
        .where(HookDelivery.hook_id == hook.id)
        .group_by(HookDelivery.carriage)
    )
    return dict(rows.all())


def list_deliveries(
    hook: Hook, *, state: Carriage | None = None, limit: int = 50, offset: int = 0
) -> list[HookDelivery]:
    """Return deliveries of a hook, newest first."""
    statement = select(HookDelivery).where(HookDelivery.hook_id == hook.id)
    if state is not None:
        statement = statement.where(HookDelivery.carriage == state)
    return list(
        db.session.scalars(
            statement.order_by(HookDelivery.created_at.desc(), HookDelivery.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )


def next_trial(hook: Hook) -> int:
    """Return the number of the next trial: below zero, each once."""
    lowest = db.session.scalars(
        select(func.min(HookDelivery.event_sequence)).where(HookDelivery.hook_id == hook.id)
    ).one()
    return min(lowest or 0, 0) - 1


def end_of_trail() -> int:
    """Return the number of the last entry of the audit trail."""
    return db.session.scalars(select(AuditHead.sequence)).one()


def edition_code(hook: Hook) -> str:
    """Return the code of the hook's edition."""
    return db.session.scalars(select(Edition.code).where(Edition.id == hook.edition_id)).one()


# For the clock and the workers ----------------------------------------------------------------------------------------


def has_news() -> bool:
    """Tell whether the trail goes on behind what was read for some hook; one small question, asked all day."""
    behind = exists().where(Hook.paused_at.is_(None), Hook.read_up_to < AuditHead.sequence)
    return bool(db.session.scalars(select(behind)).one())


def list_behind(end: int) -> list[tuple[Hook, str]]:
    """Return the hooks, with their editions' codes, for which the trail was not read up to `end`.

    They are locked, and what another clock has locked is left to it.
    """
    return [
        (hook, code)
        for hook, code in db.session.execute(
            select(Hook, Edition.code)
            .join(Edition, Edition.id == Hook.edition_id)
            .where(Hook.paused_at.is_(None), Hook.read_up_to < end)
            .order_by(Hook.id)
            .with_for_update(of=Hook, skip_locked=True)
            .execution_options(populate_existing=True)
        )
    ]


def list_news(
    edition_ids: Iterable[int], actions: Iterable[str], *, after: int, up_to: int, limit: int
) -> list[AuditEntry]:
    """Return entries of some editions with one of these actions, in their order."""
    return list(
        db.session.scalars(
            select(AuditEntry)
            .where(
                AuditEntry.sequence > after,
                AuditEntry.sequence <= up_to,
                AuditEntry.edition_id.in_(set(edition_ids)),
                AuditEntry.action.in_(set(actions)),
            )
            .order_by(AuditEntry.sequence)
            .limit(limit)
        )
    )


def has_work(now: datetime) -> bool:
    """Tell whether something can be handed out, or a worker may have died; asked all day, changing nothing."""
    died = exists().where(
        HookDelivery.carriage == Carriage.CLAIMED,
        or_(HookDelivery.leased_until < now, HookDelivery.leased_until > now + leases.LONGEST),
    )
    return bool(ids_due(now, limit=1)) or bool(db.session.scalars(select(died)).one())


def ids_due(now: datetime, *, limit: int) -> list[int]:
    """Return the ids of deliveries to hand out, oldest first.

    Of each hook some, so that none fills the queue; of one whose receiver gives no answer a single one, and only
    when none of its others is under way.  Nothing of a hook that is paused or rests, its trials excepted.
    """
    other = aliased(HookDelivery)
    under_way = exists().where(
        other.hook_id == HookDelivery.hook_id,
        or_(
            other.carriage == Carriage.CLAIMED,
            and_(
                other.carriage == Carriage.QUEUED,
                other.handed_until >= now,
                other.handed_until <= now + leases.LONGEST,
            ),
        ),
    )
    place = func.row_number().over(
        partition_by=HookDelivery.hook_id, order_by=(HookDelivery.event_sequence > 0, HookDelivery.id)
    )
    waiting = (
        select(
            HookDelivery.id,
            HookDelivery.event_sequence,
            Hook.failing_since,
            place.label("place"),
            under_way.label("under_way"),
        )
        .join(Hook, Hook.id == HookDelivery.hook_id)
        .where(
            HookDelivery.carriage == Carriage.QUEUED,
            _is_due(now),
            or_(
                HookDelivery.event_sequence < 0,
                and_(
                    Hook.paused_at.is_(None),
                    or_(
                        Hook.rest_until.is_(None),
                        Hook.rest_until <= now,
                        Hook.rest_until > now + rules.LONGEST_REST,
                    ),
                ),
            ),
        )
        .subquery()
    )
    return list(
        db.session.scalars(
            select(waiting.c.id)
            .where(
                or_(
                    waiting.c.event_sequence < 0,
                    and_(waiting.c.failing_since.is_(None), waiting.c.place <= rules.PER_ROUND),
                    and_(waiting.c.place == 1, ~waiting.c.under_way),
                )
            )
            .order_by(waiting.c.id)
            .limit(limit)
        )
    )


def were_all_given_up(hook_id: int, *, last: int) -> bool:
    """Tell whether the `last` deliveries of a hook that came to an end were all given up; trials do not count."""
    ends = db.session.scalars(
        select(HookDelivery.carriage)
        .where(
            HookDelivery.hook_id == hook_id,
            HookDelivery.event_sequence > 0,
            HookDelivery.carriage.in_((Carriage.DONE, Carriage.FAILED)),
        )
        .order_by(HookDelivery.event_sequence.desc())
        .limit(last)
    ).all()
    return len(ends) == last and set(ends) == {Carriage.FAILED}


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        or_(HookDelivery.due_at.is_(None), HookDelivery.due_at <= now),
        or_(
            HookDelivery.handed_until.is_(None),
            HookDelivery.handed_until < now,
            HookDelivery.handed_until > now + leases.LONGEST,
        ),
    )
