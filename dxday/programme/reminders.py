"""Whom reminder rules reach through the programme: speakers, and those who preside at a site; and its moments."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, Select, Text, and_, cast, func, literal, null, or_, select
from sqlalchemy.orm import joinedload

from dxday.accounts.models import Person
from dxday.core.i18n import Words, lazy_gettext, lazy_pick
from dxday.db import UtcDateTime, db
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.notifications.letters import Letter, Placeholder
from dxday.programme.models import PublishedPart, PublishedPlacement, PublishedSession
from dxday.programme.rules import (
    GIVEN_PARTS,
    PART_KIND_NAMES,
    PartKind,
    PlacementRole,
    SessionKind,
    SessionState,
)
from dxday.reminders.offers import Anchor, Audience, Filter, Found, Moment
from dxday.sites import queries as sites
from dxday.sites.models import Site

USUAL_BEGINNING = time(8)
"""When a day is taken to begin while the programme does not say."""

_ALWAYS = literal(datetime(1970, 1, 1, tzinfo=UTC), UtcDateTime())
"""Since when somebody has a part is not kept: nothing told them the time when they got it, so nobody is too late."""

_TAKES_PLACE = and_(
    PublishedSession.state == SessionState.PUBLISHED,
    PublishedPlacement.cancelled_at.is_(None),
    Site.cancelled_at.is_(None),
)


def ceremonies(editions: Sequence[Edition]) -> dict[int, datetime]:
    """Return when the ceremony of each edition begins: its first published one, else the usual hour of its day.

    An edition without a day of its ceremony has none.  One statement.
    """
    days = {edition.id: edition.ceremony_on for edition in editions if edition.ceremony_on}
    programmed = dict(
        db.session.execute(
            select(PublishedPlacement.edition_id, func.min(PublishedPlacement.starts_at))
            .join(PublishedSession, PublishedSession.id == PublishedPlacement.session_id)
            .join(Site, Site.id == PublishedPlacement.site_id)
            .where(
                PublishedPlacement.edition_id.in_(days),
                PublishedPlacement.role == PlacementRole.ORIGIN,
                PublishedSession.kind == SessionKind.CEREMONY,
                _TAKES_PLACE,
            )
            .group_by(PublishedPlacement.edition_id)
        ).all()
    )
    return {
        edition.id: programmed.get(edition.id) or beginning_of(edition, days[edition.id])
        for edition in editions
        if edition.id in days
    }


def beginning_of(edition: Edition, day: Any) -> datetime:
    """Return when a day of the edition is taken to begin."""
    return datetime.combine(day, USUAL_BEGINNING, tzinfo=ZoneInfo(edition.time_zone))


def choose_sites(edition: Edition) -> list[tuple[str, Words]]:
    """Return the edition's sites as choices of a filter."""
    return [(site.code, lazy_pick(site.name)) for site in sites.list_sites(edition.id)]


def choose_sessions(edition: Edition) -> list[tuple[str, Words]]:
    """Return the edition's published sessions as choices of a filter."""
    rows = db.session.execute(
        select(PublishedSession.code, PublishedSession.title)
        .where(PublishedSession.edition_id == edition.id, PublishedSession.state == SessionState.PUBLISHED)
        .order_by(PublishedSession.id)
    )
    return [(code, lazy_pick(title)) for code, title in rows]


def _sessions(editions: Sequence[Edition], at: Callable[[PublishedPlacement], datetime]) -> list[Anchor]:
    rows = db.session.execute(
        select(PublishedSession, PublishedPlacement, Site.code)
        .join(
            PublishedPlacement,
            and_(
                PublishedPlacement.session_id == PublishedSession.id,
                PublishedPlacement.role == PlacementRole.ORIGIN,
            ),
        )
        .join(Site, Site.id == PublishedPlacement.site_id)
        .where(PublishedSession.edition_id.in_([edition.id for edition in editions]), _TAKES_PLACE)
    )
    return [
        Anchor(
            edition_id=session.edition_id,
            occasion=f"session:{session.id}",
            key=session.id,
            at=at(placement),
            label=session.title,
            marks={"session": session.code, "site": site_code},
        )
        for session, placement, site_code in rows
    ]


def _session_beginnings(editions: Sequence[Edition]) -> list[Anchor]:
    return _sessions(editions, lambda placement: placement.starts_at)


