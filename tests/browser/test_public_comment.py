"""Public comment from the published list to the answer, by three people; every page on the way is accessible."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

import config
from dxday.accounts import services as accounts
from dxday.app import create_app
from dxday.core import clock
from dxday.db import transaction
from dxday.editions import queries as editions
from dxday.nominations.rules import State
from dxday.schemes.rules import NomineeKind
from tests import make
from tests.browser.test_accessibility import AXE, find_faults, letter_to
from tests.browser_site import Site, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOMINEE = "Tổ công nghệ số cộng đồng thôn Mẫu"


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: other tests count what there is."""
    with Site(tmp_path_factory.mktemp("comment")).running() as site:
        yield site


@pytest.fixture
def world(own_site: Site) -> dict[str, str]:
    """A scheme with public comment, what is before its council, and a member who reads one of the dossiers."""
    app = create_app(config.read({**own_site.environ, "BASE_URL": own_site.url}))
    with app.app_context(), transaction():
        edition = editions.get_edition("next")
        scheme = make.scheme(edition, code="commented", comment_days=10, ballot=True)
        agency = make.organisation(name={"vi": "Ủy ban nhân dân xã Mẫu"})
        category = make.category(scheme, nominee_kind=NomineeKind.COLLECTIVE)
        nomination = make.nomination(category, agency, state=State.ADMITTED, nominee_name=NOMINEE)
        for number in range(3):
            make.nomination(category, agency, state=State.ADMITTED, nominee_name=f"Tổ số {number}")
        member = make.member(make.council(edition, scheme), email="reader@council.example")
        make.reading(nomination, member)
        token = accounts.make_one_time_link(member, actor=make.actor(), now=clock.now())
        return {"code": nomination.code, "link": f"/sign-in/link/{token}"}


def test_a_list_is_published_commented_on_and_the_comment_answered(own_site, world, visit, new_context):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (make setup-test)")
    axe, faults = AXE.read_text(), []

    secretary = visit(own_site)
    sign_in(secretary, own_site, "council@dxday.example")
    secretary.goto("/council/next/comments")
    faults += find_faults(secretary, axe)
    secretary.get_by_role("link", name="Digital transformation honours").click()
    faults += find_faults(secretary, axe)
    secretary.get_by_role("button", name="Publish the list").click()
    expect(secretary.get_by_role("status").first).to_contain_text("The list is published")
    faults += find_faults(secretary, axe)

    citizen = visit(own_site, "/next/nominations")
    faults += find_faults(citizen, axe)
    citizen.get_by_role("main").get_by_role("link", name="Digital transformation honours").click()
    faults += find_faults(citizen, axe)
    citizen.get_by_label("Name, agency or achievement").fill("thon mau")
    citizen.get_by_role("button", name="Search").click()
    citizen.get_by_role("link", name=f"Comment {NOMINEE}").click()
    faults += find_faults(citizen, axe)
    hasty = new_context(base_url=own_site.url, locale="en-GB").new_page()  # Chromium notes an answer of 422
    hasty.goto(citizen.url)
    hasty.get_by_role("button", name="Send the comment").click()
    expect(hasty.get_by_role("alert")).to_contain_text("Write your comment.")
    faults += find_faults(hasty, axe)
    citizen.get_by_label("Your comment").fill("Việc này do thôn khác làm.")
    citizen.get_by_label("Full name").fill("Đỗ Thị Góp Ý")
    citizen.get_by_label("E-mail address").fill("citizen@example.org")
    citizen.get_by_label("Postal address").fill("Số 1, đường Thí Dụ")
    citizen.get_by_label("I stand by this comment with my name.").check()
    citizen.get_by_role("button", name="Send the comment").click()
    expect(citizen.get_by_role("heading", level=2, name="Received")).to_be_visible()
    receipt_page = citizen.url
    faults += find_faults(citizen, axe)
    assert receipt_page in letter_to(own_site, "citizen@example.org")

    secretary.goto("/council/next/comments")
    faults += find_faults(secretary, axe)
    secretary.get_by_role("link", name=NOMINEE).click()
    faults += find_faults(secretary, axe)
    secretary.get_by_label("Upheld").check()
    secretary.get_by_label("Reason").fill("Đã xác minh với thôn.")
    secretary.get_by_label("Answer to the commenter").fill("Hồ sơ được trả lại để bổ sung.")
    secretary.get_by_role("button", name="Record the outcome").click()
    expect(secretary.get_by_text("Nothing happened to the dossier yet.")).to_be_visible()
    faults += find_faults(secretary, axe)

    citizen.goto("/next/nominations/receipts")
    faults += find_faults(citizen, axe)
    citizen.get_by_label("Receipt").fill(receipt_page.rpartition("/")[2].lower())
    citizen.get_by_role("button", name="Show").click()
    expect(citizen.get_by_text("Hồ sơ được trả lại để bổ sung.")).to_be_visible()
    faults += find_faults(citizen, axe)

    member = visit(own_site, world["link"])
    member.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(member.get_by_role("heading", level=1)).to_have_text("Your work")
    member.goto(f"/sit/next/dossiers/{world['code']}")
    member.get_by_role("link", name="Comments of the public").click()
    expect(member.get_by_text("Đã xác minh với thôn.")).to_be_visible()
    assert "Góp Ý" not in member.content()
    faults += find_faults(member, axe)

    assert faults == []
