"""How fair an order is: who reads strictly, what weights decide, where scores go, who kept away, what came late."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, median

from dxday.accounts.rules import ORGANISATION_KIND_NAMES
from dxday.core.i18n import gettext as _
from dxday.council.rules import ConflictSource
from dxday.council.sheets import queries, scoring
from dxday.council.sheets.queries import Changes
from dxday.council.sheets.ranking import Dossier
from dxday.council.sheets.scoring import Severity, Variant
from dxday.schemes.models import Category, Criterion, Scheme
from dxday.web.filters import text


@dataclass(frozen=True)
class Spread:
    """The scores of the dossiers from one kind of agency, or one area."""

    label: str
    dossiers: int
    mean: float
    median: float
    least: float
    most: float


@dataclass(frozen=True)
class Weighing:
    """What the order of a category would be with other weights."""

    category: Category
    dossiers: int
    """Only those of which every criterion was scored."""
    first: int
    variants: list[tuple[Criterion, Variant]]


@dataclass(frozen=True)
class Report:
    """Everything that the page of fairness says."""

    dossiers: int
    sheets: int
    unseen: int
    severities: list[tuple[str, Severity]]
    weighings: list[Weighing]
    kinds: list[Spread]
    areas: list[Spread]
    recusals: Counter[tuple[ConflictSource, bool]]
    declined: int
    changes: Changes
    moderated: int


def get_report(scheme: Scheme, category: Category | None, *, viewer_id: int | None, first: int) -> Report:
    """Return the report on a scheme, or on one category of it; `first` is how many dossiers count as the first ones.

    Made from what the viewer may see, as the order is.  `scheme` has its categories.
    """
    scores = queries.get_scores(scheme, viewer_id=viewer_id)
    wanted = {
        each.id: each for each in scores.dossiers if category is None or each.category_id == category.id
    }
    marks = [each for each in scores.marks if each.nomination_id in wanted]
    names = queries.list_names({each.account_id for each in marks})
    means = _means((each.nomination_id, each.total) for each in marks)
    agencies = queries.list_agencies({each.organisation_id for each in wanted.values()})
    kinds: dict[str, list[float]] = defaultdict(list)
    areas: dict[str, list[float]] = defaultdict(list)
    for key, mean in means.items():
        agency = agencies[wanted[key].organisation_id]
        kinds[str(ORGANISATION_KIND_NAMES[agency.kind])].append(mean)
        areas[text(agency.area) if agency.area else _("No superior agency")].append(mean)
    counting = {(each.nomination_id, each.account_id) for each in marks}
    return Report(
        dossiers=len(wanted),
        sheets=len(marks),
        unseen=scores.unseen,
        severities=[(names[each.account_id], each) for each in scoring.severities_of(marks)],
        weighings=_weigh(scheme, category, wanted, counting, first),
        kinds=_spreads(kinds),
        areas=_spreads(areas),
        recusals=queries.count_recusals(scheme.id, set(wanted)),
        declined=sum(key in wanted for key, _reader in scores.declined),
        changes=queries.count_changes(scheme.id, set(wanted)),
        moderated=sum(key in wanted for key in scores.moderated),
    )


def _means(totals: Iterable[tuple[int, float]]) -> dict[int, float]:
    own: dict[int, list[float]] = defaultdict(list)
    for key, total in totals:
        own[key].append(total)
    return {key: fmean(each) for key, each in own.items()}


def _spreads(groups: Mapping[str, list[float]]) -> list[Spread]:
    """Return the groups, the one with most dossiers first."""
    return sorted(
        (
            Spread(
                label,
                len(own),
                round(fmean(own), 2),
                round(median(own), 2),
                round(min(own), 2),
                round(max(own), 2),
            )
            for label, own in groups.items()
        ),
        key=lambda each: (-each.dossiers, each.label),
    )


def _weigh(
    scheme: Scheme,
    category: Category | None,
    wanted: Mapping[int, Dossier],
    counting: set[tuple[int, int]],
    first: int,
) -> list[Weighing]:
    """Return, for each category with dossiers enough to have an order, what other weights would make of it."""
    criteria = queries.list_scheme_criteria(scheme.id)
    scores = {key: own for key, own in queries.list_shares(scheme.id).items() if key in counting}
    weighings = []
    for each in scheme.categories if category is None else [category]:
        used = [one for one in criteria if one.category_id in (None, each.id)]
        shares: dict[int, dict[int, float]] = {}
        of_dossier: dict[int, list[dict[int, int]]] = defaultdict(list)
        for (nomination_id, _account), own in scores.items():
            if wanted[nomination_id].category_id == each.id and all(one.id in own for one in used):
                of_dossier[nomination_id].append(own)
        for nomination_id, sheets in of_dossier.items():
            shares[nomination_id] = {one.id: fmean(own[one.id] / one.most for own in sheets) for one in used}
        if len(shares) < 2 or len(used) < 2:
            continue
        by_id = {one.id: one for one in used}
        variants = scoring.vary_weights(queries.measures_of(used), shares, first=first)
        weighings.append(
            Weighing(each, len(shares), first, [(by_id[one.measure_id], one) for one in variants])
        )
    return weighings
