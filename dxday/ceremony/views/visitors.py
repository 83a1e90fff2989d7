"""The hall of honour, open to everybody: what was announced and stands."""

from itertools import groupby

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from dxday.ceremony.queries import hall
from dxday.core.errors import NotFound
from dxday.schemes.rules import NOMINEE_KIND_NAMES, NomineeKind
from dxday.web.access import open_to_all
from dxday.web.converters import row_id

bp = Blueprint("honours", __name__)


@bp.get("/<edition_code>/honours")
@open_to_all
def index() -> ResponseReturnValue:
    wish = _wish()
    # A page that is printed holds everything that was found.
    page = None if request.args.get("all") == "1" else request.args.get("page", 1, type=row_id)
    found = hall.read_hall(g.edition.id, wish, page=page)
    return render_template(
        "honours/index.html",
        hall=found,
        groups=[
            (scheme, [(category, list(own)) for category, own in groupby(each, key=lambda a: a.category)])
            for scheme, each in groupby(found.awards, key=lambda award: award.category.scheme)
        ],
        schemes=[
            (scheme, sum(number for _category, number in each))
            for scheme, each in (
                (scheme, list(each))
                for scheme, each in groupby(found.categories, key=lambda counted: counted[0].scheme)
            )
        ],
        wish=wish,
        kind_names=NOMINEE_KIND_NAMES,
        others=hall.list_other_halls(g.edition),
    )


@bp.get("/<edition_code>/honours/<code>")
@open_to_all
def show(code: str) -> ResponseReturnValue:
    try:
        award, summary = hall.get_announced(g.edition.id, code)
    except NotFound:
        if hall.was_announced_and_recalled(g.edition.id, code):
            return render_template("honours/recalled.html"), 410
        raise
    return render_template("honours/show.html", award=award, summary=summary)


def _wish() -> hall.Wish:
    kind = request.args.get("kind", "")
    return hall.Wish(
        text=request.args.get("q", ""),
        scheme_id=request.args.get("scheme", type=row_id),
        category_id=request.args.get("category", type=row_id),
        kind=NomineeKind(kind) if kind in set(NomineeKind) else None,
        site_id=request.args.get("site", type=row_id),
    )
