"""Reading editions."""

from datetime import date

from sqlalchemy import bindparam, select

from dxday.core.errors import NotFound
from dxday.db import ask_at_once, db, table_of
from dxday.editions import rules
from dxday.editions.models import Edition, LegalDocument

_VERSION = select(table_of(Edition).c.id, table_of(Edition).c.programme_version).where(
    table_of(Edition).c.code == bindparam("code")
)


def get_edition(code: str) -> Edition:
    """Return the edition with this code.  Raises NotFound."""
    found = find_edition(code)
    if found is None:
        raise NotFound
    return found


def find_edition(code: str) -> Edition | None:
    """Return the edition with this code, or None."""
    return db.session.scalars(select(Edition).where(Edition.code == code)).one_or_none()


def lock_edition(edition: Edition) -> None:
    """Let nobody else change the edition, or register in it, until the transaction ends; and read it afresh.

    SQLite needs no row locks: only one transaction writes at a time there.
    """
    db.session.refresh(edition, with_for_update={"of": Edition})


def find_version(code: str) -> tuple[int, int] | None:
    """Return id and programme_version of the edition with this code, or None; as quickly as can be."""
    row = ask_at_once(_VERSION, code=code)
    return (row[0], row[1]) if row else None


def list_editions() -> list[Edition]:
    """Return every edition, the latest first."""
    return list(db.session.scalars(select(Edition).order_by(Edition.starts_on.desc(), Edition.id)))


def find_current_edition(today: date) -> Edition | None:
    """Return the edition that the front page shows on `today`, or None where there is none."""
    return rules.pick_current([(e.starts_on, e.ends_on, e) for e in list_editions()], today)


def list_documents(edition_id: int) -> list[LegalDocument]:
    """Return the documents that the edition rests on, in their order."""
    return list(
        db.session.scalars(
            select(LegalDocument)
            .where(LegalDocument.edition_id == edition_id)
            .order_by(LegalDocument.position)
        )
    )
