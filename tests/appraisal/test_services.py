"""Admitting, returning, overriding, holding up and asking; and each refusal."""

from datetime import date, timedelta

import pytest

from dxday.appraisal import jobs, queries, rules, services
from dxday.appraisal.models import DossierPrint
from dxday.appraisal.rules import HoldOn
from dxday.audit import queries as audit
from dxday.core.errors import NotAllowed, NotFound
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import rules as nomination_rules
from dxday.nominations.rules import State
from tests import make
from tests.appraisal.conftest import TEXT, new_body
from tests.appraisal.test_checks import ask
from tests.conftest import on_both


def actions(nomination) -> list[str]:
    """What the trail says of a dossier."""
    db.session.commit()
    return [entry.action for entry in audit.list_entries(limit=100) if entry.subject == nomination.code]


# Admission ----------------------------------------------------------------------------------------------------------


def test_a_dossier_against_which_nothing_stands_goes_before_the_council(body):
    new = body.dossier()

    body.admit(new)

    assert new.state is State.ADMITTED
    assert actions(new) == ["nomination.admitted"]


def test_warnings_do_not_stop_admission(body):
    new = body.dossier(nominee_email="")

    body.admit(new)

    assert new.state is State.ADMITTED


def test_admission_is_refused_while_a_finding_stands_that_stops_it(body):
    new = body.dossier(file=False)

    with pytest.raises(rules.AdmissionBlocked, match="“Achievement report” is missing"):
        body.admit(new)

    assert new.state is State.SUBMITTED


def test_an_override_lets_the_dossier_go_and_is_kept_with_its_reason(body):
    new = body.dossier(file=False)
    body.override(new, "missing-item")

    body.admit(new)

    (found,) = body.look(new).findings
    assert (found.override.reason, found.override.by) == ("Đã đối chiếu bản gốc.", body.account.full_name)
    assert sorted(actions(new)) == ["finding.overridden", "nomination.admitted"]


def test_each_finding_that_stops_admission_needs_its_own_override(body):
    new = body.dossier(file=False)
    body.hold(new)
    body.override(new, "missing-item")

    with pytest.raises(rules.AdmissionBlocked, match="Đơn tố cáo"):
        body.admit(new)


def test_an_override_that_was_taken_back_stops_admission_again(body):
    new = body.dossier(file=False)
    found = body.override(new, "missing-item")
    services.remove_override(new, found.rule, found.key, actor=body.secretary, now=make.NOW)

    with pytest.raises(rules.AdmissionBlocked):
        body.admit(new)


def test_an_override_speaks_of_the_text_that_was_compared_and_of_no_later_one(body):
    agency = make.organisation()
    body.dossier(make.category(make.scheme(body.edition)), organisation=agency)
    new = body.dossier(organisation=agency)
    body.override(new, "same-achievement")
    assert not any(found.blocks for found in body.look(new).findings)
    new.achievement = f"{TEXT} Thêm một câu nữa."
    make.save(new)

    with pytest.raises(rules.AdmissionBlocked, match="of the text also stands in dossier"):
        body.admit(new)


def test_a_text_that_was_never_compared_is_compared_at_admission(body):
    agency = make.organisation()
    body.dossier(make.category(make.scheme(body.edition)), organisation=agency)
    new = body.dossier(organisation=agency)
    services._compare(new.id, [])
    db.session.delete(db.session.get(DossierPrint, new.id))
    db.session.flush()
    assert "same-achievement" not in body.codes(new)

    with pytest.raises(rules.AdmissionBlocked, match="of the text also stands in dossier"):
        body.admit(new)


@pytest.mark.parametrize("state", sorted(set(State) - {State.SUBMITTED}))
def test_only_what_was_handed_in_is_admitted(body, state):
    new = body.dossier(state=state)

    with pytest.raises(nomination_rules.MoveNotPossible):
        body.admit(new)


def test_returning_needs_a_reason_and_gives_the_whole_last_day(body):
    new = body.dossier()
    with pytest.raises(rules.ReasonNeeded):
        send_back(body, new, reason=" ")

    send_back(body, new)

    assert new.state is State.RETURNED
    assert new.return_due_at == make.at(f"{make.TODAY + timedelta(days=7)} 23:59:59")


def send_back(body, nomination, **given):
    plain = {
        "reason": "Thiếu biên bản.",
        "due_on": make.TODAY + timedelta(days=7),
        "actor": body.secretary,
        "now": make.NOW,
    }
    services.return_for_completion(body.edition, nomination, **(plain | given))


# Who may ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.AGENCY, Role.MEMBER, Role.ORGANIZER, Role.SITE])
def test_nobody_but_the_standing_body_appraises(body, role):
    new, other = body.dossier(file=False), body.dossier(nominee_name="Tổ B")
    hold, asked = body.hold(other), ask(body, other)
    actor = make.actor(role)
    acts = [
        lambda: body.admit(new, actor=actor),
        lambda: send_back(body, new, actor=actor),
        lambda: body.override(new, "missing-item", actor=actor),
        lambda: services.remove_override(new, "missing-item", "attachment", actor=actor, now=make.NOW),
        lambda: body.hold(new, actor=actor),
        lambda: services.lift_hold(hold, reason="x", today=make.TODAY, actor=actor, now=make.NOW),
        lambda: ask(body, new, actor=actor),
        lambda: services.note_answer(other, asked, in_favour=True, text="", actor=actor, now=make.NOW),
    ]

    for act in acts:
        with pytest.raises(NotAllowed):
            act()


