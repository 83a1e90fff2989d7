"""The facts of a certificate, its number, and what its check says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from dxday.core.actor import Actor
from dxday.core.carriage import Carriage
from dxday.core.errors import NotAllowed, RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission

MAX_PDF_BYTES = 5 * 1024 * 1024
"""The largest file that the public check takes."""

RETRY_AFTER = (timedelta(seconds=20), timedelta(minutes=2), timedelta(minutes=10))
"""Waits before the second, third and fourth try of a certificate that could not be made."""

MAX_TRIES = len(RETRY_AFTER) + 1

CHECK_NOTED_EVERY = timedelta(hours=1)
"""The trail notes one look at a certificate in this time, however many there are."""

TOKEN = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
"""What `core.codes.new_token` makes."""


class Standing(StrEnum):
    """Whether a certificate holds."""

    VALID = "valid"
    REPLACED = "replaced"
    REVOKED = "revoked"


STANDING_NAMES: dict[Standing, Words] = {
    Standing.VALID: lazy_gettext("Valid"),
    Standing.REPLACED: lazy_gettext("Replaced"),
    Standing.REVOKED: lazy_gettext("Revoked"),
}


class State(StrEnum):
    """How a certificate stands for those who hand it out: is it made, and does it hold."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"
    STOPPED = "stopped"
    ENDED = "ended"


STATE_NAMES: dict[State, Words] = {
    State.READY: lazy_gettext("Ready"),
    State.WAITING: lazy_gettext("Being made"),
    State.FAILED: lazy_gettext("Could not be made"),
    State.STOPPED: lazy_gettext("Stopped"),
    State.ENDED: lazy_gettext("Revoked or replaced"),
}


def state_of(standing: Standing, carriage: Carriage) -> State:
    """Return the state of a certificate; one that does not hold any more is ended, whatever became of its file."""
    if standing is not Standing.VALID:
        return State.ENDED
    made = {
        Carriage.DONE: State.READY,
        Carriage.FAILED: State.FAILED,
        Carriage.CANCELLED: State.STOPPED,
    }
    return made.get(carriage, State.WAITING)


class Reason(StrEnum):
    """Why an award is annulled and its certificate recalled (Law 06/2022/QH15 Art. 93)."""

    FRAUD = "fraud"
    FALSE_DOSSIER = "false_dossier"
    UNLAWFUL_APPRAISAL = "unlawful_appraisal"
    LATER_VIOLATION = "later_violation"


REASON_NAMES: dict[Reason, Words] = {
    Reason.FRAUD: lazy_gettext("Fraud in declaring the achievement"),
    Reason.FALSE_DOSSIER: lazy_gettext("False information or forged papers in the dossier"),
    Reason.UNLAWFUL_APPRAISAL: lazy_gettext("Appraisal or proposal against the law"),
    Reason.LATER_VIOLATION: lazy_gettext("A violation within the achievement period, found later"),
}


class NotTheIssuer(NotAllowed):
    """Somebody who does not hand out certificates of the edition."""

    sentence = lazy_gettext("You may not issue or revoke certificates of this edition.")


class NotRendered(RuleBroken):
    """The file is not there yet."""

    sentence = lazy_gettext("The certificate is still being made. Come back in a minute.")


class FileGone(RuleBroken):
    """A certificate of whose file the store holds nothing any more."""

    status = 410
    sentence = lazy_gettext("The file of %(number)s is not in the store any more. Tell the organizer.")


class LettersMissing(RuleBroken):
    """Letters that no installed font can draw."""

    field = "decision"
    sentence = lazy_gettext("No installed font has these letters of %(name)s: %(letters)s.")


class TooMuchText(RuleBroken):
    """Words that do not stand on one sheet even in the smallest type."""

    field = "decision"
    sentence = lazy_gettext(
        "Name, unit and achievement of %(name)s are too long for one sheet. Shorten the achievement line."
    )


class NoLongerValid(RuleBroken):
    """A certificate that was revoked or replaced."""

    sentence = lazy_gettext("Certificate %(number)s is not valid any more, so its file is not handed out.")


class RevokedAlready(RuleBroken):
    """Only a valid certificate can be revoked."""

    sentence = lazy_gettext("Certificate %(number)s is not valid any more; it cannot be revoked again.")


class NothingToRetry(RuleBroken):
    """No certificate whose making failed."""

    sentence = lazy_gettext("There is no failed certificate to try again.")


class NothingToStop(RuleBroken):
    """No certificate waits to be made."""

    sentence = lazy_gettext("No certificate waits to be made, so there is nothing to stop.")


