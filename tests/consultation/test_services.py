"""Publishing a list, receiving comments, dealing with them, and what a ballot waits for."""

import json
from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.audit.services import chain_pending
from dxday.ballots import services as ballots
from dxday.ballots.rules import StandsInTheWay
from dxday.consultation import queries, rules, services, snapshots
from dxday.consultation.models import Comment, CommentWindow
from dxday.consultation.rules import Outcome, Signature
from dxday.core import codes
from dxday.core.actor import Grant
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.council.models import CouncilScheme
from dxday.db import db
from dxday.nominations.rules import State
from dxday.notifications.models import Message
from dxday.schemes.models import DossierItem, Holiday
from dxday.schemes.rules import ItemKind, NomineeKind
from tests import make
from tests.consultation.conftest import SIGNED, make_desk, secretary_of


def trail(action: str) -> list[AuditEntry]:
    """What the trail says of an action, as the end of the transaction writes it."""
    chain_pending(db.session())
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


# Publishing


def test_a_list_is_kept_as_it_was_published_with_its_digest_in_the_trail(desk):
    window = desk.publish(now=make.at("2026-08-21 16:30"))

    assert window.sha256 == sha256(window.snapshot.encode()).hexdigest()
    assert window.closes_at == make.at("2026-09-09 00:00")
    assert (window.number, window.days, window.previous_id) == (1, 10, None)
    assert [entry.nominee for entry in snapshots.read(window.snapshot)] == [
        "Tổ công nghệ số số 1",
        "Tổ công nghệ số số 2",
    ]
    (entry,) = trail("nominations.published")
    assert (entry.facts["sha256"], entry.facts["nominations"]) == (window.sha256, 2)


def test_the_holiday_table_counts(desk):
    make.save(Holiday(day=make.at("2026-08-24 00:00").date(), name="Bù", off=True, source="Thông báo"))

    assert desk.publish(now=make.at("2026-08-21 16:30")).closes_at == make.at("2026-09-10 00:00")


def test_the_days_are_those_of_the_time_zone_of_the_edition(desk):
    desk.edition.time_zone = "America/New_York"
    now = make.at("2026-08-22 06:00")  # there it is still Friday

    assert desk.publish(now=now).closes_at.isoformat() == "2026-09-09T00:00:00-04:00"


def test_nothing_private_is_in_a_list(app):
    desk = make_desk(nominations=0)
    person = make.category(desk.scheme, nominee_kind=NomineeKind.INDIVIDUAL)
    family = make.category(desk.scheme, nominee_kind=NomineeKind.HOUSEHOLD)
    make.save(
        DossierItem(
            scheme_id=desk.scheme.id, section="person", code="religion", kind=ItemKind.TEXT,
            name={"vi": "Tôn giáo"}, sensitive=True, article="", source="",
        )
    )  # fmt: skip
    secrets = {
        "nominee_email": "secret@example.org",
        "contact_name": "Bí Mật",
        "contact_email": "b@example.org",
    }
    make.nomination(
        person, desk.agency, state=State.ADMITTED, nominee_name="Nguyễn Văn Mẫu", nominee_position="Trưởng phòng",
        achievement="Sinh năm 1980, điện thoại 0912345678, đã số hóa 100 hồ sơ.", **secrets,
    )  # fmt: skip
    make.nomination(
        family, desk.agency, state=State.ADMITTED, nominee_name="Hộ ông Lê Văn Thử",
        nominee_position="Số 5, ngõ Kín", **secrets,
    )  # fmt: skip

    snapshot = desk.publish().snapshot

    for private in ("secret@", "Bí Mật", "b@example", "0912345678", "1980", "ngõ Kín", "religion", "code"):
        assert private not in snapshot
    assert [(each.nominee, each.position, each.achievement) for each in snapshots.read(snapshot)] == [
        ("Nguyễn Văn Mẫu", "Trưởng phòng", "[…], điện thoại […], đã số hóa 100 hồ sơ."),
        ("Hộ ông Lê Văn Thử", "", "Hỗ trợ người dân dùng dịch vụ công trực tuyến."),
    ]


@pytest.mark.parametrize("of_category", [True, False])
def test_an_achievement_that_the_scheme_marks_as_sensitive_is_left_out(desk, of_category):
    make.save(
        DossierItem(
            scheme_id=desk.scheme.id, category_id=desk.category.id if of_category else None, section="achievement",
            code="achievement", kind=ItemKind.TEXT, name={"vi": "Thành tích"}, sensitive=True, article="", source="",
        )
    )  # fmt: skip

    assert [each.achievement for each in queries.compose_list(desk.scheme).entries] == ["", ""]


