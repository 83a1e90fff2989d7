"""The database's own door for one quick question."""

import pytest
from sqlalchemy import bindparam, column, select, table
from sqlalchemy.exc import OperationalError

from dxday.db import ask_at_once, db, transaction
from dxday.editions import queries, services
from tests import make
from tests.conftest import on_both


@on_both
def test_the_version_is_that_of_the_last_commit_and_of_nothing_before_it(own_app):
    with own_app.app_context():
        with transaction():
            edition = make.edition(code="sample")
        seen = [queries.find_version("sample")]
        with transaction():
            services.mark_programme_changed(edition.id)
            db.session.flush()
            seen.append(queries.find_version("sample"))
        seen.append(queries.find_version("sample"))

    assert seen == [(edition.id, 0), (edition.id, 0), (edition.id, 1)]


@on_both
def test_what_is_not_there_is_none(own_app):
    with own_app.app_context():
        assert queries.find_version("nothing") is None


@on_both
def test_a_database_that_cannot_answer_says_so_and_answers_the_next_question(own_app):
    wrong = select(column("id")).select_from(table("no_such_table")).where(column("id") == bindparam("id"))
    with own_app.app_context():
        with pytest.raises(OperationalError):
            ask_at_once(wrong, id=1)

        assert queries.find_version("nothing") is None
