"""Calls with grace and extensions, the quota that holds, weights, and working days."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dxday.schemes import rules
from tests import make

OPENS, CLOSES = make.at("2026-08-01 08:00"), make.at("2026-08-31 17:00")
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Q:
    most: int
    category_id: int | None = None
    organisation_kind: str | None = None
    organisation_id: int | None = None


@dataclass(frozen=True)
class W:
    weight: int


@pytest.mark.parametrize(
    ("now", "is_open", "in_grace", "over"),
    [
        (OPENS - SECOND, False, False, False),
        (OPENS, True, False, False),
        (CLOSES - SECOND, True, False, False),
        (CLOSES, False, True, False),
        (CLOSES + timedelta(minutes=30) - SECOND, False, True, False),
        (CLOSES + timedelta(minutes=30), False, False, True),
    ],
)
def test_a_call_is_open_in_grace_and_over_to_the_second(now, is_open, in_grace, over):
    call = rules.make_call(OPENS, CLOSES, grace_minutes=30)

    assert (call.is_open(now), call.is_in_grace(now), call.is_over(now)) == (is_open, in_grace, over)


def test_without_a_grace_period_the_call_is_over_when_it_closes():
    call = rules.make_call(OPENS, CLOSES, grace_minutes=0)

    assert (call.is_in_grace(CLOSES), call.is_over(CLOSES)) == (False, True)


def test_a_call_without_an_opening_is_never_open_and_one_without_a_closing_never_over():
    never = rules.make_call(None, CLOSES, grace_minutes=0)
    endless = rules.make_call(OPENS, None, grace_minutes=30, extensions=[CLOSES])

    assert never.is_open(OPENS) is False
    assert (endless.is_open(CLOSES), endless.is_in_grace(CLOSES), endless.is_over(CLOSES)) == (
        True,
        False,
        False,
    )


def test_the_latest_extension_counts_its_grace_after_it_and_none_closes_earlier():
    later, latest = CLOSES + timedelta(days=1), CLOSES + timedelta(days=3)

    extended = rules.make_call(OPENS, CLOSES, grace_minutes=30, extensions=[latest, later])
    shortened = rules.make_call(OPENS, CLOSES, grace_minutes=0, extensions=[CLOSES - timedelta(days=1)])

    assert extended == rules.Call(OPENS, latest, latest + timedelta(minutes=30))
    assert shortened.closes_at == CLOSES


EVERYBODY, IN_CATEGORY = Q(9), Q(8, category_id=1)
OF_KIND, OF_KIND_IN_CATEGORY = Q(7, organisation_kind="commune"), Q(6, 1, "commune")
OF_ONE, OF_ONE_IN_CATEGORY = Q(5, organisation_id=3), Q(4, 1, None, 3)


@pytest.mark.parametrize(
    ("quotas", "holds"),
    [
        ([], None),
        ([EVERYBODY], EVERYBODY),
        ([EVERYBODY, IN_CATEGORY], IN_CATEGORY),
        ([OF_KIND, IN_CATEGORY], OF_KIND),
        ([OF_KIND, OF_KIND_IN_CATEGORY], OF_KIND_IN_CATEGORY),
        ([OF_KIND_IN_CATEGORY, OF_ONE], OF_ONE),
        ([OF_ONE_IN_CATEGORY, OF_ONE, EVERYBODY], OF_ONE_IN_CATEGORY),
        ([Q(1, category_id=2), Q(1, organisation_kind="ministry"), Q(1, organisation_id=4)], None),
    ],
)
def test_the_most_particular_quota_holds_alone(quotas, holds):
    found = rules.find_quota(quotas, category_id=1, organisation_id=3, organisation_kind="commune")

    assert found == holds


def test_a_quota_of_a_category_counts_its_nominations_and_a_general_one_those_of_all():
    used = {(1, 3): 2, (2, 3): 5, (1, 4): 9}

    assert rules.count_against(IN_CATEGORY, used, organisation_id=3) == 2
    assert rules.count_against(EVERYBODY, used, organisation_id=3) == 7
    assert rules.count_against(EVERYBODY, used, organisation_id=5) == 0


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_the_shares_of_weights_are_a_hundred_percent_together(weights):
    shares = rules.percents([W(weight) for weight in weights])

    assert sum(shares) == pytest.approx(100)
    assert [share * sum(weights) for share in shares] == pytest.approx([100 * weight for weight in weights])


def test_nothing_has_no_shares():
    assert rules.percents([]) == []


def test_ten_working_days_end_at_midnight_and_leave_out_what_the_holiday_table_names():
    begun = make.at("2026-10-05 09:00")

    plain = rules.end_of_working_days(begun, 10, zone=make.VIETNAM, days_off={})
    with_holiday = rules.end_of_working_days(
        begun, 10, zone=make.VIETNAM, days_off={date(2026, 10, 14): True}
    )

    assert plain == make.at("2026-10-20 00:00")
    assert with_holiday == make.at("2026-10-21 00:00")
