"""Kept pages: who gets one, when it is made afresh, and how much is kept."""

import threading

import pytest
from flask import Flask, g, make_response, request

from dxday.core.actor import VISITOR
from dxday.core.permissions import Role
from dxday.db import transaction
from dxday.editions import services as editions
from dxday.programme import services
from dxday.programme.models import Session
from dxday.web.kept import Kept, Shelf, kept, shelf_of
from tests import make


def page(size=10, mark="x"):
    return Kept(mark.encode() * size, "text/html", mark)


# The shelf -----------------------------------------------------------------------------------------------------------


def test_the_longest_unused_page_goes_when_there_are_too_many():
    shelf = Shelf(most_pages=2)
    shelf.put("a", page())
    shelf.put("b", page())
    shelf.find("a")
    shelf.put("c", page())

    assert [key for key in "abc" if shelf.find(key)] == ["a", "c"]
    assert (len(shelf), shelf.bytes) == (2, 20)


def test_pages_go_when_they_are_too_heavy_together():
    shelf = Shelf(most_bytes=25)
    for key in "abc":
        shelf.put(key, page())

    assert [key for key in "abc" if shelf.find(key)] == ["b", "c"]
    assert shelf.bytes == 20


def test_a_page_that_is_too_heavy_alone_is_not_kept_and_drives_nothing_out():
    shelf = Shelf(most_bytes=25)
    shelf.put("a", page())
    shelf.put("b", page(size=26))

    assert [key for key in "ab" if shelf.find(key)] == ["a"]


def test_a_page_put_again_is_counted_once():
    shelf = Shelf()
    shelf.put("a", page(10))
    shelf.put("a", page(30))

    assert (len(shelf), shelf.bytes) == (1, 30)


# The decorator on a view of its own ----------------------------------------------------------------------------------


class Edition:
    id = 1
    programme_version = 1


@pytest.fixture
def small():
    """An application with one kept view that counts how often it is made; no database."""
    flask = Flask(__name__)
    flask.secret_key = "test"
    flask.made = []
    flask.moment = 0

    @flask.before_request
    def _begin():
        g.actor, g.edition, g.locale = VISITOR, Edition, request.headers.get("X-Locale", "en")

    @flask.get("/page")
    @kept("view", also=lambda: flask.moment)
    def show():
        flask.made.append(dict(request.args))
        return f"made {len(flask.made)} {dict(request.args)}"

    @flask.get("/missing")
    @kept()
    def missing():
        flask.made.append("missing")
        return "no", 404

    @flask.get("/cookie")
    @kept()
    def cookie():
        flask.made.append("cookie")
        response = make_response("yes")
        response.set_cookie("a", "b")
        return response

    return flask


def test_a_page_is_made_once_and_sent_with_a_strong_tag(small):
    client = small.test_client()

    first, second = client.get("/page"), client.get("/page")

    assert len(small.made) == 1
    assert first.data == second.data == b"made 1 {}"
    assert second.headers["ETag"] == first.headers["ETag"]
    assert not second.headers["ETag"].startswith("W/")
    assert second.headers["Cache-Control"] == "no-cache"
    assert second.headers["Vary"] == "Accept-Language, Cookie"


def test_who_has_the_page_already_is_told_so_without_a_body(small):
    client = small.test_client()
    tag = client.get("/page").headers["ETag"]

    again = client.get("/page", headers={"If-None-Match": tag})

    assert (again.status_code, again.data) == (304, b"")


def test_arguments_that_the_view_does_not_name_leave_no_mark_and_no_key(small):
    client = small.test_client()

    answers = {client.get(f"/page?junk={n}").data for n in range(20)}

    assert answers == {b"made 1 {}"}
    assert len(shelf_of(small)) == 1


def test_named_arguments_have_pages_of_their_own_and_a_second_value_counts_for_nothing(small):
    client = small.test_client()

    answers = [client.get(f"/page?{q}").data for q in ("view=a", "view=b", "view=a&view=b", "x=1&view=b")]

    assert answers == [b"made 1 {'view': 'a'}", b"made 2 {'view': 'b'}"] * 2


