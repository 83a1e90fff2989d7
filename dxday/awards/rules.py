"""What a decision needs to make awards, and the line that it prints for each."""

import re
from datetime import date

from dxday.core.errors import RuleBroken
from dxday.core.i18n import lazy_gettext

LINE_LENGTH = 300
"""Most characters of an achievement line: what a certificate has room for."""

_DEFAULT_LENGTH = 200
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\s*\n+\s*")


class DecisionNumberTaken(RuleBroken):
    """A number that another decision of the edition has."""

    field = "number"
    sentence = lazy_gettext("A decision %(number)s is recorded already.")


class NumberMissing(RuleBroken):
    """A decision without a number."""

    field = "number"
    sentence = lazy_gettext("Give the number of the decision, as it is printed on it.")


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
        "%(nominee)s is not before the council: only submitted nominations can be honoured. Nothing was recorded."
    )


class LineMissing(RuleBroken):
    """An award for nothing."""

    sentence = lazy_gettext("Give the line that the certificate of %(nominee)s shall print.")


class LineTooLong(RuleBroken):
    """A line for which no certificate has room."""

    sentence = lazy_gettext("The line for %(nominee)s has more than %(limit)s characters.")


def check_number(number: str) -> None:
    """Raise NumberMissing."""
    if not number:
        raise NumberMissing


def check_date(decided_on: date, today: date) -> None:
    """Raise DecidedInFuture."""
    if decided_on > today:
        raise DecidedInFuture


def check_line(line: str, *, nominee: str) -> None:
    """Raise LineMissing or LineTooLong."""
    if not line:
        raise LineMissing(nominee=nominee)
    if len(line) > LINE_LENGTH:
        raise LineTooLong(nominee=nominee, limit=LINE_LENGTH)


def one_line(text: str) -> str:
    """Return the text with single blanks, as a number or a line of a certificate is written."""
    return " ".join(text.split())


def propose_line(achievement: str) -> str:
    """Return a first proposal for the line of a certificate: the first sentence of the dossier's text.

    It is cut after a word so that it has at most 200 characters; whoever records the decision corrects it.
    """
    sentence = ""
    for part in _SENTENCE_END.split(achievement.strip()):
        sentence = one_line(f"{sentence} {part}")
        last = sentence.rpartition(" ")[2].strip(".")
        # “TP.” and “TS.” end no sentence.
        if not (sentence.endswith(".") and last.isupper()):
            break
    if len(sentence) <= _DEFAULT_LENGTH:
        return sentence
    head, blank, _tail = sentence[: _DEFAULT_LENGTH + 1].rpartition(" ")
    return head.rstrip(" ,;:–-") if blank else sentence[:_DEFAULT_LENGTH]
