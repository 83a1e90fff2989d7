"""Seats and terms: one holder at a time, one seat for each person, and what begins and ends with a term."""

import threading
from datetime import timedelta

import pytest

from dxday.accounts import queries as accounts
from dxday.audit import queries as audit
from dxday.core.permissions import Permission, Role
from dxday.council import queries, rules
from dxday.council.models import Council, Reading, Seat, Term
from dxday.council.services import seats
from dxday.db import db, transaction
from dxday.editions.models import Edition
from dxday.nominations.rules import State
from tests import make
from tests.conftest import on_both

YESTERDAY = make.TODAY - timedelta(days=1)


def invite(world, seat, email="new@else.vn", **given):
    defaults = {
        "full_name": "Ngô Văn Mới",
        "locale": "vi",
        "starts_on": make.TODAY,
        "actor": world.actor,
        "now": make.NOW,
    }
    return seats.invite_member(world.council, seat, email, **(defaults | given))


def may_sit(account_id, edition):
    account = accounts.find_account(account_id)
    db.session.refresh(account, ["grants"])
    return accounts.actor_of(account).may(Permission.COUNCIL_SIT, edition_id=edition.id)


def test_a_seat_counts_while_it_is_not_abolished_held_or_not(world):
    vacant = make.seat(world.council)
    assert queries.count_seats(world.council.id, make.TODAY) == 4

    seats.abolish_seat(world.council, vacant, day=make.TODAY, actor=world.actor, now=make.NOW)

    assert queries.count_seats(world.council.id, make.TODAY) == 3
    assert queries.count_seats(world.council.id, YESTERDAY) == 4


def test_who_is_invited_gets_account_role_and_term(world):
    term = invite(world, make.seat(world.council))

    assert may_sit(term.account_id, world.edition)
    assert term.account_id in [t.account_id for t in queries.list_sitting(world.council.id, make.TODAY)]


def test_a_seat_has_one_holder_at_a_time(world):
    seat = make.seat(world.council)
    invite(world, seat)

    with pytest.raises(rules.SeatTaken):
        invite(world, seat, "second@else.vn")


def test_a_successor_begins_the_day_after(world):
    seat = make.seat(world.council)
    term = invite(world, seat)
    seats.end_term(
        world.council, term, ends_on=make.TODAY, reason="Resigned", actor=world.actor, now=make.NOW
    )

    with pytest.raises(rules.SeatTaken):
        invite(world, seat, "second@else.vn")
    successor = invite(world, seat, "second@else.vn", starts_on=make.TODAY + timedelta(days=1))

    sitting = {t.account_id for t in queries.list_sitting(world.council.id, make.TODAY + timedelta(days=1))}
    assert successor.account_id in sitting
    assert term.account_id not in sitting


def test_one_person_has_one_seat_of_a_council(world):
    invite(world, make.seat(world.council))

    with pytest.raises(rules.SittingAlready):
        invite(world, make.seat(world.council))


def test_a_resignation_ends_role_and_readings(world):
    term = invite(world, make.seat(world.council))
    member = db.session.get(type(world.members[0]), term.account_id)
    make.reading(world.dossiers[0], member)

    seats.end_term(
        world.council, term, ends_on=make.TODAY, reason="Resigned", actor=world.actor, now=make.NOW
    )

    assert not may_sit(term.account_id, world.edition)
    assert queries.list_readings_of(term.account_id, world.edition.id) == []
    [reading] = db.session.query(Reading).filter_by(account_id=term.account_id)
    db.session.refresh(reading)
    assert reading.removal_reason == "term ended"


def test_who_sits_on_a_second_council_keeps_the_role(world):
    other = make.council(world.edition)
    term = invite(world, make.seat(world.council))
    seats.invite_member(
        other,
        make.seat(other),
        "new@else.vn",
        full_name="Ngô Văn Mới",
        locale="vi",
        starts_on=make.TODAY,
        actor=world.actor,
        now=make.NOW,
    )

    seats.end_term(
        world.council, term, ends_on=make.TODAY, reason="Resigned", actor=world.actor, now=make.NOW
    )

    assert may_sit(term.account_id, world.edition)


