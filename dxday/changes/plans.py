"""Foreseeing what follows from postponing or cancelling: worked out for a page, and then done exactly so."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from dxday.changes import rules
from dxday.changes.queries import Reach
from dxday.changes.rules import Act, Scope
from dxday.core.i18n import Words, lazy_gettext
from dxday.editions import rules as edition_rules
from dxday.editions.models import Edition
from dxday.programme import queries as programme
from dxday.programme import rules as programme_rules
from dxday.programme.models import Session
from dxday.programme.queries import Move, Standing
from dxday.programme.rules import PlacementRole, SessionState
from dxday.sites.models import Site


@dataclass(frozen=True)
class WindowMove:
    """A date or time of the edition that moves."""

    label: Words
    was: date | datetime | None
    becomes: date | datetime | None


@dataclass(frozen=True)
class Plan:
    """What follows from an act: foreseen by a page, and then done exactly so."""

    edition: Edition
    scope: Scope
    act: Act
    reach: Reach
    moves: Sequence[Move] = ()
    cancelled: Sequence[Standing] = ()
    whole: frozenset[int] = frozenset()
    """The sessions that are cancelled altogether."""
    windows: Sequence[WindowMove] = ()
    site_id: int | None = None
    """The site that it is about, when it is about one."""
    facts: Sequence[object] = field(default=())
    """What else was looked at; a plan with other facts is another plan."""

    @cached_property
    def fingerprint(self) -> str:
        """What a person who confirms has seen: the same exactly when nothing of it changed."""
        seen = (
            self.scope.value,
            self.act.value,
            [(_seen(m.standing), m.starts_at, m.ends_at) for m in self.moves],
            [_seen(standing) for standing in self.cancelled],
            sorted(self.whole),
            [(w.was, w.becomes) for w in self.windows],
            self.facts,
        )  # fmt: skip
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]

    @property
    def placement_ids(self) -> set[int]:
        """The placements that the act changes."""
        return {move.standing.placement_id for move in self.moves} | {s.placement_id for s in self.cancelled}

    @property
    def session_ids(self) -> set[int]:
        """The sessions that the act changes."""
        placed = {move.standing.session_id for move in self.moves} | {s.session_id for s in self.cancelled}
        return placed | self.whole

    @property
    def moved_sessions(self) -> int:
        """How many sessions move."""
        return len({move.standing.session_id for move in self.moves})

    @property
    def cancelled_sessions(self) -> int:
        """How many sessions are cancelled altogether, drafts included."""
        return len(self.whole)


def _seen(standing: Standing) -> tuple[object, ...]:
    return standing.placement_id, standing.room_id, standing.starts_at, standing.ends_at, standing.state.value


# Foreseeing ----------------------------------------------------------------------------------------------------------


def edition_postponed(edition: Edition, first_day: date, *, now: datetime) -> Plan:
    """Foresee the edition beginning on another day.

    Raises EditionCancelled, YearNotPossible, SameDay, DayPast, ClosesBeforeOpening, EditionOver, EditionBegun.
    """
    zone = ZoneInfo(edition.time_zone)
    today = now.astimezone(zone).date()
    edition_rules.check_takes_place(edition.cancelled_at)
    rules.check_not_over(edition.ends_on, today)
    standings = programme.list_standings(edition.id)
    published = [s.starts_at for s in standings if s.state is SessionState.PUBLISHED]
    rules.check_not_begun(min(published, default=None), now)
    edition_rules.check_first_day(first_day, first_day=edition.starts_on, today=today)
    by = first_day - edition.starts_on
    opens_at, closes_at = edition_rules.windows_after(
        edition.registration_opens_at, edition.registration_closes_at, zone, by.days, now
    )
    edition_rules.check_registration(opens_at, closes_at)
    moves = [_later(standing, zone, by.days) for standing in standings]
    windows = (
        WindowMove(lazy_gettext("First day"), edition.starts_on, first_day),
        WindowMove(lazy_gettext("Last day"), edition.ends_on, edition.ends_on + by),
        WindowMove(
            lazy_gettext("Day of the ceremony"),
            edition.ceremony_on,
            edition.ceremony_on + by if edition.ceremony_on else None,
        ),
        WindowMove(lazy_gettext("Registration opens"), edition.registration_opens_at, opens_at),
        WindowMove(lazy_gettext("Registration closes"), edition.registration_closes_at, closes_at),
    )
    return Plan(
        edition,
        Scope.EDITION,
        Act.POSTPONED,
        _reach(edition, [move.standing for move in moves], everybody=True, now=now),
        moves=moves,
        windows=[window for window in windows if window.was != window.becomes],
    )


def edition_cancelled(edition: Edition, *, now: datetime) -> Plan:
    """Foresee the edition not taking place; what is over stays.  Raises EditionCancelled, EditionOver."""
    edition_rules.check_takes_place(edition.cancelled_at)
    rules.check_not_over(edition.ends_on, now.astimezone(ZoneInfo(edition.time_zone)).date())
    standings = programme.list_standings(edition.id)
    over = {s.session_id for s in standings if s.ends_at <= now}
    cancelled = [s for s in standings if s.session_id not in over]
    registration = edition_rules.closed_now(
        edition.registration_opens_at, edition.registration_closes_at, now
    )
    nominations = edition_rules.closed_now(edition.nominations_open_at, edition.nominations_close_at, now)
    windows = []
    if edition.registration_closes_at != registration[1]:
        windows.append(WindowMove(lazy_gettext("Registration closes"), edition.registration_closes_at, None))
    if edition.nominations_close_at != nominations[1]:
        windows.append(WindowMove(lazy_gettext("Nominations close"), edition.nominations_close_at, None))
    return Plan(
        edition,
        Scope.EDITION,
        Act.CANCELLED,
        _reach(edition, cancelled, everybody=True, now=now),
        cancelled=cancelled,
        whole=frozenset(programme.list_ids_to_come(edition.id)) - over,
        windows=windows,
        facts=[edition.starts_on],
    )


def site_cancelled(edition: Edition, site: Site, *, now: datetime) -> Plan:
    """Foresee a site not taking part: what it receives is cancelled there, what is held there everywhere."""
    standings = [s for s in programme.list_standings(edition.id) if s.ends_at > now]
    held = {s.session_id for s in standings if s.site_id == site.id and s.role is PlacementRole.ORIGIN}
    cancelled = [s for s in standings if s.site_id == site.id or s.session_id in held]
    return Plan(
        edition,
        Scope.SITE,
        Act.CANCELLED,
        _reach(edition, cancelled, also=site.id, now=now),
        cancelled=cancelled,
        whole=frozenset(held),
        facts=[site.id, site.cancelled_at],
        site_id=site.id,
    )


def site_postponed(edition: Edition, site: Site, days: int, *, now: datetime) -> Plan:
    """Foresee what is held at a site moving by whole days, with all who receive it.

    Raises NoDaysGiven, NothingToMove, NewTimePast, OutsideEdition.
    """
    zone = ZoneInfo(edition.time_zone)
    if not days:
        raise rules.NoDaysGiven
    standings = programme.list_standings(edition.id)
    held = {
        s.session_id
        for s in standings
        if s.site_id == site.id and s.role is PlacementRole.ORIGIN and s.starts_at > now
    }
    if not held:
        raise rules.NothingToMove
    moves = [_later(s, zone, days) for s in standings if s.session_id in held]
    for move in moves:
        _check_new_time(edition, move.starts_at, now, field="days")
    return Plan(
        edition,
        Scope.SITE,
        Act.POSTPONED,
        _reach(edition, [move.standing for move in moves], now=now),
        moves=moves,
        facts=[site.id, site.cancelled_at],
        site_id=site.id,
    )


def session_postponed(
    edition: Edition, session: Session, starts_at: datetime, ends_at: datetime, *, now: datetime
) -> Plan:
    """Foresee a published session at another time, with all who receive it.

    Raises NotAnnounced, SessionOver, SameTime, TimesNotInOrder, TooLong, OutsideEdition, NewTimePast.
    """
    standings = _standings_of(edition, session, now)
    origin = next(s for s in standings if s.role is PlacementRole.ORIGIN)
    programme_rules.check_times(starts_at, ends_at)
    if (starts_at, ends_at) == (origin.starts_at, origin.ends_at):
        raise rules.SameTime
    _check_new_time(edition, starts_at, now, field="day")
    by = starts_at - origin.starts_at
    longer = (ends_at - starts_at) - (origin.ends_at - origin.starts_at)
    moves = [Move(s, *programme_rules.moved(s.starts_at, s.ends_at, by=by, longer=longer)) for s in standings]
    return Plan(
        edition,
        Scope.SESSION,
        Act.POSTPONED,
        _reach(edition, standings, now=now),
        moves=moves,
        facts=[session.id],
    )


def session_cancelled(edition: Edition, session: Session, *, now: datetime) -> Plan:
    """Foresee a published session not taking place.  Raises NotAnnounced, SessionOver."""
    standings = _standings_of(edition, session, now)
    return Plan(
        edition,
        Scope.SESSION,
        Act.CANCELLED,
        _reach(edition, standings, now=now),
        cancelled=standings,
        whole=frozenset({session.id}),
        facts=[session.id],
    )


def _standings_of(edition: Edition, session: Session, now: datetime) -> list[Standing]:
    programme_rules.check_can_change(session.state)
    if session.state is not SessionState.PUBLISHED:
        raise rules.NotAnnounced
    standings = programme.list_standings(edition.id, session_id=session.id)
    if not any(s.role is PlacementRole.ORIGIN and s.ends_at > now for s in standings):
        raise rules.SessionOver
    return standings


def _check_new_time(edition: Edition, starts_at: datetime, now: datetime, *, field: str) -> None:
    try:
        programme_rules.check_day(
            starts_at.astimezone(ZoneInfo(edition.time_zone)).date(),
            first=edition.starts_on,
            last=edition.ends_on,
        )
        if starts_at <= now:
            raise rules.NewTimePast
    except (programme_rules.OutsideEdition, rules.NewTimePast) as refusal:
        refusal.field = field
        raise


def _later(standing: Standing, zone: ZoneInfo, days: int) -> Move:
    return Move(
        standing,
        edition_rules.days_later(standing.starts_at, zone, days),
        edition_rules.days_later(standing.ends_at, zone, days),
    )


def _reach(
    edition: Edition,
    standings: Iterable[Standing],
    *,
    now: datetime,
    everybody: bool = False,
    also: int | None = None,
) -> Reach:
    known = [s for s in standings if s.state is SessionState.PUBLISHED and s.ends_at > now]
    sites = {s.site_id for s in known} | ({also} if also is not None else set())
    return Reach(
        edition.id,
        None if everybody else frozenset(sites),
        frozenset((s.session_id, s.site_id) for s in known),
        now + rules.ARRIVING,
    )
