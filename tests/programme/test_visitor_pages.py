"""What everybody sees: the programme by time and by site, a session, the sites."""

from datetime import timedelta

import pytest

from dxday.accounts.models import Person
from dxday.core import clock
from dxday.db import db, transaction
from dxday.editions.models import Edition
from dxday.programme import queries, rules, services
from dxday.programme.models import Part, PublishedPlacement, Track
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


@pytest.mark.parametrize(
    "query",
    [
        "kind=nothing",
        "view=nothing",
        "site=nothing",
        "track=nothing",
        "language=xx",
        "day=2026-10-11",
        "day=tomorrow",
        "q=Opening&kind=nothing",
    ],
)
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
    [
        "/schedule",
        "/schedule?view=sites",
        "/schedule?view=tracks",
        "/schedule?view=languages",
        "/schedule?q=conference",
        "/schedule/mine?s={code}",
        "/schedule/mine.ics?s={code}",
        "/people/{guid}",
        "/people/{guid}.ics",
        "/sessions/{code}",
        "/sites/",
        "/sites/vinh",
        "/sites/vinh/now",
        "/sites/vinh/run-sheet.pdf",
        "/now",
        "/widget",
        "/schedule.ics",
        "/sites/vinh.ics",
        "/",
    ],
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
            speaker = db.session.query(Part).filter_by(session_id=session.id).one().person_id
        guid = db.session.get(Person, speaker).guid
        db.session.commit()
        address = world.path + path.format(code=session.code, guid=guid)
        db.session.expire_all()
        with queries() as counted:
            assert client.http.get(address).status_code == 200
        asked.append(counted.total)

    assert asked[0] == asked[1]


# Tracks, languages, days -------------------------------------------------------------------------------------------


def track(world, **given):
    return make.save(Track(edition_id=world.edition.id, **given))


def groups(page):
    return [
        (heading, titles)
        for heading, titles in zip(
            page.all("//section[starts-with(@id, 'track-') or starts-with(@id, 'language-')]/h2"),
            [
                [
                    " ".join(title.text_content().split())
                    for title in section.xpath(".//p[@class='slot-title']")
                ]
                for section in page.document.xpath(
                    "//section[starts-with(@id, 'track-') or starts-with(@id, 'language-')]"
                )
            ],
            strict=True,
        )
    ]


def test_by_track_there_is_a_list_for_each_track_in_their_order_and_one_for_the_rest(client, world):
    data = track(world, code="data", name={"en": "Data"}, position=2)
    skills = track(world, code="skills", name={"en": "Skills"}, position=1)
    track(world, code="empty", name={"en": "Empty"})
    world.session(title={"en": "Open data"}, track_id=data.id)
    world.session("10:00", "11:00", title={"en": "Lunch"})
    world.session("09:00", "10:00", title={"en": "Training"}, track_id=skills.id)

    page = client.open(f"{world.path}/schedule?view=tracks")

    assert groups(page) == [("Skills", ["Training"]), ("Data", ["Open data"]), ("No track", ["Lunch"])]


def test_by_language_there_is_a_list_for_each_language_with_its_name(client, world):
    world.session(title={"en": "One"}, language="vi")
    world.session("10:00", "11:00", title={"en": "Two"}, language="vi")
    world.session("09:00", "10:00", title={"en": "Three"}, language="hi")

    page = client.open(f"{world.path}/schedule?view=languages")

    assert groups(page) == [("Vietnamese", ["One", "Two"]), ("Hindi", ["Three"])]


