"""The order, the words and the states, without a database."""

from datetime import date

import pytest

from dxday.ceremony import rules
from dxday.ceremony.rules import Called, Candidate, First, PressState, Step
from dxday.core.errors import NotFound
from dxday.schemes.rules import AwardForm, NomineeKind

FIRST_DAY, SECOND_DAY = date(2026, 9, 1), date(2026, 9, 2)


def candidate(award_id: int, **given) -> Candidate:
    defaults = {
        "form": AwardForm.BANG_KHEN,
        "scheme": (1, 1),
        "kind": NomineeKind.COLLECTIVE,
        "category": (1, 1),
        "decided": (FIRST_DAY, 1),
        "position": award_id,
    }
    return Candidate(award_id=award_id, **(defaults | given))


def order(*candidates: Candidate, first: First = First.COLLECTIVES, per_call: int = 10) -> list[list[int]]:
    return rules.propose_order(candidates, first=first, per_call=per_call)


def test_the_higher_form_comes_first_whatever_the_place_of_its_scheme():
    giay_khen = candidate(1, form=AwardForm.GIAY_KHEN, scheme=(1, 1))
    bang_khen = candidate(2, form=AwardForm.BANG_KHEN, scheme=(9, 9))

    assert order(giay_khen, bang_khen) == [[2], [1]]


@pytest.mark.parametrize(
    ("first", "expected"), [(First.COLLECTIVES, [[3], [1], [2]]), (First.INDIVIDUALS, [[2], [1], [3]])]
)
def test_a_setting_says_whether_collectives_or_individuals_come_first(first, expected):
    found = order(
        candidate(1, kind=NomineeKind.HOUSEHOLD),
        candidate(2, kind=NomineeKind.INDIVIDUAL),
        candidate(3, kind=NomineeKind.COLLECTIVE),
        first=first,
    )

    assert found == expected


def test_within_a_kind_category_then_decision_then_place_in_the_decision_count():
    found = order(
        candidate(1, category=(2, 2)),
        candidate(2, decided=(SECOND_DAY, 2), position=1),
        candidate(3, position=7),
        candidate(4, position=6),
    )

    assert found == [[4, 3, 2, 1]]


def test_a_group_is_shared_out_evenly_so_that_nobody_stands_alone():
    calls = order(*(candidate(each) for each in range(1, 14)), per_call=6)

    assert [len(call) for call in calls] == [5, 4, 4]
    assert [each for call in calls for each in call] == list(range(1, 14))


def test_no_call_mixes_forms_kinds_or_schemes_and_none_is_too_large():
    candidates = [
        candidate(
            each,
            form=list(AwardForm)[each % 4],
            kind=list(NomineeKind)[each % 3],
            scheme=(each % 2, each % 2),
        )
        for each in range(200)
    ]
    by_id = {each.award_id: each for each in candidates}

    calls = order(*candidates, per_call=7)

    assert max(len(call) for call in calls) <= 7
    assert sorted(each for call in calls for each in call) == list(range(200))
    assert [
        call
        for call in calls
        if len({(by_id[each].form, by_id[each].kind, by_id[each].scheme) for each in call}) > 1
    ] == []


@pytest.mark.parametrize("per_call", [0, -1, rules.MOST_ON_STAGE + 1])
def test_a_number_that_no_stage_has_room_for_is_refused(per_call):
    with pytest.raises(rules.NotOnStage):
        order(candidate(1), per_call=per_call)


def test_nobody_waiting_makes_no_call():
    assert order() == []


def test_somebody_moves_within_a_call_and_over_its_edge():
    calls = [[1, 2], [3, 4]]

    assert rules.move_person(calls, 2, Step.UP) == [[2, 1], [3, 4]]
    assert rules.move_person(calls, 2, Step.DOWN) == [[1], [2, 3, 4]]
    assert rules.move_person(calls, 3, Step.UP) == [[1, 2, 3], [4]]
    assert calls == [[1, 2], [3, 4]]


@pytest.mark.parametrize("turn", [1, 2, 3, 4, 5])
def test_moving_loses_nobody_and_changes_at_most_one_place(turn):
    before = [[1, 2, 3], [4], [5, 6]]

    after = rules.move_person(before, turn, Step.DOWN)

    flat = [each for call in after for each in call]
    assert sorted(flat) == [1, 2, 3, 4, 5, 6]
    assert abs(flat.index(turn) - (turn - 1)) <= 1


@pytest.mark.parametrize(("turn", "step"), [(1, Step.UP), (4, Step.DOWN)])
def test_the_ends_of_the_order_are_ends(turn, step):
    with pytest.raises(rules.CannotMove):
        rules.move_person([[1, 2], [3, 4]], turn, step)


def test_somebody_who_is_not_there_cannot_be_moved():
    with pytest.raises(NotFound):
        rules.move_person([[1]], 2, Step.UP)
    with pytest.raises(NotFound):
        rules.move_call([1], 2, Step.UP)


