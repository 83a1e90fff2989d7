"""Whatever happens in whatever order, everybody entitled to a reminder gets it once, and nobody else gets one."""

from datetime import datetime, timedelta
from functools import wraps

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.notifications.models import Message
from dxday.programme.models import PublishedPlacement
from dxday.registration.models import Registration
from dxday.registration.rules import RegistrationState
from dxday.reminders import jobs, rules, services
from dxday.reminders.rules import Direction, LateJoiners, RuleState, Unit
from tests import make
from tests.reminders import scene

HOURS = {Unit.HOURS: 1, Unit.DAYS: 24}
"""In Vietnam the clock is never changed, so a day is 24 hours."""

START = scene.at("20:00", -2)
NUMBERS = st.integers(0, 9)
TIMINGS = st.fixed_dictionaries(
    {
        "amount": st.sampled_from([1, 2, 5, 30]),
        "unit": st.sampled_from([Unit.HOURS, Unit.HOURS, Unit.DAYS]),
        "direction": st.sampled_from([Direction.BEFORE, Direction.BEFORE, Direction.AFTER]),
        "late_joiners": st.sampled_from(LateJoiners),
    }
)


def step(**given):
    """Something happens, time passes, and the job runs, or it does not."""

    def happening(act):
        @rule(
            later=st.sampled_from([0, 0, 1, 4, 24]),
            and_the_job_runs=st.sampled_from([True, True, False]),
            **given,
        )
        @wraps(act)
        def happens(self, later, and_the_job_runs, **drawn):
            act(self, **drawn)
            self.now += timedelta(hours=later)
            if and_the_job_runs:
                self.the_job_runs()

        return happens

    return happening