@pytest.mark.parametrize("day", [make.TODAY + timedelta(days=1), YESTERDAY])
def test_a_term_ends_between_its_first_day_and_today(world, day):
    term = invite(world, make.seat(world.council))

    with pytest.raises(rules.DayNotPossible):
        seats.end_term(world.council, term, ends_on=day, reason="x", actor=world.actor, now=make.NOW)


def test_a_term_ends_once_and_with_a_reason(world):
    term = invite(world, make.seat(world.council))
    with pytest.raises(rules.ReasonMissing):
        seats.end_term(world.council, term, ends_on=make.TODAY, reason=" ", actor=world.actor, now=make.NOW)
    seats.end_term(world.council, term, ends_on=make.TODAY, reason="x", actor=world.actor, now=make.NOW)

    with pytest.raises(rules.TermOver):
        seats.end_term(world.council, term, ends_on=make.TODAY, reason="x", actor=world.actor, now=make.NOW)


def test_a_held_seat_is_not_abolished_and_an_abolished_one_is_given_to_nobody(world):
    seat = make.seat(world.council)
    term = invite(world, seat)
    with pytest.raises(rules.SeatHeld):
        seats.abolish_seat(world.council, seat, day=make.TODAY, actor=world.actor, now=make.NOW)

    seats.end_term(world.council, term, ends_on=make.TODAY, reason="x", actor=world.actor, now=make.NOW)
    tomorrow = make.TODAY + timedelta(days=1)
    seats.abolish_seat(world.council, seat, day=tomorrow, actor=world.actor, now=make.NOW)

    with pytest.raises(rules.SeatAbolished):
        invite(world, seat, "third@else.vn", starts_on=tomorrow)


def test_a_scheme_has_one_council(world):
    other = make.council(world.edition)

    with pytest.raises(rules.SchemeDecided):
        seats.change_council(
            other,
            name=other.name,
            schemes=[world.scheme],
            shared_domains=[],
            actor=world.actor,
            now=make.NOW,
        )


def test_two_councils_do_not_share_a_code(world):
    with pytest.raises(rules.CodeTaken):
        seats.add_council(world.edition, world.council.code, name={}, actor=world.actor, now=make.NOW)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.AGENCY, Role.ORGANIZER])
def test_only_the_secretary_gives_seats(world, role):
    with pytest.raises(rules.NotTheSecretary):
        invite(world, make.seat(world.council), actor=make.actor(role, edition_id=world.edition.id))


def test_a_secretary_of_another_edition_gives_no_seat_here(world):
    with pytest.raises(rules.NotTheSecretary):
        invite(world, make.seat(world.council), actor=make.actor(Role.COUNCIL, edition_id=make.edition().id))


def test_who_takes_a_seat_is_kept_away_from_their_agency_s_dossiers_at_once(world):
    agency = make.organisation()
    dossier = make.nomination(world.category, agency, state=State.ADMITTED)

    term = invite(world, make.seat(world.council), agencies=[agency])

    assert queries.list_barred([dossier.id]) == {dossier.id: frozenset({term.account_id})}


def test_giving_a_seat_is_in_the_trail(world):
    invite(world, make.seat(world.council))
    db.session.commit()

    assert {"term.started", "role.granted"} <= {entry.action for entry in audit.list_entries(limit=9)}


@on_both
def test_of_two_who_get_one_seat_at_the_same_moment_one_is_refused(own_app):
    app = own_app
    with app.app_context():
        with transaction():
            edition = make.edition()
            council = make.council(edition)
            seat = make.seat(council)
            secretary = make.actor(Role.COUNCIL, edition_id=edition.id)
        ids = edition.id, council.id, seat.id
    barrier, outcomes = threading.Barrier(2), []

    def take(name):
        with app.app_context():
            barrier.wait()
            try:
                with transaction():
                    db.session.get_one(Edition, ids[0])
                    seats.invite_member(
                        db.session.get_one(Council, ids[1]),
                        db.session.get_one(Seat, ids[2]),
                        f"{name}@race.vn",
                        full_name=name,
                        locale="vi",
                        starts_on=make.TODAY,
                        actor=secretary,
                        now=make.NOW,
                    )
            except rules.SeatTaken:
                outcomes.append("refused")
            else:
                outcomes.append("seated")

    threads = [threading.Thread(target=take, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused", "seated"]
    with app.app_context():
        assert db.session.query(Term).filter_by(seat_id=ids[2]).count() == 1
