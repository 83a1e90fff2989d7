"""Adding, changing, pausing and trying hooks; their secrets never lie in the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Update, update

from dxday.adapters import calls
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.carriage import Carriage
from dxday.core.errors import Stale
from dxday.db import db, insert_into
from dxday.editions.models import Edition
from dxday.webhooks import queries, rules
from dxday.webhooks.models import Hook, HookDelivery

_REFUSALS: dict[calls.Reason, type[rules.AddressNotCalled]] = {
    calls.Reason.SCHEME: rules.SchemeNotCalled,
    calls.Reason.CREDENTIALS: rules.CredentialsInAddress,
    calls.Reason.PORT: rules.PortNotCalled,
    calls.Reason.NOT_PUBLIC: rules.AddressNotPublic,
}


def add_hook(
    edition: Edition,
    *,
    name: str,
    url: str,
    events: Iterable[str],
    reach: calls.Reach,
    actor: Actor,
    now: datetime,
) -> Hook:
    """Let another system be told of some events from now on.

    Raises NoEvent, TooManyHooks, AddressNotCalled and its kinds.  The address is not tried; a trial does that.
    """
    chosen = rules.check_events(events)
    _check_address(url, reach)
    if queries.count_hooks(edition.id) >= rules.MOST_HOOKS:
        raise rules.TooManyHooks(most=rules.MOST_HOOKS)
    hook = Hook(
        edition_id=edition.id,
        name=name,
        url=url,
        events=chosen,
        read_up_to=queries.end_of_trail(),
        created_at=now,
        created_by_id=actor.account_id,
    )
    db.session.add(hook)
    db.session.flush()
    _note("hook.added", hook, actor=actor, now=now, events=chosen)
    return hook


def change_hook(
    hook: Hook,
    *,
    seen: int,
    name: str,
    url: str,
    events: Iterable[str],
    reach: calls.Reach,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a hook; `seen` is the version that the person had before them.

    Raises Stale, NoEvent, AddressNotCalled and its kinds.  What waits already goes to the new address.
    """
    if hook.version != seen:
        raise Stale
    chosen = rules.check_events(events)
    _check_address(url, reach)
    given = {"name": name, "url": url, "events": chosen}
    changed = sorted(key for key, value in given.items() if getattr(hook, key) != value)
    if not changed:
        return
    hook.name, hook.url, hook.events = name, url, chosen
    if "url" in changed:
        hook.failing_since, hook.rest_until = None, None
    db.session.flush()
    _note("hook.changed", hook, actor=actor, now=now, changed=changed)


def make_new_secret(hook: Hook, *, seen: int, actor: Actor, now: datetime) -> None:
    """Sign with a new secret from now on, and for a day with the old one too.

    `seen` is the version that the person had before them: of a button pressed twice the second time would take the
    secret away that the receiver still has.  Raises Stale.
    """
    if hook.version != seen:
        raise Stale
    hook.secret_round += 1
    hook.secret_changed_at = now
    db.session.flush()
    _note("hook.secret_made", hook, actor=actor, now=now)


def pause_hook(hook_id: int, edition_id: int, *, why: rules.Trouble, actor: Actor, now: datetime) -> bool:
    """Let nothing leave to a hook, and hold back what waits; False when it is paused already.

    Workers call it too, so it is a guarded update and asks for no version.
    """
    paused = _rows_changed(
        update(Hook)
        .where(Hook.id == hook_id, Hook.paused_at.is_(None))
        .values(paused_at=now, pause_reason=why)
        .execution_options(synchronize_session="fetch")
    )
    if not paused:
        return False
    _turn(hook_id, Carriage.QUEUED, to=Carriage.WITHHELD)
    audit.record(
        "hook.paused", subject=f"hook:{hook_id}", actor=actor, now=now, edition_id=edition_id, why=why.value
    )
    return True


def resume_hook(hook: Hook, *, actor: Actor, now: datetime) -> None:
    """Let events leave again: those held back, and those that happened meanwhile."""
    if hook.paused_at is None:
        return
    hook.paused_at, hook.pause_reason = None, None
    hook.failing_since, hook.rest_until = None, None
    db.session.flush()
    _turn(hook.id, Carriage.WITHHELD, to=Carriage.QUEUED)
    _note("hook.resumed", hook, actor=actor, now=now)


