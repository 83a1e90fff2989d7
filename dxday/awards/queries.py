"""Reading decisions and awards."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from dxday.accounts.models import Organisation
from dxday.awards import rules
from dxday.awards.models import Award, Decision, DecisionDocument
from dxday.ballots.models import Ballot, BallotItem, BallotMinutes
from dxday.ballots.rules import State as BallotState
from dxday.core.errors import NotFound
from dxday.council.sheets import queries as sheets
from dxday.council.sheets import ranking
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State as NominationState
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category, Scheme
from dxday.schemes.rules import count_against, find_quota

ANNOUNCED = Decision.announced_at.is_not(None)
"""The condition under which anybody outside of the council may learn of a decision, its awards and certificates."""


def list_awards(edition_id: int, *, embargoed: bool = False) -> list[Award]:
    """Return every announced award with decision, category and scheme, as they are listed.

    That is by scheme, category, date and place in the decision.  `embargoed` adds what is not announced, and is only
    for pages of those who prepare the announcement.
    """
    return list(
        db.session.scalars(
            _whole()
            .join(Category, Category.id == Award.category_id)
            .join(Scheme, Scheme.id == Category.scheme_id)
            .join(Decision, Decision.id == Award.decision_id)
            .where(Award.edition_id == edition_id, *(() if embargoed else (ANNOUNCED,)))
            .order_by(
                Scheme.position,
                Scheme.id,
                Category.position,
                Category.id,
                Decision.decided_on,
                Decision.id,
                Award.position,
            )
        )
    )


def get_award(edition_id: int, code: str) -> Award:
    """Return the award with this code, announced or not, with decision, category and scheme.  Raises NotFound."""
    found = db.session.scalars(
        _whole().where(Award.edition_id == edition_id, Award.code == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_award_of(nomination_id: int) -> Award | None:
    """Return the award that a nomination led to, announced or not, with its decision, or None."""
    return db.session.scalars(_whole().where(Award.nomination_id == nomination_id)).one_or_none()


def list_decisions(edition_id: int) -> list[Decision]:
    """Return the edition's decisions, announced or not, with their awards, the latest first."""
    return list(
        db.session.scalars(
            select(Decision)
            .where(Decision.edition_id == edition_id)
            .options(selectinload(Decision.awards))
            .order_by(Decision.decided_on.desc(), Decision.id.desc())
        )
    )


