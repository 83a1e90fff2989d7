"""`dxday schedule …`: the programme as files, its check, and the timetable solver."""

import click

from dxday.conflicts import queries as conflicts
from dxday.conflicts.rules import Finding, Level
from dxday.editions import queries as editions
from dxday.terminal import answer, json_option, with_app


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
