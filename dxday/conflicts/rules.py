"""How much a finding weighs."""

from enum import StrEnum

from dxday.core.i18n import Words, lazy_gettext


class Level(StrEnum):
    """What a finding of a rule stops."""

    IGNORE = "ignore"
    WARN = "warn"
    BLOCK_RELEASE = "block_release"
    BLOCK = "block"


LEVEL_NAMES: dict[Level, Words] = {
    Level.IGNORE: lazy_gettext("Not looked for"),
    Level.WARN: lazy_gettext("Warning"),
    Level.BLOCK_RELEASE: lazy_gettext("Stops a release"),
    Level.BLOCK: lazy_gettext("Not allowed"),
}
