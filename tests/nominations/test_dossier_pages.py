"""The pages on which a dossier is begun and written in sections."""

from io import BytesIO

import pytest
from sqlalchemy import select

from dxday.core import clock
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import queries, services
from dxday.nominations.models import Attachment, Nomination
from dxday.nominations.rules import State
from dxday.schemes.rules import ItemKind
from tests import make
from tests.nominations.conftest import acting
from tests.nominations.test_dossier import SECOND, add_item, add_question, add_quota


@pytest.fixture
def officer(client, desk):
    return client.sign_in(desk.account)


def take_as_another(desk, nomination, section="achievement"):
    other = make.account(Role.AGENCY, edition_id=desk.edition.id, organisation_id=desk.agency.id)
    other.full_name = "Lê Văn Khác"
    services.take_section(nomination, section, actor=acting(other), now=clock.now())
    db.session.commit()


def token_of(page):
    return page.document.xpath("//form//input[@name='csrf_token']/@value")[0]


def autosave(officer, path, page, **fields):
    answer = officer.post(f"{path}/autosave", {"csrf_token": token_of(page), **fields})
    return answer.status, answer.response.get_json()


# Questions first


def test_questions_are_asked_one_by_one_and_kept_with_the_draft(officer, desk):
    add_question(desk, "first")
    add_question(desk, "second", wanted=True)
    begin = f"{desk.path}begin/{desk.category.id}"

    first = officer.follow(officer.open(f"{desk.path}new"))
    page = officer.fill(f"{begin}/1", answer="no")
    second = officer.follow(page)
    form = officer.follow(officer.send(second, page.location, answer="yes"))
    officer.send(form, f"{desk.path}new", nominee_name="Nguyễn Văn Mẫu")

    assert first.heading == "For which award?"
    assert f"{begin}/1" in first.links()
    assert (second.heading, f"{begin}/1" in second.links()) == ("Second?", True)
    assert form.value("category") == str(desk.category.id)
    nomination = db.session.scalars(select(Nomination)).one()
    assert [(each.code, each.answer) for each in queries.list_eligibility(nomination.id)] == [
        ("first", False),
        ("second", True),
    ]


def test_the_wrong_answer_ends_it_kindly_with_the_article(officer, desk):
    add_question(desk)
    begin = f"{desk.path}begin/{desk.category.id}/1"

    page = officer.follow(officer.fill(begin, answer="yes"))

    assert page.heading == "This award cannot be given"
    assert page.all("//*[@class='notice-title']") == ["Then it cannot be given."]
    assert "Art. 2" in page.words
    assert begin in page.links()
    assert officer.open(begin).value("answer") == "yes"


def test_a_question_wants_an_answer_and_there_are_only_so_many(officer, desk):
    add_question(desk)

    assert officer.fill(f"{desk.path}begin/{desk.category.id}/1").errors == ["Choose yes or no."]
    assert officer.open(f"{desk.path}begin/{desk.category.id}/2").status == 404


def test_past_the_questions_nothing_is_begun(officer, desk):
    add_question(desk)

    page = officer.fill(f"{desk.path}new?category={desk.category.id}", nominee_name="A")

    assert page.errors == ["Answer the questions of this award first: they tell whether it can be given."]
    assert db.session.scalars(select(Nomination)).all() == []


# Sections


def test_the_list_of_sections_says_how_far_each_is_and_what_it_lacks(officer, desk):
    add_item(desk, "reason")
    add_item(desk, "minutes", ItemKind.FILE, section="papers")
    nomination = desk.draft()

    page = officer.open(f"{desk.path}{nomination.code}/sections/")

    assert page.all("//*[@class='task-name']") == ["Nominee and contact", "reasons", "Papers"]
    assert page.all("//*[@class='task-line']/span") == ["Complete", "Not started", "Not started"]
    assert page.all("//*[@class='task-gaps']//a") == [
        "“Reason” is missing (Art. 1).",
        "“Minutes” is missing (Art. 1).",
    ]


def test_a_section_is_written_without_a_script(officer, desk):
    add_item(desk, "reason", most=3)
    add_item(desk, "since", ItemKind.DATE)
    add_item(desk, "party", ItemKind.YES_NO, sensitive=True)
    nomination = desk.draft()
    path = f"{desk.path}{nomination.code}/sections/reasons"

    page = officer.fill(path, answer_reason="A B C D", answer_since="2026-01-02", answer_party="yes")

    assert page.location == f"{desk.path}{nomination.code}/sections/"
    assert officer.follow(page).all("//*[@class='task-gaps']//a") == [
        "“Reason” has 4 words; shorten it to 3 at the most."
    ]
    shown = officer.open(path)
    assert (shown.value("answer_since"), shown.value("answer_party"), shown.value("seen_reason")) == (
        "2026-01-02",
        "yes",
        "1",
    )


