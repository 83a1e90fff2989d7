"""Where a proposal comes from, and what becomes of it."""

from enum import StrEnum

from dxday.core.i18n import Words, lazy_gettext


class Source(StrEnum):
    """Who or what proposes."""

    SITE = "site"
    SOLVER = "solver"


SOURCE_NAMES: dict[Source, Words] = {
    Source.SITE: lazy_gettext("A site"),
    Source.SOLVER: lazy_gettext("Automatic scheduling"),
}


class State(StrEnum):
    """What became of a proposal."""

    DRAFT = "draft"
    OPEN = "open"
    TAKEN = "taken"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


STATE_NAMES: dict[State, Words] = {
    State.DRAFT: lazy_gettext("Being written"),
    State.OPEN: lazy_gettext("Waits for an organizer"),
    State.TAKEN: lazy_gettext("Taken"),
    State.RETURNED: lazy_gettext("Returned"),
    State.WITHDRAWN: lazy_gettext("Withdrawn"),
}
