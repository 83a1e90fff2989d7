import os
import subprocess
import sys
import time as time_module
from datetime import UTC, date, time, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from dxday.conflicts.facts import Of
from dxday.conflicts.models import Availability
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db
from dxday.operations import jobs
from dxday.operations.models import Operation
from dxday.programme import publishing
from dxday.programme import queries as programme
from dxday.programme.models import Placement
from dxday.programme.rules import Mode, PlacementRole, SessionState
from dxday.proposals import queries as proposal_queries
from dxday.proposals import services as proposals
from dxday.proposals.models import Proposal
from dxday.proposals.rules import OutOfDate, State
from dxday.scheduling import rules, services
from dxday.scheduling.operations import SEARCH
from dxday.scheduling.rules import Closure, Task, Wish
from dxday.solver import search
from tests import make
from tests.conftest import on_both
from tests.test_worker import until

ROOT = Path(__file__).resolve().parents[2]
CARRY = """
import sys
import config
from dxday.app import create_app
from dxday.core import clock
from dxday.operations import jobs

with create_app(config.read()).app_context():
    jobs.carry_operation(int(sys.argv[1]), clock.now())
"""


class Scene:
    """Two sites, and sessions that are held at the first and received at the second."""

    def __init__(self):
        self.edition = make.edition(starts_on=date(2030, 10, 10), ends_on=date(2030, 10, 10))
        self.main, self.other = make.site(self.edition), make.site(self.edition)
        self.hall, self.small = make.room(self.main), make.room(self.main)
        self.there, self.there_too = make.room(self.other), make.room(self.other)

    def session(self, begins=None, ends=None, room=None, *receiving, **given):
        session = make.session(self.edition, **({"state": SessionState.DRAFT} | given))
        if begins:
            times = {"starts_at": f"2030-10-10 {begins}", "ends_at": f"2030-10-10 {ends}"}
            make.placement(session, room or self.hall, **times)
            for each in receiving:
                make.placement(session, each, role=PlacementRole.RECEIVING, mode=Mode.BROADCAST, **times)
        return session

    def solve(self, wish):
        asked = services.read_search(self.edition, wish)
        solution = search.solve(asked.problem, seconds=wish.seconds, repair=wish.task is Task.REPAIR)
        return services.propose(
            self.edition,
            asked,
            solution,
            operation_id=None,
            actor=make.actor(),
            now=make.NOW,
        ), solution

    def take(self, opened):
        proposal = proposal_queries.get_proposal(self.edition.id, opened.id)
        proposals.take_proposal(
            proposal, self.edition, seen=proposal.version, actor=make.actor(), now=make.NOW
        )

    def origin(self, session):
        return programme.origin_of(programme.get_session(self.edition.id, session.code))


@pytest.fixture
def scene(app):
    return Scene()


def closed(of, thing, begins, ends):
    return Closure(of, thing.id, make.at(f"2030-10-10 {begins}"), make.at(f"2030-10-10 {ends}"))


def test_what_has_no_place_gets_one_and_what_has_stays(scene):
    placed = scene.session("08:00", "12:00")
    waiting = [scene.session(duration=timedelta(hours=3)) for _ in range(2)]

    proposal, solution = scene.solve(Wish(Task.PLACE, seconds=5))
    scene.take(proposal)

    assert (solution.placed, solution.hard, solution.unplaced) == (3, 0, ())
    assert {change["kind"] for change in proposal.changes} == {"place"}
    assert [scene.origin(session).ends_at - scene.origin(session).starts_at for session in waiting] == [
        timedelta(hours=3)
    ] * 2
    assert scene.origin(placed).starts_at == make.at("2030-10-10 08:00")


def test_nothing_changes_before_a_person_takes_the_proposal(scene):
    waiting = scene.session(duration=timedelta(hours=1))

    proposal, _ = scene.solve(Wish(Task.PLACE, seconds=5))

    assert proposal.state is State.OPEN
    assert programme.get_session(scene.edition.id, waiting.code).placements == []


def test_a_flooded_hall_moves_only_what_is_in_it(scene):
    flooded = scene.session("09:00", "10:00", scene.hall, scene.there)
    beside = scene.session("09:00", "10:00", scene.small)
    elsewhere = scene.session("10:00", "11:00", scene.there)

    proposal, solution = scene.solve(
        Wish(Task.REPAIR, seconds=5, closures=(closed(Of.ROOM, scene.hall, "00:00", "23:59"),))
    )

    assert solution.hard == 0
    assert [change["session"] for change in proposal.changes] == [flooded.id]
    scene.take(proposal)
    assert scene.origin(flooded).room_id == scene.small.id
    assert scene.origin(beside).starts_at == make.at("2030-10-10 09:00")
    assert scene.origin(elsewhere).starts_at == make.at("2030-10-10 10:00")


def test_a_receiving_site_whose_room_is_lost_takes_another_of_its_rooms(scene):
    joined = scene.session("09:00", "10:00", scene.hall, scene.there)

    proposal, _ = scene.solve(
        Wish(Task.REPAIR, seconds=5, closures=(closed(Of.ROOM, scene.there, "08:00", "12:00"),))
    )
    scene.take(proposal)

    session = programme.get_session(scene.edition.id, joined.code)
    assert [p.room_id for p in session.placements] == [scene.hall.id, scene.there_too.id]


