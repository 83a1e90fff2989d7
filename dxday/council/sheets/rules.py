"""What a score sheet holds, which way it may go, who may see the others' scores, and who may moderate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from dxday.core.actor import Actor
from dxday.core.errors import NotAllowed, RuleBroken, Stale
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission

COMMENT_CHARACTERS = 4000


class SheetState(StrEnum):
    """How far a reader has come with a dossier."""

    OPEN = "open"
    SUBMITTED = "submitted"
    DECLINED = "declined"
    """The reader will not read it; the secretary knows why and finds another."""


SHEET_STATE_NAMES: dict[SheetState, Words] = {
    SheetState.OPEN: lazy_gettext("Being written"),
    SheetState.SUBMITTED: lazy_gettext("Submitted"),
    SheetState.DECLINED: lazy_gettext("Not going to read"),
}

MOVES: dict[SheetState, frozenset[SheetState]] = {
    SheetState.OPEN: frozenset({SheetState.SUBMITTED, SheetState.DECLINED}),
    SheetState.SUBMITTED: frozenset({SheetState.OPEN}),
    SheetState.DECLINED: frozenset({SheetState.OPEN}),
}


class Recommendation(StrEnum):
    """What the reader would have the council do."""

    APPROVE = "approve"
    DOUBT = "doubt"
    REJECT = "reject"


RECOMMENDATION_NAMES: dict[Recommendation, Words] = {
    Recommendation.APPROVE: lazy_gettext("Honour it"),
    Recommendation.DOUBT: lazy_gettext("Talk about it"),
    Recommendation.REJECT: lazy_gettext("Do not honour it"),
}


class SheetClosed(RuleBroken):
    """A sheet that was submitted, or whose dossier is not before the council any more."""

    sentence = lazy_gettext("This score sheet cannot be changed any more.")


class ScoringClosed(RuleBroken):
    """From the closing of the scoring on, unless the secretary opened the sheet again."""

    sentence = lazy_gettext("Scoring has closed. Ask the council's secretary to open your sheet again.")


class _AboutAField(RuleBroken):
    """Something about one field of the sheet; the field has the number of its criterion in its name."""

    def __init__(self, *, about: str, **facts: Any) -> None:
        """Keep the name of the field."""
        super().__init__(**facts)
        self.field = about


class ScoreMissing(_AboutAField):
    """A sheet handed in without a score for every criterion."""

    sentence = lazy_gettext("Give a score for “%(criterion)s”.")


class RecommendationMissing(RuleBroken):
    """A sheet handed in without a recommendation."""

    field = "recommendation"
    sentence = lazy_gettext("Say what you recommend.")


class ScoreOutOfRange(_AboutAField):
    """No whole number from 0 to the criterion's highest score."""

    sentence = lazy_gettext("Give a whole number from 0 to %(most)s.")


class CommentTooLong(_AboutAField):
    """A comment above COMMENT_CHARACTERS."""

    sentence = lazy_gettext("Use at most %(limit)s characters.")


class NoCriteria(RuleBroken):
    """A category that dossiers cannot be scored in."""

    sentence = lazy_gettext("This category has no criteria yet. Ask the council's secretary.")


class ReasonMissing(RuleBroken):
    """Something that people have to be able to understand later, without a word about why."""

    field = "reason"
    sentence = lazy_gettext("Give the reason: it is kept, and others read it.")


class NotToReopen(RuleBroken):
    """A sheet that is open already."""

    sentence = lazy_gettext("This score sheet is open.")


class NothingToModerate(RuleBroken):
    """A dossier that nobody has scored yet."""

    sentence = lazy_gettext("Nobody has scored this dossier yet.")


class ModeratedOutOfRange(RuleBroken):
    """A moderated score that is not on the scale."""

    field = "score"
    sentence = lazy_gettext("Write a number from 0 to 100.")


class NotTheSecretary(NotAllowed):
    """Scores looked at or changed by somebody who does not run the council."""

    sentence = lazy_gettext("Only the council's secretary may do this.")


class FieldChanged(Stale):
    """The same field was saved from another tab since; `value` and `version` are what it holds now."""

    sentence = lazy_gettext("This was changed in another window. Choose which of the two stays.")


@dataclass(frozen=True)
class Reader:
    """How a reader stands to a dossier: live reading, and the sheet if one was begun."""

    nomination_id: int
    account_id: int
    state: SheetState | None
    total: float | None = None
    """Of a submitted sheet."""


def check_runs_council(actor: Actor, *, edition_id: int) -> None:
    """Raise NotTheSecretary unless the actor runs councils of the edition."""
    if not actor.may(Permission.COUNCIL_MANAGE, edition_id=edition_id):
        raise NotTheSecretary


def check_can_write(
    state: SheetState, *, before_council: bool, closes_at: datetime | None, reopened: bool, now: datetime
) -> None:
    """Raise SheetClosed or ScoringClosed when nothing of the sheet may be changed."""
    if state is not SheetState.OPEN or not before_council:
        raise SheetClosed
    if closes_at is not None and now >= closes_at and not reopened:
        raise ScoringClosed


def is_writable(
    state: SheetState, *, before_council: bool, closes_at: datetime | None, reopened: bool, now: datetime
) -> bool:
    """Tell whether `check_can_write` lets the sheet be written."""
    try:
        check_can_write(state, before_council=before_council, closes_at=closes_at, reopened=reopened, now=now)
    except RuleBroken:
        return False
    return True


def check_move(state: SheetState, to: SheetState) -> None:
    """Raise SheetClosed (NotToReopen for an open sheet) for a way that MOVES does not name."""
    if to not in MOVES[state]:
        raise NotToReopen if to is SheetState.OPEN else SheetClosed


def read_score(written: str, most: int, *, field: str) -> int | None:
    """Return the score as it was typed, None for nothing.  Raises ScoreOutOfRange."""
    text = written.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise ScoreOutOfRange(about=field, most=most)
    return int(text)


def check_comment(text: str, *, field: str) -> None:
    """Raise CommentTooLong."""
    if len(text) > COMMENT_CHARACTERS:
        raise CommentTooLong(about=field, limit=COMMENT_CHARACTERS)


def check_reason(reason: str) -> str:
    """Return the reason without blanks at its ends.  Raises ReasonMissing."""
    if not (found := reason.strip()):
        raise ReasonMissing
    return found


def hidden_from(account_id: int | None, readers: Iterable[Reader]) -> frozenset[int]:
    """Return the dossiers of which an account may not know others' scores: it reads them, and has not said its own.

    It does not matter what else the account may do: a secretary who reads a dossier is a reader of it first.
    """
    return frozenset(
        each.nomination_id
        for each in readers
        if each.account_id == account_id and each.state is not SheetState.SUBMITTED
    )