@pytest.mark.parametrize(
    "state", [State.DRAFT, State.SUBMITTED, State.RETURNED, State.DECLINED, State.WITHDRAWN]
)
def test_what_is_not_before_the_council_is_not_on_the_list(desk, state):
    make.nomination(desk.category, state=state, nominee_name="Chưa được")

    assert [each.nominee for each in queries.compose_list(desk.scheme).entries] == [
        "Tổ công nghệ số số 1",
        "Tổ công nghệ số số 2",
    ]


def test_a_list_is_not_published_without_what_it_needs(app):
    silent, empty = make_desk(comment_days=None), make_desk(nominations=0)

    with pytest.raises(rules.NoCommentWanted):
        silent.publish()
    with pytest.raises(rules.NothingToPublish):
        empty.publish()


def test_only_the_secretary_publishes_and_sets_the_policy(desk):
    agency = make.actor(Role.AGENCY, edition_id=desk.edition.id, organisation_id=desk.agency.id)

    with pytest.raises(rules.NotTheSecretary):
        services.publish_list(desk.scheme, seen="", actor=agency, now=make.NOW)
    with pytest.raises(rules.NotTheSecretary):
        services.set_policy(desk.scheme, anonymous=True, actor=agency, now=make.NOW)
    elsewhere = make.actor(Role.COUNCIL, edition_id=make.edition().id)
    with pytest.raises(rules.NotTheSecretary):
        services.publish_list(desk.scheme, seen="", actor=elsewhere, now=make.NOW)


def test_what_is_published_is_what_was_looked_at(desk):
    seen = queries.compose_list(desk.scheme).sha256
    desk.admit("Tổ mới vào")

    with pytest.raises(rules.ListChanged):
        desk.publish(seen=seen)


# Correcting


def test_a_correction_is_a_new_version_that_names_the_old_and_leaves_the_last_day(desk):
    first = desk.publish()
    desk.nominations[0].nominee_name = "Tổ công nghệ số xã Mẫu"

    second = desk.publish(now=make.NOW + timedelta(days=3), reason="Tên viết sai.")

    assert (second.number, second.previous_id, second.reason) == (2, first.id, "Tên viết sai.")
    assert second.times == first.times
    assert json.loads(second.snapshot)["previous_sha256"] == first.sha256
    assert first.superseded_at == make.NOW + timedelta(days=3)
    assert first.sha256 == snapshots.digest(first.snapshot)
    assert [each.id for each in queries.list_current(desk.edition.id)] == [second.id]
    assert [each.number for each in queries.list_versions(desk.scheme.id)] == [2, 1]


def test_a_withdrawn_nomination_leaves_the_last_day_too(desk):
    first = desk.publish()
    desk.nominations[1].state = State.WITHDRAWN

    assert desk.publish(now=make.NOW + timedelta(days=3), reason="Rút đề nghị.").times == first.times


def test_an_added_nomination_starts_the_days_afresh(desk):
    desk.publish(now=make.at("2026-08-21 16:30"))
    desk.admit("Tổ mới vào")

    second = desk.publish(now=make.at("2026-09-03 10:00"), reason="Bổ sung.")

    assert second.opens_at == make.at("2026-09-03 10:00")
    assert second.closes_at == make.at("2026-09-18 00:00")
    assert [entry.facts["afresh"] for entry in trail("nominations.published")] == [True, True]


def test_a_correction_corrects_something_and_gives_its_reason(desk):
    desk.publish()
    with pytest.raises(rules.NothingChanged):
        desk.publish(reason="Không đổi gì.")

    desk.nominations[0].nominee_name = "Khác"
    with pytest.raises(rules.ReasonMissing):
        desk.publish(reason="  ")
    with pytest.raises(rules.TooLong):
        desk.publish(reason="x" * 2001)


# Receiving


def test_a_comment_is_received_and_only_its_receipt_opens_it(desk):
    receipt = desk.comment(desk.publish())

    (comment,) = desk.waiting()
    assert queries.get_by_receipt(desk.edition.id, receipt).id == comment.id
    assert (comment.full_name, comment.home, comment.number) == (SIGNED.full_name, SIGNED.home, 1)
    assert comment.receipt_hash == codes.hash_of(receipt)
    assert receipt not in repr(vars(comment))
    with pytest.raises(NotFound):
        queries.get_by_receipt(make.edition().id, receipt)


def test_the_trail_does_not_say_who_commented(desk):
    desk.comment(desk.publish())

    (entry,) = trail("comment.received")
    assert (entry.actor_kind, entry.actor_account_id, entry.actor_label) == ("visitor", None, "visitor")
    assert set(entry.facts) == {"window", "number"}


