"""Sending what is due: claimed, handed over outside any transaction, and what became of it written down."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from dxday import leases
from dxday.accounts.letters import SIGN_IN_LINK
from dxday.adapters import mail
from dxday.core.carriage import Carriage
from dxday.db import Desk, db, open_desk, transaction
from dxday.notifications import services
from dxday.notifications.jobs import sending as jobs
from dxday.notifications.models import Message
from dxday.notifications.rules import Channel, SuppressionScope
from tests import make
from tests.chaos import claim_without_guard
from tests.conftest import on_both
from tests.post_office import HANG_UP, KEEP_AND_HANG_UP, open_post_office
from tests.receiver import DROP, Reply, open_receiver

CLAIMED = Message.carriage == Carriage.CLAIMED
NOW, STAYS = make.NOW, lambda: make.NOW


def set_up(app, monkeypatch, **settings):
    changed = replace(app.extensions["dxday_settings"], **settings)
    monkeypatch.setitem(app.extensions, "dxday_settings", changed)
    monkeypatch.setitem(app.extensions, "dxday_lines", jobs.Lines())


@pytest.fixture
def office(app, monkeypatch):
    with open_post_office() as office:
        set_up(app, monkeypatch, smtp_url=office.url)
        yield office


def queued(**given):
    """A message in the outbox; its id."""
    row_id = make.message(**given).id
    db.session.commit()
    return row_id


def row(row_id):
    return db.session.get(Message, row_id, populate_existing=True)


def rows():
    found = db.session.scalars(select(Message).order_by(Message.id).execution_options(populate_existing=True))
    return list(found)


def states():
    return [message.carriage for message in rows()]


# One message ----------------------------------------------------------------------------------------------------------


def test_a_message_leaves_once_with_its_own_id(office):
    row_id = queued()

    outcomes = [jobs.send_message(row_id, NOW), jobs.send_message(row_id, NOW)]

    assert outcomes == [Carriage.DONE, None]
    assert office.taken == [row(row_id).message_id]
    assert (row(row_id).carriage, row(row_id).sent_at, row(row_id).leased_until) == (Carriage.DONE, NOW, None)


def test_what_was_enqueued_leaves_with_its_picture_its_reply_address_and_its_headers(office):
    edition = make.edition(contact_email="ban-to-chuc@example.org")
    services.enqueue(
        replace(SIGN_IN_LINK, required=False), to_address="a@example.org", to_name="Mẫu", locale="vi", key="k", now=NOW,
        edition=edition, url="https://dxday.example/x",
    )  # fmt: skip
    db.session.commit()

    jobs.send_messages(STAYS)

    letter = office.letters[0]
    assert str(letter["Reply-To"]) == "ban-to-chuc@example.org"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"].startswith("<http")
    pictures = [part for part in letter.walk() if part.get_content_type() == "image/png"]
    html = letter.get_body(("html",)).get_content()
    assert [f"cid:{part['Content-ID'].strip('<>')}" in html for part in pictures] == [True]


@on_both
def test_nothing_is_held_in_the_database_while_the_server_is_talked_to(own_app, monkeypatch):
    with own_app.app_context():
        with transaction():
            row_id = make.message().id
        seen = []

        def look(_carrier, _message, _meanwhile):
            # Another connection sees the claim, and may write the same row: a lock that is held would keep it waiting.
            with open_desk() as other, other.transaction():
                seen.append(other.change(update(Message).values(to_name="seen").where(CLAIMED)))

        monkeypatch.setattr(mail.MailboxCarrier, "send", look)

        outcome = jobs.send_message(row_id, NOW)

    assert (outcome, seen) == (Carriage.DONE, [1])


@pytest.mark.parametrize(
    ("answer", "state", "wait"),
    [
        ("451 try later", Carriage.QUEUED, timedelta(minutes=5)),
        ("452 mailbox full", Carriage.QUEUED, timedelta(minutes=30)),
        ("421 closing down", Carriage.QUEUED, timedelta(minutes=1)),
        ("552 5.2.2 mailbox full", Carriage.QUEUED, timedelta(minutes=30)),
        ("550 no such person", Carriage.FAILED, None),
        ("554 not wanted", Carriage.FAILED, None),
    ],
)
def test_a_no_for_now_is_tried_later_and_a_no_for_good_is_not(office, answer, state, wait):
    office.answers = [answer]
    row_id = queued()

    outcome = jobs.send_message(row_id, NOW)

    assert (outcome, row(row_id).carriage, row(row_id).error) == (state, state, answer)
    assert row(row_id).due_at == (NOW + wait if wait else None)
    assert (row(row_id).sent_at, office.taken) == (None, [])


def test_what_is_put_off_leaves_when_its_time_has_come(office):
    office.answers = ["451 try later"]
    row_id = queued()
    jobs.send_message(row_id, NOW)

    outcomes = [jobs.send_message(row_id, NOW + timedelta(seconds=s)) for s in (299, 300)]

    assert outcomes == [None, Carriage.DONE]
    assert (row(row_id).tries, row(row_id).error, len(office.taken)) == (2, None, 1)


def test_after_the_last_wait_a_message_has_failed(office):
    row_id = queued()
    now, outcomes = NOW, []
    while not outcomes or outcomes[-1] is Carriage.QUEUED:
        office.answers = ["451 try later"]
        outcomes.append(jobs.send_message(row_id, now))
        now = row(row_id).due_at or now

    assert outcomes == [Carriage.QUEUED] * 5 + [Carriage.FAILED]


@pytest.mark.parametrize(("whim", "there"), [(HANG_UP, 0), (KEEP_AND_HANG_UP, 1)])
def test_a_line_that_drops_after_the_message_leaves_it_unknown_and_it_is_not_sent_again(office, whim, there):
    office.whim = lambda step: whim if step == "DATA" else ""
    row_id = queued()

    outcome = jobs.send_message(row_id, NOW)

    assert (outcome, row(row_id).carriage, len(office.taken)) == (Carriage.UNKNOWN, Carriage.UNKNOWN, there)
    assert "dropped before the server answered" in row(row_id).error
    assert jobs.hand_out_messages(NOW + timedelta(days=9)) == []


def test_a_line_that_drops_before_the_message_puts_it_off(office):
    office.whim = lambda step: HANG_UP if step == "RCPT" else ""
    row_id = queued()

    outcome = jobs.send_message(row_id, NOW)

    assert (outcome, row(row_id).due_at) == (Carriage.QUEUED, NOW + timedelta(minutes=1))


def test_a_server_that_is_not_there_puts_the_message_off(app, monkeypatch):
    set_up(app, monkeypatch, smtp_url="smtp://127.0.0.1:1?timeout=1")
    row_id = queued()

    outcome = jobs.send_message(row_id, NOW)

    assert (outcome, row(row_id).due_at) == (Carriage.QUEUED, NOW + timedelta(minutes=1))


def test_what_cannot_be_written_as_a_message_has_failed_with_the_reason(office):
    row_id = queued(to_address="no address")

    outcome = jobs.send_message(row_id, NOW)

    assert (outcome, row(row_id).error) == (Carriage.FAILED, "'no address' is no mail address")


def test_without_a_server_the_letter_lies_in_the_mailbox(app):
    row_id = queued()
    settings = app.extensions["dxday_settings"]

    jobs.send_message(row_id, NOW)

    letter = mail.read_mailbox(settings.mailbox)[0]
    assert (letter.to, letter.subject) == (
        f"Trần Thị Thí Dụ <{row(row_id).to_address}>",
        row(row_id).subject,
    )


def test_what_cannot_be_delivered_comes_back_to_the_address_that_is_set_for_it(office, app, monkeypatch):
    set_up(app, monkeypatch, smtp_url=office.url, bounce_address="tra-lai@example.org")

    jobs.send_message(queued(), NOW)

    assert [sender for sender, _ in office.envelopes] == ["tra-lai@example.org"]
    assert str(office.letters[0]["From"]) == "DXDay <no-reply@dxday.example>"


# Who is spared --------------------------------------------------------------------------------------------------------


def test_a_message_whose_time_has_passed_does_not_leave(office):
    passed, open_still = queued(expires_at=NOW), queued(expires_at=NOW + timedelta(seconds=1))

    sent = jobs.send_messages(STAYS)

    assert (sent, len(office.taken)) == (1, 1)
    assert (row(passed).carriage, row(passed).error) == (
        Carriage.CANCELLED,
        "its time had passed before it could leave",
    )
    assert row(open_still).carriage is Carriage.DONE


@pytest.mark.parametrize(
    ("scope", "required", "reason"),
    [
        (SuppressionScope.OPTIONAL, False, "the reader wants no reminders"),
        (SuppressionScope.ALL, False, "nothing is sent to this address"),
        (SuppressionScope.ALL, True, "nothing is sent to this address"),
        (SuppressionScope.OPTIONAL, True, None),
    ],
)
def test_a_message_to_somebody_who_is_spared_it_is_withheld_with_the_reason(office, scope, required, reason):
    make.suppression(address_key="người.mẫu@example.org", scope=scope)
    row_id = queued(to_address=" Người.Mẫu@Example.org", required=required)

    jobs.send_message(row_id, NOW)

    if reason:
        assert (row(row_id).carriage, row(row_id).error) == (Carriage.WITHHELD, reason)
    else:
        assert row(row_id).carriage is not Carriage.WITHHELD


def test_an_address_that_was_released_gets_letters_again(office):
    make.suppression(address_key="a@example.org", scope=SuppressionScope.ALL, released_at=NOW)
    row_id = queued(to_address="a@example.org")

    assert jobs.send_message(row_id, NOW) is Carriage.DONE


@pytest.mark.parametrize("spared", [False, True])
def test_however_many_are_claimed_at_once_it_takes_the_same_statements(app, office, monkeypatch, spared):
    asked, plain = [], Desk._execute
    monkeypatch.setattr(Desk, "_execute", lambda self, *given: asked.append(given) or plain(self, *given))
    counts = []
    for messages in (2, leases.MOST):
        for number in range(messages):
            if spared:
                make.suppression(address_key=f"a{number}.{messages}@example.org")
            queued(required=False, to_address=f"a{number}.{messages}@example.org")
        app.extensions["dxday_lines"].pace = 0.00001  # all at once, however slow this machine is
        app.extensions["dxday_lines"].turn = 0.001
        monkeypatch.setattr(jobs, "LONG_HELD", 60)
        asked.clear()
        jobs.send_messages(STAYS)
        counts.append(len(asked))

    assert counts == [7, 7]  # take up (two kinds), claim, who is spared, record, take up (two kinds)
    assert set(states()) == {Carriage.WITHHELD if spared else Carriage.DONE}


# Many -----------------------------------------------------------------------------------------------------------------


def test_all_that_is_due_leaves_in_its_order_and_what_is_not_due_stays(office):
    due = [queued() for _ in range(25)]
    later = queued(due_at=NOW + timedelta(seconds=1))

    sent = jobs.send_messages(STAYS)

    assert (sent, office.taken) == (25, [row(row_id).message_id for row_id in due])
    assert row(later).carriage is Carriage.QUEUED
    assert office.lines == 1


def break_while_writing(monkeypatch):
    whole = jobs.compose

    def compose(outgoing, at):
        if outgoing.subject == "breaks our own code":
            raise RuntimeError("nobody thought of this")
        return whole(outgoing, at)

    monkeypatch.setattr(jobs, "compose", compose)


@pytest.mark.parametrize("at_once", [1, leases.MOST])
def test_whatever_is_wrong_with_one_message_the_others_leave(office, monkeypatch, at_once):
    break_while_writing(monkeypatch)
    monkeypatch.setattr(jobs.Lines, "at_once", lambda _: at_once)
    poison = {
        4: {"to_name": "Mẫu\r\nBcc: all@example.org"},
        8: {"to_address": "no address"},
        9: {"subject": "x\nBcc: all@example.org"},
        15: {"subject": "breaks our own code"},
        16: {"calendar": b"BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\n", "calendar_method": "REQUEST"},
        23: {"channel": Channel.SMS, "to_address": "+84912345678"},
        29: {"to_address": f"a@{'x' * 64}.example"},
    }
    for number in range(30):
        queued(**poison.get(number, {}))

    sent = jobs.send_messages(STAYS)

    assert sent == len(office.taken) == 30 - len(poison)
    failed = {number: message.error for number, message in enumerate(rows()) if message.error}
    assert failed == {
        4: "a header holds no line breaks or control characters, unlike 'Mẫu\\r\\nBcc: all@example.org'",
        8: "'no address' is no mail address",
        9: "a header holds no line breaks or control characters, unlike 'x\\nBcc: all@example.org'",
        15: "RuntimeError: nobody thought of this",
        16: "the calendar's METHOD and 'REQUEST' must be one (RFC 6047)",
        23: "no gateway for text messages is set (SMS_URL)",
        29: f"'a@{'x' * 64}.example' is no mail address",
    }
    assert states().count(Carriage.FAILED) == len(poison)


def test_what_breaks_while_it_is_handed_over_is_unknown_and_the_others_leave(office, monkeypatch):
    plain, calls = mail.SmtpCarrier._hand_over, []

    def hand_over(self, message, meanwhile):
        calls.append(message)
        if len(calls) == 2:
            raise RuntimeError("our own mistake")
        plain(self, message, meanwhile)

    monkeypatch.setattr(mail.SmtpCarrier, "_hand_over", hand_over)
    for _ in range(4):
        queued()

    jobs.send_messages(STAYS)

    assert states() == [Carriage.DONE, Carriage.UNKNOWN, Carriage.DONE, Carriage.DONE]
    assert (rows()[1].error, len(office.taken)) == ("RuntimeError: our own mistake", 3)


def test_a_server_that_is_away_does_not_wear_out_all_messages(app, monkeypatch):
    set_up(app, monkeypatch, smtp_url="smtp://127.0.0.1:1?timeout=1")
    for _ in range(10):
        queued()

    jobs.send_messages(STAYS)

    tries = [message.tries for message in rows()]
    assert (set(states()), sum(tries), max(tries)) == ({Carriage.QUEUED}, jobs.MISSES, 1)
    assert len(jobs.hand_out_messages(NOW)) == 10 - jobs.MISSES  # nobody has them in their hand


def test_who_is_asked_to_stop_finishes_the_message_at_hand_and_gives_the_others_back(office):
    stopping = threading.Event()
    office.whim = lambda step: stopping.set() or "" if step == "DATA" and len(office.taken) == 2 else ""
    for _ in range(10):
        queued()

    sent = jobs.send_messages(STAYS, stopping=stopping)

    assert (sent, len(office.taken)) == (3, 3)
    assert states() == [Carriage.DONE] * 3 + [Carriage.QUEUED] * 7
    assert [message.tries for message in rows()] == [1] * 3 + [0] * 7
    assert len(jobs.hand_out_messages(NOW)) == 7


def test_while_sending_is_paused_nothing_leaves(office):
    queued()

    sent = jobs.send_messages(STAYS, may_go_on=lambda: False)

    assert (sent, states(), office.taken) == (0, [Carriage.QUEUED], [])


def test_due_messages_are_named_until_somebody_has_them_in_hand(app):
    row_id = queued()
    queued(due_at=NOW + timedelta(seconds=1))

    before = [jobs.hand_out_messages(NOW) for _ in range(2)]
    with open_desk() as desk, desk.transaction():
        leases.take_up(desk, Message, now=NOW, most=5)
    after = [jobs.hand_out_messages(NOW), jobs.hand_out_messages(NOW + timedelta(seconds=11))]

    assert before == [[row_id], [row_id]]
    assert (after[0], row_id in after[1]) == ([], True)


def test_messages_are_claimed_one_by_one_when_the_server_takes_its_time():
    lines = jobs.Lines()
    lines.note_turn(0.001)
    claimed = []
    for seconds in (None, 0.005, 0.0009, 0.0005, 0.00001):
        lines.pace = seconds
        claimed.append(lines.at_once())

    assert claimed == [1, 1, 2, 4, leases.MOST]


def test_a_second_line_is_opened_only_when_the_server_takes_its_time():
    lines = jobs.Lines()
    opened = [lines.join()]
    for seconds in (None, 0.0005, 0.02):
        lines.pace = seconds
        opened.append(lines.join())
    lines.leave()
    lines.leave()
    lines.pace = None

    assert opened == [True, False, False, True]
    assert lines.join() is True


@on_both
@pytest.mark.parametrize(("guarded", "letters"), [(True, 1), (False, 4)])
def test_four_who_want_one_message_send_it_once_and_only_because_of_the_guard(
    own_app, monkeypatch, guarded, letters
):
    if not guarded:
        monkeypatch.setattr(leases, "_claim", claim_without_guard)
    with own_app.app_context(), transaction():
        make.message()
    start, sent = threading.Barrier(4), []
    monkeypatch.setattr(mail.MailboxCarrier, "send", lambda _, message, _meanwhile: sent.append(message))

    def send(_):
        start.wait(timeout=5)
        with own_app.app_context():
            return jobs.send_message(1, NOW)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, range(4)))

    assert len(sent) == letters


@on_both
def test_four_lines_that_go_for_the_same_messages_send_each_once(own_app, monkeypatch):
    monkeypatch.setattr(leases, "take_up", leases.list_due)  # nobody keeps out of another's way
    monkeypatch.setattr(jobs.Lines, "join", lambda _: True)
    with own_app.app_context(), transaction():
        for _ in range(60):
            make.message()
    sent = []
    monkeypatch.setattr(mail.MailboxCarrier, "send", lambda _, message, _meanwhile: sent.append(message.to))

    def send(_):
        with own_app.app_context():
            return jobs.send_messages(STAYS)

    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(send, range(4)))

    assert (sum(counts), len(sent), len(set(sent))) == (60, 60, 60)


# Text messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(202), Carriage.DONE),
        (Reply(422, body=b"no such number"), Carriage.FAILED),
        (Reply(503), Carriage.QUEUED),
        (DROP, Carriage.UNKNOWN),
    ],
)
def test_a_text_message_goes_to_the_gateway(app, monkeypatch, reply, state):
    with open_receiver() as gateway:
        gateway.usual = reply
        set_up(app, monkeypatch, sms_url=gateway.url)
        row_id = queued(channel=Channel.SMS, to_address="+84912345678", subject="Ngày mai 08:00")

        outcome = jobs.send_message(row_id, NOW)

    assert (outcome, len(gateway.taken)) == (state, 1)
    assert gateway.taken[0].headers["idempotency-key"] == row(row_id).message_id


def test_a_number_that_is_none_has_failed(app, monkeypatch):
    with open_receiver() as gateway:
        set_up(app, monkeypatch, sms_url=gateway.url)
        row_id = queued(channel=Channel.SMS, to_address="0912")

        outcome = jobs.send_message(row_id, NOW)

    assert (outcome, gateway.taken) == (Carriage.FAILED, [])


# Who dies, and clocks -------------------------------------------------------------------------------------------------


def test_what_a_dead_worker_held_becomes_unknown(office, monkeypatch):
    monkeypatch.setattr(mail.SmtpCarrier, "send", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    row_id = queued()
    with pytest.raises(KeyboardInterrupt):
        jobs.send_message(row_id, NOW)

    released = [jobs.release_messages(NOW + timedelta(minutes=m)) for m in (1, 3)]

    assert (released, row(row_id).carriage) == ([0, 1], Carriage.UNKNOWN)
    assert row(row_id).error == "the worker stopped before it was done"


def while_it_is_sent(monkeypatch, act):
    plain = mail.SmtpCarrier.send

    def send(self, message, meanwhile):
        act()
        plain(self, message, meanwhile)

    monkeypatch.setattr(mail.SmtpCarrier, "send", send)


def test_a_worker_that_was_given_up_too_early_still_says_what_became_of_it(office, monkeypatch):
    """The clock of the machine that gives up is an hour ahead of the one that sends."""
    row_id = queued()
    while_it_is_sent(monkeypatch, lambda: jobs.release_messages(NOW + timedelta(hours=1)))

    outcome = jobs.send_message(row_id, NOW)

    assert (outcome, row(row_id).carriage, row(row_id).error) == (Carriage.DONE, Carriage.DONE, None)


def test_a_worker_that_was_given_up_writes_nothing_once_another_has_the_message(office, monkeypatch):
    row_id = queued()

    def others_go_on():
        jobs.release_messages(NOW + timedelta(hours=1))
        with transaction():
            services.send_again(row(row_id), actor=make.actor(), now=NOW)
        with open_desk() as desk, desk.transaction():
            leases.claim_some(desk, Message, [row_id], ("kind",), now=NOW + timedelta(hours=1))

    while_it_is_sent(monkeypatch, others_go_on)

    jobs.send_message(row_id, NOW)

    assert (row(row_id).carriage, row(row_id).leased_until) == (
        Carriage.CLAIMED,
        NOW + timedelta(hours=1) + leases.LEASE,
    )


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=1)])
def test_what_was_claimed_before_the_clock_leapt_ahead_is_claimed_afresh(office, jump):
    row_id = queued()
    times = iter([NOW])

    sent = jobs.send_messages(lambda: next(times, NOW + jump))

    assert (sent, row(row_id).carriage, row(row_id).tries) == (1, Carriage.DONE, 1)
    assert row(row_id).sent_at == NOW + jump


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=1)])
def test_a_clock_that_is_put_back_keeps_nothing_waiting(office, jump):
    row_id = queued()
    with open_desk() as desk, desk.transaction():
        leases.take_up(desk, Message, now=NOW + jump, most=1)

    assert jobs.send_messages(STAYS) == 1
    assert row(row_id).carriage is Carriage.DONE


@pytest.mark.parametrize("own_app", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_while_a_message_leaves_is_told_of_it_later(own_app, monkeypatch):
    with own_app.app_context():
        with transaction():
            row_id = make.message().id
        plain = mail.MailboxCarrier.send

        def send(self, message, meanwhile):
            plain(self, message, meanwhile)
            db.session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            db.session.rollback()

        monkeypatch.setattr(mail.MailboxCarrier, "send", send)

        with pytest.raises(jobs.OperationalError):
            jobs.send_message(row_id, NOW)

        assert (row(row_id).carriage, row(row_id).sent_at) == (Carriage.DONE, NOW)
