"""The arithmetic of a ballot, without a database."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.ballots import rules
from dxday.ballots.rules import Choice, Count, Outcome, Terms
from dxday.schemes.rules import TieBreak

FOR, AGAINST, BLANK = Choice.FOR, Choice.AGAINST, Choice.BLANK


def terms(**given):
    return Terms(
        **{"quorum": 67, "threshold": 90, "rounds": 1, "tie_break": TieBreak.NEXT_ROUND, "secret": True}
        | given
    )


def decide(given, count, *, number=1, took_part=None, chair=None):
    took_part = count.seats - count.not_voted if took_part is None else took_part
    return rules.decide(given, count, took_part=took_part, number=number, chair=chair)


@pytest.mark.parametrize(
    ("percent", "seats", "least"),
    [
        (90, 11, 10),
        (90, 10, 9),
        (80, 11, 9),
        (67, 3, 3),
        (50, 10, 5),
        (51, 10, 6),
        (100, 7, 7),
        (1, 1, 1),
        (70, 10, 7),
    ],
)
def test_a_share_of_the_seats_is_the_least_whole_number_that_reaches_it(percent, seats, least):
    assert rules.needed(percent, seats) == least


@given(percent=st.integers(1, 100), seats=st.integers(1, 500))
def test_the_least_number_reaches_the_share_and_one_less_does_not(percent, seats):
    least = rules.needed(percent, seats)

    assert Fraction(least, seats) >= Fraction(percent, 100) > Fraction(least - 1, seats)


def test_ten_of_eleven_reach_ninety_percent_and_nine_do_not():
    assert decide(terms(), Count(10, 1, 0, 0, 0)) is Outcome.APPROVED
    assert decide(terms(), Count(9, 1, 1, 0, 0)) is Outcome.NOT_APPROVED


def test_absent_and_recused_seats_stay_in_what_the_threshold_is_a_share_of():
    assert decide(terms(), Count(9, 0, 0, 0, 2)) is Outcome.NOT_APPROVED
    assert decide(terms(), Count(9, 0, 0, 2, 0)) is Outcome.NOT_APPROVED


def test_votes_are_counted_and_the_rest_of_the_seats_did_not_vote():
    assert rules.count_votes([FOR, FOR, AGAINST, BLANK], recused=2, seats=11) == Count(2, 1, 1, 2, 5)
    with pytest.raises(ValueError, match="3 votes and 1 recusals of 3 seats"):
        rules.count_votes([FOR] * 3, recused=1, seats=3)


def test_without_a_quorum_nothing_is_decided_and_the_round_counts_as_held():
    count = Count(7, 0, 0, 0, 4)

    assert decide(terms(threshold=50), count) is Outcome.NO_QUORUM
    assert decide(terms(threshold=50, rounds=2), count) is Outcome.ANOTHER_ROUND
    assert decide(terms(threshold=50), Count(8, 0, 0, 0, 3)) is Outcome.APPROVED


@pytest.mark.parametrize(
    ("tie_break", "number", "outcome"),
    [
        (TieBreak.NEXT_ROUND, 1, Outcome.ANOTHER_ROUND),
        (TieBreak.NEXT_ROUND, 2, Outcome.NOT_APPROVED),
        (TieBreak.NOT_APPROVED, 1, Outcome.NOT_APPROVED),
    ],
)
def test_what_follows_a_tie_is_what_was_stated(tie_break, number, outcome):
    given = terms(threshold=51, rounds=2, tie_break=tie_break)

    assert decide(given, Count(5, 5, 0, 0, 0), number=number) is outcome


@pytest.mark.parametrize(
    ("count", "threshold", "chair", "outcome"),
    [
        (Count(5, 5, 0, 0, 0), 51, FOR, Outcome.APPROVED),
        (Count(5, 5, 0, 0, 0), 51, AGAINST, Outcome.NOT_APPROVED),
        (Count(5, 5, 0, 0, 0), 51, None, Outcome.NOT_APPROVED),
        (Count(5, 5, 0, 0, 0), 90, FOR, Outcome.NOT_APPROVED),  # never instead of the threshold
        (Count(5, 4, 1, 0, 0), 51, FOR, Outcome.NOT_APPROVED),  # no tie
        (Count(0, 0, 10, 0, 0), 1, FOR, Outcome.NOT_APPROVED),  # nobody is for: no tie either
    ],
)
def test_the_chairs_side_counts_once_more_in_a_tie_and_must_reach_the_threshold(
    count, threshold, chair, outcome
):
    given = terms(threshold=threshold, tie_break=TieBreak.CHAIR, secret=False)

    assert decide(given, count, chair=chair) is outcome


def test_a_secret_ballot_whose_tie_the_chair_breaks_is_refused():
    with pytest.raises(rules.ChairOfSecretBallot):
        rules.check_terms(terms(tie_break=TieBreak.CHAIR))
    rules.check_terms(terms(tie_break=TieBreak.CHAIR, secret=False))


def test_every_state_has_a_name_and_only_named_ways_are_open():
    for state, to in itertools.product(rules.State, rules.State):
        if to in rules.MOVES[state]:
            rules.check_move(state, to)
        else:
            with pytest.raises(rules.MoveNotPossible):
                rules.check_move(state, to)
    assert set(rules.STATE_NAMES) == set(rules.MOVES) == set(rules.State)


def test_a_receipt_is_read_as_people_write_it():
    receipt = rules.new_receipt()

    assert rules.read_receipt(f" {rules.group_receipt(receipt).lower()} ") == receipt
    for wrong in ("", receipt[:-1], receipt + "2", "0" * 16):
        with pytest.raises(rules.ReceiptInvalid):
            rules.read_receipt(wrong)


def test_the_codes_of_one_receipt_have_nothing_in_common():
    receipt = rules.new_receipt()
    codes = [rules.slip_code(receipt, round_id=1, nomination_code=code) for code in ("AAAA", "AAAB")]

    assert len({*codes, rules.slip_code(receipt, round_id=2, nomination_code="AAAA")}) == 3
    assert {len(code) for code in codes} == {12}
    assert codes[0] == rules.slip_code(receipt, round_id=1, nomination_code="AAAA")


def test_the_seal_is_the_same_in_every_order_and_another_for_another_vote():
    assert rules.seal(["a", "b"]) == rules.seal(["b", "a"]) != rules.seal(["a", "c"])


def test_what_stands_in_the_way_is_said_in_one_sentence():
    rules.check_unobstructed([])
    with pytest.raises(rules.StandsInTheWay) as refusal:
        rules.check_unobstructed([rules.NoSeats(), rules.NoCouncil()])
    assert str(refusal.value) == (
        "The ballot cannot open yet: The council has no seats yet. No council decides on this scheme yet."
    )
