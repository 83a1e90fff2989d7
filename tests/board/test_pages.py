"""The board's pages and what its scripts ask: who may, what is shown, what is changed, and what is refused."""

import json

import pytest
from sqlalchemy import select

from dxday.audit import queries as audit
from dxday.conflicts.models import ConflictOverride, ConflictSetting
from dxday.conflicts.rules import Level
from dxday.core.permissions import Role
from dxday.db import db
from dxday.programme import queries
from dxday.programme.models import Track
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionState
from dxday.sites.rules import SiteKind
from tests import make


class World:
    """An edition of two days with a main site and two joined ones, and an organizer who is signed in."""

    def __init__(self, client):
        self.client = client
        self.edition = make.edition(
            starts_on=make.at("2026-10-10 00:00").date(), ends_on=make.at("2026-10-11 00:00").date()
        )
        self.main = make.site(self.edition, kind=SiteKind.MAIN, name={"en": "Vinh"}, code="vinh")
        self.north = make.site(self.edition, name={"en": "North"}, code="north")
        self.hall = make.room(self.main, name={"en": "Hall"})
        self.small = make.room(self.main, name={"en": "Small room"})
        self.north_room = make.room(self.north, name={"en": "Line room"})
        self.path = f"/manage/{self.edition.code}/programme/board"
        self.organizer = make.account(Role.ORGANIZER, edition_id=self.edition.id)
        client.sign_in(self.organizer)

    def session(self, title="Opening", begins="08:00", ends="09:00", room=None, receiving=(), **given):
        session = make.session(
            self.edition, **({"state": SessionState.DRAFT, "title": {"en": title}} | given)
        )
        times = {"starts_at": f"2026-10-10 {begins}", "ends_at": f"2026-10-10 {ends}"}
        make.placement(session, room or self.hall, **times)
        for each in receiving:
            make.placement(session, each, role=PlacementRole.RECEIVING, mode=Mode.BROADCAST, **times)
        return self.read(session)

    def read(self, session):
        db.session.flush()
        return queries.list_sessions(self.edition.id, [session.id])[0]

    def level(self, rule, level):
        make.save(ConflictSetting(edition_id=self.edition.id, rule=rule, level=level))

    def change(self, session, begins, ends, room, place=0, **given):
        """What the scripts send of one placement; times in minutes after midnight."""
        return {
            "session": session.id,
            "version": session.version,
            "placement": session.placements[place].id if session.placements else None,
            "start": begins,
            "end": ends,
            "room": room.id if room else None,
            **given,
        }

    def send(self, where, *changes, reason="", day="2026-10-10", client=None):
        client = client or self.client
        token = client.open(self.path).document.xpath("//main//input[@name='csrf_token']/@value")[0]
        answer = client.post(
            f"{self.path}/{where}",
            {
                "csrf_token": token,
                "changes": json.dumps({"day": day, "changes": list(changes)}),
                "override_reason": reason,
            },
        )
        return answer.status, answer.response.get_json()

    def places(self, session):
        return [
            (
                f"{placed.starts_at.astimezone(make.VIETNAM):%d %H:%M}",
                f"{placed.ends_at.astimezone(make.VIETNAM):%H:%M}",
                placed.room_id,
            )
            for placed in self.read(session).placements
        ]


@pytest.fixture
def world(client):
    return World(client)


def blocks(page):
    return page.all("//td//*[@class='block-title']")


# The page ------------------------------------------------------------------------------------------------------------


def test_without_sites_the_board_says_what_is_missing(client):
    edition = make.edition()
    client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))

    page = client.open(f"/manage/{edition.code}/programme/board")

    assert page.all("//p[@class='empty-title']") == ["No site yet"]


def test_sessions_stand_in_the_rows_of_their_rooms_with_links_to_move_them(client, world):
    session = world.session(receiving=[world.north_room])
    world.session("Talk", room=world.small, begins="10:00", ends="10:30")

    page = client.open(world.path)

    assert page.all("//tbody/tr[not(@class='board-site')]/th/span[@class='board-room-name']") == [
        "Hall",
        "Small room",
        "Line room",
    ]
    assert page.all("//td//a[@class='block-face']") == [
        "Opening, 08:00–09:00, Vinh, Hall, Held here",
        "Talk, 10:00–10:30, Vinh, Small room",
        "Opening, 08:00–09:00, North, Line room, Received here",
    ]
    assert [link for link in page.links() if f"/move/{session.code}" in link and "placement" in link] == [
        f"{world.path}/move/{session.code}?placement={placed.id}" for placed in session.placements
    ]


