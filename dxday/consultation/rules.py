"""What a published list shows, until when one can comment on it, and what must be done with a comment."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from dxday.core.actor import Actor
from dxday.core.codes import PLAIN_LETTERS, normalise_code
from dxday.core.errors import NotAllowed, NotFound, RuleBroken, Stale
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission
from dxday.nominations.rules import State
from dxday.schemes.rules import NomineeKind

MOST_CHARACTERS = 5_000
"""Of a comment."""
MOST_REPLY = 2_000
"""Characters of what a commenter is answered, and of the reason."""
LINE = 240
"""Characters of an achievement that stand in a published list."""
REDACTED = "[…]"
RECEIPT_LENGTH = 16

_TELLING = re.compile(
    r"\S+@\S+"  # an address
    r"|(?<!\d)(?:\+?84|0)(?:[ .\-]?\d){8,11}(?!\d)"  # a telephone, an identity number in groups
    r"|\d{9,}"  # an identity number, an account
    # "sinh năm 1980", "sinh ngày 02/9/1980"
    r"|\b(?:sinh|born)\b[^.;,\n\d]{0,20}\d{1,4}(?:[./\-]\d{1,2})?(?:[./\-]\d{2,4})?",
    re.IGNORECASE,
)


class Outcome(StrEnum):
    """What the council's secretary found of a comment."""

    UNFOUNDED = "unfounded"
    NOTED = "noted"
    UPHELD = "upheld"
    """Something follows: a hold, a return, a refusal; each is an act of its own."""


OUTCOME_NAMES: dict[Outcome, Words] = {
    Outcome.UNFOUNDED: lazy_gettext("Not founded"),
    Outcome.NOTED: lazy_gettext("Noted"),
    Outcome.UPHELD: lazy_gettext("Upheld"),
}


