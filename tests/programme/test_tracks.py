"""Tracks: the list, adding and changing them, and giving one to a session."""

import pytest

from dxday.core.permissions import Role
from dxday.db import db
from dxday.programme import queries as programme
from dxday.programme.models import Track
from tests import make


@pytest.fixture
def edition(client):
    edition = make.edition()
    client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))
    return edition


def track(edition, code="data", **given):
    return make.save(Track(edition_id=edition.id, code=code, **({"name": {"en": code.title()}} | given)))


def test_an_empty_list_says_what_to_do(client, edition):
    page = client.open(f"/manage/{edition.code}/tracks/")

    assert page.all("//p[@class='empty-title']") == ["No track yet"]


def test_a_track_is_added_changed_and_given_to_a_session(client, edition):
    path = f"/manage/{edition.code}/tracks"
    client.fill(f"{path}/new", code="data", name_en="Data", position="2")
    client.fill(f"{path}/data", name_vi="Dữ liệu")
    made = programme.get_track(edition.id, "data")
    session = make.session(edition, code="talk")
    make.placement(session, make.room(make.site(edition)))

    client.fill(f"/manage/{edition.code}/programme/talk/edit", track=str(made.id))

    db.session.expire_all()
    assert (made.name, made.position) == ({"vi": "Dữ liệu", "en": "Data"}, 2)
    assert programme.get_session(edition.id, "talk").track_id == made.id
    assert client.open(f"{path}/").all("//tbody/tr/*") == ["Data", "data", "1"]


def test_a_code_is_taken_once(client, edition):
    track(edition)

    page = client.fill(f"/manage/{edition.code}/tracks/new", code="data", name_en="Data")

    assert page.errors == ["“data” is the code of another one already."]


def test_a_change_in_sight_of_an_older_state_is_refused(client, edition):
    made = track(edition)
    path = f"/manage/{edition.code}/tracks/data"
    page = client.open(path)
    made.position = 7
    db.session.commit()

    assert client.send(page, path, name_en="Mine").status == 409


def test_a_track_of_another_edition_is_neither_found_nor_on_offer(client, edition):
    elsewhere = track(make.edition(), "other")
    track(edition)
    session = make.session(edition, code="talk")
    make.placement(session, make.room(make.site(edition)))

    page = client.fill(f"/manage/{edition.code}/programme/talk/edit", track=str(elsewhere.id))

    assert page.errors == ["This is not on offer any more. Choose another answer."]
    assert client.open(f"/manage/{edition.code}/tracks/other").status == 404


def test_the_list_asks_the_database_as_often_for_three_as_for_one(client, edition, queries):
    track(edition, "a")
    path = f"/manage/{edition.code}/tracks/"
    client.open(path)
    with queries() as one:
        client.open(path)
    track(edition, "b"), track(edition, "c")
    with queries() as three:
        client.open(path)

    assert three.total == one.total
