"""Pages of long work: what was asked for, how far it is, its file."""

from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters import storage
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.errors import NotAllowed, NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.operations import kinds, queries, rules, services
from dxday.operations.models import Operation
from dxday.web.access import requires
from dxday.web.filters import number
from dxday.web.forms import Form

bp = Blueprint("operations", __name__, url_prefix="/manage/<edition_code>/operations")

SHAPES = {
    Carriage.QUEUED: "neutral",
    Carriage.CLAIMED: "info",
    Carriage.DONE: "good",
    Carriage.FAILED: "bad",
    Carriage.CANCELLED: "neutral",
}


@bp.get("")
@requires(Permission.STAFF_HOME)
def index() -> ResponseReturnValue:
    mine = {name: kind for name, kind in kinds.known().items() if _is_mine(kind)}
    return render_template(
        "operations/index.html",
        listed=queries.list_operations(g.edition.id, list(mine)),
        kinds=mine,
        states=rules.STATE_NAMES,
        shapes=SHAPES,
    )


@bp.get("/<int:operation_id>")
@requires(Permission.STAFF_HOME)
def show(operation_id: int) -> ResponseReturnValue:
    operation, kind = _load(operation_id)
    return render_template(
        "operations/show.html",
        operation=operation,
        kind=kind,
        states=rules.STATE_NAMES,
        shapes=SHAPES,
        ended=operation.carriage in rules.ENDED,
        left=_seconds_left(operation),
        described=kind.describe(operation.answer) if kind.describe and operation.answer else None,
    )


@bp.get("/<int:operation_id>/progress")
@requires(Permission.STAFF_HOME)
def progress(operation_id: int) -> ResponseReturnValue:
    operation, _kind = _load(operation_id)
    total = operation.total or 0
    return {
        "value": operation.done,
        "max": max(total, 1),
        "text": _("%(value)s of %(max)s", value=number(operation.done), max=number(total))
        if total
        else str(rules.STATE_NAMES[operation.carriage]),
        "done": operation.carriage in rules.ENDED,
    }


@bp.post("/<int:operation_id>/cancel")
@requires(Permission.STAFF_HOME)
def cancel(operation_id: int) -> ResponseReturnValue:
    operation, _kind = _load(operation_id)
    if Form().validate_on_submit():
        try:
            with db.transaction():
                services.cancel_operation(operation, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(_("It will stop at its next step."), "success")
    return redirect(url_for(".show", operation_id=operation_id))


@bp.get("/<int:operation_id>/file")
@requires(Permission.STAFF_HOME)
def file(operation_id: int) -> ResponseReturnValue:
    operation, _kind = _load(operation_id)
    if operation.carriage is not Carriage.DONE:
        raise rules.NotFinished
    if operation.storage_key is None:
        raise rules.FileGone
    store = storage.open_storage(current_app.extensions["dxday_settings"].storage_url)
    try:
        data = store.get(operation.storage_key)
    except storage.FileMissing as error:
        raise rules.FileGone from error
    response = Response(data, content_type=operation.media_type or "application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=operation.file_name or "file")
    response.headers["Cache-Control"] = "no-store"
    return response


def _load(operation_id: int) -> tuple[Operation, kinds.OperationKind]:
    """Return an operation of a kind that the actor may ask for.  Raises NotFound, NotAllowed."""
    operation = queries.get_operation(g.edition.id, operation_id)
    kind = kinds.known().get(operation.kind)
    if kind is None:
        raise NotFound
    if not _is_mine(kind):
        raise NotAllowed
    return operation, kind


def _is_mine(kind: kinds.OperationKind) -> bool:
    return bool(g.actor.may(kind.permission, edition_id=g.edition.id))


def _seconds_left(operation: Operation) -> int | None:
    """Guess how long it will take, from how long it has taken so far; None while nobody can know."""
    if operation.carriage is not Carriage.CLAIMED or not operation.total or not operation.done:
        return None
    assert operation.started_at is not None
    so_far = (clock.now() - operation.started_at).total_seconds()
    return round(so_far * (operation.total - operation.done) / operation.done)