def test_an_answer_of_another_kind_is_refused_beside_its_field_and_stays(officer, desk):
    add_item(desk, "number", ItemKind.NUMBER)
    nomination = desk.draft()

    page = officer.fill(f"{desk.path}{nomination.code}/sections/reasons", answer_number="many")

    assert (page.status, page.errors) == (422, ["This cannot be kept: write a number."])
    assert page.value("answer_number") == "many"


def test_a_field_saved_by_somebody_else_is_shown_and_sending_again_decides(officer, desk):
    nomination = desk.draft(achievement="Old.")
    path = f"{desk.path}{nomination.code}/sections/achievement"
    page = officer.open(path)
    autosave(officer, path, page, code="achievement", value="From another window.", version="0")

    again = officer.send(page, path, answer_achievement="Mine.")

    assert again.status == 409
    assert "From another window." in again.words
    assert again.value("answer_achievement").strip() == "Mine."
    officer.send(again, path)
    assert db.session.get(Nomination, nomination.id).achievement == "Mine."


def test_a_field_saves_itself(officer, desk):
    nomination = desk.draft()
    path = f"{desk.path}{nomination.code}/sections/achievement"
    page = officer.open(path)

    status, body = autosave(officer, path, page, code="achievement", value="Một\n\nhai", version="0")
    stale, theirs = autosave(officer, path, page, code="achievement", value="Ba", version="0")

    assert (status, body["version"], len(body["saved_at"]) >= 4) == (200, 1, True)
    assert (stale, theirs["theirs"], theirs["version"]) == (409, "Một\n\nhai", 1)
    assert db.session.get(Nomination, nomination.id).achievement == "Một\n\nhai"


def test_what_cannot_be_saved_is_answered_with_the_reason(officer, desk):
    nomination = desk.draft()
    path = f"{desk.path}{nomination.code}/sections/nominee"
    page = officer.open(path)

    assert officer.post(f"{path}/autosave", {"code": "nominee_name", "value": "x"}).status == 400
    assert autosave(officer, path, page, code="nominee_name", value=" ", version="0") == (
        422,
        {"message": "Say who is nominated.", "taken": False},
    )
    assert autosave(officer, path, page, code="nominee_email", value="nobody", version="0")[0] == 422
    assert autosave(officer, path, page, code="guid", value="x", version="0")[0] == 404


def test_a_section_that_somebody_edits_is_read_until_it_is_taken_over(officer, desk):
    nomination = desk.draft()
    path = f"{desk.path}{nomination.code}/sections/achievement"
    take_as_another(desk, nomination)

    page = officer.open(path)
    listed = officer.open(f"{desk.path}{nomination.code}/sections/")
    confirm = officer.open(f"{path}/take-over")
    taken = officer.send(confirm, f"{path}/take-over")

    assert page.all("//*[@class='notice-title']") == ["Lê Văn Khác is editing this section"]
    assert page.document.xpath("//main//textarea") == []
    assert any(
        "Lê Văn Khác has been editing it since" in words for words in listed.all("//*[@class='muted']")
    )
    assert taken.location == path
    assert len(officer.follow(taken).document.xpath("//main//textarea")) == 1


def test_who_lost_the_section_keeps_the_words(officer, desk):
    nomination = desk.draft(achievement="Old.")
    path = f"{desk.path}{nomination.code}/sections/achievement"
    page = officer.open(path)
    other = make.account(Role.AGENCY, edition_id=desk.edition.id, organisation_id=desk.agency.id)
    services.take_section(nomination, "achievement", actor=acting(other), now=clock.now(), force=True)

    status, body = autosave(officer, path, page, code="achievement", value="Mine.", version="0")
    held = officer.post(f"{path}/hold", {"csrf_token": token_of(page)})
    sent = officer.send(page, path, answer_achievement="Mine.")

    assert (status, body["taken"]) == (409, True)
    assert (held.status, held.response.get_json()["taken"]) == (409, True)
    assert (sent.status, sent.value("answer_achievement").strip()) == (409, "Mine.")
    assert db.session.get(Nomination, nomination.id).achievement == "Old."


def test_a_page_that_closes_leaves_the_section(officer, desk):
    nomination = desk.draft()
    path = f"{desk.path}{nomination.code}/sections/achievement"
    page = officer.open(path)

    assert officer.post(f"{path}/leave", {"csrf_token": token_of(page)}).status == 200
    assert queries.list_locks(nomination.id, clock.now()) == {}


