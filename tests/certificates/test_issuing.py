"""Issuing: one certificate for each award, numbered without gaps, its facts frozen in Vietnamese."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dxday.audit import queries as audit
from dxday.certificates import rules, services
from dxday.certificates.models import Certificate
from dxday.certificates.rules import Reason, Standing
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.db import db
from dxday.schemes.rules import AwardForm
from tests import make
from tests.certificates import scene


def issue(decision, role=Role.COUNCIL):
    return services.issue_for_decision(
        decision, actor=make.actor(role, edition_id=decision.edition_id), now=make.NOW
    )


def test_every_award_gets_a_certificate_that_waits_to_be_made(app):
    decision = scene.decided(awards=3)

    issued = issue(decision)

    assert [each.number for each in issued] == ["BK-2026-0001", "BK-2026-0002", "BK-2026-0003"]
    assert {each.carriage for each in issued} == {Carriage.QUEUED}
    assert len({each.token for each in issued} | {each.holder_token for each in issued}) == 6
    assert {rules.code_in(each.token) for each in issued} == {each.token for each in issued}


def test_pressing_twice_issues_once(app):
    decision = scene.decided(awards=2)
    issue(decision)

    again = issue(decision)

    assert again == []
    assert len(db.session.scalars(select(Certificate)).all()) == 2


def test_numbers_run_through_an_edition_and_form_and_begin_anew_elsewhere(app):
    edition = make.edition()
    issue(scene.decided(edition, awards=2))
    issue(scene.decided(edition, form=AwardForm.GIAY_KHEN))

    later = [each.number for each in issue(scene.decided(edition, awards=2))]
    elsewhere = [each.number for each in issue(scene.decided())]

    assert (later, elsewhere) == (["BK-2026-0003", "BK-2026-0004"], ["BK-2026-0001"])


def test_the_next_number_follows_the_greatest_and_not_the_last_in_the_alphabet(app):
    edition = make.edition()
    certificate = issue(scene.decided(edition, awards=2))[0]
    certificate.number = "BK-2026-10000"

    (following,) = issue(scene.decided(edition))

    assert following.number == "BK-2026-10001"


def test_what_is_printed_is_frozen_in_vietnamese_and_composed_letters(app):
    decision = scene.decided(
        organisation_name={"en": "Sample District", "vi": "Huyện  Mẫu"},
        recipient_name="Tổ công nghệ số",
        achievement="Đã có\nthành tích.",
    )

    (certificate,) = issue(decision)
    decision.place = "Hà Nội"

    assert certificate.printed == rules.Facts(
        number="BK-2026-0001",
        giver="Chủ tịch Ủy ban nhân dân tỉnh Mẫu",
        form="bang_khen",
        title="Bằng khen",
        recipient_kind="collective",
        recipient_name="Tổ công nghệ số",
        recipient_position="",
        organisation_name="Huyện Mẫu",
        achievement="Đã có thành tích.",
        decision_number=decision.number,
        decided_on=decision.decided_on.isoformat(),
        place="Nghệ An",
        signatory_name="Phạm Văn Thử",
        signatory_title="Chủ tịch",
        edition_name=certificate.facts["edition_name"],
    )


def test_an_award_of_the_organiser_is_called_as_its_scheme(app):
    (certificate,) = issue(scene.decided(form=AwardForm.OWN))

    assert (certificate.number, certificate.printed.title) == (
        "CN-2026-0001",
        "Khen thưởng chuyển đổi số",
    )


@pytest.mark.parametrize(
    ("nominee_email", "told"), [("awardee@example.org", "awardee@example.org"), ("", "agency@example.org")]
)
def test_the_letter_goes_to_the_awardee_else_to_the_agency(app, nominee_email, told):
    (certificate,) = issue(scene.decided(nominee={"nominee_email": nominee_email, "contact_locale": "en"}))

    assert (certificate.recipient_email, certificate.recipient_locale) == (told, "en")


def test_issuing_is_written_into_the_trail_without_the_name(app):
    decision = scene.decided()
    issue(decision)
    db.session.commit()

    (entry,) = audit.list_entries(edition_id=decision.edition_id)

    assert (entry.action, entry.subject) == ("certificate.issued", "BK-2026-0001")
    assert sorted(entry.facts) == ["award", "decision"]


def test_letters_that_no_font_has_are_refused_before_anything_is_issued(app):
    decision = scene.decided(awards=2, recipient_name="Tổ 漢字 xã Mẫu")

    with pytest.raises(rules.LettersMissing) as refused:
        issue(decision)

    assert refused.value.facts == {"name": "Tổ 漢字 xã Mẫu", "letters": "漢 字"}
    assert db.session.scalars(select(Certificate)).all() == []


def test_texts_that_cannot_stand_on_one_sheet_are_refused(app):
    with pytest.raises(rules.TooMuchText):
        issue(scene.decided(achievement="Đã có thành tích xuất sắc. " * 60))


def test_only_those_who_handle_certificates_issue_them(app):
    decision = scene.decided()

    with pytest.raises(rules.NotTheIssuer):
        issue(decision, Role.AGENCY)


def test_the_database_refuses_a_second_valid_certificate_of_an_award(app):
    (certificate,) = issue(scene.decided())

    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.add(
            Certificate(
                edition_id=certificate.edition_id,
                award_id=certificate.award_id,
                number="BK-2026-0099",
                token=scene.UNKNOWN,
                holder_token=scene.UNKNOWN,
                facts={},
                recipient_email="",
                recipient_locale="vi",
                issued_at=make.NOW,
            )
        )


def test_an_award_whose_certificate_was_revoked_gets_no_other_by_itself(app):
    decision = scene.decided()
    (certificate,) = issue(decision)
    services.revoke(certificate, reason=Reason.FRAUD, actor=make.actor(), now=make.NOW)

    assert issue(decision) == []


def test_the_whole_edition_is_issued_in_the_order_of_its_decisions(app):
    edition = make.edition()
    first, second = scene.decided(edition, awards=2), scene.decided(edition)
    scene.decided()  # of another edition

    issued = services.issue_for_edition(edition, actor=make.actor(), now=make.NOW)

    assert [each.printed.decision_number for each in issued] == [first.number, first.number, second.number]


def test_one_award_alone_can_be_issued(app):
    edition = make.edition()
    scene.decided(edition)
    other = scene.decided(edition, code="ALONE")

    issued = services.issue_for_edition(edition, award_code="ALONE", actor=make.actor(), now=make.NOW)

    assert [each.printed.decision_number for each in issued] == [other.number]
    with pytest.raises(NotFound):
        services.issue_for_edition(make.edition(), award_code="ALONE", actor=make.actor(), now=make.NOW)


def test_revoking_keeps_the_row_and_says_why(app):
    certificate = scene.made()
    key, sha256 = certificate.storage_key, certificate.sha256

    services.revoke(certificate, reason=Reason.FALSE_DOSSIER, actor=make.actor(), now=make.NOW)
    db.session.commit()

    assert (certificate.standing, certificate.reason, certificate.revoked_at) == (
        Standing.REVOKED,
        Reason.FALSE_DOSSIER,
        make.NOW,
    )
    assert (certificate.storage_key, certificate.sha256) == (key, sha256)
    assert scene.store(app).exists(key)
    entry = audit.list_entries(edition_id=certificate.edition_id)[0]
    assert (entry.action, entry.facts) == ("certificate.revoked", {"reason": "false_dossier"})


def test_a_certificate_is_revoked_once_and_by_those_who_may(app):
    (certificate,) = scene.issued()

    with pytest.raises(rules.NotTheIssuer):
        services.revoke(certificate, reason=Reason.FRAUD, actor=make.actor(Role.AGENCY), now=make.NOW)
    services.revoke(certificate, reason=Reason.FRAUD, actor=make.actor(), now=make.NOW)
    with pytest.raises(rules.RevokedAlready):
        services.revoke(certificate, reason=Reason.FRAUD, actor=make.actor(), now=make.NOW)


def test_only_what_failed_is_tried_again(app):
    first, second = scene.issued(awards=2)
    first.carriage, first.tries, first.error = Carriage.FAILED, 4, "no paper"
    db.session.flush()

    moved = services.retry_failed([first, second], actor=make.actor(), now=make.NOW)
    db.session.refresh(first)

    assert moved == 1
    assert (first.carriage, first.tries, first.error) == (Carriage.QUEUED, 0, None)
    with pytest.raises(rules.NothingToRetry):
        services.retry_failed([first, second], actor=make.actor(), now=make.NOW)
    with pytest.raises(rules.NotTheIssuer):
        services.retry_failed([first], actor=make.actor(Role.AGENCY), now=make.NOW)
