"""Writing rules, switching them on and off, copying them, and trying their letter out."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select

from dxday.audit.models import AuditEntry
from dxday.core.actor import Actor, ActorKind
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound, Stale
from dxday.db import db, transaction
from dxday.notifications import templates
from dxday.notifications.models import Message
from dxday.notifications.rules import Channel, Reason
from dxday.reminders import queries, rules, services
from dxday.reminders import queries as reading
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Unit
from tests import make
from tests.reminders import scene

ORGANIZER = make.actor()
LATER = make.NOW + timedelta(hours=1)


def add(edition, **given):
    defaults = {
        "name": "Nhắc trước một ngày",
        "audience": "registrants",
        "moment": "first_session",
        "amount": 1,
        "unit": Unit.DAYS,
        "direction": Direction.BEFORE,
    }
    return services.add_rule(edition, **(defaults | given), actor=ORGANIZER, now=make.NOW)


def change(rule, **changes):
    services.change_rule(rule, seen=rule.version, actor=ORGANIZER, now=LATER, **changes)


def switch_on(rule, now=LATER):
    services.switch_on(rule, seen=rule.version, actor=ORGANIZER, now=now)


def audited():
    """Return the actions of the trail that are about reminders; what was recorded is written at the commit."""
    db.session.commit()
    return db.session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.action.startswith("reminder."))
        .order_by(AuditEntry.sequence)
    ).all()


def test_a_new_rule_is_off_and_its_making_is_written_into_the_trail(app):
    rule = add(make.edition())

    assert (rule.state, rule.on_since, rule.version) == (RuleState.OFF, None, 1)
    assert audited() == ["reminder.rule_added"]


def test_what_is_empty_is_no_filter_no_word_and_no_time(app):
    rule = add(
        make.edition(),
        name="  Nhắc   trước ",
        unit=Unit.HOURS,
        at_time=time(9),
        filters={"site": [], "mode": ["online", "online"]},
        subject={"vi": " "},
        body={"vi": ""},
    )

    assert (rule.name, rule.at_time, rule.filters) == ("Nhắc trước", None, {"mode": ["online"]})
    assert (rule.subject, rule.body) == (None, None)


@pytest.mark.parametrize(
    ("given", "refusal", "field"),
    [
        ({"name": " "}, rules.NameMissing, "name"),
        ({"audience": "everybody"}, rules.UnknownAudience, "audience"),
        ({"moment": "full_moon"}, rules.UnknownMoment, "moment"),
        ({"moment": "nominations_close"}, rules.UnknownMoment, "moment"),
        ({"filters": {"hair": ["red"]}}, rules.UnknownFilter, "filters"),
        ({"filters": {"mode": ["by_boat"]}}, rules.UnknownFilter, "filters"),
        ({"filters": {"site": ["nowhere"]}}, rules.UnknownFilter, "filters"),
        ({"amount": -1}, rules.AmountNotPossible, "amount"),
        ({"locale": "tlh"}, rules.UnknownLanguage, "locale"),
        ({"subject": {"vi": "Sắp đến ngày"}}, rules.WordsNotWhole, "body_vi"),
        ({"body": {"en": "Soon."}}, rules.WordsNotWhole, "subject_en"),
        ({"subject": {"tlh": "nuqneH"}, "body": {"tlh": "nuqneH"}}, rules.UnknownLanguage, "locale"),
        (
            {"subject": {"en": "Soon"}, "body": {"en": "Dear {{ recipent }}"}},
            templates.PlaceholderMistyped,
            "body_en",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(app, given, refusal, field):
    edition = make.edition()

    with pytest.raises(refusal) as refused:
        add(edition, **given)

    assert refused.value.field == field
    assert queries.list_rules(edition.id) == []


@pytest.mark.parametrize("moment", ["first_session", "ceremony", "last_session_end"])
def test_a_choice_of_sessions_needs_a_moment_that_is_a_session(app, moment):
    edition = make.edition()
    session = make.session(edition)

    with pytest.raises(rules.FilterNotOfMoment) as refused:
        add(edition, moment=moment, filters={"session": [session.code]})
    fits = add(edition, moment="session", filters={"session": [session.code]})

    assert (refused.value.field, str(refused.value.facts["filter"])) == ("moment", "Sessions")
    assert [rule.id for rule in queries.list_rules(edition.id)] == [fits.id]


def test_an_older_rule_that_reaches_nobody_is_not_switched_on(app):
    edition = make.edition()
    rule = add(edition, moment="session", filters={"session": [make.session(edition).code]})
    rule.moment = "first_session"

    with pytest.raises(rules.FilterNotOfMoment):
        switch_on(rule)

    assert rule.state is RuleState.OFF


def test_filters_take_what_the_edition_has(app):
    edition = make.edition()
    site = make.site(edition)

    rule = add(edition, filters={"site": [site.code], "mode": ["on_site"]})

    assert rule.filters == {"site": [site.code], "mode": ["on_site"]}


def test_a_rule_of_another_edition_is_not_found(app):
    rule = add(make.edition())

    with pytest.raises(NotFound):
        queries.get_rule(make.edition().id, rule.id)


@pytest.mark.parametrize("verb", ["change_rule", "switch_on", "switch_off", "remove_rule"])
def test_nothing_is_done_to_a_rule_that_somebody_changed_meanwhile(app, verb):
    rule = add(make.edition())
    seen = rule.version
    change(rule, name="Đã đổi")

    with pytest.raises(Stale):
        getattr(services, verb)(rule, seen=seen, actor=ORGANIZER, now=LATER)


def test_of_two_who_change_a_rule_at_the_same_moment_the_second_is_refused(own_app):
    with own_app.app_context():
        with transaction():
            edition = make.edition()
            rule = add(edition)
        edition_id, rule_id = edition.id, rule.id
    with own_app.app_context():
        mine = queries.get_rule(edition_id, rule_id)
        with own_app.app_context(), transaction():
            change(queries.get_rule(edition_id, rule_id), name="Của người khác")

        with pytest.raises(Stale), transaction():
            change(mine, name="Của tôi")


def test_what_stays_the_same_is_no_change(app):
    rule = add(make.edition())

    change(rule, name=rule.name, amount=1)

    assert (rule.version, rule.updated_at) == (1, make.NOW)
    assert audited() == ["reminder.rule_added"]


def test_switching_on_counts_from_then(app):
    rule = add(make.edition())

    switch_on(rule)
    switch_on(rule, LATER + timedelta(hours=1))

    assert (rule.state, rule.on_since) == (RuleState.ON, LATER)
    assert audited() == ["reminder.rule_added", "reminder.rule_switched_on"]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 2},
        {"unit": Unit.HOURS},
        {"direction": Direction.AFTER},
        {"at_time": time(9)},
        {"quiet_from": time(21), "quiet_until": time(7)},
        {"filters": {"mode": ["online"]}},
        {"moment": "ceremony"},
        {"audience": "speakers", "moment": "session"},
    ],
)
def test_another_audience_moment_filter_or_timing_is_as_if_switched_on_afresh(app, changes):
    rule = add(make.edition())
    switch_on(rule, make.NOW)

    change(rule, **changes)

    assert (rule.state, rule.on_since) == (RuleState.ON, LATER)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Tên khác"},
        {"locale": "en"},
        {"subject": {"en": "Soon"}, "body": {"en": "Dear {{ recipient }}"}},
        {"late_joiners": LateJoiners.TELL},
        {"channel": Channel.SMS},
    ],
)
def test_other_words_do_not_switch_it_on_afresh(app, changes):
    rule = add(make.edition())
    switch_on(rule, make.NOW)

    change(rule, **changes)

    assert rule.on_since == make.NOW


def test_a_rule_that_is_off_stays_off_when_it_is_changed(app):
    rule = add(make.edition())

    change(rule, amount=3)

    assert (rule.state, rule.on_since) == (RuleState.OFF, None)


def queued(edition):
    """Return a rule that is on, one message of which waits."""
    site = scene.opened(edition)
    make.registration(make.pool(site), created_at=scene.EARLY)
    rule = scene.rule(edition)
    assert scene.run(scene.at("08:00", -1)) == 1
    return rule


def test_switching_off_takes_back_what_waits(app):
    rule = queued(make.edition())

    taken_back = scene.switch_off(rule, LATER)

    assert (taken_back, rule.state) == (1, RuleState.OFF)
    assert scene.ledger(Message.carriage, Message.error) == [(Carriage.CANCELLED, Reason.RULE_OFF)]
    assert audited()[-1] == "reminder.rule_switched_off"
    assert scene.switch_off(rule, LATER) == 0


def test_another_timing_takes_back_what_waits_and_other_words_do_not(app):
    rule = queued(make.edition())

    change(rule, name="Tên khác")
    waiting = scene.ledger(Message.carriage)
    change(rule, amount=2)

    assert (waiting, scene.ledger(Message.carriage)) == ([Carriage.QUEUED], [Carriage.CANCELLED])


def test_a_rule_that_made_a_message_is_kept_and_one_that_made_none_can_be_removed(app):
    edition = make.edition()
    used, unused = queued(edition), add(edition)

    with pytest.raises(rules.SentAlready):
        services.remove_rule(used, seen=used.version, actor=ORGANIZER, now=LATER)
    services.remove_rule(unused, seen=unused.version, actor=ORGANIZER, now=LATER)

    assert queries.list_rules(edition.id) == [used]
    assert audited()[-1] == "reminder.rule_removed"


def test_copied_rules_are_off_and_know_no_past(app):
    old, new = make.edition(), make.edition()
    rule = add(old, late_joiners=LateJoiners.TELL, quiet_from=time(21), quiet_until=time(7))
    switch_on(rule)

    (copy,) = services.copy_rules(old, new, actor=ORGANIZER, now=LATER)
    again = services.copy_rules(old, new, actor=ORGANIZER, now=LATER)

    assert (copy.edition_id, copy.state, copy.on_since, again) == (new.id, RuleState.OFF, None, [])
    assert [getattr(copy, name) for name in services.COPIED] == [
        getattr(rule, name) for name in services.COPIED
    ]
    assert queries.list_editions_with_rules() == sorted([old, new], key=lambda edition: edition.id)


def test_a_copy_that_names_a_site_of_the_old_edition_is_refused_when_it_is_switched_on(app):
    old, new = make.edition(), make.edition()
    add(old, filters={"site": [make.site(old).code]})
    (copy,) = services.copy_rules(old, new, actor=ORGANIZER, now=LATER)

    with pytest.raises(rules.UnknownFilter):
        switch_on(copy)

    assert copy.state is RuleState.OFF


def test_the_usual_rules_are_added_once_and_off(app):
    edition = make.edition()

    added = services.add_usual_rules(edition, actor=ORGANIZER, now=make.NOW)
    again = services.add_usual_rules(edition, actor=ORGANIZER, now=make.NOW)

    assert [(each.audience, each.moment, each.amount, each.unit, each.state) for each in added] == [
        ("registrants", "first_session", 7, Unit.DAYS, RuleState.OFF),
        ("registrants", "first_session", 1, Unit.DAYS, RuleState.OFF),
        ("agencies_draft", "nominations_close", 3, Unit.WORKING_DAYS, RuleState.OFF),
    ]
    assert again == []


def test_a_trial_letter_goes_to_whoever_asks_for_it_and_to_nobody_else(app):
    edition = make.edition()
    make.registration(make.pool(scene.opened(edition)))
    rule = add(
        edition,
        subject={"en": "Soon: {{ about }}"},
        body={"en": "Dear {{ recipient }}, your code is {{ code }}."},
    )
    me = Actor(ActorKind.PERSON, "Nguyễn Thị Tổ Chức", email="organizer@example.org", grants=ORGANIZER.grants)

    sent = services.send_trial(rule, actor=me, now=LATER, locale="en")

    message = db.session.scalars(select(Message)).one()
    assert (sent, message.to_address, message.rule_id) == (True, "organizer@example.org", None)
    assert message.subject == "Soon: Site of Sample commune"
    assert "Dear Nguyễn Thị Tổ Chức, your code is AB23CD45." in message.text
    assert audited()[-1] == "reminder.trial_sent"
    assert queries.has_sent(rule.id) is False


def test_who_has_no_address_gets_no_trial_letter(app):
    rule = add(make.edition())

    with pytest.raises(rules.NoAddressOfYourOwn):
        services.send_trial(rule, actor=ORGANIZER, now=LATER)


def test_what_each_rule_has_sent_is_counted_in_one_statement(app, queries):
    edition = make.edition()
    rule, other = queued(edition), add(edition)
    db.session.commit()
    ids = [rule.id, other.id]
    db.session.connection()

    with queries() as counted:
        counts = reading.count_sent(ids)

    nothing = dict.fromkeys(Carriage, 0)
    assert counts == {rule.id: nothing | {Carriage.QUEUED: 1}, other.id: nothing}
    assert counted.total == 1
