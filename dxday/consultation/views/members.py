"""What a reader on the council sees of comments on their dossier: how many, and what became of them."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.consultation import queries, rules
from dxday.core import clock
from dxday.core.errors import NotFound
from dxday.core.permissions import Permission
from dxday.council import queries as councils
from dxday.nominations import services as nomination_services
from dxday.web.access import requires

bp = Blueprint("comment_texts", __name__, url_prefix="/sit/<edition_code>")


@bp.get("/dossiers/<code>/comments")
@requires(Permission.COUNCIL_SIT)
def show(code: str) -> ResponseReturnValue:
    """Without names: who commented is the secretary's to know."""
    account_id: int = g.actor.account_id
    nomination = councils.find_reading(g.edition.id, code, account_id)
    if nomination is None or councils.find_barred(account_id, [nomination]):
        raise NotFound
    with db.transaction():
        nomination_services.note_viewed(nomination, actor=g.actor, now=clock.now())
    comments = queries.list_about(nomination.id)
    return render_template(
        "consultation/for_members.html",
        nomination=nomination,
        total=len(comments),
        disposed=[each for each in comments if each.outcome is not None],
        outcome_names=rules.OUTCOME_NAMES,
    )
