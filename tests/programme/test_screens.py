"""The programme on the screens in the halls, on paper, and in the pages of others."""

import subprocess
from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from dxday.core import clock
from dxday.db import db
from dxday.programme.models import PublishedPlacement, Session
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionState
from dxday.sites.rules import SiteKind
from dxday.web.requests import CSP
from tests import make


@pytest.fixture
def world(app):
    day = make.at("2026-10-10 00:00").date()
    return make.edition(starts_on=day, ends_on=day + timedelta(days=1))


@pytest.fixture
def halls(world):
    main = make.site(
        world, kind=SiteKind.MAIN, name={"en": "Vinh"}, code="vinh", address={"en": "1 Sample Street"}
    )
    north = make.site(world, name={"en": "North"}, code="north")
    hall, room = make.room(main, name={"en": "Hall"}), make.room(north, name={"en": "North room"})
    opening = make.session(world, code="opening", title={"en": "Opening", "vi": "Khai mạc"})
    make.placement(opening, hall)
    make.placement(opening, room, role=PlacementRole.RECEIVING, mode=Mode.BROADCAST)
    for code, begins, ends in (
        ("talk", "09:00", "10:00"),
        ("lunch", "12:00", "13:00"),
        ("end", "16:00", "17:00"),
    ):
        make.placement(
            make.session(world, code=code, title={"en": code.title()}),
            hall,
            starts_at=f"2026-10-10 {begins}",
            ends_at=f"2026-10-10 {ends}",
        )
    return main, north


def at(monkeypatch, moment):
    monkeypatch.setattr(clock, "now", lambda: make.at(moment))


def shown(page, part):
    return page.all(f"//section[@class='hall-{part}']//*[@class='hall-title']")


# Screens -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "now", "following"),
    [
        ("2026-10-09 20:00", [], ["Opening", "Talk", "Lunch"]),
        ("2026-10-10 07:59", [], ["Opening", "Talk", "Lunch"]),
        ("2026-10-10 08:00", ["Opening"], ["Talk", "Lunch", "End"]),
        ("2026-10-10 09:00", ["Talk"], ["Lunch", "End"]),  # the end of one is the beginning of the other
        ("2026-10-10 17:00", [], []),
    ],
)
def test_a_hall_sees_what_runs_and_what_follows(client, world, halls, monkeypatch, moment, now, following):
    at(monkeypatch, moment)

    page = client.open(f"/{world.code}/sites/vinh/now")

    assert (shown(page, "now"), shown(page, "next")) == (now, following)


def test_a_hall_that_receives_says_where_it_comes_from_and_another_day_is_named(
    client, world, halls, monkeypatch
):
    at(monkeypatch, "2026-10-09 20:00")

    page = client.open(f"/{world.code}/sites/north/now")

    assert page.heading == "North"
    assert page.all("//p[@class='hall-place']") == ["North room · by line from Vinh"]
    assert page.all("//p[@class='hall-day']") == ["Saturday, October 10, 2026"]


def test_what_is_cancelled_is_on_no_screen(client, world, halls, monkeypatch):
    at(monkeypatch, "2026-10-10 08:30")
    for placement in db.session.query(PublishedPlacement).filter_by(site_id=halls[1].id):
        placement.cancelled_at = make.NOW

    assert shown(client.open(f"/{world.code}/sites/north/now"), "now") == []


def test_all_halls_stand_on_one_screen(client, world, halls, monkeypatch):
    at(monkeypatch, "2026-10-10 08:30")

    page = client.open(f"/{world.code}/now")

    assert page.all("//li[contains(@class, 'hall-site')]") == [
        "Vinh Now 08:00 Opening Next 09:00 Talk",
        "North Now 08:00 Opening",
    ]


def test_the_screen_is_made_anew_each_minute(client, world, halls, monkeypatch):
    seen = []
    for moment in ("2026-10-10 08:59", "2026-10-10 09:00"):
        at(monkeypatch, moment)
        seen.append(shown(client.open(f"/{world.code}/sites/vinh/now"), "now"))

    assert seen == [["Opening"], ["Talk"]]


def test_without_scripts_the_screen_asks_again_by_itself(client, world, halls):
    page = client.open(f"/{world.code}/now")

    assert page.document.xpath("//noscript/meta/@content") == ["60"]


@pytest.mark.parametrize("path", ["sites/nowhere/now", "sites/nowhere/run-sheet.pdf", "widget?site=nowhere"])
def test_an_unknown_site_is_not_found(client, world, halls, path):
    assert client.open(f"/{world.code}/{path}").status == 404


# Paper ---------------------------------------------------------------------------------------------------------------


