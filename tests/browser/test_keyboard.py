"""Without a mouse, and without scripts: people sign in and register all the same."""

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def tab_to(page: Page, wanted: Locator, *, at_most: int = 60) -> None:
    """Press Tab until the wanted element has the focus; on the way each stop must show that it has it."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        stop = page.locator(":focus")
        assert shows_focus(stop), f"no sign of the focus on {stop.evaluate('e => e.outerHTML')[:200]}"
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached with Tab")


def shows_focus(stop: Locator) -> bool:
    """Whether something is drawn around the element (or its label) that has the focus, and it is in sight."""
    return stop.evaluate(
        """element => {
          const box = element.getBoundingClientRect();
          const drawn = getComputedStyle(element);
          const inSight = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
          const outlined = drawn.outlineStyle !== "none" && parseFloat(drawn.outlineWidth) > 0;
          return inSight && (outlined || drawn.boxShadow !== "none");
        }"""
    )


def test_the_first_tab_leads_past_the_menu_into_the_content(site, visit):
    page = visit(site, "/next/schedule")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    assert shows_focus(skip)

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.locator(":focus").evaluate("element => element.closest('main') !== null")


def test_one_signs_in_with_the_keyboard_alone(site, visit):
    page = visit(site, "/sign-in?lang=en")
    tab_to(page, page.get_by_label("E-mail address"))
    page.keyboard.type("organizer@dxday.example")
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(site.password("organizer@dxday.example"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your work")

    tab_to(page, page.get_by_role("link", name="Organise the edition").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Needs you now")).to_be_visible()


def test_one_registers_with_the_keyboard_alone_and_mends_a_slip(site, visit):
    page = visit(site, "/next/register")
    tab_to(page, page.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Vinh site · On site")).to_be_checked()
    tab_to(page, page.get_by_role("button", name="Continue"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Who is coming?")
    tab_to(page, page.get_by_label("Full name"))
    page.keyboard.type("Đỗ Thị Ví Dụ")
    tab_to(page, page.get_by_label("E-mail address"))
    page.keyboard.type("no address")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Write an e-mail address such as name@example.org."))
    page.keyboard.press("Enter")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("keyboard@example.org")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Is everything right?")
    tab_to(page, page.get_by_label("I agree"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Take my place"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Ticket")).to_contain_text("Đỗ Thị Ví Dụ")


def test_an_open_menu_closes_with_escape(site, visit):
    page = visit(site, "/next/", viewport={"width": 390, "height": 800})
    menu = page.locator("summary").filter(has_text="Menu")
    tab_to(page, menu)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Honours")).to_be_visible()

    page.keyboard.press("Escape")

    expect(menu).to_be_focused()
    expect(page.get_by_role("navigation", name="Main")).to_have_count(0)


def test_one_registers_without_scripts(site, visit):
    page = visit(site, "/next/", java_script_enabled=False)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Register").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose where you will take part.")
    page.get_by_label("Kỳ Sơn site · On site").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Full name").fill("Lê Thị Ví Dụ")
    page.get_by_label("E-mail address").fill("no-scripts@example.org")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Take my place").click()

    expect(page.get_by_role("article", name="Ticket")).to_contain_text("Lê Thị Ví Dụ")
    expect(page.get_by_role("img", name="QR code that opens this page")).to_be_visible()
    expect(page.get_by_role("link", name="Cancel my place")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()


def test_one_signs_in_and_finds_the_menu_without_scripts(site, visit):
    page = visit(site, "/sign-in?lang=en", java_script_enabled=False, viewport={"width": 390, "height": 800})
    page.get_by_label("E-mail address").fill("organizer@dxday.example")
    page.get_by_label("Password").fill(site.password("organizer@dxday.example"))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Organise the edition").first.click()

    page.locator("summary").filter(has_text="Menu").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Sessions").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Programme")
    expect(page.get_by_role("link", name="Opening ceremony")).to_be_visible()
