"""What organizers do with a proposal: take all of it or some, return it, and what is refused."""

import pytest
from sqlalchemy import func, select

from dxday.audit.models import AuditEntry
from dxday.core.errors import Stale
from dxday.core.permissions import Role
from dxday.db import db, transaction
from dxday.notifications.models import Message
from dxday.programme import rules as programme_rules
from dxday.programme import services as programme
from dxday.programme.models import Session
from dxday.programme.rules import PartKind, SessionState
from dxday.proposals import queries, rules, services
from dxday.proposals.rules import State
from tests import make
from tests.proposals.scene import Scene, by


@pytest.fixture
def scene(client):
    return Scene()


@pytest.fixture
def staff(client, scene):
    return client.sign_in(scene.organizer)


def words(scene, **given):
    return queries.values_of(rules.Kind.CHANGE, scene.read("training")) | given


def propose_move(scene, begins="14:00", ends="15:30", **given):
    session = scene.read("training")
    services.propose_changes(
        scene.north,
        scene.edition,
        session,
        seen=session.version,
        words=words(scene, **given),
        starts_at=make.at(f"2026-10-10 {begins}"),
        ends_at=make.at(f"2026-10-10 {ends}"),
        room=scene.north_room,
        **by(scene, scene.coordinator),
    )


def propose_clinic(scene, **given):
    from uuid import uuid4

    services.propose_session(
        scene.north,
        scene.edition,
        guid=uuid4(),
        words=words(scene, title={"en": "Clinic"}, speakers=[scene.person.id]),
        **(
            {
                "starts_at": make.at("2026-10-10 10:00"),
                "ends_at": make.at("2026-10-10 11:00"),
                "room": scene.north_small,
            }
            | given
        ),
        **by(scene, scene.coordinator),
    )


def propose_reception(scene, **given):
    placement = scene.received()
    services.propose_reception(
        scene.north,
        scene.edition,
        placement,
        seen=placement.session.version,
        becomes=queries.values_of(rules.Kind.RECEIVE, placement.session, placement) | given,
        room=placement.room,
        **by(scene, scene.coordinator),
    )


def submitted(scene):
    current = scene.current()
    proposal = services.submit_proposal(
        scene.north, seen=current.version, note="Please", **by(scene, scene.coordinator)
    )
    db.session.commit()
    return f"{scene.manage}/{proposal.id}", queries.get_proposal(scene.edition.id, proposal.id)


def take(scene, proposal, **given):
    services.take_proposal(
        proposal, scene.edition, **({"seen": proposal.version} | by(scene, scene.organizer) | given)
    )


def letters():
    return db.session.execute(
        select(Message.kind, Message.to_address, Message.subject).order_by(Message.id)
    ).all()


def actions():
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence)))


def test_nothing_proposed_says_what_to_do(staff, scene):
    assert staff.open(scene.manage).all("//p[@class='empty-title']") == ["Nothing was proposed yet"]


def test_a_draft_is_the_sites_own_matter(staff, scene):
    propose_move(scene)

    assert staff.open(scene.manage).all("//tbody/tr") == []
    assert staff.open(f"{scene.manage}/{scene.current().id}").status == 404


def test_what_was_submitted_is_listed_counted_and_needs_somebody(staff, scene):
    propose_move(scene)
    submitted(scene)

    page = staff.open(scene.manage)
    home = staff.open(f"/manage/{scene.edition.code}/")

    assert page.all("//tbody/tr/td")[:2] == ["Waits for an organizer", "1"]
    assert "Proposals (1)" in page.all("//nav//a")
    assert "1 · Proposals of sites that wait for you" in home.all("//section[@id='now']//h3")


def test_the_diff_shows_field_by_field_how_it_was_and_becomes(staff, scene):
    propose_move(scene, title={"en": "Longer training", "vi": "Tập huấn"})
    path, _ = submitted(scene)

    page = staff.open(path)

    assert page.all("//tbody/tr") == [
        "Title (Tiếng Việt) – Tập huấn",
        "Title (English) Training Longer training",
        "Begins 10/10/2026 13:30 10/10/2026 14:00",
        "Ends 10/10/2026 15:00 10/10/2026 15:30",
    ]


