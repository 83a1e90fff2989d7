"""Leaving with one click (RFC 8058), with one button, and coming back."""

from dataclasses import replace

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.db import db
from dxday.notifications import queries, services, unsubscribing
from dxday.notifications.models import Suppression
from dxday.notifications.rules import Channel, SuppressionReason, SuppressionScope
from dxday.notifications.unsubscribing import Reader
from dxday.web import limits
from tests import make

ADDRESS = "Citizen@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def settings(app, monkeypatch):
    """Change settings for a test."""

    def change(**values):
        monkeypatch.setitem(
            app.extensions, "dxday_settings", replace(app.extensions["dxday_settings"], **values)
        )

    return change


@pytest.fixture
def token(app):
    return unsubscribing.token_of(Reader(ADDRESS, None))


def spared() -> frozenset[SuppressionScope]:
    return queries.list_suppressed(["citizen@example.org"]).get("citizen@example.org", frozenset())


def page_of(token: str) -> str:
    return f"/my/unsubscribe/{token}"


def test_a_token_says_whom_it_is_for_and_of_which_edition(app):
    reader = Reader("đỗ.ví+dụ@xn--bcher-kva.example", 12)

    assert unsubscribing.read_token(unsubscribing.token_of(reader)) == reader


def test_a_token_that_we_did_not_sign_is_none(app, token):
    key = app.extensions["dxday_settings"].secret_key
    forged = [
        "x",
        token[:-1],
        token + "A",
        "." + token,
        "A" * 5000,
        "\u200b",
        URLSafeSerializer("guessed" * 8, salt="dxday.unsubscribe").dumps([ADDRESS, None]),
        URLSafeSerializer(key, salt="other").dumps([ADDRESS, None]),
        URLSafeSerializer(key, salt="dxday.unsubscribe").dumps("short"),
    ]

    for each in forged:
        with pytest.raises(unsubscribing.LinkNotKnown):
            unsubscribing.read_token(each)


