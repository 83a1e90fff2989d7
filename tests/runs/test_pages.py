"""The pages on workers and jobs: who sees them, what they say alive and dead, and what their buttons do."""

from datetime import timedelta

import pytest

from dxday.audit import queries as audit
from dxday.core import clock as the_time
from dxday.core.permissions import Role
from dxday.db import db
from dxday.runs import queries, services
from dxday.runs.models import JobRun, JobState, WorkerBeat
from dxday.runs.rules import Outcome
from dxday.scheduler import TIMETABLE
from tests import make

PATH = "/manage/jobs"
NAME = "hand-out-messages"
STATES = "//tbody/tr[contains(., 'host:')]/td[@data-label='State']"


@pytest.fixture
def admin(app, client):
    return client.sign_in(make.account(Role.ADMIN))


def worker(name="host:1", *, age=1, is_clock=False, **given):
    now = the_time.now()
    defaults = {
        "started_at": now - timedelta(hours=1),
        "beat_at": now - timedelta(seconds=age),
        "threads": 2,
        "elected_at": now - timedelta(minutes=30) if is_clock else None,
        "queue_depth": 0 if is_clock else None,
    }
    return make.save(WorkerBeat(worker=name, **(defaults | given)))


def ran(job=NAME, *, age=60, took=2, late=0, **given):
    at = the_time.now() - timedelta(seconds=age)
    defaults = {
        "due_at": at - timedelta(seconds=late),
        "started_at": at,
        "ended_at": at + timedelta(seconds=took),
        "outcome": Outcome.DONE,
        "worker": "host:1",
    }
    if db.session.get(JobState, job) is None:
        make.save(JobState(job=job, failures=0))
    return make.save(JobRun(job=job, **(defaults | given)))


def row_of(page, name=NAME):
    (row,) = [
        text for text in page.all("//tbody/tr") if f" {name} " in f"{text} ".replace(name, f" {name} ")
    ][:1]
    return row


def test_before_anything_ran_the_page_says_what_to_do(admin):
    page = admin.open(PATH)

    assert page.heading == "Workers and jobs"
    assert page.all("//*[contains(@class,'notice-title')]")[0] == "No worker has ever been heard of"
    assert "Start one: dxday worker" in page.words
    assert page.words.count("Not yet") == len(TIMETABLE)
    assert "Nothing: no run of any job failed." in page.words


def test_a_silence_is_told_with_its_length_and_its_mend(admin):
    worker(age=180, is_clock=True)

    page = admin.open(PATH)

    assert page.all("//*[contains(@class,'notice-title')]")[0] == "No worker has been heard of for 3 minutes"
    assert page.all(STATES) == ["Silent"]
    assert "Next run as soon as a worker runs" in row_of(page)


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        (
            0,
            "host:1 runs the timetable. It is the only worker: if it dies, nothing happens until another is started.",
        ),
        (1, "host:1 runs the timetable. If it dies, another worker takes over within seconds."),
    ],
)
def test_the_clock_is_named_and_whether_anybody_stands_by(admin, others, sentence):
    worker(is_clock=True)
    for number in range(others):
        worker(f"host:{number + 2}")

    page = admin.open(PATH)

    assert page.all("//*[contains(@class,'notice-body')]") == [f"The clock runs {sentence}"]


def test_each_worker_is_shown_as_it_is(admin):
    now = the_time.now()
    worker("host:1", is_clock=True)
    worker("host:2", age=2)
    worker("host:3", age=300)
    worker("host:4", age=400, stopped_at=now)

    assert admin.open(PATH).all(STATES) == [
        "Works, and is the clock",
        "Works, stands by as clock",
        "Silent",
        "Stopped",
    ]


def test_workers_without_a_clock_are_told_apart_from_no_workers(admin):
    worker()

    assert "The clock is being passed on" in admin.open(PATH).words


