"""Recording a decision: whole or not at all, once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.audit import queries as audit
from dxday.awards import queries, rules
from dxday.awards.models import Award, Decision
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations.rules import NotTheCouncil, State
from dxday.schemes.models import Scheme
from dxday.schemes.rules import NomineeKind
from tests import make
from tests.awards.conftest import LINE


def test_a_decision_makes_awards_in_its_order_with_what_was_decided_frozen(council):
    first = council.nomination(nominee_name="Nguyễn Văn Mẫu", nominee_position="Bản Mẫu")
    second = council.nomination(nominee_name="Trần Thị Thí Dụ")

    decision = council.record(second, first)
    first.nominee_name = "Changed later"

    awards = queries.awards_of(decision.id)
    assert [(a.position, a.recipient_name, a.recipient_position, a.achievement) for a in awards] == [
        (1, "Trần Thị Thí Dụ", "", LINE),
        (2, "Nguyễn Văn Mẫu", "Bản Mẫu", LINE),
    ]
    assert {a.recipient_kind for a in awards} == {NomineeKind.COLLECTIVE}
    assert [a.organisation_name for a in awards] == [second.organisation_name, first.organisation_name]
    assert [first.state, second.state] == [State.AWARDED, State.AWARDED]


def test_a_decision_is_noted_with_whom_it_honours(council):
    nomination = council.nomination()

    decision = council.record(nomination, number=" 3204/QĐ-UBND ")
    db.session.commit()

    assert decision.number == "3204/QĐ-UBND"
    assert decision.recorded_by_id == council.account.id
    newest = audit.list_entries(edition_id=council.edition.id)[:2]
    assert [(e.action, e.subject, e.facts) for e in newest] == [
        (
            "decision.recorded",
            "3204/QĐ-UBND",
            {"decided_on": make.TODAY.isoformat(), "nominations": [nomination.code]},
        ),
        ("nomination.awarded", nomination.code, {"decision": "3204/QĐ-UBND"}),
    ]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"number": " "}, rules.NumberMissing),
        ({"decided_on": make.TODAY + timedelta(days=2)}, rules.DecidedInFuture),
        ({"awards": []}, rules.NobodyChosen),
    ],
)
def test_a_decision_that_cannot_be_is_refused(council, given, refusal):
    with pytest.raises(refusal):
        council.record(council.nomination(), **given)


def test_today_is_the_day_where_the_edition_is(council):
    council.edition.time_zone = "Asia/Ho_Chi_Minh"
    late = make.at("2026-11-20 00:30")

    council.record(council.nomination(), decided_on=late.date(), now=late)
    with pytest.raises(rules.DecidedInFuture):
        council.record(council.nomination(), decided_on=late.date() + timedelta(days=1), now=late)


def test_a_line_is_needed_for_each_and_has_an_end(council):
    nomination = council.nomination()

    with pytest.raises(rules.LineMissing):
        council.record(awards=[(nomination, " \n ")])
    with pytest.raises(rules.LineTooLong):
        council.record(awards=[(nomination, "x" * 301)])


BEFORE_THE_COUNCIL = {State.SUBMITTED, State.ADMITTED, State.APPROVED}


@pytest.mark.parametrize("state", sorted(BEFORE_THE_COUNCIL))
def test_what_is_before_the_council_can_be_honoured(council, state):
    nomination = council.nomination(state=state)

    council.record(nomination)

    assert nomination.state == State.AWARDED


@pytest.mark.parametrize("state", sorted(set(State) - {State.APPROVED}))
def test_where_a_ballot_is_wanted_only_what_it_approved_can_be_honoured(council, state):
    db.session.get_one(Scheme, council.category.scheme_id).ballot = True
    nomination = council.nomination(state=state)

    with pytest.raises(rules.NotApproved if state in BEFORE_THE_COUNCIL else rules.NotSubmitted):
        council.record(nomination)
    council.record(council.nomination(state=State.APPROVED))

    assert nomination.state == state


@pytest.mark.parametrize("state", sorted(set(State) - BEFORE_THE_COUNCIL))
def test_only_what_is_before_the_council_can_be_honoured(council, state):
    nomination = council.nomination(state=state, nominee_name="Nguyễn Văn Mẫu")

    with pytest.raises(rules.NotSubmitted) as refused:
        council.record(council.nomination(), nomination)

    assert refused.value.facts == {"nominee": "Nguyễn Văn Mẫu"}


def test_nobody_is_honoured_twice_by_one_decision(council):
    nomination = council.nomination()

    with pytest.raises(rules.NotSubmitted):
        council.record(nomination, nomination)


def test_a_number_is_given_once_in_an_edition(council):
    council.record(council.nomination(), number="3204/QĐ-UBND")

    with pytest.raises(rules.DecisionNumberTaken):
        council.record(council.nomination(), number="3204/QĐ-UBND")


def test_another_edition_may_have_the_same_number(council):
    other = make.edition()
    make.decision(other, number="3204/QĐ-UBND")

    council.record(council.nomination(), number="3204/QĐ-UBND")

    assert [d.number for d in queries.list_decisions(other.id)] == ["3204/QĐ-UBND"]


def test_a_nomination_of_another_edition_is_not_there(council):
    stranger = make.nomination(make.category(make.scheme(make.edition())))

    with pytest.raises(NotFound):
        council.record(stranger)


@pytest.mark.parametrize("role", [Role.AGENCY, Role.ORGANIZER])
def test_only_the_council_records_decisions(council, role):
    with pytest.raises(NotTheCouncil):
        council.record(council.nomination(), actor=make.actor(role))


def test_awards_are_read_by_scheme_category_and_place(council):
    edition = council.edition
    later = make.category(make.scheme(edition, position=2))
    earlier = make.category(make.scheme(edition, position=1))
    nominations = [make.nomination(c) for c in (later, earlier, council.category)]

    decision = council.record(*nominations)

    assert [a.nomination_id for a in queries.list_awards(edition.id)] == [n.id for n in reversed(nominations)]
    assert [a.nomination_id for a in queries.awards_of(decision.id)] == [n.id for n in nominations]


def test_what_belongs_to_another_edition_is_not_found(council):
    decision = council.record(council.nomination())
    award = db.session.scalars(select(Award)).one()
    other = make.edition()

    assert queries.get_award(council.edition.id, award.code).id == award.id
    assert queries.get_decision(council.edition.id, decision.id).id == decision.id
    assert queries.get_decision_by_number(council.edition.id, decision.number).id == decision.id
    with pytest.raises(NotFound):
        queries.get_award(other.id, award.code)
    with pytest.raises(NotFound):
        queries.get_decision(other.id, decision.id)
    with pytest.raises(NotFound):
        queries.get_decision_by_number(other.id, decision.number)
    assert db.session.scalars(select(Decision)).all() == [decision]
