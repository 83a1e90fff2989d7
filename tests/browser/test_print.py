"""What comes out of the printer."""

import subprocess

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def printed(page: Page) -> list[str]:
    """The words of each sheet of A4 that the page is printed on."""
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    text = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    return [" ".join(sheet.split()) for sheet in text.split("\f")[:-1]]


def test_the_programme_by_site_is_one_sheet_for_each_site(site, visit):
    page = visit(site, "/next/schedule?view=sites")
    sites = [
        heading.inner_text() for heading in page.get_by_role("main").get_by_role("heading", level=2).all()
    ]
    day = page.get_by_role("heading", level=3).first.inner_text()

    sheets = printed(page)

    assert len(sites) == 22
    of_which = [[name for name in sites if f"{name} {day}" in sheet] for sheet in sheets]
    assert of_which == [[name] for name in sites]


def test_the_programme_by_time_is_printed_whole_and_without_what_only_a_screen_needs(site, visit):
    page = visit(site, "/next/schedule")
    titles = page.locator("ol.slots .slot-title a").all_inner_texts()

    words = " ".join(printed(page))

    assert len(titles) == 9
    assert [title for title in titles if title not in words] == []
    assert [word for word in ("Register", "Sign in", "Calendar file", "Tiếng Việt") if word in words] == []


def test_a_ticket_is_printed_on_one_sheet_with_its_code(site, visit):
    page = visit(site, "/next/register")
    page.get_by_label("Cửa Lò site · On site").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Full name").fill("Đỗ Thị Ví Dụ")
    page.get_by_label("E-mail address").fill("on-paper@example.org")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Take my place").click()
    code = page.locator(".ticket-code").inner_text().split()[-1]

    [sheet] = printed(page)

    assert [word for word in ("Đỗ Thị Ví Dụ", "Cửa Lò site", code) if word not in sheet] == []
    assert [word for word in ("Cancel my place", "Change the site") if word in sheet] == []