def test_a_letter_that_need_not_come_offers_one_click_over_https(settings):
    settings(base_url="https://day.example.org")
    message = make.message(required=False, to_address=ADDRESS, locale="vi")

    headers = dict(unsubscribing.headers(message))

    token = unsubscribing.token_of(Reader(ADDRESS, None))
    assert headers == {
        "List-Unsubscribe": f"<https://day.example.org/my/unsubscribe/{token}?lang=vi>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_the_headers_fit_on_a_line_of_a_letter_for_the_longest_address(settings):
    settings(base_url="https://day.example.org")
    message = make.message(required=False, to_address="a" * 64 + "@" + "b" * 185 + ".vn")

    assert [
        len(f"{name}: {value}") < 998 and value.isascii() for name, value in unsubscribing.headers(message)
    ] == [
        True,
        True,
    ]


def test_without_https_the_page_is_named_and_no_click_is_offered(settings):
    settings(base_url="http://127.0.0.1:8000")

    names = [name for name, _ in unsubscribing.headers(make.message(required=False))]

    assert names == ["List-Unsubscribe"]


@pytest.mark.parametrize("given", [{"required": True}, {"required": False, "channel": Channel.SMS}])
def test_what_is_required_and_what_is_no_letter_has_no_such_header(app, given):
    assert unsubscribing.headers(make.message(**given)) == ()


def test_looking_at_the_page_changes_nothing_and_is_kept_nowhere(client, token):
    for _ in range(2):
        page = client.open(page_of(token))

    assert (page.status, page.heading) == (200, "Stop reminders")
    assert ADDRESS in page.words
    assert (page.response.headers["Cache-Control"], page.response.headers["X-Robots-Tag"]) == (
        "no-store",
        "noindex",
    )
    assert client.http.head(page_of(token)).status_code == 200
    assert spared() == frozenset()


def test_one_button_stops_reminders_and_another_brings_them_back(client, token):
    edition = make.edition()
    token = unsubscribing.token_of(Reader(ADDRESS, edition.id))

    stopped = client.follow(client.fill(page_of(token)))
    after = spared()
    back = client.follow(client.send(stopped, page_of(token)))

    assert (stopped.heading, after) == ("Reminders are stopped", {SuppressionScope.OPTIONAL})
    assert (back.heading, spared()) == ("Stop reminders", frozenset())
    row = db.session.scalars(select(Suppression)).one()
    assert (row.reason, row.edition_id) == (SuppressionReason.UNSUBSCRIBED, edition.id)


def test_the_page_says_what_stops_and_what_still_comes(client, token):
    page = client.open(page_of(token))

    assert page.all("//main//h2") == ["What stops", "What still comes"]
    assert len(page.all("//main//ul/li")) == 5


@pytest.mark.parametrize(("lang", "title"), [("vi", "vi"), ("hi", "hi"), ("en", "en")])
def test_the_page_is_in_the_language_of_the_letter(client, token, lang, title):
    page = client.open(f"{page_of(token)}?lang={lang}")

    assert page.document.get("lang") == title


@pytest.mark.parametrize("content", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_mail_program_leaves_with_one_click_without_cookies_or_a_form(app, token, content):
    """As RFC 8058 §3.2 asks: one POST, no cookies, no referrer, no redirect."""
    program = app.test_client(use_cookies=False)

    answer = program.post(f"{page_of(token)}?lang=vi", data=ONE_CLICK, content_type=content)
    again = program.post(page_of(token), data=ONE_CLICK, content_type=content)

    assert (answer.status_code, answer.mimetype, again.status_code) == (200, "text/plain", 200)
    assert spared() == {SuppressionScope.OPTIONAL}
    assert len(db.session.scalars(select(Suppression)).all()) == 1


@pytest.mark.parametrize(
    "body", [{}, {"List-Unsubscribe": ""}, {"List-Unsubscribe": "Two-Clicks"}, {"csrf_token": "x"}]
)
def test_another_post_without_the_token_of_a_form_changes_nothing(app, token, body):
    app.test_client(use_cookies=False).post(page_of(token), data=body)

    assert spared() == frozenset()


def test_coming_back_needs_the_button_of_the_page(app, client, token):
    client.fill(page_of(token))

    app.test_client(use_cookies=False).post(f"{page_of(token)}/undo", data=ONE_CLICK)

    assert spared() == {SuppressionScope.OPTIONAL}


@pytest.mark.parametrize("bad", ["x", "a.b", "W10.x" * 10])
def test_a_wrong_token_is_a_page_that_is_not_there(client, bad):
    assert client.open(page_of(bad)).status == 404
    assert client.post(page_of(bad), data=ONE_CLICK).status == 404
    assert db.session.scalars(select(Suppression)).all() == []


def test_a_dead_address_is_not_brought_back_by_its_owner(client, token):
    services.suppress(
        ADDRESS,
        scope=SuppressionScope.ALL,
        reason=SuppressionReason.BOUNCED,
        actor=make.actor(),
        now=make.NOW,
    )

    page = client.open(page_of(token))

    assert page.document.xpath("//main//form") == []
    assert services.resubscribe(Reader(ADDRESS, None), actor=make.actor(), now=make.NOW) is False
    assert spared() == {SuppressionScope.ALL}


def test_the_trail_says_that_a_reader_left_without_their_address(app, token):
    app.test_client(use_cookies=False).post(page_of(token), data=ONE_CLICK)

    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.actor_kind, entry.facts) == (
        "suppression.added",
        "visitor",
        {"scope": "optional", "reason": "unsubscribed"},
    )


def test_clicking_without_end_is_stopped(app, token, monkeypatch):
    monkeypatch.setattr(limits.limiter, "enabled", True)
    limits.limiter.reset()
    program = app.test_client(use_cookies=False)
    try:
        answers = [program.post(page_of(token), data=ONE_CLICK).status_code for _ in range(121)]
    finally:
        limits.limiter.reset()

    assert (set(answers[:120]), answers[120]) == ({200}, 429)