def test_filters_go_together_and_links_keep_the_others(client, world):
    data = track(world, code="data", name={"en": "Data"})
    world.session(title={"en": "Wanted"}, track_id=data.id, language="en", kind=SessionKind.TALK)
    world.session("10:00", "11:00", title={"en": "Other kind"}, track_id=data.id, language="en")
    world.session(
        "10:00",
        "11:00",
        title={"en": "Other track"},
        language="en",
        kind=SessionKind.TALK,
        room=world.rooms[0],
    )
    world.session("11:00", "12:00", title={"en": "Other language"}, track_id=data.id, kind=SessionKind.TALK)

    page = client.open(f"{world.path}/schedule?track=data&language=en&kind=talk")

    assert titles(page) == ["Wanted"]
    assert page.all("//details/summary")[1] == "Kind, track, language: Talk, Data, English"
    assert f"{world.path}/schedule?kind=talk&track=data&language=en&view=tracks" in page.links()


def test_what_nothing_fits_says_so(client, world):
    data = track(world, code="data", name={"en": "Data"})
    world.session(track_id=data.id, language="en")
    world.session("10:00", "11:00", language="vi")

    page = client.open(f"{world.path}/schedule?track=data&language=vi")

    assert page.all("//p[@class='empty-title']") == ["No session fits all of this"]


def test_one_day_of_several_is_chosen_and_a_large_programme_begins_with_the_day_at_hand(
    client, app, monkeypatch
):
    world = World(ends_on=make.at("2026-10-11 00:00").date())
    world.session(title={"en": "First"})
    second = make.session(world.edition, title={"en": "Second"})
    make.placement(second, world.hall, starts_at="2026-10-11 08:00", ends_at="2026-10-11 09:00")

    def shown(query=""):
        return titles(client.open(f"{world.path}/schedule{query}"))

    assert (shown(), shown("?day=2026-10-11")) == (["First", "Second"], ["Second"])
    monkeypatch.setattr(rules, "MOST_AT_ONCE", 1)
    app.extensions.pop("dxday_kept")
    assert (shown("?view=time"), shown("?day=all")) == (["First"], ["First", "Second"])
    monkeypatch.setattr(clock, "now", lambda: make.at("2026-10-11 07:00"))
    assert shown("?view=time&kind=") == ["Second"]


# Search ------------------------------------------------------------------------------------------------------------


def results(page):
    return page.all("//section[@id='results']//p[@class='slot-title']")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("du lieu mo", ["Dữ liệu mở", "Khai mạc"]),
        ("DỮ LIỆU", ["Dữ liệu mở", "Khai mạc"]),
        ("dien bien", ["Dữ liệu mở"]),  # a site, with đ as d
        ("hoi truong do", ["Khai mạc"]),  # a room
        ("thi du", ["Khai mạc"]),  # a person
        ("open", ["Dữ liệu mở"]),  # another language
        ("so hoa", ["Dữ liệu mở"]),  # a track
        ("du lieu khai", ["Khai mạc"]),  # every word counts
        ("nothing", []),
    ],
)
def test_search_needs_no_marks_and_looks_at_all_that_one_remembers(client, world, question, expected):
    hall = make.room(make.site(world.edition, name={"vi": "Điện Biên"}), name={"vi": "Phòng 1"})
    red = make.room(world.main, name={"vi": "Hội trường Đỏ"})
    number = track(world, code="so", name={"vi": "Số hóa"})
    world.session(title={"vi": "Dữ liệu mở", "en": "Open data"}, room=hall, track_id=number.id)
    opening = world.session(
        "10:00", "11:00", title={"vi": "Khai mạc"}, abstract={"vi": "Nói về dữ liệu mở."}, room=red
    )
    world.part(opening, PartKind.CHAIR, "Trần Thị Thí Dụ")
    world.session("12:00", "13:00", title={"vi": "Nghỉ"}, room=make.room(world.joined[0]))
    world.session("14:00", "15:00", title={"vi": "Dữ liệu mở, bản nháp"}, state=SessionState.DRAFT)

    page = client.open(f"{world.path}/schedule", query_string={"q": question, "lang": "vi"})

    assert results(page) == expected


