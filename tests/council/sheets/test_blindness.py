"""Nobody learns what another reader thinks before their own sheet is in: not by page, count, order, export or trail."""

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import select

from dxday.accounts.models import RoleGrant
from dxday.audit.models import AuditEntry
from dxday.core.errors import NotFound
from dxday.core.permissions import Role
from dxday.council.models import Reading
from dxday.council.sheets import queries, services
from dxday.db import db
from dxday.notifications.models import Message
from tests import make
from tests.client import PageClient
from tests.council.sheets import scene as scenes
from tests.council.sheets.scene import acting

SECRET_COMMENT = "Quite unheard of"


@pytest.fixture
def scene(app):
    return scenes.built()


@pytest.fixture
def both(scene):
    """The first reader runs the council, too."""
    reader = scene.readers[0]
    make.save(
        RoleGrant(account_id=reader.id, role=Role.COUNCIL, edition_id=scene.edition.id, granted_at=make.NOW)
    )
    return reader


def pages_of(scene, nomination):
    """Every page of this feature on which a score could stand."""
    edition, code = scene.edition.code, nomination.code
    return [
        f"/sit/{edition}/sheets",
        f"/sit/{edition}/{code}/sheet",
        f"/council/{edition}/ranking",
        f"/council/{edition}/ranking?by=raw",
        f"/council/{edition}/ranking?by=normalised",
        f"/council/{edition}/ranking.csv",
        f"/council/{edition}/moderation",
        f"/council/{edition}/moderation/{code}",
        f"/council/{edition}/moderation/{code}/reopen/{scene.readers[1].id}",
        f"/council/{edition}/fairness",
    ]


def told(client, path):
    """What an address answers, without what changes with every answer (tokens, times, numbers of the request)."""
    text = client.open(path).text
    text = re.sub(r'name="csrf_token"[^>]*value="[^"]*"', "", text)
    text = re.sub(r'<meta name="csrf[^>]*>', "", text)
    return re.sub(r"\b[0-9a-f]{16}\b", "", text)


def all_told(app, account, scene, nomination):
    client = PageClient(app).sign_in(account)
    return {path: told(client, path) for path in pages_of(scene, nomination)}


def submit_other(scene, nomination, *scores):
    services.submit_sheet(
        nomination,
        scene.fields(*scores, comment=SECRET_COMMENT),
        actor=acting(scene.readers[1]),
        now=make.NOW,
    )
    db.session.commit()


def test_nothing_at_all_changes_for_a_reader_when_another_submits(app, scene):
    """Every page is the same, letter by letter, before and after, and whatever the other gave."""
    nomination = scene.dossier(*scene.readers[:2])
    before = all_told(app, scene.readers[0], scene, nomination)

    submit_other(scene, nomination, 3, 5)

    assert all_told(app, scene.readers[0], scene, nomination) == before


def test_nothing_at_all_changes_for_a_secretary_who_reads_the_dossier(app, scene, both):
    nomination = scene.dossier(*scene.readers[:2])
    for n in range(3):
        other = scene.dossier(*scene.readers[1:])
        scene.submit(other, scene.readers[1], n, n + 3)
        scene.submit(other, scene.readers[2], n + 5, n)
    before = all_told(app, both, scene, nomination)

    submit_other(scene, nomination, 3, 5)

    assert all_told(app, both, scene, nomination) == before


def test_the_same_look_does_see_a_change_for_a_secretary_who_does_not_read(app, scene):
    """The control: the pages that stay the same for a reader do not stay the same for everybody."""
    nomination = scene.dossier(*scene.readers[:2])
    before = all_told(app, scene.secretary, scene, nomination)

    submit_other(scene, nomination, 3, 5)

    after = all_told(app, scene.secretary, scene, nomination)
    changed = {path.rpartition("/")[2] for path in before if before[path] != after[path]}
    assert changed == {
        "ranking",
        "ranking?by=raw",
        "ranking?by=normalised",
        "ranking.csv",
        nomination.code,
        str(scene.readers[1].id),
        "fairness",
    }


def test_once_ones_own_sheet_is_in_the_others_are_shown(app, scene):
    nomination = scene.dossier(*scene.readers[:2])
    submit_other(scene, nomination, 3, 5)
    scene.submit(nomination, scene.readers[0], 9, 9)
    client = PageClient(app).sign_in(scene.readers[0])

    page = client.open(f"/sit/{scene.edition.code}/{nomination.code}/sheet")

    assert SECRET_COMMENT in page.words
    assert "38.0 of 100" in page.words


def test_a_sheet_of_another_that_is_not_submitted_is_never_shown(app, scene):
    nomination = scene.dossier(*scene.readers[:2])
    services.save_field(
        nomination, "comment", SECRET_COMMENT, seen=0, actor=acting(scene.readers[1]), now=make.NOW
    )
    scene.submit(nomination, scene.readers[0], 9, 9)

    for account in (scene.readers[0], scene.secretary):
        assert all(SECRET_COMMENT not in text for text in all_told(app, account, scene, nomination).values())


