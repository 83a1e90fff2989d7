"""Kept pages: who gets one, when it is made afresh, and how much is kept."""

import gzip
import re
import threading
from datetime import timedelta

import pytest
from flask import Flask, Response, g, make_response, request, request_started
from sqlalchemy.exc import OperationalError

from dxday.core import clock
from dxday.core.actor import VISITOR
from dxday.core.permissions import Role
from dxday.db import db, transaction
from dxday.editions import services as editions
from dxday.editions.models import Edition as EditionRow
from dxday.programme import services
from dxday.programme.models import Session
from dxday.web import requests
from dxday.web.kept import Kept, Shelf, kept, shelf_of
from tests import make
from tests.conftest import on_both


def page(size=10, mark="x"):
    return Kept(mark.encode() * size, "text/html", mark)


def new_shelf(most=10, most_bytes=1000):
    return Shelf(most, most_bytes, lambda kept: len(kept.body))


# The shelf -----------------------------------------------------------------------------------------------------------


def test_the_longest_unused_page_goes_when_there_are_too_many():
    shelf = new_shelf(most=2)
    shelf.put("a", page())
    shelf.put("b", page())
    shelf.find("a")
    shelf.put("c", page())

    assert [key for key in "abc" if shelf.find(key)] == ["a", "c"]
    assert (len(shelf), shelf.bytes) == (2, 20)


def test_pages_go_when_they_are_too_heavy_together():
    shelf = new_shelf(most_bytes=25)
    for key in "abc":
        shelf.put(key, page())

    assert [key for key in "abc" if shelf.find(key)] == ["b", "c"]
    assert shelf.bytes == 20


def test_a_page_that_is_too_heavy_alone_is_not_kept_and_drives_nothing_out():
    shelf = new_shelf(most_bytes=25)
    shelf.put("a", page())
    shelf.put("b", page(size=26))

    assert [key for key in "ab" if shelf.find(key)] == ["a"]


def test_a_page_put_again_is_counted_once():
    shelf = new_shelf()
    shelf.put("a", page(10))
    shelf.put("a", page(30))

    assert (len(shelf), shelf.bytes) == (1, 30)


# The decorator on a view of its own ----------------------------------------------------------------------------------


class Edition:
    code = "sample"
    id = 1
    programme_version = 1


@pytest.fixture
def small():
    """An application with one kept view that counts how often it is made; no database."""
    flask = Flask(__name__)
    flask.secret_key = "test"
    flask.made = []

    @flask.before_request
    def _begin():
        g.actor, g.edition, g.locale = VISITOR, Edition, request.headers.get("X-Locale", "en")

    @flask.get("/page")
    @kept("view", alone=("q",))
    def show():
        flask.made.append(dict(request.args))
        return f"made {len(flask.made)} {dict(request.args)}"

    @flask.get("/long")
    @kept()
    def long():
        flask.made.append("long")
        return "Chuyển đổi số " * 1000

    @flask.get("/picture")
    @kept()
    def picture():
        return Response(bytes(10_000), content_type="application/pdf")

    @flask.get("/policy")
    @kept()
    def policy():
        return Response("x", headers={"Content-Security-Policy": "frame-ancestors *", "X-Other": "1"})

    @flask.get("/timed")
    @kept(minutes=5)
    def timed():
        flask.made.append("timed")
        return "timed"

    @flask.get("/hosted")
    @kept(by_host=True)
    def hosted():
        flask.made.append("hosted")
        return request.host_url

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
    assert second.headers["Vary"] == "Accept-Language, Cookie, Accept-Encoding"


def test_who_can_unzip_gets_it_zipped_with_a_tag_of_its_own(small):
    client = small.test_client()
    plain = client.get("/long")

    zipped = client.get("/long", headers={"Accept-Encoding": "br, gzip"})
    again = client.get("/long", headers={"Accept-Encoding": "gzip", "If-None-Match": zipped.headers["ETag"]})
    refused = client.get("/long", headers={"Accept-Encoding": "gzip;q=0"})

    assert (zipped.headers["Content-Encoding"], gzip.decompress(zipped.data)) == ("gzip", plain.data)
    assert int(zipped.headers["Content-Length"]) == len(zipped.data) < len(plain.data)
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert (again.status_code, again.data) == (304, b"")
    assert ("Content-Encoding" in refused.headers, refused.data) == (False, plain.data)
    assert len(small.made) == 1


