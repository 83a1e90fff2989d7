"""The facts of a certificate, its number, and what its check says."""

from dataclasses import dataclass
from enum import StrEnum

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext


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


class NotRendered(RuleBroken):
    """The file is not there yet."""

    sentence = lazy_gettext("The certificate is still being made. Come back in a minute.")


class LettersMissing(RuleBroken):
    """Letters that no installed font can draw."""

    sentence = lazy_gettext("No installed font has these letters: %(letters)s.")


@dataclass(frozen=True)
class Facts:
    """What is printed, frozen when the certificate is issued; later changes elsewhere do not reach it."""

    number: str
    giver: str
    form: str
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


def number_of(form: str, year: int, sequence: int) -> str:
    """Return the printed number: initials of the form, year, running number (`BK-2026-0042`)."""
    initials = {"bang_khen": "BK", "giay_khen": "GK"}.get(form, "CN")
    return f"{initials}-{year}-{sequence:04d}"
