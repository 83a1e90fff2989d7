"""Conflicts of interest: who sets them, who lifts them, and that nothing of the dossier is left to see."""

import pytest

from dxday.accounts import queries as accounts
from dxday.audit import queries as audit
from dxday.core.permissions import Role
from dxday.council import jobs, queries, rules
from dxday.council.models import ConflictOfInterest, Declaration
from dxday.council.services import interests
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from tests import make


def actor_of(account):
    return accounts.actor_of(accounts.find_account(account.id))


def declare(world, member, dossiers, **conflicts):
    given = {world.dossiers[int(n[1:])].id: (kind, "") for n, kind in conflicts.items()}
    interests.declare(dossiers, given, actor=actor_of(member), now=make.NOW)


def test_a_dossier_opens_only_after_the_declaration(world):
    member, dossier = world.members[0], world.dossiers[0]
    make.reading(dossier, member, declared=False)
    assert not queries.is_reader(dossier.id, member.id)

    declare(world, member, world.dossiers)

    assert queries.is_reader(dossier.id, member.id)
    assert [r.nomination_id for r in queries.list_readings_of(member.id, world.edition.id)] == [dossier.id]


def test_a_declared_conflict_takes_the_dossier_away(world):
    member, dossier = world.members[0], world.dossiers[0]
    make.reading(dossier, member)

    declare(world, member, [dossier], d0=rules.ConflictKind.FAMILY)

    assert not queries.is_reader(dossier.id, member.id)
    assert queries.list_readers([dossier.id]) == {}
    assert queries.list_conflicts_of(member.id, world.edition.id) == {dossier.id}


def test_declaring_again_is_possible_and_makes_no_second_row(world):
    member = world.members[0]
    declare(world, member, world.dossiers)

    declare(world, member, [world.dossiers[0]], d0=rules.ConflictKind.FAMILY)
    declare(world, member, [world.dossiers[0]], d0=rules.ConflictKind.FAMILY)

    assert db.session.query(ConflictOfInterest).filter_by(account_id=member.id).count() == 1
    assert db.session.query(Declaration).filter_by(account_id=member.id).count() == 2


def test_a_member_takes_back_what_they_declared_and_can_declare_it_again(world):
    member = world.members[0]
    declare(world, member, world.dossiers, d0=rules.ConflictKind.FAMILY)
    [conflict] = queries.list_declared(member.id, world.edition.id)

    interests.take_back(conflict, actor=actor_of(member), now=make.NOW)
    assert queries.list_conflicts_of(member.id, world.edition.id) == frozenset()
    declare(world, member, [world.dossiers[0]], d0=rules.ConflictKind.FAMILY)

    assert queries.list_conflicts_of(member.id, world.edition.id) == {world.dossiers[0].id}


def test_a_member_takes_back_neither_a_set_conflict_nor_another_s(world):
    member, other = world.members[:2]
    pinned = make.conflict_of_interest(world.dossiers[0], member)
    declared = make.conflict_of_interest(world.dossiers[1], other, source=rules.ConflictSource.DECLARED)

    with pytest.raises(rules.ConflictStands):
        interests.take_back(pinned, actor=actor_of(member), now=make.NOW)
    with pytest.raises(rules.NotYourDeclaration):
        interests.take_back(declared, actor=actor_of(member), now=make.NOW)


def test_what_was_declared_is_not_shown_where_others_keep_the_member_away_too(world):
    member = world.members[0]
    declare(world, member, world.dossiers, d0=rules.ConflictKind.FAMILY)
    assert len(queries.list_declared(member.id, world.edition.id)) == 1

    make.conflict_of_interest(world.dossiers[0], member)

    assert queries.list_declared(member.id, world.edition.id) == []


@pytest.mark.parametrize("role", [Role.AGENCY, Role.COUNCIL])
def test_only_a_member_declares(world, role):
    with pytest.raises(rules.NotYourDeclaration):
        interests.declare(
            world.dossiers,
            {},
            actor=actor_of(make.account(role, edition_id=world.edition.id)),
            now=make.NOW,
        )


def test_the_secretary_keeps_a_member_away_and_lifts_it_with_a_reason(world):
    member, dossier = world.members[0], world.dossiers[0]
    make.reading(dossier, member)
    conflict = interests.pin_conflict(
        dossier, member, kind=rules.ConflictKind.DISPUTE, detail="", actor=world.actor, now=make.NOW
    )
    assert queries.list_barred([dossier.id]) == {dossier.id: {member.id}}
    conflict = queries.get_conflict(world.council.id, conflict.id)
    with pytest.raises(rules.ReasonMissing):
        interests.lift_conflict(conflict, reason="  ", actor=world.actor, now=make.NOW)

    interests.lift_conflict(conflict, reason="Settled", actor=world.actor, now=make.NOW)
    db.session.commit()

    assert queries.list_barred([dossier.id]) == {}
    [entry] = [each for each in audit.list_entries(limit=5) if each.action == "conflict.lifted"]
    assert (entry.subject, entry.facts["reason"], entry.facts["account"]) == (
        dossier.code,
        "Settled",
        member.id,
    )


