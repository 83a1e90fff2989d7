"""People are told of what was moved: once, when it has been left alone, and only what differs from what they know."""

from datetime import timedelta

import pytest

from dxday.changes import rules, services
from dxday.changes.rules import Act, Scope, Where
from dxday.core.actor import VISITOR
from dxday.db import db
from dxday.programme import services as programme
from dxday.programme.rules import PartKind
from dxday.registration import services as registration
from tests import make
from tests.changes import scene
from tests.changes.scene import LATER, NOW, on


def test_nobody_is_told_while_somebody_is_still_at_work(app):
    here = scene.scene()
    scene.place(here)
    here.move(here.talk, "10:00", "11:00")

    early = scene.tell(NOW + rules.SETTLE - timedelta(seconds=1))
    here.move(here.talk, "11:00", "12:00", now=NOW + timedelta(minutes=9))
    still = scene.tell(NOW + timedelta(minutes=15))
    then = scene.tell(NOW + timedelta(minutes=19))

    assert (early, still, then) == (0, 0, 1)
    (letter,) = scene.letters()
    day = f"{scene.FIRST_DAY:%d/%m/%Y}"
    assert scene.lines_in(letter) == [f"• “Talk”: {day} 09:00–10:00 → {day} 11:00–12:00"]


def test_nobody_is_told_of_what_is_not_published(app):
    here = scene.scene()
    scene.place(here)
    here.edit(here.talk, "10:00", "11:00")

    assert (scene.tell(), scene.letters()) == (0, [])


def test_moved_and_moved_back_is_settled_without_a_word(app):
    here = scene.scene()
    scene.place(here)
    here.move(here.talk, "10:00", "11:00")
    here.move(here.talk, "09:00", "10:00")

    told = scene.tell()

    assert (told, scene.changes(), scene.notices()) == (0, [], [])


def test_all_that_concerns_somebody_stands_in_one_letter_in_their_language(app):
    here = scene.scene()
    scene.place(here, here.north, email="north@example.org", locale="vi")
    scene.place(here, here.main, email="main@example.org")
    here.move(here.opening, "10:00", "11:00")
    here.move(here.local, "14:00", "15:00")
    programme.cancel_session(here.session(here.talk), actor=make.actor(), now=NOW)
    here.release()

    scene.tell()

    day = f"{scene.FIRST_DAY:%d/%m/%Y}"
    north, main = scene.letters()
    assert scene.told() == [("plan_changed", "north@example.org"), ("plan_changed", "main@example.org")]
    assert scene.lines_in(north) == [
        f"• “VN Opening”: {day} 08:00–09:00 → {day} 10:00–11:00",
        f"• “VN Local”: {day} 13:00–14:00 → {day} 14:00–15:00",
    ]
    assert scene.lines_in(main) == [
        f"• “Opening”: {day} 08:00–09:00 → {day} 10:00–11:00",
        f"• “Talk” is cancelled (it was to be {day} 09:00–10:00)",
    ]


def test_another_room_is_told_with_both_names(app):
    here = scene.scene()
    scene.place(here)
    annex = make.room(here.main, name={"en": "Annex"})
    here.move(here.talk, "09:00", "10:00", room=annex)

    scene.tell()

    (letter,) = scene.letters()
    assert scene.lines_in(letter) == [f"• “Talk”, {scene.FIRST_DAY:%d/%m/%Y} 09:00–10:00: Hall → Annex"]


def test_people_with_a_part_are_told_and_one_address_gets_one_letter(app):
    here = scene.scene()
    speaker = make.person(email="Speaker@example.org", locale="en")
    chair = make.person(email="both@example.org", locale="en")
    namesake = make.person(email="BOTH@example.org", locale="vi")
    silent = make.person(email=None)
    other = make.person(email="other@example.org")
    scene.part(here.opening, speaker)
    scene.part(here.opening, chair, PartKind.CHAIR)
    scene.part(here.talk, namesake)
    scene.part(here.opening, silent, PartKind.CO_CHAIR)
    scene.part(here.local, other)
    scene.place(here, email="both@example.org")
    here.move(here.opening, "10:00", "11:00")
    here.move(here.talk, "11:00", "12:00")

    scene.tell()

    assert scene.told() == [("plan_changed", "both@example.org"), ("plan_changed", "Speaker@example.org")]
    both, only = scene.letters()
    assert (len(scene.lines_in(both)), len(scene.lines_in(only))) == (2, 1)
    assert (both.calendar is not None, only.calendar) == (True, None)


def test_who_presides_is_told_of_their_own_site(app):
    here = scene.scene()
    officer = make.person(email="officer@example.org", locale="en")
    elsewhere = make.person(email="elsewhere@example.org")
    here.north.presiding_officer_id, here.main.presiding_officer_id = officer.id, elsewhere.id
    here.move(here.local, "14:00", "15:00")

    scene.tell()

    assert scene.told() == [("plan_changed", "officer@example.org")]