def test_a_form_that_is_sent_twice_is_one_comment_with_one_receipt(desk):
    window, guid = desk.publish(), uuid4()

    assert desk.comment(window, guid=guid) == desk.comment(window, guid=guid)
    assert len(desk.waiting()) == 1
    assert len(trail("comment.received")) == 1


def test_a_form_that_is_sent_twice_gets_its_receipt_also_after_the_closing(desk):
    window, guid = desk.publish(), uuid4()

    receipt = desk.comment(window, guid=guid)

    assert desk.comment(window, guid=guid, now=window.closes_at) == receipt


@pytest.mark.parametrize("change", [{"text": "Khác"}, {"number": 2}, {"number": None}])
def test_a_form_that_is_sent_again_with_other_words_is_refused(desk, change):
    window, guid = desk.publish(), UUID(int=7)
    desk.comment(window, guid=guid)

    with pytest.raises(rules.AlreadySent):
        desk.comment(window, guid=guid, **change)


def test_a_late_comment_is_refused_to_the_second(desk):
    window = desk.publish()

    desk.comment(window, now=window.closes_at - timedelta(seconds=1))
    with pytest.raises(rules.WindowClosed):
        desk.comment(window, now=window.closes_at)
    assert len(desk.waiting()) == 1


def test_a_comment_on_a_replaced_list_is_refused_and_says_where_to_go(desk):
    first = desk.publish()
    desk.nominations[0].nominee_name = "Khác"
    second = desk.publish(reason="Tên viết sai.")

    with pytest.raises(rules.ListReplaced):
        desk.comment(first)
    desk.comment(second)


@pytest.mark.parametrize("number", [0, 3, 10**17])
def test_nobody_comments_on_what_is_not_on_the_list(desk, number):
    window = desk.publish()

    with pytest.raises(NotFound):
        desk.comment(window, number)


def test_a_comment_without_a_name_needs_the_setting(desk):
    window = desk.publish()
    with pytest.raises(rules.NameMissing):
        desk.comment(window, signature=Signature())

    services.set_policy(desk.scheme, anonymous=True, actor=desk.secretary, now=make.NOW)

    desk.comment(window, signature=Signature())
    assert [each.full_name for each in desk.waiting()] == [""]
    assert [entry.facts for entry in trail("comment_policy.set")] == [{"anonymous": True}]


def test_the_receipt_is_mailed_as_a_letter_that_the_edition_does_not_see(desk):
    signature = Signature("Đỗ Thị Góp Ý", "", "citizen@example.org", "Số 1", signed=True)

    receipt = desk.comment(desk.publish(), signature=signature)

    (message,) = db.session.scalars(select(Message))
    assert (message.kind, message.edition_id, message.to_address) == (
        "comment_received",
        None,
        "citizen@example.org",
    )
    assert rules.group_receipt(receipt) in message.text
    assert f"/{desk.edition.code}/nominations/receipts/{receipt}" in message.text
    assert "Tổ công nghệ" not in message.text


# Dealing with comments


def test_a_comment_is_dealt_with_once(desk):
    desk.comment(desk.publish())
    (comment,) = desk.waiting()

    desk.dispose(comment, outcome=Outcome.UPHELD)

    assert (comment.outcome, comment.reason, comment.reply) == (
        Outcome.UPHELD,
        "Đã xác minh.",
        "Cảm ơn Ông/Bà.",
    )
    assert (comment.disposed_by_id, comment.disposed_at) == (desk.account.id, make.NOW)
    with pytest.raises(rules.AlreadyDisposed) as refused:
        desk.dispose(comment)
    assert str(refused.value) == f"This comment was dealt with already, by {desk.account.full_name}."
    (entry,) = trail("comment.disposed")
    assert entry.facts == {"outcome": "upheld", "reason": "Đã xác minh.", "replied": True}


def test_an_outcome_has_its_reason(desk):
    desk.comment(desk.publish())
    (comment,) = desk.waiting()

    with pytest.raises(rules.ReasonMissing):
        desk.dispose(comment, reason=" ")
    with pytest.raises(rules.TooLong):
        desk.dispose(comment, reply="x" * 2001)
    assert comment.outcome is None


def test_a_secretary_with_a_conflict_of_interest_keeps_away_until_it_is_lifted(desk):
    desk.comment(desk.publish())
    (comment,) = desk.waiting()
    conflict = make.conflict_of_interest(desk.nominations[0], desk.account)

    with pytest.raises(rules.KeepsAway):
        desk.dispose(comment)
    with pytest.raises(rules.KeepsAway):
        services.note_viewed(comment, actor=desk.secretary, now=make.NOW)

    conflict.lifted_at = make.NOW
    db.session.flush()
    desk.dispose(comment)


