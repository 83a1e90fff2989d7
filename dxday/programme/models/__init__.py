"""Tables of the programme: the working draft, and what the public sees of it."""

from dxday.programme.models.published import (
    PublishedPart,
    PublishedPlacement,
    PublishedSession,
    Release,
    ReleaseEntry,
)
from dxday.programme.models.sessions import (
    Part,
    Placement,
    PlacementChange,
    PlacementOverride,
    Session,
    SessionOrder,
    Track,
)

__all__ = [
    "Part",
    "Placement",
    "PlacementChange",
    "PlacementOverride",
    "PublishedPart",
    "PublishedPlacement",
    "PublishedSession",
    "Release",
    "ReleaseEntry",
    "Session",
    "SessionOrder",
    "Track",
]
