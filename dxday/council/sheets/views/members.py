"""Pages on which council members score the dossiers that they read."""

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal, Stale
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.council import queries as council
from dxday.council.sheets import queries, rules, services
from dxday.council.sheets.forms import FieldForm, ReasonForm, SheetForm, held_in, sheet_form
from dxday.nominations.models import Nomination
from dxday.web.access import requires
from dxday.web.filters import clock as clock_time
from dxday.web.forms import EXPIRED, seen_version

bp = Blueprint("sheets", __name__, url_prefix="/sit/<edition_code>")


@bp.get("/sheets")
@requires(Permission.COUNCIL_SIT)
def index() -> ResponseReturnValue:
    readings = council.list_shown_readings(g.actor.account_id, g.edition.id)
    return render_template(
        "council/sheets/index.html",
        readings=readings,
        sheets=queries.list_own_sheets(g.actor.account_id, g.edition.id),
        closings=queries.list_closings(g.edition.id),
        state_names=rules.SHEET_STATE_NAMES,
        now=clock.now(),
    )


@bp.route("/<code>/sheet", methods=["GET", "POST"])
@requires(Permission.COUNCIL_SIT)
def edit(code: str) -> ResponseReturnValue:
    nomination = _open(code)
    sheet = queries.find_sheet(nomination.id, g.actor.account_id)
    form = sheet_form(queries.list_criteria(nomination.category), sheet)
    if form.validate_on_submit():
        handed_in = request.form.get("act") == "submit"
        try:
            with db.transaction():
                act = services.submit_sheet if handed_in else services.save_sheet
                act(nomination, form.written(), actor=g.actor, now=clock.now())
        except rules.FieldChanged as changed:
            _show_both(form, changed)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(
                _("Your score sheet was submitted.") if handed_in else _("Your score sheet was saved."),
                "success",
            )
            return redirect(url_for(".edit", code=nomination.code))
    return _sheet_page(_own(code), form)


@bp.post("/<code>/sheet/field")
@requires(Permission.COUNCIL_SIT)
def save(code: str) -> ResponseReturnValue:
    """Save one field of the page by itself; answers in JSON, the same for what is not theirs and what is not there."""
    form = FieldForm()
    if not form.validate():
        words = [*form.refusals, *(str(error) for errors in form.errors.values() for error in errors)]
        return jsonify(message=words[0] if words else str(EXPIRED)), 422
    now = clock.now()
    try:
        nomination = _own(code)
        with db.transaction():
            version = services.save_field(
                nomination,
                form.field.data,
                form.value.data or "",
                seen=seen_version(form.version),
                actor=g.actor,
                now=now,
            )
    except rules.FieldChanged as changed:
        return jsonify(
            message=str(changed), value=changed.facts["value"], version=changed.facts["version"]
        ), 409
    except Refusal as refusal:
        return jsonify(message=str(refusal)), refusal.status
    return jsonify(version=version, said=_("Saved at %(time)s", time=clock_time(now)))


@bp.route("/<code>/sheet/decline", methods=["GET", "POST"])
@requires(Permission.COUNCIL_SIT)
def decline(code: str) -> ResponseReturnValue:
    nomination = _open(code)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.decline_to_read(nomination, reason=form.reason.data, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The secretary was told that you do not read this dossier."), "success")
            return redirect(url_for(".index"))
    return render_template("council/sheets/decline.html", nomination=_own(code), form=form)


def _own(code: str) -> Nomination:
    return queries.get_own_nomination(g.edition.id, code, g.actor.account_id)


def _open(code: str) -> Nomination:
    """Return a dossier whose sheet may be shown.  Raises NotFound, also when the rules find a conflict only now."""
    nomination = _own(code)
    if council.find_barred(g.actor.account_id, [nomination]):
        raise NotFound
    return nomination


def _sheet_page(nomination: Nomination, form: SheetForm) -> ResponseReturnValue:
    criteria = queries.list_criteria(nomination.category)
    sheet = queries.find_sheet(nomination.id, g.actor.account_id)
    closes_at = queries.find_closing(nomination.category.scheme_id)
    return render_template(
        "council/sheets/edit.html",
        nomination=nomination,
        form=form,
        criteria=criteria,
        sheet=sheet,
        held=held_in(criteria, sheet),
        whole=sum(each.weight for each in criteria),
        closes_at=closes_at,
        writable=rules.is_writable(
            sheet.state if sheet else rules.SheetState.OPEN,
            before_council=nomination.state == "admitted",
            closes_at=closes_at,
            reopened=sheet is not None and sheet.reopened_at is not None,
            now=clock.now(),
        ),
        others=queries.list_submitted_beside(nomination.id, g.actor.account_id),
        recommendations=rules.RECOMMENDATION_NAMES,
    )


def _show_both(form: SheetForm, changed: Stale) -> None:
    """Put the other value beside the field; what was typed stays, and sent once more it counts."""
    name, value = changed.facts["field"], changed.facts["value"]
    form[name].errors = [
        *form[name].errors,
        str(changed),
        _("In the other window: “%(value)s”.", value=value or "–"),
    ]
    form[f"version-{name}"].data = str(changed.facts["version"])
