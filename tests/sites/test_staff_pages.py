"""The staff's pages of sites and rooms: adding, changing, and what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.core.permissions import Role
from dxday.db import db
from dxday.sites import queries as sites
from dxday.sites.rules import SiteKind
from tests import make


class World:
    def __init__(self, client):
        self.edition = make.edition()
        self.path = f"/manage/{self.edition.code}/sites"
        client.sign_in(make.account(Role.ORGANIZER, edition_id=self.edition.id))

    def site(self, code):
        db.session.expire_all()
        return sites.get_site(self.edition.id, code)


@pytest.fixture
def world(client):
    return World(client)


def test_an_empty_list_says_what_to_do(client, world):
    page = client.open(f"{world.path}/")

    assert page.all("//p[@class='empty-title']") == ["No site yet"]
    assert f"{world.path}/new" in page.links()


def test_a_site_is_added_with_everything_that_is_asked(client, world):
    host, officer = make.organisation(), make.person()

    page = client.fill(
        f"{world.path}/new",
        code="vinh",
        kind="main",
        name_vi="Hội trường Vinh",
        name_en="Vinh hall",
        address_en="Vinh",
        organisation=str(host.id),
        officer=str(officer.id),
        join_url="https://meet.example/vinh",
        position="3",
    )

    site = world.site("vinh")
    assert page.location == f"{world.path}/vinh"
    assert (site.kind, site.name, site.address) == (
        SiteKind.MAIN,
        {"vi": "Hội trường Vinh", "en": "Vinh hall"},
        {"en": "Vinh"},
    )
    assert (site.organisation_id, site.presiding_officer_id) == (host.id, officer.id)
    assert (site.join_url, site.position) == ("https://meet.example/vinh", 3)


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({"code": "Vinh!"}, ["“Vinh!” cannot be used as a code: use small letters, digits and dashes."]),
        ({"code": "new"}, ["“new” cannot be used as a code: use small letters, digits and dashes."]),
        ({"code": "taken"}, ["“taken” is the code of another one already."]),
        ({"kind": "main"}, ["The edition has a main site already."]),
        ({"name_en": None}, ["Give it a name in at least one language."]),
        ({"code": None}, ["Answer this question."]),
        ({"join_url": "meet.example"}, ["Write the whole address, beginning with https://."]),
        ({"position": "-1"}, ["Write a number from 0 to 10000."]),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(client, world, answers, errors):
    make.site(world.edition, code="taken", kind=SiteKind.MAIN)

    page = client.fill(f"{world.path}/new", **({"code": "vinh", "name_en": "Vinh"} | answers))

    assert page.errors == errors
    assert [site.code for site in sites.list_sites(world.edition.id)] == ["taken"]


def test_a_site_is_changed_and_it_is_in_the_trail(client, world):
    make.site(world.edition, code="north", name={"en": "North"})

    client.fill(f"{world.path}/north/edit", name_en="Far north")

    assert world.site("north").name == {"en": "Far north"}
    assert (
        db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence.desc())).first()
        == "site.changed"
    )


def test_a_site_does_not_become_a_second_main_site(client, world):
    make.site(world.edition, code="main", kind=SiteKind.MAIN)
    make.site(world.edition, code="north")

    page = client.fill(f"{world.path}/north/edit", kind="main")

    assert page.errors == ["The edition has a main site already."]


def test_a_change_in_sight_of_an_older_state_is_refused(client, world):
    made = make.site(world.edition, code="north", name={"en": "North"})
    page = client.open(f"{world.path}/north/edit")
    made.join_url = "https://meet.example"
    db.session.commit()

    answer = client.send(page, f"{world.path}/north/edit", name_en="Mine")

    assert answer.status == 409
    assert world.site("north").name == {"en": "North"}


def test_rooms_are_added_and_changed(client, world):
    make.site(world.edition, code="north")

    client.fill(
        f"{world.path}/north/rooms/new",
        code="hall",
        name_en="Hall",
        capacity="120",
        features="Line, máy chiếu; line",
        turnaround="15",
    )
    client.fill(f"{world.path}/north/rooms/hall", capacity="140", shared="y")

    room = world.site("north").rooms[0]
    assert (room.code, room.capacity, room.shared) == ("hall", 140, True)
    assert (room.features, room.turnaround) == (["line", "may-chieu"], timedelta(minutes=15))


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({"capacity": None}, ["Answer this question."]),
        ({"capacity": "-5"}, ["Write a number from 0 to 100000."]),
        ({"code": "hall"}, ["“hall” is the code of another one already."]),
        ({"name_en": None}, ["Give it a name in at least one language."]),
    ],
)
def test_a_room_that_cannot_be_is_refused(client, world, answers, errors):
    make.room(make.site(world.edition, code="north"), code="hall")

    page = client.fill(
        f"{world.path}/north/rooms/new", **({"code": "small", "name_en": "Small", "capacity": "5"} | answers)
    )

    assert page.errors == errors


def test_a_room_with_two_sessions_at_once_stays_shared(client, world):
    room = make.room(make.site(world.edition, code="north"), code="hall", shared=True)
    for _ in range(2):
        make.placement(make.session(world.edition), room)

    page = client.fill(f"{world.path}/north/rooms/hall", shared=None)

    assert page.errors == ["Two sessions are in this room at one time. Move one of them first."]
    assert world.site("north").rooms[0].shared is True


def test_a_room_without_a_clash_stops_being_shared(client, world):
    room = make.room(make.site(world.edition, code="north"), code="hall", shared=True)
    placement = make.placement(make.session(world.edition), room)

    client.fill(f"{world.path}/north/rooms/hall", shared=None)

    db.session.expire_all()
    assert (world.site("north").rooms[0].shared, placement.room_shared) == (False, False)


@pytest.mark.parametrize(
    "path", ["/", "/new", "/north", "/north/edit", "/north/rooms/new", "/north/rooms/hall"]
)
@pytest.mark.parametrize("role", [Role.AGENCY, Role.COUNCIL])
def test_others_may_not_open_the_pages(client, world, path, role):
    make.room(make.site(world.edition, code="north"), code="hall")
    client.sign_in(make.account(role, edition_id=world.edition.id))

    assert client.open(world.path + path).status == 403


def test_a_site_of_another_edition_is_not_found(client, world):
    make.room(make.site(make.edition(), code="north"), code="hall")

    for path in ("/north", "/north/edit", "/north/rooms/new", "/north/rooms/hall"):
        assert client.open(world.path + path).status == 404


def test_the_list_asks_the_database_as_often_for_three_as_for_one(client, world, queries):
    make.room(make.site(world.edition))
    client.open(f"{world.path}/")
    with queries() as one:
        client.open(f"{world.path}/")
    for _ in range(2):
        make.room(make.site(world.edition))
    with queries() as three:
        client.open(f"{world.path}/")

    assert three.total == one.total
