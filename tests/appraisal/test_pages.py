"""The pages of the standing body."""

from datetime import timedelta

import pytest

from dxday.audit import queries as audit
from dxday.core.permissions import Role
from dxday.core.vietnamese import fold
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from tests import make
from tests.appraisal.conftest import ANOTHER_TEXT, TEXT


@pytest.fixture
def secretary(client, body):
    """The browser of the standing body."""
    return client.sign_in(body.account)


def page_of(body, nomination, rest: str = "") -> str:
    return f"{body.path}dossiers/{nomination.code}{rest}"


def viewed(nomination) -> int:
    """How often the trail says that somebody looked into a dossier."""
    return [(entry.action, entry.subject) for entry in audit.list_entries(limit=100)].count(
        ("nomination.viewed", nomination.code)
    )


# The list -----------------------------------------------------------------------------------------------------------


def test_the_list_counts_what_stands_against_each_dossier(secretary, body):
    body.dossier(nominee_name="Tổ A", nominee_email="", file=False)
    body.dossier(nominee_name="Tổ B", achievement=ANOTHER_TEXT)

    page = secretary.open(body.path)

    rows = page.all("//tbody/tr")
    assert "Tổ A" in rows[0]
    assert "Stops admission: 1 Warning: 1" in rows[0]
    assert "Nothing stands against it" in rows[1]


def test_the_list_is_narrowed_to_the_heaviest_finding(secretary, body):
    body.dossier(nominee_name="Tổ A", file=False)
    body.dossier(nominee_name="Tổ B", achievement=ANOTHER_TEXT, nominee_email="")

    assert [
        [name in secretary.open(f"{body.path}?level={level}").words for name in ("Tổ A", "Tổ B")]
        for level in ("block", "warn", "note", "clear", "nonsense")
    ] == [[True, False], [False, True], [False, False], [False, False], [False, False]]


def test_the_list_is_searched_without_accents(secretary, body):
    body.dossier(nominee_name="Tổ công nghệ số xã Đức Hoà")
    body.dossier(nominee_name="Phòng Văn hóa", achievement=ANOTHER_TEXT)

    page = secretary.open(f"{body.path}?q=duc+hoa")

    assert "Đức Hoà" in page.words
    assert "Phòng Văn hóa" not in page.words


def test_the_list_shows_dossiers_of_every_state_but_drafts(secretary, body):
    body.dossier(nominee_name="Tổ A")
    body.dossier(nominee_name="Tổ B", state=State.ADMITTED, achievement=ANOTHER_TEXT)
    make.nomination(body.category, nominee_name="Tổ C", state=State.DRAFT)

    assert "Tổ B" not in secretary.open(body.path).words
    everything = secretary.open(f"{body.path}?state=all").words
    assert ("Tổ B" in everything, "Tổ C" in everything) == (True, False)


def test_a_dossier_whose_text_was_not_compared_yet_says_so(secretary, body):
    make.nomination(body.category)

    assert "Its text is still to be compared." in secretary.open(body.path).words


def test_the_list_asks_the_database_as_often_for_many_dossiers_as_for_few(secretary, body, queries):
    body.dossier(nominee_name="Tổ A")
    secretary.open(body.path)
    with queries() as few:
        secretary.open(body.path)
    for n in range(8):
        body.dossier(nominee_name=f"Tổ {n}")

    with queries() as many:
        secretary.open(body.path)

    assert many.total == few.total


def test_a_list_of_sixty_has_two_pages(secretary, body):
    for n in range(60):
        make.nomination(body.category, nominee_name=f"Tổ {n}", achievement=f"Việc số {n}")

    assert len(secretary.open(body.path).all("//tbody/tr")) == 50
    assert len(secretary.open(f"{body.path}?page=2").all("//tbody/tr")) == 10


# A dossier ----------------------------------------------------------------------------------------------------------


def test_every_look_into_a_dossier_is_noted(secretary, body):
    new = body.dossier()

    secretary.open(page_of(body, new))
    secretary.open(page_of(body, new))

    assert viewed(new) == 2


def test_the_page_compares_a_text_that_was_just_handed_in(secretary, body):
    body.dossier(nominee_name="Tổ B")
    new = make.nomination(body.category, nominee_name="Tổ C", achievement=fold(TEXT))

    assert "Text of another nominee" in secretary.open(page_of(body, new)).words


def test_a_dossier_against_which_something_stands_offers_no_admission(secretary, body):
    page = secretary.open(page_of(body, body.dossier(file=False)))

    assert "1 finding stops admission" in page.words
    assert "Admit to the council" not in page.words


def test_the_secretary_admits_a_dossier(secretary, body):
    new = body.dossier()

    page = secretary.fill(page_of(body, new), form=page_of(body, new, "/admit"))

    assert "is before the council" in secretary.follow(page).text
    assert db.session.get(Nomination, new.id).state is State.ADMITTED


def test_an_admission_that_came_too_late_says_what_stands_against_it(secretary, body):
    new = body.dossier()
    page = secretary.open(page_of(body, new))
    body.hold(new)

    page = secretary.send(page, "", form=page_of(body, new, "/admit"))

    assert "The dossier cannot go before the council yet." in secretary.follow(page).text
    assert db.session.get(Nomination, new.id).state is State.SUBMITTED


def test_a_dossier_of_another_edition_a_draft_and_one_that_is_not_are_alike(secretary, body):
    other = make.nomination(make.category(make.scheme(make.edition())))
    draft = make.nomination(body.category, state=State.DRAFT)

    assert [
        secretary.open(f"{body.path}dossiers/{code}").status for code in (other.code, draft.code, "NOTHING1")
    ] == [404, 404, 404]


# Findings -----------------------------------------------------------------------------------------------------------