class Reminding(RuleBasedStateMachine):
    """An edition with two sites, a few people and rules, and a clock that nobody can rely on.

    What must be is worked out here from the tables alone, by walking through every rule, site and person.
    """

    app = None

    def __init__(self):
        super().__init__()
        self.context = self.app.app_context()
        self.context.push()
        self.engine = db.engines[None]
        self.connection = self.engine.connect()
        self.outer = self.connection.begin()
        db.engines[None] = self.connection
        self.now = START

    def teardown(self):
        db.session.remove()
        self.outer.rollback()
        self.connection.close()
        db.engines[None] = self.engine
        self.context.pop()

    @initialize()
    def begin(self):
        self.edition, self.copy = make.edition(), make.edition()
        self.pools = []
        for edition in (self.edition, self.edition, self.copy):
            site = scene.opened(edition)
            self.pools.append(make.pool(site))
        self.copied = self.pools.pop()
        make.registration(self.copied, created_at=scene.EARLY)
        self.people, self.rules = [], []
        for pool in self.pools:
            self.people.append(make.registration(pool, created_at=scene.EARLY))
        self.add({"amount": 1, "unit": Unit.DAYS, "direction": Direction.BEFORE}, True)

    # What people do

    @step()
    def nothing_happens(self):
        """Time passes."""

    @step(back=st.sampled_from([timedelta(hours=1), timedelta(days=1)]))
    def the_clock_is_put_back(self, back):
        self.now -= back

    @step(number=NUMBERS, what=st.sampled_from(["joins", "joins", "moves", "leaves"]))
    def somebody(self, number, what):
        person = self.people[number % len(self.people)]
        if what == "joins" and len(self.people) < 6:
            self.people.append(make.registration(self.pools[number % 2], created_at=self.now))
        elif what == "moves":
            person.pool_id = next(pool.id for pool in self.pools if pool.id != person.pool_id)
            person.placed_at = self.now
        elif what == "leaves":
            person.state, person.cancelled_at = RegistrationState.CANCELLED, self.now

    @step(number=NUMBERS, hours=st.sampled_from([-3, 1, 4, 12, 26, 60, None]))
    def a_session_is_moved_or_cancelled(self, number, hours):
        placement = self.placements()[number % 2]
        placement.cancelled_at = self.now if hours is None else None
        if hours is not None:
            self.move(placement, self.now + timedelta(hours=hours) - placement.starts_at)

    @step(number=NUMBERS, hours=st.sampled_from([-1, 1]))
    def a_session_is_moved_a_little_or_takes_place_after_all(self, number, hours):
        placement = self.placements()[number % 2]
        if placement.cancelled_at:
            placement.cancelled_at = None
        else:
            self.move(placement, timedelta(hours=hours))

    @step(what=st.sampled_from(["postponed", "postponed", "cancelled"]))
    def the_edition_is_postponed_or_cancelled(self, what):
        self.edition.cancelled_at = (
            self.now if what == "cancelled" and not self.edition.cancelled_at else None
        )
        if what == "postponed":
            for placement in self.placements():
                self.move(placement, timedelta(days=1))

    @step(timing=TIMINGS, on=st.booleans())
    def a_rule_is_added(self, timing, on):
        self.add(timing, on)

    def add(self, timing, on):
        if len(self.rules) < 3:
            own = services.add_rule(
                self.edition,
                name=f"Thử {len(self.rules)}",
                audience="registrants",
                moment="session",
                **timing,
                **self.by(),
            )
            self.rules.append(own)
            if on:
                services.switch_on(own, seen=own.version, **self.by())

    @step(number=NUMBERS, timing=TIMINGS | st.none())
    def a_rule_is_changed_or_switched(self, number, timing):
        own = self.rules[number % len(self.rules)]
        if timing:
            services.change_rule(own, seen=own.version, **timing, **self.by())
        elif own.state is RuleState.ON:
            services.switch_off(own, seen=own.version, **self.by())
        else:
            services.switch_on(own, seen=own.version, **self.by())

    @step()
    def the_rules_are_copied(self):
        services.copy_rules(self.edition, self.copy, **self.by())

    # What the machines do

    @step()
    def messages_leave(self):
        waiting = update(Message).where(Message.carriage == Carriage.QUEUED)
        db.session.execute(waiting.where(Message.expires_at <= self.now).values(carriage=Carriage.WITHHELD))
        db.session.execute(waiting.values(carriage=Carriage.DONE, sent_at=self.now))

    def the_job_runs(self):
        db.session.commit()
        before = set(db.session.scalars(select(Message.id)))
        waiting = self.waiting()

        jobs.queue_reminders(self.now)

        db.session.expire_all()
        made = [row for row in self.messages() if row.id not in before or self.came_to_life(row, waiting)]
        for row in made:
            self.check_was_entitled(row)
        self.check_everybody_entitled_was_told()
        self.check_nothing_waits_for_nothing()

        assert jobs.queue_reminders(self.now) == 0

    # What must be

    def check_was_entitled(self, row):
        own = next(each for each in self.rules if each.id == row.rule_id)
        assert (own.id, self.person_of(row).id, row.occasion, row.anchor_at) in self.entitled()

    def check_everybody_entitled_was_told(self):
        rows = [row for row in self.messages() if row.carriage is not Carriage.CANCELLED]
        for rule_id, person_id, occasion, anchor_at in self.entitled():
            due = self.due(next(each for each in self.rules if each.id == rule_id), anchor_at)
            theirs = [
                row
                for row in rows
                if (row.rule_id, row.recipient, row.occasion)
                == (rule_id, f"registration:{person_id}", occasion)
                and (row.anchor_at == anchor_at or row.created_at >= due)
            ]
            assert theirs, "somebody who is entitled was not reminded"

    def check_nothing_waits_for_nothing(self):
        for row in self.messages():
            if row.carriage is Carriage.QUEUED:
                own = next(each for each in self.rules if each.id == row.rule_id)
                assert own.state is RuleState.ON
                assert (self.person_of(row).id, row.occasion, row.anchor_at) in {
                    (person.id, occasion, at) for person, occasion, at in self.concerned()
                }

    @invariant()
    def nobody_is_told_twice_of_the_same(self):
        told = [
            (row.rule_id, row.recipient, row.occasion, row.anchor_at)
            for row in self.messages()
            if row.carriage is not Carriage.CANCELLED
        ]
        assert len(told) == len(set(told))

    @invariant()
    def nothing_is_made_after_its_moment_when_it_is_to_leave_before_it(self):
        for row in self.messages():
            assert row.created_at < row.expires_at

    @invariant()
    def copied_rules_tell_nobody(self):
        assert db.session.scalar(select(Message.id).where(Message.edition_id == self.copy.id)) is None

    # The tables, walked through

    def concerned(self):
        """Yield person, occasion and moment of everything that takes place."""
        for placement in self.placements():
            if placement.cancelled_at is None and self.edition.cancelled_at is None:
                for person in self.people:
                    pool = next(pool for pool in self.pools if pool.id == person.pool_id)
                    if person.state is RegistrationState.CONFIRMED and pool.site_id == placement.site_id:
                        yield person, f"session:{placement.session_id}", placement.starts_at

    def entitled(self):
        """Return rule, person, occasion and moment of all who are to have been told by now."""
        found = set()
        for own in self.rules:
            for person, occasion, anchor_at in self.concerned():
                due = self.due(own, anchor_at)
                before = own.direction is Direction.BEFORE
                latest = anchor_at if before else due + timedelta(days=3)
                since = person.placed_at or person.created_at
                if (
                    own.state is RuleState.ON
                    and own.on_since <= due <= self.now < latest
                    and (since < due or own.late_joiners is LateJoiners.TELL)
                ):
                    found.add((own.id, person.id, occasion, anchor_at))
        return found

    def due(self, own, anchor_at) -> datetime:
        distance = timedelta(hours=own.amount * HOURS[own.unit])
        return anchor_at - distance if own.direction is Direction.BEFORE else anchor_at + distance

    def placements(self):
        return db.session.scalars(
            select(PublishedPlacement)
            .where(PublishedPlacement.edition_id == self.edition.id)
            .order_by(PublishedPlacement.id)
        ).all()

    def messages(self):
        return db.session.scalars(select(Message).order_by(Message.id)).all()

    def waiting(self):
        return set(db.session.scalars(select(Message.id).where(Message.carriage == Carriage.QUEUED)))

    def came_to_life(self, row, waiting):
        return row.carriage is Carriage.QUEUED and row.id not in waiting

    def person_of(self, row):
        return db.session.get(Registration, int(row.recipient.partition(":")[2]))

    def move(self, placement, step):
        placement.starts_at += step
        placement.ends_at += step

    def by(self):
        return {"actor": make.actor(), "now": self.now}


SETTINGS = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


def walk(app, **changed):
    machine = type("OverOneDatabase", (Reminding,), {"app": app})
    run_state_machine_as_test(machine, settings=settings(SETTINGS, **changed))


def test_whatever_happens_everybody_entitled_is_told_once_and_nobody_else(own_app):
    walk(own_app)


def without_an_end(monkeypatch):
    monkeypatch.setattr(rules, "is_live", lambda due, latest, *, on_since, now: on_since <= due <= now)


def without_taking_back(monkeypatch):
    monkeypatch.setattr(jobs, "_take_back_stale", lambda *_: None)


@pytest.mark.parametrize("fault", [without_an_end, without_taking_back])
def test_a_planted_fault_is_found(own_app, monkeypatch, fault):
    """The negative control: the same walk, with one of the rules taken away."""
    fault(monkeypatch)

    with pytest.raises(AssertionError):
        walk(own_app, phases=[Phase.generate], max_examples=100, report_multiple_bugs=False)
