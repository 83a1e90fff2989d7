"""The programme as plain values, as the engine takes it: no row, no request, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from dxday.conflicts.rules import Level, Limits
from dxday.core.i18n import Translations
from dxday.programme.rules import Mode, OrderMark, PartKind, PlacementRole, SessionKind


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session that takes place."""

    id: int
    code: str
    title: Translations
    kind: SessionKind = SessionKind.CONFERENCE
    main: bool = False
    order_mark: OrderMark | None = None
    audiences: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class PlacementFacts:
    """A placement that takes place."""

    id: int
    session_id: int
    site_id: int
    room_id: int | None
    starts_at: datetime
    ends_at: datetime
    role: PlacementRole = PlacementRole.ORIGIN
    mode: Mode = Mode.ON_SITE
    capacity: int | None = None
    interpretation: str | None = None
    override: str | None = None
    """Why it may share its room."""


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A person's part in a session."""

    session_id: int
    person_id: int
    kind: PartKind = PartKind.SPEAKER
    site_id: int | None = None
    remote: bool = False


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A room."""

    id: int
    site_id: int
    name: Translations
    capacity: int = 100
    shared: bool = False
    features: frozenset[str] = frozenset()
    turnaround: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site, with how many are registered to come there."""

    id: int
    code: str
    name: Translations
    presiding_officer_id: int | None = None
    registered: int = 0


class Of(StrEnum):
    """What a time of availability is of."""

    PERSON = "person"
    ROOM = "room"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """A time in which something can be had, or cannot."""

    of: Of
    id: int
    starts_at: datetime
    ends_at: datetime
    available: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """A session that must be over, for so many minutes, before another begins."""

    before_id: int
    after_id: int
    minutes: int = 0


@dataclass(frozen=True)
class ProgrammeFacts:
    """Everything that the rules look at.  What is cancelled is left out."""

    zone: tzinfo
    first_day: date
    last_day: date
    sessions: Sequence[SessionFacts]
    placements: Sequence[PlacementFacts]
    parts: Sequence[PartFacts] = ()
    rooms: Sequence[RoomFacts] = ()
    sites: Sequence[SiteFacts] = ()
    people: Mapping[int, str] = field(default_factory=dict)
    windows: Sequence[WindowFacts] = ()
    orders: Sequence[OrderFacts] = ()
    travel: Mapping[tuple[int, int], timedelta] = field(default_factory=dict)
    """Between two sites, the lower id first; what is not here takes `limits.travel`."""
    limits: Limits = field(default_factory=Limits)
    levels: Mapping[str, Level] = field(default_factory=dict)
    overrides: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Rule and key of a finding → why it may stand."""
