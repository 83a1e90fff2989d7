"""The whole walk as people do it: a session, a seat, a nomination, a decision, a certificate, its check."""

import subprocess
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from re import search
from zoneinfo import ZoneInfo

import icalendar
import pikepdf
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser_site import Site, answer_questions, sign_in
from tests.post_office import PostOffice, open_post_office

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SESSION = "Talk across all sites (example)"
SITE = "Kỳ Sơn site"
ATTENDEE, ATTENDEE_MAIL = "Đỗ Thị Ví Dụ", "attendee@example.org"
OFFICER_MAIL = "officer@example.org"
AWARDEE, AWARDEE_MAIL = "Phạm Văn Thí Dụ", "awardee@example.org"
LINE = "Taught 300 neighbours to use public services online."
ACHIEVEMENT = f"{LINE} It took one winter. (Example.)"
DECISION = "01/QĐ-MẪU"

Visitor = Callable[..., Page]


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, office: PostOffice, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp(f"walk-{request.param}")
    office.letters.clear()
    with Site(folder, database=request.param, SMTP_URL=office.url).running() as site:
        yield site


@pytest.mark.skipif(
    f"{datetime.now(VIETNAM):%m-%d}" in ("10-09", "10-10"), reason="the demo's day of reminding is over"
)
def test_the_walk_from_a_session_to_a_certificate_that_anyone_can_check(site, office, visit, tmp_path):
    somebody = partial(visit, site)

    day = organizer_schedules_a_session_across_sites(somebody(), site)
    visitor_finds_it_and_takes_it_along(somebody(), day)
    attendee_registers_and_is_written_to(somebody, office)
    clock_reminds_the_attendee_once(site, office, day)
    officer_nominates(somebody(), site, office, tmp_path)
    secretary_records_the_decision_and_issues(somebody(), site)
    paper, address = awardee_downloads_the_certificate(somebody, site, office, tmp_path)
    anyone_checks_it(somebody, address, paper, tmp_path)

    assert len(office.letters_to(ATTENDEE_MAIL, "Reminder:")) == 1  # long after the job ran twice
    assert search(r"^whole: \d+ entries$", site.dxday("audit", "verify"))


# ---------------------------------------------------------------- the people


def organizer_schedules_a_session_across_sites(page: Page, site: Site) -> date:
    """From the hall to all 21 sites, 11:45–12:30; returns the day."""
    edition = words(page.get_by_role("heading", level=1))
    sign_in(page, site, "organizer@dxday.example")
    card(page, edition, "Organise the edition").click()
    page.get_by_role("link", name="Add a session").click()
    page.get_by_label("Kind").select_option(label="Talk")
    page.get_by_label("Title in Vietnamese").fill("Tọa đàm trên mọi điểm cầu (ví dụ)")
    page.get_by_label("Title in English").fill(SESSION)
    day = date.fromisoformat(page.get_by_label("Day", exact=True).input_value())
    page.get_by_label("Begins").fill("11:45")
    page.get_by_label("Ends").fill("12:30")
    page.get_by_label("Room").select_option(label="Hall (400 seats)")
    page.get_by_label("All sites").check()
    page.get_by_role("button", name="Add the session").click()

    expect(page.get_by_role("status")).to_have_text(f"“{SESSION}” was added as a draft.")
    expect(page.get_by_role("row").filter(has_text="Received here")).to_have_count(21)

    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_have_text("Published: everybody sees it in the programme now.")
    return day


def visitor_finds_it_and_takes_it_along(page: Page, day: date) -> None:
    """By time, at one site, and in a calendar."""
    page.get_by_role("link", name="See the programme").click()
    by_time = page.get_by_role("region", name="Time table").get_by_role("listitem").filter(has_text=SESSION)
    expect(by_time).to_contain_text("11:45–12:30")
    expect(by_time).to_contain_text("All sites together")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Sites").click()
    page.get_by_role("link", name=SITE).click()
    at_the_site = page.get_by_role("listitem").filter(has_text=SESSION)
    expect(at_the_site).to_contain_text("11:45 – 12:30")
    calendar = icalendar.Calendar.from_ical(saved(page, page.get_by_role("link", name="Calendar file")))
    [event] = [event for event in calendar.events if event["SUMMARY"] == SESSION]

    begins = datetime(day.year, day.month, day.day, 11, 45, tzinfo=VIETNAM)
    assert (event.start, event.end) == (begins, begins + timedelta(minutes=45))

    at_the_site.get_by_role("link", name=SESSION).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SESSION)
    expect(page.get_by_text("Received by line at 21 sites")).to_be_visible()


