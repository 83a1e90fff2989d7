"""Postponing the edition in a browser: on a telephone without JavaScript, and on a desk."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.test_accessibility import NARROW, WIDE, axe, find_faults, sticks_out
from tests.browser_site import Site

__all__ = ["axe"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: other tests want the edition on its day."""
    with Site(tmp_path_factory.mktemp("postponed")).running() as site:
        yield site


def sign_in(page: Page, site: Site, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(site.password(email))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your work")


@pytest.mark.parametrize(("width", "days", "script"), [(NARROW, 7, False), (WIDE, 14, True)])
def test_an_organizer_postpones_the_edition_and_everybody_reads_of_it(
    own_site, visit, axe, width, days, script
):
    page = visit(
        own_site, "/sign-in?lang=en", viewport={"width": width, "height": 900}, java_script_enabled=script
    )
    faults = []

    def look(heading: str) -> None:
        expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        if script:
            faults.extend(find_faults(page, axe))
            page.set_viewport_size({"width": width, "height": 900})
        elif sticks_out(page):
            faults.append(f"{heading} sticks out")

    sign_in(page, own_site, "organizer@dxday.example")
    page.goto("/manage/next/change-of-plan")
    look("Postpone or cancel")
    page.get_by_role("main").get_by_role("link", name="Postpone the edition").click()
    look("Postpone the edition")
    page.get_by_label("New first day").fill(str(make.TODAY + timedelta(days=400 + days)))
    page.get_by_label("Reason in Vietnamese").fill("Bão đổ bộ vào đất liền, giao thông bị gián đoạn.")
    page.get_by_role("button", name="Show what follows").click()
    look("What follows")
    page.get_by_label("I have read what follows, and I mean it").check()
    page.get_by_role("button", name="Postpone the edition").click()
    look("The edition was postponed")

    page.goto("/next/schedule")
    expect(page.get_by_text("Postponed from")).to_be_visible()
    assert faults == []
