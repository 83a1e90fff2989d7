"""What strangers and insiders try: made-up queries, hosts, methods and letters of others."""

from dataclasses import replace

import pytest
from flask import g
from prometheus_client import REGISTRY
from sqlalchemy import select

from dxday.accounts import services as accounts
from dxday.core.permissions import Role
from dxday.db import db
from dxday.notifications.jobs import sending as jobs
from dxday.notifications.models import Message
from dxday.web.converters import row_id
from dxday.web.forms import clean, clean_line
from dxday.web.pages import here
from tests import make

NO_ROW = "9" * 30


@pytest.mark.parametrize("name", ["endpoint", "_scheme", "_external", "_anchor", "_method", "self", "values"])
@pytest.mark.parametrize("path", ["/", "/sign-in", "/v"])
def test_no_name_in_a_query_breaks_the_links_of_a_page(client, path, name):
    make.edition()

    page = client.open(path, query_string={name: "javascript"})

    assert page.status == 200
    assert [link for link in page.links() if link.startswith("javascript:")] == []


def test_the_links_of_a_page_carry_its_query_whole(app):
    with app.test_request_context("/sign-in?next=/a%26b&x=1&x=2&lang=en"):
        g.edition = None

        assert here(lang="hi", next=None) == "/sign-in?x=1&x=2&lang=hi"


def test_the_code_of_another_edition_in_a_query_leads_nowhere_else(client):
    mine, other = make.edition(), make.edition()

    page = client.open(f"/{mine.code}/", query_string={"edition_code": other.code})

    assert f"/{mine.code}/?edition_code={other.code}&lang=en" in page.links()


@pytest.mark.parametrize("code", ["%00", "a%00b", "a%0Ab", "%1b[31m", NO_ROW])
@pytest.mark.parametrize(
    "path", ["/{}/", "/{}/schedule", "/{e}/sessions/{}", "/{e}/sites/{}", "/v/{}", "/my/registration/{}"]
)
def test_an_address_with_control_characters_is_not_found(client, path, code):
    edition = make.edition()

    assert client.open(path.format(code, e=edition.code)).status == 404


def test_the_number_of_a_row_may_be_as_long_as_it_likes(client):
    edition = make.edition()
    client.sign_in(make.account(Role.ADMIN))

    for path in (
        f"/council/{edition.code}/decisions/{NO_ROW}",
        f"/manage/{edition.code}/programme/x/sites/{NO_ROW}",
    ):
        assert client.open(path).status == 404
    for path in (
        f"/council/{edition.code}/?category={NO_ROW}",
        f"/manage/{edition.code}/registrations?pool={NO_ROW}",
    ):
        assert client.open(path).status == 200


@pytest.mark.parametrize("written", [NO_ROW, "9" * 5000, "x", ""])
def test_what_is_no_number_of_a_row_is_refused(written):
    with pytest.raises(ValueError, match=r"no row has|invalid literal"):
        row_id(written)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\0b", "ab"),
        ("Mẫu\u202egnp.exe", "Mẫugnp.exe"),
        ("\ufffe\ufdd0x\U0010ffff", "x"),
        ("ज़\u200dा", "ज़\u200dा"),
        ("  một  ", "một"),
        (None, None),
    ],
)
def test_typed_text_holds_nothing_that_no_text_holds(typed, kept):
    assert (clean(typed), clean_line(typed)) == (kept, kept)


@pytest.mark.parametrize("breaking", ["\r\n", "\n", "\r", "\t", "\u2028", "\u2029", "\x85"])
def test_a_line_stays_one_line_so_that_it_may_stand_in_the_head_of_a_letter(breaking):
    assert clean_line(f"Lê Thị{breaking}Bcc: x@example.org") == "Lê Thị Bcc: x@example.org"


def test_a_made_up_method_is_not_counted_under_its_name(client):
    def count(method):
        given = {"endpoint": "none", "method": method, "status": "405"}
        return REGISTRY.get_sample_value("dxday_requests_total", given)

    before = count("other") or 0

    client.http.open("/", method="XYZZY")

    assert (count("XYZZY"), count("other")) == (None, before + 1)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "[::2]"])
def test_the_link_in_a_letter_never_leads_to_a_host_that_a_visitor_claimed(client, host):
    account = make.account(Role.ADMIN)
    page = client.open("/sign-in/forgotten", headers={"Host": host})
    answers = {"email": account.email, "csrf_token": page.value("csrf_token")}

    client.post("/sign-in/forgotten", data=answers, headers={"Host": host})

    text = db.session.scalars(select(Message.text)).one()
    assert "evil.example" not in text
    assert "http://127.0.0.1:8000/sign-in/link/" in text


@pytest.fixture
def letters(app, monkeypatch, tmp_path):
    """A mailbox with the administrator's link to sign in, which the administrator did not ask for."""
    settings = replace(app.extensions["dxday_settings"], instance=tmp_path)
    monkeypatch.setitem(app.extensions, "dxday_settings", settings)
    admin = make.account(Role.ADMIN)
    accounts.send_sign_in_link(admin.email, now=make.NOW)
    db.session.commit()
    jobs.send_message(db.session.scalars(select(Message.id)).one(), make.NOW)
    return admin


def test_an_organizer_does_not_become_administrator_by_reading_the_mailbox(client, letters):
    client.sign_in(letters)
    address = client.open("/manage/mailbox/").document.xpath("//main//tbody//a/@href")[0]
    client.sign_in(make.account(Role.ORGANIZER))

    assert client.open("/manage/mailbox/").all("//*[@class='empty-title']") == ["No letters yet"]
    assert client.open(address).status == 404
    assert client.open(f"{address}/files/0").status == 404


def test_a_letter_to_oneself_is_read_by_oneself(client, letters):
    organizer = make.account(Role.ORGANIZER)
    accounts.send_sign_in_link(organizer.email, now=make.NOW)
    db.session.commit()
    jobs.send_message(db.session.scalars(select(Message.id).order_by(Message.id.desc())).first(), make.NOW)
    client.sign_in(organizer)

    assert len(client.open("/manage/mailbox/").document.xpath("//main//tbody//a")) == 1


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5000])
def test_a_digit_that_is_no_number_is_no_line_of_a_decision(client, number):
    edition = make.edition()
    client.sign_in(make.account(Role.COUNCIL, edition_id=edition.id))
    path = f"/council/{edition.code}/decisions/new"
    token = client.open("/my/account").value("csrf_token")

    page = client.post(f"{path}/lines", data={"csrf_token": token, f"awards-{number}-line": "x"})

    assert page.status == 200


def test_a_chosen_code_with_a_control_character_chooses_nobody(client):
    edition = make.edition()
    client.sign_in(make.account(Role.COUNCIL, edition_id=edition.id))
    token = client.open("/my/account").value("csrf_token")

    page = client.post(
        f"/council/{edition.code}/decisions/new", data={"csrf_token": token, "nominations": "a\0b"}
    )

    assert page.status == 200
