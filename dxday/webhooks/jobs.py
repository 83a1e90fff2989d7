"""Telling other systems: read the trail for the hooks, hand out what is due, deliver one event."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import update

from dxday import db, leases
from dxday.adapters import calls
from dxday.core.actor import SYSTEM
from dxday.core.carriage import Carriage
from dxday.webhooks import queries, rules, services, settings
from dxday.webhooks.models import Hook, HookDelivery

log = structlog.get_logger()

BATCH = 500
"""Entries of the trail that one transaction reads."""
MOST_BATCHES = 20
"""Batches of one round; the next one goes on."""

HAND_OUT_LIMIT = 100


def gather_events(now: datetime) -> int:
    """Queue a delivery for each new entry of the trail that a hook wants, and return how many.

    What was read is noted in the same transaction, and a delivery is one by its unique number: two clocks at once,
    or a clock that dies on the way, tell nothing twice and forget nothing.  The number of statements depends on the
    batches alone.
    """
    gathered = 0
    for _ in range(MOST_BATCHES):
        if not queries.has_news():
            break
        with db.transaction():
            found, is_whole = _gather_batch(now)
        gathered += found
        if is_whole:
            break
    return gathered


def hand_out_deliveries(now: datetime) -> list[int]:
    """Return the ids of deliveries to make, marked as handed to the queue for a minute.

    What a dead worker held waits again: told twice does no harm, since the receiver knows the webhook-id.  What
    ended its worker every time is given up.
    """
    if not queries.has_work(now):
        return []
    with db.transaction():
        leases.release_expired(HookDelivery, to=Carriage.QUEUED, now=now)
        db.db.session.execute(
            update(HookDelivery)
            .where(HookDelivery.carriage == Carriage.QUEUED, HookDelivery.tries >= rules.MOST_TRIES)
            .values(carriage=Carriage.FAILED)
            .execution_options(synchronize_session=False)
        )
        ids = queries.ids_due(now, limit=HAND_OUT_LIMIT)
        if ids:
            db.db.session.execute(
                update(HookDelivery)
                .where(HookDelivery.id.in_(ids))
                .values(handed_until=now + leases.HAND_OUT)
                .execution_options(synchronize_session=False)
            )
        return ids


def deliver(row_id: int, now: datetime, *, resolve: calls.Resolver = calls.resolve) -> Carriage | None:
    """Make one delivery and return what became of it; None when it is not due or another worker has it.

    Claim, call, settle: the database is not held while the receiver takes its time.  At least once: when the process
    dies in between, the delivery is made again with the same webhook-id.
    """
    with db.transaction():
        delivery = leases.claim(HookDelivery, row_id, now=now)
        if delivery is None:
            return None
        hook = db.db.session.get_one(Hook, delivery.hook_id, populate_existing=True)
        if put_back := _put_back(hook, delivery, now):
            return put_back
    answer, error = _call(hook, delivery, now, resolve)
    verdict = rules.judge(answer.status if answer else None)
    asked = rules.read_retry_after(answer.retry_after, now) if answer else None
    wait = rules.next_wait(verdict, delivery.tries, asked) if delivery.event_sequence > 0 else None
    outcome = Carriage.QUEUED if wait else Carriage.FAILED
    if verdict is rules.Verdict.TAKEN:
        outcome = Carriage.DONE
    with db.transaction():
        recorded = leases.settle(
            delivery,
            to=outcome,
            error=error,
            due_at=now + wait if wait else None,
            delivered_at=now if outcome is Carriage.DONE else delivery.delivered_at,
            status_code=answer.status if answer else None,
            response=answer.text if answer else None,
        )
        if recorded:
            _look_after(hook, delivery, verdict, outcome, asked, now)
    log.info(
        "hook_delivery",
        row=row_id,
        hook=hook.id,
        outcome=outcome.value,
        status=answer.status if answer else None,
        error=error,
        recorded=recorded,
    )
    return outcome


def _gather_batch(now: datetime) -> tuple[int, bool]:
    """Read one batch of the trail; return how many deliveries it made, and whether the end was reached.

    The end is asked for first: entries are chained under a lock, so all up to it can be seen.
    """
    end = queries.end_of_trail()
    behind = queries.list_behind(end)
    if not behind:
        return 0, True
    after = min(hook.read_up_to for hook, _ in behind)
    entries = queries.list_news(
        {hook.edition_id for hook, _ in behind},
        set().union(*(rules.actions_of(hook.events) for hook, _ in behind)),
        after=after,
        up_to=end,
        limit=BATCH,
    )
    is_whole = len(entries) < BATCH
    up_to = end if is_whole else entries[-1].sequence
    rows: list[dict[str, Any]] = []
    for entry in entries:
        if not rules.may_be_told(entry.facts):
            continue
        event = rules.BY_ACTION[entry.action]
        for hook, code in behind:
            if (
                hook.edition_id == entry.edition_id
                and event.name in hook.events
                and entry.sequence > hook.read_up_to
            ):
                rows.append(
                    {
                        "hook_id": hook.id,
                        "event_sequence": entry.sequence,
                        "event": event.name,
                        "webhook_id": rules.id_of_delivery(hook.guid, entry.sequence),
                        "body": rules.body_of(
                            event.name,
                            at=entry.at,
                            sequence=entry.sequence,
                            edition=code,
                            code=entry.subject,
                            facts=entry.facts,
                        ),
                    }
                )
    services.add_deliveries(rows, now=now)
    services.note_read([hook.id for hook, _ in behind], up_to=up_to)
    return len(rows), is_whole


def _put_back(hook: Hook, delivery: HookDelivery, now: datetime) -> Carriage | None:
    """Put back what was handed out before its hook was paused or began to rest; the try does not count."""
    if delivery.event_sequence < 0:
        return None
    if hook.paused_at is not None:
        leases.settle(delivery, to=Carriage.WITHHELD, tries=delivery.tries - 1)
        return Carriage.WITHHELD
    if rules.is_resting(hook.rest_until, now):
        leases.settle(
            delivery,
            to=Carriage.QUEUED,
            tries=delivery.tries - 1,
            due_at=hook.rest_until,
            error=delivery.error,
        )
        return Carriage.QUEUED
    return None


def _call(
    hook: Hook, delivery: HookDelivery, now: datetime, resolve: calls.Resolver
) -> tuple[calls.Answer | None, str | None]:
    """Make the call; return the answer, if there is one, and what was wrong."""
    body = rules.write_body(delivery.body)
    try:
        answer = calls.post_json(
            hook.url,
            body,
            headers=rules.sign(
                settings.secrets_of(hook, now), webhook_id=delivery.webhook_id, at=now, body=body
            ),
            reach=settings.reach(),
            resolve=resolve,
        )
    except calls.CallError as error:
        return None, str(error)
    if rules.judge(answer.status) is rules.Verdict.TAKEN:
        return answer, None
    if 300 <= answer.status < 400:
        return answer, f"the receiver answered {answer.status}: it leads elsewhere, which is not followed"
    return answer, f"the receiver answered {answer.status}"


def _look_after(
    hook: Hook,
    delivery: HookDelivery,
    verdict: rules.Verdict,
    outcome: Carriage,
    asked: timedelta | None,
    now: datetime,
) -> None:
    """Note how the receiver is, let it rest, or pause the hook."""
    if verdict is rules.Verdict.UNWELL:
        since = hook.failing_since or now
        services.note_health(hook.id, failing_since=since, rest_until=now + rules.rest_of(since, now, asked))
        why = rules.Trouble.SILENT if now - since >= rules.PATIENCE else None
    else:
        services.note_health(hook.id, failing_since=None, rest_until=None)
        why = rules.Trouble.GONE if verdict is rules.Verdict.GONE else None
    if delivery.event_sequence < 0 and why is not rules.Trouble.GONE:
        return
    if why is None and outcome is Carriage.FAILED:
        given_up = queries.were_all_given_up(hook.id, last=rules.FAILED_IN_A_ROW)
        why = rules.Trouble.REFUSING if given_up else None
    if why is not None:
        services.pause_hook(hook.id, hook.edition_id, why=why, actor=SYSTEM, now=now)
