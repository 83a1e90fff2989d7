"""The pages on which the council's secretary reads and records."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from dxday.adapters.storage import open_storage
from dxday.audit import queries as audit
from dxday.awards import queries as awards
from dxday.awards.models import Award, Decision
from dxday.core.permissions import Role
from dxday.db import db
from dxday.editions.models import LegalDocument
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from tests import make
from tests.awards.conftest import LINE


@pytest.fixture
def secretary(client, council):
    """The browser of the council's secretary."""
    return client.sign_in(council.account)


@pytest.fixture
def attached(app):
    """Put a file into a dossier: `attached(nomination)`."""

    def attach(nomination, data=b"What was done."):
        code = f"F{make.number()}"
        key = f"nominations/{nomination.code.lower()}/{code.lower()}"
        open_storage(app.extensions["dxday_settings"].storage_url).put(key, data)
        return make.attachment(nomination, code=code, size=len(data), storage_key=key)

    return attach


def answers(**given):
    plain = {
        "number": "3204/QĐ-UBND",
        "decided_on": make.TODAY.isoformat(),
        "place": "Nghệ An",
        "signatory_name": "Phạm Văn Thử",
        "signatory_title": "Chủ tịch",
        "compared": "y",
    }
    return plain | given


def noted(council):
    return [(e.action, e.subject) for e in reversed(audit.list_entries(edition_id=council.edition.id))]


# Gates

READING = ("", "nominations/{code}", "nominations/{code}/files/{file}", "decisions", "decisions/{decision}")
DECIDING = ("nominations/{code}/decline", "decisions/new", "decisions/new/lines")


def things(council, attached):
    nomination = council.nomination()
    decision = council.record(council.nomination())
    return {"code": nomination.code, "file": attached(nomination).code, "decision": decision.id}


@pytest.mark.parametrize("path", READING + DECIDING)
def test_visitors_are_asked_to_sign_in(client, council, attached, path):
    page = client.open(council.path + path.format(**things(council, attached)))

    assert (page.status, page.location.split("?")[0]) == (302, "/sign-in")


@pytest.mark.parametrize("path", READING + DECIDING)
@pytest.mark.parametrize("role", [Role.AGENCY, Role.ORGANIZER])
def test_others_who_work_here_have_no_business_on_the_council_s_pages(client, council, attached, path, role):
    client.sign_in(make.account(role))

    page = client.open(council.path + path.format(**things(council, attached)))

    assert (page.status, page.heading) == (403, "You may not open this page")


def test_the_council_of_another_edition_stays_out(client, council):
    client.sign_in(make.account(Role.COUNCIL, edition_id=make.edition().id))

    page = client.open(council.path)

    assert (page.status, page.heading) == (403, "You may not open this page")


@pytest.mark.parametrize("path", [*READING[1:], DECIDING[0]])
def test_what_belongs_to_another_edition_is_not_found(client, council, attached, path):
    client.sign_in(make.account(Role.COUNCIL))
    other = make.edition()

    page = client.open(f"/council/{other.code}/{path.format(**things(council, attached))}")
    if path != "decisions":
        assert (page.status, page.heading) == (404, "Page not found")
    else:
        assert page.all("//*[@class='empty-title']") == ["No decision recorded yet"]


@pytest.mark.parametrize("path", READING[1:3])
def test_a_draft_is_not_found(secretary, council, attached, path):
    draft = council.nomination(state=State.DRAFT)

    page = secretary.open(council.path + path.format(code=draft.code, file=attached(draft).code))

    assert (page.status, page.heading) == (404, "Page not found")


# Reading


def test_an_empty_council_is_told_what_will_come(secretary, council):
    page = secretary.open(council.path)

    assert page.all("//*[@class='empty-title']") == ["Nothing was submitted yet"]


def test_submitted_nominations_stand_under_their_category(secretary, council):
    other = make.category(make.scheme(council.edition, position=1), name={"en": "Households"})
    make.nomination(other, nominee_name="Hộ ông Mẫu")
    council.nomination(nominee_name="Nguyễn Văn Mẫu")
    council.nomination(nominee_name="Not yet", state=State.DRAFT)
    council.nomination(nominee_name="Done with", state=State.DECLINED)

    page = secretary.open(council.path)

    assert page.all("//section/h2") == ["Collectives", "Households"]
    assert page.all("//tbody//th") == ["Nguyễn Văn Mẫu", "Hộ ông Mẫu"]