@dataclass(frozen=True)
class Times:
    """From when and until just before when comments are taken."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class Signature:
    """Who stands by a comment, and how they are reached; each may be empty."""

    full_name: str = ""
    phone: str = ""
    email: str = ""
    home: str = ""
    """Postal address."""
    signed: bool = False
    """They said that they stand by it with their name."""


class NotTheSecretary(NotAllowed):
    """Somebody who does not act for the council."""

    sentence = lazy_gettext("Only the council's secretary publishes lists and answers comments.")


class KeepsAway(NotAllowed):
    """A secretary who has a conflict of interest with the nomination, or nominates for its agency."""

    sentence = lazy_gettext(
        "You have a conflict of interest with this nomination. Somebody else must see and answer comments on it."
    )


class NoCommentWanted(RuleBroken):
    """A scheme that has no public comment."""

    sentence = lazy_gettext(
        "This scheme has no public comment. Its settings say for how many working days it has."
    )


class NothingToPublish(RuleBroken):
    """A list with nobody on it."""

    sentence = lazy_gettext("No nomination of this scheme can be published yet: none was admitted.")


class NothingChanged(RuleBroken):
    """A correction that corrects nothing."""

    sentence = lazy_gettext("The list would say what the published one says already.")


class ListChanged(Stale):
    """Another list than the one that was looked at."""

    sentence = lazy_gettext("The list has changed since you looked at it. Look at it again, then publish it.")


class ReasonMissing(RuleBroken):
    """Something that stays on record, without a reason."""

    field = "reason"
    sentence = lazy_gettext("Give the reason: it stays on record.")


class TooLong(RuleBroken):
    """A reason or a reply beyond its limit."""

    sentence = lazy_gettext("Use at most %(most)s characters.")


class WindowClosed(RuleBroken):
    """A comment that comes too late."""

    sentence = lazy_gettext(
        "Comments on this list were taken until %(closed)s. Yours came too late and was not received."
    )


class ListReplaced(Stale):
    """A comment on a list that was corrected in the meantime."""

    sentence = lazy_gettext(
        "This list was corrected in the meantime. Your words still stand below: copy them, open the list of today, "
        "and send them there."
    )


class CommentMissing(RuleBroken):
    """A comment that says nothing."""

    field = "text"
    sentence = lazy_gettext("Write your comment.")


class CommentTooLong(RuleBroken):
    """A comment beyond the limit."""

    field = "text"
    sentence = lazy_gettext("Your comment has %(count)s characters. Shorten it to %(most)s at the most.")


class NameMissing(RuleBroken):
    """A comment of nobody, where it must have a name."""

    field = "full_name"
    sentence = lazy_gettext("Write your full name.")


class ContactMissing(RuleBroken):
    """Neither a telephone number nor an e-mail address, where one is needed."""

    field = "phone"
    sentence = lazy_gettext("Write a telephone number or an e-mail address, so that we can ask you.")


class HomeMissing(RuleBroken):
    """No postal address, where it is needed."""

    field = "home"
    sentence = lazy_gettext("Write your postal address.")


class NotSigned(RuleBroken):
    """A comment that nobody stands by, where somebody must."""

    field = "signed"
    sentence = lazy_gettext(
        "Say that you stand by your comment with your name: without that it cannot be received."
    )


class AlreadySent(RuleBroken):
    """A form that was sent before with other words."""

    status = 409
    sentence = lazy_gettext(
        "This form was sent already, with other words, and those were received. To add something, open the form anew."
    )


class AlreadyDisposed(Stale):
    """A comment that somebody has dealt with."""

    sentence = lazy_gettext("This comment was dealt with already, by %(name)s.")


class ListNotPublished(RuleBroken):
    """A ballot in a scheme whose list the public never saw."""

    sentence = lazy_gettext(
        "The list of nominations was not published. The scheme has %(days)s working days of public comment."
    )


class WindowStillOpen(RuleBroken):
    """A ballot while people may still comment."""

    sentence = lazy_gettext("The public can comment until %(closes)s.")


class CommentsWaiting(RuleBroken):
    """A ballot while comments are not dealt with."""

    sentence = lazy_gettext("Comments of the public that were not dealt with yet: %(count)s.")


class NotOnTheList(RuleBroken):
    """A ballot on somebody whom the published list does not name."""

    sentence = lazy_gettext(
        "Not on the published list, and before the council: %(names)s. Publish the list again."
    )


def may_publish(state: State, *, ballot: bool) -> bool:
    """Tell whether a nomination stands on the list: what is before the council.

    Without a ballot a decision may honour what was submitted, and then that stands on it too.
    """
    return state is State.ADMITTED or (state is State.SUBMITTED and not ballot)


def public_position(kind: NomineeKind, position: str) -> str:
    """Return the office of an individual; of a household it is where they live, and that is not published."""
    return public_line(position) if kind is NomineeKind.INDIVIDUAL else ""


def public_line(text: str) -> str:
    """Return the first line of a text, at most LINE characters of it, without what leads to a private person.

    Taken out are e-mail addresses, telephone and identity numbers, and days of birth.
    """
    first = " ".join(_TELLING.sub(REDACTED, text).strip().partition("\n")[0].split())
    if len(first) <= LINE:
        return first
    return first[: LINE - 1].rpartition(" ")[0] + " …"


def plan_times(previous: Times | None, *, added: bool, now: datetime, closes_at: datetime) -> Times:
    """Return the window of a list that is published now; `closes_at` is when a fresh one would close.

    It starts afresh when a nomination was added, since nobody could comment on that before; it never closes earlier
    than it was said to.  Any other correction leaves it as it was.
    """
    if previous is None:
        return Times(now, closes_at)
    if added:
        return Times(now, max(closes_at, previous.closes_at))
    return previous


def written(moment: datetime, zone: tzinfo) -> str:
    """Return a moment to the second, on the clock of the edition, as refusals say it."""
    return f"{moment.astimezone(zone):%H:%M:%S, %d/%m/%Y}"


def last_day(closes_at: datetime, zone: tzinfo) -> datetime:
    """Return a moment of the last day on which comments are taken."""
    return (closes_at - timedelta(seconds=1)).astimezone(zone)


def check_may_manage(actor: Actor, *, edition_id: int) -> None:
    """Raise NotTheSecretary unless the actor acts for the council of the edition."""
    if not actor.may(Permission.COUNCIL_MANAGE, edition_id=edition_id):
        raise NotTheSecretary


def keeps_away(
    actor: Actor,
    *,
    edition_id: int,
    conflicts: Collection[int],
    nomination_id: int | None,
    agency_id: int | None,
) -> bool:
    """Tell whether the actor must keep away from comments on a nomination; None: the list as a whole.

    `conflicts` are the nominations with which they have a conflict of interest.  Who nominates for the agency keeps
    away too: agencies never learn who commented.
    """
    if nomination_id is None:
        return False
    own = actor.organisation_ids(Permission.NOMINATION_WRITE, edition_id=edition_id)
    return nomination_id in conflicts or agency_id in own


def find_gaps(text: str, signature: Signature, *, anonymous: bool) -> list[RuleBroken]:
    """Return everything that a comment lacks, each about one field, for a form that says all of it at once.

    Comments are written, signed, with name, telephone and address (Decree 98/2023/NĐ-CP Art. 46(2)); whether others
    are let in is a setting.
    """
    gaps: list[RuleBroken] = []
    if not text.strip():
        gaps.append(CommentMissing())
    if len(text) > MOST_CHARACTERS:
        gaps.append(CommentTooLong(count=len(text), most=MOST_CHARACTERS))
    if anonymous:
        return gaps
    if not signature.full_name:
        gaps.append(NameMissing())
    if not signature.phone and not signature.email:
        gaps.append(ContactMissing())
    if not signature.home:
        gaps.append(HomeMissing())
    if not signature.signed:
        gaps.append(NotSigned())
    return gaps


def check_whole(text: str, signature: Signature, *, anonymous: bool) -> None:
    """Raise the first of what `find_gaps` returns."""
    for gap in find_gaps(text, signature, anonymous=anonymous):
        raise gap


def check_open(times: Times, *, replaced: bool, sealed: bool, now: datetime, zone: tzinfo) -> None:
    """Raise ListReplaced, WindowClosed; a ballot that has opened seals the window."""
    if now >= times.closes_at or sealed:
        raise WindowClosed(closed=written(times.closes_at, zone))
    if replaced:
        raise ListReplaced


def check_reason(reason: str) -> None:
    """Raise ReasonMissing, TooLong."""
    if not reason.strip():
        raise ReasonMissing
    if len(reason) > MOST_REPLY:
        raise TooLong(most=MOST_REPLY)


def receipt_of(secret: bytes) -> str:
    """Return the receipt that belongs to a form: a code of 79 bits made from the 122 random bits in its guid."""
    number, letters = int.from_bytes(secret, "big"), []
    for _ in range(RECEIPT_LENGTH):
        number, rest = divmod(number, len(PLAIN_LETTERS))
        letters.append(PLAIN_LETTERS[rest])
    return "".join(letters)


def group_receipt(receipt: str) -> str:
    """Write a receipt in groups of four."""
    return "-".join(receipt[start : start + 4] for start in range(0, len(receipt), 4))


def read_receipt(typed: str) -> str:
    """Return a receipt as it was made from how somebody typed it.

    Raises NotFound for what is none: from outside that looks like one that nobody has.
    """
    receipt = normalise_code(typed)
    if not re.fullmatch(f"[{PLAIN_LETTERS}]{{{RECEIPT_LENGTH}}}", receipt):
        raise NotFound
    return receipt
