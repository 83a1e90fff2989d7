"""What is found against a dossier, what it says, and what is not found."""

from datetime import date, timedelta

import pytest

from dxday.appraisal import services
from dxday.appraisal.rules import Level
from dxday.core.i18n import pick
from dxday.core.vietnamese import fold
from dxday.nominations.models import DossierAnswer
from dxday.nominations.rules import State
from dxday.schemes.models import DossierItem, Quota
from dxday.schemes.rules import ItemKind, NomineeKind
from tests import make
from tests.appraisal.conftest import ANOTHER_TEXT, TEXT

# One achievement, one commendation ----------------------------------------------------------------------------------


def test_nothing_stands_against_a_whole_dossier(body):
    assert body.codes(body.dossier()) == []


def test_the_same_achievement_in_another_scheme_stops_admission_and_says_where_it_is(body):
    agency = make.organisation()
    old = body.dossier(make.category(make.scheme(body.edition)), organisation=agency)
    new = body.dossier(organisation=agency, achievement=fold(TEXT))

    found = body.finding(new, "same-achievement")

    assert found.level is Level.BLOCK
    assert found.other_id == old.id
    assert f"100 % of the text also stands in dossier {old.code}" in str(found.message)
    assert make.TODAY.strftime("%d/%m/%Y") in str(found.message)
    assert "Return the dossier" in str(found.mend)
    assert body.codes(new) == ["same-achievement", "same-nominee"]


def test_the_same_achievement_in_an_edition_before_is_found_from_either_side(body):
    agency = make.organisation()
    before = make.edition(year=2025)
    old = body.dossier(make.category(make.scheme(before)), organisation=agency, state=State.AWARDED)
    new = body.dossier(organisation=agency)

    assert body.codes(new) == ["same-achievement", "awarded-before"]
    assert "same-achievement" in body.codes(old, edition=before)


def test_the_same_text_of_another_nominee_is_a_warning(body):
    body.dossier(nominee_name="Tổ B")
    new = body.dossier(nominee_name="Tổ A")

    assert body.codes(new) == ["similar-text"]
    assert "Tổ B" in str(body.finding(new, "similar-text").message)


def test_a_paragraph_in_common_is_a_note(body):
    half = " ".join(TEXT.split()[:45])
    body.dossier(nominee_name="Tổ B")
    new = body.dossier(nominee_name="Tổ C", achievement=f"{half} {ANOTHER_TEXT}")
    long = body.dossier(nominee_name="Tổ D", achievement=ANOTHER_TEXT.upper())

    assert "similar-passages" in body.codes(new)
    assert "similar-text" in body.codes(long)


def test_another_text_on_the_same_field_is_not_found(body):
    body.dossier(nominee_name="Tổ B")

    assert body.codes(body.dossier(nominee_name="Phòng C", achievement=ANOTHER_TEXT)) == []


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.DECLINED])
def test_a_dossier_that_was_withdrawn_or_declined_does_not_count(body, state):
    agency = make.organisation()
    body.dossier(organisation=agency, state=state)

    assert body.codes(body.dossier(organisation=agency)) == []


def test_a_draft_is_nobodys_affair(body):
    agency = make.organisation()
    make.nomination(body.category, agency, nominee_name="Tổ A", achievement=TEXT, state=State.DRAFT)
    services.note_texts(100)

    assert body.codes(body.dossier(organisation=agency)) == []


def test_a_text_that_was_completed_is_compared_anew(body):
    old = body.dossier(nominee_name="Tổ B")
    new = body.dossier(achievement=ANOTHER_TEXT)
    new.achievement, new.version = TEXT, new.version
    new.updated_at = make.NOW + timedelta(seconds=1)
    make.save(new)

    services.note_text(new)

    assert body.finding(new, "similar-text").other_id == old.id
    assert body.codes(old) == ["similar-text"]


def test_the_same_nominee_twice_in_one_scheme_stops_admission(body):
    agency = make.organisation()
    body.dossier(organisation=agency, nominee_name="Tổ công nghệ số xã Hoà", achievement=ANOTHER_TEXT)
    new = body.dossier(organisation=agency, nominee_name="To cong nghe so xa Hoa")

    assert body.codes(new) == ["nominated-twice"]


