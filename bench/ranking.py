"""The ranking of 1,000 dossiers with three sheets each, against the bare SQL aggregate of the same sheets."""

import random
import statistics
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, func, insert, select
from sqlalchemy.engine import Engine

import config
from dxday.accounts.models import Account, Organisation, RoleGrant
from dxday.accounts.rules import OrganisationKind
from dxday.app import create_app
from dxday.core.permissions import Role
from dxday.council.models import Declaration, Reading
from dxday.council.sheets.models import Sheet, SheetScore
from dxday.council.sheets.rules import Recommendation, SheetState
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Category, Criterion, Scheme
from dxday.schemes.rules import AwardForm, NomineeKind

DOSSIERS, READERS, EACH, CRITERIA = 1000, 30, 3, 4
ROUNDS, SAVES = 15, 60
NOW = datetime(2030, 9, 1, tzinfo=UTC)


def run() -> dict[str, dict[str, Any]]:
    """Measure and return `{name: {value, unit, baseline, ratio}}`."""
    with tempfile.TemporaryDirectory(prefix="dxday-bench-") as folder:
        app = create_app(config.read({"DXDAY_INSTANCE": str(Path(folder) / "instance")}))
        app.testing = True
        with app.app_context():
            upgrade()
            secretary, reader, code = fill()
        page, queries, few = measure(app, secretary)
        bare = bare_sql(app)
        report = timed_page(app, secretary, "/council/bench/fairness")
        saving = autosave(app, reader, code)
    return {
        f"ranking page, {DOSSIERS} dossiers × {EACH} readers": {
            "value": round(page * 1000),
            "unit": "ms",
            "baseline": f"bare SQL mean and gap of the same sheets, {bare * 1000:.1f} ms",
            "ratio": round(page / bare, 1),
        },
        "statements of that page": {
            "value": queries,
            "unit": "",
            "baseline": f"the page of a category with 10 dossiers, {few}",
            "ratio": round(queries / few, 2),
        },
        "fairness report of the same": {
            "value": round(report * 1000),
            "unit": "ms",
            "baseline": f"the ranking page, {page * 1000:.0f} ms",
            "ratio": round(report / page, 1),
        },
        "autosave of one field of a score sheet": {
            "value": round(saving * 1000, 1),
            "unit": "ms",
            "baseline": f"bare SQL mean and gap, {bare * 1000:.1f} ms",
            "ratio": round(saving / bare, 2),
        },
    }


