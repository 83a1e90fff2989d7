"""The page on which an organizer changes an edition: what is no date, number or year is refused in words."""

import pytest

from dxday.core.permissions import Role
from dxday.editions import rules
from tests import make


@pytest.fixture
def edition(app):
    return make.edition()


@pytest.fixture
def organizer(client, edition):
    return client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("starts_on", "0001-01-01"),
        ("ends_on", "9999-12-31"),
        ("ceremony_on", "1999-12-31"),
        ("registration_opens_at", "0001-01-01T00:00"),
        ("nominations_close_at", "9999-12-31T23:59"),
    ],
)
def test_a_year_in_which_no_edition_can_be_is_refused_and_no_page_breaks(organizer, edition, field, written):
    page = organizer.fill(f"/manage/{edition.code}/edition", **{field: written})

    assert (page.status, page.errors) == (200, ["Give a day between 1/1/2000 and 31/12/2100."])
    assert [organizer.open(f"/{edition.code}/{each}").status for each in ("", "schedule", "register")] == [
        200
    ] * 3


@pytest.mark.parametrize("version", ["x", "²", "9" * 5000, "-1", ""])
def test_a_version_that_is_no_number_fits_none(organizer, edition, version):
    page = organizer.fill(f"/manage/{edition.code}/edition", version=version, name_en="Another")

    assert (page.status, len(page.all("//*[@role='alert']"))) == (200, 1)
    assert edition.name.get("en") != "Another"


@pytest.mark.parametrize("year", [rules.FIRST_YEAR, rules.LAST_YEAR])
def test_the_first_and_the_last_year_are_fine(year):
    rules.check_years({"starts_on": make.TODAY.replace(year=year, day=1)})