def test_a_finding_is_let_stand_with_a_reason_and_counts_again(secretary, body):
    new = body.dossier(file=False)
    path = page_of(body, new, "/override?rule=missing-item&key=attachment")

    assert secretary.fill(path, reason=" ").errors == ["Answer this question."]
    page = secretary.follow(secretary.fill(path, reason="Bản giấy đã nhận ngày 01/12."))
    assert "It may stand because: Bản giấy đã nhận ngày 01/12." in page.words
    assert "Admit to the council" in page.words

    page = secretary.send(page, "", form=page_of(body, new, "/override/remove"))
    assert "Admit to the council" not in secretary.follow(page).words


def test_a_finding_that_is_not_there_cannot_be_let_stand(secretary, body):
    assert secretary.open(page_of(body, body.dossier(), "/override?rule=hold&key=1")).status == 404


# Comparing ----------------------------------------------------------------------------------------------------------


def test_two_dossiers_are_compared_passage_by_passage_and_both_looks_are_noted(secretary, body):
    agency = make.organisation()
    old = body.dossier(
        make.category(make.scheme(make.edition(year=2025))), organisation=agency, state=State.AWARDED
    )
    new = body.dossier(organisation=agency, achievement=f"{ANOTHER_TEXT} {fold(TEXT)}")

    page = secretary.open(page_of(body, new, f"/compare/{old.code}"))

    assert page.all("//blockquote/p[2]") == [fold(TEXT).rstrip("."), TEXT.rstrip(".")]
    assert page.all("//mark") == [fold(TEXT).rstrip(".")]
    assert (viewed(old), viewed(new)) == (1, 1)


def test_the_files_that_two_dossiers_share_are_named(secretary, body):
    old, new = body.dossier(achievement=ANOTHER_TEXT, nominee_name="Tổ B"), body.dossier()
    make.attachment(old, sha256="f" * 64, filename="cu.pdf")
    make.attachment(new, sha256="f" * 64, filename="moi.pdf")

    assert "moi.pdf, there called cu.pdf" in secretary.open(page_of(body, new, f"/compare/{old.code}")).words


def test_a_dossier_that_has_nothing_to_do_with_this_one_cannot_be_read_by_comparing(secretary, body):
    stranger = body.dossier(
        make.category(make.scheme(make.edition(year=2025))), achievement=ANOTHER_TEXT, nominee_name="Tổ B"
    )
    new = body.dossier()

    page = secretary.open(page_of(body, new, f"/compare/{stranger.code}"))

    assert (page.status, viewed(stranger)) == (404, 0)


# Returning, holding up, asking --------------------------------------------------------------------------------------


def test_the_letter_of_return_is_proposed_from_the_findings(secretary, body):
    new = body.dossier(file=False)
    path = page_of(body, new, "/return")

    page = secretary.open(path)
    assert "“Achievement report” is missing" in page.value("reason")

    page = secretary.send(page, path)
    assert db.session.get(Nomination, new.id).state is State.RETURNED
    assert "was returned" in secretary.follow(page).text


def test_a_return_that_is_due_in_the_past_is_refused(secretary, body):
    path = page_of(body, body.dossier(), "/return")

    page = secretary.fill(path, reason="Thiếu.", due_on=(make.TODAY - timedelta(days=1)).isoformat())

    assert (page.status, len(page.errors)) == (422, 1)


def test_a_hold_is_opened_and_lifted(secretary, body):
    new = body.dossier()

    page = secretary.fill(
        page_of(body, new, "/hold"), on="nominee", kind="discipline", reason="Quyết định số 7/QĐ-KL."
    )
    page = secretary.follow(page)
    assert "Quyết định số 7/QĐ-KL." in page.words
    assert "Admit to the council" not in page.words
    (lift,) = [link for link in page.links() if link.endswith("/lift")]
    page = secretary.follow(secretary.fill(lift, reason="Đã xóa kỷ luật."))

    assert "Đã xóa kỷ luật." in page.words
    assert "Admit to the council" in secretary.open(page_of(body, new)).words


def test_a_hold_that_was_lifted_already_is_refused(secretary, body):
    hold = body.hold(body.dossier())
    path = f"{body.path}holds/{hold.id}/lift"
    secretary.fill(path, reason="Xong.")

    page = secretary.fill(path, reason="Xong.")

    assert (page.status, page.errors) == (422, ["This hold does not hold any more."])


def test_a_hold_cannot_end_before_today(secretary, body):
    page = secretary.fill(
        page_of(body, body.dossier(), "/hold"),
        kind="complaint",
        reason="Đơn.",
        expires_on=(make.TODAY - timedelta(days=1)).isoformat(),
    )

    assert page.errors == ["The last day of a hold cannot lie in the past."]


def test_an_agency_is_asked_and_its_answer_noted(secretary, body):
    new = body.dossier()

    page = secretary.follow(
        secretary.fill(
            page_of(body, new, "/opinion"), organisation_name="Công an tỉnh", question="Có vi phạm?"
        )
    )
    assert "Awaited" in page.words
    (answer,) = [link for link in page.links() if "/opinions/" in link]
    page = secretary.follow(secretary.fill(answer, in_favour="no", text="Đang điều tra."))

    assert "Another agency objects" in page.words
    assert "The answer was noted already." in secretary.open(answer).words


def test_the_empty_list_of_holds_says_where_one_is_opened(secretary, body):
    assert "Nobody is held up" in secretary.open(f"{body.path}holds").words


# Who may ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.AGENCY, Role.MEMBER, Role.ORGANIZER])
def test_others_do_not_open_the_appraisal(client, body, role):
    client.sign_in(make.account(role, edition_id=body.edition.id))

    assert client.open(body.path).status == 403
