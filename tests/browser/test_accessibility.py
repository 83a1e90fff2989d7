"""Every page of every role, found by following its links: axe finds nothing, nothing sticks out, nothing is dead."""

import time
from collections import deque
from collections.abc import Iterator
from re import findall, sub
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer
from playwright.sync_api import Browser, Page, expect
from werkzeug.exceptions import HTTPException

import config
from dxday.adapters.mail import read_mailbox
from dxday.app import create_app
from dxday.core.permissions import ROLE_PERMISSIONS, Role
from dxday.web.access import gate_of
from tests.browser.lived_in import live_in_honours
from tests.browser_site import PATIENCE, ROOT, Site, answer_questions, listen, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = ROOT / "node_modules/axe-core/axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW, NARROWEST = 1440, 390, 360

FILES = {
    "programme_public.calendar",
    "programme_public.session_calendar",
    "programme_public.site_calendar",
    "programme_chosen.calendar",
    "programme_chosen.person_calendar",
    "programme_screens.run_sheet",
    "registration_public.calendar",
    "nominations.download",
    "nomination_documents.report",
    "nominee_lists.template",
    "nominee_lists.export",
    "endorse.download",
    "council.download",
    "scores.export",
    "ballots.minutes_pdf",
    "sitting.download",
    "consultation.as_json",
    "consultation.as_csv",
    "council.document_pdf",
    "certificates.file",
    "ceremony.run_sheet",
    "handing.paper",
    "handing_over.paper",
    "press.export",
    "certificates_public.download",
    "mailbox.file",
    "operations.file",
    "exchange.template",
    "exchange_public.schedule_xml",
    "exchange_public.schedule_json",
    "releases_public.feed",
}
"""What is linked and is no page."""
FRAMES = {"letters.preview", "reminders.letter"}
"""Letters in a frame whose policy lets no script run, axe's neither; the pages around them are checked."""
NO_PAGES = {
    "static",
    "monitoring.healthz",
    "monitoring.readyz",
    "monitoring.metrics",
    "certificates.progress",
    "operations.progress",
    "changes.notice_progress",
    "certificates_public.progress",
    "programme_screens.widget_script",
    "board.data",
    "staff.start",  # goes on to the desk
    "nomination_documents.proposal_pdf",  # the answer to a form
    "council.decide",  # the answer to a form; on its own it goes back to the form
}
"""What answers GET, is no page, and that nobody follows a link to."""


OF_OTHERS = {
    "beginning", "comment_texts", "dossier", "endorsements", "nomination_documents", "nominations", "nominee_lists",
    "press_agency", "sheets", "sitting", "voting",
}  # fmt: skip
"""The rooms of pages about an agency's own dossiers, and of those who sit on a council: an administrator has none."""
LEADING_ON = {"assignment.index", "interests.index", "site_desk.start", "handing.start"}
"""What leads on to the one place, or the first council, there is."""


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (make setup-test)")
    return AXE.read_text()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The addresses and their gates, without a database."""
    return create_app(config.read({"DXDAY_INSTANCE": str(tmp_path_factory.mktemp("addresses"))}))


def find_violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands, at the width that it has now."""
    return page.evaluate(
        """async (standards) => {
          const found = await axe.run(document, {
            runOnly: { type: "tag", values: standards },
            rules: { "target-size": { enabled: true } },
            resultTypes: ["violations"],
            iframes: false,
          });
          return found.violations.map((rule) =>
            `${rule.id} (${rule.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")})`);
        }""",
        STANDARDS,
    )


