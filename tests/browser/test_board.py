"""The board in a browser: one drags, sees what clashes, undoes, needs no mouse, and nobody overwrites anybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_accessibility import AXE, find_faults
from tests.browser_site import Site, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BOARD = "/manage/next/programme/board"
CONTEST, CONFERENCE, OPENING = "Digital-skills contest", "Online conference", "Opening ceremony"
ORGANIZER = "organizer@dxday.example"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: its programme is moved about."""
    with Site(tmp_path_factory.mktemp("board")).running() as site:
        yield site


@pytest.fixture
def board(new_context, site: Site):
    """Open the board, signed in; what the scripts complain about fails, but for answers that refuse."""
    complaints: list[str] = []

    def open_board(*, path: str = BOARD, signed_in: str = ORGANIZER, **options: object) -> Page:
        context = new_context(
            base_url=site.url,
            locale="en-GB",
            reduced_motion="reduce",
            **({"viewport": {"width": 1440, "height": 1000}} | options),
        )
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on(
            "console",
            lambda said: (
                complaints.append(said.text)
                if said.type in ("error", "warning") and "Failed to load resource" not in said.text
                else None
            ),
        )
        page = context.new_page()
        page.goto("/")
        sign_in(page, site, signed_in)
        page.goto(path)
        if options.get("java_script_enabled", True) and path == BOARD:
            expect(page.locator("[data-board][data-ready]")).to_be_visible()
        return page

    yield open_board
    assert complaints == []


def block(page: Page, title: str, site: str = "") -> Locator:
    return page.locator(".board-line .block-face").filter(has_text=title).filter(has_text=site).first


def row(page: Page, name: str) -> Locator:
    return page.locator(f".board-line[data-name='{name}']").first


def said(page: Page) -> Locator:
    return page.locator(".board-live")


def time_of(face: Locator) -> Locator:
    return face.locator(".block-time")


def step_width(page: Page) -> float:
    """How many pixels five minutes are."""
    return row(page, "Hall").evaluate(
        "cell => cell.clientWidth / document.querySelectorAll('.board-tick').length / 12"
    )


def drag(
    page: Page, face: Locator, *, minutes: int = 0, to: Locator | None = None, drop: bool = True
) -> None:
    """Drag a session by its left end, to another time and into another row."""
    face.scroll_into_view_if_needed()
    box = face.bounding_box()
    x, y = box["x"] + 10, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y, steps=2)
    where = to.bounding_box() if to else None
    page.mouse.move(
        x + minutes / 5 * step_width(page), where["y"] + where["height"] / 2 if where else y, steps=4
    )
    if drop:
        page.mouse.up()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_one_drags_a_session_and_undoes_it(board):
    page = board()
    drag(page, block(page, CONTEST), minutes=30)

    expect(time_of(block(page, CONTEST))).to_have_text("09:30–16:30")
    expect(said(page)).to_contain_text("Moved: Digital-skills contest")

    page.get_by_role("button", name="Undo").click()
    expect(time_of(block(page, CONTEST))).to_have_text("09:00–16:00")

    page.get_by_role("button", name="Do again").click()
    expect(time_of(block(page, CONTEST))).to_have_text("09:30–16:30")

    page.keyboard.press("Control+z")
    expect(time_of(block(page, CONTEST))).to_have_text("09:00–16:00")
    page.reload()
    expect(time_of(block(page, CONTEST))).to_have_text("09:00–16:00")


def test_one_sees_a_clash_while_dragging_and_only_where_there_is_one(board):
    page = board()
    verdict = page.locator(".block-verdict")
    drag(page, block(page, CONTEST), minutes=30, drop=False)
    expect(verdict).to_have_text("Nothing stands against it.")

    hall = row(page, "Hall").bounding_box()
    page.mouse.move(
        page.locator(".is-lifted").bounding_box()["x"] + 10, hall["y"] + hall["height"] / 2, steps=3
    )

    expect(verdict).to_contain_text("Would clash")
    expect(verdict).to_contain_text("Online conference")
    expect(said(page)).to_contain_text("in Hall, Provincial hall of Nghệ An at the same time")

    page.mouse.up()
    dialog = page.get_by_role("dialog", name="This clashes")
    expect(dialog).to_contain_text("Hall, Provincial hall of Nghệ An is taken")
    dialog.get_by_role("button", name="Put it back").click()

    expect(said(page)).to_have_text("Put back where it was.")
    page.reload()
    expect(time_of(block(page, CONTEST))).to_have_text("09:00–16:00")
    expect(row(page, "Exhibition space").locator(".block").filter(has_text=CONTEST)).to_have_count(1)


