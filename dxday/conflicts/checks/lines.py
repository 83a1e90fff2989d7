"""Rules about what there is a number of: licences of video conferences, and interpreters."""

from collections.abc import Hashable, Iterator
from typing import Any

from dxday.conflicts.lanes import find_crowds
from dxday.conflicts.rules import Draft, Level, MendedAt, rule
from dxday.conflicts.world import CONFERENCES, EVER, INTERPRETED, Focus, World
from dxday.core.i18n import lazy_gettext

SHOWN = 20
"""So many of those that run at the same time are named; the rest is a number."""


@rule(
    "licences",
    name=lazy_gettext("More video conferences than licences"),
    looks_for=lazy_gettext("A session that goes over a line while all licences are in use by others."),
    level=Level.BLOCK_RELEASE,
    mended_at=MendedAt.RULES,
)
def find_missing_licences(world: World, focus: Focus) -> Iterator[Draft]:
    """Find sessions that begin while as many video conferences run as there are licences."""
    limit = world.limits.licences
    if limit is None:
        return
    for begun, count, others in find_crowds(
        _at_work(world, CONFERENCES, focus), limit, within=focus.times, shown=SHOWN
    ):
        yield Draft(
            key=f"{begun.id}:{count}",
            session_ids=(begun.id, *(other.id for other in others)),
            site_ids=(begun.site_id,),
            message=lazy_gettext(
                "When “%(title)s” begins (%(time)s), %(count)d video conferences run at the same time; there are"
                " licences for %(limit)d. The others: %(others)s.",
                title=world.title(begun.id),
                time=world.span(begun.start, begun.end),
                count=count,
                limit=limit,
                others=world.titles(other.id for other in others),
            ),
            mend=lazy_gettext("Move one of them, or get more licences and correct their number."),
        )


@rule(
    "interpreters",
    name=lazy_gettext("More interpretations than interpreters"),
    looks_for=lazy_gettext("A site where a session is to be interpreted while all interpreters are busy."),
    level=Level.BLOCK_RELEASE,
    mended_at=MendedAt.RULES,
)
def find_missing_interpreters(world: World, focus: Focus) -> Iterator[Draft]:
    """Find placements that begin while as many are interpreted as there are interpreters."""
    limit = world.limits.interpreters
    if limit is None:
        return
    for begun, count, others in find_crowds(
        _at_work(world, INTERPRETED, focus), limit, within=focus.times, shown=SHOWN
    ):
        yield Draft(
            key=f"{begun.id}:{count}",
            session_ids=tuple(dict.fromkeys((begun.session_id, *(other.session_id for other in others)))),
            placement_ids=(begun.id, *(other.id for other in others)),
            site_ids=tuple(dict.fromkeys((begun.site_id, *(other.site_id for other in others)))),
            message=lazy_gettext(
                "When “%(title)s” begins at %(site)s (%(time)s), %(count)d interpreters are needed at the same time;"
                " there are %(limit)d.",
                title=world.title(begun.session_id),
                site=world.site(begun.site_id),
                time=world.span(begun.start, begun.end),
                count=count,
                limit=limit,
            ),
            mend=lazy_gettext("Move one of them, or find more interpreters and correct their number."),
        )


def _at_work(world: World, lane: Hashable, focus: Focus) -> list[Any]:
    """Return what runs in a lane at some time of the focus, each once."""
    times = [(-EVER, EVER)] if focus.times is None else focus.times
    return list({each.id: each for start, end in times for each in world.running(lane, start, end)}.values())
