"""Sheets field by field, handing in, declining, opening again, the closing, and moderation."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.core.errors import NotFound
from dxday.council.sheets import queries, rules, services
from dxday.council.sheets.models import SheetSubmission
from dxday.council.sheets.rules import Recommendation, SheetState
from dxday.db import db
from dxday.nominations.rules import State
from tests import make
from tests.council.sheets import scene as scenes
from tests.council.sheets.scene import acting

LATER = make.NOW + timedelta(hours=1)


@pytest.fixture
def scene(app):
    return scenes.built()


def save(nomination, reader, field, written, seen=0, now=make.NOW):
    return services.save_field(nomination, field, written, seen=seen, actor=acting(reader), now=now)


def sheet_of(nomination, reader):
    db.session.flush()
    db.session.expire_all()
    return queries.find_sheet(nomination.id, reader.id)


def trail():
    db.session.commit()
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)))


def test_every_field_is_saved_by_itself_and_counts_its_versions(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    mark, note = f"score_{scene.criteria[0].id}", f"note_{scene.criteria[0].id}"

    assert save(nomination, reader, mark, "7") == 1
    assert save(nomination, reader, mark, "8", seen=1) == 2
    assert save(nomination, reader, note, "Reached every hamlet.") == 1
    assert save(nomination, reader, "comment", "Look at page 3.") == 1
    assert save(nomination, reader, "recommendation", "doubt") == 1

    sheet = sheet_of(nomination, reader)
    assert [(each.score, each.comment) for each in sheet.scores] == [(8, "Reached every hamlet.")]
    assert (sheet.comment, sheet.recommendation) == ("Look at page 3.", Recommendation.DOUBT)
    assert sheet.state is SheetState.OPEN


def test_what_another_tab_saved_since_is_handed_back_and_stays(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    mark = f"score_{scene.criteria[0].id}"
    save(nomination, reader, mark, "7")

    with pytest.raises(rules.FieldChanged) as refused:
        save(nomination, reader, mark, "3")

    assert refused.value.facts == {"field": mark, "value": "7", "version": 1}
    assert sheet_of(nomination, reader).scores[0].score == 7


def test_another_field_saved_in_another_tab_is_no_conflict(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    save(nomination, reader, "comment", "One.")

    assert save(nomination, reader, f"score_{scene.criteria[0].id}", "5") == 1


def test_the_same_value_saved_twice_is_one_version(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)

    assert save(nomination, reader, "comment", "One.") == 1
    assert save(nomination, reader, "comment", "One.") == 1


@pytest.mark.parametrize("written", ["11", "-1", "5.5", "x", "１", "007", "1e1"])
def test_a_score_is_a_whole_number_up_to_the_highest(scene, written):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)

    with pytest.raises(rules.ScoreOutOfRange):
        save(nomination, reader, f"score_{scene.criteria[0].id}", written)


def test_a_comment_that_is_too_long_is_refused(scene):
    reader = scene.readers[0]

    with pytest.raises(rules.CommentTooLong):
        save(scene.dossier(reader), reader, "comment", "x" * 4001)


@pytest.mark.parametrize("field", ["score_0", "total", "score_", "state", "note_x", "recommendation_"])
def test_there_is_no_field_of_another_name(scene, field):
    reader = scene.readers[0]

    with pytest.raises(NotFound):
        save(scene.dossier(reader), reader, field, "1")


def test_a_criterion_of_another_category_is_no_field(scene):
    reader = scene.readers[0]
    other = scenes.criterion(scene.scheme, "other", 10, category_id=make.category(scene.scheme).id)

    with pytest.raises(NotFound):
        save(scene.dossier(reader), reader, f"score_{other.id}", "1")


def test_a_sheet_handed_in_has_its_total_and_is_kept_whole(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)

    scene.submit(nomination, reader, 8, 5, comment="Good.")

    sheet = sheet_of(nomination, reader)
    assert (sheet.state, sheet.total, sheet.submitted_at) == (SheetState.SUBMITTED, 68.0, make.NOW)
    submission = db.session.scalars(select(SheetSubmission)).one()
    effect, reach = (str(each.id) for each in scene.criteria)
    assert (submission.total, submission.late) == (68.0, False)
    assert submission.content == {
        "scores": {effect: [8, ""], reach: [5, ""]},
        "comment": "Good.",
        "recommendation": "approve",
    }


def test_the_trail_says_who_handed_in_and_no_number(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    scene.submit(nomination, reader, 8, 5)

    begun, submitted = trail()[-2:]

    assert [begun.action, submitted.action] == ["sheet.begun", "sheet.submitted"]
    assert submitted.subject == nomination.code
    assert set(submitted.facts) == {"submission", "late"}


def test_a_sheet_without_a_score_is_not_handed_in(scene):
    reader = scene.readers[0]
    fields = scene.fields(8, 5) | {f"score_{scene.criteria[1].id}": ("", 0)}

    with pytest.raises(rules.ScoreMissing) as refused:
        services.submit_sheet(scene.dossier(reader), fields, actor=acting(reader), now=make.NOW)

    assert refused.value.field == f"score_{scene.criteria[1].id}"
    assert str(refused.value) == "Give a score for “Reach”."


def test_a_sheet_without_a_recommendation_is_not_handed_in(scene):
    reader = scene.readers[0]

    with pytest.raises(rules.RecommendationMissing):
        scene.submit(scene.dossier(reader), reader, 8, 5, recommendation="")


def test_a_category_without_criteria_cannot_be_scored(scene):
    reader = scene.readers[0]
    empty = make.category(make.scheme(scene.edition))
    nomination = make.nomination(empty, state=State.ADMITTED)
    scenes.assign(nomination, reader)

    with pytest.raises(rules.NoCriteria):
        services.submit_sheet(
            nomination,
            {"recommendation": ("approve", 0), "comment": ("", 0)},
            actor=acting(reader),
            now=make.NOW,
        )


def test_what_was_handed_in_cannot_be_changed_by_its_reader(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    scene.submit(nomination, reader, 8, 5)

    with pytest.raises(rules.SheetClosed):
        save(nomination, reader, "comment", "More.")
    with pytest.raises(rules.SheetClosed):
        scene.submit(nomination, reader, 8, 6)
    with pytest.raises(rules.SheetClosed):
        services.decline_to_read(nomination, reason="Late", actor=acting(reader), now=LATER)


@pytest.mark.parametrize("state", [each for each in State if each is not State.ADMITTED])
def test_only_a_dossier_before_the_council_is_scored(scene, state):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    nomination.state = state
    nomination.submitted_at = None if state in (State.DRAFT, State.ENDORSING) else make.NOW
    db.session.flush()

    with pytest.raises((rules.SheetClosed, NotFound)):
        save(nomination, reader, "comment", "Mine.")


def test_somebody_who_does_not_read_the_dossier_finds_nothing_to_write_in(scene):
    nomination = scene.dossier(scene.readers[0])

    for account in (scene.readers[1], scene.secretary):
        with pytest.raises(NotFound):
            save(nomination, account, "comment", "Mine.")


def test_a_conflict_that_comes_to_be_known_while_one_reads_ends_it(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    save(nomination, reader, "comment", "Mine.")
    scenes.bar(nomination, reader)

    with pytest.raises(NotFound):
        save(nomination, reader, "comment", "Mine still.", seen=1)


def test_from_the_closing_on_nothing_is_written(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    services.set_closing(scene.scheme, LATER, actor=acting(scene.secretary), now=make.NOW)

    assert save(nomination, reader, "comment", "In time.", now=LATER - timedelta(seconds=1)) == 1
    with pytest.raises(rules.ScoringClosed):
        save(nomination, reader, "comment", "Late.", seen=1, now=LATER)
    with pytest.raises(rules.ScoringClosed):
        scene.submit(nomination, reader, 8, 5, now=LATER)


def test_a_reader_declines_with_a_reason_that_the_trail_keeps(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)

    with pytest.raises(rules.ReasonMissing):
        services.decline_to_read(nomination, reason="  ", actor=acting(reader), now=make.NOW)
    services.decline_to_read(nomination, reason="I am abroad.", actor=acting(reader), now=make.NOW)

    sheet = sheet_of(nomination, reader)
    assert (sheet.state, sheet.decline_reason) == (SheetState.DECLINED, "I am abroad.")
    assert [trail()[-1].action, trail()[-1].facts] == ["sheet.declined", {"reason": "I am abroad."}]


def test_the_secretary_opens_a_sheet_again_and_what_was_handed_in_stays(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    scene.submit(nomination, reader, 8, 5)
    services.set_closing(scene.scheme, LATER, actor=acting(scene.secretary), now=make.NOW)

    services.reopen_sheet(
        nomination, reader.id, reason="A typing mistake.", actor=acting(scene.secretary), now=LATER
    )
    mark = f"score_{scene.criteria[0].id}"
    services.submit_sheet(nomination, {mark: ("9", 1)}, actor=acting(reader), now=LATER)

    first, second = db.session.scalars(select(SheetSubmission).order_by(SheetSubmission.id))
    assert (first.total, first.late, first.reopen_reason) == (68.0, False, "A typing mistake.")
    assert (second.total, second.late, second.reopened_at) == (74.0, True, None)
    changes = queries.count_changes(scene.scheme.id, {nomination.id})
    assert (changes.reopened, changes.changed, changes.late) == (1, 1, 1)


def test_a_sheet_that_is_open_is_not_opened(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    save(nomination, reader, "comment", "Mine.")

    with pytest.raises(rules.NotToReopen):
        services.reopen_sheet(
            nomination, reader.id, reason="Why not", actor=acting(scene.secretary), now=LATER
        )


def test_there_is_nothing_to_open_before_anything_was_written(scene):
    nomination = scene.dossier(scene.readers[0])

    with pytest.raises(NotFound):
        services.reopen_sheet(
            nomination, scene.readers[0].id, reason="Why", actor=acting(scene.secretary), now=LATER
        )


def test_only_who_runs_the_council_opens_sheets_and_moderates(scene):
    reader = scene.readers[0]
    nomination = scene.dossier(reader)
    scene.submit(nomination, reader, 8, 5)

    for act in (
        lambda who: services.reopen_sheet(nomination, reader.id, reason="x", actor=who, now=LATER),
        lambda who: services.moderate_score(nomination, score=50, reason="x", actor=who, now=LATER),
        lambda who: services.set_closing(scene.scheme, LATER, actor=who, now=LATER),
    ):
        with pytest.raises(rules.NotTheSecretary):
            act(acting(reader))


def moderate(scene, nomination, score, reason="They talked.", now=make.NOW):
    return services.moderate_score(
        nomination, score=score, reason=reason, actor=acting(scene.secretary), now=now
    )


def test_the_last_moderated_score_counts_and_all_are_kept(scene):
    first, second, _ = scene.readers
    nomination = scene.dossier(first, second)
    scene.submit(nomination, first, 10, 10)
    scene.submit(nomination, second, 4, 4)

    moderate(scene, nomination, 80)
    moderate(scene, nomination, 75.5, "They talked once more.")

    scores = queries.get_scores(scene.scheme, viewer_id=scene.secretary.id)
    assert scores.moderated == {nomination.id: 75.5}
    assert [(each.score, each.readers_mean) for each in queries.list_moderations(nomination.id)] == [
        (75.5, 70.0),
        (80.0, 70.0),
    ]
    assert [each.total for each in scores.marks] == [100.0, 40.0]
    assert trail()[-1].action == "score.moderated"


def test_moderation_can_be_taken_back(scene):
    nomination = scene.dossier(scene.readers[0])
    scene.submit(nomination, scene.readers[0], 10, 10)
    moderate(scene, nomination, 80)

    moderate(scene, nomination, None, "It was another dossier.")

    assert queries.get_scores(scene.scheme, viewer_id=scene.secretary.id).moderated == {}
    assert len(queries.list_moderations(nomination.id)) == 2


@pytest.mark.parametrize("score", [-0.1, 100.1, float("nan"), float("inf")])
def test_a_moderated_score_is_on_the_scale(scene, score):
    nomination = scene.dossier(scene.readers[0])
    scene.submit(nomination, scene.readers[0], 10, 10)

    with pytest.raises(rules.ModeratedOutOfRange):
        moderate(scene, nomination, score)


def test_moderation_needs_a_reason_and_something_to_moderate(scene):
    nomination = scene.dossier(scene.readers[0])

    with pytest.raises(rules.NothingToModerate):
        moderate(scene, nomination, 50)
    with pytest.raises(rules.ReasonMissing):
        moderate(scene, nomination, 50, " ")


def test_no_way_leads_out_of_the_states_of_a_sheet():
    """Every way that is not in MOVES is refused, and the other way round."""
    for state in SheetState:
        for to in SheetState:
            if to in rules.MOVES[state]:
                rules.check_move(state, to)
            else:
                with pytest.raises((rules.SheetClosed, rules.NotToReopen)):
                    rules.check_move(state, to)
