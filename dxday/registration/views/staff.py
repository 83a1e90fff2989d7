"""Registrations for the people who organise: seats, search, list, export."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.i18n import pick
from dxday.core.permissions import Permission
from dxday.operations import services as requests
from dxday.registration import operations, queries, rules, services
from dxday.registration.forms import ExportForm, SeatsForm
from dxday.sites import queries as sites
from dxday.web.access import requires
from dxday.web.converters import row_id
from dxday.web.languages import current_locale

bp = Blueprint("registration", __name__, url_prefix="/manage/<edition_code>/registrations")

PAGE = 50
TWICE = 5
"""Seconds within which a second click means the same wish."""


@bp.get("")
@requires(Permission.REGISTRATION_VIEW)
def index() -> ResponseReturnValue:
    text = request.args.get("q", "").strip()
    pool_id = request.args.get("pool", type=row_id)
    ids = queries.find_ids(g.edition.id, text=text, pool_id=pool_id)
    pages = max(1, -(-len(ids) // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "registration/index.html",
        pools=queries.list_pools(g.edition.id),
        registrations=queries.list_registrations(ids[(page - 1) * PAGE : page * PAGE]),
        found=len(ids),
        text=text,
        pool_id=pool_id,
        page=page,
        pages=pages,
        modes=rules.SEAT_MODE_NAMES,
        states=rules.REGISTRATION_STATE_NAMES,
    )


@bp.route("/seats", methods=["GET", "POST"])
@requires(Permission.EDITION_MANAGE)
def seats() -> ResponseReturnValue:
    form = SeatsForm(site=request.args.get("site"), mode=request.args.get("mode"))
    known = {site.code: site for site in sites.list_sites(g.edition.id)}
    form.offer([(code, pick(site.name, current_locale())) for code, site in known.items()])
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.set_seats(
                    known[form.site.data],
                    mode=rules.SeatMode(form.mode.data),
                    capacity=form.capacity.data,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The seats were saved."), "success")
            return redirect(url_for(".index"))
    return render_template("registration/seats.html", form=form)


@bp.post("/export")
@requires(Permission.REGISTRATION_VIEW)
def export() -> ResponseReturnValue:
    if not ExportForm().validate_on_submit():
        flash(_("This page had been open for too long. Try once more."), "warning")
        return redirect(url_for(".index"))
    now = clock.now()
    with db.transaction():
        operation = requests.request_operation(
            operations.EXPORT,
            key=f"registrations-export:{g.edition.id}:{g.actor.account_id}:{now.timestamp() // TWICE:.0f}",
            edition_id=g.edition.id,
            arguments={"locale": current_locale()},
            actor=g.actor,
            now=now,
        )
    return redirect(url_for("operations.show", operation_id=operation.id))