def test_what_was_found_is_marked_and_escaped(client, world):
    session = world.session(
        title={"en": "<b>Data</b> & data"}, abstract={"en": "All <i>about</i> data, <name>."}
    )
    world.part(session, PartKind.SPEAKER, "Đỗ Data")

    page = client.open(f"{world.path}/schedule?q=data")

    assert page.all("//section[@id='results']//mark") == ["Data", "data", "Data", "data"]
    assert page.all("//section[@id='results']//p[@class='slot-title']") == ["<b>Data</b> & data"]
    assert page.all("//p[@class='slot-snippet']") == ["All about data, <name>."]
    assert page.document.xpath("//section[@id='results']//b|//section[@id='results']//i") == []


def test_the_tags_of_another_system_are_not_shown(client, world):
    texts = {"abstract": {"en": "<p>All</p><p>a < b</p>"}, "description": {"en": "Of <b>data</b> &amp; us"}}
    session = world.session(**texts)

    page = client.open(f"{world.path}/sessions/{session.code}")

    assert page.all("//main//div[contains(@class, 'prose')]/p") == ["All a < b", "Of data & us"]


def test_search_goes_together_with_the_filters(client, world):
    world.session(title={"en": "Data talk"}, kind=SessionKind.TALK, receiving=world.rooms[:1])
    world.session("10:00", "11:00", title={"en": "Data contest"}, kind=SessionKind.CONTEST)

    assert results(client.open(f"{world.path}/schedule?q=data&kind=contest")) == ["Data contest"]
    assert results(client.open(f"{world.path}/schedule?q=data&site=north")) == ["Data talk"]


def test_a_search_is_not_kept_but_has_a_tag_and_asks_a_kept_index(client, app, world, queries):
    world.session(title={"en": "Data"})
    path = f"{world.path}/schedule?q=data"
    client.open(path)
    kept_before = len(app.extensions.get("dxday_kept", ()))

    first = client.open(path).response
    again = client.http.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert len(app.extensions.get("dxday_kept", ())) == kept_before
    assert again.status_code == 304


def test_after_a_release_the_search_finds_what_is_new(client, world):
    session = world.session(title={"en": "Data"})
    assert results(client.open(f"{world.path}/schedule?q=data")) == ["Data"]

    session.title = {"en": "Figures"}
    make.released(world.edition)

    assert results(client.open(f"{world.path}/schedule?q=data")) == []
    assert results(client.open(f"{world.path}/schedule?q=figures")) == ["Figures"]


@pytest.mark.parametrize("question", ["", "   ", "-- ..", "x" * 5000, "%00", "' or 1=1"])
def test_no_question_breaks_the_page(client, world, question):
    world.session()

    assert client.open(f"{world.path}/schedule", query_string={"q": question}).status == 200


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


def test_a_link_to_join_is_public_where_one_can_follow_from_afar_and_the_line_of_a_site_never(client, world):
    session = world.session(receiving=world.rooms[:2])
    links = {world.main.id: "hall", world.joined[0].id: "north", world.joined[1].id: "south"}
    for placement in db.session.query(PublishedPlacement).filter_by(session_id=session.id):
        placement.join_url = f"https://meet.example/{links[placement.site_id]}"
    for site in (world.main, *world.joined):
        site.join_url = "https://meet.example/secret"
    paths = ["/schedule", "/schedule?view=sites", f"/sessions/{session.code}", "/sites/", "/sites/vinh"]
    paths += ["/sites/north", "/schedule.ics", "/sites/north.ics", f"/sessions/{session.code}.ics", "/now"]
    paths += ["/sites/north/now", "/widget", f"/schedule/mine?s={session.code}", "/"]

    texts = {path: client.open(world.path + path).text for path in paths}

    assert [
        path for path, text in texts.items() if not text or "secret" in text or "example/hall" in text
    ] == []
    assert [path for path, text in texts.items() if "example/north" in text.replace("\r\n ", "")] == [
        f"/sessions/{session.code}",
        "/sites/north.ics",
    ]
    page = client.open(f"{world.path}/sessions/{session.code}")
    assert page.all("//tbody/tr/*") == [
        "North",
        "North room",
        "Join North",
        "South",
        "South room",
        "Join South",
    ]


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