def signed_in(app: Flask, account: tuple[int, str]) -> Any:
    """Return a test client that somebody has signed in with."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = f"{account[0]}:{account[1]}"
        session["_fresh"] = True
    return client


def timed_page(app: Flask, account: tuple[int, str], path: str) -> float:
    """Return the median seconds of an answer."""
    client, times = signed_in(app, account), []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answer = client.get(path)
        times.append(time.perf_counter() - begun)
        assert answer.status_code == 200, answer.status_code
    return statistics.median(times[1:])


def measure(app: Flask, account: tuple[int, str]) -> tuple[float, int, int]:
    """Return the median seconds of the page, its statements, and those of a page with few rows."""
    counts = []
    for path in ("/council/bench/ranking", "/council/bench/ranking?of=bench/few"):
        seen: list[str] = []

        def note(*args: Any, seen: list[str] = seen) -> None:
            seen.append(args[2])

        client = signed_in(app, account)
        client.get(path)
        event.listen(Engine, "before_cursor_execute", note)
        assert client.get(path).status_code == 200
        event.remove(Engine, "before_cursor_execute", note)
        counts.append(len(seen))
    return timed_page(app, account, "/council/bench/ranking"), counts[0], counts[1]


def bare_sql(app: Flask) -> float:
    """Return the median seconds of the plain aggregate: no rules, no page."""
    statement = (
        select(Sheet.nomination_id, func.avg(Sheet.total), func.max(Sheet.total) - func.min(Sheet.total))
        .where(Sheet.state == SheetState.SUBMITTED)
        .group_by(Sheet.nomination_id)
        .order_by(func.avg(Sheet.total).desc())
    )
    times = []
    with app.app_context():
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            rows = db.session.execute(statement).all()
            times.append(time.perf_counter() - begun)
            assert len(rows) == DOSSIERS
    return statistics.median(times[1:])


def autosave(app: Flask, account: tuple[int, str], code: str) -> float:
    """Return the median seconds of saving one field, a new value each time."""
    client = signed_in(app, account)
    path = f"/sit/bench/{code}/sheet"
    page = client.get(path).get_data(as_text=True)
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    times, version = [], 0
    for number in range(SAVES):
        data = {"csrf_token": token, "field": "comment", "value": f"Word {number}", "version": version}
        begun = time.perf_counter()
        answer = client.post(f"{path}/field", data=data)
        times.append(time.perf_counter() - begun)
        version = answer.get_json()["version"]
    return statistics.median(times[5:])


def fill() -> tuple[tuple[int, str], tuple[int, str], str]:
    """Make the scheme, its dossiers and their sheets; return secretary, a reader, and a dossier they read still."""
    rng = random.Random(1)
    name = {"vi": "Bản đo tốc độ", "en": "Speed test"}
    host = Organisation(code="bench", kind=OrganisationKind.PROVINCE, name=name)
    edition = Edition(
        code="bench", host=host, year=2030, name=name, starts_on=date(2030, 10, 1), ends_on=date(2030, 10, 1)
    )
    people = [
        Account(
            email=f"p{n}@example.org",
            email_key=f"p{n}@example.org",
            full_name=f"Nguyễn Văn Mẫu {n}",
            locale="vi",
            session_stamp="stamp",
            created_at=NOW,
        )
        for n in range(READERS + 1)
    ]
    db.session.add_all([edition, *people])
    db.session.flush()
    for n, person in enumerate(people):
        role = Role.MEMBER if n else Role.COUNCIL
        db.session.add(RoleGrant(account_id=person.id, role=role, edition_id=edition.id, granted_at=NOW))
    scheme = Scheme(
        edition_id=edition.id,
        code="bench",
        name=name,
        form=AwardForm.BANG_KHEN,
        legal_basis="Luật Thi đua, khen thưởng",
        giver=name,
        signatory_title=name,
    )
    db.session.add(scheme)
    db.session.flush()
    categories = [
        Category(
            edition_id=edition.id,
            scheme_id=scheme.id,
            code=code,
            name=name,
            nominee_kind=NomineeKind.COLLECTIVE,
        )
        for code in ("many", "few")
    ]
    criteria = [
        Criterion(scheme_id=scheme.id, code=f"c{n}", name=name, weight=10 * (n + 1), most=10)
        for n in range(CRITERIA)
    ]
    db.session.add_all([*categories, *criteria])
    db.session.flush()
    nominations = [
        Nomination(
            edition_id=edition.id,
            category_id=categories[n < 10].id,
            organisation_id=host.id,
            organisation_name=name,
            code=f"D{n:07d}",
            guid=uuid4(),
            state=State.ADMITTED,
            nominee_name=f"Tổ công nghệ số cộng đồng số {n}",
            nominee_position="",
            nominee_email="a@nominee.example",
            achievement="x",
            contact_name="x",
            contact_email="x@agency.example",
            created_by_id=people[0].id,
            created_at=NOW,
            updated_at=NOW,
            submitted_at=NOW,
        )
        for n in range(DOSSIERS + 1)
    ]
    db.session.add_all(nominations)
    db.session.flush()
    pairs = [(each.id, reader.id) for each in nominations for reader in rng.sample(people[1:], EACH)]
    db.session.execute(
        insert(Reading), [{"nomination_id": n, "account_id": a, "assigned_at": NOW} for n, a in pairs]
    )
    db.session.execute(
        insert(Declaration), [{"nomination_id": n, "account_id": a, "declared_at": NOW} for n, a in pairs]
    )
    last = nominations[-1]
    sheets = [
        Sheet(
            nomination_id=n,
            account_id=a,
            state=SheetState.SUBMITTED,
            recommendation=Recommendation.APPROVE,
            total=round(rng.uniform(20, 95), 2),
            created_at=NOW,
            updated_at=NOW,
            submitted_at=NOW,
        )
        for n, a in pairs
        if n != last.id
    ]
    db.session.add_all(sheets)
    db.session.flush()
    db.session.execute(
        insert(SheetScore),
        [
            {"sheet_id": s.id, "criterion_id": c.id, "score": rng.randint(0, 10)}
            for s in sheets
            for c in criteria
        ],
    )
    db.session.commit()
    reader = next(a for n, a in pairs if n == last.id)
    found = (people[0].id, "stamp"), (reader, "stamp"), last.code
    db.session.remove()
    return found


if __name__ == "__main__":
    for name, result in run().items():
        print(name, result)