def test_each_language_and_each_moment_has_its_page(small):
    client = small.test_client()
    client.get("/page")
    client.get("/page", headers={"X-Locale": "vi"})
    small.moment = 1
    client.get("/page")
    client.get("/page")

    assert len(small.made) == 3


@pytest.mark.parametrize("path", ["/missing", "/cookie"])
def test_only_a_plain_page_is_kept(small, path):
    client = small.test_client()
    client.get(path)
    client.get(path)

    assert len(small.made) == 2
    assert len(shelf_of(small)) == 0


def test_a_visitor_with_a_message_gets_a_page_of_their_own(small):
    client = small.test_client()
    client.get("/page")
    with client.session_transaction() as session:
        session["_flashes"] = [("info", "Hello")]

    client.get("/page")

    assert len(small.made) == 2


def test_of_many_who_ask_at_once_one_makes_the_page(small):
    together = threading.Barrier(6)
    answers = []

    def ask():
        client = small.test_client()
        together.wait()
        answers.append(client.get("/page").data)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [b"made 1 {}"] * 6


# On the real programme -----------------------------------------------------------------------------------------------


@pytest.fixture
def programme(app):
    edition = make.edition()
    room = make.room(make.site(edition))
    session = make.session(edition, title={"en": "Opening", "vi": "Khai mạc"})
    make.placement(session, room)
    return edition, session


def test_after_a_change_nobody_sees_the_old_page(app, client, programme):
    edition, session = programme
    path = f"/{edition.code}/schedule"
    before = client.open(path)

    with transaction():
        services.change_session(
            services.queries.get_session(edition.id, session.code),
            seen=session.version,
            kind=session.kind,
            title={"en": "Grand opening"},
            abstract=None,
            language="en",
            actor=make.actor(),
            now=make.NOW,
        )
    after = client.open(path, headers={"If-None-Match": before.response.headers["ETag"]})

    assert after.status == 200
    assert [
        title for title in ("Opening", "Grand opening") if title in after.all("//*[@class='slot-title']")
    ] == ["Grand opening"]


def test_a_change_that_is_taken_back_changes_no_page(app, client, programme):
    edition, _ = programme
    path = f"/{edition.code}/schedule"
    before = client.open(path).response.headers["ETag"]

    def change_and_fail():
        with transaction():
            make.save(Session(edition_id=edition.id, code="x", kind="talk", title={}, updated_at=make.NOW))
            editions.mark_programme_changed(edition.id)
            raise KeyError

    with pytest.raises(KeyError):
        change_and_fail()

    assert client.open(path).response.headers["ETag"] == before


def test_a_kept_page_is_answered_with_one_statement(app, client, programme, queries):
    path = f"/{programme[0].code}/schedule"
    client.open(path)

    with queries() as counted:
        client.http.get(path)

    assert counted.total == 1


def test_people_who_are_signed_in_get_pages_of_their_own_and_never_leave_them_to_others(
    app, client, programme
):
    edition, _ = programme
    path = f"/{edition.code}/schedule"
    kept_before = len(shelf_of(app))
    organizer = make.account(Role.ORGANIZER, edition_id=edition.id)

    signed_in = client.sign_in(organizer).open(path)
    visitor = type(client)(app).open(path)

    assert organizer.full_name in signed_in.text
    assert organizer.full_name not in visitor.text
    assert "ETag" not in signed_in.response.headers
    assert len(shelf_of(app)) == kept_before + 1


def test_each_language_has_its_own_page_and_its_own_tag(app, client, programme):
    path = f"/{programme[0].code}/schedule"

    pages = [client.open(f"{path}?lang={code}") for code in ("vi", "en", "hi")]

    assert [page.document.get("lang") for page in pages] == ["vi", "en", "hi"]
    assert len({page.response.headers["ETag"] for page in pages}) == 3


def test_an_address_with_made_up_arguments_cannot_mark_the_page_of_others(app, client, programme):
    path = f"/{programme[0].code}/schedule"

    client.open(f"{path}?evil=1&site=")

    assert "evil" not in client.open(path).text
