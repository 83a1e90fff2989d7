"""Postponing and cancelling as one act, gathering what was moved, and telling everybody whom it concerns once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, update
from sqlalchemy.exc import SQLAlchemyError

from dxday.audit import services as audit
from dxday.changes import letters, plans, queries, rules, words
from dxday.changes.models import Notice
from dxday.changes.plans import Plan
from dxday.changes.queries import Change, Concerned, Reach
from dxday.changes.rules import Act, Scope
from dxday.core.actor import SYSTEM, Actor
from dxday.core.errors import Stale
from dxday.core.i18n import Translations
from dxday.db import db, table_of
from dxday.editions import queries as editions_queries
from dxday.editions import services as editions
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.notifications import services as notifications
from dxday.notifications.letters import Letter
from dxday.programme import publishing, together
from dxday.programme import queries as programme_queries
from dxday.programme import services as programme
from dxday.programme.models import PlacementChange, Session
from dxday.registration import services as registration
from dxday.registration import tickets
from dxday.registration.models import Registration
from dxday.sites import queries as sites_queries
from dxday.sites import rules as site_rules
from dxday.sites import services as sites
from dxday.sites.models import Site

log = structlog.get_logger()


# Acts ----------------------------------------------------------------------------------------------------------------


def postpone_edition(
    edition: Edition,
    *,
    first_day: date,
    reason: Translations,
    seen: str,
    sure: bool,
    actor: Actor,
    now: datetime,
) -> Notice:
    """Let the edition begin on another day, and everything that is not cancelled with it; seats and places are kept.

    `seen` is the fingerprint of the plan that the person had before them, and so with the acts below.  Raises Stale,
    NotConfirmed, and what `plans.edition_postponed` raises.
    """
    rules.check_sure(sure)
    plan = _locked(edition, lambda: plans.edition_postponed(edition, first_day, now=now), seen)
    was_on = edition.starts_on
    editions.postpone_edition(edition, first_day=first_day, reason=reason, actor=actor, now=now)
    together.move_together(edition, plan.moves, now=now)
    return _announce(plan, reason=reason, was_on=was_on, actor=actor, now=now)


def cancel_edition(
    edition: Edition, *, reason: Translations, seen: str, sure: bool, actor: Actor, now: datetime
) -> Notice:
    """Let the edition not take place; what is over, and seats and places as evidence, stay as they are.

    Raises Stale, NotConfirmed, EditionCancelled, EditionOver.
    """
    rules.check_sure(sure)
    plan = _locked(edition, lambda: plans.edition_cancelled(edition, now=now), seen)
    editions.cancel_edition(edition, reason=reason, actor=actor, now=now)
    together.cancel_together(plan.cancelled, whole=plan.whole, now=now)
    return _announce(plan, reason=reason, was_on=edition.starts_on, actor=actor, now=now)


def cancel_site(
    edition: Edition,
    site: Site,
    *,
    reason: Translations,
    seen: str,
    sure: bool,
    actor: Actor,
    now: datetime,
) -> Notice:
    """Let a site not take part: it receives nothing any more, and what is held there is cancelled everywhere.

    Its places are kept, so that their holders can move to another site with their links.  Raises Stale, NotConfirmed,
    SiteCancelled.
    """
    rules.check_sure(sure)
    plan = _locked(edition, lambda: plans.site_cancelled(edition, site, now=now), seen)
    sites.cancel_site(site, actor=actor, now=now)
    together.cancel_together(plan.cancelled, whole=plan.whole, now=now)
    return _announce(plan, reason=reason, site=site, actor=actor, now=now)


def postpone_site(
    edition: Edition,
    site: Site,
    *,
    days: int,
    reason: Translations,
    seen: str,
    sure: bool,
    actor: Actor,
    now: datetime,
) -> Notice:
    """Move what is held at a site and still to come by whole days, with all who receive it.

    What the site receives from others stays.  Raises Stale, NotConfirmed, SiteCancelled, RoomTaken, and what
    `plans.site_postponed` raises.
    """
    rules.check_sure(sure)
    plan = _locked(edition, lambda: plans.site_postponed(edition, site, days, now=now), seen)
    site_rules.check_takes_part(site.cancelled_at)
    together.move_together(edition, plan.moves, now=now)
    audit.record(
        "site.postponed",
        subject=site.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        days=days,
        sessions=plan.moved_sessions,
    )
    return _announce(plan, reason=reason, site=site, actor=actor, now=now)


def postpone_session(
    edition: Edition,
    session: Session,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: Translations,
    seen: str,
    sure: bool,
    actor: Actor,
    now: datetime,
) -> Notice:
    """Hold a published session at another time, at every site that receives it, and tell people at once.

    Raises Stale, NotConfirmed, RoomTaken, and what `plans.session_postponed` raises.
    """
    rules.check_sure(sure)
    plan = _locked(
        edition,
        lambda: plans.session_postponed(edition, session, starts_at, ends_at, now=now),
        seen,
    )
    programme.move_session(session, starts_at=starts_at, ends_at=ends_at, actor=actor, now=now)
    return _announce(plan, reason=reason, session=session, actor=actor, now=now)


def cancel_session(
    edition: Edition,
    session: Session,
    *,
    reason: Translations,
    seen: str,
    sure: bool,
    actor: Actor,
    now: datetime,
) -> Notice:
    """Cancel a published session everywhere and tell people at once.

    Raises Stale, NotConfirmed, CancelledForGood, NotAnnounced, SessionOver.
    """
    rules.check_sure(sure)
    plan = _locked(edition, lambda: plans.session_cancelled(edition, session, now=now), seen)
    programme.cancel_session(session, actor=actor, now=now)
    return _announce(plan, reason=reason, session=session, actor=actor, now=now)


def _locked(edition: Edition, foresee: Callable[[], Plan], seen: str) -> Plan:
    """Foresee once more where nobody can come between.  Raises Stale when it is not what the person saw."""
    editions_queries.lock_edition(edition)
    together.lock_programme(edition)
    plan = foresee()
    if plan.fingerprint != seen:
        raise Stale
    return plan


def _announce(
    plan: Plan,
    *,
    reason: Translations,
    actor: Actor,
    now: datetime,
    was_on: date | None = None,
    site: Site | None = None,
    session: Session | None = None,
) -> Notice:
    """Publish what the act changed, and leave the notice by which the job tells people; the changes belong to it."""
    changed = plan.session_ids
    if plan.scope is Scope.EDITION:
        # Else the public would go on seeing them on the old day, or in an edition that does not take place.
        changed |= set(programme_queries.list_ids_cancelled_unseen(plan.edition.id))
    publishing.publish(
        plan.edition,
        only=changed,
        known_only=True,
        name=str(rules.NOTICE_NAMES[plan.scope, plan.act]),
        note=reason,
        actor=actor,
        now=now,
    )
    notice = Notice(
        edition_id=plan.edition.id,
        act=plan.act,
        scope=plan.scope,
        site_id=site.id if site else None,
        session_id=session.id if session else None,
        reason=reason or None,
        was_on=was_on,
        created_at=now,
        created_by_id=actor.account_id,
        told=0,
    )
    db.session.add(notice)
    db.session.flush()
    everything = plan.scope is Scope.EDITION
    ids = sorted(plan.placement_ids)
    changes = table_of(PlacementChange)
    untold = update(changes).where(changes.c.edition_id == plan.edition.id, changes.c.notice_id.is_(None))
    portions = [None] if everything else [ids[first : first + 1000] for first in range(0, len(ids), 1000)]
    for portion in portions:
        chosen = untold if portion is None else untold.where(changes.c.placement_id.in_(portion))
        db.session.execute(chosen.values(notice_id=notice.id))
    return notice


# What was moved one by one -------------------------------------------------------------------------------------------


def gather_changes(edition: Edition, *, now: datetime) -> Notice | None:
    """Gather what was moved on the pages of the programme into one notice, once it has been left alone for a while.

    What was moved and moved back, and what is over, is settled without a word.  None when there is nothing to tell.
    """
    editions_queries.lock_edition(edition)
    untold = queries.list_untold(edition.id)
    if not untold or not rules.is_settled(max(change.changed_at for change, _, _ in untold), now):
        return None
    news = [change.id for change, was, becomes in untold if rules.is_news(was, becomes, now)]
    silent = sorted({change.id for change, _, _ in untold} - set(news))
    changes = table_of(PlacementChange)
    for first in range(0, len(silent), 1000):
        db.session.execute(delete(changes).where(changes.c.id.in_(silent[first : first + 1000])))
    if not news:
        return None
    notice = Notice(edition_id=edition.id, act=Act.CHANGED, scope=Scope.EDITION, created_at=now, told=0)
    db.session.add(notice)
    db.session.flush()
    for first in range(0, len(news), 1000):
        db.session.execute(
            update(changes)
            .where(changes.c.id.in_(news[first : first + 1000]), changes.c.notice_id.is_(None))
            .values(notice_id=notice.id)
        )
    audit.record(
        "changes.gathered",
        subject=f"notice:{notice.id}",
        actor=SYSTEM,
        now=now,
        edition_id=edition.id,
        count=len(news),
    )
    return notice


# Telling -------------------------------------------------------------------------------------------------------------


@dataclass
class Story:
    """What a notice tells and whom, worked out once for many letters."""

    notice: Notice
    edition: Edition
    changes: Sequence[Change]
    reach: Reach
    people: Mapping[str, Concerned]
    """Those with a part in it, by the key of their address."""
    sites: Mapping[int, Site]
    rooms: Mapping[int, Translations]
    stays: dict[int, tickets.Stay] = field(default_factory=dict)
    said: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The clock of the edition."""
        return ZoneInfo(self.edition.time_zone)

    def stay(self, site_id: int) -> tickets.Stay:
        """Return what happens at a site now."""
        if site_id not in self.stays:
            self.stays[site_id] = tickets.stay_at(self.edition, self.sites[site_id])
        return self.stays[site_id]

    def lines_at(self, site_id: int, locale: str) -> tuple[str, ...]:
        """Return what changed at a site."""
        if (locale, site_id) not in self.said:
            here = [change for change in self.changes if change.site_id == site_id]
            self.said[locale, site_id] = self._lines(here, locale, at_site=site_id)
        return self.said[locale, site_id]

    def lines_of(self, one: Concerned, locale: str) -> tuple[str, ...]:
        """Return what changed in the sessions in which somebody has a part, and at the sites where they preside."""
        theirs = [
            change
            for change in self.changes
            if change.session_id in one.session_ids
            or change.site_id in one.site_ids
            or (change.session_id, change.site_id) in one.placements
        ]
        return self._lines(theirs, locale)

    def _lines(self, changes: Sequence[Change], locale: str, at_site: int | None = None) -> tuple[str, ...]:
        return words.lines(
            changes,
            locale=locale,
            zone=self.zone,
            rooms=self.rooms,
            sites={site.id: site.name for site in self.sites.values()},
            at_site=at_site,
        )


