"""How changes are put together, when one is stale, and which state may follow which."""

import pytest

from dxday.core.permissions import Role
from dxday.proposals import rules
from dxday.proposals.rules import Change, Kind, State
from tests import make


def moved(to, *, session_id=1):
    return Change(Kind.MOVE, session_id, 3, was={"starts_at": "08:00"}, becomes={"starts_at": to})


def test_a_later_change_of_the_same_thing_takes_the_place_of_the_earlier():
    other = moved("10:00", session_id=2)

    assert rules.put_change([moved("09:00"), other], moved("09:30")) == [moved("09:30"), other]


def test_a_change_back_to_how_it_is_is_no_change():
    assert rules.put_change([moved("09:00")], moved("08:00")) == []


def test_only_what_differs_is_kept():
    change = Change(Kind.MOVE, 1, 3, was={"a": 1, "b": 2}, becomes={"a": 1, "b": 3})

    assert rules.put_change([], change) == [Change(Kind.MOVE, 1, 3, was={"b": 2}, becomes={"b": 3})]


def test_what_is_cancelled_is_not_moved_as_well_and_the_other_way_round():
    cancelled = Change(Kind.CANCEL, 1, 3, was={"room": 1})

    assert rules.put_change([moved("09:00")], cancelled) == [cancelled]
    assert rules.put_change([cancelled], moved("09:00")) == [moved("09:00")]


def test_opting_out_takes_the_place_of_how_it_is_received():
    received = Change(Kind.RECEIVE, 1, 3, 7, {"ready": False}, {"ready": True})
    out = Change(Kind.OPT_OUT, 1, 3, 7, {"received": True}, {"received": False, "reason": "x"})

    assert rules.put_change([received], out) == [out]


def test_a_change_is_read_as_it_was_kept():
    change = Change(Kind.RECEIVE, 1, 3, 7, {"ready": False}, {"ready": True}, taken=True)

    assert rules.read_change(change.to_json()) == change


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"kind": "explode", "session": 1, "version": 1, "becomes": {}},
        {"kind": "move", "session": 1, "version": "x", "becomes": {}},
        {"kind": "move", "session": 1, "version": 1, "becomes": 5},
    ],
)
def test_what_is_no_change_is_refused(kept):
    with pytest.raises(rules.ChangeNotKnown):
        rules.read_change(kept)


def test_what_differs_is_named_with_both_values():
    assert rules.find_differing({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == {"b": (2, 3)}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("wanted", list(State))
def test_a_state_follows_only_where_it_may(state, wanted):
    if wanted in rules.MOVES[state]:
        rules.check_move(state, wanted)
        return
    expected = rules.WithOrganizers if state is State.OPEN else rules.DecidedAlready
    with pytest.raises(expected):
        rules.check_move(state, wanted)


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        ({"role": Role.SITE, "edition_id": 1, "site_id": 5}, True),
        ({"role": Role.SITE, "edition_id": 1, "site_id": 6}, False),
        ({"role": Role.SITE, "edition_id": 2, "site_id": 5}, False),
        ({"role": Role.SITE, "edition_id": 1}, False),
        ({"role": Role.SITE}, False),
        ({"role": Role.ORGANIZER}, False),
        ({"role": Role.AGENCY}, False),
        ({"role": Role.ADMIN}, True),
    ],
)
def test_only_who_looks_after_a_site_acts_for_it(grant, allowed):
    actor = make.actor(**grant)
    if allowed:
        rules.check_acts_for(actor, 5, edition_id=1)
        return
    with pytest.raises(rules.NotYourSite):
        rules.check_acts_for(actor, 5, edition_id=1)
