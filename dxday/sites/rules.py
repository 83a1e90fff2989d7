"""What kinds of sites there are."""

from enum import StrEnum

from dxday.core.i18n import Words, lazy_gettext


class SiteKind(StrEnum):
    """The main site (điểm cầu chính) or one that is joined to it."""

    MAIN = "main"
    SATELLITE = "satellite"


SITE_KIND_NAMES: dict[SiteKind, Words] = {
    SiteKind.MAIN: lazy_gettext("Main site"),
    SiteKind.SATELLITE: lazy_gettext("Joined site"),
}
