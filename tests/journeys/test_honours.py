"""From eligibility to an award by five people: officer, endorser, secretary and two members of the council.

A colleague of the officer meets a locked section, one member has a conflict of interest and sees nothing, another is
absent and votes in writing, and the first round ends in a tie.  The scheme and its council are there beforehand.
"""

import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from re import search

import pikepdf
import pytest
from playwright.sync_api import Page, expect

import config
from dxday.accounts import queries as accounts
from dxday.accounts import services as account_services
from dxday.app import create_app
from dxday.core import clock
from dxday.core.actor import SYSTEM
from dxday.council.rules import SeatKind
from dxday.council.services import seats
from dxday.db import db, transaction
from dxday.demo import building, places
from dxday.editions import queries as editions
from dxday.schemes import packs
from dxday.schemes.models import Scheme
from dxday.schemes.rules import AwardForm, NomineeKind
from tests.browser_site import Site, sign_in
from tests.clamd import DROP, Clamd, open_clamd
from tests.post_office import PostOffice, open_post_office

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNCIL, SCHEME = "Council of the journey", "Certificate of the journey"
OFFICER, COLLEAGUE, SECRETARY = "agency@dxday.example", "colleague@dxday.example", "council@dxday.example"
READER, BARRED, ABSENT = "reader@example.org", "barred@example.org", "absent@example.org"
ENDORSER = "endorser@example.org"
NOMINEE = "Vừ Y Thí Dụ"
ACHIEVEMENT = "Taught 300 neighbours to read the forms of the commune on their own telephones."
DECISION = "02/QĐ-MẪU"

Visitor = Callable[..., Page]


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    with open_clamd() as clamd:
        yield clamd


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, office: PostOffice, clamd: Clamd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp(f"honours-{request.param}")
    office.letters.clear()
    clamd.mood = None
    given = {"SMTP_URL": office.url, "CLAMAV_ADDRESS": clamd.address}
    with Site(folder, database=request.param, **given).running() as site:
        set_up(site)
        yield site


def set_up(site: Site) -> None:
    """A scheme with one step of endorsement and a ballot of two rounds, and a council of three seats."""
    app = create_app(config.read({**site.environ, "BASE_URL": site.url}))
    with app.app_context(), transaction():
        now = clock.now()
        edition = editions.get_edition("next")
        category = building.add_scheme_by_pack(
            edition,
            packs.get_pack("law-2022-2025", AwardForm.GIAY_KHEN),
            code="journey",
            name={"vi": "Giấy khen của hành trình", "en": SCHEME},
            categories=[("person", NomineeKind.INDIVIDUAL, {"vi": "Người giúp hàng xóm", "en": "Good neighbours"})],
            now=now,
            endorsers=[{"code": "party", "name": {"vi": "Cấp ủy", "en": "Party committee"}}],
            ballot=True, threshold=60, quorum=60, rounds=2, readers=1,
        )["person"]  # fmt: skip
        council = seats.add_council(
            edition, "journey", name={"vi": "Hội đồng của hành trình", "en": COUNCIL}, actor=SYSTEM, now=now
        )
        scheme = db.session.get_one(Scheme, category.scheme_id)
        seats.change_council(
            council,
            name=council.name,
            schemes=[scheme],
            shared_domains=["example.org"],
            actor=SYSTEM,
            now=now,
        )
        for email, name, kind, agencies in (
            (READER, "Lý Thị Đọc", SeatKind.CHAIR, []),
            (BARRED, "Hồ Văn Tránh", SeatKind.MEMBER, [places.sample_agency(now)]),
            (ABSENT, "Vũ Thị Vắng", SeatKind.MEMBER, []),
        ):
            seat = seats.add_seat(
                council, kind=kind, title={"vi": name}, expert=email == READER, actor=SYSTEM, now=now
            )
            seats.invite_member(
                council, seat, email, full_name=name, locale="en", starts_on=now.date() - timedelta(days=1),
                agencies=agencies, actor=SYSTEM, now=now,
            )  # fmt: skip
            account_services.set_password(
                accounts.find_account_by_email(email), password_of(email), actor=SYSTEM, now=now
            )
        db.session.flush()
    with app.app_context():
        db.engine.dispose()


def password_of(email: str) -> str:
    return f"a long password of {email}"


