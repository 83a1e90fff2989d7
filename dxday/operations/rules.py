"""How long work may be tried, cancelled and kept."""

from datetime import timedelta

from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound, RuleBroken
from dxday.core.i18n import Words, lazy_gettext

MAX_TRIES = 3
"""How often an operation is begun: what killed its worker three times will do so again."""

KEEP_FILES = timedelta(days=7)
"""How long the file of an operation is kept: it may hold personal data, and can be made again at any time."""

STATE_NAMES: dict[Carriage, Words] = {
    Carriage.QUEUED: lazy_gettext("Waiting"),
    Carriage.CLAIMED: lazy_gettext("Running"),
    Carriage.DONE: lazy_gettext("Done"),
    Carriage.FAILED: lazy_gettext("Ended in error"),
    Carriage.CANCELLED: lazy_gettext("Cancelled"),
}

ENDED = frozenset({Carriage.DONE, Carriage.FAILED, Carriage.CANCELLED})


class EndedAlready(RuleBroken):
    """An operation that is to be cancelled after its end."""

    sentence = lazy_gettext("This has ended already; there is nothing to cancel.")


class NotFinished(RuleBroken):
    """A file that is asked for before it is there."""

    sentence = lazy_gettext("The file is not ready yet. Come back in a minute.")


class FileGone(NotFound):
    """A file whose time is over, or that the store has lost."""

    sentence = lazy_gettext("This file is no longer kept. Make it anew: it then has today's facts, too.")


def check_can_cancel(state: Carriage) -> None:
    """Raise EndedAlready."""
    if state in ENDED:
        raise EndedAlready
