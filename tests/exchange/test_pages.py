"""Importing on a page, and the addresses that other systems read."""

import io
import json
from datetime import date

import pytest
from sqlalchemy import func, select

from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.exchange.views import staff
from dxday.operations import jobs
from dxday.operations.models import Operation
from dxday.programme.models import Session
from dxday.sites.rules import SiteKind
from tests import make
from tests.exchange.programmes import Province

GUID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def edition(app):
    edition = make.edition(starts_on=date(2026, 10, 10), ends_on=date(2026, 10, 10))
    make.room(make.site(edition, kind=SiteKind.MAIN, code="main"), name={"vi": "Hall"}, code="hall")
    return edition


@pytest.fixture
def organizer(client, edition):
    return client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))


def path(edition, more=""):
    return f"/manage/{edition.code}/programme/import{more}"


def schedule(start="09:00", guid=GUID, title="Lễ khai mạc", more=""):
    return (
        "<schedule><conference><title>T</title></conference><day date='2026-10-10'><room name='Hall'>"
        f"<event id='1' guid='{guid}'><start>{start}</start><duration>01:00</duration><title>{title}</title>"
        f"<language>vi</language></event>{more}</room></day></schedule>"
    ).encode()


def upload(organizer, edition, data, name="schedule.xml"):
    return organizer.fill(path(edition), files={"file": (io.BytesIO(data), name)})


def how_many():
    return db.session.scalar(select(func.count(Session.id)))


def test_a_file_is_compared_first_and_imported_when_somebody_says_so(organizer, edition):
    compared = upload(organizer, edition, schedule())
    preview = organizer.follow(compared)

    assert how_many() == 0
    assert "Lễ khai mạc" in preview.text
    done = organizer.send(preview, compared.location)

    assert (done.status, done.location) == (302, f"/manage/{edition.code}/programme/")
    assert [s.guid.hex for s in db.session.scalars(select(Session))] == [GUID.replace("-", "")]


def test_differences_are_shown_field_by_field(organizer, edition):
    organizer.send(organizer.follow(first := upload(organizer, edition, schedule())), first.location)

    preview = organizer.follow(upload(organizer, edition, schedule(start="10:00")))

    assert preview.all("//section[@id='changed']//tbody//th") == ["Time"]
    assert preview.all("//section[@id='changed']//tbody//td//span") == [
        "10/10/2026 09:00–10:00",
        "10/10/2026 10:00–11:00",
    ]


@pytest.mark.parametrize(("guid", "ticked"), [(GUID, ["y"]), ("7b5d2c1e-0a4f-4d55-9c57-3e0c5a7f1b02", [])])
def test_what_is_not_in_the_file_is_cancelled_unasked_only_when_the_file_knows_the_programme(
    organizer, edition, guid, ticked
):
    organizer.send(organizer.follow(first := upload(organizer, edition, schedule())), first.location)
    make.session(edition)
    db.session.flush()

    preview = organizer.follow(upload(organizer, edition, schedule(start="10:00", guid=guid)))

    assert preview.all("//section[@id='deleted']//li") != []
    assert preview.document.xpath("//input[@name='cancel_missing' and @checked]/@value") == ticked


def test_a_form_sent_twice_imports_once(organizer, edition):
    compared = upload(organizer, edition, schedule())
    preview = organizer.follow(compared)

    first, second = (organizer.send(preview, compared.location) for _ in range(2))

    assert (first.location, second.location) == (f"/manage/{edition.code}/programme/",) * 2
    assert how_many() == 1


def test_a_preview_of_an_older_draft_says_so_and_imports_nothing(organizer, edition):
    compared = upload(organizer, edition, schedule())
    preview = organizer.follow(compared)
    make.session(edition)
    db.session.flush()

    refused = organizer.send(preview, compared.location)

    assert refused.status == 409
    assert "The programme was changed since" in refused.text
    assert how_many() == 1
    again = organizer.send(refused, compared.location, form=f"{compared.location}/again")
    fresh = organizer.follow(again)
    assert "The programme was changed since" not in fresh.text
    assert organizer.send(fresh, again.location).location == f"/manage/{edition.code}/programme/"


