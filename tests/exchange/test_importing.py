"""Taking a file over into the draft: what is new, changed and cancelled, and that nothing is half-imported."""

from datetime import date
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from dxday.accounts.models import Person
from dxday.audit.models import AuditEntry
from dxday.db import db
from dxday.exchange import queries, rules, services
from dxday.exchange.comparison import Choices
from dxday.exchange.reading import read_book
from dxday.exchange.rules import Fate
from dxday.programme.models import Part, Placement, PlacementOverride, Session, Track
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites.models import Room
from dxday.sites.rules import SiteKind
from tests import make

ONE, TWO, THREE = (UUID(f"{n}1111111-2222-4333-8444-555555555555") for n in (1, 2, 3))


class World:
    """An edition on 10 October with a main site and its hall."""

    def __init__(self):
        self.edition = make.edition(starts_on=date(2026, 10, 10), ends_on=date(2026, 10, 10))
        self.main = make.site(self.edition, kind=SiteKind.MAIN, code="main")
        self.hall = make.room(self.main, name={"vi": "Hội trường lớn"}, code="hall")

    def read(self, *events):
        """A file with events (guid, begin, title, …) in the hall."""
        written = "".join(self.event(*event) for event in events)
        text = (
            "<schedule><conference><title>T</title></conference><day date='2026-10-10'>"
            f"<room name='Hội trường lớn'>{written}</room></day></schedule>"
        )
        return read_book(text.encode(), zone=ZoneInfo("Asia/Ho_Chi_Minh"), scope=self.edition.code)

    @staticmethod
    def event(guid, start="09:00", title="Lễ", more=""):
        return (
            f"<event guid='{guid}' id='1'><start>{start}</start><duration>01:00</duration><title>{title}</title>"
            f"<language>vi</language>{more}</event>"
        )

    def take(self, book, **options):
        return services.import_book(self.edition, book, actor=make.actor(), now=make.NOW, **options)

    def session(self, guid):
        db.session.expire_all()
        return next((s for s in queries.list_draft(self.edition.id) if s.guid == guid), None)


@pytest.fixture
def world(app):
    return World()


def people(*names):
    written = "".join(f"<person id='{number}'>{name}</person>" for number, name in names)
    return f"<persons>{written}</persons>"


def counts(preview):
    return tuple(preview.count(fate) for fate in Fate)


def texts(preview):
    return [
        (row.fate.value, row.title, [(str(d.what), d.was, d.becomes) for d in row.differences])
        for row in preview.rows
    ]


def test_new_sessions_come_in_as_drafts(world):
    more = people((7, "Đỗ Thị Ánh")) + "<track>Số hóa</track><type>workshop</type><abstract>A\n\nB</abstract>"

    assert counts(world.take(world.read((ONE, "09:00", "Lễ khai mạc", more)))) == (1, 0, 0)

    session = world.session(ONE)
    (placement,) = session.placements
    assert (session.state, session.kind, session.code) == (
        SessionState.DRAFT,
        SessionKind.WORKSHOP,
        "le-khai-mac",
    )
    assert (session.title, session.abstract, session.language) == (
        {"vi": "Lễ khai mạc"},
        {"vi": "A\n\nB"},
        "vi",
    )
    assert (placement.room_id, placement.role, placement.mode) == (
        world.hall.id,
        PlacementRole.ORIGIN,
        Mode.ON_SITE,
    )
    assert (placement.starts_at, placement.ends_at) == (
        make.at("2026-10-10 09:00"),
        make.at("2026-10-10 10:00"),
    )
    assert [(part.person.full_name, part.kind) for part in session.parts] == [
        ("Đỗ Thị Ánh", PartKind.SPEAKER)
    ]
    assert session.track.name == {"en": "Số hóa"}


def test_the_same_file_again_changes_nothing(world):
    book = world.read((ONE, "09:00", "A", people((1, "X"), (2, "Y"))), (TWO, "10:00", "B"))
    world.take(book)
    versions = queries.list_versions(world.edition.id)

    assert counts(world.take(book)) == (0, 0, 0)
    assert queries.list_versions(world.edition.id) == versions
    assert db.session.scalar(select(func.count(Person.id))) == 2


