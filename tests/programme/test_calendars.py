"""The programme as iCalendar: what a calendar program reads in it."""

import icalendar
import pytest

from dxday.db import transaction
from dxday.programme import feeds, queries, services
from dxday.programme.rules import Mode, PlacementRole
from dxday.sites.rules import SiteKind
from tests import make


@pytest.fixture
def world(app):
    day = make.at("2026-10-10 00:00").date()
    edition = make.edition(starts_on=day, ends_on=day)
    main = make.site(
        edition, kind=SiteKind.MAIN, name={"en": "Vinh"}, code="vinh", address={"en": "1 Sample Street"}
    )
    north = make.site(edition, name={"en": "North"}, code="north")
    session = make.session(edition, title={"en": "Opening", "vi": "Khai mạc"}, abstract={"en": "Words"})
    times = {"starts_at": "2026-10-10 08:00", "ends_at": "2026-10-10 09:00"}
    make.placement(session, make.room(main, name={"en": "Hall"}), **times)
    make.placement(
        session,
        make.room(north),
        role=PlacementRole.RECEIVING,
        mode=Mode.BROADCAST,
        **(times | {"starts_at": "2026-10-10 07:45"}),
    )
    return edition, session


def read(client, path):
    response = client.open(path).response
    assert response.mimetype == "text/calendar"
    return icalendar.Calendar.from_ical(response.data)


def events(client, path):
    return [
        (str(e["UID"]), str(e["SUMMARY"]), e["DTSTART"].dt, int(e["SEQUENCE"]), str(e["STATUS"]))
        for e in read(client, path).walk("VEVENT")
    ]


def test_a_session_is_one_event_where_it_is_held(client, world):
    edition, session = world

    (event,) = read(client, f"/{edition.code}/schedule.ics").walk("VEVENT")

    assert str(event["UID"]) == str(session.guid)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (
        make.at("2026-10-10 08:00"),
        make.at("2026-10-10 09:00"),
    )
    assert event["DTSTART"].params["TZID"] == "Asia/Ho_Chi_Minh"
    assert (str(event["LOCATION"]), str(event["DESCRIPTION"])) == ("Hall, Vinh, 1 Sample Street", "Words")
    assert str(event["URL"]) == f"http://localhost/{edition.code}/sessions/{session.code}"


def test_the_time_zone_is_described_in_the_file(client, world):
    zones = read(client, f"/{world[0].code}/schedule.ics").walk("VTIMEZONE")

    assert [str(zone["TZID"]) for zone in zones] == ["Asia/Ho_Chi_Minh"]


def test_a_site_has_its_own_times_and_its_own_identity(client, world):
    edition, session = world

    assert events(client, f"/{edition.code}/sites/north.ics") == [
        (f"{session.guid}-north", "Opening", make.at("2026-10-10 07:45"), 0, "CONFIRMED")
    ]


def test_a_session_has_a_file_of_its_own_with_the_same_identity(client, world):
    edition, session = world
    make.placement(make.session(edition), make.room(make.site(edition)))

    path = f"/{edition.code}/sessions/{session.code}.ics"

    assert [uid for uid, *_ in events(client, path)] == [str(session.guid)]


def test_a_move_is_told_as_a_change_and_a_cancellation_as_such(client, world):
    edition, session = world
    path = f"/{edition.code}/schedule.ics"
    client.open(path)

    with transaction():
        services.move_session(
            queries.get_session(edition.id, session.code),
            starts_at=make.at("2026-10-10 10:00"),
            ends_at=make.at("2026-10-10 11:00"),
            actor=make.actor(),
            now=make.NOW,
        )
    unreleased = events(client, path)
    make.released(edition)
    moved = events(client, path)
    with transaction():
        services.cancel_session(
            queries.get_session(edition.id, session.code), actor=make.actor(), now=make.NOW
        )
    make.released(edition)
    cancelled = events(client, path)

    assert unreleased == [(str(session.guid), "Opening", make.at("2026-10-10 08:00"), 0, "CONFIRMED")]
    assert moved == [(str(session.guid), "Opening", make.at("2026-10-10 10:00"), 1, "CONFIRMED")]
    assert cancelled == [(str(session.guid), "Opening", make.at("2026-10-10 10:00"), 2, "CANCELLED")]


def test_the_file_is_the_same_until_something_changes(client, world):
    path = f"/{world[0].code}/schedule.ics"
    tags = []
    for _ in range(2):
        client.app.extensions.pop("dxday_kept", None)  # as another process would make it
        tags.append(client.open(path).response.headers["ETag"])

    assert tags[0] == tags[1]


def test_the_file_speaks_the_language_of_its_reader(client, world):
    path = f"/{world[0].code}/schedule.ics"

    assert [uid_title[1] for uid_title in events(client, f"{path}?lang=vi")] == ["Khai mạc"]


def test_an_empty_programme_is_an_empty_calendar(client, app):
    assert events(client, f"/{make.edition().code}/schedule.ics") == []


def test_identities_are_those_that_mails_carry(world):
    assert feeds.uid_of(world[1].guid, "vinh") == f"{world[1].guid}-vinh"
