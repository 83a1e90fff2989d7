"""`dxday …` commands: thin, each one transaction at the most."""

import click
from flask import Flask


def init_app(app: Flask) -> None:
    """Register the commands."""


def main() -> None:
    """Run the command line."""
    click.echo("…")