def attendee_registers_and_is_written_to(somebody: Visitor, office: PostOffice) -> None:
    """Three questions, a ticket, and a letter with the calendar and the link."""
    page = somebody()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Register").click()
    page.get_by_label(f"{SITE} · On site").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Full name").fill(ATTENDEE)
    page.get_by_label("E-mail address").fill(ATTENDEE_MAIL)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Take my place").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place")
    ticket = page.get_by_role("article", name="Ticket")
    expect(ticket).to_contain_text(ATTENDEE)
    expect(ticket).to_contain_text(SITE)

    letter = office.wait_for(ATTENDEE_MAIL, f"Your place at {SITE}")
    [invitation] = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    calendar = icalendar.Calendar.from_ical(invitation.get_content())
    [place] = calendar.events
    assert (str(calendar["METHOD"]), SESSION in str(place["DESCRIPTION"])) == ("REQUEST", True)

    at_home = somebody(link_in(letter))
    expect(at_home.get_by_role("article", name="Ticket")).to_contain_text(ATTENDEE)
    expect(at_home.get_by_role("link", name="Cancel my place")).to_be_visible()


def clock_reminds_the_attendee_once(site: Site, office: PostOffice, day: date) -> None:
    """A day before, however often the job runs."""
    day_before = f"{day - timedelta(days=1)}T09:00"

    runs = [site.dxday("jobs", "run", "reminders", "--at", day_before) for _ in range(2)]

    assert runs == ["reminders: 1", "reminders: 0"]
    reminder = office.wait_for(ATTENDEE_MAIL, f"Reminder: {SITE}")
    assert link_in(reminder) == link_in(office.wait_for(ATTENDEE_MAIL, "Your place"))
    assert len(office.letters_to(ATTENDEE_MAIL)) == 2


def officer_nominates(page: Page, site: Site, office: PostOffice, folder: Path) -> None:
    """First with a program that calls itself a report; it is refused, and nothing typed is lost."""
    program, report = folder / "report.pdf", folder / "achievement-report.pdf"
    program.write_bytes(b"MZ\x90\x00" + bytes(2000))
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(report)
    edition = words(page.get_by_role("heading", level=1))
    sign_in(page, site, "agency@dxday.example")
    card(page, edition, "Nominations of your agency").click()
    page.get_by_role("link", name="Nominate somebody").click()
    answer_questions(page, "Individuals", "Yes", "No", "No", "No")
    typed = {
        "Name of the nominee": AWARDEE,
        "Position and unit, or address": "Teacher (example)",
        "E-mail address of the nominee": AWARDEE_MAIL,
        "Achievement": ACHIEVEMENT,
        "Name of the contact": "Trần Thị Thí Dụ",
        "E-mail address of the contact": OFFICER_MAIL,
    }
    for label, value in typed.items():
        page.get_by_label(label).fill(value)
    page.get_by_label("Add files").set_input_files(program)
    page.get_by_role("button", name="Save and check before submitting").click()

    expect(page.get_by_role("alert")).to_contain_text("“report.pdf”: Files of this kind are not taken here")
    assert {label: page.get_by_label(label).input_value() for label in typed} == typed
    expect(page.get_by_label("Category").locator("option:checked")).to_have_text("Individuals (individual)")

    page.get_by_label("Add files").set_input_files(report)
    page.get_by_role("button", name="Save and check before submitting").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you submit")
    expect(page.get_by_role("main")).to_contain_text("achievement-report.pdf")
    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_role("status")).to_contain_text("was handed to the council.")
    letter = office.wait_for(OFFICER_MAIL, "Nomination ")
    assert AWARDEE in text_of(letter)


