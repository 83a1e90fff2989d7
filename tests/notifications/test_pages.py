"""The outbox and the mailbox as staff see them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dxday.accounts.letters import SIGN_IN_LINK
from dxday.audit import services as audit
from dxday.core.actor import SYSTEM
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.notifications import rules, services
from dxday.notifications.jobs import sending as jobs
from dxday.notifications.models import Message
from tests import make


@pytest.fixture
def edition(app):
    return make.edition()


@pytest.fixture
def organizer(client, edition):
    return client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))


@pytest.fixture
def own_mailbox(app, monkeypatch, tmp_path):
    """A mailbox that no other test writes to."""
    settings = replace(app.extensions["dxday_settings"], instance=tmp_path)
    monkeypatch.setitem(app.extensions, "dxday_settings", settings)
    return settings.mailbox


def message(edition, state=Carriage.QUEUED, **given):
    services.enqueue(
        SIGN_IN_LINK,
        to_address="a@example.org",
        to_name=given.pop("to_name", "Mẫu"),
        locale="en",
        key=f"m:{make.number()}",
        now=make.NOW,
        edition=edition,
        url="https://dxday.example/sign-in/link/x",
        calendar=given.pop("calendar", None),
        calendar_method=given.pop("calendar_method", None),
    )
    row_id = db.session.scalars(select(Message.id).order_by(Message.id.desc()).limit(1)).one()
    db.session.execute(update(Message).where(Message.id == row_id).values(carriage=state, **given))
    return row_id


def rows(page):
    return page.all("//main//tbody/tr/th")


def test_the_outbox_shows_every_state_with_its_reason(organizer, edition):
    for state in Carriage:
        bounced = {"bounced_at": make.NOW} if state is Carriage.BOUNCED else {}
        message(edition, state, error="550 no such person" if state is Carriage.FAILED else None, **bounced)
    message(make.edition())

    page = organizer.open(f"/manage/{edition.code}/messages")

    assert page.all("//ul[@class='split-bar-legend']/li") == [
        "Waiting 1",
        "Leaving 1",
        "Sent 1",
        "Failed 1",
        "Unknown 1",
        "Called off 1",
        "Withheld 1",
        "Came back 1",
    ]
    assert len(rows(page)) == 8
    assert page.all("//td[contains(., '550')]//span[@class='muted break']") == ["550 no such person"]


def test_a_state_can_be_picked_out(organizer, edition):
    for state in (Carriage.QUEUED, Carriage.FAILED):
        message(edition, state)

    page = organizer.open(f"/manage/{edition.code}/messages?state=failed")
    nonsense = organizer.open(f"/manage/{edition.code}/messages?state=nonsense")

    assert (len(rows(page)), len(rows(nonsense))) == (1, 2)
    assert page.all("//*[@class='chip'][@aria-current]") == ["Failed 1"]


def test_a_failed_message_is_sent_again_from_its_page(organizer, edition):
    row_id = message(edition, Carriage.FAILED, error="550 no", tries=3)
    page = organizer.open(f"/manage/{edition.code}/messages/{row_id}")

    again = organizer.send(page, "", form=f"/manage/{edition.code}/messages/{row_id}/send-again")

    assert organizer.follow(again).all("//*[@class='flashes']//p") == [
        "The message to a@example.org will be tried again."
    ]
    assert db.session.get(Message, row_id).carriage is Carriage.QUEUED


def test_a_message_that_was_settled_meanwhile_is_not_sent_again(organizer, edition):
    row_id = message(edition, Carriage.UNKNOWN)
    page = organizer.open(f"/manage/{edition.code}/messages/{row_id}")
    db.session.execute(update(Message).values(carriage=Carriage.DONE))

    again = organizer.send(page, "", form=f"/manage/{edition.code}/messages/{row_id}/send-again")

    assert organizer.follow(again).all("//*[@class='flashes']//p") == [str(rules.NotToSendAgain())]


@pytest.mark.parametrize("state", list(Carriage))
def test_the_page_of_a_message_explains_its_state_and_offers_what_can_be_decided(organizer, edition, state):
    bounced = {"bounced_at": make.NOW} if state is Carriage.BOUNCED else {}
    row_id = message(edition, state, **bounced)

    page = organizer.open(f"/manage/{edition.code}/messages/{row_id}")

    assert page.heading == "Your link to sign in"
    assert str(rules.STATE_WORDS[state]) in page.words
    assert page.all("//section[@id='decide']//button") == [
        str(rules.DECISION_NAMES[decision]) for decision in rules.list_decisions(state)
    ]


def test_the_page_of_an_unknown_message_says_that_it_may_have_arrived_and_is_never_sent_by_itself(
    organizer, edition
):
    page = organizer.open(f"/manage/{edition.code}/messages/{message(edition, Carriage.UNKNOWN)}")

    assert "It may have arrived, or not" in page.words
    assert "never sends such a message again by itself" in page.words


def test_the_page_of_a_message_tells_what_happened_in_order(organizer, edition):
    row_id = message(edition, Carriage.UNKNOWN, created_at=make.NOW - timedelta(hours=2))
    path = f"/manage/{edition.code}/messages/{row_id}"
    organizer.send(organizer.open(path), "", form=f"{path}/mark-arrived")
    db.session.execute(update(Message).values(carriage=Carriage.BOUNCED, bounced_at=make.NOW))
    audit.record(
        "message.bounced",
        subject=f"message:{row_id}",
        actor=SYSTEM,
        now=make.NOW + timedelta(hours=1),
        status="5.1.1",
    )

    page = organizer.open(path)

    assert page.all("//p[@class='event-text']") == [
        "Written",
        "Marked as arrived by decision",
        "Came back (5.1.1)",
    ]


def test_what_people_wrote_is_shown_as_text(organizer, edition):
    row_id = message(edition, to_name="<b>x</b>", subject="<script>x</script>", text="<img src=x>")

    page = organizer.open(f"/manage/{edition.code}/messages/{row_id}")

    assert page.heading == "<script>x</script>"
    assert page.document.xpath("//main//script | //main//img | //main//dd//b") == []


@pytest.mark.parametrize(
    ("decision", "state"), [("mark-arrived", Carriage.DONE), ("send-again", Carriage.QUEUED)]
)
def test_many_unknown_messages_are_decided_at_once(organizer, edition, decision, state):
    ids = [message(edition, Carriage.UNKNOWN) for _ in range(3)]
    stranger = message(make.edition(), Carriage.UNKNOWN)
    page = organizer.open(f"/manage/{edition.code}/messages?state=unknown")
    token = page.document.xpath("//main//form//input[@name='csrf_token']/@value")[0]

    answer = organizer.post(
        f"/manage/{edition.code}/messages/decide",
        data={
            "csrf_token": token,
            "state": "unknown",
            "decision": decision,
            "selected": [*map(str, [*ids[:2], stranger]), "x", "9" * 40],
        },
    )

    assert organizer.follow(answer).all("//*[@class='flashes']//p")[0].endswith("done for 2 of 3.")
    assert [db.session.get(Message, row_id).carriage for row_id in (*ids, stranger)] == [
        state, state, Carriage.UNKNOWN, Carriage.UNKNOWN,
    ]  # fmt: skip


@pytest.mark.parametrize("given", [{"decision": "send-again"}, {"decision": "burn", "selected": "1"}])
def test_nothing_chosen_decides_nothing(organizer, edition, given):
    row_id = message(edition, Carriage.UNKNOWN)
    page = organizer.open(f"/manage/{edition.code}/messages?state=unknown")
    token = page.document.xpath("//main//form//input[@name='csrf_token']/@value")[0]

    organizer.post(f"/manage/{edition.code}/messages/decide", data={"csrf_token": token, **given})

    assert db.session.get(Message, row_id).carriage is Carriage.UNKNOWN


def test_the_outbox_is_searched_and_narrowed(organizer, edition):
    message(edition, to_name="Đỗ Thị Ví Dụ")
    message(edition, Carriage.FAILED, to_name="Khác")
    path = f"/manage/{edition.code}/messages"

    found = [
        len(rows(organizer.open(f"{path}?{query}")))
        for query in ("q=do+thi", "q=do+thi&state=failed", "kind=sign_in_link", "kind=x", "rule=7", "page=99")
    ]

    assert found == [1, 0, 2, 2, 0, 2]


def test_a_message_of_another_edition_is_not_shown(organizer, edition):
    assert organizer.open(f"/manage/{edition.code}/messages/{message(make.edition())}").status == 404


def test_a_message_of_another_edition_cannot_be_sent_again(organizer, edition):
    message(edition, Carriage.FAILED)
    stranger = message(make.edition(), Carriage.FAILED)
    page = organizer.open(f"/manage/{edition.code}/messages?state=failed")
    token = page.document.xpath("//input[@name='csrf_token']/@value")[0]

    answer = organizer.post(
        f"/manage/{edition.code}/messages/{stranger}/send-again", data={"csrf_token": token}
    )

    assert (answer.status, db.session.get(Message, stranger).carriage) == (404, Carriage.FAILED)


def test_an_empty_outbox_says_so(organizer, edition):
    page = organizer.open(f"/manage/{edition.code}/messages")

    assert page.all("//*[@class='empty-title']") == ["No messages yet"]


def test_the_outbox_costs_the_same_statements_for_one_and_three_messages(organizer, edition, queries):
    totals = []
    for count in (1, 2):
        for _ in range(count):
            message(edition)
        with queries() as counted:
            page = organizer.open(f"/manage/{edition.code}/messages")
        totals.append((counted.total, len(rows(page))))

    assert totals == [(totals[0][0], 1), (totals[0][0], 3)]


def test_the_mailbox_lists_letters_newest_first_and_shows_one_safely(organizer, edition, own_mailbox):
    calendar = b"BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n"
    row_id = message(edition, to_name="<script>x</script>", calendar=calendar, calendar_method="PUBLISH")
    db.session.commit()
    jobs.send_message(row_id, make.NOW)

    listed = organizer.open("/manage/mailbox/")
    address = listed.document.xpath("//main//tbody//a/@href")[0]
    page = organizer.open(address)
    file = organizer.open(page.document.xpath("//p[@class='file-note']//a/@href")[0])

    assert rows(listed) == ["Your link to sign in"]
    assert page.all("//div[@class='letter']/a") == ["https://dxday.example/sign-in/link/x"]
    assert page.document.xpath("//main//script | //main//iframe") == []
    assert file.response.data == calendar
    assert (file.response.mimetype, file.response.headers["Content-Disposition"]) == (
        "application/octet-stream",
        "attachment; filename=calendar.ics",
    )


def test_an_empty_mailbox_says_so(organizer, own_mailbox):
    assert organizer.open("/manage/mailbox/").all("//*[@class='empty-title']") == ["No letters yet"]


@pytest.mark.parametrize("path", ["nothing", "nothing/files/0", "..%2f..%2fsecret-key"])
def test_a_letter_that_is_not_there_is_not_found(organizer, own_mailbox, path):
    assert organizer.open(f"/manage/mailbox/{path}").status == 404


def test_with_a_mail_server_there_is_no_mailbox(organizer, app, monkeypatch):
    settings = replace(app.extensions["dxday_settings"], smtp_url="smtp://mail.example")
    monkeypatch.setitem(app.extensions, "dxday_settings", settings)

    assert organizer.open("/manage/mailbox/").status == 404


@pytest.mark.parametrize("role", [Role.AGENCY, Role.COUNCIL])
def test_only_who_may_see_mail_opens_outbox_and_mailbox(client, edition, role):
    client.sign_in(make.account(role, edition_id=edition.id))

    statuses = [client.open(path).status for path in (f"/manage/{edition.code}/messages", "/manage/mailbox/")]

    assert statuses == [403, 403]
