"""The ledger: what comes in once, is taken back, comes back to life, and what people decide of it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dxday import db as edge
from dxday import leases
from dxday.audit.models import AuditEntry
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.db import db
from dxday.notifications import queries, rules, services
from dxday.notifications.letters import Letter
from dxday.notifications.models import Message, Suppression
from dxday.notifications.rules import Decision, Reason, SuppressionReason, SuppressionScope
from dxday.notifications.wording import Template
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import Direction, Unit
from tests import make
from tests.conftest import on_both

OPTIONAL, ALL = SuppressionScope.OPTIONAL, SuppressionScope.ALL
ADDRESSES = Path(__file__).resolve().parents[3] / "shared/data/text/email-addresses.json"
OWN_WORDS = Template("Tomorrow", "Come, please.")
REMINDER = Letter("a_reminder", "A reminder", (), required=False)
REQUIRED = Letter("required_reminder", "Required", ())


@pytest.fixture
def edition(app):
    return make.edition(contact_email="day@example.org")


def rule(edition):
    return make.save(
        ReminderRule(
            edition_id=edition.id,
            name="Day before",
            audience="registrants",
            moment="check_in",
            filters={},
            amount=1,
            unit=Unit.DAYS,
            direction=Direction.BEFORE,
            created_at=make.NOW,
            updated_at=make.NOW,
        )
    )


def occurrence(of, anchor=make.NOW, occasion="site:1"):
    return services.Occurrence(of.id, occasion, anchor)


def remind(edition, of, **given):
    """Put a reminder in, in words of its own, so that nothing but the ledger is tried."""
    facts = {
        "to_address": "citizen@example.org",
        "to_name": "Mẫu",
        "locale": "en",
        "key": "r",
        "now": make.NOW,
        "edition": edition,
        "recipient": "registration:1",
        "occurrence": occurrence(of) if of else None,
        "words": OWN_WORDS,
    } | given
    return services.enqueue(facts.pop("letter", REMINDER), **facts)


def only() -> Message:
    return db.session.scalars(select(Message).execution_options(populate_existing=True)).one()


def trail() -> list[tuple[str, str, dict]]:
    db.session.commit()
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
    return [(entry.action, entry.actor_label, entry.facts) for entry in entries]


def test_one_reminder_for_a_rule_a_recipient_and_an_occurrence_whatever_the_key(edition):
    of = rule(edition)

    added = [remind(edition, of), remind(edition, of), remind(edition, of, key="other")]

    row = only()
    assert added == [True, False, False]
    assert (row.rule_id, row.recipient, row.occasion, row.anchor_at) == (
        of.id, "registration:1", "site:1", make.NOW,
    )  # fmt: skip


def test_another_moment_person_or_occasion_is_another_reminder(edition):
    of = rule(edition)

    added = [
        remind(edition, of, key="a"),
        remind(edition, of, key="b", occurrence=occurrence(of, make.NOW + timedelta(days=7))),
        remind(edition, of, key="c", occurrence=occurrence(of, occasion="site:2")),
        remind(edition, of, key="d", recipient="registration:2"),
    ]

    assert added == [True] * 4


def test_answers_go_to_the_contact_of_the_edition_unless_the_letter_names_another(edition):
    of = rule(edition)
    remind(edition, of, key="a")
    remind(edition, of, key="b", recipient="registration:2", reply_to="site@example.org")
    remind(make.edition(), of, key="c", recipient="registration:3")

    assert list(db.session.scalars(select(Message.reply_to).order_by(Message.key))) == [
        "day@example.org",
        "site@example.org",
        None,
    ]


def test_only_a_letter_that_need_not_come_says_how_to_stop_it(edition):
    of = rule(edition)
    remind(edition, of, key="a")
    remind(edition, of, key="b", recipient="registration:2", letter=REQUIRED)

    optional, required = db.session.scalars(select(Message).order_by(Message.key))
    assert ["/my/unsubscribe/" in row.text for row in (optional, required)] == [True, False]


def test_what_was_taken_back_comes_back_to_life_in_new_words(edition):
    of = rule(edition)
    remind(edition, of)
    services.withdraw(now=make.NOW, recipient="registration:1", reason=Reason.NOT_CONCERNED)
    before = only().message_id

    again = remind(edition, of, words=Template("Tomorrow, in Vinh", "Come."), to_address="new@example.org")

    row = only()
    assert (again, row.carriage, row.error, row.tries) == (True, Carriage.QUEUED, None, 0)
    assert (row.subject, row.to_address, row.message_id) == ("Tomorrow, in Vinh", "new@example.org", before)


@pytest.mark.parametrize("state", [state for state in Carriage if state is not Carriage.CANCELLED])
def test_nothing_but_what_was_taken_back_comes_back_to_life(edition, state):
    of = rule(edition)
    remind(edition, of)
    row = only()
    row.carriage, row.bounced_at = state, make.NOW if state is Carriage.BOUNCED else None
    db.session.flush()

    assert (remind(edition, of, words=Template("New", "New")), only().carriage, only().subject) == (
        False, state, "Tomorrow",
    )  # fmt: skip


def test_what_a_person_called_off_stays_off(edition):
    of = rule(edition)
    remind(edition, of)
    services.call_off(only(), actor=make.actor(), now=make.NOW)

    assert (remind(edition, of), only().carriage) == (False, Carriage.CANCELLED)


@pytest.mark.parametrize("state", [Carriage.UNKNOWN, Carriage.BOUNCED])
def test_what_may_have_left_before_does_not_come_back_to_life(edition, state):
    of = rule(edition)
    remind(edition, of)
    row = only()
    row.carriage, row.bounced_at = state, make.NOW if state is Carriage.BOUNCED else None
    db.session.flush()
    services.send_again(only(), actor=make.actor(), now=make.NOW)
    services.withdraw(now=make.NOW, rule_id=of.id, reason=Reason.RULE_OFF)

    assert (remind(edition, of), only().carriage) == (False, Carriage.CANCELLED)


def test_what_is_over_does_not_come_back_to_life(edition):
    of = rule(edition)
    remind(edition, of)
    services.withdraw(now=make.NOW, rule_id=of.id, reason=Reason.TIME_PASSED)

    assert (remind(edition, of, expires_at=make.NOW), only().carriage) == (False, Carriage.CANCELLED)


def test_what_may_have_left_once_stays_off_however_often_it_is_sent_again(edition):
    of = rule(edition)
    remind(edition, of)
    for state in (Carriage.UNKNOWN, Carriage.FAILED):
        only().carriage = state
        db.session.flush()
        services.send_again(only(), actor=make.actor(), now=make.NOW)
    services.withdraw(now=make.NOW, rule_id=of.id, reason=Reason.RULE_OFF)

    assert (remind(edition, of), only().carriage) == (False, Carriage.CANCELLED)


def test_a_letter_of_no_occurrence_does_not_come_back_to_life(edition):
    remind(edition, None)
    services.withdraw(now=make.NOW, recipient="registration:1", reason=Reason.NOT_CONCERNED)

    assert (remind(edition, None), only().carriage) == (False, Carriage.CANCELLED)


def test_a_recipient_who_is_not_concerned_any_more_still_gets_what_is_required(edition):
    of = rule(edition)
    make.message(edition, key="required", recipient="registration:1")
    make.message(edition, key="optional", recipient="registration:1", required=False)
    make.message(edition, key="other", recipient="registration:2", required=False)
    remind(edition, of, key="reminder", letter=REQUIRED)

    count = services.withdraw(now=make.NOW, recipient="registration:1", reason=Reason.NOT_CONCERNED)

    rows = db.session.execute(
        select(Message.key, Message.carriage, Message.error).order_by(Message.key)
    ).all()
    assert (count, rows) == (
        2,
        [
            ("optional", Carriage.CANCELLED, Reason.NOT_CONCERNED),
            ("other", Carriage.QUEUED, None),
            ("reminder", Carriage.CANCELLED, Reason.NOT_CONCERNED),
            ("required", Carriage.QUEUED, None),
        ],
    )


def test_a_rule_takes_back_only_what_is_its_own_and_still_waits(edition):
    of, other = rule(edition), rule(edition)
    for number, (which, occasion) in enumerate([(of, "site:1"), (of, "site:2"), (other, "site:1")]):
        remind(edition, which, key=f"m{number}", occurrence=occurrence(which, occasion=occasion))
    remind(edition, of, key="m3", recipient="registration:2")
    leases.claim(
        Message, db.session.scalars(select(Message.id).where(Message.key == "m3")).one(), now=make.NOW
    )

    count = services.withdraw(now=make.NOW, rule_id=of.id, occasion="site:1", reason=Reason.MOVED)

    db.session.expire_all()
    assert (count, list(db.session.scalars(select(Message.carriage).order_by(Message.key)))) == (
        1,
        [Carriage.CANCELLED, Carriage.QUEUED, Carriage.QUEUED, Carriage.CLAIMED],
    )


def test_taking_back_everything_is_refused(app):
    with pytest.raises(ValueError, match="recipient"):
        services.withdraw(now=make.NOW, reason="x")


DECIDED = [
    (Decision.SEND_AGAIN, Carriage.FAILED, Carriage.QUEUED, "message.sent_again"),
    (Decision.SEND_AGAIN, Carriage.UNKNOWN, Carriage.QUEUED, "message.sent_again"),
    (Decision.SEND_AGAIN, Carriage.WITHHELD, Carriage.QUEUED, "message.sent_again"),
    (Decision.SEND_AGAIN, Carriage.BOUNCED, Carriage.QUEUED, "message.sent_again"),
    (Decision.MARK_ARRIVED, Carriage.UNKNOWN, Carriage.DONE, "message.marked_arrived"),
    (Decision.CALL_OFF, Carriage.QUEUED, Carriage.CANCELLED, "message.called_off"),
]


@pytest.mark.parametrize(("decision", "state", "to", "action"), DECIDED)
def test_a_person_decides_and_leaves_their_name_but_no_address(edition, decision, state, to, action):
    bounced = {"bounced_at": make.NOW} if state is Carriage.BOUNCED else {}
    row = make.message(edition, carriage=state, tries=3, **bounced)

    services.DECIDE[decision](row, actor=make.actor(), now=make.NOW)

    assert (only().carriage, only().bounced_at) == (to, None)
    assert trail() == [(action, "Thử Nghiệm", {"kind": "registration_confirmed", "was": state.value})]


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize("state", list(Carriage))
def test_no_other_decision_is_possible(edition, decision, state):
    if state in rules.DECIDED_FROM[decision]:
        return
    row = make.message(edition, carriage=state, bounced_at=make.NOW if state is Carriage.BOUNCED else None)

    with pytest.raises(type(rules.refusal_of(decision))):
        services.DECIDE[decision](row, actor=make.actor(), now=make.NOW)

    assert (only().carriage, trail()) == (state, [])


def test_a_decision_about_what_moved_on_meanwhile_is_refused(edition):
    row = make.message(edition, carriage=Carriage.UNKNOWN)
    db.session.expunge(row)  # the page's own copy
    services.mark_arrived(only(), actor=make.actor(), now=make.NOW)

    with pytest.raises(rules.NotToSendAgain):
        services.send_again(row, actor=make.actor(), now=make.NOW)

    assert only().carriage is Carriage.DONE


def test_what_speaks_of_the_past_is_not_sent_again(edition):
    row = make.message(edition, carriage=Carriage.FAILED, expires_at=make.NOW)

    with pytest.raises(rules.TimePassed):
        services.send_again(row, actor=make.actor(), now=make.NOW)


def test_deciding_many_leaves_alone_what_moved_on(edition):
    rows = [
        make.message(edition, carriage=state) for state in (Carriage.UNKNOWN, Carriage.DONE, Carriage.UNKNOWN)
    ]

    decided = services.decide_many(rows, Decision.MARK_ARRIVED, actor=make.actor(), now=make.NOW)

    assert (decided, [facts["was"] for _, _, facts in trail()]) == (2, ["unknown", "unknown"])


@on_both
def test_of_two_people_who_decide_at_once_one_decides(own_app):
    with own_app.app_context():
        with edge.transaction():
            row = make.message(carriage=Carriage.UNKNOWN)
        seen = db.session.get(Message, row.id)
        db.session.expunge(seen)
        with edge.transaction():
            services.mark_arrived(row, actor=make.actor(), now=make.NOW)

        with pytest.raises(rules.NotToSendAgain), edge.transaction():
            services.send_again(seen, actor=make.actor(), now=make.NOW)

        assert db.session.scalars(select(Message.carriage)).all() == [Carriage.DONE]


def spare(address="Citizen@Example.org", scope=OPTIONAL, **given):
    return services.suppress(
        address,
        **(
            {
                "scope": scope,
                "reason": SuppressionReason.BY_HAND,
                "actor": make.actor(),
                "now": make.NOW,
            }
            | given
        ),
    )


def test_an_address_is_spared_once_however_it_is_spelled(app):
    assert [spare(), spare("citizen@example.ORG"), spare(scope=ALL)] == [True, False, True]
    assert queries.list_suppressed(["citizen@example.org", "other@example.org"]) == {
        "citizen@example.org": {OPTIONAL, ALL}
    }


def test_the_trail_names_no_address_that_is_spared_or_released(edition):
    spare(edition_id=edition.id)
    row = db.session.scalars(select(Suppression)).one()
    services.release_suppression(row, reason="asked by letter", actor=make.actor(), now=make.NOW)

    assert trail() == [
        ("suppression.added", "Thử Nghiệm", {"scope": "optional", "reason": "by_hand"}),
        ("suppression.released", "Thử Nghiệm", {"scope": "optional", "because": "asked by letter"}),
    ]


def test_what_is_released_is_kept_counts_no_more_and_can_be_spared_again(app):
    spare()
    row = db.session.scalars(select(Suppression)).one()
    services.release_suppression(row, reason="x", actor=make.actor(), now=make.NOW)

    assert queries.list_suppressed(["citizen@example.org"]) == {}
    assert (spare(), len(db.session.scalars(select(Suppression)).all())) == (True, 2)


def test_nobody_releases_twice(app):
    spare()
    row = db.session.scalars(select(Suppression)).one()
    services.release_suppression(row, reason="x", actor=make.actor(), now=make.NOW)

    with pytest.raises(rules.NotSpared):
        services.release_suppression(row, reason="x", actor=make.actor(), now=make.NOW)


def test_many_addresses_are_asked_for_at_once(app, queries):
    from dxday.notifications.queries import list_suppressed

    for number in range(3):
        spare(f"a{number}@example.org")
    with queries() as counted:
        found = list_suppressed([f"a{number}@example.org" for number in range(300)])

    assert (counted.total, sorted(found)) == (1, ["a0@example.org", "a1@example.org", "a2@example.org"])


def test_asking_for_nobody_asks_nothing(app, queries):
    from dxday.notifications.queries import list_suppressed

    with queries() as counted:
        assert list_suppressed([]) == {}

    assert counted.total == 0


def test_a_sparing_is_shown_to_the_edition_that_it_came_from_or_whose_reader_it_is(edition):
    other, stranger = make.edition(), make.edition()
    spare("Reader@example.org", edition_id=edition.id)
    make.message(other, to_address="reader@EXAMPLE.org", carriage=Carriage.WITHHELD)
    row = db.session.scalars(select(Suppression)).one()

    assert [queries.get_suppression(each.id, row.id) for each in (edition, other)] == [row, row]
    with pytest.raises(NotFound):
        queries.get_suppression(stranger.id, row.id)


@pytest.mark.real_data
def test_every_address_of_the_collection_can_be_spared_and_found(app):
    if not ADDRESSES.is_file():
        pytest.skip("the collection of addresses is not beside the project")
    collected = [each["address"] or "" for each in json.loads(ADDRESSES.read_text())]
    storable = [address for address in collected if "\0" not in address]
    for address in storable:
        spare(address)

    found = queries.list_suppressed([rules.address_key(address) for address in storable])

    assert set(found) == {rules.address_key(address) for address in storable}


def test_a_search_finds_names_without_marks_and_addresses(edition):
    make.message(edition, key="a", to_name="Đỗ Thị Ví Dụ", to_address="x@example.org")
    make.message(edition, key="b", to_name="Khác", to_address="do.vi.du@example.org")
    make.message(edition, key="c", to_name="Khác", to_address="c@example.org")
    make.message(make.edition(), key="d", to_name="Đỗ Thị Ví Dụ")

    def keys(**wanted):
        found, total = queries.list_messages(edition.id, queries.Wanted(**wanted), limit=1)
        rest, _ = queries.list_messages(edition.id, queries.Wanted(**wanted), limit=5, offset=1)
        return total, [row.key for row in [*found, *rest]]

    assert keys(text="do vi DU") == (2, ["b", "a"])
    assert keys(text="100%_") == (0, [])
    assert keys() == (3, ["c", "b", "a"])
    assert keys(state=Carriage.FAILED) == (0, [])
    assert keys(kind="registration_confirmed", text="c@") == (1, ["c"])


def test_an_organizer_of_one_edition_sees_no_messages_of_another(edition):
    row = make.message(make.edition())

    assert queries.list_by_id(edition.id, [row.id]) == []
    with pytest.raises(NotFound):
        queries.get_message(edition.id, row.id)


def test_a_person_reads_a_letter_of_their_edition(edition):
    organizer = make.actor(Role.ORGANIZER, edition_id=edition.id)

    assert [
        rules.may_read(organizer, edition_id=each, to_address="x@example.org") for each in (edition.id, None)
    ] == [True, False]


def test_who_administers_one_edition_reads_no_links_to_sign_in(edition):
    bound, everywhere = make.actor(Role.ADMIN, edition_id=edition.id), make.actor(Role.ADMIN)

    assert [
        [rules.may_read(actor, edition_id=each, to_address="x@example.org") for each in (edition.id, None)]
        for actor in (bound, everywhere)
    ] == [[True, False], [True, True]]
