"""The staff's pages: listing, adding, editing, placing, publishing, cancelling."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dxday.core.permissions import Role
from dxday.db import db
from dxday.programme import queries
from dxday.programme.models import Session
from dxday.programme.rules import Mode, OrderMark, PartKind, PlacementRole, SessionState
from dxday.sites.rules import SiteKind
from tests import make


class World:
    """An edition of one day with a main site and two joined ones, and an organizer who is signed in."""

    def __init__(self, client):
        self.edition = make.edition(
            starts_on=make.at("2026-10-10 00:00").date(), ends_on=make.at("2026-10-10 00:00").date()
        )
        self.main = make.site(self.edition, kind=SiteKind.MAIN, name={"en": "Vinh"}, code="vinh")
        self.north = make.site(self.edition, name={"en": "North"}, code="north")
        self.south = make.site(self.edition, name={"en": "South"}, code="south")
        self.hall = make.room(self.main, name={"en": "Hall"}, capacity=300)
        self.small = make.room(self.main, name={"en": "Small room"}, capacity=40)
        self.north_room, self.south_room = make.room(self.north), make.room(self.south)
        self.person = make.person(full_name="Trần Thị Thí Dụ", position={"en": "Director"})
        self.path = f"/manage/{self.edition.code}/programme"
        client.sign_in(make.account(Role.ORGANIZER, edition_id=self.edition.id))

    def session(self, begins="08:00", ends="09:00", room=None, receiving=(), **given):
        session = make.session(self.edition, **({"state": SessionState.DRAFT} | given))
        times = {"starts_at": f"2026-10-10 {begins}", "ends_at": f"2026-10-10 {ends}"}
        make.placement(session, room or self.hall, **times)
        for each in receiving:
            make.placement(session, each, role=PlacementRole.RECEIVING, mode=Mode.BROADCAST, **times)
        return session

    def read(self, session):
        db.session.expire_all()
        return queries.get_session(self.edition.id, session.code)


@pytest.fixture
def world(client):
    return World(client)


def answers(world, **more):
    return {
        "title_en": "Opening",
        "begins": "08:00",
        "ends": "09:00",
        "room": str(world.hall.id),
        "reach": "all",
        **more,
    }


def sites_of(session):
    return [(p.site.code, p.role.value, p.mode.value) for p in session.placements]


def the_session(world):
    code = db.session.scalar(select(Session.code).where(Session.edition_id == world.edition.id))
    return queries.get_session(world.edition.id, code)


# The list ------------------------------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do(client, world):
    page = client.open(f"{world.path}/")

    assert page.all("//p[@class='empty-title']") == ["No session yet"]
    assert f"{world.path}/new" in page.links()


def test_sessions_are_listed_by_time_with_state_place_and_sites(client, world):
    world.session("10:00", "11:00", title={"en": "Later"})
    world.session(
        title={"en": "Sooner"}, state=SessionState.PUBLISHED, receiving=[world.north_room, world.south_room]
    )

    page = client.open(f"{world.path}/")

    assert page.all("//tbody/tr/*") == [
        "10/10/2026 08:00–09:00",
        "Sooner Online conference",
        "Published",
        "Vinh, Hall",
        "2",
        "10/10/2026 10:00–11:00",
        "Later Online conference",
        "Draft",
        "Vinh, Hall",
        "0",
    ]


def test_the_list_asks_the_database_as_often_for_three_as_for_one(client, world, queries):
    world.session("08:00", "09:00", receiving=[world.north_room])
    client.open(f"{world.path}/")
    with queries() as one:
        client.open(f"{world.path}/")
    world.session("10:00", "11:00", receiving=[world.north_room])
    world.session("11:00", "12:00", receiving=[world.north_room, world.south_room])
    with queries() as three:
        client.open(f"{world.path}/")

    assert three.total == one.total


@pytest.mark.parametrize(
    "path",
    ["/", "/new", "/{code}", "/{code}/edit", "/{code}/cancel", "/{code}/sites/add", "/{code}/sites/{id}"],
)
@pytest.mark.parametrize("role", [Role.AGENCY, Role.COUNCIL])
def test_others_may_not_open_the_pages(client, world, path, role):
    session = world.session()
    address = world.path + path.format(code=session.code, id=world.read(session).placements[0].id)
    client.sign_in(make.account(role, edition_id=world.edition.id))

    page = client.open(address)

    assert (page.status, page.heading) == (403, "You may not open this page")


@pytest.mark.parametrize("path", ["/", "/new"])
def test_the_organizer_of_another_edition_may_not_open_the_pages(client, world, path):
    client.sign_in(make.account(Role.ORGANIZER, edition_id=make.edition().id))

    assert client.open(world.path + path).status == 403


@pytest.mark.parametrize("act", ["publish", "cancel"])
def test_others_may_not_act(client, world, act):
    session = world.session()
    client.sign_in(make.account(Role.AGENCY, edition_id=world.edition.id))

    client.post(f"{world.path}/{session.code}/{act}")

    assert world.read(session).state is SessionState.DRAFT


def test_a_session_of_another_edition_is_not_found(client, world):
    stranger = make.session(make.edition())

    assert client.open(f"{world.path}/{stranger.code}").status == 404


# Adding --------------------------------------------------------------------------------------------------------------


def test_a_session_is_added_for_all_sites(client, world):
    page = client.fill(f"{world.path}/new", **answers(world, speakers=[str(world.person.id)]))

    assert page.location == f"{world.path}/opening"
    assert client.follow(page).all("//*[@role='status']") == ["“Opening” was added as a draft."]
    session = the_session(world)
    assert sites_of(session) == [
        ("vinh", "origin", "on_site"),
        ("north", "receiving", "broadcast"),
        ("south", "receiving", "broadcast"),
    ]
    assert [(p.kind, p.person_id) for p in session.parts] == [(PartKind.SPEAKER, world.person.id)]
    assert session.placements[0].starts_at == make.at("2026-10-10 08:00")


def test_a_session_is_added_for_some_sites_and_for_one_alone(client, world):
    client.fill(
        f"{world.path}/new", **answers(world, reach="some", sites=[str(world.south.id)], title_en="A")
    )
    client.fill(
        f"{world.path}/new", **answers(world, reach="none", begins="10:00", ends="11:00", title_en="B")
    )

    assert sites_of(queries.get_session(world.edition.id, "a")) == [
        ("vinh", "origin", "on_site"),
        ("south", "receiving", "broadcast"),
    ]
    assert sites_of(queries.get_session(world.edition.id, "b")) == [("vinh", "origin", "on_site")]


def test_a_form_sent_twice_makes_one_session(client, world):
    page = client.open(f"{world.path}/new")
    first = client.send(page, f"{world.path}/new", **answers(world))
    second = client.send(page, f"{world.path}/new", **answers(world))

    assert first.location == second.location == f"{world.path}/opening"
    count = select(func.count(Session.id)).where(Session.edition_id == world.edition.id)
    assert db.session.scalar(count) == 1


def test_what_is_missing_is_asked_for_beside_its_field(client, world):
    page = client.fill(f"{world.path}/new", day="", begins="08:00")

    assert page.status == 200
    whole = "Answer this question, or leave room and time out altogether."
    assert page.errors == [whole, whole, whole, "Answer this question."]
    assert [link.get("href") for link in page.document.xpath("//*[@role='alert']//a")] == [
        "#day",
        "#ends",
        "#room",
        "#reach-0",
    ]


def test_a_session_is_added_without_time_and_place_and_placed_later(client, world):
    page = client.fill(f"{world.path}/new", title_en="Later", duration="45")

    session = the_session(world)
    assert page.location == f"{world.path}/{session.code}"
    assert (session.placements, session.duration) == ([], timedelta(minutes=45))
    assert (
        client.fill(f"{world.path}/{session.code}/edit", begins="08:00").errors
        == ["Answer this question, or leave room and time out altogether."] * 2
    )
    client.fill(f"{world.path}/{session.code}/edit", title_en="Still later")
    assert world.read(session).placements == []
    client.fill(
        f"{world.path}/{session.code}/edit", begins="08:00", ends="08:45", room=str(world.south_room.id)
    )
    assert sites_of(world.read(session)) == [("south", "origin", "on_site")]


def test_a_session_says_everything_that_rules_and_visitors_ask_of_it(client, world):
    client.fill(
        f"{world.path}/new",
        **answers(
            world,
            subtitle_en="Of the Day",
            description_en="At length",
            audiences="Youth, tổ công nghệ số; youth",
            needs="line",
            expected="250",
            is_main="y",
            order_mark="opening",
            pinned="y",
            held="y",
            speakers=[str(world.person.id)],
            remote=[str(world.person.id)],
        ),
    )

    session = the_session(world)
    assert (session.subtitle, session.description) == ({"en": "Of the Day"}, {"en": "At length"})
    assert (session.audiences, session.needs) == (["youth", "to-cong-nghe-so"], ["line"])
    assert (session.expected, session.main, session.order_mark) == (250, True, OrderMark.OPENING)
    assert (session.pinned, session.held) == (True, True)
    assert [part.remote for part in session.parts] == [True]
    before = session.version
    client.fill(f"{world.path}/{session.code}/edit")
    assert world.read(session).version == before
    client.fill(f"{world.path}/{session.code}/edit", is_main=None, audiences="", remote=None, order_mark="")
    session = world.read(session)
    assert (session.main, session.audiences, session.order_mark) == (False, [], None)
    assert [part.remote for part in session.parts] == [False]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"expected": "many"}, "Write a whole number."),
        ({"expected": "-1"}, "Write a number from 0 to 100000."),
        ({"duration": "0"}, "Write a number from 1 to 1440."),
    ],
)
def test_a_number_is_a_number(client, world, answer, error):
    page = client.fill(f"{world.path}/new", **answers(world, **answer))

    assert page.errors == [error]


def test_some_sites_are_at_least_one(client, world):
    page = client.fill(f"{world.path}/new", **answers(world, reach="some"))

    assert page.errors == ["Tick at least one site, or choose another answer above."]


def test_a_session_without_a_title_is_refused_and_nothing_is_lost(client, world):
    page = client.fill(f"{world.path}/new", **answers(world, title_en=None, begins="08:05"))

    assert (page.status, page.errors) == (422, ["Give the session a title in at least one language."])
    assert page.value("begins") == "08:05"


def test_a_taken_room_is_named_and_may_be_used_anyway_for_a_reason(client, world):
    world.session(title={"en": "The first"}, ends="09:30")

    refused = client.fill(
        f"{world.path}/new", **answers(world, begins="09:00", ends="10:00", title_vi="Khai mạc")
    )
    assert refused.status == 422
    assert refused.errors == [
        "Hall, Vinh is taken from 08:00 to 09:30 by “The first”. Choose another room or time."
    ]
    assert (refused.value("title_vi"), refused.value("reach")) == ("Khai mạc", "all")

    client.send(refused, f"{world.path}/new", override_reason="The hall is divided")
    added = queries.get_session(world.edition.id, "khai-mac")
    assert added.placements[0].override.reason == "The hall is divided"
    assert [p.override for p in added.placements[1:]] == [None, None]


def test_the_question_for_a_reason_comes_only_after_a_clash(client, world):
    page = client.open(f"{world.path}/new")

    assert page.document.xpath("//input[@name='override_reason']") == []


def test_an_edition_without_rooms_says_what_comes_first(client):
    edition = make.edition()
    client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))

    page = client.open(f"/manage/{edition.code}/programme/new")

    assert page.all("//p[@class='empty-title']") == ["There is no room yet"]


def test_a_room_of_another_edition_cannot_be_chosen(client, world):
    stranger = make.room(make.site(make.edition()))

    page = client.fill(f"{world.path}/new", **answers(world, room=str(stranger.id)))

    assert page.errors == ["This is not on offer any more. Choose another answer."]


# Editing -------------------------------------------------------------------------------------------------------------


def test_the_form_holds_what_is_saved(client, world):
    session = world.session("08:30", "09:45", title={"vi": "Khai mạc"}, abstract={"en": "Words"})

    page = client.open(f"{world.path}/{session.code}/edit")

    held = {
        name: page.value(name)
        for name in ("title_vi", "title_en", "abstract_en", "day", "begins", "ends", "room")
    }
    assert held == {
        "title_vi": "Khai mạc",
        "title_en": "",
        "abstract_en": "\nWords",  # as HTML has it: the first line break of a text area does not count
        "day": "2026-10-10",
        "begins": "08:30",
        "ends": "09:45",
        "room": str(world.hall.id),
    }


def test_a_session_is_renamed_and_moved_with_all_its_sites(client, world):
    session = world.session(receiving=[world.north_room], state=SessionState.PUBLISHED)

    page = client.fill(
        f"{world.path}/{session.code}/edit",
        title_en="New name",
        begins="10:00",
        ends="11:30",
        room=str(world.small.id),
        chairs=[str(world.person.id)],
    )

    saved = world.read(session)
    assert page.location == f"{world.path}/{session.code}"
    assert saved.title["en"] == "New name"
    assert [(p.room_id, p.starts_at, p.ends_at) for p in saved.placements] == [
        (world.small.id, make.at("2026-10-10 10:00"), make.at("2026-10-10 11:30")),
        (world.north_room.id, make.at("2026-10-10 10:00"), make.at("2026-10-10 11:30")),
    ]
    assert [(p.kind, p.person_id) for p in saved.parts] == [(PartKind.CHAIR, world.person.id)]


def test_saving_what_is_there_already_changes_nothing(client, world):
    session = world.session(state=SessionState.PUBLISHED)
    before = session.version

    page = client.follow(client.fill(f"{world.path}/{session.code}/edit"))

    assert (world.read(session).version, make.released(world.edition)) == (before, None)
    assert page.all("//*[@role='status']") == [f"“{session.title['en']}” was saved."]


def test_a_change_by_somebody_else_is_shown_and_nothing_that_was_typed_is_lost(client, world):
    session = world.session(title={"en": "Old name"})
    path = f"{world.path}/{session.code}/edit"
    page = client.open(path)
    client.fill(path, title_en="Their name")

    refused = client.send(page, path, title_en="My name")
    assert refused.status == 409
    assert refused.errors == [
        "Somebody else changed this in the meantime. Look at their change, then try again."
    ]
    assert refused.all("//dl//dd")[0] == "Their name"
    assert refused.value("title_en") == "My name"

    client.send(refused, path)
    assert world.read(session).title == {"en": "My name"}


def test_moving_onto_another_session_is_refused_and_may_be_done_anyway(client, world):
    world.session("10:00", "11:00", title={"en": "The first"})
    session = world.session()
    path = f"{world.path}/{session.code}/edit"

    refused = client.fill(path, begins="10:30", ends="11:30")
    assert refused.errors == [
        "Hall, Vinh is taken from 10:00 to 11:00 by “The first”. Choose another room or time."
    ]
    assert refused.value("begins") == "10:30"

    client.send(refused, path, override_reason="The hall is divided")
    assert world.read(session).placements[0].override.reason == "The hall is divided"


def test_a_session_cannot_end_before_it_begins_or_leave_the_edition(client, world):
    session = world.session()
    path = f"{world.path}/{session.code}/edit"

    assert client.fill(path, ends="07:00").errors == ["The end must come after the beginning."]
    assert client.fill(path, day="2026-10-12").errors == [
        "The edition runs from 10/10/2026 to 10/10/2026; choose a day in between."
    ]


# One site ------------------------------------------------------------------------------------------------------------


def placement_path(world, session, number):
    return f"{world.path}/{session.code}/sites/{world.read(session).placements[number].id}"


def test_one_site_gets_another_mode_and_a_link(client, world):
    session = world.session(receiving=[world.north_room])

    client.fill(placement_path(world, session, 1), mode="hybrid", join_url="https://meet.example/x")

    placed = world.read(session).placements[1]
    assert (placed.mode, placed.join_url, placed.cancelled_at) == (
        Mode.HYBRID,
        "https://meet.example/x",
        None,
    )


def test_a_site_opts_out_and_in_again(client, world):
    session = world.session(receiving=[world.north_room])
    path = placement_path(world, session, 1)

    page = client.fill(path, received=None)
    assert page.errors == ["Say why the site does not take part."]
    client.fill(path, received=None, opt_out_reason="The hall is flooded")
    opted_out = world.read(session).placements[1]
    assert (opted_out.cancelled_at is not None, opted_out.opt_out_reason) == (True, "The hall is flooded")
    page = client.open(f"{world.path}/{session.code}")
    assert page.all("//tbody/tr[2]/td[1]") == ["Does not take part"]

    client.fill(path, received="y")
    back = world.read(session).placements[1]
    assert (back.cancelled_at, back.opt_out_reason) == (None, None)


def test_a_site_says_how_it_receives_and_its_offset_moves_along(client, world):
    session = world.session(receiving=[world.north_room])
    path = placement_path(world, session, 1)

    client.fill(
        path,
        begins="07:40",
        ends="09:15",
        capacity="80",
        interpretation="en",
        local_part_en="Opening by the chairman",
        officer=str(world.person.id),
        ready="y",
    )

    placement = world.read(session).placements[1]
    assert (placement.starts_at, placement.ends_at) == (
        make.at("2026-10-10 07:40"),
        make.at("2026-10-10 09:15"),
    )
    assert (placement.capacity, placement.interpretation) == (80, "en")
    assert placement.local_part == {"en": "Opening by the chairman"}
    assert placement.confirmed_at is not None
    assert [(p.kind, p.site_id, p.person_id) for p in placement.session.parts] == [
        (PartKind.PRESIDING_OFFICER, world.north.id, world.person.id)
    ]
    page = client.open(f"{world.path}/{session.code}")
    assert page.all("//tbody/tr[2]/td[last()-1]") == ["Ready"]
    client.fill(f"{world.path}/{session.code}/edit", begins="10:00", ends="11:00")
    moved = world.read(session).placements[1]
    assert (moved.starts_at, moved.confirmed_at) == (make.at("2026-10-10 09:40"), None)
    client.fill(path, officer="")
    assert world.read(session).parts == []


def test_a_site_cannot_end_before_it_begins_or_begin_on_another_day(client, world):
    session = world.session(receiving=[world.north_room])

    page = client.fill(placement_path(world, session, 1), begins="10:00", ends="09:00")

    assert page.errors == ["The end must come after the beginning."]


def test_the_site_where_it_is_held_is_not_asked_whether_it_takes_part(client, world):
    session = world.session()

    page = client.open(placement_path(world, session, 0))

    assert page.document.xpath("//input[@name='received']") == []
    client.fill(placement_path(world, session, 0), room=str(world.small.id))
    assert world.read(session).placements[0].room_id == world.small.id


@pytest.mark.parametrize("link", ["javascript:alert(1)", "meet.example", "https://a b"])
def test_a_link_is_a_whole_address(client, world, link):
    session = world.session(receiving=[world.north_room])

    page = client.fill(placement_path(world, session, 1), join_url=link)

    assert page.errors == ["Write the whole address, beginning with https://."]


def test_another_room_is_added(client, world):
    session = world.session()

    page = client.fill(f"{world.path}/{session.code}/sites/add", room=str(world.south_room.id))

    assert page.location == f"{world.path}/{session.code}"
    assert sites_of(world.read(session)) == [
        ("vinh", "origin", "on_site"),
        ("south", "receiving", "broadcast"),
    ]


def test_another_room_that_is_taken_is_refused(client, world):
    world.session(room=world.south_room, title={"en": "The first"})
    session = world.session()

    page = client.fill(f"{world.path}/{session.code}/sites/add", room=str(world.south_room.id))

    assert page.status == 422
    assert len(world.read(session).placements) == 1


# States --------------------------------------------------------------------------------------------------------------


def test_a_draft_is_published_with_one_button(client, world):
    session = world.session()
    path = f"{world.path}/{session.code}"

    page = client.send(client.open(path), path, form=f"{path}/publish")

    assert client.follow(page).all("//*[@role='status']") == [
        "Published: everybody sees it in the programme now."
    ]
    assert world.read(session).state is SessionState.PUBLISHED


PENDING = "Changes not published yet"
LATER = "Visitors see the change after the next release."


def pending_in(page):
    """The titles of the notices on the page that are no answers to what was just done."""
    return page.all("//p[@class='notice-title'][not(ancestor::*[@role='status'])]")


def seen_by_visitors(client, world, session):
    return client.open(f"/{world.edition.code}/sessions/{session.code}").heading


def test_a_change_of_what_visitors_know_waits_and_is_published_with_one_button(client, world):
    session = world.session(state=SessionState.PUBLISHED, title={"en": "Opening"})
    other = world.session("10:00", "11:00", state=SessionState.PUBLISHED, title={"en": "Talk"})
    path = f"{world.path}/{session.code}"
    client.fill(f"{world.path}/{other.code}/edit", title_en="Grand talk")

    saved = client.follow(client.fill(f"{path}/edit", title_en="Grand opening"))
    before = seen_by_visitors(client, world, session)
    done = client.follow(client.send(saved, path, form=f"{path}/publish"))

    assert saved.all("//*[@role='status']") == [f"“Grand opening” was saved. {LATER}"]
    assert pending_in(saved) == [PENDING]
    assert before == "Opening"
    assert done.all("//*[@role='status']") == ["Published: everybody sees it in the programme now."]
    assert pending_in(done) == []
    assert [seen_by_visitors(client, world, each) for each in (session, other)] == ["Grand opening", "Talk"]


def test_a_cancellation_waits_for_its_release_too(client, world):
    session = world.session(state=SessionState.PUBLISHED, title={"en": "Opening"})
    path = f"{world.path}/{session.code}"
    client.send(client.open(f"{path}/cancel"), f"{path}/cancel")

    page = client.open(path)
    client.send(page, path, form=f"{path}/publish")

    assert pending_in(page) == [PENDING]
    assert queries.get_public_session(world.edition.id, session.code).state is SessionState.CANCELLED


def test_the_list_shows_which_sessions_visitors_know_otherwise(client, world):
    changed = world.session(state=SessionState.PUBLISHED, title={"en": "Changed"})
    world.session("10:00", "11:00", state=SessionState.PUBLISHED)
    world.session("12:00", "13:00")
    before = pending_in(client.open(f"{world.path}/"))
    client.fill(f"{world.path}/{changed.code}/sites/{world.read(changed).placements[0].id}", mode="hybrid")

    page = client.open(f"{world.path}/")

    assert before == []
    assert pending_in(page) == [PENDING]
    assert page.all("//tbody/tr/td[2]") == [f"Published {PENDING}", "Published", "Draft"]


def test_nothing_left_to_publish_says_so(client, world):
    session = world.session()
    path = f"{world.path}/{session.code}"
    page = client.open(path)
    client.follow(client.send(page, path, form=f"{path}/publish"))

    again = client.send(page, path, form=f"{path}/publish")

    assert client.follow(again).all("//*[@role='status']") == ["Nothing of this session is left to publish."]


def test_what_cannot_be_published_says_why(client, world):
    session = make.session(world.edition, state=SessionState.DRAFT)
    path = f"{world.path}/{session.code}"

    page = client.send(client.open(path), path, form=f"{path}/publish")

    assert client.follow(page).all("//*[@role='status']") == [
        "Give the session a room and a time before you publish it."
    ]


def test_cancelling_is_asked_once_more_and_cannot_be_repeated(client, world):
    session = world.session(state=SessionState.PUBLISHED, receiving=[world.north_room])
    path = f"{world.path}/{session.code}/cancel"
    question = client.open(path)

    first = client.follow(client.send(question, path))
    again = client.follow(client.send(question, path))

    saved = world.read(session)
    assert saved.state is SessionState.CANCELLED
    assert [page.all("//*[@role='status']") for page in (first, again)] == [
        ["Cancelled, and its rooms are free. Visitors see the change after the next release."],
        ["This session was cancelled already."],
    ]


def test_a_post_without_a_token_does_nothing(client, world):
    session = world.session()

    client.post(f"{world.path}/{session.code}/publish")

    assert world.read(session).state is SessionState.DRAFT


def test_a_session_page_shows_its_sites_people_and_shared_rooms(client, world):
    world.session()
    path = f"{world.path}/new"
    client.send(
        client.fill(path, **answers(world, reach="none", speakers=[str(world.person.id)])),
        path,
        override_reason="The hall is divided",
    )

    page = client.open(f"{world.path}/opening")

    assert page.all("//tbody/tr/*") == [
        "Vinh",
        "Held here",
        "Hall Shared: The hall is divided",
        "10/10/2026 08:00–09:00",
        "On site",
        "not confirmed",
        "Change Vinh",
    ]
    assert page.all("//p[@class='person']") == ["Trần Thị Thí Dụ Speaker, Director"]
