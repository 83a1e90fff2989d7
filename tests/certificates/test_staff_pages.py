"""The list of those who hand certificates out."""

import pytest
from sqlalchemy import select

from dxday.audit import queries as audit
from dxday.certificates.models import Certificate
from dxday.certificates.rules import Standing
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from tests import make
from tests.certificates import scene


@pytest.fixture
def edition(app):
    return make.edition()


@pytest.fixture
def secretary(client, edition):
    """A signed-in council secretary of the edition."""
    client.sign_in(make.account(Role.COUNCIL, edition_id=edition.id))
    return client


def path(edition, more=""):
    return f"/manage/{edition.code}/certificates{more}"


def flashes(page):
    return page.all("//div[@class='flashes']//p")


def numbers(page):
    return page.all("//tbody//th")


def test_a_decision_without_certificates_offers_to_issue_them(secretary, edition):
    decision = scene.decided(edition, awards=2)
    page = secretary.open(path(edition))

    answer = secretary.send(page, path(edition), form=path(edition, "/issue"))

    assert page.all("//section[@id='waiting']//article//p")[0] == "2 awards have no certificate yet"
    assert answer.location == path(edition)
    after = secretary.follow(answer)
    assert flashes(after) == ["2 certificates issued."]
    assert numbers(after) == ["BK-2026-0001", "BK-2026-0002"]
    assert after.all("//section[@id='waiting']") == []
    assert after.all("//tbody//tr[1]/td[@data-label='Decision']") == [decision.number]


def test_a_double_click_issues_once_and_says_so(secretary, edition):
    scene.decided(edition)
    page = secretary.open(path(edition))
    for _ in range(2):
        answer = secretary.send(page, path(edition), form=path(edition, "/issue"))

    assert (
        flashes(secretary.follow(answer))[-1] == "Every award of this decision has its certificate already."
    )
    assert len(db.session.scalars(select(Certificate)).all()) == 1


def test_a_refusal_is_said_on_the_list(secretary, edition):
    scene.decided(edition, recipient_name="Tổ 漢")
    page = secretary.open(path(edition))

    answer = secretary.send(page, path(edition), form=path(edition, "/issue"))

    assert flashes(secretary.follow(answer)) == ["No installed font has these letters of Tổ 漢: 漢."]
    assert db.session.scalars(select(Certificate)).all() == []


def test_an_old_form_issues_nothing(secretary, edition):
    decision = scene.decided(edition)

    answer = secretary.post(path(edition, "/issue"), data={"decision": decision.number})

    assert answer.location == path(edition)
    assert db.session.scalars(select(Certificate)).all() == []


def test_a_decision_of_another_edition_is_not_found(secretary, edition):
    stranger = scene.decided()
    scene.decided(edition)
    page = secretary.open(path(edition))

    answer = secretary.send(page, path(edition), form=path(edition, "/issue"), decision=stranger.number)

    assert answer.status == 404


def test_while_some_are_made_the_list_shows_how_far(secretary, edition):
    first, _ = scene.issued(edition, awards=2)
    scene.render(first)

    page = secretary.open(path(edition))

    assert page.document.xpath("//*[@data-progress-url]/@data-progress-url") == [path(edition, "/progress")]
    assert secretary.open(path(edition, "/progress")).response.json == {
        "value": 1,
        "max": 2,
        "text": "1 of 2",
        "done": False,
    }


def test_progress_is_done_when_nothing_waits(secretary, edition):
    scene.made(edition)

    assert secretary.open(path(edition, "/progress")).response.json["done"] is True
    assert secretary.open(path(edition)).document.xpath("//*[@data-progress-url]") == []


def test_the_list_is_filtered_by_state_and_searched_without_accents(secretary, edition):
    scene.issued(edition, recipient_name="Nguyễn Văn Mẫu")
    scene.made(edition, recipient_name="Trần Thị Thí Dụ")

    found = {
        query: numbers(secretary.open(path(edition), query_string=query))
        for query in (
            "state=ready",
            "state=waiting",
            "state=failed",
            "q=thi+du",
            "q=BK-2026-0001",
            "q=nobody",
        )
    }

    assert found == {
        "state=ready": ["BK-2026-0002"],
        "state=waiting": ["BK-2026-0001"],
        "state=failed": [],
        "q=thi+du": ["BK-2026-0002"],
        "q=BK-2026-0001": ["BK-2026-0001"],
        "q=nobody": [],
    }


