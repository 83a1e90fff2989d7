"""Conflicts of interest: declared, set, detected, taken back and lifted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update

from dxday.accounts.models import Account
from dxday.audit import services as audit
from dxday.core.actor import SYSTEM, Actor
from dxday.core.permissions import Permission
from dxday.council import queries, rules
from dxday.council.models import ConflictOfInterest, Council, Declaration, Reading
from dxday.db import db
from dxday.nominations.models import Nomination


def detect_conflicts(
    council: Council,
    *,
    now: datetime,
    actor: Actor = SYSTEM,
    account_ids: Collection[int] | None = None,
    dossiers: Collection[Nomination] | None = None,
) -> int:
    """Look through dossiers and members of the council by the rules, and return how many new conflicts there are.

    Without `account_ids` everybody who sits now, without `dossiers` everything before the council.  What the secretary
    lifted stays lifted; readings that a conflict stands against are taken away.
    """
    if account_ids is None:
        day = queries.today_of(council.edition_id, now)
        account_ids = [term.account_id for term in queries.list_sitting(council.id, day)]
    if dossiers is None:
        dossiers = queries.list_dossiers([council.id])
    ids = [each.id for each in dossiers]
    known = {
        (nomination_id, account_id, kind)
        for nomination_id, account_id, kind in db.session.execute(
            select(
                ConflictOfInterest.nomination_id, ConflictOfInterest.account_id, ConflictOfInterest.kind
            ).where(
                ConflictOfInterest.account_id.in_(account_ids),
                ConflictOfInterest.nomination_id.in_(ids),
                ConflictOfInterest.source == rules.ConflictSource.DETECTED,
            )
        )
    }
    codes = {each.id: each.code for each in dossiers}
    found: dict[int, list[str]] = {}
    for nomination_id, account_id, kind, detail in queries.detect(account_ids, dossiers):
        if (nomination_id, account_id, kind) in known:
            continue
        known.add((nomination_id, account_id, kind))
        db.session.add(
            ConflictOfInterest(
                nomination_id=nomination_id,
                account_id=account_id,
                source=rules.ConflictSource.DETECTED,
                kind=kind,
                detail=detail,
                created_at=now,
            )
        )
        found.setdefault(account_id, []).append(f"{codes[nomination_id]} {kind}")
    db.session.flush()
    for account_id, what in found.items():
        audit.record(
            "conflict.detected",
            subject=f"account:{account_id}",
            actor=actor,
            now=now,
            edition_id=council.edition_id,
            conflicts=what,
        )
    if found:
        _remove_barred(found, ids, actor=actor, now=now)
    return sum(map(len, found.values()))


def declare(
    dossiers: Sequence[Nomination],
    conflicts: Mapping[int, tuple[rules.ConflictKind, str]],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Say for each of the dossiers whether there is a conflict: `conflicts` has kind and words of those where there is.

    It can be said again at any time.  The dossiers are of one edition.  Raises NotYourDeclaration.
    """
    account_id = actor.account_id
    if account_id is None or not dossiers:
        raise rules.NotYourDeclaration
    if not actor.may(Permission.COUNCIL_SIT, edition_id=dossiers[0].edition_id):
        raise rules.NotYourDeclaration
    answered = frozenset(
        db.session.scalars(
            select(Declaration.nomination_id).where(
                Declaration.account_id == account_id,
                Declaration.nomination_id.in_([each.id for each in dossiers]),
            )
        )
    )
    for nomination in dossiers:
        if nomination.id not in answered:
            db.session.add(Declaration(nomination_id=nomination.id, account_id=account_id, declared_at=now))
        if nomination.id in conflicts:
            kind, detail = conflicts[nomination.id]
            _keep(
                nomination,
                account_id,
                rules.ConflictSource.DECLARED,
                kind,
                detail,
                actor=actor,
                now=now,
            )
    db.session.flush()
    audit.record(
        "conflict.answered",
        subject=f"account:{account_id}",
        actor=actor,
        now=now,
        edition_id=dossiers[0].edition_id,
        none=[each.code for each in dossiers if each.id not in conflicts],
        conflicts=[each.code for each in dossiers if each.id in conflicts],
    )
    _remove_barred([account_id], list(conflicts), actor=actor, now=now)


def take_back(conflict: ConflictOfInterest, *, actor: Actor, now: datetime) -> None:
    """Let a member take back what they declared themselves.  Raises NotYourDeclaration, ConflictStands."""
    if conflict.account_id != actor.account_id:
        raise rules.NotYourDeclaration
    if conflict.source is not rules.ConflictSource.DECLARED:
        raise rules.ConflictStands
    _lift(conflict, "", "conflict.taken_back", actor=actor, now=now)


