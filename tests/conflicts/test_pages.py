"""The staff's pages: the check, overrides, rules and limits, ways, availability; and findings on a session's page."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.conflicts import queries as conflicts
from dxday.conflicts.models import Availability, ConflictSetting
from dxday.conflicts.rules import RULES, Level, Limits
from dxday.core.permissions import Role
from dxday.db import db
from dxday.programme.models import PlacementOverride
from dxday.programme.rules import SessionState
from tests import make

DAY = "2026-10-10"


class World:
    """An edition of one day with two sites, and an organizer who is signed in."""

    def __init__(self, client):
        day = make.at(f"{DAY} 00:00").date()
        self.edition = make.edition(starts_on=day, ends_on=day)
        self.vinh = make.site(self.edition, name={"en": "Vinh"}, code="vinh")
        self.north = make.site(self.edition, name={"en": "North"}, code="north")
        self.person = make.person(full_name="Lê Văn Ví Dụ")
        self.path = f"/manage/{self.edition.code}/programme"
        self.account = make.account(Role.ORGANIZER, edition_id=self.edition.id)
        client.sign_in(self.account)

    def session(self, title, site=None, begins="08:00", ends="09:00", person=None):
        session = make.session(self.edition, title={"en": title}, state=SessionState.DRAFT)
        room = make.room(site or self.vinh)
        make.placement(session, room, starts_at=f"{DAY} {begins}", ends_at=f"{DAY} {ends}")
        if person is not None:
            make.part(session, person)
        return session

    def double_booking(self, *, site=None, person=None):
        """One person in two sessions; returns the name of the finding and the sessions."""
        who = person or make.person(full_name="Trần Thị Thí Dụ")
        one, other = self.session("Opening", site, person=who), self.session("Panel", site, person=who)
        return ("person-overlap", f"{who.id}-{one.id}-{other.id}"), (one, other)

    def found(self):
        db.session.expire_all()
        return [(f.name, f.override) for f in conflicts.list_findings(self.edition.id)]


@pytest.fixture
def world(client):
    return World(client)


# The check -----------------------------------------------------------------------------------------------------------


def test_a_programme_without_findings_says_so_and_shows_the_way_to_the_rules(client, world):
    world.session("Opening")

    page = client.open(f"{world.path}/check")

    assert page.all("//p[@class='empty-title']") == ["Nothing stands against the programme"]
    assert f"{world.path}/rules" in page.links()


def test_findings_are_listed_by_level_with_what_collides_the_mend_and_the_way_there(client, world):
    _name, (one, other) = world.double_booking()
    make.session(world.edition, title={"en": "Loose"}, state=SessionState.DRAFT)

    page = client.open(f"{world.path}/check")

    assert page.all("//h2[contains(@class, 'section-title')]") == ["Stops a release", "Warning"]
    assert page.all("//p[@class='finding-message']") == [
        "Trần Thị Thí Dụ has a part in “Opening” (08:00–09:00, Vinh) and in “Panel” (08:00–09:00, Vinh) at the same"
        " time.",
        "“Loose” has no time and place yet.",
    ]
    assert page.all("//p[@class='finding-mend']")[0] == (
        "Move one of the sessions, or give one of the parts to somebody else."
    )
    assert {f"{world.path}/{one.code}", f"{world.path}/{other.code}"} <= set(page.links())


def test_findings_are_filtered_by_level_rule_site_and_session_in_the_address(client, world):
    _name, (one, _other) = world.double_booking()
    world.double_booking(site=world.north, person=world.person)
    make.session(world.edition, title={"en": "Loose"}, state=SessionState.DRAFT)

    def count(query):
        return len(client.open(f"{world.path}/check?{query}").all("//p[@class='finding-message']"))

    counts = [
        count(query)
        for query in (
            "",
            "level=warn",
            "rule=person-overlap",
            "site=north",
            f"session={one.code}",
            f"session={one.code}&site=north",
            "rule=nothing",
        )
    ]
    assert counts == [3, 1, 2, 1, 1, 0, 0]


def test_many_findings_are_shown_in_pages(client, world):
    for number in range(51):
        make.session(world.edition, title={"en": f"Loose {number}"}, state=SessionState.DRAFT)

    first, second = (client.open(f"{world.path}/check?page={page}") for page in (1, 2))

    assert [len(page.all("//p[@class='finding-message']")) for page in (first, second)] == [50, 1]


def test_the_check_is_in_the_menu_and_for_those_who_plan(client, world):
    assert f"{world.path}/check" in client.open(f"{world.path}/").links()

    client.sign_in(make.account(Role.COUNCIL, edition_id=world.edition.id))
    assert client.open(f"{world.path}/check").status == 403


def test_the_check_takes_as_many_statements_for_one_finding_as_for_three(client, world, queries):
    world.double_booking()
    client.open(f"{world.path}/check")
    with queries() as one:
        client.open(f"{world.path}/check")
    world.double_booking(person=world.person)
    world.double_booking(site=world.north)

    with queries() as three:
        client.open(f"{world.path}/check")

    assert one.total == three.total


# Overrides -----------------------------------------------------------------------------------------------------------


def override_path(world, name):
    return f"{world.path}/check/override?rule={name[0]}&key={name[1]}"


def test_a_finding_may_stand_for_a_reason_and_is_listed_with_it(client, world):
    name, _sessions = world.double_booking()

    page = client.follow(client.fill(override_path(world, name), reason="she leaves early"))

    assert page.all("//div[@class='flashes']//p") == ["It may stand now, and the reason is kept."]
    assert page.all("//h2[contains(@class, 'section-title')]") == ["May stand, with a reason"]
    assert page.all("//p[@class='finding-mend']") == ["It may stand because: she leaves early"]
    assert world.found() == [(name, "she leaves early")]


def test_an_override_without_a_reason_is_refused_beside_its_question(client, world):
    name, _sessions = world.double_booking()

    page = client.fill(override_path(world, name), reason="  ")

    assert page.errors == ["Answer this question."]
    assert world.found() == [(name, None)]


def test_an_override_says_who_gave_it_and_is_taken_back(client, world):
    name, _sessions = world.double_booking()
    client.fill(override_path(world, name), reason="she leaves early")

    page = client.open(override_path(world, name))
    client.send(page, override_path(world, name), form=f"{world.path}/check/override/remove")

    assert f"Written by {world.account.full_name}." in page.words
    assert page.value("reason") == "she leaves early"
    assert world.found() == [(name, None)]


def test_a_finding_that_does_not_stand_cannot_be_overridden(client, world):
    assert client.open(override_path(world, ("person-overlap", "1-2-3"))).status == 404


def test_a_room_shared_by_permission_is_listed_and_offers_no_second_override(client, world):
    room = make.room(world.vinh)
    one, other = (make.session(world.edition, state=SessionState.DRAFT) for _ in range(2))
    reason = make.save(PlacementOverride(reason="imported", created_at=make.NOW))
    first = make.placement(one, room)
    second = make.placement(other, room, override_id=reason.id)

    page = client.open(override_path(world, ("room-overlap", f"{first.id}-{second.id}")))

    assert "It may stand because: imported" in page.words
    assert page.all("//main//form") == []


# A session's page ----------------------------------------------------------------------------------------------------


def test_a_session_shows_what_stands_against_it_and_nothing_else(client, world):
    _name, (one, _other) = world.double_booking()
    world.double_booking(site=world.north, person=world.person)
    alone = world.session("Alone")

    assert len(client.open(f"{world.path}/{one.code}").all("//p[@class='finding-message']")) == 1
    assert client.open(f"{world.path}/{alone.code}").all("//p[@class='finding-message']") == []


def test_a_change_that_is_not_allowed_is_refused_until_somebody_says_why(client, world):
    make.save(ConflictSetting(edition_id=world.edition.id, rule="person-overlap", level=Level.BLOCK))
    world.session("Opening", person=world.person)
    later = world.session("Panel", begins="09:00", ends="10:00", person=world.person)
    path = f"{world.path}/{later.code}/edit"

    refused = client.fill(path, begins="08:30")
    saved = client.send(refused, path, override_reason="she is quick")

    assert refused.status == 422
    assert refused.errors == [
        "Lê Văn Ví Dụ has a part in “Opening” (08:00–09:00, Vinh) and in “Panel” (08:30–10:00, Vinh) at the same time."
        " Move one of the sessions, or give one of the parts to somebody else."
    ]
    assert saved.location == f"{world.path}/{later.code}"
    assert [override for _name, override in world.found()] == ["she is quick"]


def test_a_refused_change_leaves_the_session_as_it_was(client, world):
    make.save(ConflictSetting(edition_id=world.edition.id, rule="person-overlap", level=Level.BLOCK))
    world.session("Opening", person=world.person)
    later = world.session("Panel", begins="09:00", ends="10:00", person=world.person)

    client.fill(f"{world.path}/{later.code}/edit", begins="08:30", title_en="Other words")

    assert "Panel" in client.open(f"{world.path}/{later.code}").heading
    assert world.found() == []


def test_a_new_session_that_brings_what_is_not_allowed_is_refused(client, world):
    make.save(ConflictSetting(edition_id=world.edition.id, rule="person-overlap", level=Level.BLOCK))
    world.session("Opening", person=world.person)
    room = make.room(world.north)

    page = client.fill(
        f"{world.path}/new",
        title_en="Panel",
        begins="08:00",
        ends="09:00",
        room=str(room.id),
        reach="none",
        speakers=[str(world.person.id)],
    )

    assert page.status == 422
    assert world.found() == []


# Rules and limits ----------------------------------------------------------------------------------------------------


def test_levels_and_limits_are_shown_as_they_are_and_saved(client, world):
    path = f"{world.path}/rules"

    page = client.open(path)
    client.send(page, path, level_line="block", turnaround="10", travel="90", licences="3")

    assert page.value("level_room_overlap") == "block"
    assert len(page.all("//select")) == len(RULES)
    assert conflicts.map_levels(world.edition.id) == {"line": Level.BLOCK}
    assert conflicts.get_limits(world.edition.id) == Limits(
        timedelta(minutes=10), timedelta(minutes=90), 3, None
    )


def test_a_limit_that_is_no_number_is_refused_beside_its_question(client, world):
    page = client.fill(f"{world.path}/rules", turnaround="-1", travel="", licences="many")

    assert page.errors == [
        "Write a number from 0 to 1440.",
        "Answer this question.",
        "Write a whole number.",
    ]


def test_levels_that_somebody_else_set_meanwhile_are_not_overwritten(client, world):
    path = f"{world.path}/rules"
    page = client.open(path)
    client.fill(path, level_line="block")

    second = client.send(page, path, level_capacity="block")
    third = client.send(second, path)

    assert second.status == 409
    assert third.location == path


# Ways ----------------------------------------------------------------------------------------------------------------


def test_ways_are_entered_from_one_site_to_the_others(client, world):
    south = make.site(world.edition, name={"en": "South"}, code="south")
    path = f"{world.path}/travel/vinh"

    client.fill(path, **{f"to_{world.north.id}": "40"})
    page = client.open(f"{world.path}/travel")
    again = client.open(f"{world.path}/travel/north")

    assert conflicts.map_travel(world.edition.id) == {(world.vinh.id, world.north.id): timedelta(minutes=40)}
    assert page.all("//tbody/tr") == ["Vinh 1 of 2", "North 1 of 2", "South 0 of 2"]
    assert (again.value(f"to_{world.vinh.id}"), again.value(f"to_{south.id}")) == ("40", "")


def test_a_way_that_takes_longer_than_a_day_is_refused(client, world):
    page = client.fill(f"{world.path}/travel/vinh", **{f"to_{world.north.id}": "1441"})

    assert page.errors == ["Write a number from 0 to 1440."]


def test_an_edition_with_one_site_has_no_ways(client, world):
    other = make.edition()
    make.site(other)
    client.sign_in(make.account(Role.ORGANIZER, edition_id=other.id))

    page = client.open(f"/manage/{other.code}/programme/travel")

    assert page.all("//p[@class='empty-title']") == ["No ways yet"]


def test_ways_of_a_site_of_another_edition_are_not_found(client, world):
    elsewhere = make.site(make.edition())

    assert client.open(f"{world.path}/travel/{elsewhere.code}").status == 404


# Availability --------------------------------------------------------------------------------------------------------


def answers(thing, **more):
    return {
        "thing": thing,
        "says": "no",
        "first_day": DAY,
        "begins": "08:30",
        "last_day": DAY,
        "ends": "12:00",
        **more,
    }


def test_a_time_is_added_listed_counted_and_removed(client, world):
    path = f"{world.path}/availability"
    world.session("Opening", person=world.person)

    page = client.follow(client.fill(path, form=path, **answers(f"person:{world.person.id}", note="flight")))
    found = client.open(f"{world.path}/check").all("//p[@class='finding-message']")
    window_id = db.session.scalar(select(Availability.id))
    client.send(page, path, form=f"{path}/{window_id}/remove")

    assert page.all("//tbody/tr") == [
        "Lê Văn Ví Dụ Cannot be planned 08:30 10/10/2026 12:00 10/10/2026 flight Remove"
    ]
    assert found == [
        "Lê Văn Ví Dụ has a part in “Opening” at 08:00–09:00, but cannot come at 08:30–12:00 (flight)."
    ]
    assert db.session.scalar(select(Availability.id)) is None


def test_times_of_rooms_and_sites_name_their_site(client, world):
    path = f"{world.path}/availability"
    room = make.room(world.north, name={"en": "Office"})

    client.fill(path, form=path, **answers(f"room:{room.id}", says="yes"))
    client.fill(path, form=path, **answers(f"site:{world.vinh.id}"))

    assert [row.split(" Can")[0] for row in client.open(path).all("//tbody/tr")] == ["Vinh", "Office, North"]


def test_a_time_that_ends_before_it_begins_is_refused_beside_its_end(client, world):
    page = client.fill(f"{world.path}/availability", **answers(f"site:{world.vinh.id}", ends="08:30"))

    assert page.errors == ["The end must come after the beginning."]
    assert page.status == 422


def test_a_time_of_what_is_not_offered_is_refused(client, world):
    elsewhere = make.site(make.edition())

    page = client.fill(f"{world.path}/availability", **answers(f"site:{elsewhere.id}"))

    assert page.errors == ["This is not on offer any more. Choose another answer."]


def test_a_time_of_another_edition_cannot_be_removed(client, world):
    elsewhere = make.site(make.edition())
    window = make.save(
        Availability(
            edition_id=elsewhere.edition_id,
            site_id=elsewhere.id,
            starts_at=make.NOW,
            ends_at=make.NOW + timedelta(hours=1),
            available=False,
        )
    )
    window_id = window.id

    assert client.post(f"{world.path}/availability/{window_id}/remove").status in (400, 404)
    assert db.session.get(Availability, window_id) is not None


def test_times_take_as_many_statements_for_one_as_for_three(client, world, queries):
    path = f"{world.path}/availability"
    client.fill(path, form=path, **answers(f"site:{world.vinh.id}"))
    client.open(path)
    with queries() as one:
        client.open(path)
    client.fill(path, form=path, **answers(f"site:{world.north.id}"))
    client.fill(path, form=path, **answers(f"person:{world.person.id}"))

    with queries() as three:
        client.open(path)

    assert one.total == three.total


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_no_day(client, world, day):
    page = client.fill(
        f"{world.path}/availability", **answers(f"site:{world.vinh.id}", first_day=day, last_day=day)
    )

    assert set(page.errors) == {"Write the day as in 10/10/2026."}
    assert db.session.scalars(select(Availability)).all() == []


def test_a_forged_name_of_a_finding_is_not_found(client, world):
    token = client.open(f"{world.path}/availability").value("csrf_token")

    forged = client.post(
        f"{world.path}/check/override/remove", {"rule": "\x00", "key": "x\x00", "csrf_token": token}
    )

    assert (forged.status, client.open(f"{world.path}/check/override?rule=%00&key=%00").status) == (404, 404)