def test_the_list_asks_the_database_the_same_few_times_for_one_and_for_three(secretary, edition, queries):
    totals = []
    for awards in (1, 2):
        scene.issued(edition, awards=awards)
        scene.decided(edition, awards=awards)
        db.session.commit()
        with queries() as counted:
            secretary.open(path(edition))
        totals.append(counted.total)

    assert totals == [totals[0]] * 2


def test_an_empty_list_says_what_comes_first(secretary, edition):
    assert (
        "They are issued here once the council has recorded a decision."
        in secretary.open(path(edition)).words
    )


def test_what_failed_is_shown_with_its_reason_and_tried_again(secretary, edition):
    first, second = scene.issued(edition, awards=2)
    for each in (first, second):
        each.carriage, each.tries, each.error = Carriage.FAILED, 4, "OSError: no room on the disk"
    page = secretary.open(path(edition))

    *_, last = page.document.xpath("//form[contains(@action,'retry')]")
    one = secretary.post(path(edition, "/retry"), data=dict(last.form_values()))

    assert "OSError: no room on the disk" in page.words
    assert flashes(secretary.follow(one)) == ["1 certificate is being made again."]
    db.session.refresh(first)
    db.session.refresh(second)
    assert (first.carriage, second.carriage) == (Carriage.FAILED, Carriage.QUEUED)


def test_all_that_failed_is_tried_again_with_one_button(secretary, edition):
    for each in scene.issued(edition, awards=2):
        each.carriage = Carriage.FAILED
    page = secretary.open(path(edition))
    retry_all = page.document.xpath("//form[contains(@action,'retry')]")[0]

    answer = secretary.post(path(edition, "/retry"), data=dict(retry_all.form_values()))
    again = secretary.post(path(edition, "/retry"), data=dict(retry_all.form_values()))

    assert (answer.location, again.location) == (path(edition), path(edition))
    assert flashes(secretary.open(path(edition))) == [
        "2 certificates are being made again.",
        "There is no failed certificate to try again.",
    ]


def test_the_making_of_what_waits_is_stopped_after_a_question_and_let_go_on(secretary, edition):
    first, second, third = scene.issued(edition, awards=3)
    scene.render(first)
    index = secretary.open(path(edition))

    question = secretary.open(path(edition, "/stop"))
    stopped = secretary.send(question, path(edition, "/stop"))
    after = secretary.follow(stopped)
    bar = secretary.open(path(edition, "/progress")).response.json
    resumed = secretary.send(after, path(edition), form=path(edition, "/resume"))

    assert index.document.xpath("//a[span='Stop making the rest']/@href") == [path(edition, "/stop")]
    assert question.all("//h2[@class='confirm-question']") == ["Stop the making of 2 certificates that wait?"]
    assert flashes(after) == ["2 certificates will not be made until somebody lets it go on."]
    assert after.document.xpath("//a[span='Stop making the rest'] | //*[@data-progress-url]") == []
    assert after.all("//p[@class='notice-title']")[-1] == "The making of 2 certificates was stopped"
    assert bar == {"value": 1, "max": 1, "text": "1 of 1", "done": True}
    assert flashes(secretary.follow(resumed)) == ["2 certificates are being made now."]
    for each in (second, third):
        db.session.refresh(each)
    assert [each.carriage for each in (first, second, third)] == [
        Carriage.DONE,
        Carriage.QUEUED,
        Carriage.QUEUED,
    ]


def test_the_question_says_what_a_worker_has_in_hand(secretary, edition):
    held, _ = scene.issued(edition, awards=2)
    held.carriage = Carriage.CLAIMED

    question = secretary.open(path(edition, "/stop"))

    assert question.all("//h2[@class='confirm-question']") == ["Stop the making of 1 certificate that waits?"]
    assert question.all("//ul[@class='confirm-consequences']/li")[1] == (
        "1 is in a worker’s hands at this moment and is finished, with its letter."
    )


