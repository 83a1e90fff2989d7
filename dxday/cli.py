"""`dxday …` commands: thin, each one transaction at the most; J marks those that answer JSON with --json."""

import logging
import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import structlog
from flask import current_app, url_for
from flask_migrate import check, downgrade, upgrade

import config
from dxday import db, doctor, keys_cli, schedule_cli, scheduler, serve, worker
from dxday.accounts import queries as accounts
from dxday.accounts import services as account_services
from dxday.app import DatabaseBehind, refuse_when_behind
from dxday.audit import queries as audit
from dxday.certificates import jobs as certificate_jobs
from dxday.certificates import queries as certificates
from dxday.certificates import services as certificate_services
from dxday.core import clock
from dxday.core.actor import SYSTEM
from dxday.core.carriage import Carriage
from dxday.core.errors import Refusal
from dxday.core.permissions import Role
from dxday.demo import load as demo_load
from dxday.demo import scale as demo_scale
from dxday.editions import queries as editions
from dxday.nominations import jobs as nominations
from dxday.notifications import queries as notifications
from dxday.runs import queries as runs
from dxday.runs import rules, timetable
from dxday.runs import services as run_services
from dxday.runs.jobs import Notebook, name_of_this_process
from dxday.sites import queries as sites
from dxday.terminal import answer, fail, json_option, open_app, with_app