def test_the_list_is_filtered_by_state_category_and_words(secretary, council):
    other = make.category(make.scheme(council.edition, position=1))
    make.nomination(other, nominee_name="Hộ ông Mẫu")
    council.nomination(nominee_name="Trần Thị Thí Dụ")
    council.nomination(nominee_name="Phạm Văn Thử", state=State.DECLINED)

    def names(query):
        return secretary.open(f"{council.path}?{query}").all("//tbody//th")

    assert names("state=declined") == ["Phạm Văn Thử"]
    assert names("state=all") == ["Trần Thị Thí Dụ", "Phạm Văn Thử", "Hộ ông Mẫu"]
    assert names(f"category={other.id}") == ["Hộ ông Mẫu"]
    assert names("q=thi+du") == ["Trần Thị Thí Dụ"]
    assert names("q=nobody") == []
    assert names("state=nonsense&category=nonsense") == names("state=all")


def test_the_list_takes_as_many_queries_for_one_as_for_three(secretary, council, attached, queries):
    path = council.path
    council.nomination()
    db.session.commit()
    with queries() as one:
        secretary.open(path)
    attached(council.nomination())
    make.nomination(make.category(make.scheme(council.edition)))
    db.session.commit()

    with queries() as three:
        page = secretary.open(path)

    assert len(page.all("//tbody//tr")) == 3
    assert three.total == one.total


def test_every_look_into_a_dossier_is_noted(secretary, council):
    nomination = council.nomination(nominee_name="Nguyễn Văn Mẫu", achievement="Một.\n\nHai.")

    page = secretary.open(f"{council.path}nominations/{nomination.code}")

    assert page.heading == "Nguyễn Văn Mẫu"
    assert page.all("//section[@id='achievement']//p") == ["Một.", "Hai."]
    entry = audit.list_entries(edition_id=council.edition.id)[0]
    assert (entry.action, entry.subject, entry.actor_account_id) == (
        "nomination.viewed",
        nomination.code,
        council.account.id,
    )


def test_a_copy_of_a_file_is_to_be_saved_and_is_noted(secretary, council, attached):
    nomination = council.nomination()
    attachment = attached(nomination)

    page = secretary.open(f"{council.path}nominations/{nomination.code}/files/{attachment.code}")

    assert page.response.data == b"What was done."
    assert page.response.headers["Content-Disposition"] == "attachment; filename=bao-cao.txt"
    assert page.response.headers["X-Content-Type-Options"] == "nosniff"
    assert noted(council) == [("attachment.downloaded", nomination.code)]


# Declining


def test_a_nomination_is_declined_with_a_reason(secretary, council):
    nomination = council.nomination()
    path = f"{council.path}nominations/{nomination.code}"

    sent = secretary.fill(f"{path}/decline", reason="Hồ sơ chưa đủ.")

    assert sent.location == path
    page = secretary.follow(sent)
    assert page.all("//*[@class='event-text']") == ["Declined by the council: Hồ sơ chưa đủ."]
    assert db.session.get(Nomination, nomination.id).state == State.DECLINED
    assert f"{path}/decline" not in page.links()


def test_without_a_reason_nothing_is_declined(secretary, council):
    nomination = council.nomination()

    page = secretary.fill(f"{council.path}nominations/{nomination.code}/decline")

    assert page.errors == ["Give the reason: the agency reads it."]
    assert db.session.get(Nomination, nomination.id).state == State.SUBMITTED


def test_what_the_agency_withdrew_meanwhile_is_not_declined(secretary, council):
    nomination = council.nomination()
    path = f"{council.path}nominations/{nomination.code}/decline"
    page = secretary.open(path)
    nomination.state = State.WITHDRAWN

    refused = secretary.send(page, path, reason="No.")

    assert refused.errors == ["The nomination is in the state “Withdrawn”; this cannot be done any more."]
    assert refused.all("//main//form") == []


# Recording a decision