def pin_conflict(
    nomination: Nomination,
    account: Account,
    *,
    kind: rules.ConflictKind,
    detail: str,
    actor: Actor,
    now: datetime,
) -> ConflictOfInterest:
    """Keep a member away from a dossier; they cannot take it back.  Raises NotTheSecretary."""
    rules.check_may_manage(actor, edition_id=nomination.edition_id)
    conflict = _keep(nomination, account.id, rules.ConflictSource.PINNED, kind, detail, actor=actor, now=now)
    db.session.flush()
    audit.record(
        "conflict.pinned",
        subject=nomination.code,
        actor=actor,
        now=now,
        edition_id=nomination.edition_id,
        account=account.id,
        kind=kind.value,
    )
    _remove_barred([account.id], [nomination.id], actor=actor, now=now)
    return conflict


def lift_conflict(conflict: ConflictOfInterest, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a conflict, loaded with its dossier, no longer stand.  Raises NotTheSecretary, ReasonMissing."""
    rules.check_may_manage(actor, edition_id=conflict.nomination.edition_id)
    rules.check_reason(reason)
    _lift(conflict, reason.strip(), "conflict.lifted", actor=actor, now=now)


def lift_alike(
    council: Council, conflict: ConflictOfInterest, *, reason: str, actor: Actor, now: datetime
) -> int:
    """Lift every detected conflict of the member that is of the same kind and was seen by the same; return how many.

    Raises NotTheSecretary, ReasonMissing.
    """
    rules.check_may_manage(actor, edition_id=council.edition_id)
    rules.check_reason(reason)
    alike = [
        each
        for each in queries.list_conflicts(council.id)
        if each.lifted_at is None
        and (each.account_id, each.source, each.kind, each.detail)
        == (conflict.account_id, rules.ConflictSource.DETECTED, conflict.kind, conflict.detail)
    ]
    for each in alike:
        _lift(each, reason.strip(), "conflict.lifted", actor=actor, now=now)
    return len(alike)


def _keep(
    nomination: Nomination,
    account_id: int,
    source: rules.ConflictSource,
    kind: rules.ConflictKind,
    detail: str,
    *,
    actor: Actor,
    now: datetime,
) -> ConflictOfInterest:
    """Return the standing conflict of this source and kind: a new one, or the one of before, standing again."""
    known = db.session.scalars(
        select(ConflictOfInterest).where(
            ConflictOfInterest.nomination_id == nomination.id,
            ConflictOfInterest.account_id == account_id,
            ConflictOfInterest.source == source,
            ConflictOfInterest.kind == kind.value,
        )
    ).one_or_none()
    if known is None:
        known = ConflictOfInterest(
            nomination_id=nomination.id, account_id=account_id, source=source, kind=kind.value, detail=""
        )
        db.session.add(known)
    known.detail, known.created_at, known.created_by_id = detail.strip(), now, actor.account_id
    known.lifted_at = known.lifted_by_id = known.lift_reason = None
    return known


def _lift(conflict: ConflictOfInterest, reason: str, action: str, *, actor: Actor, now: datetime) -> None:
    if conflict.lifted_at is not None:
        return
    conflict.lifted_at, conflict.lifted_by_id, conflict.lift_reason = now, actor.account_id, reason
    db.session.flush()
    nomination = db.session.get_one(Nomination, conflict.nomination_id)
    audit.record(
        action,
        subject=nomination.code,
        actor=actor,
        now=now,
        edition_id=nomination.edition_id,
        account=conflict.account_id,
        source=conflict.source.value,
        kind=conflict.kind,
        reason=reason,
    )


def _remove_barred(
    account_ids: Collection[int], nomination_ids: Collection[int], *, actor: Actor, now: datetime
) -> None:
    """Take away the readings that a conflict stands against; what was read is past, what is to come is not."""
    against = select(ConflictOfInterest.id).where(
        ConflictOfInterest.nomination_id == Reading.nomination_id,
        ConflictOfInterest.account_id == Reading.account_id,
        ConflictOfInterest.lifted_at.is_(None),
    )
    db.session.execute(
        update(Reading)
        .where(
            Reading.account_id.in_(list(account_ids)),
            Reading.nomination_id.in_(list(nomination_ids)),
            Reading.removed_at.is_(None),
            against.exists(),
        )
        .values(removed_at=now, removed_by_id=actor.account_id, removal_reason="conflict of interest")
        .execution_options(synchronize_session="fetch")
    )