def test_a_preview_says_what_differs_and_changes_nothing(world):
    world.take(world.read((ONE, "09:00", "A", people((1, "X"))), (TWO, "10:00", "B")))
    changed = world.read((ONE, "11:00", "A!", people((1, "X"), (2, "Y"))), (THREE, "12:00", "C"))
    before = queries.list_versions(world.edition.id)

    preview = services.preview_import(world.edition, changed)

    assert texts(preview) == [
        ("new", "C", []),
        (
            "changed",
            "A",
            [
                ("Title", "A", "A!"),
                ("Time", "10/10/2026 09:00–10:00", "10/10/2026 11:00–12:00"),
                ("People", "X", "X, Y"),
            ],
        ),
        ("deleted", "B", []),
    ]
    assert queries.list_versions(world.edition.id) == before


def test_what_the_file_does_not_have_is_cancelled_published_or_not(world):
    world.take(world.read((ONE, "09:00", "A"), (TWO, "10:00", "B"), (THREE, "11:00", "C")))
    make.released(world.edition, only={world.session(ONE).id})

    assert counts(world.take(world.read((THREE, "11:00", "C")))) == (0, 0, 2)

    assert [world.session(guid).state for guid in (ONE, TWO)] == [SessionState.CANCELLED] * 2
    assert world.session(ONE).placements[0].cancelled_at == make.NOW


def test_nothing_is_cancelled_for_who_says_so(world):
    world.take(world.read((ONE, "09:00", "A")))

    assert counts(world.take(world.read((TWO, "10:00", "B")), choices=Choices(cancel_missing=False))) == (
        1,
        0,
        0,
    )
    assert world.session(ONE).state is SessionState.DRAFT


def test_a_session_whose_row_has_an_error_stays_as_it_is(world):
    world.take(world.read((ONE, "09:00", "A"), (TWO, "10:00", "B")))

    preview = world.take(world.read((ONE, "24:00", "A"), (TWO, "11:00", "B")))

    assert counts(preview) == (0, 1, 0)
    assert [str(error.message) for error in preview.errors] == [
        "There is no 24:00: write 00:00 of the next day."
    ]
    assert world.session(ONE).state is SessionState.DRAFT


def test_nothing_is_cancelled_when_a_row_cannot_be_told_from_another(world):
    world.take(world.read((ONE, "09:00", "A"), (TWO, "10:00", "B")))

    assert counts(world.take(world.read(("broken", "09:00", "A"), (TWO, "10:00", "B")))) == (0, 0, 0)


def test_what_was_cancelled_and_comes_back_is_a_session_of_its_own_and_always_the_same(world):
    both, one = world.read((ONE, "09:00", "A"), (TWO, "10:00", "B")), world.read((TWO, "10:00", "B"))
    world.take(both)
    world.take(one)

    assert counts(world.take(both)) == (1, 0, 0)
    assert counts(world.take(both)) == (0, 0, 0)
    assert world.session(ONE).state is SessionState.CANCELLED
    assert counts(world.take(one)) == (0, 0, 1)
    assert counts(world.take(both)) == (1, 0, 0)


def test_a_guid_of_another_edition_is_no_hindrance(world):
    make.session(make.edition(), guid=ONE)
    book = world.read((ONE, "09:00", "A"))

    assert counts(world.take(book)) == (1, 0, 0)
    assert counts(world.take(book)) == (0, 0, 0)


def test_a_programme_that_clashes_with_itself_comes_in_with_an_override(world):
    preview = world.take(world.read((ONE, "09:00", "A"), (TWO, "09:30", "B"), (THREE, "10:30", "C")))

    assert counts(preview) == (3, 0, 0)
    reasons = {
        guid: override.reason if (override := world.session(guid).placements[0].override) else None
        for guid in (ONE, TWO, THREE)
    }
    # B clashes with both, so one override is enough; C shares its room with B alone.
    assert reasons == {ONE: None, TWO: "imported", THREE: None}