def sticks_out(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def find_faults(page: Page, axe: str) -> list[str]:
    """Everything that is wrong with the open page at all widths."""
    page.evaluate(axe)
    faults = []
    for width in (NARROWEST, NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        found = find_violations(page) if width != NARROWEST else []
        found += ["sticks out"] if sticks_out(page) else []
        faults += [f"{each} at {width} on {page.url}" for each in found]
    return faults


class Walk:
    """Follows every link from where it begins; of addresses of one kind, one for each edition and set of arguments."""

    def __init__(self, app: Flask, site: Site, page: Page, *, role: Role | None) -> None:
        self.addresses = app.url_map.bind(urlsplit(site.url).netloc)
        self.app, self.site, self.page, self.role = app, site, page, role
        self.seen: set[object] = set()
        self.reached: set[str] = set()
        self.endpoint: str | None = None
        self.dead: list[str] = []

    def pages(self, *beginnings: str) -> Iterator[Page]:
        """Open page after page; note what answers with an error, and what is no address at all."""
        waiting = deque(self.site.url + path for path in beginnings)
        asked_for = len(waiting)
        while waiting:
            url = waiting.popleft()
            asked_for -= 1
            self.endpoint = endpoint = self._endpoint_if_new(url, asked_for=asked_for >= 0)
            if endpoint in FILES:
                self.reached.add(endpoint)
                answer = self.page.request.get(url)
                if not answer.ok or "text/html" in answer.headers["content-type"]:
                    self.dead.append(url)
            elif endpoint in FRAMES:
                self.reached.add(endpoint)
                if not self.page.request.get(url).ok:
                    self.dead.append(url)
            elif endpoint is not None:
                if not self.page.goto(url).ok:
                    self.dead.append(url)
                if urlsplit(self.page.url).path == urlsplit(url).path:
                    self.reached.add(endpoint)
                yield self.page
                waiting.extend(self.page.evaluate("[...document.links].map((link) => link.href)"))

    def _endpoint_if_new(self, url: str, *, asked_for: bool) -> str | None:
        parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
        if not url.startswith(self.site.url) or "lang" in query:
            return None
        try:
            endpoint, values = self.addresses.match(parts.path)
        except HTTPException:
            self.dead.append(f"{url} on {self.page.url}")
            return None
        is_theirs = self.role is None or not is_open_to_all(self.app, endpoint)
        # An administrator sees what all the others see: there the arguments were looked at already.
        key = (endpoint, values.get("edition_code"), frozenset(query if self.role is not Role.ADMIN else ()))
        if (key in self.seen and not asked_for) or not (is_theirs or asked_for):
            return None
        self.seen.add(key)
        return endpoint


def is_open_to_all(app: Flask, endpoint: str) -> bool:
    gate = gate_of(app, endpoint)
    return gate.permission is None and not gate.signed_in


def addresses_for(app: Flask, role: Role | None) -> set[str]:
    """What a role may open and a visitor may not; for the visitor, what is open to all."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    for_all = {endpoint for endpoint in endpoints if is_open_to_all(app, endpoint)}
    if role is None:
        return for_all
    may = ROLE_PERMISSIONS[role] | {None}
    return {endpoint for endpoint in endpoints - for_all if gate_of(app, endpoint).permission in may}


@pytest.fixture(scope="module")
def tokens(site: Site, browser: Browser) -> dict[Role | None, list[str]]:
    """The edition is lived in: a place, a draft, a webhook; returns the addresses that each role has besides links."""
    officer = browser.new_page(base_url=site.url, locale="en-GB")
    officer.goto("/")
    sign_in(officer, site, "agency@dxday.example")
    officer.goto("/agency/next/nominations/begin")
    answer_questions(officer, "Collectives", "Yes", "No", "No", "No")
    officer.get_by_label("Name of the nominee").fill("Tổ công nghệ số cộng đồng xã Ví Dụ")
    officer.get_by_label("Add files").set_input_files(
        {"name": "report.txt", "mimeType": "text/plain", "buffer": "Báo cáo mẫu".encode()}
    )
    officer.get_by_role("button", name="Save the draft").last.click()
    expect(officer.get_by_role("status")).to_have_text("The draft was saved.")
    officer.goto("/agency/next/nominations/import")
    rows = "Họ và tên,Đối tượng,Thành tích\nNguyễn Văn Mẫu,Cá nhân,Đã giúp nhiều người.\n"
    officer.get_by_label("List of nominees").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    officer.locator("main form button[type=submit]").last.click()
    officer.wait_for_url("**/import/*")
    found_list = urlsplit(officer.url).path
    officer.close()

    organizer = browser.new_page(base_url=site.url, locale="en-GB")
    organizer.goto("/")
    sign_in(organizer, site, "organizer@dxday.example")
    organizer.goto("/manage/next/webhooks/new")
    organizer.get_by_label("Name").fill("Screen in the foyer")
    organizer.get_by_label("Address", exact=True).fill("https://receiver.invalid/hooks")
    organizer.get_by_label("The edition is cancelled").check()
    organizer.get_by_role("button", name="Add the webhook").click()
    expect(organizer.get_by_role("heading", level=1)).to_have_text("Screen in the foyer")
    organizer.goto("/manage/next/messages/spared/add")
    organizer.get_by_label("E-mail address").fill("spared@example.org")
    organizer.get_by_label("Why?").fill("Asked by telephone")
    organizer.get_by_role("button", name="Spare it").click()
    expect(organizer.get_by_role("heading", level=1)).to_have_text("Spared addresses")
    organizer.goto("/manage/next/tracks/new")
    organizer.get_by_label("Code").fill("data")
    organizer.get_by_label("Name in English").fill("Open data")
    organizer.get_by_role("button", name="Add the track").click()
    expect(organizer.get_by_role("link", name="Open data")).to_be_visible()
    organizer.goto("/manage/next/registrations")
    organizer.get_by_role("button", name="Export as CSV").click()
    expect(organizer.get_by_role("link", name="Save the file")).to_be_visible()
    organizer.goto("/manage/next/reminders")
    on, off = (
        urlsplit(organizer.get_by_role("link", name=name).evaluate("link => link.href")).path
        for name in ("Nhắc người đăng ký trước một ngày", "Nhắc người đăng ký trước một tuần")
    )
    # The walk looks at one rule alone, and what can be done to it depends on whether it is on.
    site.desk = [f"{on}/switch-off", f"{off}/switch-on", f"{off}/remove"]
    organizer.goto(
        "/manage/next/programme/new"
    )  # without a time and a place: a finding that may be let stand
    organizer.get_by_label("Title in English").fill("Open clinic")
    organizer.locator("main form button[type=submit]").last.click()
    expect(organizer.get_by_role("heading", level=1)).to_have_text("Open clinic")
    organizer.goto("/manage/next/programme/import")
    template = organizer.request.get("/manage/next/programme/import/template.csv").body()
    organizer.get_by_label("File").set_input_files(
        {"name": "programme.csv", "mimeType": "text/csv", "buffer": template}
    )
    organizer.get_by_role("button", name="Compare with the programme").click()
    expect(organizer.get_by_role("heading", level=1)).to_have_text("What the file would change")
    site.desk.append(urlsplit(organizer.url).path)
    organizer.goto("/manage/next/change-of-plan/sessions/tap-huan-thanh-toan-khong-dung-tien-mat/cancel")
    organizer.get_by_label("Reason in Vietnamese").fill("Giảng viên bị ốm.")
    organizer.get_by_role("button", name="Show what follows").click()
    organizer.get_by_label("I have read what follows, and I mean it").check()
    organizer.get_by_role("button", name="Cancel the session").click()
    expect(organizer.get_by_role("heading", level=1)).to_contain_text("cancelled")
    organizer.close()

    propose(browser, site, "site@dxday.example", "cua-lo", "Propose a session", submit=False)
    propose(browser, site, "admin@dxday.example", "ky-son", "Propose a session", submit=True)

    attendee = browser.new_page(base_url=site.url, locale="en-GB")
    fill_in_registration(attendee, "lived-in@example.org")
    attendee.get_by_label("I agree").check()
    attendee.get_by_role("button", name="Take my place").click()
    expect(attendee.get_by_role("article", name="Ticket")).to_be_visible()
    attendee.close()

    letter = letter_to(site, "lived-in@example.org")
    congratulation = letter_to(site, "nguoi.duoc.khen@example.org")
    links = findall(r"http://\S+", f"{letter}\n{congratulation}")
    links.append(site.dxday("user", "add", "guest@example.org", "--role", "council"))
    paths = [link.removeprefix(site.url) for link in links]
    assert [path.rpartition("/")[0] for path in paths] == [
        "/my/registration",
        "/my/certificate",
        "/v",
        "/sign-in/link",
    ]
    key = (site.instance / "secret-key").read_text().strip()
    signer = URLSafeSerializer(key, salt="dxday.unsubscribe")  # as in a letter that need not come
    paths.append(f"/my/unsubscribe/{signer.dumps(['lived-in@example.org', None])}")
    secretary = browser.new_page(base_url=site.url, locale="en-GB")
    secretary.goto("/")
    sign_in(secretary, site, "council@dxday.example")
    secretary.goto("/council/next/decisions")
    secretary.get_by_role("link", name="00/QĐ-MẪU").first.click()
    secretary.get_by_role("button", name="Make the document").click()
    expect(secretary.get_by_role("link", name="Download the decision (PDF)")).to_be_visible()
    secretary.close()

    found = live_in_honours(site)
    found[None] += paths
    found[Role.AGENCY].append(found_list)
    return found


def propose(browser: Browser, site: Site, email: str, place: str, link: str, *, submit: bool) -> None:
    """A session of a site's own, and that it is ready for what it receives; handed in or still being written."""
    page = browser.new_page(base_url=site.url, locale="en-GB")
    page.goto("/")
    sign_in(page, site, email)
    page.goto(f"/site/next/{place}/")
    page.get_by_role("link", name=link).click()
    page.get_by_label("Title in English").fill("Open clinic")
    page.get_by_label("Begins").fill("10:00")
    page.get_by_label("Ends").fill("11:00")
    page.get_by_label("Room", exact=True).select_option(index=1)
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_role("status").first).to_contain_text("Noted.")
    if submit:
        page.get_by_role("link", name="Submit to the organizers").click()
        page.get_by_role("button", name="Submit").click()
        expect(page.get_by_role("status").first).to_contain_text("Submitted.")
    page.close()


def fill_in_registration(page: Page, email: str) -> None:
    """As far as the last step."""
    page.goto("/next/register")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Full name").fill("Đỗ Thị Ví Dụ")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is everything right?")


