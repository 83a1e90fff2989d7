"""Taking, moving and giving back a place: what the services promise, on both databases."""

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.core.actor import VISITOR
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.notifications.models import Message
from dxday.programme.rules import Mode, SessionState
from dxday.registration import letters, queries, rules, services
from dxday.registration.models import Registration
from dxday.registration.rules import RegistrationState, SeatMode
from tests import make


def register(pool, now=make.NOW, **given):
    answers = {
        "full_name": "Nguyễn Văn Mẫu",
        "email": "mau@example.org",
        "organisation_name": "",
        "locale": "en",
        "consent": True,
        "actor": VISITOR,
    }
    return services.register(pool, now=now, **(answers | given))


def test_a_place_takes_one_seat_and_queues_its_confirmation(app):
    edition = make.edition()
    pool = make.pool(make.site(edition), capacity=3, taken=1)

    place = register(pool)

    db.session.refresh(pool)
    message = db.session.scalars(select(Message)).one()
    assert (place.state, place.code != "", len(place.token), pool.taken) == (
        RegistrationState.CONFIRMED,
        True,
        26,
        2,
    )
    assert (message.kind, message.to_address, message.to_name) == (
        letters.CONFIRMED.kind,
        "mau@example.org",
        "Nguyễn Văn Mẫu",
    )
    assert f"/my/registration/{place.token}" in message.text


def only_event(message):
    """Return METHOD and the one entry of the calendar that came with a letter."""
    calendar = Calendar.from_ical(message.calendar)
    (event,) = calendar.walk("VEVENT")
    assert message.calendar_method == str(calendar["METHOD"])
    return message.calendar_method, event


def test_the_confirmation_carries_one_entry_from_the_first_published_session_to_the_last(app):
    edition = make.edition()
    day = edition.starts_on
    site = make.site(edition, name={"en": "Vinh"}, address={"en": "1 Example Street"})
    make.placement(
        make.session(edition, title={"en": "Opening"}),
        make.room(site),
        starts_at=f"{day} 08:00",
        ends_at=f"{day} 09:00",
    )
    make.placement(
        make.session(edition, title={"en": "Talk"}),
        make.room(site),
        starts_at=f"{day} 10:00",
        ends_at=f"{day} 11:30",
    )
    late = {"starts_at": f"{day} 20:00", "ends_at": f"{day} 21:00"}
    make.placement(make.session(edition, state=SessionState.DRAFT), make.room(site), **late)
    make.placement(make.session(edition), make.room(make.site(edition)), **late)
    make.placement(make.session(edition), make.room(site), cancelled_at=make.NOW, **late)

    place = register(make.pool(site))

    method, event = only_event(db.session.scalars(select(Message)).one())
    url = f"http://127.0.0.1:8000/my/registration/{place.token}"
    assert (method, str(event["UID"]), event["SEQUENCE"]) == (
        "REQUEST",
        f"place-{edition.code}-{place.code}",
        1,
    )
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (make.at(f"{day} 08:00"), make.at(f"{day} 11:30"))
    assert [str(event[name]) for name in ("SUMMARY", "LOCATION", "URL")] == [
        f"{edition.name['en']} · Vinh",
        "Vinh, 1 Example Street",
        url,
    ]
    assert str(event["DESCRIPTION"]).splitlines() == [
        "08:00–09:00 Opening",
        "10:00–11:30 Talk",
        "",
        f"Your ticket: {url}",
    ]


def test_the_entry_comes_from_the_address_for_questions_and_asks_for_no_answer(app):
    edition = make.edition(contact_email="hoi-dap@example.org")

    register(make.pool(make.site(edition)))
    register(make.pool(make.site(make.edition())))

    events = [only_event(m)[1] for m in db.session.scalars(select(Message).order_by(Message.id))]
    assert [str(event["ORGANIZER"]) for event in events] == [
        "mailto:hoi-dap@example.org",
        "mailto:no-reply@dxday.example",
    ]
    assert str(events[0]["ATTENDEE"]) == "mailto:mau@example.org"
    assert [events[0]["ATTENDEE"].params[name] for name in ("CN", "PARTSTAT", "RSVP")] == [
        "Nguyễn Văn Mẫu",
        "ACCEPTED",
        "FALSE",
    ]


