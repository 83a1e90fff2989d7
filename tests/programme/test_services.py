"""Scheduling: what adding, moving, changing, publishing and cancelling do, and what they refuse."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select

from dxday.audit.models import AuditEntry
from dxday.core.errors import NotFound, Stale
from dxday.db import db, transaction
from dxday.editions.models import Edition
from dxday.programme import queries, rules, services
from dxday.programme.models import Placement, PlacementOverride, PublishedSession, Session
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.sites import queries as sites
from dxday.sites.rules import SiteKind
from tests import make
from tests.conftest import on_both


class Place:
    """An edition with a main site of two rooms and two joined sites of one."""

    def __init__(self):
        self.edition = make.edition(
            starts_on=make.at("2026-10-10 00:00").date(), ends_on=make.at("2026-10-11 00:00").date()
        )
        main = make.site(self.edition, kind=SiteKind.MAIN, code="main")
        self.hall, self.small = make.room(main, code="hall"), make.room(main, code="small")
        self.north, self.south = make.site(self.edition, code="north"), make.site(self.edition, code="south")
        make.room(self.north, code="north")
        make.room(self.south, code="south")
        self.main, self.north, self.south = sites.list_sites(self.edition.id)

    def add(self, begins="08:00", ends="09:00", **given):
        defaults = {
            "guid": uuid4(),
            "kind": SessionKind.CONFERENCE,
            "title": {"vi": "Hội nghị trực tuyến", "en": "Online conference"},
            "starts_at": make.at(f"2026-10-10 {begins}"),
            "ends_at": make.at(f"2026-10-10 {ends}"),
            "room": self.hall,
            "actor": make.actor(),
            "now": make.NOW,
        }
        return services.add_session(self.edition, **(defaults | given))

    def move(self, session, begins, ends, **given):
        services.move_session(
            session,
            starts_at=make.at(f"2026-10-10 {begins}"),
            ends_at=make.at(f"2026-10-10 {ends}"),
            actor=make.actor(),
            now=make.NOW,
            **given,
        )

    def programme_version(self):
        return db.session.scalar(select(Edition.programme_version).where(Edition.id == self.edition.id))


@pytest.fixture
def place(app):
    return Place()


def publish(session):
    services.publish_session(session, actor=make.actor(), now=make.NOW)


def sequence_of(session):
    """The SEQUENCE that calendars read of it, None while the public does not know it."""
    return db.session.scalar(select(PublishedSession.sequence).where(PublishedSession.id == session.id))


def cancel(session):
    services.cancel_session(session, actor=make.actor(), now=make.NOW)


def change(session, **given):
    defaults = {
        "seen": session.version,
        "kind": session.kind,
        "title": session.title,
        "abstract": session.abstract,
        "language": session.language,
        "actor": make.actor(),
        "now": make.NOW,
    }
    services.change_session(session, **(defaults | given))


def change_placement(placement, **given):
    defaults = {
        "seen": placement.session.version,
        "room": next((r for r in _rooms_at(placement) if r.id == placement.room_id), None),
        "mode": placement.mode,
        "join_url": placement.join_url,
        "received": placement.cancelled_at is None,
        "actor": make.actor(),
        "now": make.NOW,
    }
    services.change_placement(placement, **(defaults | given))


def reception(placement, **given):
    return rules.Reception(
        given.pop("starts_at", placement.starts_at), given.pop("ends_at", placement.ends_at), **given
    )


def _rooms_at(placement):
    return next(s for s in sites.list_sites(placement.edition_id) if s.id == placement.site_id).rooms


def at_site(session, site):
    return next(p for p in session.placements if p.site_id == site.id)


def clocks(session):
    return [
        f"{p.starts_at.astimezone(make.VIETNAM):%d %H:%M}–{p.ends_at.astimezone(make.VIETNAM):%H:%M}"
        for p in session.placements
    ]


def actions(edition):
    """What the trail says was done in the edition, in order."""
    pending = db.session().info.get("audit", [])
    return [entry["action"] for entry in pending if entry["edition_id"] == edition.id]


# Adding --------------------------------------------------------------------------------------------------------------


def test_a_session_is_held_in_its_room_and_received_in_the_first_room_of_the_others(place):
    session = place.add(receiving=[place.main, place.north, place.south])

    assert [
        (p.site.code, p.room.code, p.role, p.mode)
        for p in queries.get_session(place.edition.id, session.code).placements
    ] == [
        ("main", "hall", PlacementRole.ORIGIN, Mode.ON_SITE),
        ("north", "north", PlacementRole.RECEIVING, Mode.BROADCAST),
        ("south", "south", PlacementRole.RECEIVING, Mode.BROADCAST),
    ]
    assert (session.state, sequence_of(session), place.programme_version()) == (SessionState.DRAFT, None, 0)
    assert actions(place.edition) == ["session.added"]


def test_the_same_guid_makes_one_session(place):
    guid = uuid4()

    first = place.add(guid=guid)
    second = place.add(guid=guid, begins="10:00", ends="11:00")

    assert first is second
    assert clocks(first) == ["10 08:00–09:00"]


def test_the_guid_of_another_edition_is_not_found(place):
    stranger = Place().add()

    with pytest.raises(NotFound):
        place.add(guid=stranger.guid)


def test_a_code_is_made_of_the_title_and_stays_different_from_others(place):
    first = place.add()
    second = place.add("09:00", "10:00")
    long = place.add(
        "10:00", "11:00", title={"vi": "Hội nghị trực tuyến đánh giá kết quả chuyển đổi số toàn tỉnh"}
    )
    hindi = place.add("11:00", "12:00", title={"hi": "सम्मान समारोह"})

    assert first.code == "hoi-nghi-truc-tuyen"
    assert second.code.startswith("hoi-nghi-truc-tuyen-")
    assert long.code == "hoi-nghi-truc-tuyen-danh-gia-ket-qua"
    assert hindi.code.startswith("session-")


def test_parts_are_given_in_their_order(place):
    chair, one, two = make.person(), make.person(), make.person()

    session = place.add(parts={PartKind.CHAIR: [chair], PartKind.SPEAKER: [two, one]})

    assert {(p.kind, p.person_id, p.position) for p in session.parts} == {
        (PartKind.CHAIR, chair.id, 0),
        (PartKind.SPEAKER, two.id, 0),
        (PartKind.SPEAKER, one.id, 1),
    }


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"title": {}}, rules.TitleMissing),
        ({"ends_at": make.at("2026-10-10 08:00")}, rules.TimesNotInOrder),
        ({"ends_at": make.at("2026-10-11 08:01")}, rules.TooLong),
        (
            {"starts_at": make.at("2026-10-09 23:00"), "ends_at": make.at("2026-10-10 00:30")},
            rules.OutsideEdition,
        ),
    ],
)
def test_what_cannot_be_a_session_is_refused(place, given, refusal):
    with pytest.raises(refusal):
        place.add(**given)


def test_a_site_without_a_room_cannot_receive(place):
    bare = make.site(place.edition)

    with pytest.raises(rules.SiteHasNoRoom):
        place.add(receiving=[next(s for s in sites.list_sites(place.edition.id) if s.id == bare.id)])


def test_a_taken_room_is_refused_with_who_has_it_and_when(place):
    place.add("08:00", "09:30")

    with pytest.raises(rules.RoomTaken) as refused:
        place.add("09:00", "10:00")

    facts = {name: str(value) for name, value in refused.value.facts.items()}
    assert facts == {
        "room": f"{place.hall.name['en']}, {place.main.name['en']}",
        "title": "Online conference",
        "start": "08:00",
        "end": "09:30",
    }


def test_a_taken_room_of_a_receiving_site_is_refused_as_well(place):
    place.add(room=place.north.rooms[0])

    with pytest.raises(rules.RoomTaken):
        place.add(receiving=[place.north, place.south])
    assert (
        db.session.scalar(select(func.count(Session.id)).where(Session.edition_id == place.edition.id)) == 1
    )


def test_the_room_is_used_anyway_for_a_reason_that_is_kept(place):
    place.add()

    session = place.add(override_reason="The hall is divided", receiving=[place.north])

    assert [p.override.reason if p.override else None for p in session.placements] == [
        "The hall is divided",
        None,
    ]
    assert actions(place.edition) == ["session.added", "room.shared_by_override", "session.added"]


def test_a_reason_is_not_kept_where_nothing_clashes(place):
    session = place.add(override_reason="Just to be sure")

    assert session.placements[0].override is None


def _insert_behind_its_back(session_of, room):
    """Take the room in the moment between looking and writing, as a second writer would."""

    def insert(session, *_):
        with session.no_autoflush:
            session.execute(
                Placement.__table__.insert().values(
                    edition_id=session_of.edition_id,
                    session_id=session_of.id,
                    site_id=room.site_id,
                    room_id=room.id,
                    room_shared=False,
                    role=PlacementRole.ORIGIN,
                    mode=Mode.ON_SITE,
                    starts_at=make.at("2026-10-10 08:30"),
                    ends_at=make.at("2026-10-10 09:30"),
                )
            )

    event.listen(db.session, "before_flush", insert, once=True)


def test_the_refusal_of_the_database_is_a_refusal_and_no_fault(place):
    _insert_behind_its_back(make.session(place.edition), place.hall)

    # The other row is written within the same savepoint and gone with it: nobody is left to be named.
    with pytest.raises(Stale):
        place.add()


@on_both
def test_of_two_who_want_the_room_at_once_one_gets_it(own_app):
    with own_app.app_context():
        with transaction():
            place = Place()
        ids = (place.edition.id, place.hall.id)
    outcomes = race(own_app, 4, lambda n: add_in(ids, title=f"Number {n}"))

    assert sorted(outcomes) == ["added", "taken", "taken", "taken"]
    with own_app.app_context():
        assert db.session.scalar(select(func.count(Placement.id))) == 1


@on_both
def test_a_form_sent_twice_at_the_same_moment_makes_one_session(own_app):
    with own_app.app_context():
        with transaction():
            place = Place()
        ids, guid = (place.edition.id, place.hall.id), uuid4()
    outcomes = race(own_app, 4, lambda n: add_in(ids, title="One", guid=guid))

    assert outcomes == ["added"] * 4
    with own_app.app_context():
        assert db.session.scalar(select(func.count(Session.id))) == 1
        assert (
            db.session.scalar(
                select(func.count(AuditEntry.sequence)).where(AuditEntry.action == "session.added")
            )
            == 1
        )


@pytest.mark.parametrize("own_app", ["postgresql"], indirect=True)
def test_who_comes_in_past_the_lock_is_refused_by_name(own_app):
    """Another writer that locks no room (an import, plain SQL) holds the room in a transaction that commits late."""
    with own_app.app_context():
        with transaction():
            place = Place()
            other = make.session(place.edition, title={"en": "The quick one"})
        ids, other_id = (place.edition.id, place.hall.id), other.id
        with db.engine.connect() as outside:
            outside.execute(
                Placement.__table__.insert().values(
                    edition_id=ids[0],
                    session_id=other_id,
                    site_id=place.hall.site_id,
                    room_id=place.hall.id,
                    room_shared=False,
                    role=PlacementRole.ORIGIN,
                    mode=Mode.ON_SITE,
                    starts_at=make.at("2026-10-10 08:30"),
                    ends_at=make.at("2026-10-10 09:30"),
                )
            )
            timer = threading.Timer(0.5, outside.commit)
            timer.start()
            with pytest.raises(rules.RoomTaken) as refused, transaction():
                add(ids, title="Late", guid=uuid4())
            timer.join()

    assert str(refused.value.facts["title"]) == "The quick one"


def add(ids, *, title, guid):
    edition = db.session.get(Edition, ids[0])
    services.add_session(
        edition,
        guid=guid,
        kind=SessionKind.TALK,
        title={"en": title},
        starts_at=make.at("2026-10-10 08:00"),
        ends_at=make.at("2026-10-10 09:00"),
        room=sites.get_room(*ids),
        actor=make.actor(),
        now=make.NOW,
    )


def add_in(ids, *, title, guid=None):
    try:
        with transaction():
            add(ids, title=title, guid=guid or uuid4())
    except rules.RoomTaken:
        return "taken"
    return "added"


def race(app, runners, act):
    """Run `act` in so many threads from the same moment on, each with its own application context."""
    together, outcomes = threading.Barrier(runners), []

    def run(number):
        with app.app_context():
            together.wait()
            outcomes.append(act(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


# Moving --------------------------------------------------------------------------------------------------------------


def test_all_sites_move_by_the_same_shift(place):
    session = place.add(receiving=[place.north, place.south])
    early = at_site(session, place.north)
    early.starts_at -= timedelta(minutes=15)

    place.move(session, "10:00", "11:30")

    assert clocks(session) == ["10 10:00–11:30", "10 09:45–11:30", "10 10:00–11:30"]


def test_a_session_may_move_onto_its_own_old_time(place):
    session = place.add(receiving=[place.north])

    place.move(session, "08:30", "09:30")

    assert clocks(session) == ["10 08:30–09:30"] * 2


def test_a_clash_at_one_site_keeps_the_session_where_it_is_at_all(place):
    place.add("10:00", "11:00", room=place.south.rooms[0])
    session = place.add(receiving=[place.north, place.south])
    db.session.commit()

    with pytest.raises(rules.RoomTaken), transaction():
        place.move(session, "10:30", "11:30")

    assert clocks(queries.get_session(place.edition.id, session.code)) == ["10 08:00–09:00"] * 3


def test_a_session_moves_to_another_room_of_its_site(place):
    session = place.add(receiving=[place.north])

    place.move(session, "08:00", "09:00", room=place.small)

    assert [p.room_id for p in session.placements] == [place.small.id, place.north.rooms[0].id]


def test_a_room_of_another_site_is_refused(place):
    session = place.add()

    with pytest.raises(rules.RoomNotAtSite):
        place.move(session, "08:00", "09:00", room=place.north.rooms[0])


def test_a_permission_to_share_the_room_ends_with_the_move(place):
    place.add("08:00", "09:00")
    session = place.add("08:00", "09:00", override_reason="The hall is divided")

    place.move(session, "09:00", "10:00")
    assert session.placements[0].override is None

    with pytest.raises(rules.RoomTaken):
        place.move(session, "08:30", "09:30")
    assert db.session.scalar(select(func.count(PlacementOverride.id))) == 1


def test_a_move_to_where_it_is_changes_nothing(place):
    session = place.add()
    publish(session)
    before = session.version

    place.move(session, "08:00", "09:00")

    assert (session.version, make.released(place.edition)) == (before, None)


def test_a_move_raises_the_sequence_when_it_is_published_and_not_before(place):
    draft, published = place.add(), place.add("10:00", "11:00")
    publish(published)
    version = place.programme_version()

    place.move(draft, "08:30", "09:30")
    place.move(published, "12:00", "13:00")
    moved = (sequence_of(draft), sequence_of(published), place.programme_version())
    publish(published)

    assert moved == (None, 0, version)
    assert (sequence_of(draft), sequence_of(published), place.programme_version()) == (None, 1, version + 1)


def test_moving_raises_the_version_although_only_placements_change(place):
    session = place.add()
    before = session.version

    place.move(session, "08:30", "09:30")

    assert session.version == before + 1


def test_a_session_cannot_leave_the_edition(place):
    session = place.add()

    with pytest.raises(rules.OutsideEdition):
        services.move_session(
            session,
            starts_at=make.at("2026-10-12 08:00"),
            ends_at=make.at("2026-10-12 09:00"),
            actor=make.actor(),
            now=make.NOW,
        )


# Changing ------------------------------------------------------------------------------------------------------------


def test_words_change_without_a_new_sequence(place):
    session = place.add()
    publish(session)
    version = place.programme_version()

    change(session, title={"vi": "Tên mới"}, language="en")
    assert place.programme_version() == version
    publish(session)

    shown = queries.get_public_session(place.edition.id, session.code)
    assert (shown.title, shown.language, shown.sequence) == ({"vi": "Tên mới"}, "en", 0)
    assert place.programme_version() == version + 1


def test_a_change_in_sight_of_an_old_version_is_stale(place):
    session = place.add()

    with pytest.raises(Stale):
        change(session, seen=session.version - 1, title={"vi": "Tên mới"})


def test_of_two_who_change_a_session_the_second_is_told(place):
    session = place.add()
    db.session.commit()

    db.session.execute(
        Session.__table__.update().where(Session.id == session.id).values(version=session.version + 1)
    )

    with pytest.raises(Stale), transaction():
        change(session, title={"vi": "Tên mới"})


def test_one_site_gets_another_room_mode_and_link(place):
    session = place.add(receiving=[place.north])
    publish(session)
    other = make.room(place.north)
    db.session.expire_all()
    session = queries.get_session(place.edition.id, session.code)
    placement = at_site(session, place.north)

    change_placement(placement, room=other, mode=Mode.HYBRID, join_url="https://meet.example/north")

    assert (placement.room_id, placement.mode, placement.join_url) == (
        other.id,
        Mode.HYBRID,
        "https://meet.example/north",
    )
    publish(session)
    assert sequence_of(session) == 1


def test_a_site_that_opts_out_frees_its_room_and_comes_back_only_while_it_is_free(place):
    session = place.add(receiving=[place.north])
    placement = at_site(session, place.north)

    with pytest.raises(rules.ReasonMissing):
        change_placement(placement, received=False)
    change_placement(placement, received=False, reception=reception(placement, opt_out_reason="No line"))
    place.add(room=place.north.rooms[0])

    assert placement.cancelled_at == make.NOW
    with pytest.raises(rules.RoomTaken):
        change_placement(placement, received=True)


def test_where_a_session_is_held_it_has_no_times_of_its_own(place):
    placement = place.add().placements[0]

    with pytest.raises(rules.OriginMovesAll):
        change_placement(placement, reception=reception(placement, starts_at=make.at("2026-10-10 07:00")))


def test_a_session_without_a_place_is_placed_once(place):
    session = place.add(room=None, starts_at=None, ends_at=None)
    times = {"starts_at": make.at("2026-10-10 08:00"), "ends_at": make.at("2026-10-10 09:00")}
    given = {"actor": make.actor(), "now": make.NOW, **times}
    assert session.placements == []

    services.place_session(session, place.hall, receiving=[place.north], **given)

    assert clocks(session) == ["10 08:00–09:00"] * 2
    with pytest.raises(rules.PlacedAlready):
        services.place_session(session, place.hall, **given)
    other = place.add(room=None, starts_at=None, ends_at=None)
    with pytest.raises(rules.RoomTaken):
        services.place_session(other, place.hall, **given)


def test_a_room_needs_a_time(place):
    with pytest.raises(rules.TimesMissing):
        place.add(starts_at=None, ends_at=None)


def test_a_session_has_no_details_that_it_does_not_know(place):
    with pytest.raises(ValueError, match="colour"):
        place.add(colour="red")


def test_the_site_where_a_session_is_held_cannot_opt_out(place):
    session = place.add()

    with pytest.raises(rules.OriginStays):
        change_placement(session.placements[0], received=False)


def test_a_site_cannot_take_a_room_of_another_or_none_where_people_meet(place):
    session = place.add(receiving=[place.north])
    placement = at_site(session, place.north)

    with pytest.raises(rules.RoomNotAtSite):
        change_placement(placement, room=place.small)
    with pytest.raises(rules.RoomNeeded):
        change_placement(placement, room=None)


def test_a_placement_is_changed_in_sight_of_the_session_as_it_is(place):
    session = place.add(receiving=[place.north])

    with pytest.raises(Stale):
        change_placement(at_site(session, place.north), seen=session.version - 1, mode=Mode.HYBRID)


def test_another_room_receives_the_session_at_the_same_time(place):
    session = place.add("10:00", "11:00")
    publish(session)

    services.add_placement(session, place.north.rooms[0], actor=make.actor(), now=make.NOW)

    publish(session)
    assert clocks(session) == ["10 10:00–11:00"] * 2
    assert sequence_of(session) == 1


def test_a_session_is_in_a_room_once(place):
    session = place.add()

    with pytest.raises(rules.RoomTwice):
        services.add_placement(session, place.hall, actor=make.actor(), now=make.NOW)


def test_a_session_that_is_nowhere_can_be_received_nowhere(place):
    with pytest.raises(rules.NotPlacedYet):
        services.add_placement(
            queries.get_session(place.edition.id, make.session(place.edition).code),
            place.hall,
            actor=make.actor(),
            now=make.NOW,
        )


# People --------------------------------------------------------------------------------------------------------------


def test_a_part_is_given_once(place):
    session, speaker = place.add(), make.person()

    for _ in range(2):
        services.give_part(session, speaker, kind=PartKind.SPEAKER, actor=make.actor(), now=make.NOW)

    assert [(p.kind, p.person_id) for p in session.parts] == [(PartKind.SPEAKER, speaker.id)]


def test_exactly_the_people_named_have_the_part(place):
    one, two, three = make.person(), make.person(), make.person()
    session = place.add(parts={PartKind.CHAIR: [one], PartKind.SPEAKER: [one, two]})

    services.set_parts(session, {PartKind.SPEAKER: [three, two]}, actor=make.actor(), now=make.NOW)

    db.session.expire_all()
    parts = queries.get_session(place.edition.id, session.code).parts
    assert {(p.kind, p.person_id, p.position) for p in parts} == {
        (PartKind.CHAIR, one.id, 0),
        (PartKind.SPEAKER, three.id, 0),
        (PartKind.SPEAKER, two.id, 1),
    }


def test_the_same_people_again_change_nothing(place):
    one = make.person()
    session = place.add(parts={PartKind.CHAIR: [one]})
    before = session.version

    services.set_parts(
        session, {PartKind.CHAIR: [one], PartKind.SPEAKER: []}, actor=make.actor(), now=make.NOW
    )

    assert session.version == before


# States --------------------------------------------------------------------------------------------------------------


def test_publishing_shows_the_session_and_is_noted(place):
    session = place.add()

    publish(session)

    assert (session.state, sequence_of(session), place.programme_version()) == (SessionState.PUBLISHED, 0, 1)
    assert actions(place.edition) == [
        "session.added", "session.released", "programme.released", "session.published",
    ]  # fmt: skip


def test_what_the_public_sees_already_is_not_published_again(place):
    session, cancelled, unseen = place.add(), place.add("10:00", "11:00"), place.add("12:00", "13:00")
    publish(session)
    publish(cancelled)
    cancel(cancelled)
    publish(cancelled)
    cancel(unseen)

    for each in (session, cancelled, unseen):
        with pytest.raises(rules.NothingToPublish):
            publish(each)


def test_changes_of_one_session_are_published_alone(place):
    session, other = place.add(), place.add("10:00", "11:00")
    publish(session)
    publish(other)
    place.move(session, "08:30", "09:30")
    place.move(other, "10:30", "11:30")

    publish(session)

    starts = {each.session_id: each.starts_at for each in queries.list_showings(place.edition.id)}
    assert starts == {session.id: make.at("2026-10-10 08:30"), other.id: make.at("2026-10-10 10:00")}


def test_a_session_without_a_place_cannot_be_published(place):
    session = queries.get_session(
        place.edition.id, make.session(place.edition, state=SessionState.DRAFT).code
    )

    with pytest.raises(rules.NotPlacedYet):
        publish(session)


def test_cancelling_frees_every_room_and_stays_visible(place):
    session = place.add(receiving=[place.north])
    publish(session)

    cancel(session)

    assert [entry.cancelled for entry in queries.list_entries(place.edition.id)] == [False]
    publish(session)

    assert (session.state, sequence_of(session), place.programme_version()) == (SessionState.CANCELLED, 1, 2)
    assert [p.cancelled_at for p in session.placements] == [make.NOW] * 2
    assert place.add(receiving=[place.north]).id != session.id
    assert [(entry.code, entry.cancelled) for entry in queries.list_entries(place.edition.id)] == [
        (session.code, True)
    ]


def test_a_cancelled_draft_was_never_public(place):
    session = place.add()

    cancel(session)

    assert (make.released(place.edition), place.programme_version()) == (None, 0)
    assert queries.list_entries(place.edition.id) == []


def test_nothing_of_a_cancelled_session_is_changed(place):
    session = place.add(receiving=[place.north])
    cancel(session)

    acts = [
        lambda: change(session, title={"vi": "Tên mới"}),
        lambda: place.move(session, "10:00", "11:00"),
        lambda: change_placement(session.placements[1], mode=Mode.HYBRID),
        lambda: services.add_placement(session, place.small, actor=make.actor(), now=make.NOW),
        lambda: services.give_part(
            session, make.person(), kind=PartKind.CHAIR, actor=make.actor(), now=make.NOW
        ),
        lambda: services.set_parts(session, {}, actor=make.actor(), now=make.NOW),
    ]
    for act in acts:
        with pytest.raises(rules.CancelledForGood):
            act()


def test_the_trail_is_whole_after_changes_with_savepoints(place):
    with transaction():
        session = place.add(receiving=[place.north])
        change(session, title={"vi": "Tên mới"})
        place.move(session, "10:00", "11:00")

    written = db.session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.edition_id == place.edition.id)
        .order_by(AuditEntry.sequence)
    ).all()
    assert written == ["session.added", "session.changed", "session.moved"]