def test_a_decision_is_recorded_in_two_steps(secretary, council):
    first = council.nomination(nominee_name="Nguyễn Văn Mẫu", achievement="Đã dạy 300 hộ. Còn nữa.")
    second = council.nomination(nominee_name="Trần Thị Thí Dụ", achievement="Đã mở lớp. Còn nữa.")
    council.nomination(nominee_name="Waits on")
    path = f"{council.path}decisions/new"

    lines = secretary.fill(path, nominations=[second.code, first.code])

    assert lines.all("//section[@id='lines']//legend") == ["1. Trần Thị Thí Dụ", "2. Nguyễn Văn Mẫu"]
    assert lines.all("//section[@id='lines']//textarea") == ["Đã mở lớp.", "Đã dạy 300 hộ."]
    assert lines.value("signatory_title") == "Chủ tịch"
    assert db.session.scalars(select(Decision)).all() == []

    sent = secretary.send(lines, path, **answers(**{"awards-1-line": LINE}))

    decision = db.session.scalars(select(Decision)).one()
    assert sent.location == f"{council.path}decisions/{decision.id}"
    assert [(a.recipient_name, a.achievement) for a in awards.awards_of(decision.id)] == [
        ("Trần Thị Thí Dụ", "Đã mở lớp."),
        ("Nguyễn Văn Mẫu", LINE),
    ]
    page = secretary.follow(sent)
    assert page.heading == "Decision 3204/QĐ-UBND"
    assert page.all("//tbody//th") == ["Trần Thị Thí Dụ", "Nguyễn Văn Mẫu"]


def test_the_decision_s_page_leads_to_the_certificates(secretary, council):
    council.record(council.nomination(), number="3204/QĐ-UBND")
    decision = db.session.scalars(select(Decision)).one()

    page = secretary.open(f"{council.path}decisions/{decision.id}")

    form = page.form()
    assert (form.get("action"), form.fields["decision"]) == (
        f"/manage/{council.edition.code}/certificates/issue",
        "3204/QĐ-UBND",
    )
    assert f"/manage/{council.edition.code}/certificates" in page.links()


def test_the_law_and_the_edition_s_documents_are_proposed_and_kept(secretary, council):
    make.save(
        LegalDocument(
            edition_id=council.edition.id,
            kind="decision",
            number="505/QĐ-TTg",
            issued_on=date(2022, 4, 22),
            issuer={"vi": "Thủ tướng Chính phủ", "en": "Prime Minister"},
            title={"vi": "Về Ngày", "en": "Decision on the Day"},
            position=1,
        )
    )
    nomination = council.nomination()
    shown = [
        "Căn cứ Luật Thi đua, khen thưởng số 06/2022/QH15",
        "Căn cứ Quyết định số 505/QĐ-TTg ngày 22 tháng 4 năm 2022 của Thủ tướng Chính phủ “Về Ngày”",
    ]

    lines = secretary.fill(f"{council.path}decisions/new", nominations=[nomination.code])
    page = secretary.follow(secretary.send(lines, "", **answers()))

    assert lines.value("bases").strip().splitlines() == shown
    assert page.all("//section[@id='bases']//li") == shown


def test_signatory_and_place_are_proposed_as_the_last_time(secretary, council):
    council.record(council.nomination(), place="Vinh", signatory_name="Phạm Văn Thử")

    lines = secretary.fill(f"{council.path}decisions/new", nominations=[council.nomination().code])

    assert (lines.value("place"), lines.value("signatory_name"), lines.value("number")) == (
        "Vinh",
        "Phạm Văn Thử",
        "",
    )


def test_who_goes_back_finds_the_choice_as_it_was(secretary, council):
    chosen, other = council.nomination(), council.nomination()
    lines = secretary.fill(f"{council.path}decisions/new", nominations=[chosen.code])

    page = secretary.open(lines.document.xpath("//p[@class='back']/a/@href")[0])

    ticked = page.document.xpath("//input[@name='nominations'][@checked]/@value")
    offered = page.document.xpath("//input[@name='nominations']/@value")
    assert (ticked, offered) == ([chosen.code], [chosen.code, other.code])


def test_somebody_must_be_chosen(secretary, council):
    council.nomination()

    page = secretary.fill(f"{council.path}decisions/new")

    assert page.errors == ["Choose at least one nomination that the decision honours."]
    assert page.heading == "Whom does the decision honour?"


def test_when_nobody_waits_there_is_nothing_to_choose(secretary, council):
    page = secretary.open(f"{council.path}decisions/new")

    assert page.all("//*[@class='empty-title']") == ["Nothing waits for a decision"]