log = structlog.get_logger()

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
FORMER_NAMES = {"registration-reminders": "reminders"}
"""Jobs that were called otherwise once; what people have written into their own timetables goes on."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """DXDay, the event management system of the National Digital Transformation Day."""


# ---------------------------------------------------------------- running


@cli.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--web-workers", default=1, show_default=True, help="Web processes, of 8 threads each.")
@click.option("--no-worker", is_flag=True, help="Only the web; workers run elsewhere.")
@click.option(
    "--prepare", is_flag=True, help="First upgrade the database, and fill an empty one with the demo."
)
def serve_command(host: str, port: int, web_workers: int, no_worker: bool, prepare: bool) -> None:
    """Start the web and one worker, ended together by Ctrl-C."""
    if prepare:
        _prepare(port)
    else:
        with_app(refuse_when_behind)()
    raise SystemExit(
        serve.run(serve.commands(host=host, port=port, web_workers=web_workers, with_worker=not no_worker))
    )


@with_app
def _prepare(port: int) -> None:
    settings: config.Settings = current_app.extensions["dxday_settings"]
    current_app.config["SERVED_AT"] = f"http://127.0.0.1:{port}"
    upgrade()
    _seal()
    if not editions.list_editions():
        for name in demo_load.NAMES:
            demo_load.load(name, settings=settings, now=clock.now())
    click.echo(f"\n  DXDay: http://127.0.0.1:{port}/\n")
    for role, email, password in demo_load.list_sign_ins(settings):
        click.echo(f"  {role:<10} {email:<26} {password}")
    click.echo("")


@cli.command("worker")
@click.option("--threads", default=2, show_default=True, help="How many send messages at the same time.")
@click.option("--served-at", metavar="URL", help="What links in mails begin with where BASE_URL is not set.")
def worker_command(threads: int, served_at: str | None) -> None:
    """Carry messages, certificates and long work; any number may run, one of them is the clock.

    SIGTERM ends it when what is at hand is done, after 15 seconds at the latest; a second one at once.
    """
    stop = worker.stop_on_signals()
    app = open_app()
    app.config["SERVED_AT"] = served_at
    with app.app_context():
        try:
            refuse_when_behind()
        except DatabaseBehind as fault:
            fail(str(fault))
    if not worker.run_worker(app, stop, make_clock=scheduler.Clock, threads=threads):
        logging.shutdown()
        os._exit(0)  # what is left hangs in a thread that Python would wait for; its lease brings it back


@cli.command("doctor")
@json_option
@with_app
def doctor_command(as_json: bool) -> None:
    """Check configuration, database, fonts, mail, storage and keys; status 1 and the mend for each fault."""
    findings = doctor.examine()
    lines = [
        f"FAULT  {f.part}: {f.state}\n       {f.mend}" if f.mend else f"ok     {f.part}: {f.state}"
        for f in findings
    ]
    answer(
        [{"part": f.part, "state": f.state, "mend": f.mend or None} for f in findings],
        as_json=as_json,
        line="\n".join(lines),
    )
    if any(f.mend for f in findings):
        raise SystemExit(1)


# ---------------------------------------------------------------- database, demo, accounts


@cli.group("db")
def db_group() -> None:
    """Migrations."""


@db_group.command("upgrade")
@with_app
def db_upgrade() -> None:
    """Bring the database to the newest migration, and seal what is sensitive and was written before it was sealed."""
    upgrade()
    _seal()


def _seal() -> None:
    swept = nominations.seal_what_is_open(clock.now())
    if swept.answers or swept.files or swept.lists:
        nominations.delete_open_copies()
        db.flush_old_pages(whole=True)
        click.echo(f"sealed: {swept.answers} answers, {swept.files} files, {swept.lists} lists")
    if swept.broken:
        click.echo(f"not sealed, see dxday doctor: {', '.join(swept.broken)}", err=True)


@db_group.command("downgrade")
@click.argument("revision", default="-1")
@with_app
def db_downgrade(revision: str) -> None:
    """Take the last migration back, or all down to REVISION."""
    downgrade(revision=revision)


@db_group.command("check")
@with_app
def db_check() -> None:
    """Fail when the tables differ from the models."""
    check()


@cli.group("demo")
def demo_group() -> None:
    """Demo editions made of real facts."""


@demo_group.command("load")
@click.argument("name", type=click.Choice(sorted(demo_load.NAMES)))
@with_app
def load_demo(name: str) -> None:
    """Load the demo edition NAME; a second time changes nothing."""
    loaded = demo_load.load(name, settings=current_app.extensions["dxday_settings"], now=clock.now())
    click.echo(f"{name}: loaded" if loaded else f"{name}: there already, nothing changed")


@demo_group.command("scale")
@click.option("--edition", "edition_code", default="next", show_default=True, metavar="CODE")
@click.option("--sessions", default=0, type=click.IntRange(0, 10_000), show_default=True)
@click.option("--registrations", default=0, type=click.IntRange(0, 1_000_000), show_default=True)
@click.option("--awards", default=0, type=click.IntRange(0, 100_000), show_default=True)
@click.option("--mail", is_flag=True, help="Queue the confirmations, as if people had registered.")
@json_option
@with_app
def scale_demo(
    edition_code: str, sessions: int, registrations: int, awards: int, mail: bool, as_json: bool
) -> None:
    """Add made-up bulk data for load tests."""
    made = demo_scale.scale(
        editions.get_edition(edition_code),
        sessions=sessions,
        registrations=registrations,
        awards=awards,
        mail=mail,
        now=clock.now(),
    ).as_dict()
    answer(made, as_json=as_json, line=", ".join(f"{name}: {count}" for name, count in made.items()))


@cli.group("user")
def user_group() -> None:
    """Accounts."""


@user_group.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--organisation", "organisation_code", metavar="CODE")
@click.option("--edition", "edition_code", metavar="CODE")
@click.option("--site", "site_code", metavar="CODE")
@with_app
def add_user(
    email: str,
    role: str,
    organisation_code: str | None,
    edition_code: str | None,
    site_code: str | None,
) -> None:
    """Add an account with a role (or give a known one the role) and print a one-time link."""
    if "@" not in email:
        fail(f"“{email}” is no e-mail address.")
    if role == Role.AGENCY and organisation_code is None:
        fail("An officer acts for an agency: name it with --organisation CODE.")
    if role == Role.SITE and (edition_code is None or site_code is None):
        fail("A coordinator looks after a site: name it with --edition CODE --site CODE.")
    now = clock.now()
    edition = editions.get_edition(edition_code) if edition_code else None
    organisation = accounts.get_organisation(organisation_code) if organisation_code else None
    site = sites.get_site(edition.id, site_code) if edition and site_code else None
    with db.transaction():
        account = account_services.add_account(
            email, full_name=email.partition("@")[0], locale="vi", actor=SYSTEM, now=now
        )
        account_services.grant_role(
            account,
            Role(role),
            actor=SYSTEM,
            now=now,
            edition_id=edition.id if edition else None,
            organisation_id=organisation.id if organisation else None,
            site_id=site.id if site else None,
        )
        token = account_services.make_one_time_link(account, actor=SYSTEM, now=now)
    settings: config.Settings = current_app.extensions["dxday_settings"]
    with current_app.test_request_context(base_url=settings.base_url or "http://127.0.0.1:8000"):
        click.echo(url_for("accounts.use_link", token=token, _external=True))


# ---------------------------------------------------------------- certificates


@cli.group("certificates")
def certificates_group() -> None:
    """Issue, render and check certificates."""


@certificates_group.command("issue")
@click.option("--edition", "edition_code", required=True, metavar="CODE")
@click.option("--award", "award_code", metavar="CODE", help="Only this award.")
@json_option
@with_app
def issue_certificates(edition_code: str, award_code: str | None, as_json: bool) -> None:
    """Issue what decisions made and what has no certificate yet."""
    edition = editions.get_edition(edition_code)
    with db.transaction():
        issued = certificate_services.issue_for_edition(
            edition, award_code=award_code, actor=SYSTEM, now=clock.now()
        )
    numbers = [certificate.number for certificate in issued]
    answer({"issued": numbers}, as_json=as_json, line="\n".join(numbers) or "nothing to issue")


@certificates_group.command("render")
@json_option
@with_app
def render_certificates(as_json: bool) -> None:
    """Render what waits, here and now."""
    counts = certificate_jobs.render_waiting(clock.now())
    answer(counts, as_json=as_json, line=", ".join(f"{name}: {number}" for name, number in counts.items()))


@certificates_group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@with_app
def verify_certificate(file: Path, as_json: bool) -> None:
    """Tell whether FILE is a certificate of ours, unchanged, and whether it holds; status 1 when not."""
    found = certificates.check_file(file.read_bytes())
    held = found.certificate
    status = held.standing.value if held else "unknown"
    facts = {"status": status, "code": held.number if held else None, "sha256": found.sha256}
    answer(
        facts, as_json=as_json, line=f"{status}: {held.number if held else 'not a file of ours, or changed'}"
    )
    if status != "valid":
        raise SystemExit(1)


cli.add_command(schedule_cli.group)
cli.add_command(keys_cli.group)


# ---------------------------------------------------------------- jobs, mail, audit


@cli.group("jobs")
def jobs_group() -> None:
    """What happens by itself."""


@jobs_group.command("list")
@json_option
@with_app
def list_jobs(as_json: bool) -> None:
    """Show the timetable: when each job runs, when it last did, and whether it is paused."""
    jobs = runs.list_jobs(clock.now())
    lines = [
        f"{job['name']:<24} {job['when']:<20} "
        f"{_local(job['last_started_at']):<17} {job['last_outcome'] or '–':<8} {job['last_count'] or 0:>5}  "
        f"{'PAUSED' if job['paused'] else _local(job['next_at']):<17} {job['what']}"
        for job in jobs
    ]
    head = f"{'job':<24} {'when':<20} {'last run':<17} {'outcome':<8} {'count':>5}  {'next run':<17} what"
    answer(jobs, as_json=as_json, line="\n".join([head, *lines]))


def _local(moment: datetime | None) -> str:
    return f"{moment.astimezone(VIETNAM):%Y-%m-%d %H:%M}" if moment else "–"


@jobs_group.command("run")
@click.argument("name")
@click.option(
    "--at", "at", metavar="TIME", help="As if now were TIME (ISO 8601; Vietnamese time without a zone)."
)
@click.option("--until", metavar="TIME", help="Go on from --at to TIME, as if the time between passed.")
@click.option(
    "--every",
    default=60,
    show_default=True,
    type=click.IntRange(1),
    metavar="MINUTES",
    help="The steps in which time passes with --until.",
)
@json_option
@with_app
def run_job(name: str, at: str | None, until: str | None, every: int, as_json: bool) -> None:
    """Run one job now, here, paused or not; or walk it through a stretch of time."""
    name = FORMER_NAMES.get(name, name)
    now = _moment(at) if at is not None else clock.now()
    last = _moment(until) if until is not None else now
    if last < now:
        fail("--until lies before the beginning.")
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the app behind the proxy
    work, notebook = worker.Work(app), Notebook(app, name_of_this_process())
    count = 0
    try:
        while now <= last:
            count += scheduler.run_job(name, now, work, notebook)
            db.db.session.remove()
            now += timedelta(minutes=every)
    except Refusal:
        raise
    except Exception as error:  # whatever a job raises is recorded; here it becomes a sentence and status 1
        log.exception("job_failed", job=name)
        fail(f"{name} failed: {rules.describe(error)}")
    finally:
        work.close()
    answer({"job": name, "count": count}, as_json=as_json, line=f"{name}: {count}")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"“{text}” is no time; write it as 2026-10-09T08:00.")
    return moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)


@jobs_group.command("pause")
@click.argument("name")
@with_app
def pause_job(name: str) -> None:
    """Keep the clock from running a job until it is resumed."""
    job = timetable.get_job(name)
    with db.transaction():
        run_services.pause_job(name, actor=SYSTEM, now=clock.now())
    click.echo(f"{name} is paused. {job.pausing}")


@jobs_group.command("resume")
@click.argument("name")
@with_app
def resume_job(name: str) -> None:
    """Let the clock run a job again."""
    timetable.get_job(name)
    with db.transaction():
        run_services.resume_job(name, actor=SYSTEM, now=clock.now())
    click.echo(f"{name} runs again")


@cli.group("mail")
def mail_group() -> None:
    """The outbox."""


@mail_group.command("status")
@json_option
@with_app
def mail_status(as_json: bool) -> None:
    """Count the messages by state."""
    found = notifications.count_by_state()
    counts = {"sent" if state is Carriage.DONE else state.value: found.get(state, 0) for state in Carriage}
    answer(counts, as_json=as_json, line=", ".join(f"{state}: {number}" for state, number in counts.items()))


@cli.group("audit")
def audit_group() -> None:
    """The trail."""


@audit_group.command("verify")
@json_option
@with_app
def verify_audit(as_json: bool) -> None:
    """Walk the hash chain; status 1 at the first broken link."""
    broken = audit.find_broken_link()
    entries = audit.count_entries() if broken is None or broken.sequence else 0
    facts = {
        "status": "broken" if broken else "whole",
        "entries": entries,
        "broken_at": broken.sequence if broken else None,
        "reason": broken.reason if broken else None,
    }
    line = f"broken at entry {broken.sequence}: {broken.reason}" if broken else f"whole: {entries} entries"
    answer(facts, as_json=as_json, line=line)
    if broken:
        raise SystemExit(1)


def main() -> None:
    """Run the command line."""
    cli(prog_name="dxday")


if __name__ == "__main__":
    main()
