"""What a rule does in every case: late, moved, cancelled, copied, joined late, broken, and asked twice at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time, timedelta
from itertools import chain

import pytest
from sqlalchemy import select, update

from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from dxday.db import db, transaction
from dxday.notifications import services as notifications
from dxday.notifications.models import Message
from dxday.notifications.rules import Channel, Reason, SuppressionReason, SuppressionScope
from dxday.programme.models import Placement
from dxday.registration.rules import RegistrationState, SeatMode
from dxday.reminders import jobs, queries, rules, services
from dxday.reminders.models import ReminderRule
from dxday.reminders.offers import Moment
from dxday.reminders.rules import Direction, Fate, LateJoiners, RuleState, Unit
from tests import make
from tests.conftest import on_both
from tests.reminders.scene import EARLY, at, ledger, opened, reminded, rule, run, switch_off

EVE = at("08:00", -1)
"""When a reminder of a day before is due, unless a test says otherwise."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def edition(app):
    return make.edition()


def place(site_or_edition, **given):
    """Return somebody's place; at a new site with a session at eight, unless a site is given."""
    site = site_or_edition if hasattr(site_or_edition, "position") else opened(site_or_edition)
    pool = db.session.scalars(
        select(make.SeatPool).where(
            make.SeatPool.site_id == site.id, make.SeatPool.mode == given.get("mode", SeatMode.ON_SITE)
        )
    ).one_or_none() or make.pool(site, mode=given.get("mode", SeatMode.ON_SITE))
    given.pop("mode", None)
    return make.registration(pool, **({"created_at": EARLY} | given))


def placement_of(edition):
    return db.session.scalars(select(Placement).where(Placement.edition_id == edition.id)).one()


def move(edition, starts_at, hours=2):
    placement = placement_of(edition)
    placement.starts_at, placement.ends_at = starts_at, starts_at + timedelta(hours=hours)
    make.released(edition)


def leave(registration):
    registration.state, registration.cancelled_at = RegistrationState.CANCELLED, make.NOW


def leaves_now():
    """Let everything that waits leave, as the workers do."""
    db.session.execute(
        update(Message)
        .where(Message.carriage == Carriage.QUEUED)
        .values(carriage=Carriage.DONE, sent_at=Message.created_at)
    )


# Late, and until when ------------------------------------------------------------------------------------------------


def test_it_is_queued_when_it_is_due_once_for_everybody(edition):
    site = opened(edition)
    place(site, email="one@example.org")
    place(site, email="two@example.org")
    rule(edition)

    queued = [run(now) for now in (EVE - MINUTE, EVE, EVE + MINUTE)]

    assert (queued, reminded()) == ([0, 2, 0], ["one@example.org", "two@example.org"])


def test_what_the_ledger_says_of_it(edition):
    held = place(edition, email="one@example.org")
    own = rule(edition)
    run(EVE)

    (message,) = db.session.scalars(select(Message))
    starts_at = placement_of(edition).starts_at

    assert message.key == f"reminder:{own.id}:registration:{held.id}:{message.occasion}:{starts_at:%s}"
    assert (message.rule_id, message.recipient, message.anchor_at) == (
        own.id,
        f"registration:{held.id}",
        starts_at,
    )
    assert (message.expires_at, message.required, message.created_at) == (starts_at, False, EVE)
    assert message.kind == "reminder_registrants"


def test_a_reminder_that_is_late_leaves_while_it_makes_sense(edition):
    place(edition)
    rule(edition)

    assert run(at("07:59")) == 1


def test_nobody_is_reminded_of_what_has_begun(edition):
    place(edition)
    rule(edition)

    assert run(at("08:00")) == 0


def test_what_leaves_after_its_moment_is_caught_up_for_three_days(edition):
    place(edition)
    rule(edition, moment="last_session_end", direction=Direction.AFTER)
    due = at("17:00", 1)

    assert [run(now) for now in (due - MINUTE, due + 3 * DAY)] == [0, 0]
    assert run(due + 3 * DAY - MINUTE) == 1


