"""What was announced is noted when a change is published: the first "was" stays until people were told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.db import db
from dxday.programme import rules, services
from dxday.programme.models import Placement
from dxday.programme.rules import Mode, SessionState
from tests import make
from tests.changes import scene
from tests.changes.scene import NOW, on


def test_a_move_that_is_not_published_leaves_nothing(app):
    here = scene.scene()

    here.edit(here.opening, "10:00", "11:00")

    assert scene.changes() == []


def test_of_many_moves_before_a_release_the_public_knew_the_first_place(app):
    here = scene.scene()
    here.edit(here.talk, "10:00", "11:00")
    here.edit(here.talk, "15:00", "16:00")

    here.release(now=NOW + timedelta(minutes=3))

    assert [(row.was_starts_at, row.changed_at) for row in scene.changes()] == [
        (on("09:00"), NOW + timedelta(minutes=3))
    ]


def test_a_moved_session_leaves_how_each_site_knew_it(app):
    here = scene.scene()

    here.move(here.opening, "10:00", "11:00")

    assert [
        (row.was_starts_at, row.was_room_id, row.was_cancelled, row.notice_id) for row in scene.changes()
    ] == [
        (on("08:00"), here.hall.id, False, None),
        (on("08:00"), here.room.id, False, None),
    ]


def test_of_further_moves_the_first_was_stays_and_the_time_is_renewed(app):
    here = scene.scene()
    here.move(here.talk, "10:00", "11:00")

    here.move(here.talk, "15:00", "16:00", now=NOW + timedelta(minutes=3))

    assert [(row.was_starts_at, row.changed_at) for row in scene.changes()] == [
        (on("09:00"), NOW + timedelta(minutes=3))
    ]


def test_a_draft_leaves_nothing(app):
    here = scene.scene()
    draft = make.session(here.edition, state=SessionState.DRAFT)
    make.placement(draft, here.hall, starts_at=on("15:00"), ends_at=on("16:00"))

    here.edit(draft, "16:00", "17:00")
    services.cancel_session(here.session(draft), actor=make.actor(), now=NOW)
    here.release()

    assert scene.changes() == []


def test_a_move_that_is_refused_leaves_nothing(app):
    here = scene.scene()

    with pytest.raises(rules.RoomTaken):
        here.move(here.opening, "09:30", "10:30")

    assert scene.changes() == []


def test_a_cancelled_session_and_a_site_that_opts_out_and_in_again_are_noted(app):
    here = scene.scene()
    received = db.session.scalars(
        select(Placement).where(Placement.room_id == here.room.id).order_by(Placement.id)
    ).first()

    for now, is_received in ((NOW, False), (NOW + timedelta(minutes=1), True)):
        whole = here.session(here.opening)
        placed = next(p for p in whole.placements if p.id == received.id)
        services.change_placement(
            placed, seen=whole.version, room=here.room, mode=Mode.BROADCAST, join_url=None,
            received=is_received, actor=make.actor(), now=now,
            reception=rules.Reception(
                placed.starts_at, placed.ends_at, opt_out_reason="" if is_received else "No line"
            ),
        )  # fmt: skip
        here.release(now=now)
    services.cancel_session(here.session(here.talk), actor=make.actor(), now=NOW)
    here.release()

    assert [
        (row.placement_id == received.id, row.was_cancelled, row.changed_at) for row in scene.changes()
    ] == [
        (True, False, NOW + timedelta(minutes=1)),
        (False, False, NOW),
    ]


def test_only_words_or_a_link_are_no_move(app):
    here = scene.scene()
    whole = here.session(here.opening)
    placed = whole.placements[0]

    services.change_placement(
        placed, seen=whole.version, room=here.hall, mode=Mode.HYBRID, join_url="https://meet.example/1",
        received=True, actor=make.actor(), now=NOW,
    )  # fmt: skip
    here.release()

    assert scene.changes() == []
