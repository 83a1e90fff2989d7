"""What the features offer to each other's pages and jobs: letters, audiences, long work; one line each."""

from flask import Flask

from dxday.accounts import letters as accounts
from dxday.certificates import letters as certificates
from dxday.nominations import letters as nominations
from dxday.notifications import letters
from dxday.operations import kinds
from dxday.registration import letters as registration
from dxday.reminders import offers


def init_app(app: Flask) -> None:
    """Collect what the features offer.  Raises ValueError when two offer the same name."""
    audiences = offers.index()
    app.extensions["dxday_audiences"] = audiences
    app.extensions["dxday_operations"] = kinds.index()
    app.extensions["dxday_letters"] = letters.index(
        accounts.LETTERS,
        registration.LETTERS,
        nominations.LETTERS,
        certificates.LETTERS,
        [audience.letter for audience in audiences.values()],
    )
