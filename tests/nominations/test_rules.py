"""What a dossier lacks, who acts for whom, and which moves there are."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dxday.core.actor import SYSTEM, VISITOR
from dxday.core.permissions import Role
from dxday.editions.rules import Window
from dxday.nominations import rules
from tests import make

WHOLE = rules.Dossier(
    state=rules.State.DRAFT,
    nominee_email="awardee@example.org",
    achievement="Đã làm được nhiều việc.",
    contact_name="Lê Thị Ví Dụ",
    contact_email="agency@example.org",
    attachments=1,
)
OPEN = Window(make.NOW - timedelta(days=1), make.NOW + timedelta(days=1))


def test_a_whole_dossier_lacks_nothing():
    assert rules.find_gaps(WHOLE) == []


@pytest.mark.parametrize(
    ("lack", "refusal"),
    [
        ({"nominee_email": " "}, rules.NomineeAddressMissing),
        ({"achievement": "\n"}, rules.AchievementMissing),
        ({"achievement": "từ " * 1001}, rules.AchievementTooLong),
        ({"contact_name": ""}, rules.ContactMissing),
        ({"contact_email": ""}, rules.ContactMissing),
        ({"attachments": 0}, rules.EvidenceMissing),
    ],
)
def test_what_a_dossier_lacks_keeps_it_from_being_submitted(lack, refusal):
    dossier = replace(WHOLE, **lack)

    assert [type(gap) for gap in rules.find_gaps(dossier)] == [refusal]
    with pytest.raises(refusal):
        rules.check_can_submit(dossier, OPEN, make.NOW)


def test_exactly_a_thousand_words_may_be_submitted():
    rules.check_can_submit(replace(WHOLE, achievement="từ " * 1000), OPEN, make.NOW)


def test_an_empty_dossier_is_told_everything_at_once_in_the_order_of_the_form():
    empty = rules.Dossier(rules.State.DRAFT, "", "", "", "", 0)

    assert [gap.field for gap in rules.find_gaps(empty)] == [
        "nominee_email",
        "achievement",
        "contact_name",
        "attachment",
    ]


def test_the_call_is_open_from_its_opening_until_just_before_its_closing():
    with pytest.raises(rules.CallNotOpen):
        rules.check_call_open(OPEN, OPEN.opens_at - timedelta(seconds=1))
    rules.check_call_open(OPEN, OPEN.opens_at)
    rules.check_call_open(OPEN, OPEN.closes_at - timedelta(seconds=1))
    with pytest.raises(rules.CallClosed):
        rules.check_call_open(OPEN, OPEN.closes_at)


def test_without_dates_nominations_are_not_open():
    with pytest.raises(rules.CallNotOpen):
        rules.check_call_open(Window(None, None), make.NOW)


@pytest.mark.parametrize("state", rules.State)
def test_only_the_moves_of_the_table_exist(state):
    for to in rules.State:
        if to in rules.MOVES[state]:
            rules.check_move(state, to)
        else:
            with pytest.raises(rules.MoveNotPossible):
                rules.check_move(state, to)


@pytest.mark.parametrize("state", sorted(set(rules.State) - {rules.State.DRAFT}))
def test_only_a_draft_can_be_changed(state):
    with pytest.raises(rules.MoveNotPossible):
        rules.check_can_edit(state, OPEN, make.NOW)


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
