"""Bulk data for load tests: sessions, registrations and awards by the thousand, plainly made up."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, update

from dxday import db
from dxday.accounts.models import Account, Organisation
from dxday.accounts.rules import email_key
from dxday.audit import services as audit
from dxday.awards.models import Award, Decision
from dxday.core import codes
from dxday.core.actor import SYSTEM
from dxday.core.errors import RuleBroken
from dxday.core.i18n import LOCALES, lazy_gettext
from dxday.db import Base
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.programme import publishing
from dxday.programme.models import Placement, Session
from dxday.programme.rules import Mode, PlacementRole, SessionKind, SessionState
from dxday.registration import rules as registration_rules
from dxday.registration import services as registration
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import RegistrationState, SeatMode
from dxday.schemes.models import Category
from dxday.sites.models import Room, Site

BATCH = 1000
FIRST, LAST, LENGTH = time(7), time(19), timedelta(minutes=30)
"""When bulk sessions are held, and how long each of them is."""
JOINED = 20
"""Every twentieth session is received at all sites."""

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ")
GIVEN = ("Văn Mẫu", "Thị Thí Dụ", "Văn Thử", "Thị Ví Dụ", "Minh Mẫu", "Thị Mẫu", "Đức Thử", "Thu Thí Dụ")


@dataclass(frozen=True)
class Made:
    """How many rows were made."""

    sessions: int = 0
    registrations: int = 0
    awards: int = 0
    messages: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


class NothingToScale(RuleBroken):
    """An edition that lacks what bulk data hangs on."""

    sentence = lazy_gettext("The edition needs at least one site and, for awards, a category and an account.")


def scale(
    edition: Edition, *, sessions: int, registrations: int, awards: int, mail: bool, now: datetime
) -> Made:
    """Add bulk data to an edition, beside what is there, and return how much.

    With `mail` each registration's confirmation is queued, as if the person had registered.  Each batch is a
    transaction of its own.  Raises NothingToScale.
    """
    sites = list(db.db.session.scalars(select(Site).where(Site.edition_id == edition.id).order_by(Site.id)))
    if not sites and (sessions or registrations):
        raise NothingToScale
    with db.transaction():
        audit.record(
            "edition.scaled",
            subject=edition.code,
            actor=SYSTEM,
            now=now,
            edition_id=edition.id,
            sessions=sessions,
            registrations=registrations,
            awards=awards,
        )
    _add_sessions(edition, sites, sessions, now)
    added = _add_registrations(edition, sites, registrations, now)
    _add_awards(edition, awards, now)
    messages = _confirm(edition, added, now) if mail else 0
    return Made(sessions, registrations, awards, messages)


def _add_sessions(edition: Edition, sites: list[Site], wanted: int, now: datetime) -> None:
    zone = ZoneInfo(edition.time_zone)
    opens = datetime.combine(edition.starts_on, FIRST, tzinfo=zone)
    slots = int((datetime.combine(edition.starts_on, LAST, tzinfo=zone) - opens) / LENGTH)
    made = 0
    while made < wanted:
        count = min(wanted - made, slots * len(sites))
        with db.transaction():
            rooms = [_add_room(site, shared=False) for site in sites[: -(-count // slots)]]
            halls = [_add_room(site, shared=True) for site in sites]
            db.db.session.flush()
            first = (db.db.session.scalar(select(func.max(Session.id))) or 0) + 1
            ids = list(range(first, first + count))
            _insert(
                Session, (_session(edition, number, made + place, now) for place, number in enumerate(ids))
            )
            _insert(
                Placement,
                (
                    row
                    for place, number in enumerate(ids)
                    for row in _placements(
                        edition, number, place, rooms[place // slots], halls, opens + LENGTH * (place % slots)
                    )
                ),
            )
            _settle_ids(Session)
            here = db.db.session.get_one(Edition, edition.id)  # sending letters lets go of what was loaded
            publishing.publish(here, only=ids, name=f"{count} sample sessions", actor=SYSTEM, now=now)
        made += count


def _settle_ids(model: type[Session]) -> None:
    """Let PostgreSQL go on counting after ids that were given by hand; SQLite does by itself."""
    if db.db.session.get_bind().dialect.name == "postgresql":
        table = model.__tablename__
        db.db.session.execute(
            select(
                func.setval(
                    func.pg_get_serial_sequence(table, "id"), select(func.max(model.id)).scalar_subquery()
                )
            )
        )


def _add_room(site: Site, *, shared: bool) -> Room:
    code = f"mau-{codes.new_code(6).lower()}"
    room = Room(site_id=site.id, code=code, name={"vi": f"Phòng mẫu {code[4:]}"}, capacity=100, shared=shared)
    db.db.session.add(room)
    return room


def _session(edition: Edition, number: int, place: int, now: datetime) -> dict[str, Any]:
    kinds = (SessionKind.WORKSHOP, SessionKind.TALK, SessionKind.TRAINING, SessionKind.CONFERENCE)
    return {
        "id": number,
        "edition_id": edition.id,
        "code": f"mau-{number}",
        "guid": uuid4(),
        "kind": kinds[place % len(kinds)],
        "state": SessionState.DRAFT,
        "title": {"vi": f"Phiên mẫu {number}", "en": f"Sample session {number}", "hi": f"नमूना सत्र {number}"},
        "language": "vi",
        "updated_at": now,
        "version": 1,
    }


def _placements(
    edition: Edition, session_id: int, place: int, room: Room, halls: list[Room], starts_at: datetime
) -> Iterator[dict[str, Any]]:
    common = {
        "edition_id": edition.id,
        "session_id": session_id,
        "starts_at": starts_at,
        "ends_at": starts_at + LENGTH,
    }
    yield {
        **common,
        "site_id": room.site_id,
        "room_id": room.id,
        "room_shared": False,
        "role": PlacementRole.ORIGIN,
        "mode": Mode.ON_SITE,
    }
    if place % JOINED == 0:
        for hall in halls:
            if hall.site_id != room.site_id:
                yield {
                    **common,
                    "site_id": hall.site_id,
                    "room_id": hall.id,
                    "room_shared": True,
                    "role": PlacementRole.RECEIVING,
                    "mode": Mode.BROADCAST,
                }


def _add_registrations(edition: Edition, sites: list[Site], wanted: int, now: datetime) -> list[int]:
    """Register made-up people, evenly over the sites and a third of them online; return their ids."""
    if not wanted:
        return []
    with db.transaction():
        pools = [_pool(site, mode) for site in sites for mode in SeatMode]
        db.db.session.flush()
    pools.sort(key=lambda pool: (pool.mode is SeatMode.ONLINE, pool.id))
    added: list[int] = []
    for first in range(0, wanted, BATCH):
        rows = [
            _registration(edition, pools, first + place, now) for place in range(min(BATCH, wanted - first))
        ]
        with db.transaction():
            for pool in pools:
                count = sum(row["pool_id"] == pool.id for row in rows)
                db.db.session.execute(
                    update(SeatPool)
                    .where(SeatPool.id == pool.id)
                    .values(capacity=SeatPool.capacity + count, taken=SeatPool.taken + count)
                    .execution_options(synchronize_session=False)
                )
            added += db.db.session.scalars(insert(Registration).returning(Registration.id), rows)
    return added


def _pool(site: Site, mode: SeatMode) -> SeatPool:
    pool = db.db.session.scalars(
        select(SeatPool).where(SeatPool.site_id == site.id, SeatPool.mode == mode)
    ).one_or_none()
    if pool is None:
        pool = SeatPool(edition_id=site.edition_id, site_id=site.id, mode=mode, capacity=0, taken=0)
        db.db.session.add(pool)
    return pool


def _registration(edition: Edition, pools: list[SeatPool], place: int, now: datetime) -> dict[str, Any]:
    half = len(pools) // 2
    pool = pools[half + place % half] if place % 3 == 2 else pools[place % half]
    code = codes.new_code(10)
    email = f"mau-{code.lower()}@example.org"
    return {
        "edition_id": edition.id,
        "pool_id": pool.id,
        "code": code,
        "token": codes.new_token(),
        "state": RegistrationState.CONFIRMED,
        "full_name": f"{FAMILY[place % len(FAMILY)]} {GIVEN[place // len(FAMILY) % len(GIVEN)]} {place + 1}",
        "email": email,
        "email_key": email_key(email),
        "organisation_name": "Đơn vị mẫu",
        "locale": list(LOCALES)[place % len(LOCALES)],
        "consent_version": registration_rules.CONSENT_VERSION,
        "consented_at": now,
        "created_at": now,
        "calendar_sequence": 0,
        "version": 1,
    }


def _add_awards(edition: Edition, wanted: int, now: datetime) -> None:
    if not wanted:
        return
    category = db.db.session.scalars(
        select(Category).where(Category.edition_id == edition.id).order_by(Category.id)
    ).first()
    creator = db.db.session.scalars(select(Account).order_by(Account.id)).first()
    agency = db.db.session.scalars(select(Organisation).order_by(Organisation.id)).first()
    if category is None or creator is None or agency is None:
        raise NothingToScale
    with db.transaction():
        decision = Decision(
            edition_id=edition.id,
            number=f"{codes.new_code(4)}/QĐ-MẪU",
            decided_on=now.astimezone(ZoneInfo(edition.time_zone)).date(),
            signatory_name="Phạm Văn Thử",
            signatory_title="Chủ tịch",
            place="Tỉnh Mẫu",
            recorded_at=now,
            announced_at=now,
        )
        db.db.session.add(decision)
    for first in range(0, wanted, BATCH):
        places = range(first, min(first + BATCH, wanted))
        with db.transaction():
            ids = list(
                db.db.session.scalars(
                    insert(Nomination).returning(Nomination.id, sort_by_parameter_order=True),
                    [_nomination(category, agency, creator, place, now) for place in places],
                )
            )
            _insert(
                Award,
                (
                    _award(decision, category, agency, number, place, now)
                    for number, place in zip(ids, places, strict=True)
                ),
            )


def _nomination(
    category: Category, agency: Organisation, creator: Account, place: int, now: datetime
) -> dict[str, Any]:
    return {
        "edition_id": category.edition_id,
        "category_id": category.id,
        "organisation_id": agency.id,
        "organisation_name": agency.name,
        "code": codes.new_code(10),
        "guid": uuid4(),
        "state": State.AWARDED,
        "nominee_name": f"Tổ công nghệ số cộng đồng xã Mẫu {place + 1}",
        "nominee_position": "",
        "nominee_email": f"awardee-{codes.new_code(10).lower()}@example.org",
        "achievement": "Thành tích ví dụ.",
        "contact_name": "Lê Thị Ví Dụ",
        "contact_email": "agency@example.org",
        "contact_locale": "vi",
        "created_by_id": creator.id,
        "created_at": now,
        "updated_at": now,
        "submitted_at": now,
        "version": 1,
    }


def _award(
    decision: Decision,
    category: Category,
    agency: Organisation,
    nomination_id: int,
    place: int,
    now: datetime,
) -> dict[str, Any]:
    return {
        "edition_id": decision.edition_id,
        "decision_id": decision.id,
        "category_id": category.id,
        "nomination_id": nomination_id,
        "code": codes.new_code(10),
        "recipient_kind": category.nominee_kind,
        "recipient_name": f"Tổ công nghệ số cộng đồng xã Mẫu {place + 1}",
        "recipient_position": "",
        "organisation_name": agency.name,
        "achievement": "Thành tích ví dụ.",
        "position": place + 1,
        "created_at": now,
    }


def _confirm(edition: Edition, ids: list[int], now: datetime) -> int:
    queued = 0
    for first in range(0, len(ids), BATCH // 5):
        with db.transaction():
            queued += registration.confirm_many(edition, ids[first : first + BATCH // 5], now=now)
        db.db.session.expunge_all()
        edition = db.db.session.get_one(Edition, edition.id)
    return queued


def _insert(model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        db.db.session.execute(insert(model), batch)
