"""What a decision needs to make awards, and the line that it prints for each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Translations, Words, lazy_gettext

LINE_LENGTH = 300
"""Most characters of an achievement line: what a certificate has room for."""

MOST_LINES = 40
"""Most bases, articles or recipients of a decision."""
LINE_OF_DOCUMENT = 2000
"""Most characters of each of them."""

_DEFAULT_LENGTH = 200
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\s*\n+\s*")


class Announcement(StrEnum):
    """When a decision is announced."""

    BY_HAND = "by_hand"
    AT = "at"
    NOW = "now"


ANNOUNCEMENT_NAMES: dict[Announcement, Words] = {
    Announcement.BY_HAND: lazy_gettext("Later, by hand"),
    Announcement.AT: lazy_gettext("At a moment, such as the ceremony"),
    Announcement.NOW: lazy_gettext("At once"),
}


@dataclass(frozen=True)
class Wording:
    """The words of a decision's document, in Vietnamese and without markup."""

    issuer: str
    """The agency whose paper it is."""
    authority: str
    """The office that decides."""
    about: str
    bases: tuple[str, ...]
    """Each a whole line, as "Căn cứ …"."""
    articles: tuple[str, ...]
    """Each without its number."""
    recipients: tuple[str, ...]
    annexes: tuple[str, ...] = ()
    """The titles of the lists of the honoured."""


@dataclass(frozen=True)
class OverQuota:
    """An agency of which more are honoured than the scheme lets it hand in."""

    agency: Translations
    honoured: int
    most: int


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


class NotApproved(RuleBroken):
    """A nomination of a scheme that wants a ballot, and none has approved it."""

    field = "nominations"
    sentence = lazy_gettext(
        "%(nominee)s was not approved by a ballot, which the scheme “%(scheme)s” wants. Nothing was recorded."
    )


class HeldUp(RuleBroken):
    """A nomination against which a hold stands."""

    field = "nominations"
    sentence = lazy_gettext(
        "A hold stands against %(nominee)s: %(kind)s, since %(since)s. Nobody is honoured until it is lifted. "
        "Nothing was recorded."
    )


class BasisMissing(RuleBroken):
    """A decision that stands on no law."""

    field = "bases"
    sentence = lazy_gettext("Give at least one legal basis.")


class ArticleMissing(RuleBroken):
    """A decision that decides nothing."""

    field = "articles"
    sentence = lazy_gettext("Write at least one article.")


class TooManyLines(RuleBroken):
    """More lines, or longer ones, than a document has room for."""

    sentence = lazy_gettext("Write at most %(most)s lines of at most %(length)s characters each.")


class AnnouncedInPast(RuleBroken):
    """A moment of announcing that is over."""

    field = "announce_at"
    sentence = lazy_gettext("This moment is over. Choose a later one, or announce the decision at once.")


class AnnouncedAlready(RuleBroken):
    """What everybody knows cannot be announced, nor be put under embargo again."""

    sentence = lazy_gettext("Decision %(number)s was announced already.")


class WordsMissing(RuleBroken):
    """A decision recorded before the words of its document were kept."""

    sentence = lazy_gettext(
        "The words of this decision were not kept, so that no document can be made of it."
    )


class DocumentMade(RuleBroken):
    """A document is made once."""

    sentence = lazy_gettext("The document of this decision is made already.")


class DocumentDamaged(RuleBroken):
    """A file that is not there, or not the one that was made."""

    status = 410
    sentence = lazy_gettext("The file of the decision is not the one that was made. Tell the organizer.")


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


def check_wording(wording: Wording) -> None:
    """Raise BasisMissing, ArticleMissing or TooManyLines."""
    if not wording.bases:
        raise BasisMissing
    if not wording.articles:
        raise ArticleMissing
    for lines in (wording.bases, wording.articles, wording.recipients):
        if len(lines) > MOST_LINES or any(len(line) > LINE_OF_DOCUMENT for line in lines):
            raise TooManyLines(most=MOST_LINES, length=LINE_OF_DOCUMENT)


def check_has_words(articles: Sequence[str]) -> None:
    """Raise WordsMissing."""
    if not articles:
        raise WordsMissing


def check_moment(announce_at: datetime | None, now: datetime) -> None:
    """Raise AnnouncedInPast for a moment before now; now itself means at once."""
    if announce_at is not None and announce_at < now:
        raise AnnouncedInPast


def check_embargoed(announced_at: datetime | None, *, number: str) -> None:
    """Raise AnnouncedAlready."""
    if announced_at is not None:
        raise AnnouncedAlready(number=number)


def read_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text with single blanks, without empty ones."""
    return tuple(line for each in text.splitlines() if (line := one_line(each)))


def write_lines(lines: Iterable[str]) -> str:
    """Return lines as they are edited."""
    return "\n".join(lines)


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
