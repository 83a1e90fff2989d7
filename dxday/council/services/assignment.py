"""Who reads what: proposals, taken or changed by hand, and readings."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from dxday.accounts.models import Account
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.errors import Stale
from dxday.council import assigning, queries, rules
from dxday.council.models import AssignmentRun, AvoidPair, Council, Reading
from dxday.council.services import interests
from dxday.db import db
from dxday.nominations.models import Nomination


def propose_assignment(
    council: Council, *, seed: int, keep: bool, actor: Actor, now: datetime
) -> AssignmentRun:
    """Make a proposal for everything before the council; one that was still open is dropped.

    Conflicts are looked for first.  Nothing is assigned before somebody takes it.  Raises NotTheSecretary.
    """
    rules.check_may_manage(actor, edition_id=council.edition_id)
    _lock(council)
    interests.detect_conflicts(council, actor=actor, now=now)
    if (open_run := queries.find_open_run(council.id)) is not None:
        drop_proposal(council, open_run, actor=actor, now=now)
    problem = problem_of(council, keep=keep, now=now)
    readers = assigning.assign(problem, seed=seed)
    run = AssignmentRun(
        council_id=council.id,
        seed=seed,
        parameters={
            "keep": keep,
            "dossiers": len(problem.tasks),
            "members": len(problem.members),
            "experts": len(problem.experts),
        },
        pairs=_pairs(readers),
        by_hand=False,
        created_by_id=actor.account_id,
        created_at=now,
    )
    db.session.add(run)
    db.session.flush()
    _record("assignment.proposed", council, actor=actor, now=now, run=run.id, seed=seed, **run.parameters)
    return run


def problem_of(council: Council, *, keep: bool, now: datetime) -> assigning.Problem:
    """Return what is to be assigned: dossiers before the council, and who sits on it today."""
    dossiers = queries.list_dossiers([council.id])
    ids = [each.id for each in dossiers]
    barred = queries.list_barred(ids)
    sitting = queries.list_sitting(council.id, queries.today_of(council.edition_id, now))
    return assigning.Problem(
        tasks=tuple(
            assigning.Task(each.id, each.category.scheme.readers, barred.get(each.id, frozenset()))
            for each in dossiers
        ),
        members=tuple(term.account_id for term in sitting),
        experts=frozenset(term.account_id for term in sitting if term.seat.expert),
        avoid=avoided(council),
        existing=queries.list_readers(ids),
        keep=keep,
    )


def avoided(council: Council) -> frozenset[frozenset[int]]:
    """Return the pairs of accounts that do not read the same dossier."""
    return frozenset(
        frozenset({pair.first_id, pair.second_id}) for pair in queries.list_avoid_pairs(council.id)
    )


def change_proposal(
    council: Council,
    run: AssignmentRun,
    nomination: Nomination,
    account_ids: Collection[int],
    *,
    version: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Change by hand who would read a dossier.

    Raises NotTheSecretary, ProposalOver, Stale, NotSitting, MustKeepAway, AvoidEachOther.
    """
    rules.check_may_manage(actor, edition_id=council.edition_id)
    _check_open(run)
    if run.version != version:
        raise Stale
    _check_readers(council, nomination, account_ids, now=now)
    others = [pair for pair in run.pairs if pair[0] != nomination.id]
    run.pairs = sorted(others + [[nomination.id, account_id] for account_id in account_ids])
    run.by_hand = True
    db.session.flush()
    _record(
        "assignment.changed",
        council,
        actor=actor,
        now=now,
        run=run.id,
        dossier=nomination.code,
        readers=sorted(account_ids),
    )


def take_proposal(council: Council, run: AssignmentRun, *, version: int, actor: Actor, now: datetime) -> int:
    """Make readings what was proposed, and return how many pairs could not be taken.

    Those are pairs between which a conflict came up since, members who left, and dossiers that are gone.
    Raises NotTheSecretary, ProposalOver, Stale.
    """
    rules.check_may_manage(actor, edition_id=council.edition_id)
    _lock(council)
    db.session.refresh(run)
    _check_open(run)
    if run.version != version:
        raise Stale
    interests.detect_conflicts(council, actor=actor, now=now)
    problem = problem_of(council, keep=True, now=now)
    tasks = {task.key: task for task in problem.tasks}
    wanted: dict[int, set[int]] = {key: set() for key in tasks}
    left_out = 0
    for nomination_id, account_id in run.pairs:
        task = tasks.get(nomination_id)
        if task is None or account_id in task.barred or account_id not in problem.members:
            left_out += 1
        else:
            wanted[nomination_id].add(account_id)
    run.taken_at = now
    db.session.flush()
    current = problem.existing or {}
    codes = {each.id: each.code for each in queries.list_dossiers([council.id])}
    for nomination_id, account_ids in wanted.items():
        _set_readers(
            council,
            (nomination_id, codes[nomination_id]),
            current.get(nomination_id, frozenset()),
            frozenset(account_ids),
            run_id=run.id,
            actor=actor,
            now=now,
        )
    db.session.flush()
    _record("assignment.taken", council, actor=actor, now=now, run=run.id, left_out=left_out)
    return left_out


