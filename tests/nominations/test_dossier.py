"""Writing a dossier in sections: fields with a version each, one person per section, places, and questions first."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import queries, rules, sections, services
from dxday.nominations.models import EligibilityAnswer, SectionLock
from dxday.nominations.rules import State
from dxday.notifications.models import Message
from dxday.schemes.models import DossierItem, EligibilityQuestion, Quota
from dxday.schemes.rules import ItemKind
from tests import make
from tests.nominations.conftest import acting

SECOND = timedelta(seconds=1)


def add_item(desk, code, kind=ItemKind.TEXT, **given):
    plain = {
        "section": "reasons",
        "name": {"en": code.capitalize()},
        "help": None,
        "required": True,
        "most": None,
        "sensitive": False,
        "article": "Art. 1",
        "source": None,
    }
    return make.save(DossierItem(scheme_id=desk.category.scheme_id, code=code, kind=kind, **(plain | given)))


def add_question(desk, code="held", wanted=False):
    return make.save(
        EligibilityQuestion(
            scheme_id=desk.category.scheme_id,
            code=code,
            question={"en": f"{code.capitalize()}?"},
            wanted=wanted,
            refusal={"en": "Then it cannot be given."},
            article="Art. 2",
            source=None,
        )
    )


def colleague(desk):
    return acting(make.account(Role.AGENCY, edition_id=desk.edition.id, organisation_id=desk.agency.id))


def write(nomination, section, code, value, *, actor, version=0, now=make.NOW):
    found = sections.find_section(queries.layout_of(nomination), section)
    return services.save_answer(nomination, found, code, value, version=version, actor=actor, now=now)


def values(nomination):
    return queries.read_values(nomination, queries.list_answers(nomination.id))


# Fields


def test_a_field_is_kept_with_a_version_of_its_own(desk):
    add_item(desk, "reason")
    nomination = desk.draft()

    first = write(nomination, "reasons", "reason", "One.", actor=desk.officer)
    second = write(nomination, "reasons", "reason", "Two.", actor=desk.officer, version=1)
    name = write(nomination, "nominee", "nominee_name", "Trần Thị Thí Dụ", actor=desk.officer)

    assert (first, second, name) == (1, 2, 1)
    assert (values(nomination)["reason"], nomination.nominee_name) == ("Two.", "Trần Thị Thí Dụ")


def test_what_is_the_same_already_is_no_change(desk):
    nomination = desk.draft()
    write(nomination, "achievement", "achievement", "Once.", actor=desk.officer)

    assert write(nomination, "achievement", "achievement", "Once.", actor=desk.officer, version=0) == 1


def test_a_field_that_somebody_else_changed_is_not_written_over(desk):
    nomination, other = desk.draft(), colleague(desk)
    write(nomination, "achievement", "achievement", "Mine.", actor=desk.officer)
    later = make.NOW + rules.LOCK_FOR

    with pytest.raises(sections.FieldChanged) as refused:
        write(nomination, "achievement", "achievement", "Yours.", actor=other, version=0, now=later)

    assert (refused.value.field, refused.value.facts) == ("achievement", {"theirs": "Mine.", "version": 1})
    assert nomination.achievement == "Mine."
    assert write(nomination, "achievement", "achievement", "Yours.", actor=other, version=1, now=later) == 2


def test_the_page_of_the_whole_draft_and_the_sections_know_of_each_other(desk):
    nomination = desk.draft()
    given = {name: getattr(nomination, name) for name in sections.COLUMNS} | {"achievement": "Whole."}
    services.change_nomination(
        nomination, version=1, category=desk.category, actor=desk.officer, now=make.NOW, **given
    )

    with pytest.raises(sections.FieldChanged):
        write(nomination, "achievement", "achievement", "Part.", actor=desk.officer, version=0)


def test_the_page_of_the_whole_draft_does_not_write_into_a_section_that_somebody_edits(desk):
    nomination, other = desk.draft(), colleague(desk)
    services.take_section(nomination, "achievement", actor=other, now=make.NOW)
    given = {name: getattr(nomination, name) for name in sections.COLUMNS}
    change = {"version": 1, "category": desk.category, "actor": desk.officer, "now": make.NOW}

    with pytest.raises(sections.SectionTaken):
        services.change_nomination(nomination, **change, **(given | {"achievement": "Whole."}))
    services.change_nomination(nomination, **change, **(given | {"nominee_position": "Chief"}))

    assert nomination.nominee_position == "Chief"


def test_only_the_agency_writes_and_only_while_it_may(desk):
    nomination = desk.draft()
    stranger = make.actor(Role.AGENCY, edition_id=desk.edition.id, organisation_id=make.organisation().id)

    with pytest.raises(rules.NotYourAgency):
        write(nomination, "achievement", "achievement", "x", actor=stranger)
    with pytest.raises(rules.NotYourAgency):
        services.take_section(nomination, "achievement", actor=stranger, now=make.NOW)
    nomination.state, nomination.submitted_at = State.SUBMITTED, make.NOW
    db.session.flush()
    with pytest.raises(rules.MoveNotPossible):
        write(nomination, "achievement", "achievement", "x", actor=desk.officer)
    with pytest.raises(NotFound):
        write(nomination, "files", "attachment", "x", actor=desk.officer)


def test_sensitive_answers_are_left_out_for_those_who_do_not_appraise(desk):
    add_item(desk, "reason")
    add_item(desk, "religion", sensitive=True)
    nomination = desk.draft()

    def shown(*, sensitive):
        return [
            field.code
            for _, fields in queries.list_shown(nomination, sensitive=sensitive)
            for field, _ in fields
        ][5:]

    assert shown(sensitive=True) == ["reason", "religion"]
    assert shown(sensitive=False) == ["reason"]


def test_a_file_of_an_item_fills_its_gap(desk):
    item = add_item(desk, "minutes", ItemKind.FILE, section="papers")
    nomination = desk.draft()
    assert [gap.field for gap in queries.find_gaps(nomination)] == ["minutes"]

    desk.attach(nomination, item=item)

    assert queries.find_gaps(nomination) == []


# Sections


def test_a_section_is_edited_by_one_person_until_two_minutes_after_their_last_sign(desk):
    nomination, other = desk.draft(), colleague(desk)
    services.take_section(nomination, "achievement", actor=desk.officer, now=make.NOW)
    services.take_section(nomination, "nominee", actor=other, now=make.NOW)
    services.take_section(nomination, "achievement", actor=desk.officer, now=make.NOW + SECOND)
    end = make.NOW + SECOND + rules.LOCK_FOR

    with pytest.raises(sections.SectionTaken) as refused:
        services.take_section(nomination, "achievement", actor=other, now=end - SECOND)
    with pytest.raises(sections.SectionTaken):
        write(nomination, "achievement", "achievement", "x", actor=other, now=end - SECOND)
    services.take_section(nomination, "achievement", actor=other, now=end)

    assert refused.value.facts == {"who": desk.account.full_name, "since": make.NOW}
    assert queries.list_locks(nomination.id, end)["achievement"].account_id == other.account_id


def test_a_section_that_was_left_is_free_at_once_and_only_its_holder_leaves_it(desk):
    nomination, other = desk.draft(), colleague(desk)
    services.take_section(nomination, "achievement", actor=desk.officer, now=make.NOW)

    services.leave_section(nomination, "achievement", actor=other, now=make.NOW)
    assert list(queries.list_locks(nomination.id, make.NOW)) == ["achievement"]
    services.leave_section(nomination, "achievement", actor=desk.officer, now=make.NOW)

    assert queries.list_locks(nomination.id, make.NOW) == {}


def test_who_takes_a_section_over_has_it_and_the_other_is_told(desk):
    nomination, other = desk.draft(), colleague(desk)
    services.take_section(nomination, "achievement", actor=desk.officer, now=make.NOW)

    services.take_section(nomination, "achievement", actor=other, now=make.NOW, force=True)

    assert write(nomination, "achievement", "achievement", "Theirs.", actor=other) == 1
    with pytest.raises(sections.SectionTaken):
        write(nomination, "achievement", "achievement", "Mine.", actor=desk.officer, version=1)


# Questions first


def begin(desk, **given):
    return services.draft_nomination(
        desk.category, desk.agency, guid=uuid4(), nominee_name="A", actor=desk.officer, now=make.NOW, **given
    )


def test_the_answers_are_kept_with_the_question_as_it_was_put(desk):
    add_question(desk)

    nomination = begin(desk, eligibility={"held": False, "other": True})

    assert [
        (each.code, each.question, each.article, each.answer, each.answered_by_id)
        for each in queries.list_eligibility(nomination.id)
    ] == [("held", {"en": "Held?"}, "Art. 2", False, desk.account.id)]


def test_without_the_wanted_answers_nothing_is_begun(desk):
    add_question(desk)

    with pytest.raises(rules.EligibilityNotAnswered):
        begin(desk)
    with pytest.raises(rules.NotEligible) as refused:
        begin(desk, eligibility={"held": True})

    assert str(refused.value) == "Then it cannot be given. (Art. 2)"
    assert db.session.scalars(select(EligibilityAnswer)).all() == []


# Places


def add_quota(desk, most, **given):
    return make.save(Quota(scheme_id=desk.category.scheme_id, most=most, **given))


def submit(nomination, desk, **given):
    services.submit_nomination(nomination, **({"actor": desk.officer, "now": make.NOW} | given))


def test_beyond_the_quota_nothing_is_submitted_and_a_withdrawal_frees_the_place(desk):
    add_quota(desk, 1)
    first, second = desk.complete(), desk.complete()
    submit(first, desk)

    with pytest.raises(rules.QuotaUsedUp) as refused:
        submit(second, desk)
    with pytest.raises(rules.QuotaUsedUp):
        services.send_for_endorsement(second, actor=desk.officer, now=make.NOW)
    services.withdraw_nomination(first, actor=desk.officer, now=make.NOW)
    submit(second, desk)

    assert refused.value.facts == {"used": 1, "most": 1}
    assert second.state is State.SUBMITTED


def test_what_was_returned_keeps_its_place(desk):
    add_quota(desk, 1)
    nomination = desk.complete()
    submit(nomination, desk)
    secretary = make.actor(Role.COUNCIL, edition_id=desk.edition.id)
    services.return_nomination(
        nomination, reason="More.", due_at=make.NOW + SECOND, actor=secretary, now=make.NOW
    )

    submit(nomination, desk)

    assert nomination.state is State.SUBMITTED


def test_the_most_particular_quota_holds(desk):
    add_quota(desk, 0)
    add_quota(desk, 2, organisation_id=desk.agency.id)

    assert queries.find_room(desk.draft()) == rules.Room(0, 2)


def test_the_agency_puts_its_drafts_in_order(desk):
    one, two, three = desk.draft(), desk.draft(), desk.draft()

    services.rank_nomination(three, earlier=True, actor=desk.officer, now=make.NOW)
    services.rank_nomination(three, earlier=True, actor=desk.officer, now=make.NOW)
    services.rank_nomination(three, earlier=True, actor=desk.officer, now=make.NOW)
    services.rank_nomination(one, earlier=False, actor=desk.officer, now=make.NOW)

    assert [each.id for each in queries.list_waiting(one)] == [three.id, two.id, one.id]
    with pytest.raises(rules.NotYourAgency):
        services.rank_nomination(one, earlier=True, actor=make.actor(), now=make.NOW)


# To the second


@pytest.fixture
def closing(desk):
    desk.edition.nominations_open_at = make.NOW - timedelta(days=1)
    desk.edition.nominations_close_at = make.NOW
    queries.scheme_of(desk.draft()).grace_minutes = 30
    db.session.flush()
    return make.NOW


@pytest.mark.parametrize("late", [-SECOND, timedelta(), timedelta(minutes=30) - SECOND])
def test_what_was_begun_before_the_closing_is_submitted_until_the_grace_ends(desk, closing, late):
    nomination = desk.draft(created_at=closing - SECOND)
    desk.attach(nomination, now=closing - SECOND)

    submit(nomination, desk, now=closing + late)

    assert (nomination.state, nomination.submitted_at) == (State.SUBMITTED, closing + late)


@pytest.mark.parametrize(
    ("begun", "late"),
    [(-SECOND, timedelta(minutes=30)), (timedelta(), timedelta()), (timedelta(), timedelta(minutes=5))],
)
def test_after_the_grace_or_begun_at_the_closing_it_is_too_late(desk, closing, begun, late):
    nomination = desk.draft(created_at=closing - timedelta(hours=1))
    desk.attach(nomination, now=closing - SECOND)
    nomination.created_at = closing + begun
    db.session.flush()

    with pytest.raises(rules.CallClosed):
        submit(nomination, desk, now=closing + late)

    assert nomination.state is State.DRAFT


def test_nothing_new_is_begun_from_the_closing_on(desk, closing):
    guid = uuid4()
    given = {"guid": guid, "nominee_name": "A", "actor": desk.officer}

    with pytest.raises(rules.CallClosed):
        services.draft_nomination(desk.category, desk.agency, now=closing, **given)
    services.draft_nomination(desk.category, desk.agency, now=closing - SECOND, **given)


def test_what_was_returned_is_completed_until_its_due_time_and_keeps_its_first_submission(desk):
    nomination = desk.complete()
    submit(nomination, desk)
    due = make.NOW + timedelta(days=90)
    secretary = make.actor(Role.COUNCIL, edition_id=desk.edition.id)
    services.return_nomination(
        nomination, reason=" Bản sao. ", due_at=due, actor=secretary, now=make.NOW + SECOND
    )
    write(nomination, "achievement", "achievement", "More.", actor=desk.officer, now=due - SECOND)

    with pytest.raises(rules.CompletionOverdue):
        submit(nomination, desk, now=due)
    submit(nomination, desk, now=due - SECOND)

    assert (nomination.submitted_at, nomination.return_due_at) == (make.NOW, None)
    letters = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert [(letter.kind, letter.to_address) for letter in letters] == [
        ("nomination_received", nomination.contact_email),
        ("nomination_returned", nomination.contact_email),
        ("nomination_received", nomination.contact_email),
    ]
    assert "Bản sao." in letters[1].text


def test_a_nomination_is_returned_with_a_reason_and_a_time_to_come(desk):
    nomination = desk.complete()
    submit(nomination, desk)
    by = {"actor": make.actor(Role.COUNCIL, edition_id=desk.edition.id), "now": make.NOW}

    with pytest.raises(rules.ReasonMissing):
        services.return_nomination(nomination, reason=" ", due_at=make.NOW + SECOND, **by)
    with pytest.raises(rules.DueTimePast):
        services.return_nomination(nomination, reason="More.", due_at=make.NOW, **by)

    assert nomination.state is State.SUBMITTED


def test_where_a_scheme_has_endorsers_a_draft_goes_to_them_first(desk):
    nomination = desk.complete()
    queries.scheme_of(nomination).endorsers = [{"code": "head", "name": {"en": "Head"}}]
    db.session.flush()

    with pytest.raises(rules.EndorsementMissing):
        submit(nomination, desk)
    services.send_for_endorsement(nomination, actor=desk.officer, now=make.NOW)

    assert nomination.state is State.ENDORSING
    assert db.session.scalars(select(SectionLock)).all() == []
