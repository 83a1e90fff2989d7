"""The pages of people who can have a part: searching, adding, changing."""

import pytest
from sqlalchemy import select

from dxday.accounts.models import Person
from dxday.core.permissions import Role
from dxday.db import db
from tests import make


@pytest.fixture
def path(client):
    edition = make.edition()
    client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))
    return f"/manage/{edition.code}/people"


def test_an_empty_list_says_what_to_do(client, path):
    page = client.open(f"{path}/")

    assert page.all("//p[@class='empty-title']") == ["Nobody is in the list yet"]


def test_people_are_found_without_accents(client, path):
    make.person(full_name="Đặng Thị Hòa", position={"vi": "Giám đốc"})
    make.person(full_name="Trần Văn Mẫu", position={"vi": "Chuyên viên"})

    assert client.open(f"{path}/?q=dang hoa").all("//tbody//th") == ["Đặng Thị Hòa"]
    assert client.open(f"{path}/?q=chuyen vien").all("//tbody//th") == ["Trần Văn Mẫu"]
    assert client.open(f"{path}/?q=xyz").all("//p[@class='empty-title']") == ["Nobody is called that"]
    assert client.open(f"{path}/").all("//tbody//th") == ["Đặng Thị Hòa", "Trần Văn Mẫu"]


def test_a_person_is_added_and_changed(client, path):
    host = make.organisation()

    client.fill(
        f"{path}/new",
        full_name="Lê Thị Mẫu",
        position_vi="Phó chủ tịch",
        organisation=str(host.id),
        locale="hi",
    )
    person = db.session.scalars(select(Person)).one()
    client.fill(f"{path}/{person.id}", email="mau@example.org", position_en="Vice chairman")

    db.session.expire_all()
    person = db.session.scalars(select(Person)).one()
    assert (person.full_name, person.position) == (
        "Lê Thị Mẫu",
        {"vi": "Phó chủ tịch", "en": "Vice chairman"},
    )
    assert (person.organisation_id, person.email, person.locale) == (host.id, "mau@example.org", "hi")


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({"full_name": None}, ["Answer this question."]),
        ({"email": "nobody"}, ["Write the whole address."]),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(client, path, answers, errors):
    page = client.fill(f"{path}/new", **({"full_name": "Lê Thị Mẫu"} | answers))

    assert page.errors == errors


def test_a_change_in_sight_of_an_older_state_is_refused(client, path):
    person = make.person()
    page = client.open(f"{path}/{person.id}")
    person.email = "new@example.org"
    db.session.commit()

    answer = client.send(page, f"{path}/{person.id}", full_name="Mine")

    assert answer.status == 409
    assert db.session.scalars(select(Person.full_name)).one() == "Nguyễn Văn Mẫu"


@pytest.mark.parametrize("role", [Role.AGENCY, Role.COUNCIL])
def test_others_may_not_open_the_pages(client, path, role):
    person = make.person()
    client.sign_in(make.account(role))

    assert [client.open(path + end).status for end in ("/", "/new", f"/{person.id}")] == [403] * 3


def test_nobody_is_not_found(client, path):
    assert client.open(f"{path}/999999").status == 404


def test_the_list_asks_the_database_as_often_for_three_as_for_one(client, path, queries):
    make.person(organisation_id=make.organisation().id)
    client.open(f"{path}/")
    with queries() as one:
        client.open(f"{path}/")
    for _ in range(2):
        make.person(organisation_id=make.organisation().id)
    with queries() as three:
        client.open(f"{path}/")

    assert three.total == one.total
