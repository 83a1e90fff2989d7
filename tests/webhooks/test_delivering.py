"""Deliveries to a real receiver on the loopback: signed, tried again with patience, told twice with the same id."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from dxday.adapters import calls
from dxday.audit.models import AuditEntry
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.db import db, transaction
from dxday.webhooks import jobs, rules, services, settings
from dxday.webhooks.models import Hook, HookDelivery
from tests import make
from tests.conftest import new_app, on_both
from tests.receiver import DROP, Reply, open_receiver

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def receiver():
    with open_receiver() as opened:
        yield opened


@pytest.fixture
def hook(app, receiver):
    return make.hook(make.edition(), url=f"{receiver.url}?token=receivers-secret")


def hand_out(now=make.NOW) -> list[int]:
    db.session.commit()
    return jobs.hand_out_deliveries(now)


def deliver(row, now=make.NOW):
    db.session.commit()
    outcome = jobs.deliver(row.id, now)
    db.session.expire_all()
    return outcome


def work(now) -> list[Carriage]:
    """Hand out and deliver, as the clock and a worker do together."""
    outcomes = [jobs.deliver(row_id, now) for row_id in hand_out(now)]
    db.session.expire_all()
    return outcomes


# Taken ----------------------------------------------------------------------------------------------------------------


def test_a_delivery_arrives_signed_and_is_noted(hook, receiver):
    receiver.usual = Reply(200, body="đã nhận".encode())
    row = make.hook_delivery(hook)
    now = clock.now()

    assert deliver(row, now) is Carriage.DONE

    taken = receiver.taken[0]
    secret = rules.show_secret(settings.secrets_of(hook, now)[0])
    assert Webhook(secret).verify(taken.body, taken.headers) == row.body
    assert taken.headers["webhook-id"] == row.webhook_id
    assert (row.delivered_at, row.status_code, row.response, row.error, row.tries) == (
        now,
        200,
        "đã nhận",
        None,
        1,
    )


def test_after_a_new_secret_the_old_one_still_opens_a_delivery(hook, receiver):
    old = settings.secrets_of(hook, make.NOW)[0]
    db.session.commit()
    now = clock.now()
    with transaction():
        services.make_new_secret(hook, seen=hook.version, actor=make.actor(), now=now)
    new = settings.secrets_of(hook, now)[0]

    deliver(make.hook_delivery(hook), now)

    taken = receiver.taken[0]
    for secret in (old, new):
        assert Webhook(secret).verify(taken.body, taken.headers)
    assert old != new


def test_a_delivery_is_claimed_once(hook, receiver):
    row = make.hook_delivery(hook)

    assert [deliver(row), deliver(row)] == [Carriage.DONE, None]
    assert len(receiver.taken) == 1


def test_the_delivery_of_a_worker_that_died_is_made_again_with_the_same_id(hook, receiver):
    row = make.hook_delivery(hook)
    dead = make.hook_delivery(
        hook, carriage=Carriage.CLAIMED, leased_until=make.NOW - SECOND, tries=1, webhook_id="dx_dead"
    )

    assert work(make.NOW) == [Carriage.DONE, Carriage.DONE]

    assert sorted(taken.headers["webhook-id"] for taken in receiver.taken) == sorted(
        [row.webhook_id, "dx_dead"]
    )
    db.session.expire_all()
    assert (dead.carriage, dead.tries) == (Carriage.DONE, 2)


def test_what_ended_its_worker_every_time_is_given_up(hook, receiver):
    row = make.hook_delivery(
        hook, carriage=Carriage.CLAIMED, leased_until=make.NOW - SECOND, tries=rules.MOST_TRIES
    )

    assert hand_out() == []

    db.session.expire_all()
    assert (row.carriage, receiver.taken) == (Carriage.FAILED, [])


# Not taken ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(503, {}, b"down for repairs"), "the receiver answered 503"),
        (DROP, "127.0.0.1:{port} gave no answer: it hung up"),
    ],
)
def test_a_receiver_that_is_unwell_is_tried_again_over_a_day_and_then_given_up(hook, receiver, reply, error):
    receiver.usual = reply
    row = make.hook_delivery(hook)
    now, waits = make.NOW, []
    while (outcome := deliver(row, now)) is Carriage.QUEUED:
        waits.append(row.due_at - now)
        now = max(row.due_at, hook.rest_until)

    assert (outcome, row.tries, len(receiver.taken)) == (Carriage.FAILED, rules.MOST_TRIES, rules.MOST_TRIES)
    assert waits == list(rules.WAITS)
    assert row.error == error.format(port=calls.read_address(hook.url, settings.reach()).port)
    assert {taken.headers["webhook-id"] for taken in receiver.taken} == {row.webhook_id}


def test_a_receiver_that_refuses_is_tried_a_few_times(hook, receiver):
    receiver.usual = Reply(422, body=b'{"error": "unknown edition"}')
    row = make.hook_delivery(hook)
    now = make.NOW
    while deliver(row, now) is Carriage.QUEUED:
        now = row.due_at

    assert (row.carriage, row.tries, now - make.NOW) == (Carriage.FAILED, 3, 70 * SECOND)
    assert (row.status_code, row.response) == (422, '{"error": "unknown edition"}')
    assert hook.failing_since is None


def test_a_redirect_is_not_followed_and_said(hook, receiver):
    with open_receiver() as inside:
        receiver.usual = Reply(302, {"Location": inside.url})
        row = make.hook_delivery(hook)

        deliver(row)

        assert row.error == "the receiver answered 302: it leads elsewhere, which is not followed"
        assert inside.taken == []


def test_a_receiver_that_asks_for_patience_is_given_it(hook, receiver):
    receiver.usual = Reply(429, {"Retry-After": "120"})
    row = make.hook_delivery(hook)

    deliver(row)

    assert (row.due_at, hook.rest_until) == (make.NOW + 2 * MINUTE, make.NOW + 2 * MINUTE)


def test_one_refused_event_does_not_hold_up_the_next(hook, receiver):
    receiver.replies = [Reply(400)]
    poison, fine = make.hook_delivery(hook), make.hook_delivery(hook)

    assert work(make.NOW) == [Carriage.QUEUED, Carriage.DONE]
    assert [row.carriage for row in (poison, fine)] == [Carriage.QUEUED, Carriage.DONE]


# A receiver that gives no answer is left in peace ---------------------------------------------------------------------


def test_while_a_receiver_rests_nothing_is_handed_out_and_the_others_go_on(hook, receiver):
    receiver.usual = Reply(500)
    for _ in range(3):
        make.hook_delivery(hook)
    with open_receiver() as well:
        other = make.hook(make.edition(), url=well.url)
        make.hook_delivery(other)

        outcomes = work(make.NOW)

        # Handed out together; the second finds the receiver at rest and does not count as tried.
        assert outcomes == [Carriage.QUEUED, Carriage.QUEUED, Carriage.QUEUED, Carriage.DONE]
        assert (len(receiver.taken), len(well.taken)) == (1, 1)
        assert hand_out(make.NOW + 2 * SECOND) == []
    rows = db.session.scalars(
        select(HookDelivery.tries).where(HookDelivery.hook_id == hook.id).order_by(HookDelivery.id)
    )
    assert list(rows) == [1, 0, 0]


def test_afterwards_one_delivery_goes_ahead_and_the_rest_follow_when_it_is_taken(hook, receiver):
    receiver.replies = [Reply(500)]
    rows = [make.hook_delivery(hook) for _ in range(3)]
    work(make.NOW)
    later = make.NOW + HOUR

    first = hand_out(later)
    nothing_beside_it = hand_out(later + SECOND)
    jobs.deliver(first[0], later + SECOND)
    rest = work(later + 2 * SECOND)

    assert (first, nothing_beside_it, rest) == ([rows[0].id], [], [Carriage.DONE, Carriage.DONE])
    db.session.expire_all()
    assert hook.failing_since is None


def test_a_clock_that_was_put_back_leaves_nobody_at_rest(hook, receiver):
    receiver.replies = [Reply(500)]
    row, other = make.hook_delivery(hook), make.hook_delivery(hook)
    deliver(row, make.NOW + timedelta(days=1))
    hand_out(make.NOW + timedelta(days=1, hours=1))

    assert hand_out(make.NOW) == [other.id]
    assert deliver(other, make.NOW) is Carriage.DONE


def test_one_hook_does_not_fill_the_queue(hook, monkeypatch):
    monkeypatch.setattr(rules, "PER_ROUND", 2)
    for _ in range(5):
        make.hook_delivery(hook)
    other = make.hook_delivery(make.hook(make.edition()))

    ids = hand_out()

    assert (len(ids), other.id in ids) == (3, True)


# Pausing --------------------------------------------------------------------------------------------------------------


def trail(hook) -> list[tuple[str, str | None]]:
    return [
        (entry.action, entry.facts.get("why"))
        for entry in db.session.scalars(
            select(AuditEntry).where(AuditEntry.subject == f"hook:{hook.id}").order_by(AuditEntry.sequence)
        )
    ]


def test_a_receiver_that_is_gone_pauses_its_hook_at_once(hook, receiver):
    receiver.usual = Reply(410)
    row, waiting = make.hook_delivery(hook), make.hook_delivery(hook)

    assert deliver(row) is Carriage.FAILED

    assert (hook.paused_at, hook.pause_reason) == (make.NOW, rules.Trouble.GONE)
    assert waiting.carriage is Carriage.WITHHELD
    assert hand_out() == []
    assert trail(hook) == [("hook.paused", "gone")]


def test_a_day_without_an_answer_pauses_the_hook(hook, receiver):
    receiver.usual = DROP
    hook.failing_since = make.NOW - timedelta(days=1)
    row = make.hook_delivery(hook)

    deliver(row)

    assert (hook.pause_reason, row.carriage) == (rules.Trouble.SILENT, Carriage.WITHHELD)


def test_several_events_given_up_in_a_row_pause_the_hook(hook, receiver):
    receiver.usual = Reply(400)
    paused = []
    for _ in range(rules.FAILED_IN_A_ROW):
        row = make.hook_delivery(hook, tries=2)
        deliver(row)
        paused.append(hook.pause_reason)

    assert paused == [None] * (rules.FAILED_IN_A_ROW - 1) + [rules.Trouble.REFUSING]


def test_one_that_was_taken_in_between_begins_the_count_anew(hook, receiver):
    for number in range(rules.FAILED_IN_A_ROW):
        receiver.replies = [Reply(204 if number == 2 else 400)]
        deliver(make.hook_delivery(hook, tries=2))

    assert hook.paused_at is None


def test_what_was_handed_out_before_the_pause_is_held_back(hook, receiver):
    row = make.hook_delivery(hook)
    hand_out()
    hook.paused_at = make.NOW

    assert deliver(row) is Carriage.WITHHELD
    assert (row.tries, receiver.taken) == (0, [])


def test_resuming_sends_what_was_held_back(hook, receiver):
    row = make.hook_delivery(hook)
    db.session.commit()
    with transaction():
        services.pause_hook(
            hook.id, hook.edition_id, why=rules.Trouble.BY_HAND, actor=make.actor(), now=make.NOW
        )
    held = hand_out()
    db.session.refresh(hook)
    db.session.commit()
    with transaction():
        services.resume_hook(hook, actor=make.actor(), now=make.NOW)

    assert (held, work(make.NOW)) == ([], [Carriage.DONE])
    assert len(receiver.taken) == 1
    assert row.webhook_id == receiver.taken[0].headers["webhook-id"]


# By hand --------------------------------------------------------------------------------------------------------------


def test_a_trial_leaves_at_once_even_to_a_paused_hook_and_is_tried_once(hook, receiver):
    receiver.usual = Reply(500)
    hook.paused_at, hook.pause_reason = make.NOW, rules.Trouble.GONE
    db.session.commit()
    with transaction():
        trials = [services.send_trial(hook, actor=make.actor(), now=make.NOW) for _ in range(2)]

    assert work(make.NOW) == [Carriage.FAILED, Carriage.FAILED]

    assert [trial.event_sequence for trial in trials] == [-1, -2]
    assert [taken.headers["webhook-id"] for taken in receiver.taken] == [
        f"dx_{hook.guid.hex}_trial1",
        f"dx_{hook.guid.hex}_trial2",
    ]


def test_a_delivery_can_be_made_again_with_the_same_id_and_body(hook, receiver):
    row = make.hook_delivery(hook)
    deliver(row)
    db.session.commit()
    with transaction():
        services.deliver_again(hook, row, actor=make.actor(), now=make.NOW)

    assert work(make.NOW) == [Carriage.DONE]
    first, second = receiver.taken
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


@pytest.mark.parametrize("carriage", [Carriage.QUEUED, Carriage.CLAIMED, Carriage.WITHHELD])
def test_what_is_under_way_cannot_be_sent_again(hook, carriage):
    row = make.hook_delivery(hook, carriage=carriage)

    with pytest.raises(rules.NotToDeliverAgain):
        services.deliver_again(hook, row, actor=make.actor(), now=make.NOW)


def test_nothing_is_sent_again_to_a_paused_hook(hook):
    row = make.hook_delivery(hook, carriage=Carriage.DONE)
    hook.paused_at = make.NOW

    with pytest.raises(rules.HookIsPaused):
        services.deliver_again(hook, row, actor=make.actor(), now=make.NOW)


# What stays secret, and where nothing goes ----------------------------------------------------------------------------


def test_neither_log_nor_trail_nor_row_holds_the_secret_or_the_receivers_own(hook, receiver):
    receiver.usual = DROP
    row = make.hook_delivery(hook)
    secret = rules.show_secret(settings.secrets_of(hook, make.NOW)[0])
    db.session.commit()
    with capture_logs() as logs:
        with transaction():
            services.make_new_secret(hook, seen=hook.version, actor=make.actor(), now=make.NOW)
            services.send_trial(hook, actor=make.actor(), now=make.NOW)
        deliver(row)

    entries = db.session.scalars(select(AuditEntry)).all()
    told = f"{logs} {[(entry.subject, entry.facts) for entry in entries]} {row.error} {row.body}"
    assert len(logs) == 1
    assert [word for word in (secret, secret[6:], "receivers-secret") if word in told] == []


@on_both
def test_in_production_a_name_that_leads_inside_is_never_called(own_app, tmp_path):
    closed = new_app("sqlite", tmp_path / "closed", CALLS_TO="public")
    for app in (closed, own_app):
        with app.app_context(), open_receiver() as receiver:
            port = int(receiver.url.split(":")[2].split("/")[0])
            hook = make.hook(make.edition(), url=f"http://inside.receiver.example:{port}/")
            row = make.hook_delivery(hook)
            db.session.commit()

            outcome = jobs.deliver(row.id, make.NOW, resolve=lambda host, port: ["127.0.0.1"])

            db.session.expire_all()
            if app is closed:
                assert (outcome, receiver.taken) == (Carriage.QUEUED, [])
                assert "it does not lead to a public address" in row.error
            else:  # the counter-check: where it is allowed, it arrives
                assert (outcome, len(receiver.taken)) == (Carriage.DONE, 1)
    with closed.app_context():
        db.engine.dispose()


def test_a_hook_that_was_changed_meanwhile_is_called_at_its_new_address(hook, receiver):
    row = make.hook_delivery(hook)
    hand_out()
    with open_receiver() as moved:
        db.session.commit()
        with transaction():
            services.change_hook(
                hook,
                seen=hook.version,
                name=hook.name,
                url=moved.url,
                events=hook.events,
                reach=settings.reach(),
                actor=make.actor(),
                now=make.NOW,
            )

        deliver(row)

        assert (receiver.taken, len(moved.taken)) == ([], 1)
    assert db.session.get(Hook, hook.id).url == moved.url