def test_rows_with_errors_are_listed_and_left_out_only_when_somebody_says_so(organizer, edition):
    bad = "<event id='2'><start>24:00</start><duration>01:00</duration><title>B</title></event>"
    compared = upload(organizer, edition, schedule(more=bad))
    preview = organizer.follow(compared)

    assert preview.all("//section[@id='errors']//tbody//td[2]") == [
        "There is no 24:00: write 00:00 of the next day."
    ]
    refused = organizer.send(preview, compared.location)
    assert refused.status == 422
    assert "Some rows have errors." in refused.text
    assert how_many() == 0
    assert organizer.send(preview, compared.location, leave_out="y").status == 302
    assert how_many() == 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "The file is empty."),
        (b"<schedule>\n<day>", "The file is damaged in line 2: no element found. Nothing was imported."),
        (b"<!DOCTYPE a []><schedule/>", "The file has a DOCTYPE in line 1, which may hold entities."),
        (b"%PDF-1.7", "The file is none of those that can be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_the_field(organizer, edition, data, says):
    page = upload(organizer, edition, data)

    assert says in page.text
    assert how_many() == 0


def test_a_large_file_goes_to_a_worker(organizer, edition, monkeypatch):
    monkeypatch.setattr(staff, "SMALL", 10)
    compared = upload(organizer, edition, schedule())
    waiting = organizer.follow(compared)

    assert waiting.location.endswith(f"/operations/{compared.location.rpartition('/')[2]}")
    operation = db.session.scalars(select(Operation)).one()
    assert jobs.carry_operation(operation.id, clock.now()) is Carriage.DONE
    done = organizer.follow(waiting)
    assert compared.location in done.links()
    assert "Lễ khai mạc" in organizer.open(compared.location).text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_template_is_read_by_the_import(organizer, edition, form):
    data = organizer.open(path(edition, f"/template.{form}")).response.data
    edition.ends_on = date(2026, 10, 10)
    db.session.flush()

    page = organizer.fill(path(edition), files={"file": (io.BytesIO(data), f"a.{form}")}, make_rooms="y")

    assert "Lễ khai mạc" in organizer.follow(page).text


def test_only_who_may_edit_the_programme_imports(client, edition):
    client.sign_in(make.account(Role.COUNCIL, edition_id=edition.id))
    assert client.open(path(edition)).status == 403


def test_what_another_edition_compared_is_not_found(organizer, edition):
    other = make.edition()
    operation = make.operation(other, kind="programme_compare", carriage=Carriage.DONE, answer={})

    assert organizer.open(path(edition, f"/{operation.id}")).status == 404


# What other systems read ---------------------------------------------------------------------------------------------


def test_the_published_programme_is_at_addresses_that_answer_304(client, app):
    province = Province()
    province.joined()
    make.released(province.edition)

    for form, media_type in (
        ("xml", "application/vnd.c3voc.schedule+xml; charset=utf-8"),
        ("json", "application/json"),
    ):
        address = f"/{province.edition.code}/schedule.{form}"
        first = client.open(address).response
        known = client.http.get(address, headers={"If-None-Match": first.headers["ETag"]})

        assert (first.status_code, first.headers["Content-Type"]) == (200, media_type)
        assert (known.status_code, known.data) == (304, b"")
        assert "Lễ khai mạc" in first.data.decode()


def test_after_a_release_nobody_is_given_the_old_file(client, app):
    province = Province()
    province.joined()
    make.released(province.edition)
    address = f"/{province.edition.code}/schedule.json"
    before = client.open(address).response
    late = make.session(province.edition, state="draft", title={"vi": "Mới"})
    make.placement(late, province.fair)
    db.session.flush()
    make.released(province.edition)

    after = client.open(address, headers={"If-None-Match": before.headers["ETag"]}).response

    assert after.status_code == 200
    assert "Mới" in after.data.decode()
    assert json.loads(after.data)["schedule"]["version"] == "2 test"


def test_writing_asks_as_many_questions_for_one_session_as_for_twenty(client, app, queries):
    province = Province()
    province.joined()
    make.released(province.edition)
    address = f"/{province.edition.code}/schedule.xml"
    client.open(address)
    with queries() as few:
        app.extensions.pop("dxday_kept")
        client.open(address)
    for number in range(20):
        make.placement(
            make.session(province.edition, state="draft"),
            province.fair,
            starts_at=f"2026-10-11 {number:02}:00",
            ends_at="2026-10-11 23:00",
        )
    db.session.flush()
    make.released(province.edition)
    client.open(address)
    with queries() as many:
        app.extensions.pop("dxday_kept")
        client.open(address)

    assert many.total == few.total
