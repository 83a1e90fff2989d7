"""Long work as those see it who asked for it."""

import pytest

from dxday.core import clock
from dxday.core.permissions import Role
from dxday.db import db, transaction
from dxday.operations import jobs, services
from dxday.registration.operations import EXPORT
from tests import make


@pytest.fixture
def edition(app):
    return make.edition()


@pytest.fixture
def organizer(client, edition):
    return client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))


def asked(edition, key="k", actor=None):
    with transaction():
        return services.request_operation(
            EXPORT,
            key=key,
            edition_id=edition.id,
            arguments={"locale": "en"},
            actor=actor or make.actor(),
            now=clock.now(),
        )


def path(edition, operation, more=""):
    return f"/manage/{edition.code}/operations/{operation.id}{more}"


def test_the_page_waits_and_then_offers_the_file(organizer, edition):
    make.registration(make.pool(make.site(edition)))
    db.session.commit()
    operation = asked(edition)

    waiting = organizer.open(path(edition, operation))
    jobs.carry_operation(operation.id, clock.now())
    ready = organizer.open(path(edition, operation))

    assert path(edition, operation, "/file") not in waiting.links()
    assert path(edition, operation, "/file") in ready.links()
    assert organizer.open(path(edition, operation, "/progress")).response.json == {
        "value": 1,
        "max": 1,
        "text": "1 of 1",
        "done": True,
    }


def test_a_file_that_is_not_ready_is_refused_in_words(organizer, edition):
    operation = asked(edition)

    page = organizer.open(path(edition, operation, "/file"))

    assert (page.status, "The file is not ready yet." in page.words) == (422, True)


def test_waiting_work_is_cancelled_with_one_button(organizer, edition):
    operation = asked(edition)
    page = organizer.open(path(edition, operation))

    organizer.send(page, "", form=path(edition, operation, "/cancel"))

    assert "Cancelled" in organizer.open(path(edition, operation)).words


def test_work_of_another_edition_is_not_there(organizer, edition):
    operation = asked(make.edition())

    assert organizer.open(path(edition, operation)).status == 404


def test_an_agency_sees_no_export(client, edition):
    operation = asked(edition)
    agency = client.sign_in(
        make.account(Role.AGENCY, edition_id=edition.id, organisation_id=make.organisation().id)
    )

    assert agency.open(path(edition, operation, "/file")).status == 403
    assert "Nothing yet" in agency.open(f"/manage/{edition.code}/operations").words


@pytest.mark.parametrize("many", [1, 3])
def test_the_list_costs_the_same_statements(organizer, edition, queries, many):
    for number in range(many):
        asked(edition, str(number))

    with queries() as counted:
        page = organizer.open(f"/manage/{edition.code}/operations")

    assert (len(page.all("//tbody/tr")), counted.total) == (many, 4)