def test_who_registered_after_the_change_or_gave_the_place_back_is_not_told(app):
    here = scene.scene()
    scene.place(here, email="stays@example.org", created_at=NOW - timedelta(days=1))
    scene.place(here, email="new@example.org", created_at=NOW + timedelta(minutes=5))
    gone = scene.place(here, email="gone@example.org", created_at=NOW - timedelta(days=1))
    here.move(here.talk, "10:00", "11:00")
    registration.cancel_registration(gone, actor=VISITOR, now=NOW)

    scene.tell()

    assert scene.told() == [("plan_changed", "stays@example.org")]


def test_what_is_over_is_told_to_nobody(app):
    here = scene.scene()
    scene.place(here, created_at=NOW - timedelta(days=1))
    after = on("12:00")
    here.move(here.opening, "07:00", "08:00", now=after)

    assert (scene.tell(after + rules.SETTLE), scene.changes()) == (0, [])


def test_two_runs_and_a_change_in_between_tell_each_difference_once(app):
    here = scene.scene()
    scene.place(here)
    here.move(here.talk, "10:00", "11:00")
    scene.tell()
    here.move(here.talk, "12:00", "13:00", now=LATER)

    again, second = scene.tell(), scene.tell(LATER + rules.SETTLE)

    day = f"{scene.FIRST_DAY:%d/%m/%Y}"
    assert (again, second) == (0, 1)
    assert [scene.lines_in(letter) for letter in scene.letters()] == [
        [f"• “Talk”: {day} 09:00–10:00 → {day} 10:00–11:00"],
        [f"• “Talk”: {day} 10:00–11:00 → {day} 12:00–13:00"],
    ]
    assert [(n.act, n.scope, n.told, n.told_at) for n in scene.notices()] == [
        (Act.CHANGED, Scope.EDITION, 1, LATER),
        (Act.CHANGED, Scope.EDITION, 1, LATER + rules.SETTLE),
    ]


def test_a_notice_says_what_it_said_although_the_plan_moves_on_while_it_is_told(app):
    here = scene.scene()
    scene.place(here)
    here.move(here.talk, "10:00", "11:00")
    services.gather_changes(here.edition, now=LATER)
    here.move(here.talk, "15:00", "16:00", now=LATER)

    scene.tell()

    day = f"{scene.FIRST_DAY:%d/%m/%Y}"
    assert [scene.lines_in(letter) for letter in scene.letters()] == [
        [f"• “Talk”: {day} 09:00–10:00 → {day} 10:00–11:00"]
    ]


def test_the_calendar_entry_is_changed_in_place(app):
    here = scene.scene()
    pool = make.pool(here.main)
    registered = registration.register(
        pool, full_name="Trần Thị Thí Dụ", email="thidu@example.org", organisation_name="", locale="en",
        consent=True, actor=VISITOR, now=NOW - timedelta(days=1),
    )  # fmt: skip
    confirmation = db.session.scalars(db.select(scene.Message)).one()
    here.move(here.opening, "07:00", "08:00")

    scene.tell()

    first, second = scene.event_in(confirmation), scene.event_in(scene.letters()[0])
    assert [(method, event["SEQUENCE"], event["DTSTART"].dt) for method, event in (first, second)] == [
        ("REQUEST", 1, on("08:00")),
        ("REQUEST", 2, on("07:00")),
    ]
    assert {str(event["UID"]) for _, event in (first, second)} == {
        f"place-{here.edition.code}-{registered.code}"
    }


WHERE = Where(on("08:00"), on("09:00"), 1, False)


@pytest.mark.parametrize(
    ("was", "becomes", "news"),
    [
        (WHERE, WHERE, False),
        (WHERE, Where(on("09:00"), on("10:00"), 1, False), True),
        (WHERE, Where(on("08:00"), on("09:00"), 2, False), True),
        (WHERE, Where(on("08:00"), on("09:00"), 1, True), True),
        (Where(on("08:00"), on("09:00"), 1, True), WHERE, True),
        (Where(on("08:00"), on("09:00"), 1, True), Where(on("09:00"), on("10:00"), 2, True), False),
        (
            Where(NOW - timedelta(hours=2), NOW, 1, False),
            Where(NOW - timedelta(hours=3), NOW, 1, False),
            False,
        ),
        (Where(NOW - timedelta(hours=2), NOW, 1, False), WHERE, True),
    ],
)
def test_news_is_what_differs_and_was_or_is_still_to_come(was, becomes, news):
    assert rules.is_news(was, becomes, NOW) is news