def test_at_the_very_moment_it_may_leave_for_an_hour(edition):
    place(edition)
    rule(edition, amount=0, unit=Unit.HOURS)

    assert [run(at(clock)) for clock in ("07:59", "09:00", "08:59")] == [0, 0, 1]


def test_a_clock_that_jumps_back_reminds_nobody_twice(edition):
    place(edition)
    rule(edition)

    assert [run(now) for now in (EVE, EVE - DAY, EVE - HOUR, EVE + MINUTE)] == [1, 0, 0, 0]


# Switched on, changed, switched off ----------------------------------------------------------------------------------


@pytest.mark.parametrize("late_joiners", LateJoiners)
def test_a_rule_reminds_of_nothing_that_was_due_before_it_was_switched_on(edition, late_joiners):
    site = opened(edition)
    place(site)
    place(site, created_at=EVE + 2 * HOUR)
    rule(edition, on_since=EVE + MINUTE, late_joiners=late_joiners)

    assert run(EVE + 3 * HOUR) == 0


def test_what_is_due_at_the_moment_of_switching_on_leaves(edition):
    place(edition)
    rule(edition, on_since=EVE)

    assert run(EVE) == 1


def test_a_rule_that_is_off_reminds_nobody(edition):
    place(edition)
    rule(edition, state=RuleState.OFF, on_since=None)

    assert run(EVE) == 0


def test_another_timing_does_not_catch_up_what_it_makes_due_in_the_past(edition):
    place(edition)
    own = rule(edition)
    services.change_rule(own, seen=own.version, actor=make.actor(), now=EVE - HOUR, amount=2)

    assert run(EVE + HOUR) == 0


def test_another_timing_counts_for_what_is_still_ahead(edition):
    place(edition)
    own = rule(edition, amount=2)
    services.change_rule(own, seen=own.version, actor=make.actor(), now=EVE - HOUR, amount=1)

    assert [run(EVE - MINUTE), run(EVE)] == [0, 1]


def test_who_was_told_of_a_moment_is_not_told_of_it_again_by_a_changed_rule(edition):
    place(edition)
    own = rule(edition, amount=2)
    run(EVE - DAY)
    leaves_now()
    services.change_rule(own, seen=own.version, actor=make.actor(), now=EVE - HOUR, amount=1)

    assert run(EVE) == 0


def test_what_a_changed_rule_took_back_leaves_at_the_new_time(edition):
    place(edition, email="one@example.org")
    own = rule(edition, amount=2)
    run(EVE - DAY)
    services.change_rule(own, seen=own.version, actor=make.actor(), now=EVE - HOUR, amount=1)
    waiting = reminded()

    assert (waiting, run(EVE), reminded()) == ([], 1, ["one@example.org"])


def test_other_words_count_from_the_next_letter_on(edition):
    site = opened(edition)
    place(site, email="one@example.org")
    own = rule(edition, late_joiners=LateJoiners.TELL)
    run(EVE)
    place(site, email="two@example.org", created_at=EVE + HOUR)
    services.change_rule(
        own,
        seen=own.version,
        actor=make.actor(),
        now=EVE + HOUR,
        subject={"en": "New words"},
        body={"en": "Dear {{ recipient }}"},
    )
    run(EVE + HOUR)

    first, second = ledger(Message.subject)
    assert (first.startswith("Reminder"), second) == (True, "New words")


def test_a_rule_that_is_switched_off_stops_at_once_and_what_waits_is_taken_back(edition):
    site = opened(edition)
    place(site)
    own = rule(edition)
    run(EVE)
    switch_off(own, EVE)
    place(site)

    assert (run(EVE + MINUTE), reminded()) == (0, [])


def test_what_was_queued_while_the_rule_was_switched_off_is_taken_back_by_the_next_run(edition):
    place(edition)
    own = rule(edition)
    run(EVE)
    db.session.execute(update(ReminderRule).where(ReminderRule.id == own.id).values(state=RuleState.OFF))
    db.session.expire_all()

    run(EVE + MINUTE)

    assert ledger(Message.carriage, Message.error) == [(Carriage.CANCELLED, Reason.RULE_OFF)]