def test_all_changes_are_taken_in_one_go(staff, scene):
    propose_move(scene, title={"en": "Longer training"})
    propose_clinic(scene)
    propose_reception(
        scene, begins=-15, local_part={"en": "Local opening"}, officer=scene.person.id, ready=True
    )
    path, proposal = submitted(scene)

    page = staff.fill(path, act="take", answer="Gladly")

    assert page.location == path
    training, received = scene.read("training"), scene.received()
    assert training.title == {"en": "Longer training"}
    assert training.placements[0].starts_at == make.at("2026-10-10 14:00")
    assert received.starts_at == make.at("2026-10-10 07:45")
    assert received.local_part == {"en": "Local opening"}
    assert received.confirmed_at is not None
    assert [(p.kind, p.site_id, p.person_id) for p in received.session.parts] == [
        (PartKind.PRESIDING_OFFICER, scene.north.id, scene.person.id)
    ]
    clinic = db.session.scalars(select(Session).where(Session.code == "clinic")).one()
    assert clinic.state is SessionState.DRAFT
    assert [part.person_id for part in scene.read("clinic").parts] == [scene.person.id]
    proposal = queries.get_proposal(scene.edition.id, proposal.id)
    assert (proposal.state, proposal.decided_by_id) == (State.TAKEN, scene.organizer.id)
    assert scene.current() is None


def test_the_coordinator_is_told_once_and_it_is_in_the_trail(staff, scene):
    propose_move(scene)
    path, _ = submitted(scene)
    page = staff.open(path)

    staff.send(page, path, act="take")
    again = staff.send(page, path, act="take")

    assert again.status == 409
    assert letters() == [("proposal_taken", scene.coordinator.email, "Your changes for North were taken")]
    assert [each for each in actions() if each.startswith("proposal.")] == [
        "proposal.written",
        "proposal.submitted",
        "proposal.taken",
    ]


def test_only_the_ticked_changes_are_taken_and_the_rest_is_named(staff, scene):
    propose_move(scene)
    propose_clinic(scene)
    path, proposal = submitted(scene)
    moved = next(c.key for c in queries.changes_of(proposal) if c.kind is rules.Kind.MOVE)

    staff.fill(path, chosen=[moved], act="take")

    assert scene.read("training").placements[0].starts_at == make.at("2026-10-10 14:00")
    assert db.session.scalar(select(func.count(Session.id))) == 3
    proposal = queries.get_proposal(scene.edition.id, proposal.id)
    assert [c.taken for c in queries.changes_of(proposal)] == [True, False]
    text = db.session.scalar(select(Message.text))
    assert ("Changes taken: 1" in text, "Changes not taken: 1" in text) == (True, True)


def test_nothing_ticked_is_nothing_to_take(staff, scene):
    propose_move(scene)
    path, _ = submitted(scene)

    page = staff.fill(path, chosen=None, act="take")

    assert (page.status, page.errors) == (422, ["Choose at least one change."])


def test_a_proposal_is_returned_with_an_answer_and_can_be_written_on(staff, scene):
    propose_move(scene)
    path, _ = submitted(scene)
    assert staff.fill(path, act="return").errors == [
        "Say why you return it, so that the site knows what to change."
    ]

    staff.fill(path, act="return", answer="The line is down at two")

    assert scene.current().state is State.RETURNED
    assert letters() == [("proposal_returned", scene.coordinator.email, "Your changes for North came back")]
    propose_move(scene, "14:15", "15:30")
    assert (scene.current().state, len(scene.current().changes)) == (State.DRAFT, 1)
    submitted(scene)
    assert scene.current().state is State.OPEN