def words_of(pdf):
    text = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout
    return [" ".join(sheet.split()) for sheet in text.decode().split("\f")[:-1]]


def test_a_run_sheet_says_what_the_site_has_to_do(client, world, halls):
    main, _north = halls
    session = make.session(world, title={"en": "Training", "vi": "Tập huấn"})
    make.placement(
        session,
        make.room(main, name={"vi": "Phòng họp Đại Huệ"}),
        mode=Mode.HYBRID,
        starts_at="2026-10-11 08:00",
        ends_at="2026-10-11 09:30",
        interpretation="en",
        local_part={"vi": "Chào cờ trước khi nối đường truyền"},
    )
    make.part(
        session, make.person(full_name="Trần Thị Thí Dụ", position={"vi": "Giám đốc"}), kind=PartKind.CHAIR
    )
    make.placement(make.session(world, title={"vi": "Bản nháp"}, state=SessionState.DRAFT), make.room(main))

    answer = client.http.get(f"/{world.code}/sites/vinh/run-sheet.pdf?lang=vi")

    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    first, second = words_of(answer.data)
    assert "Khai mạc" in first
    for words in ("08:00–09:30", "Tập huấn", "Phòng họp Đại Huệ", "Trần Thị Thí Dụ", "Chào cờ trước khi nối"):
        assert words in second
    assert "nháp" not in first + second
    assert "2/2" in second.replace(" ", "")


def test_a_run_sheet_is_tagged_a4_and_names_its_language(client, world, halls):
    reader = PdfReader(BytesIO(client.http.get(f"/{world.code}/sites/vinh/run-sheet.pdf?lang=vi").data))

    catalog = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"] == True  # noqa: E712 (pypdf's own kind of boolean)
    assert catalog["/Lang"] == "vi"
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]


def test_a_run_sheet_is_drawn_once_and_anew_after_a_release(client, app, world, halls):
    path = f"/{world.code}/sites/vinh/run-sheet.pdf"
    first = client.http.get(path)
    kept_then = len(app.extensions["dxday_kept"])
    again = client.http.get(path, headers={"If-None-Match": first.headers["ETag"]})
    session = db.session.query(Session).filter_by(edition_id=world.id, code="talk").one()
    session.title = {"en": "Another talk"}
    make.released(world)

    after = client.open(path, headers={"If-None-Match": first.headers["ETag"]}).response

    assert (again.status_code, kept_then) == (304, 1)
    assert after.status_code == 200
    assert "Another talk" in words_of(after.data)[0]


def test_a_site_without_sessions_has_a_sheet_that_says_so(client, world):
    make.site(world, code="empty")

    assert (
        "Nothing is planned here yet"
        in words_of(client.http.get(f"/{world.code}/sites/empty/run-sheet.pdf").data)[0]
    )


# The pages of others -------------------------------------------------------------------------------------------------


def test_the_widget_is_the_only_page_that_others_may_frame(client, world, halls):
    def ancestors(path):
        policy = client.open(path).response.headers["Content-Security-Policy"]
        return [rule for rule in policy.split("; ") if rule.startswith("frame-ancestors")]

    for _ in range(2):  # made, and kept
        assert ancestors(f"/{world.code}/widget") == ["frame-ancestors *"]
        assert ancestors(f"/{world.code}/schedule") == ["frame-ancestors 'none'"]
    allowed = client.open(f"/{world.code}/widget").response.headers["Content-Security-Policy"]
    assert allowed.replace("frame-ancestors *", "frame-ancestors 'none'") == CSP


def test_the_widget_shows_a_site_or_a_day(client, world, halls):
    make.placement(
        make.session(world, title={"en": "Second day"}),
        make.room(halls[1]),
        starts_at="2026-10-11 08:00",
        ends_at="2026-10-11 09:00",
    )

    def titles(query):
        return client.open(f"/{world.code}/widget{query}").all("//p[@class='slot-title']")

    assert titles("") == ["Opening", "Talk", "Lunch", "End", "Second day"]
    assert titles("?site=north") == ["Opening", "Second day"]
    assert titles("?day=2026-10-11") == ["Second day"]


def test_the_widget_speaks_the_language_of_its_address_and_remembers_nothing(client, world, halls):
    page = client.open(f"/{world.code}/widget?lang=vi")

    assert page.document.get("lang") == "vi"
    assert "Set-Cookie" not in page.response.headers


def test_the_script_may_be_used_by_others(client, world):
    answer = client.open(f"/{world.code}/widget.js").response

    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_an_unpublished_programme_is_a_sentence(client, world):
    assert "The programme is not published yet" in client.open(f"/{world.code}/widget").words