@dataclass(frozen=True)
class Told:
    """What one transaction of telling did."""

    letters: int
    failed: int
    last_id: int | None
    """The registration after which to go on; None when all places were gone through."""


def read_notice(notice: Notice) -> Story:
    """Work out what a notice tells and whom."""
    edition = db.session.get_one(Edition, notice.edition_id)
    changes = queries.list_changes(notice)
    reach = queries.reach_of(notice, changes)
    found = {site.id: site for site in sites_queries.list_sites(edition.id)}
    return Story(
        notice=notice,
        edition=edition,
        changes=changes,
        reach=reach,
        people={one.key: one for one in queries.list_people(reach)},
        sites=found,
        rooms={room.id: room.name for site in found.values() for room in site.rooms},
    )


def tell_places(story: Story, *, after: int, now: datetime) -> Told:
    """Write the next letters to those who hold a place, after the registration with id `after`."""
    notice = queries.lock_notice(story.notice.id)
    if notice.told_at is not None:
        return Told(0, 0, None)
    batch = queries.list_registrants_to_tell(notice.id, story.reach, after=after)
    told, failed = _tell_each(
        notice, [(f"registration:{each.id}", partial(_tell_place, story, each, now=now)) for each in batch]
    )
    return Told(told, failed, batch[-1].id if len(batch) == rules.BATCH else None)


