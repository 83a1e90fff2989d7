"""Pages: asking the solver for places, for a better programme, or for a repair."""

from flask import Blueprint, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.conflicts import queries as conflicts
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.operations import queries as operations
from dxday.operations.rules import STATE_NAMES
from dxday.scheduling import queries, rules, services
from dxday.scheduling.forms import SearchForm, Things
from dxday.scheduling.operations import SEARCH
from dxday.scheduling.rules import Task
from dxday.sites import queries as sites
from dxday.solver import model
from dxday.web.access import requires
from dxday.web.filters import text

bp = Blueprint("scheduling", __name__, url_prefix="/manage/<edition_code>/programme/solve")


@bp.route("", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def index() -> ResponseReturnValue:
    unplaced = queries.count_unplaced(g.edition.id)
    form = SearchForm(
        things=_things(),
        data={
            "task": Task.PLACE.value if unplaced else Task.IMPROVE.value,
            "keep_published": True,
            "opens": rules.OPENS,
            "closes": rules.CLOSES,
            "seconds": rules.USUAL,
            "from_day": g.edition.starts_on,
            "from_time": rules.OPENS,
            "to_day": g.edition.starts_on,
            "to_time": rules.CLOSES,
        },
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                operation = services.request_search(
                    SEARCH, g.edition, form.wish(), guid=form.search_guid, actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            return redirect(url_for("operations.show", operation_id=operation.id))
    return render_template(
        "scheduling/index.html",
        form=form,
        unplaced=unplaced,
        there=model.is_installed(),
        searches=operations.list_operations(g.edition.id, [SEARCH.name], limit=10),
        states=STATE_NAMES,
    ), status


def _things() -> Things:
    facts = conflicts.load_facts(g.edition.id)
    found: list[tuple[str, str]] = []
    for site in sites.list_sites(g.edition.id):
        found.append((f"site:{site.id}", _("Site: %(name)s", name=text(site.name))))
        found += [
            (f"room:{room.id}", _("Room: %(name)s", name=f"{text(room.name)}, {text(site.name)}"))
            for room in site.rooms
        ]
    found += [
        (f"person:{person_id}", _("Person: %(name)s", name=name))
        for person_id, name in sorted(facts.people.items(), key=lambda each: each[1])
    ]
    return found