def test_five_people_take_a_nomination_from_its_first_question_to_an_award(
    site, office, clamd, visit, tmp_path
):
    somebody = partial(visit, site)
    officer, colleague, secretary = somebody(), somebody(), somebody()
    for page, email in ((officer, OFFICER), (colleague, COLLEAGUE), (secretary, SECRETARY)):
        sign_in(page, site, email)

    officer_answers_the_questions(officer)
    officer_writes_while_a_colleague_looks(officer, colleague)
    officer_attaches_a_report_that_is_checked_first(officer, clamd, tmp_path)
    officer_sends_it_for_endorsement(officer)
    endorser_answers_by_the_link(somebody, office)
    secretary_admits_it(secretary)
    secretary_finds_a_conflict(secretary)
    reader, barred = member(somebody, READER), member(somebody, BARRED)
    reader_declares(reader)
    secretary_assigns(secretary)
    dossier = reader_scores(reader)
    barred_member_sees_nothing(barred, dossier)

    ballot = secretary_opens_a_ballot(secretary)
    reader_votes(reader, office, round_=1)
    secretary_enters_the_paper_of_the_absentee(secretary, ballot, says="Against")
    secretary_counts_a_tie_and_opens_another_round(secretary, ballot)
    reader_votes(reader, office, round_=2)
    secretary_enters_the_paper_of_the_absentee(secretary, ballot, says="For")
    secretary_closes_and_writes_the_minutes(secretary, tmp_path)

    secretary_records_the_decision(secretary)
    anybody_reads_of_the_award(somebody())
    expect_letters_about_the_ballot(office)
    assert search(r"^whole: \d+ entries$", site.dxday("audit", "verify"))


# ---------------------------------------------------------------- the agency


def officer_answers_the_questions(page: Page) -> None:
    """A wrong answer ends it, with the article; the right ones lead on."""
    page.goto("/agency/next/nominations/begin")
    page.get_by_role("link", name="Good neighbours").click()
    answer(page, "Yes")
    answer(page, "Yes")
    expect(page.get_by_role("heading", level=1)).to_have_text("This award cannot be given")
    page.get_by_role("link", name="Back to the question").click()
    for _ in range(3):
        answer(page, "No")
    page.get_by_label("Name of the nominee").fill(NOMINEE)
    page.get_by_role("button", name="Save the draft").last.click()
    expect(page.get_by_role("status").first).to_have_text("The draft was saved.")


def answer(page: Page, word: str) -> None:
    page.get_by_role("radio", name=word, exact=True).check()
    page.get_by_role("button", name="Continue").click()


def officer_writes_while_a_colleague_looks(page: Page, colleague: Page) -> None:
    """What is typed is saved by itself; the colleague sees who edits, and not yet a field to write in."""
    page.get_by_role("link", name="Nominee and contact").click()
    for label, value in (
        ("Position and unit, or address", "Teacher (example)"),
        ("E-mail address of the nominee", "nominee@example.org"),
        ("Name of the contact", "Trần Thị Thí Dụ"),
        ("E-mail address of the contact", "contact@example.org"),
    ):
        page.get_by_label(label).fill(value)
    expect(page.get_by_role("status").filter(has_text="Saved at")).to_be_visible()
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("main").get_by_role("link", name="Achievement", exact=True).click()
    page.get_by_role("textbox").first.fill(ACHIEVEMENT)
    expect(page.get_by_role("status").filter(has_text="Saved at")).to_be_visible()

    colleague.goto("/agency/next/nominations/")
    colleague.get_by_role("link", name=NOMINEE).first.click()
    achievement = colleague.get_by_role("link", name="Achievement", exact=True)
    expect(colleague.get_by_role("listitem").filter(has=achievement)).to_contain_text(
        "Trần Thị Thí Dụ has been editing it since"
    )
    colleague.get_by_role("main").get_by_role("link", name="Achievement", exact=True).click()
    expect(colleague.get_by_text("Trần Thị Thí Dụ is editing this section")).to_be_visible()
    expect(colleague.get_by_role("textbox")).to_have_count(0)
    expect(colleague.get_by_role("main")).to_contain_text(ACHIEVEMENT)

    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("status").first).to_contain_text("was saved")


def officer_attaches_a_report_that_is_checked_first(page: Page, clamd: Clamd, folder: Path) -> None:
    """While the scanner does not answer, the file waits."""
    report = folder / "achievement-report.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(report)
    clamd.mood = DROP
    page.get_by_role("link", name="Open the nomination").click()
    page.get_by_role("link", name="Change").first.click()
    page.get_by_label("What the files are").select_option(
        label="Achievement report, confirmed by the submitting level (file)"
    )
    page.get_by_label("Add files").set_input_files(report)
    page.get_by_role("button", name="Save the draft").last.click()
    expect(page.get_by_role("main")).to_contain_text("Being checked for viruses")
    clamd.mood = None
    for _ in range(60):
        if "Being checked for viruses" not in page.get_by_role("main").inner_text():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.get_by_role("main")).not_to_contain_text("Being checked for viruses")
    expect(page.get_by_role("main")).to_contain_text("achievement-report.pdf")


