"""Announcing a decision: by hand, at its moment, once, and never back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday import db as database
from dxday.audit import queries as audit
from dxday.awards import jobs, queries, rules, services
from dxday.awards.models import Decision
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import queries as nominations
from dxday.nominations import rules as nomination_rules
from dxday.nominations import services as nomination_services
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.scheduler import run_job
from tests import make
from tests.awards.conftest import new_council
from tests.awards.test_races import at_once
from tests.conftest import on_both

LATER = make.NOW + timedelta(hours=3)


def embargoed(council, *given, **more) -> Decision:
    return council.record(*(given or [council.nomination()]), **{"announce_at": None, **more})


def announce(council, decision, now=make.NOW):
    services.announce_decision(decision, actor=council.secretary, now=now)


def test_a_decision_is_not_public_until_it_is_announced(council):
    nomination = council.nomination(nominee_name="Nguyễn Văn Mẫu")

    decision = embargoed(council, nomination)

    assert (decision.is_announced, queries.list_awards(council.edition.id)) == (False, [])
    assert [each.recipient_name for each in queries.list_awards(council.edition.id, embargoed=True)] == [
        "Nguyễn Văn Mẫu"
    ]
    announce(council, decision, LATER)
    assert (decision.announced_at, decision.announced_by_id) == (LATER, council.account.id)
    assert [each.recipient_name for each in queries.list_awards(council.edition.id)] == ["Nguyễn Văn Mẫu"]


@pytest.mark.parametrize("state", [State.SUBMITTED, State.ADMITTED, State.APPROVED])
def test_the_agency_is_told_the_state_of_before_until_then(council, state):
    nomination = council.nomination(state=state, updated_at=make.NOW - timedelta(days=3))

    decision = embargoed(council, nomination)

    assert (nomination.state, nomination.told) == (State.AWARDED, state)
    assert nomination.updated_at == make.NOW - timedelta(days=3)
    db.session.commit()
    assert [each.action for each in nominations.list_history(nomination)] == ["nomination.awarded"]
    assert nominations.list_history(nomination, told=True) == []
    announce(council, decision)
    assert (nomination.told, nomination.updated_at) == (State.AWARDED, make.NOW)
    assert [each.action for each in nominations.list_history(nomination, told=True)] == ["nomination.awarded"]


@pytest.mark.parametrize(
    "act",
    [
        nomination_services.withdraw_nomination,
        nomination_services.submit_nomination,
        nomination_services.take_back,
        nomination_services.send_for_endorsement,
    ],
)
def test_what_the_agency_tries_is_refused_without_a_word_of_the_decision(council, act):
    nomination = council.nomination(state=State.ADMITTED)
    embargoed(council, nomination)
    officer = make.actor(
        Role.AGENCY, edition_id=council.edition.id, organisation_id=nomination.organisation_id
    )

    with pytest.raises(nomination_rules.MoveNotPossible) as refused:
        act(nomination, actor=officer, now=make.NOW)

    assert str(refused.value.facts["state"]) == "Before the council"


def test_announcing_is_noted_with_whom_it_honours(council):
    nomination = council.nomination()
    decision = embargoed(council, nomination, number="1/QĐ-UBND")

    announce(council, decision)
    db.session.commit()

    newest = audit.list_entries(edition_id=council.edition.id)[:2]
    facts = {"decided_on": make.TODAY.isoformat(), "nominations": [nomination.code]}
    assert [(each.action, each.subject, each.facts) for each in newest] == [
        ("decision.announced", "1/QĐ-UBND", facts),
        ("decision.recorded", "1/QĐ-UBND", facts | {"embargoed": True, "announce_at": None}),
    ]


def test_what_was_announced_cannot_be_announced_again_nor_put_off(council):
    decision = council.record(council.nomination())

    with pytest.raises(rules.AnnouncedAlready):
        announce(council, decision)
    with pytest.raises(rules.AnnouncedAlready):
        services.put_off_announcement(decision, announce_at=LATER, actor=council.secretary, now=make.NOW)


def test_only_who_records_decisions_announces_them(council):
    decision = embargoed(council)
    stranger = make.actor(Role.ORGANIZER, edition_id=council.edition.id)

    with pytest.raises(nomination_rules.NotTheCouncil):
        services.announce_decision(decision, actor=stranger, now=make.NOW)
    with pytest.raises(nomination_rules.NotTheCouncil):
        services.put_off_announcement(decision, announce_at=None, actor=stranger, now=make.NOW)


def test_a_moment_that_is_over_is_refused_so_that_a_slip_announces_nothing(council):
    past = make.NOW - timedelta(seconds=1)

    with pytest.raises(rules.AnnouncedInPast):
        council.record(council.nomination(), announce_at=past)
    decision = embargoed(council)
    with pytest.raises(rules.AnnouncedInPast):
        services.put_off_announcement(decision, announce_at=past, actor=council.secretary, now=make.NOW)

    assert decision.announced_at is None


def test_the_clock_announces_at_the_moment_and_not_before(council):
    decision, by_hand = embargoed(council, announce_at=LATER), embargoed(council)
    db.session.commit()

    counts = [jobs.announce_due(now) for now in (LATER - timedelta(seconds=1), LATER, LATER)]

    db.session.refresh(decision)
    assert counts == [0, 1, 0]
    assert (decision.announced_at, decision.announced_by_id) == (LATER, None)
    assert by_hand.announced_at is None


def test_the_timetable_has_the_announcing(council):
    embargoed(council, announce_at=LATER)
    db.session.commit()

    assert run_job("announce-decisions", LATER, queue=None) == 1
    assert run_job("tell-awardees", LATER, queue=None) == 0


def test_a_moment_that_was_moved_counts(council):
    decision = embargoed(council, announce_at=LATER)
    services.put_off_announcement(
        decision, announce_at=LATER + timedelta(days=1), actor=council.secretary, now=make.NOW
    )
    db.session.commit()

    assert jobs.announce_due(LATER) == 0
    services.put_off_announcement(decision, announce_at=None, actor=council.secretary, now=make.NOW)
    db.session.commit()
    assert jobs.announce_due(LATER + timedelta(days=9)) == 0


def test_a_clock_that_dies_between_two_decisions_announces_the_rest_when_it_is_back(council, monkeypatch):
    first, second = embargoed(council, announce_at=LATER), embargoed(council, announce_at=LATER)
    db.session.commit()
    whole = services.announce_decision
    calls = []

    def dies(decision, **given):
        calls.append(decision.id)
        whole(decision, **given)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(services, "announce_decision", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.announce_due(LATER)
    db.session.expire_all()
    assert [each.announced_at for each in (first, second)] == [LATER, None]
    monkeypatch.undo()

    assert jobs.announce_due(LATER + timedelta(minutes=1)) == 1

    db.session.expire_all()
    assert second.announced_at == LATER + timedelta(minutes=1)
    actions = [each.action for each in audit.list_entries(edition_id=council.edition.id, limit=50)]
    assert actions.count("decision.announced") == 2


@pytest.fixture
def waiting(own_app):
    """A decision under embargo until LATER, and a nomination, committed."""
    with own_app.app_context():
        council = new_council()
        decision = embargoed(council, announce_at=LATER)
        nomination = council.nomination()
        found = council.edition.id, council.category.id, council.secretary, decision.id, nomination.id
        db.session.commit()
    return found


def announcing(decision_id, actor):
    def prepare():
        decision = db.session.get(Decision, decision_id)
        return lambda: services.announce_decision(decision, actor=actor, now=LATER)

    return prepare


def entries(own_app, edition_id, action):
    with own_app.app_context():
        found = audit.list_entries(edition_id=edition_id, limit=50)
        return [each.action for each in found].count(action)


@on_both
def test_of_two_who_announce_at_once_the_second_is_refused(own_app, waiting):
    edition_id, _, secretary, decision_id, _ = waiting

    answers = at_once(own_app, announcing(decision_id, secretary), announcing(decision_id, secretary))

    assert set(answers) == {None, rules.AnnouncedAlready}
    assert entries(own_app, edition_id, "decision.announced") == 1


@on_both
def test_the_clock_and_a_person_at_once_announce_once(own_app, waiting):
    edition_id, _, secretary, decision_id, _ = waiting

    def by_the_clock():
        return lambda: services.announce_if_due(decision_id, now=LATER)

    answers = at_once(own_app, announcing(decision_id, secretary), by_the_clock)

    assert answers in ([None, False], [rules.AnnouncedAlready, True])
    assert entries(own_app, edition_id, "decision.announced") == 1


@on_both
def test_two_clocks_at_once_announce_once(own_app, waiting):
    edition_id, _, _, decision_id, _ = waiting

    def by_the_clock():
        return lambda: services.announce_if_due(decision_id, now=LATER)

    assert sorted(at_once(own_app, by_the_clock, by_the_clock)) == [False, True]
    assert entries(own_app, edition_id, "decision.announced") == 1


@on_both
def test_announcing_one_while_another_is_recorded_leaves_the_other_under_embargo(own_app, waiting):
    edition_id, category_id, secretary, decision_id, nomination_id = waiting

    def recording():
        from dxday.editions.models import Edition
        from dxday.schemes.models import Category
        from tests.awards.conftest import Council

        council = Council(db.session.get(Edition, edition_id), db.session.get(Category, category_id), None)
        nomination = db.session.get(Nomination, nomination_id)
        return lambda: (
            council.record(nomination, number="2/QĐ-UBND", actor=secretary, announce_at=None).number
        )

    answers = at_once(own_app, announcing(decision_id, secretary), recording)

    assert answers == [None, "2/QĐ-UBND"]
    with own_app.app_context():
        announced = dict(db.session.execute(select(Decision.number, Decision.announced_at)).all())
        assert [announced["2/QĐ-UBND"], announced.pop("2/QĐ-UBND")] == [None, None]
        assert list(announced.values()) == [LATER]
        with database.transaction():
            assert services.announce_if_due(decision_id, now=LATER) is False