def test_only_the_secretary_sets_and_lifts(world):
    member = world.members[0]
    conflict = make.conflict_of_interest(world.dossiers[0], member)
    conflict = queries.get_conflict(world.council.id, conflict.id)

    with pytest.raises(rules.NotTheSecretary):
        interests.pin_conflict(
            world.dossiers[0],
            world.members[1],
            kind=rules.ConflictKind.OTHER,
            detail="",
            actor=actor_of(member),
            now=make.NOW,
        )
    with pytest.raises(rules.NotTheSecretary):
        interests.lift_conflict(conflict, reason="x", actor=actor_of(member), now=make.NOW)
    with pytest.raises(rules.NotTheSecretary):
        interests.lift_alike(world.council, conflict, reason="x", actor=actor_of(member), now=make.NOW)


@pytest.fixture
def related(world):
    """A dossier of an agency at which the first member once had a role, merged into the one that nominates."""
    agency = make.organisation()
    old = make.organisation(succeeded_by_id=agency.id)
    dossier = make.nomination(world.category, agency, state=State.ADMITTED)
    role = make.account(Role.AGENCY, edition_id=world.edition.id, organisation_id=old.id)
    from dxday.accounts.models import RoleGrant

    [grant] = db.session.query(RoleGrant).filter_by(account_id=role.id)
    grant.account_id, grant.revoked_at = world.members[0].id, make.NOW
    db.session.flush()
    return dossier


def test_a_role_once_held_at_a_merged_agency_is_detected(world, related):
    assert interests.detect_conflicts(world.council, now=make.NOW) == 1

    [conflict] = queries.list_conflicts(world.council.id)
    assert (conflict.nomination_id, conflict.account_id) == (related.id, world.members[0].id)
    assert (conflict.source, conflict.kind) == (rules.ConflictSource.DETECTED, rules.ConflictKind.PAST_AGENCY)


def test_looking_again_finds_nothing_new_and_lifted_stays_lifted(world, related):
    interests.detect_conflicts(world.council, now=make.NOW)
    [conflict] = queries.list_conflicts(world.council.id)
    interests.lift_conflict(conflict, reason="Thirty years ago", actor=world.actor, now=make.NOW)

    assert interests.detect_conflicts(world.council, now=make.NOW) == 0
    assert queries.list_barred([related.id]) == {}
    assert related.id in {
        n.id for n in queries.list_undeclared(world.members[0].id, world.edition.id, make.TODAY)
    }


def test_a_conflict_that_nobody_kept_yet_is_hidden_from_the_list_to_declare(world, related):
    seen = {n.id for n in queries.list_undeclared(world.members[0].id, world.edition.id, make.TODAY)}
    others = {n.id for n in queries.list_undeclared(world.members[1].id, world.edition.id, make.TODAY)}

    assert seen == {d.id for d in world.dossiers}
    assert others == seen | {related.id}
    assert queries.list_conflicts(world.council.id) == []


def test_the_person_list_tells_where_somebody_works(world):
    agency = make.organisation()
    make.person(email=world.members[1].email.upper(), organisation_id=agency.id)
    dossier = make.nomination(world.category, agency, state=State.ADMITTED)

    interests.detect_conflicts(world.council, now=make.NOW)

    assert queries.list_barred([dossier.id]) == {dossier.id: {world.members[1].id}}


def test_all_conflicts_alike_are_lifted_at_once_and_others_stand(world):
    member = world.members[0]
    for dossier in world.dossiers:
        make.conflict_of_interest(
            dossier, member, source=rules.ConflictSource.DETECTED, kind="mail_domain", detail="nghean.gov.vn"
        )
    make.conflict_of_interest(world.dossiers[1], member)
    first = queries.list_conflicts(world.council.id)[0]

    lifted = interests.lift_alike(world.council, first, reason="Everybody", actor=world.actor, now=make.NOW)

    assert lifted == 2
    assert queries.list_conflicts_of(member.id, world.edition.id) == {world.dossiers[1].id}


def test_the_nightly_job_takes_away_what_became_a_conflict(world):
    member, dossier = world.members[0], world.dossiers[0]
    make.reading(dossier, member)
    dossier.nominee_email = member.email
    db.session.commit()

    assert jobs.detect_conflicts(make.NOW) == 2
    assert jobs.detect_conflicts(make.NOW) == 0

    assert queries.list_readers([dossier.id]) == {}


@pytest.mark.parametrize("state", [State.SUBMITTED, State.RETURNED, State.WITHDRAWN])
def test_a_dossier_that_is_not_with_the_council_is_closed_to_its_readers(world, state):
    member, dossier = world.members[0], world.dossiers[0]
    make.reading(dossier, member)
    db.session.get(Nomination, dossier.id).state = state
    db.session.flush()

    assert not queries.is_reader(dossier.id, member.id)
    assert queries.list_readings_of(member.id, world.edition.id) == []


def test_the_rules_look_at_any_number_of_dossiers_with_the_same_number_of_questions(world, queries):
    from dxday.council import queries as council

    def count():
        with queries() as counted:
            council.detect([m.id for m in world.members], council.list_dossiers([world.council.id]))
        return counted.total

    before = count()
    for _ in range(5):
        make.nomination(world.category, state=State.ADMITTED)

    assert count() == before
