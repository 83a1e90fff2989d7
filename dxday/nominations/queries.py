"""Reading schemes, nominations and their files."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from dxday.audit.models import AuditEntry
from dxday.core.errors import NotFound
from dxday.db import db
from dxday.editions.models import Edition
from dxday.editions.rules import Window
from dxday.nominations import rules
from dxday.nominations.models import Attachment, Category, Nomination, Scheme


def get_call(edition_id: int) -> Window:
    """Return when agencies can nominate in the edition."""
    opens_at, closes_at = db.session.execute(
        select(Edition.nominations_open_at, Edition.nominations_close_at).where(Edition.id == edition_id)
    ).one()
    return Window(opens_at, closes_at)


def list_schemes(edition_id: int) -> list[Scheme]:
    """Return the edition's schemes with their categories, both in their order."""
    return list(
        db.session.scalars(
            select(Scheme)
            .where(Scheme.edition_id == edition_id)
            .options(selectinload(Scheme.categories))
            .order_by(Scheme.position, Scheme.id)
        )
    )


def get_category(edition_id: int, category_id: int) -> Category:
    """Return a category of the edition.  Raises NotFound."""
    found = db.session.scalars(
        select(Category).where(Category.edition_id == edition_id, Category.id == category_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_own(edition_id: int, organisation_ids: Collection[int]) -> list[Nomination]:
    """Return the nominations of these organisations with category and scheme, last changed first."""
    return list(
        db.session.scalars(
            _whole()
            .where(
                Nomination.edition_id == edition_id, Nomination.organisation_id.in_(sorted(organisation_ids))
            )
            .order_by(Nomination.updated_at.desc(), Nomination.id.desc())
        )
    )


def get_own(edition_id: int, code: str, organisation_ids: Collection[int]) -> Nomination:
    """Return a nomination of one of these organisations, with category and scheme.

    Raises NotFound, also for another agency's: from outside the two look the same.
    """
    found = db.session.scalars(
        _whole().where(
            Nomination.edition_id == edition_id,
            Nomination.code == code,
            Nomination.organisation_id.in_(sorted(organisation_ids)),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_by_guid(guid: UUID) -> Nomination | None:
    """Return the nomination that was made from the form with this guid, or None."""
    return db.session.scalars(select(Nomination).where(Nomination.guid == guid)).one_or_none()


def list_before_council(
    edition_id: int, *, state: rules.State | None = None, category_id: int | None = None
) -> list[Nomination]:
    """Return what was ever submitted, with category and scheme, by scheme, category and time of submission.

    Drafts, and drafts that were withdrawn, are the agency's own affair.
    """
    statement = (
        _whole()
        .join(Category, Category.id == Nomination.category_id)
        .join(Scheme, Scheme.id == Category.scheme_id)
        .where(Nomination.edition_id == edition_id, Nomination.submitted_at.is_not(None))
        .order_by(
            Scheme.position,
            Scheme.id,
            Category.position,
            Category.id,
            Nomination.submitted_at,
            Nomination.id,
        )
    )
    if state is not None:
        statement = statement.where(Nomination.state == state)
    if category_id is not None:
        statement = statement.where(Nomination.category_id == category_id)
    return list(db.session.scalars(statement))


def get_before_council(edition_id: int, code: str) -> Nomination:
    """Return a nomination that was submitted, with category and scheme.  Raises NotFound."""
    found = db.session.scalars(
        _whole().where(
            Nomination.edition_id == edition_id,
            Nomination.code == code,
            Nomination.submitted_at.is_not(None),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_by_codes(edition_id: int, codes: Iterable[str]) -> list[Nomination]:
    """Return the submitted nominations with these codes, with category and scheme, in the order of the codes."""
    wanted = list(codes)
    found = {
        nomination.code: nomination
        for nomination in db.session.scalars(
            _whole().where(
                Nomination.edition_id == edition_id,
                Nomination.code.in_(wanted),
                Nomination.submitted_at.is_not(None),
            )
        )
    }
    return [found[code] for code in wanted if code in found]


def count_states(edition_id: int) -> dict[rules.State, int]:
    """Return how many nominations that were ever submitted stand in each state."""
    rows = db.session.execute(
        select(Nomination.state, func.count())
        .where(Nomination.edition_id == edition_id, Nomination.submitted_at.is_not(None))
        .group_by(Nomination.state)
    )
    return dict(rows.all())


def list_attachments(nomination_id: int) -> list[Attachment]:
    """Return the files of a dossier that were not removed, in the order in which they came."""
    return list(
        db.session.scalars(
            select(Attachment)
            .where(Attachment.nomination_id == nomination_id, Attachment.removed_at.is_(None))
            .order_by(Attachment.id)
        )
    )


def count_attachments(nomination_ids: Iterable[int]) -> dict[int, int]:
    """Return how many files each of the nominations has; one without is not in it."""
    rows = db.session.execute(
        select(Attachment.nomination_id, func.count())
        .where(Attachment.nomination_id.in_(list(nomination_ids)), Attachment.removed_at.is_(None))
        .group_by(Attachment.nomination_id)
    )
    return dict(rows.all())


def get_attachment(nomination_id: int, code: str) -> Attachment:
    """Return a file of the dossier that was not removed.  Raises NotFound."""
    found = db.session.scalars(
        select(Attachment).where(
            Attachment.nomination_id == nomination_id,
            Attachment.code == code,
            Attachment.removed_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def list_history(nomination: Nomination) -> list[AuditEntry]:
    """Return the audit entries that tell how the nomination came to where it is, the oldest first."""
    return list(
        db.session.scalars(
            select(AuditEntry)
            .where(
                AuditEntry.edition_id == nomination.edition_id,
                AuditEntry.subject == nomination.code,
                AuditEntry.action.in_(rules.EVENT_NAMES),
            )
            .order_by(AuditEntry.sequence)
        )
    )


def dossier_of(nomination: Nomination, attachments: int) -> rules.Dossier:
    """Return what the rules look at when a nomination with so many files is handed in."""
    return rules.Dossier(
        state=nomination.state,
        nominee_email=nomination.nominee_email,
        achievement=nomination.achievement,
        contact_name=nomination.contact_name,
        contact_email=nomination.contact_email,
        attachments=attachments,
    )


def _whole() -> Select[Nomination]:
    """Return the statement that loads nominations with what every page shows of them."""
    return select(Nomination).options(joinedload(Nomination.category).joinedload(Category.scheme))
