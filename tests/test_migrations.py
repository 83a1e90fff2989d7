"""Migrations: up from nothing, the same as the models, one back and up again, on both databases."""

from datetime import timedelta
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import text

from dxday.awards.models import Decision
from dxday.certificates.models import Certificate
from dxday.core.carriage import Carriage
from dxday.db import db
from dxday.programme import publishing
from dxday.programme import queries as programme
from dxday.programme.models import PublishedSession
from dxday.programme.rules import PartKind, SessionState
from dxday.reminders import queries
from tests import make
from tests.conftest import on_both

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


@on_both
def test_the_tables_are_those_of_the_models(own_app):
    with own_app.app_context():
        check()  # raises CommandError and names what differs


@on_both
def test_every_migration_can_be_taken_back_and_done_again(own_app):
    with own_app.app_context():
        downgrade(revision="-1")
        upgrade()
        downgrade(revision="base")
        upgrade()

        with db.engine.connect() as connection:
            reached = MigrationContext.configure(connection).get_current_revision()
        head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert reached == head


@on_both
def test_editions_of_before_go_on_reminding_a_day_before_and_nobody_is_reminded_twice(own_app):
    """Rows as the release before wrote them, upgraded: the engine finds that one was told and the other was not."""
    with own_app.app_context():
        edition = make.edition()
        site = make.site(edition)
        starts = make.NOW + timedelta(hours=20)
        make.placement(
            make.session(edition), make.room(site), starts_at=starts, ends_at=starts + timedelta(hours=1)
        )
        pool = make.pool(site)
        told, forgotten = (make.registration(pool, created_at=make.NOW - timedelta(days=9)) for _ in range(2))
        db.session.commit()
        told_id, forgotten_id = told.id, forgotten.id
        db.session.remove()
        downgrade(revision="2026_11_22_guards")
        db.session.execute(
            text(
                "INSERT INTO message (key, kind, edition_id, message_id, to_name, to_address, locale, subject, text,"
                " created_at, carriage, tries) SELECT :key, 'registration_reminder', id, '<a@example.org>', 'Mẫu',"
                " 'a@example.org', 'vi', 'x', 'x', :now, 'done', 1 FROM edition"
            ),
            {
                "key": f"registration-reminder:{told_id}:{int(starts.timestamp())}",
                "now": make.NOW.replace(tzinfo=None),
            },
        )
        db.session.commit()
        upgrade()

        due = queries.list_due(queries.find_slots(queries.list_on()), make.NOW, limit=9)

        assert [one.recipient for one in due] == [f"registration:{forgotten_id}"]


@on_both
def test_visitors_see_what_they_saw_before_the_draft_and_the_published_were_two_things(own_app):
    """Rows as the release before wrote them: published, cancelled after that, cancelled as a draft, and a draft."""
    with own_app.app_context():
        edition = make.edition()
        hall = make.room(make.site(edition))
        sessions = {
            code: make.session(edition, code=code, state=SessionState.DRAFT)
            for code in ("published", "cancelled", "unseen", "draft")
        }
        for hour, session in enumerate(sessions.values(), start=8):
            starts = f"{edition.starts_on} {hour:02}:00"
            make.placement(session, hall, starts_at=starts, ends_at=starts[:-2] + "30")
            make.part(session, make.person(full_name=session.code), kind=PartKind.SPEAKER)
        db.session.commit()
        edition_id, ids = edition.id, {code: session.id for code, session in sessions.items()}
        db.session.remove()
        downgrade(revision="2026_11_22_reminders")
        for code, state, sequence in (
            ("published", "published", 3), ("cancelled", "cancelled", 2), ("unseen", "cancelled", 0),
        ):  # fmt: skip
            db.session.execute(
                text("UPDATE session SET state = :state, sequence = :sequence WHERE code = :code"),
                {"state": state, "sequence": sequence, "code": code},
            )
        db.session.commit()
        upgrade()

        shown = [(e.code, e.cancelled, e.sequence) for e in programme.list_entries(edition_id)]
        assert shown == [("published", False, 3), ("cancelled", True, 2)]
        assert programme.list_speakers(edition_id) == {
            ids["published"]: ["published"],
            ids["cancelled"]: ["cancelled"],
        }
        assert [one.session_id for one in programme.list_showings(edition_id)] == [
            ids["published"],
            ids["cancelled"],
        ]
        assert [one.session_id for one in publishing.find_changes(edition_id)] == [ids["draft"]]
        db.session.rollback()
        db.session.execute(
            PublishedSession.__table__.update()
            .where(PublishedSession.id == ids["published"])
            .values(sequence=7)
        )
        db.session.commit()
        downgrade(revision="2026_11_22_reminders")
        sequences = db.session.execute(text("SELECT code, sequence FROM session ORDER BY id")).all()
        assert [tuple(row) for row in sequences] == [
            ("published", 7), ("cancelled", 2), ("unseen", 0), ("draft", 0),
        ]  # fmt: skip
        db.session.rollback()
        upgrade()


@on_both
def test_what_waits_to_be_published_as_cancelled_stays_visible_when_the_migration_is_taken_back(own_app):
    with own_app.app_context():
        session = make.session(make.edition())
        session.state = SessionState.CANCELLED  # in the draft; visitors were not told yet
        db.session.commit()
        edition_id = session.edition_id
        db.session.remove()

        downgrade(revision="2026_11_22_reminders")
        upgrade()

        assert [(e.cancelled, e.sequence) for e in programme.list_entries(edition_id)] == [(True, 1)]


@on_both
def test_what_was_decided_before_there_was_an_embargo_is_announced_and_keeps_its_legal_bases(own_app):
    with own_app.app_context():
        edition = make.edition()
        scheme = make.scheme(edition, legal_basis="Luật số 06/2022/QH15; Căn cứ Nghị định 152/2025/NĐ-CP.")
        decision = make.decision(edition)
        award = make.award(decision, make.nomination(make.category(scheme)))
        certificate = make.certificate(
            award, carriage=Carriage.DONE, storage_key="k", rendered_at=make.NOW, told_at=None
        )
        ids = decision.id, certificate.id
        db.session.commit()
        db.session.remove()

        downgrade(revision="2026_12_01_ceremony")
        upgrade()

        decision, certificate = db.session.get(Decision, ids[0]), db.session.get(Certificate, ids[1])
        assert decision.announced_at == decision.recorded_at
        assert decision.bases == [
            "Căn cứ Luật số 06/2022/QH15", "Căn cứ Nghị định 152/2025/NĐ-CP.",
        ]  # fmt: skip
        assert (decision.articles, decision.issuer) == ([], "")
        assert certificate.told_at == certificate.rendered_at