def test_a_change_of_what_was_changed_since_is_shown_and_not_taken(staff, scene):
    propose_move(scene)
    propose_clinic(scene)
    path, proposal = submitted(scene)
    session = scene.read("training")
    programme.move_session(
        session,
        starts_at=make.at("2026-10-10 13:00"),
        ends_at=make.at("2026-10-10 14:30"),
        actor=make.actor(),
        now=make.NOW,
    )
    db.session.commit()

    page = staff.open(path)

    assert page.all("//tbody/tr")[:2] == [
        "Begins 10/10/2026 13:30 10/10/2026 13:00",
        "Ends 10/10/2026 15:00 10/10/2026 14:30",
    ]
    assert len(page.document.xpath("//input[@name='chosen'][@disabled]")) == 1
    with pytest.raises(rules.OutOfDate), transaction():
        take(scene, queries.get_proposal(scene.edition.id, proposal.id))
    assert scene.read("training").placements[0].starts_at == make.at("2026-10-10 13:00")
    assert db.session.scalar(select(func.count(Session.id))) == 3
    staff.fill(path, act="take")
    assert db.session.scalar(select(func.count(Session.id))) == 4


def test_a_change_elsewhere_in_the_session_makes_nothing_stale(scene):
    propose_reception(scene, ready=True)
    _, proposal = submitted(scene)
    south = scene.received(scene.south)
    programme.change_placement(
        south,
        seen=south.session.version,
        room=south.room,
        mode=south.mode,
        join_url="https://meet.example/south",
        received=True,
        actor=make.actor(),
        now=make.NOW,
    )

    take(scene, proposal)

    assert scene.received().confirmed_at == make.NOW


def test_the_own_times_of_a_site_follow_when_the_session_was_moved(scene):
    propose_reception(scene, begins=-15)
    _, proposal = submitted(scene)
    programme.move_session(
        scene.read("opening"),
        starts_at=make.at("2026-10-10 09:00"),
        ends_at=make.at("2026-10-10 10:00"),
        actor=make.actor(),
        now=make.NOW,
    )

    take(scene, proposal)

    assert scene.received().starts_at == make.at("2026-10-10 08:45")


def test_a_taken_room_is_refused_and_may_be_shared_for_a_reason(staff, scene):
    scene.session("guest", "10:00", "11:00", scene.north_small, title={"en": "Guest"})
    propose_move(scene)
    propose_clinic(scene)
    path, _ = submitted(scene)

    page = staff.fill(path, act="take")

    assert page.errors == [
        "Small room, North is taken from 10:00 to 11:00 by “Guest”. Choose another room or time."
    ]
    assert scene.read("training").placements[0].starts_at == make.at("2026-10-10 13:30")
    staff.send(page, path, act="take", override_reason="The room is divided")
    assert scene.read("clinic").placements[0].override.reason == "The room is divided"


def test_two_sessions_change_places(scene):
    scene.session("morning", "10:00", "11:30", scene.north_room, title={"en": "Morning"})
    propose_move(scene, "10:00", "11:30")
    morning = scene.read("morning")
    services.propose_changes(
        scene.north,
        scene.edition,
        morning,
        seen=morning.version,
        words=queries.values_of(rules.Kind.CHANGE, morning),
        starts_at=make.at("2026-10-10 13:30"),
        ends_at=make.at("2026-10-10 15:00"),
        room=scene.north_room,
        **by(scene, scene.coordinator),
    )
    _, proposal = submitted(scene)

    take(scene, proposal)

    assert scene.read("training").placements[0].starts_at == make.at("2026-10-10 10:00")
    assert scene.read("morning").placements[0].starts_at == make.at("2026-10-10 13:30")


