"""Pages on which a ceremony is arranged and called: the order, the words, the run sheet, the announcer's screen."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.ceremony import rules
from dxday.ceremony.forms import ActForm, MoveForm, PlaceForm, ScriptForm, SetUpForm
from dxday.ceremony.models import Ceremony
from dxday.ceremony.queries import order as queries
from dxday.ceremony.queries.order import CallShown, Order
from dxday.ceremony.rules import First, Receiver, Step
from dxday.ceremony.services import handing, ordering
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.i18n import pick
from dxday.core.permissions import Permission
from dxday.sites import queries as sites
from dxday.web.access import requires
from dxday.web.converters import row_id
from dxday.web.languages import current_locale

bp = Blueprint("ceremony", __name__, url_prefix="/manage/<edition_code>/ceremonies")


@bp.context_processor
def _names() -> dict[str, Any]:
    return {"first_names": rules.FIRST_NAMES, "receiver_names": rules.RECEIVER_NAMES}


@bp.get("/")
@requires(Permission.CEREMONY_MANAGE)
def index() -> ResponseReturnValue:
    return render_template(
        "ceremony/index.html",
        listed=queries.list_ceremonies(g.edition.id),
        waiting=queries.count_candidates(g.edition.id),
    )


@bp.get("/<code>")
@requires(Permission.CEREMONY_MANAGE)
def show(code: str) -> ResponseReturnValue:
    session = queries.get_session(g.edition.id, code)
    ceremony = queries.find_ceremony(g.edition.id, session.id)
    if ceremony is None:
        return redirect(url_for(".set_up", code=code))
    order = queries.read_order(ceremony)
    return render_template(
        "ceremony/show.html",
        session=session,
        ceremony=ceremony,
        order=order,
        counters=order.counters(),
        waiting=queries.count_candidates(g.edition.id),
    )


@bp.route("/<code>/set-up", methods=["GET", "POST"])
@requires(Permission.CEREMONY_MANAGE)
def set_up(code: str) -> ResponseReturnValue:
    session = queries.get_session(g.edition.id, code)
    ceremony = queries.find_ceremony(g.edition.id, session.id)
    form = SetUpForm(data=_as_form(ceremony) if ceremony else None)
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                ordering.set_up(
                    session,
                    first=First(form.first.data),
                    per_call=form.per_call.data,
                    opening=form.opening.data,
                    line=form.line.data,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".show", code=code))
    return render_template(
        "ceremony/set_up.html",
        session=session,
        ceremony=ceremony,
        form=form,
        opening_blanks=_blanks(rules.OPENING_BLANKS),
        line_blanks=_blanks(rules.LINE_BLANKS),
    ), status


@bp.route("/<code>/propose", methods=["GET", "POST"])
@requires(Permission.CEREMONY_MANAGE)
def propose(code: str) -> ResponseReturnValue:
    ceremony, session = queries.get_ceremony(g.edition.id, code)
    if ActForm().validate_on_submit():
        try:
            with db.transaction():
                ordered = ordering.propose_order(ceremony, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(_("%(awards)s awards are in order.", awards=ordered), "success")
        return redirect(url_for(".show", code=code))
    return render_template("ceremony/propose.html", session=session, ceremony=ceremony)


@bp.post("/<code>/add")
@requires(Permission.CEREMONY_MANAGE)
def add(code: str) -> ResponseReturnValue:
    ceremony, _session = queries.get_ceremony(g.edition.id, code)
    if ActForm().validate_on_submit():
        try:
            with db.transaction():
                added = ordering.add_missing(ceremony, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(_("%(awards)s awards were added at the end.", awards=added), "success")
    return redirect(url_for(".show", code=code))


@bp.post("/<code>/move")
@requires(Permission.CEREMONY_MANAGE)
def move(code: str) -> ResponseReturnValue:
    ceremony, _session = queries.get_ceremony(g.edition.id, code)
    form = MoveForm()
    anchor = None
    if form.validate_on_submit():
        try:
            with db.transaction():
                anchor = _move(ceremony, form)
        except Refusal as refusal:
            if isinstance(refusal, NotFound):
                raise
            flash(str(refusal), "error")
    return redirect(url_for(".show", code=code, _anchor=anchor))


def _move(ceremony: Ceremony, form: MoveForm) -> str:
    """Do what the button says, and return the place on the page where it happened.  Raises NotFound for no button."""
    by: dict[str, Any] = {"actor": g.actor, "now": clock.now()}
    act, sort, name = form.act
    step = Step(act) if act in set(Step) else None
    if sort == "award" and (step is not None or act == "split"):
        turn = queries.get_placed(ceremony.id, name).turn
        if step is None:
            ordering.split_call(ceremony, turn, **by)
        else:
            ordering.move_turn(ceremony, turn, step, **by)
        return f"award-{name}"
    if sort == "call" and step is not None and name.isascii() and name.isdecimal():
        call = queries.get_call(ceremony.id, row_id(name[:18]))
        ordering.move_call(ceremony, call, step, **by)
        return f"call-{call.id}"
    raise NotFound


@bp.route("/<code>/awards/<award_code>", methods=["GET", "POST"])
@requires(Permission.CEREMONY_MANAGE)
def place(code: str, award_code: str) -> ResponseReturnValue:
    ceremony, session = queries.get_ceremony(g.edition.id, code)
    placed = queries.get_placed(ceremony.id, award_code)
    turn = placed.turn
    form = PlaceForm(
        sites.list_sites(g.edition.id),
        data={
            "site": turn.site.code if turn.site else "",
            "receiver": turn.receiver.value,
            "representative_name": turn.representative_name,
            "representative_position": turn.representative_position,
        },
    )
    status = 200
    if form.validate_on_submit():
        site = sites.get_site(g.edition.id, form.site.data) if form.site.data else None
        try:
            with db.transaction():
                handing.set_receiver(
                    turn,
                    receiver=Receiver(form.receiver.data),
                    name=form.representative_name.data or "",
                    position=form.representative_position.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
                ordering.place_turn(ceremony, turn, site, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            placed = queries.get_placed(ceremony.id, award_code)
        else:
            flash(_("%(name)s: saved.", name=placed.award.recipient_name), "success")
            return redirect(url_for(".show", code=code, _anchor=f"award-{award_code}"))
    return render_template("ceremony/place.html", session=session, placed=placed, form=form), status


@bp.route("/<code>/calls/<int:call_id>", methods=["GET", "POST"])
@requires(Permission.CEREMONY_MANAGE)
def script(code: str, call_id: int) -> ResponseReturnValue:
    ceremony, session = queries.get_ceremony(g.edition.id, code)
    shown = _call(queries.read_order(ceremony), call_id)
    codes = ",".join(queries.codes_of(shown.turns))
    form = ScriptForm(data={"script": shown.script, "codes": codes})
    if form.validate_on_submit():
        written = form.script.data or ""
        with db.transaction():
            ordering.write_script(
                ceremony,
                shown.call,
                "" if written.split() == shown.proposed.split() else written,
                codes=(form.codes.data or "").split(","),
                actor=g.actor,
                now=clock.now(),
            )
        flash(_("The words of call %(number)s were saved.", number=shown.number), "success")
        return redirect(url_for(".show", code=code, _anchor=f"call-{call_id}"))
    return render_template("ceremony/script.html", session=session, shown=shown, form=form)


@bp.route("/<code>/now", methods=["GET", "POST"])
@requires(Permission.CEREMONY_MANAGE)
def now(code: str) -> ResponseReturnValue:
    """What the announcer has before their eyes; the button says which call it calls, so that it may be sent twice."""
    ceremony, session = queries.get_ceremony(g.edition.id, code)
    if request.method == "POST":
        if ActForm().validate_on_submit():
            call_id = request.form.get("call", type=row_id)
            if call_id is None:
                raise NotFound
            with db.transaction():
                call = queries.get_call(ceremony.id, call_id)
                ordering.call_now(ceremony, call, actor=g.actor, now=clock.now())
        return redirect(url_for(".now", code=code))
    order = queries.read_order(ceremony)
    return render_template("ceremony/now.html", session=session, ceremony=ceremony, order=order)


@bp.get("/<code>/run-sheet.pdf")
@requires(Permission.CEREMONY_MANAGE)
def run_sheet(code: str) -> ResponseReturnValue:
    ceremony, session = queries.get_ceremony(g.edition.id, code)
    order = queries.read_order(ceremony)
    title = f"{_('Run sheet')} · {pick(session.title, current_locale())}"
    page = render_template(
        "pdf/ceremony.html",
        title=title,
        session=session,
        site=None,
        calls=order.calls,
        counters=order.counters(),
        printed_at=clock.now(),
    )
    return as_pdf(page, title, f"{g.edition.code}-{code}.pdf")


def as_pdf(page: str, title: str, name: str) -> Response:
    """Return a page drawn on paper, to look at in the browser."""
    from dxday.adapters import pdf  # WeasyPrint takes a second to load: only who draws pays for it

    body = pdf.render_pdf(page, title=title, lang=current_locale(), made_at=clock.now())
    return Response(
        body,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"},
    )


def _call(order: Order, call_id: int) -> CallShown:
    for each in order.calls:
        if each.call.id == call_id:
            return each
    raise NotFound


def _blanks(names: Iterable[str]) -> str:
    return " ".join(f"{{{name}}}" for name in names)


def _as_form(ceremony: Ceremony) -> dict[str, Any]:
    return {
        "first": ceremony.first.value,
        "per_call": ceremony.per_call,
        "opening": ceremony.opening,
        "line": ceremony.line,
    }