def test_two_sessions_change_places_without_an_override(world):
    world.take(world.read((ONE, "09:00", "A"), (TWO, "10:00", "B")))

    assert counts(world.take(world.read((ONE, "10:00", "A"), (TWO, "09:00", "B")))) == (0, 2, 0)

    assert db.session.scalar(select(func.count(PlacementOverride.id))) == 0
    assert world.session(ONE).placements[0].starts_at == make.at("2026-10-10 10:00")


def test_an_import_that_meets_a_session_made_by_hand_clashes_and_says_so(world):
    make.placement(
        make.session(world.edition, state=SessionState.DRAFT),
        world.hall,
        starts_at="2026-10-10 08:30",
        ends_at="2026-10-10 09:30",
    )
    db.session.flush()

    world.take(world.read((ONE, "09:00", "A")), choices=Choices(cancel_missing=False))

    assert world.session(ONE).placements[0].override.reason == "imported"


def test_sites_that_receive_a_session_move_with_it(world):
    world.take(world.read((ONE, "09:00", "A")))
    north = make.room(make.site(world.edition))
    make.placement(
        world.session(ONE),
        north,
        role=PlacementRole.RECEIVING,
        mode=Mode.BROADCAST,
        starts_at="2026-10-10 08:45",
        ends_at="2026-10-10 10:00",
    )

    assert counts(world.take(world.read((ONE, "11:00", "A")))) == (0, 1, 0)

    received = next(p for p in world.session(ONE).placements if p.role is PlacementRole.RECEIVING)
    assert (received.starts_at, received.ends_at) == (
        make.at("2026-10-10 10:45"),
        make.at("2026-10-10 12:00"),
    )
    assert received.room_id == north.id


def test_a_translation_that_somebody_added_stays(world):
    world.take(world.read((ONE, "09:00", "Lễ")))
    world.session(ONE).title = {"vi": "Lễ", "en": "Ceremony"}
    db.session.flush()

    assert counts(world.take(world.read((ONE, "09:00", "Lễ")))) == (0, 0, 0)
    assert counts(world.take(world.read((ONE, "09:00", "Lễ mới")))) == (0, 1, 0)
    assert world.session(ONE).title == {"vi": "Lễ mới", "en": "Ceremony"}


def test_a_chair_stays_chair(world):
    book = world.read((ONE, "09:00", "A", people((1, "X"), (2, "Y"))))
    world.take(book)
    part = next(part for part in world.session(ONE).parts if part.person.full_name == "Y")
    part.kind = PartKind.CHAIR
    db.session.flush()

    assert counts(world.take(book)) == (0, 0, 0)


def test_a_person_is_known_by_their_key_whatever_they_are_called(world):
    world.take(world.read((ONE, "09:00", "A", people((1, "anna"), (2, "anna")))))

    assert counts(world.take(world.read((ONE, "09:00", "A", people((1, "Anna"), (2, "anna")))))) == (0, 1, 0)

    assert sorted(db.session.scalars(select(Person.full_name))) == ["Anna", "anna"]
    assert db.session.scalar(select(func.count(Part.id))) == 2


def test_a_day_outside_of_the_edition_is_an_error_of_the_row(world):
    world.edition.starts_on = world.edition.ends_on = date(2026, 10, 11)
    db.session.flush()

    preview = world.take(world.read((ONE, "09:00", "A")))

    assert [(e.row, str(e.message)) for e in preview.errors] == [
        (1, "It is on 10/10/2026; the edition runs from 11/10/2026 to 11/10/2026.")
    ]
    assert world.session(ONE) is None


def table(world, room):
    text = f"title,day,start,end,room\nLễ,2026-10-10,09:00,10:00,{room}\n"
    return read_book(text.encode(), zone=ZoneInfo("Asia/Ho_Chi_Minh"), scope=world.edition.code)


