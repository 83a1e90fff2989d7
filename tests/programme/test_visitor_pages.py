"""What everybody sees: the programme by time and by site, a session, the sites."""

from datetime import timedelta

import pytest

from dxday.core import clock
from dxday.db import db, transaction
from dxday.editions.models import Edition
from dxday.programme import queries, services
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites.rules import SiteKind
from tests import make


class World:
    """An edition with a main site and three joined ones."""

    def __init__(self, **given):
        day = make.at("2026-10-10 00:00").date()
        self.edition = make.edition(**({"starts_on": day, "ends_on": day} | given))
        self.main = make.site(self.edition, kind=SiteKind.MAIN, name={"en": "Vinh"}, code="vinh")
        self.joined = [
            make.site(self.edition, name={"en": name}, code=name.lower())
            for name in ("North", "South", "West")
        ]
        self.hall = make.room(self.main, name={"en": "Hall"}, capacity=300)
        self.rooms = [
            make.room(site, name={"en": f"{site.name['en']} room"}, capacity=40) for site in self.joined
        ]
        self.path = f"/{self.edition.code}"

    def session(self, begins="08:00", ends="09:00", room=None, receiving=(), **given):
        session = make.session(self.edition, **given)
        times = {"starts_at": f"2026-10-10 {begins}", "ends_at": f"2026-10-10 {ends}"}
        make.placement(session, room or self.hall, **times)
        for each in receiving:
            make.placement(session, each, role=PlacementRole.RECEIVING, mode=Mode.BROADCAST, **times)
        return session

    def part(self, session, kind, name, position=0):
        person = make.person(full_name=name, position={"en": "Director"})
        make.part(session, person, kind=kind, position=position)


@pytest.fixture
def world(app):
    return World()


def cancel(session):
    """Cancel the session and let the public know."""
    with transaction():
        services.cancel_session(
            queries.get_session(session.edition_id, session.code), actor=make.actor(), now=make.NOW
        )
    make.released(db.session.get(Edition, session.edition_id))


def titles(page):
    return page.all("//ol[@class='slots']/li[not(@aria-hidden)]//p[@class='slot-title']")


# The programme -------------------------------------------------------------------------------------------------------


def test_a_programme_that_is_not_published_says_what_one_can_do(client, world):
    world.session(state=SessionState.DRAFT)

    page = client.open(f"{world.path}/schedule")

    assert page.all("//p[@class='empty-title']") == ["The programme is not published yet"]
    assert f"{world.path}/sites/" in page.links()


def test_the_programme_shows_what_is_published_by_time(client, world):
    world.session("10:00", "11:00", title={"en": "Later"})
    world.session(title={"en": "Opening"}, receiving=world.rooms)
    world.session("12:00", "13:00", title={"en": "Draft"}, state=SessionState.DRAFT)

    page = client.open(f"{world.path}/schedule")

    assert titles(page) == ["Opening", "Later"]
    assert page.all("//section//h2") == ["Saturday, October 10, 2026"]


def test_joined_sessions_are_one_bar_and_alike_sites_one_column(client, world):
    world.session(title={"en": "Opening"}, receiving=world.rooms)
    world.session("10:00", "11:00", title={"en": "Talk"})

    page = client.open(f"{world.path}/schedule")

    assert page.all("//ul[@class='lanes']/li") == ["Vinh", "3 more siteswith the same programme"]
    assert page.all("//p[@class='slot-where']") == ["All sites together", "Vinh"]
    assert [cls.split()[1:] for cls in page.document.xpath("//ol[@class='slots']/li/@class")] == [
        ["tone-joined", "is-wide", "rh-0", "rm-0", "hh-1", "hm-0", "ct-0", "cu-0", "wt-0", "wu-2"],
        ["tone-local", "rh-2", "rm-0", "hh-1", "hm-0", "ct-0", "cu-0", "wt-0", "wu-1"],
    ]


