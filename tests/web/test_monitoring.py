"""Alive, ready and numbers; a database that is down shows as 503 and is met again without a restart."""

import pytest
from sqlalchemy import create_engine, text

from dxday.db import db
from tests import databases
from tests.conftest import on_both


@on_both
def test_everything_is_ready(own_app):
    answer = own_app.test_client().get("/readyz")

    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ok", "database": "ok", "migrations": "ok", "storage": "ok"},
    )


def test_a_database_that_is_behind_is_not_ready(own_app):
    with own_app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
        db.session.commit()

    answer = own_app.test_client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json["migrations"] == "the database is behind: run dxday db upgrade"


def test_numbers_are_in_prometheus_text(client):
    client.http.get("/healthz")

    answer = client.http.get("/metrics")

    assert answer.mimetype == "text/plain"
    assert 'dxday_requests_total{endpoint="monitoring.healthz",method="GET",status="200"}' in answer.text


@pytest.mark.postgresql
@pytest.mark.parametrize("own_app", ["postgresql"], indirect=True)
def test_a_lost_database_is_503_and_is_met_again_without_a_restart(own_app):
    client = own_app.test_client()
    assert client.get("/readyz").status_code == 200
    name = own_app.config["SQLALCHEMY_DATABASE_URI"].rpartition("/")[2]
    owner = create_engine(databases.postgresql().address("postgres"), isolation_level="AUTOCOMMIT")

    with owner.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        )
    lost = client.get("/sample/schedule"), client.get("/readyz"), client.get("/healthz")
    with owner.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    owner.dispose()

    assert [answer.status_code for answer in lost] == [503, 503, 200]
    assert "For the moment we cannot answer" in lost[0].text
    assert client.get("/readyz").status_code == 200
