"""Postponing and cancelling an edition, a site or a session as one act: what follows, exactly as it was foreseen."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from dxday.audit.models import AuditEntry
from dxday.changes import plans, queries, rules, services
from dxday.changes.rules import Act, Scope
from dxday.core.actor import VISITOR
from dxday.core.errors import Stale
from dxday.db import db
from dxday.editions import rules as edition_rules
from dxday.notifications.models import Message
from dxday.programme import rules as programme_rules
from dxday.programme import services as programme
from dxday.programme.models import Placement, PublishedPlacement, PublishedSession, Session
from dxday.programme.rules import PartKind, PlacementRole, SessionState
from dxday.registration import queries as places
from dxday.registration import rules as place_rules
from dxday.registration import services as registration
from dxday.registration.models import Registration, SeatPool
from dxday.registration.rules import SeatMode
from dxday.sites import rules as site_rules
from tests import make
from tests.changes import scene
from tests.changes.scene import FIRST_DAY, NOW, REASON, on

WEEK = timedelta(days=7)


def postpone(here, first_day=FIRST_DAY + WEEK, *, now=NOW, **given):
    plan = plans.edition_postponed(here.edition, first_day, now=now)
    answers = {"reason": REASON, "seen": plan.fingerprint, "sure": True, "actor": make.actor(), "now": now}
    notice = services.postpone_edition(here.edition, first_day=first_day, **(answers | given))
    return plan, notice


def cancel(here, *, now=NOW, **given):
    plan = plans.edition_cancelled(here.edition, now=now)
    answers = {"reason": REASON, "seen": plan.fingerprint, "sure": True, "actor": make.actor(), "now": now}
    return plan, services.cancel_edition(here.edition, **(answers | given))


def cancel_site(here, site, **given):
    plan = plans.site_cancelled(here.edition, site, now=NOW)
    answers = {"reason": REASON, "seen": plan.fingerprint, "sure": True, "actor": make.actor(), "now": NOW}
    return plan, services.cancel_site(here.edition, site, **(answers | given))


def move_site(here, site, days, **given):
    plan = plans.site_postponed(here.edition, site, days, now=NOW)
    answers = {"reason": REASON, "seen": plan.fingerprint, "sure": True, "actor": make.actor(), "now": NOW}
    return plan, services.postpone_site(here.edition, site, days=days, **(answers | given))


def register(pool, email="thidu@example.org"):
    return registration.register(
        pool, full_name="Trần Thị Thí Dụ", email=email, organisation_name="", locale="en", consent=True,
        actor=VISITOR, now=NOW - timedelta(days=1),
    )  # fmt: skip


# The edition ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [1, 7, -7, -1])
def test_a_postponed_edition_moves_everything_by_whole_days(app, days):
    here = scene.scene(ceremony_on=FIRST_DAY + timedelta(days=1))
    opened, closes = here.edition.registration_opens_at, here.edition.registration_closes_at
    nominations = (here.edition.nominations_open_at, here.edition.nominations_close_at)
    before = scene.times(here.edition)
    by = timedelta(days=days)

    postpone(here, FIRST_DAY + by)

    edition = here.edition
    assert scene.times(edition) == {
        key: (starts + by, ends + by, cancelled) for key, (starts, ends, cancelled) in before.items()
    }
    assert (edition.starts_on, edition.ends_on, edition.ceremony_on, edition.postponed_from) == (
        FIRST_DAY + by, FIRST_DAY + timedelta(days=2) + by, FIRST_DAY + timedelta(days=1) + by, FIRST_DAY,
    )  # fmt: skip
    assert (edition.registration_opens_at, edition.registration_closes_at) == (opened, closes + by)
    assert (edition.nominations_open_at, edition.nominations_close_at) == nominations
    assert edition.change_reason == REASON


def test_sessions_back_to_back_never_stand_in_each_others_way(app):
    """Two days full of sessions move by one day: whatever is not moved yet stands where others are to go."""
    here = scene.scene()
    placements = []
    for hour in range(48):
        session = make.session(here.edition)
        starts = on("10:00") + timedelta(minutes=60 * hour)
        placements.append(
            make.placement(session, here.hall, starts_at=starts, ends_at=starts + timedelta(hours=1))
        )
    for by in (1, -1, 1, 1, -2):
        plan, _ = postpone(here, here.edition.starts_on + timedelta(days=by))
        assert len(plan.moves) == 52

    assert [scene.times(here.edition)[p.id][0] for p in placements[:3]] == [
        on("10:00"), on("11:00"), on("12:00")
    ]  # fmt: skip


def test_the_wrong_order_would_be_refused_by_the_database(app):
    """The negative control: the guards look at each row, so a move that begins at the wrong end trips them."""
    here = scene.scene()
    rows = db.session.scalars(
        select(Placement).where(Placement.room_id == here.hall.id).order_by(Placement.starts_at)
    ).all()

    def move(row):
        db.session.execute(
            update(Placement.__table__)
            .where(Placement.__table__.c.id == row.id)
            .values(starts_at=row.starts_at + timedelta(hours=1), ends_at=row.ends_at + timedelta(hours=1))
        )

    with pytest.raises(IntegrityError, match="room_taken"), db.session.begin_nested():
        list(map(move, rows))  # the first first, although all move later


@pytest.mark.parametrize(
    ("zone", "becomes"),
    [("Europe/Berlin", "2027-04-01T06:00:00+00:00"), ("Asia/Ho_Chi_Minh", "2027-04-01T07:00:00+00:00")],
)
def test_the_time_on_the_clock_stays_where_clocks_change_and_where_they_do_not(zone, becomes):
    before = datetime(2027, 3, 25, 7, 0, tzinfo=UTC)

    after = edition_rules.days_later(before, ZoneInfo(zone), 7)

    assert (after.isoformat(), edition_rules.days_later(after, ZoneInfo(zone), -7)) == (becomes, before)


def test_what_is_foreseen_is_what_happens(app):
    here = scene.scene()
    for number in range(3):
        scene.place(here, here.main, email=f"main{number}@example.org", locale="vi")
    scene.place(here, here.north, email="north@example.org", locale="en")
    scene.part(here.opening, make.person(email="speaker@example.org", locale="hi"))
    scene.part(here.talk, make.person(email="north@example.org"))
    scene.part(here.talk, make.person(full_name="Không Địa Chỉ", email=None))

    plan, _ = postpone(here)
    foreseen = queries.count_audience(plan.reach)
    told = scene.tell(NOW)

    assert (plan.moved_sessions, len(plan.moves)) == (3, 4)
    assert list(foreseen.registrants) == [
        ({"vi": "Điểm Main", "en": "Main"}, "vi", 3),
        ({"vi": "Điểm North", "en": "North"}, "en", 1),
    ]
    assert (list(foreseen.people), list(foreseen.unreached)) == ([("hi", 1)], ["Không Địa Chỉ"])
    assert (told, foreseen.letters) == (5, 5)
    assert sorted(address for _, address in scene.told()) == [
        "main0@example.org", "main1@example.org", "main2@example.org", "north@example.org", "speaker@example.org",
    ]  # fmt: skip


def test_seats_and_places_are_kept_and_the_ticket_shows_the_new_time(app, client):
    here = scene.scene()
    held = scene.place(here)
    taken = dict(db.session.execute(select(SeatPool.id, SeatPool.taken)).all())

    postpone(here)

    page = client.open(f"/my/registration/{held.token}")
    assert dict(db.session.execute(select(SeatPool.id, SeatPool.taken)).all()) == taken
    assert f"08:00 · {(FIRST_DAY + WEEK):%A}" in page.words
    assert f"Postponed from {FIRST_DAY:%d/%m/%Y} to {FIRST_DAY + WEEK:%d/%m/%Y} A storm" in page.words


def test_people_are_told_at_once_once_and_not_again_by_the_digest(app):
    here = scene.scene()
    here.move(here.talk, "10:00", "11:00")
    scene.place(here, created_at=NOW - timedelta(days=1))
    postpone(here)

    at_once, later = scene.tell(NOW), scene.tell(NOW + rules.SETTLE)

    assert (at_once, later, scene.told()) == (
        1,
        0,
        [("edition_postponed", "citizen" + scene.told()[0][1][7:])],
    )
    assert {row.notice_id for row in scene.changes()} == {scene.notices()[0].id}


def test_the_letter_says_from_when_to_when_why_and_which_sessions_are_theirs(app):
    here = scene.scene()
    scene.part(here.opening, make.person(email="chair@example.org", locale="en"), PartKind.CHAIR)
    held = scene.place(here)
    postpone(here)

    scene.tell(NOW)

    mine, chair = scene.letters()
    week = f"{FIRST_DAY + WEEK:%d/%m/%Y}"
    assert mine.subject.startswith(f"{here.edition.name['en']} is moved to ")
    assert re.search(r"The reason: A storm", mine.text)
    assert held.code in mine.text
    assert (scene.lines_in(mine), scene.lines_in(chair)) == (
        [],
        [f"• “Opening”: {FIRST_DAY:%d/%m/%Y} 08:00–09:00 → {week} 08:00–09:00"],
    )


def test_calendars_follow_with_a_rising_sequence_and_the_same_uid(app):
    here = scene.scene()
    register(make.pool(here.main))
    confirmation = db.session.scalars(select(Message)).one()

    postpone(here)
    scene.tell(NOW)
    postpone(here, FIRST_DAY + 2 * WEEK)
    scene.tell(NOW)
    cancel(here)
    scene.tell(NOW)

    events = [scene.event_in(message) for message in (confirmation, *scene.letters())]
    assert [(method, event["SEQUENCE"], str(event["STATUS"])) for method, event in events] == [
        *(("REQUEST", sequence, "CONFIRMED") for sequence in (1, 2, 3)),
        ("CANCEL", 4, "CANCELLED"),
    ]
    assert len({str(event["UID"]) for _, event in events}) == 1
    assert [event["DTSTART"].dt for _, event in events[:3]] == [
        on("08:00"),
        on("08:00", days=7),
        on("08:00", days=14),
    ]


def test_postponed_twice_the_first_announced_day_stays_and_back_again_nothing_is_postponed(app):
    here = scene.scene()

    postpone(here)
    postpone(here, FIRST_DAY + 2 * WEEK)
    twice = here.edition.postponed_from
    postpone(here, FIRST_DAY)

    assert (twice, here.edition.postponed_from) == (FIRST_DAY, None)


def test_an_opening_that_is_still_to_come_moves_too(app):
    here = scene.scene(
        registration_opens_at=NOW + timedelta(days=2), registration_closes_at=NOW + timedelta(days=30)
    )

    postpone(here)

    assert (here.edition.registration_opens_at, here.edition.registration_closes_at) == (
        NOW + timedelta(days=9), NOW + timedelta(days=37),
    )  # fmt: skip


def test_drafts_move_and_nobody_hears_of_them_and_what_is_cancelled_stays(app):
    here = scene.scene()
    draft = make.session(here.edition, state=SessionState.DRAFT)
    moving = make.placement(draft, here.hall, starts_at=on("15:00"), ends_at=on("16:00"))
    gone = make.session(here.edition, state=SessionState.CANCELLED)
    staying = make.placement(gone, here.hall, cancelled_at=NOW)

    postpone(here)

    after = scene.times(here.edition)
    assert (after[moving.id][0], after[staying.id][0]) == (on("15:00", days=7), on("08:00"))
    assert moving.id not in {row.placement_id for row in scene.changes()}


def test_sessions_get_a_higher_sequence_and_version_and_pages_are_made_afresh(app):
    here = scene.scene()
    standing = (
        select(Session.id, PublishedSession.sequence, Session.version)
        .join(PublishedSession, PublishedSession.id == Session.id)
        .order_by(Session.id)
    )
    before = db.session.execute(standing).all()
    kept = here.edition.programme_version

    postpone(here)

    after = db.session.execute(standing).all()
    db.session.refresh(here.edition)
    assert after == [(key, sequence + 1, version + 1) for key, sequence, version in before]
    assert here.edition.programme_version > kept


def seen_by_visitors(edition):
    """Return (start, whether cancelled) of each placement as the public sees it."""
    rows = db.session.execute(
        select(PublishedPlacement.id, PublishedPlacement.starts_at, PublishedPlacement.cancelled_at).where(
            PublishedPlacement.edition_id == edition.id
        )
    )
    return {key: (starts, cancelled is not None) for key, starts, cancelled in rows}


def test_visitors_see_a_postponed_edition_at_once_and_no_draft_of_it(app):
    here = scene.scene()
    draft = make.session(here.edition, state=SessionState.DRAFT)
    make.placement(draft, here.hall, starts_at=on("15:00"), ends_at=on("16:00"))
    before = seen_by_visitors(here.edition)

    postpone(here)

    assert seen_by_visitors(here.edition) == {
        key: (starts + WEEK, cancelled) for key, (starts, cancelled) in before.items()
    }
    assert draft.state is SessionState.DRAFT


@pytest.mark.parametrize("act", [postpone, cancel])
def test_a_session_that_was_cancelled_and_not_published_is_cancelled_for_visitors_too(app, act):
    here = scene.scene()
    programme.cancel_session(here.session(here.talk), actor=make.actor(), now=NOW)

    act(here)

    states = dict(db.session.execute(select(PublishedSession.id, PublishedSession.state)).all())
    assert states[here.talk.id] is SessionState.CANCELLED


def test_what_is_cancelled_at_one_site_publishes_nothing_of_other_sessions(app):
    here = scene.scene()
    here.edit(here.talk, "15:00", "16:00")

    cancel_site(here, here.north)

    seen = select(PublishedPlacement.starts_at).where(PublishedPlacement.session_id == here.talk.id)
    assert db.session.scalars(seen).all() == [on("09:00")]


@pytest.mark.parametrize(
    ("first_day", "refusal"),
    [
        (FIRST_DAY, edition_rules.SameDay),
        (make.TODAY - timedelta(days=1), edition_rules.DayPast),
        (date(9999, 12, 31), edition_rules.YearNotPossible),
        (make.TODAY, edition_rules.ClosesBeforeOpening),
    ],
)
def test_a_day_that_cannot_be_is_refused(app, first_day, refusal):
    here = scene.scene()

    with pytest.raises(refusal):
        plans.edition_postponed(here.edition, first_day, now=NOW)


def test_an_edition_that_has_begun_or_is_over_or_cancelled_is_not_postponed(app):
    here = scene.scene()
    with pytest.raises(rules.EditionBegun):
        postpone(here, now=on("08:00"))
    with pytest.raises(rules.EditionOver):
        postpone(here, now=on("08:00", days=4))
    with pytest.raises(rules.EditionOver):
        cancel(here, now=on("08:00", days=4))
    cancel(here)

    with pytest.raises(edition_rules.EditionCancelled):
        postpone(here)
    with pytest.raises(edition_rules.EditionCancelled):
        cancel(here)


def test_a_plan_that_changed_in_between_is_stale_and_nothing_happens(app):
    here = scene.scene()
    seen = plans.edition_postponed(here.edition, FIRST_DAY + WEEK, now=NOW).fingerprint
    here.move(here.talk, "10:00", "11:00")

    with pytest.raises(Stale):
        postpone(here, seen=seen)

    assert here.edition.starts_on == FIRST_DAY


def test_nothing_is_done_without_the_tick(app):
    here = scene.scene()

    with pytest.raises(rules.NotConfirmed):
        cancel(here, sure=False)


def test_a_cancelled_edition_closes_everything_and_keeps_its_places(app):
    here = scene.scene()
    held = scene.place(here)
    plan, notice = cancel(here)

    scene.tell(NOW)

    states = set(db.session.scalars(select(Session.state)))
    edition = here.edition
    assert (states, plan.cancelled_sessions) == ({SessionState.CANCELLED}, 3)
    assert all(cancelled for _, _, cancelled in scene.times(edition).values())
    assert (edition.cancelled_at, edition.registration_closes_at, edition.nominations_close_at) == (
        NOW,
        NOW,
        NOW,
    )
    assert (db.session.get(Registration, held.id).state, scene.told()[0][0]) == (
        "confirmed",
        "edition_cancelled",
    )
    assert (notice.scope, notice.act) == (Scope.EDITION, Act.CANCELLED)
    with pytest.raises(place_rules.EditionCancelled):
        register(places.find_pool_of(here.main.id, SeatMode.ON_SITE), "late@example.org")


def test_of_an_edition_that_is_cancelled_on_its_second_day_the_first_stays(app):
    here = scene.scene()
    tomorrow = make.session(here.edition)
    make.placement(tomorrow, here.hall, starts_at=on("08:00", days=1), ends_at=on("09:00", days=1))

    plan, _ = cancel(here, now=on("20:00"))

    assert plan.whole == {tomorrow.id}
    assert set(db.session.execute(select(Session.id, Session.state)).all()) == {
        (here.opening.id, SessionState.PUBLISHED), (here.talk.id, SessionState.PUBLISHED),
        (here.local.id, SessionState.PUBLISHED), (tomorrow.id, SessionState.CANCELLED),
    }  # fmt: skip


def test_windows_that_never_opened_never_will(app):
    here = scene.scene(
        registration_opens_at=NOW + timedelta(days=1), registration_closes_at=NOW + timedelta(days=2)
    )

    cancel(here)

    assert (here.edition.registration_opens_at, here.edition.registration_closes_at) == (None, NOW)


# A site --------------------------------------------------------------------------------------------------------------


def test_a_cancelled_site_receives_nothing_and_what_is_held_there_is_cancelled_everywhere(app):
    here = scene.scene()
    make.placement(
        here.local, here.hall, role=PlacementRole.RECEIVING, starts_at=on("13:00"), ends_at=on("14:00")
    )

    plan, _ = cancel_site(here, here.north)

    states = dict(db.session.execute(select(Session.id, Session.state)).all())
    assert (states[here.opening.id], states[here.local.id]) == (
        SessionState.PUBLISHED,
        SessionState.CANCELLED,
    )
    assert (len(plan.cancelled), plan.whole) == (3, {here.local.id})
    assert [cancelled for _, _, cancelled in scene.times(here.edition).values()] == [
        False,
        True,
        False,
        True,
        True,
    ]


def test_the_people_of_a_cancelled_site_keep_their_places_and_are_invited_to_move(app):
    here = scene.scene()
    make.placement(
        here.local, here.hall, role=PlacementRole.RECEIVING, starts_at=on("13:00"), ends_at=on("14:00")
    )
    held = scene.place(here, here.north, email="north@example.org")
    scene.place(here, here.main, email="main@example.org")
    cancel_site(here, here.north)

    scene.tell(NOW)

    assert scene.told() == [("site_cancelled", "north@example.org"), ("plan_changed", "main@example.org")]
    north, main = scene.letters()
    assert [scene.event_in(letter)[0] for letter in (north, main)] == ["CANCEL", "REQUEST"]
    assert f"/my/registration/{held.token}" in north.text


def test_who_moves_from_a_cancelled_site_gets_the_entry_back_also_after_registration_closed(app):
    here = scene.scene()
    held = register(make.pool(here.north))
    cancel_site(here, here.north)
    scene.tell(NOW)
    after_closing = NOW + timedelta(days=39, hours=1)

    registration.change_place(held, make.pool(here.main), actor=VISITOR, now=after_closing)

    last = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
    method, event = scene.event_in(last)
    assert (method, event["SEQUENCE"], str(event["STATUS"])) == ("REQUEST", 3, "CONFIRMED")


def test_nobody_registers_at_or_moves_to_a_cancelled_site(app):
    here = scene.scene()
    elsewhere, gone = make.pool(here.main), make.pool(here.north)
    held = register(elsewhere)
    cancel_site(here, here.north)

    with pytest.raises(place_rules.SiteCancelled, match="North does not take part"):
        register(gone, "late@example.org")
    with pytest.raises(place_rules.SiteCancelled):
        registration.change_place(held, gone, actor=VISITOR, now=NOW)


def test_a_site_is_cancelled_once_and_moved_no_more(app):
    here = scene.scene()
    cancel_site(here, here.north)

    with pytest.raises(site_rules.SiteCancelled):
        cancel_site(here, here.north)
    with pytest.raises(rules.NothingToMove):
        move_site(here, here.north, 1)


def test_a_later_postponement_does_not_bring_the_entry_of_a_cancelled_site_back(app):
    here = scene.scene()
    scene.place(here, here.north)
    cancel_site(here, here.north)
    scene.tell(NOW)
    postpone(here)

    scene.tell(NOW)

    assert [(letter.kind, letter.calendar_method) for letter in scene.letters()] == [
        ("site_cancelled", "CANCEL"), ("edition_postponed", None),
    ]  # fmt: skip


def test_the_link_alone_does_not_bring_it_back_either(app):
    here = scene.scene()
    held = register(make.pool(here.north))
    cancel_site(here, here.north)

    registration.send_link_again(here.edition, held.email, now=NOW)

    assert db.session.scalars(
        select(Message.calendar_method).where(Message.key.startswith("registration-link"))
    ).all() == [None]


def test_what_is_held_at_a_site_moves_by_days_and_what_it_receives_stays(app):
    here = scene.scene()
    scene.place(here, here.north, email="north@example.org")
    scene.place(here, here.main, email="main@example.org")

    plan, _ = move_site(here, here.north, 1)
    scene.tell(NOW)

    firsts = select(Placement.session_id, func.min(Placement.starts_at)).group_by(Placement.session_id)
    starts = dict(db.session.execute(firsts).all())
    assert (starts[here.local.id], starts[here.opening.id]) == (on("13:00", days=1), on("08:00"))
    assert (plan.moved_sessions, scene.told()) == (1, [("plan_changed", "north@example.org")])


def test_a_room_that_is_taken_on_the_new_day_refuses_and_names_what_is_there(app):
    here = scene.scene()
    other = make.session(here.edition, title={"en": "Rehearsal"})
    make.placement(
        other,
        here.room,
        role=PlacementRole.ORIGIN,
        starts_at=on("13:30", days=1),
        ends_at=on("15:00", days=1),
    )

    with pytest.raises(programme_rules.RoomTaken, match="Rehearsal"):
        services.postpone_site(
            here.edition, here.main, days=1, reason=REASON, sure=True, actor=make.actor(), now=NOW,
            seen=_received_in_the_way(here),
        )  # fmt: skip


def _received_in_the_way(here):
    """Let the talk be received in the room where the rehearsal is on the next day, and foresee its move."""
    make.placement(
        here.talk, here.room, role=PlacementRole.RECEIVING, starts_at=on("14:00"), ends_at=on("15:00")
    )
    return plans.site_postponed(here.edition, here.main, 1, now=NOW).fingerprint


@pytest.mark.parametrize(
    ("days", "refusal"),
    [(0, rules.NoDaysGiven), (3, programme_rules.OutsideEdition), (-1, programme_rules.OutsideEdition)],
)
def test_days_that_lead_nowhere_are_refused(app, days, refusal):
    here = scene.scene()

    with pytest.raises(refusal):
        plans.site_postponed(here.edition, here.north, days, now=NOW)


# A session -----------------------------------------------------------------------------------------------------------


def session_plan(here, session, start, end, *, now=NOW):
    whole = here.session(session)
    return whole, plans.session_postponed(here.edition, whole, start, end, now=now)


def test_a_postponed_session_moves_at_every_site_and_people_are_told_at_once(app):
    here = scene.scene()
    scene.place(here, here.north, email="north@example.org")
    whole, plan = session_plan(here, here.opening, on("15:00"), on("16:30"))

    services.postpone_session(
        here.edition, whole, starts_at=on("15:00"), ends_at=on("16:30"), reason=REASON, seen=plan.fingerprint,
        sure=True, actor=make.actor(), now=NOW,
    )  # fmt: skip
    scene.tell(NOW)

    (letter,) = scene.letters()
    day = f"{FIRST_DAY:%d/%m/%Y}"
    assert scene.lines_in(letter) == [f"• “Opening”: {day} 08:00–09:00 → {day} 15:00–16:30"]
    assert "The reason: A storm" in letter.text


def test_a_cancelled_session_is_told_at_once(app):
    here = scene.scene()
    scene.place(here)
    scene.part(here.talk, make.person(email="speaker@example.org", locale="en"))
    whole = here.session(here.talk)
    plan = plans.session_cancelled(here.edition, whole, now=NOW)

    services.cancel_session(
        here.edition, whole, reason=REASON, seen=plan.fingerprint, sure=True, actor=make.actor(), now=NOW
    )
    scene.tell(NOW)

    day = f"{FIRST_DAY:%d/%m/%Y}"
    assert [scene.lines_in(letter) for letter in scene.letters()] == [
        [f"• “Talk” is cancelled (it was to be {day} 09:00–10:00)"]
    ] * 2


def test_other_changes_wait_for_their_own_letter(app):
    here = scene.scene()
    scene.place(here, created_at=NOW - timedelta(days=1))
    here.move(here.opening, "07:00", "08:00")
    whole = here.session(here.talk)
    plan = plans.session_cancelled(here.edition, whole, now=NOW)
    services.cancel_session(
        here.edition, whole, reason=REASON, seen=plan.fingerprint, sure=True, actor=make.actor(), now=NOW
    )

    told = scene.tell(NOW), scene.tell(NOW + rules.SETTLE)

    assert (told, [len(scene.lines_in(letter)) for letter in scene.letters()]) == ((1, 1), [1, 1])


@pytest.mark.parametrize(
    ("start", "end", "now", "refusal"),
    [
        ("08:00", "09:00", NOW, rules.SameTime),
        ("10:00", "09:00", NOW, programme_rules.TimesNotInOrder),
        ("11:00", "12:00", on("11:30"), rules.SessionOver),
        ("08:15", "12:00", on("08:30"), rules.NewTimePast),
    ],
)
def test_a_time_that_cannot_be_is_refused(app, start, end, now, refusal):
    here = scene.scene()

    with pytest.raises(refusal):
        session_plan(here, here.opening, on(start), on(end), now=now)


def test_a_draft_is_not_postponed_in_front_of_everybody(app):
    here = scene.scene()
    draft = make.session(here.edition, state=SessionState.DRAFT)
    make.placement(draft, here.hall, starts_at=on("15:00"), ends_at=on("16:00"))

    with pytest.raises(rules.NotAnnounced):
        session_plan(here, draft, on("16:00"), on("17:00"))


# All of them ---------------------------------------------------------------------------------------------------------


def test_every_act_and_its_telling_leave_a_line_in_the_trail(app):
    here = scene.scene()
    postpone(here)
    db.session.commit()
    scene.tell(NOW)
    cancel_site(here, here.north)
    db.session.commit()
    scene.tell(NOW)
    cancel(here)
    db.session.commit()

    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    # What a release did to each session is a line, too.
    assert [action for action in actions if not action.startswith("session.")] == [
        "edition.postponed", "programme.released", "notice.told",
        "site.cancelled", "programme.released", "notice.told",
        "edition.cancelled", "programme.released",
    ]  # fmt: skip


def test_a_large_programme_moves_with_few_statements(app, queries):
    here = scene.scene()

    def count(number):
        for _ in range(number):
            session = make.session(here.edition)
            make.placement(session, make.room(here.main), starts_at=on("08:00"))
        db.session.commit()
        with queries() as counted:
            postpone(here, here.edition.starts_on + timedelta(days=1))
        return counted.total

    count(1)
    assert count(1) == count(30)
