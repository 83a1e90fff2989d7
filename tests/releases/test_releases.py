from xml.etree import ElementTree

import pytest

from dxday.audit.models import AuditEntry
from dxday.conflicts.rules import Level
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.db import db
from dxday.programme import publishing, queries, services
from dxday.programme.models import PublishedSession, Session
from dxday.programme.rules import EntryChange, Mode, PartKind, PlacementRole, SessionKind, SessionState
from dxday.releases import queries as releases
from dxday.releases import rules
from dxday.releases import services as release_services
from dxday.releases.rules import Aspect
from tests import make


class Scene:
    """An edition with one session at two sites, as a draft."""

    def __init__(self):
        self.edition = make.edition(
            starts_on=make.at("2030-10-10 00:00").date(), ends_on=make.at("2030-10-11 00:00").date()
        )
        self.main, self.other = make.site(self.edition), make.site(self.edition)
        self.hall, self.room = make.room(self.main), make.room(self.other)
        self.session = self.add("2030-10-10 08:00", "2030-10-10 09:00", self.hall, self.room)

    def add(self, starts_at, ends_at, room, *receiving, state=SessionState.DRAFT, **given):
        session = make.session(self.edition, state=state, **given)
        make.placement(session, room, starts_at=starts_at, ends_at=ends_at)
        for each in receiving:
            make.placement(
                session,
                each,
                starts_at=starts_at,
                ends_at=ends_at,
                role=PlacementRole.RECEIVING,
                mode=Mode.BROADCAST,
            )
        return session

    def whole(self, session=None):
        return queries.get_session(self.edition.id, (session or self.session).code)

    def move(self, starts_at, ends_at, session=None, **given):
        services.move_session(
            self.whole(session),
            starts_at=make.at(starts_at),
            ends_at=make.at(ends_at),
            actor=make.actor(),
            now=make.NOW,
            **given,
        )

    def release(self, name="Version", **given):
        return release_services.release_programme(
            self.edition, name=name, actor=make.actor(), now=make.NOW, **given
        )

    def contents(self):
        return publishing.published_contents(self.edition.id)


@pytest.fixture
def scene(app):
    return Scene()


def test_a_release_lets_the_public_see_the_draft_and_says_what_it_did(scene):
    release = scene.release("First")

    assert (release.number, release.name) == (1, "First")
    assert [(e.session_id, e.change, e.was) for e in releases.list_entries([release])[release.id]] == [
        (scene.session.id, EntryChange.ADDED, None)
    ]
    assert db.session.get(PublishedSession, scene.session.id).state is SessionState.PUBLISHED


def test_a_release_that_changes_nothing_is_refused(scene):
    scene.release()

    with pytest.raises(rules.NothingToRelease):
        scene.release()


def test_a_release_needs_a_name(scene):
    with pytest.raises(rules.NameMissing):
        scene.release("  ")


def test_what_a_release_changed_is_told_by_site_and_the_same_at_two_sites_once(scene):
    scene.release()
    scene.move("2030-10-10 10:00", "2030-10-10 11:00")
    second = scene.release("Second")

    (entry,) = releases.list_entries([second])[second.id]

    assert entry.change is EntryChange.CHANGED
    assert [(d.aspect, d.site_ids) for d in rules.find_differences(entry.was, entry.becomes)] == [
        (Aspect.TIME, (scene.main.id, scene.other.id))
    ]


def test_what_was_is_what_the_release_before_had_and_not_the_latest(scene):
    for hour in (8, 9, 10):
        scene.move(f"2030-10-10 {hour:02}:00", f"2030-10-10 {hour + 1:02}:00")
        scene.release(f"At {hour}")
    listed = releases.list_releases(scene.edition.id)

    entries = releases.list_entries([each.release for each in listed])

    begins = [
        (
            entry.was["placements"][0]["starts_at"][11:13] if entry.was else None,
            entry.becomes["placements"][0]["starts_at"][11:13],
        )
        for each in listed
        for entry in entries[each.release.id]
    ]
    assert begins == [("02", "03"), ("01", "02"), (None, "01")]  # in UTC


