"""The pages on which an agency nominates."""

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from dxday.accounts.models import RoleGrant
from dxday.audit import queries as audit
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import queries, rules, services
from dxday.nominations.models import Nomination
from tests import make
from tests.nominations.conftest import pdf


@pytest.fixture
def officer(client, desk):
    """The browser of the agency's officer."""
    return client.sign_in(desk.account)


def the_nomination() -> Nomination:
    return db.session.scalars(select(Nomination)).one()


def file(data=b"What was done.", name="bao-cao.txt"):
    return (BytesIO(data), name)


def close_call(desk):
    desk.edition.nominations_close_at = make.NOW - timedelta(minutes=1)
    db.session.commit()


# The list


def test_an_agency_without_nominations_is_told_what_to_do(officer, desk):
    page = officer.open(desk.path)

    assert page.heading == "Nominations"
    assert page.all("//*[@class='empty-title']") == ["Nobody nominated yet"]
    assert page.links().count(f"{desk.path}new") == 2


def test_an_officer_sees_the_agency_s_nominations_and_no_others(officer, desk):
    mine = desk.draft(nominee_name="Nguyễn Văn Mẫu")
    make.nomination(desk.category, nominee_name="Another agency's")
    other_edition = make.category(make.scheme(make.edition()))
    make.nomination(other_edition, desk.agency, nominee_name="Another edition's")

    page = officer.open(desk.path)

    assert page.all("//tbody//th") == ["Nguyễn Văn Mẫu"]
    assert f"{desk.path}{mine.code}" in page.links()
    assert page.all("//tbody//td[@data-label='State']") == ["Draft"]


def test_the_list_takes_as_many_queries_for_one_as_for_three(officer, desk, queries):
    path = desk.path
    desk.draft()
    db.session.commit()
    with queries() as one:
        officer.open(path)
    desk.draft()
    desk.attach(desk.draft())
    db.session.commit()

    with queries() as three:
        page = officer.open(path)

    assert len(page.all("//tbody//tr")) == 3
    assert three.total == one.total


def test_an_account_that_acts_for_no_agency_is_told_so(client, desk):
    client.sign_in(make.account(Role.ADMIN))

    assert client.open(desk.path).all("//*[@class='empty-title']") == ["Your account acts for no agency"]
    assert client.open(f"{desk.path}new").all("//main//form") == []


def test_a_closed_call_is_said_and_drafts_stay_readable(officer, desk):
    draft = desk.draft()
    close_call(desk)

    page = officer.open(desk.path)

    assert page.all("//*[@class='notice-title']") == ["Nominations have closed"]
    assert f"{desk.path}new" not in page.links()
    assert officer.open(f"{desk.path}{draft.code}").heading == draft.nominee_name
    assert officer.open(f"{desk.path}{draft.code}/edit").all("//main//form") == []
    assert officer.open(f"{desk.path}new").all("//main//form") == []


def test_before_the_opening_it_is_said_when(officer, desk):
    desk.edition.nominations_open_at = make.at("2099-01-02 08:00")
    desk.edition.nominations_close_at = None

    page = officer.open(desk.path)

    assert page.all("//*[contains(@class, 'notice-body')]/p") == [
        "Nominations are not open yet",
        "They open at: 08:00 · Friday, January 2, 2099.",
    ]


# Who may open what

PAGES = ("", "new", "{code}", "{code}/edit", "{code}/submit", "{code}/withdraw", "{code}/files/{file}")


@pytest.mark.parametrize("path", PAGES)
def test_visitors_are_asked_to_sign_in(client, desk, path):
    nomination = desk.draft()
    attachment = desk.attach(nomination)

    page = client.open(desk.path + path.format(code=nomination.code, file=attachment.code))

    assert (page.status, page.location.split("?")[0]) == (302, "/sign-in")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", [Role.COUNCIL, Role.ORGANIZER])
def test_others_who_work_here_have_no_business_on_the_agency_s_pages(client, desk, path, role):
    nomination = desk.draft()
    attachment = desk.attach(nomination)
    client.sign_in(make.account(role))

    page = client.open(desk.path + path.format(code=nomination.code, file=attachment.code))

    assert (page.status, page.heading) == (403, "You may not open this page")


@pytest.mark.parametrize("path", PAGES[2:])
def test_another_agency_s_nomination_is_not_found(officer, desk, path):
    nomination = make.nomination(desk.category, state=rules.State.DRAFT)
    attachment = make.attachment(nomination)

    page = officer.open(desk.path + path.format(code=nomination.code, file=attachment.code))

    assert (page.status, page.heading) == (404, "Page not found")


