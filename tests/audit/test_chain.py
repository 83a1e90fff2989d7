"""The trail: chained in the transaction, append-only, and every kind of tampering is found."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from dxday.audit import queries, services
from dxday.db import db
from tests import make
from tests.conftest import on_both


def record(n):
    for number in range(n):
        services.record(
            "thing.done", subject=f"t-{number}", actor=make.actor(), now=make.NOW, note="Ngày 10/10"
        )
    db.session.commit()


def unlock():
    """Take the guard off, as somebody with the rights of the owner could."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
    else:
        db.session.execute(text("DROP TRIGGER audit_entry_no_update"))
        db.session.execute(text("DROP TRIGGER audit_entry_no_delete"))


def test_entries_continue_one_another(app):
    record(3)

    assert [entry.subject for entry in queries.list_entries()] == ["t-2", "t-1", "t-0"]
    assert queries.find_broken_link() is None


def test_a_rolled_back_deed_leaves_no_entry(app):
    record(1)
    services.record("thing.done", subject="lost", actor=make.actor(), now=make.NOW)
    db.session.info.pop("audit")
    db.session.rollback()

    assert queries.count_entries() == 1


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET subject = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_change_the_trail(app, statement):
    record(1)

    with pytest.raises(DatabaseError, match="append-only"), db.session.begin_nested():
        db.session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "sequence"),
    [
        ("UPDATE audit_entry SET subject = 't-9' WHERE sequence = 2", 2),
        ("UPDATE audit_entry SET actor_label = 'somebody else' WHERE sequence = 3", 3),
        ("UPDATE audit_entry SET hash = previous_hash WHERE sequence = 1", 1),
        ("DELETE FROM audit_entry WHERE sequence = 2", 2),
        ("DELETE FROM audit_entry WHERE sequence = 3", 3),
    ],
)
def test_tampering_is_found_at_its_place(app, statement, sequence):
    record(3)
    unlock()

    db.session.execute(text(statement))

    assert queries.find_broken_link().sequence == sequence


@on_both
def test_taking_the_guards_back_and_putting_them_on_again_keeps_the_chain(own_app):
    with own_app.app_context():
        record(2)
        db.session.remove()

        downgrade(revision="2026_11_22_first_tables")
        upgrade()
        record(1)

        assert queries.count_entries() == 3
        assert queries.find_broken_link() is None
