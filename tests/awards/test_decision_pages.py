"""The pages of a decision: the draft, the document, and when it is announced."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.appraisal import services as appraisal
from dxday.appraisal.rules import HoldKind, HoldOn
from dxday.audit import queries as audit
from dxday.awards import queries, rules, services
from dxday.awards.models import Decision
from dxday.core import clock
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations.rules import State
from dxday.operations.models import Operation
from dxday.schemes.models import Quota, Scheme
from tests import make
from tests.awards.test_council_pages import answers
from tests.client import PageClient


@pytest.fixture
def secretary(client, council):
    """The browser of the council's secretary."""
    return client.sign_in(council.account)


def the_decision() -> Decision:
    return db.session.scalars(select(Decision).execution_options(populate_existing=True)).one()


def lines_of(secretary, council, *chosen):
    return secretary.fill(f"{council.path}decisions/new", nominations=[each.code for each in chosen])


def record(secretary, council, **given):
    page = lines_of(secretary, council, council.nomination())
    return secretary.follow(secretary.send(page, "", **answers(**given)))


def test_a_decision_stays_under_embargo_unless_somebody_chooses_otherwise(secretary, council):
    page = record(secretary, council)

    assert the_decision().announced_at is None
    assert "Nobody outside of the council knows of this decision yet" in page.words
    assert "Under embargo" in secretary.open(f"{council.path}decisions").words


def test_a_decision_can_be_announced_at_once(secretary, council):
    record(secretary, council, announce="now")

    assert the_decision().is_announced


