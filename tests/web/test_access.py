"""Closed by default: a page says who may open it, or the application does not start."""

import pytest
from flask import Flask

from dxday.audit import queries as audit
from dxday.core.permissions import Permission, Role
from dxday.web import access
from tests import make


def test_a_view_without_a_gate_stops_the_start():
    app = Flask(__name__)
    app.add_url_rule("/x", "forgotten", lambda: "x")
    access.init_app(app)

    with pytest.raises(access.UngatedView, match="forgotten"):
        access.check_every_view_has_a_gate(app)


def test_gated_views_let_the_start_through():
    app = Flask(__name__)
    app.add_url_rule("/x", "x", access.requires(Permission.AUDIT_VIEW)(lambda: "x"))
    app.add_url_rule("/y", "y", access.open_to_all(lambda: "y"))
    access.init_app(app)

    access.check_every_view_has_a_gate(app)


def test_a_visitor_is_asked_to_sign_in_and_comes_back(client):
    edition = make.edition()

    page = client.open(f"/manage/{edition.code}/audit")

    assert (page.status, page.location) == (302, f"/sign-in?next=/manage/{edition.code}/audit")


def test_without_the_right_it_is_403_with_a_line_in_the_trail(client):
    edition = make.edition()
    client.sign_in(make.account(Role.AGENCY, edition_id=edition.id))

    page = client.open(f"/manage/{edition.code}/audit")

    assert (page.status, page.heading) == (403, "You may not open this page")
    assert [(entry.action, entry.subject) for entry in audit.list_entries()] == [
        ("access.refused", "audit.index")
    ]


def test_a_grant_for_one_edition_opens_no_other(client):
    mine, other = make.edition(), make.edition()
    client.sign_in(make.account(Role.ORGANIZER, edition_id=mine.id))

    assert client.open(f"/manage/{mine.code}/audit").status == 200
    assert client.open(f"/manage/{other.code}/audit").status == 403


def test_a_revoked_grant_opens_nothing(client):
    edition = make.edition()
    account = make.account(Role.ORGANIZER, edition_id=edition.id, revoked_at=make.NOW)

    assert client.sign_in(account).open(f"/manage/{edition.code}/audit").status == 403


def test_an_unknown_edition_is_not_found(client):
    client.sign_in(make.account(Role.ADMIN))

    page = client.open("/manage/nowhere/audit")

    assert (page.status, page.heading) == (404, "Page not found")