class NothingStopped(RuleBroken):
    """No certificate whose making was stopped."""

    sentence = lazy_gettext("The making of no certificate was stopped.")


class NoFile(RuleBroken):
    """Nothing was chosen, or the file is empty."""

    field = "file"
    sentence = lazy_gettext("Choose the PDF file of the certificate.")


class FileTooLarge(RuleBroken):
    """More bytes than any certificate has."""

    field = "file"
    sentence = lazy_gettext("The file is larger than 5 MB, so it cannot be one of our certificates.")


class NotAPdf(RuleBroken):
    """Something else than a PDF, whatever it is called."""

    field = "file"
    sentence = lazy_gettext(
        "This is not a PDF file. Choose the file itself as it was sent to you, not a photograph or a scan of it."
    )


class NotACode(RuleBroken):
    """Something typed that is no code of a certificate."""

    field = "code"
    sentence = lazy_gettext(
        "This is not the code of a certificate. The code has 26 letters and digits and stands at the end of the "
        "address under the QR picture; the number in the gold book is not it."
    )


@dataclass(frozen=True)
class Facts:
    """What is printed, frozen when the certificate is issued; later changes elsewhere do not reach it."""

    number: str
    giver: str
    form: str
    """The form's code: bang_khen, giay_khen or own."""
    title: str
    """The form as printed: Bằng khen."""
    recipient_kind: str
    recipient_name: str
    recipient_position: str
    organisation_name: str
    achievement: str
    decision_number: str
    decided_on: str
    """ISO 8601 date."""
    place: str
    signatory_name: str
    signatory_title: str
    edition_name: str

    @property
    def decided(self) -> date | None:
        """The day of the decision."""
        return date.fromisoformat(self.decided_on) if self.decided_on else None


def facts_of(stored: Mapping[str, Any]) -> Facts:
    """Return frozen facts as they were stored; what an older certificate did not have is ""."""
    return Facts(**{each.name: str(stored.get(each.name, "")) for each in fields(Facts)})


INITIALS = {"bang_khen": "BK", "giay_khen": "GK"}
TITLES = {"bang_khen": "Bằng khen", "giay_khen": "Giấy khen"}
"""The legal names (Law 06/2022/QH15); an award of the organiser's own is called as its scheme is."""


def prefix_of(form: str, year: int) -> str:
    """Return what every number of a form and year begins with (`BK-2026-`)."""
    return f"{INITIALS.get(form, 'CN')}-{year}-"


def number_of(form: str, year: int, sequence: int) -> str:
    """Return the printed number: initials of the form, year, running number (`BK-2026-0042`)."""
    return f"{prefix_of(form, year)}{sequence:04d}"


def code_in(typed: str) -> str | None:
    """Return the code in what somebody typed, read aloud or pasted as a whole address; None where there is none.

    Crockford's base32: case does not matter, o is 0, i and l are 1; blanks and dashes are passed over.
    """
    last = typed.strip().split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[-1]
    plain = re.sub(r"[\s\-–]", "", last).lower().translate(str.maketrans("oil", "011"))
    return plain if TOKEN.fullmatch(plain) else None


def check_may_issue(actor: Actor, *, edition_id: int) -> None:
    """Raise NotTheIssuer unless the actor handles certificates of the edition."""
    if not actor.may(Permission.CERTIFICATE_MANAGE, edition_id=edition_id):
        raise NotTheIssuer


def check_can_revoke(standing: Standing, number: str) -> None:
    """Raise RevokedAlready unless the certificate is valid."""
    if standing is not Standing.VALID:
        raise RevokedAlready(number=number)


def check_can_download(standing: Standing, number: str, *, made: bool) -> None:
    """Raise NoLongerValid or NotRendered when the holder cannot have the file."""
    if standing is not Standing.VALID:
        raise NoLongerValid(number=number)
    if not made:
        raise NotRendered


def check_looks_like_pdf(data: bytes) -> None:
    """Raise NoFile, FileTooLarge or NotAPdf (ISO 32000-1 §7.5.2: a PDF begins with `%PDF-`)."""
    if not data:
        raise NoFile
    if len(data) > MAX_PDF_BYTES:
        raise FileTooLarge
    if not data.startswith(b"%PDF-"):
        raise NotAPdf


def next_wait(tries: int) -> timedelta | None:
    """Return how long to wait after `tries` failed tries; None when it is enough."""
    return RETRY_AFTER[tries - 1] if 1 <= tries < MAX_TRIES else None
