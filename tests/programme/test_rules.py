"""Times, states, rooms: what the rules decide."""

from datetime import date, timedelta

import pytest

from dxday.core.errors import Stale
from dxday.programme import rules
from dxday.programme.rules import Mode, SessionState
from tests.make import at

EIGHT, NINE = at("2026-10-10 08:00"), at("2026-10-10 09:00")


@pytest.mark.parametrize("end", [EIGHT, EIGHT - timedelta(minutes=1)])
def test_a_session_ends_after_it_begins(end):
    with pytest.raises(rules.TimesNotInOrder):
        rules.check_times(EIGHT, end)


def test_a_session_lasts_at_most_a_day():
    rules.check_times(EIGHT, EIGHT + timedelta(hours=24))

    with pytest.raises(rules.TooLong):
        rules.check_times(EIGHT, EIGHT + timedelta(hours=24, minutes=1))


@pytest.mark.parametrize("day", [9, 12])
def test_a_session_is_on_a_day_of_the_edition(day):
    with pytest.raises(rules.OutsideEdition):
        rules.check_day(date(2026, 10, day), first=date(2026, 10, 10), last=date(2026, 10, 11))


@pytest.mark.parametrize("day", [10, 11])
def test_the_first_and_the_last_day_count(day):
    rules.check_day(date(2026, 10, day), first=date(2026, 10, 10), last=date(2026, 10, 11))


@pytest.mark.parametrize("title", [{}, {"vi": ""}])
def test_a_session_has_a_title_in_some_language(title):
    with pytest.raises(rules.TitleMissing):
        rules.check_title(title)


def test_what_is_cancelled_is_not_cancelled_again():
    rules.check_can_cancel(SessionState.DRAFT)
    rules.check_can_cancel(SessionState.PUBLISHED)

    with pytest.raises(rules.AlreadyCancelled):
        rules.check_can_cancel(SessionState.CANCELLED)


def test_a_session_without_a_place_is_not_published():
    with pytest.raises(rules.NotPlacedYet):
        rules.check_can_publish(SessionState.DRAFT, placed=False)

    rules.check_can_publish(SessionState.DRAFT, placed=True)
    rules.check_can_publish(SessionState.CANCELLED, placed=False)


def test_a_cancelled_session_is_not_changed():
    with pytest.raises(rules.CancelledForGood):
        rules.check_can_change(SessionState.CANCELLED)


@pytest.mark.parametrize("mode", [Mode.ON_SITE, Mode.BROADCAST, Mode.HYBRID])
def test_people_who_meet_need_a_room(mode):
    with pytest.raises(rules.RoomNeeded):
        rules.check_room_for(mode, has_room=False)


def test_an_online_session_needs_no_room():
    rules.check_room_for(Mode.ONLINE, has_room=False)


def test_a_change_made_in_sight_of_an_old_version_is_stale():
    rules.check_seen(3, 3)

    with pytest.raises(Stale):
        rules.check_seen(2, 3)


def test_moving_keeps_the_length_and_what_was_early_stays_as_early():
    early = EIGHT - timedelta(minutes=15)

    assert rules.moved(early, NINE, by=timedelta(hours=2), longer=timedelta(minutes=5)) == (
        at("2026-10-10 09:45"),
        at("2026-10-10 11:05"),
    )


def test_moving_may_not_turn_a_session_round():
    with pytest.raises(rules.TimesNotInOrder):
        rules.moved(EIGHT, NINE, by=timedelta(), longer=timedelta(hours=-1))