def test_what_is_stopped_is_found_by_its_state(secretary, edition):
    first, _ = scene.issued(edition, awards=2)
    first.carriage = Carriage.CANCELLED

    page = secretary.open(path(edition), query_string="state=stopped")

    assert (numbers(page), page.all("//tbody//td[@data-label='State']")) == (["BK-2026-0001"], ["Stopped"])


def test_stopping_and_going_on_are_refused_where_there_is_nothing(secretary, edition):
    (certificate,) = scene.issued(edition)
    question = secretary.open(path(edition, "/stop"))
    scene.render(certificate)

    late = secretary.send(question, path(edition, "/stop"))
    form = dict(question.document.xpath("//form[contains(@action,'stop')]")[0].form_values())
    resumed = secretary.post(path(edition, "/resume"), data=form)

    assert (late.location, resumed.location) == (path(edition), path(edition))
    assert flashes(secretary.open(path(edition))) == [
        "No certificate waits to be made, so there is nothing to stop.",
        "The making of no certificate was stopped.",
    ]
    assert "Nothing waits to be made" in secretary.open(path(edition, "/stop")).words
    db.session.refresh(certificate)
    assert certificate.carriage is Carriage.DONE


def test_a_form_without_its_token_stops_nothing(secretary, edition):
    (certificate,) = scene.issued(edition)

    secretary.post(path(edition, "/stop"))

    db.session.refresh(certificate)
    assert certificate.carriage is Carriage.QUEUED


def test_revoking_asks_for_a_reason_of_the_law(secretary, edition):
    certificate = scene.made(edition)
    revoke = path(edition, f"/{certificate.number}/revoke")

    refused = secretary.fill(revoke)
    answer = secretary.fill(revoke, reason="false_dossier")

    assert refused.errors == ["Answer this question."]
    assert answer.location == path(edition)
    assert flashes(secretary.follow(answer)) == ["Certificate BK-2026-0001 is revoked."]
    db.session.refresh(certificate)
    assert (certificate.standing, certificate.revocation_reason) == (Standing.REVOKED, "false_dossier")
    assert audit.list_entries(edition_id=edition.id)[0].action == "certificate.revoked"


def test_a_certificate_is_not_revoked_twice(secretary, edition):
    certificate = scene.made(edition)
    revoke = path(edition, f"/{certificate.number}/revoke")
    form = secretary.open(revoke)
    secretary.send(form, revoke, reason="fraud")

    again = secretary.send(form, revoke, reason="fraud")

    assert again.errors == ["Certificate BK-2026-0001 is not valid any more; it cannot be revoked again."]


def test_the_file_can_be_fetched_once_it_is_made(secretary, edition, app):
    first, second = scene.issued(edition, awards=2)
    scene.render(first)

    fetched = secretary.open(path(edition, f"/{first.number}.pdf")).response

    assert fetched.data == scene.stored(app, first)
    assert fetched.headers["Cache-Control"] == "no-store"
    assert secretary.open(path(edition, f"/{second.number}.pdf")).status == 422


@pytest.mark.parametrize("more", ["/{}/revoke", "/{}.pdf"])
def test_a_certificate_of_another_edition_is_not_found(secretary, edition, more):
    stranger = scene.made()

    assert secretary.open(path(edition, more.format(stranger.number))).status == 404


@pytest.mark.parametrize("more", ["", "/progress", "/stop", "/BK-2026-0001/revoke", "/BK-2026-0001.pdf"])
def test_only_those_who_handle_certificates_come_in(client, edition, more):
    scene.made(edition)
    other = make.edition()

    visitor = client.open(path(edition, more))
    client.sign_in(make.account(Role.AGENCY, edition_id=edition.id, organisation_id=make.organisation().id))
    agency = client.open(path(edition, more))
    client.sign_in(make.account(Role.COUNCIL, edition_id=other.id))
    stranger = client.open(path(edition, more))

    assert visitor.location.startswith("/sign-in?next=")
    assert (agency.status, stranger.status) == (403, 403)


@pytest.mark.parametrize("more", ["/issue", "/stop", "/resume", "/retry", "/BK-2026-0001/revoke"])
def test_nobody_else_changes_anything(client, edition, more):
    client.sign_in(make.account(Role.AGENCY, edition_id=edition.id, organisation_id=make.organisation().id))

    assert client.post(path(edition, more), data={"decision": "1", "reason": "fraud"}).status == 403
