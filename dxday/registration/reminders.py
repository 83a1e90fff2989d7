"""Whom reminder rules reach through registration: everybody who holds a place."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, Select, Text, cast, func, literal, or_, select
from sqlalchemy.orm import joinedload

from dxday.core.i18n import lazy_gettext
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications import addresses
from dxday.notifications.letters import Letter, Placeholder
from dxday.programme import reminders as programme
from dxday.programme.models import PublishedPlacement, PublishedSession
from dxday.programme.rules import SessionState
from dxday.registration import letters, queries, rules
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import RegistrationState, SeatMode
from dxday.reminders.offers import Anchor, Audience, Filter, Found, Moment
from dxday.sites.models import Site


def _sites(editions: Sequence[Edition]) -> list[Site]:
    """The sites that have seats and take part."""
    return list(
        db.session.scalars(
            select(Site)
            .where(
                Site.edition_id.in_([edition.id for edition in editions]),
                Site.cancelled_at.is_(None),
                select(SeatPool.id).where(SeatPool.site_id == Site.id).exists(),
            )
            .order_by(Site.id)
        )
    )


def _at_site(site: Site, occasion: str, at: datetime) -> Anchor:
    return Anchor(
        edition_id=site.edition_id,
        occasion=occasion,
        key=site.id,
        at=at,
        label=site.name,
        marks={"site": site.code},
    )


def _beginnings(editions: Sequence[Edition]) -> list[Anchor]:
    starts = queries.first_starts(editions)
    return [_at_site(site, f"site:{site.id}", starts[site.id]) for site in _sites(editions)]


def _ends(editions: Sequence[Edition]) -> list[Anchor]:
    by_id = {edition.id: edition for edition in editions}
    ends = dict(
        db.session.execute(
            select(PublishedPlacement.site_id, func.max(PublishedPlacement.ends_at))
            .join(PublishedSession, PublishedSession.id == PublishedPlacement.session_id)
            .where(
                PublishedPlacement.edition_id.in_(by_id),
                PublishedPlacement.cancelled_at.is_(None),
                PublishedSession.state == SessionState.PUBLISHED,
            )
            .group_by(PublishedPlacement.site_id)
        ).all()
    )
    return [
        _at_site(site, f"site:{site.id}:end", ends.get(site.id) or _usual_end(by_id[site.edition_id]))
        for site in _sites(editions)
    ]


def _usual_end(edition: Edition) -> datetime:
    return datetime.combine(edition.ends_on, rules.USUAL_END, tzinfo=ZoneInfo(edition.time_zone))


def _ceremonies(editions: Sequence[Edition]) -> list[Anchor]:
    """The ceremony concerns everybody, wherever they sit; whoever changes the site is not told of it again."""
    starts = programme.ceremonies(editions)
    return [
        _at_site(site, f"edition:{site.edition_id}:ceremony", starts[site.edition_id])
        for site in _sites(editions)
        if site.edition_id in starts
    ]


def _sessions(editions: Sequence[Edition]) -> list[Anchor]:
    rows = db.session.execute(
        select(PublishedSession, PublishedPlacement, Site.code)
        .join(PublishedPlacement, PublishedPlacement.session_id == PublishedSession.id)
        .join(Site, Site.id == PublishedPlacement.site_id)
        .where(
            PublishedSession.edition_id.in_([edition.id for edition in editions]),
            PublishedSession.state == SessionState.PUBLISHED,
            PublishedPlacement.cancelled_at.is_(None),
            Site.cancelled_at.is_(None),
        )
        .order_by(PublishedPlacement.id)
    )
    return [
        Anchor(
            edition_id=session.edition_id,
            occasion=f"session:{session.id}",
            key=placement.site_id,
            at=placement.starts_at,
            label=session.title,
            marks={"session": session.code, "site": site_code},
        )
        for session, placement, site_code in rows
    ]


def _people(slots: CTE) -> Select[Any]:
    return (
        select(
            slots.c.slot,
            (literal("registration:") + cast(Registration.id, Text)).label("recipient"),
            Registration.email.label("address"),
            Registration.phone.label("phone"),
            Registration.full_name.label("to_name"),
            Registration.locale.label("locale"),
            func.coalesce(Registration.placed_at, Registration.created_at).label("since"),
        )
        .join(SeatPool, SeatPool.site_id == slots.c.key)
        .join(Registration, Registration.pool_id == SeatPool.id)
        .where(
            Registration.state == RegistrationState.CONFIRMED,
            or_(slots.c.only.is_(None), slots.c.only == cast(SeatPool.mode, Text)),
        )
    )


def _facts(found: Sequence[Found]) -> list[dict[str, Any]]:
    ids = {int(one.recipient.partition(":")[2]) for one in found}
    rows = {
        row.id: row
        for row in db.session.scalars(
            select(Registration)
            .where(Registration.id.in_(ids))
            .options(joinedload(Registration.pool).joinedload(SeatPool.site))
        )
    }
    wanted = {one.edition_id for one in found}
    editions = list(db.session.scalars(select(Edition).where(Edition.id.in_(wanted))))
    starts = queries.first_starts(editions)
    codes = {edition.id: edition.code for edition in editions}
    facts = []
    for one in found:
        registration = rows[int(one.recipient.partition(":")[2])]
        pool = registration.pool
        facts.append(
            {
                "code": registration.code,
                "site": pool.site.name,
                "place": pool.site.address,
                "mode": rules.SEAT_MODE_NAMES[pool.mode],
                "is_online": pool.mode is SeatMode.ONLINE,
                "starts_at": starts.get(pool.site_id),
                "about": one.anchor.label,
                "when": one.anchor.at,
                "url": addresses.address("registration_public.show", token=registration.token),
                "programme_url": addresses.address(
                    "programme_public.schedule", edition_code=codes[one.edition_id]
                ),
            }
        )
    return facts


THANKS = Letter(
    "thanks_registrants",
    lazy_gettext("Thanks to those who held a place"),
    (
        letters.PLACE[0],
        letters.PLACE[1],
        Placeholder("when", lazy_gettext("When it ended"), letters.SAMPLE_TIME),
        Placeholder(
            "programme_url", lazy_gettext("Page of the programme"), "https://dxday.example/next/schedule"
        ),
    ),
    required=False,
    purpose=lazy_gettext("Thanks those who held a place, after the end, when a rule says so."),
    why=lazy_gettext("This letter was written to you because you held a place."),
)

REGISTRANTS = Audience(
    name="registrants",
    label=lazy_gettext("Everybody who holds a place"),
    moments=(
        Moment("first_session", lazy_gettext("the beginning at their site"), _beginnings, filters=("site",)),
        Moment("session", lazy_gettext("the beginning of a session at their site"), _sessions),
        Moment("ceremony", lazy_gettext("the ceremony"), _ceremonies, filters=("site",)),
        Moment("last_session_end", lazy_gettext("the end at their site"), _ends, THANKS, filters=("site",)),
    ),
    letter=Letter(
        "reminder_registrants",
        lazy_gettext("Reminder to those who hold a place"),
        (
            *letters.PLACE,
            Placeholder(
                "about",
                lazy_gettext("What it is about: the site or the session"),
                {"vi": "Điểm cầu xã Mẫu", "en": "Site of Sample commune", "hi": "नमूना कम्यून का स्थल"},
            ),
            Placeholder("when", lazy_gettext("When that is"), letters.SAMPLE_TIME),
        ),
        required=False,
        purpose=lazy_gettext("Reminds those who hold a place, when a rule says so."),
        why=lazy_gettext("This letter was written to you because you hold a place."),
    ),
    people=_people,
    facts=_facts,
    anchor_filters=(
        Filter("site", lazy_gettext("Sites"), programme.choose_sites),
        Filter("session", lazy_gettext("Sessions"), programme.choose_sessions),
    ),
    person_filter=Filter(
        "mode",
        lazy_gettext("On site or online"),
        lambda _edition: [(mode.value, rules.SEAT_MODE_NAMES[mode]) for mode in SeatMode],
    ),
)

AUDIENCES = (REGISTRANTS,)
