"""Reading councils: seats and their holders, who must keep away from what, and who reads what."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from dxday.accounts.models import Account, Organisation, Person, RoleGrant
from dxday.accounts.rules import email_key
from dxday.core.errors import NotFound
from dxday.council import detection
from dxday.council.models import (
    Affiliation,
    AssignmentRun,
    AvoidPair,
    ConflictOfInterest,
    Council,
    CouncilScheme,
    Declaration,
    Reading,
    Seat,
    Term,
)
from dxday.council.rules import ConflictSource
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import queries as nominations
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Category, Scheme
from dxday.schemes.rules import NomineeKind

OPEN_TO_READERS = (State.ADMITTED, State.APPROVED, State.AWARDED, State.DECLINED)
"""Before it was admitted, and while it is with its agency again, a dossier is none of the council's business."""


def today_of(edition_id: int, now: datetime) -> date:
    """Return the day in the time zone of the edition: terms begin and end with days."""
    zone = db.session.scalars(select(Edition.time_zone).where(Edition.id == edition_id)).one()
    return now.astimezone(ZoneInfo(zone)).date()


def list_councils(edition_id: int) -> list[Council]:
    """Return the councils of the edition with seats, terms and who holds them, by code."""
    return list(
        db.session.scalars(
            select(Council)
            .where(Council.edition_id == edition_id)
            .options(selectinload(Council.seats).selectinload(Seat.terms).joinedload(Term.account))
            .order_by(Council.code)
            .execution_options(populate_existing=True)
        )
    )


def list_schemes_of(council_ids: Iterable[int]) -> dict[int, list[Scheme]]:
    """Return the schemes that each council decides on, in their order; a council of none is not in it."""
    found: dict[int, list[Scheme]] = {}
    for council_id, scheme in db.session.execute(
        select(CouncilScheme.council_id, Scheme)
        .join(Scheme, Scheme.id == CouncilScheme.scheme_id)
        .where(CouncilScheme.council_id.in_(list(council_ids)))
        .order_by(Scheme.position, Scheme.id)
    ):
        found.setdefault(council_id, []).append(scheme)
    return found