def remove_hook(hook: Hook, *, actor: Actor, now: datetime) -> None:
    """Remove a hook that nothing was ever told to.  Raises HasDeliveries."""
    if queries.count_deliveries(hook):
        raise rules.HasDeliveries
    _note("hook.removed", hook, actor=actor, now=now)
    db.session.delete(hook)
    db.session.flush()


def send_trial(hook: Hook, *, actor: Actor, now: datetime) -> HookDelivery:
    """Queue a trial event, also to a paused hook; it is tried once."""
    db.session.refresh(hook, with_for_update=True)  # two who try at once must not take one number
    sequence = queries.next_trial(hook)
    delivery = HookDelivery(
        hook_id=hook.id,
        event_sequence=sequence,
        event=rules.TRIAL,
        webhook_id=rules.id_of_delivery(hook.guid, sequence),
        body=rules.body_of(
            rules.TRIAL, at=now, sequence=sequence, edition=queries.edition_code(hook), code=rules.TRIAL
        ),
        created_at=now,
    )
    db.session.add(delivery)
    db.session.flush()
    _note("hook.tried", hook, actor=actor, now=now)
    return delivery


def deliver_again(hook: Hook, delivery: HookDelivery, *, actor: Actor, now: datetime) -> None:
    """Let a delivery that was taken or given up leave once more, with the same webhook-id.

    Raises HookIsPaused (a trial is free of that), NotToDeliverAgain.
    """
    if hook.paused_at is not None and delivery.event_sequence > 0:
        raise rules.HookIsPaused
    moved = _rows_changed(
        update(HookDelivery)
        .where(
            HookDelivery.id == delivery.id,
            HookDelivery.carriage.in_((Carriage.DONE, Carriage.FAILED)),
        )
        .values(
            carriage=Carriage.QUEUED, due_at=None, handed_until=None, leased_until=None, tries=0, error=None
        )
        .execution_options(synchronize_session="fetch")
    )
    if not moved:
        raise rules.NotToDeliverAgain
    note_health(hook.id, failing_since=hook.failing_since, rest_until=None)
    _note("hook.delivered_again", hook, actor=actor, now=now, event=delivery.event_sequence)


# For the clock and the workers ----------------------------------------------------------------------------------------


def add_deliveries(rows: list[dict[str, Any]], *, now: datetime) -> None:
    """Queue deliveries, plain values without what is the same for all; what is there already is left alone."""
    if not rows:
        return
    same = {"carriage": Carriage.QUEUED, "tries": 0, "created_at": now}
    db.session.execute(
        insert_into(HookDelivery).on_conflict_do_nothing(),
        [row | same for row in rows],
    )


def note_read(hook_ids: list[int], *, up_to: int) -> None:
    """Note how far the trail was read for hooks; never back."""
    db.session.execute(
        update(Hook)
        .where(Hook.id.in_(hook_ids), Hook.read_up_to < up_to)
        .values(read_up_to=up_to)
        .execution_options(synchronize_session=False)
    )


def note_health(hook_id: int, *, failing_since: datetime | None, rest_until: datetime | None) -> None:
    """Note how a receiver is; by a plain update, since a worker is no editor of the hook."""
    db.session.execute(
        update(Hook)
        .where(Hook.id == hook_id)
        .values(failing_since=failing_since, rest_until=rest_until)
        .execution_options(synchronize_session=False)
    )


def _check_address(url: str, reach: calls.Reach) -> None:
    try:
        calls.read_address(url, reach)
    except calls.AddressRefused as error:
        raise _REFUSALS.get(error.reason, rules.AddressNotCalled) from error


def _turn(hook_id: int, present: Carriage, *, to: Carriage) -> None:
    db.session.execute(
        update(HookDelivery)
        .where(
            HookDelivery.hook_id == hook_id,
            HookDelivery.event_sequence > 0,
            HookDelivery.carriage == present,
        )
        .values(carriage=to, handed_until=None)
        .execution_options(synchronize_session=False)
    )


def _rows_changed(statement: Update) -> int:
    result = db.session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _note(action: str, hook: Hook, *, actor: Actor, now: datetime, **facts: Any) -> None:
    """Write the trail; the address stays out of it, since it may hold a secret of the receiver."""
    audit.record(action, subject=f"hook:{hook.id}", actor=actor, now=now, edition_id=hook.edition_id, **facts)
