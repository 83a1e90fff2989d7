"""Taking, changing and giving back a place; opening seats; reminding."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, Update, update
from sqlalchemy.exc import IntegrityError

from dxday.accounts.rules import email_key
from dxday.audit import services as audit
from dxday.core import codes
from dxday.core.actor import Actor
from dxday.core.errors import NotFound, Stale
from dxday.core.i18n import lazy_pick, pick
from dxday.db import db, table_of
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.notifications import services as notifications
from dxday.registration import letters, queries, rules, tickets
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import RegistrationState, SeatMode
from dxday.sites.models import Site


def add_pool(site: Site, *, mode: SeatMode, capacity: int, actor: Actor, now: datetime) -> SeatPool:
    """Open seats of one mode at a site.  Raises Stale when somebody opened them at the same moment."""
    pool = SeatPool(edition_id=site.edition_id, site_id=site.id, mode=mode, capacity=capacity, taken=0)
    try:
        with db.session.begin_nested():
            db.session.add(pool)
    except IntegrityError as error:
        raise Stale from error
    _note_seats(site, mode, capacity, actor=actor, now=now)
    return pool


def set_seats(site: Site, *, mode: SeatMode, capacity: int, actor: Actor, now: datetime) -> None:
    """Set how many seats a site has in one mode, opening them if need be.  Raises SeatsTaken.

    The guard is the update itself: somebody may be taking a seat at this moment.
    """
    pool = queries.find_pool_of(site.id, mode)
    if pool is None:
        add_pool(site, mode=mode, capacity=capacity, actor=actor, now=now)
        return
    changed = _rows_changed(
        update(SeatPool)
        .where(SeatPool.id == pool.id, SeatPool.taken <= capacity)
        .values(capacity=capacity)
        .execution_options(synchronize_session=False)
    )
    if changed != 1:
        raise rules.SeatsTaken(taken=pool.taken)
    _note_seats(site, mode, capacity, actor=actor, now=now)


def register(
    pool: SeatPool,
    *,
    full_name: str,
    email: str,
    organisation_name: str,
    locale: str,
    consent: bool,
    actor: Actor,
    now: datetime,
    phone: str | None = None,
) -> Registration:
    """Take a seat of the pool and confirm it by mail, in one go.

    The seat is taken by a guarded update and the address is held once by a unique index, so that neither
    can be oversold, however many ask at once.  Raises ConsentMissing, EditionCancelled, SiteCancelled,
    RegistrationNotOpen, RegistrationOver, NoSeatLeft, AlreadyRegistered.
    """
    if not consent:
        raise rules.ConsentMissing
    edition = queries.get_edition(pool.edition_id)
    site = queries.site_of(pool)
    rules.check_takes_place(edition.cancelled_at)
    rules.check_site_open(site.cancelled_at, lazy_pick(site.name))
    rules.check_open(edition.registration, now)
    key = email_key(email)
    if queries.find_confirmed(edition.id, key) is not None:
        raise rules.AlreadyRegistered
    _take_seat(pool, locale)
    registration = Registration(
        edition_id=edition.id,
        pool_id=pool.id,
        code=codes.new_code(),
        token=codes.new_token(),
        full_name=rules.clean_name(full_name),
        email=email.strip(),
        email_key=key,
        organisation_name=rules.clean_name(organisation_name),
        phone=phone,
        locale=locale,
        consent_version=rules.CONSENT_VERSION,
        consented_at=now,
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(registration)
    except IntegrityError as error:
        if "email_key" in str(error.orig) or "one_per_address" in str(error.orig):
            raise rules.AlreadyRegistered from error
        raise
    audit.record(
        "registration.confirmed",
        subject=registration.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        site=queries.site_of(pool).code,
        mode=pool.mode.value,
    )
    _confirm(registration, pool, edition, key=f"registration-confirmed:{registration.id}:1", now=now)
    return registration


def confirm_many(edition: Edition, ids: Sequence[int], *, now: datetime) -> int:
    """Queue the confirmations of these registrations, each once, and return how many were queued."""
    return sum(
        _confirm(one, one.pool, edition, key=f"registration-confirmed:{one.id}:1", now=now)
        for one in queries.list_registrations(ids)
    )


def send_link_again(edition: Edition, email: str, *, now: datetime) -> bool:
    """Mail the holder of an address the link to their place once more, once a day at the most."""
    registration = queries.find_confirmed(edition.id, email_key(email))
    if registration is None:
        return False
    day = now.astimezone(ZoneInfo(edition.time_zone)).date()
    return _confirm(
        registration,
        registration.pool,
        edition,
        key=f"registration-link:{registration.id}:{day.isoformat()}",
        now=now,
    )


def change_place(registration: Registration, pool: SeatPool, *, actor: Actor, now: datetime) -> None:
    """Move a registration to another pool of its edition and confirm it anew.

    Who holds a place at a site that was cancelled may move until the edition is over, also after registration has
    closed.  Both pools are always changed in the order of their ids, so that two who swap places do not wait for each
    other.  Raises PlaceCancelled, EditionCancelled, SiteCancelled, RegistrationNotOpen, RegistrationOver, EditionOver,
    NoSeatLeft, Stale, NotFound.
    """
    if pool.edition_id != registration.edition_id:
        raise NotFound
    edition = queries.get_edition(registration.edition_id)
    old_site, site = queries.site_of(queries.pool_of(registration)), queries.site_of(pool)
    rules.check_held(registration.state)
    rules.check_takes_place(edition.cancelled_at)
    if not rules.may_change(edition.registration, now, site_cancelled=old_site.cancelled_at is not None):
        rules.check_open(edition.registration, now)
    rules.check_not_over(edition.ends_on, now.astimezone(ZoneInfo(edition.time_zone)).date())
    if pool.id == registration.pool_id:
        return
    rules.check_site_open(site.cancelled_at, lazy_pick(site.name))
    old_id = registration.pool_id
    for pool_id in sorted((old_id, pool.id)):
        if pool_id == pool.id:
            _take_seat(pool, registration.locale)
        else:
            _give_seat_back(old_id)
    registration.pool_id, registration.placed_at = pool.id, now
    db.session.flush()
    audit.record(
        "registration.moved",
        subject=registration.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        site=queries.site_of(pool).code,
        mode=pool.mode.value,
    )
    key = f"registration-confirmed:{registration.id}:{registration.version}"
    _confirm(registration, pool, edition, key=key, now=now)


def cancel_registration(registration: Registration, *, actor: Actor, now: datetime) -> None:
    """Give a place back and confirm that by mail.  Raises PlaceCancelled, EditionOver, Stale."""
    edition = queries.get_edition(registration.edition_id)
    rules.check_held(registration.state)
    rules.check_not_over(edition.ends_on, now.astimezone(ZoneInfo(edition.time_zone)).date())
    _give_seat_back(registration.pool_id)
    registration.state = RegistrationState.CANCELLED
    registration.cancelled_at = now
    registration.phone = None  # as was promised where it was asked for
    db.session.flush()
    pool = queries.pool_of(registration)
    invited = _invitation(registration, pool, edition, cancelled=True, now=now)
    audit.record(
        "registration.cancelled", subject=registration.code, actor=actor, now=now, edition_id=edition.id
    )
    notifications.enqueue(
        letters.CANCELLED,
        to_address=registration.email,
        to_name=registration.full_name,
        locale=registration.locale,
        key=f"registration-cancelled:{registration.id}",
        now=now,
        edition=edition,
        calendar=invited,
        calendar_method=tickets.method_of(cancelled=True),
        recipient=f"registration:{registration.id}",
        code=registration.code,
        url=addresses.address("registration_public.register", edition_code=edition.code),
    )


def forget_phone(registration: Registration, *, actor: Actor, now: datetime) -> None:
    """Delete the telephone number of a registration."""
    if registration.phone is None:
        return
    registration.phone = None
    db.session.flush()
    audit.record(
        "registration.phone_deleted",
        subject=registration.code,
        actor=actor,
        now=now,
        edition_id=registration.edition_id,
    )


def note_export(edition: Edition, *, count: int, actor: Actor, now: datetime) -> None:
    """Write into the trail that personal data of `count` people left the system."""
    audit.record(
        "registration.exported",
        subject=edition.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        count=count,
    )


def invite(
    registrations: Sequence[Registration],
    stays: Mapping[int, tickets.Stay],
    *,
    cancelled: bool,
    now: datetime,
) -> dict[int, bytes]:
    """Return the calendar entry of each place by registration id, each newer than all that were sent before.

    `stays` by site id; the registrations need their pools.  With `cancelled` the entry is taken out again.
    """
    if not registrations:
        return {}
    sequences = _raise_sequences([registration.id for registration in registrations])
    return {
        registration.id: tickets.invitation(
            registration,
            stays[registration.pool.site_id],
            mode=registration.pool.mode,
            sequence=sequences[registration.id],
            cancelled=cancelled,
            now=now,
        )
        for registration in registrations
    }


def _raise_sequences(ids: Sequence[int]) -> dict[int, int]:
    """Raise the SEQUENCE of these places and return it by id.

    The rows' own version stays: their holders may be changing them at this moment, which is no conflict with it.
    """
    table = table_of(Registration)
    rows = db.session.execute(
        update(table)
        .where(table.c.id.in_(ids))
        .values(calendar_sequence=table.c.calendar_sequence + 1)
        .returning(table.c.id, table.c.calendar_sequence)
    )
    return {row.id: row.calendar_sequence for row in rows}


def _invitation(
    registration: Registration, pool: SeatPool, edition: Edition, *, cancelled: bool, now: datetime
) -> bytes:
    return tickets.invitation(
        registration,
        tickets.stay_at(edition, queries.site_of(pool)),
        mode=pool.mode,
        sequence=_raise_sequences([registration.id])[registration.id],
        cancelled=cancelled,
        now=now,
    )


def _confirm(
    registration: Registration, pool: SeatPool, edition: Edition, *, key: str, now: datetime
) -> bool:
    if notifications.is_queued(key):
        return False
    # Whose site was cancelled has taken the entry out; the link alone must not bring it back.
    invited = queries.site_of(pool).cancelled_at is None
    starts_at = queries.first_starts([edition]).get(pool.site_id)
    return notifications.enqueue(
        letters.CONFIRMED,
        to_address=registration.email,
        to_name=registration.full_name,
        locale=registration.locale,
        key=key,
        now=now,
        edition=edition,
        calendar=_invitation(registration, pool, edition, cancelled=False, now=now) if invited else None,
        calendar_method=tickets.method_of(cancelled=False) if invited else None,
        recipient=f"registration:{registration.id}",
        has_calendar=invited,
        **_facts(registration, pool, starts_at),
    )


def _facts(registration: Registration, pool: SeatPool, starts_at: datetime | None) -> dict[str, Any]:
    site = queries.site_of(pool)
    return {
        "code": registration.code,
        "site": site.name,
        "place": site.address,
        "mode": rules.SEAT_MODE_NAMES[pool.mode],
        "is_online": pool.mode is SeatMode.ONLINE,
        "starts_at": starts_at,
        "url": addresses.address("registration_public.show", token=registration.token),
    }


def _take_seat(pool: SeatPool, locale: str) -> None:
    """Raise NoSeatLeft unless the update, which is the guard, finds a free seat."""
    taken = _rows_changed(
        update(SeatPool)
        .where(SeatPool.id == pool.id, SeatPool.taken < SeatPool.capacity)
        .values(taken=SeatPool.taken + 1)
        .execution_options(synchronize_session=False)
    )
    if taken != 1:
        raise rules.NoSeatLeft(site=pick(queries.site_of(pool).name, locale))


def _give_seat_back(pool_id: int) -> None:
    db.session.execute(
        update(SeatPool)
        .where(SeatPool.id == pool_id, SeatPool.taken > 0)
        .values(taken=SeatPool.taken - 1)
        .execution_options(synchronize_session=False)
    )


def _rows_changed(statement: Update) -> int:
    result = db.session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _note_seats(site: Site, mode: SeatMode, capacity: int, *, actor: Actor, now: datetime) -> None:
    audit.record(
        "seats.set",
        subject=site.code,
        actor=actor,
        now=now,
        edition_id=site.edition_id,
        mode=mode.value,
        capacity=capacity,
    )