def drop_proposal(council: Council, run: AssignmentRun, *, actor: Actor, now: datetime) -> None:
    """Let a proposal go without consequences.  Raises NotTheSecretary, ProposalOver."""
    rules.check_may_manage(actor, edition_id=council.edition_id)
    _check_open(run)
    run.dropped_at = now
    db.session.flush()
    _record("assignment.dropped", council, actor=actor, now=now, run=run.id)


def change_readers(
    council: Council,
    nomination: Nomination,
    account_ids: Collection[int],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Set by hand who reads a dossier; its conflicts are looked for first.

    Raises NotTheSecretary, NotSitting, MustKeepAway, AvoidEachOther.
    """
    rules.check_may_manage(actor, edition_id=council.edition_id)
    _lock(council)
    interests.detect_conflicts(council, dossiers=[nomination], actor=actor, now=now)
    _check_readers(council, nomination, account_ids, now=now)
    current = queries.list_readers([nomination.id]).get(nomination.id, frozenset())
    _set_readers(
        council,
        (nomination.id, nomination.code),
        current,
        frozenset(account_ids),
        run_id=None,
        actor=actor,
        now=now,
    )
    db.session.flush()


def add_avoid_pair(
    council: Council, one: Account, other: Account, *, reason: str, actor: Actor, now: datetime
) -> AvoidPair:
    """Let two members not read the same dossier from the next proposal on.

    Raises NotTheSecretary, PairNotPossible.
    """
    rules.check_may_manage(actor, edition_id=council.edition_id)
    first, second = sorted((one.id, other.id))
    if first == second:
        raise rules.PairNotPossible
    pair = AvoidPair(
        council_id=council.id, first_id=first, second_id=second, reason=reason.strip(), created_at=now
    )
    try:
        with db.session.begin_nested():
            db.session.add(pair)
    except IntegrityError as error:
        raise rules.PairNotPossible from error
    _record("pair.added", council, actor=actor, now=now, accounts=[first, second], reason=reason.strip())
    return pair


def remove_avoid_pair(council: Council, pair: AvoidPair, *, actor: Actor, now: datetime) -> None:
    """Let two members read the same dossiers again.  Raises NotTheSecretary."""
    rules.check_may_manage(actor, edition_id=council.edition_id)
    _record("pair.removed", council, actor=actor, now=now, accounts=[pair.first_id, pair.second_id])
    db.session.delete(pair)
    db.session.flush()


def _check_open(run: AssignmentRun) -> None:
    if run.taken_at is not None or run.dropped_at is not None:
        raise rules.ProposalOver


def _check_readers(
    council: Council, nomination: Nomination, account_ids: Iterable[int], *, now: datetime
) -> None:
    """Raise NotSitting, MustKeepAway or AvoidEachOther."""
    wanted = frozenset(account_ids)
    sitting = {
        term.account_id: term.account.full_name
        for term in queries.list_sitting(council.id, queries.today_of(council.edition_id, now))
    }
    names = {
        key: account.full_name for key, account in queries.list_accounts(wanted - sitting.keys()).items()
    }
    for account_id in sorted(wanted - sitting.keys()):
        raise rules.NotSitting(name=names.get(account_id, str(account_id)))
    barred = queries.list_barred([nomination.id]).get(nomination.id, frozenset())
    for account_id in sorted(wanted & barred):
        raise rules.MustKeepAway(name=sitting[account_id], code=nomination.code)
    for _, pair in assigning.find_together({nomination.id: wanted}, avoided(council)):
        one, other = sorted(pair)
        raise rules.AvoidEachOther(one=sitting[one], other=sitting[other], code=nomination.code)


def _set_readers(
    council: Council,
    dossier: tuple[int, str],
    current: frozenset[int],
    wanted: frozenset[int],
    *,
    run_id: int | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Take away and add readings of a dossier (id and code) until they are as wanted."""
    nomination_id, code = dossier
    gone, new = current - wanted, wanted - current
    if not gone and not new:
        return
    if gone:
        db.session.execute(
            update(Reading)
            .where(
                Reading.nomination_id == nomination_id,
                Reading.account_id.in_(sorted(gone)),
                Reading.removed_at.is_(None),
            )
            .values(removed_at=now, removed_by_id=actor.account_id, removal_reason="assigned anew")
            .execution_options(synchronize_session=False)
        )
    db.session.add_all(
        Reading(
            nomination_id=nomination_id,
            account_id=account_id,
            run_id=run_id,
            assigned_by_id=actor.account_id,
            assigned_at=now,
        )
        for account_id in sorted(new)
    )
    audit.record(
        "reading.assigned",
        subject=code,
        actor=actor,
        now=now,
        edition_id=council.edition_id,
        added=sorted(new),
        removed=sorted(gone),
        run=run_id,
    )


def _pairs(readers: Mapping[int, frozenset[int]]) -> list[list[int]]:
    return [[key, account_id] for key in sorted(readers) for account_id in sorted(readers[key])]


def _lock(council: Council) -> None:
    """Take the council for this transaction: two proposals, or two changes by hand, wait for each other."""
    db.session.execute(select(Council.id).where(Council.id == council.id).with_for_update())


def _record(action: str, council: Council, *, actor: Actor, now: datetime, **facts: object) -> None:
    audit.record(action, subject=council.code, actor=actor, now=now, edition_id=council.edition_id, **facts)
