"""One's own selection, which its address holds, and the pages of people; both as pages and as calendars."""

import icalendar
import pytest

from dxday.db import transaction
from dxday.programme import queries, services
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionState, chosen_codes
from dxday.sites.rules import SiteKind
from tests import make


@pytest.fixture
def world(app):
    day = make.at("2026-10-10 00:00").date()
    edition = make.edition(starts_on=day, ends_on=day)
    main = make.site(edition, kind=SiteKind.MAIN, name={"en": "Vinh"}, code="vinh")
    north = make.site(edition, name={"en": "North"}, code="north")
    hall, room = make.room(main, name={"en": "Hall"}), make.room(north, name={"en": "North room"})
    opening = make.session(edition, code="opening", title={"en": "Opening"})
    make.placement(opening, hall)
    make.placement(
        opening, room, role=PlacementRole.RECEIVING, mode=Mode.BROADCAST, starts_at="2026-10-10 07:45"
    )
    talk = make.session(edition, code="talk", title={"en": "Talk"})
    make.placement(talk, hall, starts_at="2026-10-10 10:00", ends_at="2026-10-10 11:00")
    make.placement(
        make.session(edition, code="other"), hall, starts_at="2026-10-10 12:00", ends_at="2026-10-10 13:00"
    )
    return edition


def titles(page):
    return page.all("//p[@class='slot-title']")


def events(client, path):
    answer = client.http.get(path)
    assert answer.mimetype == "text/calendar"
    return [
        (str(e["UID"]), str(e["SUMMARY"]), e["DTSTART"].dt, int(e["SEQUENCE"]), str(e["STATUS"]))
        for e in icalendar.Calendar.from_ical(answer.data).walk("VEVENT")
    ]


def guid(edition, code):
    return str(queries.get_session(edition.id, code).guid)


# My selection --------------------------------------------------------------------------------------------------------


def test_the_address_says_what_is_selected(client, world):
    page = client.open(f"/{world.code}/schedule/mine?s=talk,opening")

    assert titles(page) == ["Opening", "Talk"]
    assert page.all("//p[@class='slot-note']") == ["Hall, Vinh", "Hall, Vinh"]
    assert page.document.xpath("//code/@data-copy") == [
        f"http://localhost/{world.code}/schedule/mine?s=talk,opening"
    ]
    assert f"/{world.code}/schedule/mine.ics?s=talk,opening" in page.links()


def test_without_scripts_a_session_is_added_from_its_page_and_taken_out_again(client, world):
    session_page = client.open(f"/{world.code}/sessions/talk")
    assert f"/{world.code}/schedule/mine?s=talk" in session_page.links()

    page = client.open(f"/{world.code}/schedule/mine?s=talk,opening")

    assert page.document.xpath("//a[@data-out]/@href") == [
        f"/{world.code}/schedule/mine?s=talk",
        f"/{world.code}/schedule/mine?s=opening",
    ]


def test_nothing_selected_says_what_one_can_do(client, world):
    page = client.open(f"/{world.code}/schedule/mine")

    assert page.all("//p[@class='empty-title']") == ["Nothing is chosen yet"]


def test_what_is_not_in_the_programme_is_counted_and_the_rest_is_shown(client, world):
    draft = make.session(world, state=SessionState.DRAFT)

    page = client.open(f"/{world.code}/schedule/mine?s=talk,gone,{draft.code}")

    assert titles(page) == ["Talk"]
    assert page.all("//div[contains(@class, 'notice-warn')]//p")[1:] == [
        "2 sessions of this selection are not in the programme."
    ]


def test_two_at_the_same_time_are_told(client, world):
    room = make.room(make.site(world))
    make.placement(make.session(world, code="same"), room, starts_at="2026-10-10 08:30")

    page = client.open(f"/{world.code}/schedule/mine?s=talk,opening,same")

    assert len(page.all("//p[@class='mine-clash']")) == 2


def test_the_site_where_one_takes_part_has_its_own_time_and_room(client, world):
    page = client.open(f"/{world.code}/schedule/mine?s=opening,talk&site=north")

    assert page.all("//p[@class='slot-note']") == ["North room, North", "Hall, Vinh"]
    assert events(client, f"/{world.code}/schedule/mine.ics?s=opening,talk&site=north") == [
        (f"{guid(world, 'opening')}-north", "Opening", make.at("2026-10-10 07:45"), 0, "CONFIRMED"),
        (guid(world, "talk"), "Talk", make.at("2026-10-10 10:00"), 0, "CONFIRMED"),
    ]


