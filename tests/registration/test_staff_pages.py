"""Registrations as the people see them who organise."""

import csv
import io

import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.core import clock
from dxday.core.permissions import Role
from dxday.db import db
from dxday.operations import jobs
from dxday.operations.models import Operation
from dxday.registration import rules
from dxday.registration.queries import seats_by_site, site_of
from dxday.registration.rules import SeatMode
from tests import make


@pytest.fixture
def edition(app):
    return make.edition()


@pytest.fixture
def organizer(client, edition):
    return client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))


def names(page):
    return [words.split(" ", 1)[0] for words in page.all("//section[@id='list']//tbody//th")]


def test_the_list_shows_seats_and_people(organizer, edition):
    pool = make.pool(make.site(edition, name={"en": "Vinh"}), capacity=4)
    make.registration(pool, full_name="Mẫu", email="mau@example.org")

    page = organizer.open(f"/manage/{edition.code}/registrations")

    assert page.all("//section[@id='seats']//tbody/tr") == ["Vinh On site Taken 1 of 4 3"]
    assert names(page) == ["Mẫu"]


@pytest.mark.parametrize("typed", ["nguyen mau", "NGUYỄN", "mẫu Nguyễn", "mau@", "XÃ MẪU", " xa  mau "])
def test_the_search_forgives_missing_marks_capitals_and_order(organizer, edition, typed):
    pool = make.pool(make.site(edition))
    make.registration(
        pool, full_name="Nguyễn Văn Mẫu", email="mau@example.org", organisation_name="Ủy ban Xã Mẫu"
    )
    make.registration(pool, full_name="Trần Thị Thí Dụ", email="thidu@example.org")

    page = organizer.open(f"/manage/{edition.code}/registrations", query_string={"q": typed})

    assert names(page) == ["Nguyễn"]


def test_nobody_found_is_said_with_a_way_out(organizer, edition):
    make.registration(make.pool(make.site(edition)))

    page = organizer.open(f"/manage/{edition.code}/registrations?q=zzz")

    assert page.all("//*[@class='empty-title']") == ["Nobody found"]


def test_long_lists_have_pages_and_a_page_too_far_is_the_last(organizer, edition):
    pool = make.pool(make.site(edition))
    for _ in range(51):
        make.registration(pool)

    lengths = [
        len(names(organizer.open(f"/manage/{edition.code}/registrations?page={page}")))
        for page in (1, 2, 99, -1)
    ]

    assert lengths == [50, 1, 1, 50]


def test_the_list_costs_the_same_statements_for_one_and_three_people(organizer, edition, queries):
    totals = []
    for people in (1, 2):
        for _ in range(people):
            make.registration(make.pool(make.site(edition)))
        with queries() as counted:
            page = organizer.open(f"/manage/{edition.code}/registrations")
        totals.append((counted.total, len(names(page))))

    assert totals == [(totals[0][0], 1), (totals[0][0], 3)]


def export(organizer, edition):
    """Ask for the export, let a worker make it, and return the page of it."""
    page = organizer.open(f"/manage/{edition.code}/registrations")
    asked = organizer.send(page, "", form=f"/manage/{edition.code}/registrations/export")
    operation = db.session.scalars(select(Operation).order_by(Operation.id.desc())).first()
    jobs.carry_operation(operation.id, clock.now())
    return organizer.follow(asked)


def test_the_export_has_every_line_and_no_formula(organizer, edition):
    pool = make.pool(make.site(edition, name={"en": "=SUM(A1)"}))
    make.registration(pool, full_name='=HYPERLINK("https://evil.example")', email="+a@example.org")

    page = export(organizer, edition)
    answer = organizer.open(next(link for link in page.links() if link.endswith("/file")))

    lines = list(csv.reader(io.StringIO(answer.response.data.decode("utf-8-sig"))))
    assert lines[0][:3] == ["Code", "Full name", "E-mail address"]
    assert lines[1][1:5] == ['\'=HYPERLINK("https://evil.example")', "'+a@example.org", "", "'=SUM(A1)"]
    assert [(line.action, line.facts) for line in db.session.scalars(select(AuditEntry))] == [
        ("operation.requested", {"kind": "registrations_export"}),
        ("registration.exported", {"count": 1}),
    ]


def test_an_organizer_opens_seats(organizer, edition):
    site = make.site(edition)

    saved = organizer.fill(
        f"/manage/{edition.code}/registrations/seats", site=site.code, mode="online", capacity="250"
    )

    assert saved.location == f"/manage/{edition.code}/registrations"
    assert seats_by_site(edition.id) == {site.id: [rules.Seats(SeatMode.ONLINE, 250, 0)]}


@pytest.mark.parametrize(
    ("capacity", "error"),
    [
        ("0", "1 places are taken already; there cannot be fewer seats."),
        ("-1", "Write a whole number from 0 to 1000000."),
        (None, "Write a whole number from 0 to 1000000."),
        ("1000001", "Write a whole number from 0 to 1000000."),
        ("many", "Write a whole number from 0 to 1000000."),
    ],
)
def test_seats_that_cannot_be_are_refused(organizer, edition, capacity, error):
    pool = make.pool(make.site(edition))
    make.registration(pool)
    code = site_of(pool).code

    page = organizer.fill(
        f"/manage/{edition.code}/registrations/seats", site=code, mode="on_site", capacity=capacity
    )

    assert page.errors == [error]


def test_an_edition_without_seats_says_what_to_do(organizer, edition):
    page = organizer.open(f"/manage/{edition.code}/registrations")

    assert page.all("//*[@class='empty-title']") == ["No seats yet"]


@pytest.mark.parametrize("path", ["", "/seats"])
def test_who_organises_another_edition_is_not_let_in(client, edition, path):
    client.sign_in(make.account(Role.ORGANIZER, edition_id=make.edition().id))

    page = client.open(f"/manage/{edition.code}/registrations{path}")

    assert page.status == 403


def test_a_visitor_is_asked_to_sign_in(client, edition):
    db.session.commit()

    page = client.open(f"/manage/{edition.code}/registrations")

    assert page.location == f"/sign-in?next=/manage/{edition.code}/registrations"
