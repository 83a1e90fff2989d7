"""`dxday schedule …`: the programme as files, its check, its releases, and the timetable solver."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click

from dxday import db
from dxday.conflicts import queries as conflicts
from dxday.conflicts.rules import Finding, Level
from dxday.core import clock
from dxday.core.actor import SYSTEM
from dxday.core.errors import Refusal
from dxday.core.i18n import DEFAULT_LOCALE, pick
from dxday.editions import queries as editions
from dxday.exchange import files as files_in
from dxday.exchange import publication
from dxday.exchange.comparison import Choices
from dxday.proposals import queries as proposals_to_read
from dxday.proposals import services as proposals
from dxday.releases import queries as releases
from dxday.releases import services as release_services
from dxday.scheduling import services as scheduling
from dxday.scheduling.rules import Task, Wish
from dxday.solver import files
from dxday.solver.problem import Problem
from dxday.solver.result import Solution
from dxday.terminal import answer, fail, json_option, with_app


@click.group("schedule")
def group() -> None:
    """The programme of an edition, and timetables by file."""


@group.command("check")
@click.option("--edition", "edition_code", required=True, metavar="CODE")
@click.option(
    "--fail-on",
    type=click.Choice([level.value for level in Level if level is not Level.IGNORE]),
    help="End with status 1 when a finding of at least this level stands that nobody has overridden.",
)
@json_option
@with_app
def check_command(edition_code: str, fail_on: str | None, as_json: bool) -> None:
    """Say what stands against the programme as it is planned now, one finding for each clashing pair."""
    found = conflicts.list_findings(editions.get_edition(edition_code).id)
    lines = [_line(each) for each in found] or ["Nothing stands against the programme."]
    answer([_facts(each) for each in found], as_json=as_json, line="\n".join(lines))
    if fail_on and any(
        each.override is None and each.level.weight >= Level(fail_on).weight for each in found
    ):
        raise SystemExit(1)


def _facts(found: Finding) -> dict[str, object]:
    return {
        "rule": found.rule,
        "level": found.level.value,
        "sessions": list(found.codes),
        "sites": list(found.site_codes),
        "message": str(found.message),
        "mend": str(found.mend),
        "key": found.key,
        "override": found.override,
    }


def _line(found: Finding) -> str:
    head = f"{found.level.value:<14}{found.rule:<20}{found.message}"
    rest = f"may stand: {found.override}" if found.override else found.mend
    return f"{head}\n{'':<34}{rest}"


@group.command("release")
@click.option("--edition", "edition_code", required=True, metavar="CODE")
@click.option("--name", required=True, help="What the release is called, as visitors read it.")
@click.option("--force", is_flag=True, help="Release it although findings of the check stand against it.")
@click.option("--reason", default="", metavar="TEXT", help="Why, with --force; it is kept with the release.")
@json_option
@with_app
def release_command(edition_code: str, name: str, force: bool, reason: str, as_json: bool) -> None:
    """Let the public see the draft as it stands, and say who is affected; they are told once, by the worker."""
    now = clock.now()
    with db.transaction():
        edition = editions.get_edition(edition_code)
        affected = releases.find_affected(edition.id, releases.find_changes(edition.id), now=now)
        release = release_services.release_programme(
            edition, name=name, force=force, reason=reason, actor=SYSTEM, now=now
        )
        counts = releases.count_changes(release)
    facts = {
        "release": release.number,
        "name": release.name,
        **{kind.value: count for kind, count in counts.items()},
        "affected": {
            "registrants": {pick(name, "vi"): count for name, count in affected.by_site},
            "speakers": affected.speakers,
            "presiding_officers": affected.presiding,
            "coordinators": affected.coordinators,
            "letters": affected.audience.letters,
            "unreached": list(affected.audience.unreached),
        },
    }
    changed = ", ".join(f"{kind.value}: {count}" for kind, count in counts.items())
    answer(
        facts,
        as_json=as_json,
        line=f"release {release.number} “{release.name}” ({changed}); letters to send: {affected.audience.letters}",
    )


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--edition", "edition_code", required=True, metavar="CODE")
@click.option("--create", is_flag=True, help="Make the edition, its main site and rooms from the file.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--keep-missing", is_flag=True, help="Do not cancel sessions that the file does not have.")
@click.option("--time-zone", metavar="NAME", help="Of a new edition, and of times that name none.")
@json_option
@with_app
def import_command(
    file: Path,
    edition_code: str,
    create: bool,
    dry_run: bool,
    keep_missing: bool,
    time_zone: str | None,
    as_json: bool,
) -> None:
    """Take FILE over into the draft: frab XML, schedule JSON, CSV or XLSX, whatever it is called.

    Sessions are known by their guid.  Rows with errors are left out and listed; what the file does not have is
    cancelled.
    """
    preview = files_in.import_file(
        file,
        edition_code,
        create=create,
        dry_run=dry_run,
        choices=Choices(cancel_missing=not keep_missing, make_rooms=create),
        zone=time_zone,
        actor=SYSTEM,
        now=clock.now(),
    )
    facts = preview.as_dict()
    lines = [", ".join(f"{name}: {value}" for name, value in facts.items() if name != "errors")]
    lines += [f"  {error['row']}: {error['message']}" for error in facts["errors"]]
    answer(facts, as_json=as_json, line="\n".join(lines))


@group.command("export")
@click.option("--edition", "edition_code", required=True, metavar="CODE")
@click.option("--format", "form", required=True, type=click.Choice(sorted(publication.WRITERS)))
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; else standard output."
)
@with_app
def export_command(edition_code: str, form: str, out: Path | None) -> None:
    """Write the published programme as frab XML, schedule JSON or iCalendar."""
    data = publication.write(editions.get_edition(edition_code), form, locale=DEFAULT_LOCALE)
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as fault:
        fail(f"{out}: {fault.strerror}")


@group.command("solve")
@click.option("--edition", "edition_code", metavar="CODE", help="The draft of an edition.")
@click.option("--keep-published", is_flag=True, help="With --edition: what the public sees stays.")
@click.option("--apply", "take", is_flag=True, help="With --edition: take the proposal at once.")
@click.option(
    "--problem",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A problem as JSON, without a database.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the timetable of the problem goes."
)
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(0.1, 86_400))
@click.option("--repair", is_flag=True, help="Keep the current placements; move as little as possible.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option("--json", "as_json", is_flag=True, help="Answer JSON.")
def solve_command(
    edition_code: str | None,
    keep_published: bool,
    take: bool,
    problem: Path | None,
    out: Path | None,
    seconds: float,
    repair: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Look for times and rooms: for the draft of an edition, as a proposal; or for a problem in a file.

    The format of problems is described in docs/solver.md.  Ctrl-C ends the search with the best found so far.
    """
    if edition_code is not None and problem is None and out is None and not repair:
        _solve_edition(edition_code, seconds, seed, keep_published=keep_published, take=take, as_json=as_json)
    elif problem is not None and out is not None and edition_code is None and not keep_published and not take:
        _solve_file(problem, out, seconds, seed, repair=repair, as_json=as_json)
    else:
        raise click.UsageError("Give either --edition, or --problem with --out.")


