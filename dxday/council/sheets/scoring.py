"""The arithmetic of scores: totals, normalisation, discrepancies, ranks, and what an order would be otherwise."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from statistics import fmean, median, pstdev

WHOLE = 100
"""Points of a dossier that has the highest score in everything."""

LEAST_SHEETS = 5
"""Submitted sheets that a reader needs before anything can be said about how strictly they read."""

LEAST_READERS = 3
"""Readers with so many sheets that a scheme needs before its scores are normalised."""

_TO_DEVIATION = 1.4826
"""Makes the median absolute deviation comparable to a standard deviation (Rousseeuw and Croux, 1993)."""


@dataclass(frozen=True)
class Measure:
    """A criterion, as arithmetic sees it."""

    id: int
    weight: int
    most: int


@dataclass(frozen=True)
class Marks:
    """A submitted sheet: whose, of which dossier, its total out of WHOLE."""

    nomination_id: int
    account_id: int
    total: float


def total_of(measures: Iterable[Measure], scores: Mapping[int, int]) -> float:
    """Return the weighted total out of WHOLE, to a hundredth; `scores` holds one for every criterion.

    Each criterion counts by weight as a share of its own highest score.  Raises KeyError for a missing score.
    """
    used = list(measures)
    whole = sum(each.weight for each in used)
    if not whole:
        return 0.0
    share = sum(Fraction(each.weight * scores[each.id], each.most) for each in used) / whole
    return round(float(share * WHOLE), 2)


# Normalisation


@dataclass(frozen=True)
class Habit:
    """How a reader uses the scale."""

    sheets: int
    centre: float
    """The median of their totals."""
    spread: float
    """1.4826 × the median absolute deviation of their totals."""

    @property
    def is_enough(self) -> bool:
        """Whether there are sheets enough, and differences between them, to take it for a habit."""
        return self.sheets >= LEAST_SHEETS and self.spread > 0


def habit_of(totals: Sequence[float]) -> Habit:
    """Return how a reader with these totals uses the scale; `totals` has one at least."""
    centre = median(totals)
    return Habit(len(totals), centre, _TO_DEVIATION * median(abs(each - centre) for each in totals))


def habits_of(marks: Iterable[Marks]) -> dict[int, Habit]:
    """Return the habit of every reader."""
    totals: dict[int, list[float]] = defaultdict(list)
    for each in marks:
        totals[each.account_id].append(each.total)
    return {account_id: habit_of(own) for account_id, own in totals.items()}


def normalise(marks: Iterable[Marks]) -> dict[int, float]:
    """Return, for each dossier of one scheme of which it can be said, the mean of its normalised totals.

    A total becomes its robust z-score among its reader's totals, (total - median) / (1.4826 · MAD) (Iglewicz and
    Hoaglin, 1993), and is put back on the scale by median and spread of all totals, kept within 0…WHOLE.  Only
    where there is enough data: LEAST_READERS readers with a `Habit.is_enough`; a dossier that somebody else read as
    well has no normalised score.
    """
    given = list(marks)
    habits = {reader: habit for reader, habit in habits_of(given).items() if habit.is_enough}
    if len(habits) < LEAST_READERS:
        return {}
    common = habit_of([each.total for each in given])
    moved: dict[int, list[float]] = defaultdict(list)
    unsaid: set[int] = set()
    for each in given:
        habit = habits.get(each.account_id)
        if habit is None:
            unsaid.add(each.nomination_id)
            continue
        z = (each.total - habit.centre) / habit.spread
        moved[each.nomination_id].append(min(max(common.centre + z * common.spread, 0.0), float(WHOLE)))
    return {
        nomination_id: round(fmean(own), 2)
        for nomination_id, own in moved.items()
        if nomination_id not in unsaid
    }


# Order


def gap_of(totals: Sequence[float]) -> float:
    """Return the points between the highest and the lowest total; 0 for fewer than two."""
    return round(max(totals) - min(totals), 2) if len(totals) > 1 else 0.0


def ranks_of(values: Mapping[int, float]) -> dict[int, int]:
    """Return the place of each, the highest first; equals share a place and the next one is left out (1, 1, 3)."""
    places: dict[int, int] = {}
    last: float | None = None
    place = 0
    for at, (key, value) in enumerate(sorted(values.items(), key=lambda item: -item[1]), start=1):
        if value != last:
            place, last = at, value
        places[key] = place
    return places


def _middle_ranks(values: Sequence[float]) -> list[float]:
    """Return ranks in which equals get the mean of the places that they take up."""
    order = sorted(range(len(values)), key=lambda index: values[index])
    ranks = [0.0] * len(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end + 1 < len(order) and values[order[end + 1]] == values[order[begin]]:
            end += 1
        for index in order[begin : end + 1]:
            ranks[index] = (begin + end) / 2 + 1
        begin = end + 1
    return ranks


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Spearman's rho of two rows of values, equals by mid-ranks; None when one of them does not vary."""
    a, b = _middle_ranks(first), _middle_ranks(second)
    if len(a) < 2:
        return None
    mean = (len(a) + 1) / 2
    above = sum((x - mean) * (y - mean) for x, y in zip(a, b, strict=True))
    below = sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return round(above / below, 4) if below else None