def test_what_was_handed_in_is_read_only(officer, desk):
    nomination = desk.complete()
    services.submit_nomination(nomination, actor=desk.officer, now=make.NOW)

    page = officer.open(f"{desk.path}{nomination.code}/sections/achievement")

    assert page.document.xpath("//main//form") == []
    assert page.all("//*[@class='notice-title']") == ["It can be read, but not changed"]


@pytest.mark.parametrize("rest", ["", "nominee", "nominee/take-over"])
def test_another_agency_s_sections_are_not_found(officer, desk, rest):
    theirs = make.nomination(desk.category, state=State.DRAFT)

    assert officer.open(f"{desk.path}{theirs.code}/sections/{rest}").status == 404
    assert officer.open(f"{desk.path}{desk.draft().code}/sections/elsewhere").status == 404


# Places, and what comes back


def test_beyond_the_quota_the_counter_is_shown_and_the_order_can_be_changed(officer, desk):
    add_quota(desk, 1)
    services.submit_nomination(desk.complete(), actor=desk.officer, now=make.NOW)
    first, second = desk.complete(nominee_name="First"), desk.complete(nominee_name="Second")

    page = officer.open(f"{desk.path}{first.code}/submit")
    officer.fill(desk.path, form=f"{desk.path}{second.code}/order")
    listed = officer.open(desk.path)

    assert page.all("//*[contains(@class,'notice-title')]") == ["Every place of your agency is used"]
    assert "Places used 1 of 1" in page.words
    assert page.document.xpath("//main//form") == []
    assert listed.all("//ol//*[@class='task-name']") == ["1. Second", "2. First"]


def test_what_was_returned_shows_the_reason_and_is_submitted_again(officer, desk):
    nomination = desk.complete()
    services.submit_nomination(nomination, actor=desk.officer, now=make.NOW)
    services.return_nomination(
        nomination,
        reason="Thiếu biên bản.",
        due_at=make.at("2099-01-02 17:00"),
        actor=make.actor(Role.COUNCIL, edition_id=desk.edition.id),
        now=make.NOW,
    )
    desk.edition.nominations_close_at = make.NOW - SECOND

    page = officer.open(f"{desk.path}{nomination.code}")
    sent = officer.fill(f"{desk.path}{nomination.code}/submit", form=f"{desk.path}{nomination.code}/submit")

    assert page.all("//*[@class='notice-title']") == ["Returned to you for completion"]
    assert "Thiếu biên bản." in page.words
    assert sent.location == f"{desk.path}{nomination.code}"
    assert db.session.get(Nomination, nomination.id).state is State.SUBMITTED


def test_the_sections_take_as_many_queries_for_one_field_as_for_three(officer, desk, queries):
    nomination = desk.draft()
    add_item(desk, "one")
    path = f"{desk.path}{nomination.code}/sections/"
    db.session.commit()
    with queries() as few:
        officer.open(path)
    add_item(desk, "two", section="more")
    add_item(desk, "three", section="again")
    db.session.commit()

    with queries() as many:
        page = officer.open(path)

    assert len(page.all("//*[@class='task-name']")) == 4
    assert many.total == few.total


def test_a_file_may_come_with_the_first_form_and_is_what_it_is_said_to_be(officer, desk):
    item = add_item(desk, "report", ItemKind.FILE)
    elsewhere = make.category(make.scheme(desk.edition))
    report = {"attachment": (BytesIO(b"What was done."), "report.txt")}
    path = f"{desk.path}new?category={desk.category.id}"

    officer.fill(path, files=report, nominee_name="A", item=str(item.id))
    officer.fill(
        path,
        files={"attachment": (BytesIO(b"What was done."), "report.txt")},
        nominee_name="B",
        item=str(item.id),
        category=str(elsewhere.id),
    )

    kept = db.session.execute(
        select(Nomination.nominee_name, Attachment.item_id).join(Attachment.nomination)
    ).all()
    assert sorted(map(tuple, kept)) == [("A", item.id), ("B", None)]


def test_a_saved_section_is_free_for_a_colleague_at_once(officer, desk):
    nomination = desk.draft()
    path = f"{desk.path}{nomination.code}/sections/achievement"
    page = officer.open(path)
    held = queries.list_locks(nomination.id, clock.now())

    officer.send(page, path, answer_achievement="Written.")

    assert ([*held], queries.list_locks(nomination.id, clock.now())) == (["achievement"], {})


def test_the_page_of_a_nomination_says_who_edits_what(officer, desk):
    nomination = desk.draft()
    take_as_another(desk, nomination)

    page = officer.open(f"{desk.path}{nomination.code}")

    assert any("Lê Văn Khác has been editing it since" in words for words in page.all("//*[@class='muted']"))
