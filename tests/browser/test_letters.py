"""The words of a letter as organizers write them: with scripts the preview follows, without them a button shows it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser_site import Site, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ADDRESS = "/manage/next/letters/certificate_ready/en"


def open_words(page: Page, site: Site) -> None:
    sign_in(page, site, "organizer@dxday.example")
    page.goto(ADDRESS)


def preview_of(page: Page):
    return page.frame_locator("iframe.letter-frame")


def letter_in(page: Page):
    return preview_of(page).frame_locator("iframe")


def test_the_preview_follows_what_is_typed_and_the_way_back_does_not_lead_through_it(site, visit):
    page = visit(site)
    open_words(page, site)
    expect(letter_in(page).get_by_role("link", name="Open my certificate")).to_be_visible()
    steps = page.evaluate("history.length")

    page.get_by_label("Text").fill("Good day, ")
    page.get_by_role("button", name="Insert {{ recipient }}").click()

    expect(page.get_by_label("Text")).to_have_value("Good day, {{ recipient }}")
    expect(letter_in(page).locator(".card")).to_have_text("Good day, Nguyễn Văn Mẫu")
    assert page.evaluate("history.length") == steps


def test_without_scripts_a_button_shows_the_preview(site, new_context):
    page = new_context(base_url=site.url, locale="en-GB", java_script_enabled=False).new_page()
    page.goto("/")
    open_words(page, site)

    page.get_by_label("Text").fill("Good day, {{ recipient }}")
    page.get_by_role("button", name="Show the preview").click()

    expect(letter_in(page).locator(".card")).to_have_text("Good day, Nguyễn Văn Mẫu")
    expect(page).to_have_url(f"{site.url}{ADDRESS}")


def test_the_logo_of_the_preview_is_shown_and_nothing_runs_in_it(site, visit):
    page = visit(site)
    open_words(page, site)

    page.get_by_label("Text").fill('<script>top.ran = 1</script><img src=x onerror="top.ran = 1">')

    expect(letter_in(page).locator(".card")).to_contain_text("top.ran")
    assert page.frames[-1].evaluate("document.images[0].naturalWidth") == 60
    assert page.evaluate("window.ran") is None
