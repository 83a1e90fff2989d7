"""The programme for search engines: what the JSON-LD of the pages says (schema.org Event)."""

import json

import pytest

from dxday.db import db
from dxday.programme import announcing, linked
from dxday.programme.models import PublishedPlacement, Track
from dxday.programme.rules import Mode, PartKind, PlacementRole
from dxday.sites.rules import SiteKind
from tests import make

SCHEMA = "https://schema.org/"


@pytest.fixture
def world(app):
    day = make.at("2026-10-10 00:00").date()
    edition = make.edition(
        starts_on=day, ends_on=day, name={"en": "The Day"}, summary={"en": "A province-wide day."}
    )
    main = make.site(
        edition, kind=SiteKind.MAIN, name={"en": "Vinh"}, code="vinh", address={"en": "1 Sample Street"}
    )
    north = make.site(edition, name={"en": "North"}, code="north")
    session = make.session(
        edition,
        code="opening",
        title={"en": "Opening"},
        abstract={"en": "Words"},
        language="vi",
        track_id=make.save(Track(edition_id=edition.id, code="state", name={"en": "State"})).id,
    )
    make.placement(session, make.room(main))
    make.placement(
        session,
        make.room(north),
        role=PlacementRole.RECEIVING,
        mode=Mode.BROADCAST,
        starts_at="2026-10-10 07:45",
        join_url="https://meet.example/north",
    )
    make.part(
        session, make.person(full_name="Trần Thị Thí Dụ", position={"en": "Chairman"}), kind=PartKind.CHAIR
    )
    return edition


def data_of(client, path):
    (found,) = client.open(path).document.xpath("//script[@type='application/ld+json']")
    return json.loads(found.text)


def test_a_session_is_a_mixed_event_with_a_part_for_each_site(client, world):
    found = data_of(client, f"/{world.code}/sessions/opening")

    page = f"http://localhost/{world.code}/sessions/opening"
    assert {
        key: found[key] for key in ("@context", "@type", "@id", "name", "description", "about", "inLanguage")
    } == {
        "@context": SCHEMA,
        "@type": "Event",
        "@id": page,
        "name": "Opening",
        "description": "Words",
        "about": "State",
        "inLanguage": "vi",
    }
    assert found["eventStatus"] == f"{SCHEMA}EventScheduled"
    assert found["eventAttendanceMode"] == f"{SCHEMA}MixedEventAttendanceMode"
    assert (found["startDate"], found["endDate"]) == (
        "2026-10-10T07:45:00+07:00",
        "2026-10-10T09:00:00+07:00",
    )
    assert found["location"] == [
        {"@type": "Place", "name": "Vinh", "address": "1 Sample Street"},
        {"@type": "Place", "name": "North", "address": "North"},
        {"@type": "VirtualLocation", "url": "https://meet.example/north"},
    ]
    assert [(part["name"], part["startDate"], part["eventAttendanceMode"]) for part in found["subEvent"]] == [
        ("Opening – Vinh", "2026-10-10T08:00:00+07:00", f"{SCHEMA}OfflineEventAttendanceMode"),
        ("Opening – North", "2026-10-10T07:45:00+07:00", f"{SCHEMA}MixedEventAttendanceMode"),
    ]
    assert found["performer"] == [{"@type": "Person", "name": "Trần Thị Thí Dụ", "jobTitle": "Chairman"}]
    assert (found["superEvent"]["@id"], found["superEvent"]["name"]) == (
        f"http://localhost/{world.code}/",
        "The Day",
    )


def test_the_day_is_an_event_with_its_sites_and_who_holds_it(client, world):
    found = data_of(client, f"/{world.code}/")

    assert (found["startDate"], found["endDate"]) == ("2026-10-10", "2026-10-10")
    assert found["description"] == "A province-wide day."
    assert found["organizer"]["name"] == world.host.name["en"]
    assert found["eventAttendanceMode"] == f"{SCHEMA}MixedEventAttendanceMode"
    assert [place["@type"] for place in found["location"]] == ["Place", "Place", "VirtualLocation"]
    assert [(part["name"], part["url"]) for part in found["subEvent"]] == [
        ("The Day – Vinh", f"http://localhost/{world.code}/sites/vinh"),
        ("The Day – North", f"http://localhost/{world.code}/sites/north"),
    ]


def test_the_programme_names_its_sessions_as_long_as_they_are_few(client, app, world, monkeypatch):
    def parts():
        return [part["name"] for part in data_of(client, f"/{world.code}/schedule")["subEvent"]]

    few = parts()
    monkeypatch.setattr(announcing, "MOST_SUB_EVENTS", 0)
    app.extensions.pop("dxday_kept")

    assert few == ["Opening"]
    assert parts() == ["The Day – Vinh", "The Day – North"]


def test_what_was_cancelled_or_moved_says_so(client, app, world):
    world.postponed_from = make.at("2026-09-10 00:00").date()
    moved = data_of(client, f"/{world.code}/")
    world.cancelled_at = make.NOW
    cancelled = data_of(client, f"/{world.code}/")

    assert (moved["eventStatus"], moved["previousStartDate"]) == (f"{SCHEMA}EventRescheduled", "2026-09-10")
    assert cancelled["eventStatus"] == f"{SCHEMA}EventCancelled"


def test_nothing_that_somebody_wrote_ends_the_script(client, world):
    make.placement(
        make.session(world, code="evil", title={"en": "</script><script>alert(1)</script>"}),
        make.room(make.site(world)),
    )

    page = client.open(f"/{world.code}/sessions/evil")

    assert "<script>alert" not in page.text
    assert data_of(client, f"/{world.code}/sessions/evil")["name"] == "</script><script>alert(1)</script>"


def test_a_session_without_time_and_place_is_still_an_event(client, world):
    make.session(world, code="later", title={"en": "Later"})

    found = data_of(client, f"/{world.code}/sessions/later")

    assert ("startDate" in found, found["name"]) == (False, "Later")


@pytest.mark.parametrize(
    ("modes", "word"),
    [
        ([Mode.ON_SITE], "Offline"),
        ([Mode.ONLINE], "Online"),
        ([Mode.HYBRID], "Mixed"),
        ([Mode.ON_SITE, Mode.BROADCAST], "Mixed"),
        ([Mode.ON_SITE, Mode.ONLINE], "Mixed"),
    ],
)
def test_how_one_attends_follows_from_the_modes(modes, word):
    assert linked.attendance_mode(modes) == f"{SCHEMA}{word}EventAttendanceMode"


def test_the_line_of_a_session_that_is_on_site_alone_is_told_nobody(client, world):
    for placement in db.session.query(PublishedPlacement).filter_by(mode=Mode.ON_SITE):
        placement.join_url = "https://meet.example/secret"

    assert "secret" not in json.dumps(data_of(client, f"/{world.code}/sessions/opening"))
