"""Sites and rooms: what may be added, and in which order they are listed."""

import pytest

from dxday.db import db
from dxday.editions.models import Edition
from dxday.sites import queries, rules, services
from dxday.sites.rules import SiteKind
from tests import make

NAME = {"vi": "Vinh", "en": "Vinh"}


def add_site(edition, code="vinh", **given):
    return services.add_site(
        edition,
        code,
        **({"kind": SiteKind.SATELLITE, "name": NAME, "actor": make.actor(), "now": make.NOW} | given),
    )


def add_room(site, code="hall", **given):
    return services.add_room(
        site, code, **({"name": NAME, "capacity": 50, "actor": make.actor(), "now": make.NOW} | given)
    )


def test_the_main_site_comes_first_and_the_others_by_position(app):
    edition = make.edition()
    for code, kind, position in [("b", "satellite", 2), ("a", "satellite", 1), ("main", "main", 9)]:
        add_site(edition, code, kind=SiteKind(kind), position=position)
    add_site(make.edition(), "elsewhere")

    assert [site.code for site in queries.list_sites(edition.id)] == ["main", "a", "b"]


def test_sites_are_listed_with_rooms_and_officer_in_two_statements(app, queries):
    from dxday.sites import queries as site_queries

    edition = make.edition()
    for code in ("a", "b", "c"):
        add_room(add_site(edition, code, presiding_officer=make.person()))
    db.session.expire_all()
    edition_id = edition.id

    with queries() as counted:
        listed = site_queries.list_sites(edition_id)
        names = [(site.rooms[0].code, site.presiding_officer.full_name) for site in listed]

    assert names == [("hall", "Nguyễn Văn Mẫu")] * 3
    assert counted.total == 2


@pytest.mark.parametrize("code", ["", "Vinh", "a b", "-a", "a--b", "điểm"])
def test_a_code_that_cannot_stand_in_an_address_is_refused(app, code):
    with pytest.raises(rules.CodeNotUsable):
        add_site(make.edition(), code)


def test_a_code_is_given_once_in_an_edition_and_once_at_a_site(app):
    edition = make.edition()
    site = add_site(edition)
    add_room(site)

    with pytest.raises(rules.CodeTaken):
        add_site(edition)
    with pytest.raises(rules.CodeTaken):
        add_room(site)
    assert add_room(add_site(make.edition())).code == "hall"


def test_there_is_one_main_site(app):
    edition = make.edition()
    add_site(edition, "one", kind=SiteKind.MAIN)

    with pytest.raises(rules.SecondMainSite):
        add_site(edition, "two", kind=SiteKind.MAIN)


def test_a_new_site_or_room_lets_kept_pages_be_made_afresh(app):
    edition = make.edition()
    versions = [edition.programme_version]

    site = add_site(edition)
    versions.append(db.session.get(Edition, edition.id, populate_existing=True).programme_version)
    add_room(site)
    versions.append(db.session.get(Edition, edition.id, populate_existing=True).programme_version)

    assert versions == [0, 1, 2]
