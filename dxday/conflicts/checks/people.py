"""Rules about people: two places at once, ways between sites, when they can be had, who presides."""

from collections.abc import Iterator
from typing import Any

from flask_babel.speaklater import LazyString

from dxday.conflicts.checks.availability import find_gap
from dxday.conflicts.facts import Of
from dxday.conflicts.rules import Draft, Level, MendedAt, rule
from dxday.conflicts.world import Focus, Stay, World
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.i18n import gettext as _
from dxday.programme.rules import PlacementRole

_MOVE_OR_GIVE = lazy_gettext("Move one of the sessions, or give one of the parts to somebody else.")
_LEAVE_TIME = lazy_gettext(
    "Leave more time in between, let them join one of the two by line, or correct how long the way takes."
)


@rule(
    "person-overlap",
    name=lazy_gettext("One person, two places"),
    looks_for=lazy_gettext(
        "Somebody who has a part in two sessions at the same time, or who has to be at two sites for one session."
        " Those who join by line cannot be in two sessions either."
    ),
    level=Level.BLOCK_RELEASE,
)
def find_person_overlaps(world: World, focus: Focus) -> Iterator[Draft]:
    """Find pairs of stays of one person that overlap."""
    for stay in _stays(world, focus):
        for other in world.running(("person", stay.person_id), stay.start, stay.end):
            if not _once(stay, other, focus):
                continue
            if stay.session_id == other.session_id and (stay.remote or other.remote):
                continue
            first, second = _by_time(stay, other)
            yield _pair(
                first, second, message=LazyString(_say_overlap, world, first, second), mend=_MOVE_OR_GIVE
            )


def _say_overlap(world: World, first: Stay, second: Stay) -> Any:
    if first.session_id == second.session_id:
        return _(
            "%(person)s has to be at %(first_site)s and at %(second_site)s for “%(first)s” (%(first_time)s).",
            **_facts(world, first, second),
        )
    return _(
        "%(person)s has a part in “%(first)s” (%(first_time)s, %(first_site)s) and in “%(second)s”"
        " (%(second_time)s, %(second_site)s) at the same time.",
        **_facts(world, first, second),
    )


@rule(
    "person-travel",
    name=lazy_gettext("Too little time on the way"),
    looks_for=lazy_gettext(
        "Somebody who has a part at two sites with less time in between than the way takes. Those who join by line"
        " have no way to go."
    ),
    level=Level.WARN,
    mended_at=MendedAt.TRAVEL,
)
def find_short_ways(world: World, focus: Focus) -> Iterator[Draft]:
    """Find pairs of stays of one person at two sites that lie closer together than the way between them."""
    longest = int(world.longest_way.total_seconds())
    for stay in _stays(world, focus):
        if stay.remote:
            continue
        for other in world.running(("person", stay.person_id), stay.start - longest, stay.end + longest):
            if other.remote or not _once(stay, other, focus):
                continue
            first, second = _by_time(stay, other)
            if 0 <= second.start - first.end < world.way(first.site_id, second.site_id):
                yield _pair(
                    first, second, message=LazyString(_say_way, world, first, second), mend=_LEAVE_TIME
                )


def _say_way(world: World, first: Stay, second: Stay) -> Any:
    return _(
        "%(person)s is in “%(first)s” (%(first_time)s, %(first_site)s) and %(gap)d minutes later in “%(second)s”"
        " (%(second_time)s, %(second_site)s); the way takes %(way)d minutes.",
        gap=(second.start - first.end) // 60,
        way=world.way(first.site_id, second.site_id) // 60,
        **_facts(world, first, second),
    )


