"""The pages of those who look after a site: what they see, what they may change, and what is locked."""

import pytest
from sqlalchemy import func, select

from dxday.core.permissions import Role
from dxday.db import db
from dxday.programme.models import Session
from dxday.proposals.rules import State
from tests import make
from tests.proposals.scene import Scene


@pytest.fixture
def scene(client):
    return Scene()


def changes(scene):
    return [(c["kind"], c["becomes"]) for c in scene.current().changes]


def test_the_day_shows_what_is_locked_and_what_is_ones_own(client, scene):
    client.sign_in(scene.coordinator)

    page = client.open(f"{scene.path}/")

    assert page.all("//section[@id='day']//tbody/tr/*[3]") == [
        "From Vinh only organizers move it",
        "Your own session",
    ]
    links = page.links()
    assert f"{scene.path}/sessions/training/edit" in links
    assert f"{scene.path}/receiving/{scene.received().id}" in links
    assert [link for link in links if "/sessions/opening" in link and link.startswith("/site")] == []


def test_a_coordinator_of_one_site_is_led_to_it_and_has_it_on_the_desk(client, scene):
    client.sign_in(scene.coordinator)

    assert client.open(f"/site/{scene.edition.code}/").location == f"{scene.path}/"
    assert f"{scene.path}/" in client.open("/my/").links()


def test_a_move_is_collected_and_changes_nothing_yet(client, scene):
    client.sign_in(scene.coordinator)

    page = client.fill(f"{scene.path}/sessions/training/edit", begins="14:00", ends="15:30")

    assert page.location == f"{scene.path}/"
    assert [kind for kind, _ in changes(scene)] == ["move"]
    assert scene.read("training").placements[0].starts_at == make.at("2026-10-10 13:30")
    shown = client.open(f"{scene.path}/")
    assert "10/10/2026 14:00" in shown.words


def test_saving_what_is_there_already_proposes_nothing(client, scene):
    client.sign_in(scene.coordinator)

    client.fill(f"{scene.path}/sessions/training/edit")
    client.fill(f"{scene.path}/receiving/{scene.received().id}")

    assert changes(scene) == []


def test_the_form_holds_what_was_proposed_before(client, scene):
    client.sign_in(scene.coordinator)
    client.fill(f"{scene.path}/sessions/training/edit", begins="14:00", title_en="Longer training")

    page = client.open(f"{scene.path}/sessions/training/edit")

    assert (page.value("begins"), page.value("title_en")) == ("14:00", "Longer training")


def test_a_session_is_proposed_once_however_often_its_form_is_sent(client, scene):
    client.sign_in(scene.coordinator)
    path = f"{scene.path}/sessions/new"
    page = client.open(path)
    answers = {"title_en": "Clinic", "begins": "10:00", "ends": "11:00", "room": str(scene.north_small.id)}

    client.send(page, path, **answers)
    client.send(page, path, **answers)

    assert [(kind, becomes["title"]) for kind, becomes in changes(scene)] == [("add", {"en": "Clinic"})]
    assert db.session.scalar(select(func.count(Session.id))) == 3


def test_a_proposed_session_can_be_changed_before_it_is_submitted(client, scene):
    client.sign_in(scene.coordinator)
    client.fill(
        f"{scene.path}/sessions/new",
        title_en="Clinic", begins="10:00", ends="11:00", room=str(scene.north_small.id),
    )  # fmt: skip
    guid = changes(scene)[0][1]["guid"]

    client.fill(f"{scene.path}/added/{guid}", title_en="Open clinic")

    assert [(c["title"], c["guid"]) for _, c in changes(scene)] == [({"en": "Open clinic"}, guid)]


def test_how_a_site_receives_a_session_is_proposed_with_its_own_times(client, scene):
    client.sign_in(scene.coordinator)

    client.fill(
        f"{scene.path}/receiving/{scene.received().id}",
        begins="07:45",
        local_part_en="Opening by the chairman",
        officer=str(scene.person.id),
        interpretation="en",
        ready="y",
        room=str(scene.north_small.id),
    )

    assert changes(scene) == [
        (
            "receive",
            {
                "room": scene.north_small.id,
                "begins": -15,
                "interpretation": "en",
                "local_part": {"en": "Opening by the chairman"},
                "officer": scene.person.id,
                "ready": True,
            },
        )
    ]


def test_opting_out_needs_a_reason(client, scene):
    client.sign_in(scene.coordinator)
    path = f"{scene.path}/receiving/{scene.received().id}/opt-out"

    assert client.fill(path).errors == ["Answer this question."]
    client.fill(path, opt_out_reason="The hall is flooded")

    assert changes(scene) == [("opt_out", {"received": False, "reason": "The hall is flooded"})]


