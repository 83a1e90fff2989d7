"""The pages on which an edition, a site or a session is postponed or cancelled."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dxday.core.permissions import Role
from dxday.db import db
from dxday.programme.models import Session
from dxday.programme.rules import SessionState
from dxday.reminders.models import ReminderRule
from dxday.reminders.rules import Direction, RuleState, Unit
from tests import make
from tests.changes import scene
from tests.changes.scene import FIRST_DAY, NOW
from tests.client import PageClient

WEEK = timedelta(days=7)
WHY = {"reason_vi": "Bão đổ bộ", "reason_en": "A storm is coming"}


@pytest.fixture
def here(app):
    return scene.scene()


@pytest.fixture
def organizer(client, here):
    return client.sign_in(make.account(Role.ORGANIZER, edition_id=here.edition.id))


def root(here):
    return f"/manage/{here.edition.code}/change-of-plan"


def test_the_edition_is_postponed_in_two_steps_and_the_page_shows_who_was_told(organizer, here):
    scene.place(here, email="one@example.org", locale="vi")
    path = f"{root(here)}/edition/postpone"

    preview = organizer.fill(path, first_day=f"{FIRST_DAY + WEEK}", **WHY)
    untouched = here.edition.starts_on
    done = organizer.send(preview, path, sure="y")
    before = organizer.follow(done)
    scene.tell(NOW)
    after = organizer.open(done.location)

    assert (preview.heading, untouched) == ("What follows", FIRST_DAY)
    assert preview.all("//dl//dd")[0] == f"{FIRST_DAY:%d/%m/%Y} → {FIRST_DAY + WEEK:%d/%m/%Y}"
    assert "1 place is kept, with its seat." in preview.words
    assert "Main Tiếng Việt 1" in preview.words
    assert (before.heading, "0 of 1" in before.words) == ("The edition was postponed", True)
    assert "1 letter was written; everybody whom it concerns was told." in after.words
    db.session.refresh(here.edition)
    assert (here.edition.starts_on, here.edition.change_reason) == (
        FIRST_DAY + WEEK,
        {"vi": "Bão đổ bộ", "en": "A storm is coming"},
    )


def test_without_the_tick_the_preview_stays(organizer, here):
    path = f"{root(here)}/edition/cancel"

    preview = organizer.fill(path, **WHY)
    again = organizer.send(preview, path)

    assert (again.status, again.heading) == (422, "What follows")
    assert again.errors == ["Tick the box when you have read what follows and mean it."]
    assert here.edition.cancelled_at is None


def test_a_plan_that_changed_in_between_is_shown_anew(organizer, here):
    path = f"{root(here)}/edition/postpone"
    preview = organizer.fill(path, first_day=f"{FIRST_DAY + WEEK}", **WHY)
    here.move(here.talk, "10:00", "11:00")

    stale = organizer.send(preview, path, sure="y")
    done = organizer.send(stale, path, sure="y")

    assert (stale.status, stale.errors[0][:40]) == (409, "Somebody else changed this in the meanti")
    assert "10:00–11:00" in stale.words
    assert done.status == 302


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"first_day": None}, "Write the day as in 10/10/2026."),
        ({"first_day": "tomorrow"}, "Write the day as in 10/10/2026."),
        ({"first_day": f"{FIRST_DAY}"}, "The edition begins on this day already. Give another day."),
        ({"first_day": "2001-01-01"}, "This day has passed. Give today or a later day."),
        ({"first_day": "9999-12-31"}, "Give a day between 1/1/2000 and 31/12/2100."),
        ({"first_day": f"{FIRST_DAY + WEEK}", "reason_vi": None}, "Answer this question."),
        ({"first_day": f"{FIRST_DAY + WEEK}", "reason_en": "x" * 501}, "Use at most 500 characters."),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_shown(organizer, here, answers, error):
    page = organizer.fill(f"{root(here)}/edition/postpone", **(WHY | answers))

    assert (page.heading, page.errors) == ("Postpone the edition", [error])


def test_a_cancelled_edition_says_so_everywhere_and_takes_nobody(organizer, here, app):
    visitor = PageClient(app)
    before = visitor.open(f"/{here.edition.code}/schedule").words
    path = f"{root(here)}/edition/cancel"
    organizer.send(organizer.fill(path, **WHY), path, sure="y")

    pages = [visitor.open(f"/{here.edition.code}/{page}") for page in ("", "schedule", "sites/", "register")]

    banner = "This edition does not take place: it was cancelled. A storm is coming"
    assert (banner in before, [banner in page.words for page in pages]) == (False, [True] * 4)
    assert "This edition was cancelled. Nobody can register any more." in pages[-1].words
    assert set(db.session.scalars(select(Session.state))) == {SessionState.CANCELLED}


def test_a_cancelled_site_says_so_and_is_not_offered(organizer, here, app):
    held = scene.place(here, here.north)
    scene.place(here, here.main)
    path = f"{root(here)}/sites/{here.north.code}/cancel"

    preview = organizer.fill(path, **WHY)
    organizer.send(preview, path, sure="y")

    visitor = PageClient(app)
    ticket = visitor.open(f"/my/registration/{held.token}")
    place = visitor.open(f"/{here.edition.code}/register")
    site = visitor.open(f"/{here.edition.code}/sites/{here.north.code}")
    change = visitor.open(f"/my/registration/{held.token}/place")
    assert "Opening" in preview.words
    assert "not received here" in preview.words
    assert "1 place is kept, with its seat." in preview.words
    assert "Your site was cancelled" in ticket.words
    assert ("North" in place.words, "Main" in place.words) == (False, True)
    assert "This site does not take part any more" in site.words
    assert change.status == 200


def test_a_site_with_nothing_of_its_own_says_what_can_be_done(organizer, here):
    bare = make.site(here.edition)

    page = organizer.fill(f"{root(here)}/sites/{bare.code}/postpone", days="1", **WHY)

    assert page.status == 422
    assert "No session that is still to come is held at this site" in page.text


def test_a_room_that_is_taken_is_said_before_anybody_confirms(organizer, here):
    page = organizer.fill(
        f"{root(here)}/sessions/{here.talk.code}/postpone", begins="08:30", ends="09:30", **WHY
    )

    assert (page.status, page.heading) == (422, "Postpone a session")
    assert "Hall, Main is taken from 08:00 to 09:00 by “Opening”" in page.text


def test_trying_it_out_leaves_nothing_behind(organizer, here):
    before = scene.times(here.edition)

    organizer.fill(f"{root(here)}/edition/postpone", first_day=f"{FIRST_DAY + WEEK}", **WHY)

    assert (scene.times(here.edition), scene.changes(), scene.notices()) == (before, [], [])


def test_the_preview_says_which_reminders_move(organizer, here):
    make.save(
        ReminderRule(
            edition_id=here.edition.id, name="The day before", audience="registrants", moment="first_session",
            filters={}, amount=1, unit=Unit.DAYS, direction=Direction.BEFORE, state=RuleState.ON, on_since=NOW,
            created_at=NOW, updated_at=NOW,
        )
    )  # fmt: skip
    scene.place(here)

    postponed = organizer.fill(f"{root(here)}/edition/postpone", first_day=f"{FIRST_DAY + WEEK}", **WHY)
    cancelled = organizer.fill(f"{root(here)}/edition/cancel", **WHY)

    rows = [page.all("//table//tr[contains(.,'The day before')]") for page in (postponed, cancelled)]
    assert [len(found) for found in rows] == [1, 1]
    assert f"{FIRST_DAY + WEEK - timedelta(days=1):%A}" in rows[0][0]
    assert "none" in rows[1][0]


def test_the_session_page_and_the_menu_lead_there(organizer, here):
    session = organizer.open(f"/manage/{here.edition.code}/programme/{here.talk.code}")
    index = organizer.open(root(here))

    for act in ("postpone", "cancel"):
        assert f"{root(here)}/sessions/{here.talk.code}/{act}" in session.links()
        assert f"{root(here)}/sites/{here.north.code}/{act}" in index.links()
        assert f"{root(here)}/edition/{act}" in index.links()
    assert root(here) in index.links()


def test_the_list_costs_the_same_with_three_notices_as_with_one(organizer, here, queries):
    def statements():
        make.notice(here.edition)
        make.session(here.edition)
        with queries() as counted:
            organizer.open(root(here))
        return counted.total

    first = statements()
    statements()
    assert statements() == first


def test_an_empty_edition_says_so(client):
    edition = make.edition()
    client.sign_in(make.account(Role.ORGANIZER, edition_id=edition.id))

    page = client.open(f"/manage/{edition.code}/change-of-plan")

    assert "There are no sites yet." in page.words
    assert "Nothing was changed yet after it was announced." in page.words


def test_a_notice_of_another_edition_is_not_found(organizer, here):
    other = make.notice(make.edition())

    assert organizer.open(f"{root(here)}/notices/{other.id}").status == 404


def test_how_far_telling_has_come_is_asked_without_the_page(organizer, here):
    scene.place(here)
    here.move(here.talk, "10:00", "11:00")
    scene.tell()
    notice = scene.notices()[0]

    answer = organizer.open(f"{root(here)}/notices/{notice.id}/progress").response.json

    assert answer == {"value": 1, "max": 1, "text": "1 of 1", "done": True}


def test_the_address_for_questions_is_kept_and_a_wrong_one_refused(organizer, here):
    path = f"/manage/{here.edition.code}/edition"

    wrong = organizer.fill(path, contact_email="nobody")
    organizer.fill(path, contact_email="hoi-dap@example.org")

    db.session.refresh(here.edition)
    assert (wrong.errors, here.edition.contact_email) == (
        ["Write an e-mail address such as name@example.org."],
        "hoi-dap@example.org",
    )