def test_a_job_shows_its_last_run_and_its_next(admin):
    worker(is_clock=True)
    ran("tidy-operations", age=600, count=4, took=2)
    ran("forget-runs", outcome=Outcome.FAILED, error="ValueError: it does not work")

    page = admin.open(PATH)

    assert "Done" in row_of(page, "tidy-operations")
    assert "4 things done · 2 seconds" in row_of(page, "tidy-operations")
    assert "Every hour" in row_of(page, "tidy-operations")
    assert "Daily at 03:30" in row_of(page, "forget-runs")
    assert "Ended in error" in row_of(page, "forget-runs")


def test_failures_of_a_day_stand_with_their_reason_and_how_often(admin):
    worker(is_clock=True)
    for age, times in ((60, 3), (120, 1)):
        ran(age=age, outcome=Outcome.FAILED, error="ValueError: it does not work", times=times)
    ran(age=100_000, outcome=Outcome.FAILED, error="ValueError: long ago")

    page = admin.open(PATH)

    rows = page.all("//section[@id='failures']//tbody/tr")
    assert [" ".join(row.split()[:9]) for row in rows] == [
        f"{NAME} Ended in error ValueError: it does not work"
    ]
    assert page.all("//section[@id='failures']//td[@data-label='Times']") == ["4"]
    assert "long ago" not in page.words


def test_the_lag_of_each_job_is_drawn_and_written(admin):
    worker(is_clock=True)
    ran(late=2.5)
    ran("forget-runs", late=0)

    rows = admin.open(PATH).all("//section[@id='lag']//tbody/tr")

    assert sorted(rows) == ["forget-runs 0 s", f"{NAME} 2.5 s"]


def test_what_waits_is_counted_with_the_age_of_the_oldest(admin):
    worker(is_clock=True, queue_depth=12)
    for age, due in ((600, None), (60, None), (60, 3600)):
        make.message(
            created_at=the_time.now() - timedelta(seconds=age),
            due_at=the_time.now() + timedelta(seconds=due) if due else None,
        )

    page = admin.open(PATH)

    assert page.all("//section[@id='waiting']//tbody/tr")[0].split() == "Messages 2 10 minutes 1 0 0".split()
    assert "12 Tasks in the queue" in page.words
    assert "2 Messages that are due the oldest for 10 minutes" in page.words


def test_the_page_costs_the_same_with_one_run_and_with_many(admin, queries):
    worker(is_clock=True)
    ran()
    with queries() as one:
        admin.open(PATH)
    for job in TIMETABLE:
        for age in (10, 20, 30):
            ran(job.name, age=age, outcome=Outcome.FAILED, error=f"{job.name} {age}")
        worker(f"host:{job.name}")
    with queries() as many:
        admin.open(PATH)

    assert one.total == many.total


def test_the_runs_of_a_job_cost_the_same_with_one_and_with_three(admin, queries):
    worker(is_clock=True)
    ran()
    with queries() as one:
        first = admin.open(f"{PATH}/{NAME}")
    for _ in range(2):
        ran(by_hand=True, by_hand_id=make.account().id)
    with queries() as three:
        third = admin.open(f"{PATH}/{NAME}")

    assert one.total == three.total
    assert [len(page.all("//tbody/tr")) for page in (first, third)] == [1, 3]


def test_a_run_is_told_with_who_asked_for_it_and_what_it_stands_for(admin):
    account = make.account()
    ran(age=10, by_hand=True, by_hand_id=account.id, count=2, late=1)
    ran(age=20, by_hand=True)
    ran(age=3600, times=1800, first_at=the_time.now() - timedelta(seconds=7200))
    ran(age=8000, outcome=Outcome.RUNNING, ended_at=None)

    rows = admin.open(f"{PATH}/{NAME}").all("//tbody/tr")

    assert [row.endswith("host:1") for row in rows] == [True] * 4
    assert f"Done 2 2 seconds 1 second {account.full_name}" in rows[0]
    assert "A command" in rows[1]
    assert "1800 times since" in rows[2] or "1,800 times since" in rows[2]
    assert "Running 0 – 0 s The clock" in rows[3]