def test_who_was_found_before_the_rule_was_switched_off_is_not_reminded_after(edition):
    place(edition)
    own = rule(edition)
    db.session.commit()
    due = queries.list_due(queries.find_slots(queries.list_on()), EVE, limit=9)
    switch_off(own, EVE)
    db.session.commit()

    with transaction():
        queued = services.remind(due, now=EVE)

    assert (len(due), queued) == (1, 0)


def test_the_rules_of_a_copied_edition_remind_nobody_until_they_are_switched_on(edition):
    rule(edition)
    new = make.edition(starts_on=edition.starts_on, ends_on=edition.ends_on)
    place(new, email="new@example.org")
    (copy,) = services.copy_rules(edition, new, actor=make.actor(), now=EARLY)

    before = run(EVE)
    services.switch_on(copy, seen=copy.version, actor=make.actor(), now=EVE + MINUTE)

    assert (before, run(EVE + HOUR)) == (0, 0)


# Who joins late ------------------------------------------------------------------------------------------------------


def test_who_joins_when_it_was_due_has_just_been_told(edition):
    place(edition, created_at=EVE)
    rule(edition)

    assert run(EVE + HOUR) == 0


def test_who_joined_the_minute_before_is_reminded(edition):
    place(edition, created_at=EVE - MINUTE)
    rule(edition)

    assert run(EVE) == 1


def test_a_rule_can_tell_late_joiners_at_once_until_it_begins(edition):
    site = opened(edition)
    rule(edition, late_joiners=LateJoiners.TELL)
    place(site, email="one@example.org", created_at=EVE + HOUR)
    queued = [run(EVE + HOUR), run(EVE + 2 * HOUR)]
    place(site, email="two@example.org", created_at=at("08:00"))

    assert [*queued, run(at("08:00"))] == [1, 0, 0]
    assert reminded() == ["one@example.org"]


def test_of_several_rules_each_counts_who_is_late_for_itself(edition):
    site = opened(edition)
    week, eve = rule(edition, amount=7), rule(edition)
    told = rule(edition, amount=7, late_joiners=LateJoiners.TELL)
    early, late = place(site), place(site, created_at=EVE - 3 * DAY)

    run(EVE)

    assert sorted(ledger(Message.rule_id, Message.recipient)) == sorted(
        [
            (week.id, f"registration:{early.id}"),
            *((each.id, f"registration:{who.id}") for each in (eve, told) for who in (early, late)),
        ]
    )


# Moved, cancelled, left ----------------------------------------------------------------------------------------------


def test_what_is_moved_before_it_was_due_is_due_at_the_new_time(edition):
    place(edition)
    rule(edition)
    move(edition, at("08:00", 2))

    assert [run(EVE), run(EVE + 2 * DAY)] == [0, 1]


def test_a_move_that_is_not_published_changes_no_reminder(edition):
    place(edition)
    rule(edition)
    placement = placement_of(edition)
    placement.starts_at, placement.ends_at = at("08:00", 2), at("10:00", 2)

    assert [run(EVE), run(EVE + 2 * DAY)] == [1, 0]


def test_what_is_moved_later_after_the_reminder_is_told_once_more_at_the_new_time(edition):
    place(edition)
    rule(edition)
    run(EVE)
    leaves_now()
    move(edition, at("08:00", 2))

    queued = [run(now) for now in (EVE + HOUR, EVE + 2 * DAY, EVE + 2 * DAY + MINUTE)]

    assert (queued, len(reminded())) == ([0, 1, 0], 2)


@pytest.mark.parametrize("hours", [-2, -1])
def test_what_is_moved_so_that_it_would_have_been_due_already_is_not_told_again(edition, hours):
    place(edition)
    rule(edition)
    run(EVE)
    leaves_now()
    move(edition, at("08:00") + timedelta(hours=hours))

    assert run(EVE + HOUR) == 0


def test_what_is_moved_a_little_later_is_told_once_more(edition):
    place(edition)
    rule(edition)
    run(EVE)
    leaves_now()
    move(edition, at("11:00"))

    assert [run(EVE + HOUR), run(EVE + 3 * HOUR)] == [0, 1]


