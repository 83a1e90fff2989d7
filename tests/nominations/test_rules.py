"""Until when a dossier is taken, who acts for whom, and which moves there are."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dxday.core.actor import SYSTEM, VISITOR
from dxday.core.permissions import Role
from dxday.nominations import rules
from dxday.schemes.rules import Call
from tests import make

CLOSING = make.NOW + timedelta(days=1)
OPEN = Call(make.NOW - timedelta(days=1), CLOSING, CLOSING + timedelta(minutes=30))
SECOND = timedelta(seconds=1)


def standing(state=rules.State.DRAFT, *, begun_at=make.NOW, return_due_at=None) -> rules.Standing:
    return rules.Standing(state, begun_at, return_due_at)


def test_the_call_is_open_from_its_opening_until_just_before_its_closing():
    with pytest.raises(rules.CallNotOpen):
        rules.check_call_open(OPEN, OPEN.opens_at - timedelta(seconds=1))
    rules.check_call_open(OPEN, OPEN.opens_at)
    rules.check_call_open(OPEN, OPEN.closes_at - timedelta(seconds=1))
    with pytest.raises(rules.CallClosed):
        rules.check_call_open(OPEN, OPEN.closes_at)


def test_without_dates_nominations_are_not_open():
    with pytest.raises(rules.CallNotOpen):
        rules.check_call_open(Call(None, None, None), make.NOW)


@pytest.mark.parametrize("state", rules.State)
def test_only_the_moves_of_the_table_exist(state):
    for to in rules.State:
        if to in rules.MOVES[state]:
            rules.check_move(state, to)
        else:
            with pytest.raises(rules.MoveNotPossible):
                rules.check_move(state, to)


@pytest.mark.parametrize("state", sorted(set(rules.State) - rules.EDITABLE))
def test_only_what_the_agency_has_can_be_changed(state):
    with pytest.raises(rules.MoveNotPossible):
        rules.check_can_edit(standing(state, return_due_at=CLOSING), OPEN, make.NOW)


def test_a_draft_begun_before_the_closing_is_taken_until_just_before_the_grace_ends():
    rules.check_can_edit(standing(), OPEN, OPEN.closes_at - SECOND)
    rules.check_can_edit(standing(), OPEN, OPEN.closes_at)
    rules.check_can_edit(standing(), OPEN, OPEN.grace_until - SECOND)
    with pytest.raises(rules.CallClosed):
        rules.check_can_edit(standing(), OPEN, OPEN.grace_until)


def test_a_draft_begun_at_the_closing_has_no_grace():
    rules.check_taken(standing(begun_at=OPEN.closes_at - SECOND), OPEN, OPEN.closes_at)
    with pytest.raises(rules.CallClosed):
        rules.check_taken(standing(begun_at=OPEN.closes_at), OPEN, OPEN.closes_at)


def test_without_grace_the_closing_is_the_end():
    strict = replace(OPEN, grace_until=OPEN.closes_at)

    rules.check_taken(standing(), strict, OPEN.closes_at - SECOND)
    with pytest.raises(rules.CallClosed):
        rules.check_taken(standing(), strict, OPEN.closes_at)


def test_what_was_returned_is_taken_until_just_before_its_own_due_time():
    due = OPEN.grace_until + timedelta(days=3)
    returned = standing(rules.State.RETURNED, return_due_at=due)

    rules.check_can_edit(returned, OPEN, due - SECOND)
    with pytest.raises(rules.CompletionOverdue):
        rules.check_can_edit(returned, OPEN, due)
    with pytest.raises(rules.CompletionOverdue):
        rules.check_can_edit(standing(rules.State.RETURNED), OPEN, make.NOW)


def test_a_due_time_lies_ahead():
    rules.check_due(make.NOW + SECOND, make.NOW)
    with pytest.raises(rules.DueTimePast):
        rules.check_due(make.NOW, make.NOW)


@pytest.mark.parametrize(
    ("ballot", "honoured"),
    [
        (False, {rules.State.SUBMITTED, rules.State.ADMITTED, rules.State.APPROVED}),
        (True, {rules.State.APPROVED}),
    ],
)
def test_a_decision_honours_what_the_ballot_approved_or_what_is_before_the_council(ballot, honoured):
    assert {state for state in rules.State if rules.may_award(state, ballot=ballot)} == honoured


@pytest.mark.parametrize("state", sorted(set(rules.State) - {rules.State.APPROVED}))
def test_where_a_ballot_is_wanted_only_what_it_approved_is_awarded(state):
    rules.check_can_award(state, ballot=False)
    with pytest.raises(rules.MoveNotPossible):
        rules.check_can_award(state, ballot=True)


def test_what_a_ballot_approved_is_awarded():
    rules.check_can_award(rules.State.APPROVED, ballot=True)


def test_only_a_draft_waits_for_endorsement():
    rules.check_may_skip_endorsement(rules.State.DRAFT, [])
    rules.check_may_skip_endorsement(rules.State.RETURNED, [{"code": "head"}])
    with pytest.raises(rules.EndorsementMissing):
        rules.check_may_skip_endorsement(rules.State.DRAFT, [{"code": "head"}])


def test_ten_files_are_enough():
    rules.check_room_for_attachment(9)
    with pytest.raises(rules.TooManyAttachments):
        rules.check_room_for_attachment(10)


@pytest.mark.parametrize(
    "stranger",
    [
        VISITOR,
        make.actor(Role.AGENCY, edition_id=1, organisation_id=8),
        make.actor(Role.AGENCY, edition_id=2, organisation_id=7),
        make.actor(Role.COUNCIL, edition_id=1, organisation_id=7),
        make.actor(Role.ADMIN),
    ],
)
def test_only_the_officer_of_the_agency_in_the_edition_acts_for_it(stranger):
    with pytest.raises(rules.NotYourAgency):
        rules.check_acts_for(stranger, 7, edition_id=1)


def test_the_officer_and_the_system_act_for_the_agency():
    rules.check_acts_for(make.actor(Role.AGENCY, edition_id=1, organisation_id=7), 7, edition_id=1)
    rules.check_acts_for(SYSTEM, 7, edition_id=1)


@pytest.mark.parametrize(
    "stranger", [VISITOR, make.actor(Role.AGENCY, edition_id=1), make.actor(Role.COUNCIL, edition_id=2)]
)
def test_only_the_council_of_the_edition_decides(stranger):
    with pytest.raises(rules.NotTheCouncil):
        rules.check_may_decide(stranger, edition_id=1)


def test_the_council_of_the_edition_decides():
    rules.check_may_decide(make.actor(Role.COUNCIL, edition_id=1), edition_id=1)


@pytest.mark.parametrize(
    "stranger", [VISITOR, make.actor(Role.AGENCY, edition_id=1), make.actor(Role.COUNCIL, edition_id=2)]
)
def test_only_the_secretary_of_the_edition_appraises_and_holds_ballots(stranger):
    with pytest.raises(rules.NotTheStandingBody):
        rules.check_may_appraise(stranger, edition_id=1)
    with pytest.raises(rules.NotTheCouncil):
        rules.check_may_hold_ballots(stranger, edition_id=1)
    with pytest.raises(rules.NotByHand):
        rules.check_is_system(stranger)


def test_the_secretary_of_the_edition_appraises_and_holds_ballots():
    secretary = make.actor(Role.COUNCIL, edition_id=1)

    rules.check_may_appraise(secretary, edition_id=1)
    rules.check_may_hold_ballots(secretary, edition_id=1)
    rules.check_is_system(SYSTEM)