def officer_sends_it_for_endorsement(page: Page) -> None:
    """To one person; until they have answered it stands still."""
    page.goto("/agency/next/nominations/")
    page.get_by_role("link", name=NOMINEE).first.click()
    page.get_by_role("link", name="Endorsement").click()
    page.get_by_label("Name", exact=True).fill("Trịnh Văn Mẫu")
    page.get_by_label("Office").fill("Secretary of the Party committee (example)")
    page.get_by_label("E-mail address").fill(ENDORSER)
    page.get_by_role("button", name="Send for endorsement").click()
    expect(page.get_by_role("main")).to_contain_text("The nomination is with those who endorse it")


def endorser_answers_by_the_link(somebody: Visitor, office: PostOffice) -> None:
    """From the letter, without an account; the link works once."""
    link = link_in(office.wait_for(ENDORSER, f"Please endorse the nomination of {NOMINEE}"), "/endorse/")
    page = somebody(link)
    expect(page.get_by_role("main")).to_contain_text(ACHIEVEMENT)
    page.get_by_label("Yes, I endorse it").check()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    office.wait_for("contact@example.org", "Nomination ")


# ---------------------------------------------------------------- the council


def secretary_admits_it(page: Page) -> None:
    """After a look at what stands against it."""
    page.goto("/council/next/appraisal")
    page.get_by_role("link", name=NOMINEE).click()
    page.get_by_role("button", name="Admit to the council").click()
    expect(page.get_by_role("status").first).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Before the council")


def secretary_finds_a_conflict(page: Page) -> None:
    """One member works at the agency that nominates."""
    page.get_by_role("navigation").get_by_role("link", name="Conflicts of interest").click()
    page.get_by_role("link", name=COUNCIL).click()
    page.get_by_role("button", name="Look again").click()
    row = page.get_by_role("row").filter(has_text="Works at the agency")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Hồ Văn Tránh")


def member(somebody: Visitor, email: str) -> Page:
    """A member of the council who signs in and is at their desk."""
    page = somebody()
    page.get_by_role("link", name="English").click()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password_of(email))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your work")
    return page


def reader_declares(page: Page) -> None:
    """Before the dossier opens."""
    page.goto("/sit/next/")
    page.get_by_role("link", name="Declare conflicts of interest").click()
    expect(page.get_by_role("rowheader", name=NOMINEE)).to_be_visible()
    page.get_by_label("I looked at each line").check()
    page.get_by_role("button", name="Declare").click()
    expect(page.get_by_role("status").first).to_be_visible()


def secretary_assigns(page: Page) -> None:
    """By a proposal, which is looked at and taken."""
    page.get_by_role("main").get_by_role("link", name="Assignment").click()
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Proposed assignment")
    expect(page.get_by_role("row").filter(has_text=NOMINEE)).to_contain_text("Lý Thị Đọc")
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Who reads what")


def reader_scores(page: Page) -> str:
    """Four scores and a recommendation; returns where the dossier is."""
    page.goto("/sit/next/")
    page.get_by_role("link", name=NOMINEE).click()
    address = page.url
    expect(page.get_by_role("main")).to_contain_text(ACHIEVEMENT)
    page.get_by_role("link", name="Score sheet", exact=True).click()
    for place, score in enumerate(("9", "8", "7", "8")):
        page.get_by_label("Score", exact=True).nth(place).fill(score)
    page.get_by_label("Honour it", exact=True).check()
    page.get_by_role("button", name="Submit the sheet").click()
    expect(page.get_by_role("main")).to_contain_text("Only the secretary can open it again.")
    return address


def barred_member_sees_nothing(page: Page, dossier: str) -> None:
    """Not in what is to be read, scored or declared, and not by the address."""
    for name in ("Dossiers to read", "Your score sheets", "Dossiers to read"):
        page.get_by_role("link", name=name).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.get_by_role("main")).not_to_contain_text(NOMINEE)
    page.get_by_role("link", name="Declare conflicts of interest").click()
    expect(page.get_by_role("main")).to_contain_text("You have declared for everything")
    expect(page.get_by_role("main")).not_to_contain_text(NOMINEE)
    assert page.request.get(dossier).status == 404


# ---------------------------------------------------------------- the ballot


def secretary_opens_a_ballot(page: Page) -> str:
    """By the rules of the scheme, which are seen before; returns where it is."""
    page.goto("/council/next/ballots/new")
    page.get_by_label("Scheme").select_option(label=SCHEME)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("main")).to_contain_text(NOMINEE)
    page.get_by_role("button", name="Open the first round").click()
    expect(page.get_by_role("status").first).to_have_text("The round is open. The members can vote.")
    return page.url


