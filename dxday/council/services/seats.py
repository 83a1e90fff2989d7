"""Councils, their seats, and who takes and leaves them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from dxday.accounts import services as accounts
from dxday.accounts.models import Account, Organisation
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.i18n import Translations, pick
from dxday.core.permissions import Role
from dxday.council import queries, rules
from dxday.council.models import Affiliation, Council, CouncilScheme, Reading, Seat, Term
from dxday.council.services import interests
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.schemes.models import Category, Scheme


def add_council(edition: Edition, code: str, *, name: Translations, actor: Actor, now: datetime) -> Council:
    """Add a council without seats.  Raises NotTheSecretary, CodeTaken."""
    rules.check_may_manage(actor, edition_id=edition.id)
    council = Council(edition_id=edition.id, code=code, name=name)
    try:
        with db.session.begin_nested():
            db.session.add(council)
    except IntegrityError as error:
        raise rules.CodeTaken from error
    audit.record("council.added", subject=code, actor=actor, now=now, edition_id=edition.id)
    return council


def change_council(
    council: Council,
    *,
    name: Translations,
    schemes: Sequence[Scheme],
    shared_domains: Sequence[str],
    actor: Actor,
    now: datetime,
) -> None:
    """Change the council's name, what it decides on, and which mail domains say nothing.

    Its dossiers are looked through for conflicts at once.  Raises NotTheSecretary, SchemeDecided.
    """
    rules.check_may_manage(actor, edition_id=council.edition_id)
    council.name = name
    council.shared_domains = sorted({domain.strip().casefold() for domain in shared_domains})
    db.session.execute(delete(CouncilScheme).where(CouncilScheme.council_id == council.id))
    for scheme in schemes:
        try:
            with db.session.begin_nested():
                db.session.add(
                    CouncilScheme(scheme_id=scheme.id, council_id=council.id, edition_id=council.edition_id)
                )
        except IntegrityError as error:
            raise rules.SchemeDecided(scheme=pick(scheme.name, "en")) from error
    db.session.flush()
    audit.record(
        "council.changed",
        subject=council.code,
        actor=actor,
        now=now,
        edition_id=council.edition_id,
        schemes=[scheme.code for scheme in schemes],
        shared_domains=council.shared_domains,
    )
    interests.detect_conflicts(council, actor=actor, now=now)


def add_seat(
    council: Council, *, kind: rules.SeatKind, title: Translations, expert: bool, actor: Actor, now: datetime
) -> Seat:
    """Add a seat at the end.  From now on it counts for every threshold.  Raises NotTheSecretary."""
    rules.check_may_manage(actor, edition_id=council.edition_id)
    _lock(council)
    last = db.session.scalar(select(func.max(Seat.position)).where(Seat.council_id == council.id))
    seat = Seat(council_id=council.id, kind=kind, title=title, expert=expert, position=(last or 0) + 1)
    db.session.add(seat)
    db.session.flush()
    _record("seat.added", council, seat, actor=actor, now=now, kind=kind.value, expert=expert)
    return seat


def change_seat(
    council: Council,
    seat: Seat,
    *,
    kind: rules.SeatKind,
    title: Translations,
    expert: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Change what a seat is for.  Raises NotTheSecretary."""
    rules.check_may_manage(actor, edition_id=council.edition_id)
    seat.kind, seat.title, seat.expert = kind, title, expert
    db.session.flush()
    _record("seat.changed", council, seat, actor=actor, now=now, kind=kind.value, expert=expert)


def abolish_seat(council: Council, seat: Seat, *, day: date, actor: Actor, now: datetime) -> None:
    """Let a vacant seat be no more from the day on.  Raises NotTheSecretary, SeatAbolished, SeatHeld."""
    rules.check_may_manage(actor, edition_id=council.edition_id)
    _lock(council)
    if seat.abolished_on is not None:
        raise rules.SeatAbolished
    if any(term.ends_on is None or term.ends_on >= day for term in _terms(seat)):
        raise rules.SeatHeld
    seat.abolished_on = day
    db.session.flush()
    _record("seat.abolished", council, seat, actor=actor, now=now, day=day.isoformat())