def test_another_day_shows_what_is_on_it(client, world):
    world.session()
    late = make.session(world.edition, title={"en": "Second day"})
    make.placement(late, world.hall, starts_at="2026-10-11 08:00", ends_at="2026-10-11 09:00")

    assert blocks(client.open(world.path)) == ["Opening"]
    assert blocks(client.open(f"{world.path}?day=2026-10-11")) == ["Second day"]
    assert blocks(client.open(f"{world.path}?day=nonsense")) == ["Opening"]


def test_what_has_no_place_lies_in_the_tray(client, world):
    make.session(world.edition, state=SessionState.DRAFT, title={"en": "Waiting"})

    page = client.open(world.path)

    assert page.all("//ul[@class='board-tray-list']//*[@class='block-title']") == ["Waiting"]


def test_filters_leave_out_the_others(client, world):
    track = make.save(Track(edition_id=world.edition.id, code="data", name={"en": "Data"}))
    person = make.person()
    on_track = world.session("On track", track_id=track.id)
    make.part(on_track, person, kind=PartKind.SPEAKER)
    world.session("North", room=world.north_room)
    online = world.session("Online", begins="10:00", ends="11:00")
    online.placements[0].mode = Mode.HYBRID
    world.session("Gone", begins="13:00", ends="14:00", state=SessionState.CANCELLED)

    shown = {
        query: blocks(client.open(f"{world.path}?{query}"))
        for query in (
            "",
            "track=data",
            f"person={person.id}",
            "site=north",
            "mode=hybrid",
            "state=cancelled",
            "state=draft&track=data",
            "track=none",
        )
    }

    assert shown == {
        "": ["On track", "Online", "North"],
        "track=data": ["On track"],
        f"person={person.id}": ["On track"],
        "site=north": ["North"],
        "mode=hybrid": ["Online"],
        "state=cancelled": ["Gone"],
        "state=draft&track=data": ["On track"],
        "track=none": [],
    }


def test_what_stands_against_the_draft_is_listed_and_marked(client, world):
    one, other = world.session(), world.session("Talk", room=world.north_room, begins="08:30", ends="09:30")
    person = make.person()
    for session in (one, other):
        make.part(session, person)

    page = client.open(world.path)

    assert page.all("//ul[contains(@class,'board-findings-list')]/li//*[@class='finding-rule']") == [
        "One person, two places"
    ]
    assert page.document.xpath("//td//li/@data-mark") == ["bad", "bad"]


def test_the_board_asks_the_database_as_often_for_three_as_for_one(client, world, queries):
    world.session(receiving=[world.north_room])
    client.open(world.path)
    with queries() as one:
        client.open(world.path)
    for n in range(3):
        session = world.session(f"More {n}", begins=f"1{n}:00", ends=f"1{n}:30", receiving=[world.north_room])
        make.part(session, make.person())
    client.open(world.path)
    with queries() as more:
        client.open(world.path)

    assert more.total == one.total


@pytest.mark.parametrize("path", ["", "/data", "/move/{code}"])
def test_others_may_not_look(client, world, path):
    session = world.session()
    client.sign_in(make.account(Role.AGENCY, edition_id=world.edition.id))

    assert client.open(world.path + path.format(code=session.code)).status == 403


@pytest.mark.parametrize("where", ["try", "changes"])
def test_others_may_not_act(client, world, where):
    session = world.session()
    client.sign_in(make.account(Role.ORGANIZER, edition_id=make.edition().id))

    answer = client.post(f"{world.path}/{where}", {"changes": "{}"})

    assert (answer.status, world.places(session)) == (403, [("10 08:00", "09:00", world.hall.id)])


# What the scripts ask ------------------------------------------------------------------------------------------------


