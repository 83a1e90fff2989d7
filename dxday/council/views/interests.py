"""Pages on which the secretary sees, sets and lifts conflicts of interest."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from dxday import db
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.council import queries
from dxday.council.forms import LiftForm, PinForm, VersionForm
from dxday.council.rules import CONFLICT_KIND_NAMES, CONFLICT_SOURCE_NAMES, ConflictKind, ConflictSource
from dxday.council.services import interests as services
from dxday.council.views.shared import member, only_council, sitting
from dxday.web.access import requires

bp = Blueprint("interests", __name__, url_prefix="/council/<edition_code>/conflicts")


@bp.context_processor
def _names() -> dict[str, Any]:
    return {"kind_names": CONFLICT_KIND_NAMES, "source_names": CONFLICT_SOURCE_NAMES}


@bp.get("/")
@requires(Permission.COUNCIL_MANAGE)
def index() -> ResponseReturnValue:
    return only_council(".show")


@bp.get("/<council_code>/")
@requires(Permission.COUNCIL_MANAGE)
def show(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    wish = request.args.get("source", "")
    source = ConflictSource(wish) if wish in set(ConflictSource) else None
    conflicts = queries.list_conflicts(council.id)
    return render_template(
        "interests/show.html",
        councils=queries.list_councils(g.edition.id),
        council=council,
        conflicts=[each for each in conflicts if source in (None, each.source)],
        counts={each: sum(1 for c in conflicts if c.source is each) for each in ConflictSource},
        source=source,
        total=len(conflicts),
        terms=sitting(council),
        declared=queries.count_declared(council.id),
        dossiers=len(queries.list_dossiers([council.id])),
        button=VersionForm(),
    )


@bp.post("/<council_code>/detect")
@requires(Permission.COUNCIL_MANAGE)
def detect(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    if VersionForm().validate_on_submit():
        with db.transaction():
            found = services.detect_conflicts(council, actor=g.actor, now=clock.now())
        flash(
            ngettext("%(num)s new conflict was found.", "%(num)s new conflicts were found.", found)
            if found
            else _("No new conflict was found."),
            "success",
        )
    return redirect(url_for(".show", council_code=council.code))


@bp.route("/<council_code>/new", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def pin(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    form = PinForm(sitting(council))
    if form.validate_on_submit():
        try:
            nomination = queries.get_dossier(council.id, form.code.data.strip().upper())
        except NotFound:
            form.code.errors = [_("No dossier before this council has this code.")]
        else:
            account = member(council, form.member.data)
            with db.transaction():
                services.pin_conflict(
                    nomination,
                    account,
                    kind=ConflictKind(form.kind.data),
                    detail=form.detail.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
            flash(
                _(
                    "%(name)s is kept away from dossier %(code)s.",
                    name=account.full_name,
                    code=nomination.code,
                ),
                "success",
            )
            return redirect(url_for(".show", council_code=council.code))
    return render_template("interests/pin.html", form=form, council=council)


@bp.route("/<council_code>/<int:conflict_id>/lift", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def lift(council_code: str, conflict_id: int) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    conflict = queries.get_conflict(council.id, conflict_id)
    form = LiftForm()
    if conflict.source is not ConflictSource.DETECTED:
        del form["alike"]
    if form.validate_on_submit():
        alike = "alike" in form and form.alike.data
        try:
            with db.transaction():
                if alike:
                    services.lift_alike(
                        council, conflict, reason=form.reason.data, actor=g.actor, now=clock.now()
                    )
                else:
                    services.lift_conflict(conflict, reason=form.reason.data, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Lifted. The reason is in the audit trail."), "success")
            return redirect(url_for(".show", council_code=council.code))
    return render_template("interests/lift.html", form=form, council=council, conflict=conflict)
