"""Press summaries: drafted, sent, approved or given back; and what is published of them."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.ceremony import rules
from dxday.ceremony.models import PressSummary
from dxday.ceremony.queries import press as queries
from dxday.ceremony.rules import PressState
from dxday.ceremony.services import pressing
from dxday.core import codes
from dxday.core.errors import Stale
from dxday.core.permissions import Role
from dxday.db import db
from dxday.nominations.models import Nomination
from dxday.nominations.rules import NotYourAgency
from dxday.notifications.models import Message
from tests import make
from tests.ceremony.scene import actor_of, annul

LATER = make.NOW + timedelta(days=1)


def letters() -> list[Message]:
    return db.session.scalars(
        select(Message).where(Message.kind == "press_approval").order_by(Message.id)
    ).all()


def token_of(letter: Message) -> str:
    return re.search(r"/my/press/([0-9a-z]{26})", letter.text)[1]


@pytest.fixture
def officer(scene):
    return make.account(Role.AGENCY, edition_id=scene.edition.id, organisation_id=scene.agency.id)


@pytest.fixture
def draft(scene) -> PressSummary:
    award = scene.award("Nguyễn Văn Mẫu", agency=scene.agency)
    pressing.draft_missing(scene.edition, actor=scene.actor, now=make.NOW)
    return queries.get_summary(scene.edition.id, award.code)


@pytest.fixture
def sent(scene, draft) -> PressSummary:
    pressing.send(draft, actor=scene.actor, now=make.NOW)
    return draft


def test_a_draft_is_made_of_the_line_of_the_decision_once_for_each_award(scene, draft):
    again = pressing.draft_missing(scene.edition, actor=scene.actor, now=make.NOW)

    assert again == 0
    assert draft.state is PressState.DRAFT
    assert draft.text.startswith("Nguyễn Văn Mẫu (")
    assert draft.text.endswith("Đã có thành tích xuất sắc trong chuyển đổi số.")


def test_an_annulled_award_gets_no_draft(scene):
    annul(scene.award("Đã hủy"))

    assert pressing.draft_missing(scene.edition, actor=scene.actor, now=make.NOW) == 0


def test_a_draft_is_sent_by_letter_and_only_the_hash_of_its_token_is_kept(scene, sent):
    (letter,) = letters()

    assert letter.to_address == "awardee@example.org"
    assert sent.text in letter.text
    assert sent.token_hash == codes.hash_of(token_of(letter))
    assert letter.edition_id is None
    assert (sent.state, sent.expires_at) == (PressState.SENT, make.NOW + rules.LINK_TERM)


def test_an_awardee_without_an_address_is_reached_through_the_agency(scene):
    award = scene.award("Xã Mẫu")
    db.session.get_one(Nomination, award.nomination_id).nominee_email = ""
    pressing.draft_missing(scene.edition, actor=scene.actor, now=make.NOW)

    pressing.send(queries.get_summary(scene.edition.id, award.code), actor=scene.actor, now=make.NOW)

    assert [each.to_address for each in letters()] == ["agency@example.org"]


def test_nobody_is_written_to_twice(scene, sent):
    with pytest.raises(rules.PressMoveNotPossible):
        pressing.send(sent, actor=scene.actor, now=make.NOW)

    assert pressing.send_all(scene.edition, actor=scene.actor, now=make.NOW) == 0
    assert len(letters()) == 1


def test_all_drafts_are_sent_at_once_each_once(scene):
    for name in ("Một", "Hai", "Ba"):
        scene.award(name)
    annul(scene.award("Đã hủy"))
    pressing.draft_missing(scene.edition, actor=scene.actor, now=make.NOW)

    assert pressing.send_all(scene.edition, actor=scene.actor, now=make.NOW) == 3
    assert len(letters()) == 3


def test_before_the_announcement_a_letter_leaves_only_in_confidence(scene, draft):
    scene.decision.announced_at = None
    db.session.flush()

    assert pressing.send_all(scene.edition, actor=scene.actor, now=make.NOW) == 0
    with pytest.raises(rules.UnderEmbargo):
        pressing.send(draft, actor=scene.actor, now=make.NOW)
    assert letters() == []
    pressing.send(draft, actor=scene.actor, now=make.NOW, in_confidence=True)
    assert len(letters()) == 1


def test_a_link_that_ran_out_is_sent_once_more_and_the_old_one_is_dead(scene, sent):
    after = sent.expires_at
    pressing.send(sent, actor=scene.actor, now=after)

    first, second = letters()
    with pytest.raises(rules.PressLinkNotOpen):
        queries.get_asked(token_of(first), after)
    assert queries.get_asked(token_of(second), after).id == sent.id


def test_the_awardee_approves_once(scene, sent):
    token = token_of(letters()[0])

    pressing.approve_by_link(queries.get_asked(token, LATER), seen=sent.version, now=LATER)

    assert (sent.state, sent.approved_at, sent.answered_by) == (PressState.APPROVED, LATER, "Nguyễn Văn Mẫu")
    with pytest.raises(rules.PressLinkNotOpen):
        queries.get_asked(token, LATER)
    with pytest.raises(rules.PressLinkNotOpen):
        pressing.approve_by_link(sent, seen=sent.version, now=LATER)


def test_changes_are_wanted_in_words(scene, sent):
    with pytest.raises(rules.WordsWanted):
        pressing.want_changes_by_link(sent, remark=" ", seen=sent.version, now=LATER)

    pressing.want_changes_by_link(sent, remark="Sai tên xã.", seen=sent.version, now=LATER)

    assert (sent.state, sent.remark, sent.token_hash) == (PressState.CHANGES, "Sai tên xã.", None)


@pytest.mark.parametrize("token", ["", "x", "0" * 26, "0123456789abcdefghjkmnpqrs"])
def test_a_guessed_link_opens_nothing(scene, sent, token):
    with pytest.raises(rules.PressLinkNotOpen):
        queries.get_asked(token, LATER)


def test_a_link_ends_when_it_runs_out_or_the_award_is_annulled(scene, sent):
    token = token_of(letters()[0])
    assert queries.get_asked(token, sent.expires_at - timedelta(seconds=1)).id == sent.id
    with pytest.raises(rules.PressLinkNotOpen):
        queries.get_asked(token, sent.expires_at)

    annul(sent.award)

    with pytest.raises(rules.PressLinkNotOpen):
        queries.get_asked(token, LATER)


@pytest.mark.parametrize("state", [PressState.SENT, PressState.APPROVED, PressState.CHANGES])
def test_other_words_need_another_approval(scene, sent, state):
    if state is PressState.APPROVED:
        pressing.approve_by_link(sent, seen=sent.version, now=LATER)
    if state is PressState.CHANGES:
        pressing.want_changes_by_link(sent, remark="Sai.", seen=sent.version, now=LATER)

    pressing.change_text(sent, "Lời khác.", seen=sent.version, actor=scene.actor, now=LATER)

    assert (sent.state, sent.text) == (PressState.DRAFT, "Lời khác.")
    assert (sent.token_hash, sent.approved_at) == (None, None)
    assert queries.list_summaries(scene.edition.id, state=PressState.APPROVED) == []


def test_the_same_words_again_leave_an_approval_as_it_is(scene, sent):
    pressing.approve_by_link(sent, seen=sent.version, now=LATER)

    pressing.change_text(sent, f"  {sent.text} ", seen=sent.version, actor=scene.actor, now=LATER)

    assert sent.state is PressState.APPROVED


def test_words_that_somebody_else_changed_meanwhile_are_refused(scene, draft):
    seen = draft.version
    pressing.change_text(draft, "Một.", seen=seen, actor=scene.actor, now=LATER)

    with pytest.raises(Stale):
        pressing.change_text(draft, "Hai.", seen=seen, actor=scene.actor, now=LATER)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [("", rules.SummaryMissing), ("chữ " * (rules.SUMMARY_WORDS + 1), rules.SummaryTooLong)],
)
def test_words_keep_to_their_limit(scene, draft, text, refusal):
    with pytest.raises(refusal):
        pressing.change_text(draft, text, seen=draft.version, actor=scene.actor, now=LATER)


def test_the_officer_of_the_agency_approves_in_the_awardee_s_place(scene, sent, officer):
    pressing.approve(sent, seen=sent.version, actor=actor_of(officer), now=LATER)

    assert (sent.state, sent.answered_by) == (PressState.APPROVED, officer.full_name)


def test_an_officer_of_another_agency_does_not(scene, sent):
    other = make.account(Role.AGENCY, edition_id=scene.edition.id, organisation_id=make.organisation().id)

    with pytest.raises(NotYourAgency):
        pressing.approve(sent, seen=sent.version, actor=actor_of(other), now=LATER)
    with pytest.raises(NotYourAgency):
        pressing.want_changes(sent, remark="x", seen=sent.version, actor=actor_of(other), now=LATER)
    with pytest.raises(rules.NotYoursToArrange):
        pressing.change_text(sent, "x", seen=sent.version, actor=actor_of(other), now=LATER)


def test_an_officer_answers_only_what_was_sent(scene, draft, officer):
    with pytest.raises(rules.PressMoveNotPossible):
        pressing.approve(draft, seen=draft.version, actor=actor_of(officer), now=LATER)


def test_words_that_changed_under_the_officer_s_eyes_are_not_approved(scene, sent, officer):
    seen = sent.version
    pressing.change_text(sent, "Khác.", seen=seen, actor=scene.actor, now=LATER)
    pressing.send(sent, actor=scene.actor, now=LATER)

    with pytest.raises(Stale):
        pressing.approve(sent, seen=seen, actor=actor_of(officer), now=LATER)


def test_the_whole_way_by_pages(client, scene, sent):
    path = f"/my/press/{token_of(letters()[0])}"

    asked = client.open(path)
    without_words = client.fill(path, answer="changes")
    answered = client.fill(path, answer="approve")

    assert asked.all("//blockquote") == [sent.text]
    assert asked.response.headers["Referrer-Policy"] == "no-referrer"
    assert without_words.errors == ["Write what has to be changed."]
    assert client.follow(answered).heading == "Thank you, your answer was noted"
    closed = client.open(path)
    assert (closed.status, closed.heading) == (410, "This link is not open")


def test_the_secretary_drafts_sends_and_exports(client, scene):
    award = scene.award("=cmd|' /C calc'!A0")
    client.sign_in(scene.secretary)
    path = f"/manage/{scene.edition.code}/press"

    client.fill(f"{path}/", form=f"{path}/draft")
    client.fill(f"{path}/", form=f"{path}/send")
    nothing = client.open(f"{path}/export.csv").text
    summary = queries.get_summary(scene.edition.id, award.code)
    pressing.approve_by_link(summary, seen=summary.version, now=LATER)
    exported = client.open(f"{path}/export.csv").text

    assert len(nothing.splitlines()) == 1
    assert "'=cmd|" in exported
    assert client.open(f"{path}/sheet").all("//main//h2") == ["=cmd|' /C calc'!A0"]
    assert client.open(f"{path}/?state=approved").status == 200


def test_the_secretary_corrects_a_draft_and_reads_what_is_wanted(client, scene, sent):
    pressing.want_changes_by_link(sent, remark="Sai tên xã.", seen=sent.version, now=LATER)
    client.sign_in(scene.secretary)
    path = f"/manage/{scene.edition.code}/press/{sent.award.code}"

    before = client.open(path)
    too_long = client.fill(path, text="chữ " * 81)
    client.fill(path, text="Lời mới.")

    assert "Sai tên xã." in before.words
    assert too_long.errors == ["These are 81 words. Use at most 80."]
    assert (sent.text, sent.state) == ("Lời mới.", PressState.DRAFT)


def test_the_officer_s_pages_show_only_their_own_and_what_was_sent(client, scene, officer):
    later = make.decision(scene.edition, announced_at=None)
    own = scene.award("Của ta", agency=scene.agency)
    hidden = scene.award("Nháp", agency=scene.agency)
    foreign = scene.award("Của người")
    embargoed = scene.award("Chưa công bố", agency=scene.agency, decision=later)
    make.press_summary(hidden)
    for each in (own, foreign, embargoed):
        make.press_summary(each, state=PressState.SENT)
    client.sign_in(officer)
    path = f"/agency/{scene.edition.code}/press/"

    listed = client.open(path).all("//tbody//a")
    answered = client.fill(f"{path}{own.code}", answer="approve")

    assert listed == ["Của ta"]
    assert answered.location == path
    assert queries.get_summary(scene.edition.id, own.code).state is PressState.APPROVED
    assert [client.open(f"{path}{each.code}").status for each in (hidden, foreign, embargoed)] == [404] * 3