def test_a_site_that_opted_out_is_not_counted(client, world):
    session = world.session(title={"en": "Opening"}, receiving=world.rooms[:2])
    make.placement(
        session,
        world.rooms[2],
        role=PlacementRole.RECEIVING,
        starts_at="2026-10-10 08:00",
        ends_at="2026-10-10 09:00",
        cancelled_at=make.NOW,
    )

    page = client.open(f"{world.path}/schedule")

    assert page.all("//p[@class='slot-where']") == ["Vinh, North, South"]


def test_a_cancelled_session_is_struck_out_with_a_word(client, world):
    cancel(world.session(title={"en": "Opening"}, receiving=world.rooms))

    page = client.open(f"{world.path}/schedule")

    assert page.all("//p[@class='slot-title']//s") == ["Opening"]
    assert page.all("//p[@class='slot-state']") == ["Cancelled"]


def test_a_title_in_another_language_says_which(client, world):
    world.session(title={"vi": "Khai mạc"})

    page = client.open(f"{world.path}/schedule")

    assert page.all("//p[@class='slot-title']//span[@lang='vi']") == ["Khai mạc"]
    assert client.open(f"{world.path}/schedule?lang=vi").all("//p[@class='slot-title']//span") == []


def test_a_kind_is_chosen_with_a_link(client, world):
    world.session(title={"en": "Talk"}, kind=SessionKind.TALK)
    world.session("10:00", "11:00", title={"en": "Contest"}, kind=SessionKind.CONTEST)

    page = client.open(f"{world.path}/schedule?kind=talk")

    assert titles(page) == ["Talk"]
    assert page.all("//*[@aria-current='true' and contains(@class, 'chip')]") == ["Talk"]


def test_a_kind_that_does_not_occur_says_so(client, world):
    world.session(kind=SessionKind.TALK)

    page = client.open(f"{world.path}/schedule?kind=contest")

    assert page.all("//p[@class='empty-title']") == ["No session of this kind"]


@pytest.mark.parametrize("query", ["kind=nothing", "view=nothing", "site=nothing"])
def test_what_is_no_choice_is_not_found(client, world, query):
    world.session()

    assert client.open(f"{world.path}/schedule?{query}").status == 404


def test_one_site_is_chosen(client, world):
    world.session(title={"en": "Opening"}, receiving=world.rooms[:1])
    world.session("10:00", "11:00", title={"en": "Talk"})

    page = client.open(f"{world.path}/schedule?site=north")

    assert page.all("//ol[@class='timeline']/li") == ["08:00 – 09:00 Opening North room · by line from Vinh"]
    assert f"{world.path}/sites/north.ics" in page.links()


def test_by_site_there_is_a_sheet_for_each(client, world):
    world.session(title={"en": "Opening"}, receiving=world.rooms[:1])

    page = client.open(f"{world.path}/schedule?view=sites")

    assert page.all("//div[@class='site-page']//h2") == ["Vinh", "North", "South", "West"]
    assert page.all("//p[@class='timeline-title']") == ["Opening", "Opening"]


def test_sessions_on_several_days_have_a_table_for_each(client, app):
    world = World(ends_on=make.at("2026-10-11 00:00").date())
    world.session(title={"en": "First"})
    second = make.session(world.edition, title={"en": "Second"})
    make.placement(second, world.hall, starts_at="2026-10-11 08:00", ends_at="2026-10-11 09:00")

    page = client.open(f"{world.path}/schedule")

    assert page.all("//section//h2") == ["Saturday, October 10, 2026", "Sunday, October 11, 2026"]


def test_the_speakers_stand_beside_the_session_chair_first(client, world):
    session = world.session()
    for kind, name in [
        (PartKind.SPEAKER, "C Speaker"),
        (PartKind.CO_CHAIR, "B Co-chair"),
        (PartKind.CHAIR, "A Chair"),
        (PartKind.SPEAKER, "D Speaker"),
    ]:
        world.part(session, kind, name, position=len(name))

    page = client.open(f"{world.path}/schedule")

    assert page.all("//p[@class='slot-note']") == ["Hall · A Chair, B Co-chair, C Speaker and 1 more"]


