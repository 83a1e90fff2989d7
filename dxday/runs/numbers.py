"""What operators measure of jobs and work, as Prometheus metrics; no names and no addresses of people."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from dxday.core.carriage import Carriage
from dxday.runs import queries, rules, timetable
from dxday.runs.rules import Outcome


def list_metrics(now: datetime) -> list[Metric]:
    """Return every metric, asked of the database in a constant number of statements.  Raises DBAPIError."""
    return [*_of_work(now), *_of_jobs(now), *_of_workers(now)]


def _of_work(now: datetime) -> Iterator[Metric]:
    for load in timetable.loads():
        waiting = queries.count_waiting(load, now)
        counts = GaugeMetricFamily(
            f"dxday_{load.name}", f"Rows of {load.name} by their state.", labels=["state"]
        )
        for state in Carriage:
            name = "sent" if load.name == "messages" and state is Carriage.DONE else state.value
            counts.add_metric([name], waiting.counts.get(state, 0))
        yield counts
        yield _gauge(
            f"dxday_{load.name}_oldest_due_age_seconds",
            f"Seconds for which the oldest row of {load.name} that waits has been due; 0 when none is.",
            waiting.age(now),
        )


def _of_jobs(now: datetime) -> Iterator[Metric]:
    last_runs, states = queries.list_last_runs(now), queries.list_states()
    succeeded = GaugeMetricFamily(
        "dxday_job_last_success_timestamp_seconds",
        "When a job last ended well, as Unix time.",
        labels=["job"],
    )
    duration = GaugeMetricFamily(
        "dxday_job_last_duration_seconds", "How long the last run of a job took.", labels=["job"]
    )
    lag = GaugeMetricFamily(
        "dxday_job_last_lag_seconds", "How late the last run of a job began.", labels=["job"]
    )
    failures = CounterMetricFamily(
        "dxday_job_failures", "Runs of a job that failed or were lost.", labels=["job"]
    )
    paused = GaugeMetricFamily("dxday_job_paused", "1 while a job is paused.", labels=["job"])
    for job in timetable.jobs():
        state, run = states.get(job.name), last_runs.get(job.name)
        if state is not None and state.succeeded_at is not None:
            succeeded.add_metric([job.name], state.succeeded_at.timestamp())
        if run is not None:
            lag.add_metric([job.name], rules.lag(run.due_at, run.started_at))
            if run.ended_at is not None and run.outcome is not Outcome.LOST:
                duration.add_metric([job.name], (run.ended_at - run.started_at).total_seconds())
        failures.add_metric([job.name], state.failures if state else 0)
        paused.add_metric([job.name], 1 if state and state.paused_at else 0)
    yield from (succeeded, duration, lag, failures, paused)


def _of_workers(now: datetime) -> Iterator[Metric]:
    workers = queries.list_workers()
    alive = sum(rules.is_heard_of(each.beat_at, each.stopped_at, now) for each in workers)
    yield _gauge("dxday_workers", "Worker processes that were heard of within the last minute.", alive)
    elected = queries.find_clock(workers, now)
    yield _gauge(
        "dxday_clocks", "1 while a worker runs the timetable, 0 while none does.", int(elected is not None)
    )
    if elected is not None and elected.elected_at is not None:
        yield _gauge(
            "dxday_clock_elected_age_seconds",
            "For how long the present clock has been elected.",
            max(0.0, (now - elected.elected_at).total_seconds()),
        )
        if elected.queue_depth is not None:
            yield _gauge(
                "dxday_queue_depth",
                "Tasks in the queue, as the clock last counted them.",
                elected.queue_depth,
            )


def _gauge(name: str, says: str, value: Any) -> Metric:
    metric = GaugeMetricFamily(name, says)
    metric.add_metric([], value)
    return metric
