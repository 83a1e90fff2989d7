"""A feature that is not there yet offers people of its own to reminder rules, and nothing of reminders is changed."""

from datetime import timedelta

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, and_, literal, null, select
from sqlalchemy import cast as as_type

from dxday.core.permissions import Role
from dxday.db import db
from dxday.notifications import letters, templates
from dxday.notifications.jobs import sending
from dxday.notifications.letters import Letter, Placeholder
from dxday.notifications.models import Message
from dxday.reminders import jobs, offers, rules, services
from dxday.reminders.offers import Anchor, Audience, Filter, Moment
from dxday.reminders.rules import Direction, RuleState, Unit
from tests import make
from tests.notifications.test_sending import set_up
from tests.post_office import open_post_office

OPENS = make.NOW + timedelta(days=10)

# The feature: exhibitors with a stand in a hall, in a table that nobody else knows.

HALLS = {1: "A", 2: "B"}

STAND = Table(
    "stand",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("edition_id", Integer),
    Column("hall", Integer),
    Column("number", String),
    Column("owner", String),
    Column("address", String),
)


def build_ups(editions):
    """One moment for each hall: exhibitors build their stands there."""
    return [
        Anchor(
            edition_id=edition.id,
            occasion=f"hall:{edition.id}:{hall}",
            key=number,
            at=OPENS + timedelta(days=number),
            label={"vi": f"Dựng gian hàng {hall}"},
            marks={"hall": hall},
        )
        for edition in editions
        for number, hall in HALLS.items()
    ]


def people(slots):
    return select(
        slots.c.slot,
        (literal("stand:") + as_type(STAND.c.id, String)).label("recipient"),
        STAND.c.address.label("address"),
        null().label("phone"),
        STAND.c.owner.label("to_name"),
        literal("vi").label("locale"),
        literal(make.NOW - timedelta(days=30)).label("since"),
    ).join(
        STAND,
        and_(STAND.c.edition_id == slots.c.edition_id, STAND.c.hall == slots.c.key),
    )


def facts(found):
    ids = {int(one.recipient.partition(":")[2]) for one in found}
    rows = db.session.execute(select(STAND.c.id, STAND.c.number).where(STAND.c.id.in_(ids)))
    numbers = {row.id: row.number for row in rows}
    return [
        {"stand": numbers[int(one.recipient.partition(":")[2])], "build_up": one.anchor.at} for one in found
    ]


EXHIBITORS = Audience(
    name="exhibitors",
    label="Exhibitors",
    moments=(Moment("build_up", "the hour at which stands are built", build_ups),),
    letter=Letter(
        "reminder_exhibitors",
        "Reminder to exhibitors",
        (Placeholder("stand", "Number of the stand", "A-07"), Placeholder("build_up", "When", OPENS)),
        required=False,
        why="This letter was written to you because you have a stand.",
    ),
    people=people,
    facts=facts,
    anchor_filters=(
        Filter("hall", "Halls", lambda _edition: [(hall, f"Hall {hall}") for hall in HALLS.values()]),
    ),
)


@pytest.fixture
def with_stands(app, monkeypatch):
    """The application as it is with one more line in `dxday/offers.py`."""
    audiences = offers.index(offers.known().values(), [EXHIBITORS])
    kinds = letters.index(letters.known().values(), EXHIBITORS.letters)
    monkeypatch.setitem(app.extensions, "dxday_audiences", audiences)
    monkeypatch.setitem(app.extensions, "dxday_letters", kinds)
    STAND.create(db.session.connection())
    return app


def build(edition, hall, number, address):
    db.session.execute(
        STAND.insert().values(
            edition_id=edition.id, hall=hall, number=number, owner="Công ty Mẫu", address=address
        )
    )


def add(edition, **given):
    return services.add_rule(
        edition,
        **{
            "name": "Nhắc dựng gian hàng",
            "audience": "exhibitors",
            "moment": "build_up",
            "amount": 2,
            "unit": Unit.DAYS,
            "direction": Direction.BEFORE,
            "subject": {"vi": "Gian hàng {{ stand }}"},
            "body": {"vi": "Kính gửi {{ recipient }},\n\nGian hàng **{{ stand }}** dựng lúc {{ build_up }}."},
            **given,
        },
        actor=make.actor(),
        now=make.NOW,
    )


def test_a_new_feature_is_reminded_of_from_its_offer_to_the_letter(with_stands, monkeypatch):
    edition = make.edition()
    build(edition, 1, "A-07", "a@example.org")
    build(edition, 2, "B-01", "b@example.org")
    build(make.edition(), 1, "A-08", "elsewhere@example.org")
    rule = add(edition, filters={"hall": ["A"]})
    services.switch_on(rule, seen=rule.version, actor=make.actor(), now=make.NOW)
    db.session.commit()
    due = OPENS - timedelta(days=1)

    queued = [jobs.queue_reminders(at) for at in (due - timedelta(minutes=1), due, due)]
    with open_post_office() as office:
        set_up(with_stands, monkeypatch, smtp_url=office.url)
        sent = sending.send_messages(lambda: due)

    assert (queued, sent) == ([0, 1, 0], 1)
    (letter,) = office.letters
    text = letter.get_body(("plain",)).get_content()
    assert (office.envelopes[0][1], str(letter["Subject"])) == (["a@example.org"], "Gian hàng A-07")
    assert "Kính gửi Công ty Mẫu," in text
    assert "Gian hàng A-07 dựng lúc" in text
    (row,) = db.session.scalars(select(Message)).all()
    assert (row.kind, row.recipient.partition(":")[0], row.rule_id) == (
        "reminder_exhibitors",
        "stand",
        rule.id,
    )


def test_the_words_filters_and_moments_of_a_new_feature_are_held_to_what_it_offers(with_stands):
    edition = make.edition()

    with pytest.raises(templates.PlaceholderMistyped):
        add(edition, body={"vi": "Gian hàng {{ stend }}"})
    with pytest.raises(rules.UnknownFilter):
        add(edition, filters={"hall": ["C"]})
    with pytest.raises(rules.UnknownMoment):
        add(edition, moment="first_session")


def test_the_pages_of_rules_know_a_new_feature_without_being_told(with_stands, client):
    edition = make.edition()
    build(edition, 1, "A-07", "a@example.org")
    rule = add(edition)
    db.session.commit()
    client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))

    choose = client.open(f"/manage/{edition.code}/reminders/new")
    page = client.open(f"/manage/{edition.code}/reminders/{rule.id}")

    assert "Exhibitors" in choose.words
    assert "2 days before the hour at which stands are built" in page.words
    assert rule.state is RuleState.OFF


def test_two_features_cannot_offer_the_same_people(with_stands):
    with pytest.raises(ValueError, match="exhibitors"):
        offers.index(offers.known().values(), [EXHIBITORS])