def invite_member(
    council: Council,
    seat: Seat,
    email: str,
    *,
    full_name: str,
    locale: str,
    starts_on: date,
    agencies: Sequence[Organisation] = (),
    past_agencies: Sequence[Organisation] = (),
    actor: Actor,
    now: datetime,
) -> Term:
    """Give the seat to a person from a day on, known by their address: account, role and term.

    Where they work and worked is noted, and conflicts are looked for, before they can see anything.  Of two who are
    given one seat at once the second is refused.
    Raises NotTheSecretary, SeatAbolished, SeatTaken, SittingAlready.
    """
    rules.check_may_manage(actor, edition_id=council.edition_id)
    _lock(council)
    if seat.abolished_on is not None:
        raise rules.SeatAbolished
    for term in _terms(seat):
        if term.ends_on is None or term.ends_on >= starts_on:
            raise rules.SeatTaken(day=term.ends_on.strftime("%d/%m/%Y") if term.ends_on else "…")
    account = accounts.add_account(email, full_name=full_name, locale=locale, actor=actor, now=now)
    if _holds_a_seat(council, account, from_day=starts_on):
        raise rules.SittingAlready(name=account.full_name)
    note_affiliations(account, agencies=agencies, past_agencies=past_agencies, now=now)
    term = Term(seat_id=seat.id, account_id=account.id, starts_on=starts_on)
    try:
        with db.session.begin_nested():
            db.session.add(term)
    except IntegrityError as error:
        raise rules.SeatTaken(day="…") from error
    accounts.grant_role(account, Role.MEMBER, edition_id=council.edition_id, actor=actor, now=now)
    _record(
        "term.started", council, seat, actor=actor, now=now, account=account.id, day=starts_on.isoformat()
    )
    interests.detect_conflicts(council, account_ids=[account.id], actor=actor, now=now)
    return term


def note_affiliations(
    account: Account,
    *,
    agencies: Collection[Organisation],
    past_agencies: Collection[Organisation],
    now: datetime,
) -> None:
    """Note where somebody works and worked.  What was noted before is not forgotten: it becomes past."""
    known = {each.organisation_id: each for each in queries.list_affiliations(account.id)}
    current = {agency.id for agency in agencies}
    for each in known.values():
        each.past = each.organisation_id not in current
    for organisation_id in current | {agency.id for agency in past_agencies}:
        if organisation_id not in known:
            db.session.add(
                Affiliation(
                    account_id=account.id,
                    organisation_id=organisation_id,
                    past=organisation_id not in current,
                    created_at=now,
                )
            )
    db.session.flush()


def end_term(
    council: Council, term: Term, *, ends_on: date, reason: str, actor: Actor, now: datetime
) -> None:
    """End a term with its last day, today at the latest; role and readings go at once.

    Raises NotTheSecretary, ReasonMissing, TermOver, DayNotPossible.
    """
    rules.check_may_manage(actor, edition_id=council.edition_id)
    rules.check_reason(reason)
    _lock(council)
    db.session.refresh(term, attribute_names=["ends_on"])
    if term.ends_on is not None:
        raise rules.TermOver
    today = queries.today_of(council.edition_id, now)
    rules.check_last_day(term.starts_on, ends_on, today)
    term.ends_on, term.end_reason = ends_on, reason.strip()
    db.session.flush()
    audit.record(
        "term.ended",
        subject=council.code,
        actor=actor,
        now=now,
        edition_id=council.edition_id,
        seat=term.seat_id,
        account=term.account_id,
        day=ends_on.isoformat(),
        reason=reason.strip(),
    )
    _remove_readings(council, term.account_id, actor=actor, now=now)
    if not _sits_elsewhere(council.edition_id, term.account_id):
        accounts.revoke_role(
            db.session.get_one(Account, term.account_id),
            Role.MEMBER,
            edition_id=council.edition_id,
            actor=actor,
            now=now,
        )


def _remove_readings(council: Council, account_id: int, *, actor: Actor, now: datetime) -> None:
    """Take away what a former member was still to read of this council's."""
    own = (
        select(Nomination.id)
        .join(Category, Category.id == Nomination.category_id)
        .join(CouncilScheme, CouncilScheme.scheme_id == Category.scheme_id)
        .where(CouncilScheme.council_id == council.id)
    )
    db.session.execute(
        update(Reading)
        .where(Reading.account_id == account_id, Reading.removed_at.is_(None), Reading.nomination_id.in_(own))
        .values(removed_at=now, removed_by_id=actor.account_id, removal_reason="term ended")
        .execution_options(synchronize_session=False)
    )


def _terms(seat: Seat) -> list[Term]:
    return list(db.session.scalars(select(Term).where(Term.seat_id == seat.id)))


def _holds_a_seat(council: Council, account: Account, *, from_day: date) -> bool:
    return any(
        term.ends_on is None or term.ends_on >= from_day
        for term in db.session.scalars(
            select(Term)
            .join(Seat, Seat.id == Term.seat_id)
            .where(Seat.council_id == council.id, Term.account_id == account.id)
        )
    )


def _sits_elsewhere(edition_id: int, account_id: int) -> bool:
    return (
        db.session.scalar(
            select(Term.id)
            .join(Seat, Seat.id == Term.seat_id)
            .join(Council, Council.id == Seat.council_id)
            .where(Council.edition_id == edition_id, Term.account_id == account_id, Term.ends_on.is_(None))
            .limit(1)
        )
        is not None
    )


def _lock(council: Council) -> None:
    """Take the council for this transaction: whoever gives or takes its seats waits here."""
    db.session.execute(select(Council.id).where(Council.id == council.id).with_for_update())


def _record(
    action: str, council: Council, seat: Seat, *, actor: Actor, now: datetime, **facts: object
) -> None:
    audit.record(
        action,
        subject=council.code,
        actor=actor,
        now=now,
        edition_id=council.edition_id,
        seat=seat.position,
        **facts,
    )