def test_a_call_moves_by_one_place():
    assert rules.move_call([1, 2, 3], 3, Step.UP) == [1, 3, 2]
    with pytest.raises(rules.CannotMove):
        rules.move_call([1, 2, 3], 3, Step.DOWN)


def test_an_award_is_received_at_the_site_of_the_agency_or_of_the_nearest_above_it():
    given = {"sites": {10: 1, 20: 2}, "parents": {30: 20, 20: 10, 10: None, 40: None}, "main": 9}

    assert rules.propose_site(20, **given) == 2
    assert rules.propose_site(30, **given) == 2
    assert rules.propose_site(40, **given) == 9
    assert rules.propose_site(99, **given) == 9


def test_agencies_in_a_ring_end_the_search():
    assert rules.propose_site(1, sites={}, parents={1: 2, 2: 1}, main=None) is None


def called(**given) -> Called:
    defaults = {
        "name": "Nguyễn Văn Mẫu",
        "position": "Trưởng phòng",
        "agency": "Huyện Mẫu",
        "place": "",
        "achievement": "Đã có thành tích xuất sắc",
        "decision": "12/QĐ-UBND",
        "form": "Bằng khen",
        "giver": "Chủ tịch Ủy ban nhân dân tỉnh Mẫu",
        "scheme": "Khen thưởng chuyển đổi số",
    }
    return Called(**(defaults | given))


def test_a_script_names_everybody_in_order():
    script = rules.write_script(
        rules.OPENING,
        rules.LINE,
        number=3,
        called=[called(), called(name="Xã Mẫu", position="", agency="Xã Mẫu")],
    )

    assert script.splitlines() == [
        "Tốp thứ 3. Xin kính mời 2 tập thể, cá nhân lên nhận Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh Mẫu:",
        "1. Nguyễn Văn Mẫu, Trưởng phòng, Huyện Mẫu: Đã có thành tích xuất sắc",
        "2. Xã Mẫu: Đã có thành tích xuất sắc",
    ]


def test_who_receives_elsewhere_is_announced_with_the_place():
    script = rules.write_script(
        "{form}", rules.LINE, number=1, called=[called(place="nhận tại Điểm cầu Vinh")]
    )

    assert script.splitlines()[1] == (
        "1. Nguyễn Văn Mẫu, Trưởng phòng, Huyện Mẫu, nhận tại Điểm cầu Vinh: Đã có thành tích xuất sắc"
    )


def test_nobody_left_leaves_nothing_to_read():
    assert rules.write_script(rules.OPENING, rules.LINE, number=1, called=[]) == ""


def test_what_a_value_holds_is_never_read_as_a_blank():
    script = rules.write_script(
        "{form}", "{name}: {decision}", number=1, called=[called(name="{decision} {{7*7}}")]
    )

    assert script.splitlines()[1] == "1. {decision} {{7*7}}: 12/QĐ-UBND"


@pytest.mark.parametrize("template", ["{nme}", "{name.__class__}", "{}", "{0}", "{name!r}"])
def test_a_blank_that_nothing_fills_is_refused(template):
    with pytest.raises(rules.BlankUnknown):
        rules.check_template(template, rules.LINE_BLANKS)


def test_the_templates_that_are_shipped_are_filled_by_what_there_is():
    rules.check_template(rules.OPENING, rules.OPENING_BLANKS)
    rules.check_template(rules.LINE, rules.LINE_BLANKS)


def test_a_draft_keeps_to_the_words_that_a_paper_prints():
    facts = {"name": "Xã Mẫu", "agency": "Huyện Mẫu", "form": "Bằng khen", "decision": "12/QĐ-UBND"}

    short = rules.draft_summary(achievement="Đã số hóa hồ sơ.", **facts)
    long = rules.draft_summary(achievement="chữ " * 200, **facts)

    assert short == "Xã Mẫu (Huyện Mẫu) được tặng Bằng khen theo Quyết định số 12/QĐ-UBND. Đã số hóa hồ sơ."
    assert len(long.split()) == rules.SUMMARY_WORDS
    rules.check_summary(long)


def test_words_are_counted_to_the_last():
    rules.check_summary("chữ " * rules.SUMMARY_WORDS)
    with pytest.raises(rules.SummaryTooLong):
        rules.check_summary("chữ " * (rules.SUMMARY_WORDS + 1))
    with pytest.raises(rules.SummaryMissing):
        rules.check_summary("  \n ")


def test_only_what_was_sent_can_be_approved_and_what_was_approved_goes_back_to_a_draft():
    allowed = {(state, to) for state in PressState for to in PressState if to in rules.PRESS_MOVES[state]}

    assert allowed == {
        (PressState.DRAFT, PressState.SENT),
        (PressState.SENT, PressState.APPROVED),
        (PressState.SENT, PressState.CHANGES),
        (PressState.SENT, PressState.DRAFT),
        (PressState.CHANGES, PressState.DRAFT),
        (PressState.APPROVED, PressState.DRAFT),
    }
    with pytest.raises(rules.PressMoveNotPossible):
        rules.check_press_move(PressState.DRAFT, PressState.APPROVED)