def test_the_second_step_cannot_be_opened_by_itself(secretary, council):
    page = secretary.open(f"{council.path}decisions/new/lines")

    assert page.location == f"{council.path}decisions/new"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"number": ""}, "Give the number of the decision, as it is printed on it."),
        ({"decided_on": ""}, "Give the date of the decision."),
        ({"place": " "}, "Say where it was signed."),
        ({"signatory_name": ""}, "Say who signed it."),
        ({"signatory_title": ""}, "Give the title of the signatory."),
        ({"awards-0-line": ""}, "Write the line that the certificate prints."),
        ({"awards-0-line": "x" * 301}, "Use at most 300 characters."),
        ({"compared": None}, "Compare names and lines with the signed decision, then tick this."),
        (
            {"decided_on": (make.TODAY + timedelta(days=2)).isoformat()},
            "The date of the decision cannot be in the future.",
        ),
        ({"number": "1/QĐ-UBND"}, "A decision 1/QĐ-UBND is recorded already."),
    ],
)
def test_a_decision_that_cannot_be_recorded_says_why_and_keeps_what_was_typed(
    secretary, council, given, sentence
):
    council.record(council.nomination(), number="1/QĐ-UBND")
    nomination = council.nomination()
    path = f"{council.path}decisions/new"
    lines = secretary.fill(path, nominations=[nomination.code])

    page = secretary.send(lines, path, **answers(**({"place": "Vinh"} | given)))

    assert page.errors == [sentence]
    assert page.value("place") == {"place": "Vinh", **given}["place"].strip()
    assert db.session.get(Nomination, nomination.id).state == State.SUBMITTED
    assert len(db.session.scalars(select(Decision)).all()) == 1


def test_of_two_secretaries_the_second_is_told_who_was_taken_and_records_nothing(secretary, council):
    taken = council.nomination(nominee_name="Nguyễn Văn Mẫu")
    free = council.nomination(nominee_name="Trần Thị Thí Dụ")
    path = f"{council.path}decisions/new"
    lines = secretary.fill(path, nominations=[taken.code, free.code])
    council.record(taken)

    page = secretary.send(lines, path, **answers())

    assert page.errors == [
        "Nguyễn Văn Mẫu is not before the council: only submitted nominations can be honoured. "
        "Nothing was recorded."
    ]
    assert db.session.get(Nomination, free.id).state == State.SUBMITTED
    assert len(db.session.scalars(select(Award)).all()) == 1


def test_a_nomination_of_another_edition_cannot_be_slipped_in(secretary, council):
    stranger = make.nomination(make.category(make.scheme(make.edition())))
    path = f"{council.path}decisions/new"
    lines = secretary.fill(path, nominations=[council.nomination().code])

    page = secretary.send(lines, path, **answers(**{"awards-0-nomination": stranger.code}))

    assert (page.status, page.heading) == (404, "Page not found")
    assert db.session.scalars(select(Decision)).all() == []


def test_decisions_are_listed_with_their_awards_in_as_many_queries_for_one_as_for_three(
    secretary, council, queries
):
    path = f"{council.path}decisions"
    council.record(council.nomination(), number="1/QĐ-UBND")
    db.session.commit()
    with queries() as one:
        secretary.open(path)
    council.record(council.nomination(), council.nomination(), number="2/QĐ-UBND")
    council.record(council.nomination(), number="3/QĐ-UBND")
    db.session.commit()

    with queries() as three:
        page = secretary.open(path)

    assert page.all("//tbody//th") == ["3/QĐ-UBND", "2/QĐ-UBND", "1/QĐ-UBND"]
    assert page.all("//tbody//td[@data-label='Awards']") == ["1", "2", "1"]
    assert three.total == one.total


def test_the_agency_and_the_council_read_by_which_decision_somebody_was_honoured(secretary, council):
    nomination = council.nomination()
    council.record(nomination, number="3204/QĐ-UBND")

    page = secretary.open(f"{council.path}nominations/{nomination.code}")

    assert page.all("//*[@class='notice-title']") == ["Honoured by decision 3204/QĐ-UBND"]
    assert page.all("//*[@class='event-text']") == ["Honoured by a decision: 3204/QĐ-UBND"]
