"""Working out who is due, against a plain SELECT of everybody: 100,000 registrations, 20 rules, 22 sites."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import (
    Text,
    cast,
    event,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.engine import Engine

import config
from dxday.accounts.models import Organisation
from dxday.accounts.rules import OrganisationKind
from dxday.app import create_app
from dxday.db import UtcDateTime, db
from dxday.editions.models import Edition
from dxday.notifications.models import Message
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import SeatMode
from dxday.reminders import queries
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Unit
from dxday.sites.models import Site
from dxday.sites.rules import SiteKind
from tests import databases

PEOPLE, RULES, SITES = 100_000, 20, 22
ROUNDS = 3
FIRST_DAY = date(2030, 10, 1)
NOW = datetime(2030, 9, 30, 12, tzinfo=UTC)
"""Every rule has been due, and the beginning is still ahead: each of them concerns everybody at this moment."""

JOINED = datetime(2030, 1, 1, tzinfo=UTC)


def run(people: int = PEOPLE, rules: int = RULES, sites: int = SITES) -> dict[str, dict[str, Any]]:
    """Measure on SQLite and PostgreSQL and return `{name: {value, unit, baseline, ratio}}`; takes some minutes."""
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="dxday-bench-") as folder:
        for name, address in (("SQLite", None), ("PostgreSQL", _postgresql())):
            if name == "PostgreSQL" and address is None:
                continue
            given = {"DXDAY_INSTANCE": str(Path(folder) / name), "DEFAULT_LOCALE": "vi"}
            app = create_app(config.read(given | ({"DATABASE_URL": address} if address else {})))
            with app.app_context():
                upgrade()
                fill(people, rules, sites)
                results |= _measure(app, name, "nobody was told", people, rules)
                tell_everybody()
                results |= _measure(app, name, "all were told", people, rules)
                db.session.remove()
                db.engine.dispose()
    return results


def _postgresql() -> str | None:
    try:
        return databases.postgresql().new_database()
    except databases.NoPostgreSQL:
        return None


def _measure(app: Flask, database: str, case: str, people: int, rules: int) -> dict[str, dict[str, Any]]:
    times, plain = [], []
    with counted() as statements:
        for _ in range(ROUNDS):
            statements.clear()
            times.append(timed(who_is_due))
            number = len(statements)
            plain.append(timed(everybody))
    seconds, least = statistics.median(times), statistics.median(plain)
    return {
        f"who is due, {database}, {case}": {
            "value": round(seconds, 2),
            "unit": "s",
            "baseline": f"plain SELECT of {people:,} registrations, {least:.2f} s; {rules} rules, {number} statements",
            "ratio": round(seconds / least, 2),
        }
    }


def who_is_due() -> None:
    """Ask as the job does."""
    slots = queries.find_slots(queries.list_on())
    queries.list_due(slots, NOW, limit=2000)


def everybody() -> None:
    """Read what a message needs of everybody, and nothing else."""
    db.session.execute(
        select(
            Registration.id,
            Registration.email,
            Registration.full_name,
            Registration.locale,
            Registration.created_at,
            SeatPool.site_id,
        ).join(SeatPool, SeatPool.id == Registration.pool_id)
    ).all()


def timed(act: Callable[[], None]) -> float:
    """Return how many seconds something takes, from a session that knows nothing yet."""
    db.session.remove()
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements of a block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


# The edition ---------------------------------------------------------------------------------------------------------


def fill(people: int, rules: int, sites: int) -> None:
    """Make an edition with so many registrations at so many sites, and rules that concern all of them."""
    name = {"vi": "Bản đo tốc độ", "en": "Speed test"}
    host = Organisation(code="bench", kind=OrganisationKind.PROVINCE, name=name)
    edition = Edition(
        code="bench",
        host=host,
        year=2030,
        name=name,
        starts_on=FIRST_DAY,
        ends_on=FIRST_DAY + timedelta(days=1),
    )
    db.session.add(edition)
    db.session.flush()
    places = [
        Site(
            edition_id=edition.id,
            code=f"site-{n}",
            kind=SiteKind.SATELLITE if n else SiteKind.MAIN,
            name={"vi": f"Điểm cầu số {n}", "en": f"Site {n}"},
            position=n,
        )
        for n in range(sites)
    ]
    db.session.add_all(places)
    db.session.flush()
    pools = [
        SeatPool(edition_id=edition.id, site_id=site.id, mode=mode, capacity=people, taken=0)
        for site in places
        for mode in SeatMode
    ]
    db.session.add_all(pools)
    db.session.add_all(
        ReminderRule(
            edition_id=edition.id,
            name=f"Rule {n}",
            audience="registrants",
            moment="first_session",
            filters={},
            amount=n + 1,
            unit=Unit.DAYS,
            direction=Direction.BEFORE,
            late_joiners=LateJoiners.SKIP,
            state=RuleState.ON,
            on_since=JOINED,
            created_at=JOINED,
            updated_at=JOINED,
        )
        for n in range(rules)
    )
    db.session.flush()
    for begin in range(0, people, 10_000):
        db.session.execute(
            insert(Registration),
            [
                {
                    "edition_id": edition.id,
                    "pool_id": pools[n % len(pools)].id,
                    "code": f"{n:08}",
                    "token": f"{n:026}",
                    "full_name": f"Nguyễn Văn Mẫu {n}",
                    "email": f"citizen{n}@example.org",
                    "email_key": f"citizen{n}@example.org",
                    "organisation_name": "",
                    "locale": "vi",
                    "consent_version": "bench",
                    "consented_at": JOINED,
                    "created_at": JOINED,
                }
                for n in range(begin, min(begin + 10_000, people))
            ],
        )
    db.session.commit()
    tidy()


def tell_everybody() -> None:
    """Put a sent message of every rule for everybody into the ledger."""
    slots = queries.find_slots(queries.list_on())
    for slot in slots:
        sent = literal(slot.due_at, UtcDateTime())
        recipient = literal("registration:") + cast(Registration.id, Text)
        unique = literal(f"{slot.rule.id}:") + recipient
        db.session.execute(
            insert(Message).from_select(
                [
                    *(
                        "key",
                        "kind",
                        "edition_id",
                        "rule_id",
                        "recipient",
                        "occasion",
                        "anchor_at",
                        "message_id",
                    ),
                    *("to_name", "to_address", "locale", "subject", "text", "carriage", "tries"),
                    *("created_at", "sent_at"),
                ],
                select(
                    unique,
                    literal("reminder_registrants"),
                    Registration.edition_id,
                    literal(slot.rule.id),
                    recipient,
                    literal(slot.anchor.occasion),
                    literal(slot.anchor.at, UtcDateTime()),
                    unique,
                    Registration.full_name,
                    Registration.email,
                    Registration.locale,
                    literal("Sắp đến ngày"),
                    literal("Kính gửi Quý vị"),
                    literal("done"),
                    literal(1),
                    sent,
                    sent,
                )
                .join(SeatPool, SeatPool.id == Registration.pool_id)
                .where(SeatPool.site_id == slot.anchor.key),
                include_defaults=False,
            )
        )
    db.session.commit()
    tidy()


def tidy() -> None:
    """Do what PostgreSQL does by itself within minutes; SQLite does nothing of the kind."""
    db.session.remove()
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


if __name__ == "__main__":
    for name, result in run(*map(int, sys.argv[1:])).items():
        print(name, result)
