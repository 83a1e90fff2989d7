"""Two people at once: a tick is one tick, a move loses nobody, a letter leaves once."""

import pytest
from sqlalchemy import func, select

from dxday.audit.models import AuditEntry
from dxday.ceremony.models import Ceremony, Turn
from dxday.ceremony.queries import order
from dxday.ceremony.queries import press as summaries
from dxday.ceremony.rules import PressMoveNotPossible, SentAgain, Step
from dxday.ceremony.services import handing, ordering, pressing
from dxday.db import db
from dxday.editions.models import Edition
from dxday.notifications.models import Message
from tests import make
from tests.awards.test_races import at_once
from tests.ceremony.scene import actor_of, names, new_scene, turn_of
from tests.conftest import on_both


@pytest.fixture
def before(own_app):
    """An order of three and a draft for the press, committed."""
    with own_app.app_context():
        scene = new_scene()
        awards = [scene.award(name, agency=scene.agency) for name in ("Một", "Hai", "Ba")]
        ceremony = scene.ordered()
        pressing.draft_missing(scene.edition, actor=scene.actor, now=make.NOW)
        facts = {
            "ceremony": ceremony.id,
            "edition": scene.edition.id,
            "code": awards[0].code,
            "turns": [turn_of(ceremony, each).id for each in awards],
            "coordinator": actor_of(scene.coordinator),
            "secretary": scene.actor,
        }
        db.session.commit()
    return facts


def count(action):
    return db.session.scalar(select(func.count()).where(AuditEntry.action == action))


@on_both
def test_two_ticks_at_once_are_one(own_app, before):
    def ticking(who):
        def prepare():
            turn = db.session.get(Turn, before["turns"][0])
            return lambda: handing.hand_over(turn, undone=0, actor=before[who], now=make.NOW)

        return prepare

    answers = at_once(own_app, ticking("coordinator"), ticking("secretary"))

    assert sorted(answers) == [False, True]
    with own_app.app_context():
        assert count("award.handed_over") == 1


@on_both
def test_a_tick_sent_again_while_it_is_taken_back_stays_taken_back(own_app, before):
    with own_app.app_context():
        turn = db.session.get(Turn, before["turns"][0])
        handing.hand_over(turn, undone=0, actor=before["coordinator"], now=make.NOW)
        db.session.commit()

    def taking_back():
        turn = db.session.get(Turn, before["turns"][0])
        return lambda: handing.take_back(turn, reason="Nhầm.", actor=before["secretary"], now=make.NOW)

    def ticking_again():
        turn = db.session.get(Turn, before["turns"][0])
        return lambda: handing.hand_over(turn, undone=0, actor=before["coordinator"], now=make.NOW)

    answers = at_once(own_app, taking_back, ticking_again)

    assert answers[1] in (False, SentAgain)
    with own_app.app_context():
        turn = db.session.get(Turn, before["turns"][0])
        assert (turn.handed_at, turn.undone) == (None, 1)


@on_both
def test_two_moves_at_once_lose_nobody(own_app, before):
    def moving(index, step):
        def prepare():
            ceremony = db.session.get(Ceremony, before["ceremony"])
            turn = db.session.get(Turn, before["turns"][index])
            return lambda: ordering.move_turn(ceremony, turn, step, actor=before["secretary"], now=make.NOW)

        return prepare

    at_once(own_app, moving(0, Step.DOWN), moving(2, Step.UP))

    with own_app.app_context():
        ceremony = db.session.get(Ceremony, before["ceremony"])
        (found,) = names(ceremony)
        positions = [turn.position for turn in order.list_turns(ceremony.id)]
        assert (sorted(found), positions) == (["Ba", "Hai", "Một"], [1, 2, 3])


@on_both
def test_two_who_send_at_once_write_one_letter(own_app, before):
    def sending_one():
        summary = summaries.get_summary(before["edition"], before["code"])
        return lambda: pressing.send(summary, actor=before["secretary"], now=make.NOW)

    def sending_all():
        edition = db.session.get(Edition, before["edition"])
        return lambda: pressing.send_all(edition, actor=before["secretary"], now=make.NOW)

    answers = at_once(own_app, sending_one, sending_all, sending_all)

    assert answers[0] in (None, PressMoveNotPossible)
    with own_app.app_context():
        assert db.session.scalar(select(func.count()).where(Message.kind == "press_approval")) == 3