def test_two_people_whose_names_differ_by_an_accent_are_two(body):
    agency = make.organisation()
    person = make.category(make.scheme(body.edition), nominee_kind=NomineeKind.INDIVIDUAL)
    body.dossier(person, organisation=agency, nominee_name="Nguyễn Văn Ân", achievement=ANOTHER_TEXT)

    assert body.codes(body.dossier(person, organisation=agency, nominee_name="Nguyễn Văn An")) == []


def test_somebody_of_the_same_name_elsewhere_is_a_note(body):
    person = make.category(make.scheme(body.edition), nominee_kind=NomineeKind.INDIVIDUAL)
    body.dossier(
        person, nominee_name="Nguyễn Văn An", nominee_email="a@example.org", achievement=ANOTHER_TEXT
    )
    new = body.dossier(person, nominee_name="Nguyễn Văn An", nominee_email="b@example.org")

    assert body.codes(new) == ["namesake"]


def test_the_same_file_in_a_dossier_of_another_agency_is_a_warning_that_names_both_files(body):
    other = body.dossier(nominee_name="Tổ B", achievement=ANOTHER_TEXT)
    make.attachment(other, sha256="f" * 64, filename="bc-2024.pdf")
    new = body.dossier()
    make.attachment(new, sha256="f" * 64, filename="bao-cao-moi.pdf")

    found = body.finding(new, "same-file")

    assert "“bao-cao-moi.pdf”" in str(found.message)
    assert "“bc-2024.pdf”" in str(found.message)


def test_one_submission_for_all_dossiers_of_an_agency_is_a_note(body):
    agency = make.organisation()
    for name in ("Tổ B", "Tổ C"):
        make.attachment(
            body.dossier(nominee_name=name, organisation=agency, achievement=f"{name} {ANOTHER_TEXT[:50]}"),
            sha256="e" * 64,
        )
    new = body.dossier(organisation=agency)
    make.attachment(new, sha256="e" * 64, filename="to-trinh.pdf")
    make.attachment(new, sha256="d" * 64, removed_at=make.NOW)

    assert body.codes(new) == ["shared-file"]
    assert "“to-trinh.pdf” also into 2 of its other dossiers" in str(body.finding(new, "shared-file").message)


# Thematic awards ----------------------------------------------------------------------------------------------------


def thematic(body, **given):
    scheme = make.scheme(
        make.edition(year=2025), thematic=True, name={"vi": "Chuyên đề sáu mươi ngày đêm phổ cập VNeID"}
    )
    return body.dossier(make.category(scheme), state=State.AWARDED, achievement=ANOTHER_TEXT, **given)


def test_merit_that_rests_on_a_thematic_award_stops_admission(body):
    agency = make.organisation()
    thematic(body, organisation=agency)
    new = body.dossier(
        organisation=agency,
        achievement=f"{TEXT} Được tặng Bằng khen chuyên đề Sáu mươi ngày đêm phổ cập VNEID năm 2025.",
    )

    found = body.finding(new, "thematic-ground")

    assert found.level is Level.BLOCK
    assert "Chuyên đề sáu mươi ngày đêm phổ cập VNeID" in str(found.message)
    assert found.known.article == "Nghị định 152/2025/NĐ-CP, Điều 4"


def test_a_thematic_award_that_the_text_does_not_rest_on_is_a_note(body):
    agency = make.organisation()
    thematic(body, organisation=agency)

    assert body.codes(body.dossier(organisation=agency)) == ["awarded-before"]


def test_a_text_that_speaks_of_a_thematic_commendation_is_a_warning(body):
    new = body.dossier(achievement=f"{TEXT} Năm 2024 được khen thưởng chuyên đề.")

    assert body.codes(new) == ["thematic-mentioned"]


def test_a_thematic_scheme_may_rest_on_thematic_awards(body):
    agency = make.organisation()
    thematic(body, organisation=agency)
    category = make.category(make.scheme(body.edition, thematic=True))
    new = body.dossier(
        category,
        organisation=agency,
        achievement=f"{TEXT} Khen thưởng chuyên đề sáu mươi ngày đêm phổ cập VNeID.",
    )

    assert body.codes(new) == ["awarded-before"]


# Holds --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", ["nomination", "nominee", "organisation"])
def test_a_hold_stops_admission_and_says_why_and_who_opened_it(body, on):
    from dxday.appraisal.rules import HoldOn

    new = body.dossier()
    body.hold(new, on=HoldOn(on), expires_on=make.TODAY)

    found = body.finding(new, "hold")

    assert found.level is Level.BLOCK
    assert "Đơn tố cáo số 12/ĐTC đang được xem xét." in str(found.message)
    assert body.account.full_name in str(found.message)
    assert make.TODAY.strftime("%d/%m/%Y") in str(found.message)