@rule(
    "person-availability",
    name=lazy_gettext("A person who cannot come"),
    looks_for=lazy_gettext("Somebody who has a part in a session at a time at which they cannot be there."),
    level=Level.BLOCK_RELEASE,
    mended_at=MendedAt.AVAILABILITY,
)
def find_absent_people(world: World, focus: Focus) -> Iterator[Draft]:
    """Find stays outside of the times of their person."""
    for stay in _stays(world, focus):
        gap = find_gap(world, Of.PERSON, stay.person_id, stay.start, stay.end)
        if gap is None:
            continue
        facts = {
            "person": world.person(stay.person_id),
            "title": world.title(stay.session_id),
            "time": world.span(stay.start, stay.end),
            "times": gap.times,
        }
        if gap.only:
            message = lazy_gettext(
                "%(person)s has a part in “%(title)s” at %(time)s, but can only come at %(times)s.", **facts
            )
        else:
            message = lazy_gettext(
                "%(person)s has a part in “%(title)s” at %(time)s, but cannot come at %(times)s.", **facts
            )
        yield Draft(
            key=f"{stay.person_id}-{stay.session_id}-{stay.site_id}",
            session_ids=(stay.session_id,),
            placement_ids=(stay.placement_id,),
            site_ids=(stay.site_id,),
            message=message,
            mend=lazy_gettext(
                "Move the session, give the part to somebody else, or change the person's times."
            ),
        )


@rule(
    "presiding-officer",
    name=lazy_gettext("Nobody presides"),
    looks_for=lazy_gettext(
        "A main session at a site that receives it, where neither the session nor the site names a presiding officer."
    ),
    level=Level.BLOCK_RELEASE,
)
def find_missing_officers(world: World, focus: Focus) -> Iterator[Draft]:
    """Find receiving sites of main sessions without a presiding officer."""
    for session_id in focus.sessions:
        if not world.sessions[session_id].main:
            continue
        receiving = [
            slot for slot in world.slots_of(session_id) if slot.facts.role is PlacementRole.RECEIVING
        ]
        for slot in receiving:
            if world.officers_of(session_id, slot.site_id):
                continue
            yield Draft(
                key=f"{session_id}-{slot.site_id}",
                session_ids=(session_id,),
                placement_ids=tuple(each.id for each in receiving if each.site_id == slot.site_id),
                site_ids=(slot.site_id,),
                message=lazy_gettext(
                    "%(site)s receives the main session “%(title)s” (%(time)s), and nobody presides there.",
                    site=world.site(slot.site_id),
                    title=world.title(session_id),
                    time=world.span(slot.start, slot.end),
                ),
                mend=lazy_gettext("Name a presiding officer of the site, or one for this session."),
            )


def _by_time(one: Stay, other: Stay) -> tuple[Stay, Stay]:
    if (other.start, other.session_id, other.site_id) < (one.start, one.session_id, one.site_id):
        return other, one
    return one, other


def _stays(world: World, focus: Focus) -> Iterator[Stay]:
    for session_id in focus.sessions:
        yield from world.stays_of(session_id)


def _once(stay: Stay, other: Stay, focus: Focus) -> bool:
    """Tell whether this is the side from which a pair is told: of two in the focus, the one with the lower id."""
    if stay.session_id == other.session_id:
        return stay.site_id < other.site_id
    return stay.session_id < other.session_id or other.session_id not in focus.sessions


def _facts(world: World, first: Stay, second: Stay) -> dict[str, Any]:
    return {
        "person": world.person(first.person_id),
        "first": world.title(first.session_id),
        "first_time": world.span(first.start, first.end),
        "first_site": world.site(first.site_id),
        "second": world.title(second.session_id),
        "second_time": world.span(second.start, second.end),
        "second_site": world.site(second.site_id),
    }


def _pair(first: Stay, second: Stay, *, message: Words, mend: Words) -> Draft:
    low, high = (first, second) if first.session_id <= second.session_id else (second, first)
    same = low.session_id == high.session_id
    return Draft(
        key=f"{low.person_id}-{low.session_id}-{high.session_id}",
        session_ids=(low.session_id,) if same else (low.session_id, high.session_id),
        placement_ids=(low.placement_id, high.placement_id),
        site_ids=tuple(dict.fromkeys((low.site_id, high.site_id))),
        message=message,
        mend=mend,
    )