@pytest.mark.parametrize("path", PAGES[2:6])
def test_a_nomination_of_another_edition_is_not_found(officer, desk, path):
    elsewhere = make.nomination(
        make.category(make.scheme(make.edition())), desk.agency, state=rules.State.DRAFT
    )

    page = officer.open(desk.path + path.format(code=elsewhere.code))

    assert (page.status, page.heading) == (404, "Page not found")


def test_a_file_of_another_dossier_is_not_found(officer, desk):
    theirs = desk.attach(desk.draft())

    page = officer.open(f"{desk.path}{desk.draft().code}/files/{theirs.code}")

    assert (page.status, page.heading) == (404, "Page not found")


# A new one


def test_a_draft_needs_only_a_name_and_a_category(officer, desk):
    page = officer.fill(f"{desk.path}new", nominee_name="Nguyễn Văn Mẫu", category=str(desk.category.id))

    nomination = the_nomination()
    assert page.location == f"{desk.path}{nomination.code}"
    assert (nomination.organisation_id, nomination.contact_email, nomination.contact_locale) == (
        desk.agency.id,
        desk.account.email,
        "en",
    )
    shown = officer.follow(page)
    assert shown.heading == "Nguyễn Văn Mẫu"
    assert shown.all("//*[@class='flashes']//p") == ["The draft was saved."]
    assert shown.all("//*[contains(@class,'notice-info')]//li") == [
        "Give the e-mail address at which the nominee is told.",
        "Describe the achievement.",
        "Attach the achievement report (báo cáo thành tích).",
    ]


def test_the_same_form_sent_twice_makes_one_draft_with_one_file(officer, desk):
    path = f"{desk.path}new"
    page = officer.open(path)
    answers = {"nominee_name": "Nguyễn Văn Mẫu", "category": str(desk.category.id)}

    first = officer.send(page, path, files={"attachment": file()}, **answers)
    second = officer.send(page, path, files={"attachment": file()}, **answers)

    nomination = the_nomination()
    assert first.location == second.location == f"{desk.path}{nomination.code}"
    assert queries.count_attachments([nomination.id]) == {nomination.id: 1}


def test_the_categories_are_grouped_by_scheme_and_name_the_kind_of_nominee(officer, desk):
    page = officer.open(f"{desk.path}new")

    assert page.document.xpath("//select[@name='category']/optgroup/@label") == [
        "Digital transformation honours"
    ]
    assert page.all("//select[@name='category']//option") == [
        "Choose a category",
        "Collectives (collective)",
    ]


def test_an_officer_of_two_agencies_says_for_which(client, desk):
    other = make.organisation()
    account = make.account(Role.AGENCY, edition_id=desk.edition.id, organisation_id=desk.agency.id)
    make.save(
        RoleGrant(
            account_id=account.id,
            role=Role.AGENCY,
            edition_id=desk.edition.id,
            organisation_id=other.id,
            granted_at=make.NOW,
        )
    )
    client.sign_in(account)
    answers = {"nominee_name": "Nguyễn Văn Mẫu", "category": str(desk.category.id)}

    refused = client.fill(f"{desk.path}new", **answers)
    client.send(refused, f"{desk.path}new", organisation=str(other.id))

    assert refused.errors == ["Choose the agency that nominates."]
    assert the_nomination().organisation_id == other.id


def test_a_form_without_name_or_category_keeps_what_was_typed(officer, desk):
    page = officer.fill(f"{desk.path}new", achievement="Đã làm được nhiều việc.", nominee_email="not one")

    assert page.errors == [
        "Choose a category.",
        "Say who is nominated.",
        "Write an e-mail address like name@example.org.",
    ]
    assert page.value("achievement").strip() == "Đã làm được nhiều việc."
    assert db.session.scalars(select(Nomination)).all() == []


def test_a_file_that_is_not_taken_is_refused_beside_its_field_and_nothing_typed_is_lost(officer, desk):
    page = officer.fill(
        f"{desk.path}new",
        nominee_name="Nguyễn Văn Mẫu",
        category=str(desk.category.id),
        achievement="Đã làm được nhiều việc.",
        files={"attachment": file(b"MZ\x90\x00", "bao-cao.pdf")},
    )

    sentence = (
        "“bao-cao.pdf”: Files of this kind are not taken here, whatever they are called. "
        "Taken are: DOCX, JPEG, PDF, PNG, TEXT, XLSX."
    )
    assert page.errors == [sentence]
    assert page.all("//*[@id='attachment-error']") == [f"Error: {sentence}"]
    assert (page.value("nominee_name"), page.value("achievement").strip()) == (
        "Nguyễn Văn Mẫu",
        "Đã làm được nhiều việc.",
    )
    assert db.session.scalars(select(Nomination)).all() == []