def letter_to(site: Site, address: str) -> str:
    """The text of the newest letter to an address, as soon as it lies in the mailbox."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = [letter.text for letter in read_mailbox(site.instance / "mailbox") if address in letter.to]
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"no letter to {address}")


def test_a_visitor_finds_every_public_page_and_all_are_accessible(app, site, axe, tokens, visit):
    page = visit(site)
    fill_in_registration(page, "somebody@example.org")
    walk = Walk(app, site, page, role=None)

    faults = [
        fault
        for each in walk.pages(
            "/", "/next/register/check", "/next/schedule/mine?s=le-khai-mac", *tokens[None]
        )
        for fault in find_faults(each, axe)
    ]

    assert faults == []
    assert walk.dead == []
    assert addresses_for(app, None) - walk.reached == {each for each in NO_PAGES if is_open_to_all(app, each)}


@pytest.mark.parametrize("role", list(Role))
def test_everybody_finds_the_pages_of_their_role_and_all_are_accessible(app, site, axe, tokens, visit, role):
    page = visit(site)
    sign_in(page, site, f"{role.value}@dxday.example")
    walk = Walk(app, site, page, role=role)
    wanted = addresses_for(app, role) - NO_PAGES
    looked_at = wanted
    if role is Role.ADMIN:  # who sees what the others see, and acts for no agency and so has no dossiers
        wanted -= {each for each in wanted if each.partition(".")[0] in OF_OTHERS}
        looked_at = wanted - set().union(*(addresses_for(app, each) for each in Role if each is not role))
    wanted -= LEADING_ON if role is not Role.ADMIN else {"assignment.index", "interests.index"}
    if role in (
        Role.AGENCY,
        Role.COUNCIL,
        Role.MEMBER,
        Role.SITE,
    ):  # to whom no kind of long work is offered yet
        wanted -= {"operations.show", "operations.file"}

    mine = tokens.get(role, []) if role is not Role.ADMIN else tokens[Role.COUNCIL]
    beginnings = [
        "/my/",
        "/",
        "/manage/style",
        *mine,
        *(site.desk if "reminders.switch_off" in wanted else []),
    ]
    if (
        "certificates.stop" in wanted
    ):  # certificates may be made before the walk comes by, and the link is gone
        beginnings.append("/manage/next/certificates/stop")
    if role is Role.ADMIN:  # of the many sites, one that holds sessions and receives others
        beginnings = ["/site/next/cua-lo/", *beginnings]
    faults = [
        fault
        for each in walk.pages(*beginnings)
        if walk.endpoint in looked_at or role is not Role.ADMIN
        for fault in find_faults(each, axe)
    ]

    assert faults == []
    assert walk.dead == []
    assert sorted(wanted - walk.reached) == []


def test_pages_that_refuse_are_accessible(site, axe, new_context):
    page = new_context(base_url=site.url, locale="en-GB").new_page()
    faults = []
    page.goto("/nothing/here")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    faults += find_faults(page, axe)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("organizer@dxday.example")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    faults += find_faults(page, axe)
    page.goto("/next/register")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose where you will take part.")
    faults += find_faults(page, axe)
    page.goto("/v?code=nonsense")
    expect(page.get_by_role("alert")).to_be_visible()
    faults += find_faults(page, axe)
    page.goto("/")
    sign_in(page, site, "agency@dxday.example")
    page.goto("/manage/next/programme/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not open this page")
    faults += find_faults(page, axe)
    page.goto("/agency/next/nominations/begin")
    page.get_by_role("link", name="Collectives", exact=True).first.click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose yes or no.")
    faults += find_faults(page, axe)
    page.goto("/agency/next/nominations/begin")
    answer_questions(page, "Collectives", "Yes", "No", "No", "No")
    page.get_by_role("button", name="Save and check before submitting").click()
    expect(page.get_by_role("alert")).to_contain_text("Say who is nominated.")
    faults += find_faults(page, axe)

    assert faults == []


def test_what_is_wrong_with_a_page_is_found(site, axe, new_context):
    """A page broken on purpose: else the others might pass since nothing was looked at."""
    complaints: list[str] = []
    context = new_context(base_url=site.url)
    listen(context, complaints)
    page = context.new_page()
    page.goto("/sign-in")

    before = find_faults(page, axe)
    page.evaluate(
        """() => {
          document.querySelector("label[for=email]").remove();
          document.querySelector("main").insertAdjacentHTML("beforeend", `
            <img src="/static/img/favicon.svg"><p id="pale">Pale</p><h5>Too deep</h5>
            <p><button type="button" class="tiny">1</button><button type="button" class="tiny">2</button></p>`);
          document.querySelector("#pale").style.color = "#ddd";
          for (const button of document.querySelectorAll(".tiny")) button.style.cssText = "all: unset; font-size: 8px";
        }"""
    )
    after = find_faults(page, axe)
    page.evaluate("document.querySelector('#pale').style.minWidth = '2000px'")
    broad = [each for each in find_faults(page, axe) if each.startswith("sticks out")]
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.inline = 1' }))"
    )

    rules = "color-contrast heading-order image-alt label target-size".split()
    assert before == []
    assert sorted(sub(r" \(.*\)| on .*", "", each) for each in after) == [
        f"{rule} at {width}" for rule in rules for width in (WIDE, NARROW)
    ]
    assert [sub(r" on .*", "", each) for each in broad] == [
        f"sticks out at {width}" for width in (NARROWEST, NARROW, WIDE)
    ]
    assert [each for each in complaints if "Content Security Policy" in each] == complaints != []


def test_the_lists_of_what_is_no_page_name_only_what_is_there(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert (FILES | NO_PAGES) - endpoints == set()
