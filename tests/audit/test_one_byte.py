"""`dxday audit verify`: green over the way of an honour, and red after one byte of the database is another one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from dxday.audit import queries
from dxday.audit.models import AuditEntry
from dxday.ballots.rules import Choice
from dxday.core.permissions import Role
from dxday.db import db, transaction
from dxday.nominations import services
from tests import make
from tests.ballots.conftest import make_board
from tests.conftest import on_both

REASON = "zqxj reason of a refusal"
ACTS = {"ballot.prepared", "ballot.closed", "nomination.approved", "nomination.declined"}


def honour() -> list[int]:
    """Vote, count, close and decline; return where the entries of that are in the trail."""
    with transaction():
        board = make_board(seats=3, nominations=1)
        ballot = board.opened()
        for member in range(3):
            board.vote(ballot, member, Choice.FOR)
        board.count(ballot)
        board.close(ballot)
    with transaction():
        dossier = make.nomination(board.category)
        by = make.actor(Role.COUNCIL, edition_id=board.edition.id)
        services.decline_nomination(dossier, reason=REASON, actor=by, now=make.NOW)
    return list(db.session.scalars(select(AuditEntry.sequence).order_by(AuditEntry.sequence)))


def verify(app: Flask) -> tuple[int, dict]:
    """Run the command as an operator does: a process of its own on the same database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        address = db.engine.url.render_as_string(hide_password=False)
    found = subprocess.run(
        [Path(sys.executable).with_name("dxday"), "audit", "verify", "--json"],
        env=os.environ | {"DXDAY_INSTANCE": app.instance_path, "DATABASE_URL": address},
        capture_output=True,
        text=True,
    )
    return found.returncode, json.loads(found.stdout)


def change_one_byte(app: Flask, sequence: int, column: str) -> None:
    """Change one character of an entry: in SQLite a byte of the file itself, past the database and its guards."""
    if app.extensions["dxday_settings"].database_url.startswith("sqlite") and column == "facts":
        with app.app_context():
            path = Path(db.engine.url.database)
            db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            db.session.remove()
            db.engine.dispose()
        data = path.read_bytes()
        assert data.count(REASON.encode()) == 1
        place = data.index(REASON.encode())
        with path.open("r+b") as file:
            file.seek(place)
            file.write(b"y")
        return
    with app.app_context(), transaction():
        if db.engine.dialect.name == "postgresql":
            db.session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        else:
            db.session.execute(text("DROP TRIGGER audit_entry_no_update"))
        value = {
            "facts": "CAST(replace(CAST(facts AS text), 'zqxj', 'yqxj') AS json)",
        }.get(column, f"'~' || substr({column}, 2)")
        db.session.execute(
            text(f"UPDATE audit_entry SET {column} = {value} WHERE sequence = :n"), {"n": sequence}
        )


@on_both
def test_one_byte_of_an_honour_makes_the_command_red(own_app):
    with own_app.app_context():
        sequences = honour()
        actions = set(db.session.scalars(select(AuditEntry.action)))
    before = verify(own_app)

    change_one_byte(own_app, sequences[-1], "facts")

    code, found = verify(own_app)
    assert actions >= ACTS
    assert (before[0], before[1]["status"]) == (0, "whole")
    assert (code, found["status"], found["broken_at"]) == (1, "broken", sequences[-1])


@on_both
@pytest.mark.parametrize("column", ["subject", "action", "actor_label", "hash", "previous_hash"])
def test_one_character_of_any_column_breaks_the_chain_at_its_place(own_app, column):
    with own_app.app_context():
        sequences = honour()
        assert queries.find_broken_link() is None
        db.session.remove()

    change_one_byte(own_app, sequences[2], column)

    with own_app.app_context():
        found = queries.find_broken_link()
        assert found is not None
        assert found.sequence == sequences[2]
