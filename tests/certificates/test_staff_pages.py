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


@pytest.mark.parametrize("more", ["", "/progress", "/BK-2026-0001/revoke", "/BK-2026-0001.pdf"])
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


@pytest.mark.parametrize("more", ["/issue", "/retry", "/BK-2026-0001/revoke"])
def test_nobody_else_changes_anything(client, edition, more):
    client.sign_in(make.account(Role.AGENCY, edition_id=edition.id, organisation_id=make.organisation().id))

    assert client.post(path(edition, more), data={"decision": "1", "reason": "fraud"}).status == 403