@pytest.mark.parametrize(
    ("mode", "links"), [(SeatMode.ONLINE, ["https://meet.example/1"]), (SeatMode.ON_SITE, [])]
)
def test_only_who_takes_part_online_gets_the_link_to_join(app, mode, links):
    edition = make.edition()
    site = make.site(edition)
    make.placement(
        make.session(edition), make.room(site), mode=Mode.HYBRID, join_url="https://meet.example/1"
    )

    register(make.pool(site, mode=mode))

    message = db.session.scalars(select(Message)).one()
    events = Calendar.from_ical(message.calendar).walk("VEVENT")
    assert [str(event["conference"]) for event in events if "conference" in event] == links


def test_without_a_published_session_the_entry_has_the_usual_hours_of_the_day(app):
    edition = make.edition()

    register(make.pool(make.site(edition)))

    _, event = only_event(db.session.scalars(select(Message)).one())
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (
        make.at(f"{edition.starts_on} 08:00"),
        make.at(f"{edition.ends_on} 17:00"),
    )


def test_every_letter_raises_the_sequence_and_giving_the_place_back_takes_the_entry_out(app):
    edition = make.edition()
    place = register(make.pool(make.site(edition)))
    services.change_place(place, make.pool(make.site(edition)), actor=VISITOR, now=make.NOW)
    services.send_link_again(edition, place.email, now=make.NOW)
    services.send_link_again(edition, place.email, now=make.NOW)
    services.cancel_registration(place, actor=VISITOR, now=make.NOW)

    sent = [only_event(m) for m in db.session.scalars(select(Message).order_by(Message.id))]
    assert [(method, event["SEQUENCE"], str(event["STATUS"])) for method, event in sent] == [
        ("REQUEST", 1, "CONFIRMED"),
        ("REQUEST", 2, "CONFIRMED"),
        ("REQUEST", 3, "CONFIRMED"),
        ("CANCEL", 4, "CANCELLED"),
    ]
    assert len({str(event["UID"]) for _, event in sent}) == 1


def test_the_last_seat_can_be_taken_and_the_next_is_refused(app):
    pool = make.pool(make.site(make.edition(), name={"en": "Vinh"}), capacity=1)
    register(pool)

    with pytest.raises(rules.NoSeatLeft, match="no free seat left at Vinh"):
        register(pool, email="second@example.org")


def test_an_address_holds_one_place_in_an_edition_however_it_is_spelled(app):
    edition = make.edition()
    register(make.pool(make.site(edition)), email="Mau@Example.org")

    with pytest.raises(rules.AlreadyRegistered):
        register(make.pool(make.site(edition)), email=" mau@example.ORG")


def test_an_address_that_appears_in_the_same_moment_is_refused_by_the_database(app, monkeypatch):
    pool = make.pool(make.site(make.edition()))
    register(pool)
    monkeypatch.setattr(queries, "find_confirmed", lambda *_: None)  # as if it had looked a moment earlier

    with pytest.raises(rules.AlreadyRegistered):
        register(pool)


def test_who_cancelled_can_register_again(app):
    pool = make.pool(make.site(make.edition()), capacity=1)
    first = register(pool)
    services.cancel_registration(first, actor=VISITOR, now=make.NOW)

    second = register(pool)

    assert (first.state, second.state) == (RegistrationState.CANCELLED, RegistrationState.CONFIRMED)


def test_nothing_is_kept_without_consent(app):
    pool = make.pool(make.site(make.edition()))

    with pytest.raises(rules.ConsentMissing):
        register(pool, consent=False)

    assert db.session.scalars(select(Registration)).all() == []


@pytest.mark.parametrize(
    ("days", "refusal"),
    [(-2, rules.RegistrationNotOpen), (39, rules.RegistrationOver), (50, rules.RegistrationOver)],
)
def test_places_are_given_only_while_registration_is_open(app, days, refusal):
    pool = make.pool(make.site(make.edition()))

    with pytest.raises(refusal):
        register(pool, now=make.NOW + timedelta(days=days))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Trần   Thị\tThí Dụ ", "Trần Thị Thí Dụ"),
        ("a\x00b\r\nBcc: c", "a b Bcc: c"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("अजय", "अजय"),
        ("'; DROP TABLE registration; --", "'; DROP TABLE registration; --"),
        ("x" * 300, "x" * 200),
    ],
)
def test_any_name_is_taken_as_it_is_without_what_would_break_a_header(app, typed, kept):
    place = register(make.pool(make.site(make.edition())), full_name=typed)

    assert place.full_name == kept


