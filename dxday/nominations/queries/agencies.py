"""What an agency sees of its nominations together: places, order, lines, what is proposed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from dxday.accounts.models import Organisation
from dxday.db import db
from dxday.nominations import rules
from dxday.nominations.models import (
    Nomination,
)
from dxday.nominations.queries.finding import category_of, select_whole
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category, EligibilityQuestion, Quota, Scheme
from dxday.schemes.rules import count_against, find_quota


def find_room(nomination: Nomination) -> rules.Room | None:
    """Return how many places the agency has used of the quota that holds for the nomination, or None without one."""
    category = category_of(nomination)
    quota = find_quota(
        schemes.list_quotas(category.scheme_id),
        category_id=category.id,
        organisation_id=nomination.organisation_id,
        organisation_kind=db.session.get_one(Organisation, nomination.organisation_id).kind,
    )
    if quota is None:
        return None
    rows = db.session.execute(
        select(Nomination.category_id, func.count())
        .join(Category, Category.id == Nomination.category_id)
        .where(
            Category.scheme_id == category.scheme_id,
            Nomination.organisation_id == nomination.organisation_id,
            Nomination.state.in_(rules.HANDED_IN),
        )
        .group_by(Nomination.category_id)
    )
    used = {(category_id, nomination.organisation_id): count for category_id, count in rows}
    return rules.Room(count_against(quota, used, organisation_id=nomination.organisation_id), quota.most)


@dataclass(frozen=True)
class Line:
    """An agency in a scheme that limits it: its places, and the drafts that wait for one, in its own order."""

    scheme: Scheme
    organisation: Organisation
    rooms: list[tuple[Category | None, rules.Room]]
    waiting: list[Nomination]


def list_lines(edition_id: int, organisations: Sequence[Organisation]) -> list[Line]:
    """Return where the agencies' places are limited, by scheme and agency; takes four queries at the most."""
    offered = schemes.list_schemes(edition_id)
    ids = [each.id for each in offered]
    quotas = list(db.session.scalars(select(Quota).where(Quota.scheme_id.in_(ids)).order_by(Quota.id)))
    if not quotas:
        return []
    mine = list(
        db.session.scalars(
            select(Nomination)
            .where(
                Nomination.edition_id == edition_id,
                Nomination.organisation_id.in_([each.id for each in organisations]),
            )
            .order_by(Nomination.rank_in_agency.is_(None), Nomination.rank_in_agency, Nomination.id)
        )
    )
    lines = []
    for scheme in offered:
        of_scheme = [quota for quota in quotas if quota.scheme_id == scheme.id]
        categories = {category.id: category for category in scheme.categories}
        here = [each for each in mine if each.category_id in categories]
        handed_in = [each for each in here if each.state in rules.HANDED_IN]
        used = Counter((each.category_id, each.organisation_id) for each in handed_in)
        drafts = [each for each in here if each.state is rules.State.DRAFT]
        for organisation in organisations if of_scheme else ():
            held = {}
            for category in scheme.categories:
                quota = find_quota(
                    of_scheme,
                    category_id=category.id,
                    organisation_id=organisation.id,
                    organisation_kind=organisation.kind,
                )
                if quota is not None:
                    held[quota.id] = (
                        categories.get(quota.category_id) if quota.category_id else None,
                        rules.Room(count_against(quota, used, organisation_id=organisation.id), quota.most),
                    )
            waiting = [each for each in drafts if each.organisation_id == organisation.id]
            if held:
                lines.append(Line(scheme, organisation, list(held.values()), waiting))
    return lines


def list_questioned(edition_id: int) -> frozenset[int]:
    """Return the categories of the edition in which questions are asked before a dossier is begun."""
    rows = db.session.scalars(
        select(Category.id)
        .join(EligibilityQuestion, EligibilityQuestion.scheme_id == Category.scheme_id)
        .where(
            Category.edition_id == edition_id,
            or_(EligibilityQuestion.category_id.is_(None), EligibilityQuestion.category_id == Category.id),
        )
    )
    return frozenset(rows)


def list_waiting(nomination: Nomination) -> list[Nomination]:
    """Return the agency's drafts in the scheme of the nomination, in the agency's own order."""
    return list(
        db.session.scalars(
            select(Nomination)
            .join(Category, Category.id == Nomination.category_id)
            .where(
                Category.scheme_id == category_of(nomination).scheme_id,
                Nomination.organisation_id == nomination.organisation_id,
                Nomination.state == rules.State.DRAFT,
            )
            .order_by(Nomination.rank_in_agency.is_(None), Nomination.rank_in_agency, Nomination.id)
        )
    )


def list_proposed(scheme_id: int, organisation_id: int) -> list[Nomination]:
    """Return what an agency proposes in a scheme, in its own order; what was withdrawn or declined is not in it."""
    return list(
        db.session.scalars(
            select_whole()
            .join(Category, Category.id == Nomination.category_id)
            .where(
                Category.scheme_id == scheme_id,
                Nomination.organisation_id == organisation_id,
                Nomination.state.not_in((rules.State.WITHDRAWN, rules.State.DECLINED)),
            )
            .order_by(
                Category.position,
                Category.id,
                Nomination.rank_in_agency.is_(None),
                Nomination.rank_in_agency,
                Nomination.id,
            )
        )
    )