def test_what_is_moved_into_the_past_reminds_nobody(edition):
    place(edition)
    rule(edition)
    move(edition, EVE - HOUR)

    assert run(EVE + MINUTE) == 0


def test_what_waits_and_speaks_of_the_old_time_is_taken_back(edition):
    place(edition)
    rule(edition)
    run(EVE)
    move(edition, at("08:00", 2))

    run(EVE + MINUTE)

    assert ledger(Message.carriage, Message.error) == [(Carriage.CANCELLED, Reason.MOVED)]


def test_what_is_moved_there_and_back_again_leaves_once(edition):
    place(edition, email="one@example.org")
    rule(edition)
    run(EVE)
    move(edition, at("08:00", 2))
    run(EVE + MINUTE)
    move(edition, at("08:00"), hours=9)

    queued = [run(EVE + 2 * MINUTE), run(EVE + 3 * MINUTE)]

    assert (queued, reminded(), len(ledger(Message.id))) == ([1, 0], ["one@example.org"], 1)


def test_a_cancelled_session_reminds_nobody_and_what_waits_is_taken_back(edition):
    place(edition)
    rule(edition, moment="session")
    run(EVE)
    placement_of(edition).cancelled_at = EVE
    make.released(edition)
    place(db.session.get(make.Site, placement_of(edition).site_id))

    assert run(EVE + MINUTE) == 0
    assert ledger(Message.carriage, Message.error) == [(Carriage.CANCELLED, Reason.EVENT_OFF)]


@pytest.mark.parametrize("what", ["site", "edition"])
def test_a_cancelled_site_or_edition_reminds_nobody_and_what_waits_is_taken_back(edition, what):
    place(edition)
    rule(edition)
    run(EVE)
    cancelled = edition if what == "edition" else db.session.get(make.Site, placement_of(edition).site_id)
    cancelled.cancelled_at = EVE

    assert run(EVE + MINUTE) == 0
    assert ledger(Message.carriage, Message.error) == [(Carriage.CANCELLED, Reason.EVENT_OFF)]


def test_who_gave_the_place_back_is_not_reminded_and_what_waits_for_them_is_taken_back(edition):
    site = opened(edition)
    gone = place(site, email="gone@example.org")
    place(site, email="stays@example.org")
    leave(place(site, email="before@example.org"))
    rule(edition)
    run(EVE)
    leave(gone)

    assert (run(EVE + MINUTE), reminded()) == (0, ["stays@example.org"])
    assert ledger(Message.error, state="cancelled") == [Reason.NOT_CONCERNED]


def test_what_has_left_is_never_taken_back(edition):
    held = place(edition, email="one@example.org")
    rule(edition)
    run(EVE)
    leaves_now()
    leave(held)
    move(edition, at("08:00", 9))

    run(EVE + MINUTE)

    assert reminded() == ["one@example.org"]


def test_what_a_person_called_off_is_not_queued_again(edition):
    place(edition)
    rule(edition)
    run(EVE)
    (message,) = db.session.scalars(select(Message))
    notifications.call_off(message, actor=make.actor(), now=EVE)

    assert (run(EVE + MINUTE), ledger(Message.carriage)) == (0, [Carriage.CANCELLED])


@pytest.mark.parametrize("state", [Carriage.FAILED, Carriage.UNKNOWN, Carriage.WITHHELD])
def test_what_failed_or_may_have_left_is_not_queued_again_by_itself(edition, state):
    place(edition)
    rule(edition)
    run(EVE)
    db.session.execute(update(Message).values(carriage=state))

    assert (run(EVE + MINUTE), ledger(Message.carriage)) == (0, [state])


# Whom, by what, in which words ---------------------------------------------------------------------------------------


def test_a_rule_reaches_only_its_own_edition_and_those_whom_its_filters_keep(edition):
    near, far = opened(edition), opened(edition)
    place(near, email="near@example.org")
    place(near, email="online@example.org", mode=SeatMode.ONLINE)
    place(far, email="far@example.org")
    place(make.edition(), email="other@example.org")
    rule(edition, filters={"site": [near.code], "mode": ["on_site"]})

    run(EVE)

    assert reminded() == ["near@example.org"]