def test_a_site_that_is_lost_goes_without_what_it_only_received(scene):
    joined = scene.session("09:00", "10:00", scene.hall, scene.there)

    proposal, _ = scene.solve(
        Wish(Task.REPAIR, seconds=5, closures=(closed(Of.SITE, scene.other, "00:00", "23:59"),))
    )
    scene.take(proposal)

    session = programme.get_session(scene.edition.id, joined.code)
    assert [p.cancelled_at is None for p in session.placements] == [True, False]
    assert session.placements[1].opt_out_reason == str(rules.NO_ROOM)
    assert scene.origin(joined).starts_at == make.at("2030-10-10 09:00")


def test_a_speaker_who_comes_late_moves_their_session_and_no_other(scene):
    speaker = make.person(full_name="Lê Văn Thử")
    theirs = scene.session("08:00", "09:00", scene.hall)
    make.part(theirs, speaker)
    other = scene.session("08:00", "09:00", scene.small)

    proposal, _ = scene.solve(
        Wish(Task.REPAIR, seconds=5, closures=(closed(Of.PERSON, speaker, "07:00", "09:00"),))
    )
    scene.take(proposal)

    assert scene.origin(theirs).starts_at >= make.at("2030-10-10 09:00")
    assert scene.origin(other).starts_at == make.at("2030-10-10 08:00")


def test_what_cannot_be_placed_is_said_with_its_reasons(scene):
    speaker = make.person(full_name="Lê Văn Thử")
    impossible = scene.session(duration=timedelta(hours=1))
    make.part(impossible, speaker)
    make.save(
        Availability(
            edition_id=scene.edition.id,
            person_id=speaker.id,
            starts_at=make.at("2030-10-10 00:00"),
            ends_at=make.at("2030-10-11 00:00"),
            available=False,
        )
    )

    _, solution = scene.solve(Wish(Task.PLACE, seconds=3))

    asked = services.read_search(scene.edition, Wish(Task.PLACE))
    (unplaced,) = services.facts_of(asked, solution)["unplaced"]
    assert (unplaced["session"], unplaced["proved"]) == (impossible.id, True)
    assert any("Lê Văn Thử" in reason["message"] for reason in unplaced["reasons"])


def test_a_session_that_is_longer_than_any_day_is_named_and_holds_up_no_other(scene):
    endless = scene.session(duration=timedelta(hours=20))
    waiting = scene.session(duration=timedelta(hours=1))

    proposal, _ = scene.solve(Wish(Task.PLACE, seconds=3))

    assert [change["session"] for change in proposal.changes] == [waiting.id]
    assert [each["session"] for each in proposal.facts["unplaced"]] == [endless.id]


def test_a_published_session_stays_when_it_is_to(scene):
    public = scene.session("16:00", "17:00", state=SessionState.PUBLISHED, audiences=["youth"])
    draft = scene.session("16:00", "17:00", scene.small, audiences=["youth"])

    proposal, solution = scene.solve(Wish(Task.IMPROVE, seconds=5))
    scene.take(proposal)

    assert solution.hard == 0
    assert scene.origin(public).starts_at == make.at("2030-10-10 16:00")
    assert scene.origin(draft).starts_at != make.at("2030-10-10 16:00")


def test_a_programme_that_changed_meanwhile_is_not_overwritten(scene):
    waiting = scene.session(duration=timedelta(hours=1))
    proposal, _ = scene.solve(Wish(Task.PLACE, seconds=5))
    make.placement(waiting, scene.small, starts_at="2030-10-10 10:00", ends_at="2030-10-10 11:00")
    waiting.updated_at = make.NOW + timedelta(minutes=1)
    db.session.flush()

    with pytest.raises(OutOfDate):
        scene.take(proposal)

    assert scene.origin(waiting).room_id == scene.small.id


