"""The demo editions say what is known, and nothing that is not."""

from datetime import date

import pytest
from sqlalchemy import select

from dxday.accounts.models import Person
from dxday.awards import queries as awards
from dxday.certificates import queries as certificates
from dxday.db import db
from dxday.demo import coming, load, places
from dxday.editions import queries as editions
from dxday.editions.rules import Stage
from dxday.programme.models import Placement
from dxday.sites import queries as sites
from tests import make


def load_demo(app, name):
    db.session.commit()
    assert load.load(name, settings=app.extensions["dxday_settings"], now=make.NOW) is True
    return editions.get_edition(name)


def test_the_places_are_the_twenty_one_units_with_their_codes():
    assert sorted(code for code, *_ in places.UNITS) == list(range(412, 433))
    assert len({code for *_, code in places.UNITS}) == 21


def test_the_edition_of_2023_holds_the_facts(app):
    edition = load_demo(app, "nghe-an-2023")

    assert edition.theme["vi"] == "Khai thác dữ liệu số để tạo ra giá trị"
    assert [(d.number, d.issued_on) for d in editions.list_documents(edition.id)] == [
        ("505/QĐ-TTg", date(2022, 4, 22)),
        ("09-NQ/TU", date(2022, 8, 5)),
        ("586/KH-UBND", date(2022, 8, 22)),
        ("634", date(2023, 8, 29)),
    ]
    assert edition.stage(make.TODAY) is Stage.FINISHED
    assert len(sites.list_sites(edition.id)) == 22
    assert len(list(db.session.scalars(select(Placement).where(Placement.edition_id == edition.id)))) == 44
    assert len(awards.list_awards(edition.id)) == len(certificates.list_certificates(edition.id)) == 3


def test_real_officials_are_only_those_of_the_report(app):
    load_demo(app, "nghe-an-2023")
    load_demo(app, "next")

    made_up = {"Nguyễn Văn Mẫu", "Trần Thị Thí Dụ"}
    reported = {"Nguyễn Đức Trung", "Bùi Đình Long", "Lê Bá Hùng"}
    assert set(db.session.scalars(select(Person.full_name))) == made_up | reported


def test_the_coming_edition_is_open_and_has_no_invented_theme(app):
    edition = load_demo(app, "next")

    assert (edition.starts_on.month, edition.starts_on.day, edition.theme) == (10, 10, None)
    assert edition.registration.is_open(make.NOW)
    assert edition.nominations.is_open(make.NOW)
    assert edition.stage(make.TODAY) in (Stage.COMING, Stage.RUNNING)


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 11, 22), date(2027, 10, 10)),
        (date(2027, 10, 9), date(2027, 10, 10)),
        (date(2027, 10, 10), date(2027, 10, 10)),
        (date(2027, 10, 11), date(2028, 10, 10)),
    ],
)
def test_the_coming_day_is_the_next_tenth_of_october(today, day):
    assert coming.day_after(today) == day


@pytest.mark.parametrize("today", ["2027-09-20T10:00", "2027-10-10T22:00"])
def test_the_coming_edition_is_open_however_near_the_day_is(app, today):
    now = make.at(today)

    load.load("next", settings=app.extensions["dxday_settings"], now=now)

    edition = editions.get_edition("next")
    assert (edition.registration.is_open(now), edition.nominations.is_open(now)) == (True, True)


def test_a_second_load_changes_nothing(app):
    load_demo(app, "next")
    db.session.commit()

    assert load.load("next", settings=app.extensions["dxday_settings"], now=make.NOW) is False
