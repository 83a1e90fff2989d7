"""`dxday schedule …`: the programme from the command line."""

import click

from dxday import db
from dxday.core import clock
from dxday.core.actor import SYSTEM
from dxday.core.i18n import pick
from dxday.editions import queries as editions
from dxday.releases import queries as releases
from dxday.releases import services as release_services
from dxday.terminal import answer, json_option, with_app


@click.group("schedule")
def group() -> None:
    """The programme of an edition."""


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
