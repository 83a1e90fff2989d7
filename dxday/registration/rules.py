"""When one can register, which seats there are, and when a reminder is due."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.vietnamese import nfc
from dxday.editions.rules import Window

CONSENT_VERSION = "2026-01"
"""The version of the consent text, kept with each registration (Law 91/2025/QH15 Art. 9: provable consent)."""

USUAL_BEGINNING = time(8)
"""When a day is taken to begin at a site whose programme is not published yet."""

USUAL_END = time(17)
"""When a day is taken to end there."""

NAME_LENGTH = 200
"""The greatest number of characters of a name of a person or organisation."""


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


@dataclass(frozen=True)
class Seats:
    """The seats of one site in one mode, as last read."""

    mode: SeatMode
    capacity: int
    taken: int

    @property
    def free(self) -> int:
        """How many seats are free."""
        return self.capacity - self.taken


class RegistrationNotOpen(RuleBroken):
    """Before the opening, or without one."""

    sentence = lazy_gettext("Registration is not open yet.")


class EditionCancelled(RuleBroken):
    """A place in an edition that does not take place."""

    sentence = lazy_gettext("This edition was cancelled. Nobody can register any more.")


class SiteCancelled(RuleBroken):
    """A place at a site that does not take part."""

    field = "pool"
    sentence = lazy_gettext("%(site)s does not take part any more. Choose another site, or take part online.")


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


class PlaceCancelled(RuleBroken):
    """A change to a place that was given back."""

    sentence = lazy_gettext("This place was cancelled already. Register again if you want to come after all.")


class EditionOver(RuleBroken):
    """A place that is given back after the event."""

    sentence = lazy_gettext("The event is over; the place cannot be cancelled any more.")


class SeatsTaken(RuleBroken):
    """Fewer seats than people who hold one."""

    field = "capacity"
    sentence = lazy_gettext("%(taken)s places are taken already; there cannot be fewer seats.")


def check_open(window: Window, now: datetime) -> None:
    """Raise RegistrationNotOpen or RegistrationOver."""
    if window.is_over(now):
        raise RegistrationOver
    if not window.is_open(now):
        raise RegistrationNotOpen


def check_takes_place(cancelled_at: datetime | None) -> None:
    """Raise EditionCancelled for an edition that was cancelled."""
    if cancelled_at is not None:
        raise EditionCancelled


def check_site_open(cancelled_at: datetime | None, site: Words) -> None:
    """Raise SiteCancelled for a site that was cancelled."""
    if cancelled_at is not None:
        raise SiteCancelled(site=site)


def may_change(window: Window, now: datetime, *, site_cancelled: bool) -> bool:
    """Tell whether a place may be moved to another site: while one can register, or when its own site is cancelled."""
    return site_cancelled or window.is_open(now)


def check_held(state: RegistrationState) -> None:
    """Raise PlaceCancelled for a place that was given back."""
    if state is not RegistrationState.CONFIRMED:
        raise PlaceCancelled


def check_not_over(ends_on: date, today: date) -> None:
    """Raise EditionOver after the edition's last day; `today` is a day of its own time zone."""
    if today > ends_on:
        raise EditionOver


def usual_beginning(starts_on: date, zone: tzinfo) -> datetime:
    """Return when an edition is taken to begin at a site without a published session."""
    return datetime.combine(starts_on, USUAL_BEGINNING, tzinfo=zone)


def usual_end(ends_on: date, zone: tzinfo) -> datetime:
    """Return when an edition is taken to end at a site without a published session."""
    return datetime.combine(ends_on, USUAL_END, tzinfo=zone)


def clean_name(written: str) -> str:
    """Return a name as it is kept: NFC, single blanks, no control characters, at most NAME_LENGTH characters."""
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in nfc(written))
    return " ".join(plain.split())[:NAME_LENGTH]
