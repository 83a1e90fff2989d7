"""A reminder that an organizer dares to switch on: written, looked at, switched on, sent; and the Day postponed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import icalendar
import pytest
from playwright.sync_api import Page, expect

from tests.browser_site import Site, sign_in
from tests.post_office import PostOffice, open_post_office

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
AN, BINH = "an@example.org", "binh@example.org"
RULE = "Two days before"


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, office: PostOffice, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    office.letters.clear()
    folder = tmp_path_factory.mktemp(f"reminder-{request.param}")
    with Site(folder, database=request.param, SMTP_URL=office.url).running() as site:
        yield site


def test_a_rule_is_written_previewed_switched_on_and_follows_the_postponed_day(site, office, visit):
    somebody = partial(visit, site)
    for name, address in (("Nguyễn Văn An", AN), ("Trần Thị Bình", BINH)):
        register(somebody(), name, address)
    office.wait_for(AN, "Your place")
    office.wait_for(BINH, "Your place")
    page = somebody()
    sign_in(page, site, "organizer@dxday.example")

    write_the_rule(page)
    first_day = look_at_who_would_get_it(page)
    switch_it_on(page)
    remind(site, first_day)
    reminder = office.wait_for(AN, "Reminder:")
    stop_reminders(somebody(link_below(reminder)))
    later = postpone(page, first_day)

    for address in (AN, BINH):
        told = office.wait_for(address, "National Digital Transformation Day")
        assert calendar_of(told).events[0].start.date() == later
    remind(site, later)
    expect_letters(office, AN, ["Your place", "Reminder:", "National"])
    expect_letters(office, BINH, ["Your place", "Reminder:", "National", "Reminder:"])
    the_ledger_says_the_same(page)
    the_worker_is_seen(somebody(), site)


def register(page: Page, name: str, address: str) -> None:
    """At the hall, in English."""
    page.get_by_role("link", name="English").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Register").click()
    page.get_by_label("Provincial hall of Nghệ An · On site").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Full name").fill(name)
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Take my place").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your place")


def write_the_rule(page: Page) -> None:
    """Two days before, for everybody who holds a place."""
    page.goto("/manage/next/reminders")
    page.get_by_role("link", name="Write a reminder").click()
    page.get_by_role("link", name="Everybody who holds a place").click()
    page.get_by_label("Name of the reminder").fill(RULE)
    page.get_by_label("the beginning at their site", exact=True).check()
    page.get_by_label("How many").fill("2")
    page.get_by_label("Hours or days").select_option(label="days")
    page.get_by_label("Before or after").select_option(label="before")
    page.get_by_role("button", name="Save the reminder").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(RULE)


def look_at_who_would_get_it(page: Page) -> date:
    """Two people, when, and the letter to one of them; returns the day."""
    people = page.get_by_role("region", name="The people")
    expect(people.get_by_role("rowheader", name="Nguyễn Văn An")).to_be_visible()
    expect(people.get_by_role("rowheader", name="Trần Thị Bình")).to_be_visible()
    letter = page.frame_locator("iframe").locator("body")
    expect(letter).to_contain_text("Open my ticket")
    page.goto("/manage/next/edition")
    first_day = date.fromisoformat(page.get_by_label("First day").input_value())
    page.go_back()
    return first_day


def switch_it_on(page: Page) -> None:
    """With the number of letters named before."""
    page.get_by_role("main").get_by_role("link", name="Switch on").click()
    expect(page.get_by_role("main")).to_contain_text("2")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("link", name="Switch off")).to_be_visible()


def remind(site: Site, day: date) -> None:
    """Let the job run as if it were two days before that day, twice."""
    moment = f"{day - timedelta(days=2)}T09:00"
    site.dxday("jobs", "run", "reminders", "--at", moment)
    site.dxday("jobs", "run", "reminders", "--at", moment)


def stop_reminders(page: Page) -> None:
    """The reader of a reminder wants no more of them; what one must know still comes."""
    page.get_by_role("button", name="Stop reminders").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reminders are stopped")


def postpone(page: Page, first_day: date) -> date:
    """By a week, with what follows shown before."""
    later = first_day + timedelta(days=7)
    page.goto("/manage/next/change-of-plan")
    page.get_by_role("main").get_by_role("link", name="Postpone the edition").click()
    page.get_by_label("New first day").fill(str(later))
    page.get_by_label("Reason in Vietnamese").fill("Bão đổ bộ vào đất liền.")
    page.get_by_label("Reason in English").fill("A storm is coming ashore.")
    page.get_by_role("button", name="Show what follows").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What follows")
    page.get_by_label("I have read what follows, and I mean it").check()
    page.get_by_role("button", name="Postpone the edition").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The edition was postponed")
    return later


def calendar_of(letter) -> icalendar.Calendar:
    """The invitation inside a letter, which must be a change of the one before."""
    [part] = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    calendar = icalendar.Calendar.from_ical(part.get_content())
    assert (str(calendar["METHOD"]), part.get_param("method")) == ("REQUEST", "REQUEST")
    assert int(calendar.events[0]["SEQUENCE"]) == 2
    return calendar


def link_below(letter) -> str:
    """The address in the header that mail programs offer for unsubscribing, without its host."""
    return "/my/unsubscribe/" + letter["List-Unsubscribe"].strip("<>").split("/my/unsubscribe/")[1]


def expect_letters(office: PostOffice, address: str, subjects: list[str]) -> None:
    """Exactly these, in this order; the last is waited for."""
    until = datetime.now(UTC) + timedelta(seconds=60)
    while len(office.letters_to(address)) < len(subjects) and datetime.now(UTC) < until:
        office.wait_for(address, subjects[-1])
    found = [letter["Subject"] for letter in office.letters_to(address)]
    assert [
        subject for subject, start in zip(found, subjects, strict=True) if subject.startswith(start)
    ] == found


def the_ledger_says_the_same(page: Page) -> None:
    """An's second reminder was withheld, and the ledger says why."""
    page.goto("/manage/next/messages?state=withheld")
    row = page.get_by_role("row").filter(has_text=AN)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Withheld")


def the_worker_is_seen(page: Page, site: Site) -> None:
    """On the jobs page of the administrator, with what ran."""
    sign_in(page, site, "admin@dxday.example")
    page.goto("/manage/jobs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="hand-out-messages").first).to_be_visible()
    expect(page.get_by_role("main")).not_to_contain_text("No worker")
