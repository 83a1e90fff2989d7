"""Making and changing the order of a ceremony, and ticking what was handed over."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dxday.audit.models import AuditEntry
from dxday.ceremony import rules
from dxday.ceremony.models import Call, Turn
from dxday.ceremony.queries import order
from dxday.ceremony.rules import First, Receiver, Step
from dxday.ceremony.services import handing, ordering
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.db import db
from tests import make
from tests.ceremony.scene import LINE, actor_of, annul, names, turn_of


def actions() -> list[str]:
    return [each["action"] for each in db.session().info.get("audit", [])]


def test_every_award_gets_a_place_by_the_rules(scene):
    scene.award("Cá nhân", category=scene.people)
    scene.award("Tập thể một")
    scene.award("Tập thể hai")

    ceremony = scene.ordered()

    assert names(ceremony) == [["Tập thể một", "Tập thể hai"], ["Cá nhân"]]


def test_the_setting_turns_collectives_and_individuals_round(scene):
    scene.award("Tập thể")
    scene.award("Cá nhân", category=scene.people)

    assert names(scene.ordered(first=First.INDIVIDUALS)) == [["Cá nhân"], ["Tập thể"]]


def test_an_award_is_received_at_its_agency_s_site_and_else_in_the_hall(scene):
    child = make.organisation(parent_id=scene.agency.id)
    own, below, other = (
        scene.award("A", agency=scene.agency),
        scene.award("B", agency=child),
        scene.award("C"),
    )

    ceremony = scene.ordered()

    assert [turn_of(ceremony, each).site_id for each in (own, below, other)] == [
        scene.site.id,
        scene.site.id,
        scene.hall.id,
    ]


def test_nobody_is_sent_to_a_cancelled_site(scene):
    scene.site.cancelled_at = make.NOW
    award = scene.award("A", agency=scene.agency)

    assert turn_of(scene.ordered(), award).site_id == scene.hall.id


def test_an_annulled_award_gets_no_place(scene):
    annul(scene.award("Đã hủy"))
    scene.award("Còn")

    assert names(scene.ordered()) == [["Còn"]]


def test_a_replaced_certificate_is_no_annulment(scene):
    award = scene.award("Còn")
    make.certificate(award, standing="replaced")
    make.certificate(award)

    assert names(scene.ordered()) == [["Còn"]]


def test_an_award_that_is_annulled_later_is_skipped_and_marked(scene):
    gone = scene.award("Đã hủy")
    scene.award("Còn")
    ceremony = scene.ordered()
    annul(gone)

    call = order.read_order(ceremony).calls[0]

    assert [(each.award.recipient_name, each.recalled) for each in call.turns] == [
        ("Đã hủy", True),
        ("Còn", False),
    ]
    assert call.script.splitlines()[1:] == [f"1. Còn, {call.turns[1].award.organisation_name['vi']}: {LINE}"]
    assert [(each.handed, each.total) for each in order.read_order(ceremony).counters()] == [(0, 1)]


def test_no_award_waiting_is_said(scene):
    with pytest.raises(rules.NothingToOrder):
        ordering.propose_order(scene.ceremony(), actor=scene.actor, now=make.NOW)


def test_awards_of_a_later_decision_go_behind_all_others(scene):
    scene.award("Một")
    ceremony = scene.ordered()
    scene.award("Hai", decision=make.decision(scene.edition))

    ordering.add_missing(ceremony, actor=scene.actor, now=make.NOW)

    assert names(ceremony) == [["Một"], ["Hai"]]
    with pytest.raises(rules.NothingToOrder):
        ordering.add_missing(ceremony, actor=scene.actor, now=make.NOW)


def test_an_award_stands_in_one_ceremony_only(scene):
    scene.award("Một")
    scene.ordered()
    second = scene.session
    scene.session = make.session(scene.edition, kind=second.kind)

    with pytest.raises(rules.NothingToOrder):
        scene.ordered()


def test_making_the_order_anew_keeps_sites_and_representatives(scene):
    award = scene.award("Một", agency=scene.agency)
    scene.award("Hai")
    ceremony = scene.ordered()
    ordering.place_turn(ceremony, turn_of(ceremony, award), scene.hall, actor=scene.actor, now=make.NOW)
    handing.set_receiver(
        turn_of(ceremony, award),
        receiver=Receiver.REPRESENTATIVE,
        name="Trần Thị Thí Dụ",
        position="Phó Chủ tịch",
        actor=scene.actor,
        now=make.NOW,
    )
    ordering.move_turn(ceremony, turn_of(ceremony, award), Step.DOWN, actor=scene.actor, now=make.NOW)

    ordering.propose_order(ceremony, actor=scene.actor, now=make.NOW)

    turn = turn_of(ceremony, award)
    assert names(ceremony) == [["Một", "Hai"]]
    assert (turn.site_id, turn.representative_name) == (scene.hall.id, "Trần Thị Thí Dụ")


def test_the_order_is_not_made_anew_once_something_was_handed_over(scene):
    award = scene.award("Một")
    ceremony = scene.ordered()
    handing.hand_over(turn_of(ceremony, award), undone=0, actor=scene.actor, now=make.NOW)

    with pytest.raises(rules.HandingHasBegun):
        ordering.propose_order(ceremony, actor=scene.actor, now=make.NOW)


def test_moving_over_the_edge_of_a_call_takes_an_empty_call_away(scene):
    scene.award("Một")
    person = scene.award("Hai", category=scene.people)
    ceremony = scene.ordered()

    ordering.move_turn(ceremony, turn_of(ceremony, person), Step.UP, actor=scene.actor, now=make.NOW)

    assert names(ceremony) == [["Một", "Hai"]]
    assert [call.position for call in order.list_calls(ceremony.id)] == [1]


def test_a_call_is_split_and_moved(scene):
    for each in ("Một", "Hai", "Ba"):
        award = scene.award(each)
    ceremony = scene.ordered()

    ordering.split_call(ceremony, turn_of(ceremony, award), actor=scene.actor, now=make.NOW)
    split = names(ceremony)
    last = order.list_calls(ceremony.id)[-1]
    ordering.move_call(ceremony, last, Step.UP, actor=scene.actor, now=make.NOW)

    assert split == [["Một", "Hai"], ["Ba"]]
    assert names(ceremony) == [["Ba"], ["Một", "Hai"]]
    with pytest.raises(rules.CannotMove):
        ordering.split_call(ceremony, turn_of(ceremony, award), actor=scene.actor, now=make.NOW)


def test_words_of_a_call_stay_and_are_marked_when_the_order_changes(scene):
    scene.award("Một")
    second = scene.award("Hai")
    ceremony = scene.ordered()
    shown = order.read_order(ceremony).calls[0]
    ordering.write_script(
        ceremony,
        shown.call,
        "Xin mời Một và Hai.",
        codes=order.codes_of(shown.turns),
        actor=scene.actor,
        now=make.NOW,
    )
    before = order.read_order(ceremony).calls[0]
    ordering.move_turn(ceremony, turn_of(ceremony, second), Step.UP, actor=scene.actor, now=make.NOW)

    after = order.read_order(ceremony).calls[0]

    assert (before.script, before.stale) == ("Xin mời Một và Hai.", False)
    assert (after.script, after.stale) == ("Xin mời Một và Hai.", True)


def test_empty_words_go_back_to_the_proposed_ones(scene):
    scene.award("Một")
    ceremony = scene.ordered()
    call = order.list_calls(ceremony.id)[0]
    ordering.write_script(ceremony, call, "Khác.", codes=["x"], actor=scene.actor, now=make.NOW)

    ordering.write_script(ceremony, call, " ", codes=["x"], actor=scene.actor, now=make.NOW)

    shown = order.read_order(ceremony).calls[0]
    assert (shown.script, shown.stale) == (shown.proposed, False)


def test_a_template_with_an_unknown_blank_is_refused(scene):
    with pytest.raises(rules.BlankUnknown):
        scene.ceremony(line="{name.__class__}")


def test_the_last_call_stands_on_the_stage_and_a_button_sent_twice_calls_once(scene):
    scene.award("Một")
    scene.award("Hai", category=scene.people)
    ceremony = scene.ordered()
    first, second = order.list_calls(ceremony.id)
    ordering.call_now(ceremony, first, actor=scene.actor, now=make.NOW)
    ordering.call_now(ceremony, second, actor=scene.actor, now=make.NOW + timedelta(minutes=1))
    ordering.call_now(ceremony, second, actor=scene.actor, now=make.NOW + timedelta(minutes=2))

    found = order.read_order(ceremony)

    assert found.current.number == 2
    assert (found.before.number, found.following) == (1, None)
    assert second.called_at == make.NOW + timedelta(minutes=1)
    ordering.call_now(ceremony, first, actor=scene.actor, now=make.NOW + timedelta(minutes=3))
    assert order.read_order(ceremony).current.number == 1


@pytest.mark.parametrize("role", [Role.AGENCY, Role.MEMBER, Role.SITE])
def test_who_does_not_arrange_changes_nothing(scene, role):
    award = scene.award("Một")
    ceremony = scene.ordered()
    turn, call = turn_of(ceremony, award), order.list_calls(ceremony.id)[0]
    by = {"actor": make.actor(role, edition_id=scene.edition.id), "now": make.NOW}

    for act in (
        lambda: ordering.propose_order(ceremony, **by),
        lambda: ordering.add_missing(ceremony, **by),
        lambda: ordering.move_turn(ceremony, turn, Step.UP, **by),
        lambda: ordering.move_call(ceremony, call, Step.UP, **by),
        lambda: ordering.split_call(ceremony, turn, **by),
        lambda: ordering.place_turn(ceremony, turn, None, **by),
        lambda: ordering.write_script(ceremony, call, "x", codes=[], **by),
        lambda: ordering.call_now(ceremony, call, **by),
        lambda: ordering.set_up(
            scene.session, first=First.COLLECTIVES, per_call=1, opening="x", line="x", **by
        ),
    ):
        with pytest.raises(rules.NotYoursToArrange):
            act()


def test_a_tick_says_who_and_when_and_a_second_one_changes_nothing(scene):
    award = scene.award("Một", agency=scene.agency)
    ceremony = scene.ordered()
    turn, coordinator = turn_of(ceremony, award), actor_of(scene.coordinator)

    first = handing.hand_over(turn, undone=0, actor=coordinator, now=make.NOW)
    noted = actions().count("award.handed_over")
    second = handing.hand_over(turn, undone=0, actor=scene.actor, now=make.NOW + timedelta(hours=1))

    assert (first, second) == (True, False)
    assert (turn.handed_at, turn.handed_by_id) == (make.NOW, scene.coordinator.id)
    assert actions().count("award.handed_over") == noted == 1


def test_a_tick_that_comes_late_does_not_bring_back_what_was_taken_back(scene):
    award = scene.award("Một", agency=scene.agency)
    turn, coordinator = turn_of(scene.ordered(), award), actor_of(scene.coordinator)
    handing.hand_over(turn, undone=0, actor=coordinator, now=make.NOW)
    handing.take_back(turn, reason="Nhầm người.", actor=coordinator, now=make.NOW)

    with pytest.raises(rules.SentAgain):
        handing.hand_over(turn, undone=0, actor=coordinator, now=make.NOW)

    assert turn.handed_at is None
    assert handing.hand_over(turn, undone=1, actor=coordinator, now=make.NOW) is True


def test_taking_back_wants_a_reason_and_the_trail_keeps_it(scene):
    award = scene.award("Một", agency=scene.agency)
    turn, coordinator = turn_of(scene.ordered(), award), actor_of(scene.coordinator)
    with pytest.raises(rules.NotHandedOver):
        handing.take_back(turn, reason="Nhầm.", actor=coordinator, now=make.NOW)
    handing.hand_over(turn, undone=0, actor=coordinator, now=make.NOW)
    with pytest.raises(rules.UndoReasonMissing):
        handing.take_back(turn, reason="  ", actor=coordinator, now=make.NOW)

    handing.take_back(turn, reason="Nhầm người.", actor=coordinator, now=make.NOW)

    entry = next(each for each in db.session().info["audit"] if each["action"] == "award.tick_taken_back")
    assert (entry["subject"], entry["facts"]["reason"], entry["facts"]["handed_by"]) == (
        award.code,
        "Nhầm người.",
        scene.coordinator.id,
    )


def test_a_coordinator_of_another_site_ticks_nothing_and_learns_nothing(scene):
    award = scene.award("Một", agency=scene.agency)
    turn = turn_of(scene.ordered(), award)
    stranger = actor_of(
        make.account(Role.SITE, edition_id=scene.edition.id, site_id=make.site(scene.edition).id)
    )
    by = {"actor": stranger, "now": make.NOW}

    for act in (
        lambda: handing.hand_over(turn, undone=0, **by),
        lambda: handing.take_back(turn, reason="x", **by),
        lambda: handing.set_receiver(turn, receiver=Receiver.SELF, name="", position="", **by),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_representative_is_noted_at_the_moment(scene):
    award = scene.award("Một", agency=scene.agency)
    turn, coordinator = turn_of(scene.ordered(), award), actor_of(scene.coordinator)
    by = {"undone": 0, "actor": coordinator, "now": make.NOW, "receiver": Receiver.REPRESENTATIVE}
    with pytest.raises(rules.RepresentativeMissing):
        handing.hand_over(turn, name=" ", **by)

    handing.hand_over(turn, name="Lê Thị Ví Dụ", position="Phó phòng", **by)

    assert (turn.representative_name, turn.representative_position) == ("Lê Thị Ví Dụ", "Phó phòng")
    assert turn.handed_at == make.NOW


def test_an_annulled_award_is_not_handed_over(scene):
    award = scene.award("Một", agency=scene.agency)
    turn = turn_of(scene.ordered(), award)
    annul(award)

    with pytest.raises(rules.AwardRecalled):
        handing.hand_over(turn, undone=0, actor=actor_of(scene.coordinator), now=make.NOW)
    with pytest.raises(rules.AwardRecalled):
        handing.set_receiver(
            turn, receiver=Receiver.SELF, name="", position="", actor=scene.actor, now=make.NOW
        )


def test_reading_the_order_takes_as_many_queries_for_two_as_for_twenty(scene, queries):
    scene.award("Một")
    ceremony = scene.ordered()
    db.session.expire_all()
    with queries() as one:
        order.read_order(db.session.get(type(ceremony), ceremony.id))
    for number in range(20):
        scene.award(f"Tên {number}", category=scene.people)
    ordering.add_missing(ceremony, actor=scene.actor, now=make.NOW)
    db.session.expire_all()

    with queries() as many:
        found = order.read_order(db.session.get(type(ceremony), ceremony.id))

    assert len(found.placed) == 21
    assert many.total == one.total


def test_the_database_refuses_a_representative_without_a_name(scene):
    award = scene.award("Một")
    turn = turn_of(scene.ordered(), award)

    turn.receiver = Receiver.REPRESENTATIVE

    with pytest.raises(IntegrityError):
        db.session.flush()


def test_what_was_done_stands_in_the_trail(scene):
    scene.award("Một")
    scene.ordered()
    db.session.commit()

    found = db.session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.edition_id == scene.edition.id)
        .order_by(AuditEntry.sequence)
    ).all()

    assert found == ["ceremony.set_up", "ceremony.ordered"]
    assert db.session.scalar(select(Turn.id).join(Call)) is not None
