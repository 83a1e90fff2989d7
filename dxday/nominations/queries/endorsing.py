"""Endorsements and their chain."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from dxday.core import codes
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.nominations import rules
from dxday.nominations.models import (
    Endorsement,
    Nomination,
)
from dxday.nominations.queries.finding import select_whole


def last_round(nomination_id: int) -> int:
    """Return how often the nomination was sent to endorsers."""
    return db.session.scalars(
        select(func.coalesce(func.max(Endorsement.round), 0)).where(
            Endorsement.nomination_id == nomination_id
        )
    ).one()


def list_chain(nomination_id: int) -> list[Endorsement]:
    """Return who endorses in the last round, one for each step in their order; whoever was replaced is left out."""
    rows = list_endorsements(nomination_id)
    last = max((row.round for row in rows), default=0)
    return list({row.position: row for row in rows if row.round == last}.values())


def list_endorsements(nomination_id: int) -> list[Endorsement]:
    """Return everybody who was ever named, by round and step, whoever was replaced before who came instead."""
    return list(
        db.session.scalars(
            select(Endorsement)
            .where(Endorsement.nomination_id == nomination_id)
            .order_by(Endorsement.round, Endorsement.position, Endorsement.id)
        )
    )


def get_endorsement(nomination_id: int, endorsement_id: int) -> Endorsement:
    """Return a step of the nomination's chain.  Raises NotFound."""
    found = db.session.scalars(
        select(Endorsement).where(
            Endorsement.nomination_id == nomination_id, Endorsement.id == endorsement_id
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_asked(token: str, now: datetime) -> tuple[Endorsement, Nomination]:
    """Return the step that the token answers, and its nomination with category and scheme.

    Raises LinkNotOpen for a token that is unknown, used, replaced or run out: they look the same.
    """
    found = find_by_token(token)
    if found is None or not is_answerable(*found, now):
        raise rules.LinkNotOpen
    return found


def find_by_token(token: str) -> tuple[Endorsement, Nomination] | None:
    """Return the step that the token was made for, answered or not, and its nomination; or None."""
    endorsement = db.session.scalars(
        select(Endorsement).where(Endorsement.token_hash == codes.hash_of(token))
    ).one_or_none()
    if endorsement is None:
        return None
    return endorsement, db.session.scalars(
        select_whole().where(Nomination.id == endorsement.nomination_id)
    ).one()


def is_answerable(endorsement: Endorsement, nomination: Nomination, now: datetime) -> bool:
    """Tell whether an answer to the step counts."""
    return (
        endorsement.standing(now) is rules.EndorsementState.ASKED
        and nomination.state is rules.State.ENDORSING
    )


def list_run_out(now: datetime) -> list[tuple[Endorsement, Nomination]]:
    """Return the asked steps whose links have run out, with their nominations; what others hold is left to them."""
    rows = db.session.execute(
        select(Endorsement, Nomination)
        .join(Nomination, Nomination.id == Endorsement.nomination_id)
        .where(Endorsement.state == rules.EndorsementState.ASKED, Endorsement.expires_at <= now)
        .order_by(Endorsement.id)
        .with_for_update(skip_locked=True, of=Endorsement)
    )
    return [(endorsement, nomination) for endorsement, nomination in rows]


def list_endorsers(nomination_ids: Iterable[int]) -> dict[int, list[rules.Endorser]]:
    """Return, for each nomination that has some, who was asked and did not have the question taken back.

    Whoever judges a nomination must not have endorsed it, nor have sent it back.
    """
    found: dict[int, list[rules.Endorser]] = {}
    for nomination_id, name, office, email in db.session.execute(
        select(Endorsement.nomination_id, Endorsement.name, Endorsement.office, Endorsement.email)
        .where(
            Endorsement.nomination_id.in_(list(nomination_ids)),
            Endorsement.state.in_(
                (
                    rules.EndorsementState.ASKED,
                    rules.EndorsementState.ENDORSED,
                    rules.EndorsementState.DECLINED,
                )
            ),
        )
        .order_by(Endorsement.id)
    ):
        found.setdefault(nomination_id, []).append(rules.Endorser(name, office, email))
    return found