def _session_ends(editions: Sequence[Edition]) -> list[Anchor]:
    return _sessions(editions, lambda placement: placement.ends_at)


def _site_beginnings(editions: Sequence[Edition]) -> list[Anchor]:
    rows = db.session.execute(
        select(Site, func.min(PublishedPlacement.starts_at))
        .join(PublishedPlacement, PublishedPlacement.site_id == Site.id)
        .join(PublishedSession, PublishedSession.id == PublishedPlacement.session_id)
        .where(Site.edition_id.in_([edition.id for edition in editions]), _TAKES_PLACE)
        .group_by(Site.id)
    )
    return [
        Anchor(
            edition_id=site.edition_id,
            occasion=f"site:{site.id}",
            key=site.id,
            at=at,
            label=site.name,
            marks={"site": site.code},
        )
        for site, at in rows
    ]


def _speakers(slots: CTE) -> Select[Any]:
    return (
        select(
            slots.c.slot,
            (literal("person:") + cast(Person.id, Text)).label("recipient"),
            Person.email.label("address"),
            null().label("phone"),
            Person.full_name.label("to_name"),
            Person.locale.label("locale"),
            _ALWAYS.label("since"),
        )
        .join(PublishedPart, PublishedPart.session_id == slots.c.key)
        .join(Person, Person.id == PublishedPart.person_id)
        .where(
            PublishedPart.kind.in_(GIVEN_PARTS),
            or_(slots.c.only.is_(None), slots.c.only == cast(PublishedPart.kind, Text)),
        )
        .distinct()
    )


def _presiding(slots: CTE) -> Select[Any]:
    """Those who preside at a site: named for the site, or for one of its sessions."""
    here = (
        select(Site.id.label("site_id"), Site.presiding_officer_id.label("person_id"))
        .where(Site.presiding_officer_id.is_not(None))
        .union(
            select(PublishedPart.site_id, PublishedPart.person_id)
            .join(PublishedSession, PublishedSession.id == PublishedPart.session_id)
            .where(
                PublishedPart.kind == PartKind.PRESIDING_OFFICER,
                PublishedSession.state == SessionState.PUBLISHED,
            )
        )
        .subquery()
    )
    return (
        select(
            slots.c.slot,
            (literal("person:") + cast(Person.id, Text)).label("recipient"),
            Person.email.label("address"),
            null().label("phone"),
            Person.full_name.label("to_name"),
            Person.locale.label("locale"),
            _ALWAYS.label("since"),
        )
        .join(here, here.c.site_id == slots.c.key)
        .join(Person, Person.id == here.c.person_id)
    )


def _person_ids(found: Sequence[Found]) -> set[int]:
    return {int(one.recipient.partition(":")[2]) for one in found}


def _speaker_facts(found: Sequence[Found]) -> list[dict[str, Any]]:
    editions = _editions(found)
    placements = {
        placement.session_id: placement
        for placement in db.session.scalars(
            select(PublishedPlacement)
            .where(
                PublishedPlacement.session_id.in_({one.anchor.key for one in found}),
                PublishedPlacement.role == PlacementRole.ORIGIN,
            )
            .options(
                joinedload(PublishedPlacement.session),
                joinedload(PublishedPlacement.site),
                joinedload(PublishedPlacement.room),
            )
        )
    }
    kinds: dict[tuple[int, int], PartKind] = {}
    for part in db.session.scalars(
        select(PublishedPart)
        .where(PublishedPart.session_id.in_(placements), PublishedPart.person_id.in_(_person_ids(found)))
        .order_by(PublishedPart.position.desc(), PublishedPart.id.desc())
    ):
        kinds[part.session_id, part.person_id] = part.kind
    facts = []
    for one in found:
        placement = placements[one.anchor.key]
        kind = kinds.get((one.anchor.key, int(one.recipient.partition(":")[2])), PartKind.SPEAKER)
        facts.append(
            {
                "session": placement.session.title,
                "role": PART_KIND_NAMES[kind],
                "site": placement.site.name,
                "room": placement.room.name if placement.room else {},
                "starts_at": placement.starts_at,
                "url": addresses.address(
                    "programme_public.session",
                    edition_code=editions[one.edition_id].code,
                    code=placement.session.code,
                ),
            }
        )
    return facts