def test_runs_are_paged(admin):
    for age in range(51):
        ran(age=age + 1)

    first, second = (admin.open(f"{PATH}/{NAME}?page={page}") for page in (1, 2))

    assert [len(page.all("//tbody/tr")) for page in (first, second)] == [50, 1]


def test_a_job_that_never_ran_says_so(admin):
    assert "It has not run yet" in admin.open(f"{PATH}/{NAME}").words


def test_a_job_that_is_not_there_is_not_found(admin):
    assert [admin.open(f"{PATH}/nothing{more}").status for more in ("", "/pause")] == [404, 404]


def test_run_now_leaves_a_wish_for_the_clock_wherever_it_is(admin):
    worker(is_clock=True)

    page = admin.fill(f"{PATH}/{NAME}", form=f"{PATH}/{NAME}/run")

    state = queries.find_state(NAME)
    assert state.wanted_at is not None
    assert "It will run within seconds." in admin.follow(page).words
    assert "Asked for" in admin.open(f"{PATH}/{NAME}").words
    assert audit.list_entries(limit=1)[0].action == "job.wanted"


def test_run_now_without_a_worker_says_that_nobody_will(admin):
    page = admin.follow(admin.fill(PATH, form=f"{PATH}/{NAME}/run"))

    assert "It will run as soon as a worker runs. None does at the moment." in page.words


def test_a_wish_made_twice_is_one(app):
    services.want_run(NAME, actor=make.actor(), now=make.NOW)
    services.want_run(NAME, actor=make.actor(), now=make.NOW + timedelta(seconds=1))
    db.session.commit()

    assert queries.find_state(NAME).wanted_at == make.NOW
    assert [entry.action for entry in audit.list_entries()] == ["job.wanted"]


def test_pausing_says_what_it_means_and_is_taken_back(admin):
    worker(is_clock=True)
    question = admin.open(f"{PATH}/{NAME}/pause")

    paused = admin.follow(admin.send(question, f"{PATH}/{NAME}/pause"))
    while_paused = queries.is_paused(NAME)
    resumed = admin.follow(admin.send(paused, PATH, form=f"{PATH}/{NAME}/resume"))

    assert "No message leaves: no confirmation, no link to sign in, no reminder." in question.words
    assert f"{NAME} is paused." in paused.words
    assert "Pausedsince" in row_of(paused)
    assert f"{NAME} runs again." in resumed.words
    assert (while_paused, queries.is_paused(NAME)) == (True, False)
    assert [entry.action for entry in audit.list_entries(limit=2)] == ["job.resumed", "job.paused"]


def test_what_is_paused_cannot_be_paused_again_and_what_runs_cannot_be_resumed(admin):
    worker(is_clock=True)
    question = admin.open(f"{PATH}/{NAME}/pause")
    admin.send(question, f"{PATH}/{NAME}/pause")
    again = admin.send(question, f"{PATH}/{NAME}/pause")
    listed = admin.open(PATH)
    admin.send(listed, PATH, form=f"{PATH}/{NAME}/resume")
    once_more = admin.follow(admin.send(listed, PATH, form=f"{PATH}/{NAME}/resume"))

    assert "This job is paused already." in again.words
    assert "This job is not paused." in once_more.words


def test_an_administrator_of_one_edition_is_refused(client):
    client.sign_in(make.account(Role.ADMIN, edition_id=make.edition().id))

    assert [client.open(path).status for path in (PATH, f"{PATH}/{NAME}", f"{PATH}/{NAME}/pause")] == [
        403
    ] * 3


@pytest.mark.parametrize(("bound", "seen"), [(False, True), (True, False)])
def test_the_menu_leads_there_from_every_page_for_who_may_go_there(client, bound, seen):
    edition = make.edition()
    client.sign_in(make.account(Role.ADMIN, edition_id=edition.id if bound else None))

    assert [PATH in client.open(path).links() for path in ("/my/", f"/manage/{edition.code}/")] == [seen] * 2
