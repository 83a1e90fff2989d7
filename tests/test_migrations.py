"""Migrations: up from nothing, the same as the models, one back and up again, on both databases."""

from datetime import timedelta

from alembic.migration import MigrationContext
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import text

from dxday.db import db
from dxday.reminders import queries
from tests import make
from tests.conftest import on_both


@on_both
def test_the_tables_are_those_of_the_models(own_app):
    with own_app.app_context():
        check()  # raises CommandError and names what differs


@on_both
def test_every_migration_can_be_taken_back_and_done_again(own_app):
    with own_app.app_context():
        downgrade(revision="-1")
        upgrade()
        downgrade(revision="base")
        upgrade()

        with db.engine.connect() as connection:
            assert MigrationContext.configure(connection).get_current_revision() == "2026_11_30_programme"


@on_both
def test_editions_of_before_go_on_reminding_a_day_before_and_nobody_is_reminded_twice(own_app):
    """Rows as the release before wrote them, upgraded: the engine finds that one was told and the other was not."""
    with own_app.app_context():
        edition = make.edition()
        site = make.site(edition)
        starts = make.NOW + timedelta(hours=20)
        make.placement(
            make.session(edition), make.room(site), starts_at=starts, ends_at=starts + timedelta(hours=1)
        )
        pool = make.pool(site)
        told, forgotten = (make.registration(pool, created_at=make.NOW - timedelta(days=9)) for _ in range(2))
        db.session.commit()
        told_id, forgotten_id = told.id, forgotten.id
        db.session.remove()
        downgrade(revision="2026_11_22_guards")
        db.session.execute(
            text(
                "INSERT INTO message (key, kind, edition_id, message_id, to_name, to_address, locale, subject, text,"
                " created_at, carriage, tries) SELECT :key, 'registration_reminder', id, '<a@example.org>', 'Mẫu',"
                " 'a@example.org', 'vi', 'x', 'x', :now, 'done', 1 FROM edition"
            ),
            {
                "key": f"registration-reminder:{told_id}:{int(starts.timestamp())}",
                "now": make.NOW.replace(tzinfo=None),
            },
        )
        db.session.commit()
        upgrade()

        due = queries.list_due(queries.find_slots(queries.list_on()), make.NOW, limit=9)

        assert [one.recipient for one in due] == [f"registration:{forgotten_id}"]
