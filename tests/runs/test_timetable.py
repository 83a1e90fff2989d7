"""When jobs run: in step, once for what was missed, and not stuck when the machine's clock is put back."""

from datetime import timedelta

import pytest
from apscheduler.job import Job as Scheduled

from dxday.runs.timetable import Daily, Every
from tests import make

NOW = make.at("2026-10-09 08:00")


@pytest.mark.parametrize(
    ("passed", "after"), [(0, 2), (1.5, 2), (2, 4), (3600, 3602), (86400 * 365, 86400 * 365 + 2)]
)
def test_an_interval_stays_in_step_and_skips_what_was_missed(passed, after):
    found = Every(seconds=2).after(NOW, NOW + timedelta(seconds=passed))

    assert found == NOW + timedelta(seconds=after)


def test_what_was_missed_in_a_day_of_sleep_is_due_once_and_its_lag_counts_from_the_first():
    job = Scheduled.__new__(Scheduled)
    job.trigger, job.next_run_time = Every(seconds=2), NOW

    assert job._get_run_times(NOW + timedelta(days=1)) == [NOW]


def test_an_interval_that_was_counted_from_the_future_begins_anew():
    assert Every(minutes=1).after(NOW + timedelta(hours=1), NOW) == NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("now", "after"),
    [
        ("2026-10-09 03:29", "2026-10-09 03:30"),
        ("2026-10-09 03:30", "2026-10-10 03:30"),
        ("2026-12-31 23:59", "2027-01-01 03:30"),
    ],
)
def test_a_daily_job_keeps_to_its_time_of_day_in_vietnam(now, after):
    assert Daily(3, 30).after(None, make.at(now)) == make.at(after)


@pytest.mark.parametrize(
    ("trigger", "written", "words"),
    [
        (Every(seconds=2), "interval[0:00:02]", "Every 2 seconds"),
        (Every(minutes=1), "interval[0:01:00]", "Every minute"),
        (Every(minutes=5), "interval[0:05:00]", "Every 5 minutes"),
        (Every(hours=1), "interval[1:00:00]", "Every hour"),
        (Daily(3, 30), "daily[03:30]", "Daily at 03:30"),
    ],
)
def test_a_trigger_says_when_it_fires(app, trigger, written, words):
    assert (str(trigger), str(trigger.words)) == (written, words)
