"""Alive, ready and numbers; a database that is down shows as 503 and is met again without a restart."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, text

from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.runs.models import JobRun, JobState, WorkerBeat
from dxday.runs.rules import Outcome
from dxday.scheduler import TIMETABLE
from tests import databases, make
from tests.conftest import on_both


@contextmanager
def cut_off(app):
    """Take the database away while the block runs."""
    name = app.config["SQLALCHEMY_DATABASE_URI"].rpartition("/")[2]
    owner = create_engine(databases.postgresql().address("postgres"), isolation_level="AUTOCOMMIT")
    try:
        with owner.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
            connection.execute(
                text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            )
        yield
        with owner.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    finally:
        owner.dispose()


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

    with cut_off(own_app):
        lost = client.get("/sample/schedule"), client.get("/readyz"), client.get("/healthz")

    assert [answer.status_code for answer in lost] == [503, 503, 200]
    assert "For the moment we cannot answer" in lost[0].text
    assert client.get("/readyz").status_code == 200


def numbers(text):
    """The numbers of a Prometheus answer, by name and labels."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_the_numbers_of_messages_jobs_and_workers_come_from_the_database(app, client):
    now = clock.now()
    make.message(created_at=now - timedelta(minutes=10))
    make.message(created_at=now, due_at=now + timedelta(hours=1))
    make.message(carriage=Carriage.DONE)
    make.save(
        WorkerBeat(worker="host:1", started_at=now, beat_at=now, threads=2, elected_at=now, queue_depth=3)
    )
    make.save(WorkerBeat(worker="host:2", started_at=now, beat_at=now - timedelta(hours=1), threads=2))
    make.save(JobState(job="forget-runs", failures=4, succeeded_at=now, paused_at=now))
    make.save(
        JobRun(
            job="forget-runs", due_at=now, started_at=now + timedelta(seconds=1), ended_at=now + timedelta(seconds=3),
            outcome=Outcome.DONE, worker="host:1",
        )
    )  # fmt: skip

    found = numbers(client.http.get("/metrics").text)

    assert found['dxday_messages{state="queued"}'] == 2
    assert found['dxday_messages{state="sent"}'] == 1
    assert 600 <= found["dxday_messages_oldest_due_age_seconds"] < 700
    assert found["dxday_operations_oldest_due_age_seconds"] == 0
    assert found['dxday_hook_deliveries{state="queued"}'] == 0
    assert found['dxday_job_last_success_timestamp_seconds{job="forget-runs"}'] == pytest.approx(
        now.timestamp()
    )
    assert found['dxday_job_last_duration_seconds{job="forget-runs"}'] == 2
    assert found['dxday_job_last_lag_seconds{job="forget-runs"}'] == 1
    assert found['dxday_job_failures_total{job="forget-runs"}'] == 4
    assert found['dxday_job_paused{job="forget-runs"}'] == 1
    assert found['dxday_job_paused{job="hand-out-messages"}'] == 0
    assert (found["dxday_workers"], found["dxday_clocks"], found["dxday_queue_depth"]) == (1, 1, 3)
    assert 0 <= found["dxday_clock_elected_age_seconds"] < 60
    assert found["dxday_database_up"] == 1


def test_every_number_is_explained_and_none_names_a_person(app, client):
    make.message(to_address="nguoi.dan@example.org", to_name="Nguyễn Văn Mẫu")

    text = client.http.get("/metrics").text

    families = [family for family in text_string_to_metric_families(text) if family.name.startswith("dxday_")]
    assert [family.name for family in families if not family.documentation] == []
    assert len(families) > 15
    assert "nguoi.dan" not in text
    assert "Mẫu" not in text


def test_a_scrape_costs_the_same_whatever_there_is(app, client, queries):
    with queries() as empty:
        client.http.get("/metrics")
    for job in TIMETABLE:
        make.save(JobState(job=job.name, failures=1))
        make.message()
    with queries() as full:
        client.http.get("/metrics")

    assert empty.total == full.total


@pytest.mark.postgresql
@pytest.mark.parametrize("own_app", ["postgresql"], indirect=True)
def test_while_the_database_is_down_it_is_said_and_the_rest_is_told_all_the_same(own_app):
    client = own_app.test_client()
    client.get("/metrics")

    with cut_off(own_app):
        down = client.get("/metrics")
    up = client.get("/metrics")

    assert (down.status_code, up.status_code) == (200, 200)
    assert numbers(down.text)["dxday_database_up"] == 0
    assert 'dxday_requests_total{endpoint="monitoring.metrics",method="GET",status="200"}' in numbers(
        down.text
    )
    assert not any(name.startswith("dxday_messages") for name in numbers(down.text))
    assert numbers(up.text)["dxday_database_up"] == 1