def test_a_room_that_a_table_names_and_nobody_knows_is_a_slip_until_somebody_says_otherwise(world):
    book = table(world, "Hội trường nhỏ")

    assert [str(e.message) for e in world.take(book).errors] == [
        "There is no room “Hội trường nhỏ” in this edition."
    ]
    assert counts(world.take(book, choices=Choices(make_rooms=True))) == (1, 0, 0)
    made = db.session.scalars(select(Room).where(Room.code == "hoi-truong-nho")).one()
    assert (made.name, made.site_id) == ({"vi": "Hội trường nhỏ"}, world.main.id)


def test_a_room_is_found_whatever_its_capitals_and_where_its_tone_mark_stands(world):
    assert counts(world.take(table(world, "HỘI TRƯỜNG LỚN"))) == (1, 0, 0)


def test_a_draft_that_was_changed_since_is_refused(world):
    world.take(world.read((ONE, "09:00", "A")))
    book = world.read((ONE, "10:00", "A"))
    seen = services.preview_import(world.edition, book).fingerprint
    world.take(world.read((ONE, "11:00", "A")))

    with pytest.raises(rules.DraftChanged):
        world.take(book, seen=seen)
    assert world.session(ONE).placements[0].starts_at == make.at("2026-10-10 11:00")


def test_sent_twice_it_is_imported_once(world):
    book = world.read((ONE, "09:00", "A"))
    seen = services.preview_import(world.edition, book).fingerprint
    world.take(book, seen=seen)

    assert counts(world.take(book, seen=seen)) == (0, 0, 0)
    assert db.session.scalar(select(func.count(Session.id))) == 1


def test_the_trail_names_the_file_and_each_session(world):
    world.take(world.read((ONE, "09:00", "A")))
    db.session.commit()

    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.edition_id == world.edition.id).order_by(AuditEntry.sequence)
    ).all()
    assert [(e.action, e.subject) for e in entries] == [
        ("programme.imported", f"edition:{world.edition.code}"),
        ("session.imported", "a"),
    ]
    assert entries[0].facts == {"format": "xml", "errors": 0, "new": 1, "changed": 0, "deleted": 0}


def test_an_edition_is_made_from_a_file(app):
    text = (
        "<schedule><conference><acronym>ngay</acronym><title>Ngày hội</title></conference>"
        "<day date='2026-10-10'><room name='Sảnh'>" + World.event(uuid4()) + "</room></day>"
        "<day date='2026-10-11'></day></schedule>"
    )
    book = read_book(text.encode(), zone=ZoneInfo("Asia/Ho_Chi_Minh"), scope="ngay-2026")

    edition = services.add_edition("ngay-2026", book, zone="Europe/Berlin", actor=make.actor(), now=make.NOW)
    services.import_book(edition, book, actor=make.actor(), now=make.NOW)

    assert (edition.name, edition.host.code, edition.time_zone) == (
        {"en": "Ngày hội"},
        "ngay",
        "Europe/Berlin",
    )
    assert (edition.starts_on, edition.ends_on) == (date(2026, 10, 10), date(2026, 10, 11))
    assert db.session.scalar(select(Room.code)) == "sanh"


def test_a_file_of_a_thousand_sessions_asks_no_more_questions_than_one(world, queries):
    small = world.read((ONE, "09:00", "A"))
    large = world.read(*((uuid4(), "09:00", f"S{n}") for n in range(300)))
    services.preview_import(world.edition, small)

    with queries() as few:
        services.preview_import(world.edition, small)
    with queries() as many:
        services.preview_import(world.edition, large)

    assert many.total == few.total


def test_nothing_is_left_of_an_import_that_fails_half_way(world, monkeypatch):
    book = world.read((ONE, "09:00", "A", "<track>T</track>"))

    def fail(*_args, **_options):
        raise RuntimeError("the machine stopped")

    monkeypatch.setattr(services._Import, "_note", fail)
    with pytest.raises(RuntimeError), db.session.begin_nested():
        world.take(book)

    for model in (Session, Placement, Track, Person):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
