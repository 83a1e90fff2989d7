"""Rules about times: order, days, groups of people, when sites can be had, and what has no time yet."""

from collections.abc import Iterator
from typing import Any

from flask_babel.speaklater import LazyString

from dxday.conflicts.checks.availability import find_gap
from dxday.conflicts.facts import Of, SessionFacts
from dxday.conflicts.rules import Draft, Level, MendedAt, rule
from dxday.conflicts.world import EVER, ORIGINS, Focus, Slot, World
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.i18n import gettext as _
from dxday.programme.rules import OrderMark, PlacementRole, SessionKind

_BESIDE = frozenset({SessionKind.EXHIBITION, SessionKind.BREAK})
"""What may be open before the opening and after the closing."""
_MOVE_ONE = lazy_gettext("Move one of the two.")
_ANOTHER_TIME_OR_GROUP = lazy_gettext("Give one of them another time, or another group.")


@rule(
    "site-availability",
    name=lazy_gettext("A site that cannot be had"),
    looks_for=lazy_gettext("A session at a site at a time at which the site cannot be had."),
    level=Level.BLOCK_RELEASE,
    mended_at=MendedAt.AVAILABILITY,
)
def find_closed_sites(world: World, focus: Focus) -> Iterator[Draft]:
    """Find placements outside of the times of their site."""
    for slot in world.slots_in(focus):
        gap = find_gap(world, Of.SITE, slot.site_id, slot.start, slot.end)
        if gap is None:
            continue
        facts = {
            "title": world.title(slot.session_id),
            "time": world.span(slot.start, slot.end),
            "site": world.site(slot.site_id),
            "times": gap.times,
        }
        if gap.only:
            message = lazy_gettext(
                "“%(title)s” is at %(site)s at %(time)s, but the site can only be had at %(times)s.", **facts
            )
        else:
            message = lazy_gettext(
                "“%(title)s” is at %(site)s at %(time)s, but the site cannot be had at %(times)s.", **facts
            )
        yield _about(
            slot,
            message,
            lazy_gettext("Give the session another time there, or change the times of the site."),
        )


@rule(
    "audience-overlap",
    name=lazy_gettext("One group, two sessions"),
    looks_for=lazy_gettext(
        "Two sessions for the same group of people at the same time, at a site where both are."
    ),
    level=Level.WARN,
)
def find_audience_overlaps(world: World, focus: Focus) -> Iterator[Draft]:
    """Find pairs of sessions for one group that overlap at some site."""
    for session_id in focus.sessions:
        for group in world.sessions[session_id].audiences:
            told: set[int] = set()
            for slot in world.slots_of(session_id):
                for other in world.running(("group", group, slot.site_id), slot.start, slot.end):
                    if other.session_id == session_id or other.session_id in told:
                        continue
                    if other.session_id < session_id and other.session_id in focus.sessions:
                        continue
                    told.add(other.session_id)
                    yield _one_group(world, group, slot, other)


def _one_group(world: World, group: str, slot: Slot, other: Slot) -> Draft:
    low, high = (slot, other) if slot.session_id < other.session_id else (other, slot)
    return Draft(
        key=f"{low.session_id}-{high.session_id}",
        session_ids=(low.session_id, high.session_id),
        placement_ids=(low.id, high.id),
        site_ids=(slot.site_id,),
        message=LazyString(_say_one_group, world, group, low, high),
        mend=_ANOTHER_TIME_OR_GROUP,
    )


def _say_one_group(world: World, group: str, one: Slot, other: Slot) -> Any:
    return _(
        "“%(first)s” (%(first_time)s) and “%(second)s” (%(second_time)s) are both for “%(group)s”, at the same time"
        " at %(site)s.",
        first=world.title(one.session_id),
        first_time=world.span(one.start, one.end),
        second=world.title(other.session_id),
        second_time=world.span(other.start, other.end),
        group=group,
        site=world.site(one.site_id),
    )


@rule(
    "order",
    name=lazy_gettext("Wrong order"),
    looks_for=lazy_gettext(
        "A session that begins before the one that opens the Day, or ends after the one that closes it (exhibitions"
        " and breaks may); and a session that begins before one that has to come first is over."
    ),
    level=Level.BLOCK_RELEASE,
)
def find_wrong_order(world: World, focus: Focus) -> Iterator[Draft]:
    """Find pairs of sessions in the wrong order."""
    for session in world.marked:
        yield from _first_or_last(world, focus, session)
    for session_id in focus.sessions:
        for order in world.orders_of(session_id):
            before, after = world.origin_of(order.before_id), world.origin_of(order.after_id)
            if before is None or after is None or before.end + order.minutes * 60 <= after.start:
                continue
            if order.after_id == session_id and order.before_id in focus.sessions:
                continue
            yield _pair(
                "before",
                before,
                after,
                lazy_gettext(
                    "“%(first)s” (%(first_time)s) has to be over %(minutes)d minutes before “%(second)s”"
                    " (%(second_time)s) begins.",
                    minutes=order.minutes,
                    first=world.title(order.before_id),
                    first_time=world.span(before.start, before.end),
                    second=world.title(order.after_id),
                    second_time=world.span(after.start, after.end),
                ),
                _MOVE_ONE,
            )