def test_going_back_brings_times_words_people_and_sites_of_then(scene):
    speaker = make.person()
    services.give_part(scene.whole(), speaker, kind=PartKind.SPEAKER, actor=make.actor(), now=make.NOW)
    first = scene.release("First")
    then = scene.contents()
    scene.move("2030-10-10 14:00", "2030-10-10 15:30")
    services.set_parts(scene.whole(), {PartKind.SPEAKER: []}, actor=make.actor(), now=make.NOW)
    third = make.room(make.site(scene.edition))
    services.add_placement(scene.whole(), third, actor=make.actor(), now=make.NOW)
    session = scene.whole()
    services.change_session(
        session,
        seen=session.version,
        kind=SessionKind.TALK,
        title={"en": "Another name"},
        abstract=None,
        language="en",
        actor=make.actor(),
        now=make.NOW,
    )
    scene.release("Second")

    count = release_services.roll_back(scene.edition, first, actor=make.actor(), now=make.NOW)
    scene.release("As in the first")

    assert count == 1
    now_there = scene.contents()[scene.session.id]
    (before,) = then.values()
    left = [placed for placed in now_there["placements"] if placed["site_id"] == third.site_id]
    assert left[0]["cancelled_at"] is not None
    assert {**now_there, "placements": [p for p in now_there["placements"] if p not in left]} == before


def test_going_back_shows_nothing_to_the_public_by_itself(scene):
    first = scene.release("First")
    scene.move("2030-10-10 14:00", "2030-10-10 15:00")
    scene.release("Second")
    seen = scene.contents()

    release_services.roll_back(scene.edition, first, actor=make.actor(), now=make.NOW)

    assert scene.contents() == seen


def test_two_sessions_that_changed_rooms_change_back(scene):
    """Each goes where the other one is: neither may stand in the other's way."""
    other = scene.add("2030-10-10 10:00", "2030-10-10 11:00", scene.hall)
    first = scene.release("First")
    scene.move("2030-10-10 14:00", "2030-10-10 15:00")
    scene.move("2030-10-10 08:00", "2030-10-10 09:00", other)
    scene.move("2030-10-10 10:00", "2030-10-10 11:00")
    then = scene.release("Second")

    release_services.roll_back(scene.edition, first, actor=make.actor(), now=make.NOW)

    assert releases.contents_at(first) == publishing.draft_contents(scene.edition.id)
    assert then.number == 2


def test_a_room_that_was_given_to_a_new_session_since_is_shared_and_says_why(scene):
    first = scene.release("First")
    scene.move("2030-10-10 14:00", "2030-10-10 15:00")
    scene.release("Second")
    newcomer = scene.add("2030-10-10 08:00", "2030-10-10 09:00", scene.hall)

    release_services.roll_back(scene.edition, first, actor=make.actor(), now=make.NOW)

    origin = queries.origin_of(scene.whole())
    assert origin.override.reason == "1. First"
    assert queries.origin_of(scene.whole(newcomer)).override is None


def test_a_session_that_was_cancelled_since_takes_place_after_all(scene):
    first = scene.release("First")
    services.cancel_session(scene.whole(), actor=make.actor(), now=make.NOW)
    scene.release("Cancelled")

    release_services.roll_back(scene.edition, first, actor=make.actor(), now=make.NOW)
    scene.release("After all")

    published = db.session.get(PublishedSession, scene.session.id)
    assert (published.state, published.sequence) == (SessionState.PUBLISHED, 2)


def test_going_back_to_what_the_draft_is_already_is_refused(scene):
    first = scene.release()

    with pytest.raises(rules.NothingToGoBackTo):
        release_services.roll_back(scene.edition, first, actor=make.actor(), now=make.NOW)


def test_what_was_added_since_stays(scene):
    first = scene.release("First")
    later = scene.add("2030-10-10 10:00", "2030-10-10 11:00", scene.hall)
    scene.move("2030-10-10 14:00", "2030-10-10 15:00")
    scene.release("Second")

    release_services.roll_back(scene.edition, first, actor=make.actor(), now=make.NOW)

    assert db.session.get(Session, later.id).state is SessionState.PUBLISHED


