"""The database itself refuses two sessions in one room at one time: proved with raw SQL on both databases."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dxday.db import db
from tests import make


def insert(session, room, starts, ends, **given):
    """Insert a placement with plain SQL, as if the application did not exist."""
    columns = {
        "edition_id": session.edition_id,
        "session_id": session.id,
        "site_id": room.site_id,
        "room_id": room.id,
        "room_shared": room.shared,
        "role": "origin",
        "mode": "on_site",
        "starts_at": f"2026-10-10 {starts}:00.000000",
        "ends_at": f"2026-10-10 {ends}:00.000000",
        "override_id": None,
        "cancelled_at": None,
        **given,
    }
    names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    db.session.flush()
    with db.session.begin_nested():
        db.session.execute(text(f"INSERT INTO placement ({names}) VALUES ({places})"), columns)


def hall(app, **given):
    edition = make.edition()
    room = make.room(make.site(edition), **given)
    return edition, room


@pytest.mark.parametrize(
    ("starts", "ends"), [("08:30", "09:30"), ("07:30", "08:01"), ("08:10", "08:20"), ("07:00", "10:00")]
)
def test_a_room_cannot_be_taken_twice_at_once(app, starts, ends):
    edition, room = hall(app)
    insert(make.session(edition), room, "08:00", "09:00")

    with pytest.raises(IntegrityError, match="ex_placement_room_taken"):
        insert(make.session(edition), room, starts, ends)


@pytest.mark.parametrize(("starts", "ends"), [("09:00", "10:00"), ("07:00", "08:00")])
def test_back_to_back_is_no_clash(app, starts, ends):
    edition, room = hall(app)
    insert(make.session(edition), room, "08:00", "09:00")

    insert(make.session(edition), room, starts, ends)

    assert (
        db.session.execute(
            text("SELECT count(*) FROM placement WHERE room_id = :id"), {"id": room.id}
        ).scalar()
        == 2
    )


def test_a_shared_room_holds_several_at_once(app):
    edition, room = hall(app, shared=True)

    for _ in range(3):
        insert(make.session(edition), room, "08:00", "09:00")

    assert (
        db.session.execute(
            text("SELECT count(*) FROM placement WHERE room_id = :id"), {"id": room.id}
        ).scalar()
        == 3
    )


def test_a_placement_cannot_claim_that_a_room_is_shared_when_it_is_not(app):
    edition, room = hall(app)

    with pytest.raises(IntegrityError):
        insert(make.session(edition), room, "08:00", "09:00", room_shared=True)


def test_a_room_that_is_used_twice_at_once_cannot_stop_being_shared(app):
    edition, room = hall(app, shared=True)
    insert(make.session(edition), room, "08:00", "09:00")
    insert(make.session(edition), room, "08:30", "09:30")

    with pytest.raises(IntegrityError, match="ex_placement_room_taken"), db.session.begin_nested():
        db.session.execute(text("UPDATE room SET shared = :no WHERE id = :id"), {"no": False, "id": room.id})


def test_moving_a_placement_onto_another_is_refused(app):
    edition, room = hall(app)
    insert(make.session(edition), room, "08:00", "09:00")
    later = make.session(edition)
    insert(later, room, "10:00", "11:00")

    with pytest.raises(IntegrityError, match="ex_placement_room_taken"), db.session.begin_nested():
        db.session.execute(
            text("UPDATE placement SET starts_at = '2026-10-10 08:59:00.000000' WHERE session_id = :id"),
            {"id": later.id},
        )


def test_a_recorded_override_or_a_cancellation_lets_two_share(app):
    edition, room = hall(app)
    insert(make.session(edition), room, "08:00", "09:00")
    db.session.execute(
        text(
            "INSERT INTO placement_override (id, reason, created_at) "
            "VALUES (7, 'hall is divided', '2026-10-01 00:00:00.000000')"
        )
    )

    insert(make.session(edition), room, "08:00", "09:00", override_id=7)
    insert(make.session(edition), room, "08:00", "09:00", cancelled_at="2026-10-01 00:00:00.000000")

    assert (
        db.session.execute(
            text("SELECT count(*) FROM placement WHERE room_id = :id"), {"id": room.id}
        ).scalar()
        == 3
    )


def test_a_room_of_another_site_is_refused(app):
    edition, room = hall(app)
    other = make.site(edition)

    with pytest.raises(IntegrityError):
        insert(make.session(edition), room, "08:00", "09:00", site_id=other.id)


def test_a_site_of_another_edition_is_refused(app):
    _, room = hall(app)
    stranger = make.session(make.edition())

    with pytest.raises(IntegrityError):
        insert(stranger, room, "08:00", "09:00")
