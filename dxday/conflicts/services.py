"""Overriding findings, setting levels and limits, and keeping changes out that the edition does not allow."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy.orm.attributes import flag_modified

from dxday.accounts.models import Person
from dxday.audit import services as audit
from dxday.conflicts import queries, rules
from dxday.conflicts.engine import Index
from dxday.conflicts.models import (
    Availability,
    ConflictOverride,
    ConflictSetting,
    ProgrammeSetting,
    SiteTravel,
)
from dxday.conflicts.rules import RULES, Finding, Level, Limits
from dxday.core.actor import Actor
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.editions.models import Edition
from dxday.programme.rules import check_seen
from dxday.programme.watching import Note
from dxday.sites.models import Room, Site

# Overrides -----------------------------------------------------------------------------------------------------------


def override_finding(
    edition: Edition, rule: str, key: str, *, reason: str, actor: Actor, now: datetime
) -> Finding:
    """Let a finding stand for a reason, which is kept; the same again replaces the reason.

    Raises ReasonNeeded, NotOverridable.
    """
    if not reason:
        raise rules.ReasonNeeded
    found = queries.find_finding(edition.id, rule, key)
    if found is None or (found.override is not None and queries.find_override(edition.id, rule, key) is None):
        raise rules.NotOverridable
    _override(edition.id, [found], reason=reason, actor=actor, now=now)
    return found


def override_findings(
    edition_id: int, findings: Iterable[Finding], *, reason: str, actor: Actor, now: datetime
) -> None:
    """Let findings stand that were just found, for one reason, as an import does.  Raises ReasonNeeded."""
    if not reason:
        raise rules.ReasonNeeded
    _override(edition_id, findings, reason=reason, actor=actor, now=now)


def _override(
    edition_id: int, findings: Iterable[Finding], *, reason: str, actor: Actor, now: datetime
) -> None:
    kept = queries.map_overrides(edition_id)
    for found in findings:
        row = kept.get(found.name)
        if row is None:
            row = ConflictOverride(edition_id=edition_id, rule=found.rule, key=found.key)
            db.session.add(row)
        row.reason, row.account_id, row.created_at = reason, actor.account_id, now
        audit.record(
            "conflict.overridden",
            subject=f"{found.rule}:{found.key}",
            actor=actor,
            now=now,
            edition_id=edition_id,
            sessions=list(found.session_ids),
            reason=reason,
        )
    db.session.flush()


def remove_override(edition: Edition, rule: str, key: str, *, actor: Actor, now: datetime) -> None:
    """Let a finding count again.  Raises NotFound."""
    row = queries.find_override(edition.id, rule, key)
    if row is None:
        raise NotFound
    db.session.delete(row)
    db.session.flush()
    audit.record(
        "conflict.override_removed",
        subject=f"{rule}:{key}",
        actor=actor,
        now=now,
        edition_id=edition.id,
        reason=row.reason,
    )


# Changes -------------------------------------------------------------------------------------------------------------


def check_allowed(
    edition_id: int,
    session_ids: Iterable[int],
    *,
    before: Index,
    reason: str,
    actor: Actor,
    now: datetime,
) -> list[Finding]:
    """Refuse a change of these sessions that brings a finding which the edition does not allow.

    `before` is the programme without the change; call it after the change, inside its transaction.  What is
    overridden does not count; with a `reason` the new findings are overridden for it, and returned.  Raises Blocked.
    """
    db.session.flush()
    difference = before.compare(queries.load_index(edition_id), session_ids)
    new = [found for found in difference.new if found.level is Level.BLOCK and found.override is None]
    if new and not reason:
        raise rules.Blocked(message=new[0].message, mend=new[0].mend)
    _override(edition_id, new, reason=reason, actor=actor, now=now)
    return new


@contextmanager
def watch_change(edition_id: int, *, reason: str, actor: Actor, now: datetime) -> Iterator[Note]:
    """Check a change around which this is opened, inside its transaction; the block names the sessions changed.

    Raises Blocked.
    """
    before = queries.load_index(edition_id)
    touched: list[int] = []
    yield touched.append
    check_allowed(edition_id, touched, before=before, reason=reason, actor=actor, now=now)


# What the edition says -----------------------------------------------------------------------------------------------


def set_rules(
    edition: Edition,
    *,
    seen: int,
    levels: Mapping[str, Level],
    limits: Limits,
    actor: Actor,
    now: datetime,
) -> None:
    """Set the level of every rule named, and the limits and usual times; `seen` is the version seen, 0 for none.

    Raises Stale.
    """
    setting = queries.find_setting(edition.id)
    check_seen(seen, setting.version if setting is not None else 0)
    if setting is None:
        setting = ProgrammeSetting(edition_id=edition.id)
        db.session.add(setting)
    setting.turnaround, setting.travel = limits.turnaround, limits.travel
    setting.licences, setting.interpreters = limits.licences, limits.interpreters
    db.session.flush()
    # A change of levels alone makes a new version too: two who change them shall not overwrite each other.
    flag_modified(setting, "turnaround")
    rows = {row.rule: row for row in queries.list_settings(edition.id)}
    for code, level in levels.items():
        row = rows.get(code)
        if level is RULES[code].level:
            if row is not None:
                db.session.delete(row)
        elif row is None:
            db.session.add(ConflictSetting(edition_id=edition.id, rule=code, level=level))
        else:
            row.level = level
    db.session.flush()
    audit.record(
        "conflict.rules_set",
        subject=edition.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        levels={code: level.value for code, level in levels.items() if level is not RULES[code].level},
        turnaround=int(limits.turnaround.total_seconds() // 60),
        travel=int(limits.travel.total_seconds() // 60),
        licences=limits.licences,
        interpreters=limits.interpreters,
    )


def set_travel(
    edition: Edition,
    site: Site,
    lengths: Mapping[int, timedelta | None],
    *,
    actor: Actor,
    now: datetime,
) -> int:
    """Set how long it takes from a site to others, by their ids; None is the edition's usual time.

    Return how many changed.  Raises SameSite.
    """
    if site.id in lengths:
        raise rules.SameSite
    rows = {
        row.other_id if row.one_id == site.id else row.one_id: row
        for row in queries.list_ways(edition.id, site.id)
    }
    changed: dict[str, int | None] = {}
    for other_id, length in lengths.items():
        row = rows.get(other_id)
        if (row.length if row is not None else None) == length:
            continue
        changed[str(other_id)] = None if length is None else int(length.total_seconds() // 60)
        if length is None:
            db.session.delete(row)
        elif row is not None:
            row.length = length
        else:
            one_id, far_id = min(site.id, other_id), max(site.id, other_id)
            db.session.add(SiteTravel(edition_id=edition.id, one_id=one_id, other_id=far_id, length=length))
    db.session.flush()
    if changed:
        audit.record(
            "travel.set", subject=site.code, actor=actor, now=now, edition_id=edition.id, minutes=changed
        )
    return len(changed)


def add_availability(
    edition: Edition,
    thing: Person | Room | Site,
    *,
    starts_at: datetime,
    ends_at: datetime,
    available: bool,
    note: str,
    actor: Actor,
    now: datetime,
) -> Availability:
    """Say that a person, a room or a site can, or cannot, be had at a time.  Raises WindowNotInOrder."""
    if ends_at <= starts_at:
        raise rules.WindowNotInOrder
    window = Availability(
        edition_id=edition.id,
        person_id=thing.id if isinstance(thing, Person) else None,
        room_id=thing.id if isinstance(thing, Room) else None,
        site_id=thing.id if isinstance(thing, Site) else None,
        starts_at=starts_at,
        ends_at=ends_at,
        available=available,
        note=note,
    )
    db.session.add(window)
    db.session.flush()
    audit.record(
        "availability.added",
        subject=str(window.id),
        actor=actor,
        now=now,
        edition_id=edition.id,
        **_what(window),
    )
    return window


def remove_availability(window: Availability, *, actor: Actor, now: datetime) -> None:
    """Take a time of availability away."""
    facts = _what(window)
    db.session.delete(window)
    db.session.flush()
    audit.record(
        "availability.removed",
        subject=str(window.id),
        actor=actor,
        now=now,
        edition_id=window.edition_id,
        **facts,
    )


def _what(window: Availability) -> dict[str, object]:
    return {
        "person": window.person_id,
        "room": window.room_id,
        "site": window.site_id,
        "starts_at": window.starts_at.isoformat(),
        "ends_at": window.ends_at.isoformat(),
        "available": window.available,
    }
