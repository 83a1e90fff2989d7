"""Many placements in one go: what moves, what moves along, what is refused, and that nothing is done by halves."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.core.errors import NotFound, Stale
from dxday.core.intervals import Interval
from dxday.db import db, transaction
from dxday.programme import arranging, queries, rules
from dxday.programme.arranging import TakenOff, Wanted
from dxday.programme.models import Placement
from dxday.programme.rules import Mode, PlacementRole, SessionState
from dxday.sites.rules import SiteKind
from tests import make


class World:
    """Two days, a main site with two rooms, and two joined sites with one."""

    def __init__(self):
        self.edition = make.edition(
            starts_on=make.at("2026-10-10 00:00").date(), ends_on=make.at("2026-10-11 00:00").date()
        )
        main = make.site(self.edition, kind=SiteKind.MAIN)
        self.hall, self.small = make.room(main), make.room(main)
        self.north = make.room(make.site(self.edition))
        self.south = make.room(make.site(self.edition))

    def session(self, begins="08:00", ends="09:00", room=None, receiving=(), **given):
        session = make.session(self.edition, **({"state": SessionState.DRAFT} | given))
        times = {"starts_at": f"2026-10-10 {begins}", "ends_at": f"2026-10-10 {ends}"}
        make.placement(session, room or self.hall, **times)
        for each in receiving:
            make.placement(session, each, role=PlacementRole.RECEIVING, mode=Mode.BROADCAST, **times)
        return self.read(session)

    def read(self, session):
        db.session.flush()
        return queries.list_sessions(self.edition.id, [session.id])[0]

    def wanted(self, session, begins, ends, room, place=0, **given):
        defaults = {
            "session_id": session.id,
            "seen": session.version,
            "placement_id": session.placements[place].id if session.placements else None,
            "starts_at": make.at(f"2026-10-10 {begins}"),
            "ends_at": make.at(f"2026-10-10 {ends}"),
            "room_id": room.id if room else None,
        }
        return Wanted(**(defaults | given))

    def arrange(self, *wanted, **given):
        defaults = {"actor": make.actor(), "now": make.NOW}
        return arranging.arrange(self.edition, wanted, **(defaults | given))

    def places(self, session):
        return [
            (f"{p.starts_at.astimezone(make.VIETNAM):%H:%M}", f"{p.ends_at.astimezone(make.VIETNAM):%H:%M}", p.room_id)
            for p in self.read(session).placements
        ]  # fmt: skip


@pytest.fixture
def world(app):
    return World()


def trail():
    db.session.commit()
    return [
        (entry.action, entry.subject)
        for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
    ]


def test_a_session_at_one_site_goes_to_a_room_of_another_site(world):
    session = world.session()

    world.arrange(world.wanted(session, "10:00", "11:30", world.north))

    assert world.places(session) == [("10:00", "11:30", world.north.id)]
    placement = world.read(session).placements[0]
    assert (placement.site_id, placement.room.site_id) == (world.north.site_id, world.north.site_id)


def test_where_the_origin_moves_all_sites_move_by_the_same_shift(world):
    session = world.session(receiving=[world.north, world.south])
    late = session.placements[2]
    late.starts_at -= timedelta(minutes=15)
    db.session.flush()

    world.arrange(world.wanted(session, "10:00", "11:30", world.small))

    assert world.places(session) == [
        ("10:00", "11:30", world.small.id),
        ("10:00", "11:30", world.north.id),
        ("09:45", "11:30", world.south.id),
    ]


def test_a_site_that_is_named_itself_does_not_move_along(world):
    session = world.session(receiving=[world.north])

    world.arrange(
        world.wanted(session, "10:00", "11:00", world.hall),
        world.wanted(session, "09:30", "11:00", world.north, place=1),
    )

    assert world.places(session) == [("10:00", "11:00", world.hall.id), ("09:30", "11:00", world.north.id)]


def test_a_receiving_site_opens_earlier_and_the_others_stay(world):
    session = world.session(receiving=[world.north, world.south])

    world.arrange(world.wanted(session, "07:45", "09:00", world.north, place=1))

    assert world.places(session) == [
        ("08:00", "09:00", world.hall.id),
        ("07:45", "09:00", world.north.id),
        ("08:00", "09:00", world.south.id),
    ]


def test_two_sessions_swap_their_rooms(world):
    one, other = world.session(), world.session(room=world.small)

    world.arrange(
        world.wanted(one, "08:00", "09:00", world.small), world.wanted(other, "08:00", "09:00", world.hall)
    )

    assert (world.places(one), world.places(other)) == (
        [("08:00", "09:00", world.small.id)],
        [("08:00", "09:00", world.hall.id)],
    )


def test_sessions_in_a_row_move_together_into_each_others_times(world):
    first, second = world.session("08:00", "09:00"), world.session("09:00", "10:00")

    world.arrange(
        world.wanted(first, "09:00", "10:00", world.hall), world.wanted(second, "10:00", "11:00", world.hall)
    )

    assert (world.places(first), world.places(second)) == (
        [("09:00", "10:00", world.hall.id)],
        [("10:00", "11:00", world.hall.id)],
    )


def test_what_has_no_place_is_placed_and_a_draft_is_taken_off_again(world):
    session = make.session(world.edition, state=SessionState.DRAFT)
    session = world.read(session)

    world.arrange(world.wanted(session, "08:00", "09:30", world.north))

    assert world.places(session) == [("08:00", "09:30", world.north.id)]
    assert [(p.role, p.mode) for p in session.placements] == [(PlacementRole.ORIGIN, Mode.ON_SITE)]

    world.arrange(off=[TakenOff(session.id, session.version)])

    assert (world.places(session), world.read(session).duration) == ([], timedelta(minutes=90))
    assert trail() == [("session.placed", session.code), ("session.unplaced", session.code)]


def test_each_move_raises_the_version_and_leaves_a_line(world):
    moved, still = world.session(), world.session(room=world.small)
    seen = moved.version, still.version

    world.arrange(
        world.wanted(moved, "09:00", "10:00", world.hall), world.wanted(still, "08:00", "09:00", world.small)
    )

    assert (world.read(moved).version - seen[0], world.read(still).version - seen[1]) == (1, 0)
    assert trail() == [("session.moved", moved.code)]


def test_somebody_elses_change_is_not_overwritten(world):
    session, other = world.session(), world.session(room=world.small)
    seen = world.wanted(session, "10:00", "11:00", world.hall)
    world.arrange(world.wanted(session, "09:00", "10:00", world.hall))

    with pytest.raises(Stale):
        world.arrange(world.wanted(other, "13:00", "14:00", world.small), seen)

    assert world.places(session) == [("09:00", "10:00", world.hall.id)]
    assert world.places(other) == [("08:00", "09:00", world.small.id)]


@pytest.mark.parametrize(
    ("refusal", "begins", "ends", "where", "place"),
    [
        (rules.TimesNotInOrder, "10:00", "09:00", "hall", 0),
        (rules.SiteStays, "10:00", "11:00", "south", 0),
        (rules.SiteStays, "10:00", "11:00", "hall", 1),
        (rules.RoomNeeded, "10:00", "11:00", None, 0),
    ],
)
def test_what_cannot_be_is_refused(world, refusal, begins, ends, where, place):
    session = world.session(receiving=[world.north])
    room = getattr(world, where) if where else None

    with pytest.raises(refusal):
        world.arrange(world.wanted(session, begins, ends, room, place=place))


def test_a_session_is_not_in_one_room_twice(world):
    session = world.session(receiving=[world.small])

    with pytest.raises(rules.RoomTwice):
        world.arrange(world.wanted(session, "08:00", "09:00", world.small))


def test_a_day_outside_of_the_edition_is_refused(world):
    session = world.session()
    times = {"starts_at": make.at("2026-10-12 08:00"), "ends_at": make.at("2026-10-12 09:00")}

    with pytest.raises(rules.OutsideEdition):
        world.arrange(world.wanted(session, "08:00", "09:00", world.hall, **times))


def test_a_cancelled_session_stays(world):
    session = world.session(state=SessionState.CANCELLED)

    with pytest.raises(rules.CancelledForGood):
        world.arrange(world.wanted(session, "10:00", "11:00", world.hall))


def test_what_the_public_knows_and_what_several_sites_share_is_not_taken_off(world):
    public = world.session(state=SessionState.PUBLISHED)
    shared = world.session("10:00", "11:00", receiving=[world.north])

    for session in (public, shared):
        with pytest.raises(rules.OnlyDraftsComeOff):
            world.arrange(off=[TakenOff(session.id, session.version)])


def test_things_of_another_edition_are_not_found(world):
    session, stranger = world.session(), World()

    with pytest.raises(NotFound):
        stranger.arrange(world.wanted(session, "10:00", "11:00", world.hall))
    with pytest.raises(NotFound):
        world.arrange(world.wanted(session, "10:00", "11:00", stranger.hall))


def test_a_taken_room_is_refused_and_nothing_of_the_act_is_done(world):
    taken, moved = world.session(room=world.small), world.session()
    also = world.session("13:00", "14:00")
    wanted = [
        world.wanted(also, "15:00", "16:00", world.hall),
        world.wanted(moved, "08:30", "09:30", world.small),
    ]
    db.session.commit()

    with pytest.raises(rules.RoomTaken), transaction():
        world.arrange(*wanted)

    assert world.places(also) == [("13:00", "14:00", world.hall.id)]
    assert world.places(moved) == [("08:00", "09:00", world.hall.id)]
    assert world.places(taken) == [("08:00", "09:00", world.small.id)]


def test_two_that_move_into_one_room_at_one_time_are_refused(world):
    one, other = world.session(), world.session(room=world.small)

    with pytest.raises(rules.RoomTaken):
        world.arrange(
            world.wanted(one, "10:00", "11:00", world.north),
            world.wanted(other, "10:30", "11:30", world.north),
        )


def test_with_a_reason_a_taken_room_is_shared_and_one_of_two_keeps_it(world):
    one, other = world.session(), world.session(room=world.small)

    world.arrange(
        world.wanted(one, "10:00", "11:00", world.north),
        world.wanted(other, "10:30", "11:30", world.north),
        override_reason="The hall is divided.",
    )

    overrides = [world.read(each).placements[0].override for each in (one, other)]
    assert sorted(override.reason if override else "" for override in overrides) == [
        "",
        "The hall is divided.",
    ]
    assert trail()[-1] == ("session.moved", other.code)


def test_the_plan_changes_nothing(world):
    session = world.session(receiving=[world.north])

    steps = arranging.plan({session.id: session}, [world.wanted(session, "10:00", "11:00", world.hall)])

    assert [Interval(step.starts_at, step.ends_at) for step in steps] == [
        Interval(make.at("2026-10-10 10:00"), make.at("2026-10-10 11:00"))
    ] * 2
    assert world.places(session) == [("08:00", "09:00", world.hall.id), ("08:00", "09:00", world.north.id)]
    assert db.session.scalars(select(Placement).where(Placement.session_id == session.id)).all()
