"""What every page of an agency's nomination loads first."""

from flask import g

from dxday import db
from dxday.core import clock
from dxday.core.permissions import Permission
from dxday.nominations import queries, services
from dxday.nominations.models import Nomination


def mine() -> frozenset[int]:
    """Return the agencies for which the reader nominates in this edition."""
    agencies: frozenset[int] = g.actor.organisation_ids(Permission.NOMINATION_WRITE, edition_id=g.edition.id)
    return agencies


def own(code: str) -> Nomination:
    """Return a nomination of the reader's agencies.  Raises NotFound."""
    return queries.get_own(g.edition.id, code, mine())


def note_look(nomination: Nomination) -> None:
    """Note in the audit trail that the page shows what the dossier says, to its own agency as to everybody."""
    with db.transaction():
        services.note_viewed(nomination, actor=g.actor, now=clock.now())
