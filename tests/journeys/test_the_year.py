"""An edition from sixty days before it to thirty days after, by the command line: who got which letter on which day.

Time is passed, not waited for: `dxday jobs run … --at … --until …` walks the jobs through it.  In between people do
what people do: register late, give a place back, want no reminders, change the site; a storm postpones the Day after
the first reminders have left; a session is moved twice within minutes.  At the end a worker sends what is in the
ledger, and the mailbox must hold exactly the letters written down here.
"""

import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

import config
from dxday import cli
from dxday.adapters import mail
from dxday.app import create_app
from dxday.changes import plans
from dxday.changes import services as changes
from dxday.core.actor import SYSTEM, VISITOR
from dxday.db import db, transaction
from dxday.nominations.rules import State as NominationState
from dxday.notifications import services as notifications
from dxday.notifications.rules import SuppressionReason, SuppressionScope
from dxday.programme import queries as programme_queries
from dxday.programme import services as programme
from dxday.programme.models import Part
from dxday.programme.rules import Mode, PartKind, PlacementRole, SessionKind
from dxday.registration import queries as registrations
from dxday.registration import services as registration
from dxday.reminders import services as reminders
from dxday.reminders.rules import Direction, Unit
from tests import make
from tests.browser_site import ROOT

CODE = re.compile(r"\b[A-Z0-9]{8}\b")
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
DAY, LATER = date(2030, 10, 10), date(2030, 10, 21)


def at(text: str) -> datetime:
    """A moment of 2030 on a Vietnamese clock, as "10-03 09:00"."""
    return datetime.fromisoformat(f"2030-{text}").replace(tzinfo=VIETNAM)


