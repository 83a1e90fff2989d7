"""Pages of those who plan: upload a file, look at the differences, take it over; where the programme is as a file."""

from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters import storage
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.exchange import operations, rules, services, templates
from dxday.exchange.forms import AgainForm, ApplyForm, UploadForm
from dxday.operations import jobs, queries
from dxday.operations import services as requests
from dxday.operations.kinds import OperationKind
from dxday.operations.models import Operation
from dxday.operations.rules import ENDED
from dxday.web.access import requires
from dxday.web.languages import current_locale

bp = Blueprint("exchange", __name__, url_prefix="/manage/<edition_code>/programme/import")

SMALL = 3_000_000
"""Bytes up to which a file is dealt with while the person waits; what is larger goes to a worker."""

SHOWN = 200
"""How many sessions of a kind the page lists."""


@bp.route("", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def index() -> ResponseReturnValue:
    form = UploadForm()
    status = 200
    if form.validate_on_submit():
        data = form.file.data.read()
        name = rules.tidy_line(form.file.data.filename)[-120:]
        operation = _compare(data, name, make_rooms=form.make_rooms.data)
        if operation.carriage is Carriage.DONE and (refused := (operation.answer or {}).get("refused")):
            form.file.errors = [refused]
            status = 422
        else:
            return redirect(url_for(".preview", operation_id=operation.id))
    return render_template("exchange/index.html", form=form), status


@bp.route("/<int:operation_id>", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def preview(operation_id: int) -> ResponseReturnValue:
    compared = _compared(operation_id)
    if compared.carriage not in ENDED or compared.answer is None:
        return redirect(url_for("operations.show", operation_id=operation_id))
    found = compared.answer
    form = ApplyForm(data={"seen": found.get("fingerprint"), "cancel_missing": _knows_ours(found)})
    status = 200
    stale = "fingerprint" in found and services.fingerprint(g.edition.id) != found["fingerprint"]
    if form.validate_on_submit() and "fingerprint" in found:
        if found["error_count"] and not form.leave_out.data:
            form.refuse(rules.ErrorsNotAccepted())
            status = 422
        else:
            done = _take_over(compared, cancel_missing=form.cancel_missing.data)
            if done.carriage is Carriage.DONE:
                flash(_("Imported into the draft. Visitors see it after the next release."), "success")
                return redirect(url_for("programme.index"))
            if done.carriage not in ENDED:
                return redirect(url_for("operations.show", operation_id=done.id))
            stale, status = services.fingerprint(g.edition.id) != found["fingerprint"], 409
            if not stale:
                form.refusals.append(done.error or str(_("This could not be done.")))
    return render_template(
        "exchange/preview.html", compared=compared, found=found, form=form, stale=stale, shown=SHOWN
    ), status


@bp.post("/<int:operation_id>/again")
@requires(Permission.PROGRAMME_EDIT)
def again(operation_id: int) -> ResponseReturnValue:
    compared = _compared(operation_id)
    if not AgainForm().validate_on_submit() or compared.storage_key is None:
        flash(_("The file is no longer kept. Upload it once more."), "warning")
        return redirect(url_for(".index"))
    data = _storage().get(compared.storage_key)
    fresh = _compare(data, compared.file_name or "", make_rooms=compared.arguments.get("make_rooms") is True)
    return redirect(url_for(".preview", operation_id=fresh.id))


@bp.get("/template.<form>")
@requires(Permission.PROGRAMME_EDIT)
def template(form: str) -> ResponseReturnValue:
    if form not in templates.MEDIA_TYPES:
        raise NotFound
    table = templates.write(form, current_locale(), g.edition.starts_on)
    response = Response(table, content_type=templates.MEDIA_TYPES[form])
    response.headers.set("Content-Disposition", "attachment", filename=f"programme.{form}")
    return response


def _compare(data: bytes, name: str, *, make_rooms: bool) -> Operation:
    key = f"imports/{uuid4().hex}"
    _storage().put(key, data)
    return _ask(
        operations.COMPARE,
        key=key,
        arguments={"file": key, "name": name, "locale": current_locale(), "make_rooms": make_rooms},
        at_once=len(data) <= SMALL,
    )


def _knows_ours(found: dict[str, Any]) -> bool:
    """Return whether any session of the file is already here; if none is, the file adds to the programme."""
    if "counts" not in found:
        return False
    return found["counts"]["sessions"] > found["new"] + found["error_count"]


def _take_over(compared: Operation, *, cancel_missing: bool) -> Operation:
    """Ask for the import of a compared file; the same wish sent twice is one."""
    found = compared.answer or {}
    return _ask(
        operations.IMPORT,
        key=f"programme-import:{compared.id}",
        arguments={
            "compared": compared.id,
            "seen": found["fingerprint"],
            "locale": current_locale(),
            "cancel_missing": cancel_missing,
            "make_rooms": compared.arguments.get("make_rooms") is True,
        },
        at_once=found["counts"]["sessions"] <= 1_000,
    )


def _ask(kind: OperationKind, *, key: str, arguments: dict[str, object], at_once: bool) -> Operation:
    with db.transaction():
        operation = requests.request_operation(
            kind, key=key, edition_id=g.edition.id, arguments=arguments, actor=g.actor, now=clock.now()
        )
    if at_once:
        jobs.carry_operation(
            operation.id, clock.now()
        )  # a worker that is quicker has it, and it is done once
    db.db.session.expire(operation)
    return queries.get_operation(g.edition.id, operation.id)


def _compared(operation_id: int) -> Operation:
    operation = queries.get_operation(g.edition.id, operation_id)
    if operation.kind != operations.COMPARE.name:
        raise NotFound
    return operation


def _storage() -> storage.Storage:
    return storage.open_storage(current_app.extensions["dxday_settings"].storage_url)
