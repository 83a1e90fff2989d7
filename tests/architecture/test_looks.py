"""Every look into a dossier is noted, and whoever must keep away from one learns nothing of it anywhere."""

import re
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.db import db
from tests.architecture.test_access_matrix import (  # noqa: F401 - a fixture
    HANDED_IN,
    World,
    ask,
    world,
)

LOOKS = {"nomination.viewed", "nominee_list.exported", "attachment.downloaded"}
"""What the trail says of a look into a dossier."""
OTHER_VALUES = {"form": "csv"}
"""What an address is made with beside what is of one dossier."""


SHOWING = {
    "nominations.show", "nominations.edit", "nominations.download", "nomination_documents.report", "dossier.edit",
    "nominee_lists.export", "endorse.show", "endorse.download", "council.show", "council.download",
    "appraisal.show", "appraisal.compare", "sitting.dossier", "sitting.download",
}  # fmt: skip
"""Where it can be read what a dossier says: nothing less, else the test would be blind, and nothing more."""


def text_of(response: Any, folder: Path) -> str:
    """Return what can be read in an answer, whatever its form; PDF by Poppler, workbooks unzipped."""
    data = response.get_data()
    if response.mimetype == "application/pdf":
        path = folder / "answer.pdf"
        path.write_bytes(data)
        return subprocess.run(
            ["pdftotext", str(path), "-"], capture_output=True, text=True, check=True
        ).stdout
    try:
        with ZipFile(BytesIO(data)) as book:
            data = b" ".join(book.read(name) for name in book.namelist())
    except BadZipFile:
        pass
    return f"{response.headers} {data.decode(errors='replace')}"


def pages(world: World, state: str) -> list[tuple[str, str]]:  # noqa: F811
    """Return (endpoint, path) of everything that can be looked at with what is known of the dossier."""
    given = world.values[state] | OTHER_VALUES | {"other_code": world.values["partner"]["code"]}
    found = []
    for rule in world.app.url_map.iter_rules():
        endorse = rule.endpoint.startswith("endorse.")
        if "GET" not in rule.methods or not rule.arguments or not rule.arguments <= set(given):
            continue
        if "edition_code" not in rule.arguments and not endorse:
            continue
        use = given | {"code": given["token"]} if endorse else given
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda blank, use=use: str(use[blank[1]]), str(rule))
        found.append((rule.endpoint, path))
    return found


def entries(after: int) -> list[AuditEntry]:
    db.session.expire_all()
    return list(
        db.session.scalars(
            select(AuditEntry).where(AuditEntry.sequence > after).order_by(AuditEntry.sequence)
        )
    )


def last() -> int:
    db.session.expire_all()
    return db.session.scalar(select(AuditEntry.sequence).order_by(AuditEntry.sequence.desc()).limit(1)) or 0


def test_whatever_shows_what_a_dossier_says_leaves_an_entry_in_the_trail(world, tmp_path):  # noqa: F811
    silent, shown = [], set()
    for who, state in (
        ("officer", "admitted"),
        ("secretary", "admitted"),
        ("reader", "admitted"),
        ("nobody", "endorsing"),
    ):
        browser = world.browser(who)
        for endpoint, path in pages(world, state):
            before = last()
            response = ask(browser, "GET", path)
            words = "".join(text_of(response, tmp_path).split())
            if response.status_code == 200 and any("".join(mark.split()) in words for mark in world.marks):
                shown.add(endpoint)
                if not {each.action for each in entries(before)} & LOOKS:
                    silent.append((who, endpoint))
            response.close()

    assert silent == []
    assert shown == SHOWING
