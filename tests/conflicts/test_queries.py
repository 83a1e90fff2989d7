"""What the engine reads from the database, on both databases."""

from datetime import timedelta

import pytest

from dxday.conflicts import queries as conflicts
from dxday.conflicts.models import (
    Availability,
    ConflictOverride,
    ConflictSetting,
    ProgrammeSetting,
    SiteTravel,
)
from dxday.conflicts.rules import Level, Limits
from dxday.core.errors import NotFound
from dxday.programme.models import PlacementOverride, SessionOrder
from dxday.programme.rules import Mode, PlacementRole, SessionState
from tests import make


def two_in_one_room(edition, **override):
    """Two sessions in one room from 08:00 to 09:00; the second by an override."""
    room = make.room(make.site(edition))
    first, second = make.session(edition), make.session(edition)
    reason = make.save(PlacementOverride(**({"reason": "imported", "created_at": make.NOW} | override)))
    one = make.placement(first, room)
    other = make.placement(second, room, override_id=reason.id)
    return one, other


def test_a_shared_room_is_reported_with_the_reason_for_which_it_is_shared(app):
    edition = make.edition()
    one, other = two_in_one_room(edition)

    findings = conflicts.list_findings(edition.id)

    assert [(f.rule, f.placement_ids, f.session_ids, f.site_ids, f.override) for f in findings] == [
        (
            "room-overlap",
            (one.id, other.id),
            (one.session_id, other.session_id),
            (one.site_id,),
            "imported",
        )
    ]
    assert conflicts.list_standing(edition.id, Level.WARN) == []


def test_what_is_cancelled_or_of_another_edition_clashes_with_nothing(app):
    edition, elsewhere = make.edition(), make.edition()
    room = make.room(make.site(edition))
    make.placement(make.session(edition), room)
    away = make.session(edition)
    make.placement(away, room, cancelled_at=make.NOW)
    make.placement(make.session(edition, state=SessionState.CANCELLED), room, cancelled_at=make.NOW)
    two_in_one_room(elsewhere)

    assert [f.name for f in conflicts.list_findings(edition.id)] == [("unplaced", str(away.id))]


def test_an_edition_that_is_not_there_is_not_found(app):
    with pytest.raises(NotFound):
        conflicts.load_index(0)


def test_every_value_of_the_database_reaches_the_rules(app):
    edition = make.edition()
    officer, speaker = make.person(full_name="Chủ trì"), make.person(full_name="Diễn giả")
    main = make.site(edition)
    far = make.site(edition, presiding_officer_id=officer.id)
    hall = make.room(main, features=["line"], turnaround=timedelta(minutes=5))
    room = make.room(far)
    make.registration(make.pool(far))
    make.pool(far, mode="online", taken=7)
    first = make.session(edition, main=True, audiences=["staff", "staff"], needs=["stage"], expected=7)
    second = make.session(edition)
    origin = make.placement(first, hall)
    received = make.placement(
        first, room, role=PlacementRole.RECEIVING, mode=Mode.BROADCAST, capacity=3, interpretation="en"
    )
    make.part(first, speaker, remote=True)
    make.save(SessionOrder(edition_id=edition.id, before_id=first.id, after_id=second.id, minutes=10))
    make.save(
        SiteTravel(edition_id=edition.id, one_id=main.id, other_id=far.id, length=timedelta(minutes=45))
    )
    make.save(
        Availability(
            edition_id=edition.id,
            room_id=hall.id,
            starts_at=origin.starts_at,
            ends_at=origin.ends_at,
            available=False,
            note="painted",
        )
    )
    make.save(
        ProgrammeSetting(
            edition_id=edition.id,
            turnaround=timedelta(minutes=15),
            travel=timedelta(minutes=90),
            licences=2,
            interpreters=None,
        )
    )
    make.save(ConflictSetting(edition_id=edition.id, rule="line", level=Level.IGNORE))
    make.save(
        ConflictOverride(
            edition_id=edition.id, rule="unplaced", key=str(second.id), reason="later", created_at=make.NOW
        )
    )

    facts = conflicts.load_facts(edition.id)

    assert [(s.id, s.main, s.audiences, s.needs, s.expected) for s in facts.sessions] == [
        (first.id, True, ("staff",), ("stage",), 7),
        (second.id, False, (), (), None),
    ]
    assert [(p.id, p.role, p.mode, p.capacity, p.interpretation, p.override) for p in facts.placements] == [
        (origin.id, PlacementRole.ORIGIN, Mode.ON_SITE, None, None, None),
        (received.id, PlacementRole.RECEIVING, Mode.BROADCAST, 3, "en", None),
    ]
    assert [(p.session_id, p.person_id, p.remote) for p in facts.parts] == [(first.id, speaker.id, True)]
    assert {(r.id, r.features, r.turnaround) for r in facts.rooms} == {
        (hall.id, frozenset({"line"}), timedelta(minutes=5)),
        (room.id, frozenset(), None),
    }
    assert {(s.id, s.presiding_officer_id, s.registered) for s in facts.sites} == {
        (main.id, None, 0),
        (far.id, officer.id, 1),
    }
    assert facts.people == {officer.id: "Chủ trì", speaker.id: "Diễn giả"}
    assert [(w.of, w.id, w.available, w.note) for w in facts.windows] == [("room", hall.id, False, "painted")]
    assert [(o.before_id, o.after_id, o.minutes) for o in facts.orders] == [(first.id, second.id, 10)]
    assert facts.travel == {(main.id, far.id): timedelta(minutes=45)}
    assert facts.limits == Limits(timedelta(minutes=15), timedelta(minutes=90), 2, None)
    assert facts.levels == {"line": Level.IGNORE}
    assert facts.overrides == {("unplaced", str(second.id)): "later"}


def test_reading_takes_as_many_statements_for_one_session_as_for_three(app, queries):
    edition = make.edition()
    two_in_one_room(edition)
    with queries() as one:
        conflicts.load_index(edition.id)
    two_in_one_room(edition)
    two_in_one_room(edition)

    with queries() as three:
        conflicts.load_index(edition.id)

    assert one.total == three.total == 12
