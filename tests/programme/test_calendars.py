"""The programme as iCalendar: what a calendar program reads in it."""

import json
import shutil
import subprocess
from pathlib import Path

import icalendar
import pytest

from dxday.db import db, transaction
from dxday.programme import feeds, queries, services
from dxday.programme.models import PublishedPlacement, PublishedSession, Track
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


def test_the_link_of_a_site_stands_in_its_feed_and_the_track_is_a_category(client, world):
    edition, session = world
    track = make.save(Track(edition_id=edition.id, code="data", name={"en": "Data, open", "vi": "Dữ liệu"}))
    published = db.session.get(PublishedSession, session.id)
    published.track_id = track.id
    for placement in db.session.query(PublishedPlacement).filter_by(session_id=session.id):
        placement.join_url = f"https://meet.example/{placement.role.value}?a=1&b=2"

    (whole,) = read(client, f"/{edition.code}/schedule.ics").walk("VEVENT")
    (north,) = read(client, f"/{edition.code}/sites/north.ics").walk("VEVENT")

    assert "CONFERENCE" not in whole  # held on site: nobody joins from afar
    assert str(north["CONFERENCE"]) == "https://meet.example/receiving?a=1&b=2"
    assert dict(north["CONFERENCE"].params) == {"VALUE": "URI", "FEATURE": "VIDEO", "LABEL": "North"}
    assert [[str(each) for each in event["CATEGORIES"].cats] for event in (whole, north)] == [
        ["Data, open"]
    ] * 2
    assert str(north["URL"]) == f"http://localhost/{edition.code}/sessions/{session.code}"


def test_a_feed_says_how_often_to_ask_and_when_it_last_changed(client, world):
    found = read(client, f"/{world[0].code}/sites/north.ics")

    assert found["REFRESH-INTERVAL"].to_ical() == b"PT1H"
    assert [event["LAST-MODIFIED"].dt for event in found.walk("VEVENT")] == [make.NOW]


def test_a_site_that_opts_out_is_told_as_cancelled_in_its_feed_alone(client, world):
    edition, session = world
    placement = next(
        p for p in queries.get_session(edition.id, session.code).placements if p.role == "receiving"
    )
    placement.cancelled_at = make.NOW
    make.released(edition)

    assert events(client, f"/{edition.code}/sites/north.ics") == [
        (f"{session.guid}-north", "Opening", make.at("2026-10-10 07:45"), 1, "CANCELLED")
    ]
    assert events(client, f"/{edition.code}/schedule.ics")[0][4] == "CONFIRMED"


ICAL_JS = Path(__file__).resolve().parents[2] / "node_modules" / "ical.js"
READ = """
  import ICAL from "ical.js"; import { readFileSync } from "node:fs";
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[1], "utf8")));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(new ICAL.Timezone(zone));
  console.log(JSON.stringify(calendar.getAllSubcomponents("vevent").map((found) => {
    const event = new ICAL.Event(found), conference = found.getFirstProperty("conference");
    return {
      uid: event.uid, title: event.summary, start: event.startDate.toJSDate().toISOString(), sequence: event.sequence,
      status: found.getFirstPropertyValue("status"), category: found.getFirstPropertyValue("categories"),
      link: conference &&
        [conference.getFirstValue(), conference.getParameter("feature"), conference.getParameter("label")],
    };
  })));
"""


@pytest.mark.skipif(
    shutil.which("node") is None or not ICAL_JS.exists(), reason="no node with ical.js to read with"
)
def test_another_reader_than_the_writer_sees_a_moved_event_move_and_not_double(client, world, tmp_path):
    edition, session = world
    track = make.save(Track(edition_id=edition.id, code="data", name={"en": "Data"}))
    draft = queries.get_session(edition.id, session.code)
    draft.track_id = track.id
    next(p for p in draft.placements if p.role == "receiving").join_url = "https://meet.example/north"
    make.released(edition)
    seen = []
    for begins in (None, "2026-10-10 14:00"):
        if begins:
            with transaction():
                services.move_session(
                    queries.get_session(edition.id, session.code),
                    starts_at=make.at(begins),
                    ends_at=make.at("2026-10-10 15:00"),
                    actor=make.actor(),
                    now=make.NOW,
                )
            make.released(edition)
        file = tmp_path / "site.ics"
        file.write_bytes(client.open(f"/{edition.code}/sites/north.ics").response.data)
        done = subprocess.run(
            ["node", "--input-type=module", "-e", READ, "--", str(file)],
            cwd=ICAL_JS.parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
        seen += json.loads(done.stdout)

    assert [(each["uid"], each["start"]) for each in seen] == [
        (f"{session.guid}-north", "2026-10-10T00:45:00.000Z"),
        (f"{session.guid}-north", "2026-10-10T06:45:00.000Z"),
    ]
    assert seen[1]["sequence"] > seen[0]["sequence"]
    assert [(each["title"], each["status"], each["category"], each["link"]) for each in seen] == [
        ("Opening", "CONFIRMED", "Data", ["https://meet.example/north", "VIDEO", "North"])
    ] * 2