def test_a_filter_may_keep_several_values_and_everybody_is_reminded_once(edition):
    site = opened(edition)
    place(site, email="here@example.org")
    place(site, email="online@example.org", mode=SeatMode.ONLINE)
    rule(edition, filters={"mode": ["on_site", "online"]})

    assert (run(EVE), sorted(reminded())) == (2, ["here@example.org", "online@example.org"])


def test_a_session_in_two_rooms_of_a_site_is_one_moment(edition):
    site = opened(edition)
    place(site)
    placement = placement_of(edition)
    session = db.session.get(make.Session, placement.session_id)
    make.placement(
        session,
        make.room(site),
        role=make.PlacementRole.RECEIVING,
        starts_at=placement.starts_at,
        ends_at=placement.ends_at,
    )
    rule(edition, moment="session")

    assert run(EVE) == 1


def test_a_text_message_goes_to_those_who_gave_a_number(edition):
    site = opened(edition)
    place(site, phone="+84912345678")
    place(site)
    rule(edition, channel=Channel.SMS)

    run(EVE)

    assert ledger(Message.channel, Message.to_address) == [(Channel.SMS, "+84912345678")]


def test_everybody_reads_their_own_language_unless_the_rule_has_one(edition):
    site = opened(edition)
    place(site, email="vi@example.org", locale="vi")
    place(site, email="hi@example.org", locale="hi")
    rule(edition)
    run(EVE)
    rule(edition, amount=2, unit=Unit.HOURS, locale="en")
    run(at("06:00"))

    assert ledger(Message.to_address, Message.locale) == [
        ("vi@example.org", "vi"),
        ("hi@example.org", "hi"),
        ("vi@example.org", "en"),
        ("hi@example.org", "en"),
    ]


def test_a_rule_has_its_own_words_where_they_were_written_and_the_usual_ones_elsewhere(edition):
    site = opened(edition)
    place(site, locale="en", full_name="Made Up")
    place(site, locale="vi")
    rule(edition, subject={"en": "Soon: {{ about }}"}, body={"en": "Dear {{ recipient }}, come."})

    run(EVE)

    (english, text), (vietnamese, _text) = ledger(Message.subject, Message.text)
    assert english == f"Soon: {db.session.get(make.Site, placement_of(edition).site_id).name['en']}"
    assert "Dear Made Up, come." in text
    assert vietnamese.startswith("Nhắc")


def test_quiet_hours_are_kept(edition):
    place(opened(edition, "23:00", "23:30"))
    rule(edition, quiet_from=time(21), quiet_until=time(7))

    assert [run(now) for now in (at("23:00", -1), at("06:59"), at("07:00"))] == [0, 0, 1]


# Many ----------------------------------------------------------------------------------------------------------------


def test_more_than_a_page_and_a_batch_are_all_reminded(edition, monkeypatch):
    monkeypatch.setattr(jobs, "PAGE", 5)
    monkeypatch.setattr(jobs, "BATCH", 2)
    site = opened(edition)
    for _ in range(13):
        place(site)
    rule(edition)

    assert (run(EVE), len(set(reminded()))) == (13, 13)


def test_more_rules_than_one_statement_takes_all_remind(edition, monkeypatch):
    monkeypatch.setattr(queries.people, "RULES_AT_ONCE", 2)
    monkeypatch.setattr(queries.people, "SLOTS_AT_ONCE", 3)
    sites = [opened(edition) for _ in range(4)]
    for site in sites:
        place(site)
    for _ in range(5):
        rule(edition)

    assert [run(EVE), run(EVE + MINUTE)] == [20, 0]


def statements_of(queries, now):
    db.session.commit()
    db.session.expire_all()
    db.session.connection()
    with queries() as counted:
        run(now)
    return counted.total