def tell_people(story: Story, *, now: datetime) -> Told:
    """Write the letters to those who only have a part in it."""
    notice = queries.lock_notice(story.notice.id)
    if notice.told_at is not None:
        return Told(0, 0, None)
    people = queries.list_people_to_tell(notice.id, story.reach)
    told, failed = _tell_each(
        notice, [(each.recipient, partial(_tell_person, story, each, now=now)) for each in people]
    )
    return Told(told, failed, None)


def _tell_each(notice: Notice, letters_to_write: Sequence[tuple[str, Callable[[], bool]]]) -> tuple[int, int]:
    """Write letters, each by its recipient, and return how many were told and how many could not be.

    A letter that cannot be written is logged and holds up no other; it is tried again at the next round.
    """
    told = failed = 0
    for recipient, write in letters_to_write:
        try:
            told += write()
        except SQLAlchemyError:
            raise
        except Exception:
            failed += 1
            log.exception("not_told", notice=notice.id, recipient=recipient)
    notice.told += told
    return told, failed


def finish_notice(story: Story, *, now: datetime) -> None:
    """Note that everybody was told."""
    notice = queries.lock_notice(story.notice.id)
    if notice.told_at is None:
        notice.told_at = now
        audit.record(
            "notice.told",
            subject=f"notice:{notice.id}",
            actor=SYSTEM,
            now=now,
            edition_id=notice.edition_id,
            count=notice.told,
        )


