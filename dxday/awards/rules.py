"""What a decision needs to make awards."""

from datetime import date

from dxday.core.errors import RuleBroken
from dxday.core.i18n import lazy_gettext


class DecisionNumberTaken(RuleBroken):
    """A number that another decision of the edition has."""

    field = "number"
    sentence = lazy_gettext("A decision %(number)s is recorded already.")


class DecidedInFuture(RuleBroken):
    """A decision dated after today."""

    field = "decided_on"
    sentence = lazy_gettext("The date of the decision cannot be in the future.")


class NobodyChosen(RuleBroken):
    """A decision that honours nobody."""

    field = "nominations"
    sentence = lazy_gettext("Choose at least one nomination that the decision honours.")


class NotSubmitted(RuleBroken):
    """A nomination that is not before the council."""

    field = "nominations"
    sentence = lazy_gettext(
        "%(nominee)s is not before the council: only submitted nominations can be honoured."
    )


def check_date(decided_on: date, today: date) -> None:
    """Raise DecidedInFuture."""
    if decided_on > today:
        raise DecidedInFuture