def get_seat(council_id: int, seat_id: int) -> Seat:
    """Return a seat of the council with its terms and their holders.  Raises NotFound."""
    found = db.session.scalars(
        select(Seat)
        .where(Seat.council_id == council_id, Seat.id == seat_id)
        .options(selectinload(Seat.terms).joinedload(Term.account))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_affiliations(account_id: int) -> list[Affiliation]:
    """Return where the account works or worked, as somebody noted it, with the agencies."""
    return list(
        db.session.scalars(
            select(Affiliation)
            .where(Affiliation.account_id == account_id)
            .options(joinedload(Affiliation.organisation))
            .order_by(Affiliation.id)
        )
    )


def list_council_ids_of(account_id: int, edition_id: int, day: date) -> list[int]:
    """Return the councils of the edition in which the account holds a seat on the day."""
    return list(
        db.session.scalars(
            select(Council.id)
            .join(Seat, Seat.council_id == Council.id)
            .join(Term, Term.seat_id == Seat.id)
            .where(
                Council.edition_id == edition_id,
                Term.account_id == account_id,
                or_(Seat.abolished_on.is_(None), Seat.abolished_on > day),
                Term.starts_on <= day,
                or_(Term.ends_on.is_(None), Term.ends_on >= day),
            )
            .distinct()
            .order_by(Council.id)
        )
    )


def list_dossiers(council_ids: Iterable[int]) -> list[Nomination]:
    """Return what is before these councils now, with category and scheme, by scheme, category and code."""
    return list(
        db.session.scalars(
            select(Nomination)
            .join(Category, Category.id == Nomination.category_id)
            .join(Scheme, Scheme.id == Category.scheme_id)
            .join(CouncilScheme, CouncilScheme.scheme_id == Scheme.id)
            .where(CouncilScheme.council_id.in_(list(council_ids)), Nomination.state == State.ADMITTED)
            .options(joinedload(Nomination.category).joinedload(Category.scheme))
            .order_by(Scheme.position, Scheme.id, Category.position, Category.id, Nomination.code)
        )
    )


def get_dossier(council_id: int, code: str) -> Nomination:
    """Return what is before the council now, with category and scheme.  Raises NotFound."""
    found = db.session.scalars(
        select(Nomination)
        .join(Category, Category.id == Nomination.category_id)
        .join(CouncilScheme, CouncilScheme.scheme_id == Category.scheme_id)
        .where(
            CouncilScheme.council_id == council_id,
            Nomination.state == State.ADMITTED,
            Nomination.code == code,
        )
        .options(joinedload(Nomination.category).joinedload(Category.scheme))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_conflicts(council_id: int) -> list[ConflictOfInterest]:
    """Return every conflict of interest with a dossier of the council's schemes, lifted ones too, with both sides."""
    return list(
        db.session.scalars(
            select(ConflictOfInterest)
            .join(Nomination, Nomination.id == ConflictOfInterest.nomination_id)
            .join(Category, Category.id == Nomination.category_id)
            .join(CouncilScheme, CouncilScheme.scheme_id == Category.scheme_id)
            .join(Account, Account.id == ConflictOfInterest.account_id)
            .where(CouncilScheme.council_id == council_id)
            .options(joinedload(ConflictOfInterest.nomination), joinedload(ConflictOfInterest.account))
            .order_by(Account.full_name, Account.id, Nomination.code, ConflictOfInterest.id)
            .execution_options(populate_existing=True)
        )
    )


def get_conflict(council_id: int, conflict_id: int) -> ConflictOfInterest:
    """Return a conflict of interest with a dossier of the council's schemes, with both sides.  Raises NotFound."""
    found = db.session.scalars(
        select(ConflictOfInterest)
        .join(Nomination, Nomination.id == ConflictOfInterest.nomination_id)
        .join(Category, Category.id == Nomination.category_id)
        .join(CouncilScheme, CouncilScheme.scheme_id == Category.scheme_id)
        .where(CouncilScheme.council_id == council_id, ConflictOfInterest.id == conflict_id)
        .options(joinedload(ConflictOfInterest.nomination), joinedload(ConflictOfInterest.account))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_declared(account_id: int, edition_id: int) -> list[ConflictOfInterest]:
    """Return what the member declared and may take back, with the dossier; nothing that others keep them from."""
    other = exists().where(
        ConflictOfInterest.nomination_id == Nomination.id,
        ConflictOfInterest.account_id == account_id,
        ConflictOfInterest.source != ConflictSource.DECLARED,
        ConflictOfInterest.lifted_at.is_(None),
    )
    return list(
        db.session.scalars(
            select(ConflictOfInterest)
            .join(Nomination, Nomination.id == ConflictOfInterest.nomination_id)
            .where(
                ConflictOfInterest.account_id == account_id,
                ConflictOfInterest.source == ConflictSource.DECLARED,
                ConflictOfInterest.lifted_at.is_(None),
                Nomination.edition_id == edition_id,
                ~other.correlate(Nomination),
            )
            .options(joinedload(ConflictOfInterest.nomination))
            .order_by(Nomination.nominee_name, ConflictOfInterest.id)
        )
    )


def list_undeclared(account_id: int, edition_id: int, day: date) -> list[Nomination]:
    """Return the dossiers for which the member has still to say whether there is a conflict.

    What is known to be one, or is found to be one at this moment, is not among them: its name is not shown.
    """
    councils = list_council_ids_of(account_id, edition_id, day)
    answered = frozenset(
        db.session.scalars(select(Declaration.nomination_id).where(Declaration.account_id == account_id))
    )
    kept_away = list_conflicts_of(account_id, edition_id)
    # What is known to be one does not even make the rules look, which takes statements, and so time.
    waiting = [each for each in list_dossiers(councils) if each.id not in answered | kept_away]
    barred = find_barred(account_id, waiting)
    return [each for each in waiting if each.id not in barred]


def find_barred(account_id: int, dossiers: Collection[Nomination]) -> frozenset[int]:
    """Return with which of the dossiers the rules find a conflict now, unless the secretary lifted it."""
    lifted = {
        (nomination_id, kind)
        for nomination_id, kind in db.session.execute(
            select(ConflictOfInterest.nomination_id, ConflictOfInterest.kind).where(
                ConflictOfInterest.account_id == account_id,
                ConflictOfInterest.source == ConflictSource.DETECTED,
                ConflictOfInterest.lifted_at.is_not(None),
            )
        )
    }
    return frozenset(
        nomination_id
        for nomination_id, _, kind, _ in detect([account_id], dossiers)
        if (nomination_id, kind) not in lifted
    )


def detect(account_ids: Iterable[int], dossiers: Collection[Nomination]) -> list[tuple[int, int, str, str]]:
    """Return (nomination, account, kind, detail) of all conflicts that the rules find; a constant number of queries."""
    members = list_member_facts(account_ids)
    if not members or not dossiers:
        return []
    tree, shared = get_tree(), _shared_domains({each.edition_id for each in dossiers})
    return [
        (facts.nomination_id, member.account_id, kind.value, detail)
        for facts in list_dossier_facts(dossiers)
        for member in members
        for kind, detail in detection.find_conflicts(member, facts, tree, shared)
    ]


def get_tree() -> detection.Tree:
    """Return how all agencies belong together."""
    rows = db.session.execute(
        select(Organisation.id, Organisation.parent_id, Organisation.succeeded_by_id)
    ).all()
    return detection.Tree(
        {own: parent for own, parent, _ in rows}, {own: successor for own, _, successor in rows}
    )


def list_member_facts(account_ids: Iterable[int]) -> list[detection.MemberFacts]:
    """Return what is known of the accounts: roles held and once held, what was noted, and the list of people."""
    accounts = list(
        db.session.scalars(select(Account).where(Account.id.in_(list(account_ids))).order_by(Account.id))
    )
    ids = [account.id for account in accounts]
    now: dict[int, set[int]] = {own: set() for own in ids}
    past: dict[int, set[int]] = {own: set() for own in ids}
    for account_id, agency, revoked_at in db.session.execute(
        select(RoleGrant.account_id, RoleGrant.organisation_id, RoleGrant.revoked_at).where(
            RoleGrant.account_id.in_(ids), RoleGrant.organisation_id.is_not(None)
        )
    ):
        (now if revoked_at is None else past)[account_id].add(agency or 0)
    for account_id, agency, is_past in db.session.execute(
        select(Affiliation.account_id, Affiliation.organisation_id, Affiliation.past).where(
            Affiliation.account_id.in_(ids)
        )
    ):
        (past if is_past else now)[account_id].add(agency)
    by_address = {account.email_key: account.id for account in accounts}
    for address, agency in db.session.execute(
        select(Person.email, Person.organisation_id).where(
            func.lower(Person.email).in_(list(by_address)), Person.organisation_id.is_not(None)
        )
    ):
        if (known := by_address.get(email_key(address or ""))) is not None:
            now[known].add(agency or 0)
    return [
        detection.MemberFacts(
            account.id,
            account.full_name,
            account.email,
            frozenset(now[account.id]),
            frozenset(past[account.id]),
        )
        for account in accounts
    ]


def list_dossier_facts(dossiers: Collection[Nomination]) -> list[detection.DossierFacts]:
    """Return what of the dossiers may stand between them and a member."""
    kinds = dict(
        db.session.execute(
            select(Category.id, Category.nominee_kind).where(
                Category.id.in_({each.category_id for each in dossiers})
            )
        ).all()
    )
    endorsers = list_endorser_addresses([each.id for each in dossiers])
    return [
        detection.DossierFacts(
            nomination_id=each.id,
            agency=each.organisation_id,
            nominee_name=each.nominee_name,
            nominee_email=each.nominee_email,
            contact_email=each.contact_email,
            names_a_person=kinds[each.category_id] is not NomineeKind.COLLECTIVE,
            written_by=frozenset({each.created_by_id}),
            endorsers=endorsers.get(each.id, frozenset()),
        )
        for each in dossiers
    ]


def list_endorser_addresses(nomination_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return the addresses of those who endorsed each of the nominations."""
    found = nominations.list_endorsers(nomination_ids)
    return {key: frozenset(each.email for each in endorsers) for key, endorsers in found.items()}


def list_avoid_pairs(council_id: int) -> list[AvoidPair]:
    """Return who of the council avoids whom, with both accounts."""
    return list(
        db.session.scalars(
            select(AvoidPair)
            .where(AvoidPair.council_id == council_id)
            .options(joinedload(AvoidPair.first), joinedload(AvoidPair.second))
            .order_by(AvoidPair.id)
        )
    )


def find_open_run(council_id: int) -> AssignmentRun | None:
    """Return the proposal that waits for the secretary, or None."""
    return db.session.scalars(
        select(AssignmentRun).where(
            AssignmentRun.council_id == council_id,
            AssignmentRun.taken_at.is_(None),
            AssignmentRun.dropped_at.is_(None),
        )
    ).one_or_none()


def list_accounts(ids: Iterable[int]) -> dict[int, Account]:
    """Return the accounts with these ids."""
    return {
        account.id: account
        for account in db.session.scalars(select(Account).where(Account.id.in_(list(ids))))
    }


def find_reading(edition_id: int, code: str, account_id: int) -> Nomination | None:
    """Return the dossier, with category and scheme, if it is open to the member; or None."""
    return db.session.scalars(
        select(Nomination)
        .join(Reading, Reading.nomination_id == Nomination.id)
        .where(
            Nomination.edition_id == edition_id,
            Nomination.code == code,
            Reading.id.in_(_readings(account_id).with_only_columns(Reading.id)),
        )
        .options(joinedload(Nomination.category).joinedload(Category.scheme))
    ).one_or_none()


def _shared_domains(edition_ids: Collection[int]) -> frozenset[str]:
    return frozenset(
        domain
        for domains in db.session.scalars(
            select(Council.shared_domains).where(Council.edition_id.in_(edition_ids))
        )
        for domain in domains
    )


def get_council(edition_id: int, code: str) -> Council:
    """Return the council of the edition with this code.  Raises NotFound."""
    found = db.session.scalars(
        select(Council).where(Council.edition_id == edition_id, Council.code == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_council_of(scheme_id: int) -> Council | None:
    """Return the council that decides on the scheme, or None."""
    return db.session.scalars(
        select(Council)
        .join(CouncilScheme, CouncilScheme.council_id == Council.id)
        .where(CouncilScheme.scheme_id == scheme_id)
    ).one_or_none()


def count_seats(council_id: int, day: date) -> int:
    """Return how many seats the council has on the day, vacant ones included: what thresholds are a share of."""
    return db.session.scalars(
        select(func.count()).where(
            Seat.council_id == council_id, or_(Seat.abolished_on.is_(None), Seat.abolished_on > day)
        )
    ).one()


def list_sitting(council_id: int, day: date) -> list[Term]:
    """Return who holds a seat on the day, with seat and account, in the order of the seats."""
    return list(
        db.session.scalars(
            select(Term)
            .join(Seat, Seat.id == Term.seat_id)
            .where(
                Seat.council_id == council_id,
                or_(Seat.abolished_on.is_(None), Seat.abolished_on > day),
                Term.starts_on <= day,
                or_(Term.ends_on.is_(None), Term.ends_on >= day),
            )
            .options(joinedload(Term.seat), joinedload(Term.account))
            .order_by(Seat.position)
        )
    )


def list_barred(nomination_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Return, for each nomination that has some, the accounts with a conflict of interest that was not lifted."""
    barred: dict[int, set[int]] = {}
    for nomination_id, account_id in db.session.execute(
        select(ConflictOfInterest.nomination_id, ConflictOfInterest.account_id).where(
            ConflictOfInterest.nomination_id.in_(list(nomination_ids)),
            ConflictOfInterest.lifted_at.is_(None),
        )
    ):
        barred.setdefault(nomination_id, set()).add(account_id)
    return {nomination_id: frozenset(accounts) for nomination_id, accounts in barred.items()}


def list_conflicts_of(account_id: int, edition_id: int) -> frozenset[int]:
    """Return the nominations of the edition from which the account must keep away."""
    return frozenset(
        db.session.scalars(
            select(ConflictOfInterest.nomination_id)
            .join(Nomination, Nomination.id == ConflictOfInterest.nomination_id)
            .where(
                ConflictOfInterest.account_id == account_id,
                ConflictOfInterest.lifted_at.is_(None),
                Nomination.edition_id == edition_id,
            )
        )
    )


def list_readings_of(account_id: int, edition_id: int) -> list[Reading]:
    """Return what the member reads and has answered for, with dossier, category and scheme, by scheme and code.

    A dossier from which they must keep away is not among it, whatever was assigned.
    """
    return list(
        db.session.scalars(
            _readings(account_id)
            .join(Nomination, Nomination.id == Reading.nomination_id)
            .join(Category, Category.id == Nomination.category_id)
            .where(Nomination.edition_id == edition_id)
            .options(
                joinedload(Reading.nomination).joinedload(Nomination.category).joinedload(Category.scheme)
            )
            .order_by(Category.scheme_id, Category.position, Category.id, Nomination.code)
        )
    )


def list_shown_readings(account_id: int, edition_id: int) -> list[Reading]:
    """Return `list_readings_of` without the dossiers with which the rules find a conflict at this moment.

    What the rules look at changes by itself; until the night has written it down, a name is not shown either.
    """
    readings = list_readings_of(account_id, edition_id)
    barred = find_barred(account_id, [each.nomination for each in readings])
    return [each for each in readings if each.nomination_id not in barred]


def is_reader(nomination_id: int, account_id: int) -> bool:
    """Tell whether the dossier is open to the member: assigned, answered for, and no conflict of interest."""
    return (
        db.session.scalars(
            _readings(account_id).where(Reading.nomination_id == nomination_id).limit(1)
        ).one_or_none()
        is not None
    )


def list_readers(nomination_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Return the accounts that read each of the nominations; one that nobody reads is not in it."""
    readers: dict[int, set[int]] = {}
    for nomination_id, account_id in db.session.execute(
        select(Reading.nomination_id, Reading.account_id).where(
            Reading.nomination_id.in_(list(nomination_ids)), Reading.removed_at.is_(None)
        )
    ):
        readers.setdefault(nomination_id, set()).add(account_id)
    return {nomination_id: frozenset(accounts) for nomination_id, accounts in readers.items()}


def _readings(account_id: int) -> Select[Reading]:
    """Return the statement for what is open to the member.  The conditions stand here and nowhere else."""
    return select(Reading).where(
        Reading.account_id == account_id,
        Reading.removed_at.is_(None),
        Reading.nomination_id.in_(select(Nomination.id).where(Nomination.state.in_(OPEN_TO_READERS))),
        exists().where(
            Declaration.nomination_id == Reading.nomination_id, Declaration.account_id == account_id
        ),
        ~exists().where(
            ConflictOfInterest.nomination_id == Reading.nomination_id,
            ConflictOfInterest.account_id == account_id,
            ConflictOfInterest.lifted_at.is_(None),
        ),
    )


def count_declared(council_id: int) -> dict[int, int]:
    """Return for how many of the dossiers now before the council each account has declared."""
    rows = db.session.execute(
        select(Declaration.account_id, func.count())
        .join(Nomination, Nomination.id == Declaration.nomination_id)
        .join(Category, Category.id == Nomination.category_id)
        .join(CouncilScheme, CouncilScheme.scheme_id == Category.scheme_id)
        .where(CouncilScheme.council_id == council_id, Nomination.state == State.ADMITTED)
        .group_by(Declaration.account_id)
    )
    return dict(rows.all())


def get_run(council_id: int) -> AssignmentRun:
    """Return the proposal that waits for the secretary.  Raises NotFound."""
    found = find_open_run(council_id)
    if found is None:
        raise NotFound
    return found


def get_avoid_pair(council_id: int, pair_id: int) -> AvoidPair:
    """Return a pair of the council.  Raises NotFound."""
    found = db.session.scalars(
        select(AvoidPair).where(AvoidPair.council_id == council_id, AvoidPair.id == pair_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_declared(account_id: int, edition_id: int, conflict_id: int) -> ConflictOfInterest:
    """Return what the member declared and may take back.  Raises NotFound."""
    for conflict in list_declared(account_id, edition_id):
        if conflict.id == conflict_id:
            return conflict
    raise NotFound
