"""What every `dxday …` command uses: the application around it, its answers, and how it says what is wrong."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import click
from flask import Flask

import config
from dxday.app import DatabaseBehind, create_app
from dxday.core.errors import Refusal

Command = Callable[..., Any]


def fail(message: str) -> NoReturn:
    """Say what is wrong on standard error and end with status 1."""
    click.echo(message, err=True)
    raise SystemExit(1)


def with_app(command: Command) -> Command:
    """Run the command inside the application; a refusal or unusable settings become a sentence and status 1."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        app = open_app()
        with app.app_context():
            try:
                return command(*args, **options)
            except (Refusal, DatabaseBehind) as refusal:
                fail(str(refusal))

    return run


def json_option(command: Command) -> Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Answer JSON.")(command)


def answer(facts: Any, *, as_json: bool, line: str) -> None:
    """Print facts as JSON, or the line for people."""
    click.echo(json.dumps(facts, ensure_ascii=False, indent=2, default=str) if as_json else line)


def open_app() -> Flask:
    """Return the application; unusable settings become a sentence and status 1."""
    try:
        return create_app(config.read())
    except config.SettingsRefused as refused:
        fail(str(refused))