def test_the_scripts_get_every_session_of_the_day_with_all_its_places(client, world):
    session = world.session(receiving=[world.north_room])

    data = client.open(f"{world.path}/data?day=2026-10-10").response.get_json()

    assert (data["day"], data["first"], data["last"]) == ("2026-10-10", 420, 1080)
    (found,) = data["sessions"]
    assert (found["id"], found["title"], found["version"]) == (session.id, "Opening", session.version)
    assert [(p["starts"], p["ends"], p["room"], p["words"]) for p in found["placements"]] == [
        ("2026-10-10T08:00", "2026-10-10T09:00", world.hall.id, "10/10/2026 08:00–09:00, Hall"),
        ("2026-10-10T08:00", "2026-10-10T09:00", world.north_room.id, "10/10/2026 08:00–09:00, Line room"),
    ]


def test_a_try_says_what_would_break_and_what_would_be_mended_and_changes_nothing(client, world):
    one, other = world.session(), world.session("Talk", begins="10:00", ends="11:00")
    third = world.session("Third", begins="10:30", ends="11:30", room=world.north_room)
    person = make.person()
    for session in (other, third):
        make.part(session, person)
    version = one.version

    status, broken = world.send("try", world.change(one, 630, 690, world.hall))
    _, solved = world.send("try", world.change(other, 780, 840, world.hall))

    assert (status, [each["rule"] for each in broken["new"]], broken["solved"]) == (200, ["room-overlap"], [])
    assert ([each["rule"] for each in solved["solved"]], solved["new"]) == (["person-overlap"], [])
    assert world.places(one) == [("10 08:00", "09:00", world.hall.id)]
    assert world.read(one).version == version


def test_a_try_of_what_has_no_place_yet_looks_at_the_room(client, world):
    world.session()
    waiting = world.read(make.session(world.edition, state=SessionState.DRAFT))

    _, answer = world.send("try", world.change(waiting, 500, 560, world.hall))

    assert [each["rule"] for each in answer["new"]] == ["room-overlap"]


def test_a_change_is_saved_with_everything_that_moves_along(client, world):
    session = world.session(receiving=[world.north_room])

    status, answer = world.send("changes", world.change(session, 600, 690, world.small))

    assert (status, world.places(session)) == (
        200,
        [("10 10:00", "11:30", world.small.id), ("10 10:00", "11:30", world.north_room.id)],
    )
    (found,) = answer["sessions"]
    assert (found["version"], found["placements"][0]["starts"]) == (
        world.read(session).version,
        "2026-10-10T10:00",
    )
    assert audit.list_entries(limit=1)[0].action == "session.moved"


def test_a_change_may_lead_to_another_day(client, world):
    session = world.session()

    world.send("changes", world.change(session, 480, 540, world.hall), day="2026-10-11")

    assert world.places(session) == [("11 08:00", "09:00", world.hall.id)]


def test_placing_and_taking_off_are_each_others_opposite(client, world):
    waiting = world.read(make.session(world.edition, state=SessionState.DRAFT))
    world.send("changes", world.change(waiting, 480, 540, world.hall))
    waiting = world.read(waiting)
    assert world.places(waiting) == [("10 08:00", "09:00", world.hall.id)]

    status, answer = world.send("changes", world.change(waiting, 0, 5, None, off=True))

    assert (status, world.places(waiting), answer["sessions"][0]["placements"]) == (200, [], [])


def test_who_comes_second_is_shown_what_the_other_changed_and_overwrites_nothing(client, world):
    session = world.session()
    before = client.open(f"{world.path}/data").response.get_json()["sessions"][0]
    mine = world.change(session, 600, 660, world.hall, seen=before)
    world.send("changes", world.change(session, 540, 600, world.small))

    status, answer = world.send("changes", mine)

    assert (status, world.places(session)) == (409, [("10 09:00", "10:00", world.small.id)])
    (stale,) = answer["stale"]
    assert (stale["by"], stale["session"]["version"]) == (
        world.organizer.full_name,
        world.read(session).version,
    )
    assert stale["fields"] == [
        {"label": "Vinh", "was": "10/10/2026 08:00–09:00, Hall", "now": "10/10/2026 09:00–10:00, Small room"}
    ]

    mine["version"] = stale["session"]["version"]
    status, _ = world.send("changes", mine)
    assert (status, world.places(session)) == (200, [("10 10:00", "11:00", world.hall.id)])