def test_who_holds_a_place_at_a_site_of_a_moved_session_is_counted_and_of_a_new_one_is_not(scene):
    scene.release()
    make.registration(make.pool(scene.main))
    make.registration(make.pool(scene.other))
    elsewhere = make.site(scene.edition)
    make.registration(make.pool(elsewhere))
    speaker = make.person(email="speaker@example.org")
    services.give_part(scene.whole(), speaker, kind=PartKind.SPEAKER, actor=make.actor(), now=make.NOW)
    scene.release()
    coordinator = make.account(Role.SITE, edition_id=scene.edition.id, site_id=scene.other.id)
    make.account(Role.SITE, edition_id=scene.edition.id, site_id=elsewhere.id)
    scene.move("2030-10-10 14:00", "2030-10-10 15:00")
    scene.add("2030-10-10 08:00", "2030-10-10 09:00", make.room(elsewhere))

    affected = releases.find_affected(scene.edition.id, releases.find_changes(scene.edition.id), now=make.NOW)

    assert sorted(count for _, count in affected.by_site) == [1, 1]
    assert (affected.speakers, affected.presiding, affected.coordinators) == (1, 0, 1)
    assert affected.audience.letters == 4
    assert coordinator.id


def test_a_release_is_in_the_trail_with_what_it_did(scene):
    scene.release("First")
    db.session.commit()

    entry = db.session.query(AuditEntry).filter_by(action="programme.released").one()

    assert entry.facts == {"name": "First", "added": 1, "changed": 0, "cancelled": 0}


def test_the_pages_show_what_would_go_out_release_it_and_list_it(scene, client):
    client.sign_in(make.account(Role.ORGANIZER, edition_id=scene.edition.id))
    path = f"/manage/{scene.edition.code}/programme/releases"

    page = client.open(path)
    answer = client.follow(client.send(page, path, name="Our first version"))

    assert scene.session.title["en"] in page.words
    assert answer.heading == "Our first version"
    assert "1. Our first version" in client.open(f"/{scene.edition.code}/schedule/changes").words


def test_a_page_that_was_open_while_the_draft_changed_releases_nothing(scene, client):
    client.sign_in(make.account(Role.ORGANIZER, edition_id=scene.edition.id))
    path = f"/manage/{scene.edition.code}/programme/releases"
    page = client.open(path)
    scene.move("2030-10-10 14:00", "2030-10-10 15:00")

    answer = client.send(page, path, name="First version")

    assert answer.status == 409
    assert scene.contents() == {}


def test_findings_that_stop_a_release_stop_it_until_somebody_says_why(scene):
    for force, reason, refusal in (
        (False, "", rules.FindingsStand),
        (True, " ", rules.ReasonMissing),
    ):
        with pytest.raises(refusal):
            rules.check_findings(2, force=force, reason=reason)
    rules.check_findings(2, force=True, reason="The hall is big enough")
    rules.check_findings(0, force=False, reason="")
    assert Level.BLOCK_RELEASE


def test_the_feed_of_changes_is_atom_with_one_entry_for_each_release(scene, client):
    scene.release("First")
    scene.move("2030-10-10 14:00", "2030-10-10 15:00")
    scene.release("Second & <last>")

    answer = client.open(f"/{scene.edition.code}/schedule/changes.atom")

    feed = ElementTree.fromstring(answer.response.get_data())
    names = {"a": "http://www.w3.org/2005/Atom"}
    assert [e.findtext("a:title", namespaces=names) for e in feed.findall("a:entry", names)] == [
        "2. Second & <last>",
        "1. First",
    ]
    assert "14:00–15:00" in feed.find("a:entry/a:content", names).text


def test_a_number_that_no_release_can_have_is_not_found(app):
    edition = make.edition()

    with pytest.raises(NotFound):
        releases.get_release(edition.id, 99_999_999_999_999)