@pytest.mark.parametrize("path", ["/page", "/picture"])
def test_what_is_short_or_zipped_already_is_sent_as_it_is(small, path):
    answer = small.test_client().get(path, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in answer.headers


def test_what_one_person_alone_asks_for_is_made_each_time_and_never_kept(small):
    client = small.test_client()

    answers = [client.get(f"/page?{query}") for query in ("q=a&view=1&evil=1", "q=b", "q=a&view=1")]

    assert [answer.data for answer in answers] == [
        b"made 1 {'view': '1', 'q': 'a'}",
        b"made 2 {'q': 'b'}",
        b"made 3 {'view': '1', 'q': 'a'}",
    ]
    assert len(shelf_of(small)) == 0


def test_a_policy_that_a_page_sets_for_itself_is_kept_with_it(small):
    client = small.test_client()

    answers = [client.get("/policy") for _ in range(2)]

    assert [answer.headers["Content-Security-Policy"] for answer in answers] == ["frame-ancestors *"] * 2
    assert ["X-Other" in answer.headers for answer in answers] == [False, False]


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


def test_each_language_has_its_page(small):
    client = small.test_client()
    for locale in ("en", "vi", "en"):
        client.get("/page", headers={"X-Locale": locale})

    assert len(small.made) == 2


def test_what_shows_the_time_is_made_anew_every_few_minutes(small, monkeypatch):
    moment = make.at("2026-10-10 08:00")
    monkeypatch.setattr(clock, "now", lambda: moment)
    client = small.test_client()

    made = []
    for minutes in (0, 4, 5, 9, 10):
        moment = make.at("2026-10-10 08:00") + timedelta(minutes=minutes)
        client.get("/timed")
        made.append(len(small.made))

    assert made == [1, 1, 2, 2, 3]


def test_what_holds_whole_addresses_is_made_for_each_host(small):
    client = small.test_client()

    answers = [client.get("/hosted", base_url=f"http://{host}/").data for host in ("a", "b", "a")]

    assert answers == [b"http://a/", b"http://b/", b"http://a/"]
    assert len(small.made) == 2


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


def test_after_a_release_nobody_sees_the_old_page(app, client, programme):
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
    unpublished = client.http.get(path, headers={"If-None-Match": before.response.headers["ETag"]})
    with transaction():
        make.released(edition)
    after = client.open(path, headers={"If-None-Match": before.response.headers["ETag"]})

    assert (unpublished.status_code, after.status) == (304, 200)
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


def test_a_kept_page_asks_the_database_for_nothing_but_its_version(app, client, programme, queries):
    path = f"/{programme[0].code}/schedule"
    client.open(path)

    with queries() as counted:
        client.http.get(path)

    assert counted.total == 0  # the version is asked for past everything that counts


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


# The front -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(app, client, programme):
    """Opens the page of the programme with other headers, and tells whether the application itself was asked."""
    path = f"/{programme[0].code}/schedule"
    reached = []

    def note(*_, **__):
        reached.append(1)

    def ask(query="", **headers):
        reached.clear()
        with request_started.connected_to(note, app):
            db.session.commit()
            db.session.expire_all()  # a request of its own has nothing at hand from before
            answer = client.http.get(path + query, headers=headers)
        return answer, bool(reached)

    return ask


def test_the_same_question_is_answered_in_front_of_the_application_in_the_same_words(asked):
    first, reached_first = asked()
    second, reached_second = asked()

    assert (reached_first, reached_second) == (True, False)
    assert second.data == first.data
    changing = ("X-Request-ID",)
    assert [h for h in second.headers if h[0] not in changing] == [
        h for h in first.headers if h[0] not in changing
    ]
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_who_has_the_page_already_is_told_so_by_the_front_as_well(asked):
    tag = asked()[0].headers["ETag"]

    answer, reached = asked(**{"If-None-Match": f'W/"other", {tag}'})

    assert (answer.status_code, answer.data, reached) == (304, b"", False)
    assert "Content-Length" not in answer.headers
    assert answer.headers["ETag"] == tag


def test_the_front_sends_it_zipped_to_who_can_unzip_and_plain_to_who_cannot(asked):
    plain = asked()[0]
    first = asked(**{"Accept-Encoding": "gzip"})

    second, reached = asked(**{"Accept-Encoding": "gzip"})
    known, known_reached = asked(**{"Accept-Encoding": "gzip", "If-None-Match": second.headers["ETag"]})

    assert (first[1], reached, known_reached) == (True, False, False)
    assert gzip.decompress(second.data) == plain.data
    assert second.headers["Content-Encoding"] == "gzip"
    assert int(second.headers["Content-Length"]) == len(second.data)
    assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", second.headers["ETag"])
    assert "Content-Encoding" not in known.headers
    assert asked()[0].data == plain.data


def test_an_id_given_by_the_proxy_is_kept(asked):
    asked()

    answer, reached = asked(**{"X-Request-ID": "from-the-proxy-1"})

    assert (answer.headers["X-Request-ID"], reached) == ("from-the-proxy-1", False)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"Authorization": "Bearer x"}),
        ("", {"Accept-Language": "hi"}),
        ("", {"Host": "other.example"}),
        ("?kind=talk", {}),
        ("?" + "x" * 500, {}),
    ],
)
def test_who_asks_otherwise_reaches_the_application(asked, query, headers):
    asked()

    assert asked(query, **headers)[1] is True


