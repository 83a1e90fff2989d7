"""Drafting, changing, attaching, submitting, withdrawing, declining."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from dxday.audit import queries as audit
from dxday.core.errors import Stale
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations import queries, rules, services
from dxday.nominations.models import Nomination
from dxday.notifications.models import Message
from dxday.schemes import queries as scheme_queries
from dxday.schemes import services as schemes
from dxday.schemes.rules import AwardForm, NomineeKind
from tests import make
from tests.nominations.conftest import acting, pdf

LATER = make.NOW + timedelta(days=31)
EARLIER = make.NOW - timedelta(days=2)


def trail(edition):
    """What the audit trail says of the edition, the oldest first."""
    db.session.commit()
    return [(e.action, e.subject) for e in reversed(audit.list_entries(edition_id=edition.id))]


def draft(desk, **given):
    given = {
        "guid": uuid4(),
        "nominee_name": "Tổ công nghệ số cộng đồng xã Mẫu",
        "actor": desk.officer,
        "now": make.NOW,
    } | given
    return services.draft_nomination(desk.category, desk.agency, **given)


def change(nomination, desk, **given):
    kept = {
        name: getattr(nomination, name)
        for name in (
            "version nominee_name nominee_position nominee_email achievement contact_name contact_email"
        ).split()
    }
    services.change_nomination(
        nomination,
        **({"category": desk.category, "actor": desk.officer, "now": make.NOW} | kept | given),
    )


# Schemes


def test_schemes_and_categories_come_in_their_order_and_are_noted(app):
    edition, actor = make.edition(), make.actor(Role.ADMIN)
    for position, code in ((2, "giay-khen"), (1, "bang-khen")):
        scheme = schemes.add_scheme(
            edition,
            code=code,
            name={"vi": code},
            form=AwardForm.BANG_KHEN,
            legal_basis="Luật Thi đua, khen thưởng số 06/2022/QH15",
            giver={"vi": "Chủ tịch Ủy ban nhân dân tỉnh Mẫu"},
            signatory_title={"vi": "Chủ tịch"},
            position=position,
            actor=actor,
            now=make.NOW,
        )
        schemes.add_category(
            scheme,
            code="ca-nhan",
            name={"vi": "Cá nhân"},
            nominee_kind=NomineeKind.INDIVIDUAL,
            actor=actor,
            now=make.NOW,
        )

    listed = scheme_queries.list_schemes(edition.id)

    assert [(scheme.code, [category.code for category in scheme.categories]) for scheme in listed] == [
        ("bang-khen", ["ca-nhan"]),
        ("giay-khen", ["ca-nhan"]),
    ]
    assert trail(edition) == [
        ("scheme.added", "giay-khen"),
        ("category.added", "giay-khen/ca-nhan"),
        ("scheme.added", "bang-khen"),
        ("category.added", "bang-khen/ca-nhan"),
    ]


# Drafts


def test_a_draft_needs_only_a_name_and_keeps_the_agency_s_name_of_the_day(desk):
    nomination = draft(desk)
    desk.agency.name = {"vi": "Xã mới"}

    assert nomination.state == rules.State.DRAFT
    assert nomination.organisation_name == {
        "vi": nomination.organisation_name["vi"],
        "en": nomination.organisation_name["en"],
    }
    assert nomination.organisation_name != desk.agency.name
    assert trail(desk.edition) == [("nomination.drafted", nomination.code)]


def test_the_same_form_twice_makes_one_nomination(desk):
    guid = uuid4()

    first = draft(desk, guid=guid)
    second = draft(desk, guid=guid, nominee_name="Somebody else")

    assert second.id == first.id
    assert second.nominee_name == "Tổ công nghệ số cộng đồng xã Mẫu"
    assert len(trail(desk.edition)) == 1


def test_a_guid_does_not_open_another_agency_s_nomination(desk):
    other = make.nomination(desk.category, state=rules.State.DRAFT)

    with pytest.raises(rules.NotYourAgency):
        draft(desk, guid=other.guid)


def test_nobody_drafts_for_another_agency(desk):
    with pytest.raises(rules.NotYourAgency):
        services.draft_nomination(
            desk.category,
            make.organisation(),
            guid=uuid4(),
            nominee_name="X",
            actor=desk.officer,
            now=make.NOW,
        )


@pytest.mark.parametrize(
    ("now", "refusal"), [(EARLIER, rules.CallNotOpen), (LATER, rules.CallClosed)], ids=["before", "after"]
)
def test_nothing_is_drafted_changed_attached_removed_or_submitted_outside_the_call(desk, now, refusal):
    nomination = desk.draft()
    attachment = desk.attach(nomination)

    with pytest.raises(refusal):
        draft(desk, now=now)
    with pytest.raises(refusal):
        change(nomination, desk, nominee_name="X", now=now)
    with pytest.raises(refusal):
        desk.attach(nomination, b"more", now=now)
    with pytest.raises(refusal):
        services.remove_attachment(nomination, attachment, actor=desk.officer, now=now)
    with pytest.raises(refusal):
        services.submit_nomination(nomination, actor=desk.officer, now=now)


def test_a_nomination_of_nobody_is_refused(desk):
    with pytest.raises(rules.NomineeNameMissing):
        draft(desk, nominee_name=" ")
    with pytest.raises(rules.NomineeNameMissing):
        change(desk.draft(), desk, nominee_name=" ")


def test_a_change_is_noted_by_field_and_raises_the_version(desk):
    nomination = desk.draft()

    change(nomination, desk, nominee_name="Nguyễn Văn Mẫu", achievement="Khác.")

    assert (nomination.nominee_name, nomination.achievement, nomination.version) == (
        "Nguyễn Văn Mẫu",
        "Khác.",
        2,
    )
    db.session.commit()
    assert audit.list_entries(edition_id=desk.edition.id)[0].facts == {
        "changed": ["achievement", "nominee_name"]
    }


def test_a_change_of_what_was_not_seen_is_stale(desk):
    nomination = desk.draft()
    change(nomination, desk, nominee_name="Nguyễn Văn Mẫu")

    with pytest.raises(Stale):
        change(nomination, desk, nominee_name="Trần Thị Thí Dụ", version=1)

    assert nomination.nominee_name == "Nguyễn Văn Mẫu"


def test_the_same_change_sent_twice_does_not_refuse_itself(desk):
    nomination = desk.draft()
    change(nomination, desk, nominee_name="Nguyễn Văn Mẫu", version=1)

    change(nomination, desk, nominee_name="Nguyễn Văn Mẫu", version=1)

    assert nomination.version == 2


def test_a_row_that_another_changed_is_read_afresh_before_anything_is_decided(desk):
    nomination = desk.complete()
    db.session.execute(
        Nomination.__table__.update()
        .where(Nomination.id == nomination.id)
        .values(state="withdrawn", version=nomination.version + 1)
    )

    with pytest.raises(rules.MoveNotPossible):
        services.submit_nomination(nomination, actor=desk.officer, now=make.NOW)


# Files


def test_a_file_is_stored_and_its_row_says_what_it_is(desk):
    nomination = desk.draft()
    data = pdf()

    attachment = desk.attach(nomination, data, filename="C:\\báo cáo.PDF")

    assert (attachment.filename, attachment.media_type, attachment.size) == (
        "báo cáo.pdf",
        "application/pdf",
        len(data),
    )
    assert attachment.storage_key == f"nominations/{nomination.code.lower()}/{attachment.code.lower()}"
    assert desk.storage.get(attachment.storage_key) == data
    assert trail(desk.edition) == [("attachment.added", nomination.code)]


def test_the_same_file_twice_is_one_file(desk):
    nomination = desk.draft()

    assert desk.attach(nomination).id == desk.attach(nomination, filename="copy.txt").id


def test_an_eleventh_file_is_refused_and_nothing_is_stored(desk):
    nomination = desk.draft()
    for number in range(10):
        desk.attach(nomination, f"file {number}".encode())

    with pytest.raises(rules.TooManyAttachments):
        desk.attach(nomination, b"one more")

    assert len(list((desk.storage.folder / "nominations" / nomination.code.lower()).iterdir())) == 10


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty."),
        (b"MZ\x90\x00\x03", "Files of this kind are not taken here"),
        (b"%PDF-1.7 nothing", "The file is damaged"),
        (b"x" * (rules.MAX_ATTACHMENT_BYTES + 1), "The file is too large: at most 10 MB"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_by_name(app, data, reason):
    with app.test_request_context(), pytest.raises(rules.FileRefused) as refused:
        services.check_file("bao-cao.pdf", data)

    assert str(refused.value).startswith(f"“bao-cao.pdf”: {reason}")
    assert refused.value.field == "attachment"


def test_a_removed_file_is_gone_from_the_dossier_but_not_from_storage(desk):
    nomination = desk.draft()
    attachment = desk.attach(nomination)

    services.remove_attachment(nomination, attachment, actor=desk.officer, now=make.NOW)
    services.remove_attachment(nomination, attachment, actor=desk.officer, now=make.NOW)

    assert queries.list_attachments(nomination.id) == []
    assert desk.storage.exists(attachment.storage_key) is True
    assert trail(desk.edition) == [
        ("attachment.added", nomination.code),
        ("attachment.removed", nomination.code),
    ]


def test_a_submitted_dossier_takes_and_gives_no_more_files(desk):
    nomination = desk.complete()
    attachment = queries.list_attachments(nomination.id)[0]
    services.submit_nomination(nomination, actor=desk.officer, now=make.NOW)

    with pytest.raises(rules.MoveNotPossible):
        desk.attach(nomination, b"more")
    with pytest.raises(rules.MoveNotPossible):
        services.remove_attachment(nomination, attachment, actor=desk.officer, now=make.NOW)
    with pytest.raises(rules.MoveNotPossible):
        change(nomination, desk, nominee_name="X")


# Submitting and what follows


def test_a_submitted_nomination_is_noted_and_its_contact_is_told_once(desk):
    nomination = desk.complete(contact_locale="en")

    services.submit_nomination(nomination, actor=desk.officer, now=make.NOW)

    assert (nomination.state, nomination.submitted_at) == (rules.State.SUBMITTED, make.NOW)
    assert trail(desk.edition)[-1] == ("nomination.submitted", nomination.code)
    told = db.session.scalars(select(Message).where(Message.edition_id == desk.edition.id)).all()
    assert [(m.kind, m.to_address, m.subject) for m in told] == [
        ("nomination_received", "agency@example.org", f"Nomination {nomination.code} received")
    ]


def test_what_was_not_read_through_is_not_submitted(desk):
    nomination = desk.complete()
    seen = nomination.version
    change(nomination, desk, achievement="Khác.")

    with pytest.raises(Stale):
        services.submit_nomination(nomination, actor=desk.officer, now=make.NOW, version=seen)


def test_an_incomplete_nomination_stays_a_draft(desk):
    nomination = desk.draft()

    with pytest.raises(rules.EvidenceMissing):
        services.submit_nomination(nomination, actor=desk.officer, now=make.NOW)

    assert nomination.state == rules.State.DRAFT


def test_a_nomination_can_be_withdrawn_also_after_the_closing_time(desk):
    nomination = desk.complete()
    services.submit_nomination(nomination, actor=desk.officer, now=make.NOW)

    services.withdraw_nomination(nomination, actor=desk.officer, now=LATER)

    assert nomination.state == rules.State.WITHDRAWN
    assert trail(desk.edition)[-1] == ("nomination.withdrawn", nomination.code)


def test_what_was_decided_on_cannot_be_withdrawn(desk):
    nomination = make.nomination(desk.category, desk.agency, state=rules.State.AWARDED)

    with pytest.raises(rules.MoveNotPossible):
        services.withdraw_nomination(nomination, actor=desk.officer, now=make.NOW)


def test_nobody_touches_another_agency_s_nomination(desk):
    nomination = desk.draft()
    attachment = desk.attach(nomination)
    stranger = acting(
        make.account(Role.AGENCY, edition_id=desk.edition.id, organisation_id=make.organisation().id)
    )

    with pytest.raises(rules.NotYourAgency):
        change(nomination, desk, nominee_name="X", actor=stranger)
    with pytest.raises(rules.NotYourAgency):
        desk.attach(nomination, b"more", actor=stranger)
    with pytest.raises(rules.NotYourAgency):
        services.remove_attachment(nomination, attachment, actor=stranger, now=make.NOW)
    with pytest.raises(rules.NotYourAgency):
        services.submit_nomination(nomination, actor=stranger, now=make.NOW)
    with pytest.raises(rules.NotYourAgency):
        services.withdraw_nomination(nomination, actor=stranger, now=make.NOW)


def test_the_council_declines_with_a_reason_that_is_kept(desk):
    nomination = make.nomination(desk.category, desk.agency)

    services.decline_nomination(
        nomination, reason=" Hồ sơ chưa đủ. ", actor=make.actor(Role.COUNCIL), now=make.NOW
    )

    assert nomination.state == rules.State.DECLINED
    db.session.commit()
    assert audit.list_entries(edition_id=desk.edition.id)[0].facts == {"reason": "Hồ sơ chưa đủ."}


def test_declining_needs_a_reason_and_the_council(desk):
    nomination = make.nomination(desk.category, desk.agency)

    with pytest.raises(rules.ReasonMissing):
        services.decline_nomination(nomination, reason=" ", actor=make.actor(Role.COUNCIL), now=make.NOW)
    with pytest.raises(rules.NotTheCouncil):
        services.decline_nomination(nomination, reason="No.", actor=desk.officer, now=make.NOW)
    with pytest.raises(rules.NotTheCouncil):
        services.award_nomination(nomination, decision="1", actor=desk.officer, now=make.NOW)


# Reading


def test_the_council_sees_what_was_submitted_and_nothing_of_drafts(desk):
    submitted = make.nomination(desk.category, desk.agency)
    withdrawn = make.nomination(desk.category, desk.agency, state=rules.State.WITHDRAWN)
    desk.draft()
    make.nomination(desk.category, desk.agency, state=rules.State.WITHDRAWN, submitted_at=None)
    make.nomination(make.category(make.scheme(make.edition())))

    assert [n.id for n in queries.list_before_council(desk.edition.id)] == [submitted.id, withdrawn.id]
    assert queries.count_states(desk.edition.id) == {rules.State.SUBMITTED: 1, rules.State.WITHDRAWN: 1}