@pytest.mark.parametrize(
    ("wish", "unplaced", "refusal"),
    [
        (Wish(Task.PLACE), 0, rules.NothingToPlace),
        (Wish(Task.REPAIR), 0, rules.NothingGiven),
        (Wish(Task.IMPROVE, opens=time(9), closes=time(8)), 3, rules.HoursNotInOrder),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(wish, unplaced, refusal):
    with pytest.raises(refusal):
        rules.check_wish(wish, unplaced=unplaced)


def test_a_wish_is_carried_as_plain_values_and_read_again():
    wish = Wish(
        Task.REPAIR,
        12,
        False,
        time(7, 30),
        time(18),
        (Closure(Of.SITE, 3, make.at("2030-10-10 08:00"), make.at("2030-10-10 09:00")),),
    )

    assert Wish.read(wish.plain()) == wish


def test_the_page_asks_a_worker_searches_and_the_proposal_waits(scene, client):
    scene.session(duration=timedelta(hours=1))
    client.sign_in(make.account(Role.ORGANIZER, edition_id=scene.edition.id))
    path = f"/manage/{scene.edition.code}/programme/solve"

    page = client.send(client.open(path), path, seconds="5")
    operation = db.session.query(Operation).one()
    assert page.location.endswith(f"/operations/{operation.id}")
    jobs.carry_operation(operation.id, clock.now().astimezone(UTC))
    shown = client.follow(page)

    proposal = db.session.query(Proposal).one()
    assert (proposal.operation_id, proposal.state) == (operation.id, State.OPEN)
    assert f"/manage/{scene.edition.code}/programme/proposals/{proposal.id}" in shown.links()


def test_a_repair_that_does_not_say_of_what_is_asked_again(scene, client):
    client.sign_in(make.account(Role.ORGANIZER, edition_id=scene.edition.id))
    path = f"/manage/{scene.edition.code}/programme/solve"

    page = client.send(client.open(path), path, task="repair")

    assert (page.status, page.errors) == (422, [str(rules.NothingGiven.sentence)])


def test_a_form_that_is_sent_twice_is_one_search(scene, client):
    scene.session(duration=timedelta(hours=1))
    client.sign_in(make.account(Role.ORGANIZER, edition_id=scene.edition.id))
    path = f"/manage/{scene.edition.code}/programme/solve"
    page = client.open(path)

    first, second = client.send(page, path), client.send(page, path)

    assert first.location == second.location


@on_both
def test_who_cancels_a_search_gets_no_proposal(own_app):
    with own_app.app_context():
        scene = Scene()
        for number in range(12):
            scene.session(f"{8 + number % 6:02}:00", f"{9 + number % 6:02}:00", make.room(scene.main))
        organizer = make.account(Role.ORGANIZER, edition_id=scene.edition.id)
        wish = Wish(Task.IMPROVE, seconds=60, keep_published=False)
        operation = make.operation(
            scene.edition, kind=SEARCH.name, arguments=wish.plain(), requested_by_id=organizer.id
        )
        operation.cancel_wanted_at = make.NOW
        db.session.commit()

        outcome = jobs.carry_operation(operation.id, clock.now())

        assert outcome in (Carriage.CANCELLED, None)
        assert db.session.query(Proposal).count() == 0
        assert db.session.query(Placement).count() == 12


def test_an_edition_has_one_search_at_a_time(scene):
    given = {"actor": make.actor(Role.ORGANIZER, edition_id=scene.edition.id), "now": make.NOW}
    wish = Wish(Task.IMPROVE)
    first = services.request_search(SEARCH, scene.edition, wish, guid=uuid4(), **given)

    with pytest.raises(rules.SearchUnderWay):
        services.request_search(SEARCH, scene.edition, wish, guid=uuid4(), **given)

    other = Scene()
    elsewhere = {"actor": make.actor(Role.ORGANIZER, edition_id=other.edition.id), "now": make.NOW}
    assert services.request_search(SEARCH, other.edition, wish, guid=uuid4(), **elsewhere).id != first.id
    first.carriage = Carriage.DONE
    db.session.flush()
    assert services.request_search(SEARCH, scene.edition, wish, guid=uuid4(), **given).id != first.id


@on_both
def test_a_worker_that_is_killed_while_it_searches_leaves_the_programme_as_it_was(own_app):
    """The real worker, SIGKILL in the middle; after the lease the search waits for another one."""
    settings = own_app.extensions["dxday_settings"]
    environ = {
        "PATH": os.environ["PATH"],
        "DXDAY_INSTANCE": str(settings.instance),
        "DATABASE_URL": settings.database_url,
    }
    with own_app.app_context():
        scene = Scene()
        organizer = make.account(Role.ORGANIZER, edition_id=scene.edition.id)
        rooms = [make.room(scene.main) for _ in range(12)]
        sessions = [
            scene.session("08:00", "09:00", room, track_id=None, audiences=[f"group-{number % 4}"])
            for number, room in enumerate(rooms)
        ]
        wish = Wish(Task.IMPROVE, seconds=60, keep_published=False)
        operation = make.operation(
            scene.edition, kind=SEARCH.name, arguments=wish.plain(), requested_by_id=organizer.id
        )
        operation_id, edition_id = operation.id, scene.edition.id
        db.session.commit()
        before = publishing.draft_contents(edition_id)
    worker = subprocess.Popen([sys.executable, "-c", CARRY, str(operation_id)], cwd=ROOT, env=environ)
    try:
        with own_app.app_context():
            until(lambda: _carriage(operation_id) is Carriage.CLAIMED, seconds=60)
            time_module.sleep(0.3)  # into the search
    finally:
        worker.kill()
        worker.wait()

    with own_app.app_context():
        db.session.rollback()
        held = _carriage(operation_id)
        waiting = jobs.hand_out_operations(clock.now() + timedelta(hours=1))

        assert (held, waiting) == (Carriage.CLAIMED, [operation_id])
        assert publishing.draft_contents(edition_id) == before
        assert db.session.query(Proposal).count() == 0
        assert len(sessions) == 12


def _carriage(operation_id):
    db.session.rollback()
    return db.session.get(Operation, operation_id, populate_existing=True).carriage