def test_a_hold_on_a_nominee_reaches_other_editions_and_one_on_a_dossier_does_not(body):
    from dxday.appraisal.rules import HoldOn

    agency, before = make.organisation(), make.edition(year=2025)
    old = body.dossier(
        make.category(make.scheme(before)),
        organisation=agency,
        state=State.DECLINED,
        achievement=ANOTHER_TEXT,
    )
    new = body.dossier(organisation=agency)
    secretary = make.actor()
    body.hold(old, actor=secretary)

    assert body.codes(new) == []

    body.hold(old, on=HoldOn.NOMINEE, actor=secretary)

    assert body.codes(new) == ["hold"]


def test_whoever_decides_can_ask_which_dossiers_are_held_up(body):
    from dxday.appraisal import queries

    held, free = body.dossier(), body.dossier(nominee_name="Tổ B")
    body.hold(held, expires_on=make.TODAY)

    assert queries.list_held(body.edition, [held, free], now=make.NOW) == {held.id}
    assert queries.list_held(body.edition, [held, free], now=make.NOW + timedelta(days=1)) == frozenset()


def test_a_hold_that_expired_is_a_note(body):
    new = body.dossier()
    body.hold(new, expires_on=make.TODAY)

    assert body.codes(new, now=make.NOW + timedelta(days=1)) == ["hold-over"]


def test_a_hold_that_was_lifted_is_a_note_that_says_who_lifted_it_and_why(body):
    new = body.dossier()
    hold = body.hold(new)
    services.lift_hold(
        hold, reason="Kết luận số 5/KL: tố cáo sai.", today=make.TODAY, actor=body.secretary, now=make.NOW
    )

    found = body.finding(new, "hold-over")

    assert "Kết luận số 5/KL: tố cáo sai." in str(found.message)
    assert f"{body.account.full_name} lifted it" in str(found.message)


# Agencies -----------------------------------------------------------------------------------------------------------


def test_an_agency_that_was_merged_is_named_with_its_successor(body):
    successor = make.organisation(name={"vi": "Sở Khoa học và Công nghệ"})
    agency = make.organisation(valid_to=date(2025, 6, 30), succeeded_by_id=successor.id)
    new = body.dossier(organisation=agency)

    found = body.finding(new, "agency-ended")

    assert "ended on 30/06/2025; Sở Khoa học và Công nghệ succeeds it" in str(found.message)


def test_an_agency_that_was_dissolved_is_named(body):
    new = body.dossier(organisation=make.organisation(valid_to=date(2025, 6, 30)))

    assert "Nobody is known to succeed it." in str(body.finding(new, "agency-ended").message)


def test_an_agency_that_ends_later_is_fine(body):
    assert body.codes(body.dossier(organisation=make.organisation(valid_to=make.TODAY))) == []


def test_an_agency_that_was_renamed_is_a_note(body):
    new = body.dossier(organisation_name={"vi": "Sở Thông tin và Truyền thông"})

    assert "Sở Thông tin và Truyền thông" in str(body.finding(new, "agency-renamed").message)


# What a dossier holds -----------------------------------------------------------------------------------------------


def test_what_is_missing_is_named_with_its_article(body):
    new = body.dossier(file=False)

    found = body.finding(new, "missing-item")

    assert str(found.message) == "“Achievement report” is missing (Luật 06/2022/QH15, Điều 84)."


def test_an_item_of_the_scheme_is_missing_by_its_own_name_and_article(body):
    make.save(
        DossierItem(
            scheme_id=body.category.scheme_id,
            section="files",
            code="minutes",
            kind=ItemKind.FILE,
            name={"vi": "Biên bản xét khen thưởng"},
            article="Nghị định 98/2023/NĐ-CP, Điều 46",
        )
    )
    new = body.dossier(file=False)

    assert "“Biên bản xét khen thưởng” is missing (Nghị định 98/2023/NĐ-CP, Điều 46)" in str(
        body.finding(new, "missing-item").message
    )


def test_an_item_that_was_answered_is_not_missing_and_one_of_another_category_neither(body):
    for code, category_id in (("result", None), ("other", make.category(make.scheme(body.edition)).id)):
        item(body, code, ItemKind.NUMBER, category_id=category_id)
    empty, full = body.dossier(), body.dossier(nominee_name="Tổ B", achievement=ANOTHER_TEXT)
    answer(full, "result", "92")
    answer(empty, "result", " ")

    assert body.codes(empty) == ["missing-item"]
    assert body.codes(full) == []