def get_decision(edition_id: int, decision_id: int) -> Decision:
    """Return a decision of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(Decision).where(Decision.edition_id == edition_id, Decision.id == decision_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_decision_by_number(edition_id: int, number: str) -> Decision:
    """Return the decision of the edition that has this number.  Raises NotFound."""
    found = find_decision_by_number(edition_id, number)
    if found is None:
        raise NotFound
    return found


def find_decision_by_number(edition_id: int, number: str) -> Decision | None:
    """Return the decision of the edition that has this number, or None."""
    return db.session.scalars(
        select(Decision).where(Decision.edition_id == edition_id, Decision.number == number)
    ).one_or_none()


def find_last_decision(edition_id: int) -> Decision | None:
    """Return the decision that was recorded last, or None."""
    return db.session.scalars(
        select(Decision).where(Decision.edition_id == edition_id).order_by(Decision.id.desc()).limit(1)
    ).one_or_none()


def awards_of(decision_id: int) -> list[Award]:
    """Return the awards of a decision in their order, with decision, category, scheme and nomination."""
    return list(
        db.session.scalars(
            _whole()
            .options(joinedload(Award.nomination))
            .where(Award.decision_id == decision_id)
            .order_by(Award.position)
        )
    )


def find_document(decision_id: int) -> DecisionDocument | None:
    """Return the document of the decision as it was kept, or None."""
    return db.session.get(DecisionDocument, decision_id)


def ids_to_announce(now: datetime) -> list[int]:
    """Return the decisions whose moment has come, in the order of their moments."""
    return list(
        db.session.scalars(
            select(Decision.id)
            .where(Decision.announced_at.is_(None), Decision.announce_at <= now)
            .order_by(Decision.announce_at, Decision.id)
        )
    )


def list_minutes(nomination_ids: Sequence[int]) -> list[tuple[Ballot, BallotMinutes]]:
    """Return the minutes of the ballots that voted on these nominations, with scheme and council, by ballot."""
    rows = db.session.execute(
        select(Ballot, BallotMinutes)
        .join(BallotMinutes, BallotMinutes.ballot_id == Ballot.id)
        .where(
            Ballot.state == BallotState.CLOSED,
            Ballot.id.in_(
                select(BallotItem.ballot_id).where(BallotItem.nomination_id.in_(sorted(nomination_ids)))
            ),
        )
        .options(joinedload(Ballot.scheme), joinedload(Ballot.council))
        .order_by(Ballot.id)
    )
    return [(ballot, minutes) for ballot, minutes in rows]


def in_rank_order(found: Sequence[Nomination], *, viewer_id: int | None) -> list[Nomination]:
    """Return nominations, with category and scheme, by the scores that the viewer may see within each category.

    Categories keep their order; what has no score that the viewer may see comes after, in the order given.
    """
    places: dict[int, int] = {}
    for scheme in {each.category.scheme.id: each.category.scheme for each in found}.values():
        scores = sheets.get_scores(scheme, viewer_id=viewer_id)
        standings = ranking.stand(
            scores.dossiers,
            scores.marks,
            readers=scores.readers,
            moderated=scores.moderated,
            by=ranking.By.MODERATED,
        )
        for place, standing in enumerate(standings):
            if standing.moderated is not None:
                places[standing.dossier.id] = place
    category_order = {each.category_id: place for place, each in reversed(list(enumerate(found)))}
    last = len(found) + len(places)
    return sorted(found, key=lambda each: (category_order[each.category_id], places.get(each.id, last)))


def list_over_quota(chosen: Sequence[Nomination]) -> list[rules.OverQuota]:
    """Return the agencies of which more would be honoured, with these, than the schemes let them hand in.

    The nominations come with category and scheme.  Quotas are on handing in, and what was handed in stays when one is
    lowered: so this is for whoever decides to know, and refuses nothing.
    """
    found = []
    kinds = {
        row.id: row
        for row in db.session.scalars(
            select(Organisation).where(Organisation.id.in_({each.organisation_id for each in chosen}))
        )
    }
    for scheme_id in dict.fromkeys(each.category.scheme_id for each in chosen):
        quotas = schemes.list_quotas(scheme_id)
        if not quotas:
            continue
        own = [each for each in chosen if each.category.scheme_id == scheme_id]
        honoured = Counter(
            (category_id, organisation_id)
            for category_id, organisation_id in db.session.execute(
                select(Nomination.category_id, Nomination.organisation_id)
                .join(Category, Category.id == Nomination.category_id)
                .where(
                    Category.scheme_id == scheme_id,
                    Nomination.state == NominationState.AWARDED,
                    Nomination.id.not_in([each.id for each in own]),
                )
            )
        )
        honoured.update((each.category_id, each.organisation_id) for each in own)
        seen = set()
        for each in own:
            quota = find_quota(
                quotas,
                category_id=each.category_id,
                organisation_id=each.organisation_id,
                organisation_kind=kinds[each.organisation_id].kind,
            )
            if quota is None or (quota.id, each.organisation_id) in seen:
                continue
            seen.add((quota.id, each.organisation_id))
            count = count_against(quota, honoured, organisation_id=each.organisation_id)
            if count > quota.most:
                found.append(rules.OverQuota(each.organisation_name, count, quota.most))
    return found


def _whole() -> Select[Award]:
    return select(Award).options(
        joinedload(Award.decision), joinedload(Award.category).joinedload(Category.scheme)
    )
