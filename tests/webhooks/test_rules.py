"""Events, signatures that an independent library accepts, and the plan of tries."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from dxday.webhooks import rules
from dxday.webhooks.rules import Verdict

ROOT = Path(__file__).resolve().parents[2]
HOOK = UUID("00000000-0000-4000-8000-000000000001")
SECRET = rules.secret_of("k" * 40, HOOK, 1)
BODY = rules.write_body({"type": "trial", "data": {"code": "Điểm cầu"}})


def now() -> datetime:
    return datetime.now(UTC)


def signed(at: datetime, *secrets: bytes, body: bytes = BODY) -> dict[str, str]:
    return rules.sign(secrets or (SECRET,), webhook_id="dx_1", at=at, body=body)


# Signatures -----------------------------------------------------------------------------------------------------------


def test_an_independent_library_accepts_a_delivery():
    receiver = Webhook(rules.show_secret(SECRET))

    assert receiver.verify(BODY, signed(now())) == {"type": "trial", "data": {"code": "Điểm cầu"}}


def test_the_example_of_the_specification_is_signed_in_the_same_way():
    """The library signs the same three parts to the same signature."""
    at = datetime(2026, 10, 10, 1, 2, 3, 999_999, tzinfo=UTC)

    headers = signed(at)

    assert headers["webhook-timestamp"] == "1791594123"
    assert headers["webhook-signature"] == Webhook(SECRET).sign("dx_1", at, BODY.decode())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers, body: (headers, body.replace(b"trial", b"other")),
        lambda headers, body: (headers | {"webhook-id": "dx_2"}, body),
        lambda headers, body: (
            headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
            body,
        ),
        lambda headers, body: (headers | {"webhook-signature": "v1,AAAA"}, body),
        lambda headers, body: (
            headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")},
            body,
        ),
    ],
)
def test_whatever_is_changed_on_the_way_is_refused(spoil):
    headers, body = spoil(signed(now()), BODY)

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, headers)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_delivery_that_is_played_back_later_is_refused(minutes):
    headers = signed(now() + timedelta(minutes=minutes))

    with pytest.raises(WebhookVerificationError, match=r"too (old|new)"):
        Webhook(SECRET).verify(BODY, headers)


def test_for_a_day_a_new_secret_signs_beside_the_old_one():
    changed_at = datetime(2026, 10, 10, 8, tzinfo=UTC)
    after = changed_at + rules.OLD_SECRET

    assert rules.rounds_in_use(2, changed_at, after - timedelta(seconds=1)) == [2, 1]
    assert rules.rounds_in_use(2, changed_at, after) == [2]
    assert rules.rounds_in_use(1, None, after) == [1]


def test_both_secrets_open_a_delivery_that_is_signed_with_both_and_a_third_does_not():
    first, second, third = (rules.secret_of("k" * 40, HOOK, number) for number in (1, 2, 3))
    headers = signed(now(), second, first)

    for secret in (first, second):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(third).verify(BODY, headers)


def test_every_hook_round_and_installation_has_a_secret_of_its_own():
    other = UUID("00000000-0000-4000-8000-000000000002")
    secrets = {
        rules.secret_of(key, hook, number)
        for key in ("k" * 40, "l" * 40)
        for hook in (HOOK, other)
        for number in (1, 2)
    }

    assert (len(secrets), {len(secret) for secret in secrets}) == (8, {32})


def test_the_id_tells_events_and_trials_apart_and_holds_no_full_stop():
    ids = [rules.id_of_delivery(HOOK, sequence) for sequence in (1, 11, -1, -11)]

    assert len(set(ids)) == 4
    assert [found for found in ids if not re.fullmatch(r"[a-z0-9_]+", found)] == []


# Events ---------------------------------------------------------------------------------------------------------------


def test_every_event_stands_for_entries_that_are_written():
    written = set()
    for path in (ROOT / "dxday").rglob("*.py"):
        if path.parent.name != "webhooks":
            written |= set(re.findall(r'"([a-z]+\.[a-z_]+)"', path.read_text()))

    assert [action for action in rules.BY_ACTION if action not in written] == []


def test_no_entry_stands_for_two_events():
    actions = [action for event in rules.EVENTS for action in event.actions]

    assert (len(actions), len(rules.EVENTS)) == (len(rules.BY_ACTION), len(rules.BY_NAME))


def test_only_the_facts_that_an_event_names_leave_the_house():
    body = rules.body_of(
        "registration.confirmed",
        at=datetime(2026, 10, 10, 8, 0, 0, 5000, tzinfo=UTC),
        sequence=7,
        edition="next",
        code="ABC",
        facts={"site": "vinh", "mode": "on_site", "email": "citizen@example.org", "full_name": "Thí Dụ"},
    )

    assert body == {
        "type": "registration.confirmed",
        "timestamp": "2026-10-10T08:00:00.005Z",
        "sequence": 7,
        "edition": "next",
        "data": {"code": "ABC", "site": "vinh", "mode": "on_site"},
    }


def test_the_body_is_the_same_bytes_whatever_the_order_of_its_keys():
    assert (
        rules.write_body({"b": 1, "a": "ế"})
        == rules.write_body({"a": "ế", "b": 1})
        == '{"a":"ế","b":1}'.encode()
    )


def test_events_are_kept_in_their_order_and_unknown_ones_left_out():
    assert rules.check_events(["session.moved", "nothing", "session.added", "session.moved"]) == [
        "session.added",
        "session.moved",
    ]
    with pytest.raises(rules.NoEvent):
        rules.check_events(["nothing"])


# Tries ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.TAKEN),
        (204, Verdict.TAKEN),
        (299, Verdict.TAKEN),
        (101, Verdict.REFUSED),
        (301, Verdict.REFUSED),
        (400, Verdict.REFUSED),
        (401, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (410, Verdict.GONE),
        (408, Verdict.UNWELL),
        (429, Verdict.UNWELL),
        (500, Verdict.UNWELL),
        (503, Verdict.UNWELL),
        (None, Verdict.UNWELL),
    ],
)
def test_what_an_answer_means(status, verdict):
    assert rules.judge(status) is verdict


def test_tries_are_spread_over_about_a_day():
    waits = [rules.next_wait(Verdict.UNWELL, tries) for tries in range(1, rules.MOST_TRIES)]

    assert waits == sorted(waits)
    assert timedelta(hours=20) < sum(waits, timedelta()) < timedelta(hours=26)
    assert rules.next_wait(Verdict.UNWELL, rules.MOST_TRIES) is None
    assert [rules.next_wait(Verdict.REFUSED, tries) for tries in (1, 2, 3)] == [
        timedelta(seconds=10),
        timedelta(minutes=1),
        None,
    ]
    assert [rules.next_wait(verdict, 1) for verdict in (Verdict.TAKEN, Verdict.GONE)] == [None, None]


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(5, 10), (90, 90), (86_400, 3600)],
)
def test_what_the_receiver_asks_for_lengthens_a_wait_within_bounds(asked, wait):
    assert rules.next_wait(Verdict.UNWELL, 1, timedelta(seconds=asked)) == timedelta(seconds=wait)


def test_the_longer_a_receiver_is_silent_the_longer_it_is_left_in_peace():
    since = datetime(2026, 10, 10, 8, tzinfo=UTC)
    rests = [rules.rest_of(since, since + timedelta(minutes=minutes)) for minutes in (0, 1, 30, 600)]

    assert rests == [
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=15),
        timedelta(minutes=30),
    ]


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None),
        ("120", timedelta(seconds=120)),
        ("Sat, 10 Oct 2026 08:05:00 GMT", timedelta(minutes=5)),
        ("Sat, 10 Oct 2026 07:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("9" * 40, None),
        ("", None),
        ("1 Jan 99999999999999 00:00:00 GMT", None),
        ("1 Jan 2027 00:00:00 +99999999999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value, wait):
    assert rules.read_retry_after(value, datetime(2026, 10, 10, 8, tzinfo=UTC)) == wait
