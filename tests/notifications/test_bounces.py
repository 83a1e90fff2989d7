"""What comes back is believed of our own messages alone, from a mailbox or from a mail server that calls."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from dxday import db as edge
from dxday.adapters.bounces import Report, ReportKind
from dxday.audit.models import AuditEntry
from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.notifications import queries, services
from dxday.notifications.jobs import bounces as jobs
from dxday.notifications.models import Message, Suppression
from dxday.notifications.rules import SuppressionReason, SuppressionScope
from tests import make, returned
from tests.conftest import on_both
from tests.imap_server import open_imap_server

TO = "citizen@example.org"
TOKEN = "t" * 40
OPTIONAL, ALL = SuppressionScope.OPTIONAL, SuppressionScope.ALL


@pytest.fixture
def settings(app, monkeypatch):
    """Change settings for a test."""

    def change(**values):
        monkeypatch.setitem(
            app.extensions, "dxday_settings", replace(app.extensions["dxday_settings"], **values)
        )

    return change


def sent(state=Carriage.DONE, **given) -> Message:
    return make.message(
        message_id=returned.OURS, to_address="Citizen@example.org", carriage=state, sent_at=make.NOW, **given
    )


def take(raw: bytes) -> int:
    db.session.commit()
    with edge.transaction():
        return services.take_letter(raw, now=make.NOW)


def now_in():
    return db.session.execute(select(Message.carriage, Message.error)).one()


def spared() -> list[tuple[SuppressionScope, SuppressionReason]]:
    return [
        (row.scope, row.reason)
        for row in db.session.scalars(select(Suppression).where(Suppression.released_at.is_(None)))
    ]


@pytest.mark.parametrize("letter", [returned.postfix(), returned.exim(), returned.exchange()])
def test_a_letter_to_nobody_came_back_and_its_address_gets_no_more(app, letter):
    edition = make.edition()
    row = sent(edition_id=edition.id)

    taken = take(letter)

    assert (taken, now_in()[0], spared()) == (1, Carriage.BOUNCED, [(ALL, SuppressionReason.BOUNCED)])
    noted = db.session.scalars(select(Suppression)).one()
    assert (noted.address_key, noted.message_row_id, noted.edition_id) == (TO, row.id, edition.id)


def test_the_reason_is_kept_and_the_trail_names_no_address(app):
    sent()

    take(returned.postfix())

    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    assert now_in()[1].startswith("550 5.1.1 <citizen@example.org>")
    assert [(entry.action, entry.actor_kind, entry.facts) for entry in entries] == [
        ("message.bounced", "system", {"kind": "registration_confirmed", "status": "5.1.1"}),
        ("suppression.added", "system", {"scope": "all", "reason": "bounced"}),
    ]


@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "5.0.0", "4.4.7"])
def test_a_letter_that_came_back_for_another_reason_spares_nobody(app, status):
    sent()

    take(returned.postfix(status=status, said="no"))

    assert (now_in(), spared()) == ((Carriage.BOUNCED, f"{status} no"), [])


def test_a_delay_is_only_noted(app):
    sent()

    take(returned.postfix(action="delayed", status="4.4.1", said="connection timed out"))

    assert (now_in(), spared()) == ((Carriage.DONE, "4.4.1 connection timed out"), [])


def test_a_complaint_ends_reminders_and_the_message_stays_sent(app):
    sent()

    take(returned.complaint())

    assert (now_in()[0], spared()) == (Carriage.DONE, [(OPTIONAL, SuppressionReason.COMPLAINED)])


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (Carriage.UNKNOWN, Carriage.BOUNCED),
        (Carriage.CLAIMED, Carriage.BOUNCED),
        (Carriage.QUEUED, Carriage.QUEUED),
        (Carriage.FAILED, Carriage.FAILED),
        (Carriage.CANCELLED, Carriage.CANCELLED),
        (Carriage.WITHHELD, Carriage.WITHHELD),
    ],
)
def test_a_late_report_settles_what_was_unknown_and_nothing_that_never_left(app, state, after):
    sent(state)

    take(returned.postfix())

    assert (now_in()[0], bool(spared())) == (after, after is Carriage.BOUNCED)


def test_the_same_report_again_changes_nothing(app):
    sent()
    take(returned.postfix())
    services.release_suppression(
        db.session.scalars(select(Suppression)).one(), reason="x", actor=make.actor(), now=make.NOW
    )

    take(returned.postfix())

    assert (now_in()[0], spared()) == (Carriage.BOUNCED, [])


def test_the_same_complaint_again_does_not_undo_what_its_owner_wants(app):
    sent()
    take(returned.complaint())
    services.release_suppression(
        db.session.scalars(select(Suppression)).one(), reason="x", actor=make.actor(), now=make.NOW
    )

    take(returned.complaint())

    assert spared() == []


def test_whoever_forges_a_report_about_an_address_achieves_nothing(app):
    """An outsider knows the address of the person whom they want to silence, but not our Message-ID."""
    sent()
    forged = [
        returned.postfix("<guessed@dxday.example>"),
        returned.exim("<5f0c3a9d1b7e4c2f8a6d0e9b3c1f7a53@dxday.example>"),
        returned.exchange("<>"),
        returned.complaint("<guessed@dxday.example>"),
        returned.postfix().replace(returned.OURS.encode(), returned.OURS.upper().encode()),
    ]

    taken = [take(letter) for letter in forged]

    assert (taken, now_in()[0], spared()) == ([0] * 5, Carriage.DONE, [])
    assert take(returned.postfix()) == 1  # and the same letter with our Message-ID is believed


def test_a_report_about_whom_a_letter_was_passed_on_to_silences_nobody_here(app):
    sent()

    take(returned.postfix(to="forwarded@elsewhere.example"))

    assert (now_in()[0], spared()) == (Carriage.BOUNCED, [])


def test_no_message_id_can_be_guessed(app):
    ids = [make.message().message_id for _ in range(2)]
    link_id = len(returned.OURS.partition("@")[0][1:]) * 4

    assert ids[0] != ids[1]
    assert link_id == 128


@pytest.fixture
def folder(tmp_path):
    """A Maildir of what came back."""
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()
    return tmp_path


def test_without_a_mailbox_nothing_is_read_and_nothing_asked(app, queries):
    with queries() as counted:
        assert jobs.read_bounces(make.NOW) == 0

    assert counted.total == 0


def test_a_round_takes_what_is_ours_and_keeps_everything(settings, folder):
    sent()
    for number, letter in enumerate(
        [b"\xff\x00 noise", returned.auto_reply(), returned.postfix("<x@y>"), returned.postfix()]
    ):
        (folder / "new" / f"{number}").write_bytes(letter)
    settings(bounce_url=f"maildir:{folder}")
    db.session.commit()

    rounds = [jobs.read_bounces(make.NOW) for _ in range(2)]

    assert (rounds, now_in()[0]) == ([4, 0], Carriage.BOUNCED)
    assert len(list((folder / ".Processed" / "cur").iterdir())) == 4


def test_a_letter_that_breaks_us_does_not_hold_up_the_next(settings, folder, monkeypatch):
    """Whatever the fault may be: here one that we make ourselves."""
    sent()
    believe = services.take_report

    def stumble(report, *, now):
        if report.message_id == "<stumble@dxday.example>":
            raise ZeroDivisionError
        return believe(report, now=now)

    monkeypatch.setattr(services, "take_report", stumble)
    (folder / "new" / "1").write_bytes(returned.postfix("<stumble@dxday.example>"))
    (folder / "new" / "2").write_bytes(returned.postfix())
    settings(bounce_url=f"maildir:{folder}")
    db.session.commit()

    assert (jobs.read_bounces(make.NOW), now_in()[0]) == (2, Carriage.BOUNCED)


def test_what_was_taken_and_not_marked_is_taken_again_without_harm(settings, folder):
    sent()
    (folder / "new" / "1").write_bytes(returned.postfix())
    settings(bounce_url=f"maildir:{folder}")
    take(returned.postfix())  # the process died before it marked the letter

    assert (jobs.read_bounces(make.NOW), now_in()[0], len(spared())) == (1, Carriage.BOUNCED, 1)


@on_both
def test_a_mailbox_on_a_real_server_is_read_once(own_app, monkeypatch):
    with open_imap_server() as server, own_app.app_context():
        server.put(returned.auto_reply(), returned.exim())
        changed = replace(own_app.extensions["dxday_settings"], bounce_url=f"{server.url}/INBOX")
        monkeypatch.setitem(own_app.extensions, "dxday_settings", changed)
        sent()
        db.session.commit()

        rounds = [jobs.read_bounces(make.NOW) for _ in range(2)]
        db.session.expire_all()

        assert (rounds, now_in()[0], len(server.flags("Processed"))) == ([2, 0], Carriage.BOUNCED, 2)


def test_the_password_of_the_mailbox_is_in_no_log(settings, capsys, caplog):
    settings(bounce_url="imap://someone:very-secret@127.0.0.1:1/INBOX")
    caplog.set_level(logging.DEBUG)

    with pytest.raises(jobs.inboxes.InboxUnavailable) as refused:
        jobs.read_bounces(make.NOW)

    assert "secret" not in str(refused.value) + caplog.text + "".join(capsys.readouterr())


def hand_over(app, raw=None, token=TOKEN, content="message/rfc822"):
    """A mail server calls."""
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return app.test_client(use_cookies=False).post(
        "/hooks/bounces",
        data=returned.postfix() if raw is None else raw,
        content_type=content,
        headers=headers,
    )


def test_a_mail_server_hands_over_what_came_back(app, settings):
    sent()
    settings(bounce_token=TOKEN)
    db.session.commit()

    answers = [hand_over(app).json, hand_over(app, returned.auto_reply()).json]

    assert (answers, now_in()[0]) == ([{"taken": 1}, {"taken": 0}], Carriage.BOUNCED)


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1], "é" * 40])
def test_nobody_hands_over_anything_without_the_secret(app, settings, token):
    sent()
    settings(bounce_token=TOKEN)
    db.session.commit()

    answer = hand_over(app, token=token.encode().decode("latin-1") if token else token)

    assert (answer.status_code, answer.headers["WWW-Authenticate"], now_in()[0]) == (
        401,
        "Bearer",
        Carriage.DONE,
    )


def test_without_a_secret_there_is_nothing_to_hand_over_to(app):
    assert hand_over(app).status_code == 404
    assert hand_over(app, token="").status_code == 404


@pytest.mark.parametrize("content", ["application/json", "multipart/form-data", "text/plain"])
def test_only_a_letter_as_it_came_is_taken(app, settings, content):
    settings(bounce_token=TOKEN)

    assert hand_over(app, content=content).status_code == 415


def test_a_letter_that_is_too_large_is_refused(app, settings):
    settings(bounce_token=TOKEN)

    assert hand_over(app, b"x" * (10 * 1024 * 1024 + 1)).status_code == 413


@pytest.mark.real_data
def test_reports_about_every_address_of_the_collection_are_taken(app):
    collection = Path(__file__).resolve().parents[3] / "shared/data/text/email-addresses.json"
    if not collection.is_file():
        pytest.skip("the collection of addresses is not beside the project")
    for each in json.loads(collection.read_text()):
        row = make.message(to_address=(each["address"] or "x").replace("\0", ""), carriage=Carriage.DONE)

        found = services.take_report(
            Report(ReportKind.FAILED, row.message_id, (row.to_address,), "5.1.1", "no"), now=make.NOW
        )

        assert found is True
        assert queries.list_suppressions_of(row.to_address)[0].scope is ALL
