"""Sessions and placements: kinds, states, times, and what clashes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.intervals import Interval, find_overlapping


class SessionKind(StrEnum):
    """What sort of event a session is (the vocabulary of provincial plans)."""

    CEREMONY = "ceremony"
    CONFERENCE = "conference"
    WORKSHOP = "workshop"
    TALK = "talk"
    EXHIBITION = "exhibition"
    CONTEST = "contest"
    TRAINING = "training"
    BREAK = "break"


SESSION_KIND_NAMES: dict[SessionKind, Words] = {
    SessionKind.CEREMONY: lazy_gettext("Ceremony"),
    SessionKind.CONFERENCE: lazy_gettext("Online conference"),
    SessionKind.WORKSHOP: lazy_gettext("Workshop"),
    SessionKind.TALK: lazy_gettext("Talk"),
    SessionKind.EXHIBITION: lazy_gettext("Exhibition"),
    SessionKind.CONTEST: lazy_gettext("Contest"),
    SessionKind.TRAINING: lazy_gettext("Training"),
    SessionKind.BREAK: lazy_gettext("Break"),
}


class SessionState(StrEnum):
    """Whether the public sees a session."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


SESSION_STATE_NAMES: dict[SessionState, Words] = {
    SessionState.DRAFT: lazy_gettext("Draft"),
    SessionState.PUBLISHED: lazy_gettext("Published"),
    SessionState.CANCELLED: lazy_gettext("Cancelled"),
}


class PlacementRole(StrEnum):
    """Whether a session starts at a site or is received there."""

    ORIGIN = "origin"
    RECEIVING = "receiving"


class Mode(StrEnum):
    """How a session is held at one site."""

    ON_SITE = "on_site"
    BROADCAST = "broadcast"
    ONLINE = "online"
    HYBRID = "hybrid"


MODE_NAMES: dict[Mode, Words] = {
    Mode.ON_SITE: lazy_gettext("On site"),
    Mode.BROADCAST: lazy_gettext("Received by line"),
    Mode.ONLINE: lazy_gettext("Online only"),
    Mode.HYBRID: lazy_gettext("On site and online"),
}


class PartKind(StrEnum):
    """The part that a person has in a session."""

    CHAIR = "chair"
    CO_CHAIR = "co_chair"
    SPEAKER = "speaker"
    PRESIDING_OFFICER = "presiding_officer"


PART_KIND_NAMES: dict[PartKind, Words] = {
    PartKind.CHAIR: lazy_gettext("Chair"),
    PartKind.CO_CHAIR: lazy_gettext("Co-chair"),
    PartKind.SPEAKER: lazy_gettext("Speaker"),
    PartKind.PRESIDING_OFFICER: lazy_gettext("Presiding officer of the site"),
}


class RoomTaken(RuleBroken):
    """Another session is in the room at that time."""

    field = "room"
    sentence = lazy_gettext(
        "%(room)s is taken from %(start)s to %(end)s by “%(title)s”. Choose another room or time."
    )


class TimesNotInOrder(RuleBroken):
    """A session that ends before it begins."""

    field = "ends"
    sentence = lazy_gettext("The end must come after the beginning.")


class OutsideEdition(RuleBroken):
    """A session on a day on which the edition is not."""

    field = "day"
    sentence = lazy_gettext("The edition runs from %(first)s to %(last)s; choose a day in between.")


class TooLong(RuleBroken):
    """A session longer than a day."""

    field = "ends"
    sentence = lazy_gettext("A session lasts at most 24 hours.")


class OverrideNeedsReason(RuleBroken):
    """A room is to be used twice at once and nobody says why."""

    field = "override_reason"
    sentence = lazy_gettext("Say why the room may be used by two sessions at once.")


class RoomNotAtSite(RuleBroken):
    """A room of another site."""

    sentence = lazy_gettext("This room does not belong to the site.")


@dataclass(frozen=True)
class Clash:
    """Two placements that want one room at one time."""

    room_id: int
    first_id: int
    second_id: int


def check_times(starts_at: datetime, ends_at: datetime) -> None:
    """Raise TimesNotInOrder or TooLong."""
    if ends_at <= starts_at:
        raise TimesNotInOrder
    if ends_at - starts_at > timedelta(hours=24):
        raise TooLong


def find_room_clashes(placements: Iterable[tuple[int, int, Interval]]) -> list[Clash]:
    """Return every clashing pair of (placement id, room id, interval) once; half-open, so back to back is no clash.

    Leave out placements in shared rooms and those with an override before you call.
    """
    pairs = find_overlapping(
        (room_id, interval, (room_id, placement_id)) for placement_id, room_id, interval in placements
    )
    return [Clash(room_id, min(one, other), max(one, other)) for (room_id, one), (_, other) in pairs]