# Fairness


@dataclass(frozen=True)
class Severity:
    """How far a reader's totals lie from those of the others who read the same dossiers."""

    account_id: int
    sheets: int
    """Only those of dossiers that somebody else read too."""
    mean: float
    """Points above the others' mean; below 0: stricter."""
    spread: float
    """Standard deviation of these differences: how steadily."""


def severities_of(marks: Iterable[Marks]) -> list[Severity]:
    """Return each reader's severity, the strictest first; who read alone is not there."""
    by_dossier: dict[int, list[Marks]] = defaultdict(list)
    for each in marks:
        by_dossier[each.nomination_id].append(each)
    apart: dict[int, list[float]] = defaultdict(list)
    for own in by_dossier.values():
        if len(own) < 2:
            continue
        together = sum(each.total for each in own)
        for each in own:
            apart[each.account_id].append(each.total - (together - each.total) / (len(own) - 1))
    return sorted(
        (
            Severity(account_id, len(each), round(fmean(each), 2), round(pstdev(each), 2))
            for account_id, each in apart.items()
        ),
        key=lambda severity: (severity.mean, severity.account_id),
    )


@dataclass(frozen=True)
class Variant:
    """What the order would be if one criterion weighed more or less."""

    measure_id: int
    factor: float
    correlation: float | None
    """Spearman's rho with the order as it is."""
    changed: int
    """How many of the first n would be others."""


def vary_weights(
    measures: Sequence[Measure],
    shares: Mapping[int, Mapping[int, float]],
    *,
    first: int,
    by: float = 0.1,
) -> list[Variant]:
    """Return, for each criterion and each of ± `by`, how the order of the dossiers would change.

    `shares` holds, for each dossier, the mean share of the highest score (0…1) by criterion; `first` is how many count
    as the first ones, equals by their number so that both orders break ties in the same way.
    """
    keys = sorted(shares)
    base = {each.id: float(each.weight) for each in measures}
    as_is = _values(keys, shares, base)
    top = _top(keys, as_is, first)
    variants = []
    for measure in measures:
        for factor in (1 - by, 1 + by):
            values = _values(keys, shares, base | {measure.id: measure.weight * factor})
            changed = len(top - _top(keys, values, first))
            variants.append(Variant(measure.id, factor, rank_correlation(as_is, values), changed))
    return variants


def _values(
    keys: Sequence[int], shares: Mapping[int, Mapping[int, float]], weights: Mapping[int, float]
) -> list[float]:
    whole = sum(weights.values())
    return [
        round(WHOLE * sum(weight * shares[key][id_] for id_, weight in weights.items()) / whole, 6)
        for key in keys
    ]


def _top(keys: Sequence[int], values: Sequence[float], first: int) -> set[int]:
    ordered = sorted(zip(keys, values, strict=True), key=lambda item: (-item[1], item[0]))
    return {key for key, _ in ordered[:first]}
