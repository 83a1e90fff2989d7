"""Two people at once at one dossier: one is first, the other is told so, and no words are lost unsaid."""

import pytest

from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import queries, rules, sections, services
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Quota
from tests import make
from tests.awards.test_races import at_once
from tests.conftest import on_both
from tests.nominations.conftest import Desk, FolderStorage, acting


@pytest.fixture
def before(own_app, tmp_path):
    """An agency with two officers and two drafts that can be submitted, committed."""
    with own_app.app_context():
        edition, agency = make.edition(), make.organisation()
        accounts = [
            make.account(Role.AGENCY, edition_id=edition.id, organisation_id=agency.id) for _ in range(2)
        ]
        desk = Desk(
            edition, agency, make.category(make.scheme(edition)), accounts[0], FolderStorage(tmp_path)
        )
        ids = [desk.complete().id for _ in range(2)]
        officers = [acting(account) for account in accounts]
        make.save(Quota(scheme_id=desk.category.scheme_id, most=1))
        db.session.commit()
    return officers, ids


@on_both
def test_of_two_who_open_a_section_at_once_one_edits_it(own_app, before):
    officers, ids = before

    def taking(officer):
        def prepare():
            nomination = db.session.get(Nomination, ids[0])
            return lambda: services.take_section(nomination, "achievement", actor=officer, now=make.NOW)

        return prepare

    answers = at_once(own_app, *(taking(officer) for officer in officers))

    assert sorted(map(str, answers)) == sorted(map(str, (None, sections.SectionTaken)))


@on_both
def test_of_two_windows_that_save_one_field_at_once_the_second_is_shown_the_first(own_app, before):
    officers, ids = before

    def writing(words):
        def prepare():
            nomination = db.session.get(Nomination, ids[0])
            section = sections.find_section(queries.layout_of(nomination), "achievement")
            return lambda: services.save_answer(
                nomination, section, "achievement", words, version=0, actor=officers[0], now=make.NOW
            )

        return prepare

    answers = at_once(own_app, writing("One."), writing("Two."))

    assert sorted(map(str, answers)) == sorted(map(str, (1, sections.FieldChanged)))


@on_both
def test_nobody_writes_into_what_is_submitted_at_the_same_moment(own_app, before):
    officers, ids = before

    def writing():
        nomination = db.session.get(Nomination, ids[0])
        section = sections.find_section(queries.layout_of(nomination), "achievement")
        return lambda: services.save_answer(
            nomination, section, "achievement", "More.", version=0, actor=officers[1], now=make.NOW
        )

    def submitting():
        nomination = db.session.get(Nomination, ids[0])
        seen = nomination.version
        return lambda: services.submit_nomination(nomination, version=seen, actor=officers[0], now=make.NOW)

    wrote, submitted = at_once(own_app, writing, submitting)

    with own_app.app_context():
        nomination = db.session.get(Nomination, ids[0])
        is_in = nomination.state is State.SUBMITTED
        assert (wrote, nomination.achievement == "More.") in ((1, True), (rules.MoveNotPossible, False))
        assert is_in == (wrote is rules.MoveNotPossible) == (submitted is None)


@on_both
def test_of_two_who_want_the_last_place_one_gets_it(own_app, before):
    officers, ids = before

    def submitting(number):
        def prepare():
            nomination = db.session.get(Nomination, ids[number])
            return lambda: services.submit_nomination(nomination, actor=officers[number], now=make.NOW)

        return prepare

    answers = at_once(own_app, submitting(0), submitting(1))

    assert sorted(map(str, answers)) == sorted(map(str, (None, rules.QuotaUsedUp)))