def test_the_line_for_now_is_drawn_on_the_day_and_not_before(client, app):
    today, now = make.TODAY, clock.now()
    world = World(starts_on=today, ends_on=today + timedelta(days=1))
    session = make.session(world.edition)
    make.placement(session, world.hall, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    other = World()
    other.session()

    assert len(client.open(f"{world.path}/schedule").all("//p[contains(@class, 'now-line')]")) == 1
    assert client.open(f"{other.path}/schedule").all("//p[contains(@class, 'now-line')]") == []


@pytest.mark.parametrize(
    "path",
    ["/schedule", "/schedule?view=sites", "/sites/", "/sites/vinh", "/schedule.ics", "/sites/vinh.ics"],
)
def test_pages_ask_the_database_as_often_for_three_as_for_one(client, app, queries, path):
    asked = []
    for count in (1, 3):
        world = World()
        for number in range(count):
            session = world.session(
                f"{8 + number:02}:00", f"{9 + number:02}:00", receiving=world.rooms[:count]
            )
            world.part(session, PartKind.SPEAKER, "Speaker")
        db.session.commit()
        db.session.expire_all()
        address = f"{world.path}{path}"
        with queries() as counted:
            assert client.http.get(address).status_code == 200
        asked.append(counted.total)

    assert asked[0] == asked[1]


# A session -----------------------------------------------------------------------------------------------------------


def test_a_session_says_when_where_who_and_what_is_beside_it(client, world):
    world.session("07:00", "08:00", title={"en": "Before"})
    session = world.session(
        title={"en": "Opening"}, abstract={"en": "What it is about."}, receiving=world.rooms[:1]
    )
    world.session("09:00", "10:00", title={"en": "After"})
    world.session("09:00", "10:00", title={"en": "Elsewhere"}, room=world.rooms[0])
    world.part(session, PartKind.CHAIR, "Trần Thị Thí Dụ")

    page = client.open(f"{world.path}/sessions/{session.code}")

    assert page.heading == "Opening"
    assert page.all("//p[@class='when']/span") == ["Saturday, October 10, 2026", "08:00–09:00"]
    assert page.all("//section[@id='where']/p") == ["Hall, Vinh"]
    assert page.all("//section[@id='where']//summary") == ["Received by line at 1 site"]
    assert page.all("//tbody/tr/*") == ["North", "North room"]
    assert page.all("//p[@class='person']") == ["Trần Thị Thí Dụ Chair, Director"]
    assert page.all("//ul[@class='link-list']/li/a") == ["Before", "After"]
    assert f"{world.path}/register" in page.links()


def test_a_site_that_begins_at_another_time_says_when(client, world):
    session = world.session()
    make.placement(
        session,
        world.rooms[0],
        role=PlacementRole.RECEIVING,
        starts_at="2026-10-10 07:45",
        ends_at="2026-10-10 09:00",
    )

    page = client.open(f"{world.path}/sessions/{session.code}")

    assert page.all("//tbody/tr/*") == ["North", "North room", "07:45–09:00"]


def test_parallel_columns_of_a_site_are_named_by_their_rooms(client, world):
    world.session(title={"en": "Opening"}, receiving=world.rooms)
    world.session(
        "08:00", "12:00", title={"en": "Exhibition"}, room=make.room(world.main, name={"en": "Yard"})
    )

    page = client.open(f"{world.path}/schedule")

    assert page.all("//ul[@class='lanes']/li") == [
        "VinhYard",
        "VinhHall",
        "3 more siteswith the same programme",
    ]


def test_the_link_to_join_is_on_no_public_page(client, world):
    session = world.session(receiving=world.rooms)
    for placement in db.session.query(type(session).placements.property.mapper.class_).filter_by(
        session_id=session.id
    ):
        placement.join_url = "https://meet.example/secret"
    world.main.join_url = "https://meet.example/secret"
    paths = [
        "/schedule",
        "/schedule?view=sites",
        f"/sessions/{session.code}",
        "/sites/",
        "/sites/vinh",
        "/sites/north",
    ]
    paths += ["/schedule.ics", "/sites/north.ics", f"/sessions/{session.code}.ics"]

    texts = [client.open(world.path + path).text for path in paths]

    assert [path for path, text in zip(paths, texts, strict=True) if not text or "secret" in text] == []


def test_a_cancelled_session_says_so(client, world):
    session = world.session(title={"en": "Opening"})
    cancel(session)

    page = client.open(f"{world.path}/sessions/{session.code}")

    assert page.all("//p[@class='notice-title']") == ["Cancelled"]
    assert page.all("//p[@class='when']/span") == ["Saturday, October 10, 2026", "08:00–09:00"]


@pytest.mark.parametrize("path", ["sessions/{code}", "sessions/{code}.ics"])
def test_a_draft_is_not_found(client, world, path):
    draft = world.session(state=SessionState.DRAFT)
    never_public = world.session("10:00", "11:00", state=SessionState.CANCELLED)

    assert [
        client.open(f"{world.path}/{path.format(code=s.code)}").status for s in (draft, never_public)
    ] == [404, 404]


def test_a_session_of_another_edition_is_not_found(client, world):
    session = World().session()

    assert client.open(f"{world.path}/sessions/{session.code}").status == 404


# Sites ---------------------------------------------------------------------------------------------------------------


def test_sites_are_listed_the_main_one_first(client, world):
    world.joined[0].presiding_officer_id = make.person(full_name="Trần Thị Thí Dụ").id

    page = client.open(f"{world.path}/sites/")

    assert page.all("//h2[@class='card-title']") == ["Vinh", "North", "South", "West"]
    assert page.all("//div[@class='card-body']")[:2] == [
        "Main site1 room · 300 seats",
        "1 room · 40 seatsPresiding officer: Trần Thị Thí Dụ",
    ]


def test_an_edition_without_sites_says_so(client, app):
    page = client.open(f"/{make.edition().code}/sites/")

    assert page.all("//p[@class='empty-title']") == ["The sites are not named yet"]


def test_a_site_shows_its_day_rooms_and_officer(client, world):
    world.joined[0].presiding_officer_id = make.person(full_name="Trần Thị Thí Dụ").id
    world.session(title={"en": "Opening"}, receiving=world.rooms[:1])
    world.session("10:00", "11:00", title={"en": "Workshop"}, room=world.rooms[0])
    world.session("10:00", "11:00", title={"en": "Talk"})

    page = client.open(f"{world.path}/sites/north")

    assert page.all("//ol[@class='timeline']/li") == [
        "08:00 – 09:00 Opening North room · by line from Vinh",
        "10:00 – 11:00 Workshop North room",
    ]
    assert page.all("//p[@class='person']") == ["Trần Thị Thí Dụ Chairman"]
    assert page.all("//dl/div") == ["North room40 seats"]


def test_a_site_without_sessions_says_so(client, world):
    world.session()

    page = client.open(f"{world.path}/sites/north")

    assert page.all("//p[@class='empty-title']") == ["Nothing is planned here yet"]


@pytest.mark.parametrize("path", ["sites/nowhere", "sites/nowhere.ics"])
def test_an_unknown_site_is_not_found(client, world, path):
    assert client.open(f"{world.path}/{path}").status == 404


@pytest.mark.parametrize("locale", ["vi", "hi"])
@pytest.mark.parametrize(
    "path", ["/schedule", "/schedule?view=sites", "/sites/", "/sites/vinh", "/sessions/{code}"]
)
def test_every_page_is_whole_in_every_language(client, world, locale, path):
    session = world.session(receiving=world.rooms)
    address = world.path + path.format(code=session.code)

    client.http.set_cookie("lang", locale)
    page = client.open(address)

    assert (page.status, page.document.get("lang")) == (200, locale)
