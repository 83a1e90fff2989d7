"""Pages on what happens by itself: the clock, the workers, each job and its runs."""

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import NotAllowed, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.runs import queries, rules, services, timetable
from dxday.runs.rules import Outcome
from dxday.web.access import requires
from dxday.web.forms import Form

bp = Blueprint("jobs", __name__, url_prefix="/manage/jobs")

PAGE = 50
A_DAY = timedelta(days=1)

SHAPES = {
    Outcome.RUNNING: "info",
    Outcome.DONE: "good",
    Outcome.FAILED: "bad",
    Outcome.LOST: "warn",
}


@bp.before_request
def refuse_who_is_bound_to_an_edition() -> None:
    """Refuse an administrator of one edition: a job works for all of them.  Raises NotAllowed."""
    if not g.actor.may_everywhere(Permission.JOB_MANAGE):
        raise NotAllowed


@bp.get("")
@requires(Permission.JOB_MANAGE)
def index() -> ResponseReturnValue:
    now = clock.now()
    workers = queries.list_workers()
    failures = queries.list_failures(now - A_DAY)
    return render_template(
        "jobs/index.html",
        now=now,
        lines=queries.list_lines(now),
        workers=workers,
        alive=[each for each in workers if rules.is_heard_of(each.beat_at, each.stopped_at, now)],
        clock=queries.find_clock(workers, now),
        waiting=[queries.count_waiting(load, now) for load in timetable.loads()],
        failures=failures,
        outcomes=rules.OUTCOME_NAMES,
        shapes=SHAPES,
        late_after=rules.LATE_AFTER.total_seconds(),
    )


@bp.get("/<name>")
@requires(Permission.JOB_MANAGE)
def show(name: str) -> ResponseReturnValue:
    job, now = timetable.get_job(name), clock.now()
    total = queries.count_runs(name)
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "jobs/show.html",
        now=now,
        line=queries.get_line(job, now),
        clock=queries.find_clock(queries.list_workers(), now),
        runs=queries.list_runs(name, limit=PAGE, offset=(page - 1) * PAGE),
        total=total,
        page=page,
        pages=pages,
        outcomes=rules.OUTCOME_NAMES,
        shapes=SHAPES,
        lag=rules.lag,
    )


@bp.post("/<name>/run")
@requires(Permission.JOB_MANAGE)
def run(name: str) -> ResponseReturnValue:
    job, now = timetable.get_job(name), clock.now()
    if _is_sent():
        with db.transaction():
            services.want_run(job.name, actor=g.actor, now=now)
        if queries.find_clock(queries.list_workers(), now) is None:
            flash(_("It will run as soon as a worker runs. None does at the moment."), "warning")
        else:
            flash(_("It will run within seconds."), "success")
    return redirect(url_for(".show", name=name))


@bp.route("/<name>/pause", methods=["GET", "POST"])
@requires(Permission.JOB_MANAGE)
def pause(name: str) -> ResponseReturnValue:
    job, form = timetable.get_job(name), Form()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.pause_job(name, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(job)s is paused.", job=name), "success")
            return redirect(url_for(".index"))
    return render_template("jobs/pause.html", form=form, job=job)


@bp.post("/<name>/resume")
@requires(Permission.JOB_MANAGE)
def resume(name: str) -> ResponseReturnValue:
    job = timetable.get_job(name)
    if _is_sent():
        try:
            with db.transaction():
                services.resume_job(job.name, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(_("%(job)s runs again.", job=name), "success")
    return redirect(url_for(".index"))


def _is_sent() -> bool:
    """Tell whether the form came with its token; say so when the page had been open for too long."""
    if Form().validate_on_submit():
        return True
    flash(_("This page had been open for too long. Try once more."), "warning")
    return False
