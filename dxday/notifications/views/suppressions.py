"""Pages for staff: addresses that are spared letters, because letters come back from them or nobody wants them."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.notifications import queries, rules, services
from dxday.notifications.forms import ReleaseForm, SpareForm
from dxday.web.access import requires

bp = Blueprint("suppressions", __name__, url_prefix="/manage/<edition_code>/messages/spared")

PAGE = 50


@bp.context_processor
def names() -> dict[str, object]:
    """Give every page the words for scopes and reasons."""
    return {"scopes": rules.SCOPE_NAMES, "reasons": rules.SUPPRESSION_REASON_NAMES}


@bp.get("")
@requires(Permission.MAIL_VIEW)
def index() -> ResponseReturnValue:
    total = queries.count_suppressions(g.edition.id)
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "messages/spared.html",
        listed=queries.list_suppressions(g.edition.id, limit=PAGE, offset=(page - 1) * PAGE),
        total=total,
        page=page,
        pages=pages,
    )


@bp.route("/add", methods=["GET", "POST"])
@requires(Permission.MAIL_VIEW)
def add() -> ResponseReturnValue:
    form = SpareForm()
    if not g.actor.may_everywhere(Permission.MAIL_VIEW_ALL):
        form.scope.choices = [each for each in form.scope.choices if each.value != rules.SuppressionScope.ALL]
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.spare_address(
                    g.edition.id,
                    form.address.data,
                    scope=rules.SuppressionScope(form.scope.data),
                    note=form.note.data,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("%(address)s is spared from now on.", address=form.address.data), "success")
            return redirect(url_for(".index"))
    return render_template("messages/spare.html", form=form)


@bp.route("/<int:suppression_id>/release", methods=["GET", "POST"])
@requires(Permission.MAIL_VIEW)
def release(suppression_id: int) -> ResponseReturnValue:
    suppression = queries.get_suppression(g.edition.id, suppression_id)
    form = ReleaseForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.release_suppression(
                    suppression, reason=form.reason.data, actor=g.actor, now=clock.now()
                )
        except rules.OnlyTheReader as refusal:
            form.refuse(refusal)
        else:
            flash(_("Letters may go to %(address)s again.", address=suppression.address_key), "success")
            return redirect(url_for(".index"))
    return render_template("messages/release.html", form=form, suppression=suppression)