def test_the_standing_body_of_another_edition_may_not_either(body):
    stranger = new_body()

    with pytest.raises(NotAllowed):
        body.admit(body.dossier(), actor=stranger.secretary)


# Overrides ----------------------------------------------------------------------------------------------------------


def test_an_override_needs_a_reason_and_a_finding(body):
    new = body.dossier(file=False)

    with pytest.raises(rules.ReasonNeeded):
        body.override(new, "missing-item", reason="  ")
    with pytest.raises(rules.FindingGone):
        services.override_finding(
            body.edition, new, "hold", "1", reason="x", actor=body.secretary, now=make.NOW
        )
    with pytest.raises(NotFound):
        services.remove_override(new, "hold", "1", actor=body.secretary, now=make.NOW)


def test_what_was_decided_is_not_overridden_any_more(body):
    new = body.dossier(file=False, state=State.AWARDED)

    with pytest.raises(rules.NotUnderAppraisal):
        body.override(new, "missing-item")


# Holds --------------------------------------------------------------------------------------------------------------


def test_a_hold_needs_a_reason_and_does_not_end_before_it_begins(body):
    new = body.dossier()

    with pytest.raises(rules.ReasonNeeded):
        body.hold(new, reason=" ")
    with pytest.raises(rules.ExpiryPast):
        body.hold(new, expires_on=make.TODAY - timedelta(days=1))


def test_a_hold_is_lifted_once_with_a_reason(body):
    hold = body.hold(body.dossier())
    with pytest.raises(rules.ReasonNeeded):
        services.lift_hold(hold, reason="", today=make.TODAY, actor=body.secretary, now=make.NOW)
    services.lift_hold(hold, reason="Xong.", today=make.TODAY, actor=body.secretary, now=make.NOW)

    with pytest.raises(rules.HoldOver):
        services.lift_hold(hold, reason="Lại.", today=make.TODAY, actor=body.secretary, now=make.NOW)

    assert hold.lift_reason == "Xong."


def test_the_trail_says_that_a_hold_was_opened_and_not_why(body):
    new = body.dossier()
    body.hold(new, on=HoldOn.NOMINEE)
    db.session.commit()

    (entry,) = [each for each in audit.list_entries(limit=100) if each.action == "hold.opened"]

    assert entry.facts == {
        "hold": queries.list_holds(body.edition.id)[0].id,
        "on": "nominee",
        "kind": "complaint",
    }


def test_a_hold_of_another_edition_is_not_found(body):
    hold = body.hold(body.dossier())

    with pytest.raises(NotFound):
        queries.get_hold(make.edition().id, hold.id)


# Opinions -----------------------------------------------------------------------------------------------------------


def test_the_reply_is_due_after_so_many_working_days(body):
    # Thursday, 30 April 2026 and 1 May are holidays.
    asked = ask(body, body.dossier(), today=date(2026, 4, 29), days=2)

    assert asked.due_on == date(2026, 5, 5)


def test_an_answer_is_noted_once(body):
    new = body.dossier()
    asked = ask(body, new)
    note = {"text": "", "actor": body.secretary, "now": make.NOW}
    services.note_answer(new, asked, in_favour=True, **note)

    with pytest.raises(rules.AnsweredAlready):
        services.note_answer(new, asked, in_favour=False, **note)

    assert asked.in_favour is True


def test_an_opinion_needs_an_agency_and_a_deadline_that_is_one(body):
    new = body.dossier()

    with pytest.raises(rules.AgencyNotNamed):
        ask(body, new, organisation_name=" ")
    for days in (0, 61):
        with pytest.raises(rules.DaysOutOfRange):
            ask(body, new, days=days)
    with pytest.raises(rules.NotUnderAppraisal):
        ask(body, body.dossier(state=State.DECLINED))


# Comparing ----------------------------------------------------------------------------------------------------------


@on_both
def test_the_job_compares_what_was_handed_in_once(own_app):
    with own_app.app_context():
        body = new_body()
        for name in ("Tổ A", "Tổ B", "Tổ C"):
            make.nomination(body.category, nominee_name=name, achievement=TEXT)
        make.nomination(body.category, achievement=TEXT, state=State.DRAFT)
        db.session.commit()

        done = [jobs.compare_texts(make.NOW), jobs.compare_texts(make.NOW)]
        found = [
            [each.rule for each in look.findings if each.rule == "similar-text"]
            for look in queries.appraise(body.edition, queries.list_dossiers(body.edition.id), now=make.NOW)
        ]

    assert done == [3, 0]
    assert found == [["similar-text"] * 2] * 3


def test_the_number_of_queries_does_not_depend_on_the_number_of_dossiers(body, queries):
    from dxday.appraisal import queries as reading

    agency = make.organisation()

    def count() -> int:
        db.session.expire_all()
        listed = reading.list_dossiers(body.edition.id)
        edition = body.edition
        edition.time_zone  # noqa: B018  (loaded with the request)
        with queries() as counted:
            reading.appraise(edition, listed, now=make.NOW)
        return counted.total

    body.hold(body.dossier(organisation=agency))
    few = count()
    for n in range(12):
        body.dossier(organisation=agency, nominee_name=f"Tổ {n}")

    assert count() == few
