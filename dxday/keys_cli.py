"""`dxday keys …`: the keys that seal what is sensitive in dossiers."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

import click
from flask import current_app

import config
from dxday import db
from dxday.adapters.sealing import name_of
from dxday.core import clock
from dxday.nominations import jobs, seals
from dxday.terminal import answer, json_option, with_app


@click.group("keys")
def group() -> None:
    """The keys that seal sensitive answers and files."""


@group.command("list")
@json_option
@with_app
def list_keys(as_json: bool) -> None:
    """Name the keys, which one seals, and how much is sealed with each; status 1 when one is missing."""
    settings: config.Settings = current_app.extensions["dxday_settings"]
    counts = seals.count_seals()
    given = [name_of(key) for key in settings.sealing_keys]
    lines = [
        {"name": name, "given": name in given, "seals": name == given[0], "dossiers": counts.get(name, 0)}
        for name in [*given, *sorted(counts.keys() - set(given))]
    ]
    answer(lines, as_json=as_json, line="\n".join(_line(each) for each in lines))
    if any(not each["given"] for each in lines):
        raise SystemExit(1)


@group.command("new")
@with_app
def new_key() -> None:
    """Make a new key: put before the others in the instance, or printed where SEALING_KEYS is given."""
    settings: config.Settings = current_app.extensions["dxday_settings"]
    key = secrets.token_urlsafe(32)
    if settings.keys_are_given:
        click.echo(key)
        click.echo(
            "Put this key before the others in SEALING_KEYS, on every machine; restart web and workers there; "
            "then run: dxday keys rotate",
            err=True,
        )
        return
    _write(settings.kept_keys, f"{key}\n{settings.kept_keys.read_text().strip()}\n")
    name = name_of(config.read_keys(key)[0])
    click.echo(f"{name} seals from now on. Restart web and workers, then run: dxday keys rotate")


@group.command("rotate")
@json_option
@with_app
def rotate_keys(as_json: bool) -> None:
    """Wrap the key of every dossier with the newest key, and seal what stands open; go on where it was ended.

    Web and workers must have been started with the newest key before.  Status 1 when something cannot be opened.
    """
    swept = jobs.rotate_keys(clock.now())
    jobs.delete_open_copies()
    db.flush_old_pages(whole=True)
    facts = {
        "wrapped": swept.wrapped,
        "answers": swept.answers,
        "files": swept.files,
        "lists": swept.lists,
        "broken": list(swept.broken),
    }
    line = f"{swept.wrapped} keys wrapped; sealed {swept.answers} answers, {swept.files} files, {swept.lists} lists"
    if swept.broken:
        line += f"\nnot opened: {', '.join(swept.broken)}"
    answer(facts, as_json=as_json, line=line)
    if swept.broken:
        raise SystemExit(1)


def _line(key: dict[str, Any]) -> str:
    does = "seals" if key["seals"] else "opens" if key["given"] else "MISSING"
    return f"{key['name']}  {does:<8} {key['dossiers']:>6} dossiers and lists"


def _write(path: Path, text: str) -> None:
    """Put a whole new file of mode 600 in place of the old one."""
    handle, aside = tempfile.mkstemp(prefix=".keys-", dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
