"""Reading what stands against dossiers, holds, opinions, and dossiers that are like each other."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload

from dxday.appraisal import checks, contents, rules
from dxday.appraisal.facts import Dossier, HoldFacts
from dxday.appraisal.gathering import (
    list_holds_on,
    list_likenesses,
    list_namesakes,
    load_dossiers,
    load_holds,
    select_holds,
)
from dxday.appraisal.models import DossierPrint, FindingOverride, Fingerprint, Hold, Opinion
from dxday.appraisal.rules import RULES, Finding, Level, Override
from dxday.audit.models import AuditEntry
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import queries as nominations
from dxday.nominations.models import Attachment, Nomination
from dxday.nominations.rules import EVENT_NAMES, State
from dxday.schemes.models import Category

__all__ = ["checks", "list_holds_on"]

CANDIDATES = 20
"""So many texts with the most fingerprints in common are compared word by word."""
PLACES = 20_000
"""So many places of fingerprints are looked at, of the rarest ones first: what everybody writes tells nothing."""


@dataclass(frozen=True)
class Appraised:
    """A dossier with what stands against it."""

    nomination: Nomination
    findings: list[Finding]
    """The heaviest first; those that may stand at the end."""
    compared: bool
    """Whether its text was compared with the others yet."""

    @property
    def counts(self) -> Counter[Level]:
        """How many findings of each level nobody has overridden."""
        return Counter(found.level for found in self.findings if found.override is None)

    @property
    def heaviest(self) -> Level | None:
        """The greatest level of a finding that nobody has overridden."""
        return max(self.counts, key=lambda level: level.weight, default=None)


# Findings ------------------------------------------------------------------------------------------------------------


def appraise(edition: Edition, found: Collection[Nomination], *, now: datetime) -> list[Appraised]:
    """Return these dossiers of the edition with what stands against each, in their order.

    The nominations come with category and scheme.  The number of queries does not depend on how many there are.
    """
    dossiers = load_dossiers(edition, found, now)
    overrides = _map_overrides([each.id for each in found])
    compared = set(
        db.session.scalars(
            select(DossierPrint.nomination_id).where(
                DossierPrint.nomination_id.in_([each.id for each in found])
            )
        )
    )
    return [
        Appraised(
            nomination,
            _in_order(_find(dossiers[nomination.id], overrides.get(nomination.id, {}))),
            nomination.id in compared,
        )
        for nomination in found
    ]


def _find(dossier: Dossier, overrides: dict[tuple[str, str], Override]) -> Iterator[Finding]:
    for known in RULES.values():
        for draft in known.find(dossier):
            yield Finding(
                known.code,
                draft.key,
                draft.message,
                draft.mend,
                draft.other_id,
                overrides.get((known.code, draft.key)),
            )


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda found: (found.override is not None, -found.level.weight))


def _map_overrides(nomination_ids: Collection[int]) -> dict[int, dict[tuple[str, str], Override]]:
    overrides: dict[int, dict[tuple[str, str], Override]] = {}
    for row in db.session.scalars(
        select(FindingOverride)
        .where(FindingOverride.nomination_id.in_(nomination_ids))
        .options(joinedload(FindingOverride.account))
    ):
        by = row.account.full_name if row.account is not None else ""
        overrides.setdefault(row.nomination_id, {})[row.rule, row.key] = Override(row.reason, by)
    return overrides


def find_override(nomination_id: int, rule: str, key: str) -> FindingOverride | None:
    """Return the override of a finding, or None."""
    return db.session.scalars(
        select(FindingOverride).where(
            FindingOverride.nomination_id == nomination_id,
            FindingOverride.rule == rule,
            FindingOverride.key == key,
        )
    ).one_or_none()


# Holds and opinions --------------------------------------------------------------------------------------------------


def list_holds(edition_id: int) -> list[Hold]:
    """Return the holds that were opened in the edition, the latest first."""
    return list(
        db.session.scalars(select_holds().where(Hold.edition_id == edition_id).order_by(Hold.id.desc()))
    )


def get_hold(edition_id: int, hold_id: int) -> Hold:
    """Return a hold that was opened in the edition.  Raises NotFound."""
    found = db.session.scalars(
        select_holds().where(Hold.edition_id == edition_id, Hold.id == hold_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_opinions(nomination_id: int) -> list[Opinion]:
    """Return the opinions asked for about a dossier, the oldest first."""
    return list(
        db.session.scalars(select(Opinion).where(Opinion.nomination_id == nomination_id).order_by(Opinion.id))
    )


def get_opinion(nomination_id: int, opinion_id: int) -> Opinion:
    """Return an opinion about the dossier.  Raises NotFound."""
    found = db.session.scalars(
        select(Opinion).where(Opinion.nomination_id == nomination_id, Opinion.id == opinion_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


# Dossiers that are like each other -----------------------------------------------------------------------------------


def list_unprinted(limit: int) -> list[int]:
    """Return ids of dossiers that were handed in and not made ready for being compared as they are now."""
    return list(
        db.session.scalars(
            select(Nomination.id)
            .join(DossierPrint, DossierPrint.nomination_id == Nomination.id, isouter=True)
            .where(
                Nomination.submitted_at.is_not(None),
                or_(DossierPrint.version.is_(None), DossierPrint.version != Nomination.version),
            )
            .order_by(Nomination.id)
            .limit(limit)
        )
    )


def find_candidates(nomination_id: int, hashes: Collection[int]) -> list[int]:
    """Return the dossiers that share the most of these fingerprints, `CANDIDATES` at the most.

    Rare fingerprints are looked up first, until `PLACES` places were looked at.
    """
    if not hashes:
        return []
    known = db.session.execute(
        select(Fingerprint.hash, func.count().label("places"))
        .where(Fingerprint.hash.in_(sorted(hashes)))
        .group_by(Fingerprint.hash)
        .order_by(func.count(), Fingerprint.hash)
    )
    rare: list[int] = []
    places = 0
    for found, count in known:
        places += count
        if rare and places > PLACES:
            break
        rare.append(found)
    shared = func.count()
    return list(
        db.session.scalars(
            select(Fingerprint.nomination_id)
            .where(Fingerprint.hash.in_(rare), Fingerprint.nomination_id != nomination_id)
            .group_by(Fingerprint.nomination_id)
            .order_by(shared.desc(), Fingerprint.nomination_id)
            .limit(CANDIDATES)
        )
    )


def get_compared(edition_id: int, nomination_id: int, other_code: str) -> Nomination:
    """Return a dossier, of whatever edition, that a finding of this one of the edition compares it with.

    Only one that is like it, has its nominee's name or one of its files.  Raises NotFound.
    """
    own = db.session.get(Nomination, nomination_id)
    if own is None or own.edition_id != edition_id:
        raise NotFound
    for other in db.session.scalars(
        select(Nomination)
        .where(Nomination.code == other_code, Nomination.submitted_at.is_not(None))
        .options(joinedload(Nomination.category).joinedload(Category.scheme))
    ):
        related = {each for each, *_rest in list_likenesses([own.id]).get(own.id, ())}
        related |= set(list_namesakes([own])[own.id])
        if other.id in related or list_same_files(own.id, other.id):
            return other
    raise NotFound


def map_codes(ids: Iterable[int | None]) -> dict[int, str]:
    """Return the codes of these dossiers."""
    rows = db.session.execute(
        select(Nomination.id, Nomination.code).where(
            Nomination.id.in_(sorted({each for each in ids if each is not None}))
        )
    )
    return dict(rows.all())


def list_history(nomination: Nomination) -> list[AuditEntry]:
    """Return the audit entries that tell how the dossier came to where it is and was appraised, the oldest first."""
    return list(
        db.session.scalars(
            select(AuditEntry)
            .where(
                AuditEntry.edition_id == nomination.edition_id,
                AuditEntry.subject == nomination.code,
                AuditEntry.action.in_([*EVENT_NAMES, *rules.EVENT_NAMES]),
            )
            .order_by(AuditEntry.sequence)
        )
    )


# Lists ---------------------------------------------------------------------------------------------------------------


def list_dossiers(
    edition_id: int, *, state: State | None = None, category_id: int | None = None
) -> list[Nomination]:
    """Return the dossiers of the edition that were handed in, with category and scheme; see list_before_council."""
    return nominations.list_before_council(edition_id, state=state, category_id=category_id)


def list_words(ids: Sequence[int]) -> dict[int, str]:
    """Return the folded words of the texts of these dossiers."""
    rows = db.session.execute(
        select(DossierPrint.nomination_id, DossierPrint.words).where(
            DossierPrint.nomination_id.in_(sorted(ids))
        )
    )
    return dict(rows.all())


def list_texts(found: Sequence[Nomination]) -> list[str]:
    """Return the texts of these dossiers, in their order."""
    texts = contents.texts_of(found)
    return [texts[each.id] for each in found]


def list_shown(nomination: Nomination) -> list[contents.Shown]:
    """Return what the dossier says, field by field, what is sensitive too."""
    return contents.list_shown(nomination)


def list_same_files(nomination_id: int, other_id: int) -> list[tuple[str, str]]:
    """Return the files that two dossiers share: (name in the one, name in the other)."""
    own, its = aliased(Attachment), aliased(Attachment)
    rows = db.session.execute(
        select(own.filename, its.filename)
        .join(its, its.sha256 == own.sha256)
        .where(
            own.nomination_id == nomination_id,
            its.nomination_id == other_id,
            own.removed_at.is_(None),
            its.removed_at.is_(None),
        )
        .order_by(own.id, its.id)
    )
    return [(name, its_name) for name, its_name in rows]


def list_held(edition: Edition, found: Collection[Nomination], *, now: datetime) -> frozenset[int]:
    """Return those of these dossiers that a hold holds up now: nobody is commended meanwhile."""
    return frozenset(map_holds(edition, found, now=now))


def map_holds(edition: Edition, found: Collection[Nomination], *, now: datetime) -> dict[int, HoldFacts]:
    """Return the oldest hold that holds up each of these dossiers now, by the id of the nomination."""
    zone = ZoneInfo(edition.time_zone)
    holds = load_holds(found, now.astimezone(zone).date(), zone)
    holding = ((each.id, next((hold for hold in holds[each.id] if hold.holding), None)) for each in found)
    return {nomination_id: hold for nomination_id, hold in holding if hold is not None}
