"""Three hundred people, one hundred seats, one moment: proved on both databases, and shown to need its guard."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, func, select, text, update

from dxday.core import codes
from dxday.core.actor import VISITOR
from dxday.core.errors import Refusal, Stale
from dxday.db import db, transaction
from dxday.notifications.models import Message
from dxday.registration import queries, rules, services
from dxday.registration.models import Registration, SeatPool
from dxday.sites.models import Site
from tests import make
from tests.conftest import on_both

SEATS, PEOPLE, AT_ONCE = 100, 300, 16


def open_pool(app, capacity=SEATS):
    with app.app_context(), transaction():
        return make.pool(make.site(make.edition()), capacity=capacity).id


def all_at_once(app, act, people=PEOPLE):
    """Let everybody act in threads of their own, the first ones in the same instant; return what each got."""
    start = threading.Barrier(AT_ONCE)

    def one(number):
        if number < AT_ONCE:
            start.wait(timeout=10)
        with app.app_context():
            try:
                act(number)
            except Refusal as refusal:
                return type(refusal)
            return "place"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(people)))


def outcome(app, pool_id):
    """Return (places in the table, the pool's own count)."""
    with app.app_context():
        held = db.session.scalar(
            select(func.count()).where(Registration.pool_id == pool_id, Registration.state == "confirmed")
        )
        return held, db.session.scalar(select(SeatPool.taken).where(SeatPool.id == pool_id))


def take_a_place(pool_id, number, email=None):
    edition_id = db.session.scalar(select(SeatPool.edition_id).where(SeatPool.id == pool_id))
    pool = queries.get_pool(edition_id, pool_id)
    with transaction():
        return services.register(
            pool,
            full_name=f"Người Thứ {number}",
            email=email or f"citizen{number}@example.org",
            organisation_name="",
            locale="vi",
            consent=True,
            actor=VISITOR,
            now=make.NOW,
        )


@on_both
def test_a_hundred_seats_are_given_to_exactly_a_hundred_of_three_hundred(own_app):
    pool_id = open_pool(own_app)

    got = all_at_once(own_app, lambda number: take_a_place(pool_id, number))

    with own_app.app_context():
        messages = db.session.scalar(select(func.count()).select_from(Message))
    assert (got.count("place"), got.count(rules.NoSeatLeft)) == (SEATS, PEOPLE - SEATS)
    assert (*outcome(own_app, pool_id), messages) == (SEATS, SEATS, SEATS)


@on_both
def test_one_address_that_asks_from_many_windows_gets_one_place(own_app):
    pool_id = open_pool(own_app)

    got = all_at_once(
        own_app, lambda number: take_a_place(pool_id, number, "same@example.org"), people=AT_ONCE
    )

    assert (got.count("place"), got.count(rules.AlreadyRegistered)) == (1, AT_ONCE - 1)
    assert outcome(own_app, pool_id) == (1, 1)


@on_both
def test_people_who_swap_sites_do_not_wait_for_each_other_for_ever(own_app):
    one, other = open_pool(own_app, capacity=50), None
    with own_app.app_context(), transaction():
        edition_id = db.session.scalar(select(SeatPool.edition_id).where(SeatPool.id == one))
        other = make.pool(make.site(queries.get_edition(edition_id)), capacity=50).id
        tokens = [
            make.registration(db.session.get(SeatPool, pool_id)).token
            for pool_id in (one, other)
            for _ in range(20)
        ]

    def swap(number):
        place = queries.get_registration(tokens[number])
        target = queries.get_pool(edition_id, other if place.pool_id == one else one)
        with transaction():
            services.change_place(place, target, actor=VISITOR, now=make.NOW)

    got = all_at_once(own_app, swap, people=len(tokens))

    assert got == ["place"] * 40
    assert (outcome(own_app, one), outcome(own_app, other)) == ((20, 20), (20, 20))


@on_both
def test_without_the_guard_the_same_crowd_oversells(own_app):
    """The negative control: count first, then insert, with the database's own check taken away."""
    pool_id = open_pool(own_app, capacity=AT_ONCE // 2)
    without_the_check(own_app)
    counted = threading.Barrier(AT_ONCE)

    def count_then_insert(number):
        pool = db.session.get(SeatPool, pool_id)
        held = db.session.scalar(select(func.count()).where(Registration.pool_id == pool_id))
        db.session.commit()
        counted.wait(timeout=10)  # everybody has looked before anybody writes
        if held >= pool.capacity:
            raise rules.NoSeatLeft(site="")
        with transaction():
            db.session.execute(
                update(SeatPool).where(SeatPool.id == pool_id).values(taken=SeatPool.taken + 1)
            )
            db.session.add(unguarded(pool, number))

    all_at_once(own_app, count_then_insert, people=AT_ONCE)

    assert outcome(own_app, pool_id) == (AT_ONCE, AT_ONCE)


@on_both
def test_the_database_itself_refuses_more_places_than_seats(own_app):
    pool_id = open_pool(own_app, capacity=1)

    with own_app.app_context(), pytest.raises(Exception, match="not_oversold"), transaction():
        db.session.execute(update(SeatPool).where(SeatPool.id == pool_id).values(taken=2))


def unguarded(pool, number):
    return Registration(
        edition_id=pool.edition_id,
        pool_id=pool.id,
        code=codes.new_code(),
        token=codes.new_token(),
        full_name="Người Thử",
        email=f"citizen{number}@example.org",
        email_key=f"citizen{number}@example.org",
        organisation_name="",
        locale="vi",
        consent_version="test",
        consented_at=make.NOW,
        created_at=make.NOW,
    )


def without_the_check(app):
    """Take the constraint that would stop an oversold pool out of this test's own database."""
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            with transaction():
                db.session.execute(text("ALTER TABLE seat_pool DROP CONSTRAINT ck_seat_pool_not_oversold"))
            return
        # SQLite cannot drop a constraint; it can be told not to look at CHECK constraints.
        db.engine.dispose()
        event.listen(
            db.engine,
            "connect",
            lambda connection, _: connection.execute("PRAGMA ignore_check_constraints = ON"),
        )


@on_both
def test_seats_that_two_open_at_the_same_moment_are_opened_once(own_app):
    with own_app.app_context(), transaction():
        site_id = make.site(make.edition()).id

    def open_seats(_number):
        site = db.session.get(Site, site_id)
        with transaction():
            services.add_pool(site, mode=rules.SeatMode.ONLINE, capacity=5, actor=VISITOR, now=make.NOW)

    got = all_at_once(own_app, open_seats, people=AT_ONCE)

    assert (got.count("place"), got.count(Stale)) == (1, AT_ONCE - 1)