def test_an_unknown_site_is_not_found(client, world):
    assert client.open(f"/{world.code}/schedule/mine?s=opening&site=nowhere").status == 404


def test_the_calendar_of_a_selection_follows_a_move_and_keeps_what_was_cancelled(client, world):
    path = f"/{world.code}/schedule/mine.ics?s=opening,talk"
    before = events(client, path)
    with transaction():
        services.move_session(
            queries.get_session(world.id, "talk"),
            starts_at=make.at("2026-10-10 14:00"),
            ends_at=make.at("2026-10-10 15:00"),
            actor=make.actor(),
            now=make.NOW,
        )
        services.cancel_session(queries.get_session(world.id, "opening"), actor=make.actor(), now=make.NOW)
    make.released(world)

    after = events(client, path)

    assert [event[2:] for event in before] == [
        (make.at("2026-10-10 08:00"), 0, "CONFIRMED"),
        (make.at("2026-10-10 10:00"), 0, "CONFIRMED"),
    ]
    assert after == [
        (before[0][0], "Opening", make.at("2026-10-10 08:00"), 1, "CANCELLED"),
        (before[1][0], "Talk", make.at("2026-10-10 14:00"), 1, "CONFIRMED"),
    ]


def test_selections_leave_the_kept_pages_alone_and_have_a_tag(app, client, world):
    client.open(f"/{world.code}/schedule")
    kept_before = len(app.extensions["dxday_kept"])

    answers = [
        client.http.get(f"/{world.code}/schedule/mine{kind}?s=talk,{number}")
        for kind in ("", ".ics")
        for number in range(3)
    ]
    again = client.http.get(
        f"/{world.code}/schedule/mine.ics?s=talk", headers={"If-None-Match": answers[-1].headers["ETag"]}
    )

    assert {answer.status_code for answer in answers} == {200}
    assert len(app.extensions["dxday_kept"]) == kept_before
    assert again.status_code == 304


def test_codes_are_read_each_once_and_no_more_than_an_address_has_room_for():
    assert chosen_codes("b,a,,b") == ["b", "a"]
    assert chosen_codes("") == []
    assert len(chosen_codes(",".join(map(str, range(1000))))) == 200


# People --------------------------------------------------------------------------------------------------------------


def test_somebody_with_a_part_has_a_page_with_their_sessions_and_parts(client, world):
    person = make.person(full_name="Trần Thị Thí Dụ", email="secret@example.org")
    make.part(queries.get_session(world.id, "talk"), person)
    make.part(queries.get_session(world.id, "opening"), person, kind=PartKind.CHAIR)
    make.part(queries.get_session(world.id, "opening"), person, kind=PartKind.SPEAKER)

    page = client.open(f"/{world.code}/people/{person.guid}")

    assert page.heading == "Trần Thị Thí Dụ"
    assert titles(page) == ["Opening", "Talk"]
    assert page.all("//p[@class='slot-note']") == ["Hall, Vinh · Chair, Speaker", "Hall, Vinh · Speaker"]
    assert "secret" not in page.text
    assert f"/{world.code}/people/{person.guid}" in client.open(f"/{world.code}/sessions/talk").links()


def test_their_calendar_has_their_sessions_where_their_part_is(client, world):
    person = make.person()
    make.part(queries.get_session(world.id, "talk"), person)
    north = queries.get_session(world.id, "opening").placements[1].site_id
    make.part(
        queries.get_session(world.id, "opening"), person, kind=PartKind.PRESIDING_OFFICER, site_id=north
    )

    assert events(client, f"/{world.code}/people/{person.guid}.ics") == [
        (f"{guid(world, 'opening')}-north", "Opening", make.at("2026-10-10 07:45"), 0, "CONFIRMED"),
        (guid(world, "talk"), "Talk", make.at("2026-10-10 10:00"), 0, "CONFIRMED"),
    ]


@pytest.mark.parametrize("ending", ["", ".ics"])
def test_who_has_no_public_part_in_this_edition_is_not_found(client, world, ending):
    nobody, drafted, elsewhere = make.person(), make.person(), make.person()
    make.part(make.session(world, state=SessionState.DRAFT), drafted)
    make.part(make.session(make.edition()), elsewhere)

    paths = [f"/{world.code}/people/{person.guid}{ending}" for person in (nobody, drafted, elsewhere)]
    paths.append(f"/{world.code}/people/not-a-guid{ending}")

    assert [client.open(path).status for path in paths] == [404] * 4
