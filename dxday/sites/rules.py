"""What kinds of sites there are."""

import re
from datetime import datetime
from enum import StrEnum

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Translations, Words, lazy_gettext


class SiteKind(StrEnum):
    """The main site (điểm cầu chính) or one that is joined to it."""

    MAIN = "main"
    SATELLITE = "satellite"


SITE_KIND_NAMES: dict[SiteKind, Words] = {
    SiteKind.MAIN: lazy_gettext("Main site"),
    SiteKind.SATELLITE: lazy_gettext("Joined site"),
}

LINE = "line"
"""The room feature that a broadcast needs: a line to the other sites, with camera, microphone and screen."""

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class CodeNotUsable(RuleBroken):
    """A code that cannot stand in an address."""

    field = "code"
    sentence = lazy_gettext("“%(code)s” cannot be used as a code: use small letters, digits and dashes.")


class CodeTaken(RuleBroken):
    """A code that another site of the edition, or another room of the site, has."""

    field = "code"
    sentence = lazy_gettext("“%(code)s” is the code of another one already.")


class SecondMainSite(RuleBroken):
    """A main site beside the one that is there."""

    field = "kind"
    sentence = lazy_gettext("The edition has a main site already.")


class RoomHoldsSeveral(RuleBroken):
    """A room that is to hold one session at a time, while two are in it at once."""

    field = "shared"
    sentence = lazy_gettext("Two sessions are in this room at one time. Move one of them first.")


class NameMissing(RuleBroken):
    """A site, room or track without a name in any language."""

    field = "name_vi"
    sentence = lazy_gettext("Give it a name in at least one language.")


class SiteCancelled(RuleBroken):
    """A site that does not take part any more, and is to be cancelled or moved."""

    sentence = lazy_gettext("This site was cancelled already.")


def check_takes_part(cancelled_at: datetime | None) -> None:
    """Raise SiteCancelled."""
    if cancelled_at is not None:
        raise SiteCancelled


def check_code(code: str) -> None:
    """Raise CodeNotUsable for a code that cannot stand in an address, or stands for the page that adds one."""
    if not CODE.fullmatch(code) or code == "new":
        raise CodeNotUsable(code=code)


def check_name(name: Translations) -> None:
    """Raise NameMissing."""
    if not any(name.values()):
        raise NameMissing