def _first_or_last(world: World, focus: Focus, session: SessionFacts) -> Iterator[Draft]:
    """Find what begins before the opening, or ends after the closing."""
    marked = world.origin_of(session.id)
    if marked is None:
        return
    opens = session.order_mark is OrderMark.OPENING
    if session.id in focus.sessions:
        wrong = world.running(ORIGINS, *((-EVER, marked.start) if opens else (marked.end, EVER)))
        others = [world.origin_of(each.id) for each in wrong]
    else:
        others = [world.origin_of(session_id) for session_id in focus.sessions]
    for other in others:
        if other is None or other.session_id == session.id:
            continue
        if world.sessions[other.session_id].kind in _BESIDE:
            continue
        if not (other.start < marked.start if opens else other.end > marked.end):
            continue
        yield _pair(
            "opening" if opens else "closing",
            marked,
            other,
            LazyString(_say_first_or_last, world, opens, marked, other),
            _MOVE_ONE,
        )


def _say_first_or_last(world: World, opens: bool, marked: Slot, other: Slot) -> Any:
    facts = {
        "marked": world.title(marked.session_id),
        "marked_time": world.span(marked.start, marked.end),
        "other": world.title(other.session_id),
        "other_time": world.span(other.start, other.end),
    }
    if opens:
        return _(
            "“%(marked)s” (%(marked_time)s) opens the Day, but “%(other)s” (%(other_time)s) begins before it.",
            **facts,
        )
    return _(
        "“%(marked)s” (%(marked_time)s) closes the Day, but “%(other)s” (%(other_time)s) ends after it.",
        **facts,
    )


@rule(
    "outside-days",
    name=lazy_gettext("Outside the days of the edition"),
    looks_for=lazy_gettext(
        "A session that begins before the first day of the edition or ends after its last."
    ),
    level=Level.WARN,
)
def find_outside_days(world: World, focus: Focus) -> Iterator[Draft]:
    """Find placements that do not lie within the days of the edition."""
    for slot in world.slots_in(focus):
        if not (world.first <= slot.start and slot.end <= world.last):
            yield _about(
                slot,
                lazy_gettext(
                    "“%(title)s” is at %(site)s at %(time)s, which is not within the days of the edition.",
                    title=world.title(slot.session_id),
                    site=world.site(slot.site_id),
                    time=world.span(slot.start, slot.end),
                ),
                lazy_gettext("Move the session, or correct the days of the edition."),
            )


@rule(
    "receiving-times",
    name=lazy_gettext("Received while nothing is sent"),
    looks_for=lazy_gettext("A site that receives a session at a time at which it is not held."),
    level=Level.BLOCK_RELEASE,
)
def find_empty_lines(world: World, focus: Focus) -> Iterator[Draft]:
    """Find receiving placements that share no moment with the origin."""
    for session_id in focus.sessions:
        origin = world.origin_of(session_id)
        if origin is None or origin.facts.role is not PlacementRole.ORIGIN:
            continue
        for slot in world.slots_of(session_id):
            if slot.start < origin.end and slot.end > origin.start:
                continue
            yield _about(
                slot,
                lazy_gettext(
                    "%(site)s receives “%(title)s” at %(time)s, but it is held at %(held)s.",
                    site=world.site(slot.site_id),
                    title=world.title(session_id),
                    time=world.span(slot.start, slot.end),
                    held=world.span(origin.start, origin.end),
                ),
                lazy_gettext("Let the site receive it while it is held."),
            )


@rule(
    "unplaced",
    name=lazy_gettext("No time and place yet"),
    looks_for=lazy_gettext("A session that has neither a time nor a place."),
    level=Level.WARN,
)
def find_unplaced(world: World, focus: Focus) -> Iterator[Draft]:
    """Find sessions without placements."""
    for session_id in focus.sessions:
        if not world.slots_of(session_id):
            yield Draft(
                key=str(session_id),
                session_ids=(session_id,),
                message=lazy_gettext("“%(title)s” has no time and place yet.", title=world.title(session_id)),
                mend=lazy_gettext("Place it on the board, or cancel it."),
            )


def _about(slot: Slot, message: Words, mend: Words) -> Draft:
    return Draft(
        key=str(slot.id),
        session_ids=(slot.session_id,),
        placement_ids=(slot.id,),
        site_ids=(slot.site_id,),
        message=message,
        mend=mend,
    )


def _pair(what: str, first: Slot, second: Slot, message: Words, mend: Words) -> Draft:
    return Draft(
        key=f"{what}:{first.session_id}-{second.session_id}",
        session_ids=(first.session_id, second.session_id),
        placement_ids=(first.id, second.id),
        site_ids=tuple(dict.fromkeys((first.site_id, second.site_id))),
        message=message,
        mend=mend,
    )
