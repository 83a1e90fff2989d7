"""Sessions and placements: kinds, states, times, and what clashes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dxday.core.errors import RuleBroken, Stale
from dxday.core.i18n import Translations, Words, lazy_gettext
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


PLACEMENT_ROLE_NAMES: dict[PlacementRole, Words] = {
    PlacementRole.ORIGIN: lazy_gettext("Held here"),
    PlacementRole.RECEIVING: lazy_gettext("Received here"),
}


class OrderMark(StrEnum):
    """A session that must be the first or the last of its edition."""

    OPENING = "opening"
    CLOSING = "closing"


ORDER_MARK_NAMES: dict[OrderMark, Words] = {
    OrderMark.OPENING: lazy_gettext("Opens the Day"),
    OrderMark.CLOSING: lazy_gettext("Closes the Day"),
}


class EntryChange(StrEnum):
    """What a release did to a session."""

    ADDED = "added"
    CHANGED = "changed"
    CANCELLED = "cancelled"


ENTRY_CHANGE_NAMES: dict[EntryChange, Words] = {
    EntryChange.ADDED: lazy_gettext("New"),
    EntryChange.CHANGED: lazy_gettext("Changed"),
    EntryChange.CANCELLED: lazy_gettext("Cancelled"),
}


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


MOST_AT_ONCE = 200
"""More sessions than that, on several days, are shown one day at a time."""

MOST_CHOSEN = 200
"""How many sessions one may choose for oneself; the address has room for them."""


def is_shown_by_day(sessions: int, days: int) -> bool:
    """Tell whether the page of the programme shows one day at a time unless it is asked for all of them."""
    return days > 1 and sessions > MOST_AT_ONCE


def chosen_codes(written: str) -> list[str]:
    """Return the codes of one's own selection as an address carries them: with commas, each once."""
    return [code for code in dict.fromkeys(written.split(",")) if code][:MOST_CHOSEN]


def public_link(mode: Mode, join_url: str | None) -> str | None:
    """Return the link that the programme shows to everybody, or None.

    The link of one session at one site is for all who follow it from afar there; what is held on site alone has
    nobody to join from afar.  The line of a whole site is never shown: it goes by mail to those who registered.
    """
    return join_url if mode is not Mode.ON_SITE else None


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


GIVEN_PARTS = (PartKind.CHAIR, PartKind.CO_CHAIR, PartKind.SPEAKER)
"""The parts that a session's own form gives; a presiding officer belongs to the site."""


PAGES = frozenset(
    {
        *(
            "availability",
            "board",
            "check",
            "export",
            "import",
            "new",
            "people",
            "proposals",
            "releases",
            "rules",
        ),
        *("solve", "tracks", "travel"),
    }
)
"""Words that no session has as its code: pages of the programme are at these addresses."""


class Overridable(RuleBroken):
    """Something that is done all the same when there is a reason for it."""


class RoomTaken(Overridable):
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


class TimesMissing(RuleBroken):
    """A room without a time."""

    field = "begins"
    sentence = lazy_gettext("Say when it begins and when it ends.")


class TooLong(RuleBroken):
    """A session longer than a day."""

    field = "ends"
    sentence = lazy_gettext("A session lasts at most 24 hours.")


class RoomNotAtSite(RuleBroken):
    """A room of another site."""

    field = "room"
    sentence = lazy_gettext("This room does not belong to the site.")


class RoomTwice(RuleBroken):
    """A session that is to be in one room twice."""

    field = "room"
    sentence = lazy_gettext("The session is in this room already.")


class SiteHasNoRoom(RuleBroken):
    """A site that is to receive a session and has nowhere to show it."""

    field = "sites"
    sentence = lazy_gettext("%(site)s has no room yet, so it cannot receive a session.")


class NothingToPublish(RuleBroken):
    """A session to publish that the public sees as it is, or that was cancelled before anybody knew of it."""

    sentence = lazy_gettext("Nothing of this session is left to publish.")


class AlreadyCancelled(RuleBroken):
    """A cancelled session that is to be cancelled."""

    sentence = lazy_gettext("This session was cancelled already.")


class CancelledForGood(RuleBroken):
    """A change to a session that was cancelled."""

    sentence = lazy_gettext("This session was cancelled. Add a new one instead of changing it.")


class NotPlacedYet(RuleBroken):
    """A session that is to be published and has neither time nor place."""

    sentence = lazy_gettext("Give the session a room and a time before you publish it.")


class RoomNeeded(RuleBroken):
    """A session that people meet for, without a room."""

    field = "room"
    sentence = lazy_gettext("Choose a room; only a session that is held online alone needs none.")


class OriginStays(RuleBroken):
    """The site that a session is held at wants to opt out of it."""

    sentence = lazy_gettext("The session is held here. Cancel the session instead.")


