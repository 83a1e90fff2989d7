"""Which edition is asked for: loads the edition of the address into g.edition."""

from typing import Any

from flask import Flask, current_app, g, request

from dxday.editions import queries

ARGUMENT = "edition_code"


def take_code(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the edition's code out of the view's arguments."""
    g.edition_code = values.pop(ARGUMENT, None) if values else None


def load_edition() -> None:
    """Put the edition into g.  Raises NotFound for an unknown code."""
    code = g.get("edition_code")
    g.edition = queries.get_edition(code) if code else None


def give_code(endpoint: str, values: dict[str, Any]) -> None:
    """Fill in the edition's code of addresses that need one and do not say which."""
    if ARGUMENT not in values and current_app.url_map.is_endpoint_expecting(endpoint, ARGUMENT):
        edition = g.get("edition")
        if edition is not None:
            values[ARGUMENT] = edition.code
        elif request and g.get("edition_code"):
            values[ARGUMENT] = g.edition_code


def init_app(app: Flask) -> None:
    """Read the code from every address and give it to every address."""
    app.url_value_preprocessor(take_code)
    app.url_defaults(give_code)