def test_when_the_call_closes_over_the_form_what_was_typed_stays_on_the_page(officer, desk):
    page = officer.open(f"{desk.path}new")
    close_call(desk)

    refused = officer.send(
        page, f"{desk.path}new", nominee_name="Nguyễn Văn Mẫu", category=str(desk.category.id)
    )

    assert refused.errors == [
        "Nominations have closed. What you wrote is kept, but it cannot be submitted any more."
    ]
    assert refused.value("nominee_name") == "Nguyễn Văn Mẫu"


def test_a_category_of_another_edition_is_no_choice(officer, desk):
    foreign = make.category(make.scheme(make.edition()))
    page = officer.open(f"{desk.path}new")

    refused = officer.send(page, f"{desk.path}new", nominee_name="Nguyễn Văn Mẫu", category=str(foreign.id))

    assert refused.errors == ["Choose one from the list."]


def test_without_schemes_there_is_nothing_to_fill_in(client):
    edition, agency = make.edition(), make.organisation()
    client.sign_in(make.account(Role.AGENCY, edition_id=edition.id, organisation_id=agency.id))

    page = client.open(f"/agency/{edition.code}/nominations/new")

    assert page.all("//*[@class='empty-title']") == ["No award schemes yet"]


# Changing


def test_a_draft_is_changed_and_goes_on_to_the_check(officer, desk):
    draft = desk.draft()

    page = officer.fill(
        f"{desk.path}{draft.code}/edit",
        nominee_name="Trần Thị Thí Dụ",
        files={"attachment": [file(), file(pdf(), "minh-chung.pdf")]},
    )

    assert page.location == f"{desk.path}{draft.code}"
    assert the_nomination().nominee_name == "Trần Thị Thí Dụ"
    assert [a.filename for a in queries.list_attachments(draft.id)] == ["bao-cao.txt", "minh-chung.pdf"]


def test_the_button_that_goes_on_saves_and_opens_the_check(officer, desk):
    draft = desk.draft()
    page = officer.open(f"{desk.path}{draft.code}/edit")
    values = dict(page.form().form_values()) | {"next": "submit", "nominee_name": "Trần Thị Thí Dụ"}

    sent = officer.post(f"{desk.path}{draft.code}/edit", data=values)

    assert sent.location == f"{desk.path}{draft.code}/submit"
    assert the_nomination().nominee_name == "Trần Thị Thí Dụ"


def test_removing_a_file_saves_what_was_typed(officer, desk):
    draft = desk.draft()
    attachment = desk.attach(draft)
    page = officer.open(f"{desk.path}{draft.code}/edit")
    values = dict(page.form().form_values()) | {"remove": attachment.code, "nominee_name": "Trần Thị Thí Dụ"}

    sent = officer.post(f"{desk.path}{draft.code}/edit", data=values)

    assert sent.location == f"{desk.path}{draft.code}/edit"
    assert the_nomination().nominee_name == "Trần Thị Thí Dụ"
    assert queries.list_attachments(draft.id) == []


def test_a_draft_that_a_colleague_saved_meanwhile_is_shown_beside_what_was_typed(officer, desk):
    draft = desk.draft()
    path = f"{desk.path}{draft.code}/edit"
    mine = officer.open(path)
    officer.fill(path, achievement="What the colleague wrote.")

    refused = officer.send(mine, path, achievement="What I wrote.")

    assert refused.errors == [
        "Somebody else changed this in the meantime. Look at their change, then try again."
    ]
    assert refused.value("achievement").strip() == "What I wrote."
    assert refused.all("//*[contains(@class,'notice-warn')]//*[@class='prose']") == [
        "What the colleague wrote."
    ]
    assert the_nomination().achievement == "What the colleague wrote."

    officer.send(refused, path)

    assert the_nomination().achievement == "What I wrote."


def test_a_submitted_nomination_shows_no_form(officer, desk):
    nomination = make.nomination(desk.category, desk.agency)

    page = officer.open(f"{desk.path}{nomination.code}/edit")

    assert page.all("//main//form") == []


# Files


def test_a_file_comes_back_as_it_was_to_be_saved_and_the_copy_is_noted(officer, desk):
    draft = desk.draft()
    officer.fill(f"{desk.path}{draft.code}/edit", files={"attachment": file(b"Done.", "báo cáo.txt")})
    attachment = queries.list_attachments(draft.id)[0]

    page = officer.open(f"{desk.path}{draft.code}/files/{attachment.code}")

    assert (page.status, page.response.data) == (200, b"Done.")
    assert page.response.headers["Content-Disposition"] == (
        "attachment; filename=\"bao cao.txt\"; filename*=UTF-8''b%C3%A1o%20c%C3%A1o.txt"
    )
    assert page.response.headers["X-Content-Type-Options"] == "nosniff"
    last = audit.list_entries(edition_id=desk.edition.id)[0]
    assert (last.action, last.subject, last.facts, last.actor_account_id) == (
        "attachment.downloaded",
        draft.code,
        {"attachment": attachment.code},
        desk.account.id,
    )