def test_a_conflict_with_one_nomination_bars_from_no_other_and_not_from_the_list_as_a_whole(desk):
    window = desk.publish()
    desk.comment(window, 2)
    desk.comment(window, None)
    make.conflict_of_interest(desk.nominations[0], desk.account)

    for comment in desk.waiting():
        desk.dispose(comment)

    assert desk.waiting() == []


def test_who_nominates_for_the_agency_keeps_away(desk):
    desk.comment(desk.publish())
    (comment,) = desk.waiting()
    both = secretary_of(
        desk.account,
        desk.edition,
        Grant(Role.AGENCY, edition_id=desk.edition.id, organisation_id=desk.agency.id),
    )

    with pytest.raises(rules.KeepsAway):
        desk.dispose(comment, actor=both)


def test_nobody_but_a_secretary_deals_with_comments(desk):
    desk.comment(desk.publish())
    (comment,) = desk.waiting()

    for role in (Role.MEMBER, Role.ORGANIZER, Role.AGENCY):
        with pytest.raises(rules.NotTheSecretary):
            desk.dispose(comment, actor=make.actor(role, edition_id=desk.edition.id))


# What a ballot waits for


def obstacles(desk, now=make.NOW) -> list[str]:
    return [str(each) for each in ballots.find_obstacles(desk.scheme.id, now=now)]


def test_a_ballot_waits_for_the_list_the_closing_the_answers_and_everybody_on_the_list(desk):
    assert obstacles(desk) == [
        "The list of nominations was not published. The scheme has 10 working days of public comment."
    ]

    window = desk.publish(now=make.at("2026-08-21 16:30"))
    desk.comment(window, now=make.at("2026-08-24 08:00"))
    desk.comment(window, None, now=make.at("2026-08-24 08:00"))
    desk.admit("Tổ vào sau")
    waits = "Comments of the public that were not dealt with yet: 2."
    missing = "Not on the published list, and before the council: Tổ vào sau. Publish the list again."
    assert obstacles(desk, window.closes_at - timedelta(seconds=1)) == [
        "The public can comment until 00:00:00, 09/09/2026.",
        waits,
        missing,
    ]
    assert obstacles(desk, window.closes_at) == [waits, missing]

    for comment in desk.waiting():
        desk.dispose(comment)
    desk.nominations[-1].state = State.ADMITTED
    assert obstacles(desk, window.closes_at) == [missing]


def test_a_scheme_without_comment_days_asks_for_nothing_but_answers_to_what_came(desk):
    desk.comment(desk.publish())
    desk.scheme.comment_days = None
    db.session.flush()

    assert obstacles(desk) == ["Comments of the public that were not dealt with yet: 1."]
    assert obstacles(make_desk(comment_days=None)) == []


def test_a_comment_on_a_list_that_was_corrected_is_waited_for_too(desk):
    desk.comment(desk.publish())
    desk.nominations[0].nominee_name = "Khác"
    second = desk.publish(reason="Tên viết sai.")

    assert obstacles(desk, second.closes_at) == ["Comments of the public that were not dealt with yet: 1."]


def test_opening_a_ballot_is_refused_and_then_seals_the_window(desk):
    council = make.council(desk.edition, desk.scheme)
    make.member(council)
    assert db.session.get(CouncilScheme, desk.scheme.id) is not None
    ballot = ballots.prepare_ballot(desk.scheme, actor=desk.secretary, now=make.NOW)
    with pytest.raises(StandsInTheWay) as refused:
        ballots.open_round(ballot, actor=desk.secretary, now=make.NOW)
    assert "was not published" in str(refused.value)
    window = desk.publish()
    with pytest.raises(StandsInTheWay):
        ballots.open_round(ballot, actor=desk.secretary, now=make.NOW)
    assert window.sealed_at is None

    ballots.open_round(ballot, actor=desk.secretary, now=window.closes_at)

    assert window.sealed_at == window.closes_at
    with pytest.raises(rules.WindowClosed):  # begun in the last second, arrived after the ballot opened
        desk.comment(window, now=window.closes_at - timedelta(seconds=1))


def test_the_database_keeps_one_list_of_a_scheme_current(desk):
    window = desk.publish()

    copy = CommentWindow(
        edition_id=window.edition_id, scheme_id=window.scheme_id, number=9, previous_id=window.id, days=1,
        opens_at=window.opens_at, closes_at=window.closes_at, reason="", snapshot="{}", sha256="",
        published_at=make.NOW,
    )  # fmt: skip
    with pytest.raises(Exception, match=r"(?i)unique"), db.session.begin_nested():
        db.session.add(copy)


def test_the_database_takes_no_comment_on_a_number_that_the_list_has_not(desk):
    window = desk.publish()

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        make.comment(window, 99)
    db.session.rollback()
    assert db.session.scalars(select(Comment)).all() == []
