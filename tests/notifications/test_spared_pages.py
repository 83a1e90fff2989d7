"""Addresses that are spared letters, as staff see them."""

import pytest
from sqlalchemy import select

from dxday.audit import queries as audit
from dxday.core.carriage import Carriage
from dxday.core.errors import NotAllowed
from dxday.core.permissions import Role
from dxday.db import db
from dxday.notifications import services
from dxday.notifications.models import Suppression
from dxday.notifications.rules import SuppressionReason, SuppressionScope
from tests import make


@pytest.fixture
def edition(app):
    return make.edition()


@pytest.fixture
def organizer(client, edition):
    return client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))


def path_of(edition, rest=""):
    return f"/manage/{edition.code}/messages/spared{rest}"


def rows(page):
    return page.all("//main//tbody/tr/th")


def flashes(page):
    return page.all("//*[@class='flashes']//p")


def test_an_empty_list_says_so(organizer, edition):
    assert organizer.open(path_of(edition)).all("//*[@class='empty-title']") == ["No address is spared"]


def test_the_list_shows_what_came_from_this_edition_and_is_in_force(organizer, edition):
    make.suppression(edition, address_key="a@example.org", reason=SuppressionReason.BOUNCED,
                     scope=SuppressionScope.ALL, note="550 5.1.1 no such person")  # fmt: skip
    make.suppression(edition, released_at=make.NOW)
    make.suppression(make.edition())

    page = organizer.open(path_of(edition))

    assert rows(page) == ["a@example.org"]
    assert page.all("//main//tbody//span[@class='muted break']") == ["550 5.1.1 no such person"]


def test_an_address_is_spared_by_hand_once(organizer, edition):
    answers = {"address": "Reader@Example.ORG", "scope": "optional", "note": "By telephone"}

    first = organizer.follow(organizer.fill(path_of(edition, "/add"), **answers))
    second = organizer.fill(path_of(edition, "/add"), **answers)

    row = db.session.scalars(select(Suppression)).one()
    assert flashes(first) == ["Reader@example.org is spared from now on."]
    assert second.errors == ["This address is spared these letters already."]
    assert (row.address_key, row.reason, row.edition_id, row.note) == (
        "reader@example.org", SuppressionReason.BY_HAND, edition.id, "By telephone",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"address": "no address"}, "Write an e-mail address such as name@example.org."),
        ({"address": "a@b@c"}, "Write an e-mail address such as name@example.org."),
        ({"note": ""}, "Answer this question."),
    ],
)
def test_what_is_no_address_or_has_no_reason_is_refused(organizer, edition, given, error):
    answers = {"address": "a@example.org", "note": "By letter"} | given

    page = organizer.fill(path_of(edition, "/add"), **answers)

    assert (page.errors, db.session.scalars(select(Suppression)).all()) == ([error], [])


def test_an_address_is_released_with_a_reason_that_stays_in_the_trail(organizer, edition):
    row = make.suppression(edition, address_key="a@example.org")

    silent = organizer.fill(path_of(edition, f"/{row.id}/release"))
    done = organizer.fill(path_of(edition, f"/{row.id}/release"), reason="Asked in a letter")

    assert silent.errors == ["Answer this question."]
    assert flashes(organizer.follow(done)) == ["Letters may go to a@example.org again."]
    assert db.session.get(Suppression, row.id).released_at is not None
    assert [(entry.action, entry.facts) for entry in audit.list_entries(limit=1)] == [
        ("suppression.released", {"scope": "optional", "because": "Asked in a letter"})
    ]


def test_an_address_that_was_released_meanwhile_is_not_released_again(organizer, edition):
    row = make.suppression(edition)
    page = organizer.open(path_of(edition, f"/{row.id}/release"))
    row.released_at = make.NOW
    db.session.flush()

    answer = organizer.send(page, path_of(edition, f"/{row.id}/release"), reason="x")

    assert answer.status == 404


def test_the_page_of_a_withheld_message_leads_to_its_release(organizer, edition):
    row = make.suppression(make.edition(), address_key="reader@example.org")
    message = make.message(edition, to_address="Reader@example.org", carriage=Carriage.WITHHELD)

    page = organizer.open(f"/manage/{edition.code}/messages/{message.id}")
    link = page.document.xpath("//main//a[contains(@href, 'release')]/@href")

    assert link == [path_of(edition, f"/{row.id}/release")]
    assert organizer.open(link[0]).heading == "Release an address"


def test_an_address_of_another_edition_is_not_there(organizer, edition):
    row = make.suppression(make.edition())

    assert organizer.open(path_of(edition, f"/{row.id}/release")).status == 404


@pytest.mark.parametrize("role", [Role.AGENCY, Role.COUNCIL])
def test_only_who_may_see_mail_sees_who_is_spared(client, edition, role):
    client.sign_in(make.account(role, edition_id=edition.id))

    assert [client.open(path_of(edition, rest)).status for rest in ("", "/add")] == [403, 403]


def test_the_list_costs_the_same_statements_for_one_and_three(organizer, edition, queries):
    totals = []
    for count in (1, 2):
        for _ in range(count):
            make.suppression(edition)
        with queries() as counted:
            page = organizer.open(path_of(edition))
        totals.append((counted.total, len(rows(page))))

    assert totals == [(totals[0][0], 1), (totals[0][0], 3)]


def test_what_another_edition_noted_by_hand_is_not_shown(organizer, edition):
    other = make.edition()
    spared = [
        make.suppression(address_key=f"{whose.id}@example.org", edition_id=whose.id, note=f"Note {whose.id}.",
                         reason=SuppressionReason.BY_HAND)
        for whose in (edition, other)
    ]  # fmt: skip
    letters = [make.message(edition, to_address=each.address_key) for each in spared]

    pages = [organizer.open(f"/manage/{edition.code}/messages/{row.id}") for row in letters]
    pages += [organizer.open(f"/manage/{edition.code}/messages/spared/{each.id}/release") for each in spared]

    shown = [each.note in page.words for each, page in zip(spared * 2, pages, strict=True)]
    assert shown == [True, False, True, False]


def test_what_the_reader_asked_for_only_the_reader_takes_back(organizer, edition):
    row = make.suppression(edition, reason=SuppressionReason.UNSUBSCRIBED)
    page = organizer.open(path_of(edition, f"/{row.id}/release"))

    answer = organizer.send(page, path_of(edition, f"/{row.id}/release"), reason="I know better")

    db.session.refresh(row)
    assert ("The reader asked for this." in answer.words, row.released_at) == (True, None)


def test_an_organizer_locks_nobody_out_of_their_sign_in_letters(app, organizer, edition):
    page = organizer.open(path_of(edition, "/add"))
    actor = make.actor(Role.ORGANIZER, edition_id=edition.id)

    assert page.document.xpath("//input[@name='scope']/@value") == ["optional"]
    with pytest.raises(NotAllowed):
        services.spare_address(
            edition.id, "admin@example.org", scope=SuppressionScope.ALL, note="", actor=actor, now=make.NOW
        )