def _presiding_facts(found: Sequence[Found]) -> list[dict[str, Any]]:
    editions = _editions(found)
    wanted = {one.anchor.key for one in found}
    here = {site.id: site for site in db.session.scalars(select(Site).where(Site.id.in_(wanted)))}
    counts = dict(
        db.session.execute(
            select(PublishedPlacement.site_id, func.count())
            .join(PublishedSession, PublishedSession.id == PublishedPlacement.session_id)
            .join(Site, Site.id == PublishedPlacement.site_id)
            .where(PublishedPlacement.site_id.in_(wanted), _TAKES_PLACE)
            .group_by(PublishedPlacement.site_id)
        ).all()
    )
    return [
        {
            "site": here[one.anchor.key].name,
            "starts_at": one.anchor.at,
            "sessions": counts.get(one.anchor.key, 0),
            "url": addresses.address(
                "programme_public.site",
                edition_code=editions[one.edition_id].code,
                site_code=here[one.anchor.key].code,
            ),
        }
        for one in found
    ]


def _editions(found: Sequence[Found]) -> dict[int, Edition]:
    wanted = {one.edition_id for one in found}
    return {
        edition.id: edition for edition in db.session.scalars(select(Edition).where(Edition.id.in_(wanted)))
    }


_TIME = datetime(2026, 10, 10, 1, tzinfo=UTC)
_SITE_NAME = {"vi": "Điểm cầu xã Mẫu", "en": "Site of Sample commune", "hi": "नमूना कम्यून का स्थल"}

SPEAKERS = Audience(
    name="speakers",
    label=lazy_gettext("Speakers and chairs"),
    moments=(
        Moment("session", lazy_gettext("the beginning of their session"), _session_beginnings),
        Moment("session_end", lazy_gettext("the end of their session"), _session_ends),
    ),
    letter=Letter(
        "reminder_speakers",
        lazy_gettext("Reminder to speakers and chairs"),
        (
            Placeholder(
                "session",
                lazy_gettext("Title of the session"),
                {"vi": "Dữ liệu mở của tỉnh Mẫu", "en": "Open data of Sample province"},
            ),
            Placeholder("role", lazy_gettext("Their part in it"), PART_KIND_NAMES[PartKind.SPEAKER]),
            Placeholder("site", lazy_gettext("Site where it is held"), _SITE_NAME),
            Placeholder("room", lazy_gettext("Room"), {"vi": "Phòng họp 1", "en": "Meeting room 1"}),
            Placeholder("starts_at", lazy_gettext("When it begins"), _TIME),
            Placeholder(
                "url",
                lazy_gettext("Page of the session"),
                "https://dxday.example/next/sessions/open-data",
            ),
        ),
        required=False,
        purpose=lazy_gettext("Reminds speakers and chairs of their session, when a rule says so."),
        why=lazy_gettext("This letter was written to you because you have a part in the programme."),
    ),
    people=_speakers,
    facts=_speaker_facts,
    anchor_filters=(
        Filter("session", lazy_gettext("Sessions"), choose_sessions),
        Filter("site", lazy_gettext("Sites"), choose_sites),
    ),
    person_filter=Filter(
        "part",
        lazy_gettext("Parts"),
        lambda _edition: [(kind.value, PART_KIND_NAMES[kind]) for kind in GIVEN_PARTS],
    ),
)

PRESIDING_OFFICERS = Audience(
    name="presiding_officers",
    label=lazy_gettext("Presiding officers of the sites"),
    moments=(Moment("first_session", lazy_gettext("the beginning at their site"), _site_beginnings),),
    letter=Letter(
        "reminder_presiding_officers",
        lazy_gettext("Reminder to presiding officers"),
        (
            Placeholder("site", lazy_gettext("Name of the site"), _SITE_NAME),
            Placeholder("starts_at", lazy_gettext("When it begins there"), _TIME),
            Placeholder("sessions", lazy_gettext("Number of sessions there"), 4),
            Placeholder("url", lazy_gettext("Page of the site"), "https://dxday.example/next/sites/xa-mau"),
        ),
        required=False,
        purpose=lazy_gettext("Reminds those who preside at a site, when a rule says so."),
        why=lazy_gettext("This letter was written to you because you preside at a site."),
    ),
    people=_presiding,
    facts=_presiding_facts,
    anchor_filters=(Filter("site", lazy_gettext("Sites"), choose_sites),),
)

AUDIENCES = (SPEAKERS, PRESIDING_OFFICERS)