def test_of_several_sessions_none_moves_when_one_of_them_was_changed(client, world):
    one, other = world.session(), world.session("Talk", room=world.small)
    changes = [world.change(one, 600, 660, world.hall), world.change(other, 600, 660, world.small)]
    world.send("changes", world.change(other, 540, 600, world.small))

    status, answer = world.send("changes", *changes)

    assert (status, [each["session"]["id"] for each in answer["stale"]]) == (409, [other.id])
    assert world.places(one) == [("10 08:00", "09:00", world.hall.id)]


def test_a_taken_room_is_refused_and_shared_for_a_reason(client, world):
    taken, session = world.session(), world.session("Talk", room=world.small)
    change = world.change(session, 510, 570, world.hall)

    status, answer = world.send("changes", change)

    assert (status, answer["asks_reason"]) == (422, True)
    assert (
        answer["message"]
        == "Hall, Vinh is taken from 08:00 to 09:00 by “Opening”. Choose another room or time."
    )
    assert world.places(session) == [("10 08:00", "09:00", world.small.id)]

    status, answer = world.send("changes", change, reason="The hall is divided.")

    assert (status, world.places(session)) == (200, [("10 08:30", "09:30", world.hall.id)])
    assert [each["override"] for each in answer["findings"]] == ["The hall is divided."]
    assert world.places(taken) == [("10 08:00", "09:00", world.hall.id)]


def test_what_the_edition_does_not_allow_is_refused_and_overridden_for_a_reason(client, world):
    one, session = world.session(), world.session("Talk", room=world.north_room, begins="13:00", ends="14:00")
    person = make.person()
    for each in (one, session):
        make.part(each, person)
    world.level("person-overlap", Level.BLOCK)
    change = world.change(session, 510, 570, world.north_room)

    status, answer = world.send("changes", change)

    assert (status, answer["asks_reason"]) == (422, True)
    assert [(each["rule"], each["level"]) for each in answer["new"]] == [("person-overlap", "block")]
    assert world.places(session) == [("10 13:00", "14:00", world.north_room.id)]

    status, answer = world.send("changes", change, reason="She is in both.")

    assert (status, world.places(session)) == (200, [("10 08:30", "09:30", world.north_room.id)])
    overrides = db.session.execute(select(ConflictOverride.rule, ConflictOverride.reason))
    assert overrides.all() == [("person-overlap", "She is in both.")]


def test_what_is_only_a_warning_does_not_stop_a_change(client, world):
    one, session = world.session(), world.session("Talk", room=world.north_room, begins="13:00", ends="14:00")
    person = make.person()
    for each in (one, session):
        make.part(each, person)
    world.level("person-overlap", Level.WARN)

    status, answer = world.send("changes", world.change(session, 510, 570, world.north_room))

    assert (status, [each["rule"] for each in answer["findings"]]) == (200, ["person-overlap"])


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"day": "2026-10-10", "changes": []}',
        '{"day": "x", "changes": [{}]}',
        '{"day": "2026-10-10", "changes": [{"session": "1", "version": 1}]}',
        '{"day": "2026-10-10", "changes": [{"session": true, "version": 1, "start": 1, "end": 2}]}',
        '{"day": "2026-10-10", "changes": [{"session": 1, "version": 1, "start": 1e9, "end": 2}]}',
        '{"day": "2026-10-10", "changes": [7]}',
        '{"day": "9999-12-31", "changes": [{"session": 1, "version": 1, "start": 9999, "end": 10000}]}',
        "[" * 100_000,
    ],
)
def test_what_makes_no_sense_is_refused(client, world, sent):
    token = client.open(world.path).document.xpath("//main//input[@name='csrf_token']/@value")[0]

    for where in ("try", "changes"):
        answer = client.post(f"{world.path}/{where}", {"csrf_token": token, "changes": sent})
        assert (answer.status, answer.response.get_json()["message"]) == (
            400,
            "This change could not be read. Load the page again.",
        )


def test_without_the_pages_token_nothing_is_changed(client, world):
    session = world.session()
    changes = json.dumps({"day": "2026-10-10", "changes": [world.change(session, 600, 660, world.hall)]})

    answer = client.post(f"{world.path}/changes", {"changes": changes})

    assert (answer.status, world.places(session)) == (400, [("10 08:00", "09:00", world.hall.id)])


