"""What a proposal would bring and solve: the same that the check finds once it is taken."""

import pytest

from dxday.conflicts import queries as conflicts
from dxday.conflicts import rules as conflict_rules
from dxday.conflicts.models import ConflictSetting
from dxday.conflicts.rules import Level
from dxday.core.errors import Refusal
from dxday.db import db, transaction
from dxday.proposals import foreseeing, queries
from tests import make
from tests.proposals.scene import Scene
from tests.proposals.test_deciding import propose_clinic, propose_move, propose_reception, submitted, take


@pytest.fixture
def scene(client):
    made = Scene()
    make.part(made.read("talk"), made.person)
    return made


def foreseen(scene, proposal):
    standings = queries.stand(scene.edition.id, queries.changes_of(proposal), site_id=proposal.site_id)
    return foreseeing.foresee(scene.edition.id, standings)


def named(findings):
    return sorted((each.rule, str(each.message)) for each in findings)


def told(scene):
    return named(conflicts.list_findings(scene.edition.id))


def test_what_is_foreseen_is_what_the_check_finds_afterwards(scene):
    propose_move(scene, "10:30", "12:00", speakers=[scene.person.id], expected=500, needs=["projector"])
    propose_clinic(scene, starts_at=make.at("2026-10-10 14:00"), ends_at=make.at("2026-10-10 15:00"))
    propose_reception(scene, begins=-30, ends=15, officer=scene.person.id, interpretation="en")
    _, proposal = submitted(scene)
    before = told(scene)

    difference = foreseen(scene, proposal)
    take(scene, proposal)
    after = told(scene)

    assert named(difference.new) == sorted(set(after) - set(before))
    assert named(difference.solved) == sorted(set(before) - set(after))
    assert "person-overlap" in {rule for rule, _ in named(difference.new)}


def test_the_diff_shows_what_would_stand_against_the_programme(client, scene):
    propose_move(scene, "13:30", "15:00", speakers=[scene.person.id])
    path, _ = submitted(scene)

    page = client.sign_in(scene.organizer).open(path)

    assert page.all("//section[@id='check']//h3") == ["What they would bring"]
    assert any("Trần Thị Thí Dụ" in words for words in page.all("//section[@id='check']//li"))


def test_what_the_edition_does_not_allow_is_not_taken_without_a_reason(scene):
    make.save(ConflictSetting(edition_id=scene.edition.id, rule="person-overlap", level=Level.BLOCK))
    propose_move(scene, "13:30", "15:00", speakers=[scene.person.id])
    _, proposal = submitted(scene)
    proposal_id = proposal.id

    with pytest.raises(Refusal) as refused, transaction():
        take(scene, proposal)
    assert isinstance(refused.value, conflict_rules.Blocked)
    proposal = queries.get_proposal(scene.edition.id, proposal_id)
    take(scene, proposal, override_reason="She speaks in both, one after the other")
    db.session.flush()

    assert [
        each.override for each in conflicts.list_findings(scene.edition.id) if each.rule == "person-overlap"
    ] == ["She speaks in both, one after the other"]
