"""The page on which organizers read the trail."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from dxday.audit import queries
from dxday.core.permissions import Permission
from dxday.web.access import requires

bp = Blueprint("audit", __name__)


@bp.get("/manage/<edition_code>/audit")
@requires(Permission.AUDIT_VIEW)
def index() -> ResponseReturnValue:
    return render_template(
        "audit/index.html",
        entries=queries.list_entries(edition_id=g.edition.id),
        broken=queries.find_broken_link(),
    )
