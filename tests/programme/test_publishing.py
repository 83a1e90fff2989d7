"""Publishing: what a release shows, keeps back, counts and notes; and that nothing but a release shows anything."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, inspect, select

from dxday.audit.models import AuditEntry
from dxday.core.actor import Actor, ActorKind
from dxday.db import db, transaction
from dxday.editions.models import Edition
from dxday.programme import publishing, queries, rules, services
from dxday.programme.models import (
    PlacementChange,
    PublishedPart,
    PublishedPlacement,
    PublishedSession,
    Release,
    ReleaseEntry,
    Session,
)
from dxday.programme.rules import EntryChange, Mode, PartKind, PlacementRole, SessionState
from tests import make
from tests.conftest import on_both

LATER = make.NOW + timedelta(minutes=5)


class Stage:
    """An edition of one day with a hall and two published sessions in it, one after the other."""

    def __init__(self):
        day = make.at("2026-10-10 00:00").date()
        self.edition = make.edition(starts_on=day, ends_on=day)
        self.site = make.site(self.edition)
        self.hall = make.room(self.site)
        self.opening = self.session("08:00", title={"en": "Opening"})
        self.talk = self.session("10:00", title={"en": "Talk"})

    def session(self, begins, state=SessionState.PUBLISHED, **given):
        made = make.session(self.edition, state=state, **given)
        starts = make.at(f"2026-10-10 {begins}")
        make.placement(made, self.hall, starts_at=starts, ends_at=starts + timedelta(hours=1))
        return made

    def read(self, session):
        return queries.get_session(self.edition.id, session.code)

    def move(self, session, begins):
        starts = make.at(f"2026-10-10 {begins}")
        services.move_session(
            self.read(session),
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            actor=make.actor(),
            now=make.NOW,
        )

    def rename(self, session, title):
        whole = self.read(session)
        services.change_session(
            whole,
            seen=whole.version,
            kind=whole.kind,
            title={"en": title},
            abstract=None,
            language="vi",
            actor=make.actor(),
            now=make.NOW,
        )

    def cancel(self, session):
        services.cancel_session(self.read(session), actor=make.actor(), now=make.NOW)

    def change_site(self, session, **given):
        whole = self.read(session)
        placed = next(p for p in whole.placements if p.role is PlacementRole.RECEIVING)
        reason = "" if given.get("received", True) else "No line"
        services.change_placement(
            placed,
            seen=whole.version,
            mode=Mode.BROADCAST,
            join_url=None,
            reception=rules.Reception(placed.starts_at, placed.ends_at, opt_out_reason=reason),
            actor=make.actor(),
            **({"room": placed.room, "received": True, "now": make.NOW} | given),
        )

    def starts(self):
        """When the public sees each session begin, by title."""
        titles = {entry.id: entry.title["en"] for entry in queries.list_entries(self.edition.id)}
        return {
            titles[each.session_id]: f"{each.starts_at.astimezone(make.VIETNAM):%H:%M}"
            for each in queries.list_showings(self.edition.id)
        }

    def sequences(self):
        rows = select(PublishedSession.id, PublishedSession.sequence)
        return dict(db.session.execute(rows.where(PublishedSession.edition_id == self.edition.id)).all())

    def programme_version(self):
        return db.session.scalar(select(Edition.programme_version).where(Edition.id == self.edition.id))

    def entries(self, release):
        rows = select(ReleaseEntry.session_id, ReleaseEntry.change)
        return dict(db.session.execute(rows.where(ReleaseEntry.release_id == release.id)).all())


@pytest.fixture
def stage(app):
    return Stage()


# What the public sees ------------------------------------------------------------------------------------------------


def test_nothing_of_a_change_is_public_before_a_release_and_all_of_it_afterwards(stage):
    version = stage.programme_version()
    speaker = make.person(full_name="Trần Thị Thí Dụ")
    stage.move(stage.opening, "09:00")
    stage.rename(stage.opening, "Grand opening")
    services.give_part(
        stage.read(stage.opening), speaker, kind=PartKind.SPEAKER, actor=make.actor(), now=make.NOW
    )
    stage.cancel(stage.talk)

    before = (stage.starts(), queries.list_speakers(stage.edition.id), stage.programme_version())
    make.released(stage.edition, now=LATER)

    assert before == ({"Opening": "08:00", "Talk": "10:00"}, {}, version)
    assert stage.starts() == {"Grand opening": "09:00", "Talk": "10:00"}
    assert queries.list_speakers(stage.edition.id) == {stage.opening.id: ["Trần Thị Thí Dụ"]}
    assert [(e.cancelled, e.updated_at) for e in queries.list_entries(stage.edition.id)] == [
        (False, LATER),
        (True, LATER),
    ]
    assert stage.programme_version() == version + 1


def test_a_release_without_a_change_is_none_and_makes_no_page_afresh(stage):
    version = stage.programme_version()

    assert make.released(stage.edition) is None
    assert (stage.programme_version(), db.session.scalar(select(func.count(Release.id)))) == (version, 0)


def test_moved_there_and_back_is_no_change(stage):
    stage.move(stage.opening, "12:00")
    assert [change.session_id for change in publishing.find_changes(stage.edition.id)] == [stage.opening.id]
    stage.move(stage.opening, "08:00")

    assert publishing.find_changes(stage.edition.id) == []


def test_a_part_that_is_taken_away_is_gone_and_its_number_may_be_given_away_again(stage):
    """SQLite gives the number of the last row again, once that is deleted."""
    one, two = make.person(full_name="One"), make.person(full_name="Two")
    give = {"kind": PartKind.SPEAKER, "actor": make.actor(), "now": make.NOW}
    services.give_part(stage.read(stage.talk), one, **give)
    make.released(stage.edition)
    services.set_parts(stage.read(stage.talk), {PartKind.SPEAKER: []}, actor=make.actor(), now=make.NOW)
    db.session.flush()
    services.give_part(stage.read(stage.opening), two, **give)

    make.released(stage.edition, only=[stage.opening.id])
    alone = queries.list_speakers(stage.edition.id)
    make.released(stage.edition)

    assert alone == {stage.opening.id: ["Two"], stage.talk.id: ["One"]}
    assert queries.list_speakers(stage.edition.id) == {stage.opening.id: ["Two"]}


def test_a_draft_is_shown_by_the_next_release_and_is_published_from_then_on(stage):
    draft = stage.session("14:00", SessionState.DRAFT, title={"en": "New"})
    version = draft.version

    release = make.released(stage.edition)

    assert stage.starts()["New"] == "14:00"
    assert (draft.state, draft.version) == (SessionState.PUBLISHED, version)
    assert stage.entries(release) == {draft.id: EntryChange.ADDED}


def test_drafts_that_are_held_or_have_no_place_stay_unseen(stage):
    stage.session("14:00", SessionState.DRAFT, held=True)
    make.session(stage.edition, state=SessionState.DRAFT)

    assert make.released(stage.edition) is None
    assert set(stage.starts()) == {"Opening", "Talk"}


def test_a_held_draft_goes_out_when_it_is_named(stage):
    held = stage.session("14:00", SessionState.DRAFT, held=True, title={"en": "Held"})

    make.released(stage.edition, only=[held.id])

    assert stage.starts()["Held"] == "14:00"


def test_what_is_held_after_it_was_published_goes_out_with_its_changes(stage):
    stage.opening.held = True
    stage.move(stage.opening, "12:00")

    make.released(stage.edition)

    assert stage.starts()["Opening"] == "12:00"


def test_a_cancelled_draft_is_never_shown_also_when_it_is_named(stage):
    draft = stage.session("14:00", SessionState.DRAFT)
    stage.cancel(draft)

    assert make.released(stage.edition) is None
    assert make.released(stage.edition, only=[draft.id]) is None
    assert draft.id not in stage.sequences()


def test_what_was_published_stays_visible_as_cancelled(stage):
    stage.cancel(stage.talk)
    release = make.released(stage.edition)

    again = make.released(stage.edition)

    assert stage.entries(release) == {stage.talk.id: EntryChange.CANCELLED}
    assert again is None
    assert queries.get_public_session(stage.edition.id, stage.talk.code).state is SessionState.CANCELLED


def test_only_what_is_named_is_published_and_the_rest_waits(stage):
    stage.move(stage.opening, "12:00")
    stage.move(stage.talk, "14:00")

    make.released(stage.edition, only=[stage.talk.id])

    assert stage.starts() == {"Opening": "08:00", "Talk": "14:00"}
    assert [change.session_id for change in publishing.find_changes(stage.edition.id)] == [stage.opening.id]
    assert make.released(stage.edition, only=[]) is None


def test_of_what_is_known_alone_drafts_stay(stage):
    draft = stage.session("14:00", SessionState.DRAFT)
    stage.move(stage.opening, "12:00")

    release = make.released(stage.edition, known_only=True)

    assert (stage.entries(release), draft.state) == (
        {stage.opening.id: EntryChange.CHANGED},
        SessionState.DRAFT,
    )


def test_another_edition_is_left_alone(stage):
    other = Stage()
    other.move(other.opening, "12:00")

    assert make.released(stage.edition) is None
    assert other.starts()["Opening"] == "08:00"


def test_the_quick_list_names_the_same_sessions_as_the_whole_comparison(stage):
    speaker = make.person()
    parted = stage.session("14:00")
    stage.session("16:00", SessionState.DRAFT)
    stage.session("18:00")
    before = publishing.list_waiting(stage.edition.id)
    stage.move(stage.opening, "12:00")
    stage.cancel(stage.talk)
    services.give_part(stage.read(parted), speaker, kind=PartKind.SPEAKER, actor=make.actor(), now=make.NOW)

    waiting = publishing.list_waiting(stage.edition.id)

    assert before == set()
    assert waiting == {stage.opening.code, stage.talk.code, parted.code}
    assert waiting == {
        change.becomes["code"] for change in publishing.find_changes(stage.edition.id, known_only=True)
    }


# Calendars and people ------------------------------------------------------------------------------------------------


def test_the_sequence_rises_once_however_often_the_draft_was_changed(stage):
    for begins in ("12:00", "13:00", "14:00"):
        stage.move(stage.opening, begins)

    make.released(stage.edition)
    once = stage.sequences()
    stage.cancel(stage.opening)
    make.released(stage.edition)

    assert once == {stage.opening.id: 1, stage.talk.id: 0}
    assert stage.sequences() == {stage.opening.id: 2, stage.talk.id: 0}


def test_other_words_are_no_new_sequence_and_nobody_is_told(stage):
    stage.rename(stage.opening, "Grand opening")

    make.released(stage.edition)

    assert stage.sequences()[stage.opening.id] == 0
    assert db.session.scalar(select(func.count(PlacementChange.id))) == 0


def test_how_placements_stood_is_noted_by_the_release_and_not_before(stage):
    stage.move(stage.opening, "12:00")
    before = db.session.scalar(select(func.count(PlacementChange.id)))

    make.released(stage.edition, now=LATER)

    rows = db.session.scalars(select(PlacementChange)).all()
    assert before == 0
    assert [(row.was_starts_at, row.changed_at) for row in rows] == [(make.at("2026-10-10 08:00"), LATER)]


def test_a_site_that_opts_out_once_more_at_another_time_changes_nothing(stage):
    starts = {"starts_at": "2026-10-10 08:00", "ends_at": "2026-10-10 09:00"}
    make.placement(
        stage.opening, make.room(make.site(stage.edition)), role=PlacementRole.RECEIVING,
        mode=Mode.BROADCAST, **starts,
    )  # fmt: skip
    stage.change_site(stage.opening, received=False)
    make.released(stage.edition)

    stage.change_site(stage.opening, received=True)
    stage.change_site(stage.opening, received=False, now=LATER)

    assert make.released(stage.edition) is None
    assert stage.sequences()[stage.opening.id] == 1


# Releases ------------------------------------------------------------------------------------------------------------


def test_releases_are_numbered_in_each_edition_and_keep_what_was_said_of_them(stage):
    other = Stage()
    by = Actor(kind=ActorKind.PERSON, label="Thử Nghiệm", account_id=make.account().id)
    for begins in ("12:00", "13:00"):
        stage.move(stage.opening, begins)
        make.released(stage.edition)
    other.move(other.opening, "12:00")
    make.released(other.edition)
    stage.move(stage.opening, "14:00")

    last = make.released(
        stage.edition,
        name="Autumn",
        note={"en": "New rooms"},
        forced_reason="The minister comes",
        actor=by,
        now=LATER,
    )

    numbers = select(Release.number).where(Release.edition_id == stage.edition.id).order_by(Release.id)
    assert db.session.scalars(numbers).all() == [1, 2, 3]
    assert db.session.scalars(select(Release.number).where(Release.edition_id == other.edition.id)).all() == [
        1
    ]
    assert (last.name, last.note, last.forced_reason, last.created_at, last.account_id) == (
        "Autumn",
        {"en": "New rooms"},
        "The minister comes",
        LATER,
        by.account_id,
    )


def test_an_entry_holds_the_whole_session_as_it_was_released(stage):
    person = make.person()
    make.part(stage.opening, person, kind=PartKind.CHAIR)
    stage.move(stage.opening, "12:00")
    stage.rename(stage.opening, "Grand opening")
    first = make.released(stage.edition)
    stage.move(stage.opening, "14:00")
    make.released(stage.edition)

    entry = db.session.scalars(select(ReleaseEntry).where(ReleaseEntry.release_id == first.id)).one()

    assert (entry.change, entry.content["title"], entry.content["state"]) == (
        EntryChange.CHANGED,
        {"en": "Grand opening"},
        "published",
    )
    (placed,) = entry.content["placements"]
    assert (placed["starts_at"], placed["room_id"]) == ("2026-10-10T05:00:00+00:00", stage.hall.id)
    assert [(part["person_id"], part["kind"]) for part in entry.content["parts"]] == [(person.id, "chair")]


def test_a_release_leaves_a_line_with_its_counts_in_the_trail(stage):
    with transaction():
        stage.session("14:00", SessionState.DRAFT)
        stage.move(stage.opening, "12:00")
        stage.cancel(stage.talk)
        make.released(stage.edition, name="Autumn", forced_reason="The minister comes")

    line = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "programme.released")).one()
    assert (line.subject, line.facts) == (
        "release:1",
        {"name": "Autumn", "added": 1, "changed": 1, "cancelled": 1, "forced": "The minister comes"},
    )


def test_what_is_at_hand_is_read_anew_after_a_release(stage):
    """Rows are written past loaded objects: these must neither show the old nor be cut off."""
    shown = queries.get_public_session(stage.edition.id, stage.opening.code)
    placed = db.session.scalars(
        select(PublishedPlacement).where(PublishedPlacement.session_id == shown.id)
    ).one()
    whole = stage.read(stage.opening)
    stage.move(stage.opening, "12:00")
    stage.rename(stage.opening, "Grand opening")

    make.released(stage.edition)

    assert (shown.title, placed.starts_at) == ({"en": "Grand opening"}, make.at("2026-10-10 12:00"))
    assert not inspect(shown).detached
    assert queries.get_public_session(stage.edition.id, stage.opening.code) is shown
    assert whole.placements[0].site.id == stage.site.id


def test_a_release_asks_the_database_as_often_for_thirty_sessions_as_for_three(stage, queries):
    def statements(number):
        for each in range(number):
            hall, session = make.room(stage.site), make.session(stage.edition, state=SessionState.DRAFT)
            make.placement(session, hall)
            make.part(session, make.person())
            if each == 0:
                known = session
        db.session.commit()
        with queries() as counted:
            make.released(stage.edition)
        assert known.state is SessionState.PUBLISHED
        return counted.total

    statements(1)
    assert statements(3) == statements(30)


def test_more_sessions_than_one_portion_are_published_whole(stage, monkeypatch):
    monkeypatch.setattr(publishing, "_PORTION", 2)
    for number in range(5):
        stage.session(f"{12 + number}:00", SessionState.DRAFT, title={"en": f"S{number}"})
    stage.move(stage.opening, "18:00")

    release = make.released(stage.edition)

    assert len(stage.entries(release)) == 6
    assert len(stage.starts()) == 7
    assert publishing.find_changes(stage.edition.id) == []


def test_what_is_published_is_what_was_compared(stage):
    """Every column of the draft that a release carries arrives: nothing differs afterwards."""
    stage.opening.subtitle, stage.opening.expected = {"en": "Sub"}, 20
    stage.opening.duration, stage.opening.needs = timedelta(minutes=45), ["projector"]
    stage.opening.audiences, stage.opening.imported = ["youth"], {"x": [1, {"y": None}]}
    make.part(stage.opening, make.person(), remote=True)
    placed = stage.read(stage.opening).placements[0]
    placed.interpretation, placed.local_part, placed.capacity = "en", {"vi": "Khai mạc"}, 30

    make.released(stage.edition)

    public = publishing.published_contents(stage.edition.id)[stage.opening.id]
    assert publishing.find_changes(stage.edition.id) == []
    assert (public["duration"], public["imported"], public["needs"]) == (
        45,
        {"x": [1, {"y": None}]},
        ["projector"],
    )
    assert public["placements"][0]["local_part"] == {"vi": "Khai mạc"}
    assert db.session.scalars(select(PublishedPart.remote)).all() == [True]


# Two at once ---------------------------------------------------------------------------------------------------------


@on_both
def test_two_releases_at_once_wait_for_each_other_and_number_on(own_app):
    with own_app.app_context(), transaction():
        stage = Stage()
        drafts = [stage.session(f"{hour}:00", SessionState.DRAFT).id for hour in (13, 15)]
        edition_id = stage.edition.id
    start = threading.Barrier(2)

    def release(session_id):
        with own_app.app_context():
            edition = db.session.get_one(Edition, edition_id)
            db.session.commit()
            start.wait(timeout=10)
            with transaction():
                return publishing.publish(
                    edition, only=[session_id], name="x", actor=make.actor(), now=make.NOW
                ).number

    with ThreadPoolExecutor(2) as threads:
        numbers = list(threads.map(release, drafts))

    with own_app.app_context():
        states = set(db.session.scalars(select(Session.state).where(Session.id.in_(drafts))))
        assert (sorted(numbers), states) == ([1, 2], {SessionState.PUBLISHED})


@on_both
def test_of_two_who_publish_the_same_at_once_one_makes_the_release(own_app):
    with own_app.app_context(), transaction():
        stage = Stage()
        stage.session("13:00", SessionState.DRAFT)
        edition_id = stage.edition.id
    start = threading.Barrier(2)

    def release(_number):
        with own_app.app_context():
            edition = db.session.get_one(Edition, edition_id)
            db.session.commit()
            start.wait(timeout=10)
            with transaction():
                return make.released(edition) is not None

    with ThreadPoolExecutor(2) as threads:
        made = sorted(threads.map(release, range(2)))

    assert made == [False, True]


@on_both
def test_a_change_at_the_same_moment_is_in_the_release_or_waits_and_never_half(own_app):
    """What visitors see afterwards is what the entry of the release says, whoever was first."""
    with own_app.app_context(), transaction():
        stage = Stage()
        ids = stage.edition.id, stage.opening.code, stage.opening.id
    edition_id, code, session_id = ids
    for round_ in range(5):
        start = threading.Barrier(2)

        def move(start=start, round_=round_):
            with own_app.app_context():
                session = queries.get_session(edition_id, code)
                start.wait(timeout=10)
                starts = make.at("2026-10-10 12:00") + timedelta(minutes=30 * round_)
                with transaction():
                    services.move_session(
                        session,
                        starts_at=starts,
                        ends_at=starts + timedelta(hours=1),
                        actor=make.actor(),
                        now=make.NOW,
                    )

        def release(start=start):
            with own_app.app_context():
                edition = db.session.get_one(Edition, edition_id)
                db.session.commit()
                start.wait(timeout=10)
                with transaction():
                    make.released(edition)

        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(move), threads.submit(release)]:
                done.result(timeout=30)

        with own_app.app_context():
            last = db.session.scalars(
                select(ReleaseEntry.content)
                .where(ReleaseEntry.session_id == session_id)
                .order_by(ReleaseEntry.id.desc())
            ).first()
            public = publishing.published_contents(edition_id)[session_id]
            assert last is None or last == public