def test_a_run_costs_the_same_statements_however_many_people_rules_and_moments(app, queries):
    few, many = make.edition(), make.edition()
    place(few)
    rule(few)
    run(EVE)
    one = statements_of(queries, EVE + MINUTE)
    for _ in range(3):
        site = opened(many)
        for _ in range(4):
            place(site)
    for number in range(6):
        rule(many, amount=number + 1, late_joiners=LateJoiners.TELL)
    run(EVE)

    assert (one, statements_of(queries, EVE + MINUTE)) == (one, one)


def test_who_is_due_is_asked_in_the_same_statements_for_one_and_fifty(app, queries):
    edition = make.edition()
    site = opened(edition)
    place(site)
    rule(edition)
    db.session.commit()
    found = []
    for _ in range(2):
        db.session.expire_all()
        db.session.connection()
        with queries() as counted:
            found.append((len(due_now()), counted.total))
        for _ in range(49):
            place(site)
        for _ in range(19):
            rule(edition)
        db.session.commit()

    (one, statements), (all_of_them, the_same) = found
    assert (one, all_of_them, the_same) == (1, 1000, statements)


def due_now():
    return queries.list_due(queries.find_slots(queries.list_on()), EVE, limit=9999)


# What goes wrong -----------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(app):
    """Offer a second audience, of the same people, whose parts can be broken; the application is as before then."""
    offered = app.extensions["dxday_audiences"]
    usual = offered["registrants"]

    def offer(**parts):
        offered["poison"] = replace(usual, name="poison", **parts)

    yield offer
    offered.pop("poison", None)


def fails(*_):
    raise LookupError("poison")


def test_a_rule_whose_facts_break_holds_up_no_other_and_is_named(edition, broken):
    broken(facts=fails)
    site = opened(edition)
    place(site, email="one@example.org")
    rule(edition, audience="poison", name="Hỏng")
    rule(edition, name="Lành")

    with pytest.raises(jobs.NotAllReminded) as raised:
        run(EVE)

    assert (raised.value.names, raised.value.queued, reminded()) == (("Hỏng",), 1, ["one@example.org"])


def test_one_person_whose_facts_break_holds_up_no_other(edition, broken):
    site = opened(edition)
    people = [place(site, email=f"person{n}@example.org") for n in range(50)]
    poisoned = f"registration:{people[0].id}"
    usual = services.offers.known()["registrants"].facts
    broken(facts=lambda found: fails() if any(one.recipient == poisoned for one in found) else usual(found))
    rule(edition, audience="poison")

    with pytest.raises(jobs.NotAllReminded):
        run(EVE)
    with pytest.raises(jobs.NotAllReminded) as again:
        run(EVE + MINUTE)

    assert sorted(reminded()) == sorted(f"person{n}@example.org" for n in range(1, 50))
    assert again.value.queued == 0


def test_a_rule_that_fails_for_a_whole_batch_is_left_for_the_next_run(edition, broken, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 3)
    tried = []
    broken(facts=lambda found: fails(tried.append(len(found))))
    site = opened(edition)
    for _ in range(20):
        place(site)
    rule(edition, audience="poison")

    with pytest.raises(jobs.NotAllReminded):
        run(EVE)

    assert tried == [3, 1, 1, 1]


@pytest.mark.parametrize("part", ["people", "moments"])
def test_an_audience_that_breaks_holds_up_no_other_and_takes_nothing_back(edition, broken, part):
    place(edition, email="one@example.org")
    usual = services.offers.known()["registrants"]
    broken()
    poisoned = rule(edition, audience="poison", name="Hỏng")
    run(EVE)
    moments = (Moment("first_session", usual.moments[0].label, fails), *usual.moments[1:])
    broken(**{part: fails if part == "people" else moments})
    rule(edition, name="Lành")

    with pytest.raises(jobs.NotAllReminded) as raised:
        run(EVE + MINUTE)

    assert (raised.value.names, raised.value.queued) == (("Hỏng",), 1)
    assert ledger(Message.rule_id, Message.carriage)[0] == (poisoned.id, Carriage.QUEUED)


def test_a_rule_whose_audience_is_not_offered_any_more_is_named(edition):
    place(edition)
    rule(edition, audience="gone", name="Mồ côi")

    with pytest.raises(jobs.NotAllReminded, match="Mồ côi"):
        run(EVE)


