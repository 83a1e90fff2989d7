"""Whom a decision may honour: holds, quotas, and the order in which they are proposed."""

import pytest

from dxday.appraisal import services as appraisal
from dxday.appraisal.rules import HoldKind, HoldOn
from dxday.awards import queries, rules
from dxday.core.permissions import Role
from dxday.council.sheets.models import Sheet
from dxday.council.sheets.rules import SheetState
from dxday.db import db
from dxday.nominations import queries as nominations
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Quota, Scheme
from tests import make


def scheme_of(council) -> Scheme:
    return db.session.get(Scheme, council.category.scheme_id)


def hold(council, nomination, on=HoldOn.NOMINATION, **given):
    plain = {
        "kind": HoldKind.INVESTIGATION,
        "reason": "Đang điều tra.",
        "expires_on": None,
        "today": make.TODAY,
        "actor": council.secretary,
        "now": make.NOW,
    }
    return appraisal.open_hold(nomination, on=on, **(plain | given))


@pytest.mark.parametrize("on", list(HoldOn))
@pytest.mark.parametrize("state", [State.SUBMITTED, State.ADMITTED, State.APPROVED])
def test_what_a_hold_stands_against_is_not_honoured_and_the_hold_is_named(council, state, on):
    nomination = council.nomination(nominee_name="Nguyễn Văn Mẫu")
    hold(council, nomination, on)
    nomination.state = state

    with pytest.raises(rules.HeldUp) as refused:
        council.record(nomination)

    assert str(refused.value) == (
        f"A hold stands against Nguyễn Văn Mẫu: Investigation, since {make.TODAY:%d/%m/%Y}. "
        "Nobody is honoured until it is lifted. Nothing was recorded."
    )


def test_once_the_hold_is_lifted_it_is_honoured(council):
    nomination = council.nomination()
    opened = hold(council, nomination)
    appraisal.lift_hold(
        opened, reason="Đã kết luận.", today=make.TODAY, actor=council.secretary, now=make.NOW
    )

    council.record(nomination)

    assert nomination.state == State.AWARDED


def test_more_than_the_quota_is_told_with_the_numbers_and_refuses_nothing(council):
    scheme = scheme_of(council)
    agency, other = make.organisation(), make.organisation()
    make.save(Quota(scheme_id=scheme.id, organisation_id=agency.id, most=2))
    earlier = council.nomination(organisation=agency)
    council.record(earlier)
    chosen = [council.nomination(organisation=each) for each in (agency, agency, other)]

    def over(*nominations_):
        whole = nominations.list_by_codes(council.edition.id, [each.code for each in nominations_])
        return queries.list_over_quota(whole)

    assert over(chosen[0], chosen[2]) == []
    assert over(*chosen) == [rules.OverQuota(agency.name, 3, 2)]
    council.record(*chosen)


def scored(council, total, **given) -> Nomination:
    nomination = council.nomination(state=State.ADMITTED, **given)
    reader = make.account(Role.MEMBER, edition_id=council.edition.id)
    make.reading(nomination, reader)
    make.save(
        Sheet(
            nomination_id=nomination.id,
            account_id=reader.id,
            state=SheetState.SUBMITTED,
            total=total,
            created_at=make.NOW,
            updated_at=make.NOW,
            submitted_at=make.NOW,
        )
    )
    return nomination


def test_they_are_proposed_in_the_order_of_their_scores_within_each_category(council):
    low, high = scored(council, 50.0), scored(council, 90.0)
    without = council.nomination(state=State.ADMITTED)
    other = make.nomination(make.category(scheme_of(council), position=9), state=State.ADMITTED)

    found = queries.in_rank_order(
        nominations.list_to_decide(council.edition.id), viewer_id=council.account.id
    )

    assert [each.id for each in found] == [high.id, low.id, without.id, other.id]


def test_who_must_keep_away_from_a_dossier_learns_nothing_of_its_place(council):
    low, high = scored(council, 50.0), scored(council, 90.0)
    make.conflict_of_interest(high, council.account)

    found = queries.in_rank_order(
        nominations.list_to_decide(council.edition.id), viewer_id=council.account.id
    )

    assert [each.id for each in found] == [low.id, high.id]