def secretary_records_the_decision_and_issues(page: Page, site: Site) -> None:
    """Reads the dossier, writes down what was signed, presses one button."""
    edition = words(page.get_by_role("heading", level=1))
    sign_in(page, site, "council@dxday.example")
    card(page, edition, "Council").click()
    page.get_by_role("link", name=AWARDEE).click()
    expect(page.get_by_role("main")).to_contain_text(ACHIEVEMENT)
    assert saved(page, page.get_by_role("link", name="achievement-report.pdf")).startswith(b"%PDF")

    page.get_by_role("link", name="Record a decision").click()
    page.get_by_label("Lầu Y Thí Dụ").uncheck()  # approved by a ballot of the demo, and so proposed
    page.get_by_label(AWARDEE).check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Number of the decision").fill(DECISION)
    page.get_by_label("Place where it was signed").fill("Nghệ An")
    page.get_by_label("Name of the signatory").fill("Người Ký Mẫu")
    expect(page.get_by_label("Line on the certificate")).to_have_value(LINE)
    page.get_by_label("At once").check()
    page.get_by_label("I compared names and lines").check()
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_role("status").first).to_contain_text(f"Decision {DECISION} was recorded.")

    page.get_by_role("button", name="Issue certificates").click()
    expect(page.get_by_role("status").first).to_have_text("1 certificate issued.")
    expect(page.get_by_role("row").filter(has_text=AWARDEE)).to_be_visible()


def awardee_downloads_the_certificate(
    somebody: Visitor, site: Site, office: PostOffice, folder: Path
) -> tuple[bytes, str]:
    """From the link in the letter; returns the file and the address in its QR picture."""
    page = somebody(link_in(office.wait_for(AWARDEE_MAIL, "Your certificate is ready")))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your certificate")
    paper = saved(page, page.get_by_role("link", name="Download the PDF"))

    assert paper.startswith(b"%PDF")
    file = folder / "certificate.pdf"
    file.write_bytes(paper)
    printed = run("pdftotext", "-layout", file, "-")
    assert AWARDEE in printed
    assert f"Quyết định số: {DECISION}" in printed
    run("pdftoppm", "-r", "200", "-png", "-singlefile", file, folder / "certificate")
    address = run("zbarimg", "--quiet", "--raw", folder / "certificate.png").strip()
    assert address.startswith(f"{site.url}/v/")
    return paper, address


def anyone_checks_it(somebody: Visitor, address: str, paper: bytes, folder: Path) -> None:
    """By the address in the QR picture, by the file, and by a file in which one byte was changed."""
    page = somebody(address)
    expect(page.get_by_role("status")).to_contain_text("This certificate is genuine and valid")
    expect(page.get_by_role("main")).to_contain_text(AWARDEE)

    page.get_by_role("link", name="Compare a PDF").click()
    verdict_on(page, paper, "genuine.pdf", folder, says="This file is genuine")
    page.get_by_role("link", name="Check another").click()
    middle = len(paper) // 2
    changed = paper[:middle] + bytes([paper[middle] ^ 1]) + paper[middle + 1 :]
    verdict_on(page, changed, "changed.pdf", folder, says="This file is not ours, or it was changed")


# ---------------------------------------------------------------- what their hands and eyes do


def words(found: Locator) -> str:
    return found.inner_text()


def card(page: Page, edition: str, name: str) -> Locator:
    """The way to one's work on an edition."""
    own = page.locator("section").filter(has=page.get_by_role("heading", name=edition))
    return own.get_by_role("link", name=name)


def saved(page: Page, link: Locator) -> bytes:
    """What a link gives to be saved."""
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return body.get_content()


def link_in(letter: EmailMessage) -> str:
    """The first address in a letter."""
    found = search(r"http://\S+", text_of(letter))
    assert found
    return found[0]


def verdict_on(page: Page, data: bytes, name: str, folder: Path, *, says: str) -> None:
    """Give a file to the public check and read the verdict."""
    (folder / name).write_bytes(data)
    page.get_by_label("PDF").set_input_files(folder / name)
    page.get_by_role("button", name="Compare the file").click()
    expect(page.get_by_role("status")).to_contain_text(says)


def run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout
