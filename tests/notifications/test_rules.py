"""What may become of a message, who is spared it, and how long another try waits."""

from datetime import timedelta

import pytest

from dxday.core.carriage import Carriage
from dxday.notifications import rules
from dxday.notifications.rules import Decision, Reason, SuppressionScope
from tests import make

OPTIONAL, ALL = SuppressionScope.OPTIONAL, SuppressionScope.ALL


def test_every_state_has_its_moves_its_name_and_its_words():
    assert set(rules.MOVES) == set(rules.CARRIAGE_NAMES) == set(rules.STATE_WORDS) == set(Carriage)


def test_what_arrived_is_never_sent_again():
    assert rules.MOVES[Carriage.DONE] == {Carriage.BOUNCED}


@pytest.mark.parametrize("decision", list(Decision))
def test_a_decision_is_a_move_that_a_message_may_make(decision):
    to = {
        Decision.SEND_AGAIN: Carriage.QUEUED,
        Decision.MARK_ARRIVED: Carriage.DONE,
        Decision.CALL_OFF: Carriage.CANCELLED,
    }[decision]

    assert [state for state in rules.DECIDED_FROM[decision] if to not in rules.MOVES[state]] == []


@pytest.mark.parametrize(
    ("state", "open_to_people"),
    [
        (Carriage.QUEUED, [Decision.CALL_OFF]),
        (Carriage.CLAIMED, []),
        (Carriage.DONE, []),
        (Carriage.FAILED, [Decision.SEND_AGAIN]),
        (Carriage.UNKNOWN, [Decision.SEND_AGAIN, Decision.MARK_ARRIVED]),
        (Carriage.CANCELLED, []),
        (Carriage.WITHHELD, [Decision.SEND_AGAIN]),
        (Carriage.BOUNCED, [Decision.SEND_AGAIN]),
    ],
)
def test_what_a_person_may_decide_and_what_follows_is_written_down(state, open_to_people):
    assert rules.list_decisions(state) == open_to_people
    assert [bool(rules.DECISION_CONSEQUENCES[decision, state]) for decision in open_to_people] == [
        True
    ] * len(open_to_people)


@pytest.mark.parametrize(
    ("required", "scopes", "reason"),
    [
        (True, set(), None),
        (False, set(), None),
        (True, {OPTIONAL}, None),
        (False, {OPTIONAL}, Reason.NOT_WANTED),
        (True, {ALL}, Reason.NOTHING_ARRIVES),
        (False, {ALL}, Reason.NOTHING_ARRIVES),
        (False, {ALL, OPTIONAL}, Reason.NOTHING_ARRIVES),
    ],
)
def test_who_wants_no_reminders_still_gets_what_is_required(required, scopes, reason):
    assert rules.is_withheld(required, frozenset(scopes)) == reason


def test_two_spellings_of_an_address_are_one():
    assert rules.address_key(" Mẫu@Example.ORG ") == rules.address_key("mẫu@example.org")


@pytest.mark.parametrize(
    ("status", "dead"),
    [
        ("5.1.1", True),
        ("5.1.2", True),
        ("5.1.10", True),
        ("5.1.0", False),
        ("5.1.8", False),
        ("5.2.2", False),
        ("5.7.1", False),
        ("4.1.1", False),
        (None, False),
    ],
)
def test_an_address_is_dead_only_when_nobody_is_there(status, dead):
    assert rules.is_dead(status) is dead


def waits(code, reply=""):
    """All waits until it is enough, in minutes."""
    found = []
    while (wait := rules.wait_after(len(found) + 1, code, reply)) is not None:
        found.append(wait // timedelta(minutes=1))
    return found


@pytest.mark.parametrize(
    ("code", "reply", "minutes"),
    [
        (None, "", [1, 5, 30, 120, 480]),
        (421, "4.3.2 closing", [1, 5, 30, 120, 480]),
        (450, "4.2.0 greylisted", [5, 15, 60, 240, 480]),
        (451, "4.7.1 come back", [5, 15, 60, 240, 480]),
        (452, "4.3.1 no room", [30, 120, 480, 1440]),
        (452, "4.2.2 mailbox full", [30, 120, 480, 1440]),
        (552, "5.2.2 mailbox full", [30, 120, 480, 1440]),
        (552, "5.3.4 message too big", []),
        (550, "5.1.1 no such person", []),
        (554, "", []),
    ],
)
def test_another_try_waits_as_the_answer_asks_and_a_no_is_final(code, reply, minutes):
    assert waits(code, reply) == minutes
    assert minutes == sorted(minutes)


@pytest.mark.parametrize("tries", [0, 6, 10_000])
def test_there_is_no_wait_before_the_first_try_nor_after_the_last(tries):
    assert rules.wait_after(tries) is None


def test_a_message_is_over_from_the_moment_on_that_it_names():
    rules.check_not_over(None, make.NOW)
    rules.check_not_over(make.NOW + timedelta(seconds=1), make.NOW)
    with pytest.raises(rules.TimePassed):
        rules.check_not_over(make.NOW, make.NOW)


def test_the_reasons_of_the_system_have_words_and_those_of_others_stay_as_they_are():
    assert set(rules.REASON_NAMES) == {reason.value for reason in Reason}
    assert [str(rules.reason_words(each)) for each in ("550 no", None)] == ["550 no", ""]