def test_what_is_mended_is_caught_up(edition, broken):
    broken(facts=fails)
    place(edition)
    rule(edition, audience="poison")
    with pytest.raises(jobs.NotAllReminded):
        run(EVE)
    broken()

    assert [run(EVE + HOUR), run(EVE + 2 * HOUR)] == [1, 0]


# At once -------------------------------------------------------------------------------------------------------------


@on_both
def test_two_clocks_at_once_make_no_doubles(own_app):
    with own_app.app_context(), transaction():
        edition = make.edition()
        site = opened(edition)
        pool = make.pool(site, capacity=500)
        for _ in range(300):
            make.registration(pool, created_at=EARLY)
        rule(edition)
    start = threading.Barrier(3)

    def clock(_number):
        with own_app.app_context():
            start.wait(timeout=10)
            return jobs.queue_reminders(EVE)

    with ThreadPoolExecutor(3) as threads:
        queued = list(threads.map(clock, range(3)))

    with own_app.app_context():
        recipients = db.session.scalars(select(Message.recipient)).all()
    assert (sum(queued), len(recipients), len(set(recipients))) == (300, 300, 300)


# Forecast ------------------------------------------------------------------------------------------------------------


def fates(own, now):
    return [(line.fate, line.gets) for line in queries.forecast(own, now).lines]


def test_a_forecast_says_of_each_moment_what_becomes_of_it(edition):
    for clock in ("07:00", "09:00", "11:00"):
        place(opened(edition, clock))
    own = rule(edition, state=RuleState.OFF, on_since=None)

    assert fates(own, EVE) == [(Fate.MISSED, 0), (Fate.COMING, 1), (Fate.COMING, 1)]
    assert fates(own, at("10:00")) == [(Fate.OVER, 0), (Fate.OVER, 0), (Fate.MISSED, 0)]


def test_a_forecast_of_a_rule_that_is_on_counts_from_when_it_was_switched_on(edition):
    for clock in ("07:00", "09:00"):
        place(opened(edition, clock))
    own = rule(edition)
    before = fates(own, EVE)
    run(EVE)

    assert (before, fates(own, EVE)) == (
        [(Fate.DUE, 1), (Fate.COMING, 1)],
        [(Fate.SENT, 0), (Fate.COMING, 1)],
    )


@pytest.fixture
def crowd(edition):
    """One of each who get it, or do not get it, for some reason."""
    site = opened(edition)
    own = rule(edition)
    place(site, full_name="A told")
    run(EVE)
    place(site, full_name="B gets", locale="vi")
    place(site, full_name="C late", created_at=EVE)
    place(site, full_name="D no address", email="")
    place(site, full_name="E unsubscribed", email="E@example.org")
    place(site, full_name="F dead", email="f@example.org")
    place(site, full_name="G released", email="g@example.org")
    leave(place(site, full_name="H gone"))
    for name, scope in (("e", SuppressionScope.OPTIONAL), ("f", SuppressionScope.ALL)):
        suppress(f"{name}@example.org", scope)
    suppress("g@example.org", SuppressionScope.ALL).released_at = EVE
    return own


def suppress(address, scope):
    notifications.suppress(
        address, scope=scope, reason=SuppressionReason.BY_HAND, actor=make.actor(Role.ADMIN), now=EVE
    )
    return db.session.scalars(
        select(notifications.Suppression).where(notifications.Suppression.address_key == address)
    ).one()


def test_a_forecast_counts_who_gets_it_and_who_does_not_and_why(crowd):
    db.session.commit()
    found = queries.forecast(crowd, EVE + MINUTE)

    assert {reason: count for reason, count in found.counts.items() if count} == {
        rules.Reason.TOLD: 1,
        rules.Reason.GETS: 2,
        rules.Reason.LATE: 1,
        rules.Reason.NO_ADDRESS: 1,
        rules.Reason.SPARED: 2,
    }
    assert (found.gets, found.locales, found.more) == (2, {"vi": 1, "en": 1}, 0)


