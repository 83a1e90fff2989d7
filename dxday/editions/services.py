"""Opening and changing editions."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from dxday.accounts.models import Organisation
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.errors import Stale
from dxday.core.i18n import Translations
from dxday.db import db
from dxday.editions import rules
from dxday.editions.models import Edition, LegalDocument

WINDOWS = (
    ("registration_opens_at", "registration_closes_at"),
    ("nominations_open_at", "nominations_close_at"),
)


def add_edition(
    code: str,
    *,
    host: Organisation,
    year: int,
    name: Translations,
    starts_on: date,
    ends_on: date,
    actor: Actor,
    now: datetime,
    **more: Any,
) -> Edition:
    """Add an edition of `host` in `year`; `more` are further columns.  Raises CodeNotUsable."""
    rules.check_code(code)
    edition = Edition(
        code=code, host=host, year=year, name=name, starts_on=starts_on, ends_on=ends_on, **more
    )
    db.session.add(edition)
    db.session.flush()
    audit.record("edition.added", subject=code, actor=actor, now=now, edition_id=edition.id)
    return edition


def add_document(
    edition: Edition,
    *,
    kind: rules.DocumentKind,
    number: str,
    issuer: Translations,
    title: Translations,
    issued_on: date | None,
    source: str | None,
    position: int,
) -> LegalDocument:
    """Add a document that the edition rests on."""
    document = LegalDocument(
        edition_id=edition.id,
        kind=kind,
        number=number,
        issuer=issuer,
        title=title,
        issued_on=issued_on,
        source=source,
        position=position,
    )
    db.session.add(document)
    db.session.flush()
    return document


def change_edition(edition: Edition, *, version: int, actor: Actor, now: datetime, **changes: Any) -> None:
    """Change columns of an edition; what changed is written into the trail.

    `version` is the one that was looked at.  Raises Stale, YearNotPossible, DaysNotInOrder, WindowNotInOrder.

    The public programme is marked as changed, since its pages show name, theme and dates.
    """
    if version != edition.version:
        raise Stale
    rules.check_years({name: value for name, value in changes.items() if isinstance(value, date)})
    rules.check_days(changes.get("starts_on", edition.starts_on), changes.get("ends_on", edition.ends_on))
    for opening, closing in WINDOWS:
        opens_at, closes_at = (changes.get(name, getattr(edition, name)) for name in (opening, closing))
        rules.check_window(opens_at, closes_at, closing)
    changed = {name: value for name, value in changes.items() if getattr(edition, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(edition, name, value)
    db.session.flush()
    mark_programme_changed(edition.id)
    audit.record(
        "edition.changed",
        subject=edition.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        changed=sorted(changed),
    )


def postpone_edition(
    edition: Edition, *, first_day: date, reason: Translations, actor: Actor, now: datetime
) -> None:
    """Let the edition begin on another day: its days, its ceremony and its registration move by whole days.

    What was announced first is kept; nominations stay, since the council works by its own calendar.  Whoever calls
    moves the sessions.  Raises EditionCancelled, YearNotPossible, SameDay, DayPast, ClosesBeforeOpening, Stale.
    """
    rules.check_takes_place(edition.cancelled_at)
    zone = ZoneInfo(edition.time_zone)
    rules.check_first_day(first_day, first_day=edition.starts_on, today=now.astimezone(zone).date())
    was, announced = edition.starts_on, edition.postponed_from or edition.starts_on
    by = first_day - was
    opens_at, closes_at = rules.windows_after(
        edition.registration_opens_at, edition.registration_closes_at, zone, by.days, now
    )
    rules.check_registration(opens_at, closes_at)
    edition.starts_on, edition.ends_on = first_day, edition.ends_on + by
    edition.ceremony_on = edition.ceremony_on + by if edition.ceremony_on else None
    edition.registration_opens_at, edition.registration_closes_at = opens_at, closes_at
    edition.postponed_from = announced if announced != first_day else None
    edition.change_reason = reason
    db.session.flush()
    mark_programme_changed(edition.id)
    audit.record(
        "edition.postponed",
        subject=edition.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        was=was.isoformat(),
        starts_on=first_day.isoformat(),
    )


def cancel_edition(edition: Edition, *, reason: Translations, actor: Actor, now: datetime) -> None:
    """Let the edition not take place, and close registration and nominations; everything else is kept as evidence.

    Whoever calls cancels the sessions.  Raises EditionCancelled, Stale.
    """
    rules.check_takes_place(edition.cancelled_at)
    edition.cancelled_at, edition.change_reason = now, reason
    for opening, closing in WINDOWS:
        closed = rules.closed_now(getattr(edition, opening), getattr(edition, closing), now)
        for name, value in zip((opening, closing), closed, strict=True):
            setattr(edition, name, value)
    db.session.flush()
    mark_programme_changed(edition.id)
    audit.record("edition.cancelled", subject=edition.code, actor=actor, now=now, edition_id=edition.id)


def mark_programme_changed(edition_id: int) -> None:
    """Let kept pages and feeds of the programme be made afresh.

    The row's own version stays: two people who edit two sessions do not stand in each other's way.
    """
    db.session.execute(
        update(Edition)
        .where(Edition.id == edition_id)
        .values(programme_version=Edition.programme_version + 1, version=Edition.version)
        .execution_options(synchronize_session=False)
    )
