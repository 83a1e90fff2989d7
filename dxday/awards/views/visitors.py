"""The honour roll, open to everybody."""

from itertools import groupby

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from dxday.awards import queries
from dxday.awards.models import Award
from dxday.core.vietnamese import fold
from dxday.web.access import open_to_all

bp = Blueprint("honours", __name__)


@bp.get("/<edition_code>/honours")
@open_to_all
def index() -> ResponseReturnValue:
    awards = queries.list_awards(g.edition.id)
    text = request.args.get("q", "")
    category_id = request.args.get("category", type=int)
    found = [
        award for award in awards if category_id in (None, award.category_id) and _speaks_of(award, text)
    ]
    return render_template(
        "honours/index.html",
        awards=awards,
        found=found,
        categories=[
            (category, len(list(each))) for category, each in groupby(awards, key=lambda each: each.category)
        ],
        schemes=[
            (scheme, [(category, list(own)) for category, own in groupby(each, key=lambda a: a.category)])
            for scheme, each in groupby(found, key=lambda award: award.category.scheme)
        ],
        text=text,
        category_id=category_id,
    )


def _speaks_of(award: Award, text: str) -> bool:
    """Tell whether an award holds the words that are looked for, marks and capitals aside."""
    where = [award.recipient_name, award.recipient_position, award.achievement, award.decision.number]
    return fold(text) in fold(" ".join([*where, *award.organisation_name.values()]))