def test_a_clash_is_kept_for_a_reason_and_undone(board):
    page = board()
    drag(page, block(page, CONTEST), to=row(page, "Hall"))
    dialog = page.get_by_role("dialog", name="This clashes")
    dialog.get_by_role("button", name="Do it anyway").click()
    expect(dialog).to_contain_text("Answer this question.")
    dialog.get_by_label("Do it anyway, because").fill("The hall is divided.")
    dialog.get_by_role("button", name="Do it anyway").click()

    expect(row(page, "Hall").locator(".block").filter(has_text=CONTEST)).to_have_count(1)
    expect(page.locator(".board-findings-list")).to_contain_text("The hall is divided.")

    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Exhibition space").locator(".block").filter(has_text=CONTEST)).to_have_count(1)
    expect(page.locator(".board-findings-count")).to_have_text("Nothing stands against it.")


def test_the_end_is_dragged_to_make_it_longer(board):
    page = board()
    grip = block(page, "Honouring ceremony").locator("xpath=..").locator(".block-grip")
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 3 + 3 * step_width(page), box["y"] + 10, steps=4)
    page.mouse.up()

    expect(time_of(block(page, "Honouring ceremony", "Vinh site"))).to_have_text("16:00–17:15")
    page.keyboard.press("Control+z")
    expect(time_of(block(page, "Honouring ceremony", "Vinh site"))).to_have_text("16:00–17:00")


def test_where_the_origin_moves_every_site_moves_along(board):
    page = board()
    drag(page, block(page, OPENING), minutes=-15)

    times = page.locator(".board-line .block-face").filter(has_text=OPENING).locator(".block-time")
    expect(times.first).to_have_text("07:45–08:30")
    assert set(times.all_text_contents()) == {"07:45–08:30"}
    assert times.count() > 20
    page.keyboard.press("Control+z")
    expect(times.first).to_have_text("08:00–08:45")


def test_one_moves_a_session_with_the_keyboard_alone(board):
    page = board()
    page.locator("#board-find").focus()
    face = block(page, CONTEST)
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.board-canvas') !== null"):
            break
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight"):
        if face.evaluate("face => face === document.activeElement"):
            break
        page.keyboard.press(key)
    expect(face).to_be_focused()

    press(page, "m")
    expect(said(page)).to_contain_text("Picked up: Digital-skills contest")
    press(page, "ArrowRight", "ArrowRight", "Shift+ArrowLeft")
    expect(said(page)).to_contain_text("09:10 to 16:05, Exhibition space. Nothing stands against it.")
    press(page, "ArrowUp")
    expect(said(page)).to_contain_text("Would clash")
    press(page, "ArrowDown", "Enter")

    expect(said(page)).to_contain_text("Moved: Digital-skills contest")
    expect(time_of(face)).to_have_text("09:10–16:05")
    expect(face).to_be_focused()

    press(page, "Enter", "PageDown", "Escape")
    expect(said(page)).to_have_text("Put back where it was.")
    expect(time_of(face)).to_have_text("09:10–16:05")

    press(page, "Control+z")
    expect(time_of(face)).to_have_text("09:00–16:00")


def test_several_are_selected_and_moved_together_in_one_act(board):
    page = board()
    contest, exhibition = block(page, CONTEST), block(page, "Exhibition of digital")
    contest.click()
    exhibition.click(modifiers=["Control"])
    exhibition.focus()
    press(page, "m", "ArrowLeft")
    expect(said(page)).to_contain_text("07:55")
    press(page, "Enter")

    expect(said(page)).to_have_text("Moved: 2 sessions.")
    expect(time_of(contest)).to_have_text("08:55–15:55")
    press(page, "Control+z")
    expect(time_of(contest)).to_have_text("09:00–16:00")
    expect(time_of(exhibition)).to_have_text("08:00–17:00")


def test_a_draft_is_taken_off_and_placed_again(board, site):
    page = board(path="/manage/next/programme/new")
    page.get_by_label("Title in English").fill("A new talk")
    page.get_by_label("Begins").fill("10:00")
    page.get_by_label("Ends").fill("10:30")
    page.locator("#room").select_option(index=2)
    page.get_by_label("None: it is held at one site only").check()
    page.locator("main form.form button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A new talk")
    page.goto(BOARD)
    expect(page.locator("[data-ready]")).to_be_visible()

    block(page, "A new talk").focus()
    press(page, "Delete")
    tray = page.locator(".board-tray")
    expect(tray.get_by_role("button", name="A new talk")).to_be_visible()

    waiting, exhibition = tray.locator(".block-face"), row(page, "Exhibition space")
    waiting.hover()
    page.mouse.down()
    page.mouse.move(exhibition.bounding_box()["x"] + 300, exhibition.bounding_box()["y"] + 10, steps=3)
    # On its way over the edge the board may have scrolled.
    target = exhibition.bounding_box()
    page.mouse.move(target["x"] + 61.2 * step_width(page), target["y"] + 10, steps=3)
    page.mouse.up()
    expect(time_of(block(page, "A new talk"))).to_have_text("12:05–12:35")

    press(page, "Control+z")
    expect(tray).to_contain_text("A new talk")
    press(page, "Control+z")
    expect(time_of(block(page, "A new talk"))).to_have_text("10:00–10:30")


