"""The mobile number: asked for only where text messages leave, kept in one form, and easily deleted."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.core.actor import VISITOR
from dxday.db import db, transaction
from dxday.registration import services
from dxday.registration.models import Registration
from tests import make


@pytest.fixture
def texting(app, monkeypatch):
    """The application sends text messages."""
    settings = replace(app.extensions["dxday_settings"], sms_url="https://:token@gateway.example/messages")
    monkeypatch.setitem(app.extensions, "dxday_settings", settings)


def step_by_step(client, edition, pool, phone):
    """Register as far as the last page; returns it."""
    client.fill(f"/{edition.code}/register", pool=str(pool.id))
    you = f"/{edition.code}/register/you"
    answered = client.fill(you, full_name="Đỗ Thị Thí Dụ", email="text@example.org", phone=phone)
    return answered if answered.document is not None else client.follow(answered)


@pytest.fixture
def pool(app):
    return make.pool(make.site(make.edition()))


@pytest.fixture
def edition(pool):
    from dxday.editions.models import Edition

    return db.session.get(Edition, pool.edition_id)


def answers(page) -> dict[str, str]:
    return dict(
        zip(page.all("//dl[@class='answers']//dt"), page.all("//dl[@class='answers']//dd[1]"), strict=True)
    )


def test_nobody_is_asked_where_no_text_message_leaves(client, edition, pool):
    client.fill(f"/{edition.code}/register", pool=str(pool.id))

    page = client.open(f"/{edition.code}/register/you")

    assert page.all("//label[@for='phone']") == []


def test_a_number_is_kept_in_the_form_that_gateways_take(client, texting, edition, pool):
    check = step_by_step(client, edition, pool, "0912 345.678")
    ticket = client.follow(client.send(check, f"/{edition.code}/register/check", consent="y"))

    assert answers(check)["Mobile number"] == "0912 345 678"
    assert "Also kept: your mobile number" in check.words
    assert db.session.scalars(select(Registration.phone)).one() == "+84912345678"
    assert "Before it begins a text message goes to 0912 345 678." in ticket.words


def test_it_may_be_left_out(client, texting, edition, pool):
    check = step_by_step(client, edition, pool, "")
    ticket = client.follow(client.send(check, f"/{edition.code}/register/check", consent="y"))

    assert "mobile number" not in ticket.words
    assert "Also kept" not in check.words
    assert db.session.scalars(select(Registration.phone)).one() is None


@pytest.mark.parametrize("written", ["024 3823 4567", "12345", "not a number", "0912345678 or 0912345679"])
def test_what_takes_no_text_message_is_refused_in_plain_words(client, texting, edition, pool, written):
    refused = step_by_step(client, edition, pool, written)

    assert refused.errors == [
        "Write a mobile number such as 0912 345 678. One of another country begins with +."
    ]
    assert refused.value("phone") == written


def test_a_number_given_before_the_gateway_went_is_not_kept(client, app, edition, pool, monkeypatch):
    with monkeypatch.context() as patch:
        settings = app.extensions["dxday_settings"]
        patch.setitem(app.extensions, "dxday_settings", replace(settings, sms_url="https://gateway.example/"))
        step_by_step(client, edition, pool, "0912345678")
    check = client.open(f"/{edition.code}/register/check")

    client.send(check, f"/{edition.code}/register/check", consent="y")

    assert "Mobile number" not in answers(check)
    assert db.session.scalars(select(Registration.phone)).one() is None


def test_the_holder_deletes_it_on_the_page_of_their_place(client, texting, pool):
    registration = make.registration(pool, phone="+84912345678")
    ticket = client.open(f"/my/registration/{registration.token}")

    after = client.follow(client.send(ticket, "", form=f"/my/registration/{registration.token}/phone/delete"))

    assert "0912 345 678" not in after.words
    assert registration.phone is None
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.subject == registration.code)).one()
    assert (entry.action, entry.facts) == ("registration.phone_deleted", {})


def test_an_old_page_deletes_nothing(client, texting, pool):
    registration = make.registration(pool, phone="+84912345678")

    client.post(f"/my/registration/{registration.token}/phone/delete")

    assert registration.phone == "+84912345678"


def test_it_is_deleted_with_the_place(app, pool):
    registration = make.registration(pool, phone="+84912345678")
    db.session.commit()

    with transaction():
        services.cancel_registration(registration, actor=VISITOR, now=make.NOW)

    assert registration.phone is None
