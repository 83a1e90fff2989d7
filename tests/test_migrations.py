"""Migrations: up from nothing, the same as the models, one back and up again, on both databases."""

from alembic.migration import MigrationContext
from flask_migrate import check, downgrade, upgrade

from dxday.db import db
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
            assert MigrationContext.configure(connection).get_current_revision() == "2026_11_22_reminders"
