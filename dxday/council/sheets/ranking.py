"""The order of a scheme's dossiers by what was submitted: means, normalised and moderated scores, gaps, places."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from dxday.core.i18n import Translations, Words, lazy_gettext
from dxday.council.sheets import scoring
from dxday.council.sheets.scoring import Marks


class By(StrEnum):
    """What the order goes by."""

    RAW = "raw"
    NORMALISED = "normalised"
    MODERATED = "moderated"


BY_NAMES: dict[By, Words] = {
    By.RAW: lazy_gettext("Readers' mean"),
    By.NORMALISED: lazy_gettext("Normalised"),
    By.MODERATED: lazy_gettext("After moderation"),
}


@dataclass(frozen=True)
class Dossier:
    """What a list of scores says of a dossier."""

    id: int
    code: str
    nominee: str
    agency: Translations
    organisation_id: int
    scheme_id: int
    category_id: int


@dataclass(frozen=True)
class Standing:
    """A dossier with its scores; a score that cannot be said is None."""

    dossier: Dossier
    readers: int
    submitted: int
    raw: float | None
    normalised: float | None
    moderated: float | None
    """Agreed on after talking; where there was no moderation, the readers' mean."""
    is_moderated: bool
    gap: float
    place: int | None = None

    def value(self, by: By) -> float | None:
        """Return the score that an order goes by."""
        return {By.RAW: self.raw, By.NORMALISED: self.normalised, By.MODERATED: self.moderated}[by]


def stand(
    dossiers: Sequence[Dossier],
    marks: Iterable[Marks],
    *,
    readers: Mapping[int, int],
    moderated: Mapping[int, float],
    by: By,
    category_id: int | None = None,
) -> list[Standing]:
    """Return the dossiers of one scheme in their order, those without a score at the end, equals by code.

    Normalisation looks at the whole scheme, places only at the category if one is given.
    """
    given = list(marks)
    totals: dict[int, list[float]] = defaultdict(list)
    for each in given:
        totals[each.nomination_id].append(each.total)
    normalised = scoring.normalise(given)
    found = []
    for dossier in dossiers:
        if category_id is not None and dossier.category_id != category_id:
            continue
        own = totals.get(dossier.id, [])
        raw = round(fmean(own), 2) if own else None
        found.append(
            Standing(
                dossier=dossier,
                readers=readers.get(dossier.id, 0),
                submitted=len(own),
                raw=raw,
                normalised=normalised.get(dossier.id),
                moderated=moderated.get(dossier.id, raw),
                is_moderated=dossier.id in moderated,
                gap=scoring.gap_of(own),
            )
        )
    values = {each.dossier.id: value for each in found if (value := each.value(by)) is not None}
    places = scoring.ranks_of(values)
    last = len(found) + 1
    ordered = sorted(found, key=lambda each: (places.get(each.dossier.id, last), each.dossier.code))
    return [Standing(**{**each.__dict__, "place": places.get(each.dossier.id)}) for each in ordered]