def test_two_edit_one_session_and_neither_loses(board):
    one, other = board(), board(signed_in="admin@dxday.example")
    drag(one, block(one, CONTEST), minutes=30)
    expect(said(one)).to_contain_text("Moved")

    drag(other, block(other, CONTEST), minutes=60)
    dialog = other.get_by_role("dialog", name="Somebody else changed this meanwhile")
    expect(dialog).to_contain_text("Changed by Nguyễn Văn Mẫu")
    expect(dialog.locator("del")).to_contain_text("09:00–16:00")
    expect(dialog.locator("ins")).to_contain_text("09:30–16:30")
    dialog.get_by_role("button", name="Keep the other change").click()
    expect(time_of(block(other, CONTEST))).to_have_text("09:30–16:30")

    drag(other, block(other, CONTEST), minutes=30)
    expect(said(other)).to_contain_text("Moved")
    press(one, "Control+z")
    dialog = one.get_by_role("dialog", name="Somebody else changed this meanwhile")
    expect(dialog.locator("ins")).to_contain_text("10:00–17:00")
    dialog.get_by_role("button", name="Put my change on top").click()

    expect(time_of(block(one, CONTEST))).to_have_text("09:00–16:00")
    one.reload()
    expect(time_of(block(one, CONTEST))).to_have_text("09:00–16:00")


def test_who_comes_back_to_the_page_sees_what_others_did(board):
    one, other = board(), board(signed_in="admin@dxday.example")
    drag(other, block(other, CONTEST), minutes=45)
    expect(said(other)).to_contain_text("Moved")
    expect(time_of(block(one, CONTEST))).to_have_text("09:00–16:00")

    one.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(time_of(block(one, CONTEST))).to_have_text("09:45–16:45")
    press(other, "Control+z")
    expect(time_of(block(other, CONTEST))).to_have_text("09:00–16:00")


def test_looking_nearer_keeps_what_can_be_undone(board):
    page = board()
    drag(page, block(page, CONTEST), minutes=30)
    expect(said(page)).to_contain_text("Moved")
    narrow = block(page, CONTEST).bounding_box()["width"]

    page.get_by_role("navigation", name="Zoom").get_by_role("link", name="Hour").click()

    assert block(page, CONTEST).bounding_box()["width"] == pytest.approx(4 * narrow, rel=0.02)
    press(page, "Control+z")
    expect(time_of(block(page, CONTEST))).to_have_text("09:00–16:00")


def test_what_one_looks_for_stands_out(board):
    page = board()
    page.get_by_label("Find on the board").fill("DIGITAL-skills")

    expect(said(page)).to_have_text("Found: 1")
    expect(page.locator(".board-line .block:not(.is-dim)")).to_have_count(1)


def test_a_double_click_on_an_empty_place_begins_a_new_session_there(board):
    page = board()
    hall = row(page, "Hall").bounding_box()
    page.mouse.dblclick(hall["x"] + 12.5 * step_width(page) * 0.5, hall["y"] + 20)

    expect(page.get_by_role("heading", level=1)).to_have_text("Add a session")
    expect(page.get_by_label("Begins")).to_have_value("07:30")
    expect(page.get_by_label("Ends")).to_have_value("08:30")


def test_without_scripts_a_session_is_moved_with_a_form(board):
    page = board(java_script_enabled=False)
    block(page, CONTEST).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(CONTEST)
    page.get_by_label("Begins").fill("09:15")
    page.get_by_role("button", name="Move it").click()

    expect(page.get_by_role("status")).to_contain_text("was moved.")
    expect(time_of(block(page, CONTEST))).to_have_text("09:15–16:15")

    block(page, CONTEST).click()
    page.get_by_label("Begins").fill("09:00")
    page.get_by_role("button", name="Move it").click()
    expect(time_of(block(page, CONTEST))).to_have_text("09:00–16:00")


def test_on_a_phone_the_board_is_a_list_that_one_reads(board):
    page = board()
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()

    expect(page.get_by_role("rowheader", name="Vinh site")).to_be_visible()
    assert page.locator(".block-grip").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_board_has_no_violation_with_a_session_looked_at_and_one_picked_up(board):
    page = board()
    axe = AXE.read_text()
    block(page, OPENING).click()
    faults = find_faults(page, axe)
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.locator(".board-help summary").click()
    block(page, OPENING).focus()
    press(page, "m", "ArrowRight")
    expect(page.locator(".block-verdict")).to_be_visible()
    faults += find_faults(page, axe)
    press(page, "Escape")
    page.goto(f"{BOARD}?zoom=hour")
    faults += find_faults(page, axe)
    page.goto(f"{BOARD}?zoom=day")
    faults += find_faults(page, axe)
    page.goto(block(page, OPENING).get_attribute("href"))
    faults += find_faults(page, axe)

    assert faults == []
