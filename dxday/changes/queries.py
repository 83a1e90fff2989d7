"""Reading whom a change of plan concerns, what changed, who was told, and what becomes of reminders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, or_, select
from sqlalchemy.orm import aliased, joinedload

from dxday.accounts import queries as accounts
from dxday.accounts.models import Person
from dxday.accounts.rules import email_key
from dxday.changes import rules
from dxday.changes.models import Notice
from dxday.changes.rules import Act, Scope, Where
from dxday.core.errors import NotFound
from dxday.core.i18n import Translations
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications.models import Message
from dxday.programme.models import PlacementChange, PublishedPart, PublishedPlacement, PublishedSession
from dxday.programme.rules import GIVEN_PARTS, PartKind, PlacementRole
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import RegistrationState
from dxday.reminders import queries as reminders
from dxday.sites.models import Site

_FROM = func.coalesce(Registration.placed_at, Registration.created_at)
"""Since when somebody holds the place where it is."""


@dataclass(frozen=True)
class Reach:
    """Whom a change of plan concerns."""

    edition_id: int
    site_ids: frozenset[int] | None
    """Everybody who holds a place there; None is everybody of the edition."""
    placements: frozenset[tuple[int, int]]
    """Session and site: whoever has a part in such a session."""
    before: datetime
    """Who held their place by then; the others have read the new times."""


# Whom it concerns ----------------------------------------------------------------------------------------------------


@dataclass
class Concerned:
    """Somebody with a part in it, by their address: one letter, however many parts."""

    key: str
    recipient: str
    """What the ledger calls them: `person:` or `account:` with an id."""
    name: str
    address: str
    locale: str
    session_ids: set[int] = field(default_factory=set)
    """Sessions of which all places concern them."""
    placements: set[tuple[int, int]] = field(default_factory=set)
    """Session and site, where they preside."""
    site_ids: set[int] = field(default_factory=set)
    """Sites at which they preside, or that they look after."""
    presides: bool = False
    coordinates: bool = False


@dataclass(frozen=True)
class Audience:
    """How many are told: by site and language those who hold a place, by language those who only have a part."""

    registrants: Sequence[tuple[Translations, str, int]]
    people: Sequence[tuple[str, int]]
    unreached: Sequence[str]
    """Names of those who have a part and no address."""

    @property
    def places(self) -> int:
        """How many hold a place."""
        return sum(count for _, _, count in self.registrants)

    @property
    def parts(self) -> int:
        """How many only have a part."""
        return sum(count for _, count in self.people)

    @property
    def letters(self) -> int:
        """How many letters."""
        return self.places + self.parts


def count_audience(reach: Reach) -> Audience:
    """Return how many a change reaches; a handful of statements."""
    rows = db.session.execute(
        _registrants(reach)
        .join(Site, Site.id == SeatPool.site_id)
        .with_only_columns(Site.name, Registration.locale, func.count(), maintain_column_froms=True)
        .group_by(Site.id, Site.position, Registration.locale)
        .order_by(Site.position, Site.id, Registration.locale)
    ).all()
    people = list_people(reach)
    theirs = set(
        db.session.scalars(
            _registrants(reach)
            .with_only_columns(Registration.email_key, maintain_column_froms=True)
            .where(Registration.email_key.in_([each.key for each in people]))
        )
    )
    by_locale: dict[str, int] = {}
    for each in people:
        if each.key not in theirs:
            by_locale[each.locale] = by_locale.get(each.locale, 0) + 1
    unreached = sorted({person.full_name for person, *_ in _parts(reach) if not person.email})
    return Audience(
        [(name, locale, count) for name, locale, count in rows], sorted(by_locale.items()), unreached
    )


def list_people(reach: Reach) -> list[Concerned]:
    """Return those with a part in it and an address, and who looks after its sites, each address once.

    Three statements, or four where it concerns every site.
    """
    found: dict[str, Concerned] = {}
    for person, kind, session_id, site_id in sorted(_parts(reach), key=lambda row: row[0].id):
        if not person.email:
            continue
        key = email_key(person.email)
        one = found.setdefault(
            key, Concerned(key, f"person:{person.id}", person.full_name, person.email, person.locale)
        )
        if kind is PartKind.PRESIDING_OFFICER and site_id is not None:
            one.site_ids.add(site_id)
            one.presides = True
            if session_id is not None:
                one.placements.add((session_id, site_id))
        elif session_id is not None:
            one.session_ids.add(session_id)
    site_ids = reach.site_ids
    if site_ids is None:
        site_ids = frozenset(db.session.scalars(select(Site.id).where(Site.edition_id == reach.edition_id)))
    for account, site_id in accounts.list_coordinators_of(site_ids):
        one = found.setdefault(
            account.email_key,
            Concerned(
                account.email_key,
                f"account:{account.id}",
                account.full_name,
                account.email,
                account.locale,
            ),
        )
        one.site_ids.add(site_id)
        one.coordinates = True
    return list(found.values())


def _parts(reach: Reach) -> list[tuple[Person, PartKind, int | None, int | None]]:
    """Return (person, part, session id, site id); of those who preside at a whole site the session is None."""
    session_ids = {session_id for session_id, _ in reach.placements}
    found: list[tuple[Person, PartKind, int | None, int | None]] = []
    rows = db.session.execute(
        select(Person, PublishedPart.kind, PublishedPart.session_id, PublishedPart.site_id)
        .join(PublishedPart, PublishedPart.person_id == Person.id)
        .join(PublishedSession, PublishedSession.id == PublishedPart.session_id)
        .where(
            PublishedSession.edition_id == reach.edition_id,
            PublishedPart.kind.in_((*GIVEN_PARTS, PartKind.PRESIDING_OFFICER)),
        )
    )
    for person, kind, session_id, site_id in rows:
        if session_id not in session_ids:
            continue
        if kind is PartKind.PRESIDING_OFFICER and (session_id, site_id) not in reach.placements:
            continue
        found.append((person, kind, session_id, site_id))
    presiding = (
        select(Person, Site.id)
        .join(Site, Site.presiding_officer_id == Person.id)
        .where(Site.edition_id == reach.edition_id)
    )
    if reach.site_ids is not None:
        presiding = presiding.where(Site.id.in_(sorted(reach.site_ids)))
    for person, site_id in db.session.execute(presiding):
        found.append((person, PartKind.PRESIDING_OFFICER, None, site_id))
    return found


def _registrants(reach: Reach) -> Select[Registration]:
    statement = (
        select(Registration)
        .join(SeatPool, SeatPool.id == Registration.pool_id)
        .where(
            Registration.edition_id == reach.edition_id,
            Registration.state == RegistrationState.CONFIRMED,
            reach.before >= _FROM,
        )
    )
    if reach.site_ids is not None:
        statement = statement.where(SeatPool.site_id.in_(sorted(reach.site_ids)))
    return statement


# What was changed ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """How a placement stood when people last heard of it, and how it stands by the notice."""

    session_id: int
    site_id: int
    role: PlacementRole
    title: Translations
    was: Where
    becomes: Where


def list_changes(notice: Notice) -> list[Change]:
    """Return the net differences that the notice tells of, by time; two statements.

    What was changed again afterwards is told by another notice: here it stands as it stood then.
    """
    rows = db.session.execute(
        _changed_placements().where(PlacementChange.notice_id == notice.id).order_by(PlacementChange.id)
    ).all()
    if not rows:
        return []
    afterwards: dict[int, Where] = {}
    for change in db.session.scalars(
        select(PlacementChange)
        .where(
            PlacementChange.edition_id == notice.edition_id,
            PlacementChange.id > rows[0][0].id,
            or_(PlacementChange.notice_id.is_(None), PlacementChange.notice_id > notice.id),
        )
        .order_by(PlacementChange.id)
    ):
        afterwards.setdefault(change.placement_id, _was(change))
    changes = [
        Change(
            placed.session_id,
            placed.site_id,
            placed.role,
            title,
            _was(change),
            afterwards.get(placed.id) or _stands(placed),
        )
        for change, placed, title in rows
    ]
    news = [each for each in changes if rules.is_news(each.was, each.becomes, notice.created_at)]
    return sorted(news, key=lambda each: (min(each.was.starts_at, each.becomes.starts_at), each.session_id))


def list_untold(edition_id: int) -> list[tuple[PlacementChange, Where, Where]]:
    """Return the changes of the edition that nobody was told of: the row, as it was and as it stands."""
    return [
        (change, _was(change), _stands(placed))
        for change, placed, _ in db.session.execute(
            _changed_placements()
            .where(PlacementChange.edition_id == edition_id, PlacementChange.notice_id.is_(None))
            .order_by(PlacementChange.id)
        )
    ]


def list_settled_editions(now: datetime) -> list[Edition]:
    """Return the editions with changes that nobody was told of and that have been left alone for a while."""
    settled = (
        select(PlacementChange.edition_id)
        .where(PlacementChange.notice_id.is_(None))
        .group_by(PlacementChange.edition_id)
        .having(func.max(PlacementChange.changed_at) <= now - rules.SETTLE)
    )
    return list(db.session.scalars(select(Edition).where(Edition.id.in_(settled)).order_by(Edition.id)))


def _changed_placements() -> Select[PlacementChange, PublishedPlacement, Translations]:
    return (
        select(PlacementChange, PublishedPlacement, PublishedSession.title)
        .join(PublishedPlacement, PublishedPlacement.id == PlacementChange.placement_id)
        .join(PublishedSession, PublishedSession.id == PublishedPlacement.session_id)
        .execution_options(populate_existing=True)  # many are changed past the session at once
    )


def _was(change: PlacementChange) -> Where:
    return Where(change.was_starts_at, change.was_ends_at, change.was_room_id, change.was_cancelled)


def _stands(placed: PublishedPlacement) -> Where:
    return Where(placed.starts_at, placed.ends_at, placed.room_id, placed.cancelled_at is not None)


def reach_of(notice: Notice, changes: Collection[Change]) -> Reach:
    """Return whom the notice concerns."""
    before = notice.created_at
    if notice.act is Act.CHANGED:
        last = db.session.scalar(
            select(func.max(PlacementChange.changed_at)).where(PlacementChange.notice_id == notice.id)
        )
        before = last or before
    sites = {each.site_id for each in changes}
    if notice.scope is Scope.SITE and notice.act is Act.CANCELLED and notice.site_id is not None:
        sites.add(notice.site_id)
    everybody = notice.scope is Scope.EDITION and notice.act is not Act.CHANGED
    return Reach(
        notice.edition_id,
        None if everybody else frozenset(sites),
        frozenset((each.session_id, each.site_id) for each in changes),
        before + rules.ARRIVING,
    )


# Who was told --------------------------------------------------------------------------------------------------------


def get_notice(edition_id: int, notice_id: int) -> Notice:
    """Return a notice of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(Notice).where(Notice.edition_id == edition_id, Notice.id == notice_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_notices(edition_id: int) -> list[Notice]:
    """Return the notices of the edition, the latest first."""
    return list(
        db.session.scalars(
            select(Notice)
            .where(Notice.edition_id == edition_id)
            .order_by(Notice.created_at.desc(), Notice.id.desc())
        )
    )


def list_ids_to_tell() -> list[int]:
    """Return the ids of the notices of which not everybody was told, the oldest first."""
    return list(db.session.scalars(select(Notice.id).where(Notice.told_at.is_(None)).order_by(Notice.id)))


def lock_notice(notice_id: int) -> Notice:
    """Return the notice, and let nobody else tell it until the transaction ends."""
    return db.session.scalars(
        select(Notice)
        .where(Notice.id == notice_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def key_of(notice_id: int, recipient: str) -> str:
    """Return the key of the letter in which somebody is told: one for each notice."""
    return f"notice:{notice_id}:{recipient}"


def list_registrants_to_tell(
    notice_id: int, reach: Reach, *, after: int, limit: int = rules.BATCH
) -> list[Registration]:
    """Return the next places whose holders were not told yet, by id, with pool and site."""
    return list(
        db.session.scalars(
            _registrants(reach)
            .where(Registration.id > after, ~_told_place(notice_id))
            .options(joinedload(Registration.pool).joinedload(SeatPool.site))
            .order_by(Registration.id)
            .limit(limit)
        )
    )


def list_people_to_tell(notice_id: int, reach: Reach) -> list[Concerned]:
    """Return those who only have a part and were not told yet; who holds a place was told with it."""
    people = list_people(reach)
    if not people:
        return []
    keys = {key_of(notice_id, each.recipient): each.key for each in people}
    told = {keys[key] for key in db.session.scalars(select(Message.key).where(Message.key.in_(list(keys))))}
    told |= set(
        db.session.scalars(
            select(Registration.email_key).where(
                Registration.edition_id == reach.edition_id,
                Registration.email_key.in_(list(keys.values())),
                _told_place(notice_id),
            )
        )
    )
    return [each for each in people if each.key not in told]


def count_to_tell(notice: Notice) -> int:
    """Return how many are still to be told of a notice."""
    if notice.told_at is not None:
        return 0
    reach = reach_of(notice, list_changes(notice))
    places = db.session.scalar(
        _registrants(reach)
        .where(~_told_place(notice.id))
        .with_only_columns(func.count(), maintain_column_froms=True)
    )
    waiting = list_people_to_tell(notice.id, reach)
    with_place = db.session.scalar(
        _registrants(reach)
        .where(~_told_place(notice.id), Registration.email_key.in_([each.key for each in waiting]))
        .with_only_columns(func.count(), maintain_column_froms=True)
    )
    return int(places or 0) + len(waiting) - int(with_place or 0)


def _told_place(notice_id: int) -> ColumnElement[bool]:
    letter = aliased(Message)
    key = literal(key_of(notice_id, "registration:")) + cast(Registration.id, Text)
    return select(letter.id).where(letter.key == key).exists()


# What hangs on it ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReminderMove:
    """What becomes of a reminder rule that is on: when it is due next, and how many of its moments move or end."""

    rule_id: int
    name: str
    was: datetime | None
    becomes: datetime | None
    moved: int
    called_off: int


Reminders = Mapping[tuple[int, str, int], tuple[str, datetime]]
"""Rule, occasion and key of its moment → name of the rule, and when it is due."""


def list_reminders(edition_id: int, *, now: datetime) -> Reminders:
    """Return the reminders that are still to come by the rules that are on."""
    pairs = [(rule, edition) for rule, edition in reminders.list_on() if edition.id == edition_id]
    return {
        (slot.rule.id, slot.anchor.occasion, slot.anchor.key): (slot.rule.name, slot.due_at)
        for slot in reminders.find_slots(pairs)
        if slot.due_at > now
    }


def compare_reminders(before: Reminders, after: Reminders) -> list[ReminderMove]:
    """Return what becomes of each rule of which something moves or is called off."""
    names = {rule_id: name for (rule_id, _, _), (name, _) in [*before.items(), *after.items()]}
    moves = []
    for rule_id, name in sorted(names.items()):
        was = {key: due for key, (_, due) in before.items() if key[0] == rule_id}
        becomes = {key: due for key, (_, due) in after.items() if key[0] == rule_id}
        moved = sum(1 for key, due in was.items() if becomes.get(key, due) != due)
        called_off = len(was.keys() - becomes.keys())
        if moved or called_off:
            moves.append(
                ReminderMove(
                    rule_id,
                    name,
                    min(was.values(), default=None),
                    min(becomes.values(), default=None),
                    moved,
                    called_off,
                )
            )
    return moves


def count_places(edition_id: int, *, site_id: int | None = None) -> int:
    """Return how many places are held in the edition, or at one site of it."""
    statement = (
        select(func.count())
        .select_from(Registration)
        .join(SeatPool, SeatPool.id == Registration.pool_id)
        .where(Registration.edition_id == edition_id, Registration.state == RegistrationState.CONFIRMED)
    )
    if site_id is not None:
        statement = statement.where(SeatPool.site_id == site_id)
    return int(db.session.scalar(statement) or 0)
