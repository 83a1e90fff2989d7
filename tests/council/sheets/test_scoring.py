"""The arithmetic of scores: totals, normalisation, gaps, places, correlation, severity and weights."""

import random
from statistics import fmean

import pytest

from dxday.council.sheets import scoring
from dxday.council.sheets.scoring import Marks, Measure

MEASURES = [Measure(1, 60, 10), Measure(2, 40, 5)]


def crowd(seed: int, *, readers: int = 4, dossiers: int = 30) -> list[Marks]:
    """Marks of readers who use the scale differently, three to a dossier."""
    rng = random.Random(seed)
    habits = [(rng.uniform(-15, 15), rng.uniform(0.5, 1.3)) for _ in range(readers)]
    marks = []
    for dossier in range(dossiers):
        worth = rng.uniform(30, 80)
        for reader in rng.sample(range(readers), 3):
            shift, stretch = habits[reader]
            total = 50 + (worth - 50) * stretch + shift + rng.gauss(0, 2)
            marks.append(Marks(dossier, reader, round(min(max(total, 0), 100), 2)))
    return marks


def test_a_total_is_the_weighted_share_of_the_highest_scores():
    assert scoring.total_of(MEASURES, {1: 10, 2: 5}) == 100
    assert scoring.total_of(MEASURES, {1: 0, 2: 0}) == 0
    assert scoring.total_of(MEASURES, {1: 5, 2: 5}) == 70
    assert scoring.total_of([Measure(1, 1, 3)], {1: 1}) == 33.33


def test_a_total_without_one_of_the_scores_is_none_at_all():
    with pytest.raises(KeyError):
        scoring.total_of(MEASURES, {1: 5})


@pytest.mark.parametrize("seed", range(20))
def test_a_total_rises_with_every_score_and_does_not_know_the_unit_of_the_weights(seed):
    rng = random.Random(seed)
    measures = [Measure(n, rng.randint(1, 50), rng.randint(1, 20)) for n in range(5)]
    scores = {each.id: rng.randint(0, each.most - 1) for each in measures}
    total = scoring.total_of(measures, scores)
    chosen = rng.choice(measures).id

    assert 0 <= total <= 100
    assert scoring.total_of(measures, scores | {chosen: scores[chosen] + 1}) > total
    assert scoring.total_of([Measure(m.id, m.weight * 7, m.most) for m in measures], scores) == total


def test_nothing_is_normalised_with_fewer_than_three_readers_of_five_sheets():
    two = [Marks(n, reader, 40 + 3 * n + reader) for n in range(9) for reader in (1, 2)]
    four_sheets = [Marks(n, 3, 50 + n) for n in range(4)]
    five_sheets = [Marks(n, 3, 50 + n) for n in range(5)]

    assert scoring.normalise(two) == {}
    assert scoring.normalise([*two, *four_sheets]) == {}
    assert sorted(scoring.normalise([*two, *five_sheets])) == list(range(9))


def test_a_dossier_that_somebody_without_a_habit_read_too_has_no_normalised_score():
    enough = [Marks(n, reader, 40 + 3 * n + reader) for n in range(9) for reader in (1, 2, 3)]

    assert sorted(scoring.normalise([*enough, Marks(4, 9, 50)])) == [0, 1, 2, 3, 5, 6, 7, 8]


def test_who_gives_everybody_the_same_has_no_habit():
    assert not scoring.habit_of([50.0] * 20).is_enough
    assert scoring.habit_of([48.0, 49, 50, 51, 52]).is_enough


def test_one_wild_sheet_does_not_move_a_readers_habit_much():
    calm = scoring.habit_of([48.0, 49, 50, 51, 52, 53])
    wild = scoring.habit_of([48.0, 49, 50, 51, 52, 100])

    assert abs(wild.centre - calm.centre) < 1
    assert abs(wild.spread - calm.spread) < 1


@pytest.mark.parametrize("seed", range(20))
def test_normalised_scores_stay_on_the_scale(seed):
    assert all(0 <= value <= 100 for value in scoring.normalise(crowd(seed)).values())


@pytest.mark.parametrize("seed", range(20))
def test_normalising_does_not_turn_round_what_one_reader_thinks(seed):
    """Of dossiers that nobody else read, the order stays that of their reader."""
    marks = [Marks(100 * m.account_id + n, m.account_id, m.total) for n, m in enumerate(crowd(seed))]
    normalised = scoring.normalise(marks)
    for reader in {each.account_id for each in marks}:
        own = sorted((m for m in marks if m.account_id == reader), key=lambda m: m.total)
        values = [normalised[m.nomination_id] for m in own if m.nomination_id in normalised]
        assert values == sorted(values)


