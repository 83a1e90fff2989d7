"""Opening and changing editions."""

from datetime import date, datetime
from typing import Any

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