@with_app
def _solve_edition(
    edition_code: str, seconds: float, seed: int, *, keep_published: bool, take: bool, as_json: bool
) -> None:
    wish = Wish(Task.IMPROVE, seconds=max(round(seconds), 1), keep_published=keep_published)
    with db.transaction():  # and none while it searches
        edition = editions.get_edition(edition_code)
        asked = scheduling.read_search(edition, wish)
    found = _search(asked.problem, seconds=seconds, repair=False, seed=seed)
    now = clock.now()
    with db.transaction():
        proposal = scheduling.propose(edition, asked, found, operation_id=None, actor=SYSTEM, now=now)
        if proposal is not None and take:
            proposal = proposals_to_read.get_proposal(edition.id, proposal.id)
            proposals.take_proposal(proposal, edition, seen=proposal.version, actor=SYSTEM, now=now)
    facts = {
        **scheduling.facts_of(asked, found),
        "proposal": proposal.id if proposal else None,
        "applied": take,
    }
    answer(facts, as_json=as_json, line=_summary(found))


def _solve_file(problem: Path, out: Path, seconds: float, seed: int, *, repair: bool, as_json: bool) -> None:
    try:
        text = problem.read_bytes() if problem.stat().st_size <= files.LARGEST else b" " * (files.LARGEST + 1)
    except OSError as fault:
        fail(f"{problem}: {fault.strerror}")
    if not out.absolute().parent.is_dir():
        fail(f"{out}: there is no folder {out.absolute().parent}")
    try:
        found = _search(files.read_problem(text), seconds=seconds, repair=repair, seed=seed)
    except Refusal as refusal:
        fail(f"{problem}: {refusal}")
    fresh = out.with_name(f"{out.name}.{os.getpid()}.new")
    try:
        fresh.write_text(json.dumps(found.document(), ensure_ascii=False, indent=1) + "\n", "utf-8")
        fresh.replace(out)
    except OSError as fault:
        fail(f"{out}: {fault.strerror}")
    if as_json:
        facts = {
            name: value
            for name, value in found.document().items()
            if name not in ("placements", "history", "rearranged")
        }
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        click.echo(_summary(found))


def _search(problem: Problem, *, seconds: float, repair: bool, seed: int) -> Solution:
    """Solve with the search itself loaded only now, since OR-Tools takes its time."""
    from dxday.solver import model, search

    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return search.solve(
            problem, seconds=seconds, repair=repair, seed=seed, progress=_progress(), stop=lambda: interrupted
        )
    finally:
        model.wait_for_loading()
        for number, handler in before.items():
            signal.signal(number, handler)


def _progress() -> Callable[[float, int, int], None] | None:
    """Return who tells a person at a terminal how far it is, once a second."""
    if not sys.stderr.isatty():
        return None
    told = 0.0

    def tell(seconds: float, missing: int, cost: int) -> None:
        nonlocal told
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            click.echo(f"\r{seconds:6.1f} s  not placed: {missing}  cost: {cost}   ", err=True, nl=False)

    return tell


def _summary(found: Solution) -> str:
    lines = [
        f"{found.status}: {found.placed} placed, {len(found.unplaced)} not, {len(found.moved)} moved, "
        f"{found.hard} rules broken, cost {found.soft}, {found.seconds:.1f} s"
    ]
    for each in found.unplaced:
        proof = "these cannot all hold" if each.proved else "as long as the others stay where they are"
        lines.append(f"  {each.session} has no place; {proof}:")
        lines += [f"    – {reason.message} [{reason.code}]" for reason in each.reasons]
    return "\n".join(lines)