def test_a_harmful_file_is_as_good_as_none(body):
    wanted = item(body, "minutes", ItemKind.FILE)
    new = body.dossier(file=False)
    make.attachment(new, item_id=wanted.id, refusal="Eicar")

    assert body.codes(new) == ["missing-item"]

    make.attachment(new, item_id=wanted.id)

    assert body.codes(new) == []


def test_what_was_written_in_other_fields_is_compared_too_but_nothing_sensitive(body):
    for code, sensitive in (("detail", False), ("religion", True)):
        item(body, code, ItemKind.TEXT, required=False, sensitive=sensitive)
    body.dossier(nominee_name="Tổ B")
    new = make.nomination(body.category, nominee_name="Tổ C", achievement="Xem phần chi tiết.")
    hidden = make.nomination(body.category, nominee_name="Tổ D", achievement="Xem phần riêng.")
    for nomination, code in ((new, "detail"), (hidden, "religion")):
        make.attachment(nomination)
        answer(nomination, code, TEXT)
        services.note_text(nomination)

    assert (body.codes(new), body.codes(hidden)) == (["similar-text"], [])


def item(body, code, kind, **given):
    plain = {"section": "s", "name": {"vi": code}, "article": "Điều 84"}
    return make.save(DossierItem(scheme_id=body.category.scheme_id, code=code, kind=kind, **(plain | given)))


def answer(nomination, code, value):
    return make.save(DossierAnswer(nomination_id=nomination.id, code=code, value=value, updated_at=make.NOW))


def test_a_nominee_who_cannot_be_told_is_a_warning(body):
    assert body.codes(body.dossier(nominee_email=" ")) == ["nominee-not-told"]


def test_what_is_beyond_the_quota_of_the_agency_stops_admission(body):
    agency = make.organisation()
    make.save(Quota(scheme_id=body.category.scheme_id, organisation_kind=agency.kind, most=1))
    first = body.dossier(organisation=agency, nominee_name="Tổ A", achievement=ANOTHER_TEXT)
    second = body.dossier(organisation=agency, nominee_name="Tổ B")
    of_another = body.dossier(nominee_name="Tổ C", achievement="Một việc khác hẳn.")

    assert body.codes(first) == []
    assert body.codes(second) == ["quota-exceeded"]
    assert f"nomination 2 of {pick(agency.name, 'en')}" in str(body.finding(second, "quota-exceeded").message)
    assert body.codes(of_another) == []


def test_the_agencys_own_order_says_what_is_beyond_the_quota(body):
    agency = make.organisation()
    make.save(Quota(scheme_id=body.category.scheme_id, organisation_id=agency.id, most=1))
    first = body.dossier(organisation=agency, achievement=ANOTHER_TEXT, rank_in_agency=2)
    second = body.dossier(organisation=agency, nominee_name="Tổ B", rank_in_agency=1)

    assert (body.codes(first), body.codes(second)) == (["quota-exceeded"], [])


# Opinions -----------------------------------------------------------------------------------------------------------


def test_an_answer_that_has_not_come_is_a_warning_and_says_when_it_was_due(body):
    new = body.dossier()
    asked = ask(body, new)

    assert f"its answer is due on {asked.due_on:%d/%m/%Y}" in str(
        body.finding(new, "opinion-waiting").message
    )

    late = body.look(new, now=make.NOW + timedelta(days=90)).findings

    assert "was due on" in str(late[0].message)


def test_an_objection_stops_admission_and_an_agreement_does_not(body):
    new = body.dossier()
    for name, in_favour in (("Công an tỉnh", False), ("Cục Thuế", True)):
        services.note_answer(
            new,
            ask(body, new, organisation_name=name),
            in_favour=in_favour,
            text="Đang xác minh.",
            actor=body.secretary,
            now=make.NOW,
        )

    assert body.codes(new) == ["opinion-against"]
    assert "Công an tỉnh is not in favour" in str(body.finding(new, "opinion-against").message)


def ask(body, nomination, **given):
    plain = {
        "organisation_name": "Công an tỉnh",
        "question": "",
        "days": 10,
        "today": make.TODAY,
        "actor": body.secretary,
        "now": make.NOW,
    }
    return services.ask_opinion(nomination, **(plain | given))