@pytest.mark.parametrize("seed", range(20))
def test_the_order_does_not_change_when_one_reader_uses_half_of_the_scale(seed):
    """z-scores do not know a reader's unit; what a whole new unit does to all is the same for all."""
    marks = crowd(seed)
    squeezed = [
        Marks(m.nomination_id, m.account_id, m.total / 2 + 20 if m.account_id == 0 else m.total)
        for m in marks
    ]
    own, common = scoring.habits_of(marks)[0], scoring.habits_of(squeezed)[0]

    for before, after in zip(marks, squeezed, strict=True):
        if before.account_id == 0:
            assert (before.total - own.centre) / own.spread == pytest.approx(
                (after.total - common.centre) / common.spread
            )


@pytest.mark.parametrize("seed", range(10))
def test_normalising_brings_the_order_nearer_to_what_dossiers_are_worth(seed):
    """Each dossier has one reader, strict or mild: without normalising, luck decides."""
    rng = random.Random(seed)
    shifts = [-25, -10, 0, 20]
    worth = {n: rng.uniform(35, 65) for n in range(120)}
    marks = [Marks(n, n % 4, round(worth[n] + shifts[n % 4], 2)) for n in worth]
    keys = sorted(worth)
    raw = scoring.rank_correlation([worth[k] for k in keys], [m.total for m in marks])
    normalised = scoring.normalise(marks)
    better = scoring.rank_correlation([worth[k] for k in keys], [normalised[k] for k in keys])

    assert better > raw


def test_a_gap_lies_between_the_highest_and_the_lowest():
    assert scoring.gap_of([40.0, 70.1, 55]) == 30.1
    assert scoring.gap_of([40.0]) == 0
    assert scoring.gap_of([]) == 0


def test_equals_share_a_place_and_the_next_is_left_out():
    assert scoring.ranks_of({1: 50.0, 2: 70, 3: 70, 4: 10}) == {2: 1, 3: 1, 1: 3, 4: 4}


def test_correlation_is_one_for_the_same_order_and_minus_one_for_the_other_way_round():
    assert scoring.rank_correlation([1, 2, 3], [10, 20, 99]) == 1
    assert scoring.rank_correlation([1, 2, 3], [3, 2, 1]) == -1
    assert scoring.rank_correlation([1, 1, 1], [3, 2, 1]) is None
    assert scoring.rank_correlation([], []) is None
    # By hand: mid-ranks 1.5 1.5 3 4 against 1 2 3 4 give 4.5 / sqrt(4.5 · 5).
    assert scoring.rank_correlation([5, 5, 6, 7], [1, 2, 3, 4]) == 0.9487


def test_severity_is_the_mean_distance_from_the_others_on_the_same_dossiers():
    marks = [Marks(1, 7, 40), Marks(1, 8, 60), Marks(2, 7, 50), Marks(2, 8, 60), Marks(3, 9, 10)]

    strict, mild = scoring.severities_of(marks)

    assert (strict.account_id, strict.sheets, strict.mean, strict.spread) == (7, 2, -15, 5)
    assert (mild.account_id, mild.sheets, mild.mean, mild.spread) == (8, 2, 15, 5)


def test_weights_that_nothing_hangs_on_change_nothing():
    shares = {n: {1: n / 10, 2: n / 10} for n in range(10)}

    variants = scoring.vary_weights(MEASURES, shares, first=3)

    assert [(each.changed, each.correlation) for each in variants] == [(0, 1.0)] * 4


def test_a_weight_that_decides_is_seen():
    """The first place hangs on whether effect or reach weighs a little more."""
    even = [Measure(1, 50, 10), Measure(2, 50, 10)]
    shares = {1: {1: 0.8, 2: 0.6}, 2: {1: 0.6, 2: 0.81}, 3: {1: 0.1, 2: 0.1}}

    variants = scoring.vary_weights(even, shares, first=1)

    assert [each.changed for each in variants] == [0, 1, 1, 0]
    assert variants[1].correlation == 0.5


def test_the_first_ones_are_as_many_as_asked_for():
    shares = {n: {1: 0.5, 2: 0.5} for n in range(5)}

    variants = scoring.vary_weights(MEASURES, shares, first=3)

    assert {each.changed for each in variants} == {0}
    assert fmean(each.correlation or 0 for each in variants) == 0