def test_who_carries_a_session_reaches_the_application(asked, client):
    asked()
    client.http.set_cookie("dxday", "something")

    assert [asked()[1] for _ in range(2)] == [True, True]


def test_a_very_long_question_is_never_remembered(asked):
    assert [asked("?" + "x" * 500)[1] for _ in range(2)] == [True, True]


def test_a_choice_of_language_sets_its_cookie_every_time(asked, client):
    for _ in range(2):
        client.http.delete_cookie("lang")
        answer, reached = asked("?lang=hi")
        assert (reached, answer.headers["Set-Cookie"].startswith("lang=hi")) == (True, True)


def test_a_visitor_with_a_language_cookie_is_answered_in_front_in_that_language(asked, client):
    client.http.set_cookie("lang", "vi")
    asked()

    answer, reached = asked()

    assert (answer.headers["Content-Language"], reached) == ("vi", False)


def test_the_front_lets_a_changed_page_through(app, asked, programme):
    edition, _ = programme
    asked()
    with transaction():
        editions.mark_programme_changed(edition.id)

    assert [asked()[1] for _ in range(2)] == [True, False]


def test_a_database_that_does_not_answer_is_left_to_the_application(app, asked, monkeypatch):
    def gone(_code):
        raise OperationalError("select", {}, Exception("gone"))

    asked()
    monkeypatch.setattr(app.wsgi_app, "version_of", gone)

    assert asked()[1] is True


def test_the_front_lets_a_page_through_whose_time_is_over(asked, monkeypatch):
    asked()
    later = clock.now() + timedelta(minutes=5)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert asked()[1] is True


def test_an_answer_of_the_front_is_counted_like_any_other(asked):
    def counted():
        return requests.REQUESTS.labels("programme_public.schedule", "GET", 200)._value.get()

    asked()
    before = counted()

    assert asked()[1] is False
    assert counted() == before + 1


def test_a_page_that_was_cancelled_with_its_edition_is_not_repeated(app, asked, programme):
    """The code of the address belongs to another edition now."""
    edition, _ = programme
    asked()
    code, edition.code = edition.code, f"{edition.code}-old"
    make.edition(code=code)

    assert asked()[1] is True


# Around a release ----------------------------------------------------------------------------------------------------


@on_both
def test_around_a_release_nobody_who_asks_after_it_sees_the_page_of_before(own_app):
    with own_app.app_context():
        edition = make.edition()
        session = make.session(edition, title={"en": "Title 0"})
        make.placement(session, make.room(make.site(edition)))
        path, edition_id, session_id = f"/{edition.code}/schedule", edition.id, session.id
        db.session.commit()
        db.session.remove()
    released = [0]
    stale, seen, stop = [], set(), threading.Event()

    def look():
        client, tag, last = own_app.test_client(), "", -1
        while not stop.is_set():
            least = released[0]  # read before the question is asked
            answer = client.get(path, headers={"If-None-Match": tag} if tag else {})
            if answer.status_code == 200:
                last, tag = int(re.search(rb">Title (\d+)<", answer.data)[1]), answer.headers["ETag"]
            seen.add((answer.status_code, last))
            if last < least:
                stale.append((last, least))

    def release(number):
        with own_app.app_context():
            with transaction():
                db.session.get(Session, session_id).title = {"en": f"Title {number}"}
                make.released(db.session.get(EditionRow, edition_id))
            released[0] = number
            db.session.remove()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(1, 11):
            release(number)
            stop.wait(0.05)
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert stale == []
    assert (200, 10) in seen
    assert any(status == 304 for status, _ in seen)


def test_head_says_what_get_would_say(client, programme):
    path = f"/{programme[0].code}/schedule"
    get, head = client.http.get(path), client.http.head(path)

    assert head.data == b""
    wanted = ("ETag", "Content-Type", "Content-Length", "Cache-Control", "Vary")
    assert {name: head.headers[name] for name in wanted} == {name: get.headers[name] for name in wanted}
    again = client.http.head(path, headers={"If-None-Match": f"W/{get.headers['ETag']}"})
    assert again.status_code == 304  # a weak comparison, RFC 9110 §13.1.2