def test_a_change_can_be_left_out_again(client, scene):
    client.sign_in(scene.coordinator)
    client.fill(f"{scene.path}/sessions/training/cancel")
    assert [kind for kind, _ in changes(scene)] == ["cancel"]

    page = client.open(f"{scene.path}/")
    client.send(page, f"{scene.path}/", form=f"{scene.path}/proposal/drop")

    assert changes(scene) == []


def test_a_proposal_is_submitted_once_withdrawn_and_written_on(client, scene):
    client.sign_in(scene.coordinator)
    client.fill(f"{scene.path}/sessions/training/edit", begins="14:00", ends="15:30")
    page = client.open(f"{scene.path}/proposal/submit")

    client.send(page, f"{scene.path}/proposal/submit", note="The school needs the room")
    again = client.send(page, f"{scene.path}/proposal/submit", note="The school needs the room")

    assert again.status == 422
    assert (scene.current().state, scene.current().note) == (State.OPEN, "The school needs the room")
    assert client.fill(f"{scene.path}/sessions/training/edit", begins="14:30").errors == [
        "Your changes are with the organizers. Take them back before you change more."
    ]
    client.send(client.open(f"{scene.path}/"), f"{scene.path}/", form=f"{scene.path}/proposal/withdraw")
    assert scene.current().state is State.WITHDRAWN
    client.fill(f"{scene.path}/sessions/training/edit", begins="14:15")
    assert (scene.current().state, [kind for kind, _ in changes(scene)]) == (State.DRAFT, ["move"])


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sessions/new",
        "/sessions/talk/edit",
        "/sessions/talk/cancel",
        "/receiving/{south}",
        "/receiving/{south}/opt-out",
        "/proposal/submit",
    ],
)
def test_another_site_is_closed(client, scene, path):
    client.sign_in(scene.coordinator)
    south = scene.received(scene.south).id

    page = client.open(f"/site/{scene.edition.code}/south{path.format(south=south)}")

    assert page.status == 403


@pytest.mark.parametrize(
    "path", ["/sessions/opening/edit", "/sessions/talk/edit", "/sessions/opening/cancel"]
)
def test_what_is_not_ones_own_is_not_found_under_ones_own_site(client, scene, path):
    client.sign_in(scene.coordinator)

    assert client.open(f"{scene.path}{path}").status == 404


def test_a_placement_of_another_site_is_not_found_under_ones_own(client, scene):
    client.sign_in(scene.coordinator)
    south, origin = scene.received(scene.south).id, scene.received(scene.main).id

    assert client.open(f"{scene.path}/receiving/{south}").status == 404
    assert client.open(f"{scene.path}/receiving/{origin}").status == 404
    own = next(p for p in scene.read("training").placements).id
    assert client.open(f"{scene.path}/receiving/{own}").status == 404


def test_a_room_of_another_site_cannot_be_sent(client, scene):
    client.sign_in(scene.coordinator)

    page = client.fill(f"{scene.path}/sessions/training/edit", room=str(scene.south_room.id))

    assert page.errors == ["This is not on offer any more. Choose another answer."]


def test_a_form_made_in_sight_of_an_older_state_is_refused(client, scene):
    client.sign_in(scene.coordinator)
    path = f"{scene.path}/sessions/training/edit"
    page = client.open(path)
    session = scene.read("training")
    session.title = {"en": "Renamed"}
    db.session.commit()

    answer = client.send(page, path, begins="14:00")

    assert answer.status == 409
    assert scene.current() is None


@pytest.mark.parametrize("role", [Role.AGENCY, Role.COUNCIL, Role.ORGANIZER])
def test_others_have_no_site(client, scene, role):
    client.sign_in(make.account(role, edition_id=scene.edition.id))

    assert client.open(f"{scene.path}/").status == 403


def test_a_grant_for_another_edition_opens_nothing(client, scene):
    elsewhere = make.edition()
    client.sign_in(make.account(Role.SITE, edition_id=elsewhere.id, site_id=make.site(elsewhere).id))

    assert client.open(f"{scene.path}/").status == 403


def test_the_day_asks_the_database_as_often_for_three_as_for_one(client, scene, queries):
    client.sign_in(scene.coordinator)
    client.fill(f"{scene.path}/sessions/training/edit", begins="14:00")
    client.open(f"{scene.path}/")
    with queries() as one:
        client.open(f"{scene.path}/")
    scene.session("a", "10:00", "11:00", scene.north_small, title={"en": "A"})
    scene.session("b", "11:00", "12:00", scene.north_small, title={"en": "B"})
    client.fill(f"{scene.path}/sessions/a/edit", begins="09:45")
    client.fill(f"{scene.path}/sessions/b/edit", begins="11:15")
    client.open(f"{scene.path}/")
    with queries() as three:
        client.open(f"{scene.path}/")

    assert three.total == one.total