class OriginMovesAll(RuleBroken):
    """Other times for the site where a session is held, as if it were one that receives it."""

    sentence = lazy_gettext("Move the session itself: every site that receives it moves along.")


class ReasonMissing(RuleBroken):
    """A site that opts out of a session without saying why."""

    field = "opt_out_reason"
    sentence = lazy_gettext("Say why the site does not take part.")


class PlacedAlready(RuleBroken):
    """A session that is to be put somewhere and has its place."""

    sentence = lazy_gettext("The session has a room and a time already. Move it instead.")


class SiteStays(RuleBroken):
    """A session that several sites share, or one that a site receives, is to go to another site."""

    field = "room"
    sentence = lazy_gettext("More than one site has a part in this session, so it stays at its site.")


class OnlyDraftsComeOff(RuleBroken):
    """A session that the public knows, or that several sites share, is to lose its time and place."""

    sentence = lazy_gettext("Only a draft at one single site can be taken off the programme.")


class TitleMissing(RuleBroken):
    """A session without a name in any language."""

    field = "title_vi"
    sentence = lazy_gettext("Give the session a title in at least one language.")


DETAILS = (
    "subtitle",
    "description",
    "track_id",
    "main",
    "order_mark",
    "audiences",
    "needs",
    "expected",
    "duration",
    "pinned",
    "held",
)
"""What a session may say of itself beyond kind, title, abstract and language."""


@dataclass(frozen=True)
class Reception:
    """How a site takes part in a session, beyond room, mode and link."""

    starts_at: datetime
    ends_at: datetime
    """Its own times: what differs from those where it is held is the site's offset, which every move keeps."""
    capacity: int | None = None
    interpretation: str | None = None
    local_part: Translations | None = None
    ready: bool = False
    opt_out_reason: str = ""


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


def check_day(day: date, *, first: date, last: date) -> None:
    """Raise OutsideEdition for a day before the edition's first or after its last day."""
    if not first <= day <= last:
        raise OutsideEdition(first=first.strftime("%d/%m/%Y"), last=last.strftime("%d/%m/%Y"))


def check_title(title: Translations) -> None:
    """Raise TitleMissing for a title that is empty in every language."""
    if not any(title.values()):
        raise TitleMissing


def check_can_cancel(state: SessionState) -> None:
    """Raise AlreadyCancelled.  What the public has seen is cancelled, never taken away."""
    if state is SessionState.CANCELLED:
        raise AlreadyCancelled


def check_can_publish(state: SessionState, *, placed: bool) -> None:
    """Raise NotPlacedYet for a draft that is nowhere."""
    if state is SessionState.DRAFT and not placed:
        raise NotPlacedYet


def check_room_for(mode: Mode, *, has_room: bool) -> None:
    """Raise RoomNeeded for a mode in which people meet and no room to meet in."""
    if not has_room and mode is not Mode.ONLINE:
        raise RoomNeeded


def check_seen(seen: int, version: int) -> None:
    """Raise Stale when the version that a person saw is not the one that is saved."""
    if seen != version:
        raise Stale


def check_can_change(state: SessionState) -> None:
    """Raise CancelledForGood for a cancelled session: people were told that it does not take place."""
    if state is SessionState.CANCELLED:
        raise CancelledForGood


def is_local(site_ids: Iterable[int], site_id: int) -> bool:
    """Tell whether a session is of one site alone: it is placed there and nowhere else."""
    return set(site_ids) == {site_id}


def check_can_take_off(state: SessionState, *, placements: int) -> None:
    """Raise OnlyDraftsComeOff unless the session is a draft with one placement."""
    if state is not SessionState.DRAFT or placements != 1:
        raise OnlyDraftsComeOff


def holds_room(*, shared: bool, overridden: bool, cancelled: bool) -> bool:
    """Tell whether a placement keeps others out of its room."""
    return not (shared or overridden or cancelled)


def moved(start: datetime, end: datetime, *, by: timedelta, longer: timedelta) -> tuple[datetime, datetime]:
    """Return times moved by `by`, the end by `longer` more.  Raises TimesNotInOrder or TooLong."""
    starts_at, ends_at = start + by, end + by + longer
    check_times(starts_at, ends_at)
    return starts_at, ends_at


def find_room_clashes(placements: Iterable[tuple[int, int, Interval]]) -> list[Clash]:
    """Return every clashing pair of (placement id, room id, interval) once; half-open, so back to back is no clash.

    Leave out placements that do not hold their room (see `holds_room`) before you call.
    """
    pairs = find_overlapping(
        (room_id, interval, (room_id, placement_id)) for placement_id, room_id, interval in placements
    )
    return [Clash(room_id, min(one, other), max(one, other)) for (room_id, one), (_, other) in pairs]