class Year:
    """The instance, the clock on its wall, and the people who do things in between."""

    def __init__(self, instance):
        self.environ = {"DXDAY_INSTANCE": str(instance), "DEFAULT_LOCALE": "en"}
        self.now = "08-11 06:00"
        assert self.dxday("db", "upgrade").exit_code == 0
        self.app = create_app(config.read(self.environ))

    def dxday(self, *words):
        return CliRunner().invoke(cli.cli, list(words), env=self.environ)

    def pass_until(self, moment: str, *, hours: int = 1) -> None:
        """Let the jobs run every few hours until then."""
        for job in ("reminders", "tell-changes"):
            span = ("--at", f"{at(self.now):%Y-%m-%dT%H:%M}", "--until", f"{at(moment):%Y-%m-%dT%H:%M}")
            result = self.dxday("jobs", "run", job, *span, "--every", str(hours * 60))
            assert result.exit_code == 0, result.output
        self.now = moment
        self.wait_for_the_post()

    def do(self, act):
        """Let somebody do something at this moment."""
        with self.app.app_context(), transaction():
            return act(at(self.now))

    @contextmanager
    def working(self):
        """Let a worker send what is put into the ledger, as long as the block runs."""
        worker = subprocess.Popen(
            [sys.executable, "-m", "dxday.cli", "worker"],
            cwd=ROOT,
            env={**self.environ, "PATH": "/usr/bin:/bin"},
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            worker.terminate()
            assert worker.wait(20) == 0

    def wait_for_the_post(self) -> None:
        """Wait until everything has left."""
        until = time.monotonic() + 60
        while any(self.counts()[state] for state in ("queued", "claimed")):
            assert time.monotonic() < until, self.counts()
            time.sleep(0.2)

    def letters(self) -> list[tuple[str, str, str]]:
        """Read the mailbox: when each letter was written, to whom, what about."""
        return sorted(
            (
                f"{letter.at.astimezone(VIETNAM):%m-%d %H:%M}",
                letter.to.split("<")[-1].split("@")[0],
                CODE.sub("…", letter.subject),
            )
            for letter in mail.read_mailbox(config.read(self.environ).mailbox, 1000)
        )

    def counts(self):
        return json.loads(self.dxday("mail", "status", "--json").output)


@pytest.fixture
def year(tmp_path):
    return Year(tmp_path / "instance")


def prepare(now):
    """An edition of two sites, with rules that are on for all sorts of people."""
    edition = make.edition(
        code="day-2030",
        name={"vi": "Ngày mẫu", "en": "Sample Day"},
        starts_on=DAY,
        ends_on=DAY,
        ceremony_on=DAY,
        registration_opens_at=now,
        registration_closes_at=at("10-10 07:00"),
        nominations_open_at=now,
        nominations_close_at=at("09-30 17:00"),
    )
    officer = make.person(email="officer@example.org", locale="en")
    hall = make.site(edition, code="hall", name={"en": "Hall"})
    vinh = make.site(edition, code="vinh", name={"en": "Vinh"}, presiding_officer_id=officer.id)
    for site in (hall, vinh):
        make.pool(site)
    opening = make.session(edition, code="opening", kind=SessionKind.CEREMONY, title={"en": "Opening"})
    training = make.session(edition, code="training", title={"en": "Training"})
    make.placement(opening, make.room(hall), starts_at=at("10-10 08:00"), ends_at=at("10-10 09:00"))
    make.placement(
        opening,
        make.room(vinh),
        role=PlacementRole.RECEIVING,
        mode=Mode.BROADCAST,
        starts_at=at("10-10 08:00"),
        ends_at=at("10-10 09:00"),
    )
    make.placement(training, make.room(vinh), starts_at=at("10-10 13:30"), ends_at=at("10-10 15:00"))
    speaker = make.person(email="speaker@example.org", locale="en")
    make.save(Part(session_id=training.id, person_id=speaker.id, kind=PartKind.SPEAKER))
    category = make.category(make.scheme(edition))
    for name, state in (("draft", NominationState.DRAFT), ("done", NominationState.SUBMITTED)):
        make.nomination(
            category,
            state=state,
            contact_email=f"{name}@example.org",
            contact_locale="en",
            nominee_name="Team of Sample",
            created_at=now,
        )
    for name, audience, moment, amount, unit, more in (
        ("a week before", "registrants", "first_session", 7, Unit.DAYS, {"at_time": at("01-01 09:00").time()}),
        ("a day before", "registrants", "first_session", 1, Unit.DAYS, {}),
        ("drafts", "agencies_draft", "nominations_close", 3, Unit.WORKING_DAYS, {"at_time": at("01-01 09:00").time()}),
        ("officers", "presiding_officers", "first_session", 2, Unit.DAYS, {"at_time": at("01-01 10:00").time()}),
        ("speakers", "speakers", "session", 1, Unit.DAYS, {}),
        ("thanks", "registrants", "last_session_end", 2, Unit.HOURS, {"direction": Direction.AFTER}),
    ):  # fmt: skip
        rule = reminders.add_rule(
            edition,
            **{
                "name": name,
                "audience": audience,
                "moment": moment,
                "amount": amount,
                "unit": unit,
                "direction": Direction.BEFORE,
                **more,
            },
            actor=SYSTEM,
            now=now,
        )
        reminders.switch_on(rule, seen=rule.version, actor=SYSTEM, now=now)


def the_edition():
    return db.session.query(make.Edition).filter_by(code="day-2030").one()


def pool_at(code):
    return next(pool for pool in registrations.list_pools(the_edition().id) if pool.site.code == code)


def register(name, site):
    def act(now):
        registration.register(
            pool_at(site),
            full_name=name.capitalize(),
            email=f"{name}@example.org",
            organisation_name="",
            locale="en",
            consent=True,
            actor=VISITOR,
            now=now,
        )

    return act


def holder(name):
    return registrations.find_confirmed(the_edition().id, f"{name}@example.org")


def move_training(clock, ends):
    def act(now):
        session = programme_queries.get_session(the_edition().id, "training")
        programme.move_session(
            session, starts_at=at(f"10-21 {clock}"), ends_at=at(f"10-21 {ends}"), actor=SYSTEM, now=now
        )
        programme.publish_session(session, actor=SYSTEM, now=now)

    return act


def postpone(now):
    edition = the_edition()
    plan = plans.edition_postponed(edition, first_day=LATER, now=now)
    changes.postpone_edition(
        edition,
        first_day=LATER,
        reason={"vi": "Bão", "en": "A storm"},
        seen=plan.fingerprint,
        sure=True,
        actor=SYSTEM,
        now=now,
    )


def want_no_reminders(now):
    notifications.suppress(
        "dung@example.org",
        scope=SuppressionScope.OPTIONAL,
        reason=SuppressionReason.UNSUBSCRIBED,
        note="",
        actor=VISITOR,
        now=now,
    )


EXPECTED = [
    ("08-20 10:00", "an", "Your place at Hall, code …"),
    ("08-20 10:00", "chi", "Your place at Vinh, code …"),
    ("08-20 10:00", "dung", "Your place at Vinh, code …"),
    ("08-20 10:00", "em", "Your place at Hall, code …"),
    # Three working days before the nominations close; the agency that handed in is left alone.
    ("09-25 09:00", "draft", "Unfinished dossier: Team of Sample, until 17:00 · Monday, September 30, 2030"),
    # A week before; dung wants no reminders, binh is not there yet.
    ("10-03 09:00", "an", "Reminder: Hall, 08:00 · Thursday, October 10, 2030"),
    ("10-03 09:00", "chi", "Reminder: Vinh, 08:00 · Thursday, October 10, 2030"),
    ("10-03 09:00", "em", "Reminder: Hall, 08:00 · Thursday, October 10, 2030"),
    # em changes the site after the reminder: the confirmation says it all.
    ("10-04 10:00", "em", "Your place at Vinh, code …"),
    # binh registers late: no reminder of a week before.
    ("10-05 10:00", "binh", "Your place at Hall, code …"),
    ("10-06 10:00", "chi", "Your place … was cancelled"),
    # The storm: everybody is told once, dung as well, who needs to know.
    ("10-07 10:00", "an", "Sample Day is moved to Monday, October 21, 2030"),
    ("10-07 10:00", "binh", "Sample Day is moved to Monday, October 21, 2030"),
    ("10-07 10:00", "dung", "Sample Day is moved to Monday, October 21, 2030"),
    ("10-07 10:00", "em", "Sample Day is moved to Monday, October 21, 2030"),
    ("10-07 10:00", "officer", "Sample Day is moved to Monday, October 21, 2030"),
    ("10-07 10:00", "speaker", "Sample Day is moved to Monday, October 21, 2030"),
    # The training was moved twice within minutes: one letter to those whom it concerns, none to the hall.
    ("10-12 11:00", "dung", "Sample Day: the programme has changed"),
    ("10-12 11:00", "em", "Sample Day: the programme has changed"),
    ("10-12 11:00", "officer", "Sample Day: the programme has changed"),
    ("10-12 11:00", "speaker", "Sample Day: the programme has changed"),
    # A week before the new day: reminded for the new time, once.
    ("10-14 09:00", "an", "Reminder: Hall, 08:00 · Monday, October 21, 2030"),
    ("10-14 09:00", "binh", "Reminder: Hall, 08:00 · Monday, October 21, 2030"),
    ("10-14 09:00", "em", "Reminder: Vinh, 08:00 · Monday, October 21, 2030"),
    ("10-19 10:00", "officer", "Vinh: begins 08:00 · Monday, October 21, 2030"),
    ("10-20 08:00", "an", "Reminder: Hall, 08:00 · Monday, October 21, 2030"),
    ("10-20 08:00", "binh", "Reminder: Hall, 08:00 · Monday, October 21, 2030"),
    ("10-20 08:00", "em", "Reminder: Vinh, 08:00 · Monday, October 21, 2030"),
    ("10-20 15:00", "speaker", "Your session: Training, 15:00 · Monday, October 21, 2030"),
    # After the end at each site; what comes after the event leaves, too.
    ("10-21 11:00", "an", "Thank you for taking part in Sample Day"),
    ("10-21 11:00", "binh", "Thank you for taking part in Sample Day"),
    ("10-21 19:00", "em", "Thank you for taking part in Sample Day"),
]


def test_everybody_gets_exactly_what_is_written_down(year):
    with year.working():
        year.do(prepare)
        year.pass_until("08-20 10:00", hours=12)
        for name, site in (("an", "hall"), ("chi", "vinh"), ("dung", "vinh"), ("em", "hall")):
            year.do(register(name, site))
        year.pass_until("09-01 10:00", hours=12)
        year.do(want_no_reminders)
        year.pass_until("09-25 06:00", hours=12)
        year.pass_until("09-26 06:00")
        year.pass_until("10-03 06:00", hours=12)
        year.pass_until("10-04 10:00")
        year.do(lambda now: registration.change_place(holder("em"), pool_at("vinh"), actor=VISITOR, now=now))
        year.pass_until("10-05 10:00")
        year.do(register("binh", "hall"))
        year.pass_until("10-06 10:00")
        year.do(lambda now: registration.cancel_registration(holder("chi"), actor=VISITOR, now=now))
        year.pass_until("10-07 10:00")
        year.do(postpone)
        year.pass_until("10-12 10:00")
        year.do(move_training("14:30", "16:00"))
        year.do(move_training("15:00", "16:30"))
        year.pass_until("10-22 06:00")
        year.pass_until("11-09 06:00", hours=12)

    letters = year.letters()
    assert letters == EXPECTED
    assert year.counts() == dict.fromkeys(year.counts(), 0) | {"sent": len(EXPECTED), "withheld": 4}
