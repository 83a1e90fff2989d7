"""Signing in: with a password, with a one-time link; wrong answers all look alike."""

import re

import pytest
from sqlalchemy import select

from dxday.accounts import rules, services
from dxday.audit import queries as audit
from dxday.core.permissions import Role
from dxday.db import db
from dxday.notifications.models import Message
from tests import make

PASSWORD = "mười chữ số nhị phân"


def member(**given):
    account = make.account(Role.ORGANIZER)
    services.set_password(account, PASSWORD, actor=make.actor(), now=make.NOW)
    db.session.commit()
    return account


def test_address_and_password_open_the_door(client):
    account = member()

    page = client.fill("/sign-in", email=account.email.upper(), password=PASSWORD)

    assert (page.status, page.location) == (302, "/my/")
    assert client.follow(page).heading == "Your work"
    assert audit.list_entries()[0].action == "account.signed_in"


@pytest.mark.parametrize(("email", "password"), [("right", "wrong"), ("nobody@example.org", PASSWORD)])
def test_wrong_answers_look_alike(client, email, password):
    account = member()

    page = client.fill("/sign-in", email=account.email if email == "right" else email, password=password)

    assert page.status == 200
    assert page.errors == ["This e-mail address and password do not belong together."]
    assert page.value("email") in (account.email, email)
    assert page.value("password") in (None, "")


def test_a_disabled_account_cannot_sign_in_and_its_session_ends(client):
    account = member()
    client.sign_in(account)
    account.disabled_at = make.NOW

    assert client.open("/my/").status == 302
    with pytest.raises(rules.SignInFailed):
        services.prove_password(account.email, PASSWORD)


@pytest.mark.parametrize(
    ("wish", "goes_to"),
    [
        ("/manage/style", "/manage/style"),
        ("//evil.example/", "/my/"),
        ("https://evil.example/", "/my/"),
        ("/\\evil.example", "/my/"),
    ],
)
def test_one_comes_back_to_this_site_only(client, wish, goes_to):
    account = member()

    page = client.fill(f"/sign-in?next={wish}", email=account.email, password=PASSWORD)

    assert page.location == goes_to


def test_a_link_works_once_and_only_after_the_button(client):
    account = make.account(Role.ORGANIZER)
    token = services.make_one_time_link(account, actor=make.actor(), now=make.NOW)
    path = f"/sign-in/link/{token}"

    assert client.open(path).status == 200
    assert client.open("/my/").status == 302
    assert client.fill(path).location == "/my/"
    assert client.open("/my/").status == 200
    assert client.fill(path).errors == ["This link was used already or is over its time. Ask for a new one."]


def test_an_old_link_is_refused(app):
    account = make.account()
    token = services.make_one_time_link(account, actor=make.actor(), now=make.NOW - services.LINK_TERM)

    with pytest.raises(rules.LinkNotValid):
        services.use_one_time_link(token, now=make.NOW)


def test_a_new_password_ends_other_sessions(client, app):
    from tests.client import PageClient

    account = member()
    elsewhere = PageClient(app).sign_in(account)
    client.sign_in(account)

    page = client.fill("/my/account", password="một câu dài và dễ nhớ")

    assert page.status == 302
    assert client.open("/my/").status == 200
    assert elsewhere.open("/my/").status == 302


def test_a_short_password_is_refused_and_nothing_is_changed(client):
    account = member()
    client.sign_in(account)

    page = client.fill("/my/account", locale="hi", password="short")

    assert page.errors == ["A password has at least 12 characters."]
    assert account.locale == "en"


def test_an_expired_token_keeps_what_was_typed(client):
    account = member()
    client.open("/sign-in")

    page = client.fill("/sign-in", email=account.email, password=PASSWORD, csrf_token="gone")

    assert page.status == 200
    assert page.errors == [
        "This page had been open for too long. Nothing you typed is lost: send it once more."
    ]
    assert page.value("email") == account.email


def test_a_post_without_a_token_signs_nobody_out(client):
    client.sign_in(member())

    client.post("/sign-out")

    assert client.open("/my/").status == 200


def test_signing_out_ends_the_session(client):
    client.sign_in(member())

    client.fill("/my/account", form="/sign-out")

    assert client.open("/my/").status == 302


def test_a_forgotten_password_is_answered_by_mail_once_an_hour(client):
    account = member()

    first = client.fill("/sign-in/forgotten", email=account.email)
    client.fill("/sign-in/forgotten", email=account.email)

    messages = list(db.session.scalars(select(Message)))
    assert [(message.kind, message.to_address) for message in messages] == [("sign_in_link", account.email)]
    link = re.search(r"/sign-in/link/\S+", messages[0].text).group()
    assert first.location == "/sign-in"
    assert client.fill(link).location == "/my/"


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client):
    page = client.fill("/sign-in/forgotten", email="nobody@example.org")

    assert page.location == "/sign-in"
    assert "If an account has this address" in client.follow(page).words
    assert list(db.session.scalars(select(Message))) == []
