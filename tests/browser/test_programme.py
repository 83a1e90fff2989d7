"""The public programme in a browser: one's own time, stars, a hall's screen, and a frame in somebody's page."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_keyboard import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPENING, TALK = "Opening ceremony", "Talk: open data for small enterprises"


def own_times(page: Page) -> list[str]:
    return page.locator(".own-time").all_inner_texts()


# One's own time ------------------------------------------------------------------------------------------------------


def test_who_is_in_another_time_zone_sees_their_own_time_beside_the_event_s(site, visit):
    page = visit(site, "/next/schedule", timezone_id="Asia/Kolkata")

    opening = page.locator("[data-code]").filter(has_text=OPENING)
    expect(opening.locator(".slot-time")).to_have_text("08:00–08:4506:30 your time")
    expect(page.locator(".lead")).to_contain_text("stands beside it where it differs")


def test_where_it_is_another_day_the_day_is_named(site, visit):
    page = visit(site, "/next/schedule", timezone_id="America/Los_Angeles")

    assert own_times(page)[0] == "Sat 18:00 your time"


@pytest.mark.parametrize("options", [{"timezone_id": "Asia/Bangkok"}, {"java_script_enabled": False}])
def test_who_is_in_the_same_time_or_has_no_scripts_sees_one_time(site, visit, options):
    page = visit(site, "/next/schedule", **options)

    expect(page.get_by_role("heading", level=1)).to_have_text("Programme")
    assert own_times(page) == []


# Stars ---------------------------------------------------------------------------------------------------------------


def test_a_session_is_starred_with_the_keyboard_and_kept_without_an_account(site, visit):
    page = visit(site, "/next/schedule")
    star = page.get_by_role("button", name=f"Add to my selection: {OPENING}")
    tab_to(page, star)
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")

    page.reload()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=f"Add to my selection: {TALK}").click()
    page.get_by_role("link", name="My selection (2)").click()

    expect(page.locator(".slot-title")).to_have_text([OPENING, TALK])
    page.get_by_role("link", name=f"Take out {TALK}").click()
    expect(page.locator(".slot-title")).to_have_text([OPENING])
    page.goto("/next/schedule")
    expect(page.get_by_role("button", name=f"Add to my selection: {TALK}")).to_have_attribute(
        "aria-pressed", "false"
    )


def test_a_selection_is_shared_by_its_address_and_taken_over_when_one_wants_it(site, visit):
    mine = visit(site, "/next/schedule")
    mine.get_by_role("button", name=f"Add to my selection: {OPENING}").click()
    mine.goto("/next/schedule/mine")
    expect(mine.locator(".slot-title")).to_have_text([OPENING])
    shared = mine.url.removeprefix(site.url)

    other = visit(site, "/next/schedule")
    other.get_by_role("button", name=f"Add to my selection: {TALK}").click()
    other.goto(shared)

    expect(other.locator(".slot-title")).to_have_text([OPENING])
    other.get_by_role("button", name="Add these to my selection").click()
    expect(other.locator(".slot-title")).to_have_text([OPENING, TALK])


def test_without_scripts_one_searches_and_selects_all_the_same(site, visit):
    page = visit(site, "/next/schedule?lang=vi", java_script_enabled=False)
    page.get_by_label("Tìm kiếm").fill("le khai mac")
    page.keyboard.press("Enter")
    page.locator("#results a").filter(has_text="Lễ khai mạc").click()
    page.locator(".star-place a").click()

    expect(page.locator(".slot-title")).to_have_text(["Lễ khai mạc"])
    assert page.locator("button.star").count() == 0


# A hall's screen -----------------------------------------------------------------------------------------------------


def test_a_screen_says_that_the_network_is_gone_and_that_it_is_back(site, new_context):
    context = new_context(base_url=site.url, locale="en-GB")
    page = context.new_page()
    page.goto("/next/sites/vinh/now")
    state = page.locator("[data-presence]")
    expect(state).to_have_text("On line")

    context.set_offline(True)
    expect(state).to_contain_text("Off line: as it was at")
    expect(page.locator(".hall-next .hall-title").first).to_be_visible()
    context.set_offline(False)

    expect(state).to_have_text("On line")


# A frame in somebody's page ------------------------------------------------------------------------------------------


@contextmanager
def elsewhere(pages: dict[str, str]) -> Iterator[str]:
    """Serve pages from another origin; yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()


def page_with(body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><title>Somebody</title><body><h1>Somebody</h1>{body}</body></html>'
    )


def test_two_lines_put_the_programme_into_the_page_of_somebody_else(site, new_context):
    lines = (
        f'<a href="{site.url}/next/schedule">The programme</a>'
        f'<script async src="{site.url}/next/widget.js" data-site="vinh" data-lang="en"></script>'
    )
    with elsewhere({"/": page_with(lines)}) as address:
        page = new_context().new_page()
        page.goto(address)

        frame = page.frame_locator("iframe[title='The programme']")
        expect(frame.locator(".slot-title").first).to_have_text(OPENING)
        expect(page.get_by_role("link", name="The programme")).to_be_hidden()
        page.wait_for_function("parseFloat(document.querySelector('iframe').style.height) > 500")
        inside = page.frames[1]
        assert inside.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")
        with page.context.expect_page() as opened:
            frame.get_by_role("link", name=OPENING).click()
        expect(opened.value.get_by_role("heading", level=1)).to_have_text(OPENING)
        assert inside.evaluate("document.cookie") == ""

        plain = new_context(java_script_enabled=False).new_page()
        plain.goto(address)
        expect(plain.get_by_role("link", name="The programme")).to_be_visible()


def test_no_other_page_can_be_put_into_a_frame(site, new_context):
    frames = f'<iframe src="{site.url}/next/schedule"></iframe><iframe src="{site.url}/next/widget"></iframe>'
    with elsewhere({"/": page_with(frames)}) as address:
        page = new_context(locale="en-GB").new_page()
        page.goto(address)

        expect(page.frame_locator("iframe >> nth=1").locator(".slot-title").first).to_be_visible()
        assert page.frame_locator("iframe >> nth=0").locator(".slot-title").count() == 0


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("language", ["vi", "en", "hi"])
def test_nothing_sticks_out_in_any_language(site, visit, width, language):
    page = visit(site, "/", viewport={"width": width, "height": 900}, timezone_id="Asia/Kolkata")
    wide = []
    for path in (
        "/next/schedule?view=tracks",
        "/next/schedule?q=le",
        "/next/schedule/mine?s=le-khai-mac,le-ton-vinh",
        "/next/sites/vinh/now",
        "/next/now",
        "/next/widget",
        "/next/sessions/le-khai-mac",
    ):
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path)

    assert wide == []
