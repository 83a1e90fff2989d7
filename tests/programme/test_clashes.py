"""Clashes of rooms: the rule against brute force, and both databases against the rule, for any set of placements."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from dxday.core.intervals import Interval
from dxday.db import db
from dxday.programme import rules
from dxday.programme.holding import ROOM_GUARD
from dxday.programme.models import PlacementOverride
from tests import make

START = make.at("2026-10-10 08:00")
ROOMS = 3

intervals = st.builds(
    lambda begin, length: Interval(
        START + timedelta(minutes=5 * begin), START + timedelta(minutes=5 * (begin + length))
    ),
    st.integers(0, 20),
    st.integers(1, 8),
)
bookings = st.lists(st.tuples(st.integers(0, ROOMS - 1), intervals), max_size=25)
wishes = st.tuples(st.integers(0, ROOMS - 1), intervals, st.booleans(), st.booleans())


@given(bookings)
def test_the_sweep_finds_what_comparing_every_pair_finds(placed):
    numbered = [(number, room, interval) for number, (room, interval) in enumerate(placed)]

    found = rules.find_room_clashes(numbered)

    every_pair = {
        rules.Clash(room, number, other)
        for number, room, interval in numbered
        for other, other_room, other_interval in numbered
        if number < other
        and room == other_room
        and interval.start < other_interval.end
        and other_interval.start < interval.end
    }
    assert len(found) == len(set(found))
    assert set(found) == every_pair


@pytest.mark.parametrize("shared", [False, True])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(placed=st.lists(wishes, max_size=12))
def test_the_database_refuses_exactly_what_the_rule_calls_a_clash(app, shared, placed):
    with db.session.begin_nested() as savepoint:
        edition = make.edition()
        site = make.site(edition)
        # The first room is shared in the second run: nothing in it ever clashes.
        rooms = [make.room(site, shared=shared and number == 0) for number in range(ROOMS)]
        holding = []
        for number, (at, interval, overridden, cancelled) in enumerate(placed):
            room = rooms[at]
            holds = rules.holds_room(shared=room.shared, overridden=overridden, cancelled=cancelled)
            wanted = [*holding, (number, room.id, interval)] if holds else holding
            clashes = bool(rules.find_room_clashes(wanted))

            assert _is_refused(edition, room, interval, overridden, cancelled) is clashes
            holding = holding if clashes else wanted
        savepoint.rollback()


def _is_refused(edition, room, interval, overridden, cancelled):
    try:
        with db.session.begin_nested():
            override = (
                make.save(PlacementOverride(reason="hall is divided", created_at=make.NOW))
                if overridden
                else None
            )
            make.placement(
                make.session(edition),
                room,
                starts_at=interval.start,
                ends_at=interval.end,
                override_id=override.id if override else None,
                cancelled_at=make.NOW if cancelled else None,
            )
    except IntegrityError as error:
        return ROOM_GUARD in str(error.orig) or str(error)
    return False
