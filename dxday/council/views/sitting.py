"""Pages of a council member: what they read, and where they say from what they must keep away."""

from io import BytesIO
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters.storage import open_storage
from dxday.core import clock
from dxday.core.errors import NotFound
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.council import queries
from dxday.council.forms import ConflictForm, VersionForm, conflicts_in, declare_form
from dxday.council.rules import CONFLICT_KIND_NAMES, ConflictKind
from dxday.council.services import interests as services
from dxday.nominations import content
from dxday.nominations import queries as nominations
from dxday.nominations import services as nomination_services
from dxday.nominations.models import Nomination
from dxday.web.access import requires

bp = Blueprint("sitting", __name__, url_prefix="/sit/<edition_code>")

AT_ONCE = 50
"""For how many dossiers a member declares on one page."""


@bp.context_processor
def _names() -> dict[str, Any]:
    return {"conflict_kind_names": CONFLICT_KIND_NAMES}


@bp.get("/")
@requires(Permission.COUNCIL_SIT)
def index() -> ResponseReturnValue:
    return render_template(
        "sitting/index.html",
        readings=queries.list_shown_readings(_me(), g.edition.id),
        undeclared=len(_undeclared()),
        sits=bool(queries.list_council_ids_of(_me(), g.edition.id, _today())),
    )


@bp.route("/conflicts", methods=["GET", "POST"])
@requires(Permission.COUNCIL_SIT)
def declare() -> ResponseReturnValue:
    """What a member sees of a dossier before they have said this is who is nominated by whom, and no more."""
    waiting = _undeclared()
    asked = waiting[:AT_ONCE]
    if request.method == "POST":
        asked = [each for each in waiting if f"kind_{each.code}" in request.form]
    form = declare_form(asked)
    if asked and form.validate_on_submit():
        with db.transaction():
            services.declare(asked, conflicts_in(form, asked), actor=g.actor, now=clock.now())
        flash(_("Thank you. Your declaration is noted."), "success")
        return redirect(url_for(".declare" if len(waiting) > len(asked) else ".index"))
    return render_template(
        "sitting/declare.html",
        form=form,
        asked=asked,
        waiting=len(waiting),
        declared=queries.list_declared(_me(), g.edition.id),
    )


@bp.post("/conflicts/<int:conflict_id>/take-back")
@requires(Permission.COUNCIL_SIT)
def take_back(conflict_id: int) -> ResponseReturnValue:
    conflict = queries.get_declared(_me(), g.edition.id, conflict_id)
    if VersionForm().validate_on_submit():
        with db.transaction():
            services.take_back(conflict, actor=g.actor, now=clock.now())
        flash(_("Taken back. The secretary decides whether you read the dossier."), "success")
    return redirect(url_for(".declare"))


@bp.get("/dossiers/<code>")
@requires(Permission.COUNCIL_SIT)
def dossier(code: str) -> ResponseReturnValue:
    nomination = _open(code)
    with db.transaction():
        nomination_services.note_viewed(nomination, actor=g.actor, now=clock.now())
    return render_template(
        "sitting/dossier.html",
        nomination=nomination,
        content=content.read_content(nomination, sensitive=False),
    )


@bp.route("/dossiers/<code>/conflict", methods=["GET", "POST"])
@requires(Permission.COUNCIL_SIT)
def keep_away(code: str) -> ResponseReturnValue:
    nomination = _open(code)
    form = ConflictForm()
    if form.validate_on_submit():
        with db.transaction():
            services.declare(
                [nomination],
                {nomination.id: (ConflictKind(form.kind.data), form.detail.data or "")},
                actor=g.actor,
                now=clock.now(),
            )
        flash(_("Thank you. The dossier was taken off your desk."), "success")
        return redirect(url_for(".index"))
    return render_template("sitting/keep_away.html", form=form, nomination=nomination)


@bp.get("/dossiers/<code>/files/<attachment_code>")
@requires(Permission.COUNCIL_SIT)
def download(code: str, attachment_code: str) -> ResponseReturnValue:
    nomination = _open(code)
    attachment = nominations.get_attachment(nomination.id, attachment_code, sensitive=False)
    storage = open_storage(current_app.extensions["dxday_settings"].storage_url)
    with db.transaction():
        data = nomination_services.hand_out(
            nomination, attachment, storage=storage, actor=g.actor, now=clock.now()
        )
    return send_file(
        BytesIO(data), attachment.media_type, as_attachment=True, download_name=attachment.filename
    )


def _open(code: str) -> Nomination:
    """Return a dossier that is open to the reader of the page.  Raises NotFound for every other, there or not.

    The rules look once more: what they find now is kept, and the dossier is not shown.
    """
    nomination = queries.find_reading(g.edition.id, code, _me())
    if nomination is None:
        raise NotFound
    if queries.find_barred(_me(), [nomination]):
        council = queries.find_council_of(nomination.category.scheme_id)
        assert council is not None  # nobody reads what is before no council
        with db.transaction():
            services.detect_conflicts(council, account_ids=[_me()], dossiers=[nomination], now=clock.now())
        raise NotFound
    return nomination


def _undeclared() -> list[Nomination]:
    return queries.list_undeclared(_me(), g.edition.id, _today())


def _today() -> Any:
    return queries.today_of(g.edition.id, clock.now())


def _me() -> int:
    account_id: int = g.actor.account_id
    return account_id