def test_a_forecast_names_everybody_with_the_reason(crowd):
    db.session.commit()
    found = queries.list_forecast_people(crowd, EVE + MINUTE, limit=50)

    assert [(one.to_name, one.reason, one.gets) for one in found] == [
        ("A told", rules.Reason.TOLD, False),
        ("B gets", rules.Reason.GETS, True),
        ("C late", rules.Reason.LATE, False),
        ("D no address", rules.Reason.NO_ADDRESS, False),
        ("E unsubscribed", rules.Reason.SPARED, False),
        ("F dead", rules.Reason.SPARED, False),
        ("G released", rules.Reason.GETS, True),
    ]
    assert [one.to_address for one in found[2:4]] == [found[2].to_address, None]


def test_late_joiners_who_are_told_get_it_at_once_in_the_forecast_too(edition):
    place(edition, created_at=EVE + MINUTE)
    own = rule(edition, late_joiners=LateJoiners.TELL)
    db.session.commit()

    (one,) = queries.list_forecast_people(own, EVE + HOUR, limit=9)

    assert one.reason is rules.Reason.GETS_AT_ONCE
    assert run(EVE + HOUR) == 1


@pytest.mark.parametrize("page", [1, 2, 3, 4, 7])
def test_the_people_of_a_forecast_can_be_read_page_by_page(edition, page):
    for clock in ("07:00", "08:00", "09:00"):
        site = opened(edition, clock)
        for number in range(3):
            place(site, full_name=f"{clock} {number}")
    own = rule(edition, state=RuleState.OFF, on_since=None)
    db.session.commit()

    pages = [
        [one.to_name for one in queries.list_forecast_people(own, EVE - DAY, limit=page, offset=offset)]
        for offset in range(0, 9 + page, page)
    ]

    assert list(chain(*pages)) == [f"{clock} {n}" for clock in ("07:00", "08:00", "09:00") for n in range(3)]


def test_of_very_many_moments_those_ahead_are_counted_first(edition, monkeypatch):
    monkeypatch.setattr(queries.forecasts, "SHOWN", 2)
    for clock in ("06:00", "07:00", "09:00", "11:00"):
        place(opened(edition, clock))
    own = rule(edition, state=RuleState.OFF, on_since=None)
    db.session.commit()

    found = queries.forecast(own, at("08:00", -1))
    later = queries.forecast(own, at("10:00", -1))

    assert [line.fate for line in found.lines] == [Fate.COMING, Fate.COMING]
    assert [line.anchor.at for line in later.lines] == [at("09:00"), at("11:00")]
    assert (found.more, later.more) == (2, 2)


@pytest.mark.parametrize("people", [1, 3])
def test_a_forecast_costs_the_same_statements_for_one_and_three(app, queries, people):
    edition = make.edition()
    for _ in range(people):
        place(opened(edition))
    own = rule(edition)
    db.session.commit()
    db.session.expire_all()
    db.session.connection()

    with queries() as counted:
        found = jobs.queries.forecast(own, EVE - DAY)
        listed = jobs.queries.list_forecast_people(own, EVE - DAY, limit=9)

    assert (found.gets, len(listed), counted.total) == (people, people, 11)


def test_a_forecast_is_what_then_happens(edition):
    for clock in ("07:00", "08:00", "21:30"):
        site = opened(edition, clock, "23:00")
        place(site)
        place(site, created_at=EVE - HOUR / 2)
    own = rule(edition, quiet_from=time(21), quiet_until=time(7))
    db.session.commit()

    foreseen = [line.gets for line in queries.forecast(own, EVE - DAY).lines]
    queued = [run(line.due_at) for line in queries.forecast(own, EVE - DAY).lines]

    assert (queued, foreseen) == ([1, 2, 2], [1, 2, 2])


def test_the_next_time_is_told_for_each_rule(edition):
    place(edition)
    week, eve, over = rule(edition, amount=7), rule(edition), rule(edition, amount=40)
    db.session.commit()

    found = queries.next_due([week, eve, over], EVE - DAY)

    assert found == {week.id: None, eve.id: EVE, over.id: None}