def test_a_move_frees_the_old_seat_takes_the_new_one_and_confirms_anew(app):
    edition = make.edition()
    old, new = make.pool(make.site(edition)), make.pool(make.site(edition))
    place = register(old)

    services.change_place(place, new, actor=VISITOR, now=make.NOW)

    db.session.refresh(old)
    db.session.refresh(new)
    keys = db.session.scalars(select(Message.key).order_by(Message.id)).all()
    assert (old.taken, new.taken, place.pool_id) == (0, 1, new.id)
    assert keys == [f"registration-confirmed:{place.id}:1", f"registration-confirmed:{place.id}:2"]


def test_a_move_to_a_full_site_is_refused(app):
    edition = make.edition()
    place = register(make.pool(make.site(edition)))

    with pytest.raises(rules.NoSeatLeft):
        services.change_place(place, make.pool(make.site(edition), capacity=0), actor=VISITOR, now=make.NOW)


def test_a_move_to_where_one_is_changes_nothing(app):
    pool = make.pool(make.site(make.edition()))
    place = register(pool)

    services.change_place(place, pool, actor=VISITOR, now=make.NOW)

    db.session.refresh(pool)
    assert (pool.taken, place.version) == (1, 1)


def test_a_place_cannot_be_moved_into_another_edition(app):
    place = register(make.pool(make.site(make.edition())))

    with pytest.raises(NotFound):
        services.change_place(place, make.pool(make.site(make.edition())), actor=VISITOR, now=make.NOW)


def test_a_cancelled_place_frees_its_seat_and_is_confirmed_by_mail(app):
    pool = make.pool(make.site(make.edition()))
    place = register(pool)

    services.cancel_registration(place, actor=VISITOR, now=make.NOW)

    db.session.refresh(pool)
    kinds = db.session.scalars(select(Message.kind).order_by(Message.id)).all()
    assert (pool.taken, place.state, place.cancelled_at) == (0, RegistrationState.CANCELLED, make.NOW)
    assert kinds == [letters.CONFIRMED.kind, letters.CANCELLED.kind]


def test_a_cancelled_place_can_be_neither_cancelled_nor_moved(app):
    edition = make.edition()
    place = register(make.pool(make.site(edition)))
    services.cancel_registration(place, actor=VISITOR, now=make.NOW)

    with pytest.raises(rules.PlaceCancelled):
        services.cancel_registration(place, actor=VISITOR, now=make.NOW)
    with pytest.raises(rules.PlaceCancelled):
        services.change_place(place, make.pool(make.site(edition)), actor=VISITOR, now=make.NOW)


def test_a_place_is_not_given_back_after_the_event(app):
    place = register(make.pool(make.site(make.edition())))

    with pytest.raises(rules.EditionOver):
        services.cancel_registration(place, actor=VISITOR, now=make.NOW + timedelta(days=42))


def test_the_link_is_mailed_again_once_a_day_however_often_one_asks(app):
    edition = make.edition()
    register(make.pool(make.site(edition)))

    asked = [
        services.send_link_again(edition, "MAU@example.org", now=make.at(at))
        for at in ("2026-10-01 08:00", "2026-10-01 23:00", "2026-10-02 01:00")
    ]
    unknown = services.send_link_again(edition, "other@example.org", now=make.NOW)

    assert (asked, unknown) == ([True, False, True], False)


def test_seats_are_opened_and_changed_but_never_below_what_is_taken(app):
    site = make.site(make.edition())
    services.set_seats(site, mode=SeatMode.ON_SITE, capacity=2, actor=make.actor(), now=make.NOW)
    pool = queries.find_pool_of(site.id, SeatMode.ON_SITE)
    register(queries.get_pool(pool.edition_id, pool.id))

    services.set_seats(site, mode=SeatMode.ON_SITE, capacity=1, actor=make.actor(), now=make.NOW)
    with pytest.raises(rules.SeatsTaken):
        services.set_seats(site, mode=SeatMode.ON_SITE, capacity=0, actor=make.actor(), now=make.NOW)

    assert queries.seats_by_site(site.edition_id) == {site.id: [rules.Seats(SeatMode.ON_SITE, 1, 1)]}


def test_every_step_leaves_a_line_in_the_trail_without_personal_data(app):
    edition = make.edition()
    pool = make.pool(make.site(edition))
    place = register(pool)
    db.session.commit()
    services.change_place(place, make.pool(make.site(edition)), actor=VISITOR, now=make.NOW)
    db.session.commit()
    services.cancel_registration(place, actor=VISITOR, now=make.NOW)
    db.session.commit()

    lines = db.session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()

    assert [(line.action, line.subject) for line in lines] == [
        ("registration.confirmed", place.code),
        ("registration.moved", place.code),
        ("registration.cancelled", place.code),
    ]
    assert "mau@example.org" not in str([line.facts for line in lines])
