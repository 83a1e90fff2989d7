"""Assignment: a proposal changes nothing, taking it does, and what is not possible any more is left out."""

import pytest

from dxday.core.errors import Stale
from dxday.core.permissions import Role
from dxday.council import queries, rules, shown
from dxday.council.services import assignment, seats
from dxday.db import db
from dxday.nominations.rules import State
from tests import make


def propose(world, *, seed=1, keep=True):
    return assignment.propose_assignment(world.council, seed=seed, keep=keep, actor=world.actor, now=make.NOW)


def take(world, run):
    return assignment.take_proposal(world.council, run, version=run.version, actor=world.actor, now=make.NOW)


def readers(world):
    return queries.list_readers(each.id for each in world.dossiers)


def test_a_proposal_changes_nothing_before_it_is_taken(world):
    run = propose(world)
    assert readers(world) == {}

    assert take(world, run) == 0

    expert = world.members[0].id
    assert {len(those) for those in readers(world).values()} == {2}
    assert all(expert in those for those in readers(world).values())
    assert readers(world) == shown.readers_in(run.pairs)


def test_a_proposal_keeps_who_has_a_conflict_away(world):
    make.conflict_of_interest(world.dossiers[0], world.members[0])

    take(world, propose(world))

    assert world.members[0].id not in readers(world)[world.dossiers[0].id]


def test_conflicts_are_looked_for_before_anything_is_proposed(world):
    world.dossiers[0].contact_email = world.members[0].email
    db.session.flush()

    run = propose(world)

    assert [world.dossiers[0].id, world.members[0].id] not in run.pairs


def test_a_pair_between_which_a_conflict_came_up_is_left_out(world):
    run = propose(world)
    nomination_id, account_id = run.pairs[0]
    dossier = next(each for each in world.dossiers if each.id == nomination_id)
    make.conflict_of_interest(dossier, next(m for m in world.members if m.id == account_id))

    assert take(world, run) == 1

    assert account_id not in readers(world).get(nomination_id, frozenset())


def test_a_member_who_left_and_a_dossier_that_went_are_left_out(world):
    run = propose(world)
    [term] = [
        t for t in queries.list_sitting(world.council.id, make.TODAY) if t.account_id == world.members[1].id
    ]
    term.ends_on = term.starts_on = make.TODAY.replace(year=2020)
    world.dossiers[0].state = State.WITHDRAWN
    db.session.flush()

    assert take(world, run) > 0

    assert set(readers(world)) <= {world.dossiers[1].id}
    assert world.members[1].id not in readers(world).get(world.dossiers[1].id, frozenset())


def test_a_new_proposal_drops_the_open_one(world):
    first = propose(world)
    second = propose(world, seed=2)

    assert first.dropped_at == make.NOW
    assert queries.find_open_run(world.council.id).id == second.id
    with pytest.raises(rules.ProposalOver):
        take(world, first)


def test_a_proposal_is_taken_once(world):
    run = propose(world)
    take(world, run)

    with pytest.raises(rules.ProposalOver):
        take(world, run)
    with pytest.raises(rules.ProposalOver):
        assignment.drop_proposal(world.council, run, actor=world.actor, now=make.NOW)


def test_a_proposal_that_somebody_changed_meanwhile_is_not_taken_unseen(world):
    run = propose(world)
    seen = run.version
    assignment.change_proposal(
        world.council,
        run,
        world.dossiers[0],
        [world.members[2].id],
        version=seen,
        actor=world.actor,
        now=make.NOW,
    )

    with pytest.raises(Stale):
        assignment.take_proposal(world.council, run, version=seen, actor=world.actor, now=make.NOW)
    take(world, run)

    assert readers(world)[world.dossiers[0].id] == {world.members[2].id}
    assert run.by_hand


def test_the_same_seed_proposes_the_same(world):
    assert propose(world, seed=7).pairs == propose(world, seed=7).pairs


def test_what_is_read_already_is_kept(world):
    make.reading(world.dossiers[0], world.members[1])
    make.reading(world.dossiers[0], world.members[0])

    take(world, propose(world))

    assert readers(world)[world.dossiers[0].id] == {world.members[0].id, world.members[1].id}


def test_readers_are_changed_by_hand_and_the_old_row_stays(world):
    dossier, (one, other, _) = world.dossiers[0], world.members
    make.reading(dossier, one)

    assignment.change_readers(world.council, dossier, [other.id], actor=world.actor, now=make.NOW)

    assert readers(world) == {dossier.id: {other.id}}
    rows = db.session.query(queries.Reading).filter_by(nomination_id=dossier.id).order_by("id").all()
    for row in rows:
        db.session.refresh(row)
    assert [(row.account_id, row.removal_reason) for row in rows] == [
        (one.id, "assigned anew"),
        (other.id, None),
    ]


def test_nobody_is_made_to_read_against_a_conflict_beside_whom_they_avoid_or_without_a_seat(world):
    dossier, (one, other, third) = world.dossiers[0], world.members
    make.conflict_of_interest(dossier, one)
    assignment.add_avoid_pair(world.council, third, other, reason="", actor=world.actor, now=make.NOW)

    def change(*members):
        ids = [each.id for each in members]
        assignment.change_readers(world.council, dossier, ids, actor=world.actor, now=make.NOW)

    with pytest.raises(rules.MustKeepAway):
        change(one)
    with pytest.raises(rules.AvoidEachOther):
        change(other, third)
    with pytest.raises(rules.NotSitting):
        change(make.account(Role.MEMBER, edition_id=world.edition.id))
    assert readers(world) == {}


def test_a_pair_is_two_people_once(world):
    one, other, _ = world.members
    pair = assignment.add_avoid_pair(world.council, other, one, reason="", actor=world.actor, now=make.NOW)

    with pytest.raises(rules.PairNotPossible):
        assignment.add_avoid_pair(world.council, one, other, reason="", actor=world.actor, now=make.NOW)
    with pytest.raises(rules.PairNotPossible):
        assignment.add_avoid_pair(world.council, one, one, reason="", actor=world.actor, now=make.NOW)
    assignment.remove_avoid_pair(world.council, pair, actor=world.actor, now=make.NOW)

    assert queries.list_avoid_pairs(world.council.id) == []


def test_only_the_secretary_assigns(world):
    member = make.actor(Role.MEMBER, edition_id=world.edition.id)
    with pytest.raises(rules.NotTheSecretary):
        assignment.propose_assignment(world.council, seed=1, keep=True, actor=member, now=make.NOW)
    with pytest.raises(rules.NotTheSecretary):
        assignment.change_readers(world.council, world.dossiers[0], [], actor=member, now=make.NOW)


def test_what_cannot_be_served_is_said(world):
    for member in world.members[:2]:
        make.conflict_of_interest(world.dossiers[0], member)
    run = propose(world)
    problem = assignment.problem_of(world.council, keep=True, now=make.NOW)

    lines, loads = shown.compare(problem, shown.readers_in(run.pairs))

    line = next(each for each in lines if each.key == world.dossiers[0].id)
    assert (line.missing, line.barred, line.without_expert) == (1, 2, True)
    assert [load.before for load in loads] == [0, 0, 0]
    assert sum(load.after for load in loads) == 3


def test_seats_given_between_two_proposals_are_taken_in(world):
    propose(world)
    term = seats.invite_member(
        world.council,
        make.seat(world.council, expert=True),
        "late@else.vn",
        full_name="Người Mới",
        locale="vi",
        starts_on=make.TODAY,
        actor=world.actor,
        now=make.NOW,
    )

    assert term.account_id in {account_id for _, account_id in propose(world).pairs}