def test_too_many_at_once_are_refused(client, world):
    session = world.session()
    status, answer = world.send("changes", *[world.change(session, 600, 660, world.hall)] * 201)

    assert (status, answer["message"]) == (422, "These are too many at once. Move them in several turns.")


def test_a_session_of_another_edition_is_not_found(client, world):
    stranger = World(client)
    session = stranger.session()
    client.sign_in(world.organizer)

    status, _ = world.send("changes", world.change(session, 600, 660, world.hall))

    assert (status, stranger.places(session)) == (404, [("10 08:00", "09:00", stranger.hall.id)])


# The form ------------------------------------------------------------------------------------------------------------


def test_a_session_is_moved_with_the_form(client, world):
    session = world.session()

    page = client.fill(
        f"{world.path}/move/{session.code}", begins="10:00", length="90", room=str(world.north_room.id)
    )

    assert page.location == f"{world.path}?day=2026-10-10"
    assert world.places(session) == [("10 10:00", "11:30", world.north_room.id)]


def test_a_receiving_site_gets_another_beginning_with_the_form(client, world):
    session = world.session(receiving=[world.north_room])
    path = f"{world.path}/move/{session.code}?placement={session.placements[1].id}"

    client.fill(path, begins="07:45", length="75")

    assert world.places(session) == [
        ("10 08:00", "09:00", world.hall.id),
        ("10 07:45", "09:00", world.north_room.id),
    ]


def test_what_has_no_place_gets_one_with_the_form(client, world):
    session = make.session(world.edition, state=SessionState.DRAFT)

    client.fill(f"{world.path}/move/{session.code}", begins="10:00", room=str(world.hall.id))

    assert world.places(session) == [("10 10:00", "11:00", world.hall.id)]


def test_the_form_shows_what_somebody_else_changed_and_puts_mine_on_top_the_second_time(client, world):
    session = world.session()
    path = f"{world.path}/move/{session.code}"
    page = client.open(path)
    world.send("changes", world.change(session, 540, 600, world.small))

    page = client.send(page, path, begins="10:00")

    assert (page.status, world.places(session)) == (409, [("10 09:00", "10:00", world.small.id)])
    assert page.all("//dl[@class='board-differences']/*") == [
        "Vinh",
        "10/10/2026 08:00–09:00, Hall 10/10/2026 09:00–10:00, Small room",
    ]
    assert path in page.links()

    page = client.send(page, path)

    assert (page.location, world.places(session)) == (
        f"{world.path}?day=2026-10-10",
        [("10 10:00", "11:00", world.hall.id)],
    )


def test_the_form_asks_for_a_reason_after_a_clash(client, world):
    world.session()
    session = world.session("Talk", room=world.small)
    path = f"{world.path}/move/{session.code}"

    page = client.fill(path, room=str(world.hall.id))

    assert (page.status, page.errors) == (
        422,
        ["Hall, Vinh is taken from 08:00 to 09:00 by “Opening”. Choose another room or time."],
    )
    client.send(page, path, override_reason="The hall is divided.")
    assert world.places(session) == [("10 08:00", "09:00", world.hall.id)]


def test_what_is_missing_is_asked_for(client, world):
    session = world.session()

    page = client.fill(f"{world.path}/move/{session.code}", begins="", length="0", room="")

    assert page.errors == [
        "Answer this question.",
        "Write a number of minutes from 1 to 1440.",
    ]


def test_a_placement_of_another_session_is_not_found(client, world):
    session, other = world.session(), world.session("Talk", room=world.small)

    page = client.open(f"{world.path}/move/{session.code}?placement={other.placements[0].id}")

    assert page.status == 404
    assert client.open(f"{world.path}/move/nothing").status == 404


def test_an_empty_place_leads_to_a_new_session_that_has_its_day_time_and_room(client, world):
    page = client.open(
        f"/manage/{world.edition.code}/programme/new?day=2026-10-11&begins=10:15&ends=11:15&room={world.small.id}"
    )

    assert [page.value(name) for name in ("day", "begins", "ends", "room")] == [
        "2026-10-11",
        "10:15",
        "11:15",
        str(world.small.id),
    ]
    assert client.open(f"/manage/{world.edition.code}/programme/new?day=x&begins=y&room=z").status == 200