def test_a_secretary_who_reads_a_dossier_cannot_reach_its_scores_by_address(app, scene, both):
    nomination = scene.dossier(*scene.readers[:2])
    submit_other(scene, nomination, 3, 5)
    client = PageClient(app).sign_in(both)

    for path in (
        f"moderation/{nomination.code}",
        f"moderation/{nomination.code}/reopen/{scene.readers[1].id}",
    ):
        assert client.open(f"/council/{scene.edition.code}/{path}").status == 404
    ranking = client.open(f"/council/{scene.edition.code}/ranking")
    assert "1 dossier is left out" in ranking.words
    with pytest.raises(NotFound):
        services.moderate_score(nomination, score=1, reason="x", actor=acting(both), now=make.NOW)
    with pytest.raises(NotFound):
        services.reopen_sheet(nomination, scene.readers[1].id, reason="x", actor=acting(both), now=make.NOW)


def test_the_scores_come_back_when_the_secretarys_own_sheet_is_in(app, scene, both):
    nomination = scene.dossier(*scene.readers[:2])
    submit_other(scene, nomination, 3, 5)
    scene.submit(nomination, both, 9, 9)

    client = PageClient(app).sign_in(both)

    assert SECRET_COMMENT in client.open(f"/council/{scene.edition.code}/moderation/{nomination.code}").words


def test_declining_or_not_having_answered_does_not_open_the_others_scores(app, scene, both):
    declined = scene.dossier(*scene.readers[:2])
    services.decline_to_read(declined, reason="Abroad", actor=acting(both), now=make.NOW)
    unanswered = scene.dossier(scene.readers[1])
    make.save(Reading(nomination_id=unanswered.id, account_id=both.id, assigned_at=make.NOW))

    for nomination in (declined, unanswered):
        assert not queries.may_see(nomination.id, both.id)
    assert queries.get_scores(scene.scheme, viewer_id=both.id).dossiers == []


def test_a_secretary_with_a_conflict_sees_nothing_of_the_dossier(app, scene):
    kept, other = (scene.dossier(*scene.readers[:2], nominee_name=name) for name in ("Kín", "Hở"))
    for each in (kept, other):
        submit_other(scene, each, 3, 5)
    scenes.bar(kept, scene.secretary)
    client = PageClient(app).sign_in(scene.secretary)
    base = f"/council/{scene.edition.code}"

    for path in ("ranking", "moderation", "fairness"):
        page = client.open(f"{base}/{path}")
        assert "Kín" not in page.words
        assert "left out" not in page.words  # not even that there is something
    assert client.open(f"{base}/moderation/{kept.code}").status == 404
    assert "Kín" not in client.open(f"{base}/ranking.csv").text
    sheet = openpyxl.load_workbook(io.BytesIO(client.http.get(f"{base}/ranking.xlsx").get_data())).active
    assert [row[2].value for row in sheet.rows] == ["Nominee", "Hở"]


def test_the_sheet_of_a_reader_with_a_conflict_does_not_count(scene):
    nomination = scene.dossier(*scene.readers[:2])
    submit_other(scene, nomination, 3, 5)
    scene.submit(nomination, scene.readers[0], 9, 9)
    scenes.bar(nomination, scene.readers[1])

    scores = queries.get_scores(scene.scheme, viewer_id=scene.secretary.id)

    assert [each.account_id for each in scores.marks] == [scene.readers[0].id]
    assert queries.list_submitted_beside(nomination.id, scene.readers[0].id) == []


def test_a_member_without_the_secretarys_role_opens_none_of_the_secretarys_pages(app, scene):
    nomination = scene.dossier(*scene.readers[:2])
    scene.submit(nomination, scene.readers[0], 9, 9)
    client = PageClient(app).sign_in(scene.readers[0])

    for path in pages_of(scene, nomination):
        if path.startswith("/council/"):
            assert client.open(path).status == 403


def test_no_score_is_in_the_trail_or_in_a_letter(scene):
    nomination = scene.dossier(*scene.readers[:2])
    submit_other(scene, nomination, 3, 5)
    services.moderate_score(
        nomination, score=61.5, reason="They talked.", actor=acting(scene.secretary), now=make.NOW
    )
    services.reopen_sheet(
        nomination, scene.readers[1].id, reason="Mistake", actor=acting(scene.secretary), now=make.NOW
    )
    db.session.commit()

    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.subject == nomination.code)).all()
    facts = [(entry.action, entry.facts) for entry in entries]
    assert [action for action, _facts in facts] == [
        "sheet.begun",
        "sheet.submitted",
        "score.moderated",
        "sheet.reopened",
    ]
    assert not [each for each in facts if re.search(r"38|61\.5|Quite", str(each))]
    assert db.session.scalars(select(Message)).all() == []


def test_a_sheet_opened_again_hides_the_others_again(app, scene):
    nomination = scene.dossier(*scene.readers[:2])
    submit_other(scene, nomination, 3, 5)
    scene.submit(nomination, scene.readers[0], 9, 9)
    services.reopen_sheet(
        nomination,
        scene.readers[0].id,
        reason="Mistake",
        actor=acting(scene.secretary),
        now=make.NOW + timedelta(hours=1),
    )

    client = PageClient(app).sign_in(scene.readers[0])

    assert SECRET_COMMENT not in client.open(f"/sit/{scene.edition.code}/{nomination.code}/sheet").words
