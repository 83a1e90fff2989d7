"""Whether somebody or something can be had for the whole of a time."""

from dataclasses import dataclass

from flask_babel.speaklater import LazyString

from dxday.conflicts.facts import Of, WindowFacts
from dxday.conflicts.world import World, seconds
from dxday.core.i18n import Words


@dataclass(frozen=True)
class Gap:
    """What keeps something from being had: the times in which it cannot, or the only ones in which it can."""

    only: bool
    times: Words


def find_gap(world: World, of: Of, thing_id: int, start: int, end: int) -> Gap | None:
    """Return why something cannot be had from `start` to `end`, in seconds; None when it can."""
    windows = world.windows_of(of, thing_id)
    if not windows:
        return None
    closed = [
        window
        for window in windows
        if not window.available and seconds(window.starts_at) < end and seconds(window.ends_at) > start
    ]
    if closed:
        return Gap(False, _times(world, closed))
    opened = sorted((each for each in windows if each.available), key=lambda each: each.starts_at)
    reached = start
    for window in opened:
        if seconds(window.starts_at) <= reached:
            reached = max(reached, seconds(window.ends_at))
    if opened and reached < end:
        return Gap(True, _times(world, opened))
    return None


def _times(world: World, windows: list[WindowFacts]) -> Words:
    return LazyString(lambda: ", ".join(_time(world, window) for window in windows))


def _time(world: World, window: WindowFacts) -> str:
    span = str(world.span(seconds(window.starts_at), seconds(window.ends_at)))
    return f"{span} ({window.note})" if window.note else span
