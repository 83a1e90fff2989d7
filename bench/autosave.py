"""One field of a dossier saved by itself: the whole request, beside a bare Flask page that updates one row."""

import os
import re
import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from uuid import uuid4

from flask import Flask, request
from flask_migrate import upgrade

import config
from dxday.accounts import services as accounts
from dxday.accounts.models import Account, Organisation
from dxday.accounts.rules import OrganisationKind
from dxday.app import create_app
from dxday.core.actor import SYSTEM
from dxday.core.permissions import Role
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.schemes import services as schemes
from dxday.schemes.rules import AwardForm, NomineeKind

ROUNDS, WARM_UP = 200, 20
SAVED = 20
"""What is promised at the median, in milliseconds."""
WORDS = "Đã hỗ trợ người dân dùng dịch vụ công trực tuyến tại nhà. " * 60


def run() -> dict[str, dict[str, Any]]:
    """Measure and return `{name: {value, unit, baseline, ratio}}`; takes some seconds.

    Raises AssertionError when saving a field is slower than was promised.
    """
    with tempfile.TemporaryDirectory(prefix="dxday-bench-") as folder:
        (saved, work), (bare, _) = autosave(Path(folder)), one_row(Path(folder))
    # Other work on the machine makes every round late, so the promise is held by the work of the request itself.
    assert statistics.median(work) <= SAVED, work
    middle, beside, own = statistics.median(saved), statistics.median(bare), statistics.median(work)
    return {
        "autosave of one field, work of the processor": {
            "value": round(own, 1),
            "unit": "ms",
            "baseline": f"the whole request, waiting included, {middle:.1f} ms",
            "ratio": round(own / middle, 2),
        },
        f"autosave of one field ({len(WORDS):,} characters)": {
            "value": round(middle, 1),
            "unit": "ms",
            "baseline": f"a bare Flask page that updates one row, {beside:.1f} ms",
            "ratio": round(middle / beside, 1),
        },
    }


def autosave(folder: Path) -> tuple[list[float], list[float]]:
    """Return how long each save took and how much of it the processor worked, in milliseconds."""
    app = create_app(
        config.read({**os.environ, "DXDAY_INSTANCE": str(folder / "instance"), "LOG_LEVEL": "ERROR"})
    )
    with app.app_context():
        upgrade()
        account, path = fill()
        identity = f"{account.id}:{account.session_stamp}"
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = identity, True
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found is not None
    fields = {"csrf_token": found.group(1), "code": "achievement"}

    def save(number: int) -> None:
        sent = fields | {"value": f"{WORDS}{number}", "version": str(number)}
        answer = client.post(f"{path}/autosave", data=sent)
        assert (answer.status_code, answer.get_json()["version"]) == (200, number + 1), answer.text

    return timed(save)


def one_row(folder: Path) -> tuple[list[float], list[float]]:
    """Return how long the least took that any such page does: a request, an UPDATE, a COMMIT that is on the disk."""
    file = folder / "bare.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT)")
        connection.execute("INSERT INTO note VALUES (1, '')")
    app = Flask("bare")

    @app.post("/")
    def save() -> dict[str, int]:
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("UPDATE note SET words = ? WHERE id = 1", (request.form["words"],))
        connection.commit()
        connection.close()
        return {"saved": 1}

    client = app.test_client()
    return timed(lambda number: client.post("/", data={"words": f"{WORDS}{number}"}).close())


def timed(act: Callable[[int], None]) -> tuple[list[float], list[float]]:
    """Return how long each act took and how much of it was work, in milliseconds, the first ones left out."""
    took, worked = [], []
    for number in range(WARM_UP + ROUNDS):
        begun, before = perf_counter(), process_time()
        act(number)
        worked.append((process_time() - before) * 1000)
        took.append((perf_counter() - begun) * 1000)
    return took[WARM_UP:], worked[WARM_UP:]


def fill() -> tuple[Account, str]:
    """Make an agency with an officer and a draft; return the officer and the address of a section."""
    now, name = datetime.now(UTC), {"vi": "Bản đo tốc độ", "en": "Speed test"}
    agency = Organisation(code="bench", kind=OrganisationKind.PROVINCE, name=name)
    edition = Edition(
        code="bench",
        host=agency,
        year=2030,
        name=name,
        starts_on=date(2030, 10, 10),
        ends_on=date(2030, 10, 10),
        nominations_open_at=now - timedelta(days=1),
    )
    db.session.add(edition)
    db.session.flush()
    by = {"actor": SYSTEM, "now": now}
    scheme = schemes.add_scheme(
        edition,
        code="bench",
        name=name,
        form=AwardForm.OWN,
        legal_basis="",
        giver=name,
        signatory_title=name,
        **by,
    )
    category = schemes.add_category(
        scheme, code="bench", name=name, nominee_kind=NomineeKind.COLLECTIVE, **by
    )
    account = accounts.add_account("bench@example.org", full_name="Bench", locale="vi", **by)
    accounts.grant_role(account, Role.AGENCY, edition_id=edition.id, organisation_id=agency.id, **by)
    nomination = Nomination(
        edition_id=edition.id,
        category_id=category.id,
        organisation_id=agency.id,
        organisation_name=name,
        code="BENCH234",
        guid=uuid4(),
        nominee_name="Tổ công nghệ số cộng đồng xã Mẫu",
        nominee_position="",
        nominee_email="",
        achievement="",
        contact_name="",
        contact_email="",
        created_by_id=account.id,
        created_at=now,
        updated_at=now,
    )
    db.session.add(nomination)
    db.session.commit()
    return account, f"/agency/{edition.code}/nominations/{nomination.code}/sections/achievement"