def test_a_decision_can_be_announced_at_a_moment_on_the_clock_of_the_edition(secretary, council):
    record(secretary, council, announce="at", announce_at="2099-10-10T08:30")

    assert the_decision().announce_at == make.at("2099-10-10 08:30")
    assert the_decision().announced_at is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"announce": "at", "announce_at": ""}, "Say when it is announced."),
        (
            {"announce": "at", "announce_at": "2020-10-10T08:30"},
            "This moment is over. Choose a later one, or announce the decision at once.",
        ),
        ({"bases": " "}, "Give at least one legal basis."),
        ({"articles": ""}, "Write at least one article."),
        ({"issuer": ""}, "Name the agency whose decision it is."),
        ({"authority": ""}, "Name the office that decides."),
        ({"about": ""}, "Say what the decision is about."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_recorded(secretary, council, given, sentence):
    page = lines_of(secretary, council, council.nomination())

    refused = secretary.send(page, "", **answers(**given))

    assert refused.errors == [sentence]
    assert db.session.scalars(select(Decision)).all() == []


def test_the_words_are_kept_as_they_were_written(secretary, council):
    page = record(
        secretary,
        council,
        bases="Căn cứ  Luật A\n\nCăn cứ Nghị định B",
        articles="Tặng.\nThi hành.",
        recipients="",
    )

    assert (the_decision().bases, the_decision().articles, the_decision().recipients) == (
        ["Căn cứ Luật A", "Căn cứ Nghị định B"],
        ["Tặng.", "Thi hành."],
        [],
    )
    assert page.all("//section[@id='articles']//li") == ["Tặng.", "Thi hành."]


# Whom -----------------------------------------------------------------------------------------------------------------


def test_what_a_ballot_approved_is_ticked_but_for_what_is_held_which_says_so(secretary, council):
    db.session.get(Scheme, council.category.scheme_id).ballot = True
    approved, held = (council.nomination(state=State.ADMITTED) for _ in range(2))
    appraisal.open_hold(
        held,
        on=HoldOn.NOMINATION,
        kind=HoldKind.COMPLAINT,
        reason="Đơn.",
        expires_on=None,
        today=make.TODAY,
        actor=council.secretary,
        now=make.NOW,
    )
    approved.state = held.state = State.APPROVED
    db.session.commit()

    page = secretary.open(f"{council.path}decisions/new")
    refused = secretary.send(lines_of(secretary, council, approved, held), "", **answers())

    assert page.document.xpath("//input[@name='nominations'][@checked]/@value") == [approved.code]
    assert "Held: Complaint or denunciation." in page.words
    assert refused.errors[0].startswith(f"A hold stands against {held.nominee_name}: Complaint")
    assert db.session.scalars(select(Decision)).all() == []


def test_more_than_the_quota_is_said_with_the_numbers(secretary, council):
    nomination = council.nomination()
    make.save(Quota(scheme_id=council.category.scheme_id, organisation_id=nomination.organisation_id, most=0))

    page = lines_of(secretary, council, nomination)

    assert page.all("//*[@class='notice-title']") == ["More than the quota"]


# The document ---------------------------------------------------------------------------------------------------------


def test_the_document_is_made_with_the_decision_and_each_copy_is_noted(secretary, council):
    record(secretary, council)
    decision = the_decision()
    path = f"{council.path}decisions/{decision.id}/document.pdf"

    answer = secretary._ask("GET", path).response

    assert (answer.mimetype, answer.get_data()[:5]) == ("application/pdf", b"%PDF-")
    assert answer.headers["Cache-Control"] == "no-store"
    actions = [each.action for each in audit.list_entries(edition_id=council.edition.id, limit=9)]
    assert actions[:2] == ["decision.document_downloaded", "decision.document_made"]


def test_a_document_that_was_not_made_is_made_by_a_button_once(secretary, council):
    decision = council.record(council.nomination())
    path = f"{council.path}decisions/{decision.id}"
    assert secretary._ask("GET", f"{path}/document.pdf").status == 404
    page = secretary.open(path)

    for said in ("The document is made.", "The document of this decision is made already."):
        sent = secretary.send(page, f"{path}/document", form=f"{path}/document")
        assert said in secretary.follow(sent).text

    assert queries.find_document(decision.id) is not None


def test_a_decision_of_before_has_no_document(secretary, council):
    decision = make.decision(council.edition)

    page = secretary.open(f"{council.path}decisions/{decision.id}")

    assert "The words of this decision were not kept" in page.words


def test_the_document_of_a_long_decision_is_left_to_a_worker(secretary, council, monkeypatch):
    monkeypatch.setattr("dxday.awards.operations.MOST_AT_ONCE", 0)

    page = record(secretary, council)

    assert "it is on this page in a minute or so" in page.text
    assert [each.arguments for each in db.session.scalars(select(Operation))] == [
        {"decision": the_decision().id}
    ]


def test_a_draft_is_shown_before_number_and_day_are_known_and_nothing_is_kept(secretary, council):
    page = lines_of(secretary, council, council.nomination())
    before = audit.count_entries()

    page.form().set("action", f"{council.path}decisions/new/document.pdf")  # what the button does
    draft = secretary.send(page, "", number="", decided_on="")
    refused = secretary.send(page, "", bases="")

    assert draft.response.get_data()[:5] == b"%PDF-"
    assert "Give at least one legal basis." in refused.errors
    assert db.session.scalars(select(Decision)).all() == []
    assert audit.count_entries() == before


# Announcing -----------------------------------------------------------------------------------------------------------


def test_the_secretary_announces_by_hand(secretary, council):
    decision = council.record(council.nomination(), announce_at=None)
    path = f"{council.path}decisions/{decision.id}/announcement"

    sent = secretary.fill(path, announce="now")

    assert sent.location == f"{council.path}decisions/{decision.id}"
    assert the_decision().announced_by_id == council.account.id
    assert secretary.open(path).all("//main//form") == []


def test_the_secretary_puts_it_off_and_back_to_by_hand(secretary, council):
    decision = council.record(council.nomination(), announce_at=make.NOW + timedelta(days=1))
    path = f"{council.path}decisions/{decision.id}/announcement"

    secretary.fill(path, announce="at", announce_at="2099-10-10T08:30")
    moved = the_decision().announce_at
    secretary.fill(path, announce="by_hand")

    assert (moved, the_decision().announce_at) == (make.at("2099-10-10 08:30"), None)


def test_of_two_secretaries_the_second_is_told_that_it_is_announced(secretary, council):
    decision = council.record(council.nomination(), announce_at=None, number="1/QĐ-UBND")
    path = f"{council.path}decisions/{decision.id}/announcement"
    page = secretary.open(path)
    services.announce_decision(decision, actor=council.secretary, now=clock.now())
    db.session.commit()

    refused = secretary.send(page, path, announce="now")

    assert "Decision 1/QĐ-UBND was announced already." in refused.text
    assert rules.AnnouncedAlready(number="1").status == 422


@pytest.mark.parametrize("address", ["document.pdf", "announcement", "document"])
def test_nobody_else_comes_in(app, council, address):
    decision = council.record(council.nomination())
    other = make.account(Role.ORGANIZER, edition_id=council.edition.id)
    stranger = PageClient(app).sign_in(other)
    method = "POST" if address == "document" else "GET"

    page = stranger._ask(method, f"{council.path}decisions/{decision.id}/{address}")

    assert (page.status, page.heading) == (403, "You may not open this page")


def test_a_decision_of_another_edition_is_not_found(secretary, council):
    other = make.decision(make.edition())

    for address in ("", "/document.pdf", "/announcement"):
        page = secretary._ask("GET", f"{council.path}decisions/{other.id}{address}")
        assert (page.status, page.heading) == (404, "Page not found")