def _tell_place(story: Story, place: Registration, *, now: datetime) -> bool:
    """Write to the holder of a place, with a calendar entry that is newer than the last."""
    site = story.sites[place.pool.site_id]
    letter = _letter_for(story.notice, site.id)
    stay = story.stay(site.id)
    gone = letter is letters.SITE_CANCELLED or letter is letters.EDITION_CANCELLED
    # Whose site was cancelled before has taken the entry out already; it must not come back by another letter.
    invited = gone or site.cancelled_at is None
    lines = story.lines_at(site.id, place.locale)
    if one := story.people.get(place.email_key):
        lines = tuple(dict.fromkeys((*lines, *story.lines_of(one, place.locale))))
    if letter is letters.PLAN_CHANGED and not lines:
        return False
    calendar = registration.invite([place], {site.id: stay}, cancelled=gone, now=now) if invited else {}
    return notifications.enqueue(
        letter,
        to_address=place.email,
        to_name=place.full_name,
        locale=place.locale,
        key=queries.key_of(story.notice.id, f"registration:{place.id}"),
        now=now,
        edition=story.edition,
        calendar=calendar.get(place.id),
        calendar_method=tickets.method_of(cancelled=gone) if calendar else None,
        recipient=f"registration:{place.id}",
        **_facts(story, lines=_needed(letter, lines, story, place)),
        has_place=True,
        code=place.code,
        site=site.name,
        starts_at=stay.starts_at,
        has_calendar=bool(calendar),
        url=addresses.address("registration_public.show", token=place.token),
    )


def _tell_person(story: Story, one: Concerned, *, now: datetime) -> bool:
    """Write to somebody who has a part in it and holds no place: words, and no invitation."""
    own = next((site_id for site_id in sorted(one.site_ids)), None)
    letter = _letter_for(story.notice, own)
    lines = story.lines_of(one, one.locale)
    if letter is letters.PLAN_CHANGED and not lines:
        return False
    return notifications.enqueue(
        letter,
        to_address=one.address,
        to_name=one.name,
        locale=one.locale,
        key=queries.key_of(story.notice.id, one.recipient),
        now=now,
        edition=story.edition,
        recipient=one.recipient,
        **_facts(story, lines=lines),
        has_place=False,
        code="",
        site=story.sites[own].name if own is not None else {},
        starts_at=None,
        has_calendar=False,
        url=addresses.address("programme_public.schedule", edition_code=story.edition.code),
    )


def _letter_for(notice: Notice, site_id: int | None) -> Letter:
    if notice.scope is Scope.EDITION and notice.act is Act.POSTPONED:
        return letters.EDITION_POSTPONED
    if notice.scope is Scope.EDITION and notice.act is Act.CANCELLED:
        return letters.EDITION_CANCELLED
    if notice.scope is Scope.SITE and notice.act is Act.CANCELLED and notice.site_id == site_id:
        return letters.SITE_CANCELLED
    return letters.PLAN_CHANGED


def _needed(letter: Letter, lines: tuple[str, ...], story: Story, place: Registration) -> tuple[str, ...]:
    """Return the lines that the letter lists: of a whole edition only those in which somebody has a part."""
    if letter is not letters.EDITION_POSTPONED:
        return lines
    one = story.people.get(place.email_key)
    return story.lines_of(one, place.locale) if one else ()


def _facts(story: Story, *, lines: tuple[str, ...]) -> dict[str, Any]:
    return {
        "changes": lines,
        "reason": story.notice.reason or {},
        "was_on": story.notice.was_on,
        "is_on": story.edition.starts_on,
    }