def test_cancelling_and_opting_out_are_taken(scene):
    session, placement = scene.read("training"), scene.received()
    services.propose_cancelling(scene.north, session, seen=session.version, **by(scene, scene.coordinator))
    services.propose_opting_out(
        scene.north,
        placement,
        seen=placement.session.version,
        reason="Flooded",
        **by(scene, scene.coordinator),
    )
    _, proposal = submitted(scene)

    take(scene, proposal)

    assert scene.read("training").state is SessionState.CANCELLED
    assert (scene.received().cancelled_at, scene.received().opt_out_reason) == (make.NOW, "Flooded")


# What is not one's own -----------------------------------------------------------------------------------------------


def test_a_coordinator_changes_nothing_of_another_site_or_of_all(scene):
    mine = by(scene, scene.coordinator)
    for code in ("talk", "opening"):
        session = scene.read(code)
        with pytest.raises(rules.NotYourSite):
            services.propose_cancelling(scene.north, session, seen=session.version, **mine)
    south = scene.received(scene.south)
    origin = scene.received(scene.main)
    for placement in (south, origin):
        with pytest.raises(rules.NotYourSite):
            services.propose_opting_out(
                scene.north, placement, seen=placement.session.version, reason="x", **mine
            )
    session = scene.read("talk")
    with pytest.raises(rules.NotYourSite):
        services.propose_cancelling(scene.south, session, seen=session.version, **mine)
    with pytest.raises(rules.NotYourSite):
        services.submit_proposal(scene.south, seen=1, note="", **mine)
    with pytest.raises(rules.NotYourSite):
        services.withdraw_proposal(scene.south, **mine)
    with pytest.raises(rules.NotYourSite):
        services.drop_change(scene.south, "x", **mine)
    assert scene.current() is None


def test_a_room_of_another_site_is_refused(scene):
    with pytest.raises(programme_rules.RoomNotAtSite):
        propose_clinic(scene, room=scene.south_room)


def test_what_became_shared_since_is_not_the_sites_to_change_any_more(scene):
    propose_move(scene)
    _, proposal = submitted(scene)
    programme.add_placement(scene.read("training"), scene.hall, actor=make.actor(), now=make.NOW)

    with pytest.raises(rules.OutOfDate):
        take(scene, proposal)


def test_a_coordinator_does_not_decide(scene):
    propose_move(scene)
    _, proposal = submitted(scene)

    with pytest.raises(rules.NotYoursToDecide):
        take(scene, proposal, **by(scene, scene.coordinator))
    with pytest.raises(rules.NotYoursToDecide):
        services.return_proposal(
            proposal, scene.edition, seen=proposal.version, answer="x", **by(scene, scene.coordinator)
        )


def test_a_decision_is_made_in_sight_of_the_proposal_as_it_is(scene):
    propose_move(scene)
    _, proposal = submitted(scene)

    with pytest.raises(Stale):
        take(scene, proposal, seen=proposal.version - 1)
    services.withdraw_proposal(scene.north, **by(scene, scene.coordinator))
    with pytest.raises(rules.DecidedAlready):
        take(scene, proposal)


def test_nothing_is_submitted_without_a_change(scene):
    with pytest.raises(rules.NothingProposed):
        services.submit_proposal(scene.north, seen=0, note="", **by(scene, scene.coordinator))


def test_a_site_that_was_cancelled_proposes_nothing(scene):
    from dxday.sites.rules import SiteCancelled

    scene.north.cancelled_at = make.NOW
    db.session.flush()

    with pytest.raises(SiteCancelled):
        propose_move(scene)


def test_a_proposal_of_another_edition_is_not_found(staff, scene):
    propose_move(scene)
    _, proposal = submitted(scene)
    other = make.edition()
    make.save(
        make.RoleGrant(
            account_id=scene.organizer.id, role=Role.ORGANIZER, edition_id=other.id, granted_at=make.NOW
        )
    )

    assert staff.open(f"/manage/{other.code}/programme/proposals/{proposal.id}").status == 404


# Automatic scheduling ------------------------------------------------------------------------------------------------


