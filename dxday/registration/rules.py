"""When one can register, which seats there are, and when a reminder is due."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.editions.rules import Window

CONSENT_VERSION = "2026-01"
"""The version of the consent text, kept with each registration (Law 91/2025/QH15 Art. 9: provable consent)."""

NOTICE = timedelta(days=1)
"""How long before the first session the reminder leaves."""


class SeatMode(StrEnum):
    """How somebody takes part."""

    ON_SITE = "on_site"
    ONLINE = "online"


SEAT_MODE_NAMES: dict[SeatMode, Words] = {
    SeatMode.ON_SITE: lazy_gettext("On site"),
    SeatMode.ONLINE: lazy_gettext("Online"),
}


class RegistrationState(StrEnum):
    """Whether the place is held."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


REGISTRATION_STATE_NAMES: dict[RegistrationState, Words] = {
    RegistrationState.CONFIRMED: lazy_gettext("Confirmed"),
    RegistrationState.CANCELLED: lazy_gettext("Cancelled"),
}


class RegistrationNotOpen(RuleBroken):
    """Before the opening, or without one."""

    sentence = lazy_gettext("Registration is not open yet.")


class RegistrationOver(RuleBroken):
    """After the closing."""

    sentence = lazy_gettext("Registration has closed.")


class NoSeatLeft(RuleBroken):
    """The pool is full."""

    field = "pool"
    sentence = lazy_gettext(
        "There is no free seat left at %(site)s. Choose another site, or take part online."
    )


class AlreadyRegistered(RuleBroken):
    """The address holds a place in this edition already."""

    field = "email"
    sentence = lazy_gettext(
        "This address holds a place already. We have sent its link there once more: change or cancel the place with it."
    )


class ConsentMissing(RuleBroken):
    """No consent, no processing."""

    field = "consent"
    sentence = lazy_gettext("Without your consent we may not keep your registration.")


def check_open(window: Window, now: datetime) -> None:
    """Raise RegistrationNotOpen or RegistrationOver."""
    if window.is_over(now):
        raise RegistrationOver
    if not window.is_open(now):
        raise RegistrationNotOpen


def is_reminder_due(starts_at: datetime, registered_at: datetime, now: datetime) -> bool:
    """Tell whether the day-before reminder is due.

    Not for what began already, and not for somebody who registered within the last day before the
    beginning: their confirmation has just said the same.
    """
    return starts_at - NOTICE <= now < starts_at and registered_at < starts_at - NOTICE


def event_days(starts_on: date, ends_on: date) -> int:
    """Return how many days the edition lasts."""
    return (ends_on - starts_on).days + 1