def test_a_file_that_the_store_lost_is_said_to_be_gone(officer, desk):
    draft = desk.draft()
    attachment = desk.attach(draft)  # into another store than the application's

    page = officer.open(f"{desk.path}{draft.code}/files/{attachment.code}")

    assert page.status == 410
    assert "“bao-cao.txt” is not in the store any more. Tell the organizer." in page.all("//main//p")


def test_a_removed_file_is_not_found(officer, desk):
    draft = desk.draft()
    attachment = desk.attach(draft)
    services.remove_attachment(draft, attachment, actor=desk.officer, now=make.NOW)

    page = officer.open(f"{desk.path}{draft.code}/files/{attachment.code}")

    assert (page.status, page.heading) == (404, "Page not found")


# Submitting and withdrawing


def test_everything_is_shown_before_it_is_submitted(officer, desk):
    nomination = desk.complete()

    page = officer.open(f"{desk.path}{nomination.code}/submit")
    sent = officer.send(page, f"{desk.path}{nomination.code}/submit")

    assert dict(
        zip(page.all("//dl[@class='answers']//dt"), page.all("//dl[@class='answers']//dd[1]"), strict=True)
    ) == {
        "Agency": nomination.organisation_name["en"],
        "Category": "Digital transformation honours · Collectives",
        "Kind of nominee": "Collective",
        "Name of the nominee": "Tổ công nghệ số cộng đồng xã Mẫu",
        "Position and unit, or address": "Not given",
        "The nominee is told at": "awardee@example.org",
        "Contact": "Lê Thị Ví Dụ, agency@example.org",
        "Files": "bao-cao.txt",
    }
    assert sent.location == f"{desk.path}{nomination.code}"
    assert the_nomination().state == rules.State.SUBMITTED
    shown = officer.follow(sent)
    assert shown.all("//*[@class='flashes']//p") == [
        f"Nomination {nomination.code} was handed to the council."
    ]
    assert shown.all("//*[@class='event-text']") == ["Submitted to the council"]


def test_an_incomplete_nomination_offers_no_button_but_what_is_missing(officer, desk):
    draft = desk.draft()

    page = officer.open(f"{desk.path}{draft.code}/submit")

    assert page.all("//main//form") == []
    assert page.document.xpath("//*[contains(@class,'notice-warn')]//li/a/@href") == [
        f"{desk.path}{draft.code}/edit#attachment"
    ]


def test_a_nomination_that_changed_while_it_was_read_is_not_submitted(officer, desk):
    nomination = desk.complete()
    path = f"{desk.path}{nomination.code}/submit"
    page = officer.open(path)
    officer.fill(f"{desk.path}{nomination.code}/edit", achievement="Khác.")

    refused = officer.send(page, path)

    assert refused.errors == [
        "Somebody else changed this in the meantime. Look at their change, then try again."
    ]
    assert the_nomination().state == rules.State.DRAFT


def test_submitting_after_the_closing_time_is_refused_in_a_sentence(officer, desk):
    nomination = desk.complete()
    path = f"{desk.path}{nomination.code}/submit"
    page = officer.open(path)
    close_call(desk)

    refused = officer.send(page, path)

    assert refused.errors == [
        "Nominations have closed. What you wrote is kept, but it cannot be submitted any more."
    ]


def test_a_nomination_is_withdrawn_after_a_question(officer, desk):
    nomination = desk.complete()

    sent = officer.fill(f"{desk.path}{nomination.code}/withdraw")

    assert sent.location == f"{desk.path}{nomination.code}"
    assert the_nomination().state == rules.State.WITHDRAWN


def test_what_was_decided_on_meanwhile_is_not_withdrawn(officer, desk):
    nomination = make.nomination(desk.category, desk.agency)
    path = f"{desk.path}{nomination.code}/withdraw"
    page = officer.open(path)
    nomination.state = rules.State.DECLINED

    refused = officer.send(page, path)

    assert refused.errors == ["The nomination is in the state “Declined”; this cannot be done any more."]
    assert refused.all("//main//form") == []


def test_the_agency_reads_why_it_was_declined_but_not_who_did_it(officer, desk):
    nomination = make.nomination(desk.category, desk.agency)
    services.decline_nomination(
        nomination, reason="Hồ sơ chưa đủ.", actor=make.actor(Role.COUNCIL), now=make.NOW
    )

    page = officer.open(f"{desk.path}{nomination.code}")

    assert page.all("//*[@class='event-text']") == ["Declined by the council: Hồ sơ chưa đủ."]
    assert "Thử Nghiệm" not in page.all("//*[@class='event-meta']")[0]
