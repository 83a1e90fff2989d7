"""Pages on which an agency sends a list of nominees, looks at it and takes it over, and gets its own list."""

from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from dxday import db
from dxday.accounts import queries as accounts
from dxday.adapters import spreadsheets
from dxday.adapters.storage import Storage, open_storage
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.nominations import queries as nominations
from dxday.nominations.lists import queries, services, tables
from dxday.nominations.lists.forms import ListForm, TakeOverForm
from dxday.schemes import queries as schemes
from dxday.web.access import requires
from dxday.web.forms import clean_line
from dxday.web.languages import current_locale

bp = Blueprint("nominee_lists", __name__, url_prefix="/agency/<edition_code>/nominations")

SHOWN = 200
"""How many rows of a kind the page lists."""


@bp.route("/import", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def index() -> ResponseReturnValue:
    organisations = accounts.list_organisations(_mine())
    form = ListForm(organisations)
    status = 200
    if organisations and form.validate_on_submit():
        chosen = int(form.organisation.data) if "organisation" in form else organisations[0].id
        try:
            with db.transaction():
                kept = services.keep_list(
                    g.edition,
                    next(each for each in organisations if each.id == chosen),
                    filename=clean_line(form.file.data.filename)[-120:],
                    data=form.file.data.read(),
                    storage=_storage(),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            return redirect(url_for(".preview", list_code=kept.code))
    return render_template(
        "nominations/lists/index.html",
        form=form,
        organisations=organisations,
        call=g.edition.nominations,
        now=clock.now(),
    ), status


@bp.route("/import/<list_code>", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def preview(list_code: str) -> ResponseReturnValue:
    kept = queries.get_list(g.edition.id, list_code, _mine())
    form = TakeOverForm()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                count = services.import_list(
                    kept,
                    contact_name=g.actor.label,
                    contact_email=g.actor.email or "",
                    contact_locale=current_locale(),
                    storage=_storage(),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(ngettext("%(num)s draft was made.", "%(num)s drafts were made.", count), "success")
            return redirect(url_for("nominations.index"))
    kept = queries.get_list(g.edition.id, list_code, _mine())
    return render_template(
        "nominations/lists/preview.html",
        kept=kept,
        found=services.look_at(kept, storage=_storage()),
        categories={
            category.id: (scheme, category)
            for scheme in schemes.list_schemes(g.edition.id)
            for category in scheme.categories
        },
        form=form,
        shown=SHOWN,
        call=g.edition.nominations,
        now=clock.now(),
    ), status


@bp.get("/import/template.<form>")
@requires(Permission.NOMINATION_WRITE)
def template(form: str) -> ResponseReturnValue:
    if form not in spreadsheets.MEDIA_TYPES:
        raise NotFound
    table = tables.write_template(form, schemes.list_schemes(g.edition.id), current_locale())
    return _file(table, form, "trich-ngang")


@bp.get("/list.<form>")
@requires(Permission.NOMINATION_WRITE)
def export(form: str) -> ResponseReturnValue:
    if form not in spreadsheets.MEDIA_TYPES:
        raise NotFound
    own = sorted(nominations.list_own(g.edition.id, _mine()), key=lambda each: each.id)
    table = tables.write_list(form, own, current_locale(), more=(_("Code"), _("State")))
    with db.transaction():
        services.note_export(g.edition, count=len(own), actor=g.actor, now=clock.now())
    return _file(table, form, f"nominations-{g.edition.code}")


def _file(table: bytes, form: str, name: str) -> Response:
    response = Response(table, content_type=spreadsheets.MEDIA_TYPES[form])
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{form}")
    return response


def _mine() -> frozenset[int]:
    """The agencies for which the reader nominates in this edition."""
    mine: frozenset[int] = g.actor.organisation_ids(Permission.NOMINATION_WRITE, edition_id=g.edition.id)
    return mine


def _storage() -> Storage:
    return open_storage(current_app.extensions["dxday_settings"].storage_url)
