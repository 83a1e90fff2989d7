"""What an address may carry: words without control characters, and numbers that a database has room for."""

import unicodedata

from flask import Flask
from werkzeug.routing import IntegerConverter, UnicodeConverter, ValidationError

_MOST_DIGITS = 18
"""Fewer than a whole number of 64 bits has."""


class Word(UnicodeConverter):
    """A part of an address; with a control character in it there is nothing at that address."""

    def to_python(self, value: str) -> str:
        """Return the part.  Raises ValidationError, which the map of addresses takes for no match."""
        if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value):
            raise ValidationError
        return super().to_python(value)


class RowId(IntegerConverter):
    """The number of a row."""

    regex = rf"[0-9]{{1,{_MOST_DIGITS}}}"


def row_id(written: str) -> int:
    """Return the number of a row in a query (`request.args.get(…, type=row_id)`).  Raises ValueError."""
    if len(written) > _MOST_DIGITS:
        raise ValueError("no row has so long a number")
    return int(written)


def init_app(app: Flask) -> None:
    """Use them in every rule; call it before any is added."""
    app.url_map.converters |= {"default": Word, "string": Word, "int": RowId}
