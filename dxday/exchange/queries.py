"""Reading what a file is compared with, and what is written into one."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from dxday.accounts.models import Organisation, Person
from dxday.db import db
from dxday.exchange.models import ImportedPerson
from dxday.programme.models import (
    Part,
    Placement,
    PublishedPart,
    PublishedPlacement,
    PublishedSession,
    Session,
    Track,
)
from dxday.programme.rules import SessionState

_PORTION = 500


def list_draft(edition_id: int) -> list[Session]:
    """Return every session of the draft, the cancelled included, with placements, parts, people and track."""
    placed = selectinload(Session.placements)
    return list(
        db.session.scalars(
            select(Session)
            .where(Session.edition_id == edition_id)
            .options(
                placed.joinedload(Placement.override),
                placed.immediateload(Placement.session),
                selectinload(Session.parts).joinedload(Part.person),
                joinedload(Session.track),
            )
            .order_by(Session.id)
            .execution_options(populate_existing=True)
        )
    )


def list_versions(edition_id: int) -> list[tuple[int, int]]:
    """Return id and version of every session of the draft."""
    return [
        (row_id, version)
        for row_id, version in db.session.execute(
            select(Session.id, Session.version).where(Session.edition_id == edition_id)
        )
    ]


def list_published(edition_id: int) -> list[PublishedSession]:
    """Return the sessions that the public sees and that take place, with placements, parts, people and track."""
    placed = selectinload(PublishedSession.placements)
    return list(
        db.session.scalars(
            select(PublishedSession)
            .where(
                PublishedSession.edition_id == edition_id,
                PublishedSession.state == SessionState.PUBLISHED,
            )
            .options(
                placed.joinedload(PublishedPlacement.site),
                placed.joinedload(PublishedPlacement.room),
                selectinload(PublishedSession.parts).joinedload(PublishedPart.person),
                joinedload(PublishedSession.track),
            )
            .order_by(PublishedSession.id)
        )
    )


def list_tracks(edition_id: int) -> list[Track]:
    """Return the edition's tracks in their order."""
    return list(
        db.session.scalars(
            select(Track).where(Track.edition_id == edition_id).order_by(Track.position, Track.id)
        )
    )


def list_imported_people(edition_id: int) -> dict[str, Person]:
    """Return who is who in files that were read into the edition before, by the file's key."""
    rows = db.session.execute(
        select(ImportedPerson.key, Person)
        .join(Person, Person.id == ImportedPerson.person_id)
        .where(ImportedPerson.edition_id == edition_id)
        .order_by(ImportedPerson.id)
    )
    return {row[0]: row[1] for row in rows}


def list_people_by_guid(guids: Iterable[UUID]) -> dict[UUID, Person]:
    """Return the people who have these guids."""
    wanted = sorted(set(guids))
    return {
        person.guid: person
        for portion in _portions(wanted)
        for person in db.session.scalars(select(Person).where(Person.guid.in_(portion)))
    }


def list_guids_elsewhere(edition_id: int, guids: Iterable[UUID]) -> set[UUID]:
    """Return those of the guids that sessions of other editions have."""
    wanted = sorted(set(guids))
    return {
        guid
        for portion in _portions(wanted)
        for guid in db.session.scalars(
            select(Session.guid).where(Session.guid.in_(portion), Session.edition_id != edition_id)
        )
    }


def find_organisation(code: str) -> Organisation | None:
    """Return the organisation with this code, or None."""
    return db.session.scalars(select(Organisation).where(Organisation.code == code)).one_or_none()


def _portions(things: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (things[first : first + _PORTION] for first in range(0, len(things), _PORTION))