def solver_change(session, room, begins, ends, kind="move"):
    return {
        "kind": kind,
        "session": session.id,
        "version": session.version,
        "becomes": {
            "room": room.id,
            "starts_at": make.at(f"2026-10-10 {begins}").isoformat(),
            "ends_at": make.at(f"2026-10-10 {ends}").isoformat(),
        },
    }


def test_the_solver_moves_to_other_sites_and_places_what_has_no_place(scene):
    make.session(scene.edition, code="new", state=SessionState.DRAFT)
    operation = make.operation(scene.edition)
    changes = [
        solver_change(scene.read("training"), scene.south_room, "10:00", "11:30"),
        solver_change(scene.read("new"), scene.north_room, "13:30", "14:00", kind="place"),
    ]

    first = services.open_solver_proposal(
        scene.edition, operation.id, changes, {"hard": 0}, actor=make.actor(), now=make.NOW
    )
    again = services.open_solver_proposal(
        scene.edition, operation.id, changes, {"hard": 0}, actor=make.actor(), now=make.NOW
    )
    take(scene, first)

    assert again.id == first.id
    assert [(p.site_id, p.room_id) for p in scene.read("training").placements] == [
        (scene.south.id, scene.south_room.id)
    ]
    assert [p.room_id for p in scene.read("new").placements] == [scene.north_room.id]
    assert letters() == []


def test_rooms_at_receiving_sites_change_in_the_same_go_as_the_times(scene):
    scene.session("guest", "10:00", "11:00", scene.north_room, title={"en": "Guest"})
    received, moved = scene.received(), scene.read("opening")
    elsewhere = {
        "kind": "receive",
        "session": moved.id,
        "version": moved.version,
        "placement": received.id,
        "becomes": {"room": scene.north_small.id},
    }
    proposal = services.open_solver_proposal(
        scene.edition,
        None,
        [solver_change(moved, scene.hall, "10:00", "11:00"), elsewhere],
        {},
        actor=make.actor(),
        now=make.NOW,
    )

    take(scene, proposal)

    received = scene.received()
    assert (received.room_id, received.starts_at) == (scene.north_small.id, make.at("2026-10-10 10:00"))
    assert received.override is None


def test_a_receiving_site_gets_no_room_of_another(scene):
    received, session = scene.received(), scene.read("opening")
    change = {
        "kind": "receive",
        "session": session.id,
        "version": session.version,
        "placement": received.id,
        "becomes": {"room": scene.south_room.id},
    }
    proposal = services.open_solver_proposal(
        scene.edition, None, [change], {}, actor=make.actor(), now=make.NOW
    )

    with pytest.raises(programme_rules.RoomNotAtSite):
        take(scene, proposal)


def test_the_solver_proposes_places_and_moves_alone(scene):
    change = solver_change(scene.read("training"), scene.south_room, "10:00", "11:30", kind="cancel")

    with pytest.raises(rules.ChangeNotKnown):
        services.open_solver_proposal(
            scene.edition, make.operation(scene.edition).id, [change], {}, actor=make.actor(), now=make.NOW
        )


def test_a_proposal_of_the_solver_is_shown(staff, scene):
    operation = make.operation(scene.edition)
    proposal = services.open_solver_proposal(
        scene.edition,
        operation.id,
        [solver_change(scene.read("training"), scene.south_room, "10:00", "11:30")],
        {
            "hard": 0,
            "soft": 12,
            "soft_before": 30,
            "unplaced": [
                {
                    "session": scene.read("talk").id,
                    "reasons": [{"code": "x", "message": "No room seats 500."}],
                }
            ],
        },
        actor=make.actor(),
        now=make.NOW,
    )
    db.session.commit()

    page = staff.open(f"{scene.manage}/{proposal.id}")

    assert page.heading == "Automatic scheduling"
    assert page.all("//section[@id='facts']//dd") == ["0", "30 → 12"]
    assert page.all("//section[@id='facts']//li") == ["Talk No room seats 500."]
    assert page.all("//tbody/tr")[-1] == "Room Meeting room, North South room, South"