def reader_votes(page: Page, office: PostOffice, *, round_: int) -> None:
    """From the link in the letter; the receipt is shown once."""
    letter = office.wait_for(READER, f"Please vote: {SCHEME}, round {round_}")
    page.goto(link_in(letter, "/ballots/"))
    page.get_by_role("radio", name="For", exact=True).check()
    page.get_by_role("button", name="Give my vote").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your receipt")


def secretary_enters_the_paper_of_the_absentee(page: Page, ballot: str, *, says: str) -> None:
    """First who sent one, then what a paper says."""
    page.goto(ballot)
    expect(page.get_by_role("row").filter(has_text="Hồ Văn Tránh").first).to_contain_text("1")
    page.get_by_role("link", name="Written votes").click()
    page.get_by_label("Vũ Thị Vắng").check()
    page.get_by_role("button", name="Note them").click()
    page.get_by_role("link", name="Enter a paper").click()
    page.get_by_role("radio", name=says, exact=True).check()
    page.get_by_role("button", name="Put it into the urn").click()
    expect(page.get_by_role("status").first).to_contain_text("The paper is in the urn.")
    page.goto(ballot)


def secretary_counts_a_tie_and_opens_another_round(page: Page, ballot: str) -> None:
    """One for, one against, and one who keeps away: by the rules as they were stated, another round follows."""
    page.get_by_role("button", name="Count the round").click()
    page.get_by_role("link", name="Count report").click()
    row = page.get_by_role("row").filter(has_text=NOMINEE)
    expect(row.get_by_role("cell")).to_have_text(["1", "1", "0", "1", "0", "Another round"])
    page.goto(ballot)
    expect(page.get_by_role("main")).to_contain_text("Another round")
    page.get_by_role("button", name="Open the next round").click()


def secretary_closes_and_writes_the_minutes(page: Page, folder: Path) -> None:
    """The second round approved it; the minutes tell of both, of the recusal and of the written vote."""
    page.get_by_role("button", name="Count the round").click()
    page.get_by_role("button", name="Close the ballot").click()
    expect(page.get_by_role("main")).to_contain_text("Approved")
    page.get_by_role("link", name="Write the minutes").click()
    page.get_by_label("Number of the minutes").fill("01/BB-HĐ")
    page.get_by_label("Place").fill("Nghệ An")
    page.get_by_role("button", name="Write the minutes").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the minutes").click()
    file = folder / "minutes.pdf"
    download.value.save_as(file)
    printed = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True, text=True)
    words = " ".join(printed.stdout.split())
    for said in ("BIÊN BẢN", NOMINEE, "Hồ Văn Tránh", "Vũ Thị Vắng", "Sang vòng sau", "Thông qua"):
        assert said.casefold() in words.casefold(), said


def secretary_records_the_decision(page: Page) -> None:
    """What the ballot approved, and nothing else, is offered."""
    page.goto("/council/next/decisions")
    page.get_by_role("link", name="Record a decision").click()
    page.get_by_label("Lầu Y Thí Dụ").uncheck()  # approved as well, for a decision of its own
    page.get_by_label(NOMINEE).check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Number of the decision").fill(DECISION)
    page.get_by_label("Place where it was signed").fill("Nghệ An")
    page.get_by_label("Name of the signatory").fill("Người Ký Mẫu")
    page.get_by_label("At once").check()
    page.get_by_label("I compared names and lines").check()
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_role("status").first).to_contain_text(f"Decision {DECISION} was recorded.")


def anybody_reads_of_the_award(page: Page) -> None:
    """On the page of honours."""
    page.goto("/next/honours")
    expect(page.get_by_role("main")).to_contain_text(NOMINEE)


def expect_letters_about_the_ballot(office: PostOffice) -> None:
    """One for each round to who may vote, a note of each written vote, and none to who keeps away."""
    asked = [f"Please vote: {SCHEME}, round {number}" for number in (1, 2)]
    noted = [f"Your written vote has come in: {SCHEME}, round {number}" for number in (1, 2)]
    for email, subject in ((READER, asked[1]), (ABSENT, asked[1]), (ABSENT, noted[1])):
        office.wait_for(email, subject)
    subjects = [
        sorted(letter["Subject"] for letter in office.letters_to(email)) for email in (READER, ABSENT, BARRED)
    ]
    assert subjects == [asked, [*asked, *noted], []]


def link_in(letter, part: str) -> str:
    """The first address in a letter with this part, without its host."""
    body = letter.get_body(("plain",)).get_content()
    found = search(rf"http://[^/\s]+(\S*{part}\S*)", body)
    assert found, body
    return found[1]
